"""What are things called, what counts as one, and what are currencies worth?"""

from __future__ import annotations

import streamlit as st

from analysis.records import Alias, ExchangeRate
from ui import frame, records, session, workspaces
from ui.language import N_, _
from ui.page import through_the_door

VIEWS = {
    "names": (N_("Names"), N_("What values are called in charts, tables and sentences. The data keep their own.")),
    "alias": (N_("Spellings"), N_("Values that are other spellings of one thing: from then on they count together.")),
    "exchange-rate": (
        N_("Exchange rates"),
        N_("What a unit of a currency was worth, by day. Without a rate nothing is converted."),
    ),
}

through_the_door()
frame.style()
workspaces.line()
frame.title(N_("What are things called?"))
view = st.segmented_control(
    _("View"), list(VIEWS), default="names", key="records.view", format_func=lambda name: _(VIEWS[name][0]),
    label_visibility="collapsed",
)  # fmt: skip
with session.said_plainly():
    session.workspace()
    _label, told = VIEWS[view or "names"]
    st.markdown(_(told))
    match view:
        case "alias":
            records.editor(Alias)
        case "exchange-rate":
            records.editor(ExchangeRate)
        case _:
            records.names()
