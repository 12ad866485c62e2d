"""An import that is killed at any moment: the workspace opens, with all earlier batches and none of the broken one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from analysis.workspace import open_workspace, read_export
from analysis.workspace.contents import Contents

ROOT = Path(__file__).resolve().parents[3]
ROWS, KILLS = 60_000, 10
CHILD = """
import sys
from analysis.workspace import open_workspace, read_export
workspace = open_workspace(sys.argv[1])
print("open", flush=True)
for file in sys.argv[2:]:
    workspace.add(read_export(file, zone="UTC"))
    print("added", flush=True)
workspace.close()
print("closed", flush=True)
sys.stdin.read()
"""


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


def start(workspace: Path, *files: Path) -> subprocess.Popen[str]:
    """Start an import in a process of its own and return once its workspace is open."""
    command = [sys.executable, "-c", CHILD, str(workspace), *map(str, files)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SLUICE_THREADS": "1", "TMPDIR": str(workspace.parent)}
    child = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=workspace.parent
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"
    return child


@pytest.fixture(scope="module")
def duration(tmp_path_factory: pytest.TempPathFactory) -> float:
    """Return how many seconds an undisturbed import takes from the open workspace to its end."""
    folder = tmp_path_factory.mktemp("whole")
    child = start(folder / "w.duckdb", written(folder / "big.csv", 0))
    began = time.perf_counter()
    assert child.stdout is not None
    while child.stdout.readline() != "closed\n":
        assert child.poll() is None
    took = time.perf_counter() - began
    child.communicate()
    return took


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
        os.kill(child.pid, signal.SIGKILL)
        said, _ = child.communicate()
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
    os.kill(child.pid, signal.SIGKILL)
    said, _ = child.communicate()
    workspace = open_workspace(path)
    try:
        if "added" not in said and not workspace.batches():
            workspace.add(read_export(file, zone="UTC"))
        assert workspace.tables().count("events") == ROWS
    finally:
        workspace.close()
