"""What makes a question of payback: which cohorts, how long, at which margin?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from analysis.question import Question
from analysis.values import currency_code, number, one_of, optional, whole

EVERY = ("week", "month")
"""Periods whose new customers make a cohort."""
MOST = 104
"""Most weeks that are looked at."""


@dataclass(frozen=True, kw_only=True, repr=False)
class PaybackDefinition(Question):
    """What makes a question of payback; its sides, cohorts and words take no more than this.

    The fields are described at :class:`analysis.audience.payback.question.Payback`, the question.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"orders": ("user_id",), "spend": ()})

    every: str = field(default="week", metadata=one_of(*EVERY))
    weeks: int | None = field(default=None, metadata=optional(whole(least=1, most=MOST)))
    margin: float | None = field(default=None, metadata=optional(number(above=0, most=1)))
    by: str | None = field(default="channel", metadata=optional(one_of("channel")))
    currency: str | None = field(default=None, metadata=optional(currency_code()))
