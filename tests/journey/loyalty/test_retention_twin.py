"""Retention against a twin that follows each user by hand, over thousands of users' small logs and every option.

The twin knows nothing of chunks, kernels or boundaries: it asks each event's own wall clock which period it is in.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import defaultdict
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis import Campaign, Filter, Tables
from analysis.errors import DataError
from analysis.estimates import Moments, mean
from analysis.journey.loyalty.retention import BUYERS, Retention
from analysis.store import walk as sequences

ZONE = "Europe/Berlin"
START = dt.datetime(2026, 10, 22)
"""Three days before clocks go back; a step is 7 hours, so some of a day's events share its 25th hour."""
STEP = dt.timedelta(hours=7)
CAMPAIGN = Campaign(name="c9", start="2026-10-01", end="2027-12-31", zone=ZONE)
LENGTH = {"day": 1, "week": 7, "month": 30}
EVENTS = ("visit", "view", "buy")
GROUPS = ("a", "b", None)
NAMES = ("c1", "c2", "c3", None)


@dataclass(frozen=True)
class Row:
    user: str
    at: dt.datetime
    event: str
    group: str | None
    campaign: str | None


@st.composite
def logs(draw: st.DrawFn) -> list[Row]:
    rng = random.Random(draw(st.integers(0, 2**32)))
    span, users = rng.choice([6, 30, 300]), rng.choice([1, 6, 60])
    # Few moments: ties and repeats; many users, each a small log of their own: thousands of them in a run.
    return [
        Row(
            f"u{rng.randrange(users)}",
            START + rng.randrange(span) * STEP + rng.choice([0, 0, 1]) * dt.timedelta(microseconds=rng.randrange(3)),
            rng.choice(EVENTS),
            rng.choice(GROUPS),
            rng.choice(NAMES),
        )
        for _ in range(rng.randint(1, 5 * users))
    ]


@st.composite
def questions(draw: st.DrawFn) -> Retention:
    rng = random.Random(draw(st.integers(0, 2**32)))
    period = rng.choice(["day", "week", "month", "campaign"])
    begin = START.date() + dt.timedelta(days=rng.randrange(6))
    dates = {"start": begin} if rng.random() < 0.4 else {}
    if rng.random() < 0.4:
        dates["end"] = begin + dt.timedelta(days=rng.randrange(20))
    names = {"campaign": ("c1", "c2")} if rng.random() < 0.2 else {}
    return Retention(
        start=rng.choice([(), ("visit",), ("visit", "buy")]),
        returns=rng.choice([None, (), ("view",), ("visit",), ("buy", "view")]),
        period=period,
        periods=rng.choice([1, 2, 5, 40]),
        counting="calendar" if period == "campaign" else rng.choice(["calendar", "rolling"]),
        cohort=rng.choice(["first_ever", "first_in_range"]),
        unbounded=rng.random() < 0.4,
        breakdown=rng.choice([None, "channel"]),
        observed_until=rng.choice([None, None, START + rng.randrange(40) * STEP]),
        where=Filter(**dates, **names) if dates or names else None,
    )


def local(at: dt.datetime) -> dt.date:
    return at.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(ZONE)).date()


def floor(period: str, day: dt.date) -> dt.date:
    if period == "week":
        return day - dt.timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def following(period: str, day: dt.date) -> dt.date:
    if period == "month":
        return dt.date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + dt.timedelta(days=LENGTH[period])


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).astimezone(dt.UTC).replace(tzinfo=None)


class Twin:
    """What the question says of a log, user by user."""

    def __init__(self, log: list[Row], asked: Retention) -> None:
        self.asked, self.log = asked, log
        self.until = dt.datetime.fromisoformat(asked.observed_until) if asked.observed_until else max(r.at for r in log)
        where = asked.where or Filter()
        firsts: dict[str, dt.datetime] = {}
        for row in sorted(log, key=lambda r: r.at):
            if row.campaign and (not where.campaign or row.campaign in where.campaign):
                firsts.setdefault(row.campaign, row.at)
        self.campaigns = sorted(firsts, key=lambda name: (firsts[name], name))
        self.rows = [
            r for r in log
            if r.at <= self.until and (not where.campaign or r.campaign in where.campaign)
            and (asked.period != "campaign" or r.campaign)
        ]  # fmt: skip
        self.low = midnight(dt.date.fromisoformat(where.start)) if where.start else dt.datetime.min
        self.high = midnight(dt.date.fromisoformat(where.end) + dt.timedelta(1)) if where.end else dt.datetime.max
        self.people = [p for u in sorted({r.user for r in self.rows}) if (p := self.person(u))]

    def place(self, row: Row) -> Any:
        if self.asked.period == "campaign":
            return self.campaigns.index(row.campaign)
        return floor(self.asked.period, local(row.at))

    def later(self, cohort: Any, begun: dt.datetime, row: Row) -> int:
        if self.asked.counting == "rolling":
            return (row.at - begun) // dt.timedelta(days=LENGTH[self.asked.period])
        place = self.place(row)
        if self.asked.period == "campaign":
            return place - cohort
        k = 0
        while cohort < place:
            cohort, k = following(self.asked.period, cohort), k + 1
        return k

    def person(self, user: str) -> dict[str, Any] | None:
        asked = self.asked
        own = [r for r in self.rows if r.user == user]
        starts = [r for r in own if not asked.start or r.event in asked.start]
        if asked.cohort == "first_in_range":
            starts = [r for r in starts if r.at >= self.low]
        if not starts:
            return None
        begun = min(r.at for r in starts)
        if not self.low <= begun < self.high:
            return None
        tied = [r for r in starts if r.at == begun]
        cohort = min(self.place(r) for r in tied)
        returns = asked.start if asked.returns is None else asked.returns
        back = [
            r for r in own
            if r.at >= begun and (not returns or r.event in returns) and any(s is not r for s in tied)
        ]  # fmt: skip
        groups = [r.group for r in tied if r.group is not None]
        return {
            "user": user, "cohort": cohort, "begun": begun, "group": min(groups, default=None),
            "back": {self.later(cohort, begun, r) for r in back},
        }  # fmt: skip

    def cell(self, people: list[dict[str, Any]], cohort: Any, k: int) -> tuple[bool, bool]:
        """Say whether the k-th period after a cohort's has begun, and whether it is over."""
        if self.asked.counting == "rolling":
            size = dt.timedelta(days=LENGTH[self.asked.period])
            begun = any(p["begun"] + k * size <= self.until for p in people)
            return begun, all(p["begun"] + (k + 1) * size <= self.until + dt.timedelta.resolution for p in people)
        if self.asked.period == "campaign":
            if cohort + k >= len(self.campaigns):
                return False, False
            last = max(r.at for r in self.log if r.campaign == self.campaigns[cohort + k])
            return True, local(last) < local(max(r.at for r in self.log))
        for _ in range(k):
            cohort = following(self.asked.period, cohort)
        end = midnight(following(self.asked.period, cohort))
        return midnight(cohort) <= self.until, end <= self.until + dt.timedelta.resolution

    def label(self, cohort: Any) -> str:
        if self.asked.period == "campaign":
            return self.campaigns[cohort]
        return cohort.isoformat()[: 7 if self.asked.period == "month" else 10]

    def table(self) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        parts = [("(total)", self.people)]
        if self.asked.breakdown:
            groups = sorted({p["group"] for p in self.people if p["group"]})
            parts += [(g, [p for p in self.people if p["group"] == g]) for g in groups]
            parts += [("(not set)", [p for p in self.people if p["group"] is None])]
        for name, people in parts:
            for cohort in sorted({p["cohort"] for p in people}):
                own = [p for p in people if p["cohort"] == cohort]
                for k in range(self.asked.periods + 1):
                    begun, over = self.cell(own, cohort, k)
                    if begun:
                        rows.append((name, self.label(cohort), k, len(own), sum(self.is_back(p, k) for p in own), over))
        return rows

    def is_back(self, person: dict[str, Any], k: int) -> bool:
        return any(j >= k for j in person["back"]) if self.asked.unbounded else k in person["back"]


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the roots in p of (hits/n - p)^2 = z^2 p (1 - p) / n."""
    z2 = NormalDist().inv_cdf(0.975) ** 2
    roots = np.roots([1 + z2 / n, -(2 * hits / n + z2 / n), (hits / n) ** 2]).real
    return min(roots), max(roots)


def tables(log: list[Row], **more: Any) -> Tables:
    frame = pd.DataFrame(
        {
            "user_id": [r.user for r in log],
            "timestamp": pd.array([r.at for r in log], "datetime64[us]"),
            "event": [r.event for r in log],
            "channel": [r.group for r in log],
            "campaign": [r.campaign for r in log],
        }
    )
    return Tables(events=frame, campaign=CAMPAIGN, **more)


def missing(log: list[Row], asked: Retention) -> bool:
    """Say whether the question names what the log does not hold: that has a message of its own."""
    events = {r.event for r in log}
    campaigns = {r.campaign for r in log} - {None}
    where = asked.where or Filter()
    return (
        not {*asked.start, *(asked.returns or ())} <= events
        or (bool(asked.breakdown) and not any(r.group for r in log))
        or (not campaigns and asked.period == "campaign")
        or bool(set(where.campaign) - campaigns)
    )


@settings(max_examples=cases(200))
@given(log=logs(), asked=questions())
@pytest.mark.long
def test_retention_is_what_each_users_days_say(log: list[Row], asked: Retention) -> None:
    twin = Twin(log, asked)
    data = tables(log)
    if missing(log, asked) or not twin.people:
        with pytest.raises(DataError):
            asked.run(data)
        return
    answer = asked.run(data)
    columns = ["breakdown", "cohort", "later", "users", "returned", "complete"]
    assert list(answer.table[columns].itertuples(index=False, name=None)) == twin.table()
    for row in answer.table.itertuples():
        assert row.share == row.returned / row.users
        assert (row.low, row.high) == pytest.approx(wilson(row.returned, row.users), abs=1e-7)
    _assert_pooled(answer.frame("curve"), twin.table())


def _assert_pooled(curve: pd.DataFrame, table: list[tuple[Any, ...]]) -> None:
    pooled: dict[tuple[str, int], list[int]] = defaultdict(lambda: [0, 0, 0])
    for name, _, later, users, returned, over in table:
        if over:
            cell = pooled[name, later]
            cell[0], cell[1], cell[2] = cell[0] + users, cell[1] + 1, cell[2] + returned
    found = {(r.breakdown, r.later): [r.users, r.cohorts, r.returned] for r in curve.itertuples()}
    assert found == dict(pooled)


# ---- revenue ----------------------------------------------------------------------------------------------


@settings(max_examples=cases(60))
@given(log=logs(), asked=questions(), seed=st.integers(0, 2**32), ordered=st.booleans())
@pytest.mark.long
def test_revenue_is_what_each_user_paid_after_their_start(
    log: list[Row], asked: Retention, seed: int, ordered: bool
) -> None:
    rng = random.Random(seed)
    asked = asked.replace(measure="revenue", unbounded=False)
    paid = [
        (Row(r.user, r.at + rng.randrange(-2, 9) * STEP, "purchase", None, rng.choice(NAMES)), rng.randrange(1, 9))
        for r in log
    ]  # fmt: skip
    last = max(r.at for r in log)
    paid = [(r, amount) for r, amount in paid if r.at <= last]
    orders = pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(len(paid))],
            "timestamp": pd.array([r.at for r, _ in paid], "datetime64[us]"),
            "revenue": [float(amount + 1) for _, amount in paid],
            "refund": 1.0,
            "currency": "CNY",
            "user_id": [r.user for r, _ in paid],
            "paid_at": pd.array([r.at for r, _ in paid], "datetime64[us]"),
            "campaign": [r.campaign for r, _ in paid],
        }
    )
    full = [*(Row("nobody", last, event, None, None) for event in EVENTS), *log]
    # An order nobody paid, so that the orders are observed until the same moment as the events.
    unpaid = pd.DataFrame({"order_id": ["o-last"], "timestamp": [last], "revenue": [1.0], "currency": ["CNY"]})
    data = tables(full, orders=pd.concat([orders, unpaid.astype({"timestamp": "datetime64[us]"})]))
    twin = Twin(full, asked)
    if missing(full, asked) or not twin.people or not paid or not any(r.campaign for r, _ in paid):
        return
    answer = asked.run(data)
    assert answer.currency == "CNY"
    expected = _brought(twin, paid)
    for row in answer.table.query("breakdown == '(total)'").itertuples():
        own = [p for p in twin.people if twin.label(p["cohort"]) == row.cohort]
        each = [expected.get((p["user"], row.later), 0.0) for p in own]
        assert row.users == len(own)
        assert row.returned == sum(amount > 0 for amount in each)
        assert row.revenue == pytest.approx(sum(each))
        assert row.per_user == pytest.approx(fmean(each))
        _assert_interval(row, each)


def _brought(twin: Twin, paid: list[tuple[Row, int]]) -> dict[tuple[str, int], float]:
    people = {p["user"]: p for p in twin.people}
    found: dict[tuple[str, int], float] = defaultdict(float)
    where = twin.asked.where or Filter()
    for row, amount in paid:
        person = people.get(row.user)
        if person is None or not person["begun"] <= row.at <= twin.until:
            continue
        if where.campaign and row.campaign not in where.campaign:
            continue
        if twin.asked.period == "campaign" and row.campaign not in twin.campaigns:
            continue
        found[row.user, twin.later(person["cohort"], person["begun"], row)] += amount
    return found


def _assert_interval(row: Any, each: list[float]) -> None:
    if row.returned < BUYERS:
        assert math.isnan(row.low)
        assert math.isnan(row.high)
        return
    _, low, high = mean(Moments.of(each), least=0).floats()
    assert (row.low, row.high) == pytest.approx((low, high), nan_ok=True)


# ---- chunks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_chunks_of_any_size_give_the_same_answer(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    rng = random.Random(4)
    log = [
        Row(f"u{rng.randrange(40)}", START + rng.randrange(90) * STEP, rng.choice(EVENTS), rng.choice(GROUPS), "c1")
        for _ in range(400)
    ]
    for asked in (Retention(breakdown="channel"), Retention(unbounded=True, counting="rolling", period="day")):
        whole = asked.run(tables(log)).table
        monkeypatch.setattr(sequences, "BATCH", size)
        pd.testing.assert_frame_equal(asked.run(tables(log)).table, whole)
        monkeypatch.undo()
