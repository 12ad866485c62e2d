"""What has to hold before a rule acts? Readings of figures, compared and joined by all, any and not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

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
    code : int
        Its number in a compiled program.
    label : str
        What it is called.
    unit : str
        As of a field: "money", "count", "ratio", "share", "number".
    over : bool
        Whether it is read over a window; the others are known at a moment.
    """

    code: int
    label: str
    unit: str
    over: bool = True


METRICS = {
    "spend": Metric(0, N_("spend"), "money"),
    "revenue": Metric(1, N_("revenue"), "money"),
    "orders": Metric(2, N_("orders"), "count"),
    "roi": Metric(3, N_("ROI"), "ratio"),
    "cpa": Metric(4, N_("cost per order"), "money"),
    "marginal_roi": Metric(5, N_("marginal ROI"), "ratio"),
    "forecast": Metric(6, N_("orders forecast"), "count"),
    "rank": Metric(7, N_("rank by ROI"), "count"),
    "spread": Metric(8, N_("highest over lowest marginal ROI"), "ratio"),
    "budget": Metric(9, N_("budget a day"), "money", over=False),
    "planned": Metric(10, N_("planned budget a day"), "money", over=False),
    "hour": Metric(11, N_("hour of the day"), "number", over=False),
    "weekday": Metric(12, N_("day of the week"), "number", over=False),
    "day": Metric(13, N_("day of the campaign"), "number", over=False),
    "spent_share": Metric(14, N_("share of the budget spent"), "share", over=False),
    "time_share": Metric(15, N_("share of the demand gone by"), "share", over=False),
    "reserve_left": Metric(16, N_("share of the reserve left"), "share", over=False),
}
"""By name. A forecast is levelled to what was seen before its window; a rank of 1 is the best."""
OPERATORS = (">", ">=", "<", "<=")
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
        The window that ends when it is read, in whole hours; metrics of a moment have none.
    excluding : str or timedelta, optional
        The most recent hours left out, where conversions arrive late.
    per : {"window", "hour", "day"}
        Whether spend, revenue, orders and forecasts are added up over the window or stand for an hour or day of it.
    of : str, optional
        A channel's name, or "all" for all together; by default the channel that the rule looks at.

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
    than: float = field(metadata=number(least=-1e12, most=1e12))
    right: Reading | None = field(default=None, metadata=optional(_reading()))

    def readings(self) -> Iterator[Reading]:
        """Yield both sides."""
        yield self.left
        if self.right:
            yield self.right


class _Joined(Condition):
    of: tuple[Condition, ...]

    def readings(self) -> Iterator[Reading]:
        """Yield those of every part."""
        for part in self.of:
            yield from part.readings()


@value("all-of")
class AllOf(_Joined):
    """Holds when every part holds; without parts, always."""

    of: tuple[Condition, ...] = field(default=(), metadata=many(Condition, at_most=20))


@value("any-of")
class AnyOf(_Joined):
    """Holds when one part or more holds; without parts, never."""

    of: tuple[Condition, ...] = field(default=(), metadata=many(Condition, at_most=20))


@value("not-of")
class NotOf(_Joined):
    """Holds when its one part does not; where the part has no data, it has none either."""

    of: tuple[Condition, ...] = field(metadata=many(Condition, at_most=1))

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.of) != 1:
            raise QuestionError.field("of", self.of, say("it needs one condition."))
