"""Who takes part in campaign after campaign?"""

from __future__ import annotations

import streamlit as st

from analysis import Participation, Tables
from ui.controls import called, choose_words, event_names, number, sentence, several, widget_key
from ui.language import N_, _
from ui.screens.base import Screen

WHOM = {"loyal": N_("loyal users"), "all": N_("everyone")}


def controls(tables: Tables, start: Participation) -> Participation:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("Of"), width="content")
        paid_orders = _loyalty(start)
        st.markdown(_("who took part in which campaign, with"), width="content")
        by = several(
            widget_key("by"), _("Taking part"), event_names(tables), start.by, N_("anything"), 320, called("event")
        )
    return start.replace(paid_orders=paid_orders, by=by)


def _loyalty(start: Participation) -> int:
    whom = choose_words(widget_key("whom"), _("Whom"), WHOM, "loyal" if start.paid_orders else "all", 160)
    if whom == "all":
        return 0
    st.markdown(_("(at least"), width="content")
    orders = number(widget_key("orders"), _("Paid orders"), start.paid_orders or 2, min_value=1, max_value=1000)
    st.markdown(_("orders paid before the first campaign),"), width="content")
    return int(orders)


SCREEN = Screen(
    Participation,
    name="participation",
    label=N_("Participation"),
    icon=":material/campaign:",
    controls=controls,
    waiting=N_("Following everyone from campaign to campaign…"),
)
