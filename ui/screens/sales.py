"""How are sales going?"""

from __future__ import annotations

import streamlit as st

from analysis import Sales, Tables
from analysis.results.sales.question import COLUMNS
from ui.controls import choose, choose_words, currency_of, sentence, widget_key
from ui.language import N_, _
from ui.screens.base import Screen

PERIODS = {"": N_("all at once"), "day": N_("day by day"), "week": N_("week by week"), "month": N_("month by month")}


def default(_tables: Tables) -> Sales:
    """Return what orders came to, day by day."""
    return Sales()


def controls(tables: Tables, start: Sales) -> Sales:
    """Draw the sentence that is the question."""
    held = tables.texts("orders")
    with sentence():
        st.markdown(_("Show what orders came to, split by"), width="content")
        columns = ["", *(c for c in COLUMNS if c in held)]
        by = choose(widget_key("by"), _("Breakdown"), columns, start.by or "", lambda c: _(c or "nothing"))
        every = choose_words(widget_key("every"), _("Period"), PERIODS, start.every or "", 160)
        currency = currency_of(tables, start.currency)
    return start.replace(by=by or None, every=every or None, currency=currency)


SCREEN = Screen(
    Sales,
    name="sales",
    label=N_("Sales"),
    title=N_("How are sales going?"),
    icon=":material/storefront:",
    default=default,
    controls=controls,
    waiting=N_("Adding up the orders…"),
)
