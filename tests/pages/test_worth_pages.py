"""RFM groups, customer value and payback: each control changes the question, and links open theirs."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from audience.shoppers import shoppers
from harness import errors, finding, headline, run
from streamlit.testing.v1 import AppTest

from analysis import RFM, LifetimeValue, Payback, Tables, ValueHoldout, read_export
from analysis.sharing import links
from analysis.workspace import open_workspace
from analysis.workspace.folder import new_id
from ui import session


def test_each_control_of_rfm_changes_the_question(opened, sample: Tables) -> None:
    app = opened("rfm")
    assert headline(app) == finding(RFM(), sample)  # over all campaigns
    app.date_input(key="rfm.at").set_value(dt.date(2026, 11, 1))
    app.date_input(key="rfm.since").set_value(dt.date(2026, 9, 30))
    app.selectbox(key="rfm.quantiles").set_value(3)
    asked = RFM(at="2026-11-01", since="2026-09-30", quantiles=3)
    assert headline(run(app)) == finding(asked, sample)
    app.text_input(key="rfm.fixed.recency").set_value("30 90")
    app.text_input(key="rfm.fixed.monetary").set_value("500, 2000.5")
    asked = asked.replace(recency=(30, 90), monetary=(500, 2000.5))
    assert headline(run(app)) == finding(asked, sample)
    cuts = next(d.value for d in app.dataframe if len(d.value) == 6 or "Where it is" in d.value.columns)
    assert len(cuts)
    app.text_input(key="rfm.fixed.monetary").set_value("500 50")
    assert "each number must be above the one before" in errors(run(app))
    app.date_input(key="rfm.since").set_value(dt.date(2026, 11, 2))
    app.text_input(key="rfm.fixed.monetary").set_value("")
    assert "2026-11-02 is not before 2026-11-01" in errors(run(app))


def test_each_control_of_payback_changes_the_question(opened, sample: Tables) -> None:
    app = opened("payback")
    assert headline(app) == finding(Payback(), sample)
    app.selectbox(key="payback.every").set_value("month")
    app.selectbox(key="payback.by").set_value("")
    app.number_input(key="payback.weeks").set_value(6)
    app.number_input(key="payback.margin").set_value(20)
    asked = Payback(every="month", by=None, weeks=6, margin=0.2)
    assert headline(run(app)) == finding(asked, sample)


def test_links_open_their_questions(opened, sample: Tables) -> None:
    asked = (
        ("rfm", RFM(quantiles=2, frequency=(1, 4))), ("payback", Payback(margin=0.125, weeks=3)),
        ("value", LifetimeValue(days=30, model="bg-nbd")), ("value", ValueHoldout(held=60)),
    )  # fmt: skip
    for page, question in asked:
        app = opened(page, question=links.encode(question))
        assert headline(app) == finding(question, sample)
        assert errors(app) == ""


@pytest.fixture
def shop(workspaces: Path, opened, tmp_path: Path) -> tuple[AppTest, Tables]:
    """Return the value page on a workspace of customers who buy as the model says, and their tables."""
    rows = shoppers(1, 1500)
    path = tmp_path / "orders.csv"
    rows.to_csv(path, index=False)
    id, export = new_id(), read_export(path, zone="UTC")
    session._open(session.SAMPLE)  # makes the visitors' folder
    workspace = open_workspace(session.visitors() / f"{id}.duckdb")
    workspace.add(export)
    workspace.close()
    export.close()
    return opened("value", workspace=id), Tables(orders=rows)


def test_each_control_of_value_changes_the_question(shop: tuple[AppTest, Tables]) -> None:
    app, tables = shop
    assert headline(app) == finding(LifetimeValue(), tables)
    assert "are expected to bring" in headline(app)
    app.number_input(key="value.days").set_value(30)
    app.selectbox(key="value.model").set_value("bg-nbd")
    app.date_input(key="value.at").set_value(dt.date(2026, 12, 1))
    asked = LifetimeValue(days=30, model="bg-nbd", at="2026-12-01")
    assert headline(run(app)) == finding(asked, tables)
    app.segmented_control(key="value.view").set_value("value-holdout")
    held = ValueHoldout(model="bg-nbd", at="2026-12-01")
    assert headline(run(app)) == finding(held, tables)
    app.number_input(key="value.held.days").set_value(45)
    assert headline(run(app)) == finding(held.replace(held=45), tables)
