"""A long question shows its place and how far it is, can be stopped and asked again, and keeps nobody's clicks."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from typing import Any
from weakref import ref

import pytest
from harness import headline, run, stands_on

from analysis.answer import Answer
from analysis.reallocation.simulation import Simulation
from analysis.store.watch import watching
from server.work import Answers, Bounds, Line
from ui import session, waiting

LONG = 100.0


class Slow:
    """Makes every simulation go on until it is let go."""

    def __init__(self) -> None:
        self.go, self.asked = threading.Event(), 0

    def held(self) -> str:
        """Work that goes on until it is let go."""
        watching().expect(10_000)
        while not self.go.wait(0.02):
            watching().step(1)
        return "whole"

    def answer(self, own: Simulation, tables: Any) -> Any:
        self.asked += 1
        self.held()
        return REAL(own, tables)


REAL = Simulation._answer


def none_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be answered so far."""
    kept = Answers[Answer]()
    monkeypatch.setattr(session, "answers", lambda: kept)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    held = Slow()
    monkeypatch.setattr(Simulation, "_answer", lambda own, tables: held.answer(own, tables))
    none_yet(monkeypatch)
    monkeypatch.setattr(waiting, "_SOON", 0.05)
    line = Line(1, Bounds())
    monkeypatch.setattr(session, "line", lambda: line)
    yield held
    held.go.set()


class Clicked(BaseException):
    """What Streamlit raises within a run when somebody clicks."""


class Elements:
    """Stands for Streamlit's elements: notes what is said, and lets a test click after the second time."""

    def __init__(self, held: Slow, click: bool) -> None:
        self.held, self.click, self.said = held, click, list[str]()

    def progress(self, share: float, text: str) -> None:
        self.said.append(text)
        assert 0 <= share <= 1
        if len(self.said) == 2:
            if self.click:
                raise Clicked
            self.held.go.set()


def test_how_it_stands_is_said_until_the_answer_is_there(slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Elements(slow, click=False)
    monkeypatch.setattr(waiting.st, "empty", lambda: seen)
    job = session.line().ask("q", "ann", lambda: slow.held())
    slot = waiting.st.container()
    answer = waiting.until_done(job, "ann", slot)
    assert answer == "whole"
    assert len(seen.said) >= 2
    assert all(text.startswith("Working on it") for text in seen.said)


def test_a_click_ends_the_wait_at_once_and_the_question_with_it_unless_it_is_asked_anew(
    slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting.st, "empty", lambda: Elements(slow, click=True))
    job = session.line().ask("q", "ann", lambda: slow.held())
    began = time.monotonic()
    with pytest.raises(Clicked):
        waiting.until_done(job, "ann", waiting.st.container())
    assert time.monotonic() - began < LONG / 2
    assert not job.people
    assert not job.wait(0.2)  # whoever asks it anew finds it on its way
    monkeypatch.setattr("server.work.GRACE", 0.0)
    assert job.wait(LONG)
    assert not slow.go.is_set()


def test_what_was_stopped_says_so_and_is_asked_again_by_a_button(
    opened: Any, slow: Slow, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow.go.set()
    app = opened("reallocation")
    said, asked = headline(app), slow.asked
    none_yet(monkeypatch)
    question = app.session_state["reallocation.start"]
    key = question.digest(), stands_on(app).version, session.code_version()
    app.session_state[waiting.STOPPED] = {key}
    run(app)
    assert any("stopped before it was done" in note.value for note in app.info)
    assert slow.asked == asked
    again = next(button for button in app.button if button.label == "Ask again")
    again.click()
    run(app)
    assert headline(app) == said
    assert slow.asked == asked + 1


def test_nothing_but_what_was_answered_last_holds_an_answer_that_was_waited_for(opened: Any, slow: Slow) -> None:
    """Streamlit keeps what a button was given, here the one that stops, for as long as its session goes on."""
    threading.Timer(1.0, slow.go.set).start()
    app = opened("reallocation")
    (answer,) = (ref(held) for held in session.answers()._kept.values() if isinstance(held.question, Simulation))
    session.line().ask("another", "ann", list).wait(LONG)  # what serves the line lets go of what it served before
    session.answers()._kept.clear()
    gc.collect()
    assert headline(app)
    assert answer() is None


def test_one_question_on_two_pages_is_answered_once(opened: Any, slow: Slow) -> None:
    apps: list[Any] = []
    threads = [threading.Thread(target=lambda: apps.append(opened("reallocation"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + LONG
    while _waiting() < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    slow.go.set()
    for thread in threads:
        thread.join(LONG)
    assert slow.asked == 1
    assert headline(apps[0]) == headline(apps[1])


def _waiting() -> int:
    """How many wait for what is under way; the harness gives all its sessions one name."""
    return sum(sum(job.people.values()) for job in list(session.line()._jobs.values()))
