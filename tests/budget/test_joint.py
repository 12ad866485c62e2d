"""The joint fit: known truth on plain arrays, the field's published example, and orders without attribution."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted

from analysis.budget.curves import forms, joint
from analysis.budget.curves.curve import carried
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.tables import Tables
from analysis.values import Filter

BOUND = 4.0
DAYS = 200
TRUTH = {"tv": (0.5, 80.0, 600.0), "radio": (0.2, 150.0, 900.0)}
"""Adstock, half-saturation and ceiling."""


def bursts(rng: np.random.Generator, days: int = DAYS) -> Any:
    """Return spend of two channels that come and go on their own."""
    active = rng.random((days, 2)) < 0.6
    return np.round(active * rng.gamma(2, 60, (days, 2)), 2)


def media(form: str, spend: Any, parameters: Any) -> Any:
    """Return each channel's revenue, (periods, channels); parameters as (adstock, log half, ceiling) per channel."""
    adstock, log_half, ceiling = np.reshape(parameters, (3, -1))
    parts = zip(spend.T, adstock, log_half, ceiling, strict=True)
    return np.column_stack([forms.value(form, carried(x, a), c, np.exp(h)) for x, a, h, c in parts])


def contributions(form: str, spend: Any, found: Any) -> Any:
    return media(form, spend, np.concatenate([found.adstock, np.log(found.half), found.ceiling])).sum(axis=0)


def standard_errors(form: str, spend: Any, controls: Any, parameters: Any, sigma: float) -> Any:
    """Return the standard errors of the contributions by the delta method, in money."""
    steps = 1e-5 * np.maximum(np.abs(parameters), 0.1)
    moved = [
        (media(form, spend, parameters + step) - media(form, spend, parameters - step)) / (2 * size)
        for step, size in zip(np.diag(steps), steps, strict=True)
    ]
    jacobian = np.column_stack([controls, *(m.sum(axis=1) for m in moved)])
    scale = np.linalg.norm(jacobian, axis=0)
    covariance = sigma**2 * np.linalg.inv((jacobian / scale).T @ (jacobian / scale)) / np.outer(scale, scale)
    gradient = np.array([m.sum(axis=0) for m in moved])  # (parameters, channels)
    own = covariance[controls.shape[1] :, controls.shape[1] :]
    return np.sqrt(np.einsum("pc,pq,qc->c", gradient, own, gradient))


@pytest.mark.parametrize("form", sorted(forms.FORMS))
def test_planted_curves_are_recovered_from_total_revenue(form: str) -> None:
    rng = np.random.default_rng([2, sorted(forms.FORMS).index(form)])
    spend, sigma = bursts(rng), 40.0
    controls = np.column_stack([np.ones(DAYS), np.linspace(0, 1, DAYS)])
    adstock, half, ceiling = (np.array(part) for part in zip(*TRUTH.values(), strict=True))
    parameters = np.concatenate([adstock, np.log(half), ceiling])
    earned = media(form, spend, parameters)
    revenue = controls @ [2000.0, 500.0] + earned.sum(axis=1) + sigma * rng.standard_normal(DAYS)
    found = joint.fit(form, revenue, spend, controls)
    error = standard_errors(form, spend, controls, parameters, sigma)
    assert (np.abs(contributions(form, spend, found) - earned.sum(axis=0)) < BOUND * error).all()
    # The log of a variance estimated from so many residuals has a standard error of sqrt(2 / free).
    free = DAYS - found.parameters
    assert abs(np.log(found.rss / free / sigma**2)) < BOUND * np.sqrt(2 / free)


def test_without_noise_the_truth_comes_back() -> None:
    rng = np.random.default_rng(3)
    spend, controls = bursts(rng), np.ones((DAYS, 1))
    adstock, half, ceiling = (np.array(part) for part in zip(*TRUTH.values(), strict=True))
    earned = media("hyperbolic", spend, np.concatenate([adstock, np.log(half), ceiling]))
    found = joint.fit("hyperbolic", 2000 + earned.sum(axis=1), spend, controls)
    np.testing.assert_allclose(contributions("hyperbolic", spend, found), earned.sum(axis=0), rtol=1e-3)
    np.testing.assert_allclose(found.adstock, adstock, atol=1e-3)
    np.testing.assert_allclose(found.half, half, rtol=5e-3)


def test_redundant_controls_change_nothing() -> None:
    rng = np.random.default_rng(4)
    spend = bursts(rng)
    revenue = 2000 + 3 * spend[:, 0] + rng.standard_normal(DAYS)
    plain = np.column_stack([np.ones(DAYS), np.arange(DAYS)])
    doubled = np.column_stack([plain, plain @ [[1.0], [2.0]], np.zeros(DAYS)])
    assert joint.basis(doubled).shape == (DAYS, 2)
    one, two = (joint.fit("hyperbolic", revenue, spend, joint.basis(c)) for c in (plain, doubled))
    np.testing.assert_allclose(one.fitted, two.fitted, rtol=1e-6)


def test_the_published_example(real_file: Callable[[str], Path]) -> None:
    """PyMC-Marketing's example: contributions are 274,848 and 65,906, adstock .4 and .2, logistic saturation."""
    data = pd.read_csv(real_file("mmm_example.csv"), parse_dates=["date_week"])
    revenue, spend, n = data["y"].to_numpy(), data[["x1", "x2"]].to_numpy(), len(data)
    turn, trend = 2 * np.pi * data["dayofyear"].to_numpy() / 365.25, np.linspace(0, 1, n)
    season = [wave(k * turn) for k in (1, 2) for wave in (np.sin, np.cos)]
    controls = np.column_stack([np.ones(n), trend, trend**2, *season, data["event_1"], data["event_2"]])
    fits = {form: joint.fit(form, revenue, spend, controls) for form in forms.FORMS}
    assert min(fits, key=lambda form: fits[form].rss) == "logistic"
    found = fits["logistic"]
    np.testing.assert_allclose(contributions("logistic", spend, found), [274_848, 65_906], rtol=0.04)
    # The Bayesian fit says .401 ± .030 and .189 ± .041.
    assert (np.abs(found.adstock - [0.401, 0.189]) < [0.030, 0.041]).all()
    rng = np.random.default_rng(1)
    adstock, half, ceiling = joint.draw(found, spend, controls, joint.noise(found, revenue, 400, rng))
    drawn = np.array(
        [
            media("logistic", spend, np.concatenate(p)).sum(axis=0)
            for p in zip(adstock, np.log(half), ceiling, strict=True)
        ]
    )
    low, high = np.quantile(drawn, [0.03, 0.97], axis=0)
    assert (low <= [274_848, 65_906]).all()
    assert (high >= [274_848, 65_906]).all()
    assert (high - low < [150_000, 30_000]).all()
    # Fit is not truth: another form is off by a seventh and fits the same.
    wrong = contributions("hyperbolic", spend, fits["hyperbolic"])[0] / 274_848 - 1
    assert wrong > 0.1
    assert fits["hyperbolic"].rss / found.rss < 1.05


# ---- through the question ---------------------------------------------------------------------------------


def market(seed: int = 5, sigma: float = 40.0) -> tuple[dict[str, pd.DataFrame], Any]:
    """Return frames of 200 days without attribution, and what each channel truly brought on each."""
    rng = np.random.default_rng(seed)
    spend = bursts(rng)
    adstock, half, ceiling = (np.array(part) for part in zip(*TRUTH.values(), strict=True))
    earned = media("hyperbolic", spend, np.concatenate([adstock, np.log(half), ceiling]))
    days = pd.date_range(planted.START, periods=DAYS, unit="us")
    weekday = 100 * np.sin(np.arange(DAYS) % 7)
    revenue = 2000 + 2 * np.arange(DAYS) + weekday + earned.sum(axis=1) + sigma * rng.standard_normal(DAYS)
    at = days + pd.to_timedelta(rng.integers(0, 24 * 60, DAYS), unit="min")
    orders = pd.DataFrame({"order_id": np.arange(DAYS).astype(str), "timestamp": at, "currency": "CNY"})
    orders = orders.assign(revenue=revenue + 7.0, refund=7.0, paid_at=at, channel="tv", campaign="Double 11")
    unpaid = orders.iloc[:20].assign(order_id=lambda t: "u" + t["order_id"], paid_at=pd.NaT, revenue=1e6)
    foreign = orders.iloc[:20].assign(order_id=lambda t: "f" + t["order_id"], currency="USD", revenue=1e6)
    report = pd.concat([planted.rows(name, spend[:, k], campaign="Double 11") for k, name in enumerate(TRUTH)])
    return {"spend": report, "orders": pd.concat([orders, unpaid, foreign])}, earned


def known_to(frames: dict[str, pd.DataFrame], kept: Any, sigma: float = 40.0) -> Any:
    """Return the standard errors of the contributions of :func:`market` over the days kept."""
    spend = frames["spend"].pivot(index="period_start", columns="channel", values="spend")[list(TRUTH)].to_numpy()
    day = np.arange(DAYS)
    controls = np.column_stack([np.ones(DAYS), day / DAYS, np.eye(7)[day % 7][:, 1:]])
    adstock, half, ceiling = (np.array(part) for part in zip(*TRUTH.values(), strict=True))
    parameters = np.concatenate([adstock, np.log(half), ceiling])
    return standard_errors("hyperbolic", spend[kept], controls[kept], parameters, sigma)


def test_channels_without_attribution_are_fitted_to_all_orders() -> None:
    frames, truth = market()
    answer = ResponseCurves(form="hyperbolic").run(Tables(**frames))
    assert isinstance(answer, CurvesAnswer)
    table = answer.table.set_index("channel").loc[list(TRUTH)]
    assert table["source"].tolist() == ["joint", "joint"]
    assert table["revenue"].isna().all()
    off = np.abs(table["contribution"] - truth.sum(axis=0))
    assert (off < BOUND * known_to(frames, np.ones(DAYS, dtype=bool))).all()
    assert (table["low"] < table["contribution"]).all()
    assert (table["contribution"] < table["high"]).all()
    codes = {n.code: n.level for n in answer.notes}
    assert codes["joint-fit"] == "warning"
    assert codes["other-currencies"] == "warning"
    for language in ("en", "zh_CN"):
        assert "{" not in answer.text(language)
    for curve in answer.curves:
        own = table.loc[curve.channel]
        assert curve.total() == own["contribution"]
        assert set(curve.phase_multipliers.values()) == {1.0}


def test_a_channel_filter_chooses_what_is_shown_and_not_what_is_fitted() -> None:
    frames, _ = market()
    tables = Tables(**frames)
    whole = ResponseCurves().run(tables).table
    part = ResponseCurves(where=Filter(channel="radio")).run(tables).table
    pd.testing.assert_frame_equal(part, whole[whole["channel"] == "radio"].reset_index(drop=True))


def test_attributed_and_other_channels_stand_side_by_side() -> None:
    frames, _ = market()
    spend = frames["spend"].reset_index(drop=True)
    attributed = forms.value("hyperbolic", spend["spend"], 800, 100)
    frames["spend"] = spend.assign(attributed_revenue=np.where(spend["channel"] == "tv", attributed, np.nan))
    table = ResponseCurves().run(Tables(**frames)).table.set_index("channel")
    assert table["source"].to_dict() == {"radio": "joint", "tv": "attributed"}


def test_channels_that_move_with_demand_alone_are_refused() -> None:
    frames, _ = market()
    spend = frames["spend"]
    tv = spend[spend["channel"] == "tv"]
    same = pd.concat([tv.assign(channel=name, spend=50 + 1e-3 * tv["spend"]) for name in ("a", "b")])
    table = ResponseCurves().run(Tables(spend=same, orders=frames["orders"])).table
    assert not table["estimable"].any()
    assert table["contribution"].isna().all()


def test_a_short_history_is_not_enough_for_a_joint_fit() -> None:
    frames, _ = market()
    answer = ResponseCurves(where=Filter(end="2026-10-05")).run(Tables(**frames))
    assert set(answer.table["reason"]) == {"few-periods"}


def test_days_missing_from_the_report_carry_nothing_over() -> None:
    frames, truth = market()
    days = pd.date_range(planted.START, periods=DAYS, unit="us")
    kept = np.ones(DAYS, dtype=bool)
    kept[80:90] = False
    spend = frames["spend"][frames["spend"]["period_start"].isin(days[kept])]
    answer = ResponseCurves(form="hyperbolic").run(Tables(spend=spend, orders=frames["orders"]))
    off = answer.table.set_index("channel").loc[list(TRUTH), "contribution"] - truth[kept].sum(axis=0)
    assert (np.abs(off) < BOUND * known_to(frames, kept)).all()


# ---- beside controls --------------------------------------------------------------------------------------


def with_holidays(seed: int) -> tuple[dict[str, pd.DataFrame], Any]:
    """Return a market with days on which all is sold at once, TV is paid for, too, and neither brought the other."""
    frames, truth = market(seed)
    days = pd.date_range(planted.START, periods=DAYS, unit="us")
    holiday = np.zeros(DAYS)
    tv = frames["spend"]["channel"].to_numpy() == "tv"
    holiday[np.argsort(frames["spend"]["spend"].to_numpy()[tv])[-12:]] = 1.0
    orders = frames["orders"]
    own = orders["order_id"].str.isdigit() & (orders["currency"] == "CNY")
    orders.loc[own, "revenue"] += 4_000 * holiday
    controls = pd.DataFrame({"day": days, "name": "holiday", "value": holiday})
    steady = controls.assign(name="opened", value=1.0)
    return {**frames, "controls": pd.concat([controls, steady, controls.iloc[:9].assign(name="rain")])}, truth


def test_what_holidays_sell_is_not_taken_for_what_is_spent_on_them() -> None:
    frames, truth = with_holidays(5)
    answer = ResponseCurves(form="hyperbolic").run(Tables(**frames))
    off = np.abs(answer.table.set_index("channel").loc[list(TRUTH), "contribution"] - truth.sum(axis=0))
    assert (off < BOUND * known_to(frames, np.ones(DAYS, dtype=bool))).all()
    said = [answer.say(note.message) for note in answer.notes if note.code == "controls"]
    assert said == [
        "Revenue is explained by these controls, too: holiday, opened.",
        "Controls left out, as some period has no value of theirs: rain.",
    ]
    without = ResponseCurves(form="hyperbolic").run(Tables(**(frames | {"controls": None})))
    misled = without.table.set_index("channel").loc["tv", "contribution"]
    assert not abs(misled - truth.sum(axis=0)[list(TRUTH).index("tv")]) < 10 * off["tv"]


def test_controls_that_leave_too_few_periods_are_left_out() -> None:
    frames, _ = market()
    rng, days = np.random.default_rng(1), frames["spend"]["period_start"].unique()
    many = [pd.DataFrame({"day": days, "name": f"c{n}", "value": rng.random(DAYS)}) for n in range(DAYS)]
    answer = ResponseCurves(form="hyperbolic").run(Tables(**frames, controls=pd.concat(many)))
    assert answer.table["source"].tolist() == ["joint", "joint"]
    (said,) = (answer.say(note.message) for note in answer.notes if note.code == "controls")
    assert said.startswith("Controls left out, as there are too few periods to fit them, too: c0, c1")
