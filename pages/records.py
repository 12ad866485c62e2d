"""What do people know that the data do not say: names, rates, the plan, peak days, experiments?"""

from __future__ import annotations

import streamlit as st

from analysis.goals import Goal
from analysis.records import (
    Adjustment,
    Alias,
    CalendarDay,
    ChannelTag,
    ExchangeRate,
    Forecast,
    Lesson,
    LiftTest,
    PlanLine,
    Record,
    Task,
    Trial,
)
from ui import frame, records, session, workspaces
from ui.language import N_, _
from ui.page import through_the_door

VIEWS = {
    "names": (N_("Names"), N_("What values are called in charts, tables and sentences. The data keep their own.")),
    "alias": (N_("Spellings"), N_("Values that are other spellings of one thing: from then on they count together.")),
    "exchange-rate": (
        N_("Exchange rates"),
        N_("What a unit of a currency was worth, by day. Without a rate nothing is converted."),
    ),
    "goal": (
        N_("Goals"),
        N_(
            "What the campaign is to reach, in which figure and by when: choose a ready figure here, or take one from "
            "any answer by its Goal button. Without a day it is the campaign's last one."
        ),
    ),
    "task": (
        N_("Tasks"),
        N_(
            "Who does what for the campaign. Without a day of its own a task is due at the end of its stage, planned "
            "back from the campaign's first day. Give the day on which it was done once it is."
        ),
    ),
    "trial": (
        N_("Experiments"),
        N_(
            "What is tried on a part of the traffic: prices on at most 5 percent, scenes on at least 20. The variant "
            "is the value in the events, where they have one; then its share is counted."
        ),
    ),
    "lesson": (
        N_("What was learnt"),
        N_("What a campaign taught and what shows it. It stands in the plan of the campaign it is for."),
    ),
    "plan-line": (
        N_("Plan"),
        N_(
            "What the plan gives to each stage of the work, and in it to channels or other purposes, phase by phase. "
            "Without a phase it is for the whole campaign."
        ),
    ),
    "calendar-day": (
        N_("Peak days"),
        N_(
            "Days on which demand is known to be another, such as the peak of a sale. Their demand is then not taken "
            "for the effect of spend."
        ),
    ),
    "lift-test": (
        N_("Lift tests"),
        N_(
            "What experiments measured: by how much spend of a channel was changed, by how much sales changed with it, "
            "and the standard error of that. Below zero where the channel was paused."
        ),
    ),
    "adjustment": (
        N_("Adjustments"),
        N_(
            "Budget that was moved while the campaign ran: when, from which channel to which, how much and why. "
            "Reallocation tells what each is estimated to have done."
        ),
    ),
    "forecast": (
        N_("Forecasts"),
        N_("What plans were expected to bring, kept for the review. Give each the days it is for once they are set."),
    ),
    "channel-tag": (
        N_("Tags"),
        N_("Groups that channels belong to, such as private for the private domain: a plan can be bound by them."),
    ),
}
KINDS: dict[str, type[Record]] = {
    kind.kind: kind
    for kind in (
        Alias,
        ExchangeRate,
        Goal,
        Task,
        Trial,
        Lesson,
        PlanLine,
        CalendarDay,
        LiftTest,
        Adjustment,
        Forecast,
        ChannelTag,
    )
}

through_the_door()
frame.style()
workspaces.line()
frame.title(N_("What do the data not say?"))
view = st.segmented_control(
    _("View"), list(VIEWS), default="names", key="records.view", format_func=lambda name: _(VIEWS[name][0]),
    label_visibility="collapsed",
)  # fmt: skip
with session.said_plainly():
    session.workspace()
    _label, told = VIEWS[view or "names"]
    st.markdown(_(told))
    if kind := KINDS.get(view or "names"):
        records.editor(kind)
    else:
        records.names()
