"""What does advertising bring?"""

from __future__ import annotations

import streamlit as st

from analysis import Performance, Tables
from analysis.results.performance.question import COLUMNS
from ui.controls import choose, choose_words, currency_of, sentence, widget_key
from ui.language import N_, _
from ui.screens.base import Screen
from ui.screens.sales import PERIODS


def default(_tables: Tables) -> Performance:
    """Return what each channel brings for its money, over all of the time."""
    return Performance(every=None)


def controls(tables: Tables, start: Performance) -> Performance:
    """Draw the sentence that is the question."""
    held = tables.texts("spend")
    with sentence():
        st.markdown(_("Show what the money bought, split by"), width="content")
        columns = ["", *(c for c in COLUMNS if c in held)]
        by = choose(widget_key("by"), _("Breakdown"), columns, start.by or "", lambda c: _(c or "nothing"))
        every = choose_words(widget_key("every"), _("Period"), PERIODS, start.every or "", 160)
        currency = currency_of(tables, start.currency)
    return start.replace(by=by or None, every=every or None, currency=currency)


SCREEN = Screen(
    Performance,
    name="performance",
    label=N_("Performance"),
    title=N_("What does advertising bring?"),
    icon=":material/ads_click:",
    default=default,
    controls=controls,
    waiting=N_("Adding up the spend…"),
)
