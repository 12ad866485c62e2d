"""The line goes round by person, asks equal questions once, and stops what nobody waits for."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.store.watch import watching
from server import work
from server.work import Answers, Bounds, Job, Line, WorkError

LONG = 30.0
"""Seconds in which anything here is over, on however busy a machine."""


class Gate:
    """Work that begins, waits to be let go, and notes its name."""

    def __init__(self) -> None:
        self.order: list[str] = []
        self.begun, self.go = threading.Event(), threading.Event()

    def held(self) -> str:
        self.begun.set()
        assert self.go.wait(LONG)
        return "held"

    def named(self, name: str) -> Callable[[], str]:
        def done() -> str:
            self.order.append(name)
            return name

        return done


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.go.set()


def busy(line: Line, gate: Gate) -> Job[str]:
    """Occupy the only lane."""
    job = line.ask("held", "somebody", gate.held)
    assert gate.begun.wait(LONG)
    return job


def by_turns(asked: list[tuple[str, str]]) -> list[str]:
    """Return in which order a line of people's wishes is served, as anybody would do it with a list: the twin."""
    people: dict[str, deque[str]] = {}
    for person, name in asked:
        people.setdefault(person, deque()).append(name)
    served = []
    while any(people.values()):
        for person in people:
            if people[person]:
                served.append(people[person].popleft())
    return served


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(["ann", "bo", "cy"]), min_size=1, max_size=9))
def test_people_take_turns_and_know_their_place(people: list[str]) -> None:
    gate, line = Gate(), Line(1, Bounds(waiting=20))
    first = busy(line, gate)
    asked = [(person, f"{person} {n}") for n, person in enumerate(people)]
    jobs = {name: line.ask(name, person, gate.named(name)) for person, name in asked}
    expected = by_turns(asked)
    assert {name: job.ahead for name, job in jobs.items()} == {name: 1 + n for n, name in enumerate(expected)}
    assert (line.waiting, line.under_way) == (len(asked), 1)
    gate.go.set()
    assert all(job.wait(LONG) for job in [first, *jobs.values()])
    assert gate.order == expected
    assert [job.value for job in jobs.values()] == list(jobs)


def test_one_person_with_many_questions_delays_another_by_one(gate: Gate) -> None:
    line = Line(1, Bounds(waiting=50))
    busy(line, gate)
    for n in range(30):
        line.ask(n, "many", gate.named(f"many {n}"))
    assert line.ask("one", "few", gate.named("few")).ahead == 2


def test_a_long_question_rests_for_whoever_has_had_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_LESS", 0.05)
    line, ended = Line(1, Bounds(seconds=3)), list[str]()

    def long() -> str:
        while had.took < 2:
            watching().step()
            time.sleep(0.01)
        ended.append("long")
        return "long"

    def few() -> str:
        before = had.took
        time.sleep(1.5)
        ended.append("few")
        return f"{had.took - before:.1f}"

    had = line.ask("long", "much", long)
    while had.took < 1.6:
        time.sleep(0.01)
    own = line.ask("own", "much", lambda: ended.append("own"))
    other = line.ask("few", "few", few)
    assert other.wait(LONG) and other.value == "0.0", "it went on beside"
    assert had.wait(LONG) and had.value == "long", "its time is what it ran, not what it rested"
    assert own.wait(LONG) and ended == ["few", "long", "own"]
    assert had.rested >= 1.5 and line.under_way == 0


@pytest.mark.parametrize(("had", "rests"), [(60.0, True), (5.0, False)])
def test_beside_somebody_who_has_had_much_less_a_long_question_rests_though_there_is_room(
    had: float, rests: bool, gate: Gate
) -> None:
    line, steps, over = Line(2), deque[float](), threading.Event()
    line._had["much"] = had, time.monotonic()

    def long() -> str:
        while not over.wait(0.01):
            watching().step()
            steps.append(time.monotonic())
        return "long"

    job = line.ask("long", "much", long)
    while not steps:
        time.sleep(0.01)
    line.ask("held", "little", gate.held)
    assert gate.begun.wait(LONG)
    until = time.monotonic() + 3
    while job.resting != rests and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.5)
    assert job.resting == rests
    assert (time.monotonic() - steps[-1] > 0.4) == rests
    gate.go.set()
    before = len(steps)
    while len(steps) < before + 5:
        time.sleep(0.01)
    over.set()
    assert job.wait(LONG) and job.value == "long"
    assert (job.rested > 0.4) == rests


class Steps:
    """Work that steps until it is over, and notes when."""

    def __init__(self) -> None:
        self.at, self.over = deque[float](), threading.Event()

    def work(self) -> str:
        while not self.over.wait(0.01):
            watching().step()
            self.at.append(time.monotonic())
        return "over"

    def goes(self) -> bool:
        """Say whether it makes a step in half a second."""
        self.at.clear()
        time.sleep(0.5)
        return bool(self.at)


def comes(job: Job[Any], rests: bool) -> bool:
    """Say whether a job comes to rest, or to go on."""
    until = time.monotonic() + 3
    while job.resting != rests and time.monotonic() < until:
        time.sleep(0.01)
    return job.resting == rests


def test_a_long_question_of_who_has_had_much_rests_while_others_pages_are_drawn() -> None:
    line, steps = Line(2), Steps()
    line._had["much"] = 60.0, time.monotonic()
    job = line.ask("long", "much", steps.work)
    with line.drawing("much"):
        assert steps.goes() and not job.resting, "one's own page"
    with line.drawing("little"):
        assert comes(job, True) and not steps.goes()
    assert comes(job, False) and steps.goes()
    steps.over.set()
    assert job.wait(LONG) and job.value == "over"


def test_a_long_question_of_who_has_had_little_goes_on_while_pages_are_drawn() -> None:
    line, steps = Line(2), Steps()
    job = line.ask("long", "ann", steps.work)
    with line.drawing("bo"):
        assert steps.goes() and job.rested == 0
    steps.over.set()
    assert job.wait(LONG)


def test_nothing_rests_for_a_page_that_waits_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    line, steps = Line(1), Steps()
    line._had["much"] = 60.0, time.monotonic()
    job = line.ask("long", "much", steps.work)
    with line.drawing("little"):
        assert comes(job, True)
        same = line.ask("long", "little", steps.work)
        assert same is job and comes(job, False), "it is this very question that the page waits for"
    monkeypatch.setattr(work, "_PAGE", 0.2)
    with line.drawing("new"):
        time.sleep(0.3)
        assert comes(job, False) and steps.goes(), "a page that takes so long waits for something else"
    steps.over.set()
    assert job.wait(LONG)


def test_a_question_that_rests_beside_another_can_be_stopped(gate: Gate) -> None:
    line = Line(2)
    line._had["much"] = 60.0, time.monotonic()

    def long() -> None:
        while True:
            watching().step()
            time.sleep(0.01)

    job = line.ask("long", "much", long)
    line.ask("held", "little", gate.held)
    while not job.resting:
        time.sleep(0.01)
    job.stop("much")
    assert job.wait(LONG)
    assert not gate.go.is_set()


def test_a_question_that_rests_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_LESS", 0.05)
    line, gate = Line(1), Gate()

    def long() -> None:
        while True:
            watching().step()
            time.sleep(0.01)

    job = line.ask("long", "much", long)
    while job.took < 0.3:
        time.sleep(0.01)
    line.ask("few", "few", gate.held)
    assert gate.begun.wait(LONG)
    job.stop("much")
    gate.go.set()
    assert job.wait(LONG)
    with pytest.raises(WorkError, match="stopped"):
        _ = job.value


def test_work_that_holds_what_others_need_never_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_LESS", 0.05)
    line, file, ended = Line(1, rests=False), threading.Lock(), list[str]()

    def writes(name: str, seconds: float) -> Callable[[], None]:
        def done() -> None:
            until = time.monotonic() + seconds
            with file:
                while time.monotonic() < until:
                    watching().step()
                    time.sleep(0.01)
            ended.append(name)

        return done

    first = line.ask("first", "much", writes("first", 1.0))
    while first.took < 0.3:
        time.sleep(0.01)
    second = line.ask("second", "few", writes("second", 0.0))
    assert second.wait(LONG) and first.wait(LONG)
    assert ended == ["first", "second"] and first.rested == 0


def test_what_somebody_has_had_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(1)
    job = line.ask("a", "ann", lambda: time.sleep(0.2))
    assert job.wait(LONG)
    assert 0.19 < line.had("ann") < 0.2 + LONG and line.had("bo") == 0
    now = time.monotonic()
    monkeypatch.setattr(work.time, "monotonic", lambda: now + 600)
    assert line.had("ann") < 0.01


def test_equal_questions_are_asked_once_and_all_get_the_answer(gate: Gate) -> None:
    line = Line(1)
    busy(line, gate)
    jobs = [line.ask("same", person, gate.named("same")) for person in ("ann", "bo", "cy", "ann")]
    gate.go.set()
    assert all(job.wait(LONG) for job in jobs)
    assert gate.order == ["same"]
    assert [job.value for job in jobs] == ["same"] * 4
    assert line.counts["joined"] == 2


def test_who_joins_brings_the_question_forward_to_their_own_turn(gate: Gate) -> None:
    line = Line(1)
    busy(line, gate)
    for n in range(4):
        last = line.ask(n, "many", gate.named(str(n)))
    assert last.ahead == 4
    line.ask(3, "few", gate.named("3"))
    assert last.ahead == 2
    gate.go.set()
    assert last.wait(LONG)


def test_a_question_that_waits_is_dropped_when_it_is_stopped(gate: Gate) -> None:
    line = Line(1)
    busy(line, gate)
    job, other = line.ask("a", "ann", gate.named("a")), line.ask("b", "bo", gate.named("b"))
    job.stop("ann")
    gate.go.set()
    assert job.wait(LONG)
    assert other.wait(LONG)
    assert gate.order == ["b"]
    with pytest.raises(WorkError, match="stopped before it was done"):
        _ = job.value


def steps(until: threading.Event) -> str:
    """Work that looks after each of its steps whether it is to stop."""
    watching().expect(3000)
    for _ in range(3000):
        if until.wait(0.01):
            return "whole"
        watching().step(1)
    return "ran out"


def test_one_that_runs_stops_within_its_next_step_and_tells_how_far_it_is(gate: Gate) -> None:
    line = Line(1)
    job = line.ask("a", "ann", lambda: steps(gate.go))
    deadline = time.monotonic() + LONG
    while not job.share and time.monotonic() < deadline:
        time.sleep(0.05)
    assert 0 < (job.share or 0) < 1
    job.stop("ann")
    assert job.wait(LONG)
    assert not gate.go.is_set()
    with pytest.raises(WorkError) as said:
        _ = job.value
    assert said.value.code == "stopped"
    assert line.counts["stopped"] == 1


def test_it_goes_on_for_others_where_one_of_them_stops_it(gate: Gate) -> None:
    line = Line(1)
    job = line.ask("a", "ann", lambda: steps(gate.go))
    line.ask("a", "bo", lambda: steps(gate.go))
    job.stop("ann")
    assert not job.wait(0.5)
    gate.go.set()
    assert job.wait(LONG)
    assert job.value == "whole"


def test_what_nobody_waits_for_ends_but_a_click_may_ask_it_anew(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    line = Line(1)
    job = line.ask("a", "ann", lambda: steps(gate.go))
    job.leave("ann")
    assert line.ask("a", "ann", lambda: steps(gate.go)) is job
    monkeypatch.setattr(work, "GRACE", 0.2)
    assert not job.wait(0.5)  # somebody waits again
    job.leave("ann")
    assert job.wait(LONG)
    with pytest.raises(WorkError):
        _ = job.value


def test_nobody_joins_what_was_given_up_and_has_not_come_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a page is opened again while the first answer's code is still being made."""
    begun, ending, ended = threading.Event(), threading.Event(), threading.Event()

    def slow_to_end() -> str:
        begun.set()
        try:
            while True:
                watching().step()
                time.sleep(0.01)
        finally:
            ending.set()
            ended.wait(LONG)

    monkeypatch.setattr(work, "GRACE", 0.0)
    line = Line(1)
    job = line.ask("a", "ann", slow_to_end)
    assert begun.wait(LONG)
    job.leave("ann")
    assert ending.wait(LONG)
    again = line.ask("a", "ann", lambda: "anew")
    ended.set()
    assert again.wait(LONG)
    assert again.value == "anew"


def test_a_question_stopped_in_the_line_can_be_asked_anew_at_once(gate: Gate) -> None:
    line = Line(1)
    busy(line, gate)
    line.ask("a", "ann", gate.named("first")).stop("ann")
    again = line.ask("a", "ann", gate.named("again"))
    gate.go.set()
    assert again.wait(LONG)
    assert (again.value, gate.order) == ("again", ["again"])


def test_time_and_memory_of_a_question_have_bounds_said_in_words(gate: Gate) -> None:
    late = Line(1, Bounds(seconds=0.3)).ask("a", "ann", lambda: steps(gate.go))
    assert late.wait(LONG)
    with pytest.raises(WorkError, match=r"more than .* the most that this server gives one question") as said:
        _ = late.value
    assert said.value.code == "too-long"

    def grows() -> str:
        held = [bytearray(2**26)]
        for part in held:
            part[::4096] = b"x" * len(part[::4096])  # a page that is not written to takes no memory
        return steps(gate.go) + str(len(held))

    large = Line(1, Bounds(mb=16)).ask("a", "ann", grows)
    assert large.wait(LONG)
    with pytest.raises(WorkError, match="more than 16 MB of memory") as said:
        _ = large.value
    assert said.value.code == "too-large"


def test_one_person_has_so_many_in_the_line_and_is_told(gate: Gate) -> None:
    line = Line(1, Bounds(waiting=2))
    busy(line, gate)
    first = line.ask(1, "ann", gate.named("1"))
    line.ask(2, "ann", gate.named("2"))
    line.ask(2, "ann", gate.named("2"))  # the same again is not another
    with pytest.raises(WorkError, match="2 long questions of yours are waiting"):
        line.ask(3, "ann", gate.named("3"))
    line.ask(3, "bo", gate.named("3"))
    first.stop("ann")
    assert line.ask(4, "ann", gate.named("4")).ahead == 3


def test_an_error_is_everybodys_and_the_line_goes_on() -> None:
    line = Line(1)

    def broken() -> str:
        raise ValueError("broken")

    job = line.ask("a", "ann", broken)
    assert job.wait(LONG)
    with pytest.raises(ValueError, match="broken"):
        _ = job.value
    well = line.ask("a", "ann", lambda: "well")
    assert well.wait(LONG)
    assert well.value == "well"
    assert line.counts["failed"] == 1


def test_as_many_run_at_once_as_there_are_lanes(gate: Gate) -> None:
    line = Line(3, Bounds(waiting=20))
    most, now, lock = [0], [0], threading.Lock()

    def counted() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.05)
        with lock:
            now[0] -= 1

    jobs = [line.ask(n, str(n % 4), counted) for n in range(12)]
    assert all(job.wait(LONG) for job in jobs)
    assert most == [3]


def test_threads_go_when_there_is_nothing_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "_IDLE", 0.1)
    line = Line(2)
    assert line.ask("a", "ann", lambda: 1).wait(LONG)
    deadline = time.monotonic() + LONG
    while line._threads and time.monotonic() < deadline:
        time.sleep(0.05)
    assert line._threads == 0
    again = line.ask("a", "ann", lambda: 2)
    assert again.wait(LONG)
    assert again.value == 2


def test_an_answer_is_made_once_for_all_who_ask_at_once() -> None:
    answers, made, start = Answers[int](), [], threading.Barrier(8)
    found: list[int] = []

    def make() -> int:
        made.append(1)
        time.sleep(0.1)
        return 7

    def ask() -> None:
        start.wait(LONG)
        found.append(answers.of("q", make))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    assert (len(made), found) == (1, [7] * 8)


def test_kept_answers_hold_no_more_than_they_may_together() -> None:
    answers = Answers[bytes](mb=1, size=len)
    for n in range(9):
        answers.keep(n, bytes(300_000))
        assert answers.bytes == sum(len(answers._kept[key]) for key in answers._kept) <= 2**20
    assert [n for n in range(9) if n in answers] == [6, 7, 8]
    answers.keep(8, bytes(10))
    assert answers.bytes == 600_010, "another answer to the same takes its place"
    answers.keep("large", bytes(3 * 2**20))
    assert list(answers._kept) == ["large"], "whoever asked for it looks at it now"
    answers.keep("small", b"x")
    assert (list(answers._kept), answers.bytes) == (["small"], 1)


def test_the_longest_unused_answer_goes_first_and_an_error_is_not_kept() -> None:
    answers = Answers[str](most=2)
    for key in "ab":
        answers.of(key, lambda key=key: key)
    assert answers.get("a") == "a"
    answers.of("c", lambda: "c")
    assert (answers.get("b"), answers.get("a"), answers.get("c")) == (None, "a", "c")

    def broken() -> Any:
        raise ValueError

    with pytest.raises(ValueError):
        answers.of("d", broken)
    assert answers.of("d", lambda: "d") == "d"
