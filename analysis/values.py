"""Frozen values: what questions, filters, campaigns and rules are made of.

A value is a keyword-only frozen dataclass whose fields hold text, numbers, flags, tuples of these, or other
values. That is all JSON can carry, so `to_dict` and `from_dict` are exact inverses, `digest` is stable, and
`repr` is code. A field's check turns what a person gives (a list, a dict, a timedelta) into the one stored
form, or says what was wrong.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any, ClassVar, Self, TypeVar, dataclass_transform
from zoneinfo import ZoneInfo, available_timezones

from analysis.errors import QuestionError
from analysis.messages import Names, Span, say

Check = Callable[[str, Any], Any]
Metadata = Mapping[str, Check]
Pairs = tuple[tuple[str, float], ...]
Wanted = tuple[tuple[str, tuple[str, ...]], ...]
_KINDS: dict[str, type[Value]] = {}
T = TypeVar("T")


class Value:
    """Base of every frozen value; see the module's docstring."""

    kind: ClassVar[str]
    version: ClassVar[int]

    def __post_init__(self) -> None:
        for item in fields(self):  # type: ignore[arg-type]
            if check := item.metadata.get("check"):
                object.__setattr__(self, item.name, check(item.name, getattr(self, item.name)))

    def to_dict(self) -> dict[str, Any]:
        """Return the value as plain JSON types, with its kind and format version."""
        own = {f.name: _plain(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.kind, "version": self.version, **own}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a value from :meth:`to_dict`; called on a base class it accepts any kind below it."""
        try:
            value = _value(data)
        except RecursionError as error:
            raise QuestionError.unreadable() from error
        if not isinstance(value, cls):
            raise QuestionError.unknown_kind(value.kind, kinds(cls))
        return value

    def to_json(self) -> str:
        """Return the canonical JSON text: sorted keys, no spaces."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Rebuild a value from :meth:`to_json`."""
        try:
            data = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise QuestionError.unreadable() from error
        return cls.from_dict(data)

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON, 64 hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some fields changed (and checked)."""
        return replace(self, **changes)  # type: ignore[type-var]

    def __repr__(self) -> str:
        shown = (f for f in fields(self) if not _is_default(f, getattr(self, f.name)))  # type: ignore[arg-type]
        return f"{type(self).__name__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in shown)})"


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(field,))
def value(kind: str, version: int = 1) -> Callable[[type[T]], type[T]]:
    """Make a class a frozen, keyword-only value and register it under `kind`."""

    def decorate(cls: type[T]) -> type[T]:
        made: Any = dataclass(frozen=True, kw_only=True, repr=False)(cls)
        made.kind, made.version = kind, version
        _KINDS[kind] = made
        return made  # type: ignore[no-any-return]

    return decorate


def kinds(base: type[Value] = Value) -> tuple[str, ...]:
    """Return the registered kinds of `base` and its subclasses."""
    return tuple(kind for kind, cls in _KINDS.items() if issubclass(cls, base))


def _plain(item: Any) -> Any:
    if isinstance(item, Value):
        return item.to_dict()
    if isinstance(item, tuple):
        return [_plain(part) for part in item]
    return item


def _value(data: Any) -> Value:
    if not isinstance(data, Mapping) or "kind" not in data:
        raise QuestionError.unreadable()
    cls = _KINDS.get(data["kind"]) if isinstance(data["kind"], str) else None
    if cls is None:
        raise QuestionError.unknown_kind(data["kind"], kinds())
    if not isinstance(data.get("version"), int) or data["version"] > cls.version:
        raise QuestionError.newer(cls.kind, data.get("version", 0))
    own = {f.name: f for f in fields(cls)}  # type: ignore[arg-type]
    given = {k: _rebuilt(v) for k, v in data.items() if k not in ("kind", "version")}
    if unknown := set(given) - set(own):
        raise QuestionError.unknown_field(min(unknown), own)
    for name, f in own.items():
        if name not in given and f.default is MISSING and f.default_factory is MISSING:
            raise QuestionError.field(name, None, say("it is needed."))
    return cls(**given)


def _rebuilt(item: Any) -> Any:
    if isinstance(item, Mapping):
        return _value(item)
    if isinstance(item, list):
        return tuple(_rebuilt(part) for part in item)
    return item


def _is_default(f: Any, current: Any) -> bool:
    default = f.default_factory() if f.default_factory is not MISSING else f.default
    return default is not MISSING and type(default) is type(current) and bool(default == current)


# ---- checks: each returns dataclass metadata for one kind of field ----------------------------------------


def number(*, above: float = -math.inf, least: float = -math.inf, most: float = math.inf) -> Metadata:
    """A finite number, stored as float, in the range ``above < x``, ``least <= x <= most``."""

    def check(name: str, got: Any) -> float:
        if isinstance(got, bool) or (not isinstance(got, int | float) and not hasattr(got, "__float__")):
            raise QuestionError.field(name, got, say("it must be a number."))
        try:
            x = float(got)
        except (TypeError, ValueError, OverflowError):
            x = math.inf
        if not math.isfinite(x):
            raise QuestionError.field(name, got, say("it must be a finite number."))
        _in_range(name, got, x, above, least, most)
        return x

    return {"check": check}


def whole(*, least: int, most: int) -> Metadata:
    """A whole number in ``least <= n <= most``, stored as int."""

    def check(name: str, got: Any) -> int:
        if isinstance(got, bool) or not hasattr(got, "__index__"):
            raise QuestionError.field(name, got, say("it must be a whole number."))
        n = int(got.__index__())
        _in_range(name, got, n, -math.inf, least, most)
        return n

    return {"check": check}


def _in_range(name: str, got: Any, x: float, above: float, least: float, most: float) -> None:
    if x <= above:
        raise QuestionError.field(name, got, say("it must be above {bound}.", bound=above))
    if x < least:
        raise QuestionError.field(name, got, say("it must be {bound} or more.", bound=least))
    if x > most:
        raise QuestionError.field(name, got, say("it must be {bound} or less.", bound=most))


def flag() -> Metadata:
    """True or False."""

    def check(name: str, got: Any) -> bool:
        if not isinstance(got, bool):
            raise QuestionError.field(name, got, say("it must be true or false."))
        return got

    return {"check": check}


def is_text(got: Any) -> bool:
    """Say whether something is a text, not empty, that UTF-8 can carry (JSON can smuggle in halves of characters)."""
    return isinstance(got, str) and bool(got) and not any("\ud800" <= c <= "\udfff" for c in got)


def text(*, longest: int = 200) -> Metadata:
    """A non-empty text without control characters."""

    def check(name: str, got: Any) -> str:
        if not is_text(got) or not got.strip():
            raise QuestionError.field(name, got, say("it must be a text that is not empty."))
        if len(got) > longest or any(ord(c) < 32 for c in got):
            raise QuestionError.field(name, got, say("it must be one line of at most {n} characters.", n=longest))
        return str(got)

    return {"check": check}


def one_of(*choices: str) -> Metadata:
    """One of a fixed set of names."""

    def check(name: str, got: Any) -> str:
        if not isinstance(got, str) or got not in choices:
            raise QuestionError.field(name, got, say("choose from {choices}.", choices=Names(choices)))
        return str(got)

    return {"check": check}


def names(*, at_least: int = 0, at_most: int = 1000) -> Metadata:
    """A tuple of texts; a single text or any iterable of texts is accepted."""

    def check(name: str, got: Any) -> tuple[str, ...]:
        items = (got,) if isinstance(got, str) else tuple(got) if isinstance(got, Iterable) else None
        if items is None or not all(map(is_text, items)):
            raise QuestionError.field(name, got, say("it must be a list of names."))
        if len(items) < at_least:
            raise QuestionError.field(name, got, say("it needs {n} or more names.", n=at_least))
        if len(items) > at_most:
            raise QuestionError.field(name, got, say("it takes at most {n} names.", n=at_most))
        return items

    return {"check": check}


def pairs(*, least: float = -math.inf) -> Metadata:
    """A mapping from name to number, stored as pairs sorted by name; a dict is accepted."""
    checked = number(least=least)["check"]

    def check(name: str, got: Any) -> Pairs:
        items = got.items() if isinstance(got, Mapping) else got
        try:
            entries = [(key, amount) for key, amount in items]
        except (TypeError, ValueError):
            entries = []
            if items != ():
                raise QuestionError.field(name, got, say("it must map names to numbers.")) from None
        if not all(is_text(key) for key, _ in entries):
            raise QuestionError.field(name, got, say("it must map names to numbers."))
        if len(dict(entries)) < len(entries):
            raise QuestionError.field(name, got, say("each name may stand once."))
        return tuple(sorted((key, checked(f"{name}[{key}]", amount)) for key, amount in entries))

    return {"check": check}


def conditions() -> Metadata:
    """Columns and the values kept, stored as sorted pairs; a dict of texts or lists is accepted."""

    def check(name: str, got: Any) -> Wanted:
        items = got.items() if isinstance(got, Mapping) else got
        try:
            found = {column: (kept,) if isinstance(kept, str) else tuple(kept) for column, kept in items}
        except (TypeError, ValueError):
            found = {"": ()}
        if not all(is_text(column) and kept and all(map(is_text, kept)) for column, kept in found.items()):
            raise QuestionError.field(name, got, say("it must map columns to the values to keep."))
        return tuple(sorted((column, tuple(dict.fromkeys(kept))) for column, kept in found.items()))

    return {"check": check}


def duration(*, below: str | None = None) -> Metadata:
    """A length of time above zero as canonical text: "7d", "36h", "90m", "45s"; a timedelta is accepted."""

    def check(name: str, got: Any) -> str:
        parsed = _seconds(got)
        if parsed is None:
            expected = say('give a number and a unit s, m, h, d or w, such as "7d" or "36h".')
            raise QuestionError.field(name, got, expected)
        if parsed <= 0:
            raise QuestionError.field(name, Span(parsed), say("it must be longer than zero."))
        if below and parsed >= seconds(below):
            raise QuestionError.field(name, got, say("it must be shorter than {limit}.", limit=below))
        unit = next(u for u in ("d", "h", "m", "s") if parsed % _UNITS[u] == 0)
        return f"{parsed // _UNITS[unit]}{unit}"

    return {"check": check}


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_LONGEST = 36_500 * 86_400
_SECOND = dt.timedelta(seconds=1)


def _seconds(got: Any) -> int | None:
    if isinstance(got, dt.timedelta):
        return got // _SECOND if not got % _SECOND and got // _SECOND <= _LONGEST else None
    if isinstance(got, int) and not isinstance(got, bool) and got == 0:
        return 0
    if not isinstance(got, str):
        return None
    match = re.fullmatch(r"(\d{1,9})([smhdw])", got.strip().lower(), re.ASCII)
    total = int(match[1]) * _UNITS[match[2]] if match else None
    return total if total is None or total <= _LONGEST else None


def seconds(window: str) -> int:
    """Return the seconds of a canonical duration.

    Examples
    --------
    >>> seconds("36h")
    129600
    """
    return int(window[:-1]) * _UNITS[window[-1]]


def day() -> Metadata:
    """A calendar date as ISO text, or None; a `datetime.date` is accepted."""

    def check(name: str, got: Any) -> str | None:
        if got is None:
            return None
        try:
            found = got if isinstance(got, dt.date) else dt.date.fromisoformat(got)
        except (TypeError, ValueError):
            raise QuestionError.field(name, got, say("give a date such as 2026-11-11.")) from None
        if not 1970 <= found.year <= 2199:
            raise QuestionError.field(name, got, say("give a year from 1970 to 2199."))
        return found.strftime("%Y-%m-%d")

    return {"check": check}


def moment() -> Metadata:
    """A moment in UTC as ISO text, or None; a `datetime` is accepted (one with a zone is converted)."""

    def check(name: str, got: Any) -> str | None:
        if got is None:
            return None
        try:
            at = dt.datetime.fromisoformat(got) if isinstance(got, str) else got
            at = at.astimezone(dt.UTC).replace(tzinfo=None) if at.tzinfo else at
            return str(at.isoformat(sep=" "))
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise QuestionError.field(name, got, say("give a time such as 2026-11-11 20:00.")) from None

    return {"check": check}


def time_zone() -> Metadata:
    """An IANA time zone's name."""

    def check(name: str, got: Any) -> str:
        if not isinstance(got, str) or got not in available_timezones():
            raise QuestionError.field(name, got, say("give an IANA name such as Asia/Shanghai."))
        return str(got)

    return {"check": check}


def currency_code() -> Metadata:
    """A three-letter ISO 4217 code."""

    def check(name: str, got: Any) -> str:
        if not isinstance(got, str) or not re.fullmatch(r"[A-Za-z]{3}", got, re.ASCII):
            raise QuestionError.field(name, got, say("give a three-letter code such as CNY."))
        return got.upper()

    return {"check": check}


def a(cls: type[Value]) -> Metadata:
    """One value of a class."""

    def check(name: str, got: Any) -> Value:
        if not isinstance(got, cls):
            raise QuestionError.field(name, got, say("it must be a {kind}.", kind=cls.__name__))
        return got

    return {"check": check}


def many(cls: type[Value], *, at_most: int = 100) -> Metadata:
    """A tuple of values of a class."""

    def check(name: str, got: Any) -> tuple[Value, ...]:
        items = tuple(got) if isinstance(got, Iterable) and not isinstance(got, str) else (got,)
        if len(items) > at_most or not all(isinstance(item, cls) for item in items):
            raise QuestionError.field(name, got, say("it must be a list of {kind}.", kind=cls.__name__))
        return items

    return {"check": check}


def optional(metadata: Metadata) -> Metadata:
    """The same check, with None allowed."""
    inner = metadata["check"]
    return {"check": lambda name, got: None if got is None else inner(name, got)}


def either(*choices: str | Metadata) -> Metadata:
    """One of the names given, or whatever passes the check that stands last."""
    words, inner = choices[:-1], choices[-1]
    assert not isinstance(inner, str)
    return {"check": lambda name, got: got if isinstance(got, str) and got in words else inner["check"](name, got)}


# ---- the values every question shares ---------------------------------------------------------------------


_FILTERED = ("campaign", "channel", "device")


@value("filter")
class Filter(Value):
    """Which rows a question looks at; an empty tuple means all.

    Parameters
    ----------
    start, end : str or date, optional
        First and last calendar day, both included, in the campaign's time zone.
    campaign, channel, device : tuple of str
        Names to keep.
    segment : mapping of str to str or sequence of str
        Saved segments and other text columns of one's own, and the names to keep of each.

    Examples
    --------
    >>> Filter(start="2026-11-01", channel="display")
    Filter(start='2026-11-01', channel=('display',))
    >>> Filter(segment={"before the burst": "interest"}).columns()
    {'before the burst': ('interest',)}
    """

    start: str | None = field(default=None, metadata=day())
    end: str | None = field(default=None, metadata=day())
    campaign: tuple[str, ...] = field(default=(), metadata=names())
    channel: tuple[str, ...] = field(default=(), metadata=names())
    device: tuple[str, ...] = field(default=(), metadata=names())
    segment: Wanted = field(default=(), metadata=conditions())

    def __post_init__(self) -> None:
        super().__post_init__()
        if both := next((column for column, _ in self.segment if column in _FILTERED), None):
            raise QuestionError.field("segment", both, say("the filter has a place of its own for it."))
        if self.start and self.end and self.start > self.end:
            raise QuestionError.crossed(
                say("The dates run backwards: {start} to {end}.", start=self.start, end=self.end)
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the value as plain JSON types; without segments, as it was before there were any."""
        found = super().to_dict()
        return found if self.segment else {name: own for name, own in found.items() if name != "segment"}

    def columns(self) -> dict[str, tuple[str, ...]]:
        """Return the columns that are restricted, with the names kept."""
        chosen = {column: getattr(self, column) for column in _FILTERED} | dict(self.segment)
        return {column: kept for column, kept in chosen.items() if kept}

    def without(self, *columns: str) -> Filter:
        """Return the filter with these columns not restricted."""
        kept = tuple(pair for pair in self.segment if pair[0] not in columns)
        return self.replace(segment=kept, **{column: () for column in _FILTERED if column in columns})

    def bounds(self, zone: str) -> tuple[dt.datetime | None, dt.datetime | None]:
        """Return the half-open range of naive UTC moments that the days cover in `zone`."""
        return (
            local_midnight(self.start, zone) if self.start else None,
            local_midnight(self.end, zone, days=1) if self.end else None,
        )


@value("phase")
class Phase(Value):
    """A named stretch of a campaign, first and last day included."""

    name: str = field(metadata=text(longest=60))
    start: str = field(metadata=day())
    end: str = field(metadata=day())


@value("campaign")
class Campaign(Value):
    """What is being run: its days, phases, budget, goals, time zone and currency.

    Parameters
    ----------
    name : str
    start, end : str or date
        First and last day, both included, in `zone`.
    phases : tuple of Phase
        Stretches of the campaign; they may not overlap.
    budget : float, optional
        Planned spend in `currency`, the reserve included.
    goals : mapping of str to float
        Targets by name.
    margin : float, optional
        Contribution margin as a share of revenue, for profit ROI.
    zone : str
        IANA time zone in which days begin.
    currency : str
        ISO 4217 code.
    """

    name: str = field(metadata=text(longest=80))
    start: str = field(metadata=day())
    end: str = field(metadata=day())
    phases: tuple[Phase, ...] = field(default=(), metadata=many(Phase))
    budget: float | None = field(default=None, metadata=optional(number(least=0)))
    goals: Pairs = field(default=(), metadata=pairs())
    margin: float | None = field(default=None, metadata=optional(number(least=0, most=1)))
    zone: str = field(default="Asia/Shanghai", metadata=time_zone())
    currency: str = field(default="CNY", metadata=currency_code())

    def __post_init__(self) -> None:
        super().__post_init__()
        spans = [(self.start, self.end), *((p.start, p.end) for p in self.phases)]
        for start, end in spans:
            if start > end:
                text = say("The dates run backwards: {start} to {end}.", start=start, end=end)
                raise QuestionError.crossed(text)
        if any(later[0] <= earlier[1] for earlier, later in pairwise(sorted(spans[1:]))):
            raise QuestionError.crossed(say("Two phases of the campaign overlap; end one before the next."))

    def phase_of(self, when: str) -> str | None:
        """Return the name of the phase that holds the ISO day `when`, if any."""
        return next((p.name for p in self.phases if p.start <= when <= p.end), None)


def micros(when: dt.datetime) -> int:
    """Return a naive UTC moment as microseconds since 1970."""
    return (when - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)


def local_midnight(when: str, zone: str, *, days: int = 0) -> dt.datetime:
    """Return the naive UTC moment at which the day `when` (plus `days`) begins in `zone`.

    Examples
    --------
    >>> local_midnight("2026-11-11", "Asia/Shanghai")
    datetime.datetime(2026, 11, 10, 16, 0)
    """
    midnight = dt.datetime.combine(dt.date.fromisoformat(when) + dt.timedelta(days=days), dt.time())
    return midnight.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC).replace(tzinfo=None)


def local_moment(when: dt.datetime, zone: str) -> dt.datetime:
    """Return what clocks in `zone` show at a naive UTC moment."""
    return when.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(zone))


def local_day(when: dt.datetime, zone: str) -> str:
    """Return the ISO calendar day in `zone` of a naive UTC moment."""
    return local_moment(when, zone).date().isoformat()
