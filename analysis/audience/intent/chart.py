"""How many of each intent bought when it was put to the test?"""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Plot
from analysis.later import alt


def bands(table: pd.DataFrame, plot: Plot, describe: str) -> AnyChart:
    """Draw the share that bought of each intent, with its interval.

    Parameters
    ----------
    table : DataFrame
        The answer's main table.
    plot : Plot
    describe : str
        For screen readers.
    """
    look = plot.look
    table = plot.named(table)
    table["label"] = [plot.written("rate", rate) if rate == rate else "" for rate in table["rate"]]
    base = alt.Chart(table).encode(y=charts.rows("intent_name", list(table["intent_name"])))
    bars = base.mark_bar(color=charts.ACCENT, height=24).encode(
        x=plot.x("rate", scale=alt.Scale(zero=True)),
        tooltip=plot.tips("intent", "tested", "bought", "rate", "low", "high", "users"),
    )
    label = base.mark_text(align="left", dx=8, fontWeight="bold", color=look.ink).encode(
        x=alt.X("high:Q"), text=alt.Text("label:N")
    )
    return charts.finish(alt.layer(bars, charts.whiskers(base, look), label), look, describe=describe, height=180)
