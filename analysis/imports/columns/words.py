"""What do the words of a column say: which orders were paid, and which results are orders?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.codes import CURRENCIES
from analysis.imports.lexicon.kinds import headings_of_tests, kind_headings, kinds_of_rows, says_tests
from analysis.imports.lexicon.looks import is_value
from analysis.imports.lexicon.reductions import refund_headings
from analysis.imports.lexicon.results import is_typed, result_of, type_heading
from analysis.imports.lexicon.statuses import after_sales, on_delivery, payment, status_of

BLANK = "(blank)"
"""What stands for a cell without a word."""
_MOST = 200
"""Words of a column that are looked at; one with more says something else."""


def with_words(mapping: ColumnMapping, scratch: Scratch, own: Mapping[str, str]) -> ColumnMapping:
    """Return a mapping with what the words stand for that say what its rows are.

    Parameters
    ----------
    mapping : ColumnMapping
    scratch : Scratch
    own : mapping of str to str
        A platform's own words for how an order stands.
    """
    if mapping.table == "orders":
        return _with_statuses(_with_refund(with_kinds(mapping, scratch), scratch), scratch, own)
    return _with_results(mapping, scratch) if mapping.table == "spend" else mapping


def with_kinds(mapping: ColumnMapping, scratch: Scratch) -> ColumnMapping:
    """Read which rows of orders are sales, refunds or neither, and which orders are tests."""
    columns = dict(mapping.columns)
    if mapping.table != "orders" or not {"order_id", "revenue"} <= columns.keys():
        return mapping
    free = [h for h in scratch.headings if h not in columns.values()]
    likely = kind_headings(free)
    tests = headings_of_tests(free)
    words = _words(scratch, [*likely, *tests])
    read = ((h, kinds_of_rows(words[h])) for h in likely)
    heading, kinds = next(((h, kinds) for h, kinds in read if kinds), (None, {}))
    return mapping.replace(
        row_kind=heading, row_kinds=kinds, test_order=next((h for h in tests if says_tests(words[h])), None)
    )


def _with_refund(mapping: ColumnMapping, scratch: Scratch) -> ColumnMapping:
    """Read what was given back where a column beside the order's amount says it, whatever the platform calls it."""
    columns = dict(mapping.columns)
    if "refund" in columns or "revenue" not in columns:
        return mapping
    called = refund_headings([h for h in scratch.headings if h not in columns.values()])
    cells = {h: [v for v in scratch.head_of(h) if v.strip()] for h in called}
    # A row below the headings may explain them.
    heading = next((h for h in called if 2 * sum(map(_amount, cells[h])) > len(cells[h])), None)
    return mapping if heading is None else mapping.replace(columns={**columns, "refund": heading})


def _amount(cell: str) -> bool:
    return is_value(re.sub(rf"(?i)^({'|'.join(CURRENCIES)})\s*|\s*({'|'.join(CURRENCIES)})$", "", cell.strip()))


def _with_statuses(mapping: ColumnMapping, scratch: Scratch, own: Mapping[str, str]) -> ColumnMapping:
    """Read how an order stands, and what stands beside it."""
    heading = dict(mapping.columns).get("status")
    free = [h for h in scratch.headings if h not in dict(mapping.columns).values()]
    after = after_sales(free)
    if not (heading or after):
        return mapping
    method = payment(free)
    words = _words(scratch, [h for h in (heading, after, method) if h])
    told = {word for h in (heading, after) if h for word in words[h]}
    return mapping.replace(
        statuses={word: status for word in told if (status := status_of(word, own))},
        after_sales=after,
        on_delivery={word: method for word in words[method] if on_delivery(word)} if method else {},
    )


def _with_results(mapping: ColumnMapping, scratch: Scratch) -> ColumnMapping:
    """Read which results are orders, where each row counts a type of its own."""
    counted = dict(mapping.columns).get("conversions")
    free = [h for h in scratch.headings if h not in dict(mapping.columns).values()]
    heading = type_heading(free) if counted and is_typed(counted) else None
    words = _words(scratch, [heading])[heading] if heading else []
    if not words:
        return mapping
    return mapping.replace(result_type=heading, results={w: kind for w in words if (kind := result_of(w))})


def _words(scratch: Scratch, headings: Sequence[str]) -> dict[str, list[str]]:
    """Return the different values of columns, lower case; none of one that has very many.

    A large file is read once for all of them, and only for those that have few in its first rows.
    """
    few = [h for h in headings if len(set(scratch.head_of(h))) <= _MOST]
    lists = ", ".join(f"list(DISTINCT lower({filled(scratch.column(h))}))" for h in few)
    row = scratch.con.execute(f"SELECT {lists} FROM {scratch.relation} WHERE mark IS NULL").fetchall()[0] if few else ()
    found = {h: sorted(str(word) for word in words or [] if word) for h, words in zip(few, row, strict=True)}
    return {h: found[h] if h in found and len(found[h]) <= _MOST else [] for h in headings}
