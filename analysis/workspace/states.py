"""One order that several imports brought: which of its states stands, and what stands again when one is undone.

Orders are told apart by their number, not by days. Where two batches have one, the rows of both lie in `order_states`
as they came, and in ``orders`` what follows from them: the furthest state, whichever file came first, with what only
the others say of it (who ordered, from where). So undoing any batch leaves what would stand had it never come. Which
holds of two that differ in amount, time or currency was said by whoever imported the later one, and is kept.

Rows that a batch replaced by their days take the states of their orders along.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow.compute as pc

from analysis.imports.rows.incoming import Incoming
from analysis.imports.rows.states import TOLD_BY, StateChange, by_order, summed, verdicts
from analysis.vocabulary import TABLES
from analysis.workspace import segments

RAW = "order_states"
_CHOICES, _CHANGES = "order_choices", "order_changes"
_COLUMNS = tuple(column.name for column in TABLES["orders"])
_OWN = ", ".join(f'"{name}"' for name in _COLUMNS)
_MINUTE = "date_trunc('minute', timestamp)"

Connection = duckdb.DuckDBPyConnection


def tables(con: Connection) -> None:
    """Make the tables of states where there are none."""
    own = ", ".join(f'"{column.name}" {column.sql}' for column in TABLES["orders"])
    con.execute(f"CREATE TABLE IF NOT EXISTS {RAW} ({own}, batch INTEGER, replaced_by INTEGER)")
    con.execute(f"CREATE TABLE IF NOT EXISTS {_CHOICES} (batch INTEGER, how VARCHAR)")
    con.execute(
        f'CREATE TABLE IF NOT EXISTS {_CHANGES} (batch INTEGER, verdict VARCHAR, "before" VARCHAR, "after" VARCHAR, '
        "orders BIGINT, example VARCHAR, stored VARCHAR, coming VARCHAR)"
    )


def kept(con: Connection) -> bool:
    """Say whether there are tables of states."""
    return _has(con, RAW)


def _has(con: Connection, table: str) -> bool:
    query = "SELECT EXISTS (FROM duckdb_tables() WHERE table_name = ?)"
    return bool(con.execute(query, [table]).fetchall()[0][0])


# ---- before an import -------------------------------------------------------------------------------------


def known(con: Connection, rows: Incoming) -> bool:
    """Say whether any order of these rows is stored: then they go by their numbers, and not by days."""
    if rows.table != "orders":
        return False
    con.register("coming_orders", rows.distinct("order_id"))
    found = con.execute("SELECT EXISTS (FROM coming_orders SEMI JOIN orders USING (order_id))").fetchall()
    con.unregister("coming_orders")
    return bool(found[0][0])


def same_orders(one: Incoming, other: Incoming) -> bool:
    """Say whether two files have an order in common."""
    if (one.table, other.table) != ("orders", "orders"):
        return False
    here, there = (rows.distinct("order_id").column("order_id").combine_chunks() for rows in (one, other))
    return bool(pc.any(pc.is_in(here, value_set=there)).as_py())


def beside(con: Connection, rows: Incoming) -> tuple[StateChange, ...]:
    """Say what an import would do to the orders that are stored; nothing is changed."""
    own = tuple(c for c in TOLD_BY if c in rows.columns)
    con.register("numbers", rows.distinct("order_id"))
    con.register("coming_orders", rows.stream(own))
    stored = by_order("(FROM orders SEMI JOIN numbers USING (order_id))", _COLUMNS)
    judged = verdicts(by_order("coming_orders", own), stored)
    found = con.execute(summed(judged)).fetchall()
    con.unregister("coming_orders")
    con.unregister("numbers")
    return tuple(StateChange(*row) for row in found)


# ---- importing --------------------------------------------------------------------------------------------


def settle_files(con: Connection, batch: int, parts: int, how: str) -> None:
    """Make one batch of files that were stored under the numbers from `batch` on: an order of several stands once."""
    numbers = range(batch, batch + parts)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE pool AS SELECT {_OWN}, batch FROM orders WHERE batch >= {batch} AND order_id IN "
        f"(SELECT order_id FROM orders WHERE batch >= {batch} GROUP BY order_id HAVING count(DISTINCT batch) > 1)"
    )
    con.execute(f"DELETE FROM orders WHERE batch >= {batch} AND order_id IN (SELECT order_id FROM pool)")
    _stand(con, "orders", dict.fromkeys(numbers, how))
    con.execute(f"UPDATE orders SET batch = {batch} WHERE batch > {batch}")
    for number in numbers[1:]:
        _note(con, batch, number)


def settle(con: Connection, batch: int, how: str) -> None:
    """Let the furthest state stand of each order that a new batch and earlier ones have; note what that changed."""
    shared = f"SELECT DISTINCT order_id FROM orders WHERE batch = {batch}"
    again = f"(SELECT order_id FROM orders WHERE batch <> {batch}"
    again += f" UNION SELECT order_id FROM {RAW} WHERE replaced_by = 0)" if kept(con) else ")"
    con.execute(f"CREATE OR REPLACE TEMP TABLE asked AS {shared} INTERSECT {again}")
    if not con.execute("SELECT EXISTS (FROM asked)").fetchall()[0][0]:
        return
    tables(con)
    con.execute(f"INSERT INTO {_CHOICES} VALUES ({batch}, ?)", [how])
    _gather(con, 0)
    _note(con, batch, batch)


def changes(con: Connection) -> dict[int, tuple[StateChange, ...]]:
    """Return what each batch did to orders that were there."""
    if not kept(con):
        return {}
    found = dict[int, tuple[StateChange, ...]]()
    for batch, *row in con.execute(f"FROM {_CHANGES} ORDER BY rowid").fetchall():
        found[batch] = (*found.get(batch, ()), StateChange(*row))
    return found


def _note(con: Connection, batch: int, number: int) -> None:
    """Note what the rows of a number did, in the last go that had them."""
    tables(con)
    con.execute(
        f"INSERT INTO {_CHANGES} SELECT {batch}, * FROM ({summed(f'SELECT * FROM judged WHERE number = {number}')})"
    )


# ---- undoing and replacing --------------------------------------------------------------------------------


def undone(con: Connection, batch: int) -> None:
    """Take a batch's states out, before its rows and what it replaced are; :func:`settled_again` goes on from there."""
    aside = _has(con, "replaced_orders")
    if not kept(con) and not aside:
        con.execute("CREATE OR REPLACE TEMP TABLE asked (order_id VARCHAR)")
        return
    tables(con)
    replaced = f" UNION SELECT order_id FROM replaced_orders WHERE replaced_by = {batch}" if aside else ""
    own = f"SELECT order_id FROM {RAW} WHERE batch = {batch} OR replaced_by = {batch}"
    con.execute(f"CREATE OR REPLACE TEMP TABLE asked AS {own}{replaced}")
    for table in (RAW, _CHOICES, _CHANGES):
        con.execute(f"DELETE FROM {table} WHERE batch = {batch}")


def settled_again(con: Connection) -> None:
    """Let stand again what does without an undone batch."""
    if not con.execute("SELECT EXISTS (FROM asked)").fetchall()[0][0]:
        return
    places = con.execute(f"SELECT DISTINCT replaced_by FROM {RAW} UNION SELECT 0 ORDER BY 1").fetchall()
    for (place,) in places:
        _gather(con, int(place))
    segments.lay(con, ["orders"])


def taken_out(con: Connection, batch: int) -> None:
    """Take whole orders, with their states, where a batch took some of their rows out by their days."""
    if not kept(con):
        return
    gone = f"SELECT order_id FROM replaced_orders WHERE replaced_by = {batch}"
    gone = f"({gone} INTERSECT SELECT order_id FROM {RAW} WHERE replaced_by = 0)"
    more = f"order_id IN {gone} AND batch <> {batch}"
    rows = f"SELECT {_OWN}, batch, {batch} AS replaced_by FROM orders WHERE {more}"
    con.execute(f"INSERT INTO replaced_orders BY NAME {rows}")
    con.execute(f"DELETE FROM orders WHERE {more}")
    con.execute(f"UPDATE {RAW} SET replaced_by = {batch} WHERE replaced_by = 0 AND order_id IN {gone}")


def brought_back(con: Connection, batch: int) -> None:
    """Bring the states of orders back, whole orders at once, where an undone batch had taken them out."""
    if not kept(con):
        return
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE places AS SELECT order_id, max(replaced_by) AS place FROM replaced_orders "
        f"SEMI JOIN (FROM {RAW} WHERE replaced_by = {batch}) USING (order_id) "
        f"WHERE replaced_by = 0 OR replaced_by > {batch} GROUP BY order_id"
    )
    con.execute("UPDATE replaced_orders AS r SET replaced_by = place FROM places WHERE r.order_id = places.order_id")
    con.execute(
        f"UPDATE {RAW} AS r SET replaced_by = coalesce("
        f"(SELECT place FROM places AS p WHERE p.order_id = r.order_id), 0) WHERE replaced_by = {batch}"
    )


# ---- which state stands -----------------------------------------------------------------------------------


def _gather(con: Connection, place: int) -> None:
    """Settle the orders in `asked` anew: those that stand (`place` nought), or that a batch of that number replaced."""
    if place and not _has(con, "replaced_orders"):
        return
    into = "replaced_orders" if place else "orders"
    where = f"replaced_by = {place}" if place else "true"
    raw = f"(FROM {RAW} WHERE replaced_by = {place})"
    held = f"(SELECT {_OWN}, batch FROM {into} SEMI JOIN asked USING (order_id) WHERE {where})"
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE several AS SELECT order_id FROM (SELECT order_id, batch FROM {held} UNION "
        f"SELECT order_id, batch FROM {raw} SEMI JOIN asked USING (order_id)) GROUP BY order_id "
        f"HAVING count(*) > 1 OR order_id IN (SELECT order_id FROM {raw})"
    )
    con.execute(
        f"INSERT INTO {RAW} BY NAME SELECT h.*, {place} AS replaced_by FROM {held} AS h "
        f"SEMI JOIN several USING (order_id) ANTI JOIN {raw} AS r ON r.order_id = h.order_id AND r.batch = h.batch"
    )
    own = "order_id IN (SELECT order_id FROM several)"
    con.execute(f"CREATE OR REPLACE TEMP TABLE pool AS SELECT {_OWN}, batch FROM {raw} WHERE {own}")
    con.execute(f"DELETE FROM {into} WHERE {where} AND {own}")
    how = {int(batch): str(said) for batch, said in con.execute(f"FROM {_CHOICES}").fetchall()}
    _stand(con, into, how, more=f", {place} AS replaced_by" if place else "")
    con.execute(
        f"DELETE FROM {RAW} WHERE replaced_by = {place} AND order_id IN "
        "(SELECT order_id FROM pool GROUP BY order_id HAVING count(DISTINCT batch) = 1)"
    )


def _stand(con: Connection, into: str, how: Mapping[int, str], *, more: str = "") -> None:
    """Put what follows from the rows of the pool into a table: one batch after the other."""
    con.execute("CREATE OR REPLACE TEMP TABLE standing (order_id VARCHAR, batch INTEGER)")
    con.execute("CREATE OR REPLACE TEMP TABLE dropped (order_id VARCHAR, batch INTEGER)")
    con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS {verdicts(*_sides(0))} LIMIT 0")
    con.execute("ALTER TABLE judged ADD COLUMN number INTEGER")
    for (batch,) in con.execute("SELECT DISTINCT batch FROM pool ORDER BY batch").fetchall():
        con.execute(f"INSERT INTO judged SELECT *, {batch} FROM ({verdicts(*_sides(batch))})")
        _decide(con, int(batch), how.get(batch, "keep"))
    con.execute(f"INSERT INTO {into} BY NAME SELECT *{more} FROM ({_made()} UNION ALL BY NAME {_CREDITS})")


def _sides(batch: int) -> tuple[str, str]:
    """Return SQL for what a batch says of its orders, and for how they stand by those before it."""
    stood = "(SELECT pool.* FROM pool SEMI JOIN standing AS s ON s.order_id = pool.order_id AND s.batch = pool.batch)"
    return by_order(f"(FROM pool WHERE batch = {batch})", _COLUMNS), by_order(stood, _COLUMNS)


def _decide(con: Connection, batch: int, how: str) -> None:
    """Let a batch's states stand where they came further; where they differ, as was said when it was imported."""
    own = f"number = {batch}"
    enter, leave = ["new", "further"], ["further"]
    if how != "skip":
        enter.append("differ")
    if how == "replace":
        leave.append("differ")
    differ = f"SELECT order_id FROM judged WHERE {own} AND verdict = 'differ'"
    if how != "keep":  # with an order that does not hold go the refunds beside it
        gone = f"batch < {batch}" if how == "replace" else f"batch = {batch}"
        con.execute(
            f"INSERT INTO dropped SELECT DISTINCT order_id, batch FROM pool WHERE {gone} AND order_id IN ({differ})"
        )
    entered, left = (f"SELECT order_id FROM judged WHERE {own} AND verdict IN {_listed(v)}" for v in (enter, leave))
    con.execute(f"DELETE FROM standing WHERE order_id IN ({left})")
    con.execute(f"INSERT INTO standing SELECT order_id, {batch} FROM ({entered})")


def _listed(verdicts: Sequence[str]) -> str:
    return "(" + ", ".join(f"'{verdict}'" for verdict in verdicts) + ")"


_CREDITS = (
    f"SELECT {_OWN}, batch FROM (SELECT pool.*, row_number() OVER (PARTITION BY pool.batch, pool.order_id, timestamp, "
    "revenue, currency) AS copy FROM pool "
    "ANTI JOIN dropped AS d ON d.order_id = pool.order_id AND d.batch = pool.batch WHERE revenue < 0) "
    "QUALIFY row_number() OVER "
    "(PARTITION BY order_id, timestamp, revenue, currency, copy ORDER BY batch) = 1"
)
"""Refunds that are rows of their own: those of every batch, the same one of several once."""


def _made() -> str:
    """Return SQL for the rows that stand, with what other states of the same order say of it where they say nothing."""
    alone = (
        f"(SELECT *, {_MINUTE} AS moment FROM pool WHERE revenue >= 0 "
        "QUALIFY count(*) OVER (PARTITION BY order_id, batch) = 1)"
    )
    filled = [c for c in _COLUMNS if c not in TOLD_BY]  # what a state does not say of these, others do
    others = ", ".join(f"arg_min({c}, batch) FILTER ({c} IS NOT NULL) AS {c}" for c in filled)
    more = (
        f"SELECT order_id, round(revenue, 4) AS worth, moment, currency, {others}, min(paid_at) AS paid_at, "
        f"min(paid_at) FILTER (paid_at <> timestamp) AS stated FROM {alone} GROUP BY ALL"
    )
    own = ", ".join(f"coalesce(p.{c}, m.{c}) AS {c}" for c in filled)
    # A time of payment that is none but the order's own was made of its status.
    paid = "coalesce(nullif(p.paid_at, p.timestamp), m.stated, p.paid_at, m.paid_at) AS paid_at"
    kept = ", ".join(f"p.{c}" for c in TOLD_BY if c != "paid_at")
    return (
        f"SELECT {kept}, {paid}, {own}, p.batch FROM (SELECT *, {_MINUTE} AS moment FROM pool WHERE revenue >= 0) AS p "
        "SEMI JOIN standing AS s ON s.order_id = p.order_id AND s.batch = p.batch "
        f"LEFT JOIN ({more}) AS m ON m.order_id = p.order_id AND m.worth = round(p.revenue, 4) "
        "AND m.moment = p.moment AND m.currency = p.currency"
    )
