"""The funnel's kernel: one pass over a chunk of whole users' events, sorted by user and time.

For each level k it keeps the latest-starting chain of distinct events that matched steps 1..k in order, with
its times. The latest start is the one whose window closes last, so it alone decides how deep a user gets
(ClickHouse's windowFunnel rests on the same fact). Events of one moment are taken together: any order among
them is allowed, each event still serving one step.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

LIMIT = 62
"""Most steps a funnel can have: one bit of an int64 mask each, with room to spare."""


def _compiled(function: Any) -> Any:
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither this folder nor the home folder can be written: compile in each process
        return njit(nogil=True)(function)


@_compiled
def funnel(
    user: Any,
    time: Any,
    code: Any,
    group: Any,
    masks: Any,
    step_code: Any,
    window: int,
    first_only: bool,
    entry_from: int,
    entry_until: int,
    level: Any,
    latest: Any,
    label: Any,
    gaps: Any,
) -> int:  # pragma: no cover - compiled
    """Walk one chunk; write one row per user who entered and return how many.

    Parameters
    ----------
    user, time, code, group : ndarray, shape (rows,)
        Sorted by user and time; `group` -1 means not set.
    masks : ndarray of int64, shape (codes,)
        Bit k is set where the code matches step k.
    step_code : ndarray of int64, shape (steps,)
        Each step's code.
    window : int
        In the unit of `time`, inclusive.
    first_only : bool
        Only a user's first entry may start the chain.
    entry_from, entry_until : int
        Half-open range in which an entry counts.
    level, latest, label : ndarray, shape (>= users,)
        Out: deepest step, start of the latest chain there, group at the first step of the recorded chain.
    gaps : ndarray, shape (>= users, steps)
        Out: time from the previous step along the recorded chain (column 0 is unused).
    """
    steps = len(step_code)
    starts = np.zeros(steps, np.int64)
    groups = np.zeros(steps, np.int32)
    times = np.zeros((steps, steps), np.int64)
    recorded = np.zeros(steps, np.int64)
    counts = np.zeros(len(masks), np.int64)
    deepest, shallower = _served(masks, step_code)
    taken = _steps_only(code, masks)
    rows, i, out = len(taken), 0, 0
    while i < rows:
        current, held, chain_group = user[taken[i]], 0, np.int32(-1)
        while i < rows and user[taken[i]] == current:
            row, j, before = taken[i], i + 1, held
            now = time[row]
            while j < rows and time[taken[j]] == now and user[taken[j]] == current:
                j += 1
            may_enter = entry_from <= now < entry_until and not (first_only and held > 0)
            if j == i + 1:
                k = deepest[code[row]]
                while k >= 0:
                    if k == 0:
                        if may_enter:
                            starts[0], groups[0], times[0, 0] = now, group[row], now
                            held = max(held, 1)
                    elif k <= held and starts[k - 1] + window >= now and (k == held or starts[k - 1] > starts[k]):
                        starts[k], groups[k] = starts[k - 1], groups[k - 1]
                        for s in range(k):
                            times[k, s] = times[k - 1, s]
                        times[k, k] = now
                        held = max(held, k + 1)
                    k = shallower[k]
            else:
                end = taken[j - 1] + 1
                held = _same_moment(
                    code[row:end], group[row:end], now, held, may_enter, masks, step_code, window,
                    starts, groups, times, counts,
                )  # fmt: skip
            if held > before:
                chain_group = groups[held - 1]
                for s in range(held):
                    recorded[s] = times[held - 1, s]
            i = j
        if held:
            level[out], latest[out], label[out] = held, starts[held - 1], chain_group
            for s in range(1, held):
                gaps[out, s] = recorded[s] - recorded[s - 1]
            out += 1
    return out


@_compiled
def _steps_only(code: Any, masks: Any) -> Any:  # pragma: no cover - compiled
    """Return the rows that can matter. Without a branch: which rows do is random, so a branch guesses wrong."""
    rows, found = np.empty(len(code), np.int32), 0
    for row in range(len(code)):
        rows[found] = row
        found += masks[code[row]] != 0
    return rows[:found]


@_compiled
def _served(masks: Any, step_code: Any) -> tuple[Any, Any]:  # pragma: no cover - compiled
    """Return each code's deepest step and each step's next shallower one of the same code; -1 for none."""
    deepest, shallower = np.full(len(masks), -1), np.full(len(step_code), -1)
    for k, code in enumerate(step_code):
        shallower[k], deepest[code] = deepest[code], k
    return deepest, shallower


@_compiled
def _same_moment(
    code: Any,
    group: Any,
    now: int,
    held: int,
    may_enter: bool,
    masks: Any,
    step_code: Any,
    window: int,
    starts: Any,
    groups: Any,
    times: Any,
    counts: Any,
) -> int:  # pragma: no cover - compiled
    """Take several events of one moment together; return the new depth.

    For each level k, deepest first, a chain may use this moment's events for steps a..k if there are enough of
    each; the smallest such a starts latest, and of equal starts the largest a went earliest. Entering here is
    a = 0. Among entries of one moment the group that sorts first counts.
    """
    steps = len(step_code)
    entry = np.int32(-1)
    for row in range(len(code)):
        if masks[code[row]] & 1 and group[row] >= 0 and (entry < 0 or group[row] < entry):
            entry = group[row]
    reached = held
    for k in range(steps - 1, -1, -1):
        for row in range(len(code)):
            counts[code[row]] += 1
        best, a = -1, k
        while a >= 0 and counts[step_code[a]] > 0:
            counts[step_code[a]] -= 1
            if (a == 0 and may_enter) or (
                0 < a <= held and starts[a - 1] + window >= now and (best < 0 or starts[a - 1] > starts[best - 1])
            ):
                best = a
            a -= 1
        for row in range(len(code)):
            counts[code[row]] = 0
        if best < 0:
            continue
        start = now if best == 0 else starts[best - 1]
        if k < held and start <= starts[k]:
            continue
        groups[k] = entry if best == 0 else groups[best - 1]
        for s in range(best):
            times[k, s] = times[best - 1, s]
        for s in range(best, k + 1):
            times[k, s] = now
        starts[k] = start
        reached = max(reached, k + 1)
    return reached
