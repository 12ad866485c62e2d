"""How is a curve told to a linear programme? In straight pieces, short where it matters."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Bools, Floats, Ints
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
        """Return the length of the piece that each exposure is on, of the longer one at a breakpoint."""
        at = places(self.points, exposure)
        last, rows = self.slopes.shape[1] - 1, np.arange(len(at))
        return np.asarray(
            np.maximum(self.widths[rows, np.clip(at - 1, 0, last)], self.widths[rows, np.clip(at, 0, last)])
        )


def places(points: Floats, exposure: Floats) -> Ints:
    """Return how many of each row's points lie below an exposure."""
    return np.asarray((points < exposure[:, None]).sum(axis=1))


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


def envelope(points: Floats, values: Floats, held: Bools) -> Bools:
    """Return which points of each curve lie on the least curve above it that is concave between the points held.

    Examples
    --------
    >>> points, values = np.array([[0.0, 1.0, 2.0, 3.0]]), np.array([[0.0, 1.0, 5.0, 6.0]])
    >>> envelope(points, values, np.zeros((1, 4), dtype=bool)).tolist()
    [[True, False, True, True]]
    """
    kept = np.zeros(points.shape, dtype=bool)
    for own, x, y, fixed in zip(kept, points.tolist(), values.tolist(), held.tolist(), strict=True):
        hull, first = [0], 0  # no point before `first` goes any more
        for k in range(1, len(x)):
            while len(hull) - 1 > first and _below(x, y, hull[-2], hull[-1], k):
                hull.pop()
            hull.append(k)
            first = len(hull) - 1 if fixed[k] else first
        own[hull] = True
    return kept


def _below(x: list[float], y: list[float], one: int, two: int, three: int) -> bool:
    """Say whether a point lies on or below the line between its neighbours."""
    return (y[two] - y[one]) * (x[three] - x[one]) <= (y[three] - y[one]) * (x[two] - x[one])


def thinned(points: Floats, values: Floats, kept: Bools, error: float) -> Bools:
    """Return fewer of the points kept, so that lines between them miss those left out by at most about an error.

    Parameters
    ----------
    points, values : ndarray, shape (exposures, points)
    kept : ndarray of bool, shape (exposures, points)
    error : float
        As a share of the difference between each curve's highest and lowest point.
    """
    found = np.zeros_like(kept)
    for own, x, y, held in zip(found, points, values, kept, strict=True):
        at = np.flatnonzero(held)
        x, y = x[at], y[at]
        turn = np.abs(np.diff(np.diff(y) / np.maximum(np.diff(x), 1e-300)))  # a line's error: turn times length / 8
        length = np.sqrt(turn * (x[2:] - x[:-2]) / 2 / (8 * error * (np.ptp(y) or 1.0)))
        way = np.floor(np.concatenate([[0.0, 0.0], np.cumsum(length)]))
        own[at] = np.append(way[:-1] < way[1:], True)
        own[[0, at[0]]] = True
    return found


def chosen(points: Floats, values: Floats, kept: Bools, below: float) -> Pieces:
    """Return pieces between those breakpoints that are kept; the first and the last always are."""
    last = np.maximum.accumulate(np.where(kept, np.arange(points.shape[1]), 0), axis=1)
    points, values = np.take_along_axis(points, last, axis=1), np.take_along_axis(values, last, axis=1)
    widths = np.diff(points)
    slopes = np.divide(np.diff(values), widths, out=np.zeros_like(widths), where=widths > 0)
    return Pieces(points, slopes, below)


def runs(pieces: Pieces) -> Ints:
    """Number each curve's stretches of falling slopes, from 0.

    Examples
    --------
    >>> pieces = Pieces(np.array([[0.0, 1.0, 2.0, 3.0, 4.0]]), np.array([[1.0, 2.0, 3.0, 1.0]]), 0.0)
    >>> runs(pieces).tolist()
    [[0, 1, 2, 2]]
    """
    found = np.zeros(pieces.slopes.shape, dtype=np.int64)
    for own, slopes, widths in zip(found, pieces.slopes, pieces.widths, strict=True):
        used = np.flatnonzero(widths > 0)
        rises = np.diff(slopes[used]) > 1e-9 * np.abs(slopes[used]).max(initial=0.0)
        own[used[1:]] = np.cumsum(rises)
    return np.maximum.accumulate(found, axis=1)
