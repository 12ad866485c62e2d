"""What people write down because the data cannot know it: frozen values of a kind, kept with their history."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from analysis.errors import QuestionError
from analysis.messages import LANGUAGES, say
from analysis.values import Value, currency_code, day, number, one_of, text, value


@dataclass(frozen=True, kw_only=True, repr=False)
class Record(Value):
    """Base of what people write down.

    Each kind is made with :func:`analysis.values.value`; :meth:`analysis.workspace.Workspace.keep` keeps one under a
    name, with everything it was before.
    """


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

    column: str = field(metadata=text())
    code: str = field(metadata=text(longest=1000))
    language: str = field(metadata=one_of(*LANGUAGES))
    name: str = field(metadata=text(longest=80))


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
