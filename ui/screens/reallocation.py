"""What would rules that move budget while the campaign runs have earned?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import streamlit as st

from analysis import BreakEven, RuleCheck, RuleReplay, Rules, RuleSweep, Scenario, Simulation, Tables
from analysis.answer import Answer
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.knobs import KNOBS
from analysis.reallocation.plans import plan_of
from analysis.reallocation.simulation import SimulationAnswer
from analysis.rules import words
from analysis.values import seconds
from ui import session
from ui.controls import choose, choose_words, number, sentence, widget_key
from ui.language import N_, _
from ui.screens import reallocation_decisions as decisions
from ui.screens import reallocation_lessons as lessons
from ui.screens import reallocation_market as market
from ui.screens import reallocation_rules as cards
from ui.screens.base import Panel, Screen, View
from ui.tabled import headed

HOURS = (1, 2, 4, 6, 8, 12, 24, 48)
SENTENCES = (
    N_("Evaluate every"), N_("hours, adjust every"), N_("hours: move up to"), N_("% of the rate from the lowest to the"
    " highest marginal ROI, when it is at least"), N_("times as high. Hold"), N_("% in reserve, drawn only when orders"
    " per hour stay above"), N_("times the forecast for"), N_("evaluations."),
)  # fmt: skip
TOLD = 6
"""Rules that are told in words on the scoreboard."""
Asked = TypeVar("Asked", bound=SimulationDefinition)


def controls(tables: Tables, start: Simulation) -> Simulation:
    """Draw the sentence that is the question; of rules that are not the plan's own, what they say."""
    rules = start.rules
    if isinstance(rules, Rules):
        rules = _knobs(rules)
        cards.lacking(rules)
    else:
        _told(start)
    return market.scale(tables, start.replace(rules=rules))


def _knobs(rules: Rules) -> Rules:
    said = iter(SENTENCES)
    with sentence():
        _text(said)
        evaluate = _hours("evaluate", _("Evaluate every"), rules.evaluate_every)
        _text(said)
        adjust = _hours("adjust", _("Adjust every"), rules.adjust_every)
        _text(said)
        step = _number("step", _("Step"), round(100 * rules.step, 1), 0.0, 100.0, 1.0)
        _text(said)
        advantage = _number("advantage", _("Least advantage"), rules.min_advantage, 1.0, 100.0, 0.1)
        _text(said)
        reserve = _number("reserve", _("Reserve"), round(100 * rules.reserve, 1), 0.0, 90.0, 5.0)
        _text(said)
        surge = _number("surge", _("Surge"), rules.surge_ratio, 1.0, 100.0, 0.1)
        _text(said)
        evaluations = _number("evaluations", _("Evaluations"), rules.surge_evaluations, 1, 100, 1)
        _text(said)
    return rules.replace(
        evaluate_every=evaluate,
        adjust_every=adjust,
        step=step / 100,
        min_advantage=advantage,
        reserve=reserve / 100,
        surge_ratio=surge,
        surge_evaluations=int(evaluations),
    )


def _told(start: Simulation) -> None:
    """Say what rules of one's own do; they are changed under Rules."""
    asked = start.rule_set()
    rules = [rule for rule in asked.rules if rule.on]
    lines = [words.clock(asked), *(words.rule(rule) for rule in rules[:TOLD])]
    st.markdown("  \n".join(session.worded(each) for each in lines))
    if len(rules) > TOLD:
        st.caption(_("{n} more rules stand under Rules.", n=len(rules) - TOLD))


def _text(said: Iterator[str]) -> None:
    st.markdown(_(next(said)), width="content")


def _hours(name: str, label: str, start: str) -> str:
    first = seconds(start) // 3600
    return f"{choose(widget_key(name), label, sorted({*HOURS, first}), first, str, 90)}h"


def _number(name: str, label: str, start: Any, least: Any, most: Any, step: Any) -> Any:
    places = "%d" if isinstance(step, int) else "%.1f"
    return number(widget_key(name), label, start, step, min_value=least, max_value=most, format=places)


# ---- under the answer -------------------------------------------------------------------------------------


def under(answer: Answer) -> None:
    """Draw the way back to Budget, and what each of several shock cards changed; of a check, all that was found."""
    if isinstance(answer.question, RuleCheck):
        headed(answer, {"table": N_("All that was found")})
    if not isinstance(answer, SimulationAnswer):
        return
    headed(answer, {"cards": N_("What each shock card changed, left out alone")})
    about = _("Opens Budget by hand with what the rules spent by channel in the first campaign.")
    label = _("Take what they spent to Budget")
    if st.button(label, icon=":material/payments:", key="reallocation.to-budget", help=about):
        asked = answer.question
        st.session_state["budget.open"] = Scenario(spend=plan_of(answer), curves=asked.curves, where=asked.where)
        st.switch_page("pages/budget.py")


# ---- views ------------------------------------------------------------------------------------------------


def _alike(kind: type[Asked], asked: SimulationDefinition) -> Asked:
    """Return a question of another kind about the same simulation."""
    own = ("curves", "rules", "against", "market", "budget", "split", "runs", "seed", "where")
    return kind(**{name: getattr(asked, name) for name in own})


def _base(opened: SimulationDefinition) -> Simulation:
    return _alike(Simulation, opened)


def _checked(_tables: Tables, asked: Simulation, _opened: RuleCheck | None) -> RuleCheck:
    return _alike(RuleCheck, asked)


def _even(_tables: Tables, asked: Simulation, _opened: BreakEven | None) -> BreakEven:
    return _alike(BreakEven, asked)


def _replayed(_tables: Tables, asked: Simulation, _opened: RuleReplay | None) -> RuleReplay:
    return _alike(RuleReplay, asked)


def _map(_tables: Tables, asked: Simulation, opened: RuleSweep | None) -> RuleSweep:
    """Draw which two settings the map is of."""
    labels = {name: knob.label for name, knob in KNOBS.items()}
    first = opened or RuleSweep()
    with sentence("map"):
        st.markdown(_("Across"), width="content")
        across = choose_words(widget_key("across"), _("Across"), labels, first.across, 260)
        st.markdown(_("down"), width="content")
        down = choose_words(widget_key("down"), _("Down"), labels, first.down, 260)
    same = opened is not None and (opened.across, opened.down) == (across, down)
    values = {"across_values": opened.across_values, "down_values": opened.down_values} if same and opened else {}
    return _alike(RuleSweep, asked).replace(across=across, down=down, **values)


SCREEN = Screen(
    Simulation,
    name="reallocation",
    label=N_("Reallocation"),
    own=N_("Scoreboard"),
    icon=":material/swap_horiz:",
    controls=controls,
    waiting=N_("Running the campaign over and over, hour by hour…"),
    panels=(
        Panel("decisions", N_("Decisions"), decisions.controls, decisions.look_at),
        Panel("rule-cards", N_("Rules"), cards.controls),
        Panel("market", N_("Market"), market.controls),
        Panel("lessons", N_("Lessons"), lessons.controls),
    ),
    views=(
        View(RuleCheck, N_("Check of rules"), _checked, _base),
        View(BreakEven, N_("Break-even"), _even, _base),
        View(RuleSweep, N_("Map of settings"), _map, _base),
        View(RuleReplay, N_("Replay"), _replayed, _base),
    ),
    under=under,
)
