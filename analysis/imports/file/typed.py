"""How are Parquet and JSON files read, whose columns have types of their own?"""

from __future__ import annotations

from pathlib import Path

import duckdb

from analysis.imports.file import limits
from analysis.imports.file.layout import Layout
from analysis.imports.file.lines import key
from analysis.imports.file.plain import Plain
from analysis.imports.lexicon.headings import distinct
from analysis.messages import say

DAMAGED = say("it is a damaged Parquet file. Export it again.")
_READ_JSON = "read_json(?, format='auto', maximum_depth=1, sample_size=-1, ignore_errors=false)"
_PARQUET_SIZE = """
SELECT (SELECT sum(num_rows) FROM parquet_file_metadata($1)), sum(total_uncompressed_size) FROM parquet_metadata($1)
"""


def parquet(plain: Plain, con: duckdb.DuckDBPyConnection) -> Layout:
    """Return the layout of a Parquet file.

    Raises
    ------
    ImportFileError
        It is damaged, unpacks to too much, or is no table.
    """
    path = plain.path
    try:
        headings = list(con.read_parquet(str(path)).columns)
        rows, size = con.execute(_PARQUET_SIZE, [str(path)]).fetchall()[0]
    except (duckdb.Error, RuntimeError, UnicodeError) as error:  # its messages can hold the file's broken bytes
        raise limits.refuse(plain.name, DAMAGED, "damaged") from error
    # Equal rows take no room: each cell counts a byte at least.
    limits.check_size(plain.name, max(int(size or 0), int(rows or 0) * len(headings)), path.stat().st_size)
    return _checked(plain, headings, path, "parquet")


def is_json(path: Path) -> bool:
    """Say whether a text is JSON Lines or a JSON list of records, by its beginning."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.read(4096).lstrip()
    return head.startswith('{"') or (head.startswith("{") and head[1:].lstrip().startswith('"')) or (
        head.startswith("[") and head[1:].lstrip().startswith("{")
    )  # fmt: skip


def json_records(plain: Plain, path: Path, con: duckdb.DuckDBPyConnection) -> Layout:
    """Return the layout of a JSON file.

    Raises
    ------
    ImportFileError
        It holds no flat records, or is no table.
    """
    try:
        described = con.execute(f"DESCRIBE SELECT * FROM {_READ_JSON}", [str(path)]).fetchall()
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        reason = say("it is not JSON Lines, nor a JSON list of flat records.")
        raise limits.refuse(plain.name, reason, "damaged") from error
    return _checked(plain, [str(row[0]) for row in described], path, "json")


def _checked(plain: Plain, headings: list[str], path: Path, kind: str) -> Layout:
    if len(headings) < 2:
        reason = say("it has only one column. A table needs at least a time and a value; check the separator.")
        raise limits.refuse(plain.name, reason, "one-column")
    if len(headings) > limits.COLUMNS:
        reason = say("it has more than {n} columns. Leave out the ones not needed.", n=limits.COLUMNS)
        raise limits.refuse(plain.name, reason, "too-wide")
    names = distinct([h.strip() for h in headings])
    return Layout("", (), names, tuple(headings), path, kind, False)


def typed_rows(layout: Layout, name: str, place: int) -> str:
    """Return SQL for the rows of a file; its path is in the variable `name`_path."""
    if layout.delimiter == "parquet":
        read, cell = f"read_parquet(getvariable('{name}_path'))", "#{}"
    else:
        read, cell = _READ_JSON.replace("?", f"getvariable('{name}_path')"), "json_extract_string(#{}, '$')"
    picked = ", ".join(f"{cell.format(i + 1)} AS c{i}" for i in range(len(layout.headings)))
    line = key(place, "row_number() OVER ()")
    return f"SELECT {line} AS line, {picked}, NULL::VARCHAR AS mark FROM {read}"
