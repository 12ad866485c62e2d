"""A page is one screen: its frame, the answer to its question, and the sentence it is asked with."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from analysis import Tables
from analysis.errors import QuestionError, SluiceError
from analysis.question import Question
from analysis.sharing import links
from ui import address, filters, frame, session
from ui.controls import placed
from ui.language import _, shown
from ui.screens import SCREENS, Screen, View
from ui.show import show

DOOR = "came through the door"


def through_the_door() -> None:
    """Run the app where Streamlit ran a page alone.

    With a `pages/` folder it does so when a server's first visitors follow a link straight to a page, before
    `st.navigation` was ever called.
    """
    if not st.session_state.pop(DOOR, False):
        PagesManager.uses_pages_directory = False
        st.rerun()


def draw(name: str) -> None:
    """Draw the page of a screen."""
    through_the_door()
    screen = SCREENS[name]
    frame.style()
    with st.container(key="page"), placed(name), session.said_plainly():
        tables = frame.tables(screen.title)
        head, sentence, answer = st.container(), st.container(key="page-controls"), st.container(key="page-answer")
        with head:
            if lacking := screen.kind.lacks(tables):
                frame.head(screen, tables)
                frame.lacking(tables, lacking)
                return
            start = _start(screen, tables)
            where = frame.head(screen, tables)
        with sentence:
            question = asked(screen, tables, start.replace(where=where))
        address.put(name, question)
        with answer:
            _answer(screen, question)


def asked(screen: Screen[Any], tables: Tables, start: Question) -> Question:
    """Draw a screen's controls, set to a question of its own kind; return what they, and its view, now ask."""
    view = _chosen(screen)
    question = screen.controls(tables, start)
    st.session_state[f"{screen.name}.start"] = question
    if view:
        kept = f"{screen.name}.{view.kind.kind}.start"
        question = st.session_state[kept] = view.ask(tables, question, st.session_state.get(kept))
    return question


def _answer(screen: Screen[Any], question: Question) -> None:
    with st.spinner(_(screen.waiting)):
        answer = session.ask(question)
    show(answer, screen.name)
    if screen.under:
        screen.under(answer)


def _chosen(screen: Screen[Any]) -> View[Any, Any] | None:
    """Draw the switch between a screen's views, if it has any; return the one chosen, None for its own."""
    if not screen.views:
        return None
    key, kept = f"{screen.name}.view", f"{screen.name}.view.start"
    labels = {screen.kind.kind: screen.label, **{view.kind.kind: view.label for view in screen.views}}
    session.keep(key, st.session_state.get(kept, screen.kind.kind))
    chosen = st.segmented_control(
        _("View"), list(labels), key=key, format_func=lambda k: _(labels[k]), label_visibility="collapsed"
    )
    st.session_state[kept] = chosen or screen.kind.kind
    return next((view for view in screen.views if view.kind.kind == chosen), None)


# ---- where the question comes from, and goes --------------------------------------------------------------


def _start(screen: Screen[Any], tables: Tables) -> Question:
    """Return what the controls start from: what was just opened, the last question, the default."""
    name = screen.name
    opened = st.session_state.pop(f"{name}.open", None) or _linked(screen, tables)
    if opened is not None:
        _forget_widgets(name)
        filters.start(opened.where, screen.across)
        st.session_state[f"{name}.{opened.kind}.start"] = opened
        st.session_state[f"{name}.view.start"] = opened.kind
        return next((view.base(opened) for view in screen.views if isinstance(opened, view.kind)), opened)
    start: Question | None = st.session_state.get(f"{name}.start")
    if start is None:
        start = screen.default(tables)
        if "filter.campaign" not in st.session_state:
            filters.start(filters.default(tables))
    return start


def _linked(screen: Screen[Any], tables: Tables) -> Question | None:
    """Return the question that the address asks anew, if it does."""
    name = screen.name
    text = address.asked()
    if text == "":  # back to where the page was opened
        _forget_widgets(name)
        filters.start(filters.default(tables))
    if not text:
        return None
    try:
        question = links.decode(text)
        if not isinstance(question, screen.kinds):
            raise QuestionError.unknown_kind(question.kind, [kind.kind for kind in screen.kinds])
    except SluiceError as error:
        st.error(shown(error.message), icon=":material/link_off:")
        return None
    return question


def _forget_widgets(name: str) -> None:
    for key in [k for k in map(str, st.session_state) if k.startswith(f"{name}.") and f"{name}.link" not in k]:
        del st.session_state[key]
