"""The Funnel page: its controls say the question, and the page shows that question's answer."""

from __future__ import annotations

import datetime as dt

import pytest
from harness import errors, finding, headline, run
from streamlit.testing.v1 import AppTest

from analysis import Exclusion, Filter, Funnel, FunnelPaths, FunnelRules, Step, TimeToConvert
from analysis.sharing import links

STEPS = ("view", "cart", "checkout", "purchase")


def expected(sample, **changes) -> str:
    question = Funnel(steps=STEPS, where=Filter(campaign="Double 11 2026")).replace(**changes)
    return finding(question, sample)


def select(app: AppTest, key: str, value: object) -> AppTest:
    app.selectbox(key=f"funnel.{key}").set_value(value)
    return run(app)


def test_first_visit_answers_the_default_question(opened, sample) -> None:
    assert headline(opened()) == expected(sample)


def test_each_control_changes_the_question(opened, sample) -> None:
    app = opened()
    assert headline(select(app, "step.1", "favorite")) == expected(sample, steps=("view", "favorite", *STEPS[2:]))
    assert headline(select(app, "step.1", "cart")) == expected(sample)
    assert headline(select(app, "entry", "first")) == expected(sample, entry="first")
    app.number_input(key="funnel.amount").set_value(36)
    assert headline(select(app, "unit", "h")) == expected(sample, entry="first", window="36h")
    app = select(app, "breakdown", "device")
    assert "by device" not in errors(app)
    assert set(app.dataframe[0].value.iloc[:, 0]) >= {"Android", "iOS"}


def test_steps_are_added_and_removed(opened, sample) -> None:
    app = opened()
    app.button(key="funnel.remove").click()
    assert headline(run(app)) == expected(sample, steps=STEPS[:3])
    app.button(key="funnel.add").click()
    run(app)
    assert [app.selectbox(key=f"funnel.step.{i}").value for i in range(4)][:3] == list(STEPS[:3])


def test_filters_reach_the_question_and_stay_on_other_pages(opened, sample) -> None:
    app = opened()
    app.multiselect(key="filter.device").set_value(["android"])
    where = Filter(campaign="Double 11 2026", device="android")
    assert headline(run(app)) == expected(sample, where=where)
    app.switch_page("pages/lifecycle.py")
    assert run(app).multiselect(key="filter.device").value == ["android"]
    app.switch_page("pages/funnel.py")
    assert headline(run(app)) == expected(sample, where=where)


def test_the_further_rules_change_the_question(opened, sample) -> None:
    app = opened()
    assert headline(select(app, "order", "strict")) == expected(sample, order="strict")
    app.multiselect(key="funnel.excluded").set_value(["share"])
    run(app)
    between = Exclusion("share", after=2)
    app.selectbox(key="funnel.excluded.share.after").set_value(2)
    assert headline(run(app)) == expected(sample, order="strict", exclusions=between)
    app.multiselect(key="funnel.excluded").set_value([])
    run(app)
    assert headline(select(app, "order", "any")) == expected(sample, order="any")
    select(app, "order", "ordered")
    assert headline(select(app, "profile", "mixpanel")) == expected(sample, profile="mixpanel")
    assert app.selectbox(key="funnel.entry").disabled
    select(app, "profile", "")
    assert headline(select(app, "hold", "channel")) == expected(sample, hold="channel")
    select(app, "breakdown", "device")
    asked = {"hold": "channel", "breakdown": "device", "breakdown_at": "last"}
    assert headline(select(app, "breakdown_at", "last")) == expected(sample, **asked)


def test_a_steps_conditions_change_the_question(opened, sample) -> None:
    app = opened()
    app.multiselect(key="funnel.step.1.also").set_value(["favorite"])
    app.multiselect(key="funnel.step.0.where.device").set_value(["android"])
    app.toggle(key="funnel.step.1.optional").set_value(True)
    steps = (Step("view", where={"device": "android"}), Step(("cart", "favorite"), optional=True), *STEPS[2:])
    assert headline(run(app)) == expected(sample, steps=steps)
    assert app.toggle(key="funnel.step.0.optional").disabled


def test_a_phase_of_the_campaign_sets_the_days_and_days_show_their_phase(opened, sample) -> None:
    app = opened()
    app.segmented_control(key="filter.phase").set_value("burst")
    where = Filter(campaign="Double 11 2026", start="2026-11-01", end="2026-11-11")
    assert headline(run(app)) == expected(sample, where=where)
    assert app.date_input(key="filter.to").value == dt.date(2026, 11, 11)
    app.date_input(key="filter.from").set_value(dt.date(2026, 11, 2))
    assert headline(run(app)) == expected(sample, where=where.replace(start="2026-11-02"))
    assert app.segmented_control(key="filter.phase").value is None
    app.date_input(key="filter.from").set_value(dt.date(2026, 11, 1))
    assert run(app).segmented_control(key="filter.phase").value == "burst"
    app.segmented_control(key="filter.phase").set_value(None)
    assert headline(run(app)) == expected(sample)


def test_a_breakdown_by_phase_speaks_the_readers_language(opened) -> None:
    app = opened(language="zh_CN", question=links.encode(Funnel(steps=STEPS, breakdown="phase")))
    assert set(app.dataframe[0].value.iloc[:, 0]) >= {"预热", "爆发", "收尾"}


def test_a_window_of_one_session(opened, sample) -> None:
    assert headline(select(opened(), "unit", "session")) == expected(sample, window="session")


def test_views_ask_other_questions_of_the_same_funnel(opened, sample) -> None:
    app = select(opened(), "step.1", "favorite")
    funnel = Funnel(steps=("view", "favorite", *STEPS[2:]), where=Filter(campaign="Double 11 2026"))
    app.button_group(key="funnel.view").set_value("funnel-rules")
    assert headline(run(app)) == finding(FunnelRules(funnel=funnel), sample)
    app.button_group(key="funnel.view").set_value("time-to-convert")
    run(app)
    app.selectbox(key="funnel.time.to").set_value(2)
    said = finding(TimeToConvert(funnel=funnel, to_step=2), sample)
    assert headline(run(app)) == said
    app.switch_page("pages/data.py")
    run(app)
    app.switch_page("pages/funnel.py")
    assert headline(run(app)) == said


def test_a_link_to_a_view_opens_it(opened, sample) -> None:
    funnel = Funnel(steps=("view", Step("cart", where={"device": "ios"}), "purchase"), exclusions="share", window="2d")
    question = TimeToConvert(funnel=funnel, from_step=2, where=Filter(channel="display"))
    app = opened(question=links.encode(question))
    assert headline(app) == finding(question, sample)
    assert app.selectbox(key="funnel.time.from").value == 2
    assert app.multiselect(key="filter.channel").value == ["display"]


def test_paths_go_on_from_the_step_people_dropped_at_or_back_from_the_one_they_reached(opened, sample) -> None:
    app = opened()
    app.button_group(key="funnel.view").set_value("funnel-paths")
    question = FunnelPaths(funnel=Funnel(steps=STEPS), where=Filter(campaign="Double 11 2026"))

    def said(**changes) -> str:
        return finding(question.replace(**changes), sample)

    assert headline(run(app)) == said()
    assert headline(select(app, "paths.step", 3)) == said(step=3)
    assert headline(select(app, "paths.direction", "before")) == said(step=3, direction="before")
    assert headline(select(app, "paths.step", 4)) == said(step=4, direction="before")
    assert headline(select(app, "paths.direction", "after")) == said(step=1)  # nobody drops after the last step
    phases = question.funnel.replace(breakdown="phase")
    assert headline(select(app, "breakdown", "phase")) == said(funnel=phases)
    assert headline(select(app, "paths.group.phase", "burst")) == said(funnel=phases, group="burst")
    app.number_input(key="funnel.paths.depth").set_value(2)
    app.number_input(key="funnel.paths.names").set_value(3)
    assert app.dataframe[0].value.iloc[:, 0].max() == 4
    assert run(app).dataframe[0].value.iloc[:, 0].max() == 2


def test_a_link_to_paths_opens_them(opened, sample) -> None:
    funnel = Funnel(steps=("view", "cart", "purchase"), window="2d", breakdown="device")
    question = FunnelPaths(
        funnel=funnel,
        step=3,
        direction="before",
        group="ios",
        until="visit",
        collapse=False,
        where=Filter(channel="display"),
    )
    app = opened(question=links.encode(question))
    assert headline(app) == finding(question, sample)
    assert headline(run(app)) == finding(question, sample)


def test_choices_survive_a_visit_to_another_page(opened, sample) -> None:
    app = select(opened(), "step.1", "favorite")
    app.switch_page("pages/data.py")
    run(app)
    app.switch_page("pages/funnel.py")
    assert headline(run(app)) == expected(sample, steps=("view", "favorite", *STEPS[2:]))


def test_a_window_of_zero_is_refused_in_words(opened) -> None:
    app = opened()
    app.number_input(key="funnel.amount").set_value(0)
    assert "longer than zero" in errors(run(app))


def test_a_link_opens_its_question(opened, sample) -> None:
    question = Funnel(steps=("view", "purchase"), window="3h", entry="first", where=Filter(channel="display"))
    app = opened(question=links.encode(question))
    assert headline(app) == finding(question, sample)
    assert app.multiselect(key="filter.channel").value == ["display"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("garbage", "does not hold a question"),
        ("%%%", "does not hold a question"),
        (links.encode(Funnel(steps=("view", "cart")))[:-9], "does not hold a question"),
    ],
)
def test_a_broken_link_is_said_and_the_page_still_answers(opened, sample, text: str, says: str) -> None:
    app = opened(question=text)
    assert says in errors(app)
    assert headline(app) == expected(sample)


def test_a_link_with_an_unknown_step_names_near_matches(opened) -> None:
    app = opened(question=links.encode(Funnel(steps=("viw", "purchase"))))
    assert "Did you mean view" in errors(app)


def test_a_question_is_saved_opened_and_forgotten(opened, sample) -> None:
    app = select(opened(), "step.1", "favorite")
    app.text_input(key="funnel.save.name").set_value("likes *bold*")
    next(b for b in app.button if b.label == "Save this question").click()
    run(app)
    other = opened(workspace=app.session_state["workspace"])
    button = next(b for b in other.button if b.label == r"likes \*bold\*")
    button.click()
    assert headline(run(other)) == expected(sample, steps=("view", "favorite", *STEPS[2:]))
    next(b for b in other.button if b.label == "Forget").click()
    assert r"likes \*bold\*" not in [b.label for b in run(other).button]
