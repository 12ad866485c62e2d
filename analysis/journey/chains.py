"""Which events took each user how far through a funnel?

Everything that is asked of a funnel is read off these chains: the funnel itself counts them, other questions look at
what the matched events carry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pyarrow as pa

from analysis.charts import NOT_SET
from analysis.journey import kernels
from analysis.journey.plan import FAR, Plan, planned, relevant
from analysis.sequences import Chunk, Columns, walk
from analysis.tables import Tables

if TYPE_CHECKING:
    from analysis.journey.funnel import Funnel

T = TypeVar("T")
SESSION_GAP = 30 * 60
"""Seconds without an event after which another session begins, where no session id tells."""
NO_TIME = np.iinfo(np.int64).min
"""The time of a step that was not taken; NumPy's NaT when read as `datetime64[us]`."""


@dataclass(frozen=True, slots=True)
class Chains:
    """One row per user who entered a funnel: their recorded chain, and what its events carry.

    The recorded chain is the latest-starting one that first reached the user's deepest step.

    Parameters
    ----------
    steps : tuple of str
        What the steps are called.
    user : ndarray of int32, shape (users,)
        The store's key of the user, in no promised order.
    level : ndarray of int8, shape (users,)
        The deepest step, counted from one. In any order: how many steps.
    still_open : ndarray of bool, shape (users,)
        Not converted, and a chain as deep still has time to go on.
    time : ndarray of int64, shape (users, steps)
        When each step was taken, microseconds since 1970, UTC; `NO_TIME` where it was not. In any order the columns
        are the first, second, … event of the chain.
    group : ndarray of int32, shape (users,)
        Position in `groups` of the breakdown's value; the last one is "(not set)". All 0 without a breakdown.
    groups : tuple of str
        The breakdown's values, then "(not set)".
    coded : mapping of str to ndarray of int32, shape (users, steps)
        Per column asked for: its position in the list asked with, at each step's event; -1 for others and none.
    numbers : mapping of str to ndarray of float64, shape (users, steps)
        NaN where there is none.
    texts : mapping of str to tuple of Arrow arrays of str
        One array of (users,) per step; null where there is none.
    """

    steps: tuple[str, ...]
    user: Any
    level: Any
    still_open: Any
    time: Any
    group: Any
    groups: tuple[str, ...]
    coded: Mapping[str, Any]
    numbers: Mapping[str, Any]
    texts: Mapping[str, tuple[Any, ...]]

    def __len__(self) -> int:
        return len(self.user)

    @classmethod
    def _together(cls, parts: Sequence[Chains]) -> Chains:
        def joined(get: Callable[[Chains], Any]) -> Any:
            return np.concatenate([get(part) for part in parts])

        first = parts[0]
        return cls(
            steps=first.steps,
            user=joined(lambda p: p.user),
            level=joined(lambda p: p.level),
            still_open=joined(lambda p: p.still_open),
            time=joined(lambda p: p.time),
            group=joined(lambda p: p.group),
            groups=first.groups,
            coded={name: np.concatenate([p.coded[name] for p in parts]) for name in first.coded},
            numbers={name: np.concatenate([p.numbers[name] for p in parts]) for name in first.numbers},
            texts={
                name: tuple(pa.concat_arrays([p.texts[name][k] for p in parts]) for k in range(len(first.steps)))
                for name in first.texts
            },
        )


def chains(asked: Funnel, tables: Tables, columns: Columns | None = None) -> Chains:
    """Walk a funnel and return every user's recorded chain.

    Parameters
    ----------
    asked : Funnel
        Its `where`, breakdown and rules all apply.
    tables : Tables
    columns : Columns, optional
        Which columns to look up at each matched event.

    Raises
    ------
    DataError
        The tables lack an event or a column of the question.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis.journey.funnel import Funnel
    >>> events = pd.DataFrame({
    ...     "user_id": "u1",
    ...     "timestamp": pd.to_datetime(["2026-11-11 01:00", "2026-11-11 01:30"]),
    ...     "event": ["view", "purchase"],
    ...     "value": [None, 30.0],
    ... })
    >>> found = chains(Funnel(steps=("view", "purchase")), Tables(events=events), Columns(numbers=("value",)))
    >>> found.level.tolist(), found.numbers["value"][:, 1].tolist()
    ([2], [30.0])
    """
    wanted = columns or Columns()
    tables.require("events", *wanted.names())
    _, parts = walked(asked, tables, partial(_looked_up, wanted=wanted), wanted)
    return Chains._together(parts)


# ---- the walk ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """The recorded chains of one chunk's users.

    Parameters
    ----------
    user, level, still_open, group : ndarray, shape (users,)
    rows : ndarray of int, shape (users, steps)
        The chunk's row of each step's event; -1 for none.
    """

    user: Any
    level: Any
    still_open: Any
    group: Any
    rows: Any


def walked(
    asked: Funnel, tables: Tables, work: Callable[[Chunk, Plan, Found], T], extra: Columns | None = None
) -> tuple[Plan, list[T]]:
    """Walk a funnel; return the plan, and what `work` makes of each chunk, the first of nobody."""
    plan, columns = planned(asked, tables, extra or Columns())
    each = partial(_followed, plan=plan, work=work)
    return plan, [each(Chunk.empty(columns)), *walk(relevant(asked, tables, plan), each, columns)]


def _followed(chunk: Chunk, plan: Plan, work: Callable[[Chunk, Plan, Found], T]) -> T:
    return work(chunk, plan, follow(chunk, plan))


def follow(chunk: Chunk, plan: Plan) -> Found:
    """Find the recorded chain of each of a chunk's users."""
    return _plainly(chunk, plan) if plan.keys is not None else _by_rules(chunk, plan)


def _looked_up(chunk: Chunk, plan: Plan, found: Found, wanted: Columns) -> Chains:
    taken = found.rows >= 0
    return Chains(
        steps=plan.names,
        user=found.user,
        level=found.level,
        still_open=found.still_open,
        time=_at(chunk.time, found.rows, taken, NO_TIME),
        group=found.group,
        groups=(*plan.groups, NOT_SET),
        coded={
            name: _own(_at(chunk.coded[name], found.rows, taken, -1), len(own)) for name, own in wanted.coded.items()
        },
        numbers={name: _at(chunk.numbers[name], found.rows, taken, np.nan) for name in wanted.numbers},
        texts={
            name: tuple(
                chunk.texts[name].take(pa.array(found.rows[:, k], mask=~taken[:, k])) for k in range(plan.steps)
            )
            for name in wanted.texts
        },
    )


def _at(column: Any, rows: Any, taken: Any, missing: Any) -> Any:
    found = np.full(rows.shape, missing, column.dtype)
    found[taken] = column[rows[taken]]
    return found


def _own(positions: Any, count: int) -> Any:
    """Drop the positions of values that only the funnel itself asked for: they stand after the others."""
    return np.where(positions < count, positions, -1)


# ---- one chunk --------------------------------------------------------------------------------------------


def _plainly(chunk: Chunk, plan: Plan) -> Found:
    order = _ties(chunk, plan) if plan.exact else None
    # Rows of one moment change places among themselves: whose they are and when stays as it is.
    user, time = chunk.user, chunk.time
    code = chunk.code if order is None else _fixed(chunk.code[order])
    level, latest, at = _room(len(chunk), plan.steps)
    count = kernels.plain(
        user, time, code, plan.masks, plan.keys, plan.window, plan.first, *plan.entries, level, latest, at
    )
    level, latest, at = level[:count], latest[:count], at[:count]
    if order is not None:
        kernels.settle(user, time, _fixed(plan.masks[code]), False, level, at)
    deadline = np.minimum(time[latest] + plan.window, plan.before - 1)
    return _found(chunk, plan, order, level, deadline, at)


def _by_rules(chunk: Chunk, plan: Plan) -> Found:
    mask = _masks(chunk, plan)
    log, closes, kept = _logs(chunk, plan)
    if not plan.strict:
        kept = kept & (mask != 0)
    enters = _enters(chunk, plan, mask, kept)
    ties = _ties(chunk, plan) if plan.exact else None
    order = np.flatnonzero(kept) if ties is None else ties[kept[ties]]
    if plan.session or plan.hold:
        order = order[np.argsort(log[order], kind="stable")]
    logs, time, masks = (_fixed(column[order]) for column in (log, chunk.time, mask))
    level, latest, at = _room(len(order), plan.steps)
    count = _kernel(plan, logs, time, masks, enters[order], level, latest, at)
    level, latest, at = level[:count], latest[:count], at[:count]
    if plan.exact and plan.settles:
        kernels.settle(logs, time, masks, plan.profile == "clickhouse", level, at)
    ends = closes[order] if plan.session else time + plan.window
    deadline = np.where(latest >= 0, np.minimum(ends[latest], plan.before - 1), -FAR)
    return _found(chunk, plan, order, level, deadline, at)


def _kernel(plan: Plan, log: Any, time: Any, mask: Any, enters: Any, level: Any, latest: Any, at: Any) -> int:
    events, out = (log, time, mask, enters), (level, latest, at)
    if plan.order == "any":
        return int(kernels.unordered(*events, plan.window, *out))
    if plan.profile == "posthog":
        return int(kernels.posthog(*events, plan.optional, plan.window, plan.strict, plan.excluded, *out))
    if plan.profile == "clickhouse" and plan.strict:
        return int(kernels.clickhouse_strict(*events, plan.window, *out))
    reuse = plan.profile == "clickhouse"
    return int(kernels.ordered(*events, plan.optional, plan.window, plan.strict, reuse, plan.excluded, *out))


def _room(rows: int, steps: int) -> tuple[Any, Any, Any]:
    return np.empty(rows, np.int8), np.empty(rows, np.int32), np.empty((rows, steps), np.int32)


def _masks(chunk: Chunk, plan: Plan) -> Any:
    mask = plan.masks[chunk.code]
    for bit, column, stays in plan.conditions:
        mask &= ~((~stays[chunk.coded[column]]).astype(np.int64) << bit)
    return mask


def _logs(chunk: Chunk, plan: Plan) -> tuple[Any, Any, Any]:
    """Return what each event's chain may not leave, when that closes (of a session), and which events can matter."""
    log, closes, kept = chunk.user.astype(np.int64), None, np.ones(len(chunk), bool)
    if plan.session:
        log = _sessions(chunk, plan)
        last = np.full(int(log.max(initial=-1)) + 1, -FAR)
        np.maximum.at(last, log, chunk.time)
        closes = last[log] + SESSION_GAP * 1_000_000
    if plan.hold:
        held = _numbered(chunk.texts[plan.hold])
        kept = held >= 0
        log = _pairs(log, held)
    return log, closes, kept


def _sessions(chunk: Chunk, plan: Plan) -> Any:
    """Number the sessions; an event without a session id belongs to the stretch without long gaps it is in."""
    new = np.append(True, (chunk.user[1:] != chunk.user[:-1]) | (np.diff(chunk.time) > SESSION_GAP * 1_000_000))
    stretch = np.cumsum(new[: len(chunk)])
    if plan.session == "gap":
        return stretch
    named = _numbered(chunk.texts[plan.session])
    return _pairs(chunk.user, np.where(named >= 0, named, named.max(initial=0) + stretch))


def _numbered(texts: Any) -> Any:
    """Return texts as numbers of this chunk's own, -1 for none."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    return whole.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def _pairs(first: Any, second: Any) -> Any:
    """Number the pairs, in order."""
    both = first.astype(np.int64) * (int(second.max(initial=0)) + 2) + second + 1
    return np.unique(both, return_inverse=True)[1]


def _enters(chunk: Chunk, plan: Plan, mask: Any, kept: Any) -> Any:
    """Say at which events' moments a chain may start."""
    entering = (1 << plan.steps) - 1 if plan.order == "any" else 1
    inside = (chunk.time >= plan.entries[0]) & (chunk.time < plan.entries[1])
    if not plan.first:
        return inside
    rows = np.flatnonzero(kept & inside & (mask & entering != 0))
    users, earliest = np.unique(chunk.user[rows], return_index=True)
    if not len(users):
        return np.zeros(len(chunk), bool)
    place = np.minimum(np.searchsorted(users, chunk.user), len(users) - 1)
    return (users[place] == chunk.user) & (chunk.time == chunk.time[rows[earliest]][place])


def _ties(chunk: Chunk, plan: Plan) -> Any:
    """Return the rows with those of one moment in an order of their own; None where no two share a moment.

    First by group, those without one last, then by the event's name, then by the columns that are looked up: an
    import's order does not show.
    """
    same = (chunk.user[1:] == chunk.user[:-1]) & (chunk.time[1:] == chunk.time[:-1])
    if not same.any():
        return None
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    others = [column[tied] for column in (*chunk.coded.values(), *chunk.numbers.values())]
    others += [_ranked(texts.take(pa.array(tied))) for texts in chunk.texts.values()]
    group = [plan.place[chunk.coded[plan.by][tied]]] if plan.by else []
    keys = [chunk.user[tied], chunk.time[tied], *group, plan.ranks[chunk.code[tied]], *others]
    order = np.arange(len(chunk))
    order[tied] = tied[np.lexsort(keys[::-1])]
    return order


def _ranked(texts: Any) -> Any:
    """Return each text's place among all in their order, none first."""
    return np.unique(texts.fill_null("").to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]


def _found(chunk: Chunk, plan: Plan, order: Any, level: Any, deadline: Any, at: Any) -> Found:
    """Put the kernel's rows back into the chunk's own, and choose each user's best chain."""
    rows = at if order is None else np.where(at >= 0, order[at], -1)
    user = chunk.user[rows[:, 0]]
    still_open = (level < plan.steps) & (deadline > plan.until)
    group = _group(chunk, plan, level, rows)
    if plan.session or plan.hold:
        best = np.lexsort((group, *_preferred(chunk, level, rows), user))
        user, level, still_open, group, rows = (c[best] for c in (user, level, still_open, group, rows))
        begins = np.flatnonzero(np.append(True, user[1:] != user[:-1])[: len(user)])
        deep = level == np.repeat(level[begins], np.diff(np.append(begins, len(level))))
        still_open = np.logical_or.reduceat(still_open & deep, begins) if len(begins) else still_open
        user, level, group, rows = (c[begins] for c in (user, level, group, rows))
    return Found(user, level, still_open, group, rows)


def _preferred(chunk: Chunk, level: Any, rows: Any) -> list[Any]:
    """Return sort keys, the last one first: deepest, first there, latest start, then each step taken and early."""
    times = np.where(rows >= 0, chunk.time[rows], FAR)
    reached = np.take_along_axis(times, _last(rows)[:, None], axis=1)[:, 0]
    return [*times.T, -times[:, 0], reached, -level.astype(np.int64)]


def _last(rows: Any) -> Any:
    """Return the last step taken of each chain."""
    return rows.shape[1] - 1 - np.argmax(rows[:, ::-1] >= 0, axis=1)


def _group(chunk: Chunk, plan: Plan, level: Any, rows: Any) -> Any:
    if not plan.by:
        return np.zeros(len(level), np.int32)
    step = _last(rows) if plan.at < 0 else np.full(len(level), plan.at)
    row = np.take_along_axis(rows, step[:, None], axis=1)[:, 0]
    return np.where(row >= 0, plan.place[chunk.coded[plan.by][row]], len(plan.groups)).astype(np.int32)


def _fixed(array: Any) -> Any:
    # Chunks' arrays are read-only and Numba compiles those apart: one signature for all.
    array.setflags(write=False)
    return array
