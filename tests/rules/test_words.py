"""Rules as sentences, in both languages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from rules.drawn import conditions, rule_sets

from analysis.names import DisplayNames
from analysis.rules.boxes import boxes
from analysis.rules.conditions import METRICS, AllOf, AnyOf, Compare, Condition, NotOf, Reading
from analysis.rules.ready import READY, Ready, plan
from analysis.rules.rule_set import Limits, RuleSet
from analysis.rules.text import read
from analysis.rules.words import clock, condition, limits, rule, rule_set

CHINESE = re.compile("[\u4e00-\u9fff]")
SAID = {
    'when: {metric: roi, is: "<", than: 0.8}, pending: 2, then: pause': (
        "When over the last 24 hours a channel's ROI is below 0.8, 2 evaluations in a row: pause it.",
        "当过去 24 小时内单个渠道的投产比低于0.8，且连续 2 次评估都如此时，暂停该渠道。",
    ),
    'when: {metric: roi, over: 3d, excluding: 6h, is: ">=", than: {times: 1.2, metric: roi, of: all}}, '
    "then: {change-budget: 20%}": (
        "When over the 3 days until 6 hours ago a channel's ROI is at least 1.2 times the ROI of all channels: raise "
        "its budget by 20%.",
        "当截至 6 小时前的 3 天内单个渠道的投产比不低于全部渠道的投产比的 1.2 倍时，把该渠道的预算增加 20%。",
    ),
    'when: {metric: roi, is: "<", than: {times: 0.5, metric: roi, over: 7d}}, then: [notify, pause]': (
        "When over the last 24 hours a channel's ROI is below 0.5 times its ROI over the last 7 days: tell people, and "
        "pause it.",
        "当过去 24 小时内单个渠道的投产比低于过去 7 天内自身投产比的 0.5 倍时，通知人，并暂停该渠道。",
    ),
    'when: {all: [{metric: hour, is: ">", than: 18}, {any: [{metric: weekday, is: ">=", than: 6}, '
    '{metric: day, is: "<=", than: 3}]}]}, then: {change-budget: {amount: -500}}': (
        "When it is 19:00 or later and (it is Saturday, Sunday or it is before day 4 of the campaign): cut its budget "
        "by ¥500 a day.",
        "当已到 19:00，且（当天是周六、周日，或活动还不到第 4 天）时，把该渠道的预算每天减少 ¥500。",
    ),
    'when: {not: {all: [{metric: spend, per: hour, over: 6h, is: ">", than: 30}, '
    '{metric: rank, over: 7d, is: ">", than: 2}]}}, then: resume': (
        "When over the last 6 hours a channel's spend an hour is at most ¥30.00 or over the last 7 days a channel is "
        "among the 2 best by ROI: resume it.",
        "当过去 6 小时内单个渠道的每小时投放消耗不高于¥30.00，或过去 7 天内单个渠道的投产比排在前 2 名时，恢复该渠道。",
    ),
    "per: campaign, then: {rebalance: {by: roi, step: 5%, excluding: 1d}}, cooldown: 2d, on: off": (
        "At every evaluation: move up to 5% of the budget towards shares in proportion to ROI, over the 24 hours "
        "until 24 hours ago. It is switched off. Once it has acted, it rests for 48 hours.",
        "每次评估时，挪最多 5% 的预算，使各渠道趋于按投产比分配（按截至 24 小时前 24 小时的数据）。这条规则已停用。"
        "执行一次后冷却 48 小时。",
    ),
    'when: {metric: budget, is: "<", than: {metric: planned}}, channels: [top_kol], then: {stand-down: 12h}, '
    "least_orders: 1, no_data: fire": (
        "When a channel's budget a day is below its planned budget a day: stop all rules for 12 hours. It looks at "
        "Top KOL alone. It needs 1 order seen within 24 hours, else there is no data. Without data, it goes on as if "
        "the condition held.",
        "当单个渠道的日预算低于自身计划日预算时，停用全部规则 12 小时。只看头部达人。24 小时内至少要有 1 单，"
        "否则视为没有数据。没有数据时，按条件成立处理。",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", SAID)
def test_a_rule_reads_as_a_colleague_would_say_it(text: str) -> None:
    said = rule(read(f"rules: [{{name: a, {text}}}]").rules[0], "CNY")
    english, chinese = SAID[text]
    names = DisplayNames()
    assert said.text("en", names) == english.replace("¥", "CN¥").replace("Top KOL", names("top_kol", "channel", "en"))
    assert said.text("zh_CN", names) == chinese


def test_the_set_reads_as_sentences() -> None:
    said = [str(sentence) for sentence in rule_set(plan(release=0.3), "CNY")]
    assert said == [
        "Conditions are looked at every 4 hours, money is moved every 8 hours. 15% of the budget is held back as a "
        "reserve.",
        "When over the last 24 hours the highest marginal ROI over the lowest is at least 1.1: move up to 10% of the "
        "budget from the lowest marginal ROI to the highest, over the last 24 hours.",
        "When over the last 4 hours the orders of all channels are above 1.5 times their forecast and over the last 4 "
        "hours the orders of all channels exceed their forecast by more than 3 standard deviations, 2 evaluations in "
        "a row: draw 30% of the reserve, as long as the next unit of money earns at least 1.",
        "Limits: every channel keeps at least 20% of its planned rate; changes by at most 100% within 24 hours; a "
        "change that goes further is made smaller.",
    ]


def test_rules_are_told_in_the_order_in_which_they_go() -> None:
    asked = read("rules: [{name: a, priority: 2, then: pause}, {name: b, then: resume}]")
    assert [str(said)[:28] for said in rule_set(asked)[1:3]] == [
        "At every evaluation: resume ",
        "At every evaluation: pause i",
    ]


def test_what_differs_from_the_usual_is_told_of_clock_and_limits() -> None:
    asked = RuleSet(mode="dry-run", tranches=(0.2, 0.1), evaluate_every="1h", adjust_every="2d")
    assert str(clock(asked)) == (
        "Conditions are looked at every 1 hour, money is moved every 48 hours. Decisions are only written down, not "
        "carried out. To be released in turn: 20%, 10% of the budget."
    )
    every = Limits(floor=0, ceiling=3, step=0.5, day=None, cooldown="4h", per_day=2, beyond="skip")
    assert str(limits(every)) == (
        "Limits: every channel keeps at least 0% of its planned rate; gets at most 3 times of it; changes by at most "
        "50% in one adjustment; rests for 4 hours after a change; decisions carried out within 24 hours are at most "
        "2; a change that goes further is not made."
    )


@settings(max_examples=100)
@given(rule_sets())
def test_every_set_reads_in_both_languages(asked: RuleSet) -> None:
    for said in rule_set(asked, "CNY"):
        assert said.text("en") and "{" not in re.sub(r"\{\{?|\"[^\"]*\"", "", said.id)
        assert CHINESE.search(said.text("zh_CN"))


@given(conditions())
def test_a_negation_reads_as_its_opposite(inner: Condition) -> None:
    """What a sentence says of "not" is what the logic makes of it: all and any change places, and so do the signs."""
    if isinstance(inner, (AllOf, AnyOf)) and inner.of:
        other = AnyOf if isinstance(inner, AllOf) else AllOf
        turned: Condition = other(of=tuple(NotOf(of=(part,)) for part in inner.of))
        assert str(condition(NotOf(of=(inner,)))) == str(condition(turned))
        assert boxes(inner, negated=True) == boxes(turned)
    if isinstance(inner, NotOf):
        assert str(condition(NotOf(of=(inner,)))) == str(condition(inner.of[0]))


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_reads(metric: str) -> None:
    for sign in (">", ">=", "<", "<="):
        said = condition(Compare(left=Reading(metric=metric), is_=sign, than=2))
        assert CHINESE.search(said.text("zh_CN"))
        assert metric not in str(said) or metric in (
            "spend",
            "revenue",
            "orders",
            "budget",
            "planned",
            "day",
            "forecast",
        )


@pytest.mark.parametrize("ready", READY, ids=lambda one: one.code)
def test_ready_sets_have_a_title_and_a_sentence(ready: Ready) -> None:
    for said in (ready.title, ready.about):
        assert CHINESE.search(said.text("zh_CN"))
    assert str(ready.about).endswith(".")
    for own in ready.rules.rules:
        assert "." not in own.name
