"""What has to hold before a rule acts? Readings of figures, compared and joined by all, any and not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from analysis.errors import QuestionError
from analysis.messages import N_, say
from analysis.values import Value, duration, many, number, one_of, optional, seconds, text, value
from analysis.values.checks import Metadata

HOUR = 3600
LONGEST = 366
"""Most days that a rule looks back, waits or runs."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure that rules can read.

    Parameters
    ----------
    code : Code
        Its number in a compiled program.
    label : str
        What it is called.
    unit : str
        As of a field: "money", "count", "ratio", "share", "number".
    over : bool
        Whether it is read over a window; the others are known at a moment.
    """

    code: Code
    label: str
    unit: str
    over: bool = True


class Code(IntEnum):
    """What metrics are called in a compiled program."""

    SPEND = 0
    REVENUE = 1
    ORDERS = 2
    ROI = 3
    CPA = 4
    MARGINAL_ROI = 5
    FORECAST = 6
    RANK = 7
    SPREAD = 8
    BUDGET = 9
    PLANNED = 10
    HOUR = 11
    WEEKDAY = 12
    DAY = 13
    SPENT_SHARE = 14
    TIME_SHARE = 15
    RESERVE_LEFT = 16
    EXCESS = 17


METRICS = {
    "spend": Metric(Code.SPEND, N_("spend"), "money"),
    "revenue": Metric(Code.REVENUE, N_("revenue"), "money"),
    "orders": Metric(Code.ORDERS, N_("orders"), "count"),
    "roi": Metric(Code.ROI, N_("ROI"), "ratio"),
    "cpa": Metric(Code.CPA, N_("cost per order"), "money"),
    "marginal_roi": Metric(Code.MARGINAL_ROI, N_("marginal ROI"), "ratio"),
    "forecast": Metric(Code.FORECAST, N_("orders forecast"), "count"),
    "rank": Metric(Code.RANK, N_("rank by ROI"), "count"),
    "spread": Metric(Code.SPREAD, N_("highest over lowest marginal ROI"), "ratio"),
    "budget": Metric(Code.BUDGET, N_("budget a day"), "money", over=False),
    "planned": Metric(Code.PLANNED, N_("planned budget a day"), "money", over=False),
    "hour": Metric(Code.HOUR, N_("hour of the day"), "number", over=False),
    "weekday": Metric(Code.WEEKDAY, N_("day of the week"), "number", over=False),
    "day": Metric(Code.DAY, N_("day of the campaign"), "number", over=False),
    "spent_share": Metric(Code.SPENT_SHARE, N_("share of the budget spent"), "share", over=False),
    "time_share": Metric(Code.TIME_SHARE, N_("share of the demand gone by"), "share", over=False),
    "reserve_left": Metric(Code.RESERVE_LEFT, N_("share of the reserve left"), "share", over=False),
    "excess": Metric(Code.EXCESS, N_("standard deviations by which orders exceed the forecast"), "number"),
}
"""By name. A forecast is levelled to what was seen before its window; a rank of 1 is the best."""
TOGETHER = frozenset({"spread", "hour", "weekday", "day", "time_share", "reserve_left"})
"""What is the same whichever channel is looked at. Mondays are 1, and so is a campaign's first day."""
ADDED_UP = frozenset({"spend", "revenue", "orders", "forecast"})
"""What is added up over a window, or stands for an hour or day of it."""
OPERATORS = (">", ">=", "<", "<=")
OPPOSITE = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}
"""What holds where an operator does not, as long as there is data."""
MOST_PARTS = 20
"""Most conditions that are joined at once."""
DEEPEST = 8
"""Most conditions within one another."""
FURTHEST = 1e12
"""The largest number to compare with."""
ALL = "all"
"""Reads a metric of all channels together instead of the channel that the rule looks at."""


def hours(window: str) -> int:
    """Return the whole hours of a canonical duration.

    Examples
    --------
    >>> hours("1d")
    24
    """
    return seconds(window) // HOUR


def whole_hours(name: str, window: str, *, days: int = LONGEST) -> None:
    """Refuse a duration that is not whole hours, or too long."""
    if seconds(window) % HOUR:
        raise QuestionError.field(name, window, say("it must be whole hours, such as 4h."))
    if hours(window) > days * 24:
        raise QuestionError.field(name, window, say("it must be at most {n} days.", n=days))


class Condition(Value):
    """Base of what can hold or not."""

    def readings(self) -> Iterator[Reading]:
        """Yield every reading in it."""
        return iter(())


@value("reading")
class Reading(Value):
    """A figure as it is read at an evaluation.

    Parameters
    ----------
    metric : str
        One of :data:`METRICS`.
    over : str or timedelta
        The window, in whole hours; metrics of a moment have none.
    excluding : str or timedelta, optional
        How long before it is read the window ends, where conversions arrive late: the most recent hours are left out.
    per : {"window", "hour", "day"}
        Whether spend, revenue, orders and forecasts are added up over the window or stand for an hour or day of it.
    of : str, optional
        A channel's name, or "all" for all together; by default the channel that the rule looks at, and all together
        where it looks at the campaign.

    Examples
    --------
    >>> Reading(metric="roi", over="1d", excluding="6h")
    Reading(metric='roi', excluding='6h')
    """

    metric: str = field(metadata=one_of(*METRICS))
    over: str = field(default="1d", metadata=duration())
    excluding: str | None = field(default=None, metadata=optional(duration()))
    per: str = field(default="window", metadata=one_of("window", "hour", "day"))
    of: str | None = field(default=None, metadata=optional(text()))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("over", "excluding"):
            if window := getattr(self, name):
                whole_hours(name, window)


def _reading() -> Metadata:
    def check(name: str, got: object) -> Reading:
        if isinstance(got, str):
            return Reading(metric=got)
        if not isinstance(got, Reading):
            raise QuestionError.field(name, got, say("it must be a metric or a Reading."))
        return got

    return {"check": check}


@value("compare")
class Compare(Condition):
    """A reading compared with a number, or with a multiple of another reading.

    Parameters
    ----------
    left : Reading or str
        A metric's name stands for a reading over a day.
    is_ : {">", ">=", "<", "<="}
    than : float
        The number; with `right`, the multiple of it.
    right : Reading, optional

    Examples
    --------
    >>> Compare(left="orders", is_=">", than=1.5, right=Reading(metric="forecast"))
    Compare(left=Reading(metric='orders'), is_='>', than=1.5, right=Reading(metric='forecast'))
    """

    left: Reading = field(metadata=_reading())
    is_: str = field(metadata=one_of(*OPERATORS))
    than: float = field(metadata=number(least=-FURTHEST, most=FURTHEST))
    right: Reading | None = field(default=None, metadata=optional(_reading()))

    def readings(self) -> Iterator[Reading]:
        """Yield both sides."""
        yield self.left
        if self.right:
            yield self.right


def depth(condition: Condition) -> int:
    """Return how many conditions stand within one another.

    Examples
    --------
    >>> depth(AllOf(of=(AnyOf(),)))
    2
    """
    return 1 + max(map(depth, condition.of), default=0) if isinstance(condition, _Joined) else 1


class _Joined(Condition):
    of: tuple[Condition, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if depth(self) > DEEPEST:
            raise QuestionError.crossed(say("Conditions may stand within one another {n} deep at most.", n=DEEPEST))

    def readings(self) -> Iterator[Reading]:
        """Yield those of every part."""
        for part in self.of:
            yield from part.readings()


@value("all-of")
class AllOf(_Joined):
    """Holds when every part holds; without parts, always."""

    of: tuple[Condition, ...] = field(default=(), metadata=many(Condition, at_most=MOST_PARTS))


@value("any-of")
class AnyOf(_Joined):
    """Holds when one part or more holds; without parts, never."""

    of: tuple[Condition, ...] = field(default=(), metadata=many(Condition, at_most=MOST_PARTS))


@value("not-of")
class NotOf(_Joined):
    """Holds when its one part does not; where the part has no data, it has none either."""

    of: tuple[Condition, ...] = field(metadata=many(Condition, at_most=1))

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.of) != 1:
            raise QuestionError.field("of", self.of, say("it needs one condition."))
