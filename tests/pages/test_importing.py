"""Imports beside the page: one per workspace at a time, whoever started it; what ended badly says why."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis.errors import WorkspaceError
from analysis.workspace import Export, Workspace, open_workspace, read_export
from ui.importing import Importing, under_way

SPEND = b"date,platform,cost,currency\n2026-11-01,ads,100.25,EUR\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    here = open_workspace(tmp_path / "w.duckdb")
    yield here
    here.close()


@pytest.fixture
def export() -> Iterator[Export]:
    found = read_export(SPEND, "spend.csv")
    yield found
    found.close()


def test_one_import_per_workspace_at_a_time(
    workspace: Workspace, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, add = threading.Event(), Workspace.add
    monkeypatch.setattr(Workspace, "add", lambda *a, **k: go.wait(30) and add(*a, **k))
    first, second = (Importing(workspace, [export], "keep", lambda: None) for _ in range(2))
    first.start()
    assert under_way(workspace) is first
    with pytest.raises(WorkspaceError, match="under way"):
        second.start()
    go.set()
    assert first.over(30)
    assert first.batch is not None
    assert under_way(workspace) is None
    second.start()
    assert second.over(30)
    assert "imported before" in str(second.error)


def test_what_comes_after_is_done_once_the_rows_are_stored(workspace: Workspace, export: Export) -> None:
    seen = []
    running = Importing(workspace, [export], "keep", lambda: seen.append(len(workspace.batches())))
    running.start()
    assert running.over(30)
    assert seen == [1]
    assert (running.done, running.total) == (1, 1)


def test_an_unexpected_error_frees_the_workspace(
    workspace: Workspace, export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Workspace, "add", lambda *a, **k: 1 / 0)
    running = Importing(workspace, [export], "keep", lambda: None)
    running.start()
    assert running.over(30)
    assert "Something went wrong inside Sluice" in str(running.error)
    assert under_way(workspace) is None
