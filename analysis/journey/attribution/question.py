"""Which touches get the credit for conversions, under one model and another?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Answer, Field
from analysis.charts import NOT_SET, TOTAL, Look
from analysis.errors import DataError
from analysis.estimates import SMALL
from analysis.journey.attribution import chart as credit_picture
from analysis.journey.attribution import words
from analysis.journey.attribution.costs import Cost, Worth, spent, worth_of
from analysis.journey.attribution.definition import MODEL_WORDS, MODELS, AttributionDefinition
from analysis.journey.attribution.kernel import FAR, RULES, Tally, Walk, tally
from analysis.journey.attribution.models import MOST
from analysis.journey.attribution.shares import Shares, largest_remainder
from analysis.journey.attribution.words import NO_TOUCH, TOUCH_WORDS
from analysis.messages import N_, say
from analysis.money import roi
from analysis.store.walk import Chunk
from analysis.tables import Tables, collect, instant
from analysis.values import local_day, micros, seconds, value

TOUCHES = 50
"""Most values the credited column may have."""


@value("attribution")
class Attribution(AttributionDefinition):
    """How much of the conversions, or of their revenue, each touch is credited with, under several models.

    Parameters
    ----------
    conversion : str
        The event that is credited.
    touches : sequence of str
        Names of events that are touches; none means every event. Only events with a value in `by` count.
    by : {"channel", "campaign", "creative", "audience", "phase"}
        Which column's values get the credit; "phase" is the campaign's phase in which a touch falls.
    value : {"conversions", "revenue", "value"}
        What is shared out: each conversion as one, the realised revenue of its order (by order_id; shared evenly where
        several conversions name one order), or the conversion event's own `value`.
    window : str or timedelta
        How far back from a conversion touches count, boundary included.
    paths : {"since_last_conversion", "all"}
        Whether touches before an earlier conversion count again. Conversions of one moment share one path.
    repeats : {"each", "session", "row"}
        Of a path's touches that follow each other and have the same value: each counts; those of one session count
        once; all of them count once. What counts once counts when it was last.
    models : sequence of str, optional
        Of :data:`MODELS`, in the order wanted; none means all that can be had.
    direct : str, optional
        The value that means no campaign led here; gives the model last_non_direct.
    half_life : str or timedelta
        Time decay: how long before the path's end a touch weighs half.
    first, last : float
        Position-based: the shares of the first and the last touch. The rest is split among those between; with two
        touches all is split in the ratio of these.
    currency : str, optional
        That revenue and cost are counted in; see :func:`analysis.money.currency_of`.
    draws, seed : int
        Bootstrap: how often users are drawn anew, and the seed of the draws.
    where : Filter, optional
        Dates restrict when people convert; touches count from the window before. The other conditions restrict
        touches and conversions alike.

    Notes
    -----
    Touches that no conversion follows within the window make journeys that came to nothing (two touches further
    apart than the window are in different ones). Markov and Shapley weigh them; see
    :mod:`analysis.journey.attribution.models`. Attribution shares out what happened; it does not say what would have
    happened otherwise.

    Intervals hold 95% of a bootstrap over users, who are drawn in 128 random groups.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": "u1",
    ...     "timestamp": pd.to_datetime(["2026-11-01", "2026-11-03", "2026-11-04"]),
    ...     "event": ["visit", "visit", "purchase"],
    ...     "channel": ["display", "search", None],
    ... })
    >>> answer = Attribution(models=("first", "linear")).run(Tables(events=events))
    >>> answer.frame("models")[["touch", "first", "linear"]].values.tolist()
    [['display', 1.0, 0.5], ['search', 0.0, 0.5], ['(total)', 1.0, 1.0]]
    """

    def _answer(self, tables: Tables) -> Answer:
        known = _touches(self, tables)
        span = _span(self, tables)
        worth = worth_of(tables, self.value, self.conversion, self.where, self.currency)
        tallied = _tallied(self, tables, known, span, worth)
        if not tallied.conversions:
            raise DataError.empty(words.nothing(self.conversion, self.where is not None))
        shares = Shares(tallied, known, measure=int(self.value != "conversions"))
        models = tuple(m for m in self.asked_models if m != "shapley" or shares.players <= MOST)
        if not models:
            raise DataError.empty(words.too_many_players(shares.players, self.by))
        if not shares.total > 0:
            raise DataError.empty(words.worth_nothing(self.conversion))
        first, last = (local_day(moment, tables.zone) for moment in span)
        cost = spent(tables, self.by, self.where, (first, last), worth.currency or self.currency)
        given = (*words.unnamed(self, worth), *worth.notes, *cost.notes)
        table = _table(self, shares, models, cost)
        kind = RevenueAttribution if shares.measure else AttributionAnswer
        return kind(
            question=self,
            version=tables.version,
            headline=words.headline(self, table, shares, worth.currency),
            frames={"models": _side_by_side(table, shares.total), "table": table[list(kind.fields["table"])]},
            notes=words.notes(self, tallied, shares, models, span[0], tables.zone, given, worth.elsewhere),
            currency=worth.currency if shares.measure else cost.currency,
            universe=known,
        )


_MODELS = {model: Field(label, "number") for model, label in MODEL_WORDS.items()}
_TABLE = {
    "touch": Field(N_("Touch"), "text", TOUCH_WORDS),
    "model": Field(N_("Model"), "text", MODEL_WORDS),
    "credit": Field(N_("Credited conversions"), "number"),
    "share": Field(N_("Share"), "share"),
    "low": Field(N_("95% from"), "share"),
    "high": Field(N_("95% to"), "share"),
    "cost": Field(N_("Cost"), "money"),
    "cost_per_conversion": Field(N_("Cost per credited conversion"), "money"),
}


@dataclass(frozen=True, kw_only=True, repr=False)
class AttributionAnswer(Answer):
    """Credits by touch and model; within a model they sum to all conversions, those without a touch included.

    "models" has a column per model; "table" has a row per touch and model, with each share's 95% interval.
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "models": MappingProxyType({"touch": _TABLE["touch"], **_MODELS}),
            "table": MappingProxyType(_TABLE),
        }
    )

    question: Attribution
    universe: tuple[str, ...] = ()

    def shown(self, name: str, language: str) -> pd.DataFrame:
        """Return a table with its credits in hundredths that sum to the total's, without columns that are empty."""
        frame = self.frame(name).dropna(axis="columns", how="all")
        if name == "models":
            for column in frame.columns[1:]:
                rounded = largest_remainder(frame[column].iloc[:-1])
                frame[column] = [*rounded, round(rounded.sum(), 2)]
            return frame
        for column in ("credit", "value"):
            if column in frame:
                frame[column] = frame.groupby("model", sort=False)[column].transform(largest_remainder)
        return frame

    def _chart(self, look: Look) -> Any:
        return credit_picture.dots(self.table, look, self.question.value, self.headline)


@dataclass(frozen=True, kw_only=True, repr=False)
class RevenueAttribution(AttributionAnswer):
    """Credits of revenue by touch and model, with return on investment (revenue / cost) where cost is known.

    `share`, `low` and `high` are of the revenue.
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "models": MappingProxyType(
                {"touch": _TABLE["touch"], **{m: Field(label, "money") for m, label in MODEL_WORDS.items()}}
            ),
            "table": MappingProxyType(
                {**_TABLE, "value": Field(N_("Credited revenue"), "money"), "roi": Field(N_("ROI"), "ratio")}
            ),
        }
    )


# ---- the work ---------------------------------------------------------------------------------------------


def _touches(asked: AttributionDefinition, tables: Tables) -> tuple[str, ...]:
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


def _span(asked: AttributionDefinition, tables: Tables) -> tuple[dt.datetime, dt.datetime]:
    """Return the first and last moment of the events that match the filter, whatever their date."""
    known = tables.span("events")
    assert known is not None  # `needs` holds events
    if asked.where and asked.where.columns():
        time = nw.col("timestamp")
        found = collect(_events(asked, tables).select(first=time.min(), last=time.max()))
        if pd.isna(found["first"][0]):
            raise DataError.empty(words.nothing(asked.conversion, True))
        return found["first"][0].to_pydatetime(), found["last"][0].to_pydatetime()
    return known


def _tallied(
    asked: AttributionDefinition,
    tables: Tables,
    known: tuple[str, ...],
    span: tuple[dt.datetime, dt.datetime],
    worth: Worth,
) -> Tally:
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    back = dt.timedelta(seconds=seconds(asked.window))
    models = set(asked.asked_models)
    rules = Walk(
        by=asked.by,
        touches=len(known),
        roles=_roles(asked, tables),
        rank=_rank(tables),
        window=seconds(asked.window) * 1_000_000,
        since_last=asked.paths == "since_last_conversion",
        repeats=asked.repeats,
        start=micros(start) if start else -FAR,
        end=micros(end) if end else FAR,
        known_from=micros(span[0]),
        known_until=micros(span[1]),
        direct=known.index(asked.direct) if asked.direct else -1,
        half_life=seconds(asked.half_life) * 1e6,
        ends=(asked.first, asked.last),
        worth=asked.value,
        orders=worth.orders,
        realised=worth.realised,
        deep=bool(models & set(RULES[3:])),
        journeys=bool(models - set(RULES)),
        seed=asked.seed,
    )
    frame = _events(asked, tables)
    if asked.touches:
        frame = frame.filter(
            nw.col("event_key").is_in([tables.event_keys[e] for e in (*asked.touches, asked.conversion)])
        )
    if start:
        frame = frame.filter(nw.col("timestamp") >= instant(start - back))
    if end:
        frame = frame.filter(nw.col("timestamp") <= instant(end + back))
    columns = rules.columns(known)
    whole = tally(Chunk.empty(columns), rules)
    for part in tables.walk(frame, _Work(rules), columns):
        whole = whole.plus(part)
    return whole


@dataclass(frozen=True, slots=True)
class _Work:
    """The walk's function, in a form that can be sent."""

    rules: Walk

    def __call__(self, chunk: Chunk) -> Tally:
        return tally(chunk, self.rules)


def _roles(asked: AttributionDefinition, tables: Tables) -> Any:
    roles = np.zeros(max(tables.event_keys.values()) + 1, np.uint8)
    roles[[tables.event_keys[e] for e in asked.touches or tables.event_keys]] |= 1
    roles[tables.event_keys[asked.conversion]] |= 2
    return roles


def _rank(tables: Tables) -> Any:
    rank = np.zeros(max(tables.event_keys.values()) + 1, np.int32)
    for place, event in enumerate(sorted(tables.event_keys)):
        rank[tables.event_keys[event]] = place
    return rank


def _table(asked: AttributionDefinition, shares: Shares, models: tuple[str, ...], cost: Cost) -> pd.DataFrame:
    """Lay out a row per touch and model; touches without credit stay where they cost something."""
    credited = {model: shares.credit(model) for model in models}
    drawn = shares.intervals(models, asked.draws, asked.seed) if shares.conversions >= SMALL else {}
    names = [*shares.names, *sorted(set(cost.amounts) - set(shares.names)), NO_TOUCH]
    parts = []
    for model, (credit, brought) in credited.items():
        low, high = drawn.get(model, (np.nan, np.nan))
        given = pd.DataFrame(
            {
                "credit": credit,
                "value": brought,
                "share": (brought if shares.measure else credit) / shares.total,
                "low": low,
                "high": high,
            },
            index=[*shares.names, NO_TOUCH],
        ).reindex(names)
        given[["credit", "value", "share"]] = given[["credit", "value", "share"]].fillna(0.0)
        parts.append(given.rename_axis("touch").reset_index().assign(model=model))
    table = pd.concat(parts, ignore_index=True)
    table["cost"] = table["touch"].map(cost.amounts).astype(float)
    table["cost_per_conversion"] = (table["cost"] / table["credit"]).where(table["credit"] > 0)
    table["roi"] = roi(table["value"], table["cost"])
    return table if shares.untouched else table[table["touch"] != NO_TOUCH].reset_index(drop=True)


def _side_by_side(table: pd.DataFrame, total: float) -> pd.DataFrame:
    """Return a column per model; its last row is the total."""
    wide = table.assign(credit=table["share"] * total).pivot(index="touch", columns="model", values="credit")
    wide = wide.reindex(index=table["touch"].unique(), columns=MODELS)
    wide.loc[TOTAL] = wide.sum(min_count=1)
    return wide.rename_axis(index="touch", columns=None).reset_index()
