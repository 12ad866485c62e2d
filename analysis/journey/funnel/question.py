"""Of the people who took the first step, how many took each next one in time, and where did the rest stop?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.arrays import Bools
from analysis.charts import NOT_SET, TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import proportion, share
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.groups import GROUP
from analysis.journey.funnel import chart as picture
from analysis.journey.funnel import words
from analysis.journey.funnel.chains import Times, by_chunk, counted, entries, follow, times, unclear
from analysis.journey.funnel.definition import FunnelDefinition
from analysis.journey.funnel.kernel import NO_TIME
from analysis.journey.funnel.plan import Plan, before
from analysis.journey.funnel.stop import FunnelStop, stops
from analysis.journey.funnel.tally import Counts
from analysis.journey.funnel.windows import Waits, compared, suggested
from analysis.messages import N_, Names, say
from analysis.store.walk import Chunk
from analysis.tables import Tables
from analysis.values import value
from analysis.vocabulary import EVENTS


@value("funnel")
class Funnel(FunnelDefinition):
    """How many users take each step, in order, within a window of the first.

    Parameters
    ----------
    steps : sequence of str or Step
        Event names, two or more, in order; a :class:`Step` for one with conditions, of several events, or optional.
        A name may stand twice: each event serves one step.
    window : str or timedelta
        Longest time from the first step to the last, boundary included, such as "7d"; or "session": all steps in one
        session (by `session_id` where the events have it, else without a pause of more than 30 minutes).
    order : {"ordered", "strict", "any"}
        Steps count in this order with other events between; with nothing between but repeats of the step last taken;
        or in any order. Events of the same moment count in whichever order serves.
    entry : {"every", "first", "first_ever"}
        Whether any entry may start the chain (ClickHouse, PostHog), only a user's first within the dates (Mixpanel's
        default), or only their first in the data, where that is within the dates.
    exclusions : sequence of str or Exclusion
        Events that end a chain when they come between its steps. The user stays where they were, and may enter again.
    hold : str, optional
        A text column whose value must be the same at every step (an item, a campaign); events without a value do not
        count.
    breakdown : str, optional
        A text column of the events; a user counts under its value where they first got to a step.
    breakdown_at : {"first", "last"} or int
        To which step: the first, the last one taken, or the one of that number.
    dates : {"entry", "conversion"}
        Whether the filter's dates say when people enter only, or when they take every step.
    profile : {"clickhouse", "posthog", "mixpanel"}, optional
        Follow a peer's rules where they differ, whatever `entry` and `dates` say.
    observed_until : str or datetime, optional
        Until when (UTC) the data is complete; by default what :func:`analysis.periods.known_until` finds.
    where : Filter, optional
        Dates restrict when a user may enter, see `dates`. The other conditions restrict the events.

    Notes
    -----
    `users` counts everybody, by whichever of their chains got furthest. Rates compare people who had the same time:
    they are of those who first entered at least a window before what is known ends, and count who got to a step
    within one window of that. So a total lies between its groups, and nobody who may still go on counts as lost.

    A user's chain is the latest-starting one that first reached their deepest step; times are taken from it. The
    breakdown's value is not: it is that of the event that first took the user to the step, by whatever chain, so it
    does not depend on how they went on. ``docs/funnel-rules.md`` states every rule and how peers differ.

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
    >>> answer.table[["users", "settled", "later"]].to_numpy().tolist()
    [[1, 1, 0], [1, 1, 0], [1, 0, 1]]
    """

    title: ClassVar[str] = N_("Where do people drop off?")

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return the shop's usual way from looking to buying, with the events there are."""
        known = [e for e in ("view", "cart", "checkout", "purchase") if e in tables.event_keys]
        known = known if len(known) > 1 else [e for e in (*EVENTS, *tables.common_events()) if e in tables.event_keys]
        steps = list(dict.fromkeys(known))
        if len(steps) < 2:
            here = Names(tuple(tables.event_keys))
            raise DataError.empty(say("A funnel needs two different events; there is only {events}.", events=here))
        return cls(steps=tuple(steps[:4]), window="7d")

    def _answer(self, tables: Tables) -> FunnelAnswer:
        plan, parts = by_chunk(self, tables, _counted)
        counts = _Counts.together(parts)
        table = counts.table(self, plan.groups)
        if not table["users"].iloc[0]:
            raise DataError.empty(words.nobody(self))
        windows = compared(counts.waits, plan.patience // 1_000_000)
        return FunnelAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(self, table),
            frames={"table": table, "windows": windows},
            notes=words.notes(
                self,
                table,
                plan,
                tables.zone,
                (counts.took_last, counts.through),
                None if plan.session else suggested(counts.waits, windows),
            ),
            universe=tables.names(self.breakdown) if self.breakdown else (),
            said=self.said,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FunnelAnswer(Answer):
    """A funnel's figures, one row per group and step.

    On the row of step k, of everybody: users of step k-1 = users + dropped + still_open. Of people whose window, from
    first entering, is over: `settled` got to the step within it, `later` only in a later attempt. `from_previous` is
    settled / settled of step k-1 with its 95% Wilson bounds `low` and `high`; `from_start` is settled / settled of
    step 1, likewise. "windows" says what shorter windows than the one asked would find, of the whole funnel.
    """

    fields: ClassVar[Fields] = described(
        table={
            "breakdown": GROUP,
            "step": Field(N_("Step"), "count"),
            "event": Field(N_("Event"), "text", of="event"),
            "users": Field(N_("Users"), "count"),
            "settled": Field(N_("Window over: in time"), "count"),
            "from_previous": Field(N_("From previous step"), "share"),
            **bounds("share"),
            "from_start": Field(N_("From first step"), "share"),
            "start_low": Field(N_("From first step: 95% from"), "share"),
            "start_high": Field(N_("From first step: 95% to"), "share"),
            "later": Field(N_("Window over: later"), "count"),
            "dropped": Field(N_("Dropped"), "count"),
            "still_open": Field(N_("Still open"), "count"),
            "median_seconds_from_previous": Field(N_("Median time from previous step"), "seconds"),
        },
        windows={
            "window": Field(N_("Window"), "seconds"),
            "users": Field(N_("Users whose window is over"), "count"),
            "converted": Field(N_("Converted"), "count"),
            "rate": Field(N_("Conversion rate"), "share"),
            **bounds("share"),
            "lost": Field(N_("Conversions that took longer"), "count"),
        },
    )
    figures = (
        Figure("from_start", ("breakdown", "event"), "start_low", "start_high", n="settled", main=-1, steps="event"),
    )

    question: Funnel
    universe: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[FunnelStop, ...]:
        """Who took each step, stopped before it, or may still take it."""
        return stops(self.question, self.table)

    def _chart(self, look: Look) -> AnyChart:
        if self.question.breakdown:
            return picture.by_group(self, self.universe, look)
        return picture.steps(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Counts:
    """How many of a chunk's users came how far; groups by position, those without a value last.

    Users are counted as they are walked, so that nothing grows with them but the gaps, whose medians need each.
    """

    users: Any  # (group, step): how many came as far
    waiting: Any  # (group, step): how many came no further and may still go on
    took: Any  # (group, step): how many took it
    judged: Any  # (group, step, in time or whenever): users whose window is over, by how far they came
    judged_took: Any  # (group, step, in time or later): of them, how many took it
    gaps: list[Any]  # from the second step on: the time from the last step before that may not be skipped
    labels: list[Any]  # their groups, with a breakdown
    waits: Waits
    through: int  # how many came through to the last step before the dates end
    took_last: int  # how many took the last step within the dates, by whatever way

    @classmethod
    def together(cls, parts: Sequence[_Counts]) -> _Counts:
        gaps, labels = ([np.concatenate(step) for step in zip(*lists, strict=True)]
                        for lists in ([p.gaps for p in parts], [p.labels for p in parts]))  # fmt: skip
        own = ("users", "waiting", "took", "judged", "judged_took")
        counts = {name: np.sum([getattr(p, name) for p in parts], axis=0) for name in own}
        waits = Waits.together([p.waits for p in parts])
        through, took_last = (sum(getattr(p, own) for p in parts) for own in ("through", "took_last"))
        return cls(**counts, gaps=gaps, labels=labels, waits=waits, through=through, took_last=took_last)

    def table(self, asked: Funnel, groups: tuple[str, ...]) -> pd.DataFrame:
        parts = [_rows(asked, TOTAL, self._of(None), self.gaps)]
        if asked.breakdown:
            apart = [_apart(*pair, len(groups) + 1) for pair in zip(self.gaps, self.labels, strict=True)]
            for g, name in enumerate((*groups, NOT_SET)):
                if self.users[g].any():
                    parts.append(_rows(asked, name, self._of(g), [step[g] for step in apart]))
        return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]

    def _of(self, group: int | None) -> _Group:
        own = (self.users, self.waiting, self.took, self.judged, self.judged_took)
        return _Group(*(counts.sum(axis=0) if group is None else counts[group] for counts in own))


class _Group(NamedTuple):
    """One group's counts, or everybody's."""

    users: Any
    waiting: Any
    took: Any
    judged: Any
    judged_took: Any


def _apart(gaps: Any, labels: Any, count: int) -> list[Any]:
    order = np.argsort(labels, kind="stable")
    return np.split(gaps[order], np.searchsorted(labels[order], np.arange(1, count)))


def _counted(chunk: Chunk, plan: Plan) -> _Counts:
    if found := counted(chunk, plan):
        return _tallied(plan, *found)
    apart = unclear(chunk, plan)
    if apart.all():
        return _from_times(plan, times(chunk, plan))
    return _Counts.together([_counted(chunk.where(which), plan) for which in (apart, ~apart)])


def _tallied(plan: Plan, found: Counts, took_last: int) -> _Counts:
    ends = found.reached.cumsum() - found.reached[0]
    gaps = [found.gaps[start:end] for start, end in pairwise(ends.tolist())]
    gone = int(found.reached[0]) - len(found.took) - len(found.still)
    waits = Waits(found.took, found.seen, found.still, gone)
    users, waiting, judged = found.reached[None], found.waiting[None], found.judged[None]
    return _Counts(users, waiting, users, judged, np.zeros_like(judged), gaps, [], waits, found.through, took_last)


def _from_times(plan: Plan, came: Times) -> _Counts:
    steps, groups = plan.steps, len(plan.groups) + 1
    over = came.entered <= plan.until - plan.patience
    # Of small numbers as long as may be: one count instead of one for each of what is counted.
    place = (came.level.astype(np.int16) * (steps + 1) + came.in_time) * 4 + over * np.int8(2) + came.still_open
    if plan.by:
        place = place + came.group * (4 * (steps + 1) ** 2)
    by_all = np.bincount(place, minlength=groups * 4 * (steps + 1) ** 2)
    by_all = by_all.reshape(groups, steps + 1, steps + 1, 2, 2)
    gaps, labels = [], []
    took, judged_took = np.zeros((groups, steps), np.int64), np.zeros((groups, steps, 2), np.int64)
    for k in range(steps):
        own = np.flatnonzero(came.at[k] != NO_TIME if plan.optional else came.level > k)
        group = came.group[own]
        took[:, k] = np.bincount(group, minlength=groups) if plan.by else len(own)
        if plan.optional >> k & 1:
            late = group * 2 + (came.at[k][own] > came.entered[own] + plan.patience)
            judged_took[:, k] = np.bincount(late[over[own]], minlength=groups * 2).reshape(groups, 2)
        if k:
            gaps.append(came.at[k][own] - came.at[before(plan.optional, k)][own])
        if k and plan.by:
            labels.append(group.astype(np.uint8))
    users, waiting = _as_far(by_all.sum(axis=(2, 3, 4))), by_all[..., 1].sum(axis=(2, 3))[:, 1:]
    judged = by_all[:, :, :, 1].sum(axis=3)
    judged = np.stack([_as_far(judged.sum(axis=1)), _as_far(judged.sum(axis=2))], axis=2)
    through = int((came.at[-1][came.level == steps] < plan.entries[1]).sum())
    waits = _waits(plan, came, over)
    return _Counts(users, waiting, took, judged, judged_took, gaps, labels, waits, through, came.took_last)


def _waits(plan: Plan, came: Times, over: Bools) -> Waits:
    done = came.in_time == plan.steps
    own, waiting = np.flatnonzero(done), np.flatnonzero(~(done | over))
    seen = np.minimum(plan.until - came.entered[own], plan.patience)
    gone = len(done) - len(own) - len(waiting)
    return Waits(came.at[-1][own] - came.entered[own], seen, plan.until - came.entered[waiting], gone)


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first funnel asked need not wait for them."""
    for work in (follow, counted, entries):
        work(Chunk.empty(), Plan.plain(("", "")))


def _rows(asked: Funnel, name: str, own: _Group, gaps: Sequence[Any]) -> pd.DataFrame:
    """Turn one group's counts into rows; the columns are those of the public table.

    An optional step's row says how many took it; the rates of the others pass it over.
    """
    optional = asked.skippable
    came = [before(optional, k) for k in range(1, len(asked.steps))]
    skipped = np.array([bool(optional >> k & 1) for k in range(len(asked.steps))])
    users = np.where(skipped, own.took, own.users)
    settled = np.where(skipped, own.judged_took[:, 0], own.judged[:, 0])
    ever = np.where(skipped, own.judged_took.sum(axis=1), own.judged[:, 1])
    previous = np.append(0, users[came])
    waiting = np.append(0, [own.waiting[p:k].sum() for k, p in enumerate(came, 1)])
    from_previous, low, high = proportion(settled, np.append(0, settled[came]))
    _, start_low, start_high = proportion(settled, np.append(0, np.full(len(users) - 1, settled[0])))
    unknown = skipped | (np.arange(len(users)) == 0)
    return pd.DataFrame(
        {
            "breakdown": name,
            "step": range(1, len(users) + 1),
            "event": asked.row_names,
            "users": users,
            "settled": settled,
            "from_previous": from_previous,
            "low": low,
            "high": high,
            "from_start": share(settled, settled[0]),
            "start_low": start_low,
            "start_high": start_high,
            "later": ever - settled,
            "dropped": pd.arrays.IntegerArray(previous - users - waiting, unknown),
            "still_open": pd.arrays.IntegerArray(waiting, unknown.copy()),
            "median_seconds_from_previous": np.where(skipped, np.nan, [np.nan, *map(_median, gaps)]),
        }
    )


def _as_far(depths: Any) -> Any:
    """Return, of each group, how many took each step or a later one, given how many took just so many."""
    return depths[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]


def _median(gaps: Any) -> float:
    if not len(gaps):
        return np.nan
    # One place is found eight times as fast as two: of an even number, the other is the largest of those before.
    half = len(gaps) // 2
    parted = np.partition(gaps, half)
    return float((parted[half] + (parted[half] if len(gaps) % 2 else parted[:half].max())) / 2) / 1e6
