"""What has moved since the baseline, once it is allowed for that thirty figures are looked at?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.arrays import Bools, Floats
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, SluiceError
from analysis.estimates import LEVEL, Interval, clear, doubt, relative
from analysis.fields import Field, Fields, Figure, described
from analysis.later import alt
from analysis.messages import N_, Message, Names, Points, Share, figure, say
from analysis.periods import covered
from analysis.plan.dates import before as campaign_before
from analysis.plan.dates import of_one_name, own_campaign, rows_of
from analysis.plan.measures import BASELINES, MEASURES, Side, Told
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import Filter, a, optional, value


@value("baselines")
class Baselines(Question):
    """The plan's thirty figures before and since, and which of them moved beyond chance.

    Parameters
    ----------
    before, since : Filter, optional
        The rows of either side. By default the campaign before and this one; without one before, as many days before
        this one began as it has had.
    where : Filter, optional
        Channels and the like that both sides are restricted to.

    Notes
    -----
    Each figure is that of its own question, with its interval. Its change is one estimate over the other
    (:func:`analysis.estimates.relative`), and of all that are told those stand that do so after Benjamini and
    Hochberg's rule at 5%: with nothing changed, one of thirty would otherwise "move" with 78.5% chance.

    Examples
    --------
    >>> from analysis import Campaign
    >>> days = pd.date_range("2026-11-01", periods=120, freq="6h")
    >>> spend = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(hours=6), "channel": "search",
    ...                       "spend": [10.0, 11.0, 12.0] * 40, "currency": "CNY"})
    >>> sides = {"before": Filter(end="2026-11-15"), "since": Filter(start="2026-11-16")}
    >>> campaign = Campaign(name="autumn", start="2026-11-16", end="2026-11-30", zone="UTC")
    >>> answer = Baselines(**sides).run(Tables(spend=spend, campaign=campaign))
    >>> answer.table[["measure", "moved"]].values.tolist(), len(answer.frame("missing"))
    ([['spend_a_day', False]], 29)
    """

    title: ClassVar[str] = N_("What has moved since the baseline?")
    planned: ClassVar[bool] = True

    before: Filter | None = field(default=None, metadata=optional(a(Filter)))
    since: Filter | None = field(default=None, metadata=optional(a(Filter)))

    @property
    def heavy(self) -> bool:
        """A dozen questions are asked of either side."""
        return True

    def _answer(self, tables: Tables) -> BaselinesAnswer:
        if not any(map(tables.count, ("events", "orders", "spend"))):
            raise DataError.no_table("orders")
        sides = _sides(self, tables)
        pairs, missing = _read(sides)
        if not pairs:
            raise DataError.empty(
                say("None of the {n} figures can be told of both sides. {why}", n=len(BASELINES),
                    why=next(iter(missing.values())))
            )  # fmt: skip
        currency = next((now.currency for _, now in pairs.values() if now.currency), None)
        table = _table(pairs)
        return BaselinesAnswer(
            question=self,
            version=tables.planned,
            headline=_headline(table, pairs, currency),
            frames={
                "table": table,
                "missing": pd.DataFrame({"measure": list(missing), "bring": [m.text() for m in missing.values()]}),
            },
            notes=(*of_one_name(tables, *_campaigns(sides)), *_of_days(pairs), *_notes(table, missing, sides)),
            currency=currency,
            bring=tuple(missing.values()),
        )


_NAMES = {code: MEASURES[code].label for code in BASELINES}
_WRITTEN = ("before", "before_low", "before_high", "since", "since_low", "since_high")
_VERDICTS = {"better": N_("better"), "worse": N_("worse"), "other": N_("changed"), "same": N_("chance explains it")}


@dataclass(frozen=True, kw_only=True, repr=False)
class BaselinesAnswer(Answer):
    """One row per figure that both sides tell, the clearest change first; "missing" has what the others need.

    `change` is the later side over the earlier one, less one, with its 95% interval; `moved` marks those that stand
    after allowing for all that were looked at.
    """

    fields: ClassVar[Fields] = described(
        table={
            "measure": Field(N_("Figure"), "text", _NAMES),
            "verdict": Field(N_("Since"), "text", _VERDICTS),
            "before": Field(N_("Before"), "text"),
            "since": Field(N_("Now"), "text"),
            "change": Field(N_("Change"), "share"),
            "low": Field(N_("Change: 95% from"), "share"),
            "high": Field(N_("Change: 95% to"), "share"),
            "moved": Field(N_("Beyond chance"), "flag"),
            "before_low": Field(N_("Before: 95% from"), "text"),
            "before_high": Field(N_("Before: 95% to"), "text"),
            "since_low": Field(N_("Now: 95% from"), "text"),
            "since_high": Field(N_("Now: 95% to"), "text"),
        },
        missing={
            "measure": Field(N_("Figure"), "text", _NAMES),
            "bring": Field(N_("What to bring"), "text"),
        },
    )
    figures = (Figure("change", ("measure",)),)

    question: Baselines
    bring: tuple[Message, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables, each figure in its unit and the reader's language."""
        table = self.frame(name)
        if name == "missing":
            return table.assign(bring=[self.say(why, language) for why in self.bring])
        for column in _WRITTEN:
            pairs = zip(table["measure"], table[column], strict=True)
            table[column] = [self._written(MEASURES[code].unit, held, language) for code, held in pairs]
        return table

    def _written(self, unit: str, held: float, language: str) -> str:
        return "" if held != held else self.say(figure(unit, held, self.currency), language)

    def _chart(self, look: Look) -> AnyChart:
        plot, table = self.plot("table", look), self.frame("table")
        table = table[table["change"].notna()].reset_index(drop=True)
        for column in ("change", "low", "high"):
            table[f"{column}_to"] = table[column].clip(-1.0, MOST)
        shown = plot.named(table)
        colours = {"better": charts.ACCENT, "worse": charts.LOSS, "other": look.ink, "same": look.faint}
        base = alt.Chart(shown).encode(y=charts.rows("measure_name", list(shown["measure_name"])))
        x = alt.X("change_to:Q", title=plot.title("change"), axis=plot.axis("change"))
        scale = alt.Scale(domain=[plot.name("verdict", one) for one in colours], range=list(colours.values()))
        legend = alt.Legend(title=None, symbolType="circle")
        dots = base.mark_point(filled=True, size=90, opacity=1).encode(
            x=x, color=alt.Color("verdict_name:N", scale=scale, legend=legend),
            tooltip=plot.tips("measure", "verdict", "change", "low", "high"),
        )  # fmt: skip
        drawn = alt.layer(charts.zero(look), charts.whiskers(base, look, "low_to", "high_to", color=look.faint), dots)
        return charts.finish(drawn, look, describe=self.say(self.headline, look.language), height=24 * len(shown) + 60)


MOST = 2.0
"""Largest change that is drawn."""


# ---- both sides -------------------------------------------------------------------------------------------


class Sides(NamedTuple):
    """The rows before and since."""

    before: Side
    since: Side


def _sides(asked: Baselines, tables: Tables) -> Sides:
    """Return both sides: those asked for, else the campaign before and this one, or the days before and since."""
    before, since = asked.before, asked.since
    if before is None or since is None:
        own = own_campaign(tables)
        now = rows_of(tables)
        name = campaign_before(tables)
        since = since or now
        before = before or (rows_of(tables, name) if name else _days_before(own.start, own.end, tables))
    if asked.where:
        also = asked.where.columns()
        before, since = (_within(side, also, asked.where) for side in (before, since))
    return Sides(Side(tables, before), Side(tables, since))


def _campaigns(sides: Sides) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for side in sides for name in side.where.campaign))


def _within(side: Filter, also: Mapping[str, tuple[str, ...]], where: Filter) -> Filter:
    kept: dict[str, Any] = {
        name: getattr(side, name) or getattr(where, name) for name in ("campaign", "channel", "device")
    }
    return side.replace(segment={**dict(where.segment), **dict(side.segment)}, **kept) if also else side


def _days_before(start: str, end: str, tables: Tables) -> Filter:
    """Return as many days before a campaign began as it has had, as far as the data go back."""
    span = covered(tables)
    first = dt.date.fromisoformat(start)
    last = min(dt.date.fromisoformat(end), dt.date.fromisoformat(span[1]) if span else first)
    begun = first - ((last - first) + dt.timedelta(days=1))
    if span and span[0] >= start:
        raise DataError.empty(
            say("Nothing is known from before {start}, so there is no baseline. Import what came before, or choose two "
                "stretches of days.", start=start)
        )  # fmt: skip
    return Filter(start=begun.isoformat(), end=(first - dt.timedelta(days=1)).isoformat())


Pairs = dict[str, tuple[Told, Told]]


def _read(sides: Sides) -> tuple[Pairs, dict[str, Message]]:
    """Return the figures of both sides, and why the others cannot be told."""
    pairs, missing = Pairs(), dict[str, Message]()
    looks_new = _looks_new(sides.before)
    for code in BASELINES:
        if looks_new and code in _OF_NEW:
            missing[code] = looks_new
            continue
        try:
            found = (MEASURES[code].read(sides.before), MEASURES[code].read(sides.since))
        except SluiceError as error:
            missing[code] = error.message
            continue
        if any(np.isnan(float(told.at.value)) for told in found):
            missing[code] = say("One of the sides has nothing to count.")
        elif MEASURES[code].unit == "money" and found[0].currency != found[1].currency:
            missing[code] = say("The sides are in different currencies: give an exchange rate on Records.")
        else:
            pairs[code] = found
    return pairs, missing


_OF_NEW = ("new_buyer_share", "buyer_cost")
"""Figures of new buyers: who is new is told by what was bought before."""


def _orders_begin(tables: Tables) -> str | None:
    """Return the first day of what tells who bought."""
    span = covered(tables, "orders" if tables.count("orders") else "events")
    return span[0] if span else None


def _looks_new(before: Side) -> Message | None:
    """Say why new buyers are not compared, where the data begin with the earlier side: in it everybody looks new."""
    begun = _orders_begin(before.tables)
    if begun is None or begun < (before.where.start or begun):
        return None
    return say("These data begin on {day}, with the earlier side, in which almost everybody looks new. Import the "
               "orders from before it.", day=begun)  # fmt: skip


def moved(before: Interval, since: Interval) -> tuple[Interval, Floats, Bools]:
    """Return each figure's change as a ratio, its p-value, and which stand after allowing for all of them.

    Parameters
    ----------
    before, since : Interval, shape (figures,)

    Examples
    --------
    >>> from analysis.estimates import proportion
    >>> ratio, p, stands = moved(proportion([100, 50], [1000, 1000]), proportion([170, 52], [1000, 1000]))
    >>> stands.tolist()
    [True, False]
    """
    change = relative(since, before)
    p = doubt(change)
    return change, p, clear(p)


def _table(pairs: Pairs) -> pd.DataFrame:
    before, since = (
        Interval(*(np.array(bounds) for bounds in zip(*(pair[n].at.floats() for pair in pairs.values()), strict=True)))
        for n in (0, 1)
    )
    change, p, stands = moved(before, since)
    better = np.array([MEASURES[code].better for code in pairs])
    good = better * np.sign(np.nan_to_num(change.value - 1))
    verdict = np.where(~stands, "same", np.where(good > 0, "better", np.where(good < 0, "worse", "other")))
    table = pd.DataFrame({
        "measure": list(pairs), "verdict": verdict, "before": before.value, "since": since.value,
        "change": change.value - 1, "low": change.low - 1, "high": change.high - 1, "moved": stands,
        "before_low": before.low, "before_high": before.high, "since_low": since.low, "since_high": since.high, "p": p,
    })  # fmt: skip
    table = table.replace([np.inf, -np.inf], np.nan)
    ordered = table.sort_values("p", na_position="last", kind="stable", ignore_index=True)
    return ordered[list(BaselinesAnswer.fields["table"])]


# ---- the words --------------------------------------------------------------------------------------------


def _headline(table: pd.DataFrame, pairs: Pairs, currency: str | None) -> Message:
    told, stands = len(table), table[table["moved"]]
    if stands.empty:
        return say("Of {n} figures none has moved beyond chance: leave the baseline as it is.", n=told)
    parts = [say("{n} of {told} figures have moved beyond chance.", n=len(stands), told=told)]
    for verdict, words in (
        ("worse", N_("Clearest for the worse: {what}.")),
        ("better", N_("Clearest for the better: {what}.")),
    ):
        own = stands[stands["verdict"] == verdict]
        if len(own):
            parts.append(say(words, what=_moved(own.iloc[0], currency)))
    whole = parts[0]
    for part in parts[1:]:
        whole = say("{one} {other}", one=whole, other=part)
    return whole


def _moved(row: Any, currency: str | None) -> Message:
    measure = MEASURES[row["measure"]]
    unit, label = measure.unit, measure.label
    then, now = (figure(unit, float(row[side]), currency) for side in ("before", "since"))
    facts = {"what": say(label), "then": then, "now": now}
    if unit == "share":
        return say(
            "{what} {now} after {then}, {by} percentage points", **facts, by=Points(row["since"] - row["before"])
        )
    return say(
        "{what} {now} after {then} (95% {low} to {high})", **facts, low=Share(row["low"]), high=Share(row["high"])
    )


def _of_days(pairs: Pairs) -> tuple[Note, ...]:
    """Return what is said of the days that a figure is of, once."""
    return tuple(dict.fromkeys(note for pair in pairs.values() for told in pair for note in told.notes))


def _notes(table: pd.DataFrame, missing: Mapping[str, Message], sides: Sides) -> Iterator[Note]:
    if missing:
        text = say("{n} of the plan's {all} figures cannot be told; what each needs stands in its table.",
                   n=len(missing), all=len(BASELINES))  # fmt: skip
        yield Note("not-told", text, "missing")
    if lone := sorted(set(table["measure"][table["low"].isna()])):
        yield Note("no-interval", say("Without an interval nothing is said to have moved: {figures}.",
                                      figures=_labels(lone)), "missing")  # fmt: skip
    begun = _orders_begin(sides.before.tables)
    if begun and set(table["measure"]) & set(_OF_NEW):
        text = say("New is who has no purchase before in these data, which begin on {day}; the earlier the orders, the "
                   "more of their buyers are.", day=begun)  # fmt: skip
        yield Note("new-buyers", text, "warning")
    text = say("That one moved is not why: seasons, prices and other campaigns move figures as well. An experiment "
               "would tell.")  # fmt: skip
    yield Note("no-cause", text)
    one, other = (_called(side.where) for side in sides)
    yield Note("sides", say("Before is {before}; since is {since}.", before=one, since=other))
    text = say("With nothing changed, one of thirty figures looks as if it had moved with 78.5% chance. At most "
               "{share} of those marked here are expected to be such.", share=Share(1 - LEVEL))  # fmt: skip
    yield Note("many-figures", text)


def _labels(codes: Sequence[str]) -> Message:
    return say("{names}", names=Names(tuple(say(MEASURES[code].label) for code in codes)))


def _called(where: Filter) -> Message:
    names = Names(where.campaign, "campaign")
    if where.campaign and not where.start:
        return say("{names}", names=names)
    days = {"start": where.start or "…", "end": where.end or "…"}
    return say("{names}, {start} – {end}", names=names, **days) if where.campaign else say("{start} – {end}", **days)
