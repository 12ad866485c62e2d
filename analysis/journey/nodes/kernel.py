"""The kernel behind :mod:`analysis.journey.nodes.question`: who met a node on which day, and who was there to compare.

A user stands in a node's day either as one who meets it that day for the first time, or as one active that day
who has not met it; never after their conversion, nor after the day they met it. Their clock starts when they
meet the node, or with their first event of the day.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from analysis.store.kernels import compiled

COUNTS = 5
"""Met, of them converted, others, of them converted, left out because the window is still open."""
_NEVER = np.iinfo(np.int64).max


@compiled
def count(
    user: Any, time: Any, code: Any, nodes: Any, goal: int, window: int, until: int, starts: Any, found: Any
) -> None:  # pragma: no cover - compiled
    """Count a chunk's people by node and day into `found`, shape (nodes, days + 1, COUNTS).

    The last "day" holds the plain comparison: of the people there on the days and not converted before, those who
    ever met the node until the last day's end and before converting, and the rest.
    """
    i, days = 0, len(starts) - 1
    while i < len(user):
        end = _end(user, i)
        done = _first(time, code, i, end, goal)
        for n in range(len(nodes)):
            met = _first(time, code, i, end, nodes[n])
            met = met if met <= done else _NEVER
            if _there(time, i, end, starts, done):
                ever = 0 if met < starts[days] else 2
                found[n, days, ever] += 1
                found[n, days, ever + 1] += done < _NEVER
            if starts[0] <= met < starts[days] and met + window > until:
                found[n, days, 4] += 1
            row = i
            while row < end:
                row, day, kind, clock = _next(time, row, end, starts, met, done)
                if day >= 0 and clock + window <= until:
                    found[n, day, kind] += 1
                    found[n, day, kind + 1] += done < _NEVER and done - clock <= window
        i = end


@compiled
def vary(
    user: Any,
    time: Any,
    code: Any,
    nodes: Any,
    goal: int,
    window: int,
    until: int,
    starts: Any,
    rate: Any,
    weights: Any,
    found: Any,
) -> None:  # pragma: no cover - compiled
    """Add up what each user means for the others' rate into `found`, shape (nodes, groups, 2).

    First the square of what their conversions move it by, then the square of their weight.

    Parameters
    ----------
    rate : ndarray, shape (nodes, days)
        Conversion of the others.
    weights : ndarray, shape (nodes, groups, days)
        Weight of one of the others.
    """
    own, i = np.zeros((weights.shape[1], 2)), 0
    while i < len(user):
        end = _end(user, i)
        done = _first(time, code, i, end, goal)
        for n in range(len(nodes)):
            met = _first(time, code, i, end, nodes[n])
            met = met if met <= done else _NEVER
            own[:] = 0
            row = i
            while row < end:
                row, day, kind, clock = _next(time, row, end, starts, met, done)
                if day >= 0 and kind > 0 and clock + window <= until:
                    turned = 1.0 if done < _NEVER and done - clock <= window else 0.0
                    for g in range(len(own)):
                        own[g, 0] += weights[n, g, day] * (turned - rate[n, day])
                        own[g, 1] += weights[n, g, day]
            found[n] += own * own
        i = end


@compiled
def _end(user: Any, i: int) -> int:  # pragma: no cover - compiled
    end = i + 1
    while end < len(user) and user[end] == user[i]:
        end += 1
    return end


@compiled
def _first(time: Any, code: Any, i: int, end: int, wanted: int) -> int:  # pragma: no cover - compiled
    for row in range(i, end):
        if code[row] == wanted:
            return int(time[row])
    return _NEVER


@compiled
def _there(time: Any, i: int, end: int, starts: Any, done: int) -> bool:  # pragma: no cover - compiled
    """Say whether a person does anything on the days, not after their conversion."""
    row = i + np.searchsorted(time[i:end], starts[0])
    return bool(row < end and time[row] < starts[-1] and time[row] <= done)


@compiled
def _next(
    time: Any, row: int, end: int, starts: Any, met: int, done: int
) -> tuple[int, int, int, int]:  # pragma: no cover - compiled
    """Return the next row to look at, the day stood in (-1: none), 0 for met or 2 for not, the clock's start.

    Day -1 is all the time before the first day.
    """
    first = time[row]
    day = np.searchsorted(starts, first, side="right") - 1
    if first > done or day >= len(starts) - 1:
        return end, -1, 0, first
    midnight = starts[day + 1]
    if met < midnight:
        return end, day, 0, met
    if first == done:  # they convert as their clock would start: no others' chance to
        return end, -1, 0, first
    while row < end and time[row] < midnight:
        row += 1
    return row, day, 2, first
