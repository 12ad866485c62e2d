"""The kernel against its slow twin, log for log: markets, cards and rule sets with every feature drawn."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from reallocation import twin
from reallocation.markets import drawn
from sizes import cases

from analysis.reallocation import play as engine
from analysis.reallocation.decisions import OUTCOMES
from analysis.reallocation.state import DECISIONS, FIXED, HELD, MOVED, THOMPSON, TOTAL_DECLARED
from analysis.rules import program as code
from analysis.rules.actions import (
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.rule_set import RuleSet

OUTCOME = dict(
    zip(
        ("done", "limit", "resting", "conflict", "standing-down", "mode", "in-review", "rejected", "timed-out",
         "nothing", "not-met", "full-day"),
        range(12), strict=True,
    )
)  # fmt: skip
KIND = {
    DrawReserve: code.DRAW, RefillReserve: code.REFILL, ReleaseTranche: code.TRANCHE, Pause: code.PAUSE,
    Resume: code.RESUME, Notify: code.NOTIFY, StandDown: code.STAND_DOWN,
}  # fmt: skip


def kind(action) -> int:
    """Return an action's number in the log."""
    if isinstance(action, ChangeBudget):
        return code.CHANGE_SHARE if action.percent is not None else code.CHANGE_AMOUNT
    if isinstance(action, Rebalance):
        return {"marginal_roi": code.BY_MARGINAL, "roi": code.BY_ROI, "even": code.BY_EVEN}[action.by]
    return KIND[type(action)]


class Pair(NamedTuple):
    """What the kernel and its twin made of one policy in one run."""

    name: str
    place: int
    first: int
    found: engine.Walked
    twin: twin.Walk


def pairs(seed: int):
    """Walk a drawn case twice, and yield each policy."""
    given, asked = drawn(seed)
    own = engine.policies(asked, (), given)
    world = given.market.world(given.plan)
    run = seed % 5
    found = engine.follow(own, world, seed=seed, runs=np.array([run]), logged=run)
    ground = twin.Ground(given.market)
    sway, noise = ground.noise(given.plan.tolist())
    truth = twin.Truth(ground, seed, run)
    first = 0
    for place, policy in enumerate(own):
        held = policy.plan.tolist(), policy.reserve, policy.tranches
        more = {"seed": seed, "run": run, "sway": sway, "noise": noise}
        if policy.kind == FIXED:
            walk = twin.Walk(ground, truth, *held, **more)
        elif policy.kind == THOMPSON:
            free = RuleSet(evaluate_every=asked.evaluate_every, adjust_every=asked.adjust_every, limits=asked.limits)
            walk = twin.Thompson(ground, truth, *held, rules=free, **more)
        else:
            rules = asked if policy.name == "rules" else engine.unanswered_by(asked)
            walk = twin.Ruled(ground, truth, *held, rules=rules, **more)
        yield Pair(policy.name, place, first, found, walk.walk())
        first += len(policy.rules.rules)


def same(one: float, other: float) -> bool:
    """Say whether two readings agree, both without data among them."""
    if math.isnan(one) or math.isnan(other) or math.isinf(one) or math.isinf(other):
        return (math.isnan(one) and math.isnan(other)) or one == other
    return abs(one - other) <= 1e-9 * max(1.0, abs(one))


def kernel_lines(pair: Pair) -> list[tuple]:
    log = pair.found.log
    rows = np.flatnonzero(log.whole[: int(log.filled[0]), 1] == pair.place)
    return [
        (
            int(log.whole[n, 0]), int(log.whole[n, 2]) - pair.first if log.whole[n, 2] >= 0 else -1,
            *(int(x) for x in log.whole[n, 3:]), int(log.reals[n, 4]), *log.cents[:, n].tolist(),
            log.reals[n, :4].tolist(),
        )
        for n in rows
    ]  # fmt: skip


def twin_lines(pair: Pair) -> list[tuple]:
    return [
        (x.moment, x.rule, kind(x.action), x.channel, OUTCOME[x.outcome], x.asked, x.before, x.change, x.given, x.seen)
        for x in pair.twin.log
    ]


def compare(pair: Pair) -> None:
    """Assert that both wrote the same log, line by line, and spent, held and earned the same."""
    kernel, slow = kernel_lines(pair), twin_lines(pair)
    for n, (one, other) in enumerate(zip(kernel, slow, strict=False)):
        assert one[:-1] == other[:-1], (pair.name, n)
        assert all(map(same, one[-1], other[-1])), (pair.name, n, one, other)
    assert len(kernel) == len(slow), pair.name
    trace, tally = pair.found.trace, pair.found.tally
    assert trace.spent[pair.place].T.tolist() == pair.twin.spent, pair.name
    assert [tuple(x) for x in trace.held[:, pair.place].T.tolist()] == pair.twin.held, pair.name
    np.testing.assert_allclose(trace.cells[0, pair.place], pair.twin.revenue, rtol=1e-9)
    done = [x for x in pair.twin.log if x.outcome == "done"]
    assert tally.whole[DECISIONS, 0, pair.place] == len(done)
    assert tally.whole[MOVED, 0, pair.place] == sum(
        sum(max(x, 0) for x in line.change) + sum(line.given) for line in done
    )
    if isinstance(pair.twin, twin.Ruled):
        held = sum(x.outcome not in ("done", "nothing", "not-met") for x in pair.twin.log)
        assert tally.whole[HELD, 0, pair.place] == held
        assert tally.whole[TOTAL_DECLARED, 0, pair.place] == pair.twin.declared


@pytest.mark.parametrize("part", range(10))
@pytest.mark.long
def test_kernel_and_twin_write_the_same_log(part):
    for seed in range(part, cases(300), 10):
        for pair in pairs(seed):
            compare(pair)


@pytest.mark.long
def test_every_feature_is_drawn():
    """Guard the test above: what it compares must have happened."""
    outcomes, kinds, metrics, modes = set(), set(), set(), set()
    for seed in range(150):
        _, asked = drawn(seed)
        modes.add(asked.mode)
        for rule in asked.rules:
            metrics |= {reading.metric for reading in rule.when.readings()}
    for seed in range(1, 300, 3):
        for pair in pairs(seed):
            outcomes |= {x.outcome for x in pair.twin.log}
            kinds |= {kind(x.action) for x in pair.twin.log if x.outcome == "done"}
    assert outcomes == set(OUTCOMES)
    assert kinds == set(range(12))
    assert len(metrics) == 18
    assert len(modes) == 4
