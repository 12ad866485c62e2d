"""A trainer's guest rooms: opened from a workspace, with a code to show, and who is where in them."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from analysis.errors import SluiceError
from analysis.messages import Message, say
from server.guests import Room, Seat, no_room
from server.rights import Action
from ui import frame, naming, session, who, workspaces
from ui.clock import moment
from ui.going import go
from ui.language import _, shown

KEY = "rooms"
_SAID = f"{KEY}.said"
SEEN = 5
"""Seconds after which who is where is looked up again."""


def draw() -> None:
    """Draw the page."""
    frame.style()
    workspaces.switch()
    frame.title("Guest rooms")
    if session.guest():
        st.info(_("A guest of a room has this page after signing in with an account."))
        return
    if who.held() is None:
        st.info(_("Guest rooms are for a server that others reach; this computer serves itself alone. docs/sign-in.md "
                  "says how a server is set up."))  # fmt: skip
        return
    if not who.config().rooms.allowed:
        st.info(_("There are no guest rooms on this server."))
        return
    said: tuple[Message, bool] | None = st.session_state.pop(_SAID, None)
    if said and said[1]:
        st.success(shown(said[0]), icon=":material/check:")
    elif said:
        st.error(shown(said[0]), icon=":material/error:")
    _open()
    for room in session.rooms().of(who.person()):
        _room(room)


def _open() -> None:
    with session.said_plainly():
        here = session.workspace()
        called = naming.called(here.id, here.name)
        st.markdown(_("People enter with a code and a nickname, without an account. Each starts from a copy of the "
                      "workspace that stands above, as it is at this moment."))  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom", key=f"{KEY}.new"):
            st.text_input(_("Name of the room"), key=f"{KEY}.name", max_chars=60, width=320)
            st.button(_("Open a room from {name}", name=shown(called)), type="primary", key=f"{KEY}.open",
                      on_click=_opened, disabled=not here.may(Action.ROOM))  # fmt: skip
        if not here.may(Action.ROOM):
            st.caption(_("A room is opened by who may change the workspace."))
        elif frame.holds_nothing(here.tables()):
            st.caption(_("This workspace is empty, and so would each copy be. Import first, or choose another one "
                         "above."))  # fmt: skip


def _opened() -> None:
    try:
        here, name = session.workspace(), str(st.session_state[f"{KEY}.name"]).strip()
        here.check(Action.ROOM)
        session.rooms().sweep()
        session.rooms().open(who.person(), name or naming.called(here.id, here.name), here.copy)
        st.session_state[f"{KEY}.name"] = ""
    except SluiceError as error:
        st.session_state[_SAID] = error.message, False


def _room(room: Room) -> None:
    with st.container(border=True, key=f"{KEY}.{room.code}"):
        st.subheader(shown(room.name), anchor=False)
        with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.{room.code}.way"):
            st.metric(_("The room’s code"), room.code, width="content")  # large: it is read off a wall
            st.code(_address(room), language=None, wrap_lines=True, width="content")
        when = _("Open until {when}; then it and the copies in it go.", when=moment(room.until, zoned=True))
        st.caption(_("It and the copies in it stay until you close it.") if room.kept else when)
        with st.container(horizontal=True, key=f"{KEY}.{room.code}.do"):
            st.button(_("Four hours more"), key=f"{KEY}.{room.code}.more", on_click=_extend, args=(room.code,))
            label = _("Let it end by itself") if room.kept else _("Keep it until I close it")
            st.button(label, key=f"{KEY}.{room.code}.keep", on_click=_keep, args=(room.code, not room.kept))
            with st.popover(_("End it"), icon=":material/meeting_room:"):
                st.markdown(_("All in it are out at once, and their copies are gone."))
                st.button(_("Close the room"), key=f"{KEY}.{room.code}.close", on_click=_close, args=(room.code,))
        _seats(room)


@st.fragment(run_every=SEEN)
def _seats(room: Room) -> None:
    seats = session.rooms().seats(room)
    words = {0: _("Nobody is in it yet. Show the code, or send the address."), 1: _("One person is in it")}
    st.markdown(words.get(len(seats)) or _("{n} people are in it", n=len(seats)))
    for seat in seats:
        with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.{room.code}.{seat.person}"):
            st.markdown(f"**{shown(seat.name)}**", width=180)
            st.caption(_where(seat), width="stretch")
            # Not by callbacks: after one, this part of the page alone would be drawn anew.
            if st.button(_("Look"), key=f"{KEY}.look.{seat.person}", type="tertiary",
                         help=_("Stand on this person's copy, to look at it.")):  # fmt: skip
                session.choose(seat.workspace)
                go("home")
            # Of another copy it is another form: it closes once one is given.
            with st.popover(_("Fresh copy"), type="tertiary", key=f"{KEY}.fresh.{seat.workspace}"):
                st.markdown(_("What this person did is gone; they start again from your workspace."))
                if st.button(_("Give a fresh copy"), key=f"{KEY}.reset.{seat.person}"):
                    _reset(room.code, seat)
                    st.rerun()


def _where(seat: Seat) -> str:
    if seat.seen is None:
        return _("has not come in yet")
    minutes = int((session.registry().clock() - seat.seen) // 60)
    page = frame.called(seat.page)
    return _("on {page}", page=page) if minutes < 1 else _("{n} minutes ago on {page}", n=minutes, page=page)


def _address(room: Room) -> str:
    base = who.config().server.url.rstrip("/") or (st.context.url or "").split("/rooms")[0].rstrip("/")
    return f"{base}/room/{room.code}"


def _own(code: str) -> Room:
    """Return a room of this person's, whatever the browser says.

    Raises
    ------
    RoomError
        It is not theirs, or over.
    """
    room = session.rooms().find(code)
    if room.trainer != who.person().id:
        raise no_room()
    return room


def _extend(code: str) -> None:
    _done(lambda room: session.rooms().extend(who.person(), room, 4), code)


def _keep(code: str, kept: bool) -> None:
    _done(lambda room: session.rooms().keep(who.person(), room, kept), code)


def _close(code: str) -> None:
    _done(lambda room: session.rooms().close(room, who.person()), code)


def _reset(code: str, seat: Seat) -> None:
    given = say("{name} has a fresh copy. Their page says so with their next click.", name=seat.name)
    _done(lambda room: session.rooms().reset(who.person(), room, seat.person), code, given)


def _done(do: Callable[[Room], object], code: str, said: Message | None = None) -> None:
    """Do something with a room of one's own, and leave word of it for the page."""
    try:
        do(_own(code))
        if said:
            st.session_state[_SAID] = said, True
    except SluiceError as error:
        st.session_state[_SAID] = error.message, False
