"""How does a rule read as a sentence?"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

from analysis.messages import Message, Money, Name, Names, say
from analysis.rules.actions import (
    Action,
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.conditions import (
    ADDED_UP,
    ALL,
    METRICS,
    OPPOSITE,
    TOGETHER,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    NotOf,
    Reading,
    hours,
)
from analysis.rules.rule_set import Limits, Review, Rule, RuleSet

DAYS = 7


def rule(asked: Rule, currency: str | None = None) -> Message:
    """Return a rule as a sentence, and what else it goes by.

    Parameters
    ----------
    asked : Rule
    currency : str, optional
        Of amounts.

    Examples
    --------
    >>> low = Compare(left=Reading(metric="roi"), is_="<", than=0.8)
    >>> str(rule(Rule(name="stop", when=low, pending=2, then=(Pause(),))))
    "When over the last 24 hours a channel's ROI is below 0.8, 2 evaluations in a row: pause it."
    """
    done = reduce(_and_then, (action(one, currency) for one in asked.then))
    if asked.when == AllOf():
        text = say("At every evaluation: {actions}.", actions=done)
    else:
        facts = {"condition": condition(asked.when, asked.per, currency), "actions": done}
        text = say("When {condition}: {actions}.", **facts)
        if asked.pending > 1:
            text = say("When {condition}, {n} evaluations in a row: {actions}.", n=asked.pending, **facts)
    return reduce(_further, _besides(asked), text)


def _besides(asked: Rule) -> list[Message]:
    """Return the sentences on what is set otherwise than usual."""
    found = []
    if not asked.on:
        found.append(say("It is switched off."))
    if asked.channels:
        found.append(say("It looks at {channels} alone.", channels=Names(asked.channels, "channel")))
    if asked.least_orders:
        span = length(asked.sample_over)
        found.append(
            say("It needs {n} orders seen within {span}, else there is no data.", n=asked.least_orders, span=span)
        )
    if asked.no_data == "hold":
        found.append(say("Without data, its count of evaluations stays as it is."))
    if asked.no_data == "fire":
        found.append(say("Without data, it goes on as if the condition held."))
    if asked.cooldown:
        found.append(say("Once it has acted, it rests for {span}.", span=length(asked.cooldown)))
    if asked.priority:
        found.append(say("Its place in the order is {n}.", n=asked.priority))
    return found


def _further(text: Message, more: Message) -> Message:
    return say("{what} {found}", what=text, found=more)


# ---- conditions -------------------------------------------------------------------------------------------


def condition(asked: Condition, per: str = "channel", currency: str | None = None) -> Message:
    """Return a condition as a clause; what is negated is said by its opposite.

    Parameters
    ----------
    asked : Condition
    per : {"channel", "campaign"}
        What the rule looks at.
    currency : str, optional

    Examples
    --------
    >>> many = Compare(left=Reading(metric="orders", over="4h", of="all"), is_=">", than=1.5,
    ...                right=Reading(metric="forecast", over="4h", of="all"))
    >>> str(condition(NotOf(of=(AllOf(of=(many, Compare(left="hour", is_="<", than=6))),))))
    'over the last 4 hours the orders of all channels are at most 1.5 times their forecast or it is 6:00 or later'
    """
    return _clause(asked, False, lambda one: _compare(one, per, currency))


def _clause(asked: Condition, negated: bool, said: Callable[[Compare], Message]) -> Message:
    match asked:
        case Compare():
            return said(asked.replace(is_=OPPOSITE[asked.is_]) if negated else asked)
        case NotOf(of=(inner,)):
            return _clause(inner, not negated, said)
        case AllOf(of=parts) | AnyOf(of=parts):
            every = isinstance(asked, AllOf) != negated
            clauses = [_apart(part, negated, every, said) for part in parts]
            if clauses:
                return reduce(_and if every else _or, clauses)
            return say("always") if every else say("never")
    raise TypeError(type(asked))


def _apart(part: Condition, negated: bool, every: bool, said: Callable[[Compare], Message]) -> Message:
    """Return a part's clause, in brackets where it is joined the other way than what it is part of."""
    clause, inner = _clause(part, negated, said), negated
    while isinstance(part, NotOf):
        part, inner = part.of[0], not inner
    mixed = isinstance(part, (AllOf, AnyOf)) and len(part.of) > 1 and (isinstance(part, AllOf) != inner) != every
    return say("({clause})", clause=clause) if mixed else clause


def _and(one: Message, other: Message) -> Message:
    return say("{one} and {other}", one=one, other=other)


def _or(one: Message, other: Message) -> Message:
    return say("{one} or {other}", one=one, other=other)


def _compare(asked: Compare, per: str, currency: str | None) -> Message:
    if asked.right is None and (special := _plainly(asked, per)):
        return _within(asked.left, special)
    left, right = asked.left, asked.right
    amount = _amount(asked.than, METRICS[left.metric].unit, currency)
    clause = _related(asked.is_, subject(left, per), amount if right is None else _multiple(asked, right, per), left)
    return _within(left, clause)


def _related(sign: str, left: Message, right: object, reading: Reading) -> Message:
    facts = {"left": left, "right": right}
    if reading.metric == "orders":
        return {
            ">": say("{left} are above {right}", **facts),
            ">=": say("{left} are at least {right}", **facts),
            "<": say("{left} are below {right}", **facts),
            "<=": say("{left} are at most {right}", **facts),
        }[sign]
    return {
        ">": say("{left} is above {right}", **facts),
        ">=": say("{left} is at least {right}", **facts),
        "<": say("{left} is below {right}", **facts),
        "<=": say("{left} is at most {right}", **facts),
    }[sign]


def _multiple(asked: Compare, right: Reading, per: str) -> Message:
    """Return the other reading, with its window where that is another one, and the multiple of it."""
    left, times = asked.left, f"{asked.than:,.12g}"
    same = left.of == right.of and right.metric not in TOGETHER
    if same and right.metric == "forecast" and left.metric == "orders" and left.per == right.per:
        said = say("their forecast")
    else:
        said = say("its {metric}", metric=_metric(right)) if same else subject(right, per)
    if METRICS[right.metric].over and (right.over, right.excluding) != (left.over, left.excluding):
        facts = {"reading": said, "span": length(right.over)}
        said = say("{reading} over the last {span}", **facts)
        if right.excluding:
            said = say("{reading} over the {span} until {late} ago", late=length(right.excluding), **facts)
    return said if asked.than == 1 else say("{times} times {reading}", times=times, reading=said)


def _within(reading: Reading, clause: Message) -> Message:
    if not METRICS[reading.metric].over:
        return clause
    if reading.excluding:
        late = length(reading.excluding)
        return say("over the {span} until {late} ago {clause}", span=length(reading.over), late=late, clause=clause)
    return say("over the last {span} {clause}", span=length(reading.over), clause=clause)


def _plainly(asked: Compare, per: str) -> Message | None:
    """Return what a comparison of a clock or a rank comes to, for these are not said in numbers."""
    first = math.floor(asked.than) + 1 if asked.is_ in (">", "<=") else math.ceil(asked.than)
    later = asked.is_ in (">", ">=")
    match asked.left.metric:
        case "spend" | "revenue" | "orders" if asked.than == 0 and asked.is_ == "<=":
            facts: dict[str, object] = {"reading": subject(asked.left, per)}
            return (
                say("{reading} are zero", **facts)
                if asked.left.metric == "orders"
                else say("{reading} is zero", **facts)
            )
        case "excess":
            return _exceeding(asked, per)
        case "hour":
            return say("it is {n}:00 or later", n=first) if later else say("it is before {n}:00", n=first)
        case "day":
            if later:
                return say("it is day {n} of the campaign or later", n=first)
            return say("it is before day {n} of the campaign", n=first)
        case "weekday":
            return _weekdays([day for day in range(1, DAYS + 1) if (day >= first) == later])
        case "rank" if first >= 2:
            facts = {"channel": _whose(asked.left, per), "n": first - 1}
            if later:
                return say("{channel} is not among the {n} best by ROI", **facts)
            return say("{channel} is among the {n} best by ROI", **facts)
    return None


def _exceeding(asked: Compare, per: str) -> Message:
    n = f"{asked.than:,.12g}"
    orders = subject(asked.left.replace(metric="orders"), per)
    if asked.is_ in (">", ">="):
        return say("{orders} exceed their forecast by more than {n} standard deviations", orders=orders, n=n)
    return say("{orders} do not exceed their forecast by more than {n} standard deviations", orders=orders, n=n)


def _weekdays(days: list[int]) -> Message:
    names = (say("Monday"), say("Tuesday"), say("Wednesday"), say("Thursday"), say("Friday"), say("Saturday"),
             say("Sunday"))  # fmt: skip
    if not days:
        return say("never")
    return say("it is {days}", days=Names(tuple(names[day - 1] for day in days)))


def _whose(reading: Reading, per: str) -> Message:
    if reading.of == ALL or (reading.of is None and per == "campaign"):
        return say("the campaign")
    return say("{channel}", channel=Name(reading.of, "channel")) if reading.of else say("a channel")


def subject(reading: Reading, per: str = "channel") -> Message:
    """Return what a reading is of, without its window.

    Examples
    --------
    >>> str(subject(Reading(metric="orders", per="hour", of="all")))
    'the orders an hour of all channels'
    """
    metric = _metric(reading)
    whole = {
        "spread": say("the highest marginal ROI over the lowest"),
        "time_share": say("the share of the demand gone by"),
        "reserve_left": say("the share of the reserve left"),
    }
    if reading.metric in TOGETHER:
        return whole.get(reading.metric, metric)
    if reading.of == ALL or (reading.of is None and per == "campaign"):
        return say("the {metric} of all channels", metric=metric)
    if reading.of:
        return say("the {metric} of {channel}", metric=metric, channel=Name(reading.of, "channel"))
    return say("a channel's {metric}", metric=metric)


def _metric(reading: Reading) -> Message:
    label = say(METRICS[reading.metric].label)
    if reading.metric in ADDED_UP and reading.per == "hour":
        return say("{metric} an hour", metric=label)
    if reading.metric in ADDED_UP and reading.per == "day":
        return say("{metric} a day", metric=label)
    return label


def _amount(x: float, unit: str, currency: str | None) -> object:
    if unit == "money":
        return Money(x, currency)
    return percent(x) if unit == "share" else f"{x:,.12g}"


def percent(x: float) -> str:
    """Return a share as a percentage, as people write one."""
    return f"{100 * x:,.4g}%"


def length(window: str) -> Message:
    """Return a length of time in whole hours, or in days where it is long."""
    n = hours(window)
    if n == 1:
        return say("{n} hour", n=n)
    return say("{n} days", n=n // 24) if n > 48 and n % 24 == 0 else say("{n} hours", n=n)


# ---- actions ----------------------------------------------------------------------------------------------


def action(asked: Action, currency: str | None = None) -> Message:
    """Return what an action does, as one is told to do it.

    Examples
    --------
    >>> str(action(Rebalance(step=0.1, excluding="6h")))
    'move up to 10% of the budget from the lowest marginal ROI to the highest, over the 24 hours until 6 hours ago'
    """
    match asked:
        case ChangeBudget():
            return _change(asked, currency)
        case Rebalance():
            return _rebalanced(asked)
        case DrawReserve(share=share, min_roi=least):
            return say("draw {share} of the reserve, as long as the next unit of money earns at least {least}",
                       share=percent(share), least=f"{least:,.12g}")  # fmt: skip
        case RefillReserve(share=share):
            return say("take {share} of every channel's budget back into the reserve", share=percent(share))
        case ReleaseTranche():
            return say("release the next tranche")
        case Pause():
            return say("pause it")
        case Resume():
            return say("resume it")
        case Notify(message=str(message)):
            return say('tell people: "{message}"', message=message)
        case Notify():
            return say("tell people")
        case StandDown(lasts=lasts):
            return say("stop all rules for {span}", span=length(lasts))
    raise TypeError(type(asked))


def _change(asked: ChangeBudget, currency: str | None) -> Message:
    if asked.percent is not None:
        share = percent(abs(asked.percent))
        if asked.percent < 0:
            return say("cut its budget by {share}", share=share)
        return say("raise its budget by {share}", share=share)
    amount = asked.amount or 0.0
    if amount < 0:
        return say("cut its budget by {amount} a day", amount=Money(-amount, currency))
    return say("raise its budget by {amount} a day", amount=Money(amount, currency))


def _rebalanced(asked: Rebalance) -> Message:
    share = percent(asked.step)
    if asked.by == "even":
        return say("move up to {share} of the budget towards equal shares", share=share)
    if asked.by == "roi":
        text = say("move up to {share} of the budget towards shares in proportion to ROI", share=share)
    else:
        text = say("move up to {share} of the budget from the lowest marginal ROI to the highest", share=share)
    if asked.excluding:
        return say("{what}, over the {span} until {late} ago", what=text, span=length(asked.over),
                   late=length(asked.excluding))  # fmt: skip
    return say("{what}, over the last {span}", what=text, span=length(asked.over))


def _and_then(one: Message, other: Message) -> Message:
    return say("{one}, and {other}", one=one, other=other)


# ---- the set ----------------------------------------------------------------------------------------------


def limits(asked: Limits) -> Message:
    """Return the limits as a sentence.

    Examples
    --------
    >>> str(limits(Limits(day=None)))
    'Limits: every channel keeps at least 20% of its planned rate; a change that goes further is made smaller.'
    """
    found = [say("every channel keeps at least {share} of its planned rate", share=percent(asked.floor))]
    if asked.ceiling is not None:
        found.append(say("gets at most {times} times of it", times=f"{asked.ceiling:,.12g}"))
    if asked.step is not None:
        found.append(say("changes by at most {share} in one adjustment", share=percent(asked.step)))
    if asked.day is not None:
        found.append(say("changes by at most {share} within 24 hours", share=percent(asked.day)))
    if asked.cooldown:
        found.append(say("rests for {span} after a change", span=length(asked.cooldown)))
    if asked.per_day is not None:
        found.append(say("decisions carried out within 24 hours are at most {n}", n=asked.per_day))
    last = say("a change that goes further is made smaller")
    if asked.beyond == "skip":
        last = say("a change that goes further is not made")
    parts = reduce(lambda one, other: say("{one}; {other}", one=one, other=other), [*found, last])
    return say("Limits: {parts}.", parts=parts)


def review(asked: Review) -> Message:
    """Return who looks at decisions first, as a sentence.

    Examples
    --------
    >>> str(review(Review(then="drop"))).split("; ")  # doctest: +NORMALIZE_WHITESPACE
    ['A person looks first at 30% of decisions, drawn at random, and answers within 4 hours',
     'what has no answer after 8 hours is dropped.']
    """
    share, span, late = percent(asked.share), length(asked.answers_in), length(asked.time_out)
    looked = say("at {share} of decisions, drawn at random", share=share)
    if asked.by == "risk":
        looked = say("at decisions that move {share} of the budget or more", share=share)
    end = say("is carried out") if asked.then == "apply" else say("is dropped")
    text = say("A person looks first {looked}, and answers within {span}; what has no answer after {late} {end}.",
               looked=looked, span=span, late=late, end=end)  # fmt: skip
    if not asked.rejects:
        return text
    return _further(text, say("They turn down {share} of what they look at.", share=percent(asked.rejects)))


def clock(asked: RuleSet) -> Message:
    """Return when a rule set looks and acts, in which mode, and what it holds back.

    Examples
    --------
    >>> print(clock(RuleSet(reserve=0.15)))
    Conditions are looked at every 4 hours, money is moved every 8 hours. 15% of the budget is held back as a reserve.
    """
    looks, moves = length(asked.evaluate_every), length(asked.adjust_every)
    found = [say("Conditions are looked at every {looks}, money is moved every {moves}.", looks=looks, moves=moves)]
    modes = {
        "off": say("The set is switched off."),
        "dry-run": say("Decisions are only written down, not carried out."),
        "notify": say("People are told of decisions; nothing is carried out."),
    }
    if asked.mode in modes:
        found.append(modes[asked.mode])
    if asked.reserve:
        found.append(say("{share} of the budget is held back as a reserve.", share=percent(asked.reserve)))
    if asked.tranches:
        shares = Names(tuple(map(percent, asked.tranches)))
        found.append(say("To be released in turn: {shares} of the budget.", shares=shares))
    return reduce(_further, found)


def rule_set(asked: RuleSet, currency: str | None = None) -> tuple[Message, ...]:
    """Return a rule set as sentences: its clock, its rules in the order in which they go, limits and review.

    Examples
    --------
    >>> from analysis.rules.ready import plan
    >>> [str(said).split(":")[0] for said in rule_set(plan(reserve=0))[1:]]
    ['When over the last 24 hours the highest marginal ROI over the lowest is at least 1.1', 'Limits']
    """
    rules = sorted(asked.rules, key=lambda one: one.priority)
    found = [clock(asked), *(rule(one, currency) for one in rules), limits(asked.limits)]
    return (*found, review(asked.review)) if asked.review else tuple(found)
