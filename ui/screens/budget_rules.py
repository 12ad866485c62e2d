"""The rules a plan keeps to: each a card in words that can be taken away, a form for another, and their prices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from analysis import ChannelTag, Limit, Tables
from analysis.answer import Answer
from analysis.budget.allocation.words import WHOLE, rule_text
from analysis.errors import SluiceError
from analysis.messages import Money
from ui import session
from ui.controls import called, widget_key
from ui.language import N_, _, current, shown

KINDS = {
    "reserve": N_("hold a reserve"),
    "floor": N_("at least a share for channels"),
    "phase": N_("a band for a phase"),
    "minimum": N_("at least an amount"),
    "maximum": N_("at most an amount"),
    "fixed": N_("exactly an amount"),
    "off": N_("nothing for a channel"),
    "changed": N_("change a channel by at most"),
}


def drawn(tables: Tables, limits: tuple[Limit, ...]) -> tuple[Limit, ...]:
    """Draw the rules in words, each with a button to take it away, and a form for another, in a row; return them."""
    kept = widget_key("limits.start")
    found = st.session_state.setdefault(kept, limits)
    if st.session_state.get(f"{kept}.of") != limits and limits != found:
        found = st.session_state[kept] = limits
    st.session_state[f"{kept}.of"] = found
    st.markdown(_("Rules:") if found else _("Rules: none."), width="content")
    for i, limit in enumerate(found):
        st.button(worded(limit), icon=":material/close:", key=widget_key(f"limit.{i}"), on_click=_drop,
                  args=(kept, i), help=_("Take this rule away"))  # fmt: skip
    with st.popover(_("Add a rule"), icon=":material/add:"):
        _form(tables, kept, found)
    return tuple(st.session_state[kept])


def worded(limit: Limit) -> str:
    """Return a rule in the reader's words."""
    names = session.workspace().display
    return shown(limit.words(_currency()).text(current(), names))


def _currency() -> str | None:
    campaign = session.workspace().campaign
    return campaign.currency if campaign else None


def _drop(kept: str, i: int) -> None:
    found = st.session_state[kept]
    st.session_state[kept] = (*found[:i], *found[i + 1 :])


def _form(tables: Tables, kept: str, found: tuple[Limit, ...]) -> None:
    kind = st.selectbox(_("Rule"), list(KINDS), format_func=lambda k: _(KINDS[k]), key=widget_key("rule.kind"))
    try:
        make = _MAKERS[kind](tables)
        if st.button(_("Add"), type="primary", key=widget_key("rule.add")):
            st.session_state[kept] = (*found, make())
            st.rerun()
    except SluiceError as error:
        st.error(session.worded(error.message), icon=":material/error:")


def _channel(tables: Tables) -> str:
    return str(st.selectbox(_("Channel"), tables.names("channel", "spend"), format_func=called("channel"),
                            key=widget_key("rule.channel")))  # fmt: skip


def _percent(name: str, label: str, first: int) -> float:
    return float(st.number_input(label, 0, 100, first, 5, key=widget_key(f"rule.{name}"))) / 100


def _amount() -> float:
    return float(st.number_input(_("Amount"), 0.0, value=10_000.0, step=1000.0, key=widget_key("rule.amount")))


def _reserve(_tables: Tables) -> Callable[[], Limit]:
    share = _percent("reserve", _("Percent of the budget"), 15)
    return lambda: Limit.reserve(share)


def _floor(tables: Tables) -> Callable[[], Limit]:
    tags = sorted({own.tag for own in tables.recorded(ChannelTag)})
    chosen = st.multiselect(_("Tags of channels"), tags, key=widget_key("rule.tags")) if tags else []
    channels = st.multiselect(_("Channels"), tables.names("channel", "spend"), format_func=called("channel"),
                              key=widget_key("rule.channels"))  # fmt: skip
    share = _percent("floor", _("Percent of the spend, at least"), 40)
    return lambda: Limit.floor(share, channels=tuple(channels), tags=tuple(chosen))


def _phase(tables: Tables) -> Callable[[], Limit]:
    names = [phase.name for phase in tables.campaign.phases] if tables.campaign else []
    names = names or list(tables.names("phase", "spend"))
    phase = st.selectbox(_("Phase"), names, format_func=called("phase"), key=widget_key("rule.phase"))
    least = _percent("least", _("Percent of the spend, at least"), 0)
    most = _percent("most", _("Percent of the spend, at most"), 50)
    return lambda: Limit.phase(str(phase), least=least or None, most=most)


def _changed(tables: Tables) -> Callable[[], Limit]:
    channels = st.multiselect(_("Channels"), tables.names("channel", "spend"), format_func=called("channel"),
                              key=widget_key("rule.channels"), placeholder=_("each channel"))  # fmt: skip
    share = _percent("change", _("Percent more or less than last time, at most"), 20)
    return lambda: Limit.changed(share, *channels)


def _one(make: Callable[[str, float], Limit]) -> Callable[[Tables], Callable[[], Limit]]:
    def draw(tables: Tables) -> Callable[[], Limit]:
        channel, amount = _channel(tables), _amount()
        return lambda: make(channel, amount)

    return draw


def _off(tables: Tables) -> Callable[[], Limit]:
    channel = _channel(tables)
    return lambda: Limit.off(channel)


_MAKERS: Mapping[str, Callable[[Tables], Callable[[], Limit]]] = {
    "reserve": _reserve,
    "floor": _floor,
    "phase": _phase,
    "minimum": _one(Limit.minimum),
    "maximum": _one(Limit.maximum),
    "fixed": _one(Limit.fixed),
    "off": _off,
    "changed": _changed,
}


def priced(answer: Answer) -> None:
    """Draw each rule of an answer with what it takes from the goal."""
    rules = answer.frame("rules")
    own: list[dict[str, Any]] = [row for row in rules.to_dict("records") if row["rule"] != rule_text(WHOLE)]
    if not own:
        return
    with st.container(horizontal=True, gap="small"):
        for row in own:
            told = answer.said[row["rule"]]
            words = shown(answer.say(told, current()))
            cost = _("holds nothing back")
            if row["binds"]:
                cost = _("takes {cost}", cost=Money(row["cost"], answer.currency))
            with st.container(border=True, width=260):
                st.markdown(f"{words}  \n**{shown(cost)}**")
