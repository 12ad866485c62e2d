"""In which currency are amounts counted, what is left out, and what does money bring for what was spent?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.errors import DataError
from analysis.messages import Message, Money, Names, Share, say
from analysis.records import ExchangeRate
from analysis.tables import Tables, collect, instant
from analysis.values import local_midnight

OF_CURRENCIES = ("other-currencies", "converted-currencies")
"""Codes of the notes that say what is in other currencies."""
_Steps = tuple[tuple[dt.datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """What rows of one currency add up to, and how many they are."""

    currency: str
    amount: float
    rows: int


@dataclass(frozen=True, slots=True)
class Currency:
    """The one currency that amounts are counted in, and what is in others.

    Parameters
    ----------
    code : str or None
        None where nothing tells the currency: then all amounts are in one, unknown.
    rows : int
        How many amounts there are, in whatever currency.
    others : tuple of Sum
        What is in another currency and not counted, the most rows first.
    converted : tuple of Sum
        What was in another currency and is counted at the rates given.
    factors : mapping of str to sequence of (datetime, float)
        By currency, what its unit is worth from a moment (UTC) on, in `code`.
    """

    code: str | None
    rows: int = 0
    others: tuple[Sum, ...] = ()
    converted: tuple[Sum, ...] = ()
    factors: Mapping[str, _Steps] = field(default_factory=dict)

    def factor(self, at: str = "paid_at") -> nw.Expr:
        """Return what a row's amount is to be multiplied by; null where it is in another currency and has no rate.

        Parameters
        ----------
        at : str
            Column of the time whose day's rate holds: the latest of that day or before.
        """
        if self.code is None:
            return nw.lit(1.0)
        found = nw.when(nw.col("currency") == self.code).then(nw.lit(1.0))
        expression = found.otherwise(nw.lit(None, nw.Float64))
        for currency, steps in self.factors.items():
            expression = nw.when(nw.col("currency") == currency).then(_at(at, steps)).otherwise(expression)
        return expression

    def notes(self, paid: Message, *, people: bool = False) -> tuple[Note, ...]:
        """Say what is in other currencies, and what was converted.

        Parameters
        ----------
        paid : Message
            What the amounts are, such as ``say("revenue")``.
        people : bool
            Whether amounts are of people, who then count in no figure per person.
        """
        notes = []
        if self.others:
            left = Names(tuple(self._part(other) for other in self.others))
            text = (
                say("Only {what} in {currency} is counted. Left out, with whoever paid it: {others}.",
                    what=paid, currency=self.code, others=left)
                if people
                else say("Only {what} in {currency} is counted. Left out: {others}.",
                         what=paid, currency=self.code, others=left)
            )  # fmt: skip
            notes.append(Note(OF_CURRENCIES[0], text, "warning"))
        if self.converted:
            text = say("Counted in {currency} at the day's exchange rate given: {others}.", currency=self.code,
                       others=Names(tuple(self._part(other) for other in self.converted)))  # fmt: skip
            notes.append(Note(OF_CURRENCIES[1], text))
        return tuple(notes)

    def _part(self, of: Sum) -> Message:
        return say("{amount} ({share} of {n} rows)", amount=Money(of.amount, of.currency, exact=True),
                   share=Share(of.rows / self.rows), n=self.rows)  # fmt: skip


def currency_of(
    tables: Tables,
    frame: nw.LazyFrame[Any],
    wanted: str | None = None,
    *,
    amount: str = "amount",
    at: str = "paid_at",
) -> Currency:
    """Return the currency that a frame's amounts are counted in.

    That is the one wanted; else the campaign's, where any amount is in it or converts into it; else the one that
    most rows are in (where there are none, the only one in the data). Amounts in others are converted where the
    analyst gave a rate for their day or an earlier one (a rate the other way round serves too). They are never added
    up otherwise, nor counted as nothing.

    Parameters
    ----------
    tables : Tables
        Their campaign's currency and their exchange rates count.
    frame : LazyFrame
        One row per amount, with a column `currency`.
    wanted : str, optional
        See :func:`known`.
    amount, at : str
        Columns of the amount and its time.

    Examples
    --------
    >>> import pandas as pd
    >>> sold = pd.DataFrame({"amount": [5.0, 6.0, 7.0], "currency": ["CNY", "CNY", "USD"], "paid_at": pd.Timestamp(0)})
    >>> found = currency_of(Tables(), nw.from_native(sold).lazy())
    >>> found.code, found.others
    ('CNY', (Sum(currency='USD', amount=7.0, rows=1),))
    """
    held = _sums(frame, amount)
    code = wanted or _usual(tables, held)
    if code is None:
        return Currency(None, sum(own.rows for own in held))
    foreign = [own for own in held if own.currency != code]
    factors = {own.currency: steps for own in foreign if (steps := _steps(tables, own.currency, code))}
    left = {own.currency: own for own in foreign}
    if factors:
        found = Currency(code, factors=factors)
        unknown = frame.filter(nw.col("currency").is_in(list(factors)), found.factor(at).is_null())
        left = {c: own for c, own in left.items() if c not in factors} | {s.currency: s for s in _sums(unknown, amount)}
    converted = (
        Sum(own.currency, own.amount - less.amount, own.rows - less.rows)
        for own in foreign
        if own.currency in factors
        for less in (left.get(own.currency, Sum(own.currency, 0.0, 0)),)
    )
    return Currency(
        code,
        sum(own.rows for own in held),
        tuple(own for own in foreign if own.currency in left for own in (left[own.currency],)),
        tuple(own for own in converted if own.rows),
        factors,
    )


def known(tables: Tables, wanted: str | None, *which: str) -> None:
    """Refuse a currency that no amount is in, and none converts into.

    Parameters
    ----------
    tables : Tables
    wanted : str, optional
        None is never refused.
    which : str
        The tables the amounts are in; events are in the campaign's currency.

    Raises
    ------
    DataError
    """
    if wanted is None:
        return
    own = {tables.campaign.currency} if tables.campaign and "events" in which else set()
    held = own | {name for table in which if table != "events" for name in tables.names("currency", table)}
    if held and wanted not in held and not any(_steps(tables, name, wanted) for name in held):
        raise DataError.unknown(say("currency"), wanted, sorted(held))


def _sums(frame: nw.LazyFrame[Any], amount: str) -> list[Sum]:
    """Return what each currency's rows add up to, most rows first; those without a currency are in none."""
    summed = frame.group_by("currency").agg(nw.col(amount).sum().alias("amount"), rows=nw.len())
    rows = collect(summed).dropna(subset="currency").fillna({"amount": 0.0})
    each = zip(rows["currency"], rows["amount"], rows["rows"], strict=True)
    found = [Sum(str(currency), float(amount), int(n)) for currency, amount, n in each]
    return sorted(found, key=lambda own: (-own.rows, own.currency))


def _usual(tables: Tables, held: Sequence[Sum]) -> str | None:
    own = tables.campaign.currency if tables.campaign else None
    if own and (not held or any(s.currency == own or _steps(tables, s.currency, own) for s in held)):
        return own
    if held:
        return held[0].currency
    names = tables.names("currency")
    return names[0] if len(names) == 1 else None


def _steps(tables: Tables, currency: str, into: str) -> _Steps:
    """Return from when on (UTC) a unit of a currency is worth how much, oldest first."""
    return tuple(
        (local_midnight(rate.day, tables.zone), rate.rate if rate.into == into else 1 / rate.rate)
        for rate in sorted(_between(tables.rates, currency, into), key=lambda rate: rate.day)
    )


def _between(rates: Iterable[ExchangeRate], currency: str, into: str) -> list[ExchangeRate]:
    """Return the rates given one way; only without any, those the other way."""
    one, other = ([r for r in rates if (r.currency, r.into) == pair] for pair in ((currency, into), (into, currency)))
    return one or other


def _at(time: str, steps: _Steps) -> nw.Expr:
    """Return the last step's factor by a time, null before the first; halving, as years of days would nest too deep."""
    if len(steps) == 1:
        (since, factor) = steps[0]
        return nw.when(nw.col(time) >= instant(since)).then(nw.lit(factor)).otherwise(nw.lit(None, nw.Float64))
    middle = len(steps) // 2
    later = nw.col(time) >= instant(steps[middle][0])
    return nw.when(later).then(_at(time, steps[middle:])).otherwise(_at(time, steps[:middle]))


# ---- what money brings ------------------------------------------------------------------------------------


def roi(revenue: npt.ArrayLike, spend: npt.ArrayLike) -> Floats:
    """Return realised revenue over spend (投产比), elementwise; NaN where nothing was spent.

    Examples
    --------
    >>> roi([300.0, 1.0], [100.0, 0.0]).tolist()
    [3.0, nan]
    """
    return _over(revenue, spend)


def roas(claimed: npt.ArrayLike, spend: npt.ArrayLike) -> Floats:
    """Return what a platform claims over its spend, elementwise; NaN where nothing was spent."""
    return _over(claimed, spend)


def profit_roi(revenue: npt.ArrayLike, spend: npt.ArrayLike, margin: float) -> Floats:
    """Return what is left of revenue at a margin once the spend is paid, over the spend; NaN where nothing was spent.

    Parameters
    ----------
    revenue, spend : array_like of float
    margin : float
        Share of revenue that is left after the cost of the goods, 0 to 1.

    Examples
    --------
    >>> profit_roi(300.0, 100.0, 0.5).tolist()
    0.5
    """
    return _over(margin * np.asarray(revenue, float) - np.asarray(spend, float), spend)


def _over(amount: npt.ArrayLike, spend: npt.ArrayLike) -> Floats:
    top, bottom = np.broadcast_arrays(np.asarray(amount, float), np.asarray(spend, float))
    found: Floats = np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
    return found
