"""Saved segments: who stood where, kept by user, as a text column that the user's events carry, later ones too."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from analysis.errors import WorkspaceError
from analysis.messages import say
from analysis.question import Question
from analysis.store import duck
from analysis.values import text
from analysis.vocabulary import TABLES, column_names

SCHEMA = """
CREATE TABLE IF NOT EXISTS segments (
    id INTEGER PRIMARY KEY, name VARCHAR, question VARCHAR, saved_at TIMESTAMP, users BIGINT, version VARCHAR
);
CREATE TABLE IF NOT EXISTS segment_members (segment INTEGER, user_key INTEGER, stage VARCHAR);
INSERT INTO meta VALUES ('last segments', '0') ON CONFLICT DO NOTHING;
"""
LONGEST = 60
"""Characters of a segment's name."""
_TAKEN = (*(c for table in TABLES for c in column_names(table)), *duck.HIDDEN)


@dataclass(frozen=True, slots=True)
class Segment:
    """A column of the events that says where each user stood, by the question it was made of; `saved_at` is UTC."""

    name: str
    question: Question
    saved_at: dt.datetime
    users: int

    @classmethod
    def read(cls, row: tuple[Any, ...]) -> Segment:
        """Make one of a stored row.

        Raises
        ------
        QuestionError
            Only a newer release can read it.
        """
        name, question, at, users = row
        return cls(name, Question.from_json(question), at, users)


def checked(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """Return a segment's name if it may have it: that of no column but its own, in large or small letters.

    Raises
    ------
    QuestionError
        It is not one line of text.
    WorkspaceError
        Another column has it.
    """
    found: str = text(longest=LONGEST)["check"]("name", name)
    taken = {*_TAKEN, *(row[0] for row in con.execute("DESCRIBE events").fetchall())}
    if found.casefold() in map(str.casefold, taken - (by_user(con).keys() & {found})):
        said = say("There is a column {name} already. Give the segment another name.", name=found)
        raise WorkspaceError.because(said, "name-taken")
    return found


def put(con: duckdb.DuckDBPyConnection, row: tuple[Any, ...], members: pa.Table) -> None:
    """Keep who stood where, in place of what was kept under the same name; inside the caller's transaction.

    Parameters
    ----------
    con : DuckDBPyConnection
    row : tuple
        Number, name, question as JSON, when, and the version of the data that was asked.
    members : pyarrow.Table
        user_id, stage. Who has no events yet is numbered too, for those that come.
    """
    id, name, question, at, version = row
    remove(con, name)
    con.execute("INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?)", [id, name, question, at, members.num_rows, version])
    duck.numbered(con, "user_id", members.select(["user_id"]))
    con.register("members", members)
    kept = f"SELECT {int(id)}, user_key, stage FROM members JOIN users USING (user_id)"
    con.execute(f"INSERT INTO segment_members {kept}")
    con.unregister("members")


def remove(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Drop what was kept under a name, inside the caller's transaction; say whether there was anything."""
    ids = [int(row[0]) for row in con.execute("DELETE FROM segments WHERE name = ? RETURNING id", [name]).fetchall()]
    for id in ids:
        con.execute(f"DELETE FROM segment_members WHERE segment = {id}")
    return bool(ids)


def by_user(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the segments' columns, each with SQL of what it holds: user_key, value."""
    found = con.execute("SELECT name, id FROM segments ORDER BY id").fetchall()
    values = "(SELECT user_key, stage AS value FROM segment_members WHERE segment = {})"
    return {name: values.format(int(id)) for name, id in found}


def others(con: duckdb.DuckDBPyConnection, table: str) -> str:
    """Return SQL for a table's columns but the segments', which its users tell at any time."""
    own = by_user(con) if table == "events" else {}
    return f"* EXCLUDE ({', '.join(map(duck.identifier, own))})" if own else "*"
