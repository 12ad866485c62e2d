"""Segments, Budget and Reallocation: each control changes the question that is answered."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from harness import errors, finding, headline, run

from analysis import (
    Allocation,
    Filter,
    Frontier,
    Lifecycle,
    Limit,
    Nodes,
    Plans,
    ResponseCurves,
    Rules,
    Scenario,
    Simulation,
    Tables,
)
from analysis.sharing import links

WHERE = Filter(campaign="Double 11 2026")


def said(question, sample: Tables) -> str:
    answer = question.replace(where=WHERE).run(sample)
    return answer.say(answer.headline)


def test_segments_dates_and_interest(opened, sample: Tables) -> None:
    app = opened("lifecycle")
    asked = Lifecycle(at="2026-11-15", since="2026-10-18")
    assert headline(app) == finding(asked, sample)  # of everybody: a stage is where people have ever come to
    app.date_input(key="lifecycle.since").set_value(dt.date(2026, 11, 1))
    assert headline(run(app)) == finding(asked.replace(since="2026-11-01"), sample)
    app.multiselect(key="lifecycle.interest").set_value(["cart"])
    assert headline(run(app)) == finding(asked.replace(since="2026-11-01", interest="cart"), sample)
    app.date_input(key="lifecycle.at").set_value(dt.date(2026, 10, 20))
    assert "2026-11-01" in errors(run(app))


@pytest.mark.long
def test_budget_goal_total_and_form(opened, sample: Tables) -> None:
    app = opened("budget")
    assert headline(app) == said(Allocation(), sample)
    app.number_input(key="budget.total").set_value(90_000.0)
    assert headline(run(app)) == said(Allocation(total=90_000), sample)
    app.selectbox(key="budget.goal").set_value("roi")
    assert headline(run(app)) == said(Allocation(goal="roi", target=3.5), sample)
    app.selectbox(key="budget.form").set_value("exponential")
    curves = ResponseCurves(form="exponential")
    assert headline(run(app)) == said(Allocation(goal="roi", target=3.5, curves=curves), sample)


def test_a_rule_is_added_priced_and_taken_away(opened, sample: Tables) -> None:
    app = opened("budget")
    app.selectbox(key="budget.rule.kind").set_value("reserve")
    app.button(key="budget.rule.add").click()
    ruled = Allocation(limits=(Limit.reserve(0.15),))
    assert headline(run(app)) == said(ruled, sample)
    assert any("takes" in m.value for m in app.markdown)
    app.button(key="budget.limit.0").click()
    assert headline(run(app)) == said(Allocation(), sample)


def test_sliders_keep_the_total_and_go_back(opened, sample: Tables) -> None:
    app = opened("budget")
    app.segmented_control(key="budget.view").set_value("scenario")
    assert headline(run(app)) == said(Scenario(), sample)
    total = sum(slider.value for slider in app.slider)
    app.slider(key="budget.channel.mid_kol").set_value(12_000)
    run(app)
    assert abs(sum(slider.value for slider in app.slider) - total) <= len(app.slider)
    assert app.slider(key="budget.channel.mid_kol").value == 12_000
    app.toggle(key="budget.keep-total").set_value(False)
    run(app)
    others = {slider.key: slider.value for slider in app.slider if slider.key != "budget.channel.mid_kol"}
    app.slider(key="budget.channel.mid_kol").set_value(9_000)
    run(app)
    assert {slider.key: slider.value for slider in app.slider if slider.key != "budget.channel.mid_kol"} == others
    app.button(key="budget.reset").click()
    assert headline(run(app)) == said(Scenario(), sample)


def test_a_split_is_adjusted_by_hand_and_kept_as_the_plan(opened, sample: Tables) -> None:
    app = opened("budget")
    app.button(key="budget.keep-plan").click()
    run(app)
    assert any("plan lines" in toast.value for toast in app.toast)
    app.button(key="budget.to-hand").click()
    run(app)
    best = Allocation(where=WHERE).run(sample).table.set_index("channel")["spend"]
    for slider in app.slider:
        assert slider.value == round(best[str(slider.key).rpartition(".")[2]])


@pytest.mark.long
def test_budget_shows_the_fit_behind_the_plan_and_more_or_less(opened, sample: Tables) -> None:
    app = opened("budget")
    app.segmented_control(key="budget.view").set_value("response-curves")
    assert headline(run(app)) == said(ResponseCurves(), sample)
    app.segmented_control(key="budget.view").set_value("budget-frontier")
    assert headline(run(app)) == said(Frontier(), sample)
    app.segmented_control(key="budget.view").set_value("plans")
    assert headline(run(app)) == said(Plans(), sample)


def test_a_scenario_link_sets_the_sliders_and_negative_spend_is_refused(opened, sample: Tables) -> None:
    question = Scenario(spend={"display": 100.0}, where=WHERE)
    app = opened("budget", question=links.encode(question))
    assert headline(app) == said(question, sample)
    assert app.slider(key="budget.channel.display").value == 100
    broken = json.loads(question.to_json())
    broken["spend"] = [["display", -1]]
    packed = links.encode(_Text(json.dumps(broken)))
    app = opened("budget", question=packed)
    assert "spend[display] cannot be -1" in errors(app)
    assert headline(app) == said(Allocation(), sample)


class _Text:
    """Something that packs like a question but says what it is told."""

    def __init__(self, text: str) -> None:
        self._text = text

    def to_json(self) -> str:
        return self._text


def test_reallocation_rules(opened, sample: Tables) -> None:
    app = opened("reallocation")
    assert headline(app) == said(Simulation(), sample)
    app.number_input(key="reallocation.runs").set_value(10)
    app.number_input(key="reallocation.step").set_value(5.0)
    rules = Rules(step=0.05)
    assert headline(run(app)) == said(Simulation(rules=rules, runs=10), sample)
    app.number_input(key="reallocation.budget").set_value(90_000.0)
    assert headline(run(app)) == said(Simulation(rules=rules, runs=10, budget=90_000), sample)
    app.selectbox(key="reallocation.evaluate").set_value(6)
    assert "choose a multiple" in errors(run(app))


def test_an_empty_workspace_says_what_to_do(opened) -> None:
    app = opened("data")
    app.text_input(key="data.new.name").set_value("nothing yet")
    next(b for b in app.button if b.label == "Create").click()
    run(app)
    for page in ("funnel", "attribution", "lifecycle", "budget", "reallocation"):
        app.switch_page(f"pages/{page}.py")
        assert any("Import your first export" in m.value for m in run(app).main.markdown)


def test_nodes_controls(opened, sample: Tables) -> None:
    app = opened("nodes")
    asked = Nodes()
    assert headline(app) == said(asked, sample)
    app.multiselect(key="nodes.nodes").set_value(["share", "invite"])
    asked = asked.replace(nodes=("share", "invite"))
    assert headline(run(app)) == said(asked, sample)
    app.selectbox(key="nodes.goal").set_value("cart")
    app.selectbox(key="nodes.window").set_value("7d")
    asked = asked.replace(goal="cart", window="7d")
    assert headline(run(app)) == said(asked, sample)
    app.toggle(key="nodes.phases").set_value(False)
    assert headline(run(app)) == said(asked.replace(phases=False), sample)
    app.multiselect(key="nodes.nodes").set_value([])
    assert "Nodes cannot be" in errors(run(app))
