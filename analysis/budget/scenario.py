"""If each channel had this spend, what would it bring, how sure is that, and what would the next unit earn?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.budget.curves import chart as picture
from analysis.budget.curves.columns import CAUSES, CHANNEL, DRAWN, EXPECTED, SHORT_REASONS
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves, tabled
from analysis.budget.curves.words import is_effect, likelier, one_basis, reason
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_, Message, Money, Name, Names, say
from analysis.money import OF_CURRENCIES, roi
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import Pairs, a, pairs, value

POINTS = 17
"""Points a curve is drawn through on each side of the spend observed."""
STEPS_BEYOND = 16
"""Points a curve is drawn through for each multiple of the spend observed, beyond it."""
BEYOND = 1.5
"""How far a curve is drawn, as a multiple of the larger of spend observed and planned."""
_HAIR = 1e-9
"""Relative difference below which a plan is not beyond what was observed (rounding)."""
_CHANNEL = replace(CHANNEL, words={TOTAL: TOTAL})
KEPT = ("claims-exceed-orders", "claims-scaled", "out-of-time", "moved", "joint-fit", "controls", "ceiling-unseen",
        "twins", "two-bases", "suspect-spend", "with-and-without", "rows-absent", *OF_CURRENCIES)  # fmt: skip
"""Codes of the curves' notes that change how to read a plan."""


@value("scenario", version=2)
class Scenario(Question):
    """What a plan is expected to bring, by the channels' response curves.

    Parameters
    ----------
    spend : mapping of str to float
        Each channel's spend for the whole time looked at. A channel that is not named keeps what was spent on it.
    curves : ResponseCurves
        How the curves are fitted.
    where : Filter, optional
        The time and campaigns whose spend pattern is scaled and whose curves are used. The curves' own `where`
        goes before it, where they have one.

    Notes
    -----
    A channel's spend in every period is scaled by planned / observed spend, so the plan keeps the campaign's
    timing. Intervals are from the curves' draws; noise of a single campaign comes on top. Totals are of one basis:
    claims of platforms, or effects seen in orders, whichever more of the spend has.

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
    >>> answer = Scenario(spend={"search": 8_000}).run(Tables(spend=report))
    >>> answer.table[["channel", "spend", "observed", "roi"]].round(1).values.tolist()
    [['search', 8000.0, 3700.0, 2.6], ['(total)', 8000.0, 3700.0, 2.6]]
    """

    title: ClassVar[str] = N_("What would another budget earn?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    spend: Pairs = field(default=(), metadata=pairs(least=0))
    curves: ResponseCurves = field(default_factory=ResponseCurves, metadata=a(ResponseCurves))

    @classmethod
    def readable(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Read one of version 1, whose budgets held a reserve that was not spent."""
        if data.get("version") != 1:
            return data
        rest = {name: own for name, own in data.items() if name not in ("budgets", "reserve")}
        spent = 1 - data.get("reserve", 0.15)
        return rest | {"spend": [[channel, amount * spent] for channel, amount in data.get("budgets", ())]}

    def _answer(self, tables: Tables) -> ScenarioAnswer:
        fitted = self.curves.filtered(self.where).fitted(tables)
        plans = planned(fitted, dict(self.spend))
        table = tabled([*(p.row() for p in plans), total(plans)], ScenarioAnswer.fields["table"])
        return ScenarioAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table, plans, fitted.currency),
            frames={"table": table, "curve": drawn(plans)},
            notes=_notes(table, plans, fitted),
            currency=fitted.currency,
            curves=fitted.curves,
            universe=fitted.universe,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class ScenarioAnswer(Answer):
    """A plan's figures, one row per channel and one in total.

    `revenue` is expected at `spend`, `change` is against the same curve at `observed` spend. `stretch` is the plan's
    highest period over the highest observed, `beyond` what of the change in revenue lies beyond the spend observed.
    The total adds up spend of all channels; its revenue, change and ROI are those of the channels that have a curve
    of the plan's basis, and its `marginal_roi` that of the next unit of money if it is spread over them as the plan
    is.

    Parameters
    ----------
    curves : tuple of Curve
        That the plan was reckoned by.
    universe : tuple of str
        All channels in the data, for their colours.
    """

    fields: ClassVar[Fields] = described(
        table={
            "channel": _CHANNEL,
            "spend": Field(N_("Planned spend"), "money"),
            "observed": Field(N_("Observed spend"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            **EXPECTED,
            "change": Field(N_("Change in revenue"), "money"),
            "change_low": Field(N_("Change, 95% from"), "money"),
            "change_high": Field(N_("Change, 95% to"), "money"),
            "extrapolated": Field(N_("Beyond the spend observed"), "flag"),
            "stretch": Field(N_("Highest period, planned over observed"), "ratio"),
            "beyond": Field(N_("Change that lies beyond the spend observed"), "money"),
            "cause": Field(N_("What it says of cause"), "text", CAUSES),
            "reason": Field(N_("Reason"), "text", SHORT_REASONS),
        },
        curve={
            "channel": _CHANNEL,
            "spend": Field(N_("Spend"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            **DRAWN,
        },
    )
    figures = (Figure("revenue", ("channel",), main=-1),)

    question: Scenario
    curves: tuple[Curve, ...] = ()
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        return picture.curves(
            self.frame("curve"),
            self.plot("curve", look),
            universe=self.universe,
            describe=look(self.headline),
            x=N_("spend (○ as spent, ● planned)"),
            y=N_("expected revenue"),
            marks=marks(self.table),
        )


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One channel's planned and observed spend, its curve if it has one, and whether that is on the plan's basis."""

    channel: str
    spend: float
    observed: float
    curve: Curve | None
    cause: str | None
    reason: str | None
    counts: bool

    @property
    def scale(self) -> float:
        """Planned over observed spend."""
        return self.spend / self.observed if self.observed else 0.0

    def row(self) -> dict[str, object]:
        """Make the channel's row of the public table."""
        own: dict[str, object] = {
            "channel": self.channel,
            "spend": self.spend,
            "observed": self.observed,
            "extrapolated": False,
            "cause": self.cause,
            "reason": self.reason,
        }
        if self.curve is None:
            return own
        (planned, now), (margins, _) = self.curve.at(self.scale, 1.0)
        most = self.curve.within_observed(self.scale) if self.scale > 1 else planned
        revenue = float(planned.mean())
        low, high = interval(planned)
        change_low, change_high = interval(planned - now)
        marginal_low, marginal_high = interval(margins)
        return own | {
            "revenue": revenue,
            "low": low,
            "high": high,
            "roi": float(roi(revenue, self.spend)),
            "marginal_roi": float(margins.mean()),
            "marginal_low": marginal_low,
            "marginal_high": marginal_high,
            "change": revenue - float(now.mean()),
            "change_low": change_low,
            "change_high": change_high,
            "extrapolated": self.scale > 1 + _HAIR,
            "stretch": self.scale,
            "beyond": revenue - float(most.mean()),
        }


def planned(fitted: CurvesAnswer, spend: Mapping[str, float]) -> list[Plan]:
    """Return every channel's part of a plan; one that is not named keeps what was spent.

    Raises
    ------
    DataError
        A channel is named that the report does not have.
    """
    table = fitted.table
    known = {c.channel: c for c in fitted.curves}
    counted = {c.channel for c in one_basis(fitted.curves)}
    for channel in spend:
        if channel not in set(table["channel"]):
            raise DataError.unknown(say("channel"), channel, table["channel"])
    return [
        Plan(
            channel=row["channel"],
            spend=float(spend.get(row["channel"], row["spend"])),
            observed=row["spend"],
            curve=known.get(row["channel"]),
            cause=row["cause"] if row["estimable"] else None,
            reason=None if row["estimable"] else row["reason"],
            counts=row["channel"] in counted,
        )
        for row in table.to_dict("records")
    ]


def total(plans: list[Plan]) -> dict[str, Any]:
    """Add the channels up. Draws of one index belong together in a joint fit, and are independent otherwise."""
    row: dict[str, Any] = {"channel": TOTAL, "extrapolated": False}
    for column in ("spend", "observed"):
        row[column] = sum(float(getattr(p, column)) for p in plans)
    own = [(p, p.curve) for p in plans if p.curve and p.counts]
    if not own:
        return row
    found = [c.at(p.scale, 1.0) for p, c in own]
    plan, observed = np.sum([totals for totals, _ in found], axis=0)
    inside = [c.within_observed(p.scale) if p.scale > 1 else t[0] for (p, c), (t, _) in zip(own, found, strict=True)]
    most = np.sum(inside, axis=0)
    row["revenue"], row["change"] = float(plan.mean()), float((plan - observed).mean())
    row["low"], row["high"] = interval(plan)
    row["change_low"], row["change_high"] = interval(plan - observed)
    row["beyond"] = float((plan - most).mean())
    row["extrapolated"] = any(p.scale > 1 + _HAIR for p, _ in own)
    if spend := sum(p.spend for p, _ in own):
        margins = np.sum([p.spend / spend * m[0] for (p, _), (_, m) in zip(own, found, strict=True)], axis=0)
        row["roi"], row["marginal_roi"] = float(roi(row["revenue"], spend)), float(margins.mean())
        row["marginal_low"], row["marginal_high"] = interval(margins)
    return row


def drawn(plans: list[Plan]) -> pd.DataFrame:
    """Follow each curve from no spend to beyond what was observed and what is planned."""
    parts = []
    for plan in plans:
        if curve := plan.curve:
            most = math.ceil(BEYOND * max(1.0, plan.scale) * STEPS_BEYOND) / STEPS_BEYOND
            further = np.arange(1, round((most - 1) * STEPS_BEYOND) + 1) / STEPS_BEYOND
            # Far beyond what was spent a few points do.
            scales = np.append(np.linspace(0, 1, POINTS), 1 + further[:: max(1, len(further) // POINTS)])
            revenue, low, high = zip(*(curve.band(float(scale)) for scale in scales), strict=True)
            own = {
                "channel": plan.channel,
                "spend": scales * plan.observed,
                "revenue": revenue,
                "low": low,
                "high": high,
                "beyond": scales > 1,
            }
            parts.append(pd.DataFrame(own))
    return pd.concat(parts, ignore_index=True) if parts else tabled([], ScenarioAnswer.fields["curve"])


def marks(table: pd.DataFrame) -> pd.DataFrame:
    """Return both points of each channel: as spent and as planned."""
    known = table[(table["channel"] != TOTAL) & table["revenue"].notna()]
    planned = known[["channel", "spend", "revenue"]].assign(point="planned")
    spent = known[["channel"]].assign(
        spend=known["observed"], revenue=known["revenue"] - known["change"], point="spent"
    )
    return pd.concat([spent, planned], ignore_index=True)


# ---- the words --------------------------------------------------------------------------------------------


SAME = 0.005
"""Money below which a plan brings what was spent brought."""


def _headline(table: pd.DataFrame, plans: list[Plan], currency: str | None) -> Message:
    sums, counted = table.iloc[-1], [p for p in plans if p.curve and p.counts]
    if not counted:
        return say(
            "What {spend} would bring cannot be told: no channel's response curve can be estimated.",
            spend=Money(float(sums["spend"]), currency),
        )
    if pd.isna(sums["roi"]):
        return say("Nothing is planned to be spent, so nothing is expected.")
    facts: dict[str, object] = {
        "spend": Money(sum(p.spend for p in counted), currency),
        "n": sum(p.spend > 0 for p in counted),
        "revenue": Money(float(sums["revenue"]), currency),
        "low": Money(float(sums["low"]), currency),
        "high": Money(float(sums["high"]), currency),
        "roi": float(sums["roi"]),
    }
    effect = is_effect(counted[0].curve)  # type: ignore[arg-type]
    if abs(change := float(sums["change"])) < SAME:
        whole = (
            say("Spent as it was, {spend} over {n} channels brings {revenue} ({low} to {high}), ROI {roi}.", **facts)
            if effect
            else say("Spent as it was, {spend} over {n} channels has {revenue} ({low} to {high}) claimed for it, ROAS "
                     "{roi}.", **facts)
        )  # fmt: skip
        return say("{whole} {more}", whole=whole, more=_move(counted))
    facts["change"] = _changed(change, float(sums["change_low"]), float(sums["change_high"]), currency)
    if effect:
        return say("{spend} over {n} channels is expected to bring {revenue} ({low} to {high}), {change}; ROI {roi}.",
                   **facts)  # fmt: skip
    return say("{spend} over {n} channels is expected to have {revenue} ({low} to {high}) claimed for it, {change}; "
               "ROAS {roi}.", **facts)  # fmt: skip


def _move(counted: list[Plan]) -> Message:
    """Say where the next money earns most and from where it is best taken, where chance does not explain that."""
    found = [(p.channel, p.curve.next_unit_draws(p.scale)) for p in counted if p.curve]
    ranked = sorted(found, key=lambda each: -float(each[1].mean()))
    if len(ranked) < 2 or not likelier(ranked[0][1], ranked[-1][1]):
        return say("Where the next money earns most cannot be told yet.")
    (best, most), (worst, least) = ranked[0], ranked[-1]
    return say("The next money earns most in {best} (marginal ROI {most}) and least in {worst} ({least}): move some "
               "from there first.", best=Name(best, "channel"), most=float(most.mean()),
               worst=Name(worst, "channel"), least=float(least.mean()))  # fmt: skip


def _changed(change: float, low: float, high: float, currency: str | None) -> Message:
    if change < 0:
        change, low, high = -change, -high, -low
        text = N_("{amount} less ({low} to {high}) than as spent")
    else:
        text = N_("{amount} more ({low} to {high}) than as spent")
    return say(text, amount=Money(change, currency), low=Money(low, currency), high=Money(high, currency))


def _notes(table: pd.DataFrame, plans: list[Plan], fitted: CurvesAnswer) -> tuple[Note, ...]:
    own = table.iloc[:-1]
    notes = [note for note in fitted.notes if note.code in KEPT]
    notes += [_unknown(own, code) for code in own["reason"].dropna().unique()]
    notes += [extrapolated(row, fitted.currency) for row in own[own["extrapolated"]].to_dict("records")]
    if apart := tuple(p.channel for p in plans if p.curve and not p.counts):
        text = say("{channels}: on another basis than the plan, so not in its total.", channels=Names(apart, "channel"))
        notes.append(Note("other-basis", text, "warning"))
    notes += [note for note in fitted.notes if note.code == "attributed-revenue"]
    if fitted.curves:
        rule = say("Every channel keeps its timing: each period's spend is scaled alike. Intervals are of the curve.")
        notes.append(Note("scaled-pattern", rule))
    return tuple(notes)


def _unknown(own: pd.DataFrame, code: str) -> Note:
    names = Names(tuple(own[own["reason"] == code]["channel"]), "channel")
    text = say(
        "{channels}: no curve, because {reason}. What the budget there brings is not in the total.",
        channels=names,
        reason=reason(code),
    )
    return Note("not-estimable", text, "missing")


def extrapolated(row: dict[Any, Any], currency: str | None) -> Note:
    """Say what of a channel's plan lies beyond what was ever spent."""
    text = say(
        "{channel}: planned spend goes up to {times} times the highest observed; {amount} of its revenue lies beyond "
        "what was ever spent, where the curve is a guess (dashed).",
        channel=Name(row["channel"], "channel"),
        times=float(row["stretch"]),
        amount=Money(row["beyond"], currency),
    )
    return Note("extrapolated", text, "warning")
