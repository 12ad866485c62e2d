"""The kernels behind :mod:`analysis.journey.nodes.question`: who met a touchpoint when, and who was there to compare.

A user's day begins with the day's first event, and time runs from there: its age. At each age a user is in one
stratum: the local day, the quarter of it in which theirs began, whether it is their first day of all, and how long ago
they last did anything (:data:`PAUSES`). Whoever meets a touchpoint makes a trial: a stratum and an age. In it stand,
beside them, all who were in that stratum at that age, by midnight, and had neither met it nor converted. Trials of one
stratum and age are one.

Three passes: :func:`meetings` finds the trials, :func:`standings` counts who stands in them, and :func:`influences`
adds up what each user means for the two rates. A user stands in a run of each stratum's trials, which are sorted by
age, so a pass looks up where the run begins and ends and where it begins to convert, and only those places are written
down.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Bools, Floats, Int16, Int32, Ints
from analysis.store.kernels import compiled

SECOND = 1_000_000
PAUSES = np.array([0, 30, 120, 600, 3_600, 90_000], np.int64) * SECOND
"""Longest time since the last event before, in each class; the first is that of a day's first event."""
QUARTERS = 4
STRATA = QUARTERS * 2 * len(PAUSES)
"""Of one day."""
STRIDE = 90_000 * SECOND
"""As long as the longest day: a trial's key is its stratum times this plus its age."""
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

    places: Ints
    touchpoints: int
    goal: int
    window: int
    until: int
    starts: Ints


class Trials(NamedTuple):
    """The trials of all touchpoints, one after another, each touchpoint's by stratum and age.

    Parameters
    ----------
    ages : ndarray of int64, shape (trials,)
    bounds : ndarray of int64, shape (touchpoints, strata + 1)
        Where each stratum's trials begin.
    """

    ages: Ints
    bounds: Ints


class Rates(NamedTuple):
    """What the first two passes found, as the third needs it.

    Parameters
    ----------
    others : ndarray, shape (trials,)
        The comparable others' rate, NaN where there were none.
    running : ndarray, shape (trials + 1, 3)
        Sums over the trials before, of what a conversion of one of the others weighs, of what was to be expected of
        one of them, and of one's weight.
    met, compared : ndarray, shape (touchpoints, groups)
        The rate of those who met it, and the others' beside them.
    groups : ndarray of bool, shape (groups, days)
    """

    others: Floats
    running: Floats
    met: Floats
    compared: Floats
    groups: Bools


@compiled
def meetings(
    user: Int32, time: Ints, code: Int16, rules: Rules, ever: Ints
) -> tuple[Ints, Ints, Ints]:  # pragma: no cover - compiled
    """Return of each meeting that makes a trial: the touchpoint, the trial's key, and whether a conversion followed.

    `ever`, shape (touchpoints, 5), is added to: of the people there on the days and not converted before, those who
    met it before the last day's end and before converting, of them converted, the rest, of them converted; and the
    meetings left out because their window is still open.
    """
    count, starts = rules.touchpoints, rules.starts
    room = (1 + np.count_nonzero(user[1:] != user[:-1])) * count if len(user) else 0
    which, keys, turned = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    met, found, i = np.empty(count, np.int64), 0, 0
    while i < len(user):
        end, done = _person(user, time, code, i, rules, met)
        there = i + np.searchsorted(time[i:end], starts[0])
        present = there < end and time[there] < starts[-1] and time[there] <= done
        for n in range(count):
            if present:
                kind = 0 if met[n] < starts[-1] else 2
                ever[n, kind] += 1
                ever[n, kind + 1] += done < _NEVER
            if not starts[0] <= met[n] < starts[-1]:
                continue
            if met[n] + rules.window > rules.until:
                ever[n, 4] += 1
                continue
            _, stratum, age = _meeting(time, i, end, starts, met[n])
            which[found], keys[found] = n, stratum * STRIDE + age
            turned[found] = done < _NEVER and done - met[n] <= rules.window
            found += 1
        i = end
    return which[:found], keys[:found], turned[:found]


@compiled
def standings(
    user: Int32, time: Ints, code: Int16, rules: Rules, trials: Trials, change: Ints, stood: Ints
) -> None:  # pragma: no cover - compiled
    """Add up where people begin and cease to stand in trials, and on how many days they do.

    Parameters
    ----------
    change : ndarray of int64, shape (trials + 1, 2)
        Out: by how many more the others stand in a trial than in the one before it, and of them convert.
    stood : ndarray of int64, shape (touchpoints, days)
        Out: people's days in at least one trial.
    """
    ages, bounds = trials.ages, trials.bounds
    met, stays, i = np.empty(rules.touchpoints, np.int64), np.empty((0, 3), np.int64), 0
    while i < len(user):
        end, done = _person(user, time, code, i, rules, met)
        if len(stays) < len(PAUSES) * (end - i) + 1:
            stays = np.empty((2 * len(PAUSES) * (end - i) + 1, 3), np.int64)
        row, day = _next(time, i, end, rules.starts, 0)
        while row < end and time[row] < done:
            began, midnight = time[row], rules.starts[day + 1]
            stratum = _first_stratum(rules.starts, day, began, time[i])
            count, after = _stays(time, row, end, midnight, stratum, stays)
            for n in range(rules.touchpoints):
                last, there = min(met[n], done, midnight, rules.until - rules.window + 1) - began, False
                if last <= 0 or bounds[n, stratum] == bounds[n, stratum + len(PAUSES)]:
                    continue
                for k in range(count):
                    low, high = bounds[n, stays[k, 0]], bounds[n, stays[k, 0] + 1]
                    if low < high:
                        stop = min(stays[k, 2], last)
                        low, high, turn = _run(ages, low, high, stays[k, 1], stop, done - rules.window - began)
                    if low < high:
                        there = True
                        change[low, 0] += 1
                        change[high, 0] -= 1
                        change[turn, 1] += 1
                        change[high, 1] -= 1
                stood[n, day] += there
            row, day = _next(time, after, end, rules.starts, midnight)
        i = end


@compiled
def influences(
    user: Int32, time: Ints, code: Int16, rules: Rules, trials: Trials, rates: Rates, sums: Floats
) -> None:  # pragma: no cover - compiled
    """Add up what each user moves the two rates by, times the people who met the touchpoint.

    `sums`, shape (touchpoints, groups, 4): the square of what they move the rate of those who met it by, of what they
    move the others' by, the product of both, and the square of their weight among the others.
    """
    ages, bounds = trials.ages, trials.bounds
    met, stays, i = np.empty(rules.touchpoints, np.int64), np.empty((0, 3), np.int64), 0
    own, running = np.zeros((rules.touchpoints, len(rates.groups), 3)), rates.running
    while i < len(user):
        end, done = _person(user, time, code, i, rules, met)
        if len(stays) < len(PAUSES) * (end - i) + 1:
            stays = np.empty((2 * len(PAUSES) * (end - i) + 1, 3), np.int64)
        own[:] = 0
        row, day = _next(time, i, end, rules.starts, 0)
        while row < end and time[row] < done:
            began, midnight = time[row], rules.starts[day + 1]
            stratum = _first_stratum(rules.starts, day, began, time[i])
            count, after = _stays(time, row, end, midnight, stratum, stays)
            for n in range(rules.touchpoints):
                last = min(met[n], done, midnight, rules.until - rules.window + 1) - began
                if last <= 0 or bounds[n, stratum] == bounds[n, stratum + len(PAUSES)]:
                    continue
                moved, weight = 0.0, 0.0
                for k in range(count):
                    low, high = bounds[n, stays[k, 0]], bounds[n, stays[k, 0] + 1]
                    if low < high:
                        stop = min(stays[k, 2], last)
                        low, high, turn = _run(ages, low, high, stays[k, 1], stop, done - rules.window - began)
                        moved += running[high, 0] - running[turn, 0] - running[high, 1] + running[low, 1]
                        weight += running[high, 2] - running[low, 2]
                for g in range(len(rates.groups)):
                    if rates.groups[g, day]:
                        own[n, g, 1] += moved
                        own[n, g, 2] += weight
            row, day = _next(time, after, end, rules.starts, midnight)
        for n in range(rules.touchpoints):
            if rules.starts[0] <= met[n] < rules.starts[-1] and met[n] + rules.window <= rules.until:
                turned = 1.0 if done < _NEVER and done - met[n] <= rules.window else 0.0
                _treat(own[n], n, trials, rates, _meeting(time, i, end, rules.starts, met[n]), turned)
            for g in range(len(rates.groups)):
                a, b, weight = own[n, g]
                sums[n, g, 0] += a * a
                sums[n, g, 1] += b * b
                sums[n, g, 2] += a * b
                sums[n, g, 3] += weight * weight
        i = end


@compiled
def _treat(
    own: Floats, n: int, trials: Trials, rates: Rates, trial: tuple[int, int, int], turned: float
) -> None:  # pragma: no cover - compiled
    """Add what somebody who met the touchpoint moves by converting, and by which trial they added to."""
    day, stratum, age = trial
    place = _place(trials.ages, trials.bounds[n, stratum], trials.bounds[n, stratum + 1], age)
    if not np.isnan(rates.others[place]):
        for g in range(len(rates.groups)):
            if rates.groups[g, day]:
                own[g, 0] += turned - rates.met[n, g]
                own[g, 1] += rates.others[place] - rates.compared[n, g]


@compiled
def _person(
    user: Int32, time: Ints, code: Int16, i: int, rules: Rules, met: Ints
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
def _next(
    time: Ints, row: int, end: int, starts: Ints, midnight: int
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Return the first row from `midnight` on and its day, among the days; `end` where there is none."""
    while row < end and time[row] < max(midnight, starts[0]):
        row += 1
    if row == end or time[row] >= starts[-1]:
        return end, -1
    return row, np.searchsorted(starts, time[row], side="right") - 1


@compiled
def _first_stratum(starts: Ints, day: int, began: int, first: int) -> int:  # pragma: no cover - compiled
    """Return the stratum of a user's day at its first event, `first` being their first of all."""
    quarter = min((began - starts[day]) * QUARTERS // (starts[day + 1] - starts[day]), QUARTERS - 1)
    return int(((2 * day + (first >= starts[day])) * QUARTERS + quarter) * len(PAUSES))


@compiled
def _meeting(
    time: Ints, i: int, end: int, starts: Ints, met: int
) -> tuple[int, int, int]:  # pragma: no cover - compiled
    """Return the day, stratum and age at which somebody meets a touchpoint."""
    day = int(np.searchsorted(starts, met, side="right")) - 1
    first = i + np.searchsorted(time[i:end], starts[day])
    stratum, before = _first_stratum(starts, day, time[first], time[i]), i + np.searchsorted(time[i:end], met) - 1
    pause = int(np.searchsorted(PAUSES, met - time[before])) if before >= first else 0
    return day, stratum + pause, met - time[first]


@compiled
def _stays(
    time: Ints, row: int, end: int, midnight: int, stratum: int, stays: Ints
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Write down a day's strata, each from which age until which; return how many, and the row after the day.

    What was last done lies before the moment itself: until the next event, and at it, that is the one before it.
    """
    began, count = time[row], 1
    stays[0, 0], stays[0, 1], stays[0, 2] = stratum, 0, 1
    while row < end and time[row] < midnight:
        until = min(time[row + 1] + 1, midnight) if row + 1 < end else midnight
        since, pause = time[row] + 1, 1
        while since < until:
            stop = time[row] + PAUSES[pause] + 1
            stays[count, 0], stays[count, 1], stays[count, 2] = stratum + pause, since - began, min(stop, until) - began
            since, pause, count = stop, pause + 1, count + 1
        row += 1
    return count, row


@compiled
def _run(
    ages: Ints, low: int, high: int, since: int, stop: int, turning: int
) -> tuple[int, int, int]:  # pragma: no cover - compiled
    """Return the trials from `low` until `high` of the ages in between, and those converting from age `turning`."""
    if low == high or since >= stop or ages[high - 1] < since or ages[low] >= stop:
        return low, low, low
    low = _place(ages, low, high, since)
    if ages[low] >= stop:  # most stays are short and hold no trial
        return low, low, low
    high = _place(ages, low, high, stop)
    return low, high, _place(ages, low, high, turning)


@compiled
def _place(ages: Ints, low: int, high: int, age: int) -> int:  # pragma: no cover - compiled
    """Return the first trial of at least this age."""
    while low < high:
        middle = (low + high) // 2
        if ages[middle] < age:
            low = middle + 1
        else:
            high = middle
    return low
