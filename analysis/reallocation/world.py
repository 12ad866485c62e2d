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

from analysis.arrays import Bools, Floats, Ints
from analysis.budget.curves.kernel import unit
from analysis.reallocation import chance
from analysis.reallocation.chance import normal, poisson, uniform
from analysis.store.kernels import compiled

DEMAND, PRICE, HEALTH, TRACKED, CHANNEL, START, LASTS, RATE, SURGE = range(9)
"""Columns of a shock card: what it multiplies (orders of all, price of all, response and tracking of a channel), where
(-1 everywhere, -2 anywhere), from which hour (-1 any), for how many, how often on average, and whether it is a surge."""
EVERYWHERE, ANYWHERE, ANYTIME = -1, -2, -1
_LN2, _TANH = math.log(2.0), math.atanh(0.5)


class World(NamedTuple):
    """What a campaign's team knows, and what the market is taken to do.

    Parameters
    ----------
    weight : ndarray, shape (hours,)
        Share of its day's demand that falls in each hour.
    rest : ndarray, shape (hours + 1,)
        Demand, in days, from each hour on.
    phase : ndarray of int, shape (hours,)
    hour, weekday, day : ndarray of int, shape (hours + 1,)
        On the local clock: hour of the day, 1 for Monday, 1 for the campaign's first day.
    family : ndarray of int, shape (channels,)
    ceiling, half : ndarray, shape (channels,)
        As fitted, a day.
    multiplier : ndarray, shape (phases, channels)
    draws : ndarray, shape (channels, draws, 2 + phases)
        What the curves may be: ceiling, half-saturation and multipliers.
    drawn : ndarray of int, shape (channels,)
        How many draws there are.
    most : ndarray, shape (channels,)
        Money a day that a channel takes up.
    cap : ndarray of int, shape (hours, channels)
        Cents that it takes up in an hour.
    noise : ndarray, shape (channels,)
        Standard deviation of the log of what multiplies an hour's orders, besides their Poisson count.
    sway : ndarray, shape (channels,)
        Relative variance of that over a day.
    stay : ndarray, shape (channels,)
        Share of conversions still to come that has not come an hour later; 0 where all come at once.
    cards : ndarray, shape (cards, 9)
    order_value, level_error, dearer, learning_cost : float
    learning : int
        Hours.
    """

    weight: Floats
    rest: Floats
    phase: Ints
    hour: Ints
    weekday: Ints
    day: Ints
    family: Ints
    ceiling: Floats
    half: Floats
    multiplier: Floats
    draws: Floats
    drawn: Ints
    most: Floats
    cap: Ints
    noise: Floats
    sway: Floats
    stay: Floats
    cards: Floats
    order_value: float
    level_error: float
    dearer: float
    learning_cost: float
    learning: int


class Truth(NamedTuple):
    """What no rule sees of one run.

    Parameters
    ----------
    ceiling, half : ndarray, shape (channels,)
    multiplier : ndarray, shape (phases, channels)
    demand, price : ndarray, shape (hours,)
    health, tracked : ndarray, shape (hours, channels)
    surge : ndarray of bool, shape (hours,)
    """

    ceiling: Floats
    half: Floats
    multiplier: Floats
    demand: Floats
    price: Floats
    health: Floats
    tracked: Floats
    surge: Bools


def blank(world: World) -> Truth:
    """Return room for one run's truth."""
    length, width = len(world.weight), len(world.family)
    return Truth(
        np.empty(width), np.empty(width), np.empty_like(world.multiplier), np.ones(length), np.ones(length),
        np.ones((length, width)), np.ones((length, width)), np.zeros(length, dtype=bool),
    )  # fmt: skip


@compiled
def draw(world: World, seed: int, run: int, truth: Truth) -> None:  # pragma: no cover - compiled
    """Fill in a run's truth. Every kind of chance has its own stream: one setting changes no other's draws."""
    width = len(world.family)
    level = 1.0
    if world.level_error > 0.0:
        z = normal(uniform(seed, run, 0, 0, chance.LEVEL), uniform(seed, run, 1, 0, chance.LEVEL))
        level = math.exp(world.level_error * z)
    for c in range(width):
        row = min(int(uniform(seed, run, 0, c, chance.CURVE) * world.drawn[c]), world.drawn[c] - 1)
        truth.ceiling[c] = world.draws[c, row, 0] * level
        truth.half[c] = world.draws[c, row, 1]
        for k in range(world.multiplier.shape[0]):
            truth.multiplier[k, c] = world.draws[c, row, 2 + k]
    truth.demand[:] = 1.0
    truth.price[:] = 1.0
    truth.health[:] = 1.0
    truth.tracked[:] = 1.0
    truth.surge[:] = False
    for k in range(len(world.cards)):
        _deal(world, seed, run, k, truth)


@compiled
def _deal(world: World, seed: int, run: int, k: int, truth: Truth) -> None:  # pragma: no cover - compiled
    """Let one shock card happen; where the same card comes twice at a time, it counts once."""
    length, width = truth.health.shape
    card = world.cards[k]
    times = 1 if card[START] >= 0 else poisson(card[RATE], uniform(seed, run, k, 0, chance.COUNT))
    on = np.zeros((length, width), dtype=np.bool_)
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
            on[h, first:last] = True
    for h in range(length):
        some = False
        for c in range(width):
            if on[h, c]:
                some = True
                truth.health[h, c] *= card[HEALTH]
                truth.tracked[h, c] *= card[TRACKED]
        if some:
            truth.demand[h] *= card[DEMAND]
            truth.price[h] *= card[PRICE]
            truth.surge[h] |= card[SURGE] > 0.0


@compiled
def height(family: int, u: float) -> float:  # pragma: no cover - compiled
    """Return a concave shape at spend over half-saturation."""
    if family == 0:
        return u / (1.0 + u)
    return unit(family, 1.0, u)[0]


@compiled
def reached(family: int, slope: float) -> float:  # pragma: no cover - compiled
    """Return the spend over half-saturation at which the slope of a concave shape has fallen to `slope`."""
    if family == 0:
        return 1.0 / math.sqrt(slope) - 1.0 if slope < 1.0 else 0.0
    if family == 1:
        return -math.log(slope / _LN2) / _LN2 if slope < _LN2 else 0.0
    if family == 2:
        return math.acosh(1.0 / math.sqrt(slope / _TANH)) / _TANH if slope < _TANH else 0.0
    return 1.0 / slope - 1.0 if slope < 1.0 else 0.0


@compiled
def split(
    family: Ints, scale: Floats, half: Floats, low: Floats, high: Floats, total: float, least: float, out: Floats
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
    """
    top = 0.0
    for i in range(len(out)):
        if scale[i] > 0.0 and high[i] > low[i]:
            top = max(top, scale[i] / half[i])
    bottom = max(least, top * 1e-12)
    if top <= bottom or _wanted(family, scale, half, low, high, bottom, out) <= total:
        _wanted(family, scale, half, low, high, max(bottom, 1e-300), out)
        return bottom
    for _ in range(60):
        middle = math.sqrt(bottom * top)
        if _wanted(family, scale, half, low, high, middle, out) > total:
            bottom = middle
        else:
            top = middle
    _wanted(family, scale, half, low, high, top, out)
    return top


@compiled
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
