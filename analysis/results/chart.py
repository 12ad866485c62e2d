"""How figures of a campaign are drawn: over time, or group by group, beside the campaign before."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pandas as pd

from analysis import charts
from analysis.answer import Answer
from analysis.charts import TOTAL, AnyChart, Look, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, say

LINES = 8
"""Most groups whose lines are drawn, the largest ones; the table has all."""
ROWS = 20
"""Most groups that have a bar."""
MARKS = 4500
"""Most points of a chart; of longer stretches the latest periods are drawn."""


def over_time(answer: Answer, every: str, look: Look) -> Plot:
    """Return the trend's plot: a period of a day is that day."""
    plot = answer.plot("trend", look)
    return plot.beside(period=Field(N_("Day"), "day")) if every == "day" else plot


def lines(
    plot: Plot, trend: pd.DataFrame, figure: str, sums: Mapping[str, float], universe: Sequence[str], *, describe: str,
    under: Sequence[AnyChart] = (), height: int = 360,
) -> AnyChart:  # fmt: skip
    """Draw a figure over time: a line per group, or this campaign's and, paler, that of the campaign before.

    Parameters
    ----------
    plot : Plot
        Of the trend.
    trend : DataFrame
        Its rows; with groups, those that have a line.
    figure : str
    sums : mapping of str to float
        By group, or by campaign where there are none, what stands beside its name.
    universe : sequence of str
        All names of the groups.
    describe : str
        For who cannot see the chart.
    under : sequence of Chart
        What is drawn below the lines.
    height : int
    """
    look, grouped = plot.look, bool((trend["group"] != TOTAL).any())
    own = trend["campaign"].isna() | (trend["campaign"] == trend["campaign"].iloc[0])  # groups have one line each
    shown = trend[trend["group"].isin(sums) & own] if grouped else trend[trend["group"] == TOTAL]
    shown = shown.tail(MARKS) if not grouped else shown[shown["period"].isin(_latest(shown, len(sums)))]
    column = "group" if grouped else "campaign"
    named = plot.named(shown.dropna(subset=figure))
    codes = list(sums)
    if grouped:
        scale = charts.colours(codes, universe)
    else:
        scale = alt.Scale(domain=codes, range=[charts.ACCENT, look.faint][: len(codes)])
    told = codes != [""]
    legend = _legend(plot, column, figure, sums) if told else None
    base = alt.Chart(named).encode(
        x=plot.x("period", axis=plot.axis("period", grid=False, labelOverlap=True, tickCount=6)),
        y=plot.y(figure, scale=alt.Scale(zero=True)),
        color=alt.Color(f"{column}:N", scale=scale, legend=legend, sort=codes) if told else alt.value(charts.ACCENT),
    )
    tips = plot.tips("period", *([column] if told else []), figure)
    drawn = [base.mark_line(strokeWidth=2), charts.handles(base, tips)]
    if not named["whole"].all():  # a period that is still going on has a ring
        drawn.append(base.transform_filter("!datum.whole").mark_point(filled=False, size=60))
    return charts.finish(alt.layer(*under, *drawn), look, describe=describe, height=height)


def _latest(shown: pd.DataFrame, groups: int) -> Sequence[pd.Timestamp]:
    periods: list[pd.Timestamp] = sorted(shown["period"].unique())
    return periods[-(MARKS // max(groups, 1)) :]


def _legend(plot: Plot, column: str, figure: str, sums: Mapping[str, float]) -> alt.Legend:
    """Return the legend: each name, and what it came to in all."""
    names = plot.names(pd.DataFrame({column: list(sums)}), column)
    words = {
        code: plot.look(say("{what}: {n}", what=name, n=plot.written(figure, value))) if value == value else name
        for (code, value), name in zip(sums.items(), names, strict=True)
    }
    expression = f"({json.dumps(words, ensure_ascii=False)})[datum.label]"
    return alt.Legend(
        title=None, labelExpr=expression, labelLimit=320, columns=charts.narrowly(1, 2), symbolType="stroke"
    )


def bars(
    plot: Plot, table: pd.DataFrame, column: str, figure: str, before: pd.DataFrame, *,
    bounds: tuple[str, str] | None, universe: Sequence[str], describe: str,
) -> AnyChart:  # fmt: skip
    """Draw a bar per row with its figure beside it, its interval, and a line where it stood before.

    Parameters
    ----------
    plot : Plot
    table, before : DataFrame
        Rows of now, `label` beside each; and of the campaign before, which may be empty.
    column, figure : str
        What a row is called by, and what is drawn.
    bounds : tuple of str, optional
        Columns of the interval.
    universe : sequence of str
        All names of the groups; empty where rows are no groups.
    describe : str
    """
    look = plot.look
    # A figure stands with its name: beside its bar, it would be read as that of the line it meets there.
    shown = plot.named(table.head(ROWS)).assign(row=lambda t: t[f"{column}_name"] + "\n" + t["label"])
    place = dict(zip(shown[column], shown["row"], strict=True))
    y = charts.rows("row", list(place.values()), lines=2)
    scale = charts.colours(shown[column].tolist(), universe)
    colour = alt.Color(f"{column}:N", scale=scale, legend=None) if universe else alt.value(charts.ACCENT)
    title = plot.title(figure)
    earlier = plot.named(before[before[column].isin(shown[column])])
    earlier["row"] = earlier[column].map(place)
    if len(earlier):
        title = look(say("{what}; line: the same days of the campaign before", what=title))
    base = alt.Chart(shown).encode(y=y)
    tips = plot.tips(column, figure, *(bounds or ()))
    drawn = [base.mark_bar(height=18, opacity=0.85).encode(x=plot.x(figure, title=title), color=colour, tooltip=tips)]
    if len(earlier):
        then = alt.Chart(earlier).encode(
            y=y, x=plot.x(figure, title=title), tooltip=plot.tips(column, "campaign", figure)
        )
        drawn.append(then.mark_tick(color=look.ink, thickness=3, size=24))
    if bounds:
        drawn.append(charts.whiskers(base, look, *bounds))
    return charts.finish(alt.layer(*drawn), look, describe=describe, height=38 * len(shown) + 60)
