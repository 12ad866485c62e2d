"""Adding to a notebook: this page's question, a new one, or a whole round of the plan."""

from __future__ import annotations

import streamlit as st

from analysis import Tables
from analysis.answer import Answer
from analysis.errors import SluiceError
from analysis.notebook import Notebook, looked, told
from analysis.notebook.templates import TEMPLATES
from analysis.question import Question
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
        before = books[chosen].value if chosen else Notebook(title=title or _("Notebook"))
        added = before.add(answer.question)
        added = added.change(added.cells[-1].id, seen=desk.seen(added.cells[-1]))
        if chosen:
            session.to_change().keep(books[chosen].name, added, over=books[chosen].revision)
        else:
            desk.create(added)
        st.session_state[f"{page}.book.added"] = added.title
        st.rerun()
    if said := st.session_state.pop(f"{page}.book.added", None):
        st.success(shown(_("Added to {title}.", title=said)), icon=":material/check:")
        st.page_link("pages/notebooks.py", label=_("Go to notebooks"), icon=":material/book:")


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
            screen = SCREENS[name]
            where = None if screen.across else tables.current()
            _add(screen.kind.suggested(tables).replace(where=where), below)
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
