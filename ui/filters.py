"""The filter bar: edits the `where` of the page's question."""

from __future__ import annotations

import datetime as dt

import streamlit as st

from analysis import Filter, Tables
from analysis.messages import Names
from analysis.values import local_day
from analysis.workspace import Segment
from ui.controls import called, with_kept
from ui.language import N_, _, shown
from ui.session import keep, workspace

COLUMNS = {"campaign": N_("Campaign"), "channel": N_("Channel"), "device": N_("Device")}
SEGMENT = "filter.segment."


def default(tables: Tables) -> Filter | None:
    """Return the filter a first-time visitor gets: the current campaign, where several are stored."""
    campaign = tables.campaign.name if tables.campaign else ""
    known = tables.names("campaign")
    return Filter(campaign=(campaign,)) if campaign in known and len(known) > 1 else None


def keep_alive() -> None:
    """Carry the bar's choices over a page that does not draw it; Streamlit forgets widgets it did not see."""
    buttons = ("filter.clear", "filter.open")
    for key in [k for k in map(str, st.session_state) if k.startswith("filter.") and not k.endswith(".off")]:
        if key in buttons:
            continue
        st.session_state[key] = st.session_state[key]


def start(where: Filter | None, across: bool = False) -> None:
    """Set the bar to a question's own filter (a link or a saved question was opened)."""
    where = where or Filter()
    for column in COLUMNS:
        st.session_state[_key(column, across)] = list(getattr(where, column))
    chosen = dict(where.segment)
    for name in with_kept(_segments(), *chosen):
        st.session_state[SEGMENT + name] = list(chosen.get(name, ()))
    st.session_state["filter.from"] = dt.date.fromisoformat(where.start) if where.start else None
    st.session_state["filter.to"] = dt.date.fromisoformat(where.end) if where.end else None


def bar(tables: Tables, across: bool = False) -> Filter | None:
    """Draw what is filtered, each to be taken off, and where it is changed; None when nothing is.

    A page that goes `across` campaigns has a campaign filter of its own: that of the other pages, one campaign as a
    rule, would leave it nothing to compare.
    """
    saved = with_kept((segment.name for segment in workspace().kept(Segment)), *_segments())
    _chips(across, saved)
    with st.popover(_("Filter"), icon=":material/filter_list:", key="filter.open", type="tertiary"):
        chosen = {column: _names(tables, column, _(label), _key(column, across)) for column, label in COLUMNS.items()}
        segments = {name: _names(tables, name, shown(name), SEGMENT + name) for name in saved}
        start_day, end_day = _days(tables)
        st.button(_("Clear filters"), key="filter.clear", on_click=start, args=(None, across), type="tertiary")
    segments = {name: kept for name, kept in segments.items() if kept}
    where = Filter(start=start_day, end=end_day, segment=segments, **chosen)
    return None if where == Filter() else where


def _chips(across: bool, saved: list[str]) -> None:
    """Draw a button for each thing that is filtered by, which takes it off."""
    keys = {_key(column, across): (column, _(label)) for column, label in COLUMNS.items()}
    keys |= {SEGMENT + name: (name, name) for name in saved}
    for key, (column, label) in keys.items():
        if kept := st.session_state.get(key):
            values = _("{names}", names=Names(tuple(map(called(column), kept))))
            _chip(key, _("{column}: {values}", column=label, values=values), [])
    days = [st.session_state.get(key) for key in ("filter.from", "filter.to")]
    if any(days):
        first, last = (str(day) if day else "…" for day in days)
        _chip("filter.days", _phase(days) or f"{first} – {last}", None)


def _chip(key: str, words: str, nothing: list[str] | None) -> None:
    st.button(shown(words), key=f"{key}.off", icon=":material/close:", on_click=_off, args=(key, nothing),
              help=_("Take this filter off"))  # fmt: skip


def _off(key: str, nothing: list[str] | None) -> None:
    for each in ("filter.from", "filter.to") if key == "filter.days" else (key,):
        st.session_state[each] = nothing


def _phase(days: list[dt.date | None]) -> str | None:
    """Return the phase whose days these are."""
    campaign = workspace().campaign
    own = [day.isoformat() if day else None for day in days]
    phases = campaign.phases if campaign else ()
    return next((called("phase")(phase.name) for phase in phases if [phase.start, phase.end] == own), None)


def _segments() -> list[str]:
    """Return the segments of which something is chosen, saved here or named by a link."""
    keys = [str(k) for k in st.session_state if str(k).startswith(SEGMENT)]
    return [key.removeprefix(SEGMENT) for key in keys if st.session_state[key]]


def _phases(tables: Tables) -> None:
    """Offer the campaign's phases: choosing one sets the days, and days that are a phase's show it as chosen."""
    phases = tables.campaign.phases if tables.campaign else ()
    days = {p.name: (dt.date.fromisoformat(p.start), dt.date.fromisoformat(p.end)) for p in phases}
    if not days:
        return
    now = (st.session_state["filter.from"], st.session_state["filter.to"])
    st.session_state["filter.phase"] = next((name for name, own in days.items() if own == now), None)
    st.segmented_control(
        _("Phase"), list(days), key="filter.phase", format_func=called("phase"), on_change=_set_days, args=(days,)
    )


def _set_days(days: dict[str, tuple[dt.date, dt.date]]) -> None:
    chosen = days.get(st.session_state["filter.phase"], (None, None))
    st.session_state["filter.from"], st.session_state["filter.to"] = chosen


def _key(column: str, across: bool) -> str:
    return "filter.across.campaign" if across and column == "campaign" else f"filter.{column}"


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


def _days(tables: Tables) -> tuple[dt.date | None, dt.date | None]:
    span = tables.span()
    if span is None:
        return None, None
    first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
    for key in ("filter.from", "filter.to"):
        keep(key, None)
        kept = st.session_state[key]
        st.session_state[key] = kept
        first, last = min(first, kept or first), max(last, kept or last)
    _phases(tables)
    begin = st.date_input(_("From"), key="filter.from", min_value=first, max_value=last, format="YYYY-MM-DD")
    end = st.date_input(_("To"), key="filter.to", min_value=first, max_value=last, format="YYYY-MM-DD")
    return begin, end
