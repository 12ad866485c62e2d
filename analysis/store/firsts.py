"""When did each user first do something of a kind? One walk over the sorted events, not a group of all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.arrays import Bools, Int16, Int32, Ints
from analysis.store.kernels import ONE, ZERO, Row, compiled
from analysis.store.walk import Chunk, beside, read_only

Deeds = Mapping[str, Collection[int] | None]
"""Kinds of events by what their column is called, each the keys of its events; None: any event."""
MOST_KEYS = 1 << 15
"""Keys of events have 16 bits, one of them for the sign."""
_NEVER = np.iinfo(np.int64).min
"""What Arrow is told to take for no time."""


def firsts(found: Iterable[Chunk], deeds: Deeds) -> pa.Table:
    """Return when each user first did something of each kind.

    Parameters
    ----------
    found : iterable of Chunk
    deeds : mapping of str to collection of int, or None

    Returns
    -------
    pyarrow.Table
        user_key and a time for each kind, null where they never did: a row for each user, in no order.

    Examples
    --------
    >>> rows = np.array([7, 7, 9], np.int32), np.array([10, 20, 30]), np.array([0, 1, 0], np.int16)
    >>> table = firsts([Chunk(*map(read_only, rows))], {"seen": None, "bought": [1]})
    >>> table["user_key"].to_pylist(), table["bought"].cast(pa.int64()).to_pylist()
    ([7, 9], [20, None])
    """
    kinds = np.zeros((len(deeds), MOST_KEYS), np.bool_)
    for kind, keys in zip(kinds, deeds.values(), strict=True):
        kind[slice(None) if keys is None else list(keys)] = True
    parts = list(beside(partial(_first_of, kinds=read_only(kinds)), found))
    users = np.concatenate([np.empty(0, np.int32), *(own for own, _ in parts)])
    times = np.concatenate([np.empty((len(deeds), 0), np.int64), *(own for _, own in parts)], axis=1)
    columns = {name: _moments(own) for name, own in zip(deeds, times, strict=True)}
    return pa.table({"user_key": users, **columns})


def _moments(times: Ints) -> Any:
    return pa.array(times, mask=times == _NEVER).cast(pa.timestamp("us"))


def _first_of(chunk: Chunk, kinds: Bools) -> tuple[Int32, Any]:
    users = np.empty(len(chunk), np.int32)
    times = np.full((len(kinds), len(chunk)), _NEVER, np.int64)
    n = int(_walked(chunk.user, chunk.time, chunk.code, kinds, users, times))
    return users[:n].copy(), times[:, :n].copy()


@compiled
def _walked(
    user: Int32, time: Ints, code: Int16, kinds: Bools, users: Int32, times: Any
) -> Row:  # pragma: no cover - compiled
    """Write down each user of a chunk, and when they first did something of each kind; return how many there are."""
    rows, i, out = np.uint64(len(user)), ZERO, ZERO
    while i < rows:
        users[out] = user[i]
        event = np.uint64(code[i])
        for kind in range(len(kinds)):
            if kinds[kind, event] and times[kind, out] == _NEVER:
                times[kind, out] = time[i]
        i += ONE
        if i == rows or user[i] != user[i - ONE]:
            out += ONE
    return out
