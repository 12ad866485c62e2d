"""What is wrong between the rules of a set: what they take from each other, undo, or leave undone?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, product

from analysis.messages import say
from analysis.rules.actions import Rebalance, ReleaseTranche
from analysis.rules.boxes import WHOLE, Box, Key, both, covered, described, domain, meet
from analysis.rules.findings import CUT, DRAW, OPPOSED, PAUSE, RAISE, REFILL, RESUME, Finding, Judged
from analysis.rules.rule_set import RuleSet

CLOCKS = frozenset({"hour", "weekday", "day", "time_share"})
"""What no chance moves."""


def with_earlier(earlier: Sequence[Judged], other: Judged) -> Iterator[Finding]:
    """Yield what is wrong between a rule and those that go before it: of each kind, with the first of them."""
    for check in (_alike, _fights, _swings):
        yield from islice((finding for one in earlier for finding in check(one, other)), 1)


def of_the_set(asked: RuleSet, judged: list[Judged]) -> Iterator[Finding]:
    """Yield what the rules of a set leave undone together."""
    yield from _held_back(asked, judged)
    yield from _one_way(asked, judged)


# ---- two rules --------------------------------------------------------------------------------------------


def _shared(one: Judged, other: Judged) -> list[str]:
    """Return channels that both look at; an empty name stands for any."""
    first, second = one.rule.channels, other.rule.channels
    if first and second:
        return [name for name in first if name in second]
    return list(first or second) or [""]


def _together(one: Judged, other: Judged) -> Box | None:
    """Return where both hold, for a channel that both look at."""
    for channel in _shared(one, other):
        for box in both(one.over(channel), other.over(channel)) or []:
            return box
    return None


def _alike(one: Judged, other: Judged) -> Iterator[Finding]:
    if one.rule == other.rule.replace(name=one.rule.name, priority=one.rule.priority):
        text = say("It is the same as {rule}. Take one of them out.", rule=one.rule.name)
        yield other.finding("duplicate", "warning", text)
    elif _same_kind(one, other) and _goes_first(one, other):
        text = say("It never acts: whenever its condition holds, so does that of {rule}, which goes first. Put it "
                   "before that one, or narrow the other.", rule=one.rule.name)  # fmt: skip
        yield other.finding("shadowed", "warning", text)


def _same_kind(one: Judged, other: Judged) -> bool:
    """Say whether both change budgets of channels, or both rebalance, so that the first holds the other back."""
    if one.ways & {RAISE, CUT} and other.ways & {RAISE, CUT}:
        return True
    return all(any(isinstance(action, Rebalance) for action in each.rule.then) for each in (one, other))


def _goes_first(one: Judged, other: Judged) -> bool:
    first, second = one.rule, other.rule
    patient = first.cooldown is not None or first.pending > second.pending or first.least_orders > second.least_orders
    narrow = bool(first.channels) and not (second.channels and set(second.channels) <= set(first.channels))
    if patient or narrow or first.per != second.per or first.no_data != second.no_data:
        return False
    return all(_covers(one.over(channel), other.over(channel)) for channel in second.channels or [""])


def _covers(wide: list[Box] | None, narrow: list[Box] | None) -> bool:
    return bool(wide) and bool(narrow) and covered(narrow or [], wide or [])


def _opposed(one: Judged, other: Judged) -> bool:
    pairs = [*OPPOSED, *((against, way) for way, against in OPPOSED)]
    return any(way in one.ways and against in other.ways for way, against in pairs)


def _fights(one: Judged, other: Judged) -> Iterator[Finding]:
    """Find two rules that want opposite things at once."""
    rebalance = [{action.by for action in each.rule.then if isinstance(action, Rebalance)} for each in (one, other)]
    aims_apart = all(rebalance) and rebalance[0] != rebalance[1]
    if not (_opposed(one, other) or aims_apart):
        return
    box = _together(one, other)
    if box is None:
        return
    if not box:
        text = say("It and {rule} want opposite things, and their conditions do not keep them apart. Make them exclude "
                   "each other; until then the first of the two acts.", rule=one.rule.name)  # fmt: skip
    else:
        text = say("It and {rule} want opposite things, and both can hold at once: when {condition}. Make them exclude "
                   "each other; until then the first of the two acts.", rule=one.rule.name,
                   condition=other.says(described(box)))  # fmt: skip
    yield other.finding("fight", "warning", text)


def _swings(one: Judged, other: Judged) -> Iterator[Finding]:
    """Find thresholds of opposite rules without a gap between them."""
    if _opposed(one, other) and (begins := next(_touching(one, other), None)):
        text = say("Where it stops, {rule} begins to do the opposite, so that chance alone makes them alternate "
                   "around: {condition}. Leave a gap between the two thresholds.", rule=one.rule.name,
                   condition=other.says(described(begins)))  # fmt: skip
        yield other.finding("swings", "warning", text)


def _touching(one: Judged, other: Judged) -> Iterator[Box]:
    """Yield readings of which one rule wants more, and the other less, than thresholds that leave no gap."""
    for channel in _shared(one, other):
        for box, against in product(one.over(channel) or [], other.over(channel) or []):
            yield from ({key: against[key]} for key in box.keys() & against.keys() if _no_gap(key, box, against))


def _no_gap(key: Key, box: Box, against: Box) -> bool:
    if key[0].metric in CLOCKS or meet(_without(box, key), _without(against, key)) is None:
        return False
    whole, near = domain(key), float(key[1] is None and key[0].metric in WHOLE)
    for upper, lower in ((box[key], against[key]), (against[key], box[key])):
        reaches = upper.high == whole.high and lower.low == whole.low
        bounded = upper.low > whole.low and lower.high < whole.high
        if reaches and bounded and upper.low <= lower.high + near:
            return True
    return False


def _without(box: Box, key: Key) -> Box:
    return {other: interval for other, interval in box.items() if other != key}


# ---- the set ----------------------------------------------------------------------------------------------


def _held_back(asked: RuleSet, judged: list[Judged]) -> Iterator[Finding]:
    """Find money that no rule lets go, and rules that have none to let go."""
    ways = {way for one in judged for way in one.ways}
    releasing = [one for one in judged if any(isinstance(action, ReleaseTranche) for action in one.rule.then)]
    if asked.reserve and DRAW not in ways:
        text = say("A reserve is held back, and no rule draws on it: that money earns nothing. Add such a rule, or "
                   "hold nothing back.")  # fmt: skip
        yield Finding("idle-reserve", "warning", "", text)
    if asked.tranches and not releasing:
        text = say("Parts of the budget are held back, and no rule releases them: that money earns nothing. Add such a "
                   "rule, or take the tranches out.")  # fmt: skip
        yield Finding("never-released", "error", "", text)
    if not asked.reserve and REFILL not in ways:
        for one in judged:
            if DRAW in one.ways:
                text = say("There is no reserve to draw on. Give the set a reserve, such as 10%.")
                yield one.finding("nothing-to-draw", "error", text)
    if not asked.tranches:
        for one in releasing:
            text = say("There is nothing to release. Give the set tranches, such as [20%, 20%].")
            yield one.finding("nothing-to-release", "error", text)


def _one_way(asked: RuleSet, judged: list[Judged]) -> Iterator[Finding]:
    """Find what goes one way alone."""
    ways = {way for one in judged for way in one.ways}
    if any(isinstance(action, Rebalance) for one in judged for action in one.rule.then):
        ways |= {RAISE, CUT}
    floor = f"{100 * asked.limits.floor:.4g}%"
    only_down = say("Budgets are cut and nothing raises them again, so that one bad week takes a channel down to its "
                    "floor ({floor}) for good. Add a rule that raises.", floor=floor)  # fmt: skip
    only_up = say("Budgets are raised and nothing cuts them again; the other channels pay for it each time, down to "
                  "their floor ({floor}). Add a rule that cuts.", floor=floor)  # fmt: skip
    for_good = say("It pauses, and no rule resumes: without spend a channel cannot show that it is better. Add a "
                   "rule that resumes after some days.")  # fmt: skip
    nothing = say("It resumes, and no rule pauses. It is of use for channels that were paused by hand alone.")
    for way, back, code, level, text in (
        (CUT, RAISE, "ratchet", "warning", only_down),
        (RAISE, CUT, "ratchet", "warning", only_up),
        (PAUSE, RESUME, "paused-for-good", "warning", for_good),
        (RESUME, PAUSE, "nothing-to-resume", "hint", nothing),
    ):
        if back not in ways and (first := next((one for one in judged if way in one.ways), None)):
            yield first.finding(code, level, text)
