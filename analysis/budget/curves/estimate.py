"""What was found out about one channel: its curve, or why there is none, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.answer import Note
from analysis.budget.curves.curve import Curve

FEWEST = 8
"""Fewest periods with spend that a curve is fitted to."""
FLATTEST = 0.05
"""Least standard deviation of log spend: below 5% there is no slope to see."""


@dataclass(frozen=True, slots=True)
class Check:
    """How a fit to the first part predicted the rest, beside revenue in proportion to spend.

    Parameters
    ----------
    periods : int
        That were predicted.
    error, plain : float
        Mean absolute error over mean revenue: of the curves, and of the proportion of revenue to spend before.
    moved : tuple of (str, float, float, float)
        Channels whose marginal ROI now lies outside the interval it had then: name, interval, and what it is now.
    """

    periods: int
    error: float
    plain: float
    moved: tuple[tuple[str, float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Twin:
    """A channel whose effect can hardly be told from another's: both together are known better.

    Parameters
    ----------
    channel : str
        The other.
    correlation : float
        Of the two contributions over draws.
    contribution : tuple of float
        Of both: mean and 95% interval.
    """

    channel: str
    correlation: float
    contribution: tuple[float, float, float]


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """One channel's estimate.

    Parameters
    ----------
    channel : str
    source : {"attributed", "joint", "none"}
    periods : int
    spend : float
        Credits subtracted.
    revenue : float
        What the platform claims; NaN where it claims nothing.
    curve : Curve, optional
    reason : str, optional
        Code of why there is no curve.
    r_squared : float, optional
    idle : float
        Attributed revenue of periods with next to no spend, which are not fitted.
    learnt : float
        How much narrower the data made the contribution than it was before: 1 less the ratio of standard deviations.
    r_hat : float, optional
        In a joint fit, how far its chains agree, see :func:`analysis.budget.curves.sampler.split_r_hat`.
    alike : tuple of (str, float), optional
        In a joint fit, the channel whose spend moves most like this one's, and the correlation.
    twin : Twin, optional
    doubted : tuple of float, optional
        Marginal ROI and its interval with the values that look like slips of the hand; the curve is without them.
    check : Check, optional
    notes : tuple of Note
        In a joint fit, what of the revenue is in other currencies, and which controls are in it.
    """

    channel: str
    source: str
    periods: int
    spend: float
    revenue: float
    curve: Curve | None = None
    reason: str | None = None
    r_squared: float | None = None
    idle: float = 0.0
    learnt: float = 1.0
    r_hat: float | None = None
    alike: tuple[str, float] | None = None
    twin: Twin | None = None
    doubted: tuple[float, float, float] | None = None
    check: Check | None = None
    notes: tuple[Note, ...] = ()
