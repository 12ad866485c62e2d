"""How long does it take until what a new customer costs has come back as margin, by channel and by cohort?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
import pandas as pd

from analysis.answer import Answer
from analysis.audience.payback import chart, words
from analysis.audience.payback.cohorts import Cohorts, cohorts_of
from analysis.audience.payback.definition import PaybackDefinition
from analysis.audience.payback.sides import Sides
from analysis.charts import GROUP_WORDS, TOTAL, AnyChart, Look
from analysis.estimates import Moments, mean
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, say
from analysis.tables import Tables
from analysis.values import value


@value("payback")
class Payback(PaybackDefinition):
    """What was spent on each new customer beside the margin they brought since, week by week.

    Parameters
    ----------
    every : {"week", "month"}, optional
        The periods whose new customers make a cohort.
    weeks : int, optional
        How long after their first purchase customers are looked at; by default as long as at least half of them were.
    margin : float, optional
        Share of revenue that is left after the cost of the goods, 0 to 1; by default the campaign's.
    by : {"channel"}, optional
        Whether channels are set beside each other; a customer is of the channel of the first order.
    currency : str, optional
        That money is counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Its dates are those of the first purchase and of spend; its columns say which purchases count, the first one
        among them, and which spend, as far as spend has them.

    Notes
    -----
    A customer is new with the first purchase in all of the data. Purchases and what is left of them after refunds are
    those of :func:`analysis.purchases.purchases`. Spend of periods of several days is spread evenly over them.

    Cohorts count whose period is whole in both tables. All together and each channel are of those cohorts alone that
    were observed for all the weeks, so everybody had the same time; a cohort by itself is told as far as it was
    observed. Week 1 is the day of the first purchase and the six after it.

    Spend and customers are counted, margin per customer varies: its interval is :func:`analysis.estimates.mean`. The
    week of payback is the first whose margin reaches the cost; its bounds are the first weeks in which the interval's
    upper and lower end do, so it is empty where that does not happen within the weeks.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-11-02", "2026-11-03", "2026-11-12", "2026-11-30"])
    >>> orders = pd.DataFrame({"order_id": list("abcd"), "user_id": ["u", "v", "u", "w"], "timestamp": days,
    ...                        "paid_at": days, "revenue": [40.0, 60.0, 100.0, 9.0], "currency": "CNY"})
    >>> spend = pd.DataFrame({"period_start": days[:1], "period_end": days[:1] + pd.Timedelta(days=7), "channel": "tv",
    ...                       "spend": 100.0, "currency": "CNY"})
    >>> answer = Payback(weeks=2, margin=0.5, by=None).run(Tables(orders=orders, spend=spend))
    >>> answer.frame("curve")[["week", "margin", "cost"]].round(6).values.tolist()
    [[1.0, 25.0, 50.0], [2.0, 50.0, 50.0]]
    >>> answer.table["week"].tolist()
    [2.0]
    """

    title: ClassVar[str] = N_("When has a new customer paid back what they cost?")
    of_all: ClassVar[bool] = True

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return when customers pay back, channel by channel where their orders say which it was."""
        return cls(by="channel" if "channel" in tables.present("orders") else None)

    def _answer(self, tables: Tables) -> PaybackAnswer:
        sides = Sides.of(self, tables)
        cohorts = cohorts_of(self, sides)
        weeks = self.weeks or _usual(cohorts)
        curve = _curve(cohorts, weeks)
        table = _table(cohorts, curve, weeks)
        return PaybackAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(table, weeks, sides.bought.currency.code),
            frames={"table": table, "curve": curve, "cohorts": _each_cohort(cohorts)},
            notes=(
                *sides.bought.notes,
                *sides.paid_in.notes(say("spend")),
                *words.notes(table, cohorts.rows, weeks, sides.margin, sides.begun, spread=sides.spread),
            ),
            currency=sides.bought.currency.code,
            weeks=weeks,
            universe=tables.names("channel"),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class PaybackAnswer(Answer):
    """All cohorts that had the whole time, then each channel's; "curve" has them week by week.

    `cost` is spend per new customer, `margin` what one brought within the weeks, with 95% bounds, and `back` the share
    of the spend that came back. `week` is the week of payback, `soonest` and `latest` its bounds; NaN is not within the
    weeks. "cohorts" has each cohort as far as it was observed.
    """

    fields: ClassVar[Fields] = described(
        table={
            "group": Field(N_("Group"), "text", GROUP_WORDS, of="channel"),
            "cohorts": Field(N_("Cohorts"), "count"),
            "customers": Field(N_("New customers"), "count"),
            "spend": Field(N_("Spend"), "money"),
            "cost": Field(N_("Spend per new customer"), "money"),
            "margin": Field(N_("Margin per new customer"), "money"),
            **bounds("money"),
            "back": Field(N_("Share of the spend that came back"), "share"),
            "week": Field(N_("Week of payback"), "count"),
            "soonest": Field(N_("Week of payback: 95% from"), "count"),
            "latest": Field(N_("Week of payback: 95% to"), "count"),
        },
        curve={
            "group": Field(N_("Group"), "text", GROUP_WORDS, of="channel"),
            "week": Field(N_("Week since the first purchase"), "count"),
            "margin": Field(N_("Margin per new customer"), "money"),
            **bounds("money"),
            "cost": Field(N_("Spend per new customer"), "money"),
        },
        cohorts={
            "group": Field(N_("Group"), "text", GROUP_WORDS, of="channel"),
            "cohort": Field(N_("First purchase from day"), "day"),
            "customers": Field(N_("New customers"), "count"),
            "spend": Field(N_("Spend"), "money"),
            "cost": Field(N_("Spend per new customer"), "money"),
            "observed": Field(N_("Weeks observed"), "count"),
            "margin": Field(N_("Margin per new customer"), "money"),
            **bounds("money"),
            "week": Field(N_("Week of payback"), "count"),
            "soonest": Field(N_("Week of payback: 95% from"), "count"),
            "latest": Field(N_("Week of payback: 95% to"), "count"),
        },
    )
    figures = (Figure("margin", ("group",), n="customers"), Figure("margin", ("group", "week"), frame="curve"))

    question: Payback
    weeks: int
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        return chart.draw(
            self.table, self.frame("curve"), self.plot("curve", look), self.universe, describe=look(self.headline)
        )


def _usual(cohorts: Cohorts) -> int:
    """Return for how many weeks at least half of the new customers were observed; one at least."""
    rows = cohorts.rows[cohorts.rows["group"] == TOTAL].sort_values("observed", ascending=False)
    share = rows["customers"].cumsum() / rows["customers"].sum()
    return max(int(rows["observed"][share >= 0.5].iloc[0]), 1)


def _curve(cohorts: Cohorts, weeks: int) -> pd.DataFrame:
    """Return margin per customer by week, of the cohorts that had all the weeks."""
    rows, parts = cohorts.rows, []
    for group in dict.fromkeys(rows["group"]):
        which = ((rows["group"] == group) & (rows["observed"] >= weeks)).to_numpy()
        customers, spend = int(rows["customers"][which].sum()), float(rows["spend"][which].sum())
        if customers:
            found = mean(cohorts.joined(which, weeks), least=0.0)
            parts.append(pd.DataFrame({
                "group": group, "week": np.arange(1, weeks + 1), "margin": found.value, "low": found.low,
                "high": found.high, "cost": spend / customers if spend else np.nan,
            }))  # fmt: skip
    columns = list(PaybackAnswer.fields["curve"])
    if not parts:
        return pd.DataFrame(columns=columns).astype({"group": object, "week": "int64",
                                                     **dict.fromkeys(columns[2:], float)})  # fmt: skip
    return pd.concat(parts, ignore_index=True)[columns]


def _table(cohorts: Cohorts, curve: pd.DataFrame, weeks: int) -> pd.DataFrame:
    rows = []
    for group, own in cohorts.rows.groupby("group", sort=False):
        whole = own[own["observed"] >= weeks]
        line = curve[curve["group"] == group]
        customers, spend = int(whole["customers"].sum()), float(whole["spend"].sum())
        last = line.iloc[-1] if len(line) else pd.Series(np.nan, ["margin", "low", "high", "cost"])
        back = float(last["margin"]) * customers / spend if spend and customers else np.nan
        rows.append((group, len(whole), customers, spend, float(last["cost"]), float(last["margin"]),
                     float(last["low"]), float(last["high"]), back, *_weeks(line)))  # fmt: skip
    table = pd.DataFrame(rows, columns=list(PaybackAnswer.fields["table"]))
    first = table["group"] == TOTAL
    return pd.concat([table[first], table[~first].sort_values("spend", ascending=False, kind="stable")],
                     ignore_index=True)  # fmt: skip


_CENT = 1e-9
"""What floats may lack of a cost that was paid back to the last cent."""


def _weeks(line: pd.DataFrame) -> tuple[float, float, float]:
    """Return the first weeks in which the margin, and its interval's upper and lower end, reach the cost."""
    if line.empty or not np.isfinite(line["cost"].iloc[0]):
        return np.nan, np.nan, np.nan
    found = []
    for column in ("margin", "high", "low"):
        there = line["week"][line[column] >= line["cost"] * (1 - _CENT)]
        found.append(float(there.iloc[0]) if len(there) else np.nan)
    return found[0], found[1], found[2]


def _each_cohort(cohorts: Cohorts) -> pd.DataFrame:
    """Return each cohort as far as it was observed."""
    table = pd.DataFrame([_one_cohort(cohorts, place) for place in range(len(cohorts.rows))])
    return pd.concat([cohorts.rows, table], axis=1)[list(PaybackAnswer.fields["cohorts"])]


def _one_cohort(cohorts: Cohorts, place: int) -> dict[str, float]:
    """Return what one cohort cost and has brought, and when it had paid back."""
    observed, customers, spend = (float(cohorts.rows[name].iloc[place]) for name in ("observed", "customers", "spend"))
    cost = spend / customers if spend and customers else np.nan
    found = dict.fromkeys(("margin", "low", "high", "week", "soonest", "latest"), np.nan) | {"cost": cost}
    if not observed or not customers:
        return found
    line = mean(Moments(*(part[place, : int(observed)] for part in cohorts.sums)), least=0.0)
    frame = pd.DataFrame({"week": np.arange(1, int(observed) + 1), "margin": line.value, "low": line.low,
                          "high": line.high, "cost": cost})  # fmt: skip
    ends = {name: float(frame[name].iloc[-1]) for name in ("margin", "low", "high")}
    return found | ends | dict(zip(("week", "soonest", "latest"), _weeks(frame), strict=True))
