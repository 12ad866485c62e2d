"""What would rules that move budget while the campaign runs have earned?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis import Simulation, Tables
from analysis.question import Question
from analysis.values import seconds
from ui.language import N_, _
from ui.page import ask_and_show
from ui.session import keep

PAGE = "reallocation"
HOURS = (1, 2, 4, 6, 8, 12, 24, 48)
SENTENCES = (
    N_("Evaluate every"), N_("hours, adjust every"), N_("hours: move up to"), N_("% of the rate from the lowest to the"
    " highest marginal ROI, when it is at least"), N_("times as high. Hold"), N_("% in reserve, drawn only when orders"
    " per hour stay above"), N_("times the forecast for"), N_("evaluations."),
)  # fmt: skip


def default(tables: Tables) -> Question:
    """Return the plan's own rules."""
    tables.require("spend")
    return Simulation()


def controls(tables: Tables, start: Question) -> Question:
    """Draw the sentence that is the question."""
    assert isinstance(start, Simulation)
    rules = start.rules
    words = iter(SENTENCES)
    with st.container(horizontal=True, vertical_alignment="center", key=f"{PAGE}.sentence", gap="small"):
        _text(words)
        evaluate = _hours("evaluate", _("Evaluate every"), rules.evaluate_every)
        _text(words)
        adjust = _hours("adjust", _("Adjust every"), rules.adjust_every)
        _text(words)
        step = _number("step", _("Step"), round(100 * rules.step, 1), 0.0, 100.0, 1.0)
        _text(words)
        advantage = _number("advantage", _("Least advantage"), rules.min_advantage, 1.0, 100.0, 0.1)
        _text(words)
        reserve = _number("reserve", _("Reserve"), round(100 * rules.reserve, 1), 0.0, 90.0, 5.0)
        _text(words)
        surge = _number("surge", _("Surge"), rules.surge_ratio, 1.0, 100.0, 0.1)
        _text(words)
        evaluations = _number("evaluations", _("Evaluations"), rules.surge_evaluations, 1, 100, 1)
        _text(words)
    budget, runs = _scale(tables, start)
    return start.replace(
        rules=rules.replace(
            evaluate_every=evaluate,
            adjust_every=adjust,
            step=step / 100,
            min_advantage=advantage,
            reserve=reserve / 100,
            surge_ratio=surge,
            surge_evaluations=int(evaluations),
        ),
        budget=budget,
        runs=runs,
    )


def _text(words: Any) -> None:
    st.markdown(_(next(words)), width="content")


def _hours(name: str, label: str, start: str) -> str:
    key = f"{PAGE}.{name}"
    keep(key, seconds(start) // 3600)
    options = sorted({*HOURS, st.session_state[key]})
    chosen = st.selectbox(label, options, key=key, label_visibility="collapsed", width=90)
    return f"{chosen}h"


def _number(name: str, label: str, start: Any, least: Any, most: Any, step: Any) -> Any:
    key = f"{PAGE}.{name}"
    keep(key, start)
    return st.number_input(
        label, min_value=least, max_value=most, step=step, key=key, label_visibility="collapsed", width=130,
        format="%d" if isinstance(step, int) else "%.1f",
    )  # fmt: skip


def _scale(tables: Tables, start: Simulation) -> tuple[float | None, int]:
    left, right, _rest = st.columns([1, 1, 2])
    keep(f"{PAGE}.budget", start.budget)
    keep(f"{PAGE}.runs", start.runs)
    planned = tables.campaign.budget if tables.campaign else None
    budget = left.number_input(
        _("Whole budget, reserve included"),
        min_value=1.0,
        max_value=1e12,
        step=1000.0,
        key=f"{PAGE}.budget",
        placeholder=_("the campaign's: {amount}", amount=float(planned)) if planned else _("as spent"),
        format="%.0f",
    )
    runs = right.number_input(
        _("Simulated campaigns"), min_value=2, max_value=500, step=10, key=f"{PAGE}.runs",
        help=_("Each draws its own curves, surges, failing creatives and noise; every policy meets the same ones."),
    )  # fmt: skip
    return budget, int(runs)


ask_and_show(PAGE, Simulation, default, controls, waiting=_("Running the campaign over and over, hour by hour…"))
