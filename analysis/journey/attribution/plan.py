"""Which values can be credited, and what does attribution's walk need to know beside the events?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Bytes, Int32
from analysis.charts import NOT_SET, TOTAL
from analysis.errors import DataError
from analysis.journey.attribution import words
from analysis.journey.attribution.costs import Worth
from analysis.journey.attribution.definition import AttributionDefinition
from analysis.journey.attribution.kernel import FAR, RULES, Tally, Walk, tally
from analysis.journey.attribution.naming import Again
from analysis.journey.attribution.words import NO_TOUCH
from analysis.messages import say
from analysis.periods import known_until
from analysis.store.walk import Chunk
from analysis.tables import Tables, collect, instant
from analysis.values import micros, seconds

TOUCHES = 50
"""Most values the credited column may have."""


def credited(asked: AttributionDefinition, tables: Tables) -> tuple[str, ...]:
    """Check what is named, and return the values that can be credited."""
    for event in (asked.conversion, *asked.touches):
        if event not in tables.event_keys:
            raise DataError.unknown(say("event"), event, tables.event_keys)
    own = {"value": ("value",), "revenue": ("order_id",)}.get(asked.value, ())
    tables.require("events", asked.by, *own, *(("session_id",) if asked.repeats == "session" else ()))
    # GA4 writes the very text "(not set)": it is no value.
    found = tuple(name for name in tables.names(asked.by) if name not in (TOTAL, NOT_SET, NO_TOUCH))
    if len(found) > TOUCHES:
        raise DataError.too_many(asked.by, len(found), TOUCHES)
    if asked.direct is not None and asked.direct not in found:
        raise DataError.unknown(say(asked.by), asked.direct, found)
    return found


def _events(asked: AttributionDefinition, tables: Tables) -> nw.LazyFrame[Any]:
    """Return the events that match the filter, whatever their date."""
    return tables.frame("events", asked.where.replace(start=None, end=None) if asked.where else None)


def span(asked: AttributionDefinition, tables: Tables) -> tuple[dt.datetime, dt.datetime]:
    """Return the first moment of the events that match the filter, whatever their date, and until when all is known."""
    known = tables.span("events")
    assert known is not None  # `needs` holds events
    first, until = known[0], known_until(tables, where=asked.where)
    if asked.where and asked.where.columns():
        found = collect(_events(asked, tables).select(first=nw.col("timestamp").min()))["first"][0]
        if pd.isna(found):
            raise DataError.empty(words.nothing(asked.conversion, True))
        return found.to_pydatetime(), until
    return first, until


def tallied(
    asked: AttributionDefinition,
    tables: Tables,
    known: tuple[str, ...],
    observed: tuple[dt.datetime, dt.datetime],
    worth: Worth,
    again: Again,
) -> Tally:
    """Walk everybody's events, and return what the walk came to."""
    rules = _rules(asked, tables, known, observed, worth, again)
    columns = rules.columns(known)
    whole = tally(Chunk.empty(columns), rules)
    for part in tables.walk(_looked_at(asked, tables), _Work(rules), columns):
        whole = whole.plus(part)
    return whole


def _rules(
    asked: AttributionDefinition,
    tables: Tables,
    known: tuple[str, ...],
    observed: tuple[dt.datetime, dt.datetime],
    worth: Worth,
    again: Again,
) -> Walk:
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    models = set(asked.asked_models)
    return Walk(
        by=asked.by,
        touches=len(known),
        roles=_roles(asked, tables),
        rank=_rank(tables),
        window=seconds(asked.window) * 1_000_000,
        since_last=asked.paths == "since_last_conversion",
        repeats=asked.repeats,
        start=micros(start) if start else -FAR,
        end=micros(end) if end else FAR,
        known_from=micros(observed[0]),
        known_until=micros(observed[1]),
        direct=known.index(asked.direct) if asked.direct else -1,
        half_life=seconds(asked.half_life) * 1e6,
        ends=(asked.first, asked.last),
        worth=asked.value,
        orders=worth.orders,
        realised=worth.realised,
        again=again,
        deep=bool(models & set(RULES[3:])),
        journeys=bool(models - set(RULES)),
        seed=asked.seed,
    )


def _looked_at(asked: AttributionDefinition, tables: Tables) -> nw.LazyFrame[Any]:
    """Return the touches and conversions that the dates asked can need."""
    frame = _events(asked, tables)
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    back = dt.timedelta(seconds=seconds(asked.window))
    if asked.touches:
        frame = frame.filter(
            nw.col("event_key").is_in([tables.event_keys[e] for e in (*asked.touches, asked.conversion)])
        )
    if start:
        frame = frame.filter(nw.col("timestamp") >= instant(start - back))
    if end:
        frame = frame.filter(nw.col("timestamp") <= instant(end + back))
    return frame


@dataclass(frozen=True, slots=True)
class _Work:
    """The walk's function, in a form that can be sent."""

    rules: Walk

    def __call__(self, chunk: Chunk) -> Tally:
        return tally(chunk, self.rules)


def _roles(asked: AttributionDefinition, tables: Tables) -> Bytes:
    roles = np.zeros(max(tables.event_keys.values()) + 1, np.uint8)
    roles[[tables.event_keys[e] for e in asked.touches or tables.event_keys]] |= 1
    roles[tables.event_keys[asked.conversion]] |= 2
    return roles


def _rank(tables: Tables) -> Int32:
    rank = np.zeros(max(tables.event_keys.values()) + 1, np.int32)
    for place, event in enumerate(sorted(tables.event_keys)):
        rank[tables.event_keys[event]] = place
    return rank
