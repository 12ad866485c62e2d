"""Which segments are how large, bring how much, and are the same people? One small matrix, a row per group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from analysis import charts
from analysis.audience.segments.words import called
from analysis.charts import AnyChart, Look, Plot
from analysis.later import alt
from analysis.messages import N_, say

_ROW = 34
_HEADS = 110
"""Pixels for what columns are called, which stands aslant."""


def matrix(sizes: tuple[pd.DataFrame, Plot], overlap: tuple[pd.DataFrame, Plot], *, describe: str) -> AnyChart:
    """Draw for each row its share of users and of revenue, and how much of it is in every other row.

    Parameters
    ----------
    sizes, overlap : DataFrame and Plot
        The answer's frames "table" and "overlap".
    describe : str
        For screen readers.
    """
    table, plot = sizes
    look = plot.look
    rows = _called(table["segment"], table["group"], look)
    cells = pd.concat([*_figures(table, plot, rows), _pairs(overlap, look)], ignore_index=True)
    heads = list(dict.fromkeys(cells["head"]))
    base = alt.Chart(cells).encode(
        x=alt.X("head:N", sort=heads, title=None, axis=alt.Axis(orient="top", labelAngle=-30, labelLimit=140)),
        y=charts.rows("row", rows),
        tooltip=[alt.Tooltip("row:N", title=look(N_("Segment"))), alt.Tooltip("head:N", title=look(N_("Column"))),
                 alt.Tooltip("told:N", title=look(N_("Value")))],
    )  # fmt: skip
    shade = alt.Scale(domain=[0, 1], range=[look.grid, charts.ACCENT])
    ink = alt.condition("datum.share > 0.6", alt.value("white"), alt.value(look.ink))
    layers = [
        base.mark_rect(cornerRadius=3, stroke=None).encode(color=alt.Color("share:Q", scale=shade, legend=None)),
        base.mark_text(fontSize=12).encode(text="label:N", color=ink),
    ]
    return charts.finish(alt.layer(*layers), look, describe=describe, height=_ROW * len(rows) + _HEADS)


def _figures(table: pd.DataFrame, plot: Plot, rows: Sequence[str]) -> list[pd.DataFrame]:
    """Return the cells of the first columns: users, and revenue where it is known."""
    look = plot.look
    found = [pd.DataFrame({
        "row": rows,
        "head": plot.title("share"),
        "share": table["share"],
        "label": [plot.written("share", share) for share in table["share"]],
        "told": [_counted(plot, *pair) for pair in zip(table["users"], table["share"], strict=True)],
    })]  # fmt: skip
    if table["share_of_revenue"].notna().any():
        found.append(pd.DataFrame({
            "row": rows,
            "head": plot.title("share_of_revenue"),
            "share": table["share_of_revenue"],
            "label": [plot.written("share", share) for share in table["share_of_revenue"]],
            "told": [look(say("{share}; 95% {low} to {high}", share=share, low=low, high=high))
                     for share, low, high in _written(table, plot, "share_of_revenue", "revenue_low", "revenue_high")],
        }))  # fmt: skip
    return found


def _written(table: pd.DataFrame, plot: Plot, *columns: str) -> Iterator[tuple[str, ...]]:
    for row in table[list(columns)].to_numpy(float):
        yield tuple(plot.written("share", share) for share in row)


def _pairs(overlap: tuple[pd.DataFrame, Plot], look: Look) -> pd.DataFrame:
    frame, plot = overlap
    others = _called(frame["other"], frame["other_group"], look)
    return pd.DataFrame({
        "row": _called(frame["segment"], frame["group"], look),
        "head": [look(say("also in {row}", row=other)) for other in others],
        "share": frame["share"],
        "label": [plot.written("share", share) for share in frame["share"]],
        "told": [_counted(plot, *pair) for pair in zip(frame["both"], frame["share"], strict=True)],
    })  # fmt: skip


def _counted(plot: Plot, users: int, share: float) -> str:
    return plot.look(say("{n} ({share})", n=plot.look(say("{n}", n=int(users))), share=plot.written("share", share)))


def _called(segments: pd.Series[str], groups: pd.Series[str], look: Look) -> list[str]:
    return [look(called(*pair)) for pair in zip(segments, groups, strict=True)]
