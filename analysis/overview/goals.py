"""How does a figure stand to its goal?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from analysis.estimates import Interval
from analysis.messages import N_
from analysis.overview.aims import MOST
from analysis.overview.figures import SUMS, Standing, table_of

GOAL_STATES = {
    "reached": N_("reached"),
    "on-pace": N_("on pace"),
    "behind": N_("behind pace"),
    "short": N_("short"),
    "near": N_("too close to tell"),
    "within": N_("within the limit"),
    "over": N_("over the limit"),
}
MISSED = ("over", "short", "behind")
"""States that ask for something to be done."""


class Reached(NamedTuple):
    """A figure's goal, and how it stands.

    Parameters
    ----------
    target : float
    reached : float
        The figure over the goal.
    state : str
        A key of :data:`GOAL_STATES`.
    elapsed : float
        Share of the campaign's days that are over.
    """

    target: float
    reached: float
    state: str
    elapsed: float


def goals(
    found: Sequence[Standing], aims: Mapping[str, float], elapsed: Mapping[str | None, float]
) -> dict[str, Reached]:
    """Return how each figure that has a goal stands to it.

    Parameters
    ----------
    found : sequence of Standing
    aims : mapping of str to float
        By figure.
    elapsed : mapping of str to float
        Share of the campaign's days that are over, by the table that a figure is told from: a spend report tells of a
        day to its end while orders still come in.
    """
    found_of: dict[str, Reached] = {}
    for one in found:
        if target := aims.get(one.figure):
            over = elapsed[table_of(one.figure)]
            reached = float(one.now.value) / target
            found_of[one.figure] = Reached(target, reached, state(one.figure, one.now, target, over), over)
    return found_of


def state(figure: str, now: Interval, target: float, elapsed: float) -> str:
    """Say how a figure stands to its goal; what its interval holds both of, or what has none, is too close to tell.

    Sums of what happened need none.

    Examples
    --------
    >>> from analysis.estimates import proportion
    >>> state("conversion", proportion(300, 1000), 0.2, 1.0), state("conversion", proportion(30, 150), 0.21, 1.0)
    ('reached', 'near')
    >>> state("private_share", Interval.of(0.3), 0.4, 1.0), state("realised", Interval.of(30.0), 40.0, 1.0)
    ('near', 'short')
    """
    value, low, high = now.floats()
    if low != low or high != high:
        if figure not in SUMS:
            return "near"
        low = high = value
    if figure in MOST:
        return "over" if low > target else "within" if high <= target else "near"
    if figure in SUMS and value < target:
        return "short" if elapsed >= 1 else "on-pace" if value >= elapsed * target else "behind"
    return "reached" if low >= target else "short" if high < target else "near"
