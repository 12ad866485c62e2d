"""An answer's chart, or a notebook's, as pictures: PNG or SVG, their texts in a font that this computer has."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from analysis.answer import Answer
from analysis.charts import Look
from analysis.errors import DataError
from analysis.later import later
from analysis.notebook import Notebook, Said

WIDTH, SCALE = 900, 2
FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts", "/System/Library/Fonts",
    "/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts",
)  # fmt: skip
"""Where systems keep their fonts."""
CHINESE = re.compile(r"cjk|pingfang|msyh|yahei|simhei|simsun|wqy|source ?han|noto ?(sans|serif) ?sc|hiragino.*gb", re.I)
"""What files of fonts with Chinese are called."""
_convert = later("vl_convert")


def png(answer: Answer, look: Look) -> bytes:
    """Return the chart as PNG, :data:`WIDTH` points wide at :data:`SCALE` dots a point.

    Parameters
    ----------
    answer : Answer
    look : Look
        Language and theme.

    Raises
    ------
    DataError
        The language is Chinese, and no font on this computer has it.
    """
    return bytes(_convert.vegalite_to_png(_specification(answer, look), scale=SCALE))


def svg(answer: Answer, look: Look) -> bytes:
    """Return the chart as SVG; see :func:`png`."""
    return str(_convert.vegalite_to_svg(_specification(answer, look))).encode()


def archive(notebook: Notebook, told: Mapping[str, Said], look: Look) -> bytes:
    """Return a ZIP with the charts of a notebook's questions, each as PNG and SVG, numbered in their order.

    Parameters
    ----------
    notebook : Notebook
    told : mapping of str to Said
        What its cells say by their ids, from :func:`analysis.notebook.told`; what has no answer has no chart.
    look : Look

    Raises
    ------
    DataError
        The language is Chinese, and no font on this computer has it.
    """
    said = (told[cell.id].answer for cell in notebook.cells if cell.id in told)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for n, answer in enumerate(filter(None, said), 1):
            for kind, make in (("png", png), ("svg", svg)):
                file.writestr(f"{n:02d}-{answer.question.kind}.{kind}", make(answer, look))
    return out.getvalue()


def lacks_font(language: str) -> bool:
    """Say whether a language's texts would be boxes in a picture made here."""
    return language.startswith("zh") and chinese_font() is None


@lru_cache(maxsize=1)
def chinese_font() -> Path | None:
    """Return a font file with Chinese among the system's; None where there is none."""
    return next((path for path in _fonts() if CHINESE.search(path.name)), None)


def _fonts() -> Iterator[Path]:
    for folder in (Path(name).expanduser() for name in FOLDERS):
        if folder.is_dir():
            yield from (path for path in folder.rglob("*") if path.suffix.lower() in (".ttf", ".ttc", ".otf"))


def _specification(answer: Answer, look: Look) -> dict[str, object]:
    if lacks_font(look.language):
        raise DataError.no_font()
    found: dict[str, object] = answer.chart(look).to_dict()
    for view in (found, found.get("spec")):
        if isinstance(view, dict) and view.get("width") in (None, "container"):
            view["width"] = WIDTH
    return found
