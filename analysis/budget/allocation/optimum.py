"""Which spend per cell is best under rules, what is each rule worth at the margin, and how far from the best can it be?

Curves go into a linear programme as straight pieces; where one is not concave, branch and bound finds the stretch that
is best used. The answer is then polished, until the plane that touches the curves there proves that no other spend is
better by more than a hair.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from enum import Enum

import numpy as np

from analysis.arrays import Floats
from analysis.budget.allocation.branch import branched
from analysis.budget.allocation.model import Model, most_even, tangent
from analysis.budget.allocation.polish import CLOSE
from analysis.budget.allocation.programme import ACTIVE, TARGET, Goal, Programme, Side


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


def solve(asked: Programme) -> Solution:
    """Return the best spend of a programme.

    Parameters
    ----------
    asked : Programme

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
        start = branched(Model.of(slackest(asked)), start)[0]
        if asked.slack(start) < -CLOSE * abs(asked.value(start)):
            return Solution(Status.INFEASIBLE)
    return _described(asked, *branched(Model.of(asked), start))


def slackest(asked: Programme) -> Programme:
    """Return the programme whose objective is what the goal's condition bounds."""
    return replace(asked, goal=Goal(1.0, asked.goal.ratio))


def _described(asked: Programme, spend: Floats, bound: float) -> Solution:
    spend = spend + 0.0  # no zero with a minus
    plane, rows = tangent(asked, spend), asked.rows
    active = rows.active(spend)
    binding = [
        Price(name, side, float(price if side is Side.MOST else -price))
        for (name, side), price, binds in zip(rows.keys, plane.prices, active, strict=False)
        if binds
    ]
    if asked.goal.least is not None and asked.slack(spend) <= ACTIVE * abs(asked.value(spend)):
        binding.append(Price(TARGET, Side.LEAST, -float(plane.prices[-1])))
    gap = plane.gap if asked.concave else bound - asked.objective(spend)
    return Solution(
        Status.SOLVED, spend, asked.value(spend), asked.objective(spend), max(0.0, gap), tuple(binding), plane.reduced
    )
