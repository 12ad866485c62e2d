"""What is kept in a workspace under a name, with everything it was before?

One table holds it all: saved questions, segments, mappings, records. A row is one change of one thing and stays as it
was written: replacing, forgetting and restoring each add a row, so that each can be taken back.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from typing import Any, Generic, TypeVar

import duckdb

from analysis.errors import QuestionError, WorkspaceError
from analysis.messages import say
from analysis.values import Value, kinds, text

SCHEMA = """
CREATE TABLE kept (
    change INTEGER PRIMARY KEY, id INTEGER, revision INTEGER, kind VARCHAR, name VARCHAR, value VARCHAR,
    kept_at TIMESTAMP, what VARCHAR
);
"""
LONGEST = 255
"""Characters of a name: a file's name is one too."""
V = TypeVar("V", bound=Value)
_LAST = "(FROM kept QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1)"
CURRENT = f"(FROM {_LAST} WHERE what <> 'forgotten')"
"""SQL for the rows that hold now."""


@dataclass(frozen=True, slots=True)
class Kept(Generic[V]):
    """A value as it was kept under a name by one change.

    Parameters
    ----------
    id : int
        Of the thing, the same for all its revisions and never another's.
    name : str
        Among what is current, no two of a kind share one.
    value : Value
    at : datetime
        When, in UTC.
    revision : int
        Which change of the thing this is, from 1.
    what : {"kept", "forgotten", "restored"}
        What the change did.
    current : bool
        Whether it holds now: nothing changed since, and it is not forgotten.
    """

    id: int
    name: str
    value: V
    at: dt.datetime
    revision: int
    what: str
    current: bool


def keep(con: duckdb.DuckDBPyConnection, name: str, value: Value, over: int | None = None) -> int:
    """Keep a value under a name inside the caller's transaction; return the thing's number.

    What is current under the same name and kind gets a new revision; one that is kept so already stays as it is.

    Raises
    ------
    QuestionError
        The name is not one line of text.
    WorkspaceError
        Another revision is current than the one it is a change of.
    """
    name = text(longest=LONGEST)["check"]("name", name)
    query = f"SELECT id, value, revision FROM {CURRENT} WHERE kind = ? AND name = ?"
    found = con.execute(query, [value.kind, name]).fetchall()
    if over is not None and over != (found[0][2] if found else 0):
        said = say("{name} was changed by somebody else meanwhile. Nothing of either version is lost.", name=name)
        raise WorkspaceError.because(said, "changed-meanwhile")
    if found and found[0][1] == value.to_json():
        return int(found[0][0])
    id = found[0][0] if found else con.execute("SELECT coalesce(max(id), 0) + 1 FROM kept").fetchall()[0][0]
    add(con, int(id), value.kind, name, value.to_json(), "kept")
    return int(id)


def forget(con: duckdb.DuckDBPyConnection, id: int) -> None:
    """Let a thing be current no longer; one that is not is left as it is."""
    for kind, name, value in con.execute(f"SELECT kind, name, value FROM {CURRENT} WHERE id = ?", [id]).fetchall():
        add(con, id, kind, name, value, "forgotten")


def restore(con: duckdb.DuckDBPyConnection, id: int, revision: int | None) -> int:
    """Make a thing what it was, as a new revision; return the revision that it was taken from.

    Raises
    ------
    WorkspaceError
        There is no such revision, nothing to go back to, or another thing has the name by now.
    """
    own = "SELECT revision, kind, name, value, what FROM kept WHERE id = ? ORDER BY revision DESC"
    rows = con.execute(own, [id]).fetchall()
    if revision is None:  # what held before the last change
        rows = rows[1:]
    row = next((r for r in rows if r[4] != "forgotten" and revision in (None, r[0])), None)
    if row is None:
        raise WorkspaceError.because(say("There is nothing earlier to go back to."), "no-revision")
    found, kind, name, value, _what = row
    others = f"SELECT count(*) FROM {CURRENT} WHERE kind = ? AND name = ? AND id <> ?"
    if con.execute(others, [kind, name, id]).fetchall()[0][0]:
        said = say("Something else is kept as {name} by now. Forget that first.", name=name)
        raise WorkspaceError.because(said, "name-taken")
    add(con, id, kind, name, value, "restored")
    return int(found)


def add(con: duckdb.DuckDBPyConnection, id: int, kind: str, name: str, value: str, what: str) -> None:
    """Write one change down."""
    con.execute(
        "INSERT INTO kept SELECT (SELECT coalesce(max(change), 0) + 1 FROM kept), $id, "
        "(SELECT coalesce(max(revision), 0) + 1 FROM kept WHERE id = $id), $kind, $name, $value, $moment, $what",
        {"id": id, "kind": kind, "name": name, "value": value, "moment": now(), "what": what},
    )


def listed(con: duckdb.DuckDBPyConnection, base: type[V], *, forgotten: bool = False) -> tuple[Kept[V], ...]:
    """Return what is kept of a class and those below it, or what was forgotten of it, what changed last first.

    What only a newer release can read is left out; it stays in the file.
    """
    wanted = "what = 'forgotten'" if forgotten else "what <> 'forgotten'"
    query = f"FROM {_LAST} WHERE {wanted} AND list_contains($kinds, kind) ORDER BY change DESC"
    return tuple(_read(con.execute(query, {"kinds": list(kinds(base))}).fetchall(), base, not forgotten))


def history(con: duckdb.DuckDBPyConnection, id: int) -> tuple[Kept[Value], ...]:
    """Return every revision of a thing that this release can read, the last first."""
    rows = con.execute("FROM kept WHERE id = ? ORDER BY revision DESC", [id]).fetchall()
    return (
        *_read(rows[:1], Value, bool(rows) and rows[0][-1] != "forgotten"),
        *_read(rows[1:], Value, False),
    )


def _read(rows: list[tuple[Any, ...]], base: type[V], current: bool) -> Iterator[Kept[V]]:
    for _change, id, revision, _kind, name, value, at, what in rows:
        with suppress(QuestionError):
            yield Kept(id, name, base.from_json(value), at, revision, what, current)


def unused(name: str, taken: Container[str]) -> str:
    """Return a name that is not taken: the one asked for, else with a number.

    Examples
    --------
    >>> unused("weekly", {"weekly", "weekly (2)"})
    'weekly (3)'
    """
    return next(n for n in chain([name], (f"{name} ({i})" for i in count(2))) if n not in taken)


def now() -> dt.datetime:
    """Return this moment in UTC, as it is stored."""
    return dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
