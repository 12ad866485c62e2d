"""Are there different sorts of users?"""

from __future__ import annotations

import streamlit as st

from analysis import Clusters, Tables
from ui.controls import number, observed, one_day, sentence, widget_key
from ui.language import N_, _
from ui.screens.base import Screen


def controls(tables: Tables, start: Clusters) -> Clusters:
    """Draw the sentence that is the question."""
    first, last = observed(tables, "events")
    with sentence():
        st.markdown(_("Which sorts of users were seen by"), width="content")
        at = one_day("at", _("By"), start.at, first, last)
        st.markdown(_("by what they did in the last"), width="content")
        back = number(widget_key("lookback"), _("Days looked back"), start.lookback, min_value=1, max_value=1000)
        st.markdown(_("days, drawn with seed"), width="content")
        seed = number(widget_key("seed"), _("Random seed"), start.seed, min_value=0, max_value=2**31)
    return start.replace(at=at, lookback=int(back), seed=int(seed))


SCREEN = Screen(
    Clusters,
    name="clusters",
    label=N_("Clusters"),
    icon=":material/scatter_plot:",
    controls=controls,
    waiting=N_("Looking for sorts of people…"),
)
