"""What does meeting a touchpoint or play of the campaign (social seeding, fission, …) go with in conversion?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.answer import Answer
from analysis.arrays import Bools, Floats, Ints
from analysis.charts import GROUP_WORDS, TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import Interval, clear, difference, proportion, share
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.journey.nodes import chart, kernel, words
from analysis.journey.nodes.kernel import STRATA, STRIDE, Rates, Rules, Trials
from analysis.messages import N_, Name, say
from analysis.periods import known_until
from analysis.question import Question
from analysis.store.walk import Chunk, Repeated
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
from analysis.vocabulary import MARKS, NODES

SHARES = ("converted", "others", "difference", "low", "high", "more")


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
    day, in the same quarter of it, and likewise as their first day in the data or not) and who, as long after its
    beginning and as lately active (:data:`analysis.journey.nodes.kernel.PAUSES`), have neither met the touchpoint nor
    converted. From that same moment both have the same window. So a sale before the moment counts on neither side,
    and who stays longer cannot look better for that alone ("immortal time"), as in a plain comparison of those who
    ever met it. The others may still meet the touchpoint later; their
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
    >>> rows = [("a", "view", 8), ("a", "social_seeding", 9), ("a", "purchase", 12), ("b", "view", 8)]
    >>> rows += [("c", "view", 99)]
    >>> events = pd.DataFrame(
    ...     [(u, pd.Timestamp("2026-11-01") + pd.Timedelta(hours=h), e) for u, e, h in rows],
    ...     columns=["user_id", "timestamp", "event"],
    ... )
    >>> answer = Nodes(nodes=("social_seeding",), window="1d").run(Tables(events=events))
    >>> answer.table[["users", "converted", "others", "difference"]].values.tolist()
    [[1, 1.0, 0.0, 1.0]]
    """

    title: ClassVar[str] = N_("Which touchpoints and plays go with buying?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    nodes: tuple[str, ...] = field(default=NODES, metadata=names(at_least=1, at_most=12))
    goal: str = field(default="purchase", metadata=text())
    window: str = field(default="3d", metadata=duration())
    phases: bool = field(default=True, metadata=flag())

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the plan's touchpoints where events mark them, else the closest there are."""
        names, goal = tables.common_events(), tables.goal
        marked = [m for m in NODES if m in names] or [m for m in MARKS if m in names]
        nodes = tuple(marked or [n for n in names if n != goal][:3])
        if not nodes:
            said = say("Touchpoints need events beside {goal}; there are none.", goal=Name(goal, "event"))
            raise DataError.empty(said)
        return cls(nodes=nodes, goal=goal)

    def _answer(self, tables: Tables) -> NodesAnswer:
        for event in (*self.nodes, self.goal):
            if event not in tables.event_keys:
                raise DataError.unknown(say("event"), event, tables.event_keys)
        days = _Days.of(self, tables)
        rules, events = _rules(self, tables, days), tables.repeated(_frame(self, tables))
        counted = _counted(events, rules)
        if not counted.ever.any():
            raise DataError.empty(words.no_events())
        rates = _rates(counted, days, len(self.nodes))
        work = partial(_influences, rules=rules, trials=counted.trials, rates=rates)
        spread = sum(events.walk(work), start=work(Chunk.empty()))
        table = _table(self, days, counted, rates, spread)
        dated = bool(self.where and (self.where.start or self.where.end))
        return NodesAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(self.goal, table),
            frames={"table": table},
            notes=words.notes(self.goal, table, waiting=int(counted.ever[:, 4].sum()), dated=dated),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class NodesAnswer(Answer):
    """One row per touchpoint, and per phase where asked.

    `met` is who met it and had the window; `users` is who of them was compared, with `compared` others' days.
    `difference` is `converted` - `others` (shares of 1) with its 95% interval; `more` is it times `users`. Where
    nobody comparable was there these are empty. `clear` says that the difference is none that chance explains even
    where so many touchpoints are looked at (Bonferroni).
    """

    fields: ClassVar[Fields] = described(
        table={
            "node": Field(N_("Touchpoint"), "text", of="event"),
            "phase": Field(N_("Phase"), "text", GROUP_WORDS, of="phase"),
            "met": Field(N_("Met it"), "count"),
            "users": Field(N_("Of them compared"), "count"),
            "converted": Field(N_("Converted after it"), "share"),
            "others": Field(N_("Comparable others"), "share"),
            "compared": Field(N_("Compared with (days of others)"), "count"),
            "difference": Field(N_("Difference"), "points"),
            **bounds("points"),
            "more": Field(N_("More conversions"), "number"),
            "clear": Field(N_("Beyond chance"), "flag"),
            "unadjusted": Field(N_("Plain difference, ever met or not"), "points"),
        }
    )
    figures = (Figure("difference", ("node", "phase")),)

    question: Nodes

    def _chart(self, look: Look) -> AnyChart:
        return chart.draw(self, self.question.nodes, look)


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Days:
    """The local days observed, and which of them each group of rows looks at."""

    starts: Ints  # UTC microseconds, one more than there are days
    groups: tuple[str, ...]
    own: Bools  # (groups, days)

    @classmethod
    def of(cls, asked: Nodes, tables: Tables) -> _Days:
        span = tables.span("events")
        assert span is not None  # `needs` holds events
        first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
        days = [(first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1)]
        kept = asked.where or Filter()
        days = [day for day in days if (kept.start or day) <= day <= (kept.end or day)]
        if not days:
            raise DataError.empty(words.no_events())
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

    def used(self, touchpoint: int, days: Bools) -> Bools:
        """Say which trials, of those on the days, had somebody to compare with."""
        used: Bools = (self.touchpoint == touchpoint) & days[self.day] & (self.others > 0)
        return used


def _frame(asked: Nodes, tables: Tables) -> nw.LazyFrame[Any]:
    # A conversion after the dates still counts, and whoever met the touchpoint or bought before them is no newcomer.
    return tables.frame("events", asked.where.replace(start=None, end=None) if asked.where else None)


def _rules(asked: Nodes, tables: Tables, days: _Days) -> Rules:
    places = np.full(max(tables.event_keys.values()) + 1, -1, np.int64)
    places[[tables.event_keys[node] for node in asked.nodes]] = np.arange(len(asked.nodes))
    goal, window = tables.event_keys[asked.goal], seconds(asked.window) * 1_000_000
    until = micros(known_until(tables, where=asked.where))
    return Rules(places, len(asked.nodes), goal, window, until, days.starts)


def _counted(events: Repeated, rules: Rules) -> _Counted:
    found = list(events.walk(partial(_meetings, rules=rules))) or [_meetings(Chunk.empty(), rules)]
    which, keys, turned, ever = zip(*found, strict=True)
    strata = STRATA * (len(rules.starts) - 1)
    # Touchpoints one after another, each's trials by stratum and age: one number sorts them all.
    every, inverse = np.unique(_joined(which) * (strata * STRIDE) + _joined(keys), return_inverse=True)
    edges = STRIDE * np.arange(rules.touchpoints * strata + 1)
    ends = np.searchsorted(every, edges)
    bounds = np.stack([ends[n * strata : (n + 1) * strata + 1] for n in range(rules.touchpoints)])
    trials = Trials(every % STRIDE, np.ascontiguousarray(bounds))
    stratum = every // STRIDE
    change, stood = _stood(events, rules, trials)
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


def _stood(events: Repeated, rules: Rules, trials: Trials) -> tuple[Ints, Ints]:
    """Add up the changes from trial to trial, and on how many days people stood in any."""
    change = np.zeros((len(trials.ages) + 1, 2), np.int64)
    stood = np.zeros((rules.touchpoints, len(rules.starts) - 1), np.int64)
    for rows, by, days in events.walk(partial(_standings, rules=rules, trials=trials)):
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
    running = np.zeros((len(weight) + 1, 3))
    running[1:] = np.nan_to_num(np.column_stack([turned, expected, weight])).cumsum(axis=0)
    return Rates(others, running, met, compared, days.own)


def _influences(chunk: Chunk, rules: Rules, trials: Trials, rates: Rates) -> Floats:
    sums = np.zeros((*rates.met.shape, 4))
    kernel.influences(chunk.user, chunk.time, chunk.code, rules, trials, rates, sums)
    return sums


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first question asked need not wait."""
    rules = Rules(np.zeros(1, np.int64), 1, 0, 1, 0, np.zeros(2, np.int64))
    trials = Trials(np.zeros(0, np.int64), np.zeros((1, STRATA + 1), np.int64))
    rates = Rates(np.zeros(0), np.zeros((1, 3)), np.zeros((1, 1)), np.zeros((1, 1)), np.full((1, 1), True))
    _meetings(Chunk.empty(), rules)
    _standings(Chunk.empty(), rules, trials)
    _influences(Chunk.empty(), rules, trials, rates)


def _table(asked: Nodes, days: _Days, counted: _Counted, rates: Rates, spread: Floats) -> pd.DataFrame:
    rows = []
    for n, node in enumerate(asked.nodes):
        for g, group in enumerate(days.groups):
            met = int(counted.met[(counted.touchpoint == n) & days.own[g][counted.day]].sum())
            if not g or met:
                users = int(counted.met[counted.used(n, days.own[g])].sum())
                row = {"node": node, "phase": group, "met": met, "users": users}
                row |= _shares(rates.met[n, g], rates.compared[n, g], users, spread[n, g])
                plain = np.nan if g else _plain_difference(counted.ever[n])
                rows.append(row | {"compared": int(counted.stood[n, days.own[g]].sum()), "unadjusted": plain})
    table = pd.DataFrame(rows).astype(dict.fromkeys(("met", "users", "compared"), "Int64"))
    # Of what is looked at side by side: all touchpoints in all, and all of them in their phases.
    stands = table.groupby(table["phase"] == TOTAL)["p"].transform(lambda p: clear(p.to_numpy(float))).astype(bool)
    table["clear"] = stands & ((table["low"] > 0) | (table["high"] < 0))
    return table[list(NodesAnswer.fields["table"])]


def _shares(met: float, compared: float, users: int, sums: Floats) -> dict[str, float]:
    """Return both rates, their difference, its interval and its p-value."""
    if not users:
        return dict.fromkeys((*SHARES, "p"), np.nan)
    own, others, both, weight = sums / users**2
    # As many independent people would know the others' rate as well as these do (Kish's effective number).
    people = max(compared * (1 - compared) / others if others > _ALIKE else 1 / weight, 1.0)
    together = both / np.sqrt(own * others) if min(own, others) > _ALIKE else 0.0
    apart = difference(_known_by(met, users), _known_by(compared, people), correlation=together).floats()
    spread = np.sqrt(max(own - 2 * both + others, _ALIKE))  # where all do alike, the interval alone decides
    values = (met, compared, *apart, apart[0] * users, 2 * ndtr(-abs(apart[0]) / spread))
    return dict(zip((*SHARES, "p"), values, strict=True))


_ALIKE = 1e-15
"""Below this variance all did the same, and what there is of it comes from rounding."""


def _known_by(rate: float, people: float) -> Interval:
    return proportion(rate * people, people)._replace(value=np.asarray(rate))


def _plain_difference(ever: Ints) -> float:
    met, converted, others, turned = ever[:4]
    return float(converted / met - turned / others) if met and others else np.nan
