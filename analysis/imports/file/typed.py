"""How are Parquet and JSON files read, whose columns have types of their own?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb

from analysis.imports.file import limits
from analysis.imports.file.layout import Layout
from analysis.imports.file.lines import key
from analysis.imports.file.plain import Plain
from analysis.imports.lexicon.headings import distinct
from analysis.messages import say

DAMAGED = say("it is a damaged Parquet file. Export it again.")
_DEPTH = 3
"""How deep nested records are laid apart."""
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
        found = [leaf for n, row in enumerate(described) for leaf in _leaves(con, path, n, str(row[0]), str(row[1]))]
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        reason = say("it is not JSON Lines, nor a JSON list of flat records.")
        raise limits.refuse(plain.name, reason, "damaged") from error
    layout = _checked(plain, [heading for heading, _ in found], path, "json")
    return replace(layout, places=tuple(place for _, place in found))


_Leaf = tuple[str, tuple[int, str]]
"""A heading, with the column it is in and its JSON pointer there."""


def _leaves(con: duckdb.DuckDBPyConnection, path: Path, column: int, heading: str, kind: str) -> list[_Leaf]:
    """Return what stands in a column of records: of nested ones each field by itself, other values as they are."""
    whole = [(heading, (column, ""))]
    if kind != "JSON" or not _nested(con, path, column):
        return whole
    found, left = list[_Leaf](), [(heading, "")]
    for depth in range(_DEPTH):
        deeper = list[tuple[str, str]]()
        for name, pointer in left:
            for field, nested in _fields(con, path, column, pointer):
                inner = (f"{name}.{field}", f"{pointer}/{field.replace('~', '~0').replace('/', '~1')}")
                if nested and depth + 1 < _DEPTH:
                    deeper.append(inner)
                else:
                    found.append((inner[0], (column, inner[1])))
        if len(found) + len(deeper) > limits.COLUMNS:
            return whole
        left = deeper
    return found or whole


def _nested(con: duckdb.DuckDBPyConnection, path: Path, column: int) -> bool:
    """Say whether a column holds records and nothing else."""
    query = f"SELECT DISTINCT json_type(#{column + 1}) FROM {_READ_JSON}"
    return {row[0] for row in con.execute(query, [str(path)]).fetchall()} - {None, "NULL"} == {"OBJECT"}


def _fields(con: duckdb.DuckDBPyConnection, path: Path, column: int, pointer: str) -> list[tuple[str, bool]]:
    """Return the fields of the records at a place, in their order, and whether each holds records and nothing else."""
    records = f"SELECT json_extract(#{column + 1}, ?) AS record FROM {_READ_JSON}"
    each = f"SELECT record, unnest(json_keys(record)) AS name FROM ({records})"
    typed = f"SELECT name, json_type(record -> ('/' || replace(replace(name, '~', '~0'), '/', '~1'))) AS kind, " \
            f"row_number() OVER () AS n FROM ({each})"  # fmt: skip
    query = (
        "SELECT name, coalesce(bool_and(kind = 'OBJECT') FILTER (kind <> 'NULL'), false) "
        f"FROM ({typed}) GROUP BY name ORDER BY min(n)"
    )
    return [(str(name), bool(nested)) for name, nested in con.execute(query, [pointer, str(path)]).fetchall()]


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
        read = f"read_parquet(getvariable('{name}_path'))"
        cells = [f"#{i + 1}" for i in range(len(layout.headings))]
    else:  # a nested field by its pointer, which lies in a variable: what people wrote is no part of SQL
        read = _READ_JSON.replace("?", f"getvariable('{name}_path')")
        cells = [
            f"json_extract_string(#{column + 1}, getvariable('{name}_pointers')[{i + 1}])" if pointer
            else f"json_extract_string(#{column + 1}, '$')"
            for i, (column, pointer) in enumerate(layout.places)
        ]  # fmt: skip
    picked = ", ".join(f"{cell} AS c{i}" for i, cell in enumerate(cells))
    line = key(place, "row_number() OVER ()")
    return f"SELECT {line} AS line, {picked}, NULL::VARCHAR AS mark FROM {read}"
