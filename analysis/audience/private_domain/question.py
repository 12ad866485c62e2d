"""How far does the private domain carry a campaign: traffic, revenue, new buyers, and who stays?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.audience.private_domain import chart, words
from analysis.audience.private_domain.kernel import Months, Scope, acquired, cost, months, revenue, spent, traffic
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import UNKNOWN, difference, proportion
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.groups import private_among
from analysis.messages import N_, say
from analysis.money import Currency, currency_of
from analysis.periods import campaigns
from analysis.purchases import purchases, source_of
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import currency_code, names, number, one_of, optional, value

EVERY = ("campaign", "month", "week")
STEPS = ("visit", "join_private", "purchase", "purchase")
"""The private domain's four steps, as a funnel has them: drawn in, joined, bought, bought again."""
INSIDE, OUTSIDE = N_("private domain"), N_("all others")


@value("private-domain")
class PrivateDomain(Question):
    """What share of traffic and revenue the private domain has, what a new buyer costs, and who is there a month later.

    Parameters
    ----------
    channels : sequence of str
        The channels of the private domain. By default the standard one, where the events have it, else those tagged
        "private".
    every : {"campaign", "month", "week"}
        Over what traffic, revenue and cost are shown.
    by : sequence of str
        Events that count as traffic; by default visits, and any event where there are none.
    goal : float
        The share aimed at.
    currency : str, optional
        That money is counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Which rows count; columns that a table lacks do not restrict it.

    Notes
    -----
    The intervals of the shares rest on people's sums, since one person's visits go together. A new buyer is one on
    their first purchase in the data, of the channel and campaign of that order; what they cost is all spend over their
    number. Retention is of the people of a campaign by whether they came through the private domain in it: seen again
    within 30 days of its end. The month after is set against the month before it by who bought (Newcombe's interval
    for paired shares).

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({"user_id": list("abcd"), "timestamp": pd.Timestamp("2026-11-11"), "event": "visit",
    ...                        "campaign": "2026", "channel": ["private_domain", "search", "search", None]})
    >>> table = PrivateDomain().run(Tables(events=events)).table
    >>> table[["period", "visits", "private_visits", "share"]].values.tolist()
    [['2026', 4, 1, 0.25]]
    """

    title: ClassVar[str] = N_("How far does the private domain carry?")
    of_all: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ("channel",)})

    channels: tuple[str, ...] = field(default=(), metadata=names(at_most=100))
    every: str = field(default="campaign", metadata=one_of(*EVERY))
    by: tuple[str, ...] = field(default=(), metadata=names(at_most=100))
    goal: float = field(default=0.4, metadata=number(above=0, most=1))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the private domain by campaign; by month where there is only one, or none."""
        return cls(every="campaign" if len(tables.names("campaign", "events")) > 1 else "month")

    def _answer(self, tables: Tables) -> PrivateDomainAnswer:
        scope, events, came = _came(self, tables)
        currency = _currency(self, tables)
        runs = campaigns(tables, self.where, dated=True) if "campaign" in tables.present("events") else ()
        paid = _paid(tables, currency)
        table = _table(scope, came, (currency, paid), [run.name for run in runs])
        held = [months(scope, run) for run in runs[-MOST:]]
        frames = {"table": table, "after": _after(held)}
        said = words.notes(scope.private, events, table, held)
        return PrivateDomainAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(table, self.goal),
            frames=frames,
            notes=(*currency.notes(say("revenue")), *paid.notes(say("spend")), *said),
            currency=currency.code,
        )


MOST = 12
"""Most campaigns whose month after is looked at: the last ones."""
_PERIOD = Field(N_("Period"), "text", of="campaign")


@dataclass(frozen=True, kw_only=True, repr=False)
class PrivateDomainAnswer(Answer):
    """One row per period: the private domain's share of visits and of revenue, and what a new buyer cost.

    "after" has two rows per campaign, of the people who came through the private domain in it and of all others:
    how many were `back` within 30 days of its end, and which shares bought in the 30 days `before` and `after` it.
    What the data do not tell is null. Bounds are 95%.
    """

    fields: ClassVar[Fields] = described(
        table={
            "period": _PERIOD,
            "visits": Field(N_("Visits"), "count"),
            "private_visits": Field(N_("Private domain: visits"), "count"),
            "share": Field(N_("Share of visits"), "share"),
            **bounds("share"),
            "revenue": Field(N_("Revenue"), "money"),
            "private_revenue": Field(N_("Private domain: revenue"), "money"),
            "revenue_share": Field(N_("Share of revenue"), "share"),
            "revenue_low": Field(N_("Share of revenue: 95% from"), "share"),
            "revenue_high": Field(N_("Share of revenue: 95% to"), "share"),
            "spend": Field(N_("Spend"), "money"),
            "acquired": Field(N_("New buyers"), "count"),
            "cost": Field(N_("Spend per new buyer"), "money"),
            "cost_low": Field(N_("Spend per new buyer: 95% from"), "money"),
            "cost_high": Field(N_("Spend per new buyer: 95% to"), "money"),
            "private_spend": Field(N_("Private domain: spend"), "money"),
            "private_acquired": Field(N_("Private domain: new buyers"), "count"),
            "private_cost": Field(N_("Private domain: spend per new buyer"), "money"),
            "private_cost_low": Field(N_("Private domain: spend per new buyer, 95% from"), "money"),
            "private_cost_high": Field(N_("Private domain: spend per new buyer, 95% to"), "money"),
        },
        after={
            "campaign": Field(N_("Campaign"), "text", of="campaign"),
            "group": Field(N_("People who came through"), "text", {INSIDE: INSIDE, OUTSIDE: OUTSIDE}),
            "users": Field(N_("Users"), "count"),
            "back": Field(N_("Back within 30 days"), "count"),
            "share": Field(N_("30-day retention"), "share"),
            **bounds("share"),
            "before": Field(N_("Bought in the 30 days before"), "share"),
            "after": Field(N_("Bought in the 30 days after"), "share"),
            "change": Field(N_("Change"), "points"),
            "change_low": Field(N_("Change: 95% from"), "points"),
            "change_high": Field(N_("Change: 95% to"), "points"),
            "complete": Field(N_("Complete"), "flag"),
        },
    )
    figures = (Figure("share", ("period",), n="visits", main=-1),)

    question: PrivateDomain

    def _chart(self, look: Look) -> AnyChart:
        return chart.shares(self.table, self.plot("table", look), self.question.goal, look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


def visits(asked: PrivateDomain, tables: Tables) -> pd.DataFrame:
    """Return what the question's table says of traffic alone, which takes a third of the time.

    Parameters
    ----------
    asked : PrivateDomain
    tables : Tables

    Returns
    -------
    DataFrame
        By period `visits`, `private_visits`, their `share` and its 95% bounds.

    Raises
    ------
    DataError
        Nobody came, or no channel is of the private domain.

    Examples
    --------
    >>> events = pd.DataFrame({"user_id": list("abc"), "timestamp": pd.Timestamp("2026-11-11"), "event": "visit",
    ...                        "campaign": "2026", "channel": ["private_domain", "search", None]})
    >>> visits(PrivateDomain(), Tables(events=events))[["visits", "private_visits"]].values.tolist()
    [[3, 1]]
    """
    return _came(asked, tables)[2].astype({"visits": "int64", "private_visits": "int64"})


def _came(asked: PrivateDomain, tables: Tables) -> tuple[Scope, tuple[str, ...], pd.DataFrame]:
    """Return what is looked at, the events that count as traffic, and the traffic by period."""
    for event in asked.by:
        if event not in tables.event_keys:
            raise DataError.unknown(say("event"), event, tables.event_keys)
    if asked.every == "campaign":
        tables.require("events", "campaign")
    scope = Scope(tables, asked.where, asked.every, private_channels(asked, tables))
    events = traffic_events(asked, tables)
    came = traffic(scope, events)
    if came.empty:
        raise DataError.empty(say("Nobody came under these filters. Clear a filter or choose other events."))
    return scope, events, came


def private_channels(asked: PrivateDomain, tables: Tables) -> tuple[str, ...]:
    """Return the channels of the private domain: those asked for, the standard one, or those tagged as such."""
    known = tables.names("channel", "events")
    if asked.channels:
        for channel in asked.channels:
            if channel not in known:
                raise DataError.unknown(say("channel"), channel, known)
        return asked.channels
    found = private_among(known, tables)
    if not found:
        raise DataError.empty(words.no_channel(known))
    return found


def traffic_events(asked: PrivateDomain, tables: Tables) -> tuple[str, ...]:
    """Return the events that count as traffic; none are all of them."""
    return asked.by or (("visit",) if "visit" in tables.event_keys else ())


def _currency(asked: PrivateDomain, tables: Tables) -> Currency:
    """Return the one currency of revenue and of spend: what revenue is in, where there is any."""
    source = source_of(tables)
    if source.orders or source.events:
        return currency_of(tables, purchases(tables).realised, asked.currency)
    if tables.count("spend"):
        return currency_of(tables, tables.frame("spend"), asked.currency, amount="spend", at="period_start")
    return Currency(None)


def _paid(tables: Tables, currency: Currency) -> Currency:
    """Return the same currency for spend, with what of it is in others."""
    if not tables.count("spend"):
        return Currency(None)
    return currency_of(tables, tables.frame("spend"), currency.code, amount="spend", at="period_start")


def _table(scope: Scope, came: pd.DataFrame, money: tuple[Currency, Currency], order: Sequence[str]) -> pd.DataFrame:
    """Lay out every period that anybody came in, campaigns in the order they ran in."""
    if scope.every == "campaign":
        came = came.reindex([name for name in order if name in came.index])
    table = came
    for part in (revenue(scope, money[0]), acquired(scope), spent(scope, money[1])):
        table = table if part is None else table.join(part)
    table = table.reindex(columns=[*dict.fromkeys([*came.columns, *_FURTHER])])
    for own, spend, buyers in (("cost", "spend", "acquired"), ("private_cost", "private_spend", "private_acquired")):
        found = cost(table[spend].to_numpy(float), table[buyers].to_numpy(float))
        table = table.assign(**{own: found.value, f"{own}_low": found.low, f"{own}_high": found.high})
    table = table.assign(period=[scope.label(period) for period in table.index])
    table = table.astype(
        {"visits": "int64", "private_visits": "int64", "acquired": "Int64", "private_acquired": "Int64"}
    )
    return table[list(PrivateDomainAnswer.fields["table"])].reset_index(drop=True)


_FURTHER = (
    *("revenue", "private_revenue", "revenue_share", "revenue_low", "revenue_high"),
    *("spend", "private_spend", "acquired", "private_acquired"),
)


def _after(held: Sequence[Months]) -> pd.DataFrame:
    rows = [_group(of, place, name) for of in held for place, name in ((1, INSIDE), (0, OUTSIDE))]
    return pd.DataFrame(rows, columns=list(PrivateDomainAnswer.fields["after"]))


def _group(of: Months, inside: int, name: str) -> dict[str, object]:
    """Lay out one side of a campaign's people; what its month after does not tell is null."""
    own = of.counts[of.counts["inside"] == inside]
    users = own["users"].to_numpy(float)
    n = users.sum()
    flags = {flag: own[flag].to_numpy(float) @ users for flag in ("back", "before", "after")}
    both = (own["before"] * own["after"]).to_numpy(float) @ users
    back = proportion(flags["back"], n) if of.whole and of.seen else UNKNOWN
    before, after = (proportion(flags[side], n) for side in ("before", "after"))
    told = of.whole and of.sold
    change = difference(after, before, correlation=_phi(n, flags["before"], flags["after"], both)) if told else UNKNOWN
    return {
        "campaign": of.campaign,
        "group": name,
        "users": int(n),
        "back": int(flags["back"]),
        **dict(zip(("share", "low", "high"), back.floats(), strict=True)),
        "before": float(before.value),
        "after": float(after.value) if told else np.nan,
        **dict(zip(("change", "change_low", "change_high"), change.floats(), strict=True)),
        "complete": of.whole,
    }


def _phi(n: float, one: float, other: float, both: float) -> float:
    """Return the correlation of two marks on the same people; 0 where all or none have one of them."""
    spread = one * (n - one) * other * (n - other)
    return float((n * both - one * other) / np.sqrt(spread)) if spread > 0 else 0.0
