"""How does a channel's attributed revenue rise with its spend, once each phase's demand is allowed for?

The model of a period is ``revenue = multiplier[phase] * form(spend; half) * noise`` with noise of mean 1 whose
spread grows with the level. It is fitted by the gamma quasi-likelihood, minimising

    Q(half) = sum over periods of  log(fitted) + revenue / fitted.

That is right for any noise of mean 1 (no correction from logs back to money), loses little against the exact
likelihood where noise is log-normal, and bears a period that spent but earned nothing, which a fit to logs
cannot. Given half, the best multiplier of a phase is the mean of revenue / form in it, so only half is searched,
and for all bootstrap draws at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from analysis.arrays import Floats, Ints
from analysis.budget.curves.forms import FORMS

_TINY = np.finfo(float).tiny
_STEPS = 97
_REACH = 20.0
"""How far beyond the observed spend half-saturation is looked for; further out a curve is a straight line."""


@dataclass(frozen=True, slots=True)
class Fit:
    """One form's fit: log half-saturation, each phase's ceiling, the objective, and fitted revenue."""

    form: str
    log_half: float
    ceilings: Floats
    objective: float
    fitted: Floats
    at_edge: bool


def fit(form: str, spend: Floats, revenue: Floats, phase: Ints) -> Fit:
    """Fit one form.

    Parameters
    ----------
    form : str
    spend, revenue : ndarray, shape (periods,)
        Spend is above 0.
    phase : ndarray of int, shape (periods,)
        Every phase from 0 up to the largest has a period.
    """
    grid = _grid(spend)
    profile = _profile(form, grid, spend, revenue[None], phase)[0]
    best = int(profile.argmin())
    around = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(
        lambda h: float(_profile(form, np.array([h]), spend, revenue[None], phase)[0, 0]),
        bounds=around,
        method="bounded",
        options={"xatol": 1e-9},
    )
    log_half = float(found.x)
    shape = FORMS[form].unit(spend / np.exp(log_half))
    ceilings = _ceilings(revenue[None] / shape, phase)[0]
    at_edge = best in (0, len(grid) - 1)
    return Fit(form, log_half, ceilings, float(found.fun), ceilings[phase] * shape, at_edge)


def dispersion(found: Fit, revenue: Floats) -> float:
    """Return the variance of revenue / fitted (Pearson's estimate)."""
    free = len(revenue) - len(found.ceilings) - 1
    return float(np.sum((revenue / found.fitted - 1) ** 2) / max(free, 1))


def draw(found: Fit, spend: Floats, revenue: Floats, phase: Ints, noise: Floats) -> tuple[Floats, Floats]:
    """Refit to revenue made anew from the fit and bootstrap noise, for all draws at once.

    Parameters
    ----------
    noise : ndarray, shape (draws, periods)
        Relative residuals around 0; see :func:`resampled`.

    Returns
    -------
    half : ndarray, shape (draws,)
    ceilings : ndarray, shape (draws, phases)
    """
    made = found.fitted * np.maximum(1 + noise, 0)
    half = np.exp(_lowest(_grid(spend), _profile(found.form, _grid(spend), spend, made, phase)))
    shape = FORMS[found.form].unit(spend / half[:, None])
    return half, _ceilings(made / shape, phase)


def residuals(found: Fit, revenue: Floats, phase: Ints) -> Floats:
    """Return relative residuals fit for resampling in blocks: centred, and as spread as the noise.

    A phase of a single period fits itself; its residual of 0 is no evidence and is left out.
    """
    alone = np.bincount(phase)[phase] == 1
    left: Floats = (revenue / found.fitted - 1)[~alone]
    left = left - left.mean()
    spread = np.sqrt(np.mean(left**2))
    if spread == 0:
        return left
    noise = dispersion(found, revenue) * widened(len(revenue), len(found.ceilings) + 1)
    return np.asarray(left * np.sqrt(noise) / spread)


def widened(periods: int, parameters: int) -> float:
    """Return by how much the variance of resampled residuals must grow for block sums to vary as the noise does.

    A fit takes `parameters` directions out of the residuals. That lowers their variance by parameters / periods,
    and that of a block's sum by its length times as much.
    """
    share = parameters / periods
    return (1 - share) / max(1 - block_length(periods) * share, 0.5)


def block_length(periods: int) -> int:
    """Return how many neighbouring periods are resampled together: the cube root of how many there are."""
    return max(1, round(float(np.cbrt(periods))))


def resampled(left: Floats, periods: int, draws: int, rng: np.random.Generator) -> Floats:
    """Resample residuals in blocks of neighbouring periods, shape (draws, periods).

    Blocks keep what a period shares with the next; they wrap round, so that every residual is drawn equally often
    (Politis and Romano, 1992).
    """
    length = block_length(len(left))
    begin = rng.integers(len(left), size=(draws, -(-periods // length), 1))
    at = (begin + np.arange(length)) % len(left)
    return np.asarray(left[at.reshape(draws, -1)[:, :periods]])


def _grid(spend: Floats) -> Floats:
    return np.linspace(np.log(spend.min() / _REACH), np.log(spend.max() * _REACH), _STEPS)


def _profile(form: str, log_halves: Floats, spend: Floats, revenue: Floats, phase: Ints) -> Floats:
    """Return Q for revenues (draws, periods) at each half-saturation: shape (draws, halves)."""
    shape = FORMS[form].unit(spend[None] / np.exp(log_halves)[:, None])
    out = np.log(shape).sum(axis=1)[None] + float(len(spend))
    for k in range(int(phase.max()) + 1):
        own = phase == k
        level = revenue[:, own] @ (1 / shape[:, own]).T / own.sum()
        out = out + own.sum() * np.log(np.maximum(level, _TINY))
    return np.asarray(out)


def _ceilings(ratio: Floats, phase: Ints) -> Floats:
    """Average revenue / form within each phase: (draws, periods) to (draws, phases)."""
    return np.stack([ratio[:, phase == k].mean(axis=1) for k in range(int(phase.max()) + 1)], axis=1)


def _lowest(grid: Floats, profile: Floats) -> Floats:
    """Return where each row of `profile` is lowest, between grid points by a parabola through three."""
    best = np.clip(profile.argmin(axis=1), 1, len(grid) - 2)
    rows = np.arange(len(profile))
    before, at, after = (profile[rows, best + k] for k in (-1, 0, 1))
    bend = before - 2 * at + after
    shift = np.where(bend > 0, 0.5 * (before - after) / np.where(bend > 0, bend, 1.0), 0.0)
    return np.asarray(grid[best] + np.clip(shift, -1, 1) * (grid[1] - grid[0]))
