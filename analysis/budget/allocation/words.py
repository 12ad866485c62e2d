"""How is an allocation put into words: what to move, what it brings, what each rule takes?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.budget import scenario
from analysis.budget.allocation.conflicts import WayOut
from analysis.budget.allocation.days import Days
from analysis.budget.allocation.definition import AllocationDefinition
from analysis.budget.allocation.programme import TARGET, Side
from analysis.budget.allocation.rules import Limit
from analysis.budget.curves.curve import interval
from analysis.budget.curves.question import CurvesAnswer
from analysis.budget.curves.words import reason
from analysis.charts import TOTAL
from analysis.messages import N_, Message, Money, Name, Names, Share, say

WHOLE = "total"
"""Name of the rule that bounds all spend."""
MOVED = 0.01
"""Share of the total from which on a change of a channel's spend is named."""
FIRST = ("claims-exceed-orders", "claims-scaled")
"""Notes that stand before all others: what is planned by is not what was earned."""
Sums: TypeAlias = "Mapping[str, float] | pd.Series[Any]"
"""The last row of a plan's table."""
MOST_NAMED = 3
LOOSE = 1e-3
"""Share of revenue from which on it is said that a better plan may be missed."""
"""Channels on either side that a headline names."""


@dataclass(frozen=True)
class RuleCost:
    """What a rule takes from the goal.

    Parameters
    ----------
    name : hashable
    side : Side
    binds : bool
    relaxed, tightened : float
        Gain and loss per unit of the bound.
    cost : float
        What the goal would gain without the rule.
    """

    name: Hashable
    side: Side
    binds: bool
    relaxed: float
    tightened: float
    cost: float


@dataclass(frozen=True, eq=False)
class Plan:
    """The plan found, as words need it.

    Parameters
    ----------
    table : DataFrame
    now, was : ndarray, shape (draws,)
        Revenue of the plan and as spent.
    total : float
        What there was to spend.
    drawn : DataFrame
        The curves.
    claims : bool
        Whether revenue is what platforms claim.
    margin : float, optional
        Where profit is sought.
    gap : float
        How far the best plan can be above this one, as a share of its revenue.
    """

    table: pd.DataFrame
    now: Floats
    was: Floats
    total: float
    drawn: pd.DataFrame
    claims: bool
    margin: float | None = None
    gap: float = 0.0

    @property
    def sums(self) -> Mapping[str, float]:
        """Its last row."""
        return {str(name): own for name, own in self.table.iloc[-1].items()}

    def moves(self) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """Return the channels that give and those that get, the largest first, without crumbs."""
        own = self.table[self.table["channel"] != TOTAL]
        least = MOVED * max(self.total, float(own["observed"].sum()))
        each = [(str(c), float(m)) for c, m in zip(own["channel"], own["moved"], strict=True) if abs(m) >= least]
        give = sorted(((c, -m) for c, m in each if m < 0), key=lambda move: -move[1])
        get = sorted(((c, m) for c, m in each if m > 0), key=lambda move: -move[1])
        return give, get


def nothing(spend: float, currency: str | None) -> Message:
    """Say that there is nothing to plan by."""
    return say("No channel's response curve can be estimated, so no split of {spend} can be told to be better.",
               spend=Money(spend, currency))  # fmt: skip


# ---- the headline -----------------------------------------------------------------------------------------


def headline(asked: AllocationDefinition, plan: Plan, currency: str | None) -> Message:
    """Return what to move and what it brings, compared with the spend as it was."""
    sums = plan.sums
    facts = _facts(plan, currency)
    if asked.goal == "budget":
        return say("{target} takes at least {spend}: {moves}", target=Money(asked.target or 0.0, currency),
                   moves=_aims(plan, currency), **facts)  # fmt: skip
    if asked.goal == "roi":
        return say("With an ROI of {target} or more, {spend} can be spent and brings {revenue} ({low} to {high}); ROI "
                   "is at least that in {sure} of cases. {moves}", target=asked.target, sure=_sure(plan, asked.target),
                   moves=_aims(plan, currency), **facts)  # fmt: skip
    if asked.goal == "marginal_roi":
        return say("Money earns {target} or more at the margin up to {spend}, which brings {revenue} ({low} to "
                   "{high}). {moves}", target=asked.target, moves=_aims(plan, currency), **facts)  # fmt: skip
    if asked.time == "rest":
        return say("For the days left: {moves} It brings {change} more ({change_low} to {change_high}) than {spend} "
                   "shared as before.", moves=_aims(plan, currency), **facts)  # fmt: skip
    if plan.margin is not None:
        return _profit(plan, facts, currency)
    same = abs(float(sums["moved"])) <= MOVED * max(float(sums["observed"]), 1e-9)
    give, get = plan.moves()
    if same and not (give and get and better(sums)):
        return no_better(sums, currency)
    if same:
        text = N_("Move {give} to {get}: {change} more ({change_low} to {change_high}), on the same {spend}.")
        if plan.claims:
            text = N_(
                "Move {give} to {get}: {change} more claimed ({change_low} to {change_high}), on the same {spend}."
            )
        return say(text, give=_listed(give, currency, give=True), get=_listed(get, currency), **facts)
    return _other_budget(plan, facts, currency)


def better(sums: Sums) -> bool:
    """Say whether a plan's last row tells that it brings more than the spend as it was, beyond chance.

    What is said of a split, of plans side by side and of more or less budget hangs on this alone.
    """
    return bool(sums["change_low"] > 0)


def no_better(sums: Sums, currency: str | None) -> Message:
    """Return that the best split of the spend as it was, whose last row this is, may be no better."""
    return say("No other split of {spend} can be shown to be better: the best found brings {change} more on average "
               "({change_low} to {change_high}).", **_money(sums, currency))  # fmt: skip


def _other_budget(plan: Plan, facts: Mapping[str, object], currency: str | None) -> Message:
    """Say what another budget brings."""
    more = float(plan.sums["change"]) >= 0
    low, high = interval(plan.now - plan.was)
    change = float((plan.now - plan.was).mean())
    bounds = (low, high) if more else (-high, -low)
    text = (
        N_("{spend} instead of {observed}: {moves} It brings {revenue}, {change} more ({low} to {high}).")
        if more
        else N_("{spend} instead of {observed}: {moves} It brings {revenue}, {change} less ({low} to {high}).")
    )
    return say(text, spend=facts["spend"], observed=facts["observed"], moves=_aims(plan, currency),
               revenue=facts["revenue"], change=Money(abs(change), currency), low=Money(bounds[0], currency),
               high=Money(bounds[1], currency))  # fmt: skip


def _profit(plan: Plan, facts: Mapping[str, object], currency: str | None) -> Message:
    """Say what is left of revenue at the margin once the spend is paid, beside the spend as it was."""
    margin = plan.margin or 0.0
    gain = margin * (plan.now - plan.was) - float(plan.sums["moved"])
    low, high = interval(gain)
    return say("{spend} instead of {observed}: {moves} At a margin of {margin} that is {gain} more profit ({low} to "
               "{high}).", spend=facts["spend"], observed=facts["observed"], moves=_aims(plan, currency),
               margin=Share(margin), gain=Money(float(gain.mean()), currency), low=Money(low, currency),
               high=Money(high, currency))  # fmt: skip


def _facts(plan: Plan, currency: str | None) -> dict[str, object]:
    return _money(plan.sums, currency)


def _money(sums: Sums, currency: str | None) -> dict[str, object]:
    names = ("spend", "observed", "revenue", "low", "high", "change", "change_low", "change_high")
    return {name: Money(float(sums[name]), currency) for name in names}


def _aims(plan: Plan, currency: str | None) -> Message:
    """Say who gets more and who less."""
    give, get = plan.moves()
    facts = {"give": _amounts(give, currency), "get": _amounts(get, currency)}
    if give and get:
        return say("more for {get}, less for {give}.", **facts)
    if get:
        return say("more for {get}.", **facts)
    if give:
        return say("less for {give}.", **facts)
    return say("every channel as it was.")


def _listed(moves: Sequence[tuple[str, float]], currency: str | None, *, give: bool = False) -> Names:
    """Return moves as a headline has them: amounts with their channels, or channels alone where one gets all."""
    if not give and len(moves) == 1:
        return Names((moves[0][0],), "channel")
    text = N_("{amount} from {channel}") if give else N_("{channel} ({amount})")
    return _named(text, moves, currency)


def _amounts(moves: Sequence[tuple[str, float]], currency: str | None) -> Names:
    return _named(N_("{channel} ({amount})"), moves, currency)


def _named(text: str, moves: Sequence[tuple[str, float]], currency: str | None) -> Names:
    """Return the largest moves, and how many more there are."""
    parts = [say(text, channel=Name(channel, "channel"), amount=Money(amount, currency))
             for channel, amount in moves[:MOST_NAMED]]  # fmt: skip
    if (more := len(moves) - MOST_NAMED) > 0:
        parts.append(say("{n} other channels", n=more))
    return Names(tuple(parts))


def _sure(plan: Plan, target: float | None) -> Share:
    spend = float(plan.sums["spend"])
    return Share(float(np.mean(plan.now >= (target or 0.0) * spend)))


# ---- the notes --------------------------------------------------------------------------------------------


def notes(
    asked: AllocationDefinition, plan: Plan, costs: Sequence[RuleCost], days: Days, fitted: CurvesAnswer
) -> tuple[Note, ...]:
    """Say what the plan rests on, what changes how to read it first."""
    first = [n for n in fitted.notes if n.code in FIRST or (n.code == "out-of-time" and n.level == "warning")]
    told = [*first, *_beyond(plan, fitted.currency)]
    told += [note for note in fitted.notes if note.code in scenario.KEPT and note not in first]
    told += [*_risk(asked, plan, fitted.currency), *_prices(costs, fitted.currency)]
    told += _left_out(plan, rest=asked.time == "rest")
    if asked.time == "rest":
        told += _unknown(days)
        text = say("{spent} was spent by these channels on days that are over; they are locked, and what they still "
                   "bring later is counted.", spent=Money(days.locked, fitted.currency))  # fmt: skip
        told.append(Note("locked", text))
    else:
        text = say("Days are taken to be like those observed, each phase's money spread over its days as it was.")
        told.append(Note("pattern", text))
    if asked.prices:
        told.append(Note("prices", say("{prices}: the same money buys less.", prices=asked.prices.words())))
    if plan.gap > LOOSE:
        text = say("S-curves make the best plan hard to prove: another may bring up to {share} more.",
                   share=Share(plan.gap))  # fmt: skip
        told.append(Note("loose", text, "warning"))
    if asked.caution:
        text = say("Sought for the {share} of cases in which it gains least over the spend as it was, not for the "
                   "average.", share=Share(1 - asked.caution))  # fmt: skip
        told.append(Note("cautious", text))
    if asked.given:
        names = Names(tuple(dict(asked.given)), "channel")
        text = say("{channels}: no curve; the return is the one given and does not level off. Test first: a small "
                   "amount for two weeks tells more than an assumption.", channels=names)  # fmt: skip
        told.append(Note("given-return", text, "warning"))
    return (*told, *(note for note in fitted.notes if note.code == "attributed-revenue"))


def _beyond(plan: Plan, currency: str | None) -> list[Note]:
    amount = float(plan.sums["beyond"])
    far = tuple(str(c) for c in plan.table.loc[plan.table["extrapolated"].astype(bool), "channel"] if c != TOTAL)
    if not far:
        return []
    text = say("{amount} of the revenue lies beyond what was ever spent in a period ({channels}), where the curves are "
               "a guess. Go there in steps, and look.", amount=Money(amount, currency),
               channels=Names(far, "channel"))  # fmt: skip
    return [Note("beyond", text, "warning")]


def _risk(asked: AllocationDefinition, plan: Plan, currency: str | None) -> list[Note]:
    if asked.goal != "revenue" or abs(float(plan.sums["moved"])) > MOVED * float(plan.sums["observed"]):
        return []
    gain = plan.now - plan.was
    text = say("The plan brings more than the spend as it was in {share} of what the curves may be; in the worst tenth "
               "its gain is {bad} or less.", share=Share(float(np.mean(gain > 0))),
               bad=Money(float(np.quantile(gain, 0.1)), currency))  # fmt: skip
    return [Note("risk", text)]


def _prices(costs: Sequence[RuleCost], currency: str | None) -> list[Note]:
    out = []
    for own in costs:
        if own.name == WHOLE and own.binds:
            text = say("The next unit of budget would earn {price}.", price=own.relaxed)
            out.append(Note("budget-price", text))
        elif isinstance(own.name, Limit) and own.binds:
            out.append(Note("rule-price", _price(own.name, own, currency)))
    idle = [own.name for own in costs if isinstance(own.name, Limit) and not own.binds]
    if idle:
        rules = Names(tuple(limit.words(currency) for limit in idle))
        out.append(Note("rule-idle", say("These rules cost nothing here, the best plan keeps to them by itself: "
                                         "{rules}.", rules=rules)))  # fmt: skip
    return out


def _price(limit: Limit, own: RuleCost, currency: str | None) -> Message:
    facts = {"rule": limit.words(currency), "cost": Money(own.cost, currency)}
    if not np.isfinite(own.cost):
        return say('The rule "{rule}" is what bounds the plan.', **facts)
    return say('The rule "{rule}" takes {cost} from the goal.', **facts)


def _unknown(days: Days) -> list[Note]:
    """Say what of the days to come nobody has seen the like of."""
    out = []
    if len(days.moments) > days.seen:
        text = say("{days} days are planned by {seen} that were seen: look again when more are.",
                   days=len(days.moments), seen=days.seen)  # fmt: skip
        out.append(Note("longer-than-seen", text, "warning"))
    if days.unseen:
        text = say("No day of {phases} was seen yet: demand is taken to be that of usual days, and so is what money "
                   "earns then.", phases=Names(days.unseen, "phase"))  # fmt: skip
        out.append(Note("phase-unseen", text, "warning"))
    return out


def _left_out(plan: Plan, *, rest: bool) -> list[Note]:
    own = plan.table[(plan.table["channel"] != TOTAL) & plan.table["revenue"].isna()]
    kept = (
        N_("{channels}: kept at the part they had so far, because {reason}. Test first, or give a return.")
        if rest
        else N_("{channels}: kept at what was spent, because {reason}. Test first, or give a return.")
    )
    out = []
    for code in own["reason"].dropna().unique():
        names = Names(tuple(own.loc[own["reason"] == code, "channel"]), "channel")
        out.append(Note("not-estimable", say(kept, channels=names, reason=reason(code)), "missing"))
    if other := tuple(own.loc[own["reason"].isna(), "channel"]):
        text = say("{channels}: on another basis than the plan, so kept at what was spent.",
                   channels=Names(other, "channel"))  # fmt: skip
        out.append(Note("other-basis", text, "warning"))
    return out


# ---- rules ------------------------------------------------------------------------------------------------


def words_of(name: Hashable, currency: str | None) -> Message:
    """Return a rule as people say it."""
    if isinstance(name, Limit):
        return name.words(currency)
    return say("the target") if name == TARGET else say("all there is to spend")


def rule_text(name: Hashable) -> str:
    """Return a rule's text in a table, by which its words are found."""
    return words_of(name, None).text()


def said(costs: Sequence[RuleCost], currency: str | None) -> dict[str, Message]:
    """Return the words of the rules in a table, by their text."""
    return {rule_text(own.name): words_of(own.name, currency) for own in costs}


def impossible(
    asked: AllocationDefinition, ways: Sequence[WayOut], currency: str | None
) -> tuple[Message, tuple[Note, ...]]:
    """Say which rules cannot hold together, and how far each would have to give way."""
    if not ways:
        return say("No plan can be found: nothing bounds the spend, or the search failed. Give a total."), ()
    names = [words_of(name, currency) for name in dict.fromkeys(way.name for way in ways)]
    if names == [words_of(TARGET, currency)]:
        text = say("The target cannot be reached: it is {by} beyond the best plan.", by=Money(ways[0].by, currency))
        return text, ()
    text = say("These rules cannot all hold: {rules}. Let one of them give way.", rules=Names(tuple(names)))
    notes = [Note("way-out", _way(way, currency), "missing") for way in ways]
    reach = say("Each channel is held to {times} times its highest spend observed, too: go further if you mean it.",
                times=asked.reach)  # fmt: skip
    return text, (*notes, Note("reach", reach))


def _way(way: WayOut, currency: str | None) -> Message:
    rule = words_of(way.name, currency)
    if not np.isfinite(way.by):
        return say('"{rule}": it cannot hold, whatever the other rules say.', rule=rule)
    return say('"{rule}": it would be enough if its bound gave way by {by}.', rule=rule, by=Money(way.by, currency))
