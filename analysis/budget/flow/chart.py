"""Money as a flow: from the plan to stages, channels and phases, and to what became of it.

A wide screen shows every level; a narrow one stages, channels and what became of the money.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis import charts
from analysis.budget.flow.kernel import BEYOND, ENDS, LEFT, LEVELS, NO_STAGE, OVER, PLAN, SPENT, UNKNOWN, links
from analysis.charts import AnyChart, Look, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, Money, say
from analysis.sankey import bands

ALL = 260
"""Height of all the money together."""
_SLOT, _GAP, _TOP, _BAR = 32, 6, 30, 8
_ROOM, _EDGE = 0.85, 0.04
"""Of a level's width: room right of the last level for its labels, and left of the first."""
_NARROW = 560
"""Least width of all levels."""
FEW = ("stage", "line", "end")
_TITLES = {
    "source": N_("Plan"),
    "stage": N_("Stage of work"),
    "line": N_("Used for"),
    "phase": N_("Phase"),
    "end": N_("Outcome"),
}
_LAST = (BEYOND, NO_STAGE, *ENDS)
"""Nodes that stand below all others of their level, in this order."""


def sankey(parts: pd.DataFrame, plot: Plot, *, describe: str) -> AnyChart:
    """Draw the flow of money.

    Parameters
    ----------
    parts : DataFrame
        As of :func:`analysis.budget.flow.kernel.parts`.
    plot : Plot
        Of the answer's links.
    describe : str
        For screen readers.

    Returns
    -------
    altair.LayerChart
    """
    plot = plot.beside(
        node=replace(plot.fields["to"], label=N_("What"), row_of="node_of"),
        title=Field(N_("Level"), "text"),
        planned=Field(N_("Planned"), "money"),
        spent=Field(N_("Spent"), "money"),
    )
    drawn = [_Layout(parts, levels, plot) for levels in (LEVELS, FEW)]
    height = max(own.height for own in drawn)
    layers = [layer for own, test in zip(drawn, (">=", "<"), strict=True) for layer in own.layers(test, height)]
    return charts.finish(alt.layer(*layers), plot.look, describe=describe, height=round(height))


class _Layout:
    """Where the bars and bands of some levels stand, in pixels."""

    def __init__(self, parts: pd.DataFrame, levels: tuple[str, ...], plot: Plot) -> None:
        self.levels, self.plot = levels, plot
        flows = links(parts, levels)
        self.whole = float(parts["amount"].sum())
        flows["width"] = flows["amount"] / self.whole * ALL
        # The bands of a bar lie as their other ends do, and where these are the same, spent money first.
        flows = flows.sort_values("end", key=lambda own: own.map(ENDS.index), kind="stable", ignore_index=True)
        self.nodes = self._nodes(flows)
        self.bands = bands(flows, self.nodes.set_index(["level", "node"])["top"])
        self.height = float(self.nodes["bottom"].max()) + _SLOT

    def _nodes(self, flows: pd.DataFrame) -> pd.DataFrame:
        """Stack each level's bars, the largest on top; one too small for its label still gets room for it."""
        first = flows[flows["level"] == 1].assign(level=0)
        ends = pd.concat(
            own.rename(columns={side: "node", f"{side}_of": "node_of"})
            for own, side in ((first, "from"), (flows, "to"))
        )
        ends = ends.assign(
            planned=ends["amount"].where(ends["end"] != OVER, 0.0),
            spent=ends["amount"].where(ends["end"].isin([SPENT, OVER]), 0.0),
            unknown=ends["end"] == UNKNOWN,
        )
        sums = {"amount": "sum", "planned": "sum", "spent": "sum", "unknown": "any"}
        nodes = ends.groupby(["level", "node", "node_of"], as_index=False).agg(sums)
        nodes["last"] = nodes["node"].map({name: k + 1 for k, name in enumerate(_LAST)}).fillna(0)
        nodes = nodes.sort_values(["level", "last", "amount", "node"], ascending=[True, True, False, True])
        tall = (nodes["amount"] / self.whole * ALL).clip(lower=1.5)
        slot = tall.clip(lower=_SLOT) + _GAP
        middle = _TOP + slot.groupby(nodes["level"]).cumsum() - slot / 2
        return nodes.assign(top=middle - tall / 2, middle=middle, bottom=middle + tall / 2).reset_index(drop=True)

    def layers(self, test: str, height: float) -> list[alt.Chart]:
        """Draw bands, bars and their labels where the width passes a test."""
        look, room = self.plot.look, len(self.levels) - 1 + _ROOM
        domain: dict[str, Any] = {
            "domainMin": -_EDGE,
            "domainMax": alt.ExprRef(expr=_either(*(_levels(own) for own in (LEVELS, FEW)))),
        }
        x = alt.X("x:Q", scale=alt.Scale(**domain, nice=False, zero=False), axis=None)
        down = alt.Scale(domain=[0, height], reverse=True, nice=False)
        shown = f"width {test} {_NARROW}"
        limit = alt.ExprRef(expr=f"width / {room:g} - {_BAR + 8}")
        hue = alt.Scale(domain=list(ENDS), range=_hues(look))
        flows, bars, titles = self._bands(), self._bars(), self._titles()
        areas = (
            alt.Chart(flows)
            .transform_filter(shown)
            .mark_area(opacity=0.6 if look.dark else 0.5)
            .encode(
                x=x,
                y=alt.Y("upper:Q", scale=down, axis=None),
                y2=alt.Y2("lower:Q"),
                detail=alt.Detail("link:N"),
                color=alt.Color("end:N", scale=hue, legend=None),
                tooltip=self.plot.tips("from", "to", "end", "amount"),
            )
        )
        at = (
            alt.Chart(bars)
            .transform_filter(shown)
            .encode(x=x, tooltip=self.plot.tips("node", "title", "planned", "spent"))
        )
        middle = alt.Y("middle:Q", scale=down, axis=None)
        text: dict[str, Any] = {"align": "left", "dx": _BAR / 2 + 4, "limit": limit, "color": look.ink}
        return [
            areas,
            at.mark_bar(size=_BAR, cornerRadius=2, color=look.faint).encode(
                y=alt.Y("top:Q", scale=down, axis=None), y2=alt.Y2("bottom:Q")
            ),
            at.mark_text(**text, baseline="bottom", dy=1, fontWeight=600).encode(
                y=middle, text=alt.Text("node_name:N")
            ),
            at.mark_text(**text, baseline="top", dy=3, fontSize=12).encode(y=middle, text=alt.Text("text:N")),
            alt.Chart(titles)
            .transform_filter(shown)
            .mark_text(align="left", baseline="top", dx=-_BAR / 2, limit=limit, color=look.faint)
            .encode(x=x, y=alt.value(2), text=alt.Text("title:N")),
        ]

    def _bands(self) -> pd.DataFrame:
        columns = ["link", "x", "upper", "lower", "end", "from_name", "to_name", "end_name", "amount"]
        return self.plot.named(self.bands)[columns]

    def _bars(self) -> pd.DataFrame:
        look = self.plot.look
        titles = [look(_TITLES[self.levels[level]]) for level in self.nodes["level"]]
        texts = [self._text(row) for row in self.nodes.to_dict("records")]
        nodes = self.nodes.assign(spent=self.nodes["spent"].where(~self.nodes["unknown"]))
        named = self.plot.named(nodes.assign(x=self.nodes["level"], title=titles, text=texts))
        return named[["x", "node_name", "title_name", "text", "planned", "spent", "top", "middle", "bottom"]]

    def _text(self, node: Mapping[Any, Any]) -> str:
        """Return what stands under a bar's name: what was spent of the plan, where that is known, else one of both."""
        look = self.plot.look
        planned, spent = round(float(node["planned"])), round(float(node["spent"]))
        if node["unknown"] or node["node"] in (PLAN, BEYOND, *ENDS) or not node["planned"]:
            return look(say("{amount}", amount=Money(float(node["planned"] or node["amount"]), self.plot.currency)))
        return look(say("{spent} of {planned}", spent=spent, planned=planned))

    def _titles(self) -> pd.DataFrame:
        words = [self.plot.look(_TITLES[name]) for name in self.levels]
        return pd.DataFrame({"x": np.arange(len(words)), "title": words})


def _levels(levels: tuple[str, ...]) -> float:
    return len(levels) - 1 + _ROOM - _EDGE


def _either(wide: float, narrow: float) -> str:
    return f"width >= {_NARROW} ? {wide:g} : {narrow:g}"


def _hues(look: Look) -> list[str]:
    """Return the colours of what became of the money: kept to the plan, over it, left, unknown."""
    own = {SPENT: charts.ACCENT, OVER: charts.LOSS, LEFT: charts.PENDING, UNKNOWN: look.faint}
    return [own[end] for end in ENDS]
