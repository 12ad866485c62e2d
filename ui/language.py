"""The reader's language: which one, and putting words into it."""

from __future__ import annotations

import re

import streamlit as st

from analysis.charts import Look
from analysis.messages import LANGUAGES, N_, Message, say, translate
from ui.once import once

KEY = "language"


def settle() -> str:
    """Find the reader's language: their choice, else their browser's, else English."""
    if KEY not in st.session_state:
        wanted = st.query_params.get("lang") or (st.context.locale or "")
        st.session_state[KEY] = "zh_CN" if wanted.lower().startswith("zh") else "en"
    return str(st.session_state[KEY])


def current() -> str:
    """Return the reader's language: a page has hundreds of words, and session state is slow to read."""
    return once("language", settle)


def switch() -> None:
    """Draw the language switch."""
    chosen = current()
    options = list(LANGUAGES)
    picked = st.segmented_control(
        "Language / 语言", options, default=chosen, format_func=LANGUAGES.__getitem__, key="language.switch"
    )
    if picked and picked != chosen:
        st.session_state[KEY] = st.session_state["language.switched"] = picked
        st.rerun()


def _(words: str, /, **params: object) -> str:
    """Return English source text in the reader's language, its placeholders filled."""
    return say(words, **params).text(current()) if params else translate(words, current())


def shown(words: str | Message) -> str:
    """Return text safe to put into markdown: people's own words never become markup."""
    text = words.text(current()) if isinstance(words, Message) else words
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~$:])", r"\\\1", text)


def look() -> Look:
    """Return how charts should be drawn for this reader."""
    return Look(language=current(), dark=st.context.theme.type == "dark")


__all__ = ["N_", "_", "current", "look", "settle", "shown", "switch"]
