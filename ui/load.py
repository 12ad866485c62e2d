"""What who looks after a server sees of its load: what waits, what runs, what is taken, and within which limits."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from analysis.messages import N_, Span, say
from server.config import described
from server.health import meters
from ui import who
from ui.language import _, current

GB = 2**30
FIGURES = (
    ("sluice_browsers", N_("Browsers connected"), "count"),
    ("sluice_questions_running", N_("Long questions under way"), "count"),
    ("sluice_questions_waiting", N_("Long questions waiting"), "count"),
    ("sluice_imports_running", N_("Imports under way"), "count"),
    ("sluice_imports_waiting", N_("Imports waiting"), "count"),
    ("sluice_resident_bytes", N_("Memory"), "bytes"),
    ("sluice_uploads_bytes", N_("Held by files that wait to be imported"), "bytes"),
    ("sluice_disk_free_bytes", N_("Free disk"), "bytes"),
    ("sluice_workspaces_open", N_("Workspaces open"), "count"),
    ("sluice_threads", N_("Threads"), "count"),
    ("sluice_answers_made", N_("Questions answered since the start"), "count"),
    ("sluice_answers_kept", N_("Taken from earlier answers"), "count"),
)
"""What is shown of what is measured, in this order."""


def draw() -> None:
    """Draw the figures, and the limits that hold."""
    _figures()
    _limits()


@st.fragment(run_every=5)
def _figures() -> None:
    """Draw what is measured, anew every few seconds."""
    found = meters().now()
    shown = [one for one in FIGURES if one[0] in found]
    for start in range(0, len(shown), 4):
        for place, (name, label, unit) in zip(st.columns(4), shown[start : start + 4], strict=False):
            place.metric(_(label), _written(found[name], unit))
    up = Span(max(1, round(found["sluice_up_seconds"])))
    st.caption(_("Since the start {time} ago; processor time {used}. /metrics tells the same to Prometheus.",
                 time=up, used=Span(max(1, round(found["sluice_processor_seconds"])))))  # fmt: skip


def _written(value: float, unit: str) -> str:
    if unit == "bytes":
        return say("{n} GB", n=round(value / GB, 2)).text(current())
    return say("{n}", n=int(value)).text(current())


def _limits() -> None:
    """Show the limits that hold; what each is for stands in the settings' documentation, in English."""
    own = who.config().limits
    rows = [(one.key, getattr(own, one.name)) for one in described() if one.section == "limits"]
    with st.expander(_("Limits")):
        st.caption(_("Set in sluice.toml; docs/settings.md says what each is for."))
        table = pd.DataFrame(rows, columns=[_("Setting"), _("Value")])
        st.dataframe(table, hide_index=True, width="stretch")
