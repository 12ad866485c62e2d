"""On which local day was it, until when is spend known, and which days of the campaign before stand beside these?"""

from __future__ import annotations

import datetime as dt

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from analysis import Campaign, Filter, Tables
from analysis.periods import begins, day_of, known_until, same_days
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
