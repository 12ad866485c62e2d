"""Which rules cannot all hold: every subset looked at, and whether the way out leads out."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from budget.allocation import made
from scipy.optimize import linprog
from sizes import cases

from analysis.budget.allocation.conflicts import conflict
from analysis.budget.allocation.optimum import Status, solve
from analysis.budget.allocation.programme import TARGET, Goal, Programme, Rule, Side
from analysis.budget.allocation.rules import Cell, Limit, linear

INF = np.inf


def possible(asked: Programme, rows: list[int]) -> bool:
    weights, bounds = asked.rows.weights[rows], asked.rows.bounds[rows]
    limits = np.column_stack([asked.lower, asked.upper])
    return bool(linprog(np.zeros(len(asked.lower)), weights, bounds, bounds=limits).status == 0)


def drawn(seed: int) -> Programme:
    """Return four cells under six rules of mixed kinds, most of which cannot all hold."""
    rng = np.random.default_rng(seed)
    rules = [Rule("total", np.ones(4), most=rng.uniform(5, 10))]
    for k in range(5):
        inside = (rng.random(4) < 0.5).astype(float)
        inside[rng.integers(4)] = 1.0
        least = rng.uniform(0, 6)
        rules.append(Rule(k, inside, least, least + rng.uniform(0, 2)) if rng.random() < 0.5 else
                     Rule(k, inside - rng.uniform(0.2, 0.8), **{str(rng.choice(["least", "most"])): 0.0}))  # fmt: skip
    curves = made.mixed(np.ones(4), np.ones(4), np.zeros(4))
    return Programme(curves, np.zeros(4), np.full(4, 20.0), tuple(rules))


def test_every_subset_says_the_same() -> None:
    seen = smallest = 0
    for seed in range(cases(30)):
        asked = drawn(seed)
        rows = list(range(len(asked.rows.bounds)))
        found = conflict(asked)
        assert bool(found) == (not possible(asked, rows))
        if not found:
            continue
        seen += 1
        own = [asked.rows.keys.index((way.name, way.side)) for way in found]
        assert not possible(asked, own)
        assert all(possible(asked, [row for row in own if row != left]) for left in own)
        fewest = next(k for k in rows if any(not possible(asked, list(some)) for some in combinations(rows, k)))
        smallest += len(own) == fewest
    assert seen >= cases(30) / 4
    assert smallest >= 0.9 * seen


def test_ways_out_lead_out() -> None:
    helped = 0
    for seed in range(cases(24)):
        asked = drawn(seed)
        for way in conflict(asked):
            row = asked.rows.keys.index((way.name, way.side))
            for by, out in ((1.0001 * way.by, True), (0.9999 * way.by, False)):
                bounds = asked.rows.bounds.copy()
                bounds[row] += min(by, 1e6)
                limits = np.column_stack([asked.lower, asked.upper])
                held = linprog(np.zeros(4), asked.rows.weights, bounds, bounds=limits).status == 0
                assert held == (out and np.isfinite(way.by))
            helped += np.isfinite(way.by)
    assert helped > 0


def test_rules_of_a_campaign_in_conflict() -> None:
    cells = [Cell(channel="search"), Cell(channel="display"), Cell(channel="email", tags=frozenset({"private"}))]
    private, off = Limit.floor(0.4, tags="private"), Limit.off("email")
    limits = [Limit.total(1000.0, least=1000.0), private, Limit.reserve(0.15), off, Limit.maximum("display", 300.0)]
    asked = Programme(made.mixed(np.ones(3), np.ones(3), np.zeros(3)), np.zeros(3), np.full(3, INF),
                      linear(limits, cells, 1000.0))  # fmt: skip
    assert solve(asked).status is Status.INFEASIBLE
    assert {way.name for way in conflict(asked)} == {limits[0], limits[2]}  # all is to be spent, and a part held back
    ways = conflict(replace(asked, rules=linear([limits[0], *limits[3:], private], cells, 1000.0)))
    assert {(way.name, way.side): way.by for way in ways} == {
        (private, Side.LEAST): pytest.approx(400.0),
        (off, Side.MOST): pytest.approx(400.0),
        (limits[0], Side.LEAST): pytest.approx(1000.0),
    }


def test_nothing_is_in_conflict() -> None:
    assert conflict(made.concave(3)) == ()
    assert conflict(replace(made.concave(3), goal=Goal(least=1.0))) == ()


def test_a_target_out_of_reach() -> None:
    asked = made.concave(3)
    most = solve(asked).value
    asked = replace(asked, goal=Goal(worth=0.0, cost=1.0, least=1.05 * most))
    assert solve(asked).status is Status.INFEASIBLE
    target, *others = conflict(asked)
    assert (target.name, target.by) == (TARGET, pytest.approx(0.05 * most, rel=1e-6))
    assert others
    for way in others:
        if np.isfinite(way.by):
            assert solve(asked.relaxed(way.name, way.side, 1.001 * way.by)).status is Status.SOLVED
            assert solve(asked.relaxed(way.name, way.side, 0.999 * way.by)).status is Status.INFEASIBLE
    assert any(np.isfinite(way.by) for way in others)


def test_a_roi_out_of_reach_of_a_minimum() -> None:
    """Both channels bring at most 10 for 1; a minimum far out on a curve pulls the whole below 3."""
    curves = made.mixed(np.full(2, 1000.0), np.full(2, 100.0), np.zeros(2))
    rules = (Rule("total", np.ones(2), most=5000.0), Rule("a", np.array([1.0, 0.0]), least=2000.0))
    asked = Programme(curves, np.zeros(2), np.full(2, INF), rules, Goal(least=0.0, ratio=3.0))
    target, way = conflict(asked)
    assert (target.name, way.name, way.side) == (TARGET, "a", Side.LEAST)
    assert solve(asked.relaxed("a", Side.LEAST, 1.001 * way.by)).status is Status.SOLVED
    assert solve(asked.relaxed("a", Side.LEAST, 0.999 * way.by)).status is Status.INFEASIBLE
