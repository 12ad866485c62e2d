"""How is money split without losing a cent?

All money is counted in whole hundredths of the currency (int64), so that what is spent, reserved and unspent adds
up to the budget exactly, hour by hour.
"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats, Ints

CENTS = 100


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


def spread(amount: Ints, upto: Floats) -> Ints:
    """Split whole amounts over hours by the running share `upto` that is due by the end of each.

    Parameters
    ----------
    amount : ndarray of int, shape (runs, channels)
    upto : ndarray, shape (hours,)
        Rising, from above 0 to at most 1.

    Returns
    -------
    ndarray of int, shape (runs, hours, channels)
        Each hour is within one cent of its exact share, and no rounding carries over.

    Examples
    --------
    >>> spread(np.array([[10]]), np.array([0.25, 0.5, 1.0]))[0, :, 0].tolist()
    [3, 2, 5]
    """
    due = np.floor(amount[:, None, :] * upto[None, :, None] + 0.5).astype(np.int64)
    return np.diff(due, axis=1, prepend=0)


def within(parts: Ints, most: Ints) -> Ints:
    """Hand what exceeds `most` to the other parts, in proportion to the room they have; no cent is lost.

    Parameters
    ----------
    parts, most : ndarray of int, shape (..., n)
        `most` adds up to no less than `parts`.

    Examples
    --------
    >>> within(np.array([7, 2, 1]), np.array([5, 4, 2])).tolist()
    [5, 3, 2]
    """
    kept = np.minimum(parts, most)
    over = (parts - kept).sum(axis=-1)
    return kept + shared(over, (most - kept).astype(np.float64))
