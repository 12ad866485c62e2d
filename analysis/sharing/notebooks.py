"""A notebook with its data as a ZIP: a Jupyter notebook and a marimo one that import this library, and Parquet.

What a Jupyter notebook says of its cells (ids, folds, the places of quotes) stands in its metadata;
:mod:`analysis.sharing.from_jupyter` reads it back.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from typing import Any

import nbformat
import pyarrow.parquet as pq
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell

from analysis.answer import Answer
from analysis.charts import Look
from analysis.messages import N_
from analysis.notebook import Cell, Notebook, Said, Unread, Words, figure_of, filled
from analysis.notebook import told as told_by
from analysis.question import Question
from analysis.sharing import marimo
from analysis.tables import Tables
from analysis.vocabulary import TABLES

FORMAT = 1
"""Of what stands in the metadata."""
MARK = "sluice"
"""Under which name it stands there."""
JUPYTER, MARIMO = "sluice.ipynb", "sluice_marimo.py"
INTRO = N_(
    "This notebook asks questions of the data beside it. It needs Sluice's `analysis` package: run it from a checkout "
    "of Sluice, or add the checkout's folder to `PYTHONPATH`."
)


def of(question: Question, look: Look) -> Notebook:
    """Return the notebook that one question is, under its own title.

    Examples
    --------
    >>> from analysis import Sales
    >>> of(Sales(), Look()).title
    'How are sales going?'
    """
    return Notebook(title=look(question.title)).add(question)


def bundle(notebook: Notebook, tables: Tables, look: Look, *, told: Mapping[str, Said] | None = None) -> bytes:
    """Return a ZIP with the notebook for Jupyter and for marimo, one Parquet file per table and the campaign.

    Parameters
    ----------
    notebook : Notebook
    tables : Tables
        What its questions are asked of; exported whole, as `where` belongs to a question.
    look : Look
        Whose language.
    told : mapping of str to Said, optional
        What its cells say by their ids, from :func:`analysis.notebook.told`, where it was asked before; without it
        questions are asked only where a text quotes them.
    """
    files = {f"{table}.parquet": _parquet(tables, table) for table in TABLES if tables.count(table)}
    if tables.campaign:
        files["campaign.json"] = tables.campaign.to_json().encode()
    load = _load(tables, {name: hashlib.sha256(content).hexdigest() for name, content in files.items()})
    texts = _texts(notebook, tables, look, told)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(JUPYTER, _jupyter(notebook, load, texts, look))
        archive.writestr(MARIMO, marimo.script(notebook, load, texts))
        for name, content in files.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name.endswith("parquet") else None)
    return out.getvalue()


def _parquet(tables: Tables, table: str) -> bytes:
    out = io.BytesIO()
    pq.write_table(tables.arrow(table), out, compression="zstd")
    return out.getvalue()


def _load(tables: Tables, digests: Mapping[str, str]) -> str:
    """Return the code that reads the files beside a notebook."""
    listed = "\n".join(f'        "{name}": "{digest}",' for name, digest in digests.items())
    given = f"digests={{\n{listed}\n    }},"
    for name, values in (("rates", tables.rates), ("display", tables.display.own), ("records", tables.records)):
        if values:
            given += f"\n    {name}=[" + "".join(f"\n        {one!r}," for one in values) + "\n    ],"
    if tables.dated:
        given += f"\n    dated={dict(tables.dated)!r},"
    return f'tables = Tables.from_parquet(\n    ".",\n    {given}\n)'


def _texts(notebook: Notebook, tables: Tables, look: Look, told: Mapping[str, Said] | None) -> dict[str, str]:
    """Return the notebook's texts by their cells' ids, the figures they quote in their places."""
    texts = {cell.id: cell.holds for cell in notebook.cells if isinstance(cell.holds, Words)}
    quoted = {quote.cell for words in texts.values() for quote in words.quotes}
    if told is None:
        asked = tuple(cell for cell in notebook.cells if cell.id in quoted)
        told = told_by(notebook.replace(cells=asked), tables, look)
    answers: dict[str, Answer] = {id: said.answer for id, said in told.items() if said.answer}
    return {
        id: filled(words, tuple(figure_of(quote, answers, look) for quote in words.quotes))
        for id, words in texts.items()
    }


# ---- Jupyter ----------------------------------------------------------------------------------------------


def _jupyter(notebook: Notebook, load: str, texts: Mapping[str, str], look: Look) -> str:
    first = f"# {notebook.title}\n\n{look(INTRO)}"
    cells = [
        new_markdown_cell(first, metadata=_marked(first, role="head", intro=look(INTRO))),
        _code(f"from analysis import *\n\n{load}", role="data"),
        *(_cell(cell, texts, look) for cell in notebook.cells),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    about = {"format": FORMAT, "title": notebook.title, "version": notebook.version}
    return nbformat.writes(new_notebook(cells=cells, metadata={"kernelspec": kernel, MARK: about}))


def _code(source: str, *, tags: tuple[str, ...] = (), **held: Any) -> Any:
    return new_code_cell(source, metadata={**_marked(source, **held), **({"tags": list(tags)} if tags else {})})


def _cell(cell: Cell, texts: Mapping[str, str], look: Look) -> Any:
    own: dict[str, Any] = {"role": "cell", "cell": _besides(cell)}
    match cell.holds:
        case Words() as words:
            source = texts[cell.id]
            return new_markdown_cell(source, metadata=_marked(source, holds=words.to_dict(), **own))
        case Question() as question:
            # Cells do not read one another: one that cannot be answered does not keep the next from running.
            source = f"question = {question!r}\nanswer = question.run(tables)\nanswer"
            return _code(source, tags=("raises-exception",), **own)
        case Unread() as unread:
            source = look(unread.why)
            return new_raw_cell(source, metadata=_marked(source, holds=unread.to_dict(), **own))
        case record:
            return _code(repr(record), **own)


def _besides(cell: Cell) -> dict[str, Any]:
    """Return a cell without what it holds."""
    return {name: held for name, held in cell.to_dict().items() if name != "holds"}


def _marked(source: str, **held: Any) -> dict[str, Any]:
    return {MARK: {**held, "written": digest(source)}}


def digest(source: str) -> str:
    """Return what tells whether a cell's source was changed, line ends and the last one's lack apart."""
    return hashlib.sha256("\n".join(source.splitlines()).strip().encode()).hexdigest()
