"""What does each channel bring at each level of spend, and what would the next unit of money earn there?"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.arrays import Floats, Ints
from analysis.budget.curves import attributed, jointly
from analysis.budget.curves import chart as picture
from analysis.budget.curves.columns import CHANNEL, DRAWN, EXPECTED
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.definition import CurvesDefinition
from analysis.budget.curves.estimate import FEWEST, FLATTEST, MOST_APART, Estimate, missing, preferred
from analysis.budget.curves.forms import FORMS
from analysis.budget.curves.report import Report, report
from analysis.charts import NOT_SET, AnyChart, Look
from analysis.estimates import TAILS
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_, Message, Money, Name, Names, say
from analysis.money import roi
from analysis.tables import Tables
from analysis.values import value

POINTS = 33
"""Points a curve is drawn through, over the spend observed."""
TRACE = 0.01
"""Share of the median spend up to which a period counts as without: what it earns is left over from others."""
BEYOND = 1.5
"""How far a curve is drawn, as a multiple of the highest spend observed."""

_PER: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        0: (N_("spend of a period"), N_("revenue of a period")),
        1: (N_("spend of an hour"), N_("revenue of an hour")),
        24: (N_("spend of a day"), N_("revenue of a day")),
        168: (N_("spend of a week"), N_("revenue of a week")),
    }
)
"""What the axes show, by the period's hours."""


SHORT_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-spend": N_("nothing spent"),
        "one-period": N_("one period only"),
        "few-periods": N_("too few periods"),
        "no-variation": N_("spend hardly varies"),
        "no-revenue": N_("no revenue attributed"),
        "no-orders": N_("no revenue to fit to"),
        "overlap": N_("periods overlap"),
        "no-signal": N_("revenue does not rise"),
        "unbounded": N_("effects cannot be told apart"),
    }
)
"""Why a channel has no curve, as a table says it."""
_SOURCES = {"attributed": N_("attributed revenue"), "joint": N_("total revenue, jointly"), "none": N_("not fitted")}
_FORM_WORDS = {
    "hyperbolic": N_("hyperbolic"),
    "exponential": N_("exponential"),
    "logistic": N_("logistic"),
    "logarithmic": N_("logarithmic"),
}


@value("response-curves")
class ResponseCurves(CurvesDefinition):
    """How each channel's revenue rises with its spend, and levels off.

    Parameters
    ----------
    form : {"auto", "hyperbolic", "exponential", "logistic", "logarithmic"}
        The curve's shape; "auto" takes for each channel the one that fits best by AICc, but hyperbolic unless
        another is clearly ahead (by more than 4).
    draws : int
        Bootstrap draws behind the intervals.
    seed : int
        Of the bootstrap.
    currency : str, optional
        That spend and revenue are counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Which spend to fit. Channels without attributed revenue are fitted jointly, to the revenue of all orders
        in these dates and campaigns: there a filter by channel chooses what is shown.

    Notes
    -----
    A channel whose report carries attributed revenue is fitted to it on its own, with a demand multiplier for each
    phase of the campaign, since money is spent when demand is high (:mod:`analysis.budget.curves.attributed`). The
    other channels are fitted jointly to realised revenue, with carry-over (:mod:`analysis.budget.curves.joint`).
    Creatives and audiences are added up, and a period is the report's own.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2026-09-21", periods=40)
    >>> spend = np.tile([20.0, 50.0, 100.0, 200.0], 10)
    >>> report = pd.DataFrame({
    ...     "period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": "search", "currency": "CNY",
    ...     "spend": spend, "attributed_revenue": 900 * spend / (100 + spend),
    ... })
    >>> answer = ResponseCurves().run(Tables(spend=report))
    >>> answer.table[["form", "ceiling", "half_saturation", "roi"]].round(2).values.tolist()
    [['hyperbolic', 900.0, 100.0, 4.05]]
    """

    title: ClassVar[str] = N_("What would the next unit of budget earn in each channel?")

    def _answer(self, tables: Tables) -> CurvesAnswer:
        given = report(tables, self.where, self.currency)
        found = _estimates(self, tables, given)
        table = tabled([_row(e) for e in found], CurvesAnswer.fields["table"])
        curves = tuple(e.curve for e in found if e.curve)
        return CurvesAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table),
            frames={"table": table, "curve": _drawn(curves), "points": _points(curves, given)},
            notes=_notes(self, given, found),
            currency=given.currency,
            curves=curves,
            rivals={e.curve.channel: e.rivals for e in found if e.curve},
            universe=tables.names("channel"),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class CurvesAnswer(Answer):
    """Each channel's curve and what follows from it, one row per channel.

    `contribution` is the curve's revenue at the spend observed, and `marginal_roi` what the next unit of money
    brings if it is spread over the periods as the money spent was. `low` and `high` are 95% bounds given the form;
    `spread_low` and `spread_high` the lowest and highest figure among the forms that fit about as well. A row that
    is not `estimable` says why in `reason`.

    Parameters
    ----------
    curves : tuple of Curve
        Of the estimable channels.
    rivals : mapping of str to tuple of Curve
        For each of them the forms that fit about as well, the chosen one included; they carry no draws.
    universe : tuple of str
        All channels in the data, for their colours.
    """

    fields: ClassVar[Fields] = described(
        table={
            "channel": CHANNEL,
            "source": Field(N_("Fitted to"), "text", _SOURCES),
            "periods": Field(N_("Periods"), "count"),
            "spend": Field(N_("Spend"), "money"),
            "revenue": Field(N_("Attributed revenue"), "money"),
            "contribution": Field(N_("Contribution"), "money"),
            **EXPECTED,
            "marginal_spread_low": Field(N_("Marginal ROI, lowest of the forms"), "ratio"),
            "marginal_spread_high": Field(N_("Marginal ROI, highest of the forms"), "ratio"),
            "form": Field(N_("Form"), "text", _FORM_WORDS),
            "ceiling": Field(N_("Ceiling of a period"), "money"),
            "half_saturation": Field(N_("Spend at half the ceiling"), "money"),
            "r_squared": Field(N_("R²"), "share"),
            "estimable": Field(N_("Estimable"), "flag"),
            "reason": Field(N_("Reason"), "text", SHORT_REASONS),
        },
        curve={
            "channel": CHANNEL,
            "spend": Field(N_("Spend of a period"), "money"),
            "revenue": Field(N_("Revenue of a period"), "money"),
            **DRAWN,
        },
        points={
            "channel": CHANNEL,
            "period_start": Field(N_("Period"), "time"),
            "phase": Field(N_("Phase"), "text", {NOT_SET: NOT_SET}, of="phase"),
            "spend": Field(N_("Spend of a period"), "money"),
            "revenue": Field(N_("Attributed revenue at usual demand"), "money"),
        },
    )
    figures = (Figure("marginal_roi", ("channel",), "marginal_low", "marginal_high"),)

    question: ResponseCurves
    curves: tuple[Curve, ...] = ()
    rivals: Mapping[str, tuple[Curve, ...]] = field(default_factory=dict)
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        x, y = _PER.get(round(self.curves[0].period_hours) if self.curves else 0, _PER[0])
        return picture.curves(
            self.frame("curve"),
            self.plot("curve", look),
            universe=self.universe,
            describe=look(self.headline),
            x=x,
            y=y,
        )


# ---- the work ---------------------------------------------------------------------------------------------


def _estimates(asked: ResponseCurves, tables: Tables, given: Report) -> list[Estimate]:
    known = given.rows.groupby("channel")["revenue"].count()
    alone = {c: _alone(asked, given, str(c)) for c in known.index if known[c]}
    others = [str(c) for c in known.index if not known[c]]
    together = jointly.estimates(asked, tables, given, others) if others else {}
    return [(alone | together)[c] for c in known.index]


def _alone(asked: ResponseCurves, given: Report, channel: str) -> Estimate:
    """Fit one channel to its own attributed revenue."""
    own = given.of(channel)
    idle = own["spend"] <= TRACE * own.loc[own["spend"] > 0, "spend"].median()
    used = own[(own["spend"] > 0) & ~idle & own["revenue"].notna()]
    spend, revenue = used["spend"].to_numpy(), used["revenue"].to_numpy()
    names = used["phase"].value_counts().index.tolist()  # most periods first: that phase is the measure of demand
    phase = pd.Categorical(used["phase"], categories=names).codes.astype(int)
    if reason := _hindrance(own, spend, revenue, phase):
        return missing(own, "attributed", reason)
    fits = {form: attributed.fit(form, spend, revenue, phase) for form in FORMS}
    apart = _apart(fits, revenue)
    form = preferred(apart) if asked.form == "auto" else asked.form
    left = attributed.residuals(fits[form], revenue, phase)
    # A channel has its own stream of random numbers: what else is in the report does not change its interval.
    rng = np.random.default_rng([asked.seed, zlib.crc32(channel.encode())])
    shaken = attributed.resampled(left, len(spend), asked.draws, rng)
    drawn = attributed.draw(fits[form], spend, revenue, phase, shaken)
    rivals = [_curve(own, names, given, fits[f]) for f in fits if f == form or apart[f] <= MOST_APART]
    error, spread = revenue - fits[form].fitted, revenue - revenue.mean()
    return Estimate(
        own=own,
        source="attributed",
        curve=_curve(own, names, given, fits[form], noise=attributed.dispersion(fits[form], revenue), drawn=drawn),
        rivals=tuple(rivals),
        r_squared=1 - float(error @ error) / float(spread @ spread) if spread.any() else None,
        idle=float(own.loc[idle, "revenue"].sum()),
    )


def _apart(fits: Mapping[str, attributed.Fit], revenue: Floats) -> dict[str, float]:
    """Return each form's AICc above that of the best.

    All have as many parameters, so it is twice the quasi-likelihood over the dispersion (Burnham and Anderson,
    2002, section 2.5).
    """
    best = min(fits.values(), key=lambda f: f.objective)
    noise = max(attributed.dispersion(best, revenue), np.finfo(float).tiny)
    return {form: 2 * (f.objective - best.objective) / noise for form, f in fits.items()}


def _hindrance(own: pd.DataFrame, spend: Floats, revenue: Floats, phase: Ints) -> str | None:
    """Name what keeps a channel from being fitted, if anything does."""
    if not own["spend"].sum() > 0:
        return "no-spend"
    if len(own) == 1:
        return "one-period"
    if not revenue.sum() > 0:
        return "no-revenue"
    phases = int(phase.max()) + 1
    if len(spend) < FEWEST + phases - 1:
        return "few-periods"
    levels = np.log(spend)
    within = levels - (np.bincount(phase, levels) / np.bincount(phase))[phase]
    return "no-variation" if within.std() < FLATTEST else None


def _curve(
    own: pd.DataFrame,
    names: list[str],
    given: Report,
    found: attributed.Fit,
    *,
    noise: float = 0.0,
    drawn: tuple[Floats, Floats] | None = None,
) -> Curve:
    """Make a curve of a fit; the phase with most periods is the measure, so its multiplier is 1."""
    half, ceilings = drawn or (np.exp([found.log_half]), found.ceilings[None])
    base = int(np.argmax(found.ceilings > 0))
    ceiling = float(found.ceilings[base])
    scale = np.maximum(ceilings[:, [base]], np.finfo(float).tiny)
    # A phase in which nothing can be fitted (no spend with revenue) is taken to be as the usual one.
    unseen = [name for name in dict.fromkeys(own["phase"]) if name not in names]
    every = [*names, *unseen]
    return Curve(
        channel=str(own["channel"].iloc[0]),
        source="attributed",
        form=found.form,
        ceiling=ceiling,
        half_saturation=float(np.exp(found.log_half)),
        draws=np.column_stack([ceilings[:, base], half]),
        spend=own["spend"].clip(lower=0).to_numpy(),  # a credit is no spend that anybody saw
        starts=own["period_start"].to_numpy().astype("datetime64[us]"),
        period_hours=given.hours,
        phase=pd.Categorical(own["phase"], categories=every).codes.astype(int),
        phase_multipliers=dict(zip(every, [*(found.ceilings / ceiling).tolist(), *[1.0] * len(unseen)], strict=True)),
        multiplier_draws=np.hstack([ceilings / scale, np.ones((len(half), len(unseen)))]),
        sigma=float(np.sqrt(np.log1p(noise))),  # a log-normal of mean 1 with this variance
        adstock=0.0,
        adstock_draws=np.zeros(len(half)),
    )


def _row(found: Estimate) -> dict[str, object]:
    """Make a channel's row of the public table."""
    own, curve = found.own, found.curve
    row: dict[str, object] = {
        "channel": own["channel"].iloc[0],
        "source": found.source,
        "periods": len(own),
        "spend": float(own["spend"].sum()),
        "revenue": float(own["revenue"].sum(min_count=1)),
        "estimable": curve is not None,
        "reason": found.reason,
    }
    if curve is None:
        return row
    totals, margins = [c.total() for c in found.rivals], [c.next_unit() for c in found.rivals]
    row["contribution"] = curve.total()
    row["low"], row["high"] = interval(curve.total_draws())
    row["spread_low"], row["spread_high"] = min(totals), max(totals)
    row["roi"] = float(roi(curve.total(), float(own["spend"].sum())))
    row["marginal_roi"] = curve.next_unit()
    row["marginal_low"], row["marginal_high"] = interval(curve.next_unit_draws())
    row["marginal_spread_low"], row["marginal_spread_high"] = min(margins), max(margins)
    bounded = FORMS[curve.form].bounded
    return row | {
        "form": curve.form,
        "ceiling": curve.ceiling if bounded else None,
        "half_saturation": curve.half_saturation if bounded else None,
        "r_squared": found.r_squared,
    }


def tabled(rows: Sequence[Mapping[str, object]], columns: Mapping[str, Field]) -> pd.DataFrame:
    """Make a table of rows that may lack figures; a column's type depends on its unit, not on what is missing."""
    table = pd.DataFrame(rows, columns=list(columns))
    types = {"money": "float64", "ratio": "float64", "share": "float64", "text": "str"}
    return table.astype({name: types[field.unit] for name, field in columns.items() if field.unit in types})


def _drawn(curves: tuple[Curve, ...]) -> pd.DataFrame:
    """Follow each curve from no spend to beyond the highest observed, at the demand of the usual phase."""
    parts = []
    for curve in curves:
        within, most = np.linspace(0, curve.observed_max, POINTS), BEYOND * curve.observed_max
        spend = np.append(within, np.linspace(within[-1], most, POINTS // 2)[1:])
        low, high = np.quantile(curve.revenue_draws(spend), TAILS, axis=0)
        own = {"channel": curve.channel, "spend": spend, "revenue": curve.revenue(spend), "low": low, "high": high}
        parts.append(pd.DataFrame(own).assign(beyond=spend > curve.observed_max))
    return pd.concat(parts, ignore_index=True) if parts else tabled([], CurvesAnswer.fields["curve"])


def _points(curves: tuple[Curve, ...], given: Report) -> pd.DataFrame:
    """List what each period earned, divided by its phase's demand so that it can lie beside the curve."""
    columns = CurvesAnswer.fields["points"]
    parts = []
    for curve in curves:
        if curve.source == "attributed":
            own = given.of(curve.channel)
            usual: pd.Series[float] = own["revenue"] / np.where(curve.multiplier > 0, curve.multiplier, np.nan)
            parts.append(own.assign(revenue=usual)[[*columns]])
    return pd.concat(parts, ignore_index=True) if parts else tabled([], columns)


# ---- the words --------------------------------------------------------------------------------------------

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-spend": N_("nothing was spent"),
        "one-period": N_("the report is one period; export it by day"),
        "few-periods": N_("there are too few periods with spend; a curve needs {n}, and one more for each phase"),
        "no-variation": N_("spend hardly varies within a phase, so its effect cannot be told from that of demand"),
        "no-revenue": N_("the platform attributes no revenue"),
        "no-orders": N_("the report has no attributed revenue, and there are no paid orders in these periods"),
        "overlap": N_("the channels' periods overlap without being the same"),
        "no-signal": N_("revenue does not rise with spend"),
        "unbounded": N_("effects cannot be told from demand or one another; together they could exceed all revenue"),
    }
)
"""Why a channel's curve cannot be estimated, by code."""


def reason(code: str) -> Message:
    """Put the reason why a curve cannot be estimated into words."""
    return say(REASONS[code], n=FEWEST)


def _headline(table: pd.DataFrame) -> Message:
    known = table[table["estimable"]].sort_values("marginal_roi", ascending=False, kind="stable")
    if known.empty:
        return say("No channel's response curve can be estimated from this report.")
    best, worst = known.iloc[0], known.iloc[-1]
    params = {
        "best": Name(best["channel"], "channel"),
        "most": float(best["marginal_roi"]),
        "low": float(best["marginal_low"]),
        "high": float(best["marginal_high"]),
    }
    if len(known) == 1:
        return say("The next unit of money in {best} earns {most} ({low} to {high}).", **params)
    return say(
        "The next unit of money earns most in {best}: {most} ({low} to {high}); least in {worst}: {least}.",
        **params,
        worst=Name(worst["channel"], "channel"),
        least=float(worst["marginal_roi"]),
    )


def _notes(asked: ResponseCurves, given: Report, found: list[Estimate]) -> tuple[Note, ...]:
    notes = [*given.notes, *_missing(found), *_doubts(found)]
    if idle := _idle(found):
        free = say(
            "{revenue} of attributed revenue fell in periods with next to no spend; the curves leave it out.",
            revenue=Money(idle, given.currency),
        )
        notes.append(Note("revenue-without-spend", free))
    if any(e.source == "attributed" and e.curve for e in found):
        notes += [*_phase_notes(found)]
        caveat = say(
            "Revenue is what the ad platforms attribute to a channel, not what would be lost without it. "
            "An experiment that pauses the channel tells the difference."
        )
        notes.append(Note("attributed-revenue", caveat))
    if any(e.source == "joint" and e.curve for e in found):
        notes += jointly.notes(found)
        notes += next(e.notes for e in found if e.source == "joint" and e.curve)
    if any(e.curve for e in found):
        rule = say(
            "Intervals hold if the curve has the form shown ({draws} bootstrap draws); the lowest and highest of "
            "the forms that fit about as well stand beside them.",
            draws=asked.draws,
        )
        notes.append(Note("forms", rule))
    return tuple(notes)


def _idle(found: list[Estimate]) -> float:
    """Return the attributed revenue of periods in which next to nothing was spent."""
    return sum(e.idle for e in found if e.curve)


def _missing(found: list[Estimate]) -> list[Note]:
    """Say which channels have no curve, once per reason."""
    codes = dict.fromkeys(e.reason for e in found if e.reason)
    return [
        Note(
            "not-estimable",
            say("{channels}: no curve, because {reason}.", channels=_named(found, code), reason=reason(code)),
            "missing",
        )
        for code in codes
    ]


def _named(found: list[Estimate], code: str) -> Names:
    return Names(tuple(str(e.own["channel"].iloc[0]) for e in found if e.reason == code), "channel")


def _doubts(found: list[Estimate]) -> list[Note]:
    """Say where the data does not show what a reader would take from the curve."""
    straight = tuple(e.curve.channel for e in found if e.curve and _unseen(e.curve, e.rivals))
    notes = []
    if straight:
        text = say(
            "{channels}: spend was never high enough to show where the curve levels off. "
            "The slope is known, the ceiling is not.",
            channels=Names(straight, "channel"),
        )
        notes.append(Note("ceiling-unseen", text, "warning"))
    return notes


def _unseen(curve: Curve, rivals: tuple[Curve, ...]) -> bool:
    """Whether the data leaves open that even the highest spend brought less than half of the ceiling."""
    likely = float(np.quantile(curve.draws[:, 1], TAILS[1]))
    return max(likely, *(r.half_saturation for r in rivals)) > curve.observed_max


def _phase_notes(found: list[Estimate]) -> list[Note]:
    curves = [e.curve for e in found if e.curve and e.source == "attributed"]
    phases = dict.fromkeys(name for c in curves for name in c.phase_multipliers)
    if len(phases) < 2:
        return []
    text = say(
        "Each channel's revenue is allowed to be higher or lower in each phase ({phases}) at the same spend, "
        "so demand is not taken for the effect of money. Curves are drawn at the usual demand.",
        phases=Names(tuple(phases), "phase"),
    )
    return [Note("phase-demand", text)]
