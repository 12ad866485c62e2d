"""States, growth, intent, clusters and the private domain: each control changes the question that is answered."""

from __future__ import annotations

import datetime as dt

import pytest
from harness import errors, finding, headline, run, stands_on

from analysis import Clusters, Coverage, Filter, Funnel, Growth, Intent, LifecycleStates, PrivateDomain, Tables
from analysis.audience.intent.review import JUDGED, drawn
from analysis.sharing import links

CURRENT = Filter(campaign="Double 11 2026")


def test_states_controls_and_the_view_of_high_value_users(opened, sample: Tables) -> None:
    app = opened("states")
    asked = LifecycleStates.suggested(sample)
    assert headline(app) == finding(asked, sample)
    app.date_input(key="states.at").set_value(dt.date(2026, 9, 20))
    app.date_input(key="states.since").set_value(dt.date(2025, 11, 15))
    app.number_input(key="states.lapsed").set_value(180)
    app.number_input(key="states.weeks").set_value(4)
    asked = asked.replace(at="2026-09-20", since="2025-11-15", lapsed_after=180, weeks=4)
    assert headline(run(app)) == finding(asked, sample)
    of = Coverage(audience=Filter(segment={"audience": "low_intent"}), at="2026-09-21", top=0.3)
    app = opened("states", question=links.encode(of))
    assert headline(app) == finding(of, sample)
    app.number_input(key="states.coverage.goal").set_value(50)
    app.selectbox(key="states.coverage.column").set_value("campaign")
    app = run(app)
    app.multiselect(key="states.coverage.values.campaign").set_value(["Double 11 2026"])
    of = of.replace(audience=CURRENT, goal=0.5)
    assert headline(run(app)) == finding(of, sample)


def test_growth_controls(opened, sample: Tables) -> None:
    app = opened("growth")
    assert headline(app) == finding(Growth(every="week"), sample)
    app.selectbox(key="growth.every").set_value("month")
    app.multiselect(key="growth.by").set_value(["purchase"])
    assert headline(run(app)) == finding(Growth(every="month", by="purchase"), sample)


@pytest.mark.long
def test_intent_controls_and_a_sample_that_comes_back(opened, sample: Tables) -> None:
    app = opened("intent")
    asked = Intent.suggested(sample).replace(where=CURRENT)
    assert headline(app) == finding(asked, sample)
    app.number_input(key="intent.within").set_value(10)
    app.number_input(key="intent.lookback").set_value(30)
    asked = asked.replace(within=10, lookback=30)
    assert headline(run(app)) == finding(asked, sample)
    sheet = drawn(asked, stands_on(app).tables()).assign(**{JUDGED: "low"})
    app.file_uploader(key="intent.review.given").upload("review.csv", sheet.to_csv(index=False).encode())
    said = [m.value.replace("\\", "") for m in run(app).main.markdown]
    assert any(f"Of {len(sheet):,} people drawn, {len(sheet):,} were judged" in text for text in said)
    app.file_uploader(key="intent.review.given").upload("review.csv", b"\xff\xfe\x00who")
    assert "could not be read" in errors(run(app))


@pytest.mark.long
def test_clusters_controls(opened, sample: Tables) -> None:
    app = opened("clusters")
    assert headline(app) == finding(Clusters(where=CURRENT), sample)
    app.number_input(key="clusters.lookback").set_value(28)
    app.number_input(key="clusters.seed").set_value(3)
    assert headline(run(app)) == finding(Clusters(where=CURRENT, lookback=28, seed=3), sample)


def test_private_domain_controls_and_its_four_steps(opened, sample: Tables) -> None:
    app = opened("private_domain")
    assert headline(app) == finding(PrivateDomain(), sample)
    app.multiselect(key="private_domain.channels").set_value(["private_domain", "live_stream"])
    app.selectbox(key="private_domain.every").set_value("month")
    app.multiselect(key="private_domain.by").set_value(["view"])
    app.number_input(key="private_domain.goal").set_value(30)
    asked = PrivateDomain(channels=("private_domain", "live_stream"), every="month", by="view", goal=0.3)
    assert headline(run(app)) == finding(asked, sample)
    app.button(key="private_domain.steps").click()
    steps = Funnel(steps=("visit", "join_private", "purchase", "purchase"), window="30d")
    assert headline(run(app)) == finding(steps, sample)
