"""What are customers worth in the time to come, and how many of them still buy?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.answer import Answer, Note
from analysis.arrays import Floats, Ints
from analysis.audience.buyers import lacking
from analysis.audience.cuts import passed, quantile_cuts
from analysis.audience.value import buying, chart, spending, words
from analysis.audience.value.buying import MODELS, Buying, Model
from analysis.audience.value.customers import REPEATERS, Customers
from analysis.audience.value.maximum import Maximum
from analysis.audience.value.spending import Spending
from analysis.audience.value.worth import Worth, expected, worth
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import share
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, Message
from analysis.question import Segmentation
from analysis.tables import Tables
from analysis.values import currency_code, day, one_of, optional, value, whole
from analysis.vocabulary import VALUE_BANDS

TIED = 0.1
"""Correlation of how often and for how much customers buy, beyond which the model of amounts may not speak."""
_WORDS = {name: name for name in (*VALUE_BANDS, TOTAL)}


@value("lifetime-value")
class LifetimeValue(Segmentation):
    """What customers are expected to buy and to bring within some days, and how many of them still buy.

    Parameters
    ----------
    days : int, optional
        How far ahead to look.
    at : str or date, optional
        The day at whose end customers are judged; by default the last day known.
    model : {"mbg-nbd", "bg-nbd"}, optional
        How customers buy and leave. Under BG/NBD nobody leaves before having bought again, so it calls everyone who
        bought once alive; under MBG/NBD they may have left. The other one stands beside it in the frame "models".
    currency : str, optional
        That money is counted in; see :func:`analysis.money.currency_of`. Who paid in another is left out.
    where : Filter, optional
        Its dates are those of the first purchase: they choose whom it is about. Its columns say which purchases count.

    Notes
    -----
    Purchases are those of :func:`analysis.purchases.purchases`; several of a day are one errand, its amounts added up.
    How often and whether still: :func:`analysis.audience.value.buying.fit`; what a purchase comes to, from those
    after the first: :func:`analysis.audience.value.spending.fit`. Value is revenue less refunds, neither margin nor
    discounted.

    Nothing is said where fewer than 200 customers bought again or a fit does not converge; no value where q of the
    gamma-gamma model may be 1 or less, or where how often and for how much people buy go together (correlation
    beyond .1 with its whole interval). Intervals are of what is expected, see
    :class:`analysis.audience.value.worth.Worth`: chance moves what will come beyond them.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> days = pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 300, 3000), unit="D")
    >>> orders = pd.DataFrame({"order_id": range(3000), "timestamp": days, "paid_at": days, "currency": "CNY",
    ...     "user_id": (1200 * rng.beta(1, 2, 3000)).astype(int), "revenue": rng.lognormal(4, 0.5, 3000)})
    >>> orders = orders.astype({"order_id": str, "user_id": str})
    >>> answer = LifetimeValue(days=90).run(Tables(orders=orders))
    >>> answer.table[["group", "customers"]].values.tolist()[0], bool(answer.table["low"][0] < answer.table["value"][0])
    (['(total)', 959], True)
    """

    title: ClassVar[str] = N_("What are customers worth from now on?")
    of_all: ClassVar[bool] = True

    days: int = field(default=90, metadata=whole(least=1, most=3650))
    at: str | None = field(default=None, metadata=day())
    model: Model = field(default="mbg-nbd", metadata=one_of(*MODELS))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    @classmethod
    def lacks(cls, tables: Tables) -> tuple[DataError, ...]:
        """Return what the tables do not have: orders that tell who paid, or purchase events with their value."""
        return lacking(tables)

    def members(self, tables: Tables) -> pa.Table:
        """Return in which fifth by expected value each customer is.

        Returns
        -------
        pyarrow.Table
            user_id and stage, one row per customer, in no order.

        Raises
        ------
        DataError
            Nobody bought, or the customers do not tell a model.
        """
        customers = _customers(self, tables, named=True)
        fitted = Fitted.of(customers, self.model)
        if fitted.buying is None:
            raise DataError.empty(fitted.refusal(customers, self.days))
        stages = pa.array(VALUE_BANDS).take(pa.array(_bands(_each(customers, fitted, self.days))))
        return pa.table({"user_id": customers.ids, "stage": stages})

    def _answer(self, tables: Tables) -> LifetimeValueAnswer:
        customers = _customers(self, tables)
        fitted = Fitted.of(customers, self.model)
        table = _table(customers, fitted, self.days)
        models = _models(customers, fitted, self.days)
        known = customers.bought
        return LifetimeValueAnswer(
            question=self,
            version=tables.version,
            headline=fitted.refusal(customers, self.days) if fitted.buying is None
            else words.headline(table, self.days, known.at, known.currency.code),
            frames={"table": table, "often": _often(customers), "models": models, "parameters": _parameters(fitted)},
            notes=(*known.notes, *fitted.notes,
                   *words.notes(self.where, self.days, float(customers.histories.age.max()), self.model, models)),
            currency=known.currency.code,
            at=known.at,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True, repr=False)
class LifetimeValueAnswer(Answer):
    """All customers, then fifths of them by what they are expected to bring.

    `alive` is the share expected to buy still, `then` that when the days are over, `purchases` how often they are
    expected to and `value` what that is expected to bring, each with 95% bounds. "often" tells how many bought on how
    many days (the last row: on so many or more); "models" has both models side by side, `once` being whoever bought
    once; "parameters" what was fitted.
    """

    fields: ClassVar[Fields] = described(
        table={
            "group": Field(N_("Group"), "text", _WORDS),
            "customers": Field(N_("Customers"), "count"),
            "alive": Field(N_("Still buy, expected share"), "share"),
            "alive_low": Field(N_("Still buy: 95% from"), "share"),
            "alive_high": Field(N_("Still buy: 95% to"), "share"),
            "then": Field(N_("Still buy after these days, expected share"), "share"),
            "then_low": Field(N_("After these days: 95% from"), "share"),
            "then_high": Field(N_("After these days: 95% to"), "share"),
            "purchases": Field(N_("Expected purchases"), "number"),
            "purchases_low": Field(N_("Expected purchases: 95% from"), "number"),
            "purchases_high": Field(N_("Expected purchases: 95% to"), "number"),
            "value": Field(N_("Expected revenue"), "money"),
            **bounds("money"),
            "value_share": Field(N_("Share of expected revenue"), "share"),
            "per_customer": Field(N_("Expected revenue per customer"), "money"),
            "paid": Field(N_("Paid so far"), "money"),
        },
        often={
            "times": Field(N_("Days on which they bought"), "count"),
            "customers": Field(N_("Customers"), "count"),
            "share": Field(N_("Share of customers"), "share"),
        },
        models={
            "model": Field(N_("Model"), "text", words.MODELS),
            "chosen": Field(N_("Shown"), "flag"),
            "likelihood": Field(N_("Log-likelihood"), "number"),
            "alive": Field(N_("Still buy, expected share"), "share"),
            "once": Field(N_("Customers who bought once"), "count"),
            "alive_once": Field(N_("Of these still buy, expected share"), "share"),
            "purchases": Field(N_("Expected purchases"), "number"),
        },
        parameters={
            "model": Field(N_("Model"), "text", words.MODELS),
            "parameter": Field(N_("Parameter"), "text"),
            "value": Field(N_("Estimate"), "number"),
            **bounds("number"),
        },
    )
    figures = (Figure("value", ("group",), n="customers"),)

    question: LifetimeValue
    at: str

    def _chart(self, look: Look) -> AnyChart:
        if len(self.frames["table"]) == 1:  # nothing may be told of what will come
            return chart.often(self.frame("often"), self.plot("often", look), describe=look(self.headline))
        return chart.bands(self.table, self.plot("table", look), describe=look(self.headline))


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted to customers.

    Parameters
    ----------
    buying : Buying or None
        The model asked for; None where it may not speak.
    other : Buying or None
        The other one.
    spending : Spending or None
    notes : tuple of Note
        Why there is no value.
    """

    buying: Buying | None
    other: Buying | None
    spending: Spending | None
    notes: tuple[Note, ...]

    @classmethod
    def of(cls, customers: Customers, model: Model) -> Fitted:
        """Return what may be fitted to customers."""
        if customers.repeaters < REPEATERS:
            return cls(None, None, None, ())
        both = {name: buying.fit(name, customers.histories) for name in MODELS}
        other = next(name for name in MODELS if name != model)
        if both[model] is None:
            return cls(None, both[other], None, ())
        found, note = _spending(customers)
        return cls(both[model], both[other], found, (note,) if note else ())

    def refusal(self, customers: Customers, days: int) -> Message:
        """Say why nothing is said of how customers buy."""
        if customers.repeaters < REPEATERS:
            return words.few(customers.repeaters, len(customers.places), REPEATERS)
        return words.unsettled(len(customers.places))


def _spending(customers: Customers) -> tuple[Spending | None, Note | None]:
    """Return the model of amounts, or why there is none."""
    own = customers.priced > 0
    x, amount = customers.priced[own], customers.amount[own]
    if len(x) < REPEATERS:
        return None, words.no_amounts(len(x), REPEATERS)
    tie = spending.together(x, amount)
    if tie.low > TIED or tie.high < -TIED:
        return None, words.tied(tie)
    found = spending.fit(x, amount)
    if found is None:
        return None, words.no_spending()
    if found.endless:
        return None, words.endless(found.fitted.parameters.at(1))
    return found, words.leaning(tie) if tie.low > 0 or tie.high < 0 else None


def _customers(asked: LifetimeValue, tables: Tables, *, named: bool = False) -> Customers:
    found = Customers.of(tables, asked.where, at=asked.at, currency=asked.currency, named=named)
    if not len(found.places):
        raise DataError.empty(words.nobody(found.bought.at))
    return found


def _each(customers: Customers, fitted: Fitted, days: int) -> Floats:
    """Return by what customers are ranked: what they are expected to bring, else how often to buy."""
    assert fitted.buying is not None  # nobody is ranked without
    purchases, brought = expected(customers.spent, fitted.buying, fitted.spending, days)
    return brought if fitted.spending else purchases


def _bands(ranked: Floats) -> Ints:
    """Return each customer's place in :data:`VALUE_BANDS`; equals stand together, so bands may be uneven."""
    size = len(VALUE_BANDS)
    cuts = quantile_cuts(ranked, size)
    # Of fewer cuts than asked for, those that are missing lie at the bottom, where customers are alike.
    return np.minimum(len(cuts) - passed(ranked, cuts), size - 1)


def _table(customers: Customers, fitted: Fitted, days: int) -> pd.DataFrame:
    columns = list(LifetimeValueAnswer.fields["table"])
    n = len(customers.places)
    if fitted.buying is None:
        row = {**dict.fromkeys(columns, np.nan), "group": TOTAL, "customers": n, "paid": customers.paid.sum()}
        return pd.DataFrame([row], columns=columns).astype({"group": object, "customers": "int64"})
    bands = _bands(_each(customers, fitted, days))
    whole = _rows(customers, fitted, days, np.zeros(n, np.int64), (TOTAL,))
    held = tuple(band for band, size in zip(VALUE_BANDS, np.bincount(bands, minlength=5), strict=True) if size)
    table = pd.concat([whole, _rows(customers, fitted, days, bands, held)], ignore_index=True)
    table["value_share"] = share(table["value"], table["value"].iloc[0])
    table["per_customer"] = table["value"] / table["customers"]
    return table[columns]


def _rows(customers: Customers, fitted: Fitted, days: int, groups: Ints, names: tuple[str, ...]) -> pd.DataFrame:
    assert fitted.buying is not None  # see the caller
    found: Worth = worth(customers.spent, fitted.buying, fitted.spending, days, groups, len(names))
    return pd.DataFrame({
        "group": names,
        "customers": np.bincount(groups, minlength=len(names)),
        "alive": found.alive.value, "alive_low": found.alive.low, "alive_high": found.alive.high,
        "then": found.then.value, "then_low": found.then.low, "then_high": found.then.high,
        "purchases": found.purchases.value, "purchases_low": found.purchases.low,
        "purchases_high": found.purchases.high,
        "value": found.value.value, "low": found.value.low, "high": found.value.high,
        "paid": np.bincount(groups, customers.paid, len(names)),
    })  # fmt: skip


def _often(customers: Customers) -> pd.DataFrame:
    """Return how many customers bought on how many days."""
    times = np.minimum(customers.x + 1, chart.MOST)
    n = np.bincount(times, minlength=2)[1:]
    return pd.DataFrame({"times": np.arange(1, len(n) + 1), "customers": n, "share": n / len(times)})


def _models(customers: Customers, fitted: Fitted, days: int) -> pd.DataFrame:
    rows, once = [], customers.histories.x == 0
    weight = customers.histories.weight
    for model in (fitted.buying, fitted.other):
        if model:
            alive = model.alive(customers.histories)
            rows.append((
                model.model, model is fitted.buying, model.fitted.likelihood, float(alive @ weight / weight.sum()),
                int(weight[once].sum()), float(share(alive[once] @ weight[once], weight[once].sum())),
                float(model.purchases(customers.histories, days) @ weight),
            ))  # fmt: skip
    table = pd.DataFrame(rows, columns=list(LifetimeValueAnswer.fields["models"]))
    return table.astype({"model": object, "chosen": bool, "once": "int64",
                         **dict.fromkeys(("likelihood", "alive", "alive_once", "purchases"), float)})  # fmt: skip


def _parameters(fitted: Fitted) -> pd.DataFrame:
    parts: list[tuple[str, tuple[str, ...], Maximum]] = [
        (model.model, buying.PARAMETERS, model.fitted) for model in (fitted.buying, fitted.other) if model
    ]
    if fitted.spending:
        parts.append(("gamma-gamma", spending.PARAMETERS, fitted.spending.fitted))
    rows = [
        (model, name, *found.parameters.at(place).floats())
        for model, names, found in parts
        for place, name in enumerate(names)
    ]
    table = pd.DataFrame(rows, columns=list(LifetimeValueAnswer.fields["parameters"]))
    return table.astype({"model": object, "parameter": object, **dict.fromkeys(("value", "low", "high"), float)})
