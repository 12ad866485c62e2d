"""What is the most that anybody could have earned who knew each run's truth beforehand?

Moving money is taken to be free and learning to cost nothing, so both figures are upper bounds of what a policy can do:
no policy that spends no more than the budget, and keeps the limits where these count, earns more in any run. For a
price of money q they are weak duality:

    q * budget + sum over hours and channels of  max over low <= x <= high of (g(x) - q * x)

is at least what any spend within the bounds earns, whatever q; the q at which the budget is used up makes it least.
"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.reallocation.state import CENTS
from analysis.reallocation.world import (
    CEILING,
    DEMAND,
    FAMILY,
    HALF,
    PHASE,
    PRICE,
    RESPONSE,
    WEIGHT,
    Truth,
    World,
    draw,
    height,
    split,
)  # fmt: skip
from analysis.store.kernels import compiled


@compiled
def bounds(
    world: World, seed: int, runs: Ints, truth: Truth, budget: int, floor: Floats, out: Floats, spent: Floats
) -> None:  # pragma: no cover - compiled
    """Fill in each run's most, with floors and without.

    Parameters
    ----------
    world : World
    seed : int
    runs : ndarray of int
    truth : Truth
        Room for a run.
    budget : int
        Cents, whatever is held back included.
    floor : ndarray, shape (channels,)
        Rate a day below which no channel goes.
    out, spent : ndarray, shape (runs, 2)
        Revenue and money: within the limits, and without any.
    """
    length, width = world.cap.shape
    size = length * width
    family = np.empty(size, dtype=np.int64)
    scale, half, low, high, x = np.empty(size), np.empty(size), np.empty(size), np.empty(size), np.empty(size)
    for r in range(len(runs)):
        draw(world, seed, runs[r], truth)
        for h in range(length):
            weight, price = world.hours[WEIGHT, h], truth.hours[PRICE, h]
            common = weight * truth.hours[DEMAND, h]
            for c in range(width):
                i = h * width + c
                response = truth.multiplier[world.clock[PHASE, h], c] * truth.cells[RESPONSE, h, c]
                family[i], scale[i] = world.kinds[FAMILY, c], common * response * truth.curve[CEILING, c]
                half[i] = max(weight * price * truth.curve[HALF, c], 1e-12)
                high[i] = world.cap[h, c] / CENTS
        for kind in range(2):
            for h in range(length):
                for c in range(width):
                    # A cent an hour of rounding is not held against the floor.
                    keep = floor[c] * world.hours[WEIGHT, h] - 1.0 / CENTS if kind == 0 else 0.0
                    low[h * width + c] = min(max(keep, 0.0), high[h * width + c])
            cost = split(family, scale, half, low, high, budget / CENTS, 0.0, x, 30)
            total, money = cost * budget / CENTS, 0.0
            for i in range(size):
                money += x[i]
                total += scale[i] * height(family[i], x[i] / half[i]) - cost * x[i]
            out[r, kind], spent[r, kind] = total, money
