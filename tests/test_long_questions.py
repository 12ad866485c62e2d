"""A long question can rest and end on its way: it goes through many steps, and at each of them it may be stopped."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import MISSING, fields

import pytest

from analysis import Tables
from analysis.question import Question
from analysis.store.watch import Watch
from analysis.values.base import classes

STEPS = 5
"""Steps that a question of a second has at least, or it could hold others up for as long as it runs."""


class StoppedError(Exception):
    """What is raised to the one who stopped it."""


def long(tables: Tables) -> list[Question]:
    """Return the questions of all kinds, as they are first asked, that a server lets wait in a line."""
    kinds = [kind for kind in classes().values() if issubclass(kind, Question)]
    whole = [kind for kind in kinds if all(f.default is not MISSING or f.default_factory is not MISSING
             for f in fields(kind) if f.init)]  # fmt: skip
    asked = [kind.suggested(tables) for kind in whole if not kind.lacks(tables)]
    return [question for question in asked if question.heavy]


def stopped_at(last: int, question: Question, tables: Tables, monkeypatch: pytest.MonkeyPatch) -> int:
    """Answer a question that is stopped at one of its steps; return how many it made."""
    seen, step = list[int](), Watch.step

    def noted(self: Watch, done: float = 0) -> None:
        seen.append(len(seen))
        if len(seen) == last:
            self._stop.set()
        step(self, done)

    with monkeypatch.context() as patched:
        patched.setattr(Watch, "step", noted)
        with suppress(StoppedError):
            Watch(0, cancel=lambda: False, cancelled=StoppedError).run(lambda: question.run(tables))
            pytest.fail(f"{question.kind} was answered after {len(seen)} steps")
    return len(seen)


def test_every_long_question_has_steps_and_ends_at_them(sample: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    questions = long(sample)
    assert {"allocation", "clusters", "findings", "simulation"} <= {question.kind for question in questions}
    for question in questions:
        assert stopped_at(STEPS, question, sample, monkeypatch) == STEPS, question.kind


def test_a_question_of_many_others_passes_on_that_it_was_stopped(
    sample: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may say in words what one of them lacks, but not that one was stopped."""
    (findings,) = (question for question in long(sample) if question.kind == "findings")
    for last in (10, 300):
        assert stopped_at(last, findings, sample, monkeypatch) == last
