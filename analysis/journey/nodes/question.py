"""What does meeting a touchpoint or play of the campaign (social seeding, fission, …) go with in conversion?"""

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
from analysis.estimates import Floats, apart, share, wilson
from analysis.journey.nodes import kernel
from analysis.journey.nodes.kernel import STRATA, STRIDE, Flags, Rates, Rules, Trials
from analysis.messages import N_, Message, Names, Points, Share, say
from analysis.question import Question
from analysis.store.walk import Chunk
from analysis.store.walk import Int64 as Ints
from analysis.tables import Tables
from analysis.values import (
    Campaign,
    Filter,
    Phase,
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
LEAST = 30
"""Fewer people than this at a touchpoint are shown with a warning."""


@value("nodes")
class Nodes(Question):
    """How much more often people convert after they met a touchpoint, next to comparable people who had not.

    Parameters
    ----------
    nodes : sequence of str
        Events that mark a touchpoint or play; each is looked at on its own.
    goal : str
        The event that is the conversion; a user's first one counts.
    window : str or timedelta
        Time to convert after meeting the touchpoint, boundary included.
    phases : bool
        Whether each of the campaign's phases is shown beside the whole.
    where : Filter, optional
        Dates restrict on which days people are set beside each other; what they did before and their conversions
        after count whatever their date. The other conditions restrict the events.

    Notes
    -----
    Each meeting is a small study of its own. Somebody meets the touchpoint for the first time, not having converted,
    so and so long after their first event of that local day. Comparable are those whose day began alike (on the same
    day, in the same hour of it, and likewise as their first day in the data or not) and who, as long after its
    beginning, have neither met the touchpoint nor converted. From that same moment both have the same window. So a
    sale before the moment counts on neither side, and who stays longer cannot look better for that alone ("immortal
    time"), as in a plain comparison of those who ever met it. The others may still meet the touchpoint later; their
    conversions count where they began. This is the sequential-trials design of Hernán and Robins (2016, "Using big
    data to emulate a target trial"), with time since the day's beginning as the clock.

    The others' rate is weighted as those who met the touchpoint are spread over the studies, so the difference is the
    one for them. Its 95% interval is put together from Wilson's of both rates (Newcombe; Zou and Donner). A user
    stands in many studies, and first among the others, then among those who met it: all that one user moves is added
    up before it is squared, which gives the others' effective number and how both rates go together.

    What is left is an association: people who meet a touchpoint may be keener to begin with.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "view", 8), ("a", "social_seeding", 9), ("a", "purchase", 12), ("b", "view", 8), ("c", "view", 99)]
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
        frame, rules = _frame(self, tables), _rules(self, tables, days)
        counted = _counted(frame, tables, rules)
        if not counted.ever.any():
            raise DataError.empty(_no_events())
        rates = _rates(counted, days, len(self.nodes))
        work = partial(_influences, rules=rules, trials=counted.trials, rates=rates)
        spread = sum(tables.walk(frame, work), start=work(Chunk.empty()))
        table = _table(self, days, counted, rates, spread)
        return NodesAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table),
            frames={"table": table},
            notes=_notes(self, table, int(counted.ever[:, 4].sum())),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class NodesAnswer(Answer):
    """One row per touchpoint, and per phase where asked.

    `met` is who met it and had the window; `users` is who of them was compared, with `compared` others' days.
    `difference` is `converted` - `others` (shares of 1) with its 95% interval; `more` is it times `users`. Where
    nobody comparable was there these are empty. `clear` says that the difference is none that chance explains even
    where so many touchpoints are looked at (Bonferroni).
    """

    fields: ClassVar[Mapping[str, Mapping[str, Field]]] = MappingProxyType(
        {
            "table": MappingProxyType(
                {
                    "node": Field(N_("Touchpoint"), "text", EVENT_WORDS),
                    "phase": Field(N_("Phase"), "text", GROUP_WORDS),
                    "met": Field(N_("Met it"), "count"),
                    "users": Field(N_("Of them compared"), "count"),
                    "converted": Field(N_("Converted after it"), "share"),
                    "others": Field(N_("Comparable others"), "share"),
                    "compared": Field(N_("Compared with (days of others)"), "count"),
                    "difference": Field(N_("Difference"), "share"),
                    "low": Field(N_("95% from"), "share"),
                    "high": Field(N_("95% to"), "share"),
                    "more": Field(N_("More conversions"), "number"),
                    "clear": Field(N_("Beyond chance"), "flag"),
                    "unadjusted": Field(N_("Plain difference, ever met or not"), "share"),
                }
            )
        }
    )

    question: Nodes

    def chart(self, look: Look | None = None) -> Any:
        """Draw each node's difference with its interval."""
        return _picture(self, look or Look())


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Days:
    """The local days observed, and which of them each group of rows looks at."""

    starts: Ints  # UTC microseconds, one more than there are days
    groups: tuple[str, ...]
    own: Flags  # (groups, days)

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


def _phases(asked: Nodes, campaign: Campaign | None) -> Sequence[Phase]:
    return campaign.phases if asked.phases and campaign else ()


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was counted of each trial, and of each touchpoint beside its trials."""

    trials: Trials
    touchpoint: Ints  # (trials,)
    day: Ints  # (trials,)
    met: Ints  # (trials,): who met it
    converted: Ints  # (trials,): of them converted
    others: Ints  # (trials,): who stood there to compare
    turned: Ints  # (trials,): of them converted
    stood: Ints  # (touchpoints, days): others' days in at least one trial
    ever: Ints  # (touchpoints, 5): see `kernel.meetings`

    def used(self, touchpoint: int, days: Flags) -> Flags:
        """Say which trials, of those on the days, had somebody to compare with."""
        return (self.touchpoint == touchpoint) & days[self.day] & (self.others > 0)


def _frame(asked: Nodes, tables: Tables) -> nw.LazyFrame[Any]:
    # A conversion after the dates still counts, and whoever met the touchpoint or bought before them is no newcomer.
    return tables.frame("events", asked.where.replace(start=None, end=None) if asked.where else None)


def _rules(asked: Nodes, tables: Tables, days: _Days) -> Rules:
    span = tables.span("events")
    assert span is not None
    places = np.full(max(tables.event_keys.values()) + 1, -1, np.int64)
    places[[tables.event_keys[node] for node in asked.nodes]] = np.arange(len(asked.nodes))
    goal, window = tables.event_keys[asked.goal], seconds(asked.window) * 1_000_000
    return Rules(places, len(asked.nodes), goal, window, micros(span[1]), days.starts)


def _counted(frame: nw.LazyFrame[Any], tables: Tables, rules: Rules) -> _Counted:
    found = list(tables.walk(frame, partial(_meetings, rules=rules))) or [_meetings(Chunk.empty(), rules)]
    which, keys, turned, ever = zip(*found, strict=True)
    strata = STRATA * (len(rules.starts) - 1)
    # Touchpoints one after another, each's trials by stratum and age: one number sorts them all.
    every, inverse = np.unique(_joined(which) * (strata * STRIDE) + _joined(keys), return_inverse=True)
    edges = STRIDE * np.arange(rules.touchpoints * strata + 1)
    ends = np.searchsorted(every, edges)
    bounds = np.stack([ends[n * strata : (n + 1) * strata + 1] for n in range(rules.touchpoints)])
    trials = Trials(every % STRIDE, np.ascontiguousarray(bounds))
    stratum = every // STRIDE
    change, stood = _stood(frame, tables, rules, trials)
    others, of_them = change.cumsum(axis=0)[:-1].T
    converted = np.bincount(inverse, _joined(turned), len(every)).astype(np.int64)
    met = np.bincount(inverse, minlength=len(every))
    return _Counted(
        trials, stratum // strata, stratum % strata // STRATA, met, converted, others, of_them, stood, sum(ever)
    )


def _joined(parts: Sequence[Ints]) -> Ints:
    return np.concatenate(parts)


def _meetings(chunk: Chunk, rules: Rules) -> tuple[Ints, Ints, Ints, Ints]:
    ever = np.zeros((rules.touchpoints, 5), np.int64)
    return *kernel.meetings(chunk.user, chunk.time, chunk.code, rules, ever), ever


def _stood(frame: nw.LazyFrame[Any], tables: Tables, rules: Rules, trials: Trials) -> tuple[Ints, Ints]:
    """Add up the changes from trial to trial, and on how many days people stood in any."""
    change = np.zeros((len(trials.ages) + 1, 2), np.int64)
    stood = np.zeros((rules.touchpoints, len(rules.starts) - 1), np.int64)
    for rows, by, days in tables.walk(frame, partial(_standings, rules=rules, trials=trials)):
        change[rows] += by
        stood += days
    return change, stood


def _standings(chunk: Chunk, rules: Rules, trials: Trials) -> tuple[Ints, Ints, Ints]:
    """Return where anything changes, by how much, and the days; most of many trials do not change in one chunk."""
    change = np.zeros((len(trials.ages) + 1, 2), np.int64)
    stood = np.zeros((rules.touchpoints, len(rules.starts) - 1), np.int64)
    kernel.standings(chunk.user, chunk.time, chunk.code, rules, trials, change, stood)
    rows = np.flatnonzero(change.any(axis=1))
    return rows, change[rows], stood


def _rates(counted: _Counted, days: _Days, touchpoints: int) -> Rates:
    others = share(counted.turned, counted.others)
    met, compared = np.zeros((2, touchpoints, len(days.groups)))
    for n, g in np.ndindex(met.shape):
        used = counted.used(n, days.own[g])
        if people := counted.met[used].sum():
            met[n, g] = counted.converted[used].sum() / people
            compared[n, g] = (counted.met[used] * others[used]).sum() / people
    weight = share(counted.met, counted.others)
    alone = counted.others < 2  # nothing tells how far one moves from oneself: the overall rate stands for theirs
    turned = weight * np.sqrt(np.where(alone, 1.0, counted.others / np.maximum(counted.others - 1, 1)))
    expected = turned * np.where(alone, compared[counted.touchpoint, 0], others)
    return Rates(others, *(_running(each) for each in (weight, turned, expected)), met, compared, days.own)


def _running(each: Floats) -> Floats:
    return np.append(0.0, np.nan_to_num(each).cumsum())


def _influences(chunk: Chunk, rules: Rules, trials: Trials, rates: Rates) -> Floats:
    sums = np.zeros((*rates.met.shape, 4))
    kernel.influences(chunk.user, chunk.time, chunk.code, rules, trials, rates, sums)
    return sums


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first question asked need not wait."""
    rules, trials = Rules(np.zeros(1, np.int64), 1, 0, 1, 0, np.zeros(2, np.int64)), Trials(
        np.zeros(0, np.int64), np.zeros((1, STRATA + 1), np.int64)
    )
    none = [np.zeros(0), *np.zeros((3, 1)), *np.zeros((2, 1, 1))]
    _meetings(Chunk.empty(), rules)
    _standings(Chunk.empty(), rules, trials)
    _influences(Chunk.empty(), rules, trials, Rates(*none, np.full((1, 1), True)))


def _table(asked: Nodes, days: _Days, counted: _Counted, rates: Rates, spread: Floats) -> pd.DataFrame:
    rows = []
    for n, node in enumerate(asked.nodes):
        for g, group in enumerate(days.groups):
            used = counted.used(n, days.own[g])
            met = int(counted.met[(counted.touchpoint == n) & days.own[g][counted.day]].sum())
            if not g or met:
                users = int(counted.met[used].sum())
                row = {"node": node, "phase": group, "met": met, "users": users}
                compared = int(counted.stood[n, days.own[g]].sum())
                shares = _shares(rates.met[n, g], rates.compared[n, g], users, spread[n, g], len(asked.nodes))
                rows.append(row | shares | {"compared": compared})
                rows[-1]["unadjusted"] = np.nan if g else _plain_difference(counted.ever[n])
    columns = list(NodesAnswer.fields["table"])
    return pd.DataFrame(rows)[columns].astype(dict.fromkeys(("met", "users", "compared"), "Int64"))


def _shares(met: float, compared: float, users: int, sums: Floats, looks: int) -> dict[str, Any]:
    """Return both rates, their difference and its interval; and whether it holds up where so many are looked at."""
    if not users:
        return dict.fromkeys(SHARES, np.nan) | {"clear": False}
    own, others, both, weight = sums / users**2
    # As many independent people would know the others' rate as well as these do (Kish's effective number).
    people = max(compared * (1 - compared) / others if others > 0 else 1 / weight, 1.0)
    together = both / np.sqrt(own * others) if own * others > 0 else 0.0
    bounds = [_bounds(met, users, compared, people, together, 1 - 0.05 / n) for n in (1, looks)]
    (low, high), (least, most) = bounds
    values = (met, compared, met - compared, low, high, (met - compared) * users)
    return dict(zip(SHARES, values, strict=True)) | {"clear": least > 0 or most < 0}


def _bounds(
    met: float, users: int, compared: float, people: float, together: float, confidence: float
) -> tuple[float, float]:
    """Return the interval of the difference of two rates that may rise and fall together."""
    own, others = (wilson(p * n, n, confidence=confidence) for p, n in ((met, users), (compared, people)))
    low, high = apart(met, *own, compared, *others, correlation=together)
    return float(low), float(high)


def _plain_difference(ever: Ints) -> float:
    met, converted, others, turned = ever[:4]
    return float(converted / met - turned / others) if met and others else np.nan


# ---- the words --------------------------------------------------------------------------------------------


def _no_events() -> Message:
    return say("No events are left under these filters. Widen the dates or clear a filter.")


def _headline(asked: Nodes, table: pd.DataFrame) -> Message:
    known = table[(table["phase"] == TOTAL) & table["low"].notna()]
    if known.empty:
        return say("There is nobody comparable to set beside those who met a touchpoint. Try a shorter window.")
    clear = known[known["clear"]]
    best = (known if clear.empty else clear).sort_values("difference").iloc[-1]
    facts = {
        "node": best["node"],
        "users": int(best["users"]),
        "goal": asked.goal,
        "share": Share(float(best["converted"])),
        "others": Share(float(best["others"])),
        "low": Points(float(best["low"])),
        "high": Points(float(best["high"])),
    }
    if clear.empty:
        return say(
            "No touchpoint stands out: even after {node} (n = {users}) {share} reach {goal} against {others} of "
            "comparable others, difference {low} to {high} percentage points.",
            **facts,
        )
    return say(
        "After {node}, {share} of {users} users reach {goal}; of comparable others {others}. "
        "Difference {low} to {high} percentage points.",
        **facts,
    )


def _notes(asked: Nodes, table: pd.DataFrame, waiting: int) -> tuple[Note, ...]:
    association = say(
        "This is association: people who meet a touchpoint may be keener to begin with. Only an experiment can tell."
    )
    notes = [Note("association", association, "warning")]
    whole = table[table["phase"] == TOTAL]
    notes += _small(table)
    if none := whole[whole["low"].isna()]["node"].tolist():
        missing = say("Not estimable for {nodes}: no meeting had comparable others beside it and a window that ends "
                      "before the data does.", nodes=Names(tuple(none)))  # fmt: skip
        notes.append(Note("not-estimable", missing, "missing"))
    if alone := int((whole["met"] - whole["users"])[whole["low"].notna()].sum()):
        text = say("{users} meetings are left out: nobody comparable was there.", users=alone)
        notes.append(Note("nobody-comparable", text))
    if waiting:
        open_note = say("{users} meetings are left out: their window ends after the data.", users=waiting)
        notes.append(Note("still-open", open_note))
    if asked.where and (asked.where.start or asked.where.end):
        dated = say("Dates restrict when people are set beside each other; what they did before and conversions "
                    "after count too.")  # fmt: skip
        notes.append(Note("entry-dates", dated))
    compared = say(
        "Whoever meets a touchpoint is set beside those whose day began alike (same day and hour, both new that day "
        "or both seen before) and who, as long after it began, have neither met it nor reached {goal}. From that "
        "moment on both have the same time.",
        goal=asked.goal,
    )
    return (*notes, Note("comparison", compared))


def _small(table: pd.DataFrame) -> Iterator[Note]:
    """Name the touchpoints that few people met, then those that few met in a phase; who is few in all is named once."""
    few = table[(table["users"] > 0) & (table["users"] < LEAST)]
    named = few[few["phase"] == TOTAL]["node"]
    if len(named):
        said = say("Fewer than {n} people met: {nodes}. Read the interval, not the rate.", n=LEAST,
                   nodes=Names(tuple(named)))  # fmt: skip
        yield Note("small-groups", said, "warning")
    for phase, own in few[~few["node"].isin(named)].groupby("phase", sort=False):
        said = say("Fewer than {n} people met in {phase}: {nodes}. Read the interval, not the rate.", n=LEAST,
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
