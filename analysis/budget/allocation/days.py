"""Which days is a plan for: the next campaign's, like those observed, or what is left of this one?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
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
from analysis.budget.curves.report import booked
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
    others : mapping of str to float
        What channels without a curve of the plan's basis spent, or would get were the rest shared as before.
    locked : float
        What was spent on days of the campaign that are over; 0 for a next campaign.
    per : str
    unseen : tuple of str
        Phases to come of which no curve has seen a day.
    """

    planned: tuple[Planned, ...]
    moments: Times
    others: Mapping[str, float]
    locked: float
    per: str
    unseen: tuple[str, ...] = ()

    @property
    def seen(self) -> int:
        """How many periods the curves rest on."""
        return max((int(own.curve.counted.sum()) for own in self.planned), default=0)

    def total(self, asked: AllocationDefinition, tables: Tables) -> float:
        """Return what there is to spend, unless the question says: what was spent, or what is left of the budget."""
        if asked.time == "next":
            return float(sum(own.observed.sum() for own in self.planned)) + sum(self.others.values())
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


def days(asked: AllocationDefinition, tables: Tables, curves: Sequence[Curve], spent: Mapping[str, float]) -> Days:
    """Return each channel's cells on the days a question plans for.

    Parameters
    ----------
    asked : AllocationDefinition
    tables : Tables
    curves : sequence of Curve
        Of the channels planned.
    spent : mapping of str to float
        What every channel spent.

    Raises
    ------
    DataError
        The rest of a campaign is asked for, and there is no campaign or none of it is left.
    """
    if asked.time == "rest":
        return _rest(asked, tables, curves)
    curved = {curve.channel for curve in curves}
    planned = tuple(market.again(curve, asked.per, asked.reach) for curve in curves)
    others = {channel: float(own) for channel, own in spent.items() if channel not in curved}
    starts = curves[0].starts if curves else np.array([], "datetime64[us]")
    return Days(planned, starts, others, 0.0, asked.per)


def _rest(asked: AllocationDefinition, tables: Tables, curves: Sequence[Curve]) -> Days:
    """Return the days left, each channel's part of the money left as it was so far."""
    moments = _left(tables)
    campaign = tables.campaign
    assert campaign is not None
    phase = [campaign.phase_of(local_day(moment, campaign.zone)) or NOT_SET for moment in moments]
    starts = np.array(moments, "datetime64[us]")
    ends = np.array([moment + dt.timedelta(days=1) for moment in moments], "datetime64[us]")
    named = demand.events(tables, starts, ends)
    peaks = dict(zip(named.names, named.share.T, strict=True))
    if any(round(curve.period_hours) != 24 for curve in curves):
        raise DataError.empty(say("The rest of a campaign is planned by day, and this report is not: export spend "
                                  "by day."))  # fmt: skip
    planned = [market.ahead(curve, phase, asked.per, asked.reach, _before(curve), peaks) for curve in curves]
    start = np.datetime64(local_midnight(campaign.start, campaign.zone), "us")
    spent = [float(curve.spend[curve.counted & (curve.starts >= start)].sum()) for curve in curves]
    others = _others(asked, tables, {curve.channel for curve in curves}, start)
    locked = sum(spent) + sum(others.values())
    part = (asked.total or max((campaign.budget or 2 * locked) - locked, 0.0)) / max(locked, 1e-300)
    even = tuple(_even(own, part * amount) for own, amount in zip(planned, spent, strict=True))
    unseen = tuple(name for name in dict.fromkeys(phase)
                   if any(name not in curve.phases for curve in curves if curve.source == "attributed"))  # fmt: skip
    shared = {channel: part * amount for channel, amount in others.items()}
    return Days(even, starts, shared, locked, asked.per, unseen)


def _others(
    asked: AllocationDefinition, tables: Tables, curved: Collection[str], start: np.datetime64
) -> dict[str, float]:
    """Return what channels that have no curve of the plan's basis spent since a campaign began."""
    rows = booked(tables, asked.curves.where or asked.where, asked.curves.currency).rows
    own = rows[~rows["channel"].isin(curved) & (rows["period_start"] >= start)]
    return {str(channel): float(spend) for channel, spend in own.groupby("channel")["spend"].sum().items()}


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
