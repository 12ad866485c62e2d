"""Which rules cannot all hold, and which one, by how much, would have to give way?"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.budget.allocation.highs import Linear, highs
from analysis.budget.allocation.optimum import Status, slackest, solve
from analysis.budget.allocation.programme import TARGET, Programme, Rule, Side

CLOSE = 1e-9
"""Share of a target within which it counts as met."""
TRIES = 30
"""Most programmes solved to find how far a rule must give way for a target."""


@dataclass(frozen=True)
class WayOut:
    """A bound in conflict, and how far it would have to give way.

    Parameters
    ----------
    name : hashable
    side : Side
    by : float
        The least by which relaxing this bound alone makes all rules hold, in the rule's unit; infinite where that alone
        does not help.
    """

    name: Hashable
    side: Side
    by: float


def conflict(asked: Programme) -> tuple[WayOut, ...]:
    """Return a smallest set of bounds that cannot all hold, none of which can be left out; empty where all can hold.

    Found by leaving out one bound after the other (the deletion filter: Chinneck and Dravnieks 1991, ORSA J. Comput. 3,
    157-168), in several orders, of which the one that leaves fewest stands. The goal's target is one of the bounds.

    Examples
    --------
    >>> from analysis.budget.allocation.responses import Separable
    >>> curves = Separable(np.log1p, lambda x: 1 / (1 + x), np.full(2, True))
    >>> rules = (Rule("total", np.ones(2), most=8.0), Rule("a", np.array([1.0, 0.0]), least=5.0, most=9.0),
    ...          Rule("b", np.array([0.0, 1.0]), least=4.0))
    >>> asked = Programme(curves, np.zeros(2), np.full(2, 9.0), rules)
    >>> [(way.name, way.side.value, round(way.by, 6)) for way in conflict(asked)]
    [('total', 'most', 1.0), ('a', 'least', 1.0), ('b', 'least', 1.0)]
    """
    every = np.full(len(asked.rows.bounds), True)
    if not _possible(asked, every):
        kept = _fewest(lambda rows: not _possible(asked, rows), every, asked.rows.weights)
        return tuple(WayOut(*asked.rows.keys[row], _least(asked, row)) for row in np.flatnonzero(kept).tolist())
    return _missed(asked) if asked.goal.least is not None else ()


def _possible(asked: Programme, rows: Bools) -> bool:
    """Say whether some spend keeps to these rows."""
    none, bounds = np.zeros(len(asked.lower)), asked.rows.bounds[rows] / asked.unit
    limits = np.column_stack([asked.lower, asked.upper]) / asked.unit
    return bool(highs(Linear(none, asked.rows.weights[rows], bounds, limits)).status == 0)


def _fewest(bad: Callable[[Bools], bool], rows: Bools, weights: Floats) -> Bools:
    """Return the fewest of the rows that are still bad together, over a few orders of leaving them out."""
    places, breadth = np.flatnonzero(rows), (weights != 0).sum(axis=1)[rows]
    orders = [places, places[::-1], places[np.argsort(breadth)], places[np.argsort(-breadth)]]
    return min((_filtered(bad, rows, order) for order in orders), key=np.sum)


def _filtered(bad: Callable[[Bools], bool], rows: Bools, order: Iterable[int]) -> Bools:
    """Return rows none of which can be left out without the rest being good."""
    for row in order:
        fewer = rows.copy()
        fewer[row] = False
        if bad(fewer):
            rows = fewer
    return rows


def _least(asked: Programme, row: int) -> float:
    """Return the least by which a row must be relaxed for all to hold, infinite where that is not enough."""
    cells, rows = len(asked.lower), asked.rows
    give = np.zeros((len(rows.bounds), 1))
    give[row] = -1.0
    cost = np.append(np.zeros(cells), 1.0)
    limits = np.column_stack([np.append(asked.lower, 0.0), np.append(asked.upper, np.inf)]) / asked.unit
    found = highs(Linear(cost, np.hstack([rows.weights, give]), rows.bounds / asked.unit, limits))
    return float(found.fun) * asked.unit if found.status == 0 else np.inf


def _missed(asked: Programme) -> tuple[WayOut, ...]:
    """Return the target and the bounds that keep it from being met; empty where it is."""
    best = solve(slackest(asked))
    assert asked.goal.least is not None
    short = asked.goal.least - best.objective
    if best.status is not Status.SOLVED or short <= CLOSE * abs(best.value):
        return ()
    held = {(own.name, own.side) for own in best.binding if own.price != 0}
    rows = np.array([key in held for key in asked.rows.keys], dtype=bool)
    kept = _fewest(lambda rows: _short(asked, rows), rows, asked.rows.weights) if rows.any() else rows
    ways = [WayOut(*key, _needed(asked, *key)) for key, own in zip(asked.rows.keys, kept, strict=True) if own]
    return (WayOut(TARGET, Side.LEAST, short), *ways)


def _short(asked: Programme, rows: Bools) -> bool:
    """Say whether the target is missed under these rows alone."""
    kept = (
        Rule(name, weights if side is Side.MOST else -weights, **{side.value: bound if side is Side.MOST else -bound})
        for weights, bound, (name, side), own in zip(
            asked.rows.weights, asked.rows.bounds, asked.rows.keys, rows, strict=True
        )
        if own
    )
    best = solve(slackest(replace(asked, rules=tuple(kept))))
    assert asked.goal.least is not None
    return best.status is Status.SOLVED and asked.goal.least - best.objective > CLOSE * abs(best.value)


def _needed(asked: Programme, name: Hashable, side: Side) -> float:
    """Return by how much a bound must be relaxed for the target to be met: Newton's method with the bound's price."""
    by = 0.0
    assert asked.goal.least is not None
    for _ in range(TRIES):
        best = solve(slackest(asked.relaxed(name, side, by)))
        if best.status is not Status.SOLVED:
            return np.inf
        if (short := asked.goal.least - best.objective) <= CLOSE * abs(best.value):
            return by
        if (price := abs(best.price(name, side))) <= 0:
            return np.inf
        by += short / price
    return np.inf
