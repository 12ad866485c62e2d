"""Which curves are tried for a channel: every shape at every carry-over and half-saturation of a grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.budget.curves.carry import carried
from analysis.budget.curves.forms import FAMILIES, FORMS, Form, members

ADSTOCKS = 0.0, 0.85
"""Shares of a period's effect that carry over to the next, from and to."""
STEPS = 7, 11
"""How many carry-overs are tried, and how many half-saturations."""
REACH = 0.15, 5.0
"""Lowest as a multiple of the median spend, highest as one of the highest: further out a curve is a straight line."""
SPREAD = 1.0
"""Of the prior of log half-saturation, around the average spend: money is seldom spent where a curve is all but flat or
all but straight."""
RARE = 0.1
"""Prior of an S-curve, unless one is asked for."""
RHOS = np.linspace(-0.2, 0.9, 12)
"""Autocorrelations of the errors that are tried, each as likely as the others: a prior that leans towards none makes
intervals too narrow where errors follow each other, and none below zero makes them too wide where they do not."""


def log_beta(share: Floats) -> Floats:
    """Return the log density of Beta(1, 3), up to a constant: less carry-over is likelier.

    It is PyMC-Marketing's default for carry-over.
    """
    return np.asarray(2 * np.log1p(-np.asarray(share)))


@dataclass(frozen=True, slots=True)
class Region:
    """Where carry-over and half-saturation are looked for: from and to."""

    adstock: tuple[float, float]
    half: tuple[float, float]

    @classmethod
    def of(cls, spend: Floats) -> Region:
        """Return all that is tried at first."""
        above = spend[spend > 0]
        return cls(ADSTOCKS, (REACH[0] * float(np.median(above)), REACH[1] * float(above.max())))

    def around(self, adstock: Floats, half: Floats) -> Region:
        """Return what lies around curves drawn, one step further on each side."""
        (least, most), (low, high) = self.adstock, self.half
        step = (most - least) / (STEPS[0] - 1)
        factor = (high / low) ** (1 / (STEPS[1] - 1))
        return Region(
            (max(least, float(adstock.min()) - step), min(most, float(adstock.max()) + step)),
            (max(low, float(half.min()) / factor), min(high, float(half.max()) * factor)),
        )


@dataclass(frozen=True, slots=True)
class Candidates:
    """Curves of height 1, one a row.

    Parameters
    ----------
    form : ndarray of int, shape (candidates,)
        Index into :data:`analysis.budget.curves.forms.FORMS`.
    adstock, half : ndarray, shape (candidates,)
    height : ndarray, shape (candidates, periods)
        What each brings in each period with a ceiling of 1.
    rise : ndarray, shape (candidates, periods)
        Exposure times slope.
    weight : ndarray, shape (candidates,)
        Log prior: every family of forms weighs the same.
    """

    form: Ints
    adstock: Floats
    half: Floats
    height: Floats
    rise: Floats
    weight: Floats


def candidates(family: str, spend: Floats, run: Ints | None = None, region: Region | None = None) -> Candidates:
    """Return the curves tried for a channel.

    Parameters
    ----------
    family : str
        One of :data:`analysis.budget.curves.forms.FAMILIES`, or "auto".
    spend : ndarray, shape (periods,)
        Some of it above zero.
    run : ndarray of int, shape (periods,), optional
        See :func:`analysis.budget.curves.carry.carried`.
    region : Region, optional
        Where to look; by default everywhere.
    """
    names, every = members(family), list(FORMS)
    within = region or Region.of(spend)
    halves = np.geomspace(*within.half, STEPS[1])
    grid, heights, rises = [], [], []
    for adstock in np.linspace(*within.adstock, STEPS[0]):
        u = carried(spend, float(adstock), run)[None] / halves[:, None]
        for name in names:
            grid += [(every.index(name), adstock, half) for half in halves]
            heights.append(FORMS[name].unit(u))
            rises.append(FORMS[name].unit_slope(u) * u)
    form, adstock, half = (np.array(part) for part in zip(*grid, strict=True))
    weight = log_beta(adstock) + np.log([_likely(FORMS[every[f]]) for f in form.astype(int)])
    weight -= 0.5 * (np.log(half / spend[spend > 0].mean()) / SPREAD) ** 2
    return Candidates(form.astype(np.int64), adstock, half, np.vstack(heights), np.vstack(rises), weight)


def _likely(form: Form) -> float:
    """Return a form's prior: the concave families weigh the same, and S-curves are the exception."""
    share = RARE if form.family == "hill" else (1 - RARE) / (len(FAMILIES) - 1)
    return share / len(members(form.family))
