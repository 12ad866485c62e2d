"""What is said of a cell that says something else than when somebody last looked."""

from __future__ import annotations

import streamlit as st

from analysis.notebook import Notebook, Said
from ui.controls import widget_key
from ui.language import _, shown
from ui.notebook import desk


def badge(words: str) -> str:
    """Return words as an orange badge in Markdown."""
    return f":orange-badge[:material/update: {words}]"


def mark(book: Notebook, told: Said, words: str) -> None:
    """Draw what a cell said before, and what takes note that somebody has seen the new."""
    if not told.stale:
        return
    with st.container(horizontal=True, vertical_alignment="center", key=widget_key("stale")):
        st.markdown(badge(_("changed")) + " " + shown(words), width="stretch")
        if st.button(_("Seen"), key=widget_key("seen"), type="tertiary", icon=":material/check:"):
            desk.change(book.change(told.cell.id, seen=told.seen))
            st.rerun()
