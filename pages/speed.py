"""Do slow pages cost conversions?"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from analysis import PageSpeed, Tables
from analysis.question import Question
from analysis.values import seconds
from analysis.vocabulary import EVENTS
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "speed"
UNITS = {"m": N_("minutes"), "h": N_("hours"), "d": N_("days")}
BREAKDOWNS = ("device", "channel", "campaign", "audience", "creative", "variant", "page", "phase")


def default(tables: Tables) -> Question:
    """Return looking against the cart, with the events there are."""
    known = [e for e in ("view", "visit", *tables.common_events()) if e in tables.event_keys]
    goals = [e for e in ("cart", "checkout", "purchase", *known) if e in tables.event_keys and e not in known[:1]]
    asked = PageSpeed(breakdown="device" if "device" in tables.present("events") else None)
    return asked.replace(event=known[0], to=goals[0]) if known and goals else asked


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, PageSpeed)
    events = [e for e in EVENTS if e in tables.event_keys]
    events += sorted(e for e in tables.event_keys if e not in EVENTS)
    columns = ["", *(c for c in BREAKDOWNS if c in tables.present("events"))]
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("When"), width="content")
        event = _choose("event", _("Page event"), events, start.event, _, 150)
        st.markdown(_("takes more than"), width="content")
        slow = _number("slow", _("Seconds"), start.slow, 0.5)
        st.markdown(_("seconds, how many fewer go on to"), width="content")
        to = _choose("to", _("Conversion"), events, start.to, _, 150)
        st.markdown(_("within"), width="content")
        window = _window(start)
        st.markdown(_("by"), width="content")
        by = _choose("breakdown", _("Breakdown"), columns, start.breakdown or "", lambda c: _(c or "nothing"), 150)
    return start.replace(event=event, slow=slow, to=to, window=window, breakdown=by or None)


def _choose(name: str, label: str, options: list[str], chosen: str, words: Callable[[str], str], width: int) -> str:
    keep(f"{PAGE}.{name}", chosen)
    kept = st.session_state[f"{PAGE}.{name}"]
    # A link may name what this workspace lacks: it stays in place, and the answer says so.
    options = [*options, *[kept] * (kept not in options)]
    return str(
        st.selectbox(
            label,
            options,
            key=f"{PAGE}.{name}",
            format_func=words,
            label_visibility="collapsed",
            width=width,
        )
    )


def _number(name: str, label: str, chosen: Any, step: Any, **bounds: Any) -> Any:
    keep(f"{PAGE}.{name}", chosen)
    return st.number_input(label, step=step, key=f"{PAGE}.{name}", label_visibility="collapsed", width=130, **bounds)


def _window(start: PageSpeed) -> str:
    match = re.fullmatch(r"(\d+)([mhd])", start.window)
    amount, unit = (int(match[1]), match[2]) if match else (max(1, seconds(start.window) // 60), "m")
    amount = _number("amount", _("Window"), amount, 1, min_value=0, max_value=10_000)
    return f"{amount}{_choose('unit', _('Unit'), list(UNITS), unit, lambda u: _(UNITS[u]), 110)}"


ask_and_show(PAGE, PageSpeed, default, controls, waiting=_("Timing everyone's pages…"))
