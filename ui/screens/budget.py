"""What would another budget earn?"""

from __future__ import annotations

import math

import streamlit as st

from analysis import MoneyFlow, ResponseCurves, Scenario, Tables
from analysis.charts import TOTAL
from analysis.comparison.settings import CHOICES
from analysis.messages import Money, Share
from ui import session
from ui.controls import called, choose_words, currency_of, number, sentence, widget_key
from ui.language import N_, _, shown
from ui.screens.base import Screen, View

SHAPES = CHOICES["form"]


def controls(tables: Tables, start: Scenario) -> Scenario:
    """Draw the sentence that is the question, and a slider per channel."""
    with sentence():
        st.markdown(_("If these budgets were spent, with"), width="content")
        percent = round(100 * start.reserve)
        reserve = number(widget_key("reserve"), _("Reserve"), percent, 5, min_value=0, max_value=90) / 100
        st.markdown(_("percent of each held back, and revenue follows"), width="content")
        form = choose_words(widget_key("form"), _("Form"), SHAPES, start.curves.form, 200)
        currency = currency_of(tables, start.curves.currency)
        reset = st.empty()
    curves = start.curves.replace(form=form, currency=currency)
    question = start.replace(reserve=reserve, curves=curves, budgets={})
    with st.spinner(_("Fitting each channel's response curve…")):
        spent = session.ask(question)
    rows = spent.table.dropna(subset="budget").to_dict("records")
    budgets = {str(row["channel"]): round(row["budget"]) for row in rows if row["channel"] != TOTAL}
    reset.button(_("Back to what was spent"), key=widget_key("reset"), on_click=_reset,
                 args=(widget_key(""), tuple(budgets)), type="tertiary")  # fmt: skip
    sliders = _sliders(budgets, reserve, spent.currency, dict(start.budgets))
    if reserve:
        st.caption(_("Each budget holds its reserve: {share} of it. Set as they are now, they keep what was spent.",
                     share=Share(reserve)))  # fmt: skip
    return question.replace(budgets=sliders)


def _sliders(spent: dict[str, int], reserve: float, currency: str | None, wanted: dict[str, float]) -> dict[str, float]:
    """Draw a slider per channel, set to what was spent; return those that say something else."""
    changed = {channel: amount for channel, amount in wanted.items() if channel not in spent}
    cells = st.columns(4)
    for i, (channel, base) in enumerate(spent.items()):
        with cells[i % 4]:
            amount = _slider(channel, base, wanted.get(channel), Money(base * (1 - reserve), currency))
        if amount != base:
            changed[channel] = float(amount)
    return changed


def _slider(channel: str, base: int, wanted: float | None, spent: Money) -> int:
    key, base_key = widget_key(f"channel.{channel}"), widget_key(f"base.{channel}")
    kept = st.session_state.get(key, int(wanted) if wanted is not None else base)
    # A slider nobody moved follows what was spent when the filter changes.
    if kept == st.session_state.get(base_key) and wanted is None:
        kept = base
    st.session_state[base_key] = base
    most = max(3 * base, kept, 100)
    st.session_state[key] = kept
    as_spent = _("spent {amount}", amount=spent)
    return int(
        st.slider(
            f"{shown(called('channel')(channel))} · {as_spent}",
            0,
            most,
            key=key,
            step=_step(most),
            format="localized",
        )
    )


def _step(most: int) -> int:
    """Return a round step that gives a slider some hundred places."""
    return max(1, int(10 ** math.floor(math.log10(most / 100))))


def _reset(place: str, channels: tuple[str, ...]) -> None:
    for channel in channels:
        st.session_state.pop(f"{place}channel.{channel}", None)
    start = st.session_state.get(f"{place}start")
    if start is not None:
        st.session_state[f"{place}start"] = start.replace(budgets={})


def _curves(_tables: Tables, plan: Scenario, _opened: ResponseCurves | None) -> ResponseCurves:
    """Return the curves behind the plan."""
    return plan.curves if plan.curves.where else plan.curves.replace(where=plan.where)


def _flow(_tables: Tables, plan: Scenario, _opened: MoneyFlow | None) -> MoneyFlow:
    """Return what became of the plan's money."""
    return MoneyFlow(where=plan.where)


VIEWS = (
    View(ResponseCurves, N_("Curves"), _curves, lambda opened: Scenario(curves=opened, where=opened.where)),
    View(MoneyFlow, N_("Money flow"), _flow, lambda opened: Scenario(where=opened.where)),
)

SCREEN = Screen(
    Scenario,
    name="budget",
    label=N_("Budget"),
    icon=":material/payments:",
    controls=controls,
    waiting=N_("Reckoning what the plan brings…"),
    views=VIEWS,
)
