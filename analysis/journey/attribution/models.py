"""What would be missing without a touch? The removal effect of a Markov chain, and the Shapley value.

Both take leading axes, so that all bootstrap draws are worked out at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from analysis.arrays import Bools, Floats

Lattice = TypeVar("Lattice", Floats, Bools)
"""Something of every set of touches: bit i of the last axis' index is touch i."""

MOST = 16
"""Most different touches for an exact Shapley value: its work doubles with each."""


def removal_effects(steps: Floats) -> Floats:
    """Return by how much the chance to convert falls, as a share of it, when a touch is taken out of the chain.

    Parameters
    ----------
    steps : ndarray, shape (..., touches + 3, touches + 3)
        How often a state followed another; after the touches come start, conversion and null. From every state that
        was visited one of the last two can be reached.

    Returns
    -------
    ndarray, shape (..., touches)
        NaN where nothing converts.

    Notes
    -----
    A chain of order 1 (Anderl, Becker, von Wangenheim and Schumann 2016). Taking a touch out leads whoever comes to it
    to null, so what is lost are the chains that visit it and convert. With the fundamental matrix N = (I - Q)^-1 that
    is N[start, i] / N[i, i], the chance to visit, times the chance to convert from i (Kemeny and Snell 1960, 3.5).

    Examples
    --------
    Two converted by way of a alone, one by b, one by a and then b, and one went from a to nothing:

    >>> steps = np.zeros((5, 5))
    >>> steps[2, 0], steps[2, 1], steps[0, 3], steps[0, 1], steps[0, 4], steps[1, 3] = 4, 1, 2, 1, 1, 2
    >>> removal_effects(steps).round(4).tolist()
    [0.75, 0.5]
    """
    inner = steps.shape[-1] - 2
    out = steps[..., :inner, :].astype(float)
    left = out.sum(axis=-1, keepdims=True)
    chance = np.divide(out, left, out=np.zeros_like(out), where=left > 0)
    visits = np.linalg.inv(np.eye(inner) - chance[..., :inner])
    converts = (visits @ chance[..., inner, None])[..., 0]
    reached = visits[..., -1, :] / np.diagonal(visits, axis1=-2, axis2=-1)
    whole = converts[..., -1:]
    lost = (reached * converts)[..., :-1]
    return np.asarray(np.divide(lost, whole, out=np.full_like(lost, np.nan), where=whole > 0))


def shapley(journeys: Floats, worth: Floats) -> tuple[Floats, Bools]:
    """Return each touch's Shapley value, and by set what was split evenly instead.

    Parameters
    ----------
    journeys : ndarray, shape (..., 2**touches)
        How many journeys had exactly each set of touches; bit i of the index is touch i.
    worth : ndarray, shape (..., 2**touches)
        What these journeys brought, all together.

    Returns
    -------
    values : ndarray, shape (..., touches)
        They sum to the worth of all sets but the empty one.
    even : ndarray of bool, shape (..., 2**touches)
        Sets whose worth was split evenly, as a smaller set within them was never seen.

    Notes
    -----
    The worth of a coalition S is what all journeys would bring if only its touches were there: a journey of set T then
    brings what journeys of exactly the set T & S bring on average, and nothing without a touch:
    v(S) = sum over T of journeys(T) * rate(T & S). This is the game of Dalessandro, Perlich, Stitelman and Provost
    (2012), conversion rates by set of channels; v of all touches is all there is. Worth counted as the conversions of
    the sets within S instead makes the Shapley value an even split over each journey's touches (Zhao, Mahboobi and
    Bagheri 2018), whatever became of the journeys that did not convert. Where rate(S) is not known for some S within T,
    the journeys of T are shared by that rule.

    The value is a sum over Harsanyi's dividends d of rate: touch i has d(R) / |R| of each journey whose set holds R,
    for each R that holds i.

    Examples
    --------
    A singer earns 100 alone, a pianist 200, the two of them 700:

    >>> shapley(np.array([0, 1e-9, 1e-9, 1]), np.array([0, 1e-7, 2e-7, 700]))[0].round(3).tolist()
    [300.0, 400.0]
    """
    touches = journeys.shape[-1].bit_length() - 1
    size = np.bitwise_count(np.arange(1 << touches))
    known = journeys > 0
    known[..., 0] = True
    known = _over(known, touches, lambda low, high: high & low)
    rate = np.divide(worth, journeys, out=np.zeros(worth.shape), where=known & (journeys > 0))
    rate[..., 0] = 0.0
    dividend = _over(rate, touches, lambda low, high: high - low)
    holding = _over(np.where(known, journeys, 0.0), touches, lambda low, high: low + high, up=False)
    each = np.where(known, dividend * holding, worth) / np.maximum(size, 1)
    each[..., 0] = 0.0
    values = [each[..., (np.arange(1 << touches) >> i & 1).astype(bool)].sum(axis=-1) for i in range(touches)]
    return np.stack(values, axis=-1) if values else np.zeros((*worth.shape[:-1], 0)), ~known & (journeys > 0)


def _over(sets: Lattice, touches: int, join: Callable[[Lattice, Lattice], Lattice], *, up: bool = True) -> Lattice:
    """Pass over the lattice of sets, a touch at a time: change each set with it from the one without (or back)."""
    shape, sets = sets.shape, sets.copy()
    for i in range(touches):
        pairs = sets.reshape(*shape[:-1], -1, 2, 1 << i)
        low, high = pairs[..., 0, :], pairs[..., 1, :]
        pairs[..., 1 if up else 0, :] = join(low, high)
    return sets
