"""Which days is a plan for: the next campaign's, like those observed, or what is left of this one?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.arrays import Floats, Times
from analysis.budget.allocation import market
from analysis.budget.allocation.definition import AllocationDefinition
from analysis.budget.allocation.market import Planned
from analysis.budget.allocation.rules import Cell
from analysis.budget.curves import demand
from analysis.budget.curves.carry import CARRY
from analysis.budget.curves.curve import Curve
from analysis.charts import NOT_SET
from analysis.errors import DataError
from analysis.messages import say
from analysis.periods import known_until
from analysis.tables import Tables
from analysis.values import local_day, local_midnight


@dataclass(frozen=True, eq=False)
class Days:
    """The days planned for.

    Parameters
    ----------
    planned : tuple of Planned
        Of each channel.
    moments : ndarray of datetime64[us]
        When the periods to come begin; those observed begin, where the next campaign is planned.
    locked : float
        What was spent on days of the campaign that are over; 0 for a next campaign.
    per : str
    """

    planned: tuple[Planned, ...]
    moments: Times
    locked: float
    per: str

    def total(self, asked: AllocationDefinition, tables: Tables, fixed: float) -> float:
        """Return what there is to spend, unless the question says: what was spent, or what is left of the budget."""
        if asked.time == "next":
            return float(sum(own.observed.sum() for own in self.planned)) + fixed
        campaign = tables.campaign
        assert campaign is not None  # the rest of a campaign has one
        if not campaign.budget:
            raise DataError.empty(say("How much is left cannot be told: give the campaign a budget under Data, or a "
                                      "total here."))  # fmt: skip
        if campaign.budget <= self.locked:
            raise DataError.empty(say("The campaign's budget is spent: nothing is left to split. Give a total to go on "
                                      "with."))  # fmt: skip
        return campaign.budget - self.locked

    def starts(self, cells: Sequence[Cell]) -> list[object]:
        """Return when each cell begins, where every day has its own."""
        if self.per != "day":
            return [pd.NaT] * len(cells)
        found: list[object] = []
        for own in self.planned:
            moments = self.moments if len(self.moments) == len(own.observed) else own.curve.starts[own.curve.counted]
            found += [pd.Timestamp(moment) for moment in moments]
        return found + [pd.NaT] * (len(cells) - len(found))


def days(asked: AllocationDefinition, tables: Tables, curves: Sequence[Curve]) -> Days:
    """Return each channel's cells on the days a question plans for.

    Raises
    ------
    DataError
        The rest of a campaign is asked for, and there is no campaign or none of it is left.
    """
    if asked.time == "next":
        planned = tuple(market.again(curve, asked.per, asked.reach) for curve in curves)
        return Days(planned, curves[0].starts if curves else np.array([], "datetime64[us]"), 0.0, asked.per)
    moments = _left(tables)
    campaign = tables.campaign
    assert campaign is not None
    phase = [campaign.phase_of(local_day(moment, campaign.zone)) or NOT_SET for moment in moments]
    found, locked = [], 0.0
    start = np.datetime64(local_midnight(campaign.start, campaign.zone), "us")
    ends = np.array([moment + dt.timedelta(days=1) for moment in moments], "datetime64[us]")
    named = demand.events(tables, np.array(moments, "datetime64[us]"), ends)
    peaks = dict(zip(named.names, named.share.T, strict=True))
    for curve in curves:
        if round(curve.period_hours) != 24:
            raise DataError.empty(say("The rest of a campaign is planned by day, and this report is not: export spend "
                                      "by day."))  # fmt: skip
        own = market.ahead(curve, phase, asked.per, asked.reach, _before(curve), peaks)
        spent = float(curve.spend[curve.counted & (curve.starts >= start)].sum())
        locked += spent
        found.append((own, spent))
    left = asked.total or max((campaign.budget or 2 * locked) - locked, 0.0)
    shares = np.array([spent for _, spent in found]) / max(locked, 1e-300)
    even = tuple(_even(own, left * float(share)) for (own, _), share in zip(found, shares, strict=True))
    return Days(even, np.array(moments, "datetime64[us]"), locked, asked.per)


def _even(own: Planned, amount: float) -> Planned:
    """Return a channel's cells with what it would get were the rest shared as before, evenly over the days."""
    return replace(own, observed=amount * own.upper / own.upper.sum())


def _before(curve: Curve) -> Floats:
    """Return the spend of the last periods observed, zeros before there were any."""
    return np.append(np.zeros(CARRY), curve.spend)[-CARRY:]


def _left(tables: Tables) -> list[dt.datetime]:
    """Return when the campaign's days begin that the spend report does not know yet."""
    campaign = tables.campaign
    if campaign is None:
        raise DataError.empty(say("The rest of a campaign needs a campaign with its dates: give one under Data."))
    last = local_day(known_until(tables, of=("spend",)), campaign.zone)
    first = max(pd.Timestamp(last) + pd.Timedelta(days=1), pd.Timestamp(campaign.start))
    every = pd.date_range(first, campaign.end, freq="D")
    if not len(every):
        raise DataError.empty(say("Nothing of this campaign is left: the report goes to its end. Plan the next one."))
    return [local_midnight(str(day.date()), campaign.zone) for day in every]
