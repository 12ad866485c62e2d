"""Every chart becomes a picture in both languages; without a font for Chinese that is said."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pytest

from analysis import Alias, Funnel, Notebook, Sales, Words
from analysis.charts import Look
from analysis.errors import DataError
from analysis.notebook import told
from analysis.question import Question
from analysis.sharing import pictures
from analysis.values import kinds

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("kind", kinds(Question))
@pytest.mark.long
def test_every_chart_becomes_a_picture(kind: str, answer_to) -> None:
    answer = answer_to(kind)
    found = pictures.png(answer, Look())
    assert found.startswith(PNG)
    wide, high = (int.from_bytes(found[at : at + 4], "big") for at in (16, 20))
    assert wide >= pictures.WIDTH and high >= 150
    drawn = pictures.svg(answer, Look(dark=True)).decode()
    assert drawn.startswith("<svg") and "NaN" not in re.sub(r">[^<]*<", "><", drawn)


def test_chinese_needs_a_font_and_its_lack_is_said(answer_to, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pictures.chinese_font.cache_clear()
    monkeypatch.setattr(pictures, "FOLDERS", (str(tmp_path),))
    (tmp_path / "DejaVuSans.ttf").touch()
    with pytest.raises(DataError, match="No font with Chinese"):
        pictures.png(answer_to("funnel"), Look("zh_CN"))
    assert not pictures.lacks_font("en")
    pictures.chinese_font.cache_clear()
    (tmp_path / "NotoSansCJK-Regular.ttc").touch()
    assert "浏览" in pictures.svg(answer_to("funnel"), Look("zh_CN")).decode()
    pictures.chinese_font.cache_clear()


def test_a_notebooks_charts_are_numbered_in_its_order(tables) -> None:
    book = Notebook(title="../<evil>").add(Words(text="x")).add(Sales()).add(Funnel(steps=("visit", "nothing")))
    book = book.add(Funnel(steps=("visit", "view"))).add(Alias(column="channel", code="a", meant="b"))
    content = pictures.archive(book, told(book, tables), Look())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    assert list(found) == ["01-sales.png", "01-sales.svg", "02-funnel.png", "02-funnel.svg"]
    assert all(held.startswith(PNG if name.endswith("png") else b"<svg") for name, held in found.items())
    alone = pictures.svg(Funnel(steps=("visit", "view")).run(tables), Look())
    numbered = re.compile(rb"(clip|gradient_?)\d+")  # Vega counts these on from chart to chart
    assert numbered.sub(b"", found["02-funnel.svg"]) == numbered.sub(b"", alone)
