"""Which window would do: how long do those who convert take, and who could be judged if one waited no longer?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.arrays import Bools, Ints
from analysis.estimates import SMALL, proportion
from analysis.messages import Message, Span, say

LENGTHS = tuple(3600 * hours for hours in (1, 3, 6, 12, *(24 * days for days in (1, 2, 3, 5, 7, 14, 30, 60, 90))))
"""Windows that people ask with (seconds)."""
HALF, MOST = 0.5, 0.95
"""The share of conversions a window is known by, and the one it should hold."""
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Waits:
    """How long users took from first entering to the last step, and for how long the others were seen.

    Parameters
    ----------
    took : ndarray of int64, shape (converted,)
        Microseconds; of those who converted within one window.
    seen : ndarray of int64, shape (converted,)
        For how long each of them was seen since entering, at most the window.
    waiting : ndarray of int64, shape (still waiting,)
        The same of those whose window is open and who did not convert yet.
    gone : int
        How many did not convert in a whole window.
    """

    took: Ints
    seen: Ints
    waiting: Ints
    gone: int

    @classmethod
    def together(cls, parts: Sequence[Waits]) -> Waits:
        """Add up the parts of a walk."""
        took, seen, waiting = (
            np.concatenate(column) for column in zip(*((p.took, p.seen, p.waiting) for p in parts), strict=True)
        )
        return cls(took, seen, waiting, sum(p.gone for p in parts))

    def quantiles(self) -> tuple[float, float]:
        """Return the seconds within which half, and nearly all, of the conversions of a window come.

        Kaplan and Meier's estimate: who is still waiting counts for as long as they were seen.
        """
        times, events = np.unique(self.took, return_counts=True)
        everybody = len(self.took) + len(self.waiting) + self.gone
        earlier = np.append(0, events.cumsum()[:-1]) + np.searchsorted(np.sort(self.waiting), times)
        converted = 1 - np.cumprod(1 - events / (everybody - earlier))
        half, most = (times[np.argmax(converted >= share * converted[-1] - 1e-12)] for share in (HALF, MOST))
        return float(half / _SECOND), float(most / _SECOND)


class Suggested(NamedTuple):
    """A shorter window that holds nearly all conversions, in seconds, and what it would change.

    `lost` of the `converted` whose window is over took longer; `more` users could be judged.
    """

    window: float
    half: float
    most: float
    lost: int
    converted: int
    more: int

    def message(self) -> Message:
        """Return the suggestion in words."""
        return say(
            "Half of those who convert do so within {half}, 95% within {most}: consider a window of {window}. It "
            "leaves out {lost} of {converted} conversions and lets {more} more users be judged.",
            half=Span(self.half), most=Span(self.most), window=Span(self.window), lost=self.lost,
            converted=self.converted, more=self.more,
        )  # fmt: skip


def compared(waits: Waits, window: int) -> pd.DataFrame:
    """Return what each shorter window would find, the one asked last; `window` in seconds.

    Users count whose window, of that length, is over; `lost` of the conversions of the window asked took longer.
    """
    lengths = [length for length in LENGTHS if length < window] + [window]
    limits = [length * _SECOND for length in lengths]
    whole = waits.took[waits.seen >= window * _SECOND]
    users = np.array([_count(waits.seen >= limit) + _count(waits.waiting >= limit) for limit in limits]) + waits.gone
    converted = np.array([_count((waits.seen >= limit) & (waits.took <= limit)) for limit in limits])
    rate, low, high = proportion(converted, users)
    lost = np.array([_count(whole > limit) for limit in limits])
    return pd.DataFrame({"window": np.array(lengths, float), "users": users, "converted": converted, "rate": rate,
                         "low": low, "high": high, "lost": lost})  # fmt: skip


def _count(which: Bools) -> int:
    return int(np.count_nonzero(which))


def suggested(waits: Waits, table: pd.DataFrame) -> Suggested | None:
    """Choose the shortest window that holds nearly all conversions; None if that is the one asked, or few convert."""
    if len(waits.took) < SMALL:
        return None
    half, most = waits.quantiles()
    enough = table[(table["window"] >= most) & (table.index < len(table) - 1)]
    if enough.empty:
        return None
    found, asked = enough.iloc[0], table.iloc[-1]
    return Suggested(float(found["window"]), half, most, int(found["lost"]), int(asked["converted"]),
                     int(found["users"] - asked["users"]))  # fmt: skip
