"""How a funnel is drawn: a bar per step, or each group's rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from analysis import charts
from analysis.charts import GROUP_WORDS, Look
from analysis.messages import N_, Message, Share, say
from analysis.vocabulary import EVENT_WORDS


def steps(table: pd.DataFrame, describe: Message, look: Look) -> Any:
    """Draw one bar per step of a funnel's table: who went on in time, whose window is open, who stopped."""
    table = _labelled(table, look)
    # Two lines beside each bar: the step, and how many got there with both rates that the words name.
    table["label"] = [f"{row.label}\n{look(_rates(row))}" for row in table.itertuples()]
    counted = table["dropped"].notna()
    table["open"] = table["users"] - table["settled"] - table["later"]
    table["stopped"] = -table["settled"].where(counted | (table["step"] == 1)).ffill().diff().where(counted)
    words = {
        "settled": look(N_("went on in time")),
        "open": look(N_("window still open")),
        "stopped": look(N_("stopped")),
    }
    long = table.melt(id_vars=["label", "step"], value_vars=list(words), var_name="outcome", value_name="n")
    long = long.dropna().assign(
        rank=lambda t: t["outcome"].map({name: rank for rank, name in enumerate(words)}),
        outcome=lambda t: t["outcome"].map(words),
        n=lambda t: t["n"].astype(int),
    )
    lines = alt.Axis(
        domain=False, ticks=False, labelExpr="split(datum.label, '\\n')", labelLineHeight=17, labelOffset=-9
    )
    colour = alt.Scale(domain=list(words.values()), range=[charts.ACCENT, charts.PENDING, look.grid])
    bars = (
        alt.Chart(long)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=alt.Y("label:N", sort=None, title=None, axis=lines),
            x=alt.X("n:Q", title=look(N_("users")), axis=alt.Axis(format=",d", tickCount=5)),
            color=alt.Color("outcome:N", scale=colour, title=None),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("label:N", title=look(N_("Step"))),
                alt.Tooltip("outcome:N", title=look(N_("Outcome"))),
                alt.Tooltip("n:Q", title=look(N_("Users")), format=",d"),
            ],
        )
    )
    return charts.finish(bars, look, describe=describe.text(look.language), height=64 * len(table) + 40)


def by_group(table: pd.DataFrame, universe: Sequence[str], describe: Message, look: Look) -> Any:
    """Draw each group's rates with their intervals: step by step, and at last the one from the first step."""
    rows = _rows_by_group(table, look)
    shown = rows.dropna(subset="rate")
    groups = list(dict.fromkeys(shown["breakdown"]))
    y = alt.Y("row:N", sort=rows["row"].tolist(), title=None, axis=_GROUP_AXIS)
    base = alt.Chart(shown).encode(y=y)
    bars = base.mark_bar(height=14, opacity=0.85).encode(
        x=alt.X("rate:Q", title=look(N_("share of users whose window is over, with 95% interval")),
                axis=alt.Axis(format=".0%", tickCount=5)),
        color=alt.Color("breakdown:N", scale=charts.colours(groups, universe), legend=None),
        tooltip=[
            alt.Tooltip("group:N", title=look(N_("Group"))),
            alt.Tooltip("label:N", title=look(N_("Step"))),
            alt.Tooltip("settled:Q", title=look(N_("Users")), format=",d"),
            alt.Tooltip("rate:Q", title=look(N_("Rate")), format=".1%"),
            alt.Tooltip("low:Q", title=look(N_("95% from")), format=".1%"),
            alt.Tooltip("high:Q", title=look(N_("95% to")), format=".1%"),
        ],
    )  # fmt: skip
    whisker = base.mark_rule(strokeWidth=1.5, color=look.ink).encode(x="low:Q", x2="high:Q")
    rate = base.mark_text(align="left", dx=6, color=look.ink).encode(x="high:Q", text="text:N")
    headings = alt.Chart(rows).mark_point(opacity=0).encode(y=y)
    whole = alt.layer(headings, bars, whisker, rate)
    return charts.finish(whole, look, describe=describe.text(look.language), height=22 * len(rows) + 40)


_GROUP_AXIS = alt.Axis(
    domain=False,
    ticks=False,
    labelExpr="split(datum.label, '\\n')[1] || split(datum.label, '\\n')[0]",
    labelFontWeight={"condition": {"test": "indexof(datum.label, '\\n') < 0", "value": "bold"}, "value": "normal"},
)


def _rows_by_group(table: pd.DataFrame, look: Look) -> pd.DataFrame:
    """Lay out one row per step and group, and before each step's rows one for its name; `row` is unique."""
    table = _labelled(table, look).rename(columns={"from_previous": "rate"})
    table["group"] = [look(g) if g in GROUP_WORDS else g for g in table["breakdown"]]
    ends = [table[table["step"] == step].set_index("group")["label"] for step in (1, table["step"].max())]
    parts = [table[table["step"] > 1].sort_values(["step", "users"], ascending=[True, False], kind="stable")]
    if table["step"].max() > 2:
        whole = parts[0][parts[0]["step"] == table["step"].max()]
        whole = whole.assign(rate=whole["from_start"], low=whole["start_low"], high=whole["start_high"])
        parts.append(whole.assign(label=f"{ends[0].iloc[0]} → {ends[1].iloc[0]}"))
    table = pd.concat(parts)
    table["row"] = table["label"] + "\n" + table["group"]
    table["text"] = [look(_rate(int(row.settled), float(row.rate))) for row in table.itertuples()]
    named = [
        pd.concat([pd.DataFrame({"row": [label], "label": [label]}), own])
        for label, own in table.groupby("label", sort=False)
    ]
    return pd.concat(named, ignore_index=True)


def _labelled(table: pd.DataFrame, look: Look) -> pd.DataFrame:
    labels = [
        f"{step}. {look(event) if event in EVENT_WORDS else event}"
        for step, event in zip(table["step"], table["event"], strict=True)
    ]
    return table.assign(label=labels)


def _rates(row: Any) -> Message:
    if row.step < 3 or pd.isna(row.from_previous):
        return _rate(int(row.settled), float(row.from_previous), int(row.users))
    return say("{n} ({share}; {whole} of all)", n=int(row.settled), share=Share(float(row.from_previous)),
               whole=Share(float(row.from_start)))  # fmt: skip


def _rate(settled: int, rate: float, users: int = 0) -> Message:
    """Say how many got to a step; how many did so far, where there is no rate."""
    return say("{n}", n=settled or users) if pd.isna(rate) else say("{n} ({share})", n=settled, share=Share(rate))
