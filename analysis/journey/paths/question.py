"""What did people do after an event, or before it, and which ways did most of them take?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow.compute as pc

from analysis.answer import Answer, Note
from analysis.charts import AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import proportion
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.journey.paths import chart as ribbons
from analysis.journey.paths import kernel
from analysis.journey.paths.kernel import ENDED, REACHED
from analysis.messages import N_, Deed, Message, Name, Share, Span, say
from analysis.periods import known_until
from analysis.question import Question
from analysis.store.walk import Chunk, Columns
from analysis.tables import Tables, instant
from analysis.values import duration, flag, micros, names, one_of, optional, seconds, text, value, whole
from analysis.vocabulary import EVENTS

WHOLE_PATHS = 20
"""How many of the most common whole paths are told apart."""
OTHER = N_("(other)")
NO_EVENTS = (OTHER, N_("(reached)"), N_("(ended)"), N_("(began)"))
"""What stands at a level in place of an event."""
_NODE_WORDS = {word: word for word in NO_EVENTS}
_OTHER = -3
_ARROW = " → "
_FAR = np.iinfo(np.int64).max // 4


@dataclass(frozen=True, kw_only=True, repr=False)
class OfPaths(Question):
    """Base of the questions about paths: what of people's events is followed, and how far."""

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    direction: str = field(default="after", metadata=one_of("after", "before"))
    until: str | None = field(default=None, metadata=optional(text()))
    depth: int = field(default=4, metadata=whole(least=1, most=10))
    collapse: bool = field(default=True, metadata=flag())
    include: tuple[str, ...] = field(default=(), metadata=names())
    exclude: tuple[str, ...] = field(default=(), metadata=names())
    names: int = field(default=8, metadata=whole(least=1, most=20))

    @property
    def origin(self) -> str | None:
        """What stands at level 0, where all paths begin at the same."""
        raise NotImplementedError

    @property
    def back(self) -> bool:
        """Whether paths run towards the past."""
        return self.direction == "before"

    def shown(self, keys: Mapping[str, int], *always: str | None) -> Any:
        """Return which events can be part of a path, by key.

        Raises
        ------
        DataError
            The tables lack an event of the question.
        """
        for name in (*always, self.until, *self.include, *self.exclude):
            if name is not None and name not in keys:
                raise DataError.unknown(say("event"), name, keys)
        found = np.zeros(max(keys.values()) + 1, np.bool_)
        kept = (set(self.include) or set(keys)) - set(self.exclude) | {*always, self.until}
        found[[key for name, key in keys.items() if name in kept]] = True
        return found


@value("paths")
class Paths(OfPaths):
    """Which events follow an event, one after the other, or lead up to it.

    :class:`analysis.journey.paths.of_funnel.FunnelPaths` asks it of those who dropped out of a funnel.

    Parameters
    ----------
    start : str, optional
        The event each path begins at; without one, a path begins at a user's (or a session's) first event.
    direction : {"after", "before"}
        Whether paths go on from the start or back from it.
    until : str, optional
        A path stops where it comes to this event.
    depth : int
        Levels after the start, 1 to 10.
    collapse : bool
        Whether repeats of an event in a row count as one.
    include, exclude : tuple of str
        Events that can be part of a path; all, and none left out, by default. `start` and `until` always can.
    window : str or timedelta
        Longest time from the start, boundary included.
    session : bool
        Whether a path also stays within the session of its start. Events without a session count as one.
    count : {"users", "occurrences"}
        One path per user, from the first time they did the start ("unique users"), or one from every occurrence
        of it ("total events"); without a start, an occurrence is a session (or a user).
    names : int
        Most events told apart at each level, 1 to 20; the others are added up as "(other)".
    where : Filter, optional
        Dates restrict when the start happens; what follows counts whenever it falls in the window. The other
        conditions restrict the events.

    Notes
    -----
    Events of one moment follow each other in order of their names. At every level the counts add up to the number
    of paths: those with no further event in time are "(ended)" ("(began)" when going back), and those past
    `until` are "(reached)".

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u1", "u1", "u2"],
    ...     "timestamp": [pd.Timestamp(f"2026-11-11 {clock}") for clock in ("01:00", "01:05", "01:40", "02:00")],
    ...     "event": ["cart", "view", "checkout", "visit"],
    ... })
    >>> answer = Paths(start="cart", window="15m", depth=2).run(Tables(events=events))
    >>> answer.table[["level", "from", "to", "count"]].values.tolist()
    [[1, 'cart', 'view', 1], [2, 'view', '(ended)', 1]]
    """

    title: ClassVar[str] = N_("What do people do next, and how did they get here?")

    start: str | None = field(default=None, metadata=optional(text()))
    window: str = field(default="7d", metadata=duration())
    session: bool = field(default=False, metadata=flag())
    count: str = field(default="users", metadata=one_of("users", "occurrences"))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.start is None and self.direction == "before":
            raise QuestionError.crossed(say("Choose the event that paths lead up to."))

    @property
    def origin(self) -> str | None:
        """The event paths begin at."""
        return self.start

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return what happens after a visit, in one session where sessions are known."""
        known = [e for e in (*EVENTS, *tables.common_events()) if e in tables.event_keys]
        return cls(start=known[0] if known else None, session="session_id" in tables.present("events"))

    def _answer(self, tables: Tables) -> PathsAnswer:
        shown = self.shown(tables.event_keys, self.start)
        if self.session:
            tables.require("events", "session_id")
        found = _walk(self, tables, shown)
        if not found.counts.sum():
            raise DataError.empty(_nobody(self))
        said = Said(_whom(self, int(found.counts.sum())), in_time(None if self.session else self.window), _notes(self))
        return answered(self, tables, found, said)


@dataclass(frozen=True, kw_only=True, repr=False)
class PathsAnswer(Answer):
    """Who went from which event to which, level by level, and the most common whole paths.

    "table" has a row per link: at `level`, `count` paths came from `from` to `to`; `share` is of all `n` paths,
    `of_from` of the `at_from` that were at `from`, each with its 95% Wilson bounds. Its counts add up to `n` at every
    level. "paths" has the most common whole paths,
    in order of time, with their share of all and its 95% Wilson bounds; the last row adds up the others.
    """

    fields: ClassVar[Fields] = described(
        table={
            "level": Field(N_("Level"), "count"),
            "from": Field(N_("From event"), "text", _NODE_WORDS, of="event"),
            "to": Field(N_("To event"), "text", _NODE_WORDS, of="event"),
            "count": Field(N_("Count"), "count"),
            "n": Field(N_("Of all"), "count"),
            "share": Field(N_("Share of all"), "share"),
            **bounds("share"),
            "at_from": Field(N_("At the event before"), "count"),
            "of_from": Field(N_("Share of those at the event before"), "share"),
            "of_from_low": Field(N_("Of those before: 95% from"), "share"),
            "of_from_high": Field(N_("Of those before: 95% to"), "share"),
        },
        paths={
            "path": Field(N_("Path"), "text"),
            "count": Field(N_("Count"), "count"),
            "n": Field(N_("Of all"), "count"),
            "share": Field(N_("Share of all"), "share"),
            **bounds("share"),
        },
    )
    figures = (Figure("share", ("level", "from", "to")),)

    question: OfPaths
    ways: tuple[tuple[str, ...], ...] = ()
    """The events of each row of "paths"."""
    universe: tuple[str, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return one of the tables, the events of whole paths in a reader's words."""
        frame = self.frame(name)
        if name == "paths":
            plot = self.plot("table", Look(language))
            frame["path"] = [_ARROW.join(plot.name("from", event) for event in way) for way in self.ways]
        return frame

    def _chart(self, look: Look) -> AnyChart:
        return ribbons.sankey(self.table, self.plot("table", look), ribbons.Labels(
            describe=self.headline, start=self.question.origin, back=self.question.back, universe=self.universe,
            other=OTHER, passed=NO_EVENTS[1], stops=NO_EVENTS[1:],
        ))  # fmt: skip


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a walk must know of the question and the data; times in microseconds."""

    asked: Paths
    keys: Mapping[str, int]
    entries: tuple[int, int]
    observed: tuple[int, int]

    shown: Any

    @property
    def window(self) -> int:
        return seconds(self.asked.window) * 1_000_000

    def key(self, name: str | None) -> int:
        return -1 if name is None else self.keys[name]

    def rank(self) -> Any:
        """Return each key's place in the order of names."""
        found = np.zeros(max(self.keys.values()) + 1, np.int32)
        found[[self.keys[name] for name in sorted(self.keys)]] = np.arange(len(self.keys))
        return found


@dataclass(frozen=True, slots=True)
class Walked:
    """Distinct paths and how many went each: a part grows with the ways there are, not with the users."""

    paths: Any  # (distinct, levels) int16: the start's key, then one per level
    counts: Any
    open: int  # ended, but with time left beyond what was observed

    @classmethod
    def together(cls, parts: Sequence[Walked]) -> Walked:
        """Add up the parts of a walk."""
        paths, counts = (np.concatenate(c) for c in ([p.paths for p in parts], [p.counts for p in parts]))
        levels = list(range(paths.shape[1]))
        frame = pd.DataFrame(paths).assign(n=counts).groupby(levels, as_index=False)["n"].sum()
        return cls(frame[levels].to_numpy(np.int16), frame["n"].to_numpy(np.int64), sum(p.open for p in parts))


def _walk(asked: Paths, tables: Tables, shown: Any) -> Walked:
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    observed = tables.span("events")
    assert observed is not None  # `needs` holds events
    entries = (micros(start) if start else -_FAR, micros(end) if end else _FAR)
    until = known_until(tables, where=asked.where)
    rules = _Rules(asked, dict(tables.event_keys), entries, (micros(observed[0]), micros(until)), shown)
    columns = Columns(texts=("session_id",) if asked.session else ())
    work = partial(_trace, rules=rules)
    return Walked.together(
        [work(Chunk.empty(columns)), *tables.walk(_events(asked, tables, start, end), work, columns)]
    )


def _events(asked: Paths, tables: Tables, start: dt.datetime | None, end: dt.datetime | None) -> nw.LazyFrame[Any]:
    """Scan the events that can matter: from the first start to the last window's end, or the other way round."""
    frame = tables.frame("events", asked.where.replace(start=None, end=None) if asked.where else None)
    reach, back, time = dt.timedelta(seconds=seconds(asked.window)), asked.back, nw.col("timestamp")
    observed = tables.span("events")
    # Windows may be longer than the calendar: a bound beyond the data is none.
    if start and observed and (not back or start - observed[0] > reach):
        frame = frame.filter(time >= instant(start - reach if back else start))
    if end and observed and (back or observed[1] - end > reach):
        frame = frame.filter(time < instant(end) if back else time <= instant(end + reach))
    return frame


def _trace(chunk: Chunk, rules: _Rules) -> Walked:
    """Follow everybody in a chunk."""
    asked, settled = rules.asked, _with_sessions(chunk).settled(rules.rank())
    rows = np.flatnonzero(rules.shown[settled.code])
    if asked.session:
        rows = rows[np.lexsort((settled.coded["session"][rows], settled.user[rows]))]
    unit, time = _units(settled, rows), settled.time[rows]
    starts = _starts(settled, rows, unit, rules)
    reach = np.full(len(starts), rules.window)
    paths = traced(asked, unit, time, settled.code[rows], starts, reach, rules.key(asked.until))
    ended = (paths[:, -1] == ENDED) & (not asked.session)
    waiting = int((ended & _unobserved(time[starts], rules)).sum())
    return Walked.together([Walked(paths, np.ones(len(paths), np.int64), waiting)])


def traced(asked: OfPaths, unit: Any, time: Any, code: Any, starts: Any, reach: Any, goal: int) -> Any:
    """Return the path from each start, see :func:`analysis.journey.paths.kernel.follow`."""
    paths: Any = np.empty((len(starts), asked.depth + 1), np.int16)
    _kernel(kernel.follow)(unit, time, code, starts, asked.back, asked.collapse, goal, reach, paths)
    return paths


def _kernel(compiled: Any) -> Any:
    return compiled


def _with_sessions(chunk: Chunk) -> Chunk:
    """Put each event's session in place of its text: a number within the chunk, in order of the texts."""
    if "session_id" not in chunk.texts:
        return chunk
    encoded = chunk.texts["session_id"].dictionary_encode()
    place = np.full(len(encoded.dictionary) + 1, -1, np.int32)  # the last: without a session
    place[pc.sort_indices(encoded.dictionary).to_numpy()] = np.arange(len(encoded.dictionary))
    return Chunk(chunk.user, chunk.time, chunk.code, {"session": place[encoded.indices.fill_null(-1).to_numpy()]})


def _units(chunk: Chunk, rows: Any) -> Any:
    """Number the users, or their sessions, whose rows stand together."""
    return np.cumsum(np.any([_new(column[rows]) for column in (chunk.user, *chunk.coded.values())], axis=0))


def _new(column: Any) -> Any:
    """Say where a value differs from the one before."""
    return np.append(True, column[1:] != column[:-1])[: len(column)]


def _starts(chunk: Chunk, rows: Any, unit: Any, rules: _Rules) -> Any:
    """Return where among the rows paths begin."""
    asked, key = rules.asked, rules.key(rules.asked.start)
    time, user = chunk.time[rows], chunk.user[rows]
    entry = (time >= rules.entries[0]) & (time < rules.entries[1]) & ((key < 0) | (chunk.code[rows] == key))
    found = np.flatnonzero(entry)
    if key < 0:
        found = found[_new(unit[found])]
    elif asked.collapse:
        found = found[(found == 0) | ~entry[found - 1] | (unit[found - 1] != unit[found])]
    if asked.count == "users":
        found = found[np.lexsort((rows[found], user[found]))]
        found = found[_new(user[found])]
    return found


def _unobserved(time: Any, rules: _Rules) -> Any:
    """Say of which starts the window reaches beyond the data."""
    first, last = rules.observed
    return time - rules.window < first if rules.asked.back else time + rules.window > last


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first question asked need not wait."""
    asked = Paths(start="a", depth=1)
    _trace(Chunk.empty(), _Rules(asked, {"a": 0}, (-_FAR, _FAR), (0, 0), asked.shown({"a": 0})))


# ---- the tables -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Said:
    """What a question about paths says beside its figures.

    Whose they are, in what time, its own notes, and what stands among the events without being one, in words.
    """

    whom: Message
    time: Message
    notes: tuple[Note, ...]
    events: Mapping[str, Message] = field(default_factory=dict)


def answered(asked: OfPaths, tables: Tables, found: Walked, said: Said) -> PathsAnswer:
    """Lay out the paths found."""
    nodes = _Nodes.of(tables.event_keys, asked)
    told, others = _told_apart(asked, found, nodes)
    ways, paths = _ways(asked, found, nodes)
    return PathsAnswer(
        question=asked,
        version=tables.version,
        headline=_headline(asked, found, nodes, said),
        frames={"table": _links(told, found.counts, nodes), "paths": paths},
        notes=tuple(_all_notes(asked, found.open, others, said.notes)),
        ways=ways,
        universe=nodes.universe,
        said=said.events,
    )


@dataclass(frozen=True, slots=True)
class _Nodes:
    """What is at a level, by key: names, and places in the order of the journey, then of names.

    What is no event has a key below zero, which finds its name from the arrays' end. Where paths begin at something
    else than an event, it has the key after the events'.
    """

    names: Any
    places: Any
    universe: tuple[str, ...]

    @classmethod
    def of(cls, keys: Mapping[str, int], asked: OfPaths) -> _Nodes:
        standard = [e for e in EVENTS if e in keys]
        universe: tuple[str, ...] = (*standard, *sorted(set(keys) - set(standard)))
        if asked.origin is not None and asked.origin not in keys:
            universe, keys = (*universe, asked.origin), {**keys, asked.origin: origin_key(asked, keys)}
        names = np.full(max(keys.values()) + 4, "", object)
        names[[keys[name] for name in universe]] = universe
        names[[_OTHER, REACHED, ENDED]] = [*NO_EVENTS[:2], NO_EVENTS[3 if asked.back else 2]]
        places = np.zeros(len(names), np.int64)
        places[[*(keys[name] for name in universe), _OTHER, REACHED, ENDED]] = np.arange(len(universe) + 3)
        return cls(names, places, universe)


def origin_key(asked: OfPaths, keys: Mapping[str, int]) -> int:
    """Return the key of what paths begin at: an event's own, or the one after all events'."""
    return keys.get(asked.origin or "", max(keys.values()) + 1)


def _told_apart(asked: OfPaths, found: Walked, nodes: _Nodes) -> tuple[Any, int]:
    """Return the paths with each level's less common events put together, and how many events those are."""
    told, others = found.paths.copy(), set[int]()
    for level in told.T:
        totals = pd.Series(found.counts).groupby(level).sum()
        events = [int(key) for key in totals.index if key >= 0]
        events.sort(key=lambda k: (nodes.names[k] != asked.until, -totals[k], nodes.places[k]))
        rest = {k for i, k in enumerate(events) if i >= asked.names or nodes.names[k] in NO_EVENTS}
        level[np.isin(level, list(rest))] = _OTHER
        others |= rest
    return told, len(others)


def _links(told: Any, counts: Any, nodes: _Nodes) -> pd.DataFrame:
    """Lay out who went from where to where, level by level; the most common first, what is no event last."""
    levels = [
        pd.DataFrame({"level": level, "from": told[:, level - 1], "to": told[:, level], "count": counts})
        for level in range(1, told.shape[1])
    ]
    table: Any = pd.concat(levels).groupby(["level", "from", "to"], as_index=False)["count"].sum()
    left = table.groupby(["level", "from"])["count"].transform("sum").to_numpy()
    ends = [table[end].to_numpy() for end in ("from", "to")]
    keys = [(end < 0, -size, nodes.places[end]) for end, size in zip(ends, (left, table["count"]), strict=True)]
    order = np.lexsort([*keys[1][::-1], *keys[0][::-1], table["level"]])
    n = int(counts.sum())
    table["from"], table["to"] = (nodes.names[end] for end in ends)
    _, low, high = proportion(table["count"], n)
    table = table.assign(n=n, share=table["count"] / n, low=low, high=high, at_from=left)
    _, low, high = proportion(table["count"], left)
    table = table.assign(of_from=table["count"] / left, of_from_low=low, of_from_high=high)
    return pd.DataFrame(table.iloc[order].reset_index(drop=True))


def _ways(asked: OfPaths, found: Walked, nodes: _Nodes) -> tuple[tuple[tuple[str, ...], ...], pd.DataFrame]:
    """Lay out the most common whole paths, and all others together."""
    common = np.lexsort([*nodes.places[found.paths].T[::-1], -found.counts])[:WHOLE_PATHS]
    ways = [_way(path, nodes, asked.back) for path in found.paths[common]]
    counts, n = [int(c) for c in found.counts[common]], int(found.counts.sum())
    if rest := n - sum(counts):
        ways, counts = [*ways, (OTHER,)], [*counts, rest]
    _, low, high = proportion(counts, n)
    frame = pd.DataFrame({"path": [_ARROW.join(way) for way in ways], "count": counts, "n": n})
    return tuple(ways), frame.assign(share=frame["count"] / n, low=low, high=high)


def _way(path: Any, nodes: _Nodes, back: bool) -> tuple[str, ...]:
    """Return a path's events in order of time, and its end where it had one."""
    events = [str(nodes.names[key]) for key in (*path[path >= 0], *path[path == ENDED][:1])]
    return tuple(events[::-1] if back else events)


# ---- the words --------------------------------------------------------------------------------------------


def _whom(asked: Paths, n: int) -> Message:
    """Say whose paths these are."""
    if asked.start is None:
        return say("{n} sessions", n=n) if asked.session and asked.count == "occurrences" else say("{n} users", n=n)
    start = Deed(asked.start)
    if asked.count == "occurrences":
        return say("{n} times users {start}", n=n, start=start)
    return say("{n} users who {start}", n=n, start=start)


def in_time(window: str | None) -> Message:
    """Say in what time paths are followed; without a window, in a session."""
    return say("within {window}", window=Span(seconds(window))) if window else say("in that session")


def _headline(asked: OfPaths, found: Walked, nodes: _Nodes, said: Said) -> Message:
    n = int(found.counts.sum())
    next_ = pd.Series(found.counts).groupby(found.paths[:, 1]).sum()
    ended = Share(int(next_.get(ENDED, 0)) / n)
    params: dict[str, Any] = {"whom": said.whom, "time": said.time}
    if asked.until:
        reached = (nodes.names[found.paths[:, 1:]] == asked.until).any(axis=1)
        share = Share(int(found.counts[reached].sum()) / n)
        params |= {"share": share, "until": Name(asked.until, "event")}
        if asked.back:
            return say("Of {whom}, {share} had done {until} {time}, in the steps shown.", **params)
        return say("Of {whom}, {share} came to {until} {time}, in the steps shown.", **params)
    events = [int(key) for key in next_.index if key >= 0]
    if not events:
        if asked.back:
            return say("Of {whom}, nobody had done anything before {time}.", **params)
        return say("Of {whom}, nobody did anything more {time}.", **params)
    top = min(events, key=lambda k: (-next_[k], nodes.places[k]))
    event = str(nodes.names[top])
    params |= {"share": Share(int(next_[top]) / n), "ended": ended}
    if asked.back:
        return say("Of {whom}, {share} came from {event} {time}; for {ended} it was the first event.",
                   event=Name(event, "event"), **params)  # fmt: skip
    return say("Of {whom}, {share} {event} next {time}; for {ended} it was the last event.",
               event=Deed(event), **params)  # fmt: skip


def _all_notes(asked: OfPaths, waiting: int, others: int, own: tuple[Note, ...]) -> Iterable[Note]:
    if waiting:
        yield _open(asked, waiting)
    if others:
        told = say("Each level tells its {names} most common events apart; (other) adds up the rest, {others} "
                   "different ones.", names=asked.names, others=others)  # fmt: skip
        yield Note("other-events", told)
    if asked.where and asked.where.columns():
        yield Note("filtered-events", say("Only events that match the filter are part of a path."))
    yield from own
    if asked.collapse:
        yield Note("collapsed", say("Repeats of an event in a row count once."))


def _open(asked: OfPaths, n: int) -> Note:
    if asked.back:
        text = say("{n} paths count as begun but their window starts before the first event in the data: what came "
                   "earlier is not known.", n=n)  # fmt: skip
        return Note("unseen-past", text, "warning")
    text = say("{n} paths count as ended but still have time to go on: their window ends after the last event in the "
               "data.", n=n)  # fmt: skip
    return Note("still-open", text, "warning")


def _notes(asked: Paths) -> tuple[Note, ...]:
    notes = []
    if asked.where and (asked.where.start or asked.where.end):
        notes.append(Note("start-dates", say("Dates restrict when a path starts, not what lies along it.")))
    if asked.start is not None:
        notes.append(Note("count-rule", _count_rule(asked, Deed(asked.start))))
    return tuple(notes)


def _count_rule(asked: Paths, start: Deed) -> Message:
    if asked.count == "users":
        return say("Unique users: each user's path starts at the first time they {start}.", start=start)
    return say("Total events: every time somebody {start} starts a path.", start=start)


def _nobody(asked: Paths) -> Message:
    if asked.start is None:
        return say("There are no such events under these filters. Widen the dates or clear a filter.")
    return say("Nobody {converted} under these filters. Widen the dates or clear a filter.",
               converted=Deed(asked.start))  # fmt: skip
