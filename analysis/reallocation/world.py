"""What is the simulated market made of, as arrays a kernel walks: what everybody knows, and one run's truth?

An hour in which x is spent on a channel is expected to earn

    strength * f(x / (weight * price)),   strength = multiplier[phase] * weight * demand * health * learning

with f the channel's response per day and the day's demand spread over its hours by `weight`, so that a day's spend
spread by weight earns exactly multiplier * f(day's spend). What is seen of it are whole orders.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.budget.curves.kernel import unit
from analysis.reallocation import chance
from analysis.reallocation.chance import poisson, quantile, uniform
from analysis.store.kernels import borrowing

DEMAND, PRICE, HEALTH, TRACKED, CHANNEL, START, LASTS, RATE, SURGE = range(9)
"""Columns of a shock card: what it multiplies (demand and price of all, response and tracking of a channel), where (-1
everywhere, -2 anywhere), from which hour (-1 any), for how many, how often on average, and whether it is a surge."""
EVERYWHERE, ANYWHERE, ANYTIME = -1, -2, -1
_LN2, _TANH = math.log(2.0), math.atanh(0.5)


WEIGHT, REST = range(2)
"""Layers of `World.hours`: the share of its day's demand in each hour, and demand, in days, from each hour on."""
PHASE, HOUR, WEEKDAY, DAY = range(4)
"""Layers of `World.clock`, local: hour of the day, 1 for Monday, 1 for the campaign's first day."""
FAMILY, DRAWN = range(2)
"""Layers of `World.kinds`: the curve's shape, and how many draws of it there are."""
CEILING, HALF, MOST, NOISE, JITTER, SWAY, STAY = range(7)
"""Layers of `World.channels`: the fitted curve, a day; money a day that is taken up; standard deviation of the log of
what multiplies an hour's orders besides their count; its relative variance in an hour, and over a day; the share of
conversions still to come that has not come an hour later."""
ORDER_VALUE, LEVEL_ERROR, DEARER, LEARNING_COST, LEARNING, EXACT = range(6)
"""Places in `World.numbers`; learning in hours; whether orders are seen as expected, without chance."""
SURGING = 2
"""With DEMAND and PRICE, a layer of `Truth.hours`."""
RESPONSE, TRACKED_SHARE, MARKED = range(3)
"""Layers of `Truth.cells`; the last is room to work in."""


class World(NamedTuple):
    """What a campaign's team knows, and what the market is taken to do.

    Parameters
    ----------
    hours : ndarray, shape (2, hours + 1)
    clock : ndarray of int, shape (4, hours + 1)
    kinds : ndarray of int, shape (2, channels)
    channels : ndarray, shape (7, channels)
    multiplier : ndarray, shape (phases, channels)
    draws : ndarray, shape (channels, draws, 2 + phases)
        What the curves may be: ceiling, half-saturation and multipliers.
    cap : ndarray of int, shape (hours, channels)
        Cents that a channel takes up in an hour.
    cards : ndarray, shape (cards, 9)
    numbers : ndarray, shape (6,)
    pacing : ndarray, shape (hours, channels)
        Share of what is left that is due in each hour.
    actual : ndarray, shape (2, hours, channels)
        Spend and revenue that really were, in currency: a run's response is what its curves make of them. No hours
        where the campaign is simulated.
    """

    hours: Floats
    clock: Ints
    kinds: Ints
    channels: Floats
    multiplier: Floats
    draws: Floats
    cap: Ints
    cards: Floats
    numbers: Floats
    pacing: Floats
    actual: Floats


class Truth(NamedTuple):
    """What no rule sees of one run.

    Parameters
    ----------
    curve : ndarray, shape (2, channels)
        Ceiling and half-saturation.
    multiplier : ndarray, shape (phases, channels)
    hours : ndarray, shape (3, hours)
        Multiples of the usual demand and price, and whether a surge is on.
    cells : ndarray, shape (3, hours, channels)
        Shares of its response, and of its orders tracked, that a channel has.
    """

    curve: Floats
    multiplier: Floats
    hours: Floats
    cells: Floats


def blank(world: World) -> Truth:
    """Return room for one run's truth."""
    length, width = world.cap.shape
    return Truth(
        np.empty((2, width)), np.empty_like(world.multiplier), np.ones((3, length)), np.ones((3, length, width))
    )


@borrowing
def draw(world: World, seed: int, run: int, truth: Truth) -> None:  # pragma: no cover - compiled
    """Fill in a run's truth. Every kind of chance has its own stream: one setting changes no other's draws."""
    width = world.cap.shape[1]
    level = 1.0
    if world.numbers[LEVEL_ERROR] > 0.0:
        z = quantile(uniform(seed, run, 0, 0, chance.LEVEL))
        level = math.exp(world.numbers[LEVEL_ERROR] * z)
    for c in range(width):
        row = min(int(uniform(seed, run, 0, c, chance.CURVE) * world.kinds[DRAWN, c]), world.kinds[DRAWN, c] - 1)
        truth.curve[CEILING, c] = world.draws[c, row, 0] * level
        truth.curve[HALF, c] = world.draws[c, row, 1]
        for k in range(world.multiplier.shape[0]):
            truth.multiplier[k, c] = world.draws[c, row, 2 + k]
    truth.hours[:] = 1.0
    truth.hours[SURGING] = 0.0
    truth.cells[:] = 1.0
    for k in range(len(world.cards)):
        _deal(world, seed, run, k, truth)
    for h in range(world.actual.shape[1]):
        for c in range(width):
            _as_it_was(world, truth, h, c)


@borrowing
def _as_it_was(world: World, truth: Truth, h: int, c: int) -> None:  # pragma: no cover - compiled
    """Let an hour's response be such that the spend there was earns what it did."""
    weight, spend = world.hours[WEIGHT, h], world.actual[0, h, c]
    if spend > 0.0:
        usual = truth.multiplier[world.clock[PHASE, h], c] * weight * truth.curve[CEILING, c]
        usual *= height(world.kinds[FAMILY, c], spend / (weight * truth.curve[HALF, c]))
        truth.cells[RESPONSE, h, c] *= world.actual[1, h, c] / usual if usual > 0.0 else 1.0


@borrowing
def _deal(world: World, seed: int, run: int, k: int, truth: Truth) -> None:  # pragma: no cover - compiled
    """Let one shock card happen; where the same card comes twice at a time, it counts once."""
    length, width = world.cap.shape
    card = world.cards[k]
    times = 1 if card[START] >= 0 else poisson(card[RATE], uniform(seed, run, k, 0, chance.COUNT))
    on = truth.cells[MARKED]
    on[:] = 0.0
    for n in range(times):
        start = int(card[START])
        if start < 0:
            start = min(int(uniform(seed, run, n, k, chance.PLACE) * length), length - 1)
        first, last = 0, width
        if card[CHANNEL] >= 0.0:
            first = int(card[CHANNEL])
            last = first + 1
        elif card[CHANNEL] == ANYWHERE:
            first = min(int(uniform(seed, run, n, k, chance.WHERE) * width), width - 1)
            last = first + 1
        for h in range(start, min(start + int(card[LASTS]), length)):
            on[h, first:last] = 1.0
    for h in range(length):
        some = False
        for c in range(width):
            if on[h, c] > 0.0:
                some = True
                truth.cells[RESPONSE, h, c] *= card[HEALTH]
                truth.cells[TRACKED_SHARE, h, c] *= card[TRACKED]
        if some:
            truth.hours[DEMAND, h] *= card[DEMAND]
            truth.hours[PRICE, h] *= card[PRICE]
            if card[SURGE] > 0.0:
                truth.hours[SURGING, h] = 1.0


@borrowing
def height(family: int, u: float) -> float:  # pragma: no cover - compiled
    """Return a concave shape at spend over half-saturation."""
    if family == 0:
        return u / (1.0 + u)
    return unit(family, 1.0, u)[0]


@borrowing
def reached(family: int, slope: float) -> float:  # pragma: no cover - compiled
    """Return the spend over half-saturation at which the slope of a concave shape has fallen to `slope`."""
    if family == 0:
        return 1.0 / math.sqrt(slope) - 1.0 if slope < 1.0 else 0.0
    if family == 1:
        return -math.log(slope / _LN2) / _LN2 if slope < _LN2 else 0.0
    if family == 2:
        return math.acosh(1.0 / math.sqrt(slope / _TANH)) / _TANH if slope < _TANH else 0.0
    return 1.0 / slope - 1.0 if slope < 1.0 else 0.0


@borrowing
def split(
    family: Ints,
    scale: Floats,
    half: Floats,
    low: Floats,
    high: Floats,
    total: float,
    least: float,
    out: Floats,
    steps: int,
) -> float:  # pragma: no cover - compiled
    """Spread a total so that every part's next unit earns the same, within bounds; return what that is.

    Parameters
    ----------
    family : ndarray of int, shape (parts,)
    scale, half, low, high : ndarray, shape (parts,)
        A part earns scale * shape(x / half).
    total : float
    least : float
        Nothing is given, beyond `low`, that earns less.
    out : ndarray, shape (parts,)
        Filled: adds up to the total, or to less where the bounds or `least` leave some over.
    steps : int
        How often the price of money, first known to twelve digits' width, is halved.
    """
    top = 0.0
    for i in range(len(out)):
        if scale[i] > 0.0 and high[i] > low[i]:
            top = max(top, scale[i] / half[i])
    bottom = max(least, top * 1e-12)
    if top <= bottom or _wanted(family, scale, half, low, high, bottom, out) <= total:
        _wanted(family, scale, half, low, high, max(bottom, 1e-300), out)
        return bottom
    for _ in range(steps):
        middle = math.sqrt(bottom * top)
        if _wanted(family, scale, half, low, high, middle, out) > total:
            bottom = middle
        else:
            top = middle
    _wanted(family, scale, half, low, high, top, out)
    return top


@borrowing
def _wanted(
    family: Ints, scale: Floats, half: Floats, low: Floats, high: Floats, price: float, out: Floats
) -> float:  # pragma: no cover - compiled
    """Fill in what each part wants at a price of money, and return the sum."""
    total = 0.0
    for i in range(len(out)):
        x = low[i]
        if scale[i] > 0.0:
            x = half[i] * reached(family[i], max(price * half[i] / scale[i], 1e-250))
            x = min(max(x, low[i]), max(high[i], low[i]))
        out[i] = x
        total += x
    return total
