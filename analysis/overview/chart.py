"""The picture of a campaign: its days beside those of the campaign before, over phases and calendar days."""

from __future__ import annotations

from typing import Any

import pandas as pd

from analysis import charts
from analysis.answer import Answer
from analysis.charts import AnyChart, Look, Plot
from analysis.later import alt
from analysis.results.chart import lines


def draw(answer: Answer, figure: str, look: Look) -> AnyChart:
    """Draw a figure day by day.

    Parameters
    ----------
    answer : Answer
        With the frames "trend" and "marks".
    figure : str
        A column of "trend".
    look : Look
    """
    plot, trend = answer.plot("trend", look), answer.frame("trend").dropna(subset=figure)
    sums = trend.groupby("campaign", sort=False)[figure].sum()
    if figure == "active":  # people of several days do not add up
        sums[:] = float("nan")
    describe = answer.say(answer.headline, look.language)
    under = marks(answer.plot("marks", look), answer.frame("marks"))
    return lines(plot, trend, figure, dict(sums), (), describe=describe, under=under, height=380)


def marks(plot: Plot, table: pd.DataFrame) -> list[Any]:
    """Return phases as bands with their names above, and calendar days as stronger bands with theirs below these."""
    if table.empty:
        return []
    look = plot.look
    named = plot.named(table)
    named["until"] = named["last"] + pd.Timedelta(days=1)
    named["shade"] = 0.0
    phases = named["kind"] == "phase"
    named.loc[phases, "shade"] = [0.03 if n % 2 else 0.09 for n in range(int(phases.sum()))]
    named.loc[~phases, "shade"] = 0.25
    tips = plot.tips("name", "kind", "first", "last")
    base = alt.Chart(named)
    found: list[Any] = [
        base.mark_rect(color=colour).transform_filter(f"datum.kind == '{kind}'").encode(
            x=alt.X("first:T"), x2=alt.X2("until:T"), tooltip=tips,
            opacity=alt.Opacity("shade:Q", scale=None, legend=None))
        for kind, colour in (("phase", look.faint), ("day", charts.PENDING))
    ]  # fmt: skip
    # A name near the end stands to the left: it would run out of the picture.
    middle = named["first"].min() + (named["until"].max() - named["first"].min()) / 2
    late = (named["until"] == named["until"].max()) | (~phases & (named["first"] > middle))
    below = _by_room(20, 34)
    for kind, begins, ends in (("phase", 2, _by_room(2, 18)), ("day", below, below)):
        for own, left in ((named[~late], False), (named[late], True)):
            rows = own[own["kind"] == kind]
            if len(rows):
                end = "until" if kind == "phase" else "first"
                found.append(_names(alt.Chart(rows), look, ends if left else begins, end=end if left else None))
    return found


def _by_room(wide: int, narrow: int) -> Any:
    """Return where a name stands: elsewhere on a phone, where the last phase's would run into the one before."""
    return alt.ExprRef(expr=f"width < {charts.NARROW} ? {narrow} : {wide}")


def _names(base: Any, look: Look, height: Any, *, end: str | None) -> Any:
    """Return the names of marks at a height: to the right of where each begins, or to the left of one of its ends."""
    text = {"baseline": "top", "color": look.ink, "fontSize": 12}
    if end:
        drawn = base.mark_text(align="right", dx=_by_room(-4, 0), **text)
    else:
        drawn = base.mark_text(align="left", dx=4, **text)
    return drawn.encode(x=alt.X(f"{end or 'first'}:T"), y=alt.value(height), text=alt.Text("name_name:N"))
