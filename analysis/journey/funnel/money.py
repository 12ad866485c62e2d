"""What did the orders bring that a funnel matched, and what did its users cost?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis import charts
from analysis.answer import Answer, Note
from analysis.arrays import Bools, Floats
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import Moments, mean
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.groups import GROUP
from analysis.journey.funnel.chains import Chains, chains
from analysis.journey.funnel.definition import FunnelDefinition, OfFunnel, within
from analysis.later import alt
from analysis.messages import N_, Message, Money, Names, say
from analysis.money import currency_of, known, roi
from analysis.purchases import Purchases, purchases, source_of
from analysis.store.walk import Columns
from analysis.tables import Tables, collect
from analysis.values import Filter, currency_code, optional, value

SPENT_BY = ("channel", "campaign", "creative", "audience", "phase")
"""Columns of the events that tell whose spend it is."""


@value("funnel-money")
class FunnelMoney(OfFunnel):
    """Revenue and cost per user at each step of a funnel.

    Parameters
    ----------
    funnel : Funnel
        Its steps, rules and breakdown. Its filter becomes the question's own, where that has none.
    currency : str, optional
        That amounts are counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Spend is filtered alike, as far as it has the columns.

    Notes
    -----
    Revenue is that of the orders named by the events that were matched at the last step, paid and less refunds:
    other orders of the same people are not the funnel's. An order that several users name counts once, for who named
    it first. In any order, it is the orders of those who took all steps. Cost is all the spend of the same filter, over
    all users of the step, bought or not. Users whose order was paid in another currency are counted in neither half of
    revenue per user. Its 95% intervals are those of :func:`analysis.estimates.mean`.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel
    >>> at = pd.to_datetime(["2026-11-11 10:00", "2026-11-11 11:00", "2026-11-11 10:00"])
    >>> events = pd.DataFrame({"user_id": ["a", "a", "b"], "timestamp": at, "event": ["view", "purchase", "view"],
    ...                        "order_id": [None, "o1", None]})
    >>> orders = pd.DataFrame({"order_id": ["o1", "o2"], "timestamp": at[1], "revenue": [90.0, 50.0],
    ...                        "currency": "CNY", "paid_at": at[1], "refund": [10.0, 0.0]})
    >>> answer = FunnelMoney(funnel=Funnel(steps=("view", "purchase"))).run(Tables(events=events, orders=orders))
    >>> answer.table[["users", "revenue", "revenue_per_user"]].to_numpy().tolist()
    [[2.0, 80.0, 40.0], [1.0, 80.0, 80.0]]
    """

    title: ClassVar[str] = N_("What did the orders of the funnel bring?")

    currency: str | None = field(default=None, metadata=optional(currency_code()))

    def _answer(self, tables: Tables) -> FunnelMoneyAnswer:
        asked = self.asked
        known(tables, self.currency, "events", "orders", "spend")
        found = carried(asked, tables, currency=self.currency)
        if not len(found.chains):
            raise DataError.empty(nobody(asked))
        spent, notes = _spent(asked, tables, found.currency)
        if not found.known and not spent:
            raise DataError.empty(_no_money(asked, found.chains))
        table = _table(asked, found, spent)
        return FunnelMoneyAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table, found),
            frames={"table": table},
            notes=(*_waiting(found.chains), *found.notes, *notes),
            currency=found.currency,
            universe=tables.names(asked.breakdown) if asked.breakdown else (),
            said=asked.said,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelMoneyAnswer(Answer):
    """One row per group and step; per-user figures are over the users who got so far.

    `users` are all of them, over whom cost is shared; `counted` are those not known to have paid in another currency,
    over whom revenue is.
    """

    fields: ClassVar[Fields] = described(
        table={
            "breakdown": GROUP,
            "step": Field(N_("Step"), "count"),
            "event": Field(N_("Event"), "text", of="event"),
            "users": Field(N_("Users"), "count"),
            "counted": Field(N_("Users counted"), "count"),
            "orders": Field(N_("Matched orders"), "count"),
            "revenue": Field(N_("Revenue of matched orders"), "money"),
            "revenue_per_user": Field(N_("Revenue per user"), "money"),
            **bounds("money"),
            "spend": Field(N_("Spend"), "money"),
            "cost_per_user": Field(N_("Cost per user"), "money"),
            "roi": Field(N_("ROI"), "ratio"),
        },
    )
    figures = (Figure("revenue_per_user", ("breakdown", "event"), n="counted", steps="event"),)

    question: FunnelMoney
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        return _picture(self, look)


# ---- the orders -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Carried:
    """A funnel's chains and what their matched orders brought.

    Parameters
    ----------
    chains : Chains
    revenue : ndarray of float64, shape (users,)
        Realised revenue of the order named by the event that took the last step; 0 without one.
    orders : ndarray of bool, shape (users,)
        Whether a paid order was matched; one named by several users counts for who named it first.
    counted : ndarray of bool, shape (users,)
        False for whoever paid in a currency that is not counted: they are in no mean.
    known : bool
        Whether there is money to speak of at all; else `revenue` is NaN throughout.
    currency : str or None
    notes : tuple of Note
    """

    chains: Chains
    revenue: Floats
    orders: Bools
    counted: Bools
    known: bool
    currency: str | None
    notes: tuple[Note, ...]


def carried(
    asked: FunnelDefinition, tables: Tables, reached: Columns | None = None, *, currency: str | None = None
) -> Carried:
    """Walk a funnel and look up the orders its last step matched.

    Parameters
    ----------
    asked : Funnel
    tables : Tables
    reached : Columns, optional
        What to look up where a user first got as far as each step.
    currency : str, optional
        That amounts are counted in.
    """
    present = tables.present("events")
    ordered = "order_id" in present and source_of(tables, buyers=False).orders
    money = Columns(numbers=("value",) if "value" in present else (), texts=("order_id",) if ordered else ())
    found = chains(asked, tables, taken=money, reached=reached)
    if ordered and (ids := _at_last(found, found.taken.texts["order_id"])).null_count < len(ids):
        return _of_orders(found, ids, tables, currency)
    return _of_values(found, tables, currency)


def _at_last(found: Chains, steps: Sequence[Any]) -> Any:
    """Return each user's text at the event that took the last step, null for those who did not convert."""
    if not len(found):
        return steps[-1]
    taken = pc.choose(pa.array(np.maximum(found.last, 0)), *steps)
    return pc.if_else(pa.array(found.last >= 0), taken, None)


def _of_orders(found: Chains, ids: Any, tables: Tables, wanted: str | None) -> Carried:
    """Look up what the orders brought; an order counts for one user alone."""
    bought = purchases(tables, buyers=False)
    named, notes, currency = _named(bought, ids, tables, wanted)
    at = pc.index_in(ids, value_set=named.column("order_id").combine_chunks()).fill_null(len(named)).to_numpy()
    matched, shared = _each_once(found, at, len(named))
    amounts = np.append(named.column("amount").to_numpy(), 0.0)[at]
    counted = ~(matched & np.isnan(amounts))
    money = np.where(matched & counted, amounts, 0.0)
    if shared:
        text = say("{n} orders are named by several users: each counts once, for who named it first.", n=shared)
        notes = (*notes, Note("shared-orders", text, "warning"))
    return Carried(found, money, matched & counted, counted, True, currency, (*notes, *bought.notes))


def _named(bought: Purchases, ids: Any, tables: Tables, wanted: str | None) -> tuple[Any, tuple[Note, ...], str | None]:
    """Return the purchases named, amounts in one currency (null in others), with what is to be said of currencies."""
    every = bought.rows.select("order_id", "paid_at", "currency", "amount").collect("pyarrow").to_arrow()
    own, notes, currency = _in_one(every.filter(pc.is_in(every.column("order_id"), value_set=ids)), tables, wanted)
    # An order in two currencies is looked up in the one that counts.
    return own.sort_by([("amount", "ascending")]), notes, currency


def _in_one(amounts: pa.Table, tables: Tables, wanted: str | None) -> tuple[pa.Table, tuple[Note, ...], str | None]:
    """Return amounts in the one currency that counts, null in others."""
    frame = nw.from_native(amounts, eager_only=True)
    found = currency_of(tables, frame.lazy(), wanted)
    own = frame.with_columns(amount=nw.col("amount") * found.factor())
    return own.to_arrow(), found.notes(say("revenue"), people=True), found.code


def _each_once(found: Chains, at: Any, none: int) -> tuple[Bools, int]:
    """Say for whom an order counts, given each user's, and how many orders several users name."""
    users = np.flatnonzero(at < none)
    when = found.time[users, found.last[users]]
    users = users[np.lexsort((found.user[users], when, at[users]))]
    first = np.append(True, at[users][1:] != at[users][:-1])[: len(users)]
    matched = np.zeros(len(at), bool)
    matched[users[first]] = True
    return matched, len(np.unique(at[users[~first]]))


def _of_values(found: Chains, tables: Tables, wanted: str | None) -> Carried:
    """Take the value of the event that took the last step."""
    values = found.taken.numbers.get("value", np.full(found.time.shape, np.nan))
    last = np.maximum(found.last, 0)[:, None].astype(np.int64)
    at_last, when = (np.take_along_axis(of, last, axis=1)[:, 0] for of in (values, found.time))
    valued = (found.last >= 0) & ~np.isnan(at_last)
    own = tables.campaign.currency if tables.campaign else None
    if not valued.any():
        unknown = say("The last step names no orders and has no values: its revenue is not known.")
        nothing, everybody = np.full(len(found), np.nan), np.ones(len(found), bool)
        return Carried(found, nothing, valued, everybody, False, own, (Note("no-revenue", unknown, "missing"),))
    known(tables, wanted, "events")
    carried_ = pa.table({
        "amount": pa.array(at_last[valued], pa.float64()),
        "paid_at": pa.array(when[valued], pa.int64()).view(pa.timestamp("us")),
        "currency": pa.array([own] * int(valued.sum()), pa.string()),
    })  # fmt: skip
    amounts, notes, currency = _in_one(carried_, tables, wanted)
    money, counted = np.zeros(len(found)), np.ones(len(found), bool)
    money[valued] = amounts.column("amount").to_numpy()
    counted[np.isnan(money)] = False
    note = say("The last step names no orders: its events' values are used, from which refunds are not taken off.")
    notes = (Note("event-values", note, "warning"), *notes)
    return Carried(found, np.nan_to_num(money), valued & counted, counted, True, currency, notes)


def _waiting(found: Chains) -> Iterator[Note]:
    """Say how many may still bring something."""
    if users := int(found.still_open.sum()):
        text = say("{users} of {n} users still have time to go on: what they bring later is not in these figures.",
                   users=users, n=len(found))  # fmt: skip
        yield Note("still-open", text, "warning")


def _no_money(asked: FunnelDefinition, found: Chains) -> Message:
    last = asked.step_words[-1]
    if (found.last < 0).all():
        return say("Nobody took all steps up to {step}, so there is no money to follow.", step=last)
    return say("The last step, {step}, names no orders and has no values, so there is no money to follow.", step=last)


def too_early(asked: FunnelDefinition) -> Message:
    """Say that nobody has been seen for a whole window."""
    return say(
        "Nobody has had {window} to go on before the data ends. Choose a shorter window, or earlier dates.",
        window=within(asked),
    )


def nobody(asked: FunnelDefinition) -> Message:
    """Say that nobody entered."""
    return say(
        "Nobody took the first step, {step}, under these filters. Widen the dates or clear a filter.",
        step=asked.step_words[0],
    )


# ---- the spend --------------------------------------------------------------------------------------------


def _spent(asked: FunnelDefinition, tables: Tables, currency: str | None) -> tuple[dict[str, float], list[Note]]:
    """Return spend by group, of the same filter and currency; empty where it cannot be told."""
    if not tables.count("spend"):
        return {}, []
    where, present = asked.where or Filter(), tables.present("spend")
    if lacks := [c for c in where.columns() if c not in present]:
        text = say("Spend has no {columns}, so the cost of these users is not known.", columns=Names(tuple(lacks)))
        return {}, [Note("no-cost", text, "missing")]
    by = asked.breakdown if asked.breakdown in SPENT_BY and asked.breakdown in present else None
    frame = tables.frame("spend", asked.where)
    money = currency_of(tables, frame, currency, amount="spend", at="period_start")
    own = frame.with_columns(amount=nw.col("spend") * money.factor("period_start")).filter(~nw.col("amount").is_null())
    rows = collect(own.select("amount", *([by] if by else [])))
    notes = list(money.notes(say("spend")))
    if rows.empty and money.others:
        return {}, notes
    found = {TOTAL: float(rows["amount"].sum())}
    if by:
        found |= {str(name): float(sum_) for name, sum_ in rows.groupby(by)["amount"].sum().items()}
    return found, notes


# ---- the table --------------------------------------------------------------------------------------------


def _table(asked: FunnelDefinition, found: Carried, spent: Mapping[str, float]) -> pd.DataFrame:
    everybody = np.full(len(found.chains), True)
    rows = _rows(asked, TOTAL, found, everybody, spent.get(TOTAL, np.nan))
    if asked.breakdown:
        for g, name in enumerate(found.chains.groups):
            if (own := found.chains.group == g).any():
                rows += _rows(asked, name, found, own, spent.get(name, np.nan))
    return pd.DataFrame(rows, columns=list(FunnelMoneyAnswer.fields["table"]))


def _rows(asked: FunnelDefinition, name: str, found: Carried, own: Any, spend: float) -> list[dict[str, Any]]:
    money, orders, counted = found.revenue[own], found.orders[own], found.counted[own]
    rows = []
    for k, event in enumerate(found.chains.steps, 1):
        here = found.chains.took(k - 1)[own]
        users, revenue = int(here.sum()), float(money[here].sum())
        each, low, high = mean(Moments.of(money[here & counted]), least=0).floats()
        rows.append({
            "breakdown": name, "step": k, "event": event, "users": users, "counted": int((here & counted).sum()),
            "orders": int(orders[here].sum()), "revenue": revenue if users else np.nan,
            "revenue_per_user": each, "low": low, "high": high,
            "spend": spend, "cost_per_user": spend / users if users else np.nan, "roi": float(roi(revenue, spend)),
        })  # fmt: skip
    return rows


def _headline(table: pd.DataFrame, found: Carried) -> Message:
    first = table.iloc[0]

    def money(amount: float) -> Money:
        return Money(float(amount), found.currency)

    facts = {
        "revenue": money(first["revenue"]),
        "orders": int(first["orders"]),
        "each": money(first["revenue_per_user"]),
        "interval": say("95% {low} to {high}", low=money(first["low"]), high=money(first["high"]))
        if not pd.isna(first["low"])
        else say("too few for an interval"),
        "users": int(first["counted"]),
    }
    if not found.known or not first["counted"]:
        return say(
            "Each of {users} users who entered cost {cost}; what they brought is not known.",
            users=int(first["users"]),
            cost=money(first["cost_per_user"]),
        )
    if pd.isna(first["cost_per_user"]):
        return say(
            "The funnel's {orders} orders brought {revenue}: {each} for each of {users} users who entered "
            "({interval}).",
            **facts,
        )
    return say(
        "The funnel's {orders} orders brought {revenue}: {each} for each of {users} users who entered ({interval}), "
        "who cost {cost} each.",
        **facts,
        cost=money(first["cost_per_user"]),
    )


# ---- the picture ------------------------------------------------------------------------------------------


_EACH = {"revenue_per_user": N_("revenue per user"), "cost_per_user": N_("cost per user")}
_OWN = {"what": Field(N_("Of what"), "text", _EACH), "amount": Field(N_("Amount"), "money")}


def _picture(answer: FunnelMoneyAnswer, look: Look) -> AnyChart:
    plot, table = answer.plot("table", look).beside(**_OWN), answer.table
    grouped = table["breakdown"].nunique() > 1
    shown = plot.named(table[table["step"] == 1] if grouped else table)
    label = shown["breakdown_name"] if grouped else shown["step"].astype(str) + ". " + shown["event_name"]
    counts = [look(say("n = {n}", n=int(n))) for n in shown["users"]]
    shown["row"] = [f"{text}\n{count}" for text, count in zip(label, counts, strict=True)]
    long = shown.melt(
        id_vars=["row", "breakdown", "event", "low", "high"], value_vars=list(_EACH), var_name="what",
        value_name="amount",
    )  # fmt: skip
    long.loc[long["what"] == "cost_per_user", ["low", "high"]] = np.nan
    words = [plot.name("what", name) for name in _EACH]
    scale = alt.Scale(domain=words, range=[charts.ACCENT, charts.PENDING])
    base = alt.Chart(plot.named(long.dropna(subset="amount"))).encode(
        y=charts.rows("row", shown["row"].tolist(), lines=2), yOffset=alt.YOffset("what_name:N", sort=words)
    )
    bars = base.mark_bar().encode(
        x=plot.x("amount", title=plot.title("amount", N_("per user who got so far"))),
        color=alt.Color("what_name:N", scale=scale, title=None),
        tooltip=plot.tips("breakdown" if grouped else "event", "what", "amount", "low", "high"),
    )
    whole = alt.layer(bars, charts.whiskers(base, look))
    return charts.finish(whole, look, describe=look(answer.headline), height=58 * len(shown) + 60)
