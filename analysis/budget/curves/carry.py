"""How does spend carry over to later periods?"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats, Ints, Times

CARRY = 13
"""Longest carry-over of spend in periods: a quarter of weeks, nearly a fortnight of days."""


def carried(spend: Floats, adstock: float, run: Ints | None = None) -> Floats:
    """Return spend carried over geometrically: weights adstock^0 … adstock^(CARRY-1), which add up to 1.

    What came before a stretch of periods is not in the data, and is taken to be as what is seen: there the weights
    that reach back before it are left out and the others add up to 1.

    Parameters
    ----------
    spend : ndarray, shape (..., periods)
    adstock : float
    run : ndarray of int, shape (periods,), optional
        Unbroken stretch each period belongs to; nothing is carried from one into another.

    Examples
    --------
    >>> carried(np.array([3.0, 0.0, 0.0]), 0.5).round(3).tolist()
    [3.0, 1.0, 0.429]
    """
    spend = np.asarray(spend, dtype=float)
    if adstock == 0:
        return spend
    whole = np.ones(spend.shape[-1])
    out = spend.copy()
    for k in range(1, min(CARRY, spend.shape[-1])):
        same = np.ones(spend.shape[-1] - k) if run is None else (run[k:] == run[:-k]).astype(float)
        out[..., k:] += adstock**k * same * spend[..., :-k]
        whole[k:] += adstock**k * same
    return np.asarray(out / whole)


def runs(starts: Times, hours: float) -> Ints:
    """Number the unbroken stretches of periods of some hours each, in order of their starts."""
    gaps = np.diff(starts).astype("timedelta64[s]").astype(float) / 3600
    return np.concatenate([[0], np.cumsum(gaps > 1.5 * hours)])
