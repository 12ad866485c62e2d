"""How far is each policy from the fixed split, what is the rules' gain made of, and how did their budgets flow?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Look, Plot
from analysis.later import alt
from analysis.messages import N_, say
from analysis.reallocation.parts import PARTS
from analysis.reallocation.play import BOUNDS

ROW = 38
"""Pixels of a row of the scoreboard: its words above its bar."""


# ---- the scoreboard ---------------------------------------------------------------------------------------


def scoreboard(table: pd.DataFrame, parts: pd.DataFrame, plot: Plot, names: Plot, *, describe: str) -> AnyChart:
    """Draw each policy's gain over the fixed split as a bar with its interval, the rules' parts as steps below theirs.

    Parameters
    ----------
    table, parts : DataFrame
        The answer's frames "table" and "parts".
    plot, names : Plot
        Of these two.
    describe : str
        For screen readers.

    Notes
    -----
    What nobody can exceed is a tick, not a bar: it is no policy. What the plan earns with money held back has no bar of
    its own: it is the first of the parts. Words stand above the bars, where they are not cut off
    on a narrow screen.
    """
    look = plot.look
    rows = _rows(table, parts, plot, names)
    title = plot.title("gain", N_("revenue above the fixed split of the whole budget"))
    x = alt.X("end:Q", title=charts.two_lines(title), axis=plot.axis("gain", grid=False))
    base = alt.Chart(rows).encode(y=alt.Y("row:O", axis=None, sort=None, scale=alt.Scale(paddingInner=0)))
    tips = plot.tips("policy", "gain", "gain_low", "gain_high")
    colour = alt.Color("kind:N", legend=None, scale=_colours(look))
    bars = base.transform_filter("datum.kind != 'bound'")
    marks = base.transform_filter("datum.kind == 'bound'")
    layers = alt.layer(
        charts.zero(look).encode(x=alt.X("x:Q")),
        bars.mark_bar(size=11, yOffset=8).encode(x=x, x2=alt.X2("start:Q"), color=colour, tooltip=tips),
        marks.mark_tick(size=16, thickness=3, yOffset=8).encode(x=x, color=colour, tooltip=tips),
        bars.mark_rule(strokeWidth=1.5, color=look.ink, yOffset=8).encode(x=alt.X("from:Q"), x2=alt.X2("to:Q")),
        *_words(base, look),
    )
    return charts.finish(layers, look, describe=describe, height=ROW * len(rows))


def _words(base: alt.Chart, look: Look) -> list[alt.Chart]:
    """Write what each bar says above it, on an edge of the paper's colour: on a phone the line at zero runs there."""
    words = base.encode(x=alt.value(0), text=alt.Text("words:N"))
    edge = words.mark_text(align="left", baseline="middle", dx=4, dy=-8, stroke=look.ground, strokeWidth=5)
    return [edge, words.mark_text(align="left", baseline="middle", dx=4, dy=-8)]


def _colours(look: Look) -> alt.Scale:
    own = {"rules": charts.ACCENT, "other": look.faint, "bound": look.ink, "up": charts.PALETTE[2], "down": charts.LOSS}
    return alt.Scale(domain=list(own), range=list(own.values()))


def _rows(table: pd.DataFrame, parts: pd.DataFrame, plot: Plot, names: Plot) -> pd.DataFrame:
    """Return one row a bar: policies, and below the rules what their gain adds up from."""
    found = []
    for row in plot.named(table[~table["policy"].isin(["fixed", "held"])]).to_dict("records"):
        kind = "rules" if row["policy"] == "rules" else "bound" if row["policy"] in BOUNDS else "other"
        found.append(_row(row["policy_name"], 0.0, row["gain"], row["gain_low"], row["gain_high"], kind))
        if kind == "rules":
            found += _steps(names.named(parts[parts["part"].isin(PARTS)]), plot.look)
    made = pd.DataFrame(found)
    made["words"] = [
        plot.look(say("{name}: {gain}", name=name, gain=plot.written("gain", float(gain))))
        for name, gain in zip(made["policy_name"], made["gain"], strict=True)
    ]
    return made.assign(row=range(len(made)))


def _steps(parts: pd.DataFrame, look: Look) -> list[dict[str, object]]:
    """Return the parts one after the other, each from where the last one ended."""
    found, start = [], 0.0
    for row in parts.to_dict("records"):
        label = look(say("of it {part}", part=row["part_name"]))
        kind = "up" if row["amount"] >= 0 else "down"
        found.append(_row(f"↳ {label}", start, row["amount"], row["low"], row["high"], kind))
        start += row["amount"]
    return found


def _row(label: str, start: float, amount: float, low: float, high: float, kind: str) -> dict[str, object]:
    return {
        "policy_name": label, "start": start, "end": start + amount, "gain": amount, "gain_low": low, "gain_high": high,
        "from": start + low, "to": start + high, "kind": kind,
    }  # fmt: skip


# ---- the stream -------------------------------------------------------------------------------------------


def stream(
    budgets: pd.DataFrame, log: pd.DataFrame, plot: Plot, told: Plot, at: int, universe: Sequence[str], *, describe: str
) -> AnyChart:
    """Draw the rules' budgets over time as a stream of channels, their decisions as marks, one of them as a line.

    Parameters
    ----------
    budgets, log : DataFrame
        The answer's frames "stream" and "log".
    plot, told : Plot
        Of these two.
    at : int
        Which row of the log is marked, from 1.
    universe : sequence of str
        All channels of the data.
    describe : str
        For screen readers.
    """
    look = plot.look
    channels = sorted(budgets["channel"].unique())
    scale = charts.colours(channels, universe)
    x = alt.X("time:T", title=None, axis=plot.axis("time", grid=False, labelSeparation=12))
    flow = alt.Chart(plot.named(budgets)).mark_area(interpolate="step-after", opacity=0.85).encode(
        x=x,
        y=plot.y("budget", stack="zero", title=plot.title("budget")),
        color=alt.Color("channel:N", scale=scale, legend=plot.legend("channel", channels)),
        tooltip=plot.tips("channel", "time", "budget"),
    )  # fmt: skip
    marked = told.named(log).assign(n=range(1, len(log) + 1), top=_top(budgets))
    done = marked[marked["outcome"] == "done"]
    tips = told.tips("time", "kind", "amount", "effect")
    ticks = alt.Chart(done).mark_tick(
        color=look.ink, orient="vertical", thickness=1, size=8, yOffset=-7
    ).encode(
        x=x, y=alt.Y("top:Q"), tooltip=tips
    )  # fmt: skip
    chosen = alt.Chart(marked[marked["n"] == at])
    line = chosen.mark_rule(color=look.ink, strokeWidth=2).encode(x=x, tooltip=tips)
    place = chosen.mark_point(shape="triangle-down", filled=True, size=110, color=look.ink, opacity=1, yOffset=-9)
    layers = alt.layer(flow, ticks, line, place.encode(x=x, y=alt.Y("top:Q"), tooltip=tips))
    return charts.finish(layers, look, describe=describe, height=320)


def _top(budgets: pd.DataFrame) -> float:
    return float(budgets.groupby("time")["budget"].sum().max()) if len(budgets) else 0.0


# ---- what was, and what rules would have made of it ---------------------------------------------------------


def spend_beside(channels: pd.DataFrame, plot: Plot, *, describe: str) -> AnyChart:
    """Draw each channel's spend a day as it was, and as the rules would have had it.

    Parameters
    ----------
    channels : DataFrame
        The answer's frame "channels".
    plot : Plot
        Of the channels.
    describe : str
        For screen readers.
    """
    look = plot.look
    daily = channels.assign(time=channels["time"].dt.normalize())
    days = daily.groupby(["policy", "time", "channel"], sort=False)["spent"].sum().reset_index()
    drawn = plot.named(days)
    base = alt.Chart(drawn).encode(x=alt.X("time:T", title=None, axis=plot.axis("time", grid=False)), y=plot.y("spent"))
    lines = base.mark_line(strokeWidth=2).encode(
        color=alt.Color(
            "channel_name:N", title=None, legend=alt.Legend(orient="bottom", columns=charts.narrowly(2, 4))
        ),
        strokeDash=alt.StrokeDash(
            "policy_name:N", title=None, legend=alt.Legend(orient="bottom", columns=charts.narrowly(1, 3))
        ),
        tooltip=plot.tips("policy", "time", "channel", "spent"),
    )
    return charts.finish(lines, look, describe=describe, height=340)
