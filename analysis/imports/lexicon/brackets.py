"""What does a heading's bracket say: a currency, a zone, a period, or that another amount is meant?

The words stand as data in ``brackets.toml`` beside this.
"""

from __future__ import annotations

import re
import tomllib
import zoneinfo
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

from analysis.imports.lexicon.currencies import heading_currency
from analysis.imports.lexicon.headings import bracketed, plain_heading, whole_heading
from analysis.imports.lexicon.units import is_unit

_GIVEN = tomllib.loads((files("analysis.imports.lexicon") / "brackets.toml").read_text(encoding="utf-8"))
_KINDS = {whole_heading(word): kind for kind, words in _GIVEN["says"].items() for word in words}
OTHER_COLUMNS = ("refund", "discount")
"""Kinds of brackets that make an amount one of another column, which is called like the kind."""
_NEUTRAL = ("unit", "now", "currency", "zone")
_NEVER = ("aside", *OTHER_COLUMNS)
_OFFSET = re.compile(r"(?:utc|gmt)\s*([+-])\s*(\d{1,2})(?::?00)?", re.IGNORECASE)


def kind_of(inside: str) -> str:
    """Return what a bracket says: "currency", "zone", a kind of ``brackets.toml``, or "other".

    Examples
    --------
    >>> [kind_of(inside) for inside in ("USD", "元", "UTC+8", "previous period", "incl. tax")]
    ['currency', 'currency', 'zone', 'aside', 'other']
    """
    if heading_currency(f"({inside})"):
        return "currency"
    if is_unit(inside):
        return "unit"
    return _KINDS.get(whole_heading(inside)) or ("zone" if _zone(inside) else "other")


def kinds_of(heading: str) -> frozenset[str]:
    """Return what a heading's brackets say."""
    return frozenset(map(kind_of, bracketed(heading)))


def likeness(heading: str, name: str) -> int | None:
    """Say how well a heading is a name: 0 to the letter, 1 but for its unit, 2 in another variant; None is not.

    Examples
    --------
    >>> headings = ("Total", "Total [EUR]", "Total (incl. tax)", "Total (refunded)", "Tax")
    >>> [likeness(heading, "total") for heading in headings]
    [0, 1, 2, None, None]
    """
    if whole_heading(heading) == whole_heading(name):
        return 0
    if plain_heading(heading) != plain_heading(name):
        return None
    kinds = kinds_of(heading) - kinds_of(name)
    if kinds & set(_NEVER):
        return None
    return 1 if kinds <= set(_NEUTRAL) else 2


def best_heading(names: Sequence[str], headings: Iterable[str]) -> str | None:
    """Return the heading that is one of some names, the best likeness first, then the first of the names.

    Examples
    --------
    >>> best_heading(["total", "amount"], ["Total (net)", "Amount"])
    'Amount'
    """
    found = [
        (rank, place, n, heading)
        for n, heading in enumerate(headings)
        for place, name in enumerate(names)
        if (rank := likeness(heading, name)) is not None
    ]
    return min(found)[-1] if found else None


def heading_zone(heading: str) -> str | None:
    """Return the zone that a heading names in brackets.

    Examples
    --------
    >>> heading_zone("Created date (UTC)"), heading_zone("下单时间（北京时间）"), heading_zone("Start [GMT+8]")
    ('UTC', 'Asia/Shanghai', 'Etc/GMT-8')
    """
    return next((zone for inside in bracketed(heading) if (zone := _zone(inside))), None)


def _zone(inside: str) -> str | None:
    text = re.sub(r"^in\s+", "", inside.strip(), flags=re.IGNORECASE)
    if zone := _GIVEN["zones"].get(text.casefold()):
        return str(zone)
    if (match := _OFFSET.fullmatch(text)) and int(match[2]) <= 12:
        return f"Etc/GMT{'-' if match[1] == '+' else '+'}{int(match[2])}" if int(match[2]) else "UTC"
    return text if "/" in text and text in _zones() else None


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def converted_into(headings: Iterable[str]) -> str | None:
    """Return the heading of the currency that amounts were converted to."""
    return best_heading(_GIVEN["converted_into"], headings)
