"""Will we reach our goals, does the plan keep its rules, and what has moved since the baseline?"""

from __future__ import annotations

import streamlit as st

from analysis import Baselines, Filter, Goal, GoalProgress, PlanCheck, Tables
from analysis.answer import Answer
from analysis.goals import READY
from ui.controls import called, choose, observed, one_day, sentence, several, widget_key
from ui.language import N_, _
from ui.screens.base import Screen, View
from ui.tabled import headed, table

GOALS = (
    "goal",
    "state",
    "now",
    "low",
    "high",
    "target",
    "date",
    "forecast",
    "forecast_low",
    "forecast_high",
    "chance",
    "why",
)


def controls(tables: Tables, start: GoalProgress) -> GoalProgress:
    """Draw which goals are looked at, and as of which day; of other views, the day alone."""
    view = st.session_state.get(widget_key("view.start"), GoalProgress.kind)
    if view == Baselines.kind:
        return start
    first, last = observed(tables)
    with sentence():
        if view == PlanCheck.kind:
            st.markdown(_("Look at the plan's rules as of"), width="content")
            return start.replace(at=one_day("at", _("As of"), start.at, first, last))
        st.markdown(_("Follow"), width="content")
        known = [goal.name for goal in tables.recorded(Goal) or READY]
        goals = several(widget_key("goals"), _("Goals"), known, start.goals, N_("all goals"), 320, called("goal"))
        st.markdown(_("as of"), width="content")
        at = one_day("at", _("As of"), start.at, first, last)
    return start.replace(goals=goals, at=at)


def _check(_tables: Tables, asked: GoalProgress, _opened: PlanCheck | None) -> PlanCheck:
    return PlanCheck(at=asked.at, where=asked.where)


def _baselines(tables: Tables, asked: GoalProgress, opened: Baselines | None) -> Baselines:
    """Draw what is set beside this campaign: the one before, or another."""
    names, held = list(tables.names("campaign")), opened.before if opened else None
    own = tables.campaign.name if tables.campaign else ""
    first = held.campaign[0] if held and len(held.campaign) == 1 else ""
    with sentence("against"):
        st.markdown(_("Set this campaign beside"), width="content")
        words = called("campaign")
        chosen = choose(widget_key("before"), _("Before"), ["", *(name for name in names if name != own)], first,
                        lambda name: words(name) if name else _("the campaign before"), 260)  # fmt: skip
    before = Filter(campaign=(chosen,)) if chosen else held if held and not held.campaign else None
    return Baselines(before=before, since=opened.since if opened else None, where=asked.where)


def under(answer: Answer) -> None:
    """Draw the figures of goals, or tasks and lessons, and the way to where they are written down."""
    match answer.question:
        case GoalProgress():
            table(answer, "table", GOALS)
        case PlanCheck():
            table(answer, "table")
            headed(answer, {"tasks": N_("Tasks"), "lessons": N_("Lessons of earlier campaigns")})
        case _:
            return
    st.page_link("pages/records.py", label=_("Write down goals, tasks, experiments and lessons"),
                 icon=":material/edit_note:")  # fmt: skip


SCREEN = Screen(
    GoalProgress,
    name="plan",
    label=N_("Goals and plan"),
    icon=":material/flag:",
    controls=controls,
    waiting=N_("Setting goals beside what came…"),
    own=N_("Goals"),
    views=(
        View(PlanCheck, N_("Rules of the plan"), _check, lambda opened: GoalProgress(at=opened.at, where=opened.where)),
        View(Baselines, N_("Baselines"), _baselines, lambda opened: GoalProgress(where=opened.where)),
    ),
    under=under,
)
