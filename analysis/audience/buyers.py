"""Whose purchases count, until when, and in which money? What every question about customers' worth asks first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np

from analysis.answer import Note
from analysis.arrays import Floats, Ints
from analysis.audience.days import number
from analysis.errors import DataError
from analysis.messages import say
from analysis.money import Currency, currency_of, known
from analysis.periods import day_of, known_until
from analysis.purchases import purchases, source_of
from analysis.tables import Tables, collect, count_if, instant
from analysis.values import Filter, local_day, local_midnight

Lazy = nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True)
class Bought:
    """Purchases that name their buyer, by the end of a day.

    Parameters
    ----------
    rows : LazyFrame
        One row per purchase: user_id, paid_at, day (local), value (in the one currency; 0 where it is in another or
        unknown), priced (1 where it is known in whatever currency), elsewhere (1 where it is in another currency) and
        the further columns asked for.
    at : str
        The last day that counts.
    last : str
        The last day there is anything known of.
    currency : Currency
    notes : tuple of Note
    """

    rows: Lazy
    at: str
    last: str
    currency: Currency
    notes: tuple[Note, ...]

    @property
    def today(self) -> int:
        """The last day that counts, in days since 1970."""
        return number(self.at)


def bought(
    tables: Tables, where: Filter | None, *also: str, at: str | None = None, currency: str | None = None
) -> Bought:
    """Return who bought what by the end of a day.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Which purchases count, its dates being those of ordering.
    also : str
        Further columns wanted of each purchase.
    at : str, optional
        By default the last day known.
    currency : str, optional
        See :func:`analysis.money.currency_of`.

    Raises
    ------
    DataError
        Nothing tells who bought, or nobody did.
    """
    found = purchases(tables, where, *also)
    table = "orders" if found.source.orders else "events"
    known(tables, currency, table)
    last = local_day(known_until(tables, of=(table,)), tables.zone)
    ends = [day for day in (at, where.end if where else None) if day]
    at = min(ends) if ends else last
    until = local_midnight(at, tables.zone, days=1)
    paid, named = found.rows.filter(nw.col("paid_at") < instant(until)), ~nw.col("user_id").is_null()
    counted = collect(paid.select(named=count_if(named), nameless=count_if(~named))).fillna(0).iloc[0]
    if not counted["named"]:
        raise DataError.empty(_nobody(tables, table, at))
    rows = paid.filter(named)
    money = currency_of(tables, rows, currency)
    span = tables.span(table)
    assert span is not None  # there are purchases
    value, amount = nw.col("amount") * money.factor(), nw.col("amount")
    kept = rows.select(
        "user_id", "paid_at", *dict.fromkeys(also),
        day=day_of("paid_at", tables.zone, span[0], until),
        value=value.fill_null(0.0),
        priced=nw.when(amount.is_null()).then(nw.lit(0)).otherwise(nw.lit(1)),
        elsewhere=nw.when(value.is_null() & ~amount.is_null()).then(nw.lit(1)).otherwise(nw.lit(0)),
    )  # fmt: skip
    notes = (
        *found.notes,
        *_late(at, last),
        *_guests(int(counted["nameless"])),
        *money.notes(say("revenue"), people=True),
    )
    return Bought(kept, at, last, money, notes)


def lacking(tables: Tables, *, valued: bool = True) -> tuple[DataError, ...]:
    """Return what tables lack to tell who bought: orders with their buyers, or purchase events.

    Parameters
    ----------
    tables : Tables
    valued : bool
        Whether it is asked what was paid, too: purchase events then need a value.
    """
    source = source_of(tables)
    if source.orders or (source.events and (not valued or "value" in tables.present("events"))):
        return ()
    try:
        tables.require("orders", *source.lacks)
    except DataError as error:
        return (error,)
    return ()


def days_of(column: Any) -> Ints:
    """Return an Arrow column of days in days since 1970.

    Parameters
    ----------
    column : pyarrow.ChunkedArray
        Of days; Spark's and DuckDB's alike.
    """
    found: Ints = np.asarray(column.cast("date32").cast("int32").to_numpy(), np.int64)
    return found


def numbers_of(column: Any) -> Floats:
    """Return an Arrow column of numbers as floats."""
    found: Floats = np.asarray(column.cast("float64").to_numpy(), float)
    return found


def _nobody(tables: Tables, table: str, at: str) -> Any:
    span = tables.span(table)
    assert span is not None  # the table tells who bought
    first, last = (local_day(moment, tables.zone) for moment in span)
    return say(
        "Nobody who is named bought anything by {at} under these filters; the data runs from {first} to {last}. "
        "Choose a later day or clear a filter.",
        at=at,
        first=first,
        last=last,
    )


def _late(at: str, last: str) -> list[Note]:
    if at <= last:
        return []
    text = say("The data counted here ends on {last}; later days are as if nothing happened.", last=last)
    return [Note("after-data", text, "warning")]


def _guests(orders: int) -> list[Note]:
    text = say("{orders} paid orders name no user and are left out.", orders=orders)
    return [Note("no-user", text, "warning")] if orders else []
