"""The Paths page: its controls say the question, and the page shows that question's answer."""

from __future__ import annotations

from typing import Any

import pytest
from harness import errors, finding, headline, run
from streamlit.testing.v1 import AppTest

from analysis import Filter, Paths, Tables
from analysis.sharing import links

DEFAULT = Paths(start="visit", session=True, where=Filter(campaign="Double 11 2026"))


def asked(app: AppTest) -> Paths:
    """Return the question the controls say, as the page's code shows it."""
    return next(eval(c.value.removesuffix(".run(tables)")) for c in app.code if c.value.startswith("Paths("))


def select(app: AppTest, key: str, value: object) -> AppTest:
    app.selectbox(key=f"paths.{key}").set_value(value)
    return run(app)


def test_first_visit_answers_the_default_question(opened, sample: Tables) -> None:
    app = opened("paths")
    assert asked(app) == DEFAULT
    assert headline(app) == finding(DEFAULT, sample)


@pytest.mark.long
def test_each_control_changes_the_question(opened, sample: Tables) -> None:
    app = opened("paths")
    expected = DEFAULT
    steps: list[tuple[str, Any, dict[str, Any]]] = [
        ("event", "cart", {"start": "cart"}),
        ("session", False, {"session": False}),
        ("unit", "h", {"window": "7h"}),
        ("until", "purchase", {"until": "purchase"}),
        ("direction", "before", {"direction": "before"}),
        ("until", "", {"until": None}),
        ("count", "occurrences", {"count": "occurrences"}),
        ("collapse", False, {"collapse": False}),
    ]
    for key, value, changes in steps:
        expected = expected.replace(**changes)
        app = select(app, key, value)
        assert asked(app) == expected
        assert headline(app) == finding(expected, sample)
    app.number_input(key="paths.amount").set_value(2)
    app.number_input(key="paths.depth").set_value(2)
    app.number_input(key="paths.names").set_value(3)
    app.multiselect(key="paths.exclude").set_value(["search"])
    app.multiselect(key="paths.include").set_value(["view", "search"])
    expected = expected.replace(window="2h", depth=2, names=3, exclude="search", include=("view", "search"))
    assert asked(run(app)) == expected


def test_choices_survive_a_visit_to_another_page(opened) -> None:
    app = select(opened("paths"), "event", "cart")
    app.switch_page("pages/data.py")
    run(app)
    app.switch_page("pages/paths.py")
    assert asked(run(app)) == DEFAULT.replace(start="cart")


def test_what_does_not_go_together_is_said(opened) -> None:
    app = select(opened("paths"), "direction", "before")
    assert "Choose the event that paths lead up to" in errors(select(app, "event", ""))
    assert "Choose the event that paths lead up to" not in errors(select(app, "event", "view"))
    app.number_input(key="paths.amount").set_value(0)
    assert "longer than zero" in errors(run(app))


def test_a_link_opens_its_question(opened, sample: Tables) -> None:
    question = Paths(start="cart", until="checkout", window="90m", depth=2, where=Filter(channel="display"))
    app = opened("paths", question=links.encode(question))
    assert asked(app) == question
    assert headline(app) == finding(question, sample)


def test_a_link_with_an_unknown_event_names_near_matches(opened) -> None:
    app = opened("paths", question=links.encode(Paths(start="crat", until="nothing like it")))
    assert "Did you mean cart" in errors(app)


def test_a_link_with_an_unknown_filter_names_near_matches_and_shows_the_value(opened) -> None:
    where = Filter(channel=("displya", "organic"), device="iso")
    app = opened("paths", question=links.encode(DEFAULT.replace(where=where)))
    assert "There is no channel 'displya'. Did you mean display?" in errors(app)
    assert app.multiselect(key="filter.channel").value == ["displya", "organic"]
    app.multiselect(key="filter.channel").set_value(["organic"])
    assert "There is no device 'iso'. Did you mean ios?" in errors(run(app))
    app.multiselect(key="filter.device").set_value([])
    assert not errors(run(app)) and asked(app) == DEFAULT.replace(where=Filter(channel="organic"))
