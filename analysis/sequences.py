"""The one place that walks users' events in order.

A kernel is a small Numba function over (user, time, code) arrays sorted by user and time. This module feeds
it from the store's sorted scan, in chunks cut at user boundaries: a user who straddles two Arrow batches
is handed over whole, in a small chunk of their own. Kernels run beside the scan, in threads of their own:
DuckDB and Numba both let go of Python's lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

T = TypeVar("T")
BATCH = 1_000_000
WALKERS = 2
"""Threads that run kernels: two keep up with the scan, and more would wait for it."""
Int16 = npt.NDArray[np.int16]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole users' events, sorted by user and time; `group` is -1 where the column is null."""

    user: Int32
    time: Int64
    code: Int16
    group: Int32

    @classmethod
    def empty(cls) -> Chunk:
        """Return a chunk of nobody, of the same types as any other."""
        return cls(*(_read_only(np.empty(0, kind)) for kind in (np.int32, np.int64, np.int16, np.int32)))

    def __len__(self) -> int:
        return len(self.user)

    def cut(self, start: int, stop: int) -> Chunk:
        """Return rows `start` to `stop`."""
        return Chunk(*(column[start:stop] for column in self._columns()))

    def joined(self, other: Chunk) -> Chunk:
        """Return these rows followed by the other's."""
        pairs = zip(self._columns(), other._columns(), strict=True)
        return Chunk(*(_read_only(np.concatenate(pair)) for pair in pairs))

    def _columns(self) -> tuple[Any, ...]:
        return self.user, self.time, self.code, self.group


def chunks(events: nw.LazyFrame[Any], group: str | None = None, names: Sequence[str] = ()) -> Iterator[Chunk]:
    """Yield the events in chunks of whole users.

    Parameters
    ----------
    events : LazyFrame
        The store's events (sorted by user and time), filtered at will.
    group : str, optional
        Text column whose value is coded as its position in `names`.
    names : sequence of str
        The values of `group`; others, and null, become -1.
    """
    pending: Chunk | None = None
    for batch in _batches(events, group, names):
        if pending is not None:
            head = int(np.searchsorted(batch.user, pending.user[-1], side="right"))
            pending, batch = pending.joined(batch.cut(0, head)), batch.cut(head, len(batch))
        if not len(batch):
            continue
        if pending is not None:
            yield pending
        last = int(np.searchsorted(batch.user, batch.user[-1], side="left"))
        pending = batch.cut(last, len(batch))
        if last:
            yield batch.cut(0, last)
    if pending is not None:
        yield pending


def beside(walk: Callable[[Chunk], T], found: Iterable[Chunk]) -> Iterator[T]:
    """Yield what `walk` makes of each chunk, in order, walking some while the next are read."""
    with ThreadPoolExecutor(WALKERS) as pool:
        waiting: deque[Future[T]] = deque()
        for chunk in found:
            waiting.append(pool.submit(walk, chunk))
            # Only so many at a time: a scan that runs ahead would pile all its chunks up.
            if len(waiting) > 4 * WALKERS:
                yield waiting.popleft().result()
        for last in waiting:
            yield last.result()


def _batches(events: nw.LazyFrame[Any], group: str | None, names: Sequence[str]) -> Iterator[Chunk]:
    columns: list[Any] = ["user_key", "timestamp", "event_key"]
    relation = events.select(*dict.fromkeys([*columns, *([group] if group else [])])).to_native()
    if group:
        # DuckDB looks each text up once per dictionary of its own; in Arrow it would be once per row.
        text = ColumnExpression(group).cast("VARCHAR")
        place = FunctionExpression("list_position", ConstantExpression(list(names)), text)
        columns.append(place.alias("place"))
    unset = _read_only(np.full(BATCH, -1, np.int32))
    for batch in relation.select(*columns).to_arrow_reader(BATCH):
        if batch.num_rows:
            yield Chunk(
                user=batch.column("user_key").to_numpy(),
                time=batch.column("timestamp").view(pa.int64()).to_numpy(),
                code=batch.column("event_key").to_numpy(),
                group=_from_zero(batch.column("place")) if group else unset[: batch.num_rows],
            )


def _from_zero(places: Any) -> Int32:
    """Return places counted from one, null where there is none, as positions counted from zero; -1 for none."""
    found: Int32 = _read_only(places.fill_null(0).to_numpy() - np.int32(1))
    return found


def _read_only(array: Any) -> Any:
    # Arrow's views are read-only and Numba compiles those apart: one signature for all.
    array.setflags(write=False)
    return array
