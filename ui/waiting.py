"""A question on its way: its place in the line, how far it is, and a way to stop it; clicks stay quick meanwhile."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeVar
from weakref import ref

import streamlit as st

from analysis.messages import Span
from server.work import Job, WorkError
from ui.language import _
from ui.once import once

T = TypeVar("T")
STOPPED = "waiting.stopped"
_SOON, _AGAIN = 0.3, 0.4
"""Seconds before anything is said, and between two looks at how far it is."""


class StoppedError(WorkError):
    """A question that this session stopped, and may ask again."""

    key: Hashable = None


def refuse_stopped(key: Hashable) -> None:
    """Say of a question that this session stopped that it was.

    Raises
    ------
    StoppedError
    """
    if key in st.session_state.get(STOPPED, ()):
        error = StoppedError(WorkError.stopped().message, "stopped")
        error.key = key
        raise error


def offer_again(error: StoppedError) -> None:
    """Offer to ask a question again, under the message that it was stopped."""
    key = _key(f"again.{abs(hash(error.key))}")
    st.button(_("Ask again"), icon=":material/refresh:", key=key, on_click=_again, args=(error.key,))


def until_done(job: Job[T], person: str, slot: Any) -> T:
    """Wait for a question in the line, showing in `slot` how it stands; return its answer.

    Parameters
    ----------
    job : Job
    person : str
        Who asked.
    slot : DeltaGenerator
        Where there is room for it; empty again when it is done.
    """
    try:
        if not job.wait(_SOON):
            _show(job, person, slot)
            slot.empty()
    finally:  # a click, or a page that was left, ends this run wherever it is
        job.leave(person)
    return job.value


def _show(job: Job[Any], person: str, slot: Any) -> None:
    with slot.container(horizontal=True, vertical_alignment="center", gap="small"):
        bar = st.empty()
        # Streamlit keeps what a button was given until the session ends (of the job that were the answer), and knows
        # each key for as long: it is not the question's.
        st.button(_("Stop"), icon=":material/close:", key=_key("stop"), on_click=_stop,
                  args=(ref(job), person), disabled=job.stopping)  # fmt: skip
    while not job.wait(_AGAIN):
        bar.progress(job.share or 0.0, text=_words(job))


def _words(job: Job[Any]) -> str:
    """Return how a question stands, in words."""
    if job.stopping:
        return _("stopping…")
    if job.state == "waiting":
        return _("Waiting in the line: {count} before this one", count=job.ahead)
    if job.left_to_do is None:
        return _("Working on it…")
    return _("Working on it: about {time} left", time=Span(max(1, round(job.left_to_do))))


def _key(name: str) -> str:
    """Return the key of a button; a page, and what led to it, may wait for several answers."""
    numbers: dict[str, int] = once("waiting", dict)
    numbers[name] = numbers.get(name, 0) + 1
    return f"waiting.{name}.{numbers[name]}"


def _stop(asked: ref[Job[Any]], person: str) -> None:
    if job := asked():
        st.session_state.setdefault(STOPPED, set()).add(job.key)
        job.stop(person)


def _again(key: Hashable) -> None:
    st.session_state[STOPPED].discard(key)
