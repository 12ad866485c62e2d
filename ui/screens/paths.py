"""What do people do next, and how did they get here?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from analysis import Paths, Tables
from analysis.comparison.settings import CHOICES
from ui.controls import called, choose, choose_words, event_names, length, sentence, several, widget_key
from ui.language import N_, _
from ui.screens.base import Screen
from ui.session import keep

WAYS = CHOICES["direction"]
COUNTS = CHOICES["count"]
REACH = CHOICES["session"]
REPEATS = CHOICES["collapse"]


def controls(tables: Tables, start: Paths) -> Paths:
    """Draw the sentence that is the question."""
    events = event_names(tables)
    with sentence():
        st.markdown(_("What people did"), width="content")
        way = choose_words(widget_key("direction"), _("Direction"), WAYS, start.direction, 110)
        first = _event("event", _("Event"), events, start.start, N_("their first event"), 170)
        until = _event("until", _("Up to"), events, start.until, N_("to the end"), 170, N_("up to {event}"))
        st.markdown(_("within"), width="content")
        window = length(start.window)
        session = choose_words(widget_key("session"), _("Sessions"), REACH, start.session, 160)
        more = _more(start, events)
    return start.replace(direction=way, start=first, until=until, window=window, session=session, **more)


def _more(start: Paths, events: Sequence[str]) -> dict[str, Any]:
    """Draw what most people leave as it is."""
    with st.popover(_("More"), icon=":material/tune:"):
        keep(widget_key("depth"), start.depth)
        keep(widget_key("names"), start.names)
        depth = st.number_input(_("Levels"), min_value=1, max_value=10, key=widget_key("depth"))
        most = st.number_input(_("Events told apart per level"), min_value=1, max_value=20, key=widget_key("names"))
        count = choose_words(widget_key("count"), _("Count"), COUNTS, start.count, None)
        collapse = choose_words(widget_key("collapse"), _("Repeats in a row"), REPEATS, start.collapse, None)
        include = several(
            widget_key("include"), _("Only these events"), events, start.include, "All", words=called("event")
        )
        exclude = several(
            widget_key("exclude"), _("Leave these events out"), events, start.exclude, "All", words=called("event")
        )
    return {
        "depth": depth, "names": most, "count": count, "collapse": collapse, "include": include, "exclude": exclude,
    }  # fmt: skip


def _event(
    name: str, label: str, events: Sequence[str], chosen: str | None, nothing: str, width: int, words: str = "{event}"
) -> str | None:
    named = choose(
        widget_key(name),
        label,
        ["", *events],
        chosen or "",
        lambda e: _(words, event=called("event")(e)) if e else _(nothing),
        width,
    )
    return named or None


SCREEN = Screen(
    Paths,
    name="paths",
    label=N_("Paths"),
    icon=":material/account_tree:",
    controls=controls,
    waiting=N_("Following everyone from event to event…"),
)
