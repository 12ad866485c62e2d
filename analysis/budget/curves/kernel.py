"""The loops behind response curves: what many draws of a curve bring, and one chain of the joint sampler."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.store.kernels import compiled

_LN2, _TANH = math.log(2.0), math.atanh(0.5)
_BEHIND = 20.0
"""Log posterior odds at which a candidate is out of the running."""


@compiled
def unit(family: int, exponent: float, u: float) -> tuple[float, float]:  # pragma: no cover - compiled
    """Return a shape and its slope at spend over half-saturation; families in the order of `forms.FAMILIES`."""
    if family == 0:
        return u / (1.0 + u), (1.0 + u) ** -2.0
    if family == 1:
        left = math.exp(-_LN2 * u)
        return 1.0 - left, _LN2 * left
    if family == 2:
        height = math.tanh(_TANH * u)
        return height, _TANH * (1.0 - height * height)
    if family == 3:
        return math.log1p(u), 1.0 / (1.0 + u)
    if u <= 0.0:
        return 0.0, 0.0
    if exponent == 2.0:
        power = u * u
    elif exponent == 3.0:
        power = u * u * u
    else:
        power = u * math.sqrt(u) if exponent == 1.5 else u**exponent
    share = power / (1.0 + power)
    return share, exponent * share * (1.0 - share) / u


class Drawn(NamedTuple):
    """Draws of one channel's curve; the first axis is the draw.

    Parameters
    ----------
    family : ndarray of int
    exponent, half, ceiling : ndarray of float
    adstock : ndarray of int
        Which row of the exposures is the draw's.
    demand : ndarray, shape (draws, levels)
    """

    family: Ints
    exponent: Floats
    half: Floats
    ceiling: Floats
    adstock: Ints
    demand: Floats


@compiled
def brought(
    exposure: Floats, level: Ints, scale: Floats, most: Floats, drawn: Drawn
) -> tuple[Floats, Floats]:  # pragma: no cover - compiled
    """Return what spend brings in every draw, and what it brings more if all of it were one part in one more.

    Parameters
    ----------
    exposure : ndarray, shape (adstocks, periods)
    level : ndarray of int, shape (periods,)
        Which of the levels of demand holds in each period.
    scale : ndarray, shape (scales,)
        Multiples of the exposure.
    most : ndarray, shape (adstocks,)
        What exposure counts up to, infinite where all of it does.
    drawn : Drawn

    Returns
    -------
    total, rise : ndarray, shape (scales, draws)
        Revenue, and exposure times slope, summed over the periods.
    """
    draws, periods = len(drawn.half), exposure.shape[1]
    total, rise = np.zeros((len(scale), draws)), np.zeros((len(scale), draws))
    for d in range(draws):
        family, exponent, half = drawn.family[d], drawn.exponent[d], drawn.half[d]
        for s in range(len(scale)):
            whole, more = 0.0, 0.0
            for t in range(periods):
                x = exposure[drawn.adstock[d], t]
                height, slope = unit(family, exponent, min(scale[s] * x, most[drawn.adstock[d]]) / half)
                demand = drawn.demand[d, level[t]]
                whole += demand * height
                more += demand * slope * x
            total[s, d] = drawn.ceiling[d] * whole
            rise[s, d] = drawn.ceiling[d] / half * more
    return total, rise


class Cells(NamedTuple):
    """How the spend of several cells becomes one channel's exposures: ``spend @ basis + base``.

    Parameters
    ----------
    basis : ndarray, shape (cells, adstocks, periods)
        Exposure per unit of a cell's spend.
    base : ndarray, shape (adstocks, periods)
        What is there whatever is planned: spend of before.
    level : ndarray of int, shape (periods,)
        Level of demand.
    first, last : ndarray of int, shape (cells,)
        Periods that a cell acts on: from, and up to.
    """

    basis: Floats
    base: Floats
    level: Ints
    first: Ints
    last: Ints


@compiled
def planned(cells: Cells, drawn: Drawn, spend: Floats) -> tuple[float, Floats]:  # pragma: no cover - compiled
    """Return what cells' spend brings on average over draws, and what the next unit of each brings, shape (cells,)."""
    count, adstocks, periods = cells.basis.shape
    draws = len(drawn.half)
    exposure = cells.base.copy()
    for c in range(count):
        exposure += spend[c] * cells.basis[c]
    slope, value = np.zeros((adstocks, periods)), 0.0
    for d in range(draws):
        a = drawn.adstock[d]
        for t in range(periods):
            height, rise = unit(drawn.family[d], drawn.exponent[d], exposure[a, t] / drawn.half[d])
            size = drawn.ceiling[d] * drawn.demand[d, cells.level[t]] / draws
            value += size * height
            slope[a, t] += size / drawn.half[d] * rise
    gradient = np.empty(count)
    for c in range(count):
        gradient[c] = (slope * cells.basis[c]).sum()
    return value, gradient


@compiled
def along(cells: Cells, drawn: Drawn, spend: Floats, points: Floats) -> Floats:  # pragma: no cover - compiled
    """Return what is brought with one cell at its points and the others as they are, up to a constant of each cell.

    Parameters
    ----------
    cells : Cells
    drawn : Drawn
    spend : ndarray, shape (cells,)
    points : ndarray, shape (cells, points)

    Returns
    -------
    ndarray, shape (cells, points)
    """
    count, draws = cells.basis.shape[0], len(drawn.half)
    exposure = cells.base.copy()
    for c in range(count):
        exposure += spend[c] * cells.basis[c]
    out = np.zeros(points.shape)
    for c in range(count):
        for j in range(points.shape[1]):
            by, value = points[c, j] - spend[c], 0.0
            for d in range(draws):
                a, part = drawn.adstock[d], 0.0
                for t in range(cells.first[c], cells.last[c]):
                    u = max(exposure[a, t] + by * cells.basis[c, a, t], 0.0) / drawn.half[d]
                    part += drawn.demand[d, cells.level[t]] * unit(drawn.family[d], drawn.exponent[d], u)[0]
                value += drawn.ceiling[d] * part
            out[c, j] = value / draws
    return out


# ---- the joint sampler ------------------------------------------------------------------------------------


class Table(NamedTuple):
    """Everything a chain looks up; see :mod:`analysis.budget.curves.sampler`.

    Parameters
    ----------
    coefficient : ndarray, shape (channels, rank, candidates)
        Every candidate column in its channel's basis.
    weight : ndarray, shape (channels, candidates)
        Log prior.
    gram : ndarray, shape (rhos, channels * rank, channels * rank)
    cross : ndarray, shape (rhos, channels * rank)
    own : ndarray, shape (rhos, channels, candidates)
        Squared length of each column.
    square, determinant : ndarray, shape (rhos,)
        Squared length of revenue, and what the errors' and the controls' determinants add to the log likelihood.
    tested, aimed : ndarray, shape (channels, candidates)
        What lift tests add to the precision and to the linear term.
    scale : ndarray, shape (channels,)
        Of the half-normal prior of a mean contribution.
    most : float
        Most that the channels may bring together, on average.
    free : int
        Degrees of freedom.
    """

    coefficient: Floats
    weight: Floats
    gram: Floats
    cross: Floats
    own: Floats
    square: Floats
    determinant: Floats
    tested: Floats
    aimed: Floats
    scale: Floats
    most: float
    free: int


@compiled
def chain(
    table: Table, steps: int, chosen: Ints, size: Floats, rho: int, variance: float, rng: np.random.Generator
) -> tuple[Ints, Floats, Ints, Floats]:  # pragma: no cover - compiled
    """Walk one chain of a collapsed Gibbs sampler, from a state that is left at its end.

    Parameters
    ----------
    table : Table
    steps : int
    chosen : ndarray of int, shape (channels,)
        Each channel's candidate; changed in place.
    size : ndarray, shape (channels,)
        Each channel's mean contribution; changed in place.
    rho : int
    variance : float
    rng : Generator

    Returns
    -------
    chosen : ndarray of int, shape (steps, channels)
    size : ndarray, shape (steps, channels)
    rho : ndarray of int, shape (steps,)
    variance : ndarray, shape (steps,)
    """
    channels, rank, candidates = table.coefficient.shape
    kept, sizes = np.empty((steps, channels), np.int64), np.empty((steps, channels))
    rhos, variances = np.empty(steps, np.int64), np.empty(steps)
    state, linear, before = np.empty(channels * rank), np.empty(candidates), np.empty(rank)
    mean, spread, log_weight = np.empty(candidates), np.empty(candidates), np.empty(candidates)
    for k in range(channels):
        for i in range(rank):
            state[k * rank + i] = size[k] * table.coefficient[k, i, chosen[k]]
    left = table.cross[rho] - np.dot(table.gram[rho], state)
    for step in range(steps):
        for _ in range(channels):
            k = int(rng.integers(0, channels))
            at = k * rank
            own = table.gram[rho, at : at + rank]
            room = max(table.most - (size.sum() - size[k]), 1e-3 * table.most)
            before[:] = state[at : at + rank]
            linear[:] = table.aimed[k]
            for i in range(rank):
                near = left[at + i]
                for o in range(rank):
                    near += own[i, at + o] * before[o]
                linear += near / variance * table.coefficient[k, i]
            best = -np.inf
            for j in range(candidates):
                precision = table.own[rho, k, j] / variance + 1.0 / table.scale[k] ** 2 + table.tested[k, j]
                mean[j] = linear[j] / precision
                log_weight[j] = table.weight[k, j] + 0.5 * linear[j] * mean[j]
                # What follows only lowers it: one that is out of the running before need not be reckoned further.
                if log_weight[j] < best - _BEHIND:
                    log_weight[j] = -np.inf
                    continue
                spread[j] = 1.0 / math.sqrt(precision)
                log_weight[j] += _log_mass(
                    mean[j] / spread[j], (room - mean[j]) / spread[j], spread[j] / table.scale[k]
                )
                best = max(best, log_weight[j])
            total = 0.0
            for j in range(candidates):
                if log_weight[j] > best - _BEHIND:
                    total += math.exp(log_weight[j] - best)
                log_weight[j] = total
            pick = min(int(np.searchsorted(log_weight, rng.random() * total, side="right")), candidates - 1)
            chosen[k] = pick
            size[k] = _between(mean[pick], spread[pick], room, rng)
            for i in range(rank):
                state[at + i] = size[k] * table.coefficient[k, i, pick]
                left -= (state[at + i] - before[i]) * own[i]
        for _ in range(channels // 2):
            _trade(table, chosen, size, state, left, rho, variance, rng)
        rho, variance = _noise(table, state, left, rho, rng)
        kept[step], sizes[step], rhos[step], variances[step] = chosen, size, rho, variance
    return kept, sizes, rhos, variances


@compiled
def _trade(
    table: Table,
    chosen: Ints,
    size: Floats,
    state: Floats,
    left: Floats,
    rho: int,
    variance: float,
    rng: np.random.Generator,
) -> None:  # pragma: no cover - compiled
    """Draw how two channels share what they bring together, all else given: alone, each could but follow the other."""
    channels, rank, _ = table.coefficient.shape
    one = rng.integers(0, channels)
    other = (one + 1 + rng.integers(0, channels - 1)) % channels
    both = size[one] + size[other]
    if both <= 1e-12:
        return
    gram = table.gram[rho]
    precision, linear = 0.0, 0.0
    for k, sign in ((one, 1.0), (other, -1.0)):
        own, column = k * rank, table.coefficient[k, :, chosen[k]]
        prior = 1.0 / table.scale[k] ** 2 + table.tested[k, chosen[k]]
        precision += table.own[rho, k, chosen[k]] / variance + prior
        linear += sign * (table.aimed[k, chosen[k]] - prior * size[k])
        for i in range(rank):
            linear += sign * column[i] * left[own + i] / variance
            if k == one:
                for o in range(rank):
                    cross = gram[own + i, other * rank + o] * table.coefficient[other, o, chosen[other]]
                    precision -= 2.0 * column[i] * cross / variance
    precision = max(precision, 1e-12)
    more = _between(size[one] + linear / precision, 1.0 / math.sqrt(precision), both, rng) - size[one]
    for k, change in ((one, more), (other, -more)):
        size[k] += change
        for i in range(rank):
            by = change * table.coefficient[k, i, chosen[k]]
            state[k * rank + i] += by
            left -= by * gram[k * rank + i]


@compiled
def _log_mass(below: float, above: float, factor: float) -> float:  # pragma: no cover - compiled
    """Return the log of a factor times the probability that a standard normal is between minus `below` and `above`."""
    if below < -30.0:  # the ratio of tail to density, by its first term
        return math.log(factor) - 0.5 * below * below - math.log(-below) - 0.5 * math.log(2 * math.pi)
    mass = 1.0 if below > 6.0 else 0.5 * math.erfc(-below / math.sqrt(2.0))
    if above < 6.0:
        mass -= 0.5 * math.erfc(above / math.sqrt(2.0))
    return math.log(max(mass, 1e-300) * factor)


@compiled
def _between(mean: float, spread: float, most: float, rng: np.random.Generator) -> float:  # pragma: no cover
    """Draw from a normal distribution between 0 and `most` (Robert, 1995)."""
    low, high = -mean / spread, (most - mean) / spread
    for _ in range(200):
        if low < 0.45:
            found = rng.standard_normal()
            if low <= found <= high:
                return mean + spread * found
        else:
            rate = 0.5 * (low + math.sqrt(low * low + 4.0))
            found = low + rng.standard_exponential() / rate
            if found <= high and rng.random() <= math.exp(-0.5 * (found - rate) ** 2):
                return mean + spread * found
    peak = min(max(0.0, low), high)
    while True:
        found = low + (high - low) * rng.random()
        if rng.random() <= math.exp(0.5 * (peak * peak - found * found)):
            return mean + spread * found


@compiled
def _noise(
    table: Table, state: Floats, left: Floats, rho: int, rng: np.random.Generator
) -> tuple[int, float]:  # pragma: no cover - compiled
    """Move the errors' autocorrelation to a neighbour or not, the variance summed out, then draw the variance.

    `left` is what the state leaves of the columns' products with revenue, and is changed in place with rho.
    """
    other = rho + (1 if rng.random() < 0.5 else -1)
    here = _squares(table, state, left, rho)
    if 0 <= other < len(table.square):
        then = table.cross[other] - np.dot(table.gram[other], state)
        there = _squares(table, state, then, other)
        gain = table.determinant[other] - table.determinant[rho] - 0.5 * table.free * math.log(there / here)
        if math.log(rng.random()) < gain:
            left[:] = then
            rho, here = other, there
    return rho, here / (2.0 * rng.standard_gamma(0.5 * table.free))


@compiled
def _squares(table: Table, state: Floats, left: Floats, rho: int) -> float:  # pragma: no cover - compiled
    """Return the residual sum of squares."""
    found = table.square[rho] - np.dot(state, table.cross[rho]) - np.dot(state, left)
    return float(max(found, 1e-12 * table.square[rho]))
