"""How many buyers stand in which state, week by week?"""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Look, Plot
from analysis.later import alt
from analysis.vocabulary import STATES

_COLOURS = (charts.PALETTE[2], charts.PALETTE[1], charts.PALETTE[8], charts.PALETTE[0])
"""Of the states in their order: green, orange, grey, blue."""


def weeks(table: pd.DataFrame, plot: Plot, describe: str) -> AnyChart:
    """Draw the size of each state at the end of each week, one upon the other.

    Parameters
    ----------
    table : DataFrame
        The answer's frame "weeks".
    plot : Plot
    describe : str
        For screen readers.
    """
    look: Look = plot.look
    table = plot.named(table).assign(order=table["state"].map({s: i for i, s in enumerate(STATES)}))
    scale = alt.Scale(domain=[plot.name("state", state) for state in STATES], range=list(_COLOURS))
    colour = alt.Color("state_name:N", scale=scale, title=None)
    bars = (
        alt.Chart(table)
        .mark_bar(size=18)
        .encode(
            x=plot.x("week"),
            y=plot.y("users", stack="zero"),
            color=colour,
            order=alt.Order("order:Q"),
            tooltip=plot.tips("week", "state", "users"),
        )
    )
    return charts.finish(bars, look, describe=describe, height=320)
