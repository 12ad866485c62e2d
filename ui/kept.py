"""Things kept under names, as pages list them: one is forgotten or replaced, and that can be taken back."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis.errors import SluiceError
from analysis.messages import Message, say
from analysis.question import Question
from analysis.workspace import Kept
from server.allowed import Allowed
from ui import session
from ui.language import _, shown

TO_OPEN = "question to open"
"""Under which a page that draws a kept question leaves it, for the frame to go to that question's own page."""


def opens(name: str, question: Question, key: str, **button: Any) -> None:
    """Draw a button, called as a thing is, that goes to the page of its question; `button` says how it looks."""
    st.button(shown(name), key=key, on_click=_open, args=(question,), **button)


def leads(question: Question, key: str, **button: Any) -> None:
    """Draw the button that goes to the page of a question from a fragment, which runs without the frame."""
    if st.button(_("Open"), key=key, icon=":material/arrow_forward:", **button):
        _open(question)
        st.rerun()


def _open(question: Question) -> None:
    st.session_state[TO_OPEN] = question


def forget(place: str, kept: Kept[Any], key: str) -> None:
    """Draw the button that forgets a thing; :func:`undo` of the same `place` offers it back."""
    st.button(_("Forget"), key=key, on_click=_forget, args=(place, kept), type="tertiary")


def replaced(place: str, now: Kept[Any]) -> None:
    """Leave word that a thing took an earlier one's place."""
    st.session_state[f"{place}.changed"] = session.workspace(), now.id, say("{name} was replaced.", name=now.name)


def undo(place: str) -> None:
    """Draw, once, what was just changed here with a button that takes it back."""
    if said := st.session_state.pop(f"{place}.refused", None):
        st.error(shown(said), icon=":material/error:")
    here, id, what = st.session_state.pop(f"{place}.changed", (None, 0, None))
    if here != session.workspace():
        return
    with st.container(horizontal=True, vertical_alignment="center", key=f"{place}.changed.row"):
        st.markdown(shown(what), width="content")
        st.button(_("Undo"), key=f"{place}.undo", on_click=_restore, args=(place, here, id), icon=":material/undo:",
                  type="tertiary")  # fmt: skip


def _forget(place: str, kept: Kept[Any]) -> None:
    try:
        here = session.to_change()
        here.forget(kept.id)
    except SluiceError as error:
        st.session_state[f"{place}.refused"] = error.message
        return
    said: Message = say("{name} was forgotten.", name=kept.name)
    st.session_state[f"{place}.changed"] = here, kept.id, said


def _restore(place: str, here: Allowed, id: int) -> None:
    try:
        here.restore(id)
    except SluiceError as error:
        st.session_state[f"{place}.refused"] = error.message
