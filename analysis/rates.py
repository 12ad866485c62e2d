"""How sure is a share? Intervals of proportions, in one place."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from statsmodels.stats.proportion import proportion_confint

Floats = npt.NDArray[np.float64]


def wilson(successes: Any, trials: Any) -> tuple[Floats, Floats]:
    """Return the 95% Wilson score interval of `successes` in `trials`, elementwise; NaN where there are no trials.

    Parameters
    ----------
    successes, trials : array_like of int
        Of shapes that broadcast.

    Returns
    -------
    low, high : ndarray of float64

    Examples
    --------
    >>> low, high = wilson([3, 0], [10, 0])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.1078, nan], [0.6032, nan])
    """
    done, of = np.broadcast_arrays(np.asarray(successes), np.asarray(trials))
    known = of > 0
    low, high = proportion_confint(np.where(known, done, 0), np.where(known, of, 1), method="wilson")
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


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
