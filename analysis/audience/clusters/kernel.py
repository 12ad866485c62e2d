"""Do people fall into groups, into how many, and what sets each apart?"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from analysis.arrays import Floats, Ints
from analysis.estimates import Interval, Z, share
from analysis.store.watch import watching

MOST = 8
"""Most groups that are looked for."""
RESAMPLES, PART = 8, 0.7
"""Pairs of resamples that stability is told from, and the part of people that each holds."""
STABLE = 0.85
"""Agreement of two resamples' groups (adjusted Rand index) from which on they are the same groups."""
LEVEL_WITH = 0.03
"""By how much less two resamples may agree than for the best number, for more groups to be preferred."""
NULLS = 19
"""Made-up people of each kind that real ones are held against: fewer cannot tell at the 5% level."""


class Groups(NamedTuple):
    """How stable each number of groups is, and the middles of those chosen.

    Parameters
    ----------
    stability : ndarray, shape (MOST - 1,)
        Mean agreement for 2, 3, ... groups, over as many pairs as it takes to tell; NaN where there are too few people
        for so many.
    number : int
        The number of groups that is most stable, or 0 where none is.
    clear : bool
        Whether they are tighter than those of people without groups.
    centres : ndarray, shape (number, counts)
        Of standardised counts, the largest group first.
    """

    stability: Floats
    number: int
    clear: bool
    centres: Floats


def groups(people: Floats, random: np.random.Generator) -> Groups:
    """Look for groups among people by k-means (scikit-learn).

    Parameters
    ----------
    people : ndarray, shape (people, counts)
        Standardised.
    random : Generator

    Notes
    -----
    For each number of groups, two resamples of 70% of the people are grouped and both groupings put on everybody; that
    they agree (adjusted Rand index of Hubert and Arabie 1985) says that the groups are not an accident of who was
    looked at (Ben-Hur, Elisseeff and Guyon 2002). The number that agrees best is chosen, the
    most groups of those level with it to 0.03, where that is 0.85 or more.

    Stable is not yet clear: a long cloud is cut in the same place each time. So the groups have to be tighter than
    those of made-up people of two kinds, 19 sets of each: people whose counts are dealt anew, each count by itself
    (nothing goes together), and people of one normal cloud with the same variances and correlations (no gaps).
    """
    import sklearn.cluster  # takes longer to load than a funnel to count; only what is loaded is held

    # Several threads on so few people mostly wait for each other: six times as long on two busy cores. What goes into
    # each of some hundred fits needs no looking at.
    with threadpool_limits(1), sklearn.config_context(assume_finite=True, skip_parameter_validation=True):
        return _groups(people, random)


def _groups(people: Floats, random: np.random.Generator) -> Groups:
    stability = np.array([_stability(people, k, random) for k in range(2, MOST + 1)])
    agreed = np.nan_to_num(stability)
    stable = np.flatnonzero((agreed >= STABLE) & (agreed >= agreed.max() - LEVEL_WITH))
    if not len(stable):
        return Groups(stability, 0, clear=False, centres=np.empty((0, people.shape[1])))
    number = int(stable[-1]) + 2
    found = _means(people, number, random)
    order = np.argsort(-np.bincount(found.labels_, minlength=number), kind="stable")
    return Groups(stability, number, _tighter(people, number, found.inertia_, random), found.cluster_centers_[order])


def _stability(people: Floats, number: int, random: np.random.Generator) -> float:
    from sklearn.metrics import adjusted_rand_score

    size = int(PART * len(people))
    if size < 5 * number:
        return np.nan
    agreed = list[float]()
    # Once the mean cannot reach what is stable, the pairs that are left would change nothing.
    while len(agreed) < RESAMPLES and sum(agreed) + RESAMPLES - len(agreed) >= STABLE * RESAMPLES:
        watching().step()
        halves = [people[random.choice(len(people), size, replace=False)] for _ in range(2)]
        sides = [_means(half, number, random, starts=2) for half in halves]
        agreed.append(adjusted_rand_score(*(side.predict(people) for side in sides)))
    return float(np.mean(agreed))


def _tighter(people: Floats, number: int, inertia: float, random: np.random.Generator) -> bool:
    """Say whether groups are tighter than all those of people made up without any."""
    covariance = np.atleast_2d(np.cov(people, rowvar=False))
    centre = people.mean(axis=0)
    for _ in range(NULLS):
        watching().step()
        dealt = np.column_stack([random.permutation(column) for column in people.T])
        cloud = random.multivariate_normal(centre, covariance, len(people), method="eigh")
        if min(_means(made, number, random).inertia_ for made in (dealt, cloud)) <= inertia:
            return False
    return True


def _means(people: Floats, number: int, random: np.random.Generator, *, starts: int = 3) -> Any:
    from sklearn.cluster import KMeans

    return KMeans(number, n_init=starts, random_state=int(random.integers(2**31))).fit(people)


def nearest(people: Floats, centres: Floats) -> Ints:
    """Return which middle each of the people is nearest to."""
    distance = (centres**2).sum(axis=1) - 2 * people @ centres.T
    return np.asarray(distance.argmin(axis=1), np.int64)


def apart(people: Floats, labels: Ints, number: int) -> Interval:
    """Return by how many standard deviations each group's mean lies from that of all others, by count.

    Returns
    -------
    Interval of ndarray, shape (groups, counts)
        With the interval of a difference of two means.
    """
    n, sums, squares = (np.stack([part[labels == g].sum(axis=0) for g in range(number)])
                        for part in (np.ones_like(people), people, people**2))  # fmt: skip
    rest = [part.sum(axis=0) - part for part in (n, sums, squares)]
    sides = [(share(s, m), share(share(q, m) - share(s, m) ** 2, m)) for m, s, q in ((n, sums, squares), rest)]
    value = sides[0][0] - sides[1][0]
    error = np.sqrt(np.maximum(sides[0][1] + sides[1][1], 0))
    return Interval(value, value - Z * error, value + Z * error)
