"""How a question is worked out, under its answer: the page of the manual, in the reader's language."""

from __future__ import annotations

import streamlit as st

from analysis.guides import SECTIONS, Part, guide
from ui.language import _, current
from ui.notebook.texts import safe


def under(kind: str, page: str) -> None:
    """Draw the manual's page about a kind of question behind a fold, and only once somebody opens it."""
    found = guide(kind, current())
    if found is None:
        return
    fold = st.expander(_("Method, formula and pitfalls"), key=f"{page}.guide", on_change="rerun")
    if not fold.open:
        return
    with fold:
        for name, parts in found.sections.items():
            st.markdown(f"**{_(SECTIONS[name])}**")
            for part in parts:
                _draw(part)


def _draw(part: Part) -> None:
    if part.code:
        st.code(part.text, language=part.code if part.code == "python" else None, wrap_lines=True)
    else:
        st.markdown(safe(part.text))
