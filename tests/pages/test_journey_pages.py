"""Retention and Participation: each control changes the question, and the page shows that question's answer."""

from __future__ import annotations

import datetime as dt

from harness import errors, finding, headline, run

from analysis import Filter, Participation, Retention, Tables
from analysis.sharing import links

WHERE = Filter(campaign="Double 11 2026")
ASKED = Retention(start="visit", returns=(), where=WHERE)


def said(question, sample: Tables) -> str:
    return finding(question, sample)


def test_retention_controls(opened, sample: Tables) -> None:
    app = opened("retention")
    assert headline(app) == said(ASKED, sample)
    app.selectbox(key="retention.begin").set_value(("view",))
    app.selectbox(key="retention.returns").set_value(("cart",))
    asked = ASKED.replace(start="view", returns="cart")
    assert headline(run(app)) == said(asked, sample)
    app.selectbox(key="retention.unbounded").set_value(True)
    app.selectbox(key="retention.period").set_value("day")
    app.number_input(key="retention.periods").set_value(5)
    asked = asked.replace(unbounded=True, period="day", periods=5)
    assert headline(run(app)) == said(asked, sample)
    app.selectbox(key="retention.counting").set_value("rolling")
    asked = asked.replace(counting="rolling")
    assert headline(run(app)) == said(asked, sample)
    app.date_input(key="filter.from").set_value(dt.date(2026, 11, 1))
    app = run(app)
    app.selectbox(key="retention.cohort").set_value("first_in_range")
    asked = asked.replace(where=WHERE.replace(start="2026-11-01"), cohort="first_in_range")
    assert headline(run(app)) == said(asked, sample)
    app.selectbox(key="retention.breakdown").set_value("device")
    assert set(run(app).dataframe[0].value.iloc[:, 0]) >= {"Android", "iOS"}


def test_retention_measures_revenue_and_campaigns(opened, sample: Tables) -> None:
    app = opened("retention")
    app.selectbox(key="retention.measure").set_value("revenue")
    assert headline(run(app)) == said(ASKED.replace(measure="revenue"), sample)
    app.selectbox(key="retention.period").set_value("campaign")
    assert "is not known yet" in headline(run(app))
    app.multiselect(key="filter.campaign").set_value([])
    asked = ASKED.replace(measure="revenue", period="campaign", where=None)
    assert headline(run(app)) == said(asked, sample)


def test_a_retention_link_opens_its_question_and_unknown_events_are_said(opened, sample: Tables) -> None:
    asked = Retention(start=("view", "cart"), returns=None, period="month", where=Filter(device="ios"))
    assert headline(opened("retention", question=links.encode(asked))) == said(asked, sample)
    assert "Did you mean view" in errors(opened("retention", question=links.encode(asked.replace(start="viwe"))))


def test_participation_controls(opened, sample: Tables) -> None:
    app = opened("participation")
    asked = Participation(paid_orders=2)
    assert headline(app) == said(asked, sample)
    app.number_input(key="participation.orders").set_value(3)
    assert headline(run(app)) == said(asked.replace(paid_orders=3), sample)
    app.multiselect(key="participation.by").set_value(["cart"])
    assert headline(run(app)) == said(asked.replace(paid_orders=3, by="cart"), sample)
    app.selectbox(key="participation.whom").set_value("all")
    assert headline(run(app)) == said(Participation(by="cart"), sample)


def test_campaigns_are_compared_whatever_the_other_pages_filter(opened, sample: Tables) -> None:
    app = opened("participation")
    app.multiselect(key="filter.across.campaign").set_value(["Double 11 2025", "Double 11 2026"])
    asked = Participation(paid_orders=2, where=Filter(campaign=("Double 11 2025", "Double 11 2026")))
    assert headline(run(app)) == said(asked, sample)
    app.switch_page("pages/retention.py")
    assert run(app).multiselect(key="filter.campaign").value == ["Double 11 2026"]
    assert headline(app) == said(ASKED, sample)
    app.switch_page("pages/participation.py")
    assert headline(run(app)) == said(asked, sample)


def test_a_participation_link_sets_its_own_campaign_filter(opened, sample: Tables) -> None:
    asked = Participation(where=Filter(campaign=("Double 11 2024", "Double 11 2025")))
    app = opened("participation", question=links.encode(asked))
    assert headline(app) == said(asked, sample)
    assert app.multiselect(key="filter.across.campaign").value == list(asked.where.campaign)
