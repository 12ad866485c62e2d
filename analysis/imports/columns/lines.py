"""Are the lines of one order parts of it, or does each have the whole order's amount?"""

from __future__ import annotations

from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.kinds import SALE
from analysis.messages import Message, say


def lines_of(mapping: ColumnMapping, scratch: Scratch) -> tuple[str, Message | None]:
    """Return how lines of one order become one, with what is to be confirmed of it.

    The amount is the order's where all its lines have the same, and their own where they differ. Lines that are no
    sales say nothing of it.
    """
    columns = dict(mapping.columns)
    if not {"order_id", "revenue"} <= columns.keys():
        return mapping.lines, None
    order, amount = (filled(scratch.column(columns[c])) for c in ("order_id", "revenue"))
    others = [word for word, kind in mapping.row_kinds if kind != SALE]
    kind = filled(scratch.column(mapping.row_kind)) if mapping.row_kind in scratch.headings else "NULL::VARCHAR"
    several, alike, given = scratch.con.execute(
        "SELECT count(*), count_if(low = high), count_if(n > 1) FROM (SELECT min(amount) AS low, max(amount) AS high, "
        f"count(amount) AS n FROM (SELECT {order} AS id, {amount} AS amount, lower({kind}) AS kind, "
        f"mark FROM {scratch.relation}) WHERE mark IS NULL AND id IS NOT NULL "
        "AND NOT coalesce(list_contains(?::VARCHAR[], kind), false) GROUP BY id HAVING count(*) > 1)",
        [others],
    ).fetchall()[0]
    if not several or (mapping.lines == "first" and not given):
        return mapping.lines, None
    if alike == several and not mapping.factors:
        text = say("Orders with several lines have the same amount on each: it counts once for each order.")
        return "first", text
    return "sum", say("Orders with several lines have an amount on each: they are added up to one order.")
