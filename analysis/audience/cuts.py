"""Where is a line drawn between customers, so that who is alike stands on one side of it?"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats, Ints


def quantile_cuts(values: Floats, parts: int) -> Floats:
    """Return the values at which customers are cut into about equal parts.

    Parameters
    ----------
    values : ndarray, shape (customers,)
    parts : int

    Returns
    -------
    ndarray
        Rising, at most `parts - 1`; fewer where many are alike, for no cut passes between equal values, and none is
        kept that parts the customers as another does, or not at all.

    Examples
    --------
    >>> quantile_cuts(np.array([2.0, 4.0, 1.0, 3.0]), 2).tolist(), quantile_cuts(np.ones(5), 5).tolist()
    ([2.5], [])
    """
    if not len(values):
        return np.empty(0)
    ordered = np.sort(values)
    cuts = np.quantile(ordered, np.arange(1, parts) / parts)
    below, first = np.unique(np.searchsorted(ordered, cuts, side="right"), return_index=True)
    found: Floats = cuts[first][below < len(ordered)]
    return found


def passed(values: Floats, cuts: Floats) -> Ints:
    """Return how many of the cuts each value lies above.

    Examples
    --------
    >>> passed(np.array([2.0, 4.0, 1.0, 3.0]), np.array([1.0, 2.5])).tolist()
    [1, 2, 0, 2]
    """
    return np.searchsorted(cuts, values, side="left").astype(np.int64)
