"""What makes an attribution: which touches, of which conversions, by which models?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

from analysis.errors import QuestionError
from analysis.messages import N_, Share, say
from analysis.question import Question
from analysis.values import currency_code, duration, names, number, one_of, optional, text, whole

MODEL_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "first": N_("First touch"),
        "last": N_("Last touch"),
        "last_non_direct": N_("Last non-direct"),
        "linear": N_("Linear"),
        "decay": N_("Time decay"),
        "position": N_("Position-based"),
        "markov": N_("Markov"),
        "shapley": N_("Shapley"),
    }
)
MODELS = tuple(MODEL_WORDS)
COLUMNS = (N_("channel"), N_("campaign"), N_("creative"), N_("audience"), N_("phase"))
"""What can be credited, the most usual first."""


@dataclass(frozen=True, kw_only=True, repr=False)
class AttributionDefinition(Question):
    """What makes an attribution; its words and its chart take no more than this.

    The fields are described at :class:`analysis.journey.attribution.question.Attribution`, the question.
    """

    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    conversion: str = field(default="purchase", metadata=text())
    touches: tuple[str, ...] = field(default=("visit",), metadata=names())
    by: str = field(default="channel", metadata=one_of(*COLUMNS))
    value: str = field(default="conversions", metadata=one_of("conversions", "revenue", "value"))
    window: str = field(default="7d", metadata=duration())
    paths: str = field(default="since_last_conversion", metadata=one_of("since_last_conversion", "all"))
    repeats: str = field(default="each", metadata=one_of("each", "session", "row"))
    models: tuple[str, ...] = field(default=(), metadata=names())
    direct: str | None = field(default=None, metadata=optional(text()))
    half_life: str = field(default="7d", metadata=duration())
    first: float = field(default=0.4, metadata=number(least=0, most=1))
    last: float = field(default=0.4, metadata=number(least=0, most=1))
    currency: str | None = field(default=None, metadata=optional(currency_code()))
    draws: int = field(default=200, metadata=whole(least=100, most=2000))
    seed: int = field(default=0, metadata=whole(least=0, most=2**31 - 1))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first + self.last > 1 + 1e-12:
            raise QuestionError.crossed(
                say(
                    "The first and the last touch cannot get {first} and {last}: together that is more than 100%. "
                    "Lower one.",
                    first=Share(self.first),
                    last=Share(self.last),
                )
            )
        for model in self.models:
            one_of(*MODELS)["check"]("models", model)
        if "last_non_direct" in self.models and not self.direct:
            raise QuestionError.crossed(
                say("Last non-direct needs to know which value means direct; choose one, or leave that model out.")
            )

    @property
    def asked_models(self) -> tuple[str, ...]:
        """The models asked for, each once; without any, all that can be had."""
        every = tuple(m for m in MODELS if m != "last_non_direct" or self.direct)
        return tuple(dict.fromkeys(self.models)) or every
