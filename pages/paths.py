"""What do people do next, and how did they get here?"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from analysis import Paths, Tables
from analysis.question import Question
from analysis.values import seconds
from analysis.vocabulary import EVENTS
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "paths"
UNITS = {"m": N_("minutes"), "h": N_("hours"), "d": N_("days")}
WAYS = {"after": N_("after"), "before": N_("before")}
COUNTS = {"users": N_("unique users"), "occurrences": N_("total events")}
REACH = {False: N_("across sessions"), True: N_("in one session")}
REPEATS = {True: N_("counted once"), False: N_("counted each time")}


def default(tables: Tables) -> Question:
    """Return what happens after a visit, in one session where sessions are known."""
    known = [e for e in (*EVENTS, *tables.common_events()) if e in tables.event_keys]
    return Paths(start=known[0] if known else None, session="session_id" in tables.present("events"))


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, Paths)
    events = [e for e in EVENTS if e in tables.event_keys]
    events += sorted(e for e in tables.event_keys if e not in EVENTS)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("What people did"), width="content")
        way = _choose("direction", _("Direction"), list(WAYS), start.direction, lambda w: _(WAYS[w]), 110)
        first = _event("event", _("Event"), events, start.start, N_("their first event"), 170)
        without = _event(
            "without", _("Without"), events, start.without, N_("with any outcome"), 190, N_("but not {event}")
        )
        until = _event("until", _("Up to"), events, start.until, N_("to the end"), 170, N_("up to {event}"))
        st.markdown(_("within"), width="content")
        window = _window(start)
        session = _choose("session", _("Sessions"), list(REACH), start.session, lambda r: _(REACH[r]), 160)
        more = _more(start, events)
    return start.replace(
        direction=way, start=first, without=without, until=until, window=window, session=session, **more
    )


def _more(start: Paths, events: Sequence[str]) -> dict[str, Any]:
    """Draw what most people leave as it is."""
    with st.popover(_("More"), icon=":material/tune:"):
        keep(f"{PAGE}.depth", start.depth)
        keep(f"{PAGE}.names", start.names)
        depth = st.number_input(_("Levels"), min_value=1, max_value=10, key=f"{PAGE}.depth")
        most = st.number_input(_("Events told apart per level"), min_value=1, max_value=20, key=f"{PAGE}.names")
        count = _choose("count", _("Count"), list(COUNTS), start.count, lambda c: _(COUNTS[c]), None)
        collapse = _choose(
            "collapse", _("Repeats in a row"), list(REPEATS), start.collapse, lambda r: _(REPEATS[r]), None
        )
        include = _several("include", _("Only these events"), events, start.include)
        exclude = _several("exclude", _("Leave these events out"), events, start.exclude)
    return {
        "depth": depth, "names": most, "count": count, "collapse": collapse, "include": include, "exclude": exclude,
    }  # fmt: skip


def _choose(
    name: str, label: str, options: list[Any], chosen: Any, words: Callable[[Any], str], width: int | None
) -> Any:
    keep(f"{PAGE}.{name}", chosen)
    return st.selectbox(
        label,
        options,
        key=f"{PAGE}.{name}",
        format_func=words,
        label_visibility="collapsed" if width else "visible",
        width=width or "stretch",
    )


def _event(
    name: str, label: str, events: Sequence[str], chosen: str | None, nothing: str, width: int, words: str = "{event}"
) -> str | None:
    options = ["", *events]
    kept = st.session_state.get(f"{PAGE}.{name}", chosen or "")
    # A link may name an event this workspace lacks: it stays in place, and the answer says so.
    options += [kept] * (kept not in options)
    return _choose(name, label, options, chosen or "", lambda e: _(words, event=e) if e else _(nothing), width) or None


def _several(name: str, label: str, events: Sequence[str], chosen: Sequence[str]) -> list[str]:
    keep(f"{PAGE}.{name}", list(chosen))
    options = list(dict.fromkeys([*events, *st.session_state[f"{PAGE}.{name}"]]))
    return list(st.multiselect(label, options, key=f"{PAGE}.{name}", format_func=_, placeholder=_("All")))


def _window(start: Paths) -> str:
    match = re.fullmatch(r"(\d+)([mhd])", start.window)
    amount, unit = (int(match[1]), match[2]) if match else (max(1, seconds(start.window) // 60), "m")
    keep(f"{PAGE}.amount", amount)
    amount = st.number_input(
        _("Window"),
        min_value=0,
        max_value=10_000,
        step=1,
        key=f"{PAGE}.amount",
        label_visibility="collapsed",
        width=130,
    )
    return f"{amount}{_choose('unit', _('Unit'), list(UNITS), unit, lambda u: _(UNITS[u]), 110)}"


ask_and_show(PAGE, Paths, default, controls, waiting=_("Following everyone from event to event…"))
