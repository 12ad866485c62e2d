"""What did the orders bring that a funnel matched, and what did its users cost?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import altair as alt
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis import charts
from analysis.answer import Answer, Field, Note
from analysis.charts import GROUP_WORDS, TOTAL, Look
from analysis.errors import DataError
from analysis.estimates import SMALL, Z
from analysis.journey.funnel.chains import Chains, chains
from analysis.journey.funnel.definition import FunnelDefinition, OfFunnel, within
from analysis.messages import N_, Message, Money, Names, say
from analysis.store.walk import Columns
from analysis.tables import Tables, collect
from analysis.values import Filter, value
from analysis.vocabulary import EVENT_WORDS

SPENT_BY = ("channel", "campaign", "creative", "audience", "phase")
"""Columns of the events that tell whose spend it is."""


@value("funnel-money")
class FunnelMoney(OfFunnel):
    """Revenue and cost per user at each step of a funnel.

    Parameters
    ----------
    funnel : Funnel
        Its steps, rules and breakdown. Its filter becomes the question's own, where that has none.
    where : Filter, optional
        Spend is filtered alike, as far as it has the columns.

    Notes
    -----
    Revenue is that of the orders named by the events that were matched at the last step, paid and less refunds:
    other orders of the same people are not the funnel's. An order that several users name counts once, for who named
    it first. In any order, it is the orders of those who took all steps. Cost is all the spend of the same filter, over
    all users of the step, bought or not. 95% intervals of revenue per user are normal (mean and standard error over
    users), and empty below 30 users.

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

    def _answer(self, tables: Tables) -> FunnelMoneyAnswer:
        asked = self.asked
        found = carried(asked, tables)
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
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelMoneyAnswer(Answer):
    """One row per group and step; per-user figures are over the users who got so far."""

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "table": MappingProxyType(
                {
                    "breakdown": Field(N_("Group"), "text", GROUP_WORDS),
                    "step": Field(N_("Step"), "count"),
                    "event": Field(N_("Event"), "text", EVENT_WORDS),
                    "users": Field(N_("Users"), "count"),
                    "orders": Field(N_("Matched orders"), "count"),
                    "revenue": Field(N_("Revenue of matched orders"), "money"),
                    "revenue_per_user": Field(N_("Revenue per user"), "money"),
                    "low": Field(N_("95% from"), "money"),
                    "high": Field(N_("95% to"), "money"),
                    "spend": Field(N_("Spend"), "money"),
                    "cost_per_user": Field(N_("Cost per user"), "money"),
                    "roi": Field(N_("ROI"), "ratio"),
                }
            )
        }
    )

    question: FunnelMoney
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> Any:
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
    known : bool
        Whether there is money to speak of at all; else `revenue` is NaN throughout.
    currency : str or None
    notes : tuple of Note
    """

    chains: Chains
    revenue: Any
    orders: Any
    known: bool
    currency: str | None
    notes: tuple[Note, ...]


def carried(asked: FunnelDefinition, tables: Tables, reached: Columns | None = None) -> Carried:
    """Walk a funnel and look up the orders its last step matched.

    Parameters
    ----------
    asked : Funnel
    tables : Tables
    reached : Columns, optional
        What to look up where a user first got as far as each step.
    """
    present = tables.present("events")
    ordered = bool(tables.count("orders")) and {"order_id"} <= set(present) and "paid_at" in tables.present("orders")
    money = Columns(numbers=("value",) if "value" in present else (), texts=("order_id",) if ordered else ())
    found = chains(asked, tables, taken=money, reached=reached)
    if ordered and (ids := _at_last(found, found.taken.texts["order_id"])).null_count < len(ids):
        return _of_orders(found, ids, tables)
    return _of_values(found, tables)


def _at_last(found: Chains, steps: Sequence[Any]) -> Any:
    """Return each user's text at the event that took the last step, null for those who did not convert."""
    if not len(found):
        return steps[-1]
    taken = pc.choose(pa.array(np.maximum(found.last, 0)), *steps)
    return pc.if_else(pa.array(found.last >= 0), taken, None)


def _of_orders(found: Chains, ids: Any, tables: Tables) -> Carried:
    """Look up what the orders brought; an order of several rows is their sum, and counts for one user alone."""
    paid = tables.paid_orders().select("order_id", "realised", "currency").collect("pyarrow").to_arrow()
    currency = _currency(tables, paid.column("currency"))
    own = paid.filter(pc.equal(paid.column("currency"), currency)) if currency else paid
    own = own.group_by("order_id").aggregate([("realised", "sum")])
    at = pc.index_in(ids, value_set=own.column("order_id").combine_chunks()).fill_null(len(own)).to_numpy()
    matched, shared = _each_once(found, at, len(own))
    money = np.where(matched, np.append(own.column("realised_sum").to_numpy(), 0.0)[at], 0.0)
    notes = []
    if others := set(paid.column("currency").unique().to_pylist()) - {currency}:
        notes.append(_left_out(currency, others))
    if shared:
        text = say("{n} orders are named by several users: each counts once, for who named it first.", n=shared)
        notes.append(Note("shared-orders", text, "warning"))
    return Carried(found, money, matched, True, currency, tuple(notes))


def _each_once(found: Chains, at: Any, none: int) -> tuple[Any, int]:
    """Say for whom an order counts, given each user's, and how many orders several users name."""
    users = np.flatnonzero(at < none)
    when = found.time[users, found.last[users]]
    users = users[np.lexsort((found.user[users], when, at[users]))]
    first = np.append(True, at[users][1:] != at[users][:-1])[: len(users)]
    matched = np.zeros(len(at), bool)
    matched[users[first]] = True
    return matched, len(np.unique(at[users[~first]]))


def _of_values(found: Chains, tables: Tables) -> Carried:
    """Take the value of the event that took the last step."""
    values = found.taken.numbers.get("value", np.full(found.time.shape, np.nan))
    at_last = np.take_along_axis(values, np.maximum(found.last, 0)[:, None].astype(np.int64), axis=1)[:, 0]
    money = np.where(found.last >= 0, at_last, np.nan)
    known = ~np.isnan(money)
    currency = tables.campaign.currency if tables.campaign else None
    if not known.any():
        unknown = say("The last step names no orders and has no values: its revenue is not known.")
        nothing = np.full(len(found), np.nan)
        return Carried(found, nothing, known, False, currency, (Note("no-revenue", unknown, "missing"),))
    note = say("The last step names no orders: its events' values are used, from which refunds are not taken off.")
    return Carried(found, np.where(known, money, 0.0), known, True, currency, (Note("event-values", note, "warning"),))


def _currency(tables: Tables, found: Any) -> str | None:
    """Return the campaign's currency, or the one most orders have."""
    counted = sorted(found.value_counts().to_pylist(), key=lambda c: (-c["counts"], c["values"]))
    own = tables.campaign.currency if tables.campaign else None
    names = [c["values"] for c in counted]
    return own if own in names or not names else names[0]


def _left_out(currency: str | None, others: set[str]) -> Note:
    text = say("Only amounts in {currency} are counted; left out: {others}.", currency=currency or "",
               others=Names(tuple(sorted(others))))  # fmt: skip
    return Note("other-currencies", text, "warning")


def _waiting(found: Chains) -> Iterator[Note]:
    """Say how many may still bring something."""
    if users := int(found.still_open.sum()):
        text = say("{users} of {n} users still have time to go on: what they bring later is not in these figures.",
                   users=users, n=len(found))  # fmt: skip
        yield Note("still-open", text, "warning")


def _no_money(asked: FunnelDefinition, found: Chains) -> Message:
    last = asked.step_names[-1]
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
        step=asked.step_names[0],
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
    frame = tables.frame("spend", asked.where).select("spend", "currency", *([by] if by else []))
    rows = collect(frame)
    own = rows[rows["currency"] == currency] if currency else rows
    notes = [_left_out(currency, set(rows["currency"]) - {currency})] if len(own) < len(rows) else []
    found = {TOTAL: float(own["spend"].sum())}
    if by:
        found |= {str(name): float(sum_) for name, sum_ in own.groupby(by)["spend"].sum().items()}
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
    money, orders = found.revenue[own], found.orders[own]
    rows = []
    for k, event in enumerate(found.chains.steps, 1):
        here = found.chains.took(k - 1)[own]
        users, revenue = int(here.sum()), float(money[here].sum())
        each, error = revenue / users if users else np.nan, _error(money[here])
        rows.append({
            "breakdown": name, "step": k, "event": event, "users": users, "orders": int(orders[here].sum()),
            "revenue": revenue if users else np.nan,
            "revenue_per_user": each, "low": each - error, "high": each + error,
            "spend": spend, "cost_per_user": spend / users if users else np.nan,
            "roi": revenue / spend if spend > 0 else np.nan,
        })  # fmt: skip
    return rows


def _error(money: Any) -> float:
    """Return half the 95% interval of a mean; none of few users, whose mean is not near normal."""
    if len(money) < SMALL:
        return np.nan
    return float(Z * money.std(ddof=1) / np.sqrt(len(money)))


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
        "users": int(first["users"]),
    }
    if not found.known:
        return say(
            "Each of {users} users who entered cost {cost}; what they brought is not known.",
            users=facts["users"],
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


def _picture(answer: FunnelMoneyAnswer, look: Look) -> Any:
    table = answer.table
    grouped = table["breakdown"].nunique() > 1
    shown = table[table["step"] == 1] if grouped else table
    label = [look(GROUP_WORDS.get(g, g)) for g in shown["breakdown"]] if grouped else [
        f"{step}. {look(EVENT_WORDS.get(event, event))}"
        for step, event in zip(shown["step"], shown["event"], strict=True)
    ]  # fmt: skip
    shown = shown.assign(
        row=[text + "\n" + look(say("n = {n}", n=int(n))) for text, n in zip(label, shown["users"], strict=True)]
    )
    revenue, cost = look(N_("revenue per user")), look(N_("cost per user"))
    words = {"revenue_per_user": revenue, "cost_per_user": cost}
    long = shown.melt(id_vars=["row", "low", "high"], value_vars=list(words), var_name="what", value_name="amount")
    long["what"] = long["what"].map(words)
    long.loc[long["what"] == cost, ["low", "high"]] = np.nan
    unit = f" ({answer.currency})" if answer.currency else ""
    axis = alt.Axis(
        domain=False, ticks=False, labelExpr="split(datum.label, '\\n')", labelLineHeight=16, labelOffset=-8
    )
    y = alt.Y("row:N", sort=shown["row"].tolist(), title=None, axis=axis)
    scale = alt.Scale(domain=[revenue, cost], range=[charts.ACCENT, charts.PENDING])
    base = alt.Chart(long.dropna(subset="amount")).encode(y=y, yOffset=alt.YOffset("what:N", sort=[revenue, cost]))
    bars = base.mark_bar().encode(
        x=alt.X("amount:Q", title=look(N_("per user who got so far")) + unit, axis=alt.Axis(tickCount=5)),
        color=alt.Color("what:N", scale=scale, title=None),
        tooltip=[
            alt.Tooltip("what:N", title=" "),
            alt.Tooltip("amount:Q", title=look(N_("Amount")) + unit, format=",.2f"),
        ],
    )
    whisker = base.mark_rule(strokeWidth=1.5, color=look.ink).encode(x="low:Q", x2="high:Q")
    return charts.finish(
        alt.layer(bars, whisker), look, describe=answer.headline.text(look.language), height=58 * len(shown) + 60
    )
