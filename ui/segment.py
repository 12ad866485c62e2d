"""Whoever stands in an answer is saved as a segment: which of its people, under which name, as a list or as a rule."""

from __future__ import annotations

import streamlit as st

from analysis.answer import Answer
from analysis.messages import say
from analysis.people import Grouping
from analysis.workspace import Segment
from ui import kept, session
from ui.language import N_, _, shown
from ui.session import worded

LONGEST = 60
MODES = {False: N_("the people it is now"), True: N_("whoever it is, as data change")}


def this(answer: Answer, page: str) -> None:
    """Draw what saves some of an answer's people."""
    people, place = answer.people, f"{page}.segment"
    chosen = st.selectbox(
        _("Who"), range(len(people)), key=f"{place}.who", format_func=lambda n: worded(people[n].words),
    )  # fmt: skip
    name, live = named(place)
    if st.button(_("Save as a segment"), key=f"{place}.save", type="primary"):
        save(place, name, people[chosen or 0], live=live)
    said(place)


def named(place: str) -> tuple[str, bool]:
    """Draw a segment's name, and whether it stays the list that it is; return both."""
    label = _("Name")
    name = st.text_input(label, key=f"{place}.name", max_chars=LONGEST).strip()
    live = st.radio(_("Keep"), list(MODES), key=f"{place}.live", format_func=lambda mode: _(MODES[mode]))
    return name, bool(live)


def save(place: str, name: str, people: Grouping, *, live: bool) -> None:
    """Save people under a name and run the page again; say what is wrong where that cannot be."""
    if not name:
        st.warning(_("Give it a name first."))
        return
    with session.said_plainly():
        _save(place, name, Segment(question=people, live=live))
    if f"{place}.saved" in st.session_state:
        st.rerun()  # the data has another version now


def _save(place: str, name: str, segment: Segment) -> None:
    taken = name in {one.name for one in session.workspace().kept(Segment)}
    with st.spinner(_("Counting who is in it…")):
        now = session.to_change().keep(name, segment)
    if taken:
        kept.replaced(place, now)
    st.session_state[f"{place}.saved"] = say(
        "{n} users are saved under {name}. Choose it on the other pages wherever a column is chosen.",
        n=now.value.users or 0, name=now.name,
    )  # fmt: skip


def said(place: str) -> None:
    """Draw, once, what was saved here."""
    if word := st.session_state.pop(f"{place}.saved", None):
        st.success(shown(word), icon=":material/check:")
    kept.undo(place)
