"""Which events took each user how far through a funnel?

Everything that is asked of a funnel is read off these chains: the funnel itself counts them, other questions look at
what the matched events carry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from analysis.charts import NOT_SET
from analysis.journey.funnel import kernel as kernels
from analysis.journey.funnel import tally
from analysis.journey.funnel.definition import FunnelDefinition
from analysis.journey.funnel.kernel import NO_TIME
from analysis.journey.funnel.plan import FAR, SESSION_GAP, Plan, planned, relevant
from analysis.store.kernels import Row
from analysis.store.walk import Chunk, Columns
from analysis.tables import Tables

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Values:
    """What one event for each user and step carries.

    Parameters
    ----------
    coded : mapping of str to ndarray of int32, shape (users, steps)
        A value's position in the list asked with; -1 for others and none.
    numbers : mapping of str to ndarray of float64, shape (users, steps)
        NaN where there is none.
    texts : mapping of str to tuple of Arrow arrays of str
        One array of (users,) per step; null where there is none.
    """

    coded: Mapping[str, Any]
    numbers: Mapping[str, Any]
    texts: Mapping[str, tuple[Any, ...]]

    @classmethod
    def at(cls, chunk: Chunk, rows: Any, wanted: Columns) -> Values:
        """Look up columns at a chunk's rows; -1 is none."""
        known = rows >= 0
        steps = range(rows.shape[1])
        return cls(
            coded={n: _own(_at(chunk.coded[n], rows, known, -1), len(own)) for n, own in wanted.coded.items()},
            numbers={n: _at(chunk.numbers[n], rows, known, np.nan) for n in wanted.numbers},
            texts={
                n: tuple(chunk.texts[n].take(pa.array(rows[:, k], mask=~known[:, k])) for k in steps)
                for n in wanted.texts
            },
        )

    @classmethod
    def _together(cls, parts: Sequence[Values]) -> Values:
        first = parts[0]
        return cls(
            coded={n: np.concatenate([p.coded[n] for p in parts]) for n in first.coded},
            numbers={n: np.concatenate([p.numbers[n] for p in parts]) for n in first.numbers},
            texts={
                n: tuple(pa.concat_arrays([p.texts[n][k] for p in parts]) for k in range(len(own)))
                for n, own in first.texts.items()
            },
        )


@dataclass(frozen=True, slots=True)
class Chains:
    """One row per user who entered a funnel: their recorded chain, and what its events carry.

    The recorded chain is the latest-starting one that first reached the user's deepest step.

    Parameters
    ----------
    steps : tuple of str
        What the steps are called; in any order "1 / 3", "2 / 3", …
    optional : int
        The bits of the steps that may be skipped.
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
    last : ndarray of int8, shape (users,)
        Which column of the recorded chain is the event that took the last step; -1 for users who did not convert.
    arrived : ndarray of int64, shape (users, steps)
        When the user first got as far as each step, by whatever chain; far in the future where they did not.
    seen : ndarray of bool, shape (users, steps)
        Whether a whole window has passed since then that the data, the dates and the campaigns asked for cover.
    patience : int
        The window, in microseconds; of a session a day.
    taken : Values
        At the events of the recorded chain.
    reached : Values
        At the events that first took each user as far as each step, by whatever chain.
    """

    steps: tuple[str, ...]
    optional: int
    user: Any
    level: Any
    still_open: Any
    time: Any
    group: Any
    groups: tuple[str, ...]
    last: Any
    arrived: Any
    seen: Any
    patience: int
    taken: Values
    reached: Values

    def __len__(self) -> int:
        return len(self.user)

    @property
    def required(self) -> tuple[int, ...]:
        """The steps, from zero, that may not be skipped."""
        return tuple(k for k in range(len(self.steps)) if not self.optional >> k & 1)

    def known(self, k: int) -> Any:
        """Say who took step k, counted from zero, long enough ago that it is known whether they went on."""
        return self.took(k) & self.seen[:, k]

    def went_on(self, k: int, later: int) -> Any:
        """Say who got to a later step within one window of first getting to step k: the same time for everybody.

        Who came back for another attempt after that has had more time than others; the funnel itself counts them.
        """
        return self.took(later) & (self.arrived[:, later] <= self.arrived[:, k] + self.patience)

    def took(self, k: int) -> Any:
        """Say which users took step k, counted from zero."""
        return self.time[:, k] != NO_TIME if self.optional >> k & 1 else self.level > k

    @classmethod
    def _together(cls, parts: Sequence[Chains]) -> Chains:
        def joined(get: Callable[[Chains], Any]) -> Any:
            return np.concatenate([get(part) for part in parts])

        first = parts[0]
        return cls(
            steps=first.steps,
            optional=first.optional,
            user=joined(lambda p: p.user),
            level=joined(lambda p: p.level),
            still_open=joined(lambda p: p.still_open),
            time=joined(lambda p: p.time),
            group=joined(lambda p: p.group),
            groups=first.groups,
            last=joined(lambda p: p.last),
            arrived=joined(lambda p: p.arrived),
            seen=joined(lambda p: p.seen),
            patience=first.patience,
            taken=Values._together([p.taken for p in parts]),
            reached=Values._together([p.reached for p in parts]),
        )


def chains(
    asked: FunnelDefinition, tables: Tables, *, taken: Columns | None = None, reached: Columns | None = None
) -> Chains:
    """Walk a funnel and return every user's recorded chain.

    Parameters
    ----------
    asked : Funnel
        Its `where`, breakdown and rules all apply.
    tables : Tables
    taken : Columns, optional
        Which numbers and texts to look up at the events of the recorded chain.
    reached : Columns, optional
        Which columns to look up where a user first got as far as each step.

    Raises
    ------
    DataError
        The tables lack an event or a column of the question.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis.journey.funnel.question import Funnel
    >>> events = pd.DataFrame({
    ...     "user_id": "u1",
    ...     "timestamp": pd.to_datetime(["2026-11-11 01:00", "2026-11-11 01:30"]),
    ...     "event": ["view", "purchase"],
    ...     "value": [None, 30.0],
    ... })
    >>> asked = Funnel(steps=("view", "purchase"))
    >>> found = chains(asked, Tables(events=events), taken=Columns(numbers=("value",)))
    >>> found.level.tolist(), found.taken.numbers["value"][:, 1].tolist()
    ([2], [30.0])
    """
    first, last = reached or Columns(), taken or Columns()
    numbers, texts = ((*dict.fromkeys(own),) for own in (first.numbers + last.numbers, first.texts + last.texts))
    both = Columns(coded=first.coded, numbers=numbers, texts=texts)
    tables.require("events", *both.names())
    _, parts = walked(asked, tables, partial(_looked_up, taken=last, reached=first), both)
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
    reached : ndarray of int, shape (users, steps)
        The row of the event that first took the user as far as each step, by whatever chain; where the plan does not
        look at single events, any of that moment.
    entered : ndarray of int64, shape (users,)
        When the user first entered.
    in_time : ndarray of int8, shape (users,)
        The deepest step, counted from one, that the user got to within one window of that.
    """

    user: Any
    level: Any
    still_open: Any
    group: Any
    rows: Any
    reached: Any
    entered: Any
    in_time: Any


@dataclass(frozen=True, slots=True)
class Times:
    """How far each of one chunk's users came and when: all that is known where single events do not matter.

    Parameters
    ----------
    level, still_open, group, entered, in_time : ndarray, shape (users,)
        As in :class:`Found`.
    at : ndarray of int64, shape (steps, users)
        When the recorded chain took each step; `NO_TIME` where it did not. It is the one that first got as far as
        the deepest step, so the last row is when a user first converted, by whatever chain.
    took_last : int
        How many users took the last step within the dates, by whatever way: those who never entered count, too.
    """

    level: Any
    still_open: Any
    group: Any
    entered: Any
    in_time: Any
    at: Any
    took_last: int


def by_chunk(
    asked: FunnelDefinition, tables: Tables, work: Callable[..., T], extra: Columns | None = None
) -> tuple[Plan, list[T]]:
    """Plan a funnel and return, with the plan, what `work` makes of each chunk and the plan, the first of nobody."""
    plan, columns = planned(asked, tables, extra)
    each = partial(work, plan=plan)
    return plan, [each(Chunk.empty(columns)), *tables.walk(relevant(asked, tables, plan), each, columns)]


def walked(
    asked: FunnelDefinition, tables: Tables, work: Callable[[Chunk, Plan, Found], T], extra: Columns | None = None
) -> tuple[Plan, list[T]]:
    """Walk a funnel; return the plan, and what `work` makes of each chunk, the first of nobody."""
    return by_chunk(asked, tables, partial(_followed, work=work), extra)


def _followed(chunk: Chunk, plan: Plan, work: Callable[[Chunk, Plan, Found], T]) -> T:
    return work(chunk, plan, follow(chunk, plan))


def follow(chunk: Chunk, plan: Plan) -> Found:
    """Find the recorded chain of each of a chunk's users."""
    return _plainly(chunk, plan) if plan.keys is not None else _by_rules(chunk, plan)


def _looked_up(chunk: Chunk, plan: Plan, found: Found, taken: Columns, reached: Columns) -> Chains:
    arrived = _at(chunk.time, found.reached, found.reached >= 0, FAR)
    return Chains(
        steps=plan.names,
        optional=plan.optional,
        user=found.user,
        level=found.level,
        still_open=found.still_open,
        time=_at(chunk.time, found.rows, found.rows >= 0, NO_TIME),
        group=found.group,
        groups=(*plan.groups, NOT_SET),
        last=_converted(chunk, plan, found),
        arrived=arrived,
        seen=arrived + plan.patience <= plan.until,
        patience=plan.patience,
        taken=Values.at(chunk, found.rows, taken),
        reached=Values.at(chunk, found.reached, reached),
    )


def _converted(chunk: Chunk, plan: Plan, found: Found) -> Any:
    """Return which column of a whole chain is the event that took the last step; in any order, the last that could."""
    last = np.full(len(found.user), plan.steps - 1)
    if plan.order == "any":
        serves = _masks(chunk, plan)[found.rows] >> (plan.steps - 1) & 1
        last -= np.argmax(serves[:, ::-1], axis=1)
    return np.where(found.level == plan.steps, last, -1).astype(np.int8)


def _at(column: Any, rows: Any, taken: Any, missing: Any) -> Any:
    found = np.full(rows.shape, missing, column.dtype)
    found[taken] = column[rows[taken]]
    return found


def _own(positions: Any, count: int) -> Any:
    """Drop the positions of values that only the funnel itself asked for: they stand after the others."""
    return np.where(positions < count, positions, -1)


# ---- one chunk --------------------------------------------------------------------------------------------


def counted(chunk: Chunk, plan: Plan) -> tuple[tally.Counts, int] | None:
    """Count how many of a chunk's users came how far and when, and how many took the last step within the dates.

    None where some users must be looked at one by one for that: see :func:`unclear` and :func:`times`.
    """
    if (found := _marked(chunk, plan)) is None:
        return None
    marks, took_last = found
    may_go_on = plan.before - 1 > plan.until
    return tally.count(chunk.time, _rules(plan), plan.until, may_go_on, marks), took_last


def unclear(chunk: Chunk, plan: Plan) -> Any:
    """Say which rows are of users whom :func:`counted` cannot tell of.

    Where each step is one event, they did at one moment several things, of which one may serve either of two steps.
    """
    if plan.keys is None or plan.exact:
        return np.ones(len(chunk), bool)
    either = (plan.masks & (plan.masks - 1) != 0)[chunk.code]
    same = (chunk.user[1:] == chunk.user[:-1]) & (chunk.time[1:] == chunk.time[:-1])
    return np.isin(chunk.user, chunk.user[1:][same & (either[1:] | either[:-1])])


def entries(chunk: Chunk, plan: Plan) -> tuple[Any, Any]:
    """Return when each of a chunk's users first entered, and the deepest step they got to within one window of that."""
    if marked := _marked(chunk, plan):
        found: tuple[Any, Any] = tally.entries(chunk.time, plan.window, marked[0])
        return found
    came = follow(chunk, plan)
    return came.entered, came.in_time


def _marked(chunk: Chunk, plan: Plan) -> tuple[tally.Marks, int] | None:
    if plan.keys is None or plan.exact:
        return None
    marks = tally.Marks.empty(len(chunk), plan.steps)
    took_last = tally.mark(kernels.Events(chunk.user, chunk.time, chunk.code), _rules(plan), plan.until, marks)
    return (marks, took_last) if took_last >= 0 else None


def times(chunk: Chunk, plan: Plan) -> Times:
    """Find how far each of a chunk's users came and when."""
    found = follow(chunk, plan)
    at = np.ascontiguousarray(_at(chunk.time, found.rows, found.rows >= 0, NO_TIME).T)
    return Times(
        found.level, found.still_open, found.group, found.entered, found.in_time, at, _took_last(chunk, plan)
    )  # fmt: skip


def _took_last(chunk: Chunk, plan: Plan) -> int:
    own = np.flatnonzero(_masks(chunk, plan) >> (plan.steps - 1) & 1)
    when = chunk.time[own]
    return len(np.unique(chunk.user[own][(when >= plan.entries[0]) & (when < plan.entries[1])]))


def _most_users(chunk: Chunk) -> int:
    """Return how many users there can be: a tenth of the rows, often, and memory taken anew has its price."""
    return min(len(chunk), int(chunk.user[-1]) - int(chunk.user[0]) + 1) if len(chunk) else 0


def _plainly(chunk: Chunk, plan: Plan) -> Found:
    order = _ties(chunk, plan) if plan.exact else None
    # Rows of one moment change places among themselves: whose they are and when stays as it is.
    user, time = chunk.user, chunk.time
    code = chunk.code if order is None else _fixed(chunk.code[order])
    room = _room(_most_users(chunk), plan)
    count = kernels.plain(kernels.Events(user, time, code), _rules(plan), room)
    found = kernels.Rows(*(column[:count] for column in room))
    if order is not None:
        kernels.settle(user, time, _fixed(plan.masks[code]), False, found)
    deadline = np.minimum(time[found.latest] + plan.window, plan.before - 1)
    return _found(chunk, plan, (order, order), found, deadline)


def _rules(plan: Plan) -> kernels.Rules:
    return kernels.Rules(plan.masks, plan.keys, plan.window, plan.first, *plan.entries)


def _by_rules(chunk: Chunk, plan: Plan) -> Found:
    mask = _masks(chunk, plan)
    log, closes, kept = _logs(chunk, plan)
    if not plan.strict:
        kept = kept & (mask != 0)
    enters = _enters(chunk, plan, mask, kept)
    posthog = plan.profile == "posthog"  # whose rules look at the events of a moment one by one
    ties = _ties(chunk, plan, mask if posthog else None) if plan.exact or posthog else None
    order = np.flatnonzero(kept) if ties is None else ties[kept[ties]]
    if plan.session or plan.hold:
        order = order[np.argsort(log[order], kind="stable")]
    logs, time, masks = (_fixed(column[order]) for column in (log, chunk.time, mask))
    reuse = plan.profile == "clickhouse"
    rules = kernels.Further(plan.optional, plan.window, plan.strict, reuse, plan.excluded)
    room = _room(len(order), plan)
    count = _kernel(plan)(kernels.Logs(logs, time, masks, enters[order]), rules, room)
    found = kernels.Rows(*(column[:count] for column in room))
    if plan.exact and plan.settles:
        kernels.settle(logs, time, masks, reuse, found)
    ends = closes[order] if plan.session else time + plan.window
    deadline = np.where(found.latest >= 0, np.minimum(ends[found.latest], plan.before - 1), -FAR)
    return _found(chunk, plan, (order, ties), found, deadline)


def _kernel(plan: Plan) -> Callable[[kernels.Logs, kernels.Further, kernels.Rows], Row]:
    if plan.order == "any":
        return kernels.unordered
    if plan.profile == "posthog":
        return kernels.posthog
    return kernels.clickhouse_strict if plan.profile == "clickhouse" and plan.strict else kernels.ordered


def _room(rows: int, plan: Plan) -> kernels.Rows:
    return kernels.Rows(np.empty(rows, np.int8), np.empty(rows, np.int32), *np.empty((2, rows, plan.steps), np.int32))


def _masks(chunk: Chunk, plan: Plan) -> Any:
    mask = plan.masks[chunk.code]
    for bit, column, stays in plan.conditions:
        mask &= ~((~stays[chunk.coded[column]]).astype(np.int64) << bit)
    return mask


def _logs(chunk: Chunk, plan: Plan) -> tuple[Any, Any, Any]:
    """Return what each event's chain may not leave, when that closes (of a session), and which events can matter."""
    log, closes, kept = chunk.user.astype(np.int64), None, np.ones(len(chunk), bool)
    if plan.session:
        log = sessions(chunk, plan.session)
        last = np.full(int(log.max(initial=-1)) + 1, -FAR)
        np.maximum.at(last, log, chunk.time)
        closes = last[log] + SESSION_GAP * 1_000_000
    if plan.hold:
        held = _numbered(chunk.texts[plan.hold])
        kept = held >= 0
        log = _pairs(log, held)
    return log, closes, kept


def sessions(chunk: Chunk, session: str) -> Any:
    """Number the sessions, see :attr:`Plan.session`; an event without an id belongs to the stretch around it."""
    new = np.append(True, (chunk.user[1:] != chunk.user[:-1]) | (np.diff(chunk.time) > SESSION_GAP * 1_000_000))
    stretch = np.cumsum(new[: len(chunk)])
    if session == "gap":
        return stretch
    named = _numbered(chunk.texts[session])
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
    rows = np.flatnonzero(kept & (inside | plan.ever) & (mask & entering != 0))
    users, earliest = np.unique(chunk.user[rows], return_index=True)
    if not len(users):
        return np.zeros(len(chunk), bool)
    place = np.minimum(np.searchsorted(users, chunk.user), len(users) - 1)
    return inside & (users[place] == chunk.user) & (chunk.time == chunk.time[rows[earliest]][place])


def _ties(chunk: Chunk, plan: Plan, mask: Any = None) -> Any:
    """Return the rows with those of one moment in an order of their own; None where no two share a moment.

    First by `mask`, where one is given, and by group, those without one last, then by the event's name, then by the
    columns that are looked up: an import's order does not show.
    """
    same = (chunk.user[1:] == chunk.user[:-1]) & (chunk.time[1:] == chunk.time[:-1])
    if not same.any():
        return None
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    none = np.iinfo(np.int32).max
    others = [np.where(column[tied] < 0, none, column[tied]) for column in chunk.coded.values()]
    others += [column[tied] for column in chunk.numbers.values()]  # NaN sorts last
    others += [_ranked(texts.take(pa.array(tied))) for texts in chunk.texts.values()]
    group = [plan.place[chunk.coded[plan.by][tied]]] if plan.by else []
    first = [] if mask is None else [mask[tied]]
    keys = [chunk.user[tied], chunk.time[tied], *first, *group, plan.ranks[chunk.code[tied]], *others]
    order = np.arange(len(chunk))
    order[tied] = tied[np.lexsort(keys[::-1])]
    return order


def _ranked(texts: Any) -> Any:
    """Return each text's place among all in their order, none last."""
    place = np.unique(texts.fill_null("").to_numpy(zero_copy_only=False).astype(str), return_inverse=True)[1]
    return np.where(texts.is_null().to_numpy(zero_copy_only=False), len(place), place)


def _found(chunk: Chunk, plan: Plan, orders: tuple[Any, Any], found: kernels.Rows, deadline: Any) -> Found:
    """Put the kernel's rows back into the chunk's own, and choose each user's best chain."""
    order, ties = orders
    rows, reached = (own if order is None else np.where(own >= 0, order[own], -1) for own in (found.at, found.reached))
    user: Any = chunk.user[rows[:, 0]]
    level: Any = found.level
    still_open: Any = (level < plan.steps) & (deadline > plan.until)
    if plan.session or plan.hold:
        places = np.arange(len(chunk)) if ties is None else ties
        rank = np.empty(len(chunk) + 1, np.int64)
        rank[places], rank[-1] = np.arange(len(chunk)), len(chunk)
        best = np.lexsort((*rank[rows].T, *_preferred(chunk, level, rows), user))
        user, level, still_open, rows, reached = (c[best] for c in (user, level, still_open, rows, reached))
        begins = np.flatnonzero(np.append(True, user[1:] != user[:-1])[: len(user)])
        if len(begins):
            deep = level == np.repeat(level[begins], np.diff(np.append(begins, len(level))))
            still_open = np.logical_or.reduceat(still_open & deep, begins)
            reached = np.append(places, -1)[np.minimum.reduceat(rank[reached], begins)]
        user, level, rows = (c[begins] for c in (user, level, rows))
    arrived = _at(chunk.time, reached, reached >= 0, FAR)
    in_time = _last(arrived <= arrived[:, :1] + plan.patience) + 1
    group = _group(chunk, plan, level, reached)
    return Found(user, level, still_open, group, rows, reached, arrived[:, 0], in_time)


def _preferred(chunk: Chunk, level: Any, rows: Any) -> list[Any]:
    """Return sort keys, the last one first: deepest, first there, latest start, then each step taken and early."""
    times = np.where(rows >= 0, chunk.time[rows], FAR)
    reached = np.take_along_axis(times, _last(rows >= 0)[:, None], axis=1)[:, 0]
    return [*times.T, -times[:, 0], reached, -level.astype(np.int64)]


def _last(taken: Any) -> Any:
    """Return the last step that was taken, from zero, given which were."""
    return taken.shape[1] - 1 - np.argmax(taken[:, ::-1], axis=1)


def _group(chunk: Chunk, plan: Plan, level: Any, reached: Any) -> Any:
    """Return each user's group where they first got to a step: known there, however they went on."""
    if not plan.by:
        return np.zeros(len(level), np.int32)
    step = level - 1 if plan.at < 0 else np.full(len(level), plan.at)
    row = np.take_along_axis(reached, step[:, None].astype(np.int64), axis=1)[:, 0]
    return np.where(row >= 0, plan.place[chunk.coded[plan.by][row]], len(plan.groups)).astype(np.int32)


def _fixed(array: Any) -> Any:
    # Chunks' arrays are read-only and Numba compiles those apart: one signature for all.
    array.setflags(write=False)
    return array
