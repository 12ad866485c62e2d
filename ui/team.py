"""What who looks after a server sees: its people, whose workspaces are, and what was done."""

from __future__ import annotations

import streamlit as st

from analysis.errors import SluiceError
from analysis.workspace import workspace_files
from server import audit, gate
from server.registry import Listed, Registry
from server.rights import Action
from ui import frame, load, session, sharing, who
from ui.clock import moment
from ui.controls import told_apart
from ui.language import _, shown

KEY = "team"
_SAID = f"{KEY}.said"
PAGE = 200


def draw() -> None:
    """Draw the page."""
    frame.style()
    frame.title("People and what was done")
    with session.said_plainly():
        if who.person().alone:
            st.info(_("Nobody is told apart here: sign-in is not set up. docs/sign-in.md says how."))
            load.draw()
            return
        session.check(Action.WATCH)
        if said := st.session_state.pop(_SAID, None):
            st.error(shown(said), icon=":material/error:")
        people, owners, done, now = st.tabs([_("Members"), _("Workspaces"), _("What was done"), _("Load")])
        with people:
            _people(session.registry())
        with owners:
            _owners(session.registry())
        with done:
            _done(session.registry())
        with now:
            load.draw()


def _people(held: Registry) -> None:
    st.caption(_("Whoever has signed in stands here. Who is removed is out within a minute and cannot come back; their "
                 "workspaces stay."))  # fmt: skip
    for one in held.people():
        _person(one)


def _person(one: Listed) -> None:
    person = one.person
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.{person.id}"):
        gone = " · " + _("removed") if one.removed else ""
        st.markdown(f"**{shown(person.name)}**{gone}", width="content")
        st.text(person.email if person.email != person.name else "", width="stretch")
        marks = [_("looks after the server")] if person.admin else []
        seen = _("last here {when}", when=moment(one.last_seen))
        st.caption(" · ".join([*marks, *sorted(map(shown, person.groups)), seen]), width="content")
        if one.removed:
            st.button(_("Let in again"), key=f"{KEY}.in.{person.id}", on_click=_let, args=(person.id, True),
                      type="tertiary")  # fmt: skip
        elif person.id != who.person().id:
            st.button(_("Remove"), key=f"{KEY}.out.{person.id}", on_click=_let, args=(person.id, False),
                      type="tertiary")  # fmt: skip


def _let(person: str, in_: bool) -> None:
    try:
        session.check(Action.PEOPLE)
        held = session.registry()
        if in_:
            held.take_back(person)
        else:
            held.remove(person)
            gate.look_again()
        audit.note(held, who.person(), Action.PEOPLE, what="let in again" if in_ else "removed", whom=person)
    except SluiceError as error:
        st.session_state[_SAID] = error.message


def _owners(held: Registry) -> None:
    st.caption(_("A workspace that was here before people were told apart is nobody's: give it an owner, and they "
                 "share it."))  # fmt: skip
    people = {one.person.id: sharing.named(one.person) for one in held.people() if not one.removed}
    for file in workspace_files(session.folder()):
        if file.id.startswith(f"{session.SAMPLE}-"):
            continue
        owner, key = held.owner(file.id), f"{KEY}.owner.{file.id}"
        with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.file.{file.id}"):
            st.markdown(f"**{shown(file.name)}**", width="stretch")
            st.session_state[key] = owner.id if owner and owner.id in people else None
            st.selectbox(_("Owner"), list(people), index=None, key=key, on_change=_hand_over, args=(file.id, key),
                         format_func=told_apart(people, people.__getitem__), placeholder=_("nobody yet"),
                         label_visibility="collapsed", width=280)  # fmt: skip


def _hand_over(workspace: str, key: str) -> None:
    try:
        session.check(Action.HAND_OVER)
        held = session.registry()
        if owner := held.person(st.session_state[key] or ""):
            held.own(workspace, owner)
            audit.note(held, who.person(), Action.HAND_OVER, workspace, whom=owner.id)
    except SluiceError as error:
        st.session_state[_SAID] = error.message


def _done(held: Registry) -> None:
    before = st.session_state.get(f"{KEY}.before")
    found = audit.noted(held, before=before, most=PAGE)
    names = {file.id: file.name for file in workspace_files(session.folder())}
    names |= {id: _("a copy in a room") for id in session.rooms().copies()}
    sharing.entries(found, held, names)
    with st.container(horizontal=True, key=f"{KEY}.pages"):
        if before:
            st.button(_("Newest"), key=f"{KEY}.newest", on_click=_to, args=(None,))
        if len(found) == PAGE:
            st.button(_("Earlier"), key=f"{KEY}.earlier", on_click=_to, args=(found[-1].id,))


def _to(before: int | None) -> None:
    st.session_state[f"{KEY}.before"] = before
