"""How much does a customer's purchase come to? The gamma-gamma model, and whether it may speak."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.audience.value.maximum import Maximum, Terms, climbed
from analysis.estimates import Interval, Z
from analysis.later import later

special = later("scipy.special")

PARAMETERS = ("p", "q", "gamma")
_STARTS = ((2.0, 3.0), (6.0, 4.0), (0.8, 2.0))
"""Where the search begins: p and q; gamma follows from the mean."""


@dataclass(frozen=True, slots=True)
class Spending:
    """How amounts vary from purchase to purchase and from customer to customer.

    Parameters
    ----------
    fitted : Maximum
        Of p, q and gamma (money).
    """

    fitted: Maximum

    @property
    def endless(self) -> bool:
        """Whether, as far as is known, customers' mean has no end: q may be 1 or less."""
        return bool(self.fitted.parameters.low[1] <= 1)

    def mean(self, x: Ints, amount: Floats, logs: Floats | None = None) -> Floats:
        """Return what a purchase is expected to come to.

        Parameters
        ----------
        x : ndarray of int
            Repeat purchases of each customer.
        amount : ndarray of float
            Their mean amount; anything where there were none.
        logs : ndarray, shape (3,), optional
            Logarithms of other parameters than those fitted.
        """
        p, q, gamma = np.exp(self.fitted.logs if logs is None else logs)
        found: Floats = p * (gamma + x * amount) / (p * x + q - 1.0)
        return found


def fit(x: Ints, amount: Floats) -> Spending | None:
    """Return the gamma-gamma model fitted by maximum likelihood; None where the amounts do not tell it.

    Parameters
    ----------
    x : ndarray of int, shape (customers,)
        Repeat purchases, at least one.
    amount : ndarray of float, shape (customers,)
        Their mean amount, above nought.

    Notes
    -----
    A purchase is gamma(p, nu) with a nu of the customer's own, which is gamma(q, gamma) over customers. What depends
    on `x` alone is reckoned once for each number.

    References
    ----------
    Fader, P. S. and Hardie, B. G. S. (2013). The gamma-gamma model of monetary value, (1a) and (5).
    """
    counts, sizes = np.unique(x, return_counts=True)
    level = float(amount.mean())
    of = _Amounts(counts.astype(float), sizes.astype(float), x.astype(float), amount)
    for p, q in _STARTS:
        if found := climbed(of.terms, np.log([p, q, level * (q - 1.0) / p]), len(x)):
            return Spending(found)
    return None


class _Amounts:
    """What customers spent, with the sums that no parameter changes."""

    def __init__(self, counts: Floats, sizes: Floats, x: Floats, amount: Floats) -> None:
        self.counts, self.sizes, self.x, self.spent = counts, sizes, x, x * amount
        self.weighed = float((x * np.log(self.spent)).sum())
        self.rest = float(np.log(amount).sum())

    def terms(self, logs: Floats) -> Terms:
        """Return the log-likelihood, its gradient and its Hessian by the parameters' logarithms."""
        p, q, gamma = np.exp(logs)
        k, n, all_of = self.counts, self.sizes, float(len(self.x))
        up, down = k * p + q, k * p
        log_all, inverse = np.log(gamma + self.spent), 1.0 / (gamma + self.spent)
        shape = self.x * p + q
        logs_sum, logs_weighed = float(log_all.sum()), float(self.x @ log_all)
        inverse_sum, inverse_weighed = float(inverse.sum()), float(self.x @ inverse)
        psi, three = special.psi, _trigamma
        value = n @ (special.gammaln(up) - special.gammaln(down)) + all_of * (q * logs[2] - special.gammaln(q))
        value += p * self.weighed - self.rest - p * logs_weighed - q * logs_sum
        slope = np.array([
            n @ (k * (psi(up) - psi(down))) + self.weighed - logs_weighed,
            n @ psi(up) + all_of * (logs[2] - psi(q)) - logs_sum,
            all_of * q / gamma - p * inverse_weighed - q * inverse_sum,
        ])  # fmt: skip
        bend = np.empty((3, 3))
        bend[0, 0] = n @ (k**2 * (three(up) - three(down)))
        bend[0, 1] = bend[1, 0] = n @ (k * three(up))
        bend[1, 1] = n @ three(up) - all_of * three(q)
        bend[0, 2] = bend[2, 0] = -inverse_weighed
        bend[1, 2] = bend[2, 1] = all_of / gamma - inverse_sum
        bend[2, 2] = -all_of * q / gamma**2 + float(shape @ inverse**2)
        scale = np.array([p, q, gamma])
        slope = slope * scale
        return float(value), slope, bend * np.outer(scale, scale) + np.diag(slope)


def _trigamma(z: Floats) -> Floats:
    """Return the trigamma function."""
    found: Floats = special.zeta(2, z)
    return found


def together(x: Ints, amount: Floats) -> Interval:
    """Return the correlation of how often customers buy and what a purchase of theirs comes to, with its interval.

    The gamma-gamma model takes the two for independent: then what customers spend a purchase has the same mean
    however often they bought, though it varies less the more there are.

    Parameters
    ----------
    x : ndarray of int, shape (customers,)
    amount : ndarray of float, shape (customers,)

    Notes
    -----
    Pearson's, with the standard error that holds without normality and with spreads that differ (the moments of
    fourth order are the customers' own), on Fisher's scale.

    References
    ----------
    Steiger, J. H. and Hakstian, A. R. (1982). The asymptotic distribution of elements of a correlation matrix. British
    Journal of Mathematical and Statistical Psychology 35, 208-215.

    Examples
    --------
    >>> x = np.tile([1, 2, 3, 4], 100)
    >>> [round(bound, 3) for bound in together(x, 10.0 + np.repeat([0, 1, 0, 1], 100)).floats()]
    [0.0, -0.098, 0.098]
    """
    u, v = ((part - part.mean()) / part.std() if part.std() > 0 else part * 0.0 for part in (x, amount))
    r = float(np.clip((u * v).mean(), -0.999999, 0.999999))
    influence = u * v - r * (u**2 + v**2) / 2
    reach = Z * float(influence.std()) / np.sqrt(len(x)) / (1 - r**2)
    return Interval(*(np.asarray(np.tanh(np.arctanh(r) + by)) for by in (0.0, -reach, reach)))
