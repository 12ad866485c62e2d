"""How much may be held back, how slowly may money be moved, before rules earn no more than a split left alone?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.arrays import Floats
from analysis.charts import AnyChart, Look
from analysis.estimates import TAILS
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, Names, Share, Span, say
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.knobs import KNOBS, gains
from analysis.reallocation.play import interval
from analysis.reallocation.setting import setting
from analysis.rules.conditions import HOUR
from analysis.tables import Tables
from analysis.values import value

LOOKED_AT: Mapping[str, tuple[float, ...]] = {
    "reserve": (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8),
    "cadence": (1, 2, 4, 8, 12, 24, 48, 96, 168, 336),
    "step": (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5),
}
"""Values of each setting; the others stay as asked."""
RESAMPLES = 400
_LABELS = {name: KNOBS[name].label for name in LOOKED_AT} | {"cadence": N_("time between adjustments")}
"""What each is called beside a value with its unit: times are written as hours or days."""


@value("break-even")
class BreakEven(SimulationDefinition):
    """From which reserve, cadence and step on rules earn no more than the fixed split of the whole budget.

    Takes what :class:`analysis.reallocation.simulation.Simulation` takes. Each setting is changed alone; all meet the
    same campaigns, and the interval of a break-even is that of 400 resamples of them.

    Examples
    --------
    >>> BreakEven(runs=20)
    BreakEven(runs=20)
    """

    title: ClassVar[str] = N_("How much reserve, how slow and how small a step can rules afford?")

    def _answer(self, tables: Tables) -> BreakEvenAnswer:
        given = setting(self, tables)
        points = [{name: v} for name, values in LOOKED_AT.items() for v in values]
        fixed, once = gains(self, given, points)
        table = _table(points, fixed, once)
        breaks = pd.DataFrame(
            [
                {"against": against} | _crossing(name, points, found, self.seed)
                for against, found in (("fixed", fixed), ("once", once))
                for name in LOOKED_AT
            ]
        )
        return BreakEvenAnswer(
            question=self,
            version=tables.version,
            headline=_headline(breaks, self.runs),
            frames={"table": table, "breaks": breaks},
            notes=(
                Note(
                    "alone",
                    say(
                        "Each setting is changed alone; the others stay as they are. All values meet the "
                        "same {n} simulated campaigns.",
                        n=self.runs,
                    ),
                ),
            ),
            currency=given.currency,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class BreakEvenAnswer(Answer):
    """The gain over the fixed split of the whole budget at each value, with 95% bounds; the frame "breaks" holds where
    it ends, against that and against one split by the curves: a value and its 95% bounds, or none."""

    fields: ClassVar[Fields] = described(
        table={
            "setting": Field(N_("Setting"), "text", _LABELS),
            "value": Field(N_("Value (shares; hours for the cadence)"), "number"),
            "gain": Field(N_("More than the fixed split"), "money"),
            **bounds("money"),
            "over_once": Field(N_("More than one split by the curves"), "money"),
        },
        breaks={
            "against": Field(
                N_("Against"),
                "text",
                {
                    "fixed": N_("the fixed split of the whole budget"),
                    "once": N_("one split by the curves"),
                },
            ),
            "setting": Field(N_("Setting"), "text", _LABELS),
            "value": Field(N_("Break-even"), "number"),
            **bounds("number"),
            "ends": Field(
                N_("How the gain ends"),
                "text",
                {
                    "above": N_("no gain above it"),
                    "below": N_("no gain below it"),
                    "never": N_("a gain at every value"),
                    "always": N_("no gain at any value"),
                },
            ),
        },
    )

    figures = (Figure("gain", ("setting", "value")),)

    question: BreakEven

    def _chart(self, look: Look) -> AnyChart:
        plot = self.plot("table", look)
        table = plot.named(self.frame("table"))
        table["at"] = [
            look(say("{what}: {value}", what=name, value=_written(n, v, look)))
            for name, n, v in zip(table["setting_name"], table["setting"], table["value"], strict=True)
        ]
        base = alt.Chart(table).encode(y=charts.rows("at", table["at"].tolist()))
        names = list(LOOKED_AT)
        colour = alt.Color("setting:N", scale=alt.Scale(domain=names, range=charts.PALETTE[: len(names)]), legend=None)
        tips = plot.tips("setting", "gain", "low", "high", "over_once")
        layers = alt.layer(
            charts.zero(look),
            charts.whiskers(base, look),
            base.mark_circle(size=60, opacity=1).encode(x=plot.x("gain"), color=colour, tooltip=tips),
        )
        return charts.finish(layers, look, describe=look(self.headline), height=19 * len(table) + 60)


def _written(name: str, number: float, look: Look) -> str:
    return look(say("{value}", value=Share(number) if KNOBS[name].unit == "share" else Span(number * HOUR)))


def _table(points: list[dict[str, float]], fixed: Floats, once: Floats) -> pd.DataFrame:
    rows = []
    for point, values, other in zip(points, fixed, once, strict=True):
        (name, at), *_ = point.items()
        low, high = interval(values)
        rows.append(
            {
                "setting": name,
                "value": float(at),
                "gain": values.mean(),
                "low": low,
                "high": high,
                "over_once": other.mean(),
            }
        )
    return pd.DataFrame(rows)


def _crossing(name: str, points: list[dict[str, float]], found: Floats, seed: int) -> dict[str, object]:
    """Return where the average gain ends, walking from the best value outwards, with the interval of resampled runs."""
    rows = [n for n, point in enumerate(points) if name in point]
    at = np.array([points[n][name] for n in rows], dtype=float)
    own = found[rows]
    ends, place = _end(at, own.mean(axis=1), KNOBS[name].unit == "share")
    if ends in ("never", "always"):
        return {"setting": name, "value": np.nan, "low": np.nan, "high": np.nan, "ends": ends}
    rng = np.random.default_rng(seed)
    draws = []
    for _ in range(RESAMPLES):
        which = rng.integers(own.shape[1], size=own.shape[1])
        how, where = _end(at, own[:, which].mean(axis=1), KNOBS[name].unit == "share")
        draws.append(where if how == ends else at[-1] if (how == "never") == (ends == "above") else at[0])
    low, high = np.quantile(draws, TAILS)
    return {"setting": name, "value": place, "low": float(low), "high": float(high), "ends": ends}


def _end(at: Floats, gain: Floats, linear: bool) -> tuple[str, float]:
    """Return how a gain ends on its way from the best value, and where: to larger values first, then to smaller."""
    if (gain > 0).all():
        return "never", np.nan
    if (gain <= 0).all():
        return "always", np.nan
    best = int(gain.argmax())
    scale = at if linear else np.log(at)
    for steps, ends in ((range(best, len(at) - 1), "above"), (range(best, 0, -1), "below")):
        way = 1 if ends == "above" else -1
        for n in steps:
            if gain[n + way] <= 0:
                share = gain[n] / (gain[n] - gain[n + way])
                place = scale[n] + share * (scale[n + way] - scale[n])
                return ends, float(place if linear else np.exp(place))
    return "never", np.nan


def _headline(breaks: pd.DataFrame, runs: int) -> Message:
    rows = breaks.to_dict("records")
    facts = {
        against: Names(tuple(_said(row) for row in rows if row["against"] == against), sign="; ")
        for against in ("fixed", "once")
    }
    if all(row["ends"] == "always" for row in rows if row["against"] == "once"):
        return say(
            "Against the fixed split of the whole budget, over {runs} runs: {fixed}. One split by the curves before "
            "the first hour earns more than the rules at every value looked at.",
            runs=runs,
            **facts,
        )
    return say(
        "Against the fixed split of the whole budget, over {runs} runs: {fixed}. Against one split by the curves: "
        "{once}.",
        runs=runs,
        **facts,
    )


def _said(row: Mapping[Hashable, object]) -> Message:
    name, ends = str(row["setting"]), row["ends"]
    what = say(_LABELS[name])
    if ends == "never":
        return say("{what}: rules gain at every value looked at", what=what)
    if ends == "always":
        return say("{what}: rules gain at none of the values looked at", what=what)
    shown = {key: _shown(name, float(str(row[key]))) for key in ("value", "low", "high")}
    if ends == "above":
        return say("{what}: rules gain up to {value} ({low} to {high})", what=what, **shown)
    return say("{what}: rules gain from {value} ({low} to {high}) on", what=what, **shown)


def _shown(name: str, number: float) -> Share | Span:
    return Share(number) if KNOBS[name].unit == "share" else Span(round(number) * HOUR)
