"""How is a curve told to a linear programme? In straight pieces, short where it matters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.budget.allocation.responses import Responses

NEAR = np.linspace(0.0, 1.0, 7) ** 2
"""Breakpoints around a point, as shares of the reach: close together where the answer is expected."""


class Pieces(NamedTuple):
    """Straight pieces of each exposure's curve, from the lowest breakpoint up.

    Parameters
    ----------
    points : ndarray, shape (exposures, pieces + 1)
        Ascending; pieces without length do not count.
    slopes : ndarray, shape (exposures, pieces)
    below : float
        What is lost, all together, between where one stands and the lowest breakpoints.
    """

    points: Floats
    slopes: Floats
    below: float

    @property
    def widths(self) -> Floats:
        """The pieces' lengths."""
        return np.asarray(np.diff(self.points))

    def local(self, exposure: Floats) -> Floats:
        """Return how far it is from each exposure to the next breakpoint, on the side where it is farther."""
        away = self.points - exposure[:, None]
        right = np.where(away > 0, away, np.inf).min(axis=1)
        left = np.where(away < 0, -away, np.inf).min(axis=1)
        return np.maximum(np.where(right < np.inf, right, 0.0), np.where(left < np.inf, left, 0.0))

    def heights(self, exposure: Floats) -> Floats:
        """Return what the pieces say of each exposure, above its lowest breakpoint."""
        filled = np.clip(exposure[:, None] - self.points[:, :-1], 0.0, self.widths)
        return np.asarray((filled * self.slopes).sum(axis=1))


def whole(anchor: Floats, low: Floats, high: Floats, segments: int) -> Floats:
    """Return breakpoints over the whole range, closer together at the low ends, half on each side of the anchor.

    Examples
    --------
    >>> whole(np.array([4.0]), np.array([0.0]), np.array([20.0]), 4).tolist()
    [[0.0, 1.0, 4.0, 8.0, 20.0]]
    """
    share = np.linspace(0.0, 1.0, segments // 2 + 1) ** 2
    left = low[:, None] + (anchor - low)[:, None] * share
    right = anchor[:, None] + (high - anchor)[:, None] * share
    return np.hstack([left, right[:, 1:]])


def around(anchor: Floats, low: Floats, high: Floats, reach: Floats) -> Floats:
    """Return breakpoints within `reach` of the anchor, closer together near it."""
    offsets = np.concatenate([-NEAR[:0:-1], NEAR])
    return np.asarray(np.clip(anchor[:, None] + reach[:, None] * offsets, low[:, None], high[:, None]))


def minorant(responses: Responses, exposure: Floats, points: Floats) -> Pieces:
    """Return concave pieces that touch the curves at the middle point, where one stands, and lie nowhere above them.

    Where a curve is concave they are its own; where it is not, the curve rises at least as much as they do.
    """
    widths, half = np.diff(points), points.shape[1] // 2
    gradient = responses.gradient(exposure)[:, None]
    slopes = np.broadcast_to(gradient, widths.shape).copy()
    np.divide(np.diff(responses.along(exposure, points)), widths, out=slopes, where=widths > 0)
    left = np.maximum.accumulate(np.hstack([gradient, slopes[:, :half][:, ::-1]]), axis=1)[:, :0:-1]
    right = np.minimum.accumulate(np.hstack([gradient, slopes[:, half:]]), axis=1)[:, 1:]
    return Pieces(points, np.hstack([left, right]), float((left * widths[:, :half]).sum()))


def envelope(x: Floats, y: Floats) -> Ints:
    """Return which points of a curve lie on the least concave curve above it.

    Examples
    --------
    >>> envelope(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 5.0, 6.0])).tolist()
    [0, 2, 3]
    """
    hull: list[int] = []
    across, up = x.tolist(), y.tolist()
    for k, (right, high) in enumerate(zip(across, up, strict=True)):
        while len(hull) > 1:
            (one, two) = hull[-2:]
            if (up[two] - up[one]) * (right - across[one]) > (high - up[one]) * (across[two] - across[one]):
                break
            hull.pop()
        hull.append(k)
    return np.array(hull, dtype=np.int64)


def thinned(x: Floats, y: Floats, kept: Ints, error: float) -> Ints:
    """Return fewer of the points kept, so that lines between them miss those left out by about an error at most.

    Parameters
    ----------
    x, y : ndarray, shape (points,)
    kept : ndarray of int
        The first and the last stay.
    error : float
        As a share of the difference between the curve's highest and lowest point.
    """
    across, up = x[kept], y[kept]
    run = np.diff(across)
    slopes = np.divide(np.diff(up), run, out=np.zeros_like(run), where=run > 0)
    allowed = 8 * error * (np.ptp(y) or 1.0)  # a line misses a curve by its turn times the run / 8
    way = np.cumsum(np.sqrt(np.abs(np.diff(slopes)) * (across[2:] - across[:-2]) / 2 / allowed))
    way = np.floor(np.concatenate([[0.0, 0.0], way]))
    stays = np.append(way[:-1] < way[1:], True)
    stays[0] = True
    return np.asarray(kept[stays])


def last_kept(kept: Ints, count: int) -> Ints:
    """Return for each of so many points the last one kept up to it, or the first one kept.

    Examples
    --------
    >>> last_kept(np.array([1, 3]), 5).tolist()
    [1, 1, 1, 3, 3]
    """
    return np.asarray(kept[np.maximum(np.searchsorted(kept, np.arange(count), side="right") - 1, 0)])


def joined(points: Floats, values: Floats, last: Ints, below: float) -> Pieces:
    """Return the pieces between points kept; `last` is for each, (exposures, points), the last one kept."""
    points, values = np.take_along_axis(points, last, axis=1), np.take_along_axis(values, last, axis=1)
    widths = np.diff(points)
    return Pieces(points, np.divide(np.diff(values), widths, out=np.zeros_like(widths), where=widths > 0), below)
