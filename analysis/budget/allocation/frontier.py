"""What would more or less budget bring, each time split best?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis import charts
from analysis.answer import Answer, Note
from analysis.budget.allocation import words
from analysis.budget.allocation.question import Allocation, AllocationAnswer
from analysis.budget.curves.question import tabled
from analysis.charts import AnyChart, Look
from analysis.errors import DataError
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.later import alt
from analysis.messages import N_, Message, Money, say
from analysis.question import Question
from analysis.store.watch import watching
from analysis.tables import Tables
from analysis.values import a, number, value, whole

_POINT = {"present": N_("as spent"), "best": N_("split best")}
KEPT = ("claims-exceed-orders", "claims-scaled", "out-of-time", "attributed-revenue")


@value("budget-frontier")
class Frontier(Question):
    """The best revenue at each budget, beside what the present split brings.

    Parameters
    ----------
    plan : Allocation
        Its rules, days and curves; its goal and total are left aside.
    least, most : float
        Budgets looked at, as multiples of what was spent.
    points : int
        How many.
    where : Filter, optional
        Where the plan has none.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2026-09-21", periods=60)
    >>> spend = 100 * np.exp(0.5 * np.random.default_rng(1).standard_normal(60))
    >>> report = pd.DataFrame({
    ...     "period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": "search", "currency": "CNY",
    ...     "spend": spend, "attributed_revenue": 900 * spend / (100 + spend) * (1 + 0.05 * np.sin(spend)),
    ... })
    >>> table = Frontier(points=4).run(Tables(spend=report)).table
    >>> bool((table["revenue"].diff().dropna() > 0).all()), bool((table["price"].diff().dropna() < 0).all())
    (True, True)
    """

    title: ClassVar[str] = N_("What would more or less budget bring?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    plan: Allocation = field(default_factory=Allocation, metadata=a(Allocation))
    least: float = field(default=0.4, metadata=number(above=0, most=1))
    most: float = field(default=1.6, metadata=number(least=1, most=10))
    points: int = field(default=9, metadata=whole(least=3, most=40))

    @property
    def heavy(self) -> bool:
        """Whether an answer takes the processor for a second or so."""
        return True

    def _answer(self, tables: Tables) -> FrontierAnswer:
        asked = self.plan.replace(goal="revenue", target=None, total=None, caution=0.0)
        asked = asked.filtered(self.where)
        present = _best(asked, tables, None)
        if not present.table["revenue"].notna().any():  # no curve, or rules that cannot hold
            raise DataError.empty(present.headline)
        observed = float(present.table["observed"].iloc[-1])
        totals = observed * np.linspace(self.least, self.most, self.points)
        watching().expect(len(totals))
        found = []
        for total in totals:
            found.append((total, _best(asked, tables, float(total))))
            watching().step(1)
        rows = [_row(total, answer) for total, answer in found if len(answer.table)]
        if not rows:
            raise DataError.empty(say("At none of these budgets can the rules hold. Take one of them away."))
        table = tabled(rows, FrontierAnswer.fields["table"])
        margin = tables.campaign.margin if tables.campaign else None
        return FrontierAnswer(
            question=self,
            version=tables.version,
            headline=_headline(table, present, margin),
            frames={"table": table, "present": _present(present.table.iloc[-1])},
            notes=_notes(present, table, len(found) - len(rows)),
            currency=present.currency,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class FrontierAnswer(Answer):
    """One row a budget: what it brings, split best, and what the next unit earns there (`price`).

    No price is told where rules and reach leave the next unit no place: it would not be spent, which is not that it
    would earn nothing.
    """

    fields: ClassVar[Fields] = described(
        table={
            "spend": Field(N_("Budget"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            **bounds("money"),
            "roi": Field(N_("ROI (of claims: ROAS)"), "ratio"),
            "price": Field(N_("What the next unit earns"), "ratio"),
        },
        present={
            "spend": Field(N_("Spend"), "money"),
            "revenue": Field(N_("Expected revenue"), "money"),
            "roi": Field(N_("ROI (of claims: ROAS)"), "ratio"),
            "point": Field(N_("Point"), "text", _POINT),
        },
    )
    figures = (Figure("revenue", ("spend",), "low", "high"),)

    question: Frontier

    def _chart(self, look: Look) -> AnyChart:
        table, point = self.frame("table"), self.frame("present")
        plot, both = self.plot("table", look), self.plot("present", look)
        x, y = plot.x("spend", scale=alt.Scale(zero=False)), plot.y("revenue", scale=alt.Scale(zero=False))
        band = (
            alt.Chart(table)
            .mark_area(opacity=0.16, color=charts.ACCENT)
            .encode(x=x, y=alt.Y("low:Q"), y2=alt.Y2("high:Q"))
        )
        line = alt.Chart(table).mark_line(strokeWidth=2.5, color=charts.ACCENT, point=True).encode(
            x=x, y=y, tooltip=plot.tips("spend", "revenue", "low", "high", "roi", "price")
        )  # fmt: skip
        spent = alt.Chart(both.named(point)).encode(x=x, y=y)
        mark = spent.mark_point(size=120, filled=True, opacity=1, color=charts.LOSS).encode(
            tooltip=both.tips("point", "spend", "revenue", "roi")
        )
        name = spent.mark_text(align="left", dx=9, color=look.ink).encode(text=alt.Text("point_name:N"))
        return charts.finish(alt.layer(band, line, mark, name), look, describe=look(self.headline), height=360)


def _best(asked: Allocation, tables: Tables, total: float | None) -> AllocationAnswer:
    return asked.replace(total=total)._answer(tables)


def _row(total: float, answer: AllocationAnswer) -> dict[str, object]:
    sums, rules = answer.table.iloc[-1], answer.frame("rules")
    price = rules.loc[rules["rule"] == words.rule_text(words.WHOLE), "price"]
    # Curves rise all the way, so the next unit earns nothing only where it has no place.
    placed = len(price) and price.iloc[0] > 1e-6
    return {"spend": total, **{name: sums[name] for name in ("revenue", "low", "high", "roi")},
            "price": float(price.iloc[0]) if placed else None}  # fmt: skip


def _present(sums: pd.Series[float]) -> pd.DataFrame:
    row = {"spend": sums["observed"], "revenue": sums["was"], "roi": sums["roi_was"], "point": "present"}
    return tabled([row], FrontierAnswer.fields["present"])


def _headline(table: pd.DataFrame, present: AllocationAnswer, margin: float | None) -> Message:
    first = _split(table, present)
    rest = _break_even(table.dropna(subset="price"), 1 / margin if margin else 1.0, present.currency)
    return say("{first} {rest}", first=first, rest=rest) if rest else first


def _split(table: pd.DataFrame, present: AllocationAnswer) -> Message:
    """Say what the best split of the spend as it was brings, where it can be shown to be better."""
    now, currency = present.table.iloc[-1], present.currency
    if not words.better(now):
        return words.no_better(now, currency)
    spend, revenue = table["spend"].to_numpy(), table["revenue"].to_numpy()
    facts: dict[str, object] = {
        "spend": Money(float(now["observed"]), currency),
        "more": Money(float(now["change"]), currency),
    }
    if not revenue[0] <= now["was"] <= revenue[-1]:
        return say("Split best, the same {spend} brings {more} more.", **facts)
    less = float(np.interp(now["was"], revenue, spend))
    return say("What {spend} brought could be had for {less}, split best; the same {spend} brings {more} more.",
               less=Money(less, currency), **facts)  # fmt: skip


def _break_even(priced: pd.DataFrame, floor: float, currency: str | None) -> Message | None:
    """Say from which budget on the next unit does not pay for itself, of those at which what it earns is told."""
    spend, price = (priced[name].to_numpy(float) for name in ("spend", "price"))
    if not len(price):
        return None
    if (price >= floor).all():
        return say("Up to {most}, as far as is told, the next unit earns {floor} or more and so pays for itself.",
                   most=Money(float(spend[-1]), currency), floor=floor)  # fmt: skip
    if (price < floor).all():
        return say("At every budget looked at the next unit earns less than {floor}, what it must bring to pay for "
                   "itself.", floor=floor)  # fmt: skip
    most = float(np.interp(-floor, -price, spend))
    return say("Beyond {most} the next unit earns less than {floor}, what it must bring to pay for itself.",
               most=Money(most, currency), floor=floor)  # fmt: skip


def _notes(present: AllocationAnswer, table: pd.DataFrame, impossible: int) -> tuple[Note, ...]:
    told = [note for note in present.notes if note.code in KEPT]
    if impossible:
        text = say("{n} of the budgets are left out: the rules cannot hold there.", n=impossible)
        told.append(Note("impossible", text, "missing"))
    full = table[table["price"].isna()]
    if len(full):
        text = say("From {spend} on the next unit has no place: every channel is at the most that rules and reach "
                   "allow, so what it would earn is not told.",
                   spend=Money(float(full["spend"].iloc[0]), present.currency))  # fmt: skip
        told.append(Note("no-place", text, "missing"))
    text = say("Pay for itself: at the campaign's margin where it has one, else in revenue alone.")
    return (*told, Note("pays", text))
