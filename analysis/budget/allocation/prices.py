"""What does a rule cost: per unit of its bound, to either side, and in all?"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.budget.allocation.highs import Linear, highs
from analysis.budget.allocation.optimum import Solution, Status, solve
from analysis.budget.allocation.programme import ACTIVE, TARGET, Programme, Side

STEP = 0.01
"""Share of a rule's size by which its bound is moved where curves are not concave."""
FAR = 1000.0
"""Most that a cell moves per unit of a bound, where many cells are at their best together."""


@dataclass(frozen=True)
class Cost:
    """What a bound that binds takes from the goal.

    Parameters
    ----------
    name : hashable
        Of the rule, or :data:`programme.TARGET`.
    side : Side
        Which bound; of a rule whose bounds are one, the most, and moving it moves both.
    relaxed : float
        What the goal gains per unit by which the bound is relaxed; infinitely less where both bounds move and cannot.
    tightened : float
        What it loses per unit by which the bound is tightened, infinite where nothing would be left; it is `relaxed`
        unless the best spend has a kink there.
    """

    name: Hashable
    side: Side
    relaxed: float
    tightened: float


def costs(asked: Programme, best: Solution) -> tuple[Cost, ...]:
    """Return the cost of each bound that binds, per unit.

    Where all curves are concave these are exact derivatives; where not, differences of programmes solved again, whose
    bounds are moved by a hundredth.

    Parameters
    ----------
    asked : Programme
    best : Solution
        Of that programme, solved.

    Examples
    --------
    >>> from analysis.budget.allocation.programme import Rule
    >>> from analysis.budget.allocation.responses import Separable
    >>> curves = Separable(np.log1p, lambda x: 1 / (1 + x), np.full(2, True))
    >>> asked = Programme(curves, np.zeros(2), np.full(2, 9.0), (Rule("total", np.ones(2), most=8.0),))
    >>> [cost] = costs(asked, solve(asked))
    >>> round(cost.relaxed, 6), round(cost.tightened, 6)
    (0.2, 0.2)
    """
    keys = [(own.name, own.side) for own in best.binding]
    keys = [key for key in keys if key[1] is Side.MOST or key[0] == TARGET or not asked.fixes(key[0])]
    derivative = _exact if asked.concave else _differences
    return tuple(Cost(*key, *derivative(asked, best, *key)) for key in keys)


def whole_cost(asked: Programme, best: Solution, name: Hashable) -> float:
    """Return what the goal would gain without a rule; infinite where there would then be no end to it."""
    if asked.concave and all(own.name != name for own in best.binding):
        return 0.0
    free = solve(asked.without(name))
    return max(0.0, free.objective - best.objective) if free.status is Status.SOLVED else np.inf


def _exact(asked: Programme, best: Solution, name: Hashable, side: Side) -> tuple[float, float]:
    """Return the one-sided derivatives: the best direction along the bounds that hold, one of them moved by a unit.

    The value of a concave programme has one-sided derivatives that are linear programmes over its directions (Shapiro
    1985, SIAM J. Control Optim. 23, 628-645); where multipliers are not unique these differ.
    """
    rows, active = asked.rows, asked.rows.active(best.spend)
    weights = rows.weights[active]
    keys = [key for key, holds in zip(rows.keys, active, strict=True) if holds]
    gradient = asked.gradient(best.spend)
    if asked.goal.least is not None and asked.slack(best.spend) <= ACTIVE * abs(best.value):
        weights, keys = np.vstack([weights, asked.goal.ratio - gradient]), [*keys, (TARGET, Side.LEAST)]
    moved = np.array([float(key == (name, side)) for key in keys])
    if name != TARGET and asked.fixes(name):
        moved -= np.array([float(key == (name, Side.LEAST)) for key in keys])
    near = ACTIVE * float((best.spend - asked.lower).sum())
    low = np.where(best.spend - asked.lower <= near, 0.0, -FAR)
    high = np.where(asked.upper - best.spend <= near, 0.0, FAR)
    gain = asked.goal.worth * gradient - asked.goal.cost
    relaxed, tightened = (sign * _best_way(gain, weights, sign * moved, low, high) for sign in (1.0, -1.0))
    if relaxed > tightened:  # by rounding: the less there is, the more a unit is worth
        relaxed = tightened = (relaxed + tightened) / 2
    return relaxed + 0.0, tightened + 0.0


def _best_way(gain: Floats, weights: Floats, most: Floats, low: Floats, high: Floats) -> float:
    """Return what the best direction gains, less than everything where there is none."""
    size = np.abs(weights).max(axis=1)
    scale = float(np.abs(gain).max()) or 1.0
    found = highs(Linear(-gain / scale, weights / size[:, None], most / size, np.column_stack([low, high])))
    return -float(found.fun) * scale if found.status == 0 else -np.inf


def _differences(asked: Programme, best: Solution, name: Hashable, side: Side) -> tuple[float, float]:
    """Return differences of programmes solved again."""
    step = STEP * _size(asked, best.spend, name, side)
    out, back = (solve(asked.relaxed(name, side, by)) for by in (step, -step))
    gained = (out.objective - best.objective) / step if out.status is Status.SOLVED else -np.inf
    lost = (best.objective - back.objective) / step if back.status is Status.SOLVED else np.inf
    return gained, lost


def _size(asked: Programme, spend: Floats, name: Hashable, side: Side) -> float:
    if name == TARGET:
        return abs(asked.value(spend))
    return float(asked.rows.size(spend)[asked.rows.keys.index((name, side))])
