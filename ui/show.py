"""Show any answer: headline, chart, notes, table, code, and the row of actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from analysis.answer import Answer
from analysis.errors import DataError
from analysis.messages import Message
from analysis.sharing import downloads, notebooks, pictures
from ui import address, drawn, goal, guide, kept, segment, session
from ui.language import N_, _, current, look, shown
from ui.notebook import adding
from ui.tabled import table

ICONS = {"info": ":material/info:", "warning": ":material/warning:", "missing": ":material/help:"}
FRAMES = {
    "sides": N_("Both campaigns"),
    "marks": N_("Phases and calendar days"),
    "table": N_("Table"),
    "ranking": N_("Ranking"),
    "models": N_("Models side by side"),
    "movement": N_("Movement"),
    "weeks": N_("Week by week"),
    "weekly_movement": N_("Movement, week by week"),
    "told": N_("Against recency alone"),
    "calibration": N_("Expected and found"),
    "reasons": N_("What foretells buying"),
    "spend": N_("Spend by intent"),
    "after": N_("The months around campaigns"),
    "traits": N_("What sets each apart"),
    "stability": N_("How many groups"),
    "paths": N_("Whole paths"),
    "loss": N_("Loss by group"),
    "points": N_("Observed points"),
    "log": N_("Decision log"),
    "budgets": N_("Budgets, decision by decision"),
    "stream": N_("Budgets over time"),
    "parts": N_("Parts of the gain"),
    "cards": N_("What each shock card changed, left out alone"),
    "breaks": N_("Where the gain ends"),
    "fires": N_("How often rules fire"),
    "channels": N_("Channels, hour by hour"),
    "runs": N_("Every run"),
    "days": N_("Gain, day by day"),
    "hours": N_("Hour by hour"),
    "curve": N_("Curves"),
    "campaigns": N_("By campaign"),
    "trend": N_("Trend"),
    "daily": N_("Day by day"),
    "controls": N_("Controls"),
    "steps": N_("From created to kept"),
    "rates": N_("Rates and intervals"),
    "change": N_("Change"),
    "figures": N_("Other figures"),
    "cells": N_("Every amount"),
    "rules": N_("Rules"),
    "present": N_("As spent"),
    "overlap": N_("Who is in several"),
    "cohorts": N_("Cohort by cohort"),
    "cuts": N_("Where the cuts are"),
    "since": N_("Since the earlier day"),
    "often": N_("How often they bought"),
    "parameters": N_("What was fitted"),
    "lines": N_("Line by line"),
    "links": N_("From level to level"),
    "windows": N_("Shorter windows"),
    "made": N_("Adjustments that were made"),
    "missing": N_("What is not told"),
    "stages": N_("Calendar"),
    "tasks": N_("Tasks"),
    "lessons": N_("What was learnt"),
    "predicted": N_("Predicted and happened"),
    "adjustments": N_("Adjustments made"),
    "flips": N_("Where the order flips"),
    "quarters": N_("By quarter"),
}


def show(answer: Answer, page: str, look_at: Callable[[Answer, str], None] | None = None) -> None:
    """Draw an answer; `page` prefixes the widget keys, `look_at` draws what stands in the chart's place."""
    st.markdown(f"#### {said(answer, answer.headline)}")
    if look_at:
        look_at(answer, page)
    else:
        drawn.chart(answer, f"{page}.chart")
    notes(answer, page)
    actions(answer, page)
    details(answer, page)
    guide.under(answer.question.kind, page)


def details(answer: Answer, page: str) -> None:
    """Draw the answer's tables and code once somebody opens their fold: a browser takes a second to load what draws."""
    frames = [name for name in answer.frames if name == "table" or len(answer.frame(name))]
    labels = [_(FRAMES[name]) for name in frames]
    fold = st.expander(_("Table and code"), key=f"details.{page}", on_change="rerun")
    if not fold.open:
        return
    with fold:
        for tab, name in zip(st.tabs([*labels, _("Code")]), [*frames, None], strict=True):
            with tab:
                if name:
                    table(answer, name)
                else:
                    st.code(f"{answer.question!r}.run(tables)", language="python", wrap_lines=True)


def said(answer: Answer, message: Message) -> str:
    """Return one of an answer's sentences, safe to put into markdown."""
    return shown(answer.say(message, current()))


def notes(answer: Answer, page: str) -> None:
    """Draw the one note that changes how the answer is to be read; the rest wait behind a fold."""
    first = answer.caveat
    rest = [note for note in answer.notes if note is not first]
    if first:
        st.markdown(f"{ICONS[first.level]} {said(answer, first.message)}")
    if rest:
        with st.expander(_("How this is counted"), key=f"{page}.notes"):
            for note in rest:
                st.markdown(f"{ICONS[note.level]} {said(answer, note.message)}")


# ---- actions ----------------------------------------------------------------------------------------------


def actions(answer: Answer, page: str) -> None:
    """Draw Save, Segment (of an answer about people), Link, Data, Picture and Notebook file in one row."""
    with st.container(horizontal=True, key=f"{page}.actions"):
        with st.popover(_("Save"), icon=":material/bookmark:"):
            _save(answer, page)
        if answer.people:
            with st.popover(_("Segment"), icon=":material/group_add:", key=f"{page}.to-segment"):
                segment.this(answer, page)
        with st.popover(_("Add to notebook"), icon=":material/book:", key=f"{page}.to-notebook"):
            adding.this(answer, page)
        aim = st.popover(_("Goal"), icon=":material/flag:", key=f"{page}.to-goal", on_change="rerun")
        if aim.open:  # its list of figures takes longer than all else of the page
            with aim:
                goal.this(answer, page)
        with st.popover(_("Link"), icon=":material/link:"):
            st.caption(_("Opens this very question, filters included, on this server."))
            st.code(address.of(answer), language=None, wrap_lines=True)
        with st.popover(_("Data"), icon=":material/table:"):
            _data(answer, page)
        with st.popover(_("Picture"), icon=":material/image:"):
            _picture(answer, page)
        # A file is made in another thread, which knows neither the session's workspace nor its language.
        here, seen = session.workspace(), look()
        st.download_button(
            _("Notebook file"),
            data=session.taken(
                "notebook", lambda: notebooks.bundle(notebooks.of(answer.question, seen), here.tables(), seen)
            ),
            file_name=f"sluice-{answer.question.kind}.zip",
            mime="application/zip",
            icon=":material/book:",
            on_click="ignore",
            key=f"{page}.notebook",
            help=_("A ZIP: the notebook, for Jupyter and for marimo, and the data it runs on."),
        )


def _picture(answer: Answer, page: str) -> None:
    seen = look()
    if pictures.lacks_font(seen.language):
        st.markdown(shown(DataError.no_font().message))
        return
    with st.container(horizontal=True, key=f"{page}.pictures"):
        for kind, make in (("PNG", pictures.png), ("SVG", pictures.svg)):
            st.download_button(
                kind,
                data=session.taken("picture", lambda make=make: make(answer, seen)),
                file_name=f"sluice-{answer.question.kind}.{kind.lower()}",
                on_click="ignore",
                key=f"{page}.picture.{kind}",
            )


def _save(answer: Answer, page: str) -> None:
    place = f"{page}.saved"
    found = session.workspace().kept(type(answer.question))
    name = st.text_input(_("Name"), key=f"{page}.save.name", max_chars=80).strip()
    if st.button(_("Save this question"), type="primary", key=f"{page}.save"):
        if name:
            now = session.to_change().keep(name, answer.question)
            if any(old.name == name and old.value != now.value for old in found):
                kept.replaced(place, now)
            st.toast(shown(_("Saved as {name}.", name=name)), icon=":material/check:")
            st.rerun()
        st.warning(_("Give it a name first."))
    kept.undo(place)
    for saved in found:
        with st.container(horizontal=True, key=f"{page}.saved.{saved.id}"):
            st.button(shown(saved.name), key=f"{page}.open.{saved.id}", on_click=_open, args=(page, saved.value))
            kept.forget(place, saved, f"{page}.forget.{saved.id}")


def _open(page: str, question: Any) -> None:
    st.session_state[f"{page}.open"] = question


def _data(answer: Answer, page: str) -> None:
    language = current()
    for name in answer.frames:
        st.markdown(f"**{_(FRAMES[name])}**")
        with st.container(horizontal=True, key=f"{page}.data.{name}"):
            for kind, make in (("csv", downloads.csv), ("parquet", downloads.parquet)):
                st.download_button(
                    kind.upper() if kind == "csv" else "Parquet",
                    data=session.taken("data", lambda make=make, name=name: make(answer.shown(name, language))),
                    file_name=f"sluice-{answer.question.kind}-{name}.{kind}",
                    on_click="ignore",
                    key=f"{page}.{name}.{kind}",
                )
