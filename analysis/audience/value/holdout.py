"""How well would a model have foretold the purchases of the last days, had it been fitted before them?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.arrays import Floats, Ints
from analysis.audience.buyers import days_of, lacking, numbers_of
from analysis.audience.days import date_of, iso
from analysis.audience.value import chart, words
from analysis.audience.value.buying import MODELS, Buying, Model
from analysis.audience.value.customers import Customers, begun
from analysis.audience.value.question import Fitted
from analysis.audience.value.worth import purchases_error
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import Z
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, say
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import day, one_of, optional, value, whole

POINTS = 60
"""Most days at which purchases are added up."""
LEAST = 14
"""Days of data without which none are held back."""


@value("value-holdout")
class ValueHoldout(Question):
    """Purchases foretold for days held back, by a model fitted to those before, beside the purchases there were.

    Parameters
    ----------
    held : int, optional
        How many days are held back; by default a quarter of the time there is.
    at : str or date, optional
        The last of them; by default the last day known.
    model : {"mbg-nbd", "bg-nbd"}, optional
        See :class:`analysis.audience.value.question.LifetimeValue`.
    where : Filter, optional
        As there: its dates are those of the first purchase.

    Notes
    -----
    Of customers who had bought when the days held back began. Their expected purchases are compared with the days on
    which they bought; the interval holds the parameters' uncertainty (delta method) and chance, whose variance is that
    of what single customers did around what was expected of them, shared out over the days as purchases are.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> days = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 300, 3000), unit="D")
    >>> orders = pd.DataFrame({"order_id": range(3000), "timestamp": days, "paid_at": days, "currency": "CNY",
    ...     "user_id": (1200 * rng.beta(1, 2, 3000)).astype(int), "revenue": 10.0})
    >>> answer = ValueHoldout(held=30).run(Tables(orders=orders.astype({"order_id": str, "user_id": str})))
    >>> last = answer.table.iloc[-1]
    >>> int(last["actual"]), bool(last["low"] < last["actual"] < last["high"])
    (295, True)
    """

    title: ClassVar[str] = N_("How well would the last weeks have been foretold?")
    of_all: ClassVar[bool] = True

    held: int | None = field(default=None, metadata=optional(whole(least=1, most=3650)))
    at: str | None = field(default=None, metadata=day())
    model: Model = field(default="mbg-nbd", metadata=one_of(*MODELS))

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what the tables do not have: orders that tell who paid, or purchase events with their value."""
        return lacking(tables)

    def _answer(self, tables: Tables) -> ValueHoldoutAnswer:
        held = _held(self, tables)
        customers = Customers.of(tables, self.where, at=self.at, cut=held)
        if not len(customers.places):
            raise DataError.empty(words.nobody(customers.bought.at))
        cut = iso(customers.bought.today - held)
        fitted = Fitted.of(customers, self.model)
        table = _table(customers, fitted, held, _daily(self, customers, held))
        told = fitted.buying is not None
        return ValueHoldoutAnswer(
            question=self,
            version=tables.version,
            headline=words.foretold(table.iloc[-1], held, cut) if told else fitted.refusal(customers, held),
            frames={"table": table},
            notes=(*customers.bought.notes, *words.held_notes(self.model, _other(customers, fitted, held))),
            cut=cut,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class ValueHoldoutAnswer(Answer):
    """Purchases since the days held back began, added up to each day: as they came, and as they were foretold.

    `low` and `high` bound the purchases to come at 95%; `other` is what the other model foretold.
    """

    fields: ClassVar[Fields] = described(
        table={
            "day": Field(N_("Until day"), "day"),
            "actual": Field(N_("Purchases"), "count"),
            "expected": Field(N_("Foretold purchases"), "number"),
            **bounds("number"),
            "other": Field(N_("Foretold by the other model"), "number"),
        }
    )
    figures = (Figure("expected", ("day",), main=-1),)

    question: ValueHoldout
    cut: str

    def _chart(self, look: Look) -> AnyChart:
        return chart.held(self.table, self.plot("table", look), describe=look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


def _held(asked: ValueHoldout, tables: Tables) -> int:
    """Return how many days are held back."""
    everything = Customers.of(tables, asked.where, at=asked.at)
    if not len(everything.places):
        raise DataError.empty(words.nobody(everything.bought.at))
    there = int(everything.histories.age.max()) + 1
    if there < LEAST:
        raise DataError.empty(words.short(there))
    held = asked.held or there // 4
    if held >= there:
        text = say("{n} days cannot be held back: the data has {days}. Hold fewer back.", n=held, days=there)
        raise QuestionError.crossed(text)
    return held


def _daily(asked: ValueHoldout, customers: Customers, held: int) -> Ints:
    """Return on how many days in all those who had bought before bought again, by day held back."""
    found, cut = customers.bought, date_of(customers.bought.today - held)
    days = found.rows.group_by("user_id", "day").agg(nw.col("elsewhere").max())
    first, day_ = nw.col("day").min().over("user_id"), nw.col("day")
    days = days.with_columns(first=first, out=nw.col("elsewhere").max().over("user_id"))
    conditions = [nw.col("out") == 0, nw.col("first") <= nw.lit(cut), day_ > nw.lit(cut)]
    rows = days.filter(*conditions, *begun(asked.where)).group_by("day").agg(n=nw.len()).collect("pyarrow").to_arrow()
    places = days_of(rows["day"]) - (found.today - held) - 1
    return np.bincount(places, numbers_of(rows["n"]), held).astype(np.int64)


def _table(customers: Customers, fitted: Fitted, held: int, daily: Ints) -> pd.DataFrame:
    """Return purchases added up to each day that is looked at."""
    ahead = np.unique(np.linspace(1, held, min(held, POINTS)).round().astype(np.int64))
    start = date_of(customers.bought.today - held)
    table = pd.DataFrame({
        "day": pd.to_datetime([start + dt.timedelta(days=int(days)) for days in ahead]).astype("datetime64[us]"),
        "actual": daily.cumsum()[ahead - 1],
    })  # fmt: skip
    expected, other = (_foretold(model, customers, ahead) for model in (fitted.buying, fitted.other))
    reach = Z * _errors(customers, fitted.buying, held, expected)
    return table.assign(expected=expected, low=np.maximum(expected - reach, 0.0), high=expected + reach, other=other)


def _foretold(model: Buying | None, customers: Customers, ahead: Ints) -> Floats:
    if model is None:
        return np.full(len(ahead), np.nan)
    weight = customers.histories.weight
    return np.array([float(model.purchases(customers.histories, int(days)) @ weight) for days in ahead])


def _errors(customers: Customers, model: Buying | None, held: int, expected: Floats) -> Floats:
    """Return the standard errors of what was to come, at each day that is looked at."""
    if model is None:
        return np.full(len(expected), np.nan)
    apart = customers.later - model.purchases(customers.histories, held)[customers.places]
    chance, fit = len(apart) * float(apart.var()), purchases_error(customers.spent, model, held)
    part = expected / expected[-1] if expected[-1] > 0 else np.ones(len(expected))
    found: Floats = np.sqrt(chance * part + (fit * part) ** 2)
    return found


def _other(customers: Customers, fitted: Fitted, held: int) -> pd.Series[Any] | None:
    """Return what the other model foretold for all of the days held back, with its interval."""
    if fitted.other is None or fitted.buying is None:
        return None
    expected = _foretold(fitted.other, customers, np.array([held]))
    reach = Z * _errors(customers, fitted.other, held, expected)
    low, high = max(float(expected[0] - reach[0]), 0.0), float(expected[0] + reach[0])
    return pd.Series({"expected": float(expected[0]), "low": low, "high": high})
