"""Into which periods does the time observed fall: local days, weeks, months, or campaigns; and which are over?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from analysis.arrays import Ints
from analysis.errors import DataError
from analysis.messages import say
from analysis.tables import Tables, among, collect
from analysis.values import Filter, local_day, local_midnight, micros
from analysis.vocabulary import TIME_COLUMN

_TICK = dt.timedelta(microseconds=1)
DAYS = {"day": 1, "week": 7, "month": 30}
"""Days of one of a user's own periods; of the calendar's, how many at least (near enough)."""
CAMPAIGNS = 60
"""Most campaigns that are compared: one bit each of a user's mask."""


@dataclass(frozen=True, slots=True)
class Periods:
    """Periods in order, oldest first.

    Parameters
    ----------
    labels : tuple of str
        ISO days ("2026-11-09" for the week that begins then), months ("2026-11") or campaigns' names.
    starts : ndarray of int64, shape (periods + 1,), optional
        Microseconds (UTC) at which each begins and the last ends; campaigns have none.
    over : ndarray of bool, shape (periods,)
        Which were observed to their end.
    """

    labels: tuple[str, ...]
    starts: Ints | None
    over: Any

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, slots=True)
class Run:
    """One campaign as the events show it: its first and last moment (UTC), and whether it may still be running."""

    name: str
    first: dt.datetime
    last: dt.datetime
    running: bool


def known_until(
    tables: Tables, *, named: str | None = None, where: Filter | None = None, of: Sequence[str] = ("events",)
) -> dt.datetime:
    """Return the last moment (UTC) until which the data is complete: the one answer, for every question.

    That is the moment named, where one is. Else it is the last row of the tables; a filter that keeps campaigns or
    phases ends with the last of their rows, for what people do later is no part of them. A last day counts to its end
    where it is known to be whole: the data goes on past it, or it is the last of the workspace's campaign.

    Parameters
    ----------
    tables : Tables
    named : str, optional
        ISO, UTC: what the question says itself.
    where : Filter, optional
        Its campaigns and phases count; other columns and dates do not end what is known.
    of : sequence of str
        Tables whose rows the question looks at; the one that ends first decides. Each holds rows.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": "u1", "event": "view", "campaign": ["autumn", "winter"],
    ...     "timestamp": pd.to_datetime(["2026-09-30 10:00", "2026-12-01 10:00"]),
    ... })
    >>> tables = Tables(events=events)
    >>> known_until(tables).isoformat(), known_until(tables, where=Filter(campaign="autumn")).isoformat()
    ('2026-12-01T10:00:00', '2026-09-30T23:59:59.999999')
    """
    if named:
        return dt.datetime.fromisoformat(named)
    return min(_known_until(tables, table, where) for table in of)


ENDING = ("campaign", "phase")
"""Columns whose values come to an end."""


def _known_until(tables: Tables, table: str, where: Filter | None) -> dt.datetime:
    span = tables.span(table)
    assert span is not None  # the caller made sure that each holds rows
    last = span[1]
    ending = {c: kept for c, kept in (where.columns() if where else {}).items() if c in ENDING}
    if ending and set(ending) <= set(tables.present(table)):
        rows = tables.frame(table).filter(*(among(column, kept) for column, kept in ending.items()))
        found = rows.select(last=nw.col(TIME_COLUMN[table]).max()).collect("pyarrow")["last"].to_list()[0]
        last = found or last
    day = local_day(last, tables.zone)
    whole = day < local_day(span[1], tables.zone) or (tables.campaign is not None and day == tables.campaign.end)
    return local_midnight(day, tables.zone, days=1) - _TICK if whole else last


def calendar(period: str, first: dt.datetime, until: dt.datetime, zone: str) -> Periods:
    """Return the local days, weeks (from Monday) or months from that of `first` to that of `until`.

    Examples
    --------
    >>> calendar("week", dt.datetime(2026, 11, 11), dt.datetime(2026, 11, 20), "UTC").labels
    ('2026-11-09', '2026-11-16')
    """
    days = [day.isoformat() for day in _days(period, first, until, zone)]
    starts = np.array([micros(local_midnight(day, zone)) for day in days], np.int64)
    labels = tuple(day[:7] if period == "month" else day for day in days[:-1])
    return Periods(labels, starts, starts[1:] <= micros(until) + 1)


def length(period: str, first: dt.datetime, until: dt.datetime) -> int:
    """Return about how many periods there are, without making them."""
    return (until - first).days // DAYS[period] + 2


def _days(period: str, first: dt.datetime, until: dt.datetime, zone: str) -> Iterator[dt.date]:
    """Yield the first day of each period, and that of the one after the last."""
    day = dt.date.fromisoformat(local_day(first, zone))
    last = dt.date.fromisoformat(local_day(until, zone))
    if period == "week":
        day -= dt.timedelta(days=day.weekday())
    elif period == "month":
        day = day.replace(day=1)
    while day <= last:
        yield day
        day = _next(period, day)
    yield day


def _next(period: str, day: dt.date) -> dt.date:
    if period == "month":
        return (day + dt.timedelta(days=31)).replace(day=1)
    return day + dt.timedelta(days=DAYS[period])


def campaigns(tables: Tables, where: Filter | None, *, dated: bool = False) -> tuple[Run, ...]:
    """Return the campaigns that the filter names, or all, in order of their first event.

    One may still be running if its last event falls on the last day observed; the workspace's own campaign is
    over once that day is its last.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
    dated : bool
        Whether campaigns outside the filter's dates are left out.

    Raises
    ------
    DataError
        The events have no campaign, the filter names none that they hold, or there are more than
        :data:`CAMPAIGNS`.
    """
    tables.require("events", "campaign")
    spans = tables.frame("events").filter(~nw.col("campaign").is_null()).group_by("campaign")
    found = collect(spans.agg(first=nw.col("timestamp").min(), last=nw.col("timestamp").max()))
    rows: Any = found.sort_values(["first", "campaign"]).itertuples()
    runs = [Run(r.campaign, r.first.to_pydatetime(), r.last.to_pydatetime(), _running(tables, r)) for r in rows]
    kept = [run for run in runs if _kept(run, where, tables.zone, dated)]
    if not kept:
        known = tuple(run.name for run in runs)
        missing = next((n for n in (where.campaign if where else ()) if n not in known), None)
        if missing is not None:
            raise DataError.unknown(say("campaign"), missing, known)
        raise DataError.empty(say("No campaign has events within these dates. Widen or clear them."))
    if len(kept) > CAMPAIGNS:
        raise DataError.too_many("campaign", len(kept), CAMPAIGNS)
    return tuple(kept)


def _kept(run: Run, where: Filter | None, zone: str, dated: bool) -> bool:
    if where is None:
        return True
    start, end = where.bounds(zone) if dated else (None, None)
    named = not where.campaign or run.name in where.campaign
    return named and (start is None or run.last >= start) and (end is None or run.first < end)


def _running(tables: Tables, row: Any) -> bool:
    span, own = tables.span("events"), tables.campaign
    assert span is not None  # there are events
    today = local_day(span[1], tables.zone)
    if own and own.name == row.campaign:
        return today < own.end
    return local_day(row.last.to_pydatetime(), tables.zone) == today
