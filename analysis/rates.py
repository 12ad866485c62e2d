"""Shares of a count, with their intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
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
