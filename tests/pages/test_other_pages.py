"""Segments, Budget and Reallocation: each control changes the question that is answered."""

from __future__ import annotations

import datetime as dt
import json

from harness import errors, headline, run

from analysis import (
    Filter,
    Lifecycle,
    MoneyFlow,
    Nodes,
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
    app = opened("segments")
    asked = Lifecycle(at="2026-11-15", since="2026-10-18")
    assert headline(app) == said(asked, sample)
    app.date_input(key="segments.since").set_value(dt.date(2026, 11, 1))
    assert headline(run(app)) == said(asked.replace(since="2026-11-01"), sample)
    app.multiselect(key="segments.interest").set_value(["cart"])
    assert headline(run(app)) == said(asked.replace(since="2026-11-01", interest="cart"), sample)
    app.date_input(key="segments.at").set_value(dt.date(2026, 10, 20))
    assert "2026-11-01" in errors(run(app))


def test_budget_sliders_reserve_form_and_reset(opened, sample: Tables) -> None:
    app = opened("budget")
    assert headline(app) == said(Scenario(), sample)
    app.slider(key="budget.channel.mid_kol").set_value(12_000)
    assert headline(run(app)) == said(Scenario(budgets={"mid_kol": 12_000}), sample)
    app.number_input(key="budget.reserve").set_value(30)
    assert headline(run(app)) == said(Scenario(budgets={"mid_kol": 12_000}, reserve=0.3), sample)
    app.selectbox(key="budget.form").set_value("exponential")
    curves = ResponseCurves(form="exponential")
    assert headline(run(app)) == said(Scenario(budgets={"mid_kol": 12_000}, reserve=0.3, curves=curves), sample)
    app.button(key="budget.reset").click()
    assert headline(run(app)) == said(Scenario(reserve=0.3, curves=curves), sample)


def test_budget_shows_the_fit_behind_the_plan(opened, sample: Tables) -> None:
    app = opened("budget")
    app.segmented_control(key="budget.view").set_value("response-curves")
    assert headline(run(app)) == said(ResponseCurves(), sample)


def test_budget_shows_where_the_planned_money_went(opened, sample: Tables) -> None:
    app = opened("budget")
    app.segmented_control(key="budget.view").set_value("money-flow")
    assert headline(run(app)) == said(MoneyFlow(), sample)


def test_a_scenario_link_sets_the_sliders_and_a_negative_budget_is_refused(opened, sample: Tables) -> None:
    question = Scenario(budgets={"display": 100.0}, reserve=0.0, where=WHERE)
    app = opened("budget", question=links.encode(question))
    assert headline(app) == said(question, sample)
    assert app.slider(key="budget.channel.display").value == 100
    broken = json.loads(question.to_json())
    broken["budgets"] = [["display", -1]]
    packed = links.encode(_Text(json.dumps(broken)))
    app = opened("budget", question=packed)
    assert "budgets[display] cannot be -1" in errors(app)
    assert headline(app) == said(Scenario(), sample)


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


def test_log_reasons_are_in_the_readers_language(opened) -> None:
    app = opened("reallocation", language="zh_CN")
    log = next(d.value for d in app.dataframe if "reason" in d.value.columns)
    assert all(any("\u4e00" <= c <= "\u9fff" for c in reason) for reason in log["reason"])


def test_an_empty_workspace_says_what_to_do(opened) -> None:
    app = opened("data")
    app.text_input(key="data.new.name").set_value("nothing yet")
    next(b for b in app.button if b.label == "Create").click()
    run(app)
    for page in ("funnel", "attribution", "segments", "budget", "reallocation"):
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
