"""In what does each group differ from all others?"""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Plot
from analysis.later import alt


def traits(table: pd.DataFrame, plot: Plot, describe: str) -> AnyChart:
    """Draw a cell per group and count: how far the group lies above or below all others.

    Parameters
    ----------
    table : DataFrame
        The answer's frame "traits" in the reader's language.
    plot : Plot
    describe : str
        For screen readers.
    """
    look = plot.look
    table = plot.named(table)
    table["label"] = [plot.written("own", own) for own in table["own"]]
    most = max(float(table["apart"].abs().max()), 1.0) if table["apart"].notna().any() else 1.0
    order = list(dict.fromkeys(table["count_name"]))
    ends = (charts.LOSS, look.grid, charts.ACCENT)
    scale = alt.Scale(domain=[-most, 0, most], range=list(ends), interpolate="rgb")
    shades = (table["apart"].fillna(0) / most).tolist()
    fills = [charts.mixed(look.grid, ends[2] if shade > 0 else ends[0], abs(shade)) for shade in shades]
    table["ink"] = charts.inks(fills)
    base = alt.Chart(table).encode(
        x=alt.X("group_name:N", title=None, axis=alt.Axis(orient="top", labelAngle=0, domain=False, ticks=False)),
        y=charts.rows("count_name", order),
    )
    cells = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color("apart:Q", scale=scale, legend=None),
        tooltip=plot.tips("group", "count", "own", "everybody", "apart", "low", "high"),
    )
    words = base.mark_text().encode(text=alt.Text("label:N"), color=alt.Color("ink:N", scale=None))
    drawn = alt.layer(cells, words).resolve_scale(color="independent")  # letters have colours of their own
    return charts.finish(drawn, look, describe=describe, height=30 * len(order) + 40)
