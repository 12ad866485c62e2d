"""Buyers' states: their limits, a brute-force twin, weeks that agree with movement, and odd data in words."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Filter, LifecycleStates, Tables
from analysis.errors import DataError, QuestionError
from analysis.vocabulary import STATES

START = pd.Timestamp("2025-01-01 12:00")


def tables(days: list[tuple[str, int]], **columns: object) -> Tables:
    """Return one paid order per user and day from 2025 on."""
    at = [START + pd.Timedelta(days=day) for _, day in days]
    frame = pd.DataFrame({
        "order_id": [f"o{i}" for i in range(len(days))],
        "user_id": [user for user, _ in days],
        "timestamp": at,
        "paid_at": at,
        "revenue": 10.0,
        "currency": "CNY",
    })  # fmt: skip
    return Tables(orders=frame.assign(**columns))


def on(day: int) -> str:
    return (START + pd.Timedelta(days=day)).date().isoformat()


def state(days: list[int], at: int, lapsed: int) -> str:
    """Tell a buyer's state the long way round."""
    past = sorted({day for day in days if day <= at})
    if not past:
        return "no order yet"
    silent = at - past[-1]
    if silent > lapsed:
        return "lapsed"
    if silent > -(-lapsed // 2):
        return "at risk"
    return "won back" if len(past) > 1 and past[-1] - past[-2] > lapsed else "active"


def test_each_state_to_the_day() -> None:
    days = [("a", 100), ("b", 50), ("c", 49), ("d", 10), ("e", 9), ("f", 10), ("f", 101), ("g", 9), ("g", 100)]
    found = LifecycleStates(at=on(100), lapsed_after=90).members(tables(days)).to_pylist()
    told = {row["user_id"]: row["stage"] for row in found}
    # 45 days are half of 90; "g" comes back after a silence of 91 days, "f" after the day that is asked about.
    assert told == {"a": "active", "b": "at risk", "c": "at risk", "d": "at risk", "e": "lapsed", "f": "at risk",
                    "g": "won back"}  # fmt: skip


def test_a_buyer_silent_for_three_years_is_lapsed() -> None:
    days = [("old", 0), ("new", 1100)]
    table = LifecycleStates(at=on(1100)).run(tables(days)).table.set_index("state")["users"]
    assert table.to_dict() == {"active": 1, "at risk": 0, "lapsed": 1, "won back": 0, "(total)": 2}


def test_lines_of_an_order_are_one_and_a_credit_note_is_no_purchase() -> None:
    at = [START, START, START + pd.Timedelta(days=200), START + pd.Timedelta(days=300)]
    orders = pd.DataFrame({
        "order_id": ["o1", "o1", "o2", "o3"], "user_id": ["u", "u", "u", "w"], "timestamp": at, "paid_at": at,
        "revenue": [5.0, 6.0, -3.0, 9.0], "currency": "CNY",
    })  # fmt: skip
    asked = LifecycleStates(at=on(300), lapsed_after=90)
    found = {row["user_id"]: row["stage"] for row in asked.members(Tables(orders=orders)).to_pylist()}
    assert found == {"u": "lapsed", "w": "active"}  # not won back on the credit note's day


def test_the_limit_is_where_nine_in_ten_returns_came() -> None:
    days = [(f"u{i}", day) for i in range(100) for day in (0, i + 1)]
    short = LifecycleStates().run(tables(days))
    assert short.lapsed_after == 90  # for want of days: a hundred hold no gap that is longer
    assert "known for too few days" in short.text() and "90 days are taken" in short.text()
    answer = LifecycleStates().run(tables([("first", 0), *((user, day + 200) for user, day in days)]))
    assert answer.lapsed_after == 90
    assert "100 returns" in answer.text() and "within 90 days" in answer.text()
    few = LifecycleStates().run(tables(days[:10]))
    assert few.lapsed_after == 90
    assert next(note for note in few.notes if note.code == "limit").level == "warning"


orders = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 240)), min_size=1, max_size=40)


@settings(max_examples=40)
@given(orders, st.integers(2, 60), st.integers(60, 250), st.integers(1, 60))
@pytest.mark.long
def test_states_and_weeks_are_those_of_a_brute_force_twin(
    days: list[tuple[str, int]], lapsed: int, at: int, back: int
) -> None:
    asked = LifecycleStates(at=on(at), since=on(at - back), lapsed_after=lapsed, weeks=5)
    held = {user: [day for own, day in days if own == user] for user, _ in days}
    if min(day for _, day in days) > at:
        with pytest.raises(DataError):
            asked.run(tables(days))
        return
    answer = asked.run(tables(days))
    moved = pd.Series([(state(d, at - back, lapsed), state(d, at, lapsed)) for d in held.values()]).value_counts()
    told = {(row.from_state, row.to_state): row.users for row in answer.frame("movement").itertuples()}
    assert told == {pair: n for pair, n in moved.items() if pair[1] != "no order yet"}
    weekly = answer.frame("weekly_movement")
    for week in range(5):
        end = at - 7 * (4 - week)
        pairs = pd.Series([(state(d, end - 7, lapsed), state(d, end, lapsed)) for d in held.values()]).value_counts()
        rows = weekly[weekly["week"] == pd.Timestamp(on(end))]
        told = {(row.from_state, row.to_state): row.users for row in rows.itertuples()}
        assert told == {pair: n for pair, n in pairs.items() if pair[1] != "no order yet"}
        sizes = answer.frame("weeks").query("week == @pd.Timestamp(@on(@end))").set_index("state")["users"]
        assert sizes.to_dict() == {one: sum(state(d, end, lapsed) == one for d in held.values()) for one in STATES}


def test_members_of_a_weeks_cell_are_the_people_it_counts() -> None:
    rng = np.random.default_rng(3)
    days = [(f"u{user}", int(day)) for user in range(300) for day in rng.integers(0, 200, 3)]
    held = tables(days)
    answer = LifecycleStates(at=on(200), lapsed_after=40, weeks=4).run(held)
    for row in answer.frame("weekly_movement").itertuples():
        end = row.week.date()
        asked = LifecycleStates(
            at=end, since=end - dt.timedelta(days=7), lapsed_after=40, was=row.from_state, now=row.to_state
        )
        found = asked.members(held)
        assert found.num_rows == row.users
        assert set(found["stage"].to_pylist()) == {row.to_state}


def test_a_local_day_decides_in_the_campaigns_zone(campaign: object) -> None:
    late = tables([("u", 0)], timestamp=pd.Timestamp("2026-11-10 16:30"), paid_at=pd.Timestamp("2026-11-10 16:30"))
    assert LifecycleStates(at="2026-11-10").run(late).table["users"].iloc[-1] == 1
    shanghai = Tables(orders=late.arrow("orders"), campaign=campaign)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="No buyer is counted by 2026-11-10"):
        LifecycleStates(at="2026-11-10").run(shanghai)


def test_odd_data_is_told_in_words() -> None:
    with pytest.raises(DataError, match="who ordered"):
        LifecycleStates().run(tables([("u", 0)], user_id=None))
    for days in ([("u", 5)], [(f"u{i}", 5) for i in range(50)]):  # one buyer; all orders on one day
        answer = LifecycleStates().run(tables(days))
        assert answer.table["users"].iloc[-1] == len(days)
        assert "Only 0 returns on a later day are known" in answer.text()
    with pytest.raises(QuestionError, match="is not before"):
        LifecycleStates(at="2026-11-01", since="2026-11-01")
    with pytest.raises(DataError, match="another cell"):
        LifecycleStates(at=on(9), was="lapsed").members(tables([("u", 5)]))


def test_a_filter_is_said() -> None:
    answer = LifecycleStates(where=Filter(start="2025-01-01")).run(tables([("u", 5)]))
    assert "whoever bought elsewhere" in answer.text()


def test_the_sample_follows_its_campaigns(sample: Tables) -> None:
    """Buyers of one campaign stand lapsed until the next, a year on."""
    answer = LifecycleStates(at="2026-09-20", since="2025-11-15", lapsed_after=180).run(sample)
    assert answer.table.set_index("state")["users"].drop("(total)").to_dict().keys() == set(STATES)
    assert answer.table.set_index("state").loc["lapsed", "share"] == 1.0
