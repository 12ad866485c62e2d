"""How does a channel's attributed revenue rise with its spend, once each phase's demand is allowed for?

The model of a period is

    revenue = exp(controls @ b) * u(carried spend / half) * noise

with noise of mean 1 whose spread grows with the level and that may follow itself (AR(1)). Given the curve, it is a
regression with a log link: fitted by the gamma quasi-likelihood, which is right for any noise of mean 1 and bears a
period that spent but earned nothing. Around that fit the quasi-likelihood is taken as quadratic (its working
response), so that b and the variance can be summed out, and the posterior of form, carry-over, half-saturation and
autocorrelation is exact on their grid: draws are independent, and there is no chain that has to converge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from analysis.arrays import Floats, Ints
from analysis.budget.curves.candidates import RHOS, STEPS, Candidates, Region, candidates
from analysis.budget.curves.noise import whitened

_LEAST = 0.05
"""Of the mean: revenue that the first guess of a period's level does not go below."""
_TURNS = 8
_GRIDS = 5
"""Grids that are laid one within the other, as long as the draws are of few of the curves tried."""


@dataclass(frozen=True, slots=True)
class Posterior:
    """Draws of one channel's curve.

    Parameters
    ----------
    curves : Candidates
    chosen : ndarray of int, shape (draws,)
    coefficient : ndarray, shape (draws, controls)
        b; with it ``exp(controls @ b)`` is the ceiling at a period's demand.
    rho, sigma : ndarray, shape (draws,)
        Of the relative noise.
    fitted : ndarray, shape (used,)
        What the best curve says of the periods fitted.
    """

    curves: Candidates
    chosen: Ints
    coefficient: Floats
    rho: Floats
    sigma: Floats
    fitted: Floats


def posterior(
    family: str,
    spend: Floats,
    revenue: Floats,
    controls: Floats,
    rng: np.random.Generator,
    *,
    used: Ints,
    run: Ints,
    draws: int,
    region: Region | None = None,
) -> Posterior:
    """Draw one channel's curve from its posterior.

    Parameters
    ----------
    family : str
        Of forms, or "auto".
    spend : ndarray, shape (periods,)
    revenue : ndarray, shape (used,)
        Some of it above zero.
    controls : ndarray, shape (used, controls)
        Of full rank, an intercept among them.
    rng : Generator
    used : ndarray of int, shape (used,)
        Periods that are fitted; all with spend.
    run : ndarray of int, shape (periods,)
        Unbroken stretch each period belongs to.
    draws : int
    region : Region, optional
        Where carry-over and half-saturation are looked for; by default everywhere.
    """
    region = region or Region.of(spend)
    for _ in range(_GRIDS):
        curves = candidates(family, spend, run, region)
        logs = np.log(np.maximum(curves.height[:, used], np.finfo(float).tiny))
        response, best = _response(revenue, logs, controls)
        weight, fits = _weights(response, logs, controls, run[used], curves.weight)
        flat = np.exp(weight - weight.max())
        picked = rng.choice(flat.size, size=draws, p=flat.ravel() / flat.sum())
        which, chosen = np.unravel_index(picked, flat.shape)
        if len(np.unique(curves.half[chosen])) > STEPS[1] // 2 and len(np.unique(curves.adstock[chosen])) > 1:
            break
        region = region.around(curves.adstock[chosen], curves.half[chosen])
    free = len(revenue) - controls.shape[1]
    sigma = np.sqrt(fits.square[which, chosen] / rng.chisquare(free, size=draws))
    shaken = rng.standard_normal((draws, controls.shape[1])) * sigma[:, None]
    coefficient = np.empty_like(shaken)
    for w in np.unique(which):
        own = which == w
        coefficient[own] = fits.coefficient[w, chosen[own]] + solve_triangular(fits.triangle[w], shaken[own].T).T
    return Posterior(curves, chosen, coefficient, RHOS[which], sigma, best)


@dataclass(frozen=True, slots=True)
class _Fits:
    """Least squares of every autocorrelation and candidate."""

    square: Floats
    coefficient: Floats
    triangle: Floats


def _response(revenue: Floats, logs: Floats, controls: Floats) -> tuple[Floats, Floats]:
    """Return the working response at the best curve, and what that curve says, by reweighted least squares."""
    held = np.linalg.qr(controls)[0]
    response = np.log(np.maximum(revenue, _LEAST * revenue.mean()))
    chosen = -1
    for _ in range(_TURNS):
        left = response[None] - logs
        squares = (left**2).sum(axis=1) - ((left @ held) ** 2).sum(axis=1)
        before, chosen = chosen, int(squares.argmin())
        level = logs[chosen] + held @ (held.T @ left[chosen])
        response = level + revenue / np.exp(level) - 1
        if chosen == before:
            break
    return response, np.exp(level)


def _weights(response: Floats, logs: Floats, controls: Floats, run: Ints, prior: Floats) -> tuple[Floats, _Fits]:
    """Return the log posterior of every autocorrelation and candidate, b and the variance summed out."""
    free = len(response) - controls.shape[1]
    square, coefficient, triangles, weight = [], [], [], []
    left = (response[None] - logs).T
    for rho in RHOS:
        held, triangle = np.linalg.qr(whitened(controls, rho, run))
        target = whitened(left, rho, run)
        inside = held.T @ target
        squares = np.maximum((target**2).sum(axis=0) - (inside**2).sum(axis=0), 1e-12)
        square.append(squares)
        coefficient.append(solve_triangular(triangle, inside).T)
        triangles.append(triangle)
        half = 0.5 * len(np.unique(run)) * np.log(1 - rho**2) - np.log(np.abs(np.diag(triangle))).sum()
        weight.append(prior + half - 0.5 * free * np.log(squares))
    return np.stack(weight), _Fits(np.stack(square), np.stack(coefficient), np.stack(triangles))
