"""How do the models compare? Each touch's share as a dot per model, with its interval."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from analysis import charts
from analysis.charts import PALETTE, Look
from analysis.journey.attribution.definition import MODEL_WORDS
from analysis.journey.attribution.words import TOUCH_WORDS
from analysis.messages import N_, Message

SHAPES = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross", "triangle-right", "triangle-left")
_ROW, _GAP = 11, 14
_TITLES = {
    "conversions": N_("share of conversions, with 95% interval"),
    "revenue": N_("share of realised revenue, with 95% interval"),
    "value": N_("share of conversion value, with 95% interval"),
}


def dots(table: pd.DataFrame, look: Look, value: str, headline: Message) -> Any:
    """Draw a band per touch, those with most credit first, and in it a row per model."""
    models = list(table["model"].unique())
    drawn = table.assign(label=table["model"].map(lambda m: look(MODEL_WORDS[m])))
    drawn["name"] = drawn["touch"].map(lambda t: look(t) if t in TOUCH_WORDS else t)
    order = drawn.groupby("name")["share"].mean().sort_values(ascending=False, kind="stable").index.tolist()
    labels = [look(MODEL_WORDS[m]) for m in models]
    places = list(MODEL_WORDS)
    colour = alt.Scale(domain=labels, range=[PALETTE[places.index(m)] for m in models])
    shape = alt.Scale(domain=labels, range=[SHAPES[places.index(m)] for m in models])
    legend = alt.Legend(title=None, columns=2, symbolSize=70)  # more run off a narrow screen
    base = alt.Chart(drawn).encode(
        y=alt.Y(
            "name:N",
            sort=order,
            title=None,
            axis=alt.Axis(grid=True, tickBand="extent", domain=False, ticks=False, labelLimit=130),
            scale=alt.Scale(paddingInner=0, paddingOuter=0),
        ),
        yOffset=alt.YOffset("label:N", sort=labels, scale=alt.Scale(padding=0.9)),
        color=alt.Color("label:N", scale=colour, legend=legend),
        tooltip=_tooltip(look),
    )
    interval = base.mark_rule(strokeWidth=1.5, opacity=0.7).encode(x="low:Q", x2="high:Q")
    point = base.mark_point(filled=True, size=48, opacity=1).encode(
        x=alt.X(
            "share:Q",
            title=look(_TITLES[value]),
            scale=alt.Scale(zero=True),
            axis=alt.Axis(format=".0%", tickCount=5),
        ),
        shape=alt.Shape("label:N", scale=shape, legend=legend),
    )
    height = len(order) * (_ROW * len(models) + _GAP) + 40
    return charts.finish(alt.layer(interval, point), look, describe=headline.text(look.language), height=height)


def _tooltip(look: Look) -> list[Any]:
    return [
        alt.Tooltip("name:N", title=look(N_("Touch"))),
        alt.Tooltip("label:N", title=look(N_("Model"))),
        alt.Tooltip("credit:Q", title=look(N_("Credited conversions")), format=",.2f"),
        alt.Tooltip("share:Q", title=look(N_("Share")), format=".1%"),
        alt.Tooltip("low:Q", title=look(N_("95% from")), format=".1%"),
        alt.Tooltip("high:Q", title=look(N_("95% to")), format=".1%"),
    ]
