"""The row of figures: what each is, against the same days before, and how its goal stands."""

from __future__ import annotations

import numpy as np
import streamlit as st

from analysis.glossary import term_of
from analysis.messages import Share
from analysis.overview.aims import MOST
from analysis.overview.figures import FIGURES, LESS, NEITHER, PEOPLE, Standing
from analysis.overview.goals import GOAL_STATES, MISSED, Reached
from analysis.overview.question import OverviewAnswer
from ui import kept
from ui.language import N_, _, current, shown

COUNTED_ONCE = N_(
    "Whether the change is more than chance is not judged: people are counted once over all days, so days do not tell "
    "how much their number varies by itself."
)
TOO_FEW = N_("Whether the change is more than chance is not judged: there are too few days to tell.")


def draw(answer: OverviewAnswer) -> None:
    """Draw a card for each figure; its name leads to its question."""
    with st.container(key="home-figures", horizontal=True, gap="small"):
        for standing in answer.standings:
            with st.container(border=True, key=f"home-card-{standing.figure}"):
                _card(answer, standing)


def _card(answer: OverviewAnswer, one: Standing) -> None:
    label = _(FIGURES[one.figure].label)
    question = answer.questions.get(one.figure)
    if question is None:
        st.markdown(shown(label))
    else:
        title = _("Opens its question: {title}", title=_(question.title))
        kept.opens(label, question, f"home.open.{one.figure}", type="tertiary", help=title)
    delta, colour, arrow = _delta(one)
    st.metric(
        label, _written(answer, one.figure, float(one.now.value)), delta, delta_color=colour, delta_arrow=arrow,
        label_visibility="collapsed", help=_help(answer, one),
    )  # fmt: skip
    if np.isfinite(one.then):
        st.caption(shown(_before(answer, one)))
    if days := answer.days(one.figure):
        st.caption(_("{first} to {last}", first=days[0], last=days[1]))
    if goal := answer.goals.get(one.figure):
        _goal(answer, one.figure, goal)


def _before(answer: OverviewAnswer, one: Standing) -> str:
    """Return what the figure was before; where other days are compared than the card is of, what it is on these."""
    now, alike, then = (answer.written(one.figure, float(number)) for number in (one.now.value, one.alike, one.then))
    if np.isfinite(one.alike) and alike != now:
        return _("on the days compared: {alike}, before: {then}", alike=alike, then=then)
    return _("before: {then}", then=then)


def _written(answer: OverviewAnswer, figure: str, number: float) -> str:
    return _("{n}", n=answer.written(figure, number))


def _delta(one: Standing) -> tuple[str | None, str, str]:
    """Return the change in words, its colour, and whether there is an arrow: not for what may be chance."""
    value, low, _high = one.change.floats()
    if not np.isfinite(value):
        return None, "off", "off"
    change = ("+" if value > 0 else "") + _("{n}", n=Share(value))
    if not np.isfinite(low):
        return _("{change}, not judged", change=change), "off", "off"
    if not one.clear:
        return _("{change}, may be chance", change=change), "off", "off"
    return change, "off" if one.figure in NEITHER else "inverse" if one.figure in LESS else "normal", "auto"


def _help(answer: OverviewAnswer, one: Standing) -> str | None:
    """Return what the figure is, and between what it and its change lie, where that is told."""
    __, low, high = one.now.floats()
    change, least, most = one.change.floats()
    term = term_of(FIGURES[one.figure].label)
    words = [term.text(current())] if term else []
    if np.isfinite(low) and np.isfinite(high):
        ends = (answer.written(one.figure, bound) for bound in (low, high))
        words.append(_("Between {low} and {high} (95%).", **dict(zip(("low", "high"), ends, strict=True))))
    if np.isfinite(least) and np.isfinite(most):
        words.append(_("The change: {low} to {high} (95%).", low=Share(least), high=Share(most)))
    elif np.isfinite(change):
        words.append(_(COUNTED_ONCE if one.figure in PEOPLE else TOO_FEW))
    return shown(" ".join(words)) or None


def _goal(answer: OverviewAnswer, figure: str, goal: Reached) -> None:
    facts = {"share": Share(goal.reached), "goal": answer.written(figure, goal.target)}
    words = _("{share} of the {goal} limit", **facts) if figure in MOST else _("{share} of {goal}", **facts)
    state = _(GOAL_STATES[goal.state])
    state = f":orange[{state}]" if goal.state in MISSED else state
    st.progress(min(max(goal.reached, 0.0), 1.0), f"{shown(words)} · {state}")
