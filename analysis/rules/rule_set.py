"""Which rules may move money while a campaign runs, how often, in which order and within which limits?"""

from __future__ import annotations

from dataclasses import field

from analysis.errors import QuestionError
from analysis.messages import say
from analysis.rules.actions import Action
from analysis.rules.conditions import AllOf, Condition, whole_hours
from analysis.values import (
    Value,
    a,
    duration,
    flag,
    many,
    names,
    number,
    one_of,
    optional,
    seconds,
    text,
    value,
    whole,
)

MODES = ("off", "dry-run", "notify", "apply")
"""Nothing; decisions in the log alone; decisions told to people; decisions carried out."""
MOST_RULES = 200


@value("rule")
class Rule(Value):
    """When something holds, something is done.

    Parameters
    ----------
    name : str
    when : Condition
    then : sequence of Action
    on : bool
    per : {"channel", "campaign"}
        Whether it looks at each channel apart, or once at the campaign.
    channels : sequence of str
        Those it looks at; none means all.
    priority : int
        Rules with a lower number go first; among equals, in the order of the set. Of two that want to change one
        channel at the same time the first does, and the other is held back.
    pending : int
        Evaluations in a row in which the condition must hold.
    least_orders : int
        Orders that must have been seen within `sample_over`; with fewer there is no data.
    sample_over : str or timedelta
    no_data : {"skip", "hold", "fire"}
        What happens where there is none: the count of evaluations starts again, stays, or goes on as if it held.
    cooldown : str or timedelta, optional
        How long it rests, for the same channel, after it acted.
    """

    name: str = field(metadata=text(longest=80))
    when: Condition = field(default_factory=AllOf, metadata=a(Condition))
    then: tuple[Action, ...] = field(metadata=many(Action, at_most=5))
    on: bool = field(default=True, metadata=flag())
    per: str = field(default="channel", metadata=one_of("channel", "campaign"))
    channels: tuple[str, ...] = field(default=(), metadata=names(each=text()))
    priority: int = field(default=0, metadata=whole(least=0, most=1000))
    pending: int = field(default=1, metadata=whole(least=1, most=100))
    least_orders: int = field(default=0, metadata=whole(least=0, most=10**9))
    sample_over: str = field(default="1d", metadata=duration())
    no_data: str = field(default="skip", metadata=one_of("skip", "hold", "fire"))
    cooldown: str | None = field(default=None, metadata=optional(duration()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.then:
            raise QuestionError.field("then", None, say("a rule needs an action."))
        whole_hours("sample_over", self.sample_over)
        if self.cooldown:
            whole_hours("cooldown", self.cooldown)


@value("guard")
class Limits(Value):
    """What no rule may go beyond, whichever acts: by changing and moving budgets, and refilling the reserve.

    Pausing, resuming, and what the reserve and tranches hand out are not held to a channel's own limits: the money has
    to go somewhere. All of it counts as a change after which a channel rests.

    Parameters
    ----------
    floor : float
        Share of its planned rate that every channel keeps: without it, channels that had a bad week ratchet down
        to nothing and are never measured again.
    ceiling : float, optional
        Multiple of its planned rate that a channel gets at most.
    step, day : float, optional
        Largest change of a channel's own budget in one adjustment, and against what it was 24 hours before, as a share.
    cooldown : str or timedelta, optional
        How long a channel rests after a change.
    per_day : int, optional
        Most decisions carried out in 24 hours.
    beyond : {"clamp", "skip"}
        Whether a change that goes too far is made smaller or not made.
    """

    floor: float = field(default=0.2, metadata=number(least=0, most=1))
    ceiling: float | None = field(default=None, metadata=optional(number(least=1, most=1000)))
    step: float | None = field(default=None, metadata=optional(number(above=0, most=1000)))
    day: float | None = field(default=1.0, metadata=optional(number(above=0, most=1000)))
    cooldown: str | None = field(default=None, metadata=optional(duration()))
    per_day: int | None = field(default=None, metadata=optional(whole(least=1, most=10_000)))
    beyond: str = field(default="clamp", metadata=one_of("clamp", "skip"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cooldown:
            whole_hours("cooldown", self.cooldown)


@value("review")
class Review(Value):
    """Which decisions a person looks at first, and what happens if nobody answers.

    Parameters
    ----------
    share : float
        Of decisions that move money, at random; with `by` "risk", those that move at least this share of the budget.
    by : {"random", "risk"}
    answers_in : str or timedelta
        How long a person takes.
    time_out : str or timedelta
        When it is decided without one.
    then : {"apply", "drop"}
        What is decided then.
    rejects : float
        Share of what they look at that people reject.
    """

    share: float = field(default=0.3, metadata=number(least=0, most=1))
    by: str = field(default="random", metadata=one_of("random", "risk"))
    answers_in: str = field(default="4h", metadata=duration())
    time_out: str = field(default="8h", metadata=duration())
    then: str = field(default="apply", metadata=one_of("apply", "drop"))
    rejects: float = field(default=0.0, metadata=number(least=0, most=1))

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("answers_in", "time_out"):
            whole_hours(name, getattr(self, name))


@value("rule-set")
class RuleSet(Value):
    """Rules with their clock, their limits and the money held back for them.

    Parameters
    ----------
    name : str
    rules : sequence of Rule
    evaluate_every, adjust_every : str or timedelta
        How often conditions are looked at, and money moved: whole hours on the local clock from midnight, the second a
        multiple of the first.
    mode : {"off", "dry-run", "notify", "apply"}
    reserve : float
        Share of the whole budget held back at the start.
    tranches : sequence of float
        Further shares of the whole budget, held back for a staged release, in the order in which they are released.
    limits : Limits
    review : Review, optional

    Examples
    --------
    >>> from analysis.rules.actions import Rebalance
    >>> RuleSet(name="even", rules=(Rule(name="level", per="campaign", then=(Rebalance(by="even"),)),)).adjust_every
    '8h'
    """

    name: str = field(default="rules", metadata=text(longest=80))
    rules: tuple[Rule, ...] = field(default=(), metadata=many(Rule, at_most=MOST_RULES))
    evaluate_every: str = field(default="4h", metadata=duration())
    adjust_every: str = field(default="8h", metadata=duration())
    mode: str = field(default="apply", metadata=one_of(*MODES))
    reserve: float = field(default=0.0, metadata=number(least=0, most=0.9))
    tranches: tuple[float, ...] = field(default=(), metadata={"check": lambda name, got: _shares(name, got)})
    limits: Limits = field(default_factory=Limits, metadata=a(Limits))
    review: Review | None = field(default=None, metadata=optional(a(Review)))

    def __post_init__(self) -> None:
        super().__post_init__()
        on_the_clock(self.evaluate_every, self.adjust_every)
        if len({rule.name for rule in self.rules}) < len(self.rules):
            raise QuestionError.crossed(say("Two rules have the same name: give each its own."))
        if self.held_back > 0.95:
            raise QuestionError.crossed(
                say("Reserve and tranches hold back more than 95% of the budget: leave more to start with.")
            )

    @property
    def held_back(self) -> float:
        """The share of the whole budget held back at the start, in reserve and tranches."""
        return self.reserve + sum(self.tranches)


def on_the_clock(evaluate: str, adjust: str) -> None:
    """Refuse clocks that are not whole hours, or adjustments that fall between evaluations."""
    for name, window in (("evaluate_every", evaluate), ("adjust_every", adjust)):
        whole_hours(name, window)
    if seconds(adjust) % seconds(evaluate):
        raise QuestionError.crossed(
            say(
                "Adjusting every {adjust} does not fall on evaluations every {evaluate}: choose a multiple of it.",
                adjust=adjust,
                evaluate=evaluate,
            )
        )


def _shares(name: str, got: object) -> tuple[float, ...]:
    items = tuple(got) if isinstance(got, (list, tuple)) else (got,)
    if len(items) > 10 or not all(isinstance(x, (int, float)) and not isinstance(x, bool) and 0 < x < 1 for x in items):
        raise QuestionError.field(name, got, say("give up to ten shares between 0 and 1."))
    return tuple(float(x) for x in items)
