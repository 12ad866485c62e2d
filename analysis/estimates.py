"""Shares of a count, with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

Floats = npt.NDArray[np.float64]


def wilson(successes: Any, trials: Any, *, confidence: float = 0.95) -> tuple[Floats, Floats]:
    """Return the Wilson score interval of each share, NaN where there was no trial.

    Parameters
    ----------
    successes, trials : array_like of int
        Broadcast against each other.
    confidence : float

    Returns
    -------
    low, high : ndarray of float64

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.

    Examples
    --------
    >>> low, high = wilson([81, 0], [263, 0])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.2553, nan], [0.3662, nan])
    """
    counted, tried = np.broadcast_arrays(np.asarray(successes), np.asarray(trials))
    known = tried > 0
    low, high = proportion_confint(
        np.where(known, counted, 0), np.maximum(tried, 1), alpha=1 - confidence, method="wilson"
    )
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def apart(
    one: Any, one_low: Any, one_high: Any, other: Any, other_low: Any, other_high: Any, *, correlation: Any = 0.0
) -> tuple[Floats, Floats]:
    """Return the interval of one share less another, from the interval of each share.

    Parameters
    ----------
    one, one_low, one_high, other, other_low, other_high : array_like of float
        Shares with bounds of the same confidence, such as Wilson's.
    correlation : array_like of float
        Of the two estimates; 0 where they are of different people.

    Returns
    -------
    low, high : ndarray of float64

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison of
    eleven methods. Statistics in Medicine 17, 873-890; method 10.
    Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine 27, 1693-1702; for estimates that are correlated.

    Examples
    --------
    Newcombe's table II, (a) 56/70 and 48/80:

    >>> (p, q), (low, high) = (56 / 70, 48 / 80), wilson([56, 48], [70, 80])
    >>> [round(float(x), 4) for x in apart(p, low[0], high[0], q, low[1], high[1])]
    [0.0524, 0.3339]
    """
    below = _third_side(np.subtract(one, one_low), np.subtract(other_high, other), correlation)
    above = _third_side(np.subtract(one_high, one), np.subtract(other, other_low), correlation)
    difference = np.subtract(one, other)
    return difference - below, difference + above


def _third_side(one: Floats, other: Floats, cosine: Any) -> Floats:
    """Return how far a difference reaches, from how far each of two does: a triangle's third side."""
    return np.sqrt(np.maximum(one**2 + other**2 - 2 * np.multiply(cosine, one * other), 0.0))


def score_test(one: int, of_one: int, other: int, of_other: int) -> float:
    """Return the two-sided p-value for two shares to be the same, variance pooled; NaN where all or none succeeded.

    Examples
    --------
    >>> round(score_test(56, 70, 48, 80), 4)
    0.008
    """
    pooled = (one + other) / (of_one + of_other)
    variance = pooled * (1 - pooled) * (1 / of_one + 1 / of_other)
    return float(2 * norm.sf(abs(one / of_one - other / of_other) / np.sqrt(variance))) if variance else np.nan


def share(successes: Any, trials: Any) -> Floats:
    """Return `successes` / `trials`, elementwise; NaN where there are no trials.

    Examples
    --------
    >>> share([3, 0], [10, 0]).tolist()
    [0.3, nan]
    """
    done, of = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    found: Floats = np.divide(done, of, out=np.full(done.shape, np.nan), where=of > 0)
    return found
