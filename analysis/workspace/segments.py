"""Saved segments: who stood where, kept by user, as a text column that the user's events carry, later ones too."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import field
from typing import Any

import duckdb
import pyarrow as pa

from analysis.errors import QuestionError, WorkspaceError
from analysis.messages import say
from analysis.question import Segmentation
from analysis.store import duck
from analysis.store.columns import stored
from analysis.tables import Tables
from analysis.values import Metadata, Value, kinds, optional, text, value, whole
from analysis.vocabulary import TABLES, column_names
from analysis.workspace import kept

SCHEMA = """
CREATE TABLE members (kept INTEGER, revision INTEGER, user_key INTEGER, stage VARCHAR);
"""
LONGEST = 60
"""Characters of a segment's name."""
_TAKEN = (*(c for table in TABLES for c in column_names(table)), *duck.HIDDEN)


def _segmentation() -> Metadata:
    def check(_name: str, got: Any) -> Segmentation:
        if not isinstance(got, Segmentation):
            raise QuestionError.unknown_kind(getattr(got, "kind", got), kinds(Segmentation))
        return got

    return {"check": check}


@value("segment")
class Segment(Value):
    """Who stood where by a question, as a column of the events.

    Parameters
    ----------
    question : Segmentation
        Such as :class:`analysis.audience.lifecycle.Lifecycle`.
    users : int, optional
        How many it put somewhere; found when the segment is kept.
    data : str, optional
        Version of the data that was asked; found when the segment is kept.
    """

    question: Segmentation = field(metadata=_segmentation())
    users: int | None = field(default=None, metadata=optional(whole(least=0, most=2**62)))
    data: str | None = field(default=None, metadata=optional(text()))


def dated(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return of each segment that says where people stood at the end of a day: that day."""
    found = {one.name: getattr(one.value.question, "at", None) for one in kept.listed(con, Segment)}
    return {name: day for name, day in found.items() if day}


def keep(con: duckdb.DuckDBPyConnection, name: str, segment: Segment, tables: Tables) -> int:
    """Find who stands where, and keep it under a name; inside the caller's transaction.

    Who has no events yet is numbered too, for those that come.

    Raises
    ------
    DataError
        Nobody is counted, or the tables lack what the question needs.
    """
    checked(con, name, own=by_user(con).keys() & {stored(name)})
    members: pa.Table = segment.question.members(tables)
    id = kept.keep(con, name, segment.replace(users=members.num_rows, data=tables.version))
    revision = _revision(con, id)
    con.execute("DELETE FROM members WHERE kept = ? AND revision = ?", [id, revision])  # the very same, kept again
    duck.numbered(con, "user_id", members.select(["user_id"]))
    con.register("found", members)
    own = f"SELECT {id}, {revision}, user_key, stage FROM found JOIN users USING (user_id)"
    con.execute(f"INSERT INTO members {own}")
    con.unregister("found")
    lay(con)
    return id


def again(con: duckdb.DuckDBPyConnection, id: int, revision: int) -> None:
    """Let who stood where by a segment's earlier revision do so by its last one, once that is restored.

    Raises
    ------
    WorkspaceError
        Another column has the name by now.
    """
    query = f"SELECT name FROM {kept.CURRENT} WHERE id = ? AND kind = 'segment'"
    if not (found := con.execute(query, [id]).fetchall()):
        return
    checked(con, found[0][0], own=())
    own = f"SELECT kept, {_revision(con, id)}, user_key, stage FROM members WHERE kept = {id} AND revision = {revision}"
    con.execute(f"INSERT INTO members {own}")
    lay(con)


def _revision(con: duckdb.DuckDBPyConnection, id: int) -> int:
    return int(con.execute("SELECT max(revision) FROM kept WHERE id = ?", [id]).fetchall()[0][0])


def checked(con: duckdb.DuckDBPyConnection, name: str, *, own: Collection[str]) -> None:
    """Raise unless a segment may have a name: that of no column but its `own`, in large or small letters.

    Raises
    ------
    QuestionError
        It is not one line of text.
    WorkspaceError
        Another column has it.
    """
    found: str = text(longest=LONGEST)["check"]("name", name)
    columns = {row[0] for row in con.execute("DESCRIBE events").fetchall()}
    if stored(found).casefold() in map(str.casefold, (*_TAKEN, *columns.difference(own))):
        said = say("There is a column {name} already. Give the segment another name.", name=found)
        raise WorkspaceError.because(said, "name-taken")


def lay(con: duckdb.DuckDBPyConnection) -> None:
    """Give the events the columns of the current segments, and put them in order; inside the caller's transaction."""
    duck.sort(con, by_user(con))


def take_out(con: duckdb.DuckDBPyConnection, id: int) -> None:
    """Drop a current segment's column; inside the caller's transaction."""
    for (name,) in con.execute(f"SELECT name FROM {kept.CURRENT} WHERE id = ? AND kind = 'segment'", [id]).fetchall():
        con.execute(f"ALTER TABLE events DROP COLUMN {duck.identifier(stored(name))}")


def by_user(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the segments' columns, each with SQL of what it holds: user_key, value."""
    query = f"SELECT name, id, revision FROM {kept.CURRENT} WHERE kind = 'segment' ORDER BY id"
    values = "(SELECT user_key, stage AS value FROM members WHERE kept = {} AND revision = {})"
    return {stored(name): values.format(int(id), int(revision)) for name, id, revision in con.execute(query).fetchall()}


def others(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return SQL for a table's columns but the segments', which its users tell at any time."""
    own = by_user(con) if table == "events" else {}
    return f"* EXCLUDE ({', '.join(map(duck.identifier, own))})" if own else "*"
