"""A notebook as a script for marimo: each question a cell of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping

from analysis.notebook import Notebook, Words
from analysis.question import Question
from analysis.sharing.prose import prose
from analysis.values import Value, classes

_HEAD = "import marimo\n\napp = marimo.App()\n"
_FOOT = '\n\nif __name__ == "__main__":\n    app.run()\n'
_NAME = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|(\w+)\(")
"""A text, which is passed over, or the name of what is called."""


def script(notebook: Notebook, load: str, texts: Mapping[str, str]) -> str:
    """Return the notebook's script.

    Parameters
    ----------
    notebook : Notebook
    load : str
        Code that makes the name `tables`.
    texts : mapping of str to str
        The notebook's texts by their cells' ids, the figures they quote in their places. They stand in the script as
        HTML in which nothing runs: marimo's own Markdown lets everything through.

    Examples
    --------
    >>> from analysis import Sales
    >>> made = script(Notebook(title="Sales").add(Sales()), "tables = Tables()", {})
    >>> made.split("@app.cell")[-1].split("if __name__")[0].strip()
    'def _(Sales, tables):\\n    Sales().run(tables)\\n    return'
    """
    # A name is made once and passed to whom it serves; marimo has no star import.
    first = f"import marimo as mo\nfrom analysis import {', '.join(_names(load, notebook))}\n\n{load}"
    cells = [_cell("", first, f"return {', '.join(('mo', *_names(load, notebook), 'tables'))}")]
    cells.append(_cell("mo", f"mo.Html({prose(Words(text=f'# {_line(notebook.title)}')).html!r})"))
    for cell in notebook.cells:
        if cell.id in texts:
            cells.append(_cell("mo", f"mo.Html({prose(Words(text=texts[cell.id])).html!r})"))
        elif isinstance(cell.holds, Question):
            given = ", ".join((*_called(repr(cell.holds)), "tables"))
            cells.append(_cell(given, f"{cell.holds!r}.run(tables)"))
    return _HEAD + "".join(cells) + _FOOT


def _cell(given: str, body: str, last: str = "return") -> str:
    lines = "\n".join(f"    {line}" if line else "" for line in f"{body}\n{last}".split("\n"))
    return f"\n\n@app.cell\ndef _({given}):\n{lines}\n"


def _names(load: str, notebook: Notebook) -> list[str]:
    asked: list[Value] = [cell.holds for cell in notebook.cells if isinstance(cell.holds, Question)]
    return sorted({"Tables", *_called(load), *(name for one in asked for name in _called(repr(one)))})


def _called(code: str) -> list[str]:
    return sorted({found[1] for found in _NAME.finditer(code)} & classes().keys())


def _line(title: str) -> str:
    """Return a title as a line of Markdown that shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~&-])", r"\\\1", title)
