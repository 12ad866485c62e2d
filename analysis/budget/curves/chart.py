"""How do response curves look? Solid over what was observed, dashed beyond, with their interval and their name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Look, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_

HEIGHT = 380
_GAP = 0.052
"""Least distance between two names, as a share of the height."""
_ROOM = 0.34
"""Share of the width kept free for the names."""
_POINT = Field(N_("Point"), "text", {"spent": N_("as spent"), "planned": N_("planned")})


@dataclass(frozen=True, slots=True)
class _Sides:
    """What every layer shares: both axes, and a channel's colour."""

    x: alt.X
    y: alt.Y
    color: alt.Color
    fills: Mapping[str, str]

    def on(self, base: alt.Chart) -> alt.Chart:
        """Lay a layer over them."""
        laid: alt.Chart = base.encode(x=self.x, y=self.y, color=self.color)
        return laid


def curves(
    drawn: pd.DataFrame,
    plot: Plot,
    *,
    universe: Sequence[str],
    describe: str,
    x: str,
    y: str,
    marks: pd.DataFrame | None = None,
) -> AnyChart:
    """Draw every channel's curve in its colour, named where it ends.

    Parameters
    ----------
    drawn : DataFrame
        Columns channel, spend, revenue, low, high, beyond; spend ascends within a channel.
    plot : Plot
        Of these columns.
    universe : sequence of str
        All channels in the data, for their colours.
    describe : str
        For screen readers.
    x, y : str
        What the axes show, in English; the currency is added.
    marks : DataFrame, optional
        Points to mark: channel, spend, revenue and point ("spent" is hollow, "planned" filled).
    """
    if drawn.empty:
        return _nothing(plot, describe)
    top, widest = float(drawn["revenue"].max()), float(drawn["spend"].max())
    most = max(min(float(drawn["high"].max()), 1.3 * top), 1.06 * top)  # a wide interval runs off the top
    shown = list(dict.fromkeys(drawn["channel"]))
    sides = _Sides(
        x=plot.x(
            "spend",
            title=plot.title("spend", x),
            scale=alt.Scale(domain=[0, widest / (1 - _ROOM)], nice=False, zero=True),
            axis=plot.axis("spend", grid=False, values=_ticks(widest)),
        ),
        y=plot.y(
            "revenue",
            title=plot.title("revenue", y),
            scale=alt.Scale(domain=[0, most], nice=False, zero=True, clamp=True),
        ),
        color=alt.Color("channel:N", scale=charts.colours(shown, universe), legend=None),
        fills=charts.fills(shown, universe),
    )
    layers = [*_lines(plot.named(drawn), plot, sides), _names(plot.named(_ends(drawn, most)), sides, plot.look)]
    if marks is not None and len(marks):
        layers += _marks(marks, plot.beside(point=_POINT), sides)
    return charts.finish(alt.layer(*layers), plot.look, describe=describe, height=HEIGHT)


def _nothing(plot: Plot, describe: str) -> AnyChart:
    words = alt.Chart(pd.DataFrame({"text": [plot.look(N_("no curve to draw"))]}))
    text = words.mark_text(color=plot.look.faint).encode(text=alt.Text("text:N"))
    return charts.finish(text, plot.look, describe=describe, height=80)


def _lines(drawn: pd.DataFrame, plot: Plot, sides: _Sides) -> list[alt.Chart]:
    beyond = drawn["beyond"].astype(bool)
    seen = drawn[~beyond]
    # The dashed part begins where the solid one ends.
    last = seen.groupby("channel", sort=False).tail(1)
    guessed = pd.concat([last, drawn[beyond]]).sort_values(["channel", "spend"], kind="stable")
    band = (
        alt.Chart(drawn)
        .mark_area(opacity=0.16)
        .encode(x=sides.x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"), color=sides.color)
    )
    return [
        band,
        sides.on(alt.Chart(guessed).mark_line(strokeWidth=2, strokeDash=[5, 4], opacity=0.85)),
        sides.on(alt.Chart(seen).mark_line(strokeWidth=2.5)),
        charts.handles(sides.on(alt.Chart(drawn)), plot.tips("channel", "spend", "revenue", "low", "high")),
    ]


def _names(ends: pd.DataFrame, sides: _Sides, look: Look) -> alt.Chart:
    ends = ends.assign(ink=[look.letters(sides.fills[code]) for code in ends["channel"]])
    text = alt.Chart(ends).mark_text(align="left", dx=5, baseline="middle", limit=130, fontWeight="bold")
    named: alt.Chart = text.encode(
        x=sides.x, y=alt.Y("at:Q"), text=alt.Text("channel_name:N"), color=alt.Color("ink:N", scale=None)
    )
    return named


def _marks(marks: pd.DataFrame, plot: Plot, sides: _Sides) -> list[alt.Chart]:
    """Mark what was observed with a hollow point and what is planned with a filled one."""
    named = plot.named(marks)
    spent, planned = (alt.Chart(named[named["point"] == which]) for which in ("spent", "planned"))
    hollow = spent.mark_point(size=80, strokeWidth=2, filled=False, fill=plot.look.ground)
    filled = planned.mark_point(size=110, filled=True, opacity=1)
    tips = plot.tips("channel", "point", "spend", "revenue")
    return [sides.on(part).encode(tooltip=tips) for part in (hollow, filled)]


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


def _ticks(widest: float) -> list[float]:
    """Return round numbers up to the end of the curves, so that none stands under their names."""
    rough = widest / 4
    size = 10.0 ** len(str(int(rough))) / 10 if rough >= 1 else 1.0
    step = next((k * size for k in (1, 2, 2.5, 5, 10) if k * size >= rough), rough)
    return [k * step for k in range(int(widest / step) + 1)]
