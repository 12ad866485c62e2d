"""How is money split without losing a cent?

All money is counted in whole hundredths of the currency (int64), so that what is spent, reserved and unspent adds
up to the budget exactly, hour by hour.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.rules.rule_set import RuleSet


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


class Parted(NamedTuple):
    """A budget as rules begin with it, in cents.

    Parameters
    ----------
    plan : ndarray of int, shape (channels,)
        What channels may spend.
    reserve : int
    tranches : tuple of int
    """

    plan: Ints
    reserve: int
    tranches: tuple[int, ...]


def parted(budget: int, rules: RuleSet, weights: Floats) -> Parted:
    """Take what a rule set holds back from a budget, and split the rest.

    Examples
    --------
    >>> parted(1000, RuleSet(reserve=0.15, tranches=(0.25,)), np.array([1.0, 3.0]))
    Parted(plan=array([150, 450]), reserve=150, tranches=(250,))
    """
    reserve, tranches = int(budget * rules.reserve), tuple(int(budget * share) for share in rules.tranches)
    return Parted(shared(np.array(budget - reserve - sum(tranches)), weights), reserve, tranches)
