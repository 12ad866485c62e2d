"""Do slow pages cost conversions?"""

from __future__ import annotations

import streamlit as st

from analysis import PageSpeed, Tables
from ui.controls import called, choose, event_names, length, number, sentence, text_columns, widget_key
from ui.language import N_, _
from ui.screens.base import Screen


def controls(tables: Tables, start: PageSpeed) -> PageSpeed:
    """Draw the sentence that is the question."""
    events = event_names(tables)
    columns = ["", *text_columns(tables)]
    with sentence():
        st.markdown(_("When"), width="content")
        event = choose(widget_key("event"), _("Page event"), events, start.event, called("event"))
        st.markdown(_("takes more than"), width="content")
        slow = number(widget_key("slow"), _("Seconds"), start.slow, 0.5)
        st.markdown(_("seconds, how many fewer go on to"), width="content")
        to = choose(widget_key("to"), _("Conversion"), events, start.to, called("event"))
        st.markdown(_("within"), width="content")
        window = length(start.window)
        st.markdown(_(", by"), width="content")
        by = choose(
            widget_key("breakdown"), _("Breakdown"), columns, start.breakdown or "", lambda c: _(c or "nothing")
        )
    return start.replace(event=event, slow=slow, to=to, window=window, breakdown=by or None)


SCREEN = Screen(
    PageSpeed,
    name="speed",
    label=N_("Page speed"),
    icon=":material/speed:",
    controls=controls,
    waiting=N_("Timing everyone's pages…"),
)
