"""The one place that walks users' events in order.

A kernel is a small Numba function over (user, time, code) arrays sorted by user and time. This module feeds
it from the store's sorted scan, in chunks cut at user boundaries: a user who straddles two Arrow batches
is handed over whole, in a small chunk of their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pyarrow as pa

BATCH = 1_000_000
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


def _batches(events: nw.LazyFrame[Any], group: str | None, names: Sequence[str]) -> Iterator[Chunk]:
    columns = ["user_key", "timestamp", "event_key", *([group] if group else [])]
    relation = events.select(*dict.fromkeys(columns)).to_native()
    positions = pa.array(names, pa.string())
    for batch in relation.to_arrow_reader(BATCH):
        if not batch.num_rows:
            continue
        coded = _codes(batch.column(group), positions) if group else np.full(batch.num_rows, -1, np.int32)
        yield Chunk(
            user=batch.column("user_key").to_numpy(),
            time=batch.column("timestamp").view(pa.int64()).to_numpy(),
            code=batch.column("event_key").to_numpy(),
            group=_read_only(coded),
        )


def _codes(column: Any, positions: Any) -> Int32:
    """Code a text column by position, looking each distinct value up once."""
    coded = column.cast(pa.string()).dictionary_encode()
    found = pa.compute.index_in(coded.dictionary, positions).fill_null(-1).to_numpy().astype(np.int32)
    indices = coded.indices.fill_null(len(found)).to_numpy()
    result: Int32 = np.append(found, np.int32(-1))[indices]
    return result


def _read_only(array: Any) -> Any:
    # Arrow's views are read-only and Numba compiles those apart: one signature for all.
    array.setflags(write=False)
    return array
