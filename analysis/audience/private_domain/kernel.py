"""How much of traffic and money is the private domain's, what does a new buyer cost, and who is there a month later?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from math import comb
from typing import NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.audience.days import Lazy, first_day, local_date, period_number
from analysis.estimates import TAILS, Interval, Moments, mean, share
from analysis.later import later
from analysis.money import Currency
from analysis.periods import Run, known_until
from analysis.purchases import purchases, source_of
from analysis.tables import Tables, collect, instant
from analysis.values import Filter, local_day, local_midnight

special = later("scipy.special")
MONTH = 30
"""Days after a campaign, and before it, that people are looked at in."""
_POWERS = [(i, j) for i in range(5) for j in range(5 - i)]


class Scope(NamedTuple):
    """What is looked at, over which periods, and which channels are private."""

    tables: Tables
    where: Filter | None
    every: str
    private: Sequence[str]

    def held(self, table: str) -> Filter | None:
        """Return the filter without the columns that a table lacks."""
        lacks = [c for c in (self.where.columns() if self.where else ()) if c not in self.tables.present(table)]
        return self.where.without(*lacks) if self.where else None

    def tells(self, table: str) -> bool:
        """Say whether a table's rows tell the period they are of."""
        return self.every != "campaign" or "campaign" in self.tables.present(table)

    def period(self, table: str, time: str) -> nw.Expr:
        """Return the period a row of a table is of."""
        if self.every == "campaign":
            return nw.col("campaign")
        return period_number(local_date(self.tables, time, table), self.every)

    def label(self, period: object) -> str:
        """Return a period as it is called: a campaign's name, a month, or a week's first day."""
        if self.every == "campaign":
            return str(period)
        day = first_day(int(str(period)), self.every)
        return day[:7] if self.every == "month" else day

    @property
    def inside(self) -> nw.Expr:
        """1 where a row's channel is private, else 0."""
        return inside(self.private)


def inside(private: Sequence[str]) -> nw.Expr:
    """Return 1 where a row's channel is one of some, else 0."""
    return nw.when(nw.col("channel").is_in(list(private)).fill_null(False)).then(nw.lit(1)).otherwise(nw.lit(0))


def traffic(scope: Scope, events: Sequence[str]) -> pd.DataFrame:
    """Return by period how many events count as traffic, how many of them are private, and the share's interval."""
    rows = scope.tables.frame("events", scope.held("events"))
    rows = rows.filter(nw.col("event").is_in(list(events))) if events else rows
    period = scope.period("events", "timestamp")
    rows = rows.select(period=period, unit=nw.col("user_id"), x=scope.inside, n=nw.lit(1))
    return _shares(rows, ("private_visits", "visits", "share", "low", "high"))


def revenue(scope: Scope, currency: Currency) -> pd.DataFrame | None:
    """Return the same of realised revenue; None where orders lack what tells."""
    if not _told(scope):
        return None
    rows = purchases(scope.tables, scope.held("orders"), *_further(scope)).realised
    rows = rows.with_columns(n=nw.col("amount") * currency.factor()).drop_nulls("n")
    unit = nw.when(nw.col("user_id").is_null()).then(nw.col("order_id")).otherwise(nw.col("user_id"))
    rows = rows.select(
        period=scope.period("orders", "timestamp"), unit=unit, x=nw.col("n") * scope.inside, n=nw.col("n")
    )
    return _shares(rows, ("private_revenue", "revenue", "revenue_share", "revenue_low", "revenue_high"))


def _further(scope: Scope) -> tuple[str, ...]:
    return ("channel", "campaign") if scope.every == "campaign" else ("channel",)


def _told(scope: Scope) -> bool:
    return source_of(scope.tables, scope.held("orders"), *_further(scope), buyers=True).orders


def _shares(rows: Lazy, names: tuple[str, ...]) -> pd.DataFrame:
    """Return by period the sums of x and n, and x over n with an interval that knows whose they are.

    One person's visits, and orders, go together: the interval rests on people's sums (see
    :func:`analysis.estimates.ratio_of_sums`), put together from sums of their powers.
    """
    people = rows.filter(~nw.col("period").is_null()).group_by("period", "unit")
    own = people.agg(x=nw.col("x").sum().cast(nw.Float64), n=nw.col("n").sum().cast(nw.Float64))
    powers = {f"{i} {j}": _power("x", i) * _power("n", j) for i, j in _POWERS}
    sums = collect(own.select("period", **powers).group_by("period").agg(nw.col(*powers).sum()))
    sums = sums.sort_values("period").set_index("period")
    found = _ratio({(i, j): sums[f"{i} {j}"].to_numpy(float) for i, j in _POWERS})
    columns = (sums["1 0"], sums["0 1"], found.value, found.low, found.high)
    return pd.DataFrame(dict(zip(names, columns, strict=True)), index=sums.index)


def _power(column: str, power: int) -> nw.Expr:
    found: nw.Expr = nw.lit(1.0)
    for _ in range(power):
        found = found * nw.col(column)
    return found


def _ratio(sums: dict[tuple[int, int], Floats]) -> Interval:
    value = share(sums[1, 0], sums[0, 1])
    v = np.nan_to_num(value)
    left = [sum(comb(k, i) * sums[i, k - i] * (-v) ** (k - i) for i in range(k + 1)) for k in range(5)]
    _, low, high = mean(Moments(*map(np.asarray, left)))
    each = share(sums[0, 1], sums[0, 0])
    return Interval(value, np.clip(value + share(low, each), 0, 1), np.clip(value + share(high, each), 0, 1))


def acquired(scope: Scope) -> pd.DataFrame | None:
    """Return by period how many bought for the first time, and how many of them through the private domain."""
    if not _told(scope):
        return None
    where = scope.held("orders")
    # Who is new hangs on everything they ever bought; what counts of it is settled afterwards.
    also = dict.fromkeys((*_further(scope), *(where.columns() if where else ())))
    rows = purchases(scope.tables, None, *also).rows.filter(~nw.col("user_id").is_null())
    rows = rows.with_columns(first=nw.col("paid_at").min().over("user_id")).filter(nw.col("paid_at") == nw.col("first"))
    rows = rows.with_columns(own=nw.col("order_id").min().over("user_id")).filter(nw.col("order_id") == nw.col("own"))
    rows = scope.tables.filtered(rows, "orders", where)
    rows = rows.select(period=scope.period("orders", "timestamp"), inside=scope.inside)
    counted = rows.filter(~nw.col("period").is_null()).group_by("period")
    return collect(counted.agg(acquired=nw.len(), private_acquired=nw.col("inside").sum())).set_index("period")


def spent(scope: Scope, currency: Currency) -> pd.DataFrame | None:
    """Return by period what was spent, and what of it on the private domain; None where spend does not tell."""
    if not scope.tables.count("spend") or not scope.tells("spend"):
        return None
    period = scope.period("spend", "period_start")
    rows = scope.tables.frame("spend", scope.held("spend"))
    rows = rows.with_columns(amount=nw.col("spend") * currency.factor("period_start")).drop_nulls("amount")
    rows = rows.select(period=period, amount=nw.col("amount"), own=nw.col("amount") * scope.inside)
    counted = rows.filter(~nw.col("period").is_null()).group_by("period")
    return collect(counted.agg(spend=nw.col("amount").sum(), private_spend=nw.col("own").sum())).set_index("period")


def cost(spend: Floats, buyers: Floats) -> Interval:
    """Return what a new buyer cost, with the exact Poisson interval (Garwood 1936) of how many there might have been.

    Examples
    --------
    >>> [round(bound, 2) for bound in cost(np.array(1000.0), np.array(10.0)).floats()]
    [100.0, 54.38, 208.53]
    """
    spend, buyers = np.asarray(spend, float), np.asarray(buyers, float)
    fewest = special.gammaincinv(np.maximum(buyers, 1), TAILS[0])
    most = special.gammaincinv(np.nan_to_num(buyers) + 1, TAILS[1])
    known = (spend > 0) & (buyers > 0)
    bounds = (share(spend, buyers), spend / most, spend / fewest)
    return Interval(*(np.where(known, bound, np.nan) for bound in bounds))


class Months(NamedTuple):
    """A campaign's people by whether they came privately, came back, bought the month before and the month after.

    `whole` says whether the month after was observed, `seen` whether anybody was in it, `sold` whether anything was
    bought in it.
    """

    campaign: str
    counts: pd.DataFrame
    whole: bool
    seen: bool
    sold: bool


def months(scope: Scope, run: Run) -> Months:
    """Count a campaign's people by what they did around it."""
    tables, zone = scope.tables, scope.tables.zone
    own = tables.campaign if tables.campaign and tables.campaign.name == run.name else None
    first = min(local_day(run.first, zone), own.start) if own else local_day(run.first, zone)
    last = max(local_day(run.last, zone), own.end) if own else local_day(run.last, zone)
    start, before = (local_midnight(first, zone, days=by) for by in (0, -MONTH))
    end, after = (local_midnight(last, zone, days=1 + by) for by in (0, MONTH))
    events = tables.frame("events")
    people = events.filter(nw.col("campaign") == run.name).group_by("user_id").agg(inside=scope.inside.max())
    back = _within(events, "timestamp", end, after)
    found = people.join(back.with_columns(back=nw.lit(1)), on="user_id", how="left")
    source = source_of(tables)
    if source.orders or source.events:
        paid = purchases(tables).rows.filter(~nw.col("user_id").is_null())
        for name, ends in (("before", (before, start)), ("after", (end, after))):
            side = _within(paid, "paid_at", *ends).with_columns(nw.lit(1).alias(name))
            found = found.join(side, on="user_id", how="left")
    else:
        found = found.with_columns(before=nw.lit(0), after=nw.lit(0))
    flags = ("back", "before", "after")
    found = found.with_columns(nw.col(*flags).fill_null(0))
    counts = collect(found.group_by("inside", *flags).agg(users=nw.len())).astype("int64")
    anybody = collect(back.select(n=nw.len()))["n"].iloc[0]
    bought = bool(counts["after"].any()) or _sold(tables, end, after)
    whole = known_until(tables) >= after - dt.timedelta(microseconds=1)
    return Months(run.name, counts, whole, bool(anybody), bought)


def _within(rows: Lazy, time: str, start: dt.datetime, end: dt.datetime) -> Lazy:
    held = rows.filter(nw.col(time) >= instant(start), nw.col(time) < instant(end))
    return held.select("user_id").unique()


def _sold(tables: Tables, start: dt.datetime, end: dt.datetime) -> bool:
    source = source_of(tables)
    if not (source.orders or source.events):
        return False
    paid = purchases(tables).rows.filter(nw.col("paid_at") >= instant(start), nw.col("paid_at") < instant(end))
    return bool(collect(paid.select(n=nw.len()))["n"].iloc[0])
