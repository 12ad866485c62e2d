"""The funnel against a twin that enumerates every chain of distinct events, over many thousands of small logs.

The twin knows nothing of the kernel's one pass: it lists the chains, then reads the rules off the list.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist, median
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError
from analysis.journey.funnel import Funnel
from analysis.tables import Tables
from analysis.values import Filter

EPOCH = dt.datetime(2026, 11, 11)
MINUTE = 60
FAR = 10**15


@dataclass(frozen=True)
class Row:
    """One event: a moment, a name, a group (None: not set)."""

    time: int
    event: str
    group: str | None = None


@dataclass(frozen=True)
class Rules:
    steps: tuple[str, ...]
    window: int
    first: bool = False
    enter_from: int = -FAR
    enter_until: int = FAR


@dataclass(frozen=True)
class Found:
    """What the rules say of one user who entered."""

    level: int
    latest: int
    label: str | None
    times: tuple[int, ...]

    @property
    def gaps(self) -> tuple[int, ...]:
        return tuple(b - a for a, b in zip(self.times, self.times[1:], strict=False))


def chains(log: Sequence[Row], rules: Rules) -> Iterator[tuple[int, ...]]:
    """Yield every chain as positions in the log: distinct events, in step order, within the window."""
    entries = [
        i for i, r in enumerate(log) if r.event == rules.steps[0] and rules.enter_from <= r.time < rules.enter_until
    ]
    if rules.first and entries:
        earliest = min(log[i].time for i in entries)
        entries = [i for i in entries if log[i].time == earliest]
    stack = [(i,) for i in entries]
    while stack:
        chain = stack.pop()
        yield chain
        if len(chain) == len(rules.steps):
            continue
        start, last = log[chain[0]].time, log[chain[-1]].time
        for i, row in enumerate(log):
            fits = row.event == rules.steps[len(chain)] and last <= row.time <= start + rules.window
            if fits and i not in chain:
                stack.append((*chain, i))


def twin(log: Sequence[Row], rules: Rules) -> Found | None:
    """Say what the rules say of one user; None if they never entered."""
    listed = list(chains(log, rules))
    if not listed:
        return None
    level = max(map(len, listed))
    deepest = [(tuple(log[i].time for i in chain), log[chain[0]].group) for chain in listed if len(chain) == level]
    latest = max(times[0] for times, _ in deepest)
    reached = min(times[-1] for times, _ in deepest)
    start = max(times[0] for times, _ in deepest if times[-1] == reached)
    chosen = [(times, group) for times, group in deepest if times[0] == start and times[-1] == reached]
    early = tuple(min(moments) for moments in zip(*(times for times, _ in chosen), strict=True))
    assert early in {times for times, _ in chosen}  # "each step as early as possible" is one chain's times
    groups = [group for _, group in chosen]
    return Found(level, latest, min((g for g in groups if g is not None), default=None), early)


def table(found: Sequence[Found], rules: Rules, until: int, groups: Sequence[str] | None) -> list[dict[str, Any]]:
    """Lay out the answer's whole table from what the twin found."""
    rows = list(_rows("(total)", found, rules, until))
    for group in () if groups is None else (*sorted(groups), None):
        if own := [f for f in found if f.label == group]:
            rows += _rows("(not set)" if group is None else group, own, rules, until)
    return rows


def _rows(name: str, found: Sequence[Found], rules: Rules, until: int) -> Iterator[dict[str, Any]]:
    for k, step in enumerate(rules.steps, 1):
        users = sum(f.level >= k for f in found)
        before = sum(f.level >= k - 1 for f in found)
        stopped = [f for f in found if f.level == k - 1]
        waiting = sum(f.latest + rules.window > until for f in stopped)
        gaps = [f.gaps[k - 2] for f in found if f.level >= k > 1]
        low, high = wilson(users, before) if k > 1 else (math.nan, math.nan)
        yield {
            "breakdown": name,
            "step": k,
            "event": step,
            "users": users,
            "from_previous": users / before if k > 1 and before else math.nan,
            "from_start": users / len(found),
            "low": low,
            "high": high,
            "dropped": math.nan if k == 1 else len(stopped) - waiting,
            "still_open": math.nan if k == 1 else waiting,
            "median_seconds_from_previous": median(gaps) if gaps else math.nan,
        }


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95% score interval (Wilson 1927): the p at which (hits/n - p)^2 = z^2 p (1 - p) / n."""
    if not n:
        return math.nan, math.nan
    z, share = NormalDist().inv_cdf(0.975), hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


EVENTS, GROUPS = ("a", "b", "c", "x"), ("g", "h")
STEPS = [
    ("a", "b"), ("a", "a"), ("a", "b", "a"), ("a", "a", "b"), ("a", "b", "b"), ("a", "b", "c"), ("a", "b", "a", "b"),
    ("a", "a", "a"), ("c", "b", "a", "c"), ("a", "b", "c", "b"),
]  # fmt: skip


# ---- the whole answer -------------------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    seed=st.integers(0, 2**32),
    steps=st.sampled_from(STEPS),
    window=st.sampled_from([1, 3, 5, 60]),
    entry=st.sampled_from(["every", "first"]),
    broken_down=st.booleans(),
    days=st.sampled_from([(None, None), (1, None), (None, 1), (1, 2), (0, 0)]),
    kept=st.sampled_from([(), ("g",), ("g", "h")]),
    cut=st.sampled_from([None, -1, 0, 40, 70, 200]),
)
def test_whole_table_over_a_log_of_many_users(
    seed: int, steps: tuple[str, ...], window: int, entry: str, broken_down: bool,
    days: tuple[int | None, int | None], kept: tuple[str, ...], cut: int | None,
) -> None:  # fmt: skip
    # Time runs in minutes over three days of 10 minutes' width each: 23:55 to 00:05 and so on.
    rng = random.Random(seed)
    logs = {f"u{i:03d}": _spread(rng) for i in range(200)}
    every = [(user, row) for user, log in logs.items() for row in log]
    rng.shuffle(every)
    last = max(row.time for _, row in every)
    until = last if cut is None else _clock(cut)
    where = Filter(start=_day(days[0]), end=_day(days[1]), channel=kept)
    asked = Funnel(
        steps=steps,
        window=f"{window}m",
        entry=entry,
        breakdown="channel" if broken_down else None,
        observed_until=None if cut is None else EPOCH + dt.timedelta(seconds=until),
        where=None if where == Filter() else where,
    )
    rules = Rules(
        steps,
        window * MINUTE,
        entry == "first",
        -FAR if days[0] is None else days[0] * 86_400,
        FAR if days[1] is None else (days[1] + 1) * 86_400,
    )
    seen = ([r for r in log if r.time <= until and (not kept or r.group in kept)] for log in logs.values())
    found = [one for log in seen if (one := twin(log, rules))]
    tables = Tables(events=_frame(every))
    if not found:
        with pytest.raises(DataError, match="Nobody took the first step"):
            asked.run(tables)
        return
    expected = pd.DataFrame(table(found, rules, until, GROUPS if broken_down else None))
    answer = asked.run(tables)
    whole = {"dropped": "Int64", "still_open": "Int64"}
    actual = answer.table
    assert {c: str(actual[c].dtype) for c in whole} == whole
    pd.testing.assert_frame_equal(
        actual, expected.astype(whole), check_dtype=False, check_exact=False, rtol=1e-12, atol=1e-12
    )


def _spread(rng: random.Random) -> list[Row]:
    return [
        Row(_clock(10 * rng.randrange(3) + rng.randrange(10)), rng.choice(EVENTS), rng.choice((None, *GROUPS)))
        for _ in range(rng.randint(0, 8))
    ]


def _clock(tick: int) -> int:
    """Return seconds since the epoch of a tick: ten ticks a minute apart around each midnight."""
    day, minute = divmod(tick, 10)
    return day * 86_400 + (minute - 5) * MINUTE


def _day(offset: int | None) -> dt.date | None:
    return None if offset is None else (EPOCH + dt.timedelta(days=offset)).date()


def _frame(every: Sequence[tuple[str, Row]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": [user for user, _ in every],
            "timestamp": [EPOCH + dt.timedelta(seconds=row.time) for _, row in every],
            "event": [row.event for _, row in every],
            "channel": [row.group for _, row in every],
        }
    )
