"""Rules as text: what is written is read back, what is typed is understood, what is wrong is named by its line."""

from __future__ import annotations

import json
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rules.drawn import rule_sets

from analysis.errors import QuestionError, SluiceError
from analysis.rules.actions import ChangeBudget, Notify, Pause, Rebalance, StandDown
from analysis.rules.conditions import AllOf, AnyOf, Compare, NotOf, Reading
from analysis.rules.ready import READY, Ready, plan
from analysis.rules.rule_set import Limits, Review, Rule, RuleSet
from analysis.rules.text import FORMS, read, write


@settings(max_examples=300)
@given(rule_sets(), st.sampled_from(FORMS))
@pytest.mark.long
def test_what_is_written_is_read_back(asked: RuleSet, form: str) -> None:
    again = read(write(asked, form))
    assert again == asked
    assert again.digest() == asked.digest()


@given(rule_sets(), st.sampled_from([None, "\t", 1]))
def test_json_is_json_however_it_is_indented(asked: RuleSet, indent: str | int | None) -> None:
    assert read(json.dumps(json.loads(write(asked, "json")), indent=indent)) == asked


@pytest.mark.parametrize("ready", READY, ids=lambda one: one.code)
@pytest.mark.parametrize("form", FORMS)
def test_ready_sets_are_read_back(ready: Ready, form: str) -> None:
    assert read(write(ready.rules, form)) == ready.rules


def test_the_plan_is_short() -> None:
    assert write(plan()) == (
        "name: the plan's own rules\n"
        "reserve: 15%\n"
        "rules:\n"
        "- name: move to the higher marginal ROI\n"
        "  when: {metric: spread, is: '>=', than: 1.1}\n"
        "  then: [rebalance]\n"
        "  per: campaign\n"
        "- name: draw on the reserve in a surge\n"
        "  when:\n"
        "    all:\n"
        "    - {metric: orders, over: 4h, of: all, is: '>', than: {times: 1.5, metric: forecast}}\n"
        "    - {metric: excess, over: 4h, of: all, is: '>', than: 3}\n"
        "  then: [draw-reserve]\n"
        "  per: campaign\n"
        "  pending: 2\n"
    )


TYPED = """\
# what a colleague types
name: evening
evaluate_every: 2h
adjust_every: 4h
mode: off
reserve: 12.5%
tranches: [10%, 0.2]
limits: {floor: 30%, day: ~, per_day: 3}
review: {}
rules:
  - name: no
    on: off
    channels: search
    when:
      all:
        - {metric: roi, over: 3d, excluding: 6h, is: "<", than: {times: 80%, metric: roi, of: all}}
        - any: [{metric: hour, is: ">=", than: 19}, not: {metric: spend, per: day, of: yes, is: <, than: 1e3}]
    then:
      - change-budget: -20%
      - notify: look at it
  - name: level
    per: campaign
    then: {rebalance: {by: even, step: 5%}}
  - name: stop
    when: {any: []}
    channels:
      - search
      - "12"
    then: [pause, stand-down: 6h]
"""


def test_what_people_type_is_understood() -> None:
    own = Reading(metric="roi", over="3d", excluding="6h")
    late = AnyOf(of=(
        Compare(left=Reading(metric="hour"), is_=">=", than=19),
        NotOf(of=(Compare(left=Reading(metric="spend", per="day", of="yes"), is_="<", than=1000),)),
    ))  # fmt: skip
    low = AllOf(of=(Compare(left=own, is_="<", than=0.8, right=own.replace(of="all")), late))
    assert read(TYPED) == RuleSet(
        name="evening",
        evaluate_every="2h",
        adjust_every="4h",
        mode="off",
        reserve=0.125,
        tranches=(0.1, 0.2),
        limits=Limits(floor=0.3, day=None, per_day=3),
        review=Review(),
        rules=(
            Rule(
                name="no",
                on=False,
                channels=("search",),
                when=low,
                then=(ChangeBudget(percent=-0.2), Notify(message="look at it")),
            ),
            Rule(name="level", per="campaign", then=(Rebalance(by="even", step=0.05),)),
            Rule(name="stop", when=AnyOf(), channels=("search", "12"), then=(Pause(), StandDown(lasts="6h"))),
        ),
    )


RULE = 'name: a\nwhen: {metric: roi, is: "<", than: 1}\nthen: pause'


def one(rule: str) -> str:
    return "rules:\n- " + rule.replace("\n", "\n  ") + "\n"


WRONG = {
    "tab": (one(RULE).replace("  then", "\tthen"), "Line 4: there is a tab. YAML is indented with spaces"),
    "metric": (one(RULE.replace("roi", "roii")),
               "Line 3, rules 1 › when › metric: There is no metric 'roii'. Did you mean roi?"),
    "far metric": (one(RULE.replace("roi", "xyzzy")), "metric cannot be 'xyzzy': choose from spend, revenue, orders"),
    "field": (one(RULE.replace("then:", "than:")), "Line 4, rules 1: There is no setting 'than'. Did you mean then"),
    "setting": ("evalute_every: 4h", "Line 1: There is no setting 'evalute_every'. Did you mean evaluate_every"),
    "action": (one(RULE.replace("pause", "pawse")), "then: There is no action 'pawse'. Did you mean pause"),
    "operator": (one(RULE.replace('"<"', "=<")), "is: There is no sign of comparison '=<'. Did you mean <, >=, <=?"),
    "type": (one(RULE.replace("than: 1", "than: much")), "when › than: than cannot be 'much': it must be a number."),
    "quoted": (one(RULE.replace("than: 1", 'than: "1"')), "when › than: than cannot be '1': it must be a number."),
    "base 60": (one(RULE.replace("than: 1", "than: 1:30")), "when › than: than cannot be '1:30': it must be a number."),
    "list": (one(RULE.replace("roi", "[roi]")), "Line 3, rules 1 › when › metric: it takes a single value"),
    "flag": (one(RULE + "\non: perhaps"), "Line 5, rules 1 › on: on cannot be 'perhaps': it must be true or false."),
    "whole": (one(RULE + "\npending: 1.5"), "Line 5, rules 1 › pending: pending cannot be 1.5: it must be a whole"),
    "range": ("reserve: 200%", "Line 1, reserve: reserve cannot be 2.0: it must be 0.90 or less."),
    "today": (one(RULE.replace("roi,", "roi, over: today,")), "when › over: there is no 'today'"),
    "window": (one(RULE.replace("roi,", "roi, over: 90m,")), "over cannot be '90m': it must be whole hours"),
    "duplicate": ("name: a\nreserve: 10%\nname: b", "Line 3, name: it stands here a second time, after line 1."),
    "namesake": ("rules:\n- {name: a, then: pause}\n- {name: a, then: resume}",
                 "Line 3, rules 2 › name: another rule has the name a. Give each its own."),
    "missing": ("rules:\n- name: a", "Line 2, rules 1: then is missing. Add it."),
    "no than": (one(RULE.replace(", than: 1", "")), "Line 3, rules 1 › when: than is missing. Add it."),
    "none": (one(RULE.replace("pause", "[]")), "Line 4, rules 1 › then: a rule needs an action."),
    "both": (one(RULE.replace("pause", "{change-budget: {percent: 10%, amount: 5}}")), "either a percentage"),
    "two in one": (one(RULE.replace("pause", "{pause: , resume: }")), "Line 4, rules 1 › then: here goes one action"),
    "mixed": (one(RULE.replace("than: 1", "than: 1, all: []")), "a comparison and all cannot stand side by side"),
    "mixed otherwise": (one(RULE.replace("{metric", "{all: [], metric")), "There is no setting 'metric'"),
    "clocks": ("evaluate_every: 4h\nadjust_every: 6h", "Adjusting every 6h does not fall on evaluations every 4h"),
    "alias": ("rules: &a\n- *a", "Line 1: names such as &a and *a are not read"),
    "undefined alias": ("rules: *a", "Line 1: names such as &a and *a are not read"),
    "python": ("name: !!python/object/apply:os.system [ls]", "Line 1: types such as tag:yaml.org,2002:python/object"),
    "two sets": ("name: a\n---\nname: b", "Line 2: a text holds one rule set"),
    "deep": ("rules: " + "[" * 100_000, "Line 1: lists and settings stand within one another too deep."),
    "deep conditions": (one(RULE.replace("{metric", "{not: " * 9 + "{metric").replace("1}", "1" + "}" * 10)),
                        "Conditions may stand within one another 8 deep at most."),
    "wide": (one(RULE.replace("{metric", "{any: [" + "{all: []}, " * 20 + "{metric").replace("1}", "1}]}")),
             "at most 20 conditions can be joined at once, and here are 21"),
    "empty": ("", "Line 1: the text is empty."),
    "only a comment": ("# rules", "Line 1: the text is empty."),
    "no settings": ("- a", "Line 1: here go settings, each as a name, a colon and what it is."),
    "no list": ("rules: {name: a}", "Line 1, rules: here goes a list of rules"),
    "no rule": ("rules: [a]", "Line 1, rules 1: here go settings"),
    "no condition": (one('name: a\nwhen: low\nthen: pause'), "Line 3, rules 1 › when: here goes a condition, such as"),
    "sign": (one(RULE.replace('"<"', ">")), 'Line 3: put the sign of a comparison in quotes: is: ">".'),
    "sign in a block": ("rules:\n- name: a\n  when:\n    metric: roi\n    is: >\n    than: 1\n  then: pause",
                        'Line 5, rules 1 › when › is: put the sign of a comparison in quotes: is: ">".'),
    "quote": ('name: "a\nreserve: 1', "cannot be read from column"),
    "cut off": ('{"name": "a", "rules": [{"name": "b"', "cannot be read from column"),
    "control": ("name: a\x00b", "Line 1: there is a sign that a text cannot hold."),
    "half a sign": ("name: a\nmode: \ud800", "Line 2: there is a sign that a text cannot hold."),
    "half a sign in json": ('{"name": "\\ud800"}', "Line 1"),
    "huge": ("#" * 2_000_001, "Line 1: a text of 2,000,001 characters is too long; 2,000,000 are read."),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_named_by_its_line(case: str) -> None:
    text, said = WRONG[case]
    with pytest.raises(QuestionError) as raised:
        read(text)
    assert said in str(raised.value)
    assert str(raised.value) != raised.value.message.text("zh_CN")


CHINESE = {
    "unknown setting": (one(RULE.replace("than: 1", "times: 1")), "没有这个设置项：'times'。可选：", "、is、"),
    "window": (one(RULE.replace("roi,", "roi, over: 5x,")), "over 不能是 '5x'"),
    "reserve": ("reserve: 200%", "第 1 行，reserve：reserve 不能是"),
    "metric": (one(RULE.replace("roi", "ordrs")), "metric 没有 'ordrs' 这个取值。是不是 orders？"),
    "missing": (one(RULE.replace(", than: 1", "")), "缺少 than"),
}
"""Texts that people who read Chinese got wrong: what is to be typed stands there as it is typed."""


@pytest.mark.parametrize("case", CHINESE)
def test_names_of_settings_are_never_translated(case: str) -> None:
    text, *said = CHINESE[case]
    with pytest.raises(QuestionError) as raised:
        read(text)
    for part in said:
        assert part in raised.value.message.text("zh_CN")


def test_a_short_name_is_no_guess_for_a_long_one() -> None:
    with pytest.raises(QuestionError, match=r"There is no setting 'times'\. Choose from: all, any, excluding, is, "):
        read(one(RULE.replace("than: 1", "times: 1")))


def test_two_hundred_rules_are_read_and_one_more_is_not() -> None:
    many = RuleSet(rules=tuple(Rule(name=f"rule {n}", when=plan().rules[1].when, then=(Pause(),)) for n in range(200)))
    text = write(many)
    start = time.process_time()
    assert read(text) == many
    assert time.process_time() - start < 2
    lines = text.count("\n")
    with pytest.raises(QuestionError) as raised:
        read(text + "- {name: last, then: pause}\n")
    assert str(raised.value).startswith(f"Line {lines + 1}, rules: a set takes 200 rules, and here are 201.")


def test_a_text_that_stands_for_a_billion_is_refused_at_once() -> None:
    laughs = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    with pytest.raises(QuestionError, match="Line 1: names such as"):
        read("\n".join(laughs))


@settings(max_examples=200)
@given(rule_sets(most=2), st.integers(0, 2**32), st.sampled_from(FORMS))
def test_a_damaged_text_is_read_or_refused_in_words(asked: RuleSet, seed: int, form: str) -> None:
    text, chance = list(write(asked, form)), random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text))
        text[at : at + chance.randint(0, 3)] = chance.choice(["", "\t", "{", "]", ":", "- ", "'", "*a", "\n", "9", "%"])
    try:
        assert isinstance(read("".join(text)), RuleSet)
    except SluiceError as error:
        assert str(error).startswith("Line ")


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        read(text)
    except SluiceError as error:
        assert str(error).startswith("Line ")
