"""Participation's picture: each campaign's rate, and below who was new and who returned."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from analysis import charts
from analysis.charts import Look
from analysis.messages import N_, Share, say

_ROW = 40
_NEW, _RETURNING, _OPEN = N_("new"), N_("returning"), N_("may still be running")


def draw(answer: Any, look: Look) -> Any:
    """Draw two panels in one view, each row named by its panel and its campaign: one view fits its container."""
    table = answer.frame("campaigns")
    rated = table[table["known"] > 0]
    heads = [*(["1 "] if len(rated) else []), *("2 " + rated["campaign"]), "3 ", *("4 " + table["campaign"])]
    axis = alt.Axis(domain=False, ticks=False, grid=False, labelExpr="slice(datum.label, 2)", labelLimit=150,
                    labelPadding=6)  # fmt: skip
    y = alt.Y("row:N", title=None, axis=axis, scale=alt.Scale(domain=heads, paddingInner=0.15))
    layers = [*(_rates(rated, look, y) if len(rated) else []), *_people(table, look, y), *_headings(answer, look, y)]
    describe = answer.headline.text(look.language)
    return charts.finish(alt.layer(*layers), look, describe=describe, height=_ROW * len(heads))


def _across(name: str, scale: alt.Scale) -> alt.X:
    return alt.X(f"{name}:Q", title=None, axis=None, scale=scale)


_UNIT = alt.Scale(domain=[0, 1], nice=False)


def _rates(table: pd.DataFrame, look: Look, y: alt.Y) -> list[alt.Chart]:
    """Draw a bar per campaign's rate with its interval, the trend's rate as a tick, figures beside it."""
    most = max(float(table[["high", "fitted"]].max().max()), 1e-9) * 1.55  # room for the words beside the longest
    rows: Any = table.itertuples()
    table = table.assign(
        row="2 " + table["campaign"],
        words=[look(say("{share} of {users}", share=Share(float(r.rate)), users=int(r.known))) for r in rows],
        start=0.0,
        state=table["complete"].map({True: "", False: look(_OPEN)}),
        **{f"at_{name}": table[name] / most for name in ("rate", "low", "high", "fitted")},
    )
    tips = [
        alt.Tooltip("campaign:N", title=look(N_("Campaign"))),
        alt.Tooltip("came:Q", title=look(N_("Came")), format=",d"),
        alt.Tooltip("known:Q", title=look(N_("Could come")), format=",d"),
        alt.Tooltip("rate:Q", title=look(N_("Participation rate")), format=".1%"),
        alt.Tooltip("low:Q", title=look(N_("95% from")), format=".1%"),
        alt.Tooltip("high:Q", title=look(N_("95% to")), format=".1%"),
        alt.Tooltip("fitted:Q", title=look(N_("Trend")), format=".1%"),
        alt.Tooltip("state:N", title=look(N_("Observed"))),
    ]
    base = alt.Chart(table).encode(y=y)
    paler = alt.condition("datum.complete", alt.value(1), alt.value(0.45))
    return [
        base.mark_bar(cornerRadiusEnd=3, color=charts.ACCENT).encode(
            x=_across("start", _UNIT), x2="at_rate:Q", opacity=paler, tooltip=tips
        ),
        base.mark_rule(strokeWidth=1.5, color=look.ink).encode(x=_across("at_low", _UNIT), x2="at_high:Q"),
        base.mark_tick(thickness=3, size=32, opacity=1, color=charts.LOSS).encode(x=_across("at_fitted", _UNIT)),
        base.mark_text(align="left", dx=8, fontWeight="bold", color=look.ink).encode(
            x=_across("at_high", _UNIT), text="words:N"
        ),
    ]


def _people(table: pd.DataFrame, look: Look, y: alt.Y) -> list[alt.Chart]:
    """Draw how many took part in each campaign: those who returned, then those who were new."""
    most = max(float(table["users"].max()), 1.0) * 1.25
    rows: Any = table.itertuples()
    table = table.assign(
        row="4 " + table["campaign"],
        words=[look(say("{n}", n=int(r.users))) for r in rows],
        start=0.0,
        middle=table["returning"] / most,
        end=table["users"] / most,
    )
    tips = [
        alt.Tooltip("campaign:N", title=look(N_("Campaign"))),
        alt.Tooltip("users:Q", title=look(N_("Took part")), format=",d"),
        alt.Tooltip("new:Q", title=look(N_("New")), format=",d"),
        alt.Tooltip("returning:Q", title=look(N_("Returning")), format=",d"),
    ]
    base = alt.Chart(table).encode(y=y)
    bars = base.encode(tooltip=tips)
    return [
        bars.mark_bar(color=charts.PALETTE[2]).encode(x=_across("start", _UNIT), x2="middle:Q"),
        bars.mark_bar(color=charts.PALETTE[4], cornerRadiusEnd=3).encode(x=_across("middle", _UNIT), x2="end:Q"),
        base.mark_text(align="left", dx=8, fontWeight="bold", color=look.ink).encode(
            x=_across("end", _UNIT), text="words:N"
        ),
    ]


def _headings(answer: Any, look: Look, y: alt.Y) -> list[alt.Chart]:
    """Write each panel's title, and under it how to read it."""
    whose = N_("of loyal users, with 95% interval") if answer.question.paid_orders else N_("of those who took part "
        "before, with 95% interval")  # fmt: skip
    trend = answer.frame("campaigns")["fitted"].notna().any()
    guide = look(say("{whose}; red: the trend", whose=whose)) if trend else look(whose)
    rows = [
        ("1 ", look(N_("Participation rate")), guide, ""),
        ("3 ", look(N_("Who took part")), "", ""),
    ]
    heads = pd.DataFrame(
        rows[0 if answer.frame("campaigns")["known"].any() else 1 :], columns=["row", "title", "guide", "_"]
    )
    keys = pd.DataFrame({"row": "3 ", "key": ["■ " + look(_RETURNING), "■ " + look(_NEW)], "place": [0, 1]})
    base = alt.Chart(heads).encode(y=y, x=alt.value(0))
    colours = alt.Color(
        "place:O", scale=alt.Scale(domain=[0, 1], range=[charts.PALETTE[2], charts.PALETTE[4]]), legend=None
    )
    offset = alt.Chart(keys).encode(y=y, text="key:N", color=colours)
    return [
        base.mark_text(align="left", dy=-6, fontSize=15, fontWeight="bold", color=look.ink).encode(text="title:N"),
        base.mark_text(align="left", dy=12, fontSize=12, color=look.faint).encode(text="guide:N"),
        *(
            offset.transform_filter(f"datum.place == {i}")
            .mark_text(align="left", dy=12, fontSize=12)
            .encode(x=alt.value(90 * i))
            for i in (0, 1)
        ),
    ]
