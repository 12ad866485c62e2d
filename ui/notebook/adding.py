"""Adding to a notebook: this page's question, a new one, or a whole round of the plan."""

from __future__ import annotations

import streamlit as st

from analysis import Tables
from analysis.answer import Answer
from analysis.errors import SluiceError
from analysis.notebook import Notebook, looked, told
from analysis.notebook.templates import TEMPLATES
from analysis.question import Question
from analysis.workspace import Kept
from ui import session
from ui.language import _, current, look, shown
from ui.notebook import desk
from ui.screens import ROOMS, SCREENS, screen_of

BELOW = "notebook.adding"
"""The cell below which a question is to be added; "" at the end."""


def this(answer: Answer, page: str) -> None:
    """Draw what adds an answer's question to a notebook: to the one changed last, another, or a new one."""
    books = {one.id: one for one in desk.kept()}
    names = {0: _("A new notebook"), **{id: one.value.title for id, one in books.items()}}
    chosen = st.selectbox(
        _("Notebook"), list(names), index=min(1, len(names) - 1), key=f"{page}.book.to",
        format_func=lambda id: names.get(id, ""),
    )  # fmt: skip
    title = st.text_input(_("Title"), key=f"{page}.book.title", max_chars=80).strip() if chosen == 0 else ""
    if st.button(_("Add"), key=f"{page}.book.add", type="primary"):
        st.session_state[f"{page}.book.added"] = _put(answer.question, books.get(chosen), title)
        st.rerun()
    if said := st.session_state.pop(f"{page}.book.added", None):
        st.success(shown(_("Added to {title}.", title=said)), icon=":material/check:")
        st.page_link("pages/notebooks.py", label=_("Open the notebook"), icon=":material/book:")


def at_once(asked: Question, page: str) -> None:
    """Draw the button that adds a question to the notebook changed last, or to a first one, in one click."""
    if st.button(_("Add to notebook"), key=f"{page}.book.at-once", icon=":material/book:"):
        with session.said_plainly():
            title = _put(asked, next(iter(desk.kept()), None))
            st.toast(shown(_("Added to {title}.", title=title)), icon=":material/check:")
            st.rerun()  # of the sample, a copy of one's own now stands in the address


def _put(asked: Question, book: Kept[Notebook] | None, title: str = "") -> str:
    """Add a question, as it is answered now, to a notebook, or to a new one, and lay it open; return its title."""
    before = book.value if book else Notebook(title=title or _("Notebook"))
    added = before.add(asked)
    added = added.change(added.cells[-1].id, seen=desk.seen(added.cells[-1]))
    if book:
        desk.lay(session.to_change().keep(book.name, added, over=book.revision))
    else:
        desk.create(added)
    return added.title


def question(tables: Tables) -> None:
    """Draw the choice of a question to add, where somebody asked for one."""
    below = st.session_state.get(BELOW)
    if below is None:
        return
    offered = [screen for room in ROOMS.values() for screen in room if not screen.kind.lacks(tables)]
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key="notebook.question"):
        name = st.selectbox(
            _("Question"), [screen.name for screen in offered], key="notebook.question.kind",
            format_func=lambda name: _(SCREENS[name].title), width=420,
        )  # fmt: skip
        if st.button(_("Add"), key="notebook.question.add", type="primary", disabled=not offered):
            _add(SCREENS[name].kind.opening(tables), below)
        if st.button(_("Cancel"), key="notebook.question.cancel", type="tertiary"):
            st.session_state[BELOW] = None
            st.rerun()


def _add(asked: Question, below: str) -> None:
    book = desk.book()
    added = book.add(asked, after=below or None)
    cell = next(one for one in added.cells if one.id not in {c.id for c in book.cells})
    with st.spinner(_(screen_of(asked).waiting)):
        seen = desk.seen(cell)
    st.session_state[BELOW], st.session_state[desk.EDITED] = None, cell.id
    desk.change(added.change(cell.id, seen=seen))
    st.rerun()


def template(name: str, tables: Tables) -> None:
    """Make a notebook of a round of the plan, each question answered once."""
    book = TEMPLATES[name].made(tables, current())
    asked = [cell for cell in book.cells if isinstance(cell.holds, Question)]
    bar = st.progress(0.0, _("Asking the round's questions…"))
    for n, cell in enumerate(asked):
        assert isinstance(cell.holds, Question)
        bar.progress(n / len(asked), _("{n} of {all}: {title}", n=n + 1, all=len(asked), title=_(cell.holds.title)))
        try:
            session.ask(cell.holds)
        except SluiceError:
            continue  # its cell says why
    desk.create(looked(book, told(book, tables, look(), session.ask)))
    st.rerun()
