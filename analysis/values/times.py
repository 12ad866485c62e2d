"""When it was: moments in naive UTC, days as clocks in a zone show them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo


def micros(when: dt.datetime) -> int:
    """Return a naive UTC moment as microseconds since 1970."""
    return (when - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)


def local_midnight(when: str, zone: str, *, days: int = 0) -> dt.datetime:
    """Return the naive UTC moment at which the day `when` (plus `days`) begins in `zone`.

    Examples
    --------
    >>> local_midnight("2026-11-11", "Asia/Shanghai")
    datetime.datetime(2026, 11, 10, 16, 0)
    """
    midnight = dt.datetime.combine(dt.date.fromisoformat(when) + dt.timedelta(days=days), dt.time())
    return midnight.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


def local_moment(when: dt.datetime, zone: str) -> dt.datetime:
    """Return what clocks in `zone` show at a naive UTC moment."""
    return when.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))


def local_day(when: dt.datetime, zone: str) -> str:
    """Return the ISO calendar day in `zone` of a naive UTC moment."""
    return local_moment(when, zone).date().isoformat()
