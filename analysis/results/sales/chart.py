"""The picture of sales: revenue over time, a bar per group, or the steps from created to kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from analysis.answer import Answer
from analysis.charts import TOTAL, AnyChart, Look, Plot
from analysis.messages import Share, say
from analysis.results.chart import LINES, bars, lines, over_time


def draw(answer: Answer, by: str | None, every: str | None, universe: Sequence[str], look: Look) -> AnyChart:
    """Draw realised revenue, or what was created where no more is known."""
    figure = "created_amount" if answer.table["realised"].isna().all() else "realised"
    describe = answer.say(answer.headline, look.language)
    if every:
        plot = over_time(answer, every, look)
        return lines(plot, answer.frame("trend"), figure, _sums(answer, by, figure), universe, describe=describe)
    if by is None:
        return _steps(answer, look, describe)
    plot, table = answer.plot("table", look), answer.table[1:]
    plot = plot.beside(campaign=answer.fields["campaigns"]["campaign"])
    table["label"] = [plot.written(figure, value) for value in table[figure]]
    before = _before(answer.frame("campaigns"))
    return bars(plot, table, "group", figure, before, bounds=None, universe=universe, describe=describe)


def _sums(answer: Answer, by: str | None, figure: str) -> dict[str, float]:
    """Return what stands beside each line's name."""
    if by:
        groups = answer.table[1:].head(LINES)
        return dict(zip(groups["group"], groups[figure], strict=True))
    campaigns = answer.frame("campaigns")
    own = campaigns[campaigns["group"] == TOTAL]
    return dict(zip(own["campaign"], own[figure], strict=True)) or {"": float("nan")}


def _before(campaigns: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the campaign before."""
    return campaigns[campaigns.duplicated("group")]


def _steps(answer: Answer, look: Look, describe: str) -> AnyChart:
    plot, steps = answer.plot("steps", look), answer.frame("steps").dropna(subset="orders")
    steps["label"] = [_label(plot, row) for row in steps.to_dict("records")]
    now = steps.drop_duplicates("step")
    return bars(
        plot, now, "step", "orders", steps[steps.duplicated("step")], bounds=None, universe=(), describe=describe
    )


def _label(plot: Plot, row: dict[Any, Any]) -> str:
    n = int(row["orders"])
    return plot.look(say("{n}", n=n) if pd.isna(row["rate"]) else say("{n} ({share})", n=n, share=Share(row["rate"])))
