"""An answer's chart as a browser gets it, made once for all who look at it alike: nothing else takes so long."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import streamlit as st
from streamlit.elements.vega_charts import _convert_altair_to_vega_lite_spec

from analysis.answer import Answer
from analysis.charts import AnyChart, Look
from ui import session
from ui.language import look


def chart(answer: Answer, key: str, which: str = "chart", **at: int) -> None:
    """Draw an answer's chart, or another one that it makes: by a method of that name, which takes `at` too."""
    seen = look()
    spec = _spec(alike(answer, seen), seen.dark, which, tuple(at.items()), answer, seen)
    # Streamlit takes what it is given apart.
    st.vega_lite_chart(spec=copy.deepcopy(spec), theme=None, width="stretch", key=key)


def alike(answer: Answer, seen: Look) -> tuple[str, ...]:
    """Return what makes an answer read alike: its question, data and code, the language, and what codes are called."""
    names = "".join(name.to_json() for name in answer.names.own)
    return answer.question.digest(), answer.version, session.code_version(), seen.language, names


@st.cache_resource(max_entries=256, show_spinner=False)
def _spec(
    alike: tuple[str, ...], dark: bool, which: str, at: tuple[tuple[str, int], ...], _answer: Answer, _look: Look
) -> dict[str, Any]:
    """Return the chart as Vega-Lite, as Streamlit makes it of Altair's each time anew."""
    from altair.utils import schemapi  # with what draws, when it is first needed

    schemapi.disable_debug_mode()  # tests hold every chart against the schema; doing it here doubles the time
    chart = getattr(_answer, which)(_look, **dict(at))
    made: dict[str, Any] = _convert_altair_to_vega_lite_spec(_Unchecked(chart))
    return made


class _Unchecked:
    """A chart that Streamlit turns into Vega-Lite without checking it against the schema."""

    def __init__(self, chart: AnyChart) -> None:
        self.to_dict = partial(chart.to_dict, validate=False)
