"""Killed at any moment of an import, a save, an undo, a backup, a restore or a compaction, a workspace opens, whole.

Each is done again and again in a process of its own, which says what it has finished and is killed in between.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from children import begin
from sizes import cases

from analysis import Contents
from analysis.workspace import Export, Workspace, away, open_workspace, read_export
from analysis.workspace.folder import new_id
from server.backups import Backups, check

ROWS, BATCHES = 400, 12
Say = Callable[[str], None]


def export(n: int) -> Export:
    rows = "".join(f"u{n}-{i},2026-11-11 10:00:{i % 60:02d},view\n" for i in range(ROWS))
    return read_export(f"user_id,timestamp,event\n{rows}".encode(), f"{n}.csv", zone="UTC")


def imports(here: Workspace, n: int) -> None:
    here.add(export(BATCHES + n), overlap="keep")


def saves(here: Workspace, n: int) -> None:
    here.keep(f"save {n}", Contents())


def undoes(here: Workspace, n: int) -> None:
    found = {batch.id for batch in here.batches()}
    here.undo(n + 1) if n + 1 in found else here.keep(f"late {n}", Contents())


def backs_up(here: Workspace, n: int) -> None:
    here.keep(f"save {n}", Contents())
    here.copy(Backups(here.path.parent).kept / here.path.stem / f"20261129T{n // 60:04d}{n % 60:02d}Z.duckdb")


def compacts(here: Workspace, n: int) -> None:
    here.keep(f"save {n}", Contents())
    assert here.compact()


def restores(here: Workspace, n: int) -> None:
    backups = Backups(here.path.parent)
    if here.awake:
        here.rest()
    backups.restore(backups.of(here.path.stem)[0])
    here.keep(f"save {n}", Contents())
    here.rest()


WORK = {f.__name__: f for f in (imports, saves, undoes, backs_up, compacts, restores)}


def works(say: Say, path: Path, what: str) -> None:
    here = open_workspace(path)
    say("open")
    for n in range(1000):
        WORK[what](here, n)
        say(str(n))


@pytest.fixture
def start(tmp_path: Path) -> Path:
    """Return a workspace with batches to undo, and a backup to go back to."""
    here = open_workspace(tmp_path / f"{new_id()}.duckdb")
    for n in range(BATCHES):
        here.add(export(n), overlap="keep")
    here.close()
    Backups(tmp_path).make(here.path)
    return here.path


@pytest.mark.parametrize("what", WORK)
@pytest.mark.long
def test_killed_at_twenty_moments_it_opens_whole(start: Path, tmp_path: Path, what: str) -> None:
    rng, whole, backup = np.random.default_rng(20261129), start.read_bytes(), Backups(tmp_path).of(start.stem)[0]
    finished = 0
    for n in range(cases(20)):
        folder = tmp_path / str(n)
        path = folder / start.name
        (folder / "backups" / path.stem).mkdir(parents=True)
        path.write_bytes(whole)
        (folder / "backups" / path.stem / backup.path.name).write_bytes(backup.path.read_bytes())
        child = begin(works, path, what, scratch=str(folder))
        assert child.hears() == "open"
        child.ear.poll(None)
        child.process.join(float(rng.uniform(0, 0.8)))
        said = [int(word) for word in child.kill()]
        finished += len(said)
        _whole_after(what, path, said)
    assert finished >= cases(20) // 2  # some of it was done, not only begun


def _whole_after(what: str, path: Path, said: list[int]) -> None:
    if what == "restores" and not path.exists():  # killed between putting away and putting in place
        latest = max(away.put_away(path.parent), key=lambda one: (one.since, one.file.path.name))
        assert away.bring_back(latest.file.path) == path
    here = open_workspace(path)
    kept, batches = {one.name for one in here.kept(Contents)}, {batch.id for batch in here.batches()}
    assert here.tables().count("events") == ROWS * len(batches)
    assert not list(path.parent.glob("*.partial*"))
    if what in ("saves", "backs_up", "compacts"):
        assert {f"save {n}" for n in said} <= kept <= {f"save {n}" for n in range(len(said) + 1)}
    if what == "imports":
        done = BATCHES + len(said)
        assert batches in (set(range(1, done + 1)), set(range(1, done + 2)))
    if what == "undoes":
        gone = min(len(said), BATCHES)
        assert batches in (set(range(gone + 1, BATCHES + 1)), set(range(gone + 2, BATCHES + 1)))
    if what == "restores":
        assert batches == set(range(1, BATCHES + 1))
    here.keep("afterwards", Contents())
    here.close()
    for backup in Backups(path.parent).all():
        assert check(backup.path) > ROWS * BATCHES
