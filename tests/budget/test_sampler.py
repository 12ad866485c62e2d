"""What samples and loops make is held against the same thing written out: grids, dense matrices, plain numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from analysis.arrays import Floats
from analysis.budget.curves import attributed, candidates, forms, kernel, sampler
from analysis.budget.curves.candidates import RHOS, Candidates
from analysis.budget.curves.carry import carried
from analysis.budget.curves.noise import whitened

FORMS = list(forms.FORMS)


def curves_tried(spend: Floats, tried: list[tuple[str, float, float]]) -> Candidates:
    """Return a handful of candidates: form, carry-over, half-saturation."""
    exposures = [(name, carried(spend, adstock), half) for name, adstock, half in tried]
    return Candidates(
        form=np.array([FORMS.index(name) for name, *_ in tried]),
        adstock=np.array([adstock for _, adstock, _ in tried]),
        half=np.array([half for *_, half in tried]),
        height=np.stack([forms.value(name, x, 1.0, half) for name, x, half in exposures]),
        rise=np.stack([x * forms.slope(name, x, 1.0, half) for name, x, half in exposures]),
        weight=np.log(np.linspace(0.5, 1.5, len(tried))),
    )


def precision(rho: float, run: Any) -> Floats:
    """Return the inverse covariance of AR(1) errors of innovation variance 1, from the covariance itself."""
    at = np.arange(len(run))
    same = run[:, None] == run[None]
    inverse: Floats = np.linalg.inv(same * rho ** np.abs(at[:, None] - at[None]) / (1 - rho**2))
    return inverse


def restricted(left: Floats, controls: Floats, inside: Floats, ridge: Floats) -> tuple[float, float]:
    """Return the residual sum of squares over the controls, and the log determinant of both, by dense algebra."""
    gram = controls.T @ inside @ controls + np.diag(ridge**2)
    aim = controls.T @ inside @ left
    square = float(left @ inside @ left - aim @ np.linalg.solve(gram, aim))
    return square, 0.5 * float(np.linalg.slogdet(inside)[1]) - 0.5 * float(np.linalg.slogdet(gram)[1])


def test_whitening_is_the_inverse_covariance_of_errors_that_follow_each_other() -> None:
    run = np.array([0, 0, 0, 1, 1, 1, 1])
    root = whitened(np.eye(7), 0.6, run)
    np.testing.assert_allclose(root.T @ root, precision(0.6, run), atol=1e-12)


# ---- the joint sampler ------------------------------------------------------------------------------------


def tiny(tested: bool) -> tuple[Any, ...]:
    """Return a market of one channel and few candidates, small enough to be reckoned on a grid."""
    rng = np.random.default_rng(11)
    count = 36
    spend = rng.gamma(2, 50, count) * (rng.random(count) < 0.8)
    tried = [("hyperbolic", 0.0, 80.0), ("hyperbolic", 0.5, 200.0), ("exponential", 0.3, 60.0), ("hill-2", 0.0, 90.0)]
    own = curves_tried(spend, tried)
    noise = rng.standard_normal(count)
    for t in range(1, count):
        noise[t] += 0.4 * noise[t - 1]
    revenue = 900 + 5 * np.arange(count) + 350 * own.height[0] + 90 * noise
    controls = np.column_stack([np.ones(count), np.arange(count) / count, rng.standard_normal(count)])
    held_back = np.array([0.0, 0.0, 2.0])
    run = np.repeat([0, 1], [20, 16])
    tests = [sampler.Test(0, own.height[:, 8:12].sum(axis=1), 900.0, 250.0)] if tested else []
    return spend, own, revenue, controls, held_back, run, tests


@pytest.mark.parametrize("tested", [False, True])
def test_draws_are_of_the_posterior_that_a_grid_gives(tested: bool) -> None:
    _, own, revenue, controls, held_back, run, tests = tiny(tested)
    drawn = sampler.sample(
        revenue, [own], controls, np.random.default_rng(1), held_back=held_back, known=np.arange(len(revenue)), run=run,
        parts=np.ones(1), tests=tests, rounds=4,
    )  # fmt: skip
    assert (drawn.r_hat <= sampler.CONVERGED).all()
    unit, free = revenue.mean(), len(revenue) - 2
    shares = (np.arange(600) + 0.5) / 600 * sampler.MOST
    log = np.empty((len(RHOS), len(own.form), len(shares)))
    total = np.empty((len(own.form), len(shares)))
    for j, height in enumerate(own.height):
        total[j] = shares * unit * len(revenue)
        ceiling = shares * unit / height.mean()
        prior = own.weight[j] - 0.5 * (shares / sampler.scale(np.ones(1))[0]) ** 2
        for test in tests:
            prior = prior - 0.5 * ((ceiling * test.change[j] - test.seen) / test.error) ** 2
        for r, rho in enumerate(RHOS):
            inside = precision(rho, run)
            for i, c in enumerate(ceiling):
                square, determinant = restricted(revenue - c * height, controls, inside, held_back)
                log[r, j, i] = prior[i] + determinant - 0.5 * free * np.log(square)
    weight = np.exp(log - log.max())
    weight /= weight.sum()
    by_chain = 12, -1

    def agrees(draws: Floats, expected: float) -> None:
        means = np.asarray(draws, float).reshape(by_chain).mean(axis=1)
        assert abs(means.mean() - expected) < 5 * means.std(ddof=1) / np.sqrt(len(means)) + 1e-9

    totals = drawn.ceiling[:, 0] * own.height.sum(axis=1)[drawn.chosen[:, 0]]
    mean = float((weight * total).sum())
    agrees(totals, mean)
    agrees((totals - mean) ** 2, float((weight * (total - mean) ** 2).sum()))
    agrees(drawn.rho, float((weight.sum(axis=(1, 2)) * RHOS).sum()))
    for j in range(len(own.form)):
        agrees(drawn.chosen[:, 0] == j, float(weight[:, j].sum()))
    assert weight.sum(axis=(0, 2)).max() < 0.95  # there is something to be uncertain of


def test_chains_that_have_not_met_are_told_from_those_that_have() -> None:
    rng = np.random.default_rng(2)
    walks = rng.standard_normal((8, 200))
    assert sampler.split_r_hat(walks) < 1.02
    assert sampler.split_r_hat(walks + np.linspace(0, 2, 200)) > sampler.CONVERGED  # all drift alike
    apart = walks.copy()
    apart[0] += 3
    assert sampler.split_r_hat(apart) > sampler.CONVERGED


@pytest.mark.parametrize(
    ("mean", "spread", "most"), [(1.0, 0.5, 0.8), (-2.0, 0.5, 1.0), (-40.0, 2.0, 1.0), (9.0, 1.0, 2.0)]
)
def test_truncated_draws_are_those_of_scipy(mean: float, spread: float, most: float) -> None:
    rng = np.random.default_rng(3)
    found = np.array([kernel._between(mean, spread, most, rng) for _ in range(2000)])
    exact = stats.truncnorm(-mean / spread, (most - mean) / spread, mean, spread)
    assert stats.kstest(found, exact.cdf).pvalue > 1e-3
    log_mass = kernel._log_mass(mean / spread, (most - mean) / spread, 1.0)
    assert log_mass == pytest.approx(stats.norm.logcdf(mean / spread) if mean < 0 else log_mass, rel=0.05)


# ---- attributed revenue -----------------------------------------------------------------------------------


def test_weights_of_claims_are_those_of_dense_algebra() -> None:
    rng = np.random.default_rng(4)
    spend = rng.gamma(3, 40, 30)
    own = candidates.candidates("hyperbolic", spend)
    logs, run = np.log(own.height), np.repeat([0, 1], [17, 13])
    controls = np.column_stack([np.ones(30), np.arange(30) >= 12])
    response = logs[12] + controls @ [6.0, 0.4] + 0.2 * rng.standard_normal(30)
    weight, fits = attributed._weights(response, logs, controls, run, own.weight)
    by_hand = np.empty_like(weight)
    for r, rho in enumerate(RHOS):
        inside = precision(rho, run)
        for j in range(len(logs)):
            square, determinant = restricted(response - logs[j], controls, inside, np.zeros(2))
            assert fits.square[r, j] == pytest.approx(square)
            by_hand[r, j] = own.weight[j] + determinant - 0.5 * 28 * np.log(square)
    np.testing.assert_allclose(weight - weight.max(), by_hand - by_hand.max(), atol=1e-8)
    best = np.unravel_index(weight.argmax(), weight.shape)
    inside = precision(RHOS[best[0]], run)
    exact = np.linalg.solve(controls.T @ inside @ controls, controls.T @ inside @ (response - logs[best[1]]))
    np.testing.assert_allclose(fits.coefficient[best], exact)


def test_the_response_of_claims_is_a_gamma_regressions() -> None:
    """At the end the score of the gamma likelihood with a log link is zero: what is left over sums to nothing."""
    rng = np.random.default_rng(5)
    spend, controls = rng.gamma(3, 40, 60), np.column_stack([np.ones(60), np.arange(60) >= 30])
    own = curves_tried(spend, [("hyperbolic", 0.0, 120.0)])
    revenue = np.exp(controls @ [7.0, 0.5]) * own.height[0] * rng.gamma(20, 1 / 20, 60)
    revenue[7] = 0.0
    _, level = attributed._response(revenue, np.log(own.height), controls)
    for _ in range(8):  # one candidate stops it after a turn: go on by hand
        held = np.linalg.qr(controls)[0]
        working = np.log(level) + revenue / level - 1
        offset = np.log(own.height[0])
        level = np.exp(offset + held @ (held.T @ (working - offset)))
    np.testing.assert_allclose(controls.T @ (revenue / level - 1), 0, atol=1e-8)
    response, fitted = attributed._response(revenue, np.log(own.height), controls)
    np.testing.assert_allclose(fitted, level, rtol=0.02)
    assert np.isfinite(response).all()


# ---- what draws bring -------------------------------------------------------------------------------------


def drawn(rng: np.random.Generator, draws: int, adstocks: int, levels: int) -> tuple[kernel.Drawn, list[str]]:
    names = [FORMS[k % len(FORMS)] for k in range(draws)]
    return kernel.Drawn(
        family=np.array([forms.FAMILIES.index(forms.FORMS[n].family) for n in names]),
        exponent=np.array([forms.FORMS[n].exponent for n in names]),
        half=rng.uniform(50, 300, draws),
        ceiling=rng.uniform(100, 900, draws),
        adstock=rng.integers(adstocks, size=draws),
        demand=rng.uniform(0.5, 2, (draws, levels)),
    ), names


def test_what_is_brought_is_a_plain_sum() -> None:
    rng = np.random.default_rng(6)
    own, names = drawn(rng, 21, 3, 2)
    exposure, level = rng.gamma(2, 60, (3, 25)), rng.integers(2, size=25)
    exposure[:, 4] = 0
    scale, most = np.array([0.0, 0.5, 1.0, 2.5]), np.array([np.inf, 90.0, 200.0])
    total, rise = kernel.brought(exposure, level, scale, most, own)
    for d, name in enumerate(names):
        a = own.adstock[d]
        for s, by in enumerate(scale):
            reached = np.minimum(by * exposure[a], most[a])
            demand = own.demand[d, level]
            value = demand * forms.value(name, reached, own.ceiling[d], own.half[d])
            more = demand * exposure[a] * forms.slope(name, reached, own.ceiling[d], own.half[d])
            assert total[s, d] == pytest.approx(value.sum(), rel=1e-10)
            assert rise[s, d] == pytest.approx(more.sum(), rel=1e-10)


def test_what_cells_bring_is_a_plain_mean_and_its_gradient() -> None:
    rng = np.random.default_rng(7)
    own, names = drawn(rng, 14, 2, 2)
    basis, base = rng.random((3, 2, 12)), rng.uniform(0, 20, (2, 12))
    basis[0, :, 8:], basis[2, :, :5] = 0, 0
    level = rng.integers(2, size=12)
    cells = kernel.Cells(basis, base, level, np.array([0, 0, 5]), np.array([8, 12, 12]))

    def plain(spend: Floats) -> float:
        exposure = base + np.tensordot(spend, basis, axes=1)
        values = [
            own.demand[d, level] * forms.value(name, exposure[own.adstock[d]], own.ceiling[d], own.half[d])
            for d, name in enumerate(names)
        ]
        return float(np.sum(values) / len(names))

    spend = np.array([80.0, 150.0, 40.0])
    value, gradient = kernel.planned(cells, own, spend)
    assert value == pytest.approx(plain(spend), rel=1e-10)
    for c, step in enumerate(1e-3 * np.eye(3)):
        assert gradient[c] == pytest.approx((plain(spend + step) - plain(spend - step)) / 2e-3, rel=1e-6)
    points = np.array([[0.0, 80.0, 300.0]] * 3)
    lines = kernel.along(cells, own, spend, points)
    for c in range(3):
        moved = [plain(np.where(np.arange(3) == c, p, spend)) for p in points[c]]
        np.testing.assert_allclose(np.diff(lines[c]), np.diff(moved), rtol=1e-8)
