"""Who one is here, and the way out; a computer that serves itself alone shows nothing of it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis.errors import SluiceError
from server import audit
from server.rights import Action, Role
from ui import session, who
from ui.clock import moment
from ui.language import _, shown

_OPENED = "account.opened"


def known() -> None:
    """Go on only as somebody: where nobody is known, say why, and no more."""
    try:
        who.person()
    except SluiceError as error:
        st.error(shown(error.message), icon=":material/lock:")
        st.stop()


def seen(page: str) -> None:
    """Note where somebody is, and that they opened a workspace, on a server that tells people apart."""
    held, person = who.held(), who.person()
    if held is None or person.alone:
        return
    here = session.current()
    held.seen(person, here, page)
    if here != session.SAMPLE and here not in st.session_state.setdefault(_OPENED, set()):
        st.session_state[_OPENED].add(here)
        audit.note(held, person, "open", here)


def told() -> None:
    """Tell a guest, once, that what they stand on is not what it was."""
    if not session.guest():
        return
    before, now = st.session_state.get(session.COPY), session.home()
    st.session_state[session.COPY] = now
    if before and before != now:
        st.toast(_("The trainer gave you a fresh copy: you start again from it."), icon=":material/restart_alt:",
                 duration="long")  # fmt: skip


def menu() -> None:
    """Draw who one is, with what one may do here and the way out."""
    person = who.person()
    if person.alone:
        return
    with st.popover(shown(person.name), icon=":material/account_circle:", key="account", width="stretch"):
        st.markdown(f"**{shown(person.name)}**")
        st.caption(shown(_kind()))
        if session.guest() and (room := session.rooms().around(person)):
            until = _("The room is open until {when}.", when=moment(room.until, zoned=True))
            st.caption(shown(_("The room stays open until the trainer closes it.") if room.kept else until))
        if person.groups:
            st.caption(shown(_("In the groups {names}", names=", ".join(sorted(person.groups)))))
        st.button(_("Sign out"), icon=":material/logout:", key="account.out", on_click=who.sign_out)


def _kind() -> str:
    if session.guest():
        return _("Guest of a room: your copy goes with the room.")
    if who.person().admin:
        return _("Looks after this server")
    return who.person().email or _("Signed in")


def role() -> None:
    """Say what one is to the workspace, where that is less than its owner."""
    if who.person().alone or session.current() == session.SAMPLE:
        return
    found = session.role(session.current())
    if found is Role.VIEWER:
        st.caption(":material/visibility: " + _("You may look here, not change: {owner} is the owner.", owner=_owner()))
    elif found is Role.EDITOR:
        st.caption(":material/edit: " + _("Shared with you by {owner}.", owner=_owner()))


def _owner() -> str:
    owner = session.registry().owner(session.current())
    return shown(owner.name) if owner else _("nobody yet")


def may_watch() -> bool:
    """Say whether one looks after a server that tells people apart."""
    return not who.person().alone and session.may(Action.WATCH)


def pages() -> list[Any]:
    """Return the pages that there are for this person on a server."""
    if who.held() is None:
        return []
    rooms = not session.guest() and who.config().rooms.allowed
    return [
        st.Page("pages/rooms.py", title=_("Guest rooms"), icon=":material/groups:", url_path="rooms",
                visibility=_seen_if(rooms)),
        st.Page("pages/team.py", title=_("People and what was done"), icon=":material/badge:", url_path="team",
                visibility=_seen_if(may_watch())),
    ]  # fmt: skip


def _seen_if(theirs: bool) -> Any:
    """Return whether a page stands in the navigation; one that is another's says so to who knows its address."""
    return "visible" if theirs else "hidden"
