"""Where curves are not concave, which stretch of each does the best spend use?

Branch and bound with the least concave curves above the responses (Falk and Soland 1969, Management Science 15,
550-569): these make a linear programme that no spend is above. Where its answer uses one that lies above its
curve, the range of that exposure is split there, and the best of both halves is sought. Concave curves are never split.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.budget.allocation import pieces
from analysis.budget.allocation.model import Model
from analysis.budget.allocation.pieces import Pieces
from analysis.budget.allocation.polish import ascent, polished
from analysis.budget.allocation.programme import Programme

DENSE = 600
"""Pieces a curve that is not concave is looked at in, of which those stay that it takes to miss it by at most ..."""
FIDELITY = 2e-5
"""... this share of its height; with more than a hundred exposures, of which each matters less, more in proportion."""
MOST_PIECES = 30_000
"""Of all concave curves together."""
MISSING = 3e-5
"""Share of the value by which the best may be missed where curves are not concave, beside the pieces' error."""
NODES, WORK = 500, 20_000
"""Most linear programmes, and most times exposures; not a time, so that answers do not depend on the machine."""
WORTH_IT = 100
"""An answer is polished where it is below the best known one by less than so many times what may be missed."""

EDGE = 1e-3
"""Share of a cell's range next to its ends where it is split in the middle instead."""


class Part(NamedTuple):
    """Part of all spends: bounds of the cells, and the breakpoints between which exposures are."""

    lower: Floats
    upper: Floats
    low: Ints
    high: Ints


class Node(NamedTuple):
    """A part that is still to be looked at, and what no spend in it is above: less than zero, the best first."""

    below: float
    number: int
    part: Part


@dataclass(frozen=True, eq=False)
class Sample:
    """Curves looked at in many points, around a spend that keeps to the rules.

    Parameters
    ----------
    model : Model
    start : ndarray, shape (cells,)
    points, values : ndarray, shape (exposures, DENSE + 1)
    """

    model: Model
    start: Floats
    points: Floats
    values: Floats
    _hulls: dict[tuple[int, int, int], Ints] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model, start: Floats) -> Sample:
        """Return that of a model's curves."""
        points = model.range(start, DENSE)
        return cls(model, start, points, model.asked.responses.along(model.asked.carried.exposure(start), points))

    def part(self, lower: Floats, upper: Floats, low: Ints, high: Ints) -> Part:
        """Return the part with these bounds, exposures no further than the cells let them be."""
        least, most = (self.model.asked.carried.exposure(spend)[:, None] for spend in (lower, upper))
        first, last = (self.points <= least).sum(axis=1) - 1, (self.points < most).sum(axis=1)
        return Part(lower, upper, np.maximum(low, first), np.minimum(high, last))

    def pieces(self, low: Ints, high: Ints) -> Pieces:
        """Return the least concave curves above these from one breakpoint of each to another."""
        last = np.array([self._hull(i, *ends) for i, ends in enumerate(zip(low.tolist(), high.tolist(), strict=True))])
        lost = self.values[:, DENSE // 2] - self._lowest(low)
        return pieces.joined(self.points, self.values, last, float(lost.sum()))

    def excess(self, drawn: Pieces, low: Ints, spend: Floats) -> Floats:
        """Return by how much pieces lie above each curve; 0 for concave ones."""
        asked, exposure = self.model.asked, self.model.asked.carried.exposure(spend)
        curve = asked.responses.along(asked.carried.exposure(self.start), exposure[:, None])[:, 0]
        return np.where(asked.responses.concave, 0.0, self._lowest(low) + drawn.heights(exposure) - curve)

    def _lowest(self, low: Ints) -> Floats:
        return np.asarray(np.take_along_axis(self.values, low[:, None], axis=1)[:, 0])

    def _hull(self, i: int, low: int, high: int) -> Ints:
        """Return for each breakpoint of a curve the last one kept up to it."""
        if (i, low, high) not in self._hulls:
            self._hulls[i, low, high] = pieces.last_kept(self._kept(i, low, high), DENSE + 1)
        return self._hulls[i, low, high]

    def _kept(self, i: int, low: int, high: int) -> Ints:
        if self.model.asked.responses.concave[i]:
            step = max(5, -(-DENSE * len(self.points) // MOST_PIECES))
            return np.unique(np.append(np.arange(low, high, step), [high, np.clip(DENSE // 2, low, high)]))
        x, y = self.points[i, low : high + 1], self.values[i, low : high + 1]
        return low + pieces.thinned(x, y, pieces.envelope(x, y), FIDELITY * max(1.0, len(self.points) / 100))


def branched(model: Model, start: Floats) -> tuple[Floats, float]:
    """Return the best spend, and what none is above as far as pieces tell.

    Parameters
    ----------
    model : Model
    start : ndarray, shape (cells,)
        Keeps to the rules.
    """
    asked, sample, best, above = model.asked, Sample.of(model, start), start, -np.inf
    ends = np.zeros(len(sample.points), dtype=np.int64)
    nodes, numbers = [Node(-np.inf, 0, Part(asked.lower, asked.reach, ends, ends + DENSE))], count(1)
    for number in range(min(NODES, 1 + WORK // len(ends))):
        missing = MISSING * _size(asked, best)
        if not nodes or -nodes[0].below <= asked.objective(best) + missing:
            break
        part = heappop(nodes).part
        drawn = sample.pieces(part.low, part.high)
        if (found := model.optimum(start, drawn, (part.lower, part.upper))) is None:
            continue
        kept = _met(sample, found.spend)
        if number == 0 or asked.objective(kept) > asked.objective(best) - WORTH_IT * missing:
            better = polished(asked, kept, 2 * drawn.local(asked.carried.exposure(kept)))
            best = max(best, better, key=asked.objective)
        excess = np.where(part.high - part.low > 1, sample.excess(drawn, part.low, found.spend), 0.0)
        if excess.sum() <= MISSING * abs(asked.value(found.spend)):
            above = max(above, found.bound)
            continue
        halves = _by_cell if len(start) < len(ends) else _by_exposure
        for half in halves(sample, part, excess, found.spend):
            heappush(nodes, Node(-found.bound, next(numbers), half))
    return best, max(asked.objective(best), above, *(-node.below for node in nodes[:1]))


def _size(asked: Programme, spend: Floats) -> float:
    """Return how large the goal is, to judge what is close."""
    return max(abs(asked.objective(spend)), asked.goal.worth * abs(asked.value(spend)))


def _by_exposure(sample: Sample, part: Part, excess: Floats, spend: Floats) -> Iterator[Part]:
    """Yield both halves of a part, split where the exposure is of which pieces say too much."""
    i = int(np.argmax(excess))
    at = int(np.searchsorted(sample.points[i], sample.model.asked.carried.exposure(spend)[i]))
    cut, own = np.clip(at, part.low[i] + 1, part.high[i] - 1), np.arange(len(excess)) == i
    yield part._replace(high=np.where(own, cut, part.high))
    yield part._replace(low=np.where(own, cut, part.low))


def _by_cell(sample: Sample, part: Part, excess: Floats, spend: Floats) -> Iterator[Part]:
    """Yield both halves of a part, split where the cell is whose range has most to do with what pieces say too much."""
    carry, width = sample.model.asked.carried, part.upper - part.lower
    reach = np.maximum(carry.exposure(part.upper) - carry.exposure(part.lower), 1e-300)
    i = int(np.argmax(width * carry.back(excess / reach)))
    share = (spend[i] - part.lower[i]) / width[i]
    cut = spend[i] if EDGE < share < 1 - EDGE else part.lower[i] + width[i] / 2
    own = np.arange(len(spend)) == i
    yield sample.part(part.lower, np.where(own, cut, part.upper), part.low, part.high)
    yield sample.part(np.where(own, cut, part.lower), part.upper, part.low, part.high)


def _met(sample: Sample, spend: Floats) -> Floats:
    """Return what pieces propose, or what on the way from there is better or first meets the goal's condition."""
    asked, start = sample.model.asked, sample.start
    if asked.concave:
        return ascent(asked, start, spend)
    ways = (spend + share * (start - spend) for share in np.linspace(0.0, 1.0, 65))
    return next((way for way in ways if asked.slack(way) >= 0), start)
