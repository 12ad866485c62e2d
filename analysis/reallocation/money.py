"""How is money split without losing a cent?

All money is counted in whole hundredths of the currency (int64), so that what is spent, reserved and unspent adds
up to the budget exactly, hour by hour.
"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats, Ints


def shared(total: Ints, weights: Floats) -> Ints:
    """Split whole amounts over the last axis in proportion to weights (largest remainder).

    Parameters
    ----------
    total : ndarray of int, shape (...)
    weights : ndarray, shape (..., n)
        Not negative; where all are zero, nothing is split.

    Returns
    -------
    ndarray of int, shape (..., n)
        Adds up to `total`, except where all weights are zero.

    Examples
    --------
    >>> shared(np.array(100), np.array([1.0, 1.0, 1.0])).tolist()
    [34, 33, 33]
    """
    whole = weights.sum(axis=-1, keepdims=True)
    exact = total[..., None] * (weights / np.where(whole > 0, whole, 1.0))
    parts = np.floor(exact).astype(np.int64)
    # Rounding may leave a floor one too high at very large totals: the missing count can be below zero.
    missing = np.where(whole[..., 0] > 0, total - parts.sum(axis=-1), 0)
    order = np.argsort(-(exact - parts), axis=-1, kind="stable")
    rank = np.argsort(order, axis=-1, kind="stable")
    return np.asarray(parts + (rank < missing[..., None]) - ((parts.shape[-1] - 1 - rank) < -missing[..., None]))
