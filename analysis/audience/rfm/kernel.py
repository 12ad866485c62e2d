"""Into which of Shopify's groups do recency, frequency and money put a customer?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from analysis.arrays import Floats, Ints
from analysis.audience.cuts import passed, quantile_cuts
from analysis.vocabulary import RFM_GROUPS

PROSPECTS = len(RFM_GROUPS) - 1
"""The place of the group of those who have not bought yet."""
QUIET = ("at risk", "previously loyal")
"""Groups that bought well and not lately, beside others; :func:`gone_quiet` says who of them has not for long."""


Fixed = Mapping[str, tuple[float, ...]]
"""Cuts by measure; those that are empty are drawn."""


class Customers(NamedTuple):
    """What people bought by the end of a day, one element each.

    Parameters
    ----------
    recency : ndarray of float
        Days since the last purchase; 0 without one.
    frequency : ndarray of float
        Purchases.
    monetary : ndarray of float
        What they came to.
    """

    recency: Floats
    frequency: Floats
    monetary: Floats

    @property
    def bought(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Who bought at all."""
        found: np.ndarray[tuple[int], np.dtype[np.bool_]] = self.frequency > 0
        return found


@dataclass(frozen=True, slots=True)
class Cuts:
    """Where the lines are drawn: rising, in days, purchases and money.

    Whoever bought longer ago than a cut of recency misses a point; whoever bought more often, or for more, than a cut
    gains one. Who stands on a cut counts as recent, and as not yet frequent or of high value.
    """

    recency: Floats
    frequency: Floats
    monetary: Floats

    @classmethod
    def of(
        cls, customers: Customers, parts: int, fixed: Mapping[str, tuple[float, ...]] = MappingProxyType({})
    ) -> Cuts:
        """Return the cuts of those who bought: fixed ones where there are any, else their quantiles."""
        own = {name: getattr(customers, name)[customers.bought] for name in Customers._fields}
        given = {name: np.array(values, float) for name, values in fixed.items() if values}
        return cls(**{name: quantile_cuts(values, parts) for name, values in own.items()} | given)

    def scores(self, customers: Customers) -> tuple[Ints, Ints, Ints]:
        """Return how many cuts each customer has on the better side: of recency, of frequency, of money.

        Examples
        --------
        >>> customers = Customers(*(np.array(row, float) for row in ([10, 20, 30, 40], [2, 4, 1, 3], [1, 4, 2, 3])))
        >>> [scores.tolist() for scores in Cuts.of(customers, 2).scores(customers)]
        [[1, 1, 0, 0], [0, 1, 0, 1], [0, 1, 0, 1]]
        """
        late, frequent, spent = (passed(getattr(customers, name), getattr(self, name)) for name in Customers._fields)
        return len(self.recency) - late, frequent, spent

    def groups(self, customers: Customers) -> Ints:
        """Return each one's place in :data:`analysis.vocabulary.RFM_GROUPS`.

        Notes
        -----
        As Shopify does, by the place of recency and the mean of the places of frequency and money, a place being the
        share of the cuts that are on the better side. Shopify says in words how recent, how frequent and how much; the
        lines between these are drawn here so that they serve any number of cuts.
        """
        recency, frequency, monetary = (
            scores / max(len(cuts), 1)
            for scores, cuts in zip(self.scores(customers), (self.recency, self.frequency, self.monetary), strict=True)
        )
        return np.where(customers.bought, _grouped(recency, (frequency + monetary) / 2), PROSPECTS)


def gone_quiet(customers: Customers, groups: Ints, lapsed: int) -> tuple[int, float]:
    """Return how many once bought well and have lapsed, and what they had paid.

    Parameters
    ----------
    customers : Customers
    groups : ndarray of int
        Their places in :data:`analysis.vocabulary.RFM_GROUPS`.
    lapsed : int
        Days without a purchase after which a buyer has lapsed: that others bought later says nothing of it.
    """
    own = np.isin(groups, [RFM_GROUPS.index(name) for name in QUIET]) & (customers.recency > lapsed)
    return int(own.sum()), float(customers.monetary[own].sum())


def _grouped(recent: Floats, worth: Floats) -> Ints:
    """Return the groups by the places of recency and of worth, each 0 to 1."""
    now, lately, warm = recent > 0.8, recent > 0.4, recent > 0.6
    best, strong, some = worth > 0.8, worth > 0.6, worth > 0.3
    rules = (
        ("champions", now & best),
        ("loyal", lately & strong),
        ("active", warm & some),
        ("new", now),
        ("needs attention", lately & some),
        ("promising", lately),
        ("previously loyal", best),
        ("at risk", worth >= 0.5),
        ("almost lost", recent > 0.2),
        ("dormant", np.ones(len(recent), bool)),
    )
    places = [RFM_GROUPS.index(name) for name, _ in rules]
    return np.select([which for _, which in rules], places).astype(np.int64)
