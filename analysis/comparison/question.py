"""Two questions side by side: what differs between them, and by how much do their figures?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.charts import AnyChart, Look, Plot
from analysis.comparison import chart as picture
from analysis.comparison import kernel, words
from analysis.comparison.differences import Difference, differences
from analysis.comparison.settings import KINDS, SETTINGS
from analysis.errors import DataError, QuestionError
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.journey.funnel.question import Funnel
from analysis.messages import N_, Message, Names, figure, say, translate
from analysis.question import Question
from analysis.results.performance.question import Performance
from analysis.results.sales.question import Sales
from analysis.tables import Tables
from analysis.values import Filter, Metadata, local_day, value

NUMBERS = ("count", "share", "points", "money", "ratio", "number", "seconds")
"""Units of what can be subtracted."""


def _side() -> Metadata:
    def check(name: str, got: Any) -> Question:
        if isinstance(got, Comparison):
            raise QuestionError.field(name, got.kind, say("a comparison is of two other questions; compare those."))
        if not isinstance(got, Question):
            raise QuestionError.field(name, got, say("it must be a {kind}.", kind="Question"))
        return got

    return {"check": check}


FIRST: tuple[type[Question], ...] = (Funnel, Sales, Performance)
"""What is compared at first, by what the data hold."""


@value("comparison")
class Comparison(Question):
    """Any two questions side by side: one at two times, of two campaigns or segments, with another setting.

    Parameters
    ----------
    left : Question
        What is compared with, such as the campaign before.
    right : Question
        What is compared. Differences are the right's figure less the left's.
    where : Filter, optional
        Restricts both sides; where a side restricts the same column, or has dates, the side counts.

    Notes
    -----
    Two answers of one kind are compared row by row in the figure that their kind names (`Answer.figures`). A difference
    has an interval only where the filters keep both sides' rows apart (disjoint dates, campaigns, channels, devices or
    segments): :func:`analysis.comparison.kernel.table` says how it is made. Where the same people may be on both sides
    it has none, for how their figures go together is not known. Of several rows those are marked that stand after
    allowing for how many were looked at (:func:`analysis.estimates.clear`).

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel, Tables
    >>> rows = [(f"{device}{u}", "2026-11-01 10:00", "view", device) for device in ("ios", "web") for u in range(100)]
    >>> rows += [(f"ios{u}", "2026-11-01 11:00", "cart", "ios") for u in range(60)]
    >>> rows += [(f"web{u}", "2026-11-01 11:00", "cart", "web") for u in range(30)]
    >>> events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "device"])
    >>> events["timestamp"] = pd.to_datetime(events["timestamp"])
    >>> web = Funnel(steps=("view", "cart"), window="1h", where=Filter(device="web"))
    >>> answer = Comparison(left=web, right=web.replace(where=Filter(device="ios"))).run(Tables(events=events))
    >>> answer.table.loc[1, ["left", "right", "difference", "low", "high"]].astype(float).round(3).tolist()
    [0.3, 0.6, 0.3, 0.163, 0.422]
    """

    title: ClassVar[str] = N_("What differs?")
    of_all: ClassVar[bool] = True

    left: Question = field(metadata=_side())
    right: Question = field(metadata=_side())

    @property
    def heavy(self) -> bool:
        """Whether either side is."""
        return self.left.heavy or self.right.heavy

    @property
    def whole(self) -> bool:
        """Its sides say of themselves when they look at."""
        return False

    @property
    def sides(self) -> tuple[Question, Question]:
        """Both questions with the filter that they share."""
        return _within(self.left, self.where), _within(self.right, self.where)

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what a funnel lacks where nothing can be asked; else nothing: what a side lacks, it says itself."""
        lacking = [kind.lacks(tables) for kind in FIRST]
        return lacking[0] if all(lacking) else ()

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the last campaign set beside the one before it, or the days' second half beside their first."""
        kind = next((kind for kind in FIRST if not kind.lacks(tables)), Funnel)
        asked = kind.suggested(tables)
        before, after = _two_campaigns(tables) or _two_halves(tables)
        return cls(left=asked.replace(where=before), right=asked.replace(where=after))

    def _answer(self, tables: Tables) -> Answer:
        sides = self.sides
        left = sides[0].run(tables)
        right = left if sides[0] == sides[1] else sides[1].run(tables)
        if _alike(left, right):
            return _compared(self, left, right)
        return _beside(self, left, right)

    def _told(self, tables: Tables) -> tuple[Note, ...]:
        return ()  # the sides say of themselves by what they tell people apart


@dataclass(frozen=True, kw_only=True, repr=False)
class ComparisonAnswer(Answer):
    """One row per row that either side's answer has: both figures, and the right's less the left's.

    `low` and `high` bound the difference at 95%, where it has an interval; `clear` marks those that chance does not
    explain. "trend" has the days (weeks, months) of both sides, counted from each one's first, "figures" every other
    number of the answers' tables.
    """

    fields: ClassVar[Fields] = described(
        table={
            "row": Field(N_("Row"), "text", of="event"),
            "left": Field(N_("Left"), "number"),
            "right": Field(N_("Right"), "number"),
            "difference": Field(N_("Right less left"), "number"),
            **bounds("number"),
            "clear": Field(N_("Beyond chance"), "flag"),
            "left_n": Field(N_("Left: users"), "count"),
            "left_low": Field(N_("Left: 95% from"), "number"),
            "left_high": Field(N_("Left: 95% to"), "number"),
            "right_n": Field(N_("Right: users"), "count"),
            "right_low": Field(N_("Right: 95% from"), "number"),
            "right_high": Field(N_("Right: 95% to"), "number"),
        },
        trend={
            "row": Field(N_("Row"), "text", of="event"),
            "left": Field(N_("Left"), "number"),
            "right": Field(N_("Right"), "number"),
            "difference": Field(N_("Right less left"), "number"),
        },
        figures={
            "row": Field(N_("Row"), "text", of="event"),
            "figure": Field(N_("Figure"), "text"),
            "left": Field(N_("Left"), "text"),
            "right": Field(N_("Right"), "text"),
            "difference": Field(N_("Right less left"), "text"),
        },
    )

    question: Comparison
    left: Answer
    right: Answer
    differ: tuple[Difference, ...]

    def plot(self, name: str, look: Look) -> Plot:
        """Return how one of the tables is drawn: its figures have the unit of what is compared."""
        plot = super().plot(name, look)
        if name not in ("table", "trend"):
            return plot
        unit = self._compared(name).unit
        units = {column: words.apart_by(unit) if column in ("difference", "low", "high") else unit
                 for column, own in plot.fields.items() if own.unit == "number"}  # fmt: skip
        return replace(plot, fields={column: replace(own, unit=units.get(column, own.unit))
                                     for column, own in plot.fields.items()})  # fmt: skip

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables, the other figures each in its unit and the reader's language."""
        table = self.frame(name)
        if name != "figures":
            return table
        units = _units(self.left)
        for column in ("left", "right", "difference"):
            pairs = zip(table[column], table["figure"].map(units), strict=True)
            table[column] = [self._written(column, held, unit, language) for held, unit in pairs]
        return table.assign(figure=[translate(label, language) for label in table["figure"]])

    def _written(self, column: str, held: float, unit: str, language: str) -> str:
        if held != held:
            return ""
        unit = words.apart_by(unit) if column == "difference" else unit
        return self.say(figure(unit, held, self.currency), language)

    def _compared(self, name: str) -> Field:
        """Return the field of the figure that one of the tables compares."""
        own = self.left.figures[-1 if name == "trend" else 0]
        return self.left.fields[own.frame][own.column]

    def _chart(self, look: Look) -> AnyChart:
        own = self._compared("table")
        return picture.pairs(self, own.label, own.unit, words.sides(self.differ), look)


@dataclass(frozen=True, kw_only=True, repr=False)
class BesideAnswer(Answer):
    """Two answers with nothing to subtract, one row each."""

    fields: ClassVar[Fields] = described(
        table={
            "side": Field(N_("Side"), "text", {"left": N_("Left"), "right": N_("Right")}),
            "question": Field(N_("Question"), "text", KINDS),
            "finding": Field(N_("What it found"), "text"),
        },
    )

    question: Comparison
    left: Answer
    right: Answer

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return the table with both findings in a reader's language."""
        found = [self.say(side.headline, language) for side in (self.left, self.right)]
        return self.frame(name).assign(finding=found)

    def _chart(self, look: Look) -> AnyChart:
        left, right = (replace(side, names=self.names) for side in (self.left, self.right))
        one, other = (say(text, headline=say(KINDS[side.question.kind]))
                      for text, side in ((words.LEFT, left), (words.RIGHT, right)))  # fmt: skip
        return picture.stacked((left, right), (one, other), self.headline, look)


# ---- the work ---------------------------------------------------------------------------------------------


def _two_campaigns(tables: Tables) -> tuple[Filter, Filter] | None:
    """Return the filters for the campaign before the current one, and for that; None where there are no two."""
    names, current = tables.names("campaign"), tables.current()
    if len(names) < 2:
        return None
    last = names.index(current.campaign[0]) if current else len(names) - 1
    before, after = names[max(last, 1) - 1], names[max(last, 1)]
    return Filter(campaign=(before,)), Filter(campaign=(after,))


def _two_halves(tables: Tables) -> tuple[Filter, Filter]:
    span = tables.span()
    if span is None:
        return Filter(), Filter()
    first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
    middle = first + (last - first) // 2
    after = min(middle + dt.timedelta(days=1), last)
    halves = (first, middle), (after, last)
    one, other = (Filter(start=begin.isoformat(), end=end.isoformat()) for begin, end in halves)
    return one, other


def _within(question: Question, where: Filter | None) -> Question:
    """Return a question with a filter that counts where its own says nothing."""
    if where is None:
        return question
    own = question.where or Filter()
    dated = own if own.start or own.end else where
    names = ("campaign", "channel", "device")
    both: dict[str, Any] = {name: getattr(own, name) or getattr(where, name) for name in names}
    both["segment"] = {**dict(where.segment), **dict(own.segment)}
    return question.replace(where=Filter(start=dated.start, end=dated.end, **both))


def _alike(left: Answer, right: Answer) -> bool:
    """Say whether two answers have a figure in common: one kind, and one currency where it is money."""
    if type(left) is not type(right) or left.question.kind != right.question.kind or not left.figures:
        return False
    own = left.figures[0]
    return left.fields[own.frame][own.column].unit != "money" or left.currency == right.currency


def kept_apart(left: Question, right: Question) -> tuple[Message, ...]:
    """Return by what two questions' filters keep their rows apart; nothing where the same may be on both sides.

    Examples
    --------
    >>> from analysis import Funnel
    >>> asked = Funnel(steps=("view", "cart"), where=Filter(end="2026-10-31"))
    >>> [by.text() for by in kept_apart(asked, asked.replace(where=Filter(start="2026-11-01", channel="search")))]
    ['dates']
    """
    one, other = left.where or Filter(), right.where or Filter()
    found = []
    if (one.end and other.start and one.end < other.start) or (other.end and one.start and other.end < one.start):
        found.append(say("dates"))
    kept = one.columns(), other.columns()
    for column in kept[0].keys() & kept[1].keys():
        if not set(kept[0][column]) & set(kept[1][column]):
            found.append(say(column) if column in SETTINGS else say("{name}", name=column))
    return tuple(found)


def _compared(asked: Comparison, left: Answer, right: Answer) -> ComparisonAnswer:
    own, sides = left.figures[0], asked.sides
    differ = differences(*sides)
    by = kept_apart(*sides)
    pairs = kernel.paired(left, right, own)
    table = kernel.table(left, right, own, pairs, apart=bool(by))
    said = dict(zip(table["row"], pairs.words, strict=True))
    trend, days = _trend(left, right)
    both = table["difference"].notna().to_numpy()
    found = _found(left, own, pairs, table) if both.any() else None
    clear = [pairs.words[i] for i in np.flatnonzero(table["clear"])]
    bounded = int((both & table["low"].notna()).sum())
    return ComparisonAnswer(
        question=asked,
        version=left.version,
        headline=words.headline(found, differ, left.headline),
        frames={"table": table, "trend": trend, "figures": _figures(left, right, own, pairs)},
        notes=(
            *words.trust(say("{names}", names=Names(by)) if by else None, found is not None, bounded > 0, bool(differ)),
            *words.what_differs(differ),
            *words.other_rows(clear, bounded),
            *words.each_side(left, right),
        ),
        currency=left.currency,
        said=said | days,
        left=left,
        right=right,
        differ=differ,
    )


def _found(left: Answer, own: Figure, pairs: kernel.Pairs, table: pd.DataFrame) -> words.Found:
    """Return what the headline speaks of: the row that the kind names, else the first that both sides have."""
    known = np.flatnonzero(table["difference"].notna())
    wanted = own.main if own.main >= 0 else pairs.first + own.main
    at = int(known[np.abs(known - wanted).argmin()])
    row: Any = table.iloc[at]
    figure = left.fields[own.frame][own.column]
    people = tuple(None if pd.isna(row[f"{side}_n"]) else int(row[f"{side}_n"]) for side in ("left", "right"))
    return words.Found(
        label=say(figure.label), row=pairs.words[at], unit=figure.unit, currency=left.currency,
        left=float(row["left"]), right=float(row["right"]), people=(people[0], people[1]),
        bounds=(float(row["low"]), float(row["high"])),
    )  # fmt: skip


def _trend(left: Answer, right: Answer) -> tuple[pd.DataFrame, dict[str, Message]]:
    """Return the days of both sides beside each other, where the answers have any, and what they are called."""
    columns = list(ComparisonAnswer.fields["trend"])
    own = next((own for own in left.figures[1:] if len(left.frame(own.frame)) and len(right.frame(own.frame))), None)
    if own is None:
        return pd.DataFrame({name: pd.Series(dtype=object if name == "row" else float) for name in columns}), {}
    pairs = kernel.paired(left, right, own)
    table = kernel.table(left, right, own, pairs, apart=False)[columns]
    return table, dict(zip(table["row"], pairs.words, strict=True))


def _figures(left: Answer, right: Answer, own: Figure, pairs: kernel.Pairs) -> pd.DataFrame:
    """Return every other number of the table that is compared, one row per row and figure; without intervals."""
    fields = left.fields[own.frame]
    names = [name for name, its in fields.items() if its.unit in NUMBERS and name not in (*own.rows, own.column)
             and not name.endswith(("low", "high"))]  # fmt: skip
    parts = [pd.DataFrame(columns=list(ComparisonAnswer.fields["figures"]))]
    for name in names:
        one, other = (kernel.column(side, own.frame, name, at)
                      for side, at in ((left, pairs.left), (right, pairs.right)))  # fmt: skip
        parts.append(pd.DataFrame({"row": list(pairs.names), "figure": fields[name].label, "left": one, "right": other,
                                   "difference": other - one}))  # fmt: skip
    return pd.concat(parts[1:] or parts, ignore_index=True)


def _units(left: Answer) -> Mapping[str, str]:
    """Return by their labels the units of the figures in the table that is compared."""
    return {its.label: its.unit for its in left.fields[left.figures[0].frame].values()}


def _beside(asked: Comparison, left: Answer, right: Answer) -> BesideAnswer:
    one, other = (side.kind for side in asked.sides)
    differ = differences(*asked.sides)
    table = pd.DataFrame({"side": ["left", "right"], "question": [one, other],
                          "finding": [side.headline.text() for side in (left, right)]})  # fmt: skip
    return BesideAnswer(
        question=asked,
        version=left.version,
        headline=words.two_kinds(say(KINDS[one]), say(KINDS[other]), alike=one == other),
        frames={"table": table},
        notes=(*words.what_differs(differ), *words.each_side(left, right)),
        currency=left.currency,
        left=left,
        right=right,
    )
