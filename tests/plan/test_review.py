"""A review's parts add up to the cent, are what was planted, and what was foretold stands beside what came."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import (
    Adjustment,
    Campaign,
    CampaignReview,
    Forecast,
    Goal,
    Lesson,
    Performance,
    Phase,
    PlanLine,
    Sales,
    Tables,
)
from analysis.errors import DataError
from analysis.plan.parts import Cells, parted

CAMPAIGN = Campaign(
    name="autumn", start="2026-11-01", end="2026-11-10", zone="Asia/Shanghai",
    phases=(Phase(name="first", start="2026-11-01", end="2026-11-05"),
            Phase(name="second", start="2026-11-06", end="2026-11-10")),
)  # fmt: skip


def cents(amounts: Any) -> int:
    return sum(round(100 * float(amount)) for amount in amounts)


def assert_adds_up(answer: Any) -> None:
    """Every side's parts, and every channel's, add up to the cent; channels add up to the table."""
    for side, rows in answer.table.groupby("side"):
        amounts = rows.set_index("part")["amount"]
        assert cents(amounts.drop("came")) == cents([amounts["came"]]), side
    channels = answer.frame("channels")
    for row in channels.to_dict("records"):
        gap = cents([row["revenue"]]) - cents([row["planned_revenue"]])
        assert gap == cents(row[part] for part in ("volume", "timing", "rates", "left")), row["channel"]
    revenue = answer.table[answer.table["side"] == "revenue"].set_index("part")["amount"]
    for part in ("volume", "timing", "rates", "left"):
        assert cents(channels[part]) == cents([revenue[part]]), part
    assert (cents(channels["planned_revenue"]), cents(channels["revenue"])) == (
        cents([revenue["aim"]]), cents([revenue["came"]]),
    )  # fmt: skip


def test_the_samples_parts_add_up_and_are_the_questions_own_sums(sample: Tables) -> None:
    answer = CampaignReview().run(sample)
    assert_adds_up(answer)
    where = sample.current()
    sold, spent = Sales(where=where).run(sample).table, Performance(by=None, where=where).run(sample).table
    amounts = answer.table.set_index(["side", "part"])["amount"]
    assert amounts["revenue", "came"] == pytest.approx(float(sold["realised"].iloc[0]), abs=0.005)
    assert amounts["spend", "came"] == pytest.approx(float(spent["spend"].iloc[0]), abs=0.005)
    assert (amounts["revenue", "aim"], amounts["spend", "aim"]) == (1_000_000, 150_000)
    assert amounts["spend", "left"] == -22_500  # the reserve that nobody drew
    foretold = answer.frame("predicted").iloc[0]
    assert foretold["came"] == pytest.approx(368_776.19)
    assert bool(foretold["held"]) and foretold["low"] < foretold["came"] < foretold["high"]


# Cents as fractions: in floats a cent planned that was to bring a million leaves parts too large to add up to the cent.
amounts = st.integers(0, 10**8).map(lambda cents: Fraction(cents, 100))
grids = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(amounts, min_size=3, max_size=3), min_size=4 * n, max_size=4 * n)
)


@given(grids)
@settings(max_examples=60)
def test_parts_are_an_identity_whatever_was_planned_and_came(grid: list[list[Fraction]]) -> None:
    units, worth, came, brought = np.array(grid, dtype=object).reshape(4, -1, 3)
    planned = np.where(units > 0, worth, 0)
    volume, timing, rates = parted(Cells(units, planned), Cells(came, brought))
    assert (volume + timing + rates).tolist() == (brought.sum(axis=1) - planned.sum(axis=1)).tolist()


@pytest.mark.parametrize(
    ("came", "brought", "expected"),
    [
        ([[100, 100]], [[200, 400]], (0, 0, 0)),  # as planned
        ([[150, 150]], [[300, 600]], (300, 0, 0)),  # half as much again
        ([[50, 150]], [[100, 600]], (0, 100, 0)),  # later, where it brings more
        ([[100, 100]], [[150, 300]], (0, 0, -150)),  # a quarter less for it
        ([[0, 0]], [[0, 0]], (-600, 0, 0)),  # nothing
    ],
)
def test_what_alone_was_changed_is_the_only_part(came: Any, brought: Any, expected: tuple[float, ...]) -> None:
    planned = Cells(np.array([[100.0, 100.0]]), np.array([[200.0, 400.0]]))
    found = parted(planned, Cells(np.array(came, float), np.array(brought, float)))
    assert tuple(float(part[0]) for part in found) == pytest.approx(expected)


def _day(day: int, n: int = 0) -> pd.Timestamp:
    """Noon of a day of the campaign, and of others before it, in Shanghai."""
    return pd.Timestamp("2026-11-01 04:00") + pd.Timedelta(days=day, seconds=n)


def _orders(rows: list[tuple[int, str | None, float, str]]) -> pd.DataFrame:
    at = [_day(day, n) for n, (day, *_) in enumerate(rows)]
    return pd.DataFrame({
        "order_id": [f"o{n}" for n in range(len(rows))], "timestamp": at, "paid_at": at, "currency": "CNY",
        "revenue": [amount for _, _, amount, _ in rows], "channel": [channel for _, channel, _, _ in rows],
        "campaign": [campaign for *_, campaign in rows],
    })  # fmt: skip


def _spend(rows: list[tuple[int, str, float, float, str]]) -> pd.DataFrame:
    at = [_day(day) - pd.Timedelta(hours=12) for day, *_ in rows]
    return pd.DataFrame({
        "period_start": at, "period_end": [one + pd.Timedelta(days=1) for one in at], "currency": "CNY",
        "channel": [channel for _, channel, *_ in rows], "spend": [spent for _, _, spent, _, _ in rows],
        "clicks": [clicks for *_, clicks, _ in rows], "campaign": [campaign for *_, campaign in rows],
    })  # fmt: skip


BEFORE = -365
ORDERS = _orders([
    (BEFORE, "search", 200.0, "spring"), (BEFORE + 6, "search", 400.0, "spring"), (BEFORE, None, 400.0, "spring"),
    (0, "search", 300.0, "autumn"), (6, "search", 900.0, "autumn"), (1, None, 700.0, "autumn"),
    (2, "group", 33.33, "autumn"),
])  # fmt: skip
SPEND = _spend([
    (BEFORE, "search", 100.0, 50, "spring"), (BEFORE + 6, "search", 100.0, 50, "spring"),
    (0, "search", 100.0, 40, "autumn"), (6, "search", 200.0, 100, "autumn"),
])  # fmt: skip
PLAN = (
    PlanLine(stage="execution", line="search", phase="first", amount=100),
    PlanLine(stage="execution", line="search", phase="second", amount=100),
    PlanLine(stage="execution", line="reserve", amount=20),
    PlanLine(stage="design", line="film", amount=70),
)


def tables(*records: Any, campaign: Campaign = CAMPAIGN, **frames: Any) -> Tables:
    given_ = {"orders": ORDERS, "spend": SPEND, **frames}
    return Tables(**given_, campaign=campaign, records=[*PLAN, *records])


def test_a_gap_by_hand() -> None:
    """Planned as last time, twice over: 400 and 800 of search, 800 of itself; search rates are 4 and 8 per yuan."""
    answer = CampaignReview(target=2_000).run(tables())
    assert_adds_up(answer)
    revenue = answer.table[answer.table["side"] == "revenue"].set_index("part")["amount"]
    # 300 were spent for 200: 100 x 6 more; 100 and 200 instead of 150 and 150: 50 x 4 more; 1,200 came of 2,000.
    assert revenue.to_dict() == {
        "aim": 2_000, "volume": 600, "timing": 200, "rates": -800, "left": -66.67, "came": 1_933.33,
    }  # fmt: skip
    spend = answer.table[answer.table["side"] == "spend"].set_index("part")["amount"]
    # 140 clicks of 100 planned at 2 each: 80 more; the first 40 cost 2.50: 20 more; 20 of reserve were not drawn.
    assert spend.to_dict() == {"aim": 220, "volume": 80, "timing": 0, "rates": 20, "left": -20, "came": 300}
    assert "Look first at search" in answer.say(answer.headline)
    assert "It cost CN¥300, CN¥80.00 more than planned" in answer.say(answer.headline)


def test_without_a_campaign_before_every_channel_was_to_bring_as_much() -> None:
    here = {"orders": ORDERS[ORDERS["campaign"] == "autumn"], "spend": SPEND[SPEND["campaign"] == "autumn"]}
    answer = CampaignReview(target=2_000).run(tables(**here))
    assert_adds_up(answer)
    assert "no-campaign-before" in {note.code for note in answer.notes}
    revenue = answer.table[answer.table["side"] == "revenue"].set_index("part")["amount"]
    assert revenue["volume"] == 1_000  # 100 more at 10 a yuan
    assert revenue["left"] == 733.33


def test_orders_without_a_channel_leave_all_unexplained() -> None:
    answer = CampaignReview(target=2_000).run(tables(orders=ORDERS.drop(columns="channel")))
    assert_adds_up(answer)
    assert "no-channel" in {note.code for note in answer.notes}


@pytest.mark.parametrize(
    ("at", "code", "says"),
    [
        ("2026-11-10", "early", "due on 2026-12-08; on 2026-11-10 the campaign has only just ended"),
        ("2026-12-01", "early", "due on 2026-12-08, in 7 days"),
        ("2026-12-08", "due", "due today, 2026-12-08"),
        ("2026-12-09", "overdue", "was due on 2026-12-08, 1 day ago"),
    ],
)
def test_when_it_is_due(at: str, code: str, says: str) -> None:
    notes = {note.code: note.message.text() for note in CampaignReview(target=2_000, at=at).run(tables()).notes}
    assert says in notes[code]


def test_the_day_is_that_of_the_campaigns_zone() -> None:
    """At 17:00 UTC of 8 December it is the ninth in Shanghai."""
    late = pd.concat([ORDERS, ORDERS.tail(1).assign(order_id="late", timestamp=pd.Timestamp("2026-12-08 17:00"))])
    codes = {note.code for note in CampaignReview(target=2_000).run(tables(orders=late)).notes}
    assert "overdue" in codes
    utc = CAMPAIGN.replace(zone="UTC")
    codes = {note.code for note in CampaignReview(target=2_000).run(tables(orders=late, campaign=utc)).notes}
    assert "due" in codes


def test_the_aim_is_the_goals_else_the_last_forecasts() -> None:
    goal = Goal(name="Revenue", figure="revenue", target=0.5, lift=True, base=1_000)
    foretold = Forecast(name="a", made="2026-10-01", spend=200, revenue=1_800, low=1_700, high=1_900, basis="effects")
    for records, aim in (((goal, foretold), 1_500), ((foretold,), 1_800)):
        assert CampaignReview().run(tables(*records)).table["amount"].iloc[0] == aim
    row = CampaignReview().run(tables(foretold)).frame("predicted").iloc[0]
    assert (row["spend"], row["came"], bool(row["held"])) == (300.0, pytest.approx(1_933.33), False)
    with pytest.raises(DataError, match="write a goal for realised revenue down"):
        CampaignReview().run(tables())


def test_what_is_lacking_is_said() -> None:
    with pytest.raises(DataError, match=r"No plan is written down.*Keep one on Budget"):
        CampaignReview(target=1).run(Tables(orders=ORDERS, spend=SPEND, campaign=CAMPAIGN))
    with pytest.raises(DataError, match="Give it a name, a first and a last day"):
        CampaignReview(target=1).run(Tables(orders=ORDERS, spend=SPEND, records=PLAN))
    moved = Adjustment(day="2026-11-02", from_channel="search", to_channel="group", amount=10)
    answer = CampaignReview(target=2_000).run(tables(moved))
    assert len(answer.frame("adjustments")) or "no-replay" in {note.code for note in answer.notes}


def test_two_campaigns_of_one_name_are_kept_apart_by_their_days() -> None:
    """Last year's was called the same: its rows are outside the days, and said so."""
    orders, spend = (frame.assign(campaign="autumn") for frame in (ORDERS, SPEND))
    answer = CampaignReview(target=2_000).run(tables(orders=orders, spend=spend))
    notes = {note.code: answer.say(note.message) for note in answer.notes}
    first = (dt.date(2026, 11, 1) + dt.timedelta(days=BEFORE)).isoformat()
    assert f"lie outside its days, 2026-11-01 to 2026-11-10: from {first}" in notes["two-of-one-name"]
    assert answer.table.set_index(["side", "part"])["amount"]["revenue", "came"] == 1_933.33


def test_lessons_of_this_campaign_are_carried() -> None:
    told = (Lesson(learnt="Begin earlier", campaign="autumn", next="618"), Lesson(learnt="Other", campaign="spring"))
    answer = CampaignReview(target=2_000).run(tables(*told))
    assert answer.frame("lessons")[["lesson", "next"]].to_numpy().tolist() == [["Begin earlier", "618"]]


def test_a_channel_that_paid_back_more_than_it_cost_is_part_of_the_spend() -> None:
    """x cost 3,568; of y there is a credit of 500 alone, and 3,068 is what Performance says was spent."""
    day = pd.Timestamp("2026-11-02 04:00")
    spend = pd.DataFrame({"period_start": day, "period_end": day + pd.Timedelta(days=1), "channel": ["x", "y"],
                          "spend": [3568.0, -500.0], "currency": "CNY", "campaign": "autumn"})  # fmt: skip
    orders = pd.DataFrame({"order_id": ["o"], "timestamp": day, "paid_at": day, "revenue": 9000.0, "currency": "CNY",
                           "channel": "x", "campaign": "autumn"})  # fmt: skip
    plan = PlanLine(stage="execution", line="x", amount=3000.0)
    tables = Tables(orders=orders, spend=spend, campaign=CAMPAIGN, records=[plan])
    answer = CampaignReview(target=9000.0).run(tables)
    assert_adds_up(answer)
    assert "It cost CN¥3,068, CN¥68.00 more than planned." in answer.text()
    assert answer.frame("channels").set_index("channel")["spend"][["x", "y"]].tolist() == [3568.0, -500.0]
    assert Performance().run(tables).table["spend"].iloc[0] == 3068.0
