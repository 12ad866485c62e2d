"""Thompson sampling where nothing changes, against published figures."""

from __future__ import annotations

import numpy as np
import pytest
from sizes import cases

from analysis.reallocation.bandit import regrets

PULLS, ARMS = 1_000_000, 10


@pytest.mark.parametrize(("gap", "published", "error"), [(0.1, 348.0, 5.0), (0.02, 1082.0, 25.0)])
@pytest.mark.long
def test_regret_is_the_published_one(gap, published, error):
    """Ten arms, the best pays in half the pulls, the others `gap` less; beliefs are updated every 100 pulls."""
    runs = cases(12)
    found = regrets(np.array([0.5] + [0.5 - gap] * (ARMS - 1)), pulls=PULLS, every=100, runs=runs, seed=7)
    own = found.std(ddof=1) / np.sqrt(runs)
    assert abs(found.mean() - published) <= 2.5 * np.hypot(own, error / 1.96)
    assert own < 0.2 * published  # so that the line above can fail


def test_beliefs_that_reach_late_cost_more():
    rates = np.array([0.5, 0.4, 0.4])
    soon, late = (regrets(rates, pulls=20_000, every=every, runs=40, seed=3).mean() for every in (1, 5_000))
    assert late > 2 * soon


def test_equal_arms_cost_nothing_and_equal_seeds_agree():
    assert not regrets(np.full(3, 0.4), pulls=1000).any()
    one, two = (regrets(np.array([0.5, 0.3]), pulls=2000, runs=3, seed=5) for _ in range(2))
    np.testing.assert_array_equal(one, two)
