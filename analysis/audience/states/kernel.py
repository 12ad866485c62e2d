"""In which state is each buyer at the end of which day?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Ints
from analysis.audience.days import Lazy
from analysis.messages import N_
from analysis.tables import collect
from analysis.vocabulary import STATES

NOBODY = N_("no order yet")
"""Where somebody stands who had not bought by a day."""
PLACES = (NOBODY, *STATES)
"""Where somebody can stand, by the number that stands for it."""
USUAL, FEWEST = 90, 20
"""Days after which a buyer is taken for lapsed where fewer than so many returns tell."""
HISTORY = 3
"""How many times as long as a gap purchases must be known for: fewer days show short gaps alone."""
RETURNS = 0.9
"""The share of returns that took at most as long as a buyer is waited for."""
_ACTIVE, _RISK, _LAPSED, _BACK = range(1, len(STATES) + 1)


class Gaps(NamedTuple):
    """How many returns tell of a gap, and the days within which nine in ten of them came; None where few tell."""

    returns: int
    days: int | None

    @property
    def lapsed(self) -> int:
        """Days without a purchase after which a buyer is taken for lapsed."""
        return self.days or USUAL


@dataclass(frozen=True, slots=True)
class Rules:
    """The days compared, counted from 1970, and after how many days without a purchase somebody is what."""

    at: int
    since: int
    lapsed: int
    weeks: int
    gaps: Gaps

    @property
    def risk(self) -> int:
        """Days after which a buyer is at risk: half of those after which they have lapsed, rounded up."""
        return -(-self.lapsed // 2)

    @property
    def ends(self) -> Ints:
        """The ends of the weeks, that before the first included."""
        return self.at - 7 * np.arange(self.weeks, -1, -1)


def neighbours(rows: Lazy) -> Lazy:
    """Return who bought on which day with the days they bought on `before` and `after`."""
    before, after = (nw.col("day").shift(by).over("user_id", order_by="day") for by in (1, -1))
    return rows.with_columns(before=before, after=after)


def gaps_of(rows: Lazy, at: int) -> Gaps:
    """Tell how long returns take, of the days bought on by a day; only counts by length leave the engine."""
    known = rows.filter(nw.col("day") <= at)
    gaps = known.filter(~nw.col("before").is_null()).select(gap=nw.col("day") - nw.col("before"))
    counts = collect(gaps.group_by("gap").agg(n=nw.len())).sort_values("gap")
    returns = int(counts["n"].sum())
    if returns < FEWEST:
        return Gaps(returns, None)
    reached = counts["n"].cumsum() >= RETURNS * returns
    days = max(int(counts["gap"][reached].iloc[0]), 2)
    first = int(collect(known.select(first=nw.col("day").min()))["first"].iloc[0])
    return Gaps(returns, days if HISTORY * days <= at - first else None)


def _state(silent: nw.Expr, gap: nw.Expr, rules: Rules) -> nw.Expr:
    """Return the state of a buyer by the days since the last day they bought on, and those before it (null: none)."""
    back = (gap > rules.lapsed).fill_null(False)
    state = nw.when(back).then(nw.lit(_BACK)).otherwise(nw.lit(_ACTIVE))
    state = nw.when(silent > rules.risk).then(nw.lit(_RISK)).otherwise(state)
    return nw.when(silent > rules.lapsed).then(nw.lit(_LAPSED)).otherwise(state)


def standing(rows: Lazy, rules: Rules) -> Lazy:
    """Return each buyer's state then (`was`, 0: no order yet) and now, by its number."""
    sides = {"was": rules.since, "now": rules.at}
    found = {}
    for side, end in sides.items():
        by = nw.when(nw.col("day") <= end)
        # Days bought on only grow, so the greatest day before any of them is that before the last.
        found[f"{side}_last"], found[f"{side}_before"] = by.then(nw.col("day")).max(), by.then(nw.col("before")).max()
    users = rows.filter(nw.col("day") <= rules.at).group_by("user_id").agg(**found)
    states = {}
    for side, end in sides.items():
        last, before = nw.col(f"{side}_last"), nw.col(f"{side}_before")
        states[side] = nw.when(last.is_null()).then(nw.lit(0)).otherwise(_state(end - last, last - before, rules))
    return users.select("user_id", **states)


def weekly(rows: Lazy, rules: Rules) -> pd.DataFrame:
    """Count users by week, state at the end of the week before (`was`) and at its own (`now`).

    A day somebody bought on tells where they stand at the end of each week up to the next such day. Rows are counted
    by which weeks those are and by what tells the states in them, which leaves few rows however many the buyers; and
    by the state that came before, which the row before tells. Week 0 is the end before the first week.
    """
    day, week, end = nw.col("day"), nw.col("week"), int(rules.ends[0]) + 7 * nw.col("week")
    told = rows.filter(day <= rules.at).with_columns(
        week=_end_on(day, rules), until=_end_on(nw.col("after").fill_null(rules.at + 7), rules)
    )
    told = told.filter(week < nw.col("until")).with_columns(
        last=day.shift(1).over("user_id", order_by="day"),
        earlier=nw.col("before").shift(1).over("user_id", order_by="day"),
    )
    last, silent = nw.col("last"), end - day
    came = _state(end - 7 - last, last - nw.col("earlier"), rules)
    told = told.select(
        "week",
        "until",
        was=nw.when(last.is_null()).then(nw.lit(0)).otherwise(came),
        silent=nw.when(silent > rules.lapsed).then(nw.lit(rules.lapsed + 1)).otherwise(silent),
        back=nw.when(day - nw.col("before") > rules.lapsed).then(nw.lit(1)).otherwise(nw.lit(0)),
    )
    counted = told.group_by("week", "until", "was", "silent", "back").agg(users=nw.len())
    return _unfolded(collect(counted).astype("int64"), rules)


def _end_on(day: nw.Expr, rules: Rules) -> nw.Expr:
    """Return which end is the first on or after a day: 0 for any before the first week, one past the last at most."""
    since, weeks = day - int(rules.ends[0]), rules.weeks
    end = nw.when(since > 0).then((since + 6) // 7).otherwise(nw.lit(0))
    return nw.when(since > 7 * weeks).then(nw.lit(weeks + 1)).otherwise(end)


def _unfolded(counted: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """Return users by week and states, of rows that each tell of several weeks."""
    counts = np.zeros((rules.weeks + 1, len(PLACES), len(PLACES)), np.int64)
    week, until, was, silent, back, users = (
        counted[c].to_numpy() for c in ("week", "until", "was", "silent", "back", "users")
    )
    for step in range(int((until - week).max(initial=0))):
        held = week + step < until
        week, until, was, silent, back, users = (each[held] for each in (week, until, was, silent, back, users))
        quiet = silent + 7 * step
        fresh = np.where(back > 0, _BACK, _ACTIVE)
        now = np.where(quiet > rules.lapsed, _LAPSED, np.where(quiet > rules.risk, _RISK, fresh))
        np.add.at(counts, (week + step, was, now), users)
        was = now
    at, was, now = counts.nonzero()
    return pd.DataFrame({"week": at, "was": was, "now": now, "users": counts[at, was, now]})
