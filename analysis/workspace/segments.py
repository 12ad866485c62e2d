"""Saved segments: who is in which group, kept by user, as a text column that the user's events and orders carry.

A frozen one stays as it was counted, for rows that come later too. A live one is counted anew whenever the data
change, those first that others ask of.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import field

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import DataError, QuestionError, WorkspaceError
from analysis.messages import Names, say
from analysis.people import HOLDERS, Grouping, segments_in
from analysis.store import duck
from analysis.store.columns import stored
from analysis.tables import Tables
from analysis.values import Metadata, Value, day, flag, kinds, local_day, optional, text, value, whole
from analysis.vocabulary import OTHER, TABLES, column_names
from analysis.workspace import kept
from analysis.workspace.kept import Kept

SCHEMA = """
CREATE TABLE members (kept INTEGER, revision INTEGER, user_key INTEGER, stage VARCHAR);
"""
LONGEST = 60
"""Characters of a segment's name."""
_TAKEN = (*(c for table in TABLES for c in column_names(table)), *duck.HIDDEN)


def _grouping() -> Metadata:
    def check(_name: str, got: object) -> Grouping:
        if not isinstance(got, Grouping):
            raise QuestionError.unknown_kind(getattr(got, "kind", got), kinds(Grouping))
        return got

    return {"check": check}


@value("segment")
class Segment(Value):
    """Who is in which group, as a column of the events and orders.

    Parameters
    ----------
    question : Grouping
        What puts people into groups, such as :class:`analysis.audience.lifecycle.Lifecycle`, or says who is in it,
        such as :class:`analysis.people.InAll`.
    live : bool
        Whether it is counted anew whenever the data change; else it stays the list that it was when it was kept.
    users : int, optional
        How many are in it, or in any of its groups; found when it is counted.
    day : str, optional
        Until the end of which day the data told who is in it; found when it is counted.
    data : str, optional
        Version of the data that a frozen one was asked of; found when it is kept.
    """

    question: Grouping = field(metadata=_grouping())
    live: bool = field(default=False, metadata=flag())
    users: int | None = field(default=None, metadata=optional(whole(least=0, most=2**62)))
    day: str | None = field(default=None, metadata=day())
    data: str | None = field(default=None, metadata=optional(text()))


def dated(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return of each segment the day at whose end people stood in it, where that is known."""
    found = {one.name: getattr(one.value.question, "at", None) or one.value.day for one in kept.listed(con, Segment)}
    return {name: day for name, day in found.items() if day}


def keep(con: duckdb.DuckDBPyConnection, name: str, segment: Segment, tables: Tables) -> int:
    """Find who is in which group, and keep it under a name; inside the caller's transaction.

    Who has no events yet is numbered too, for those that come.

    Raises
    ------
    DataError
        Nobody is counted, or the tables lack what the question needs.
    WorkspaceError
        Another column has the name, or the segment asks of itself.
    """
    checked(con, name, own=by_user(con).keys() & {stored(name)})
    _refuse_circle(con, name, segment)
    members: pa.Table = segment.question.members(tables)
    found = _counted(segment, members, tables).replace(data=None if segment.live else tables.version)
    id = kept.keep(con, name, found)
    _place(con, id, members)
    lay(con)
    return id


def live(con: duckdb.DuckDBPyConnection) -> tuple[Kept[Segment], ...]:
    """Return the segments that are counted anew whenever the data change."""
    return tuple(one for one in kept.listed(con, Segment) if one.value.live)


def renew(con: duckdb.DuckDBPyConnection, tables: Callable[[], Tables], of: str | None = None) -> None:
    """Count live segments anew, those first that others ask of; inside the caller's transaction.

    Who is in one that the data cannot tell any more is nobody.

    Parameters
    ----------
    con : DuckDBPyConnection
    tables : callable
        Returns the data as they stand in the transaction.
    of : str, optional
        Only those that ask of this one, or of one that does.
    """
    waiting = {one.name: one for one in live(con)}
    if of is not None:
        waiting = {name: one for name, one in waiting.items() if name != of and of in _behind(name, waiting)}
    while waiting:
        ready = [one for name, one in waiting.items() if not set(segments_in(one.value)) & waiting.keys() - {name}]
        here = tables()
        counted = [(one, *_recounted(one.value, here)) for one in ready]
        for one, segment, members in counted:
            con.execute(
                "UPDATE kept SET value = ? WHERE id = ? AND revision = ?", [segment.to_json(), one.id, one.revision]
            )
            _place(con, one.id, members)
            del waiting[one.name]
        lay(con)


def _recounted(segment: Segment, tables: Tables) -> tuple[Segment, pa.Table]:
    try:
        members: pa.Table = segment.question.members(tables)
    except DataError:
        members = pa.table({"user_id": pa.array([], pa.string()), "stage": pa.array([], pa.string())})
    return _counted(segment, members, tables), members


def _counted(segment: Segment, members: pa.Table, tables: Tables) -> Segment:
    """Return a segment with how many are in it, and until when the data told."""
    users = int(pc.sum(pc.not_equal(members["stage"], OTHER)).as_py() or 0)
    observed = tables.span(*HOLDERS)
    until = getattr(segment.question, "at", None) or (local_day(observed[1], tables.zone) if observed else None)
    return segment.replace(users=users, day=until)


def _place(con: duckdb.DuckDBPyConnection, id: int, members: pa.Table) -> None:
    """Write down who is in which group by the last revision of a segment."""
    revision = _revision(con, id)
    con.execute("DELETE FROM members WHERE kept = ? AND revision = ?", [id, revision])  # the very same, kept again
    duck.numbered(con, "user_id", members.select(["user_id"]))
    con.register("found", members)
    own = f"SELECT {id}, {revision}, user_key, stage FROM found JOIN users USING (user_id)"
    con.execute(f"INSERT INTO members {own}")
    con.unregister("found")


# ---- segments that ask of others --------------------------------------------------------------------------


def _behind(name: str, held: Mapping[str, Kept[Segment]]) -> set[str]:
    """Return the segments that one asks of, and those that they do."""
    found, todo = set[str](), [name]
    while todo:
        if one := held.get(todo.pop()):
            new = set(segments_in(one.value)) - found
            found |= new
            todo += new
    return found


def _refuse_circle(con: duckdb.DuckDBPyConnection, name: str, segment: Segment) -> None:
    held = {one.name: one for one in kept.listed(con, Segment) if one.name != name}
    asked = set(segments_in(segment))
    if name in asked.union(*(_behind(other, held) for other in asked)):
        said = say("The segment {name} would ask of itself who is in it. Take {name} out of its parts, or of those it "
                   "asks of; or give it another name.", name=name)  # fmt: skip
        raise WorkspaceError.because(said, "segment-circle")


def refuse_in_use(con: duckdb.DuckDBPyConnection, id: int) -> None:
    """Raise where live segments ask of one that is to be forgotten.

    Raises
    ------
    WorkspaceError
    """
    names = {one.id: one.name for one in kept.listed(con, Segment)}
    users = tuple(one.name for one in live(con) if names.get(id) in segments_in(one.value))
    if users:
        said = say("{name} is part of: {others}. They are counted anew whenever data change: forget or freeze them "
                   "first.", name=names[id], others=Names(users))  # fmt: skip
        raise WorkspaceError.because(said, "segment-in-use")


def again(con: duckdb.DuckDBPyConnection, id: int, revision: int) -> None:
    """Let who stood where by a segment's earlier revision do so by its last one, once that is restored.

    Raises
    ------
    WorkspaceError
        Another column has the name by now, or others ask of it that it asks of.
    """
    query = f"SELECT name FROM {kept.CURRENT} WHERE id = ? AND kind = 'segment'"
    if not (found := con.execute(query, [id]).fetchall()):
        return
    checked(con, found[0][0], own=())
    back = next((one for one in kept.listed(con, Segment) if one.id == id), None)
    if back is not None:
        _refuse_circle(con, back.name, back.value)
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
    columns = {row[0] for table in HOLDERS for row in con.execute(f"DESCRIBE {table}").fetchall()}
    if stored(found).casefold() in map(str.casefold, (*_TAKEN, *columns.difference(own))):
        said = say("There is a column {name} already. Give the segment another name.", name=found)
        raise WorkspaceError.because(said, "name-taken")


def lay(con: duckdb.DuckDBPyConnection, tables: Iterable[str] = HOLDERS) -> None:
    """Give tables the columns of the current segments, the events in order; inside the caller's transaction."""
    own = by_user(con)
    for table in tables:
        if table == "events":
            duck.sort(con, own)
        elif table in HOLDERS:
            duck.carry(con, table, own)


def take_out(con: duckdb.DuckDBPyConnection, id: int) -> None:
    """Drop a current segment's column; inside the caller's transaction."""
    for (name,) in con.execute(f"SELECT name FROM {kept.CURRENT} WHERE id = ? AND kind = 'segment'", [id]).fetchall():
        for table in HOLDERS:
            con.execute(f"ALTER TABLE {table} DROP COLUMN IF EXISTS {duck.identifier(stored(name))}")


def by_user(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the segments' columns, each with SQL of what it holds: user_key, value."""
    query = f"SELECT name, id, revision FROM {kept.CURRENT} WHERE kind = 'segment' ORDER BY id"
    values = "(SELECT user_key, stage AS value FROM members WHERE kept = {} AND revision = {})"
    return {stored(name): values.format(int(id), int(revision)) for name, id, revision in con.execute(query).fetchall()}


def others(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return SQL for a table's columns but the segments', which its users tell at any time."""
    own = by_user(con) if table in HOLDERS else {}
    return f"* EXCLUDE ({', '.join(map(duck.identifier, own))})" if own else "*"
