"""The reader's language: which one, and putting words into it."""

from __future__ import annotations

import re
import threading

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from analysis.charts import Look
from analysis.messages import LANGUAGES, N_, Message, say, translate

KEY = "language"
_RUN = threading.local()
"""The language of the run that this thread is in: a page has hundreds of words, and session state is slow to read."""


def settle() -> None:
    """Find the reader's language as a run begins: their choice, else their browser's, else English."""
    if KEY not in st.session_state:
        wanted = st.query_params.get("lang") or (st.context.locale or "")
        st.session_state[KEY] = "zh_CN" if wanted.lower().startswith("zh") else "en"
    _RUN.of, _RUN.language = get_script_run_ctx(), str(st.session_state[KEY])


def current() -> str:
    """Return the reader's language."""
    run = get_script_run_ctx()
    if run is None or getattr(_RUN, "of", None) is not run:
        settle()  # a callback or a part of a page, which run before app.py or without it
    return str(_RUN.language)


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
