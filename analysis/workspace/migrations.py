"""How does a workspace file of an earlier format become one of the present format?

The file's format number says how many migrations it has been through. To change the format, write a function that
takes the open connection, append it to `MIGRATIONS`, and never alter one that was released: it says what files were
like at its time, so it names tables and writes JSON itself and leaves today's classes alone. Keep a small file of the
format that was (``tests/workspace/versions``). A new column of :data:`analysis.vocabulary.TABLES` needs no migration.

All that is due runs in one transaction, after a copy of the file was set aside: see
:mod:`analysis.workspace.opening`. Fill new tables and drop old ones; never rename a table that the same transaction
made, DuckDB 2.0 loses its rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import count
from typing import Any

import duckdb

from analysis.people import HOLDERS
from analysis.store import duck
from analysis.store.columns import stored
from analysis.vocabulary import TABLES, Column
from analysis.workspace import kept, segments, states

Connection = duckdb.DuckDBPyConnection
Migration = Callable[[Connection], None]


def due(con: Connection, found: int) -> tuple[Migration, ...]:
    """Return what is to be run on a file of a format, in order."""
    steps = MIGRATIONS[found - 1 :]
    if steps or any(_lacking(con, name, table) for name, table in _tables(con).items()):
        return (*steps, vocabulary_columns)
    return ()


def migrate(con: Connection, steps: tuple[Migration, ...]) -> None:
    """Run migrations and note the format, all or nothing."""
    con.begin()
    try:
        for step in steps:
            step(con)
        con.execute("UPDATE meta SET value = ? WHERE key = 'format'", [str(FORMAT)])
        con.commit()
    except BaseException:
        con.rollback()
        raise


# ---- from format 1 ----------------------------------------------------------------------------------------


def one_table_of_kept_things(con: Connection) -> None:
    """Put saved questions, mappings and segments into one table with a history.

    Files of format 1 may lack the tables of mappings and segments, which came later.
    """
    present = _names(con)
    con.execute(
        "CREATE TABLE kept (change INTEGER PRIMARY KEY, id INTEGER, revision INTEGER, kind VARCHAR, name VARCHAR, "
        "value VARCHAR, kept_at TIMESTAMP, what VARCHAR)"
    )
    con.execute("CREATE TABLE members (kept INTEGER, revision INTEGER, user_key INTEGER, stage VARCHAR)")
    found = [row for table, read in _KEPT_IN_1.items() if table in present for row in read(con)]
    found.sort(key=lambda row: row[0])  # by time; what was saved at once stays in its order
    for id, (at, kind, name, value, segment) in enumerate(found, 1):
        row = [id, id, 1, kind, name, json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")), at]
        con.execute("INSERT INTO kept VALUES (?, ?, ?, ?, ?, ?, ?, 'kept')", row)
        if segment is not None:
            con.execute(
                f"INSERT INTO members SELECT {id}, 1, user_key, stage FROM segment_members WHERE segment = {segment}"
            )
            if stored(name) != name:
                names = f"{duck.identifier(name)} TO {duck.identifier(stored(name))}"
                con.execute(f"ALTER TABLE events RENAME COLUMN {names}")
    for table in (*_KEPT_IN_1, "segment_members"):
        con.execute(f"DROP TABLE IF EXISTS {table}")
    con.execute("DELETE FROM meta WHERE key IN ('last saved', 'last mappings', 'last segments')")


_Row = tuple[Any, str, str, dict[str, Any], int | None]
"""When, kind, name, value, and the number of a segment."""


def _questions(con: Connection) -> list[_Row]:
    rows = con.execute("SELECT name, question, saved_at FROM saved ORDER BY id").fetchall()
    return [(at, (value := json.loads(text))["kind"], name, value, None) for name, text, at in rows]


def _mappings(con: Connection) -> list[_Row]:
    """Return the mappings; of two with one name, which other headings told apart, the older one gets a number."""
    rows = con.execute("SELECT name, headings, mapping, kept_at FROM mappings ORDER BY id DESC").fetchall()
    found, taken = list[_Row](), {row[0] for row in rows}
    for name, headings, mapping, at in rows:
        if name in {row[2] for row in found}:
            name = next(n for i in count(2) if (n := f"{name} ({i})") not in taken)
            taken.add(name)
        value = {"headings": json.loads(headings), "kind": "file-mapping", "mapping": json.loads(mapping), "version": 1}
        found.insert(0, (at, "file-mapping", name, value, None))
    return found


def _segments(con: Connection) -> list[_Row]:
    rows = con.execute("SELECT id, name, question, saved_at, users, version FROM segments ORDER BY id").fetchall()
    return [
        (at, "segment", name, {"data": data, "kind": "segment", "question": json.loads(text), "users": users,
                               "version": 1}, int(id))
        for id, name, text, at, users, data in rows
    ]  # fmt: skip


_KEPT_IN_1: dict[str, Callable[[Connection], list[_Row]]] = {
    "saved": _questions,
    "mappings": _mappings,
    "segments": _segments,
}


# ---- from format 2 ----------------------------------------------------------------------------------------


def table_of_controls(con: Connection) -> None:
    """Make the table of what was measured day by day beside spend."""
    con.execute("CREATE TABLE controls (day TIMESTAMP, name VARCHAR, value DOUBLE, batch INTEGER)")


# ---- from format 3 ----------------------------------------------------------------------------------------


def orders_of_segments(con: Connection) -> None:
    """Let orders carry the segments of who ordered, as events do."""
    current = (
        "(FROM kept WHERE kind = 'segment' QUALIFY row_number() OVER (PARTITION BY id ORDER BY revision DESC) = 1)"
    )
    found = con.execute(f"SELECT name, id, revision FROM {current} WHERE what <> 'forgotten' ORDER BY id").fetchall()
    for name, id, revision in found:
        column = duck.identifier(stored(name))
        con.execute(f"ALTER TABLE orders ADD COLUMN {column} VARCHAR")
        con.execute(
            f"UPDATE orders SET {column} = m.stage FROM members AS m JOIN users AS u USING (user_key) "
            f"WHERE m.kept = {int(id)} AND m.revision = {int(revision)} AND u.user_id = orders.user_id"
        )


# ---- from format 4 ----------------------------------------------------------------------------------------


def goals_as_records(con: Connection) -> None:
    """Make records of the targets that the campaign held by name."""
    found = con.execute("SELECT value FROM meta WHERE key = 'campaign'").fetchall()
    campaign = json.loads(found[0][0]) if found else {}
    if campaign.get("version") != 1:
        return
    goals = campaign.pop("goals", ())
    text = json.dumps({**campaign, "version": 2}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    con.execute("UPDATE meta SET value = ? WHERE key = 'campaign'", [text])
    taken = {row[0] for row in con.execute(f"SELECT name FROM {kept.CURRENT} WHERE kind = 'goal'").fetchall()}
    for name, target in goals:
        if not target or not name.strip() or len(name) > 80 or name in taken:
            continue  # a target of nothing was none
        value = {"base": None, "campaign": None, "date": None, "figure": _FIGURES_IN_4.get(name, name), "kind": "goal",
                 "lift": False, "name": name, "target": target, "version": 1}  # fmt: skip
        rows = con.execute("SELECT coalesce(max(id), 0) + 1 FROM kept").fetchall()
        kept.add(con, int(rows[0][0]), "goal", name, json.dumps(value, sort_keys=True, separators=(",", ":"),
                                                                ensure_ascii=False), "kept")  # fmt: skip


_FIGURES_IN_4 = {"browse_to_cart": "cart_rate"}


# ---- of any format ----------------------------------------------------------------------------------------


def vocabulary_columns(con: Connection) -> None:
    """Add the columns that the vocabulary has gained; a segment that was called like one is called otherwise."""
    taken = {column.name.casefold() for columns in TABLES.values() for column in columns}
    named = con.execute(f"SELECT id, name, value FROM {kept.CURRENT} WHERE kind = 'segment'").fetchall()
    clashing = [row for row in named if stored(row[1]).casefold() in taken]
    for id, name, value in clashing:
        segments.take_out(con, id)
        other = kept.unused(name, {n for _id, n, _value in named})
        kept.add(con, id, "segment", other, value, "kept")
        con.execute(
            "INSERT INTO members SELECT kept, revision + 1, user_key, stage FROM members "
            f"WHERE kept = {id} AND revision = (SELECT max(revision) - 1 FROM kept WHERE id = {id})"
        )
    for name, table in _tables(con).items():
        for column in _lacking(con, name, table):
            con.execute(f"ALTER TABLE {name} ADD COLUMN {duck.identifier(column.name)} {column.sql}")
    if clashing:
        segments.lay(con)


def _tables(con: Connection) -> dict[str, str]:
    """Return the tables with rows of the vocabulary, each with the vocabulary's name of it."""
    own = {name: table for table in TABLES for name in (table, f"replaced_{table}")} | {states.RAW: "orders"}
    there = _names(con)
    return {name: table for name, table in own.items() if name in there}


def _lacking(con: Connection, name: str, table: str) -> list[Column]:
    own = segments.by_user(con) if name in HOLDERS else {}
    present = {str(row[0]).casefold() for row in con.execute(f"DESCRIBE {name}").fetchall() if row[0] not in own}
    return [column for column in TABLES[table] if column.name not in present]


def _names(con: Connection) -> set[str]:
    return {str(row[0]) for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


MIGRATIONS: tuple[Migration, ...] = (
    one_table_of_kept_things,
    table_of_controls,
    orders_of_segments,
    goals_as_records,
)
"""In order: the first makes a file of format 1 one of format 2."""
FORMAT = len(MIGRATIONS) + 1
