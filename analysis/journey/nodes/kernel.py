"""The kernels behind :mod:`analysis.journey.nodes.question`: who met a touchpoint when, and who was there to compare.

A user's day begins with the day's first event, and time runs from there: its age. Days that begin alike (the same
local day and hour, and both or neither of them a user's first day) are one stratum. Whoever meets a touchpoint makes a
trial: its stratum and its age. In it stand, beside them, all whose day of that stratum reached that age before
midnight without their having met the touchpoint or converted. Trials of one stratum and age are one.

Three passes: :func:`meetings` finds the trials, :func:`standings` counts who stands in them, and :func:`influences`
adds up what each user means for the two rates. A user stands in a run of a stratum's trials, which are sorted by age,
so a pass looks up where the run ends and where it begins to convert, and only those two places are written down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.estimates import Floats
from analysis.journey.funnel.kernel import compiled
from analysis.store.walk import Int16, Int32, Int64

HOUR = 3_600_000_000
STRIDE = 26 * HOUR
"""Longer than any day: a trial's key is its stratum times this plus its age."""
_NEVER = np.iinfo(np.int64).max


class Rules(NamedTuple):
    """What the passes are asked.

    Parameters
    ----------
    places : ndarray of int64, shape (codes,)
        Which touchpoint a code is, -1 for none.
    touchpoints : int
    goal : int
        Code of the conversion.
    window, until : int
        Microseconds: time to convert, and the moment until which the data is complete.
    starts : ndarray of int64, shape (days + 1,)
        When each day begins and the last ends.
    """

    places: Int64
    touchpoints: int
    goal: int
    window: int
    until: int
    starts: Int64


class Trials(NamedTuple):
    """The trials of all touchpoints, one after another, each touchpoint's by stratum and age.

    Parameters
    ----------
    ages : ndarray of int64, shape (trials,)
    bounds : ndarray of int64, shape (touchpoints, strata + 1)
        Where each stratum's trials begin.
    """

    ages: Int64
    bounds: Int64


class Rates(NamedTuple):
    """What the first two passes found, as the third needs it.

    Parameters
    ----------
    others : ndarray, shape (trials,)
        The comparable others' rate, NaN where there were none.
    weights, turned, expected : ndarray, shape (trials + 1,)
        Running sums over the trials of one of the others' weight, of what a conversion of theirs weighs, and of what
        was to be expected of them.
    met, compared : ndarray, shape (touchpoints, groups)
        The rate of those who met it, and the others' beside them.
    groups : ndarray of bool, shape (groups, days)
    """

    others: Floats
    weights: Floats
    turned: Floats
    expected: Floats
    met: Floats
    compared: Floats
    groups: np.ndarray[tuple[int, int], np.dtype[np.bool_]]


@compiled
def meetings(
    user: Int32, time: Int64, code: Int16, rules: Rules, ever: Int64
) -> tuple[Int64, Int64, Int64]:  # pragma: no cover - compiled
    """Return of each meeting that makes a trial: the touchpoint, the trial's key, and whether a conversion followed.

    `ever`, shape (touchpoints, 5), is added to: of the people there on the days and not converted before, those who
    met it before the last day's end and before converting, of them converted, the rest, of them converted; and the
    meetings left out because their window is still open.
    """
    count = rules.touchpoints
    room = (1 + np.count_nonzero(user[1:] != user[:-1])) * count if len(user) else 0
    which, keys, turned = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    met, found, i, first_day, last_day = np.empty(count, np.int64), 0, 0, rules.starts[0], rules.starts[-1]
    while i < len(user):
        end, done = _person(user, time, code, i, rules, met)
        there = i + np.searchsorted(time[i:end], first_day)
        present = there < end and time[there] < last_day and time[there] <= done
        for n in range(count):
            if present:
                kind = 0 if met[n] < last_day else 2
                ever[n, kind] += 1
                ever[n, kind + 1] += done < _NEVER
            if first_day <= met[n] < last_day:
                if met[n] + rules.window > rules.until:
                    ever[n, 4] += 1
                    continue
                day = np.searchsorted(rules.starts, met[n], side="right") - 1
                began = time[i + np.searchsorted(time[i:end], rules.starts[day])]
                which[found] = n
                keys[found] = _stratum(rules.starts, day, began, time[i]) * STRIDE + met[n] - began
                turned[found] = done < _NEVER and done - met[n] <= rules.window
                found += 1
        i = end
    return which[:found], keys[:found], turned[:found]


@compiled
def standings(
    user: Int32, time: Int64, code: Int16, rules: Rules, trials: Trials, change: Int64, stood: Int64
) -> None:  # pragma: no cover - compiled
    """Add up where people begin and cease to stand in trials, and on how many days they do.

    Parameters
    ----------
    change : ndarray of int64, shape (trials + 1, 2)
        Out: by how many more the others stand in a trial than in the one before it, and of them convert.
    stood : ndarray of int64, shape (touchpoints, days)
        Out: people's days in at least one trial.
    """
    met, i = np.empty(rules.touchpoints, np.int64), 0
    while i < len(user):
        end, done = _person(user, time, code, i, rules, met)
        row, day = _next(time, i, end, rules.starts, 0)
        while row < end and time[row] < done:
            began, midnight = time[row], rules.starts[day + 1]
            stratum = _stratum(rules.starts, day, began, time[i])
            for n in range(rules.touchpoints):
                low, high, turn = _run(rules, trials, n, stratum, began, midnight, met[n], done)
                if low < high:
                    stood[n, day] += 1
                    change[low, 0] += 1
                    change[high, 0] -= 1
                    change[turn, 1] += 1
                    change[high, 1] -= 1
            row, day = _next(time, row, end, rules.starts, midnight)
        i = end


@compiled
def influences(
    user: Int32, time: Int64, code: Int16, rules: Rules, trials: Trials, rates: Rates, sums: Floats
) -> None:  # pragma: no cover - compiled
    """Add up what each user moves the two rates by, times the people there are.

    `sums`, shape (touchpoints, groups, 4): the square of what they move the rate of those who met it by, of what they
    move the others' by, the product of both, and the square of their weight among the others.
    """
    groups = len(rates.groups)
    met, own, i = np.empty(rules.touchpoints, np.int64), np.zeros((rules.touchpoints, groups, 3)), 0
    while i < len(user):
        end, done = _person(user, time, code, i, rules, met)
        row, day = _next(time, i, end, rules.starts, 0)
        own[:] = 0
        while row < end and time[row] < done:
            began, midnight = time[row], rules.starts[day + 1]
            stratum = _stratum(rules.starts, day, began, time[i])
            for n in range(rules.touchpoints):
                low, high, turn = _run(rules, trials, n, stratum, began, midnight, met[n], done)
                if low < high:
                    moved = rates.turned[high] - rates.turned[turn] - rates.expected[high] + rates.expected[low]
                    for g in range(groups):
                        if rates.groups[g, day]:
                            own[n, g, 1] += moved
                            own[n, g, 2] += rates.weights[high] - rates.weights[low]
                if began <= met[n] < midnight and met[n] + rules.window <= rules.until:
                    place = _place(trials.ages, trials.bounds[n, stratum], trials.bounds[n, stratum + 1], met[n] - began)
                    if not np.isnan(rates.others[place]):
                        turned = 1.0 if done < _NEVER and done - met[n] <= rules.window else 0.0
                        for g in range(groups):
                            if rates.groups[g, day]:
                                own[n, g, 0] += turned - rates.met[n, g]
                                own[n, g, 1] += rates.others[place] - rates.compared[n, g]
            row, day = _next(time, row, end, rules.starts, midnight)
        for n in range(rules.touchpoints):
            for g in range(groups):
                a, b, weight = own[n, g]
                sums[n, g, 0] += a * a
                sums[n, g, 1] += b * b
                sums[n, g, 2] += a * b
                sums[n, g, 3] += weight * weight
        i = end


@compiled
def _person(
    user: Int32, time: Int64, code: Int16, i: int, rules: Rules, met: Int64
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Return where a user's rows end and when they convert; write down when they meet each touchpoint before that."""
    row, done = i, _NEVER
    met[:] = _NEVER
    while row < len(user) and user[row] == user[i]:
        place = rules.places[code[row]]
        if place >= 0 and met[place] == _NEVER and done == _NEVER:
            met[place] = time[row]
        if code[row] == rules.goal and done == _NEVER:
            done = time[row]
        row += 1
    for n in range(len(met)):
        if met[n] >= done:  # at the moment of converting it is too late
            met[n] = _NEVER
    return row, done


@compiled
def _stratum(starts: Int64, day: int, began: int, first: int) -> int:  # pragma: no cover - compiled
    hour = min((began - starts[day]) // HOUR, 23)
    return int((2 * day + (first >= starts[day])) * 24 + hour)


@compiled
def _next(
    time: Int64, row: int, end: int, starts: Int64, midnight: int
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Return the first row from `midnight` on and its day, among the days; `end` where there is none."""
    while row < end and time[row] < max(midnight, starts[0]):
        row += 1
    if row == end or time[row] >= starts[-1]:
        return end, -1
    return row, np.searchsorted(starts, time[row], side="right") - 1


@compiled
def _run(
    rules: Rules, trials: Trials, n: int, stratum: int, began: int, midnight: int, met: int, done: int
) -> tuple[int, int, int]:  # pragma: no cover - compiled
    """Return the trials a user's day stands in, from low until high, and from which on a conversion follows."""
    low, high = trials.bounds[n, stratum], trials.bounds[n, stratum + 1]
    last = min(met, done, midnight, rules.until - rules.window + 1) - began
    if low == high or last <= 0:
        return low, low, low
    high = _place(trials.ages, low, high, last)
    turn = _place(trials.ages, low, high, done - rules.window - began) if done < _NEVER else high
    return low, high, turn


@compiled
def _place(ages: Int64, low: int, high: int, age: int) -> int:  # pragma: no cover - compiled
    """Return the first trial of at least this age."""
    while low < high:
        middle = (low + high) // 2
        if ages[middle] < age:
            low = middle + 1
        else:
            high = middle
    return low
