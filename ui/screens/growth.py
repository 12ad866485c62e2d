"""Is the audience growing, and from whom?"""

from __future__ import annotations

import streamlit as st

from analysis import Growth, Tables
from analysis.audience.days import EVERY
from analysis.comparison.settings import CHOICES
from ui.controls import called, choose_words, event_names, sentence, several, widget_key
from ui.language import N_, _
from ui.screens.base import Screen


def controls(tables: Tables, start: Growth) -> Growth:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("Who is new, stays, comes back or falls away,"), width="content")
        words = {every: CHOICES["every"][every] for every in EVERY}
        every = choose_words(widget_key("every"), _("Period"), words, start.every, 150)
        st.markdown(_("if being active is"), width="content")
        by = several(
            widget_key("by"),
            _("Being active"),
            event_names(tables),
            start.by,
            N_("anything"),
            320,
            called("event"),
        )
    return start.replace(every=every, by=by)


SCREEN = Screen(
    Growth,
    name="growth",
    label=N_("Growth"),
    icon=":material/trending_up:",
    controls=controls,
    waiting=N_("Counting who comes and goes…"),
)
