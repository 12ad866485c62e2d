"""How are response curves put into words: the finding, and what it rests on?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.budget.curves.claims import Claims
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.estimate import FEWEST, Check, Estimate
from analysis.budget.curves.grades import LEARNT
from analysis.budget.curves.panel import Panel
from analysis.budget.curves.report import Report
from analysis.budget.curves.sampler import CHAINS, CONVERGED
from analysis.estimates import TAILS
from analysis.messages import N_, Message, Money, Name, Names, Share, say

SURE = 0.95
"""How likely it must be that one channel's next unit earns more than another's for them to be ranked."""
REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-spend": N_("nothing was spent"),
        "one-period": N_("the report is one period; export it by day"),
        "few-periods": N_("there are too few periods with spend; a curve needs {n}, and one more for each phase"),
        "no-variation": N_("spend hardly varies within a phase, so its effect cannot be told from that of demand"),
        "no-revenue": N_("the platform attributes no revenue"),
        "no-orders": N_("the report has no attributed revenue, and there are no paid orders in these periods"),
        "overlap": N_("the channels' periods overlap without being the same"),
        "alike": N_(
            "its spend rises and falls with that of another channel, so their effects cannot be told apart; "
            "count the two as one, or spend on them at different times"
        ),
        "not-converged": N_("several searches did not agree on an answer; longer data or fewer channels help"),
    }
)
"""Why a channel's curve cannot be estimated, by code."""


def reason(code: str) -> Message:
    """Put the reason why a curve cannot be estimated into words."""
    return say(REASONS[code], n=FEWEST)


def without_claims(laid: Panel, channel: str) -> Estimate:
    """Return the estimate of a channel without claims, where only claims are asked for."""
    spend = laid.spend[:, laid.channels.index(channel)]
    known = np.isfinite(spend)
    return Estimate(
        channel=channel,
        source="none",
        periods=int(known.sum()),
        spend=float(spend[known].sum()),
        revenue=float("nan"),
        reason="no-revenue",
    )


def is_effect(curve: Curve) -> bool:
    """Say whether a curve is of what spend brings, as far as orders or an experiment tell; else it is of claims."""
    return curve.source == "joint" or curve.tested


def one_basis(curves: Iterable[Curve]) -> tuple[Curve, ...]:
    """Return the curves on the basis with most spend: an effect is never ranked against a claim.

    Examples
    --------
    >>> one_basis(())
    ()
    """
    sides = [[c for c in curves if is_effect(c) == side] for curves in (tuple(curves),) for side in (True, False)]
    return tuple(max(sides, key=lambda side: sum(c.spent for c in side)))


# ---- the headline -----------------------------------------------------------------------------------------


def headline(found: list[Estimate]) -> Message:
    """Return where the next money earns most and least, where chance does not explain that."""
    curves = one_basis(e.curve for e in found if e.curve)
    if not curves:
        return say("No channel's response curve can be estimated from this report.")
    told = _ranked(curves)
    worse = [e for e in found if e.curve in curves and e.check and e.check.error >= e.check.plain]
    if 2 * sum(e.spend for e in worse) > sum(c.spent for c in curves):
        check = worse[0].check
        assert check is not None
        return say("These curves are a sketch: they predicted the last periods no better than spend alone does "
                   "(off by {error}, spend alone by {plain}). {told}", error=Share(check.error),
                   plain=Share(check.plain), told=told)  # fmt: skip
    return told


def _ranked(curves: tuple[Curve, ...]) -> Message:
    margins = {c.channel: c.next_unit_draws() for c in curves}
    order = sorted(curves, key=lambda c: -float(margins[c.channel].mean()))
    best, worst = order[0], order[-1]
    low, high = interval(margins[best.channel])
    facts: dict[str, object] = {
        "best": Name(best.channel, "channel"),
        "most": float(margins[best.channel].mean()),
        "low": low,
        "high": high,
        "worst": Name(worst.channel, "channel"),
        "least": float(margins[worst.channel].mean()),
    }
    if len(order) == 1:
        if is_effect(best):
            return say("The next unit of money in {best} earns {most} ({low} to {high}).", **facts)
        return say("By the platform's claim, the next unit of money in {best} earns {most} ({low} to {high}).", **facts)
    if not likelier(margins[best.channel], margins[worst.channel]):
        return say("Where the next unit of money earns most cannot be told: {best} is ahead with {most} ({low} to "
                   "{high}), but chance explains that.", **facts)  # fmt: skip
    if is_effect(best):
        return say("The next unit of money earns most in {best}: {most} ({low} to {high}); least in {worst}: {least}. "
                   "Move some from there first.", **facts)  # fmt: skip
    return say("By the platforms' claims, the next unit of money earns most in {best}: {most} ({low} to {high}); least "
               "in {worst}: {least}. Move some from there first.", **facts)  # fmt: skip


def likelier(more: Floats, less: Floats) -> bool:
    """Say whether one figure is above another in nearly all draws."""
    return bool(np.mean(more > less) >= SURE)


# ---- the notes --------------------------------------------------------------------------------------------


def notes(given: Report, found: list[Estimate], against: Claims | None, draws: int) -> tuple[Note, ...]:
    """Say what the figures rest on, what changes how to read them first."""
    told = [*(against.notes if against else ()), *_checked(found), *given.notes, *_missing(found)]
    if against and against.factor < 1 and any(e.source == "attributed" and e.curve for e in found):
        text = say("Claims are scaled to {share}, so that together they are no more than all orders brought.",
                   share=Share(against.factor))  # fmt: skip
        told.insert(1, Note("claims-scaled", text, "warning"))
    told += [*_doubted(found), *_twins(found), *_doubts(found), *_causes(found)]
    if idle := sum(e.idle for e in found if e.curve):
        free = say(
            "{revenue} of attributed revenue fell in periods with next to no spend; the curves leave it out.",
            revenue=Money(idle, given.currency),
        )
        told.append(Note("revenue-without-spend", free))
    joint = [e for e in found if e.source == "joint" and e.curve]
    if joint:
        told += [Note("joint-fit", _rests(joint), "warning"), *joint[0].notes, *_agreed(joint)]
    if any(e.curve for e in found):
        told += _phases(found)
        rule = say("Intervals hold 95% of {draws} draws; every form that fits about as well is among them.",
                   draws=draws)  # fmt: skip
        told.append(Note("forms", rule))
    return tuple(told)


def _checked(found: list[Estimate]) -> list[Note]:
    """Say how curves fitted to the first part predicted the rest, and what has moved since."""
    out = list[Note]()
    moved = {name: (low, high, now) for e in found if e.check for name, low, high, now in e.check.moved}
    for channel, (low, high, now) in moved.items():
        text = say("{channel}: without the last periods its marginal ROI was {low} to {high}; what came since moved it "
                   "to {now}. Look at what changed before you move money by it.", channel=Name(channel, "channel"),
                   low=low, high=high, now=now)  # fmt: skip
        out.append(Note("moved", text, "warning"))
    for joint in (False, True):
        own = [e for e in found if e.check and (e.source == "joint") == joint]
        if own:
            out.append(_predicted(own[:1] if joint else own))
    return out


def _predicted(own: list[Estimate]) -> Note:
    checks = [e.check for e in own if e.check]
    worse = [e for e in own if e.check and e.check.error >= e.check.plain]
    first: Check = checks[0]
    facts: dict[str, object] = {
        "n": first.periods,
        "error": Share(float(np.mean([c.error for c in checks]))),
        "plain": Share(float(np.mean([c.plain for c in checks]))),
    }
    if worse and own[0].source == "attributed":
        names = Names(tuple(e.channel for e in worse), "channel")
        text = say("Predicting the last {n} periods from those before, the curves of {channels} did no better than "
                   "spend alone.", channels=names, **facts)  # fmt: skip
        return Note("out-of-time", text, "warning")
    if worse:
        text = say("Predicting the last {n} periods from those before, the curves were off by {error}, spend alone by "
                   "{plain}: they are no better.", **facts)  # fmt: skip
        return Note("out-of-time", text, "warning")
    text = say("Predicting the last {n} periods from those before, the curves were off by {error}, revenue in "
               "proportion to spend by {plain}.", **facts)  # fmt: skip
    return Note("out-of-time", text)


def _missing(found: list[Estimate]) -> list[Note]:
    """Say which channels have no curve, once per reason."""
    codes = dict.fromkeys(e.reason for e in found if e.reason)
    return [
        Note(
            "not-estimable",
            say("{channels}: no curve, because {reason}.", channels=_named(found, code), reason=reason(code)),
            "missing",
        )
        for code in codes
    ]


def _named(found: list[Estimate], code: str) -> Names:
    return Names(tuple(e.channel for e in found if e.reason == code), "channel")


def _doubted(found: list[Estimate]) -> list[Note]:
    out = []
    for e in found:
        if e.curve and e.doubted:
            low, high = interval(e.curve.next_unit_draws())
            text = say(
                "{channel}: without the values that look like slips, as here, the marginal ROI is {now} ({low} to "
                "{high}); with them {then} ({then_low} to {then_high}).",
                channel=Name(e.channel, "channel"), now=e.curve.next_unit(), low=low, high=high,
                then=e.doubted[0], then_low=e.doubted[1], then_high=e.doubted[2],
            )  # fmt: skip
            out.append(Note("with-and-without", text, "warning"))
    return out


def _twins(found: list[Estimate]) -> list[Note]:
    out, told = [], set[str]()
    for e in found:
        if e.twin and e.channel not in told:
            told |= {e.channel, e.twin.channel}
            mean, low, high = e.twin.contribution
            text = say("{channels} cannot be told apart: what one earns the other might. Both together brought "
                       "{mean} ({low} to {high}); plan them as one.",
                       channels=Names((e.channel, e.twin.channel), "channel"), mean=Money(mean, None),
                       low=Money(low, None), high=Money(high, None))  # fmt: skip
            out.append(Note("twins", text, "warning"))
    return out


def _doubts(found: list[Estimate]) -> list[Note]:
    """Say where the data does not show what a reader would take from the curve."""
    straight = tuple(e.channel for e in found if e.curve and _unseen(e.curve))
    prior = tuple(e.channel for e in found if e.curve and e.source == "joint" and e.learnt < LEARNT)
    out = []
    if straight:
        text = say(
            "{channels}: spend was never high enough to show where the curve levels off. "
            "The slope is known, the ceiling is not.",
            channels=Names(straight, "channel"),
        )
        out.append(Note("ceiling-unseen", text, "warning"))
    if prior:
        text = say("{channels}: never off for long, so how much of revenue is theirs and how much would have come "
                   "anyway is hardly in the data. What the next unit earns is known better than the contribution.",
                   channels=Names(prior, "channel"))  # fmt: skip
        out.append(Note("split-unknown", text, "warning"))
    return out


def _unseen(curve: Curve) -> bool:
    """Whether the data leaves open that even the highest spend brought less than half of the ceiling."""
    return float(np.quantile(curve.half, TAILS[1])) > curve.observed_max


def _causes(found: list[Estimate]) -> list[Note]:
    """Say what the figures tell of cause."""
    claimed = tuple(e.channel for e in found if e.curve and e.source == "attributed" and not e.curve.tested)
    tested = tuple(e.channel for e in found if e.curve and e.curve.tested)
    out = []
    if claimed:
        text = say(
            "{channels}: revenue is what the ad platforms attribute, not what would be lost without the channel. "
            "An experiment that pauses the channel tells the difference; keep its result under Records as a lift test.",
            channels=Names(claimed, "channel"),
        )
        out.append(Note("attributed-revenue", text))
    if tested:
        text = say("{channels}: measured by a lift test, which is part of the fit.", channels=Names(tested, "channel"))
        out.append(Note("tested", text))
    if claimed and any(e.curve and is_effect(e.curve) for e in found):
        text = say("Claims of platforms and effects seen in orders are two things: one is never ranked against the "
                   "other.")  # fmt: skip
        out.append(Note("two-bases", text, "warning"))
    return out


def _rests(own: list[Estimate]) -> Message:
    names = Names(tuple(e.channel for e in own), "channel")
    pairs = [(e.channel, *e.alike) for e in own if e.alike]
    if not pairs:
        return say(
            "{channels}: fitted to the revenue of all orders, beside trend, weekday, phase and the days with a name. "
            "Whatever else moved with the spend is taken for its effect.",
            channels=names,
        )
    one, other, most = max(pairs, key=lambda pair: pair[2])
    return say(
        "{channels}: fitted together to the revenue of all orders, beside trend, weekday, phase and the days with a "
        "name. Whatever else moved with the spend is taken for its effect. Spend of {one} and {other} moves together "
        "most (correlation {most}); the closer to 1, the less their effects can be told apart.",
        channels=names,
        one=Name(one, "channel"),
        other=Name(other, "channel"),
        most=most,
    )


def _agreed(joint: list[Estimate]) -> list[Note]:
    """Say how far the searches of a joint fit agree."""
    text = say("{n} searches from different starts agree on these curves (R-hat {r_hat}; above {most} there would be "
               "none).", n=CHAINS, r_hat=max(e.r_hat or 1.0 for e in joint), most=CONVERGED)  # fmt: skip
    return [Note("convergence", text)]


def _phases(found: list[Estimate]) -> list[Note]:
    curves = [e.curve for e in found if e.curve and e.source == "attributed"]
    phases = dict.fromkeys(name for c in curves for name in c.phases)
    if len(phases) < 2:
        return []
    text = say(
        "Each channel's revenue is allowed to be higher or lower in each phase ({phases}) at the same spend, "
        "so demand is not taken for the effect of money. Curves are drawn at the usual demand.",
        phases=Names(tuple(phases), "phase"),
    )
    return [Note("phase-demand", text)]
