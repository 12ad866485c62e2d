"""The first campaign, decision by decision: its budgets as a stream, what each decision saw, changed and brought."""

from __future__ import annotations

import streamlit as st

from analysis import Simulation, Tables
from analysis.answer import Answer
from analysis.messages import Message
from analysis.reallocation.decisions import KINDS, OUTCOMES, Decision
from analysis.reallocation.simulation import SimulationAnswer
from ui import drawn, session
from ui.controls import choose_words, widget_key
from ui.language import N_, _, current, shown
from ui.tabled import table

SHOWN = {
    "all": N_("all decisions"),
    "done": N_("carried out"),
    "held": N_("not carried out"),
    "wrong": N_("misread by before and after"),
}
"""Which decisions one steps through."""
BUDGETS = ("channel", "before", "after", "released")


def controls(_tables: Tables, start: Simulation) -> Simulation:
    """Draw nothing: what is stepped through is the answer."""
    return start


def look_at(answer: Answer, page: str) -> None:
    """Draw the stream, the steps and the chosen decision."""
    assert isinstance(answer, SimulationAnswer)
    which = choose_words(widget_key("steps"), _("Which decisions"), SHOWN, "all", 240)
    places = answer.places(which)
    if not places:
        st.info(_("There is no such decision in the first campaign."), icon=":material/info:")
        return
    at = _step(answer, places)
    drawn.chart(answer, f"{page}.stream", "stream", at=at)
    _one(answer, at)


def _step(answer: SimulationAnswer, places: tuple[int, ...]) -> int:
    """Draw the way from decision to decision; return the row of the log that is looked at."""
    key = widget_key("at")
    session.keep(key, places[0])
    now = min(places, key=lambda place: abs(place - st.session_state[key]))
    st.session_state[key] = now
    n = places.index(now)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(_("Previous"), icon=":material/chevron_left:", key=widget_key("previous"), disabled=n == 0,
                  on_click=_go, args=(key, places[max(n - 1, 0)]))  # fmt: skip
        st.button(_("Next"), icon=":material/chevron_right:", key=widget_key("next"), disabled=n == len(places) - 1,
                  on_click=_go, args=(key, places[min(n + 1, len(places) - 1)]))  # fmt: skip
        st.markdown(_("Decision {n} of {all}", n=n + 1, all=len(places)), width="content")
        if len(places) > 1:
            times = {place: f"{answer.decisions[place - 1].time:%m-%d %H:%M}" for place in places}
            st.select_slider(_("Decision"), places, key=key, format_func=lambda place: times.get(place, ""),
                             label_visibility="collapsed")  # fmt: skip
    return int(st.session_state[key])


def _go(key: str, place: int) -> None:
    st.session_state[key] = place


def _one(answer: SimulationAnswer, at: int) -> None:
    decision = answer.decisions[at - 1]
    st.markdown(f"**{_title(decision)}**")
    st.markdown("  \n".join(_said(answer, sentence) for sentence in answer.story(at)))
    for n, (figure, about) in enumerate(answer.brought_by(at)):
        if n == 0:
            st.markdown(f"**{_said(answer, figure)}** {_said(answer, about)}")
        else:
            st.caption(f"{_said(answer, figure)} {_said(answer, about)}")
    if decision.budgets:
        drawn_on = any(released for *_, released in decision.budgets)
        table(answer, "budgets", BUDGETS if drawn_on else BUDGETS[:-1], decision=at)


def _said(answer: SimulationAnswer, sentence: Message) -> str:
    return shown(answer.say(sentence, current()))


def _title(decision: Decision) -> str:
    what, time = _(KINDS[decision.kind]), f"{decision.time:%Y-%m-%d %H:%M}"
    if decision.outcome == "done":
        return shown(_("{time}: {what}", time=time, what=what))
    return shown(_("{time}: {what} ({outcome})", time=time, what=what, outcome=_(OUTCOMES[decision.outcome])))
