"""What does meeting a touchpoint or play of the campaign go with?"""

from __future__ import annotations

import streamlit as st

from analysis import Nodes, Tables
from analysis.vocabulary import MARKS
from ui.controls import called, choose, choose_words, event_names, sentence, several, widget_key, with_kept
from ui.language import N_, _
from ui.screens.base import Screen
from ui.session import keep

WINDOWS = {"6h": N_("6 hours"), "1d": N_("1 day"), "3d": N_("3 days"), "7d": N_("7 days"), "14d": N_("14 days")}


def controls(tables: Tables, start: Nodes) -> Nodes:
    """Draw the sentence that is the question."""
    names = with_kept([m for m in MARKS if m in tables.event_keys], *event_names(tables))
    with sentence():
        st.markdown(_("After people meet"), width="content")
        nodes = several(
            widget_key("nodes"), _("Touchpoints"), names, start.nodes, N_("Choose events"), 540, called("event")
        )
        st.markdown(_("how many more reach"), width="content")
        goal = choose(widget_key("goal"), _("Goal"), names, start.goal, called("event"), 160)
        st.markdown(_("within"), width="content")
        window = choose_words(widget_key("window"), _("Window"), WINDOWS, start.window, 130)
        keep(widget_key("phases"), start.phases)
        phases = st.toggle(_("by phase"), key=widget_key("phases"))
    return start.replace(nodes=nodes, goal=goal, window=window, phases=phases)


SCREEN = Screen(
    Nodes,
    name="nodes",
    label=N_("Touchpoints and plays"),
    icon=":material/hub:",
    controls=controls,
    waiting=N_("Setting people beside comparable others…"),
)
