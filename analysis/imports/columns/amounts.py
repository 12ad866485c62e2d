"""Which columns of a table are amounts, and which of those are money?"""

from __future__ import annotations

from collections.abc import Container

from analysis.vocabulary import TABLES

AMOUNTS = ("number", "count")
"""Types of columns that hold amounts."""
MONEY = frozenset({"revenue", "refund", "cost", "discount", "spend", "attributed_revenue"})
"""Amounts that are in the rows' currency."""
LEAD = {"orders": "revenue", "spend": "spend"}
"""The amount of money that a table is about."""


def amounts_of(table: str, present: Container[str] | None = None) -> list[str]:
    """Return a table's amounts, of all its columns or of those present.

    Examples
    --------
    >>> amounts_of("spend", ["spend", "channel", "clicks"])
    ['spend', 'clicks']
    """
    return [c.name for c in TABLES[table] if c.type in AMOUNTS and (present is None or c.name in present)]
