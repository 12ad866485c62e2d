"""What do people do next, and how did they get here?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from analysis import Paths, Tables
from analysis.question import Question
from analysis.vocabulary import EVENTS
from ui.controls import choose, choose_words, event_names, length, several
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "paths"
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
    events = event_names(tables)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("What people did"), width="content")
        way = choose_words(f"{PAGE}.direction", _("Direction"), WAYS, start.direction, 110)
        first = _event("event", _("Event"), events, start.start, N_("their first event"), 170)
        until = _event("until", _("Up to"), events, start.until, N_("to the end"), 170, N_("up to {event}"))
        st.markdown(_("within"), width="content")
        window = length(PAGE, start.window)
        session = choose_words(f"{PAGE}.session", _("Sessions"), REACH, start.session, 160)
        more = _more(start, events)
    return start.replace(direction=way, start=first, until=until, window=window, session=session, **more)


def _more(start: Paths, events: Sequence[str]) -> dict[str, Any]:
    """Draw what most people leave as it is."""
    with st.popover(_("More"), icon=":material/tune:"):
        keep(f"{PAGE}.depth", start.depth)
        keep(f"{PAGE}.names", start.names)
        depth = st.number_input(_("Levels"), min_value=1, max_value=10, key=f"{PAGE}.depth")
        most = st.number_input(_("Events told apart per level"), min_value=1, max_value=20, key=f"{PAGE}.names")
        count = choose_words(f"{PAGE}.count", _("Count"), COUNTS, start.count, None)
        collapse = choose_words(f"{PAGE}.collapse", _("Repeats in a row"), REPEATS, start.collapse, None)
        include = several(f"{PAGE}.include", _("Only these events"), events, start.include, "All")
        exclude = several(f"{PAGE}.exclude", _("Leave these events out"), events, start.exclude, "All")
    return {
        "depth": depth, "names": most, "count": count, "collapse": collapse, "include": include, "exclude": exclude,
    }  # fmt: skip


def _event(
    name: str, label: str, events: Sequence[str], chosen: str | None, nothing: str, width: int, words: str = "{event}"
) -> str | None:
    named = choose(
        f"{PAGE}.{name}", label, ["", *events], chosen or "", lambda e: _(words, event=e) if e else _(nothing), width
    )
    return named or None


ask_and_show(PAGE, Paths, default, controls, waiting=_("Following everyone from event to event…"))
