"""What does a lesson's simulation answer to what the lesson asks, and how do the rules compare with other sets?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.messages import N_, Message, Money, Names, Share, say
from analysis.reallocation.decisions import Decision
from analysis.reallocation.play import Played, interval, others
from analysis.reallocation.rules import SHOCKS, Card
from analysis.reallocation.state import CENTS, DRAWN, FOUND, WAITED
from analysis.rules.conditions import hours

Log = tuple[Decision, ...]
LEFT_OUT = N_("the same without the last 96 hours")
ONCE_A_DAY = N_("the same rules once a day")
"""What lessons call the sets that they put beside the rules."""
CALLED: Mapping[str, str] = MappingProxyType(
    {
        "wrong-curves": N_("The curves are wrong"),
        "best-split": N_("The split is best already"),
        "busy": N_("Fifty orders an hour"),
        "late-orders": N_("Orders come in late"),
        "broken": N_("Broken or only unseen"),
        "burst": N_("Most of it in the burst"),
        "private-half": N_("Half into the private domain"),
        "daily": N_("Every four hours, or once a day"),
    }
)
"""What each lesson is called, by its code."""
READ_BACK = pd.Timedelta(days=2)


def learnt(code: str, played: Played, log: Log) -> Message:
    """Return the answer to what a lesson asks, from the figures as they stand, whatever was changed since it began.

    Parameters
    ----------
    code : str
        One of :data:`LEARNT`.
    played : Played
    log : tuple of Decision
        Of the first run.
    """
    return LEARNT[code](played, log)


# ---- sets beside each other -------------------------------------------------------------------------------


def beside(played: Played) -> Message | None:
    """Return what each other rule set earns more or less than the rules, paired by run; nothing without any."""
    said = tuple(_beside(played, rules.name, played.total(policy)) for policy, rules in others(played.against).items())
    return say("On the same chance: {sets}.", sets=Names(said, sign="; ")) if said else None


def _beside(played: Played, name: str, other: Floats) -> Message:
    more = other - played.total("rules")
    facts, (low, high) = {"name": name, **_ends(played, more)}, _bounds(more)
    if low > 0:
        return say("{name}: {amount} ({low} to {high}) more than the rules", **facts)
    if high < 0:
        facts |= _ends(played, -more)
        return say("{name}: {amount} ({low} to {high}) less than the rules", **facts)
    if not more.any():
        return say("{name}: the same as the rules", name=name)
    return say("{name}: not to be told from the rules ({amount}, {low} to {high})", **facts)


def _ends(played: Played, values: Floats) -> dict[str, Money]:
    """Return an average with its interval."""
    (low, high), unit = _bounds(values), played.given.currency
    return {name: Money(float(x), unit) for name, x in (("amount", values.mean()), ("low", low), ("high", high))}


def _bounds(values: Floats) -> tuple[float, float]:
    """Return the interval of an average; the average itself where all runs agree."""
    low, high = interval(values)
    return (float(values.mean()),) * 2 if np.isnan(low) else (low, high)


def _most(played: Played) -> Message:
    """Say which of the sets earns most on average, and by how much one split earns more where chance does not tell."""
    sets = {"rules": played.rule_set, **others(played.against)}
    best = max(sets, key=lambda policy: float(played.total(policy).mean()))
    beyond = played.total("once") - played.total(best)
    if _bounds(beyond)[0] <= 0:
        return say("Of these rule sets {name} earns most.", name=sets[best].name)
    return say("Of these rule sets {name} earns most, and {amount} ({low} to {high}) less than one split.",
               name=sets[best].name, **_ends(played, beyond))  # fmt: skip


def _compared(played: Played) -> Message:
    return beside(played) or say("Compare with another rule set under Rules, and it is answered here.")


# ---- what each lesson asks --------------------------------------------------------------------------------


def _wrong_curves(played: Played, log: Log) -> Message:
    split, most = (float(x.mean()) for x in (played.split, played.total("oracle") - played.total("fixed")))
    return say(
        "Off as the curves may be, one split by them still earns {split} of the {most} that can be earned at most. "
        "{sets} {best}",
        split=Money(split, played.given.currency), most=Money(most, played.given.currency), sets=_compared(played),
        best=_most(played),
    )  # fmt: skip


def _best_split(played: Played, log: Log) -> Message:
    own = played.watching
    (low, high), facts = _bounds(own), _ends(played, own)
    if low > 0:
        return say("Moving money while it runs earns {amount} ({low} to {high}) above the best split: more than zero.",
                   **facts)  # fmt: skip
    if high < 0:
        return say("Moving money while it runs earns less than zero: {amount} ({low} to {high}) beside the best split. "
                   "Each move follows chance as much as the market.", **facts)  # fmt: skip
    return say("What moving money while it runs earns cannot be told from zero: {amount} ({low} to {high}) beside the "
               "best split.", **facts)  # fmt: skip


def _busy(played: Played, log: Log) -> Message:
    surges, found = int(played.walked.tally.surges.sum()), int(played.counted(FOUND).sum())
    if not found or not played.given.reserve:
        return say("No surge was answered from a reserve. {sets}", sets=_compared(played))
    unit, waited = played.given.currency, played.walked.tally.worth[WAITED, :, played.walked.place("rules")].sum()
    return say(
        "The rules found {found} of {surges} surges, {hours} hours after they began on average, and drew {share} of "
        "the reserve. Answering surges brings {shocks}, holding money back for them {reserve}. {sets}",
        found=found, surges=surges, hours=float(waited) / found,
        share=Share(float(played.money(DRAWN, "rules").mean()) * CENTS / played.given.reserve),
        shocks=Money(float(played.answering.mean()), unit, signed=True),
        reserve=Money(float(played.holding.mean()), unit, signed=True), sets=_compared(played),
    )  # fmt: skip


def _late(played: Played, log: Log) -> Message:
    more = _own_rival(played, LEFT_OUT)
    if more is None:
        return _compared(played)
    if _bounds(more)[1] < 0:
        return say("Leaving the most recent hours out brings nothing back: it costs {amount} ({low} to {high}).",
                   **_ends(played, -more))  # fmt: skip
    return say("Leaving the most recent hours out brings back {amount} ({low} to {high}).", **_ends(played, more))


def _daily(played: Played, log: Log) -> Message:
    more = _own_rival(played, ONCE_A_DAY)
    if more is None:
        return _compared(played)
    low, high = _bounds(more)
    if low <= 0 <= high:
        return say("What the further looks earn cannot be told from nothing: {amount} ({low} to {high}).",
                   **_ends(played, -more))  # fmt: skip
    return say("The further looks earn {amount} ({low} to {high}).", **_ends(played, -more))


def _own_rival(played: Played, name: str) -> Floats | None:
    """Return what the set that a lesson put beside the rules earns more than they do, if it is still there."""
    found = next((policy for policy, rules in others(played.against).items() if rules.name == name), None)
    return played.total(found) - played.total("rules") if found else None


def _broken(played: Played, log: Log) -> Message:
    moves = [one for one in log if one.outcome == "done" and one.kind in ("pause", "resume")]
    pauses = [one for one in moves if one.kind == "pause"]
    start, cards = played.given.market.times[0], [c for c in played.given.market.settings.cards if c.at]
    said = tuple(_paused(card, start, pauses) for card in cards)
    other = sum(not any(_due_to(card, start, one.time) for card in cards) for one in pauses)
    return say(
        "How often the first campaign's rules paused a channel while a card was on or within two days of it: {cards}; "
        "at other times {other}. Pausing and resuming brought {total} in all.",
        other=other, cards=Names(said) if said else say("no card has its day"),
        total=Money(sum(one.effect or 0.0 for one in moves), played.given.currency),
    )  # fmt: skip


def _due_to(card: Card, start: pd.Timestamp, time: pd.Timestamp) -> bool:
    """Say whether what a rule read may have been the card's doing: rules read a day or more back."""
    since = time - start - pd.Timedelta(hours=hours(card.at or "0h"))
    return bool(
        pd.Timedelta(0) <= since < pd.Timedelta(hours=hours(card.lasts or SHOCKS[card.shock].lasts)) + READ_BACK
    )


def _paused(card: Card, start: pd.Timestamp, pauses: list[Decision]) -> Message:
    n = sum(_due_to(card, start, one.time) for one in pauses)
    return say("{card} {n}", card=say(SHOCKS[card.shock].label), n=n)


def _burst(played: Played, log: Log) -> Message:
    return say("{share} of the budget waits. {sets} {best}", share=Share(played.rule_set.held_back),
               sets=_compared(played), best=_most(played))  # fmt: skip


def _private_half(played: Played, log: Log) -> Message:
    unit, split = played.given.currency, float(played.split.mean())
    facts = {"split": Money(split, unit), "gain": Money(float(played.gain.mean()), unit)}
    if split <= 0:
        return say("Splitting otherwise would have brought nothing more ({split}); the rules bring {gain}.", **facts)
    return say("Splitting otherwise from the first day would have brought {split}. The rules win back {gain}, which is "
               "{share} of it.", share=Share(float(played.gain.mean()) / split), **facts)  # fmt: skip


LEARNT: Mapping[str, Callable[[Played, Log], Message]] = MappingProxyType(
    {
        "wrong-curves": _wrong_curves,
        "best-split": _best_split,
        "busy": _busy,
        "late-orders": _late,
        "broken": _broken,
        "burst": _burst,
        "private-half": _private_half,
        "daily": _daily,
    }
)
"""Who answers what a lesson asks, by its code."""
