"""The spend report as it is: absent rows, lengths, credits, slips of the hand, unripe days; claims beside orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted

from analysis.budget.curves import doubts
from analysis.budget.curves.claims import Claims, claims
from analysis.budget.curves.panel import Panel
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.budget.curves.report import Report, report
from analysis.records import CalendarDay
from analysis.tables import Tables
from analysis.values import Campaign, Filter, Phase

DAY = pd.Timedelta(days=1)


def read(*parts: pd.DataFrame, records: Any = (), campaign: Campaign | None = None, **settings: Any) -> Report:
    return report(Tables(spend=pd.concat(parts), records=records, campaign=campaign), None, **settings)


def rows(channel: str, spend: Any, start: str = "2026-03-02", days: int = 1, **columns: Any) -> pd.DataFrame:
    """Make a channel's report of periods of so many days."""
    starts = pd.date_range(start, periods=len(spend), freq=f"{days}D", unit="us")
    frame = pd.DataFrame({"period_start": starts, "period_end": starts + days * DAY, "channel": channel})
    return frame.assign(spend=spend, currency="CNY", **columns)


def said(found: Report | Claims, code: str) -> str:
    return " ".join(note.message.text() for note in found.notes if note.code == code)


# ---- absent rows --------------------------------------------------------------------------------------------


def test_absent_rows_are_unknown_and_named_and_a_late_start_is_no_spend() -> None:
    whole, gap = rows("a", np.arange(1.0, 41)), rows("b", np.arange(1.0, 41))
    late = rows("c", np.full(10, 5.0), start="2026-03-12")
    found = read(whole, gap.drop(index=range(20, 26)), late)
    laid = found.panel()
    assert laid.channels == ("a", "b", "c")
    assert np.flatnonzero(np.isnan(laid.spend[:, 1])).tolist() == list(range(20, 26))
    assert laid.known.sum() == 34
    np.testing.assert_array_equal(laid.spend[:, 2], np.r_[np.zeros(10), np.full(10, 5.0), np.zeros(20)])
    assert said(found, "rows-absent") == (
        "Rows are missing that other channels have: b (6 rows, 2026-03-22 to 2026-03-27). What was spent then is "
        "unknown, not zero; bring these rows, with a zero where nothing was spent."
    )
    assert not read(whole, gap, late).notes


def test_claims_are_unknown_where_rows_are_absent_and_nothing_where_a_channel_does_not_run() -> None:
    one = rows("a", np.full(20, 9.0), attributed_revenue=30.0).drop(index=[7])
    late = rows("b", np.full(5, 9.0), start="2026-03-12", attributed_revenue=20.0)
    laid = read(one, late, rows("c", np.full(20, 1.0))).panel()
    assert np.isnan(laid.revenue[7, 0])
    assert laid.revenue[[0, 12, 19], 1].tolist() == [0, 20, 0]
    assert np.isnan(laid.revenue[:, 2]).all()


def test_the_order_of_rows_changes_nothing() -> None:
    rng = np.random.default_rng(1)
    parts = [rows("a", rng.gamma(2, 50, 60)), rows("b", rng.gamma(2, 50, 8), days=7), rows("a", -rng.gamma(2, 5, 60))]
    one, other = read(*parts), read(pd.concat(parts).sample(frac=1, random_state=2))
    pd.testing.assert_frame_equal(one.rows, other.rows, rtol=1e-12)
    assert [note.code for note in one.notes] == [note.code for note in other.notes]


# ---- lengths ------------------------------------------------------------------------------------------------


def test_days_are_added_up_into_the_weeks_they_lie_in() -> None:
    rng = np.random.default_rng(2)
    weekly, daily = rng.gamma(2, 50, 28).round(2), rng.gamma(2, 5, 196).round(2)
    found = read(rows("a", weekly, days=7), rows("b", daily, attributed_revenue=np.arange(196.0)))
    assert (found.hours, found.rows["channel"].value_counts().to_dict()) == (168, {"a": 28, "b": 28})
    np.testing.assert_allclose(found.of("b")["spend"], daily.reshape(28, 7).sum(axis=1))
    np.testing.assert_allclose(found.of("b")["revenue"], np.arange(196).reshape(28, 7).sum(axis=1))
    assert found.rows["spend"].sum() == pytest.approx(weekly.sum() + daily.sum())
    assert said(found, "brought-together").startswith("b: reported by day, other channels by week.")


def test_a_week_that_is_not_whole_is_left_out_and_named_with_its_money() -> None:
    weekly = rows("a", np.full(10, 70.0), days=7)
    daily = rows("b", np.full(77, 10.0), start="2026-02-25")  # from a Wednesday before to the Tuesday after
    found = read(weekly, daily)
    assert len(found.of("b")) == 10
    assert said(found, "partial-periods").startswith(
        "Left out, since not all days of the week are reported: b (2 rows, CN¥70.00)."
    )
    later = read(weekly, daily[daily["period_start"] >= "2026-03-18"])  # a Wednesday: it began in that week
    assert later.of("b")["spend"].tolist() == [50, *[70] * 7]
    missing = read(weekly, daily[daily["period_start"] != "2026-03-18"])
    assert len(missing.of("b")) == 9
    assert np.isnan(missing.panel().spend[2, 1])


def test_weeks_and_months_go_on_by_the_clocks_of_the_zone() -> None:
    zone = Campaign(name="c", start="2026-01-01", end="2026-12-31", zone="Europe/Berlin")
    edges = pd.date_range("2026-01-01", periods=11, freq="MS", tz="Europe/Berlin").tz_convert("UTC").tz_localize(None)
    days = pd.date_range("2026-01-01", "2026-11-01", freq="D", tz="Europe/Berlin").tz_convert("UTC").tz_localize(None)
    monthly = pd.DataFrame({"period_start": edges[:-2], "period_end": edges[1:-1], "channel": "a", "spend": 100.0})
    daily = pd.DataFrame({"period_start": days[:-1], "period_end": days[1:], "channel": "b", "spend": 1.0})
    found = read(monthly.assign(currency="EUR"), daily.assign(currency="EUR"), campaign=zone)
    assert found.of("b")["spend"].tolist() == [31, 28, 31, 30, 31, 30, 31, 31, 30, 31]  # October is of no other channel
    assert found.of("b")["period_start"].tolist() == edges[:-1].tolist()


def test_weeks_that_begin_on_other_days_leave_the_most_common_ones() -> None:
    mondays = [rows(f"m{k}", np.full(10, 7.0), days=7) for k in range(2)]
    thursdays = rows("t", np.full(10, 7.0), start="2026-03-05", days=7)
    found = read(*mondays, thursdays, rows("d", np.full(70, 1.0)))
    assert found.of("d")["period_start"].tolist() == found.of("m0")["period_start"].tolist()
    assert found.of("d")["spend"].tolist() == [7] * 10
    assert len(found.of("t")) == 10


def test_a_channel_of_two_lengths_counts_in_one_of_them() -> None:
    found = read(rows("a", np.full(10, 1.0)), rows("a", np.full(10, 7.0), start="2026-03-16", days=7))
    assert (found.hours, len(found.of("a"))) == (24, 10)
    assert "a (10 rows, CN¥70.00)" in said(found, "uneven-periods")


def test_a_total_beside_days_does_not_make_all_of_them_one_period() -> None:
    found = read(rows("a", np.full(30, 10.0)), rows("b", [900.0], days=30))
    assert (found.hours, sorted(found.rows["channel"].unique())) == (24, ["a"])
    assert "b (1 row, CN¥900)" in said(found, "uneven-periods")


def test_a_week_beside_the_days_it_is_made_of_is_not_counted_twice() -> None:
    found = read(rows("a", np.full(56, 10.0)), rows("a", [70.0], days=7), rows("b", np.full(8, 70.0), days=7))
    assert found.of("a")["spend"].tolist() == [70] * 8
    assert "a (1 row, CN¥70.00)" in said(found, "uneven-periods")


def test_a_day_that_names_no_revenue_leaves_its_week_unknown() -> None:
    earned = np.where(np.arange(56) == 9, np.nan, 5.0)
    found = read(rows("a", np.full(56, 1.0), attributed_revenue=earned), rows("b", np.full(8, 7.0), days=7))
    assert found.of("a")["revenue"].isna().tolist() == [False, True, *[False] * 6]


# ---- credits ------------------------------------------------------------------------------------------------


def test_a_credit_is_subtracted_and_said() -> None:
    spend = np.full(30, 100.0)
    spend[7] = -50
    found = read(rows("a", spend), rows("a", np.where(np.arange(30) == 12, -5.0, 0)))
    assert found.rows["spend"].sum() == 29 * 100 - 50 - 5
    assert np.flatnonzero(found.rows["credit"]).tolist() == [7]  # five of a hundred hide nothing
    assert said(found, "credit") == (
        "Credits are subtracted from spend, as in the report: a (-CN¥55.00, 2026-03-09, 2026-03-14)."
    )
    assert not read(rows("a", np.full(30, 100.0))).rows["credit"].any()


def test_a_credit_is_in_the_curves_total_and_moves_no_curve_below_zero() -> None:
    spend = planted.spending(np.random.default_rng(3))
    given = planted.rows("search", spend, planted.expected("hyperbolic", spend, 1000, 150))
    credit = planted.rows("search", np.array([-50.0]), np.array([0.0])).assign(
        period_start=given["period_start"].max() + DAY, period_end=given["period_end"].max() + DAY
    )
    answer = ResponseCurves(draws=100).run(Tables(spend=pd.concat([given, credit])))
    assert isinstance(answer, CurvesAnswer)
    assert answer.table["spend"].item() == pytest.approx(spend.sum() - 50)
    assert answer.curves[0].spend.min() == 0


# ---- slips of the hand ----------------------------------------------------------------------------------------


def laid_out(spend: Any, revenue: Any = None, phase: Any = None) -> Panel:
    periods, channels = spend.shape
    starts = np.datetime64("2026-03-02", "us") + np.arange(periods) * np.timedelta64(1, "D")
    nothing = np.zeros(spend.shape, bool)
    return Panel(
        starts=starts,
        ends=starts + np.timedelta64(1, "D"),
        channels=tuple(f"c{k}" for k in range(channels)),
        spend=spend,
        revenue=np.full(spend.shape, np.nan) if revenue is None else revenue,
        credited=np.zeros(spend.shape),
        phase=("p",) * periods if phase is None else tuple(phase),
        credit=nothing,
        suspect=nothing,
        unripe=np.zeros(periods, bool),
    )


def earned(rng: np.random.Generator, spend: Any, sigma: float = 0.2) -> Any:
    return 900 * spend / (100 + spend) * np.exp(sigma * rng.standard_normal(spend.shape))


@pytest.mark.parametrize("claimed", [False, True])
@pytest.mark.parametrize(("channels", "runs"), [(1, 1000), (3, 400)])
def test_clean_spend_hardly_ever_looks_like_a_slip(claimed: bool, channels: int, runs: int) -> None:
    rng = np.random.default_rng([4, channels, claimed])
    flat = np.zeros(100, bool)
    alarms = 0
    for _ in range(runs):
        spend = 100 * np.exp(0.8 * rng.standard_normal((100, channels)))
        alarms += doubts.suspects(laid_out(spend, earned(rng, spend) if claimed else None), flat).any()
    # At a true rate of 1%, so many or more come in one of a thousand tests.
    assert alarms <= {1000: 21, 400: 11}[runs], alarms


def test_a_hundredfold_value_is_found_and_nothing_beside_it() -> None:
    rng, hits = np.random.default_rng(5), 0
    for _ in range(200):
        spend = 100 * np.exp(0.45 * rng.standard_normal((60, 2)))
        revenue, at = earned(rng, spend), int(rng.integers(60))
        spend[at, 0] *= 100
        found = doubts.suspects(laid_out(spend, revenue), np.zeros(60, bool))
        hits += bool(found[at, 0])
        found[at, 0] = False
        assert found.sum() <= 1
    assert hits >= 196


def test_peaks_that_were_meant_are_no_slips() -> None:
    rng = np.random.default_rng(6)
    spend = 100 * np.exp(0.3 * rng.standard_normal((56, 3)))
    flat, at = np.zeros(56, bool), 50
    five, thirty = spend.copy(), spend.copy()
    five[at, 0] *= 5
    thirty[at, 0] *= 30
    assert not doubts.suspects(laid_out(five), flat).any()
    assert doubts.suspects(laid_out(thirty), flat)[at].tolist() == [True, False, False]
    peak = flat.copy()
    peak[at] = True
    assert not doubts.suspects(laid_out(thirty), peak).any()  # a day that the records know
    together = spend * np.where(np.arange(56) == at, 30, 1)[:, None]
    assert not doubts.suspects(laid_out(together), flat).any()  # all channels rose
    followed = earned(rng, spend)
    followed[at, 0] *= 5
    assert not doubts.suspects(laid_out(thirty, followed), flat).any()  # revenue rose with it
    phase = np.where(np.arange(56) >= 50, "burst", "warm-up")
    burst = spend[:, :1] * np.where(phase == "burst", 30, 1)[:, None]
    assert not doubts.suspects(laid_out(burst, phase=phase), flat).any()  # its whole phase is like it


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_flags_do_not_depend_on_the_unit_of_money(scale: float) -> None:
    rng = np.random.default_rng(7)
    spend = 100 * np.exp(0.45 * rng.standard_normal(60))
    spend[20], spend[30] = 9_000, -40
    revenue = earned(rng, np.abs(spend))
    revenue[-2:] *= [0.4, 0.1]
    one = read(rows("a", spend, attributed_revenue=revenue)).rows
    other = read(rows("a", scale * spend, attributed_revenue=scale * revenue)).rows
    flags = ["credit", "suspect", "unripe"]
    assert one[flags].sum().tolist() == [1, 1, 2]
    pd.testing.assert_frame_equal(one[flags], other[flags])


def test_a_slip_is_named_unless_the_records_know_the_day() -> None:
    rng = np.random.default_rng(8)
    spend = 100 * np.exp(0.3 * rng.standard_normal(60))
    spend[9] = 3_000
    found = read(rows("a", spend))
    assert "a on 2026-03-11 (CN¥3,000)" in said(found, "suspect-spend")
    known = CalendarDay(name="anniversary", start="2026-03-11")
    assert not said(read(rows("a", spend), records=[known]), "suspect-spend")


# ---- unripe days ----------------------------------------------------------------------------------------------


def wavering(rng: np.random.Generator, size: int, sigma: float, rho: float) -> Any:
    """Return AR(1) noise of a standard deviation."""
    noise = sigma * rng.standard_normal(size)
    for i in range(1, size):
        noise[i] = rho * noise[i - 1] + np.sqrt(1 - rho**2) * noise[i]
    return noise


@pytest.mark.parametrize("rho", [0.0, 0.4])
def test_ripe_days_hardly_ever_look_unripe(rho: float) -> None:
    rng, runs, alarms = np.random.default_rng([9, int(10 * rho)]), 1000, 0
    for _ in range(runs):
        spend = 100 * np.exp(0.5 * rng.standard_normal((40, 2)))
        noise = np.column_stack([wavering(rng, 40, 0.3, rho) for _ in range(2)])
        alarms += doubts.unripe(laid_out(spend, earned(rng, spend, 0) * np.exp(noise))) > 0
    assert alarms <= 0.02 * runs, alarms


def test_late_conversions_are_seen_in_the_last_days() -> None:
    rng, counts = np.random.default_rng(10), np.zeros(4, int)
    for _ in range(200):
        spend = 100 * np.exp(0.5 * rng.standard_normal((40, 2)))
        revenue = earned(rng, spend)
        revenue[-2:] *= np.array([[0.5], [0.2]])
        counts[doubts.unripe(laid_out(spend, revenue))] += 1
    assert counts[0] <= 2
    assert counts[2] >= 150


def test_a_phase_of_its_own_is_not_called_unripe() -> None:
    rng = np.random.default_rng(11)
    spend = 100 * np.exp(0.5 * rng.standard_normal((40, 1)))
    revenue = earned(rng, spend, 0.05)
    revenue[-4:] *= 0.4
    phase = np.where(np.arange(40) >= 36, "wrap-up", "burst")
    assert doubts.unripe(laid_out(spend, revenue, phase)) == 0
    assert doubts.unripe(laid_out(spend, revenue)) == 3
    campaign = Campaign(
        name="c", start="2026-03-02", end="2026-04-10", zone="UTC",
        phases=[Phase(name="all", start="2026-03-02", end="2026-04-10")],
    )  # fmt: skip
    found = read(rows("a", spend[:, 0], attributed_revenue=revenue[:, 0]), campaign=campaign)
    assert said(found, "unripe").startswith("From 2026-04-08 on, claimed revenue falls far below")


# ---- conversions ------------------------------------------------------------------------------------------------


def test_conversions_are_revenue_at_the_worth_given_where_none_is_claimed() -> None:
    claimed = rows("a", np.full(10, 9.0), attributed_revenue=30.0, conversions=2)
    counted = rows("b", np.full(10, 9.0), conversions=np.arange(10))
    found = read(claimed, counted, worth=45.5)
    assert found.valued == ("b",)
    assert found.of("a")["revenue"].tolist() == [30] * 10
    assert found.of("b")["revenue"].tolist() == (45.5 * np.arange(10)).tolist()
    assert "b: the platform names no revenue; it is its conversions at CN¥45.50 each" in said(found, "worth")
    assert read(claimed, counted).of("b")["revenue"].isna().all()


# ---- claims beside orders -----------------------------------------------------------------------------------------


def sold(daily: Any, start: str = "2026-03-02 10:00") -> pd.DataFrame:
    at = pd.date_range(start, periods=len(daily), unit="us")
    names = [f"o{k}" for k in range(len(daily))]
    return pd.DataFrame({"order_id": names, "timestamp": at, "paid_at": at, "revenue": daily, "currency": "CNY"})


@pytest.fixture
def market() -> Callable[..., Tables]:
    def make(**orders: Any) -> Tables:
        parts = [
            rows(name, np.full(30, 10.0), attributed_revenue=amount) for name, amount in (("a", 40.0), ("b", 25.5))
        ]
        return Tables(spend=pd.concat(parts), orders=sold(**orders))

    return make


def test_claims_beyond_all_orders_are_said_and_scaled(market: Callable[..., Tables]) -> None:
    tables = market(daily=np.full(30, 50.0))
    found = claims(tables, report(tables, None))
    assert found is not None
    assert (found.claimed, found.realised, found.periods) == (30 * 65.5, 1500, 30)
    assert (found.ratio, found.factor) == pytest.approx((1.31, 1 / 1.31))
    assert said(found, "claims-exceed-orders").startswith(
        "Platforms claim CN¥1,965, all orders came to CN¥1,500 in the same time"
    )
    assert found.notes[0].level == "warning"


def test_claims_within_orders_are_left_as_they_are(market: Callable[..., Tables]) -> None:
    tables = market(daily=np.full(30, 131.0))
    found = claims(tables, report(tables, None))
    assert found is not None
    assert (found.factor, found.notes[0].code) == (1.0, "claims-beside-orders")
    assert "50.0%" in found.notes[0].message.text()


def test_claims_and_orders_are_compared_over_the_time_both_cover(market: Callable[..., Tables]) -> None:
    tables = market(daily=np.full(10, 50.0), start="2026-03-12 10:00")
    found = claims(tables, report(tables, None))
    assert found is not None
    assert (found.claimed, found.realised, found.periods) == (655, 500, 10)
    apart = market(daily=np.full(10, 50.0), start="2025-03-12 10:00")
    assert claims(apart, report(apart, None)) is None


def test_all_channels_claims_count_whatever_the_filter(market: Callable[..., Tables]) -> None:
    tables, where = market(daily=np.full(30, 50.0)), Filter(channel="a")
    found = claims(tables, report(tables, where), where)
    assert found is not None
    assert found.claimed == 30 * 65.5


def test_without_claims_or_orders_there_is_nothing_to_compare() -> None:
    spend = rows("a", np.full(30, 10.0))
    for tables in (
        Tables(spend=spend, orders=sold(np.full(30, 5.0))),
        Tables(spend=spend.assign(attributed_revenue=9.0)),
    ):
        assert claims(tables, report(tables, None)) is None
