"""What is found wrong before a rule set runs, and that nothing is found where nothing is wrong."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from rules.drawn import rule_sets

from analysis.errors import QuestionError
from analysis.rules.findings import LEVELS, Finding
from analysis.rules.lint import lint
from analysis.rules.ready import READY, Ready, plan
from analysis.rules.rule_set import RuleSet
from analysis.rules.text import read

UP = "{change-budget: 20%}"
DOWN = "{change-budget: -20%}"


def found(text: str, **known: object) -> dict[str, str]:
    """Return codes of findings, each with the rule it is about (the last, where there are several)."""
    return {finding.code: finding.rule for finding in lint(read(text), **known)}  # type: ignore[arg-type]


def rules(*own: str, head: str = "") -> str:
    """Return a set of rules called a, b, c, each given as what it holds."""
    return (
        head + "rules:\n" + "".join(f"- {{name: {name}, {rule}}}\n" for name, rule in zip("abcdef", own, strict=False))
    )


def when(metric: str, sign: str, than: object, **more: object) -> str:
    rest = "".join(f", {name}: {held}" for name, held in more.items())
    return f'{{metric: {metric}, is: "{sign}", than: {than}{rest}}}'


def both(*conditions: str) -> str:
    return f"{{all: [{', '.join(conditions)}]}}"


def either(*conditions: str) -> str:
    return f"{{any: [{', '.join(conditions)}]}}"


def told(condition: str) -> str:
    return f"when: {condition}, then: notify"


HIGH, LOW = when("roi", ">", 1.2), when("roi", "<", 0.8)
UPS, DOWNS = f"when: {HIGH}, then: {UP}, cooldown: 1d", f"when: {LOW}, then: {DOWN}, cooldown: 1d"

CASES = {
    "never": (rules(told(both(when('roi', '<', 1), when('roi', '>', 2)))), "never", "a"),
    "never, by hours": (rules(told(when('hour', '>', 23))), "never", "a"),
    "never, of whole numbers": (
        rules(told(both(when('orders', '>', 5), when('orders', '<', 6)))), "never", "a"),
    "never, per hour and per day": (
        rules(told(both(when('spend', '>', 10, per='hour'), when('spend', '<', 240, per='day')))),
        "never", "a"),
    "never, as ratios": (
        rules(told(both(when("orders", ">", "{times: 2, metric: forecast}"),
                        when("forecast", ">", "{metric: orders}")))),
        "never", "a"),
    "never, by nothing": (rules("when: {any: []}, then: notify"), "never", "a"),
    "never, by not": (rules(f"when: {{not: {when('weekday', '<=', 7)}}}, then: notify"), "never", "a"),
    "never, than itself": (rules(told(when('roi', '>', '{times: 1.1, metric: roi}'))), "never", "a"),
    "never without spend": (
        rules(told(both(when('roi', '<', 1), when('spend', '<=', 0)))), "never", "a"),
    "always": (rules(told(when('hour', '>=', 0))), "always", "a"),
    "always, by any": (rules(told(either(when('roi', '<', 2), when('roi', '>', 1)))), "always", "a"),
    "idle": (rules(told(both(when('roi', '<', 1), when('roi', '<', 2)))), "idle-condition", "a"),
    "idle, of any": (rules(told(either(when('roi', '<', 1), when('day', '<', 1)))), "idle-condition", "a"),
    "clock of moves": (rules(f"when: {{all: [{when('hour', '>=', 4)}, {when('hour', '<', 8)}]}}, then: {UP}"),
                       "off-the-clock", "a"),
    "rank of all": (rules(told(when("rank", ">", 2, of="all"))), "no-data", "a"),
    "marginal ROI of all": (rules(f"per: campaign, {told(when('marginal_roi', '>', 1))}"), "no-data", "a"),
    "clock": (rules(told(both(when('hour', '>=', 5), when('hour', '<', 8)))), "off-the-clock", "a"),
    "both at once": (rules(f"then: [{UP}, {DOWN}]"), "against-itself", "a"),
    "raise and cut": (rules(f"when: {when('roi', '>', 1)}, then: {UP}",
                            f"when: {when('orders', '<', 9)}, then: {DOWN}"), "fight", "b"),
    "raise and pause": (rules(f"when: {when('roi', '>', 1)}, then: {UP}",
                              f"when: {when('cpa', '>', 9)}, then: pause", "then: resume"), "fight", "c"),
    "aims apart": (rules("per: campaign, then: rebalance", "per: campaign, then: {rebalance: even}"), "fight", "b"),
    "draw and refill": (rules("per: campaign, then: draw-reserve", "per: campaign, then: refill-reserve",
                              head="reserve: 10%\n"), "fight", "b"),
    "swings": (rules(f"when: {when('roi', '>=', 1)}, then: {UP}", f"when: {when('roi', '<', 1)}, then: {DOWN}"),
               "swings", "b"),
    "swings, overlapping": (rules(f"when: {when('cpa', '<', 60)}, then: {UP}",
                                  f"when: {when('cpa', '>', 50)}, then: {DOWN}"),
                            "swings", "b"),
    "swings, of whole numbers": (rules(f"when: {when('orders', '<=', 10)}, then: {UP}",
                                       f"when: {when('orders', '>=', 11)}, then: {DOWN}"), "swings", "b"),
    "swings, as ratios": (rules(f"when: {when('roi', '>', '{metric: roi, of: all}')}, then: {UP}",
                                f"when: {when('roi', '<', '{metric: roi, of: all}')}, then: {DOWN}"), "swings", "b"),
    "duplicate": (rules(UPS, UPS), "duplicate", "b"),
    "shadowed": (rules(f"when: {HIGH}, then: {UP}", f"when: {when('roi', '>', 2)}, then: {{change-budget: 50%}}"),
                 "shadowed", "b"),
    "ratchet": (rules(DOWNS), "ratchet", "a"),
    "ratchet upwards": (rules(UPS), "ratchet", "a"),
    "paused for good": (rules(f"when: {LOW}, then: pause"), "paused-for-good", "a"),
    "compounds": (rules(f"when: {HIGH}, then: {UP}"), "compounds", "a"),
    "endless": (rules("per: campaign, then: rebalance"), "endless", "a"),
    "endless at 1": (rules(f"when: {when('spread', '>=', 1)}, per: campaign, then: rebalance"), "endless", "a"),
    "endless by any": (rules(f"when: {{any: [{when('spread', '>', 1.1)}, {when('day', '>', 3)}]}}, per: campaign, "
                             "then: rebalance"), "endless", "a"),
    "idle reserve": (rules(UPS, DOWNS, head="reserve: 10%\n"), "idle-reserve", ""),
    "nothing to draw": (rules("per: campaign, then: draw-reserve"), "nothing-to-draw", "a"),
    "never released": (rules(UPS, DOWNS, head="tranches: [10%]\n"), "never-released", ""),
    "nothing to release": (rules("per: campaign, then: release-tranche"), "nothing-to-release", "a"),
    "nothing to resume": (rules("then: resume"), "nothing-to-resume", "a"),
    "scope": (rules("then: rebalance"), "scope", "a"),
    "scope of a change": (rules(f"per: campaign, then: {UP}"), "scope", "a"),
    "scope of a pause": (rules("per: campaign, then: pause"), "scope", "a"),
    "beyond the day": (rules("per: campaign, then: {rebalance: {step: 90%}}"), "beyond-limits", "a"),
    "beyond one adjustment": (rules("per: campaign, then: {rebalance: {step: 11%}}", head="limits: {step: 20%}\n"),
                              "beyond-limits", "a"),
    "a change beyond": (rules("then: {change-budget: 120%}"), "beyond-limits", "a"),
    "a cut beyond": (rules("then: {change-budget: -30%}", head="limits: {day: 25%}\n"), "beyond-limits", "a"),
    "part of a day": (rules(told(when('roi', '<', 1, over='4h'))), "part-of-a-day", "a"),
    "sample": (rules(told(LOW)), "sample", "a"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_found(case: str) -> None:
    text, code, rule = CASES[case]
    assert found(text).get(code) == rule


RIGHT = {
    "a gap": (rules(UPS, DOWNS), {"fight", "swings", "ratchet", "compounds", "shadowed"}),
    "other channels": (rules(f"when: {HIGH}, then: {UP}, channels: [x, y]",
                             f"when: {HIGH}, then: {DOWN}, channels: [z]"),
                       {"fight"}),
    "day and night": (
        rules(f"when: {{all: [{when('hour', '<', 12)}, {HIGH}]}}, then: {UP}",
              f"when: {{all: [{when('hour', '>=', 12)}, {HIGH}]}}, then: {DOWN}"), {"fight", "swings"}),
    "by the clock": (rules(f"when: {when('hour', '<', 12)}, then: pause",
                           f"when: {when('hour', '>=', 12)}, then: resume"),
                     {"fight", "swings", "paused-for-good", "nothing-to-resume"}),
    "paused and resumed": (rules(f"when: {when('roi', '<', 1)}, then: pause",
                                 f"when: {when('spend', '<=', 0)}, then: resume"),
                           {"fight", "swings"}),
    "switched off": (rules(f"on: off, when: {{any: []}}, then: {UP}"), {"never", "ratchet", "compounds"}),
    "not first": (rules(f"when: {when('roi', '>', 2)}, then: {UP}", f"when: {HIGH}, then: {{change-budget: 50%}}"),
                  {"shadowed", "duplicate"}),
    "a patient first": (rules(f"when: {HIGH}, then: {UP}, pending: 3",
                              f"when: {when('roi', '>', 2)}, then: {{change-budget: 50%}}"), {"shadowed"}),
    "zero of each": (
        rules(told(both(when("spend", ">=", "{times: 2, metric: planned}"),
                        when("spend", "<=", "{times: 0.5, metric: planned}")))), {"never"}),
    "rested": (rules(f"when: {HIGH}, then: {UP}, cooldown: 17h"), {"compounds"}),
    "limited": (rules(f"when: {HIGH}, then: {UP}", head="limits: {day: 50%}\n"), {"compounds"}),
    "on the clock": (rules(told(both(when('hour', '>=', 4), when('hour', '<', 8)))),
                     {"off-the-clock"}),
    "against the forecast": (rules(told(when('orders', '>', '{times: 2, metric: forecast}', over='4h'))),
                             {"part-of-a-day"}),
    "evenly": (rules("per: campaign, then: {rebalance: even}"), {"endless"}),
    "half of all": (rules("per: campaign, then: {rebalance: {step: 50%}}"), {"beyond-limits"}),
    "within one adjustment": (rules("per: campaign, then: {rebalance: {step: 10%}}", head="limits: {step: 20%}\n"),
                              {"beyond-limits"}),
    "without limits": (rules("per: campaign, then: {rebalance: {step: 90%}}", "then: {change-budget: 900%}",
                             head="limits: {day: null}\n"), {"beyond-limits"}),
    "as much as the limit": (rules("then: {change-budget: 100%}"), {"beyond-limits"}),
}  # fmt: skip


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_left_alone(case: str) -> None:
    text, codes = RIGHT[case]
    assert not codes & found(text).keys()


@pytest.mark.parametrize("ready", READY, ids=lambda one: one.code)
def test_in_ready_sets_there_is_nothing_to_mend(ready: Ready) -> None:
    wrong = [str(finding.message) for finding in lint(ready.rules) if finding.level != "hint"]
    assert not wrong


def test_the_plan_has_nothing_to_mend() -> None:
    assert not lint(plan())


SAMPLES = {
    # (1.96 / ln 1.5)² = 23.4, so 24 orders in 4 hours, 144 in a day
    "a surge": (
        when("orders", ">", "{times: 1.5, metric: forecast}", over="4h"),
        "(least_orders) to 144 within 24 hours",
    ),
    "half": (when("roi", "<", "{times: 0.5, metric: roi, over: 7d}"), "(least_orders) to 8 within 24 hours"),
    "a number": (when("cpa", ">", 90, over="2d"), "(least_orders) to 49 within 24 hours"),
    "orders": (when("orders", "<", 5), None),
    "beyond chance": (both(when("orders", ">", "{times: 1.5, metric: forecast}"), when("excess", ">", 3)), None),
}


@pytest.mark.parametrize("case", SAMPLES)
def test_a_sample_is_asked_for_that_tells_the_threshold_apart(case: str) -> None:
    condition, said = SAMPLES[case]
    texts = [str(finding.message) for finding in lint(read(rules(told(condition)))) if finding.code == "sample"]
    assert (said in texts[0]) if said else not texts


def test_a_change_that_compounds_says_to_what() -> None:
    """Three times +20% are +72.8%; without a limit for a day that is a warning."""
    text = rules(f"when: {HIGH}, then: {UP}", head="limits: {day: null}\n")
    finding = next(finding for finding in lint(read(text)) if finding.code == "compounds")
    assert finding.level == "warning"
    assert "3 times a day, and +20% each time come to +72.8%" in str(finding.message)


def beyond(text: str) -> Finding:
    return next(finding for finding in lint(read(text)) if finding.code == "beyond-limits")


def test_a_step_that_the_limits_cut_says_how_much_can_move() -> None:
    """One that gives all it has and one that doubles need half of the budget each."""
    finding = beyond(rules("per: campaign, then: {rebalance: {step: 90%}}"))
    assert finding.level == "warning"
    assert "changes by at most 100% within 24 hours" in str(finding.message)
    assert "so at most 50% can move" in str(finding.message)


def test_a_change_that_a_limit_forbids_is_an_error_where_it_is_not_made_smaller() -> None:
    clamped = rules("then: {change-budget: 120%}")
    assert beyond(clamped).level == "warning"
    skipped = beyond("limits: {beyond: skip}\n" + clamped)
    assert skipped.level == "error"
    assert "never changes a budget by +120%" in str(skipped.message)


DELAYED = {
    "own": (told(HIGH), {"x": 6, "y": 0}, "Sales of x arrive up to 6 hours late"),
    "left out": (told(when('roi', '>', 1.2, excluding='6h')), {"x": 6}, None),
    "left out too little": (told(when('roi', '>', 1.2, excluding='6h')), {"x": 71.5, "y": 6},
                            "Sales of x arrive up to 72 hours late, and it reads up to 6 hours before now"),
    "other channels": (f"channels: y, when: {HIGH}, then: notify", {"x": 6, "y": 0}, None),
    "named": (f"channels: y, when: {when('roi', '>', 1, of='x')}, then: notify", {"x": 6, "y": 0}, "Sales of x arrive"),
    "all": (told(when('roi', '>', 1, of='all')), {"x": 6, "y": 9}, "Sales of x, y arrive"),
    "moved by": ("per: campaign, then: {rebalance: {excluding: 4h}}", {"x": 6},
                 "Leave out the last 6 hours (excluding: 6h)."),
    "spend": (told(when('spend', '>', 1)), {"x": 6}, None),
}  # fmt: skip


@pytest.mark.parametrize("case", DELAYED)
def test_a_delay_is_waited_for(case: str) -> None:
    rule, delays, said = DELAYED[case]
    texts = [str(finding.message) for finding in lint(read(rules(rule)), delays=delays) if finding.code == "delay"]
    assert (said in texts[0]) if said else not texts


def test_a_channel_that_is_not_there_is_an_error() -> None:
    text = rules(f"channels: serch, when: {when('roi', '>', 1, of='video')}, then: notify")
    errors = [
        str(finding.message) for finding in lint(read(text), channels=("search", "video")) if finding.level == "error"
    ]
    assert errors == ["There is no channel 'serch'. Did you mean search?"]
    assert "unknown-channel" not in found(text)


def test_the_worst_comes_first() -> None:
    text = rules(f"when: {LOW}, then: {DOWN}", "when: {any: []}, then: notify")
    levels = [LEVELS.index(finding.level) for finding in lint(read(text))]
    assert levels == sorted(levels)
    assert set(levels) == {0, 1, 2}


def test_thresholds_beyond_what_a_condition_may_name_are_said() -> None:
    """Turned about, revenue above 1e-30 times the orders is orders below 1e30 times the revenue."""
    tiny = when("revenue", ">", "{times: 1.0e-30, metric: orders}")
    own = (f"when: {tiny}, then: {way}, channels: [a]" for way in (UP, DOWN))
    assert found(rules(*own))["fight"] == "b"


@pytest.mark.parametrize("channel", ["' '", '"a\\tb"'])
def test_a_channel_is_a_name(channel: str) -> None:
    with pytest.raises(QuestionError, match="channels"):
        read(rules(f"when: {LOW}, then: {UP}, channels: [{channel}]"))


@settings(max_examples=100)
@given(rule_sets())
def test_any_set_can_be_judged(asked: RuleSet) -> None:
    for finding in lint(asked, channels=("search",), delays={"search": 6}):
        assert isinstance(finding, Finding)
        assert finding.level in LEVELS
        assert finding.rule in {"", *(rule.name for rule in asked.rules)}
        assert str(finding.message) != finding.message.text("zh_CN")


def test_two_hundred_rules_are_judged_in_a_moment() -> None:
    conditions = [either(when("roi", ">", 1 + n / 100), when("orders", "<", n + 1)) for n in range(200)]
    own = [f"when: {condition}, then: {UP if n % 2 else DOWN}" for n, condition in enumerate(conditions)]
    text = "rules:\n" + "".join(f"- {{name: r{n}, {rule}}}\n" for n, rule in enumerate(own))
    asked, start = read(text), time.process_time()
    judged = lint(asked)
    assert time.process_time() - start < 2
    assert len({(finding.code, finding.rule) for finding in judged}) == len(judged)
