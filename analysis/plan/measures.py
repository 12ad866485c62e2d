"""Which figures does a plan go by, and what are they for some rows? Each is a figure that another question tells."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.arrays import Floats
from analysis.audience.growth import Growth
from analysis.audience.private_domain.kernel import inside
from analysis.audience.private_domain.question import PrivateDomain, private_channels, traffic_events
from analysis.audience.states.question import LifecycleStates
from analysis.errors import DataError
from analysis.estimates import Interval, proportion, ratio_of_sums
from analysis.journey.funnel.chains import by_chunk, entries
from analysis.journey.funnel.plan import DAY, Plan
from analysis.journey.funnel.question import Funnel
from analysis.journey.loyalty.participation import Participation, loyal
from analysis.journey.loyalty.retention import Retention
from analysis.journey.speed import PageSpeed
from analysis.messages import N_, say
from analysis.periods import campaigns, day_of, known_days, stretches
from analysis.plan.dates import whole_day
from analysis.question import Question
from analysis.results.performance.question import Performance, Spread
from analysis.results.returns import Returns, returns, stretched
from analysis.results.sales.question import Sales
from analysis.results.sales.words import RETURNS
from analysis.store.walk import Chunk
from analysis.tables import Tables, collect
from analysis.values import Filter, local_midnight, micros

Q = TypeVar("Q", bound=Question)


class Told(NamedTuple):
    """A figure with its interval (NaN bounds where it has none), the currency of an amount, and what it is not of."""

    at: Interval
    currency: str | None = None
    notes: tuple[Note, ...] = ()


class Parts(NamedTuple):
    """A figure day by day.

    Parameters
    ----------
    top : Series
        What is added up, by day.
    bottom : Series, optional
        What that is divided by; None for a sum.
    times : float
        By how much a sum goes.
    lag : int
        Days that have to go by before a day's people are judged.
    """

    top: pd.Series[float]
    bottom: pd.Series[float] | None = None
    times: float = 1.0
    lag: int = 0


@dataclass(frozen=True)
class Side:
    """Some rows of the data, and what was asked of them: several figures come from one answer.

    Parameters
    ----------
    tables : Tables
    where : Filter
        One campaign, or days.
    """

    tables: Tables
    where: Filter
    answers: dict[str, Answer] = field(default_factory=dict, compare=False, repr=False)
    trends: dict[str, tuple[pd.DataFrame, str | None]] = field(default_factory=dict, compare=False, repr=False)

    def ask(self, question: Question) -> Answer:
        """Answer a question under this side's filter, once."""
        asked = self.here(question)
        key = asked.digest()
        if key not in self.answers:
            self.answers[key] = asked.run(self.tables)
        return self.answers[key]

    def own_trend(self, question: Sales | Performance) -> tuple[pd.DataFrame, str | None]:
        """Return a question's figures period by period under this side's filter, and their currency, once."""
        asked = self.here(question)
        key = asked.digest()
        if key not in self.trends:
            self.trends[key] = asked.own_trend(self.tables)
        return self.trends[key]

    @cached_property
    def spread(self) -> Spread:
        """What was spent day by day under this side's filter, whatever its dates."""
        return self.here(_spent(self.tables)).spread(self.tables)

    def here(self, question: Q) -> Q:
        """Return a question under this side's filter; there is what it needs."""
        for lacking in question.lacks(self.tables):
            raise lacking
        named = all("campaign" in self.tables.present(table) for table in question.needs)
        return question.replace(where=self.where if named or not self.where.start else self.where.without("campaign"))

    @property
    def campaign(self) -> str:
        """The one campaign it is of.

        Raises
        ------
        DataError
            It is of days alone.
        """
        if len(self.where.campaign) != 1:
            raise DataError.empty(say("This is told of one campaign; these are days alone."))
        return self.where.campaign[0]


Read = Callable[[Side], Told]
Daily = Callable[[Tables], Sales | Performance]
ByDay = Callable[[Side], Parts]


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that goals and baselines are told in.

    Parameters
    ----------
    label : str
        In English (translated when shown).
    unit : {"money", "share", "count", "ratio"}
    better : {1, -1, 0}
        Whether more of it is good, bad, or neither.
    kind : type of Question
        Whose figure it is.
    read : callable
        Takes a side and returns the figure.
    by_day : callable, optional
        Takes a side and returns its parts day by day; None where days do not add up to it.
    also : tuple of str
        Tables that it needs beside its kind's.
    """

    label: str
    unit: str
    better: int
    kind: type[Question]
    read: Read
    by_day: ByDay | None = None
    also: tuple[str, ...] = ()


def _row(table: pd.DataFrame, value: str, low: str = "", high: str = "") -> Interval:
    row: Any = table.iloc[0]
    return Interval.of(*(row[name] if name else np.nan for name in (value, low, high)))


def _figure(kind: Callable[[Tables], Question], frame: str, value: str, low: str = "", high: str = "") -> Read:
    """Return what reads a figure of an answer's first row: its column, and those of its bounds."""

    def read(side: Side) -> Told:
        answer = side.ask(kind(side.tables))
        return Told(_row(answer.frame(frame), value, low, high), answer.currency)

    return read


# ---- orders and spend --------------------------------------------------------------------------------------


def _sales(_tables: Tables) -> Sales:
    return Sales(every="day")


def _spent(_tables: Tables) -> Performance:
    return Performance(by=None, every="day")


def _days(side: Side, kind: Daily) -> tuple[pd.DataFrame, str | None]:
    """Return a question's figures on each day that is whole."""
    trend, currency = side.own_trend(kind(side.tables))
    return trend[trend["whole"]].set_index("period").astype({"group": object}), currency


def _a_day(kind: Daily, column: str) -> Read:
    """Return what reads the mean of a sum a day, days being what varies."""

    def read(side: Side) -> Told:
        days, currency = _days(side, kind)
        amounts = days[column].astype(float).fillna(0.0).to_numpy()
        return Told(ratio_of_sums(amounts, np.ones(len(amounts))), currency)

    return read


def _sum(kind: Daily, column: str) -> ByDay:
    return lambda side: Parts(_days(side, kind)[0][column].astype(float).fillna(0.0))


def _spend_a_day(side: Side) -> Told:
    spent, where = side.spread, side.where
    known = known_days(side.tables, "spend", side.here(_spent(side.tables)).where)
    own = spent.days[where.start : where.end][: known[1]] if known else spent.days[:0]
    days = own.resample("D").sum()
    counted = stretched(pd.Series(1.0, days.index), spent.unit)
    return Told(ratio_of_sums(stretched(days, spent.unit), counted), spent.currency)


def _returns(side: Side) -> Returns:
    """Return what was realised and spent on the days that orders and spend both tell of."""
    sales, performance = side.here(_sales(side.tables)), side.here(_spent(side.tables))
    trend, currency = side.own_trend(_sales(side.tables))
    if currency != side.spread.currency:
        raise DataError.empty(say("Revenue and spend are in different currencies: give an exchange rate on Records."))
    realised = trend.set_index("period")["realised"]
    found = returns(side.tables, realised, sales.where, side.spread, performance.where)
    if found is None:
        raise DataError.empty(say("Orders and spend tell of no whole day in common: no ROI is told."))
    return found


def _roi(side: Side) -> Told:
    found = _returns(side)
    return Told(found.roi, notes=tuple(found.notes))


def _roi_parts(side: Side) -> Parts:
    found = _returns(side)
    return Parts(found.realised, found.spend)


def _aov_parts(side: Side) -> Parts:
    days, _ = _days(side, _sales)
    kept = days["kept"].astype(float).fillna(0.0)
    return Parts(kept * days["aov"].fillna(0.0), kept)


def _returned(side: Side) -> pd.DataFrame:
    """Return the days of whose orders refunds are in: a campaign that has just ended is not better than one before."""
    days, _ = _days(side, _sales)
    known = days[days.index <= pd.Timestamp(whole_day(side.tables, "orders")) - RETURNS]
    if known.empty:
        raise DataError.empty(
            say("Refunds come in for {days} days after an order, and no day of these is that long ago yet.",
                days=RETURNS.days)
        )  # fmt: skip
    return known.astype(dict.fromkeys(("refunded", "paid", "refunds", "paid_amount"), float)).fillna(0.0)


def _refund_rate(side: Side) -> Told:
    days = _returned(side)
    return Told(proportion(float(days["refunded"].sum()), float(days["paid"].sum())))


def _refund_share(side: Side) -> Told:
    days = _returned(side)
    return Told(ratio_of_sums(*(days[c].to_numpy() for c in ("refunds", "paid_amount"))))


def _returned_parts(top: str, bottom: str) -> ByDay:
    def parts(side: Side) -> Parts:
        days = _returned(side)
        return Parts(days[top], days[bottom], lag=RETURNS.days)

    return parts


def _new_buyers(side: Side) -> Told:
    row: Any = side.ask(_sales(side.tables)).table.iloc[0]
    if pd.isna(row["new_buyers"]):
        raise DataError.no_column("orders", "user_id")
    return Told(proportion(float(row["new_buyers"]), float(row["new_buyers"] + row["returning_buyers"])))


# ---- the journey ------------------------------------------------------------------------------------------


def _funnel(tables: Tables) -> Funnel:
    tables.require("events")
    return Funnel.suggested(tables)


def _step(event: str, *, whole: bool = False) -> Read:
    """Return what reads the share that went on to an event, of those at the step before or at the first."""
    columns = ("from_start", "start_low", "start_high") if whole else ("from_previous", "low", "high")

    def read(side: Side) -> Told:
        answer = side.ask(_funnel(side.tables))
        table = answer.table[answer.table["event"] == event] if event else answer.table.iloc[-1:]
        if table.empty or table["step"].iloc[0] == 1:
            raise DataError.unknown(say("event"), event, answer.table["event"].iloc[1:])
        return Told(_row(table, *columns))

    return read


def _step_parts(event: str) -> ByDay:
    """Return what counts, by the day on which people entered, those whose window is over and who went on."""

    def parts(side: Side) -> Parts:
        asked = _funnel(side.tables).replace(where=side.where)
        steps = list(asked.steps)
        last = steps.index(event) if event in steps else len(steps) - 1
        first, days = _calendar(side)
        starts = np.array(
            [micros(local_midnight(first.isoformat(), side.tables.zone, days=n)) for n in range(days + 1)]
        )
        plan, found = by_chunk(asked, side.tables, partial(_entered, starts=starts, last=last))
        entered, went_on = np.sum(found, axis=0).astype(float)
        index, lag = pd.date_range(first, periods=days), -(-plan.patience // DAY)
        return Parts(pd.Series(went_on, index), pd.Series(entered, index), lag=lag)

    return parts


def _entered(chunk: Chunk, plan: Plan, *, starts: Floats, last: int) -> Floats:
    entered, in_time = entries(chunk, plan)
    over = entered <= plan.until - plan.patience
    day = np.searchsorted(starts, entered[over], side="right") - 1
    inside = (day >= 0) & (day < len(starts) - 1)
    on = in_time[over] > last
    return np.stack([np.bincount(day[inside & which], minlength=len(starts) - 1) for which in (np.ones_like(on), on)])


def _calendar(side: Side) -> tuple[dt.date, int]:
    """Return the first day of a side's rows and how many days they span."""
    side.tables.require("events")
    span = side.tables.span("events")
    assert span is not None  # there are events
    day = day_of("timestamp", side.tables.zone, *span)
    rows = side.tables.frame("events", side.where).with_columns(day=day)
    found = collect(rows.select(first=nw.col("day").min(), last=nw.col("day").max())).iloc[0]
    if pd.isna(found["first"]):
        raise DataError.empty(say("No events are left here."))
    first, last = (pd.Timestamp(found[end]).date() for end in ("first", "last"))
    return first, (last - first).days + 1


def _later(side: Side) -> Told:
    """Return the share of those who took the last step that took it in a later attempt only."""
    row: Any = side.ask(_funnel(side.tables)).table.iloc[-1]
    return Told(proportion(float(row["later"]), float(row["later"] + row["settled"])))


def _slow(side: Side) -> Told:
    loss = side.ask(PageSpeed.suggested(side.tables)).frame("loss").iloc[0]
    return Told(proportion(float(loss["slow_users"]), float(loss["slow_users"] + loss["fast_users"])))


def _slow_ratio(side: Side) -> Told:
    return Told(_row(side.ask(PageSpeed.suggested(side.tables)).frame("loss"), "ratio", "ratio_low", "ratio_high"))


# ---- people -----------------------------------------------------------------------------------------------


def _since(side: Side) -> str | None:
    """Return the day that a side begins on: weeks of either side are counted from it, or weekdays would differ."""
    return side.where.start


def _curve(side: Side, asked: Question, later: int) -> Told:
    curve = side.ask(asked).frame("curve")
    own = curve[curve["later"] == later]
    if own.empty or not own["users"].iloc[0]:
        raise DataError.empty(say("Nobody has been followed for {n} weeks yet.", n=later))
    return Told(_row(own, "share", "low", "high"))


def _week(side: Side) -> Told:
    return _curve(side, Retention.suggested(side.tables).replace(weeks_from=_since(side)), 1)


def _again(side: Side) -> Told:
    if "purchase" not in side.tables.event_keys:
        raise DataError.unknown(say("event"), "purchase", side.tables.event_keys)
    return _curve(side, Retention(start=("purchase",), returns=("purchase",), weeks_from=_since(side)), 1)


def _private(value: str, low: str, high: str) -> Read:
    def read(side: Side) -> Told:
        answer = side.ask(PrivateDomain(every="campaign"))
        table = answer.table[answer.table["period"] == side.campaign]
        if table.empty:
            raise DataError.empty(say("Nobody came in this campaign."))
        return Told(_row(table, value, low, high), answer.currency)

    return read


def _private_parts(side: Side) -> Parts:
    """Return the visits of each day, and those through the private domain, as its own question counts them."""
    asked, tables = PrivateDomain(), side.tables
    private, events = private_channels(asked, tables), traffic_events(asked, tables)
    span = tables.span("events")
    assert span is not None  # its question needs events
    rows = tables.frame("events", side.where)
    rows = rows.filter(nw.col("event").is_in(list(events))) if events else rows
    rows = rows.with_columns(day=day_of("timestamp", tables.zone, *span), inside=inside(private))
    found = collect(rows.group_by("day").agg(top=nw.col("inside").sum(), bottom=nw.len()))
    found = found.set_index(pd.to_datetime(found["day"])).sort_index().astype({"top": float, "bottom": float})
    return Parts(found["top"], found["bottom"])


def _took_part(side: Side) -> Told:
    asked = Participation.suggested(side.tables)
    if not asked.paid_orders:
        raise DataError.empty(say("Who is loyal is told by paid orders from before the first campaign: import them."))
    whole = Filter(campaign=campaigns_until(side), start=None, end=side.where.end)
    answer = Side(side.tables, whole, side.answers).ask(asked)
    table = answer.frame("campaigns")
    own = table[table["campaign"] == side.campaign]
    if own.empty:
        raise DataError.empty(say("No loyal user took part in this campaign."))
    return Told(_row(own, "rate", "low", "high"))


def campaigns_until(side: Side) -> tuple[str, ...]:
    """Return the campaigns up to a side's own, for which its people may have been loyal before."""
    names = [run.name for run in campaigns(side.tables, None)]
    return tuple(names[: names.index(side.campaign) + 1]) if side.campaign in names else tuple(names)


def _took_part_parts(side: Side) -> Parts:
    """Return on which day of the campaign each loyal user who took part did so first, as a share of all of them."""
    asked, first = Participation.suggested(side.tables), campaigns(side.tables, None)[0]
    base = loyal(asked, side.tables, first).to_pylist()
    begun, days = _calendar(side)
    span = side.tables.span("events")
    assert span is not None  # there are campaigns
    rows = side.tables.frame("events", side.where).group_by("user_id").agg(timestamp=nw.col("timestamp").min())
    found = collect(rows.with_columns(day=day_of("timestamp", side.tables.zone, *span)).select("user_id", "day"))
    own = pd.to_datetime(found["day"][found["user_id"].isin(set(base))]).value_counts()
    return Parts(own.reindex(pd.date_range(begun, periods=days), fill_value=0).astype(float), None, 1 / len(base))


def _growth(side: Side) -> Told:
    table = side.ask(Growth(every="week", weeks_from=_since(side))).table
    told = table[table["complete"] & (table["before"] > 0)]
    if told.empty:
        raise DataError.empty(say("No two whole weeks in a row are in these days."))
    return Told(proportion(float(told["returning"].sum()), float(told["before"].sum())))


def _lapsed(side: Side) -> Told:
    last = side.where.end or stretches(side.tables)[side.campaign][1].isoformat()
    asked = LifecycleStates(at=last)
    answer = Side(side.tables, Filter(end=last), side.answers).ask(asked)
    table = answer.table
    return Told(_row(table[table["state"] == "lapsed"], "share", "low", "high"))


MEASURES: Mapping[str, Measure] = MappingProxyType({
    "revenue_a_day": Measure(N_("Realised revenue a day"), "money", 1, Sales, _a_day(_sales, "realised")),
    "orders_a_day": Measure(N_("Paid orders a day"), "count", 1, Sales, _a_day(_sales, "paid")),
    "aov": Measure(N_("Average order value"), "money", 1, Sales,
                   _figure(_sales, "table", "aov", "aov_low", "aov_high"), _aov_parts),
    "paid_rate": Measure(N_("Paid, of orders created"), "share", 1, Sales,
                         _figure(_sales, "table", "paid_rate", "paid_low", "paid_high")),
    "refund_rate": Measure(N_("Refund rate, of orders paid"), "share", -1, Sales, _refund_rate,
                           _returned_parts("refunded", "paid")),
    "refund_share": Measure(N_("Refunds, of the amount paid"), "share", -1, Sales, _refund_share,
                            _returned_parts("refunds", "paid_amount")),
    "new_buyer_share": Measure(N_("New buyers, of all buyers"), "share", 0, Sales, _new_buyers),
    "spend_a_day": Measure(N_("Spend a day"), "money", 0, Performance, _spend_a_day),
    "ctr": Measure(N_("Click-through rate (CTR)"), "share", 1, Performance,
                   _figure(_spent, "rates", "ctr", "ctr_low", "ctr_high")),
    "cpm": Measure(N_("Cost per thousand impressions (CPM)"), "money", -1, Performance,
                   _figure(_spent, "rates", "cpm", "cpm_low", "cpm_high")),
    "cpc": Measure(N_("Cost per click (CPC)"), "money", -1, Performance,
                   _figure(_spent, "rates", "cpc", "cpc_low", "cpc_high")),
    "cvr": Measure(N_("Conversion rate of clicks (CVR)"), "share", 1, Performance,
                   _figure(_spent, "rates", "cvr", "cvr_low", "cvr_high")),
    "cpa": Measure(N_("Cost per conversion (CPA)"), "money", -1, Performance,
                   _figure(_spent, "rates", "cpa", "cpa_low", "cpa_high")),
    "roas": Measure(N_("ROAS, as claimed"), "ratio", 1, Performance,
                    _figure(_spent, "rates", "roas", "roas_low", "roas_high")),
    "roi": Measure(N_("ROI"), "ratio", 1, Performance, _roi, _roi_parts, also=("orders",)),
    "cart_rate": Measure(N_("Filled a basket, of those who looked"), "share", 1, Funnel, _step("cart"),
                         _step_parts("cart")),
    "checkout_rate": Measure(N_("Went to pay, of those with a basket"), "share", 1, Funnel, _step("checkout")),
    "purchase_rate": Measure(N_("Bought, of those who went to pay"), "share", 1, Funnel, _step("purchase")),
    "conversion": Measure(N_("Conversion, first step to last"), "share", 1, Funnel, _step("", whole=True),
                          _step_parts("")),
    "later_share": Measure(N_("Conversions in a later attempt"), "share", 0, Funnel, _later),
    "slow_share": Measure(N_("Users with slow pages"), "share", -1, PageSpeed, _slow),
    "slow_ratio": Measure(N_("Going on, with slow pages over fast ones"), "ratio", 1, PageSpeed, _slow_ratio),
    "week_retention": Measure(N_("Back one week later"), "share", 1, Retention, _week),
    "bought_again": Measure(N_("Bought again one week later"), "share", 1, Retention, _again),
    "kept_weekly": Measure(N_("Of one week's people, here in the next"), "share", 1, Growth, _growth),
    "lapsed_share": Measure(N_("Buyers who have lapsed"), "share", -1, LifecycleStates, _lapsed),
    "participation": Measure(N_("Loyal users who take part"), "share", 1, Participation, _took_part, _took_part_parts),
    "private_share": Measure(N_("Private domain's share of visits"), "share", 1, PrivateDomain,
                             _private("share", "low", "high"), _private_parts),
    "private_revenue": Measure(N_("Private domain's share of revenue"), "share", 1, PrivateDomain,
                               _private("revenue_share", "revenue_low", "revenue_high")),
    "buyer_cost": Measure(N_("Spend per new buyer"), "money", -1, PrivateDomain,
                          _private("cost", "cost_low", "cost_high")),
    "revenue": Measure(N_("Realised revenue"), "money", 1, Sales, _figure(_sales, "table", "realised"),
                       _sum(_sales, "realised")),
    "orders": Measure(N_("Orders paid"), "count", 1, Sales, _figure(_sales, "table", "paid"), _sum(_sales, "paid")),
    "new_buyers": Measure(N_("New buyers"), "count", 1, Sales, _figure(_sales, "table", "new_buyers")),
    "spend": Measure(N_("Spend"), "money", -1, Performance, _figure(_spent, "table", "spend"), _sum(_spent, "spend")),
})  # fmt: skip
"""Every ready figure by its code."""

SUMS = ("revenue", "orders", "new_buyers", "spend")
"""Those that grow with the days: goals, and no baselines."""
BASELINES = tuple(code for code in MEASURES if code not in SUMS)
"""The plan's thirty."""
