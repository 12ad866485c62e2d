"""How rows lie in DuckDB: the same tables in memory (a notebook's frames) and in a workspace file.

Events are kept sorted by user and time, with an integer key beside each user's id and each event's name, so
a sequence kernel reads them in one ordered scan and never sees a string.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import duckdb
import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import DataError
from analysis.store.columns import shown, stored
from analysis.store.firsts import Deeds, firsts
from analysis.store.walk import Chunk, Columns, Kept, Repeated, beside, chunks
from analysis.vocabulary import TABLES, TIME_COLUMN, Column

T = TypeVar("T")
_SAFE = {
    "python_enable_replacements": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "async_threads": "0",  # eight more threads each, for what is read from far away
}
HIDDEN = ("user_key", "event_key", "batch")
"""Columns of the store's own, not part of any table's vocabulary."""


class DuckDBStore:
    """What :class:`analysis.tables.Tables` asks of rows that lie as this module keeps them."""

    def __init__(self, con: duckdb.DuckDBPyConnection, version: str) -> None:
        self._con, self._version = con, version

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """What its queries run on."""
        return self._con

    def frame(self, table: str) -> nw.LazyFrame[Any]:
        """Return all of a table."""
        return nw.from_native(self._con.table(table))

    def count(self, table: str) -> int:
        """Return the number of rows."""
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])

    def filled(self, table: str) -> tuple[str, ...]:
        """Return the columns that hold at least one value."""
        columns = [c for c in self._con.table(table).columns if c not in HIDDEN]
        tests = (f"EXISTS (FROM {table} WHERE {identifier(c)} IS NOT NULL)" for c in columns)
        found = self._rows(f"SELECT {', '.join(tests)}")[0]
        return tuple(shown(c) for c, filled in zip(columns, found, strict=True) if filled)

    def span(self, table: str) -> Any:
        """Return the first and last moment of the table's time column."""
        column = TIME_COLUMN[table]
        return self._rows(f"SELECT min({column}), max({column}) FROM {table}")[0]

    def event_keys(self) -> dict[str, int]:
        """Return the key of each event's name."""
        return {name: int(key) for key, name in self._rows("FROM event_names SEMI JOIN events USING (event_key)")}

    def version(self) -> str:
        """Return the digest it was given."""
        return self._version

    def walk(self, frame: nw.LazyFrame[Any], work: Callable[[Chunk], T], columns: Columns) -> Iterator[T]:
        """Yield what `work` makes of each chunk of an events frame, beside the scan."""
        return beside(work, chunks(frame, columns))

    def firsts(self, frame: nw.LazyFrame[Any], deeds: Deeds, who: str) -> nw.LazyFrame[Any]:
        """Return when each user first did something of each kind, by one walk."""
        found: nw.LazyFrame[Any] = nw.from_native(self._con.from_arrow(firsts(chunks(frame), deeds)))
        if who == "user_key":
            return found
        return found.join(nw.from_native(self._con.table("users")), on="user_key").drop("user_key")

    def repeated(self, frame: nw.LazyFrame[Any]) -> Repeated:
        """Return an events frame for several walks; read once where it is small enough to be kept."""
        return Kept(lambda: chunks(frame))

    def _rows(self, query: str) -> list[Any]:
        return self._con.execute(query).fetchall()


def connect(
    path: Path | None = None, *, read_only: bool = False, share: Mapping[str, str] | None = None
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB that SQL cannot use to reach files, the network or Python's variables.

    Parameters
    ----------
    path : Path, optional
        Without one it is in memory.
    read_only : bool
    share : mapping of str to str, optional
        How much of the machine it takes, as DuckDB's settings; see :func:`resources`.
    """
    share = resources() if share is None else share
    con = duckdb.connect(str(path) if path else ":memory:", read_only, config={**_SAFE, **share})
    quietly_measured(con)
    con.execute(
        "SET TimeZone='UTC'; SET enable_external_access=false; "
        "SET allowed_configs=['enable_progress_bar', 'enable_progress_bar_print']; SET lock_configuration=true"
    )
    return con


def is_open(path: Path) -> bool:
    """Say whether anything still reads a file, here or elsewhere: DuckDB refuses to open it otherwise meanwhile."""
    try:
        duckdb.connect(str(path), True, config={**_SAFE, "threads": "1"}).close()
    except duckdb.ConnectionException:
        return True
    except duckdb.Error as error:  # another program has it, or it cannot be opened at all
        return "set lock" in str(error)
    return False


def quietly_measured(con: duckdb.DuckDBPyConnection) -> None:
    """Let a query be asked how far it is, and nothing be printed; Jupyter may have no bar at all.

    A cursor does not have it from its connection.
    """
    with suppress(duckdb.InvalidInputException):
        con.execute("SET enable_progress_bar=true; SET enable_progress_bar_print=false")


def resources(threads: int | None = None, memory: int | None = None) -> dict[str, str]:
    """Return DuckDB's settings for how much of the machine it takes.

    Parameters
    ----------
    threads : int, optional
        At most so many; ``SLUICE_THREADS`` may say fewer. Without either, as many as there are cores.
    memory : int, optional
        Bytes at most; what needs more goes to the disk meanwhile. Without it, four fifths of what there is.

    Examples
    --------
    >>> resources(threads=2, memory=2 * 10**9)["memory_limit"]
    '2000000000B'
    """
    said = os.environ.get("SLUICE_THREADS")
    counts = [count for count in (threads, int(said) if said else None) if count]
    found = {"threads": str(min(counts))} if counts else {}
    return found | ({"memory_limit": f"{int(memory)}B"} if memory else {})


@contextmanager
def looking(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection that stands in a file, to read what it is: twenty times as quick as opening it to work.

    It is for one caller at a time, and not for a file that this process has open.
    """
    con = _looker()
    con.execute(f"ATTACH {literal(str(path))} AS looked (READ_ONLY, TYPE duckdb)")
    try:
        con.execute("USE looked")
        yield con
    finally:
        try:
            con.execute("USE memory; DETACH looked")
        except duckdb.Error:  # what is damaged may have ended it all
            _looker.cache_clear()


@lru_cache(maxsize=1)
def _looker() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect(":memory:", config={**_SAFE, "threads": "1"})
    quietly_measured(con)
    con.execute("SET TimeZone='UTC'")
    return con


def literal(text: str) -> str:
    """Quote a text for SQL.

    Examples
    --------
    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Quote a column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def create(con: duckdb.DuckDBPyConnection) -> None:
    """Create the empty tables."""
    for table, columns in TABLES.items():
        own = ", ".join(f"{identifier(c.name)} {c.sql}" for c in columns)
        keys = "user_key INTEGER, event_key SMALLINT, " if table == "events" else ""
        con.execute(f"CREATE TABLE {table} ({keys}{own}, batch INTEGER)")
    con.execute("CREATE TABLE users (user_key INTEGER, user_id VARCHAR)")
    con.execute("CREATE TABLE event_names (event_key SMALLINT, event VARCHAR)")


def append(con: duckdb.DuckDBPyConnection, table: str, rows: pa.Table, batch: int) -> None:
    """Add normalised rows to a table; events are put in their place so that the table stays sorted.

    Runs inside the caller's transaction.

    Raises
    ------
    DataError
        The events have more different names than fit.
    """
    rows = rows.rename_columns([stored(name) for name in rows.column_names])
    con.register("incoming", rows)
    try:
        for extra in _extras(table, rows.column_names):
            kind = "DOUBLE" if pa.types.is_floating(rows.schema.field(extra).type) else "VARCHAR"
            con.execute(f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS {identifier(extra)} {kind}")
        source, before = "incoming", holds_rows(con, table)
        if table == "events":
            for column in KEYS:
                _number(con, column)
            source = keyed("incoming", "users", "event_names")
        con.execute(f"INSERT INTO {table} BY NAME SELECT *, {int(batch)} AS batch FROM {source}")
        if before and table == "events":
            sort(con)
    finally:
        con.unregister("incoming")


def insert(con: duckdb.DuckDBPyConnection, table: str, rows: pa.RecordBatchReader, batch: int) -> None:
    """Add typed rows, of events with their keys and sorted, as they come; see :func:`sort` for what is there before."""
    con.register("incoming", rows)
    try:
        con.execute(f"INSERT INTO {table} BY NAME SELECT *, {int(batch)} AS batch FROM incoming")
    finally:
        con.unregister("incoming")


def sort(con: duckdb.DuckDBPyConnection, by_user: Mapping[str, str] = MappingProxyType({})) -> None:
    """Put the events in order again; inside the caller's transaction.

    Parameters
    ----------
    con : DuckDBPyConnection
    by_user : mapping of str to str
        Text columns, new or not, that each event has from its user: name to SQL of user_key and value.
    """
    kinds = {row[0]: row[1] for row in con.execute("DESCRIBE events").fetchall()}
    tests = ", ".join(f"EXISTS (FROM events WHERE {identifier(name)} IS NOT NULL)" for name in kinds)
    held = dict(zip(kinds, con.execute(f"SELECT {tests}").fetchall()[0], strict=True))
    # Only what holds values is carried through the sort.
    carried = [f"e.{identifier(name)}" for name in kinds if held[name] and name not in by_user]
    carried += [f"v{i}.value AS {identifier(name)}" for i, name in enumerate(by_user)]
    joins = (f"LEFT JOIN {values} AS v{i} ON v{i}.user_key = e.user_key" for i, values in enumerate(by_user.values()))
    kinds, held = kinds | dict.fromkeys(by_user, "VARCHAR"), held | dict.fromkeys(by_user, True)
    every = ", ".join(identifier(n) if held[n] else f"NULL::{kind} AS {identifier(n)}" for n, kind in kinds.items())
    # Not by renaming a table made in this transaction: DuckDB 2.0 loses its rows.
    con.execute(
        f"CREATE OR REPLACE TABLE events AS SELECT {every} FROM "
        f"(SELECT {', '.join(carried)} FROM events AS e {' '.join(joins)} ORDER BY e.user_key, e.timestamp)"
    )


def carry(con: duckdb.DuckDBPyConnection, table: str, by_user: Mapping[str, str]) -> None:
    """Give a table's rows text columns from their users, in the order they lie; inside the caller's transaction.

    Parameters
    ----------
    con : DuckDBPyConnection
    table : str
        With a column `user_id`.
    by_user : mapping of str to str
        As in :func:`sort`.
    """
    names = [row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()]
    columns = [f"r.{identifier(name)}" for name in names if name not in by_user]
    columns += [f"v{i}.value AS {identifier(name)}" for i, name in enumerate(by_user)]
    joins = (f"LEFT JOIN {values} AS v{i} ON v{i}.user_key = u.user_key" for i, values in enumerate(by_user.values()))
    con.execute(
        f"CREATE OR REPLACE TABLE {table} AS SELECT {', '.join(columns)} FROM {table} AS r "
        f"LEFT JOIN users AS u ON u.user_id = r.user_id {' '.join(joins)} ORDER BY r.rowid"
    )


def keyed(rows: str, users: str, names: str) -> str:
    """Return SQL for events with their keys, sorted."""
    return (
        f"(SELECT u.user_key, n.event_key, i.* FROM {rows} AS i JOIN {users} AS u USING (user_id) "
        f"JOIN {names} AS n USING (event) ORDER BY user_key, timestamp)"
    )


KEYS = {"user_id": ("users", "user_key"), "event": ("event_names", "event_key")}
"""Texts of events that are numbered: in which table, and what the number is called."""
MOST_EVENT_NAMES = 32_768
"""Different names that events may have: as many as a key of 16 bits tells apart."""


def numbered(con: duckdb.DuckDBPyConnection, column: str, texts: pa.Table) -> pa.Table:
    """Give each text its number, new ones the next; return both.

    Raises
    ------
    DataError
        The events have more different names than fit.
    """
    table, key = KEYS[column]
    con.register("incoming", texts)
    try:
        _number(con, column)
        return con.sql(f"SELECT {key}, {column} FROM {table} SEMI JOIN incoming USING ({column})").to_arrow_table()
    finally:
        con.unregister("incoming")


def _number(con: duckdb.DuckDBPyConnection, column: str) -> None:
    table, key = KEYS[column]
    fresh = f"SELECT DISTINCT {column} FROM incoming ANTI JOIN {table} USING ({column})"
    if column == "event":
        _number_events(con, fresh)
        return
    number = f"(SELECT count(*) FROM {table}) + row_number() OVER (ORDER BY {column}) - 1"
    con.execute(f"INSERT INTO {table} ({key}, {column}) SELECT {number}, {column} FROM ({fresh})")


def _number_events(con: duckdb.DuckDBPyConnection, fresh: str) -> None:
    """Give new names the numbers that no name has; there are only so many."""
    both = f"SELECT (SELECT count(*) FROM event_names) + (SELECT count(*) FROM ({fresh}))"
    if (count := int(con.execute(both).fetchall()[0][0])) > MOST_EVENT_NAMES:
        raise DataError.too_many_events(count, MOST_EVENT_NAMES)
    free = f"SELECT range AS event_key FROM range({MOST_EVENT_NAMES}) ANTI JOIN event_names ON event_key = range"
    con.execute(
        "INSERT INTO event_names SELECT event_key, event "
        f"FROM (SELECT event, row_number() OVER (ORDER BY event) AS place FROM ({fresh})) "
        f"JOIN (SELECT event_key, row_number() OVER (ORDER BY event_key) AS place FROM ({free})) USING (place)"
    )


def drop_event_names(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Make room for others where no row of these tables has a name any more; inside the caller's transaction."""
    used = " UNION ".join(f"SELECT event_key FROM {table}" for table in tables)
    con.execute(f"DELETE FROM event_names WHERE event_key NOT IN ({used})")


def holds_rows(con: duckdb.DuckDBPyConnection, table: str) -> bool:
    """Say whether a table has any row."""
    return bool(con.execute(f"SELECT EXISTS (FROM {table})").fetchall()[0][0])


def normalise(table: str, frame: pa.Table) -> pa.Table:
    """Bring a frame to the table's types: UTC microseconds, no NaN, text as text; unknown columns stay.

    Raises
    ------
    DataError
        A required column is missing, a value does not fit its column's type, or a required value is null.
    """
    names = frame.column_names
    for column in TABLES[table]:
        if column.required and column.name not in names:
            raise DataError.no_such_column(table, column.name, names)
    own = {c.name: c for c in TABLES[table]}
    wanted = [c.name for c in TABLES[table] if c.name in names] + _extras(table, names)
    try:
        arrays = [_cast(frame.column(name), own.get(name)) for name in wanted]
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
        raise DataError.bad_frame(table, str(error)[:200]) from error
    arrays = [_somebody(array) if name == "user_id" else array for name, array in zip(wanted, arrays, strict=True)]
    for name, array in zip(wanted, arrays, strict=True):
        if name in own and own[name].required and array.null_count:
            raise DataError.bad_frame(table, f"{name}: {array.null_count} empty")
    return pa.table(dict(zip(wanted, arrays, strict=True)))


def _extras(table: str, present: Iterable[str]) -> list[str]:
    own = {c.name for c in TABLES[table]} | set(HIDDEN)
    return [name for name in present if name not in own]


def _cast(array: Any, column: Column | None) -> Any:
    if pa.types.is_dictionary(array.type):
        array = pc.cast(array, array.type.value_type)
    target = column.arrow if column else pa.float64() if _numeric(array.type) else pa.string()
    if pa.types.is_timestamp(target) and pa.types.is_timestamp(array.type) and array.type.tz:
        array = pc.cast(array, pa.timestamp("us", array.type.tz), safe=False)
    elif pa.types.is_timestamp(target) and pa.types.is_timestamp(array.type):
        array = pc.cast(array, pa.timestamp("us"), safe=False)
    elif pa.types.is_null(array.type):
        return pa.chunked_array([pa.nulls(len(array), target)])
    elif pa.types.is_string(target) and pa.types.is_floating(array.type):
        array = _whole_as_text(array)
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    return pc.cast(array, target)


def _somebody(users: Any) -> Any:
    """Return users' ids with null for one that is empty or blank: that is nobody."""
    blank = pc.equal(pc.utf8_trim_whitespace(users), "")
    return pc.if_else(blank, pa.scalar(None, users.type), users)


def _numeric(kind: Any) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _whole_as_text(array: Any) -> Any:
    """Read an id column that a missing value turned into floats (1.0) as the whole numbers it held."""
    array = pc.if_else(pc.is_nan(array), pa.scalar(None, array.type), array)
    whole = pc.all(pc.equal(array, pc.floor(array))).as_py()
    return pc.cast(array, pa.int64()) if whole is not False else array
