"""What things are called, which spellings are one, and rates: kept, used, taken back."""

from __future__ import annotations

import pandas as pd
import pytest
from harness import headline, run, stands_on
from streamlit.testing.v1 import AppTest

from analysis.records import Alias, CalendarDay, DisplayName, ExchangeRate, LiftTest, PlanLine, Recorded
from ui import records


def view(app: AppTest, kind: str) -> AppTest:
    app.button_group(key="records.view").set_value(kind)
    return run(app)


def said(app: AppTest) -> str:
    return " ".join(s.value for s in (*app.success, *app.error))


def upload(app: AppTest, kind: str, text: str) -> AppTest:
    app.file_uploader(key=f"records.{kind}.file").upload("given.csv", text.encode())
    run(app).button(key=f"records.{kind}.add").click()
    return run(app)


def test_every_code_stands_beside_its_name(opened) -> None:
    table = opened("records", language="zh_CN").data_editor[0].value.set_index("code")
    assert table["name"][["live_stream", "cart"]].tolist() == ["直播", "加购"]


def english(app: AppTest) -> list[DisplayName]:
    """Return the names that are kept for readers of English, without the creatives', which the sample has."""
    kept = (one.value for one in stands_on(app).kept(DisplayName))
    return [name for name in kept if name.language == "en" and name.column != "creative"]


def test_a_name_of_ones_own_is_used_and_given_up(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    called = {"cart": "basket"}

    def edited(frame: pd.DataFrame, **_layout: object) -> pd.DataFrame:
        return frame.assign(
            name=[called.get(code, name) for code, name in zip(frame["code"], frame["name"], strict=True)]
        )

    app = opened("records")
    monkeypatch.setattr(records.st, "data_editor", edited)
    run(app).button(key="records.names.keep").click()
    run(app)
    own = DisplayName(column="event", code="cart", language="en", name="basket")
    assert (english(app), said(app)) == ([own], "The names were kept.")
    app.switch_page("pages/funnel.py")
    assert "Most stop before basket" in headline(run(app))
    app.switch_page("pages/records.py")
    called["cart"] = ""
    run(app).button(key="records.names.keep").click()
    run(app)
    assert english(app) == []


def test_spellings_from_a_file_count_together_and_history_takes_them_back(opened) -> None:
    app = upload(view(opened("records"), "alias"), "alias", "column,code,meant\nchannel,top_kol,mid_kol\n")
    assert said(app) == "1 row was added."
    here = stands_on(app)
    assert "top_kol" not in here.tables().names("channel")
    (kept,) = here.kept(Alias)
    upload(app, "alias", "column,code,meant\nchannel,mid_kol,top_kol\n")
    assert "stand for one another in a circle" in said(app).replace("\\", "")
    upload(app, "alias", "column,code,meant\nchannel,top_kol,display\n")
    assert here.tables().meanings == {"channel": {"top_kol": "display"}}
    app.button(key=f"records.alias.{kept.id}.1.back").click()
    run(app)
    assert here.tables().meanings == {"channel": {"top_kol": "mid_kol"}}


def test_what_does_not_fit_changes_nothing(opened) -> None:
    app = view(opened("records"), "exchange-rate")
    upload(app, "exchange-rate", "currency,day,rate,into\nUSD,2026-11-11,7.1,CNY\nUSD,2026-11-12,,CNY\n")
    assert "Row 2" in said(app)
    assert stands_on(app).kept(ExchangeRate) == ()


def test_the_sample_comes_with_a_plan_that_adds_up_to_its_budget(opened) -> None:
    app = view(opened("records"), "plan-line")
    table = app.data_editor[0].value
    assert table.groupby("stage")["amount"].sum().to_dict() == {
        "design": 107_143, "technology": 171_429, "execution": 150_000,
    }  # fmt: skip
    here = stands_on(app)
    assert here.campaign is not None and here.campaign.budget == 150_000
    assert {kept.value.kind for kept in here.kept(Recorded)} == {
        "plan-line", "calendar-day", "channel-tag", "goal", "task", "trial", "lesson", "forecast",
    }  # fmt: skip
    assert [(day.start, day.end) for day in here.tables().recorded(CalendarDay)] == [("2026-11-10", "2026-11-11")]


def test_a_plan_and_a_test_come_from_a_file(opened) -> None:
    app = view(opened("records"), "lift-test")
    upload(
        app,
        "lift-test",
        "channel,start,end,spend_change,sales_change,error\ndisplay,2026-10-01,2026-10-07,-700,-900,200\n",
    )
    assert said(app) == "1 row was added."
    here = stands_on(app)
    assert [test.sales_change for test in here.tables().recorded(LiftTest)] == [-900]
    before = len(here.kept(PlanLine))
    upload(view(app, "plan-line"), "plan-line", "stage,line,phase,amount\nexecution,koc,,1000\ndesign,film,,1\n")
    lines = {line.title: line.amount for line in here.tables().recorded(PlanLine)}
    assert (len(lines), lines["execution · koc"], lines["design · film"]) == (before + 1, 1000, 1)
