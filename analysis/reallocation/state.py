"""What does a policy hold, remember and write down while a campaign runs, as arrays a kernel fills?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Bools, Floats, Ints

CENTS = 100
FIXED, RULED, THOMPSON, SCHEDULED = range(4)
"""Kinds of policies: a split left alone, a rule set, Thompson sampling, a list of decisions carried out as written."""
CARRIED_OUT, LIMIT, RESTING, CONFLICT, STANDING_DOWN, MODE, IN_REVIEW, REJECTED, TIMED_OUT, NOTHING, NOT_MET, FULL_DAY = (
    range(12)
)
"""What became of a decision."""
WAITING = 64
"""Most decisions that wait for a person at a time; a further one is carried out at once."""


class Policies(NamedTuple):
    """All policies of a simulation, rule sets laid end to end.

    Parameters
    ----------
    kind, mode : ndarray of int, shape (policies,)
    plan : ndarray of int, shape (policies, channels)
        Cents at the start.
    reserve : ndarray of int, shape (policies,)
    tranches : ndarray of int, shape (policies, 10)
    looks, acts : ndarray of bool, shape (policies, hours + 1)
        At which moments (before each hour) conditions are looked at, and money moved.
    then : ndarray of int, shape (policies, hours)
        The next moment after each hour at which money may be moved; the end, if there is none.
    first : ndarray of int, shape (policies + 1,)
        Where each policy's rules begin.
    ops, values, starts, rules, acts_of, act_values, act_starts, scope
        As in :class:`analysis.rules.program.Program`.
    limits : ndarray, shape (policies, 7)
    review : ndarray, shape (policies, 6)
    when, what : ndarray of int, shape (decisions,)
        For the scheduled ones: moment and kind of action of each decision.
    on : ndarray of int, shape (decisions,)
        The channel that is paused or resumed.
    change, release : ndarray of int, shape (decisions, channels)
    use : ndarray of bool, shape (policies, decisions)
    """

    kind: Ints
    mode: Ints
    plan: Ints
    reserve: Ints
    tranches: Ints
    looks: Bools
    acts: Bools
    then: Ints
    first: Ints
    ops: Ints
    values: Floats
    starts: Ints
    rules: Ints
    acts_of: Ints
    act_values: Floats
    act_starts: Ints
    scope: Bools
    limits: Floats
    review: Floats
    when: Ints
    what: Ints
    on: Ints
    change: Ints
    release: Ints
    use: Bools


class State(NamedTuple):
    """One run's state; the first axis is the policy unless said otherwise.

    Parameters
    ----------
    left, extra : ndarray of int, shape (policies, channels)
        Cents of the working budget, and of the reserve released until the next adjustment.
    due, extra_due : ndarray, shape (policies, channels)
        Cents due by rounding.
    reserve, locked, tranche : ndarray of int, shape (policies,)
    paused : ndarray of bool, shape (policies, channels)
    pace : ndarray, shape (policies, channels)
        Rate a day that spending has got used to.
    learns : ndarray of int, shape (policies, channels)
        Until which hour a channel learns.
    rates : ndarray, shape (policies, 24, channels)
        The rate a day of each of the last 24 hours.
    spent, orders, forecast, late, late_forecast : ndarray, shape (policies, hours + 1, channels)
        Running sums of cents, orders, forecast revenue; and, of the last two, what has not come in yet.
    streak, fired : ndarray of int, shape (rules, channels + 1)
        Evaluations in a row, and when it last acted; the last column is the campaign's.
    changed : ndarray of int, shape (policies, channels)
    done : ndarray of int, shape (policies, hours + 2)
        Decisions carried out by each moment.
    stands : ndarray of int, shape (policies,)
        Until when all rules rest.
    waiting : ndarray of int, shape (policies,)
    queue : ndarray of int, shape (policies, WAITING, 6)
        Due, rule, action, channel, whether it will be carried out, and the verdict.
    queue_change, queue_release : ndarray of int, shape (policies, WAITING, channels)
    declared : ndarray of bool, shape (policies,)
    met : ndarray of bool, shape (policies,)
        Whether the surge that is on was found.
    touched : ndarray of bool, shape (channels,)
    change, given : ndarray of int, shape (channels,)
        The decision being made.
    start, level, low, high, scale, out : ndarray, shape (channels,)
        Room to work in: rates at the beginning of an adjustment, levels, bounds.
    seen : ndarray, shape (6,)
        What the last condition compared, and the marginal ROIs.
    stack : ndarray, shape (64,)
    """

    left: Ints
    extra: Ints
    due: Floats
    extra_due: Floats
    reserve: Ints
    locked: Ints
    tranche: Ints
    paused: Bools
    pace: Floats
    learns: Ints
    rates: Floats
    spent: Ints
    orders: Floats
    forecast: Floats
    late: Floats
    late_forecast: Floats
    streak: Ints
    fired: Ints
    changed: Ints
    done: Ints
    stands: Ints
    waiting: Ints
    queue: Ints
    queue_change: Ints
    queue_release: Ints
    declared: Bools
    met: Bools
    touched: Bools
    change: Ints
    given: Ints
    start: Floats
    level: Floats
    low: Floats
    high: Floats
    scale: Floats
    out: Floats
    seen: Floats
    stack: Floats


class Log(NamedTuple):
    """Every decision of one run.

    Parameters
    ----------
    whole : ndarray of int, shape (rows, 6)
        Moment, policy, rule, kind of action, channel (-1 for the campaign), what became of it.
    reals : ndarray, shape (rows, 5)
        Both sides of the condition's first comparison, the marginal ROI given up and gained, and cents proposed.
    before, change, release : ndarray of int, shape (rows, channels)
        Cents.
    count : ndarray of int, shape (1,)
    """

    whole: Ints
    reals: Floats
    before: Ints
    change: Ints
    release: Ints
    count: Ints


class Trace(NamedTuple):
    """One run's money, hour by hour, in cents; and what was expected of it and seen.

    Parameters
    ----------
    spent : ndarray of int, shape (policies, hours, channels)
    reserve, locked, left : ndarray of int, shape (policies, hours)
        At the end of each hour; what was released and not spent yet counts as left.
    revenue : ndarray, shape (policies, hours, channels)
    orders : ndarray, shape (policies, hours, channels)
        As they were seen, at the hour of their spend.
    """

    spent: Ints
    reserve: Ints
    locked: Ints
    left: Ints
    revenue: Floats
    orders: Floats


class Tally(NamedTuple):
    """What every run came to, shape (runs, policies) unless said otherwise.

    Parameters
    ----------
    revenue : ndarray
    days : ndarray, shape (runs, policies, days)
        Revenue of each day.
    spent, reserve, locked, left, drawn, moved : ndarray of int
        Cents; drawn and spent from the reserve; moved between channels.
    decisions, held : ndarray of int
        Carried out, and held back.
    surges : ndarray of int, shape (runs,)
    found, declared, false : ndarray of int
    waited : ndarray
        Hours until surges were found, added up.
    fires : ndarray of int, shape (runs, rules)
        How often each rule was met when it could have acted.
    """

    revenue: Floats
    days: Floats
    spent: Ints
    reserve: Ints
    locked: Ints
    left: Ints
    drawn: Ints
    moved: Ints
    decisions: Ints
    held: Ints
    surges: Ints
    found: Ints
    declared: Ints
    false: Ints
    waited: Floats
    fires: Ints


def state(policies: Policies, length: int) -> State:
    """Return room for one run."""
    count, width = policies.plan.shape
    many, rules = length + 1, max(len(policies.rules), 1)

    def whole(*shape: int) -> Ints:
        return np.zeros(shape, dtype=np.int64)

    return State(
        left=whole(count, width), extra=whole(count, width), due=np.zeros((count, width)),
        extra_due=np.zeros((count, width)), reserve=whole(count), locked=whole(count), tranche=whole(count),
        paused=np.zeros((count, width), dtype=bool), pace=np.zeros((count, width)), learns=whole(count, width),
        rates=np.zeros((count, 24, width)), spent=whole(count, many, width), orders=np.zeros((count, many, width)),
        forecast=np.zeros((count, many, width)), late=np.zeros((count, many, width)),
        late_forecast=np.zeros((count, many, width)), streak=whole(rules, width + 1), fired=whole(rules, width + 1),
        changed=whole(count, width), done=whole(count, length + 2), stands=whole(count), waiting=whole(count),
        queue=whole(count, WAITING, 6), queue_change=whole(count, WAITING, width),
        queue_release=whole(count, WAITING, width), declared=np.zeros(count, dtype=bool),
        met=np.zeros(count, dtype=bool), touched=np.zeros(width, dtype=bool), change=whole(width), given=whole(width),
        start=np.zeros(width), level=np.zeros(width), low=np.zeros(width), high=np.zeros(width),
        scale=np.zeros(width), out=np.zeros(width), seen=np.zeros(6), stack=np.zeros(64),
    )  # fmt: skip


def log(rows: int, width: int) -> Log:
    """Return an empty log with room for so many decisions."""
    cells = [np.zeros((rows, width), dtype=np.int64) for _ in range(3)]
    return Log(np.zeros((rows, 6), dtype=np.int64), np.full((rows, 5), np.nan), *cells, np.zeros(1, dtype=np.int64))


def trace(policies: int, length: int, width: int) -> Trace:
    """Return room for one run's money; of length 0 where nobody asks."""
    hourly = [np.zeros((policies, length), dtype=np.int64) for _ in range(3)]
    shape = (policies, length, width)
    return Trace(np.zeros(shape, dtype=np.int64), *hourly, np.zeros(shape), np.zeros(shape))


def tally(runs: int, policies: int, days: int, rules: int) -> Tally:
    """Return room for what runs come to."""
    whole = [np.zeros((runs, policies), dtype=np.int64) for _ in range(11)]
    return Tally(
        np.zeros((runs, policies)), np.zeros((runs, policies, days)), *whole[:8], np.zeros(runs, dtype=np.int64),
        *whole[8:], np.zeros((runs, policies)), np.zeros((runs, rules), dtype=np.int64),
    )  # fmt: skip
