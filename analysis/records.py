"""What people write down because the data cannot know it: frozen values of a kind, kept with their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from analysis.errors import QuestionError
from analysis.messages import LANGUAGES, N_, Message, Names, say
from analysis.values import Value, currency_code, day, number, one_of, text, value


@dataclass(frozen=True, kw_only=True, repr=False)
class Record(Value):
    """Base of what people write down.

    Each kind is made with :func:`analysis.values.value`; :meth:`analysis.workspace.Workspace.keep` keeps one under a
    name, with everything it was before. `labels` says what people call its fields, in English; the fields named in
    `told_by` tell one record of the kind from another.
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType({})
    told_by: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def label(cls, field: str) -> Message:
        """Return what people call a field."""
        return say(cls.labels.get(field, field))

    @property
    def title(self) -> str:
        """What it is kept under: two records of one title are one, changed."""
        return " · ".join(str(getattr(self, name)) for name in self.told_by)


@value("exchange-rate")
class ExchangeRate(Record):
    """What one unit of a currency was worth in another on a day, as the analyst gives it.

    Parameters
    ----------
    currency, into : str
        ISO 4217 codes of the currency that is converted and of the one it becomes.
    day : str or date
        Calendar day that the rate is of.
    rate : float
        Units of `into` for one unit of `currency`, above zero.

    Raises
    ------
    QuestionError
        There is no day, or both currencies are the same.

    Examples
    --------
    >>> ExchangeRate(currency="usd", day="2026-11-11", rate=7.1, into="CNY")
    ExchangeRate(currency='USD', day='2026-11-11', rate=7.1, into='CNY')
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"currency": N_("Currency"), "day": N_("Day"), "rate": N_("Rate"), "into": N_("In units of")}
    )
    told_by: ClassVar[tuple[str, ...]] = ("currency", "into", "day")

    currency: str = field(metadata=currency_code())
    day: str = field(metadata=day())
    rate: float = field(metadata=number(above=0))
    into: str = field(metadata=currency_code())

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.day is None:
            raise QuestionError.field("day", self.day, say("give a date such as 2026-11-11."))
        if self.currency == self.into:
            raise QuestionError.field("into", self.into, say("give another currency than the one that is converted."))


@value("display-name")
class DisplayName(Record):
    """What people call a code that stands in the data; the code itself stays as it is.

    Parameters
    ----------
    column : str
        The column whose value it is, such as ``channel``.
    code : str
        The value as the data has it.
    language : str
        Of the name; one of :data:`analysis.messages.LANGUAGES`.
    name : str

    Examples
    --------
    >>> DisplayName(column="channel", code="live_stream", language="zh_CN", name="直播").name
    '直播'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"column": N_("Column"), "code": N_("Value in the data"), "language": N_("Language"), "name": N_("Name")}
    )
    told_by: ClassVar[tuple[str, ...]] = ("column", "code", "language")

    column: str = field(metadata=text())
    code: str = field(metadata=text(longest=1000))
    language: str = field(metadata=one_of(*LANGUAGES))
    name: str = field(metadata=text(longest=80))


ALIASED = ("channel", "campaign", "creative", "audience", "item", "device", "page", "variant", "region", "coupon")
"""Columns whose values may be other spellings of one thing."""


@value("alias")
class Alias(Record):
    """That a value in the data is another one's spelling: both are one thing, counted together.

    Values are mapped when tables are read; what is stored stays as it is. A display name, in contrast, is only shown.

    Parameters
    ----------
    column : str
        One of :data:`ALIASED`.
    code : str
        The value as the data has it.
    meant : str
        The value it stands for.

    Raises
    ------
    QuestionError
        A value cannot be its own spelling.

    Examples
    --------
    >>> Alias(column="channel", code="Google Ads", meant="google").meant
    'google'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"column": N_("Column"), "code": N_("Value in the data"), "meant": N_("Counts as")}
    )

    told_by: ClassVar[tuple[str, ...]] = ("column", "code")

    column: str = field(metadata=one_of(*ALIASED))
    code: str = field(metadata=text(longest=1000))
    meant: str = field(metadata=text(longest=1000))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.code == self.meant:
            raise QuestionError.field("meant", self.meant, say("give another value than the one that is mapped."))


def meanings(aliases: Iterable[Alias]) -> dict[str, dict[str, str]]:
    """Return by column what each spelling stands for in the end; of several for one spelling the one given last holds.

    Raises
    ------
    QuestionError
        Spellings stand for one another in a circle.

    Examples
    --------
    >>> pairs = (("Google Ads", "google"), ("google", "paid_search"))
    >>> meanings(Alias(column="channel", code=one, meant=other) for one, other in pairs)
    {'channel': {'Google Ads': 'paid_search', 'google': 'paid_search'}}
    """
    given: dict[str, dict[str, str]] = {}
    for one in aliases:
        given.setdefault(one.column, {})[one.code] = one.meant
    return {column: {code: _end(code, pairs) for code in sorted(pairs)} for column, pairs in sorted(given.items())}


def _end(code: str, pairs: Mapping[str, str]) -> str:
    passed = [code]
    while passed[-1] in pairs:
        if (after := pairs[passed[-1]]) in passed:
            text = say("{names} stand for one another in a circle. Forget one of them.", names=Names(tuple(passed)))
            raise QuestionError.crossed(text)
        passed.append(after)
    return passed[-1]


def settled(rates: Iterable[ExchangeRate]) -> tuple[ExchangeRate, ...]:
    """Return rates by currency and day, each pair of currencies once a day: of several the one given last.

    Examples
    --------
    >>> given = [ExchangeRate(currency="USD", day="2026-11-11", rate=rate, into="CNY") for rate in (7.1, 7.2)]
    >>> [rate.rate for rate in settled(given)]
    [7.2]
    """
    found = {(rate.currency, rate.into, rate.day): rate for rate in rates}
    return tuple(found[key] for key in sorted(found))
