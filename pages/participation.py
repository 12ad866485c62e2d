"""Who takes part in campaign after campaign?"""

from __future__ import annotations

import streamlit as st

from analysis import Participation, Tables
from analysis.question import Question
from analysis.vocabulary import EVENTS
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "participation"
WHOM = {"loyal": N_("loyal users"), "all": N_("everyone")}


def default(tables: Tables) -> Question:
    """Return what became of the loyal users, where orders tell who they were before the first campaign."""
    tables.require("events", "campaign")
    first = tables.span("events")
    orders = tables.span("orders") if {"user_id", "paid_at"} <= set(tables.present("orders")) else None
    return Participation(paid_orders=2 if orders and first and orders[0] < first[0] else 0)


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, Participation)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("Of"), width="content")
        paid_orders = _loyalty(start)
        st.markdown(_("who took part in which campaign, with"), width="content")
        by = _by(tables, start)
    return start.replace(paid_orders=paid_orders, by=by)


def _loyalty(start: Participation) -> int:
    keep(f"{PAGE}.whom", "loyal" if start.paid_orders else "all")
    whom = st.selectbox(
        _("Whom"),
        list(WHOM),
        key=f"{PAGE}.whom",
        format_func=lambda w: _(WHOM[w]),
        label_visibility="collapsed",
        width=160,
    )
    if whom == "all":
        return 0
    st.markdown(_("(at least"), width="content")
    keep(f"{PAGE}.orders", start.paid_orders or 2)
    orders = st.number_input(
        _("Paid orders"),
        min_value=1,
        max_value=1000,
        step=1,
        key=f"{PAGE}.orders",
        label_visibility="collapsed",
        width=120,
    )
    st.markdown(_("orders paid before the first campaign),"), width="content")
    return int(orders)


def _by(tables: Tables, start: Participation) -> list[str]:
    known = [e for e in EVENTS if e in tables.event_keys]
    known += sorted(e for e in tables.event_keys if e not in EVENTS)
    keep(f"{PAGE}.by", list(start.by))
    options = list(dict.fromkeys([*known, *st.session_state[f"{PAGE}.by"]]))
    return list(
        st.multiselect(
            _("Taking part"),
            options,
            key=f"{PAGE}.by",
            format_func=_,
            placeholder=_("anything"),
            label_visibility="collapsed",
            width=320,
        )
    )


ask_and_show(
    PAGE, Participation, default, controls, waiting=_("Following everyone from campaign to campaign…"), across=True
)
