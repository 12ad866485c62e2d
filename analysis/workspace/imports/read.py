"""Read a file into a scratch DuckDB, whatever it is, or say why not: one table for each table found in it.

The scratch database lives in its own folder and may read only there (and the one file it was given); the
workspace is never touched.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
from python_calamine import CalamineWorkbook

from analysis.errors import SluiceError
from analysis.messages import say
from analysis.workspace.imports import limits, xls
from analysis.workspace.imports.headings import distinct
from analysis.workspace.imports.lines import Member, key
from analysis.workspace.imports.source import Plain, fresh, unpack
from analysis.workspace.imports.structure import Layout, layouts
from analysis.workspace.imports.text import as_utf8

_READ_CSV = """
read_csv(?, delim=?, quote='"', escape='"', header=false, skip={skip}, all_varchar=true, auto_detect=false,
    null_padding=true, strict_mode=false, columns={columns}, max_line_size=10000000, parallel={parallel})
"""


class Store:
    """The folder and the private DuckDB that the tables of one file share; gone when the last is closed.

    What of the file could not be read stands in `unread`.
    """

    def __init__(self, source: Path | None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sluice-import-")
        self.folder, self.users = Path(self._folder.name), 0
        self.unread: list[SluiceError] = []
        self.con = duckdb.connect(
            str(self.folder / "scratch.duckdb"),
            config={"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"},
        )
        self.con.execute("SET TimeZone='UTC'; SET allowed_directories=?", [[str(self.folder)]])
        self.con.execute("SET allowed_paths=?", [[str(source)] if source else []])
        self.con.execute("SET enable_external_access=false; SET lock_configuration=true")

    def close(self) -> None:
        """Drop the database and the folder."""
        self.con.close()
        self._folder.cleanup()


class Scratch:
    """One table of a file: column `line`, then `c0`, `c1`, … in file order, and `mark` (repeated headings).

    Headings stay out of SQL: they are kept beside, in `headings`.
    """

    def __init__(self, name: str, store: Store, table: str, layout: Layout) -> None:
        self.name, self.digest, self.store, self.table = name, "", store, table
        self.headings, self.title, self.above = layout.headings, layout.title, layout.above
        self.headerless = not layout.header
        self.members: tuple[Member, ...] = ()
        self.rows = 0
        store.users += 1
        self._open = True

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The private database."""
        return self.store.con

    def close(self) -> None:
        """Let go of the table; the last one drops the scratch database and its folder."""
        if self._open:
            self._open = False
            self.store.users -= 1
            if self.store.users <= 0:
                self.store.close()

    def counted(self) -> int:
        """Count the data rows."""
        return int(self.con.execute(f"SELECT count(*) FROM {self.table}").fetchall()[0][0])

    def types(self) -> list[str]:
        """Return the DuckDB type of each column."""
        return [str(kind) for kind in self.con.table(self.table).types[1:-1]]

    def sample(self, n: int = 200) -> dict[str, list[str]]:
        """Return up to `n` non-empty values of each column, as text, by heading."""
        found = {}
        for i, heading in enumerate(self.headings):
            text = f"c{i}::VARCHAR"
            query = f"SELECT {text} FROM {self.table} WHERE c{i} IS NOT NULL AND trim({text}) <> '' LIMIT {n}"
            found[heading] = [row[0] for row in self.con.execute(query).fetchall()]
        return found


def read(source: str | Path | bytes, name: str, known: Callable[[str], bool]) -> list[Scratch]:
    """Read a file's tables, parts with the same headings as one; what could not be read stands in their store.

    Parameters
    ----------
    source : path or bytes
    name : str
        For people.
    known : callable
        Says whether a folded heading is one that some export uses.

    Raises
    ------
    ImportFileError
        There is no table in it.
    """
    store = Store(None if isinstance(source, bytes) else Path(source).resolve())
    try:
        if isinstance(source, bytes):
            path = store.folder / "upload"
            path.write_bytes(source)
        else:
            path = Path(source).resolve()
        plains, errors = unpack(name, path, store.folder)
        store.unread += errors
        return _joined(name, _all(plains, store, known), store)
    except BaseException:
        store.close()
        raise


@dataclass(frozen=True, slots=True)
class _Table:
    """A table found but not yet loaded."""

    plain: Plain
    place: int
    many: int
    layout: Layout


def _all(plains: Iterable[Plain], store: Store, known: Callable[[str], bool]) -> list[_Table]:
    tables = list[_Table]()
    for plain in plains:
        try:
            found = _found(plain, store, known)
            tables += [_Table(plain, i, len(found), layout) for i, layout in enumerate(found)]
        except SluiceError as error:
            store.unread.append(error)
    if not tables:
        raise store.unread[-1]
    return tables


def _found(plain: Plain, store: Store, known: Callable[[str], bool]) -> list[Layout]:
    if plain.kind == "parquet":
        return [_parquet(plain, store)]
    if plain.kind == "workbook":
        return _sheets(plain, store, known)
    path = as_utf8(plain, store.folder)
    if _is_json(path):
        return [_json(plain, path, store)]
    return list(layouts(plain, path, store.folder, known))


def _joined(name: str, tables: list[_Table], store: Store) -> list[Scratch]:
    """Load the tables; parts of one export, files with the same headings, become one."""
    groups: dict[tuple[Any, ...], list[_Table]] = {}
    for table in tables:
        alone = (table.place, table.plain.name) if table.many > 1 else ()
        groups.setdefault((table.layout.headings, bool(table.layout.header), *alone), []).append(table)
    made = list[Scratch]()
    for n, parts in enumerate(groups.values()):
        scratch = Scratch(_name(name, parts, len(groups)), store, f"raw{n or ''}", parts[0].layout)
        try:
            _load(scratch, parts)
            made.append(scratch)
        except SluiceError as error:
            store.unread.append(error)
            scratch._open = False
            store.users -= 1
    if not made:
        raise store.unread[-1]
    return made


def _name(name: str, parts: list[_Table], groups: int) -> str:
    if groups == 1:
        return name
    what = parts[0].layout.title or (parts[0].plain.name if parts[0].plain.name != name else f"{parts[0].place + 1}")
    return f"{name} · {what}"


def _load(scratch: Scratch, parts: list[_Table]) -> None:
    digests, members = list[str](), list[Member]()
    for part in parts:
        _load_one(scratch, part, len(members))
        members.append(_member(part))
        scratch.rows = scratch.counted()
        digests.append(part.plain.digest if part.many == 1 else f"{part.plain.digest} {part.place}")
    if not scratch.rows:
        raise limits.refuse(scratch.name, say("it has a heading line but no rows."), "no-rows")
    scratch.members = tuple(members)
    plain = len(digests) == 1 and " " not in digests[0]
    scratch.digest = digests[0] if plain else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _member(part: _Table) -> Member:
    layout = part.layout
    counted = part.plain.kind == "text" and not layout.numbered and layout.delimiter not in ("parquet", "json")
    return Member(part.plain.name, layout.path if counted else None, layout.delimiter)


def _load_one(scratch: Scratch, part: _Table, nth: int) -> None:
    into = f"INSERT INTO {scratch.table}" if nth else f"CREATE TABLE {scratch.table} AS"
    path, width = str(part.layout.path), len(part.layout.headings)
    columns = [f"c{i}" for i in range(width)]
    try:
        if part.layout.delimiter == "parquet":
            picked = ", ".join(f"#{i + 1} AS c{i}" for i in range(width))
            scratch.con.execute(
                f"{into} SELECT {key(nth, 'row_number() OVER ()')} AS line, {picked}, NULL::VARCHAR AS mark "
                "FROM read_parquet(?)",
                [path],
            )
        elif part.layout.delimiter == "json":
            picked = ", ".join(f"json_extract_string(#{i + 1}, '$') AS c{i}" for i in range(width))
            scratch.con.execute(
                f"{into} SELECT {key(nth, 'row_number() OVER ()')} AS line, {picked}, NULL::VARCHAR AS mark "
                f"FROM {_READ_JSON}",
                [path],
            )
        else:
            _load_text(scratch, part, into, columns, nth)
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        damaged = part.layout.delimiter == "parquet"
        if damaged:
            raise limits.refuse(part.plain.name, _DAMAGED, "damaged") from error
        reason = say("its lines could not be read as a table: {why}", why=str(error).splitlines()[0][:200])
        raise limits.refuse(part.plain.name, reason, "unreadable") from error


def _load_text(scratch: Scratch, part: _Table, into: str, columns: list[str], nth: int) -> None:
    layout = part.layout
    line = key(nth, "TRY_CAST(place AS BIGINT)" if layout.numbered else "row_number() OVER () + 1")
    heads = list(layout.header[:2])
    repeated = " AND ".join(f"c{i} = ?" for i in range(len(heads))) if heads and all(heads) else ""
    mark = f"CASE WHEN {repeated} THEN 'header' END" if repeated else "NULL::VARCHAR"
    params = heads if repeated else []
    struct = "{" + ", ".join(f"'{name}': 'VARCHAR'" for name in (["place"] if layout.numbered else []) + columns) + "}"
    query = f"{into} SELECT {line} AS line, {', '.join(columns)}, {mark} AS mark FROM "
    for parallel in (True, False):  # DuckDB's parallel reader cannot pad short lines where a cell holds a line break
        text = query + _READ_CSV.format(columns=struct, parallel=parallel, skip=0 if layout.numbered else 1)
        try:
            scratch.con.execute(text, [*params, str(layout.path), layout.delimiter])
            return
        except duckdb.Error:
            if not parallel:
                raise


_DAMAGED = say("it is a damaged Parquet file. Export it again.")


def _checked(plain: Plain, headings: list[str], path: Path, kind: str) -> Layout:
    if len(headings) < 2:
        reason = say("it has only one column. A table needs at least a time and a value; check the separator.")
        raise limits.refuse(plain.name, reason, "one-column")
    if len(headings) > limits.COLUMNS:
        reason = say("it has more than {n} columns. Leave out the ones not needed.", n=limits.COLUMNS)
        raise limits.refuse(plain.name, reason, "too-wide")
    names = distinct([h.strip() for h in headings])
    return Layout("", (), names, tuple(headings), path, kind, False)


# ---- parquet and json -------------------------------------------------------------------------------------


def _parquet(plain: Plain, store: Store) -> Layout:
    path = plain.path
    try:
        headings = list(store.con.read_parquet(str(path)).columns)
    except (duckdb.Error, RuntimeError, UnicodeError) as error:  # its messages can hold the file's broken bytes
        raise limits.refuse(plain.name, _DAMAGED, "damaged") from error
    return _checked(plain, headings, path, "parquet")


_READ_JSON = "read_json(?, format='auto', maximum_depth=1, sample_size=-1, ignore_errors=false)"


def _is_json(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        head = file.read(4096).lstrip()
    return head.startswith('{"') or (head.startswith("{") and head[1:].lstrip().startswith('"')) or (
        head.startswith("[") and head[1:].lstrip().startswith("{")
    )  # fmt: skip


def _json(plain: Plain, path: Path, store: Store) -> Layout:
    try:
        described = store.con.execute(f"DESCRIBE SELECT * FROM {_READ_JSON}", [str(path)]).fetchall()
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        reason = say("it is not JSON Lines, nor a JSON list of flat records.")
        raise limits.refuse(plain.name, reason, "damaged") from error
    return _checked(plain, [str(row[0]) for row in described], path, "json")


# ---- workbooks --------------------------------------------------------------------------------------------


def _sheets(plain: Plain, store: Store, known: Callable[[str], bool]) -> list[Layout]:
    found, errors = list[Layout](), list[SluiceError]()
    sheets = _sheets_as_text(plain, store.folder)
    for title, path in sheets:
        name = plain.name if len(sheets) == 1 else f"{plain.name}: {title}"
        try:
            tables = layouts(replace(plain, name=name, gaps=True), path, store.folder, known)
            found += [replace(t, title=t.title or title) for t in tables]
        except SluiceError as error:
            errors.append(error)
    if not found:
        raise errors[0] if errors else limits.refuse(plain.name, say("its sheets are empty."), "empty-file")
    store.unread += errors
    return found


def _check_extent(plain: Plain) -> None:
    """Refuse a sheet with a cell far out: its reader would ask for memory up to there, and the process would end."""
    if not zipfile.is_zipfile(plain.path):
        _refuse_far(plain, xls.extent(plain.path))
        return
    with zipfile.ZipFile(plain.path) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                _refuse_far(plain, _extent(book, name))


def _refuse_far(plain: Plain, extent: int) -> None:
    if extent > limits.CELLS:
        reason = say("one cell lies so far out that the sheet would fill the memory. Delete it first.")
        raise limits.refuse(plain.name, reason, "too-large")


_CELL = re.compile(rb"""<(?:\w+:)?c\b[^>]{0,200}?\br=["']([A-Za-z]{1,4})(\d{1,9})""")


def _extent(book: zipfile.ZipFile, name: str) -> int:
    columns, last, tail = set[bytes](), 0, b""
    with book.open(name) as sheet:
        while piece := sheet.read(1 << 22):
            for column, row in _CELL.findall(tail + piece):
                columns.add(column)
                last = max(last, int(row))
            tail = piece[-300:]
    widest = max((_column(c) for c in columns), default=0)
    return widest * last


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - 64
    return number


def _sheets_as_text(plain: Plain, folder: Path) -> list[tuple[str, Path]]:
    found = []
    try:
        _check_extent(plain)
    except (OSError, zipfile.BadZipFile, ValueError, LookupError, struct.error, zlib.error) as error:
        reason = say("it is a ZIP or a damaged workbook, not XLSX. Unpack or re-save it.")
        raise limits.refuse(plain.name, reason, "damaged") from error
    try:
        book = CalamineWorkbook.from_path(str(plain.path))
        for title in book.sheet_names[: limits.TABLES_IN_A_FILE]:
            path = fresh(folder, ".csv")
            if _write(book.get_sheet_by_name(title).iter_rows(), path):
                found.append((title, path))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # its reader's panics are no Exception
        reason = say("it is a ZIP or a damaged workbook, not XLSX. Unpack or re-save it.")
        raise limits.refuse(plain.name, reason, "damaged") from error
    return found


def _write(rows: Iterable[list[Any]], path: Path) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        write = csv.writer(file).writerow
        for row in rows:
            cells = [_cell(cell) for cell in row]
            write(cells)
            written += any(cells)
    return written


def _cell(cell: Any) -> str:
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    return "" if cell is None else str(cell).upper() if isinstance(cell, bool) else str(cell)
