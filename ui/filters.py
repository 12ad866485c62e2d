"""The filter bar: edits the `where` of a question, of a page's or of a notebook's cell."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import streamlit as st

from analysis import Filter, Tables
from analysis.messages import Names
from analysis.values import local_day
from analysis.workspace import Segment
from ui.controls import called, with_kept
from ui.language import N_, _, shown
from ui.session import keep, workspace

COLUMNS = {"campaign": N_("Campaign"), "channel": N_("Channel"), "device": N_("Device")}
PAGES = "filter"
"""The place of the bar that all pages share."""


def chosen() -> bool:
    """Say whether the pages' bar was set to anything yet."""
    return f"{PAGES}.campaign" in st.session_state


def keep_alive() -> None:
    """Carry the pages' choices over a page that does not draw their bar; Streamlit forgets widgets it did not see."""
    buttons = (f"{PAGES}.clear", f"{PAGES}.open")
    for key in [k for k in map(str, st.session_state) if k.startswith(f"{PAGES}.") and not k.endswith(".off")]:
        if key in buttons:
            continue
        st.session_state[key] = st.session_state[key]


@dataclass(frozen=True)
class Bar:
    """One filter bar, its widgets under keys of its own.

    Parameters
    ----------
    across : bool
        For a question that goes across campaigns: the pages' bar has a campaign filter of its own for these, as that
        of the other pages, one campaign as a rule, would leave it nothing to compare.
    place : str
        Before the keys; what is chosen in one place says nothing in another.
    """

    across: bool = False
    place: str = PAGES

    def start(self, where: Filter | None) -> None:
        """Set the bar to a question's own filter (a link or a saved question was opened)."""
        where = where or Filter()
        for column in COLUMNS:
            st.session_state[self._key(column)] = list(getattr(where, column))
        chosen = dict(where.segment)
        for name in with_kept(self._segments(), *chosen):
            st.session_state[self._segment(name)] = list(chosen.get(name, ()))
        for end, day in (("from", where.start), ("to", where.end)):
            st.session_state[self._key(end)] = dt.date.fromisoformat(day) if day else None

    def draw(self, tables: Tables) -> Filter | None:
        """Draw what is filtered, each to be taken off, and where it is changed; None when nothing is."""
        saved = with_kept((segment.name for segment in workspace().kept(Segment)), *self._segments())
        self._chips(saved)
        with st.popover(_("Filter"), icon=":material/filter_list:", key=self._key("open"), type="tertiary"):
            chosen = {column: _names(tables, column, _(label), self._key(column)) for column, label in COLUMNS.items()}
            segments = {name: _names(tables, name, shown(name), self._segment(name)) for name in saved}
            start_day, end_day = self._days(tables)
            st.button(_("Clear filters"), key=self._key("clear"), on_click=self.start, args=(None,), type="tertiary")
        segments = {name: kept for name, kept in segments.items() if kept}
        where = Filter(start=start_day, end=end_day, segment=segments, **chosen)
        return None if where == Filter() else where

    def _chips(self, saved: list[str]) -> None:
        """Draw a button for each thing that is filtered by, which takes it off."""
        keys = {self._key(column): (column, _(label)) for column, label in COLUMNS.items()}
        keys |= {self._segment(name): (name, name) for name in saved}
        for key, (column, label) in keys.items():
            if kept := st.session_state.get(key):
                values = _("{names}", names=Names(tuple(map(called(column), kept))))
                self._chip(key, _("{column}: {values}", column=label, values=values), (key,), [])
        ends = self._key("from"), self._key("to")
        days = [st.session_state.get(key) for key in ends]
        if any(days):
            first, last = (str(day) if day else "…" for day in days)
            self._chip(self._key("days"), _phase(days) or f"{first} – {last}", ends, None)

    @staticmethod
    def _chip(key: str, words: str, of: tuple[str, ...], nothing: list[str] | None) -> None:
        st.button(shown(words), key=f"{key}.off", icon=":material/close:", on_click=_off, args=(of, nothing),
                  help=_("Take this filter off"))  # fmt: skip

    def _days(self, tables: Tables) -> tuple[dt.date | None, dt.date | None]:
        span = tables.span()
        if span is None:
            return None, None
        first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
        ends = self._key("from"), self._key("to")
        for key in ends:
            keep(key, None)
            kept = st.session_state[key]
            st.session_state[key] = kept
            first, last = min(first, kept or first), max(last, kept or last)
        self._phases(tables, ends)
        begin = st.date_input(_("From"), key=ends[0], min_value=first, max_value=last, format="YYYY-MM-DD")
        end = st.date_input(_("To"), key=ends[1], min_value=first, max_value=last, format="YYYY-MM-DD")
        return begin, end

    def _phases(self, tables: Tables, ends: tuple[str, str]) -> None:
        """Offer the campaign's phases: choosing one sets the days, and days that are a phase's show it as chosen."""
        phases = tables.campaign.phases if tables.campaign else ()
        days = {p.name: (dt.date.fromisoformat(p.start), dt.date.fromisoformat(p.end)) for p in phases}
        if not days:
            return
        now, key = tuple(st.session_state[end] for end in ends), self._key("phase")
        st.session_state[key] = next((name for name, own in days.items() if own == now), None)
        st.segmented_control(
            _("Phase"), list(days), key=key, format_func=called("phase"), on_change=_set_days, args=(days, key, ends)
        )

    def _key(self, name: str) -> str:
        return f"{self.place}.across.campaign" if self.across and name == "campaign" else f"{self.place}.{name}"

    def _segment(self, name: str) -> str:
        return f"{self.place}.segment.{name}"

    def _segments(self) -> list[str]:
        """Return the segments of which something is chosen, saved here or named by a link."""
        before = self._segment("")
        keys = [str(k) for k in st.session_state if str(k).startswith(before) and not str(k).endswith(".off")]
        return [key.removeprefix(before) for key in keys if st.session_state[key]]


def _off(keys: tuple[str, ...], nothing: list[str] | None) -> None:
    for key in keys:
        st.session_state[key] = nothing


def _phase(days: list[dt.date | None]) -> str | None:
    """Return the phase whose days these are."""
    campaign = workspace().campaign
    own = [day.isoformat() if day else None for day in days]
    phases = campaign.phases if campaign else ()
    return next((called("phase")(phase.name) for phase in phases if [phase.start, phase.end] == own), None)


def _set_days(days: dict[str, tuple[dt.date, dt.date]], phase: str, ends: tuple[str, str]) -> None:
    for end, day in zip(ends, days.get(st.session_state[phase], (None, None)), strict=True):
        st.session_state[end] = day


def _names(tables: Tables, column: str, label: str, key: str) -> list[str]:
    known = tables.names(column)
    kept = st.session_state.get(key, [])
    if not known and not kept:
        return []
    # A link may name what this workspace does not hold: it stays visible and can be taken out.
    st.session_state[key] = kept
    return list(
        st.multiselect(label, with_kept(known, *kept), key=key, format_func=called(column), placeholder=_("All"))
    )
