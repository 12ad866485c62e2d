"""A question's controls wherever they stand: on its page, in a notebook's cell, on one side of a comparison.

Each place (:func:`ui.controls.placed`) remembers what it was set to.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from analysis import Tables
from analysis.question import Question
from ui.controls import widget_key
from ui.filters import Bar
from ui.language import _
from ui.screens.base import Panel, Screen, View
from ui.session import keep


def asked(screen: Screen[Any], tables: Tables, question: Question) -> Question:
    """Draw a filter bar of this place's own and a screen's controls, at first set to a question; return theirs.

    Parameters
    ----------
    screen : Screen
    tables : Tables
    question : Question
        Of the screen's kind, or of one of its views.
    """
    bar = Bar(screen.across, widget_key("filter"))
    start = st.session_state.get(widget_key("start")) or opened(screen, question, bar)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        where = bar.draw(tables)
    own = replace(screen, panels=tuple(panel for panel in screen.panels if not panel.look_at))
    return controls(own, tables, start.replace(where=where))


def controls(screen: Screen[Any], tables: Tables, start: Question) -> Question:
    """Draw a screen's controls, set to a question of its own kind; return what they, and its view, now ask."""
    panel, view = _chosen(screen)
    question = (panel or screen).controls(tables, start)
    st.session_state[widget_key("start")] = question
    if view:
        kept = widget_key(f"{view.kind.kind}.start")
        question = st.session_state[kept] = view.ask(tables, question, st.session_state.get(kept))
    return question


def opened(screen: Screen[Any], question: Question, bar: Bar) -> Question:
    """Set this place to a question; return what the screen's controls start from."""
    forget()
    bar.start(question.where)
    st.session_state[widget_key(f"{question.kind}.start")] = question
    st.session_state[widget_key("view.start")] = question.kind
    return next((view.base(question) for view in screen.views if isinstance(question, view.kind)), question)


def forget() -> None:
    """Forget what the widgets of this place were set to."""
    place = widget_key("")
    for key in [k for k in map(str, st.session_state) if k.startswith(place) and not k.startswith(f"{place}link")]:
        del st.session_state[key]


def panel(screen: Screen[Any]) -> Panel[Any] | None:
    """Return the panel that is chosen; None for what the screen itself draws, and for a view."""
    chosen = st.session_state.get(widget_key("view.start"))
    return next((panel for panel in screen.panels if panel.name == chosen), None)


def _chosen(screen: Screen[Any]) -> tuple[Panel[Any] | None, View[Any, Any] | None]:
    """Draw the switch between a screen's panels and views, if it has any; return the chosen one."""
    if not (screen.panels or screen.views):
        return None, None
    key, kept = widget_key("view"), widget_key("view.start")
    labels = {screen.kind.kind: screen.own or screen.label, **{panel.name: panel.label for panel in screen.panels}}
    labels |= {view.kind.kind: view.label for view in screen.views}
    keep(key, st.session_state.get(kept, screen.kind.kind))
    if st.session_state[key] not in (*labels, None):
        st.session_state[key] = screen.kind.kind
    chosen = st.segmented_control(
        _("View"), list(labels), key=key, format_func=lambda k: _(labels[k]), label_visibility="collapsed"
    )
    st.session_state[kept] = chosen or screen.kind.kind
    return panel(screen), next((view for view in screen.views if view.kind.kind == chosen), None)
