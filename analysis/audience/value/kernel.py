"""The loops behind buying: how likely what customers did is under a model, and how often they will buy yet."""

from __future__ import annotations

import math

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.store.kernels import compiled

_TERMS = 20_000
"""Most terms of a series; they shrink at least as a geometric one with ratio `days / (alpha + age + days)`."""


@compiled
def _steps(x: Ints, shift: int, r: float, a: float, b: float) -> Floats:  # pragma: no cover - compiled
    """Return, by number of repeat purchases, what only that number tells: logarithms of gammas and their slopes.

    Rows: log of gamma(r + x) / gamma(r) and of beta(a, b + n) / beta(a, b), n being x plus the model's shift; then
    their first and second slopes: by r, by b alone, by a + b.
    """
    most = x.max() + 1
    found = np.zeros((8, most))
    for n in range(shift):
        _stay(found, 0, n, a, b)
    for k in range(most - 1):
        for row in range(8):
            found[row, k + 1] = found[row, k]
        found[0, k + 1] += math.log(r + k)
        found[2, k + 1] += 1.0 / (r + k)
        found[3, k + 1] -= 1.0 / (r + k) ** 2
        _stay(found, k + 1, k + shift, a, b)
    return found


@compiled
def _stay(found: Floats, at: int, n: int, a: float, b: float) -> None:  # pragma: no cover - compiled
    """Add what staying after one more purchase brings."""
    found[1, at] += math.log((b + n) / (a + b + n))
    found[4, at] += 1.0 / (b + n)
    found[5, at] -= 1.0 / (b + n) ** 2
    found[6, at] += 1.0 / (a + b + n)
    found[7, at] -= 1.0 / (a + b + n) ** 2


@compiled
def likelihood(
    logs: Floats, shift: int, x: Ints, last: Floats, age: Floats, weight: Floats
) -> tuple[float, Floats, Floats]:  # pragma: no cover - compiled
    """Return the log-likelihood of histories, its gradient and its Hessian by the parameters' logarithms.

    Parameters
    ----------
    logs : ndarray, shape (4,)
        Logarithms of r, alpha, a and b.
    shift : int
        0 for BG/NBD; 1 for MBG/NBD, where one may leave after the first purchase too.
    x : ndarray of int, shape (n,)
        Repeat purchases.
    last, age : ndarray of float, shape (n,)
        Time from the first purchase to the last one, and to the end of observation.
    weight : ndarray of float, shape (n,)
        How many customers have this history.
    """
    r, alpha, a, b = math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]), math.exp(logs[3])
    by_x = _steps(x, shift, r, a, b)
    total, slope, bend = 0.0, np.zeros(4), np.zeros((4, 4))
    du, log_alpha = np.zeros(4), math.log(alpha)
    for i in range(len(x)):
        k, w = x[i], weight[i]
        n, s = k + shift, r + k
        to_age, to_last = alpha + age[i], alpha + last[i]
        log_age = math.log(to_age)
        value = by_x[0, k] + by_x[1, k] + r * log_alpha - s * log_age
        g_r, g_alpha = by_x[2, k] + log_alpha - log_age, r / alpha - s / to_age
        g_a, g_b = -by_x[6, k], by_x[4, k] - by_x[6, k]
        h_rr, h_r_alpha = by_x[3, k], 1.0 / alpha - 1.0 / to_age
        h_alpha = -r / alpha**2 + s / to_age**2
        h_aa, h_ab, h_bb = -by_x[7, k], -by_x[7, k], by_x[5, k] - by_x[7, k]
        if n > 0:  # it may be over since the last purchase
            log_ratio = log_age - math.log(to_last)
            u = logs[2] - math.log(b + n - 1.0) + s * log_ratio
            gone = 1.0 / (1.0 + math.exp(-u)) if u > -700.0 else 0.0
            value += u + math.log1p(math.exp(-u)) if u > 0.0 else math.log1p(math.exp(u))
            du[0], du[1] = log_ratio, s * (1.0 / to_age - 1.0 / to_last)
            du[2], du[3] = 1.0 / a, -1.0 / (b + n - 1.0)
            g_r += gone * du[0]
            g_alpha += gone * du[1]
            g_a += gone * du[2]
            g_b += gone * du[3]
            h_r_alpha += gone * (1.0 / to_age - 1.0 / to_last)
            h_alpha += gone * s * (1.0 / to_last**2 - 1.0 / to_age**2)
            h_aa -= gone / a**2
            h_bb += gone / (b + n - 1.0) ** 2
            spread = w * gone * (1.0 - gone)
            for p in range(4):
                for q in range(p + 1):
                    bend[p, q] += spread * du[p] * du[q]
        total += w * value
        slope[0] += w * g_r
        slope[1] += w * g_alpha
        slope[2] += w * g_a
        slope[3] += w * g_b
        bend[0, 0] += w * h_rr
        bend[1, 0] += w * h_r_alpha
        bend[1, 1] += w * h_alpha
        bend[2, 2] += w * h_aa
        bend[3, 2] += w * h_ab
        bend[3, 3] += w * h_bb
    scale = np.array([r, alpha, a, b])
    for p in range(4):
        for q in range(p + 1):
            bend[p, q] *= scale[p] * scale[q]
            bend[q, p] = bend[p, q]
        slope[p] *= scale[p]
        bend[p, p] += slope[p]
    return total, slope, bend


@compiled
def alive(logs: Floats, shift: int, x: Ints, last: Floats, age: Floats) -> Floats:  # pragma: no cover - compiled
    """Return the probability that each customer still buys at the end of observation."""
    r, alpha, a, b = math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]), math.exp(logs[3])
    found = np.ones(len(x))
    for i in range(len(x)):
        n = x[i] + shift
        if n > 0:
            u = math.log(a / (b + n - 1.0)) + (r + x[i]) * math.log((alpha + age[i]) / (alpha + last[i]))
            found[i] = 1.0 / (1.0 + math.exp(u)) if u < 700.0 else 0.0
    return found


@compiled
def ahead(logs: Floats, shift: int, x: Ints, age: Floats, days: float) -> Floats:  # pragma: no cover - compiled
    """Return how often each customer who still buys is expected to buy in the time to come.

    Notes
    -----
    Fader, Hardie and Lee's (10) over the probability of being alive, with Euler's transformation of its 2F1: then
    nothing is divided by a - 1, which may be nought, and the series goes on however far ahead one looks.
    """
    r, alpha, a, b = math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]), math.exp(logs[3])
    found, d = np.empty(len(x)), a + b + shift - 1.0 - r
    for i in range(len(x)):
        c, z = a + b + x[i] + shift - 1.0, days / (alpha + age[i] + days)
        power = (a - 1.0) * math.log1p(-z)
        base = -math.log1p(-z) if abs(a - 1.0) < 1e-9 else -math.expm1(power) / (a - 1.0)
        term, total = d / c * z, 0.0
        for k in range(1, _TERMS):
            total += term
            if abs(term) < 1e-15 * abs(total) or term == 0.0:
                break
            term *= (a + k - 1.0) * (d + k) / ((c + k) * (k + 1.0)) * z
        found[i] = c * (base - math.exp(power) * total)
    return found


@compiled
def stays(logs: Floats, shift: int, x: Ints, age: Floats, days: float) -> Floats:  # pragma: no cover - compiled
    """Return the probability that each customer who still buys does so yet when the time to come is over.

    Notes
    -----
    One leaves at the rate times the chance to leave, which is a 2F1 over customers; Pfaff's transformation of it.
    """
    r, alpha, a, b = math.exp(logs[0]), math.exp(logs[1]), math.exp(logs[2]), math.exp(logs[3])
    found, d = np.empty(len(x)), a + b + shift - r
    for i in range(len(x)):
        c, z = a + b + x[i] + shift, days / (alpha + age[i] + days)
        term, total = 1.0, 0.0
        for k in range(_TERMS):
            total += term
            if abs(term) < 1e-15 * abs(total):
                break
            term *= (a + k) * (d + k) / ((c + k) * (k + 1.0)) * z
        found[i] = math.exp(a * math.log1p(-z)) * total
    return found
