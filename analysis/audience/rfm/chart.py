"""How much of the money does each group bring, and how many people is it?"""

from __future__ import annotations

import pandas as pd

from analysis import charts
from analysis.charts import TOTAL, AnyChart, Plot
from analysis.later import alt
from analysis.messages import Share, say


def draw(table: pd.DataFrame, plot: Plot, *, describe: str) -> AnyChart:
    """Draw a bar per group: its share of the amount paid, with a line at its share of the customers.

    Parameters
    ----------
    table : DataFrame
        The answer's, its total first.
    plot : Plot
    describe : str
        For screen readers.
    """
    look = plot.look
    shown = table[(table["group"] != TOTAL) & (table["customers"] > 0) & table["monetary"].notna()]
    people = shown["customers"] / max(shown["customers"].sum(), 1)
    shown = plot.named(shown.assign(people=people))
    shown["row"] = [_label(plot, row) for row in shown.to_dict("records")]
    y = charts.rows("row", shown["row"].tolist(), lines=2)
    title = look(say("{what}; line: share of customers", what=plot.title("monetary_share")))
    tips = plot.tips("group", "customers", "recency", "orders", "monetary", "monetary_share", "per_customer", "low",
                     "high")  # fmt: skip
    base = alt.Chart(shown).encode(y=y, tooltip=tips)
    bars = base.mark_bar(height=18, opacity=0.85, color=charts.ACCENT).encode(x=plot.x("monetary_share", title=title))
    lines = base.mark_tick(color=look.ink, thickness=3, size=24).encode(x=alt.X("people:Q"))
    return charts.finish(alt.layer(bars, lines), look, describe=describe, height=38 * len(shown) + 60)


def _label(plot: Plot, row: dict[object, object]) -> str:
    people, share = int(float(str(row["customers"]))), float(str(row["monetary_share"]))
    told = say("{n} customers, {share} of the money", n=people, share=Share(share))
    return f"{row['group_name']}\n{plot.look(told)}"
