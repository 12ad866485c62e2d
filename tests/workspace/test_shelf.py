"""Hundreds of workspaces hold the memory and threads of a few; none is closed under who uses it; a file stays small."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from analysis import Contents, Funnel
from analysis.errors import WorkspaceError
from analysis.workspace import Export, Workspace, copies, open_workspace, read_export, store
from analysis.workspace.folder import new_id
from analysis.workspace.shelf import Shelf

ROOT = Path(__file__).resolve().parents[2]
ASKED = Funnel(steps=("view", "cart"), window="5h")


def events(n: int, name: str = "events.csv") -> Export:
    rows = [(f"u{i % 997}", f"2026-11-{1 + i % 20:02d} 10:00:{i % 60:02d}", ("view", "cart")[i % 2]) for i in range(n)]
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    return read_export(frame.to_csv(index=False).encode(), name, zone="UTC")


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    made = Shelf(most=2, idle=60)
    yield made
    made.close()


def opened(shelf: Shelf, folder: Path, n: int) -> list[Workspace]:
    return [shelf.open(folder / f"{i:012x}.duckdb", new=True) for i in range(n)]


def test_those_used_last_are_open_and_the_others_open_by_themselves(shelf: Shelf, tmp_path: Path) -> None:
    held = opened(shelf, tmp_path, 4)
    assert [here.awake for here in held] == [False, False, True, True]
    kept = held[0].keep("all", Contents())
    assert [here.awake for here in held] == [True, False, False, True]
    assert held[0].kept(Contents) == (kept,)
    assert shelf.open(held[0].path) is held[0]
    assert shelf.open_now() == (held[3].path, held[0].path)
    assert [p.suffix for p in sorted(tmp_path.glob("*.lock"))] == [".lock"] * 2  # a lock for each that is open


def test_one_in_use_is_not_closed(shelf: Shelf, tmp_path: Path) -> None:
    first, *_others = opened(shelf, tmp_path, 2)
    first.add(events(500))
    tables = first.tables()
    frame, expected = tables.frame("events"), ASKED.run(tables).table
    opened(shelf, tmp_path, 6)
    assert first.awake
    pd.testing.assert_frame_equal(ASKED.run(tables).table, expected)
    del tables
    gc.collect()
    opened(shelf, tmp_path, 6)
    assert len(frame.collect()) == 500  # what reads through a cursor has the file still
    assert not first.compact() and not list(tmp_path.glob("*.partial"))
    del frame
    gc.collect()
    assert first.compact()
    pd.testing.assert_frame_equal(ASKED.run(first.tables()).table, expected)


def test_one_that_is_being_written_to_is_not_closed(shelf: Shelf, tmp_path: Path) -> None:
    (here,) = opened(shelf, tmp_path, 1)
    with here._transaction() as con:
        con.execute("INSERT OR REPLACE INTO meta VALUES ('name', 'half')")
        done = threading.Thread(target=opened, args=(shelf, tmp_path, 5))
        done.start()
        done.join()
        assert here.awake and not here.rest()
    assert here.name == "half"


def test_one_that_nobody_used_for_a_while_is_closed(tmp_path: Path) -> None:
    shelf = Shelf(most=5, idle=3600)
    first, second, third = opened(shelf, tmp_path, 3)
    tables = second.tables()
    shelf.tidy()
    assert first.awake and second.awake and third.awake
    first._link.used -= 3601
    second._link.used -= 3601
    shelf.tidy()
    assert (first.awake, second.awake, third.awake) == (False, True, True)
    assert tables.count("events") == 0
    shelf.close()


def test_what_another_program_changed_meanwhile_is_seen(shelf: Shelf, tmp_path: Path) -> None:
    here = opened(shelf, tmp_path, 1)[0]
    before = here.version, here.kept(Contents)
    assert here.rest()
    other = open_workspace(here.path)
    other.add(events(10))
    other.keep("all", Contents())
    with pytest.raises(WorkspaceError, match="is open in another program"):
        here.batches()
    other.close()
    assert here.version != before[0]
    assert (len(here.batches()), len(here.kept(Contents)), here.tables().count("events")) == (1, 1, 10)


def test_one_whose_file_is_gone_says_so_and_is_not_made_anew(shelf: Shelf, tmp_path: Path) -> None:
    here = opened(shelf, tmp_path, 1)[0]
    assert shelf.give_back(here.path)
    here.path.unlink()
    for ask in (here.batches, lambda: here.keep("all", Contents()), lambda: shelf.open(here.path)):
        with pytest.raises(WorkspaceError) as raised:
            ask()
        assert raised.value.code == "no-workspace"
    shelf.tidy()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_many_at_once_get_the_same_one_and_lose_nothing(tmp_path: Path) -> None:
    """Eight people on six workspaces, of which two may be open: each save is there, none is refused."""
    shelf, failed = Shelf(most=2), list[Exception]()
    paths = [tmp_path / f"{new_id()}.duckdb" for _ in range(6)]
    for path in paths:
        shelf.open(path, new=True)

    def works(person: int) -> None:
        try:
            for i in range(12):
                here = shelf.open(paths[(person + i) % 6])
                here.keep(f"{person} {i}", Contents())
                here.tables().count("events")
        except Exception as error:
            failed.append(error)

    people = [threading.Thread(target=works, args=(n,)) for n in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert failed == []
    assert sorted(k.name for p in paths for k in shelf.open(p).kept(Contents)) == sorted(
        f"{person} {i}" for person in range(8) for i in range(12)
    )
    shelf.close()


MANY = """
import sys
from pathlib import Path
from analysis import Contents
from analysis.workspace.shelf import Shelf

def figures():
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) // 1000, int(lines["Threads"])

shelf, held = Shelf(threads=4), []
for path in sorted(Path(sys.argv[1]).glob("*.duckdb")):
    held.append(shelf.open(path))
    held[-1].keep("all", Contents())
    if len(held) in (24, 72):
        print(len(shelf.open_now()), *figures())
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no figures of a process here")
@pytest.mark.long
def test_seventy_hold_the_memory_and_threads_of_twelve(tmp_path: Path) -> None:
    """Each is opened and written to in turn, and held by somebody who does nothing; the benchmark opens 300."""
    open_workspace(tmp_path / f"{0:012x}.duckdb").close()
    whole = (tmp_path / f"{0:012x}.duckdb").read_bytes()
    for i in range(1, 72):
        (tmp_path / f"{i:012x}.duckdb").write_bytes(whole)
    run = subprocess.run([sys.executable, "-c", MANY, str(tmp_path)], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    early, late = (tuple(map(int, line.split())) for line in run.stdout.splitlines())
    assert early[0] == late[0] == 12
    assert late[1] < early[1] + 100 and late[1] < 1000  # forty-eight more would hold 350 MB
    assert late[2] <= early[2] + 2 < 100


# ---- the size of a file -----------------------------------------------------------------------------------


def rows_of(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(str(path), read_only=True) as con:
        names = [row[0] for row in con.execute("SELECT table_name FROM duckdb_tables()").fetchall()]
        return {name: con.execute(f'FROM "{name}"').fetchall() for name in names}


@pytest.mark.long
def test_a_file_is_written_anew_with_all_that_is_in_it(shelf: Shelf, tmp_path: Path) -> None:
    here = opened(shelf, tmp_path, 1)[0]
    for i in range(6):
        here.add(events(60_000, f"{i}.csv"))
        here.undo(here.batches()[0].id)
    here.keep("all", Contents())
    batch = here.add(events(2000, "last.csv"))
    assert here.rest()
    before, held = here.path.stat().st_size, rows_of(here.path)
    assert here.compact()
    assert rows_of(here.path) == held
    assert here.path.stat().st_size == here.copy(tmp_path / "copy").stat().st_size < before - 2_000_000
    assert (here.batches(), here.tables().count("events")) == ((batch,), 2000)
    assert not here.compact(always=False)  # there is nothing left to gain
    assert here.rest()
    assert {p.name for p in tmp_path.iterdir()} == {here.path.name, "copy"}


def test_what_is_changed_while_it_is_written_anew_is_not_lost(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = opened(shelf, tmp_path, 1)[0]
    write = copies.write_anew

    def meanwhile(con: duckdb.DuckDBPyConnection, target: Path) -> None:
        write(con, target)
        here.keep("meanwhile", Contents())

    monkeypatch.setattr(copies, "write_anew", meanwhile)
    assert not here.compact()
    assert [kept.name for kept in here.kept(Contents)] == ["meanwhile"]
    monkeypatch.undo()
    tables = here.tables()
    assert not here.compact()  # somebody reads
    assert tables.count("events") == 0
    del tables
    assert here.compact()
    assert [kept.name for kept in here.kept(Contents)] == ["meanwhile"]
    assert not list(tmp_path.glob("*.partial*"))


@pytest.mark.long
def test_a_file_does_not_grow_by_use(shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over two hundred saves, imports and undos of the same data, tidied now and then as a server does."""
    monkeypatch.setattr(store, "_WASTE", 0)
    here = opened(shelf, tmp_path, 1)[0]
    export, untidied, tidied = events(20_000), [], []
    for round in range(8):
        for i in range(9):
            here.add(export)
            here.keep("asked", ASKED.replace(window=f"{1 + i}h"))
            if i < 8:
                here.undo(here.batches()[0].id)
        here.rest()
        untidied.append(here.path.stat().st_size)
        shelf._grown.add(here.path)
        shelf.tidy()
        tidied.append(here.path.stat().st_size)
        fresh = here.copy(tmp_path / f"copy {round}").stat().st_size
        here.undo(here.batches()[0].id)
    assert min(untidied) > 1.9 * fresh
    assert max(tidied) <= 1.5 * fresh
