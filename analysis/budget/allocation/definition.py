"""What makes an allocation: the goal, the money, the rules, the days, and the curves it is reckoned by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from analysis.budget.allocation.rules import Limit, PriceIndex
from analysis.budget.curves.question import ResponseCurves
from analysis.errors import QuestionError
from analysis.messages import say
from analysis.question import Question
from analysis.values import Pairs, a, many, number, one_of, optional, pairs

REACH = 1.5
"""How far beyond the highest spend observed a plan goes, unless told otherwise."""


@dataclass(frozen=True, kw_only=True, repr=False)
class AllocationDefinition(Question):
    """What makes an allocation; what reckons it takes no more than this.

    The fields are described at :class:`analysis.budget.allocation.question.Allocation`, the question.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    goal: str = field(default="revenue", metadata=one_of("revenue", "profit", "budget", "roi", "marginal_roi"))
    total: float | None = field(default=None, metadata=optional(number(above=0, most=1e15)))
    target: float | None = field(default=None, metadata=optional(number(above=0, most=1e15)))
    limits: tuple[Limit, ...] = field(default=(), metadata=many(Limit))
    prices: PriceIndex | None = field(default=None, metadata=optional(a(PriceIndex)))
    per: str = field(default="phase", metadata=one_of("phase", "channel", "day"))
    time: str = field(default="next", metadata=one_of("next", "rest"))
    reach: float = field(default=REACH, metadata=number(least=0.1, most=10))
    given: Pairs = field(default=(), metadata=pairs(least=0))
    caution: float = field(default=0.0, metadata=number(least=0, most=0.95))
    curves: ResponseCurves = field(default_factory=ResponseCurves, metadata=a(ResponseCurves))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.goal in ("budget", "roi", "marginal_roi") and self.target is None:
            raise QuestionError.crossed(say("This goal needs a target: give the revenue, the ROI or the marginal ROI "
                                            "to reach."))  # fmt: skip
