"""Into which periods does the time observed fall: local days, weeks, months, or campaigns; and which are over?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.errors import DataError
from analysis.messages import say
from analysis.tables import Tables, among, collect, count_if, instant
from analysis.values import Filter, local_day, local_midnight, local_moment, micros
from analysis.vocabulary import TABLES, TIME_COLUMN

_TICK = dt.timedelta(microseconds=1)
DAYS = {"day": 1, "week": 7, "month": 30}
"""Days of one of a user's own periods; of the calendar's, how many at least (near enough)."""
UNSET = ("2026-01-01", "2026-12-31")
"""First and last day of a campaign until data or a person says them."""
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
_LASTS = {"spend": "period_end"}
"""Columns that say until when a row's period goes, of tables whose rows have one."""


def _known_until(tables: Tables, table: str, where: Filter | None) -> dt.datetime:
    end = tables.fact(f"end of {table}", lambda: _end(tables.frame(table), table))
    assert end is not None  # the caller made sure that each holds rows
    last = end
    if ending := _ending(tables, table, where):
        own = [among(column, kept) for column, kept in ending.items()]
        found = tables.fact(f"end of {table} in {ending}", lambda: _end(tables.frame(table).filter(*own), table))
        last = found or last
    day = local_day(last, tables.zone)
    whole = day < local_day(end, tables.zone) or (tables.campaign is not None and day == tables.campaign.end)
    return local_midnight(day, tables.zone, days=1) - _TICK if whole else last


def _ending(tables: Tables, table: str, where: Filter | None) -> dict[str, tuple[str, ...]]:
    """Return what a filter keeps of columns whose values come to an end, where a table has these."""
    ending = {c: kept for c, kept in (where.columns() if where else {}).items() if c in ENDING}
    return ending if set(ending) <= set(tables.present(table)) else {}


def _end(frame: nw.LazyFrame[Any], table: str) -> dt.datetime | None:
    """Return the last moment that a table's rows tell of; a row of spend tells of its period to the end."""
    found = frame.select(last=nw.col(_LASTS.get(table, TIME_COLUMN[table])).max()).collect("pyarrow")["last"].to_list()
    end: dt.datetime | None = found[0]
    return end - _TICK if end and table in _LASTS else end


MANY = 10
"""Rows that a period holds as a rule, from which on one without any is no chance: nothing was recorded then."""
_DAY, _NEVER = 86_400_000_000, np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Pauses:
    """When nothing was recorded, of anybody: no row tells that a person stayed away then.

    Parameters
    ----------
    starts, ends : ndarray of int64, shape (pauses,)
        Microseconds (UTC), in order.
    """

    starts: Ints
    ends: Ints

    def within(self, first: Ints, last: Ints) -> Any:
        """Return, of stretches of time, which lie in a pause altogether.

        Examples
        --------
        >>> pauses = Pauses(np.array([10, 50]), np.array([30, 60]))
        >>> first, last = np.array([0, 5, 10, 25, 50]), np.array([10, 15, 30, 35, 55])
        >>> pauses.within(first, last).tolist(), pauses.begun(first, last).tolist()
        ([False, False, True, False, True], [False, True, False, False, False])
        """
        at = np.searchsorted(self.starts, first, "right") - 1
        return (at >= 0) & (last <= np.append(self.ends, 0)[at])

    def begun(self, first: Ints, last: Ints) -> Any:
        """Return in which stretches of time a pause begins: what is counted in them is too little."""
        return np.searchsorted(self.starts, first, "right") < np.searchsorted(self.starts, last, "left")


def pauses(tables: Tables, table: str, period: str, where: Filter | None = None, *, open_: bool = True) -> Pauses:
    """Return the pauses of a period or more in a table's rows, of the campaigns and phases that a filter keeps.

    Other columns of the filter do not count: that nobody came by one channel is a finding. Where periods hold fewer
    than :data:`MANY` rows on average, an empty one may be chance, and there are no pauses.

    Parameters
    ----------
    tables : Tables
    table : str
        Holds rows.
    period : {"day", "week", "month"}
    where : Filter, optional
    open_ : bool
        Whether what comes after the last row is a pause too.
    """
    ending = _ending(tables, table, where)
    own = [among(column, kept) for column, kept in ending.items()]
    found: pd.DataFrame = tables.fact(f"days of {table} in {ending}", lambda: _by_day(tables, table, own))
    days = [str(day)[:10] for day in found["day"]]
    begins, ends = (np.array([micros(local_midnight(d, tables.zone, days=n)) for d in days], np.int64) for n in (0, 1))
    if found["rows"].sum() < MANY * len(np.unique(begins // (DAYS[period] * _DAY))):
        return Pauses(begins[:0], begins[:0])
    until = np.append(begins[1:], _NEVER if open_ else ends[-1:])
    long = until - ends >= min(DAYS[period], _SHORTEST_MONTH) * _DAY
    return Pauses(ends[long], until[long])


_SHORTEST_MONTH = 28


def _by_day(tables: Tables, table: str, own: Sequence[nw.Expr]) -> pd.DataFrame:
    span = tables.span(table)
    assert span is not None  # the caller made sure that it holds rows
    rows = tables.frame(table).filter(*own) if own else tables.frame(table)
    days = rows.select(day=day_of(TIME_COLUMN[table], tables.zone, *span)).group_by("day").agg(rows=nw.len())
    return collect(days).sort_values("day", ignore_index=True)


def elapsed(tables: Tables, of: Sequence[str]) -> float:
    """Return which share of the workspace's campaign is over, as far as tables tell; 1 without a campaign.

    Parameters
    ----------
    tables : Tables
    of : sequence of str
        Tables that hold rows; the one that goes on longest tells.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis.values import Campaign
    >>> days = pd.to_datetime(["2026-11-01 09:00", "2026-11-06 09:00"])
    >>> orders = pd.DataFrame({"order_id": ["a", "b"], "timestamp": days, "revenue": 1.0, "currency": "CNY"})
    >>> plan = Campaign(name="autumn", start="2026-11-01", end="2026-11-10", zone="UTC")
    >>> round(elapsed(Tables(orders=orders, campaign=plan), ("orders",)), 4)
    0.5375
    """
    campaign = tables.campaign
    if campaign is None or not of:
        return 1.0
    start, end = local_midnight(campaign.start, tables.zone), local_midnight(campaign.end, tables.zone, days=1)
    until = max(known_until(tables, of=(table,)) for table in of) + _TICK
    return min(max((until - start) / (end - start), 0.0), 1.0)


def covered(tables: Tables, *which: str) -> tuple[str, str] | None:
    """Return the first and last local day that tables, or all of them, are about; None where they are empty.

    A report's row is about its whole period.

    Examples
    --------
    >>> import pandas as pd
    >>> ends = pd.to_datetime(["2026-11-01", "2026-12-01"])
    >>> spend = pd.DataFrame({"period_start": ends[:1], "period_end": ends[1:], "channel": "tv", "spend": 9.0,
    ...                       "currency": "EUR"})
    >>> covered(Tables(spend=spend))
    ('2026-11-01', '2026-11-30')
    """
    held = [table for table in which or TABLES if tables.count(table)]
    span = tables.span(*held) if held else None
    if span is None:
        return None
    ends = (tables.fact(f"end of {table}", partial(_end, tables.frame(table), table)) for table in held)
    return local_day(span[0], tables.zone), local_day(max(end for end in ends if end), tables.zone)


def known_days(tables: Tables, table: str, where: Filter | None = None) -> tuple[str, str] | None:
    """Return the first and the last whole local day that a table tells of; None where no day is whole.

    On a day between without a row there was nothing. Of the filter its campaigns and phases count: their rows begin and
    end.

    Parameters
    ----------
    tables : Tables
    table : str
        Holds rows.
    where : Filter, optional

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.to_datetime(["2026-08-01 09:00", "2026-11-01 09:00", "2026-11-04 12:00"])
    >>> orders = pd.DataFrame({"order_id": list("abc"), "timestamp": days, "revenue": 1.0, "currency": "CNY",
    ...                        "campaign": ["summer", "autumn", "autumn"]})
    >>> tables = Tables(orders=orders)
    >>> known_days(tables, "orders"), known_days(tables, "orders", Filter(campaign="autumn"))
    (('2026-08-01', '2026-11-03'), ('2026-11-01', '2026-11-03'))
    """
    ending = _ending(tables, table, where)
    own = [among(column, kept) for column, kept in ending.items()]
    rows = tables.frame(table).filter(*own) if own else tables.frame(table)
    begun = tables.fact(f"start of {table} in {ending}", lambda: _start(rows, table))
    if begun is None:
        return None
    first, last = local_day(begun, tables.zone), _whole_until(tables, where, table).isoformat()
    return (first, last) if first <= last else None


def _start(frame: nw.LazyFrame[Any], table: str) -> dt.datetime | None:
    found = frame.select(first=nw.col(TIME_COLUMN[table]).min()).collect("pyarrow")["first"].to_list()
    start: dt.datetime | None = found[0]
    return start


def calendar(
    period: str, first: dt.datetime, until: dt.datetime, zone: str, *, weeks_from: str | None = None
) -> Periods:
    """Return the local days, weeks (from Monday, or a day's weekday) or months from that of `first` to that of `until`.

    Examples
    --------
    >>> calendar("week", dt.datetime(2026, 11, 11), dt.datetime(2026, 11, 20), "UTC").labels
    ('2026-11-09', '2026-11-16')
    """
    days = [day.isoformat() for day in _days(period, first, until, zone, weeks_from)]
    starts = np.array([micros(local_midnight(day, zone)) for day in days], np.int64)
    labels = tuple(day[:7] if period == "month" else day for day in days[:-1])
    return Periods(labels, starts, starts[1:] <= micros(until) + 1)


def day_of(column: str, zone: str, first: dt.datetime, last: dt.datetime) -> nw.Expr:
    """Return the local day on which a time falls, as an expression that any engine reckons.

    Parameters
    ----------
    column : str
        Of naive UTC moments.
    zone : str
    first, last : datetime
        Between which (UTC) the times lie: clocks are put forward and back in it.

    Examples
    --------
    >>> import pyarrow as pa
    >>> nights = [dt.datetime(2026, 3, 29, hour, 30) for hour in (0, 22)]
    >>> times = nw.from_native(pa.table({"at": nights}), eager_only=True)
    >>> day = day_of("at", "Europe/Berlin", dt.datetime(2026, 3, 1), dt.datetime(2026, 4, 1))
    >>> [str(found) for found in times.select(day=day)["day"].to_list()]
    ['2026-03-29', '2026-03-30']
    """
    time = nw.col(column)
    (_, ahead), *changes = _clocks(zone, first, last)
    local = time + nw.lit(ahead)
    for since, ahead in changes:
        local = nw.when(time >= instant(since)).then(time + nw.lit(ahead)).otherwise(local)
    return local.dt.date()


@lru_cache(maxsize=256)
def _clocks(zone: str, first: dt.datetime, last: dt.datetime) -> tuple[tuple[dt.datetime, dt.timedelta], ...]:
    """Return from when on (UTC) clocks in a zone were how far ahead; every night between is looked at, once."""
    found = [(first, _ahead(first, zone))]
    while (now := found[-1][0]) < last:
        until = next((day for day in _nights(now, last) if _ahead(day, zone) != found[-1][1]), None)
        if until is None:
            break
        since = max(now, until - dt.timedelta(days=1))
        while until - since > _TICK:
            middle = since + (until - since) / 2
            since, until = (middle, until) if _ahead(middle, zone) == found[-1][1] else (since, middle)
        found.append((until, _ahead(until, zone)))
    return tuple(found)


def _nights(first: dt.datetime, last: dt.datetime) -> Iterator[dt.datetime]:
    while first < last:
        first = min(first + dt.timedelta(days=1), last)
        yield first


def _ahead(when: dt.datetime, zone: str) -> dt.timedelta:
    return local_moment(when, zone).utcoffset() or dt.timedelta()


def begins(days: pd.Series[Any], period: str) -> pd.Series[Any]:
    """Return the first day of each day's period: the day itself, its week's Monday, its month's first.

    Examples
    --------
    >>> begins(pd.Series(pd.to_datetime(["2026-11-11"])), "week").dt.date.tolist()
    [datetime.date(2026, 11, 9)]
    """
    if period not in ("week", "month"):
        return days
    since = days.dt.day_of_week if period == "week" else days.dt.day - 1
    first: pd.Series[Any] = days - pd.to_timedelta(since, unit="D")
    return first


def length(period: str, first: dt.datetime, until: dt.datetime) -> int:
    """Return about how many periods there are, without making them."""
    return (until - first).days // DAYS[period] + 2


def _days(period: str, first: dt.datetime, until: dt.datetime, zone: str, weeks_from: str | None) -> Iterator[dt.date]:
    """Yield the first day of each period, and that of the one after the last."""
    day = dt.date.fromisoformat(local_day(first, zone))
    last = dt.date.fromisoformat(local_day(until, zone))
    if period == "week":
        begins = dt.date.fromisoformat(weeks_from).weekday() if weeks_from else 0
        day -= dt.timedelta(days=(day.weekday() - begins) % 7)
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


# ---- the campaign before ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SameDays:
    """A campaign and the one before it, on days that both had, counted from either's first.

    Parameters
    ----------
    campaign, before : str
    days, earlier : tuple of (str, str)
        First and last local day, both whole, of this campaign and of the one before.
    """

    campaign: str
    before: str
    days: tuple[str, str]
    earlier: tuple[str, str]

    def __len__(self) -> int:
        first, last = map(dt.date.fromisoformat, self.days)
        return (last - first).days + 1


def same_days(tables: Tables, where: Filter | None, table: str) -> SameDays | None:
    """Return which days of the campaign before are set beside those looked at; None where there are none.

    The campaign before is the one of :func:`campaign_before`. Days are counted from the first on which either ran
    (see :func:`stretches`). Only whole days count: not the one on which the table ends, unless it is known to be whole
    (see :func:`known_until`).

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Names the one campaign that is looked at; its dates count.
    table : str
        The table whose rows are looked at.

    Examples
    --------
    >>> days = pd.to_datetime(["2025-11-01", "2025-11-30", "2026-11-02", "2026-11-12", "2026-11-13"])
    >>> orders = pd.DataFrame({"order_id": list("abcde"), "timestamp": days, "revenue": 1.0, "currency": "CNY",
    ...                        "campaign": ["2025"] * 2 + ["2026"] * 3})
    >>> found = same_days(Tables(orders=orders), Filter(campaign="2026", start="2026-11-04"), "orders")
    >>> found.before, found.days, found.earlier
    ('2025', ('2026-11-04', '2026-11-12'), ('2025-11-03', '2025-11-11'))
    """
    if where is None or len(where.campaign) != 1 or "campaign" not in tables.present(table):
        return None
    ran = stretches(tables)
    (name,) = where.campaign
    before = campaign_before(tables, name)
    if before is None:
        return None
    shift = ran[name][0] - ran[before][0]
    first = max([ran[name][0], *([dt.date.fromisoformat(where.start)] if where.start else [])])
    ends = [_whole_until(tables, where, table), ran[before][1] + shift]
    last = min([*ends, *([dt.date.fromisoformat(where.end)] if where.end else []), ran[name][1]])
    if last < first:
        return None
    days, earlier = (((first - by).isoformat(), (last - by).isoformat()) for by in (dt.timedelta(), shift))
    return SameDays(name, before, days, earlier)


def campaign_before(tables: Tables, name: str) -> str | None:
    """Return the campaign that ended last of those that were over when one began; None where none was.

    Parameters
    ----------
    tables : Tables
    name : str
        A campaign of the rows, or the workspace's own, which may have none yet.
    """
    ran, begun = stretches(tables), _begun(tables, name)
    over = {c: days for c, days in ran.items() if c != name and begun and days[1] < begun}
    return max(over, key=lambda c: (over[c][1], c)) if over else None


def running(tables: Tables, name: str) -> tuple[str, ...]:
    """Return the campaigns that had begun before one did and still ran on its first day, in order of their names."""
    begun = _begun(tables, name)
    return tuple(sorted(c for c, days in stretches(tables).items()
                        if c != name and begun and days[0] < begun <= days[1]))  # fmt: skip


def _begun(tables: Tables, name: str) -> dt.date | None:
    own, ran = tables.campaign, stretches(tables)
    if name in ran:
        return ran[name][0]
    return dt.date.fromisoformat(own.start) if own and own.name == name else None


# ---- when a campaign ran ----------------------------------------------------------------------------------


def stretches(tables: Tables) -> dict[str, tuple[dt.date, dt.date]]:
    """Return the first and last local day on which each campaign ran: the one answer, for all that is compared.

    The workspace's own ran as it was planned, where its days are set. Another's days are those of its rows, over all
    tables that name it, without stragglers: an early payment, a test order, a visit through an old link. Refunds and
    days without spend tell nothing of when it ran. What lies outside still counts where rows are counted;
    :func:`outside` says that it is there.

    Notes
    -----
    Two kinds of rows are stragglers. Those at either end of a table's that are both few together (a hundredth of the
    campaign's rows in it) and thin each day (a twentieth of its usual day). And those that a silence of three days or
    more sets apart, twice as long as any within the rest, where the rest is nine tenths of what tables hold on average.

    Examples
    --------
    >>> days = pd.date_range("2026-11-01", periods=20).append(pd.DatetimeIndex(["2026-12-24"]))
    >>> orders = pd.DataFrame({"order_id": [str(n) for n in range(21)], "timestamp": days, "revenue": 1.0,
    ...                        "currency": "CNY", "campaign": "autumn"})
    >>> [str(day) for day in stretches(Tables(orders=orders))["autumn"]]
    ['2026-11-01', '2026-11-20']
    """
    ran: dict[str, tuple[dt.date, dt.date]] = tables.fact("stretches of campaigns", lambda: {
        str(name): _ran(rows) for name, rows in _named(tables).groupby("campaign")
    })  # fmt: skip
    own = tables.campaign
    if own is None or own.name not in ran or (own.start, own.end) == UNSET:
        return ran
    return {**ran, own.name: (dt.date.fromisoformat(own.start), dt.date.fromisoformat(own.end))}


def outside(tables: Tables, name: str, *of: str, where: Filter | None = None) -> tuple[str, str] | None:
    """Return the first and last local day, of those on which a campaign did not run, that its rows are about.

    Parameters
    ----------
    tables : Tables
    name : str
    of : str
        Tables whose rows are meant; all without any.
    where : Filter, optional
        Its dates count.
    """
    rows, ran = _named(tables), stretches(tables).get(name)
    if ran is None:
        return None
    rows = rows[(rows["campaign"] == name) & (rows["table"].isin(of or TABLES))]
    days = rows["day"][(rows["day"] < pd.Timestamp(ran[0])) | (rows["day"] > pd.Timestamp(ran[1]))]
    told = [day.date().isoformat() for day in days]
    start, end = (where.start, where.end) if where else (None, None)
    told = [day for day in told if (not start or day >= start) and (not end or day <= end)]
    return (min(told), max(told)) if told else None


_APART = 3
"""Days of silence from which on rows may stand apart."""
_REST, _LITTLE, _THIN = 0.9, 0.01, 0.05
"""What stragglers leave of a campaign, how few they are in a table, and how thin their days; see :func:`stretches`."""


def _ran(rows: pd.DataFrame) -> tuple[dt.date, dt.date]:
    """Return the first and last day of one campaign's rows, without stragglers."""
    telling = rows[rows["telling"] > 0]
    held = (telling if len(telling) else rows.assign(telling=rows["rows"])).groupby(["table", "day"])["telling"].sum()
    shares = [_thick(own.droplevel("table")) for _, own in held.groupby(level="table")]
    days = _together(pd.concat(shares).groupby(level=0).sum()).index
    return days[0].date(), days[-1].date()


def _thick(rows: pd.Series[Any]) -> pd.Series[Any]:
    """Return each day's share of a table's rows, without thin days at either end that are few together."""
    shares = rows / rows.sum()
    passed = [shares.cumsum() > _LITTLE, shares[::-1].cumsum()[::-1] > _LITTLE]
    usual = shares[passed[0] & passed[1]].median()
    first, last = ((own | (shares >= _THIN * usual)).to_numpy().nonzero()[0] for own in passed)
    return shares.iloc[first[0] : last[-1] + 1]


def _together(shares: pd.Series[Any]) -> pd.Series[Any]:
    """Return the days of a campaign without those that a long silence sets apart from nearly all of it."""
    silent = np.diff(shares.index.to_numpy().astype("datetime64[D]").astype(np.int64)) - 1
    for long in np.unique(silent[silent >= _APART]):
        piece = np.append(0, np.cumsum(silent >= long))
        held = np.bincount(piece, shares.to_numpy())
        rest = piece == held.argmax()
        within = silent[rest[1:] & rest[:-1]]
        if held.max() >= _REST * held.sum() and long >= 2 * within.max(initial=0):
            kept: pd.Series[Any] = shares[rest]
            return kept
    return shares


def _named(tables: Tables) -> pd.DataFrame:
    """Return how many rows each table has of each campaign and local day, and how many tell that it ran."""
    held = [table for table in TABLES if tables.count(table) and "campaign" in tables.present(table)]
    frames = [tables.fact(f"days of campaigns in {table}", partial(_named_in, tables, table)) for table in held]
    columns = ["campaign", "table", "day", "rows", "telling"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


_TELLING = {"orders": nw.col("revenue") >= 0, "spend": nw.col("spend") > 0}
"""Rows that tell that a campaign ran, where that is not each: a refund, or a day without spend, does not."""


def _named_in(tables: Tables, table: str) -> pd.DataFrame:
    span = tables.span(table)
    assert span is not None  # it holds rows
    rows = tables.frame(table).filter(~nw.col("campaign").is_null())
    if table not in _LASTS:
        rows = _without_returns(rows) if table == "orders" else rows
        rows = rows.with_columns(day=day_of(TIME_COLUMN[table], tables.zone, *span))
        return _counted(rows, table, "day")
    until = tables.fact(f"end of {table}", lambda: _end(tables.frame(table), table)) or span[1]
    rows = rows.with_columns(_until=nw.col(_LASTS[table]) - nw.lit(_TICK))
    days = {end: day_of(column, tables.zone, span[0], max(until, span[1]))
            for end, column in (("day", TIME_COLUMN[table]), ("last", "_until"))}  # fmt: skip
    found = _counted(rows.with_columns(**days), table, "day", "last")
    # A report's row is about each day of its period.
    return each_day(found, ((found["last"] - found["day"]).dt.days + 1).clip(lower=1))


def each_day(rows: pd.DataFrame, days: pd.Series[Any]) -> pd.DataFrame:
    """Return rows that are about several days once for each of them, with that one in `day`.

    Examples
    --------
    >>> rows = pd.DataFrame({"day": pd.to_datetime(["2026-11-01", "2026-11-09"]), "n": [3, 5]})
    >>> [(str(row.day.date()), row.n) for row in each_day(rows, pd.Series([2, 1])).itertuples()]
    [('2026-11-01', 3), ('2026-11-02', 3), ('2026-11-09', 5)]
    """
    each = rows.loc[rows.index.repeat(days)]
    later = pd.to_timedelta(each.groupby(level=0).cumcount(), unit="D")
    return each.assign(day=each["day"].astype("datetime64[us]") + later)


def _without_returns(orders: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Leave out refunds of orders that are there: they count on the days of these."""
    back = nw.col("revenue") < 0
    if not collect(orders.select(n=count_if(back)))["n"].iloc[0]:
        return orders
    sold = orders.filter(~back).select("order_id").unique("order_id")
    return nw.concat([orders.filter(~back), orders.filter(back).join(sold, on="order_id", how="anti")])


def _counted(rows: nw.LazyFrame[Any], table: str, *days: str) -> pd.DataFrame:
    telling = count_if(_TELLING[table]) if table in _TELLING else nw.len()
    found = collect(rows.group_by("campaign", *days).agg(rows=nw.len(), telling=telling))
    return found.astype({"campaign": str, **dict.fromkeys(days, "datetime64[us]")}).assign(table=table)


def _whole_until(tables: Tables, where: Filter | None, table: str) -> dt.date:
    """Return the last local day that is known to be whole."""
    after = known_until(tables, where=where, of=(table,)) + _TICK
    return dt.date.fromisoformat(local_day(after, tables.zone)) - dt.timedelta(days=1)
