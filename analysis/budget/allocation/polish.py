"""Which spend near a good one is the very best?"""

from __future__ import annotations

import numpy as np

from analysis.arrays import Bools, Floats
from analysis.budget.allocation import pieces
from analysis.budget.allocation.model import Model, Tangent, tangent
from analysis.budget.allocation.programme import Programme

ROUNDS = 60
"""Most rounds, and most of Newton's steps in each."""
CLOSE = 1e-10
"""Share of the value that may be missing for certain when the polish ends."""


def polished(asked: Programme, spend: Floats, reach: Floats) -> Floats:
    """Return spend from which nothing leads up.

    Pieces ever closer together find out which bounds hold; Newton's steps between these are what ends it (Byrd, Gould,
    Nocedal and Waltz 2003, Math. Program. 100, 27-48).

    Parameters
    ----------
    asked : Programme
    spend : ndarray, shape (cells,)
        Keeps to the rules.
    reach : ndarray, shape (exposures,)
        How far pieces go at first.
    """
    carry = asked.carried
    for _ in range(ROUNDS):
        model = Model.of(asked.near(spend))
        span = np.maximum(model.high - model.low, 1e-300)
        spend, gap = _stepped(model, spend)
        if gap <= CLOSE * model.height or (reach <= 1e-9 * span).all():
            break
        exposure = carry.exposure(spend)
        drawn = pieces.minorant(asked.responses, exposure, pieces.around(exposure, model.low, model.high, reach))
        if (found := model.optimum(spend, drawn)) is None:
            break
        aim = carry.exposure(found.spend)
        reach = np.clip(2 * drawn.local(aim), 1.5 * np.abs(aim - exposure), span)
        spend = ascent(asked, spend, found.spend)
    return spend


def _stepped(model: Model, spend: Floats) -> tuple[Floats, float]:
    """Return spend after Newton's steps for as long as they lead up, and how much the goal can still gain."""
    asked, plane, nearly = model.asked, tangent(model.asked, spend), CLOSE / 100 * model.height
    for _ in range(ROUNDS):
        if plane.gap <= CLOSE * model.height:
            break
        there, whole = newton(asked, spend, plane)
        rise = asked.objective(there) - asked.objective(spend)
        if not rise >= -nearly or asked.slack(there) < -nearly:
            break
        after = tangent(asked, there)
        if rise <= nearly and after.gap > 0.9 * plane.gap:
            break
        spend, plane = there, after
        if not whole:  # which bounds hold is for pieces to find out
            break
    return spend, plane.gap


def newton(asked: Programme, spend: Floats, plane: Tangent) -> tuple[Floats, bool]:
    """Return spend after a step of Newton's on the bounds that hold, and whether it was not cut short by another."""
    rows, span = asked.rows, asked.reach - asked.lower
    free = np.minimum(spend - asked.lower, asked.reach - spend) > 1e-9 * span
    active = rows.active(spend)
    left, gradient, height = rows.bounds - rows.weights @ spend, asked.gradient(spend), asked.goal.worth
    held, missing = rows.weights[active][:, free], left[active]
    if asked.goal.least is not None and (price := float(plane.prices[-1])) > 0:
        held = np.vstack([held, (asked.goal.ratio - gradient)[free]])
        missing, height = np.append(missing, asked.slack(spend)), height + price
    step = np.zeros(len(spend))
    gain = asked.goal.worth * gradient - asked.goal.cost
    step[free] = _stationary(height * _bend(asked, spend, free), held, gain[free], missing)
    length = _length(asked, spend, step, ~active)
    return np.clip(spend + length * step, asked.lower, asked.reach), length == 1.0


def _length(asked: Programme, spend: Floats, step: Floats, open_rows: Bools) -> float:
    """Return how much of a step can be taken before it meets a bound or one of the rows, at most all of it."""
    rows, used = asked.rows, asked.rows.weights @ step
    room = np.where(step > 0, asked.reach - spend, spend - asked.lower)
    met, moved = open_rows & (used > 0), step != 0
    by_rows = ((rows.bounds - rows.weights @ spend)[met] / used[met]).min(initial=1.0)
    return float((room[moved] / np.abs(step[moved])).min(initial=by_rows))


def _bend(asked: Programme, spend: Floats, free: Bools) -> Floats:
    """Return the second derivatives of the value over the free cells, by differences of the gradient."""
    by = np.minimum(1e-5 * np.maximum(spend, 1e-3 * (asked.reach - asked.lower)), 0.5 * (spend - asked.lower))[free]
    found = np.empty((len(by), len(by)))
    for row, (cell, width) in enumerate(zip(np.flatnonzero(free), by, strict=True)):
        ends = [spend.copy(), spend.copy()]
        ends[0][cell] -= width
        ends[1][cell] += width
        found[row] = (asked.gradient(ends[1]) - asked.gradient(ends[0]))[free] / (2 * width)
    return (found + found.T) / 2


def _stationary(bend: Floats, held: Floats, gradient: Floats, missing: Floats) -> Floats:
    """Return where ``gradient @ d + d @ bend @ d / 2`` is stationary with ``held @ d == missing``."""
    count, steep = len(held), np.abs(bend).max(initial=0.0) or 1.0
    size = steep / np.maximum(np.abs(held).max(axis=1, initial=0.0), 1e-300)
    held = held * size[:, None]  # of the size of what it stands beside
    little = 1e-13 * steep * np.eye(count)  # for rules that say the same
    system = np.block([[bend - 1e-13 * steep * np.eye(len(bend)), held.T], [held, little]])
    try:
        return np.asarray(np.linalg.solve(system, np.append(-gradient, missing * size))[: len(bend)])
    except np.linalg.LinAlgError:  # a curve that is not concave can bend just so
        return np.zeros(len(bend))


def ascent(asked: Programme, here: Floats, there: Floats) -> Floats:
    """Return `there`, or the point halfway to it, or halfway again, while that is better: cells may interact."""
    least, best, floor = min(0.0, asked.slack(here)), here, asked.objective(here)
    for k in range(40):
        way = here + 0.5**k * (there - here)
        if asked.slack(way) < least or (height := asked.objective(way)) < floor:
            if best is not here:
                break
            continue
        best, floor = way, height
    return best
