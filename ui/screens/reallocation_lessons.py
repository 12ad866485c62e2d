"""Ready simulations, each set so that one thing matters: one click, and it runs."""

from __future__ import annotations

import streamlit as st

from analysis import Allocation, Simulation, Tables
from analysis.errors import SluiceError
from analysis.reallocation.lessons import LESSONS, Lesson, begun
from ui import session
from ui.controls import become, widget_key
from ui.language import _, shown


def controls(_tables: Tables, start: Simulation) -> Simulation:
    """Draw the lessons as cards; return the question as it is."""
    st.caption(
        _(
            "Each sets market and rules anew; filters stay. The headline answers what it asks; then change one thing "
            "under Rules or Market and see what becomes of the answer."
        )
    )
    for row in range(0, len(LESSONS), 3):
        for lesson, cell in zip(LESSONS[row : row + 3], st.columns(3), strict=False):
            with cell.container(border=True, height="stretch"):
                mark = ":material/play_arrow: " if lesson.code == start.lesson else ""
                st.markdown(f"{mark}**{_(lesson.name)}**  \n{shown(_(lesson.sentence))}")
                st.button(_("Begin this lesson"), icon=":material/school:", key=widget_key(f"lesson.{lesson.code}"),
                          on_click=_begin, args=(widget_key(""), start, lesson))  # fmt: skip
    if start.lesson:
        st.button(_("Leave the lesson"), icon=":material/close:", key=widget_key("lesson.leave"),
                  help=_("Market and rules stay as they are; the headline is the usual one again."),
                  on_click=become, args=(widget_key(""), start.replace(lesson=None)))  # fmt: skip
    if word := st.session_state.pop(widget_key("view.word"), None):
        st.error(word, icon=":material/error:")
    return start


def _begin(place: str, start: Simulation, lesson: Lesson) -> None:
    """Set the page to a lesson; what it needs of the data is asked first."""
    try:
        usual = session.ask(Simulation(where=start.where)) if lesson.hourly else None
        best = session.ask(Allocation(where=start.where)) if lesson.split else None
        question = begun(lesson, session.workspace().tables(), usual, best)  # type: ignore[arg-type]
    except SluiceError as error:
        st.session_state[f"{place}view.word"] = session.worded(error.message)
        return
    become(place, question.replace(where=start.where))
