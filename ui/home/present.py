"""Presentation mode: the page alone, larger, for a projector; it stands in the address as `present=1`."""

from __future__ import annotations

import streamlit as st

from ui.address import PRESENT
from ui.language import _

STYLE = """
<style>
[data-testid=stSidebar], [data-testid=stExpandSidebarButton], [data-testid=stHeader], .st-key-frame-line,
.st-key-page-controls,
.st-key-home-actions, .st-key-home-bring, [class*=st-key-home-keep] { display: none !important; }
[data-testid=stMainBlockContainer] { padding-top: 1rem; max-width: 110rem; }
[data-testid=stMain] h1 { font-size: 2rem; }
[data-testid=stMain] h4 { font-size: 1.5rem; line-height: 1.4; }
[data-testid=stMain] h5 { font-size: 1.3rem; }
[data-testid=stMain] p, [data-testid=stMain] [data-testid=stMetricDelta] { font-size: 1.15rem; }
[data-testid=stMain] [data-testid=stMetricValue] { font-size: 2.2rem !important; }
[data-testid=stMain] [data-testid=stMetricValue] p { font-size: inherit; }
.st-key-home-figures { grid-template-columns: repeat(auto-fill, minmax(14.5rem, 1fr)) !important; }
[data-testid=stMain] [data-testid=stCaptionContainer] p { font-size: 1.05rem; }
.st-key-home-leave { position: fixed; top: 0.75rem; right: 1rem; z-index: 999; width: auto; }
</style>
"""


def on() -> bool:
    """Say whether the page is being presented."""
    return st.query_params.get(PRESENT) == "1"


def switch() -> None:
    """Draw the button that begins a presentation, or, in one, the look of it and the button that leaves it."""
    if on():
        st.html(STYLE)
        with st.container(key="home-leave"):
            st.button(_("Leave presentation"), key="home.leave", icon=":material/close_fullscreen:", on_click=_turn,
                      args=(False,), shortcut="Escape")  # fmt: skip
        return
    with st.container(key="home-present"):
        st.button(_("Present"), key="home.present", icon=":material/slideshow:", type="tertiary", on_click=_turn,
                  args=(True,), help=_("The page alone, larger, for a projector. Escape leaves."))  # fmt: skip


def _turn(begin: bool) -> None:
    if begin:
        st.query_params[PRESENT] = "1"
    else:
        st.query_params.pop(PRESENT, None)
