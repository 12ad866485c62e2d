"""Retention's pictures: a triangle of shades, or a curve per group."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd

from analysis import charts
from analysis.charts import GROUP_WORDS, NOT_SET, TOTAL, Look
from analysis.messages import N_, say

COHORTS = 40
"""Most cohorts that are drawn, the latest ones; the table has all."""
LINES = 8
"""Most groups whose curves are drawn, the largest ones; the table has all."""
_ROW = 30


def triangle(answer: Any, periods: str, look: Look) -> Any:
    """Draw cohorts by periods later; the average of complete cells on top, cells still observed paler."""
    table = _cells(answer, look)
    rows, steps = table["row"].unique().tolist(), int(table["later"].max()) + 1
    x = alt.X("later:O", title=_across(answer, periods, look), axis=_ACROSS, scale=_GAPS)
    y = alt.Y("row:N", sort=rows, title=None, axis=_axis(rows[0]), scale=_GAPS)
    base = alt.Chart(table).encode(x=x, y=y)
    # Period 0 is full of those who have only just come: its shade would drown the rest.
    darkest = float(table.loc[table["later"] >= min(1, steps - 1), "value"].max())
    shades = alt.Scale(domain=[0, max(darkest, 1e-9)], range=[look.grid, charts.ACCENT], clamp=True)
    cells = base.mark_rect(cornerRadius=3, stroke=look.faint).encode(
        color=alt.Color("value:Q", scale=shades, legend=None),
        opacity=_paler(look, legend=not table["complete"].all()),
        strokeDash=alt.condition("datum.complete", alt.value([1, 0]), alt.value([3, 2])),
        strokeWidth=alt.condition("datum.complete", alt.value(0), alt.value(1.5)),
        tooltip=_tips(answer, look),
    )
    # As large as the cell is wide: on a narrow screen a dozen columns share what the labels leave.
    size = alt.ExprRef(expr=f"max(8, min(13, width / {steps} / 2.1))")
    strong = (table["value"] > 0.75 * darkest) & table["complete"]
    words = [
        alt.Chart(part).mark_text(fontSize=size, color=ink).encode(x=x, y=y, text="words:N")
        for part, ink in ((table[strong], "white"), (table[~strong], look.ink))
    ]
    describe = answer.headline.text(look.language)
    return charts.finish(alt.layer(cells, *words), look, describe=describe, height=_ROW * len(rows) + 70)


def _money(answer: Any) -> bool:
    return "per_user" in answer.frames["table"]


def _cells(answer: Any, look: Look) -> pd.DataFrame:
    name = "per_user" if _money(answer) else "share"
    table: pd.DataFrame = answer.table.query("breakdown == @TOTAL")
    kept = table["cohort"].drop_duplicates().tail(COHORTS)
    table = table[table["cohort"].isin(kept)]
    table["row"] = _labels(table, look)
    curve = answer.frame("curve").query("breakdown == @TOTAL").assign(complete=True)
    curve["row"] = curve["cohort"] = look(N_("average"))
    table = pd.concat([curve, table], ignore_index=True).assign(value=lambda t: t[name])
    table["words"] = [_short(100 * v if name == "share" else v) for v in table["value"]]
    table["state"] = table["complete"].map({True: look(_OVER), False: look(_OPEN)})
    return table


_GAPS = alt.Scale(paddingInner=0.06, paddingOuter=0.03)
_ACROSS = alt.Axis(labelAngle=0, domain=False, ticks=False)
_LEGEND = alt.Legend(title=None, symbolType="square", symbolFillColor=charts.ACCENT, symbolStrokeWidth=0)
_OVER, _OPEN = N_("complete"), N_("still being observed")


def _labels(table: pd.DataFrame, look: Look) -> list[str]:
    """Return each cohort with its size; the year only where there are several."""
    names = table["cohort"].astype(str)
    days = names.str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    if days and names.str[:4].nunique() == 1:
        names = names.str[5:]
    return [look(say("{cohort} · {users}", cohort=n, users=int(u))) for n, u in zip(names, table["users"], strict=True)]


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 9.95 or figure == 0 else f"{figure:.1f}"


def _across(answer: Any, periods: str, look: Look) -> str:
    if _money(answer):
        unit = answer.currency or ""
        return look(say("{periods} after the start; {unit} per user of the cohort", periods=periods, unit=unit))
    return look(say("{periods} after the start; % of the cohort who came back", periods=periods))


def _axis(average: str) -> alt.Axis:
    weight = {"condition": {"test": f"datum.label == '{average}'", "value": "bold"}, "value": "normal"}
    return alt.Axis(domain=False, ticks=False, labelFontWeight=weight, labelLimit=170, labelPadding=6)


def _paler(look: Look, legend: bool) -> alt.Opacity:
    return alt.Opacity(
        "state:N",
        scale=alt.Scale(domain=[look(_OVER), look(_OPEN)], range=[1, 0.4]),
        legend=_LEGEND if legend else None,
    )


def _tips(answer: Any, look: Look) -> list[alt.Tooltip]:
    fields, money = answer.fields["table"], _money(answer)
    wanted = ["cohort", "later", "users", "returned", *(["revenue", "per_user"] if money else ["share"]), "low", "high"]
    formats = {"count": ",d", "share": ".1%", "money": ",.2f"}
    tips = [
        alt.Tooltip(f"{name}:{'N' if name == 'cohort' else 'Q'}", title=look(fields[name].label))
        if name == "cohort"
        else alt.Tooltip(f"{name}:Q", title=look(fields[name].label), format=formats[fields[name].unit])
        for name in wanted
    ]
    return [*tips, alt.Tooltip("state:N", title=look(N_("Observed")))]


def curves(answer: Any, periods: str, look: Look) -> Any:
    """Draw each group's average over its complete cells, with its 95% interval."""
    money, curve = _money(answer), answer.frame("curve")
    sizes = curve.query("later == 0 and breakdown != @TOTAL").nlargest(LINES, "users")["breakdown"]
    groups = [TOTAL, *(g for g in curve["breakdown"].unique() if g in set(sizes))]
    shown = curve[curve["breakdown"].isin(groups)].assign(
        group=lambda t: [look(g) if g in GROUP_WORDS else g for g in t["breakdown"]],
        value=lambda t: t["per_user" if money else "share"],
        cohort=lambda t: t["breakdown"],
        state=look(_OVER),
    )
    title = N_("revenue per user of the cohort, with 95% interval") if money else N_("share back, with 95% interval")
    y = alt.Y("value:Q", title=look(title), axis=alt.Axis(format=",.0f" if money else ".0%", tickCount=5))
    ticks = alt.Axis(tickMinStep=1, format="d", grid=False)
    x = alt.X("later:Q", title=look(say("{periods} after the start", periods=periods)), axis=ticks)
    colour = _colour(answer, groups, look)
    tips = [alt.Tooltip("group:N", title=look(N_("Group"))), *_tips(answer, look)[1:-1]]
    base = alt.Chart(shown).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.12).encode(y=alt.Y("low:Q", title=look(title)), y2="high:Q")
    line = base.mark_line(point=alt.OverlayMarkDef(size=45)).encode(y=y, tooltip=tips)
    return charts.finish(alt.layer(band, line), look, describe=answer.headline.text(look.language), height=380)


def _colour(answer: Any, groups: list[str], look: Look) -> alt.Color:
    scale = charts.colours(groups, answer.universe)
    words = [look(g) if g in (TOTAL, NOT_SET) else g for g in groups]
    return alt.Color(
        "group:N",
        scale=alt.Scale(domain=words, range=scale.range),
        legend=alt.Legend(title=None, columns=3, symbolOpacity=1),
    )
