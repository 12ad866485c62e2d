"""The policies against their own rules, on random markets and random rules."""

import numpy as np
import pytest
from analysis.reallocation.policies import fixed, follow, periods
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reallocation.markets import CALM, market

from analysis.reallocation import oracle
from analysis.reallocation.market import draw
from analysis.reallocation.money import CENTS, shared
from analysis.reallocation.rules import MarketSettings, Rules, hours

SLOWLY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
RULES = st.builds(
    lambda evaluate, times, **rest: Rules(
        evaluate_every=f"{evaluate}h", adjust_every=f"{evaluate * times}h", lookback="12h", **rest
    ),
    st.integers(1, 6),
    st.integers(1, 4),
    step=st.floats(0.01, 1),
    min_advantage=st.floats(1, 1.5),
    floor=st.floats(0, 1),
    reserve=st.floats(0, 0.5),
    surge_ratio=st.floats(1.1, 2),
    surge_evaluations=st.integers(1, 3),
    release=st.floats(0.1, 1),
    min_roi=st.floats(0, 2),
)
MARKETS = st.builds(
    market,
    channels=st.integers(1, 4),
    days=st.integers(1, 4),
    seed=st.integers(0, 1000),
    headroom=st.floats(0.3, 4),
    sigma=st.floats(0, 0.5),
)


def play(rules, at, budget=500_000, runs=4, seed=1, split=None):
    reserve = int(budget * rules.reserve)
    plan = shared(np.array(budget - reserve), np.ones(len(at.channels)) if split is None else np.array(split))
    truth = draw(at, runs, seed)
    ruled, moves = follow(rules, at, truth, plan, reserve)
    best, gap = oracle.oracle(rules, at, truth, plan, ruled, moves)
    most = oracle.bound(at, truth, budget, best)
    paths = {"fixed": fixed(at, plan, reserve, runs), "rules": ruled, "oracle": best, "bound": most}
    earned = {name: truth.revenue(at, p.spent / CENTS).sum(axis=(1, 2)) for name, p in paths.items()}
    return plan, reserve, truth, moves, paths, earned, gap


@SLOWLY
@given(RULES, MARKETS, st.integers(100, 10**7))
def test_money_is_kept_and_policies_are_ranked(rules, at, budget):
    _, _, _, _, paths, earned, _ = play(rules, at, budget)
    for name, own in paths.items():
        assert own.spent.dtype == np.int64
        assert (own.spent >= 0).all() and (own.reserved >= 0).all() and (own.unspent >= 0).all(), name
        assert (own.spent.sum(axis=2).cumsum(axis=1) + own.reserved + own.unspent == budget).all(), name
        assert (own.spent <= at.capacity[None]).all(), name
    np.testing.assert_array_equal(paths["oracle"].spent.sum(axis=2), paths["rules"].spent.sum(axis=2))
    assert (earned["oracle"] >= earned["rules"]).all()
    assert (earned["bound"] >= earned["oracle"]).all()
    assert (earned["bound"] >= earned["fixed"] * (1 - 1e-9) - 1).all()


@SLOWLY
@given(RULES, MARKETS)
def test_rules_keep_their_limits(rules, at):
    plan, reserve, _, moves, paths, _, _ = play(rules, at)
    rest = np.array([at.weight[s.stop :].sum() for s in periods(len(at.weight), hours(rules.adjust_every))])
    left = moves.before[:, :-1].sum(axis=2) * rest[:-1] * CENTS
    # The step: at most that share of what is left of the working budget, and nothing lost on the way.
    assert (moves.moved[:, :-1] <= rules.step * left + 1).all()
    assert (moves.moved >= 0).all()
    np.testing.assert_allclose(moves.before.sum(axis=2), moves.after.sum(axis=2), rtol=1e-9)
    half = np.abs(moves.after - moves.before).sum(axis=2)[:, :-1] / 2 * rest[:-1] * CENTS
    np.testing.assert_allclose(half, moves.moved[:, :-1], atol=1)
    # The floor, in planned rates; whole cents round it.
    keep = rules.floor * plan / CENTS / at.weight.sum()
    given_away = moves.after[:, :-1] < moves.before[:, :-1]
    assert (~given_away | (moves.after[:, :-1] >= keep - 1e-9)).all()
    # Only advantages worth it are followed.
    acted = moves.moved > 0
    assert (moves.roi_high[acted] >= rules.min_advantage * moves.roi_low[acted]).all()
    # The reserve: only on a declared surge, only so much, and it never grows beyond what came back.
    every = hours(rules.adjust_every) // hours(rules.evaluate_every)
    declared = moves.surge[:, every - 1 :: every][:, : moves.moved.shape[1]]
    drawn = moves.released.sum(axis=2)
    assert not drawn[:, : declared.shape[1]][~declared].any()
    assert (drawn <= rules.release * reserve + 1e-9).all()
    falls = np.diff(paths["rules"].reserved, axis=1, prepend=reserve) < 0
    starts = {s.start for s in periods(len(at.weight), hours(rules.adjust_every))}
    assert set(np.flatnonzero(falls.any(axis=0))) <= starts


@SLOWLY
@given(RULES, MARKETS)
def test_a_surge_is_declared_after_consecutive_breaches(rules, at):
    _, _, _, moves, _, _, _ = play(rules, at)
    breach = (moves.orders > rules.surge_ratio * moves.expected) & (
        moves.orders - moves.expected > 2 * np.sqrt(moves.expected)
    )
    n = rules.surge_evaluations
    for k in range(breach.shape[1]):
        expected = breach[:, k - n + 1 : k + 1].all(axis=1) if k >= n - 1 else np.zeros(len(breach), bool)
        np.testing.assert_array_equal(moves.surge[:, k], expected)
    assert breach.shape[1] == len(at.weight) // hours(rules.evaluate_every)


def test_nothing_changes_between_adjustments():
    at = market(days=3, settings=CALM)
    rules = Rules(evaluate_every="4h", adjust_every="8h", reserve=0, step=0.5)
    _, _, _, _, paths, _, _ = play(rules, at)
    rate = paths["rules"].spent[0] / CENTS / at.weight[:, None]
    for s in periods(len(at.weight), 8):
        np.testing.assert_allclose(rate[s], np.broadcast_to(rate[s].mean(axis=0), rate[s].shape), rtol=0.02)


def test_without_surges_the_reserve_stays_when_the_curves_are_right():
    at = market(days=6, settings=CALM, doubt=0.0, sigma=0.05, order_value=2.0)
    _, reserve, _, moves, paths, _, _ = play(Rules(), at)
    assert not moves.surge.any()
    assert (paths["rules"].reserved == reserve).all()


def test_a_surge_draws_the_reserve():
    busy = MarketSettings(surges=4, surge_size=4, surge_lasts="1d", failures=0)
    at = market(days=6, settings=busy, doubt=0.0, sigma=0.05, order_value=2.0)
    _, reserve, truth, moves, paths, _, _ = play(Rules(min_roi=0), at)
    surged = truth.surging.any(axis=1)
    assert surged.any() and moves.surge[surged].any(axis=1).any()
    assert (paths["rules"].reserved[:, -1] < reserve).any()


def test_the_fixed_split_is_the_plan():
    at = market(days=3, headroom=100)
    plan = np.array([30_000, 20_001, 1])
    own = fixed(at, plan, 500, 2)
    np.testing.assert_array_equal(own.spent.sum(axis=1), [plan, plan])
    assert (own.reserved == 500).all() and (own.unspent[:, -1] == 0).all()
    np.testing.assert_allclose(own.spent[0, :, 0], 30_000 / 3 * at.weight, atol=1)


def test_what_is_not_taken_up_stays_unspent():
    at = market(days=3, headroom=0.1)
    own = fixed(at, np.array([10**8, 10**8, 10**8]), 0, 1)
    np.testing.assert_array_equal(own.spent[0], at.capacity)
    assert own.unspent[0, -1] == 3 * 10**8 - at.capacity.sum()


def test_a_day_spent_by_the_hours_weights_earns_the_daily_curve():
    at = market(days=2, settings=CALM, doubt=0.0)
    truth = draw(at, 1, 1)
    day = np.array([120.0, 340.0, 15.0])
    hourly = at.weight[:, None] * day
    earned = truth.revenue(at, hourly[None])[0]
    phases = at.multiplier[at.phase[[0, 24]]]
    expected = phases * at.fitted.value(day)
    np.testing.assert_allclose([earned[:24].sum(axis=0), earned[24:].sum(axis=0)], expected, rtol=1e-12)
    np.testing.assert_allclose(at.forecast(hourly, slice(None)), earned, rtol=1e-12)


def test_noise_has_mean_one_and_the_daily_spread():
    at = market(channels=1, days=400, settings=CALM, doubt=0.0, sigma=0.3)
    truth = draw(at, 5, 1)
    daily = (truth.noise[..., 0] * at.weight).reshape(5, -1, 24).sum(axis=2)
    assert daily.mean() == pytest.approx(1, abs=0.02)
    assert daily.std() == pytest.approx(np.sqrt(np.expm1(0.09)), rel=0.06)


def test_equal_seeds_agree_and_others_differ():
    at = market()
    first, again, other = (play(Rules(), at, seed=s)[5]["rules"] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).all()


def test_a_setting_leaves_the_other_draws_alone():
    calm, busy = draw(market(settings=CALM), 3, 1), draw(market(), 3, 1)
    np.testing.assert_array_equal(calm.noise, busy.noise)
    np.testing.assert_array_equal(calm.curves.ceiling, busy.curves.ceiling)
