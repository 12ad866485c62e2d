"""What the gain over the plan is made of: its parts add up to it, and each is what its own cause makes."""

from __future__ import annotations

import numpy as np
import pytest
from reallocation.markets import CALM, drawn, market, report, stage
from sizes import cases

from analysis.budget.curves.question import ResponseCurves
from analysis.reallocation.parts import PARTS, parts
from analysis.reallocation.play import Played, play
from analysis.reallocation.rules import Rules
from analysis.reallocation.simulation import Simulation
from analysis.rules.ready import staged_release, waiting
from analysis.rules.rule_set import RuleSet


def test_the_parts_add_up_to_the_gain_in_every_run() -> None:
    seen: set[str] = set()
    for seed in range(cases(120)):
        given, asked = drawn(seed, most_hours=100)
        played = play(asked, (), given, runs=3, seed=seed)
        found = parts(played)
        seen |= {name for name, own in found.items() if own.any()}
        np.testing.assert_allclose(sum(found.values()), played.gain, rtol=1e-9, atol=1e-6, err_msg=str(seed))
        assert list(found) == [name for name in PARTS if name in found]
        assert ("reserve" in found) == bool(given.reserve or given.tranches), seed
        assert ("late" in found) == bool(given.market.stay().any()), seed
    assert seen == set(PARTS)


def calm(**change: object) -> Played:
    """Play the plan's rules, nothing held back, in a market whose plan starves a channel."""
    at = market(days=8, seed=2, **{"settings": CALM, "sigma": 0.0, "doubt": 0.0} | change)
    return play(Rules(reserve=0.0).rule_set(), (), stage(at, shares=(0.7, 0.2, 0.1)), runs=20, seed=1)


def test_chance_is_a_part_only_where_orders_vary() -> None:
    """So many orders that their count says it all, and so few that a day has a handful."""
    sure, poor = calm(order_value=1e-6), calm(order_value=300.0, sigma=0.5)
    assert abs(parts(sure)["chance"]).max() < 2e-3 * sure.gain.mean()
    assert parts(poor)["chance"].mean() < -0.005 * poor.gain.mean() < 0
    assert parts(poor)["moving"].mean() == pytest.approx(parts(sure)["moving"].mean(), rel=0.02)


def test_what_moving_costs_is_what_it_earns_less_than_where_it_is_free() -> None:
    """Orders are many enough that a rule reads the same with and without chance."""
    dear = CALM.replace(dearer=0.5, learning="2d", learning_cost=0.3)
    free, charged = calm(order_value=1e-6), calm(order_value=1e-6, settings=dear)
    assert "cost" not in parts(free)
    own = parts(charged)
    assert own["cost"].mean() < 0
    assert own["cost"].mean() == pytest.approx((charged.gain - free.gain).mean(), rel=0.02)


def test_orders_that_come_in_late_are_told_from_chance_in_them() -> None:
    """A creative breaks for two days: rules that see orders late move later, with chance or without."""
    late = market(days=8, seed=2, order_value=0.01, sigma=0.0,
                  settings=CALM.replace(failures=3, failure_share=0.1, conversion_delay="36h"))  # fmt: skip
    asked = Rules(reserve=0.0, lookback="1d", step=0.3).rule_set()
    own = parts(play(asked, (), stage(late, shares=(0.4, 0.3, 0.3)), runs=30, seed=3))
    assert own["late"].any() and abs(own["late"].mean()) > 3 * abs(own["chance"].mean())


def test_what_is_released_in_parts_comes_back_apart_from_what_was_held() -> None:
    asked = waiting(day=3, share=0.5)
    given = stage(market(days=6, settings=CALM), tranches=asked.tranches)
    own = parts(play(asked, (), given, runs=10, seed=1))
    assert (own["reserve"] < 0).all() and (own["tranches"] > 0).all()
    assert not own["moving"].any() and not own["chance"].any() and "shocks" not in own


def test_rules_that_move_nothing_and_hold_money_back_lose_it() -> None:
    """They were said to earn what the fixed split does."""
    tables = report({"a": (3000.0, 400.0), "b": (900.0, 100.0)}, {"a": 300.0, "b": 300.0})
    own = RuleSet(rules=staged_release().rules[:0], reserve=0.3)
    answer = Simulation(curves=ResponseCurves(form="hyperbolic", draws=100), runs=10, rules=own).run(tables)
    gain = answer.table.set_index("policy").loc["rules", "gain"]
    assert gain < 0
    assert f"They lose CN¥{-gain:,.0f} (" in answer.headline.text()
    assert "was held back and never spent" in answer.headline.text()
    without = Simulation(curves=ResponseCurves(form="hyperbolic", draws=100), runs=10, rules=own.replace(reserve=0.0))
    assert "so they earn what the fixed split does" in without.run(tables).headline.text()
