"""Of the people who took the first step, how many took each next one in time, and where did the rest stop?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar

import altair as alt
import narwhals as nw
import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from analysis import charts
from analysis.answer import Answer, Field, Note
from analysis.charts import NOT_SET, TOTAL, Look
from analysis.errors import DataError
from analysis.journey import kernels
from analysis.messages import N_, Message, Names, Share, Span, say
from analysis.question import Question
from analysis.sequences import Chunk, chunks
from analysis.tables import Tables
from analysis.values import duration, moment, names, one_of, optional, seconds, text, value

GROUPS = 50
"""Most values a breakdown may have."""
_FAR = np.iinfo(np.int64).max // 4
_EPOCH = dt.datetime(1970, 1, 1)


@value("funnel")
class Funnel(Question):
    """How many users take each step, in order, within a window of the first.

    Parameters
    ----------
    steps : sequence of str
        Event names, two or more, in order. A name may stand twice: each event serves one step.
    window : str or timedelta
        Longest time from the first step to the last, boundary included, such as "7d".
    order : {"ordered"}
        Steps count in this order; other events may come between. Events of the same moment count in step order.
    entry : {"every", "first"}
        Whether any entry may start the chain (ClickHouse, PostHog) or only a user's first (Mixpanel's default).
    breakdown : str, optional
        A text column of the events; a user counts under its value at the first step of their chain.
    observed_until : str or datetime, optional
        Until when (UTC) the data is complete; by default the last event of the unfiltered tables.
    where : Filter, optional
        Dates restrict when a user may enter; the steps that follow count whenever they fall in the window. The
        other conditions restrict the events.

    Notes
    -----
    A user's chain is the latest-starting one that first reached their deepest step; times and breakdown are
    taken from it. Semantics follow ClickHouse's windowFunnel, except that one event serves one step.

    Examples
    --------
    >>> import pandas as pd
    >>> at = lambda clock: pd.Timestamp(f"2026-11-11 {clock}")
    >>> events = pd.DataFrame({
    ...     "user_id": "u1",
    ...     "timestamp": [at("01:00"), at("01:30"), at("01:45"), at("02:15")],
    ...     "event": ["view", "view", "cart", "purchase"],
    ... })
    >>> answer = Funnel(steps=("view", "cart", "purchase"), window="1h").run(Tables(events=events))
    >>> answer.table["users"].tolist()
    [1, 1, 1]
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    steps: tuple[str, ...] = field(metadata=names(at_least=2, at_most=20))
    window: str = field(default="7d", metadata=duration())
    order: str = field(default="ordered", metadata=one_of("ordered"))
    entry: str = field(default="every", metadata=one_of("every", "first"))
    breakdown: str | None = field(default=None, metadata=optional(text()))
    observed_until: str | None = field(default=None, metadata=optional(moment()))

    def _answer(self, tables: Tables) -> FunnelAnswer:
        for step in self.steps:
            if step not in tables.event_keys:
                raise DataError.unknown(say("event"), step, tables.event_keys)
        walked = _walk(self, tables, _groups(self, tables))
        table = walked.table(self)
        if not table["users"].iloc[0]:
            raise DataError.empty(_nobody(self))
        return FunnelAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table),
            frames={"table": table},
            notes=_notes(self, table),
            universe=tables.names(self.breakdown) if self.breakdown else (),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelAnswer(Answer):
    """A funnel's figures, one row per group and step.

    On the row of step k: users of step k-1 = users + dropped + still_open; `from_previous` is users / users of
    step k-1 with its 95% Wilson bounds `low` and `high`.
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "table": MappingProxyType(
                {
                    "breakdown": Field(N_("Group"), "text"),
                    "step": Field(N_("Step"), "count"),
                    "event": Field(N_("Event"), "text"),
                    "users": Field(N_("Users"), "count"),
                    "from_previous": Field(N_("From previous step"), "share"),
                    "from_start": Field(N_("From first step"), "share"),
                    "low": Field(N_("95% from"), "share"),
                    "high": Field(N_("95% to"), "share"),
                    "dropped": Field(N_("Dropped"), "count"),
                    "still_open": Field(N_("Still open"), "count"),
                    "median_seconds_from_previous": Field(N_("Median time from previous step"), "seconds"),
                }
            )
        }
    )

    question: Funnel
    universe: tuple[str, ...] = ()

    def chart(self, look: Look | None = None) -> Any:
        """Draw users per step; with a breakdown, the rate from the first step per group."""
        look = look or Look()
        return _by_group(self, look) if self.question.breakdown else _steps(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Walked:
    """One row per user who entered."""

    level: Any
    still_open: Any
    label: Any
    gaps: Any
    groups: tuple[str, ...]

    def table(self, asked: Funnel) -> pd.DataFrame:
        parts = [_rows(asked, TOTAL, self.level, self.still_open, self.gaps)]
        if asked.breakdown:
            order = np.argsort(self.label, kind="stable")
            edges = np.searchsorted(self.label[order], np.arange(-1, len(self.groups) + 1))
            for g, name in [*enumerate(self.groups), (-1, NOT_SET)]:
                own = order[edges[g + 1] : edges[g + 2]]
                if len(own):
                    parts.append(_rows(asked, name, self.level[own], self.still_open[own], self.gaps[own]))
        return pd.concat(parts, ignore_index=True)


def _groups(asked: Funnel, tables: Tables) -> tuple[str, ...]:
    if not asked.breakdown:
        return ()
    tables.require("events", asked.breakdown)
    found = tables.names(asked.breakdown)
    if len(found) > GROUPS:
        raise DataError.too_many(asked.breakdown, len(found), GROUPS)
    return found


def _walk(asked: Funnel, tables: Tables, groups: tuple[str, ...]) -> _Walked:
    keys = [tables.event_keys[step] for step in asked.steps]
    masks = np.zeros(max(tables.event_keys.values()) + 1, np.int64)
    for k, key in enumerate(keys):
        masks[key] |= 1 << k
    rules = (masks, np.array(keys, np.int64), seconds(asked.window) * 1_000_000, asked.entry == "first")
    until = _until(asked, tables)
    parts = [_one(chunk, rules, _entries(asked, tables)) for chunk in _events(asked, tables, until, groups)] or [
        _nothing(len(keys))
    ]
    level, latest, label, gaps = (np.concatenate(column) for column in zip(*parts, strict=True))
    still_open = (level < len(keys)) & (latest + rules[2] > _micros(until))
    return _Walked(level, still_open, label, gaps, groups)


def _events(asked: Funnel, tables: Tables, until: dt.datetime, groups: tuple[str, ...]) -> Iterator[Chunk]:
    """Scan the events that can matter: those of the steps, from the first entry to the last window's end."""
    where = asked.where
    frame = tables.frame("events", where.replace(start=None, end=None) if where else None)
    start, end = where.bounds(tables.zone) if where else (None, None)
    if start:
        frame = frame.filter(nw.col("timestamp") >= start)
    last = min(until, end + dt.timedelta(seconds=seconds(asked.window))) if end else until
    observed = tables.span("events")
    if observed and last < observed[1]:
        frame = frame.filter(nw.col("timestamp") <= last)
    return chunks(frame, asked.breakdown, groups)


def _one(chunk: Chunk, rules: tuple[Any, ...], entries: tuple[int, int]) -> tuple[Any, ...]:
    rows, steps = len(chunk), len(rules[1])
    level, latest = np.empty(rows, np.int8), np.empty(rows, np.int64)
    label, gaps = np.empty(rows, np.int32), np.empty((rows, steps), np.int64)
    walk: Any = kernels.funnel
    count = walk(chunk.user, chunk.time, chunk.code, chunk.group, *rules, *entries, level, latest, label, gaps)
    return level[:count].copy(), latest[:count].copy(), label[:count].copy(), gaps[:count].copy()


def _nothing(steps: int) -> tuple[Any, ...]:
    return (
        np.empty(0, np.int8),
        np.empty(0, np.int64),
        np.empty(0, np.int32),
        np.empty((0, steps), np.int64),
    )


def _entries(asked: Funnel, tables: Tables) -> tuple[int, int]:
    start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
    return (_micros(start) if start else -_FAR, _micros(end) if end else _FAR)


def _until(asked: Funnel, tables: Tables) -> dt.datetime:
    if asked.observed_until:
        return dt.datetime.fromisoformat(asked.observed_until)
    observed = tables.span("events")
    assert observed is not None  # `needs` holds events
    return observed[1]


def _micros(when: dt.datetime) -> int:
    return (when - _EPOCH) // dt.timedelta(microseconds=1)


def _rows(asked: Funnel, name: str, level: Any, still_open: Any, gaps: Any) -> pd.DataFrame:
    """Count one group's users per step; the columns are those of the public table."""
    steps = range(1, len(asked.steps) + 1)
    users = np.array([(level >= k).sum() for k in steps])
    waiting = np.array([0] + [(still_open & (level == k - 1)).sum() for k in steps[1:]])
    dropped = np.append(0, users[:-1]) - np.append(0, users[1:]) - waiting
    previous = np.append(0, users[:-1])
    known = previous > 0
    low, high = proportion_confint(np.where(known, users, 0), np.maximum(previous, 1), method="wilson")
    table = pd.DataFrame(
        {
            "breakdown": name,
            "step": list(steps),
            "event": asked.steps,
            "users": users,
            "from_previous": np.divide(users, previous, out=np.full(len(users), np.nan), where=known),
            "from_start": users / users[0] if users[0] else np.nan,
            "low": np.where(known, low, np.nan),
            "high": np.where(known, high, np.nan),
            "dropped": dropped,
            "still_open": waiting,
            "median_seconds_from_previous": [_median(gaps[level >= k, k - 1]) if k > 1 else np.nan for k in steps],
        }
    )
    whole = ["dropped", "still_open"]
    return table.astype(dict.fromkeys(whole, "Int64")).assign(
        **{column: lambda t, c=column: t[c].mask(t["step"] == 1) for column in whole}
    )


def _median(gaps: Any) -> float:
    return float(np.median(gaps)) / 1e6 if len(gaps) else np.nan


# ---- the words --------------------------------------------------------------------------------------------


def _nobody(asked: Funnel) -> Message:
    if asked.where:
        return say(
            "Nobody took the first step, {step}, under these filters. Widen the dates or clear a filter.",
            step=asked.steps[0],
        )
    return say("Nobody took the first step, {step}, in the time observed.", step=asked.steps[0])


def _headline(asked: Funnel, table: pd.DataFrame) -> Message:
    total = table[table["breakdown"] == TOTAL]
    dropped = total["dropped"].fillna(0).astype(int)
    worst = int(dropped.to_numpy().argmax())
    params: dict[str, Any] = {
        "share": Share(float(total["from_start"].iloc[-1])),
        "users": int(total["users"].iloc[0]),
        "first": asked.steps[0],
        "last": asked.steps[-1],
        "window": Span(seconds(asked.window)),
    }
    if not dropped.iloc[worst]:
        return say(
            "{share} of {users} users who did {first} went on to {last} within {window}; nobody dropped out.",
            **params,
        )
    return say(
        "{share} of {users} users who did {first} went on to {last} within {window}. "
        "Most stop before {step}: {dropped} users.",
        **params,
        step=asked.steps[worst],
        dropped=int(dropped.iloc[worst]),
    )


def _notes(asked: Funnel, table: pd.DataFrame) -> tuple[Note, ...]:
    total = table[table["breakdown"] == TOTAL]
    waiting = int(total["still_open"].sum())
    notes = []
    if waiting:
        open_note = say(
            "{users} users still have time to go on: their window ends after the last event in the data. They are "
            "not counted as dropped, so the rates are lower bounds.",
            users=waiting,
        )
        notes.append(Note("still-open", open_note, "warning"))
    small = table[(table["step"] == 1) & (table["users"] < 30)]["breakdown"].tolist()
    if small:
        small_note = say("Fewer than 30 users entered in: {groups}. Read their rates with the interval.",
                         groups=Names(tuple(small)))  # fmt: skip
        notes.append(Note("small-groups", small_note, "warning"))
    if asked.where and (asked.where.start or asked.where.end):
        dated = say("Dates restrict when people enter; later steps count whenever they fall within {window}.",
                    window=Span(seconds(asked.window)))  # fmt: skip
        notes.append(Note("entry-dates", dated))
    if asked.where and asked.where.columns():
        notes.append(Note("filtered-events", say("Every step must match the filter, not only the first.")))
    rule = (
        say("Any entry may start the chain, counted once per user; the latest start that gets furthest is used.")
        if asked.entry == "every"
        else say("Only each user's first entry starts the chain.")
    )
    return (*notes, Note("entry-rule", rule))


# ---- the picture ------------------------------------------------------------------------------------------


def _labelled(answer: FunnelAnswer, look: Look) -> pd.DataFrame:
    table = answer.table
    table["label"] = [f"{step}. {look(event)}" for step, event in zip(table["step"], table["event"], strict=True)]
    table["rate"] = [_rate(look, row) for row in table.itertuples()]
    return table


def _rate(look: Look, row: Any) -> str:
    users = look(say("{n}", n=int(row.users)))
    if row.step == 1 or pd.isna(row.from_previous):
        return users
    return look(say("{n} ({share})", n=int(row.users), share=Share(float(row.from_previous))))


def _steps(answer: FunnelAnswer, look: Look) -> Any:
    """Draw one bar per step: who went on, who still may, who dropped."""
    table = _labelled(answer, look)
    words = {"users": look(N_("went on")), "still_open": look(N_("still open")), "dropped": look(N_("dropped"))}
    long = table.melt(id_vars=["label", "step"], value_vars=list(words), var_name="outcome", value_name="n")
    long = long.dropna().assign(
        rank=lambda t: t["outcome"].map({"users": 0, "still_open": 1, "dropped": 2}),
        outcome=lambda t: t["outcome"].map(words),
        n=lambda t: t["n"].astype(int),
    )
    y = alt.Y("label:N", sort=None, title=None, axis=alt.Axis(domain=False, ticks=False))
    colour = alt.Scale(domain=list(words.values()), range=[charts.ACCENT, charts.PENDING, look.grid])
    bars = (
        alt.Chart(long)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=y,
            x=alt.X("n:Q", title=look(N_("users")), axis=alt.Axis(format=",d", tickCount=5)),
            color=alt.Color("outcome:N", scale=colour, title=None),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("label:N", title=look(N_("Step"))),
                alt.Tooltip("outcome:N", title=look(N_("Outcome"))),
                alt.Tooltip("n:Q", title=look(N_("Users")), format=",d"),
            ],
        )
    )
    # The label goes inside the bar where there is room, else just past the whole step's bar.
    full = table["users"].max()
    table["end"] = table[["users", "dropped", "still_open"]].astype(float).fillna(0).sum(axis=1)
    inside = table[table["users"] >= 0.35 * full]
    outside = table[table["users"] < 0.35 * full]
    names_in = alt.Chart(inside).mark_text(align="left", dx=8, color="white", fontWeight="bold")
    names_out = alt.Chart(outside).mark_text(align="left", dx=8, color=look.ink, fontWeight="bold")
    layers = [bars]
    if len(inside):
        layers.append(names_in.encode(y=y, x=alt.value(0), text="rate:N"))
    if len(outside):
        layers.append(names_out.encode(y=y, x=alt.X("users:Q"), text="rate:N"))
    return charts.finish(
        alt.layer(*layers), look, describe=answer.headline.text(look.language), height=64 * len(table) + 40
    )


def _by_group(answer: FunnelAnswer, look: Look) -> Any:
    """Draw each group's rate from the previous step with its interval, one panel per step."""
    table = _labelled(answer, look)
    shown = table[table["step"] > 1].copy()
    shown["group"] = shown["breakdown"].map(look)
    order = list(dict.fromkeys(table.sort_values("users", ascending=False)["breakdown"]))
    domain = [look(g) for g in [TOTAL, *(g for g in order if g != TOTAL)]]
    scale = charts.colours([TOTAL, *(g for g in order if g != TOTAL)], answer.universe)
    colour = alt.Color("group:N", scale=alt.Scale(domain=domain, range=scale["range"]), legend=None)
    tips = [
        alt.Tooltip("group:N", title=look(N_("Group"))),
        alt.Tooltip("label:N", title=look(N_("Step"))),
        alt.Tooltip("users:Q", title=look(N_("Users")), format=",d"),
        alt.Tooltip("from_previous:Q", title=look(N_("From previous step")), format=".1%"),
        alt.Tooltip("low:Q", title=look(N_("95% from")), format=".1%"),
        alt.Tooltip("high:Q", title=look(N_("95% to")), format=".1%"),
    ]
    y = alt.Y("group:N", sort=domain, title=None, axis=alt.Axis(domain=False, ticks=False))
    base = alt.Chart(shown).encode(y=y, color=colour, tooltip=tips)
    bars = base.mark_bar(height=14, opacity=0.85).encode(
        x=alt.X(
            "from_previous:Q",
            title=look(N_("share of the previous step's users, with 95% interval")),
            axis=alt.Axis(format=".0%", tickCount=5),
        )
    )
    whisker = base.mark_rule(strokeWidth=1.5).encode(x="low:Q", x2="high:Q", color=alt.value(look.ink))
    rate = base.mark_text(align="left", dx=6).encode(
        x="high:Q", text=alt.Text("from_previous:Q", format=".1%"), color=alt.value(look.ink)
    )
    panels = [
        alt.layer(bars, whisker, rate)
        .transform_filter(alt.datum.label == label)
        .properties(title=label, width="container", height=24 * len(domain))
        for label in dict.fromkeys(shown["label"])
    ]
    return charts.finish(
        alt.vconcat(*panels).resolve_scale(x="shared"), look, describe=answer.headline.text(look.language)
    )
