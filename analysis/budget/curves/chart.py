"""How do response curves look? Solid over what was observed, dashed beyond, with their interval and their name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis import charts
from analysis.charts import Look
from analysis.messages import N_, Message, say

HEIGHT = 420
_GAP = 0.052
"""Least distance between two names, as a share of the height."""
_ROOM = 0.34
"""Share of the width kept free for the names."""


def curves(
    drawn: pd.DataFrame,
    look: Look,
    *,
    universe: Sequence[str],
    describe: Message,
    x: str,
    y: str,
    currency: str | None,
    marks: pd.DataFrame | None = None,
) -> Any:
    """Draw every channel's curve in its colour, named where it ends.

    Parameters
    ----------
    drawn : DataFrame
        Columns channel, spend, revenue, low, high, beyond; spend ascends within a channel.
    x, y : str
        What the axes show, in English; the currency is added.
    marks : DataFrame, optional
        Points to mark: channel, spend, revenue, planned (filled if true, else hollow).
    """
    if drawn.empty:
        return _nothing(look, describe)
    top, widest = float(drawn["revenue"].max()), float(drawn["spend"].max())
    high = min(float(drawn["high"].max()), 1.3 * top)  # a wide interval runs off the top
    across = alt.X(
        "spend:Q",
        title=_with_unit(look, x, currency),
        scale=alt.Scale(domain=[0, widest / (1 - _ROOM)], nice=False, zero=True),
        axis=alt.Axis(format=",~f", grid=False, values=_ticks(widest)),
    )
    up = alt.Y(
        "revenue:Q",
        title=_with_unit(look, y, currency),
        scale=alt.Scale(domain=[0, max(high, 1.06 * top)], nice=False, zero=True, clamp=True),
        axis=alt.Axis(format=",~f", tickCount=5),
    )
    ends = _ends(drawn, max(high, 1.06 * top))
    shown = list(dict.fromkeys(drawn["channel"]))
    colour = alt.Color("channel:N", scale=charts.colours(shown, universe), legend=None)
    layers = [*_lines(drawn, look, across, up, colour), _names(ends, across, up, colour)]
    if marks is not None and len(marks):
        layers += _marks(marks, look, across, up, colour)
    return charts.finish(alt.layer(*layers), look, describe=describe.text(look.language), height=HEIGHT)


def _nothing(look: Look, describe: Message) -> Any:
    words = pd.DataFrame({"text": [look(N_("no curve to draw"))]})
    return charts.finish(
        alt.Chart(words).mark_text(color=look.faint).encode(text="text:N"),
        look,
        describe=describe.text(look.language),
        height=80,
    )


def _lines(drawn: pd.DataFrame, look: Look, across: Any, up: Any, colour: Any) -> list[Any]:
    seen = drawn[~drawn["beyond"].astype(bool)]
    # The dashed part begins where the solid one ends.
    last = seen.groupby("channel", sort=False).tail(1)
    guessed = pd.concat([last, drawn[drawn["beyond"].astype(bool)]]).sort_values(["channel", "spend"], kind="stable")
    tips = [
        alt.Tooltip("channel:N", title=look(N_("Channel"))),
        alt.Tooltip("spend:Q", title=look(N_("Spend")), format=",.0f"),
        alt.Tooltip("revenue:Q", title=look(N_("Revenue")), format=",.0f"),
        alt.Tooltip("low:Q", title=look(N_("95% from")), format=",.0f"),
        alt.Tooltip("high:Q", title=look(N_("95% to")), format=",.0f"),
    ]
    band = alt.Chart(drawn).mark_area(opacity=0.16).encode(x=across, y=alt.Y("low:Q"), y2="high:Q", color=colour)
    solid = alt.Chart(seen).mark_line(strokeWidth=2.5)
    dashed = alt.Chart(guessed).mark_line(strokeWidth=2, strokeDash=[5, 4], opacity=0.85)
    return [band, *(part.encode(x=across, y=up, color=colour, tooltip=tips) for part in (dashed, solid))]


def _names(ends: pd.DataFrame, across: Any, up: Any, colour: Any) -> Any:
    text = alt.Chart(ends).mark_text(align="left", dx=5, baseline="middle", limit=130, fontWeight="bold")
    return text.encode(x=across, y=alt.Y("at:Q"), text="channel:N", color=colour)


def _marks(marks: pd.DataFrame, look: Look, across: Any, up: Any, colour: Any) -> list[Any]:
    """Mark what was observed with a hollow point and what is planned with a filled one."""
    words = {False: look(N_("as spent")), True: look(N_("planned"))}
    named = marks.assign(point=marks["planned"].map(words))
    tips = [
        alt.Tooltip("channel:N", title=look(N_("Channel"))),
        alt.Tooltip("point:N", title=look(N_("Point"))),
        alt.Tooltip("spend:Q", title=look(N_("Spend")), format=",.0f"),
        alt.Tooltip("revenue:Q", title=look(N_("Revenue")), format=",.0f"),
    ]
    ground = "#0E1117" if look.dark else "#FFFFFF"
    hollow = alt.Chart(named[~named["planned"]]).mark_point(size=80, strokeWidth=2, filled=False, fill=ground)
    filled = alt.Chart(named[named["planned"]]).mark_point(size=110, filled=True, opacity=1)
    return [part.encode(x=across, y=up, color=colour, tooltip=tips) for part in (hollow, filled)]


def _ends(drawn: pd.DataFrame, top: float) -> pd.DataFrame:
    """Return where each curve ends, with a height `at` for its name that keeps clear of the others."""
    ends = drawn.groupby("channel", sort=False).tail(1).sort_values("revenue", kind="stable", ignore_index=True)
    gap, at = _GAP * top, ends["revenue"].to_list()
    for k in range(1, len(at)):
        at[k] = max(at[k], at[k - 1] + gap)
    at[-1] = min(at[-1], top)
    for k in reversed(range(len(at) - 1)):
        at[k] = min(at[k], at[k + 1] - gap)
    return ends.assign(at=at)


def _with_unit(look: Look, title: str, currency: str | None) -> str:
    return look(say("{what}, {unit}", what=look(title), unit=currency)) if currency else look(title)


def _ticks(widest: float) -> list[float]:
    """Return round numbers up to the end of the curves, so that none stands under their names."""
    rough = widest / 4
    size = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 1.0
    step = next((k * size for k in (1, 2, 2.5, 5, 10) if k * size >= rough), rough)
    return [k * step for k in range(int(widest / step) + 1)]
