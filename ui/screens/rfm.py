"""Who are the best customers, and what became of them?"""

from __future__ import annotations

import re

import streamlit as st

from analysis import RFM, Tables
from ui.controls import choose_words, currency_of, observed, one_day, sentence, widget_key
from ui.language import N_, _
from ui.screens.base import Screen
from ui.session import keep

PARTS = {n: N_("{n} parts") for n in range(3, 11)}
FIXED = {
    "recency": N_("Days since the last purchase"),
    "frequency": N_("Purchases"),
    "monetary": N_("Amount paid"),
}


def controls(tables: Tables, start: RFM) -> RFM:
    """Draw the sentence that is the question."""
    first, last = observed(tables, "orders", "events")
    with sentence():
        st.markdown(_("Place customers by"), width="content")
        at = one_day("at", _("By"), start.at, first, last)
        st.markdown(_("and say what became of them since"), width="content")
        since = one_day("since", _("Since"), start.since, first, last)
        st.markdown(_(", each measure cut into"), width="content")
        words = {2: _("halves"), **{n: _(text, n=n) for n, text in PARTS.items()}}
        parts = choose_words(widget_key("quantiles"), _("Parts"), words, start.quantiles, 130)
        currency = currency_of(tables, start.currency)
        with st.popover(_("Fixed cuts"), icon=":material/tune:", key=widget_key("fixed")):
            fixed = {name: _cuts(name, _(label), getattr(start, name)) for name, label in FIXED.items()}
    return start.replace(at=at, since=since, quantiles=parts, currency=currency, **fixed)


def _cuts(name: str, label: str, start: tuple[float, ...]) -> tuple[float, ...]:
    """Draw cuts as numbers with spaces between them; empty leaves them to the quantiles."""
    key = widget_key(f"fixed.{name}")
    keep(key, " ".join(f"{cut:g}" for cut in start))
    words = st.text_input(label, key=key, placeholder=_("as the customers lie"))
    return tuple(float(number) for number in re.findall(r"\d+(?:\.\d+)?", words))


SCREEN = Screen(
    RFM,
    name="rfm",
    label=N_("RFM groups"),
    icon=":material/diamond:",
    controls=controls,
    waiting=N_("Placing customers…"),
)
