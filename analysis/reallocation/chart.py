"""How does the gain over the fixed split build up, day by day? A line per policy, and the runs as a band."""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Plot
from analysis.later import alt
from analysis.messages import N_, say

_COLOURS = {"rules": charts.ACCENT, "once": charts.PALETTE[2]}
_DASHES = {"rules": [1, 0], "once": [6, 4]}


def gains(days: pd.DataFrame, plot: Plot, *, describe: str) -> AnyChart:
    """Draw the gain over the fixed split as lines from zero, nine of ten runs as a band, names at the ends.

    Parameters
    ----------
    days : DataFrame
        The answer's frame "days".
    plot : Plot
        Of the days.
    describe : str
        For screen readers.
    """
    look, drawn = plot.look, plot.named(_from_zero(days[days["policy"].isin(list(_COLOURS))]))
    colour = alt.Color("policy:N", scale=_scale(_COLOURS), legend=None)
    dash = alt.StrokeDash("policy:N", scale=_scale(_DASHES), legend=None)
    x = alt.X("close:T", title=None, axis=plot.axis("time", grid=False, labelSeparation=12))
    title = plot.title("gain", N_("revenue above the fixed split of the whole budget, added up"))
    y = plot.y("gain", title=title, scale=alt.Scale(zero=True))
    ruled = alt.Chart(drawn[drawn["policy"] == "rules"])
    band = ruled.mark_area(opacity=0.18).encode(x=x, y=alt.Y("run_low:Q"), y2="run_high:Q", color=colour)
    line = alt.Chart(drawn).encode(x=x, y=y, color=colour)
    tips = plot.tips("policy", "time", "gain", "run_low", "run_high")
    zero = alt.Chart(pd.DataFrame({"gain": [0.0]})).mark_rule(color=look.faint).encode(y="gain:Q")
    names = _names(drawn, plot)
    at = {"x": alt.X("close:T"), "y": alt.Y("at:Q"), "text": "label:N"}
    own, about = alt.Chart(names[names["policy"] != "band"]), alt.Chart(names[names["policy"] == "band"])
    layers = alt.layer(
        band,
        zero,
        line.mark_line(strokeWidth=2.5).encode(strokeDash=dash),
        charts.handles(line, tips),
        own.mark_text(align="left", dx=8, fontWeight="bold").encode(color=colour, **at),
        about.mark_text(align="left", dx=8).encode(color=alt.value(look.faint), **at),
    )
    return charts.finish(layers, look, describe=describe, height=340)


def _scale(own: dict[str, str] | dict[str, list[int]]) -> alt.Scale:
    return alt.Scale(domain=list(own), range=list(own.values()))


def _from_zero(days: pd.DataFrame) -> pd.DataFrame:
    """Let each line begin at nothing, and have what a day brought at the day's close."""
    closed = days.assign(close=days["time"] + pd.Timedelta(days=1))
    start = closed.groupby("policy", sort=False).head(1)
    start = start.assign(close=start["time"], gain=0.0, run_low=0.0, run_high=0.0)
    return pd.concat([start, closed], ignore_index=True).sort_values(["policy", "close"], kind="stable")


def _names(drawn: pd.DataFrame, plot: Plot) -> pd.DataFrame:
    """Name each line on the left, where none has got far from zero, the higher one above."""
    last = drawn.groupby("policy", sort=False).tail(1).sort_values("gain", ascending=False, kind="stable")
    top, bottom = max(float(drawn["run_high"].max()), 0.0), min(float(drawn["run_low"].min()), 0.0)
    step = 0.085 * ((top - bottom) or 1.0)
    first = top if top >= -bottom else bottom + step * (len(last) + 1)
    words = [
        plot.look(say("{name}: {gain}", name=name, gain=plot.written("gain", float(gain))))
        for name, gain in zip(last["policy_name"], last["gain"], strict=True)
    ]
    band = {"policy": ["band"], "label": [plot.look(N_("band: nine of ten runs of the rules"))]}
    names = pd.concat([last.assign(label=words), pd.DataFrame(band)], ignore_index=True)
    return names.assign(at=[first - k * step for k in range(len(names))], close=drawn["close"].min())


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
        color=alt.Color("channel_name:N", title=None, legend=alt.Legend(orient="bottom", columns=3)),
        strokeDash=alt.StrokeDash("policy_name:N", title=None, legend=alt.Legend(orient="bottom")),
        tooltip=plot.tips("policy", "time", "channel", "spent"),
    )
    return charts.finish(lines, look, describe=describe, height=340)
