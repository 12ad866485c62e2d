"""Which spend per cell is best under rules, what is each rule worth at the margin, and how far from the best can it be?

Curves go into a linear programme as straight pieces; where one is not concave, as pieces taken in order (integers). The
answer is then polished, until the plane that touches the curves there proves that no other spend is better by more than
a hair.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.budget.allocation import pieces
from analysis.budget.allocation.highs import MIP_GAP
from analysis.budget.allocation.model import Model, most_even, tangent
from analysis.budget.allocation.pieces import Pieces
from analysis.budget.allocation.polish import CLOSE, ROUNDS, ascent, polished
from analysis.budget.allocation.programme import ACTIVE, TARGET, Goal, Programme, Side

SEGMENTS = 120
"""Pieces of a concave curve over its whole range."""
DENSE = 600
"""Pieces of a curve that is not concave, of which those stay that it takes to miss it by at most ..."""
FIDELITY = (4e-4, 5e-5)
"""... these shares of its height, first to find out where integers matter and then to be right."""


class Status(Enum):
    """How a programme ended."""

    SOLVED = "solved"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"


@dataclass(frozen=True, eq=False)
class Price:
    """A bound that binds, and what the goal gains per unit by which it grows: below 0 where it is a least one."""

    name: Hashable
    side: Side
    price: float


@dataclass(frozen=True, eq=False)
class Solution:
    """The best spend, and what it costs to keep to the rules.

    Parameters
    ----------
    status : Status
        Figures are there only if solved.
    spend : ndarray, shape (cells,)
    value : float
        What all spend brings.
    objective : float
        The goal's figure.
    gap : float
        How far the best can be above `objective`: for certain where curves are concave, else up to the pieces' length.
    binding : tuple of Price
        Bounds that hold the spend back.
    reduced : ndarray, shape (cells,)
        Gain in the goal per unit of the cell's own bound moved up.
    """

    status: Status
    spend: Floats = field(default_factory=lambda: np.empty(0))
    value: float = np.nan
    objective: float = np.nan
    gap: float = np.nan
    binding: tuple[Price, ...] = ()
    reduced: Floats = field(default_factory=lambda: np.empty(0))

    def price(self, name: Hashable, side: Side) -> float:
        """Return the price of a rule's bound; 0 where it does not bind."""
        return next((own.price for own in self.binding if (own.name, own.side) == (name, side)), 0.0)


def solve(asked: Programme, segments: int = SEGMENTS) -> Solution:
    """Return the best spend of a programme.

    Parameters
    ----------
    asked : Programme
    segments : int
        Pieces of a concave curve over its whole range, before the polish.

    Examples
    --------
    >>> from analysis.budget.allocation.programme import Programme, Rule, Side
    >>> from analysis.budget.allocation.responses import Separable
    >>> a, b = np.array([120.0, 90.0, 60.0, 40.0]), np.array([300.0, 200.0, 150.0, 400.0])
    >>> logs = Separable(lambda x: a * np.log1p(x / b), lambda x: a / (b + x), np.full(4, True))
    >>> total = Rule("total", np.ones(4), most=1000.0)
    >>> best = solve(Programme(logs, np.zeros(4), np.full(4, np.inf), (total,)))
    >>> best.spend.round(2).tolist(), round(best.price("total", Side.MOST), 6)
    ([433.33, 350.0, 216.67, 0.0], 0.163636)
    """
    start = most_even(asked)
    if start is None:
        return Solution(Status.INFEASIBLE)
    if not np.isfinite(asked.reach).all():
        return Solution(Status.UNBOUNDED)
    if asked.goal.least is not None:
        start = _best(slackest(asked), start, segments)[0]
        if asked.slack(start) < -CLOSE * abs(asked.value(start)):
            return Solution(Status.INFEASIBLE)
    return _described(asked, *_best(asked, start, segments))


def again(asked: Programme, near: Floats) -> Solution:
    """Return the best spend near one that keeps to the rules, without looking elsewhere."""
    model = Model.of(asked)
    return _described(asked, polished(model, near, 0.1 * (model.high - model.low)), np.nan)


def slackest(asked: Programme) -> Programme:
    """Return the programme whose objective is what the goal's condition bounds."""
    return replace(asked, goal=Goal(1.0, asked.goal.ratio))


def _best(asked: Programme, start: Floats, segments: int) -> tuple[Floats, float]:
    """Return the best spend, and for curves that are not concave how far the best over pieces is above it."""
    model = Model.of(asked)
    if not asked.concave:
        return _integer(model, start)
    points = model.range(start, segments)
    drawn = pieces.minorant(asked.responses, asked.carried.exposure(start), points)
    spend = ascent(asked, start, model.optimum(start, drawn).spend)
    return polished(model, spend, 2 * drawn.local(asked.carried.exposure(spend))), 0.0


def _integer(model: Model, start: Floats) -> tuple[Floats, float]:
    """Return the best spend on curves of any shape, and how far the best over pieces is above it.

    It begins with the least concave curves above them. Where an answer uses one that lies above its curve, breakpoints
    are added there, and pieces that rise are taken in order; so only what matters gets integers.
    """
    asked, points = model.asked, model.range(start, DENSE)
    values = asked.responses.along(asked.carried.exposure(start), points)
    below = float((values[:, DENSE // 2] - values[:, 0]).sum())
    held, best, bound = np.zeros(points.shape, dtype=bool), start, np.inf
    for error in FIDELITY:
        for _ in range(ROUNDS):
            kept = held | pieces.thinned(points, values, pieces.envelope(points, values, held), error)
            drawn = pieces.chosen(points, values, kept, below)
            found = model.optimum(start, drawn, pieces.runs(drawn))
            bound = found.bound
            best = max(best, _feasible(model, found.spend, start, drawn), key=asked.objective)
            size = max(abs(asked.objective(best)), asked.goal.worth * abs(asked.value(best)))
            more = held | _between(points, asked.carried.exposure(found.spend))
            if bound - asked.objective(best) <= MIP_GAP / 2 * size or np.array_equal(more, held):
                break
            held = more
    return best, max(0.0, bound - asked.objective(best))


def _between(points: Floats, exposure: Floats) -> Bools:
    """Return the breakpoints on both sides of each exposure."""
    after = pieces.places(points, exposure)
    places = np.clip(np.column_stack([after - 1, after]), 0, points.shape[1] - 1)
    found = np.zeros(points.shape, dtype=bool)
    np.put_along_axis(found, places, True, axis=1)
    return found


def _feasible(model: Model, spend: Floats, start: Floats, drawn: Pieces) -> Floats:
    """Return polished spend that meets the goal's condition, which pieces above their curves may have missed."""
    asked = model.asked
    if asked.slack(spend) < 0:
        spend = _met(asked, spend, start)
    return polished(model, spend, 2 * drawn.local(asked.carried.exposure(spend)))


def _met(asked: Programme, spend: Floats, start: Floats) -> Floats:
    """Return the first spend on the way to `start` that meets the goal's condition."""
    ways = [spend + share * (start - spend) for share in np.linspace(0.0, 1.0, 65)]
    return next((way for way in ways if asked.slack(way) >= 0), start)


def _described(asked: Programme, spend: Floats, above: float) -> Solution:
    plane, rows = tangent(asked, spend), asked.rows
    active = rows.active(spend)
    binding = [
        Price(name, side, float(price if side is Side.MOST else -price))
        for (name, side), price, binds in zip(rows.keys, plane.prices, active, strict=False)
        if binds
    ]
    if asked.goal.least is not None and asked.slack(spend) <= ACTIVE * abs(asked.value(spend)):
        binding.append(Price(TARGET, Side.LEAST, -float(plane.prices[-1])))
    gap = max(0.0, plane.gap) if asked.concave else above
    return Solution(
        Status.SOLVED, spend, asked.value(spend), asked.objective(spend), gap, tuple(binding), plane.reduced
    )
