"""Models of what customers are worth: outside figures, twins, planted parameters, and intervals that hold them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, special
from scipy.stats import binom
from sizes import cases

from analysis.audience.value import buying, kernel, spending
from analysis.audience.value.buying import MODELS, Histories, Model
from analysis.audience.value.maximum import Maximum
from analysis.audience.value.worth import Spent, worth
from benchmarks.audience_value import AMOUNTS, SETTINGS, coverage, customers

EXAMPLE = np.log([0.25, 4.0, 0.8, 2.5])
"""r, alpha, a and b of PyMC-Marketing's test of its BG/NBD likelihood."""
EACH = pytest.mark.parametrize("model", MODELS)


def one(x: int, last: float, age: float) -> Histories:
    return Histories(np.array([x]), np.array([last]), np.array([age]), np.ones(1))


def some(seed: int, n: int = 60) -> Histories:
    """Return histories of all sorts, nobody's model behind them."""
    rng = np.random.default_rng(seed)
    x, age = rng.integers(0, 9, n), rng.uniform(1, 60, n)
    return Histories(x, np.where(x > 0, age * rng.uniform(0, 1, n), 0.0), age, rng.integers(1, 5, n).astype(float))


# ---- likelihoods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "last", "expected"), [(0, 0.0, -0.59947382), (200, 38.0, 100.7957)], ids=["once", "often"]
)
def test_the_likelihood_is_that_of_pymc_marketings_tests(x: int, last: float, expected: float) -> None:
    digits = 8 if x == 0 else 4  # as many as it gives
    assert round(buying.likelihood("bg-nbd", EXAMPLE, one(x, last, 40.0)), digits) == expected


@EACH
def test_the_likelihood_is_the_one_written_out_with_gammas(model: Model) -> None:
    """The kernel sums logarithms instead; 2-th of Fader, Hardie and Lee (6), and Batislam's with one leave more."""
    of, shift = some(3), int(model == "mbg-nbd")
    r, alpha, a, b = np.exp(EXAMPLE)
    n, s = of.x + shift, r + of.x
    start = special.gammaln(s) - special.gammaln(r) + r * np.log(alpha)
    stayed = start + special.betaln(a, b + n) - special.betaln(a, b) - s * np.log(alpha + of.age)
    left = (
        start + special.betaln(a + 1, np.maximum(b + n - 1, 1e-9)) - special.betaln(a, b) - s * np.log(alpha + of.last)
    )
    whole = np.logaddexp(stayed, np.where(n > 0, left, -np.inf))
    assert buying.likelihood(model, EXAMPLE, of) == pytest.approx(float(of.weight @ whole), rel=1e-12)


@EACH
def test_gradient_and_hessian_are_those_of_differences(model: Model) -> None:
    of, shift = some(4), int(model == "mbg-nbd")
    _, slope, bend = kernel.likelihood(EXAMPLE, shift, *of)
    for place, step in enumerate(np.eye(4) * 1e-5):
        up, down = (kernel.likelihood(EXAMPLE + sign * step, shift, *of) for sign in (1, -1))
        assert slope[place] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-5, abs=1e-4)
        assert bend[place] == pytest.approx((up[1] - down[1]) / 2e-5, rel=1e-5, abs=1e-4)


def test_the_likelihood_of_amounts_and_its_slopes() -> None:
    rng = np.random.default_rng(5)
    x, amount = rng.integers(1, 9, 80), rng.lognormal(3, 0.6, 80)
    logs = np.log([6.25, 3.74, 15.44])
    counts, sizes = np.unique(x, return_counts=True)
    of = spending._Amounts(counts.astype(float), sizes.astype(float), x.astype(float), amount)
    value, slope, bend = of.terms(logs)
    p, q, gamma = np.exp(logs)  # Fader and Hardie's (1a)
    whole = (
        special.gammaln(p * x + q) - special.gammaln(p * x) - special.gammaln(q) + q * np.log(gamma)
        + (p * x - 1) * np.log(amount) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * amount)
    )  # fmt: skip
    assert value == pytest.approx(float(whole.sum()), rel=1e-12)
    for place, step in enumerate(np.eye(3) * 1e-5):
        up, down = (of.terms(logs + sign * step) for sign in (1, -1))
        assert slope[place] == pytest.approx((up[0] - down[0]) / 2e-5, rel=1e-5, abs=1e-4)
        assert bend[place] == pytest.approx((up[1] - down[1]) / 2e-5, rel=1e-5, abs=1e-4)


# ---- what is expected -------------------------------------------------------------------------------------


@EACH
@pytest.mark.parametrize("a", [0.4, 1.0, 2.3])
def test_expected_purchases_are_those_integrated_over_leaving(model: Model, a: float) -> None:
    """Given rate and chance to leave p, an alive customer buys (1 - exp(-rate p t)) / p times in t."""
    shift, (r, alpha, b) = int(model == "mbg-nbd"), (0.25, 4.0, 2.5)
    for x, age, days in ((0, 40.0, 10.0), (3, 30.0, 100.0), (20, 50.0, 5000.0), (1, 1.0, 1.0)):
        n = x + shift

        def bought(p: float, n: int = n, x: int = x, age: float = age, days: float = days) -> float:
            density = (a - 2) * math.log(p) + (b + n - 1) * math.log1p(-p) - special.betaln(a, b + n)
            return math.exp(density) * -math.expm1(-(r + x) * math.log1p(p * days / (alpha + age)))

        expected, _ = integrate.quad(bought, 0, 1, epsabs=0, epsrel=1e-9, limit=500)
        found = kernel.ahead(np.log([r, alpha, a, b]), shift, np.array([x]), np.array([age]), days)
        assert found[0] == pytest.approx(expected, rel=1e-8)


@EACH
def test_who_is_still_there_later_is_integrated_over_leaving(model: Model) -> None:
    """Given rate and chance to leave p, an alive customer is still there after t with exp(-rate p t)."""
    shift, (r, alpha, a, b) = int(model == "mbg-nbd"), (0.25, 4.0, 0.8, 2.5)
    for x, age, days in ((1, 40.0, 10.0), (3, 30.0, 100.0), (20, 50.0, 5000.0)):
        n = x + shift

        def there(p: float, n: int = n, x: int = x, age: float = age, days: float = days) -> float:
            density = (a - 1) * math.log(p) + (b + n - 1) * math.log1p(-p) - special.betaln(a, b + n)
            return math.exp(density - (r + x) * math.log1p(p * days / (alpha + age)))

        expected, _ = integrate.quad(there, 0, 1, epsabs=0, epsrel=1e-9, limit=500)
        found = kernel.stays(EXAMPLE, shift, np.array([x]), np.array([age]), days)
        assert found[0] == pytest.approx(expected, rel=1e-8)


@EACH
def test_who_is_alive_buys_as_foretold(model: Model) -> None:
    """Customers are drawn, watched and drawn on: of those with one history the rest is counted."""
    rng = np.random.default_rng(8)
    n, (r, alpha, a, b) = 400_000, (0.8, 30.0, 0.7, 2.0)
    rate, leaving, now = rng.gamma(r, 1 / alpha, n), rng.beta(a, b, n), np.zeros(n)
    here = np.ones(n, bool) if model == "bg-nbd" else rng.random(n) >= leaving
    x, later, alive = np.zeros(n, int), np.zeros(n, int), np.zeros(n, bool)
    while here.any():
        now[here] += rng.exponential(1 / rate[here])
        alive |= here & (now > 60)  # not gone when the watch ended
        here &= now <= 100
        x += here & (now <= 60)
        later += here & (now > 60)
        here &= rng.random(n) >= leaving
    logs = np.log([r, alpha, a, b])
    once = x == 0
    fitted = buying.Buying(model, Maximum(logs, np.eye(4), 0.0))
    expected, told = fitted.purchases(one(0, 0.0, 60.0), 40.0)[0], fitted.alive(one(0, 0.0, 60.0))[0]
    error = later[once].std() / math.sqrt(once.sum())
    assert abs(later[once].mean() - expected) < 4 * error
    assert abs(alive[once].mean() - told) <= 4 * math.sqrt(told * (1 - told) / once.sum()) + 1e-12


def test_bg_nbd_calls_everyone_alive_who_bought_once_and_the_other_does_not() -> None:
    made = customers(np.random.default_rng(2), 30_000, "seldom", "mbg-nbd")
    histories, _ = Histories.of(made.x, made.last, made.age)
    once = histories.x == 0
    bg, mbg = (buying.fit(model, histories) for model in ("bg-nbd", "mbg-nbd"))
    assert bg is not None
    assert mbg is not None
    assert (bg.alive(histories)[once] == 1).all()
    assert (mbg.alive(histories)[once] < 0.9).all()
    assert mbg.fitted.likelihood > bg.fitted.likelihood  # it made them


def test_an_expected_amount_lies_between_the_customers_own_and_everybodys() -> None:
    made = customers(np.random.default_rng(3), 4000, "often", "bg-nbd")
    own = made.x > 0
    fitted = spending.fit(made.x[own], made.amount[own])
    assert fitted is not None
    p, q, gamma = fitted.fitted.parameters.value
    nobody = fitted.mean(np.array([0]), np.array([0.0]))[0]
    assert nobody == pytest.approx(p * gamma / (q - 1))
    much = fitted.mean(np.array([1, 50]), np.array([10 * nobody, 10 * nobody]))
    assert nobody < much[0] < much[1] < 10 * nobody


# ---- planted parameters, and intervals that hold them -----------------------------------------------------


@EACH
@pytest.mark.parametrize("setting", SETTINGS)
def test_planted_parameters_are_recovered(model: Model, setting: str) -> None:
    """Of 100,000 customers, within four standard errors, which are below an eighth of each."""
    made = customers(np.random.default_rng(7), 100_000, setting, model)
    fitted = buying.fit(model, Histories.of(made.x, made.last, made.age)[0])
    assert fitted is not None
    errors = np.sqrt(np.diag(fitted.fitted.covariance))
    assert (errors < 0.125).all()
    assert (np.abs(fitted.fitted.logs - np.log(SETTINGS[setting])) < 4 * errors).all()
    own = made.x > 0
    amounts = spending.fit(made.x[own], made.amount[own])
    assert amounts is not None
    errors = np.sqrt(np.diag(amounts.fitted.covariance))
    assert (errors < 0.05).all()
    assert (np.abs(amounts.fitted.logs - np.log(AMOUNTS)) < 4 * errors).all()


@EACH
@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.long
def test_intervals_hold_parameters_and_a_cohorts_worth(model: Model, setting: str) -> None:
    """Over 400 data sets of 5,000 customers between 91% and 98% each; over fewer, as often as chance allows of 95%."""
    sets = cases(400)
    held = coverage(setting, model, sets)
    assert held.told == sets
    low, high = (0.91, 0.98) if sets == 400 else (binom.ppf(1e-5, sets, 0.95) / sets, 1.0)
    shares = np.array([*held.buying, *held.spending, held.then, held.purchases, held.value, held.best])
    assert ((shares >= low) & (shares <= high)).all(), held
    assert held.seconds < 0.05


# ---- where nothing may be said ----------------------------------------------------------------------------


def test_customers_who_all_leave_alike_do_not_tell_how_leaving_differs() -> None:
    """One chance to leave for everybody: the likelihood rises for ever with a and b."""
    rng, n = np.random.default_rng(4), 3000
    age, rate, x = np.full(n, 300.0), rng.gamma(0.8, 1 / 60, n), np.zeros(n, np.int64)
    now, last, here = np.zeros(n), np.zeros(n), np.ones(n, bool)
    while here.any():
        now[here] += rng.exponential(1 / rate[here])
        here &= now <= age
        x[here] += 1
        last[here] = now[here]
        here &= rng.random(n) >= 0.3
    found = buying.fit("bg-nbd", Histories.of(x, last, age)[0])
    assert found is None or np.sqrt(np.diag(found.fitted.covariance)).max() > 0.3


def test_nobody_who_bought_again_tells_nothing() -> None:
    for model in MODELS:
        assert buying.fit(model, Histories(np.zeros(9, np.int64), np.zeros(9), np.full(9, 30.0), np.ones(9))) is None


def test_a_mean_without_end_is_seen() -> None:
    """Amounts of q = .8 have no mean: of 20 data sets none passes; of q = 3.74 all do."""
    rng = np.random.default_rng(9)
    for q, endless in ((0.8, True), (3.74, False)):
        for _ in range(20):
            x = rng.geometric(0.4, 1500)
            amount = rng.gamma(6.25 * x, 1 / rng.gamma(q, 1 / 154.4, 1500)) / x
            found = spending.fit(x, amount)
            assert found is not None
            assert found.endless is endless


def test_a_tie_of_frequency_and_amounts_is_found_and_none_imagined() -> None:
    rng, sets = np.random.default_rng(10), cases(300)
    apart = [spending.together(made.x[made.x > 0], made.amount[made.x > 0])
             for made in (customers(rng, 2000, "often", "bg-nbd") for _ in range(sets))]  # fmt: skip
    alarms = sum(bool(tie.low > 0 or tie.high < 0) for tie in apart)
    assert alarms <= binom.isf(1e-4, sets, 0.075)  # skewed amounts: 5% is asymptotic
    assert not any(tie.low > 0.1 or tie.high < -0.1 for tie in apart)
    for _ in range(20):
        made = customers(rng, 2000, "often", "bg-nbd")
        own = made.x > 0
        tie = spending.together(made.x[own], made.amount[own] * made.x[own])
        assert tie.low > 0.1


def test_sums_of_groups_add_up_to_that_of_all() -> None:
    made = customers(np.random.default_rng(12), 2000, "loyal", "mbg-nbd")
    histories, places = Histories.of(made.x, made.last.round(), made.age.round())
    own = made.x > 0
    fitted, amounts = buying.fit("mbg-nbd", histories), spending.fit(made.x[own], made.amount[own])
    assert fitted is not None
    of, groups = Spent(histories, places, made.x, made.amount), np.arange(2000) % 3
    parts = worth(of, fitted, amounts, 90, groups, 3)
    whole = worth(of, fitted, amounts, 90, np.zeros(2000, np.int64), 1)
    assert parts.value.value.sum() == pytest.approx(float(whole.value.value[0]))
    assert parts.purchases.value.sum() == pytest.approx(float(whole.purchases.value[0]))
    assert float(whole.alive.value[0]) == pytest.approx(np.average(parts.alive.value, weights=np.bincount(groups)))
    assert np.isnan(worth(of, fitted, None, 90, groups, 3).value.value).all()
