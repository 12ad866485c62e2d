"""Who brings most?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis import Attribution, Tables
from analysis.comparison.settings import CHOICES
from analysis.journey.attribution.definition import COLUMNS, MODEL_WORDS, MODELS
from analysis.values import seconds
from ui.controls import (
    called,
    choose,
    choose_words,
    currency_of,
    event_names,
    sentence,
    several,
    widget_key,
)
from ui.language import N_, _
from ui.screens.base import Screen
from ui.session import keep

VALUES = CHOICES["value"]
PATHS = CHOICES["paths"]
REPEATS = CHOICES["repeats"]


def controls(tables: Tables, start: Attribution) -> Attribution:
    """Draw the sentence that is the question, and the models' own settings."""
    with sentence():
        st.markdown(_("Credit the"), width="content")
        value = choose_words(widget_key("value"), _("Value"), VALUES, start.value, 170)
        st.markdown(_("of each"), width="content")
        conversion = choose(
            widget_key("conversion"), _("Conversion"), event_names(tables), start.conversion, called("event")
        )
        st.markdown(_("to every"), width="content")
        filled = tables.present("events")
        by = choose(widget_key("by"), _("Column"), [c for c in COLUMNS if c in filled or c == start.by], start.by)
        st.markdown(_("touched in the"), width="content")
        window = _days("window", _("Window"), start.window, label_visibility="collapsed", width=130)
        st.markdown(_("days before,"), width="content")
        paths = choose_words(widget_key("paths"), _("Paths"), PATHS, start.paths, 280)
        currency = None if value == "value" else currency_of(tables, start.currency)
    with st.popover(_("Touches and models"), icon=":material/tune:"):
        settings = _touches(tables, start) | _models(tables, start, by)
    return start.replace(
        value=value, conversion=conversion, by=by, window=window, paths=paths, currency=currency, **settings
    )


def _days(key: str, label: str, start: str, **layout: Any) -> str:
    """Return a number of days; a length that is not whole days stays as it is until somebody changes it."""
    days = max(1, round(seconds(start) / 86_400))
    keep(widget_key(f"{key}"), days)
    chosen = st.number_input(label, 1, 3650, step=1, key=widget_key(f"{key}"), **layout)
    return start if chosen == days and not start.endswith("d") else f"{chosen}d"


def _touches(tables: Tables, start: Attribution) -> dict[str, object]:
    touches = several(
        widget_key("touches"),
        _("Events that are touches"),
        event_names(tables),
        start.touches,
        N_("Every event"),
        words=called("event"),
    )
    options = [r for r in REPEATS if r != "session" or "session_id" in tables.present("events") or r == start.repeats]
    keep(widget_key("repeats"), start.repeats)
    repeats = st.selectbox(_("Repeats"), options, key=widget_key("repeats"), format_func=lambda r: _(REPEATS[r]))
    return {"touches": touches, "repeats": repeats}


def _models(tables: Tables, start: Attribution, by: str) -> dict[str, object]:
    known = ["", *tables.names(by)]
    keep(widget_key("direct"), start.direct or "")
    if (kept := st.session_state[widget_key("direct")]) not in known:
        if by == start.by:  # a link may name what this workspace lacks: the answer says so
            known.append(kept)
        else:
            st.session_state[widget_key("direct")] = ""
    direct = st.selectbox(
        _("Direct is called"),
        known,
        key=widget_key("direct"),
        format_func=lambda n: called(by)(n) or _("nothing, there is none"),
    )
    options = [m for m in MODELS if m != "last_non_direct" or direct]
    keep(widget_key("models"), list(start.models))
    st.session_state[widget_key("models")] = [m for m in st.session_state[widget_key("models")] if m in options]
    models = st.multiselect(
        _("Models"),
        options,
        key=widget_key("models"),
        format_func=lambda m: _(MODEL_WORDS[m]),
        placeholder=_("All"),
    )
    half_life = _days(
        "half_life", _("Time decay: days to half the weight"), start.half_life, label_visibility="visible"
    )
    first = _percent("first", _("Position-based: percent for the first touch"), start.first)
    last = _percent("last", _("Position-based: percent for the last touch"), start.last)
    return {"direct": direct or None, "models": models, "half_life": half_life, "first": first, "last": last}


def _percent(key: str, label: str, start: float) -> float:
    keep(widget_key(f"{key}"), round(100 * start))
    return float(st.number_input(label, 0, 100, step=5, key=widget_key(f"{key}"))) / 100


SCREEN = Screen(
    Attribution,
    name="attribution",
    label=N_("Attribution"),
    icon=":material/call_split:",
    controls=controls,
    waiting=N_("Walking through everyone's events…"),
)
