"""Who is new, what have they paid since, and what was spent meanwhile?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any, NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Floats, Ints
from analysis.audience.buyers import Bought, bought, days_of, numbers_of
from analysis.audience.days import date_of, number
from analysis.audience.payback.definition import PaybackDefinition
from analysis.errors import DataError
from analysis.messages import say
from analysis.money import Currency, currency_of
from analysis.periods import day_of, known_until
from analysis.tables import Tables, among
from analysis.values import Filter, local_day

_TICK = dt.timedelta(microseconds=1)


class Paid(NamedTuple):
    """What new customers paid, a row per customer and day.

    Parameters
    ----------
    customer : ndarray of int
        Rows of one customer stand together, in order of days.
    day, first : ndarray of int
        Days since 1970: of the purchase, and of the customer's first one.
    channel : ndarray of object
        Of the first order.
    margin : ndarray of float
    """

    customer: Ints
    day: Ints
    first: Ints
    channel: np.ndarray[Any, Any]
    margin: Floats


@dataclass(frozen=True, slots=True)
class Sides:
    """Purchases of new customers, spend by day, and between which days both are whole.

    Parameters
    ----------
    bought : Bought
    purchases : Paid
    spend : DataFrame
        Columns day, channel and spend.
    paid_in : Currency
        Of the spend.
    first, last : int
        First and last day on which spend is known; days since 1970.
    observed : int
        The last day on which purchases are whole.
    margin : float or None
        None where nobody said: revenue stands for it.
    spread : bool
        Whether spend of several days was spread over them.
    """

    bought: Bought
    purchases: Paid
    spend: pd.DataFrame
    paid_in: Currency
    first: int
    last: int
    observed: int
    margin: float | None
    spread: bool

    @property
    def begun(self) -> dt.date:
        """The day of the first purchase that counts."""
        return date_of(self.purchases.first.min())

    @classmethod
    def of(cls, asked: PaybackDefinition, tables: Tables) -> Sides:
        """Return both sides of a question.

        Raises
        ------
        DataError
            Nobody is new under the filter, or the tables lack what tells.
        """
        found = bought(tables, None, *_columns(asked), currency=asked.currency)
        margin = asked.margin or (tables.campaign.margin if tables.campaign else None) or None
        purchases = _bought(asked, tables, found, margin or 1.0)
        if not len(purchases.day):
            raise DataError.empty(
                say("Nobody bought for the first time under these filters. Widen the dates or clear a filter.")
            )
        spend, paid_in, spread = _spend(asked, tables, found.currency.code)
        ends = [_whole(tables, table) for table in ("orders", "spend")]
        span = tables.span("spend")
        assert span is not None  # `needs` holds spend
        return cls(found, purchases, spend, paid_in, number(local_day(span[0], tables.zone)), ends[1], ends[0],
                   margin, spread)  # fmt: skip


def _columns(asked: PaybackDefinition) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*([asked.by] if asked.by else []), *(asked.where.columns() if asked.where else ()))))


def _whole(tables: Tables, table: str) -> int:
    """Return the last day that is over in a table, in days since 1970."""
    return number(local_day(known_until(tables, of=(table,)) + _TICK, tables.zone)) - 1


def _bought(asked: PaybackDefinition, tables: Tables, found: Bought, margin: float) -> Paid:
    """Return purchases of those who are new under the filter."""
    by = nw.col("channel") if asked.by else nw.lit(None, nw.String)
    begun = nw.col("paid_at") == nw.col("paid_at").min().over("user_id")
    own = nw.lit(value=True)
    for column, names in (asked.where.columns() if asked.where else {}).items():
        own = own & among(column, names)
    rows = found.rows.with_columns(begun=begun, fits=own).with_columns(
        own=nw.when(nw.col("begun") & nw.col("fits")).then(nw.lit(1)).otherwise(nw.lit(0)),
        of=nw.when(nw.col("begun") & nw.col("fits")).then(by),
    )
    rows = rows.with_columns(
        first=nw.col("day").min().over("user_id"), of=nw.col("of").min().over("user_id"),
        own=nw.col("own").max().over("user_id"), out=nw.col("elsewhere").max().over("user_id"),
    ).filter(nw.col("own") == 1, nw.col("out") == 0, nw.col("fits"))  # fmt: skip
    days = rows.group_by("user_id", "day", "first", "of").agg(nw.col("value").sum())
    table = days.collect("pyarrow").to_arrow()
    table = table.sort_by([("user_id", "ascending"), ("day", "ascending")])
    table = table.append_column("customer", table["user_id"].combine_chunks().dictionary_encode().indices)
    first = days_of(table["first"])
    start, end = (number(day) if day else None for day in _dates(asked.where))
    fits_dates = (first >= (start if start is not None else first.min(initial=0))) & (
        first <= (end if end is not None else first.max(initial=0))
    )
    channel = np.asarray(table["of"].to_pandas().to_numpy(), object)
    return Paid(
        numbers_of(table["customer"]).astype(np.int64)[fits_dates], days_of(table["day"])[fits_dates],
        first[fits_dates], channel[fits_dates], margin * numbers_of(table["value"])[fits_dates],
    )  # fmt: skip


def _dates(where: Filter | None) -> tuple[str | None, str | None]:
    return (where.start, where.end) if where else (None, None)


def _spend(asked: PaybackDefinition, tables: Tables, code: str | None) -> tuple[pd.DataFrame, Currency, bool]:
    """Return spend by day and channel, in the currency of purchases."""
    where = asked.where
    kept = where.columns() if where else {}
    rows = tables.frame("spend")
    for column, names in kept.items():
        rows = rows.filter(among(column, names)) if column in tables.present("spend") else rows
    money = currency_of(tables, rows, asked.currency or code, amount="spend", at="period_start")
    span = tables.span("spend")
    assert span is not None  # `needs` holds spend
    begun = day_of("period_start", tables.zone, *span)
    over = day_of("period_end", tables.zone, span[0], span[1] + dt.timedelta(days=400))
    rows = rows.with_columns(amount=nw.col("spend") * money.factor("period_start"), begun=begun, over=over)
    summed = rows.filter(~nw.col("amount").is_null()).group_by("begun", "over", "channel").agg(nw.col("amount").sum())
    table = summed.collect("pyarrow").to_arrow()
    since, until = days_of(table["begun"]), days_of(table["over"])
    long = np.maximum(until - since, 1)
    at = np.repeat(np.arange(len(since)), long)
    within = np.arange(len(at)) - np.repeat(np.cumsum(long) - long, long)
    spread = pd.DataFrame({
        "day": since[at] + within,
        "channel": np.asarray(table["channel"].to_pandas().to_numpy(), object)[at],
        "spend": (numbers_of(table["amount"]) / long)[at],
    })  # fmt: skip
    start, end = (number(day) if day else None for day in _dates(where))
    spread = spread[spread["day"] >= start] if start is not None else spread
    spread = spread[spread["day"] <= end] if end is not None else spread
    return spread, money, bool((long > 1).any())
