"""The glossary: every term of the pages, with its formula, where it is from and where it is found."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis.search import search
from analysis.terms import TERMS, Term
from ui import frame
from ui.language import N_, _, shown
from ui.screens import SCREENS, Screen
from ui.search import TERM, term_entries

BOX = "glossary.words"


def draw() -> None:
    """Draw the page."""
    frame.style()
    frame.title(N_("What do the words mean?"))
    if wanted := st.session_state.pop(TERM, None):
        st.session_state[BOX] = _(wanted)
    words = st.text_input(_("Search"), key=BOX, placeholder=_("ROI, retention, 私域 …"), label_visibility="collapsed")
    found = search(words, term_entries(), most=len(TERMS)) if words.strip() else None
    by_name = {term.name: term for term in TERMS}
    terms = [by_name[one.key] for one in found] if found is not None else _in_order()
    if not terms:
        st.markdown(_("Nothing is called so. Try one word of it, in English or Chinese."))
    with st.container(key="glossary-terms"):
        for term in terms:
            _draw(term)


def _in_order() -> list[Term]:
    return sorted(TERMS, key=lambda term: _(term.name).casefold())


def _draw(term: Term) -> None:
    with st.container(border=True):
        st.markdown(f"**{shown(_(term.name))}**")
        st.markdown(shown(_(term.meaning)))
        if term.formula:
            st.code(_(term.formula), language=None, wrap_lines=True)
        if term.source:
            st.caption(shown(_("Source: {source}", source=term.source)))
        with st.container(horizontal=True, gap="small"):
            for screen in _where(term):
                st.page_link(screen.page, label=_(screen.label), icon=screen.icon)


def _where(term: Term) -> list[Screen[Any]]:
    """Return the pages that a term is found on."""
    return [one for one in SCREENS.values() if any(kind.kind in term.kinds for kind in one.kinds)]
