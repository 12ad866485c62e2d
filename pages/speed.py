"""Do slow pages cost conversions?"""

from __future__ import annotations

import streamlit as st

from analysis import PageSpeed, Tables
from analysis.question import Question
from ui.controls import choose, event_names, length, number, text_columns
from ui.language import _
from ui.page import ask_and_show

PAGE = "speed"


def default(tables: Tables) -> Question:
    """Return looking against the cart, with the events there are."""
    known = [e for e in ("view", "visit", *tables.common_events()) if e in tables.event_keys]
    goals = [e for e in ("cart", "checkout", "purchase", *known) if e in tables.event_keys and e not in known[:1]]
    asked = PageSpeed(breakdown="device" if "device" in tables.present("events") else None)
    return asked.replace(event=known[0], to=goals[0]) if known and goals else asked


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, PageSpeed)
    events = event_names(tables)
    columns = ["", *text_columns(tables)]
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("When"), width="content")
        event = choose(f"{PAGE}.event", _("Page event"), events, start.event)
        st.markdown(_("takes more than"), width="content")
        slow = number(f"{PAGE}.slow", _("Seconds"), start.slow, 0.5)
        st.markdown(_("seconds, how many fewer go on to"), width="content")
        to = choose(f"{PAGE}.to", _("Conversion"), events, start.to)
        st.markdown(_("within"), width="content")
        window = length(PAGE, start.window)
        st.markdown(_("by"), width="content")
        by = choose(f"{PAGE}.breakdown", _("Breakdown"), columns, start.breakdown or "", lambda c: _(c or "nothing"))
    return start.replace(event=event, slow=slow, to=to, window=window, breakdown=by or None)


ask_and_show(PAGE, PageSpeed, default, controls, waiting=_("Timing everyone's pages…"))
