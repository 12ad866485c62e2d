"""Reallocation: each control changes the simulation that is asked, and each side shows the same answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from harness import errors, headline, run
from streamlit.testing.v1 import AppTest

from analysis import (
    AllOf,
    Card,
    ChangeBudget,
    Compare,
    Filter,
    MarketSettings,
    NotOf,
    Pause,
    Reading,
    Rule,
    Rules,
    RuleSet,
    Scenario,
    Simulation,
    Tables,
)
from analysis.messages import translate
from analysis.reallocation.lessons import LESSONS
from analysis.rules.actions import Notify
from analysis.rules.ready import READY, pausing_by_cost, plan
from analysis.rules.rule_set import Limits, Review
from analysis.rules.text import read, write
from ui.screens import reallocation_rules

WHERE = Filter(campaign="Double 11 2026")
Side = Callable[..., AppTest]


@pytest.fixture
def side(opened: Callable[..., AppTest]) -> Side:
    """Return a function that opens a side of the page, on two runs; another question to begin with may be given."""

    def open_side(name: str, question: Simulation | None = None) -> AppTest:
        app = opened("reallocation")
        begun = (question or Simulation()).replace(runs=2, where=WHERE)
        app.session_state["reallocation.open"] = begun
        run(app)
        app.segmented_control(key="reallocation.view").set_value(name)
        assert asked(run(app)) == begun
        return app

    return open_side


def asked(app: AppTest) -> Simulation:
    found = app.session_state["reallocation.start"]
    assert isinstance(found, Simulation)
    return found


def rules(app: AppTest) -> RuleSet:
    return asked(app).rule_set()


def press(app: AppTest, key: str) -> AppTest:
    app.button(key=f"reallocation.{key}").click()
    return run(app)


def told(app: AppTest) -> str:
    return " ".join(m.value for m in app.main.markdown).replace("\\", "")


# ---- the sides --------------------------------------------------------------------------------------------


def test_every_side_of_the_question_has_its_answer(side: Side, sample: Tables) -> None:
    app = side("decisions")
    question = asked(app)
    answer = question.run(sample)
    for name in ("decisions", "rule-cards", "market", "lessons", "simulation"):
        app.segmented_control(key="reallocation.view").set_value(name)
        assert headline(run(app)) == answer.say(answer.headline)
        assert asked(app) == question


def test_a_check_of_the_rules_is_about_the_same_simulation(side: Side) -> None:
    app = side("rule-check", Simulation(rules=plan(min_advantage=1)))
    assert "must be mended" in headline(app)
    found = next(table.value for table in app.dataframe if "finding" in table.value.columns)
    assert len(found) > 1
    assert f"{len(found)} things to look at" in headline(app)
    app.segmented_control(key="reallocation.view").set_value("simulation")
    assert rules(run(app)) == plan(min_advantage=1)


def test_the_seed_is_another_chance(side: Side, sample: Tables) -> None:
    app = side("simulation")
    app.number_input(key="reallocation.seed").set_value(7)
    answer = Simulation(runs=2, seed=7, where=WHERE).run(sample)
    assert headline(run(app)) == answer.say(answer.headline)


def test_several_shock_cards_are_told_apart_under_the_scoreboard(side: Side) -> None:
    cards = Card(shock="viral", at="9d"), Card(shock="decoy", at="2d")
    app = side("simulation", Simulation(market=MarketSettings(surges=0, failures=0, cards=cards)))
    heading = "##### What each shock card changed, left out alone"
    assert heading in told(app)
    shown = next(d.value for d in app.dataframe if "card" in d.value.columns)
    assert shown["card"].tolist() == [*(card.words().text() for card in cards), "all cards together"]
    assert shown["gain"].iloc[1] == shown["fixed"].iloc[1] == 0
    quiet = side("simulation")
    assert heading not in told(quiet)


def test_rules_of_ones_own_are_told_on_the_scoreboard(side: Side) -> None:
    app = side("simulation", Simulation(rules=pausing_by_cost()))
    assert "its cost per order" in told(app) or "cost per order is above 1.5 times" in told(app)


# ---- decisions --------------------------------------------------------------------------------------------


def test_one_steps_from_decision_to_decision(side: Side, sample: Tables) -> None:
    app = side("decisions")
    answer: Any = asked(app).run(sample)
    assert answer.say(answer.story(1)[0]) in told(app)
    for n in (2, 3):
        assert answer.say(answer.story(n)[0]) in told(press(app, "next"))
    said = told(app) + " ".join(each.value for each in app.caption).replace("\\", "")
    values = [answer.say(figure) for figure, _about in answer.brought_by(3)]
    assert f"**{values[0]}** Go by this one." in said
    assert [said.index(value) for value in values] == sorted(said.index(value) for value in values)
    assert answer.say(answer.story(2)[0]) in told(press(app, "previous"))
    app.select_slider(key="reallocation.at").set_value(10)
    assert answer.say(answer.story(10)[0]) in told(run(app))
    shown = next(d.value for d in app.dataframe if "before" in d.value.columns)
    assert shown["before"].tolist() == pytest.approx([b for _, b, _, _ in answer.decisions[9].budgets], abs=0.006)


def test_one_steps_through_some_decisions_alone(side: Side, sample: Tables) -> None:
    app = side("decisions")
    answer: Any = asked(app).run(sample)
    at = 1
    for which in ("held", "wrong", "done"):
        app.selectbox(key="reallocation.steps").set_value(which)
        places = answer.places(which)
        at = min(places, key=lambda place: abs(place - at))
        assert f"Decision {places.index(at) + 1} of {len(places)}" in told(run(app))
        assert answer.say(answer.story(at)[0]) in told(app)


def test_rules_that_decide_nothing_have_no_decisions_to_step_through(side: Side) -> None:
    app = side("decisions", Simulation(rules=RuleSet()))
    assert any("no such decision" in i.value for i in app.info)


def test_decisions_are_told_in_the_readers_language(sample: Tables) -> None:
    answer: Any = Simulation(runs=2, where=WHERE).run(sample)
    assert answer.say(answer.brought_by(2)[0].figure, "zh_CN").startswith("到活动结束的真实效果：")
    log = answer.shown("log", "zh_CN")
    assert all(any("\u4e00" <= c <= "\u9fff" for c in reason) for reason in log["reason"])


# ---- rules ------------------------------------------------------------------------------------------------


def test_one_begins_with_ready_rules(side: Side) -> None:
    app = side("rule-cards")
    for ready in READY[1:3]:
        app.selectbox(key="reallocation.ready").set_value(ready.code)
        assert rules(press(run(app), "take")) == ready.rules
    app.selectbox(key="reallocation.ready").set_value("plan")
    assert asked(press(run(app), "take")).rules == Rules()


def test_cards_are_switched_moved_copied_and_taken_away(side: Side) -> None:
    app = side("rule-cards")
    first, second = plan().rules
    app.toggle(key="reallocation.on.0").set_value(False)
    assert rules(run(app)).rules == (first.replace(on=False), second)
    app.toggle(key="reallocation.on.0").set_value(True)
    run(app)
    assert rules(press(app, "down.0")).rules == (second, first)
    assert rules(press(app, "up.1")).rules == (first, second)
    copied = rules(press(app, "copy.0")).rules
    assert copied == (first, first.replace(name=f"{first.name} 2"), second)
    assert rules(press(app, "drop.0")).rules == copied[1:]


def test_a_copy_of_a_ready_rule_reads_otherwise_than_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """In Chinese the copy had the words of the rule, whose own name is English."""
    monkeypatch.setattr(reallocation_rules, "_", lambda text: translate(text, "zh_CN"))
    copied = reallocation_rules._copied(0)(Simulation().rule_set())
    first, second = (translate(rule.name, "zh_CN") for rule in copied.rules[:2])
    assert second == f"{first} 2"


def test_a_new_rule_is_changed_by_its_controls(side: Side) -> None:
    app = press(side("rule-cards", Simulation(rules=RuleSet(name="mine"))), "add")
    key = "reallocation.edit."
    app.text_input(key=f"{key}name").set_value("stop what is dear")
    app.selectbox(key=f"{key}when.0.left.metric").set_value("cpa")
    app.number_input(key=f"{key}when.0.left.over").set_value(72)
    app.number_input(key=f"{key}when.0.left.excluding").set_value(6)
    app.selectbox(key=f"{key}when.0.is").set_value(">")
    app.selectbox(key=f"{key}when.0.right").set_value("cpa")
    app.number_input(key=f"{key}when.0.than").set_value(1.5)
    run(app)
    app.selectbox(key=f"{key}when.0.other.of").set_value("all")
    app.selectbox(key=f"{key}then.0.kind").set_value("pause")
    app.number_input(key=f"{key}pending").set_value(2)
    app.number_input(key=f"{key}least").set_value(24)
    app.number_input(key=f"{key}sample").set_value(72)
    app.number_input(key=f"{key}cooldown").set_value(48)
    app.number_input(key=f"{key}priority").set_value(3)
    app.selectbox(key=f"{key}nothing").set_value("hold")
    app.selectbox(key=f"{key}looks").set_value("channel")
    app.multiselect(key=f"{key}channels").set_value(["display"])
    own = Reading(metric="cpa", over="3d", excluding="6h")
    wanted = Rule(
        name="stop what is dear", when=Compare(left=own, is_=">", than=1.5, right=own.replace(of="all")), pending=2,
        least_orders=24, sample_over="3d", cooldown="2d", priority=3, no_data="hold", channels=("display",),
        then=(Pause(),),
    )  # fmt: skip
    run(app)
    assert rules(press(app, "use")) == RuleSet(name="mine", rules=(wanted,))


@pytest.mark.long
def test_conditions_and_actions_are_added_and_taken_away(side: Side) -> None:
    app = press(side("rule-cards", Simulation(rules=RuleSet(name="mine"))), "add")
    press(app, "edit.more")
    press(app, "edit.act")
    app.selectbox(key="reallocation.edit.join").set_value("any")
    app.checkbox(key="reallocation.edit.when.1.not").set_value(True)
    app.selectbox(key="reallocation.edit.then.1.kind").set_value("change-budget")
    run(app)
    app.number_input(key="reallocation.edit.then.1.change-budget.percent").set_value(-25.0)
    run(app)
    made = rules(press(app, "use")).rules[0]
    first = Compare(left=Reading(metric="roi"), is_="<", than=0.8)
    assert type(made.when).__name__ == "AnyOf"
    assert made.when.of == (first, NotOf(of=(first,)))  # type: ignore[attr-defined]
    assert made.then == (Notify(), ChangeBudget(percent=-0.25))
    press(app, "edit-rule.0")
    press(app, "edit.when.0.less")
    press(app, "edit.then.0.less")
    assert rules(press(app, "use")).rules[0] == made.replace(
        when=NotOf(of=(first,)), then=(ChangeBudget(percent=-0.25),)
    )


@pytest.mark.parametrize("ready", READY, ids=lambda ready: ready.code)
@pytest.mark.long
def test_a_rule_that_is_opened_and_used_as_it_is_stays_as_it_is(side: Side, ready: Any) -> None:
    app = side("rule-cards", Simulation(rules=ready.rules))
    for n in range(len(ready.rules.rules)):
        press(app, f"edit-rule.{n}")
        press(app, "use")
    assert rules(app) == ready.rules


def test_a_nested_condition_is_left_to_the_text(side: Side) -> None:
    nested = AllOf(of=(AllOf(of=(Compare(left="roi", is_="<", than=1),)), Compare(left="hour", is_=">", than=3)))
    own = RuleSet(rules=(Rule(name="nested", when=nested, then=(Pause(),)),))
    app = press(side("rule-cards", Simulation(rules=own)), "edit-rule.0")
    assert any("more than one way" in c.value for c in app.caption)
    assert rules(press(app, "use")) == own


def test_two_rules_cannot_have_one_name(side: Side) -> None:
    app = press(side("rule-cards"), "edit-rule.0")
    app.text_input(key="reallocation.edit.name").set_value(plan().rules[1].name)
    assert "the same name" in errors(run(app))
    assert app.button(key="reallocation.use").disabled


def test_the_text_is_the_rules_and_says_on_which_line_it_is_wrong(side: Side) -> None:
    app = side("rule-cards")
    area = app.text_area(key="reallocation.text.yaml")
    assert read(area.value) == plan()
    area.set_value("name: mine\nrules:\n- name: stop\n  when: {metric: roii, is: '<', than: 1}\n  then: pause\n")
    assert "Line 4" in errors(press(app, "text.use"))
    assert rules(app) == plan()
    app.text_area(key="reallocation.text.yaml").set_value("name: mine\n\trules: []")
    assert "Line 2" in errors(press(app, "text.use"))
    app.text_area(key="reallocation.text.yaml").set_value(write(pausing_by_cost()))
    assert rules(press(app, "text.use")) == pausing_by_cost()
    app.selectbox(key="reallocation.form").set_value("json")
    assert read(run(app).text_area(key="reallocation.text.json").value) == pausing_by_cost()


def test_a_text_that_is_not_done_is_still_there_after_a_look_elsewhere(side: Side) -> None:
    app = side("rule-cards")
    for typed in (write(plan()), "name: mine\nrules:\n- name: half"):
        app.text_area(key="reallocation.text.yaml").set_value(typed)
        for name in ("simulation", "rule-cards"):
            run(app)
            app.segmented_control(key="reallocation.view").set_value(name)
        assert run(app).text_area(key="reallocation.text.yaml").value == typed


def test_without_a_reserve_it_is_said_that_a_rule_is_left_out(side: Side) -> None:
    def captions(app: AppTest) -> str:
        return " ".join(each.value for each in app.caption)

    app = side("simulation")
    assert "Nothing is held in reserve" not in captions(app)
    app.number_input(key="reallocation.reserve").set_value(0.0)
    assert "the rule that draws on it in a surge is left out" in captions(run(app))
    app.segmented_control(key="reallocation.view").set_value("rule-cards")
    assert "the rule that draws on it in a surge is left out" in captions(run(app))


def test_clock_limits_and_review_are_taken_together(side: Side) -> None:
    app = side("rule-cards")
    key = "reallocation.set."
    for name, n in (("evaluate", 2), ("adjust", 12), ("tranches", 2), ("rest", 24), ("count", 5)):
        app.number_input(key=f"{key}{name}").set_value(n)
    for name, x in (
        ("reserve", 10.0),
        ("tranche", 20.0),
        ("floor", 30.0),
        ("ceiling", 3.0),
        ("step", 20.0),
        ("day", 50.0),
    ):
        app.number_input(key=f"{key}{name}").set_value(x)
    app.selectbox(key=f"{key}mode").set_value("notify")
    app.selectbox(key=f"{key}beyond").set_value("skip")
    app.checkbox(key=f"{key}review").set_value(True)
    run(app)
    app.selectbox(key=f"{key}by").set_value("risk")
    app.selectbox(key=f"{key}then").set_value("drop")
    for name, x in (("looked", 5.0), ("rejects", 10.0)):
        app.number_input(key=f"{key}{name}").set_value(x)
    for name, n in (("answers", 3), ("late", 9)):
        app.number_input(key=f"{key}{name}").set_value(n)
    run(app)
    assert rules(press(app, "settings.use")) == plan().replace(
        evaluate_every="2h", adjust_every="12h", mode="notify", reserve=0.1, tranches=(0.2, 0.2),
        limits=Limits(floor=0.3, ceiling=3, step=0.2, day=0.5, cooldown="1d", per_day=5, beyond="skip"),
        review=Review(share=0.05, by="risk", answers_in="3h", time_out="9h", then="drop", rejects=0.1),
    )  # fmt: skip
    app.number_input(key=f"{key}evaluate").set_value(5)
    assert "choose a multiple" in errors(run(app))


def test_rules_are_compared_on_the_same_chance(side: Side) -> None:
    app = side("rule-cards", Simulation(against=(plan(reserve=0),)))
    assert app.multiselect(key="reallocation.compare").value == ["the plan's own rules"]
    titles = [ready.title.id for ready in READY]
    app.multiselect(key="reallocation.compare").set_value(["the plan's own rules", titles[1]])
    assert asked(run(app)).against == (plan(reserve=0), READY[1].rules)
    assert asked(press(app, "drop.1")).against == (plan(reserve=0), READY[1].rules)
    app.multiselect(key="reallocation.compare").set_value(titles[1:6])
    assert asked(run(app)).against == tuple(ready.rules for ready in READY[1:5])


def test_what_is_wrong_with_rules_stands_under_their_cards(side: Side) -> None:
    app = side("rule-cards", Simulation(rules=plan(min_advantage=1)))
    assert "decides nothing" in told(app)
    unknown = RuleSet(rules=(Rule(name="gone", channels=("gone",), then=(Pause(),)),))
    app.session_state["reallocation.start"] = asked(app).replace(rules=unknown)
    run(app)
    assert "gone" in told(app)
    assert rules(press(app, "drop.0")).rules == ()  # the answer is an error, the cards stay


# ---- the market -------------------------------------------------------------------------------------------


def test_cards_are_dealt_and_taken_away(side: Side) -> None:
    app = side("market")
    app.selectbox(key="reallocation.new.shock").set_value("viral")
    run(app)
    app.selectbox(key="reallocation.new.channel.one").set_value("short_video")
    app.selectbox(key="reallocation.new.when").set_value("fixed")
    run(app)
    app.number_input(key="reallocation.new.day").set_value(5)
    app.number_input(key="reallocation.new.size.viral").set_value(4.0)
    app.number_input(key="reallocation.new.lasts.viral").set_value(12)
    viral = Card(shock="viral", channel="short_video", at="4d", lasts="12h", size=4)
    assert asked(press(run(app), "new.add")).market.cards == (viral,)
    app.selectbox(key="reallocation.new.shock").set_value("decoy")
    run(app)
    assert not [each for each in app.number_input if each.key == "reallocation.new.size.decoy"]
    app.number_input(key="reallocation.new.times").set_value(2.0)
    decoy = Card(shock="decoy", lasts="1d", times=2)
    assert asked(press(run(app), "new.add")).market.cards == (viral, decoy)
    assert asked(press(app, "card.0")).market.cards == (decoy,)


@pytest.mark.parametrize(
    ("control", "given", "field", "found"),
    [
        ("surges", 3.0, "surges", 3.0),
        ("surge-size", 3.0, "surge_size", 3.0),
        ("surge-lasts", 12, "surge_lasts", "12h"),
        ("surge-price", 10.0, "surge_price", 0.1),
        ("failures", 0.0, "failures", 0.0),
        ("failure-share", 20.0, "failure_share", 0.2),
        ("replaced", 24, "replaced_after", "1d"),
        ("delay", 6, "conversion_delay", "6h"),
        ("level-error", 30.0, "level_error", 0.3),
        ("dearer", 10.0, "dearer", 0.1),
        ("headroom", 3.0, "headroom", 3.0),
        ("learning", 48, "learning", "2d"),
        ("learning-cost", 20.0, "learning_cost", 0.2),
        ("order-value", 7.0, "order_value", 7.0),
        ("delay.display", 72.0, "delays", (("display", 72.0),)),
    ],
)
@pytest.mark.long
def test_each_control_of_the_market_changes_it(side: Side, control: str, given: Any, field: str, found: Any) -> None:
    app = side("market")
    app.number_input(key=f"reallocation.{control}").set_value(given)
    assert asked(run(app)).market == Simulation().market.replace(**{field: found})


# ---- lessons, and Budget ----------------------------------------------------------------------------------


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.code)
@pytest.mark.long
def test_a_lesson_begins_with_one_click(side: Side, lesson: Any) -> None:
    app = press(side("lessons"), f"lesson.{lesson.code}")
    found = asked(app)
    assert found.rules == lesson.given.get("rules", found.rules)
    others = lesson.given.get("against", ())
    assert found.against[: len(others)] == others
    assert found.lesson == lesson.code
    assert asked(press(app, "lesson.leave")) == found.replace(lesson=None)
    assert bool(found.split) is (lesson.split or lesson.private is not None)
    assert (found.market.order_value is not None) is (lesson.hourly is not None)
    assert not errors(app)
    assert headline(app)


def test_a_plan_goes_to_reallocation_as_rules_and_what_they_spend_comes_back(opened: Callable[..., AppTest]) -> None:
    app = opened("budget")
    app.button(key="budget.to-rules").click()
    run(app)
    app.switch_page("pages/reallocation.py")
    run(app)
    assert sum(share for _, share in asked(app).split) == pytest.approx(1)
    assert isinstance(asked(app).rules, RuleSet)
    app.button(key="reallocation.to-budget").click()
    run(app)
    app.switch_page("pages/budget.py")
    run(app)
    scenario = app.session_state["budget.scenario.start"]
    assert isinstance(scenario, Scenario)
    assert scenario.spend
