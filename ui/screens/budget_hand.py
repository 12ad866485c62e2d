"""The sliders of a plan made by hand: real spend, the total kept unless told otherwise."""

from __future__ import annotations

import math

import streamlit as st

from analysis import Allocation, Scenario, Tables
from analysis.charts import TOTAL
from analysis.messages import Money
from ui import session
from ui.controls import called, widget_key
from ui.language import _, shown


def by_hand(_tables: Tables, plan: Allocation, opened: Scenario | None) -> Scenario:
    """Draw a slider per channel; return what they say."""
    wanted = dict(opened.spend) if opened else {}
    question = Scenario(curves=plan.curves, where=plan.where)
    with st.spinner(_("Fitting each channel's response curve…")):
        spent = session.ask(question)
    rows = spent.table[spent.table["channel"] != TOTAL].to_dict("records")
    observed = {str(row["channel"]): round(row["observed"]) for row in rows}
    place = widget_key("")
    with st.container(horizontal=True, vertical_alignment="center"):
        held = st.toggle(_("Keep the total"), key=_held(), value=st.session_state.get(_held(), True))
        st.button(_("Back to what was spent"), key=widget_key("reset"), on_click=_set, args=(place, observed),
                  type="tertiary")  # fmt: skip
    found = _sliders(place, observed, wanted, spent.currency, held=held)
    total, was = sum(found.values()), sum(observed.values())
    st.caption(_("{total} in all; {was} was spent.", total=Money(total, spent.currency),
                 was=Money(was, spent.currency)))  # fmt: skip
    return question.replace(spend={c: float(v) for c, v in found.items() if v != observed[c]})


def _held() -> str:
    return widget_key("keep-total")


def _sliders(
    place: str, observed: dict[str, int], wanted: dict[str, float], currency: str | None, *, held: bool
) -> dict[str, int]:
    base = f"{place}observed"
    if st.session_state.get(base) != observed:  # another filter, or the first time: what was spent, or was opened
        _set(place, {c: round(wanted.get(c, amount)) for c, amount in observed.items()})
        st.session_state[base] = observed
    cells, found = st.columns(4), {}
    for i, (channel, amount) in enumerate(observed.items()):
        key = f"{place}channel.{channel}"
        now = int(st.session_state.get(key, amount))
        st.session_state[key] = now
        st.session_state[f"{key}.before"] = now
        most = max(3 * amount, now, 100)
        with cells[i % 4]:
            spent = _("spent {amount}", amount=Money(amount, currency))
            label = f"{shown(called('channel')(channel))} · {spent}"
            react = {"on_change": _moved, "args": (place, channel, tuple(observed))} if held else {}
            found[channel] = int(st.slider(label, 0, most, key=key, step=_step(most), format="localized", **react))
    return found


def _moved(place: str, channel: str, channels: tuple[str, ...]) -> None:
    """Let the other channels give or take what one was moved by, in proportion to what they have."""
    state, key = st.session_state, f"{place}channel.{channel}"
    others = {c: int(state[f"{place}channel.{c}"]) for c in channels if c != channel}
    left = sum(others.values()) - (int(state[key]) - int(state.get(f"{key}.before", state[key])))
    whole = sum(others.values())
    if left <= 0 or not whole:
        state[key] = int(state[f"{key}.before"]) + whole if left <= 0 and whole else state[key]
        left = 0
    for other, amount in others.items():
        state[f"{place}channel.{other}"] = round(amount * left / whole) if whole else amount


def _set(place: str, amounts: dict[str, int]) -> None:
    for channel, amount in amounts.items():
        st.session_state[f"{place}channel.{channel}"] = amount


def _step(most: int) -> int:
    """Return a round step that gives a slider some hundred places."""
    return max(1, int(10 ** math.floor(math.log10(most / 100))))
