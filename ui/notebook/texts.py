"""A text of a notebook: Markdown in which figures of answers stand, chosen from a list."""

from __future__ import annotations

import re
from collections.abc import Mapping

import streamlit as st

from analysis.answer import Answer
from analysis.notebook import Cell, Notebook, Said, Words, called_of, filled, quotable, tell
from analysis.question import Question
from ui import session
from ui.controls import told_apart, widget_key
from ui.language import _, current, look, shown
from ui.notebook import desk, stale


def draw(book: Notebook, cell: Cell, *, edited: bool) -> None:
    """Draw a text, or what it is written with."""
    words = cell.holds
    assert isinstance(words, Words)
    told = tell(cell, quoted(book, words), session.workspace().tables(), look())
    if edited:
        _editor(book, cell, words, told)
        return
    if cell.seen:
        before = cell.seen.sentence(current())
        stale.mark(book, told, _("Figures quoted here changed with the data. Before: {said}", said=before))
    _shown(cell, filled(words, told.figures))
    if words.awaited:
        st.markdown(f":gray[{safe(words.hint)}]")


def _shown(cell: Cell, text: str) -> None:
    """Draw Markdown; a heading it begins with is where the contents lead to."""
    level = re.match(r"(#{1,2}) +(\S.*)(?:\n|$)", text)
    if level:
        head = st.header if len(level[1]) == 1 else st.subheader
        head(shown(level[2]), anchor=f"cell-{cell.id}")
        text = text[level.end() :]
    if text.strip() or not (level or cell.holds.hint):
        empty = _("An empty text. Edit it from the menu on the right.")
        st.markdown(safe(text) or f":gray[{empty}]")


def safe(text: str) -> str:
    """Return somebody's Markdown without what would load, run or set formulas: images, HTML, directives, money signs.

    Examples
    --------
    >>> safe("**¥ 5** for $6 <b>x</b> ![y](http://z/p.png) :red[no]")
    '**¥ 5** for \\\\$6 &lt;b>x&lt;/b> \\\\!\\\\[y](http://z/p.png) \\\\:red[no]'
    """
    text = text.replace("<", "&lt;").replace("$", "\\$")
    text = re.sub(r"!\[", r"\\!\\[", text)
    return re.sub(r":(?=[a-z_-]+[\[/:])", r"\\:", text)


def quoted(book: Notebook, words: Words) -> Mapping[str, Answer]:
    """Return the answers that a text quotes, by cell."""
    return desk.answers(book, {quote.cell for quote in words.quotes})


# ---- writing ----------------------------------------------------------------------------------------------


def _editor(book: Notebook, cell: Cell, words: Words, told: Said) -> None:
    key = _field(words.text)
    text = st.text_area(
        _("Text"), words.text, key=key, height=200, max_chars=20_000, label_visibility="collapsed",
        placeholder=_("Headings with #, lists with -, **bold**, tables with |"),
    )  # fmt: skip
    if text != words.text:
        st.session_state[widget_key("held")] = text
        _keep(book, cell, words.replace(text=text))
        desk.again()
    if words.hint:
        st.caption(safe(words.hint))
    st.caption(shown(_("## begins a heading. [[1]] stands for the first figure quoted: it may stand anywhere.")))
    _quoted(book, words)
    _quote(book, cell, words)
    if st.button(_("Done"), key=widget_key("done"), type="primary"):
        st.session_state[desk.EDITED] = None
        desk.again()


def _quoted(book: Notebook, words: Words) -> None:
    """List the figures that the text quotes, each with what it is called and what it is now."""
    answers = quoted(book, words)
    gone = _("a figure that is not there any more")
    told = [
        f"- {shown(f'[[{n}]] = {called_of(quote, answers, look()) or gone}')}"
        for n, quote in enumerate(words.quotes, 1)
    ]
    if told:
        st.markdown("\n".join(told))


def _field(text: str) -> str:
    """Return the key of the field: another one where the text is not what was written in it last (undo, a quote)."""
    held, round = widget_key("held"), widget_key("round")
    if st.session_state.get(held) != text:
        st.session_state[held], st.session_state[round] = text, st.session_state.get(round, 0) + 1
    return widget_key(f"text.{st.session_state[round]}")


def _quote(book: Notebook, cell: Cell, words: Words) -> None:
    """Offer the figures of one of the notebook's answers; the one chosen is put at the end of the text."""
    asked = {one.id: _(one.holds.title) for one in book.cells if isinstance(one.holds, Question)}
    if not asked:
        return
    called = told_apart(asked, asked.__getitem__)
    with st.expander(_("Quote a figure"), icon=":material/format_quote:", key=widget_key("quote")):
        chosen = st.selectbox(
            _("Of which answer"), list(asked), index=None, key=widget_key("quote.cell"), format_func=called,
            placeholder=_("Choose an answer"),
        )  # fmt: skip
        found = desk.answers(book, {chosen}) if chosen else {}
        figures = [pair for id, answer in found.items() for pair in quotable(id, answer, look())]
        if not figures:
            return
        place = st.selectbox(
            _("Figure"), range(len(figures)), index=None, key=widget_key("quote.figure"),
            format_func=lambda n: figures[n][1], placeholder=_("Search"),
        )  # fmt: skip
        if st.button(_("Put it in"), key=widget_key("quote.add"), type="primary", disabled=place is None):
            assert place is not None
            quotes = (*words.quotes, figures[place][0])
            text = f"{words.text}{' ' if words.text else ''}[[{len(quotes)}]]"
            _keep(book, cell, words.replace(text=text, quotes=quotes))
            desk.again()


def _keep(book: Notebook, cell: Cell, words: Words) -> None:
    changed = book.change(cell.id, holds=words)
    told = tell(changed.cell(cell.id), quoted(changed, words), session.workspace().tables(), look())
    desk.change(changed.change(cell.id, seen=told.seen))
    laid = desk.current()
    if laid is None or laid.meant:
        st.rerun()
