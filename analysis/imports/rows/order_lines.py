"""How do the lines of one order become one order?

Lines are added up. One below zero is a discount, and part of that, where it says so or was written when the order was;
a refund, and a row of its own, where it says so or came later. Where it could be either, it is asked.
"""

from __future__ import annotations

import duckdb

from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.lexicon.kinds import REFUND
from analysis.imports.rows.states import far
from analysis.imports.rows.targets import given_names
from analysis.messages import Message, say

_VOID = "('cancelled', 'failed')"
_BACK = "('refunded', 'partly_refunded')"
_WAITING = "('open', 'failed')"
_ONE_ITEM = "min(item) OVER (PARTITION BY order_id) IS NOT DISTINCT FROM max(item) OVER (PARTITION BY order_id)"
_CENT = 0.005


def gather_lines(con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping) -> Message | None:
    """Make one order of its lines: later ones are set aside, their amounts added where each line has its own.

    A line that was cancelled is taken out of an order that has others; what was given back stays a row of its own.
    Return what must be asked of lines below zero.
    """
    how, present = mapping.lines, set(given_names(mapping))
    unclear = _below_zero(con, relation, mapping) if how == "sum" else 0
    if how == "first" and mapping.row_kind:
        con.execute(f"UPDATE {relation} SET bad = 'given-back|' WHERE bad IS NULL AND row_kind = '{REFUND}'")
    usable = "bad IS NULL OR bad LIKE 'missing|%'" if how == "first" else "bad IS NULL"
    void = f"status IS NOT NULL AND status IN {_VOID}" if how == "sum" and "status" in present else "false"
    further, back = (_further(present), _back(present)) if how == "first" else ("0", "0")
    if how == "first" and "refund" in dict(mapping.columns) and "item" in present:
        _refunds_of_lines(con, relation)
    con.execute(
        "CREATE OR REPLACE TEMP TABLE lines AS SELECT place, row_number() OVER (PARTITION BY order_id "
        "ORDER BY void, revenue IS NULL, revenue < 0, further DESC, back DESC NULLS LAST, place) AS n "
        f"FROM (SELECT rowid AS place, order_id, revenue, {void} AS void, {further} AS further, {back} AS back "
        f"FROM {relation} WHERE order_id IS NOT NULL AND ({usable}))"
    )
    if how == "sum":
        if void != "false":
            _one_status(con, relation, void)
        for column in sorted({"revenue", "refund", "discount", "cost"} & present):
            con.execute(
                f"UPDATE {relation} SET {column} = whole FROM (SELECT order_id AS id, sum({column}) AS whole "
                f"FROM {relation} WHERE bad IS NULL GROUP BY order_id) WHERE order_id = id AND bad IS NULL"
            )
    con.execute(
        f"UPDATE {relation} AS judged SET bad = 'continuation|' FROM lines WHERE lines.place = judged.rowid AND n > 1"
    )
    con.execute(f"UPDATE {relation} SET bad = NULL WHERE bad = 'given-back|'")
    if not unclear:
        return None
    return say("Lines of orders below zero that are a discount or a refund: {n}. Which are they?", n=unclear)


def _further(present: set[str]) -> str:
    """Return SQL for how far an order had come by a row: one that was exported twice stands as it did the last time.

    Lines of several items may stand differently at one time: of them, only one that is still open gives way.
    """
    if "item" not in present:
        return far(present)
    settled = f"status IS NOT NULL AND status NOT IN {_WAITING}" if "status" in present else "true"
    return f"CASE WHEN {_ONE_ITEM} THEN {far(present)} ELSE ({settled})::INTEGER END"


def _back(present: set[str]) -> str:
    """Return SQL for what was given back by a row, where rows of an order are that order again."""
    back = "refund" if "refund" in present else "0"
    return f"CASE WHEN {_ONE_ITEM} THEN {back} END" if "item" in present else back


def _refunds_of_lines(con: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Add up what each item's line of an order says was given back, where the lines say otherwise of it."""
    con.execute(
        f"UPDATE {relation} SET refund = whole FROM (SELECT order_id AS id, sum(refund) AS whole FROM {relation} "
        "WHERE bad IS NULL AND revenue >= 0 GROUP BY order_id HAVING count(DISTINCT item) = count(*) "
        "AND count(DISTINCT coalesce(refund, 0)) > 1 "
        f"AND max(refund) < max(revenue) - {_CENT} AND sum(refund) < max(revenue) + {_CENT}) "
        "WHERE order_id = id AND bad IS NULL"
    )


def _below_zero(con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping) -> int:
    """Mark the lines below zero that give something back, and what each is (`below`); return how many are unclear.

    A discount stands beside the lines that it lowers, under their time and a name of its own, and leaves something.
    """
    con.execute(
        "CREATE OR REPLACE TEMP TABLE below AS WITH good AS (SELECT rowid AS place, order_id AS id, "
        f"timestamp AS moment, revenue AS amount, called, about FROM {relation} WHERE bad IS NULL), "
        "sold AS (FROM good WHERE amount >= 0), "
        "owed AS (SELECT *, sum(amount) OVER (PARTITION BY id) AS less FROM good WHERE amount < 0), "
        "whole AS (SELECT id, sum(amount) AS given FROM sold GROUP BY id) "
        "SELECT place, CASE WHEN called IS NOT NULL THEN called "
        "WHEN NOT EXISTS (FROM sold AS s WHERE s.id = owed.id AND s.moment = owed.moment) THEN 'refund' "
        f"WHEN given + less < {_CENT} OR EXISTS (FROM sold AS s WHERE s.id = owed.id AND (s.about = owed.about "
        f"OR abs(s.amount + owed.amount) < {_CENT})) THEN 'unclear' ELSE 'discount' END AS kind "
        "FROM owed JOIN whole USING (id)"
    )
    con.execute(f"UPDATE {relation} AS judged SET called = kind FROM below WHERE place = judged.rowid")
    con.execute(  # an order of nothing else is a refund as a whole
        f"UPDATE {relation} SET called = NULL WHERE called IS NOT NULL AND rowid NOT IN (SELECT place FROM below)"
    )
    refunds = "('refund')" if mapping.below_zero == "discount" else "('refund', 'unclear')"
    con.execute(
        f"UPDATE {relation} AS judged SET bad = 'given-back|' FROM below "
        f"WHERE place = judged.rowid AND kind IN {refunds}"
    )
    return int(con.execute("SELECT count(*) FROM below WHERE kind = 'unclear'").fetchall()[0][0])


def _one_status(con: duckdb.DuckDBPyConnection, relation: str, void: str) -> None:
    """Give the lines of an order that stand differently one status, and take those out that are void."""
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE differing AS SELECT order_id AS id, bool_or(status IN {_BACK}) AS back, "
        f"any_value(status) FILTER (NOT ({void})) AS live FROM {relation} WHERE bad IS NULL GROUP BY order_id "
        "HAVING count(DISTINCT status) > 1 AND count_if(NOT (coalesce(" + void + ", false))) > 0"
    )
    con.execute(f"UPDATE {relation} SET revenue = 0 FROM differing WHERE order_id = id AND bad IS NULL AND {void}")
    several = f"SELECT order_id FROM {relation} WHERE bad IS NULL AND NOT (coalesce({void}, false)) " \
              "GROUP BY order_id HAVING count(DISTINCT status) > 1"  # fmt: skip
    con.execute(
        f"UPDATE {relation} SET status = CASE WHEN order_id NOT IN ({several}) THEN live WHEN back THEN "
        "'partly_refunded' ELSE coalesce(status, live) END FROM differing WHERE order_id = id AND bad IS NULL"
    )
