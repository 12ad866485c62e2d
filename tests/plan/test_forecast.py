"""A forecast's interval holds what came as often as it says, and says why where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from plan.campaigns import PHASES, made

from analysis.plan.forecast import DRAWS, Days, foretell

WEEK = np.array([9.0, 10, 11, 12, 11, 14, 13])


@pytest.mark.parametrize("ratio", [False, True], ids=["a sum", "a ratio"])
@pytest.mark.long
def test_intervals_hold_90_to_98_percent_of_200_campaigns_cut_at_random_days(ratio: bool) -> None:
    rng = np.random.default_rng(20)
    held, sides, chances = [], [], []
    for _ in range(200):
        campaign = made(rng, ratio=ratio)
        at = int(rng.integers(10, len(PHASES) - 1))
        found = foretell(campaign.cut(at), [campaign.earlier], np.random.default_rng(int(rng.integers(1 << 30))))
        assert not isinstance(found, str)
        low, high = float(found.at.low), float(found.at.high)
        held.append(low <= campaign.came <= high)
        sides.append(campaign.came > high)
        chances.append((found.chance(campaign.came), found.draws))
    assert 0.90 <= np.mean(held) <= 0.98
    assert np.mean(sides) <= 0.05  # what misses does not miss on one side alone
    # The share of draws above what came is even from nought to one: half of them lie in its middle half.
    middle = np.mean([0.25 <= chance <= 0.75 for chance, _ in chances])
    assert 0.40 <= middle <= 0.72


def test_a_campaign_that_is_over_is_what_it_came_to() -> None:
    campaign = made(np.random.default_rng(3), ratio=True)
    found = foretell(campaign.cut(len(PHASES)), (), np.random.default_rng(1))
    assert not isinstance(found, str)
    np.testing.assert_allclose([float(bound) for bound in found.at], campaign.came, rtol=1e-12)
    assert (found.chance(campaign.came - 1e-9), found.chance(campaign.came + 1e-9)) == (1.0, 0.0)


def test_days_that_repeat_exactly_are_foretold_exactly() -> None:
    days = Days(np.tile(WEEK, 4), None, ["x"] * 56, np.arange(56) % 7)
    found = foretell(days, (), np.random.default_rng(1))
    assert not isinstance(found, str)
    np.testing.assert_allclose([float(bound) for bound in found.at], 8 * WEEK.sum(), rtol=1e-3)


def test_a_peak_is_lent_by_the_campaign_before_with_room() -> None:
    rng = np.random.default_rng(4)
    kinds = ["warm-up"] * 30 + ["burst"] * 10
    before = np.where(np.array(kinds) == "burst", 300.0, 100.0) * rng.lognormal(0, 0.02, 40)
    days = Days(50.0 * rng.lognormal(0, 0.02, 20), None, kinds, np.arange(40) % 7)
    found = foretell(days, [Days(before, None, kinds, np.arange(40) % 7)], np.random.default_rng(1))
    assert not isinstance(found, str)
    assert found.borrowed == ("burst",)
    low, high = float(found.at.low), float(found.at.high)
    assert low < 50 * 30 + 150 * 10 < high
    assert 0.5 < (high - low) / (150 * 10) < 1.2  # give or take a fifth, either way, of the peak


@pytest.mark.parametrize(
    ("days", "why"),
    [
        (Days(WEEK, None, ["x"] * 20, np.arange(20) % 7), "few-days"),
        (Days(np.zeros(20), None, ["x"] * 30, np.arange(30) % 7), "nothing-yet"),
        (Days(np.ones(20), np.zeros(20), ["x"] * 30, np.arange(30) % 7), "nothing-yet"),
        (Days(np.tile(WEEK, 3), None, ["x"] * 21 + ["y"] * 5, np.arange(26) % 7), "unseen-days"),
    ],
)
def test_what_cannot_be_foretold_has_a_reason(days: Days, why: str) -> None:
    assert foretell(days, (), np.random.default_rng(1)) == why


def test_equal_seeds_foretell_alike() -> None:
    campaign = made(np.random.default_rng(8), ratio=True)
    one, other = (foretell(campaign.cut(20), [campaign.earlier], np.random.default_rng(5)) for _ in range(2))
    assert not isinstance(one, str) and not isinstance(other, str)
    assert one.draws.tolist() == other.draws.tolist() and len(one.draws) == DRAWS
