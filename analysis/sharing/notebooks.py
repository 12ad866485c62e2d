"""A question with its data as a ZIP: a notebook that imports this library, and the Parquet it runs on."""

from __future__ import annotations

import hashlib
import io
import zipfile

import nbformat
import pyarrow.parquet as pq
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from analysis.messages import N_, translate
from analysis.question import Question
from analysis.tables import Tables
from analysis.vocabulary import TABLES

_INTRO = N_(
    "This notebook asks one question of the data beside it. It needs Sluice's `analysis` package: run it from a "
    "checkout of Sluice, or add the checkout's folder to `PYTHONPATH`."
)


def bundle(question: Question, tables: Tables, language: str = "en") -> bytes:
    """Return a ZIP with the notebook, one Parquet file per table and the campaign.

    Parameters
    ----------
    question : Question
    tables : Tables
        What the question is asked of; exported whole, as `where` belongs to the question.
    language : str
        Of the notebook's own words.
    """
    files = {f"{table}.parquet": _parquet(tables, table) for table in TABLES if tables.count(table)}
    if tables.campaign:
        files["campaign.json"] = tables.campaign.to_json().encode()
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"sluice-{question.kind}.ipynb", _notebook(question, tables, digests, language))
        for name, content in files.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name.endswith("parquet") else None)
    return out.getvalue()


def _parquet(tables: Tables, table: str) -> bytes:
    out = io.BytesIO()
    pq.write_table(tables.arrow(table), out, compression="zstd")
    return out.getvalue()


def _notebook(question: Question, tables: Tables, digests: dict[str, str], language: str) -> str:
    listed = "\n".join(f'        "{name}": "{digest}",' for name, digest in digests.items())
    given = f"digests={{\n{listed}\n    }},"
    for name, values in (("rates", tables.rates), ("display", tables.display.own)):
        if values:
            given += f"\n    {name}=[" + "".join(f"\n        {one!r}," for one in values) + "\n    ],"
    if tables.dated:
        given += f"\n    dated={dict(tables.dated)!r},"
    load = f'from analysis import *\n\ntables = Tables.from_parquet(\n    ".",\n    {given}\n)'
    cells = [
        new_markdown_cell(f"# Sluice: {question.kind}\n\n{translate(_INTRO, language)}"),
        new_code_cell(load),
        new_code_cell(f"question = {question!r}\nanswer = question.run(tables)\nanswer"),
        new_code_cell("answer.table"),
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return nbformat.writes(new_notebook(cells=cells, metadata=kernel))
