"""What a value's field may hold: each check here returns the dataclass metadata of one kind of field."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import available_timezones

from analysis.errors import QuestionError
from analysis.messages import Code, Names, Span, say
from analysis.values.base import Value

Check = Callable[[str, Any], Any]
Metadata = Mapping[str, Check]
Pairs = tuple[tuple[str, float], ...]
Wanted = tuple[tuple[str, tuple[str, ...]], ...]


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
            raise QuestionError.field(
                name, got, say("choose from {choices}.", choices=Names(tuple(map(Code, choices))))
            )
        return str(got)

    return {"check": check}


def names(*, at_least: int = 0, at_most: int = 1000, each: Metadata | None = None) -> Metadata:
    """A tuple of texts, each of which may have a check; a single text or any iterable of texts is accepted."""

    def check(name: str, got: Any) -> tuple[str, ...]:
        items = (got,) if isinstance(got, str) else tuple(got) if isinstance(got, Iterable) else None
        if items is None or not all(map(is_text, items)):
            raise QuestionError.field(name, got, say("it must be a list of names."))
        if len(items) < at_least:
            raise QuestionError.field(name, got, say("it needs {n} or more names.", n=at_least))
        if len(items) > at_most:
            raise QuestionError.field(name, got, say("it takes at most {n} names.", n=at_most))
        return tuple(each["check"](name, item) for item in items) if each else items

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


def rising(*, least: float = -math.inf, at_most: int = 100) -> Metadata:
    """A tuple of numbers, each above the one before; a single number or any iterable of numbers is accepted."""
    inner = number(least=least)["check"]

    def check(name: str, got: Any) -> tuple[float, ...]:
        items = tuple(got) if isinstance(got, Iterable) and not isinstance(got, str) else (got,)
        found = tuple(inner(name, item) for item in items)
        if len(found) > at_most:
            raise QuestionError.field(name, got, say("it takes at most {n} numbers.", n=at_most))
        if any(later <= earlier for earlier, later in pairwise(found)):
            raise QuestionError.field(name, got, say("each number must be above the one before."))
        return found

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


@cache
def _zones() -> frozenset[str]:
    """Return the names of all zones: the system's folder takes long to walk."""
    return frozenset(available_timezones())


def time_zone() -> Metadata:
    """An IANA time zone's name."""

    def check(name: str, got: Any) -> str:
        if not isinstance(got, str) or got not in _zones():
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
