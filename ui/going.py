"""Going to a page by its name, and to one of its views."""

from __future__ import annotations

import streamlit as st

from ui.screens import SCREENS


def go(name: str, kind: str = "") -> None:
    """Go to a page; of a screen with several questions, to the one of a kind."""
    if kind and name in SCREENS and SCREENS[name].views:
        st.session_state[f"{name}.view"] = st.session_state[f"{name}.view.start"] = kind
    st.switch_page(f"pages/{name}.py")
