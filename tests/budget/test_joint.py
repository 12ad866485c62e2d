"""The joint fit: known truth, the field's published example, and orders without attribution."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted

from analysis.answer import Answer
from analysis.budget.curves import demand, forms, jointly
from analysis.budget.curves.carry import carried
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.tables import Tables
from analysis.values import Filter
from benchmarks.budget import EXAMPLE, example

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


def ask(frames: dict[str, pd.DataFrame], **changes: Any) -> CurvesAnswer:
    answer = ResponseCurves(**changes).run(Tables(**frames))
    assert isinstance(answer, CurvesAnswer)
    return answer


def told(answer: Answer, column: str) -> Any:
    """Return a column, in the order of the planted channels."""
    return answer.table.set_index("channel").loc[list(TRUTH), column].to_numpy()


def test_the_published_example_with_its_form(real_file: Callable[[str], Path]) -> None:
    """PyMC-Marketing's example: contributions are 274,848 and 65,906, adstock .4 and .2, logistic saturation."""
    answer = ResponseCurves(form="logistic").run(example(real_file("mmm_example.csv")))
    assert isinstance(answer, CurvesAnswer)
    table = answer.table.set_index("channel").loc[list(EXAMPLE)]
    np.testing.assert_allclose(table["contribution"], [*EXAMPLE.values()], rtol=0.05)
    assert (table["low"] <= [*EXAMPLE.values()]).all() and (table["high"] >= [*EXAMPLE.values()]).all()
    # With this trend, no autocorrelation and the form known, information bounds the width of the first to 70,200.
    assert (table["high"] - table["low"] < [80_000, 14_000]).all()
    # The Bayesian fit says .401 ± .030 and .189 ± .041.
    assert (np.abs(table["carry_over"] - [0.401, 0.189]) < [0.06, 0.08]).all()
    assert answer.r_hat is not None and answer.r_hat <= 1.05


def test_the_published_example_with_every_form(real_file: Callable[[str], Path]) -> None:
    """Fit is not truth: other forms fit as well, so the interval is wider, and holds it."""
    answer = ResponseCurves().run(example(real_file("mmm_example.csv")))
    table = answer.table.set_index("channel").loc[list(EXAMPLE)]
    assert (table["low"] <= [*EXAMPLE.values()]).all() and (table["high"] >= [*EXAMPLE.values()]).all()
    assert table["precision"].tolist()[1] == "separated"
    assert set(table["cause"]) == {"correlation"}


@pytest.mark.parametrize("family", forms.FAMILIES)
def test_planted_curves_are_recovered_from_total_revenue(family: str) -> None:
    form = forms.members(family)[-1] if family != "hill" else "hill-2"
    frames, truth = market(form=form)
    answer = ask(frames, form=family)
    error = known_to(frames, np.ones(DAYS, dtype=bool), form=form)
    assert (np.abs(told(answer, "contribution") - truth.sum(axis=0)) < BOUND * error).all()
    assert (told(answer, "high") - told(answer, "low") < 2 * 3.92 * error).all()
    assert (told(answer, "low") < told(answer, "contribution")).all()
    # The log of a variance estimated from so many residuals has a standard error of sqrt(2 / free).
    assert set(told(answer, "form")) == {family}


def test_redundant_controls_change_nothing() -> None:
    rng = np.random.default_rng(4)
    plain = np.column_stack([np.ones(DAYS), np.arange(DAYS), rng.random(DAYS)])
    doubled = np.column_stack([plain[:, :2], plain @ [[1.0], [2.0], [0.0]], np.zeros(DAYS), plain[:, 2]])
    assert demand.independent(doubled).tolist() == [0, 1, 4]


# ---- through the question ---------------------------------------------------------------------------------


def market(seed: int = 5, sigma: float = 40.0, form: str = "hyperbolic") -> tuple[dict[str, pd.DataFrame], Any]:
    """Return frames of 200 days without attribution, and what each channel truly brought on each."""
    rng = np.random.default_rng(seed)
    spend = bursts(rng)
    adstock, half, ceiling = (np.array(part) for part in zip(*TRUTH.values(), strict=True))
    earned = media(form, spend, np.concatenate([adstock, np.log(half), ceiling]))
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


def known_to(frames: dict[str, pd.DataFrame], kept: Any, sigma: float = 40.0, form: str = "hyperbolic") -> Any:
    """Return the standard errors of the contributions of :func:`market` over the days kept."""
    spend = frames["spend"].pivot(index="period_start", columns="channel", values="spend")[list(TRUTH)].to_numpy()
    day = np.arange(DAYS)
    controls = np.column_stack([np.ones(DAYS), day / DAYS, np.eye(7)[day % 7][:, 1:]])
    adstock, half, ceiling = (np.array(part) for part in zip(*TRUTH.values(), strict=True))
    parameters = np.concatenate([adstock, np.log(half), ceiling])
    return standard_errors(form, spend[kept], controls[kept], parameters, sigma)


def test_channels_without_attribution_are_fitted_to_all_orders() -> None:
    frames, truth = market()
    answer = ask(frames, form="hyperbolic")
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
    assert codes["convergence"] == "info"
    for language in ("en", "zh_CN"):
        assert "{" not in answer.text(language)
    for curve in answer.curves:
        own = table.loc[curve.channel]
        assert curve.total() == own["contribution"]
        assert {float(own) for draws in curve.phases.values() for own in draws} == {1.0}


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


# ---- what must not matter ---------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_money_may_be_counted_in_any_unit(scale: float) -> None:
    frames, _ = market()
    frames["orders"] = frames["orders"][frames["orders"]["currency"] == "CNY"]
    scaled = {
        "spend": frames["spend"].assign(spend=scale * frames["spend"]["spend"]),
        "orders": frames["orders"].assign(**{c: scale * frames["orders"][c] for c in ("revenue", "refund")}),
    }
    one, other = (ask(own, draws=100).table for own in (frames, scaled))
    money = ["spend", "contribution", "low", "high"]
    pd.testing.assert_frame_equal(other[money] / scale, one[money], rtol=1e-6)
    rest = ["roi", "marginal_roi", "marginal_low", "marginal_high", "form", "precision", "r_squared", "carry_over"]
    pd.testing.assert_frame_equal(other[rest], one[rest], rtol=1e-6)


def test_the_order_of_rows_says_nothing() -> None:
    frames, _ = market()
    mixed = {name: own.sample(frac=1, random_state=1) for name, own in frames.items()}
    pd.testing.assert_frame_equal(ask(mixed, draws=100).table, ask(frames, draws=100).table, rtol=1e-9)


# ---- what cannot be told ----------------------------------------------------------------------------------


def test_two_channels_that_rise_and_fall_together_are_named_with_one_figure_for_both() -> None:
    frames, truth = market()
    rng, spend = np.random.default_rng(8), frames["spend"]
    tv = spend[spend["channel"] == "tv"]
    near = tv.assign(channel="tv two", spend=tv["spend"] * np.exp(0.02 * rng.standard_normal(len(tv))))
    answer = ask(frames | {"spend": pd.concat([spend, near])}, form="hyperbolic")
    table = answer.table.set_index("channel")
    assert table["precision"].to_dict() == {"radio": "separated", "tv": "twins", "tv two": "twins"}
    (note,) = (n for n in answer.notes if n.code == "twins")
    assert answer.say(note.message).startswith("tv, tv two cannot be told apart")
    low, high = (dict(note.message.params)[name].value for name in ("low", "high"))
    assert low <= truth.sum(axis=0)[list(TRUTH).index("tv")] <= high
    assert [c.channel for c in answer.curves] == ["radio"]
    assert set(table["reason"].dropna()) == {"alike"}


def test_searches_that_do_not_agree_are_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    frames, _ = market()
    monkeypatch.setattr(jointly, "CONVERGED", 0.5)
    answer = ask(frames)
    assert set(answer.table["reason"]) == {"not-converged"}
    assert answer.table[["contribution", "low", "high", "marginal_roi"]].isna().all(axis=None)
    assert answer.curves == ()
    said = [answer.say(n.message) for n in answer.notes if n.code == "not-estimable"]
    assert said == ["radio, tv: no curve, because several searches did not agree on an answer; longer data or fewer "
                    "channels help."]  # fmt: skip
    assert answer.chart().to_dict()


# ---- out of time ------------------------------------------------------------------------------------------


def test_curves_are_held_against_the_last_periods() -> None:
    frames, _ = market()
    note = next(n for n in ask(frames).notes if n.code == "out-of-time")
    assert note.level == "info"
    assert "proportion to spend" in note.message.text()


def test_revenue_that_does_not_follow_spend_is_said_first() -> None:
    """A report whose claims are random is predicted no better by a curve than by spend alone."""
    rng = np.random.default_rng(9)
    revenue = rng.gamma(1.0, 400.0, 56)
    spend = 100 * np.exp(0.06 * rng.standard_normal(56))
    answer = ask({"spend": planted.rows("search", spend, revenue)})
    note = next(n for n in answer.notes if n.code == "out-of-time")
    assert note.level == "warning"
    assert answer.say(answer.headline).startswith(
        "These curves are a sketch: they predicted the last periods no better"
    )
