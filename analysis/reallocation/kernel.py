"""The oracle's Newton systems: block tridiagonal, one for each simulated campaign, solved period by period."""

from __future__ import annotations

import numpy as np

from analysis.arrays import Floats
from analysis.store.kernels import compiled


@compiled
def eliminate(block: Floats, tie: Floats, right: Floats) -> Floats:  # pragma: no cover - compiled
    """Solve block tridiagonal systems by block elimination.

    Parameters
    ----------
    block : ndarray, shape (runs, periods, size, size)
        On the diagonal, symmetric.
    tie : ndarray, shape (runs, periods, width, width)
        Symmetric; minus it ties the first `width` unknowns of a period to those of the one before.
    right : ndarray, shape (runs, periods, size)

    Returns
    -------
    ndarray, shape (runs, periods, size)
        Not finite where a block is singular.
    """
    runs, periods, size = right.shape
    width = tie.shape[2]
    out = np.empty_like(right)
    carried = np.empty((periods, size, width + 1))
    both = np.empty((size, size + width + 1))
    for run in range(runs):
        for p in range(periods):
            both[:] = 0.0
            both[:, :size], both[:, size + width] = block[run, p], right[run, p]
            if p + 1 < periods:
                both[:width, size : size + width] = tie[run, p + 1]
            if p:
                for i in range(width):
                    for k in range(width):
                        share = tie[run, p, i, k]
                        for j in range(width):
                            both[i, j] -= share * carried[p - 1, k, j]
                        both[i, size + width] += share * carried[p - 1, k, width]
            _solve(both, size)
            carried[p] = both[:, size:]
        out[run, periods - 1] = carried[periods - 1, :, width]
        for p in range(periods - 2, -1, -1):
            for i in range(size):
                found = carried[p, i, width]
                for k in range(width):
                    found += carried[p, i, k] * out[run, p + 1, k]
                out[run, p, i] = found
    return out


@compiled
def _solve(both: Floats, size: int) -> None:  # pragma: no cover - compiled
    """Turn [A | B] into [I | A^-1 B] in place, by Gauss and Jordan with partial pivots."""
    columns = both.shape[1]
    for k in range(size):
        best = k
        for i in range(k + 1, size):
            if abs(both[i, k]) > abs(both[best, k]):
                best = i
        for j in range(k, columns):
            both[k, j], both[best, j] = both[best, j], both[k, j]
        pivot = 1.0 / both[k, k] if both[k, k] != 0.0 else np.nan
        for j in range(k, columns):
            both[k, j] *= pivot
        for i in range(size):
            factor = both[i, k]
            if i != k and factor != 0.0:
                for j in range(k, columns):
                    both[i, j] -= factor * both[k, j]
