"""A first visitor's way through the sample campaign: six stops, the last one with a file of their own.

It is offered on the first page and can be left at any time; the session and the address remember how far it came.
"""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from ui import session
from ui.going import go
from ui.language import N_, _, shown, unseen
from ui.screens import SCREENS

STATE, GOING, PARAMETER = "tour", "tour.going", "tour"
OFF, LINKED = "off", ""


@dataclass(frozen=True)
class Stop:
    """A page to look at, what it is there for and what to try."""

    page: str
    title: str
    text: str
    kind: str = ""


STOPS = (
    Stop(
        "funnel",
        N_("Where people drop off"),
        N_(
            "Each page asks one question and answers it first, in the bold sentence. Here: which groups stop more "
            "often than the others, and what that costs. On Android the way from checkout to purchase is broken."
        ),
        "drop-offs",
    ),
    Stop(
        "performance",
        N_("Where money is wasted"),
        N_(
            "What each channel cost and what its platform claims for it. Display ads return least. Open "
            "“Method, formula and pitfalls” below to see why a claim is not yet revenue."
        ),
    ),
    Stop(
        "budget",
        N_("A better budget"),
        N_(
            "The same money, split better: what to move from where to where, and how sure that is. Add a rule, such as "
            "a reserve, and see what it takes from the plan."
        ),
    ),
    Stop(
        "reallocation",
        N_("Rules that move budget"),
        N_(
            "Would rules that move money while the campaign runs have earned more? Many simulated campaigns tell. In "
            "“Market” you can add a surge and see whether they survive it."
        ),
    ),
    Stop(
        "notebooks",
        N_("Put it together"),
        N_(
            "A notebook keeps questions and your own words; begin one with “Diagnosis”. “Add to notebook” stands under "
            "every answer, and a notebook becomes a report with one click."
        ),
    ),
    Stop(
        "data",
        N_("Now your own file"),
        N_(
            "Make a workspace of your own above, then drop an export here: orders alone, or a spend report alone, are "
            "enough to begin. What is missing says itself which export to bring and where to find it."
        ),
    ),
)


def draw(here: str) -> None:
    """Draw the offer, or the stop that the visitor has come to.

    Parameters
    ----------
    here : str
        The page's address; empty for the first one.
    """
    state = _state()
    if (stop := st.session_state.pop(GOING, None)) is not None:
        go(STOPS[stop].page, STOPS[stop].kind)
    if state is None and not here and session.wanted() == session.SAMPLE:
        _offer()
    elif isinstance(state, int):
        _stop(state, here or next(iter(SCREENS)))


def _state() -> int | str | None:
    """Return at which stop the visitor is, or that they left; None: not asked yet. The address is made to say so."""
    if STATE not in st.session_state:
        said = st.query_params.get(PARAMETER, "")
        known = int(said) - 1 if said.isdigit() and 0 < int(said) <= len(STOPS) else None
        linked = "question" in st.query_params  # who follows a link has something to look at
        st.session_state[STATE] = OFF if said == OFF else LINKED if linked and known is None else known
    state: int | str | None = st.session_state[STATE]
    said = str(state + 1) if isinstance(state, int) else state
    if said and st.query_params.get(PARAMETER) != said:
        st.query_params[PARAMETER] = said
    return state


def _offer() -> None:
    with st.container(border=True, key="tour", horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(_("New here? Six stops on the sample campaign, about five minutes; the last is your own file."),
                    width="stretch")  # fmt: skip
        st.button(_("Show me round"), type="primary", key="tour.start", on_click=_to, args=(0,))
        st.button(_("Not now"), key="tour.later", on_click=_to, args=(OFF,))


def _stop(n: int, here: str) -> None:
    stop, last = STOPS[n], n == len(STOPS) - 1
    with st.container(border=True, key="tour"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            words = _("{n} of {count}", n=n + 1, count=len(STOPS))
            st.markdown(f"**{shown(_(stop.title))}** · {shown(words)}", width="stretch")
            st.button(unseen(_("End the tour")), icon=":material/close:", type="tertiary", key="tour.end",
                      help=_("End the tour"), on_click=_to, args=(OFF,))  # fmt: skip
        st.markdown(shown(_(stop.text)))
        with st.container(horizontal=True, gap="small"):
            if n:
                st.button(_("Back"), key="tour.back", on_click=_to, args=(n - 1,))
            if here != stop.page:
                st.button(_("Show it"), key="tour.here", on_click=_to, args=(n,))
            if last:
                st.button(_("Done"), type="primary", key="tour.done", on_click=_to, args=(OFF,))
            else:
                following = _("Next: {title}", title=_(STOPS[n + 1].title))
                st.button(shown(following), type="primary", key="tour.next", on_click=_to, args=(n + 1,))


def _to(state: int | str) -> None:
    st.session_state[STATE] = state
    st.query_params[PARAMETER] = OFF if isinstance(state, str) else str(state + 1)
    if isinstance(state, int):
        st.session_state[GOING] = state
