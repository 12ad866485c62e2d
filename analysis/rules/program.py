"""What does a rule set come to as numbers that a kernel can walk?

A condition becomes a little stack program. Every instruction is a row of `ops` (op, metric, window, excluded, whose,
per) with a number in `values`; hours are whole. It is three-valued: "no data" is NaN, and passes through comparisons,
"not" and whatever it decides of "all" and "any".
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.errors import DataError
from analysis.messages import say
from analysis.rules.actions import (
    Action,
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.conditions import ALL, METRICS, OPERATORS, AllOf, AnyOf, Compare, Condition, NotOf, Reading, hours
from analysis.rules.rule_set import MODES, Limits, Rule, RuleSet

CONSTANT, READ, GREATER, AT_LEAST, LESS, AT_MOST, AND, OR, NOT = range(9)
"""Instructions: push a number; push a reading times a number; compare; join."""
OWN, TOTAL = -1, -2
"""Whose figure: of the channel looked at, of all together; else a channel's number."""
PER = ("window", "hour", "day")
CHANGE_SHARE, CHANGE_AMOUNT, BY_MARGINAL, BY_ROI, BY_EVEN, DRAW, REFILL, TRANCHE = range(8)
PAUSE, RESUME, NOTIFY, STAND_DOWN = range(8, 12)
"""Kinds of actions; those from PAUSE on act at evaluations, the others at adjustments."""
FLOOR, CEILING, STEP, DAY, COOLDOWN, PER_DAY, SKIP = range(7)
"""Places in `limits`."""
REVIEW_SHARE, REVIEW_RISK, ANSWERS, TIME_OUT, TIME_OUT_APPLIES, REJECTS = range(6)
"""Places in `review`."""
PER_CAMPAIGN, PENDING, NO_DATA, REST, LEAST, SAMPLE = range(6)
"""Places in a row of `rules`; NO_DATA is 0 to skip, 1 to hold, 2 to fire."""


class Program(NamedTuple):
    """A rule set as numbers, rules in the order in which they go.

    Parameters
    ----------
    every, adjust, mode : int
        Hours; the mode's place in MODES.
    ops : ndarray of int, shape (instructions, 6)
    values : ndarray, shape (instructions,)
    starts : ndarray of int, shape (rules + 1,)
        Where each rule's instructions begin.
    rules : ndarray of int, shape (rules, 6)
    acts : ndarray of int, shape (actions, 4)
        Kind, window, excluded hours, hours to stand down.
    act_values : ndarray, shape (actions, 2)
    act_starts : ndarray of int, shape (rules + 1,)
    scope : ndarray of bool, shape (rules, channels)
    limits : ndarray, shape (7,)
    review : ndarray, shape (6,)
    order : ndarray of int, shape (rules,)
        Each row's place in the set as it was given.
    """

    every: int
    adjust: int
    mode: int
    ops: Ints
    values: Floats
    starts: Ints
    rules: Ints
    acts: Ints
    act_values: Floats
    act_starts: Ints
    scope: Bools
    limits: Floats
    review: Floats
    order: Ints


def program(asked: RuleSet, channels: tuple[str, ...]) -> Program:
    """Compile a rule set for the channels of a campaign.

    Raises
    ------
    DataError
        It names a channel that is not among them.

    Examples
    --------
    >>> from analysis.rules.conditions import Compare, Reading
    >>> asked = RuleSet(rules=(Rule(name="stop", when=Compare(left="cpa", is_=">", than=90), then=(Pause(),)),))
    >>> made = program(asked, ("search",))
    >>> made.ops[:, 0].tolist(), made.values.tolist(), made.acts[:, 0].tolist()
    ([1, 0, 2], [1.0, 90.0, 0.0], [8])
    """
    known = {name: place for place, name in enumerate(channels)}
    kept = sorted((n for n, rule in enumerate(asked.rules) if rule.on), key=lambda n: asked.rules[n].priority)
    rules = [asked.rules[n] for n in kept]
    codes = [_instructions(rule.when, known) for rule in rules]
    flat = [row for code in codes for row in code]
    acts = [[_action(action) for action in rule.then] for rule in rules]
    done = [act for own in acts for act in own]
    return Program(
        every=hours(asked.evaluate_every),
        adjust=hours(asked.adjust_every),
        mode=MODES.index(asked.mode),
        ops=np.array([row[:6] for row in flat], dtype=np.int64).reshape(-1, 6),
        values=np.array([row[6] for row in flat], dtype=float),
        starts=np.cumsum([0, *map(len, codes)], dtype=np.int64),
        rules=np.array([_row(rule) for rule in rules], dtype=np.int64).reshape(-1, 6),
        acts=np.array([act[:4] for act in done], dtype=np.int64).reshape(-1, 4),
        act_values=np.array([act[4:] for act in done], dtype=float).reshape(-1, 2),
        act_starts=np.cumsum([0, *map(len, acts)], dtype=np.int64),
        scope=np.array([_scope(rule, known) for rule in rules], dtype=bool).reshape(-1, len(channels)),
        limits=_limits(asked.limits),
        review=_review(asked),
        order=np.array(kept, dtype=np.int64),
    )


def _row(rule: Rule) -> list[int]:
    no_data = ("skip", "hold", "fire").index(rule.no_data)
    rest = hours(rule.cooldown) if rule.cooldown else 0
    return [int(rule.per == "campaign"), rule.pending, no_data, rest, rule.least_orders, hours(rule.sample_over)]


def _scope(rule: Rule, known: dict[str, int]) -> list[bool]:
    for name in rule.channels:
        _known(name, known)
    return [not rule.channels or name in rule.channels for name in known]


def _known(name: str, known: dict[str, int]) -> int:
    if name not in known:
        raise DataError.unknown(say("channel with a response curve"), name, known)
    return known[name]


def _instructions(condition: Condition, known: dict[str, int]) -> list[tuple[float, ...]]:
    """Return the rows of a condition, the last of which leaves one number on the stack."""
    if isinstance(condition, Compare):
        right = _read(condition.right, condition.than, known) if condition.right else _plain(CONSTANT, condition.than)
        return [_read(condition.left, 1.0, known), right, _plain(GREATER + OPERATORS.index(condition.is_))]
    if isinstance(condition, NotOf):
        return [*_instructions(condition.of[0], known), _plain(NOT)]
    if isinstance(condition, (AllOf, AnyOf)):
        every = isinstance(condition, AllOf)
        rows = [] if condition.of else [_plain(CONSTANT, float(every))]
        for place, part in enumerate(condition.of):
            rows += _instructions(part, known) + ([_plain(AND if every else OR)] if place else [])
        return rows
    raise TypeError(type(condition))


def _plain(op: int, number: float = 0.0) -> tuple[float, ...]:
    return (op, 0, 0, 0, 0, 0, number)


def _read(reading: Reading, times: float, known: dict[str, int]) -> tuple[float, ...]:
    whose = OWN if not reading.of else TOTAL if reading.of == ALL else _known(reading.of, known)
    window, excluded = hours(reading.over), hours(reading.excluding) if reading.excluding else 0
    return (READ, METRICS[reading.metric].code, window, excluded, whose, PER.index(reading.per), times)


def _action(action: Action) -> tuple[float, ...]:
    """Return kind, window, excluded hours, hours to stand down, and two numbers."""
    match action:
        case ChangeBudget(percent=share, amount=None) if share is not None:
            return (CHANGE_SHARE, 0, 0, 0, share, 0.0)
        case ChangeBudget(amount=amount) if amount is not None:
            return (CHANGE_AMOUNT, 0, 0, 0, amount, 0.0)
        case Rebalance():
            kind = {"marginal_roi": BY_MARGINAL, "roi": BY_ROI, "even": BY_EVEN}[action.by]
            excluded = hours(action.excluding) if action.excluding else 0
            return (kind, hours(action.over), excluded, 0, action.step, 0.0)
        case DrawReserve():
            return (DRAW, 24, 0, 0, action.share, action.min_roi)
        case RefillReserve():
            return (REFILL, 0, 0, 0, action.share, 0.0)
        case ReleaseTranche():
            return (TRANCHE, 0, 0, 0, 0.0, 0.0)
        case Pause():
            return (PAUSE, 0, 0, 0, 0.0, 0.0)
        case Resume():
            return (RESUME, 0, 0, 0, 0.0, 0.0)
        case Notify():
            return (NOTIFY, 0, 0, 0, 0.0, 0.0)
        case StandDown():
            return (STAND_DOWN, 0, 0, hours(action.lasts), 0.0, 0.0)
    raise TypeError(type(action))


def _limits(limits: Limits) -> Floats:
    bounds = [np.inf if bound is None else bound for bound in (limits.ceiling, limits.step, limits.day)]
    rest = hours(limits.cooldown) if limits.cooldown else 0
    most = np.inf if limits.per_day is None else limits.per_day
    return np.array([limits.floor, *bounds, rest, most, limits.beyond == "skip"], dtype=float)


def _review(asked: RuleSet) -> Floats:
    review = asked.review
    if review is None:
        return np.zeros(6)
    waits = hours(review.answers_in), hours(review.time_out)
    return np.array([review.share, review.by == "risk", *waits, review.then == "apply", review.rejects], dtype=float)
