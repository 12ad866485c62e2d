"""Saved segments: a column of the events that follows its users, whatever is imported, undone or killed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from children import Child, begin

from analysis import (
    Alias,
    Filter,
    Funnel,
    FunnelChange,
    InAll,
    InAny,
    InSegment,
    Lifecycle,
    NotIn,
    Retention,
    Sales,
    WithRows,
)  # fmt: skip
from analysis.errors import DataError, QuestionError, WorkspaceError
from analysis.store import duck
from analysis.store.columns import stored as stored_name
from analysis.workspace import Export, Segment, Workspace, open_workspace, read_export

BEFORE = Lifecycle(at="2026-11-10")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(tmp_path / "w.duckdb")
    yield made
    made.close()


def events(name: str, *rows: str) -> Export:
    """Build an export from "user day event" texts; all came by one channel."""
    lines = [f"{user},2026-11-{day} 10:00,{event},a\n" for user, day, event in map(str.split, rows)]
    return read_export(("user_id,timestamp,event,channel\n" + "".join(lines)).encode(), name, zone="UTC")


FIRST = ("ann 05 visit", "bob 01 view", "bob 12 cart", "cat 02 view", "cat 03 purchase", "dan 11 view")
"""By 10 November ann stands in reach, bob in interest, cat in conversion; dan was not seen."""
LATER = ("ann 13 view", "cat 12 view", "eve 12 view", "bob 02 visit")
WHERE = {"ann": "reach", "bob": "interest", "cat": "conversion", "dan": None, "eve": None}


def stored(workspace: Workspace, column: str = "stage") -> dict[tuple[str, Any], int]:
    """Count the events by user and segment; they must lie sorted by user and time."""
    con = workspace._link.cursor()
    rows = con.execute(f"SELECT user_key, timestamp, user_id, {duck.identifier(column)} FROM events").fetchall()
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    return dict(Counter(row[2:] for row in rows))


def expected(*rows: str) -> dict[tuple[str, Any], int]:
    return dict(Counter((user, WHERE[user]) for user in (row.split()[0] for row in rows)))


def forget(workspace: Workspace, name: str) -> None:
    workspace.forget(next(segment.id for segment in workspace.kept(Segment) if segment.name == name))


def columns(workspace: Workspace) -> list[str]:
    return [row[0] for row in workspace._link.cursor().execute("DESCRIBE events").fetchall()]


# ---- saving and forgetting --------------------------------------------------------------------------------


def test_a_segment_is_a_text_column_of_the_events(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    before, version = columns(workspace), workspace.version
    segment = workspace.keep("stage", Segment(question=BEFORE))
    kept = Segment(question=BEFORE, users=3, day="2026-11-10", data=version)
    assert (segment.name, segment.value, segment.revision, segment.current) == ("stage", kept, 1, True)
    assert workspace.kept(Segment) == (segment,)
    assert stored(workspace) == expected(*FIRST)
    assert columns(workspace) == [*before, "stage"]
    assert workspace.version != version
    tables = workspace.tables()
    assert tables.present("events") == ("user_id", "timestamp", "event", "channel", "stage")
    assert tables.names("stage") == ("conversion", "interest", "reach")


def test_forgetting_takes_the_column_out(workspace: Workspace, tmp_path: Path) -> None:
    workspace.add(events("a.csv", *FIRST))
    before, version = columns(workspace), workspace.version
    workspace.keep("stage", Segment(question=BEFORE))
    forget(workspace, "stage")
    assert (columns(workspace), workspace.version, workspace.kept(Segment)) == (before, version, ())
    workspace.forget(12345)
    assert columns(workspace) == before
    workspace.close()
    again = open_workspace(tmp_path / "w.duckdb")
    assert (columns(again), again.version, again.tables().count("events")) == (before, version, 6)
    again.close()


def test_a_segment_saved_again_is_replaced(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("other", Segment(question=BEFORE))
    workspace.keep("stage", Segment(question=BEFORE))
    version = workspace.version
    again = workspace.keep("stage", Segment(question=Lifecycle(at="2026-11-12")))
    assert [s.name for s in workspace.kept(Segment)] == ["stage", "other"]
    assert (again.value.users, again.revision, workspace.version != version) == (4, 2, True)
    assert stored(workspace)["dan", "interest"] == 1
    assert stored(workspace, "other") == expected(*FIRST)


def test_a_replaced_or_forgotten_segment_comes_back_with_the_users_it_had(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    first = workspace.keep("stage", Segment(question=BEFORE))
    version = workspace.version
    workspace.keep("stage", Segment(question=Lifecycle(at="2026-11-12")))
    workspace.add(events("b.csv", *LATER))  # who was counted stays, whatever came since
    back = workspace.restore(first.id)
    assert (back.value, back.revision, back.what) == (first.value, 3, "restored")
    assert stored(workspace) == expected(*FIRST, *LATER)
    forget(workspace, "stage")
    assert "stage" not in columns(workspace)
    assert [(k.name, k.value) for k in workspace.forgotten(Segment)] == [("stage", first.value)]
    workspace.restore(first.id)
    assert stored(workspace) == expected(*FIRST, *LATER)
    workspace.restore(first.id, 2)
    assert stored(workspace)["dan", "interest"] == 1
    assert [(k.revision, k.what, k.current) for k in workspace.history(first.id)] == [
        (6, "restored", True), (5, "restored", False), (4, "forgotten", False), (3, "restored", False),
        (2, "kept", False), (1, "kept", False),
    ]  # fmt: skip
    workspace.undo(2)
    workspace.restore(first.id, 1)
    assert (workspace.version, stored(workspace)) == (version, expected(*FIRST))


def test_a_segment_does_not_come_back_over_another_column(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    first = workspace.keep("stage", Segment(question=BEFORE))
    workspace.forget(first.id)
    second = workspace.keep("Stage", Segment(question=BEFORE))
    before = (workspace.version, columns(workspace), workspace.kept(Segment))
    with pytest.raises(WorkspaceError, match="There is a column stage already"):
        workspace.restore(first.id)
    assert (workspace.version, columns(workspace), workspace.kept(Segment)) == before
    workspace.forget(second.id)
    workspace.keep("stage", Segment(question=Lifecycle(at="2026-11-12")))
    with pytest.raises(WorkspaceError, match="Something else is kept as stage by now"):
        workspace.restore(first.id)
    assert stored(workspace)["dan", "interest"] == 1


def test_equal_questions_of_other_data_are_other_data(workspace: Workspace) -> None:
    """What a cache goes by tells apart two savings of one question, with another batch stored in between."""
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("stage", Segment(question=BEFORE))
    version = workspace.version
    batch = workspace.add(events("b.csv", *LATER, "ann 02 purchase"))
    workspace.keep("stage", Segment(question=BEFORE))
    workspace.undo(batch.id)
    assert stored(workspace)["ann", "conversion"] == 1
    assert workspace.version != version


@pytest.mark.parametrize(
    "name", ["channel", "Channel", "user_id", "phase", "revenue", "batch", "user_key", "OTHER", "EVENT_KEY"]
)
@pytest.mark.long
def test_the_name_of_another_column_is_refused(workspace: Workspace, name: str) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("other", Segment(question=BEFORE))
    before = (workspace.version, columns(workspace))
    with pytest.raises(WorkspaceError) as raised:
        workspace.keep(name, Segment(question=BEFORE))
    assert str(raised.value) == f"There is a column {name} already. Give the segment another name."
    assert (workspace.version, columns(workspace)) == before


def test_an_own_column_of_the_file_is_not_written_over(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace._link.cursor().execute("ALTER TABLE events ADD COLUMN tier VARCHAR")
    with pytest.raises(WorkspaceError, match="There is a column Tier already"):
        workspace.keep("Tier", Segment(question=BEFORE))


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_a_name_is_one_line(workspace: Workspace, name: str) -> None:
    workspace.add(events("a.csv", *FIRST))
    with pytest.raises(QuestionError, match="name cannot be"):
        workspace.keep(name, Segment(question=BEFORE))
    assert workspace.kept(Segment) == ()


def test_only_a_question_about_who_stands_where_is_a_segment(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    with pytest.raises(QuestionError, match=r"Choose from: .*lifecycle"):
        Segment(question=Sales())  # type: ignore[arg-type]


def test_nobody_to_count_leaves_the_workspace_as_it_was(workspace: Workspace) -> None:
    with pytest.raises(DataError):
        workspace.keep("stage", Segment(question=BEFORE))
    workspace.add(events("a.csv", *FIRST))
    before = (workspace.version, columns(workspace))
    with pytest.raises(DataError):
        workspace.keep("stage", Segment(question=Lifecycle(at="2026-10-01")))
    assert (workspace.version, columns(workspace), workspace.kept(Segment)) == (*before, ())


@pytest.mark.parametrize(
    "name",
    ['a";DROP TABLE events;--', "vip.2026", "events.user_id", "阶段 (10 日)", "rowid", "*", "COLUMNS(*)", "50%", "`"],
)
@pytest.mark.long
def test_any_name_can_be_asked_for(workspace: Workspace, name: str) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep(name, Segment(question=BEFORE))
    asked = Funnel(steps=("view", "cart"), window="20d", breakdown=name)
    table = asked.run(workspace.tables()).table.query("step == 1").set_index("breakdown")["users"]
    assert table.to_dict() == {"(total)": 3, "conversion": 1, "interest": 1, "(not set)": 1}
    kept = workspace.tables()
    assert (kept.names(name), kept.arrow("events").column_names[-1]) == (("conversion", "interest", "reach"), name)
    filtered = asked.replace(breakdown="channel", where=Filter(segment={name: "interest"}))
    assert filtered.run(kept).table["users"].tolist()[:2] == [1, 1]
    workspace.add(events("b.csv", *LATER))
    assert stored(workspace, stored_name(name)) == expected(*FIRST, *LATER)
    forget(workspace, name)
    assert stored_name(name) not in columns(workspace)
    assert name not in workspace.tables().present("events")


# ---- imports and undoing ----------------------------------------------------------------------------------


def test_rows_imported_later_have_their_users_value(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("stage", Segment(question=BEFORE))
    batch = workspace.add(events("b.csv", *LATER))
    assert stored(workspace) == expected(*FIRST, *LATER)
    workspace.undo(batch.id)
    assert stored(workspace) == expected(*FIRST)


def test_a_segment_outlives_the_batch_it_was_made_of(workspace: Workspace) -> None:
    first = workspace.add(events("a.csv", *FIRST))
    workspace.keep("stage", Segment(question=BEFORE))
    workspace.undo(first.id)
    assert stored(workspace) == {}
    workspace.add(events("b.csv", *LATER))
    assert stored(workspace) == expected(*LATER)


def test_somebody_known_by_orders_alone_has_a_value_once_their_events_come(workspace: Workspace) -> None:
    orders = b"order_id,timestamp,revenue,currency,user_id,paid_at\no1,2026-11-04,5,CNY,eve,2026-11-04\n"
    workspace.add(events("a.csv", *FIRST), read_export(orders, "o.csv", zone="UTC"))
    assert workspace.keep("stage", Segment(question=BEFORE)).value.users == 4
    workspace.add(events("b.csv", *LATER))
    assert stored(workspace)["eve", "conversion"] == 1


def test_rows_that_were_replaced_come_back_with_their_users_value(workspace: Workspace) -> None:
    """Whether the segment was saved, changed or dropped before they were taken out or since."""
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("stage", Segment(question=BEFORE))
    second = workspace.add(events("b.csv", "eve 01 view", "eve 05 view"), overlap="replace")
    kept = ("bob 12 cart", "cat 02 view", "cat 03 purchase", "dan 11 view")
    assert stored(workspace) == expected(*kept, "eve 01 view", "eve 05 view")
    workspace.keep("new", Segment(question=Lifecycle(at="2026-11-12")))
    workspace.undo(second.id)
    assert stored(workspace) == expected(*FIRST)
    new = {("ann", None): 1, ("bob", "interest"): 2, ("cat", "conversion"): 2, ("dan", "interest"): 1}
    assert stored(workspace, "new") == new
    forget(workspace, "stage")
    third = workspace.add(events("c.csv", "eve 01 view", "eve 12 view"), overlap="replace")
    forget(workspace, "new")
    workspace.undo(third.id)
    assert workspace.tables().count("events") == 6
    assert workspace.keep("stage", Segment(question=BEFORE)).value.users == 3
    assert stored(workspace) == expected(*FIRST)


# ---- what is asked of it ----------------------------------------------------------------------------------


def test_questions_are_split_and_filtered_by_a_segment(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST, *LATER))
    workspace.keep("stage", Segment(question=BEFORE))
    tables = workspace.tables()
    asked = Funnel(steps=("view", "cart"), window="20d", breakdown="stage")
    table = asked.run(tables).table.set_index(["breakdown", "step"])["users"]
    assert table.to_dict() == {
        ("(total)", 1): 5, ("(total)", 2): 1, ("interest", 1): 1, ("interest", 2): 1, ("conversion", 1): 1,
        ("conversion", 2): 0, ("reach", 1): 1, ("reach", 2): 0, ("(not set)", 1): 2, ("(not set)", 2): 0,
    }  # fmt: skip
    assert asked.replace(breakdown=None, hold="stage").run(tables).table["users"].tolist() == [3, 1]
    split = Retention(start="view", returns=(), breakdown="stage").run(tables).table
    assert set(split["breakdown"]) == {"(total)", "conversion", "interest", "reach", "(not set)"}


def test_a_filter_keeps_a_segments_users(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST, *LATER))
    workspace.keep("stage", Segment(question=BEFORE))
    tables = workspace.tables()
    asked = Funnel(steps=("view", "cart"), window="20d", where=Filter(segment={"stage": ("interest", "reach")}))
    assert asked.run(tables).table["users"].tolist() == [2, 1]
    change = FunnelChange(
        funnel=asked.replace(where=None, window="1d"), where=Filter(segment={"stage": "conversion"}),
        before=Filter(end="2026-11-06", segment={"stage": "interest"}), after=Filter(start="2026-11-07"),
    )  # fmt: skip
    table = change.run(tables).table.set_index("group")
    assert (table.loc["(total)", "users_before"], table.loc["(total)", "users_after"]) == (1, 1)
    with pytest.raises(DataError, match="cannot be filtered by gone"):
        asked.replace(where=Filter(segment={"gone": "x"})).run(tables)


# ---- the file ---------------------------------------------------------------------------------------------


def test_a_segment_is_there_after_reopening(tmp_path: Path) -> None:
    made = open_workspace(tmp_path / "w.duckdb")
    made.add(events("a.csv", *FIRST))
    kept, version = made.keep("stage", Segment(question=BEFORE)), made.version
    made.close()
    again = open_workspace(tmp_path / "w.duckdb")
    assert (again.kept(Segment), again.version, stored(again)) == ((kept,), version, expected(*FIRST))
    again.add(events("b.csv", *LATER))
    assert stored(again) == expected(*FIRST, *LATER)
    again.close()


def test_a_segment_of_a_newer_version_does_not_hide_the_others(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("stage", Segment(question=BEFORE))
    workspace.keep("newer", Segment(question=BEFORE))
    with workspace._transaction() as con:
        con.execute("UPDATE kept SET value = replace(value, '\"version\":1', '\"version\":99') WHERE name = 'newer'")
    assert [s.name for s in workspace.kept(Segment)] == ["stage"]
    workspace.add(events("b.csv", *LATER))
    assert stored(workspace, "newer") == expected(*FIRST, *LATER)


def test_a_failure_while_saving_leaves_the_workspace_as_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("stage", Segment(question=BEFORE))
    before = (workspace.version, columns(workspace), workspace.kept(Segment), stored(workspace))

    def broken(*args: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("analysis.store.duck.sort", broken)
    for attempt in (
        lambda: workspace.keep("stage", Segment(question=Lifecycle(at="2026-11-12"))),
        lambda: workspace.keep("new", Segment(question=BEFORE)),
        lambda: workspace.add(events("b.csv", *LATER)),
    ):
        with pytest.raises(OSError, match="disk full"):
            attempt()
    monkeypatch.undo()
    assert (workspace.version, columns(workspace), workspace.kept(Segment), stored(workspace)) == before


ROWS, KILLS = 60_000, 8


def keeps_and_forgets(say: Callable[[str], None], path: Path) -> None:
    """Save a segment and drop it again, and say how far that is."""
    workspace = open_workspace(path)
    say("open")
    workspace.keep("stage", Segment(question=Lifecycle(at="2026-11-20")))
    say("saved")
    workspace.forget(workspace.kept(Segment)[0].id)
    say("forgotten")
    workspace.close()
    say("closed")


def start(path: Path) -> Child:
    """Save and drop a segment in a process of its own; return once its workspace is open."""
    child = begin(keeps_and_forgets, path, scratch=str(path.parent))
    assert child.hears() == "open"
    return child


def test_killed_at_any_moment_the_events_stand_with_the_whole_segment_or_none(tmp_path: Path) -> None:
    rng = np.random.default_rng(20261111)
    frame = pd.DataFrame({
        "user_id": [f"u{n}" for n in rng.integers(0, ROWS // 6, ROWS)],
        "timestamp": pd.Timestamp("2026-11-01") + pd.to_timedelta(rng.integers(0, 28 * 24 * 60, ROWS), unit="min"),
        "event": rng.choice(["visit", "view", "purchase"], ROWS),
    })  # fmt: skip
    path = tmp_path / "w.duckdb"
    made = open_workspace(path)
    made.add(read_export(frame.to_csv(index=False).encode(), "a.csv", zone="UTC"))
    before = made.version
    members = len(Lifecycle(at="2026-11-20").members(made.tables()))
    made.close()
    child, began = start(path), time.perf_counter()
    while child.hears() != "closed":
        pass
    took = time.perf_counter() - began
    child.ends()
    seen = set[str]()
    for n in range(KILLS):
        child = start(path)
        time.sleep((n + rng.random()) / KILLS * took)
        child.kill()
        again = open_workspace(path)
        try:
            kept = [s.name for s in again.kept(Segment)]
            seen.add(str(kept))
            assert again.tables().count("events") == ROWS
            assert ("stage" in columns(again)) == (kept == ["stage"])
            assert again._rows("SELECT count(*) FROM members") == again._rows(
                f"SELECT {members} * count(*) FROM kept WHERE what = 'kept'"
            )
            if kept:
                assert len({user for user, stage in stored(again) if stage}) == members
                forget(again, "stage")
            assert again.version == before
            stored(again, "event")
        finally:
            again.close()
    assert "[]" in seen


# ---- orders, and parts ------------------------------------------------------------------------------------


def orders(name: str, *rows: str) -> Export:
    """Build an export from "order user day amount" texts; all were paid."""
    lines = [f"{order},{user},2026-11-{day} 10:00,2026-11-{day} 10:00,{amount},CNY\n"
             for order, user, day, amount in map(str.split, rows)]  # fmt: skip
    text = "order_id,user_id,timestamp,paid_at,revenue,currency\n" + "".join(lines)
    return read_export(text.encode(), name, zone="UTC")


def ordered(workspace: Workspace, column: str) -> dict[str, Any]:
    """Return what each order says, in the order they lie."""
    return dict(workspace._rows(f"SELECT order_id, {duck.identifier(column)} FROM orders"))


CARTED = WithRows(column="event", values="cart")


def test_orders_carry_the_segments_of_who_ordered(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.add(orders("o.csv", "o1 cat 04 100", "o2 zoe 12 50", "o3 bob 13 20"))
    workspace.keep("stage", Segment(question=BEFORE))
    workspace.keep("carted", Segment(question=CARTED))
    assert ordered(workspace, "stage") == {"o1": "conversion", "o2": None, "o3": "interest"}
    assert ordered(workspace, "carted") == {"o1": "out", "o2": "out", "o3": "in"}
    later = workspace.add(orders("p.csv", "o4 bob 14 30", "o5 new 14 30"))
    assert ordered(workspace, "carted") == {"o1": "out", "o2": "out", "o3": "in", "o4": "in", "o5": None}
    tables = workspace.tables()
    sales = Sales(every=None, by="stage").run(tables).table.set_index("group")["realised"]
    assert sales.to_dict() == {"(total)": 230.0, "conversion": 100.0, "interest": 50.0, "(not set)": 80.0}
    kept = Sales(every=None, where=Filter(segment={"carted": "in"})).run(tables)
    assert kept.table[["created", "realised"]].to_numpy().tolist() == [[2, 50.0]]
    assert any(note.code == "later-segment" for note in kept.notes)
    workspace.undo(later.id)
    forget(workspace, "carted")
    assert ordered(workspace, "stage") == {"o1": "conversion", "o2": None, "o3": "interest"}
    assert "carted" not in workspace.tables().present("orders")


def test_orders_that_were_replaced_come_back_with_their_buyers_segment(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.add(orders("o.csv", "o1 cat 04 100", "o3 bob 13 20"))
    workspace.keep("carted", Segment(question=CARTED))
    second = workspace.add(orders("p.csv", "o1 cat 04 100", "o9 bob 04 1"), overlap="replace")
    assert ordered(workspace, "carted") == {"o3": "in", "o1": "out", "o9": "in"}
    forget(workspace, "carted")
    workspace.keep("stage", Segment(question=BEFORE))
    workspace.undo(second.id)
    assert ordered(workspace, "stage") == {"o3": "conversion", "o1": "conversion"}  # as bob's later undone order said


@pytest.mark.parametrize("name", ["vip.2026", "50%", "a b", "*", "阶段"])
@pytest.mark.long
def test_sales_are_split_and_filtered_by_any_name(workspace: Workspace, name: str) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.add(orders("o.csv", "o1 cat 04 100", "o3 bob 13 20", "o3 bob 13 5"))
    workspace.keep(name, Segment(question=CARTED))
    tables = workspace.tables()
    split = Sales(every=None, by=name).run(tables).table.set_index("group")["realised"]
    assert split.to_dict() == {"(total)": 125.0, "out": 100.0, "in": 25.0}
    kept = Sales(every=None, by=name, where=Filter(segment={name: "in"})).run(tables).table
    assert kept["realised"].tolist() == [25.0, 25.0]


def test_everybody_known_is_in_a_segment_of_parts_or_not(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    found = workspace.keep("carted", Segment(question=CARTED)).value
    assert (found.users, found.day, found.live) == (1, "2026-11-12", False)
    where = dict(stored(workspace, "carted").keys())
    assert where == {"ann": "out", "bob": "in", "cat": "out", "dan": "out"}
    split = Retention(start=(), returns=(), breakdown="carted").run(workspace.tables()).table
    assert set(split["breakdown"]) == {"(total)", "in", "out"}


def test_the_drop_off_of_a_funnel_is_a_segment(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST, *LATER))
    answer = Funnel(steps=("view", "purchase"), window="2d", observed_until="2026-11-30").run(workspace.tables())
    stop = next(stop for stop in answer.people if stop.state == "dropped")
    kept = workspace.keep("left", Segment(question=stop)).value
    assert kept.users == answer.table["dropped"][1] == 4
    assert {user for user, stage in stored(workspace, "left") if stage == "in"} == {"ann", "bob", "dan", "eve"}


# ---- live ones --------------------------------------------------------------------------------------------


def inside(workspace: Workspace, name: str) -> set[str]:
    return {user for user, stage in stored(workspace, name) if stage == "in"}


def test_a_live_segment_is_counted_anew_whenever_the_data_change(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("live", Segment(question=CARTED, live=True))
    workspace.keep("frozen", Segment(question=CARTED))
    version = workspace.version
    second = workspace.add(events("b.csv", "eve 14 cart", "ann 14 view"))
    assert (inside(workspace, "live"), inside(workspace, "frozen")) == ({"bob", "eve"}, {"bob"})
    live = next(one.value for one in workspace.kept(Segment) if one.name == "live")
    assert (live.users, live.day, live.data, len(workspace.history(1))) == (2, "2026-11-14", None, 1)
    workspace.undo(second.id)
    assert (inside(workspace, "live"), workspace.version) == ({"bob"}, version)


def test_a_live_segment_follows_what_is_known_beside_the_rows(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("live", Segment(question=WithRows(column="channel", values="a"), live=True))
    assert inside(workspace, "live") == {"ann", "bob", "cat", "dan"}
    alias = workspace.keep("one", Alias(column="channel", code="a", meant="b"))
    assert inside(workspace, "live") == set()
    workspace.forget(alias.id)
    assert inside(workspace, "live") == {"ann", "bob", "cat", "dan"}


def test_live_segments_follow_those_they_ask_of(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("base", Segment(question=CARTED, live=True))
    others = InAll(parts=[NotIn(part=InSegment(name="base")), WithRows(column="event", values="view")])
    workspace.keep("others", Segment(question=others, live=True))
    workspace.keep("both", Segment(question=InAny(parts=[InSegment(name="base"), InSegment(name="others")]), live=True))
    assert (inside(workspace, "others"), inside(workspace, "both")) == ({"cat", "dan"}, {"bob", "cat", "dan"})
    workspace.add(events("b.csv", "cat 14 cart"))
    assert (inside(workspace, "others"), inside(workspace, "both")) == ({"dan"}, {"bob", "cat", "dan"})
    kept = workspace.keep("base", Segment(question=WithRows(column="event", values="purchase"), live=True))
    assert (inside(workspace, "others"), inside(workspace, "both")) == ({"bob", "dan"}, {"bob", "cat", "dan"})
    workspace.restore(kept.id)
    assert inside(workspace, "base") == {"bob", "cat"}
    assert inside(workspace, "others") == {"dan"}


def test_a_live_segment_that_the_data_cannot_tell_has_nobody_and_comes_back(workspace: Workspace) -> None:
    workspace.add(events("a.csv", "ann 05 visit", "bob 06 visit"))
    second = workspace.add(events("b.csv", "bob 12 cart"))
    workspace.keep("live", Segment(question=CARTED, live=True))
    workspace.undo(second.id)
    assert (workspace.kept(Segment)[0].value.users, inside(workspace, "live")) == (0, set())
    workspace.add(events("b.csv", "ann 13 cart"))
    assert (workspace.kept(Segment)[0].value.users, inside(workspace, "live")) == (1, {"ann"})


def test_a_segment_that_asks_of_itself_is_refused(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    workspace.keep("one", Segment(question=CARTED))
    workspace.keep("two", Segment(question=InSegment(name="one")))
    before = (workspace.version, columns(workspace), workspace.kept(Segment))
    for asked in (InSegment(name="one"), InAll(parts=[CARTED, NotIn(part=InSegment(name="two"))])):
        with pytest.raises(WorkspaceError, match="The segment one would ask of itself who is in it"):
            workspace.keep("one", Segment(question=asked))
    assert (workspace.version, columns(workspace), workspace.kept(Segment)) == before
    two = workspace.keep("two", Segment(question=CARTED))
    workspace.keep("one", Segment(question=InSegment(name="two")))
    with pytest.raises(WorkspaceError, match="The segment two would ask of itself"):
        workspace.restore(two.id, 1)  # two asked of one then


def test_a_segment_of_one_that_is_gone_says_so(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    with pytest.raises(DataError, match="There is no saved segment gone"):
        workspace.keep("one", Segment(question=InSegment(name="gone")))
    base = workspace.keep("base", Segment(question=CARTED))
    workspace.keep("frozen", Segment(question=InSegment(name="base")))
    live = workspace.keep("live", Segment(question=InSegment(name="base"), live=True))
    with pytest.raises(WorkspaceError, match="base is part of: live"):
        workspace.forget(base.id)
    assert "base" in columns(workspace)
    workspace.forget(live.id)
    workspace.forget(base.id)
    assert inside(workspace, "frozen") == {"bob"}
    with pytest.raises(DataError, match="There is no saved segment base"):
        workspace.keep("frozen", Segment(question=InSegment(name="base")))


def test_nobody_in_common_is_said_and_nothing_is_kept(workspace: Workspace) -> None:
    workspace.add(events("a.csv", *FIRST))
    asked = InAll(parts=[CARTED, WithRows(column="event", values="purchase")])
    with pytest.raises(DataError, match=r'Nobody is in all parts at once: did "cart" \(1\), did "purchase" \(1\)'):
        workspace.keep("both", Segment(question=asked))
    assert workspace.kept(Segment) == ()


def test_segments_of_parts_survive_reopening_and_copying(tmp_path: Path) -> None:
    made = open_workspace(tmp_path / "w.duckdb")
    made.add(events("a.csv", *FIRST))
    made.add(orders("o.csv", "o1 bob 13 20"))
    made.keep("base", Segment(question=CARTED, live=True))
    made.keep("rest", Segment(question=NotIn(part=InSegment(name="base")), live=True))
    copy = made.copy(tmp_path / "copy.duckdb")
    was = (made.kept(Segment), made.version, stored(made, "rest"), ordered(made, "base"))
    made.close()
    for path in (tmp_path / "w.duckdb", copy):
        again = open_workspace(path)
        assert (again.kept(Segment), again.version, stored(again, "rest"), ordered(again, "base")) == was
        again.add(events("b.csv", "ann 14 cart"))
        assert (inside(again, "base"), inside(again, "rest")) == ({"ann", "bob"}, {"cat", "dan"})
        again.close()
