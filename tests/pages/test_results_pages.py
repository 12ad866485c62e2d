"""Sales and Performance: each control changes the question, and orders or spend alone give a whole answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from harness import errors, finding, headline, run
from streamlit.testing.v1 import AppTest

from analysis import Filter, Performance, Sales, Tables, read_export
from analysis.sharing import links
from analysis.workspace import open_workspace
from analysis.workspace.folder import new_id
from ui import session

WHERE = Filter(campaign="Double 11 2026")
ORDERS = "order_id,timestamp,revenue,currency,paid_at\no1,2026-11-01,10.5,CNY,2026-11-01\no2,2026-11-03,2,CNY,\n"
SPEND = "period_start,period_end,channel,spend,currency,clicks\n2026-11-01,2026-11-02,feed,50,CNY,10\n"


def test_each_control_changes_what_is_asked_of_orders(opened, sample: Tables) -> None:
    app = opened("sales")
    assert headline(app) == finding(Sales(where=WHERE), sample)
    assert app.selectbox(key="sales.by").options == ["nothing", "channel", "coupon", "campaign"]
    app.selectbox(key="sales.by").set_value("channel")
    app.selectbox(key="sales.every").set_value("month")
    assert headline(run(app)) == finding(Sales(by="channel", every="month", where=WHERE), sample)
    trend = next(d.value for d in app.dataframe if "whole" in d.value.columns)
    assert sorted(set(trend["period"])) == ["2026-09-01", "2026-10-01", "2026-11-01"]
    app.selectbox(key="sales.every").set_value("")
    assert headline(run(app)) == finding(Sales(by="channel", every=None, where=WHERE), sample)


def test_each_control_changes_what_is_asked_of_spend(opened, sample: Tables) -> None:
    app = opened("performance")
    assert headline(app) == finding(Performance(every=None, where=WHERE), sample)
    assert app.selectbox(key="performance.every").value == ""
    app.selectbox(key="performance.by").set_value("creative")
    app.selectbox(key="performance.every").set_value("week")
    assert headline(run(app)) == finding(Performance(by="creative", every="week", where=WHERE), sample)
    app.selectbox(key="performance.by").set_value("")
    assert headline(run(app)) == finding(Performance(by=None, every="week", where=WHERE), sample)


def test_links_open_their_questions(opened, sample: Tables) -> None:
    for page, question in (("sales", Sales(by="coupon", every="month")), ("performance", Performance(by="audience"))):
        app = opened(page, question=links.encode(question))
        assert headline(app) == finding(question, sample)
        assert errors(app) == ""


@pytest.fixture
def alone(workspaces: Path, opened) -> Callable[..., AppTest]:
    """Return a function that opens a page on a workspace of one file."""

    def open_on(page: str, text: str, language: str = "en") -> AppTest:
        id, export = new_id(), read_export(text.encode(), "file.csv", zone="UTC")
        session._open(session.SAMPLE)  # makes the visitors' folder
        workspace = open_workspace(session.visitors() / f"{id}.duckdb")
        workspace.add(export)
        workspace.close()
        export.close()
        return opened(page, workspace=id, language=language)

    return open_on


@pytest.mark.parametrize(
    ("page", "text", "said", "other", "lacks"),
    [
        ("sales", ORDERS, "CN¥10.50 realised from 1 order kept", "performance", "There is no data on spend yet"),
        ("performance", SPEND, "CN¥50.00 bought 10 clicks, CN¥5.00 each.", "sales", "There is no data on orders yet"),
    ],
)
def test_orders_or_spend_alone_answer(alone, page: str, text: str, said: str, other: str, lacks: str) -> None:
    app = alone(page, text)
    assert headline(app).startswith(said)
    assert errors(app) == ""
    run(app.switch_page(f"pages/{other}.py"))
    assert lacks in " ".join(m.value for m in app.main.markdown).replace("\\", "")


def test_what_is_lacking_is_said_in_the_readers_language(alone) -> None:
    app = alone("performance", ORDERS, "zh_CN")
    said = " ".join(m.value for m in app.main.markdown)
    assert "no data" not in said and "投放" in said
