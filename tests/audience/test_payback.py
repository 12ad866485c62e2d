"""Payback: a twin customer by customer, whole periods alone, and intervals that hold the planted week."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom
from sizes import cases

from analysis import ExchangeRate, Filter, Payback, Tables
from analysis.audience.payback.question import PaybackAnswer
from analysis.charts import TOTAL
from analysis.errors import DataError
from analysis.values import Campaign

MONDAY = pd.Timestamp("2026-01-05")
DAY, WEEK = pd.Timedelta(days=1), pd.Timedelta(days=7)
NOON = pd.Timedelta(hours=12)


def orders(rows: list[tuple[str, int, float, str]]) -> pd.DataFrame:
    """Return paid orders: who, on which day after the first Monday, for how much, from which channel."""
    at = [MONDAY + day * DAY + NOON for _, day, _, _ in rows]
    return pd.DataFrame({"order_id": [f"o{i}" for i in range(len(rows))], "user_id": [row[0] for row in rows],
                         "timestamp": at, "paid_at": at, "revenue": [float(row[2]) for row in rows],
                         "currency": "CNY", "channel": [row[3] for row in rows]})  # fmt: skip


def spend(rows: list[tuple[int, int, float, str]]) -> pd.DataFrame:
    """Return spend: from which day after the first Monday, for how many days, how much, in which channel."""
    return pd.DataFrame({"period_start": [MONDAY + day * DAY for day, *_ in rows],
                         "period_end": [MONDAY + (day + days) * DAY for day, days, *_ in rows],
                         "channel": [row[3] for row in rows], "spend": [float(row[2]) for row in rows],
                         "currency": "CNY"})  # fmt: skip


def answered(question: Payback, tables: Tables) -> PaybackAnswer:
    answer = question.run(tables)
    assert isinstance(answer, PaybackAnswer)
    return answer


BOUGHT = orders([
    ("a", 0, 100, "tv"), ("a", 8, 100, "radio"), ("a", 22, 60, "tv"), ("b", 6, 40, "tv"), ("c", 7, 50, "radio"),
    ("c", 13, 50, "radio"), ("d", 8, 30, "tv"), ("e", 29, 10, "tv"), ("f", 34, 10, "tv"),
])  # fmt: skip
SPENT = spend([(0, 7, 70, "tv"), (7, 7, 35, "tv"), (7, 14, 140, "radio"), (14, 21, 21, "tv")])


def test_each_cohort_and_channel_week_by_week() -> None:
    """At half margin; a's second order came on day 8 of theirs, so it stands in week 2, wherever it was bought."""
    answer = answered(Payback(weeks=2, margin=0.5), Tables(orders=BOUGHT, spend=SPENT))
    curve = answer.frame("curve").set_index(["group", "week"])
    # Whole weeks until day 34: cohorts of days 0, 7 and 14 had two weeks; the one of 14 has spend and nobody.
    assert curve.loc[(TOTAL, 1), "margin"] == pytest.approx((50 + 20 + 50 + 15) / 4)
    assert curve.loc[(TOTAL, 2), "margin"] == pytest.approx((100 + 20 + 50 + 15) / 4)
    assert curve.loc[(TOTAL, 2), "cost"] == pytest.approx((70 + 35 + 140 + 7) / 4)
    assert curve.loc[("tv", 2), "margin"] == pytest.approx((100 + 20 + 15) / 3)
    assert curve.loc[("tv", 2), "cost"] == pytest.approx((70 + 35 + 7) / 3)
    assert curve.loc[("radio", 1), ["margin", "cost"]].tolist() == [pytest.approx(50.0), pytest.approx(140.0)]
    table = answer.table.set_index("group")
    assert table.loc["tv", ["cohorts", "customers", "week"]].tolist() == [3, 3, 2]
    assert np.isnan(table.loc["radio", "week"])
    assert table.loc["radio", "back"] == pytest.approx(50 / 140)
    cohorts = answer.frame("cohorts")
    first = cohorts[(cohorts["group"] == TOTAL) & (cohorts["cohort"] == MONDAY)].iloc[0]
    assert first[["customers", "spend", "observed"]].tolist() == [2, 70.0, 4]
    assert first["margin"] == pytest.approx((50 + 50 + 30 + 20) / 2)
    assert first["week"] == 1  # a and b brought 35 each in their first week, which is what they cost


def test_a_cohort_whose_time_is_not_over_is_in_no_sum() -> None:
    answer = answered(Payback(weeks=3, margin=0.5, by=None), Tables(orders=BOUGHT, spend=SPENT))
    assert answer.table["cohorts"].tolist() == [2]
    assert "still-open" in {note.code for note in answer.notes}
    none = answered(Payback(weeks=9, margin=0.5, by=None), Tables(orders=BOUGHT, spend=SPENT))
    assert none.table["customers"].tolist() == [0]
    assert "No cohort was observed for 9 weeks" in none.say(none.headline)
    assert none.frame("curve").empty


def test_a_week_that_either_table_does_not_know_whole_is_left_out() -> None:
    late = spend([(2, 5, 50, "tv"), (7, 7, 35, "tv"), (14, 10, 10, "tv")])
    cohorts = answered(Payback(margin=0.5, by=None), Tables(orders=BOUGHT, spend=late)).frame("cohorts")
    assert cohorts["cohort"].tolist() == [MONDAY + WEEK, MONDAY + 2 * WEEK]
    assert cohorts["spend"].tolist() == [35.0, pytest.approx(7.0)]
    with pytest.raises(DataError, match="No week is whole in both"):
        Payback().run(Tables(orders=BOUGHT, spend=spend([(2, 3, 50, "tv")])))
    with pytest.raises(DataError, match="No month is whole"):
        Payback(every="month").run(Tables(orders=BOUGHT, spend=SPENT))


def test_months_go_by_the_calendar() -> None:
    at = pd.to_datetime(["2026-02-03", "2026-03-05", "2026-04-20"])
    rows = BOUGHT.head(3).assign(user_id=["a", "b", "a"], timestamp=at, paid_at=at)
    cost = pd.DataFrame({"period_start": pd.to_datetime(["2026-02-01", "2026-03-01"]),
                         "period_end": pd.to_datetime(["2026-03-01", "2026-04-01"]), "channel": "tv",
                         "spend": [10.0, 20.0], "currency": "CNY"})  # fmt: skip
    answer = answered(Payback(every="month", margin=1.0, by=None, weeks=1), Tables(orders=rows, spend=cost))
    cohorts = answer.frame("cohorts")
    assert cohorts["cohort"].dt.strftime("%Y-%m-%d").tolist() == ["2026-02-01", "2026-03-01"]
    assert cohorts["cost"].tolist() == [pytest.approx(10.0), pytest.approx(20.0)]
    assert cohorts["observed"].tolist() == [7, 2]


def test_who_bought_before_under_another_channel_is_not_new() -> None:
    tables = Tables(orders=BOUGHT, spend=SPENT)
    answer = answered(Payback(weeks=2, margin=0.5, where=Filter(channel="radio")), tables)
    # a bought from the radio in the second week, and is no new customer of it.
    assert answer.table[["group", "customers", "spend"]].iloc[0].tolist() == [TOTAL, 1, pytest.approx(140.0)]
    dated = answered(Payback(weeks=2, margin=0.5, by=None, where=Filter(start="2026-01-12", end="2026-01-18")), tables)
    assert dated.table[["customers", "spend"]].iloc[0].tolist() == [2, pytest.approx(105.0)]


def test_a_twin_on_the_small_campaign(tables: Tables, frames: dict[str, pd.DataFrame]) -> None:
    answer = answered(Payback(weeks=3), tables)
    rows, cost = frames["orders"].dropna(subset="paid_at"), frames["spend"]
    rows = rows[rows["revenue"] > rows["refund"]].assign(
        day=lambda t: (t["paid_at"] + 8 * pd.Timedelta(hours=1)).dt.date
    )
    rows = rows.sort_values("paid_at")
    first = rows.drop_duplicates("user_id").set_index("user_id")
    start = first["day"].map(lambda day: day - pd.Timedelta(days=day.weekday()))
    last = (frames["orders"]["timestamp"].max() + 8 * pd.Timedelta(hours=1)).date()
    whole = last if last.isoformat() == "2026-11-15" else last - pd.Timedelta(days=1)  # the campaign's last day is
    old = first[start.map(lambda day: (whole - (day + pd.Timedelta(days=6)) + pd.Timedelta(days=1)).days // 7 >= 3)]
    weeks = set(start[old.index])
    spent = cost.assign(day=(cost["period_start"] + 8 * pd.Timedelta(hours=1)).dt.date)
    spent = spent[spent["day"].map(lambda day: day - pd.Timedelta(days=day.weekday())).isin(weeks)]
    for group in (TOTAL, "search", "display", "video"):
        users = old if group == TOTAL else old[old["channel"] == group]
        own = rows[rows["user_id"].isin(users.index)]
        age = (pd.to_datetime(own["day"]) - pd.to_datetime(own["user_id"].map(first["day"]))).dt.days
        brought = 0.3 * (own["revenue"] - own["refund"])[age < 21].sum()
        row = answer.table.set_index("group").loc[group]
        assert row["customers"] == len(users)
        assert row["margin"] == pytest.approx(brought / len(users))
        assert row["spend"] == pytest.approx(
            (spent if group == TOTAL else spent[spent["channel"] == group])["spend"].sum()
        )


# ---- how sure the week is ---------------------------------------------------------------------------------


def planted(seed: int, n: int = 400) -> Tables:
    """Return customers of one week who bring 20 a week at random, and cost 110: paid back in week 6, on average."""
    rng = np.random.default_rng(seed)
    first, rows = rng.integers(0, 7, n), []
    for week in range(9):
        comes = np.ones(n, bool) if week == 0 else rng.random(n) < 0.4
        paid = rng.gamma(0.8, 20 / 0.8, n) / (1.0 if week == 0 else 0.4)
        rows += [(f"u{i}", int(first[i] + 7 * week), paid[i], "tv") for i in np.flatnonzero(comes)]
    rows.append(("late", 70, 1.0, "tv"))
    return Tables(orders=orders(rows), spend=spend([(0, 7, 110.0 * n, "tv")]))


@pytest.mark.long
def test_the_interval_of_the_week_holds_it_as_often_as_it_says() -> None:
    sets, held, margins = cases(120), 0, 0
    for seed in range(sets):
        answer = answered(Payback(weeks=9, margin=1.0, by=None), planted(seed))
        row = answer.table.iloc[0]
        held += bool(row["soonest"] <= 6 and not row["latest"] < 6)
        fourth = answer.frame("curve").set_index("week").loc[4]
        margins += bool(fourth["low"] <= 80 <= fourth["high"])
    assert held >= binom.ppf(1e-4, sets, 0.95)
    assert binom.ppf(1e-4, sets, 0.95) <= margins


def test_what_never_comes_back_has_no_week_and_what_might_has_no_end() -> None:
    tables = planted(3)
    for cost, week in ((900.0, "never"), (176.0, "perhaps")):
        dear = Tables(orders=_orders_of(tables), spend=spend([(0, 7, cost * 400, "tv")]))
        row = answered(Payback(weeks=9, margin=1.0), dear).table.set_index("group").loc["tv"]
        assert np.isnan(row["latest"])
        assert np.isnan(row["soonest"]) == (week == "never")
    answer = answered(Payback(weeks=9, margin=1.0), Tables(orders=_orders_of(tables), spend=spend([(0, 7, 4e5, "tv")])))
    assert "Not within 9 weeks: tv" in answer.say(answer.headline)


def _orders_of(tables: Tables) -> pd.DataFrame:
    found: pd.DataFrame = tables.arrow("orders").to_pandas()
    return found


# ---- bad input --------------------------------------------------------------------------------------------


def test_no_margin_is_said_and_the_campaigns_is_taken() -> None:
    unknown = answered(Payback(weeks=2, by=None), Tables(orders=BOUGHT, spend=SPENT))
    assert "margin-unknown" in {note.code for note in unknown.notes}
    campaign = Campaign(name="x", start="2026-01-05", end="2026-02-28", margin=0.5, zone="UTC")
    known = answered(Payback(weeks=2, by=None), Tables(orders=BOUGHT, spend=SPENT, campaign=campaign))
    assert known.table["margin"].iloc[0] == pytest.approx(unknown.table["margin"].iloc[0] / 2)
    assert "margin-unknown" not in {note.code for note in known.notes}


def test_two_currencies_are_never_added_up() -> None:
    rows = BOUGHT.assign(currency=["CNY"] * 8 + ["USD"])
    rows.loc[3, "currency"] = "USD"
    cost = SPENT.assign(currency=["CNY", "CNY", "USD", "CNY"])
    answer = answered(Payback(weeks=2, margin=0.5, by=None), Tables(orders=rows, spend=cost))
    assert answer.table["customers"].iloc[0] == 3  # without b
    assert answer.table["spend"].iloc[0] == pytest.approx(70 + 35 + 7)
    assert [note.code for note in answer.notes].count("other-currencies") == 2
    rate = ExchangeRate(currency="USD", day="2026-01-01", rate=1.0, into="CNY")
    whole = answered(Payback(weeks=2, margin=0.5, by=None), Tables(orders=rows, spend=cost, rates=[rate]))
    plain = answered(Payback(weeks=2, margin=0.5, by=None), Tables(orders=BOUGHT, spend=SPENT))
    pd.testing.assert_frame_equal(whole.table, plain.table)


def test_one_buyer_and_orders_of_one_day() -> None:
    alone = Tables(orders=BOUGHT.head(3), spend=SPENT)
    row = answered(Payback(weeks=1, margin=0.5, by=None), alone).table.iloc[0]
    assert row[["customers", "margin"]].tolist() == [1, 50.0]
    assert np.isnan(row["low"])  # one customer tells nothing of others
    with pytest.raises(DataError, match="No week is whole in both"):
        Payback().run(Tables(orders=BOUGHT.head(1), spend=SPENT))


def test_spend_of_a_channel_nobody_came_from_is_named() -> None:
    answer = answered(
        Payback(weeks=2, margin=0.5), Tables(orders=BOUGHT, spend=pd.concat([SPENT, spend([(0, 7, 9, "x")])]))
    )
    note = next(note for note in answer.notes if note.code == "no-new-customers")
    assert note.message.text().endswith("names the channel: x.")
    assert answer.table.set_index("group").loc["x", ["customers", "spend"]].tolist() == [0, 9.0]


def test_who_has_no_users_or_no_spend_is_told_what_to_bring() -> None:
    with pytest.raises(DataError, match="who ordered"):
        Payback().run(Tables(orders=BOUGHT.drop(columns="user_id"), spend=SPENT))
    with pytest.raises(DataError, match="There is no data on spend yet"):
        Payback().run(Tables(orders=BOUGHT))
