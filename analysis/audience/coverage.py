"""Does the audience that is spoken to hold the people who are worth most?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar, NamedTuple, Self

import narwhals as nw
import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.audience.days import Lazy
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import proportion
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, Money, Share, say
from analysis.money import Currency, currency_of, known
from analysis.purchases import purchases, source_of
from analysis.question import Question
from analysis.tables import Tables, collect, instant
from analysis.values import Filter, a, currency_code, day, local_day, local_midnight, number, optional, value

HIGH, OTHER = N_("high-value buyers"), N_("other buyers")
DAYS = 28
"""How long before the last day people are taken to have been chosen, where no campaign says."""


@value("coverage")
class Coverage(Question):
    """Whether a targeted audience covers the high-value users: those worth most before they were chosen.

    Parameters
    ----------
    audience : Filter
        Whose events make people part of the audience: one such event is enough. A saved segment is such a column.
    at : str or date, optional
        The day people were chosen on: only what was paid before it makes them high-value. By default the campaign's
        first day, else 28 days before the last.
    top : float
        The share of buyers, by value, that is high-value; whoever is worth as much as the last of them is too.
    goal : float
        The share of them that the audience should hold.
    currency : str, optional
        That value is counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Which orders count for value, and which events for being in the audience.

    Notes
    -----
    Value is what was paid, less refunds. Taking it before the day is what makes this a check: afterwards the audience
    is worth more because it was spoken to. The interval is Wilson's, of the high-value users as a sample of those such
    choosing would meet.

    Examples
    --------
    >>> import pandas as pd
    >>> day = pd.Timestamp("2026-11-01")
    >>> orders = pd.DataFrame({"order_id": list("abcd"), "user_id": list("wxyz"), "revenue": [90.0, 80.0, 5.0, 4.0],
    ...                        "currency": "CNY", "timestamp": day, "paid_at": day})
    >>> events = pd.DataFrame({"user_id": list("wz"), "timestamp": day, "event": "visit", "audience": "vip"})
    >>> asked = Coverage(audience=Filter(segment={"audience": "vip"}), at="2026-11-05", top=0.5)
    >>> asked.run(Tables(events=events, orders=orders)).table[["group", "users", "targeted"]].values.tolist()
    [['high-value buyers', 2, 1], ['other buyers', 2, 1]]
    """

    title: ClassVar[str] = N_("Does the audience hold the high-value users?")
    of_all: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    audience: Filter = field(metadata=a(Filter))
    at: str | None = field(default=None, metadata=optional(day()))
    top: float = field(default=0.2, metadata=number(above=0, most=0.9))
    goal: float = field(default=0.8, metadata=number(above=0, most=1))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the check of those whom the current campaign reached; of everybody where there is only one."""
        return cls(audience=tables.current() or Filter())

    def _answer(self, tables: Tables) -> CoverageAnswer:
        if not source_of(tables, self.where).orders and "purchase" not in tables.event_keys:
            tables.require("orders", "user_id")
        at = self.at or _chosen_on(tables)
        bought = _bought(self, tables, at)
        known(tables, self.currency, "orders")
        currency = currency_of(tables, bought, self.currency)
        worth, high = _worth(self, bought, currency, at)
        table = _table(_counted(self, tables, worth, high))
        return CoverageAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table, at),
            frames={"table": table},
            notes=(*purchases(tables, self.where).notes, *_notes(self, high, currency, at)),
            currency=currency.code,
            at=at,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class CoverageAnswer(Answer):
    """One row for high-value buyers and one for all others: how many are in the audience, and their value.

    `share` is `targeted` / `users` with 95% Wilson bounds; `value` is what they paid before the day, less refunds.
    """

    fields: ClassVar[Fields] = described(
        table={
            "group": Field(N_("Group"), "text", {HIGH: HIGH, OTHER: OTHER}),
            "users": Field(N_("Users"), "count"),
            "targeted": Field(N_("In the audience"), "count"),
            "share": Field(N_("Share in the audience"), "share"),
            **bounds("share"),
            "value": Field(N_("Value before the day"), "money"),
            "targeted_value": Field(N_("Value of those in the audience"), "money"),
        }
    )
    figures = (Figure("share", ("group",), n="users"),)

    question: Coverage
    at: str

    def _chart(self, look: Look) -> AnyChart:
        return _picture(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


class _High(NamedTuple):
    """From what value on somebody is a high-value user, and how many buyers have a value."""

    least: float
    buyers: int


def _chosen_on(tables: Tables) -> str:
    if tables.campaign:
        return tables.campaign.start
    span = tables.span("events")
    assert span is not None  # `needs` holds events
    return local_day(span[1] - dt.timedelta(days=DAYS), tables.zone)


def _bought(asked: Coverage, tables: Tables, at: str) -> Lazy:
    before = instant(local_midnight(at, tables.zone))
    rows = purchases(tables, asked.where).rows
    return rows.filter(~nw.col("user_id").is_null(), nw.col("paid_at") < before)


def _worth(asked: Coverage, bought: Lazy, currency: Currency, at: str) -> tuple[Lazy, _High]:
    """Return each buyer's value, and from which on it is high: that of the last of the top share."""
    worth = bought.select("user_id", value=nw.col("amount") * currency.factor()).drop_nulls()
    worth = worth.group_by("user_id").agg(value=nw.col("value").sum())
    buyers = int(collect(worth.select(n=nw.len()))["n"].iloc[0])
    if not buyers:
        raise DataError.empty(say("Nobody had paid anything before {at}, so nobody is known to be worth much. Choose a "
                                  "later day, or import earlier orders.", at=at))  # fmt: skip
    best = worth.select("value").sort("value", descending=True).head(int(np.ceil(asked.top * buyers - 1e-9)))
    return worth, _High(float(collect(best.select(least=nw.col("value").min()))["least"].iloc[0]), buyers)


def _counted(asked: Coverage, tables: Tables, worth: Lazy, high: _High) -> pd.DataFrame:
    """Count buyers by whether they are worth much and whether the audience holds them."""
    events = tables.filtered(tables.frame("events", asked.where), "events", asked.audience)
    there = events.select("user_id").unique().with_columns(there=nw.lit(1))
    every = worth.join(there, on="user_id", how="left").with_columns(
        high=nw.when(nw.col("value") >= high.least).then(nw.lit(1)).otherwise(nw.lit(0)),
        there=nw.col("there").fill_null(0),
    )
    counted = collect(every.group_by("high", "there").agg(users=nw.len(), value=nw.col("value").sum()))
    return counted.astype({"high": "int64", "there": "int64", "users": "int64", "value": "float64"})


def _table(counted: pd.DataFrame) -> pd.DataFrame:
    sides = pd.MultiIndex.from_product([(1, 0), (1, 0)], names=["high", "there"])
    found = counted.set_index(["high", "there"]).reindex(sides, fill_value=0)
    (users, value_) = (found[c].to_numpy().reshape(2, 2) for c in ("users", "value"))
    share, low, high = proportion(users[:, 0], users.sum(axis=1))
    columns = {"users": users.sum(axis=1), "targeted": users[:, 0], "share": share, "low": low, "high": high}
    return pd.DataFrame(
        {"group": [HIGH, OTHER], **columns, "value": value_.sum(axis=1), "targeted_value": value_[:, 0]}
    )


# ---- the words --------------------------------------------------------------------------------------------


def _headline(asked: Coverage, table: pd.DataFrame, at: str) -> Message:
    best = table.iloc[0]
    told = {
        "share": Share(float(best["share"])),
        "users": int(best["users"]),
        "low": Share(float(best["low"])),
        "high": Share(float(best["high"])),
        "goal": Share(asked.goal),
        "at": at,
    }
    if best["low"] >= asked.goal:
        return say("The audience holds {share} of {users} users who were worth most before {at} (95% interval {low} to "
                   "{high}): it covers the {goal} aimed at.", **told)  # fmt: skip
    if best["high"] < asked.goal:
        return say("The audience holds only {share} of {users} users who were worth most before {at} (95% interval "
                   "{low} to {high}): less than the {goal} aimed at.", **told)  # fmt: skip
    return say("The audience holds {share} of {users} users who were worth most before {at} (95% interval {low} to "
               "{high}): whether that is the {goal} aimed at cannot be told of so few.", **told)  # fmt: skip


def _notes(asked: Coverage, high: _High, currency: Currency, at: str) -> list[Note]:
    text = say(
        "High-value are the {top} of {buyers} buyers who had paid most before {at}, less refunds: {least} or more "
        "each. What was paid from then on does not count.",
        top=Share(asked.top),
        buyers=high.buyers,
        at=at,
        least=Money(high.least, currency.code),
    )
    notes = [*currency.notes(say("value"), people=True), Note("high-value", text)]
    if not asked.audience.columns() and not (asked.audience.start or asked.audience.end):
        everybody = say("The audience is everybody who did anything. Choose a segment or a campaign for it.")
        notes.insert(0, Note("everybody", everybody, "warning"))
    return notes


def _picture(answer: CoverageAnswer, look: Look) -> AnyChart:
    """Draw a bar per group with its interval, and the goal as a line."""
    plot = answer.plot("table", look)
    table = plot.named(answer.table)
    table["label"] = [plot.written("share", share) if share == share else "" for share in table["share"]]
    base = alt.Chart(table).encode(y=charts.rows("group_name", list(table["group_name"])))
    scale = alt.Scale(domain=[0, 1])
    bars = base.mark_bar(color=charts.ACCENT, height=26).encode(
        x=plot.x("share", scale=scale), tooltip=plot.tips("group", "users", "targeted", "share", "low", "high")
    )
    goal = alt.Chart(pd.DataFrame({"goal": [answer.question.goal]})).mark_rule(color=charts.LOSS, strokeDash=[5, 4])
    label = base.mark_text(align="left", dx=8, fontWeight="bold", color=look.ink).encode(
        x=alt.X("high:Q"), text=alt.Text("label:N")
    )
    drawn = alt.layer(bars, charts.whiskers(base, look), label, goal.encode(x=alt.X("goal:Q")))
    return charts.finish(drawn, look, describe=look(answer.headline), height=150)
