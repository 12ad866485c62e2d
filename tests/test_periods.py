"""On which local day was it, until when is spend known, and which days of the campaign before stand beside these?"""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from analysis import Campaign, Filter, Tables
from analysis.periods import begins, campaign_before, day_of, known_until, outside, running, same_days, stretches
from analysis.tables import collect
from analysis.values import local_day


@pytest.mark.parametrize(
    "zone", ["UTC", "Asia/Shanghai", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
)
def test_a_day_is_what_clocks_in_the_zone_show(zone: str) -> None:
    """Apia left out a whole day in 2011; Lord Howe's clocks go forward by half an hour."""
    rng = np.random.default_rng(2)
    first, last = dt.datetime(2011, 1, 1), dt.datetime(2013, 1, 1)
    at = [first + dt.timedelta(minutes=int(m)) for m in np.sort(rng.integers(0, 2 * 365 * 1440, 3000))]
    frame = pd.DataFrame(
        {"order_id": [str(i) for i in range(3000)], "timestamp": at, "revenue": 1.0, "currency": "CNY"}
    )
    rows = Tables(orders=frame.astype({"timestamp": "datetime64[us]"})).frame("orders")
    days = collect(rows.select(nw.col("timestamp"), day=day_of("timestamp", zone, first, last)))
    expected = [local_day(moment.to_pydatetime(), zone) for moment in days["timestamp"]]
    assert days["day"].astype(str).tolist() == expected


def test_a_week_begins_on_monday_and_a_month_on_its_first() -> None:
    days = pd.Series(pd.to_datetime(["2026-11-01", "2026-11-02", "2026-12-31"]))
    assert begins(days, "week").dt.strftime("%m-%d").tolist() == ["10-26", "11-02", "12-28"]
    assert begins(days, "month").dt.strftime("%m-%d").tolist() == ["11-01", "11-01", "12-01"]


def _spend(*days: str, campaign: str = "now", long: int = 1) -> pd.DataFrame:
    start = pd.to_datetime(list(days))
    return pd.DataFrame({"period_start": start, "period_end": start + pd.Timedelta(days=long), "channel": "a",
                         "spend": 1.0, "currency": "CNY", "campaign": campaign})  # fmt: skip


def test_spend_is_known_until_its_last_period_ends() -> None:
    tables = Tables(spend=pd.concat([_spend("2026-11-01", long=7), _spend("2026-11-20", campaign="later")]))
    end = dt.datetime(2026, 11, 20, 23, 59, 59, 999_999)
    assert known_until(tables, of=("spend",)) == end
    assert known_until(tables, where=Filter(campaign="now"), of=("spend",)) == end.replace(day=7)


def test_which_campaign_is_the_one_before() -> None:
    """It is the last that was over; one that still ran is none, and the plan's first day counts."""
    frame = pd.concat([
        _spend("2026-01-01", "2026-01-31", campaign="oldest"), _spend("2026-03-01", "2026-03-31", campaign="old"),
        _spend("2026-02-01", "2026-11-05", campaign="all year"), _spend("2026-11-03", "2026-11-10"),
    ])  # fmt: skip
    where = Filter(campaign="now")
    found = same_days(Tables(spend=frame), where, "spend")
    assert found is not None
    assert (found.before, found.days, found.earlier) == (
        "old", ("2026-11-03", "2026-11-10"), ("2026-03-01", "2026-03-08")
    )  # fmt: skip
    assert len(found) == 8
    plan = Campaign(name="now", start="2026-11-01", end="2026-11-30", zone="UTC")
    planned = same_days(Tables(spend=frame, campaign=plan), where, "spend")
    assert planned is not None
    assert (planned.days[0], planned.earlier) == ("2026-11-01", ("2026-03-01", "2026-03-10"))
    assert same_days(Tables(spend=frame), Filter(campaign="oldest"), "spend") is None
    assert same_days(Tables(spend=frame), Filter(campaign=("now", "old")), "spend") is None
    assert same_days(Tables(spend=frame), None, "spend") is None
    assert same_days(Tables(spend=frame.drop(columns="campaign")), where, "spend") is None


def _orders(campaign: str, start: str, days: int, per_day: int = 10) -> pd.DataFrame:
    at = pd.date_range(start, periods=days).repeat(per_day) + pd.Timedelta(hours=9)
    names = [f"{campaign}-{start}-{n}" for n in range(len(at))]
    return pd.DataFrame({"order_id": names, "timestamp": at, "revenue": 100.0, "currency": "CNY", "campaign": campaign})


def _ran(*orders: pd.DataFrame, plan: Campaign | None = None, **others: pd.DataFrame) -> dict[str, tuple[str, str]]:
    found = stretches(Tables(orders=pd.concat(orders), campaign=plan, **others))
    return {name: (str(first), str(last)) for name, (first, last) in found.items()}


def test_stragglers_do_not_say_when_a_campaign_ran() -> None:
    campaign, whole = _orders("old", "2026-08-01", 35), ("2026-08-01", "2026-09-04")
    late, later = (_orders("old", day, 1, 1) for day in ("2026-10-06", "2026-11-06"))
    test = _orders("old", "2026-07-12", 1, 1)
    assert _ran(campaign, test, late, later)["old"] == whole
    assert _ran(campaign, late.assign(revenue=-10.0))["old"] == whole
    # A refund tells nothing of it, though no silence stands before it; nor does a day without spend.
    assert _ran(campaign, _orders("old", "2026-09-05", 1, 1).assign(revenue=-10.0))["old"] == whole
    spend = pd.concat([_spend("2026-07-10", campaign="old"), _spend("2026-08-01", long=35, campaign="old")])
    assert _ran(campaign, spend=spend)["old"] == whole
    # Old links are still followed, day after day, by few.
    crowd, trickle = _orders("old", "2026-08-01", 35, 1000), _orders("old", "2026-09-05", 60, 2)
    assert _ran(crowd, trickle)["old"] == whole


def test_what_is_more_than_a_straggler_says_when_a_campaign_ran() -> None:
    first, second = _orders("old", "2026-08-01", 10), _orders("old", "2026-08-21", 10)
    assert _ran(first, second)["old"] == ("2026-08-01", "2026-08-30")  # a pause
    assert _ran(*(_orders("old", f"2026-{m:02}-02", 1, 5) for m in range(1, 13)))["old"] == ("2026-01-02", "2026-12-02")
    assert _ran(_orders("old", "2026-08-01", 1, 1), _orders("old", "2026-08-31", 1, 1))["old"] == (
        "2026-08-01", "2026-08-31"
    )  # fmt: skip
    # A warm-up of a tenth of the usual day, and days that stand for themselves beside a peak.
    assert _ran(_orders("old", "2026-07-25", 7, 1), _orders("old", "2026-08-01", 35))["old"][0] == "2026-07-25"
    peak = [_orders("old", "2026-11-11", 1, 3000), _orders("old", "2026-11-01", 10, 30)]
    assert _ran(*peak)["old"] == ("2026-11-01", "2026-11-11")
    assert _ran(_orders("old", "2026-08-01", 2).assign(revenue=-1.0))["old"] == ("2026-08-01", "2026-08-02")


def test_a_campaign_ran_as_planned_where_that_is_known() -> None:
    plan = Campaign(name="now", start="2026-11-01", end="2026-11-30", zone="UTC")
    rows = [_orders("now", "2026-10-12", 15), _orders("now", "2026-11-05", 10), _orders("now", "2026-12-02", 9)]
    assert _ran(*rows, plan=plan)["now"] == ("2026-11-01", "2026-11-30")
    tables = Tables(orders=pd.concat(rows), campaign=plan)
    assert outside(tables, "now") == ("2026-10-12", "2026-12-10")
    assert outside(tables, "now", "spend") is None and outside(tables, "other") is None
    assert outside(tables, "now", "orders", where=Filter(start="2026-11-03")) == ("2026-12-02", "2026-12-10")
    assert outside(tables, "now", "orders", where=Filter(start="2026-11-03", end="2026-12-01")) is None
    back = rows[1][:3].assign(revenue=-1.0, timestamp=pd.Timestamp("2026-12-24"))  # it counts on its order's day
    assert outside(Tables(orders=pd.concat([rows[1], back]), campaign=plan), "now") is None
    lost = back.assign(order_id="unknown")
    assert outside(Tables(orders=pd.concat([rows[1], lost]), campaign=plan), "now") == ("2026-12-24", "2026-12-24")
    unset = Campaign(name="now", start="2026-01-01", end="2026-12-31", zone="UTC")
    assert _ran(*rows, plan=unset)["now"] == ("2026-10-12", "2026-12-10")


def test_a_campaign_that_still_ran_is_not_the_one_before() -> None:
    rows = [_orders("2025", "2025-11-10", 20), _orders("a", "2026-11-01", 20), _orders("b", "2026-11-10", 20)]
    tables = Tables(orders=pd.concat(rows))
    assert (campaign_before(tables, "b"), running(tables, "b")) == ("2025", ("a",))
    assert (campaign_before(tables, "2025"), running(tables, "2025")) == (None, ())
    plan = Campaign(name="next", start="2026-11-25", end="2026-12-05", zone="UTC")
    planned = Tables(orders=pd.concat(rows), campaign=plan)  # it has no row yet
    assert (campaign_before(planned, "next"), running(planned, "next")) == ("a", ("b",))
