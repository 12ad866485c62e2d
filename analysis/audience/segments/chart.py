"""Which segments are how large, bring how much, and are the same people? One small matrix, a row per group."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis import charts
from analysis.audience.segments.words import called
from analysis.charts import AnyChart, Look, Plot
from analysis.later import alt
from analysis.messages import say

_ROW = 34
_HEADS = 160
"""Pixels for what columns are called, which stands aslant."""
_Part = tuple[pd.DataFrame, Plot, tuple[str, ...]]
"""Cells, how their figures are written, and which figures a tooltip has."""
_REVENUE = ("share_of_revenue", "revenue_low", "revenue_high")


def matrix(sizes: tuple[pd.DataFrame, Plot], overlap: tuple[pd.DataFrame, Plot], *, describe: str) -> AnyChart:
    """Draw for each row its share of users and of revenue, and how much of it is in every other row.

    Parameters
    ----------
    sizes, overlap : DataFrame and Plot
        The answer's frames "table" and "overlap".
    describe : str
        For screen readers.
    """
    (table, plot), (pairs, pair_plot) = sizes, overlap
    look = plot.look
    rows, others = _called(table, look), _called(pairs, look, "other", "other_group")
    sized = _placed(plot, table, rows, [plot.title("users")] * len(rows))
    sized["label"] = [plot.written("users", users) for users in table["users"]]
    parts: list[_Part] = [(sized, plot, ("users", "share", "low", "high"))]
    if table["share_of_revenue"].notna().any():
        own = _placed(plot, table, rows, [plot.title("share_of_revenue")] * len(rows), "share_of_revenue")
        parts.append((own, plot, ("buyers", "orders", "revenue", *_REVENUE)))
    heads = [look(say("also in {row}", row=other)) for other in others]
    cells = _placed(pair_plot, pairs, _called(pairs, look), heads)
    parts.append((cells, pair_plot, ("other", "other_group", "both", "share")))
    columns = list(dict.fromkeys(head for part, _, _ in parts for head in part["head"]))
    layers = [layer for part, own, tips in parts for layer in _layers(part, own, tips, rows, columns)]
    return charts.finish(alt.layer(*layers), look, describe=describe, height=_ROW * len(rows) + _HEADS)


def _placed(
    plot: Plot, table: pd.DataFrame, rows: Sequence[str], heads: Sequence[str], shade: str = "share"
) -> pd.DataFrame:
    """Return cells with their place, what stands in them, and how dark they are."""
    label = [plot.written(shade, share) for share in table[shade]]
    return plot.named(table).assign(row=rows, head=heads, label=label, shade=table[shade])


def _layers(
    cells: pd.DataFrame, plot: Plot, tips: Sequence[str], rows: Sequence[str], columns: Sequence[str]
) -> list[alt.Chart]:
    axis = alt.Axis(orient="top", labelAngle=-55, labelLimit=200, domain=False, ticks=False)
    base = alt.Chart(cells).encode(
        x=alt.X("head:N", scale=alt.Scale(domain=list(columns)), title=None, axis=axis),
        y=charts.rows("row", rows),
        tooltip=plot.tips("segment", "group", *tips),
    )
    dark = alt.Scale(domain=[0, 1], range=[plot.look.grid, charts.ACCENT])
    ink = alt.condition("datum.shade > 0.6", alt.value("white"), alt.value(plot.look.ink))
    return [
        base.mark_rect(cornerRadius=3).encode(color=alt.Color("shade:Q", scale=dark, legend=None)),
        base.mark_text(fontSize=12).encode(text=alt.Text("label:N"), color=ink),
    ]


def _called(table: pd.DataFrame, look: Look, segment: str = "segment", group: str = "group") -> list[str]:
    return [look(called(*pair)) for pair in zip(table[segment], table[group], strict=True)]
