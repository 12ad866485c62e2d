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
from analysis.workspace import copies, open_workspace, workspace_files
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


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
def test_links_that_lead_nowhere_and_pipes_are_named_and_keep_nobody_waiting(tmp_path: Path) -> None:
    good = made(tmp_path / "elsewhere", "good")
    names = ("link", "dangling", "circle", "pipe")
    link, dangling, circle, pipe = (tmp_path / f"{new_id()}.duckdb" for _ in names)
    link.symlink_to(good)
    dangling.symlink_to(tmp_path / "nowhere")
    circle.symlink_to(circle)
    os.mkfifo(pipe)
    states = {file.path: (file.state, file.name) for file in workspace_files(tmp_path)}
    assert states == {
        link: ("ready", "good"),
        dangling: ("unreadable", dangling.name),
        circle: ("unreadable", circle.name),
        pipe: ("not-a-workspace", pipe.name),
    }
    with pytest.raises(WorkspaceError, match="is not a Sluice workspace"):
        open_workspace(pipe)
    here = open_workspace(link)
    with pytest.raises(WorkspaceError) as raised:  # the same file by its other name
        open_workspace(good)
    assert raised.value.code == "locked"
    here.keep("all", Contents())
    assert here.compact() and link.is_symlink()
    here.close()
    assert [kept.name for kept in open_workspace(good, read_only=True).kept(Contents)] == ["all"]


def test_what_was_just_written_is_counted_though_it_lies_in_the_log(tmp_path: Path) -> None:
    here = open_workspace(tmp_path / f"{new_id()}.duckdb")
    here.compact()
    (before,) = workspace_files(tmp_path)
    for n in range(200):
        here.keep(f"all {n}", Contents())
    (log,) = copies.logs_of(here.path)
    (after,) = workspace_files(tmp_path)
    assert log.stat().st_size > 10_000
    assert after.size == before.size + log.stat().st_size
    here.close()


def test_zeros_are_damage_and_all_bad_files_together_leave_the_good_one(tmp_path: Path) -> None:
    good = made(tmp_path, "good")
    zeros, nothing = (tmp_path / f"{new_id()}.duckdb" for _ in range(2))
    zeros.write_bytes(bytes(good.stat().st_size))
    nothing.write_bytes(b"")
    assert {file.path: file.state for file in workspace_files(tmp_path)} == {
        good: "ready",
        zeros: "damaged",
        nothing: "damaged",
    }


def test_a_table_of_another_program_that_is_called_like_ours_is_not_run(tmp_path: Path) -> None:
    """A view called `meta` could read any file of the server for its name."""
    secret, path = tmp_path / "secret.csv", tmp_path / f"{new_id()}.duckdb"
    secret.write_text("key,value\nformat,4\nname,the secret\n")
    with duckdb.connect(str(path)) as con:
        con.execute(f"CREATE VIEW meta AS FROM read_csv('{secret}')")
    (file,) = workspace_files(tmp_path)
    assert (file.state, file.name) == ("not-a-workspace", path.name)


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


@pytest.mark.long
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
@pytest.mark.long
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
