"""The controls that stand in a page's sentence, each under a key of its own.

A link or a saved question may name what this workspace lacks: it stays among the options, and the answer says so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

from analysis import Tables
from analysis.values import seconds
from analysis.vocabulary import EVENTS, IDENTIFIERS
from ui.language import N_, _
from ui.session import keep

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
    listed = with_kept(options, st.session_state[key])
    return st.selectbox(
        label,
        listed,
        key=key,
        format_func=told_apart(listed, words),
        label_visibility="collapsed" if width else "visible",
        width=width or "stretch",
    )


def choose_words(key: str, label: str, words: Mapping[Any, str], first: Any, width: int | None = 150) -> Any:
    """Draw a list of a mapping's keys, shown by their words."""
    return choose(key, label, words, first, lambda option: _(words.get(option, option)), width)


def several(
    key: str, label: str, options: Iterable[str], first: Iterable[str], nothing: str, width: int | None = None
) -> list[str]:
    """Draw a list to choose several from; `nothing` (marked with `N_`) says what choosing none means."""
    keep(key, list(first))
    listed = with_kept(options, *st.session_state[key])
    return list(
        st.multiselect(
            label,
            listed,
            key=key,
            format_func=told_apart(listed, _),
            placeholder=_(nothing),
            label_visibility="collapsed" if width else "visible",
            width=width or "stretch",
        )
    )


def number(key: str, label: str, first: Any, step: Any = 1, *, width: int = 130, **bounds: Any) -> Any:
    """Draw a number, its label hidden."""
    keep(key, first)
    return st.number_input(label, step=step, key=key, label_visibility="collapsed", width=width, **bounds)


def length(page: str, first: str, also: Mapping[str, str] | None = None) -> str:
    """Draw a length of time as a number and its unit; one of `also` stands alone, without a number."""
    alone = also or {}
    match = re.fullmatch(r"(\d+)([mhd])", first)
    amount, unit = (int(match[1]), match[2]) if match else (1, first)
    if not match and first not in alone:
        amount, unit = max(1, seconds(first) // 60), "m"
    keep(f"{page}.unit", unit)
    if st.session_state[f"{page}.unit"] not in alone:
        amount = number(f"{page}.amount", _("Window"), amount, min_value=0, max_value=10_000)
    chosen = choose_words(f"{page}.unit", _("Unit"), UNITS | alone, unit, 130)
    return chosen if chosen in alone else f"{amount}{chosen}"


def currency_of(page: str, tables: Tables, first: str | None) -> str | None:
    """Draw what amounts are counted in, where the data is in several currencies; None leaves it to the answer."""
    known = tables.names("currency")
    if len(known) < 2 and first is None:
        return None
    st.markdown(_("counted in"), width="content")
    chosen = choose(f"{page}.currency", _("Currency"), ["", *known], first or "", _currency, 170)
    return str(chosen) or None


def _currency(code: str) -> str:
    return code or _("the usual currency")
