"""The touchpoints' picture: each one's difference in conversion, with its interval."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis import charts
from analysis.answer import Answer
from analysis.charts import TOTAL, AnyChart, Look, Plot
from analysis.later import alt
from analysis.messages import N_, say


def draw(answer: Answer, nodes: Sequence[str], look: Look) -> AnyChart:
    """Draw a row per touchpoint, and per phase where the table has them, around the line of no difference."""
    plot = answer.plot("table", look)
    table = plot.named(answer.table.dropna(subset="low"))
    table = table.assign(row=[_place(plot, row) for _, row in table.iterrows()])
    base = alt.Chart(table).encode(y=charts.rows("row", table["row"].tolist(), lines=2))
    title = look(N_("difference in conversion (percentage points), with 95% interval"))
    colour = alt.Color("node:N", scale=charts.colours(list(nodes), list(nodes)), legend=None)
    tips = plot.tips("node", "phase", "users", "converted", "others", "difference", "low", "high")
    ranges = charts.whiskers(base, look, strokeWidth=3, opacity=0.5).encode(color=colour)
    dots = base.mark_point(filled=True, size=110, opacity=1).encode(
        x=plot.x("difference", title=title), color=colour, tooltip=tips
    )
    describe = answer.say(answer.headline, look.language)
    return charts.finish(
        alt.layer(charts.zero(look), ranges, dots), look, describe=describe, height=38 * max(len(table), 1) + 50
    )


def _place(plot: Plot, row: pd.Series) -> str:
    where = row["node_name"] if row["phase"] == TOTAL else f"{row['node_name']} · {row['phase_name']}"
    users = plot.look(say("n = {n}", n=int(row["users"])))
    return f"{where}\n{users}"
