"""How does the campaign go: every figure that tells, against the campaign before and against its goal?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.journey.attribution.question import Attribution
from analysis.journey.funnel.question import Funnel
from analysis.messages import N_, Message, say
from analysis.overview import chart, words
from analysis.overview.aims import aims
from analysis.overview.figures import FIGURES, SOURCES, Standing, questions, standings, table_of
from analysis.overview.goals import GOAL_STATES, Reached, goals
from analysis.overview.parts import Parts, asked
from analysis.periods import elapsed
from analysis.question import Question
from analysis.records import CalendarDay
from analysis.results.against import CAMPAIGN, GROUP
from analysis.results.performance.question import Performance
from analysis.results.sales.question import Sales
from analysis.tables import Tables
from analysis.values import Filter, currency_code, optional, value
from analysis.vocabulary import TABLES

TREND: Mapping[str, Field] = {
    "realised": FIGURES["realised"],
    "created_amount": Field(N_("Amount created"), "money"),
    "paid": FIGURES["paid"],
    "spend": FIGURES["spend"],
    "active": Field(N_("Active people"), "count"),
}
"""What is told day by day; the first that is told is drawn."""
MARKS = {"phase": N_("phase"), "day": N_("calendar day")}


@value("overview")
class Overview(Question):
    """Revenue, orders, conversion, spend and what they bring, against the same days of the last campaign and its goals.

    Parameters
    ----------
    currency : str, optional
        That amounts are counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Its campaign is the one looked at. A table that names no campaigns is looked at on that campaign's days.

    Notes
    -----
    Each figure is its own question's: revenue, orders, order value, refunds and buyers are those of
    :class:`analysis.Sales`, spend that of :class:`analysis.Performance`, conversion the share of
    :meth:`analysis.Funnel.suggested` that gets to its last step, the private domain's share that of
    :class:`analysis.PrivateDomain`. ROI (投产比) is realised revenue over spend, on the days that orders and spend both
    tell of; its interval has days as what varies. Where a table is not there, the others tell more.

    The campaign before is looked at on as many days after it began; see :func:`analysis.periods.same_days`. Changes are
    called beyond chance together: of those that are, at most one in twenty is chance after all (Benjamini and
    Hochberg). A goal of a sum is held against the share of the campaign's days that are over.

    Examples
    --------
    >>> at = pd.Timestamp("2026-11-11 10:00")
    >>> orders = pd.DataFrame({"order_id": list("abc"), "timestamp": at, "paid_at": [at, at, None], "user_id": "u",
    ...                        "revenue": [60.0, 40.0, 9.0], "refund": [0.0, 40.0, 0.0], "currency": "CNY"})
    >>> answer = Overview().run(Tables(orders=orders))
    >>> answer.frame("sides")[["realised", "paid", "created", "refund_rate"]].values.tolist()
    [[60.0, 2.0, 3.0, 0.5]]
    """

    title: ClassVar[str] = N_("How is the campaign going?")
    planned: ClassVar[bool] = True

    currency: str | None = field(default=None, metadata=optional(currency_code()))

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what is missing where there is nothing at all; any one table is enough."""
        held = [table for table in ("orders", "spend", "events") if tables.count(table)]
        return () if held else (DataError.no_table("orders"),)

    def _answer(self, tables: Tables) -> OverviewAnswer:
        parts = asked(tables, self.where, self.currency)
        found = standings(parts)
        held = [table for table in TABLES if tables.count(table)]
        over: dict[str | None, float] = {table: elapsed(tables, [table]) for table in held}
        over[None] = elapsed(tables, held)
        aimed = aims(tables, self.where)
        reached = goals(found, aimed.targets, over)
        currency = next((part.currency for part in (parts.sales, parts.performance) if part), None)
        trend = _trend(parts)
        return OverviewAnswer(
            question=self,
            version=tables.planned,
            headline=words.headline(parts, found, reached, currency),
            frames={
                "table": _table(found, reached),
                "sides": _sides(parts, found),
                "trend": trend,
                "marks": _marks(tables, self.where, trend),
            },
            notes=(*parts.notes, *words.notes(parts, found, aimed.others, _absent(tables))),
            currency=currency,
            standings=found,
            goals=reached,
            questions=questions(parts),
            columns=_columns(parts, tables),
            apart=parts.apart,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class OverviewAnswer(Answer):
    """One row per figure: what it is, what it was on the same days before, and how it stands to its goal.

    "sides" has the figures in their units: of all that is looked at, then of the days compared and of the campaign
    before; "trend" days, the campaign before on days called as those of this one; "marks" phases and calendar days.

    Parameters
    ----------
    standings : tuple of Standing
    goals : mapping of str to Reached
        By figure, of those that have one.
    questions : mapping of str to Question
        By figure, the question whose answer it is.
    columns : tuple of str
        By which it can be told where it comes from; see :meth:`by`.
    apart : mapping of str to pair of str
        By table, the days that it tells of, where two of them have none in common; see :meth:`days`.
    """

    fields: ClassVar[Fields] = described(
        table={
            "figure": Field(N_("Figure"), "text", {name: own.label for name, own in FIGURES.items()}),
            "now": Field(N_("Now"), "text"),
            **bounds("text"),
            "before": Field(N_("Same days of the campaign before"), "text"),
            "change": Field(N_("Change"), "share"),
            "change_low": Field(N_("Change: 95% from"), "share"),
            "change_high": Field(N_("Change: 95% to"), "share"),
            "clear": Field(N_("Beyond chance"), "flag"),
            "goal": Field(N_("Goal"), "text"),
            "of_goal": Field(N_("Of the goal"), "share"),
            "state": Field(N_("How the goal stands"), "text", GOAL_STATES),
        },
        sides={
            "campaign": CAMPAIGN,
            "side": Field(N_("Days"), "text", words.SIDES),
            **FIGURES,
        },
        trend={
            "period": Field(N_("Day"), "day"),
            "group": GROUP,
            "campaign": CAMPAIGN,
            "whole": Field(N_("Observed to its end"), "flag"),
            **TREND,
        },
        marks={
            "kind": Field(N_("Kind"), "text", MARKS),
            "name": Field(N_("Name"), "text", row_of="kind"),
            "first": Field(N_("First day"), "day"),
            "last": Field(N_("Last day"), "day"),
        },
    )

    figures = (Figure("realised", ("side",), "", "", frame="sides"),)

    question: Overview
    standings: tuple[Standing, ...] = ()
    goals: Mapping[str, Reached] = field(default_factory=dict)
    questions: Mapping[str, Question] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    apart: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def days(self, figure: str) -> tuple[str, str] | None:
        """Return the first and last day that a figure is of, where the tables tell of different times."""
        return self.apart.get(table_of(figure) or "")

    def by(self, column: str) -> Question:
        """Return the question where it comes from: revenue by a column, else spend, else purchases, else conversion.

        Parameters
        ----------
        column : str
            One of `columns`.
        """
        for figure in ("realised", "spend", SOURCES, "conversion"):
            asked_ = self.questions.get(figure)
            match asked_:
                case Sales() | Performance():
                    return asked_.replace(by=column, every=None)
                case Attribution():
                    return asked_
                case Funnel():
                    return asked_.replace(breakdown=column)
        raise DataError.empty(say("Nothing here tells where it comes from."))

    @property
    def drawn(self) -> str:
        """The figure that is drawn day by day: the first that is told."""
        trend = self.frames["trend"]
        return next((name for name in TREND if trend[name].notna().any()), "realised")

    def written(self, figure: str, number: float) -> Message:
        """Return a figure in its unit, to be put into words."""
        return words.written(figure, number, self.currency)

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables; each figure in its unit, as it is written in the reader's language."""
        table = self.frame(name)
        if name != "table":
            return table
        for column in ("now", "low", "high", "before", "goal"):
            pairs = zip(table["figure"], table[column], strict=True)
            table[column] = [
                "" if pd.isna(number) else self.say(self.written(figure, number), language) for figure, number in pairs
            ]
        return table

    def _chart(self, look: Look) -> AnyChart:
        return chart.draw(self, self.drawn, look)


def _absent(tables: Tables) -> tuple[str, ...]:
    """Return which of the three exports are not here."""
    return tuple(table for table in ("orders", "spend", "events") if not tables.count(table))


def _columns(parts: Parts, tables: Tables) -> tuple[str, ...]:
    """Return by which columns it can be told where it comes from."""
    if parts.sales is not None:
        return tuple(column for column in ("channel", "item", "region") if column in tables.texts("orders"))
    if parts.performance is not None:
        return tuple(c for c in ("channel", "campaign", "creative", "audience") if c in tables.texts("spend"))
    if parts.returns is not None:
        return (parts.returns.by,)
    if parts.funnel is not None:
        return tuple(column for column in ("channel", "device", "item") if column in tables.texts("events"))
    return ()


# ---- the frames -------------------------------------------------------------------------------------------


def _table(found: tuple[Standing, ...], reached: Mapping[str, Reached]) -> pd.DataFrame:
    rows = [_row(one, reached.get(one.figure)) for one in found]
    return pd.DataFrame(rows, columns=list(OverviewAnswer.fields["table"]))


def _row(one: Standing, goal: Reached | None) -> dict[str, Any]:
    now, low, high = one.now.floats()
    change, change_low, change_high = one.change.floats()
    aimed = {"goal": goal.target, "of_goal": goal.reached, "state": goal.state} if goal else dict.fromkeys(
        ("goal", "of_goal"), np.nan) | {"state": None}  # fmt: skip
    return {
        "figure": one.figure, "now": now, "low": low, "high": high, "before": one.then, "change": change,
        "change_low": change_low, "change_high": change_high, "clear": one.clear, **aimed,
    }  # fmt: skip


def _sides(parts: Parts, found: tuple[Standing, ...]) -> pd.DataFrame:
    """Return all that is looked at and, where something is compared, both campaigns on the days compared."""
    names: list[str | None] = [None, None]
    for answer in (parts.sales, parts.performance):
        if answer is not None and len(rows := answer.frame("campaigns")):
            names = rows["campaign"].tolist()[:2]
    if names[0] is None and parts.same:
        names = [parts.same.campaign, parts.same.before]
    sides = [(names[0], "all", {one.figure: float(one.now.value) for one in found})]
    if names[0] is not None:
        sides.append((names[0], "alike", {one.figure: one.alike for one in found}))
        sides.append((names[1], "before", {one.figure: one.then for one in found}))
    laid = [{"campaign": name, "side": side, **figures} for name, side, figures in sides]
    frame = pd.DataFrame(laid, columns=list(OverviewAnswer.fields["sides"]))
    return frame.astype({"campaign": object, **dict.fromkeys(FIGURES, float)})


def _trend(parts: Parts) -> pd.DataFrame:
    """Return what is told of each day, by campaign."""
    keys = ["period", "campaign"]
    told = [_days(answer, columns) for answer, columns in (
        (parts.sales, ("realised", "created_amount", "paid")), (parts.performance, ("spend",))) if answer]  # fmt: skip
    if parts.growth is not None:
        told.append(_active(parts))
    columns = list(OverviewAnswer.fields["trend"])
    if not told:
        return pd.DataFrame(columns=columns).astype({"period": "datetime64[us]", "whole": bool})
    found = told[0]
    for other in told[1:]:
        found = found.merge(other, on=keys, how="outer", suffixes=("", "_other"))
        found["whole"] = found["whole"].fillna(found["whole_other"]).astype(bool)
    # The campaign looked at comes first.
    order = {name: n for n, name in enumerate(told[0]["campaign"].unique())}
    found = found.assign(group=TOTAL, _place=found["campaign"].map(order)).sort_values(["_place", "period"])
    numbers = [name for name in TREND if name not in found]
    return found.assign(**dict.fromkeys(numbers, np.nan))[columns].reset_index(drop=True)


def _days(answer: Any, columns: tuple[str, ...]) -> pd.DataFrame:
    trend = answer.frame("trend")
    rows = trend[trend["group"] == TOTAL]
    own = rows[["period", "campaign", "whole", *columns]].astype(dict.fromkeys(columns, float))
    named: pd.DataFrame = own.assign(campaign=own["campaign"].fillna(""))
    return named


def _active(parts: Parts) -> pd.DataFrame:
    """Return who was active by day, of this campaign and of the one before on days called as those of this one."""
    assert parts.growth is not None  # the caller looked
    same, frames = parts.same, []
    for answer, name, shift in (
        (parts.growth, same.campaign if same else "", pd.Timedelta(0)),
        (parts.growth_before, same.before if same else "", _shift(parts)),
    ):
        if answer is not None:
            table = answer.table[["period", "active", "complete"]].rename(columns={"complete": "whole"})
            frames.append(table.assign(period=table["period"] + shift, campaign=name).astype({"active": float}))
    return pd.concat(frames, ignore_index=True)


def _shift(parts: Parts) -> pd.Timedelta:
    same = parts.same
    return pd.Timestamp(same.days[0]) - pd.Timestamp(same.earlier[0]) if same else pd.Timedelta(0)


def _marks(tables: Tables, where: Filter | None, trend: pd.DataFrame) -> pd.DataFrame:
    """Return the phases of the campaign looked at and the calendar days within the days drawn."""
    days = [("day", day.name, day.start, day.last) for day in tables.recorded(CalendarDay)]
    campaign = tables.campaign
    if campaign and (not where or where.campaign in ((), (campaign.name,))):
        days = [("phase", phase.name, phase.start, phase.end) for phase in campaign.phases] + days
    marks = pd.DataFrame(days, columns=["kind", "name", "first", "last"])
    marks = marks.astype({"first": "datetime64[us]", "last": "datetime64[us]"})
    if trend.empty:
        return marks[:0]
    first, last = trend["period"].min(), trend["period"].max()
    drawn: pd.DataFrame = marks[(marks["last"] >= first) & (marks["first"] <= last)].reset_index(drop=True)
    return drawn.assign(first=drawn["first"].clip(lower=first), last=drawn["last"].clip(upper=last))
