"""Where does chance come from? From a hash of what it is for: nothing is stored, and every replay meets the same.

A uniform number is a function of (seed, run, hour, channel, stream): Steele, Lea and Flood's finaliser (2014, as in
SplitMix64) of their combination. All policies of a run ask for the same ones.
"""

from __future__ import annotations

import math

import numpy as np

from analysis.store.kernels import borrowing

CURVE, LEVEL, COUNT, PLACE, WHERE, NOISE, LUCK, SEEN_BY, REJECTED, BELIEF = range(10)
"""What chance decides: a stream each."""
_SEED, _RUN, _HOUR = np.uint64(0xD6E8FEB86659FD93), np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD1B54A32D192ED03)
_CHANNEL, _STREAM = np.uint64(0x8CB92BA72F3D8DD7), np.uint64(0xA24BAED4963EE407)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11, _ONE = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11), np.uint64(1)
_WHOLE = 9007199254740994.0
FEW = 16.0
"""Mean up to which a Poisson count is looked up term by term; above, it comes from the normal quantile."""


@borrowing
def uniform(seed: int, run: int, hour: int, channel: int, stream: int) -> float:  # pragma: no cover - compiled
    """Return a number between 0 and 1, both excluded."""
    z = np.uint64(seed) * _SEED + np.uint64(run) * _RUN + np.uint64(hour) * _HOUR
    z += np.uint64(channel) * _CHANNEL + np.uint64(stream) * _STREAM
    z = (z ^ (z >> _S30)) * _FIRST
    z = (z ^ (z >> _S27)) * _SECOND
    z = z ^ (z >> _S31)
    z = (z + _RUN) * _FIRST
    z = (z ^ (z >> _S30)) * _SECOND
    z = z ^ (z >> _S31)
    return (float(z >> _S11) + 1.0) / _WHOLE


@borrowing
def quantile(u: float) -> float:  # pragma: no cover - compiled
    """Return the standard normal quantile, to 1e-8 (Acklam 2003)."""
    low = 0.02425
    if u < low or u > 1.0 - low:
        q = math.sqrt(-2.0 * math.log(u if u < 0.5 else 1.0 - u))
        top = (((-7.784894002430293e-3 * q - 3.223964580411365e-1) * q - 2.400758277161838) * q - 2.549732539343734) * q
        top = (top + 4.374664141464968) * q + 2.938163982698783
        below = ((7.784695709041462e-3 * q + 3.224671290700398e-1) * q + 2.445134137142996) * q + 3.754408661907416
        return (top / (below * q + 1.0)) * (1.0 if u < 0.5 else -1.0)
    q = u - 0.5
    r = q * q
    top = ((-3.969683028665376e1 * r + 2.209460984245205e2) * r - 2.759285104469687e2) * r + 1.383577518672690e2
    top = ((top * r - 3.066479806614716e1) * r + 2.506628277459239) * q
    below = ((-5.447609879822406e1 * r + 1.615858368580409e2) * r - 1.556989798598866e2) * r + 6.680131188771972e1
    return top / ((below * r - 1.328068155288572e1) * r + 1.0)


@borrowing
def poisson(mean: float, luck: float) -> int:  # pragma: no cover - compiled
    """Return the Poisson count that `luck` (uniform) stands for: the larger the mean, the larger or equal the count.

    Above `FEW`, the count nearest to the Cornish-Fisher expansion of second order of its quantile.
    """
    if mean <= 0.0:
        return 0
    if mean <= FEW:
        term = math.exp(-mean)
        total, count = term, 0
        while luck > total and count < 200:
            count += 1
            term *= mean / count
            total += term
        return count
    z = quantile(luck)
    root = math.sqrt(mean)
    found = mean + root * z + (z * z - 1.0) / 6.0 - (z * z * z - z) / (72.0 * root)
    return max(0, math.floor(found + 0.5))
