"""How does an export say which orders were paid: by which words of its status, and which columns beside it?"""

from __future__ import annotations

from collections.abc import Mapping

from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.statuses import after_sales, on_delivery, payment, status_of

_MOST = 200
"""Words of a column that are looked at; one with more says something else."""


def with_statuses(mapping: ColumnMapping, scratch: Scratch, own: Mapping[str, str]) -> ColumnMapping:
    """Return a mapping with what the words of an order's status stand for, and what stands beside it.

    Parameters
    ----------
    mapping : ColumnMapping
    scratch : Scratch
    own : mapping of str to str
        A platform's own words.
    """
    heading = dict(mapping.columns).get("status")
    free = [h for h in scratch.headings if h not in dict(mapping.columns).values()]
    after = after_sales(free) if mapping.table == "orders" else None
    if mapping.table != "orders" or not (heading or after):
        return mapping
    words = {word for h in (heading, after) if h for word in words_of(scratch, h)}
    method = payment(free)
    paid_later = {word: method for word in (words_of(scratch, method) if method else ()) if on_delivery(word)}
    return mapping.replace(
        statuses={word: status for word in words if (status := status_of(word, own))},
        after_sales=after,
        on_delivery=paid_later,
    )


def words_of(scratch: Scratch, heading: str) -> list[str]:
    """Return the different values of a column, lower case; none where it has very many."""
    text = f"lower({filled(scratch.column(heading))})"
    query = f"SELECT DISTINCT {text} AS word FROM {scratch.relation} WHERE mark IS NULL AND word IS NOT NULL LIMIT ?"
    found = [str(row[0]) for row in scratch.con.execute(query, [_MOST + 1]).fetchall()]
    return sorted(found) if len(found) <= _MOST else []
