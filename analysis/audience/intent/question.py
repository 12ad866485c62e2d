"""Who will buy soon, is that told by more than how lately they came, and is money spent on those who will not?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.answer import Answer
from analysis.arrays import Floats
from analysis.audience.behaviour import Habits, behaviour, bought_between, habits
from analysis.audience.days import Lazy, earlier, last_day
from analysis.audience.intent import chart, words
from analysis.audience.intent.kernel import LEVELS, RECENT, Fit, People, calibration, fit, over_expected, told
from analysis.audience.intent.spend import MONEY, spent_on
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import SMALL, Z, proportion, share
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, Message
from analysis.purchases import source_of
from analysis.question import Segmentation
from analysis.tables import Tables, collect
from analysis.values import currency_code, day, optional, value, whole
from analysis.vocabulary import INTENTS

HIGH, LOW = 2.0, 0.5
"""Times the mean probability from which on intent is high, and below which it is low."""


@value("intent")
class Intent(Segmentation):
    """How likely each user buys within some days, by what they did before; and what is spent on the unlikely.

    Parameters
    ----------
    at : str or date, optional
        The day at whose end people are looked at, in the campaign's time zone; by default the last day observed.
        Nothing after it changes anybody's probability.
    within : int
        Days within which they buy.
    lookback : int
        Days of behaviour that count: of those who did nothing in them nothing is said.
    currency : str, optional
        That spend is counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Which events and orders count as behaviour and as buying, whenever they were; its dates restrict the spend.

    Notes
    -----
    A logistic regression (statsmodels, see :func:`analysis.audience.intent.kernel.fit`) of buying within the days on
    how often people did what, came through which channel, on how many days, had bought, and how long they had been
    away. It is fitted to people as they stood twice `within` before the day, by whether they bought in the days after
    that, and judged on people as they stood `within` before it, whose buying it never saw. So is a second one that
    knows only how long they had been away; the gain in the share of pairs told right (AUC) has DeLong's interval.

    Counts go in by levels (none, 1, 2 to 3, 4 to 7, more), so people alike are one row: only sums over users leave the
    engine. Intent is high from twice the mean probability on, and low below half of it.

    Examples
    --------
    >>> Intent(at="2026-11-15", within=14)
    Intent(at='2026-11-15')
    """

    title: ClassVar[str] = N_("Who will buy soon, and is money spent on those who will not?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    at: str | None = field(default=None, metadata=optional(day()))
    within: int = field(default=14, metadata=whole(least=1, most=365))
    lookback: int = field(default=56, metadata=whole(least=1, most=1000))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    @property
    def heavy(self) -> bool:
        """Three passes over the events, and two fits."""
        return True

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return who will buy within two weeks of the last day, or a quarter of what was observed if that is less."""
        span = tables.span("events")
        observed = (span[1] - span[0]).days if span else 0
        return cls(within=min(14, max(observed // 4, 1)))

    def members(self, tables: Tables) -> pa.Table:
        """Return everybody's intent at the end of the day.

        Parameters
        ----------
        tables : Tables

        Returns
        -------
        pyarrow.Table
            user_id and stage (high, medium or low intent), one row per user seen in the days looked back, in no order.

        Raises
        ------
        DataError
            The tables lack what the question needs, or too few bought to tell.
        """
        return self.scored(tables).select(["user_id", "stage"])

    def scored(self, tables: Tables) -> pa.Table:
        """Return everybody's probability and intent: user_id, probability and stage, in no order."""
        for lacking in self.lacks(tables):
            raise lacking
        model = fitted(self, tables)
        found = _scored(self, tables, model).collect("pyarrow").to_arrow()
        if not found.num_rows:
            raise DataError.empty(words.nobody(model.at))
        bands = pc.add(
            pc.less(found["probability"], HIGH * model.mean).cast(pa.int32()),
            pc.less(found["probability"], LOW * model.mean).cast(pa.int32()),
        )
        return found.append_column("stage", pc.take(pa.array(INTENTS), bands))

    def _answer(self, tables: Tables) -> IntentAnswer:
        model = fitted(self, tables)
        tested = _people(self, tables, model.habits, earlier(model.at, self.within))
        if min(tested.bought.sum(), tested.idle.sum()) < SMALL:
            raise DataError.empty(words.too_few(int(tested.bought.sum()), earlier(model.at, self.within), self.within))
        probability = model.full.probability(tested.matrix)
        pairs = told(probability, model.recency.probability(tested.recency), tested)
        brought = spent_on(tables, self.where, self.within, self.currency, _scored(self, tables, model))
        frames = {
            "table": _bands(model, probability, tested),
            "told": _told(pairs.behaviour, pairs.recency, pairs.gain.floats()),
            "calibration": _calibration(probability, tested),
            "reasons": _reasons(model),
            "spend": brought.table,
        }
        return IntentAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(pairs, self.within, frames["table"], frames["spend"], brought.currency.code),
            frames=frames,
            notes=words.notes(
                model.at, self.within, self.lookback, over_expected(probability, tested), brought, better=pairs.better
            ),
            currency=brought.currency.code,
            at=model.at,
            deeds=model.habits.said,
        )


_BAND = Field(N_("Intent"), "text", {band: band for band in INTENTS})


@dataclass(frozen=True, kw_only=True, repr=False)
class IntentAnswer(Answer):
    """One row per intent: how many stand there at the day, how many of them are expected to buy, and the test.

    `tested` were people of that probability `within` days before, whose buying the model never saw: `rate` is the
    share of them that `bought`, with 95% Wilson bounds. "told" has the share of pairs in which the buyer is told, by
    behaviour and by recency alone, and the gain. "calibration" sets what was expected beside what came of it.
    "reasons" has each count's odds ratio per level. "spend" has a row per channel and audience of the spend report:
    its people's intent by how many of them bought within the days of their first visit through it.
    """

    fields: ClassVar[Fields] = described(
        table={
            "intent": _BAND,
            "users": Field(N_("Users"), "count"),
            "share": Field(N_("Share of users"), "share"),
            "expected": Field(N_("Buyers expected"), "number"),
            "tested": Field(N_("Users tested"), "count"),
            "bought": Field(N_("Of them bought"), "count"),
            "rate": Field(N_("Share that bought"), "share"),
            **bounds("share"),
        },
        told={
            "behaviour": Field(N_("Pairs told by behaviour"), "share"),
            "recency": Field(N_("Pairs told by recency alone"), "share"),
            "gain": Field(N_("Gain"), "points"),
            **bounds("points"),
        },
        calibration={
            "expected": Field(N_("Probability"), "share"),
            "users": Field(N_("Users tested"), "count"),
            "bought": Field(N_("Of them bought"), "count"),
            "rate": Field(N_("Share that bought"), "share"),
            **bounds("share"),
        },
        reasons={
            "reason": Field(N_("What they did"), "text"),
            "odds": Field(N_("Odds ratio per level"), "ratio"),
            **bounds("ratio"),
        },
        spend=MONEY,
    )
    figures = (Figure("rate", ("intent",), n="tested"),)

    question: Intent
    at: str
    deeds: Mapping[str, Message]
    """What the codes in "reasons" mean."""

    @property
    def people(self) -> tuple[Intent, ...]:
        """Everybody by intent, as of the day."""
        return (self.question.replace(at=self.at),)

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables, what people did in the reader's language."""
        frame = self.frame(name)
        if name == "reasons":
            frame["reason"] = [self.say(self.deeds[code], language) for code in frame["reason"]]
        return frame

    def _chart(self, look: Look) -> AnyChart:
        return chart.bands(self.table, self.plot("table", look), look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


class Model(NamedTuple):
    """What was fitted, on what is counted, and the mean probability of those scored at the end of the day `at`."""

    habits: Habits
    full: Fit
    recency: Fit
    at: str
    people: People
    mean: float

    @property
    def probability(self) -> Floats:
        """Of the people alike that stand there at the end of the day."""
        return self.full.probability(self.people.matrix)


def fitted(asked: Intent, tables: Tables) -> Model:
    """Fit the model that a question asks for.

    Raises
    ------
    DataError
        Nothing tells who bought, or too few did.
    """
    source = source_of(tables, asked.where)
    if not (source.orders or source.events):
        tables.require("orders", *source.lacks)
    at = asked.at or last_day(tables)
    of = habits(tables, asked.where, at)
    begun = earlier(at, 2 * asked.within)
    learnt = _people(asked, tables, of, begun)
    if min(learnt.bought.sum(), learnt.idle.sum()) < SMALL:
        raise DataError.empty(words.too_few(int(learnt.bought.sum()), begun, asked.within))
    full, recency = (fit(matrix, learnt.bought, learnt.idle) for matrix in (learnt.matrix, learnt.recency))
    now = _people(asked, tables, of, at, outcome=False)
    mean = share(full.probability(now.matrix) @ now.idle, now.idle.sum())
    return Model(of, full, recency, at, now, float(mean))


def _levels(of: Habits) -> dict[str, nw.Expr]:
    """Return the level of each count, and of the days away."""
    found = {column: _level(nw.col(column), LEVELS) for column in of.columns}
    return found | {"recency": _level(nw.col("recency"), RECENT)}


def _level(count: nw.Expr, levels: int) -> nw.Expr:
    level = nw.lit(0)
    for step in range(1, levels):
        level = nw.when(count >= 2 ** (step - 1)).then(nw.lit(step)).otherwise(level)
    return level


def _people(asked: Intent, tables: Tables, of: Habits, by: str, *, outcome: bool = True) -> People:
    """Count people alike at the end of a day, by whether they bought within the days after it."""
    rows = behaviour(tables, asked.where, of, by, asked.lookback).select("user_id", **_levels(of))
    columns = [*of.columns, "recency"]
    if outcome:
        until = earlier(by, -asked.within)
        bought = bought_between(tables, asked.where, by, until).with_columns(bought=nw.lit(1))
        rows = rows.join(bought, on="user_id", how="left").with_columns(nw.col("bought").fill_null(0))
    else:
        rows = rows.with_columns(bought=nw.lit(0))
    counted = collect(rows.group_by(*columns).agg(n=nw.len(), bought=nw.col("bought").sum()))
    counted = counted.sort_values(columns).astype("int64")
    levels = counted[list(of.columns)].to_numpy()
    bought_ = counted["bought"].to_numpy(float)
    return People(levels, counted["recency"].to_numpy(), bought_, counted["n"].to_numpy() - bought_)


def _scored(asked: Intent, tables: Tables, model: Model) -> Lazy:
    """Return everybody's probability at the end of the day: user_id and probability."""
    rows = behaviour(tables, asked.where, model.habits, model.at, asked.lookback)
    rows = rows.select("user_id", **_levels(model.habits))
    constant, away, square, *counts = (float(c) for c in model.full.coefficients)
    recency = nw.col("recency")
    odds = nw.lit(constant) + away * recency + square * recency * recency
    for column, coefficient in zip(model.habits.columns, counts, strict=True):
        odds = odds + coefficient * nw.col(column)
    return rows.select("user_id", odds=odds).select("user_id", probability=1 / (1 + (-nw.col("odds")).exp()))


# ---- the tables -------------------------------------------------------------------------------------------


def _bands(model: Model, probability: Floats, tested: People) -> pd.DataFrame:
    now, users = _band(model.probability, model.mean), model.people.idle
    size = tested.bought + tested.idle
    # The same people stood elsewhere then: their bands are by the mean of then.
    then = _band(probability, float(probability @ size / size.sum()))
    n, bought = np.bincount(then, size, 3), np.bincount(then, tested.bought, 3)
    rate, low, high = proportion(bought, n)
    held = np.bincount(now, users, 3)
    return pd.DataFrame(
        {
            "intent": INTENTS,
            "users": held.astype("int64"),
            "share": share(held, held.sum()),
            "expected": np.bincount(now, users * model.probability, 3),
            "tested": n.astype("int64"),
            "bought": bought.astype("int64"),
            "rate": rate,
            "low": low,
            "high": high,
        }
    )


def _band(probability: Floats, mean: float) -> Any:
    """Return the place of each row's intent in :data:`analysis.vocabulary.INTENTS`."""
    return (probability < HIGH * mean).astype(int) + (probability < LOW * mean)


def _told(behaviour_: float, recency: float, gain: tuple[float, float, float]) -> pd.DataFrame:
    values = (behaviour_, recency, *gain)
    return pd.DataFrame([values], columns=["behaviour", "recency", "gain", "low", "high"])


def _calibration(probability: Floats, tested: People) -> pd.DataFrame:
    found = calibration(probability, tested)
    rate, low, high = found.rate
    counts = {"users": found.people.astype("int64"), "bought": found.bought.astype("int64")}
    return pd.DataFrame({"expected": found.expected, **counts, "rate": rate, "low": low, "high": high})


def _reasons(model: Model) -> pd.DataFrame:
    """Lay out each count's odds ratio, the clearest first; the days away go in by two terms, so not here."""
    value_, error = model.full.coefficients[3:], model.full.errors[3:]
    table = pd.DataFrame(
        {
            "reason": [model.habits.code(column) for column in model.habits.columns],
            "odds": np.exp(value_),
            "low": np.exp(value_ - Z * error),
            "high": np.exp(value_ + Z * error),
        }
    )
    return table.iloc[np.argsort(-np.abs(value_ / error), kind="stable")].reset_index(drop=True)
