"""How do several plans compare, side by side?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.budget.allocation.question import Allocation
from analysis.budget.allocation.words import better
from analysis.budget.curves.question import tabled
from analysis.budget.scenario import Scenario
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, Money, say
from analysis.question import Question
from analysis.tables import Tables
from analysis.values import Metadata, value

MOST = 8
"""Plans that are compared at once."""
AS_SPENT, BEST = N_("as spent"), N_("best split")
KEPT = ("claims-exceed-orders", "claims-scaled", "out-of-time", "two-bases", "attributed-revenue")


def _plans() -> Metadata:
    def check(name: str, got: object) -> tuple[tuple[str, Question], ...]:
        pairs = tuple(got.items()) if isinstance(got, Mapping) else got
        if not isinstance(pairs, (tuple, list)) or not all(isinstance(p, (tuple, list)) and len(p) == 2 for p in pairs):
            raise QuestionError.field(name, got, say("it must map names to plans."))
        found = tuple((str(label), plan) for label, plan in pairs)
        if len(found) > MOST or len({label for label, _ in found}) < len(found):
            raise QuestionError.field(
                name, len(found), say("give up to {n} plans, each under a name of its own.", n=MOST)
            )
        for _, plan in found:
            if not isinstance(plan, (Allocation, Scenario)):
                raise QuestionError.field(name, plan, say("it must be a {kind}.", kind="Allocation, Scenario"))
        return found

    return {"check": check}


@value("plans")
class Plans(Question):
    """Named plans beside each other and beside the spend as it was.

    Parameters
    ----------
    plans : mapping of str to Allocation or Scenario
        Up to eight, each as it is kept; without any, the best split.
    where : Filter, optional
        For the plans that have none of their own.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2026-09-21", periods=60)
    >>> spend = 100 * np.exp(0.5 * np.random.default_rng(1).standard_normal(60))
    >>> report = pd.DataFrame({
    ...     "period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": "search", "currency": "CNY",
    ...     "spend": spend, "attributed_revenue": 900 * spend / (100 + spend) * (1 + 0.05 * np.sin(spend)),
    ... })
    >>> table = Plans(plans={"half": Scenario(spend={"search": 3000})}).run(Tables(spend=report)).table
    >>> table["plan"].tolist(), bool(table["change"].iloc[1] < 0)
    (['as spent', 'half'], True)
    """

    title: ClassVar[str] = N_("Which plan is better?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    plans: tuple[tuple[str, Question], ...] = field(default=(), metadata=_plans())

    @property
    def heavy(self) -> bool:
        """Whether an answer takes the processor for a second or so."""
        return True

    def _answer(self, tables: Tables) -> PlansAnswer:
        answers = {
            label: plan.filtered(self.where)._answer(tables) for label, plan in self.plans or ((BEST, Allocation()),)
        }
        rows, channels = [], []
        for label, answer in answers.items():
            if not len(answer.table):
                raise DataError.empty(say("{plan}: its rules cannot all hold. Mend it on Best split.", plan=label))
            if not answer.table["revenue"].notna().any():
                raise DataError.empty(answer.headline)
            rows.append(_row(label, answer.table.iloc[-1]))
            each = answer.table[answer.table["channel"] != TOTAL]
            channels.append(each[["channel", "observed", "spend"]].assign(plan=label))
        first = next(iter(answers.values()))
        table = tabled([_as_spent(first.table.iloc[-1]), *rows], PlansAnswer.fields["table"])
        return PlansAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table, first.currency),
            frames={
                "table": table,
                "channels": pd.concat(channels, ignore_index=True)[["plan", "channel", "observed", "spend"]],
            },
            notes=tuple(note for note in first.notes if note.code in KEPT) + _differing(table),
            currency=first.currency,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class PlansAnswer(Answer):
    """One row a plan, the first the spend as it was; frame "channels" has each plan's spend by channel."""

    fields: ClassVar[Fields] = described(
        table={
            "plan": Field(N_("Plan"), "text", {AS_SPENT: AS_SPENT, BEST: BEST}),
            "spend": Field(N_("Spend"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            **bounds("money"),
            "change": Field(N_("Change in revenue"), "money"),
            "change_low": Field(N_("Change, 95% from"), "money"),
            "change_high": Field(N_("Change, 95% to"), "money"),
            "roi": Field(N_("ROI (of claims: ROAS)"), "ratio"),
            "beyond": Field(N_("Change that lies beyond the spend observed"), "money"),
        },
        channels={
            "plan": Field(N_("Plan"), "text", {BEST: BEST}),
            "channel": Field(N_("Channel"), "text", of="channel"),
            "observed": Field(N_("Observed spend"), "money"),
            "spend": Field(N_("Planned spend"), "money"),
        },
    )
    figures = (Figure("revenue", ("plan",), "low", "high"),)

    question: Plans

    def _chart(self, look: Look) -> AnyChart:
        table = self.frame("table")
        plot = self.plot("table", look)
        named = plot.named(table)
        base = alt.Chart(named).encode(y=charts.rows("plan_name", list(named["plan_name"])))
        bars = base.mark_bar(color=charts.ACCENT, opacity=0.85).encode(
            x=plot.x("revenue", scale=alt.Scale(zero=True)),
            tooltip=plot.tips("plan", "spend", "revenue", "low", "high", "change", "roi"),
        )
        drawn = alt.layer(bars, charts.whiskers(base, look))
        return charts.finish(drawn, look, describe=look(self.headline), height=44 * len(table) + 40)


def _row(label: str, sums: pd.Series[float]) -> dict[str, object]:
    names = ("spend", "revenue", "low", "high", "change", "change_low", "change_high", "roi", "beyond")
    return {"plan": label, **{name: sums[name] for name in names}}


def _as_spent(sums: pd.Series[float]) -> dict[str, object]:
    revenue = float(sums["revenue"] - sums["change"])
    return {"plan": AS_SPENT, "spend": sums["observed"], "revenue": revenue, "low": None, "high": None, "change": 0.0,
            "change_low": 0.0, "change_high": 0.0, "roi": revenue / sums["observed"], "beyond": 0.0}  # fmt: skip


def _headline(table: pd.DataFrame, currency: str | None) -> Message:
    own = table.iloc[1:]
    best = own.sort_values("revenue", kind="stable").iloc[-1]
    amounts = ("spend", "revenue", "change", "change_low", "change_high")
    facts: dict[str, object] = {name: Money(float(best[name]), currency) for name in amounts}
    facts["best"] = say(str(best["plan"])) if best["plan"] == BEST else str(best["plan"])
    if better(best):
        return say("{best} brings most: {revenue} on {spend}, {change} more ({change_low} to {change_high}) than as "
                   "spent.", **facts)  # fmt: skip
    return say("None of these plans can be shown to bring more than the spend as it was; {best} is expected to bring "
               "{revenue} on {spend}.", **facts)  # fmt: skip


def _differing(table: pd.DataFrame) -> tuple[Note, ...]:
    if table["spend"].max() <= 1.01 * table["spend"].min():
        return ()
    text = say(
        "The plans spend different amounts: look at ROI and at what the money not spent could do elsewhere, too."
    )
    return (Note("other-totals", text, "warning"),)
