"""What does advertising bring: spend, clicks, conversions and what platforms claim, against the campaign before?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Answer, Note
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError
from analysis.estimates import Interval, relative, share
from analysis.fields import Field, Fields, Figure, described
from analysis.messages import N_, say
from analysis.money import Currency, currency_of, known
from analysis.periods import day_of, each_day, known_until
from analysis.question import Question
from analysis.results.against import (
    EVERY,
    GROUP,
    Daily,
    Days,
    by_day,
    campaigns_of,
    changes,
    compared_notes,
    fields_of,
    groups_of,
    grown,
    load,
    totals,
    trend,
    varied,
    whole_until,
)
from analysis.results.performance import chart, words
from analysis.tables import Tables, collect, count_if, sum_if
from analysis.values import Filter, currency_code, one_of, optional, value

COLUMNS = (N_("channel"), N_("campaign"), N_("creative"), N_("audience"), N_("phase"))
"""What spend can be split by."""
COUNTS = ("impressions", "clicks", "conversions", "attributed_revenue")
"""Columns that a report may lack."""
RATES: Mapping[str, tuple[str, str, float]] = MappingProxyType({
    "ctr": ("clicks", "impressions", 1.0),
    "cpm": ("spend", "impressions", 1000.0),
    "cpc": ("spend", "clicks", 1.0),
    "cvr": ("conversions", "clicks", 1.0),
    "cpa": ("spend", "conversions", 1.0),
    "roas": ("attributed_revenue", "spend", 1.0),
})  # fmt: skip
"""Each rate's sum, what it is divided by, and how many of these it is for."""

_FIGURES: Mapping[str, Field] = {
    "spend": Field(N_("Spend"), "money"),
    "impressions": Field(N_("Impressions"), "count"),
    "clicks": Field(N_("Clicks"), "count"),
    "ctr": Field(N_("Click-through rate (CTR)"), "share"),
    "cpm": Field(N_("Cost per thousand impressions (CPM)"), "money"),
    "cpc": Field(N_("Cost per click (CPC)"), "money"),
    "conversions": Field(N_("Conversions the platforms count"), "number"),
    "cvr": Field(N_("Conversion rate of clicks (CVR)"), "share"),
    "cpa": Field(N_("Cost per conversion (CPA)"), "money"),
    "attributed_revenue": Field(N_("Revenue the platforms claim"), "money"),
    "roas": Field(N_("ROAS, as claimed"), "ratio"),
}
_RATES = {
    "ctr_low": Field(N_("CTR: 95% from"), "share"), "ctr_high": Field(N_("CTR: 95% to"), "share"),
    "cpm_low": Field(N_("CPM: 95% from"), "money"), "cpm_high": Field(N_("CPM: 95% to"), "money"),
    "cpc_low": Field(N_("CPC: 95% from"), "money"), "cpc_high": Field(N_("CPC: 95% to"), "money"),
    "cvr_low": Field(N_("CVR: 95% from"), "share"), "cvr_high": Field(N_("CVR: 95% to"), "share"),
    "cpa_low": Field(N_("CPA: 95% from"), "money"), "cpa_high": Field(N_("CPA: 95% to"), "money"),
    "roas_low": Field(N_("ROAS: 95% from"), "ratio"), "roas_high": Field(N_("ROAS: 95% to"), "ratio"),
}  # fmt: skip


class Spread(NamedTuple):
    """What was spent day by day.

    Parameters
    ----------
    days : Series
        By local day, those without any left out; a row of several days stands on all of them alike.
    currency : str, optional
    unit : int
        Over how many days a row goes by which half of the money is told: what varies, and may be told apart, is
        stretches of as many.
    """

    days: pd.Series[float]
    currency: str | None
    unit: int


@value("performance")
class Performance(Question):
    """What was spent, what it bought and what platforms claim for it, beside the same days of the campaign before.

    Parameters
    ----------
    by : {"channel", "campaign", "creative", "audience", "phase"}, optional
        What spend is split by.
    every : {"day", "week", "month"}, optional
        The periods of the trend; without one, the whole at once.
    currency : str, optional
        That amounts are counted in; see :func:`analysis.money.currency_of`. Rows in others are left out altogether.
    where : Filter, optional
        Its dates are those on which periods begin. One campaign alone is compared.

    Notes
    -----
    Every rate is a ratio of sums, over the rows that say both. Its 95% interval is that of
    :func:`analysis.estimates.ratio_of_sums`, over days: they are what varies. A sum's change is the ratio of sums
    over the days compared; a rate's is put together from both intervals. ROAS is what platforms claim over what they
    cost (:func:`analysis.money.roas`), not what was realised.

    Examples
    --------
    >>> day = pd.Timestamp("2026-11-11")
    >>> spend = pd.DataFrame({"period_start": day, "period_end": day + pd.Timedelta(days=1), "channel": ["a", "a", "b"],
    ...                       "spend": [10.0, 30.0, 20.0], "currency": "CNY", "impressions": [1000, 1000, 500],
    ...                       "clicks": [10, 50, 20], "attributed_revenue": [50.0, 30.0, 60.0]})
    >>> Performance().run(Tables(spend=spend)).table[["group", "spend", "ctr", "roas"]].values.tolist()
    [['(total)', 60.0, 0.032, 2.3333333333333335], ['a', 40.0, 0.03, 2.0], ['b', 20.0, 0.04, 3.0]]
    """

    title: ClassVar[str] = N_("What does advertising bring?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"spend": ()})

    by: str | None = field(default="channel", metadata=optional(one_of(*COLUMNS)))
    every: str | None = field(default="day", metadata=optional(one_of(*EVERY)))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return what each channel brings for its money, over all of the time."""
        return cls(every=None)

    def own_trend(self, tables: Tables) -> tuple[pd.DataFrame, str | None]:
        """Return the answer's `trend` without the campaign before, and its currency, in a third of the time."""
        source = _Source.of(self, tables)
        return source.trend(source.looked_at(beside=False)), source.money.code

    def spread(self, tables: Tables) -> Spread:
        """Return what was spent on each day, whatever the filter's dates: a row of several days is about all of them.

        Examples
        --------
        >>> day = pd.to_datetime(["2026-11-01"])
        >>> spend = pd.DataFrame({"period_start": day, "period_end": day + pd.Timedelta(days=2), "channel": "tv",
        ...                       "spend": 30.0, "currency": "CNY"})
        >>> found = Performance().spread(Tables(spend=spend))
        >>> found.days.tolist(), found.currency, found.unit
        ([15.0, 15.0], 'CNY', 2)
        """
        undated = self.replace(where=self.where.replace(start=None, end=None) if self.where else None)
        return _Source.of(undated, tables).spread()

    def _answer(self, tables: Tables) -> PerformanceAnswer:
        if self.by:
            tables.require("spend", self.by)
        known(tables, self.currency, "spend")
        source = _Source.of(self, tables)
        daily = source.looked_at()
        table, rates = _table(daily)
        compared = campaigns_of(self.where, self.by, daily, source.daily)
        campaigns, change = _beside(compared)
        return PerformanceAnswer(
            question=self,
            version=tables.version,
            headline=words.headline(self.by, table, rates, campaigns, change, source.money.code),
            frames={
                "table": table,
                "rates": rates,
                "trend": source.trend(daily),
                "campaigns": campaigns,
                "change": change,
            },
            notes=(*source.notes(daily, table), *compared_notes(compared, tables, self.where, "spend")),
            currency=source.money.code,
            universe=tables.names(self.by) if self.by else (),
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class PerformanceAnswer(Answer):
    """All spend together, then each group, the one with most spend first.

    `rates` has the rates with their intervals; `trend` all by period, the campaign before on days called as those of
    this one; `campaigns` this campaign and the one before on the same days; `change` how far they are apart.
    """

    fields: ClassVar[Fields] = described(
        table={"group": GROUP, "days": Field(N_("Days with spend"), "count"), **_FIGURES},
        rates={"group": GROUP, **{c: own for r in RATES for c, own in (
            (r, _FIGURES[r]), *((f"{r}_{end}", _RATES[f"{r}_{end}"]) for end in ("low", "high")))}},
        **fields_of(_FIGURES, _FIGURES),
    )  # fmt: skip
    figures = (
        Figure("roas", ("group",), "roas_low", "roas_high", frame="rates"),
        Figure("spend", ("period", "group"), "", "", frame="trend"),
    )

    question: Performance
    universe: tuple[str, ...] = ()

    def _chart(self, look: Look) -> AnyChart:
        return chart.draw(self, self.question.by, self.question.every, self.universe, look)


# ---- the sums ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """The spend in the one currency that counts."""

    asked: Performance
    tables: Tables
    money: Currency

    @classmethod
    def of(cls, asked: Performance, tables: Tables) -> _Source:
        return cls(asked, tables, _currency(asked, tables))

    def daily(self, where: Filter | None, *, grouped: bool = False, beside: bool = True) -> Daily:
        """Return the sums under a filter and those of the campaign before."""
        return load(self.tables, where, "spend", self.sums, weight="spend", grouped=grouped, beside=beside)

    def looked_at(self, *, beside: bool = True) -> Daily:
        """Return what the question is about; there is something."""
        daily = self.daily(self.asked.where, grouped=bool(self.asked.by), beside=beside)
        if not len(daily.now):
            raise DataError.empty(say("No spend is left under these filters. Widen the dates or clear a filter."))
        return daily

    def trend(self, daily: Daily) -> pd.DataFrame:
        """Return the figures by period."""
        return _typed(trend(daily, self.asked.every, self.whole, _figures), "trend")

    @property
    def whole(self) -> pd.Timestamp:
        """The last day that is known to be whole."""
        return whole_until(known_until(self.tables, of=("spend",)), self.tables.zone)

    def rows(self, where: Filter | None) -> nw.LazyFrame[Any]:
        """Return the rows under a filter, amounts in the one currency, those of no use left out."""
        frame, held = self.tables.frame("spend", where), self.tables.present("spend")
        factor = self.money.factor("period_start")
        columns = {c: nw.col(c).cast(nw.Float64) if c in held else nw.lit(None, nw.Float64) for c in COUNTS}
        columns |= {"spend": nw.col("spend") * factor, "attributed_revenue": columns["attributed_revenue"] * factor}
        return frame.with_columns(**columns).filter(~nw.col("spend").is_null())

    def sums(self, where: Filter | None) -> pd.DataFrame:
        """Return what is summed, by day and group."""
        span = self.tables.span("spend")
        assert span is not None  # `needs` holds spend
        sums = {"spend": nw.col("spend").sum(), "rows": nw.len()}
        for column in COUNTS:
            sums |= {column: _sum(column, column), f"{column}_rows": _sum(column, None)}
            sums[f"{column}_spend"] = _sum(column, "spend")
        for rate, (top, of, _) in RATES.items():
            sums |= {f"{rate}_top": _sum(top, top, of), f"{rate}_of": _sum(of, of, top)}
        return by_day(self.rows(where), "period_start", self.asked.by, self.tables, span, **sums)

    def spread(self) -> Spread:
        """Return the spend of each local day, that of a row of several days on all of them alike."""
        span = self.tables.span("spend")
        assert span is not None  # `needs` holds spend
        rows = self.rows(self.asked.where).with_columns(day=day_of("period_start", self.tables.zone, *span))
        found = collect(rows.group_by("day", "period_start", "period_end").agg(spend=nw.col("spend").sum()))
        # Rounded: a day by another zone's clock is one day, not two halves; so is one on which clocks change.
        lasts = (found["period_end"] - found["period_start"]).dt.total_seconds() / (24 * 3600)
        days = lasts.round().clip(lower=1).astype(int)
        spend = found["spend"].astype(float)
        order = days.argsort()
        upto = spend.abs().iloc[order].cumsum()
        half = int(np.searchsorted(upto, upto.iloc[-1] / 2)) if len(upto) else 0
        unit = int(days.iloc[order].iloc[half]) if len(days) else 1
        each = each_day(found.assign(spend=spend / days), days)
        return Spread(each.groupby("day")["spend"].sum(), self.money.code, unit)

    def notes(self, daily: Daily, table: pd.DataFrame) -> tuple[Note, ...]:
        """Say what was left out, and the rules."""
        rows = self.rows(self.asked.where)
        lacking = {c: ~nw.col(c).is_null() for c in COUNTS}
        long = nw.col("period_end") > nw.col("period_start") + nw.lit(_A_DAY)
        told = {c: count_if(which) for c, which in lacking.items()}
        found = collect(rows.select(rows=nw.len(), long=count_if(long), **told)).iloc[0]
        without, sums = {c: int(found["rows"] - found[c]) for c in COUNTS}, totals(daily.now, "spend")
        return (
            *self.money.notes(say("spend")),
            *words.notes(
                self.asked.by,
                table,
                rows=int(found["rows"]),
                without=without,
                long=int(found["long"]),
                spent={c: sums["spend"] - sums[f"{c}_spend"] for c in COUNTS},
                currency=self.money.code,
            ),
        )


_A_DAY = pd.Timedelta(hours=25).to_pytimedelta()
"""As long as the longest day."""


def _currency(asked: Performance, tables: Tables) -> Currency:
    frame = tables.frame("spend", asked.where)
    return currency_of(tables, frame, asked.currency, amount="spend", at="period_start")


def _sum(known_: str, what: str | None, *also: str) -> nw.Expr:
    """Sum a column (or count rows) over the rows that have one, and the others named."""
    which = ~nw.col(known_).is_null()
    for column in also:
        which = which & ~nw.col(column).is_null()
    return sum_if(which, nw.col(what) if what else nw.lit(1.0))


# ---- the figures ------------------------------------------------------------------------------------------


def _figures(sums: pd.DataFrame) -> pd.DataFrame:
    """Return the figures that sums stand for, row by row; what no row says stays empty."""
    figures = sums.copy()
    for column in COUNTS:
        figures[column] = sums[column].where((sums[f"{column}_rows"] > 0) | (sums["rows"] == 0))
    for rate, (_, _, times) in RATES.items():
        figures[rate] = times * share(sums[f"{rate}_top"], sums[f"{rate}_of"])
    return figures[list(_FIGURES)]


def _typed(table: pd.DataFrame, frame: str) -> pd.DataFrame:
    counts = {c: "Int64" for c in ("impressions", "clicks", "days") if c in table}
    money = {c: 6 for c in ("spend", "attributed_revenue") if c in table}
    return table.round(money).astype(counts)[list(PerformanceAnswer.fields[frame])]


def _table(daily: Daily) -> tuple[pd.DataFrame, pd.DataFrame]:
    sums = totals(daily.now, "spend")
    spent = daily.now[daily.now["spend"] > 0]
    days = spent.groupby("group")["day"].nunique()
    days[TOTAL] = spent["day"].nunique()
    table = _figures(sums).assign(days=days.reindex(sums.index, fill_value=0)).reset_index()
    rates, days_of = pd.DataFrame({"group": sums.index}), Days(daily.now, *daily.days)
    for rate in RATES:
        found = [rate_of(days_of[group], rate).floats() for group in sums.index]
        rates[rate], rates[f"{rate}_low"], rates[f"{rate}_high"] = np.array(found).T
    return _typed(table, "table"), _typed(rates, "rates")


def rate_of(days: pd.DataFrame, rate: str) -> Interval:
    """Return a rate with its interval, the days being what varies."""
    value_, low, high = varied(*(days[f"{rate}_{part}"].to_numpy(float) for part in ("top", "of"))).times(
        RATES[rate][2]
    )
    return Interval(value_, np.maximum(low, 0.0), high)


# ---- beside the campaign before ---------------------------------------------------------------------------


def _beside(compared: list[Daily]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return this campaign and the one before on the same days, and how far they are apart."""
    frames = [pd.DataFrame(columns=list(PerformanceAnswer.fields["campaigns"]))]
    ratios = dict[tuple[str, str], Interval]()
    for daily in compared:
        assert daily.same is not None  # it is compared
        same, groups = daily.same, groups_of(daily, "spend")
        for name, days, part in ((same.campaign, same.days, daily.alike), (same.before, same.earlier, daily.before)):
            figures = _figures(totals(part).reindex(groups, fill_value=0.0)).reset_index()
            frames.append(figures.assign(campaign=name, first=pd.Timestamp(days[0]), last=pd.Timestamp(days[1])))
        ratios |= dict(_ratios(daily, groups))
    campaigns = pd.concat(frames[1:] or frames, ignore_index=True)
    return _typed(campaigns, "campaigns"), changes(ratios)


def _ratios(daily: Daily, groups: list[str]) -> Iterator[tuple[tuple[str, str], Interval]]:
    """Yield each group's figures over those of the same days before."""
    now, then = daily.pair
    for group in groups:
        for figure in ("spend", *COUNTS):
            yield (group, figure), grown(now[group], then[group], figure)
        for rate in RATES:
            yield (group, rate), relative(rate_of(now[group], rate), rate_of(then[group], rate))
