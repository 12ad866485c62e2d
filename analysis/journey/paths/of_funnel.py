"""What did people do after the step of a funnel they dropped at, or before the one they reached?"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, ClassVar

import numpy as np

from analysis.answer import Note
from analysis.charts import NOT_SET
from analysis.errors import DataError, QuestionError
from analysis.journey.funnel.chains import Found, follow, sessions
from analysis.journey.funnel.definition import OfFunnel
from analysis.journey.funnel.plan import FAR, Plan, planned, relevant
from analysis.journey.paths.kernel import ENDED
from analysis.journey.paths.question import OfPaths, PathsAnswer, Said, Walked, answered, in_time, origin_key, traced
from analysis.journey.steps import STEPS_AT_MOST
from analysis.messages import N_, Message, Name, say
from analysis.store.walk import Chunk, Columns
from analysis.tables import Tables
from analysis.values import micros, optional, text, value, whole


@value("funnel-paths")
class FunnelPaths(OfFunnel, OfPaths):
    """What people did after they dropped out of a funnel, or before they took one of its steps.

    There are as many paths as the funnel counts: "after" follows those it calls dropped after `step`, "before" goes
    back from those who took it.

    Parameters
    ----------
    funnel : Funnel
        Its steps and rules. Its filter becomes the question's own, where that has none.
    step : int
        Counted from one; in any order, how many steps were taken. "After" a step that may not be skipped stand also
        those who then took only steps that may.
    group : str, optional
        Only users who count under this value of the funnel's breakdown: one phase of the campaign, one device.
    direction : {"after", "before"}
        Whether paths go on from the step at which people dropped, or back from the one they took.
    until : str, optional
        A path stops where it comes to this event.
    depth : int
        Levels after the step, 1 to 10.
    collapse : bool
        Whether repeats of an event in a row count as one.
    include, exclude : tuple of str
        Events that can be part of a path; all, and none left out, by default. `until` always can.
    names : int
        Most events told apart at each level, 1 to 20; the others are added up as "(other)".
    where : Filter, optional
        As for a funnel.

    Notes
    -----
    A path begins at the last step taken of the user's chain. After it, it goes on until the chain's window closes;
    before it, it goes back as far as the window is long; in a window of one session it stays in that one. Any event
    that passes the filter is part of it, the funnel's own conditions or not. Which of one moment's events came first
    is not known: those of the step's own moment stand neither before nor after it, later ones in order of their names.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel
    >>> clock = ["01:00", "01:05", "01:10", "01:40", "01:45", "02:00"]
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u1", "u1", "u2", "u2", "u3"],
    ...     "timestamp": [pd.Timestamp(f"2026-11-11 {t}") for t in clock],
    ...     "event": ["cart", "view", "checkout", "cart", "view", "visit"],
    ... })
    >>> asked = FunnelPaths(funnel=Funnel(steps=("cart", "checkout"), window="15m"), depth=2)
    >>> asked.run(Tables(events=events)).table[["level", "from", "to", "count"]].values.tolist()
    [[1, 'cart', 'view', 1], [2, 'view', '(ended)', 1]]
    """

    title: ClassVar[str] = N_("What did people do around a step of the funnel?")

    step: int = field(default=1, metadata=whole(least=1, most=STEPS_AT_MOST))
    group: str | None = field(default=None, metadata=optional(text()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if wrong := _crossed(self):
            raise QuestionError.crossed(wrong)

    @property
    def origin(self) -> str:
        """The step's name; in any order, how many were taken."""
        return self.funnel.row_names[self.step - 1]

    def _answer(self, tables: Tables) -> PathsAnswer:
        plan, columns = planned(self.asked, tables, Columns())
        if self.group is not None and self.group not in _groups(plan):
            raise DataError.unknown(say("group"), self.group, _groups(plan))
        found = _walk(self, tables, plan, columns)
        n = int(found.counts.sum())
        if not n:
            raise DataError.empty(_nobody(self))
        window = None if plan.session else self.funnel.window
        said = Said(_whom(self, n), in_time(window), _notes(self, plan), self.funnel.said)
        return answered(self, tables, found, said)


def _crossed(asked: FunnelPaths) -> Message | None:
    """Say which fields do not go together, if any do not."""
    steps = asked.funnel.steps
    if asked.step > len(steps):
        return say("There is no step {step}; there are {count}.", step=asked.step, count=len(steps))
    if asked.group is not None and not asked.funnel.breakdown:
        return say("A group is one of the funnel's breakdown; choose a breakdown, or no group.")
    if asked.back:
        return None
    if asked.step == len(steps):
        return say("Nobody drops after the last step. Choose an earlier one, or what came before it.")
    if asked.funnel.skippable >> (asked.step - 1) & 1:
        return say("Step {step} may be skipped: who drops after it counts under the step before it.", step=asked.step)
    return None


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rules:
    """What a walk must know; times in microseconds."""

    asked: FunnelPaths
    plan: Plan
    shown: Any
    origin: int
    goal: int
    group: int
    first: int  # the first moment of the data


def _groups(plan: Plan) -> tuple[str, ...]:
    return (*plan.groups, NOT_SET)


def _walk(asked: FunnelPaths, tables: Tables, plan: Plan, columns: Columns) -> Walked:
    keys, observed = tables.event_keys, tables.span("events")
    assert observed is not None  # `needs` holds events
    rules = _Rules(
        asked, plan, asked.shown(keys), origin_key(asked, keys), keys[asked.until] if asked.until else -1,
        _groups(plan).index(asked.group) if asked.group is not None else -1, micros(observed[0]),
    )  # fmt: skip
    # A chain begins at its first step: what lies before that changes nothing that the funnel counts.
    begin = -FAR if plan.session else plan.entries[0] - plan.window
    seen = replace(plan, entries=(begin, plan.entries[1])) if asked.back else plan
    work = partial(_trace, rules=rules)
    return Walked.together(
        [work(Chunk.empty(columns)), *tables.walk(relevant(asked.asked, tables, seen), work, columns)]
    )


def _trace(chunk: Chunk, rules: _Rules) -> Walked:
    """Walk the funnel with everybody in a chunk, then follow those asked for from their step."""
    asked, plan, back = rules.asked, rules.plan, rules.asked.back
    row, reach = _starts(chunk, follow(chunk, plan), rules)
    visit: Any = sessions(chunk, plan.session) if plan.session else chunk.user.astype(np.int64)
    moment = np.cumsum(_new(chunk.user) | _new(chunk.time))
    settled = Chunk(chunk.user, chunk.time, chunk.code, {"visit": visit}).settled(plan.ranks)
    place = settled.coded["visit"] * (len(chunk) + 1) + moment
    rows = np.flatnonzero(rules.shown[settled.code])
    rows = rows[np.argsort(place[rows], kind="stable")] if plan.session else rows
    at = np.searchsorted(place[rows], visit[row] * (len(chunk) + 1) + moment[row], side="left" if back else "right")
    order = np.argsort(at, kind="stable")
    at, row, reach = at[order], row[order], reach[order]
    # The steps themselves are put among the rows, past or ahead of all events of their moment.
    unit = np.insert(settled.coded["visit"][rows], at, visit[row])
    time = np.insert(settled.time[rows], at, chunk.time[row])
    code = np.insert(settled.code[rows], at, rules.origin)
    starts = at + np.arange(len(at))
    paths = traced(asked, unit, time, code, starts, reach, rules.goal)
    unseen = back and not plan.session and (paths[:, -1] == ENDED) & (time[starts] - plan.window < rules.first)
    return Walked.together([Walked(paths, np.ones(len(paths), np.int64), int(np.sum(unseen)))])


def _starts(chunk: Chunk, found: Found, rules: _Rules) -> tuple[Any, Any]:
    """Return the row of each user's step, and how far paths go from there."""
    asked, plan = rules.asked, rules.plan
    own = found.rows[:, asked.step - 1] >= 0 if asked.back else _dropped(found, asked)
    own = np.flatnonzero(own if rules.group < 0 else own & (found.group == rules.group))
    last = np.full(len(own), asked.step) if asked.back else found.level[own]
    row = found.rows[own, last - 1]
    if asked.back:
        return row, np.full(len(own), plan.window)
    return row, chunk.time[found.rows[own, 0]] + plan.window - chunk.time[row]


def _dropped(found: Found, asked: FunnelPaths) -> Any:
    """Say of each chain whether the funnel counts it as dropped after the step."""
    needed = next(k for k in range(asked.step, len(asked.funnel.steps)) if not asked.funnel.skippable >> k & 1)
    return (found.level >= asked.step) & (found.level <= needed) & ~found.still_open


def _new(column: Any) -> Any:
    """Say where a value differs from the one before."""
    return np.append(True, column[1:] != column[:-1])[: len(column)]


# ---- the words --------------------------------------------------------------------------------------------


def _step(asked: FunnelPaths) -> Message | Name:
    return asked.funnel.in_words(asked.origin)


def _whom(asked: FunnelPaths, n: int) -> Message:
    """Say whose paths these are."""
    whole = _counted(asked, n)
    if asked.group is None:
        return whole
    return say("{whom} ({group})", whom=whole, group=Name(asked.group, asked.funnel.breakdown))


def _counted(asked: FunnelPaths, n: int) -> Message:
    if asked.funnel.order == "any":
        count = len(asked.funnel.steps)
        if asked.back:
            return say("{n} users who took {k} of the {count} steps", n=n, k=asked.step, count=count)
        return say("{n} users who dropped after {k} of the {count} steps", n=n, k=asked.step, count=count)
    if asked.back:
        return say("{n} users who reached {step}", n=n, step=_step(asked))
    return say("{n} users who dropped after {step}", n=n, step=_step(asked))


def _notes(asked: FunnelPaths, plan: Plan) -> tuple[Note, ...]:
    if plan.session or asked.back:
        return ()
    return (Note("funnel-window", say("The funnel's window counts from its first step; paths go on until it closes.")),)


def _nobody(asked: FunnelPaths) -> Message:
    if asked.back:
        return say("Nobody reached {step} under these filters. Widen the dates or clear a filter.", step=_step(asked))
    return say("Nobody dropped after {step}: all went on, or still have time to.", step=_step(asked))
