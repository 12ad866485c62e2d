"""A page is one screen: its frame, the answer to its question, and the sentence it is asked with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from analysis import Tables
from analysis.errors import SluiceError
from analysis.question import Question
from analysis.sharing import links
from ui import address, asking, filters, frame, session
from ui.controls import placed
from ui.language import _, shown
from ui.screens import SCREENS, Screen, screen_of
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


def draw(name: str, body: Callable[[Screen[Any], Question], None] | None = None) -> None:
    """Draw the page of a screen; `body` draws the answer where that is not one answer alone, views and all."""
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
            whole = replace(screen, views=()) if body else screen
            question = asking.controls(whole, tables, start.replace(where=where))
        address.put(name, question)
        with answer, session.said_plainly():
            (body or _answer)(screen, question)
        if screen.beside:
            screen.beside(tables)


def _answer(screen: Screen[Any], question: Question) -> None:
    answer = session.ask(question, _(screen.waiting))
    panel = asking.panel(screen)
    show(answer, screen.name, panel.look_at if panel else None)
    if screen.under:
        screen.under(answer)


# ---- where the question comes from, and goes --------------------------------------------------------------


def _start(screen: Screen[Any], tables: Tables) -> Question:
    """Return what the controls start from: what was just opened, the last question, the default."""
    name = screen.name
    opened = st.session_state.pop(f"{name}.open", None) or _linked(screen, tables)
    if opened is not None:
        return asking.opened(screen, opened, filters.Bar(screen.across))
    start: Question | None = st.session_state.get(f"{name}.start")
    if start is None:
        start = screen.kind.suggested(tables)
        if not filters.chosen():
            filters.Bar().start(tables.current())
    return start


def _linked(screen: Screen[Any], tables: Tables) -> Question | None:
    """Return the question that the address asks anew, if it does."""
    text = address.asked()
    if text == "":  # back to where the page was opened
        asking.forget()
        filters.Bar().start(tables.current())
    if not text:
        return None
    try:
        question = links.decode(text)
        other = screen_of(question)
    except SluiceError as error:
        st.error(shown(error.message), icon=":material/link_off:")
        return None
    if other is not screen:  # links of earlier releases ask funnels at the first page
        frame.open_question(question)
    return question
