"""How are sales going?"""

from __future__ import annotations

import streamlit as st

from analysis import Sales, Tables
from analysis.results.sales.question import COLUMNS
from ui.controls import own_columns, sentence, summed
from ui.language import N_, _
from ui.screens.base import Screen


def controls(tables: Tables, start: Sales) -> Sales:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("Show what orders came to, split by"), width="content")
        return start.replace(**summed(tables, "orders", (*COLUMNS, *own_columns(tables, "orders")), start))


SCREEN = Screen(
    Sales,
    name="sales",
    label=N_("Sales"),
    icon=":material/storefront:",
    controls=controls,
    waiting=N_("Adding up the orders…"),
)
