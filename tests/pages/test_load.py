"""Who looks after a server sees what it takes, in words of either language, and within which limits."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from server import health
from server.health import Meters
from ui import load


def page() -> None:
    from ui import load

    load.draw()


@pytest.mark.parametrize(("language", "label", "memory"), [("en", "Long questions waiting", "GB"),
                                                           ("zh_CN", "排队的长问题", "GB")])  # fmt: skip
def test_what_is_measured_is_shown(language: str, label: str, memory: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = Meters()
    monkeypatch.setattr(health, "meters", lambda: own)
    monkeypatch.setattr(load, "meters", lambda: own)
    own.read("sluice_questions_waiting", "Waiting.", lambda: 1234)
    own.read("sluice_disk_free_bytes", "Free.", lambda: 3.5 * 2**30)
    app = AppTest.from_function(page, default_timeout=60)
    app.session_state["language"] = language
    app.run()
    assert not app.exception
    shown = {one.label: one.value for one in app.metric}
    assert shown[label] == "1,234"
    assert "3.50 GB" in shown.values()
    assert any(value.endswith(memory) for value in shown.values())
    limits = app.dataframe[0].value
    assert dict(limits.to_numpy())["limits.questions_at_once"] == 1
