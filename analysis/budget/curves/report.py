"""What did each channel spend and earn in each period of the report, and which phase was it?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.charts import NOT_SET
from analysis.errors import DataError
from analysis.messages import Names, say
from analysis.tables import Tables, collect, hour_of
from analysis.values import Filter, local_day

UNEVEN = 0.2
"""How far a period's length may be off the report's median (a 23-hour day, a month of 28 days)."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """The spend report by channel and period.

    Parameters
    ----------
    rows : DataFrame
        One row per channel and period, in order: channel, period_start, period_end, spend, revenue (attributed;
        null where the platform gives none), phase.
    left_out : int
        Rows whose period is of another length than most.
    currency : str
    hours : float
        Median length of a period.
    """

    rows: pd.DataFrame
    left_out: int
    currency: str
    hours: float

    def of(self, channel: str) -> pd.DataFrame:
        """Return one channel's periods."""
        return self.rows[self.rows["channel"] == channel].reset_index(drop=True)


def report(tables: Tables, where: Filter | None, currency: str | None = None) -> Report:
    """Read the spend (of one currency, if given), add up creatives and audiences, and name each period's phase.

    Raises
    ------
    DataError
        Nothing is left under the filter, or the spend is in several currencies.
    """
    rows = _summed(tables, where)
    rows = rows if currency is None else rows[rows["currency"] == currency]
    if rows.empty:
        raise DataError.empty(say("No spend is left under these filters. Widen the dates or clear a filter."))
    currency = _only_currency(rows)
    length = (rows["period_end"] - rows["period_start"]).dt.total_seconds() / 3600
    hours = float(length.median())
    even = (length - hours).abs() <= UNEVEN * hours
    kept = rows[even].assign(phase=_phases(tables, rows[even]), spend=lambda t: t["spend"].clip(lower=0))
    kept = kept.sort_values(["channel", "period_start", "period_end"], kind="stable", ignore_index=True)
    return Report(rows=kept, left_out=int((~even).sum()), currency=currency, hours=hours)


def realised(tables: Tables, where: Filter | None, currency: str, starts: Any, ends: Any) -> Any:
    """Return realised revenue of all orders in one currency, created in each of the periods given, ascending.

    The filter's channels are left aside: the joint fit explains the whole of revenue.
    """
    kept = where.replace(channel=(), device=(), segment=()) if where else None
    if kept and "campaign" not in tables.present("orders"):
        kept = kept.replace(campaign=())
    orders = tables.paid_orders(kept).filter(nw.col("currency") == currency)
    # Time zones are whole quarters of an hour apart, so sums by quarter can be put into any zone's days.
    time = nw.col("timestamp")
    quarters = collect(
        orders.with_columns(hour=hour_of("timestamp"), quarter=time.dt.minute() // 15)
        .group_by("hour", "quarter")
        .agg(nw.col("realised").sum())
    )
    at = (quarters["hour"] + pd.to_timedelta(15 * quarters["quarter"], unit="min")).to_numpy().astype("datetime64[us]")
    which = np.searchsorted(starts, at, side="right") - 1
    inside = (which >= 0) & (at < ends[which])
    return np.bincount(which[inside], weights=quarters["realised"].to_numpy()[inside], minlength=len(starts))


def _summed(tables: Tables, where: Filter | None) -> pd.DataFrame:
    keys = ["channel", "period_start", "period_end", "currency"]
    revenue = nw.col("attributed_revenue")
    found = collect(
        tables.frame("spend", where)
        .group_by(*keys)
        .agg(
            spend=nw.col("spend").sum(),
            earned=revenue.sum(),
            known=revenue.count(),
            phase=nw.col("phase").max(),
        )
    )
    # A creative left blank beside others with revenue earned nothing; a period all blank is unknown.
    found["revenue"] = found["earned"].astype(float).where(found["known"] > 0)
    found["spend"] = found["spend"].astype(float)
    return found.drop(columns=["earned", "known"])


def _only_currency(rows: pd.DataFrame) -> str:
    found = tuple(sorted(rows["currency"].unique()))
    if len(found) > 1:
        text = say(
            "The spend is in several currencies ({currencies}), which are never added up. "
            "Filter to the campaigns or channels of one of them.",
            currencies=Names(found),
        )
        raise DataError(text, "mixed-currencies")
    return str(found[0])


def _phases(tables: Tables, rows: pd.DataFrame) -> list[str]:
    """Name each period's phase: the campaign's at its middle, else the report's own."""
    campaign = tables.campaign
    middle = rows["period_start"] + (rows["period_end"] - rows["period_start"]) / 2

    def of(when: dt.datetime) -> str | None:
        return campaign.phase_of(local_day(when, campaign.zone)) if campaign else None

    planned = {when: of(when.to_pydatetime()) for when in middle.unique()}
    return [
        planned[when] or (own if isinstance(own, str) and own else NOT_SET)
        for when, own in zip(middle, rows["phase"], strict=True)
    ]
