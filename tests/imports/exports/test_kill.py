"""An import that is killed at any moment: the workspace opens, with all earlier batches and none of the broken one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from children import Child, begin

from analysis.workspace import open_workspace, read_export
from analysis.workspace.contents import Contents

ROWS, KILLS = 60_000, 10


def imports(say: Callable[[str], None], path: Path, *files: Path) -> None:
    """Import files one after the other, and say when each has landed."""
    workspace = open_workspace(path)
    say("open")
    for file in files:
        workspace.add(read_export(file, zone="UTC"))
        say("added")
    workspace.close()
    say("closed")


def written(path: Path, seed: int, rows: int = ROWS) -> Path:
    rng = np.random.default_rng(seed)
    names = ("view", "cart", "purchase")
    lines = [
        f"s{seed}u{user},2026-11-{day:02d} {hour:02d}:00:00,{names[event]}\n"
        for user, day, hour, event in zip(
            rng.integers(0, rows // 5, rows),
            rng.integers(1, 29, rows),
            rng.integers(0, 24, rows),
            rng.integers(0, 3, rows),
            strict=True,
        )
    ]  # fmt: skip
    path.write_text("user_id,timestamp,event\n" + "".join(lines))
    return path


def start(workspace: Path, *files: Path) -> Child:
    """Start an import in a process of its own and return once its workspace is open."""
    child = begin(imports, workspace, *files, scratch=str(workspace.parent))
    assert child.hears() == "open"
    return child


@pytest.fixture(scope="module")
def duration(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Return how many seconds an undisturbed import takes from the open workspace to its end."""
    folder = tmp_path_factory.mktemp("whole")
    child = start(folder / "w.duckdb", written(folder / "big.csv", 0))
    began = time.perf_counter()
    while child.hears() != "closed":
        pass
    took = time.perf_counter() - began
    child.ends()
    return took


@pytest.mark.long
def test_killed_at_ten_moments_the_earlier_batches_stand(tmp_path: Path, duration: float) -> None:
    rng = np.random.default_rng(20260813)
    # One moment in each tenth of the import, so that reading, cleaning, sorting and committing are all hit.
    moments = [(n + rng.random()) / KILLS * duration for n in range(KILLS)]
    path, broken = tmp_path / "w.duckdb", 0
    workspace = open_workspace(path)
    workspace.add(read_export(written(tmp_path / "first.csv", 1, 2_000), zone="UTC"))
    before, events = workspace.batches(), workspace.tables().count("events")
    headline = str(Contents().run(workspace.tables()).headline)
    workspace.close()
    for n, moment in enumerate(moments):
        child = start(path, written(tmp_path / "big.csv", 100 + n))
        time.sleep(moment)
        said = child.kill()
        began = time.perf_counter()
        workspace = open_workspace(path)
        assert time.perf_counter() - began < 5
        try:
            if "added" in said:  # it had landed before the signal did: take it out again
                assert len(workspace.batches()) == len(before) + 1
                workspace.undo(workspace.batches()[0].id)
            elif len(workspace.batches()) == len(before) + 1:  # committed, and killed before it could say so
                assert workspace.batches()[0].files[0].rows == ROWS
                assert workspace.tables().count("events") == events + ROWS
                workspace.undo(workspace.batches()[0].id)
            else:
                broken += 1
            assert workspace.batches() == before
            assert workspace.tables().count("events") == events
            assert str(Contents().run(workspace.tables()).headline) == headline
            assert set(workspace.tables().event_keys) == {"view", "cart", "purchase"}
        finally:
            workspace.close()
    assert broken >= 5, "too few imports were hit half-way"


def test_after_a_kill_the_same_file_can_be_imported(tmp_path: Path, duration: float) -> None:
    path, file = tmp_path / "w.duckdb", written(tmp_path / "big.csv", 3)
    child = start(path, file)
    time.sleep(duration / 2)
    said = child.kill()
    workspace = open_workspace(path)
    try:
        if "added" not in said and not workspace.batches():
            workspace.add(read_export(file, zone="UTC"))
        assert workspace.tables().count("events") == ROWS
    finally:
        workspace.close()
