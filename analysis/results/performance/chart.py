"""The picture of advertising: what money brings over time, or group by group."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.answer import Answer
from analysis.charts import TOTAL, AnyChart, Look
from analysis.results.chart import LINES, ROWS, bars, lines, over_time
from analysis.results.performance.words import CHEAP, main


def draw(answer: Answer, by: str | None, every: str | None, universe: Sequence[str], look: Look) -> AnyChart:
    """Draw the figure that tells most of what money brings; with groups, those with most spend, the best one first."""
    figure, describe = main(answer.table), answer.say(answer.headline, look.language)
    if every:
        plot = over_time(answer, every, look)
        return lines(plot, answer.frame("trend"), figure, _named(answer, by, figure), universe, describe=describe)
    campaigns = answer.frame("campaigns")
    plot = answer.plot("table", look).beside(
        campaign=answer.fields["campaigns"]["campaign"],
        **{c: own for c, own in answer.fields["rates"].items() if c.endswith(("_low", "_high"))},
    )
    table = answer.table.merge(answer.frame("rates").drop(columns=_shared(answer)), on="group", sort=False)
    table = _best_first(table[1:].head(ROWS), figure) if by else table
    table["label"] = [plot.written(figure, value) if value == value else "" for value in table[figure]]
    bounds = (f"{figure}_low", f"{figure}_high") if figure != "spend" else None
    before = campaigns[campaigns.duplicated("group")]
    return bars(plot, table, "group", figure, before, bounds=bounds, universe=universe, describe=describe)


def _best_first(groups: pd.DataFrame, figure: str) -> pd.DataFrame:
    return groups.sort_values(figure, ascending=figure in CHEAP, kind="stable")


def _shared(answer: Answer) -> list[str]:
    return [c for c in answer.fields["rates"] if c in answer.fields["table"] and c != "group"]


def _named(answer: Answer, by: str | None, figure: str) -> dict[str, float]:
    """Return what stands beside each line's name."""
    campaigns = answer.frame("campaigns")
    own = _best_first(answer.table[1:].head(LINES), figure) if by else campaigns[campaigns["group"] == TOTAL]
    return dict(zip(own["group" if by else "campaign"], own[figure], strict=True)) or {"": float("nan")}
