"""What rules cost: the differences of programmes solved again, at kinks on both sides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from budget.allocation import made
from sizes import cases

from analysis.budget.allocation.optimum import solve
from analysis.budget.allocation.prices import Cost, costs, whole_cost
from analysis.budget.allocation.programme import TARGET, Goal, Programme, Rule, Side
from analysis.budget.allocation.responses import Separable
from analysis.budget.allocation.rules import Cell, Limit, linear

INF = np.inf
CELLS = [
    Cell(channel=channel, phase=phase, tags=frozenset({tag}), last=last)
    for phase in ("warm-up", "burst")
    for channel, tag, last in (
        ("search", "execution", 900.0),
        ("display", "execution", 400.0),
        ("email", "private", 50.0),
    )
]
TOTAL = Limit.total(4000.0)
CURVES = made.mixed(
    np.array([9e3, 4e3, 2e3, 14e3, 8e3, 3e3]), np.array([600.0, 400.0, 300.0, 700.0, 500.0, 300.0]), np.arange(6) % 3.0
)
BINDING = {
    "total": [],
    "least total": [Limit(least=5000.0)],
    "reserve": [Limit.reserve(0.3)],
    "stage, at most": [Limit.stage("execution", 0.2, 0.6)],
    "stage, at least": [Limit.stage("private", 0.4, 0.6)],
    "phase, at most": [Limit.phase("burst", most=0.5)],
    "phase, at least": [Limit.phase("warm-up", least=0.5)],
    "floor for a group": [Limit.floor(0.4, channels=("display", "email"))],
    "minimum": [Limit.minimum("email", 1000.0)],
    "maximum": [Limit.maximum("search", 1000.0)],
    "fixed": [Limit.fixed("display", 1500.0)],
    "off": [Limit.off("search")],
    "change from last time": [Limit.changed(0.1, "display")],
    "in a phase": [Limit(channels=("search",), phases=("burst",), most=700.0)],
}


def asked_under(rules: list[Limit], goal: Goal | None = None) -> Programme:
    return Programme(CURVES, np.zeros(6), np.full(6, INF), linear([TOTAL, *rules], CELLS, 4000.0), goal or Goal())


def differences(asked: Programme, cost: Cost) -> tuple[float, float]:
    """Return what solving again with the bound moved by a hair makes of the goal, per unit, relaxed and tightened."""
    hair = 1e-4 * max(1.0, float(np.abs(asked.rows.bounds).max()) / 1e3)
    out, here, back = (solve(asked.relaxed(cost.name, cost.side, by)).objective for by in (hair, 0.0, -hair))
    return (out - here) / hair, (here - back) / hair


def check(asked: Programme) -> tuple[Cost, ...]:
    found = costs(asked, solve(asked))
    for cost in found:
        relaxed, tightened = differences(asked, cost)
        size = 1e-4 * max(1.0, abs(cost.tightened) if np.isfinite(cost.tightened) else 0.0)
        assert cost.relaxed == pytest.approx(relaxed, abs=size), cost
        if np.isfinite(cost.tightened):
            assert cost.tightened == pytest.approx(tightened, abs=size), cost
        else:
            assert np.isnan(tightened), cost
    return found


@pytest.mark.parametrize("kind", BINDING)
def test_each_kind_of_rule_binds_and_has_its_price(kind: str) -> None:
    asked = asked_under(BINDING[kind])
    if kind == "least total":  # beyond what profit would spend
        asked = replace(asked, rules=asked.rules[1:], upper=np.full(6, 2e4), goal=Goal(worth=0.2, cost=1.0))
    wanted = BINDING[kind][0] if BINDING[kind] else TOTAL
    found = [cost for cost in check(asked) if isinstance(cost.name, Limit) and cost.name.words() == wanted.words()]
    assert found and abs(found[0].relaxed) > 1e-3


def test_prices_of_drawn_programmes() -> None:
    seen = 0
    for seed in range(cases(9)):
        asked = made.concave(seed)
        best = solve(asked)
        for cost in check(asked):
            seen += 1
            sign = 1 if cost.side is Side.MOST else -1
            if abs(cost.relaxed - cost.tightened) < 1e-4:
                assert best.price(cost.name, cost.side) * sign == pytest.approx(cost.relaxed, abs=1e-4)
    assert seen >= cases(9)


@pytest.mark.parametrize(
    "goal", [Goal(worth=0.3, cost=1.0), Goal(worth=0.0, cost=1.0, least=12_000.0), Goal(least=0.0, ratio=9.0)]
)
def test_prices_of_other_goals(goal: Goal) -> None:
    found = check(asked_under([Limit.floor(0.4, tags="private")], goal))
    assert any(cost.name == TARGET for cost in found) == (goal.least is not None)


def test_a_kink_has_a_price_on_each_side() -> None:
    """Two bounds meet: more in all goes to b, less is taken from a."""
    slopes = np.array([3.0, 1.0])
    curves = Separable(lambda x: slopes * np.log1p(x), lambda x: slopes / (1 + x), np.full(2, True))
    rules = (Rule("total", np.ones(2), most=1.0), Rule("a", np.array([1.0, 0.0]), most=1.0))
    asked = Programme(curves, np.zeros(2), np.full(2, INF), rules)
    by_name = {cost.name: cost for cost in costs(asked, solve(asked))}
    assert by_name["total"].relaxed == pytest.approx(1.0, abs=1e-6)
    assert by_name["total"].tightened == pytest.approx(1.5, abs=1e-6)
    assert by_name["a"].relaxed == pytest.approx(0.0, abs=1e-6)
    assert by_name["a"].tightened == pytest.approx(0.5, abs=1e-6)
    check(asked)


def test_a_fixed_amount_may_be_too_much_or_too_little() -> None:
    most = solve(asked_under([])).spend.reshape(2, 3).sum(axis=0)[1]
    for amount, sign in ((0.5 * most, 1), (1.5 * most, -1)):
        fixed = Limit.fixed("display", float(amount))
        [cost] = [own for own in check(asked_under([fixed])) if own.name == fixed]
        assert np.sign(cost.relaxed) == sign


def test_what_a_rule_costs_in_all() -> None:
    """A reserve of 30% costs what the held money would bring."""
    reserve = Limit.reserve(0.3)
    held, free = asked_under([reserve]), asked_under([])
    best = solve(held)
    assert whole_cost(held, best, reserve) == pytest.approx(solve(free).value - best.value, rel=1e-9)
    assert whole_cost(held, best, TOTAL) == 0.0
    assert whole_cost(free, solve(free), TOTAL) == INF


def test_s_curves_are_priced_by_differences() -> None:
    """Two S-curves and a total: what a hundredth more or less brings, from every split."""
    asked = made.s_curves(1004, 2, 1, ruled=False)
    assert isinstance(asked.responses, Separable)
    share = np.linspace(0.0, 1.0, 200_001)[:, None]
    split = np.hstack([share, 1 - share])
    less, here, more = (asked.responses.curve(split * made.BUDGET * by).sum(axis=1).max() for by in (0.99, 1.0, 1.01))
    [cost] = costs(asked, solve(asked))
    assert cost.relaxed == pytest.approx((more - here) / (0.01 * made.BUDGET), rel=1e-4)
    assert cost.tightened == pytest.approx((here - less) / (0.01 * made.BUDGET), rel=1e-4)


def test_s_curves_under_rules_have_prices() -> None:
    """No channel begins or stops near seed 3's best: differences are the derivatives there."""
    asked = made.s_curves(3, 8, 3)
    best = solve(asked)
    found = costs(asked, best)
    assert len(found) >= 2
    for cost in found:
        sign = 1 if cost.side is Side.MOST else -1
        middle = (cost.relaxed + cost.tightened) / 2
        assert sign * best.price(cost.name, cost.side) == pytest.approx(middle, abs=0.02 * max(1.0, middle))
