"""Every chart becomes a picture in both languages; without a font for Chinese that is said."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from analysis.charts import Look
from analysis.errors import DataError
from analysis.question import Question
from analysis.sharing import pictures
from analysis.values import kinds

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize("kind", kinds(Question))
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
