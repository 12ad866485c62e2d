"""How does a programme look to HiGHS: its curves as straight pieces, or as the plane that touches them?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from analysis.arrays import Floats
from analysis.budget.allocation import pieces
from analysis.budget.allocation.highs import Linear, highs
from analysis.budget.allocation.pieces import Pieces
from analysis.budget.allocation.programme import UNIT, Programme


class Found(NamedTuple):
    """What is best as far as pieces tell: spend, shape (cells,), and what no spend's goal is above."""

    spend: Floats
    bound: float


@dataclass(frozen=True, eq=False)
class Model:
    """A programme as HiGHS takes it, with all figures of a size.

    Parameters
    ----------
    asked : Programme
    low, high : ndarray, shape (exposures,)
        The least and the most each exposure can be.
    unit, height : float
        What spend and the goal are divided by.
    """

    asked: Programme
    low: Floats
    high: Floats
    unit: float
    height: float

    @classmethod
    def of(cls, asked: Programme) -> Model:
        """Return that of a programme whose cells' reach is finite."""
        low, high = (asked.carried.exposure(spend) for spend in (asked.lower, asked.reach))
        ends = asked.responses.along(low, np.column_stack([low, high]))
        height = asked.goal.worth * float(np.ptp(ends, axis=1).sum())
        height += asked.goal.cost * float((asked.reach - asked.lower).sum())
        unit = float((asked.reach - asked.lower).max(initial=0.0))
        return cls(asked, low, high, (unit or 1.0) / UNIT, height or 1.0)

    def range(self, anchor: Floats, segments: int) -> Floats:
        """Return breakpoints over all that the exposures can be, around those of a spend."""
        exposure = self.asked.carried.exposure(anchor)
        return pieces.whole(exposure, np.minimum(self.low, exposure), np.maximum(self.high, exposure), segments)

    def optimum(self, anchor: Floats, drawn: Pieces, bounds: tuple[Floats, Floats] | None = None) -> Found | None:
        """Return the best spend as far as pieces around a spend tell, if there is any, perhaps in closer bounds."""
        (lower, upper), asked = bounds or (self.asked.lower, self.asked.reach), self.asked
        cells, used = len(asked.lower), drawn.widths > 0
        slopes, widths = drawn.slopes[used], drawn.widths[used]
        gain = UNIT * self.unit / self.height
        cost = gain * np.append(np.full(cells, asked.goal.cost), -asked.goal.worth * slopes)
        place = np.nonzero(used)[0], np.arange(len(slopes))
        exposed = sparse.csr_matrix((np.ones(len(slopes)), place), shape=(len(used), len(slopes)))
        kept, most = self._rows(anchor, drawn)
        lowest, highest = np.append(lower, 0.0 * widths), np.append(upper, widths)
        rows = Linear(
            cost, kept, most / self.unit, np.column_stack([lowest, highest]) / self.unit,
            sparse.hstack([asked.carried.weights, -exposed]), (drawn.points[:, 0] - asked.carried.before) / self.unit,
        )  # fmt: skip
        found = highs(rows)
        if found.status != 0:
            return None
        spend = np.clip(found.x[:cells] * self.unit, asked.lower, asked.reach)
        highest = asked.goal.worth * (asked.value(anchor) - drawn.below) - found.fun * self.height / UNIT
        return Found(spend, highest)

    def _rows(self, anchor: Floats, drawn: Pieces) -> tuple[Any, Floats]:
        """Return the rules over cells and pieces, the goal's condition last."""
        asked, rows = self.asked, self.asked.rows
        slopes = drawn.slopes[drawn.widths > 0]
        none = sparse.csr_matrix((len(rows.bounds), len(slopes)))
        kept = sparse.hstack([sparse.csr_matrix(rows.weights), none])
        if asked.goal.least is None:
            return kept, rows.bounds
        size = np.abs(slopes).max(initial=0.0) or 1.0
        condition = np.append(np.full(len(asked.lower), asked.goal.ratio), -slopes) / size
        most = asked.value(anchor) - drawn.below - asked.goal.least - min(0.0, asked.slack(anchor))
        return sparse.vstack([kept, sparse.csr_matrix(condition[None])]), np.append(rows.bounds, most / size)


class Tangent(NamedTuple):
    """The goal's tangent plane at a point, at its best under the rules.

    Parameters
    ----------
    gap : float
        How much the goal can at most gain, if it is concave.
    prices : ndarray, shape (rows,)
        Gain in the goal per unit by which a row's bound is relaxed, at least 0; the target's stands last.
    reduced : ndarray, shape (cells,)
        Gain per unit of a cell's bound moved up: above 0 at an upper one, below 0 at a lower one.
    """

    gap: float
    prices: Floats
    reduced: Floats


def tangent(asked: Programme, spend: Floats) -> Tangent:
    """Return the best of the goal's tangent plane at a spend, over all that the rules allow."""
    rows, gradient = asked.rows, asked.gradient(spend)
    gain = asked.goal.worth * gradient - asked.goal.cost
    weights, bounds = rows.weights, rows.bounds
    if asked.goal.least is not None:
        weights = np.vstack([weights, asked.goal.ratio - gradient])
        bounds = np.append(bounds, max(0.0, asked.slack(spend)) + weights[-1] @ spend)
    size = np.abs(weights).max(axis=1, initial=0.0)
    size[size == 0] = 1.0
    scale = float(np.abs(gain).max()) or 1.0
    unit = float((asked.reach - asked.lower).max()) / UNIT or 1.0
    limits = np.column_stack([asked.lower, asked.upper])  # not the reach: what follows from a rule is the rule's price
    found = highs(Linear(-gain / scale, weights / size[:, None], bounds / size / unit, limits / unit))
    if found.status != 0:
        return Tangent(np.inf, np.zeros(len(bounds)), np.zeros(len(gain)))
    reduced = -scale * (found.lower.marginals + found.upper.marginals)
    return Tangent(float(gain @ (found.x * unit - spend)), -found.ineqlin.marginals * scale / size, reduced)


def most_even(asked: Programme) -> Floats | None:
    """Return spend that keeps to the rules, every cell as far as possible from its lower bound; None if none does."""
    rows, cells = asked.rows, len(asked.lower)
    high = np.where(np.isfinite(asked.reach), asked.reach, asked.lower + 1.0)
    spread = sparse.hstack([-sparse.eye(cells), sparse.csr_matrix((high - asked.lower)[:, None] / asked.unit)])
    kept = sparse.csr_matrix(np.column_stack([rows.weights, np.zeros(len(rows.bounds))]))
    limits = np.column_stack([asked.lower, asked.upper]) / asked.unit
    bounds = np.vstack([limits, [0.0, 1.0]])
    even = np.append(np.zeros(cells), -1.0)
    most = np.append(-asked.lower, rows.bounds)
    found = highs(Linear(even, sparse.vstack([spread, kept]), most / asked.unit, bounds))
    return np.asarray(found.x[:-1]) * asked.unit if found.status == 0 else None
