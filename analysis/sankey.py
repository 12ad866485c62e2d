"""How do bands run between the bars of a flow: where does each leave, where does it arrive?"""

from __future__ import annotations

import numpy as np
import pandas as pd

_CURVE = np.linspace(0, 1, 15)


def bands(links: pd.DataFrame, tops: pd.Series[float]) -> pd.DataFrame:
    """Trace each link's upper and lower edge from bar to bar; at a bar, bands lie in order of their other ends.

    Vega-Lite has no such mark; an area between the two edges is one.

    Parameters
    ----------
    links : DataFrame
        Columns level (of the bar it arrives at), from, to and width (in pixels), and what else a tooltip shows.
    tops : Series
        Upper edge of each bar in pixels, by (level, node).

    Returns
    -------
    DataFrame
        Each link's row once per point, with link (its number), x (in levels), upper and lower.

    Examples
    --------
    >>> links = pd.DataFrame({"level": [1], "from": ["a"], "to": ["b"], "width": [10.0]})
    >>> tops = pd.Series([0.0, 20.0], pd.MultiIndex.from_tuples([(0, "a"), (1, "b")]))
    >>> bands(links, tops)[["x", "upper", "lower"]].iloc[[0, 7, -1]].values.tolist()
    [[0.0, 0.0, 10.0], [0.5, 10.0, 20.0], [1.0, 20.0, 30.0]]
    """
    traced = links.assign(
        left=tops.loc[list(zip(links["level"] - 1, links["from"], strict=True))].to_numpy(),
        right=tops.loc[list(zip(links["level"], links["to"], strict=True))].to_numpy(),
        link=links.index,
    )
    traced["left_edge"] = traced["left"] + _before(traced, "right", ["level", "from"])
    traced["right_edge"] = traced["right"] + _before(traced, "left", ["level", "to"])
    points = traced.loc[traced.index.repeat(len(_CURVE))].reset_index(drop=True)
    along = np.tile(_CURVE, len(traced))
    eased = along**2 * (3 - 2 * along)  # level where it leaves and where it arrives
    edge = points["left_edge"] + (points["right_edge"] - points["left_edge"]) * eased
    return points.assign(x=points["level"] - 1 + along, upper=edge, lower=edge + points["width"])


def _before(traced: pd.DataFrame, by: str, at: list[str]) -> pd.Series[float]:
    """Return how much of a bar is taken by the bands that lie above each one."""
    width = traced.sort_values(by, kind="stable").groupby(at)["width"]
    return (width.cumsum() - traced["width"]).reindex(traced.index)
