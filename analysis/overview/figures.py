"""Which figures tell how a campaign goes, and what does each one's own question answer?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.charts import TOTAL
from analysis.estimates import UNKNOWN, Interval, clear, doubt, ratio, relative
from analysis.fields import Field
from analysis.messages import N_
from analysis.overview.parts import Parts
from analysis.question import Question

FIGURES: Mapping[str, Field] = MappingProxyType({
    "realised": Field(N_("Realised revenue"), "money"),
    "paid": Field(N_("Paid orders"), "count"),
    "conversion": Field(N_("Conversion"), "share"),
    "aov": Field(N_("Average order value"), "money"),
    "refund_rate": Field(N_("Refund rate"), "share"),
    "spend": Field(N_("Spend"), "money"),
    "roi": Field(N_("ROI"), "ratio"),
    "new_buyers": Field(N_("New buyers"), "count"),
    "private_share": Field(N_("Private domain's share of visits"), "share"),
    "created": Field(N_("Orders created"), "count"),
    "paid_rate": Field(N_("Paid, of orders created"), "share"),
    "returning_buyers": Field(N_("Returning buyers"), "count"),
    "roas": Field(N_("ROAS, as claimed"), "ratio"),
    "impressions": Field(N_("Impressions"), "count"),
    "clicks": Field(N_("Clicks"), "count"),
    "ctr": Field(N_("Click-through rate (CTR)"), "share"),
    "cpc": Field(N_("Cost per click (CPC)"), "money"),
    "conversions": Field(N_("Conversions the platforms count"), "count"),
    "cpa": Field(N_("Cost per conversion (CPA)"), "money"),
    "entered": Field(N_("People at the funnel's first step"), "count"),
    "converted": Field(N_("People at its last step"), "count"),
    "returned": Field(N_("Came back a period later"), "share"),
})  # fmt: skip
"""Every figure there may be, in the order they stand in."""
SUMS = frozenset({"realised", "paid", "spend", "new_buyers", "created", "returning_buyers", "impressions", "clicks",
                  "conversions", "entered", "converted"})  # fmt: skip
"""Figures that grow while a campaign runs."""
LESS = frozenset({"refund_rate", "cpa", "cpc"})
"""Figures of which less is better."""
NEITHER = frozenset({"spend", "impressions"})
"""Figures of which neither more nor less is better by itself."""
PEOPLE = frozenset({"new_buyers", "returning_buyers"})
"""Figures of people who are counted once over all days: their days do not tell how much they vary."""

SOURCES = "sources"
"""Stands among the figures' questions for the one that says who brings what."""
_MAIN = tuple(FIGURES)[:9]
_FURTHER: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "orders": ("created", "paid_rate", "returning_buyers"),
    "spend": ("roas", "conversions", "cpa", "clicks", "ctr", "cpc", "impressions"),
    "events": ("entered", "converted", "returned"),
})  # fmt: skip
"""What a table tells beside the main figures, shown where another table is not there."""
_OF_ORDERS = ("realised", "paid", "aov", "refund_rate", "new_buyers", *_FURTHER["orders"])
_OF_SPEND = ("spend", *_FURTHER["spend"])


def table_of(figure: str) -> str | None:
    """Return the table that a figure is told from; None of one that two tell together.

    Examples
    --------
    >>> [table_of(figure) for figure in ("aov", "cpc", "conversion", "roi")]
    ['orders', 'spend', 'events', None]
    """
    if figure == "roi":
        return None
    return "orders" if figure in _OF_ORDERS else "spend" if figure in _OF_SPEND else "events"


class Standing(NamedTuple):
    """Where a figure stands.

    Parameters
    ----------
    figure : str
        A key of :data:`FIGURES`.
    now : Interval
        Without bounds where it is a count.
    then : float
        On the same days of the campaign before; NaN where nothing is compared.
    alike : float
        Of this campaign, on the days compared.
    change : Interval
        As a share of `then`; without bounds where chance is not told.
    clear : bool
        Whether chance does not explain the change, all figures considered.
    """

    figure: str
    now: Interval
    then: float = np.nan
    alike: float = np.nan
    change: Interval = UNKNOWN
    clear: bool = False

    @property
    def better(self) -> bool | None:
        """Whether the change is for the better; None where it may be chance, or is neither."""
        if not self.clear or self.figure in NEITHER:
            return None
        return bool((self.change.value > 0) != (self.figure in LESS))


def standings(parts: Parts) -> tuple[Standing, ...]:
    """Return where each figure stands that the tables tell, those that differ by more than chance marked.

    Parameters
    ----------
    parts : Parts
    """
    told = {one.figure: one for source in _SOURCES for one in source(parts)}
    held = {"orders": parts.sales, "spend": parts.performance, "events": parts.funnel or parts.came}
    wanted = [*_MAIN]
    if any(part is None for part in held.values()):
        wanted += [figure for table, part in held.items() if part is not None for figure in _FURTHER[table]]
    found = [told[figure] for figure in wanted if figure in told and np.isfinite(told[figure].now.value)]
    ratios = [Interval(*(1 + bound for bound in one.change)) for one in found]
    own = [bool(one.change.low > 0 or one.change.high < 0) for one in found]
    # With nothing changed one of nine figures would move in every third campaign.
    stands = clear([float(doubt(each)) for each in ratios])
    return tuple(one._replace(clear=bool(a and b)) for one, a, b in zip(found, own, stands, strict=True))


def questions(parts: Parts) -> dict[str, Question]:
    """Return by figure the question whose answer it is; that of ROI says it by channel."""
    found: dict[str, Question] = {}
    if parts.sales is not None:
        found |= dict.fromkeys(_OF_ORDERS, parts.sales.question)
    if parts.performance is not None:
        found |= dict.fromkeys(_OF_SPEND, parts.performance.question)
    if parts.funnel is not None:
        found |= dict.fromkeys(("conversion", "entered", "converted"), parts.funnel.question)
    if parts.private is not None:
        found["private_share"] = parts.private
    if parts.returns is not None:
        found |= {SOURCES: parts.returns, "roi": parts.returns}
    if parts.retention is not None:
        found["returned"] = parts.retention.question
    return found


# ---- what each question answers ---------------------------------------------------------------------------


def _of_sales(parts: Parts) -> Iterator[Standing]:
    if parts.sales is None:
        return
    table, bounds = parts.sales.table, {"paid_rate": "paid", "refund_rate": "refund", "aov": "aov"}
    campaigns, change = parts.sales.frame("campaigns"), parts.sales.frame("change")
    for figure in _OF_ORDERS:
        own = bounds.get(figure)
        row = table.iloc[0]
        now = Interval.of(row[figure], *((row[f"{own}_low"], row[f"{own}_high"]) if own else ()))
        yield Standing(figure, now, *_beside(campaigns, change, figure))


def _of_performance(parts: Parts) -> Iterator[Standing]:
    if parts.performance is None:
        return
    table, rates = parts.performance.table.iloc[0], parts.performance.frame("rates").iloc[0]
    campaigns, change = parts.performance.frame("campaigns"), parts.performance.frame("change")
    for figure in _OF_SPEND:
        bounds = (rates[f"{figure}_low"], rates[f"{figure}_high"]) if f"{figure}_low" in rates else ()
        yield Standing(figure, Interval.of(table[figure], *bounds), *_beside(campaigns, change, figure))


def _of_funnel(parts: Parts) -> Iterator[Standing]:
    if parts.funnel is None:
        return
    first, last = _ends(parts.funnel.table)
    now = Interval.of(last["from_start"], last["start_low"], last["start_high"])
    change, then, alike = UNKNOWN, np.nan, np.nan
    if parts.funnels_alike:
        own, before = (_ends(answer.table) for answer in parts.funnels_alike)
        counts = [end["settled"] for end in (own[1], own[0], before[1], before[0])]
        change = _less_one(ratio(*counts))
        alike, then = float(own[1]["from_start"]), float(before[1]["from_start"])
    yield Standing("conversion", now, then, alike, change)
    yield Standing("entered", Interval.of(first["users"]))
    yield Standing("converted", Interval.of(last["users"]))


def _of_visits(parts: Parts) -> Iterator[Standing]:
    if parts.came is None:
        return
    now, own, before = (_share(came) for came in (parts.came, *(parts.came_alike or (None, None))))
    change = _less_one(relative(own, before)) if parts.came_alike else UNKNOWN
    yield Standing("private_share", now, float(before.value), float(own.value), change)


def _of_retention(parts: Parts) -> Iterator[Standing]:
    if parts.retention is None:
        return
    curve = parts.retention.frame("curve")
    rows = curve[(curve["breakdown"] == TOTAL) & (curve["later"] == 1)]
    if len(rows):
        yield Standing("returned", Interval.of(*rows.iloc[0][["share", "low", "high"]]))


def _of_both(parts: Parts) -> Iterator[Standing]:
    """Yield ROI: what was realised over what was spent, on the days that orders and spend both tell of."""
    if parts.returned is None:
        return
    if parts.returned_alike is None:
        yield Standing("roi", parts.returned.roi)
        return
    own, before = (one.roi for one in parts.returned_alike)
    yield Standing("roi", parts.returned.roi, float(before.value), float(own.value), _less_one(relative(own, before)))


_SOURCES = (_of_sales, _of_performance, _of_funnel, _of_visits, _of_retention, _of_both)


def _beside(campaigns: pd.DataFrame, change: pd.DataFrame, figure: str) -> tuple[float, float, Interval] | tuple[()]:
    """Return what a figure was before, what it is on the same days, and the change; nothing where none is compared."""
    rows = campaigns[campaigns["group"] == TOTAL]
    own = change[(change["group"] == TOTAL) & (change["measure"] == figure)]
    if len(rows) < 2 or own.empty:
        return ()
    alike, then = rows[figure].astype(float).tolist()
    return then, alike, Interval.of(*own.iloc[0][["change", "low", "high"]])


def _ends(table: pd.DataFrame) -> tuple[pd.Series[float], pd.Series[float]]:
    own = table[table["breakdown"] == TOTAL]
    return own.iloc[0], own.iloc[-1]


def _share(came: pd.DataFrame | None) -> Interval:
    return UNKNOWN if came is None else Interval.of(*came.iloc[0][["share", "low", "high"]])


def _less_one(found: Interval) -> Interval:
    return Interval(*(bound - 1 for bound in found))
