"""Segments: anybody who stands in an answer is saved, combined, looked at, exported and forgotten."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from harness import errors, finding, headline, nothing, run, stands_on
from streamlit.testing.v1 import AppTest

from analysis import (
    Filter,
    Funnel,
    FunnelStop,
    InAll,
    InSegment,
    Lifecycle,
    NotIn,
    RetentionCell,
    Sales,
    Segments,
    Step,
    Tables,
    WithRows,
    open_workspace,
)  # fmt: skip
from analysis.sharing import crm, links
from analysis.workspace import Segment, Workspace
from ui import session
from ui.screens.saved_segments import Group

NAME = "before *burst*"
WHERE = Filter(campaign="Double 11 2026")
ASKED = Lifecycle(at="2026-11-15", since="2026-10-18")


def save(app: AppTest, name: str) -> AppTest:
    app.text_input(key="lifecycle.segment.name").set_value(name)
    app.button(key="lifecycle.segment.save").click()
    return run(app)


def said(app: AppTest) -> str:
    return " ".join(m.value for m in (*app.success, *app.main.markdown)).replace("\\", "")


@pytest.mark.long
def test_a_segment_is_saved_listed_opened_and_forgotten(opened, sample: Tables) -> None:
    app = opened("lifecycle")
    members = ASKED.members(sample).num_rows
    save(app, NAME)
    assert f"{members:,} users are saved under {NAME}. Choose it on the other pages" in said(app)
    kept = stands_on(app).kept(Segment)
    assert [(s.name, s.value.question, s.value.users) for s in kept] == [(NAME, ASKED, members)]
    assert NAME in stands_on(app).tables().present("events")
    app.multiselect(key="lifecycle.interest").set_value(["cart"])
    assert headline(run(app)) == finding(ASKED.replace(interest="cart"), sample)
    assert "are saved under" not in said(app)
    app = run(app.switch_page("pages/saved_segments.py"))
    assert f"{members:,} users as of 2026-11-15" in said(app)
    assert headline(app) == finding(Segments(where=WHERE), stands_on(app).tables())
    app.button(key=f"saved_segments.kept.{NAME}.open").click()
    assert headline(run(app)) == finding(ASKED, sample)
    app = run(app.switch_page("pages/saved_segments.py"))
    app.button(key=f"saved_segments.kept.{NAME}.forget").click()
    assert f"{members:,} users as of" not in said(run(app))
    assert stands_on(app).kept(Segment) == ()
    assert NAME not in stands_on(app).tables().present("events")
    assert "No segment is saved yet, so these are the groups of audience" in said(app)


def test_a_segment_without_a_name_or_with_a_columns_name_is_refused_in_words(opened) -> None:
    app = save(opened("lifecycle"), "  ")
    assert [w.value for w in app.warning] == ["Give it a name first."]
    save(app, "Channel")
    assert "There is a column Channel already. Give the segment another name." in errors(app)
    assert stands_on(app).kept(Segment) == ()


@pytest.mark.long
def test_a_segment_is_offered_wherever_a_column_is_chosen(opened, own: Workspace) -> None:
    asked = Lifecycle(at="2026-11-05")
    own.keep(NAME, Segment(question=asked))
    tables = own.tables()
    app = opened(workspace=own.path.stem)
    known = ["channel", "device", "campaign"]
    for key in ("funnel.breakdown", "funnel.hold"):
        options = app.selectbox(key=key).options
        assert (options[1:4], options[-1]) == (known, NAME)
    app.selectbox(key="funnel.breakdown").set_value(NAME)
    app.multiselect(key=f"funnel.step.0.where.{NAME}").set_value(["interest", "conversion"])
    steps = (Step("view", where={NAME: ("interest", "conversion")}), "cart", "checkout", "purchase")
    answer = Funnel(steps=steps, breakdown=NAME, where=WHERE).run(tables)
    assert headline(run(app)) == answer.say(answer.headline)
    assert set(app.dataframe[0].value.iloc[:, 0]) == {"(total)", "interest", "conversion"}
    app.button_group(key="funnel.view").set_value("drop-offs")
    assert NAME in run(app).multiselect(key="funnel.dropoffs.by").options
    app.button_group(key="funnel.view").set_value("funnel-change")
    assert NAME in run(app).selectbox(key="funnel.change.by").options
    for page in ("retention", "speed"):
        app = opened(page, workspace=own.path.stem)
        app.selectbox(key=f"{page}.breakdown").set_value(NAME)
        run(app)
        assert not errors(app)
        frame = next(d.value for d in app.dataframe if "interest" in d.value.iloc[:, 0].values)
        assert "reach" in set(frame.iloc[:, 0])


def test_stages_are_said_in_the_readers_language(opened, own: Workspace) -> None:
    own.keep(NAME, Segment(question=Lifecycle(at="2026-11-05")))
    asked = Funnel(steps=("view", "cart"), breakdown=NAME)
    app = opened(language="zh_CN", workspace=own.path.stem, question=links.encode(asked))
    assert set(app.dataframe[0].value.iloc[:, 0]) >= {"触达", "兴趣", "转化", "复购"}


@pytest.mark.long
def test_the_filter_bar_offers_saved_segments(opened, own: Workspace) -> None:
    own.keep(NAME, Segment(question=Lifecycle(at="2026-11-05")))
    tables = own.tables()
    key, steps = f"filter.segment.{NAME}", ("view", "cart", "checkout", "purchase")
    app = opened(workspace=own.path.stem)
    app.multiselect(key=key).set_value(["interest", "conversion"])
    where = WHERE.replace(segment={NAME: ("interest", "conversion")})
    asked = Funnel(steps=steps, where=where)
    assert headline(run(app)) == finding(asked, tables)
    app.switch_page("pages/data.py")
    run(app)
    app.switch_page("pages/retention.py")
    assert run(app).multiselect(key=key).value == ["interest", "conversion"]
    app.button(key="filter.clear").click()
    assert run(app).multiselect(key=key).value == []
    linked = opened(workspace=own.path.stem, question=links.encode(asked))
    assert headline(linked) == finding(asked, tables)
    assert linked.multiselect(key=key).value == ["interest", "conversion"]


def test_a_link_that_filters_by_a_segment_that_is_not_here_says_so(opened) -> None:
    asked = Funnel(steps=("view", "cart"), where=Filter(segment={"gone": "reach"}))
    app = opened(question=links.encode(asked))
    assert "cannot be filtered by gone" in errors(app)
    app.multiselect(key="filter.segment.gone").set_value([])
    assert headline(run(app)) == finding(asked.replace(where=None), stands_on(app).tables())


# ---- from a funnel to the CRM -----------------------------------------------------------------------------

LEFT = "left the cart"
STEPS = ("view", "cart", "checkout", "purchase")


def who(app: AppTest, page: str, words: str) -> AppTest:
    """Choose whom to save by their words."""
    box = app.selectbox(key=f"{page}.segment.who")
    box.set_value(next(n for n, option in enumerate(box.options) if option.replace("\\", "") == words))
    return app


def save_people(app: AppTest, page: str, name: str, *, live: bool = False) -> AppTest:
    app.text_input(key=f"{page}.segment.name").set_value(name)
    app.radio(key=f"{page}.segment.live").set_value(live)
    app.button(key=f"{page}.segment.save").click()
    return run(app)


@pytest.mark.long
def test_who_left_a_funnel_filters_sales_splits_retention_is_combined_exported_and_stays(
    opened, own: Workspace, tmp_path: Path
) -> None:
    id = own.path.stem
    app = opened(workspace=id)
    save_people(who(app, "funnel", "Stopped between product view and add to cart"), "funnel", LEFT)
    stop = FunnelStop(funnel=Funnel(steps=STEPS, where=WHERE), step=2)
    counted = Funnel(steps=STEPS, where=WHERE).run(own.tables()).table
    users = int(counted["dropped"][1])
    assert f"{users:,} users are saved under {LEFT}" in said(app)
    assert [(k.name, k.value.question, k.value.users) for k in own.kept(Segment)] == [(LEFT, stop, users)]

    app = run(app.switch_page("pages/sales.py"))
    app.multiselect(key=f"filter.segment.{LEFT}").set_value(["in"])
    assert "No orders are left under these filters" in nothing(run(app))  # in this campaign they bought nothing
    app.multiselect(key="filter.campaign").set_value([])
    asked = Sales(where=Filter(segment={LEFT: "in"}))
    assert headline(run(app)) == finding(asked, own.tables())
    app.button(key="filter.clear").click()
    run(app).selectbox(key="sales.by").set_value(LEFT)
    assert headline(run(app)) == finding(Sales(by=LEFT), own.tables())
    assert {"in the segment", "not in the segment"} <= set(app.dataframe[0].value.iloc[:, 0])

    app = run(app.switch_page("pages/retention.py"))
    app.multiselect(key="filter.campaign").set_value([WHERE.campaign[0]])
    app.selectbox(key="retention.breakdown").set_value(LEFT)
    assert not errors(run(app))
    frame = next(d.value for d in app.dataframe if "in the segment" in set(d.value.iloc[:, 0]))
    assert "not in the segment" in set(frame.iloc[:, 0])

    own.keep("stages", Segment(question=Lifecycle(at="2026-11-15", since="2026-10-18")))
    app = run(app.switch_page("pages/saved_segments.py"))
    options = app.multiselect(key="saved_segments.made.in").options
    assert {LEFT, "stages: conversion"} <= set(options)
    app.multiselect(key="saved_segments.made.in").set_value([Group(LEFT, "in"), Group("stages", "conversion")])
    app.selectbox(key="saved_segments.made.table").set_value("orders")
    run(app).selectbox(key="saved_segments.made.column.orders").set_value("revenue")
    run(app).number_input(key="saved_segments.made.least.revenue").set_value(100.0)
    app.text_input(key="saved_segments.made.name").set_value("win back")
    app.radio(key="saved_segments.made.live").set_value(True)
    app.button(key="saved_segments.made.save").click()
    assert "users are saved under win back" in said(run(app)), errors(app)
    made = InAll(parts=[InSegment(name=LEFT), InSegment(name="stages", groups="conversion"),
                        WithRows(table="orders", column="revenue", least=100)])  # fmt: skip
    kept = own.kept(Segment)[0].value
    assert (kept.question, kept.live, kept.users) == (made, True, len(made.ids(own.tables())))
    assert headline(app) == finding(Segments(where=WHERE), own.tables())

    ids = [*made.ids(own.tables()).to_pylist()[:2], "nobody"]
    app.file_uploader(key="saved_segments.crm.file").upload(
        "crm.csv", b"name,member\n" + "".join(f"=x{n},{user}\n" for n, user in enumerate(ids)).encode()
    )
    assert run(app).selectbox(key="saved_segments.crm.column").value == "member"
    app.multiselect(key="saved_segments.crm.names").set_value(["win back"])
    assert "2 of 3 rows are of somebody known here" in said(run(app))
    rows = crm.customers(("name,member\n" + "".join(f"=x,{user}\n" for user in ids)).encode(), "crm.csv")
    file = crm.bundle(own, crm.marked(own, rows, "member", ["win back"]), ["win back"])
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        marked = archive.read(crm.LIST).decode("utf-8-sig").split()
    assert marked == ["name,member,win", "back", f"'=x,{ids[0]},in", f"'=x,{ids[1]},in", "'=x,nobody,"]

    copy, was = own.copy(tmp_path / "copy.duckdb"), (own.kept(Segment), own.version)
    own.close()
    session.shelf().tidy()  # as after the server was stopped
    for path in (copy, own.path):
        again = open_workspace(path)
        assert (again.kept(Segment), again.version) == was
        assert headline_of(again) == headline(app)
        again.close()
    app = opened("saved_segments", workspace=id)
    assert headline(app) == finding(Segments(where=WHERE), session._open(id).tables())
    assert f"{kept.users:,} users, live" in said(app)


def headline_of(here: Workspace) -> str:
    return finding(Segments(where=WHERE), here.tables())


def test_who_was_back_in_a_cell_is_saved(opened, own: Workspace) -> None:
    app = opened("retention", workspace=own.path.stem)
    box = app.selectbox(key="retention.segment.who")
    words = next(option for option in box.options if "were not back 1 week later" in option)
    save_people(who(app, "retention", words.replace("\\", "")), "retention", "lost")
    kept = own.kept(Segment)[0].value
    assert isinstance(kept.question, RetentionCell) and not kept.question.back
    cells = kept.question.retention.run(own.tables()).table.set_index(["breakdown", "cohort", "later"])
    row = cells.loc[("(total)", kept.question.cohort, 1)]
    assert kept.users == row["users"] - row["returned"]


@pytest.mark.long
def test_nobody_in_common_and_an_unchosen_part_are_said(opened, own: Workspace) -> None:
    own.keep("one", Segment(question=WithRows(values="purchase")))
    own.keep("rest", Segment(question=NotIn(part=InSegment(name="one"))))
    app = opened("saved_segments", workspace=own.path.stem)
    app.text_input(key="saved_segments.made.name").set_value("none")
    app.button(key="saved_segments.made.save").click()
    assert "Choose a segment or a condition first." in [w.value for w in run(app).warning]
    app.multiselect(key="saved_segments.made.in").set_value([Group("rest", "in"), Group("one", "in")])
    app.button(key="saved_segments.made.save").click()
    assert "Nobody is in all parts at once: segment rest" in nothing(run(app))
    app.radio(key="saved_segments.made.how").set_value("any")
    app.button(key="saved_segments.made.save").click()
    assert "users are saved under none" in said(run(app))


@pytest.mark.long
def test_a_segment_is_frozen_and_made_live(opened, own: Workspace) -> None:
    own.keep("one", Segment(question=WithRows(values="purchase"), live=True))
    app = opened("saved_segments", workspace=own.path.stem)
    assert "users, live" in said(app)
    app.button(key="saved_segments.kept.one.live").click()
    assert "users as of 2026-11-15" in said(run(app))
    assert not own.kept(Segment)[0].value.live
    app.button(key="saved_segments.kept.one.live").click()
    run(app)
    assert own.kept(Segment)[0].value.live


def test_what_a_live_segment_asks_of_cannot_be_forgotten(opened, own: Workspace) -> None:
    own.keep("one", Segment(question=WithRows(values="purchase")))
    own.keep("rest", Segment(question=NotIn(part=InSegment(name="one")), live=True))
    app = opened("saved_segments", workspace=own.path.stem)
    app.button(key="saved_segments.kept.one.forget").click()
    assert "one is part of: rest." in errors(run(app))
    assert len(own.kept(Segment)) == 2


def test_the_segments_page_compares_those_chosen(opened, own: Workspace) -> None:
    own.keep("one", Segment(question=WithRows(values="purchase")))
    own.keep("two", Segment(question=WithRows(values="cart")))
    app = opened("saved_segments", workspace=own.path.stem)
    assert headline(app) == finding(Segments(where=WHERE), own.tables())
    app.multiselect(key="saved_segments.by").set_value(["two"])
    assert headline(run(app)) == finding(Segments(by="two", where=WHERE), own.tables())


def test_budget_says_why_spend_cannot_be_split_by_people(opened, own: Workspace) -> None:
    own.keep("one", Segment(question=WithRows(values="purchase")))
    app = opened("budget", workspace=own.path.stem)
    app.multiselect(key="filter.segment.one").set_value(["in"])
    assert "Ads are paid for by channel and day and not person by person" in errors(run(app))
