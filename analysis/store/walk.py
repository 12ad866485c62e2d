"""The one place that walks users' events in order.

A kernel is a small Numba function over (user, time, code) arrays sorted by user and time. This module feeds
it from the store's sorted scan, in chunks cut at user boundaries: a user who straddles two Arrow batches
is handed over whole, in another chunk, so chunks come in no order of users. Kernels run beside the scan, in a thread
of their own and in the one that reads: DuckDB and Numba both let go of Python's lock.

A walk is a function that can be pickled, from a chunk to some part of an answer; parts are put together by who
asked. So the same walk runs wherever the chunks are, see :mod:`analysis.store.spark`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol, TypeVar

import narwhals as nw
import numpy as np
import pyarrow as pa
from duckdb import ColumnExpression, ConstantExpression, FunctionExpression

from analysis.arrays import Bools, Int16, Int32, Ints
from analysis.store.columns import stored

T = TypeVar("T")
BATCH = 1_000_000
KEPT = 10_000_000
"""Most rows of who, when and what (14 bytes each) that are kept from one walk to the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """What a walk reads of each event beside who, when and what.

    Parameters
    ----------
    coded : mapping of str to sequence of str
        Text columns, each with the values that matter; a chunk has a value's position among them, -1 for any other
        and for none.
    numbers : tuple of str
        Numeric columns; NaN where there is no value.
    texts : tuple of str
        Text columns that no kernel reads but that are looked up for the events it picks.
    """

    coded: Mapping[str, Sequence[str]] = field(default_factory=dict)
    numbers: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return all the columns, each once."""
        return tuple(dict.fromkeys((*self.coded, *self.numbers, *self.texts)))


@dataclass(frozen=True, slots=True)
class Chunk:
    """Whole users' events, sorted by user and time.

    Parameters
    ----------
    user : ndarray of int32
    time : ndarray of int64
        Microseconds since 1970, UTC.
    code : ndarray of int16
        The event's key, see :attr:`analysis.tables.Tables.event_keys`.
    coded : mapping of str to ndarray of int32
    numbers : mapping of str to ndarray of float64
    texts : mapping of str to Arrow array of str
    """

    user: Int32
    time: Ints
    code: Int16
    coded: Mapping[str, Int32] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    texts: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def empty(cls, columns: Columns | None = None) -> Chunk:
        """Return a chunk of nobody, of the same types as any other."""
        columns = columns or Columns()
        return cls(
            read_only(np.empty(0, np.int32)),
            read_only(np.empty(0, np.int64)),
            read_only(np.empty(0, np.int16)),
            {name: read_only(np.empty(0, np.int32)) for name in columns.coded},
            {name: read_only(np.empty(0, np.float64)) for name in columns.numbers},
            {name: pa.array([], pa.string()) for name in columns.texts},
        )

    def __len__(self) -> int:
        return len(self.user)

    def group(self, name: str | None) -> Int32:
        """Return a coded column, or -1 for every event where there is no name."""
        return self.coded[name] if name else read_only(np.full(len(self), -1, np.int32))

    def cut(self, start: int, stop: int) -> Chunk:
        """Return rows `start` to `stop`."""
        return self._each(lambda column: column[start:stop])

    def where(self, kept: Bools) -> Chunk:
        """Return the rows that are kept."""
        return self._each(lambda column: read_only(column[kept]) if _in_numpy(column) else column.filter(kept))

    def copied(self) -> Chunk:
        """Return the same rows apart from the batch they were cut from, which can then be forgotten."""
        return self._each(lambda column: read_only(column.copy()) if _in_numpy(column) else _taken(column))

    @classmethod
    def joined(cls, parts: Sequence[Chunk]) -> Chunk:
        """Return the rows of one or more chunks, one after the other."""
        first = parts[0]
        return cls(
            _together([p.user for p in parts]),
            _together([p.time for p in parts]),
            _together([p.code for p in parts]),
            {name: _together([p.coded[name] for p in parts]) for name in first.coded},
            {name: _together([p.numbers[name] for p in parts]) for name in first.numbers},
            {name: _together([p.texts[name] for p in parts]) for name in first.texts},
        )

    def settled(self, rank: Any) -> Chunk:
        """Return the same events, those of one moment in order of `rank` by event key, then of the coded columns.

        An event's key depends on when it was first imported; its name's rank does not.
        """
        same = (self.user[1:] == self.user[:-1]) & (self.time[1:] == self.time[:-1])
        if not same.any():
            return self
        tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
        keys = [self.user[tied], self.time[tied], rank[self.code[tied]], *(c[tied] for c in self.coded.values())]
        order = np.arange(len(self))
        order[tied] = tied[np.lexsort(keys[::-1])]
        return self._each(lambda column: read_only(column[order]) if _in_numpy(column) else column.take(order))

    def _each(self, change: Callable[[Any], Any]) -> Chunk:
        named = ({name: change(column) for name, column in columns.items()} for columns in self._named())
        return Chunk(change(self.user), change(self.time), change(self.code), *named)

    def _named(self) -> tuple[Mapping[str, Any], ...]:
        return self.coded, self.numbers, self.texts


def chunks(events: nw.LazyFrame[Any], columns: Columns | None = None) -> Iterator[Chunk]:
    """Yield the events in chunks of whole users.

    Parameters
    ----------
    events : LazyFrame
        The store's events (sorted by user and time), filtered at will.
    columns : Columns, optional
    """
    return whole_users(_batches(events, columns or Columns()))


def whole_users(batches: Iterable[Chunk]) -> Iterator[Chunk]:
    """Yield rows sorted by user and time, cut anywhere but never empty, in chunks of whole users.

    Users at a batch's ends may go on in another: they are put aside and come together, in a chunk of their own.
    """
    aside, rows, end = list[Chunk](), 0, None
    for batch in batches:
        first = int(batch.user.searchsorted(batch.user[0], side="right"))
        last = max(first, int(batch.user.searchsorted(batch.user[-1], side="left")))
        if rows > BATCH and aside[-1].user[-1] != (end or batch).user[0]:
            yield Chunk.joined(aside)
            aside, rows = [], 0
        begin = batch.cut(0, first)
        aside.append(Chunk.joined([end, begin]) if end else begin.copied())
        rows += len(aside[-1])
        end = batch.cut(last, len(batch)) if last < len(batch) else None
        if first < last:
            yield batch.cut(first, last)
    if end:
        aside.append(end)
    if aside:
        yield Chunk.joined(aside)


class Repeated(Protocol):
    """Events that several walks go through, one after another."""

    def walk(self, work: Callable[[Chunk], T]) -> Iterator[T]:
        """Yield what `work` makes of each chunk; the chunks are the same in every walk."""


class Kept:
    """Chunks kept from the first whole walk to the next ones where they are few enough, else read again.

    Parameters
    ----------
    read : callable
        Returns the chunks from the first on.
    most : int
        Rows that are kept at most.

    Examples
    --------
    >>> reads = []
    >>> events = Kept(lambda: (reads.append(1), iter([Chunk.empty()]))[1])
    >>> [list(events.walk(len)) for _ in range(3)], reads
    ([[0], [0], [0]], [1])
    """

    def __init__(self, read: Callable[[], Iterator[Chunk]], most: int = KEPT) -> None:
        self._read, self._most = read, most
        self._kept: list[Chunk] | None = None

    def walk(self, work: Callable[[Chunk], T]) -> Iterator[T]:
        """Yield what `work` makes of each chunk."""
        return beside(work, self._keeping() if self._kept is None else self._kept)

    def _keeping(self) -> Iterator[Chunk]:
        kept: list[Chunk] = []
        rows = 0
        for chunk in self._read():
            rows += len(chunk)
            kept = [*kept, chunk] if rows <= self._most else []
            yield chunk
        self._kept = kept if rows <= self._most else None


def beside(work: Callable[[Chunk], T], found: Iterable[Chunk]) -> Iterator[T]:
    """Yield what `work` makes of each chunk, in order. A helper works while the next is read; who reads works too.

    The helper has one chunk to go on with, so that it never waits for who reads; none pile up beyond that.
    """
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[Future[T]] = deque()
        helped: deque[Future[T]] = deque()
        for chunk in found:
            while helped and helped[0].done():
                helped.popleft()
            if len(helped) < 2:
                helped.append(pool.submit(work, chunk))
                waiting.append(helped[-1])
            else:
                waiting.append(_done(work(chunk)))
            while waiting and waiting[0].done():
                yield waiting.popleft().result()
        for last in waiting:
            yield last.result()


def _done(part: T) -> Future[T]:
    done: Future[T] = Future()
    done.set_result(part)
    return done


def _batches(events: nw.LazyFrame[Any], columns: Columns) -> Iterator[Chunk]:
    relation = events.select("user_key", "timestamp", "event_key", *map(stored, columns.names())).to_native()
    # DuckDB looks each text up once per dictionary of its own; in Arrow it would be once per row.
    places = [
        FunctionExpression(
            "list_position", ConstantExpression(list(values)), ColumnExpression(stored(name)).cast("VARCHAR")
        ).alias(f"place {name}")
        for name, values in columns.coded.items()
    ]
    numbers = [ColumnExpression(stored(name)).cast("DOUBLE").alias(f"number {name}") for name in columns.numbers]
    texts = [ColumnExpression(stored(name)).cast("VARCHAR").alias(f"text {name}") for name in columns.texts]
    wanted = relation.select("user_key", "timestamp", "event_key", *places, *numbers, *texts)
    for batch in wanted.to_arrow_reader(BATCH):
        if batch.num_rows:
            yield Chunk(
                batch.column("user_key").to_numpy(),
                batch.column("timestamp").view(pa.int64()).to_numpy(),
                batch.column("event_key").to_numpy(),
                {name: _from_zero(batch.column(f"place {name}")) for name in columns.coded},
                {name: _or_nan(batch.column(f"number {name}")) for name in columns.numbers},
                {name: batch.column(f"text {name}") for name in columns.texts},
            )


def _from_zero(places: Any) -> Int32:
    """Return places counted from one, null where there is none, as positions counted from zero; -1 for none."""
    found: Int32 = read_only(places.fill_null(0).to_numpy() - np.int32(1))
    return found


def _or_nan(numbers: Any) -> Any:
    return read_only(numbers.to_numpy(zero_copy_only=False))


def _together(columns: Sequence[Any]) -> Any:
    return read_only(np.concatenate(columns)) if _in_numpy(columns[0]) else pa.concat_arrays(columns)


def _taken(texts: Any) -> Any:
    return texts.take(pa.array(np.arange(len(texts))))


def _in_numpy(column: Any) -> bool:
    return isinstance(column, np.ndarray)


def read_only(array: Any) -> Any:
    """Return an array that nobody may write to, so that Numba compiles each kernel once."""
    # Arrow's views are read-only, and Numba would compile those apart.
    array.setflags(write=False)
    return array
