"""A copy of an open workspace is whole; a snapshot opens while another program has the file, and stays as it was."""

from __future__ import annotations

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from analysis import Contents, Funnel, Lifecycle
from analysis.errors import WorkspaceError
from analysis.sharing import downloads
from analysis.values import Campaign, Value
from analysis.workspace import Export, Segment, Workspace, copies, open_workspace, read_export

ROOT = Path(__file__).resolve().parents[2]
ASKED = Funnel(steps=("view", "cart"), window="5h", breakdown="stage")


def events(n: int, name: str = "events.csv") -> Export:
    rows = [(f"u{i % 97}", f"2026-11-{1 + i % 20:02d} 10:00:{i % 60:02d}", ("view", "cart")[i % 2]) for i in range(n)]
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    return read_export(frame.to_csv(index=False).encode(), name, zone="UTC")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    """Return a workspace with something in every one of its tables."""
    here = open_workspace(tmp_path / "w.duckdb")
    spend = b"date,channel,spend,currency\n2026-11-11,search,7,CNY\nsoon,search,1,CNY\n"
    here.add(events(500), read_export(spend, "s.csv", zone="UTC"))
    here.add(events(40, "again.csv"), overlap="replace")
    here.campaign = Campaign(name="Double 11", start="2026-11-01", end="2026-11-20")
    here.name = "mine"
    here.keep("stage", Segment(question=Lifecycle(at="2026-11-15")))
    here.keep("all", Contents())
    yield here
    here.close()


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table of a closed file, in order."""
    with duckdb.connect(str(path), read_only=True) as con:
        names = [row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: con.execute(f'FROM "{name}"').fetchall() for name in names}


def test_a_copy_holds_every_row_of_every_table_in_order(workspace: Workspace, tmp_path: Path) -> None:
    copy = workspace.copy(tmp_path / "far" / "copy.duckdb")
    assert sorted(p.name for p in copy.parent.iterdir()) == ["copy.duckdb"]
    workspace.close()
    held = tables(workspace.path)
    assert tables(copy) == held
    assert {"replaced_events", "members", "quarantine", "kept"} <= {name for name, rows in held.items() if rows}


def test_a_copy_answers_the_same_and_goes_its_own_way(workspace: Workspace, tmp_path: Path) -> None:
    copy = open_workspace(workspace.copy(tmp_path / "copy.duckdb"))
    assert (copy.version, copy.name, copy.kept(Value)) == (workspace.version, "mine", workspace.kept(Value))
    pd.testing.assert_frame_equal(ASKED.run(copy.tables()).table, ASKED.run(workspace.tables()).table)
    copy.undo(2)
    copy.keep("all", Contents())
    assert [b.id for b in workspace.batches()] == [2, 1]
    assert copy.add(events(9, "new.csv")).id == 3
    copy.close()


def test_a_copy_is_of_one_moment_while_others_write(workspace: Workspace, tmp_path: Path) -> None:
    """Each round changes two tables in one transaction; a copy that mixed two moments would hold unequal counts."""
    stop = threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            n += 1
            with workspace._transaction() as con:
                con.execute("INSERT OR REPLACE INTO meta VALUES ('round', ?)", [str(n)])
                con.execute("UPDATE batch_files SET rows = ?", [n])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        rounds = []
        for i in range(8):
            held = tables(workspace.copy(tmp_path / f"{i}.duckdb"))
            number = int(dict(held["meta"])["round"]) if "round" in dict(held["meta"]) else None
            assert number is None or {row[5] for row in held["batch_files"]} == {number}
            rounds.append(number)
    finally:
        stop.set()
        writer.join()
    assert len(set(rounds)) > 1


def test_a_copy_writes_over_nothing(workspace: Workspace, tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    other.write_bytes(b"mine")
    with pytest.raises(WorkspaceError, match=r"There is a file other\.duckdb already") as raised:
        workspace.copy(other)
    assert (raised.value.code, other.read_bytes()) == ("file-exists", b"mine")


def test_a_copy_as_a_file_opens_again(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "loaded.duckdb").write_bytes(downloads.workspace(workspace))
    again = open_workspace(tmp_path / "loaded.duckdb")
    assert (again.version, again.name) == (workspace.version, "mine")
    again.close()


# ---- snapshots --------------------------------------------------------------------------------------------

HOLDS = """
import sys
from pathlib import Path
from analysis import Contents, open_workspace
here = open_workspace(sys.argv[1])
here.keep("written by another", Contents())
print("open", flush=True)
for line in sys.stdin:
    here.keep(line.strip(), Contents())
    print("kept", flush=True)
"""


@pytest.fixture
def held(workspace: Workspace) -> Iterator[subprocess.Popen[str]]:
    """Let another process have the workspace open; it keeps a question under each name it is told."""
    workspace.close()
    command = [sys.executable, "-c", HOLDS, str(workspace.path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        yield other
        other.communicate("")


@pytest.mark.long
def test_a_snapshot_opens_while_another_process_writes_and_stays_as_it_was(
    workspace: Workspace, held: subprocess.Popen[str]
) -> None:
    assert held.stdin is not None and held.stdout is not None
    with pytest.raises(WorkspaceError) as raised:
        open_workspace(workspace.path)
    assert raised.value.code == "locked"
    before = open_workspace(workspace.path, read_only=True)
    held.stdin.write("later\n")
    held.stdin.flush()
    assert held.stdout.readline() == "kept\n"
    after = open_workspace(workspace.path, read_only=True)
    names = [[kept.name for kept in each.kept(Contents)] for each in (before, after)]
    assert names == [["written by another", "all"], ["later", "written by another", "all"]]
    assert ASKED.run(before.tables()).table["users"].sum() > 0
    for each in (before, after):
        each.close()


def test_nothing_in_a_snapshot_can_be_changed_and_that_is_said(workspace: Workspace) -> None:
    snapshot = open_workspace(workspace.path, read_only=True)  # here it is open in this very process
    changes = (
        lambda: snapshot.add(events(3, "new.csv")),
        lambda: snapshot.undo(1),
        lambda: snapshot.keep("x", Contents()),
        lambda: snapshot.forget(1),
        lambda: setattr(snapshot, "name", "other"),
        lambda: setattr(snapshot, "campaign", workspace.campaign),
    )
    for change in changes:
        with pytest.raises(WorkspaceError, match="mine is a snapshot to read") as raised:
            change()
        assert raised.value.code == "read-only"
    assert (snapshot.version, snapshot.read_only, workspace.read_only) == (workspace.version, True, False)
    snapshot.close()


def test_a_snapshot_leaves_nothing_behind_and_the_file_as_it_is(workspace: Workspace, tmp_path: Path) -> None:
    workspace.close()
    content, beside = workspace.path.read_bytes(), sorted(p.name for p in tmp_path.iterdir())
    snapshot = open_workspace(workspace.path, read_only=True)
    writable = open_workspace(workspace.path)  # it is in nobody's way
    writable.close()
    snapshot.close()
    assert (workspace.path.read_bytes(), sorted(p.name for p in tmp_path.iterdir())) == (content, beside)


def test_a_snapshot_of_an_earlier_format_opens_and_the_file_stays_of_that_format(tmp_path: Path) -> None:
    path, packed = tmp_path / "old.duckdb", Path(__file__).parent / "versions" / "1.duckdb.gz"
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    content = path.read_bytes()
    snapshot = open_workspace(path, read_only=True)
    assert snapshot.kept(Value)
    snapshot.close()
    assert (path.read_bytes(), [p.name for p in tmp_path.iterdir()]) == (content, ["old.duckdb"])


@pytest.mark.parametrize(("content", "code"), [(None, "no-workspace"), (b"hello", "not-a-workspace")])
def test_what_is_no_workspace_has_no_snapshot(tmp_path: Path, content: bytes | None, code: str) -> None:
    path = tmp_path / "w.duckdb"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(WorkspaceError) as raised:
        open_workspace(path, read_only=True)
    assert (raised.value.code, path.exists()) == (code, content is not None)


def test_a_file_that_never_lies_still_is_said(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "_PATIENCE", 0.5)
    workspace.close()
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            workspace.path.touch()
            time.sleep(0.01)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(WorkspaceError, match="is being written to") as raised:
            open_workspace(workspace.path, read_only=True)
    finally:
        stop.set()
        writer.join()
    assert raised.value.code == "being-written"
