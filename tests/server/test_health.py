"""Alive is not ready: what cannot answer says so, and what is measured is told without a word about anybody."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from server import health
from server.health import Meters, Readiness, answers, can_keep, routes


def served(**checks: health.Check) -> TestClient:
    return TestClient(Starlette(routes=routes(Readiness(checks))))


async def hangs() -> str:
    await asyncio.sleep(60)
    return ""


def broken() -> str:
    raise RuntimeError("secret 4711")


def test_it_is_ready_when_a_question_is_answered_and_a_file_kept(tmp_path: Path) -> None:
    told = served(question=answers, workspaces=lambda: can_keep(tmp_path / "new", 0.0)).get("/readyz")
    assert (told.status_code, told.json()) == (200, {"ready": True, "wrong": {}})
    assert not list((tmp_path / "new").iterdir())


@pytest.mark.parametrize(
    ("check", "said"), [(lambda: "no answer", "no answer"), (broken, "RuntimeError"), (hangs, "no answer within 0.2 s")]
)
def test_what_cannot_answer_is_alive_and_not_ready(
    check: health.Check, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.2)
    there = served(bad=check, good=lambda: "")
    told = there.get("/readyz")
    assert (told.status_code, told.json()) == (503, {"ready": False, "wrong": {"bad": said}})
    assert "4711" not in told.text
    assert there.get("/healthz").status_code == 200


def test_a_wrong_answer_is_told_from_a_right_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answers() == ""
    monkeypatch.setattr(health, "_QUESTION", health._QUESTION.replace(steps=("purchase", "view")))
    assert answers() == "a known answer came out as [1, 0]"


def test_a_folder_that_cannot_be_written_or_is_full_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert served(folder=lambda: can_keep(file / "inside", 0.0)).get("/readyz").json()["wrong"]["folder"]
    assert "free, below 1e+06" in can_keep(tmp_path, 1e6)


def test_who_asks_often_makes_no_more_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    there = served(count=lambda: asked.append(1) or "")  # type: ignore[func-returns-value]
    for _ in range(5):
        there.get("/readyz")
    assert len(asked) == 1
    monkeypatch.setattr(health, "FRESH", 0.0)
    there.get("/readyz")
    assert len(asked) == 2


def test_metrics_are_prometheus_text_and_read_when_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    own, value = Meters(), [1.0]
    monkeypatch.setattr(health, "meters", lambda: own)
    own.read("sluice_test", "A test.", lambda: value[0])
    own.seconds.labels("funnel").observe(0.3)
    there = served()
    assert "sluice_test 1.0" in there.get("/metrics").text
    value[0] = 2.5
    own.read("sluice_test", "A test.", lambda: value[0] + 1)  # asked for anew, it is no second one
    text = there.get("/metrics").text
    assert "sluice_test 3.5" in text
    assert 'sluice_answer_seconds_bucket{kind="funnel",le="0.25"} 0.0' in text
    assert 'sluice_answer_seconds_bucket{kind="funnel",le="0.5"} 1.0' in text
    resident = next(line for line in text.splitlines() if line.startswith("sluice_resident_bytes "))
    assert float(resident.split()[1]) > 50 * 2**20
