"""Which rows are refunds, no sales, or nothing that anybody did, and which orders are tests? As SQL over the rows."""

from __future__ import annotations

import duckdb

from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.kinds import OTHER, REFUND, TESTED

_VOID = "('cancelled', 'failed')"
"""How a refund stands that was not given back after all."""


def kind_sql(scratch: Scratch, mapping: ColumnMapping) -> str | None:
    """Return SQL for what kind of transaction a row is; None where the file does not say it."""
    if mapping.row_kind not in scratch.headings or not mapping.row_kinds:
        return None
    return f"kinds[lower({filled(scratch.column(mapping.row_kind))})]"


def marks(scratch: Scratch, mapping: ColumnMapping) -> list[str]:
    """Return cases of SQL that mark rows that are no sales, or nothing that anybody did, and orders that are tests."""
    kind, found = kind_sql(scratch, mapping), list[str]()
    if mapping.table == "orders" and mapping.test_order in scratch.headings:
        found.append(f"WHEN lower({filled(scratch.column(mapping.test_order))}) IN {TESTED} THEN 'test'")
    mark = "no-sale" if mapping.table == "orders" else "no-event"
    return [*found, f"WHEN {kind} = '{OTHER}' THEN '{mark}'"] if kind else found


def beside(scratch: Scratch, mapping: ColumnMapping) -> list[str]:
    """Return SQL that puts each row's kind beside it, if the mapping names a column of kinds."""
    named = mapping.table == "orders" and mapping.row_kind
    return [f"{kind_sql(scratch, mapping) or 'NULL::VARCHAR'} AS row_kind"] if named else []


def settle(con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping, present: tuple[str, ...]) -> None:
    """Count once what was given back: a row that is a refund says it, not the order's other rows too."""
    if "refund" not in present:
        return
    live = f"AND coalesce(status NOT IN {_VOID}, true)" if "status" in present else ""
    con.execute(
        f"UPDATE {relation} SET refund = NULL WHERE order_id IN (SELECT order_id FROM {relation} "
        f"WHERE bad IS NULL AND row_kind = '{REFUND}' AND revenue < 0 {live})"
    )
