"""What did an experiment measure, and what would each curve have had it measure?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints, Times
from analysis.budget.curves.candidates import Candidates
from analysis.budget.curves.carry import carried
from analysis.budget.curves.demand import share_within
from analysis.budget.curves.forms import FORMS
from analysis.records import LiftTest
from analysis.tables import Tables


@dataclass(frozen=True, slots=True)
class Lift:
    """A lift test as two courses of one channel's spend, and the difference in sales between them.

    Parameters
    ----------
    channel : str
    more, less : ndarray, shape (periods,)
        Spend with the money that was tested and without it.
    seen, error : float
        Sales more with it than without, and the standard error.
    """

    channel: str
    more: Floats
    less: Floats
    seen: float
    error: float


def lifts(tables: Tables, channel: str, spend: Floats, starts: Times, ends: Times) -> tuple[Lift, ...]:
    """Return a channel's lift tests that lie within the periods given.

    The money tested is taken to be within the spend reported where that can hold it, so that the test tells what was
    earned by it; else to have come on top, as for a channel that was paused. It is spread over the days of the test as
    the spend there.
    """
    found = []
    for test in tables.recorded(LiftTest):
        share = share_within(starts, ends, test.start, test.end, tables.zone)
        if test.channel != channel or not share.any():
            continue
        inside, money = share * spend, abs(test.spend_change)
        spread = inside / inside.sum() if inside.sum() > 0 else share / share.sum()
        within = money <= inside.sum() * (1 + 1e-6)
        more, less = (spend, np.maximum(spend - money * spread, 0.0)) if within else (spend + money * spread, spend)
        found.append(Lift(channel, more, less, float(np.sign(test.spend_change)) * test.sales_change, test.error))
    return tuple(found)


def change(lift: Lift, curves: Candidates, run: Ints) -> Floats:
    """Return what each candidate with a ceiling of 1 has a test measure, shape (candidates,)."""
    names = list(FORMS)
    out = np.empty(len(curves.form))
    for adstock in np.unique(curves.adstock):
        more, less = (carried(spend, float(adstock), run) for spend in (lift.more, lift.less))
        for i in np.flatnonzero(curves.adstock == adstock):
            unit = FORMS[names[curves.form[i]]].unit
            out[i] = float((unit(more / curves.half[i]) - unit(less / curves.half[i])).sum())
    return out
