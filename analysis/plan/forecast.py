"""Where will a figure stand on a later day, going by the days so far?

Days differ by their kind (a phase, a peak), by weekday, and go together from one to the next. Means are fitted on the
log scale; how far a forecast may be off is told by playing the whole of it, past and future, again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.estimates import TAILS, Interval
from analysis.later import later

optimize = later("scipy.optimize")
LEAST = 10
"""Days that have to be seen before anything is foretold."""
WEEKS = 21
"""Days from which on weekdays are told apart."""
DRAWS = 2000
OTHERWISE = (0.2, 0.1)
"""By how much a kind of day that was not seen yet may differ from what it was in the campaign before (standard
deviation of the logarithm), where there are too few campaigns to tell: of a volume, of a rate."""
_MOST = 0.9
"""Most that one day goes with the next."""


class Days(NamedTuple):
    """A campaign's days in order.

    Parameters
    ----------
    top : ndarray, shape (days,)
        What is added up; of a share or a ratio, its upper part.
    bottom : ndarray, shape (days,), or None
        The lower part of a ratio; None for a sum.
    kinds : sequence of str, shape (days + days to come,)
        Kind of each day: its phase or peak.
    weekdays : ndarray of int, shape (days + days to come,)
        0 for Monday.
    """

    top: Floats
    bottom: Floats | None
    kinds: Sequence[str]
    weekdays: Ints

    @property
    def parts(self) -> tuple[tuple[Floats, Floats], ...]:
        """What is foretold, each with what it is in proportion to: the volume and, of a ratio, its rate."""
        if self.bottom is None:
            return ((self.top, np.ones(len(self.top))),)
        return ((self.bottom, np.ones(len(self.top))), (self.top, self.bottom))


class Foretold(NamedTuple):
    """A figure at the end of the days to come.

    Parameters
    ----------
    at : Interval
        Its mean and 95% interval.
    draws : ndarray, shape (DRAWS,)
        What it may come to, each as likely.
    borrowed : tuple of str
        Kinds of days that only earlier campaigns tell of.
    """

    at: Interval
    draws: Floats
    borrowed: tuple[str, ...]

    def chance(self, target: float, *, less: bool = False) -> float:
        """Return how likely it is to reach a target: at least that much, or at most."""
        reached = self.draws <= target if less else self.draws >= target
        return float(reached.mean())


def foretell(days: Days, earlier: Sequence[Days], rng: np.random.Generator) -> Foretold | str:
    """Return a figure at the end of the days to come, or the code of why it cannot be told.

    Parameters
    ----------
    days : Days
    earlier : sequence of Days
        Campaigns that are over, for kinds of days that this one has not seen.
    rng : Generator

    Returns
    -------
    Foretold or {"few-days", "nothing-yet", "unseen-days"}

    Notes
    -----
    Poisson quasi-likelihood with a log link, whatever the spread of the days (Gourieroux, Monfort and Trognon 1984); of
    a ratio, the lower part is foretold and the upper one as a rate of it. Relative residuals have a variance
    a / mean + b and one day goes with the next (autoregressive of order one, the estimate's bias put right as Kendall
    1954 has it). The interval is a parametric bootstrap of the prediction error: each round plays the days seen and
    those to come, fits again to first order, and sets what came beside what would have been foretold; how sure variance
    and autocorrelation are is drawn with it. A kind of day not yet seen stands to those seen as in earlier campaigns,
    give or take.

    Examples
    --------
    >>> week = np.array([9.0, 10, 11, 12, 11, 14, 13] * 2)
    >>> days = Days(week, None, ["burst"] * 21, np.arange(21) % 7)
    >>> [round(float(bound)) for bound in foretell(days, (), np.random.default_rng(1)).at]
    [241, 225, 260]
    """
    seen = len(days.top)
    if seen < LEAST:
        return "few-days"
    if any((row > 0).sum() < LEAST // 2 for row, _ in days.parts):
        return "nothing-yet"
    kinds = list(dict.fromkeys(days.kinds[:seen]))
    new = list(dict.fromkeys(kind for kind in days.kinds[seen:] if kind not in kinds))
    lent = {kind: _lent(kind, days, earlier) for kind in new}
    steps = {kind: own for kind, own in lent.items() if own is not None}
    if len(steps) < len(lent):
        return "unseen-days"
    fits, exposure = [], np.ones(len(days.kinds))
    for row, of in days.parts:
        exposure[:seen] = of
        fits.append(_fitted(row, exposure, _design(days, kinds)))
        exposure = fits[-1].means * _factors(days, steps, len(fits) - 1)
    return _played(days, fits, steps, rng)


class _Lent(NamedTuple):
    """How a kind of day stands to the commonest seen, by part: logarithms of ratios, and how far off they may be."""

    steps: Floats
    errors: Floats


def _common(days: Days) -> str:
    seen = list(days.kinds[: len(days.top)])
    return max(dict.fromkeys(seen), key=seen.count)


def _lent(kind: str, days: Days, earlier: Sequence[Days]) -> _Lent | None:
    """Return how a kind of day stood to the commonest by now, over the campaigns that had both."""
    found, errors = [], []
    for one in earlier:
        labels = np.array(one.kinds[: len(one.top)])
        sides = [[_level(row[labels == name], of[labels == name]) for name in (kind, _common(days))]
                 for row, of in one.parts]  # fmt: skip
        if all(level > 0 for side in sides for level, _ in side):
            found.append([np.log(here[0] / there[0]) for here, there in sides])
            errors.append([np.hypot(here[1], there[1]) for here, there in sides])
    if not found:
        return None
    steps = np.array(found)
    between = steps.var(axis=0, ddof=1) * (1 + 1 / len(steps)) if len(steps) > 2 else np.square(OTHERWISE)
    within = (np.array(errors) ** 2).mean(axis=0) / len(errors)
    return _Lent(steps.mean(axis=0), np.sqrt(within + between[: steps.shape[1]]))


def _level(row: Floats, of: Floats) -> tuple[float, float]:
    """Return how much there was a day, or of what it is a rate of, and its relative standard error."""
    if not of.sum() > 0 or not row.sum() > 0:
        return 0.0, 0.0
    level = row.sum() / of.sum()
    if len(row) < 2:
        return float(level), OTHERWISE[0]
    return float(level), float(np.sqrt(((row - level * of) ** 2).sum() * len(row) / (len(row) - 1)) / row.sum())


def _factors(days: Days, lent: dict[str, _Lent], part: int) -> Floats:
    """Return by what factor each day's mean differs from its fit, which takes a new kind of day for the commonest."""
    return np.array([np.exp(lent[kind].steps[part]) if kind in lent else 1.0 for kind in days.kinds])


def _design(days: Days, kinds: Sequence[str]) -> Floats:
    """Return one row per day, seen or to come: its kind (the commonest, where it is new), and its weekday."""
    common = _common(days)
    columns = [np.array([(kind if kind in kinds else common) == own for kind in days.kinds], float) for own in kinds]
    if len(days.top) >= WEEKS:
        columns += [(days.weekdays == day) - (days.weekdays == 6).astype(float) for day in range(6)]
    return np.column_stack(columns)


class _Fit(NamedTuple):
    """One part's means, how far days are from them, and what that does to the estimate."""

    means: Floats  # of all days, in proportion to what they are of
    rates: Floats  # the same for one of what they are of
    errors: Floats  # relative, of the days seen
    spread: Floats  # standard deviation of a day's relative error, of all days
    pull: Floats  # (coefficients, days seen): what errors do to coefficients
    design: Floats
    free: int


def _fitted(row: Floats, exposure: Floats, design: Floats) -> _Fit:
    seen, known = len(row), exposure[: len(row)] > 0
    x, of = design[:seen], exposure[:seen]
    rates = np.exp(np.clip(design @ _newton(row[known], of[known], x[known]), -30, 30))
    means = np.maximum(rates * exposure, 1e-12)
    bread = np.linalg.pinv((x.T * (rates[:seen] * of)) @ x)
    errors = np.where(known, row / means[:seen] - 1, 0.0)
    free = max(int(known.sum() - np.linalg.matrix_rank(x[known])), 1)
    squares = errors**2 * known.sum() / free
    parts, _ = optimize.nnls(np.column_stack([1 / means[:seen], np.ones(seen)])[known], squares[known])
    spread = np.sqrt(np.maximum(parts[0] / means + parts[1], 1e-12))
    return _Fit(means, rates, errors, spread, bread @ (x.T * (rates[:seen] * of)), design, free)


def _newton(row: Floats, of: Floats, x: Floats) -> Floats:
    """Return the coefficients of a log-linear rate: Newton's steps on the Poisson likelihood, held in bounds."""
    least = row[row > 0].min() / 2
    weights = np.linalg.lstsq(x, np.log(np.maximum(row, least) / of), rcond=None)[0]
    for _ in range(50):
        mean = of * np.exp(np.clip(x @ weights, -30, 30))
        step = np.linalg.pinv((x.T * mean) @ x) @ (x.T @ (row - mean))
        weights = weights + step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-12))
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(weights)


def _played(days: Days, fits: Sequence[_Fit], lent: dict[str, _Lent], rng: np.random.Generator) -> Foretold:
    """Play the days seen and those to come, and set what comes beside what is foretold from what was seen."""
    seen = len(days.top)
    drawn = _lent_draws(days, lent, len(fits), rng)
    came = guessed = foretold = np.ones((1, len(days.kinds) - seen))
    sums = []
    for n, (fit, (row, _)) in enumerate(zip(fits, days.parts, strict=True)):
        hold, sure = _held(fit.errors / fit.spread[:seen], fit.free)
        holds = np.clip(rng.normal(hold, sure, DRAWS), -0.3, _MOST)
        scale = np.sqrt(fit.free / rng.chisquare(fit.free, DRAWS))
        noise = _going_on(holds, len(days.kinds), rng)
        sigma = np.sqrt(np.log1p((scale[:, None] * fit.spread) ** 2))
        errors = np.expm1(sigma * noise - sigma**2 / 2)
        ahead = (fit.rates * _factors(days, lent, n))[seen:]
        off = errors[:, :seen] @ fit.pull.T
        last = errors[:, seen - 1] - off @ fit.design[seen - 1]
        drift = np.exp(np.clip(off @ fit.design[seen:].T, -3, 3))
        came = came * ahead * (1 + errors[:, seen:]) * drawn[n]
        guessed = guessed * ahead * drift * _carried(hold, last, len(ahead))
        foretold = foretold * ahead * _carried(hold, fit.errors[-1:], len(ahead))
        sums.append(row.sum() + foretold.sum() * came.sum(axis=1) / np.maximum(guessed.sum(axis=1), 1e-12))
    draws = sums[0] if len(sums) == 1 else sums[1] / sums[0]
    low, high = np.quantile(draws, TAILS)
    return Foretold(Interval(np.asarray(draws.mean()), np.asarray(low), np.asarray(high)), draws, tuple(lent))


def _held(normed: Floats, free: int) -> tuple[float, float]:
    """Return how much a day goes with the one before, its bias put right, and its standard error."""
    seen = len(normed)
    found = (normed[1:] * normed[:-1]).sum() / max((normed**2).sum(), 1e-12)
    right = (found * seen + 1 + (seen - free) / 2) / max(seen - 3, 1)
    hold = float(np.clip(right, -0.3, _MOST))
    return hold, float(np.sqrt(max(1 - hold**2, 0.1) / seen))


def _going_on(holds: Floats, days: int, rng: np.random.Generator) -> Floats:
    """Return standard normal days that go together, by round and day."""
    found = rng.standard_normal((len(holds), days))
    rest = np.sqrt(1 - holds**2)
    for day in range(1, days):
        found[:, day] = holds * found[:, day - 1] + rest * found[:, day]
    return found


def _carried(hold: float, last: Floats, days: int) -> Floats:
    """Return by what factor the last day's error still shows in each of the days to come."""
    fade = max(hold, 0.0) ** np.arange(1, days + 1)
    return np.asarray(np.maximum(1 + np.clip(last, -0.9, 3.0)[:, None] * fade, 0.05))


def _lent_draws(days: Days, lent: dict[str, _Lent], parts: int, rng: np.random.Generator) -> Floats:
    """Return by part, round and day to come how far a kind of day not yet seen is from what earlier ones lend."""
    ahead = np.array(days.kinds[len(days.top) :])
    found = np.ones((parts, DRAWS, len(ahead)))
    for kind, own in lent.items():
        off = own.errors[:, None] * rng.standard_normal((parts, DRAWS))
        found[:, :, ahead == kind] = np.exp(off)[:, :, None]
    return found
