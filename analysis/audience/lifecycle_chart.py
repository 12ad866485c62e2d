"""Where do users stand, and where did they come from? A bar per stage; below, a cell per pair of stages.

Both panels are one view, each row named by its panel and its label, as only a single view fits the width of its
container.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Look, Plot
from analysis.later import alt
from analysis.messages import N_, say

_ROW = 38
_AXIS = alt.Axis(domain=False, ticks=False, grid=False, labelExpr="slice(datum.label, 2)")


def stages(
    standing: tuple[pd.DataFrame, Plot], moving: tuple[pd.DataFrame, Plot], *, at: str, since: str, describe: str
) -> AnyChart:
    """Draw where users stand, and who moved.

    Parameters
    ----------
    standing, moving : DataFrame and Plot
        The answer's frames "table", without its total, and "movement".
    at, since : str
        The day of counting, and the one that movement is measured from.
    describe : str
        For screen readers.
    """
    look = standing[1].look
    stood, moved = (plot.named(frame) for frame, plot in (standing, moving))
    # Stages, a title, a heading, and where people come from.
    came = dict.fromkeys(moved["from_stage_name"])
    rows = [*("1 " + moved["to_stage_name"].drop_duplicates()), "2 ", "3 ", *(f"4 {name}" for name in came)]
    y = alt.Y("row:N", title=None, axis=_AXIS, scale=alt.Scale(domain=rows, paddingInner=0.08))
    layers = [*_standing(stood, standing[1], y), *_moving(moved, moving[1], y), *_headings(since, look, y)]
    title = alt.Title(look(say("Users by stage, {at}", at=at)), frame="group")
    return charts.finish(alt.layer(*layers, title=title), look, describe=describe, height=_ROW * len(rows))


def _across(name: str) -> alt.X:
    return alt.X(f"{name}:Q", title=None, axis=None, scale=alt.Scale(domain=[0, 1], nice=False))


def _standing(table: pd.DataFrame, plot: Plot, y: alt.Y) -> list[alt.Chart]:
    """Draw one bar per stage with its count, share and interval, as long as its part of the longest."""
    look, longest = plot.look, table["high"].max()
    table = table.assign(
        row="1 " + table["stage_name"],
        label=[_label(plot, *pair) for pair in zip(table["users"], table["share"], strict=True)],
        start=0.0,
        end=table["share"] / longest,
        least=table["low"] / longest,
        most=table["high"] / longest,
    )
    # The label goes inside the bar where there is room, else just past it.
    roomy = table["end"] >= 0.5
    inside, outside = alt.Chart(table[roomy]).encode(y=y), alt.Chart(table[~roomy]).encode(y=y)
    tips = plot.tips("stage", "users", "share", "low", "high", "change")
    bars = alt.Chart(table).encode(y=y, tooltip=tips)
    return [
        bars.mark_bar(cornerRadiusEnd=3, color=charts.ACCENT).encode(x=_across("start"), x2=alt.X2("end:Q")),
        charts.whiskers(bars, look, _across("least"), "most"),
        inside.mark_text(align="left", dx=8, fontWeight="bold", color="white").encode(
            x=_across("start"), text=alt.Text("label:N")
        ),
        outside.mark_text(align="left", dx=8, fontWeight="bold", color=look.ink).encode(
            x=_across("most"), text=alt.Text("label:N")
        ),
    ]


def _label(plot: Plot, users: int, share: float) -> str:
    return plot.look(say("{n} ({share})", n=plot.written("users", users), share=plot.written("share", share)))


def _moving(table: pd.DataFrame, plot: Plot, y: alt.Y) -> list[alt.Chart]:
    """Draw who moved where: a cell per pair of stages, its count, and its share of its row as the shade."""
    look, left = plot.look, _left(table["to_stage"])
    width = 1 / table["to_stage"].nunique()
    table = table.assign(
        row="4 " + table["from_stage_name"],
        start=left + 0.005,
        middle=left + width / 2,
        end=left + width - 0.005,
        label=[plot.written("users", n) for n in table["users"]],
    )
    shade = alt.Scale(domain=[0, 1], range=[look.grid, charts.ACCENT])
    strong = table["share_of_from"].fillna(0) > 0.7
    tips = plot.tips("from_stage", "to_stage", "users", "share_of_from", "low", "high")
    cells = alt.Chart(table).encode(y=y, tooltip=tips)
    heads = alt.Chart(table.drop_duplicates("to_stage").assign(row="3 ")).encode(y=y)
    return [
        cells.mark_bar(cornerRadius=3).encode(
            x=_across("start"), x2=alt.X2("end:Q"), color=alt.Color("share_of_from:Q", scale=shade, legend=None)
        ),
        *(
            alt.Chart(part).mark_text(color=ink).encode(y=y, x=_across("middle"), text=alt.Text("label:N"))
            for part, ink in ((table[strong], "white"), (table[~strong], look.ink))
        ),
        heads.mark_text(color=look.ink, fontSize=11, dy=8).encode(
            x=_across("middle"), text=alt.Text("to_stage_name:N")
        ),
    ]


def _left(stages: Iterable[str]) -> pd.Series[float]:
    """Return where each stage's column begins, as a share of the width."""
    held = pd.Series(stages)
    columns = list(dict.fromkeys(held))
    return held.map({stage: k / len(columns) for k, stage in enumerate(columns)}).astype(float)


def _headings(since: str, look: Look, y: alt.Y) -> list[alt.Chart]:
    """Write the second panel's title, and under it how to read a cell."""
    title = look(say("Moved since {since}", since=since))
    guide = look(N_("rows: then; columns: now; shade: share of row"))
    base = alt.Chart(pd.DataFrame({"row": ["2 "], "title": [title], "guide": [guide]})).encode(y=y, x=alt.value(0))
    return [
        base.mark_text(align="left", dy=2, fontSize=15, fontWeight="bold", color=look.ink).encode(
            text=alt.Text("title:N")
        ),
        base.mark_text(align="left", dy=20, fontSize=12, color=look.faint).encode(text=alt.Text("guide:N")),
    ]
