"""How long do people take from one step of a funnel to another?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from analysis import charts
from analysis.answer import Answer, Note
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import SMALL, Z, small_groups
from analysis.fields import CONVERTED, Field, Fields, Figure, bounds, described
from analysis.groups import GROUP
from analysis.journey.funnel.chains import Chains, chains
from analysis.journey.funnel.definition import FunnelDefinition, OfFunnel
from analysis.journey.funnel.kernel import NO_TIME
from analysis.journey.funnel.plan import taken_before
from analysis.journey.steps import STEPS_AT_MOST
from analysis.later import alt
from analysis.messages import N_, Message, Names, Share, Span, say
from analysis.periods import known_until
from analysis.tables import Tables
from analysis.values import micros, optional, seconds, value, whole

POINTS = 200
"""Most points a curve is drawn with."""


@value("time-to-convert")
class TimeToConvert(OfFunnel):
    """What share of people has come from one step to another, by the time since the first of them.

    Parameters
    ----------
    funnel : Funnel
        In order. Its breakdown gives a curve each.
    from_step, to_step : int
        Counted from one; by default the whole funnel.

    Notes
    -----
    Kaplan and Meier's estimate (1958), with 95% intervals by Greenwood's variance on the log-log scale: who still has
    time when the data ends counts for as long as they were seen, and whom the dates cut off (where they hold for every
    step) until then. Who did not go on in time counts as not converted until their window closed. The median is the
    time by which half of all have converted; where fewer than half do, there is none, and the time by which half of
    the conversions came is given beside it.

    Examples
    --------
    >>> import pandas as pd
    >>> from analysis import Funnel
    >>> at = pd.Timestamp("2026-11-11")
    >>> rows = [(f"u{k}", at, "view") for k in range(4)]
    >>> rows += [(f"u{k}", at + pd.Timedelta(minutes=10 * k), "cart") for k in range(1, 4)]
    >>> events = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    >>> asked = Funnel(steps=("view", "cart"), window="35m")
    >>> table = TimeToConvert(funnel=asked).run(Tables(events=events)).table
    >>> table[["users", "converted", "rate", "median"]].to_dict("list")
    {'users': [4], 'converted': [3], 'rate': [0.75], 'median': [1800.0]}
    """

    title: ClassVar[str] = N_("How long do people take from step to step?")

    from_step: int = field(default=1, metadata=whole(least=1, most=STEPS_AT_MOST))
    to_step: int | None = field(default=None, metadata=optional(whole(least=2, most=STEPS_AT_MOST)))

    def __post_init__(self) -> None:
        super().__post_init__()
        count = len(self.funnel.steps)
        if not self.from_step < (self.to_step or count) <= count:
            raise QuestionError.crossed(say("Choose two of the {count} steps, the earlier one first.", count=count))

    @property
    def between(self) -> tuple[int, int]:
        """The two steps, counted from zero."""
        return self.from_step - 1, (self.to_step or len(self.funnel.steps)) - 1

    def _answer(self, tables: Tables) -> TimeToConvertAnswer:
        times = _times(self, tables)
        if times.empty:
            raise DataError.empty(say("Nobody took step {step}, {name}. Widen the dates or clear a filter.",
                                      step=self.from_step, name=self.funnel.step_words[self.between[0]]))  # fmt: skip
        groups = [(TOTAL, times), *times.groupby("breakdown")] if self.funnel.breakdown else [(TOTAL, times)]
        fitted = [_fitted(str(name), own) for name, own in groups]
        table = pd.DataFrame([row for row, _ in fitted])
        return TimeToConvertAnswer(
            question=self,
            version=tables.version,
            headline=_headline(self, table.iloc[0]),
            frames={"table": table, "curve": pd.concat([curve for _, curve in fitted], ignore_index=True)},
            notes=_notes(self, table, int(times["cut"].sum())),
            universe=tables.names(self.funnel.breakdown) if self.funnel.breakdown else (),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class TimeToConvertAnswer(Answer):
    """Per group: how many, what share converts in the end, and how long it takes; `curve` has the whole course."""

    fields: ClassVar[Fields] = described(
        table={
            "breakdown": GROUP,
            **CONVERTED,
            "still_open": Field(N_("Still open"), "count"),
            "rate": Field(N_("Converts in the end"), "share"),
            **bounds("share"),
            "median": Field(N_("Median time"), "seconds"),
            "median_low": Field(N_("Median, 95% from"), "seconds"),
            "median_high": Field(N_("Median, 95% to"), "seconds"),
            "half_of_conversions": Field(N_("Half of the conversions within"), "seconds"),
        },
        curve={
            "breakdown": GROUP,
            "seconds": Field(N_("Time since the first of the two steps"), "seconds"),
            "share": Field(N_("Converted by then"), "share"),
            **bounds("share"),
        },
    )
    figures = (Figure("rate", ("breakdown",), n="users"),)

    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        return _curves(self, look)


# ---- the work ---------------------------------------------------------------------------------------------


def _times(asked: TimeToConvert, tables: Tables) -> pd.DataFrame:
    """Return one row per user who took the first of the two steps: how long they were seen, whether they went on."""
    funnel = asked.asked
    found = chains(funnel, tables)
    first, last = asked.between
    came = found.time[:, first] != NO_TIME
    begun, done = found.time[came, first], found.time[came, last]
    converted = done != NO_TIME
    waiting = found.still_open[came] & ~converted
    took = np.where(converted, done - begun, 0) / 1e6
    until = known_until(tables, named=funnel.observed_until, where=funnel.where)
    seen = (micros(until) - begun) / 1e6
    window = _left(funnel, found, came, begun, took)
    # A step at the very end of the dates is outside them: nobody is seen at that moment.
    left = np.minimum(window, (taken_before(funnel, tables) - 1 - begun) / 1e6)
    took = np.where(converted, took, np.where(waiting, np.minimum(seen, left), left))
    return pd.DataFrame(
        {
            "breakdown": np.array(found.groups, object)[found.group[came]],
            "seconds": took,
            "converted": converted,
            "still_open": waiting,
            "cut": ~converted & ~waiting & (left < window),
        }
    )


def _left(funnel: FunnelDefinition, found: Chains, came: Any, begun: Any, took: Any) -> Any:
    """Return how long each had from the first of the two steps; in a session, as long as anyone took."""
    if funnel.window == "session":
        return np.full(len(begun), took.max(initial=0.0))
    return seconds(funnel.window) - (begun - found.time[came, 0]) / 1e6


def _fitted(name: str, times: pd.DataFrame) -> tuple[dict[str, Any], pd.DataFrame]:
    converted = int(times["converted"].sum())
    row: dict[str, Any] = {
        "breakdown": name, "users": len(times), "converted": converted, "still_open": int(times["still_open"].sum()),
        "rate": 0.0, "low": np.nan, "high": np.nan,
        "median": np.nan, "median_low": np.nan, "median_high": np.nan, "half_of_conversions": np.nan,
    }  # fmt: skip
    if not converted:
        empty = pd.DataFrame({"breakdown": name, "seconds": [0.0], "share": [0.0], "low": np.nan, "high": np.nan})
        return row, empty
    with np.errstate(divide="ignore", invalid="ignore"):  # at the last moment nobody may be left
        estimate = SurvfuncRight(times["seconds"].to_numpy(), times["converted"].to_numpy().astype(int))
    share, low, high = _bounds(estimate)
    median_low, median_high = estimate.quantile_ci(0.5, method="cloglog")
    half = estimate.surv_times[np.argmax(share >= share[-1] / 2)]
    row |= {
        "rate": share[-1], "low": low[-1], "high": high[-1], "median": _finite(estimate.quantile(0.5)),
        "median_low": _finite(median_low), "median_high": _finite(median_high), "half_of_conversions": float(half),
    }  # fmt: skip
    return row, _curve(name, estimate.surv_times, share, low, high, float(times["seconds"].max()))


def _bounds(estimate: Any) -> tuple[Any, Any, Any]:
    """Return the share converted at each time with its interval: Greenwood's variance on the log-log scale."""
    survived, error = estimate.surv_prob, estimate.surv_prob_se
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = Z * error / (survived * np.abs(np.log(survived)))
        low, high = 1 - survived ** np.exp(-spread), 1 - survived ** np.exp(spread)
    everybody = survived <= 0  # nobody is left: the variance is no longer estimable
    return 1 - survived, np.where(everybody, np.nan, low), np.where(everybody, np.nan, high)


def _finite(moment: Any) -> float:
    return float(moment) if np.isfinite(moment) else np.nan


def _curve(name: str, times: Any, share: Any, low: Any, high: Any, end: float) -> pd.DataFrame:
    chosen = np.unique(np.linspace(0, len(times) - 1, min(POINTS, len(times))).round().astype(int))
    rows = pd.DataFrame({"seconds": times, "share": share, "low": low, "high": high}).iloc[chosen]
    start = pd.DataFrame({"seconds": [0.0], "share": [0.0], "low": [0.0], "high": [0.0]})
    parts = [
        *([start] if times[0] > 0 else []),
        rows,
        *([rows.iloc[[-1]].assign(seconds=end)] if end > times[-1] else []),
    ]
    return pd.concat(parts, ignore_index=True).assign(breakdown=name)[["breakdown", "seconds", "share", "low", "high"]]


# ---- the words --------------------------------------------------------------------------------------------


def _headline(asked: TimeToConvert, total: Any) -> Message:
    first, last = (asked.funnel.step_words[k] for k in asked.between)
    params: dict[str, Any] = {"first": first, "last": last, "users": int(total["users"])}
    if not total["converted"]:
        return say("None of {users} users went from {first} to {last}.", **params)
    params |= {"share": Share(float(total["rate"])), "half": Span(float(total["half_of_conversions"]))}
    if np.isnan(total["median"]):
        return say("{share} of {users} users go from {first} to {last}; half of those do so within {half}.", **params)
    params["median"] = Span(float(total["median"]))
    return say("Half of {users} users go from {first} to {last} within {median}; {share} do in the end.", **params)


def _notes(asked: TimeToConvert, table: pd.DataFrame, cut: int) -> tuple[Note, ...]:
    notes = []
    total = table.iloc[0]
    if total["still_open"]:
        text = say("{users} users still have time; they count for as long as they were seen.",
                   users=int(total["still_open"]))  # fmt: skip
        notes.append(Note("censored", text))
    if cut:
        text = say("{users} users' time is cut short by the end of the dates; they count until then.", users=cut)
        notes.append(Note("cut-by-dates", text))
    never = table[table["median"].isna()]["breakdown"].tolist()
    if never:
        text = say("Of all who entered, fewer than half convert, so there is no median time among all: {groups}.",
                   groups=Names(tuple(never), asked.funnel.breakdown))  # fmt: skip
        if len(table) == 1:
            text = say("Fewer than half of all who entered convert, so the median is that of those who did.")
        notes.append(Note("no-median", text, "missing"))
    small = table[table["users"] < SMALL]["breakdown"].tolist()
    if small:
        notes.append(small_groups(small, asked.funnel.breakdown))
    if asked.funnel.effective.entry == "every":
        text = say("Time runs from the latest entry that got as far; with the first entry only it is longer.")
        notes.append(Note("latest-entry", text))
    return tuple(notes)


# ---- the picture ------------------------------------------------------------------------------------------

_SETTLED = 0.99
"""The share of its last value at which a curve has told what it has to tell."""
_UNITS = ((86_400, N_("days")), (3_600, N_("hours")), (60, N_("minutes")), (1, N_("seconds")))


def _settled(curve: pd.DataFrame) -> float:
    """Return how far to draw: until every group has nearly all of its conversions, and a little further."""
    last = curve.groupby("breakdown")["share"].transform("max")
    told = curve[curve["share"] >= _SETTLED * last].groupby("breakdown")["seconds"].min().max()
    return float(min(max(1.25 * told, 1.0), curve["seconds"].max() or 1.0))


def _curves(answer: TimeToConvertAnswer, look: Look) -> AnyChart:
    curve = answer.frame("curve")
    groups = list(dict.fromkeys(curve["breakdown"]))
    if len(groups) > 1:
        groups.remove(TOTAL)
        curve = curve[curve["breakdown"] != TOTAL]
    end = _settled(curve)
    size, unit = next((u for u in _UNITS if end >= 2 * u[0]), _UNITS[-1])
    end /= size
    plot = answer.plot("curve", look).beside(time=Field(unit, "number"))
    curve = plot.named(curve.assign(time=curve["seconds"] / size))
    legend = plot.legend("breakdown", groups, symbolOpacity=1)  # not the bands'
    colour = alt.Color("breakdown:N", scale=charts.colours(groups, answer.universe), legend=legend)
    base = alt.Chart(curve).encode(
        x=plot.x("time", scale=alt.Scale(domain=[0, end], nice=False)),
        color=colour if len(groups) > 1 else alt.value(charts.ACCENT),
    )
    band = base.mark_area(opacity=0.15, clip=True, interpolate="step-after").encode(
        y=alt.Y("low:Q", title=""), y2=alt.Y2("high:Q")
    )
    y = plot.y("share", title=look(N_("share converted, with 95% interval")), scale=alt.Scale(zero=True))
    line = base.encode(y=y)
    tips = plot.tips("breakdown", "time", "share", "low", "high")
    layers = [
        band,
        line.mark_line(strokeWidth=2, clip=True, interpolate="step-after"),
        charts.handles(line, tips, clip=True),
    ]
    return charts.finish(alt.layer(*layers), look, describe=look(answer.headline), height=320)
