"""Of the people who took the first step, how many took each next one in time, and where did the rest stop?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

import altair as alt
import narwhals as nw
import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Field, Note
from analysis.charts import GROUP_WORDS, NOT_SET, TOTAL, Look
from analysis.errors import DataError
from analysis.journey import kernels
from analysis.messages import N_, Message, Names, Share, Span, say
from analysis.question import Question
from analysis.rates import wilson
from analysis.sequences import Chunk, Columns, walk
from analysis.tables import Tables, instant
from analysis.values import duration, moment, names, one_of, optional, seconds, text, value
from analysis.vocabulary import EVENT_WORDS

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
        groups = _groups(self, tables)
        table = _walk(self, tables, groups).table(self, groups)
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
                    "breakdown": Field(N_("Group"), "text", GROUP_WORDS),
                    "step": Field(N_("Step"), "count"),
                    "event": Field(N_("Event"), "text", EVENT_WORDS),
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
    """What the walk of some users came to; groups by position, those without a value last.

    Users are counted as they are walked, so that nothing grows with them but the gaps, whose medians need each.
    """

    users: Any  # (group, steps taken, still open): how many
    gaps: list[Any]  # from the second step on: each user's time from the step before
    labels: list[Any]  # their groups

    @classmethod
    def together(cls, parts: Sequence[_Walked]) -> _Walked:
        joined = ([np.concatenate(step) for step in zip(*lists, strict=True)]
                  for lists in ([p.gaps for p in parts], [p.labels for p in parts]))  # fmt: skip
        return cls(np.sum([p.users for p in parts], axis=0), *joined)

    def table(self, asked: Funnel, groups: tuple[str, ...]) -> pd.DataFrame:
        parts = [_rows(asked, TOTAL, self.users.sum(axis=0), self.gaps)]
        if asked.breakdown:
            apart = [_apart(*pair, len(groups) + 1) for pair in zip(self.gaps, self.labels, strict=True)]
            for g, name in enumerate((*groups, NOT_SET)):
                if self.users[g].any():
                    parts.append(_rows(asked, name, self.users[g], [step[g] for step in apart]))
        return pd.concat(parts, ignore_index=True)


def _apart(gaps: Any, labels: Any, count: int) -> list[Any]:
    order = np.argsort(labels, kind="stable")
    return np.split(gaps[order], np.searchsorted(labels[order], np.arange(1, count)))


def _groups(asked: Funnel, tables: Tables) -> tuple[str, ...]:
    if not asked.breakdown:
        return ()
    tables.require("events", asked.breakdown)
    # GA4 writes the very text "(not set)": it counts with null, and no value passes for everybody.
    found = tuple(name for name in tables.names(asked.breakdown) if name not in (TOTAL, NOT_SET))
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
    count = partial(
        _count,
        rules=rules,
        entries=_entries(asked, tables),
        until=_micros(until),
        by=asked.breakdown,
        groups=len(groups),
    )
    columns = Columns(coded={asked.breakdown: groups} if asked.breakdown else {})
    return _Walked.together([count(Chunk.empty(columns)), *walk(_events(asked, tables, until), count, columns)])


def _events(asked: Funnel, tables: Tables, until: dt.datetime) -> nw.LazyFrame[Any]:
    """Scan the events that can matter: those of the steps, from the first entry to the last window's end."""
    where = asked.where
    frame = tables.frame("events", where.replace(start=None, end=None) if where else None)
    start, end = where.bounds(tables.zone) if where else (None, None)
    if start:
        frame = frame.filter(nw.col("timestamp") >= instant(start))
    last = min(until, end + dt.timedelta(seconds=seconds(asked.window))) if end else until
    observed = tables.span("events")
    if observed and last < observed[1]:
        frame = frame.filter(nw.col("timestamp") <= instant(last))
    return frame


def _count(
    chunk: Chunk, rules: tuple[Any, ...], entries: tuple[int, int], until: int, by: str | None, groups: int
) -> _Walked:
    rows, steps = len(chunk), len(rules[1])
    level, latest = np.empty(rows, np.int8), np.empty(rows, np.int64)
    label, gaps = np.empty(rows, np.int32), np.empty((rows, steps), np.int64)
    kernel: Any = kernels.funnel
    group = chunk.group(by)
    found = kernel(chunk.user, chunk.time, chunk.code, group, *rules, *entries, level, latest, label, gaps)
    level, latest, label, gaps = level[:found], latest[:found], label[:found] % (groups + 1), gaps[:found]
    still_open = (level < steps) & (latest + rules[2] > until)
    shape = (groups + 1, steps + 1, 2)
    users = np.bincount((label * (steps + 1) + level) * 2 + still_open, minlength=np.prod(shape))
    deeper = [np.flatnonzero(level > k) for k in range(1, steps)]
    return _Walked(
        users=users.reshape(shape),
        gaps=[gaps[own, k] for k, own in enumerate(deeper, 1)],
        labels=[label[own].astype(np.uint8) for own in deeper],
    )


def warm() -> None:
    """Compile the kernel, or load it from its cache, so that the first funnel asked need not wait for it."""
    _count(Chunk.empty(), (np.zeros(1, np.int64), np.zeros(2, np.int64), 1, False), (-_FAR, _FAR), 0, None, 0)


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


def _rows(asked: Funnel, name: str, taken: Any, gaps: Sequence[Any]) -> pd.DataFrame:
    """Turn one group's counts by (steps taken, still open) into rows; the columns are those of the public table."""
    steps = range(1, len(asked.steps) + 1)
    users = taken.sum(axis=1)[::-1].cumsum()[::-1][1:]
    waiting = np.append(0, taken[1:-1, 1])
    dropped = np.append(0, users[:-1]) - np.append(0, users[1:]) - waiting
    previous = np.append(0, users[:-1])
    known = previous > 0
    low, high = wilson(users, previous)
    table = pd.DataFrame(
        {
            "breakdown": name,
            "step": list(steps),
            "event": asked.steps,
            "users": users,
            "from_previous": np.divide(users, previous, out=np.full(len(users), np.nan), where=known),
            "from_start": users / users[0] if users[0] else np.nan,
            "low": low,
            "high": high,
            "dropped": dropped,
            "still_open": waiting,
            "median_seconds_from_previous": [np.nan, *map(_median, gaps)],
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
    table["label"] = [
        f"{step}. {look(event) if event in EVENT_WORDS else event}"
        for step, event in zip(table["step"], table["event"], strict=True)
    ]
    return table


def _rate(look: Look, row: Any) -> str:
    if row.step == 1 or pd.isna(row.from_previous):
        return look(say("{n}", n=int(row.users)))
    return look(say("{n} ({share})", n=int(row.users), share=Share(float(row.from_previous))))


def _steps(answer: FunnelAnswer, look: Look) -> Any:
    """Draw one bar per step: who went on, who still may, who dropped."""
    table = _labelled(answer, look)
    # Two lines beside each bar: the step, and how many reached it.
    table["label"] = [f"{row.label}\n{_rate(look, row)}" for row in table.itertuples()]
    words = {"users": look(N_("went on")), "still_open": look(N_("still open")), "dropped": look(N_("dropped"))}
    long = table.melt(id_vars=["label", "step"], value_vars=list(words), var_name="outcome", value_name="n")
    long = long.dropna().assign(
        rank=lambda t: t["outcome"].map({"users": 0, "still_open": 1, "dropped": 2}),
        outcome=lambda t: t["outcome"].map(words),
        n=lambda t: t["n"].astype(int),
    )
    lines = alt.Axis(
        domain=False, ticks=False, labelExpr="split(datum.label, '\\n')", labelLineHeight=17, labelOffset=-9
    )
    colour = alt.Scale(domain=list(words.values()), range=[charts.ACCENT, charts.PENDING, look.grid])
    bars = (
        alt.Chart(long)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=alt.Y("label:N", sort=None, title=None, axis=lines),
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
    return charts.finish(bars, look, describe=answer.headline.text(look.language), height=64 * len(table) + 40)


def _by_group(answer: FunnelAnswer, look: Look) -> Any:
    """Draw each group's rate from the previous step with its interval, the groups under each step's name."""
    rows = _rows_by_group(answer, look)
    shown = rows.dropna(subset="from_previous")
    groups = list(dict.fromkeys(shown["breakdown"]))
    scale = charts.colours(groups, answer.universe)
    y = alt.Y("row:N", sort=rows["row"].tolist(), title=None, axis=_GROUP_AXIS)
    base = alt.Chart(shown).encode(y=y)
    bars = base.mark_bar(height=14, opacity=0.85).encode(
        x=alt.X(
            "from_previous:Q",
            title=look(N_("share of the previous step's users, with 95% interval")),
            axis=alt.Axis(format=".0%", tickCount=5),
        ),
        color=alt.Color("breakdown:N", scale=scale, legend=None),
        tooltip=[
            alt.Tooltip("group:N", title=look(N_("Group"))),
            alt.Tooltip("label:N", title=look(N_("Step"))),
            alt.Tooltip("users:Q", title=look(N_("Users")), format=",d"),
            alt.Tooltip("from_previous:Q", title=look(N_("From previous step")), format=".1%"),
            alt.Tooltip("low:Q", title=look(N_("95% from")), format=".1%"),
            alt.Tooltip("high:Q", title=look(N_("95% to")), format=".1%"),
        ],
    )
    whisker = base.mark_rule(strokeWidth=1.5, color=look.ink).encode(x="low:Q", x2="high:Q")
    rate = base.mark_text(align="left", dx=6, color=look.ink).encode(x="high:Q", text="text:N")
    headings = alt.Chart(rows).mark_point(opacity=0).encode(y=y)
    whole = alt.layer(headings, bars, whisker, rate)
    return charts.finish(whole, look, describe=answer.headline.text(look.language), height=22 * len(rows) + 40)


_GROUP_AXIS = alt.Axis(
    domain=False,
    ticks=False,
    labelExpr="split(datum.label, '\\n')[1] || split(datum.label, '\\n')[0]",
    labelFontWeight={"condition": {"test": "indexof(datum.label, '\\n') < 0", "value": "bold"}, "value": "normal"},
)


def _rows_by_group(answer: FunnelAnswer, look: Look) -> pd.DataFrame:
    """Lay out one row per step and group, and before each step's rows one for its name; `row` is unique."""
    table = _labelled(answer, look)
    table = table[table["step"] > 1].sort_values(["step", "users"], ascending=[True, False], kind="stable")
    table["group"] = [look(g) if g in GROUP_WORDS else g for g in table["breakdown"]]
    table["row"] = table["label"] + "\n" + table["group"]
    table["text"] = [_rate(look, row) for row in table.itertuples()]
    steps = [
        pd.concat([pd.DataFrame({"row": [label], "label": [label]}), own])
        for label, own in table.groupby("label", sort=False)
    ]
    return pd.concat(steps, ignore_index=True)
