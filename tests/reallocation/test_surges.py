"""How often are surges found, how often is one seen where there is none, and what does late news cost?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from reallocation.markets import market, stage
from sizes import cases

from analysis.reallocation import play as engine
from analysis.reallocation.rules import Card, MarketSettings, Rules
from analysis.reallocation.state import DRAWN, FOUND, REVENUE, WAITED
from analysis.reallocation.words import detectable
from analysis.rules.actions import ChangeBudget, Rebalance
from analysis.rules.conditions import Compare, Reading
from analysis.rules.rule_set import Limits, Rule, RuleSet

QUIET = MarketSettings(surges=0, failures=0)


def selling(orders, settings, *, seed=0, sigma=0.05, **more):
    """Return eight weeks of four channels whose even split sells so many orders an hour, 15% held back."""
    at = market(channels=4, days=56, seed=seed, settings=settings, sigma=sigma, headroom=4, **more)
    given = stage(at, int(at.fitted.half.sum() * 0.6 * at.days * 100), reserve=0.15)
    rate = np.full(4, given.budget / 400 / at.days)
    revenue = ((at.multiplier[at.phase].T @ at.weight) * at.fitted.value(rate)).sum()
    return replace(given, market=replace(at, order_value=float(revenue / len(at.times) / orders)))


def walked(given, rules, *, seed, runs):
    own = engine.of_rules("rules", rules, given)
    return engine.follow([own], given.market.world(given.plan), seed=seed, runs=np.arange(runs)).tally


def found_in_time(orders, *, sigma=0.05) -> float:
    """Return the share of day-long surges of twice the demand found within 12 hours, wherever in a day they begin."""
    hit = []
    for n, hour in enumerate(range(200, 1200, 41)):
        surge = Card(shock="surge", at=f"{hour}h", lasts="1d", size=2.0)
        given = selling(orders, QUIET.replace(cards=(surge,)), seed=n % 3, sigma=sigma)
        tally = walked(given, Rules().rule_set(), seed=n, runs=cases(12))
        hit += ((tally.whole[FOUND, :, 0] > 0) & (tally.worth[WAITED, :, 0] <= 12)).tolist()
    return float(np.mean(hit))


def needed(sigma: float) -> float:
    given = selling(50, QUIET, sigma=sigma)
    return detectable(engine.play(Rules().rule_set(), (), given, runs=2, seed=1), 2.0)


def test_four_of_five_surges_of_twice_the_demand_are_found_within_12_hours_at_50_orders_an_hour():
    assert found_in_time(50) >= 0.8


def test_what_is_said_to_be_detectable_is():
    """From the volume that is named on four of five are found, and well below it they are not."""
    least = needed(0.05)
    assert 10 < least < 50
    assert found_in_time(least * 1.2) >= 0.75
    assert found_in_time(least / 3) < 0.7


def test_where_orders_sway_too_much_no_volume_suffices():
    assert needed(0.15) == np.inf
    assert found_in_time(500, sigma=0.15) < 0.5


@pytest.mark.parametrize("orders", [2, 50])
@pytest.mark.parametrize("level_error", [0.0, 0.3])
def test_quiet_campaigns_of_eight_weeks_leave_the_reserve_alone(orders, level_error):
    drawn = []
    for seed in range(3):
        given = selling(orders, QUIET.replace(level_error=level_error), seed=seed)
        tally = walked(given, Rules().rule_set(), seed=seed, runs=cases(240))
        drawn += (tally.whole[DRAWN, :, 0] > 0).tolist()
    assert np.mean(drawn) <= 0.05


def test_curves_of_a_wrong_shape_are_no_surge():
    """Every channel saturates elsewhere, and earns otherwise, than was fitted."""
    drawn = []
    for seed in range(3):
        given, rng = selling(20, QUIET, seed=seed), np.random.default_rng(seed)
        odds = [np.exp(rng.standard_normal((50, 2)) * (0.5, 0.7)) for _ in range(4)]
        wrong = [np.column_stack([own[:, :2] * by, own[:, 2:]]) for own, by in
                 zip(given.market.draws, odds, strict=True)]  # fmt: skip
        given = replace(given, market=replace(given.market, draws=tuple(wrong)))
        drawn += (walked(given, Rules().rule_set(), seed=seed, runs=cases(240)).whole[DRAWN, :, 0] > 0).tolist()
    assert np.mean(drawn) <= 0.05


def scaled(delay: int, excluding: str | None) -> float:
    """Return what scaling by the ROI of a day earns where two of four channels sell late by so many hours."""
    roi = Reading(metric="roi", excluding=excluding)
    rules = tuple(
        Rule(
            name=name,
            when=Compare(left=roi, is_=sign, than=times, right=roi.replace(of="all")),
            cooldown="1d",
            then=(ChangeBudget(percent=share),),
        )
        for name, sign, times, share in (("up", ">", 1.2, 0.2), ("down", "<", 0.8, -0.2))
    )
    earned = []
    for seed in range(8):
        late = QUIET.replace(delays={"c0": delay, "c1": delay}) if delay else QUIET
        given = selling(50, late, seed=seed)
        given = replace(given, market=replace(given.market, phase=given.market.phase * 0))
        earned.append(walked(given, RuleSet(rules=rules), seed=seed, runs=12).worth[REVENUE, :, 0].mean())
    return float(np.mean(earned))


@pytest.mark.parametrize(("delay", "excluding"), [(6, "6h"), (72, "3d")])
def test_leaving_out_the_recent_hours_recovers_half_of_what_late_orders_cost(delay, excluding):
    at_once, late, waited = scaled(0, None), scaled(delay, None), scaled(delay, excluding)
    assert at_once > late
    assert waited - late >= 0.5 * (at_once - late)


def test_marginal_roi_awaits_as_much_as_has_come():
    """The forecast that orders are held against comes in as late as they do: a delay costs next to nothing."""
    move = Rule(name="move", per="campaign", then=(Rebalance(step=0.1, over="2d"),))
    earned = []
    for delay in (0, 72):
        settings = QUIET.replace(delays={"c0": delay, "c1": delay}) if delay else QUIET
        tally = walked(selling(50, settings), RuleSet(rules=(move,), limits=Limits()), seed=1, runs=12)
        earned.append(tally.worth[REVENUE, :, 0].mean())
    assert earned[1] == pytest.approx(earned[0], rel=0.005)
