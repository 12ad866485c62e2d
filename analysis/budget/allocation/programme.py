"""What is to be decided: how much each cell gets, within bounds and rules, for which goal."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.budget.allocation.responses import Carry, Responses

ACTIVE = 1e-8
"""Share of a rule's size within which it counts as binding."""
UNIT = 1000.0
"""What the longest range of spend is scaled to."""


class Side(Enum):
    """Which bound of a rule."""

    LEAST = "least"
    MOST = "most"


TARGET = "target"
"""Name under which the goal's own condition has its price."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A linear rule: ``least <= weights @ spend <= most``.

    Parameters
    ----------
    name : hashable
    weights : ndarray, shape (cells,)
    least, most : float
        Infinite where there is none.
    """

    name: Hashable
    weights: Floats
    least: float = -np.inf
    most: float = np.inf


@dataclass(frozen=True)
class Goal:
    """What is sought: the largest ``worth * value - cost * spend``, perhaps with ``value - ratio * spend >= least``.

    Parameters
    ----------
    worth, cost : float
        Most revenue: 1 and 0. Most profit: the margin and 1. Least budget: 0 and 1.
    least : float, optional
        A target revenue, or 0 for a target ROI of `ratio`; None for no such condition.
    ratio : float
    """

    worth: float = 1.0
    cost: float = 0.0
    least: float | None = None
    ratio: float = 0.0


@dataclass(frozen=True, eq=False)
class Programme:
    """Cells with bounds and responses, rules over them, and a goal.

    Parameters
    ----------
    responses : Responses
    lower, upper : ndarray, shape (cells,)
        Bounds of spend that do not cross; equal where a cell is locked, an upper one infinite where a rule bounds it.
    rules : tuple of Rule
    goal : Goal
    carry : Carry, optional
        How spend becomes what the curves are applied to; by default each cell's spend is.
    """

    responses: Responses
    lower: Floats
    upper: Floats
    rules: tuple[Rule, ...] = ()
    goal: Goal = Goal()
    carry: Carry | None = None

    def __post_init__(self) -> None:
        assert (self.lower <= self.upper).all(), "bounds of a cell cross"

    @cached_property
    def rows(self) -> Rows:
        """The rules' finite bounds."""
        return Rows.of(self.rules, len(self.lower))

    @cached_property
    def carried(self) -> Carry:
        """How spend becomes exposure."""
        return self.carry or Carry.none(len(self.lower))

    @cached_property
    def reach(self) -> Floats:
        """The most each cell can be given under its bounds and each rule apart, shape (cells,)."""
        return np.maximum(self.rows.reach(self.lower, self.upper), self.lower)

    @cached_property
    def unit(self) -> float:
        """What spend is divided by for HiGHS, which looks at 1e-10 absolute; so it is the same in any currency."""
        sizes = np.abs(self.rows.weights).max(axis=1, initial=0.0)
        bounds = np.abs(self.rows.bounds[sizes > 0]) / sizes[sizes > 0]
        reach = self.reach[np.isfinite(self.reach)]
        return float(max(bounds.max(initial=0.0), np.abs(reach).max(initial=0.0)) or 1.0) / UNIT

    @cached_property
    def concave(self) -> bool:
        """Whether all curves are."""
        return bool(np.all(self.responses.concave))

    def value(self, spend: Floats) -> float:
        """Return what spend brings."""
        return self.responses.value(self.carried.exposure(spend))

    def gradient(self, spend: Floats) -> Floats:
        """Return what the next unit of each cell brings."""
        return self.carried.back(self.responses.gradient(self.carried.exposure(spend)))

    def objective(self, spend: Floats) -> float:
        """Return the goal's figure."""
        return self.goal.worth * self.value(spend) - self.goal.cost * float(spend.sum())

    def slack(self, spend: Floats) -> float:
        """Return by how much the goal's condition is met, infinite without one."""
        if self.goal.least is None:
            return np.inf
        return self.value(spend) - self.goal.ratio * float(spend.sum()) - self.goal.least

    def fixes(self, name: Hashable) -> bool:
        """Say whether a rule leaves no room: its bounds are one."""
        rows = [i for i, (own, _) in enumerate(self.rows.keys) if own == name]
        weights, bounds = self.rows.weights[rows], self.rows.bounds[rows]
        return len(rows) == 2 and bool(np.array_equal(weights[0], -weights[1]) and bounds[0] == -bounds[1])

    def relaxed(self, name: Hashable, side: Side, by: float) -> Programme:
        """Return the programme with a bound further out by so much, the other with it where they are one."""
        if name == TARGET:
            return replace(self, goal=replace(self.goal, least=(self.goal.least or 0.0) - by))
        fixed = self.fixes(name)
        up = by if side is Side.MOST or fixed else 0.0
        down = -by if fixed else by if side is Side.LEAST else 0.0
        rules = tuple(
            Rule(own.name, own.weights, own.least - down, own.most + up) if own.name == name else own
            for own in self.rules
        )
        return replace(self, rules=rules)

    def near(self, spend: Floats) -> Programme:
        """Return the programme with no cell's bound further out than ten times all that is spent: figures of a size."""
        above = 10.0 * float((spend - self.lower).sum())
        return replace(self, upper=np.minimum(self.upper, self.lower + above)) if above > 0 else self

    def without(self, name: Hashable) -> Programme:
        """Return the programme without a rule, or without the goal's condition."""
        goal = replace(self.goal, least=None) if name == TARGET else self.goal
        return replace(self, rules=tuple(rule for rule in self.rules if rule.name != name), goal=goal)


@dataclass(frozen=True, eq=False)
class Rows:
    """Rules' finite bounds as rows ``weights @ spend <= bounds``.

    Parameters
    ----------
    weights : ndarray, shape (rows, cells)
    bounds : ndarray, shape (rows,)
    keys : tuple of (hashable, Side)
    """

    weights: Floats
    bounds: Floats
    keys: tuple[tuple[Hashable, Side], ...]

    @classmethod
    def of(cls, rules: Iterable[Rule], cells: int) -> Rows:
        """Return those of rules."""
        most = [(rule.weights, rule.most, (rule.name, Side.MOST)) for rule in rules if rule.most < np.inf]
        least = [(-rule.weights, -rule.least, (rule.name, Side.LEAST)) for rule in rules if rule.least > -np.inf]
        both = most + least
        weights = np.array([row[0] for row in both], dtype=float).reshape(len(both), cells)
        return cls(weights, np.array([row[1] for row in both], dtype=float), tuple(row[2] for row in both))

    def size(self, spend: Floats) -> Floats:
        """Return how large the terms of each row are, to judge what is close."""
        return np.asarray(np.maximum(np.abs(self.bounds), np.abs(self.weights) @ np.abs(spend)))

    def active(self, spend: Floats) -> Bools:
        """Return which rows bind."""
        return np.asarray(self.bounds - self.weights @ spend <= ACTIVE * self.size(spend))

    def reach(self, lower: Floats, upper: Floats) -> Floats:
        """Return the upper bounds that follow from the rows one by one."""
        found = upper.astype(float)
        for weights, bound in zip(self.weights, self.bounds, strict=True):
            used = weights != 0
            least = np.zeros(len(lower))
            least[used] = weights[used] * np.where(weights[used] > 0, lower[used], upper[used])
            if np.isfinite(total := least.sum()):
                up = weights > 0
                found[up] = np.minimum(found[up], (bound - total + least[up]) / weights[up])
        return found
