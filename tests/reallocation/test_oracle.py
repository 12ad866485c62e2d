"""The oracle against other ways to the same best: a grid, and a linear programme."""

import numpy as np
import pytest
from analysis.reallocation.policies import follow
from reallocation.markets import market
from scipy.optimize import linprog
from scipy.sparse import lil_matrix

from analysis.reallocation import oracle
from analysis.reallocation.market import draw
from analysis.reallocation.money import shared
from analysis.reallocation.rules import MarketSettings, Rules

SURGY = MarketSettings(surges=3, surge_lasts="12h", surge_size=3, failures=2, replaced_after="16h")


def problem(rules, at, budget=400_000, runs=2, seed=3):
    reserve = int(budget * rules.reserve)
    plan = shared(np.array(budget - reserve), np.arange(1, len(at.channels) + 1.0))
    truth = draw(at, runs, seed)
    _, moves = follow(rules, at, truth, plan, reserve)
    return oracle.problem(rules, at, truth, plan, moves)


@pytest.mark.parametrize("seed", range(6))
def test_matches_a_grid_over_two_channels_and_three_periods(seed):
    at = market(channels=2, days=1, seed=seed, settings=SURGY)
    asked = problem(Rules(evaluate_every="8h", adjust_every="8h", step=0.15, reserve=0, floor=0.3), at)
    base, extra, _ = oracle.solve(asked)
    found = asked.value(base + extra).sum(axis=(1, 2))
    for run in range(2):
        best = _grid(asked, run)
        assert found[run] >= best - 1e-5 * best
        assert found[run] <= best + 2e-3 * best  # the grid is that coarse


def _grid(asked, run, points=161):
    """Try every pair of second- and third-period rates of the first channel on a grid; the other has the rest."""
    total = asked.base[run].sum(axis=1)
    first = asked.base[run, 0]
    ways = []
    for p in (1, 2):
        low = max(asked.floor[run, p, 0], total[p] - asked.most[run, p, 1])
        high = min(asked.most[run, p, 0], total[p] - asked.floor[run, p, 1])
        one = np.linspace(low, max(low, high), points)
        rates = np.zeros((points, asked.base.shape[1], 2))
        rates[:, p] = np.stack([one, total[p] - one], axis=1)
        worth = np.array([asked.value(np.broadcast_to(r, asked.base.shape))[run, p].sum() for r in rates])
        ways.append((rates[:, p], worth))
    (two, worth_two), (three, worth_three) = ways
    reach = np.abs(two - first).sum(axis=1) / 2 <= asked.limit[run, 1] + 1e-9
    follows = np.abs(three[None] - two[:, None]).sum(axis=2) / 2 <= asked.limit[run, 2] + 1e-9
    both = np.where(reach[:, None] & follows, worth_two[:, None] + worth_three[None], -np.inf)
    given = asked.value(asked.base)[run, 0].sum()
    return given + both.max()


@pytest.mark.parametrize("seed", range(4))
def test_matches_a_linear_programme_with_releases(seed):
    at = market(channels=3, days=3, seed=seed, settings=SURGY, order_value=2.0, headroom=4)
    rules = Rules(step=0.05, surge_evaluations=1, surge_ratio=1.2, min_roi=0, reserve=0.3)
    asked = problem(rules, at)
    base, extra, gap = oracle.solve(asked)
    found = asked.value(base + extra).sum(axis=(1, 2))
    assert asked.extra.any()
    for run in range(2):
        upper = _programme(asked, run)
        # Tangents lie above the curves, so the programme cannot be below the best; nor can the search be above it.
        assert found[run] <= upper * (1 + 1e-6)
        assert found[run] >= upper * (1 - 2e-4)
    assert (gap <= 1e-5 * found).all()


def _programme(asked, run, tangents=120):
    """Solve one run with HiGHS, every curve replaced by the least of its tangents (an upper bound)."""
    _, count, width = asked.base.shape
    cells = (count - 1) * width
    b, e, u, t = (k * cells for k in range(4))
    rows, upper = [], []
    top = (asked.base + asked.extra)[run].sum(axis=1).max()
    points = top * np.linspace(0, 1, tangents) ** 2
    tables = [
        (asked.value(np.full_like(asked.base, x))[run], asked.slope(np.full_like(asked.base, x))[run]) for x in points
    ]
    equal, right = [], []
    for p in range(1, count):
        own = [(p - 1) * width + c for c in range(width)]
        equal += [[(b + i, 1.0) for i in own], [(e + i, 1.0) for i in own]]
        right += [asked.base[run, p].sum(), asked.extra[run, p].sum()]
        move, shift = [], 0.0
        for c, i in enumerate(own):
            step = [(b + i, 1.0)] + ([(b + i - width, -1.0)] if p > 1 else [])
            before = 0.0 if p > 1 else asked.base[run, 0, c]
            rows.append([*step, (u + i, -1.0)])
            upper.append(before)
            move += [(u + i, 2.0), *[(j, -v) for j, v in step]]
            shift += before
            rows.append([(b + i, 1.0), (e + i, 1.0)])
            upper.append(asked.most[run, p, c])
            for x, (value, slope) in zip(points, tables, strict=True):
                rows.append([(t + i, 1.0), (b + i, -slope[p, c]), (e + i, -slope[p, c])])
                upper.append(value[p, c] - slope[p, c] * x)
        rows.append(move)
        upper.append(2 * asked.limit[run, p] - shift)
    bounds = [(asked.floor[run, 1 + k // width, k % width], None) for k in range(cells)]
    bounds += [(0, None)] * cells + [(0, None)] * cells + [(None, None)] * cells
    cost = np.concatenate([np.zeros(3 * cells), -np.ones(cells)])
    out = linprog(cost, _sparse(rows, 4 * cells), upper, _sparse(equal, 4 * cells), right, bounds, method="highs")
    assert out.status == 0, out.message
    return asked.value(asked.base + asked.extra)[run, 0].sum() - out.fun


def _sparse(rows, columns):
    out = lil_matrix((len(rows), columns))
    for k, row in enumerate(rows):
        for j, v in row:
            out[k, j] += v
    return out.tocsr()


def test_keeps_floor_capacity_sums_and_steps():
    at = market(channels=4, days=4, settings=SURGY, order_value=2.0)
    asked = problem(Rules(step=0.05, surge_evaluations=1, surge_ratio=1.2, reserve=0.3), at, runs=8)
    base, extra, _ = oracle.solve(asked)
    scale = asked.base.sum(axis=2).max()
    np.testing.assert_allclose(base.sum(axis=2), asked.base.sum(axis=2), atol=1e-6 * scale)
    np.testing.assert_allclose(extra.sum(axis=2), asked.extra.sum(axis=2), atol=1e-6 * scale)
    assert (base >= asked.floor - 1e-5 * scale).all()
    assert (base + extra <= asked.most + 1e-5 * scale).all()
    moved = np.abs(np.diff(base, axis=1)).sum(axis=2) / 2
    assert (moved <= asked.limit[:, 1:] + 1e-5 * scale).all()
