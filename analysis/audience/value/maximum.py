"""Where is a likelihood largest, and how sure is that? Over the logarithms of parameters that are above nought."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats
from analysis.estimates import Interval, Z
from analysis.later import later

optimize = later("scipy.optimize")

Terms = tuple[float, Floats, Floats]
"""A log-likelihood, its gradient and its Hessian."""
_LEFT = 1e-6
"""By how much the log-likelihood might still rise where a search has arrived."""
_KNOWN = 3.0
"""Standard error of a parameter's logarithm (a factor of 20) above which the data do not tell it."""
_FAR = 30.0
"""No parameter's logarithm lies further from nought."""


@dataclass(frozen=True, slots=True)
class Maximum:
    """Parameters at which a likelihood is largest.

    Parameters
    ----------
    logs : ndarray, shape (parameters,)
        Their logarithms.
    covariance : ndarray, shape (parameters, parameters)
        Of the logarithms: the inverse of the observed information.
    likelihood : float
        Logarithm of the largest likelihood.
    """

    logs: Floats
    covariance: Floats
    likelihood: float

    @property
    def parameters(self) -> Interval:
        """The parameters, with 95% intervals that are even on the logarithms."""
        reach = Z * np.sqrt(np.diag(self.covariance))
        return Interval(*(np.exp(self.logs + by) for by in (0.0, -reach, reach)))


def climbed(terms: Callable[[Floats], Terms], start: Floats, size: float) -> Maximum | None:
    """Return the maximum that a search comes to; None where it comes to none that the data tell.

    Parameters
    ----------
    terms : callable
        Takes the logarithms of parameters.
    start : ndarray, shape (parameters,)
        Logarithms.
    size : float
        How many customers the likelihood is of.

    Notes
    -----
    Newton's method in a trust region. It has arrived where the Hessian is that of a maximum and a Newton step would
    win less than a millionth, which is a rule that no scale of the data changes.

    Examples
    --------
    Seven arrivals in two days, a rate of 3.5 and a standard error of its logarithm of one over the root of seven:

    >>> def arrivals(logs):
    ...     rate = float(np.exp(logs[0]))
    ...     return 7 * float(logs[0]) - 2 * rate, np.array([7 - 2 * rate]), np.array([[-2 * rate]])
    >>> found = climbed(arrivals, np.zeros(1), 7)
    >>> round(float(found.parameters.value[0]), 6), round(float(found.covariance[0, 0]) * 7, 6)
    (3.5, 1.0)
    """
    kept = dict[bytes, Terms]()

    def at(logs: Floats) -> Terms:
        if (key := logs.tobytes()) not in kept:
            kept.clear()
            value, slope, bend = terms(np.clip(logs, -_FAR, _FAR))
            kept[key] = -value / size, -slope / size, -bend / size
        return kept[key]

    result = optimize.minimize(
        lambda logs: at(logs)[0], start, jac=lambda logs: at(logs)[1], hess=lambda logs: at(logs)[2],
        method="trust-exact", options={"maxiter": 200, "gtol": 1e-9, "initial_trust_radius": 0.5},
    )  # fmt: skip
    logs = np.asarray(result.x, float)
    value, slope, bend = at(logs)
    if not np.isfinite(value) or not np.isfinite(bend).all():
        return None
    values, vectors = np.linalg.eigh(bend)
    if values[0] <= 0:
        return None
    covariance: Floats = (vectors / values) @ vectors.T / size
    left = 0.5 * size**2 * float(slope @ covariance @ slope)
    if left > _LEFT or np.sqrt(np.diag(covariance)).max() > _KNOWN:
        return None
    return Maximum(logs, covariance, -value * size)
