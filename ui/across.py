"""Files that wait to be imported, beside each other: what they do not say, what may be one thing, what is far apart."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from analysis.messages import Message, Names, say
from analysis.records import Alias
from analysis.workspace import Reconciliation, Workspace
from analysis.workspace.across import Offer, Stretch, apart, currency, offers
from ui import session
from ui.language import _, currency_called, shown
from ui.mapping import CURRENCIES
from ui.staging import Staged

MOST = 12
"""Offers, and files of one period, that are listed."""


def currencies(files: Sequence[Staged], found: Sequence[Reconciliation], target: Workspace | None) -> None:
    """Ask once for the currency of all files that name none; the likely ones stand first."""
    silent = [staged for staged in files if staged.export and staged.export.assumed_currency]
    if not silent:
        return
    here = session.workspace().campaign
    likely = [currency(found), here.currency if here else None]
    options = list(dict.fromkeys([*filter(None, likely if target is None else reversed(likely)), *CURRENCIES]))
    key = "data.across.currency"

    def choose() -> None:
        for staged in silent:
            staged.assign("currency", text=st.session_state[key])
        del st.session_state[key]  # the next files are asked about anew

    names = Names(tuple(staged.name for staged in silent[:MOST]))
    with st.container(key=f"{key}.row"):
        st.radio(
            shown(_("{files}: no currency is named. The amounts are in", files=names)), options, index=None, key=key,
            format_func=currency_called, horizontal=True, on_change=choose,
        )  # fmt: skip


def one_thing(found: Sequence[Reconciliation], target: Workspace | None) -> tuple[Alias, ...]:
    """Offer to count channels as one that are only written differently; return what was accepted."""
    offered = offers(found, target)[:MOST]
    if not offered:
        return ()
    with st.container(border=True, key="data.across.spellings"):
        st.markdown(_("Some channels differ in writing only. What is ticked counts as one from the import on."))
        return tuple(offer.alias for offer in offered if _ticked(offer))


def _ticked(offer: Offer) -> bool:
    return st.checkbox(shown(offer.question), key=f"data.across.spelling.{offer.alias.code}.{offer.alias.meant}")


def periods(found: Sequence[Reconciliation], target: Workspace | None) -> None:
    """Warn of files that have no day in common with others."""
    if groups := apart(found, target):
        parts = Names(tuple(_together(group) for group in groups), sign=" | ")
        st.warning(
            shown(_("These have no day in common, so nothing can be compared between them: {parts}.", parts=parts)),
            icon=":material/date_range:",
        )


def _together(group: Sequence[Stretch]) -> Message:
    """Name the files of one period, each with its days."""
    return say("{parts}", parts=Names(tuple(part.words for part in group[:MOST])))
