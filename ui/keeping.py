"""Which workspaces there are, how large, whose and used when; renamed, archived, deleted, backed up and restored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import streamlit as st

from analysis.errors import SluiceError
from analysis.messages import Message, say
from analysis.workspace import WorkspaceFile
from analysis.workspace.away import TRASH, PutAway
from server.rights import Action
from ui import frame, once, session, sharing, who, workspaces
from ui.clock import moment
from ui.controls import told_apart
from ui.language import N_, _, shown

KEY = "keeping"
TITLE = N_("Which workspaces are there?")
_SAID = f"{KEY}.said"
SECONDS = "%Y-%m-%d %H:%M:%S"
_CHOSEN = f"{KEY}.chosen"
STATES = {
    "ready": N_("ready"),
    "locked": N_("open in another program"),
    "damaged": N_("damaged"),
    "newer-format": N_("of a newer version"),
    "misnamed": N_("misnamed"),
    "unreadable": N_("cannot be read"),
    "not-a-workspace": N_("no workspace"),
}
"""How a file can be, in words."""


def draw() -> None:
    """Draw the page."""
    frame.style()
    workspaces.line()
    frame.title(TITLE)
    with session.said_plainly():
        if session.guest():
            st.info(_("A guest of a room has the copy they were given, and no others."))
            return
        _say_what_was_done()
        files = {file.id: file for file in sorted(session.files(), key=_latest, reverse=True)}
        _list(files)
        if files:
            _one(files)
        _put_away()
        _rounds()


def _latest(file: WorkspaceFile) -> tuple[str, str]:
    """Return what orders the list: when it was used last, to the minute, then the name."""
    return f"{file.used:%Y-%m-%d %H:%M}" if file.used else "", file.name


def _say_what_was_done() -> None:
    said: tuple[Message, bool] | None = st.session_state.pop(_SAID, None)
    if said and said[1]:
        st.success(shown(said[0]), icon=":material/check:")
    elif said:
        st.error(shown(said[0]), icon=":material/error:")


def _do(act: Callable[[], Message]) -> None:
    """Do something, and leave word of it for the page."""
    once.begin()  # what the run before found may read the very file
    try:
        st.session_state[_SAID] = (act(), True)
    except SluiceError as error:
        st.session_state[_SAID] = (error.message, False)


# ---- the list ---------------------------------------------------------------------------------------------


def _list(files: dict[str, WorkspaceFile]) -> None:
    if not files:
        st.info(_("There are no workspaces of your own yet: the sample is everybody's, and cannot be changed."))
        return
    held = None if who.person().alone else who.held()
    columns = {
        _("Name"): [file.name for file in files.values()],
        **({_("Owner"): [_owner(id) for id in files]} if held else {}),
        _("Size (MB)"): [round(file.size / 1e6, 1) for file in files.values()],
        _("Last used"): [moment(file.used) for file in files.values()],
        _("Last backup"): [moment(_newest(id)) for id in files],
        _("State"): [_(STATES[file.state]) for file in files.values()],
    }
    st.dataframe(pd.DataFrame(columns), hide_index=True, width="stretch", key=f"{KEY}.list")
    mb = f"{sum(file.size for file in files.values()) / 1e6:.1f}"
    st.caption(_("In all {mb} MB. What is not in use is closed, and opens by itself.", mb=mb))


def _owner(id: str) -> str:
    owner = session.registry().owner(id)
    return sharing.named(owner) if owner else ""


def _newest(id: str) -> dt.datetime | None:
    found = session.keeping().backups(id)
    return found[0].at if found else None


# ---- one of them ------------------------------------------------------------------------------------------


def _one(files: dict[str, WorkspaceFile]) -> None:
    labels = {id: file.name for id, file in files.items()}
    first = session.current() if session.current() in files else next(iter(files))
    if st.session_state.get(_CHOSEN) not in files:
        st.session_state[_CHOSEN] = first
    id = st.selectbox(
        _("One of them"), list(files), key=_CHOSEN, format_func=told_apart(labels, labels.__getitem__), width=420
    )
    file, here = files[id], session.in_hands(id)
    if file.why:
        st.warning(shown(file.why), icon=":material/warning:")
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.row"):
        if file.state == "ready":
            st.button(_("Open"), icon=":material/folder_open:", key=f"{KEY}.open", on_click=session.choose, args=(id,))
            if here.may(Action.RENAME):
                _rename(id, file)
            if here.may(Action.COPY):
                workspaces.download(here, file.path, f"{KEY}.download", _("Download"))
            if here.may(Action.ARCHIVE):
                st.button(_("Archive"), icon=":material/archive:", key=f"{KEY}.archive", on_click=_do,
                          args=(lambda: _archived(id, file.name),))  # fmt: skip
        if here.may(Action.DELETE):
            _delete(id, file)
    if here.may(Action.DELETE):
        _backups(id, file)
    else:
        st.caption(_("Its owner may rename, archive, delete and restore it."))


def _rename(id: str, file: WorkspaceFile) -> None:
    with st.popover(_("Rename"), icon=":material/edit:"):
        st.text_input(_("Name"), file.name, key=f"{KEY}.name.{id}", max_chars=80)
        st.button(_("Rename"), type="primary", key=f"{KEY}.rename", on_click=_do,
                  args=(lambda: _renamed(id, file.name),))  # fmt: skip


def _delete(id: str, file: WorkspaceFile) -> None:
    days = who.config().workspaces.trash_days
    with st.popover(_("Delete"), icon=":material/delete:"):
        st.markdown(_("For {n} days it can be taken back, below. Then it and its backups are gone.", n=f"{days:g}"))
        st.button(_("Delete {name}", name=shown(file.name)), type="primary", key=f"{KEY}.delete", on_click=_do,
                  args=(lambda: _deleted(id, file.name),))  # fmt: skip


def _backups(id: str, file: WorkspaceFile) -> None:
    found = session.keeping().backups(id)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{KEY}.backups"):
        if found:
            at = {one.at: f"{moment(one.at, SECONDS)} · {one.size / 1e6:.1f} MB" for one in found}
            chosen = st.selectbox(_("Backups"), list(at), key=f"{KEY}.backup.{id}", format_func=at.__getitem__,
                                  width=320)  # fmt: skip
            with st.popover(_("Restore"), icon=":material/settings_backup_restore:"):
                st.markdown(_("What stands there now goes into the trash, and can be taken back from it."))
                st.button(_("Restore the state of {moment}", moment=moment(chosen)), type="primary",
                          key=f"{KEY}.restore", on_click=_do, args=(lambda: _restored(id, file.name),))  # fmt: skip
        else:
            st.caption(_("There is no backup of it yet."), width="content")
        if file.state == "ready":
            st.button(_("Back it up now"), icon=":material/backup:", key=f"{KEY}.make", on_click=_do,
                      args=(lambda: _backed_up(id, file.name),))  # fmt: skip


# ---- what is done -----------------------------------------------------------------------------------------


def _renamed(id: str, before: str) -> Message:
    name = str(st.session_state[f"{KEY}.name.{id}"]).strip()
    if not name:
        raise SluiceError(say("Give it a name first."), "no-name")
    session.in_hands(id).name = name
    return say("{before} is called {name} now.", before=before, name=name)


def _archived(id: str, name: str) -> Message:
    session.keeping().archive(id)
    return say("{name} is in the archive, below, until somebody takes it back.", name=name)


def _deleted(id: str, name: str) -> Message:
    session.keeping().delete(id)
    return say("{name} is in the trash, below. It can be taken back.", name=name)


def _back(one: PutAway) -> Message:
    session.keeping().bring_back(one)
    return say("{name} is back.", name=one.file.name)


def _trashed(one: PutAway) -> Message:
    session.keeping().delete(one.id)
    return say("{name} is in the trash, below. It can be taken back.", name=one.file.name)


def _restored(id: str, name: str) -> Message:
    chosen = st.session_state[f"{KEY}.backup.{id}"]
    backup = next(one for one in session.keeping().backups(id) if one.at == chosen)
    session.keeping().restore(backup)
    session.forget_choices()
    return say("{name} is as it was on {moment}. What stood there is in the trash, below.", name=name,
               moment=moment(backup.at))  # fmt: skip


def _backed_up(id: str, name: str) -> Message:
    made = session.keeping().back_up(id)
    return say("{name} is backed up: {mb} MB, read back and whole.", name=name, mb=f"{made.size / 1e6:.1f}")


def _all_backed_up() -> Message:
    session.check(Action.BACKUP)
    done = session.keeping().back_up_all()
    if done.failed:
        why = say("Not backed up: {n}. The first: {reason}", n=len(done.failed), reason=done.failed[0][1])
        raise SluiceError(why, "not-backed-up")
    return say("Backed up: {n}. Nothing else was used since.", n=len(done.made))


# ---- what is put away, and the rounds ---------------------------------------------------------------------


def _put_away() -> None:
    found = session.keeping().put_away()
    if not found:
        return
    st.subheader(_("Archive and trash"), anchor=False)
    for n, one in enumerate(found):
        with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.away.{n}"):
            st.markdown(f"**{shown(one.file.name)}** · {one.file.size / 1e6:.1f} MB · {_until(one)}", width="stretch")
            st.button(_("Bring back"), key=f"{KEY}.back.{n}", type="tertiary", on_click=_do,
                      args=(lambda one=one: _back(one),))  # fmt: skip
            if one.where != TRASH:
                st.button(_("Delete"), key=f"{KEY}.trash.{n}", type="tertiary", on_click=_do,
                          args=(lambda one=one: _trashed(one),))  # fmt: skip


def _until(one: PutAway) -> str:
    until = one.until(who.config().workspaces.trash_days)
    if until is None:
        return _("in the archive")
    return _("deleted {since}, gone on {until}", since=moment(one.since), until=moment(until, "%Y-%m-%d"))


def _rounds() -> None:
    """Say when all was backed up last, and let who looks after the server do it now."""
    if not session.may(Action.BACKUP):
        return
    hours = who.config().backups.hours
    with st.container(horizontal=True, vertical_alignment="center", key=f"{KEY}.rounds"):
        st.button(_("Back all up now"), icon=":material/backup:", key=f"{KEY}.all", on_click=_do,
                  args=(_all_backed_up,))  # fmt: skip
        st.caption(
            _("What was used since is backed up every {n} hours.", n=f"{hours:g}") if hours
            else _("Backups are made by this button and by the command alone.")
        )  # fmt: skip
    last = session.house().last
    for _id, why in last.failed if last else ():
        st.caption(f":orange[:material/warning: {shown(why)}]")
