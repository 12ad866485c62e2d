"""Which events took each user how far through a funnel?

Everything that is asked of a funnel is read off these chains: the funnel itself counts them, other questions look at
what the matched events carry.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw
import numpy as np
import pyarrow as pa

from analysis.charts import NOT_SET, TOTAL
from analysis.errors import DataError
from analysis.journey import kernels
from analysis.journey.steps import Exclusion, Step, as_step
from analysis.messages import say
from analysis.sequences import Chunk, Columns, walk
from analysis.tables import Tables
from analysis.values import seconds

if TYPE_CHECKING:
    from analysis.journey.funnel import Funnel

T = TypeVar("T")
GROUPS = 50
"""Most values a breakdown may have."""
SESSION_GAP = 30 * 60
"""Seconds without an event after which another session begins, where no session id tells."""
NO_TIME = np.iinfo(np.int64).min
"""The time of a step that was not taken; NumPy's NaT when read as `datetime64[us]`."""
_FAR = np.iinfo(np.int64).max // 4
_EPOCH = dt.datetime(1970, 1, 1)
_AT = {"first": 0, "last": -1}


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
    rows : ndarray of int64, shape (users, steps)
        The chunk's row of each step's event; -1 for none.
    """

    user: Any
    level: Any
    still_open: Any
    group: Any
    rows: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a walk knows beside the events; plain values, so that it can be sent to where they are.

    Times are microseconds. A row's mask has bit k for step k and bit `kernels.EXCLUDED` + e for exclusion e.
    """

    names: tuple[str, ...]
    masks: Any
    """By event key."""
    ranks: Any
    """By event key: the order of the names."""
    conditions: tuple[tuple[int, str, Any], ...]
    """A mask's bit, the column it also depends on, and by position in that column whether it may stay."""
    keys: Any
    """Each step's event key, where each step is one event and the plain kernel will do; else None."""
    order: str
    profile: str | None
    optional: int
    window: int
    session: str
    """The column that tells sessions, "gap" for time alone, "" where the window is a length of time."""
    first: bool
    entries: tuple[int, int]
    until: int
    before: int
    """Steps must be taken before this moment."""
    excluded: Any
    hold: str | None
    by: str | None
    place: Any
    """By position in the breakdown's column: its group."""
    groups: tuple[str, ...]
    at: int
    """At which step the breakdown's value is taken, counted from zero; -1 for the last one taken."""
    exact: bool
    """Whether it matters which of a moment's events served a step."""

    @classmethod
    def plain(cls, names: tuple[str, ...]) -> Plan:
        """Return the plan of a plain funnel over event keys 0, 1, …"""
        keys = np.arange(len(names))
        return cls(
            names=names, masks=1 << keys, ranks=keys, conditions=(), keys=keys, order="ordered", profile=None,
            optional=0, window=_FAR, session="", first=False, entries=(-_FAR, _FAR), until=_FAR, before=_FAR,
            excluded=np.empty((0, 2), np.int64), hold=None, by=None, place=None, groups=(), at=0, exact=False,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.names)

    @property
    def settles(self) -> bool:
        """Whether the kernel tells moments only, and which of their events served is still to be said."""
        own_rows = self.profile == "posthog" or (self.profile == "clickhouse" and self.strict)
        return self.order != "any" and not own_rows

    @property
    def strict(self) -> bool:
        """Whether events between the steps matter."""
        return self.order == "strict"


def walked(
    asked: Funnel, tables: Tables, work: Callable[[Chunk, Plan, Found], T], extra: Columns | None = None
) -> tuple[Plan, list[T]]:
    """Walk a funnel; return the plan, and what `work` makes of each chunk, the first of nobody."""
    plan, columns = planned(asked, tables, extra or Columns())
    each = partial(_followed, plan=plan, work=work)
    return plan, [each(Chunk.empty(columns)), *walk(_events(asked, tables, plan), each, columns)]


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


# ---- the plan ---------------------------------------------------------------------------------------------


def planned(asked: Funnel, tables: Tables, extra: Columns) -> tuple[Plan, Columns]:
    """Work out what a walk of a funnel needs to know and to read."""
    asked = asked.effective
    steps = [as_step(step) for step in asked.steps]
    parts: list[Step | Exclusion] = [*steps, *asked.exclusions]
    bits = [*range(len(steps)), *(kernels.EXCLUDED + e for e in range(len(asked.exclusions)))]
    masks = np.zeros(max(tables.event_keys.values()) + 1, np.int64)
    for bit, part in zip(bits, parts, strict=True):
        for event in part.events:
            masks[_key(event, tables)] |= 1 << bit
    groups = _groups(asked, tables)
    coded = _coded(asked, tables, parts, groups, extra)
    session = _session(asked, tables)
    texts = dict.fromkeys((*extra.texts, *filter(None, (asked.hold, session if session != "gap" else ""))))
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    plan = Plan(
        names=tuple(step.name for step in steps),
        masks=masks,
        ranks=_ranks(tables),
        conditions=tuple(_conditions(bits, parts, coded)),
        keys=_plain_keys(asked, steps, tables),
        order=asked.order,
        profile=asked.profile,
        optional=sum(1 << k for k, step in enumerate(steps) if step.optional),
        window=_FAR if session else seconds(asked.window) * 1_000_000,
        session=session,
        first=asked.entry == "first",
        entries=(_micros(start) if start else -_FAR, _micros(end) if end else _FAR),
        until=observed_until(asked, tables),
        before=_micros(end) if end and asked.dates == "conversion" else _FAR,
        excluded=np.array(
            [(one.after - 1, (one.before or len(steps)) - 1) for one in asked.exclusions], np.int64
        ).reshape(-1, 2),
        hold=asked.hold,
        by=asked.breakdown,
        place=_places(coded[asked.breakdown], groups) if asked.breakdown else None,
        groups=groups,
        at=_AT[asked.breakdown_at] if isinstance(asked.breakdown_at, str) else asked.breakdown_at - 1,
        exact=bool(asked.breakdown or extra.names()),
    )
    return plan, Columns(coded=coded, numbers=extra.numbers, texts=tuple(texts))


def _key(event: str, tables: Tables) -> int:
    if event not in tables.event_keys:
        raise DataError.unknown(say("event"), event, tables.event_keys)
    return tables.event_keys[event]


def _ranks(tables: Tables) -> Any:
    ranks = np.zeros(max(tables.event_keys.values()) + 1, np.int64)
    for rank, name in enumerate(sorted(tables.event_keys)):
        ranks[tables.event_keys[name]] = rank
    return ranks


def _groups(asked: Funnel, tables: Tables) -> tuple[str, ...]:
    if not asked.breakdown:
        return ()
    tables.require("events", asked.breakdown)
    # GA4 writes the very text "(not set)": it counts with null, and no value passes for everybody.
    found = tuple(name for name in tables.names(asked.breakdown) if name not in (TOTAL, NOT_SET))
    if len(found) > GROUPS:
        raise DataError.too_many(asked.breakdown, len(found), GROUPS)
    return found


def _coded(
    asked: Funnel, tables: Tables, parts: Sequence[Step | Exclusion], groups: tuple[str, ...], extra: Columns
) -> dict[str, tuple[str, ...]]:
    """Return the coded columns: what was asked for first, then the breakdown's groups, then what conditions name."""
    coded = {column: tuple(values) for column, values in extra.coded.items()}
    needed = [(asked.breakdown, groups)] if asked.breakdown else []
    for part in parts:
        for column, kept in part.where:
            tables.require("events", column)
            for name in kept:
                if name not in tables.names(column):
                    raise DataError.unknown(say(column), name, tables.names(column))
            needed.append((column, kept))
    for column, values in needed:
        coded[column] = tuple(dict.fromkeys((*coded.get(column, ()), *values)))
    return coded


def _places(values: tuple[str, ...], groups: tuple[str, ...]) -> Any:
    """Return each position's group; the last entry stands for position -1."""
    group = {name: g for g, name in enumerate(groups)}
    return np.array([*(group.get(name, len(groups)) for name in values), len(groups)], np.int32)


def _conditions(bits: Sequence[int], parts: Sequence[Step | Exclusion], coded: Mapping[str, tuple[str, ...]]) -> Any:
    for bit, part in zip(bits, parts, strict=True):
        for column, kept in part.where:
            yield bit, column, np.array([*(name in kept for name in coded[column]), False])


def _session(asked: Funnel, tables: Tables) -> str:
    if asked.hold:
        tables.require("events", asked.hold)
    if asked.window != "session":
        return ""
    return "session_id" if "session_id" in tables.present("events") else "gap"


def _plain_keys(asked: Funnel, steps: Sequence[Step], tables: Tables) -> Any:
    alone = all(len(step.events) == 1 and not step.where and not step.optional for step in steps)
    special = asked.exclusions or asked.hold or asked.window == "session" or asked.order != "ordered"
    special = special or asked.profile in ("clickhouse", "posthog")
    if not alone or special:
        return None
    return np.array([tables.event_keys[step.events[0]] for step in steps], np.int64)


def observed_until(asked: Funnel, tables: Tables) -> int:
    """Return the moment (microseconds since 1970, UTC) until which the data is complete."""
    if asked.observed_until:
        return _micros(dt.datetime.fromisoformat(asked.observed_until))
    observed = tables.span("events")
    assert observed is not None  # the events are not empty
    return _micros(observed[1])


def _micros(when: dt.datetime) -> int:
    return (when - _EPOCH) // dt.timedelta(microseconds=1)


def _events(asked: Funnel, tables: Tables, plan: Plan) -> nw.LazyFrame[Any]:
    """Scan the events that can matter: from the first entry to the last window's end."""
    where = asked.where
    frame = tables.frame("events", where.replace(start=None, end=None) if where else None)
    if plan.entries[0] > -_FAR:
        frame = frame.filter(nw.col("timestamp") >= _EPOCH + dt.timedelta(microseconds=plan.entries[0]))
    last = plan.until
    if plan.entries[1] < _FAR and not plan.session:
        last = min(last, plan.entries[1] + plan.window)
    last = min(last, plan.before - 1)
    observed = tables.span("events")
    if observed and last < _micros(observed[1]):
        frame = frame.filter(nw.col("timestamp") <= _EPOCH + dt.timedelta(microseconds=last))
    return frame


# ---- one chunk --------------------------------------------------------------------------------------------


def _plainly(chunk: Chunk, plan: Plan) -> Found:
    order = _ties(chunk, plan) if plan.exact else None
    user, time, code = (c if order is None else _fixed(c[order]) for c in (chunk.user, chunk.time, chunk.code))
    level, latest, at = _room(len(chunk), plan.steps)
    count = kernels.plain(
        user, time, code, plan.masks, plan.keys, plan.window, plan.first, *plan.entries, level, latest, at
    )
    level, latest, at = level[:count], latest[:count], at[:count]
    at[np.arange(plan.steps) >= level[:, None]] = -1
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
    deadline = np.where(latest >= 0, np.minimum(ends[latest], plan.before - 1), -_FAR)
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
    log, closes, kept = chunk.user, None, np.ones(len(chunk), bool)
    if plan.session:
        log = _sessions(chunk, plan)
        last = np.full(int(log.max(initial=-1)) + 1, -_FAR)
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

    First by group, those without one last, then by the event's name, then by the coded columns: an import's order
    does not show.
    """
    same = (chunk.user[1:] == chunk.user[:-1]) & (chunk.time[1:] == chunk.time[:-1])
    if not same.any():
        return None
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    others = [c[tied] for c in chunk.coded.values()]
    group = [plan.place[chunk.coded[plan.by][tied]]] if plan.by else []
    keys = [chunk.user[tied], chunk.time[tied], *group, plan.ranks[chunk.code[tied]], *others]
    order = np.arange(len(chunk))
    order[tied] = tied[np.lexsort(keys[::-1])]
    return order


def _found(chunk: Chunk, plan: Plan, order: Any, level: Any, deadline: Any, at: Any) -> Found:
    """Put the kernel's rows back into the chunk's own, and choose each user's best chain."""
    taken = at >= 0
    rows = np.where(taken, at if order is None else order[at], -1)
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
    times = np.where(rows >= 0, chunk.time[rows], _FAR)
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
