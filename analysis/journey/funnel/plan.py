"""What a funnel's walk needs to know beside the events, worked out once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from analysis.errors import DataError
from analysis.groups import groups_of, told_apart_by
from analysis.journey.funnel import kernel as kernels
from analysis.journey.funnel.definition import FunnelDefinition
from analysis.journey.steps import Exclusion, Step, as_step
from analysis.messages import say
from analysis.periods import known_until
from analysis.store.walk import Columns
from analysis.tables import MOST_NAMES, Tables, instant
from analysis.values import micros, seconds

FAR = np.iinfo(np.int64).max // 4
SESSION_GAP = 30 * 60
"""Seconds without an event after which another session begins, where no session id tells."""
DAY = 86_400 * 1_000_000
_EPOCH = dt.datetime(1970, 1, 1)
_AT = {"first": 0, "last": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a walk knows beside the events; plain values, so that it can be sent to where they are.

    Times are microseconds. A row's mask has bit k for step k and bit `kernels.EXCLUDED` + e for exclusion e.
    """

    names: tuple[str, ...]
    """What the rows of an answer are called."""
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
    ever: bool
    """Whether that first entry is looked for before the dates, too; then it is the only one that counts."""
    entries: tuple[int, int]
    until: int
    """Until when what people did is known, for those who pass the filter; before the dates end, where steps must be."""
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
            optional=0, window=FAR, session="", first=False, ever=False, entries=(-FAR, FAR), until=FAR, before=FAR,
            excluded=np.empty((0, 2), np.int64), hold=None, by=None, place=None, groups=(), at=0, exact=False,
        )  # fmt: skip

    @property
    def steps(self) -> int:
        """How many there are."""
        return len(self.names)

    @property
    def patience(self) -> int:
        """How long after an event people are seen for whether they go on (microseconds); a session is over in a day."""
        return DAY if self.session else self.window

    @property
    def settles(self) -> bool:
        """Whether the kernel tells moments only, and which of their events served is still to be said."""
        own_rows = self.profile == "posthog" or (self.profile == "clickhouse" and self.strict)
        return self.order != "any" and not own_rows

    @property
    def strict(self) -> bool:
        """Whether events between the steps matter."""
        return self.order == "strict"


def before(optional: int, k: int) -> int:
    """Return the last step before k (from zero) that may not be skipped; `optional` has the bits of those that may."""
    return next(p for p in range(k - 1, -1, -1) if not optional >> p & 1)


def planned(asked: FunnelDefinition, tables: Tables, wanted: Columns | None = None) -> tuple[Plan, Columns]:
    """Work out what a walk of a funnel needs to know and to read; `wanted`: single events are looked at, and these."""
    asked, extra = asked.effective, wanted or Columns()
    steps = [as_step(step) for step in asked.steps]
    parts: list[Step | Exclusion] = [*steps, *asked.exclusions]
    bits = [*range(len(steps)), *(kernels.EXCLUDED + e for e in range(len(asked.exclusions)))]
    masks = np.zeros(max(tables.event_keys.values()) + 1, np.int64)
    for bit, part in zip(bits, parts, strict=True):
        for event in part.events:
            masks[_key(event, tables)] |= 1 << bit
    if asked.hold:
        told_apart_by(asked.hold, tables)
    groups = groups_of(asked.breakdown, tables)
    coded = _coded(asked, tables, parts, groups, extra)
    session = _session(asked, tables)
    texts = dict.fromkeys((*extra.texts, *filter(None, (asked.hold, session if session != "gap" else ""))))
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    exact, ends = bool(asked.breakdown) or wanted is not None, taken_before(asked, tables)
    plan = Plan(
        names=asked.row_names,
        masks=masks,
        ranks=_ranks(tables),
        conditions=tuple(_conditions(bits, parts, coded)),
        keys=_plain_keys(asked, steps, tables),
        order=asked.order,
        profile=asked.profile,
        optional=asked.skippable,
        window=FAR if session else seconds(asked.window) * 1_000_000,
        session=session,
        first=asked.entry != "every",
        ever=_before_the_dates(asked),
        entries=(micros(start) if start else -FAR, micros(end) if end else FAR),
        until=min(micros(known_until(tables, named=asked.observed_until, where=asked.where)), ends - 1),
        before=ends,
        excluded=np.array(
            [(one.after - 1, (one.before or len(steps)) - 1) for one in asked.exclusions], np.int64
        ).reshape(-1, 2),
        hold=asked.hold,
        by=asked.breakdown,
        place=_places(coded[asked.breakdown], groups) if asked.breakdown else None,
        groups=groups,
        at=_AT[asked.breakdown_at] if isinstance(asked.breakdown_at, str) else asked.breakdown_at - 1,
        exact=exact,
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


def _coded(
    asked: FunnelDefinition, tables: Tables, parts: Sequence[Step | Exclusion], groups: tuple[str, ...], extra: Columns
) -> dict[str, tuple[str, ...]]:
    """Return the coded columns: what was asked for first, then the breakdown's groups, then what conditions name."""
    coded = {column: tuple(values) for column, values in extra.coded.items()}
    needed = [(asked.breakdown, groups)] if asked.breakdown else []
    for part in parts:
        for column, kept in part.where:
            told_apart_by(column, tables)
            known = tables.names(column)
            unknown = [name for name in kept if name not in known]
            if unknown and len(known) < MOST_NAMES:
                raise DataError.unknown(say(column), unknown[0], known)
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


def _session(asked: FunnelDefinition, tables: Tables) -> str:
    if asked.window != "session":
        return ""
    return "session_id" if "session_id" in tables.present("events") else "gap"


def _plain_keys(asked: FunnelDefinition, steps: Sequence[Step], tables: Tables) -> Any:
    alone = all(len(step.events) == 1 and not step.where and not step.optional for step in steps)
    special = asked.exclusions or asked.hold or asked.window == "session" or asked.order != "ordered"
    special = special or asked.profile in ("clickhouse", "posthog") or _before_the_dates(asked)
    if not alone or special:
        return None
    return np.array([tables.event_keys[step.events[0]] for step in steps], np.int64)


def _before_the_dates(asked: FunnelDefinition) -> bool:
    return asked.entry == "first_ever" and asked.where is not None and asked.where.start is not None


def taken_before(asked: FunnelDefinition, tables: Tables) -> int:
    """Return the moment before which every step must be taken; `FAR` where the dates say when people enter only."""
    asked = asked.effective
    _, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    return micros(end) if end and asked.dates == "conversion" else FAR


def relevant(asked: FunnelDefinition, tables: Tables, plan: Plan) -> nw.LazyFrame[Any]:
    """Scan the events that can matter: from the first entry to the last window's end."""
    where = asked.where
    frame = tables.frame("events", where.replace(start=None, end=None) if where else None)
    if plan.entries[0] > -FAR and not plan.ever:
        frame = frame.filter(nw.col("timestamp") >= instant(_EPOCH + dt.timedelta(microseconds=plan.entries[0])))
    last = plan.until
    if plan.entries[1] < FAR and not plan.session:
        last = min(last, plan.entries[1] + plan.window)
    observed = tables.span("events")
    if observed and last < micros(observed[1]):
        frame = frame.filter(nw.col("timestamp") <= instant(_EPOCH + dt.timedelta(microseconds=last)))
    return frame
