"""How likely does somebody buy, by what they had done; and is that told better than by how long they were away?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.estimates import Interval, Z, proportion, share
from analysis.later import later

special = later("scipy.special")
LEVELS = 5
"""Levels of a count: none, 1, 2 to 3, 4 to 7, 8 and more."""
RECENT = 7
"""Levels of days away: none, 1, 2 to 3, and so on to 32 and more."""
BINS = 10
"""Groups of people by their probability that calibration is shown by."""


class People(NamedTuple):
    """People alike: their levels, and how many of them bought and did not.

    Parameters
    ----------
    levels : ndarray of int, shape (rows, counts)
    away : ndarray of int, shape (rows,)
        The level of the days since they last came.
    bought, idle : ndarray of float, shape (rows,)
    """

    levels: Ints
    away: Ints
    bought: Floats
    idle: Floats

    @property
    def matrix(self) -> Floats:
        """A column of ones, the days away, their square and every count."""
        return np.column_stack([self.recency, self.levels]).astype(float)

    @property
    def recency(self) -> Floats:
        """What the model of recency alone knows: the first columns of `matrix`."""
        return np.column_stack([np.ones(len(self.away)), self.away, self.away**2]).astype(float)


class Fit(NamedTuple):
    """Coefficients of a logistic regression with their standard errors, in the order of the matrix's columns."""

    coefficients: Floats
    errors: Floats

    def probability(self, matrix: Floats) -> Floats:
        """Return how likely each row buys."""
        return np.asarray(special.expit(matrix @ self.coefficients))


def fit(matrix: Floats, bought: Floats, idle: Floats) -> Fit:
    """Fit a logistic regression by statsmodels, rows counting as often as there are people.

    Notes
    -----
    Every coefficient but the constant has the log-F(1, 1) prior, put in as half a buyer and half somebody who did not
    buy (Greenland, S. and Mansournia, M. A. (2015). Penalization, bias reduction, and default priors in logistic and
    related regressions. Statistics in Medicine 34, 3133-3143): without it, an act that nobody bought after has no
    estimate.

    Examples
    --------
    >>> found = fit(np.array([[1.0, 0.0], [1.0, 1.0]]), np.array([10.0, 40.0]), np.array([90.0, 60.0]))
    >>> found.coefficients.round(2).tolist()
    [-2.16, 1.74]
    """
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM  # takes longer to load than a funnel to count

    prior = np.eye(matrix.shape[1])[1:]
    half = np.full(len(prior), 0.5)
    rows = np.vstack([matrix, prior])
    outcomes = np.column_stack([np.append(bought, half), np.append(idle, half)])
    found = GLM(outcomes, rows, family=Binomial()).fit(maxiter=50)
    return Fit(np.asarray(found.params), np.asarray(found.bse))


class Told(NamedTuple):
    """In how many of a hundred pairs the buyer of the two is told: by behaviour, by recency, and the difference."""

    behaviour: float
    recency: float
    gain: Interval

    @property
    def better(self) -> bool:
        """Whether behaviour tells more than recency, beyond chance."""
        return bool(self.gain.low > 0)


def told(behaviour: Floats, recency: Floats, people: People) -> Told:
    """Compare two scores by the area under their curves (AUC), on people that neither was fitted to.

    References
    ----------
    DeLong, E. R., DeLong, D. M. and Clarke-Pearson, D. L. (1988). Comparing the areas under two or more correlated
    receiver operating characteristic curves. Biometrics 44, 837-845.
    """
    bought, idle = people.bought, people.idle
    places = [(_below(score, idle), 1 - _below(score, bought)) for score in (behaviour, recency)]
    areas = [float(of @ bought / bought.sum()) for of, _ in places]
    variance = 0.0
    for side, weight in ((0, bought), (1, idle)):
        apart = places[0][side] - places[1][side]
        centre = apart @ weight / weight.sum()
        variance += float(((apart - centre) ** 2 @ weight) / max(weight.sum() - 1, 1) / weight.sum())
    gain, error = areas[0] - areas[1], np.sqrt(variance)
    return Told(areas[0], areas[1], Interval(*(np.asarray(gain + k * error) for k in (0, -Z, Z))))


def _below(score: Floats, weight: Floats) -> Floats:
    """Return of each row what share of a weight lies below its score, half of that on a level with it."""
    values, place = np.unique(score.round(12), return_inverse=True)
    held = np.bincount(place, weight, len(values))
    under = np.cumsum(held) - held / 2
    return np.asarray((under / held.sum())[place])


class Calibration(NamedTuple):
    """People by their probability, in groups of about as many: what was expected, and what came of it."""

    expected: Floats
    people: Floats
    bought: Floats
    rate: Interval


def calibration(probability: Floats, people: People) -> Calibration:
    """Set the mean probability of about ten groups beside the share of them that bought."""
    order = np.argsort(probability, kind="stable")
    size = (people.bought + people.idle)[order]
    middle = (np.cumsum(size) - size / 2) / size.sum()
    # Rows alike stay together: nobody's group hangs on the order of equals.
    _, alike = np.unique(probability[order].round(12), return_inverse=True)
    first = np.r_[True, np.diff(alike) != 0]
    group = np.minimum((middle * BINS).astype(int), BINS - 1)[
        np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    ]
    _, group = np.unique(group, return_inverse=True)
    n, bought = (np.bincount(group, part).astype(float) for part in (size, people.bought[order]))
    expected = share(np.bincount(group, size * probability[order]), n)
    return Calibration(expected, n, bought, proportion(bought, n))


def over_expected(probability: Floats, people: People) -> Interval:
    """Return how many bought to how many were expected to, with Wilson's interval for those who bought."""
    n = float((people.bought + people.idle).sum())
    expected = float(probability @ (people.bought + people.idle))
    return Interval(*(bound * n / expected for bound in proportion(people.bought.sum(), n)))
