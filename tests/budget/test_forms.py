"""The curves' shapes: increasing, with the slope that their values have, and concave but for the S-curves."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.budget.curves import forms
from analysis.budget.curves.carry import CARRY, carried, runs

FORMS = sorted(forms.FORMS)
sizes = st.floats(0.01, 1e6)


@pytest.mark.parametrize("form", FORMS)
def test_the_slope_is_the_derivative_of_the_value(form: str) -> None:
    spend = np.geomspace(0.1, 5_000, 60)
    step = 1e-5 * spend  # the error of a central difference is of the order of its square
    by_hand = (forms.value(form, spend + step, 900, 120) - forms.value(form, spend - step, 900, 120)) / (2 * step)
    np.testing.assert_allclose(forms.slope(form, spend, 900, 120), by_hand, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("form", [f for f in FORMS if forms.FORMS[f].bounded])
def test_half_saturation_brings_half_the_ceiling(form: str) -> None:
    assert forms.value(form, 120.0, 900, 120) == pytest.approx(450)
    assert forms.value(form, 1e6, 900, 120) == pytest.approx(900, rel=1e-3)


def test_a_form_without_ceiling_has_half_its_slope_at_half() -> None:
    slope = forms.slope("logarithmic", np.array([0.0, 120.0]), 900, 120)
    assert slope[1] == pytest.approx(slope[0] / 2)


@pytest.mark.parametrize("form", FORMS)
@given(ceiling=sizes, half=sizes, spend=st.lists(st.floats(0, 1e7), min_size=3, max_size=3, unique=True))
def test_every_form_starts_at_nothing_rises_and_flattens(
    form: str, ceiling: float, half: float, spend: list[float]
) -> None:
    x = np.sort(spend)
    y, slope = forms.value(form, x, ceiling, half), forms.slope(form, x, ceiling, half)
    assert forms.value(form, 0.0, ceiling, half) == 0
    assert (np.diff(y) >= 0).all()
    assert (slope >= 0).all()
    if forms.FORMS[form].concave:
        assert (np.diff(slope) <= 1e-12 * slope[0]).all()
        # A concave curve lies above its chords.
        share = (x[1] - x[0]) / (x[2] - x[0])
        assert y[1] >= y[0] + share * (y[2] - y[0]) - 1e-9 * y[2]


@pytest.mark.parametrize("form", [f for f in FORMS if not forms.FORMS[f].concave])
def test_an_s_curve_is_steepest_where_its_second_derivative_is_zero(form: str) -> None:
    exponent = forms.FORMS[form].exponent
    spend = np.linspace(0, 400, 40_001)
    slope = forms.slope(form, spend, 900, 120)
    turn = 120 * ((exponent - 1) / (exponent + 1)) ** (1 / exponent)
    assert slope[0] == 0
    assert spend[slope.argmax()] == pytest.approx(turn, abs=0.02)


def test_a_family_is_asked_for_and_its_members_are_tried() -> None:
    assert forms.members("auto") == tuple(forms.FORMS)
    assert [m for family in forms.FAMILIES for m in forms.members(family)] == list(forms.FORMS)


@given(
    adstock=st.floats(0, 0.95),
    spend=st.lists(st.just(0.0) | st.floats(1e-3, 1e6), min_size=1, max_size=60),
)
def test_carry_over_is_an_average_of_spend_up_to_now(adstock: float, spend: list[float]) -> None:
    found, x = carried(np.array(spend), adstock), np.array(spend)
    highest, lowest = np.maximum.accumulate(x), np.minimum.accumulate(x)
    assert (found <= highest * (1 + 1e-9)).all()
    assert (found >= lowest * (1 - 1e-9)).all()
    np.testing.assert_allclose(carried(3 * x, adstock), 3 * found)


@pytest.mark.parametrize("adstock", [0.0, 0.3, 0.8])
def test_carry_over_is_the_sum_written_out(adstock: float) -> None:
    x = np.random.default_rng(1).gamma(2, 50, 40)
    by_hand = []
    for t in range(40):
        weight = adstock ** np.arange(min(CARRY, t + 1))
        by_hand.append((weight * x[t::-1][: len(weight)]).sum() / weight.sum())
    np.testing.assert_allclose(carried(x, adstock), by_hand)


def test_steady_spend_is_steady_from_the_first_period_on() -> None:
    """What came before the report is taken to be as what is seen: a campaign does not seem to warm up."""
    np.testing.assert_allclose(carried(np.full(30, 70.0), 0.6), 70.0)


def test_nothing_is_carried_over_a_gap() -> None:
    days = np.array(["2025-11-14", "2025-11-15", "2026-09-21", "2026-09-22"], dtype="datetime64[us]")
    run = runs(days, 24.0)
    assert run.tolist() == [0, 0, 1, 1]
    level = carried(np.array([0.0, 100.0, 0.0, 0.0]), 0.5, run)
    assert level[1] > 0
    assert level[2:].tolist() == [0, 0]
