"""Who brings most? A bar per touch, those that bring most first, with its interval, each model, and what it returned.

What a bar stands for is written above it, so that a narrow screen needs no axis of names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis import charts
from analysis.answer import Field
from analysis.charts import Look
from analysis.journey.attribution.definition import MODEL_WORDS
from analysis.journey.attribution.words import NO_TOUCH, TOUCH_WORDS
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
_FORMATS = {"share": ".1%", "number": ",.1f", "money": ",.0f", "ratio": ".2f"}


def bars(
    ranking: pd.DataFrame,
    each: pd.DataFrame,
    fields: Mapping[str, Field],
    look: Look,
    *,
    value: str,
    currency: str | None,
    universe: Sequence[str],
    headline: Message,
) -> Any:
    """Draw a bar per touch, its label above it, its interval and every model's share on it.

    Parameters
    ----------
    ranking, each : DataFrame
        The answer's frames "ranking" and "table".
    fields : mapping of str to Field
        Of the ranking, for what is told of a bar.
    value : {"conversions", "revenue", "value"}
    """
    drawn = ranking.head(SHOWN)
    drawn = drawn.assign(
        name=drawn["touch"].map(lambda t: look(t) if t in TOUCH_WORDS else t),
        figures=[look(_figures(row, value, currency)) for _, row in drawn.iterrows()],
    )
    models = each[each["touch"].isin(drawn["touch"])].assign(
        label=lambda t: t["model"].map(lambda m: look(MODEL_WORDS[m]))
    )
    # Text stands at fixed places whatever the shares are: a scale of its own would move the bars.
    most = max(float(drawn[["share", "high", "models_high"]].max().max()), 1e-9)
    x = alt.X(
        "share:Q",
        title=_title(look, value, list(each["model"].unique()), len(ranking) - len(drawn)),
        scale=alt.Scale(domainMin=min(0.0, float(drawn[["share", "low", "models_low"]].min().min())), domainMax=most),
        axis=alt.Axis(format="~%", tickCount=5),
    )
    y = alt.Y("touch:N", sort=list(drawn["touch"]), axis=None, scale=alt.Scale(paddingInner=0, paddingOuter=0))
    colour = alt.Color("touch:N", scale=_colours(drawn["touch"], universe), legend=None)
    share = alt.Tooltip("share:Q", title=look(N_("Share")), format=_FORMATS["share"])
    base = alt.Chart(drawn).encode(y=y)
    bar = base.mark_bar(height=_BAR, yOffset=8, opacity=0.55).encode(x=x, color=colour, tooltip=_tooltip(fields, look))
    interval = base.mark_rule(yOffset=8, strokeWidth=2, color=look.ink).encode(x="low:Q", x2="high:Q")
    model = (
        alt.Chart(models)
        .mark_point(yOffset=8, size=34, filled=False, strokeWidth=1.3, opacity=0.9, color=look.ink)
        .encode(y=y, x="share:Q", tooltip=[alt.Tooltip("label:N", title=look(N_("Model"))), share])
    )
    text: dict[str, Any] = {"yOffset": -9, "baseline": "middle", "color": look.ink, "fontSize": 13}
    name = base.mark_text(align="left", fontWeight="bold", **text).encode(x=alt.value(0), text="name:N")
    figures = base.mark_text(align="right", **text).encode(x=alt.value("width"), text="figures:N")
    return charts.finish(
        alt.layer(bar, interval, model, name, figures),
        look,
        describe=headline.text(look.language),
        height=_ROW * len(drawn),
    )


def _figures(row: pd.Series[Any], value: str, currency: str | None) -> Message:
    """Say what one bar stands for: its share, what that is, and what it returned or cost."""
    facts: dict[str, object] = {"share": Share(float(row["share"]))}
    if value == "conversions":
        facts["amount"] = round(float(row["credit"]))
        if pd.notna(row["cost_per_conversion"]):
            cost = Money(float(row["cost_per_conversion"]), currency)
            return say("{amount} · {share} · {cost} each", **facts, cost=cost)
        return say("{amount} · {share}", **facts)
    facts["amount"] = Money(float(row["value"]), currency)
    if pd.notna(row["roi"]):
        return say("{amount} · {share} · ROI {roi}", **facts, roi=float(row["roi"]))
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


def _tooltip(fields: Mapping[str, Field], look: Look) -> list[alt.Tooltip]:
    told = [_told(name, fields, look) for name in fields if name != "touch"]
    return [alt.Tooltip("name:N", title=look(fields["touch"].label)), *told]


def _told(name: str, fields: Mapping[str, Field], look: Look) -> alt.Tooltip:
    own = fields[name]
    return alt.Tooltip(f"{name}:Q", title=look(own.label), format=_FORMATS[own.unit])
