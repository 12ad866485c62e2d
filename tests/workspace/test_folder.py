"""A folder of workspaces: what cannot be opened is listed as what it is, takes nothing down and is not touched."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from analysis import Contents
from analysis.errors import WorkspaceError
from analysis.workspace import open_workspace, workspace_files
from analysis.workspace.folder import is_id, new_id, sweep, used

ROOT = Path(__file__).resolve().parents[2]
HOLDS = """
import sys
from analysis import open_workspace
here = open_workspace(sys.argv[1])
print("open", flush=True)
input()
"""


def made(folder: Path, name: str, stem: str | None = None) -> Path:
    here = open_workspace(folder / f"{stem or new_id()}.duckdb")
    here.name = name
    here.close()
    return here.path


def test_each_file_is_listed_as_what_it_is_and_left_as_it_is(tmp_path: Path) -> None:
    good, old = made(tmp_path, "good"), made(tmp_path, "by an earlier release", "0123456789ab")
    copy = made(tmp_path, "October", "October campaign (copy)")
    newer = made(tmp_path, "newer")
    with duckdb.connect(str(newer)) as con:
        con.execute("UPDATE meta SET value = '99' WHERE key = 'format'")
    damaged = tmp_path / f"{new_id()}.duckdb"
    damaged.write_bytes(good.read_bytes()[:5000])
    other = tmp_path / f"{new_id()}.duckdb"
    with duckdb.connect(str(other)) as con:
        con.execute("CREATE TABLE t (i INT)")
    (tmp_path / f"{new_id()}.duckdb").mkdir()
    text = tmp_path / "October campaign (copy 2).duckdb"
    text.write_text("not a database\n")
    before = {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    files = {file.path: file for file in workspace_files(tmp_path)}
    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
    states = {path: files[path].state for path in before}
    assert states == {
        good: "ready",
        old: "ready",
        copy: "misnamed",
        newer: "newer-format",
        damaged: "damaged",
        other: "not-a-workspace",
        text: "not-a-workspace",
    }
    assert [file.state for path, file in files.items() if path.is_dir()] == ["not-a-workspace"]
    assert [files[p].name for p in (good, old, copy, damaged)] == [
        "good",
        "by an earlier release",
        "October",
        damaged.name,
    ]
    assert all((file.why is None) == (file.state == "ready") for file in files.values())
    assert all(path.name in str(files[path].why) for path in (copy, newer, damaged, other, text))


def test_a_misnamed_file_opens_under_the_name_that_is_said(tmp_path: Path) -> None:
    copy = made(tmp_path, "October", "October campaign (copy)")
    (file,) = workspace_files(tmp_path)
    said = dict(file.why.params)["other"] if file.why else ""
    copy.rename(tmp_path / said)
    (file,) = workspace_files(tmp_path)
    assert (file.state, file.name, is_id(file.id)) == ("ready", "October", True)


def test_one_that_another_process_has_open_is_locked_until_it_lets_go(tmp_path: Path) -> None:
    path, free = made(tmp_path, "held"), made(tmp_path, "free")
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        states = {file.path: file.state for file in workspace_files(tmp_path)}
        assert states == {path: "locked", free: "ready"}
        other.communicate("\n")
    assert {file.state for file in workspace_files(tmp_path)} == {"ready"}


def test_one_that_is_open_here_is_ready_and_shows_its_new_name(tmp_path: Path) -> None:
    path = made(tmp_path, "before")
    assert [file.name for file in workspace_files(tmp_path)] == ["before"]
    here = open_workspace(path)
    here.name = "after"
    assert [(file.name, file.state) for file in workspace_files(tmp_path)] == [("after", "ready")]
    here.close()
    assert [(file.name, file.state) for file in workspace_files(tmp_path)] == [("after", "ready")]


def test_ids_are_told_from_ways_out_of_the_folder() -> None:
    ids = {new_id() for _ in range(200)}
    assert len(ids) == 200 and all(map(is_id, ids)) and all(len(id) >= 22 for id in ids)
    assert not any(
        map(is_id, ("", "..", "../../etc/passwd", "a" * 21, "sample-0123456789ab", "0123456789AB", "x" * 23))
    )


# ---- what goes --------------------------------------------------------------------------------------------

WEEK = dt.timedelta(days=7)


def aged(path: Path, days: float) -> Path:
    when = dt.datetime.now(dt.UTC).timestamp() - days * 86_400
    os.utime(path, (when, when))
    return path


def test_what_nobody_used_for_a_week_goes_and_the_rest_stays(tmp_path: Path) -> None:
    old, fresh = aged(made(tmp_path, "old"), 7.1), aged(made(tmp_path, "fresh"), 6.9)
    open_here = open_workspace(made(tmp_path, "open here, long unused"))
    aged(open_here.path, 8)
    assert set(sweep(tmp_path, WEEK)) == {old, open_here.path}
    assert [p.name for p in tmp_path.iterdir()] == [fresh.name]
    assert open_here.closed


def test_what_is_used_stays(tmp_path: Path) -> None:
    path = aged(made(tmp_path, "used"), 8)
    used(path)
    assert sweep(tmp_path, WEEK) == ()
    noted = path.stat().st_mtime_ns
    used(path)  # not at every click
    assert path.stat().st_mtime_ns == noted
    used(tmp_path / "gone.duckdb")


def test_what_another_process_has_open_stays(tmp_path: Path) -> None:
    path = made(tmp_path, "held")
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "open\n"
        aged(path, 30)
        assert sweep(tmp_path, WEEK) == ()
        other.communicate("\n")
    aged(path, 30)
    assert sweep(tmp_path, WEEK) == (path,)


# ---- the lock ---------------------------------------------------------------------------------------------

WRITES = """
import sys
from analysis import Contents, open_workspace
from analysis.errors import WorkspaceError
try:
    here = open_workspace(sys.argv[1])
except WorkspaceError as error:
    print(error.code)
else:
    here.keep("second", Contents())
    here.close()
    print("wrote")
"""


def elsewhere(path: Path) -> str:
    return subprocess.run(
        [sys.executable, "-c", WRITES, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_the_lock_holds_after_the_process_reads_its_own_file(tmp_path: Path) -> None:
    here = open_workspace(made(tmp_path, "mine"))
    here.path.open("rb").close()  # gives up DuckDB's own lock on POSIX
    assert elsewhere(here.path) == "locked"
    here.keep("third", Contents())
    here.close()
    assert elsewhere(here.path) == "wrote"
    again = open_workspace(here.path)
    assert [kept.name for kept in again.kept(Contents)] == ["second", "third"]
    again.close()


@pytest.mark.parametrize("how", ["closed", "let go", "refused"])
def test_the_lock_goes_with_what_held_it(tmp_path: Path, how: str) -> None:
    path = made(tmp_path, "mine")
    if how == "refused":
        content = path.read_bytes()
        path.write_bytes(b"hello")
        with pytest.raises(WorkspaceError, match="not a Sluice workspace"):  # a path may say "lock"
            open_workspace(path)
        path.write_bytes(content)
    else:
        here = open_workspace(path)
        assert path.with_name(f"{path.name}.lock").exists()
        if how == "closed":
            here.close()
        del here
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    assert elsewhere(path) == "wrote"
