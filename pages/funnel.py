"""Where do people drop off?"""

from __future__ import annotations

import re

import streamlit as st

from analysis import Funnel, Tables
from analysis.errors import DataError
from analysis.messages import Message, Names, say
from analysis.question import Question
from analysis.values import seconds
from analysis.vocabulary import EVENTS
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "funnel"
UNITS = {"m": N_("minutes"), "h": N_("hours"), "d": N_("days")}
BREAKDOWNS = (
    N_("channel"),
    N_("device"),
    N_("campaign"),
    N_("audience"),
    N_("creative"),
    N_("variant"),
    N_("page"),
)
ENTRIES = {"every": N_("any entry counts"), "first": N_("only the first entry counts")}
MOST_STEPS = 8


def default(tables: Tables) -> Question:
    """Return the shop's usual way from looking to buying, with the events there are."""
    known = [e for e in ("view", "cart", "checkout", "purchase") if e in tables.event_keys]
    known = known if len(known) > 1 else [e for e in (*EVENTS, *tables.common_events()) if e in tables.event_keys]
    if len(dict.fromkeys(known)) < 2:
        tables.require("events")
        raise DataError.empty(_few(tables))
    return Funnel(steps=list(dict.fromkeys(known))[:4], window="7d")


def _few(tables: Tables) -> Message:
    return say("A funnel needs two different events; there is only {events}.", events=Names(tuple(tables.event_keys)))


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, Funnel)
    keep(f"{PAGE}.count", len(start.steps))
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("Of people who"), width="content")
        steps = [_step(tables, start, i) for i in range(st.session_state[f"{PAGE}.count"])]
        _add_and_remove()
        st.markdown(_("within"), width="content")
        window = _window(start)
        st.markdown(_("by"), width="content")
        breakdown = _breakdown(tables, start)
        keep(f"{PAGE}.entry", start.entry)
        entry = st.selectbox(
            _("Entry"),
            list(ENTRIES),
            key=f"{PAGE}.entry",
            format_func=lambda e: _(ENTRIES[e]),
            label_visibility="collapsed",
            width=230,
        )
    return start.replace(steps=steps, window=window, breakdown=breakdown, entry=entry)


def _step(tables: Tables, start: Funnel, i: int) -> str:
    names = [e for e in EVENTS if e in tables.event_keys]
    names += sorted(e for e in tables.event_keys if e not in EVENTS)
    used = [*start.steps[: i + 1]]
    wanted = start.steps[i] if i < len(start.steps) else next((n for n in names if n not in used), names[-1])
    keep(f"{PAGE}.step.{i}", wanted)
    # A link may name an event this workspace lacks: it stays in place, and the answer says so.
    options = names if st.session_state[f"{PAGE}.step.{i}"] in names else [*names, st.session_state[f"{PAGE}.step.{i}"]]
    if i:
        st.markdown(_("then"), width="content")
    return str(
        st.selectbox(
            _("Step {n}", n=i + 1),
            options,
            key=f"{PAGE}.step.{i}",
            format_func=_,
            label_visibility="collapsed",
            width=150,
        )
    )


def _add_and_remove() -> None:
    count = st.session_state[f"{PAGE}.count"]
    if count < MOST_STEPS:
        st.button("", key=f"{PAGE}.add", icon=":material/add:", help=_("Add a step"), on_click=_resize, args=(1,))
    if count > 2:
        st.button(
            "",
            key=f"{PAGE}.remove",
            icon=":material/remove:",
            help=_("Remove the last step"),
            on_click=_resize,
            args=(-1,),
        )


def _resize(by: int) -> None:
    count = st.session_state[f"{PAGE}.count"]
    if by < 0:
        st.session_state.pop(f"{PAGE}.step.{count - 1}", None)
    st.session_state[f"{PAGE}.count"] = count + by


def _window(start: Funnel) -> str:
    match = re.fullmatch(r"(\d+)([mhd])", start.window)
    amount, unit = (int(match[1]), match[2]) if match else (max(1, seconds(start.window) // 60), "m")
    keep(f"{PAGE}.amount", amount)
    keep(f"{PAGE}.unit", unit)
    amount = st.number_input(
        _("Window"),
        min_value=0,
        max_value=10_000,
        step=1,
        key=f"{PAGE}.amount",
        label_visibility="collapsed",
        width=130,
    )
    unit = st.selectbox(
        _("Unit"),
        list(UNITS),
        key=f"{PAGE}.unit",
        format_func=lambda u: _(UNITS[u]),
        label_visibility="collapsed",
        width=110,
    )
    return f"{amount}{unit}"


def _breakdown(tables: Tables, start: Funnel) -> str | None:
    options = ["", *(c for c in BREAKDOWNS if c in tables.present("events"))]
    keep(f"{PAGE}.breakdown", start.breakdown or "")
    if st.session_state[f"{PAGE}.breakdown"] not in options:
        options.append(st.session_state[f"{PAGE}.breakdown"])
    chosen = st.selectbox(
        _("Breakdown"),
        options,
        key=f"{PAGE}.breakdown",
        label_visibility="collapsed",
        width=150,
        format_func=lambda c: _(c or "nothing"),
    )
    return chosen or None


ask_and_show(PAGE, Funnel, default, controls, waiting=_("Walking through everyone's events…"))
