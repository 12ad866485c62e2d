"""One cell of a notebook: what it says, its controls in place, and what can be done with it. Each is a fragment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import streamlit as st

from analysis import Comparison, Tables
from analysis.answer import Answer
from analysis.messages import Message
from analysis.notebook import Cell, Notebook, Said, Unread, Words, tell
from analysis.question import Question
from analysis.records import Record
from analysis.sharing import as_read
from ui import asking, drawn, frame, session
from ui.controls import placed, widget_key
from ui.language import N_, _, current, look, shown
from ui.notebook import adding, desk, sight, stale, texts
from ui.screens import screen_of
from ui.show import details, notes, said

AT_ONCE = 4
"""Cells that are drawn at once; the others when somebody comes near them."""
NEAR = "notebook.near"
DOINGS: Mapping[str, tuple[str, str]] = {
    "edit": ("tune", N_("Edit")),
    "page": ("open_in_new", N_("Open on its page")),
    "compare": ("compare_arrows", N_("Compare below")),
    "up": ("arrow_upward", N_("Move up")),
    "down": ("arrow_downward", N_("Move down")),
    "text": ("notes", N_("Text below")),
    "question": ("help_center", N_("Question below")),
    "copy": ("content_copy", N_("Copy")),
    "fold": ("unfold_less", N_("Fold or unfold")),
    "delete": ("delete", N_("Delete")),
}


@st.fragment
def draw(id: str, place: int) -> None:
    """Draw one cell of the notebook on the desk."""
    laid = desk.current()
    cell = next((one for one in laid.book.cells if one.id == id), None) if laid else None
    if laid is None or cell is None:  # somebody took it away meanwhile
        st.rerun()
    written = isinstance(cell.holds, Words) and not cell.folded
    with (
        st.container(border=not written, key=f"notebook.cell.{id}"),
        placed(f"notebook.{id}"),
        session.said_plainly(),
    ):
        if written:
            with st.container(horizontal=True, gap="small"):
                with st.container(key=f"notebook.words.{id}"):
                    _drawn(laid.book, cell)
                _menu(laid.book, cell)
            return
        _head(laid.book, cell)
        if cell.folded:
            return
        far = place >= AT_ONCE and id not in near() and id != st.session_state.get(desk.EDITED)
        if isinstance(cell.holds, Question) and far:
            _from_afar(cell)
            return
        _scope(cell.holds)
        _drawn(laid.book, cell)


def near() -> set[str]:
    """Return the cells that somebody came near to."""
    found: set[str] = st.session_state.setdefault(NEAR, set())
    return found


def _scope(held: object) -> None:
    """Say what a question looks at: a filter, or all of the data."""
    tables = session.tables()
    if tables and isinstance(held, Question) and (kept := as_read.scope(held, tables)):
        st.caption(" · ".join(session.worded(each) for each in kept))


def _from_afar(cell: Cell) -> None:
    """Draw what the cell said last, and wait for somebody to scroll to it."""
    if cell.seen:
        st.markdown(f"#### {shown(cell.seen.sentence(current()))}")
    sight.watch(f"notebook.sight.{cell.id}", lambda: near().add(cell.id))


# ---- its line ---------------------------------------------------------------------------------------------


def _head(book: Notebook, cell: Cell) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"notebook.head.{cell.id}"):
        st.subheader(title(cell), anchor=f"cell-{cell.id}", width="stretch")
        _menu(book, cell)


def _menu(book: Notebook, cell: Cell) -> None:
    """Draw what can be done with a cell, and do it."""
    chosen = st.menu_button(
        # In a word: an icon before Streamlit's arrow looks like two buttons, the second one as if it folded the cell.
        _("Menu"), [doing for doing in DOINGS if _fits(doing, cell)], key=f"notebook.do.{cell.id}", type="tertiary",
        format_func=_doing, help=_("What to do with it"),
    )  # fmt: skip
    if chosen:
        _do(book, cell, chosen)


def _doing(doing: str) -> str:
    icon, label = DOINGS[doing]
    return f":material/{icon}: {_(label)}"


def title(cell: Cell) -> str:
    """Return what a cell is called, safe to put into markdown; nothing for a text, which has its own words."""
    match cell.holds:
        case Question() as question:
            return _(question.title)
        case Words() as words:
            return shown(words.text.lstrip("# ").split("\n", 1)[0][:80]) if cell.folded else ""
        case Record() as record:
            return shown(record.title)
        case _:
            return _("A cell that this version cannot read")


def _fits(doing: str, cell: Cell) -> bool:
    if doing == "edit":
        return isinstance(cell.holds, Question | Words)
    if doing == "compare":
        return isinstance(cell.holds, Question) and not isinstance(cell.holds, Comparison)
    return doing != "page" or isinstance(cell.holds, Question)


def _do(book: Notebook, cell: Cell, doing: str) -> None:
    at = [one.id for one in book.cells].index(cell.id)
    match doing:
        case "edit":
            st.session_state[desk.EDITED] = None if st.session_state.get(desk.EDITED) == cell.id else cell.id
        case "page":
            assert isinstance(cell.holds, Question)
            frame.open_question(cell.holds)
        case "up" | "down":
            desk.change(book.move(cell.id, at + (1 if doing == "down" else -1)))
        case "text":
            added = book.add(Words(), after=cell.id)
            st.session_state[desk.EDITED] = added.cells[at + 1].id
            desk.change(added)
        case "question":
            st.session_state[adding.BELOW] = cell.id
        case "compare":
            assert isinstance(cell.holds, Question)
            added = book.add(Comparison(left=cell.holds, right=cell.holds), after=cell.id)
            st.session_state[desk.EDITED] = added.cells[at + 1].id
            desk.change(added)
        case "copy":
            desk.change(book.copy(cell.id))
        case "fold":
            desk.change(book.change(cell.id, folded=not cell.folded))
        case "delete":
            desk.change(book.delete(cell.id))
    st.rerun()


# ---- what it holds ----------------------------------------------------------------------------------------


def _drawn(book: Notebook, cell: Cell) -> None:
    match cell.holds:
        case Words():
            texts.draw(book, cell, edited=st.session_state.get(desk.EDITED) == cell.id)
        case Question() as question:
            _question(book, cell, question)
        case Record() as record:
            st.markdown("  \n".join(f"**{shown(label)}** {shown(held)}" for label, held in _fields(record)))
        case Unread() as unread:
            st.info(shown(unread.why), icon=":material/info:")


def _fields(record: Record) -> Iterator[tuple[str | Message, str]]:
    for name, held in record.to_dict().items():
        if name not in ("kind", "version"):
            yield record.label(name), str(held)


def _question(book: Notebook, cell: Cell, question: Question) -> None:
    tables = session.workspace().tables()
    if st.session_state.get(desk.EDITED) == cell.id:
        question = _controls(tables, question)
        if st.button(_("Done"), key=widget_key("done"), type="primary"):
            st.session_state[desk.EDITED] = None
            desk.again()
    if lacking := type(question).lacks(tables):
        session.to_bring(*(error.message for error in lacking))
        return
    screen = screen_of(question)
    with st.spinner(_(screen.waiting)):
        told = tell(Cell(id=cell.id, holds=question, seen=cell.seen), {}, tables, look(), session.ask)
    if question != cell.holds:
        _changed(book, cell, question, told)
    elif cell.seen and told.answer:
        before = cell.seen.sentence(current())
        stale.mark(book, told, _("The data changed, and with it this answer. Before: {said}", said=before))
    if told.answer is None:
        assert told.error is not None
        raise told.error
    _answer(told.answer)


def _controls(tables: Tables, question: Question) -> Question:
    """Draw the controls of a question in place, set to it whatever they were set to before."""
    held = widget_key("holds")
    if st.session_state.get(held) != question:
        asking.forget()
    question = asking.asked(screen_of(question), tables, question)
    st.session_state[held] = question
    return question


def _changed(book: Notebook, cell: Cell, question: Question, told: Said) -> None:
    """Keep the cell with its new question; the page around it is drawn anew where texts quote it."""
    changed = book.change(cell.id, holds=question, seen=told.seen)
    desk.change(changed)
    laid = desk.current()
    quoted = any(isinstance(c.holds, Words) and any(q.cell == cell.id for q in c.holds.quotes) for c in book.cells)
    if quoted or laid is None or laid.meant:
        st.rerun()


def _answer(answer: Answer) -> None:
    place = widget_key("answer")
    st.markdown(f"#### {said(answer, answer.headline)}")
    drawn.chart(answer, f"{place}.chart")
    notes(answer, place)
    details(answer, place)
