"""Who brings most, and can chance or the choice of a model have put them first?

The share ranked is the mean over the models asked, so that shares add up to all there is. Users are drawn anew once
for all models and touches, so differences are compared draw by draw: two shares of one total move together, and their
intervals may overlap where that of their difference does not hold zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from analysis.arrays import Floats
from analysis.estimates import TAILS, Interval
from analysis.journey.attribution.shares import Drawn, Shares
from analysis.journey.attribution.words import NO_TOUCH

_SAME = 1e-12
"""Figures nearer to each other than this are one."""


@dataclass(frozen=True)
class Figures:
    """A figure for each of several names, as found and for users drawn anew.

    Parameters
    ----------
    names : tuple of str
    found : ndarray, shape (names,)
    drawn : ndarray, shape (draws, names)
        Without draws nothing can be told apart.

    Examples
    --------
    >>> drawn = np.random.default_rng(1).normal((0.5, 0.26, 0.24), 0.02, (400, 3))
    >>> figures = Figures(("search", "video", "display"), np.array([0.5, 0.26, 0.24]), drawn)
    >>> figures.leaders
    ('search',)
    >>> figures.only(("video", "display")).leaders
    ('video', 'display')
    """

    names: tuple[str, ...]
    found: Floats
    drawn: Floats

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The names, highest first; equal ones as they come."""
        return tuple(self.names[i] for i in np.argsort(-self.found, kind="stable"))

    @cached_property
    def intervals(self) -> Interval:
        """Every name's figure with its interval."""
        return _interval(self.found, self.drawn)

    @cached_property
    def leaders(self) -> tuple[str, ...]:
        """The first name, with those that it is not ahead of by more than chance explains.

        Notes
        -----
        That the first is compared with others because it came out first does not make a false winner likelier: the
        usual two-sided comparison of the winner with the runner-up keeps its level (Gutmann and Maymin 1987, *Is the
        selected population the best?*, Annals of Statistics 15; Hung and Fithian 2019, *Rank verification for
        exponential families*, Annals of Statistics 47).
        """
        first, *rest = self.order
        if not len(self.drawn):
            return self.order
        ahead = self.drawn[:, [self.names.index(first)]] - self.only(rest).drawn
        least = np.quantile(ahead, TAILS[0], axis=0)
        return (first, *(name for name, low in zip(rest, least, strict=True) if not low > _SAME))

    def of(self, name: str) -> Interval:
        """Return one name's figure."""
        return self.intervals.at(self.names.index(name))

    def ahead(self, names: Sequence[str]) -> Interval:
        """Return how far each of some names is ahead of the one after it."""
        own = self.only(names)
        return _interval(own.found[:-1] - own.found[1:], own.drawn[:, :-1] - own.drawn[:, 1:])

    def only(self, names: Sequence[str]) -> Figures:
        """Return the figures of some of the names."""
        kept = [self.names.index(name) for name in names]
        return Figures(tuple(names), self.found[kept], self.drawn[:, kept])


def _interval(found: Floats, drawn: Floats) -> Interval:
    """Return figures with the bounds that their draws give; NaN where there are none, or all agree."""
    if not len(drawn):
        return Interval(found, np.full(found.shape, np.nan), np.full(found.shape, np.nan))
    low, high = np.quantile(drawn, TAILS, axis=0)
    same = high - low < _SAME
    return Interval(found, np.where(same, np.nan, low), np.where(same, np.nan, high))


@dataclass(frozen=True, slots=True)
class Ranking:
    """Who brings how much.

    Parameters
    ----------
    shares : mapping of str to Figures
        By model, each touch's share of all there is.
    share : Figures
        The mean of the models.
    returns : Figures
        What each touch brings for a unit of what was spent on it; only of touches on which something was.
    """

    shares: Mapping[str, Figures]
    share: Figures
    returns: Figures

    @property
    def leaders(self) -> tuple[str, ...]:
        """Who brings most; several where they cannot be told apart."""
        return self.share.leaders

    @property
    def next(self) -> str | None:
        """The first touch behind those that bring most, if there is one that brings anything."""
        behind = [name for name in self.share.order if name not in self.leaders]
        return behind[0] if behind and self.share.of(behind[0]).value > 0 else None

    def spread(self, touch: str) -> tuple[float, float]:
        """Return the smallest and the largest share that a model gives a touch."""
        given = [float(own.of(touch).value) for own in self.shares.values()]
        return min(given), max(given)

    def clear(self) -> dict[str, str]:
        """Return by model who brings most under it, where that is more than chance explains."""
        found = {model: own.leaders for model, own in self.shares.items()}
        return {model: leaders[0] for model, leaders in found.items() if len(leaders) == 1}

    def firsts(self) -> dict[str, str]:
        """Return by model which touch has most under it; where one that brings most is level with it, that one."""
        found = {}
        for model, own in self.shares.items():
            most = own.of(own.order[0]).value
            level = [name for name in (*self.leaders, *own.order) if own.of(name).value > most - _SAME]
            found[model] = level[0]
        return found


def mean(parts: Sequence[Figures]) -> Figures:
    """Return the mean of several figures of the same names, draw by draw."""
    found = np.mean([part.found for part in parts], axis=0)
    return Figures(parts[0].names, found, np.mean([part.drawn for part in parts], axis=0))


def figures_of(
    shares: Shares, credits: Mapping[str, tuple[Floats, Floats]], drawn: Drawn, idle: Sequence[str] = ()
) -> dict[str, Figures]:
    """Return by model everybody's share of all there is.

    Parameters
    ----------
    shares : Shares
    credits : mapping of str to tuple of ndarray
        Its credits of the models wanted.
    drawn : Drawn
        Of the same models.
    idle : sequence of str
        Touches without any credit that are to stand among the others.

    Returns
    -------
    dict of str to Figures
        Touches with credit, idle ones, and last what no touch brought.
    """
    at, names = [len(shares.names)] * len(idle), (*shares.names, *idle, NO_TOUCH)
    return {
        model: Figures(
            names,
            np.insert(own[shares.measure] / shares.total, at, 0.0),
            np.insert(drawn.credits[model] / drawn.whole[:, None], at, 0.0, axis=1),
        )
        for model, own in credits.items()
    }


def ranked(figures: Mapping[str, Figures], shares: Shares, drawn: Drawn, spent: Mapping[str, float]) -> Ranking:
    """Rank the touches, given each model's figures and what was spent on them."""
    touches = next(iter(figures.values())).names[:-1]
    by_model = {model: own.only(touches) for model, own in figures.items()}
    share = mean(tuple(by_model.values()))
    paid = share.only([name for name in touches if spent.get(name, 0) > 0])
    cost = np.array([spent[name] for name in paid.names])
    returns = Figures(paid.names, paid.found * shares.total / cost, paid.drawn * drawn.whole[:, None] / cost)
    return Ranking(by_model, share, returns)
