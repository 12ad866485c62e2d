"""Participation against a twin over sets of users, its trend against statsmodels' GEE, and the sample's truth."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sizes import cases
from statsmodels.genmod.cov_struct import Independence
from statsmodels.genmod.families import Gaussian
from statsmodels.genmod.generalized_estimating_equations import GEE

from analysis import Campaign, Filter, Tables
from analysis.errors import DataError
from analysis.estimates import SMALL, proportion
from analysis.journey.loyalty.participation import FEWEST, Participation
from benchmarks.nulls import SIMULATIONS, attended, visits

SAMPLE = Path(__file__).resolve().parents[3] / "sample_data"
NAMES = ("c2", "c0", "c1", "c3", "c4")
"""Campaigns in order of their first event: not that of their names."""
BEGIN = pd.Timestamp("2026-01-01 05:00")


def log(rng: random.Random, campaigns: int) -> pd.DataFrame:
    """Make events of up to 40 users in campaigns of ten days each, and some of none."""
    rows = [("host", BEGIN + pd.Timedelta(days=10 * p), "view", NAMES[p]) for p in range(campaigns)]
    for _ in range(rng.choice([20, 300])):
        p = rng.randrange(campaigns)
        at = BEGIN + pd.Timedelta(days=10 * p, minutes=rng.randint(0, 9 * 24 * 60))
        rows.append((f"u{rng.randrange(40)}", at, rng.choice(["view", "buy"]), rng.choice([NAMES[p], NAMES[p], None])))
    rows.append(("host", BEGIN + pd.Timedelta(days=10 * campaigns), "view", None))
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "campaign"])
    return frame.astype({"timestamp": "datetime64[us]"})


def paid(rng: random.Random) -> pd.DataFrame:
    """Make orders of users who acted and of some who never did, before the first campaign's day and after it began."""
    n = rng.randint(1, 150)
    days = [rng.choice([-20, -3, 0.1, 4]) for _ in range(n)]
    at = pd.to_datetime(["2026-01-01"] * n) + pd.to_timedelta(days, unit="D")
    return pd.DataFrame(
        {
            "order_id": [f"o{i}" for i in range(n)],
            "timestamp": at,
            "revenue": 9.0,
            "currency": "CNY",
            "user_id": [rng.choice([None, *(f"u{u}" for u in range(50))]) for _ in range(n)],
            "paid_at": [t if rng.random() < 0.9 else pd.NaT for t in at],
        }
    )


def came(events: pd.DataFrame, asked: Participation) -> dict[str, set[str]]:
    """Return who took part in each campaign, in the campaigns' order."""
    rows = events[events["campaign"].notna()]
    order = rows.groupby("campaign")["timestamp"].min().sort_values().index
    rows = rows[rows["event"].isin(asked.by)] if asked.by else rows
    return {name: set(rows.loc[rows["campaign"] == name, "user_id"]) for name in order}


def loyal(orders: pd.DataFrame, asked: Participation) -> set[str]:
    before = orders[(orders["paid_at"] < pd.Timestamp("2026-01-01")) & orders["user_id"].notna()]
    counts = before.groupby("user_id").size()
    return set(counts[counts >= asked.paid_orders].index)


@settings(max_examples=cases(80))
@given(seed=st.integers(0, 2**32))
def test_participation_is_what_sets_of_users_say(seed: int) -> None:
    rng = random.Random(seed)
    events, orders = log(rng, rng.randint(1, 5)), paid(rng)
    asked = Participation(by=rng.choice([(), ("buy",), ("view", "buy")]), paid_orders=rng.choice([0, 0, 1, 2]))
    assume(set(asked.by) <= set(events["event"]))
    base = loyal(orders, asked) if asked.paid_orders else None
    sets = {name: users & base if base is not None else users for name, users in came(events, asked).items()}
    data = Tables(events=events.sample(frac=1, random_state=1), orders=orders)
    if base == set() or not any(sets.values()):
        with pytest.raises(DataError):
            asked.run(data)
        return
    answer = asked.run(data)
    _assert_cohorts(answer.table, sets)
    _assert_campaigns(answer.frame("campaigns"), sets, base)
    _assert_trend(answer, sets, base)


def _assert_cohorts(table: pd.DataFrame, sets: dict[str, set[str]]) -> None:
    expected, names, before = [], list(sets), set[str]()
    for f, first in enumerate(names):
        cohort, before = sets[first] - before, before | sets[first]
        for p in range(f, len(names)) if cohort else ():
            expected.append((first, names[p], p - f, len(cohort), len(cohort & sets[names[p]]), True))
    columns = ["cohort", "campaign", "later", "users", "took_part", "complete"]
    assert list(table[columns].itertuples(index=False, name=None)) == expected
    assert (table["share"] == table["took_part"] / table["users"]).all()
    later = table[table["later"] > 0]
    np.testing.assert_array_equal(later[["low", "high"]].T, proportion(later["took_part"], later["users"])[1:])
    assert table.loc[table["later"] == 0, ["low", "high"]].isna().all(axis=None)


def _regulars(sets: list[set[str]], p: int) -> set[str]:
    """Return who took part in both campaigns before the p-th."""
    return sets[p - 1] & sets[p - 2] if p > 1 else set()


def _assert_campaigns(table: pd.DataFrame, sets: dict[str, set[str]], base: set[str] | None) -> None:
    names = list(sets)
    before: set[str] = set()
    for p, row in enumerate(table.itertuples()):
        here, following = sets[names[p]], sets[names[p + 1]] if p + 1 < len(names) else set()
        known = _regulars(list(sets.values()), p) if base is None else base
        assert (row.campaign, row.users, row.new, row.returning) == (
            names[p], len(here), len(here - before), len(here & before),
        )  # fmt: skip
        assert (row.known, row.came, row.came_next) == (len(known), len(known & here), len(here & following))
        if known:
            assert row.rate == len(known & here) / len(known)
        assert math.isnan(row.next_share) == (not here or p + 1 == len(names))
        before |= here


def _assert_trend(answer: Any, sets: dict[str, set[str]], base: set[str] | None) -> None:
    """Compare with a GEE of independent working correlation on a row per user and campaign."""
    each = list(sets.values())
    rows = [(user, p, user in here) for p, here in enumerate(each)
            for user in sorted(_regulars(each, p) if base is None else base)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["user", "p", "came"])
    trend = answer.frame("trend").iloc[0]
    assert trend["campaigns"] == frame["p"].nunique()
    missing = [note.message.text() for note in answer.notes if note.code == "no-trend"]
    if frame["p"].nunique() < FEWEST:
        assert math.isnan(trend["change"])
        assert f"needs {FEWEST} campaigns" in missing[0]
        return
    if (low := frame.groupby("p").size().min()) < SMALL:
        assert math.isnan(trend["change"])
        assert f"there are {low}" in missing[0]
        return
    design = np.column_stack([np.ones(len(frame)), frame["p"]])
    fit = GEE(frame["came"].astype(float), design, groups=frame["user"].astype("category").cat.codes,
              family=Gaussian(), cov_struct=Independence()).fit(maxiter=200, ctol=1e-12)  # fmt: skip
    bounds = np.asarray(fit.conf_int())[1]
    if not np.ptp(bounds) > 1e-8:  # everybody did the same
        assert math.isnan(trend["change"])
        assert missing
        return
    assert not missing
    assert trend["change"] == pytest.approx(np.asarray(fit.params)[1], abs=1e-9)
    assert (trend["change_low"], trend["change_high"]) == pytest.approx(tuple(bounds), abs=1e-8)


# ---- nobody changes -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("campaigns", [4, 6])
@pytest.mark.long
def test_people_who_never_come_again_are_no_trend(campaigns: int) -> None:
    # Of all who came before, ever more are gone; of 60 runs at 5% each, 9 or more false alarms come once in 400 times.
    assert SIMULATIONS[f"participation-null-{campaigns}"].count(60) <= 8


def test_people_who_come_each_as_often_as_ever_are_no_trend() -> None:
    """Some come to nearly all, some to hardly any of seven campaigns, and nobody changes."""
    told = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        user, place = np.nonzero(rng.random((1500, 7)) < rng.beta(0.4, 0.8, 1500)[:, None])
        trend = Participation().run(Tables(events=visits(user, place))).frame("trend").iloc[0]
        told += trend["change_high"] < 0 or trend["change_low"] > 0
    assert told <= 3  # four or more of twelve at 5% each come once in 450 times


def test_regulars_who_tire_are_found() -> None:
    rates = [0.0, 0.6, 0.6, 0.5, 0.4, 0.3]
    events = attended(np.random.default_rng(3), 6, 6000, rates, gone=0.5)
    answer = Participation().run(Tables(events=events))
    trend = answer.frame("trend").iloc[0]
    assert trend["change_low"] < -0.1 < trend["change_high"] < 0
    assert "percentage points fewer from each campaign to the next" in answer.headline.text()


# ---- the sample -------------------------------------------------------------------------------------------


def test_the_planted_fatigue_is_found(sample: Tables) -> None:
    planted = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))["fatigue"]["value"]
    answer = Participation(paid_orders=2).run(sample)
    table = answer.frame("campaigns").set_index("campaign")
    assert list(table.index) == list(planted)
    for name, rate in planted.items():
        assert table.loc[name, "low"] < rate < table.loc[name, "high"]
    assert table["complete"].all()
    trend = answer.frame("trend").iloc[0]
    slope = np.polyfit(range(len(planted)), list(planted.values()), 1)[0]
    assert trend["change_low"] < slope < trend["change_high"] < 0


def test_everyone_has_too_few_rates_for_a_trend_and_the_reason_is_said(sample: Tables) -> None:
    answer = Participation().run(sample)
    assert answer.frame("trend")["change"].isna().all()
    assert [n.level for n in answer.notes if n.code == "no-trend"] == ["missing"]


# ---- what may be wrong ------------------------------------------------------------------------------------


def events(*rows: tuple[str, str, str, str | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "campaign"])
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"], format="ISO8601"))


TWO = events(("u1", "2025-11-11", "view", "a"), ("u1", "2026-11-11", "view", "b"), ("u2", "2026-11-12", "view", "b"))


@pytest.mark.parametrize(
    ("end", "running"), [(None, True), ("2026-11-12", False), ("2026-11-11", False), ("2026-11-13", True)]
)
def test_the_last_campaign_may_still_be_running(end: str | None, running: bool) -> None:
    known = Campaign(name="b", start="2026-11-01", end=end, zone="UTC") if end else None
    answer = Participation().run(Tables(events=TWO, campaign=known))
    assert answer.frame("campaigns")["complete"].tolist() == [True, not running]
    assert ("running" in [n.code for n in answer.notes]) is running
    assert answer.table["complete"].tolist() == [True, not running, not running]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Participation(by="viev"), "Did you mean view"),
        (Participation(where=Filter(campaign="bb")), "There is no campaign 'bb'. "),
        (Participation(where=Filter(start="2030-01-01")), "No campaign has events within these dates"),
        (Participation(paid_orders=2), "There is no data on orders yet"),
        (Participation(where=Filter(channel="x")), "cannot be filtered by channel"),
    ],
)
def test_what_cannot_be_asked_is_said(asked: Participation, says: str) -> None:
    with pytest.raises(DataError) as raised:
        asked.run(Tables(events=TWO))
    assert says in str(raised.value)


def test_events_without_campaigns_are_refused_with_what_is_there() -> None:
    with pytest.raises(DataError) as raised:
        Participation().run(Tables(events=TWO.drop(columns="campaign")))
    assert raised.value.code == "no-column"
    assert "campaign" in str(raised.value)


def test_nobody_loyal_says_what_to_change() -> None:
    orders = pd.DataFrame({"order_id": ["o"], "timestamp": [pd.Timestamp("2025-01-01")], "revenue": [1.0],
                           "currency": ["CNY"], "user_id": ["u1"]})  # fmt: skip
    orders["paid_at"] = orders["timestamp"]
    data = Tables(events=TWO, orders=orders)
    assert Participation(paid_orders=1).run(data).frame("campaigns")["rate"].tolist() == [1.0, 1.0]
    with pytest.raises(DataError) as raised:
        Participation(paid_orders=2).run(data)
    assert "Nobody had 2 paid orders before a began on 2025-11-11" in str(raised.value)


def test_more_campaigns_than_can_be_compared_are_refused() -> None:
    many = events(*((f"u{i}", f"2026-01-01 {i % 24:02d}:00", "view", f"c{i}") for i in range(61)))
    with pytest.raises(DataError) as raised:
        Participation().run(Tables(events=many))
    assert raised.value.code == "too-many-values"
    few = Participation(where=Filter(campaign=("c1", "c2"))).run(Tables(events=many))
    assert len(few.frame("campaigns")) == 2
