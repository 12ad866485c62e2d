"""The controls that stand in a page's sentence, each under a key of its own.

A link or a saved question may name what this workspace lacks: it stays among the options, and the answer says so.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import streamlit as st

from analysis import Tables
from analysis.charts import GROUP_WORDS
from analysis.question import Question
from analysis.values import local_day, seconds
from analysis.vocabulary import EVENTS, IDENTIFIERS, column_names
from ui.language import N_, _, currency_called, current, listed
from ui.session import keep, workspace

COLUMNS = (
    N_("channel"),
    N_("device"),
    N_("campaign"),
    N_("audience"),
    N_("creative"),
    N_("variant"),
    N_("page"),
    N_("phase"),
    N_("item"),
)
"""The columns that people are split by, those most looked at first."""
UNITS = {"m": N_("minutes"), "h": N_("hours"), "d": N_("days"), "w": N_("weeks")}

_PLACE: ContextVar[str] = ContextVar("place")


@contextmanager
def placed(place: str) -> Iterator[None]:
    """Draw controls for one place: the same ones may stand elsewhere too, and each remembers what it was set to."""
    token = _PLACE.set(place)
    try:
        yield
    finally:
        _PLACE.reset(token)


def widget_key(name: str) -> str:
    """Return the key of a widget of the place that is drawn; callbacks run outside it and are given theirs."""
    return f"{_PLACE.get()}.{name}"


def become(place: str, question: Question) -> None:
    """Set a place to another question of its screen's own kind, whatever its widgets say; what it shows stays.

    Parameters
    ----------
    place : str
        What its keys begin with, `widget_key("")`: a callback does not know it by itself.
    question : Question
    """
    for key in [k for k in map(str, st.session_state) if k.startswith(place)]:
        if not key.removeprefix(place).startswith(("view", "filter", "link")):
            del st.session_state[key]
    st.session_state[f"{place}start"] = question


def sentence(name: str = "sentence") -> Any:
    """Return a container for words and controls that read as one sentence."""
    return st.container(horizontal=True, vertical_alignment="center", key=widget_key(name), gap="small")


def event_names(tables: Tables) -> list[str]:
    """Return the events there are, the standard ones first in the order of a journey."""
    names = [e for e in EVENTS if e in tables.event_keys]
    return names + sorted(e for e in tables.event_keys if e not in EVENTS)


def text_columns(tables: Tables) -> list[str]:
    """Return what a breakdown, a step's conditions and what is held constant can be chosen from.

    The known columns stand first, then the file's own and the saved segments. One with too many values is offered
    too: counting them would cost more than the answer's saying so.
    """
    held = tables.texts("events")
    return [c for c in with_kept(COLUMNS, *held) if c in held and c not in IDENTIFIERS]


def own_columns(tables: Tables, table: str) -> list[str]:
    """Return a table's text columns that no export is asked for: the file's own, and saved segments."""
    known = column_names(table)
    return [c for c in tables.texts(table) if c not in known and c != "phase"]


def called(column: str) -> Callable[[str], str]:
    """Return what the codes of a column are called in the reader's language; of a segment, its groups."""
    names, language, own = workspace().display, current(), column not in column_names("events")

    def word(code: str) -> str:
        name = names(code, column, language)
        return _(GROUP_WORDS[code]) if own and name == code and code in GROUP_WORDS else name

    return word


def with_kept(options: Iterable[Any], *kept: Any) -> list[Any]:
    """Return the options, and after them what is kept but not among them."""
    return list(dict.fromkeys([*options, *kept]))


def told_apart(options: Iterable[Any], words: Callable[[Any], str]) -> Callable[[Any], str]:
    """Return words that no two options share: a browser knows an option by its words (cart and an own event 加购)."""
    said = Counter(words(option) for option in options)

    def apart(option: Any) -> str:
        own = words(option)
        return own if said[own] < 2 or own == str(option) else f"{own} · {option}"

    return apart


def choose(
    key: str, label: str, options: Iterable[Any], first: Any, words: Callable[[Any], str] = _, width: int | None = 150
) -> Any:
    """Draw a list to choose one from, its label hidden; in full width and with its label where `width` is None."""
    keep(key, first)
    offered = with_kept(options, st.session_state[key])
    return st.selectbox(
        label,
        offered,
        key=listed(key),
        format_func=told_apart(offered, words),
        label_visibility="collapsed" if width else "visible",
        width=width or "stretch",
    )


def choose_words(key: str, label: str, words: Mapping[Any, str], first: Any, width: int | None = 150) -> Any:
    """Draw a list of a mapping's keys, shown by their words."""
    return choose(key, label, words, first, lambda option: _(words.get(option, option)), width)


def several(
    key: str,
    label: str,
    options: Iterable[str],
    first: Iterable[str],
    nothing: str,
    width: int | None = None,
    words: Callable[[str], str] = _,
) -> list[str]:
    """Draw a list to choose several from; `nothing` (marked with `N_`) says what choosing none means."""
    keep(key, list(first))
    offered = with_kept(options, *st.session_state[key])
    return list(
        st.multiselect(
            label,
            offered,
            key=listed(key),
            format_func=told_apart(offered, words),
            placeholder=_(nothing),
            label_visibility="collapsed" if width else "visible",
            width=width or "stretch",
        )
    )


def number(key: str, label: str, first: Any, step: Any = 1, *, width: int | None = 130, **bounds: Any) -> Any:
    """Draw a number, its label hidden; in full width and with its label where `width` is None."""
    keep(key, first)
    visible: Any = "collapsed" if width else "visible"
    return st.number_input(label, step=step, key=key, label_visibility=visible, width=width or "stretch", **bounds)


def length(first: str, also: Mapping[str, str] | None = None) -> str:
    """Draw a length of time as a number and its unit; one of `also` stands alone, without a number."""
    alone = also or {}
    match = re.fullmatch(r"(\d+)([mhd])", first)
    amount, unit = (int(match[1]), match[2]) if match else (1, first)
    if not match and first not in alone:
        amount, unit = max(1, seconds(first) // 60), "m"
    keep(widget_key("unit"), unit)
    if st.session_state[widget_key("unit")] not in alone:
        amount = number(widget_key("amount"), _("Window"), amount, min_value=0, max_value=10_000)
    chosen = choose_words(widget_key("unit"), _("Unit"), UNITS | alone, unit, 130)
    return chosen if chosen in alone else f"{amount}{chosen}"


def observed(tables: Tables, *which: str) -> tuple[dt.date, dt.date]:
    """Return the first and last day of the tables named, or of all; today where they are empty."""
    held = [table for table in which if tables.count(table)]
    span = tables.span(*held) if held or not which else None
    if span is None:
        today = dt.date.today()
        return today, today
    first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
    return first, last


def one_day(name: str, label: str, start: str | None, first: dt.date, last: dt.date) -> dt.date | None:
    """Draw a day, its label hidden; None leaves it to the answer."""
    key = widget_key(name)
    keep(key, dt.date.fromisoformat(start) if start else None)
    kept = st.session_state[key]
    low, high = min(first, kept or first), max(last, kept or last)
    return st.date_input(
        label, key=key, min_value=low, max_value=high, format="YYYY-MM-DD", label_visibility="collapsed", width=150
    )


PERIODS = {"": N_("all at once"), "day": N_("day by day"), "week": N_("week by week"), "month": N_("month by month")}


def summed(tables: Tables, table: str, columns: Iterable[str], start: Any) -> dict[str, str | None]:
    """Draw what sums of a table are split by, over which periods and in which currency; return the three."""
    held = tables.texts(table)
    by = choose(widget_key("by"), _("Breakdown"), ["", *(c for c in columns if c in held)], start.by or "",
                lambda c: _(c or "nothing"))  # fmt: skip
    every = choose_words(widget_key("every"), _("Period"), PERIODS, start.every or "", 160)
    return {"by": by or None, "every": every or None, "currency": currency_of(tables, start.currency)}


def currency_of(tables: Tables, first: str | None, name: str = "currency") -> str | None:
    """Draw what amounts are counted in, where the data is in several currencies; None leaves it to the answer."""
    known = tables.names("currency")
    if len(known) < 2 and first is None:
        return None
    st.markdown(_("counted in"), width="content")
    chosen = choose(widget_key(name), _("Currency"), ["", *known], first or "", _currency, 220)
    return str(chosen) or None


def _currency(code: str) -> str:
    return currency_called(code) if code else _("the usual currency")
