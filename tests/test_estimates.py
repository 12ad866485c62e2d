"""Means of money: intervals that hold where a few pay most, and where nobody stands out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from analysis import Funnel, FunnelMoney, Tables
from analysis.arrays import Floats
from analysis.estimates import SMALL, Interval, Moments, doubt, mean, proportion, ratio_of_sums, relative

Draw = Callable[[np.random.Generator], Floats]


def _among(users: int, share: float, sigma: float) -> Draw:
    """Return who draws what each of some users paid, a share of whom bought at all."""

    def draw(rng: np.random.Generator) -> Floats:
        buyers = rng.binomial(users, share)
        return np.concatenate([rng.lognormal(0, sigma, buyers), np.zeros(users - buyers)])

    return draw


def _lognormal(sigma: float) -> float:
    return float(np.exp(sigma**2 / 2))


# Bounds are three standard errors of 1,000 draws (0.7 points) inside of what was measured over 4,000.
@pytest.mark.parametrize(
    ("draw", "truth", "least", "most"),
    [
        (_among(500, 1.0, 1.6), _lognormal(1.6), 0.92, 0.97),
        (_among(2_000, 0.25, 1.6), 0.25 * _lognormal(1.6), 0.92, 0.97),
        (_among(28_000, 0.03, 0.6), 0.03 * _lognormal(0.6), 0.93, 0.97),
        (lambda rng: rng.gamma(4.0, 1.0, 100), 4.0, 0.93, 0.97),
        (lambda rng: rng.random(50), 0.5, 0.93, 0.98),
    ],
    ids=["500 buyers, sigma 1.6", "2,000 users, 500 buy", "28,000 users, 3% buy", "gamma", "uniform"],
)
def test_intervals_hold_the_mean(draw: Draw, truth: float, least: float, most: float) -> None:
    rng = np.random.default_rng(17)
    found = [mean(Moments.of(draw(rng)), least=0).floats() for _ in range(1000)]
    assert least <= np.mean([low <= truth <= high for _, low, high in found]) <= most


def test_the_normal_interval_does_not() -> None:
    """The test above could fail: with heavy tails the interval it replaced does."""
    rng, held = np.random.default_rng(17), 0
    for _ in range(1000):
        values = rng.lognormal(0, 1.6, 500)
        low, high = stats.norm.interval(0.95, values.mean(), stats.sem(values))
        held += low <= _lognormal(1.6) <= high
    assert held < 910


def test_revenue_per_user_of_a_funnel_has_this_interval() -> None:
    values = np.random.default_rng(3).lognormal(3, 1.6, 200)
    names = [f"u{i}" for i in range(300)]
    view = pd.DataFrame({"user_id": names, "timestamp": pd.Timestamp("2026-11-01 09:00"), "event": "view"})
    buy = view.iloc[:200].assign(timestamp=pd.Timestamp("2026-11-01 10:00"), event="purchase", value=values)
    table = FunnelMoney(funnel=Funnel(steps=("view", "purchase"))).run(Tables(events=pd.concat([view, buy]))).table
    paid = np.append(values, np.zeros(100))
    assert table[["revenue_per_user", "low", "high"]].iloc[0].tolist() == pytest.approx(
        mean(Moments.of(paid), least=0).floats()
    )


def test_it_is_halls_transform_of_students_t() -> None:
    """Reckoned from the values, one step at a time, as the paper has it."""
    x = np.random.default_rng(4).lognormal(0, 1, 80)
    n, spread = len(x), x.std()
    skew, kurtosis = stats.skew(x), stats.kurtosis(x, fisher=False)
    _, low, high = mean(Moments.of(x)).floats()

    def transform(t: float) -> float:
        a = skew / np.sqrt(n)
        return t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6

    quantile = stats.t.ppf(0.975, 2 * n / (kurtosis - 1))
    error = spread / np.sqrt(n - 1)
    assert transform((x.mean() - low) / error) == pytest.approx(quantile)
    assert transform((x.mean() - high) / error) == pytest.approx(-quantile)


def test_light_tails_are_students() -> None:
    x = np.random.default_rng(4).normal(100, 1, 4000)
    expected = stats.t.interval(0.95, len(x) - 1, x.mean(), stats.sem(x))
    assert mean(Moments.of(x)).floats()[1:] == pytest.approx(expected, rel=1e-4)


def test_moments_of_parts_add_up_and_groups_stand_apart() -> None:
    x = np.random.default_rng(5).lognormal(0, 1, 90)
    groups = np.arange(90) % 3
    each = Moments.of(x, groups, 4)
    whole = Moments(*(part.sum() for part in each))
    assert mean(whole).floats() == pytest.approx(mean(Moments.of(x)).floats())
    found = mean(each)
    assert found.value[:3].tolist() == pytest.approx([x[groups == g].mean() for g in range(3)])
    assert np.isnan(found.value[3])
    assert np.isnan(found.low[3])


def test_no_interval_of_few_or_of_nothing() -> None:
    assert np.isnan(mean(Moments.of(np.arange(SMALL - 1.0))).low)
    assert not np.isnan(mean(Moments.of(np.arange(SMALL * 1.0))).low)
    nothing = mean(Moments.of(np.zeros(100))).floats()
    assert nothing[0] == 0 and np.isnan(nothing[1])
    assert mean(Moments.of(np.full(100, 1e9))).floats() == (1e9, 1e9, 1e9)


def test_ratios_of_sums_hold() -> None:
    """Order value: orders and revenue of each person, who pays more the more often they order."""
    rng, held = np.random.default_rng(6), 0
    truth = 30.0
    for _ in range(400):
        orders = rng.poisson(1.2, 400)
        revenue = np.array([rng.gamma(2.0, 15.0, n).sum() for n in orders])
        _, low, high = ratio_of_sums(revenue, orders).floats()
        held += low <= truth <= high
    assert 0.92 <= held / 400 <= 0.98
    assert np.isnan(ratio_of_sums([1.0], [0.0]).value)


# ---- one over another -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shares", "n"), [((0.05, 0.05), 400), ((0.3, 0.2), 150), ((0.02, 0.04), 1000)])
def test_one_share_over_another_lies_in_its_interval(shares: tuple[float, float], n: int) -> None:
    """Of 4,000, 95% and a standard error of 0.3%: between 93.5% and 97.5%."""
    rng = np.random.default_rng(3)
    found = relative(*(proportion(rng.binomial(n, share, 4000), n) for share in shares))
    truth = shares[0] / shares[1]
    held = (found.low <= truth) & (truth <= found.high)
    assert 0.935 <= held.mean() <= 0.975
    if truth == 1:
        assert np.mean(doubt(found) < 0.05) <= 0.065
        assert ((doubt(found) < 0.05) == ((found.low > 1) | (found.high < 1))).mean() > 0.98


def test_one_order_value_over_another_lies_in_its_interval() -> None:
    """Lognormal amounts of 300 orders each, 1,000 times; a standard error is 0.7%."""
    rng = np.random.default_rng(4)

    def means(scale: float) -> Interval:
        amounts = scale * rng.lognormal(4, 0.8, (1000, 300))
        return mean(Moments(*((amounts**power).sum(axis=1) for power in range(5))), least=0)

    found = relative(means(1.2), means(1.0))
    assert 0.925 <= ((found.low <= 1.2) & (found.high >= 1.2)).mean() <= 0.975


def test_one_over_nothing_is_nothing() -> None:
    none, some = proportion(0, 50), proportion(10, 50)
    assert np.isnan(relative(some, none).floats()[0])
    value, low, high = relative(none, some).floats()
    assert (value, np.isnan(low), np.isnan(high)) == (0.0, True, True)
