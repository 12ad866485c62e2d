"""How do the lines of one order become one order?"""

from __future__ import annotations

import duckdb

from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.rows.targets import given_names

_VOID = "('cancelled', 'failed')"
_BACK = "('refunded', 'partly_refunded')"


def gather_lines(con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping) -> None:
    """Make one order of its lines: later ones are set aside, their amounts added where each line has its own.

    A line that was cancelled is taken out of an order that has others.
    """
    how, present = mapping.lines, set(given_names(mapping))
    usable = "bad IS NULL OR bad LIKE 'missing|%'" if how == "first" else "bad IS NULL"
    void = f"status IS NOT NULL AND status IN {_VOID}" if how == "sum" and "status" in present else "false"
    con.execute(
        "CREATE OR REPLACE TEMP TABLE lines AS SELECT rowid AS place, row_number() OVER (PARTITION BY order_id "
        f"ORDER BY {void}, revenue IS NULL, rowid) AS n FROM {relation} WHERE order_id IS NOT NULL AND ({usable})"
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
