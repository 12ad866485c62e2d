"""What errors that follow one another (AR(1)) do to a regression."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats, Ints


def whitened(values: Floats, rho: float, run: Ints) -> Floats:
    """Return columns in which AR(1) errors are independent and of equal spread (Prais and Winsten, 1954).

    Parameters
    ----------
    values : ndarray, shape (periods, ...)
    rho : float
    run : ndarray of int, shape (periods,)
        Unbroken stretch each period belongs to; errors follow one another within one.

    Examples
    --------
    >>> whitened(np.array([1.0, 1.0, 1.0]), 0.6, np.array([0, 0, 0])).round(3).tolist()
    [0.8, 0.4, 0.4]
    """
    out = np.array(values, dtype=float)
    follows = np.concatenate([[False], run[1:] == run[:-1]])
    out[follows] -= rho * values[np.flatnonzero(follows) - 1]
    out[~follows] *= np.sqrt(1 - rho**2)
    return out
