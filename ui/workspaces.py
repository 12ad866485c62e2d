"""Which workspace this is, another instead, a copy of it, and what of the folder cannot be opened."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from analysis.sharing import downloads
from server.allowed import Allowed
from server.rights import Action
from ui import account, session, sharing, who
from ui.controls import told_apart
from ui.language import _, shown
from ui.mapping import CURRENCIES, ZONES

KEY = "frame.workspace"


def switch(width: int = 230) -> None:
    """Draw the workspace with its switch."""
    names = session.names()
    labels = {id: called(id, name) for id, name in names.items()}
    labels.setdefault(session.wanted(), _("(not here)"))
    st.session_state[KEY] = session.wanted()
    st.selectbox(
        _("Workspace"), list(labels), key=KEY, format_func=told_apart(labels, labels.__getitem__), on_change=_switch,
        label_visibility="collapsed", width=width,
    )  # fmt: skip


def line() -> None:
    """Draw the switch, what makes a workspace, what cannot be opened, and how long a copy of one's own stays."""
    with st.container(horizontal=True, vertical_alignment="center", key="frame-line", gap="small"):
        switch()
        if session.may(Action.CREATE):
            # Of another workspace it is another form: it closes once one is made.
            with st.popover(_("New workspace"), icon=":material/add:", key=f"frame.new.{session.current()}"):
                _new()
        sharing.button()
    account.role()
    for file in session.files():
        if file.why:
            st.caption(f":orange[:material/warning: {shown(file.why)}]")
    if session.is_visitors(session.current()) and session.may(Action.CREATE):
        _own()


def backup() -> None:
    """Offer a copy of the workspace as a file: consistent, whatever others change meanwhile. The sample needs none."""
    here = session.workspace()  # the file is made in another thread, which does not know the session
    if here.read_only or not here.may(Action.COPY):
        return
    download(here, here.path, f"{KEY}.copy", _("Download a copy of this workspace"))


def download(here: Allowed, path: Path, key: str, label: str) -> None:
    """Offer a workspace as a file, unless that is too large to pass through the server's memory."""
    if not downloads.fits(path):
        st.caption(
            _(
                "With {mb} MB it is too large to be downloaded here. On the server, "
                "`python -m server.backups make {id}` writes a copy.",
                mb=f"{path.stat().st_size / 1e6:,.0f}",
                id=path.stem,
            )
        )
        return
    st.download_button(
        label,
        data=lambda: downloads.workspace(here),
        file_name=f"{path.stem}.duckdb",
        mime="application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        key=key,
        help=_(
            "All of it in one file, as it is at this moment. Put it into the folder of workspaces to go back to it."
        ),
    )


def here() -> str:
    """Return what people call this session's workspace."""
    id = session.current()
    return called(id, session.names().get(id, ""))


def called(id: str, name: str) -> str:
    """Return what people call a workspace: the sample and copies by what they are, others by their own name."""
    if id == session.SAMPLE:
        return _("Sample campaign")
    if session.in_room(id):
        return _room_copy(id)
    return _("Your own copy of the sample") if session.is_visitors(id) else name


def _room_copy(id: str) -> str:
    owner = session.registry().owner(id)
    if owner is None or owner.id == who.person().id:
        return _("Your copy in the room")
    return _("{name}’s copy in the room", name=owner.name)


def _switch() -> None:
    session.choose(st.session_state[KEY])


def _new() -> None:
    name = st.text_input(_("Name"), key="data.new.name", max_chars=80).strip()
    zone = st.selectbox(_("Time zone"), ZONES, key="data.new.zone")
    currency = st.selectbox(_("Currency"), CURRENCIES, key="data.new.currency")
    if st.button(_("Create"), type="primary", key="data.new"):
        with session.said_plainly():
            if name:
                session.choose(session.create(name, zone=zone, currency=currency))
                st.rerun()
            st.warning(_("Give it a name first."))


def _own() -> None:
    """Say whose this copy is and how long it stays, and offer to keep it with the team's."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.own"):
        alone = who.person().alone
        st.caption(
            _("Only who has this page's address can open this copy. It goes when nobody has used it for 7 days.")
            if alone
            else _("This copy is yours alone. It goes when you have not used it for 7 days."),
            width="content",
        )
        label = _("Keep it for the team") if alone else _("Keep it as a workspace")
        with st.popover(label, icon=":material/group_add:"):
            name = st.text_input(_("Name"), key=f"{KEY}.own.name", max_chars=80).strip()
            if st.button(_("Keep"), type="primary", key=f"{KEY}.own.keep"):
                with session.said_plainly():
                    if name:
                        session.choose(session.keep_copy(name))
                        st.rerun()
                    st.warning(_("Give it a name first."))
