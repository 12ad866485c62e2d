"""Who comes back, and when?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis import Retention, Tables
from analysis.comparison.settings import CHOICES
from analysis.messages import Names
from ui.controls import (
    called,
    choose,
    choose_words,
    currency_of,
    event_names,
    number,
    sentence,
    text_columns,
    widget_key,
)
from ui.language import N_, _
from ui.screens.base import Screen

PERIODS = CHOICES["period"]
MEASURES = CHOICES["measure"]
COHORTS = CHOICES["cohort"]
COUNTINGS = CHOICES["counting"]
REACHES = CHOICES["unbounded"]


def controls(tables: Tables, start: Retention) -> Retention:
    """Draw the sentence that is the question."""
    with sentence():
        st.markdown(_("From the first"), width="content")
        begin = choose(widget_key("begin"), _("Start"), _events(tables, ()), start.start, _event, 150)
        cohort = start.cohort
        if start.where and (start.where.start or start.where.end):
            cohort = choose_words(widget_key("cohort"), _("First time"), COHORTS, start.cohort, 210)
        st.markdown(_("on,"), width="content")
        measure = choose_words(widget_key("measure"), _("Measure"), MEASURES, start.measure, 210)
        returns, unbounded, currency = start.returns, False, None
        if measure == "users":
            st.markdown(_("with"), width="content")
            options = _events(tables, (), None)
            returns = choose(widget_key("returns"), _("Return"), options, start.returns, _event, 150)
            unbounded = choose_words(widget_key("unbounded"), _("Reach"), REACHES, start.unbounded, 150)
        else:
            currency = currency_of(tables, start.currency)
        st.markdown(_("over"), width="content")
        periods = number(widget_key("periods"), _("Periods"), start.periods, min_value=1, max_value=366)
        period = choose_words(widget_key("period"), _("Period"), PERIODS, start.period, 130)
        counting = "calendar"
        if period != "campaign":
            counting = choose_words(widget_key("counting"), _("Counting"), COUNTINGS, start.counting, 200)
        st.markdown(_("split by"), width="content")
        columns = ["", *text_columns(tables)]
        breakdown = choose(widget_key("breakdown"), _("Breakdown"), columns, start.breakdown or "", _column, 150)
    return start.replace(
        start=begin, returns=returns, cohort=cohort, measure=measure, unbounded=unbounded, currency=currency,
        periods=periods, period=period, counting=counting, breakdown=breakdown or None,
    )  # fmt: skip


def _events(tables: Tables, *also: Any) -> list[Any]:
    return [*also, *((name,) for name in event_names(tables))]


def _event(chosen: tuple[str, ...] | None) -> str:
    if chosen is None:
        return _("the same")
    return _("{names}", names=Names(tuple(map(called("event"), chosen)))) if chosen else _("anything")


def _column(chosen: str) -> str:
    return _(chosen or "nothing")


SCREEN = Screen(
    Retention,
    name="retention",
    label=N_("Retention"),
    icon=":material/event_repeat:",
    controls=controls,
    waiting=N_("Following everyone from their start…"),
)
