"""What do rules earn at other values of any two settings? A map of the gain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import AnyChart, Look
from analysis.errors import QuestionError
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, Money, Names, Share, say
from analysis.reallocation.definition import SimulationDefinition
from analysis.reallocation.knobs import KNOBS, gains
from analysis.reallocation.play import interval
from analysis.reallocation.setting import setting
from analysis.tables import Tables
from analysis.values import one_of, value
from analysis.values.checks import Metadata

MOST = 12
"""Most values of a setting."""


def _numbers() -> Metadata:
    def check(name: str, got: Any) -> tuple[float, ...]:
        items = tuple(got) if isinstance(got, (list, tuple)) else (got,)
        if len(items) > MOST or not all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in items):
            raise QuestionError.field(name, got, say("give up to {n} numbers.", n=MOST))
        return tuple(sorted({float(x) for x in items}))

    return {"check": check}


@value("rule-sweep")
class RuleSweep(SimulationDefinition):
    """The rules' gain over the fixed split of the whole budget at every pair of values of two settings.

    Takes what :class:`analysis.reallocation.simulation.Simulation` takes, and:

    Parameters
    ----------
    across, down : str
        Two of :data:`analysis.reallocation.knobs.KNOBS`.
    across_values, down_values : sequence of float
        Up to twelve each; by default the setting's own eight.

    Examples
    --------
    >>> RuleSweep(across="reserve", down="surges", runs=20)
    RuleSweep(runs=20, across='reserve', down='surges')
    """

    title: ClassVar[str] = N_("What do rules earn at other settings?")

    across: str = field(default="cadence", metadata=one_of(*KNOBS))
    down: str = field(default="step", metadata=one_of(*KNOBS))
    across_values: tuple[float, ...] = field(default=(), metadata=_numbers())
    down_values: tuple[float, ...] = field(default=(), metadata=_numbers())

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.across == self.down:
            raise QuestionError.crossed(say("Both sides of the map are the same setting: choose two."))

    @property
    def across_name(self) -> str:
        """What the setting across is called."""
        return KNOBS[self.across].label

    @property
    def down_name(self) -> str:
        """What the setting down is called."""
        return KNOBS[self.down].label

    def _answer(self, tables: Tables) -> RuleSweepAnswer:
        given = setting(self, tables)
        across = self.across_values or KNOBS[self.across].values
        down = self.down_values or KNOBS[self.down].values
        points = [{self.across: x, self.down: y} for y in down for x in across]
        fixed, once = gains(self, given, [*points, {}])
        over_fixed, over_once, now = fixed[:-1], once[:-1], fixed[-1]
        rows = []
        for point, own, other in zip(points, over_fixed, over_once, strict=True):
            low, high = interval(own)
            rows.append(
                {
                    "across": float(point[self.across]),
                    "down": float(point[self.down]),
                    "gain": own.mean(),
                    "low": low,
                    "high": high,
                    "over_once": other.mean(),
                    "share_of_runs_better": float((own > 0).mean()),
                }
            )
        # The best of many looks better than it is: one half of the runs chooses it, the other tells how much it earns.
        best = int(over_fixed[:, ::2].mean(axis=1).argmax())
        facts = (over_fixed[best] - now)[1::2]
        return RuleSweepAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, points[best], over_fixed[best, 1::2].mean(), facts, given.currency),
            frames={"table": pd.DataFrame(rows)},
            notes=(
                Note(
                    "same-chance",
                    say(
                        "All {cells} settings meet the same {runs} simulated campaigns.",
                        cells=len(points),
                        runs=self.runs,
                    ),
                ),
                *_as_set(self, float(now.mean()), given.currency),
                Note(
                    "best-of-many",
                    say(
                        "The best of many settings looks better than it is: one half of the campaigns chooses it, and "
                        "the headline says what it earns in the other half. So its cell, of all of them, may say more "
                        "or less."
                    ),
                ),
            ),
            currency=given.currency,
            chosen=best,
            now=(_place(across, self.now(self.across)), _place(down, self.now(self.down))),
        )

    def now(self, name: str) -> float | None:
        """Return what a setting is in the present rules and market; None where they have none, or several."""
        return KNOBS[name].now(self.rule_set(), self.market)


@dataclass(frozen=True, kw_only=True, repr=False)
class RuleSweepAnswer(Answer):
    """One row a pair of values: the gain over the fixed split of the whole budget with its 95% bounds, over one split
    by the curves, and the share of runs in which it is above the fixed split.

    Parameters
    ----------
    chosen : int
        The row that the headline is about: the best in half of the runs.
    now : tuple of float, or None
        How far along either side the present setting lies, in cells: 1.5 is the middle of the second. None where it
        lies beyond them, or the rules have no such setting, or several.
    """

    fields: ClassVar[Fields] = described(
        table={
            "across": Field(N_("Across"), "number"),
            "down": Field(N_("Down"), "number"),
            "gain": Field(N_("More than the fixed split"), "money"),
            **bounds("money"),
            "over_once": Field(N_("More than one split by the curves"), "money"),
            "share_of_runs_better": Field(N_("Runs better than the fixed split"), "share"),
        },
    )

    figures = (Figure("gain", ("down", "across")),)

    question: RuleSweep
    chosen: int = 0
    now: tuple[float | None, float | None] = (None, None)

    def _chart(self, look: Look) -> AnyChart:
        plot, table = self.plot("table", look), self.frame("table")
        asked = self.question
        table["x"] = [look(_written(asked.across, v)) for v in table["across"]]
        table["y"] = [look(_written(asked.down, v)) for v in table["down"]]
        table["words"] = [plot.written("gain", float(v)) for v in table["gain"]]
        table["chosen"] = [n == self.chosen for n in range(len(table))]
        far = float(table["gain"].abs().max()) or 1.0
        table["fill"] = [
            charts.mixed(look.grid, charts.ACCENT if gain > 0 else charts.LOSS, abs(gain) / far)
            for gain in table["gain"]
        ]
        table["ink"] = charts.inks(table["fill"].tolist())
        cell = look(say("in the cells: {what}", what=plot.title("gain")))
        marks = _marks(self.now, len(table["x"].unique()), len(table["y"].unique()), look)
        title = [look(KNOBS[asked.across].label), cell, *([look(_LEGEND)] if marks else [])]
        x = alt.X("x:N", sort=None, title=title, axis=alt.Axis(labelAngle=0))
        y = alt.Y("y:N", sort=None, title=look(KNOBS[asked.down].label))
        # A whole amount is five letters wide and more; on a phone two figures of it have to do.
        count = max(len(table["x"].unique()), 1)
        small, brief = f"width / {count} < 50", charts.briefly("gain", look.language)
        base = alt.Chart(table).transform_calculate(said=f"{small} ? ({brief}) : datum.words").encode(x=x, y=y)
        tips = plot.tips("gain", "low", "high", "over_once", "share_of_runs_better")
        cells = base.mark_rect(stroke=look.faint).encode(color=alt.Color("fill:N", scale=None), tooltip=tips)
        size = alt.ExprRef(expr=f"max(7, min(12, width / {count} / ({small} ? 3.4 : 5.5)))")
        words = base.mark_text(fontSize=size).encode(text=alt.Text("said:N"), color=alt.Color("ink:N", scale=None))
        frame = base.transform_filter("datum.chosen").mark_rect(fill=None, stroke=look.ink, strokeWidth=3)
        return charts.finish(alt.layer(cells, frame, words, *marks), look, describe=look(self.headline), height=380)


_LEGEND = N_("framed: as in the headline · ▲ ▶ dashed: as set now")


def _place(values: Sequence[float], now: float | None) -> float | None:
    """Return where a value lies along a side of the map, in cells; None beyond its middle of the first and last.

    Examples
    --------
    >>> _place((4.0, 8.0, 16.0), 8.0), _place((4.0, 8.0, 16.0), 12.0), _place((4.0, 8.0), 9.0)
    (1.5, 2.0, None)
    """
    if now is None or not values[0] <= now <= values[-1]:
        return None
    return round(float(np.interp(now, values, np.arange(len(values)) + 0.5)), 6)


def _marks(now: tuple[float | None, float | None], wide: int, high: int, look: Look) -> list[alt.Chart]:
    """Mark the present setting: an arrow on each side, and dashes around its cell where it is one's own value."""
    along, down = now
    one, marks = alt.Chart(pd.DataFrame({"now": [1]})), []

    def at(share: float, side: str, inset: int = 0) -> Any:
        return alt.value({"expr": f"{side} * {share:.6f} + {inset}"})

    if along is not None and down is not None and along % 1 == down % 1 == 0.5:
        inner = (along - 0.5) / wide, (along + 0.5) / wide, (down - 0.5) / high, (down + 0.5) / high
        sides = zip(("x", "x2", "y", "y2"), inner, ("width", "width", "height", "height"), (4, -4, 4, -4), strict=True)
        ends = {end: at(share, side, inset) for end, share, side, inset in sides}
        marks.append(one.mark_rect(fill=None, stroke=look.ink, strokeWidth=1.5, strokeDash=[5, 3]).encode(**ends))
    arrow: dict[str, Any] = {
        "filled": True,
        "color": look.ink,
        "stroke": look.ground,
        "strokeWidth": 1,
        "size": 110,
        "opacity": 1,
    }
    if along is not None:
        place = {"x": at(along / wide, "width"), "y": at(1.0, "height")}
        marks.append(one.mark_point(shape="triangle-up", **arrow).encode(**place))
    if down is not None:
        place = {"x": at(0.0, "width"), "y": at(down / high, "height")}
        marks.append(one.mark_point(shape="triangle-right", **arrow).encode(**place))
    return marks


def _as_set(asked: RuleSweep, gain: float, currency: str | None) -> list[Note]:
    """Say what the present setting is, and what it earns over all campaigns."""
    now = [(name, asked.now(name)) for name in (asked.across, asked.down)]
    said = tuple(say("{what} {value}", what=say(KNOBS[name].label), value=_written(name, value))
                 for name, value in now if value is not None)  # fmt: skip
    if not said:
        return []
    text = say("As set now: {settings}. Over all campaigns that earns {gain} more than the fixed split.",
               settings=Names(said), gain=Money(gain, currency))  # fmt: skip
    return [Note("as-set-now", text)]


def _written(name: str, number: float) -> Message:
    if KNOBS[name].unit == "share":
        return say("{value}", value=Share(number))
    return say("{value}", value=int(number) if float(number).is_integer() else number)


def _headline(asked: RuleSweep, best: dict[str, float], gain: float, more: np.ndarray, currency: str | None) -> Message:
    low, high = interval(more)
    facts: dict[str, object] = {
        "across": say(KNOBS[asked.across].label),
        "x": _written(asked.across, best[asked.across]),
        "down": say(KNOBS[asked.down].label),
        "y": _written(asked.down, best[asked.down]),
        "gain": Money(float(gain), currency),
    }
    if KNOBS[asked.across].market or KNOBS[asked.down].market:
        return say(
            "Over the values looked at the rules gain most at {across} {x} and {down} {y} (framed): {gain} more than "
            "the fixed split of the whole budget in the half of the campaigns that did not choose it. What the market "
            "does is not yours to set: read along its side.",
            **facts,
        )
    if np.isfinite(low) and low > 0:
        facts |= {"more": Money(float(more.mean()), currency)}
        facts |= {"low": Money(low, currency), "high": Money(high, currency)}
        return say(
            "The rules earn most at {across} {x} and {down} {y} (framed): in the half of the campaigns that did not "
            "choose it {gain} more than the fixed split of the whole budget, {more} ({low} to {high}) more than as "
            "they are set.",
            **facts,
        )
    return say(
        "No pair of settings earns demonstrably more than the present ones; the highest is {across} {x} and {down} {y} "
        "(framed), in the half of the campaigns that did not choose it {gain} more than the fixed split of the whole "
        "budget.",
        **facts,
    )
