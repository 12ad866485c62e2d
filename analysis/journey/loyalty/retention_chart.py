"""Retention's pictures: a triangle of shades, or a curve per group."""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.answer import Answer
from analysis.charts import TOTAL, AnyChart, Look, Plot
from analysis.fields import Field
from analysis.later import alt
from analysis.messages import N_, say

COHORTS = 40
"""Most cohorts that are drawn, the latest ones; the table has all."""
LINES = 8
"""Most groups whose curves are drawn, the largest ones; the table has all."""
_ROW = 30


def triangle(answer: Answer, periods: str, look: Look) -> AnyChart:
    """Draw cohorts by periods later; the average of complete cells on top, cells still observed paler."""
    plot = answer.plot("table", look).beside(state=Field(N_("Observed"), "text", {state: state for state in _STATES}))
    table = plot.named(_cells(answer, plot))
    rows, steps = table["row"].unique().tolist(), int(table["later"].max()) + 1
    x = alt.X("later:O", title=charts.two_lines(_across(plot, periods)), axis=_ACROSS, scale=_GAPS)
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
        tooltip=plot.tips("cohort", *_told(plot), "state"),
    )
    # As large as the cell is wide: on a narrow screen a dozen columns share what the labels leave.
    size = alt.ExprRef(expr=f"max(8, min(13, width / {steps} / 2.1))")
    strong = (table["value"] > 0.75 * darkest) & table["complete"]
    words = [
        alt.Chart(part).mark_text(fontSize=size, color=ink).encode(x=x, y=y, text=alt.Text("words:N"))
        for part, ink in ((table[strong], "white"), (table[~strong], look.ink))
    ]
    whole = alt.layer(cells, *words)
    return charts.finish(whole, look, describe=look(answer.headline), height=_ROW * len(rows) + 70)


def _measured(plot: Plot) -> str:
    """Return the column that is drawn."""
    return "per_user" if "per_user" in plot.fields else "share"


def _cells(answer: Answer, plot: Plot) -> pd.DataFrame:
    name = _measured(plot)
    table: pd.DataFrame = answer.table.query("breakdown == @TOTAL")
    kept = table["cohort"].drop_duplicates().tail(COHORTS)
    table = table[table["cohort"].isin(kept)]
    table["row"] = _labels(table, plot)
    curve = answer.frame("curve").query("breakdown == @TOTAL").assign(complete=True)
    curve["row"] = curve["cohort"] = plot.look(N_("average"))
    table = pd.concat([curve, table], ignore_index=True).assign(value=lambda t: t[name])
    table["words"] = [_short(100 * v if name == "share" else v) for v in table["value"]]
    table["state"] = table["complete"].map({True: _OVER, False: _OPEN})
    return table


_GAPS = alt.Scale(paddingInner=0.06, paddingOuter=0.03)
_ACROSS = alt.Axis(labelAngle=0, domain=False, ticks=False)
_LEGEND = alt.Legend(title=None, symbolType="square", symbolFillColor=charts.ACCENT, symbolStrokeWidth=0)
_STATES = _OVER, _OPEN = N_("complete"), N_("still being observed")


def _labels(table: pd.DataFrame, plot: Plot) -> list[str]:
    """Return each cohort with its size; the year only where there are several."""
    names = pd.Series(plot.names(table, "cohort"), table.index, dtype=str)
    days = names.str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    if days and names.str[:4].nunique() == 1:
        names = names.str[5:]
    return [
        plot.look(say("{cohort} · {users}", cohort=n, users=int(u))) for n, u in zip(names, table["users"], strict=True)
    ]


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if abs(figure) >= 9.95 or figure == 0 else f"{figure:.1f}"


def _across(plot: Plot, periods: str) -> str:
    if _measured(plot) == "per_user":
        what = plot.title("per_user", N_("revenue per user of the cohort"))
        return plot.look(say("{periods} after the start; {what}", periods=periods, what=what))
    return plot.look(say("{periods} after the start; % of the cohort who came back", periods=periods))


def _axis(average: str) -> alt.Axis:
    weight = {"condition": {"test": f"datum.label == '{average}'", "value": "bold"}, "value": "normal"}
    return alt.Axis(domain=False, ticks=False, labelFontWeight=weight, labelLimit=170, labelPadding=6)


def _paler(look: Look, legend: bool) -> alt.Opacity:
    return alt.Opacity(
        "state_name:N",
        scale=alt.Scale(domain=[look(_OVER), look(_OPEN)], range=[1, 0.4]),
        legend=_LEGEND if legend else None,
    )


def _told(plot: Plot) -> list[str]:
    """Return the columns of figures that a tooltip tells of."""
    return [name for name in ("later", "users", "returned", "revenue", "per_user", "share", "low", "high")
            if name in plot.fields]  # fmt: skip


def curves(answer: Answer, universe: tuple[str, ...], periods: str, look: Look) -> AnyChart:
    """Draw each group's average over its complete cells, with its 95% interval."""
    plot, curve = answer.plot("curve", look), answer.frame("curve")
    sizes = curve.query("later == 0 and breakdown != @TOTAL").nlargest(LINES, "users")["breakdown"]
    groups = [TOTAL, *(g for g in curve["breakdown"].unique() if g in set(sizes))]
    shown = plot.named(curve[curve["breakdown"].isin(groups)])
    name = _measured(plot)
    revenue, back = N_("revenue per user of the cohort, with 95% interval"), N_("share back, with 95% interval")
    title = plot.title(name, revenue if name == "per_user" else back)
    ticks = plot.axis("later", tickMinStep=1, grid=False)
    x = plot.x("later", title=look(say("{periods} after the start", periods=periods)), axis=ticks)
    legend = plot.legend("breakdown", groups, columns=3, symbolOpacity=1)
    colour = alt.Color("breakdown:N", scale=charts.colours(groups, universe), legend=legend)
    base = alt.Chart(shown).encode(x=x, color=colour)
    band = base.mark_area(opacity=0.12).encode(y=alt.Y("low:Q", title=title), y2=alt.Y2("high:Q"))
    line = base.mark_line(point=alt.OverlayMarkDef(size=45)).encode(
        y=plot.y(name, title=title), tooltip=plot.tips("breakdown", *_told(plot))
    )
    return charts.finish(alt.layer(band, line), look, describe=look(answer.headline), height=380)
