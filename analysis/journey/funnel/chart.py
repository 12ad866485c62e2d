"""How a funnel is drawn: a bar per step, or each group's rates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer
from analysis.charts import AnyChart, Look
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, Message, Share, say

_OUTCOMES = {"settled": N_("went on in time"), "open": N_("still open"), "stopped": N_("stopped")}
_OWN = {"outcome": Field(N_("Outcome"), "text", _OUTCOMES), "n": Field(N_("Users"), "count")}


def steps(answer: Answer, look: Look) -> AnyChart:
    """Draw one bar per step of a funnel's table: who went on in time, whose window is open, who stopped."""
    plot, table = answer.plot("table", look).beside(**_OWN), _labelled(answer, look)
    # Two lines beside each bar: the step, and how many got there with both rates that the words name.
    table["label"] = [f"{row.label}\n{look(_rates(row))}" for row in table.itertuples()]
    long = _outcomes(table).melt(
        id_vars=["label", "step", "event"], value_vars=list(_OUTCOMES), var_name="outcome", value_name="n"
    )
    ranks = {name: rank for rank, name in enumerate(_OUTCOMES)}
    long = plot.named(long.dropna().assign(rank=lambda t: t["outcome"].map(ranks), n=lambda t: t["n"].astype(int)))
    words = [plot.name("outcome", name) for name in _OUTCOMES]
    colour = alt.Scale(domain=words, range=[charts.ACCENT, charts.PENDING, look.grid])
    bars = (
        alt.Chart(long)
        .mark_bar(cornerRadiusEnd=3)
        .encode(
            y=charts.rows("label", table["label"].tolist(), lines=2),
            x=plot.x("n", title=look(N_("users"))),
            color=alt.Color("outcome_name:N", scale=colour, title=None),
            order=alt.Order("rank:Q"),
            tooltip=plot.tips("step", "event", "outcome", "n"),
        )
    )
    return charts.finish(bars, look, describe=look(answer.headline), height=64 * len(table) + 40)


def _outcomes(table: pd.DataFrame) -> pd.DataFrame:
    """Return of each step who went on to it in time, whose window is open, and who stopped before it."""
    required = (table["step"] == 1) | table["dropped"].notna()
    came = table["settled"].where(required).ffill().shift()
    stopped = (came - table["settled"]).where(required)
    return table.assign(open=table["users"] - table["settled"] - table["later"], stopped=stopped)


def by_group(answer: Answer, universe: Sequence[str], look: Look) -> AnyChart:
    """Draw each group's rates with their intervals: step by step, and at last the one from the first step."""
    plot = answer.plot("table", look).beside(label=Field(N_("Step"), "text"), rate=Field(N_("Rate"), "share"))
    rows = plot.named(_rows_by_group(answer, look))
    shown = rows.dropna(subset="rate")
    groups = list(dict.fromkeys(shown["breakdown"]))
    y = alt.Y("row:N", sort=rows["row"].tolist(), title=None, axis=_group_axis())
    base = alt.Chart(shown).encode(y=y)
    room = 8 + 7 * int(shown["text"].str.len().max() or 0)  # for what stands behind the longest bar
    bars = base.mark_bar(height=14, opacity=0.85).encode(
        x=plot.x(
            "rate",
            title=look(N_("share of users whose window is over, with 95% interval")),
            scale=alt.Scale(range=[0, alt.ExprRef(f"width - {room}")]),
        ),
        color=alt.Color("breakdown:N", scale=charts.colours(groups, universe), legend=None),
        tooltip=plot.tips("breakdown", "label", "settled", "rate", "low", "high"),
    )
    rate = base.mark_text(align="left", dx=6, color=look.ink).encode(x=alt.X("high:Q"), text=alt.Text("text:N"))
    headings = alt.Chart(rows).mark_point(opacity=0).encode(y=y)
    whole = alt.layer(headings, bars, charts.whiskers(base, look), rate)
    return charts.finish(whole, look, describe=look(answer.headline), height=22 * len(rows) + 40)


def _group_axis() -> alt.Axis:
    return alt.Axis(
        domain=False,
        ticks=False,
        labelExpr="split(datum.label, '\\n')[1] || split(datum.label, '\\n')[0]",
        labelFontWeight={"condition": {"test": "indexof(datum.label, '\\n') < 0", "value": "bold"}, "value": "normal"},
    )


def _rows_by_group(answer: Answer, look: Look) -> pd.DataFrame:
    """Lay out one row per step and group, and before each step's rows one for its name; `row` is unique."""
    table = _labelled(answer, look)
    last = table["step"].max()
    table["rate"] = table["from_previous"]
    parts = [table[table["step"] > 1].sort_values(["step", "users"], ascending=[True, False], kind="stable")]
    if last > 2:
        whole = parts[0][parts[0]["step"] == last]
        whole = whole.assign(
            rate=whole["from_start"], low=whole["start_low"], high=whole["start_high"],
            label=" → ".join(table.loc[table["step"] == step, "label"].iloc[0] for step in (1, last)),
        )  # fmt: skip
        parts.append(whole)
    table = pd.concat(parts)
    table["row"] = table["label"] + "\n" + table["breakdown_name"]
    table["text"] = [
        look(_rate(int(n), float(share))) for n, share in zip(table["settled"], table["rate"], strict=True)
    ]
    named = [
        pd.concat([pd.DataFrame({"row": [label], "label": [label]}), own])
        for label, own in table.groupby("label", sort=False)
    ]
    return pd.concat(named, ignore_index=True)


def _labelled(answer: Answer, look: Look) -> pd.DataFrame:
    table = answer.plot("table", look).named(answer.table)
    labels = [f"{step}. {name}" for step, name in zip(table["step"], table["event_name"], strict=True)]
    return table.assign(label=labels)


def _rates(row: Any) -> Message:
    if row.step < 3 or pd.isna(row.from_previous):
        return _rate(int(row.settled), float(row.from_previous), int(row.users))
    return say("{n} ({share}; {whole} of all)", n=int(row.settled), share=Share(float(row.from_previous)),
               whole=Share(float(row.from_start)))  # fmt: skip


def _rate(settled: int, rate: float, users: int = 0) -> Message:
    """Say how many got to a step, and of which share; how many did so far, where there is no rate."""
    if np.isnan(rate):
        return say("{n}", n=settled or users)
    return say("{n} ({share})", n=settled, share=Share(rate))
