"""What is wrong with a rule set, as far as it can be told before it runs?

Conditions are held against each other as intervals of what they read (:mod:`analysis.rules.boxes`), not as text. What a
rule does in a market is another thing: that is measured by letting it run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from analysis.errors import DataError
from analysis.messages import Message, Names, say
from analysis.rules import words
from analysis.rules.actions import ChangeBudget, DrawReserve, Rebalance, RefillReserve, ReleaseTranche
from analysis.rules.boxes import Interval, Key, both, boxes
from analysis.rules.conditions import ALL, METRICS, TOGETHER, AllOf, AnyOf, Compare, Condition, NotOf, Reading, hours
from analysis.rules.findings import CUT, LEVELS, OPPOSED, PAUSE, RAISE, RESUME, Finding, Judged
from analysis.rules.pairs import of_the_set, with_earlier
from analysis.rules.rule_set import Rule, RuleSet

Z = 1.96
"""Standard errors of a 95% interval."""
APART = 0.2
"""How far from a plain threshold a figure is taken to matter, as a share of it."""
LATE = frozenset({"revenue", "orders", "roi", "cpa", "marginal_roi", "rank", "spread", "excess"})
"""What is too low while sales are still to come."""


def lint(
    rule_set: RuleSet, *, channels: Sequence[str] = (), delays: Mapping[str, float] | None = None
) -> tuple[Finding, ...]:
    """Return what is wrong with a rule set, the worst first; rules that are switched off are passed over.

    Parameters
    ----------
    rule_set : RuleSet
    channels : sequence of str
        Those of the campaign; without them no name is unknown.
    delays : mapping of str to float, optional
        By channel, the hours after which most of its sales have arrived.

    Returns
    -------
    tuple of Finding

    Examples
    --------
    >>> from analysis.rules.ready import plan
    >>> [(finding.code, finding.rule) for finding in lint(plan(min_advantage=1))]
    [('always', 'move to the higher marginal ROI'), ('endless', 'move to the higher marginal ROI')]
    """
    rules = sorted((rule for rule in rule_set.rules if rule.on), key=lambda rule: rule.priority)
    judged = [Judged(rule, rule_set) for rule in rules]
    found = [finding for one in judged for check in ALONE for finding in check(one)]
    found += [finding for n, one in enumerate(judged) for finding in with_earlier(judged[:n], one)]
    found += of_the_set(rule_set, judged)
    found += [finding for one in judged for finding in _unknown(one, channels)]
    found += [finding for one in judged for finding in _delayed(one, delays or {})]
    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))


# ---- a rule by itself -------------------------------------------------------------------------------------


def _satisfiable(one: Judged) -> Iterator[Finding]:
    """Say whether its condition can hold, and whether it can fail."""
    if one.boxes is None:
        text = say("Its condition branches too much to be checked. Split it into several rules.")
        yield one.finding("not-checked", "hint", text)
    elif not one.boxes:
        text = say("It never acts, for it cannot be that {condition}. Change a threshold, or take the rule out.",
                   condition=one.says(one.rule.when))  # fmt: skip
        yield one.finding("never", "error", text)
    elif one.rule.when != AllOf() and boxes(one.rule.when, one.rule.per, negated=True) == []:
        text = say("Its condition decides nothing, for it always holds that {condition}. Change the threshold, or "
                   "leave it out.", condition=one.says(one.rule.when))  # fmt: skip
        yield one.finding("always", "warning", text)
    else:
        yield from _idle_parts(one, one.rule.when)


def _idle_parts(one: Judged, condition: Condition) -> Iterator[Finding]:
    """Find parts of a condition that can be left out."""
    if not isinstance(condition, (AllOf, AnyOf, NotOf)):
        return
    kept = list(condition.of)
    for part in condition.of:
        others = [other for other in kept if other is not part]
        if others and _idle(part, others, isinstance(condition, AllOf), one.rule.per):
            kept = others
            text = say("One of its conditions decides nothing beside the others: {condition}. Leave it out, or "
                       "change its threshold.", condition=one.says(part))  # fmt: skip
            yield one.finding("idle-condition", "warning", text)
        else:
            yield from _idle_parts(one, part)


def _idle(part: Condition, others: list[Condition], every: bool, per: str) -> bool:
    """Say whether the others hold only where this part does, or this part only where one of the others does."""
    found = boxes(part, per, negated=every)
    for other in others:
        found = both(found, boxes(other, per, negated=not every))
    return found == []


def _clocked(one: Judged) -> Iterator[Finding]:
    """Find hours at which nobody looks."""
    moves = all(action.moves for action in one.rule.then)
    every = hours(one.asked.adjust_every if moves else one.asked.evaluate_every)
    if not one.boxes or (24 % every and every % 24):
        return
    looks = range(0, 24, every)
    asked = [interval for box in one.boxes for key, interval in box.items() if key[0].metric == "hour"]
    seen = [any(interval.low <= hour <= interval.high for hour in looks) for interval in asked]
    if len(asked) == len(one.boxes) and not any(seen):
        text = say("It never acts: it could at {hours}, and never while {condition}. Shorten the clock of the set, or "
                   "choose other hours.", hours=Names(tuple(f"{hour}:00" for hour in looks)),
                   condition=one.says(one.rule.when))  # fmt: skip
        yield one.finding("off-the-clock", "error", text)


def _against_itself(one: Judged) -> Iterator[Finding]:
    for way, against in OPPOSED:
        if {way, against} <= one.ways:
            text = say("It does two things at once that undo each other. Keep one of them, or make two rules.")
            yield one.finding("against-itself", "error", text)


def _scoped(one: Judged) -> Iterator[Finding]:
    """Find actions and readings that do not go with what the rule looks at."""
    wide = (Rebalance, DrawReserve, RefillReserve, ReleaseTranche)
    if one.rule.per == "channel" and any(isinstance(action, wide) for action in one.rule.then):
        text = say(
            "It looks at each channel apart, but what it does is done to all of them. Let it look "
            "at the campaign (per: campaign)."
        )
        yield one.finding("scope", "warning", text)
    if one.rule.per == "campaign" and one.ways & {RAISE, CUT, PAUSE, RESUME}:
        text = say(
            "It looks at the campaign, so there is no channel that it could change. Let it look at each "
            "channel apart (per: channel)."
        )
        yield one.finding("scope", "error", text)
    for reading in one.rule.when.readings():
        whole = reading.of == ALL or (reading.of is None and one.rule.per == "campaign")
        if whole and reading.metric in ("marginal_roi", "rank"):
            text = say("All channels together have no {metric}, so there is never data. Name a channel, or let it look "
                       "at each channel apart (per: channel).", metric=say(METRICS[reading.metric].label))  # fmt: skip
            yield one.finding("no-data", "error", text)
            return


def _endless(one: Judged) -> Iterator[Finding]:
    moves = [action for action in one.rule.then if isinstance(action, Rebalance) and action.by != "even"]
    if not moves or not one.boxes:
        return
    if not all(any(_asks_for_spread(key, interval) for key, interval in box.items()) for box in one.boxes):
        text = say("Among channels that earn alike, chance decides which is highest, so money keeps moving. Add a "
                   'condition such as {{metric: spread, is: ">=", than: 1.1}}.')  # fmt: skip
        yield one.finding("endless", "warning", text)


def _asks_for_spread(key: Key, interval: Interval) -> bool:
    return key[0].metric == "spread" and key[1] is None and interval.low > 1


def _compounding(one: Judged) -> Iterator[Finding]:
    """Find changes by a share that come to much more within a day."""
    limits = one.asked.limits
    shares = [action.percent for action in one.rule.then if isinstance(action, ChangeBudget) and action.percent]
    rests = [hours(rest) for rest in (one.rule.cooldown, limits.cooldown) if rest]
    each = hours(one.asked.adjust_every)
    often = 24 // (each * math.ceil(max([each, *rests]) / each))
    times = min(often, limits.per_day or often)
    for share in shares:
        once = math.copysign(min(abs(share), limits.step or math.inf), share)
        total = (1 + once) ** times - 1
        if times < 2 or (limits.day is not None and abs(total) > limits.day):
            continue
        level = "warning" if limits.day is None else "hint"
        text = say("It can act {n} times a day, and {once} each time come to {total} in a day. Let it rest for a day "
                   "(cooldown: 1d), or lower the limit for a day.", n=times, once=_signed(once),
                   total=_signed(total))  # fmt: skip
        yield one.finding("compounds", level, text)


def _beyond_limits(one: Judged) -> Iterator[Finding]:
    """Find changes that the limits of the set never let pass in full."""
    limits = one.asked.limits
    caps = {name: cap for name, cap in (("step", limits.step), ("day", limits.day)) if cap is not None}
    if not caps:
        return
    name = min(caps, key=lambda each: caps[each])
    share = words.percent(caps[name])
    limit = {"step": say("changes by at most {share} in one adjustment", share=share),
             "day": say("changes by at most {share} within 24 hours", share=share)}[name]  # fmt: skip
    for action in one.rule.then:
        if isinstance(action, Rebalance) and action.step > (most := _between_two(caps[name])):
            text = say("Its step of {step} of the budget never passes in full: a channel's own budget {limit}, so at "
                       "most {most} can move, among several channels less. Set a smaller step, such as 10%, or raise "
                       "the limit.", step=words.percent(action.step), limit=limit,
                       most=words.percent(round(most, 4)))  # fmt: skip
            yield one.finding("beyond-limits", "warning", text)
        if isinstance(action, ChangeBudget) and action.percent and abs(action.percent) > caps[name]:
            yield _cut_change(one, action.percent, limit)


def _between_two(cap: float) -> float:
    """Return the largest share of all budget that can move where no channel may change by more than a share of its own.

    A giver with share g loses at most min(cap, 1) g, a taker with 1 - g gains at most cap (1 - g): most where they
    are equal.
    """
    gives = min(cap, 1.0)
    return gives * cap / (gives + cap)


def _cut_change(one: Judged, percent: float, limit: Message) -> Finding:
    facts = {"change": _signed(percent), "limit": limit}
    if one.asked.limits.beyond == "skip":
        text = say("It never changes a budget by {change}: a channel's own budget {limit}, and a change that goes "
                   "further is not made. Ask for less, or raise the limit.", **facts)  # fmt: skip
        return one.finding("beyond-limits", "error", text)
    text = say("A change of {change} never passes in full and is made smaller: a channel's own budget {limit}. Ask "
               "for less, or raise the limit.", **facts)  # fmt: skip
    return one.finding("beyond-limits", "warning", text)


def _signed(share: float) -> str:
    return f"{100 * share:+.3g}%"


def _part_days(one: Judged) -> Iterator[Finding]:
    """Find windows that see another part of the day each time."""
    windows = [action.over for action in one.rule.then if isinstance(action, Rebalance) and action.by != "even"]
    for compare in _compares(one.rule.when):
        if not {"forecast", "excess"} & {reading.metric for reading in compare.readings()}:
            windows += [reading.over for reading in compare.readings() if reading.metric in LATE | {"spend"}]
    if short := next((window for window in windows if hours(window) % 24), None):
        text = say("A window of {span} sees the night at one evaluation and the evening at the next. Read whole "
                   "days, such as 1d, or compare with the forecast.", span=words.length(short))  # fmt: skip
        yield one.finding("part-of-a-day", "hint", text)


def _compares(condition: Condition) -> Iterator[Compare]:
    if isinstance(condition, Compare):
        yield condition
    elif isinstance(condition, (AllOf, AnyOf, NotOf)):
        for part in condition.of:
            yield from _compares(part)


def _small_samples(one: Judged) -> Iterator[Finding]:
    """Suggest how many orders there must be before a figure can be told from its threshold."""
    compares = list(_compares(one.rule.when))
    needs = [(_orders_needed(compare), compare) for compare in compares]
    if not needs or any(compare.left.metric == "excess" for compare in compares):
        return  # the excess over the forecast is told in standard deviations
    need, compare = max(needs, key=lambda item: item[0])
    need = math.ceil(need * hours(one.rule.sample_over) / hours(compare.left.over))
    if need > one.rule.least_orders:
        text = say("With few orders chance alone carries {reading} past its threshold. Set the orders needed "
                   "(least_orders) to {n} within {span}; now it is {now}.",
                   reading=words.subject(compare.left, one.rule.per), n=need,
                   span=words.length(one.rule.sample_over), now=one.rule.least_orders)  # fmt: skip
        yield one.finding("sample", "hint", text)


def _orders_needed(asked: Compare) -> int:
    """Return orders in its window with which the interval of a figure is no wider than its distance from what is usual.

    A figure of n orders is known within a factor of exp(1.96 / sqrt(n)), taken as counted by chance (Poisson). What is
    usual is the other reading, or lies a fifth beyond a plain threshold.
    """
    if asked.left.metric not in ("roi", "cpa", "orders", "revenue") or asked.than <= 0:
        return 0
    if asked.right is None:
        return 0 if asked.left.metric in ("orders", "revenue") else math.ceil((Z / APART) ** 2)
    apart = abs(math.log(asked.than)) or APART
    return math.ceil((Z / apart) ** 2)


# ---- what is known of the campaign ------------------------------------------------------------------------


def _unknown(one: Judged, channels: Sequence[str]) -> Iterator[Finding]:
    named = [*one.rule.channels, *(reading.of for reading in one.rule.when.readings() if reading.of not in (None, ALL))]
    for name in dict.fromkeys(named):
        if channels and name not in channels:
            text = DataError.unknown(say("channel"), name, channels).message
            yield one.finding("unknown-channel", "error", text)


def _delayed(one: Judged, delays: Mapping[str, float]) -> Iterator[Finding]:
    """Find figures that are read before the sales are in."""
    short: dict[str, tuple[float, int]] = {}
    for reading in _late_readings(one.rule):
        left_out = hours(reading.excluding) if reading.excluding else 0
        for channel in _concerned(one.rule, reading, delays):
            if delays.get(channel, 0) > left_out:
                short[channel] = (delays[channel], min(left_out, short.get(channel, (0, left_out))[1]))
    if short:
        late = math.ceil(max(delay for delay, _ in short.values()))
        names = Names(tuple(sorted(short)), "channel")
        text = say("Sales of {channels} arrive up to {late} hours late, and it reads up to {out} hours before now, "
                   "so that it sees too few. Leave out the last {late} hours (excluding: {late}h).",
                   channels=names, late=late, out=min(left_out for _, left_out in short.values()))  # fmt: skip
        yield one.finding("delay", "warning", text)


def _late_readings(rule: Rule) -> list[Reading]:
    moves = [action for action in rule.then if isinstance(action, Rebalance) and action.by != "even"]
    read = [Reading(metric="marginal_roi", over=move.over, excluding=move.excluding, of=ALL) for move in moves]
    return [*(reading for reading in rule.when.readings() if reading.metric in LATE), *read]


def _concerned(rule: Rule, reading: Reading, delays: Mapping[str, float]) -> tuple[str, ...]:
    if reading.of == ALL or reading.metric in TOGETHER or (reading.of is None and rule.per == "campaign"):
        return tuple(delays)
    return (reading.of,) if reading.of else rule.channels or tuple(delays)


ALONE: tuple[Callable[[Judged], Iterator[Finding]], ...] = (
    _satisfiable, _clocked, _against_itself, _scoped, _endless, _compounding, _beyond_limits, _part_days,
    _small_samples,
)  # fmt: skip
