"""What did each channel spend and earn in each period of the report, and which phase was it?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Bools, Floats
from analysis.budget.curves import doubts, lengths
from analysis.budget.curves.demand import share_within
from analysis.budget.curves.panel import Panel, panel
from analysis.charts import NOT_SET
from analysis.errors import DataError
from analysis.messages import Money, Names, say
from analysis.money import Currency, currency_of, known
from analysis.purchases import purchases
from analysis.records import CalendarDay
from analysis.tables import Tables, collect, hour_of, sum_if
from analysis.values import Filter, local_day


@dataclass(frozen=True, kw_only=True)
class Report:
    """The spend report by channel and period.

    Parameters
    ----------
    rows : DataFrame
        One row per channel and period, in order: channel, period_start, period_end, spend (credits subtracted),
        credited (the credits in it, 0 or less), revenue (what the platform claims; null where it claims nothing), phase
        and what is to be said of the row: credit (a credit of more than a tenth of the spend fell into it), suspect
        (spend looks like a slip of the hand), unripe (the claim has probably not all arrived).
    currency : str
    hours : float
        Median length of a period.
    notes : tuple of Note
        What is in other currencies, was brought to another length, is absent, credited, suspect or unripe.
    valued : tuple of str
        Channels whose revenue is their conversions at the worth given.
    """

    rows: pd.DataFrame
    currency: str
    hours: float
    notes: tuple[Note, ...] = ()
    valued: tuple[str, ...] = ()

    def of(self, channel: str) -> pd.DataFrame:
        """Return one channel's periods."""
        return self.rows[self.rows["channel"] == channel].reset_index(drop=True)

    def panel(self) -> Panel:
        """Return all channels side by side, period by period."""
        return panel(self.rows)


class Booked(NamedTuple):
    """A spend report before anything is made of it.

    Parameters
    ----------
    rows : DataFrame
        One row per channel and period, creatives and audiences added up: channel, period_start, period_end, spend
        (credits subtracted), credited, revenue (claimed), conversions, phase (the report's own).
    currency : Currency
    """

    rows: pd.DataFrame
    currency: Currency


def booked(tables: Tables, where: Filter | None, wanted: str | None = None) -> Booked:
    """Read the spend in one currency and add up creatives and audiences.

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
    return Booked(rows, currency)


def report(tables: Tables, where: Filter | None, wanted: str | None = None, *, worth: float | None = None) -> Report:
    """Read the spend in one currency, add up creatives and audiences, bring all to one length, and name each phase.

    Rows are taken as they are reported: a credit is subtracted, a row that is absent is unknown (see
    :class:`analysis.budget.curves.panel.Panel`), a value that looks like a slip of the hand is marked and kept.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Rows are missing by comparison with the other channels it keeps.
    wanted : str, optional
        The currency; see :func:`analysis.money.currency_of`.
    worth : float, optional
        What a conversion is worth, in that currency: it makes the revenue of channels that claim conversions only.

    Raises
    ------
    DataError
        Nothing is left under the filter, or no spend is in the currency wanted.
    """
    summed, currency = booked(tables, where, wanted)
    assert currency.code  # every row of the spend names one
    valued = _valued(summed) if worth is not None else ()
    if worth is not None:
        summed["revenue"] = summed["revenue"].where(~summed["channel"].isin(valued), worth * summed["conversions"])
    even = lengths.even(summed.drop(columns="conversions"), tables.zone, currency.code)
    rows = even.rows.assign(phase=phases_of(tables, even.rows))
    rows = rows.sort_values(["channel", "period_start", "period_end"], kind="stable", ignore_index=True)
    rows, doubted = _doubted(tables, rows)
    told = (
        *currency.notes(say("spend")),
        *even.notes,
        *_worth(valued, worth, currency.code),
        *doubts.notes(doubted, tables.zone, currency.code, even.hours),
    )
    return Report(rows=rows, currency=currency.code, hours=even.hours, notes=told, valued=valued)


def _doubted(tables: Tables, rows: pd.DataFrame) -> tuple[pd.DataFrame, Panel]:
    """Mark what is not to be taken at its word, row by row and side by side."""
    gross = rows["spend"] - rows["credited"]
    marked = rows.assign(credit=-rows["credited"] > doubts.CREDITED * gross, suspect=False, unripe=False)
    laid = panel(marked)
    if not laid.overlap:
        laid = laid.marked(suspect=doubts.suspects(laid, _peaks(tables, laid)))
        laid = laid.marked(unripe=doubts.unripe(laid))
    at = np.searchsorted(laid.starts, marked["period_start"].to_numpy())
    column = np.searchsorted(np.array(laid.channels), marked["channel"].to_numpy(str))
    claims = marked["revenue"].notna()
    return marked.assign(suspect=laid.suspect[at, column], unripe=laid.unripe[at] & claims), laid


def _peaks(tables: Tables, laid: Panel) -> Bools:
    """Say which periods hold a calendar day of the records."""
    found = np.zeros(len(laid.starts), bool)
    for day in tables.recorded(CalendarDay):
        found |= share_within(laid.starts, laid.ends, day.start, day.last, tables.zone) > 0
    return found


def _valued(rows: pd.DataFrame) -> tuple[str, ...]:
    """Return the channels that claim conversions and no revenue."""
    known = rows.groupby("channel")[["revenue", "conversions"]].count()
    return tuple(map(str, known.index[(known["revenue"] == 0) & (known["conversions"] > 0)]))


def _worth(valued: tuple[str, ...], worth: float | None, currency: str) -> list[Note]:
    if not valued or worth is None:
        return []
    text = say(
        "{channels}: the platform names no revenue; it is its conversions at {worth} each, as given.",
        channels=Names(valued, "channel"),
        worth=Money(worth, currency, exact=True),
    )
    return [Note("worth", text)]


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
            credited=sum_if(nw.col("spend") < 0, nw.col("spend")),
            earned=revenue.sum(),
            known=revenue.count(),
            converted=nw.col("conversions").sum(),
            counted=nw.col("conversions").count(),
            phase=nw.col("phase").max(),
        )
    )
    # A creative left blank beside others with revenue earned nothing; a period all blank is unknown.
    found["revenue"] = found["earned"].astype(float).where(found["known"] > 0)
    found["conversions"] = found["converted"].astype(float).where(found["counted"] > 0)
    found = found.astype({"spend": float, "credited": float})
    # Neither the order of rows nor that of threads shows in a figure: the rest of the work begins from one order.
    found = found.sort_values(keys, kind="stable", ignore_index=True)
    return found[[*keys, "spend", "credited", "revenue", "conversions", "phase"]]


def phases_of(tables: Tables, rows: pd.DataFrame) -> list[str]:
    """Name each period's phase: the campaign's at its middle, else the report's own.

    Parameters
    ----------
    tables : Tables
    rows : DataFrame
        Columns period_start, period_end and phase (the report's own, or null).
    """
    campaign = tables.campaign
    middle = rows["period_start"] + (rows["period_end"] - rows["period_start"]) / 2

    def of(when: dt.datetime) -> str | None:
        return campaign.phase_of(local_day(when, campaign.zone)) if campaign else None

    planned = {when: of(when.to_pydatetime()) for when in middle.unique()}
    return [
        planned[when] or (own if isinstance(own, str) and own else NOT_SET)
        for when, own in zip(middle, rows["phase"], strict=True)
    ]
