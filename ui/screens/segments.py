"""How far has everyone come, and who moved on?"""

from __future__ import annotations

import streamlit as st

from analysis import Lifecycle, Tables
from analysis.answer import Answer
from analysis.audience.lifecycle import LifecycleAnswer
from analysis.messages import say
from analysis.question import Question
from analysis.workspace import Kept, Segment
from ui import kept, session
from ui.controls import called, currency_of, event_names, observed, one_day, sentence, several, widget_key
from ui.language import N_, _, shown
from ui.screens.base import Screen

SAVED, PLACE, OPEN = "segments.segment.saved", "segments.segments", "segments.open"


def controls(tables: Tables, start: Lifecycle) -> Lifecycle:
    """Draw the sentence that is the question."""
    first, last = observed(tables, "events")
    with sentence():
        st.markdown(_("How far has everyone come by"), width="content")
        at = one_day("at", _("By"), start.at, first, last)
        st.markdown(_("and who moved on since"), width="content")
        since = one_day("since", _("Since"), start.since, first, last)
        st.markdown(_("if interest is"), width="content")
        interest = several(
            widget_key("interest"),
            _("Interest"),
            event_names(tables),
            start.interest,
            N_("Choose events"),
            520,
            called("event"),
        )
        currency = currency_of(tables, start.currency)
    return start.replace(at=at, since=since, interest=interest, currency=currency)


# ---- saved segments ---------------------------------------------------------------------------------------


def saved(answer: Answer) -> None:
    """Draw what keeps the stages as a column for other questions, and the segments that were kept."""
    assert isinstance(answer, LifecycleAnswer)
    st.markdown("##### " + _("Saved segments"))
    with sentence("segment"):
        label = _("Name")
        name = st.text_input(
            label,
            key=widget_key("segment.name"),
            max_chars=60,
            placeholder=label,
            label_visibility="collapsed",
            width=220,
        ).strip()
        taken = name in {segment.name for segment in session.workspace().kept(Segment)}
        label = _("Replace the saved segment") if taken else _("Save as a segment")
        asked = st.button(label, key=widget_key("segment.save"))
        st.markdown(shown(_("as of {day}: use it for what happened after that day", day=answer.at)), width="content")
    if asked and name:
        _save(name, answer, taken)
    elif asked:
        st.warning(_("Give it a name first."))
    if said := st.session_state.pop(SAVED, None):
        st.success(shown(said), icon=":material/check:")
    kept.undo(PLACE)
    for segment in session.workspace().kept(Segment):
        _kept(segment)


def _save(name: str, answer: LifecycleAnswer, taken: bool) -> None:
    with st.spinner(_("Placing everyone in a stage…")):
        now = session.to_change().keep(name, Segment(question=answer.question.replace(at=answer.at)))
    if taken:
        kept.replaced(PLACE, now)
    st.session_state[SAVED] = say(
        "{n} users are saved under {name}. Choose it on the other pages wherever a column is chosen.",
        n=now.value.users,
        name=now.name,
    )
    st.rerun()  # the data has another version now


def _kept(segment: Kept[Segment]) -> None:
    """Draw one segment: its name opens its question."""
    question, key = segment.value.question, widget_key(f"kept.{segment.name}")
    with st.container(horizontal=True, vertical_alignment="center", key=key):
        st.button(shown(segment.name), key=f"{key}.open", on_click=_open, args=(question,))
        day = question.at if isinstance(question, Lifecycle) else None
        st.markdown(shown(_("{n} users as of {day}", n=segment.value.users, day=day or "")), width="content")
        kept.forget(PLACE, segment, f"{key}.forget")


def _open(question: Question) -> None:
    st.session_state[OPEN] = question


SCREEN = Screen(
    Lifecycle,
    name="segments",
    label=N_("Segments"),
    icon=":material/group:",
    controls=controls,
    waiting=N_("Placing everyone in a stage…"),
    under=saved,
)
