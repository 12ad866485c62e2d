"""What does advertising bring?"""

from __future__ import annotations

import streamlit as st

from analysis import Performance, Tables
from analysis.results.performance.question import COLUMNS
from ui.controls import sentence, summed
from ui.language import N_, _
from ui.screens.base import Screen


def controls(tables: Tables, start: Performance) -> Performance:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("Show what the money bought, split by"), width="content")
        return start.replace(**summed(tables, "spend", COLUMNS, start))


SCREEN = Screen(
    Performance,
    name="performance",
    label=N_("Performance"),
    icon=":material/ads_click:",
    controls=controls,
    waiting=N_("Adding up the spend…"),
)
