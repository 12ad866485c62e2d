"""Days that two batches have both: what of them is stored, and what comes back when a batch is undone.

A batch that replaces takes the earlier rows of its channels and days into ``replaced_…`` tables, and notes which
those were in `replacements`. Undoing it puts them back, unless a later batch replaced the same days: then they wait
for that one. What an undone batch itself had stored is gone from there too.
"""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from analysis.imports.rows.incoming import Incoming, covers, days
from analysis.vocabulary import SERIES_COLUMN, TABLES
from analysis.workspace import segments, states

_NOTES = 'replacements (batch INTEGER, "table" VARCHAR, channel VARCHAR, lo TIMESTAMP, hi TIMESTAMP)'


def settled(con: duckdb.DuckDBPyConnection, rows: Incoming, batch: int, overlap: str) -> Incoming:
    """Settle the days that earlier batches have too, inside the caller's transaction; return the rows to store.

    Orders go by their numbers where any of them is stored: see :mod:`analysis.workspace.states`.
    """
    if states.known(con, rows):
        return rows
    if overlap == "replace":
        _take_out(con, rows, int(batch))
    return rows.without(_stored(con, rows, int(batch))) if overlap == "skip" else rows


def settled_beside(coming: Sequence[Incoming], overlap: str) -> tuple[Incoming, ...]:
    """Settle the days that several files of one import have, as if the earlier ones were stored already."""
    settled = list[Incoming]()
    for rows in coming:
        same = [
            n for n, other in enumerate(settled) if other.table == rows.table and not states.same_orders(rows, other)
        ]
        for n in same:
            if overlap == "skip":
                rows = rows.without(settled[n].spans())
            if overlap == "replace":
                settled[n] = settled[n].without(rows.spans())
        settled.append(rows)
    return tuple(settled)


def _stored(con: duckdb.DuckDBPyConnection, rows: Incoming, batch: int) -> pa.Table:
    """Return the days that other batches have rows of, in the zone of those that come."""
    theirs = f"SELECT *, {SERIES_COLUMN[rows.table]} AS own FROM {rows.table} WHERE batch <> {batch}"
    return days(con, theirs, rows.table, rows.zone)


def _take_out(con: duckdb.DuckDBPyConnection, rows: Incoming, batch: int) -> None:
    table = rows.table
    con.execute(f"CREATE TABLE IF NOT EXISTS {_NOTES}")
    kept = segments.others(con, table)
    con.execute(f"CREATE TABLE IF NOT EXISTS replaced_{table} AS SELECT {kept}, 0 AS replaced_by FROM {table} LIMIT 0")
    con.register("spans", rows.spans())
    con.execute(f"INSERT INTO replacements SELECT {batch}, '{table}', channel, lo, hi FROM spans")
    con.unregister("spans")
    own = f"(FROM replacements WHERE batch = {batch} AND \"table\" = '{table}')"
    theirs = f"s.batch <> {batch} AND EXISTS (FROM {own} AS r WHERE {covers(table, 'r', 's')})"
    con.execute(
        f"INSERT INTO replaced_{table} BY NAME SELECT s.{kept}, {batch} AS replaced_by FROM {table} AS s WHERE {theirs}"
    )
    con.execute(f"DELETE FROM {table} AS s WHERE {theirs}")
    if table == "orders":
        states.taken_out(con, batch)


def tables(con: duckdb.DuckDBPyConnection, *of: str) -> tuple[str, ...]:
    """Return the tables there are of rows that were replaced in these tables."""
    present = {str(row[0]) for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    return tuple(name for table in of if (name := f"replaced_{table}") in present)


def restore(con: duckdb.DuckDBPyConnection, batch: int) -> None:
    """Bring back what an undone batch had replaced, inside the caller's transaction."""
    batch, present = int(batch), tables(con, *TABLES)
    for table in (t for t in TABLES if f"replaced_{t}" in present):
        aside = f"replaced_{table}"
        con.execute(f"DELETE FROM {aside} WHERE batch = {batch}")
        later = f"FROM replacements AS r WHERE batch > {batch} AND \"table\" = '{table}' AND {covers(table, 'r', 's')}"
        by = f"coalesce((SELECT min(batch) {later}), 0)"
        con.execute(f"UPDATE {aside} AS s SET replaced_by = {by} WHERE replaced_by = {batch}")
        if table == "orders":
            states.brought_back(con, batch)
        back = f"FROM {aside} WHERE replaced_by = 0"
        if con.execute(f"SELECT EXISTS ({back})").fetchall()[0][0]:
            con.execute(f"INSERT INTO {table} BY NAME SELECT * EXCLUDE (replaced_by) {back}")
            con.execute(f"DELETE {back}")
            segments.lay(con, [table])
    if present:
        con.execute(f"DELETE FROM replacements WHERE batch = {batch}")
