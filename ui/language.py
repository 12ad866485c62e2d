"""The reader's language: which one, and putting words into it."""

from __future__ import annotations

import re

import streamlit as st
from babel.numbers import get_currency_name

from analysis.charts import Look
from analysis.messages import LANGUAGES, N_, Message, say, translate
from ui.once import once

KEY = "language"
LISTS = "language.lists"
SWITCHED = "language.switched"
"""Set where the language is not the browser's own: the address has to say so."""


def settle() -> str:
    """Find the reader's language: their choice, else their browser's, else English."""
    if KEY not in st.session_state:
        asked, own = st.query_params.get("lang"), _known(st.context.locale)
        st.session_state[KEY] = _known(asked) if asked else own
        if st.session_state[KEY] != own:  # a link to another page drops it from the address, and a reload would lose it
            st.session_state[SWITCHED] = st.session_state[KEY]
    return str(st.session_state[KEY])


def _known(wanted: str | None) -> str:
    return "zh_CN" if (wanted or "").lower().startswith("zh") else "en"


def current() -> str:
    """Return the reader's language: a page has hundreds of words, and session state is slow to read."""
    return once("language", settle)


def currency_called(code: str) -> str:
    """Return a currency's code with its name, where it has one: not everybody knows the codes."""
    name = get_currency_name(code, locale=current())
    return code if name == code else f"{code} {name}"


def switch() -> None:
    """Draw the language switch."""
    chosen = current()
    options = list(LANGUAGES)
    st.segmented_control(
        "Language / 语言", options, default=chosen, required=True, format_func=LANGUAGES.__getitem__,
        key="language.switch", on_change=_switched,
    )  # fmt: skip


def _switched() -> None:
    picked = st.session_state["language.switch"]
    st.session_state[KEY] = st.session_state[SWITCHED] = picked
    # A browser knows what was chosen by its words, which are about to change: what they stand for is set anew.
    lists = st.session_state.get(LISTS, frozenset())
    for key, chosen in list(st.session_state.items()):
        texts = chosen if isinstance(chosen, list) else [chosen]
        if key in lists or (texts and all(isinstance(text, str) for text in texts)):
            st.session_state[key] = chosen


def listed(key: str) -> str:
    """Note that a widget offers a list of words, whatever they stand for; return its key."""
    known = st.session_state.setdefault(LISTS, set())
    known.add(key)
    return key


def _(words: str, /, **params: object) -> str:
    """Return English source text in the reader's language, its placeholders filled."""
    return say(words, **params).text(current()) if params else translate(words, current())


def shown(words: str | Message) -> str:
    """Return text safe to put into markdown: people's own words never become markup."""
    text = words.text(current()) if isinstance(words, Message) else words
    # A line that ended with the sign would make a gain of a loss, or leave a gain without its plus.
    text = re.sub(r"([-+])(?=[A-Z]{0,3}[¥$€£]|[A-Z]{3}\s\d)", "\\1\u2060", text)
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:])", r"\\\1", text)


def unseen(words: str) -> str:
    """Return a label that only a screen reader speaks: of a button that shows an icon alone, see :mod:`ui.frame`."""
    return f":gray-background[{shown(words)}]"


def look() -> Look:
    """Return how charts should be drawn for this reader."""
    return Look(language=current(), dark=st.context.theme.type == "dark")


__all__ = ["N_", "_", "current", "listed", "look", "settle", "shown", "switch", "unseen"]
