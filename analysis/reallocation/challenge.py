"""What can a trainer hand out, so that everybody's rules meet the same market and nobody knows what will happen?"""

from __future__ import annotations

from dataclasses import field

from analysis.errors import QuestionError
from analysis.messages import say
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.reallocation.simulation import Simulation
from analysis.rules.rule_set import Limits, RuleSet
from analysis.values import Pairs, Value, a, names, number, optional, pairs, text, value, whole


@value("challenge")
class Challenge(Value):
    """A market to beat: what happens in it, by which seed, and the limits that everybody's rules keep.

    Parameters
    ----------
    name : str
    market : MarketSettings
        What happens, its cards included.
    seed : int
    limits : Limits
        No rule set may go beyond them.
    budget : float, optional
    split : mapping of str to float, optional
    runs : int

    Examples
    --------
    >>> from analysis.reallocation.rules import Card
    >>> own = Challenge(name="the long weekend", market=MarketSettings(cards=(Card(shock="viral", at="9d"),)), seed=7)
    >>> own.sealed().shocks
    ('creative', 'decoy', 'surge', 'viral')
    >>> own.sealed().holds(own), own.sealed().holds(own.replace(seed=8))
    (True, False)
    """

    name: str = field(metadata=text(longest=80))
    market: MarketSettings = field(default_factory=MarketSettings, metadata=a(MarketSettings))
    seed: int = field(default=1, metadata=whole(least=0, most=2**31 - 1))
    limits: Limits = field(default_factory=Limits, metadata=a(Limits))
    budget: float | None = field(default=None, metadata=optional(number(least=1, most=1e12)))
    split: Pairs = field(default=(), metadata=pairs(least=0))
    runs: int = field(default=60, metadata=whole(least=2, most=500))

    def simulation(self, rules: Rules | RuleSet) -> Simulation:
        """Return the simulation of somebody's rules, held to the challenge's limits.

        Raises
        ------
        QuestionError
            The rules allow themselves more than the challenge does.
        """
        own = rules.rule_set() if isinstance(rules, Rules) else rules
        for name in _beyond(own.limits, self.limits):
            raise QuestionError.field(
                name, getattr(own.limits, name), say("the challenge allows {limit}.", limit=getattr(self.limits, name))
            )
        return Simulation(
            rules=rules, market=self.market, seed=self.seed, budget=self.budget, split=self.split, runs=self.runs
        )

    def sealed(self) -> SealedChallenge:
        """Return what can be handed out: which kinds of shocks may come, and a seal by which it is told later."""
        kinds = {card.shock for card in self.market.dealt()} | {"decoy"}
        return SealedChallenge(
            name=self.name,
            shocks=tuple(sorted(kinds)),
            limits=self.limits,
            budget=self.budget,
            split=self.split,
            seal=self.digest(),
        )


@value("sealed-challenge")
class SealedChallenge(Value):
    """A challenge without its truth.

    Parameters
    ----------
    name : str
    shocks : sequence of str
        Kinds that may come; a decoy always may.
    limits : Limits
    budget : float, optional
    split : mapping of str to float, optional
    seal : str
        Digest of the challenge: neither its seed nor its market can be changed afterwards without its being seen.
    """

    name: str = field(metadata=text(longest=80))
    shocks: tuple[str, ...] = field(default=(), metadata=names())
    limits: Limits = field(default_factory=Limits, metadata=a(Limits))
    budget: float | None = field(default=None, metadata=optional(number(least=1, most=1e12)))
    split: Pairs = field(default=(), metadata=pairs(least=0))
    seal: str = field(metadata=text(longest=64))

    def holds(self, opened: Challenge) -> bool:
        """Say whether this is the challenge that was sealed."""
        return opened.digest() == self.seal


def _beyond(own: Limits, allowed: Limits) -> list[str]:
    """Return the names of limits that allow more than the challenge's do."""

    def more(name: str) -> bool:
        mine, bound = getattr(own, name), getattr(allowed, name)
        return bound is not None and (mine is None or mine > bound)

    found = [name for name in ("ceiling", "step", "day", "per_day") if more(name)]
    return found + (["floor"] if own.floor < allowed.floor else [])
