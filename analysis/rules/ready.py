"""Which rules can a team begin with? The plan's own, and the ones campaign teams commonly run."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.messages import N_, Message, say
from analysis.rules.actions import (
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    ReleaseTranche,
    Resume,
)
from analysis.rules.conditions import ALL, AllOf, Compare, Reading
from analysis.rules.rule_set import Limits, Rule, RuleSet

CHANCE = 3.0
"""Standard deviations by which orders must exceed the forecast, besides the ratio, to count as a breach at all."""
RATIO = 1.5
"""Multiple of the forecast that orders must exceed to count as a breach."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule set to begin with.

    Parameters
    ----------
    code : str
    title : Message
    about : Message
        What it does and what to mind, in a sentence.
    rules : RuleSet
    """

    code: str
    title: Message
    about: Message
    rules: RuleSet


def plan(
    *,
    evaluate_every: str = "4h",
    adjust_every: str = "8h",
    step: float = 0.10,
    min_advantage: float = 1.1,
    lookback: str = "1d",
    floor: float = 0.2,
    reserve: float = 0.15,
    surge_ratio: float = RATIO,
    surge_evaluations: int = 2,
    release: float = 1 / 3,
    min_roi: float = 1.0,
) -> RuleSet:
    """Return the plan's own rules: money moves to where the next yuan earns more, and a reserve waits for surges.

    Parameters
    ----------
    evaluate_every, adjust_every : str or timedelta
        How often figures are looked at, and money moved.
    step : float
        Largest share of the budget that one adjustment moves.
    min_advantage : float
        Money moves when the highest marginal ROI is at least this many times the lowest.
    lookback : str or timedelta
        What marginal ROI is read over.
    floor : float
        Share of its planned rate that every channel keeps.
    reserve : float
        Share of the whole budget held back; without one there is no rule for surges.
    surge_ratio : float
        A surge is orders above this many times the forecast, levelled to what was seen before,
    surge_evaluations : int
        this many evaluations in a row.
    release : float
        Share of the reserve at the start that an adjustment draws then,
    min_roi : float
        unless the next unit of money is estimated to earn less than this.

    Returns
    -------
    RuleSet

    Raises
    ------
    QuestionError
        A setting is out of range.

    Examples
    --------
    >>> [rule.name for rule in plan().rules], len(plan(reserve=0).rules)
    (['move to the higher marginal ROI', 'draw on the reserve in a surge'], 1)
    """
    spread = Compare(left=Reading(metric="spread", over=lookback), is_=">=", than=min_advantage)
    moving = Rule(
        name=N_("move to the higher marginal ROI"),
        per="campaign",
        when=spread,
        then=(Rebalance(by="marginal_roi", step=step, over=lookback),),
    )
    rules = (moving, _surge(evaluate_every, surge_ratio, surge_evaluations, release, min_roi))
    return RuleSet(
        name=N_("the plan's own rules"),
        rules=rules if reserve else rules[:1],
        evaluate_every=evaluate_every,
        adjust_every=adjust_every,
        reserve=reserve,
        limits=Limits(floor=floor),
    )


def _surge(window: str, ratio: float, evaluations: int, release: float, min_roi: float) -> Rule:
    orders, forecast, excess = (Reading(metric=m, over=window, of=ALL) for m in ("orders", "forecast", "excess"))
    # A ratio alone would fire on three orders in a quiet night.
    beyond_chance = Compare(left=excess, is_=">", than=CHANCE)
    return Rule(
        name=N_("draw on the reserve in a surge"),
        per="campaign",
        when=AllOf(of=(Compare(left=orders, is_=">", than=ratio, right=forecast), beyond_chance)),
        pending=evaluations,
        then=(DrawReserve(share=release, min_roi=min_roi),),
    )


def pausing_by_cost(*, times: float = 1.5, over: str = "3d", excluding: str = "6h", least_orders: int = 24) -> RuleSet:
    """Return rules that pause a channel whose orders cost much more than the campaign's, and try it again later.

    Parameters
    ----------
    times : float
        Multiple of the cost per order of all channels together.
    over, excluding : str or timedelta
        Window of the figures, and how long before an evaluation it ends.
    least_orders : int
        Orders without which a cost per order says too little.
    """
    own = Reading(metric="cpa", over=over, excluding=excluding)
    dear = Compare(left=own, is_=">", than=times, right=own.replace(of=ALL))
    stop = Rule(
        name=N_("pause what costs too much"),
        when=dear,
        pending=2,
        least_orders=least_orders,
        sample_over=over,
        then=(Pause(),),
    )
    return RuleSet(name=N_("pausing by cost per order"), rules=(stop, _second_try(over, excluding)))


def _second_try(over: str, excluding: str) -> Rule:
    """Resume what was paused so long that the window which stopped it is empty; it then has to prove itself anew."""
    idle = Compare(left=Reading(metric="spend", over=over, excluding=excluding), is_="<=", than=0)
    return Rule(name=N_("give it another try"), when=idle, cooldown=over, then=(Resume(),))


def scaling_by_return(
    *, step: float = 0.2, above: float = 1.2, below: float = 0.8, over: str = "3d", excluding: str = "6h"
) -> RuleSet:
    """Return rules that raise a channel's budget by a step where its ROI is above the campaign's, and cut it below.

    Parameters
    ----------
    step : float
        Share of the channel's own budget.
    above, below : float
        Multiples of the ROI of all channels together; between them nothing changes.
    over, excluding : str or timedelta
        Window of the figures, and how long before an evaluation it ends.
    """
    own = Reading(metric="roi", over=over, excluding=excluding)
    rules = []
    for name, sign, times, by in (
        (N_("raise what returns more"), ">", above, step),
        (N_("cut what returns less"), "<", below, -step),
    ):
        when = Compare(left=own, is_=sign, than=times, right=own.replace(of=ALL))
        then = (ChangeBudget(percent=by),)
        rules.append(Rule(name=name, when=when, least_orders=120, sample_over=over, cooldown="1d", then=then))
    return RuleSet(name=N_("scaling by return"), rules=tuple(rules))


def day_parting(*, start: int = 1, end: int = 7, best: int = 2) -> RuleSet:
    """Return rules that leave the night to the best channels.

    Parameters
    ----------
    start, end : int
        Hours of the local clock between which the others are paused.
    best : int
        Channels by ROI that go on.
    """
    night = AllOf(of=(
        Compare(left=Reading(metric="hour"), is_=">=", than=start),
        Compare(left=Reading(metric="hour"), is_="<", than=end),
        Compare(left=Reading(metric="rank", over="7d"), is_=">", than=best),
    ))  # fmt: skip
    rules = (
        Rule(name=N_("rest at night"), when=night, then=(Pause(),)),
        Rule(
            name=N_("go on in the morning"),
            when=Compare(left=Reading(metric="hour"), is_=">=", than=end),
            then=(Resume(),),
        ),
    )
    return RuleSet(name=N_("day-parting"), rules=rules, evaluate_every="1h")


def proportional(*, step: float = 0.2, over: str = "3d", excluding: str = "6h") -> RuleSet:
    """Return a rule that moves budget once a day towards shares in proportion to ROI.

    Parameters
    ----------
    step : float
        Largest share of the budget that a day moves.
    over, excluding : str or timedelta
        Window of the figures, and how long before an evaluation it ends.
    """
    apart = Compare(left=Reading(metric="spread", over=over, excluding=excluding), is_=">=", than=1.1)
    move = Rebalance(by="roi", step=step, over=over, excluding=excluding)
    rule = Rule(name=N_("follow the ROI seen"), per="campaign", when=apart, then=(move,))
    return RuleSet(name=N_("proportional rebalancing"), rules=(rule,), evaluate_every="1d", adjust_every="1d")


def dying_creatives(*, share: float = 0.5, least_orders: int = 56) -> RuleSet:
    """Return rules that pause a channel whose ROI of a day falls far below that of its week: its creative has worn out.

    Parameters
    ----------
    share : float
        Of the ROI of the week.
    least_orders : int
        Orders of the week without which nothing is concluded.
    """
    day, week = (Reading(metric="roi", over=over, excluding="6h") for over in ("1d", "7d"))
    worn = Compare(left=day, is_="<", than=share, right=week)
    stop = Rule(
        name=N_("stop a dying creative"),
        when=worn,
        pending=2,
        least_orders=least_orders,
        sample_over="7d",
        then=(Notify(message=N_("Put in a new creative: the channel is tried again tomorrow")), Pause()),
    )
    return RuleSet(name=N_("stopping dying creatives"), rules=(stop, _second_try("1d", "6h")))


def staged_release(*, tranches: tuple[float, ...] = (0.2, 0.2), target: float = 1.0, every: str = "3d") -> RuleSet:
    """Return rules that hand out held-back parts of the budget one by one, as long as the campaign's ROI is on target.

    Parameters
    ----------
    tranches : sequence of float
        Shares of the whole budget held back at the start.
    target : float
        ROI of all channels together over two days that releases the next.
    every : str or timedelta
        How long to wait between two of them.
    """
    roi = Reading(metric="roi", over="2d", excluding="6h", of=ALL)
    release = Rule(
        name=N_("release the next part"),
        per="campaign",
        when=Compare(left=roi, is_=">=", than=target),
        pending=2,
        least_orders=97,
        sample_over="2d",
        cooldown=every,
        then=(ReleaseTranche(),),
    )
    hold = Rule(
        name=N_("ask before going on"),
        per="campaign",
        when=Compare(left=roi, is_="<", than=target),
        pending=2,
        least_orders=97,
        sample_over="2d",
        cooldown=every,
        then=(Notify(message=N_("ROI is below the target: the next part of the budget stays held back")),),
    )
    return RuleSet(name=N_("staged release"), rules=(release, hold), tranches=tranches)


def waiting(*, day: int, share: float = 0.6) -> RuleSet:
    """Return a rule that keeps most of the budget for one day and all that follow it.

    Parameters
    ----------
    day : int
        Of the campaign, the first being 1.
    share : float
        Of the whole budget, held back until then.
    """
    begins = Compare(left=Reading(metric="day"), is_=">=", than=day)
    release = Rule(name=N_("release the rest for the burst"), per="campaign", when=begins, then=(ReleaseTranche(),))
    return RuleSet(name=N_("most of the budget in the burst"), rules=(release,), tranches=(share,))


READY = (
    Ready(
        "plan",
        say("The plan's own rules"),
        say("Money moves in steps of 10% to where the next yuan earns more; 15% waits for surges of demand."),
        plan(),
    ),
    Ready(
        "pausing-by-cost",
        say("Pausing by cost per order"),
        say("A channel whose orders cost over 1.5 times the campaign's is paused, and tried again three days later."),
        pausing_by_cost(),
    ),
    Ready(
        "scaling-by-return",
        say("Scaling by return in steps of 20%"),
        say("A channel well above the campaign's ROI gets 20% more a day, one well below 20% less; the gap between "
            "keeps the two rules from alternating."),
        scaling_by_return(),
    ),
    Ready(
        "day-parting",
        say("Day-parting"),
        say("From 1:00 to 7:00 only the two channels with the best ROI of the week go on."),
        day_parting(),
    ),
    Ready(
        "proportional",
        say("Proportional rebalancing"),
        say("Once a day budget moves towards shares in proportion to the ROI seen: what money earned on average, not "
            "what the next yuan earns."),
        proportional(),
    ),
    Ready(
        "dying-creatives",
        say("Stopping dying creatives"),
        say("A channel whose ROI of a day is below half of its week's is paused, and people are told to put in a new "
            "creative."),
        dying_creatives(),
    ),
    Ready(
        "staged-release",
        say("Staged release"),
        say("40% of the budget is held back in two parts; each is released once ROI is on target, three days apart at "
            "least."),
        staged_release(),
    ),
)  # fmt: skip
"""What a team can begin with."""

NAMES = frozenset(rule.name for rules in (*(ready.rules for ready in READY), waiting(day=1)) for rule in rules.rules)
"""What rules of ours are called: such a name is said in the reader's language."""


def called(name: str) -> Message | str:
    """Return a rule's name, that of a ready one in the reader's language.

    Examples
    --------
    >>> called("my own rule")
    'my own rule'
    """
    return say(name) if name in NAMES else name
