"""What did each channel spend and earn in each period of the report, and which phase was it?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.charts import NOT_SET
from analysis.errors import DataError
from analysis.messages import say
from analysis.money import Currency, currency_of, known
from analysis.purchases import purchases
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
    notes : tuple of Note
        What of the spend is in other currencies.
    """

    rows: pd.DataFrame
    left_out: int
    currency: str
    hours: float
    notes: tuple[Note, ...] = ()

    def of(self, channel: str) -> pd.DataFrame:
        """Return one channel's periods."""
        return self.rows[self.rows["channel"] == channel].reset_index(drop=True)


def report(tables: Tables, where: Filter | None, wanted: str | None = None) -> Report:
    """Read the spend in one currency, add up creatives and audiences, and name each period's phase.

    Raises
    ------
    DataError
        Nothing is left under the filter, or no spend is in the currency wanted.
    """
    known(tables, wanted, "spend")
    frame = tables.frame("spend", where)
    currency = currency_of(tables, frame, wanted, amount="spend", at="period_start")
    rows = _summed(frame, currency)
    if rows.empty:
        raise DataError.empty(say("No spend is left under these filters. Widen the dates or clear a filter."))
    length = (rows["period_end"] - rows["period_start"]).dt.total_seconds() / 3600
    hours = float(length.median())
    even = (length - hours).abs() <= UNEVEN * hours
    kept = rows[even].assign(phase=_phases(tables, rows[even]), spend=lambda t: t["spend"].clip(lower=0))
    kept = kept.sort_values(["channel", "period_start", "period_end"], kind="stable", ignore_index=True)
    left_out = int((~even).sum())
    assert currency.code  # every row of the spend names one
    return Report(rows=kept, left_out=left_out, currency=currency.code, hours=hours, notes=currency.notes(say("spend")))


def realised(
    tables: Tables, where: Filter | None, wanted: str, starts: Any, ends: Any
) -> tuple[Floats, tuple[Note, ...]]:
    """Return realised revenue in one currency, of orders created in each of the periods given, ascending.

    The filter's channels are left aside: the joint fit explains the whole of revenue. With it comes what is to be said
    of other currencies.
    """
    kept = where.replace(channel=(), device=(), segment=()) if where else None
    if kept and "campaign" not in tables.present("orders"):
        kept = kept.replace(campaign=())
    paid = purchases(tables, kept, buyers=False).realised
    currency = currency_of(tables, paid, wanted)
    paid = paid.with_columns(realised=nw.col("amount") * currency.factor()).filter(~nw.col("realised").is_null())
    # Time zones are whole quarters of an hour apart, so sums by quarter can be put into any zone's days.
    time = nw.col("timestamp")
    quarters = collect(
        paid.with_columns(hour=hour_of("timestamp"), quarter=time.dt.minute() // 15)
        .group_by("hour", "quarter")
        .agg(nw.col("realised").sum())
    )
    at = (quarters["hour"] + pd.to_timedelta(15 * quarters["quarter"], unit="min")).to_numpy().astype("datetime64[us]")
    which = np.searchsorted(starts, at, side="right") - 1
    inside = (which >= 0) & (at < ends[which])
    sums = np.bincount(which[inside], weights=quarters["realised"].to_numpy()[inside], minlength=len(starts))
    return sums.astype(float), currency.notes(say("revenue"))


def _summed(frame: nw.LazyFrame[Any], currency: Currency) -> pd.DataFrame:
    keys = ["channel", "period_start", "period_end"]
    factor = currency.factor("period_start")
    counted = frame.with_columns(
        spend=nw.col("spend") * factor, attributed_revenue=nw.col("attributed_revenue") * factor
    ).filter(~nw.col("spend").is_null())
    revenue = nw.col("attributed_revenue")
    found = collect(
        counted.group_by(*keys).agg(
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
