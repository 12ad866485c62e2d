"""How are sales going: what was created, paid, given back and kept, and against the campaign before?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import MappingProxyType
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.charts import NOT_SET, TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import UNKNOWN, Interval, Moments, mean, proportion, ratio, relative, share
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.groups import told_apart_by
from analysis.messages import N_, say
from analysis.money import Currency, currency_of, known
from analysis.periods import SameDays, known_until
from analysis.purchases import OF_LINES, Created, created
from analysis.question import Question
from analysis.results.against import (
    CAMPAIGN,
    EVERY,
    GROUP,
    OTHERS,
    Daily,
    by_day,
    campaigns_of,
    changes,
    compared_notes,
    fields_of,
    groups_of,
    grown,
    load,
    of_all,
    totals,
    trend,
    whole_until,
)
from analysis.results.sales import chart, words
from analysis.store.columns import stored
from analysis.tables import Tables, collect, count_if, instant, sum_if
from analysis.values import Filter, currency_code, one_of, optional, text, value

COLUMNS = (N_("channel"), N_("item"), N_("region"), N_("coupon"), N_("campaign"), N_("status"))
"""What orders are usually split by."""
WAIT = dt.timedelta(days=1)
"""How long an order may take to be paid before it is judged."""
POWERS = tuple(f"power_{n}" for n in range(1, 5))
"""Sums of the powers of what each purchase came to: they tell its mean and how sure that is."""

_FIGURES: Mapping[str, Field] = {
    "created": Field(N_("Orders created"), "count"),
    "created_amount": Field(N_("Amount created"), "money"),
    "paid": Field(N_("Orders paid"), "count"),
    "paid_amount": Field(N_("Amount paid"), "money"),
    "paid_rate": Field(N_("Paid, of orders created"), "share"),
    "refunded": Field(N_("Orders refunded in full"), "count"),
    "refunds": Field(N_("Refunds"), "money"),
    "refund_rate": Field(N_("Refund rate, of orders paid"), "share"),
    "refund_share": Field(N_("Refunds, of the amount paid"), "share"),
    "kept": Field(N_("Orders kept"), "count"),
    "realised": Field(N_("Realised revenue"), "money"),
    "aov": Field(N_("Average order value"), "money"),
}
_BOUNDS: Mapping[str, Field] = {
    "paid_low": Field(N_("Paid: 95% from"), "share"),
    "paid_high": Field(N_("Paid: 95% to"), "share"),
    "refund_low": Field(N_("Refund rate: 95% from"), "share"),
    "refund_high": Field(N_("Refund rate: 95% to"), "share"),
    "aov_low": Field(N_("Order value: 95% from"), "money"),
    "aov_high": Field(N_("Order value: 95% to"), "money"),
}
_BUYERS: Mapping[str, Field] = {
    "new_buyers": Field(N_("New buyers"), "count"),
    "returning_buyers": Field(N_("Returning buyers"), "count"),
}
COUNTED = ("created", "paid", "refunded", "kept", "new_buyers", "returning_buyers")


@value("sales")
class Sales(Question):
    """Orders created, paid, refunded and kept, and what they brought, beside the same days of the campaign before.

    Parameters
    ----------
    by : str, optional
        A text column of the orders that they are split by: one of :data:`COLUMNS`, or a saved segment.
    every : {"day", "week", "month"}, optional
        The periods of the trend; without one, the whole at once.
    currency : str, optional
        That amounts are counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Its dates are those on which orders were created. One campaign alone is compared.

    Notes
    -----
    Who paid what is told by :func:`analysis.purchases.created`. Everything of an order belongs to the day on which it
    was created, whenever it was paid or given back; a refund that names no order belongs to its own day. An order is
    refunded once nothing of it is left; it is kept while something is. Realised revenue is what was paid less all
    refunds, and the average order value what a kept order came to. By item an order counts in each of those it has,
    with what their lines came to.

    The share paid is of orders created at least a day before the data ends, as others may still be paid. A buyer is
    new who has no purchase before in all of the data.

    Intervals are 95%: Wilson's of shares, :func:`analysis.estimates.mean` of order values. An amount's change is a
    ratio of sums over the days compared, the days being what varies; a rate's is a score interval of a ratio; that of
    order values is put together from both intervals. Refund rates are compared on the days of them from which refunds
    are in (:data:`analysis.results.sales.words.RETURNS` before the data ends); sums of refunds where all are such days.

    Examples
    --------
    >>> at = pd.Timestamp("2026-11-11 10:00")
    >>> orders = pd.DataFrame({"order_id": list("abcd"), "timestamp": at, "paid_at": [at, at, at, None],
    ...                        "revenue": [60.0, 40.0, 30.0, 9.0], "refund": [0.0, 40.0, 5.0, 0.0], "currency": "CNY"})
    >>> answer = Sales(every=None).run(Tables(orders=orders))
    >>> answer.table[["created", "paid", "refunded", "kept", "realised", "aov"]].values.tolist()
    [[4, 3, 1, 2, 85.0, 42.5]]
    """

    title: ClassVar[str] = N_("How are sales going?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"orders": ()})

    by: str | None = field(default=None, metadata=optional(text()))
    every: str | None = field(default="day", metadata=optional(one_of(*EVERY)))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    def own_trend(self, tables: Tables) -> tuple[pd.DataFrame, str | None]:
        """Return the answer's `trend` without the campaign before, and its currency, in a third of the time."""
        source = _Source.of(self, tables)
        return source.trend(source.looked_at(beside=False)), source.money.code

    def _answer(self, tables: Tables) -> SalesAnswer:
        if self.by:
            told_apart_by(self.by, tables, "orders")
        known(tables, self.currency, "orders")
        source = _Source.of(self, tables)
        daily = source.looked_at()
        table = _table(source, daily, self.where)
        compared = campaigns_of(self.where, self.by, daily, source.daily)
        campaigns, change = _beside(source, compared)
        return SalesAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(self.by, table, campaigns, change, source.money.code, told=source.told),
            frames={
                "table": table,
                "trend": source.trend(daily),
                "steps": _steps(source, daily),
                "campaigns": campaigns,
                "change": change,
            },
            notes=(
                *source.notes(daily, table),
                *compared_notes(compared, tables, self.where, "orders"),
                *source.refunds_compared(compared),
            ),
            currency=source.money.code,
            universe=tables.names(self.by) if self.by else (),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class SalesAnswer(Answer):
    """All orders together, then each group.

    `trend` has them by period, the campaign before on days called as those of this one; `steps` the funnel from
    created to kept; `campaigns` this campaign and the one before on the same days, refund rates of those of them from
    which refunds are in; `change` how far they are apart.
    """

    fields: ClassVar[Fields] = described(
        table={"group": GROUP, **_FIGURES, **_BOUNDS, **_BUYERS},
        steps={
            "step": Field(N_("Step"), "text", words.STEPS),
            "campaign": CAMPAIGN,
            "orders": Field(N_("Orders"), "count"),
            "amount": Field(N_("Amount"), "money"),
            "rate": Field(N_("Of the step before"), "share"),
            **bounds("share"),
        },
        **fields_of(_FIGURES, {**_FIGURES, **_BUYERS}),
    )
    figures = (
        Figure("realised", ("group",), "", ""),
        Figure("realised", ("period", "group"), "", "", frame="trend"),
    )

    question: Sales
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        return chart.draw(self, self.question.by, self.question.every, self.universe, look)


# ---- the sums ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """The orders in the one currency that counts, and what is known of them."""

    asked: Sales
    tables: Tables
    money: Currency
    told: bool
    buyers: bool
    span: tuple[dt.datetime, dt.datetime]
    until: dt.datetime
    created: Callable[..., Created]
    told_people: dict[Filter | None, pd.DataFrame] = field(default_factory=dict)

    @classmethod
    def of(cls, asked: Sales, tables: Tables) -> _Source:
        # The same orders are asked for several sums.
        under = cache(lambda where, lines=None: created(tables, where, *_by(asked), lines=lines))
        made, span = under(asked.where), tables.span("orders")
        assert span is not None  # `needs` holds orders
        money = _currency(asked, tables, made)
        until = known_until(tables, of=("orders",))
        return cls(asked, tables, money, made.told, "user_id" in tables.present("orders"), span, until, under)

    def daily(self, where: Filter | None, *, grouped: bool = False, beside: bool = True) -> Daily:
        """Return the sums under a filter and those of the campaign before."""
        own = partial(load, self.tables, where, "orders", weight="created_amount", beside=beside)
        if not grouped or self.lines is None:
            return own(self.sums, grouped=grouped)
        return own(partial(self.sums, lines=self.lines), grouped=True).within(own(self.sums, grouped=False))

    @property
    def lines(self) -> str | None:
        """The column that orders are split by, where each of their lines has its own value."""
        return self.asked.by if self.asked.by in OF_LINES else None

    def looked_at(self, *, beside: bool = True) -> Daily:
        """Return what the question is about; there is something."""
        daily = self.daily(self.asked.where, grouped=bool(self.asked.by), beside=beside)
        if not len(daily.now):
            raise DataError.empty(say("No orders are left under these filters. Widen the dates or clear a filter."))
        return daily

    def trend(self, daily: Daily) -> pd.DataFrame:
        """Return the figures by period."""
        figures = partial(_figures, told=self.told)
        return _typed(trend(daily, self.asked.every, self.whole, figures), "trend")

    @property
    def whole(self) -> pd.Timestamp:
        """The last day that is known to be whole."""
        return whole_until(self.until, self.tables.zone)

    @property
    def settled(self) -> pd.Timestamp:
        """The last day of whose orders refunds are in."""
        return self.whole - words.RETURNS

    def refunds_compared(self, compared: list[Daily]) -> tuple[Note, ...]:
        """Say on which days refund rates are compared, where those are not all."""
        return tuple(words.refunds_compared(daily.same, self.settled) for daily in compared if self.told and daily.same
                     and pd.Timestamp(daily.same.days[1]) > self.settled)  # fmt: skip

    def notes(self, daily: Daily, table: pd.DataFrame) -> tuple[Note, ...]:
        """Say what was left out, what is still to come, and the rules."""
        sums = totals(daily.now).iloc[0]
        whole = of_all(daily.now)
        return (
            *self.created(self.asked.where).notes,
            *self.money.notes(say("orders")),
            *words.notes(
                self.asked.by, table, told=self.told, buyers=self.buyers, since=self.span[0],
                waiting=int(sums["created"] - sums["judged"] - sums["paid"] + sums["judged_paid"]),
                late=int(whole["kept"][whole["day"] > self.settled].sum()),
            ),
        )  # fmt: skip

    def orders(self, where: Filter | None, lines: str | None = None) -> nw.LazyFrame[Any]:
        """Return the orders under a filter, or what their lines are of, amounts in the one currency."""
        rows = _dated(self.created(where, lines).rows)
        factor = self.money.factor("at")
        amounts = {c: nw.col(c) * factor for c in ("revenue", "paid", "amount")}
        return rows.with_columns(**amounts).filter(~nw.col("revenue").is_null())

    def sums(self, where: Filter | None, lines: str | None = None) -> pd.DataFrame:
        """Return what is summed of orders and of refunds of their day, by day and group."""
        rows, bought, paid = self.orders(where, lines), nw.col("bought"), ~nw.col("paid").is_null()
        judged = nw.col("timestamp") <= instant(self.until - WAIT)
        amount = nw.col("amount")
        powers = {name: sum_if(bought, amount**n) for n, name in enumerate(POWERS, 1)}
        orders = by_day(
            rows, "timestamp", self.asked.by, self.tables, self.span,
            created=nw.len(), created_amount=nw.col("revenue").sum(), paid=count_if(paid),
            paid_amount=sum_if(paid, nw.col("paid")), kept=count_if(bought), judged=count_if(judged),
            judged_paid=count_if(judged & paid), **powers,
        )  # fmt: skip
        credits = self.credits(where)
        found = orders.assign(credits=0.0) if credits is None else _with_credits(orders, credits)
        realised = found["power_1"] + found["credits"]
        return found.assign(
            realised=realised, refunds=found["paid_amount"] - realised, refunded=found["paid"] - found["kept"]
        )

    def credits(self, where: Filter | None) -> pd.DataFrame | None:
        """Return refunds of their day, by day and group; None where there are none at all."""
        back = self.created(where).refunds
        if back is None:
            return None
        rows = _dated(back).with_columns(amount=nw.col("amount") * self.money.factor("at"))
        rows = rows.filter(~nw.col("amount").is_null())
        return by_day(rows, "timestamp", self.asked.by, self.tables, self.span, credits=nw.col("amount").sum())

    def buyers_of(self, where: Filter | None, groups: list[str]) -> pd.DataFrame:
        """Return new and returning buyers of all and of each group; nothing where nobody is known or paid."""
        if not (self.buyers and self.told):
            return pd.DataFrame(np.nan, index=groups, columns=list(_BUYERS))
        if where not in self.told_people:
            self.told_people[where] = self._people(where)
        # Somebody may buy in several of the groups that stand together: how many there are is not told.
        people = self.told_people[where].drop(index=OTHERS, errors="ignore")
        return people.reindex([g for g in groups if g != OTHERS], fill_value=0)

    def _people(self, where: Filter | None) -> pd.DataFrame:
        every = created(self.tables).rows.filter(nw.col("bought"), ~nw.col("user_id").is_null())
        firsts = every.group_by("user_id").agg(begun=nw.col("timestamp").min())

        def bought(lines: str | None) -> nw.LazyFrame[Any]:
            own = self.orders(where, lines).filter(nw.col("bought"), ~nw.col("user_id").is_null())
            return own.join(firsts, on="user_id", how="left")

        return pd.concat(
            [_told_apart(bought(None), None), *(_told_apart(bought(self.lines), by) for by in _by(self.asked))]
        )


def _told_apart(own: nw.LazyFrame[Any], by: str | None) -> pd.DataFrame:
    """Return new and returning buyers by group: new is who bought for the first time among these orders."""
    own_group = nw.col(stored(by or ""))
    group = nw.when(~own_group.is_null()).then(own_group).otherwise(nw.lit(NOT_SET)) if by else nw.lit(TOTAL)
    new = nw.when(nw.col("timestamp") == nw.col("begun")).then(nw.lit(1)).otherwise(nw.lit(0)).max()
    each = own.with_columns(group=group).group_by("group", "user_id").agg(new=new)
    rows = collect(each.group_by("group").agg(new=nw.col("new").sum(), people=nw.len())).set_index("group")
    return pd.DataFrame({"new_buyers": rows["new"], "returning_buyers": rows["people"] - rows["new"]})


def _by(asked: Sales) -> tuple[str, ...]:
    return (asked.by,) if asked.by else ()


def _dated(rows: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Say of each order whose day's exchange rate holds: that of paying, as everywhere, else that of ordering."""
    paid_at = nw.col("paid_at")
    return rows.with_columns(at=nw.when(~paid_at.is_null()).then(paid_at).otherwise(nw.col("timestamp")))


def _currency(asked: Sales, tables: Tables, made: Created) -> Currency:
    """Return the currency that purchases are counted in, as other questions do, and what orders are in others."""
    bought = made.rows.filter(nw.col("bought")).select("currency", "amount", "paid_at")
    if made.refunds is not None:
        bought = nw.concat([bought, made.refunds.select("currency", "amount", "paid_at")])
    told = currency_of(tables, bought, asked.currency)
    code = told.code if told.rows else asked.currency
    return currency_of(tables, _dated(made.rows), code, amount="revenue", at="at")


def _with_credits(found: pd.DataFrame, credits: pd.DataFrame) -> pd.DataFrame:
    # A group is null where orders have none: pandas joins nulls with nulls.
    both = found.merge(credits, on=["day", "group"], how="outer")
    sums = [c for c in both if c not in ("day", "group")]
    return both.fillna(dict.fromkeys(sums, 0.0)).sort_values(["day", "group"], ignore_index=True)


# ---- the figures ------------------------------------------------------------------------------------------


def _figures(sums: pd.DataFrame, *, told: bool) -> pd.DataFrame:
    """Return the figures that sums stand for, row by row; what orders do not tell stays empty."""
    rates = {
        "paid_rate": share(sums["judged_paid"], sums["judged"]),
        "refund_rate": share(sums["refunded"], sums["paid"]),
        "refund_share": share(sums["refunds"], sums["paid_amount"]),
        "aov": share(sums["power_1"], sums["kept"]),
    }
    figures = sums.assign(**rates)[list(_FIGURES)]
    if not told:
        figures[[c for c in _FIGURES if not c.startswith("created")]] = np.nan
    return figures.round({c: 6 for c, own in _FIGURES.items() if own.unit == "money"})


def _estimates(sums: pd.DataFrame) -> dict[str, Interval]:
    """Return the figures that are estimates, with their intervals."""
    moments = Moments(*(sums[c].to_numpy(float) for c in ("kept", *POWERS)))
    return {
        "paid": proportion(sums["judged_paid"], sums["judged"]),
        "refund": proportion(sums["refunded"], sums["paid"]),
        "aov": mean(moments, least=0.0),
    }


def _table(source: _Source, daily: Daily, where: Filter | None) -> pd.DataFrame:
    sums = totals(daily.now, "power_1" if source.told else "created_amount")
    table = _figures(sums, told=source.told)
    for name, estimate in _estimates(sums).items():
        table[f"{name}_low"], table[f"{name}_high"] = (
            bound if source.told else np.nan for bound in (estimate.low, estimate.high)
        )
    buyers = source.buyers_of(where, list(sums.index))
    return _typed(table.join(buyers).reset_index(), "table")


def _typed(table: pd.DataFrame, frame: str) -> pd.DataFrame:
    counts = {c: "Int64" for c in COUNTED if c in table}
    return table.astype(counts)[list(SalesAnswer.fields[frame])]


def _steps(source: _Source, daily: Daily) -> pd.DataFrame:
    """Return created, paid and kept, each of the step before, on the days compared where any are."""
    sides: list[tuple[str | None, pd.DataFrame]] = [(None, daily.now)]
    if daily.same:
        sides = [(daily.same.campaign, daily.alike), (daily.same.before, daily.before)]
    rows = [row for name, part in sides for row in _steps_of(name, totals(part).iloc[0])]
    frame = pd.DataFrame(rows, columns=list(SalesAnswer.fields["steps"]))
    if not source.told:
        frame.loc[frame["step"] != "created", ["orders", "amount", "rate", "low", "high"]] = np.nan
    return frame.astype({"orders": "Int64", "campaign": object})


def _steps_of(name: str | None, sums: pd.Series[float]) -> Iterator[tuple[object, ...]]:
    yield "created", name, sums["created"], sums["created_amount"], np.nan, np.nan, np.nan
    paid, kept = proportion(sums["judged_paid"], sums["judged"]), proportion(sums["kept"], sums["paid"])
    yield "paid", name, sums["paid"], sums["paid_amount"], *paid.floats()
    yield "kept", name, sums["kept"], sums["realised"], *kept.floats()


# ---- beside the campaign before ---------------------------------------------------------------------------


def _beside(source: _Source, compared: list[Daily]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return this campaign and the one before on the same days, and how far they are apart."""
    frames, ratios = [pd.DataFrame(columns=list(SalesAnswer.fields["campaigns"]))], dict[tuple[str, str], Interval]()
    for daily in compared:
        same, groups = daily.same, groups_of(daily, "power_1")
        assert same is not None  # it is compared
        sides = ((same.campaign, same.days, daily.alike), (same.before, same.earlier, daily.before))
        sums = [totals(part).reindex(groups, fill_value=0.0) for _, _, part in sides]
        settled = _settled(daily, source.settled)
        back = [totals(part).reindex(groups, fill_value=0.0) for part in (settled.alike, settled.before)]
        whole = daily.days == tuple(map(pd.Timestamp, same.days))  # then its buyers are known already
        own = [_side(source, name, days, part, back_, whole=whole and name == same.campaign)
               for (name, days, _), part, back_ in zip(sides, sums, back, strict=True)]  # fmt: skip
        frames += own
        ratios |= dict(_ratios(source, daily, groups, sums, back, pd.concat(own)))
        if settled.same != same:
            ratios |= {(group, measure): UNKNOWN for group in groups for measure in ("refunded", "refunds")}
    campaigns = pd.concat(frames[1:] or frames, ignore_index=True)
    return _typed(campaigns, "campaigns"), changes(ratios)


def _settled(daily: Daily, last: pd.Timestamp) -> Daily:
    """Return what is compared without orders after a day, of which refunds may still come, in either campaign."""
    same = daily.same
    assert same is not None  # it is compared
    ahead = pd.Timestamp(same.days[1]) - last
    if ahead <= pd.Timedelta(0):
        return daily
    days, earlier = ((first, str((pd.Timestamp(until) - ahead).date())) for first, until in (same.days, same.earlier))
    shorter = SameDays(same.campaign, same.before, days, earlier)
    return replace(daily, same=shorter, before=daily.before[daily.before["day"] <= last])


def _side(
    source: _Source, name: str, days: tuple[str, str], sums: pd.DataFrame, back: pd.DataFrame, *, whole: bool
) -> pd.DataFrame:
    """Return one campaign's figures on the days compared, its refund rates of those whose refunds are in (`back`).

    `whole`: these are all days that are looked at.
    """
    dates = (source.asked.where or Filter()).replace(campaign=(name,), start=days[0], end=days[1])
    buyers = source.buyers_of(source.asked.where if whole else dates, list(sums.index))
    rates = _figures(back, told=source.told)[["refund_rate", "refund_share"]]
    figures = _figures(sums, told=source.told).assign(**rates).join(buyers)
    return figures.reset_index().assign(campaign=name, first=pd.Timestamp(days[0]), last=pd.Timestamp(days[1]))


def _ratios(
    source: _Source,
    daily: Daily,
    groups: list[str],
    sums: list[pd.DataFrame],
    back: list[pd.DataFrame],
    campaigns: pd.DataFrame,
) -> Iterator[tuple[tuple[str, str], Interval]]:
    """Yield each group's figures over those of the same days before."""
    estimates, nothing = [_estimates(own) for own in sums], np.asarray(np.nan)
    now, then = daily.pair
    for n, group in enumerate(groups):
        for measure in _ADDED if source.told else ("created", "created_amount"):
            yield (group, measure), grown(now[group], then[group], measure)
        if not source.told:
            continue
        for measure, of, (top, bottom) in (
            ("paid_rate", sums, ("judged_paid", "judged")),
            ("refund_rate", back, ("refunded", "paid")),
        ):
            counts = [own.loc[group, [top, bottom]].to_numpy(float) for own in of]
            yield (group, measure), ratio(*counts[0], *counts[1])
        yield (group, "aov"), relative(*(own["aov"].at(n) for own in estimates))
        people = campaigns[campaigns["group"] == group]
        for measure in _BUYERS:
            yield (group, measure), Interval(share(*people[measure].astype(float).tolist()), nothing, nothing)


_ADDED = ("created", "created_amount", "paid", "paid_amount", "refunded", "refunds", "kept", "realised")
"""Figures that add up over days."""
