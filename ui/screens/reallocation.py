"""What would rules that move budget while the campaign runs have earned?"""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis import Simulation, Tables
from analysis.values import seconds
from ui.controls import choose, number, sentence, widget_key
from ui.language import N_, _
from ui.screens.base import Screen
from ui.session import keep

HOURS = (1, 2, 4, 6, 8, 12, 24, 48)
SENTENCES = (
    N_("Evaluate every"), N_("hours, adjust every"), N_("hours: move up to"), N_("% of the rate from the lowest to the"
    " highest marginal ROI, when it is at least"), N_("times as high. Hold"), N_("% in reserve, drawn only when orders"
    " per hour stay above"), N_("times the forecast for"), N_("evaluations."),
)  # fmt: skip


def controls(tables: Tables, start: Simulation) -> Simulation:
    """Draw the sentence that is the question."""
    rules = start.rules
    words = iter(SENTENCES)
    with sentence():
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
    first = seconds(start) // 3600
    return f"{choose(widget_key(name), label, sorted({*HOURS, first}), first, str, 90)}h"


def _number(name: str, label: str, start: Any, least: Any, most: Any, step: Any) -> Any:
    places = "%d" if isinstance(step, int) else "%.1f"
    return number(widget_key(name), label, start, step, min_value=least, max_value=most, format=places)


def _scale(tables: Tables, start: Simulation) -> tuple[float | None, int]:
    left, right, _rest = st.columns([1, 1, 2])
    keep(widget_key("budget"), start.budget)
    keep(widget_key("runs"), start.runs)
    planned = tables.campaign.budget if tables.campaign else None
    budget = left.number_input(
        _("Whole budget, reserve included"),
        min_value=1.0,
        max_value=1e12,
        step=1000.0,
        key=widget_key("budget"),
        placeholder=_("the campaign's: {amount}", amount=float(planned)) if planned else _("as spent"),
        format="%.0f",
    )
    runs = right.number_input(
        _("Simulated campaigns"), min_value=2, max_value=500, step=10, key=widget_key("runs"),
        help=_("Each draws its own curves, surges, failing creatives and noise; every policy meets the same ones."),
    )  # fmt: skip
    return budget, int(runs)


SCREEN = Screen(
    Simulation,
    name="reallocation",
    label=N_("Reallocation"),
    icon=":material/swap_horiz:",
    controls=controls,
    waiting=N_("Running the campaign over and over, hour by hour…"),
)
