"""Whose data a visitor changes: never the sample's; and one file that cannot be opened takes no page down."""

from __future__ import annotations

import datetime as dt
import gc
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from harness import address, errors, finding, headline, run, stands_on
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.testing.v1 import AppTest

from analysis import Funnel, Lifecycle, open_workspace
from analysis.question import Question
from analysis.values import Filter, Value
from analysis.workspace import Segment
from analysis.workspace.folder import new_id
from ui import language, session

ROOT = Path(__file__).resolve().parents[2]
LIFECYCLE = ("reach", "interest", "conversion", "repurchase")
SPEND = "date,platform,cost,currency\n2026-11-01,ads,100.25,CNY\n"


HOLDS = """
import sys
from analysis import open_workspace
here = open_workspace(sys.argv[1])
print("open", flush=True)
input()
"""


def said(app: AppTest) -> str:
    return " ".join(c.value for c in (*app.caption, *app.markdown)).replace("\\", "")


def save_question(app: AppTest) -> None:
    app.text_input(key="funnel.save.name").set_value("mine")
    app.button(key="funnel.save").click()


def save_segment(app: AppTest) -> None:
    app.text_input(key="lifecycle.segment.name").set_value("stage")
    app.button(key="lifecycle.segment.save").click()


def undo_batch(app: AppTest) -> None:
    app.button(key="data.undo.1").click()


def set_campaign(app: AppTest) -> None:
    app.number_input(key=f"data.campaign.{session.SAMPLE}.budget").set_value(123_000.0)
    next(b for b in app.button if b.label == "Keep these settings").click()


def import_beside(app: AppTest) -> None:
    app.file_uploader[0].upload("spend.csv", SPEND.encode())
    run(app).radio(key="data.target").set_value(session.SAMPLE)
    run(app).button(key="data.import").click()
    assert run(app).session_state["importing"].over(wait=60) if "importing" in app.session_state else True


CHANGES = {
    "a saved question": ("funnel", save_question),
    "a segment": ("lifecycle", save_segment),
    "undo": ("data", undo_batch),
    "the campaign": ("data", set_campaign),
    "an import": ("data", import_beside),
}


@pytest.mark.parametrize("change", list(CHANGES))
@pytest.mark.long
def test_a_first_change_makes_a_workspace_of_ones_own(opened, change: str) -> None:
    page, do = CHANGES[change]
    sample = session._open(session.SAMPLE)
    before = (sample.version, sample.batches(), sample.kept(Value), sample.campaign)
    app = opened(page)
    assert "workspace" not in app.query_params
    do(app)
    run(app)
    own = stands_on(app)
    assert (sample.version, sample.batches(), sample.kept(Value), sample.campaign) == before
    assert (own.version, own.batches(), own.kept(Value), own.campaign) != before
    id = address(app)
    assert len(id) >= 22 and own.path == session.visitors() / f"{id}.duckdb"
    assert address(opened(page)) == session.SAMPLE  # where all others are
    assert address(opened(page, workspace=id)) == id


@pytest.mark.long
def test_what_was_chosen_on_the_sample_holds_after_the_first_change(opened) -> None:
    app = opened()
    app.selectbox(key="funnel.breakdown").set_value("device")
    app.multiselect(key="filter.channel").set_value(["paid_search"])
    before = headline(run(app))
    save_question(app)
    assert headline(run(app)) == before
    (kept,) = stands_on(app).kept(Question)
    assert isinstance(kept.value, Funnel)
    assert (kept.value.breakdown, kept.value.where) == (
        "device",
        Filter(campaign="Double 11 2026", channel="paid_search"),
    )
    save_question(app)  # a second change makes no second copy
    id = app.session_state["workspace"]
    assert run(app).session_state["workspace"] == id


def test_ones_own_copy_is_told_from_the_sample_and_nobody_else_is_offered_it(opened) -> None:
    app = opened()
    save_question(app)
    run(app).switch_page("pages/data.py")
    own = "Your own copy of the sample"
    assert own in run(app).selectbox(key="frame.workspace").options
    assert "It goes when nobody has used it for 7 days" in said(app)
    other = opened("data")
    assert own not in other.selectbox(key="frame.workspace").options
    assert "7 days" not in said(other)


@pytest.mark.long
def test_a_copy_is_kept_for_the_team_under_a_name(opened, own) -> None:
    own.keep("all", Funnel(steps=("view", "cart")))
    app = opened("data", workspace=own.path.stem)
    app.text_input(key="frame.workspace.own.name").set_value("kept for all")
    app.button(key="frame.workspace.own.keep").click()
    run(app)
    assert app.selectbox(key="frame.workspace").value == app.session_state["workspace"]
    assert "kept for all" in opened("data").selectbox(key="frame.workspace").options
    kept = stands_on(app)
    assert (kept.name, kept.path.parent, kept.version) == ("kept for all", session.folder(), own.version)
    assert kept.kept(Value) == own.kept(Value)


@pytest.mark.long
def test_a_copy_unused_for_a_week_goes_with_the_next_first_change(opened, own) -> None:
    app = opened(workspace=own.path.stem)
    week_old = dt.datetime.now(dt.UTC).timestamp() - 7.1 * 86_400
    os.utime(own.path, (week_old, week_old))
    opened(workspace=own.path.stem)  # this uses it
    save_question(other := opened())
    run(other)
    assert own.path.exists()
    os.utime(own.path, (week_old, week_old))
    save_question(other := opened())
    run(other)
    assert not own.path.exists()
    assert "The workspace of this address is not here" in errors(run(app))


# ---- what cannot be opened --------------------------------------------------------------------------------


@pytest.fixture
def shelf(workspaces: Path) -> Iterator[Callable[[str, bytes], Path]]:
    """Return a function that puts a file into the folder of workspaces, for one test."""
    put: list[Path] = []

    def add(name: str, content: bytes) -> Path:
        put.append(workspaces / name)
        put[-1].write_bytes(content)
        return put[-1]

    yield add
    for path in put:
        path.unlink(missing_ok=True)


def test_a_damaged_and_a_misnamed_file_are_listed_and_every_page_works(opened, shelf, own) -> None:
    damaged = shelf("0123456789ab.duckdb", b"not a database\n")
    text = shelf("October campaign (copy).duckdb", b"not a database\n")
    good = shelf("October (copy).duckdb", own.copy(session.folder() / "away" / "x.duckdb").read_bytes())
    app = opened("data")
    assert errors(app) == ""
    assert "Double 11" in headline(app) or headline(app)
    shown = said(app)
    assert f"{damaged.name} is not a Sluice workspace, or it is damaged." in shown
    assert f"{text.name} is not a Sluice workspace, or it is damaged." in shown
    assert f"{good.name}: the name of the file is not one that Sluice gives." in shown
    assert headline(opened())
    app = opened("data", language="zh_CN")
    assert damaged.name in said(app)
    assert "not a Sluice workspace" not in said(app)


def test_a_damaged_workspace_in_the_address_says_so_and_another_can_be_chosen(opened, shelf) -> None:
    shelf("0123456789ab.duckdb", b"not a database\n")
    for page in ("funnel", "budget"):
        assert "is not a Sluice workspace, or it is damaged" in errors(opened(page, workspace="0123456789ab"))
    app = opened("data", workspace="0123456789ab")
    assert "is not a Sluice workspace, or it is damaged" in errors(app)
    app.selectbox(key="frame.workspace").set_value(session.SAMPLE)
    assert errors(run(app)) == ""
    assert headline(app)


def test_one_that_another_program_holds_is_named(opened, workspaces: Path) -> None:
    path = workspaces / f"{new_id()}.duckdb"
    open_workspace(path).close()
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "open\n"
        app = opened("data")
        assert f"{path.name} is open in another program" in said(app)
        assert headline(app)
        assert "is open in another program" in errors(opened(workspace=path.stem))
        holder.communicate("\n")
    assert path.name not in said(run(app))


@pytest.mark.parametrize("id", ["../../etc/passwd", "..", "sample-0123456789ab", "x" * 22])
def test_an_address_leads_nowhere_else(opened, id: str) -> None:
    app = opened(workspace=id)
    assert "The workspace of this address is not here" in errors(app)
    assert not any(m.value.startswith("#### ") for m in app.main.markdown)


# ---- names that say more than a name ----------------------------------------------------------------------


@pytest.mark.parametrize("name", ["*", "COLUMNS(*)", 'x"y', "rowid", "x;=1+1"])
@pytest.mark.long
def test_a_filter_by_a_segment_offers_its_stages_whatever_it_is_called(opened, own, name: str) -> None:
    own.keep(name, Segment(question=Lifecycle(at="2026-11-05")))
    key = f"filter.segment.{name}"
    app = opened(workspace=own.path.stem)
    assert set(app.multiselect(key=key).options) <= set(LIFECYCLE) and len(app.multiselect(key=key).options) > 1
    app.multiselect(key=key).set_value(["interest"])
    where = Filter(campaign="Double 11 2026", segment={name: "interest"})
    asked = Funnel(steps=("view", "cart", "checkout", "purchase"), window="7d", where=where)
    assert headline(run(app)) == finding(asked, own.tables())


def test_workspaces_of_any_name_are_listed_as_they_are_called(opened) -> None:
    names = ["<script>alert(1)</script>", "![x](http://x.example/x.png)", "=1+1", "\u202egnp", "{user}", "L" * 2000]
    made = [session.create("other", zone="UTC", currency="CNY") for _ in names]
    for id, name in zip(made, names, strict=True):
        session._open(id).name = name
    app = opened("data")
    assert set(names) <= set(app.selectbox(key="frame.workspace").options)
    for id in made:
        assert errors(opened("data", workspace=id)) == ""
    app.text_input(key="data.new.name").set_value("L" * 80)
    next(b for b in app.button if b.label == "Create").click()
    run(app).text_input(key="data.new.name").set_value("L" * 80)  # with a number it is too long
    next(b for b in app.button if b.label == "Create").click()
    assert "at most 80 characters" in errors(run(app))


# ---- what the server spends its time on -------------------------------------------------------------------


def test_the_language_is_looked_up_once_a_run(opened, monkeypatch: pytest.MonkeyPatch) -> None:
    app, settle, calls = opened(), language.settle, []

    def counted() -> str:
        calls.extend([1] * (get_script_run_ctx() is not None))  # the harness itself asks, too
        return settle()

    monkeypatch.setattr(language, "settle", counted)
    app.selectbox(key="funnel.breakdown").set_value("device")
    run(app)
    assert 1 <= len(calls) <= 2  # the run, and a callback before it
    app.button_group(key="language.switch").set_value("zh_CN")
    assert "人" in headline(run(app))


def test_what_is_loaded_is_not_gone_through_at_each_run(opened) -> None:
    opened()
    for _ in range(600):
        if gc.get_freeze_count() > 100_000:
            break
        time.sleep(0.1)
    assert gc.get_freeze_count() > 100_000


def test_the_server_listens_on_this_computer_alone_and_watches_no_files() -> None:
    with (ROOT / ".streamlit" / "config.toml").open("rb") as file:
        server = tomllib.load(file)["server"]
    assert (server["address"], server["fileWatcherType"]) == ("127.0.0.1", "none")
    assert "HOST ?= 127.0.0.1" in (ROOT / "Makefile").read_text(encoding="utf-8")
