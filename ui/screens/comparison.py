"""What differs between two questions?"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import streamlit as st

from analysis import Comparison, Tables
from analysis.question import Question
from ui import asking
from ui.controls import choose_words, placed, widget_key
from ui.language import N_, _
from ui.screens import (
    attribution,
    budget,
    clusters,
    funnel,
    growth,
    intent,
    lifecycle,
    nodes,
    participation,
    paths,
    payback,
    performance,
    private_domain,
    reallocation,
    retention,
    rfm,
    sales,
    saved_segments,
    speed,
    states,
    value,
)
from ui.screens.base import Screen, screen_among

_MODULES = (
    funnel, paths, speed, retention, participation, nodes, attribution, lifecycle, states, growth, rfm, value, intent,
    clusters, private_domain, saved_segments, sales, performance, payback, budget, reallocation,
)  # fmt: skip
SIDES = MappingProxyType({module.SCREEN.name: module.SCREEN for module in _MODULES})
"""What can be compared: each side is asked as on its own page."""


def controls(tables: Tables, start: Comparison) -> Comparison:
    """Draw both sides' own filters and controls beside each other."""
    found = {}
    for column, side, words in zip(st.columns(2, gap="large"), ("left", "right"), (_("Left"), _("Right")), strict=True):
        own = getattr(start, side)
        label = _(screen_among(SIDES.values(), own).label)
        with column, st.expander(f"**{words}** · {label}", icon=":material/tune:", key=widget_key(f"{side}.side")):
            found[side] = _side(tables, side, words, own)
    return start.replace(**found)


def _side(tables: Tables, side: str, words: str, start: Question) -> Question:
    """Draw one side: which question it asks, its filter and its controls; each question remembers its own."""
    own = screen_among(SIDES.values(), start)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{words}**", width="content")
        labels = {name: screen.label for name, screen in SIDES.items()}
        screen: Screen[Any] = SIDES[choose_words(widget_key(f"{side}.kind"), words, labels, own.name, 200)]
    if lacking := screen.kind.lacks(tables):
        raise lacking[0]
    asked = start if screen is own else screen.kind.suggested(tables).replace(where=start.where)
    with placed(widget_key(f"{side}.{screen.name}")):
        return asking.asked(screen, tables, asked)


SCREEN = Screen(
    Comparison,
    name="comparison",
    label=N_("Compare"),
    icon=":material/compare_arrows:",
    controls=controls,
    waiting=N_("Asking both questions…"),
)
