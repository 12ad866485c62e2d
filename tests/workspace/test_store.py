"""The workspace: batches land whole or not at all and can be undone; the file keeps all and lets nothing out."""

from __future__ import annotations

import datetime as dt
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from analysis.errors import DataError, ImportFileError, WorkspaceError
from analysis.journey.funnel.question import Funnel
from analysis.question import Question
from analysis.store import duck
from analysis.tables import Tables, collect
from analysis.values import Campaign, Filter, Value
from analysis.workspace import Export, Workspace, open_workspace, read_export
from analysis.workspace.contents import Contents
from analysis.workspace.keys import hash_key

ROOT = Path(__file__).resolve().parents[2]
CAMPAIGN = Campaign(name="Double 11", start="2026-11-01", end="2026-11-15")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = open_workspace(tmp_path / "data" / "w.duckdb")
    yield made
    made.close()


def events(*rows: tuple[str, str, str], name: str = "events.csv") -> Export:
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    return read_export(frame.to_csv(index=False).encode(), name, zone="UTC")


def stored(workspace: Workspace) -> list[tuple[Any, ...]]:
    """Return the events as they lie."""
    return workspace._link.cursor().execute("SELECT user_id, timestamp::VARCHAR, event, batch FROM events").fetchall()


A = events(("u2", "2026-11-11 10:00", "view"), ("u1", "2026-11-11 12:00", "cart"), name="a.csv")
B = events(
    ("u1", "2026-11-11 09:00", "view"),
    ("u3", "2026-11-11 08:00", "view"),
    ("u2", "2026-11-11 11:00", "gift"),
    name="b.csv",
)


# ---- batches ----------------------------------------------------------------------------------------------


def test_a_batch_is_recorded(workspace: Workspace) -> None:
    before = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    aside = events(("u1", "nope", "view"), ("u1", "2026-11-11", "view"), name="c.csv")
    batch = workspace.add(A, aside)
    assert [(f.file, f.table, f.rows, f.set_aside) for f in batch.files] == [
        ("a.csv", "events", 2, 0), ("c.csv", "events", 1, 1),
    ]  # fmt: skip
    assert before <= batch.imported_at <= before + dt.timedelta(minutes=1)
    assert workspace.batches() == (batch,)
    assert workspace.set_aside(batch.id).to_dict("records") == [
        {"file": "c.csv", "line": 2, "reason": "not-a-time", "column": "timestamp", "text": "u1 | nope | view"}
    ]
    assert workspace.tables().count("events") == 3


def test_a_second_batch_keeps_events_sorted_by_user_and_time(workspace: Workspace) -> None:
    workspace.add(A)
    workspace.add(B)
    lie = workspace._link.cursor().execute("SELECT user_key, timestamp FROM events").fetchall()
    assert lie == sorted(lie)
    assert len({(key, user) for key, (user, *_) in zip([k for k, _ in lie], stored(workspace), strict=True)}) == 3
    assert sorted(stored(workspace)) == sorted(
        [
            ("u2", "2026-11-11 10:00:00", "view", 1),
            ("u1", "2026-11-11 12:00:00", "cart", 1),
            ("u1", "2026-11-11 09:00:00", "view", 2),
            ("u3", "2026-11-11 08:00:00", "view", 2),
            ("u2", "2026-11-11 11:00:00", "gift", 2),
        ]
    )


def test_order_of_import_makes_no_difference(tmp_path: Path) -> None:
    asked = Funnel(steps=("view", "cart"), window="5h")
    answers = []
    for i, batches in enumerate([[(A, B)], [(A,), (B,)], [(B,), (A,)]]):
        made = open_workspace(tmp_path / f"{i}.duckdb")
        for files in batches:
            made.add(*files)
        answers.append(asked.run(made.tables()).table)
        made.close()
    for other in answers[1:]:
        pd.testing.assert_frame_equal(answers[0], other)
    assert answers[0]["users"].tolist() == [3, 1]


def test_all_files_of_a_batch_or_none(workspace: Workspace) -> None:
    workspace.add(A)
    version, before = workspace.version, stored(workspace)
    wrong = B.mapped(B.mapping.replace(columns={**dict(B.mapping.columns), "user_id": "nobody"}))
    with pytest.raises(ImportFileError):
        workspace.add(events(("u9", "2026-11-11", "view"), name="new.csv"), wrong)
    assert (workspace.version, stored(workspace), len(workspace.batches())) == (version, before, 1)


def test_a_failure_while_storing_leaves_the_workspace_as_it_was(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.add(A)
    version, before = workspace.version, stored(workspace)
    record, calls = Workspace._record, []

    def broken(self: Workspace, *args: Any) -> None:
        record(self, *args)
        calls.append(args)
        if len(calls) == 2:
            raise OSError("disk full")

    monkeypatch.setattr(Workspace, "_record", broken)
    with pytest.raises(OSError, match="disk full"):
        workspace.add(B, events(("u9", "2026-11-11", "new"), name="new.csv"))
    monkeypatch.undo()
    assert (workspace.version, stored(workspace), len(workspace.batches())) == (version, before, 1)
    assert set(workspace.tables().event_keys) == {"view", "cart"}
    assert workspace.add(B).id > 1
    assert set(workspace.tables().event_keys) == {"view", "cart", "gift"}


def test_undo_takes_a_batch_out_again(workspace: Workspace) -> None:
    first = workspace.add(A)
    version, before = workspace.version, stored(workspace)
    second = workspace.add(B, events(("u1", "nope", "view"), ("u1", "2026-11-13", "view"), name="c.csv"))
    assert workspace.version != version
    workspace.undo(second.id)
    assert (workspace.version, stored(workspace), workspace.batches()) == (version, before, (first,))
    assert workspace.set_aside(second.id).empty
    assert workspace.tables().span("events") == (dt.datetime(2026, 11, 11, 10), dt.datetime(2026, 11, 11, 12))
    assert set(workspace.tables().event_keys) == {"view", "cart"}
    with pytest.raises(WorkspaceError) as raised:
        workspace.undo(second.id)
    assert raised.value.code == "no-batch"
    third = workspace.add(B)
    assert third.id > second.id


def test_undo_of_the_first_of_two_batches(workspace: Workspace) -> None:
    first = workspace.add(A)
    workspace.add(B)
    workspace.undo(first.id)
    alone = Tables(events=pd.DataFrame({"user_id": ["u1", "u3", "u2"], "timestamp": pd.to_datetime(
        ["2026-11-11 09:00", "2026-11-11 08:00", "2026-11-11 11:00"]), "event": ["view", "view", "gift"]}))  # fmt: skip
    asked = Funnel(steps=("view", "gift"), window="5h")
    pd.testing.assert_frame_equal(asked.run(workspace.tables()).table, asked.run(alone).table)
    assert workspace.tables().names("event") == ("gift", "view")


def test_the_same_file_twice_is_recognised(workspace: Workspace) -> None:
    first = workspace.add(A)
    version = workspace.version
    same = read_export(
        pd.DataFrame(
            {"user_id": ["u2", "u1"], "timestamp": ["2026-11-11 10:00", "2026-11-11 12:00"], "event": ["view", "cart"]}
        )
        .to_csv(index=False)
        .encode(),
        "another name.csv",
    )
    with pytest.raises(
        WorkspaceError, match=r"another name\.csv was imported before, in batch 1\. Undo that batch first"
    ) as raised:
        workspace.add(same)
    assert (raised.value.code, workspace.version) == ("same-file", version)
    workspace.undo(first.id)
    workspace.add(same)


def test_the_same_file_twice_in_one_batch_is_recognised(workspace: Workspace) -> None:
    twice = [events(("u1", "2026-11-11", "view"), name=name) for name in ("one.csv", "two.csv")]
    with pytest.raises(WorkspaceError) as raised:
        workspace.add(*twice)
    assert raised.value.code == "same-file"
    assert workspace.batches() == ()


def test_nothing_usable_says_why(workspace: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="No row could be used: most have not a time in timestamp") as raised:
        workspace.add(events(("u1", "nope", "view"), ("u2", "never", "view"), ("", "2026-11-11", "view")))
    assert raised.value.code == "nothing-usable"
    assert workspace.batches() == ()


def test_a_batch_may_hold_every_table(workspace: Workspace) -> None:
    orders = read_export(b"order_id,timestamp,revenue,currency\no1,2026-11-11,5,CNY\n", "o.csv", zone="UTC")
    spend = read_export(b"date,channel,spend,currency\n2026-11-11,search,7,CNY\n", "s.csv", zone="UTC")
    workspace.add(A, orders, spend)
    tables = workspace.tables()
    assert [tables.count(t) for t in ("events", "orders", "spend")] == [2, 1, 1]
    table = Contents().run(tables).table
    assert table[["measure", "count", "amount"]].fillna(-1).values.tolist() == [
        ["events", 2, -1], ["users with events", 2, -1], ["orders created", 1, 5.0], ["ad spend", 1, 7.0],
    ]  # fmt: skip


# ---- versions ---------------------------------------------------------------------------------------------


def test_the_version_is_that_of_the_data(workspace: Workspace, tmp_path: Path) -> None:
    seen = [workspace.version]
    batch = workspace.add(A)
    seen.append(workspace.version)
    workspace.campaign = CAMPAIGN
    seen.append(workspace.version)
    workspace.campaign = CAMPAIGN.replace(zone="UTC")
    seen.append(workspace.version)
    assert len(set(seen)) == 4
    assert workspace.tables().version == workspace.version
    workspace.keep("x", Contents())
    workspace.name = "other"
    assert workspace.version == seen[-1]
    workspace.campaign = CAMPAIGN
    assert workspace.version == seen[2]
    workspace.undo(batch.id)
    remapped = A.mapped(A.mapping.replace(columns=dict(A.mapping.columns) | {"item": "event"}))
    workspace.add(remapped)
    assert workspace.version not in seen


def test_tables_see_what_changed(workspace: Workspace) -> None:
    workspace.add(A)
    old = workspace.tables()
    assert (old.count("events"), old.present("events")) == (2, ("user_id", "timestamp", "event"))
    batch = workspace.add(B)
    assert workspace.tables().count("events") == 5
    assert workspace.tables().names("event") == ("cart", "gift", "view")
    workspace.undo(batch.id)
    assert workspace.tables().count("events") == 2


# ---- identifiers ------------------------------------------------------------------------------------------


def personal(name: str, *users: str) -> Export:
    return events(*((user, f"2026-11-11 10:{i:02d}", "view") for i, user in enumerate(users)), name=name)


def test_personal_ids_are_hashed_alike_in_every_import(tmp_path: Path) -> None:
    made = open_workspace(tmp_path / "w.duckdb")
    made.add(personal("a.csv", "ann@example.com", "bob@example.com"))
    made.add(personal("b.csv", "ANN@example.com", "cat@example.com", "x"))
    users = made.tables().names("user_id")
    made.close()
    assert len(users) == 4
    assert all(len(user) == 16 and set(user) <= set("0123456789abcdef") for user in users)
    assert b"example.com" not in (tmp_path / "w.duckdb").read_bytes()


def test_the_key_lives_outside_the_workspace(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "elsewhere" / "key"
    monkeypatch.setenv("SLUICE_KEY_FILE", str(path))
    workspace.add(personal("a.csv", "ann@example.com"))
    assert len(path.read_bytes()) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    first = workspace.tables().names("user_id")
    other = open_workspace(tmp_path / "other.duckdb")
    other.add(personal("a.csv", "ann@example.com"))
    assert other.tables().names("user_id") == first
    path.unlink()
    third = open_workspace(tmp_path / "third.duckdb")
    third.add(personal("a.csv", "ann@example.com"))
    assert third.tables().names("user_id") != first
    for made in (other, third):
        made.close()


def test_thirty_first_imports_make_one_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for k in range(40):
        path = tmp_path / str(k) / "key"
        monkeypatch.setenv("SLUICE_KEY_FILE", str(path))
        ready = threading.Barrier(30)

        def first(ready: threading.Barrier = ready) -> bytes:
            ready.wait()
            return hash_key()

        with ThreadPoolExecutor(30) as pool:
            keys = {future.result() for future in [pool.submit(first) for _ in range(30)]}
        assert keys == {path.read_bytes()}
        assert [p.name for p in path.parent.iterdir()] == ["key"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_first_imports_at_once_hash_an_address_alike(tmp_path: Path) -> None:
    ready = threading.Barrier(8)
    users = [f"p{i}@example.test" for i in range(60)]

    def first(i: int) -> tuple[str, ...]:
        here, file = open_workspace(tmp_path / f"{i}.duckdb"), personal("users.csv", *users)
        ready.wait()
        here.add(file)
        hashed = here.tables().names("user_id")
        here.close()
        return hashed

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(first, range(8)))
    assert len(found) == 1 and len(found.pop()) == 60


def test_the_key_is_in_the_home_folder_unless_told_otherwise(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SLUICE_KEY_FILE")
    monkeypatch.setenv("HOME", str(tmp_path))
    workspace.add(personal("a.csv", "ann@example.com"))
    assert len((tmp_path / ".config" / "sluice" / "key").read_bytes()) == 32


def test_an_empty_key_file_is_not_a_key(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    monkeypatch.setenv("SLUICE_KEY_FILE", str(path))
    with pytest.raises(WorkspaceError):
        workspace.add(personal("a.csv", "ann@example.com"))


# ---- saved questions and the campaign ---------------------------------------------------------------------


def test_questions_are_kept_by_name(workspace: Workspace) -> None:
    asked = Funnel(steps=("view", "cart"), where=Filter(channel="x"))
    first = workspace.keep("mine", asked)
    other = workspace.keep('it\'s "other" 漏斗', Contents())
    assert (first.value, first.name, first.revision, first.current) == (asked, "mine", 1, True)
    assert workspace.kept(Question) == (other, first)
    assert workspace.kept(Funnel) == (first,)
    again = workspace.keep("mine", asked.replace(window="1h"))
    assert [s.name for s in workspace.kept(Question)] == ["mine", 'it\'s "other" 漏斗']
    assert (again.id, again.revision) == (first.id, 2)
    workspace.forget(again.id)
    workspace.forget(12345)
    assert workspace.kept(Question) == (other,)


def test_a_question_saved_by_a_newer_version_does_not_hide_the_others(workspace: Workspace) -> None:
    workspace.keep("good", Contents())
    kept = workspace.keep("newer", Contents())
    change = "UPDATE kept SET value = replace(value, '\"version\":{}', '\"version\":{}') WHERE name = 'newer'"
    with workspace._transaction() as con:
        con.execute(change.format(1, 99))
    assert [s.name for s in workspace.kept(Question)] == ["good"]
    assert workspace.history(kept.id) == ()
    with workspace._transaction() as con:
        con.execute(change.format(99, 1))
    assert kept in workspace.kept(Question)


def test_campaign_and_name_are_kept(workspace: Workspace) -> None:
    assert (workspace.campaign, workspace.name, workspace.tables().zone) == (None, "w", "UTC")
    workspace.campaign, workspace.name = CAMPAIGN, "双十一"
    assert (workspace.campaign, workspace.name, workspace.tables().zone) == (CAMPAIGN, "双十一", "Asia/Shanghai")


# ---- the file ---------------------------------------------------------------------------------------------


def test_everything_is_there_after_reopening(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    made = open_workspace(path)
    batch = made.add(A, events(("u1", "nope", "view"), ("u1", "2026-11-13", "view"), name="c.csv"))
    made.campaign, made.name = CAMPAIGN, "mine"
    kept = made.keep("q", Contents())
    whole = (made.version, stored(made), made.batches(), made.kept(Value), made.campaign, made.name)
    aside = made.set_aside(batch.id)
    made.close()
    again = open_workspace(path)
    assert (again.version, stored(again), again.batches(), again.kept(Value), again.campaign, again.name) == whole
    pd.testing.assert_frame_equal(again.set_aside(batch.id), aside)
    assert again.kept(Question) == (kept,)
    assert again.add(B).id == batch.id + 1
    again.close()


def test_a_workspace_open_elsewhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    open_workspace(path).close()
    code = f"import duckdb, sys; con = duckdb.connect({str(path)!r}); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        with pytest.raises(WorkspaceError, match=r"w\.duckdb is open in another program\. Close it there") as raised:
            open_workspace(path)
        assert raised.value.code == "locked"
        other.communicate("")
    open_workspace(path).close()


@pytest.mark.parametrize(
    "content",
    [b"hello", os.urandom(20_000), b"SQLite format 3\x00" + b"\0" * 5000],
    ids=["text", "noise", "sqlite"],
)
def test_what_is_not_a_workspace_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match=r"w\.duckdb is not a Sluice workspace") as raised:
        open_workspace(path)
    assert raised.value.code == "not-a-workspace"
    assert path.read_bytes() == content


def test_a_file_whose_disk_lost_it_is_called_damaged_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"")
    with pytest.raises(WorkspaceError, match=r"w\.duckdb is damaged") as raised:
        open_workspace(path)
    assert raised.value.code == "damaged"
    assert path.read_bytes() == b""


def test_another_duckdb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    for sql in (
        "CREATE TABLE t (i INT)",
        "CREATE TABLE meta (i INT)",
        "CREATE OR REPLACE TABLE meta (key VARCHAR, value VARCHAR)",
    ):
        with duckdb.connect(str(path)) as con:
            con.execute(sql)
        with pytest.raises(WorkspaceError) as raised:
            open_workspace(path)
        assert raised.value.code == "not-a-workspace"


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    made = open_workspace(tmp_path / "w.duckdb")
    made._link.cursor().execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    made.close()
    with pytest.raises(WorkspaceError, match="made by a newer version") as raised:
        open_workspace(tmp_path / "w.duckdb")
    assert raised.value.code == "newer-format"


def test_a_folder_is_not_a_workspace(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError):
        open_workspace(tmp_path)


# ---- threads and safety -----------------------------------------------------------------------------------


def test_many_threads_ask_at_once(workspace: Workspace) -> None:
    rows = [
        (f"u{i:04d}", f"2026-11-11 {h:02d}:00", e) for i in range(500) for h, e in ((8, "view"), (9 + i % 3, "cart"))
    ]
    workspace.add(events(*rows))
    asked = [Funnel(steps=("view", "cart"), window=f"{h}h") for h in (1, 2, 3)]
    users = [167, 334, 500]  # those whose second event is 1, 2 or 3 hours later

    def run(i: int) -> int:
        return int(asked[i % 3].run(workspace.tables()).table["users"].iloc[-1])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(run, range(60))) == [users[i % 3] for i in range(60)]


def test_reading_goes_on_while_a_batch_lands(workspace: Workspace) -> None:
    workspace.add(A)
    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(lambda: Contents().run(workspace.tables()).table["count"].iloc[0]) for _ in range(15)]
        write = pool.submit(workspace.add, B)
        reads += [pool.submit(lambda: Contents().run(workspace.tables()).table["count"].iloc[0]) for _ in range(15)]
        assert write.result().id == 2
        assert {int(r.result()) for r in reads} <= {2, 5}
    assert workspace.tables().count("events") == 5


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_csv('{file}')",
        "FROM '{file}'",
        "FROM read_text('{file}')",
        "FROM glob('{folder}/*')",
        "FROM SECRET",
        "COPY (SELECT 1) TO '{folder}/out.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access=true",
        "SET python_enable_replacements=true",
        "EXPORT DATABASE '{folder}/x'",
    ],
)
@pytest.mark.parametrize("where", ["memory", "workspace"])
def test_sql_reaches_no_files_and_no_variables(workspace: Workspace, tmp_path: Path, sql: str, where: str) -> None:
    (tmp_path / "s.csv").write_text("a,b\n1,2\n")
    SECRET = pd.DataFrame({"password": ["hunter2"]})  # what a replacement scan would find
    assert len(SECRET) == 1
    con = duck.connect() if where == "memory" else workspace._link.cursor()
    with pytest.raises(duckdb.Error):
        con.sql(sql.format(file=tmp_path / "s.csv", folder=tmp_path))
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "keys") == ["data", "s.csv"]


def test_nasty_texts_live_in_a_workspace_as_texts(workspace: Workspace) -> None:
    nasty = 'a";DROP TABLE events;--'
    frame = pd.DataFrame(
        {"user_id": [nasty, "'; DROP TABLE users; --"], "timestamp": "2026-11-11", "event": ["v'iew", nasty]}
    )
    workspace.add(read_export(frame.to_csv(index=False).encode(), nasty, zone="UTC"))
    tables = workspace.tables()
    assert set(tables.event_keys) == {"v'iew", nasty}
    assert workspace.batches()[0].files[0].file == nasty
    answer = Funnel(steps=("v'iew", nasty)).run(tables)
    assert answer.table["users"].tolist() == [1, 0]
    with pytest.raises(DataError):
        Funnel(steps=("v'iew", nasty), breakdown=nasty).run(tables)
    with pytest.raises(DataError):
        Funnel(steps=("v'iew", nasty), breakdown="user_key").run(tables)


def test_extra_columns_of_a_frame_may_have_any_name() -> None:
    nasty = 'a";DROP TABLE events;--'
    frame = pd.DataFrame(
        {"user_id": ["u"] * 2, "timestamp": pd.to_datetime(["2026-11-11"] * 2), "event": ["a", "b"], nasty: ["x", "y"]}
    )
    tables = Tables(events=frame)
    assert tables.names(nasty) == ("x", "y")
    assert set(Funnel(steps=("a", "b"), breakdown=nasty).run(tables).table["breakdown"]) == {"(total)", "x"}
    assert tables.arrow("events").column_names == ["user_id", "timestamp", "event", nasty]


# ---- days and periods -------------------------------------------------------------------------------------


def _spent(name: str, *rows: tuple[str, float], heading: str = "date") -> Export:
    text = f"{heading},channel,cost,currency\n" + "".join(f"{day},tv,{cost},CNY\n" for day, cost in rows)
    return read_export(text.encode(), name, zone="UTC")


def _stored_spend(workspace: Workspace) -> float:
    return float(collect(workspace.tables().frame("spend"))["spend"].sum())


def test_a_month_replaces_its_days_and_days_their_month(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    here.add(_spent("days.csv", ("2026-08-01", 10), ("2026-08-02", 11)))
    month = _spent("month.csv", ("2026-08", 300), heading="month")
    assert [o.rows for o in month.reconcile(here).overlaps] == [2]
    batch = here.add(month, overlap="replace")
    assert _stored_spend(here) == 300
    later = _spent("more.csv", ("2026-08-05", 12), ("2026-09-02", 13))
    assert [o.rows for o in later.reconcile(here).overlaps] == [1]
    second = here.add(later, overlap="replace")
    assert _stored_spend(here) == 25
    here.undo(second.id)
    assert _stored_spend(here) == 300
    here.undo(batch.id)
    assert _stored_spend(here) == 21
    here.close()


def test_only_the_days_a_file_has_are_replaced(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    here.add(_spent("a.csv", ("2026-08-01", 1), ("2026-08-15", 20), ("2026-08-31", 3)))
    here.add(_spent("b.csv", ("2026-08-01", 100), ("2026-08-31", 300)), overlap="replace")
    assert _stored_spend(here) == 420
    here.close()


@pytest.mark.parametrize(("overlap", "spend"), [("keep", 44.0), ("skip", 32.0), ("replace", 33.0)])
def test_files_of_one_import_that_have_the_same_days(tmp_path: Path, overlap: str, spend: float) -> None:
    here = open_workspace(tmp_path / "w.duckdb")
    first = _spent("a.csv", ("2026-08-01", 10), ("2026-08-02", 11))
    second = _spent("b.csv", ("2026-08-02", 12), ("2026-08-03", 11))
    assert (second.shares(first), first.shares(second), first.shares(_spent("c.csv", ("2026-09-01", 1)))) == (1, 1, 0)
    here.add(first, second, overlap=overlap)
    assert _stored_spend(here) == spend
    here.close()


@pytest.mark.long
def test_what_is_remembered_is_what_is_stored(tmp_path: Path) -> None:
    """Readers ask without a pause while names, questions and the campaign change; nobody sees a mixture."""
    here = open_workspace(tmp_path / "w.duckdb")
    here.add(A)
    seen: set[tuple[str, str]] = set()
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            tables = here.tables()
            seen.add((tables.version, tables.campaign.name if tables.campaign else ""))

    with ThreadPoolExecutor(3) as pool:
        readers = [pool.submit(read) for _ in range(3)]
        for n in range(30):
            here.campaign = Campaign(name=f"{n}", start="2026-11-01", end="2026-11-11")
            assert here.campaign.name == here.tables().campaign.name == f"{n}"
            kept = here.keep("mine", Funnel(steps=("view", "cart"), window=f"{n + 1}h"))
            assert here.kept(Question) == (kept,)
        stop.set()
        for reader in readers:
            reader.result()
    assert len({version for version, _ in seen}) == len({name for _, name in seen}) == len(seen)
    here.close()
