"""A goal from a figure of an answer: it is looked at again as the data change."""

from __future__ import annotations

import streamlit as st

from analysis import FigureOf, Goal
from analysis.answer import Answer
from analysis.errors import SluiceError
from analysis.quotes import quotable
from ui import session
from ui.language import _, look, shown

MOST = 120
"""Figures that are offered."""


def this(answer: Answer, page: str) -> None:
    """Draw which figure of an answer is aimed at, how far and by when."""
    figures = list(quotable(page, answer, look(), most=MOST))
    if not figures:
        st.markdown(_("This answer has no figure to aim at."))
        return
    words = [text for _quote, text in figures]
    chosen = st.selectbox(_("Figure"), range(len(words)), format_func=words.__getitem__, key=f"{page}.goal.figure")
    quote, text = figures[chosen or 0]
    called = st.text_input(_("Name"), key=f"{page}.goal.name", max_chars=120, placeholder=text.split(": ")[0][:120])
    target = st.number_input(_("Target, shares from 0 to 1"), key=f"{page}.goal.target", value=None, format="%g")
    by = st.date_input(_("By"), key=f"{page}.goal.by", value=None, format="YYYY-MM-DD")
    if st.button(_("Keep this goal"), type="primary", key=f"{page}.goal.keep", disabled=target is None):
        try:
            place = FigureOf(question=answer.question, column=quote.column, row=quote.row, frame=quote.frame)
            name = called.strip() or text.split(": ")[0][:120]
            goal = Goal(name=name, figure=place, target=target, date=by)
            session.to_change().keep(goal.title[:255], goal)
        except SluiceError as error:
            st.error(shown(error.message), icon=":material/error:")
            return
        st.toast(shown(_("Kept as a goal; it stands on Goals and plan.")), icon=":material/flag:")
        st.rerun()
