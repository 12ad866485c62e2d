"""How large is the private domain's share of visits and of revenue, against the goal?"""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_

_VISITS, _REVENUE = N_("visits"), N_("revenue")


def shares(table: pd.DataFrame, plot: Plot, goal: float, describe: str) -> AnyChart:
    """Draw both shares of each period with their intervals, and the goal as a line.

    Parameters
    ----------
    table : DataFrame
        The answer's main table.
    plot : Plot
    goal : float
    describe : str
        For screen readers.
    """
    look = plot.look
    table = plot.named(table)
    revenue = table.assign(share=table["revenue_share"], low=table["revenue_low"], high=table["revenue_high"])
    sides = [(_VISITS, table), *([(_REVENUE, revenue)] if revenue["share"].notna().any() else [])]
    rows = pd.concat([side.assign(of_name=look(name)) for name, side in sides], ignore_index=True)
    rows["label"] = [plot.written("share", share) if share == share else "" for share in rows["share"]]
    plot = plot.beside(of=Field(N_("Share of"), "text"))
    names = [look(name) for name, _ in sides]
    y = charts.rows("period_name", list(dict.fromkeys(table["period_name"])))
    base = alt.Chart(rows).encode(y=y, yOffset=alt.YOffset("of_name:N", sort=names))
    colour = alt.Color("of_name:N", scale=alt.Scale(domain=names, range=[charts.ACCENT, charts.PALETTE[2]]), title=None)
    bars = base.mark_bar().encode(
        x=plot.x("share", scale=alt.Scale(domain=[0, 1])),
        color=colour,
        tooltip=plot.tips("period", "of", "share", "low", "high"),
    )
    label = base.mark_text(align="left", dx=8, color=look.ink).encode(x=alt.X("high:Q"), text=alt.Text("label:N"))
    line = (
        alt.Chart(pd.DataFrame({"goal": [goal]}))
        .mark_rule(color=charts.LOSS, strokeDash=[5, 4])
        .encode(x=alt.X("goal:Q"))
    )
    height = 34 * len(sides) * table["period_name"].nunique() + 30
    return charts.finish(
        alt.layer(bars, charts.whiskers(base, look), label, line), look, describe=describe, height=height
    )
