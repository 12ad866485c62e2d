"""How far long work is, and how it is stopped: the work runs beside, its caller is told and asked now and then."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, suppress
from typing import TypeVar

import duckdb
import pyarrow as pa

T = TypeVar("T")
_ASKED, _TOLD = 0.1, 0.5
"""Seconds between two questions whether to stop, and between two reports."""
_current = contextvars.ContextVar["Watch | None"]("watch", default=None)


class _Stop(Exception):
    """Leaves the work."""


class Watch:
    """One piece of long work, in units that add up to `total`.

    Parameters
    ----------
    total : int
    progress : callable, optional
        Told what is done and `total`, in the caller's thread.
    cancel : callable, optional
        Asked in the caller's thread whether to stop.
    cancelled : callable
        Makes the error that says it was stopped.
    """

    def __init__(
        self,
        total: int,
        progress: Callable[[int, int], None] | None = None,
        cancel: Callable[[], bool] | None = None,
        cancelled: Callable[[], Exception] = _Stop,
    ) -> None:
        self.total, self._progress, self._cancel, self._cancelled = total, progress, cancel, cancelled
        self._done, self._told, self._last = 0.0, 0, 0.0
        self._stop, self._asking = threading.Event(), threading.Lock()
        self._goes = threading.Event()
        self._goes.set()
        self._running: tuple[duckdb.DuckDBPyConnection, float] | None = None
        self._connections: tuple[duckdb.DuckDBPyConnection, ...] = ()

    # ---- around the work

    def run(self, work: Callable[[], T], *connections: duckdb.DuckDBPyConnection) -> T:
        """Do the work; `connections` are interrupted when it is to stop."""
        if self._progress is None and self._cancel is None:
            return work()
        self._connections += connections
        self._look()
        if self._stop.is_set():
            raise self._cancelled()
        with ThreadPoolExecutor(1) as pool:
            context = contextvars.copy_context()
            context.run(_current.set, self)
            future = pool.submit(context.run, work)
            try:
                while not wait([future], _ASKED).done:
                    self._look()
            except BaseException:
                self._halt(future)
                raise
            return self._outcome(future)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let the work rest at its next step, for as long as something else goes before it."""
        self._goes.clear()
        try:
            yield
        finally:
            self._goes.set()

    def _look(self) -> None:
        if self._progress and time.monotonic() - self._last >= _TOLD:
            self._last = time.monotonic()
            self._told = max(self._told, min(self.total, round(self._so_far())))
            self._progress(self._told, self.total)
        if self._cancel and (self._stop.is_set() or self._cancel()):
            self._stop.set()
            self._interrupt()

    def _so_far(self) -> float:
        running = self._running
        return self._done + (max(0.0, running[0].query_progress()) / 100 * running[1] if running else 0.0)

    def _interrupt(self) -> None:
        with self._asking:
            for con in self._connections:
                with suppress(duckdb.Error):  # closed meanwhile
                    con.interrupt()

    def _halt(self, future: Future[T]) -> None:
        self._stop.set()
        while not wait([future], _ASKED).done:
            self._interrupt()

    def _outcome(self, future: Future[T]) -> T:
        error = future.exception()
        if error is not None and self._stop.is_set():
            raise self._cancelled() from (error if isinstance(error, Exception) else None)
        result = future.result()
        if self._progress:
            self._progress(self.total, self.total)
        return result

    # ---- inside the work

    def also(self, con: duckdb.DuckDBPyConnection) -> None:
        """Interrupt this connection too."""
        self._connections += (con,)

    @contextmanager
    def holding(self, con: duckdb.DuckDBPyConnection) -> Iterator[None]:
        """Interrupt this connection too, but only meanwhile: others write on it before and after."""
        with self._asking:
            self._connections += (con,)
        try:
            yield
        finally:
            with self._asking:
                self._connections = tuple(other for other in self._connections if other is not con)

    def expect(self, units: int) -> None:
        """Add units to what there is to do: the work knows how much only as it goes."""
        self.total += units

    def step(self, done: float = 0) -> None:
        """Note units done; leave here if the work is to stop, rest here while it is held."""
        self._done += done
        while not self._goes.wait(_ASKED) and not self._stop.is_set():
            pass
        if self._stop.is_set():
            raise _Stop

    @contextmanager
    def during(self, con: duckdb.DuckDBPyConnection, units: float) -> Iterator[None]:
        """Count a query on `con` as `units`, by what DuckDB says of its progress meanwhile."""
        self.step()
        self._running = (con, units)
        try:
            yield
        finally:
            self._running = None
        self.step(units)

    def batches(self, reader: pa.RecordBatchReader, units: float) -> pa.RecordBatchReader:
        """Return the reader's batches, each row of them `units` more that is done."""

        def stepped() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                self.step(units * batch.num_rows)
                yield batch

        return pa.RecordBatchReader.from_batches(reader.schema, stepped())


def watching() -> Watch:
    """Return the watch over the work that runs here; one that nobody looks at where there is none."""
    return _current.get() or Watch(0)
