"""A file of an earlier format opens with everything in it, whatever stops it half-way; a newer one is left alone."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from children import begin

from analysis import Campaign, Funnel, Goal, Lifecycle, open_workspace
from analysis.errors import WorkspaceError
from analysis.imports.columns.mapping import ColumnMapping
from analysis.question import Question
from analysis.values import Value
from analysis.vocabulary import TABLES, Column
from analysis.workspace import FileMapping, Segment, Workspace, migrations
from analysis.workspace.migrations import FORMAT

VERSIONS = Path(__file__).parent / "versions"
STAGES = {"user-0": "conversion", "user-1": "interest", "user-4": "conversion", "user-8": "conversion"}


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """Return a workspace file of format 1."""
    path = tmp_path / "w.duckdb"
    path.write_bytes(gzip.decompress((VERSIONS / "1.duckdb.gz").read_bytes()))
    return path


def changed(path: Path, *statements: str) -> None:
    with duckdb.connect(str(path)) as con:
        for statement in statements:
            con.execute(statement)


def left(folder: Path) -> dict[str, str]:
    """Return the files of a folder by name with their digests."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir() if p.is_file()}


def copies(path: Path) -> list[Path]:
    return sorted(p for p in path.parent.iterdir() if ".format-" in p.name)


def assert_whole(here: Workspace) -> None:
    """Assert that everything the file of format 1 held is there."""
    campaign = here.campaign
    assert (here.name, campaign and campaign.name) == ("Autumn at the shop", "Autumn")
    assert [(b.id, [(f.file, f.table, f.rows, f.set_aside) for f in b.files]) for b in here.batches()] == [
        (3, [("bad.csv", "events", 1, 2)]),
        (2, [("spend_later.csv", "spend", 3, 0)]),
        (1, [("events.csv", "events", 21, 0), ("orders.csv", "orders", 3, 0), ("spend.csv", "spend", 12, 0)]),
    ]
    assert here.set_aside(3)["reason"].tolist() == ["not-a-time", "missing"]
    tables = here.tables()
    assert [tables.count(table) for table in TABLES] == [22, 3, 13, 0]
    assert [(k.name, k.value) for k in here.kept(Question)] == [
        ("stages", Lifecycle(at="2026-11-06")),
        ("view to purchase", Funnel(steps=("view", "cart", "purchase"), window="1d")),
    ]
    assert [(k.name, len(k.value.headings), k.value.mapping.table) for k in here.kept(FileMapping)] == [
        ("ad report", 5, "spend"), ("our log", 5, "events"),
    ]  # fmt: skip
    (segment,) = here.kept(Segment)
    assert (segment.name, segment.value.users, segment.value.question) == (
        "before the end", 12, Lifecycle(at="2026-11-06"),
    )  # fmt: skip
    assert all((k.revision, k.current, k.what) == (1, True, "kept") for k in here.kept(Value))
    rows = dict(here._rows('SELECT user_id, any_value("before the end") FROM events GROUP BY ALL'))
    assert {user: rows[user] for user in STAGES} == STAGES
    assert here.kept(Question)[1].value.run(tables).table["users"].tolist() == [12, 6, 3]


# ---- opening ----------------------------------------------------------------------------------------------


def test_a_file_of_format_1_opens_with_everything_in_it(first: Path) -> None:
    for _ in range(2):
        here = open_workspace(first)
        assert_whole(here)
        here.close()
    here = open_workspace(first)
    here.undo(2)
    spend = here._rows("SELECT count(*), sum(spend) FROM spend WHERE channel = 'search'")
    assert (here.tables().count("spend"), spend) == (12, [(6, 210.0)])
    segment = here.kept(Segment)[0]
    here.forget(segment.id)
    assert here.restore(segment.id).value == segment.value
    assert here.kept(Segment)[0].revision == 3
    here.close()


def test_a_copy_of_the_older_file_is_set_aside_once(first: Path) -> None:
    before = first.read_bytes()
    for _ in range(2):
        open_workspace(first).close()
    (copy,) = copies(first)
    assert copy.read_bytes() == before
    assert copy.name.startswith("w.duckdb.format-1.20")
    assert copy.suffix != ".duckdb"  # a folder's workspaces are its files of that name
    again = first.with_name("again.duckdb")
    shutil.copy(copy, again)
    here = open_workspace(again)
    assert_whole(here)
    here.close()


def test_a_copy_that_is_there_is_not_written_over(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("analysis.workspace.kept.now", lambda: dt.datetime(2026, 11, 28))
    first.with_name("w.duckdb.format-1.20261128T000000Z").write_text("mine")
    open_workspace(first).close()
    assert [p.name for p in copies(first)] == [
        "w.duckdb.format-1.20261128T000000Z", "w.duckdb.format-1.20261128T000000Z (2)",
    ]  # fmt: skip
    assert copies(first)[0].read_text() == "mine"


def test_what_a_stopped_program_left_beside_the_file_is_in_the_copy_too(first: Path) -> None:
    code = (
        "import duckdb, os, signal, sys; con = duckdb.connect(sys.argv[1]); "
        "con.execute(\"UPDATE meta SET value = 'renamed' WHERE key = 'name'\"); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(first)], check=False)
    assert first.with_name("w.duckdb.wal").exists()
    here = open_workspace(first)
    assert here.name == "renamed"
    here.close()
    with duckdb.connect(str(copies(first)[0]), read_only=True) as con:
        assert con.execute("SELECT value FROM meta WHERE key = 'name'").fetchall() == [("renamed",)]


def test_no_room_for_the_copy_leaves_the_file_as_it_was(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = left(first.parent)

    def full(_source: Path, partial: Path) -> None:
        partial.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(WorkspaceError, match="earlier format, and no copy of it could be set aside") as refused:
        open_workspace(first)
    assert (refused.value.code, left(first.parent)) == ("no-copy", before)


def test_a_migration_that_fails_leaves_the_file_as_it_was(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("DROP TABLE orders")
        con.execute("SELECT nothing")

    monkeypatch.setattr(migrations, "MIGRATIONS", (*migrations.MIGRATIONS, broken))
    with pytest.raises(WorkspaceError, match="could not be brought to the present format") as refused:
        open_workspace(first)
    assert refused.value.code == "not-migrated"
    monkeypatch.undo()
    here = open_workspace(first)
    assert_whole(here)
    here.close()


def test_a_program_that_writes_meanwhile_is_not_written_over(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = shutil.copyfile

    def meanwhile(source: Any, target: Any) -> None:
        copy(source, target)
        changed(first, "UPDATE meta SET value = 'theirs' WHERE key = 'name'")

    monkeypatch.setattr("shutil.copyfile", meanwhile)
    with pytest.raises(WorkspaceError, match="is open in another program") as refused:
        open_workspace(first)
    assert refused.value.code == "locked"
    monkeypatch.undo()
    here = open_workspace(first)
    assert here.name == "theirs"
    here.close()


# ---- what format 1 could hold -----------------------------------------------------------------------------


def test_files_from_before_mappings_and_segments_open_too(first: Path) -> None:
    changed(
        first,
        "DROP TABLE mappings", "DROP TABLE segments", "DROP TABLE segment_members",
        'ALTER TABLE events DROP COLUMN "before the end"',
        "DELETE FROM meta WHERE key IN ('last mappings', 'last segments')",
    )  # fmt: skip
    here = open_workspace(first)
    assert [k.name for k in here.kept(Value)] == ["stages", "view to purchase"]
    assert here.keep("stage", Segment(question=Lifecycle(at="2026-11-06"))).value.users == 12
    here.close()


def test_what_a_newer_release_saved_is_carried_over_unread(first: Path) -> None:
    newer = '{"kind":"funnel","version":99,"steps":["a"],"other":1}'
    changed(first, f"INSERT INTO saved VALUES (9, 'newer', '{newer}', now())")
    here = open_workspace(first)
    assert "newer" not in [k.name for k in here.kept(Question)]
    assert here._rows("SELECT value->>'version', value->>'other' FROM kept WHERE name = 'newer'") == [("99", "1")]
    here.close()


def test_two_mappings_of_one_name_for_other_headings_are_both_kept(first: Path) -> None:
    mapping = ColumnMapping(table="spend").to_json()
    changed(
        first,
        f"""INSERT INTO mappings VALUES (3, 'our log', '["a", "b"]', '{mapping}', now()::TIMESTAMP)""",
        f"""INSERT INTO mappings VALUES (4, 'our log (2)', '["c"]', '{mapping}', now()::TIMESTAMP)""",
    )
    here = open_workspace(first)
    assert {k.name: k.value.headings[:2] for k in here.kept(FileMapping)} == {
        "our log": ("a", "b"), "our log (2)": ("c",), "our log (3)": ("channel", "event"),
        "ad report": ("channel", "clicks"),
    }  # fmt: skip
    here.close()


@pytest.mark.parametrize("name", ["*", "vip.2026", "50%"])
def test_a_segment_of_any_name_is_still_a_column(first: Path, name: str) -> None:
    changed(
        first,
        f"UPDATE segments SET name = '{name}'",
        f'ALTER TABLE events RENAME COLUMN "before the end" TO "{name}"',
    )
    here = open_workspace(first)
    tables = here.tables()
    assert tables.names(name) == ("conversion", "interest")
    asked = Funnel(steps=("view", "cart"), breakdown=name).run(tables).table
    assert set(asked["breakdown"]) >= {"conversion", "interest"}
    here.forget(here.kept(Segment)[0].id)
    assert name not in here.tables().present("events")
    here.close()


# ---- columns the vocabulary gains -------------------------------------------------------------------------


def gained(monkeypatch: pytest.MonkeyPatch, **more: Column) -> None:
    tables = {table: (*columns, *([more[table]] if table in more else [])) for table, columns in TABLES.items()}
    monkeypatch.setattr(migrations, "TABLES", tables)


def test_a_column_the_vocabulary_gained_is_added_everywhere(first: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_workspace(first).close()
    gained(monkeypatch, spend=Column("reach", "count", "people reached"), orders=Column("region", "text", "where"))
    here = open_workspace(first)
    for table, column in (("spend", "reach"), ("replaced_spend", "reach"), ("orders", "region")):
        assert (column,) in here._rows(f"SELECT column_name FROM (DESCRIBE {table})")
    here.close()
    assert [p.name[:17] for p in copies(first)] == ["w.duckdb.format-1", f"w.duckdb.format-{FORMAT}"]
    here = open_workspace(first)
    assert_whole(here)
    here.undo(2)
    assert here.tables().count("spend") == 12
    here.close()
    assert len(copies(first)) == 2


@pytest.mark.parametrize("at", [1, FORMAT])
def test_a_segment_called_like_a_column_that_came_gets_a_number(
    first: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    if at > 1:
        open_workspace(first).close()
    gained(monkeypatch, events=Column("Before the End".lower(), "number", "how long before the end"))
    here = open_workspace(first)
    (segment,) = here.kept(Segment)
    assert (segment.name, segment.value.users, segment.revision) == ("before the end (2)", 12, 2)
    rows = dict(here._rows('SELECT user_id, any_value("before the end (2)") FROM events GROUP BY ALL'))
    assert {user: rows[user] for user in STAGES} == STAGES
    assert here._rows('SELECT count("before the end"), count(*) FROM events') == [(0, 22)]
    here.close()
    again = open_workspace(first)
    assert again.tables().names(segment.name) == ("conversion", "interest")
    again.close()


def schema(path: Path) -> dict[str, Any]:
    """Return a file's tables with their columns and types, those of segments left out."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = [row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {
            name: {row[:2] for row in con.execute(f"DESCRIBE {name}").fetchall() if row[0] != "before the end"}
            for name in names
            if not name.startswith("replace")
        }


@pytest.mark.parametrize("version", range(1, FORMAT))
def test_a_migrated_file_is_like_a_new_one(tmp_path: Path, version: int) -> None:
    old, new = tmp_path / "old.duckdb", tmp_path / "new.duckdb"
    old.write_bytes(gzip.decompress((VERSIONS / f"{version}.duckdb.gz").read_bytes()))
    for path in (old, new):
        open_workspace(path).close()
    assert schema(old) == schema(new)
    for path in (old, new):
        with duckdb.connect(str(path), read_only=True) as con:
            assert con.execute("SELECT value FROM meta WHERE key = 'format'").fetchall() == [(str(FORMAT),)]


def test_orders_carry_the_segments_of_an_earlier_format(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(gzip.decompress((VERSIONS / "3.duckdb.gz").read_bytes()))
    here = open_workspace(path)
    stood = 'SELECT user_id, any_value("before the end") AS stage FROM events GROUP BY ALL'
    rows = here._rows(f'SELECT order_id, "before the end", stage FROM orders LEFT JOIN ({stood}) USING (user_id)')
    assert len(rows) == 3 and any(row[1] for row in rows)
    assert [row[1] for row in rows] == [row[2] for row in rows]
    here.close()


def test_a_campaigns_targets_of_an_earlier_format_are_goals(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    path.write_bytes(gzip.decompress((VERSIONS / "4.duckdb.gz").read_bytes()))
    here = open_workspace(path)
    goals = {one.name: one.value for one in here.kept(Goal)}
    assert {name: (goal.figure, goal.target) for name, goal in goals.items()} == {
        "roi": ("roi", 3.0), "revenue": ("revenue", 450_000.0), "browse_to_cart": ("cart_rate", 0.12),
    }  # fmt: skip
    assert here.campaign == Campaign(name="Autumn", start="2026-11-01", end="2026-11-07", budget=1000)
    assert here.tables().recorded(Goal) == tuple(goals[name] for name in sorted(goals))
    here.close()


# ---- refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stopped", [False, True], ids=["closed", "with what a stopped program left"])
def test_a_newer_file_is_refused_and_left_untouched(first: Path, stopped: bool) -> None:
    changed(first, f"UPDATE meta SET value = '{FORMAT + 1}' WHERE key = 'format'")
    if stopped:
        code = (
            "import duckdb, os, signal, sys; con = duckdb.connect(sys.argv[1]); "
            "con.execute('CREATE TABLE more (i INT)'); os.kill(os.getpid(), signal.SIGKILL)"
        )
        subprocess.run([sys.executable, "-c", code, str(first)], check=False)
    before = left(first.parent)
    assert ("w.duckdb.wal" in before) == stopped
    with pytest.raises(WorkspaceError, match=r"w\.duckdb was made by a newer version of Sluice\. Update") as refused:
        open_workspace(first)
    assert (refused.value.code, left(first.parent)) == ("newer-format", before)


def test_a_foreign_file_is_left_untouched(tmp_path: Path) -> None:
    path = tmp_path / "w.duckdb"
    changed(path, "CREATE TABLE t (i INT)", "INSERT INTO t VALUES (1)")
    before = left(tmp_path)
    with pytest.raises(WorkspaceError, match="is not a Sluice workspace"):
        open_workspace(path)
    assert left(tmp_path) == before


def test_a_file_open_elsewhere_is_not_migrated(first: Path) -> None:
    code = "import duckdb, sys; con = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(first)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        with pytest.raises(WorkspaceError) as refused:
            open_workspace(first)
        assert (refused.value.code, copies(first)) == ("locked", [])
        other.communicate("")
    here = open_workspace(first)
    assert_whole(here)
    here.close()


# ---- killed -----------------------------------------------------------------------------------------------

KILLS, USERS = 10, 200_000


class Deadly:
    """A connection whose process is killed in place of its n-th statement."""

    def __init__(self, con: duckdb.DuckDBPyConnection, n: int) -> None:
        self._con, self._left = con, n

    def __getattr__(self, name: str) -> Any:
        if name in ("execute", "commit"):
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1
        return getattr(self._con, name)


def opens(say: Callable[[str], None], path: Path) -> None:
    say("begins")
    here = open_workspace(path)
    say("opened")
    time.sleep(60)
    here.close()


def dies(_say: Callable[[str], None], path: Path, n: int) -> None:
    migrate = migrations.migrate
    migrations.migrate = lambda con, steps: migrate(Deadly(con, n), steps)  # type: ignore[arg-type, assignment]
    open_workspace(path).close()


@pytest.fixture
def large(first: Path) -> Path:
    """Return a file of format 1 whose migration has enough to do to be met half-way."""
    many = f"range({USERS}) AS numbers(n)"
    changed(
        first,
        f"INSERT INTO users SELECT 100 + n, 'more-' || n FROM {many}",
        f"INSERT INTO segment_members SELECT 1, 100 + n, ['reach', 'interest'][1 + n % 2] FROM {many}",
    )
    return first


def placed(source: Path, folder: Path) -> Path:
    folder.mkdir()
    return Path(shutil.copy(source, folder / "w.duckdb"))


def killed_after(path: Path, seconds: float | None) -> tuple[float, bool]:
    """Open a file in another process and kill it; return how long it ran, and whether the file was open by then."""
    child = begin(opens, path)
    assert child.hears() == "begins"
    began = time.perf_counter()
    opened = child.ear.poll(seconds)
    took = time.perf_counter() - began
    child.kill()
    return took, opened


@pytest.mark.long
def test_killed_at_ten_moments_of_a_migration_it_opens_with_everything(large: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(20261128)
    took, _ = killed_after(placed(large, tmp_path / "whole"), None)
    half_way = 0
    for n in range(4 * KILLS):
        if n >= KILLS and half_way >= 3:  # a busy machine is slower or quicker than when it was asked
            break
        path = placed(large, tmp_path / str(n))
        _, opened = killed_after(path, (n % KILLS + rng.random()) / KILLS * took)
        half_way += not opened and len(copies(path)) == 1
        here = open_workspace(path)
        assert here._rows("SELECT count(*) FROM members") == [(12 + USERS,)]
        assert_whole(here)
        here.close()
        for copy in copies(path):
            with duckdb.connect(str(shutil.copy(copy, path.with_name("copy.duckdb"))), read_only=True) as con:
                assert con.execute("SELECT count(*) FROM segment_members").fetchall() == [(12 + USERS,)]
    assert half_way >= 3, "too few migrations were hit after the copy was set aside"


def test_killed_between_any_two_statements_nothing_has_changed(first: Path, tmp_path: Path) -> None:
    """Every seventh statement of a migration is the last one of a run in turn, up to its commit."""
    for n in range(0, 400, 7):
        path = placed(first, tmp_path / str(n))
        child = begin(dies, path, n)
        child.ends()
        if child.process.exitcode == 0:
            assert n > 20
            break
        assert child.process.exitcode == -signal.SIGKILL
        with duckdb.connect(str(path), read_only=True) as con:
            assert con.execute("SELECT value FROM meta WHERE key = 'format'").fetchall() == [("1",)]
        here = open_workspace(path)
        assert_whole(here)
        here.close()
    else:
        pytest.fail("the migration never ended")
