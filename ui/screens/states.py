"""Who still buys, and who is being lost?"""

from __future__ import annotations

import streamlit as st

from analysis import Coverage, Filter, LifecycleStates, Tables
from ui.controls import (
    called,
    choose,
    currency_of,
    number,
    observed,
    one_day,
    sentence,
    several,
    text_columns,
    widget_key,
)
from ui.language import N_, _
from ui.screens.base import Screen, View
from ui.session import keep

_OWN = ("campaign", "channel", "device")


def controls(tables: Tables, start: LifecycleStates) -> LifecycleStates:
    """Draw the sentence that is the question."""
    first, last = observed(tables, "orders", "events")
    with sentence():
        st.markdown(_("Where do buyers stand by"), width="content")
        at = one_day("at", _("By"), start.at, first, last)
        st.markdown(_("and who moved since"), width="content")
        since = one_day("since", _("Since"), start.since, first, last)
        st.markdown(_("if they have lapsed after"), width="content")
        lapsed = _lapsed(start)
        st.markdown(_("without an order, followed for"), width="content")
        weeks = number(widget_key("weeks"), _("Weeks followed"), start.weeks, min_value=1, max_value=104)
        st.markdown(_("weeks"), width="content")
    return start.replace(at=at, since=since, lapsed_after=lapsed, weeks=int(weeks))


def _lapsed(start: LifecycleStates) -> int | None:
    """Draw the limit in days; empty leaves it to the data."""
    key = widget_key("lapsed")
    keep(key, start.lapsed_after)
    days = st.number_input(
        _("Days after which a buyer has lapsed"),
        key=key,
        min_value=2,
        max_value=3650,
        placeholder=_("as the data's gaps say"),
        label_visibility="collapsed",
        width=260,
    )
    st.markdown(_("days"), width="content")
    return int(days) if days is not None else None


def _coverage(tables: Tables, asked: LifecycleStates, opened: Coverage | None) -> Coverage:
    """Draw which audience is to hold how much of whom."""
    start = (opened or Coverage.suggested(tables)).replace(where=None)
    first, last = observed(tables)
    held = start.audience.columns()
    with sentence("coverage"):
        st.markdown(_("Does the audience whose"), width="content")
        columns = text_columns(tables)
        column = choose(widget_key("coverage.column"), _("Column"), columns, next(iter(held), columns[0]))
        st.markdown(_("is"), width="content")
        values = several(
            widget_key(f"coverage.values.{column}"),
            _("Values"),
            list(tables.names(column, "events")),
            held.get(column, ()),
            N_("anything"),
            260,
            called(column),
        )
        st.markdown(_("hold"), width="content")
        goal = _percent("coverage.goal", _("Share aimed at"), start.goal)
        st.markdown(_("% of the"), width="content")
        top = _percent("coverage.top", _("Share of buyers that is high-value"), start.top)
        st.markdown(_("% of buyers who were worth most before"), width="content")
        at = one_day("coverage.at", _("Chosen on"), start.at, first, last)
        currency = currency_of(tables, start.currency, "coverage.currency")
    audience = Filter(**_conditions(column, tuple(values)))
    return Coverage(audience=audience, at=at, top=top, goal=goal, currency=currency, where=asked.where)


def _percent(name: str, label: str, start: float) -> float:
    return float(number(widget_key(name), label, round(100 * start), min_value=1, max_value=90)) / 100


def _conditions(column: str, values: tuple[str, ...]) -> dict[str, object]:
    if not values:
        return {}
    return {column: values} if column in _OWN else {"segment": {column: values}}


SCREEN = Screen(
    LifecycleStates,
    name="states",
    label=N_("Buyers' states"),
    icon=":material/hourglass:",
    controls=controls,
    waiting=N_("Looking when everyone last bought…"),
    views=(View(Coverage, N_("High-value users"), _coverage, lambda opened: LifecycleStates(where=opened.where)),),
)
