"""What do people call a question's settings, and what stands in them? In the words that the pages' controls use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from types import MappingProxyType
from typing import Any

from analysis.journey.attribution.definition import MODEL_WORDS
from analysis.messages import N_, Message, Name, Names, Share, Span, say
from analysis.values import Value, seconds

Worded = Callable[[Any], Message]
"""Puts what a setting holds into words."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of a question, or of a value in one, as people know it.

    Parameters
    ----------
    label : str
        In English (translated when shown).
    worded : callable
    empty : str
        What it means that nothing is set.
    of : str
        Where the question says of which column the codes in it are, such as "funnel.breakdown".
    told : str
        Where the question itself says what its code is called.
    """

    label: str
    worded: Worded
    empty: str = N_("not set")
    of: str = ""
    told: str = ""

    def words(self, held: Any, value: Value | None = None) -> Message:
        """Return what the setting holds in words; `value` is what it is a setting of.

        Examples
        --------
        >>> setting("funnel", "window").words("36h").text()
        '1.5 days'
        """
        if held is None or held in ((), ""):
            return say(self.empty)
        if self.of and value is not None:
            return say("{name}", name=Name(held, attrgetter(self.of)(value)))
        if self.told and value is not None:
            return say(getattr(value, self.told))
        return self.worded(held)


def _plain(held: Any) -> Message:
    return say("{held}", held=held)


def _state(held: Any) -> Message:
    return say("{state}", state=say(held))


def _codes(column: str) -> Worded:
    def worded(held: Any) -> Message:
        names = Names(held if isinstance(held, tuple) else (held,), column)
        return say("{names}", names=names)

    return worded


def _length(held: Any) -> Message:
    return say("one session") if held == "session" else say("{span}", span=Span(seconds(held)))


def _share(held: Any) -> Message:
    return say("{share}", share=Share(held))


def _span(held: Any) -> Message:
    return say("{span}", span=Span(held))


def _columns(held: Any) -> Message:
    columns = held if isinstance(held, tuple) else (held,)
    words = tuple(say("{column}", column=column) for column in columns)
    return say("{names}", names=Names(words))


def _numbers(held: Any) -> Message:
    return say("{names}", names=Names(tuple(say("{n}", n=float(n)) for n in held)))


def _names(held: Any) -> Message:
    return say("{names}", names=Names(tuple(held)))


def _weights(held: Any) -> Message:
    """Put weights of quarters into words: value, efficiency and experience of each."""
    each = tuple(
        say("{quarter} {value}, {efficiency}, {experience}", quarter=one.quarter, value=Share(one.shares[0]),
            efficiency=Share(one.shares[1]), experience=Share(one.shares[2]))
        for one in held
    )  # fmt: skip
    return say("{names}", names=Names(each))


def _amounts(held: Any) -> Message:
    each = tuple(say("{name} {n}", name=Name(name, "channel"), n=float(n)) for name, n in held)
    return say("{names}", names=Names(each))


def _values(held: Any) -> Message:
    """Put values that are steps, exclusions or events into words."""
    return say("{names}", names=Names(tuple(_value(one) for one in held)))


def _limits(held: Any) -> Message:
    return say("{names}", names=Names(tuple(one.words() for one in held)))


def _prices(held: Any) -> Message:
    found: Message = held.words()
    return found


def _rule_sets(held: Any) -> Message:
    """Put rule sets, or the plan's own rules by their knobs, into words: each by its name and how many rules it has."""
    sets = [
        one.rule_set() if hasattr(one, "rule_set") else one for one in (held if isinstance(held, tuple) else (held,))
    ]
    each = tuple(say("{name} ({n} rules)", name=one.name, n=len(one.rules)) for one in sets)
    return say("{names}", names=Names(each))


def _cards(held: Any) -> Message:
    return say("{cards}", cards=Names(tuple(one.words() for one in held), sign="; "))


def _plans(held: Any) -> Message:
    return say("{names}", names=Names(tuple(label for label, _ in held)))


def _value(one: Any) -> Message:
    return say("{event}", event=Name(one, "event")) if isinstance(one, str) else step(one)


def step(one: Any) -> Message:
    """Return a funnel's step or exclusion in words, with all that it is made of.

    Examples
    --------
    >>> from analysis import Exclusion
    >>> step(Exclusion("refund", after=2)).text()
    'refund, from step 2 on'
    """
    said: Message = one.said
    if getattr(one, "optional", False):
        said = say("{step}, may be skipped", step=said)
    if getattr(one, "after", 1) > 1:
        said = say("{step}, from step {n} on", step=said, n=one.after)
    if getattr(one, "before", None):
        said = say("{step}, up to step {n}", step=said, n=one.before)
    return said


def _among(words: Mapping[Any, str]) -> Worded:
    return lambda held: say(words[held]) if held in words else _plain(held)


def _taken_at(held: Any) -> Message:
    words = {"first": N_("the first step"), "last": N_("the last step taken")}
    return say("step {n}", n=held) if isinstance(held, int) else say(words[held])


YES = {True: N_("yes"), False: N_("no")}
EVENT, LENGTH, PLAIN = _codes("event"), _length, _plain
CHOICES: Mapping[str, Mapping[Any, str]] = MappingProxyType(
    {
        "order": {
            "ordered": N_("in this order"),
            "strict": N_("in this order, nothing between"),
            "any": N_("in any order"),
        },
        "entry": {
            "every": N_("any entry counts"),
            "first": N_("only the first entry within the dates counts"),
            "first_ever": N_("only the first entry ever counts"),
        },
        "dates": {"entry": N_("dates are for entering"), "conversion": N_("dates are for every step")},
        "profile": {"clickhouse": "ClickHouse", "posthog": "PostHog", "mixpanel": "Mixpanel"},
        "value": {
            "conversions": N_("conversions"),
            "revenue": N_("realised revenue"),
            "value": N_("conversion value"),
        },
        "paths": {
            "since_last_conversion": N_("since the last conversion"),
            "all": N_("even before an earlier conversion"),
        },
        "repeats": {
            "each": N_("Every touch counts"),
            "session": N_("Touches of one session count once"),
            "row": N_("Touches of one value in a row count once"),
        },
        "form": {
            "auto": N_("every form that fits"),
            "hyperbolic": N_("a hyperbolic form"),
            "exponential": N_("an exponential form"),
            "logistic": N_("a logistic form"),
            "logarithmic": N_("a logarithmic form"),
            "hill": N_("an S-curve (Hill)"),
        },
        "basis": {
            "auto": N_("claims where there are any, else orders"),
            "claims": N_("what platforms claim"),
            "effects": N_("what orders show"),
        },
        "plan-goal": {
            "revenue": N_("most revenue"),
            "profit": N_("most profit"),
            "budget": N_("the least budget"),
            "roi": N_("most revenue at an ROI"),
            "marginal_roi": N_("money while the next unit earns"),
        },
        "time": {"next": N_("the next campaign"), "rest": N_("the rest of this one")},
        "per": {
            "phase": N_("by channel and phase"),
            "channel": N_("by channel"),
            "day": N_("by channel and day"),
        },
        "direction": {"after": N_("after"), "before": N_("before")},
        "count": {"users": N_("unique users"), "occurrences": N_("total events")},
        "session": {False: N_("across sessions"), True: N_("in one session")},
        "collapse": {True: N_("counted once"), False: N_("counted each time")},
        "cohort": {"first_ever": N_("(first ever)"), "first_in_range": N_("(first in these dates)")},
        "counting": {"calendar": N_("by the calendar"), "rolling": N_("by each one's own clock")},
        "unbounded": {False: N_("just then"), True: N_("then or later")},
        "measure": {"users": N_("how many came back"), "revenue": N_("how much each brought")},
        "period": {"day": N_("days"), "week": N_("weeks"), "month": N_("months"), "campaign": N_("campaigns")},
        "every": {
            "day": N_("day by day"),
            "week": N_("week by week"),
            "month": N_("month by month"),
            "campaign": N_("campaign by campaign"),
        },
        "models": MODEL_WORDS,
        "buying": {
            "mbg-nbd": N_("may leave after any purchase"),
            "bg-nbd": N_("leave only after buying again"),
        },
        "cohorts": {"week": N_("week"), "month": N_("month")},
    }
)
"""What can be chosen, in the words of the pages' lists."""


def _models(held: Any) -> Message:
    return say("{names}", names=Names(tuple(say(CHOICES["models"][one]) for one in held)))


def _chosen(field: str, label: str, empty: str = N_("not set")) -> Setting:
    return Setting(label, _among(CHOICES[field]), empty)


SETTINGS: Mapping[str, Setting] = MappingProxyType(
    {
        "at": Setting(N_("By"), PLAIN),
        "bin": Setting(N_("Width of a bar"), _span),
        "breakdown": Setting(N_("Breakdown"), _columns, N_("nothing")),
        "breakdown_at": Setting(N_("Breakdown's value is taken at"), _taken_at),
        "budget": Setting(N_("Whole budget, reserve included"), PLAIN),
        "basis": _chosen("basis", N_("Revenue")),
        "by": Setting(N_("Breakdown"), _columns, N_("nothing")),
        "campaigns": Setting(N_("Campaigns"), _codes("campaign"), N_("the last two")),
        "caution": Setting(N_("Caution"), _share),
        "campaign": Setting(N_("Campaign"), _codes("campaign"), N_("All")),
        "channel": Setting(N_("Channel"), _codes("channel"), N_("All")),
        "channels": Setting(N_("Channels of the private domain"), _codes("channel"), N_("the usual ones")),
        "cohort": _chosen("cohort", N_("First time")),
        "collapse": _chosen("collapse", N_("Repeats in a row")),
        "conversion": Setting(N_("Conversion"), EVENT),
        "count": _chosen("count", N_("Count")),
        "counting": _chosen("counting", N_("Counting")),
        "currency": Setting(N_("Currency"), PLAIN, N_("the usual currency")),
        "dates": _chosen("dates", N_("Dates")),
        "depth": Setting(N_("Levels"), PLAIN),
        "device": Setting(N_("Device"), _codes("device"), N_("All")),
        "direct": Setting(N_("Direct is called"), PLAIN, N_("nothing, there is none"), of="by"),
        "direction": _chosen("direction", N_("Direction")),
        "draws": Setting(N_("Random draws"), PLAIN),
        "entry": _chosen("entry", N_("Entry")),
        "event": Setting(N_("Page event"), EVENT),
        "every": _chosen("every", N_("Period"), N_("all at once")),
        "exclude": Setting(N_("Leave these events out"), EVENT, N_("None")),
        "exclusions": Setting(N_("Ended by"), _values, N_("None")),
        "false_discovery": Setting(N_("False alarms tolerated"), _share),
        "first": Setting(N_("Position-based: percent for the first touch"), _share),
        "form": _chosen("form", N_("Form")),
        "from_step": Setting(N_("From step"), PLAIN),
        "given": Setting(N_("Returns given"), _amounts, N_("none")),
        "goal": Setting(N_("Goal"), EVENT),
        "goals": Setting(N_("Goals"), _names, N_("all goals")),
        "group": Setting(N_("Group"), PLAIN, N_("all groups"), of="funnel.breakdown"),
        "half_life": Setting(N_("Time decay: days to half the weight"), LENGTH),
        "held": Setting(N_("Days held back"), PLAIN, N_("a quarter")),
        "hold": Setting(N_("The same at every step"), _columns, N_("nothing")),
        "include": Setting(N_("Only these events"), EVENT, N_("All")),
        "interest": Setting(N_("Interest"), EVENT),
        "lapsed_after": Setting(N_("Days after which a buyer has lapsed"), PLAIN, N_("as the data's gaps say")),
        "last": Setting(N_("Position-based: percent for the last touch"), _share),
        "least": Setting(N_("Fewest users of a group"), PLAIN),
        "limits": Setting(N_("Rules"), _limits, N_("None")),
        "lookback": Setting(N_("Days looked back"), PLAIN),
        "loyal_orders": Setting(N_("Orders that make a loyal user"), PLAIN),
        "margin": Setting(N_("Margin"), _share, N_("the campaign's")),
        "measure": _chosen("measure", N_("Measure")),
        "model": _chosen("buying", N_("Model")),
        "models": Setting(N_("Models"), _models, N_("All")),
        "names": Setting(N_("Events told apart per level"), PLAIN),
        "nodes": Setting(N_("Touchpoints"), EVENT),
        "now": Setting(N_("Stands now"), _state, N_("anywhere")),
        "observed_until": Setting(N_("Known until"), PLAIN, N_("the end of the data")),
        "order": _chosen("order", N_("Order")),
        "paid_orders": Setting(N_("Paid orders"), PLAIN),
        "paths": _chosen("paths", N_("Paths")),
        "per": _chosen("per", N_("Amounts")),
        "period": _chosen("period", N_("Period")),
        "periods": Setting(N_("Periods"), PLAIN),
        "phases": Setting(N_("by phase"), _among(YES)),
        "plans": Setting(N_("Plans"), _plans, N_("None")),
        "prices": Setting(N_("Prices"), _prices, N_("as they were")),
        "profile": _chosen("profile", N_("Rules of"), N_("Sluice's own")),
        "reach": Setting(N_("Most of a channel, times its highest spend"), PLAIN),
        "repeats": _chosen("repeats", N_("Repeats")),
        "quantiles": Setting(N_("Parts"), PLAIN),
        "rate": Setting(N_("Rise of prices a year"), _share),
        "reserve": Setting(N_("Reserve"), _share),
        "returns": Setting(N_("Return"), EVENT, N_("the same")),
        "runs": Setting(N_("Simulated campaigns"), PLAIN),
        "seed": Setting(N_("Random seed"), PLAIN),
        "session": _chosen("session", N_("Sessions")),
        "since": Setting(N_("Since"), PLAIN),
        "weeks_from": Setting(N_("Weeks begin on the weekday of"), PLAIN, N_("Monday")),
        "slow": Setting(N_("Slow pages take more than"), _span),
        "spend": Setting(N_("Planned spend"), _amounts, N_("as spent")),
        "split": Setting(N_("Split of the budget"), _amounts, N_("as spent")),
        "step": Setting(N_("Step"), PLAIN),
        "steps": Setting(N_("Steps"), _values),
        "target": Setting(N_("Target"), PLAIN),
        "time": _chosen("time", N_("Days")),
        "to": Setting(N_("Conversion"), EVENT),
        "to_step": Setting(N_("To step"), PLAIN, N_("the last step")),
        "top": Setting(N_("Share of buyers that is high-value"), _share),
        "total": Setting(N_("Total"), PLAIN, N_("the same money")),
        "touches": Setting(N_("Events that are touches"), EVENT, N_("Every event")),
        "unbounded": _chosen("unbounded", N_("Reach")),
        "until": Setting(N_("Up to"), EVENT, N_("to the end")),
        "value": _chosen("value", N_("Value")),
        "was": Setting(N_("Stood before"), _state, N_("anywhere")),
        "weeks": Setting(N_("Weeks followed"), PLAIN),
        "weights": Setting(N_("Weights by quarter"), _weights, N_("all alike")),
        "window": Setting(N_("Window"), LENGTH),
        "within": Setting(N_("Days within which they buy"), PLAIN),
        "worth": Setting(N_("Worth of a conversion"), PLAIN),
        "years": Setting(N_("Years since"), PLAIN),
    }
)
"""Fields that mean one thing in every question that has them."""

OWN: Mapping[tuple[str, str], Setting] = MappingProxyType(
    {
        ("lifetime-value", "days"): Setting(N_("Days ahead"), PLAIN),
        ("payback", "every"): _chosen("cohorts", N_("Period")),
        ("payback", "weeks"): Setting(N_("Weeks"), PLAIN, N_("as long as most")),
        ("rfm", "frequency"): Setting(N_("Cuts of purchases"), _numbers, N_("as the customers lie")),
        ("rfm", "monetary"): Setting(N_("Cuts of the amount paid"), _numbers, N_("as the customers lie")),
        ("rfm", "recency"): Setting(N_("Cuts of days since the last purchase"), _numbers, N_("as the customers lie")),
        ("allocation", "goal"): _chosen("plan-goal", N_("Goal")),
        ("attribution", "by"): Setting(N_("Column"), _columns),
        ("budget-frontier", "least"): Setting(N_("Least budget, times what was spent"), PLAIN),
        ("budget-frontier", "most"): Setting(N_("Most budget, times what was spent"), PLAIN),
        ("budget-frontier", "points"): Setting(N_("Budgets looked at"), PLAIN),
        ("coverage", "at"): Setting(N_("Chosen on"), PLAIN, N_("the campaign's first day")),
        ("coverage", "goal"): Setting(N_("Share aimed at"), _share),
        ("drop-offs", "by"): Setting(N_("Columns"), _columns, N_("device, channel, audience, creative")),
        ("funnel-change", "by"): Setting(N_("Split by"), _columns),
        ("segments", "by"): Setting(N_("Segments"), _columns, N_("all that are saved")),
        ("growth", "by"): Setting(N_("Being active"), EVENT, N_("anything")),
        ("participation", "by"): Setting(N_("Taking part"), EVENT, N_("anything")),
        ("paths", "start"): Setting(N_("Event"), EVENT, N_("their first event")),
        ("private-domain", "by"): Setting(N_("Traffic"), EVENT, N_("visits")),
        ("private-domain", "goal"): Setting(N_("Share aimed at"), _share),
        ("retention", "start"): Setting(N_("Start"), EVENT, N_("anything")),
        ("rules", "evaluate_every"): Setting(N_("Evaluate every"), LENGTH),
        ("rules", "adjust_every"): Setting(N_("Adjust every"), LENGTH),
        ("rules", "step"): Setting(N_("Step"), _share),
        ("rules", "min_advantage"): Setting(N_("Least advantage"), PLAIN),
        ("rules", "lookback"): Setting(N_("Looks back"), LENGTH),
        ("rules", "floor"): Setting(N_("Least share of a channel's rate that is kept"), _share),
        ("rules", "surge_ratio"): Setting(N_("Surge"), PLAIN),
        ("rules", "surge_evaluations"): Setting(N_("Evaluations"), PLAIN),
        ("rules", "release"): Setting(N_("Share of the reserve drawn at once"), _share),
        ("rules", "min_roi"): Setting(N_("Least marginal ROI for the reserve"), PLAIN),
        **{
            (kind, name): Setting(label, _rule_sets, N_("None"))
            for kind in ("simulation", "break-even", "rule-sweep", "rule-check", "rule-replay")
            for name, label in (("rules", N_("Rules")), ("against", N_("Compared with")))
        },
        ("simulation", "lesson"): Setting(N_("Lesson"), PLAIN, N_("none"), told="lesson_name"),
        ("rule-sweep", "across"): Setting(N_("Across"), PLAIN, told="across_name"),
        ("rule-sweep", "down"): Setting(N_("Down"), PLAIN, told="down_name"),
        ("rule-sweep", "across_values"): Setting(N_("Values across"), _numbers, N_("the usual ones")),
        ("rule-sweep", "down_values"): Setting(N_("Values down"), _numbers, N_("the usual ones")),
        ("market", "cards"): Setting(N_("Shock cards"), _cards, N_("None")),
        ("market", "conversion_delay"): Setting(N_("Orders come in late by"), LENGTH, N_("nothing")),
        ("market", "delays"): Setting(N_("Hours until orders come in"), _amounts, N_("as for all")),
        ("market", "level_error"): Setting(N_("How far off the curves are together"), _share),
        ("market", "dearer"): Setting(N_("How much dearer spending twice as fast is"), _share),
        ("market", "learning"): Setting(N_("Learning after a large change"), LENGTH, N_("none")),
        ("market", "learning_cost"): Setting(N_("Response lost while learning"), _share),
        ("market", "surges"): Setting(N_("Surges expected"), PLAIN),
        ("market", "surge_size"): Setting(N_("Orders in a surge, times the usual"), PLAIN),
        ("market", "surge_lasts"): Setting(N_("A surge lasts"), LENGTH),
        ("market", "surge_price"): Setting(N_("How much dearer traffic is in a surge"), _share),
        ("market", "failures"): Setting(N_("Failing creatives expected"), PLAIN),
        ("market", "failure_share"): Setting(N_("Response kept after a failure"), _share),
        ("market", "replaced_after"): Setting(N_("A creative is replaced after"), LENGTH),
        ("market", "headroom"): Setting(N_("Most that a channel takes, times its largest spend"), PLAIN),
        ("market", "order_value"): Setting(N_("Order value"), PLAIN, N_("as in the data")),
    }
)
"""Fields that mean something of their own in one kind."""

PARTS: Mapping[str, str] = MappingProxyType({"before": N_("Before"), "after": N_("After")})
"""Values in a question of which there are two: their settings are told apart by these words."""

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "allocation": N_("Best split"),
        "attribution": N_("Attribution"),
        "baselines": N_("Baselines"),
        "campaign-review": N_("Review"),
        "goal-progress": N_("Goals"),
        "plan-check": N_("Rules of the plan"),
        "scorecard": N_("Scorecard"),
        "budget-frontier": N_("More or less"),
        "clusters": N_("Clusters"),
        "contents": N_("Contents"),
        "coverage": N_("High-value users"),
        "drop-offs": N_("Drop-offs"),
        "findings": N_("Findings"),
        "funnel": N_("Funnel"),
        "funnel-change": N_("Change"),
        "funnel-money": N_("Money"),
        "funnel-paths": N_("Paths"),
        "funnel-rules": N_("Rules compared"),
        "lifecycle": N_("Lifecycle"),
        "growth": N_("Growth"),
        "intent": N_("Intent"),
        "lifecycle-states": N_("Buyers' states"),
        "lifetime-value": N_("Expected value"),
        "money-flow": N_("Money flow"),
        "nodes": N_("Touchpoints and plays"),
        "overview": N_("Home"),
        "page-speed": N_("Page speed"),
        "participation": N_("Participation"),
        "paths": N_("Paths"),
        "payback": N_("Payback"),
        "performance": N_("Performance"),
        "plans": N_("Side by side"),
        "private-domain": N_("Private domain"),
        "response-curves": N_("Curves"),
        "retention": N_("Retention"),
        "rfm": N_("RFM groups"),
        "sales": N_("Sales"),
        "segments": N_("Segments"),
        "scenario": N_("By hand"),
        "simulation": N_("Scoreboard"),
        "break-even": N_("Break-even"),
        "rule-sweep": N_("Map of settings"),
        "rule-check": N_("Check of rules"),
        "rule-replay": N_("Replay"),
        "time-to-convert": N_("Time to convert"),
        "value-holdout": N_("Foretold and found"),
    }
)
"""What people call each kind of question: the labels of the pages and their views."""


def setting(kind: str, field: str) -> Setting:
    """Return a field of a kind of value as people know it.

    Examples
    --------
    >>> setting("rules", "step").words(0.1).text(), setting("funnel-paths", "step").words(2).text()
    ('10.0%', '2')
    """
    return OWN.get((kind, field)) or SETTINGS[field]


def days(start: str | None, end: str | None) -> Message:
    """Return the days of a filter in words.

    Examples
    --------
    >>> days("2026-11-01", None).text()
    '2026-11-01 – …'
    """
    return say("{start} – {end}", start=start or "…", end=end or "…") if start or end else say("all days")
