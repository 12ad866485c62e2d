"""When can a condition hold? As intervals of what it reads, so that conditions can be held against each other.

A condition is turned into boxes: it holds where one of them does, and a box is an interval for each reading, or for the
ratio of two. What is read is never below zero, but for the excess over the forecast; hours, days, ranks and orders are
whole. What has no data is left out of account.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import reduce
from typing import NamedTuple

from analysis.rules.conditions import (
    ADDED_UP,
    ALL,
    FURTHEST,
    METRICS,
    OPPOSITE,
    TOGETHER,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    NotOf,
    Reading,
    hours,
)

MOST = 256
"""Boxes of one condition; one that branches further is not judged."""


class Interval(NamedTuple):
    """Numbers between two bounds, which may be open."""

    low: float = 0.0
    high: float = math.inf
    above: bool = False
    below: bool = False

    @property
    def empty(self) -> bool:
        """Whether no number is in it."""
        return self.low > self.high or (self.low == self.high and (self.above or self.below))

    def meet(self, other: Interval) -> Interval:
        """Return the numbers in both."""
        low, high = max(self.low, other.low), min(self.high, other.high)
        above = any(one.above for one in (self, other) if one.low == low)
        below = any(one.below for one in (self, other) if one.high == high)
        return Interval(low, high, above, below)

    def within(self, other: Interval) -> bool:
        """Say whether all of its numbers are in the other."""
        return self.empty or self.meet(other) == self


class Quantity(NamedTuple):
    """What is read, whichever way it is written."""

    metric: str
    over: str
    excluding: str
    of: str

    def reading(self) -> Reading:
        """Return it as a reading."""
        given = {"over": self.over, "excluding": self.excluding, "of": self.of}
        return Reading(metric=self.metric, **{name: held for name, held in given.items() if held})


Key = tuple[Quantity, Quantity | None]
"""A quantity, or the first over the second."""
Box = Mapping[Key, Interval]
SOME = Interval(above=True)
WHOLE = frozenset({"hour", "weekday", "day", "rank", "orders"})
DOMAINS = {
    "hour": Interval(0, 23),
    "weekday": Interval(1, 7),
    "day": Interval(1),
    "rank": Interval(1),
    "spread": Interval(1),
    "time_share": Interval(0, 1),
    "reserve_left": Interval(0, 1),
    "excess": Interval(-math.inf),
}


def boxes(condition: Condition, per: str = "channel", channel: str = "", *, negated: bool = False) -> list[Box] | None:
    """Return where a condition can hold: in none of no boxes, and everywhere in an empty one.

    Parameters
    ----------
    condition : Condition
    per : {"channel", "campaign"}
        What the rule looks at.
    channel : str
        The channel it looks at, where one is meant.
    negated : bool
        Whether it is asked where the condition does not hold, though it has data.

    Returns
    -------
    list of Box, or None
        None where there would be more than :data:`MOST`.

    Examples
    --------
    >>> low, high = (Compare(left="roi", is_=sign, than=1) for sign in "<>")
    >>> boxes(AllOf(of=(low, high))), len(boxes(AnyOf(of=(low, high))))
    ([], 2)
    """
    match condition:
        case Compare():
            asked = condition.replace(is_=OPPOSITE[condition.is_]) if negated else condition
            known = [_known(reading, per, channel) for reading in asked.readings()]
            return reduce(both, known, _compared(asked, per, channel))
        case NotOf(of=(inner,)):
            return boxes(inner, per, channel, negated=not negated)
        case AllOf(of=parts) | AnyOf(of=parts):
            found = [boxes(part, per, channel, negated=negated) for part in parts]
            every = isinstance(condition, AllOf) != negated
            start: list[Box] | None = [{}] if every else []
            return reduce(both if every else _either, found, start)
    raise TypeError(type(condition))


def both(one: list[Box] | None, other: list[Box] | None) -> list[Box] | None:
    """Return where both of two conditions can hold."""
    if one is None or other is None or len(one) * len(other) > MOST**2:
        return None
    found = [box for a in one for b in other if (box := meet(a, b)) is not None]
    return found if len(found) <= MOST else None


def _either(one: list[Box] | None, other: list[Box] | None) -> list[Box] | None:
    return None if one is None or other is None or len(one) + len(other) > MOST else [*one, *other]


def meet(one: Box, other: Box) -> Box | None:
    """Return where both boxes hold, or None if nowhere."""
    found = dict(one)
    for key, interval in other.items():
        found[key] = interval.meet(found[key]) if key in found else interval
        if _nowhere(key, found[key]):
            return None
    return found


def _nowhere(key: Key, interval: Interval) -> bool:
    """Two readings that are both zero are in any ratio, if bounds are not open."""
    return interval.empty and (key[1] is None or interval.above or interval.below)


def covered(inner: Iterable[Box], outer: list[Box]) -> bool:
    """Say whether each of the inner boxes lies within one of the outer ones."""
    return all(any(_inside(box, large) for large in outer) for box in inner)


def _inside(box: Box, large: Box) -> bool:
    return all(box.get(key, domain(key)).within(interval) for key, interval in large.items())


def domain(key: Key) -> Interval:
    """Return what a quantity can be at all.

    Examples
    --------
    >>> domain((Quantity("weekday", "", "", ""), None))[:2]
    (1, 7)
    """
    return Interval() if key[1] else DOMAINS.get(key[0].metric, Interval())


def _known(reading: Reading, per: str, channel: str) -> list[Box] | None:
    """Return where there is data: without spend there is no ROI, no rank by it and no cost per order."""
    if reading.metric not in ("roi", "cpa", "rank"):
        return [{}]
    return [{(_quantity(reading, per, channel)._replace(metric="spend"), None): SOME}]


def _compared(asked: Compare, per: str, channel: str) -> list[Box] | None:
    """Return the one box of a comparison, or none where it can never hold."""
    left, scale = _quantity(asked.left, per, channel), _scale(asked.left)
    if asked.right is None:
        return _box((left, None), _side(asked.is_, asked.than / scale))
    if "excess" in (asked.left.metric, asked.right.metric):
        return [{}]  # a ratio says nothing of what may be below zero
    right, times = _quantity(asked.right, per, channel), asked.than * _scale(asked.right) / scale
    if times == 0:
        return _box((left, None), _side(asked.is_, 0.0))
    if times < 0:
        zero = _box((left, None), Interval(0, 0)) if asked.is_ == "<=" else []
        return [{}] if asked.is_ in (">", ">=") else zero
    if left == right:
        return _with_itself(asked.is_, times, left)
    if left > right:
        turned = {">": "<", ">=": "<=", "<": ">", "<=": ">="}[asked.is_]
        return _box((right, left), _side(turned, 1 / times))
    return _box((left, right), _side(asked.is_, times))


def _with_itself(sign: str, times: float, quantity: Quantity) -> list[Box] | None:
    """Compare a figure with a multiple of itself: that says whether it is zero, always or never."""
    if times == 1:
        return [{}] if sign in (">=", "<=") else []
    if (times < 1) == (sign in (">", ">=")):
        return [{}] if sign in (">=", "<=") else _box((quantity, None), Interval(above=True))
    return _box((quantity, None), Interval(0, 0)) if sign in (">=", "<=") else []


def _box(key: Key, side: Interval) -> list[Box]:
    interval = side.meet(domain(key))
    if key[1] is None and key[0].metric in WHOLE:
        interval = _rounded(interval)
    if _nowhere(key, interval):
        return []
    return [{}] if interval == domain(key) else [{key: interval}]


def _rounded(interval: Interval) -> Interval:
    low, high = interval.low, interval.high
    if math.isfinite(low):
        low = math.floor(low) + 1 if interval.above else math.ceil(low)
    if math.isfinite(high):
        high = math.ceil(high) - 1 if interval.below else math.floor(high)
    return Interval(low, high)


def _side(sign: str, bound: float) -> Interval:
    if sign in (">", ">="):
        return Interval(bound, math.inf, above=sign == ">")
    return Interval(-math.inf, bound, below=sign == "<")


def _quantity(reading: Reading, per: str, channel: str) -> Quantity:
    own = ALL if per == "campaign" else channel
    whose = "" if reading.metric in TOGETHER else reading.of or own
    if not METRICS[reading.metric].over:
        return Quantity(reading.metric, "", "", whose)
    return Quantity(reading.metric, reading.over, reading.excluding or "", whose)


def _scale(reading: Reading) -> float:
    """Return by what a figure of the window is multiplied to be the figure read."""
    if reading.metric not in ADDED_UP or reading.per == "window":
        return 1.0
    return (1 if reading.per == "hour" else 24) / hours(reading.over)


def described(box: Box) -> Condition:
    """Return a box as a condition; a bound that no condition may name is the furthest that one may.

    Examples
    --------
    >>> from analysis.rules.words import condition
    >>> str(condition(described(boxes(Compare(left="roi", is_="<", than=1))[0])))
    "over the last 24 hours a channel's ROI is below 1"
    """
    found = []
    for key, interval in box.items():
        if interval == SOME and len(box) > 1:  # that there is spend goes without saying
            continue
        left, right = key[0].reading(), key[1].reading() if key[1] else None
        low, high = (max(-FURTHEST, min(bound, FURTHEST)) for bound in (interval.low, interval.high))
        whole = domain(key)
        if interval.low > whole.low or interval.above:
            found.append(Compare(left=left, is_=">" if interval.above else ">=", than=low, right=right))
        if interval.high < whole.high:
            found.append(Compare(left=left, is_="<" if interval.below else "<=", than=high, right=right))
    return found[0] if len(found) == 1 else AllOf(of=tuple(found[:3]))
