"""On which local days did people buy, as whole numbers that any engine can reckon with?"""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

import narwhals as nw

from analysis.periods import day_of
from analysis.purchases import purchases, source_of
from analysis.tables import Tables
from analysis.values import Filter, local_day

Lazy = nw.LazyFrame[Any]
EVERY = ("day", "week", "month")
"""Periods that people are counted over."""
_EPOCH = dt.date(1970, 1, 1)
_MONDAY = 3
"""Days from the last Monday before 1970 to its first day."""
_LATE = dt.timedelta(days=60)
"""How long after it was made an order may be paid while clocks are still known to change."""


def number(day: str) -> int:
    """Return an ISO day, counted from 1970-01-01.

    Examples
    --------
    >>> number("1970-02-01"), iso(31)
    (31, '1970-02-01')
    """
    return (dt.date.fromisoformat(day) - _EPOCH).days


def date_of(day: int) -> dt.date:
    """Return a counted day as a date."""
    return _EPOCH + dt.timedelta(days=int(day))


def iso(day: int) -> str:
    """Return a counted day as ISO text."""
    return date_of(day).isoformat()


def earlier(day: str, by: int) -> str:
    """Return the day so many before an ISO day.

    Examples
    --------
    >>> earlier("2026-03-01", 1)
    '2026-02-28'
    """
    return iso(number(day) - by)


def day_number(date: nw.Expr) -> nw.Expr:
    """Return a date, counted from 1970-01-01.

    Examples
    --------
    >>> import pyarrow as pa
    >>> days = nw.from_native(pa.table({"at": [dt.date(2024, 12, 31), dt.date(2025, 1, 1)]}), eager_only=True)
    >>> [iso(n) for n in days.select(n=day_number(nw.col("at")))["n"].to_list()]
    ['2024-12-31', '2025-01-01']
    """
    year = date.dt.year().cast(nw.Int64)
    leaps = (year - 1969) // 4 - (year - 1901) // 100 + (year - 1601) // 400
    return 365 * (year - 1970) + leaps + date.dt.ordinal_day().cast(nw.Int64) - 1


def week_shift(since: str | None) -> int:
    """Return by how much counted days are shifted so that weeks begin on an ISO day, on Mondays without one.

    Examples
    --------
    >>> week_shift(None) == week_shift("2026-11-09"), week_shift("2026-11-08")
    (True, 4)
    """
    return _MONDAY if since is None else -number(since) % 7


def period_number(date: nw.Expr, every: str, shift: int = _MONDAY) -> nw.Expr:
    """Return the day, week (from Monday) or month that a date falls in, each one more than the one before."""
    if every == "month":
        return date.dt.year().cast(nw.Int64) * 12 + date.dt.month().cast(nw.Int64) - 1
    return (day_number(date) + shift) // 7 if every == "week" else day_number(date)


def period_of(day: str, every: str, shift: int = _MONDAY) -> int:
    """Return the number of the period that an ISO day falls in, as :func:`period_number` counts."""
    date = dt.date.fromisoformat(day)
    if every == "month":
        return date.year * 12 + date.month - 1
    return (number(day) + shift) // 7 if every == "week" else number(day)


def first_day(period: int, every: str, shift: int = _MONDAY) -> str:
    """Return the first day of a counted period.

    Examples
    --------
    >>> [first_day(period_of("2026-11-11", every), every) for every in EVERY]
    ['2026-11-11', '2026-11-09', '2026-11-01']
    """
    if every == "month":
        return dt.date(period // 12, period % 12 + 1, 1).isoformat()
    return iso(period * 7 - shift if every == "week" else period)


def local_date(tables: Tables, column: str, *which: str) -> nw.Expr:
    """Return the local date on which a time of one of some tables falls."""
    span = tables.span(*which)
    assert span is not None  # the caller made sure that there are rows
    return day_of(column, tables.zone, span[0], span[1] + _LATE)


def bought_on(tables: Tables, where: Filter | None = None, *, ids: bool = True) -> Lazy:
    """Return who bought on which local day: user_id and day, a row for each, however many purchases.

    Where it does not matter who they are (no `ids`) and events tell, `user_id` is their key: that is faster.

    Purchases are those of :func:`analysis.purchases.purchases`, on the day they were paid; those of guests are left
    out.

    Raises
    ------
    DataError
        Neither orders nor purchase events tell who bought.
    """
    return tables.laid(("bought on", where, ids), partial(_bought_on, tables, where, ids=ids))


def _bought_on(tables: Tables, where: Filter | None, *, ids: bool) -> Lazy:
    source = source_of(tables, where)
    who = "user_id" if ids or source.orders else "user_key"
    found = purchases(tables, where, who)
    date = local_date(tables, "paid_at", "orders" if source.orders else "events")
    rows = found.rows.filter(~nw.col("user_id").is_null()).select(user_id=nw.col(who), day=day_number(date))
    return rows.group_by("user_id", "day").agg(purchases=nw.len())


def last_day(tables: Tables, where: Filter | None = None) -> str:
    """Return the last local day on which anything was observed, within a filter's dates."""
    held = [table for table in ("events", "orders") if tables.count(table)]
    span = tables.span(*held)
    assert span is not None  # see above
    last = local_day(span[1], tables.zone)
    return min(last, where.end) if where and where.end else last
