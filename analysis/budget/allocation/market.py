"""What would spend per cell bring, by channels' response curves? The days planned for, and the curves over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.budget.curves import kernel
from analysis.budget.curves.carry import CARRY
from analysis.budget.curves.curve import Curve
from analysis.store.watch import watching

DRAWS = 80
"""Draws of each curve that the way to a plan is sought by; the plan itself is the best by all of them."""
_BENT = 1e-7


@dataclass(frozen=True, eq=False)
class Planned:
    """One channel's cells over the periods planned for.

    Parameters
    ----------
    curve : Curve
    phases : tuple of str or None
        Of each cell; None where a cell is all of the channel.
    observed : ndarray, shape (cells,)
        What was spent in each.
    upper : ndarray, shape (cells,)
        The most each can be given.
    reach : float
        How far beyond the highest spend observed that is, as a multiple.
    cells : Cells
    drawn : Drawn
        The curve's draws, with the demand of the periods planned for.
    """

    curve: Curve
    phases: tuple[str | None, ...]
    observed: Floats
    upper: Floats
    reach: float
    cells: kernel.Cells
    drawn: kernel.Drawn

    @cached_property
    def some(self) -> kernel.Drawn:
        """As many of the draws as the way to a plan is sought by."""
        kept = np.unique(np.linspace(0, len(self.drawn.half) - 1, DRAWS).round().astype(int))
        return _some(self.drawn, kept)

    def brought(self, spend: Floats) -> Floats:
        """Return what spend per cell brings in every draw, shape (draws,)."""
        return np.asarray(self._brought(spend)[0][0])

    def within(self, spend: Floats) -> Floats:
        """Return what of it does not lie beyond the spend observed, shape (draws,)."""
        return np.asarray(self._brought(spend, self.curve.highest)[0][0])

    def extrapolated(self, spend: Floats) -> bool:
        """Say whether some period's spend is beyond the highest observed."""
        return bool((spend > self.upper / self.reach * (1 + 1e-9)).any())

    def _exposure(self, spend: Floats) -> Floats:
        return np.asarray(np.tensordot(spend, self.cells.basis, axes=1) + self.cells.base)

    def only(self, draws: Ints) -> Planned:
        """Return it by some of the draws alone."""
        return replace(self, drawn=_some(self.drawn, draws))

    def _brought(self, spend: Floats, most: Floats | None = None) -> tuple[Floats, Floats]:
        endless = np.full(len(self.cells.base), np.inf) if most is None else most
        return kernel.brought(self._exposure(spend), self.cells.level, np.ones(1), endless, self.drawn)

    def margins(self, spend: Floats) -> Floats:
        """Return what the next unit brings in every draw, spread over the cells as the spend is; NaN without any."""
        if not spend.sum() > 0:
            return np.full(len(self.drawn.half), np.nan)
        return np.asarray(self._brought(spend)[1][0] / spend.sum())


def _some(drawn: kernel.Drawn, kept: Ints) -> kernel.Drawn:
    """Return some of the draws."""
    whole, real = ((drawn.family, drawn.adstock), (drawn.exponent, drawn.half, drawn.ceiling, drawn.demand))
    family, adstock = (np.ascontiguousarray(part[kept]) for part in whole)
    exponent, half, ceiling, demand = (np.ascontiguousarray(part[kept]) for part in real)
    return kernel.Drawn(family, exponent, half, ceiling, adstock, demand)


def _groups(phase: Sequence[str], per: str, counted: Bools) -> list[tuple[str | None, Bools]]:
    """Return the phase of each cell and the periods it is of; days are those that count."""
    each = np.array(phase)
    if per == "channel":
        return [(None, np.ones(len(each), bool))]
    if per == "phase":
        return [(str(name), each == name) for name in dict.fromkeys(phase)]
    return [(phase[t], np.arange(len(each)) == t) for t in np.flatnonzero(counted).tolist()]


def _cells(basis: Floats, base: Floats, level: Ints) -> kernel.Cells:
    """Return cells with the periods each acts on."""
    acts: Bools = np.asarray(basis.any(axis=1))
    first, last = acts.argmax(axis=1), acts.shape[1] - acts[:, ::-1].argmax(axis=1)
    return kernel.Cells(np.ascontiguousarray(basis), np.ascontiguousarray(base), level, first.astype(np.int64),
                        last.astype(np.int64))  # fmt: skip


def again(curve: Curve, per: str, reach: float) -> Planned:
    """Return a channel's cells where the next campaign's days are like those observed.

    Parameters
    ----------
    curve : Curve
    per : {"channel", "phase", "day"}
        What gets an amount of its own.
    reach : float
        How far beyond the highest spend of a period observed any period may go, as a multiple of it.
    """
    spend = curve.spend
    groups = _groups(curve.phase, per, curve.counted)
    patterns, observed, upper = [], [], []
    for _, inside in groups:
        counted = float(spend[inside & curve.counted].sum())
        # Where nothing was spent there is no pattern to follow: every period alike.
        shape = np.where(inside, spend if counted > 0 else 1.0, 0.0)
        pattern = shape / (counted or shape.sum())
        patterns.append(pattern)
        observed.append(counted)
        upper.append(reach * curve.observed_max / pattern.max())
    return _planned(
        curve, tuple(name for name, _ in groups), np.array(patterns), np.array(observed), np.array(upper), reach
    )


def _planned(
    curve: Curve, phases: tuple[str | None, ...], patterns: Floats, observed: Floats, upper: Floats, reach: float
) -> Planned:
    kept = curve.counted
    basis = np.stack([curve.exposures(own)[:, kept] for own in patterns])
    cells = _cells(basis, np.zeros(basis.shape[1:]), curve.level[kept])
    return Planned(curve, phases, observed, upper, reach, cells, curve.drawn)


def ahead(
    curve: Curve, phase: Sequence[str], per: str, reach: float, before: Floats, peaks: Mapping[str, Floats]
) -> Planned:
    """Return a channel's cells over days to come, each phase's money spread evenly over its days.

    Parameters
    ----------
    curve : Curve
    phase : sequence of str
        Of each period to come; one the curve never saw has the usual demand.
    per : {"channel", "phase", "day"}
    reach : float
    before : ndarray, shape (CARRY,)
        Spend of the periods just before, the last one last: what they leave is counted.
    peaks : mapping of str to ndarray, shape (periods,)
        By days with a name, the share of each period that they are; of one that the curve never saw nothing is known.
    """
    periods, usual = len(phase), np.ones(len(curve.half))
    drawn = np.stack([curve.phases.get(name, usual) for name in phase], axis=1)
    for name, share in peaks.items():
        if name in curve.peaks:
            drawn = drawn * curve.peaks[name][:, None] ** share
    groups = _groups(phase, per, np.ones(periods, bool))
    levels = curve.adstocks
    weights = levels[:, None] ** np.arange(CARRY)
    weights /= weights.sum(axis=1, keepdims=True)
    earlier = np.append(before, np.zeros(periods))
    whole = np.stack([np.convolve(earlier, own)[CARRY : CARRY + periods] for own in weights])
    basis = []
    for _, inside in groups:
        pattern = inside / inside.sum()
        basis.append(np.stack([np.convolve(pattern, own)[:periods] for own in weights]))
    later = curve.drawn._replace(demand=np.ascontiguousarray(drawn))
    cells = _cells(np.stack(basis), whole, np.arange(periods))
    upper = np.array([reach * curve.observed_max * inside.sum() for _, inside in groups])
    names = tuple(name for name, _ in groups)
    return Planned(curve, names, np.zeros(len(groups)), upper, reach, cells, later)


@dataclass(frozen=True, eq=False)
class Curves:
    """Several channels' cells, one after the other, as an allocation takes them: each cell is its own exposure.

    Parameters
    ----------
    planned : tuple of Planned
    """

    planned: tuple[Planned, ...]

    @cached_property
    def bounds(self) -> list[slice]:
        """Each channel's cells."""
        ends = np.cumsum([0, *(len(own.observed) for own in self.planned)])
        return [slice(int(a), int(b)) for a, b in pairwise(ends)]

    @cached_property
    def concave(self) -> Bools:
        """Whether each cell brings less and less the more it is given, the others as they were."""
        upper = np.concatenate([own.upper for own in self.planned])
        points = np.linspace(0.0, 1.0, 41)[None] * upper[:, None]
        rises = np.diff(self.along(np.concatenate([own.observed for own in self.planned]), points), axis=1)
        flatter = np.diff(rises, axis=1) <= _BENT * np.maximum(rises.max(axis=1, keepdims=True), 0.0)
        found: Bools = flatter.all(axis=1)
        return found

    def value(self, exposure: Floats) -> float:
        """Return what all cells bring together."""
        return float(sum(value for value, _ in self._brought(exposure)))

    def gradient(self, exposure: Floats) -> Floats:
        """Return what the next unit of each cell brings."""
        return np.concatenate([slope for _, slope in self._brought(exposure)])

    def along(self, exposure: Floats, points: Floats) -> Floats:
        """Return what all bring with each cell alone at its points.

        By some of the draws, as steep where the others are as all draws are: what is best by such pieces, laid anew
        around where they lead, is best by all draws (Alexandrov and others 2001, J. Aircraft 38, 1093-1101).
        """
        points = np.ascontiguousarray(points)
        some = np.vstack([_along(own, exposure[at], points[at]) for own, at in self._each])
        steep = [kernel.planned(own.cells, own.some, exposure[at])[1] for own, at in self._each]
        return some + (self.gradient(exposure) - np.concatenate(steep))[:, None] * (points - exposure[:, None])

    def _brought(self, exposure: Floats) -> list[tuple[float, Floats]]:
        """Return value and gradient of each channel; where only one has moved, the others' are those of just before."""
        for k, (own, at) in enumerate(self._each):
            if k not in self._last or not np.array_equal(self._last[k][0], exposure[at]):
                watching().step()
                self._last[k] = exposure[at].copy(), kernel.planned(own.cells, own.drawn, exposure[at])
        return [self._last[k][1] for k in range(len(self._each))]

    @cached_property
    def _last(self) -> dict[int, tuple[Floats, tuple[float, Floats]]]:
        return {}

    @cached_property
    def _each(self) -> list[tuple[Planned, slice]]:
        return list(zip(self.planned, self.bounds, strict=True))


def _along(own: Planned, exposure: Floats, points: Floats) -> Floats:
    watching().step()
    return kernel.along(own.cells, own.some, exposure, points)
