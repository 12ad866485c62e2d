"""From the walk's sums to each model's credits, for all users and for users drawn anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analysis.arrays import Floats
from analysis.estimates import SMALL
from analysis.journey.attribution.kernel import GROUPS, RULES, Tally
from analysis.journey.attribution.models import MOST, removal_effects, shapley

_CELLS = 1 << 20
"""How many sets of touches are worked on at a time, over all draws."""


class Drawn(NamedTuple):
    """What users drawn anew come to; without draws where there are too few conversions."""

    credits: Mapping[str, Floats]
    """By model: shape (draws, touches + 1); the last column has those without a touch."""
    whole: Floats
    """All there is to share out: shape (draws,)."""


class Shares:
    """Credits by model, and their spread.

    Parameters
    ----------
    tallied : Tally
    known : sequence of str
        The values of the credited column, in the walk's order.
    measure : {0, 1}
        What intervals are of: conversions, or their worth.
    """

    def __init__(self, tallied: Tally, known: Sequence[str], *, measure: int) -> None:
        kept = np.flatnonzero(tallied.seen)
        self.names = tuple(known[i] for i in kept.tolist())
        self.measure, self.conversions, self.untouched = measure, tallied.conversions, tallied.untouched
        self._rules = tallied.credits[..., np.append(kept, len(known))]
        states = np.append(kept, len(known) + np.arange(3))
        self._steps = tallied.steps[:, states][:, :, states]
        self._sets = tallied.sets
        together = int(np.bitwise_or.reduce(tallied.sets.sets)) if len(tallied.sets.sets) else 0
        self._players = [i for i, name in enumerate(kept) if together >> int(name) & 1]
        self._bits = [int(kept[i]) for i in self._players]
        self.total = float(self._rules[:, measure, 0].sum())

    @property
    def players(self) -> int:
        """How many different touches there are in journeys."""
        return len(self._players)

    def credits(self, models: Sequence[str]) -> dict[str, tuple[Floats, Floats]]:
        """Return by model each touch's credit, then that of no touch: in conversions, and in what they are worth."""
        everybody = np.ones((1, GROUPS))
        return {m: (self._credits(m, everybody, 0)[0], self._credits(m, everybody, 1)[0]) for m in models}

    def draw(self, models: Sequence[str], draws: int, seed: int) -> Drawn:
        """Return credits, of what intervals are of, for users drawn anew: the same users for every model."""
        if self.conversions < SMALL:
            return Drawn(dict.fromkeys(models, np.empty((0, len(self.names) + 1))), np.empty(0))
        weights = np.random.default_rng(seed).multinomial(GROUPS, np.full(GROUPS, 1 / GROUPS), draws).astype(float)
        whole = self._rule(0, weights, self.measure).sum(axis=1)
        weights, whole = weights[whole != 0], whole[whole != 0]
        return Drawn({model: self._credits(model, weights, self.measure) for model in models}, whole)

    def split_evenly(self) -> float:
        """Return how many conversions the Shapley value splits evenly, as smaller sets within theirs were not seen."""
        journeys, conversions = next(self._lattices(np.ones((1, GROUPS)), 0))
        return float(conversions[shapley(journeys, conversions)[1]].sum())

    def _credits(self, model: str, weights: Floats, measure: int) -> Floats:
        if model in RULES:
            return self._rule(RULES.index(model), weights, measure)
        first = self._rule(0, weights, measure)
        if model == "markov":
            inner = self._removal(weights) * first[:, :-1].sum(axis=1, keepdims=True)
        else:
            inner = np.zeros((len(weights), len(self.names)))
            games = [shapley(*lattice)[0] for lattice in self._lattices(weights, measure)]
            inner[:, self._players] = np.concatenate(games)
        return np.concatenate((inner, first[:, -1:]), axis=1)

    def _rule(self, rule: int, weights: Floats, measure: int) -> Floats:
        return np.asarray(weights @ self._rules[:, measure, rule])

    def _removal(self, weights: Floats) -> Floats:
        """Return removal effects as shares of their sum."""
        effects = np.nan_to_num(removal_effects(np.tensordot(weights, self._steps, 1)))
        whole = effects.sum(axis=1, keepdims=True)
        return np.asarray(np.divide(effects, whole, out=np.zeros_like(effects), where=whole > 0))

    def _lattices(self, weights: Floats, measure: int) -> Iterator[tuple[Floats, Floats]]:
        """Yield journeys, and what they brought, by set of touches: some draws at a time."""
        assert self.players <= MOST
        size, own = 1 << self.players, self._sets
        place = np.zeros(len(own.sets), np.int64)
        for new, old in enumerate(self._bits):
            place |= ((own.sets >> old) & 1) << new
        brought = own.worth if measure else own.conversions
        together = max(1, _CELLS // size)
        for begin in range(0, len(weights), together):
            some = weights[begin : begin + together, own.groups]
            journeys, worth = (
                np.stack([np.bincount(place, draw * amount, size) for draw in some]).astype(float)
                for amount in (own.journeys, brought)
            )
            yield journeys, worth


def largest_remainder(amounts: npt.ArrayLike, digits: int = 2) -> Floats:
    """Round amounts so that they sum to their rounded sum: down, then up where most was cut off.

    Examples
    --------
    >>> largest_remainder([1 / 3, 1 / 3, 1 / 3]).tolist()
    [0.34, 0.33, 0.33]
    """
    scale = 10**digits
    exact = np.asarray(amounts, float) * scale
    # What floats add to a whole number must not look like a remainder.
    down = np.floor(exact + 1e-6)
    missing = round(float(exact.sum())) - int(down.sum())
    order = np.argsort(-(exact - down), kind="stable")
    down[order[:missing]] += 1
    return np.asarray(down / scale)
