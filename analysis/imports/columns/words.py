"""What do the words of a column say: which orders were paid, and which results are orders?"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.scratch import Scratch
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
        return _with_statuses(mapping, scratch, own)
    return _with_results(mapping, scratch) if mapping.table == "spend" else mapping


def _with_statuses(mapping: ColumnMapping, scratch: Scratch, own: Mapping[str, str]) -> ColumnMapping:
    """Read how an order stands, and what stands beside it."""
    heading = dict(mapping.columns).get("status")
    free = [h for h in scratch.headings if h not in dict(mapping.columns).values()]
    after = after_sales(free)
    if not (heading or after):
        return mapping
    words = {word for h in (heading, after) if h for word in _words(scratch, h)}
    method = payment(free)
    paid_later = {word: method for word in (_words(scratch, method) if method else ()) if on_delivery(word)}
    return mapping.replace(
        statuses={word: status for word in words if (status := status_of(word, own))},
        after_sales=after,
        on_delivery=paid_later,
    )


def _with_results(mapping: ColumnMapping, scratch: Scratch) -> ColumnMapping:
    """Read which results are orders, where each row counts a type of its own."""
    counted = dict(mapping.columns).get("conversions")
    free = [h for h in scratch.headings if h not in dict(mapping.columns).values()]
    heading = type_heading(free) if counted and is_typed(counted) else None
    words = _words(scratch, heading) if heading else []
    if not words:
        return mapping
    return mapping.replace(result_type=heading, results={w: kind for w in words if (kind := result_of(w))})


def _words(scratch: Scratch, heading: str) -> list[str]:
    """Return the different values of a column, lower case; none where it has very many."""
    text = f"lower({filled(scratch.column(heading))})"
    query = f"SELECT DISTINCT {text} AS word FROM {scratch.relation} WHERE mark IS NULL AND word IS NOT NULL LIMIT ?"
    found = [str(row[0]) for row in scratch.con.execute(query, [_MOST + 1]).fetchall()]
    return sorted(found) if len(found) <= _MOST else []
