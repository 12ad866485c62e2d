"""What are customers worth from now on, and how well would the last weeks have been foretold?"""

from __future__ import annotations

import streamlit as st

from analysis import LifetimeValue, Tables, ValueHoldout
from analysis.comparison.settings import CHOICES
from ui.controls import choose_words, currency_of, number, observed, one_day, sentence, widget_key
from ui.language import N_, _
from ui.screens.base import Screen, View
from ui.session import keep

MODELS = CHOICES["buying"]


def controls(tables: Tables, start: LifetimeValue) -> LifetimeValue:
    """Draw the sentence that is the question."""
    first, last = observed(tables, "orders", "events")
    with sentence():
        st.markdown(_("From customers by"), width="content")
        at = one_day("at", _("By"), start.at, first, last)
        days = start.days
        if st.session_state.get(widget_key("view.start"), LifetimeValue.kind) == LifetimeValue.kind:
            st.markdown(_("expect, within"), width="content")
            days = number(widget_key("days"), _("Days ahead"), start.days, 30, min_value=1, max_value=3650)
            st.markdown(_("days"), width="content")
        st.markdown(_(", if people"), width="content")
        model = choose_words(widget_key("model"), _("Model"), MODELS, start.model, 280)
        currency = currency_of(tables, start.currency)
    return start.replace(at=at, days=days, model=model, currency=currency)


def _held(tables: Tables, value: LifetimeValue, opened: ValueHoldout | None) -> ValueHoldout:
    """Draw how many days are held back."""
    key = widget_key("held.days")
    keep(key, opened.held if opened else None)
    with sentence("held"):
        st.markdown(_("Hold back the last"), width="content")
        held = st.number_input(_("Days held back"), key=key, min_value=1, max_value=3650, step=7, width=160,
                               label_visibility="collapsed", placeholder=_("a quarter"))  # fmt: skip
        st.markdown(_("days"), width="content")
    return ValueHoldout(held=held, at=value.at, model=value.model, where=value.where)


SCREEN = Screen(
    LifetimeValue,
    name="value",
    label=N_("Customer value"),
    icon=":material/savings:",
    controls=controls,
    waiting=N_("Learning how customers buy…"),
    own=N_("Expected value"),
    views=(
        View(ValueHoldout, N_("Foretold and found"), _held,
             lambda opened: LifetimeValue(at=opened.at, model=opened.model, where=opened.where)),
    ),
)  # fmt: skip
