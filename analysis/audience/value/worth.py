"""What will groups of customers buy and bring, how many still buy, and how sure is that?"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.audience.value.buying import Buying, Histories
from analysis.audience.value.spending import Spending
from analysis.estimates import Interval, Z

_STEP = 1e-4
"""Of a parameter's logarithm, in differences."""


class Spent(NamedTuple):
    """What worth is told from.

    Parameters
    ----------
    histories : Histories
        The distinct ones.
    places : ndarray of int, shape (customers,)
        Of each customer, which history is theirs.
    priced : ndarray of int, shape (customers,)
        Purchases after the first whose amount is known.
    amount : ndarray of float, shape (customers,)
        Their mean amount; anything where there were none.
    """

    histories: Histories
    places: Ints
    priced: Ints
    amount: Floats


class Worth(NamedTuple):
    """What groups of customers are expected to do in the days to come; arrays of shape (groups,).

    `alive` is the share who still buy now and `then` that at the end of these days.
    Intervals are of what is expected: how well the customers tell the models' parameters. Value is NaN where spending
    is not told.
    """

    alive: Interval
    then: Interval
    purchases: Interval
    value: Interval


def expected(of: Spent, buying: Buying, spending: Spending | None, days: float) -> tuple[Floats, Floats]:
    """Return each customer's expected purchases and what these are expected to bring (NaN without a model of that)."""
    purchases = buying.purchases(of.histories, days)[of.places]
    each = spending.mean(of.priced, of.amount) if spending else np.full(len(purchases), np.nan)
    return purchases, purchases * each


def worth(
    of: Spent, buying: Buying, spending: Spending | None, days: float, groups: Ints, size: int
) -> Worth:  # fmt: skip
    """Return what each group is expected to do.

    Parameters
    ----------
    of : Spent
    buying : Buying
    spending : Spending or None
    days : float
    groups : ndarray of int, shape (customers,)
    size : int
        How many groups there are.

    Notes
    -----
    The delta method: a sum's variance is its gradient by the parameters' logarithms (central differences) times their
    covariance. Sums have intervals even on the logarithm, shares on the logit.
    """
    n = np.maximum(np.bincount(groups, minlength=size), 1)
    amount = spending.mean(of.priced, of.amount) if spending else np.zeros(len(groups))

    def sums(values: Floats) -> Floats:
        return np.bincount(groups, values, size).astype(float)

    def figures(logs: Floats) -> Floats:
        """Return shares alive now and then, purchases and what they bring, shape (4 * groups,)."""
        purchases = buying.purchases(of.histories, days, logs)[of.places]
        alive, then = (sums(buying.alive(of.histories, logs, days=ahead)[of.places]) / n for ahead in (0.0, days))
        return np.concatenate([alive, then, sums(purchases), sums(purchases * amount)])

    fitted = buying.fitted
    alive, then, purchases, value = figures(fitted.logs).reshape(4, size)
    errors = _error(_gradient(figures, fitted.logs), fitted.covariance).reshape(4, size)
    nothing = Interval(*(np.full(size, np.nan),) * 3)
    told = Worth(_share(alive, errors[0]), _share(then, errors[1]), _sum(purchases, errors[2]), nothing)
    if spending is None:
        return told
    own, amounts = buying.purchases(of.histories, days)[of.places], spending.fitted
    of_amounts = _gradient(lambda logs: sums(own * spending.mean(of.priced, of.amount, logs)), amounts.logs)
    return told._replace(value=_sum(value, np.hypot(errors[3], _error(of_amounts, amounts.covariance))))


def purchases_error(of: Spent, buying: Buying, days: float) -> float:
    """Return the standard error that the fit leaves to the expected purchases of all customers."""
    weight = of.histories.weight
    gradient = _gradient(
        lambda logs: np.array([buying.purchases(of.histories, days, logs) @ weight]), buying.fitted.logs
    )
    return float(_error(gradient, buying.fitted.covariance)[0])


def _gradient(of: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Return the gradient of several figures, shape (figures, parameters)."""
    steps = np.eye(len(at)) * _STEP
    return np.stack([(of(at + step) - of(at - step)) / (2 * _STEP) for step in steps], axis=1)


def _error(gradient: Floats, covariance: Floats) -> Floats:
    found: Floats = np.sqrt(np.maximum(np.einsum("gi,ij,gj->g", gradient, covariance, gradient), 0.0))
    return found


def _sum(value: Floats, error: Floats) -> Interval:
    reach = Z * np.divide(error, value, out=np.zeros(len(value)), where=value > 0)
    return Interval(value, value * np.exp(-reach), value * np.exp(reach))


def _share(value: Floats, error: Floats) -> Interval:
    inside = (value > 0) & (value < 1)
    logit = np.log(np.where(inside, value, 0.5) / np.where(inside, 1 - value, 0.5))
    reach = Z * np.divide(error, value * (1 - value), out=np.zeros(len(value)), where=inside)
    low, high = (1 / (1 + np.exp(-(logit + by))) for by in (-reach, reach))
    return Interval(value, np.where(inside, low, value), np.where(inside, high, value))
