"""Which campaign did better, and for which weights of value, efficiency and experience would another one have?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.arrays import Floats
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, QuestionError, SluiceError
from analysis.estimates import SMALL, Z
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, Name, Names, Share, figure, say
from analysis.periods import stretches
from analysis.plan.dates import of_one_name, rows_of
from analysis.plan.measures import MEASURES, Side
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import Value, many, names, number, one_of, value

DIMENSIONS: Mapping[str, str] = {"value": "revenue_a_day", "efficiency": "roi", "experience": "conversion"}
"""What is weighed, and the figure each is told in."""
LABELS = {"value": N_("Value"), "efficiency": N_("Efficiency"), "experience": N_("Experience")}
QUARTERS = ("Q1", "Q2", "Q3", "Q4")
THIRD = 1 / 3


@value("quarter-weights")
class QuarterWeights(Value):
    """How much each dimension weighs in a quarter; weights are taken as shares of their sum.

    Parameters
    ----------
    quarter : {"Q1", "Q2", "Q3", "Q4"}
    value, efficiency, experience : float

    Raises
    ------
    QuestionError
        All of them are zero.

    Examples
    --------
    >>> QuarterWeights(quarter="Q4", value=2, efficiency=1, experience=1).shares
    (0.5, 0.25, 0.25)
    """

    quarter: str = field(metadata=one_of(*QUARTERS))
    value: float = field(default=THIRD, metadata=number(least=0))
    efficiency: float = field(default=THIRD, metadata=number(least=0))
    experience: float = field(default=THIRD, metadata=number(least=0))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not sum((self.value, self.efficiency, self.experience)) > 0:
            raise QuestionError.crossed(say("Weights of nothing say nothing: give at least one of them."))

    @property
    def shares(self) -> tuple[float, float, float]:
        """The weights, adding up to one."""
        own = (self.value, self.efficiency, self.experience)
        whole = sum(own)
        return (own[0] / whole, own[1] / whole, own[2] / whole)


@value("scorecard")
class Scorecard(Question):
    """Two or more campaigns by value, efficiency and experience, and the weights at which their order flips.

    Parameters
    ----------
    campaigns : sequence of str
        Those that are compared; by default the last two.
    weights : sequence of QuarterWeights
        By quarter; a quarter without any weighs all three alike. A campaign is scored by the quarter in which most of
        the last one's days lie.

    Notes
    -----
    Value is realised revenue a day, efficiency ROI, experience the share that goes from the first step of the funnel to
    the last. A score is the weighted mean of the logarithms of each figure over the mean of the campaigns', so that
    twice as good weighs as much as half as good; it is shown as a ratio. The order of two flips where the weighted
    differences add up to nought: an exact weight, the other two kept in proportion. The order is settled where the 95%
    interval of the difference, put together from those of the figures, leaves out nought; value and efficiency are
    taken to err together, for both rest on revenue. Where one that weighs has no interval, nothing is settled.

    Examples
    --------
    >>> at, names = pd.to_datetime(["2025-11-01", "2026-11-01", "2026-11-02"]), ["2025", "2026", None]
    >>> orders = pd.DataFrame({"order_id": list("abc"), "timestamp": at, "paid_at": at, "revenue": [100.0, 400.0, 9.0],
    ...                        "currency": "CNY", "campaign": names})
    >>> spend = pd.DataFrame({"period_start": at, "period_end": at + pd.Timedelta(days=1), "channel": "search",
    ...                       "spend": [50.0, 100.0, 9.0], "currency": "CNY", "campaign": names})
    >>> answer = Scorecard().run(Tables(orders=orders, spend=spend))
    >>> answer.table[answer.table["dimension"] == "score"][["campaign", "index"]].round(3).values.tolist()
    [['2025', 0.595], ['2026', 1.682]]
    """

    title: ClassVar[str] = N_("Which campaign did better?")
    of_all: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"orders": (), "spend": ()})
    planned: ClassVar[bool] = True

    campaigns: tuple[str, ...] = field(default=(), metadata=names(at_most=12))
    weights: tuple[QuarterWeights, ...] = field(default=(), metadata=many(QuarterWeights, at_most=4))

    def __post_init__(self) -> None:
        super().__post_init__()
        quarters = [one.quarter for one in self.weights]
        if len(set(quarters)) < len(quarters):
            raise QuestionError.crossed(say("Give each quarter its weights once."))

    @property
    def heavy(self) -> bool:
        """Several questions are asked of each campaign."""
        return True

    def _answer(self, tables: Tables) -> ScorecardAnswer:
        chosen = _chosen(self, tables)
        measured, missing = _measured(chosen, tables)
        quarter = _quarter(chosen[-1], tables)
        weights = self.of(quarter)
        pairs = list(_pairs(chosen, measured, weights))
        scored = measured.scores(weights)
        return ScorecardAnswer(
            question=self,
            version=tables.planned,
            headline=_headline(scored, chosen, pairs, quarter),
            frames={
                "table": _table(chosen, measured, scored),
                "flips": pd.DataFrame([row for pair in pairs for row in pair.rows()],
                                      columns=list(ScorecardAnswer.fields["flips"])),
                "quarters": _quarters(self, chosen, measured),
            },
            notes=(*of_one_name(tables, *chosen), *_notes(missing, quarter, weights, measured)),
            currency=measured.currency,
        )  # fmt: skip

    def of(self, quarter: str) -> Floats:
        """Return the weights of a quarter, in the order of the dimensions."""
        own = next((one for one in self.weights if one.quarter == quarter), QuarterWeights(quarter=quarter))
        return np.array(own.shares)


@dataclass(frozen=True, kw_only=True, repr=False)
class ScorecardAnswer(Answer):
    """One row per campaign and dimension, its score last; "flips" the weights at which orders change.

    "quarters" has each campaign's score by the weights of each quarter.
    """

    fields: ClassVar[Fields] = described(
        table={
            "campaign": Field(N_("Campaign"), "text", of="campaign"),
            "dimension": Field(N_("Dimension"), "text", {**LABELS, "score": N_("Score")}),
            "figure": Field(N_("Figure"), "text"),
            "index": Field(N_("Against the mean of the campaigns"), "ratio"),
            **bounds("ratio"),
        },
        flips={
            "campaign": Field(N_("Campaign"), "text", of="campaign"),
            "other": Field(N_("Other campaign"), "text", of="campaign"),
            "dimension": Field(N_("Dimension"), "text", LABELS),
            "weight": Field(N_("Its weight"), "share"),
            "ahead": Field(N_("Ahead now"), "text", of="campaign"),
            "flips_at": Field(N_("Order flips at weight"), "share"),
            "difference": Field(N_("Score over the other's"), "ratio"),
            **bounds("ratio"),
            "settled": Field(N_("Settled by the data"), "flag"),
        },
        quarters={
            "quarter": Field(N_("Quarter"), "text"),
            "campaign": Field(N_("Campaign"), "text", of="campaign"),
            "score": Field(N_("Score"), "ratio"),
            "place": Field(N_("Place"), "count"),
        },
    )
    figures = (Figure("index", ("campaign", "dimension")),)

    question: Scorecard

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables, its figures in their units and the reader's language."""
        table = self.frame(name)
        if name != "table":
            return table
        units = {dimension: MEASURES[code].unit for dimension, code in DIMENSIONS.items()}
        written = ["" if held != held else self.say(figure(units[own], held, self.currency), language)
                   for own, held in zip(table["dimension"], table["figure"], strict=True)]  # fmt: skip
        return table.assign(figure=written)

    def _chart(self, look: Look) -> AnyChart:
        plot, table = self.plot("table", look), self.frame("table")
        shown = plot.named(table[table["index"].notna()].reset_index(drop=True))
        names_ = zip(shown["dimension_name"], shown["campaign_name"], strict=True)
        shown["row"] = [f"{what}\n{who}" for what, who in names_]
        order = [row for dimension in (*DIMENSIONS, "score") for row in shown["row"][shown["dimension"] == dimension]]
        known = list(dict.fromkeys(table["campaign"]))
        base = alt.Chart(shown).encode(y=charts.rows("row", order, lines=2))
        bars = base.mark_bar(height=18, opacity=0.85).encode(
            x=plot.x("index", scale=alt.Scale(zero=True)),
            color=alt.Color("campaign:N", scale=charts.colours(known, known), legend=None),
            tooltip=plot.tips("campaign", "dimension", "index", "low", "high"),
        )  # fmt: skip
        drawn = alt.layer(bars, charts.whiskers(base, look))
        return charts.finish(drawn, look, describe=self.say(self.headline, look.language), height=40 * len(shown) + 60)


# ---- the work ---------------------------------------------------------------------------------------------


class Measured(NamedTuple):
    """Each campaign's figures on the log scale, with their standard errors; (campaigns, dimensions)."""

    values: Floats
    logs: Floats
    errors: Floats
    currency: str | None
    notes: tuple[Note, ...] = ()

    def scores(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return each campaign's weighted mean, against the mean of the campaigns, and its standard error."""
        used, n = _used(self, weights), len(self.logs)
        against = self.logs - self.logs.mean(axis=0)
        squares = self.errors**2
        spread = np.sqrt(np.maximum(squares * (1 - 2 / n), -squares) + squares.sum(axis=0) / n**2)
        return np.nansum(against * used, axis=1), _together(spread, used)


def _together(errors: Floats, used: Floats) -> Floats:
    """Return the standard error of a weighted mean, NaN where one that weighs has none.

    Value and efficiency rest on one revenue, so theirs add up.
    """
    weighted = np.where(used > 0, errors * used, 0.0)
    return np.asarray(np.hypot(weighted[..., 0] + weighted[..., 1], weighted[..., 2]))


def _used(measured: Measured, weights: Floats) -> Floats:
    """Return the weights of the dimensions that all campaigns tell, adding up to one."""
    told = ~np.isnan(measured.logs).any(axis=0)
    used = np.where(told, weights, 0.0)
    if not used.sum() > 0:
        raise DataError.empty(say("What is weighed cannot be told of these campaigns: weigh another dimension."))
    return np.asarray(used / used.sum())


def _chosen(asked: Scorecard, tables: Tables) -> tuple[str, ...]:
    ran = stretches(tables)
    known = sorted(ran, key=lambda name: (ran[name][0], name))
    for name in asked.campaigns:
        if name not in known:
            raise DataError.unknown(say("campaign"), name, known)
    wanted = asked.campaigns or (asked.where.campaign if asked.where else ())
    chosen = [name for name in known if name in wanted] if wanted else known[-2:]
    if not chosen:
        raise DataError.empty(say("No campaign is in the data. Import rows that say which campaign they are of."))
    return tuple(chosen)


def _measured(chosen: Sequence[str], tables: Tables) -> tuple[Measured, dict[str, Message]]:
    """Return each campaign's figures, and why a dimension cannot be told."""
    values = np.full((len(chosen), len(DIMENSIONS)), np.nan)
    errors, missing, currency, said = values.copy(), dict[str, Message](), None, dict[Note, None]()
    for n, name in enumerate(chosen):
        side = Side(tables, rows_of(tables, name))
        for m, (dimension, code) in enumerate(DIMENSIONS.items()):
            try:
                told = MEASURES[code].read(side)
            except SluiceError as error:
                missing[dimension] = error.message
                continue
            said |= dict.fromkeys(told.notes)
            at, low, high = told.at.floats()
            values[n, m], currency = (at if at > 0 else np.nan), currency or told.currency
            errors[n, m] = (np.log(high) - np.log(low)) / (2 * Z) if low > 0 else np.nan
    return Measured(values, np.log(values), errors, currency, tuple(said)), missing


def _quarter(name: str, tables: Tables) -> str:
    """Return the quarter in which the middle of a campaign lies."""
    first, last = stretches(tables)[name]
    middle: dt.date = first + (last - first) / 2
    return QUARTERS[(middle.month - 1) // 3]


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two campaigns: how far their scores are apart, and where that would be nought."""

    one: str
    other: str
    weights: Floats
    apart: Floats
    error: float

    @property
    def difference(self) -> float:
        """Of the scores."""
        return float(np.nansum(self.apart * self.weights))

    @property
    def settled(self) -> bool:
        """Whether chance leaves the order as it is; never where nothing tells how far chance goes."""
        return bool(abs(self.difference) > Z * self.error)

    def flips_at(self, dimension: int) -> float:
        """Return the weight of a dimension at which the order flips, the others in proportion; NaN for none.

        The difference is linear in it: ``t * own + (1 - t) * rest`` is nought at ``rest / (rest - own)``.
        """
        others = np.delete(self.weights, dimension)
        if np.isnan(self.apart[dimension]) or not others.sum() > 0:
            return float("nan")
        own = float(self.apart[dimension])
        rest = float(np.nansum(np.delete(self.apart, dimension) * others) / others.sum())
        at = rest / (rest - own) if rest != own else np.nan
        return at if 0 <= at <= 1 else float("nan")

    def rows(self) -> Iterator[dict[str, object]]:
        """Yield a row per dimension."""
        low, high = (self.difference + sign * Z * self.error for sign in (-1, 1))
        ahead = self.one if self.difference > 0 else self.other
        for n, dimension in enumerate(DIMENSIONS):
            yield {"campaign": self.one, "other": self.other, "dimension": dimension, "weight": self.weights[n],
                   "ahead": ahead, "flips_at": self.flips_at(n), "difference": np.exp(self.difference),
                   "low": np.exp(low), "high": np.exp(high), "settled": self.settled}  # fmt: skip


def _pairs(chosen: Sequence[str], measured: Measured, weights: Floats) -> Iterator[_Pair]:
    """Yield each two campaigns, the later one first."""
    used = _used(measured, weights)
    for earlier, later in combinations(range(len(chosen)), 2):
        apart = measured.logs[later] - measured.logs[earlier]
        errors = np.hypot(*measured.errors[[later, earlier]])
        yield _Pair(chosen[later], chosen[earlier], used, apart, float(_together(errors, used)))


def _table(chosen: Sequence[str], measured: Measured, scored: tuple[Floats, Floats]) -> pd.DataFrame:
    against = measured.logs - measured.logs.mean(axis=0)
    rows = []
    for n, name in enumerate(chosen):
        for m, dimension in enumerate(DIMENSIONS):
            reach = Z * measured.errors[n, m]
            rows.append((name, dimension, measured.values[n, m], *np.exp(against[n, m] + np.array([0, -reach, reach]))))
        score, reach = scored[0][n], Z * scored[1][n]
        rows.append((name, "score", np.nan, *np.exp(score + np.array([0, -reach, reach]))))
    return pd.DataFrame(rows, columns=list(ScorecardAnswer.fields["table"]))


def _quarters(asked: Scorecard, chosen: Sequence[str], measured: Measured) -> pd.DataFrame:
    rows: list[Any] = []
    for quarter in QUARTERS:
        scores, _ = measured.scores(asked.of(quarter))
        places = (-scores).argsort().argsort() + 1
        rows += [(quarter, name, np.exp(scores[n]), int(places[n])) for n, name in enumerate(chosen)]
    return pd.DataFrame(rows, columns=list(ScorecardAnswer.fields["quarters"]))


# ---- the words --------------------------------------------------------------------------------------------


def _headline(scored: tuple[Floats, Floats], chosen: Sequence[str], pairs: Sequence[_Pair], quarter: str) -> Message:
    if not pairs:
        return say("There is no other campaign to set {campaign} beside.", campaign=Name(chosen[0], "campaign"))
    best, second = np.argsort(-scored[0])[:2]
    pair = next(one for one in pairs if {one.one, one.other} == {chosen[best], chosen[second]})
    facts: dict[str, Any] = {"best": Name(chosen[best], "campaign"), "second": Name(chosen[second], "campaign"),
                             "by": float(np.exp(abs(pair.difference))), "quarter": quarter}  # fmt: skip
    if not pair.settled:
        return say("By the weights of {quarter} the data do not settle whether {best} or {second} did better.", **facts)
    first = say("By the weights of {quarter} {best} did better than {second}: {by} times its score.", **facts)
    flips = {name: pair.flips_at(n) for n, name in enumerate(DIMENSIONS)}
    known = {name: at for name, at in flips.items() if at == at}
    if not known:
        return say("{one} No weights turn that round.", one=first)
    name = min(known, key=lambda one: abs(known[one] - pair.weights[list(DIMENSIONS).index(one)]))
    return say("{one} The order flips where {dimension} weighs {weight}.", one=first, dimension=say(LABELS[name]),
               weight=Share(known[name]))  # fmt: skip


def _notes(missing: Mapping[str, Message], quarter: str, weights: Floats, measured: Measured) -> Iterator[Note]:
    for dimension, why in missing.items():
        text = say("{dimension} cannot be told, so it weighs nothing: {why}", dimension=say(LABELS[dimension]), why=why)
        yield Note("not-told", text, "missing")
    yield from measured.notes
    text = say("Weights of {quarter}: value {value}, efficiency {efficiency}, experience {experience}. They are a "
               "choice, not a finding.", quarter=quarter, value=Share(float(weights[0])),
               efficiency=Share(float(weights[1])), experience=Share(float(weights[2])))  # fmt: skip
    yield Note("weights", text)
    lone = np.isnan(measured.errors).any(axis=0) & (_used(measured, weights) > 0)
    if lone.any():
        told = Names(tuple(say(LABELS[name]) for name, alone in zip(DIMENSIONS, lone, strict=True) if alone))
        text = say("Without an interval, so that no order is settled by them: {dimensions}. Those of value and "
                   "efficiency need {n} days of each campaign.", dimensions=told, n=SMALL)  # fmt: skip
        yield Note("no-interval", text, "missing")
    text = say("Value is realised revenue a day, efficiency ROI, experience the share that goes from the first step to "
               "the last; each against the mean of the campaigns.")  # fmt: skip
    yield Note("dimensions", text)
