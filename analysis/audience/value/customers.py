"""What has each customer bought: on how many days, how long after the first, and for how much?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from analysis.arrays import Floats, Ints
from analysis.audience.buyers import Bought, bought, days_of, numbers_of
from analysis.audience.days import date_of
from analysis.audience.value.buying import Histories
from analysis.audience.value.worth import Spent
from analysis.tables import Tables, count_if, sum_if
from analysis.values import Filter

REPEATERS = 200
"""Fewer customers who bought again than this do not tell how customers buy."""


@dataclass(frozen=True, slots=True)
class Customers:
    """Customers by what they had bought when observation ended, one element each.

    Parameters
    ----------
    histories : Histories
        The distinct ones; days on which somebody bought count, for several orders of one day are one errand.
    places : ndarray of int
        Of each customer, which history is theirs.
    priced : ndarray of int
        Days after the first on which they paid an amount that is known and above nought.
    amount : ndarray of float
        The mean of these amounts; 0 where there were none.
    paid : ndarray of float
        All they paid.
    later : ndarray of int
        Days on which they bought after observation ended, up to the end of the data.
    bought : Bought
    ids : pyarrow.Array, optional
    """

    histories: Histories
    places: Ints
    priced: Ints
    amount: Floats
    paid: Floats
    later: Ints
    bought: Bought
    ids: Any = None

    @property
    def spent(self) -> Spent:
        """What their worth is told from."""
        return Spent(self.histories, self.places, self.priced, self.amount)

    @property
    def x(self) -> Ints:
        """How often each bought again."""
        return self.histories.x[self.places]

    @property
    def repeaters(self) -> int:
        """How many bought again at all."""
        return int((self.x > 0).sum())

    @classmethod
    def of(
        cls, tables: Tables, where: Filter | None, *, at: str | None = None, currency: str | None = None,
        cut: int = 0, named: bool = False,
    ) -> Customers:  # fmt: skip
        """Return the customers there were.

        Parameters
        ----------
        tables : Tables
        where : Filter, optional
            Its dates are those of the first purchase; its columns say which purchases count.
        at : str, optional
            The last day looked at; by default the last day known.
        currency : str, optional
        cut : int
            Days before `at` at which observation ended; those who came later are left out.
        named : bool
            Whether their ids are wanted.
        """
        found = bought(tables, where.replace(start=None, end=None) if where else None, at=at, currency=currency)
        ended = found.today - cut
        each = _each(found, date_of(ended), where)
        rows = (each if named else each.drop("user_id")).collect("pyarrow").to_arrow()
        first, last = days_of(rows["first"]), days_of(rows["last"])
        number = {name: numbers_of(rows[name]) for name in ("days", "priced", "repeat", "value", "later")}
        histories, places = Histories.of(
            number["days"].astype(np.int64) - 1, (last - first).astype(float), (ended - first).astype(float)
        )
        amount = np.divide(number["repeat"], number["priced"], out=np.zeros(len(first)), where=number["priced"] > 0)
        return cls(histories, places, number["priced"].astype(np.int64), amount, number["value"],
                   number["later"].astype(np.int64), found, rows["user_id"] if named else None)  # fmt: skip


def _each(found: Bought, ended: dt.date, where: Filter | None) -> nw.LazyFrame[Any]:
    """Return a row per customer: first and last day, how many days, and what they paid."""
    days = found.rows.group_by("user_id", "day").agg(nw.col("value").sum(), nw.col("elsewhere").max())
    day, end = nw.col("day"), nw.lit(ended)
    days = days.with_columns(first=day.min().over("user_id"))
    own, again = day <= end, (day <= end) & (day > nw.col("first")) & (nw.col("value") > 0)
    each = days.group_by("user_id", "first").agg(
        last=nw.when(own).then(day).max(), days=count_if(own), later=count_if(~own), priced=count_if(again),
        repeat=sum_if(again, nw.col("value")), value=sum_if(own, nw.col("value")), elsewhere=nw.col("elsewhere").max(),
    )  # fmt: skip
    return each.filter(nw.col("elsewhere") == 0, nw.col("first") <= end, *begun(where)).drop("elsewhere")


def begun(where: Filter | None) -> list[nw.Expr]:
    """Return the conditions that a filter's dates set for the day of the first purchase, `first`."""
    start, end = (
        (dt.date.fromisoformat(day) if day else None for day in (where.start, where.end)) if where else (None,) * 2
    )
    found = [nw.col("first") >= nw.lit(start)] if start else []
    return [*found, *([nw.col("first") <= nw.lit(end)] if end else [])]
