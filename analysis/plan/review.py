"""What came of the campaign beside its plan, why, and what is kept for the next one?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, SluiceError
from analysis.fields import Field, Fields, Figure, described
from analysis.goals import Goal
from analysis.later import alt
from analysis.messages import N_, Message, Money, Name, say
from analysis.plan.dates import of_one_name, own_campaign, rows_of, stages, today
from analysis.plan.gap import OTHER, Gap, gap, whole
from analysis.question import Question
from analysis.reallocation.replay import RuleReplay
from analysis.records import Adjustment, Forecast, Lesson, PlanLine
from analysis.results.performance.question import Performance
from analysis.results.sales.question import Sales
from analysis.tables import Tables
from analysis.values import Filter, day, number, optional, value

PARTS = {
    "aim": N_("aimed at"), "volume": N_("amount spent"), "timing": N_("timing"), "rates": N_("return"),
    "left": N_("unexplained"), "came": N_("came"),
}  # fmt: skip
SIDES = {"revenue": N_("Realised revenue"), "spend": N_("Spend")}
CENT = 100


@value("campaign-review")
class CampaignReview(Question):
    """The gap between plan and outcome in parts that add up to the cent, and predictions beside what happened.

    Parameters
    ----------
    target : float, optional
        Realised revenue that was aimed at; by default that of the goal written down for it, else of the last forecast.
    at : str or date, optional
        The day on which it is reviewed; by default the last one that the data tell of.

    Notes
    -----
    The aim is shared out by the plan's spend and the rates of the campaign before, all raised alike; see
    :func:`analysis.plan.parts.parted` for what is *spend* (more or less money), *timing* (money in other phases) and
    *rates* (what a unit of it came to). Revenue of channels without spend, less what was expected of them, stays
    unexplained. The parts of spend are told in clicks and their prices, the reserve that was not drawn is what is left.
    All of it is an identity: it says where the gap arose, not what caused it.

    Examples
    --------
    >>> from analysis import Campaign
    >>> at = pd.Timestamp("2026-11-02 10:00")
    >>> orders = pd.DataFrame({"order_id": ["a", "b"], "timestamp": at, "paid_at": at, "revenue": [50.0, 40.0],
    ...                        "currency": "CNY", "channel": "search"})
    >>> spend = pd.DataFrame({"period_start": [at], "period_end": [at], "channel": "search", "spend": 25.0,
    ...                       "currency": "CNY"})
    >>> tables = Tables(orders=orders, spend=spend, records=[PlanLine(stage="execution", line="search", amount=30)],
    ...                 campaign=Campaign(name="autumn", start="2026-11-01", end="2026-11-05", zone="UTC"))
    >>> CampaignReview(target=120).run(tables).table.query("side == 'revenue'")[["part", "amount"]].values.tolist()
    [['aim', 120.0], ['volume', -20.0], ['timing', 0.0], ['rates', -10.0], ['left', 0.0], ['came', 90.0]]
    """

    title: ClassVar[str] = N_("What came of the campaign, and why?")
    of_all: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"orders": (), "spend": ()})
    planned: ClassVar[bool] = True

    target: float | None = field(default=None, metadata=optional(number(above=0)))
    at: str | None = field(default=None, metadata=day())

    @property
    def heavy(self) -> bool:
        """Adjustments are played again."""
        return True

    def _answer(self, tables: Tables) -> CampaignReviewAnswer:
        campaign, now = own_campaign(tables), today(tables, self.at)
        if not tables.recorded(PlanLine):
            raise DataError.empty(
                say("No plan is written down, so there is nothing to review by. Keep one on Budget, or write its lines "
                    "down on Records.")
            )  # fmt: skip
        found = gap(tables, _aim(self, tables), self.where)
        currency = found.happened.revenue.code or campaign.currency
        named = (campaign.name, *([found.prior] if found.prior else []))
        notes = [*of_one_name(tables, *named), *found.happened.revenue.notes(say("orders"))]
        adjusted, why = _adjusted(self, tables)
        return CampaignReviewAnswer(
            question=self,
            version=tables.planned,
            headline=_headline(found, currency),
            frames={
                "table": _table(found),
                "channels": _channels(found),
                "predicted": _predicted(tables),
                "adjustments": adjusted,
                "lessons": _lessons(tables, campaign.name),
            },
            notes=(*notes, *_notes(found, tables, now, why)),
            currency=currency,
            universe=tables.names("channel"),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class CampaignReviewAnswer(Answer):
    """For revenue and for spend: what was aimed at, the parts of the gap, and what came; they add up to the cent.

    "channels" has the same parts channel by channel; "predicted" each forecast beside what happened; "adjustments"
    decisions that were written down, with what they are estimated to have brought; "lessons" what is carried on.
    """

    fields: ClassVar[Fields] = described(
        table={
            "side": Field(N_("Of"), "text", SIDES),
            "part": Field(N_("Part"), "text", PARTS),
            "amount": Field(N_("Amount"), "money"),
        },
        channels={
            "channel": Field(N_("Channel"), "text", {OTHER: N_("without spend")}, of="channel"),
            "planned_spend": Field(N_("Planned spend"), "money"),
            "spend": Field(N_("Spend"), "money"),
            "planned_revenue": Field(N_("Revenue expected"), "money"),
            "revenue": Field(N_("Realised revenue"), "money"),
            "volume": Field(N_("Gap: spend"), "money"),
            "timing": Field(N_("Gap: timing"), "money"),
            "rates": Field(N_("Gap: return"), "money"),
            "left": Field(N_("Gap: unexplained"), "money"),
        },
        predicted={
            "name": Field(N_("Forecast"), "text", of="forecast"),
            "made": Field(N_("Made on"), "text"),
            "first": Field(N_("First day"), "text"),
            "last": Field(N_("Last day"), "text"),
            "planned_spend": Field(N_("Planned spend"), "money"),
            "spend": Field(N_("Spend"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            "low": Field(N_("Expected: 95% from"), "money"),
            "high": Field(N_("Expected: 95% to"), "money"),
            "came": Field(N_("What came"), "money"),
            "held": Field(N_("Within the interval"), "flag"),
        },
        adjustments={
            "time": Field(N_("Local time"), "time"),
            "from_channel": Field(N_("From channel"), "text", of="channel"),
            "to_channel": Field(N_("To channel"), "text", of="channel"),
            "amount": Field(N_("Amount"), "money"),
            "effect": Field(N_("Brought, estimated"), "money"),
            "effect_low": Field(N_("Brought: 95% from"), "money"),
            "effect_high": Field(N_("Brought: 95% to"), "money"),
            "reason": Field(N_("Reason"), "text"),
        },
        lessons={
            "lesson": Field(N_("Lesson"), "text", of="lesson"),
            "next": Field(N_("For campaign"), "text", {"": N_("every later one")}, of="campaign"),
            "evidence": Field(N_("Evidence"), "text", of="evidence"),
        },
    )  # fmt: skip
    figures = (Figure("amount", ("side", "part"), "", "", main=5),)

    question: CampaignReview
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        plot, table = self.plot("table", look), self.frame("table")
        table = table[table["side"] == "revenue"].reset_index(drop=True)
        ends = table["amount"].cumsum()
        whole = table["part"].isin(["aim", "came"])
        table["from"] = np.where(whole, 0.0, ends.shift(fill_value=0.0))
        table["to"] = np.where(whole, table["amount"], ends)
        table["kind"] = np.where(whole, "whole", np.where(table["amount"] < 0, "less", "more"))
        shown = plot.named(table)
        shown["row"] = [f"{name}\n{plot.written('amount', amount)}" for name, amount in
                        zip(shown["part_name"], shown["amount"], strict=True)]  # fmt: skip
        scale = alt.Scale(domain=["whole", "more", "less"], range=[look.faint, charts.ACCENT, charts.LOSS])
        bars = alt.Chart(shown).mark_bar(height=20).encode(
            x=alt.X("from:Q", title=plot.title("amount"), axis=plot.axis("amount"), scale=alt.Scale(zero=True)),
            x2=alt.X2("to:Q"), y=charts.rows("row", list(shown["row"]), lines=2),
            color=alt.Color("kind:N", scale=scale, legend=None), tooltip=plot.tips("part", "amount"),
        )  # fmt: skip
        return charts.finish(bars, look, describe=self.say(self.headline, look.language), height=48 * len(shown) + 60)


# ---- the tables -------------------------------------------------------------------------------------------


def _aim(asked: CampaignReview, tables: Tables) -> float:
    """Return the revenue that was aimed at."""
    if asked.target is not None:
        return asked.target
    own = own_campaign(tables).name
    goals = [goal for goal in tables.recorded(Goal) if goal.figure == "revenue" and goal.campaign in (None, own)]
    for goal in goals:
        if not goal.lift:
            return goal.target
        if goal.base is not None:
            return goal.base * (1 + goal.target)
    forecasts = sorted(tables.recorded(Forecast), key=lambda one: one.made)
    if forecasts:
        return forecasts[-1].revenue
    raise DataError.empty(
        say("No revenue is aimed at: write a goal for realised revenue down on Records, or give the target here.")
    )


def _table(found: Gap) -> pd.DataFrame:
    """Lay out aim, parts and outcome of revenue and of spend, in whole cents."""
    rows = []
    for side, parts, aim in zip(SIDES, found.parts(), (found.aim, found.budget), strict=True):
        start = round(CENT * aim)
        amounts = (start, *parts, start + sum(parts))
        rows += [(side, part, amount / CENT) for part, amount in zip(PARTS, amounts, strict=True)]
    return pd.DataFrame(rows, columns=list(CampaignReviewAnswer.fields["table"]))


def _channels(found: Gap) -> pd.DataFrame:
    """Lay out the parts of revenue channel by channel, in whole cents; what came without spend stands last."""
    cents = found.by_channel()
    spend = {name: whole(table["spend"]) for name, table in (("planned", found.planned), ("actual", found.actual))}
    left = found.parts()[0][3]
    rows = [
        (channel, spend["planned"][n], spend["actual"][n], *(int(cents[name][n]) for name in cents), 0)
        for n, channel in enumerate(found.channels)
    ]
    elsewhere = round(CENT * found.realised) - int(cents["actual"].sum())
    rows.append((OTHER, 0, 0, elsewhere - left, elsewhere, 0, 0, 0, left))
    columns = list(CampaignReviewAnswer.fields["channels"])
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(**{name: table[name] / CENT for name in columns[1:]})


def _predicted(tables: Tables) -> pd.DataFrame:
    """Set each forecast beside what came in its days, by its own basis: claims or orders."""
    campaign, rows = own_campaign(tables), []
    for one in sorted(tables.recorded(Forecast), key=lambda one: (one.made, one.name)):
        days = Filter(start=one.start or campaign.start, end=one.end or campaign.end)
        spend, came = _came(tables, days, one.basis)
        held = one.low <= came <= one.high if came == came else None
        rows.append((one.name, one.made, days.start, days.end, one.spend, spend, one.revenue, one.low, one.high, came,
                     held))  # fmt: skip
    columns = list(CampaignReviewAnswer.fields["predicted"])
    return pd.DataFrame(rows, columns=columns).astype({"held": "boolean", "came": float, "spend": float})


def _came(tables: Tables, days: Filter, basis: str) -> tuple[float, float]:
    """Return what was spent on some days, and what came of it."""
    try:
        spent = Performance(by=None, every=None, where=days).run(tables).table.iloc[0]
        if basis == "claims":
            return float(spent["spend"]), float(spent["attributed_revenue"])
        return float(spent["spend"]), float(Sales(every=None, where=days).run(tables).table["realised"].iloc[0])
    except SluiceError:
        return np.nan, np.nan


def _adjusted(asked: CampaignReview, tables: Tables) -> tuple[pd.DataFrame, Message | None]:
    """Return what adjustments are estimated to have brought, as a replay tells it, or why that cannot be told."""
    columns = list(CampaignReviewAnswer.fields["adjustments"])
    empty = pd.DataFrame(columns=columns).astype(dict.fromkeys(columns[3:7], float))
    if not tables.recorded(Adjustment):
        return empty, None
    try:
        made = RuleReplay(runs=200, where=rows_of(tables)).run(tables).frame("made")
    except SluiceError as error:
        return empty, error.message
    return made.rename(columns={"low": "effect_low", "high": "effect_high"})[columns], None


def _lessons(tables: Tables, campaign: str) -> pd.DataFrame:
    own = [one for one in tables.recorded(Lesson) if one.campaign == campaign]
    rows = [(one.learnt, one.next or "", one.evidence or "") for one in own]
    return pd.DataFrame(rows, columns=list(CampaignReviewAnswer.fields["lessons"]), dtype=object)


# ---- the words --------------------------------------------------------------------------------------------


def _headline(found: Gap, currency: str | None) -> Message:
    (volume, timing, rates, left), spend = found.parts()
    apart = volume + timing + rates + left
    amounts = {"spend": volume, "timing": timing, "rates": rates, "left": left}
    facts: dict[str, Any] = {name: Money(amount / CENT, currency, signed=True) for name, amount in amounts.items()}
    facts |= {"came": Money(found.realised, currency), "aim": Money(found.aim, currency),
              "gap": Money(abs(apart) / CENT, currency)}  # fmt: skip
    if apart < 0:
        first = say("{came} was realised, {gap} less than the {aim} aimed at: {spend} by spend, {timing} by timing, "
                    "{rates} by return, {left} with no spend to explain it.", **facts)  # fmt: skip
    else:
        first = say("{came} was realised, {gap} more than the {aim} aimed at: {spend} by spend, {timing} by timing, "
                    "{rates} by return, {left} with no spend to explain it.", **facts)  # fmt: skip
    cost = sum(spend) / CENT
    said = (
        N_("It cost {spent}, {by} less than planned.") if cost < 0 else N_("It cost {spent}, {by} more than planned.")
    )
    then = say(said, spent=Money(found.spent, currency), by=Money(abs(cost), currency))
    return say("{one} {other} {next}", one=first, other=then, next=_next(found, currency))


def _next(found: Gap, currency: str | None) -> Message:
    """Say which channel's part weighs most, for it is looked at first."""
    names = ("volume", "timing", "rates")
    parts = {(channel, name): float(getattr(found.revenue, name)[n]) for n, channel in enumerate(found.channels)
             for name in names}  # fmt: skip
    if not parts:
        return say("No channel was paid for.")
    channel, name = min(parts, key=lambda key: parts[key])
    if parts[channel, name] >= 0:
        return say("No channel fell short of what was expected of it.")
    return say("Look first at {channel}: {amount} by {part}.", channel=Name(channel, "channel"), part=say(PARTS[name]),
               amount=Money(parts[channel, name], currency))  # fmt: skip


def _notes(found: Gap, tables: Tables, now: str, why: Message | None) -> Iterator[Note]:
    yield _due(tables, now)
    if found.prior is None:
        text = say("There is no campaign before this one, so every channel is taken to have been expected to bring as "
                   "much for its money.")  # fmt: skip
        yield Note("no-campaign-before", text, "warning")
    if not found.happened.named:
        text = say("Orders do not say through which channel they came, so all of the revenue stays unexplained. Import "
                   "orders with a channel.")  # fmt: skip
        yield Note("no-channel", text, "missing")
    if why is not None:
        yield Note("no-replay", say("What adjustments brought cannot be estimated: {why}", why=why), "missing")
    if not tables.recorded(Lesson):
        text = say("No lesson is written down. Write down what to keep and what to leave, for the next campaign.")
        yield Note("no-lessons", text)
    text = say("The parts say where the gap arose, not what caused it: spend is more or less money, timing money in "
               "other phases, return what a unit of it came to. Unexplained is revenue of channels without spend, less "
               "what was expected of them.")  # fmt: skip
    yield Note("an-identity", text)
    if found.prior:
        text = say("What each channel was expected to bring is the aim, shared out by planned spend and the rates of "
                   "{campaign}.", campaign=Name(found.prior, "campaign"))  # fmt: skip
        yield Note("expected", text)


def _due(tables: Tables, now: str) -> Note:
    """Say whether the review is early, due or overdue, in the campaign's zone."""
    campaign = own_campaign(tables)
    review = stages(campaign)["review"]
    due = review.last.isoformat()
    if now <= campaign.end:
        text = say("It is due on {due}; on {day} the campaign has only just ended or still runs, and refunds are to "
                   "come.", due=due, day=now)  # fmt: skip
        return Note("early", text, "warning")
    if now < due:
        left = (review.last - dt.date.fromisoformat(now)).days
        return Note(
            "early", say("It is due on {due}, in {n} days: refunds may still come.", due=due, n=left), "warning"
        )
    if now == due:
        return Note("due", say("It is due today, {due}.", due=due))
    late = (dt.date.fromisoformat(now) - review.last).days
    return Note("overdue", say("It was due on {due}, {n} days ago.", due=due, n=late), "warning")
