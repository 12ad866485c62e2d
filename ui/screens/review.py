"""What came of the campaign, and which campaign did better?"""

from __future__ import annotations

import streamlit as st

from analysis import CampaignReview, Lesson, QuarterWeights, Scorecard, Tables
from analysis.answer import Answer
from analysis.errors import SluiceError
from analysis.plan.scorecard import LABELS, QUARTERS
from ui import session
from ui.controls import called, number, observed, one_day, sentence, several, widget_key
from ui.language import N_, _, shown
from ui.screens.base import Screen, View
from ui.session import keep
from ui.tabled import headed

TABLES = {
    "channels": N_("Channel by channel"), "predicted": N_("Predicted and happened"),
    "adjustments": N_("Adjustments made"), "lessons": N_("What was learnt"),
}  # fmt: skip


def controls(tables: Tables, start: CampaignReview) -> CampaignReview:
    """Draw what was aimed at, and the day of the review; of the scorecard, nothing."""
    if st.session_state.get(widget_key("view.start")) == Scorecard.kind:
        return start
    first, last = observed(tables)
    with sentence():
        st.markdown(_("Set the campaign beside an aim of"), width="content")
        key = widget_key("target")
        keep(key, start.target)
        target = st.number_input(_("Revenue aimed at"), key=key, min_value=1.0, step=10_000.0, width=190,
                                 placeholder=_("the goal"), label_visibility="collapsed")  # fmt: skip
        st.markdown(_("as of"), width="content")
        at = one_day("at", _("As of"), start.at, first, last)
    return start.replace(target=target or None, at=at)


def _scorecard(tables: Tables, asked: CampaignReview, opened: Scorecard | None) -> Scorecard:
    """Draw which campaigns are compared, and what each quarter weighs."""
    start = opened or Scorecard()
    with sentence("score"):
        st.markdown(_("Score"), width="content")
        chosen = several(widget_key("campaigns"), _("Campaigns"), tables.names("campaign"), start.campaigns,
                         N_("the last two"), 420, called("campaign"))  # fmt: skip
        with st.popover(_("Weights by quarter"), icon=":material/balance:"):
            weights = tuple(_weights(start, quarter) for quarter in QUARTERS)
    usual = all(one == QuarterWeights(quarter=one.quarter) for one in weights)
    where = asked.where.without("campaign") if asked.where else None
    return Scorecard(campaigns=chosen, weights=() if usual else weights, where=where)


def _weights(start: Scorecard, quarter: str) -> QuarterWeights:
    """Draw one quarter's weights, in percent."""
    held = next((one for one in start.weights if one.quarter == quarter), QuarterWeights(quarter=quarter))
    found = {}
    for column, (name, label), share in zip(st.columns(3), LABELS.items(), held.shares, strict=True):
        with column:
            found[name] = number(widget_key(f"weight.{quarter}.{name}"), f"{quarter} · {_(label)}, %",
                                 round(100 * share), 5, width=None, min_value=0, max_value=100)  # fmt: skip
    if not any(found.values()) or len(set(found.values())) == 1:
        return QuarterWeights(quarter=quarter)
    return QuarterWeights(quarter=quarter, **{name: float(share) for name, share in found.items()})


def under(answer: Answer) -> None:
    """Draw the tables that have rows and, of a review, where a lesson is written down."""
    if isinstance(answer.question, CampaignReview):
        headed(answer, TABLES)
        _lesson()
    else:
        headed(answer, {"flips": N_("Where the order flips"), "quarters": N_("By quarter")})


def _lesson() -> None:
    """Draw a line for a lesson of this campaign; it stands in the next one's plan."""
    campaign = session.workspace().campaign
    if campaign is None:
        return
    key = widget_key("lesson")
    with st.form(f"{key}.form", clear_on_submit=True):
        learnt = st.text_input(_("What do we keep, what do we leave next time?"), key=f"{key}.learnt", max_chars=500)
        evidence = st.text_input(_("What shows it?"), key=f"{key}.evidence", max_chars=1000)
        if st.form_submit_button(_("Write the lesson down"), icon=":material/school:") and learnt.strip():
            try:
                lesson = Lesson(learnt=learnt.strip(), campaign=campaign.name, evidence=evidence.strip() or None)
                session.to_change().keep(lesson.title[:255], lesson)
            except SluiceError as error:
                st.error(shown(error.message), icon=":material/error:")
                return
            st.rerun()


SCREEN = Screen(
    CampaignReview,
    name="review",
    label=N_("Review"),
    icon=":material/history_edu:",
    controls=controls,
    waiting=N_("Setting plan and outcome beside each other…"),
    views=(View(Scorecard, N_("Scorecard"), _scorecard, lambda opened: CampaignReview(where=opened.where)),),
    under=under,
)
