"""What had each cohort of new customers cost and brought, by the end of each week?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Ints
from analysis.audience.payback.definition import MOST, PaybackDefinition
from analysis.audience.payback.sides import Sides
from analysis.audience.payback.words import too_short
from analysis.charts import NOT_SET, TOTAL
from analysis.errors import DataError
from analysis.estimates import Moments
from analysis.periods import begins

_WEEK = 7


@dataclass(frozen=True, slots=True)
class Cohorts:
    """Cohorts whose period is whole, one row each of a channel or of all together.

    Parameters
    ----------
    rows : DataFrame
        Columns group, cohort (its first day), customers, spend and observed (weeks that all of it had).
    sums : Moments
        Of margin per customer added up to each week, shape (rows, weeks).
    """

    rows: pd.DataFrame
    sums: Moments

    def joined(self, which: Any, week: int) -> Moments:
        """Return the moments of several rows together, by the end of each of the first weeks."""
        return Moments(*(part[which][:, :week].sum(axis=0) for part in self.sums))


def cohorts_of(asked: PaybackDefinition, sides: Sides) -> Cohorts:
    """Return the cohorts, all together first."""
    paid = sides.purchases
    begun, ends = _periods(paid.first, asked.every)
    spent, spent_ends = _periods(sides.spend["day"].to_numpy(np.int64), asked.every)
    whole, own = ((starts >= sides.first) & (stops <= min(sides.last, sides.observed))
                  for starts, stops in ((begun, ends), (spent, spent_ends)))  # fmt: skip
    new = np.append(True, paid.customer[1:] != paid.customer[:-1]) & whole
    parts = []
    for group, of_paid, of_spend in _groups(asked, sides):
        rows = pd.DataFrame({
            "customers": pd.Series(begun[new & of_paid]).value_counts(),
            "spend": sides.spend["spend"][own & of_spend].groupby(spent[own & of_spend]).sum(),
        }).rename_axis("start").sort_index().fillna(0.0).reset_index()  # fmt: skip
        parts.append(rows.assign(group=group))
    rows = pd.concat(parts, ignore_index=True)
    if rows.empty or not rows["customers"].sum():
        raise DataError.empty(too_short(asked.every))
    starts = rows["start"].to_numpy(np.int64)
    stops = _periods(starts, asked.every)[1]
    observed = np.clip((sides.observed - stops + 1) // _WEEK, 0, MOST)
    rows = rows.assign(cohort=_days(starts), observed=observed, customers=rows["customers"].astype("int64"))
    places = {(group, start): place for place, (group, start) in enumerate(zip(rows["group"], starts, strict=True))}
    return Cohorts(rows, _moments(asked, sides, rows, begun, places, whole))


def _groups(asked: PaybackDefinition, sides: Sides) -> Iterator[tuple[str, Any, Any]]:
    """Yield each group, which purchases and which spend are its own: all together, then channels with new customers."""
    paid, spend = sides.purchases, sides.spend
    yield TOTAL, np.ones(len(paid.day), bool), np.ones(len(spend), bool)
    if asked.by:
        names = pd.Series(paid.channel).fillna(NOT_SET).to_numpy(object)
        spent = spend["channel"].to_numpy(object)
        for name in sorted({*names, *spent}):
            yield str(name), names == name, spent == name


def _periods(days: Ints, every: str) -> tuple[Ints, Ints]:
    """Return the first and the last day of the period that each day is in."""
    series = pd.Series(_days(days))
    starts = begins(series, every)
    ends = starts + (pd.Timedelta(days=6) if every == "week" else pd.offsets.MonthEnd(0))
    first, last = (np.asarray((one - pd.Timestamp(0)) // pd.Timedelta(days=1), np.int64) for one in (starts, ends))
    return first, last


def _days(days: Ints) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(np.asarray(days, np.int64).astype("datetime64[D]").astype("datetime64[us]"))


def _moments(
    asked: PaybackDefinition,
    sides: Sides,
    rows: pd.DataFrame,
    begun: Ints,
    places: Mapping[tuple[str, int], int],
    whole: Bools,
) -> Moments:
    """Return the moments of what each cohort's customers had brought by the end of each week.

    A customer's sum only rises in weeks with a purchase: sums of powers add up from what these change.
    """
    paid = sides.purchases
    week = np.minimum((paid.day - paid.first) // _WEEK, MOST)
    new = np.append(True, paid.customer[1:] != paid.customer[:-1])
    after = pd.Series(paid.margin).groupby(paid.customer).cumsum().to_numpy(float)
    before = np.where(new, 0.0, np.append(0.0, after[:-1]))
    size = len(rows)
    sums = [np.repeat(rows["customers"].to_numpy(float)[:, None], MOST, axis=1)]
    powers = [np.zeros(size * (MOST + 1)) for _ in range(4)]
    for group, of_paid, _ in _groups(asked, sides):
        which = of_paid & whole
        at = np.array([places[group, int(start)] for start in begun[which]], np.int64) * (MOST + 1) + week[which]
        for power, sum_of in enumerate(powers, 1):
            sum_of += np.bincount(at, after[which] ** power - before[which] ** power, size * (MOST + 1))
    sums += [sum_of.reshape(size, MOST + 1)[:, :MOST].cumsum(axis=1) for sum_of in powers]
    return Moments(*sums)
