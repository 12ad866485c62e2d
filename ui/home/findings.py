"""The findings most worth acting on: each comes when its question is answered, and is one click from a notebook."""

from __future__ import annotations

import numpy as np
import streamlit as st

from analysis import Findings, Tables
from analysis.answer import Answer
from analysis.errors import SluiceError
from analysis.messages import Money
from analysis.overview.findings import FindingsAnswer
from analysis.overview.sources import ABOUT, MEANINGS, Finding, Source
from analysis.question import Question
from ui import kept, session
from ui.language import _
from ui.notebook import adding
from ui.show import said
from ui.waiting import StoppedError

Asks = tuple[tuple[Source, Question], ...]
ASKED = "home.findings.asked"
"""Of which filter findings were asked for, where that is no whole campaign."""


@st.fragment
def draw(question: Findings) -> None:
    """Draw the first findings as cards and the rest behind a fold.

    Parameters
    ----------
    question : Findings
    """
    st.markdown("##### " + _("Most worth acting on"))
    with session.said_plainly():
        tables = session.workspace().tables()
        asks = question.asks(tables)
        if _waits_to_be_asked(question, asks):
            return
        found = _arriving(question, tables, asks)
        if not found.findings:
            st.markdown(said(found, found.headline))
            return
        with st.container(key="home-findings", horizontal=True, gap="small"):
            for place, finding in enumerate(found.first):
                _card(found, finding, place)
        _rest(found)
        if found.caveat:
            st.caption(said(found, found.caveat.message))


def _waits_to_be_asked(question: Findings, asks: Asks) -> bool:
    """Draw the button that looks at other days than the whole campaign's, and say whether it waits to be pressed.

    They are seldom what findings are wanted of, and looking through all questions takes seconds of everybody's server.
    """
    where = question.where
    if where is None or not (where.start or where.end) or st.session_state.get(ASKED) == where:
        return False
    if all(session.answered(asked) for _source, asked in asks):
        return False
    st.button(_("Look for findings in these days"), key="home.findings.ask", icon=":material/search:",
              on_click=st.session_state.__setitem__, args=(ASKED, where))  # fmt: skip
    return True


def _arriving(question: Findings, tables: Tables, asks: Asks) -> FindingsAnswer:
    """Return the findings; while they are looked for, show those there are."""
    answers, slot, stopped = list[tuple[Source, Answer]](), st.empty(), list[StoppedError]()
    for n, (source, asked) in enumerate(asks, 1):
        if not session.answered(asked):  # at each later run all are there, and ranking them takes its time
            with slot.container():
                if answers:
                    for finding in question.together(tables, answers).first:
                        st.markdown(said(answers[0][1], finding.said))
                words = _("Looking for what is worth acting on: {n} of {all}", n=n, all=len(asks))
                st.progress((n - 1) / len(asks), words)
        try:
            answers.append((source, session.ask(asked)))
        except StoppedError as error:
            stopped.append(error)
        except SluiceError:  # the data do not tell, which is no finding
            continue
    slot.empty()
    for one in stopped:
        with session.said_plainly():
            raise one
    return question.together(tables, answers)


def _card(found: FindingsAnswer, finding: Finding, place: int) -> None:
    with st.container(border=True, key=f"home-finding-{place}"):
        st.caption(_(ABOUT[finding.about]))
        amount, meaning = _amount(found, finding)
        st.metric(_(ABOUT[finding.about]), amount, label_visibility="collapsed")
        st.caption(meaning)
        st.markdown(said(found, finding.said))
        _actions(finding, str(place))


def _amount(found: FindingsAnswer, finding: Finding) -> tuple[str, str]:
    amount = float(finding.amount.value)
    if np.isnan(amount):
        return _("{n} people", n=round(finding.people)), _(MEANINGS[finding.meaning])
    return _("{n}", n=Money(amount, found.currency)), _(MEANINGS[finding.meaning])


def _actions(finding: Finding, key: str) -> None:
    with st.container(horizontal=True, key=f"home-keep-{key}", gap="small"):
        kept.leads(finding.question, f"home.finding.{key}.open")
        adding.at_once(finding.question, f"home.finding.{key}")


def _rest(found: FindingsAnswer) -> None:
    rest = found.findings[len(found.first) :]
    if not rest:
        return
    with st.expander(_("{n} more", n=len(rest)), key="home.findings.more"):
        for place, finding in enumerate(rest, len(found.first)):
            st.markdown(f"**{_(ABOUT[finding.about])}** · {said(found, finding.said)}")
            _actions(finding, str(place))
