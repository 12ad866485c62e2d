"""One editor for everything that people write down: a table of a kind's fields, its history, and CSV in and out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from typing import Any

import pandas as pd
import streamlit as st

from analysis.errors import SluiceError
from analysis.messages import LANGUAGES, say
from analysis.names import DisplayNames
from analysis.plan.measures import MEASURES
from analysis.records import ALIASED, STAGES, TRIALS, Alias, DisplayName, PlanLine, Record
from analysis.sharing import tables_of_records as sheets
from analysis.workspace import Kept
from ui import session
from ui.clock import moment
from ui.language import N_, _, current, shown

MOST_CODES, LATEST = 500, 30
FIGURE = N_("a figure of an answer")
WORDS = {"kept": N_("kept"), "forgotten": N_("forgotten"), "restored": N_("brought back")}
DAYS = ("day", "start", "end", "date", "due", "done")
CHOICES: Mapping[str, Mapping[str, str]] = {
    "language": LANGUAGES,
    "stage": {name: name for name in STAGES},
    "tries": {name: name for name in TRIALS},
}
"""What a field can hold, each with its word; stages of plan lines are a team's own."""


def editor(kind: type[Record]) -> None:
    """Draw all records of a kind as a table to be changed, then CSV and history."""
    key = f"records.{kind.kind}"
    said(key)
    held = session.workspace().kept(kind)
    before = sheets.table(kind, [one.value for one in held])
    after = st.data_editor(
        _plain(before),
        num_rows="dynamic",
        column_config={each.name: _column(kind, each, _taken(before[each.name])) for each in fields(kind)},
        hide_index=True,
        width="stretch",
        key=f"{key}.table.{st.session_state.get(f'{key}.round', 0)}",
    )
    changed = not _plain(before).equals(after.reset_index(drop=True))
    with st.container(horizontal=True, key=f"{key}.do"):
        if st.button(_("Keep these changes"), type="primary", key=f"{key}.keep", disabled=not changed):
            _keep(kind, key, after.to_dict("records"), held)
        st.download_button(
            "CSV", session.taken("records", lambda: sheets.written(kind, [one.value for one in held])),
            file_name=f"sluice-{kind.kind}.csv", icon=":material/download:", on_click="ignore", key=f"{key}.csv",
        )  # fmt: skip
        with st.popover(_("Add from CSV"), icon=":material/upload:"):
            _upload(kind, key)
    history(kind, key)


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reset_index(drop=True)


def _column(kind: type[Record], each: Field[Any], taken: Iterable[Any] = ()) -> Any:
    """Return how a field is edited; `taken` are the values that stand in its column."""
    label, needed = shown(kind.label(each.name)), each.default is MISSING
    if each.name == "column" and kind is Alias:
        return st.column_config.SelectboxColumn(label, options=ALIASED, required=True)
    if each.name in CHOICES and kind is not PlanLine:
        words = CHOICES[each.name]
        return st.column_config.SelectboxColumn(
            label, options=list(words), required=True, format_func=lambda own: _(words.get(own, own))
        )
    if each.name == "figure":
        labels = {code: one.label for code, one in MEASURES.items()}
        return st.column_config.SelectboxColumn(
            label, options=[*labels, *taken], required=True, format_func=lambda own: _(labels.get(own, FIGURE))
        )
    if str(each.type) == "bool":
        return st.column_config.CheckboxColumn(label, default=False)
    if "float" in str(each.type) or "int" in str(each.type):
        return st.column_config.NumberColumn(label, required=needed)
    if each.name in DAYS:
        return st.column_config.TextColumn(label, required=needed, help=_("such as 2026-11-11"))
    return st.column_config.TextColumn(label, required=needed)


def _taken(column: pd.Series[Any]) -> list[str]:
    """Return the figures of questions that stand in a column, as they are written."""
    return sorted({cell for cell in column if isinstance(cell, str) and cell.startswith("{")})


def _keep(kind: type[Record], key: str, rows: list[dict[str, Any]], held: Iterable[Kept[Any]]) -> None:
    """Keep what the table says, and forget what it no longer has; nothing of it where a row does not fit."""
    try:
        records = {one.title: one for one in (sheets.record(kind, row, n + 1) for n, row in enumerate(rows))}
        _store(records, held)
    except SluiceError as error:
        st.error(shown(error.message), icon=":material/error:")
        return
    _done(key, _("The table was kept."))


def _store(records: Mapping[str, Record], held: Iterable[Kept[Any]]) -> None:
    here, now = session.to_change(), {one.name: one for one in held}
    for name, one in now.items():
        if name not in records:
            here.forget(one.id)
    for name, value in records.items():
        if name not in now or now[name].value != value:
            here.keep(name, value)


def _done(key: str, words: str) -> None:
    st.session_state[f"{key}.said"] = words
    st.session_state[f"{key}.round"] = st.session_state.get(f"{key}.round", 0) + 1
    st.rerun()


def said(key: str) -> None:
    """Draw, once, what was done last."""
    if words := st.session_state.pop(f"{key}.said", None):
        st.success(shown(words), icon=":material/check:")


def _upload(kind: type[Record], key: str) -> None:
    st.markdown(_("Rows are added; one about the same thing takes the earlier one's place."))
    file = st.file_uploader(_("CSV file"), type="csv", key=f"{key}.file", label_visibility="collapsed")
    if file and st.button(_("Add"), type="primary", key=f"{key}.add"):
        try:
            found = {one.title: one for one in sheets.read(kind, file.getvalue(), file.name)}
            held = session.workspace().kept(kind)
            _store({**{one.name: one.value for one in held}, **found}, held)
        except SluiceError as error:
            st.error(shown(error.message), icon=":material/error:")
            return
        _done(key, _("{n} rows were added.", n=len(found)))


# ---- history ----------------------------------------------------------------------------------------------


def history(kind: type[Record], key: str) -> None:
    """Draw what was changed last, each change with a button that makes the thing what it was then."""
    here = session.workspace()
    things = {one.id: one for one in (*here.kept(kind), *here.forgotten(kind))}
    changes = sorted((change for id in things for change in here.history(id)), key=lambda one: one.at, reverse=True)
    if not changes:
        return
    with st.expander(_("History"), key=f"{key}.history"):
        for one in changes[:LATEST]:
            with st.container(horizontal=True, vertical_alignment="center", key=f"{key}.{one.id}.{one.revision}"):
                said_ = (getattr(one.value, each.name) for each in fields(kind))
                what = ", ".join(str(own) for own in said_ if own is not None)
                st.markdown(f"{moment(one.at)} · {_(WORDS[one.what])} · {shown(what)}", width="content")
                if not one.current:
                    st.button(_("Bring back"), key=f"{key}.{one.id}.{one.revision}.back", type="tertiary",
                              on_click=_back, args=(key, one))  # fmt: skip


def _back(key: str, one: Kept[Any]) -> None:
    revision = one.revision - 1 if one.what == "forgotten" else one.revision
    try:
        session.to_change().restore(one.id, revision)
        st.session_state[f"{key}.said"] = say("{name} is again what it was.", name=one.name).text(current())
    except SluiceError as error:
        st.session_state[f"{key}.said"] = error.message.text(current())
    st.session_state[f"{key}.round"] = st.session_state.get(f"{key}.round", 0) + 1


# ---- names ------------------------------------------------------------------------------------------------


def names() -> None:
    """Draw the codes that stand in the data beside what they are called in the reader's language."""
    key, language = "records.names", current()
    said(key)
    kept = session.workspace().kept(DisplayName)
    held = {(one.value.column, one.value.code): one for one in kept if one.value.language == language}
    rows = _codes(language)
    if rows.empty:
        st.caption(_("There are no values yet: they come with the first file."))
        return
    after = st.data_editor(
        rows,
        column_config={
            "column": None,
            "label": st.column_config.TextColumn(_("Column"), disabled=True),
            "code": st.column_config.TextColumn(_("Value in the data"), disabled=True),
            "name": st.column_config.TextColumn(_("Name"), help=_("Shown in charts, tables and sentences.")),
        },
        hide_index=True,
        width="stretch",
        key=f"{key}.table.{st.session_state.get(f'{key}.round', 0)}",
    )
    differ = after[after["name"] != rows["name"]]
    if st.button(_("Keep these changes"), type="primary", key=f"{key}.keep", disabled=differ.empty):
        try:
            for row in differ.to_dict("records"):
                _name(row, language, held)
        except SluiceError as error:
            st.error(shown(error.message), icon=":material/error:")
            return
        _done(key, _("The names were kept."))


def _codes(language: str) -> pd.DataFrame:
    """Return the codes of this workspace, column by column, with the names they have."""
    tables = session.workspace().tables()
    found = [
        (column, _(column), code, tables.display(code, column, language))
        for column in ("event", "channel", "campaign", "phase", "device", "audience", "creative", "coupon", "region")
        for code in (tables.event_keys if column == "event" else tables.names(column))
    ]
    return pd.DataFrame(found[:MOST_CODES], columns=["column", "label", "code", "name"])


def _name(row: dict[str, Any], language: str, held: Mapping[tuple[str, str], Kept[Any]]) -> None:
    """Keep a name; an empty one, or the standard one, gives up one's own."""
    here, standard = session.to_change(), DisplayNames()(row["code"], row["column"], language)
    name, own = str(row["name"] or "").strip(), held.get((row["column"], row["code"]))
    if name and name != standard:
        value = DisplayName(column=row["column"], code=row["code"], language=language, name=name)
        here.keep(value.title, value)
    elif own:
        here.forget(own.id)
