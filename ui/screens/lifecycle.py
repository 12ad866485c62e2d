"""How far has everyone come, and who moved on?"""

from __future__ import annotations

import streamlit as st

from analysis import Lifecycle, Tables
from ui.controls import called, currency_of, event_names, observed, one_day, sentence, several, widget_key
from ui.language import N_, _
from ui.screens.base import Screen


def controls(tables: Tables, start: Lifecycle) -> Lifecycle:
    """Draw the sentence that is the question."""
    first, last = observed(tables, "events")
    with sentence():
        st.markdown(_("How far has everyone come by"), width="content")
        at = one_day("at", _("By"), start.at, first, last)
        st.markdown(_("and who moved on since"), width="content")
        since = one_day("since", _("Since"), start.since, first, last)
        st.markdown(_("if interest is"), width="content")
        interest = several(
            widget_key("interest"),
            _("Interest"),
            event_names(tables),
            start.interest,
            N_("Choose events"),
            520,
            called("event"),
        )
        currency = currency_of(tables, start.currency)
    return start.replace(at=at, since=since, interest=interest, currency=currency)


SCREEN = Screen(
    Lifecycle,
    name="lifecycle",
    label=N_("Lifecycle"),
    icon=":material/cycle:",
    controls=controls,
    waiting=N_("Placing everyone in a stage…"),
)
