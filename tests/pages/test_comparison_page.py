"""Compare: each side is asked as on its own page, with a filter of its own; what is asked opens again from its link."""

from __future__ import annotations

from harness import errors, finding, headline, run

from analysis import Comparison, Filter, Funnel, Retention, Sales, Tables
from analysis.sharing import links

BEFORE, AFTER = Filter(campaign="Double 11 2025"), Filter(campaign="Double 11 2026")


def test_the_last_two_campaigns_are_compared_at_first(opened, sample: Tables) -> None:
    app = opened("comparison")
    asked = Comparison.suggested(sample)
    assert (asked.left.where, asked.right.where) == (BEFORE, AFTER)
    assert headline(app) == finding(asked, sample)
    assert errors(app) == ""


def test_each_side_has_its_own_controls_and_filter(opened, sample: Tables) -> None:
    app = opened("comparison")
    asked = Comparison.suggested(sample)
    left = asked.left
    assert isinstance(left, Funnel)
    app.number_input(key="comparison.left.funnel.amount").set_value(1)
    app = run(app)
    assert headline(app) == finding(asked.replace(left=left.replace(window="1d")), sample)
    app.multiselect(key="comparison.right.funnel.filter.campaign").set_value(["Double 11 2025"])
    app = run(app)
    same = asked.replace(left=left.replace(window="1d"), right=left)
    assert headline(app) == finding(same, sample)


def test_a_side_can_ask_another_question(opened, sample: Tables) -> None:
    app = opened("comparison")
    asked = Comparison.suggested(sample)
    app.selectbox(key="comparison.left.kind").set_value("sales")
    app = run(app)
    sales = Sales.suggested(sample).replace(where=BEFORE)
    assert headline(app) == finding(asked.replace(left=sales), sample)
    app.selectbox(key="comparison.right.kind").set_value("sales")
    app = run(app)
    assert headline(app) == finding(Comparison(left=sales, right=sales.replace(where=AFTER)), sample)
    assert errors(app) == ""


def test_a_link_opens_both_sides(opened, sample: Tables) -> None:
    one = Retention(start=("visit",), period="week", periods=3, where=Filter(device="ios"))
    asked = Comparison(left=one, right=one.replace(where=Filter(device="android")), where=Filter(channel="paid_search"))
    app = opened("comparison", question=links.encode(asked))
    assert headline(app) == finding(asked, sample)
    assert app.selectbox(key="comparison.left.kind").value == "retention"


def test_it_speaks_chinese(opened, sample: Tables) -> None:
    app = opened("comparison", language="zh_CN")
    assert app.title[0].value == "差在哪里？"
    answer = Comparison.suggested(sample).run(sample)
    assert headline(app) == answer.say(answer.headline, "zh_CN")


def test_an_empty_workspace_is_said_calmly_and_leads_to_the_sample(opened, own, sample: Tables) -> None:
    for batch in own.batches():
        own.undo(batch.id)
    app = opened("comparison", workspace=own.path.stem)
    assert not app.info and not app.error
    assert app.title[0].value == "What differs?"
    assert any("This workspace is empty" in one.value for one in app.main.markdown)
    app.button(key="frame.to-sample").click()
    assert headline(run(app)) == finding(Comparison.suggested(sample), sample)
