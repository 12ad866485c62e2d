"""Where does each goal stand, where will it be by its day, and how likely is it to be reached?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer
from analysis.arrays import Floats
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, SluiceError
from analysis.estimates import Interval
from analysis.fields import Field, Fields, Figure, described
from analysis.goals import READY, FigureOf, Goal
from analysis.later import alt
from analysis.messages import N_, figure, say, translate
from analysis.periods import UNSET
from analysis.plan import words
from analysis.plan.dates import before, kinds, of_one_name, own_campaign, rows_of, today, whole_day
from analysis.plan.forecast import Days, Foretold, foretell
from analysis.plan.measures import MEASURES, Measure, Parts, Side
from analysis.plan.stood import STATES, Stood
from analysis.question import Question
from analysis.quotes import row_at
from analysis.records import PlanLine, Planned
from analysis.tables import Tables
from analysis.values import day, names, value, whole
from analysis.vocabulary import TABLES


@value("goal-progress")
class GoalProgress(Question):
    """Where each goal stands, where it is forecast to be on its day, and the chance to reach it.

    Parameters
    ----------
    goals : sequence of str, optional
        Names of the goals looked at; all that are written down, or the plan's own three where there are none.
    at : str or date, optional
        The day after which nothing is looked at; by default the last one that is whole in the data.
    seed : int
        Of the forecast's rounds.

    Notes
    -----
    Goals are records (:class:`analysis.goals.Goal`). A ready figure is forecast from its days: see
    :func:`analysis.plan.forecast.foretell`; :data:`analysis.plan.forecast.OTHERWISE` says how far kinds of days not
    seen yet may differ from those of the campaign before. A figure of any other question is told as it stands.

    Examples
    --------
    >>> from analysis import Campaign
    >>> days = pd.date_range("2026-11-01 12:00", periods=12)
    >>> spend = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(hours=1), "channel": "search",
    ...                       "spend": 100.0, "currency": "CNY"})
    >>> campaign = Campaign(name="autumn", start="2026-11-01", end="2026-11-15", zone="UTC")
    >>> tables = Tables(spend=spend, campaign=campaign, records=[Goal(name="Spend", figure="spend", target=1600)])
    >>> GoalProgress().run(tables).table[["goal", "state", "forecast"]].round(2).values.tolist()
    [['Spend', 'likely', 1500.0]]
    """

    title: ClassVar[str] = N_("Will we reach our goals?")
    planned: ClassVar[bool] = True

    goals: tuple[str, ...] = field(default=(), metadata=names(at_most=100))
    at: str | None = field(default=None, metadata=day())
    seed: int = field(default=1, metadata=whole(least=0, most=2**31))

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what is missing where there is nothing to go by: no rows, nothing planned, no days of a campaign."""
        planned = any(isinstance(record, (Planned, PlanLine)) for record in tables.records)
        campaign = tables.campaign
        dated = campaign is not None and (campaign.start, campaign.end) != UNSET
        held = planned or dated or any(tables.count(table) for table in TABLES)
        return () if held else (DataError.no_table("orders"),)

    def _answer(self, tables: Tables) -> GoalProgressAnswer:
        campaign = own_campaign(tables)
        kept = tables.recorded(Goal)
        wanted = _wanted(self, kept)
        scope = _Scope(self, tables, {})
        found = [_stood(goal, scope) for goal in wanted]
        table = pd.DataFrame([one.row() for one in found], columns=list(GoalProgressAnswer.fields["table"]))
        return GoalProgressAnswer(
            question=self,
            version=tables.planned,
            headline=words.headline(found),
            frames={"table": table.astype(_TYPES)},
            notes=(*of_one_name(tables), *words.notes(found, written=bool(kept))),
            currency=next((one.currency for one in found if one.currency), campaign.currency),
            stood=tuple(found),
        )


LEAST, MOST = -0.5, 1.6
"""How much of the way to the target is drawn: back to where it is half lost again, up to so many times the way."""
_WRITTEN = ("base", "target", "now", "low", "high", "forecast", "forecast_low", "forecast_high")
_TYPES: Mapping[str, Any] = {
    **dict.fromkeys((*_WRITTEN, "progress", "chance", "progress_low", "progress_high"), float), "date": object,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class GoalProgressAnswer(Answer):
    """One row per goal.

    `progress` is how much of the way from the base to the target is covered (of the target, without a base), with
    `progress_low` and `progress_high` what the forecast's interval makes of it; `chance` that of reaching the target.
    """

    fields: ClassVar[Fields] = described(
        table={
            "goal": Field(N_("Goal"), "text", of="goal"),
            "figure": Field(N_("Figure"), "text", {code: one.label for code, one in MEASURES.items()}),
            "state": Field(N_("State"), "text", STATES),
            "progress": Field(N_("Way covered"), "share"),
            "progress_low": Field(N_("By its day, 95% from"), "share"),
            "progress_high": Field(N_("By its day, 95% to"), "share"),
            "chance": Field(N_("Chance to reach it"), "share"),
            "date": Field(N_("By"), "text"),
            "base": Field(N_("Set out from"), "text"),
            "target": Field(N_("Target"), "text"),
            "now": Field(N_("Now"), "text"),
            "low": Field(N_("Now: 95% from"), "text"),
            "high": Field(N_("Now: 95% to"), "text"),
            "forecast": Field(N_("Forecast by its day"), "text"),
            "forecast_low": Field(N_("Forecast: 95% from"), "text"),
            "forecast_high": Field(N_("Forecast: 95% to"), "text"),
            "why": Field(N_("Why not"), "text"),
        },
    )
    figures = (Figure("progress", ("goal",), "", ""),)

    question: GoalProgress
    stood: tuple[Stood, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return the table with each figure in its unit and the reader's language."""
        table = self.frame(name)
        for column in _WRITTEN:
            table[column] = [
                self._written(one, held, language) for one, held in zip(self.stood, table[column], strict=True)
            ]
        figures = [translate(one.label, language) if one.label else "" for one in self.stood]
        reasons = [self.say(one.why, language) if one.why else "" for one in self.stood]
        return table.assign(figure=figures, why=reasons)

    def _written(self, one: Stood, held: float, language: str) -> str:
        return "" if held != held else self.say(figure(one.unit, held, one.currency), language)

    def _chart(self, look: Look) -> AnyChart:
        plot, table = self.plot("table", look), self.frame("table")
        table["label"] = [look(words.standing(one)) for one in self.stood]
        for column in ("progress", "progress_low", "progress_high"):
            table[f"{column}_to"] = table[column].clip(LEAST, MOST)
        back = bool((table[["progress_to", "progress_low_to"]] < 0).any(axis=None))
        table["shade"] = [charts.LOSS if way < 0 else charts.ACCENT for way in table["progress"]]
        shown = plot.named(table)
        shown["row"] = [f"{name}\n{label}" for name, label in zip(shown["goal_name"], shown["label"], strict=True)]
        base = alt.Chart(shown).encode(y=charts.rows("row", list(shown["row"]), lines=2))
        tips = plot.tips("goal", "state", "progress", "progress_low", "progress_high", "chance")
        scale = alt.Scale(domain=[LEAST if back else 0.0, MOST], nice=False)
        axis = plot.axis("progress", values=[LEAST, 0, 1] if back else [0, 0.5, 1, 1.5])
        x = alt.X("progress_to:Q", title=plot.title("progress"), axis=axis, scale=scale)
        shade = alt.Color("shade:N", scale=None)
        bars = base.mark_bar(height=18, opacity=0.85).encode(x=x, color=shade, tooltip=tips)
        line = alt.Chart(pd.DataFrame({"x": [1.0]})).mark_rule(color=look.ink, strokeDash=[4, 3]).encode(x=alt.X("x:Q"))
        reach = charts.whiskers(base, look, "progress_low_to", "progress_high_to")
        return charts.finish(alt.layer(bars, reach, charts.zero(look), line), look, height=48 * len(shown) + 60,
                             describe=self.say(self.headline, look.language))  # fmt: skip


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scope:
    """What goals are looked at on."""

    asked: GoalProgress
    tables: Tables
    sides: dict[str, Side]

    def side(self, name: str | None = None, until: str | None = None) -> Side:
        """Return a campaign's rows, the same for all goals."""
        key = f"{name} {until}"
        if key not in self.sides:
            where = rows_of(self.tables, name, until)
            if self.asked.where:
                own = self.asked.where
                where = where.replace(channel=own.channel, device=own.device, segment=own.segment)
            self.sides[key] = Side(self.tables, where)
        return self.sides[key]


def _wanted(asked: GoalProgress, kept: tuple[Goal, ...]) -> tuple[Goal, ...]:
    known = kept or READY
    for name in asked.goals:
        if name not in {goal.name for goal in known}:
            raise DataError.unknown(say("goal"), name, [goal.name for goal in known])
    return tuple(goal for goal in known if not asked.goals or goal.name in asked.goals)


def _stood(goal: Goal, scope: _Scope) -> Stood:
    """Return where a goal stands; what cannot be told is said."""
    campaign = own_campaign(scope.tables)
    date = goal.date or campaign.end
    try:
        if isinstance(goal.figure, FigureOf):
            return _pointed_at(goal, goal.figure, date, scope)
        if goal.figure not in MEASURES:
            raise DataError.unknown(say("figure"), goal.figure, MEASURES)
        return _measured(goal, MEASURES[goal.figure], date, scope)
    except SluiceError as error:
        known = MEASURES.get(goal.figure) if isinstance(goal.figure, str) else None
        label, unit = (known.label, known.unit) if known else ("", "number")
        return Stood(goal, label=label, unit=unit, date=date, why=error.message)


def _pointed_at(goal: Goal, of: FigureOf, date: str, scope: _Scope) -> Stood:
    """Return where a figure of any question stands; it is not forecast."""
    answer = of.question.run(scope.tables)
    row = row_at(answer, of.frame, of.column, of.row)
    own = answer.fields.get(of.frame, {}).get(of.column)
    if row is None or own is None:
        raise DataError.empty(
            say("The figure that this goal is about is not in its question's answer any more. Open the question, and "
                "choose the figure again.")
        )  # fmt: skip
    interval = next((f for f in answer.figures if (f.frame, f.column) == (of.frame, of.column) and f.low in row), None)
    bounds = (row[interval.low], row[interval.high]) if interval and interval.low else ()
    now = Interval.of(row[of.column], *bounds)
    base = float("nan") if goal.base is None else goal.base
    over = today(scope.tables, scope.asked.at) >= date
    target = base * (1 + goal.target) if goal.lift else goal.target
    why = None
    if np.isnan(target):
        why = say("The target is a change, and nothing says of what: give what is set out from.")
    elif not over:
        why = say("A figure of another question is told as it stands: only ready figures are forecast.")
    return Stood(goal, label=own.label, unit=own.unit, currency=answer.currency, less=target < base, date=date,
                 over=over, base=base, target=target, now=now, why=why)  # fmt: skip


def _measured(goal: Goal, measure: Measure, date: str, scope: _Scope) -> Stood:
    campaign, tables = own_campaign(scope.tables), scope.tables
    own = goal.campaign in (None, campaign.name)
    tables.require(*_table_of(measure))
    for table in measure.also:
        tables.require(table)
    needs = (*measure.kind.needs, *measure.also)
    known = whole_day(tables, *needs) if needs else today(tables, None)
    last = min(known, scope.asked.at or known)
    if own and last < campaign.start:
        raise DataError.empty(say("The campaign begins on {start}; until then there is nothing to go by.",
                                  start=campaign.start))  # fmt: skip
    side = scope.side(None, min(last, date)) if own else scope.side(goal.campaign, min(last, date))
    told = measure.read(side)
    base = _base(goal, measure, scope) if own else float("nan" if goal.base is None else goal.base)
    target = base * (1 + goal.target) if goal.lift else goal.target
    stood = Stood(goal, label=measure.label, unit=measure.unit, currency=told.currency, less=measure.better < 0,
                  date=date, over=not own or last >= min(date, campaign.end), base=base, target=target,
                  now=told.at, notes=told.notes)  # fmt: skip
    if np.isnan(target):
        text = say("The target is a change, and neither the goal nor a campaign before says of what: give what is set "
                   "out from.")  # fmt: skip
        return replace(stood, why=text)
    return stood if stood.over else _ahead(stood, measure, side, last, scope)


def _table_of(measure: Measure) -> tuple[str, ...]:
    table = next(iter(measure.kind.needs), "events")
    return (table, *measure.kind.needs.get(table, ()))


def _base(goal: Goal, measure: Measure, scope: _Scope) -> float:
    """Return what a goal is set out from: what it says, else for a change what the campaign before came to."""
    if goal.base is not None or not goal.lift:
        return float("nan") if goal.base is None else goal.base
    name = before(scope.tables)
    return float(measure.read(scope.side(name)).at.value) if name else float("nan")


def _ahead(stood: Stood, measure: Measure, side: Side, last: str, scope: _Scope) -> Stood:
    """Return a goal with its forecast, or with why there is none."""
    if measure.by_day is None:
        text = say("Day by day this figure is not told, so it is not forecast; it stands as it is.")
        return replace(stood, why=text)
    parts, campaign = measure.by_day(side), own_campaign(scope.tables)
    end = min(stood.date, campaign.end)
    days = _days(parts, campaign.start, last, end, scope.tables)
    earlier = [_earlier(measure, name, scope) for name in [before(scope.tables)] if name]
    found = foretell(days, [one for one in earlier if one], np.random.default_rng(scope.asked.seed))
    seen = len(days.top)
    if isinstance(found, str):
        return replace(stood, why=words.not_forecast(found, seen), seen=seen)
    scaled = Foretold(found.at.times(parts.times), found.draws * parts.times, found.borrowed)
    return replace(stood, ahead=scaled, seen=seen)


def _days(parts: Parts, first: str, last: str, end: str, tables: Tables) -> Days:
    """Lay out the days that were seen, and kind and weekday of those until the end."""
    begun, ended, seen = (dt.date.fromisoformat(day) for day in (first, end, last))
    index = pd.date_range(first, seen - dt.timedelta(days=parts.lag))
    count = max((ended - begun).days + 1 - parts.lag, len(index))
    weekdays = (begun.weekday() + np.arange(count)) % 7
    return Days(*_laid(parts, index), kinds(tables, begun, count), weekdays)


def _laid(parts: Parts, index: pd.DatetimeIndex) -> tuple[Floats, Floats | None]:
    """Return both parts of a figure on each of some days."""
    top, bottom = (
        None if own is None else np.asarray(own.reindex(index, fill_value=0.0), np.float64)
        for own in (parts.top, parts.bottom)
    )
    assert top is not None  # a sum, or the upper part
    return top, bottom


def _earlier(measure: Measure, name: str, scope: _Scope) -> Days | None:
    """Return the days of the campaign before, each of the kind of this one's as many days after it began."""
    try:
        parts = measure.by_day(scope.side(name)) if measure.by_day else None
    except SluiceError:
        return None
    if parts is None or not len(parts.top):
        return None
    begun, count = parts.top.index[0].date(), len(parts.top)
    labels = kinds(scope.tables, begun, count, since=begun)
    return Days(*_laid(parts, pd.DatetimeIndex(parts.top.index)), labels, (begun.weekday() + np.arange(count)) % 7)
