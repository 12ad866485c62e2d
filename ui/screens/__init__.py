"""One screen per kind of question: its title, its controls, and what it needs of the data.

A page, a notebook's cell and a link draw from the same entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from analysis.question import Question
from ui.language import N_
from ui.screens import comparison, home, plan, review
from ui.screens.base import Screen, View, screen_among

_JOURNEY = ("funnel", "paths", "speed", "retention", "participation", "attribution", "nodes")


def _named(*names: str) -> tuple[Screen[Any], ...]:
    return tuple(comparison.SIDES[name] for name in names)


HOME, PLAN, DATA, NOTEBOOKS = N_("Home"), N_("Plan and review"), N_("Data"), N_("Notebooks")
ROOMS: Mapping[str, tuple[Screen[Any], ...]] = MappingProxyType(
    {
        HOME: (home.SCREEN,),
        N_("Diagnose"): (*_named(*_JOURNEY, "sales"), comparison.SCREEN),
        N_("Audience"): _named(
            "lifecycle", "states", "growth", "rfm", "value", "intent", "clusters", "private_domain", "saved_segments"
        ),
        N_("Budget"): _named("performance", "payback", "budget"),
        N_("Rules"): _named("reallocation"),
        NOTEBOOKS: (),
        PLAN: (plan.SCREEN, review.SCREEN),
        DATA: (),
    }
)
"""The navigation in the order of the work: its headings, and the screens under each. Pages that are no question's stand
under theirs in app.py; a heading with nothing under it is left out."""

FAMILIES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        N_("Coming back"): ("retention", "participation"),
        N_("Attribution and touchpoints"): ("attribution", "nodes"),
        N_("Lifecycle and growth"): ("lifecycle", "states", "growth"),
        N_("Customer value"): ("rfm", "value"),
        N_("Intent and clusters"): ("intent", "clusters"),
    }
)
"""Screens that stand in the navigation as one, the first; each has the others beside its title."""

PLACES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "data": (DATA, ":material/database:", N_("What data is here?")),
        "notebooks": (NOTEBOOKS, ":material/book:", ""),
        "records": (N_("Names, plan and tests"), ":material/label:", N_("What do the data not say?")),
        "glossary": (N_("Glossary"), ":material/menu_book:", N_("What do the words mean?")),
    }
)
"""Pages that ask no question of their own, by name: what they are called, icon, title."""

SCREENS: Mapping[str, Screen[Any]] = MappingProxyType({one.name: one for room in ROOMS.values() for one in room})


def family_of(screen: Screen[Any]) -> tuple[str, tuple[Screen[Any], ...]] | None:
    """Return the family of a screen and the screens in it, if it is in one."""
    for label, names in FAMILIES.items():
        if screen.name in names:
            return label, tuple(SCREENS[name] for name in names)
    return None


def screen_of(question: Question) -> Screen[Any]:
    """Return the screen that asks a question, be it as one of its views.

    Raises
    ------
    QuestionError
        No screen asks it.
    """
    return screen_among(SCREENS.values(), question)


__all__ = [
    "DATA",
    "FAMILIES",
    "HOME",
    "NOTEBOOKS",
    "PLACES",
    "PLAN",
    "ROOMS",
    "SCREENS",
    "Screen",
    "View",
    "family_of",
    "screen_of",
]
