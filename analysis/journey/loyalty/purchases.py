"""Who paid what, and when: paid orders where they tell, else the value of purchase events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import pandas as pd

from analysis.errors import DataError
from analysis.messages import Names, say
from analysis.tables import Tables, collect
from analysis.values import Filter


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases in one currency.

    Parameters
    ----------
    rows : DataFrame
        user_id, paid_at, amount, and campaign where it was asked for.
    currency : str, optional
        None where purchase events carry the amounts and no campaign says their currency.
    orders : bool
        Whether they are paid orders.
    """

    rows: pd.DataFrame
    currency: str | None
    orders: bool


def purchases(tables: Tables, where: Filter | None, currency: str | None, *also: str) -> Purchases:
    """Return who paid what, and when, whatever the filter's dates.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Its names restrict the orders (or events); where the orders lack such a column, purchase events are used.
    currency : str, optional
        The orders' currency to look at, where they have several.
    also : str
        Further columns wanted of each purchase.

    Raises
    ------
    DataError
        Neither orders nor purchase events tell, or the orders are in several currencies and none is named.
    """
    where = where.replace(start=None, end=None) if where else None
    wanted = ("user_id", "paid_at", *(where.columns() if where else ()), *also)
    if tables.count("orders") and set(wanted) <= set(tables.present("orders")):
        return _orders(tables, where, currency, also)
    own = tables.campaign.currency if tables.campaign else None
    if "purchase" not in tables.event_keys or "value" not in tables.present("events"):
        text = say(
            "Revenue needs orders with {columns}, or purchase events that carry a value. Import orders on the Data "
            "page, or count users.",
            columns=Names(wanted),
        )
        raise DataError.empty(text)
    if currency and currency != own:
        raise DataError.unknown(say("currency"), currency, [own] if own else [])
    bought = tables.frame("events", where).filter(nw.col("event") == "purchase")
    return Purchases(collect(_by_order(bought, also)), own, False)


def _orders(tables: Tables, where: Filter | None, currency: str | None, also: tuple[str, ...]) -> Purchases:
    paid = tables.paid_orders(where).filter(~nw.col("user_id").is_null())
    # Where the filter leaves no order, the amounts (all zero) are in what the orders are in.
    found = _currencies(paid) or _currencies(tables.paid_orders())
    if currency and currency not in found:
        raise DataError.unknown(say("currency"), currency, found)
    if not currency and len(found) > 1:
        text = say(
            "The orders are in {currencies}, which are not added up. Choose one.", currencies=Names(tuple(found))
        )
        raise DataError.empty(text)
    only = currency or (found[0] if found else None)
    paid = paid.filter(nw.col("currency") == only) if only else paid
    return Purchases(collect(paid.select("user_id", "paid_at", *also, amount=nw.col("realised"))), only, True)


def _currencies(orders: nw.LazyFrame[Any]) -> list[str]:
    return sorted(collect(orders.select("currency").unique())["currency"])


def _by_order(bought: nw.LazyFrame[Any], also: tuple[str, ...]) -> nw.LazyFrame[Any]:
    """Take events of one order number together; those without a value bring nothing."""
    bought = bought.filter(~nw.col("value").is_null())
    single = bought.filter(nw.col("order_id").is_null())
    orders = bought.filter(~nw.col("order_id").is_null()).group_by("user_id", "order_id", *also)
    summed = orders.agg(paid_at=nw.col("timestamp").min(), amount=nw.col("value").sum())
    columns = ("user_id", "paid_at", *also, "amount")
    alone = single.select("user_id", *also, paid_at=nw.col("timestamp"), amount=nw.col("value"))
    return nw.concat([alone.select(*columns), summed.select(*columns)])
