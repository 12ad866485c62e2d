"""A short form of `make load`: visitors of a real server get their answers without an error, and bring files whole."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from tools import apart

LOAD = Path(__file__).resolve().parents[2] / "benchmarks" / "load"
VISITORS = 4


@pytest.fixture(scope="module")
def load() -> Iterator[ModuleType]:
    """The benchmark, as it is started."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(LOAD))
        patch.setenv("OMP_NUM_THREADS", "1")
        spec = importlib.util.spec_from_file_location("load_benchmark", LOAD / "__main__.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        patch.setattr(module, "ROWS", 500)
        yield module
        for name in ("client", "visitors"):
            sys.modules.pop(name, None)


@pytest.mark.long
def test_visitors_get_answers_and_every_row_they_bring_is_there(
    load: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    apart(lambda: _visited(load))
    said = capsys.readouterr().out
    assert f"{VISITORS} stay on the Funnel page" in said
    assert "2000 of 2000 rows are there" in said
    assert "errors: 0" in said


def _visited(load: ModuleType) -> None:
    with load.served() as place:
        asyncio.run(load.warmed(place.base, ("", "funnel", "data")))
        seen = load.walked(place, "stay", VISITORS, 12)
        assert seen.errors == []
        assert len(seen.openings) == VISITORS
        assert len(seen.answers) >= VISITORS // 2
        assert load.bring(place, VISITORS, 20) == VISITORS * 500
