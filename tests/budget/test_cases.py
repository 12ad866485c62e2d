"""Reports that went wrong once, made anew: the truth lies in the interval, and what is odd in the report is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted

from analysis.budget.curves import forms
from analysis.budget.curves.carry import carried
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.records import CalendarDay, LiftTest
from analysis.tables import Tables
from analysis.values import Campaign, Phase

CAMPAIGN = Campaign(
    name="Double 11",
    start="2026-09-21",
    end="2026-11-15",
    phases=(
        Phase(name="warm-up", start="2026-09-21", end="2026-10-31"),
        Phase(name="burst", start="2026-11-01", end="2026-11-11"),
        Phase(name="wrap-up", start="2026-11-12", end="2026-11-15"),
    ),
)
PEAK = CalendarDay(name="Singles' Day", start="2026-11-10", end="2026-11-11")


def answered(**tables: Any) -> tuple[CurvesAnswer, pd.DataFrame, dict[str, str]]:
    """Return the answer, its table by channel, and the notes in words by code."""
    answer = ResponseCurves().run(Tables(**tables))
    assert isinstance(answer, CurvesAnswer)
    return answer, answer.table.set_index("channel"), {n.code: answer.say(n.message) for n in answer.notes}


def holds(row: Any, contribution: float | None = None, marginal: float | None = None) -> bool:
    """Say whether a row's intervals hold the truth."""
    return (contribution is None or row["low"] <= contribution <= row["high"]) and (
        marginal is None or row["marginal_low"] <= marginal <= row["marginal_high"]
    )


def claims(form: str, rng: np.random.Generator, half: float = 120.0, sigma: float = 0.1) -> tuple[Any, Any, Any]:
    """Return 60 days of spend without phases, what it truly brings, and what is claimed."""
    spend = rng.gamma(4, 25, 60).round(2)
    truth = forms.value(form, spend, 900, half)
    return spend, truth, truth * planted.noise(rng, sigma, 60)


def orders(days: pd.DatetimeIndex, revenue: Any) -> pd.DataFrame:
    at = days + pd.Timedelta(hours=9)
    return pd.DataFrame({"order_id": np.arange(len(at)).astype(str), "timestamp": at, "paid_at": at, "currency": "CNY",
                         "revenue": revenue})  # fmt: skip


def weeks(rng: np.random.Generator, count: int) -> tuple[pd.DatetimeIndex, Any, Any, Any]:
    """Return weeks, spend of two channels, what each truly brings, and total revenue."""
    days = pd.date_range("2025-01-06", periods=count, freq="7D", unit="us")
    spend = (rng.gamma(3, 60, (count, 2)) * (rng.random((count, 2)) < 0.85)).round(2)
    brings = np.column_stack([
        forms.value("hyperbolic", carried(x, a), c, h)
        for x, a, c, h in zip(spend.T, (0.2, 0.4), (2500, 3000), (150, 200), strict=True)
    ])  # fmt: skip
    revenue = 6000 + 8 * np.arange(count) + brings.sum(axis=1) + 120 * rng.standard_normal(count)
    return days, spend, brings, revenue


def weekly(days: pd.DatetimeIndex, channel: str, spend: Any) -> pd.DataFrame:
    return pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(days=7), "channel": channel,
                         "spend": spend, "currency": "CNY"})  # fmt: skip


def test_claims_that_exceed_all_orders_are_scaled_and_said_first() -> None:
    rng = np.random.default_rng(1)
    parts = [claims("hyperbolic", rng) for _ in range(2)]
    report = pd.concat([planted.rows(name, s, c) for name, (s, _, c) in zip("ab", parts, strict=True)])
    claimed = sum(c.sum() for *_, c in parts)
    days = pd.date_range(planted.START, periods=60, unit="us")
    answer, table, notes = answered(spend=report, orders=orders(days, np.full(60, claimed / 100)))
    assert [n.code for n in answer.notes][:2] == ["claims-exceed-orders", "claims-scaled"]
    assert table["contribution"].sum() == pytest.approx(0.6 * claimed, rel=0.02)
    assert "60.0%" in notes["claims-scaled"]
    for name, (_, truth, _) in zip("ab", parts, strict=True):
        assert holds(table.loc[name], contribution=0.6 * truth.sum())


def test_rows_that_are_absent_are_unknown() -> None:
    days, spend, brings, revenue = weeks(np.random.default_rng(2), 104)
    gap = np.zeros(104, bool)
    gap[40:52] = True
    report = pd.concat([weekly(days[~gap], "a", spend[~gap, 0]), weekly(days, "b", spend[:, 1])])
    _, table, notes = answered(spend=report, orders=orders(days, revenue))
    assert holds(table.loc["a"], contribution=brings[~gap, 0].sum())
    assert holds(table.loc["b"], contribution=brings[:, 1].sum())
    assert table.loc["a", "spend"] == pytest.approx(spend[~gap, 0].sum())
    assert "a (12 rows" in notes["rows-absent"]


def test_channels_of_different_period_length_are_brought_together() -> None:
    rng = np.random.default_rng(3)
    days, spend, brings, revenue = weeks(rng, 60)
    share = rng.dirichlet(np.full(7, 5.0), 60)
    each = pd.date_range(days[0], periods=420, unit="us")
    daily = pd.DataFrame({"period_start": each, "period_end": each + pd.Timedelta(days=1), "channel": "b",
                          "spend": (spend[:, 1, None] * share).ravel(), "currency": "CNY"})  # fmt: skip
    _, table, notes = answered(spend=pd.concat([weekly(days, "a", spend[:, 0]), daily]), orders=orders(days, revenue))
    assert table["spend"].sum() == pytest.approx(spend.sum())
    for name, truth in zip("ab", brings.sum(axis=0), strict=True):
        assert holds(table.loc[name], contribution=truth)
    assert "b" in notes["brought-together"]


def test_a_credit_is_subtracted_and_said() -> None:
    spend, truth, claimed = claims("hyperbolic", np.random.default_rng(4))
    plain = planted.rows("s", spend, claimed)
    credit = plain.iloc[[7]].assign(spend=-60.0, attributed_revenue=0.0)
    _, table, notes = answered(spend=pd.concat([plain, credit]))
    assert table.loc["s", "spend"] == pytest.approx(spend.sum() - 60)
    assert holds(table.loc["s"], marginal=float(spend @ forms.slope("hyperbolic", spend, 900, 120) / spend.sum()))
    assert "60.00" in notes["credit"]
    assert truth.sum() == pytest.approx(table.loc["s", "contribution"], rel=0.06)


def test_a_slip_of_the_hand_is_named_and_shown_with_and_without() -> None:
    spend, _, claimed = claims("hyperbolic", np.random.default_rng(5))
    marginal = float(spend @ forms.slope("hyperbolic", spend, 900, 120) / spend.sum())
    clean = answered(spend=planted.rows("s", spend, claimed))[1].loc["s"]
    spend[20] *= 100
    _, table, notes = answered(spend=planted.rows("s", spend, claimed))
    assert holds(table.loc["s"], marginal=marginal)
    assert table.loc["s", "marginal_roi"] == pytest.approx(clean["marginal_roi"], rel=0.1)
    assert {"suspect-spend", "with-and-without"} <= set(notes)


def test_an_s_curve_is_drawn_as_one() -> None:
    spend, truth, claimed = claims("hill-2", np.random.default_rng(6))
    answer, table, _ = answered(spend=planted.rows("s", spend, claimed))
    row, curve = table.loc["s"], answer.curves[0]
    assert row["form"] == "hill"
    assert holds(row, truth.sum())
    margins, marginal = curve.next_unit_draws(), float(spend @ forms.slope("hill-2", spend, 900, 120) / spend.sum())
    assert abs(margins.mean() - marginal) < 4 * margins.std() < 0.2 * marginal
    twice, doubled = curve.total_draws(2.0), forms.value("hill-2", 2 * spend, 900, 120).sum()
    assert abs(twice.mean() - doubled) < 4 * twice.std()
    assert twice.std() < 0.05 * doubled


def test_always_on_channels_have_a_marginal_roi() -> None:
    """The split against the baseline is not in the data; what the next unit earns is."""
    rng = np.random.default_rng(7)
    days = pd.date_range("2024-01-01", periods=104, freq="7D", unit="us")
    spend = 200 * np.exp(0.45 * rng.standard_normal((104, 2)))
    truth = [(1200.0, 150.0), (900.0, 400.0)]
    media = sum(forms.value("hyperbolic", x, c, h) for x, (c, h) in zip(spend.T, truth, strict=True))
    revenue = 4000 + media + 100 * rng.standard_normal(104)
    report = pd.concat([weekly(days, name, x) for name, x in zip("ab", spend.T, strict=True)])
    _, table, _ = answered(spend=report, orders=orders(days, revenue))
    assert table["estimable"].all()
    assert set(table["cause"]) == {"correlation"}
    assert set(table["precision"]) == {"wide"}
    for name, x, (c, h) in zip("ab", spend.T, truth, strict=True):
        assert holds(table.loc[name], marginal=float(x @ forms.slope("hyperbolic", x, c, h) / x.sum()))


def test_a_peak_day_within_a_phase_is_not_taken_for_the_effect_of_spend() -> None:
    rng = np.random.default_rng(8)
    spend = planted.spending(rng)  # rises up to fivefold on the two days
    peak = 1.0 + np.isin(np.arange(56), (50, 51))
    claimed = peak * planted.expected("hyperbolic", spend, 900, 60) * planted.noise(rng, 0.05, 56)
    level = peak * planted.DEMAND[planted.PHASES]
    marginal = float(level @ (spend * forms.slope("hyperbolic", spend, 900, 60)) / spend.sum())
    report = planted.rows("s", spend, claimed)
    told = answered(spend=report, campaign=CAMPAIGN, records=[PEAK])[1].loc["s"]
    untold = answered(spend=report, campaign=CAMPAIGN)[1].loc["s"]
    assert holds(told, marginal=marginal)
    assert abs(told["marginal_roi"] - marginal) < abs(untold["marginal_roi"] - marginal)


# ---- experiments ------------------------------------------------------------------------------------------


def lift(truth: float, error: float, spend: float) -> LiftTest:
    """Return a test that paused channel "a" for the weeks 30 to 33, and measured what it brings to the point."""
    return LiftTest(channel="a", start="2025-08-04", end="2025-08-31", spend_change=-spend, sales_change=-truth,
                    error=error)  # fmt: skip


def test_an_experiment_scales_claims_to_what_they_cause() -> None:
    spend, _, claimed = claims("hyperbolic", np.random.default_rng(9))
    report = planted.rows("s", spend, claimed)
    paused = spend[10:17].sum()
    test = LiftTest(channel="s", start="2026-10-01", end="2026-10-07", spend_change=-float(paused),
                    sales_change=-0.5 * float(claimed[10:17].sum()),
                    error=0.03 * float(claimed[10:17].sum()))  # fmt: skip
    before, after = (answered(spend=report, records=own)[1].loc["s"] for own in ((), (test,)))
    assert (before["cause"], after["cause"]) == ("claim", "test")
    for column in ("contribution", "marginal_roi"):
        assert after[column] / before[column] == pytest.approx(0.5, abs=0.05)
    # Two standard errors of 3% of the claim, on a half of it.
    assert (after["high"] - after["low"]) / after["contribution"] > (before["high"] - before["low"]) / before[
        "contribution"
    ]


def test_an_experiment_narrows_and_moves_an_effect_that_hidden_demand_blew_up() -> None:
    rng = np.random.default_rng(10)
    days, count = pd.date_range("2025-01-06", periods=104, freq="7D", unit="us"), 104
    unseen = rng.standard_normal(count)
    for t in range(1, count):
        unseen[t] = 0.5 * unseen[t - 1] + np.sqrt(0.75) * unseen[t]
    spend = 200 * np.exp(0.2 * rng.standard_normal((count, 2)) + [0.5, 0.0] * unseen[:, None])
    a, b = (forms.value("hyperbolic", x, 1500, 250) for x in spend.T)
    revenue = 3000 + a + b + 300 * unseen + 60 * rng.standard_normal(count)
    report = pd.concat([weekly(days, name, x) for name, x in zip("ab", spend.T, strict=True)])
    within = slice(30, 34)
    effect = float(a[within].sum())
    test = lift(effect, 0.1 * effect, float(spend[within, 0].sum()))
    untold, told = (answered(spend=report, orders=orders(days, revenue), records=own)[1] for own in ((), (test,)))
    before, after, truth = untold.loc["a"], told.loc["a"], float(a.sum())
    marginal = float(spend[:, 0] @ forms.slope("hyperbolic", spend[:, 0], 1500, 250) / spend[:, 0].sum())
    assert before["marginal_roi"] > 1.5 * marginal
    assert holds(after, truth, marginal)
    assert after["high"] - after["low"] < before["high"] - before["low"]
    assert abs(after["marginal_roi"] - marginal) < abs(before["marginal_roi"] - marginal)
    assert (before["cause"], after["cause"], told.loc["b", "cause"]) == ("correlation", "test", "correlation")
