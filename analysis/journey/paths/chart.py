"""Paths as a Sankey diagram: a column of events per level, and bands as wide as the number of paths between them.

The layout is computed here, in pixels: bars for events, areas for bands.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Look, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, Message, Share, say
from analysis.sankey import bands as sankey_bands

ALL = 250
"""Height of all paths together."""
_SLOT, _GAP, _TOP, _BAR = 32, 6, 34, 8
_ROOM = 0.85
"""Of a level's width: room for the labels right of the last."""
_NARROW = 110
"""Least width of a level, room for a name like social_seeding; a narrower screen shows the levels nearest to the
start."""
_EDGE = 0.04
"""Of a level's width: room left of the first bars."""
_FIT = 3
"""From so many levels on, not all of them may be on the narrowest screens."""
_LIMIT = alt.ExprRef(expr=f"width / levels - {_BAR + 8}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a diagram says beside its figures.

    Parameters
    ----------
    describe : Message
        For screen readers.
    start : str, optional
        The event at level 0; without one, paths begin anywhere.
    back : bool
        Whether paths run towards the past: level 0 is then on the right.
    universe : sequence of str
        All events, in the order that gives them their colours.
    other, passed : str
        The node of all other events, and the one of paths that came to where they were to lead (not drawn again).
    stops : tuple of str
        The nodes that no path leaves.
    """

    describe: Message
    start: str | None
    back: bool
    universe: tuple[str, ...]
    other: str
    passed: str
    stops: tuple[str, ...]


def sankey(table: pd.DataFrame, plot: Plot, labels: Labels) -> AnyChart:
    """Draw links between levels.

    Parameters
    ----------
    table : DataFrame
        Columns level, from, to, count, n, share, of_from, as in :class:`analysis.journey.paths.question.PathsAnswer`.
    plot : Plot
        Of the table.
    labels : Labels

    Returns
    -------
    altair.LayerChart
    """
    links = table[~table["from"].isin(labels.stops) & (table["to"] != labels.passed)].reset_index(drop=True)
    nodes = _nodes(links, labels)
    bands = sankey_bands(links.assign(width=links["share"] * ALL), nodes.set_index(["level", "node"])["top"])
    own = {"node": replace(plot.fields["from"], label=N_("Event")), "title": Field(N_("Level"), "text")}
    return _drawn(nodes, bands, plot.beside(**own), labels)


# ---- where things stand -----------------------------------------------------------------------------------


def _nodes(links: pd.DataFrame, labels: Labels) -> pd.DataFrame:
    """Stack each level's events, the most common on top; one too small for its label still gets room for it."""
    first = links[links["level"] == 1].assign(level=0).rename(columns={"from": "node"})
    ends = pd.concat([first, links.rename(columns={"to": "node"})])
    nodes = ends.groupby(["level", "node"], as_index=False).agg(count=("count", "sum"), n=("n", "first"))
    last = [*labels.universe, labels.other, *labels.stops]
    nodes["place"] = nodes["node"].map({name: i for i, name in enumerate(last)})
    nodes["last"] = (nodes["place"] - len(labels.universe) + 1).clip(lower=0)
    nodes = nodes.sort_values(["level", "last", "count", "place"], ascending=[True, True, False, True])
    nodes["share"] = nodes["count"] / nodes["n"]
    slot = (nodes["share"] * ALL).clip(lower=_SLOT) + _GAP
    middle = _TOP + slot.groupby(nodes["level"]).cumsum() - slot / 2
    half = (nodes["share"] * ALL).clip(lower=1.5) / 2
    return nodes.assign(top=middle - half, middle=middle, bottom=middle + half).reset_index(drop=True)


# ---- the picture ------------------------------------------------------------------------------------------


def _drawn(nodes: pd.DataFrame, bands: pd.DataFrame, plot: Plot, labels: Labels) -> AnyChart:
    look, sign, levels = plot.look, -1 if labels.back else 1, int(nodes["level"].max())
    height = float(nodes["bottom"].max()) + _SLOT
    # Safe column names, and text as it is read: Vega takes names with dots and brackets for paths.
    nodes = plot.named(nodes.assign(x=sign * nodes["level"],
                                    title=[_title(int(k), look, labels) for k in nodes["level"]],
                                    text=[_share(s, look) for s in nodes["share"]]))  # fmt: skip
    bands = plot.named(bands.assign(x=sign * bands["x"]))
    frame = _Frame(_across(levels, back=labels.back), alt.Scale(domain=[0, height], reverse=True, nice=False),
                   _colours(nodes, look, labels), plot)  # fmt: skip
    # The screen's width is known only where the chart is drawn: so are the levels it has room for.
    room = alt.param(name="levels", expr=f"clamp(floor(width / {_NARROW}), 2, {levels + 1}) - {1 - _ROOM:g}")
    layers = [frame.flows(bands), *frame.bars(nodes), frame.titles(nodes.drop_duplicates("level"))]
    if levels >= _FIT:
        layers.append(frame.hint(levels, height))
    whole = alt.layer(*layers).add_params(room)
    return charts.finish(whole, look, describe=look(labels.describe), height=round(height))


def _across(levels: int, *, back: bool) -> alt.X:
    near: dict[str, Any] = {"domainMin": -_EDGE, "domainMax": alt.ExprRef(expr=f"levels - {_EDGE}")}
    far: dict[str, Any] = {"domainMin": alt.ExprRef(expr=f"{_ROOM - _EDGE:g} - levels"), "domainMax": _ROOM - _EDGE}
    return alt.X("x:Q", scale=alt.Scale(**(far if back else near), nice=False, zero=False), axis=None)


@dataclass(frozen=True, slots=True)
class _Frame:
    """The scales that all layers share."""

    x: alt.X
    down: alt.Scale
    hue: alt.Scale
    plot: Plot

    @property
    def look(self) -> Look:
        return self.plot.look

    def flows(self, bands: pd.DataFrame) -> alt.Chart:
        """Draw the bands, each in the colour of the event it leads to."""
        drawn = bands[["link", "x", "upper", "lower", "to", "from_name", "to_name", "count", "share", "of_from"]]
        tips = self.plot.tips("from", "to", "count", "share", "of_from")
        areas = alt.Chart(drawn).mark_area(opacity=0.45 if self.look.dark else 0.35, clip=True)
        flows: alt.Chart = areas.encode(
            x=self.x,
            y=self.y("upper"),
            y2=alt.Y2("lower:Q"),
            detail=alt.Detail("link:N"),
            color=self.colour("to"),
            tooltip=tips,
        )
        return flows

    def bars(self, nodes: pd.DataFrame) -> list[alt.Chart]:
        """Draw the events, each with its name and share on its right."""
        drawn = nodes[["x", "node", "node_name", "title_name", "text", "count", "share", "top", "middle", "bottom"]]
        tips = self.plot.tips("node", "title", "count", "share")
        at = alt.Chart(drawn).encode(x=self.x, tooltip=tips)
        bars = at.mark_bar(size=_BAR, cornerRadius=2, clip=True).encode(
            y=self.y("top"), y2=alt.Y2("bottom:Q"), color=self.colour("node")
        )
        text: dict[str, Any] = {
            "align": "left",
            "dx": _BAR / 2 + 4,
            "limit": _LIMIT,
            "clip": True,
            "color": self.look.ink,
        }
        names = at.mark_text(**text, baseline="bottom", dy=1, fontWeight=600).encode(
            y=self.y("middle"), text=alt.Text("node_name:N")
        )
        shares = at.mark_text(**text, baseline="top", dy=3, fontSize=12).encode(
            y=self.y("middle"), text=alt.Text("text:N")
        )
        return [bars, names, shares]

    def titles(self, heads: pd.DataFrame) -> alt.Chart:
        """Write each level's name over it."""
        marks = alt.Chart(heads[["x", "title"]]).mark_text(
            align="left", baseline="top", dx=-_BAR / 2, limit=_LIMIT, clip=True, color=self.look.faint
        )
        titles: alt.Chart = marks.encode(x=self.x, y=alt.value(2), text=alt.Text("title:N"))
        return titles

    def hint(self, levels: int, height: float) -> alt.Chart:
        """Say on a narrow screen that there is more."""
        text = self.look(say("A wider screen shows all {n} steps; so does the table.", n=levels))
        hidden = alt.ExprRef(expr=f"levels < {levels} ? 1 : 0")
        mark = alt.Chart(pd.DataFrame({"text": [text]})).mark_text(
            align="left", baseline="bottom", fontSize=12, color=self.look.faint, opacity=hidden
        )
        hint: alt.Chart = mark.encode(x=alt.value(0), y=alt.value(height - _GAP), text=alt.Text("text:N"))
        return hint

    def y(self, column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=self.down, axis=None)

    def colour(self, column: str) -> alt.Color:
        return alt.Color(f"{column}:N", scale=self.hue, legend=None)


def _share(share: float, look: Look) -> str:
    return look(say("{share}", share=Share(share))) if share >= 0.00005 else "< 0.01%"


def _title(level: int, look: Look, labels: Labels) -> str:
    if level:
        return look(say("{n} before", n=level) if labels.back else say("Step {n}", n=level))
    return look(N_("First event") if labels.start is None else N_("Event") if labels.back else N_("Start"))


def _colours(nodes: pd.DataFrame, look: Look, labels: Labels) -> alt.Scale:
    """Return a colour per event that is the same at every level; what is no event is grey."""
    shown = [e for e in labels.universe if e in set(nodes["node"])]
    own = charts.colours(shown, labels.universe)
    grey = {labels.other: look.faint, **dict.fromkeys(labels.stops, "#4A525B" if look.dark else "#C3CAD1")}
    return alt.Scale(domain=[*shown, *grey], range=[*own.range, *grey.values()])
