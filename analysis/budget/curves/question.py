"""What does each channel bring at each level of spend, and what would the next unit of money earn there?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.budget.curves import alone, demand, grades, jointly, words
from analysis.budget.curves import chart as picture
from analysis.budget.curves.claims import Claims, claims
from analysis.budget.curves.columns import CAUSES, CHANNEL, DRAWN, EXPECTED, PRECISIONS, SHORT_REASONS
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.definition import CurvesDefinition
from analysis.budget.curves.estimate import Estimate
from analysis.budget.curves.lift import lifts
from analysis.budget.curves.measured import measured
from analysis.budget.curves.panel import Panel
from analysis.budget.curves.report import Report, report
from analysis.charts import NOT_SET, AnyChart, Look
from analysis.estimates import TAILS
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_
from analysis.money import roi
from analysis.tables import Tables
from analysis.values import value

POINTS = 33
"""Points a curve is drawn through, over the spend observed."""
MOST_HELD = 8
"""Fits that are kept of the same rows: one form, one basis and one filter each."""
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
_SOURCES = {"attributed": N_("attributed revenue"), "joint": N_("total revenue, jointly"), "none": N_("not fitted")}
FORM_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "hyperbolic": N_("hyperbolic"),
        "exponential": N_("exponential"),
        "logistic": N_("logistic"),
        "logarithmic": N_("logarithmic"),
        "hill": N_("S-curve (Hill)"),
    }
)


@value("response-curves")
class ResponseCurves(CurvesDefinition):
    """How each channel's revenue rises with its spend, and levels off.

    Parameters
    ----------
    form : {"auto", "hyperbolic", "exponential", "logistic", "logarithmic", "hill"}
        The curve's shape. With "auto" every form is in the intervals, as far as it fits; S-curves ("hill", exponents
        1.5 to 3) count as the exception.
    basis : {"auto", "claims", "effects"}
        Which revenue: what platforms claim, or what orders show. "auto" takes claims where a channel has them and
        orders for the others; "effects" fits all channels to the orders, "claims" only those that have claims.
    worth : float, optional
        What a conversion is worth, for channels whose platform counts conversions and names no revenue.
    draws : int
        Draws behind the intervals.
    seed : int
        Of the draws.
    currency : str, optional
        That spend and revenue are counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Which spend to fit. Channels without claims are fitted jointly, to the revenue of all orders in these dates and
        campaigns: there a filter by channel chooses what is shown.

    Notes
    -----
    Both roads draw from a posterior over form, carry-over, half-saturation and size, with errors that follow each
    other. Claims are fitted channel by channel, demand of phases, calendar days and controls multiplying them
    (:mod:`analysis.budget.curves.attributed`); effects are fitted together, these adding to revenue
    (:mod:`analysis.budget.curves.sampler`). Where claims exceed what all orders brought, they are scaled down to it.
    Lift tests (:class:`analysis.records.LiftTest`) are part of the fit. Creatives and audiences are added up.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2026-09-21", periods=40)
    >>> spend = np.tile([20.0, 50.0, 100.0, 200.0], 10)
    >>> noise = np.exp(0.02 * np.sin(np.arange(40) ** 2))
    >>> report = pd.DataFrame({
    ...     "period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": "search", "currency": "CNY",
    ...     "spend": spend, "attributed_revenue": 900 * spend / (100 + spend) * noise,
    ... })
    >>> answer = ResponseCurves().run(Tables(spend=report))
    >>> answer.table[["form", "cause", "marginal_precision"]].values.tolist()
    [['hyperbolic', 'claim', 'separated']]
    """

    title: ClassVar[str] = N_("What would the next unit of budget earn in each channel?")

    def fitted(self, tables: Tables) -> CurvesAnswer:
        """Return the answer, fitted once for these tables: whatever builds on curves does not fit them again."""
        held: dict[str, CurvesAnswer] = tables.fact("curves", dict)
        key = self.digest()
        if key not in held:
            held[key] = self._fit(tables)
            for old in list(held)[:-MOST_HELD]:
                held.pop(old, None)
        return held[key]

    def _answer(self, tables: Tables) -> CurvesAnswer:
        return self.fitted(tables)

    def _fit(self, tables: Tables) -> CurvesAnswer:
        given = report(tables, self.where, self.currency, worth=self.worth)
        against = claims(tables, given, self.where)
        found = _estimates(self, tables, given, against)
        table = tabled([_row(e) for e in found], CurvesAnswer.fields["table"])
        curves = tuple(e.curve for e in found if e.curve)
        return CurvesAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(found),
            frames={"table": table, "curve": _drawn(curves), "points": _points(curves, given)},
            notes=words.notes(given, found, against, self.draws),
            currency=given.currency,
            curves=curves,
            universe=tables.names("channel"),
            r_hat=max((e.r_hat for e in found if e.r_hat is not None), default=None),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class CurvesAnswer(Answer):
    """Each channel's curve and what follows from it, one row per channel.

    `contribution` is the curve's revenue at the spend observed, and `marginal_roi` what the next unit of money
    brings if it is spread over the periods as the money spent was. `low` and `high` are 95% bounds, forms that fit
    about as well included. `cause` says what the figures tell of cause, `precision` and `marginal_precision` how
    precisely contribution and marginal ROI are known. A row that is not `estimable` says why in `reason`.

    Parameters
    ----------
    curves : tuple of Curve
        Of the estimable channels.
    universe : tuple of str
        All channels in the data, for their colours.
    r_hat : float, optional
        How far the chains of a joint fit agree; 1 is best.
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
            "cause": Field(N_("What it says of cause"), "text", CAUSES),
            "precision": Field(N_("Contribution known"), "text", PRECISIONS),
            "marginal_precision": Field(N_("Marginal ROI known"), "text", PRECISIONS),
            "form": Field(N_("Likeliest form"), "text", FORM_WORDS),
            "form_share": Field(N_("Likelihood of the form"), "share"),
            "ceiling": Field(N_("Ceiling of a period"), "money"),
            "half_saturation": Field(N_("Spend at half the ceiling"), "money"),
            "carry_over": Field(N_("Carried to the next period"), "share"),
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
    universe: tuple[str, ...] = ()
    r_hat: float | None = None

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


def _estimates(asked: ResponseCurves, tables: Tables, given: Report, against: Claims | None) -> list[Estimate]:
    laid = given.panel()
    claimed = [c for k, c in enumerate(laid.channels) if np.isfinite(laid.revenue[:, k]).any()]
    attributed = claimed if asked.basis != "effects" else []
    others = [c for c in laid.channels if c not in attributed]
    found = _alone(asked, tables, laid, given.hours, attributed, against)
    if others and asked.basis != "claims":
        found |= jointly.estimates(asked, tables, given, others)
    found |= {c: words.without_claims(laid, c) for c in laid.channels if c not in found}
    return [found[c] for c in laid.channels]


def _alone(
    asked: ResponseCurves, tables: Tables, laid: Panel, hours: float, channels: list[str], against: Claims | None
) -> dict[str, Estimate]:
    if not channels:
        return {}
    events = demand.events(tables, laid.starts, laid.ends)
    everywhere = np.ones(len(laid.starts), bool)
    held = measured(tables, laid.starts, laid.ends, everywhere).values
    factor = against.factor if against else 1.0
    out = {}
    for channel in channels:
        own = alone.Channel.of(laid, laid.channels.index(channel), events, held, hours, factor)
        tests = lifts(tables, channel, own.spend, laid.starts, laid.ends)
        out[channel] = alone.estimate(asked, own, tests)
    return out


def _row(found: Estimate) -> dict[str, object]:
    """Make a channel's row of the public table."""
    curve = found.curve
    row: dict[str, object] = {
        "channel": found.channel,
        "source": found.source,
        "periods": found.periods,
        "spend": found.spend,
        "revenue": found.revenue,
        "precision": grades.contribution(found),
        "marginal_precision": grades.marginal(found),
        "estimable": curve is not None,
        "reason": found.reason,
    }
    if curve is None:
        return row
    totals, margins = (part[0] for part in curve.at(1.0))
    row["contribution"] = float(totals.mean())
    row["low"], row["high"] = interval(totals)
    row["roi"] = float(roi(float(totals.mean()), curve.spent))
    row["marginal_roi"] = float(margins.mean())
    row["marginal_low"], row["marginal_high"] = interval(margins)
    row["cause"] = grades.cause(curve)
    likely = curve.of_family(curve.family)
    bounded = curve.family != "logarithmic"
    return row | {
        "form": curve.family,
        "form_share": curve.family_share,
        "ceiling": float(np.median(likely.ceiling)) if bounded else None,
        "half_saturation": float(np.median(likely.half)) if bounded else None,
        "carry_over": float(curve.adstock.mean()),
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
        drawn = curve.revenue_draws(spend)
        low, high = np.quantile(drawn, TAILS, axis=0)
        own = {"channel": curve.channel, "spend": spend, "revenue": drawn.mean(axis=0), "low": low, "high": high}
        parts.append(pd.DataFrame(own).assign(beyond=spend > curve.observed_max))
    return pd.concat(parts, ignore_index=True) if parts else tabled([], CurvesAnswer.fields["curve"])


def _points(curves: tuple[Curve, ...], given: Report) -> pd.DataFrame:
    """List what each period earned, divided by its demand so that it can lie beside the curve."""
    columns = CurvesAnswer.fields["points"]
    parts = []
    for curve in curves:
        if curve.source == "attributed":
            own = given.of(curve.channel)
            usual = curve.demand.mean(axis=0)[curve.level]
            at = np.searchsorted(curve.starts, own["period_start"].to_numpy().astype("datetime64[us]"))
            parts.append(own.assign(revenue=own["revenue"] / usual[at])[[*columns]])
    return pd.concat(parts, ignore_index=True) if parts else tabled([], columns)
