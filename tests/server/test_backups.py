"""A backup made while people work restores to all that was saved before; a server's rounds keep what they should."""

from __future__ import annotations

import datetime as dt
import errno
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis import Contents
from analysis.errors import WorkspaceError
from analysis.workspace import Workspace, away, open_workspace, read_export
from analysis.workspace.folder import new_id, workspace_files
from analysis.workspace.shelf import Shelf
from server import backups as module
from server.backups import Backups, check, main, restore_key, save_key
from server.house import House

ROOT = Path(__file__).resolve().parents[2]
DAY = dt.datetime(2026, 11, 29, 3, tzinfo=dt.UTC)
MAIL = (
    b"user_id,timestamp,event\nann@example.test,2026-11-01 10:00:00,view\nbob@example.test,2026-11-02 10:00:00,view\n"
)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf()
    yield made
    made.close()


@pytest.fixture
def here(shelf: Shelf, tmp_path: Path) -> Workspace:
    made = shelf.open(tmp_path / f"{new_id()}.duckdb", new=True)
    made.name = "mine"
    made.add(read_export(MAIL, "events.csv", zone="UTC"))
    return made


@pytest.fixture
def backups(shelf: Shelf, here: Workspace) -> Backups:
    return Backups(here.path.parent, shelf=shelf)


# ---- under load -------------------------------------------------------------------------------------------


@pytest.mark.long
def test_backups_under_ten_writers_hold_every_save_acknowledged_before(
    here: Workspace, backups: Backups, tmp_path: Path
) -> None:
    """Twenty times: what a writer was told is saved before the backup began is in it, and it is of one moment."""
    acknowledged, failed, over = [0] * 10, list[Exception](), threading.Event()

    def writes(person: int) -> None:
        try:
            while not over.is_set():
                here.keep(f"{person} {acknowledged[person]}", Contents())
                acknowledged[person] += 1
        except Exception as error:
            failed.append(error)

    people = [threading.Thread(target=writes, args=(n,)) for n in range(10)]
    for person in people:
        person.start()
    try:
        made = []
        for i in range(20):
            before = list(acknowledged)
            made.append((before, backups.make(here.path, DAY + dt.timedelta(seconds=i))))
    finally:
        over.set()
        for person in people:
            person.join()
    assert failed == [] and sum(acknowledged) > 40
    for i, (before, backup) in enumerate(made):
        restored = Backups(tmp_path / f"elsewhere {i}").restore(backup)
        again = open_workspace(restored)
        saved = {kept.name for kept in again.kept(Contents)}
        assert {f"{person} {k}" for person in range(10) for k in range(before[person])} <= saved
        # Each writer waits for one save before the next: what is there is the first so many of each, and no more.
        for person in range(10):
            own = sorted(int(name.split()[1]) for name in saved if name.split()[0] == str(person))
            assert own == list(range(len(own)))
        assert again.tables().count("events") == 2
        again.close()


# ---- going back -------------------------------------------------------------------------------------------


def test_what_is_restored_is_as_it_was_and_what_stood_there_can_come_back(here: Workspace, backups: Backups) -> None:
    first = here.keep("before", Contents())
    backup, version = backups.make(here.path), here.version
    here.undo(1)
    here.keep("after", Contents())
    assert backups.restore(backup) == here.path
    assert (here.kept(Contents), here.version, here.tables().count("events")) == ((first,), version, 2)
    (trashed,) = away.put_away(here.path.parent)
    assert (trashed.id, trashed.where, trashed.file.name) == (here.path.stem, "trash", "mine")
    backups._shelf.give_back(here.path)
    away.delete(here.path)
    away.bring_back(trashed.file.path)
    assert [kept.name for kept in here.kept(Contents)] == ["after", "before"]


def test_a_damaged_workspace_is_restored_and_a_damaged_backup_refused(here: Workspace, backups: Backups) -> None:
    backup = backups.make(here.path)
    assert backups._shelf.give_back(here.path)
    whole = here.path.read_bytes()
    here.path.write_bytes(whole[: len(whole) // 2])
    (file,) = (file for file in workspace_files(here.path.parent))
    assert file.state == "damaged"
    with pytest.raises(WorkspaceError) as raised:
        backups.make(here.path, DAY)
    assert raised.value.code == "damaged"
    assert backups.of(here.path.stem) == (backup,)
    backups.restore(backup)
    assert here.tables().count("events") == 2
    damage(backup.path)
    with pytest.raises(WorkspaceError) as raised:
        backups.restore(backup)
    assert raised.value.code == "damaged"
    assert here.tables().count("events") == 2


def damage(path: Path) -> None:
    """Change a byte of what a table holds."""
    content = path.read_bytes()
    assert b"events.csv" in content
    path.write_bytes(content.replace(b"events.csv", b"events.tsv"))


def test_one_that_somebody_reads_is_not_taken_from_under_them(
    here: Workspace, backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, tables = backups.make(here.path), here.tables()
    give_back = Shelf.give_back
    monkeypatch.setattr(Shelf, "give_back", lambda self, path: give_back(self, path, wait=0.2))
    with pytest.raises(WorkspaceError) as raised:
        backups.restore(backup)
    assert raised.value.code == "in-use"
    assert tables.count("events") == 2
    del tables
    backups.restore(backup)


def test_a_deleted_one_comes_back_from_its_backup(here: Workspace, backups: Backups) -> None:
    backup = backups.make(here.path)
    assert backups._shelf.give_back(here.path)
    here.path.unlink()
    assert backups.restore(backup) == here.path
    assert here.tables().count("events") == 2


# ---- rounds -----------------------------------------------------------------------------------------------


def test_a_round_backs_up_what_was_used_since_and_says_what_failed(here: Workspace, backups: Backups) -> None:
    other = backups._shelf.open(here.path.parent / f"{new_id()}.duckdb", new=True)
    damaged = here.path.parent / f"{new_id()}.duckdb"
    damaged.write_bytes(bytes(8192))
    now = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    first = backups.round(now)
    assert {one.id for one in first.made} == {here.path.stem, other.path.stem}
    assert [(id, why.text().split(" is ")[0]) for id, why in first.failed] == [(damaged.stem, damaged.name)]
    os.utime(here.path, (now.timestamp() + 60, now.timestamp() + 60))
    second = backups.round(now + dt.timedelta(hours=24))
    assert [one.id for one in second.made] == [here.path.stem]
    assert len(backups.of(here.path.stem)) == 2 and len(backups.of(other.path.stem)) == 1


def test_one_that_another_server_has_open_is_backed_up_too(here: Workspace, tmp_path: Path) -> None:
    """A second server on the folder, whose shelf finds it locked."""
    here.keep("theirs", Contents())
    code = """
import sys
from pathlib import Path
from analysis.workspace.shelf import Shelf
from server.backups import Backups
print(Backups(Path(sys.argv[1]).parent, shelf=Shelf()).make(Path(sys.argv[1])).path)
"""
    run = subprocess.run([sys.executable, "-c", code, str(here.path)], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    copy = open_workspace(run.stdout.strip(), read_only=True)
    assert [kept.name for kept in copy.kept(Contents)] == ["theirs"]
    copy.close()


def test_the_newest_of_days_and_weeks_are_kept(backups: Backups, here: Workspace) -> None:
    place = backups.kept / here.path.stem
    place.mkdir(parents=True)
    for days in range(60):
        for hours in (0, 12):
            at = DAY - dt.timedelta(days=days, hours=hours)
            (place / f"{at:%Y%m%dT%H%M%SZ}.duckdb").write_text("x")
    backups._rotate(backups.of(here.path.stem))
    left = [one.at for one in backups.of(here.path.stem)]
    # 29 Nov 2026 is a Sunday. Seven days, this week's newest among them; and the newest of the three weeks before.
    noon = DAY - dt.timedelta(hours=12)
    assert left == [DAY, *(noon - dt.timedelta(days=n) for n in (*range(6), 6, 13, 20))]


@pytest.mark.parametrize(("hours", "due"), [(23.9, False), (24, True), (-1, True), (24 * 400, True)])
def test_a_round_is_due_after_a_day_and_when_the_clock_was_put_back(backups: Backups, hours: float, due: bool) -> None:
    assert backups.due(24, DAY)
    backups.round(DAY)
    assert backups.due(24, DAY + dt.timedelta(hours=hours)) is due


def test_the_registry_is_backed_up_without_sessions(backups: Backups) -> None:
    with sqlite3.connect(backups.workspaces / "server.db") as con:
        con.execute("CREATE TABLE sessions (hash TEXT)")
        con.execute("CREATE TABLE people (id TEXT)")
        con.execute("INSERT INTO sessions VALUES ('x')")
        con.execute("INSERT INTO people VALUES ('ann')")
    backups.round(DAY)
    (copy,) = (backups.kept / "server").iterdir()
    with sqlite3.connect(copy) as con:
        assert con.execute("SELECT * FROM sessions").fetchall() == []
        assert con.execute("SELECT * FROM people").fetchall() == [("ann",)]


def test_backups_go_with_a_workspace_whose_time_in_the_trash_is_over(here: Workspace, backups: Backups) -> None:
    gone: list[str] = []
    house = House(backups._shelf, backups, hours=24, forget=gone.extend)
    house.round(DAY)
    assert [one.id for one in backups.all()] == [here.path.stem]
    backups._shelf.give_back(here.path)
    away.delete(here.path, DAY)
    for days in (29, 29.5, 30.4):  # a round a day; one alone, after a pause, lets nothing go
        house.round(DAY + dt.timedelta(days=days))
        expected = days > 30
        assert (gone == [here.path.stem], backups.all() == ()) == (expected, expected)
    assert away.put_away(here.path.parent) == ()


def test_a_clock_that_leaps_empties_no_trash(here: Workspace, backups: Backups) -> None:
    backups._shelf.give_back(here.path)
    away.delete(here.path, DAY)
    for now in (DAY, DAY + dt.timedelta(days=400), DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)):
        assert away.purge(here.path.parent, now=now) == ()
    assert [one.id for one in away.put_away(here.path.parent)] == [here.path.stem]


# ---- another machine --------------------------------------------------------------------------------------


def test_with_the_key_ids_are_hashed_alike_on_another_machine(
    here: Workspace, backups: Backups, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = tmp_path / "to keep elsewhere"
    save_key(saved)
    hashed = here.tables().names("user_id")
    assert "ann@example.test" not in hashed
    backup = backups.make(here.path)
    assert saved.read_bytes() not in backup.path.read_bytes()
    monkeypatch.setenv("SLUICE_KEY_FILE", str(tmp_path / "another machine" / "key"))
    restore_key(saved)
    restored = open_workspace(Backups(tmp_path / "there").restore(backup))
    again = read_export(MAIL.replace(b"view", b"cart"), "more.csv", zone="UTC")
    restored.add(again)
    assert restored.tables().names("user_id") == hashed
    restored.close()
    with pytest.raises(WorkspaceError, match="There is a file"):
        save_key(saved)
    monkeypatch.setenv("SLUICE_KEY_FILE", str(tmp_path / "a third" / "key"))
    (tmp_path / "a third").mkdir()
    (tmp_path / "a third" / "key").write_bytes(b"another key, thirty-two bytes ..")
    with pytest.raises(WorkspaceError, match="another key already"):
        restore_key(saved)
    (tmp_path / "short").write_bytes(b"x")
    with pytest.raises(WorkspaceError, match="holds no key"):
        restore_key(tmp_path / "short")


# ---- the command ------------------------------------------------------------------------------------------


@pytest.mark.long
def test_the_command_backs_up_and_restores_beside_a_running_server(here: Workspace, backups: Backups) -> None:
    """Another process, while this one has the workspace open."""
    env = {**os.environ, "SLUICE_WORKSPACES": str(here.path.parent)}

    def command(*args: str) -> subprocess.CompletedProcess[str]:
        run = [sys.executable, "-m", "server.backups", *args]
        return subprocess.run(run, cwd=ROOT, env=env, capture_output=True, text=True)

    here.keep("all", Contents())
    made = command("make")
    assert made.returncode == 0 and made.stdout.split()[0] == here.path.stem, made.stderr
    (backup,) = backups.all()
    assert command("list").stdout == made.stdout
    assert command("check").stdout.split()[2] == str(check(backup.path))
    refused = command("restore", here.path.stem)
    assert refused.returncode == 1 and "is being used right now" in refused.stdout
    here.forget(1)
    backups._shelf.give_back(here.path)
    assert command("restore", here.path.stem, backup.at.strftime("%Y%m%dT%H%M%SZ")).returncode == 0
    assert [kept.name for kept in here.kept(Contents)] == ["all"]
    here.name = "Singles' Day"
    backups._shelf.give_back(here.path)
    assert command("list").stdout == f"{made.stdout.rstrip()}  Singles' Day\n"
    assert "There is no such backup" in command("restore", "../../etc/passwd").stdout


def test_the_command_says_where_it_looked(here: Workspace, backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as somebody else, it has other settings and finds nothing: that is not to look like no backups at all."""
    monkeypatch.setattr(module, "standing", lambda: backups)
    nothing = f"There is no backup in {backups.kept}; workspaces are looked for in {backups.workspaces}."
    for command in ("list", "check"):
        said: list[str] = []
        assert (main([command], said.append), said) == (0, [nothing])
    later = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(minutes=1)
    backups.make(here.path, later)
    backups.round(later)
    said = []
    assert (main(["make"], said.append), len(said)) == (0, 1)
    assert said[0] == f"No workspace in {backups.workspaces} was used since its last backup."


def test_an_id_that_begins_with_a_dash_is_no_option(
    backups: Backups, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New ones do not; workspaces made before may."""
    assert not any(new_id().startswith("-") for _ in range(1_000))
    id = f"-{new_id()[1:]}"
    shelf.open(backups.workspaces / f"{id}.duckdb", new=True)
    monkeypatch.setattr(module, "standing", lambda: backups)
    said: list[str] = []
    assert (main(["make", id], said.append), said[0].split()[0]) == (0, id)
    shelf.give_back(backups.workspaces / f"{id}.duckdb")
    assert (main(["restore", id], said.append), said[1:]) == (0, [str(backups.workspaces / f"{id}.duckdb")])
    assert main(["restore", "../../etc/passwd"], said.append) == 1
    assert said[2].startswith("There is no such backup of ../../etc/passwd. ")


def test_the_command_names_a_file_it_may_not_write(backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "standing", lambda: backups)
    file, said = backups.workspaces / "nowhere" / "key", list[str]()
    assert (main(["key", "save", str(file)], said.append), said) == (1, [f"{file}: No such file or directory"])


def test_the_command_says_what_is_damaged(here: Workspace, backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "standing", lambda: backups)
    said: list[str] = []
    damage(backups.make(here.path).path)
    assert main(["check"], said.append) == 1
    assert "is damaged" in said[0]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            PermissionError(errno.EACCES, "Permission denied"),
            "Permission denied. {at} belongs to root, and Sluice runs as sluice. Make the folder for it: "
            "sudo install -d -o sluice -g sluice -m 700 {kept}",
        ),
        (OSError(errno.EROFS, "Read-only file system"), "Read-only file system. The service writes nowhere but in its"),
    ],
)
def test_a_folder_of_backups_that_cannot_be_written_to_is_said_once_with_what_to_do(
    here: Workspace, shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    error: OSError, said: str,
) -> None:  # fmt: skip
    kept = tmp_path / "mnt" / "sluice"
    backups = Backups(here.path.parent, kept, shelf)
    told: list[str] = []

    def refuses(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module, "standing", lambda: backups)
    monkeypatch.setattr(module, "user", lambda: "sluice")
    monkeypatch.setattr(module, "owner_of", lambda _path: "root")
    monkeypatch.setattr(Path, "mkdir", refuses)
    expected = f"Backups cannot be written to {kept}: {said.format(at=tmp_path, kept=kept)}"
    for command in (["make"], ["make", here.path.stem]):
        assert main(command, told.append) == 1
        assert told.pop().startswith(expected) and told == []
    House(shelf, backups).round()
    assert f"a round failed: {expected}" in caplog.text and "Traceback" not in caplog.text


def test_the_command_is_called_as_the_service_calls_it(backups: Backups, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "standing", lambda: backups)
    told: list[str] = []
    main(["restore", "w" * 22], told.append)
    monkeypatch.setenv("SLUICE_COMMAND", "sudo sluice")
    main(["restore", "w" * 22], told.append)
    assert [one.split("`")[1] for one in told] == ["python -m server.backups list", "sudo sluice backups list"]
