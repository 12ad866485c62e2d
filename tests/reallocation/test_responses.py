"""The optimiser's arithmetic: curves on arrays, the best spread of a budget, splitting to the cent."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.budget.curves import forms
from analysis.reallocation.money import shared
from analysis.reallocation.responses import Responses, waterfill

FORMS = tuple(name for name, form in forms.FORMS.items() if form.concave)


@pytest.mark.parametrize("form", FORMS)
def test_agrees_with_the_curves_of_budget(form):
    curve, spend = Responses((form,), np.array([900.0]), np.array([120.0])), np.linspace(0, 2000, 41)[:, None]
    np.testing.assert_allclose(curve.value(spend), forms.value(form, spend, 900.0, 120.0))
    np.testing.assert_allclose(curve.slope(spend), forms.slope(form, spend, 900.0, 120.0))


@pytest.mark.parametrize("form", FORMS)
def test_curvature_is_the_slope_of_the_slope_and_spend_at_inverts_it(form):
    curve, spend = Responses((form,), np.array([900.0]), np.array([120.0])), np.linspace(1, 900, 30)[:, None]
    step = 1e-3
    numeric = (curve.slope(spend + step) - curve.slope(spend - step)) / (2 * step)
    np.testing.assert_allclose(curve.bend(spend), numeric, rtol=1e-4)
    np.testing.assert_allclose(curve.spend_at(curve.slope(spend)), spend, rtol=1e-6)
    assert curve.spend_at(np.array([1e9])) == 0


def test_waterfilling_matches_the_worked_example():
    # Maximise 120 ln(1+x/300) + 90 ln(1+x/200) + 60 ln(1+x/150) + 40 ln(1+x/400), budget 1000: by hand, three
    # channels are used, so (300+200+150+1000) * price = 120+90+60, and 40/400 = .1 is below that price.
    curves = Responses(("logarithmic",) * 4, np.array([120.0, 90, 60, 40]), np.array([300.0, 200, 150, 400]))
    spend, price = waterfill(curves, np.ones(4), np.ones(4), np.full(4, np.inf), 1000.0)
    np.testing.assert_allclose(spend, [1300 / 3, 350, 650 / 3, 0], rtol=1e-9)
    assert price == pytest.approx(270 / 1650, rel=1e-9)


@given(st.integers(0, 10_000), st.floats(1, 5000))
def test_waterfilling_equalises_slopes_and_beats_every_swap(seed, budget):
    rng = np.random.default_rng(seed)
    curves = Responses(FORMS, rng.uniform(10, 900, 4), rng.uniform(10, 900, 4))
    weight, width, most = rng.uniform(0.1, 2, (3, 4)), rng.uniform(0.5, 2, (3, 4)), rng.uniform(10, 600, (3, 4))
    spend, price = waterfill(curves, weight, width, most, budget)
    assert spend.sum() == pytest.approx(min(budget, most.sum()), rel=1e-9)
    assert (spend >= 0).all() and (spend <= most * (1 + 1e-12)).all()
    slope = weight / width * curves.slope(spend / width)
    inside = (spend > 1e-6) & (spend < most - 1e-6)
    if price:
        np.testing.assert_allclose(slope[inside], price, rtol=1e-5)
        assert (slope[spend <= 1e-6] <= price * (1 + 1e-6)).all()
        assert (slope[spend >= most - 1e-6] >= price * (1 - 1e-5)).all()


@given(st.integers(0, 10**13), st.lists(st.floats(0, 1e6), min_size=1, max_size=9))
def test_shared_keeps_every_cent(total, weights):
    parts = shared(np.array(total), np.array(weights))
    if sum(weights) == 0:
        assert not parts.any()
        return
    assert parts.sum() == total
    assert (parts >= 0).all()
    exact = total * np.array(weights) / sum(weights)
    assert (np.abs(parts - exact) <= 1 + 1e-9 * total).all()
