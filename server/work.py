"""Who is answered next? Long questions wait in one fair line, equal ones are asked once, and any can be stopped.

A question that keeps the processor busy is answered by a thread of its own, so that the one who asked can go on
clicking. As many run at once as there are lanes; the others wait, and next comes whoever has had least of the line's
time of late. A question under way rests while one goes before it whose asker has had clearly less, and while a page is
drawn for somebody who has had much less: who asks for much waits for it alone. What nobody waits for any more is not
answered.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar

import psutil

from analysis.errors import SluiceError
from analysis.messages import Span, say
from analysis.store.watch import Watch

T = TypeVar("T")
GRACE = 5.0
"""Seconds that a question goes on without anybody who waits: a click asks it anew, a closed page does not."""
_IDLE = 30.0
"""Seconds after which a thread without work ends."""
_LESS = 1.0
"""Seconds that somebody must have had less of the line for a question under way to rest for theirs."""
_MUCH = 10.0
"""Seconds that somebody must have had less of the line for a question under way to rest while theirs, or their page, is
beside it."""
_PAGE = 3.0
"""Seconds after which a page that is still drawn waits for something else, and nothing rests for it any more."""
_LOOK = 0.05
"""Seconds between two looks of a question that rests."""
_MOST_KNOWN = 1000
"""People of whom it is known what they have had, before those with next to nothing are forgotten."""
_HALF = 60.0
"""Seconds in which half of what somebody has had of the line is forgotten."""


class WorkError(SluiceError):
    """A question that was not answered, though it could be."""

    @classmethod
    def stopped(cls) -> WorkError:
        """Somebody stopped it."""
        return cls(say("This was stopped before it was done. Ask again, or change the question."), "stopped")

    @classmethod
    def too_long(cls, seconds: float) -> WorkError:
        """It took longer than the server allows."""
        text = say("This took more than {time}, the most that this server gives one question. Ask for less: fewer "
                   "simulated campaigns, a shorter time, a filter. Who looks after the server sets the limit.",
                   time=Span(seconds))  # fmt: skip
        return cls(text, "too-long")

    @classmethod
    def too_large(cls, mb: float) -> WorkError:
        """It took more memory than the server allows."""
        text = say("This took more than {size} MB of memory, the most that this server gives one question. Ask for "
                   "less: a shorter time, a filter. Who looks after the server sets the limit.",
                   size=round(mb))  # fmt: skip
        return cls(text, "too-large")

    @classmethod
    def crowded(cls, waiting: int) -> WorkError:
        """One person has as many questions in the line as one may."""
        text = say("{count} long questions of yours are waiting or under way, as many as one person may have. Wait for "
                   "one of them, or stop one.", count=waiting)  # fmt: skip
        return cls(text, "crowded")


class Bounds(NamedTuple):
    """What one question may take.

    Parameters
    ----------
    seconds : float
        From when it begins; what it waits does not count.
    mb : float
        By which the process may grow while it runs.
    waiting : int
        Questions of one person in the line, the one under way included.
    """

    seconds: float = 600.0
    mb: float = 4096.0
    waiting: int = 6


class Job(Generic[T]):
    """One piece of work, and who waits for it; made by :meth:`Line.ask`."""

    def __init__(self, line: Line, key: Hashable, work: Callable[[], T]) -> None:
        self.line, self.key, self.work = line, key, work
        self.people: dict[str, int] = {}
        self.askers = list[str]()
        self.state = "waiting"
        self.done, self.total = 0, 0
        self.left = time.monotonic()
        self.began, self.rested, self._rests = 0.0, 0.0, 0.0
        self._over, self._stop = threading.Event(), threading.Event()
        self._value: T | None = None
        self._error: BaseException | None = None

    # ---- for those who wait

    def wait(self, seconds: float | None = None) -> bool:
        """Say whether it is over, waiting so long for that."""
        return self._over.wait(seconds)

    @property
    def value(self) -> T:
        """What came of it, once it is over; raises what went wrong."""
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]

    @property
    def ahead(self) -> int:
        """How many are answered before it."""
        return self.line.ahead(self)

    @property
    def share(self) -> float | None:
        """How much of it is done; None while nobody knows."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def left_to_do(self) -> float | None:
        """Seconds that it will still take at the pace so far; None before there is a pace."""
        took = self.took
        return took * (self.total - self.done) / self.done if self.began and self.done and took > 1 else None

    @property
    def took(self) -> float:
        """Seconds that it has run so far, without those in which it rested."""
        return (self._rests or time.monotonic()) - self.began - self.rested if self.began else 0.0

    def rest(self, meanwhile: Callable[[], None]) -> None:
        """Do something else before going on."""
        self._rests = time.monotonic()
        meanwhile()
        self.rested, self._rests = self.rested + time.monotonic() - self._rests, 0.0

    @property
    def resting(self) -> bool:
        """Whether it lets something else go before it."""
        return self._rests > 0

    @property
    def stopping(self) -> bool:
        """Whether it was stopped and still runs: it looks now and then."""
        return self._stop.is_set()

    def leave(self, person: str) -> None:
        """Note that a person waits no longer, by closing or changing the page; it ends unless somebody asks anew."""
        self.line.leave(self, person)

    def stop(self, person: str) -> None:
        """Stop it for a person; where others wait too, it goes on for them."""
        self.line.leave(self, person, now=True)

    # ---- for the line

    def unwanted(self) -> bool:
        """Say whether it may end: it was stopped, or nobody has waited for a while."""
        return self._stop.is_set() or (not self.people and time.monotonic() - self.left > GRACE)

    def run(self, bounds: Bounds) -> None:
        """Do it, in the thread that calls this."""
        self.began, own = time.monotonic(), psutil.Process()
        before, ended = own.memory_info().rss, list[WorkError]()

        def cancel() -> bool:
            if self.unwanted() and self.line.given_up(self):
                return True
            self.line.give_way(self, watch)
            if self.took > bounds.seconds:
                ended.append(WorkError.too_long(bounds.seconds))
            elif own.memory_info().rss - before > bounds.mb * 2**20:
                ended.append(WorkError.too_large(bounds.mb))
            return bool(ended)

        watch = Watch(0, self._told, cancel, lambda: ended[0] if ended else WorkError.stopped())
        try:
            self._value = watch.run(self.work)
        except BaseException as error:
            self._error = error

    def _told(self, done: int, total: int) -> None:
        self.done, self.total = done, total

    def end(self, error: BaseException | None = None) -> None:
        """Let those who wait know."""
        self._error = self._error or error
        self.state = "over"
        self._over.set()


class Line:
    """The line of a server, in which people take turns.

    Parameters
    ----------
    lanes : int
        How many pieces of work are under way at once.
    bounds : Bounds, optional
    rests : bool
        Whether work under way may rest for others: not where it holds what they might need, as an import does.

    Examples
    --------
    >>> line = Line(lanes=1)
    >>> job = line.ask("sum", "ann", lambda: 1 + 1)
    >>> job.wait(5), job.value
    (True, 2)
    """

    def __init__(self, lanes: int, bounds: Bounds = Bounds(), *, rests: bool = True) -> None:  # noqa: B008 - frozen
        self.lanes, self.bounds, self.rests = lanes, bounds, rests
        self._lock = threading.Condition()
        self._turns: deque[str] = deque()
        self._waiting: dict[str, deque[Job[Any]]] = {}
        self._jobs: dict[Hashable, Job[Any]] = {}
        self._running: set[Job[Any]] = set()
        self._had: dict[str, tuple[float, float]] = {}
        self._drawn: dict[object, tuple[str, float]] = {}
        self._threads = 0
        self.counts = {"done": 0, "stopped": 0, "failed": 0, "joined": 0, "refused": 0}

    def ask(self, key: Hashable, person: str, work: Callable[[], T]) -> Job[T]:
        """Put work in the line, or join whoever asked for the same.

        Parameters
        ----------
        key : hashable
            What makes two pieces of work the same.
        person : str
            Who asks: the line goes round by person.
        work : callable
            Runs in a thread of the line's own; what it says to :func:`analysis.store.watch.watching` is its progress.

        Raises
        ------
        WorkError
            The person has as many in the line as one may.
        """
        with self._lock:
            job = self._jobs.get(key)
            if job is None or job.stopping:
                self._room(person)
                job = self._jobs[key] = Job(self, key, work)
            elif person not in job.people:
                self._room(person)
                self.counts["joined"] += 1
            if person not in job.people and job.state == "waiting":
                self._enqueue(person, job)
            job.people[person] = job.people.get(person, 0) + 1
            job.askers += [person] if person not in job.askers else []
            if self._threads < self.lanes:
                self._threads += 1
                threading.Thread(target=self._serve, name="sluice-line", daemon=True).start()
            self._lock.notify()
            return job

    def _room(self, person: str) -> None:
        own = {job for job in self._jobs.values() if person in job.people}
        if len(own) >= self.bounds.waiting:
            self.counts["refused"] += 1
            raise WorkError.crowded(len(own))

    def _enqueue(self, person: str, job: Job[Any]) -> None:
        if person not in self._waiting:
            self._waiting[person] = deque()
            self._turns.append(person)
        self._waiting[person].append(job)

    def leave(self, job: Job[Any], person: str, *, now: bool = False) -> None:
        """Note that a person waits no longer for a job; with `now` it ends at once where nobody else waits."""
        with self._lock:
            count = job.people.pop(person, 0) - 1
            if count > 0 and not now:
                job.people[person] = count
            if not job.people:
                job.left = time.monotonic()
                if now:
                    job._stop.set()
                if now and job.state == "waiting":
                    self._close(job, WorkError.stopped())

    def ahead(self, job: Job[Any]) -> int:
        """Return how many jobs are under way or come before one that waits."""
        with self._lock:
            if job.state != "waiting":
                return 0
            before = len(self._running)
            left = {person: deque(jobs) for person, jobs in self._waiting.items()}
            turns, seen = deque(sorted(self._turns, key=self._share)), set[Job[Any]]()
            while turns:
                person = turns.popleft()
                while left[person] and (left[person][0] in seen or left[person][0].state != "waiting"):
                    left[person].popleft()
                if not left[person]:
                    continue
                next_one = left[person].popleft()
                if next_one is job:
                    return before + len(seen)
                seen.add(next_one)
                turns.append(person)
            return before + len(seen)

    @property
    def under_way(self) -> int:
        """How many run."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """How many wait."""
        with self._lock:
            return sum(job.state == "waiting" for job in self._jobs.values())

    def had(self, person: str) -> float:
        """Return the seconds of the line that a person has had of late: what is over counts half after a minute."""
        return self._past(person) + sum(j.took / len(j.askers) for j in self._running if person in j.askers)

    def _past(self, person: str) -> float:
        seconds, at = self._had.get(person, (0.0, 0.0))
        return float(seconds * 0.5 ** ((time.monotonic() - at) / _HALF))

    def _share(self, person: str) -> int:
        """Return what a person has had in whole seconds: of two who had as much, it is simply the next one's turn."""
        return int(self.had(person) // _LESS)

    @contextmanager
    def drawing(self, person: str) -> Iterator[None]:
        """Note that a page is drawn for a person meanwhile."""
        page = object()
        self._drawn[page] = person, time.monotonic()
        try:
            yield
        finally:
            del self._drawn[page]

    # ---- the threads

    def _serve(self) -> None:
        while (job := self._next()) is not None:
            self._answer(job)

    def give_way(self, job: Job[Any], watch: Watch) -> None:
        """Let a job under way rest while what goes before it is answered: in its place, or beside it.

        In its place goes whatever waits of somebody who has had less of late. Beside it, the question or the page of
        somebody who has had much less: it leaves them the cores.
        """
        with self._lock:
            rests = self.rests and (self._goes_first(job) is not None or self._runs_beside(job))
        if rests:
            with watch.held():
                job.rest(partial(self._let_by, job))

    def _let_by(self, job: Job[Any]) -> None:
        while not job.unwanted():
            with self._lock:
                first = self._goes_first(job)
                before = self._take(first) if first is not None else None
                if first is None and not self._runs_beside(job):
                    return
            if before is not None:
                self._answer(before)
            elif first is None:
                time.sleep(_LOOK)  # no wait for the lock: a word that there is work would wake this thread in vain

    def _goes_first(self, job: Job[Any]) -> str | None:
        """Return who waits and has had less than anybody who asked for a job."""
        first = min(self._turns, key=self._share, default=None)
        return first if first is not None and self.had(first) + _LESS < self._least(job) else None

    def _runs_beside(self, job: Job[Any]) -> bool:
        """Say whether a question is under way, or a page is drawn, for somebody who has had much less."""
        most = self._least(job) - _MUCH
        if most <= 0:
            return False
        questions = any(not other.resting and self._least(other) < most for other in self._running)
        return questions or any(self.had(person) < most for person in self._looking())

    def _looking(self) -> set[str]:
        """Return the people whose page is drawn, not those whose page waits for a question of theirs."""
        waiting = {person for job in self._jobs.values() for person in job.people}
        since = time.monotonic() - _PAGE
        return {person for person, begun in list(self._drawn.values()) if begun > since} - waiting

    def _least(self, job: Job[Any]) -> float:
        return min(map(self.had, job.askers))

    def given_up(self, job: Job[Any]) -> bool:
        """Say whether a job may end; if so nobody joins it any more, for it may take a while to come to its end."""
        with self._lock:
            if job.unwanted():
                job._stop.set()
            return job.stopping

    def _answer(self, job: Job[Any]) -> None:
        if not self.given_up(job):
            job.run(self.bounds)
        with self._lock:
            self._running.discard(job)
            self._charge(job)
            self._close(job, None if job.began else WorkError.stopped())

    def _charge(self, job: Job[Any]) -> None:
        """Note what those who asked for a job have had, each their part of it; who had next to nothing is forgotten."""
        now = time.monotonic()
        for person in job.askers:
            self._had[person] = self._past(person) + job.took / len(job.askers), now
        if len(self._had) > _MOST_KNOWN:
            self._had = {person: had for person, had in self._had.items() if self._past(person) > _LESS / 10}

    def _close(self, job: Job[Any], error: WorkError | None) -> None:
        """Strike a job off the books, then let those know who wait for it: who asks from now on asks anew."""
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]
        self._count(job)
        job.end(error)

    def _count(self, job: Job[Any]) -> None:
        error = job._error
        stopped = not job.began or (isinstance(error, WorkError) and error.code == "stopped")
        self.counts["stopped" if stopped else "failed" if error is not None else "done"] += 1

    def _next(self) -> Job[Any] | None:
        """Take the next job, waiting for one; None where this thread is not needed any more."""
        with self._lock:
            until = time.monotonic() + _IDLE
            while True:
                while self._turns:
                    if job := self._take(min(self._turns, key=self._share)):
                        return job
                if (left := until - time.monotonic()) <= 0:
                    self._threads -= 1
                    return None
                self._lock.wait(left)

    def _take(self, person: str) -> Job[Any] | None:
        """Take a person's next job out of the line, to run; None where somebody has taken or stopped it."""
        self._turns.remove(person)
        jobs = self._waiting[person]
        job = jobs.popleft()
        if jobs:
            self._turns.append(person)
        else:
            del self._waiting[person]
        if job.state != "waiting":
            return None
        job.state = "running"
        self._running.add(job)
        return job


class Answers(Generic[T]):
    """What was answered last, so that equal questions are asked once: by one after another, and by many at once.

    Parameters
    ----------
    most : int
        How many are kept, the longest unused forgotten first.
    mb : float
        What they may hold together; the last one is kept however large it is.
    size : callable
        Returns the bytes that one holds.
    """

    def __init__(self, most: int = 256, mb: float = float("inf"), size: Callable[[T], int] = lambda _: 0) -> None:
        self._most, self._bytes, self._size = most, mb * 2**20, size
        self._kept, self._sizes = OrderedDict[Hashable, T](), dict[Hashable, int]()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}
        self.found, self.made, self.bytes = 0, 0, 0

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._kept

    def get(self, key: Hashable) -> T | None:
        """Return what is kept under a key."""
        with self._lock:
            if key not in self._kept:
                return None
            self._kept.move_to_end(key)
            self.found += 1
            return self._kept[key]

    def keep(self, key: Hashable, value: T) -> T:
        """Keep a value."""
        size = self._size(value)
        with self._lock:
            self.made += 1
            self.bytes += size - self._sizes.get(key, 0)
            self._kept[key], self._sizes[key] = value, size
            self._kept.move_to_end(key)
            while len(self._kept) > self._most or (self.bytes > self._bytes and len(self._kept) > 1):
                gone, _ = self._kept.popitem(last=False)
                self.bytes -= self._sizes.pop(gone)
            return value

    def of(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made by the first who asks while the others wait for it."""
        if (value := self.get(key)) is not None:
            return value
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            try:
                value = self.get(key)
                return value if value is not None else self.keep(key, make())
            finally:
                with self._lock:
                    if self._making.get(key) is making:
                        del self._making[key]


__all__ = ["Answers", "Bounds", "Job", "Line", "WorkError"]
