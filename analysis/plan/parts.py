"""Into what does the gap between a plan and what happened split?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats


class Cells(NamedTuple):
    """Some units at some rate, by channel and phase; arrays of shape (channels, phases).

    Parameters
    ----------
    units : ndarray
        Such as money spent, or clicks bought.
    worth : ndarray
        What they came to: revenue, or money.
    """

    units: Floats
    worth: Floats

    @property
    def rates(self) -> Floats:
        """What one unit came to; nought where there were none."""
        return np.divide(self.worth, self.units, out=np.zeros_like(self.worth), where=self.units > 0)


class Parts(NamedTuple):
    """A gap's parts by channel: how many units, when, at which rate."""

    volume: Floats
    timing: Floats
    rates: Floats


def parted(planned: Cells, actual: Cells) -> Parts:
    """Return what of the gap between two tables of cells is due to volume, to timing and to rates, by channel.

    Parameters
    ----------
    planned, actual : Cells

    Notes
    -----
    Of a channel: *volume* is its units more or less than planned, at the rate that it was planned to have over all its
    phases; *timing* what spreading its units otherwise over the phases comes to, at each phase's planned rate; *rates*
    what its units came to beyond the planned rates. The three add up to the gap of the channel: an identity, with
    nothing estimated. A channel without planned units has no planned rate, so all of it is volume.

    Examples
    --------
    One channel, two phases: planned 100 and 100 at rates 2 and 4; spent 60 and 180 at 2 and 3.

    >>> planned = Cells(np.array([[100.0, 100.0]]), np.array([[200.0, 400.0]]))
    >>> actual = Cells(np.array([[60.0, 180.0]]), np.array([[120.0, 540.0]]))
    >>> [float(part[0]) for part in parted(planned, actual)]
    [120.0, 120.0, -180.0]
    """
    whole, worth = planned.units.sum(axis=1), planned.worth.sum(axis=1)
    known = whole > 0
    mean = np.divide(worth, whole, out=np.zeros_like(whole), where=known)
    # A phase without planned units is taken at the channel's own rate.
    rates = np.where(planned.units > 0, planned.rates, mean[:, None])
    volume = (actual.units.sum(axis=1) - whole) * mean
    timing = (actual.units * rates).sum(axis=1) - actual.units.sum(axis=1) * mean
    beyond = actual.worth.sum(axis=1) - (actual.units * rates).sum(axis=1)
    return Parts(np.where(known, volume, actual.worth.sum(axis=1) - worth), np.where(known, timing, 0.0),
                 np.where(known, beyond, 0.0))  # fmt: skip
