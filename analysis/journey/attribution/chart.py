"""Who brings most? A bar per touch, those that bring most first, with its interval, each model, and what it returned.

What a bar stands for is written above it, so that a narrow screen needs no axis of names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Look, Plot
from analysis.fields import Field
from analysis.journey.attribution.definition import MODEL_WORDS
from analysis.journey.attribution.words import NO_TOUCH
from analysis.later import alt
from analysis.messages import N_, Message, Money, Share, say

SHOWN = 15
"""Most touches that are drawn; the table has all."""
_ROW, _BAR = 46, 15
"""Height of a touch's row and of its bar, in pixels."""
_TITLES = {
    "conversions": N_("share of conversions"),
    "revenue": N_("share of realised revenue"),
    "value": N_("share of conversion value"),
}
_MODEL = Field(N_("Model"), "text", MODEL_WORDS)
_RANGES = ["share", "low", "high", "models_low", "models_high"]


def bars(
    ranking: pd.DataFrame,
    each: pd.DataFrame,
    plot: Plot,
    *,
    value: str,
    universe: Sequence[str],
    describe: str,
) -> AnyChart:
    """Draw a bar per touch, its label above it, its interval and every model's share on it.

    Parameters
    ----------
    ranking, each : DataFrame
        The answer's frames "ranking" and "table".
    plot : Plot
        Of the ranking.
    value : {"conversions", "revenue", "value"}
    universe : sequence of str
        All values of the credited column, for their colours.
    describe : str
        For screen readers.
    """
    look, top = plot.look, ranking.head(SHOWN)
    drawn = plot.named(top).assign(figures=[look(_figures(row, value, plot)) for _, row in top.iterrows()])
    models, by_model = each[each["touch"].isin(top["touch"])], plot.beside(model=_MODEL)
    x = plot.x(
        "share",
        title=_title(look, value, list(each["model"].unique()), len(ranking) - len(top)),
        scale=alt.Scale(domain=[min(0.0, float(top[_RANGES].min().min())), float(top[_RANGES].max().max())], nice=True),
    )
    y = alt.Y("touch:N", sort=list(top["touch"]), axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    told = [column for column in plot.fields if column in top and top[column].notna().any()]
    base = alt.Chart(drawn).encode(y=y)
    bar = base.mark_bar(height=_BAR, yOffset=8, opacity=0.55).encode(
        x=x,
        color=alt.Color("touch:N", scale=_colours(top["touch"], universe), legend=None),
        tooltip=plot.tips(*told),
    )
    interval = charts.whiskers(base, look, yOffset=8, strokeWidth=2)
    model = (
        alt.Chart(by_model.named(models))
        .mark_point(yOffset=8, size=34, filled=False, strokeWidth=1.3, opacity=0.9, color=look.ink)
        .encode(y=y, x=alt.X("share:Q"), tooltip=by_model.tips("model", "share"))
    )
    text: dict[str, Any] = {"yOffset": -9, "baseline": "middle", "color": look.ink, "fontSize": 13}
    name = base.mark_text(align="left", fontWeight="bold", **text).encode(x=alt.value(0), text=alt.Text("touch_name:N"))
    figures = base.mark_text(align="right", **text).encode(x=alt.value("width"), text=alt.Text("figures:N"))
    layers = alt.layer(bar, interval, model, name, figures)
    return charts.finish(layers, look, describe=describe, height=_ROW * len(top))


def _figures(row: pd.Series[Any], value: str, plot: Plot) -> Message:
    """Say what one bar stands for: how much, its share, and what it returned or cost."""
    facts: dict[str, object] = {"share": Share(float(row["share"]))}
    if value == "conversions":
        facts["amount"] = round(float(row["credit"]))
        if pd.notna(row["cost_per_conversion"]):
            cost = Money(float(row["cost_per_conversion"]), plot.currency)
            return say("{amount} · {share} · {cost} each", **facts, cost=cost)
        return say("{amount} · {share}", **facts)
    facts["amount"] = Money(float(row["value"]), plot.currency)
    if pd.notna(row["roi"]):
        return say("{amount} · {share} · attributed ROI {roi}", **facts, roi=float(row["roi"]))
    return say("{amount} · {share}", **facts)


def _title(look: Look, value: str, models: Sequence[str], hidden: int) -> list[str]:
    """Say what bars, lines and circles are; in lines, as a narrow screen has no room for one."""
    how = say("mean of {n} models", n=len(models)) if len(models) > 1 else say(MODEL_WORDS[models[0]])
    lines = [say("{what} ({how})", what=say(_TITLES[value]), how=how)]
    lines.append(say("line: 95% interval; circles: each model"))
    if hidden:
        lines.append(say("{n} more in the table", n=hidden))
    return [look(line) for line in lines]


def _colours(touches: pd.Series[str], universe: Sequence[str]) -> alt.Scale:
    """Return each touch's own colour; what no touch brought has none."""
    scale = charts.colours(list(touches), universe).to_dict()
    own = [charts.PALETTE[-1] if t == NO_TOUCH else c for t, c in zip(scale["domain"], scale["range"], strict=True)]
    return alt.Scale(domain=scale["domain"], range=own)
