"""Which rules can a team begin with? The plan's own, and the ones campaign teams commonly run."""

from __future__ import annotations

from analysis.messages import N_
from analysis.rules.actions import DrawReserve, Rebalance
from analysis.rules.conditions import ALL, AllOf, Compare, Reading
from analysis.rules.rule_set import Limits, Rule, RuleSet

CHANCE = 3.0
"""Standard deviations by which orders must exceed the forecast, besides the ratio, to count as a breach at all."""


def plan(
    *,
    evaluate_every: str = "4h",
    adjust_every: str = "8h",
    step: float = 0.10,
    min_advantage: float = 1.1,
    lookback: str = "1d",
    floor: float = 0.2,
    reserve: float = 0.15,
    surge_ratio: float = 1.5,
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
