"""How sure is a share, a difference or a ratio of shares? One level, one floor, one method for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Bools, Floats
from analysis.later import later
from analysis.messages import Names, say

Numbers = npt.ArrayLike
special = later("scipy.special")  # a fifth of the time that loading the library takes

LEVEL = 0.95
"""Of all intervals; the share of them that hold the true value."""
SMALL = 30
"""Fewer users than this are named: their rate tells little, and no mean of money has an interval."""
TAILS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
"""The quantiles that bound an interval."""
Z = 1.959963984540054
"""Standard errors from an estimate to its bounds, where it is near normal."""


class Interval(NamedTuple):
    """An estimate and its bounds at :data:`LEVEL`: arrays of one shape (of none, for a single figure)."""

    value: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, value: Any, low: Any = np.nan, high: Any = np.nan) -> Interval:
        """Return a single figure with the bounds that it has; nothing known, such as a table's None or NA, is NaN."""
        return cls(*(np.asarray(np.nan if pd.isna(bound) else bound, np.float64) for bound in (value, low, high)))

    def floats(self) -> tuple[float, float, float]:
        """Return a single figure's value and bounds as plain numbers."""
        return float(self.value), float(self.low), float(self.high)

    def at(self, place: int) -> Interval:
        """Return the figure at one place of a row of them."""
        return Interval(*(np.asarray(bound[place]) for bound in self))

    def times(self, factor: Numbers) -> Interval:
        """Return what the estimate comes to for so many; a negative factor changes the bounds' places.

        Examples
        --------
        >>> Interval(np.array(-0.2), np.array(-0.3), np.array(0.1)).times(-10).floats()
        (2.0, -1.0, 3.0)
        """
        by = np.asarray(factor, float)
        value, low, high = (0.0 + by * bound for bound in self)
        return Interval(value, np.minimum(low, high), np.maximum(low, high))


UNKNOWN = Interval(*(np.asarray(np.nan) for _ in range(3)))
"""A single figure of which nothing is known."""


def share(successes: Numbers, trials: Numbers) -> Floats:
    """Return `successes` / `trials`, elementwise; NaN where there are no trials.

    Examples
    --------
    >>> share([3, 0], [10, 0]).tolist()
    [0.3, nan]
    """
    done, of = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    found: Floats = np.divide(done, of, out=np.full(done.shape, np.nan), where=of > 0)
    return found


def proportion(successes: Numbers, trials: Numbers) -> Interval:
    """Return each share with its Wilson score interval, NaN where there was no trial.

    Parameters
    ----------
    successes, trials : array_like
        Broadcast against each other. Not whole where they stand for an effective number of people.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.

    Examples
    --------
    >>> _, low, high = proportion([81, 0], [263, 0])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.2553, nan], [0.3662, nan])
    """
    done, of = np.broadcast_arrays(np.asarray(successes, float), np.asarray(trials, float))
    known = of > 0
    from statsmodels.stats.proportion import proportion_confint  # takes longer to load than a funnel to count

    low, high = proportion_confint(np.where(known, done, 0), np.where(known, of, 1), alpha=1 - LEVEL, method="wilson")
    return Interval(share(done, of), np.where(known, low, np.nan), np.where(known, high, np.nan))


def difference(one: Interval, other: Interval, *, correlation: Numbers = 0.0) -> Interval:
    """Return one share less another with the interval made of both of theirs.

    Parameters
    ----------
    one, other : Interval
        As from :func:`proportion`.
    correlation : array_like of float
        Of the two estimates, where they are of the same people; 0 for different ones.

    References
    ----------
    Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions: comparison of
    eleven methods. Statistics in Medicine 17, 873-890; method 10. With a correlation: the same author's improved
    intervals for paired data, 2635-2650, method 10 without its continuity correction.

    Examples
    --------
    Newcombe's table II, (a) 56/70 and 48/80:

    >>> [round(bound, 4) for bound in difference(proportion(56, 70), proportion(48, 80)).floats()]
    [0.2, 0.0524, 0.3339]
    """
    below = _reach(one.value - one.low, other.high - other.value, correlation)
    above = _reach(one.high - one.value, other.value - other.low, correlation)
    apart = np.subtract(one.value, other.value)
    return Interval(apart, apart - below, apart + above)


def _reach(one: Floats, other: Floats, correlation: Numbers) -> Floats:
    squared = one**2 + other**2 - 2 * np.asarray(correlation, float) * one * other
    return np.asarray(np.sqrt(np.maximum(squared, 0.0)))


def relative(one: Interval, other: Interval) -> Interval:
    """Return one estimate over another of other people or days, with the interval made of both of theirs.

    Parameters
    ----------
    one, other : Interval
        Of what cannot be below nought. Where one is nought there are no bounds, where the other is, there is nothing.

    References
    ----------
    Zou, G. Y. and Donner, A. (2008). Construction of confidence limits about effect measures: a general approach.
    Statistics in Medicine 27, 1693-1702; on the logarithms.

    Examples
    --------
    >>> [round(bound, 3) for bound in relative(proportion(60, 100), proportion(40, 100)).floats()]
    [1.5, 1.131, 2.01]
    """
    logs = [Interval(*(np.log(np.where(np.asarray(bound) > 0, bound, np.nan)) for bound in each))
            for each in (one, other)]  # fmt: skip
    apart = difference(*logs)
    low = np.where(np.isnan(apart.low) & ~np.isnan(apart.high), -np.inf, apart.low)
    return Interval(share(one.value, other.value), np.exp(low), np.exp(apart.high))


def doubt(ratio_: Interval) -> Floats:
    """Return the p-value for a ratio to be one, as its interval tells; NaN where that has no bounds.

    Examples
    --------
    >>> doubt(Interval(np.array(1.2), np.array(1.0), np.array(1.44))).round(3).tolist()
    0.05
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        error = (np.log(ratio_.high) - np.log(ratio_.low)) / (2 * Z)
        return np.asarray(2 * special.ndtr(-np.abs(np.log(ratio_.value)) / error))


def doubts(of: Interval) -> Floats:
    """Return the p-values for differences to be nought, as the bounds on their nearer side tell; NaN without bounds.

    Examples
    --------
    >>> doubts(Interval(np.array([0.2, 0.2]), np.array([0.0, np.nan]), np.array([0.5, 0.4]))).round(3).tolist()
    [0.05, nan]
    """
    reach = np.where(of.value > 0, of.value - of.low, of.high - of.value)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(2 * special.ndtr(-Z * np.abs(of.value) / reach))


def ratio(one: Numbers, of_one: Numbers, other: Numbers, of_other: Numbers) -> Interval:
    """Return one share over another with its score interval, elementwise.

    NaN where a side has no trials or neither succeeded; where only the others never did, it is infinite.

    Parameters
    ----------
    one, of_one, other, of_other : array_like of int
        Successes and trials of either side.

    References
    ----------
    Miettinen, O. and Nurminen, M. (1985). Comparative analysis of two rates. Statistics in Medicine 4, 213-226.

    Examples
    --------
    >>> [round(bound, 4) for bound in ratio(10, 20, 2, 20).floats()]
    [5.0, 1.4593, 19.1897]
    """
    x, n, y, m = np.broadcast_arrays(*(np.asarray(part, float) for part in (one, of_one, other, of_other)))
    known = (n > 0) & (m > 0) & (x + y > 0)
    counts = tuple(np.where(known, part, 1.0) for part in (x, n, y, m))
    with np.errstate(divide="ignore"):
        value = np.divide(share(counts[0], counts[1]), share(counts[2], counts[3]))
    low = np.where(counts[0] > 0, _ratio_at(counts, Z), 0.0)
    high = np.where(counts[2] > 0, _ratio_at(counts, -Z), np.inf)
    return Interval(*(np.where(known, bound, np.nan) for bound in (value, low, high)))


def _ratio_at(counts: tuple[Floats, ...], wanted: float) -> Floats:
    """Return the ratio whose score is the one wanted, by halving: the score falls as the ratio rises."""
    low, high = np.full(counts[0].shape, -40.0), np.full(counts[0].shape, 40.0)
    for _ in range(70):
        middle = (low + high) / 2
        above = _score(counts, np.exp(middle)) > wanted
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.exp((low + high) / 2))


def _score(counts: tuple[Floats, ...], ratio: Floats) -> Floats:
    x, n, y, m = counts
    both = n + m
    middle = ratio * (n + y) + x + m
    # The smaller root, in the form that loses no digits.
    rate = 2 * (x + y) / (middle + np.sqrt(np.maximum(middle**2 - 4 * both * ratio * (x + y), 0.0)))
    one = np.minimum(ratio * rate, 1.0)
    variance = (one * (1 - one) / n + ratio**2 * rate * (1 - rate) / m) * both / (both - 1)
    with np.errstate(divide="ignore", invalid="ignore"):  # at the estimate itself nothing is apart
        score: Floats = np.asarray((x / n - ratio * y / m) / np.sqrt(variance))
    return np.where(np.isnan(score), 0.0, score)


class Counts(NamedTuple):
    """Successes and trials, elementwise; not whole where they stand for an effective number of people."""

    successes: Floats
    trials: Floats


def standardised(successes: Numbers, trials: Numbers, weights: Numbers) -> Counts:
    """Return what people would show if their strata stood in other proportions, as counts to reckon with.

    Their quotient is the standardised share; :func:`proportion`, :func:`difference` of two and :func:`ratio` give its
    interval, for they are as many as the independent people who would know it as well (Kish's effective number).

    Parameters
    ----------
    successes, trials : array_like, shape (..., strata)
    weights : array_like, shape (..., strata)
        How large each stratum is taken to be; those without trials are left out of them.

    Notes
    -----
    Direct standardisation. A stratum's own variance is reckoned with one success and one failure more, so that one in
    which all or none succeeded does not pass for certain (Laplace's rule).

    References
    ----------
    Kish, L. (1965). Survey Sampling, 8.2. Fleiss, J. L., Levin, B. and Paik, M. C. (2003). Statistical Methods for
    Rates and Proportions, 19.

    Examples
    --------
    Ten in a hundred and half of ten, each taken to be half of all:

    >>> counts = standardised([10, 5], [100, 10], [1, 1])
    >>> [round(bound, 3) for bound in proportion(*counts).floats()]
    [0.3, 0.17, 0.472]
    """
    x, n, w = np.broadcast_arrays(*(np.asarray(part, float) for part in (successes, trials, weights)))
    w = np.where(n > 0, w, 0.0)
    w = share(w, w.sum(axis=-1, keepdims=True))
    near = (x + 1) / (n + 2)
    value = np.where(w > 0, w * share(x, n), 0.0).sum(axis=-1)
    variance = np.where(w > 0, w**2 * share(near * (1 - near), n), 0.0).sum(axis=-1)
    # All or none succeeded: as many people as the weights alone would leave.
    alone = share(1.0, np.where(w > 0, share(w**2, n), 0.0).sum(axis=-1))
    people = np.where((value > 0) & (value < 1), np.maximum(share(value * (1 - value), variance), 1.0), alone)
    lone = (w > 0).sum(axis=-1) == 1  # nothing is put together: the share itself
    people = np.where(lone, np.where(w > 0, n, 0.0).sum(axis=-1), np.nan_to_num(people))
    return Counts(value * people, people)


def score_test(one: float, of_one: float, other: float, of_other: float) -> float:
    """Return the two-sided p-value for two shares to be the same, variance pooled; NaN where all or none succeeded.

    Examples
    --------
    >>> round(score_test(56, 70, 48, 80), 4)
    0.008
    """
    pooled = (one + other) / (of_one + of_other)
    variance = pooled * (1 - pooled) * (1 / of_one + 1 / of_other)
    return float(2 * special.ndtr(-abs(one / of_one - other / of_other) / np.sqrt(variance))) if variance else np.nan


def clear(p_values: Sequence[float] | Floats, *, false_alarms: float = 1 - LEVEL) -> Bools:
    """Say which of several differences stand after allowing for how many were looked at.

    Parameters
    ----------
    p_values : array_like of float
        NaN never stands.
    false_alarms : float
        The share tolerated among those that stand.

    References
    ----------
    Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57, 289-300.

    Examples
    --------
    >>> clear([0.001, 0.04, 0.9]).tolist()
    [True, False, False]
    """
    given = np.nan_to_num(np.asarray(p_values, float), nan=1.0)
    if not len(given):
        return np.zeros(0, bool)
    from statsmodels.stats.multitest import multipletests  # see above

    return np.asarray(multipletests(given, alpha=false_alarms, method="fdr_bh")[0], bool)


def small_groups(groups: Sequence[str], column: str | None = None) -> Note:
    """Return the note on groups of fewer than :data:`SMALL` users: the one sentence on level and floor.

    Parameters
    ----------
    groups : sequence of str
    column : str, optional
        Of whose codes they are.

    Examples
    --------
    >>> small_groups(["ios"]).message.text()
    'Fewer than 30 users in: ios. Read the 95% interval there, not the rate.'
    """
    text = say("Fewer than {n} users in: {groups}. Read the {level}% interval there, not the rate.",
               n=SMALL, groups=Names(tuple(groups), column), level=round(100 * LEVEL))  # fmt: skip
    return Note("small-groups", text, "warning")


# ---- means of money ---------------------------------------------------------------------------------------

_EVEN = 1e-6
"""Variance over squared mean below which sums of powers no longer tell the shape, and nothing hangs on it."""


class Moments(NamedTuple):
    """How many values there are and the sums of their first four powers; those of parts add up to those of the whole.

    All arrays of one shape (of none, for one set of values).
    """

    n: Floats
    total: Floats
    squares: Floats
    cubes: Floats
    fourths: Floats

    @classmethod
    def of(cls, values: Numbers, groups: Numbers | None = None, size: int = 0) -> Moments:
        """Return the moments of values: of all, or of each of `size` groups, given each value's.

        Examples
        --------
        >>> Moments.of([1.0, 2.0, 4.0], [0, 0, 2], 3).total.tolist()
        [3.0, 0.0, 4.0]
        """
        x = np.asarray(values, float)
        if groups is None:
            return cls(*(np.asarray((x**power).sum()) for power in range(5)))
        at = np.asarray(groups, np.int64)
        return cls(*(np.bincount(at, x**power, size).astype(float) for power in range(5)))


def mean(of: Moments, *, least: float = -np.inf) -> Interval:
    """Return means of money with intervals that allow for a few large amounts, elementwise.

    Parameters
    ----------
    of : Moments
    least : float
        Below which no value can lie, so no bound does: 0 for what people paid.

    Returns
    -------
    Interval
        Without bounds for fewer than :data:`SMALL` values, and where all are nought.

    Notes
    -----
    Money per person is skewed: a normal interval (and Student's) sits too low, as whoever is missing from the sample
    paid most. Hall's transformation takes the skewness out of the t statistic by a monotone cubic, and its quantiles
    are those of Student's t with the degrees of freedom that the values' kurtosis leaves to their variance,
    2n / (kurtosis - 1), at most n - 1. ``benchmarks/intervals.py`` sets it beside five others: with 500 lognormal
    amounts of sigma 1.6 it covers 94%, Student's interval 89%; of light tails both cover 95%.

    References
    ----------
    Hall, P. (1992). On the removal of skewness by transformation. JRSS B 54, 221-228. For the degrees of freedom:
    Satterthwaite, F. E. (1946). An approximate distribution of estimates of variance components. Biometrics Bulletin
    2, 110-114, with Var(s²) = (kurtosis - 1) sigma⁴ / n.

    Examples
    --------
    >>> [round(bound, 2) for bound in mean(Moments.of([0.0] * 90 + [10.0] * 9 + [200.0]), least=0).floats()]
    [2.9, 0.0, 18.33]
    """
    n, total, squares, cubes, fourths = np.broadcast_arrays(*(np.asarray(part, float) for part in of))
    value = share(total, n)
    with np.errstate(divide="ignore", invalid="ignore"):
        a, b, c = (np.where(n > 0, part / n, 0.0) for part in (squares, cubes, fourths))
        m = np.nan_to_num(value)
        variance = np.maximum(a - m**2, 0.0)
        shaped = variance > _EVEN * m**2
        skewness = np.where(shaped, (b - 3 * m * a + 2 * m**3) / variance**1.5, 0.0)
        kurtosis = np.where(shaped, (c - 4 * m * b + 6 * m**2 * a - 3 * m**4) / variance**2, 3.0)
        freedom = np.clip(2 * n / np.maximum(kurtosis - 1, 1e-9), 1.0, np.maximum(n - 1, 1.0))
        error = np.sqrt(variance / (n - 1))
    reach = special.stdtrit(freedom, TAILS[1])
    known = (n >= SMALL) & (squares > 0)
    lean = skewness / np.sqrt(np.maximum(n, 1.0))
    low, high = (value - _unskewed(bound, lean) * error for bound in (reach, -reach))
    return Interval(value, np.where(known, np.maximum(low, least), np.nan), np.where(known, high, np.nan))


def _unskewed(quantile: Floats, lean: Floats) -> Floats:
    """Return the t whose transform is a quantile: Hall's cubic, solved; the quantile itself without skewness."""
    some = np.where(np.abs(lean) > 1e-9, lean, 1.0)
    found = 3 / some * (np.cbrt(1 + some * (quantile - some / 6)) - 1)
    return np.where(np.abs(lean) > 1e-9, found, quantile)


def ratio_of_sums(top: Numbers, bottom: Numbers) -> Interval:
    """Return a ratio of two sums over the same people or periods (order value, ROI), with its interval.

    Parameters
    ----------
    top, bottom : array_like of float, shape (n,)
        Such as each person's revenue and number of orders.

    Notes
    -----
    Linearised: the mean of `top` less the ratio times `bottom`, as :func:`mean` bounds it, over the mean of `bottom`
    (Cochran, W. G. (1977). Sampling Techniques, 3rd ed., 6.3). NaN where the bottom adds up to nought or less.

    Examples
    --------
    >>> [round(bound, 3) for bound in ratio_of_sums(np.tile([90.0, 110.0], 50), np.ones(100)).floats()]
    [100.0, 98.006, 101.994]
    """
    x, y = np.asarray(top, float), np.asarray(bottom, float)
    whole = y.sum()
    if not whole > 0:
        return UNKNOWN
    value = x.sum() / whole
    _, low, high = mean(Moments.of(x - value * y))
    each = whole / len(y)
    return Interval(np.asarray(value), value + low / each, value + high / each)


def share_of_sum(part: Moments, whole: Moments) -> Interval:
    """Return which share of a sum over people comes from some of them, elementwise, with its interval.

    Parameters
    ----------
    part, whole : Moments
        Of the amounts of those people, and of everybody's, theirs among them; who has none counts with nought.

    Notes
    -----
    :func:`ratio_of_sums` of each person's amount if they are among them, over each person's amount, from sums of powers
    alone: nobody's amount is needed, so it is as good for millions. NaN where the whole adds up to nought or less.

    Examples
    --------
    >>> own, others = np.tile([90.0, 110.0], 50), np.tile([10.0, 50.0, 60.0], 100)
    >>> found = share_of_sum(Moments.of(own), Moments.of(np.append(own, others)))
    >>> [round(bound, 3) for bound in found.floats()]
    [0.455, 0.398, 0.515]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(whole.total > 0, part.total / whole.total, np.nan)
        rest = (np.asarray(all_ - own) for own, all_ in zip(part[1:], whole[1:], strict=True))
        powers = (
            (1 - value) ** power * own + (-value) ** power * others
            for power, own, others in zip(range(1, 5), part[1:], rest, strict=True)
        )
        _, low, high = mean(Moments(np.broadcast_to(whole.n, value.shape), *powers))
        each = whole.total / whole.n
        return Interval(value, np.maximum(value + low / each, 0.0), np.minimum(value + high / each, 1.0))
