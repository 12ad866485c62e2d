"""Home: figures and findings lead to their questions, a finding into a notebook, old addresses to where pages are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from harness import finding, headline, run, stands_on
from streamlit.testing.v1 import AppTest

from analysis import (
    DropOffs,
    Filter,
    Findings,
    Funnel,
    Lifecycle,
    Overview,
    Performance,
    Sales,
    Tables,
    open_workspace,
    read_export,
)
from analysis.notebook import Notebook
from analysis.sharing import links
from analysis.workspace import Workspace
from analysis.workspace.folder import new_id
from ui import session
from ui.address import MOVED

Open = Callable[..., AppTest]
THIS = Filter(campaign="Double 11 2026")


def buttons(app: AppTest, ends: str) -> list[str]:
    return [button.key for button in app.main.button if button.key and button.key.endswith(ends)]


def figures(app: AppTest) -> dict[str, str]:
    """Return what stands on the cards, by figure."""
    return {one.label: one.value for one in app.main.metric}


def tables() -> Tables:
    return session._open(session.SAMPLE).tables()


@pytest.mark.long
def test_home_is_the_first_page_and_says_how_it_goes(opened: Open) -> None:
    app = opened("home")
    assert headline(app) == finding(Overview(where=THIS), tables())
    told = figures(app)
    assert {"Realised revenue": "CN¥892,806", "Paid orders": "1,837", "ROI": "7.04"}.items() <= told.items()
    assert {"Where people drop off": "CN¥87,214", "Where money earns more": "CN¥44,022"}.items() <= told.items()
    assert app.title[0].value == "How is the campaign going?"


def test_a_card_says_what_is_compared_where_that_is_not_what_it_shows(opened: Open) -> None:
    """Refunds come in for a fortnight: their rates are compared on days that are older."""
    sides = Overview(where=THIS).run(tables()).frame("sides").set_index("side")["refund_rate"]
    assert len(set(sides.round(3))) == 3
    said = [one.value.replace("\\", "") for one in opened("home").main.caption]
    assert f"on the days compared: {sides['alike']:.1%}, before: {sides['before']:.1%}" in said
    assert sum(text.startswith("on the days compared") for text in said) == 1


def test_an_arrow_stands_only_where_chance_does_not_explain_the_change(opened: Open) -> None:
    deltas = {one.label: one.delta for one in opened("home").main.metric if one.delta}
    assert deltas["Realised revenue"] == "+245.3%"
    assert deltas["Conversion"] == "+2.3%, may be chance"
    assert deltas["Average order value"] == "-3.6%, may be chance"


@pytest.mark.long
def test_a_change_that_is_not_judged_says_so_and_why(opened: Open) -> None:
    told = {one.label: one for one in opened("home").main.metric if "not judged" in one.delta}
    assert list(told) == ["New buyers"]
    assert told["New buyers"].delta == "+265.0%, not judged"
    assert "people are counted once over all days" in told["New buyers"].help


@pytest.mark.parametrize(
    ("figure", "page", "expected"),
    [("realised", "sales", Sales(where=THIS)), ("spend", "performance", Performance(by=None, where=THIS))],
)
def test_a_figure_leads_to_its_question(opened: Open, figure: str, page: str, expected: Any) -> None:
    app = opened("home")
    app.button(key=f"home.open.{figure}").click()
    assert headline(run(app)) == finding(expected, tables())
    assert app.session_state[f"{page}.start"] == expected


def test_a_finding_leads_to_its_question_and_is_one_click_from_a_notebook(opened: Open, own: Workspace) -> None:
    app = opened("home", workspace=own.path.stem)
    app.button(key="home.finding.0.book.at-once").click()
    run(app)
    (book,) = stands_on(app).kept(Notebook)
    (cell,) = book.value.cells
    drop = DropOffs(funnel=Funnel.suggested(own.tables()).replace(where=THIS), where=THIS)
    assert cell.holds == drop
    app.button(key="home.finding.1.book.at-once").click()
    run(app)
    (book,) = stands_on(app).kept(Notebook)
    assert [type(cell.holds).__name__ for cell in book.value.cells] == ["DropOffs", "Allocation"]
    app.button(key="home.finding.0.open").click()
    assert headline(run(app)) == finding(drop, own.tables())


def test_adding_on_the_sample_makes_a_copy_of_ones_own(opened: Open) -> None:
    app = opened("home")
    app.button(key="home.finding.2.book.at-once").click()
    run(app)
    assert stands_on(app).path.parent == session.visitors()
    assert [type(cell.holds).__name__ for cell in stands_on(app).kept(Notebook)[0].value.cells] == ["DropOffs"]
    assert not session._open(session.SAMPLE).kept(Notebook)


def test_dates_narrow_the_figures(opened: Open) -> None:
    app = opened("home", question=links.encode(Overview(where=THIS.replace(end="2026-10-31"))))
    assert headline(app) == finding(Overview(where=THIS.replace(end="2026-10-31")), tables())
    assert app.session_state["home.start"].where == THIS.replace(end="2026-10-31")


def test_a_presentation_stands_in_the_address(opened: Open) -> None:
    app = opened("home")
    assert not buttons(app, "home.leave")
    app.button(key="home.present").click()
    run(app)
    assert app.query_params["present"] in ("1", ["1"])
    assert buttons(app, "home.leave")
    app.button(key="home.leave").click()
    run(app)
    assert "present" not in app.query_params
    assert buttons(opened("home", present="1"), "home.leave")


@pytest.mark.parametrize(
    ("file", "least", "found"),
    [("orders.csv", 8, ["Speak to"]), ("spend.csv", 8, ["Move CN"]), ("events.parquet", 5, ["Android"])],
)
@pytest.mark.long
def test_any_one_table_makes_a_page(opened: Open, workspaces: Path, file: str, least: int, found: list[str]) -> None:
    id = new_id()
    session.visitors().mkdir(parents=True, exist_ok=True)
    own = open_workspace(session.visitors() / f"{id}.duckdb")
    export = read_export(session.ROOT / "sample_data" / file, zone="UTC")
    own.add(export)
    own.campaign = session.sample_campaign()
    export.close()
    own.close()
    app = opened("home", workspace=id)
    assert len(figures(app)) >= least
    assert not app.error
    said = " ".join(caption.value for caption in app.main.caption)
    assert said.count("would add") == 2
    assert any(text in markdown.value.replace("\\", "") for markdown in app.main.markdown for text in found)


# ---- where pages are --------------------------------------------------------------------------------------


def test_a_link_to_a_funnel_at_the_first_page_leads_to_funnel(opened: Open) -> None:
    asked = Funnel(steps=("view", "purchase"), window="3d")
    app = opened("home", question=links.encode(asked))
    assert headline(app) == finding(asked, tables())


def test_a_link_to_findings_opens_home(opened: Open) -> None:
    app = opened("home", question=links.encode(Findings(where=THIS)))
    assert headline(app) == finding(Overview(where=THIS), tables())


@pytest.mark.long
def test_findings_of_other_days_are_looked_for_when_they_are_asked(opened: Open) -> None:
    """Thirty people who look at days of their own would otherwise have every question asked thirty times."""
    some = Overview(where=THIS.replace(start="2026-10-20", end="2026-11-12"))
    app = opened("home", question=links.encode(some))
    assert headline(app) == finding(some, tables())
    assert "Where people drop off" not in figures(app)
    app.button(key="home.findings.ask").click()
    run(app)
    assert "Where people drop off" in figures(app)
    assert not [button for button in app.main.button if button.key == "home.findings.ask"]


def test_addresses_that_moved_lead_to_pages_that_are_there() -> None:
    assert MOVED == {"home": "home", "segments": "lifecycle", "people": "saved_segments"}
    for page in MOVED.values():
        assert (session.ROOT / "pages" / f"{page}.py").exists()


def test_pages_that_belong_together_are_linked(opened: Open) -> None:
    app = opened("states")
    assert headline(app)
    asked = Lifecycle(at="2026-11-15")
    app = opened("states", question=links.encode(asked))
    assert headline(app) == finding(asked, tables())
