"""What is said to people: a sentence's source text and its parameters, put into words when shown.

Answers, notes and errors carry a :class:`Message`, never finished prose, so one cached answer serves every
language. The English sentence is the gettext message id; ``locale/<language>/LC_MESSAGES/sluice.po`` holds
the others.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache
from numbers import Integral
from pathlib import Path
from types import MappingProxyType
from typing import Any, Protocol

from babel.core import Locale
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal, format_percent

LANGUAGES: Mapping[str, str] = MappingProxyType({"en": "English", "zh_CN": "简体中文"})
CATALOGUES = Path(__file__).resolve().parent.parent / "locale"


def N_(text: str) -> str:
    """Mark `text` for translation and return it unchanged (gettext's own convention)."""
    return text


@dataclass(frozen=True, slots=True)
class Share:
    """A proportion between 0 and 1, shown as a percentage."""

    value: float


@dataclass(frozen=True, slots=True)
class Points:
    """A difference of two proportions, shown as its number of percentage points; the sentence names the unit."""

    value: float


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency (ISO 4217), or in the report's own unit where the currency is unknown."""

    value: float
    currency: str | None
    exact: bool = False
    """Whether cents are shown."""
    signed: bool = False
    """Whether it is a change: a gain has its plus."""


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time in seconds, shown in the largest unit that reads well."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Name:
    """A code of a column of the data, shown by the name that people have for it."""

    code: str
    column: str | None


class Code(str):
    """What people type as it stands here, such as the name of a setting: never put into another language."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Deed:
    """That people did an event, as people say it: "bought", or "did" and its name where there is no verb."""

    event: str


@dataclass(frozen=True, slots=True)
class Names:
    """A list of names, or of things said; codes of a column, where one is given."""

    values: tuple[str | Message, ...]
    column: str | None = None
    sign: str | None = None
    """What joins them; by default what the language joins lists with."""


class Namer(Protocol):
    """What says how codes are called; see :class:`analysis.names.DisplayNames`."""

    def __call__(self, code: str, column: str | None, language: str) -> str:
        """Return what a code of a column is called in a language; the code itself where it has no name."""
        ...

    def deed(self, event: str, language: str) -> str | None:
        """Return the verb for doing an event in a language, if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A translatable sentence with its parameters.

    Parameters
    ----------
    id : str
        English source text with ``{name}`` placeholders; the gettext message id.
    params : tuple of (str, object)
        Values for the placeholders: text, :class:`Code`, numbers, :class:`Share`, :class:`Points`, :class:`Money`,
        :class:`Span`, :class:`Name`, :class:`Deed`, :class:`Names`, dates or further messages.

    Examples
    --------
    >>> say("{share} of {users} users", share=Share(0.125), users=12000).text()
    '12.5% of 12,000 users'
    """

    id: str
    params: tuple[tuple[str, Any], ...] = ()

    def text(self, language: str = "en", names: Namer | None = None) -> str:
        """Put the message into words in `language`; `names` says what codes are called."""
        words = {name: _words(value, language, names) for name, value in self.params}
        text = translate(self.id, language)
        if language == "en":
            one = {name for name, value in self.params if isinstance(value, Integral) and value == 1}
            text = singular(text, one) if one else text
        elif language.startswith("zh"):
            text = closed(text, words)
        return text.format(**words)

    def __str__(self) -> str:
        return self.text()


def say(id: str, /, **params: Any) -> Message:
    """Build a :class:`Message` from its English text and parameters."""
    return Message(id, tuple(params.items()))


def figure(unit: str, value: float, currency: str | None) -> Message:
    """Return a figure of an answer in its unit; see :class:`analysis.fields.Field`.

    Examples
    --------
    >>> figure("share", 0.125, None).text(), figure("count", 1200.0, None).text(), figure("p", 0.00002, None).text()
    ('12.5%', '1,200', '<0.001')
    """
    match unit:
        case "share":
            return say("{n}", n=Share(value))
        case "points":
            return say("{n} percentage points", n=Points(value))
        case "money":
            return say("{n}", n=Money(value, currency))
        case "seconds":
            return say("{n}", n=Span(value))
        case "count":
            return say("{n}", n=round(value))
        case "p":
            return say("{n}", n="<0.001" if value < 0.001 else f"{value:.3f}")
        case _:
            return say("{n}", n=float(value))


NOUNS = (
    "attempts|buyers|campaigns|channels|cohorts|conversions|customers|days|events|experiments|files|goals|groups|journeys|lines|orders|others|people|"
    "purchases|rows|sessions|steps|tasks|things|times|touchpoints|users|values|weeks"
)
VERBS = {"are": "is", "were": "was", "have": "has", "go": "goes", "look": "looks"}
COUNTED = re.compile(rf"\{{(\w+)\}} ((?:(?!of |to |and |in )[a-z]+ )?)({NOUNS})\b(?: ({'|'.join(VERBS)})\b)?")


def singular(text: str, one: Collection[str]) -> str:
    """Return an English text in which what is counted by certain placeholders is one.

    Examples
    --------
    >>> singular("{n} of {users} users go on, {paid} paid orders", {"users", "paid"})
    '{n} of {users} user goes on, {paid} paid order'
    """

    def each(found: re.Match[str]) -> str:
        name, between, noun, verb = found.groups()
        if name not in one:
            return found[0]
        alone = "person" if noun == "people" else noun.removesuffix("s")
        return f"{{{name}}} {between}{alone}" + (f" {VERBS[verb]}" if verb else "")

    return COUNTED.sub(each, text)


_CHINESE = "\u4e00-\u9fff"
_GAP = re.compile(rf"(?<=[{_CHINESE}]) (?=\{{(\w+)\}})|(?<=\{{)(\w+)\}} (?=[{_CHINESE}])")
"""A gap between Chinese and a placeholder: before it, or behind it."""


def closed(text: str, words: Mapping[str, str]) -> str:
    """Return a Chinese template without gaps beside words in Chinese: they belong beside figures and Latin letters.

    Examples
    --------
    >>> closed("在 {channel} 花了 {n} 元", {"channel": "搜索广告", "n": "7"})
    '在{channel}花了 {n} 元'
    """

    def each(found: re.Match[str]) -> str:
        before, behind = found.groups()
        word = words.get(before or behind, "")
        chinese = re.match(f"[{_CHINESE}]", word[:1] if before else word[-1:])
        return found[0].replace(" ", "") if chinese else found[0]

    return _GAP.sub(each, text)


def begun(sentence: str) -> str:
    """Return a sentence that begins with a capital, unless it begins with what is a code or written its own way.

    Examples
    --------
    >>> begun("private domain brings most"), begun("iOS users leave first"), begun("u7 bought twice")
    ('Private domain brings most', 'iOS users leave first', 'u7 bought twice')
    """
    first = sentence.split(" ", 1)[0]
    return sentence[:1].upper() + sentence[1:] if first.isalpha() and first.islower() else sentence


def translate(text: str, language: str) -> str:
    """Return `text` in `language`, or unchanged where the catalogue has no entry."""
    return catalogue(language).get(text, text) if text else text


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Mapping[str, str]:
    """Read a language's catalogue: source text to translation, untranslated entries left out."""
    path = CATALOGUES / language / "LC_MESSAGES" / "sluice.po"
    if not path.exists():
        return MappingProxyType({})
    with path.open("rb") as file:
        entries = read_po(file, locale=language)
    return MappingProxyType({str(e.id): str(e.string) for e in entries if e.id and e.string and not e.fuzzy})


_BEYOND = 1e20
"""Above this, digits say nothing (and Babel's decimals run out)."""


def _words(value: Any, language: str, names: Namer | None = None) -> str:
    locale = Locale.parse(language)
    match value:
        case Message():
            return value.text(language, names)
        case Code():
            return str(value)
        case Name():
            return _named(value.code, value.column, language, names)
        case Deed(event=event):
            verb = names.deed(event, language) if names else None
            return verb or say('did "{event}"', event=Name(event, "event")).text(language, names)
        case Share(value=x) | Points(value=x) | Money(value=x) | Span(seconds=x) | int(x) | float(x) if (
            _BEYOND < abs(x) < math.inf
        ):
            return f"{Decimal(x):.2e}"
        case Share():
            return format_percent(value.value, format=_percent_pattern(value.value), locale=locale)
        case Points():
            pattern = _percent_pattern(value.value).removesuffix("%")
            return format_decimal(100 * value.value, format=pattern, locale=locale)
        case Money(value=amount, signed=True) if amount > 0:
            return "+" + _words(replace(value, signed=False), language)
        case Money(value=amount, currency=str(code), exact=exact):
            pattern = "¤#,##0.00" if exact or abs(amount) < 100 else "¤#,##0"
            return format_currency(amount, code, locale=locale, format=pattern, currency_digits=False)
        case Money(value=amount):
            return _words(float(amount), language)
        case Span():
            return _span(value.seconds, language)
        case Names():
            said = [
                v.text(language, names) if isinstance(v, Message) else _named(v, value.column, language, names)
                for v in value.values
            ]
            signs = {", ": "、", "; ": "；"} if language.startswith("zh") else {}
            sign = value.sign or ", "
            return signs.get(sign, sign).join(said)
        case bool():
            return str(value)
        case int():
            return format_decimal(value, locale=locale)
        case float():
            return format_decimal(value, format=_decimal_pattern(value), locale=locale)
        case dt.datetime():
            return value.strftime("%Y-%m-%d %H:%M")
        case _:
            return translate(str(value), language)


def _named(code: str, column: str | None, language: str, names: Namer | None) -> str:
    """Return a code's name; where it has none of its own, the code as a word of the catalogue."""
    if isinstance(code, Code):
        return str(code)
    said = names(code, column, language) if names else code
    return translate(code, language) if said == code else said


def _percent_pattern(value: float) -> str:
    if value in (0, 1):
        return "#,##0%"
    return "#,##0.00%" if abs(value) < 0.01 else "#,##0.0%"


def _decimal_pattern(value: float) -> str:
    return "#,##0" if abs(value) >= 1000 else "#,##0.0" if abs(value) >= 100 else "#,##0.00"


_UNITS = (
    (86_400, N_("{n} days"), N_("{n} day")),
    (3_600, N_("{n} hours"), N_("{n} hour")),
    (60, N_("{n} minutes"), N_("{n} minute")),
    (1, N_("{n} seconds"), N_("{n} second")),
)


def _span(seconds: float, language: str) -> str:
    size, many, one = next((u for u in _UNITS if abs(seconds) >= u[0]), _UNITS[-1])
    amount = round(seconds / size, 1)
    text = one if amount == 1 else many
    return translate(text, language).format(n=format_decimal(amount, format="#,##0.#", locale=language))
