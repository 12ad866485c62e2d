"""When has a new customer paid back what they cost?"""

from __future__ import annotations

import streamlit as st

from analysis import Payback, Tables
from analysis.comparison.settings import CHOICES
from ui.controls import choose_words, currency_of, sentence, widget_key
from ui.language import N_, _
from ui.screens.base import Screen
from ui.session import keep

EVERY = CHOICES["cohorts"]
BY = {"": N_("all together"), "channel": N_("channel by channel")}


def controls(tables: Tables, start: Payback) -> Payback:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("Set spend beside the margin of those who first bought in the same"), width="content")
        every = choose_words(widget_key("every"), _("Period"), EVERY, start.every, 110)
        st.markdown(_(","), width="content")
        by = choose_words(widget_key("by"), _("Breakdown"), BY, start.by or "", 190)
        st.markdown(_(", for"), width="content")
        weeks = _number("weeks", _("Weeks"), start.weeks, 1, _("as long as most"), 1, 104)
        st.markdown(_("weeks, at a margin of"), width="content")
        percent = round(100 * start.margin) if start.margin else None
        margin = _number("margin", _("Margin, percent"), percent, 5, _("the campaign's"), 1, 100)
        st.markdown(_("percent"), width="content")
        currency = currency_of(tables, start.currency)
    kept = start.margin if margin == percent else margin / 100 if margin else None
    return start.replace(every=every, by=by or None, weeks=weeks, margin=kept, currency=currency)


def _number(name: str, label: str, first: int | None, step: int, empty: str, least: int, most: int) -> int | None:
    """Draw a whole number that may be left empty."""
    key = widget_key(name)
    keep(key, first)
    found = st.number_input(label, key=key, min_value=least, max_value=most, step=step, placeholder=empty, width=210,
                            label_visibility="collapsed")  # fmt: skip
    return int(found) if found else None


SCREEN = Screen(
    Payback,
    name="payback",
    label=N_("Payback"),
    icon=":material/currency_exchange:",
    controls=controls,
    waiting=N_("Setting spend beside what customers brought…"),
)
