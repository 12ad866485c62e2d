"""Large files: read where they lie, judged once, told of on the way and stopped at any moment, as small ones are."""

from __future__ import annotations

import datetime as dt
import gzip
import io
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from imports.exports.fixtures import archive

from analysis.errors import ImportFileError, WorkspaceError
from analysis.imports.file import limits, load, plain, scratch
from analysis.imports.rows.clean import Cleaned
from analysis.store import watch
from analysis.workspace import ColumnMapping, Export, Workspace, open_workspace, read_export

KEY = b"k" * 32
EVENTS = ColumnMapping(table="events", columns={"user_id": "u", "timestamp": "t", "event": "e", "value": "v"})


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(tmp_path / "w.duckdb")
    yield made
    made.close()


def cleaned(content: bytes, mapping: ColumnMapping, *, large: bool) -> Cleaned:
    """Clean a file as one that is copied whole, or as one too large for that, of which two rows are looked at."""
    with pytest.MonkeyPatch.context() as patch:
        if large:
            patch.setattr(load, "COPIED", 0)
            patch.setattr(load, "HEAD", 2)
        export = read_export(content, "file.csv")
        assert export.scratch.whole is not large
        made = export.mapped(mapping).clean(KEY)
        export.close()
    return made


def csv(times: list[str], values: list[str] | None = None) -> bytes:
    n = len(times)
    frame = {"u": [f"u{i}" for i in range(n)], "t": times, "e": ["view"] * n, "v": values or ["1"] * n}
    return pd.DataFrame(frame).to_csv(index=False).encode()


# ---- the same rows ----------------------------------------------------------------------------------------

DAYS = [f"2026-11-{day:02d} 10:00:00" for day in range(1, 9)]
FILES = {
    "tidy": csv(DAYS),
    "a later cell is no time": csv([*DAYS, "soon"]),
    "a later cell has an offset": csv([*DAYS, "2026-11-09 10:00:00+02:00"]),
    "a later cell is another spelling": csv([*DAYS, "Nov 9, 2026"]),
    "day first, told late": csv(["01/02/2026"] * 5 + ["13/02/2026"]),
    "seconds": csv([str(1_794_600_000 + i) for i in range(9)]),
    "seconds, but not all": csv([*(str(1_794_600_000 + i) for i in range(30)), "2026-11-09", "20261110"]),
    "milliseconds": csv([str(1_794_600_000_000 + i) for i in range(9)]),
    "hours of days first, then an epoch": csv([*(f"20260813{h:02d}" for h in range(9)), "2026081399"]),
    "a later cell in UTC": csv([*DAYS, "2026-11-09 10:00:00 UTC"]),
    "serial days": csv([str(46_000 + i) for i in range(9)]),
    "a later comma": csv(DAYS, ["1", "2", "3", "4,5", "1.234,50", "6", "inf", "x"]),
    "thousands": csv(DAYS, ["1", "2", "3", "1,234", "$5", " 6 ", "-", "nan"]),
    "later thousands": csv(DAYS, ["1", "2", "3", "4", "5", "1.234", "7", "8"]),
    "later thousands, then a fraction": csv(DAYS, ["1", "2", "3", "1.234", "5", "1.5", "7", "8"]),
    "thousands first, then a fraction": csv(DAYS, ["1.234", "2.345", "3", "4", "5", "1,5", "7", "8"]),
    "blank at first": csv(["", "", *DAYS[2:]], ["", "-", "3", "4,5", "", "6", "7", "8"]),
    "repeated headings": csv(DAYS[:4]) + csv(DAYS[4:]),
    "line breaks in cells": csv(DAYS).replace(b"view", b'"vi\new"') + b"short\n",
    "cells with blanks": csv(DAYS).replace(b"view", "\u3000view\u00a0".encode()),
}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.long
def test_a_large_file_is_cleaned_as_a_small_one(name: str) -> None:
    small, large = (cleaned(FILES[name], EVENTS, large=large) for large in (False, True))
    assert large.rows.to_pylist() == small.rows.to_pylist()
    assert large.set_aside.to_pylist() == small.set_aside.to_pylist()
    assert small.rows.num_rows > 0


@pytest.mark.parametrize("late", [" u1 ", "n/a", "\u3000", "u1\u00a0", "-", "  ", "ok"])
@pytest.mark.parametrize("early", ["u0", " u0"])
@pytest.mark.parametrize("hashed", [(), ("user_id",)])
@pytest.mark.long
def test_untidy_texts_far_down_are_tidied_as_in_a_small_file(early: str, late: str, hashed: tuple[str, ...]) -> None:
    """The first rows' texts are tidy, or are not; in either case the later ones are kept as they should be."""
    rows = [(early, "view"), ("u1", "cart"), ("u1", "view"), (late, "view"), ("u2", late), ("", "view")]
    text = "u,t,e,v\n" + "".join(f"{user},2026-11-01 1{n}:00,{event},1\n" for n, (user, event) in enumerate(rows))
    mapping = EVENTS.replace(hashed=hashed)
    one, other = (cleaned(text.encode(), mapping, large=large) for large in (False, True))
    assert one.rows.to_pylist() == other.rows.to_pylist()
    assert one.set_aside.to_pylist() == other.set_aside.to_pylist()
    assert None not in one.rows["user_id"].to_pylist()


def test_users_are_numbered_as_they_are_kept(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where days that are stored are skipped, users of skipped rows alone get no number."""
    monkeypatch.setattr(load, "COPIED", 0)
    monkeypatch.setattr(load, "HEAD", 2)
    for n, days in enumerate((["01", "02"], ["02", "03"])):
        text = "u,t,e,v\n" + "".join(f"u{n}{day},2026-11-{day} 10:00,view,1\n" for day in days)
        export = read_export(text.encode(), f"{n}.csv", zone="UTC")
        workspace.add(export.mapped(EVENTS.replace(zone="UTC")), overlap="skip")
        export.close()
    assert workspace._rows("SELECT user_id FROM users ORDER BY 1") == [("u001",), ("u002",), ("u103",)]


def test_a_large_parquet_is_cleaned_as_a_small_one() -> None:
    file = io.BytesIO()
    frame = {"u": [1, 2, None], "t": pd.to_datetime(DAYS[:3]), "e": ["a", "b", "c"], "v": [0.1, float("inf"), 2.0]}
    pd.DataFrame(frame).to_parquet(file)
    small, large = (cleaned(file.getvalue(), EVENTS, large=large) for large in (False, True))
    assert large.rows.to_pylist() == small.rows.to_pylist()
    assert [row["reason"] for row in large.set_aside.to_pylist()] == ["not-a-number", "missing"]
    assert large.set_aside.equals(small.set_aside)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.datetimes(dt.datetime(2019, 1, 1), dt.datetime(2027, 1, 1)), min_size=3, max_size=60),
    st.sampled_from(["America/New_York", "Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca"]),
)
@pytest.mark.long
def test_subtracting_an_offset_is_what_the_zone_says(moments: list[dt.datetime], zone: str) -> None:
    """Also at the hours around a change of the clocks, on both sides of it."""
    near = [dt.datetime(2026, 3, 29, 1), dt.datetime(2026, 10, 25, 1), dt.datetime(2026, 11, 1, 0)]
    times = [*moments, *(at + dt.timedelta(minutes=30 * i) for at in near for i in range(6))]
    content = csv([str(at) for at in times])
    small, large = (cleaned(content, EVENTS.replace(zone=zone), large=large) for large in (False, True))
    assert large.rows.column("timestamp").to_pylist() == small.rows.column("timestamp").to_pylist()


def test_values_far_down_a_large_file_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "COPIED", 0)
    monkeypatch.setattr(load, "HEAD", 2)
    export = read_export(csv(DAYS, ["", " ", "", "7", "8", "", "", ""]))
    assert export.samples["v"] == ["7", "8"]
    export.close()


def test_rows_set_aside_stand_on_their_lines_where_several_threads_read(tmp_path: Path) -> None:
    n, bad = 1_200_000, [2, 17, 399_999, 400_000, 812_345, 1_200_000, 1_200_001]
    lines = [f"user-{i:07d},2026-11-11 10:00:00,view,{i:020d}" for i in range(n)]
    for line in bad:
        lines[line - 2] = ",2026-11-11 10:00:00,view,1"
    (tmp_path / "log.csv").write_text("\n".join(["u,t,e,v", *lines]))
    assert (tmp_path / "log.csv").stat().st_size > 2 * 32_000_000  # DuckDB's threads take 32 MB each
    export = read_export(tmp_path / "log.csv").mapped(EVENTS)
    assert export.set_aside()["line"].tolist() == bad
    export.close()


# ---- once ------------------------------------------------------------------------------------------------


def test_rows_are_judged_once_for_a_mapping(workspace: Workspace) -> None:
    export = read_export(csv(DAYS)).mapped(EVENTS)
    laid = "SELECT table_oid FROM duckdb_tables() WHERE table_name LIKE 'judged_%'"
    export.reconcile(workspace)
    first = export.scratch.con.execute(laid).fetchall()
    workspace.add(export)
    assert export.scratch.con.execute(laid).fetchall() == first
    export.mapped(EVENTS.replace(zone="UTC")).reconcile()
    again = export.scratch.con.execute(laid).fetchall()
    assert len(first) == len(again) == 1  # what was judged before is gone
    assert again != first
    export.close()


def test_one_file_can_be_two_tables_of_one_batch(workspace: Workspace) -> None:
    """What is laid for one of them does not disturb the other."""
    content = b"order_id,user_id,timestamp,revenue,currency\no1,a@b.cn,2026-11-01,5,CNY\no2,c@d.cn,2026-11-02,7,CNY\n"
    orders = read_export(content, "o.csv", zone="UTC").as_table("orders")
    given = {"user_id": "user_id", "timestamp": "timestamp", "value": "revenue"}
    bought = ColumnMapping(table="events", columns=given, constants={"event": "purchase"}, zone="UTC")
    batch = workspace.add(orders, orders.mapped(bought.replace(hashed=("user_id",))))
    assert [(file.table, file.rows) for file in batch.files] == [("orders", 2), ("events", 2)]
    tables = workspace.tables()
    assert sorted(tables.arrow("orders").column("revenue").to_pylist()) == [5, 7]
    assert sorted(tables.arrow("events").column("value").to_pylist()) == [5, 7]
    users = [set(tables.arrow(table).column("user_id").to_pylist()) for table in ("orders", "events")]
    assert users[0] == users[1] and len(users[0]) == 2
    orders.close()


WIDE = b"date,tv,radio\n2026-11-01,1.5,2\n2026-11-02,,4\n2026-11-03,x,8\n\n2026-11-04,16,32\n"

MEDIA = ColumnMapping(
    table="spend",
    columns={"period_start": "date"},
    constants={"currency": "EUR"},
    spread={"tv": "tv", "radio": "radio"},
    zone="UTC",
)


def test_columns_become_rows_in_a_large_file_as_in_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for large in (False, True):
        if large:
            monkeypatch.setattr(load, "COPIED", 0)
            monkeypatch.setattr(load, "HEAD", 2)
        export = read_export(WIDE, "m.csv").mapped(MEDIA)
        assert export.scratch.whole is not large
        made = export.clean(b"")
        found.append((export.reconcile(), made.rows.to_pylist(), made.set_aside.to_pylist()))
        export.close()
    assert found[0] == found[1]
    assert dict(found[0][0].sums) == {"spend": 63.5}
    assert [(row["line"], row["reason"]) for row in found[0][2]] == [(4, "not-a-number")]


def test_rows_are_laid_once_where_columns_become_rows(workspace: Workspace) -> None:
    export = read_export(WIDE, "m.csv").mapped(MEDIA)
    laid = "SELECT table_name, table_oid FROM duckdb_tables() WHERE table_name LIKE '%raw_spend%' ORDER BY 1"
    export.reconcile(workspace)
    first = export.scratch.con.execute(laid).fetchall()
    assert [name for name, _ in first] == ["judged_raw_spend_2", "shaped_raw_spend_1_spread"]
    workspace.add(export)
    assert export.scratch.con.execute(laid).fetchall() == first
    export.close()


def test_no_bar_is_printed(workspace: Workspace) -> None:
    export = read_export(csv(DAYS))
    for con in (workspace._link.cursor(), export.scratch.con):
        assert con.execute("SELECT current_setting('enable_progress_bar_print')").fetchall() == [(False,)]
    export.close()


# ---- progress and stopping --------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask and tell all the time, so that a small import is long enough."""
    monkeypatch.setattr(watch, "_ASKED", 0.001)
    monkeypatch.setattr(watch, "_TOLD", 0.0)


@pytest.fixture(scope="module")
def long_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    n, path = 400_000, tmp_path_factory.mktemp("long") / "events.csv"
    at = pd.Timestamp("2026-11-01") + pd.to_timedelta(np.arange(n) * 7919 % 1_000_000, unit="s")
    users = pd.Series(np.arange(n) * 31 % 50_000).map("user{}".format)
    pd.DataFrame({"user_id": users, "timestamp": at, "event": "view"}).to_csv(path, index=False)
    return path


def test_progress_is_told_often_in_the_callers_thread(workspace: Workspace, long_file: Path, impatient: None) -> None:
    seen: list[tuple[int, int, int]] = []

    def tell(done: int, total: int) -> None:
        seen.append((done, total, threading.get_ident()))

    export = read_export(long_file, zone="UTC", progress=tell)
    assert {(total, thread) for _, total, thread in seen} == {(2 * long_file.stat().st_size, threading.get_ident())}
    for rows in (seen.copy(), seen):
        done = [d for d, _, _ in rows]
        assert done == sorted(done)
        assert done[-1] == rows[-1][1]
        assert len(set(done)) >= 5
        seen.clear()
        workspace.batches() or workspace.add(export, progress=tell)
    export.close()


@pytest.mark.parametrize("looks", [0, 1, 5, 20, 60, 120])
@pytest.mark.long
def test_an_import_stops_at_any_moment(workspace: Workspace, long_file: Path, impatient: None, looks: int) -> None:
    export = read_export(long_file, zone="UTC")
    version, asked = workspace.version, iter(range(1_000_000))
    with pytest.raises(WorkspaceError) as raised:
        workspace.add(export, cancel=lambda: next(asked) >= looks)
    assert raised.value.code == "cancelled"
    assert (workspace.version, workspace.tables().count("events"), workspace.batches()) == (version, 0, ())
    assert workspace.add(export).files[0].rows == 400_000
    export.close()


@pytest.mark.parametrize("looks", [0, 1, 5])
def test_reading_stops_at_any_moment(long_file: Path, impatient: None, looks: int) -> None:
    asked = iter(range(1_000_000))
    with pytest.raises(ImportFileError, match="reading it was stopped") as raised:
        read_export(long_file, cancel=lambda: next(asked) >= looks)
    assert raised.value.code == "cancelled"


@pytest.mark.parametrize("packed", [gzip.compress, lambda content: archive({"events.csv": content})])
def test_unpacking_stops_too(long_file: Path, monkeypatch: pytest.MonkeyPatch, packed: Any) -> None:
    stopped = threading.Event()
    monkeypatch.setattr(watch, "_ASKED", 0.001)
    monkeypatch.setattr(plain, "_surveyed", lambda *given: pytest.fail("it was unpacked to the end"))

    def stop() -> bool:
        return stopped.is_set()

    writes = limits.Unpacking.writes

    def first_piece(self: limits.Unpacking, size: int) -> None:
        writes(self, size)
        stopped.set()
        time.sleep(0.05)

    monkeypatch.setattr(limits.Unpacking, "writes", first_piece)
    with pytest.raises(ImportFileError, match="reading it was stopped"):
        read_export(packed(long_file.read_bytes()), "events.csv.gz", cancel=stop)


def test_what_others_write_is_not_stopped_with_an_import(
    workspace: Workspace, long_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it holds the workspace's connection, an import that stops leaves what is written there alone."""
    monkeypatch.setattr(watch, "_ASKED", 0.001)
    export, began, go = read_export(long_file, zone="UTC"), threading.Event(), threading.Event()
    incoming = Export.incoming

    def waits(self: Export, key: bytes) -> Any:
        began.set()
        go.wait(30)
        return incoming(self, key)

    monkeypatch.setattr(Export, "incoming", waits)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(workspace.add, export, cancel=began.is_set)
        assert began.wait(30)
        time.sleep(0.05)
        slow = "SELECT count(*) FROM range(50000000) AS t(n) WHERE n % 7 = 3"
        assert workspace._link.cursor().execute(slow).fetchall() == [(7142857,)]
        go.set()
        with pytest.raises(WorkspaceError, match="was cancelled"):
            running.result(30)
    export.close()


def test_what_a_progress_callback_raises_ends_the_import(
    workspace: Workspace, long_file: Path, impatient: None
) -> None:
    def leave(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    export = read_export(long_file, zone="UTC")
    with pytest.raises(KeyboardInterrupt):
        workspace.add(export, progress=leave)
    assert workspace.batches() == ()
    assert workspace.add(export).files[0].rows == 400_000
    export.close()


# ---- batches that replace ---------------------------------------------------------------------------------


def events(name: str, *rows: tuple[str, str]) -> Export:
    text = "user_id,timestamp,event,channel\n" + "".join(f"{u},2026-11-{day} 10:00,{name},a\n" for u, day in rows)
    return read_export(text.encode(), f"{name}.csv", zone="UTC")


def stored(workspace: Workspace) -> list[str]:
    """Return who did what on which day; the rows must lie sorted by user and time."""
    rows = workspace._link.cursor().execute("SELECT user_key, timestamp, user_id, event, batch FROM events").fetchall()
    assert [row[:2] for row in rows] == sorted(row[:2] for row in rows)
    return sorted(f"{event} {user} {at.day}" for _, at, user, event, _ in rows)


FIRST = (("u1", "01"), ("u2", "02"), ("u3", "03"))


def test_undoing_a_batch_that_replaced_brings_the_rows_back(workspace: Workspace) -> None:
    workspace.add(events("one", *FIRST))
    version = workspace.version
    second = workspace.add(events("two", ("u0", "02"), ("u2", "03")), overlap="replace")
    assert stored(workspace) == ["one u1 1", "two u0 2", "two u2 3"]
    workspace.undo(second.id)
    assert stored(workspace) == ["one u1 1", "one u2 2", "one u3 3"]
    assert workspace.version == version


def test_rows_of_an_undone_batch_do_not_come_back(workspace: Workspace) -> None:
    first = workspace.add(events("one", *FIRST))
    second = workspace.add(events("two", ("u2", "02")), overlap="replace")
    workspace.undo(first.id)
    assert stored(workspace) == ["two u2 2"]
    workspace.undo(second.id)
    assert stored(workspace) == []


def test_days_replaced_twice_come_back_when_both_are_undone(workspace: Workspace) -> None:
    """Whatever the order of the undoing, what is stored is as if the undone batches had never been."""
    for order in ((0, 1), (1, 0)):
        first = workspace.add(events("one", *FIRST))
        later = [
            workspace.add(events("two", ("u1", "01"), ("u5", "02")), overlap="replace"),
            workspace.add(events("three", ("u4", "02"), ("u4", "03")), overlap="replace"),
        ]
        assert stored(workspace) == ["three u4 2", "three u4 3", "two u1 1"]
        workspace.undo(later[order[0]].id)
        alone = {0: ["one u1 1", "three u4 2", "three u4 3"], 1: ["one u3 3", "two u1 1", "two u5 2"]}
        assert stored(workspace) == alone[order[0]]
        workspace.undo(later[order[1]].id)
        assert stored(workspace) == ["one u1 1", "one u2 2", "one u3 3"]
        workspace.undo(first.id)


def test_replaced_rows_of_other_tables_come_back_after_reopening(tmp_path: Path) -> None:
    def costs(name: str, *rows: str) -> Export:
        return read_export("\n".join(["date,channel,cost,currency", *rows, ""]).encode(), name, zone="UTC")

    path = tmp_path / "w.duckdb"
    made = open_workspace(path)
    made.add(costs("a.csv", "2026-11-01,a,1,CNY", "2026-11-02,a,2,CNY", "2026-11-02,b,3,CNY"))
    second = made.add(costs("b.csv", "2026-11-02,a,9,CNY"), overlap="replace")
    made.close()
    again = open_workspace(path)
    assert sorted(again.tables().arrow("spend").column("spend").to_pylist()) == [1, 3, 9]
    again.undo(second.id)
    assert sorted(again.tables().arrow("spend").column("spend").to_pylist()) == [1, 2, 3]
    again.close()


def test_several_files_of_events_in_one_batch_lie_sorted(workspace: Workspace) -> None:
    workspace.add(events("b", ("u2", "02"), ("u1", "05")), events("a", ("u1", "01"), ("u3", "03"), ("u2", "01")))
    assert stored(workspace) == ["a u1 1", "a u2 1", "a u3 3", "b u1 5", "b u2 2"]
    workspace.add(events("c", ("u2", "01"), ("u0", "09")))
    assert len(stored(workspace)) == 7


@pytest.mark.skipif(os.name != "posix", reason="elsewhere nobody can be asked whether a process lives")
def test_what_a_killed_process_left_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    left, others, foreign = (
        tmp_path / f"sluice-import-{name}" for name in (f"{gone.pid}-x", f"{os.getppid()}-x", "abc-x")
    )
    for folder in (left, others, foreign):
        folder.mkdir()
        (folder / "upload").write_text("ann@example.com")
    scratch.sweep.cache_clear()
    read_export(csv(DAYS)).close()
    assert sorted(tmp_path.iterdir()) == sorted([others, foreign])


def test_a_scratch_database_spills_into_its_own_folder() -> None:
    export = read_export(csv(DAYS))
    folder = export.scratch.database.folder
    asked = "SELECT current_setting('temp_directory'), current_setting('memory_limit')"
    assert export.scratch.con.execute(asked).fetchall() == [(str(folder / "spilled"), "953.6 MiB")]
    export.close()
    assert not folder.exists()
