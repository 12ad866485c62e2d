"""Retention's kernels: one pass over a chunk of whole users' events, sorted by user and time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Integers
from analysis.store.kernels import ONE, ZERO, compiled

START, RETURN = 1, 2
"""Bits of an event's mark: it starts a user, it brings them back."""


@compiled
def place(time: Integers, starts: Integers) -> Integers:  # pragma: no cover - compiled
    """Return each moment's period: the last that begins by then, -1 before the first."""
    found, p, last = np.empty(len(time), np.int32), ZERO, np.uint64(len(starts) - 1)
    for row in range(len(time)):
        now = time[row]
        # A user's events mostly stay in one period.
        if not (starts[p] <= now and (p == last or now < starts[p + ONE])):
            p = np.uint64(max(np.searchsorted(starts, now, side="right") - 1, 0))
        found[row] = p if now >= starts[p] else -1
    return found


class Events(NamedTuple):
    """A chunk's events, each an array of shape (rows,), sorted by user and time.

    Group -1 is not set, and counts last.
    """

    user: Integers
    time: Integers
    code: Integers
    group: Integers
    period: Integers


class Rules(NamedTuple):
    """Who starts, and when they are back.

    `marks`, shape (codes,): :data:`START` and :data:`RETURN` of each code. A start counts from `entry_from` to before
    `entry_until`; `ever`: a user who started before that does not count, else their first start within it does.
    `window`: length of a user's own windows from their start, 0 counts periods. `unbounded`: count each user once,
    under the last period they were back in; the last cell takes all later ones. `cell`: how many periods later being
    back is noted of each user who is kept.
    """

    marks: Integers
    entry_from: int
    entry_until: int
    ever: bool
    window: int
    unbounded: bool
    cell: int = 0


class Cohorts(NamedTuple):
    """Out: who started, and who was back.

    `users`, shape (groups, periods), and `back`, shape (groups, periods, cells), are added to. `span`, shape (2,
    groups, periods): earliest and latest start. `started`, shape (5, >= users), where it is kept, has one column per
    user who started: row, group, period, moment, whether they were back in the cell.
    """

    users: Integers
    back: Integers
    span: Integers
    started: Integers


@compiled
def retention(events: Events, rules: Rules, out: Cohorts, keep: bool) -> int:  # pragma: no cover - compiled
    """Count who started in which period and who was back how many periods later; return how many started."""
    user, time, code, group, period = events
    marks, entry_from, entry_until, ever, window, unbounded, cell = rules
    users, back, span, started = out
    cells, none = back.shape[2], users.shape[0] - 1
    seen, found, i, rows = np.full(cells, -1, np.int64), 0, ZERO, np.uint64(len(user))
    while i < rows:
        current = user[i]
        while i < rows and user[i] == current:
            if marks[np.uint64(code[i])] & START and (ever or time[i] >= entry_from):
                break
            i += ONE
        if i < rows and user[i] == current and entry_from <= time[i] < entry_until:
            start, first = time[i], i
            while first > ZERO and user[first - ONE] == current and time[first - ONE] == start:
                first -= ONE
            g, c, several, j = none, period[i], -1, first
            while j < rows and user[j] == current and time[j] == start:
                if marks[np.uint64(code[j])] & START:
                    several, c = several + 1, min(c, period[j])
                    if group[j] >= 0:
                        g = min(g, group[j])
                j += ONE
            users[g, c] += 1
            span[0, g, c], span[1, g, c] = min(span[0, g, c], start), max(span[1, g, c], start)
            if keep:
                started[0, found], started[1, found], started[2, found], started[3, found] = i, g, c, start
                started[4, found] = 0
            last, i = -1, first
            while i < rows and user[i] == current:
                # The event that starts a user does not bring them back as well.
                mark = marks[np.uint64(code[i])]
                if mark & RETURN and (i >= j or several or not mark & START):
                    k = (time[i] - start) // window if window else period[i] - c
                    last = max(last, min(k, cells - 1))
                    if not unbounded and 0 <= k < cells and seen[np.uint64(k)] != found:
                        seen[np.uint64(k)] = found
                        back[g, c, k] += 1
                        if keep and k == cell:
                            started[4, found] = 1
                i += ONE
            if unbounded and last >= 0:
                back[g, c, last] += 1
                if keep and last >= cell:
                    started[4, found] = 1
            found += 1
        while i < rows and user[i] == current:
            i += ONE
    return found


@compiled
def masks(user: Integers, campaign: Integers) -> tuple[Integers, Integers]:  # pragma: no cover - compiled
    """Return the campaigns each user took part in, a bit for each, and the first row of each user.

    Events of no campaign (-1) play no part, nor do users who have no others.
    """
    found, first = np.empty(len(user), np.int64), np.empty(len(user), np.int64)
    users, i, rows = ZERO, ZERO, np.uint64(len(user))
    while i < rows:
        current, begins, mask = user[i], i, np.int64(0)
        while i < rows and user[i] == current:
            if campaign[i] >= 0:
                mask |= np.int64(1) << campaign[i]
            i += ONE
        if mask:
            found[users], first[users] = mask, begins
            users += ONE
    return found[:users], first[:users]
