"""Who comes back, and when?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from analysis import Retention, Tables
from analysis.messages import Names
from analysis.question import Question
from analysis.vocabulary import EVENTS
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "retention"
BREAKDOWNS = ("channel", "device", "campaign", "audience", "creative", "variant", "page", "phase")
PERIODS = {"day": N_("days"), "week": N_("weeks"), "month": N_("months"), "campaign": N_("campaigns")}
MEASURES = {"users": N_("how many came back"), "revenue": N_("how much each brought")}
COHORTS = {"first_ever": N_("(first ever)"), "first_in_range": N_("(first in these dates)")}
COUNTINGS = {"calendar": N_("by the calendar"), "rolling": N_("by each one's own clock")}
REACHES = {False: N_("just then"), True: N_("then or later")}


def default(tables: Tables) -> Question:
    """Return who comes back to do anything, week by week."""
    tables.require("events")
    return Retention(start="visit" if "visit" in tables.event_keys else (), returns=())


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, Retention)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("From the first"), width="content")
        begin = _choice("begin", _("Start"), _events(tables, [()], start.start), start.start, _event, 150)
        cohort = start.cohort
        if start.where and (start.where.start or start.where.end):
            cohort = _words("cohort", _("First time"), COHORTS, start.cohort, 210)
        st.markdown(_("on,"), width="content")
        measure = _words("measure", _("Measure"), MEASURES, start.measure, 210)
        returns, unbounded, currency = start.returns, False, None
        if measure == "users":
            st.markdown(_("with"), width="content")
            options = _events(tables, [(), None], start.returns)
            returns = _choice("returns", _("Return"), options, start.returns, _event, 150)
            unbounded = _words("unbounded", _("Reach"), REACHES, start.unbounded, 150)
        else:
            currency = _currency(tables, start)
        st.markdown(_("over"), width="content")
        periods = _how_many(start)
        period = _words("period", _("Period"), PERIODS, start.period, 130)
        counting = "calendar"
        if period != "campaign":
            counting = _words("counting", _("Counting"), COUNTINGS, start.counting, 200)
        st.markdown(_("split by"), width="content")
        columns = ["", *(c for c in BREAKDOWNS if c in tables.present("events"))]
        breakdown = _choice("breakdown", _("Breakdown"), columns, start.breakdown or "", _column, 150)
    return start.replace(
        start=begin, returns=returns, cohort=cohort, measure=measure, unbounded=unbounded, currency=currency,
        periods=periods, period=period, counting=counting, breakdown=breakdown or None,
    )  # fmt: skip


def _choice(name: str, label: str, options: list[Any], first: Any, say: Callable[[Any], str], width: int) -> Any:
    keep(f"{PAGE}.{name}", first)
    # A link may name what this workspace lacks: it stays in place, and the answer says so.
    if st.session_state[f"{PAGE}.{name}"] not in options:
        options = [*options, st.session_state[f"{PAGE}.{name}"]]
    return st.selectbox(
        label, options, key=f"{PAGE}.{name}", format_func=say, label_visibility="collapsed", width=width
    )


def _words(name: str, label: str, words: dict[Any, str], first: Any, width: int) -> Any:
    return _choice(name, label, list(words), first, lambda option: _(words[option]), width)


def _events(tables: Tables, also: list[Any], first: Any) -> list[Any]:
    names = [e for e in EVENTS if e in tables.event_keys]
    names += sorted(e for e in tables.event_keys if e not in EVENTS)
    options = [*also, *((name,) for name in names)]
    return options if first in options else [*options, first]


def _event(chosen: tuple[str, ...] | None) -> str:
    if chosen is None:
        return _("the same")
    return _("{names}", names=Names(chosen)) if chosen else _("anything")


def _column(chosen: str) -> str:
    return _(chosen or "nothing")


def _how_many(start: Retention) -> int:
    keep(f"{PAGE}.periods", start.periods)
    return int(
        st.number_input(
            _("Periods"), min_value=1, max_value=366, step=1, key=f"{PAGE}.periods", label_visibility="collapsed",
            width=120,
        )
    )  # fmt: skip


def _currency(tables: Tables, start: Retention) -> str | None:
    known = list(tables.names("currency"))
    if len(known) < 2 and not start.currency:
        return None
    return str(_choice("currency", _("Currency"), known, start.currency or known[0], str, 110))


ask_and_show(PAGE, Retention, default, controls, waiting=_("Following everyone from their start…"))
