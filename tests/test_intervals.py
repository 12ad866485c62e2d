"""Intervals against other implementations, against their definition, and by how often they hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binom, chi2
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from analysis.estimates import LEVEL, Z, difference, proportion, ratio, standardised

PAIRS = [(x, n, y, m) for n, m in ((8, 30), (50, 400), (2000, 70)) for x in (1, n // 3, n - 1) for y in (2, m // 2)]


def test_a_share_has_wilsons_interval() -> None:
    low, high = proportion_confint(np.array([0, 3, 20]), 20, alpha=1 - LEVEL, method="wilson")
    np.testing.assert_allclose(proportion([0, 3, 20], 20)[1:], (low, high), atol=1e-15)
    assert np.isnan(proportion(0, 0)).all()


@pytest.mark.parametrize(("x", "n", "y", "m"), PAIRS)
def test_differences_and_ratios_are_those_of_statsmodels(x: int, n: int, y: int, m: int) -> None:
    apart = difference(proportion(x, n), proportion(y, m)).floats()
    assert apart[1:] == pytest.approx(confint_proportions_2indep(x, n, y, m, compare="diff", method="newcomb"))
    own = ratio(x, n, y, m).floats()
    assert own[0] == pytest.approx(x / n / (y / m))
    theirs = confint_proportions_2indep(x, n, y, m, compare="ratio", method="score")
    assert own[1:] == pytest.approx(theirs, rel=1e-4)  # theirs stops searching there


def test_ratios_where_a_side_has_none_or_all() -> None:
    value, low, high = ratio([0, 5, 10, 0, 3], [10, 10, 10, 10, 0], [5, 0, 10, 0, 3], [10, 10, 10, 10, 9])
    assert value[:3].tolist() == [0.0, np.inf, 1.0]
    assert (low[0], high[1]) == (0.0, np.inf)
    assert low[2] == pytest.approx(1 / high[2])
    assert np.isnan([value[3:], low[3:], high[3:]]).all()
    # With no success on one side the score equation is short: p of the others is (x + y) / (n + m ratio).
    assert 0 < high[0] < 1 < low[1]


def test_of_pairs_alike_nothing_is_apart_and_of_opposites_most() -> None:
    one, other = proportion(30, 100), proportion(50, 100)
    reach = {r: difference(one, other, correlation=r) for r in (-1.0, 0.0, 0.6)}
    widths = [float(i.high - i.low) for i in reach.values()]
    assert widths == sorted(widths, reverse=True)
    same = difference(one, one, correlation=1.0)
    # The two bounds of one share are not equally far from it; that alone is left.
    assert same.floats()[1:] == pytest.approx((-abs(one.high + one.low - 0.6), abs(one.high + one.low - 0.6)))


@pytest.mark.parametrize(("n", "p", "m", "q"), [(40, 0.1, 60, 0.1), (300, 0.03, 80, 0.08), (30, 0.5, 30, 0.8)])
def test_intervals_of_two_shares_hold_the_truth(n: int, p: float, m: int, q: float) -> None:
    """Exactly: over all outcomes, each with its chance."""
    x, y = np.meshgrid(np.arange(n + 1), np.arange(m + 1), indexing="ij")
    chance = binom.pmf(x, n, p) * binom.pmf(y, m, q)
    apart, times = difference(proportion(x, n), proportion(y, m)), ratio(x, n, y, m)
    holds = (apart.low <= p - q) & (p - q <= apart.high)
    assert 0.935 <= chance[holds].sum() <= 0.98
    holds = ~((times.low > p / q) | (times.high < p / q))  # nobody on either side: no interval, nothing claimed
    assert 0.935 <= chance[holds].sum() <= 0.98


@pytest.mark.parametrize(
    ("n", "weights"),
    [((40, 40), (0.5, 0.5)), ((60, 60, 60, 60), (0.4, 0.3, 0.2, 0.1)),
     ((400, 100, 30, 10, 5, 2), (0.5, 0.2, 0.1, 0.1, 0.05, 0.05))],
)  # fmt: skip
@pytest.mark.parametrize(("first", "last"), [(0.2, 0.7), (0.05, 0.4), (0.3, 0.3)])
def test_standardised_shares_hold_the_truth(
    n: tuple[int, ...], weights: tuple[float, ...], first: float, last: float
) -> None:
    p = np.linspace(first, last, len(n))
    drawn = np.random.default_rng(5).binomial(n, p, size=(4000, len(n)))
    found, truth = proportion(*standardised(drawn, n, weights)), float((p * weights).sum())
    assert found.value.mean() == pytest.approx(truth, abs=0.01)
    assert 0.925 <= np.mean((found.low <= truth) & (truth <= found.high)) <= 0.98


def test_strata_without_anybody_do_not_count_and_one_stratum_is_the_share_itself() -> None:
    assert standardised([3, 0, 5], [10, 0, 20], [1, 8, 1]) == standardised([3, 5], [10, 20], [1, 1])
    assert standardised([3], [10], [7]) == pytest.approx((3, 10))
    assert np.isnan(proportion(*standardised([0, 0], [0, 0], [1, 1]))).all()
    nobody = proportion(*standardised([0, 0], [30, 30], [1, 1])).floats()
    assert nobody == pytest.approx((0.0, 0.0, float(proportion(0, 60).high)))


def test_the_level_is_one() -> None:
    assert chi2.sf(Z**2, 1) == pytest.approx(1 - LEVEL)


def test_the_reach_of_an_interval_is_the_normal_quantile() -> None:
    assert ndtri(1 - (1 - LEVEL) / 2) == Z
