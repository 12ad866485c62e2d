"""What does each fifth of customers bring, and how well was what came foretold?"""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import TOTAL, AnyChart, Plot
from analysis.later import alt
from analysis.messages import say

MOST = 10
"""Days on which customers bought from which on they stand together."""


def bands(table: pd.DataFrame, plot: Plot, *, describe: str) -> AnyChart:
    """Draw a bar per fifth of customers: expected revenue, else expected purchases, with its interval.

    Parameters
    ----------
    table : DataFrame
        The answer's, its total first.
    plot : Plot
    describe : str
        For screen readers.
    """
    look = plot.look
    figure, low, high = ("value", "low", "high")
    if table["value"].isna().all():
        figure, low, high = "purchases", "purchases_low", "purchases_high"
    shown = plot.named(table[table["group"] != TOTAL])
    told = [look(say("{n} customers, {amount}", n=int(n), amount=plot.written(figure, amount)))
            for n, amount in zip(shown["customers"], shown[figure], strict=True)]  # fmt: skip
    shown["row"] = [f"{name}\n{words}" for name, words in zip(shown["group_name"], told, strict=True)]
    tips = plot.tips("group", "customers", figure, low, high, "per_customer", "alive", "alive_low", "alive_high",
                     "purchases", "paid")  # fmt: skip
    base = alt.Chart(shown).encode(y=charts.rows("row", shown["row"].tolist(), lines=2), tooltip=tips)
    bars = base.mark_bar(height=18, opacity=0.85, color=charts.ACCENT).encode(x=plot.x(figure))
    drawn = alt.layer(bars, charts.whiskers(base, look, low, high))
    return charts.finish(drawn, look, describe=describe, height=38 * len(shown) + 60)


def often(table: pd.DataFrame, plot: Plot, *, describe: str) -> AnyChart:
    """Draw how many customers bought how often, where no more can be told of them.

    Parameters
    ----------
    table : DataFrame
    plot : Plot
    describe : str
        For screen readers.
    """
    look = plot.look
    texts = [look(say("once") if times == 1 else say("on {days} days", days=int(times))) for times in table["times"]]
    if len(table) == MOST:
        texts[-1] = look(say("on {n} days or more", n=MOST))
    people = [look(say("{n} customers", n=int(n))) for n in table["customers"]]
    labels = [f"{text}\n{n}" for text, n in zip(texts, people, strict=True)]
    base = alt.Chart(table.assign(row=labels)).encode(
        y=charts.rows("row", labels, lines=2), tooltip=plot.tips("times", "customers", "share")
    )
    drawn = base.mark_bar(height=18, opacity=0.85, color=charts.ACCENT).encode(x=plot.x("customers"))
    return charts.finish(drawn, look, describe=describe, height=38 * len(table) + 60)


def held(table: pd.DataFrame, plot: Plot, *, describe: str) -> AnyChart:
    """Draw purchases on the days held back, added up: as they were foretold with the interval, and as they came.

    Parameters
    ----------
    table : DataFrame
    plot : Plot
    describe : str
        For screen readers.
    """
    look = plot.look
    base = alt.Chart(table).encode(x=plot.x("day", axis=plot.axis("day", grid=False, labelOverlap=True, tickCount=6)))
    tips = plot.tips("day", "actual", "expected", "low", "high", "other")
    title = look(say("Purchases since then; points: as they came, line: as foretold"))
    y = plot.y("expected", title=title, scale=alt.Scale(zero=True))
    band = base.mark_area(opacity=0.2, color=charts.ACCENT).encode(y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
    line = base.mark_line(strokeWidth=2, color=charts.ACCENT).encode(y=y)
    other = base.mark_line(strokeWidth=1.5, strokeDash=[4, 4], color=look.faint).encode(y=alt.Y("other:Q"))
    points = base.mark_point(filled=True, size=45, color=look.ink, opacity=1).encode(y=alt.Y("actual:Q"))
    drawn = alt.layer(band, other, line, points, charts.handles(base.encode(y=alt.Y("actual:Q")), tips))
    return charts.finish(drawn, look, describe=describe, height=340)
