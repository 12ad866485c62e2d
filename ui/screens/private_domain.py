"""How far does the private domain carry?"""

from __future__ import annotations

import streamlit as st

from analysis import Funnel, PrivateDomain, Tables
from analysis.answer import Answer
from analysis.audience.private_domain.question import EVERY, STEPS
from analysis.comparison.settings import CHOICES
from ui import session
from ui.controls import called, choose_words, currency_of, event_names, number, sentence, several, widget_key
from ui.language import N_, _
from ui.screens.base import Screen


def controls(tables: Tables, start: PrivateDomain) -> PrivateDomain:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("What share of traffic and revenue came through"), width="content")
        channels = several(
            widget_key("channels"),
            _("Channels of the private domain"),
            list(tables.names("channel", "events")),
            start.channels,
            N_("the usual private channels"),
            260,
            called("channel"),
        )
        words = {every: CHOICES["every"][every] for every in EVERY}
        every = choose_words(widget_key("every"), _("Period"), words, start.every, 210)
        st.markdown(_("if traffic is"), width="content")
        by = several(widget_key("by"), _("Traffic"), event_names(tables), start.by, N_("visits"), 220, called("event"))
        st.markdown(_("and we aim at"), width="content")
        goal = number(widget_key("goal"), _("Share aimed at"), round(100 * start.goal), min_value=1, max_value=100)
        st.markdown("%", width="content")
        currency = currency_of(tables, start.currency)
    return start.replace(channels=channels, every=every, by=by, goal=float(goal) / 100, currency=currency)


def steps(answer: Answer) -> None:
    """Draw what opens the private domain's four steps as a funnel, where the events have them."""
    tables = session.tables()
    if tables is None or not set(STEPS) <= set(tables.event_keys):
        return
    if st.button(_("Its four steps as a funnel"), key=widget_key("steps"), icon=":material/filter_alt:"):
        where = answer.question.where if isinstance(answer.question, PrivateDomain) else None
        st.session_state["funnel.open"] = Funnel(steps=STEPS, window="30d", where=where)
        st.switch_page("pages/funnel.py")


SCREEN = Screen(
    PrivateDomain,
    name="private_domain",
    label=N_("Private domain"),
    icon=":material/lock_person:",
    controls=controls,
    waiting=N_("Adding up the private domain…"),
    under=steps,
)
