"""What would another budget earn?"""

from __future__ import annotations

import math

import streamlit as st

from analysis import ResponseCurves, Scenario, Tables
from analysis.budget.curves.forms import FORMS
from analysis.charts import TOTAL
from analysis.messages import Money
from analysis.question import Question
from ui import session
from ui.controls import currency_of
from ui.language import N_, _, shown
from ui.page import ask_and_show
from ui.session import keep
from ui.show import show

PAGE = "budget"
SHAPES = {
    "auto": N_("the best-fitting form"),
    "hyperbolic": N_("a hyperbolic form"),
    "exponential": N_("an exponential form"),
    "logistic": N_("a logistic form"),
    "logarithmic": N_("a logarithmic form"),
}


def default(tables: Tables) -> Question:
    """Return the plan that keeps what was spent."""
    tables.require("spend")
    return Scenario()


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question, and a slider per channel."""
    assert isinstance(start, Scenario)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        st.markdown(_("If these budgets were spent, with"), width="content")
        reserve = _reserve(start)
        st.markdown(_("percent of each held back, and revenue follows"), width="content")
        keep(f"{PAGE}.form", start.curves.form)
        form = st.selectbox(
            _("Form"),
            ["auto", *FORMS],
            key=f"{PAGE}.form",
            format_func=lambda f: _(SHAPES[f]),
            label_visibility="collapsed",
            width=240,
        )
        currency = currency_of(PAGE, tables, start.curves.currency)
    curves = start.curves.replace(form=form, currency=currency)
    question = start.replace(reserve=reserve, curves=curves, budgets={})
    with st.spinner(_("Fitting each channel's response curve…")):
        spent = session.ask(question)
    rows = spent.table.dropna(subset="budget").to_dict("records")
    budgets = {str(row["channel"]): round(row["budget"]) for row in rows if row["channel"] != TOTAL}
    return question.replace(budgets=_sliders(budgets, spent.currency, dict(start.budgets)))


def _reserve(start: Scenario) -> float:
    keep(f"{PAGE}.reserve", round(100 * start.reserve))
    percent = st.number_input(
        _("Reserve"),
        min_value=0,
        max_value=90,
        step=5,
        key=f"{PAGE}.reserve",
        label_visibility="collapsed",
        width=130,
    )
    return float(percent) / 100


def _sliders(spent: dict[str, int], currency: str | None, wanted: dict[str, float]) -> dict[str, float]:
    """Draw a slider per channel, set to what was spent; return those that say something else."""
    changed = {channel: amount for channel, amount in wanted.items() if channel not in spent}
    cells = st.columns(3)
    for i, (channel, base) in enumerate(spent.items()):
        with cells[i % 3]:
            amount = _slider(channel, base, wanted.get(channel), currency)
        if amount != base:
            changed[channel] = float(amount)
    st.button(_("Back to what was spent"), key=f"{PAGE}.reset", on_click=_reset, args=(tuple(spent),), type="tertiary")
    return changed


def _slider(channel: str, base: int, wanted: float | None, currency: str | None) -> int:
    key, base_key = f"{PAGE}.channel.{channel}", f"{PAGE}.base.{channel}"
    kept = st.session_state.get(key, int(wanted) if wanted is not None else base)
    # A slider nobody moved follows what was spent when the filter changes.
    if kept == st.session_state.get(base_key) and wanted is None:
        kept = base
    st.session_state[base_key] = base
    most = max(3 * base, kept, 100)
    st.session_state[key] = kept
    as_spent = _("{amount} keeps what was spent", amount=Money(base, currency))
    return int(
        st.slider(
            f"{shown(channel)} · {as_spent}",
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


def _reset(channels: tuple[str, ...]) -> None:
    for channel in channels:
        st.session_state.pop(f"{PAGE}.channel.{channel}", None)
    start = st.session_state.get(f"{PAGE}.start")
    if start is not None:
        st.session_state[f"{PAGE}.start"] = start.replace(budgets={})


def curves() -> None:
    """Show the fitted curves behind the plan, on request."""
    question = st.session_state.get(f"{PAGE}.start")
    if question is None:
        return
    st.divider()
    if st.toggle(_("Show how the curves were fitted"), key=f"{PAGE}.curves.shown"):
        with session.said_plainly():
            asked = question.curves
            asked = asked if asked.where else asked.replace(where=question.where)
            assert isinstance(asked, ResponseCurves)
            show(session.ask(asked), f"{PAGE}.curves")


ask_and_show(PAGE, Scenario, default, controls, waiting=_("Reckoning what the plan brings…"))
curves()
