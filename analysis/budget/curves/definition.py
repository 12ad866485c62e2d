"""What makes response curves: which form, of what revenue, and how many draws stand behind their intervals?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from analysis.budget.curves.forms import FAMILIES
from analysis.question import Question
from analysis.values import currency_code, number, one_of, optional, whole


@dataclass(frozen=True, kw_only=True, repr=False)
class CurvesDefinition(Question):
    """What makes response curves; what fits them takes no more than this.

    The fields are described at :class:`analysis.budget.curves.question.ResponseCurves`, the question.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    form: str = field(default="auto", metadata=one_of("auto", *FAMILIES))
    basis: str = field(default="auto", metadata=one_of("auto", "claims", "effects"))
    worth: float | None = field(default=None, metadata=optional(number(above=0, most=1e9)))
    draws: int = field(default=400, metadata=whole(least=100, most=2000))
    seed: int = field(default=1, metadata=whole(least=0, most=2**31 - 1))
    currency: str | None = field(default=None, metadata=optional(currency_code()))
