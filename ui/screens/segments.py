"""How far has everyone come, and who moved on?"""

from __future__ import annotations

import datetime as dt

import streamlit as st

from analysis import Lifecycle, Tables
from analysis.values import local_day
from ui.controls import called, currency_of, event_names, sentence, several, widget_key
from ui.language import N_, _
from ui.screens.base import Screen
from ui.session import keep

FOUR_WEEKS = dt.timedelta(days=28)


def controls(tables: Tables, start: Lifecycle) -> Lifecycle:
    """Draw the sentence that is the question."""
    first, last = _observed(tables)
    with sentence():
        st.markdown(_("How far has everyone come by"), width="content")
        at = _day("at", _("By"), start.at, first, last)
        st.markdown(_("and who moved on since"), width="content")
        since = _day("since", _("Since"), start.since, first, last)
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


def _observed(tables: Tables) -> tuple[dt.date, dt.date]:
    span = tables.span("events")
    if span is None:
        today = dt.date.today()
        return today, today
    first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
    return first, last


def _day(name: str, label: str, start: str | None, first: dt.date, last: dt.date) -> dt.date | None:
    key = widget_key(name)
    keep(key, dt.date.fromisoformat(start) if start else None)
    kept = st.session_state[key]
    low, high = min(first, kept or first), max(last, kept or last)
    return st.date_input(
        label, key=key, min_value=low, max_value=high, format="YYYY-MM-DD", label_visibility="collapsed", width=150
    )


SCREEN = Screen(
    Lifecycle,
    name="segments",
    label=N_("Lifecycle"),
    icon=":material/cycle:",
    controls=controls,
    waiting=N_("Placing everyone in a stage…"),
)
