"""What makes a simulation: which curves, which rules, which market, how much money and how many runs?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from analysis.budget.curves.question import ResponseCurves
from analysis.errors import QuestionError
from analysis.messages import Share, say
from analysis.question import Question
from analysis.reallocation.rules import MarketSettings, Rules
from analysis.rules.rule_set import RuleSet
from analysis.values import Pairs, a, many, number, optional, pairs, whole
from analysis.values.checks import Metadata


def _rules() -> Metadata:
    def check(name: str, got: object) -> Rules | RuleSet:
        if not isinstance(got, (Rules, RuleSet)):
            raise QuestionError.field(name, got, say("it must be Rules or a RuleSet."))
        return got

    return {"check": check}


@dataclass(frozen=True, kw_only=True, repr=False)
class SimulationDefinition(Question):
    """What makes a simulation: its setting and its play take no more than this.

    The fields are described at :class:`analysis.reallocation.simulation.Simulation`, the question.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    curves: ResponseCurves = field(default_factory=ResponseCurves, metadata=a(ResponseCurves))
    rules: Rules | RuleSet = field(default_factory=Rules, metadata=_rules())
    against: tuple[RuleSet, ...] = field(default=(), metadata=many(RuleSet, at_most=4))
    market: MarketSettings = field(default_factory=MarketSettings, metadata=a(MarketSettings))
    budget: float | None = field(default=None, metadata=optional(number(least=1, most=1e12)))
    split: Pairs = field(default=(), metadata=pairs(least=0))
    runs: int = field(default=60, metadata=whole(least=2, most=500))
    seed: int = field(default=1, metadata=whole(least=0, most=2**31 - 1))

    def __post_init__(self) -> None:
        super().__post_init__()
        total = sum(share for _, share in self.split)
        if self.split and abs(total - 1) > 0.001:
            raise QuestionError.crossed(
                say(
                    "The shares of the split add up to {total}, not to 100%. Change them so that they do.",
                    total=Share(total),
                )
            )

    def rule_set(self) -> RuleSet:
        """Return the rules, the plan's own with the knobs they were given."""
        return self.rules.rule_set() if isinstance(self.rules, Rules) else self.rules

    @property
    def heavy(self) -> bool:
        """Whether an answer takes the processor for a second or so."""
        return True
