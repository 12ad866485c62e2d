"""What does meeting a touchpoint or play of the campaign go with?"""

from __future__ import annotations

import streamlit as st

from analysis import Nodes, Tables
from analysis.errors import DataError
from analysis.messages import Name, say
from analysis.question import Question
from analysis.vocabulary import NODES
from ui.controls import choose, choose_words, event_names, several, with_kept
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "nodes"
WINDOWS = {"6h": N_("6 hours"), "1d": N_("1 day"), "3d": N_("3 days"), "7d": N_("7 days"), "14d": N_("14 days")}
# Events that mark a touchpoint or play of the plan, the most telling first.
MARKS = (*NODES, "share", "invite", "join_private")


def default(tables: Tables) -> Question:
    """Return the plan's touchpoints where events mark them, else the closest there are."""
    tables.require("events")
    names = tables.common_events()
    goal = "purchase" if "purchase" in names else names[-1]
    found = [m for m in NODES if m in names] or [m for m in MARKS if m in names] or [n for n in names if n != goal][:3]
    if not found:
        raise DataError.empty(say("Touchpoints need events beside {goal}; there are none.", goal=Name(goal, "event")))
    return Nodes(nodes=found, goal=goal)


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, Nodes)
    names = with_kept([m for m in MARKS if m in tables.event_keys], *event_names(tables))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("After people meet"), width="content")
        nodes = several(f"{PAGE}.nodes", _("Touchpoints"), names, start.nodes, N_("Choose events"), 540)
        st.markdown(_("how many more reach"), width="content")
        goal = choose(f"{PAGE}.goal", _("Goal"), names, start.goal, width=160)
        st.markdown(_("within"), width="content")
        window = choose_words(f"{PAGE}.window", _("Window"), WINDOWS, start.window, 130)
        keep(f"{PAGE}.phases", start.phases)
        phases = st.toggle(_("by phase"), key=f"{PAGE}.phases")
    return start.replace(nodes=nodes, goal=goal, window=window, phases=phases)


ask_and_show(PAGE, Nodes, default, controls, waiting=_("Setting people beside comparable others…"))
