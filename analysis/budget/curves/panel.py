"""What is known of every channel in every period, side by side?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Floats, Times


@dataclass(frozen=True, kw_only=True, eq=False)
class Panel:
    """A spend report as a matrix: periods in order, channels by name.

    Between a channel's first and last row, a period that others report and it does not is unknown: NaN, never zero.
    Before its first and after its last row it spent nothing (and claimed nothing, where it claims at all): a channel
    that starts later or ended earlier.

    Parameters
    ----------
    starts, ends : ndarray of datetime64[us], shape (periods,)
        UTC; the end is exclusive.
    channels : tuple of str
    spend : ndarray, shape (periods, channels)
        Credits subtracted; NaN where unknown.
    revenue : ndarray, shape (periods, channels)
        What platforms claim; NaN where unknown, and for a channel that claims nothing anywhere.
    credited : ndarray, shape (periods, channels)
        Credits, below zero, that are in the spend.
    phase : tuple of str
    credit, suspect : ndarray of bool, shape (periods, channels)
        Spend that is not what was shown to people: a credit hides it; it looks like a slip of the hand.
    unripe : ndarray of bool, shape (periods,)
        Claimed revenue has probably not all arrived.
    """

    starts: Times
    ends: Times
    channels: tuple[str, ...]
    spend: Floats
    revenue: Floats
    credited: Floats
    phase: tuple[str, ...]
    credit: Bools
    suspect: Bools
    unripe: Bools

    @property
    def known(self) -> Bools:
        """Say of each period whether every channel's spend is known: shape (periods,)."""
        return np.asarray(np.isfinite(self.spend).all(axis=1), bool)

    @property
    def overlap(self) -> bool:
        """Whether some periods overlap without being the same."""
        return bool((self.starts[1:] < self.ends[:-1]).any())

    def marked(self, *, suspect: Bools | None = None, unripe: int = 0) -> Panel:
        """Return it with values marked as suspect, and so many last periods as unripe."""
        last = np.arange(len(self.starts)) >= len(self.starts) - unripe
        return replace(self, suspect=self.suspect if suspect is None else suspect, unripe=last)


def panel(rows: pd.DataFrame) -> Panel:
    """Lay a report's rows out by period and channel.

    Parameters
    ----------
    rows : DataFrame
        As of :class:`analysis.budget.curves.report.Report`.
    """
    starts = np.sort(rows["period_start"].unique())
    channels = tuple(sorted(map(str, rows["channel"].unique())))
    at = np.searchsorted(starts, rows["period_start"].to_numpy())
    column = np.searchsorted(np.array(channels), rows["channel"].to_numpy(str))
    shape = len(starts), len(channels)

    def laid(name: str, empty: float | bool) -> Floats:
        found = np.full(shape, empty)
        found[at, column] = rows[name].to_numpy()
        return found

    held = np.zeros(shape, bool)
    held[at, column] = True
    outside = ~(np.maximum.accumulate(held) & np.maximum.accumulate(held[::-1])[::-1])
    revenue = laid("revenue", np.nan)
    claims = np.isfinite(revenue).any(axis=0)
    by_period = rows.groupby("period_start")
    return Panel(
        starts=starts.astype("datetime64[us]"),
        ends=by_period["period_end"].max().to_numpy().astype("datetime64[us]"),
        channels=channels,
        spend=np.where(outside, 0.0, laid("spend", np.nan)),
        revenue=np.where(outside & claims, 0.0, revenue),
        credited=laid("credited", 0.0),
        phase=tuple(by_period["phase"].first()),
        credit=laid("credit", False).astype(bool),
        suspect=laid("suspect", False).astype(bool),
        unripe=np.zeros(len(starts), bool) | by_period["unripe"].any().to_numpy(),
    )
