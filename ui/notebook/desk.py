"""The notebook a person has before them: kept at every change, with undo and redo, and what two people do at once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace

import streamlit as st
from streamlit.errors import StreamlitAPIException

from analysis.answer import Answer
from analysis.errors import SluiceError
from analysis.notebook import Cell, Notebook, Seen, tell
from analysis.question import Question
from analysis.workspace import Kept
from analysis.workspace.kept import unused
from ui import session
from ui.language import _, look

DESK, WORD, REFUSED, EDITED = "notebook.desk", "notebook.word", "notebook.refused", "notebook.edited"
STEPS = 50
"""Changes that can be undone; all earlier states are in the history."""


@dataclass(frozen=True)
class Desk:
    """What lies on it.

    Parameters
    ----------
    kept : Kept of Notebook
        The revision that is shown.
    undo, redo : tuple of Notebook
        What was before, and what was undone; the last first.
    meant : Notebook, optional
        An own change that met somebody else's: neither is lost, one is chosen.
    """

    kept: Kept[Notebook]
    undo: tuple[Notebook, ...] = ()
    redo: tuple[Notebook, ...] = ()
    meant: Notebook | None = None

    @property
    def book(self) -> Notebook:
        """The notebook that is shown."""
        return self.kept.value


def kept() -> tuple[Kept[Notebook], ...]:
    """Return the workspace's notebooks, what changed last first."""
    return session.workspace().kept(Notebook)


def newest(id: int) -> Kept[Notebook] | None:
    """Return a notebook as it is kept now; None where it was forgotten."""
    return next((one for one in kept() if one.id == id), None)


def current() -> Desk | None:
    """Return what lies on the desk, if anything does."""
    return st.session_state.get(DESK)


def book() -> Notebook:
    """Return the notebook on the desk as it is now: a cell may have changed it since the page began to be drawn."""
    desk = current()
    assert desk is not None
    return desk.book


def lay(one: Kept[Notebook] | None) -> None:
    """Lay a notebook on the desk, or clear it."""
    st.session_state[DESK] = Desk(one) if one else None


def create(book: Notebook) -> None:
    """Keep a new notebook and lay it on the desk."""
    here = session.to_change()
    name = unused(book.title, {one.name for one in here.kept(Notebook)})
    lay(here.keep(name, book, over=0))


def follow() -> None:
    """Take up what others did meanwhile; what is on the desk was kept, so nothing of it is lost."""
    desk = current()
    if desk is None or desk.meant:
        return
    now = newest(desk.kept.id)
    if now is None:
        gone = next((one for one in session.workspace().forgotten(Notebook) if one.id == desk.kept.id), None)
        lay(None)
        if gone:
            st.session_state[WORD] = _("{name} was forgotten meanwhile. It can be brought back below.", name=gone.name)
    elif now.revision != desk.kept.revision:
        lay(now)
        st.session_state[WORD] = _("Somebody else changed this notebook; this is how it is now.")


def change(to: Notebook) -> None:
    """Keep the desk's notebook as it is to be from now on; what it was can be undone."""
    desk = current()
    if desk is None or to == desk.book:
        return
    undo = (desk.book, *desk.undo)[:STEPS]
    _keep(to, lambda done: Desk(done, undo=undo))


def step_back() -> None:
    """Undo the last change."""
    desk = current()
    if desk and desk.undo:
        redo = (desk.book, *desk.redo)
        _keep(desk.undo[0], lambda done: Desk(done, undo=desk.undo[1:], redo=redo))


def step_on() -> None:
    """Do again what was undone."""
    desk = current()
    if desk and desk.redo:
        undo = (desk.book, *desk.undo)
        _keep(desk.redo[0], lambda done: Desk(done, undo=undo, redo=desk.redo[1:]))


def _keep(to: Notebook, laid: Callable[[Kept[Notebook]], Desk]) -> None:
    desk = current()
    assert desk is not None
    try:
        done = session.to_change().keep(desk.kept.name, to, over=desk.kept.revision)
    except SluiceError as error:
        if error.code == "changed-meanwhile":
            st.session_state[DESK] = replace(desk, meant=to)
        else:
            st.session_state[REFUSED] = error.message
        return
    st.session_state[DESK] = laid(done)


def answers(book: Notebook, ids: Collection[str]) -> dict[str, Answer]:
    """Return the answers to some cells' questions by cell, where they can be answered; the cell says why not."""
    found = {}
    for cell in book.cells:
        if cell.id in ids and isinstance(cell.holds, Question):
            with suppress(SluiceError):
                found[cell.id] = session.ask(cell.holds)
    return found


def seen(cell: Cell) -> Seen | None:
    """Return what a question's cell says now, to be kept with it."""
    return tell(cell, {}, session.workspace().tables(), look(), session.ask).seen


def again() -> None:
    """Draw this cell anew, and the whole page only where that is being drawn anyway."""
    try:
        st.rerun(scope="fragment")
    except StreamlitAPIException:
        st.rerun()


# ---- two people at once -----------------------------------------------------------------------------------


def take_theirs() -> None:
    """Go on with what somebody else made of it; one's own version is kept as a notebook beside it."""
    desk = current()
    if desk and desk.meant:
        theirs = newest(desk.kept.id)
        create(desk.meant.replace(title=_("{title} (my version)", title=desk.meant.title)[:200]))
        if theirs:
            lay(theirs)


def take_mine() -> None:
    """Go on with one's own version; the other's stays in the history."""
    desk = current()
    if not desk or not desk.meant:
        return
    theirs = newest(desk.kept.id)
    mine = desk.meant
    if theirs is None:
        create(mine)
        return
    st.session_state[DESK] = Desk(theirs)
    change(mine)
