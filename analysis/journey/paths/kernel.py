"""Kernels that follow people from one event to the next."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Bools, Floats, Integers
from analysis.store.kernels import ONE, ZERO, Row, compiled

ENDED, REACHED = -1, -2
"""In place of an event: there was no further one in time; the path stopped at the event it was to lead to."""


@compiled
def follow(
    unit: Integers, time: Integers, code: Integers, starts: Integers, back: bool, collapse: bool, goal: int,
    reach: Integers, paths: Integers,
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Write the path that begins at each start.

    One sweep finds each event's next one, so that a path takes one hop per level however long a history is.

    Parameters
    ----------
    unit, time, code : ndarray, shape (rows,)
        Events that can be part of a path, those of a unit (a user, a session) together and in order of time.
    starts : ndarray of int64, shape (paths,)
        Rows.
    back : bool
        Go towards the past.
    collapse : bool
        Pass over events of the same code as the one before.
    goal : int
        The code at which a path stops; below zero for none.
    reach : ndarray of int64, shape (paths,)
        Longest time from each start, inclusive, in the unit of `time`.
    paths : ndarray of int16, shape (paths, levels)
        Out: the start's code, then one code per level, `ENDED` or `REACHED` from where there is none.
    """
    following = _following(unit, code, back, collapse)
    for p in range(len(starts)):
        row, since, missing = starts[p], time[starts[p]], 0
        paths[p, 0] = code[row]
        for level in range(1, paths.shape[1]):
            if not missing:
                row = following[np.uint64(row)]
                if row < 0 or abs(time[np.uint64(row)] - since) > reach[p]:
                    missing = ENDED
            paths[p, level] = missing if missing else code[np.uint64(row)]
            if not missing and code[np.uint64(row)] == goal:
                missing = REACHED


@compiled
def _following(unit: Integers, code: Integers, back: bool, collapse: bool) -> Integers:  # pragma: no cover - compiled
    """Return the row of each event's next one, -1 for none."""
    rows, following, n = np.uint64(len(code)), np.full(len(code), -1), ONE
    while n < rows:
        other = n - ONE if back else rows - n
        row = n if back else other - ONE
        if unit[other] == unit[row]:
            following[row] = following[other] if collapse and code[other] == code[row] else np.int64(other)
        n += ONE
    return following


@compiled
def loads(
    user: Integers, time: Integers, page: Bools, goal: Bools, load: Floats, group: Integers, window: int,
    seconds: Floats, flags: Integers, label: Integers,
) -> Row:  # fmt: skip  # pragma: no cover - compiled
    """Find each user's median load time and whether they converted, both within one window of their first load.

    Parameters
    ----------
    user, time, load, group : ndarray, shape (rows,)
        Sorted by user and time.
    page, goal : ndarray of bool, shape (rows,)
        Which rows are loads of the page, and which are the conversion; never both.
    window : int
        How long a user is looked at from their first load, inclusive, in the unit of `time`.
    seconds : ndarray of float64, shape (>= users,)
        Out: median of their loads, in the unit of `load`.
    flags : ndarray of int64, shape (>= users, 3)
        Out: whether they converted; time of their first load; how many they had.
    label : ndarray of int32, shape (>= users,)
        Out: the group at their first load.

    Returns
    -------
    int
        How many users loaded the page.
    """
    rows, i, out = np.uint64(len(user)), ZERO, ZERO
    held = np.empty(rows, np.float64)
    while i < rows:
        current, count, entered, converted, first = user[i], ZERO, np.int64(0), False, np.int32(-1)
        while i < rows and user[i] == current:
            now, reached = time[i], False
            while i < rows and user[i] == current and time[i] == now:
                if page[i] and (count == ZERO or now - entered <= window):
                    if count == ZERO:
                        first, entered = group[i], now
                    held[count] = load[i]
                    count += ONE
                reached = reached or goal[i]
                i += ONE
            if reached and count > ZERO and now - entered <= window:
                converted = True
        if count > ZERO:
            seconds[out], label[out] = np.median(held[:count]), first
            flags[out, 0], flags[out, 1], flags[out, 2] = converted, entered, count
            out += ONE
    return out
