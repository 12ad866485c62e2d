"""An answer's tables, with people's column names and units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from analysis.answer import Answer
from analysis.charts import Plot
from analysis.glossary import term_of
from analysis.messages import Span, figure
from ui import drawn
from ui.language import _, current, look, shown

SENTENCE = 60
"""Longer texts are sentences: they stand in the second column, in rows so high that Streamlit breaks lines."""
KEPT = 2000
"""Rows of a table up to which it is kept as it was laid out."""


def table(answer: Answer, name: str, columns: Sequence[str] = (), **only: int) -> None:
    """Draw one of an answer's tables, or some columns and rows of it, with people's column names and units."""
    key = drawn.alike(answer, look())
    if len(answer.frames[name]) > KEPT:  # laid out each time: many of these would hold much memory
        laid = _lay(answer, name, tuple(columns), tuple(only.items()))
    else:
        laid = _laid(key, name, tuple(columns), tuple(only.items()), answer)
    st.dataframe(
        laid.frame, column_config=laid.config, column_order=laid.order, row_height=laid.height, hide_index=True,
        width="stretch", placeholder="",
    )  # fmt: skip


def headed(answer: Answer, headings: Mapping[str, str]) -> None:
    """Draw those of an answer's tables that have rows, each under its heading, marked with `N_`."""
    for name, heading in headings.items():
        if len(answer.frame(name)):
            st.markdown(f"##### {_(heading)}")
            table(answer, name)


class Laid(NamedTuple):
    """A table as it is drawn."""

    frame: pd.DataFrame
    config: dict[str, Any]
    order: list[str]
    height: int | None


@st.cache_resource(max_entries=512, show_spinner=False)
def _laid(
    alike: tuple[str, ...], name: str, columns: tuple[str, ...], only: tuple[tuple[str, int], ...], _answer: Answer
) -> Laid:
    """Return a table laid out, once for all who read it alike."""
    return _lay(_answer, name, columns, only)


def _lay(answer: Answer, name: str, columns: tuple[str, ...], only: tuple[tuple[str, int], ...]) -> Laid:
    plot = answer.plot(name, look())
    whole = answer.shown(name, current())
    for column, code in only:
        whole = whole[whole[column] == code].reset_index(drop=True)
    whole = whole[list(columns)] if columns else whole
    frame, config = whole.copy(), {}
    for column in whole.columns:
        frame[column], config[column] = _column(whole, column, plot)
    told = [c for c in frame.columns if config[c]["type_config"]["type"] == "text" and _longest(frame[c]) > SENTENCE]
    for column in told:
        config[column]["width"] = 420
    order = list(dict.fromkeys([*frame.columns[:1], *told, *frame.columns]))
    return Laid(frame, config, order, 72 if told else None)


def _longest(values: Any) -> int:
    return int(values.str.len().max()) if len(values) else 0


def _column(whole: pd.DataFrame, column: str, plot: Plot) -> tuple[Any, Any]:
    values, label, columns = whole[column], plot.title(column), st.column_config
    term = term_of(plot.fields[column].label)
    help = shown(term.text(current())) if term else None
    match plot.fields[column].unit:
        case "share" | "points":
            return values.astype(float) * 100, columns.NumberColumn(label, format="%.1f%%", help=help)
        case "seconds":
            return values.map(_span), columns.TextColumn(_(plot.fields[column].label), help=help)
        case "money":
            amounts = values.astype(float).round(2)
            return amounts, columns.NumberColumn(label, format="localized", step=_step(amounts), help=help)
        case "count":
            whole = values.round() if values.dtype.kind == "f" else values  # what is expected is no whole number
            return whole, columns.NumberColumn(label, format="localized", step=1, help=help)
        case "ratio":
            return values, columns.NumberColumn(label, format="%.3f", help=help)
        case "number":
            return values, columns.NumberColumn(label, format="localized", help=help)
        case "p":
            return values.map(_p), columns.TextColumn(label, alignment="right", help=help)
        case "flag":
            return values, columns.CheckboxColumn(label, help=help)
        case "time":
            return values, columns.DatetimeColumn(label, format="YYYY-MM-DD HH:mm", help=help)
        case "day":
            return values.astype(str).str[:10], columns.TextColumn(label, help=help)
        case _:
            return plot.names(whole, column), columns.TextColumn(label, help=help)


def _step(amounts: pd.Series[float]) -> float:
    """Return to what a column's amounts are written: all to the cent, unless none has cents."""
    return 1 if (amounts.dropna() % 1 == 0).all() else 0.01


def _p(value: Any) -> str:
    return "" if pd.isna(value) else figure("p", float(value), None).text(current())


def _span(seconds: Any) -> str:
    return "" if pd.isna(seconds) else _("{span}", span=Span(float(seconds)))
