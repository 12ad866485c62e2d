"""Growth: the worked example, a brute-force twin, and periods in the campaign's zone."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Filter, Growth, Tables
from analysis.errors import DataError

FIRST = dt.date(2026, 10, 28)


def events(days: list[tuple[str, int]]) -> Tables:
    """Return one event per user and day from 2026-10-28 on."""
    at = [pd.Timestamp(FIRST) + pd.Timedelta(days=day, hours=9) for _, day in days]
    return Tables(events=pd.DataFrame({"user_id": [u for u, _ in days], "timestamp": at, "event": "view"}))


def test_an_actor_is_new_returning_resurrected_and_dormant_by_day() -> None:
    """As in the source: PostHog's lifecycle test of one person's days."""
    days = [9, 11, 12, 13, 15, 17, 18, 19]
    at = [pd.Timestamp(2020, 1, day, 12) for day in days]
    table = Growth().run(Tables(events=pd.DataFrame({"user_id": "p1", "timestamp": at, "event": "$pageview"}))).table
    told = {
        part: [int(p.day) for p in table.loc[table[part] > 0, "period"]]
        for part in ("new", "returning", "resurrected", "dormant")
    }
    assert told == {"new": [9], "returning": [12, 13, 18, 19], "resurrected": [11, 15, 17], "dormant": [10, 14, 16]}
    assert table["period"].iloc[-1] == pd.Timestamp(2020, 1, 19)
    assert (table[["new", "returning", "resurrected", "dormant"]].max() == 1).all()


def period(day: int, every: str) -> dt.date:
    date = FIRST + dt.timedelta(days=day)
    return {"day": date, "week": date - dt.timedelta(days=date.weekday()), "month": date.replace(day=1)}[every]


rows = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 100)), min_size=1, max_size=40)


@settings(max_examples=40)
@given(rows, st.sampled_from(["day", "week", "month"]))
@pytest.mark.long
def test_growth_is_that_of_a_brute_force_twin(days: list[tuple[str, int]], every: str) -> None:
    table = Growth(every=every).run(events(days)).table
    shown = [p.date() for p in table["period"]]
    assert shown == sorted({period(day, every) for day in range(min(d for _, d in days), max(d for _, d in days) + 1)})
    held = {user: {period(day, every) for own, day in days if own == user} for user, _ in days}
    for i, row in enumerate(table.itertuples()):
        now = {user for user, own in held.items() if shown[i] in own}
        before = {user for user, own in held.items() if i and shown[i - 1] in own}
        known = {user for user, own in held.items() if min(own) < shown[i]}
        parts = (now - known, now & before, (now & known) - before, before - now)
        assert (row.new, row.returning, row.resurrected, row.dormant) == tuple(map(len, parts))
        assert (row.active, row.before) == (len(now), len(before))
    assert (table["active"].diff().iloc[1:] == table["net"].iloc[1:]).all()


def test_dates_restrict_what_is_shown_not_who_is_new() -> None:
    held = events([("a", 0), ("a", 5), ("b", 5)])
    table = Growth(where=Filter(start="2026-11-02", end="2026-11-02")).run(held).table
    assert table[["new", "resurrected"]].to_numpy().tolist() == [[1, 1]]
    with pytest.raises(DataError, match="Nobody was active within these dates"):
        Growth(where=Filter(start="2026-12-02")).run(held)


def test_a_running_period_is_said() -> None:
    answer = Growth(every="month").run(events([("a", 0), ("b", 8)]))
    assert not answer.table["complete"].iloc[-1]
    assert "not over" in answer.text()
    assert "On 2026-11-05" in Growth().run(events([("a", 0), ("b", 8), ("b", 9)])).text()


def test_unknown_events_and_nobody_are_told() -> None:
    with pytest.raises(DataError, match="viev"):
        Growth(by="viev").run(events([("a", 0)]))


def test_the_sample_keeps_about_as_many_as_come(sample: Tables) -> None:
    table = Growth(every="week").run(sample).table
    users = len(set(sample.arrow("events")["user_id"].to_pylist()))
    assert int(table["new"].sum()) == users  # everybody is new once
    assert np.array_equal(table["active"].to_numpy()[1:] - table["active"].to_numpy()[:-1], table["net"].to_numpy()[1:])
