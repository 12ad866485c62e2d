"""The page of notebooks: all of them, or the one on the desk with its cells."""

from __future__ import annotations

import streamlit as st

from analysis.messages import N_
from ui import frame, session, workspaces
from ui.language import _, shown
from ui.notebook import adding, around, cells, desk

TITLE = N_("Notebooks")
PARAMETER = "notebook"
"""In the address: which notebook lies on the desk."""


def draw() -> None:
    """Draw the page."""
    frame.style()
    with st.container(key="page"), session.said_plainly():
        tables = frame.tables(TITLE)
        desk.follow()
        _arrive()
        laid = desk.current()
        _stay(laid)
        with st.container(horizontal=True, vertical_alignment="center", key="frame-line", gap="small"):
            workspaces.switch()
            if laid:
                around.line(laid)
        st.title(shown(laid.book.title) if laid else _(TITLE), anchor=False)
        _words()
        if laid is None:
            around.shelf(tables)
        elif laid.meant:
            around.conflict(laid)
        else:
            around.changed(laid, tables)
            for place, cell in enumerate(laid.book.cells):
                cells.draw(cell.id, place)
                if st.session_state.get(adding.BELOW) == cell.id:
                    adding.question(tables)
            if st.session_state.get(adding.BELOW) == "" or not laid.book.cells:
                adding.question(tables)
            around.end()


def _arrive() -> None:
    """Take up the notebook that the address names, where nothing lies on the desk yet."""
    named = st.query_params.get(PARAMETER, "")
    if desk.DESK not in st.session_state and named.isdigit():
        desk.lay(desk.newest(int(named)))


def _stay(laid: desk.Desk | None) -> None:
    named = str(laid.kept.id) if laid else None
    if named != st.query_params.get(PARAMETER):
        if named:
            st.query_params[PARAMETER] = named
        else:
            st.query_params.pop(PARAMETER, None)


def _words() -> None:
    """Say, once, what happened."""
    if said := st.session_state.pop(desk.WORD, None):
        st.info(shown(said), icon=":material/info:")
    if refused := st.session_state.pop(desk.REFUSED, None):
        st.error(session.worded(refused), icon=":material/error:")
