"""What are conversions worth, and what did the touches cost? Orders and spend beside the walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.errors import DataError
from analysis.journey.attribution.naming import orders_named
from analysis.messages import Money, Names, say
from analysis.money import Currency, currency_of, known
from analysis.purchases import purchases, source_of
from analysis.tables import Tables, collect, sum_if, within
from analysis.values import Filter

Lazy = nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What each order brings that conversion events name, in one currency.

    Beside it what all paid orders brought, and of that those which conversion events name; how many of these were paid
    in another currency, and what is to be said of that.
    """

    currency: str | None = None
    orders: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    realised: Floats = field(default_factory=lambda: np.empty(0))
    paid: float = 0.0
    named: float = 0.0
    elsewhere: int = 0
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was spent by touch, in one currency, and what is to be said about it."""

    amounts: Mapping[str, float] = field(default_factory=dict)
    currency: str | None = None
    notes: tuple[Note, ...] = ()


def worth_of(tables: Tables, value: str, conversion: str, where: Filter | None, wanted: str | None = None) -> Worth:
    """Return what conversions are worth, in the currency wanted or the usual one.

    Raises
    ------
    DataError
        The orders lack what is needed, or nothing is in the currency wanted.
    """
    own = tables.campaign.currency if tables.campaign else None
    if value == "value" and wanted not in (None, own):
        raise DataError.unknown(say("currency"), wanted, [own] if own else [])
    if value != "revenue":
        known(tables, wanted, "spend")
        return Worth(currency=own if value == "value" else None)
    tables.require("orders", *source_of(tables, buyers=False).lacks)
    known(tables, wanted, "orders")
    named, bought = orders_named(tables, where, conversion), purchases(tables, buyers=False)
    dates = where.bounds(tables.zone) if where else (None, None)
    events = named.filter(~nw.col("named").is_null(), *within("named", *dates))
    paid = events.join(bought.rows.select("order_id", "paid_at", "currency", "amount"), on="order_id", how="inner")
    currency = currency_of(tables, paid, wanted)
    rows = collect(paid.select("order_id", realised=nw.col("amount") * currency.factor()))
    found = rows.dropna(subset="realised").sort_values("order_id")
    elsewhere = rows.loc[~rows["order_id"].isin(found["order_id"]), "order_id"]
    paid_for, of_named = _covered(tables, where, named, currency)
    return Worth(
        currency=currency.code,
        orders=pa.array(found["order_id"], pa.string()),
        realised=found["realised"].to_numpy(float),
        paid=paid_for,
        named=of_named,
        elsewhere=elsewhere.nunique(),
        notes=(*currency.notes(say("revenue")), *bought.notes),
    )


def _covered(tables: Tables, where: Filter | None, named: Lazy, currency: Currency) -> tuple[float, float]:
    """Return what paid orders brought that belong under the filter, and of that those which its events name.

    An order belongs where the event does that first names it, whatever its own date; one that no event names, by its
    own date. Nothing where the filter names what orders lack: which of them match is not known.
    """
    undated = where.replace(start=None, end=None) if where else None
    if not currency.code or not source_of(tables, undated, buyers=False).orders:
        return 0.0, 0.0
    paid = purchases(tables, undated, buyers=False).rows.with_columns(realised=nw.col("amount") * currency.factor())
    paid = paid.filter(~nw.col("realised").is_null()).select("order_id", "timestamp", "realised")
    both = paid.join(named, on="order_id", how="left")
    told = ~nw.col("named").is_null()
    at = nw.when(told).then(nw.col("named")).otherwise(nw.col("timestamp"))
    dates = where.bounds(tables.zone) if where else (None, None)
    both = both.with_columns(told=told, at=at).filter(~nw.col("at").is_null(), *within("at", *dates))
    found = collect(both.select(paid=nw.col("realised").sum(), named=sum_if(nw.col("told"), nw.col("realised"))))
    return float(found["paid"].fillna(0.0)[0]), float(found["named"].fillna(0.0)[0])


def spent(tables: Tables, by: str, where: Filter | None, days: tuple[str, str], wanted: str | None) -> Cost:
    """Return the spend by the values of a column, over the days asked or, without any, those given (of the events).

    It is in the currency wanted, which is that of the revenue where there is any; else in the usual one.
    """
    if not tables.count("spend"):
        return Cost()
    kept = where or Filter()
    lacking = tuple(c for c in (by, *kept.columns()) if c not in tables.present("spend"))
    if lacking:
        text = say("The spend has no {columns}, so cost is left out.", columns=Names(lacking))
        return Cost(notes=(Note("no-cost", text, "missing"),))
    frame = tables.frame("spend", kept.replace(start=kept.start or days[0], end=kept.end or days[1]))
    currency = currency_of(tables, frame, wanted, amount="spend", at="period_start")
    amounts = frame.with_columns(amount=nw.col("spend") * currency.factor("period_start"))
    rows = collect(amounts.filter(~nw.col("amount").is_null()).group_by(by).agg(nw.col("amount").sum()))
    notes = list(currency.notes(say("spend")))
    if rows.empty:
        return Cost(notes=tuple(notes))
    if unnamed := float(rows.loc[rows[by].isna(), "amount"].sum()):
        text = say("{amount} of the spend names no {by}.", amount=Money(unnamed, currency.code), by=say(by))
        notes.append(Note("unnamed-spend", text, "warning"))
    named = rows.dropna(subset=by)
    spend = {str(name): float(x) for name, x in zip(named[by], named["amount"], strict=True)}
    return Cost(amounts=spend, currency=currency.code, notes=tuple(notes))
