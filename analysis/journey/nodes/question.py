"""What does meeting a node of the campaign (social seeding, interactive fission, …) go with in conversion?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
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
from analysis.charts import GROUP_WORDS, TOTAL, Look
from analysis.errors import DataError
from analysis.estimates import SMALL, Interval, difference, proportion
from analysis.journey.nodes import kernel as exposure
from analysis.messages import N_, Message, Names, Points, Share, say
from analysis.question import Question
from analysis.store.walk import Chunk
from analysis.tables import Tables
from analysis.values import (
    Campaign,
    Filter,
    duration,
    flag,
    local_day,
    local_midnight,
    micros,
    names,
    seconds,
    text,
    value,
)
from analysis.vocabulary import EVENT_WORDS, NODES

SHARES = ("converted", "others", "difference", "low", "high", "more")


@value("nodes")
class Nodes(Question):
    """How much more often people convert after they met a node, next to comparable people who had not.

    Parameters
    ----------
    nodes : sequence of str
        Events that mark a node; each is looked at on its own.
    goal : str
        The event that is the conversion; a user's first one counts.
    window : str or timedelta
        Time to convert after meeting the node, boundary included.
    phases : bool
        Whether each of the campaign's phases is shown beside the whole.
    where : Filter, optional
        Dates restrict on which days people are set beside each other; what they did before and their conversions
        after count whatever their date. The other conditions restrict the events.

    Notes
    -----
    Each local day is a small study of its own: those who meet the node for the first time that day and have not
    converted yet, beside those who are active that day and have neither met it nor converted; whom the day's first
    event shows converting is not among them, as nothing was seen of them before. Both then have the same window. The
    days are weighted by those who met the node, so the difference is the one for them. Whoever may meet the node only
    by staying longer cannot look better for that alone, as in a plain comparison of those who ever met it ("immortal
    time"). This is the sequential-trials design of Hernán and Robins (2016, "Using big data to emulate a target
    trial"). Intervals are 95% (Newcombe's, from the interval of each share) and allow for a
    user standing in several days.

    The others may still meet the node later; their conversions count where they began. What is left is an
    association: people who meet a node may be keener to begin with.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "social_seeding", 9), ("a", "purchase", 12), ("b", "view", 10), ("c", "view", 99)]
    >>> events = pd.DataFrame(
    ...     [(u, pd.Timestamp("2026-11-01") + pd.Timedelta(hours=h), e) for u, e, h in rows],
    ...     columns=["user_id", "timestamp", "event"],
    ... )
    >>> answer = Nodes(nodes=("social_seeding",), window="1d").run(Tables(events=events))
    >>> answer.table[["users", "converted", "others", "difference"]].values.tolist()
    [[1, 1.0, 0.0, 1.0]]
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    nodes: tuple[str, ...] = field(default=NODES, metadata=names(at_least=1, at_most=12))
    goal: str = field(default="purchase", metadata=text())
    window: str = field(default="3d", metadata=duration())
    phases: bool = field(default=True, metadata=flag())

    def _answer(self, tables: Tables) -> NodesAnswer:
        for event in (*self.nodes, self.goal):
            if event not in tables.event_keys:
                raise DataError.unknown(say("event"), event, tables.event_keys)
        days = _Days.of(self, tables)
        counted = _counted(self, tables, days)
        if not counted[:, -1, :4].any():
            raise DataError.empty(_no_events())
        spread = _spread(self, tables, days, counted)
        table = _table(self, days, counted, spread)
        return NodesAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table),
            frames={"table": table},
            notes=_notes(self, table, days, counted),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class NodesAnswer(Answer):
    """One row per node, and per phase where asked.

    `difference` is `converted` - `others` (shares of 1) with its 95% interval; `more` is it times `users`. Where
    nobody comparable was there all of these are empty.
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "table": MappingProxyType(
                {
                    "node": Field(N_("Node"), "text", EVENT_WORDS),
                    "phase": Field(N_("Phase"), "text", GROUP_WORDS),
                    "users": Field(N_("Users who met it"), "count"),
                    "converted": Field(N_("Converted after it"), "share"),
                    "others": Field(N_("Comparable others"), "share"),
                    "compared": Field(N_("Compared with (user-days)"), "count"),
                    "difference": Field(N_("Difference"), "share"),
                    "low": Field(N_("95% from"), "share"),
                    "high": Field(N_("95% to"), "share"),
                    "more": Field(N_("More conversions"), "number"),
                    "unadjusted": Field(N_("Plain difference, ever met or not"), "share"),
                }
            )
        }
    )

    question: Nodes

    def _chart(self, look: Look) -> Any:
        return _picture(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Days:
    """The local days observed, and which of them each group of rows looks at."""

    starts: Any  # UTC microseconds, one more than there are days
    groups: tuple[str, ...]
    own: Any  # (groups, days): bool

    @classmethod
    def of(cls, asked: Nodes, tables: Tables) -> _Days:
        span = tables.span("events")
        assert span is not None  # `needs` holds events
        first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
        days = [(first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
        kept = asked.where or Filter()
        days = [day for day in days if (kept.start or day) <= day <= (kept.end or day)]
        if not days:
            raise DataError.empty(_no_events())
        starts = [local_midnight(day, tables.zone) for day in days] + [local_midnight(days[-1], tables.zone, days=1)]
        phases = _phases(asked, tables.campaign)
        own = [np.full(len(days), True)]
        own += [np.array([p.start <= day <= p.end for day in days]) for p in phases]
        return cls(np.array([micros(s) for s in starts]), (TOTAL, *(p.name for p in phases)), np.array(own))

    def __len__(self) -> int:
        return len(self.starts) - 1


def _phases(asked: Nodes, campaign: Campaign | None) -> Sequence[Any]:
    return campaign.phases if asked.phases and campaign else ()


def _walk(asked: Nodes, tables: Tables, work: Any) -> Any:
    """Add up what `work` makes of everybody; empty parts keep the shape."""
    # A conversion after the dates still counts, and whoever met the node or bought before them is no newcomer.
    where = asked.where.replace(start=None, end=None) if asked.where else None
    frame: nw.LazyFrame[Any] = tables.frame("events", where)
    return sum(tables.walk(frame, work), start=work(Chunk.empty()))


def _rules(asked: Nodes, tables: Tables, days: _Days) -> dict[str, Any]:
    span = tables.span("events")
    assert span is not None
    return {
        "nodes": np.array([tables.event_keys[node] for node in asked.nodes], np.int64),
        "goal": tables.event_keys[asked.goal],
        "window": seconds(asked.window) * 1_000_000,
        "until": micros(span[1]),
        "starts": days.starts,
    }


def _counted(asked: Nodes, tables: Tables, days: _Days) -> Any:
    """Return for each node and day: met, of them converted, others, of them converted; plus ever-met counts."""
    return _walk(asked, tables, partial(_count, rules=_rules(asked, tables, days)))


def _count(chunk: Chunk, rules: dict[str, Any]) -> Any:
    found = np.zeros((len(rules["nodes"]), len(rules["starts"]), exposure.COUNTS), np.int64)
    kernel: Any = exposure.count
    kernel(chunk.user, chunk.time, chunk.code, *rules.values(), found)
    return found


def _spread(asked: Nodes, tables: Tables, days: _Days, counted: Any) -> Any:
    """Return for each node and group how far the others' rate varies, users being independent; see `exposure.vary`."""
    met, _, others, turned = np.moveaxis(counted[:, :-1, :4], -1, 0)
    rate = _over(turned, others)
    used = ((met > 0) & (others > 0))[:, None] & days.own
    total = np.where(used, met[:, None], 0).sum(axis=-1, keepdims=True)
    weights = np.where(used, _over(met[:, None], total) * _over(np.ones_like(others), others)[:, None], 0.0)
    return _walk(asked, tables, partial(_vary, rules=_rules(asked, tables, days), rate=rate, weights=weights))


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first question asked need not wait."""
    rules = {"nodes": np.zeros(1, np.int64), "goal": 1, "window": 1, "until": 0, "starts": np.zeros(2, np.int64)}
    _count(Chunk.empty(), rules)
    _vary(Chunk.empty(), rules, rate=np.zeros((1, 1)), weights=np.zeros((1, 1, 1)))


def _over(top: Any, bottom: Any) -> Any:
    shape = np.broadcast_shapes(top.shape, bottom.shape)
    return np.divide(top, bottom, out=np.zeros(shape), where=np.broadcast_to(bottom, shape) > 0)


def _vary(chunk: Chunk, rules: dict[str, Any], rate: Any, weights: Any) -> Any:
    found = np.zeros((*weights.shape[:2], 2))
    kernel: Any = exposure.vary
    kernel(chunk.user, chunk.time, chunk.code, *rules.values(), rate, weights, found)
    return found


def _table(asked: Nodes, days: _Days, counted: Any, spread: Any) -> pd.DataFrame:
    rows = []
    for n, node in enumerate(asked.nodes):
        for g, group in enumerate(days.groups):
            if not g or counted[n, :-1, 0][days.own[g]].any():
                rows.append({"node": node, "phase": group, **_row(counted[n], days.own[g], spread[n, g])})
                rows[-1]["unadjusted"] = np.nan if g else _plain_difference(counted[n, -1])
    columns = list(NodesAnswer.fields["table"])
    return pd.DataFrame(rows)[columns].astype({"users": "Int64", "compared": "Int64"})


def _row(counted: Any, own: Any, spread: Any) -> dict[str, Any]:
    met, converted, others, turned = counted[:-1, :4].T
    used = own & (met > 0) & (others > 0)
    users, compared = int(met[used].sum()), int(others[used].sum())
    row: dict[str, Any] = {"users": users or int(met[own].sum())}
    if not users:
        return row | dict.fromkeys(SHARES, np.nan) | {"compared": 0}
    share = converted[used].sum() / users
    rate = float((met[used] * turned[used] / others[used]).sum() / users)
    apart = difference(_known_by(share, users), _known_by(rate, _people(rate, *spread))).floats()
    values = (share, rate, *apart, (share - rate) * users)
    return row | dict(zip(SHARES, values, strict=True)) | {"compared": compared}


def _known_by(share: float, people: float) -> Interval:
    return proportion(share * people, people)._replace(value=np.asarray(share))


def _people(rate: float, variance: float, squared: float) -> float:
    """Return how many independent people would know the others' rate as well as they do (Kish's effective number)."""
    return max(rate * (1 - rate) / variance if variance > 0 else 1 / squared, 1.0)


def _plain_difference(ever: Any) -> float:
    met, converted, others, turned = ever[:4]
    return float(converted / met - turned / others) if met and others else np.nan


# ---- the words --------------------------------------------------------------------------------------------


def _no_events() -> Message:
    return say("No events are left under these filters. Widen the dates or clear a filter.")


def _headline(asked: Nodes, table: pd.DataFrame) -> Message:
    known = table[(table["phase"] == TOTAL) & table["low"].notna()]
    if known.empty:
        return say("There is nobody comparable to set beside those who met a node. Try a shorter window.")
    sure = known[(known["low"] > 0) | (known["high"] < 0)]
    best = (known if sure.empty else sure).sort_values("difference").iloc[-1]
    facts = {
        "node": best["node"],
        "users": int(best["users"]),
        "goal": asked.goal,
        "share": Share(float(best["converted"])),
        "others": Share(float(best["others"])),
        "low": Points(float(best["low"])),
        "high": Points(float(best["high"])),
    }
    if sure.empty:
        return say(
            "No node stands out: even after {node} (n = {users}) {share} reach {goal} against {others} of comparable "
            "others, difference {low} to {high} percentage points.",
            **facts,
        )
    return say(
        "After {node}, {share} of {users} users reach {goal}; of comparable others {others}. "
        "Difference {low} to {high} percentage points.",
        **facts,
    )


def _notes(asked: Nodes, table: pd.DataFrame, days: _Days, counted: Any) -> tuple[Note, ...]:
    association = say(
        "This is association: people who meet a node may be keener to begin with. Only an experiment can tell."
    )
    notes = [Note("association", association, "warning")]
    whole = table[table["phase"] == TOTAL]
    notes += _small(table)
    if none := whole[whole["low"].isna()]["node"].tolist():
        missing = say("Not estimable for {nodes}: on no day were there people who met it, comparable others, and a "
                      "window that ends before the data does.", nodes=Names(tuple(none)))  # fmt: skip
        notes.append(Note("not-estimable", missing, "missing"))
    if waiting := int(counted[:, -1, 4].sum()):
        open_note = say("{users} meetings are left out: their window ends after the data.", users=waiting)
        notes.append(Note("still-open", open_note))
    if asked.where and (asked.where.start or asked.where.end):
        dated = say("Dates restrict when people are set beside each other; what they did before and conversions "
                    "after count too.")  # fmt: skip
        notes.append(Note("entry-dates", dated))
    compared = say(
        "Each day, those who meet the node are set beside those active that day who have neither met it nor "
        "reached {goal}.",
        goal=asked.goal,
    )
    return (*notes, Note("comparison", compared))


def _small(table: pd.DataFrame) -> Iterator[Note]:
    """Name the nodes that few people met, then those that few met in a phase; who is few in all is named once."""
    few = table[(table["users"] > 0) & (table["users"] < SMALL)]
    named = few[few["phase"] == TOTAL]["node"]
    if len(named):
        said = say("Fewer than {n} people met: {nodes}. Read the interval, not the rate.", n=SMALL,
                   nodes=Names(tuple(named)))  # fmt: skip
        yield Note("small-groups", said, "warning")
    for phase, own in few[~few["node"].isin(named)].groupby("phase", sort=False):
        said = say("Fewer than {n} people met in {phase}: {nodes}. Read the interval, not the rate.", n=SMALL,
                   phase=Names((str(phase),)), nodes=Names(tuple(own["node"])))  # fmt: skip
        yield Note("small-groups", said, "warning")


# ---- the picture ------------------------------------------------------------------------------------------


def _picture(answer: NodesAnswer, look: Look) -> Any:
    table = answer.table.dropna(subset="low")
    word = {name: look(EVENT_WORDS.get(name, name)) for name in answer.question.nodes}
    rows: list[Any] = list(table.itertuples())
    table = table.assign(
        row=[_place(look, word[r.node], r.phase, int(r.users)) for r in rows],
        text=[look(_interval(r)) for r in rows],
    )
    y = alt.Y("row:N", sort=table["row"].tolist(), title=None, axis=_ROWS)
    base = alt.Chart(table).encode(y=y)
    x = alt.X(
        "difference:Q",
        title=look(N_("difference in conversion (percentage points), with 95% interval")),
        axis=charts.POINTS,
    )
    colour = alt.Color(
        "node:N", scale=charts.colours(list(answer.question.nodes), list(answer.question.nodes)), legend=None
    )
    zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(color=look.faint).encode(x="x:Q")
    tips = [
        alt.Tooltip("text:N", title=look(N_("Difference"))),
        alt.Tooltip("users:Q", title=look(N_("Users who met it"))),
    ]
    ranges = base.mark_rule(strokeWidth=3, opacity=0.5).encode(x="low:Q", x2="high:Q", color=colour)
    dots = base.mark_point(filled=True, size=110, opacity=1).encode(x=x, color=colour, tooltip=tips)
    whole = alt.layer(zero, ranges, dots)
    return charts.finish(whole, look, describe=answer.headline.text(look.language), height=38 * max(len(table), 1) + 50)


_ROWS = alt.Axis(domain=False, ticks=False, labelExpr="split(datum.label, '\\n')", labelLineHeight=16, labelOffset=-8)


def _interval(row: Any) -> Message:
    low, high = Points(float(row.low)), Points(float(row.high))
    return say("{points} percentage points ({low} to {high})", points=Points(float(row.difference)), low=low, high=high)


def _place(look: Look, node: str, phase: str, users: int) -> str:
    where = node if phase == TOTAL else f"{node} · {look(phase)}"
    return where + "\n" + look(say("n = {n}", n=users))
