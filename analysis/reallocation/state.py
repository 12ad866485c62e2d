"""What does a policy hold, remember and write down while a campaign runs, as few arrays a kernel fills?

A compiled function is handed every array of a tuple apart, and each costs time at every call: so what has the same
shape lies in one array, and names say which layer is what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.arrays import Bools, Floats, Ints

CENTS = 100
FIXED, RULED, THOMPSON, SCHEDULED = range(4)
"""Kinds of policies: a split left alone, a rule set, Thompson sampling, a list of decisions carried out as written."""
CARRIED_OUT, LIMIT, RESTING, CONFLICT, STANDING_DOWN, MODE = range(6)
IN_REVIEW, REJECTED, TIMED_OUT, NOTHING, NOT_MET, FULL_DAY = range(6, 12)
"""What became of a decision."""
WAITING_ROOM = 64
"""Most decisions that wait for a person at a time; a further one is carried out at once."""

KIND, HOW, SET_ASIDE, FIRST, BEYOND = range(5)
"""Layers of `Policies.own`: kind, mode, reserve at the start, and where the policy's rules begin and end."""
LOOKS, ACTS, THEN = range(3)
"""Layers of `Policies.ticks`."""
OPS, OPS_END, ACTIONS, ACTIONS_END = range(6, 10)
"""Further columns of `Policies.rules`: where a rule's instructions and actions begin and end."""
LIMITS = 7
"""Columns of `Policies.limits` that are limits; those of review follow."""


class Policies(NamedTuple):
    """All policies of a simulation, rule sets laid end to end.

    Parameters
    ----------
    own : ndarray of int, shape (5, policies)
    plan : ndarray of int, shape (policies, channels)
        Cents at the start.
    tranches : ndarray of int, shape (policies, 10)
    ticks : ndarray of int, shape (3, policies, hours + 1)
        Whether conditions are looked at before each hour, whether money may be moved, and when it next may after it.
    ops, values, acts_of, act_values, scope
        As in :class:`analysis.rules.program.Program`.
    rules : ndarray of int, shape (rules, 10)
    limits : ndarray, shape (policies, 13)
    when : ndarray of int, shape (decisions, 3)
        For scheduled ones: moment, kind of action, and the channel that is paused or resumed.
    cents : ndarray of int, shape (2, decisions, channels)
        What changes, and what is released.
    use : ndarray of bool, shape (policies, decisions)
    """

    own: Ints
    plan: Ints
    tranches: Ints
    ticks: Ints
    ops: Ints
    values: Floats
    rules: Ints
    acts_of: Ints
    act_values: Floats
    scope: Bools
    limits: Floats
    when: Ints
    cents: Ints
    use: Bools


LEFT, EXTRA, LEARNS, CHANGED, PAUSED = range(5)
"""Layers of `State.cells`: cents of the working budget, cents released until the next adjustment, until which hour a
channel learns, when it was last changed, whether it is paused."""
DUE, EXTRA_DUE, PACE = range(3)
"""Layers of `State.carry`: cents due by rounding, the same of what was released, the rate that spending got used to."""
RESERVE, LOCKED, TRANCHE, STANDS, WAITING, DECLARED, MET = range(7)
"""Layers of `State.own`: cents of both, tranches released, until when all rules rest, decisions that wait for a person,
whether a surge stands declared, and whether the one that is on was found."""
SPENT, ORDERS, FORECAST, LATE, LATE_FORECAST = range(5)
"""Layers of `State.sums`: cents, orders, forecast revenue, and of the last two what has not come in yet."""
STREAK, FIRED = range(2)
"""Layers of `State.counts`: evaluations in a row, and when a rule last acted."""
CHANGE, GIVEN, TOUCHED = range(3)
"""Layers of `State.decided`: the decision being made, and 1 + the rule that changed a channel at this moment."""
START, LEVEL, LOW, HIGH, SCALE, OUT, LUCKS, SWINGS, EARNS, USUALLY = range(10)
"""Layers of `State.room`."""


class State(NamedTuple):
    """One run's state.

    Parameters
    ----------
    cells : ndarray of int, shape (5, policies, channels)
    carry : ndarray, shape (3, policies, channels)
    own : ndarray of int, shape (7, policies)
    rates : ndarray, shape (policies, 24, channels)
        The rate a day of each of the last 24 hours.
    sums : ndarray, shape (5, policies, hours + 1, channels)
        Running sums.
    counts : ndarray of int, shape (2, rules, channels + 1)
        The last column is the campaign's.
    done : ndarray of int, shape (policies, hours + 2)
        Decisions carried out by each moment.
    queue : ndarray of int, shape (policies, WAITING_ROOM, 5)
        Due, rule, action, channel, verdict.
    queued : ndarray of int, shape (policies, WAITING_ROOM, 2, channels)
    decided : ndarray of int, shape (3, channels)
    room : ndarray, shape (10, channels)
    seen : ndarray, shape (70,)
        What the last condition compared, the marginal ROIs; and, from the seventh, the stack.
    """

    cells: Ints
    carry: Floats
    own: Ints
    rates: Floats
    sums: Floats
    counts: Ints
    done: Ints
    queue: Ints
    queued: Ints
    decided: Ints
    room: Floats
    seen: Floats


class Log(NamedTuple):
    """Every decision of one run.

    Parameters
    ----------
    whole : ndarray of int, shape (rows, 6)
        Moment, policy, rule, kind of action, channel (-1 for the campaign), what became of it.
    reals : ndarray, shape (rows, 5)
        Both sides of the condition's first comparison, the marginal ROI given up and gained, and cents proposed.
    cents : ndarray of int, shape (3, rows, channels)
        Before, change, release.
    filled : ndarray of int, shape (1,)
        Rows there were, those for which there was no room included; -1 while another run is walked.
    """

    whole: Ints
    reals: Floats
    cents: Ints
    filled: Ints


class Trace(NamedTuple):
    """One run's money, hour by hour, in cents; and what was expected of it and seen.

    Parameters
    ----------
    spent : ndarray of int, shape (policies, hours, channels)
    held : ndarray of int, shape (3, policies, hours)
        Reserve, tranches and what is left at the end of each hour; what was released and not spent yet is left.
    cells : ndarray, shape (2, policies, hours, channels)
        Revenue expected, and orders as they were seen, at the hour of their spend.
    """

    spent: Ints
    held: Ints
    cells: Floats


REVENUE, WAITED = range(2)
"""Layers of `Tally.worth`: revenue, and hours until surges were found, added up."""
(
    TOTAL_SPENT, TOTAL_RESERVE, TOTAL_LOCKED, TOTAL_LEFT, DRAWN, MOVED, DECISIONS, HELD, FOUND, TOTAL_DECLARED, FALSE
) = range(11)  # fmt: skip
"""Layers of `Tally.whole`: cents, drawn and spent from the reserve, moved between channels; decisions carried out and
held back; surges found, declared, and declared without one."""


class Tally(NamedTuple):
    """What every run came to.

    Parameters
    ----------
    worth : ndarray, shape (2, runs, policies)
    days : ndarray, shape (runs, policies, days)
        Revenue of each day.
    whole : ndarray of int, shape (11, runs, policies)
    surges : ndarray of int, shape (runs,)
    fires : ndarray of int, shape (runs, rules)
        How often each rule was met when it could have acted.
    """

    worth: Floats
    days: Floats
    whole: Ints
    surges: Ints
    fires: Ints


def joined(parts: Sequence[Tally]) -> Tally:
    """Return what some runs came to, and then others, as one."""
    axes = Tally(worth=1, days=0, whole=1, surges=0, fires=0)  # type: ignore[arg-type] # where each counts runs
    return Tally(*(np.concatenate(own, axis) for own, axis in zip(zip(*parts, strict=True), axes, strict=True)))


def state(policies: Policies, length: int) -> State:
    """Return room for one run."""
    count, width = policies.plan.shape
    rules = max(len(policies.rules), 1)
    return State(
        cells=np.zeros((5, count, width), dtype=np.int64),
        carry=np.zeros((3, count, width)),
        own=np.zeros((7, count), dtype=np.int64),
        rates=np.zeros((count, 24, width)),
        sums=np.zeros((5, count, length + 1, width)),
        counts=np.zeros((2, rules, width + 1), dtype=np.int64),
        done=np.zeros((count, length + 2), dtype=np.int64),
        queue=np.zeros((count, WAITING_ROOM, 5), dtype=np.int64),
        queued=np.zeros((count, WAITING_ROOM, 2, width), dtype=np.int64),
        decided=np.zeros((3, width), dtype=np.int64),
        room=np.zeros((10, width)),
        seen=np.zeros(70),
    )


def log(rows: int, width: int) -> Log:
    """Return an empty log with room for so many decisions."""
    whole, cents = np.zeros((rows, 6), dtype=np.int64), np.zeros((3, rows, width), dtype=np.int64)
    return Log(whole, np.full((rows, 5), np.nan), cents, np.zeros(1, dtype=np.int64))


def trace(policies: int, length: int, width: int) -> Trace:
    """Return room for one run's money; of length 0 where nobody asks."""
    return Trace(
        np.zeros((policies, length, width), dtype=np.int64),
        np.zeros((3, policies, length), dtype=np.int64),
        np.zeros((2, policies, length, width)),
    )


def tally(runs: int, policies: int, days: int, rules: int) -> Tally:
    """Return room for what runs come to."""
    return Tally(
        np.zeros((2, runs, policies)),
        np.zeros((runs, policies, days)),
        np.zeros((11, runs, policies), dtype=np.int64),
        np.zeros(runs, dtype=np.int64),
        np.zeros((runs, rules), dtype=np.int64),
    )
