"""Home: how the campaign goes at a glance, and what is most worth acting on; figures first, findings as they come."""

from __future__ import annotations

from typing import Any

import streamlit as st

from analysis import Findings
from analysis.overview.question import OverviewAnswer
from analysis.overview.words import WOULD_ADD
from analysis.question import Question
from ui import drawn, kept, session
from ui.home import cards, findings, present
from ui.language import _
from ui.screens import Screen
from ui.show import actions, details, notes, said

STYLE = """
<style>
.st-key-home-figures > *, .st-key-home-findings > * { min-width: 0; }
.st-key-home-figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(11.25rem, 1fr)); }
.st-key-home-figures { margin-top: 0.5rem; }
.st-key-home-figures > div { width: auto !important; height: 100%; }
.st-key-home-findings { align-items: stretch; }
.st-key-home-findings > div { flex: 1 1 18rem !important; width: auto !important; }
.st-key-page { position: relative; }
.st-key-home-present { position: absolute; right: 0; top: 0; width: max-content !important; align-items: flex-end; }
.st-key-home-present :is(div, span, button) { width: max-content !important; max-width: none; }
.st-key-home-present p { white-space: nowrap; }
[class*=st-key-home-card] { gap: 0.15rem; height: 100%; padding: 0.6rem 0.8rem; }
[class*=st-key-home-finding-] { gap: 0.25rem; height: 100%; }
[class*=st-key-home-card] button { min-height: 0; padding: 0; text-align: left; }
[class*=st-key-home-card] [data-testid=stMetricValue] { font-size: 1.55rem; line-height: 1.3; }
[class*=st-key-home-card] [data-testid=stMetricDelta] * { white-space: normal; height: auto; }
[class*=st-key-home-card] [data-testid=stProgress] p { font-size: 0.85rem; word-break: keep-all; }
[class*=st-key-home-finding-] [data-testid=stMetricValue] { font-size: 1.5rem; }
@media (max-width: 640px) {
  .st-key-home-figures { grid-template-columns: 1fr 1fr; }
  [class*=st-key-home-card] [data-testid=stMetricValue] { font-size: 1.25rem; }
}
</style>
"""


def body(screen: Screen[Any], question: Question) -> None:
    """Draw the answer to Home's question, and the findings beside it."""
    st.html(STYLE)
    answer = session.ask(question, _(screen.waiting))
    assert isinstance(answer, OverviewAnswer)  # Home's question
    present.switch()
    st.markdown(f"#### {said(answer, answer.headline)}")
    cards.draw(answer)
    trend, parts = st.columns([3, 2], gap="medium")
    with trend:
        st.markdown("##### " + _("Day by day"))
        drawn.chart(answer, "home.chart")
    with parts:
        _parts(answer)
    found, under = st.container(), st.container(key="home-actions")
    with under:
        notes(answer, screen.name)
        actions(answer, screen.name)
        details(answer, screen.name)
    with found:
        findings.draw(Findings(where=question.where))
    _bring(answer)


@st.fragment
def _parts(answer: OverviewAnswer) -> None:
    """Draw where it comes from, by the column that is chosen."""
    if not answer.columns:
        return
    st.markdown("##### " + _("Where it comes from"))
    with session.said_plainly():
        with st.container(key="home-keep-by", horizontal=True, vertical_alignment="center"):
            chosen = st.segmented_control(
                _("Where it comes from"), answer.columns, default=answer.columns[0], key="home.by",
                format_func=lambda column: _(column), label_visibility="collapsed",
            )  # fmt: skip
            question = answer.by(chosen or answer.columns[0])
            kept.leads(question, "home.by.open", type="tertiary")
        drawn.chart(session.ask(question), "home.by.chart")


def _bring(answer: OverviewAnswer) -> None:
    """Say in one quiet line what another export would add."""
    note = next((note for note in answer.notes if note.code == WOULD_ADD), None)
    if note is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="home-bring"):
        st.caption(said(answer, note.message), width="content")
        st.page_link("pages/data.py", label=_("Go to Data"), icon=":material/upload:")
