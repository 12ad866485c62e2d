"""One screen per kind of question: its title, its controls, and what it needs of the data.

A page, a notebook's cell and a link draw from the same entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from analysis.question import Question
from ui.language import N_
from ui.screens import comparison, plan, review
from ui.screens.base import Screen, View, screen_among

_JOURNEY = ("funnel", "paths", "speed", "retention", "participation", "nodes", "attribution")


def _named(*names: str) -> tuple[Screen[Any], ...]:
    return tuple(comparison.SIDES[name] for name in names)


ROOMS: Mapping[str, tuple[Screen[Any], ...]] = MappingProxyType(
    {
        N_("Journey"): _named(*_JOURNEY),
        N_("Audience"): _named(
            "segments", "states", "growth", "rfm", "value", "intent", "clusters", "private_domain", "people"
        ),
        N_("Results"): (*_named("sales"), comparison.SCREEN),
        N_("Money"): _named("performance", "payback", "budget", "reallocation"),
        N_("Plan"): (plan.SCREEN, review.SCREEN),
    }
)
"""The navigation: its headings, and the screens under each."""

SCREENS: Mapping[str, Screen[Any]] = MappingProxyType({one.name: one for room in ROOMS.values() for one in room})


def screen_of(question: Question) -> Screen[Any]:
    """Return the screen that asks a question, be it as one of its views.

    Raises
    ------
    QuestionError
        No screen asks it.
    """
    return screen_among(SCREENS.values(), question)


__all__ = ["ROOMS", "SCREENS", "Screen", "View", "screen_of"]
