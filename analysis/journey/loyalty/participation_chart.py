"""Participation's picture: each campaign's rate, and below who was new and who returned."""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import AnyChart, Look, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, Message, Share, say

_ROW = 40
_NEW, _RETURNING, _OVER, _OPEN = N_("for the first time"), N_("again"), N_("complete"), N_("may still be running")


def draw(table: pd.DataFrame, plot: Plot, whose: str, headline: Message) -> AnyChart:
    """Draw two panels in one view, each row named by its panel and its campaign: one view fits its container.

    Parameters
    ----------
    table : DataFrame
        A row per campaign.
    plot : Plot
    whose : str
        Whose rate it is, in English.
    headline : Message
    """
    table = plot.named(table)
    rated = table[table["known"] > 0]
    heads = [*(["1 "] if len(rated) else []), *("2 " + rated["campaign_name"]), "3 ", *("4 " + table["campaign_name"])]
    axis = alt.Axis(domain=False, ticks=False, grid=False, labelExpr="slice(datum.label, 2)", labelLimit=150,
                    labelPadding=6)  # fmt: skip
    y = alt.Y("row:N", title=None, axis=axis, scale=alt.Scale(domain=heads, paddingInner=0.15))
    rates = _rates(rated, plot, y) if len(rated) else []
    titles = _titles(plot.look, whose, trend=bool(table["fitted"].notna().any()))[0 if len(rated) else 1 :]
    layers = [*rates, *_people(table, plot, y), *_headings(titles, plot.look, y)]
    return charts.finish(alt.layer(*layers), plot.look, describe=plot.look(headline), height=_ROW * len(heads))


def _across(name: str, scale: alt.Scale) -> alt.X:
    return alt.X(f"{name}:Q", title=None, axis=None, scale=scale)


_UNIT = alt.Scale(domain=[0, 1], nice=False)


def _rates(table: pd.DataFrame, plot: Plot, y: alt.Y) -> list[alt.Chart]:
    """Draw a bar per campaign's rate with its interval, the trend's rate as a tick, figures beside it."""
    look, most = plot.look, max(float(table[["high", "fitted"]].max().max()), 1e-9) * 1.55  # room beside the longest
    told = zip(table["rate"], table["known"], strict=True)
    table = table.assign(
        row="2 " + table["campaign_name"],
        words=[look(say("{share} of {users}", share=Share(float(rate)), users=int(n))) for rate, n in told],
        start=0.0,
        state_name=table["complete"].map({True: look(_OVER), False: look(_OPEN)}),
        **{f"at_{name}": table[name] / most for name in ("rate", "low", "high", "fitted")},
    )
    plot = plot.beside(state=Field(N_("Observed"), "text"))
    tips = plot.tips("campaign", "came", "known", "rate", "low", "high", "fitted", "state")
    base = alt.Chart(table).encode(y=y)
    paler = alt.condition("datum.complete", alt.value(1), alt.value(0.45))
    return [
        base.mark_bar(cornerRadiusEnd=3, color=charts.ACCENT).encode(
            x=_across("start", _UNIT), x2=alt.X2("at_rate:Q"), opacity=paler, tooltip=tips
        ),
        charts.whiskers(base, look, _across("at_low", _UNIT), "at_high"),
        base.mark_tick(thickness=3, size=32, opacity=1, color=charts.LOSS).encode(x=_across("at_fitted", _UNIT)),
        base.mark_text(align="left", dx=8, fontWeight="bold", color=look.ink).encode(
            x=_across("at_high", _UNIT), text=alt.Text("words:N")
        ),
    ]


def _people(table: pd.DataFrame, plot: Plot, y: alt.Y) -> list[alt.Chart]:
    """Draw how many took part in each campaign: those who returned, then those who were new."""
    look, most = plot.look, max(float(table["users"].max()), 1.0) * 1.25
    table = table.assign(
        row="4 " + table["campaign_name"],
        words=[plot.written("users", n) for n in table["users"]],
        start=0.0,
        middle=table["returning"] / most,
        end=table["users"] / most,
    )
    tips = plot.tips("campaign", "users", "new", "returning")
    base = alt.Chart(table).encode(y=y)
    bars = base.encode(tooltip=tips)
    return [
        bars.mark_bar(color=charts.PALETTE[2]).encode(x=_across("start", _UNIT), x2=alt.X2("middle:Q")),
        bars.mark_bar(color=charts.PALETTE[4], cornerRadiusEnd=3).encode(
            x=_across("middle", _UNIT), x2=alt.X2("end:Q")
        ),
        base.mark_text(align="left", dx=8, fontWeight="bold", color=look.ink).encode(
            x=_across("end", _UNIT), text=alt.Text("words:N")
        ),
    ]


def _titles(look: Look, whose: str, *, trend: bool) -> list[tuple[str, str, str]]:
    """Return each panel's row, its title, and how to read it."""
    guide = say("{whose}, with 95% interval", whose=whose)
    guide = say("{whose}; red: the trend", whose=guide) if trend else guide
    return [("1 ", look(N_("Participation rate")), look(guide)), ("3 ", look(N_("Who took part")), "")]


def _headings(titles: list[tuple[str, str, str]], look: Look, y: alt.Y) -> list[alt.Chart]:
    """Write each panel's title, and under it how to read it."""
    heads = pd.DataFrame(titles, columns=["row", "title", "guide"])
    keys = pd.DataFrame({"row": "3 ", "key": ["■ " + look(_RETURNING), "■ " + look(_NEW)], "place": [0, 1]})
    base = alt.Chart(heads).encode(y=y, x=alt.value(0))
    keys["ink"] = [look.letters(charts.PALETTE[2]), look.letters(charts.PALETTE[4])]
    offset = alt.Chart(keys).encode(y=y, text=alt.Text("key:N"), color=alt.Color("ink:N", scale=None))
    return [
        base.mark_text(align="left", dy=-6, fontSize=15, fontWeight="bold", color=look.ink).encode(
            text=alt.Text("title:N")
        ),
        base.mark_text(align="left", dy=12, fontSize=12, color=look.faint).encode(text=alt.Text("guide:N")),
        *(
            offset.transform_filter(f"datum.place == {i}")
            .mark_text(align="left", dy=12, fontSize=12)
            .encode(x=alt.value(90 * i))
            for i in (0, 1)
        ),
    ]
