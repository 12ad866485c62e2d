"""What people write down because the data cannot know it: frozen values of a kind, kept with their history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Self, TypeVar

from analysis.errors import QuestionError
from analysis.messages import LANGUAGES, N_, Message, Names, say
from analysis.values import Value, currency_code, day, number, one_of, optional, text, value, whole


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
        told = (getattr(self, name) for name in self.told_by)
        return " · ".join(str(one) for one in told if one is not None)


@dataclass(frozen=True, kw_only=True, repr=False)
class Recorded(Record):
    """Base of records that questions read beside the rows: they change figures.

    `codes` says which fields hold a value of which column of the data, whose other spellings then hold for them too.
    """

    codes: ClassVar[Mapping[str, str]] = MappingProxyType({})
    figures: ClassVar[bool] = True
    """Whether it changes figures of other questions than the plan's: then it is part of the data's version."""

    def meant(self, meanings: Mapping[str, Mapping[str, str]]) -> Self:
        """Return it with every other spelling of a code as the value it stands for; see :func:`meanings`."""
        found = {name: meanings.get(column, {}).get(getattr(self, name)) for name, column in self.codes.items()}
        changed = {name: meant for name, meant in found.items() if meant is not None}
        return self.replace(**changed) if changed else self


S = TypeVar("S", bound=Recorded)


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


# ---- what questions read beside the rows --------------------------------------------------------------------


_CHANNEL = MappingProxyType({"channel": "channel"})


def _date() -> Mapping[str, Any]:
    """Return the check of a calendar day that has to be there."""
    inner = day()["check"]

    def check(name: str, got: object) -> str:
        if got is None:
            raise QuestionError.field(name, got, say("give a date such as 2026-11-11."))
        return str(inner(name, got))

    return {"check": check}


def _forwards(start: str, end: str) -> None:
    if start > end:
        raise QuestionError.crossed(say("The dates run backwards: {start} to {end}.", start=start, end=end))


@value("calendar-day")
class CalendarDay(Recorded):
    """A day, or days in a row, on which demand is known to be another: a peak of a sale, a holiday.

    Parameters
    ----------
    name : str
    start : str or date
        First day, in the campaign's time zone.
    end : str or date, optional
        Last day, included; without it the first.

    Raises
    ------
    QuestionError
        The days run backwards.

    Examples
    --------
    >>> CalendarDay(name="Singles' Day", start="2026-11-10", end="2026-11-11").title
    "Singles' Day · 2026-11-10"
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {"name": N_("Name"), "start": N_("First day"), "end": N_("Last day")}
    )
    told_by: ClassVar[tuple[str, ...]] = ("name", "start")

    name: str = field(metadata=text(longest=80))
    start: str = field(metadata=_date())
    end: str | None = field(default=None, metadata=day())

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.end is None:
            object.__setattr__(self, "end", self.start)
        _forwards(self.start, self.last)

    @property
    def last(self) -> str:
        """Its last day."""
        return self.end or self.start


@value("lift-test")
class LiftTest(Recorded):
    """What an experiment measured: spend of a channel was changed for some days, and sales changed with it.

    Parameters
    ----------
    channel : str
        The value as the data has it.
    start, end : str or date
        First and last day of the experiment, both included, in the campaign's time zone.
    spend_change : float
        By how much the channel's spend differed over these days from what it would have been, in the campaign's
        currency: below zero where the channel was paused.
    sales_change : float
        By how much sales differed with it, likewise.
    error : float
        Standard error of `sales_change`, above zero.

    Raises
    ------
    QuestionError
        The days run backwards, or spend was not changed.

    Examples
    --------
    >>> test = LiftTest(channel="display", start="2026-10-01", end="2026-10-07", spend_change=-1400,
    ...                 sales_change=-2100, error=400)
    >>> test.title
    'display · 2026-10-01 · 2026-10-07'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "channel": N_("Channel"),
            "start": N_("First day"),
            "end": N_("Last day"),
            "spend_change": N_("Change in spend"),
            "sales_change": N_("Change in sales"),
            "error": N_("Standard error of the change in sales"),
        }
    )
    told_by: ClassVar[tuple[str, ...]] = ("channel", "start", "end")
    codes: ClassVar[Mapping[str, str]] = _CHANNEL

    channel: str = field(metadata=text())
    start: str = field(metadata=_date())
    end: str = field(metadata=_date())
    spend_change: float = field(metadata=number())
    sales_change: float = field(metadata=number())
    error: float = field(metadata=number(above=0))

    def __post_init__(self) -> None:
        super().__post_init__()
        _forwards(self.start, self.end)
        if self.spend_change == 0:
            raise QuestionError.field("spend_change", 0, say("a test that changes no spend measures nothing."))


@value("adjustment")
class Adjustment(Recorded):
    """A decision that was made while a campaign ran: budget moved from one channel to another.

    Parameters
    ----------
    day : str or date
        In the campaign's time zone.
    hour : int
        Local hour of the day, 0 to 23.
    from_channel, to_channel : str
        The values as the data has them.
    amount : float
        What was moved of the rest of the campaign's budget, in its currency.
    reason : str, optional

    Raises
    ------
    QuestionError
        Both channels are the same.

    Examples
    --------
    >>> Adjustment(day="2026-11-02", hour=8, from_channel="display", to_channel="search", amount=1200).title
    '2026-11-02 · display · search'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "day": N_("Day"),
            "hour": N_("Hour"),
            "from_channel": N_("From channel"),
            "to_channel": N_("To channel"),
            "amount": N_("Amount moved"),
            "reason": N_("Reason"),
        }
    )
    told_by: ClassVar[tuple[str, ...]] = ("day", "from_channel", "to_channel")
    codes: ClassVar[Mapping[str, str]] = MappingProxyType({"from_channel": "channel", "to_channel": "channel"})

    day: str = field(metadata=_date())
    hour: int = field(default=0, metadata=whole(least=0, most=23))
    from_channel: str = field(metadata=text())
    to_channel: str = field(metadata=text())
    amount: float = field(metadata=number(above=0))
    reason: str | None = field(default=None, metadata=optional(text(longest=300)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.from_channel == self.to_channel:
            raise QuestionError.crossed(say("Money moved from a channel to itself: name two channels."))


@value("plan-line")
class PlanLine(Recorded):
    """What a plan gives to one thing: a channel or another purpose, in all or in one phase.

    Parameters
    ----------
    stage : str
        Stage of the work, such as ``design``, ``technology`` or ``execution``.
    line : str
        The channel, as the data has it, or what else the money is for.
    phase : str, optional
        Phase of the campaign; None is all of it.
    amount : float
        In the campaign's currency.

    Examples
    --------
    >>> PlanLine(stage="execution", line="live_stream", phase="burst", amount=9_900).title
    'execution · live_stream · burst'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "stage": N_("Stage of work"),
            "line": N_("Channel or purpose"),
            "phase": N_("Phase"),
            "amount": N_("Planned amount"),
        }
    )
    told_by: ClassVar[tuple[str, ...]] = ("stage", "line", "phase")
    codes: ClassVar[Mapping[str, str]] = MappingProxyType({"line": "channel"})

    stage: str = field(metadata=text(longest=60))
    line: str = field(metadata=text(longest=100))
    phase: str | None = field(default=None, metadata=optional(text(longest=60)))
    amount: float = field(metadata=number(least=0))


STAGES = (N_("diagnosis"), N_("design"), N_("test"), N_("campaign"), N_("review"))
"""The plan's stages in the order of the work."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Planned(Recorded):
    """Base of what a team plans and learns: only the plan's own questions read it."""

    figures: ClassVar[bool] = False


@value("task")
class Task(Planned):
    """Something to be done for a campaign, by whom and by when.

    Parameters
    ----------
    name : str
    stage : str
        One of :data:`STAGES`: what has to be done before the next one begins.
    due : str or date, optional
        Last day for it; without one, the last day of its stage, planned back from the campaign's start.
    who : str, optional
    done : str or date, optional
        The day it was done; None while it is open.
    campaign : str, optional
        Which one it is for; the workspace's own without one.

    Examples
    --------
    >>> Task(name="Interview regulars", stage="diagnosis", who="Lin").title
    'diagnosis · Interview regulars'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType({
        "name": N_("Task"), "stage": N_("Stage"), "due": N_("Due on"), "who": N_("Person"), "done": N_("Done on"),
        "campaign": N_("Campaign"),
    })  # fmt: skip
    told_by: ClassVar[tuple[str, ...]] = ("campaign", "stage", "name")
    codes: ClassVar[Mapping[str, str]] = MappingProxyType({"campaign": "campaign"})

    name: str = field(metadata=text(longest=200))
    stage: str = field(metadata=one_of(*STAGES))
    due: str | None = field(default=None, metadata=day())
    who: str | None = field(default=None, metadata=optional(text(longest=80)))
    done: str | None = field(default=None, metadata=day())
    campaign: str | None = field(default=None, metadata=optional(text(longest=80)))


@value("lesson")
class Lesson(Planned):
    """What a campaign taught, carried to the next one's plan.

    Parameters
    ----------
    learnt : str
        In a sentence: what to do, or to leave, next time.
    campaign : str
        Which one taught it.
    next : str, optional
        For which campaign; every later one without.
    evidence : str, optional
        What shows it: a sentence, or a link to a question.

    Examples
    --------
    >>> Lesson(learnt="Shift display money to mid-tier creators", campaign="Double 11 2026").title
    'Double 11 2026 · Shift display money to mid-tier creators'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType({
        "learnt": N_("Lesson"), "campaign": N_("Learnt from"), "next": N_("For campaign"), "evidence": N_("Evidence"),
    })  # fmt: skip
    told_by: ClassVar[tuple[str, ...]] = ("campaign", "learnt")
    codes: ClassVar[Mapping[str, str]] = MappingProxyType({"campaign": "campaign", "next": "campaign"})

    learnt: str = field(metadata=text(longest=500))
    campaign: str = field(metadata=text(longest=80))
    next: str | None = field(default=None, metadata=optional(text(longest=80)))
    evidence: str | None = field(default=None, metadata=optional(text(longest=1000)))


TRIALS = (N_("price"), N_("scene"))
"""What an experiment tries: prices, or a scene (page, script, play)."""


@value("trial")
class Trial(Planned):
    """An experiment that some of the traffic goes through.

    Parameters
    ----------
    name : str
    tries : {"price", "scene"}
    share : float
        Planned share of the traffic, 0 to 1.
    variant : str, optional
        The value of the events' variant column for those who go through it: its share is then measured.
    start, end : str or date, optional
        First and last day, both included; the campaign's without them.

    Raises
    ------
    QuestionError
        The days run backwards.

    Examples
    --------
    >>> Trial(name="Bundle price", tries="price", share=0.05).title
    'Bundle price'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType({
        "name": N_("Experiment"), "tries": N_("Tries"), "share": N_("Planned share of traffic"),
        "variant": N_("Variant in the events"), "start": N_("First day"), "end": N_("Last day"),
    })  # fmt: skip
    told_by: ClassVar[tuple[str, ...]] = ("name",)
    codes: ClassVar[Mapping[str, str]] = MappingProxyType({"variant": "variant"})

    name: str = field(metadata=text(longest=80))
    tries: str = field(metadata=one_of(*TRIALS))
    share: float = field(metadata=number(least=0, most=1))
    variant: str | None = field(default=None, metadata=optional(text(longest=1000)))
    start: str | None = field(default=None, metadata=day())
    end: str | None = field(default=None, metadata=day())

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start and self.end:
            _forwards(self.start, self.end)


@value("forecast")
class Forecast(Planned):
    """What a plan was expected to bring, kept for the review: predicted beside what happened.

    Parameters
    ----------
    name : str
    made : str or date
        The day it was made.
    start, end : str or date, optional
        First and last day it is for; None while they are open.
    spend, revenue, low, high : float
        Planned spend, expected revenue and its 95% interval, in the campaign's currency.
    basis : {"claims", "effects"}
        Whether revenue is what platforms claim or what orders show.

    Examples
    --------
    >>> Forecast(name="best split", made="2026-11-16", spend=126_877, revenue=415_140, low=403_087, high=426_629,
    ...          basis="claims").title
    'best split · 2026-11-16'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "name": N_("Name"),
            "made": N_("Made on"),
            "start": N_("First day"),
            "end": N_("Last day"),
            "spend": N_("Planned spend"),
            "revenue": N_("Expected revenue"),
            "low": N_("95% from"),
            "high": N_("95% to"),
            "basis": N_("Revenue"),
        }
    )
    told_by: ClassVar[tuple[str, ...]] = ("name", "made")

    name: str = field(metadata=text(longest=80))
    made: str = field(metadata=_date())
    start: str | None = field(default=None, metadata=optional(_date()))
    end: str | None = field(default=None, metadata=optional(_date()))
    spend: float = field(metadata=number(least=0))
    revenue: float = field(metadata=number())
    low: float = field(metadata=number())
    high: float = field(metadata=number())
    basis: str = field(metadata=one_of("claims", "effects"))


@value("channel-tag")
class ChannelTag(Recorded):
    """That a channel is one of a group, by which a plan can be bound: of the private domain, of one's own, a stage.

    Examples
    --------
    >>> ChannelTag(channel="live_stream", tag="private").title
    'live_stream · private'
    """

    labels: ClassVar[Mapping[str, str]] = MappingProxyType({"channel": N_("Channel"), "tag": N_("Tag")})
    told_by: ClassVar[tuple[str, ...]] = ("channel", "tag")
    codes: ClassVar[Mapping[str, str]] = _CHANNEL

    channel: str = field(metadata=text(longest=150))
    tag: str = field(metadata=text(longest=80))


def distinct(records: Iterable[S]) -> tuple[S, ...]:
    """Return records by kind and title, each once: of several of one title the one given last.

    Examples
    --------
    >>> given = [PlanLine(stage="design", line="film", amount=amount) for amount in (7, 8)]
    >>> [line.amount for line in distinct(given)]
    [8.0]
    """
    found = {(one.kind, one.title): one for one in records}
    return tuple(found[key] for key in sorted(found))
