"""Week by week, how much of what a new customer cost has come back?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis import charts
from analysis.charts import TOTAL, AnyChart, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, say

LINES = 6
"""Most channels whose line is drawn, those with most spend first."""


def draw(
    table: pd.DataFrame, curve: pd.DataFrame, plot: Plot, universe: Sequence[str], *, describe: str
) -> AnyChart:  # fmt: skip
    """Draw margin over cost by week: a line per channel with its interval, and the line at which the cost is back.

    Parameters
    ----------
    table : DataFrame
        The answer's, which says who is drawn.
    curve : DataFrame
    plot : Plot
    universe : sequence of str
        All channels.
    describe : str
        For screen readers.
    """
    look = plot.look
    codes = [TOTAL, *table.query("group != @TOTAL and spend > 0 and customers > 0")["group"].head(LINES)]
    shown = curve[curve["group"].isin(codes) & (curve["cost"] > 0)]
    codes = [code for code in codes if code in set(shown["group"])]
    back = shown.assign(**{f"{name}_back": shown[name] / shown["cost"] for name in ("margin", "low", "high")})
    back = plot.named(back)
    scale = charts.colours(codes, universe)
    colour = alt.Color(
        "group:N", scale=scale, sort=codes, legend=plot.legend("group", codes, symbolType="stroke", symbolOpacity=1)
    )
    title = look(N_("Margin, of the spend on a new customer"))
    plot = plot.beside(margin_back=Field(title, "share"))
    y = plot.y("margin_back", scale=alt.Scale(zero=True))
    x = plot.x("week", axis=plot.axis("week", grid=False, tickMinStep=1), scale=alt.Scale(nice=False))
    base = alt.Chart(back).encode(x=x, color=colour)
    tips = plot.tips("group", "week", "margin", "low", "high", "cost")
    rule = alt.Chart(pd.DataFrame({"y": [1.0], "label": [look(say("paid back"))]}))
    drawn = [
        base.mark_area(opacity=0.12).encode(y=alt.Y("low_back:Q"), y2=alt.Y2("high_back:Q")),
        base.mark_line().encode(
            y=y, strokeWidth=alt.condition(f"datum.group == '{TOTAL}'", alt.value(4), alt.value(2))
        ),
        charts.handles(base.encode(y=y), tips),
        rule.mark_rule(color=look.ink, strokeDash=[4, 4]).encode(y=alt.Y("y:Q")),
        rule.mark_text(align="left", dy=-8, color=look.faint).encode(
            y=alt.Y("y:Q"), x=alt.value(4), text=alt.Text("label:N")
        ),
    ]
    return charts.finish(alt.layer(*drawn), look, describe=describe, height=340)
