"""How should the budget be split over channels and phases, and what does each rule cost?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.arrays import Bools, Floats, Ints
from analysis.budget import scenario
from analysis.budget.allocation import words
from analysis.budget.allocation.conflicts import WayOut, conflict
from analysis.budget.allocation.days import Days, days
from analysis.budget.allocation.definition import AllocationDefinition
from analysis.budget.allocation.market import Curves, Planned
from analysis.budget.allocation.optimum import Solution, Status, solve
from analysis.budget.allocation.prices import costs, whole_cost
from analysis.budget.allocation.programme import TARGET, Goal, Programme, Rule, Side
from analysis.budget.allocation.responses import Dearer, Responses
from analysis.budget.allocation.rules import Cell, linear
from analysis.budget.curves import chart as picture
from analysis.budget.curves.columns import CAUSES, CHANNEL, DRAWN, EXPECTED, PRECISIONS, SHORT_REASONS
from analysis.budget.curves.curve import Curve, interval
from analysis.budget.curves.question import CurvesAnswer, tabled
from analysis.budget.curves.words import is_effect, one_basis
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_, say
from analysis.money import roi
from analysis.records import ChannelTag
from analysis.tables import Tables
from analysis.values import value


@value("allocation")
class Allocation(AllocationDefinition):
    """The best split of a budget over channels, phases or days, under rules, with what each rule costs.

    Parameters
    ----------
    goal : {"revenue", "profit", "budget", "roi", "marginal_roi"}
        Most revenue, or most profit at the campaign's margin, for the total; the least budget that brings `target`;
        most revenue with an ROI of at least `target`; or money as long as the next unit earns at least `target`.
    total : float, optional
        What there is to spend, a reserve included; by default what was spent.
    target : float, optional
        For the last three goals: revenue, ROI or marginal ROI.
    limits : tuple of Limit
        What the plan must keep to.
    prices : PriceIndex, optional
        How much dearer everything is than when the curves were seen.
    per : {"phase", "channel", "day"}
        What gets an amount of its own: each channel in each phase, each channel, or each channel on each day.
    time : {"next", "rest"}
        The next campaign, on days like those observed; or the days of this campaign for which there is no report yet,
        the others locked as they were.
    reach : float
        How far beyond its highest spend of a period observed a channel may go, as a multiple.
    given : mapping of str to float
        For channels without a curve, a constant return (revenue per unit of spend) that the analyst gives.
    caution : float
        0 seeks the best on average over what the curves may be; above it, that share of cases is left out, those in
        which the plan gains most over the spend as it was: 0.9 seeks the best of the bad tenth.
    curves : ResponseCurves
    where : Filter, optional
        The time and campaigns whose spend pattern is planned by and whose curves are used.

    Notes
    -----
    Response curves enter a linear programme piece by piece (S-curves with branch and bound) and the plan is polished
    until its gradient shows that nothing better is near (:mod:`analysis.budget.allocation.optimum`); a rule's price is
    the change of the best plan per unit of its bound. A plan has one basis, claims of platforms or effects seen in
    orders; channels on the other keep their spend.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng, parts = np.random.default_rng(1), []
    >>> days = pd.date_range("2026-09-21", periods=60)
    >>> for channel, ceiling in (("search", 900), ("display", 300)):
    ...     spend = 100 * np.exp(0.5 * rng.standard_normal(60))
    ...     parts.append(pd.DataFrame({
    ...         "period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": channel, "currency": "CNY",
    ...         "spend": spend, "attributed_revenue": ceiling * spend / (100 + spend) * rng.uniform(0.95, 1.05, 60),
    ...     }))
    >>> answer = Allocation().run(Tables(spend=pd.concat(parts)))
    >>> table = answer.table.set_index("channel")
    >>> bool(table["spend"]["search"] > table["observed"]["search"]), bool(table["change_low"]["(total)"] > 0)
    (True, True)
    """

    title: ClassVar[str] = N_("How should the budget be split?")

    @property
    def heavy(self) -> bool:
        """Whether an answer takes the processor for a second or so."""
        return True

    def _answer(self, tables: Tables) -> AllocationAnswer:
        fitted = self.curves.filtered(self.where).fitted(tables)
        if not fitted.curves and not self.given:
            return _unknown(self, tables, fitted)
        market = _market(self, tables, fitted)
        found = _solved(self, tables, market)
        if found.solution.status is not Status.SOLVED:
            return _impossible(self, tables, fitted, found)
        plan = _plan(self, market, found, fitted)
        return AllocationAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(self, plan, fitted.currency),
            frames={"table": plan.table, "curve": plan.drawn, "cells": _cells(market, found), "rules": _rules(found)},
            notes=words.notes(self, plan, found.costs, market.days, fitted),
            currency=fitted.currency,
            curves=fitted.curves,
            universe=fitted.universe,
            said=words.said(found.costs, fitted.currency),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class AllocationAnswer(Answer):
    """The best plan found, one row per channel and one in total, beside what was spent.

    `spend` is planned, `observed` what was spent (for the rest of a campaign: the even split of what is left, as it was
    shared so far). `beyond` is what of the change lies beyond the spend observed. Frame "cells" has each amount;
    frame "rules" the rules, by their place in the question's `limits`, with what each takes from the goal in all
    (`cost`) and per unit of its bound (`price`).

    Parameters
    ----------
    curves : tuple of Curve
    universe : tuple of str
        All channels in the data, for their colours.
    """

    fields: ClassVar[Fields] = described(
        table={
            "channel": replace(CHANNEL, words={TOTAL: TOTAL}),
            "observed": Field(N_("Observed spend"), "money"),
            "spend": Field(N_("Planned spend"), "money"),
            "moved": Field(N_("Change in spend"), "money"),
            "was": Field(N_("Revenue as spent"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            "change": Field(N_("Change in revenue"), "money"),
            "change_low": Field(N_("Change, 95% from"), "money"),
            "change_high": Field(N_("Change, 95% to"), "money"),
            "roi_was": Field(N_("ROI as spent (of claims: ROAS)"), "ratio"),
            **EXPECTED,
            "marginal_was": Field(N_("Marginal ROI as spent"), "ratio"),
            "extrapolated": Field(N_("Beyond the spend observed"), "flag"),
            "beyond": Field(N_("Change that lies beyond the spend observed"), "money"),
            "cause": Field(N_("What it says of cause"), "text", CAUSES),
            "marginal_precision": Field(N_("Marginal ROI known"), "text", PRECISIONS),
            "reason": Field(N_("Reason"), "text", SHORT_REASONS),
        },
        curve={
            "channel": CHANNEL,
            "spend": Field(N_("Spend"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            **DRAWN,
        },
        cells={
            "channel": CHANNEL,
            "phase": Field(N_("Phase"), "text", of="phase"),
            "period_start": Field(N_("Period"), "time"),
            "observed": Field(N_("Observed spend"), "money"),
            "spend": Field(N_("Planned spend"), "money"),
        },
        rules={
            "rule": Field(N_("Rule"), "text"),
            "side": Field(N_("Bound"), "text", {"least": N_("at least"), "most": N_("at most")}),
            "binds": Field(N_("Holds the plan back"), "flag"),
            "price": Field(N_("Gain per unit of the bound relaxed"), "ratio"),
            "tightened": Field(N_("Loss per unit of the bound tightened"), "ratio"),
            "cost": Field(N_("Takes from the goal in all"), "money"),
        },
    )
    figures = (Figure("change", ("channel",), "change_low", "change_high", main=-1),)

    question: Allocation
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
            marks=scenario.marks(self.table),
        )


# ---- the programme ----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Market:
    """What a plan is made of.

    Parameters
    ----------
    days : Days
    curves : Curves
        Of the channels that are planned.
    cells : tuple of Cell
        In the same order; channels with a given return last.
    fixed : mapping of str to float
        Channels that keep their spend, for want of a curve or on another basis.
    returns : ndarray
        Of the cells with a given return.
    """

    days: Days
    curves: Curves
    cells: tuple[Cell, ...]
    fixed: Mapping[str, float]
    returns: Floats

    @property
    def planned(self) -> tuple[Planned, ...]:
        """Of each channel that has a curve."""
        return self.curves.planned

    @property
    def observed(self) -> Floats:
        """What was spent in each cell."""
        return np.array([cell.last or 0.0 for cell in self.cells])


def _market(asked: AllocationDefinition, tables: Tables, fitted: CurvesAnswer) -> Market:
    counted = one_basis(fitted.curves)
    ahead = days(asked, tables, counted, dict(zip(fitted.table["channel"], fitted.table["spend"], strict=True)))
    tags = {own.channel: frozenset(t.tag for t in tables.recorded(ChannelTag) if t.channel == own.channel)
            for own in tables.recorded(ChannelTag)}  # fmt: skip
    cells = [
        Cell(channel=own.curve.channel, phase=phase, tags=tags.get(own.curve.channel, frozenset()), last=float(last))
        for own in ahead.planned
        for phase, last in zip(own.phases, own.observed, strict=True)
    ]
    curved, given = {c.channel for c in counted}, dict(asked.given)
    for channel in given:
        if channel in curved:
            raise QuestionError.field("given", channel, say("this channel has a curve; take its return away."))
        cells.append(Cell(channel=channel, tags=tags.get(channel, frozenset()), last=ahead.others.get(channel, 0.0)))
    fixed = {channel: own for channel, own in ahead.others.items() if channel not in given}
    return Market(ahead, Curves(ahead.planned), tuple(cells), fixed, np.array([*given.values()]))


@dataclass(frozen=True, eq=False)
class _Mixed:
    """Curves and, after them, channels with a given return."""

    curves: Curves
    returns: Floats

    @property
    def concave(self) -> Bools:
        return np.append(self.curves.concave, np.full(len(self.returns), True))

    def value(self, exposure: Floats) -> float:
        own = len(exposure) - len(self.returns)
        return self.curves.value(exposure[:own]) + float(self.returns @ exposure[own:])

    def gradient(self, exposure: Floats) -> Floats:
        own = len(exposure) - len(self.returns)
        return np.append(self.curves.gradient(exposure[:own]), self.returns)

    def along(self, exposure: Floats, points: Floats) -> Floats:
        own = len(exposure) - len(self.returns)
        return np.vstack([self.curves.along(exposure[:own], points[:own]), self.returns[:, None] * points[own:]])


@dataclass(frozen=True, eq=False)
class Found:
    """The best plan, or what keeps rules from holding together.

    Parameters
    ----------
    programme : Programme
    solution : Solution
    total : float
        What there is to spend, fixed channels included.
    costs : tuple of RuleCost
    conflict : tuple of WayOut
    """

    programme: Programme
    solution: Solution
    total: float
    costs: tuple[words.RuleCost, ...] = ()
    conflict: tuple[WayOut, ...] = ()


def _solved(asked: AllocationDefinition, tables: Tables, market: Market) -> Found:
    fixed = sum(market.fixed.values())
    total = asked.total if asked.total is not None else market.days.total(asked, tables)
    upper = np.concatenate([*(own.upper for own in market.planned), np.full(len(market.returns), total)])
    responses = _responses(asked, market.curves, market.returns)
    rules = linear(asked.limits, market.cells, budget=total)
    if asked.goal == "revenue" or asked.total is not None:
        rules = (Rule(words.WHOLE, np.ones(len(market.cells)), most=max(total - fixed, 0.0)), *rules)
    programme = Programme(responses, np.zeros(len(upper)), upper, rules, _goal(asked, tables))
    best = _cautious(asked, market, programme) if asked.caution else solve(programme)
    if best.status is not Status.SOLVED:
        return Found(programme, best, total, conflict=conflict(programme))
    # What a rule takes is told for the best on average: the worst cases change with the plan.
    return Found(programme, best, total, costs=() if asked.caution else _costs(programme, best))


def _responses(asked: AllocationDefinition, curves: Curves, returns: Floats) -> Responses:
    """Return what cells bring: curves, channels with a given return after them, at the prices asked for."""
    found: Responses = _Mixed(curves, returns) if len(returns) else curves
    return Dearer(found, asked.prices.factor) if asked.prices else found


def _goal(asked: AllocationDefinition, tables: Tables) -> Goal:
    margin = tables.campaign.margin if tables.campaign else None
    if asked.goal == "profit" and margin is None:
        raise DataError.empty(say("Profit needs a margin: give the campaign one under Data, or seek most revenue."))
    target = asked.target or 0.0
    return {
        "revenue": Goal(),
        "profit": Goal(margin or 0.0, 1.0),
        "budget": Goal(0.0, 1.0, least=target),
        "roi": Goal(least=0.0, ratio=target),
        "marginal_roi": Goal(1.0, target),
    }[asked.goal]


def _costs(programme: Programme, best: Solution) -> tuple[words.RuleCost, ...]:
    """Return what each rule takes from the goal, and what the next unit of the total and of the target would."""
    found = {(cost.name, cost.side): cost for cost in costs(programme, best)}
    names: list[Hashable] = [*dict.fromkeys(rule.name for rule in programme.rules)]
    out = []
    for name in [*names, *([TARGET] if programme.goal.least is not None else [])]:
        sides = [own for own in found if own[0] == name] or [(name, Side.MOST)]
        for side in sides:
            cost = found.get(side)
            out.append(
                words.RuleCost(
                    name,
                    side[1],
                    cost is not None,
                    cost.relaxed if cost else 0.0,
                    cost.tightened if cost else 0.0,
                    whole_cost(programme, best, name) if cost and name not in (words.WHOLE, TARGET) else 0.0,
                )
            )
    return tuple(out)


CAUTIOUS_TURNS = 12
"""Plans whose average a cautious one is."""


def _cautious(asked: AllocationDefinition, market: Market, programme: Programme) -> Solution:
    """Return the plan that is best where the curves turn out worst for it: draws in which it gains least, turn by turn.

    It gains over the spend as it was: what any plan would bring where media bring little says nothing of moving money.
    The mean over the worst share of draws is concave in the plan; plans best for the draws that are worst under the
    average of those before approach its best (fictitious play, Brown 1951).
    """
    share, index = 1 - asked.caution, asked.prices.factor if asked.prices else 1.0
    best = solve(programme)
    if best.status is not Status.SOLVED:
        return best
    mean = best.spend
    bounds = list(zip(market.planned, market.curves.bounds, strict=True))

    def brought(spend: Floats) -> Floats:
        given = float(market.returns @ spend[len(spend) - len(market.returns) :]) / index
        return np.asarray(np.sum([own.brought(spend[at] / index) for own, at in bounds], axis=0) + given)

    before = brought(market.observed)

    def tail(spend: Floats) -> tuple[float, Ints]:
        gain = brought(spend) - before
        worst = np.argsort(gain)[: max(1, round(share * len(gain)))]
        return float(gain[worst].mean()), worst

    chosen, height = best.spend, tail(best.spend)[0]
    for turn in range(1, CAUTIOUS_TURNS + 1):
        worst = tail(mean)[1]
        fewer = tuple(own.only(worst) for own in market.planned)
        step = solve(replace(programme, responses=_responses(asked, Curves(fewer), market.returns)))
        if step.status is not Status.SOLVED:
            break
        mean = mean + (step.spend - mean) / (turn + 1)
        if (now := tail(mean)[0]) > height:
            chosen, height = mean, now
    return replace(best, spend=chosen, value=programme.value(chosen), objective=programme.objective(chosen))


# ---- the plan ---------------------------------------------------------------------------------------------


def _plan(asked: AllocationDefinition, market: Market, found: Found, fitted: CurvesAnswer) -> words.Plan:
    index = asked.prices.factor if asked.prices else 1.0
    spend, grades = found.solution.spend, fitted.table.set_index("channel")
    rows, plans, before = [], [], []
    for own, at in zip(market.planned, market.curves.bounds, strict=True):
        now, was = own.brought(spend[at] / index), own.brought(own.observed / index)
        plans.append(now)
        before.append(was)
        rows.append(_row(own, spend[at], now, was, index, grades))
    first = len(spend) - len(market.returns)
    for cell, amount, back in zip(market.cells[first:], spend[first:], market.returns, strict=True):
        rows.append(_given(cell, float(amount), float(back) / index))
    rows += [{"channel": c, "observed": s, "spend": s, "moved": 0.0, "extrapolated": False, "beyond": 0.0,
              "reason": grades.loc[c, "reason"] if not grades.loc[c, "estimable"] else None,
              "cause": grades.loc[c, "cause"] if grades.loc[c, "estimable"] else None}
             for c, s in market.fixed.items()]  # fmt: skip
    back = market.returns / index if len(market.returns) else np.zeros(0)
    total_now = np.sum(plans, axis=0) + float(back @ spend[first:])
    total_was = np.sum(before, axis=0) + float(back @ market.observed[first:])
    table = tabled([*rows, _sum(rows, total_now, total_was)], AllocationAnswer.fields["table"])
    return words.Plan(
        table=table,
        now=total_now,
        was=total_was,
        total=found.total,
        drawn=scenario.drawn(_as_plans(market, spend, fitted)),
        gap=found.solution.gap / max(abs(found.solution.value), 1e-9),
        margin=found.programme.goal.worth if asked.goal == "profit" else None,
        claims=bool(market.planned) and not is_effect(market.planned[0].curve),
    )


def _row(own: Planned, spend: Floats, now: Floats, was: Floats, index: float, grades: pd.DataFrame) -> dict[str, Any]:
    margins, before = own.margins(spend / index) / index, own.margins(own.observed / index) / index
    amount, observed = float(spend.sum()), float(own.observed.sum())
    row: dict[str, Any] = {
        "channel": own.curve.channel,
        "observed": observed,
        "spend": amount,
        "moved": round(amount - observed, 6),
        "was": float(was.mean()),
        "revenue": float(now.mean()),
        "change": float((now - was).mean()),
        "roi_was": float(roi(float(was.mean()), observed)),
        "roi": float(roi(float(now.mean()), amount)),
        "marginal_was": float(before.mean()),
        "extrapolated": own.extrapolated(spend),
        "beyond": float((now - own.within(spend / index)).mean()),
        "cause": grades.loc[own.curve.channel, "cause"],
        "marginal_precision": grades.loc[own.curve.channel, "marginal_precision"],
    }
    row["low"], row["high"] = interval(now)
    row["change_low"], row["change_high"] = interval(now - was)
    if amount > 0:
        row["marginal_roi"] = float(margins.mean())
        row["marginal_low"], row["marginal_high"] = interval(margins)
    return row


def _given(cell: Cell, amount: float, back: float) -> dict[str, Any]:
    last = cell.last or 0.0
    return {"channel": cell.channel, "observed": last, "spend": amount, "moved": amount - last, "was": back * last,
            "revenue": back * amount, "change": back * (amount - last), "roi": back, "marginal_roi": back,
            "extrapolated": False, "beyond": 0.0}  # fmt: skip


def _sum(rows: list[dict[str, Any]], now: Floats, was: Floats) -> dict[str, Any]:
    row: dict[str, Any] = {"channel": TOTAL, "extrapolated": any(r["extrapolated"] for r in rows)}
    for name in ("observed", "spend", "beyond"):
        row[name] = sum(r[name] for r in rows)
    row["moved"] = round(row["spend"] - row["observed"], 6)  # what rounding leaves is no move
    row["was"], row["revenue"], row["change"] = float(was.mean()), float(now.mean()), float((now - was).mean())
    row["low"], row["high"] = interval(now)
    row["change_low"], row["change_high"] = interval(now - was)
    counted = [r for r in rows if "revenue" in r]
    row["roi"] = float(roi(row["revenue"], sum(r["spend"] for r in counted)))
    row["roi_was"] = float(roi(row["was"], sum(r["observed"] for r in counted)))
    return row


def _as_plans(market: Market, spend: Floats, fitted: CurvesAnswer) -> list[scenario.Plan]:
    """Return the plan as a scenario has it, for its drawing."""
    return [
        scenario.Plan(channel=own.curve.channel, spend=float(spend[at].sum()), observed=own.curve.spent,
                      curve=next(c for c in fitted.curves if c.channel == own.curve.channel), cause=None, reason=None,
                      counts=True)
        for own, at in zip(market.planned, market.curves.bounds, strict=True)
    ]  # fmt: skip


def _cells(market: Market, found: Found) -> pd.DataFrame:
    starts = market.days.starts(market.cells)
    rows: list[dict[str, object]] = [
        {"channel": cell.channel, "phase": cell.phase, "period_start": start, "observed": cell.last, "spend": amount}
        for cell, amount, start in zip(market.cells, found.solution.spend, starts, strict=True)
    ]
    rows += [{"channel": c, "phase": None, "period_start": pd.NaT, "observed": s, "spend": s}
             for c, s in market.fixed.items()]  # fmt: skip
    return tabled(rows, AllocationAnswer.fields["cells"])


def _rules(found: Found) -> pd.DataFrame:
    rows = [{"rule": words.rule_text(own.name), "side": own.side.value, "binds": own.binds, "price": own.relaxed,
             "tightened": own.tightened, "cost": own.cost} for own in found.costs]  # fmt: skip
    return tabled(rows, AllocationAnswer.fields["rules"])


def _unknown(asked: Allocation, tables: Tables, fitted: CurvesAnswer) -> AllocationAnswer:
    """Return an answer without a plan: no channel has a curve, and why."""
    rows = [{"channel": row["channel"], "observed": row["spend"], "extrapolated": False, "reason": row["reason"]}
            for row in fitted.table.to_dict("records")]  # fmt: skip
    frames = {name: tabled([], AllocationAnswer.fields[name]) for name in ("curve", "cells", "rules")}
    table = tabled(rows, AllocationAnswer.fields["table"])
    return AllocationAnswer(question=asked, version=tables.version, frames={"table": table, **frames},
                            headline=words.nothing(float(table["observed"].sum()), fitted.currency), notes=fitted.notes,
                            currency=fitted.currency, universe=fitted.universe)  # fmt: skip


def _impossible(asked: Allocation, tables: Tables, fitted: CurvesAnswer, found: Found) -> AllocationAnswer:
    """Return an answer without a plan: which rules cannot hold together, and a way out."""
    headline, notes = words.impossible(asked, found.conflict, fitted.currency)
    empty = {name: tabled([], AllocationAnswer.fields[name]) for name in ("table", "curve", "cells", "rules")}
    return AllocationAnswer(question=asked, version=tables.version, headline=headline, frames=empty, notes=notes,
                            currency=fitted.currency, universe=fitted.universe)  # fmt: skip
