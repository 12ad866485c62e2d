"""If each channel had this budget, what would it bring, how sure is that, and what would the next unit earn?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.budget.curves import chart as picture
from analysis.budget.curves.columns import CHANNEL, DRAWN, EXPECTED
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.question import SHORT_REASONS, CurvesAnswer, ResponseCurves, reason, tabled
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import TAILS
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_, Message, Money, Name, Names, say
from analysis.money import OF_CURRENCIES, roi
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import Pairs, a, number, pairs, value

POINTS = 17
"""Points a curve is drawn through on each side of the spend observed."""
BEYOND = 1.5
"""How far a curve is drawn, as a multiple of the larger of spend observed and planned."""
_HAIR = 1e-9
"""Relative difference below which a plan is not beyond what was observed (rounding)."""
_CHANNEL = replace(CHANNEL, words={TOTAL: TOTAL})


@value("scenario")
class Scenario(Question):
    """What a plan of budgets is expected to bring, by the channels' response curves.

    Parameters
    ----------
    budgets : mapping of str to float
        Each channel's budget for the whole time looked at, the reserve's share included. A channel that is not
        named keeps what was spent on it: observed spend / (1 - reserve).
    reserve : float
        Share of every budget that is held back and earns nothing here.
    curves : ResponseCurves
        How the curves are fitted.
    where : Filter, optional
        The time and campaigns whose spend pattern is scaled and whose curves are used. The curves' own `where`
        goes before it, where they have one.

    Notes
    -----
    A channel's spend in every period is scaled by planned / observed spend, so the plan keeps the campaign's
    timing. Intervals are from the curves' bootstrap draws; noise of a single campaign comes on top.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2026-09-21", periods=40)
    >>> spend = np.tile([20.0, 50.0, 100.0, 200.0], 10)
    >>> report = pd.DataFrame({
    ...     "period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": "search", "currency": "CNY",
    ...     "spend": spend, "attributed_revenue": 900 * spend / (100 + spend),
    ... })
    >>> answer = Scenario(budgets={"search": 10_000}, reserve=0.2).run(Tables(spend=report))
    >>> answer.table[["channel", "budget", "reserved", "spend", "roi"]].round(2).values.tolist()
    [['search', 10000.0, 2000.0, 8000.0, 2.61], ['(total)', 10000.0, 2000.0, 8000.0, 2.61]]
    """

    title: ClassVar[str] = N_("What would another budget earn?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    budgets: Pairs = field(default=(), metadata=pairs(least=0))
    reserve: float = field(default=0.15, metadata=number(least=0, most=0.9))
    curves: ResponseCurves = field(default_factory=ResponseCurves, metadata=a(ResponseCurves))

    def _answer(self, tables: Tables) -> ScenarioAnswer:
        asked = self.curves if self.curves.where else self.curves.replace(where=self.where)
        fitted = asked._answer(tables)
        plans = _plans(self, fitted)
        table = tabled([*(p.row() for p in plans), _total(plans)], ScenarioAnswer.fields["table"])
        return ScenarioAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table, fitted.currency),
            frames={"table": table, "curve": _drawn(plans)},
            notes=_notes(self, table, fitted),
            currency=fitted.currency,
            curves=fitted.curves,
            universe=fitted.universe,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class ScenarioAnswer(Answer):
    """A plan's figures, one row per channel and one in total.

    budget = reserved + spend. `revenue` is expected at `spend`, `change` is against the same curve at `observed`
    spend. `low` and `high` hold given the form of each curve; `spread_low` and `spread_high` are the least and the
    most by the forms that fit about as well. `stretch` is the plan's highest period over the highest observed. The
    total adds up budgets and spend of all channels; its revenue, change and ROI are those of the channels whose
    curve is known. Its `marginal_roi` is that of the next unit of money if it is spread over them as the plan is.

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
            "budget": Field(N_("Budget"), "money"),
            "reserved": Field(N_("Held back"), "money"),
            "spend": Field(N_("Planned spend"), "money"),
            "observed": Field(N_("Observed spend"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            **EXPECTED,
            "change": Field(N_("Change in revenue"), "money"),
            "change_low": Field(N_("Change, 95% from"), "money"),
            "change_high": Field(N_("Change, 95% to"), "money"),
            "extrapolated": Field(N_("Beyond the spend observed"), "flag"),
            "stretch": Field(N_("Highest period, planned over observed"), "ratio"),
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
            marks=_marks(self),
        )


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One channel's budget, and its curve if it has one."""

    channel: str
    budget: float
    reserve: float
    observed: float
    curve: Curve | None
    rivals: tuple[Curve, ...]
    reason: str | None

    @property
    def spend(self) -> float:
        """What is planned to be spent, the reserve held back."""
        return self.budget * (1 - self.reserve)

    @property
    def scale(self) -> float:
        """Planned over observed spend."""
        return self.spend / self.observed

    def row(self) -> dict[str, object]:
        """Make the channel's row of the public table."""
        own: dict[str, object] = {
            "channel": self.channel,
            "budget": self.budget,
            "reserved": self.budget - self.spend,
            "spend": self.spend,
            "observed": self.observed,
            "extrapolated": False,
            "reason": self.reason,
        }
        if self.curve is None:
            return own
        planned = self.curve.total_draws(self.scale)
        low, high = interval(planned)
        change_low, change_high = interval(planned - self.curve.total_draws())
        marginal_low, marginal_high = interval(self.curve.next_unit_draws(self.scale))
        revenue = self.curve.total(self.scale)
        others = [c.total(self.scale) for c in self.rivals]
        return own | {
            "revenue": revenue,
            "low": low,
            "high": high,
            "spread_low": min(others),
            "spread_high": max(others),
            "roi": float(roi(revenue, self.spend)),
            "marginal_roi": self.curve.next_unit(self.scale),
            "marginal_low": marginal_low,
            "marginal_high": marginal_high,
            "change": revenue - self.curve.total(),
            "change_low": change_low,
            "change_high": change_high,
            "extrapolated": self.scale > 1 + _HAIR,
            "stretch": self.scale,
        }


def _plans(asked: Scenario, fitted: CurvesAnswer) -> list[Plan]:
    table, budgets = fitted.table, dict(asked.budgets)
    known = {c.channel: c for c in fitted.curves}
    for channel in budgets:
        if channel not in set(table["channel"]):
            raise DataError.unknown(say("channel"), channel, table["channel"])
    return [
        Plan(
            channel=row["channel"],
            budget=budgets.get(row["channel"], row["spend"] / (1 - asked.reserve)),
            reserve=asked.reserve,
            observed=row["spend"],
            curve=known.get(row["channel"]),
            rivals=fitted.rivals.get(row["channel"], ()),
            reason=None if row["estimable"] else row["reason"],
        )
        for row in table.to_dict("records")
    ]


def _total(plans: list[Plan]) -> dict[str, Any]:
    """Add the channels up. Draws of one index belong together in a joint fit, and are independent otherwise."""
    row: dict[str, Any] = {"channel": TOTAL, "extrapolated": False}
    for column in ("budget", "spend", "observed"):
        row[column] = sum(float(getattr(p, column)) for p in plans)
    row["reserved"] = row["budget"] - row["spend"]
    own = [(p, p.curve) for p in plans if p.curve]
    if not own:
        return row
    planned = np.sum([c.total_draws(p.scale) for p, c in own], axis=0)
    observed = np.sum([c.total_draws() for _, c in own], axis=0)
    row["revenue"] = sum(c.total(p.scale) for p, c in own)
    row["low"], row["high"] = interval(planned)
    for column, pick in (("spread_low", min), ("spread_high", max)):
        row[column] = sum(pick(c.total(p.scale) for c in p.rivals) for p, _ in own)
    row["change"] = row["revenue"] - sum(c.total() for _, c in own)
    row["change_low"], row["change_high"] = interval(planned - observed)
    row["extrapolated"] = any(p.scale > 1 + _HAIR for p, _ in own)
    if spend := sum(p.spend for p, _ in own):
        shares = [p.spend / spend for p, _ in own]
        margins = np.sum([w * c.next_unit_draws(p.scale) for w, (p, c) in zip(shares, own, strict=True)], axis=0)
        row["roi"] = float(roi(row["revenue"], spend))
        row["marginal_roi"] = sum(w * c.next_unit(p.scale) for w, (p, c) in zip(shares, own, strict=True))
        row["marginal_low"], row["marginal_high"] = interval(margins)
    return row


def _drawn(plans: list[Plan]) -> pd.DataFrame:
    """Follow each curve from no spend to beyond what was observed and what is planned."""
    parts = []
    for plan in plans:
        if curve := plan.curve:
            most = BEYOND * max(1.0, plan.scale)
            scales = np.append(np.linspace(0, 1, POINTS), np.linspace(1, most, POINTS)[1:])
            drawn = np.array([np.quantile(curve.total_draws(scale), TAILS) for scale in scales])
            own = {
                "channel": plan.channel,
                "spend": scales * plan.observed,
                "revenue": [curve.total(scale) for scale in scales],
                "low": drawn[:, 0],
                "high": drawn[:, 1],
                "beyond": scales > 1,
            }
            parts.append(pd.DataFrame(own))
    return pd.concat(parts, ignore_index=True) if parts else tabled([], ScenarioAnswer.fields["curve"])


def _marks(answer: ScenarioAnswer) -> pd.DataFrame:
    table = answer.table
    known = table[(table["channel"] != TOTAL) & table["revenue"].notna()]
    planned = known[["channel", "spend", "revenue"]].assign(point="planned")
    spent = known[["channel"]].assign(
        spend=known["observed"], revenue=known["revenue"] - known["change"], point="spent"
    )
    return pd.concat([spent, planned], ignore_index=True)


# ---- the words --------------------------------------------------------------------------------------------


SAME = 0.005
"""Money below which a plan brings what was spent brought."""


def _headline(table: pd.DataFrame, currency: str | None) -> Message:
    total, known = table.iloc[-1], table.iloc[:-1].dropna(subset="revenue")
    if known.empty:
        return say(
            "What {spend} would bring cannot be told: no channel's response curve can be estimated.",
            spend=Money(float(total["spend"]), currency),
        )
    if pd.isna(total["roi"]):
        return say("Nothing is planned to be spent, so nothing is expected.")
    facts: dict[str, object] = {
        "spend": Money(float(known["spend"].sum()), currency),
        "n": int((known["spend"] > 0).sum()),
        "reserve": Money(float(total["reserved"]), currency),
        "revenue": Money(float(total["revenue"]), currency),
        "low": Money(float(total["low"]), currency),
        "high": Money(float(total["high"]), currency),
        "roi": float(total["roi"]),
    }
    if abs(change := float(total["change"])) < SAME:
        whole = say("Spent as it was, {spend} over {n} channels brings {revenue} ({low} to {high}), ROI {roi}, with "
                    "{reserve} held back.", **facts)  # fmt: skip
        return say("{whole} {more}", whole=whole, more=_move(known))
    return say(
        "{spend} spread over {n} channels is expected to bring {revenue} ({low} to {high}), {change}; ROI {roi}, "
        "{reserve} held back.",
        change=_changed(change, currency),
        **facts,
    )


def _move(known: pd.DataFrame) -> Message:
    """Say where the next money earns most and from where it is best taken, where chance does not explain that."""
    ranked = known.dropna(subset="marginal_roi").sort_values("marginal_roi", ascending=False, kind="stable")
    if len(ranked) < 2 or not ranked["marginal_low"].iloc[0] > ranked["marginal_high"].iloc[-1]:
        return say("Where the next money earns most cannot be told yet.")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    return say("The next money earns most in {best} (marginal ROI {most}) and least in {worst} ({least}): move some "
               "from there first.", best=Name(best["channel"], "channel"), most=float(best["marginal_roi"]),
               worst=Name(worst["channel"], "channel"), least=float(worst["marginal_roi"]))  # fmt: skip


def _changed(change: float, currency: str | None) -> Message:
    amount = Money(abs(change), currency)
    if change > 0:
        return say("{amount} more than at the budgets as spent", amount=amount)
    return say("{amount} less than at the budgets as spent", amount=amount)


def _notes(asked: Scenario, table: pd.DataFrame, fitted: CurvesAnswer) -> tuple[Note, ...]:
    own = table.iloc[:-1]
    notes = [_unknown(own, code) for code in own["reason"].dropna().unique()]
    notes += [_extrapolated(row, fitted.currency) for row in own[own["extrapolated"]].to_dict("records")]
    notes += _next_best(own)
    unnamed = tuple(c for c in own["channel"] if asked.budgets and c not in dict(asked.budgets))
    if unnamed:
        kept = say("{channels}: no budget given, so they keep what was spent.", channels=Names(unnamed, "channel"))
        notes.append(Note("as-spent", kept))
    if any(c.source == "attributed" for c in fitted.curves):
        caveat = say(
            "Revenue is what the ad platforms attribute to a channel, not what would be lost without it. "
            "An experiment that pauses the channel tells the difference."
        )
        notes.append(Note("attributed-revenue", caveat))
    notes += [n for n in fitted.notes if n.code in ("joint-fit", "controls", "ceiling-unseen", *OF_CURRENCIES)]
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


def _extrapolated(row: dict[Any, Any], currency: str | None) -> Note:
    text = say(
        "{channel}: planned spend goes up to {times} times the highest observed; the dashed part of its curve is a "
        "guess. Forms that fit about as well put revenue between {low} and {high}.",
        channel=Name(row["channel"], "channel"),
        times=float(row["stretch"]),
        low=Money(row["spread_low"], currency),
        high=Money(row["spread_high"], currency),
    )
    return Note("extrapolated", text, "warning")


def _next_best(own: pd.DataFrame) -> list[Note]:
    known = own[own["marginal_roi"].notna()].sort_values("marginal_roi", ascending=False, kind="stable")
    if len(known) < 2:
        return []
    best, worst = known.iloc[0], known.iloc[-1]
    text = say(
        "At this plan the next unit of money earns most in {best} ({most}; {low} to {high}) and least in {worst} "
        "({least}).",
        best=Name(best["channel"], "channel"),
        most=float(best["marginal_roi"]),
        low=float(best["marginal_low"]),
        high=float(best["marginal_high"]),
        worst=Name(worst["channel"], "channel"),
        least=float(worst["marginal_roi"]),
    )
    return [Note("next-best", text)]
