"""The Page speed page: its controls say the question, and the page shows that question's answer."""

from __future__ import annotations

from harness import errors, finding, headline, nothing, run

from analysis import Filter, PageSpeed, Tables
from analysis.sharing import links

DEFAULT = PageSpeed(where=Filter(campaign="Double 11 2026"))


def test_each_control_changes_the_question(opened, sample: Tables) -> None:
    app = opened("speed")
    assert headline(app) == finding(DEFAULT, sample)
    app.number_input(key="speed.slow").set_value(4.5)
    assert headline(run(app)) == finding(DEFAULT.replace(slow=4.5), sample)
    app.selectbox(key="speed.to").set_value("purchase")
    app.number_input(key="speed.amount").set_value(36)
    app.selectbox(key="speed.unit").set_value("h")
    expected = DEFAULT.replace(slow=4.5, to="purchase", window="36h")
    assert headline(run(app)) == finding(expected, sample)
    app.selectbox(key="speed.event").set_value("search")
    app.selectbox(key="speed.breakdown").set_value("channel")
    app.number_input(key="speed.slow").set_value(1.0)
    expected = expected.replace(event="search", slow=1.0)
    assert headline(run(app)) == finding(expected, sample)
    assert set(app.dataframe[1].value.iloc[:, 0]) >= {"display ads", "short video"}


def test_what_cannot_be_answered_is_said(opened) -> None:
    app = opened("speed")
    app.selectbox(key="speed.event").set_value("purchase")
    assert "No purchase" in nothing(run(app))
    app.selectbox(key="speed.event").set_value("cart")
    assert "not the page event itself" in errors(run(app))
    app.selectbox(key="speed.event").set_value("view")
    app.number_input(key="speed.slow").set_value(0.0)
    assert "above 0" in errors(run(app))
    app.number_input(key="speed.slow").set_value(3.0)
    assert errors(run(app)) == ""


def test_a_link_opens_its_question(opened, sample: Tables) -> None:
    question = PageSpeed(event="visit", to="view", slow=1.2, breakdown="page", window="90m")
    app = opened("speed", question=links.encode(question))
    assert headline(app) == finding(question, sample)
    assert "Did you mean cart" in errors(opened("speed", question=links.encode(PageSpeed(to="crat"))))
