"""What does each cell's spend bring? The form an allocation knows curves in, and how spend carries over to later days.

A cell is what gets an amount of its own: a channel in a phase, or on a day. An exposure is what a curve is applied to:
the cell's spend itself, or a mixture of several cells' spend, such as a day's advertising with what earlier days left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy import sparse

from analysis.arrays import Bools, Floats


class Responses(Protocol):
    """What exposures bring together, how steeply, and each on its own.

    Where all are concave together they may act on one another. Where one is not, they should be a sum of each
    exposure's own curve: what a solution then says of its gap is true of the sum of the curves along each alone.
    """

    @property
    def concave(self) -> Bools:
        """Whether each exposure brings less and less the higher it is, shape (exposures,)."""
        ...

    def value(self, exposure: Floats) -> float:
        """Return what all exposures bring together."""
        ...

    def gradient(self, exposure: Floats) -> Floats:
        """Return the exact partial derivatives, finite also at an exposure of 0; shape (exposures,)."""
        ...

    def along(self, exposure: Floats, points: Floats) -> Floats:
        """Return what all bring with exposure i alone at ``points[i, j]`` and the others as they are.

        Parameters
        ----------
        exposure : ndarray, shape (exposures,)
        points : ndarray, shape (exposures, points)

        Returns
        -------
        ndarray, shape (exposures, points)
            Up to a constant of each row's own.
        """
        ...


@dataclass(frozen=True, eq=False)
class Separable:
    """Responses that are a sum of each exposure's own curve.

    Parameters
    ----------
    curve, slope : callable
        What exposures bring, and what the next unit brings; both elementwise over the last axis, the exposures.
    concave : ndarray of bool, shape (exposures,)

    Examples
    --------
    >>> both = Separable(np.sqrt, lambda x: 0.5 / np.sqrt(x), np.array([True, True]))
    >>> both.value(np.array([4.0, 9.0])), both.along(np.array([4.0, 9.0]), np.array([[1.0], [16.0]])).tolist()
    (5.0, [[1.0], [4.0]])
    """

    curve: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]
    concave: Bools

    def value(self, exposure: Floats) -> float:
        """Return what all exposures bring together."""
        return float(self.curve(exposure).sum())

    def gradient(self, exposure: Floats) -> Floats:
        """Return what the next unit of each exposure brings."""
        return self.slope(exposure)

    def along(self, exposure: Floats, points: Floats) -> Floats:
        """Return what each exposure brings at its points; the others do not matter."""
        return self.curve(points.T).T


@dataclass(frozen=True, eq=False)
class Dearer:
    """Responses to money that buys less: exposures are divided by a price index before they meet their curves.

    Parameters
    ----------
    responses : Responses
    index : float
        1.05 where everything costs 5% more.
    """

    responses: Responses
    index: float

    @property
    def concave(self) -> Bools:
        """Whether each exposure brings less and less the higher it is."""
        return self.responses.concave

    def value(self, exposure: Floats) -> float:
        """Return what all exposures bring together."""
        return self.responses.value(exposure / self.index)

    def gradient(self, exposure: Floats) -> Floats:
        """Return what the next unit of each exposure brings."""
        return self.responses.gradient(exposure / self.index) / self.index

    def along(self, exposure: Floats, points: Floats) -> Floats:
        """Return what all bring with each exposure alone at its points."""
        return self.responses.along(exposure / self.index, points / self.index)


@dataclass(frozen=True, eq=False)
class Carry:
    """How cells' spend becomes exposures: ``weights @ spend + before``.

    Parameters
    ----------
    weights : sparse matrix, shape (exposures, cells)
        None below zero.
    before : ndarray, shape (exposures,)
        What was there before the first cell: spend of days gone by that still works.
    """

    weights: Any
    before: Floats

    @classmethod
    def none(cls, cells: int) -> Carry:
        """Return that of cells which are their own exposures."""
        return cls(sparse.eye(cells, format="csr"), np.zeros(cells))

    @classmethod
    def geometric(cls, adstock: Floats, periods: int, length: int = 8) -> Carry:
        """Return that of channels by periods, in this order, where a share of each period's effect goes on to the next.

        Parameters
        ----------
        adstock : ndarray, shape (channels,)
            That share.
        periods : int
        length : int
            Periods after which nothing is left; the weights over them add up to 1.

        Examples
        --------
        >>> Carry.geometric(np.array([0.5]), 3, length=2).exposure(np.array([3.0, 0.0, 3.0])).tolist()
        [2.0, 1.0, 2.0]
        """
        kept = min(length, periods)
        weights = adstock[:, None] ** np.arange(length)
        weights = weights / weights.sum(axis=1, keepdims=True)
        blocks = [sparse.diags_array(own[:kept], offsets=-np.arange(kept), shape=(periods, periods)) for own in weights]
        return cls(sparse.block_diag(blocks, format="csr"), np.zeros(len(adstock) * periods))

    def exposure(self, spend: Floats) -> Floats:
        """Return the exposures of cells' spend."""
        return np.asarray(self.weights @ spend + self.before)

    def back(self, gradient: Floats) -> Floats:
        """Return the gradient over cells of a gradient over exposures."""
        return np.asarray(self.weights.T @ gradient)
