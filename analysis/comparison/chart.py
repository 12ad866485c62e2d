"""Both sides' figures drawn as pairs of dots with their intervals; of two kinds of questions, both charts."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis import charts
from analysis.answer import Answer
from analysis.charts import AnyChart, Look, Plot
from analysis.fields import Field, bounds
from analysis.later import alt
from analysis.messages import N_, Message

MOST = 20
"""Rows that are drawn; the table has all."""
ROW, AROUND = 52, 96
"""Pixels of a row, whose label has two lines; and of axis and legend, which take theirs from the whole."""
WIDTH = 640
"""Of each of two charts."""


def pairs(answer: Answer, label: str, unit: str, sides: tuple[Message, Message], look: Look) -> AnyChart:
    """Draw a comparison's rows: the left's dot in grey, under it the right's, each with its interval.

    Parameters
    ----------
    answer : ComparisonAnswer
    label : str
        Of the figure.
    unit : str
    sides : tuple of Message
    look : Look
    """
    own = {"side": Field(N_("Side"), "text"), "value": Field(label, unit), **bounds(unit)}
    words = dict(zip(("left", "right"), map(look, sides), strict=True))
    plot = answer.plot("table", look).beside(**own)
    table = plot.named(answer.table)
    drawn = _drawn(table).head(MOST).copy()
    drawn["label"] = [_label(row, plot) for row in drawn.to_dict("records")]
    order = drawn["label"].tolist()
    long = pd.concat([_side(drawn, side, words[side]) for side in ("left", "right")], ignore_index=True)
    rows = charts.rows("label", order, lines=2)
    x = plot.x("value", scale=alt.Scale(zero=unit in ("share", "count", "money"), nice=True))
    domain = list(words.values())
    scale = alt.Scale(domain=domain, range=[look.faint, charts.ACCENT])
    legend = alt.Legend(title=None, labelLimit=400, columns=charts.narrowly(1, 2))
    colour = alt.Color("side_name:N", sort=domain, title=None, legend=legend, scale=scale)
    offset = alt.YOffset("side_name:N", sort=domain, scale=alt.Scale(domain=domain, range=[18, 30]))
    base = alt.Chart(long).encode(y=rows, yOffset=offset, color=colour,
                                  tooltip=plot.tips("row", "side", "value", "low", "high"))  # fmt: skip
    reach = base.mark_rule(strokeWidth=1.5).encode(x=alt.X("low:Q"), x2=alt.X2("high:Q"))
    dots = base.mark_point(size=90, filled=True, opacity=1).encode(x=x)
    return charts.finish(alt.layer(reach, dots), look, describe=look(answer.headline), height=ROW * len(order) + AROUND)


def _drawn(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that either side has; those that are everybody on both, as a first step, would only take room."""
    whole = (table[["left", "right"]] == 1).all(axis=1) & table[["left_low", "right_low"]].isna().all(axis=1)
    known = table[["left", "right"]].notna().any(axis=1)
    return table[known & ~whole] if (known & ~whole).any() else table


def _label(row: dict[Any, Any], plot: Plot) -> str:
    """Return a row's name and, under it, both figures and how far apart they are."""
    left, right = (plot.written(side, row[side]) if row[side] == row[side] else "—" for side in ("left", "right"))
    return f"{row['row_name']}\n{left} → {right}"


def _side(table: pd.DataFrame, side: str, word: str) -> pd.DataFrame:
    held = {"value": side, "low": f"{side}_low", "high": f"{side}_high"}
    own = table[["row", "row_name", "label"]].assign(side_name=word, **{name: table[of] for name, of in held.items()})
    return own[own["value"].notna()]


def stacked(sides: tuple[Answer, Answer], titles: tuple[Message, Message], headline: Message, look: Look) -> AnyChart:
    """Draw both sides' own charts, one under the other, each under its title."""
    parts = [_part(side.chart(look), look(title)) for side, title in zip(sides, titles, strict=True)]
    whole = alt.vconcat(*parts, spacing=40).resolve_scale(
        color="independent", size="independent", opacity="independent", fill="independent"
    )
    return charts.finish(whole, look, describe=look(headline))


def _part(chart: AnyChart, title: str) -> AnyChart:
    """Return a finished chart under a title, without what only a whole one may have."""
    own = chart.copy(deep=False)
    for name in ("config", "background", "padding"):
        own[name] = alt.Undefined
    for view in (own, getattr(own, "spec", None)):
        if view is not None and getattr(view, "width", None) == "container":
            view.width = WIDTH
    own.title = title
    return own
