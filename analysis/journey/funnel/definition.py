"""What makes a funnel, and what every question about one is asked of: which events, in which order, by whose rules?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Self

from analysis.errors import QuestionError
from analysis.journey.steps import STEPS_AT_MOST, Exclusion, Step, called, exclusions, steps
from analysis.messages import N_, Deed, Message, Name, Span, say
from analysis.question import Question
from analysis.values import a, duration, either, moment, one_of, optional, seconds, text, whole

PROFILES: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "clickhouse": MappingProxyType({"entry": "every"}),
        "posthog": MappingProxyType({"entry": "every", "dates": "conversion"}),
        "mixpanel": MappingProxyType({"entry": "first", "dates": "entry"}),
    }
)
"""Peers whose rules a funnel can follow, and what they prescribe."""
PROFILE_RULES = {
    "clickhouse": N_("ClickHouse's rules: one event may serve several steps; strict order ends at any other event."),
    "posthog": N_("PostHog's rules: entry and steps within the dates; an exclusion takes its user out altogether."),
    "mixpanel": N_("Mixpanel's rules: the first entry alone counts; an exclusion ends that attempt."),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelDefinition(Question):
    """What makes a funnel: its steps, and the rules by which a user's events are matched to them.

    The fields are described at :class:`analysis.journey.funnel.question.Funnel`, the question that counts users.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    steps: tuple[str | Step, ...] = field(metadata=steps())
    window: str = field(default="7d", metadata=either("session", duration()))
    order: str = field(default="ordered", metadata=one_of("ordered", "strict", "any"))
    entry: str = field(default="every", metadata=one_of("every", "first", "first_ever"))
    exclusions: tuple[Exclusion, ...] = field(default=(), metadata=exclusions())
    hold: str | None = field(default=None, metadata=optional(text()))
    breakdown: str | None = field(default=None, metadata=optional(text()))
    breakdown_at: str | int = field(
        default="first", metadata=either("first", "last", whole(least=1, most=STEPS_AT_MOST))
    )
    dates: str = field(default="entry", metadata=one_of("entry", "conversion"))
    profile: str | None = field(default=None, metadata=optional(one_of(*PROFILES)))
    observed_until: str | None = field(default=None, metadata=optional(moment()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if wrong := _crossed(self):
            raise QuestionError.crossed(wrong)

    @property
    def step_names(self) -> tuple[str, ...]:
        """What the steps are called in tables and files."""
        return tuple(called(step) for step in self.steps)

    @property
    def step_words(self) -> tuple[Message | Name, ...]:
        """The steps in words."""
        return tuple(self.in_words(name) for name in self.step_names)

    @property
    def row_names(self) -> tuple[str, ...]:
        """What the rows of an answer are called: the steps, or in any order how many of them were taken."""
        count = len(self.steps)
        return tuple(f"{k} / {count}" for k in range(1, count + 1)) if self.order == "any" else self.step_names

    @property
    def said(self) -> Mapping[str, Message]:
        """By their names in tables, the steps that are more than an event, in words."""
        return {step.name: step.said for step in self.steps if isinstance(step, Step)}

    def deed(self, row: str) -> Message | Deed:
        """Return that people took a step, as a verb."""
        return say('did "{event}"', event=self.said[row]) if row in self.said else Deed(row)

    def in_words(self, row: str) -> Message | Name:
        """Return what a row of an answer is called in words."""
        return self.said.get(row) or Name(row, "event")

    @property
    def skippable(self) -> int:
        """The bits of the steps that may be skipped."""
        return sum(1 << k for k, step in enumerate(self.steps) if isinstance(step, Step) and step.optional)

    @property
    def effective(self) -> Self:
        """The funnel with the entry rule and the dates that its profile prescribes."""
        return self.replace(**PROFILES[self.profile]) if self.profile else self


@dataclass(frozen=True, kw_only=True, repr=False)
class OfFunnel(Question):
    """Base of the questions about a funnel.

    Parameters
    ----------
    funnel : Funnel
        Its filter becomes the question's own, where that has none.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    funnel: FunnelDefinition = field(metadata=a(FunnelDefinition))

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "where", self.where or self.funnel.where)
        object.__setattr__(self, "funnel", self.funnel.replace(where=None))

    @property
    def asked(self) -> FunnelDefinition:
        """The funnel with the question's filter."""
        return self.funnel.replace(where=self.where)


def _crossed(asked: FunnelDefinition) -> Message | None:
    """Say which fields do not go together, if any do not."""
    count = len(asked.steps)
    if asked.skippable & (1 | 1 << count - 1):
        return say("The first and the last step cannot be optional; make one between them optional.")
    for one in asked.exclusions:
        if not one.after < (one.before or count) <= count:
            return say(
                "An exclusion lies between two of the {count} steps; {after} and {before} are not.",
                count=count,
                after=one.after,
                before=one.before or count,
            )
    if isinstance(asked.breakdown_at, int) and asked.breakdown_at > count:
        return say("There is no step {step} to take the breakdown at; there are {count}.",
                   step=asked.breakdown_at, count=count)  # fmt: skip
    if asked.order == "any" and asked.skippable:
        return say("In any order no step can be optional; take the step out, or count the steps in order.")
    lacks = asked.exclusions or asked.skippable or asked.hold or asked.window == "session" or asked.order == "any"
    if asked.profile == "clickhouse" and lacks:
        return say("ClickHouse's windowFunnel has no exclusions, optional steps, held columns, sessions or any order; "
                   "leave them out, or its rules.")  # fmt: skip
    if asked.order == "any" and any(one.after > 1 or one.before not in (None, count) for one in asked.exclusions):
        return say("In any order an exclusion lies between the first and the last step; leave its steps out.")
    return None


def within(asked: FunnelDefinition) -> Message | Span:
    """Return the window in words."""
    return say("one session") if asked.window == "session" else Span(seconds(asked.window))
