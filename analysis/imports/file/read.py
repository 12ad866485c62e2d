"""Read a file into a scratch DuckDB, whatever it is, or say why not: one table for each table found in it.

The scratch database lives in its own folder and may read only there (and the one file it was given); the
workspace is never touched.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import os
import re
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from python_calamine import CalamineWorkbook

from analysis.errors import SluiceError
from analysis.imports.columns.headings import distinct
from analysis.imports.columns.personal import names_people
from analysis.imports.file import limits
from analysis.imports.file import workbook as xls
from analysis.imports.file.lines import PART, Member, key, located
from analysis.imports.file.source import Plain, fresh, unpack
from analysis.imports.file.structure import Layout, layouts
from analysis.imports.file.text import as_utf8
from analysis.imports.watch import watching
from analysis.messages import Message, say
from analysis.store import duck

_READ_CSV = """
read_csv(getvariable('{part}_path'), delim=getvariable('{part}_delimiter'), quote='"', escape='"', header=false,
    skip={skip}, all_varchar=true, auto_detect=false, null_padding=true, strict_mode=false, columns={columns},
    max_line_size=10000000, parallel={parallel})
"""
_MEMORY = "1000MB"
"""What a scratch database may hold in memory; the rest goes to its folder."""
_FOLDER = "sluice-import-"
_COPIED = 16 << 20
"""Largest file (bytes, and cells) that is copied whole; a larger one is read again where it lies each time."""
_FIRST = 2
"""Number of a text's first record under its headings."""
_HEAD = 10_000
"""Rows of a larger file that are copied, to look at."""


class Store:
    """The folder and the private DuckDB that the tables of one file share; gone when the last is closed.

    What of the file could not be read stands in `unread`.
    """

    def __init__(self, source: Path | None) -> None:
        sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=f"{_FOLDER}{os.getpid()}-")
        self.folder, self.users = Path(self._folder.name), 0
        self.unread: list[SluiceError] = []
        self.con = duckdb.connect(
            config={
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "memory_limit": _MEMORY,
                "temp_directory": str(self.folder / "spilled"),
                **duck.resources(),
            },
        )
        duck.quietly_measured(self.con)
        self.con.execute("SET TimeZone='UTC'")
        self.con.execute("SET allowed_directories=?", [[str(self.folder)]])
        self.con.execute("SET allowed_paths=?", [[str(source)] if source else []])
        self.con.execute("SET enable_external_access=false; SET lock_configuration=true")
        watching().also(self.con)

    def close(self) -> None:
        """Drop the database and the folder."""
        self.con.close()
        self._folder.cleanup()


@cache
def sweep() -> None:
    """Delete, once per process, the folders of processes that were killed: uploads may lie in them."""
    if os.name != "posix":  # elsewhere there is no harmless way to ask whether a process lives
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{_FOLDER}*-*"):
        process = folder.name.removeprefix(_FOLDER).split("-")[0]
        if process.isdecimal() and not _lives(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's, or no process's number
        pass
    return True


class Scratch:
    """One table of a file: column `line`, then `c0`, `c1`, … in file order, and `mark` (repeated headings).

    Headings stay out of SQL: they are kept beside, in `headings`. `table` holds all rows, of a large file as a view
    that reads it again; `head` holds the first of them (`whole`: all). `judged` is where :func:`clean.judge` laid
    the typed rows, `judged_as` the mapping it did so under, `styles` how it took their columns to be written, `unsure`
    what it must ask; `made` is what :func:`shapes.shaped` last made of it.
    `mailed` are the headings of users under which an e-mail address stands anywhere.
    Where rows lie in the order of the file, one record each (`in_order`), a row's key follows from its place, and
    DuckDB need not count them: that takes it one thread.
    """

    def __init__(self, name: str, store: Store, table: str, layout: Layout) -> None:
        self.name, self.digest, self.store, self.table = name, "", store, table
        self.headings, self.title, self.above = layout.headings, layout.title, layout.above
        self.headerless = not layout.header
        self.members: tuple[Member, ...] = ()
        self.rows, self.whole, self.head, self.in_order = 0, True, table, False
        self.judged, self.judged_as = "", ""
        self.styles: dict[str, Any] = {}
        self.mailed = set[str]()
        self.unsure: tuple[Message, ...] = ()
        self.made: tuple[str, Any] = ("", None)
        store.users += 1
        self._open = True

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The private database."""
        return self.store.con

    @property
    def line(self) -> str:
        """SQL for a row's key in the `judged` table."""
        return f"({key(0, f'rowid + {_FIRST}')})" if self.in_order else "line"

    def close(self) -> None:
        """Let go of the table; the last one drops the scratch database and its folder."""
        if self._open:
            self._open = False
            self.store.users -= 1
            if self.store.users <= 0:
                self.store.close()

    def types(self) -> list[str]:
        """Return the DuckDB type of each column."""
        return [str(kind) for kind in self.con.table(self.table).types[1:-1]]

    def sample(self, n: int = 200) -> dict[str, list[str]]:
        """Return up to `n` non-empty values of each column, as text, by heading."""
        found = [self._sampled(i, self.head, n) for i in range(len(self.headings))]
        if not self.whole and (empty := [i for i, values in enumerate(found) if not values]):
            texts = ", ".join(f"arg_min(c{i}::VARCHAR, line, {n}) FILTER (trim(c{i}::VARCHAR) <> '')" for i in empty)
            with readable(self.name):
                values = self.con.execute(f"SELECT {texts} FROM {self.table}").fetchall()[0]
            for i, texts_found in zip(empty, values, strict=True):
                found[i] = texts_found or []
        return dict(zip(self.headings, found, strict=True))

    def head_of(self, heading: str) -> list[str]:
        """Return the non-empty values of a column in all rows that are at hand."""
        return self._sampled(self.headings.index(heading), self.head, _HEAD)

    def _sampled(self, place: int, table: str, n: int) -> list[str]:
        text = f"c{place}::VARCHAR"
        query = f"SELECT {text} FROM {table} WHERE c{place} IS NOT NULL AND trim({text}) <> '' LIMIT {n}"
        return [row[0] for row in self.con.execute(query).fetchall()]


@contextmanager
def readable(name: str) -> Iterator[None]:
    """Turn what DuckDB says of a file's content into the error that refuses it.

    Raises
    ------
    ImportFileError
    """
    try:
        yield
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        reason = say("its lines could not be read as a table: {why}", why=str(error).splitlines()[0][:200])
        raise limits.refuse(name, reason, "unreadable") from error


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
        once = {plain.digest: plain for plain in reversed(plains)}
        tables = _all((plain for plain in plains if once[plain.digest] is plain), store, known)
        store.unread += [_again(plain, first) for plain in plains if (first := once[plain.digest]) is not plain]
        return _joined(name, tables, store)
    except BaseException:
        store.close()
        raise


def _again(plain: Plain, first: Plain) -> SluiceError:
    return limits.refuse(plain.name, say("it holds the same as {other}.", other=first.name), "same-file")


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
    """Load the tables; parts of one export, files with the same headings that say the same of all rows, become one."""
    groups: dict[tuple[Any, ...], list[_Table]] = {}
    for table in tables:
        alone = (table.place, table.plain.name) if table.many > 1 else ()
        layout = table.layout
        groups.setdefault((layout.headings, bool(layout.header), layout.said, *alone), []).append(table)
    made = list[Scratch]()
    titles = Counter(parts[0].layout.title for parts in groups.values())
    for n, parts in enumerate(groups.values()):
        own = name if len(groups) == 1 else _name(name, parts[0], titles)
        scratch = Scratch(own, store, f"raw{n or ''}", parts[0].layout)
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


def _name(name: str, part: _Table, titles: Counter[str]) -> str:
    title, file = part.layout.title, part.plain.name
    if title and (titles[title] == 1 or file == name):
        return f"{name} · {title}"
    return f"{name} · {file if file != name else part.place + 1}"


def _load(scratch: Scratch, parts: list[_Table]) -> None:
    digests, members, selects = list[str](), list[Member](), list[str]()
    for n, part in enumerate(parts):
        select, rows = _counted(scratch, part, n)
        members.append(_member(part, rows + 1))
        selects.append(select)
        scratch.rows += rows
        digests.append(part.plain.digest if part.many == 1 else f"{part.plain.digest} {part.place}")
    if not scratch.rows:
        raise limits.refuse(scratch.name, say("it has a heading line but no rows."), "no-rows")
    with readable(scratch.name):
        _lay(scratch, " UNION ALL ".join(selects), parts)
    scratch.members = tuple(members)
    plain = len(digests) == 1 and " " not in digests[0]
    scratch.digest = digests[0] if plain else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _member(part: _Table, records: int) -> Member:
    layout = part.layout
    counted = part.plain.kind == "text" and not layout.numbered and layout.delimiter not in ("parquet", "json")
    return Member(part.plain.name, layout.path if counted else None, layout.delimiter, records)


def _lay(scratch: Scratch, rows: str, parts: list[_Table]) -> None:
    size = sum(part.layout.path.stat().st_size for part in parts)
    cells = scratch.rows * len(scratch.headings)
    if max(size, cells) <= _COPIED or any(part.layout.delimiter == "json" for part in parts):
        scratch.con.execute(f"CREATE TABLE {scratch.table} AS {rows}")
        return
    scratch.head, scratch.whole = f"{scratch.table}_head", False
    scratch.in_order = len(parts) == 1 and parts[0].plain.kind == "text" and not parts[0].layout.numbered
    scratch.con.execute(f"CREATE VIEW {scratch.table} AS {rows}")
    scratch.con.execute(f"CREATE TABLE {scratch.head} AS FROM {scratch.table} LIMIT {_HEAD}")


def _counted(scratch: Scratch, part: _Table, place: int) -> tuple[str, int]:
    """Return SQL for a part's rows, and how many there are; every line is read for that, so that no error comes late.

    DuckDB's parallel reader cannot pad short lines where a cell holds a line break: then it reads with one thread.
    """
    name, layout = f"{scratch.table}_{place}", part.layout
    scratch.con.execute(f"SET VARIABLE {name}_path = ?", [str(layout.path)])
    people = [i for i, heading in enumerate(layout.headings) if names_people(heading)]
    mails = [f"count_if(contains(c{i}::VARCHAR, '@'))" for i in people]

    def tried(source: str, *more: str) -> tuple[int, ...]:
        rows, *counts = _tried(scratch, part, source, *mails, *more)
        scratch.mailed |= {layout.headings[i] for i, found in zip(people, counts, strict=False) if found}
        return rows, *counts[len(people) :]

    if layout.delimiter in ("parquet", "json"):
        select = _typed_rows(layout, name, place)
        return select, tried(f"({select})")[0]
    scratch.con.execute(f"SET VARIABLE {name}_delimiter = ?", [layout.delimiter])
    text = _Text(layout, name, place)
    scratch.con.execute(f"SET VARIABLE {name}_heads = ?", [text.heads])
    looks = _OVER, f"count(*) FILTER ({text.begins_as_headings})"
    try:
        rows, over, repeated = tried(text.source("true"), *looks)
        parallel = "true"
    except SluiceError:
        rows, over, repeated = tried(text.source("false"), *looks)
        parallel = "false"
    select = _text_rows(text, parallel, over=bool(over), repeated=bool(repeated))
    if repeated:
        _refuse_reordered(scratch, part, text, select, rows)
    return select, rows


def _refuse_reordered(scratch: Scratch, part: _Table, text: _Text, select: str, rows: int) -> None:
    """Refuse a text whose headings stand again in another order: the columns below them are others."""
    query = (
        f"SELECT min(line) FROM ({select}) WHERE {text.begins_as_headings} AND (({text.reordered}) OR {text.renamed})"
    )
    at = scratch.con.execute(query).fetchall()[0][0]
    if at is not None:
        _, lines = located([at % PART], [_member(part, rows + 1)])
        reason = say(
            "its headings stand again in line {line}, in another order or with others. Split the file there.",
            line=lines[0].as_py(),
        )
        raise limits.refuse(part.plain.name, reason, "reordered")


def _tried(scratch: Scratch, part: _Table, source: str, *more: str) -> tuple[int, ...]:
    """Return the number of rows, and what `more` counts."""
    counts = ", ".join(("count(*)", "count(c0)", *more))
    try:
        with watching().during(scratch.con, part.layout.path.stat().st_size):
            rows, _, *counted = scratch.con.execute(f"SELECT {counts} FROM {source}").fetchall()[0]
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        raise _unreadable(part, error) from error
    return (int(rows), *(int(n or 0) for n in counted))


def _unreadable(part: _Table, error: Exception) -> SluiceError:
    if part.layout.delimiter == "parquet":
        return limits.refuse(part.plain.name, _DAMAGED, "damaged")
    reason = say("its lines could not be read as a table: {why}", why=str(error).splitlines()[0][:200])
    return limits.refuse(part.plain.name, reason, "unreadable")


def _typed_rows(layout: Layout, name: str, place: int) -> str:
    if layout.delimiter == "parquet":
        read, cell = f"read_parquet(getvariable('{name}_path'))", "#{}"
    else:
        read, cell = _READ_JSON.replace("?", f"getvariable('{name}_path')"), "json_extract_string(#{}, '$')"
    picked = ", ".join(f"{cell.format(i + 1)} AS c{i}" for i in range(len(layout.headings)))
    line = key(place, "row_number() OVER ()")
    return f"SELECT {line} AS line, {picked}, NULL::VARCHAR AS mark FROM {read}"


@dataclass(frozen=True, slots=True)
class _Text:
    """The rows of a text: `c0`, `c1`, … one for each heading, and `over`, the cell behind the last of them."""

    layout: Layout
    name: str
    place: int

    def source(self, parallel: str, *, over: bool = True) -> str:
        """Return SQL that reads them."""
        layout, columns = self.layout, [f"c{i}" for i in range(len(self.layout.headings))]
        if over:  # headings may end in blank ones, which are no columns
            columns += [f"blank{i}" for i in range(len(columns), len(layout.header))] + ["over"]
        struct = ", ".join(f"'{c}': 'VARCHAR'" for c in (["place"] if layout.numbered else []) + columns)
        skip = 0 if layout.numbered else 1
        return _READ_CSV.format(part=self.name, columns=f"{{{struct}}}", parallel=parallel, skip=skip)

    @property
    def heads(self) -> list[str]:
        """The headings as repeated ones are compared with them."""
        heads = [head.strip("\ufeff") for head in self.layout.header[: len(self.layout.headings)]]
        return [head.strip().lower() for head in heads] if self._folded else heads

    @property
    def _folded(self) -> bool:
        """Whether spaces and case count for nothing; folding every row of a large file takes long."""
        return self.layout.path.stat().st_size <= limits.STACKED

    def _cell(self, place: int) -> str:
        return f"lower(trim(c{place}))" if self._folded else f"c{place}"

    @property
    def begins_as_headings(self) -> str:
        """SQL: whether a row begins with any of the headings."""
        place = next((i for i, head in enumerate(self.heads) if head), None)
        return "false" if place is None else f"list_contains(getvariable('{self.name}_heads'), {self._cell(place)})"

    @property
    def repeated(self) -> str:
        """SQL: whether a row's first two cells are the first two headings."""
        heads = f"getvariable('{self.name}_heads')"
        places = [i for i, head in enumerate(self.heads) if head][:2]
        return " AND ".join(f"{self._cell(i)} = {heads}[{i + 1}]" for i in places) if len(places) == 2 else "false"

    @property
    def renamed(self) -> str:
        """SQL: whether a row begins as the headings do and then names other columns than they do."""
        heads = f"getvariable('{self.name}_heads')"
        other = " OR ".join(
            f"(regexp_matches({self._cell(i)}, '[a-z\u4e00-\u9fff]{{2}}') AND {self._cell(i)} <> {heads}[{i + 1}])"
            for i, head in enumerate(self.heads) if head
        )  # fmt: skip
        return f"({self.repeated}) AND ({other or 'false'})"

    @property
    def reordered(self) -> str:
        """SQL: whether a row has all headings, in another order."""
        heads, cells = f"getvariable('{self.name}_heads')", ", ".join(map(self._cell, range(len(self.heads))))
        row = f"list_transform([{cells}], lambda cell: coalesce(cell, ''))"
        return f"{row} <> {heads} AND list_sort({row}) = list_sort({heads})"


_OVER = "count(*) FILTER (trim(over) <> '')"
_MARK_OVER = r"""
CASE WHEN regexp_matches(trim(over), '(?i)^(grand )?totals?$') THEN 'total' WHEN trim(over) <> '' THEN 'overflow' END
"""
"""GA4 names its total behind the last column."""


_BARE = """CASE WHEN c{0} LIKE '="%"' THEN c{0}[3:-2] ELSE c{0} END AS c{0}"""
"""A text in a formula, as Excel's users write it to keep it one: ``="0010"``."""


def _holds_formulas(path: Path) -> bool:
    """Say whether texts stand in formulas; who writes them so does from the first rows on."""
    with path.open("rb") as file:
        return b'="' in file.read(1 << 18)


def _text_rows(text: _Text, parallel: str, *, over: bool, repeated: bool) -> str:
    cell = _BARE if _holds_formulas(text.layout.path) else "c{0}"
    columns = [cell.format(i) for i in range(len(text.layout.headings))]
    number = "TRY_CAST(place AS BIGINT)" if text.layout.numbered else f"row_number() OVER () - 1 + {_FIRST}"
    marks = [f"CASE WHEN {text.repeated} THEN 'header' END"] * repeated + [_MARK_OVER] * over
    mark = f"coalesce({', '.join(marks)})" if marks else "NULL::VARCHAR"
    read = text.source(parallel, over=over)
    return f"SELECT {key(text.place, number)} AS line, {', '.join(columns)}, {mark} AS mark FROM {read}"


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
        rows, size = store.con.execute(_PARQUET_SIZE, [str(path)]).fetchall()[0]
    except (duckdb.Error, RuntimeError, UnicodeError) as error:  # its messages can hold the file's broken bytes
        raise limits.refuse(plain.name, _DAMAGED, "damaged") from error
    # Equal rows take no room: each cell counts a byte at least.
    limits.check_size(plain.name, max(int(size or 0), int(rows or 0) * len(headings)), path.stat().st_size)
    return _checked(plain, headings, path, "parquet")


_PARQUET_SIZE = """
SELECT (SELECT sum(num_rows) FROM parquet_file_metadata($1)), sum(total_uncompressed_size) FROM parquet_metadata($1)
"""


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
