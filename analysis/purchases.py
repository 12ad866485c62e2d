"""Who ordered and paid what, and when? The one source of it: orders where they tell, else purchase events."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

import narwhals as nw

from analysis.answer import Note
from analysis.messages import Names, say
from analysis.store.columns import stored
from analysis.tables import Tables, collect, count_if, sum_if
from analysis.values import Filter
from analysis.vocabulary import ORDER_STATUSES

Lazy = nw.LazyFrame[Any]
NO_PURCHASE = ("open", "cancelled", "failed", "refunded")
"""Statuses with which an order is no purchase, whatever its other columns say."""
_PAID = ("paid", "delivered", "partly_refunded")
"""Statuses that say an order was paid, where no time does."""
_NO_REFUND = ("cancelled", "failed")
OF_LINES = ("item",)
"""Columns of which each line of an order has its own."""
_CENT = 1e-9
"""What floats may leave of a price that was refunded in full."""


@dataclass(frozen=True, slots=True)
class Source:
    """What tells who paid, and when.

    Parameters
    ----------
    orders : bool
        Whether the orders do.
    events : bool
        Whether there are purchase events that can stand in.
    lacks : tuple of str
        Columns the orders would need and do not hold; all of them where there are no orders.
    """

    orders: bool
    events: bool
    lacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Created:
    """Orders as they were created and what became of them, each in its own currency; read when it is collected.

    Parameters
    ----------
    rows : LazyFrame
        One row per order: order_id, user_id (null for a guest), timestamp (when it was ordered), paid_at (null if it
        was not paid), currency, revenue (gross at creation), paid (of it what was paid, before refunds; null if it was
        not), amount (paid less refunds; null if it was not paid), bought (whether it is a purchase) and the further
        columns asked for.
    refunds : LazyFrame or None
        As of :class:`Purchases`.
    told : bool
        Whether the orders say at all which of them were paid.
    notes : tuple of Note
    """

    rows: Lazy
    refunds: Lazy | None
    told: bool
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases, each in its own currency; nothing is read before it is collected.

    Parameters
    ----------
    rows : LazyFrame
        One row per purchase: order_id, user_id (null for a guest), timestamp (when it was ordered), paid_at, currency,
        amount (paid less refunds; null where an event carries no value) and the further columns asked for.
    paid : LazyFrame
        The same of every order that was paid, those refunded in full (of amount 0 or less) among them.
    refunds : LazyFrame or None
        Refunds that belong to no purchase here, only to their day: the same columns, amounts below zero.
    source : Source
    notes : tuple of Note
    """

    rows: Lazy
    paid: Lazy
    refunds: Lazy | None
    source: Source
    notes: tuple[Note, ...] = ()

    @property
    def realised(self) -> Lazy:
        """All that realised revenue adds up from: purchases, and refunds of their day."""
        return self.rows if self.refunds is None else nw.concat([self.rows, self.refunds])


def source_of(tables: Tables, where: Filter | None = None, *also: str, buyers: bool = True) -> Source:
    """Return what tells who paid, and when.

    Orders do where they hold the time of payment (or statuses that say so), who bought, every column of the filter
    and those asked for.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
    also : str
        Further columns wanted of each purchase.
    buyers : bool
        Whether it matters who bought.
    """
    held, told = set(tables.present("orders")), _told(tables)
    wanted = [*(["user_id"] if buyers else []), *(where.columns() if where else ()), *also]
    lacks = [c for c in dict.fromkeys(wanted) if c not in held] + ([] if told else ["paid_at"])
    bought = bool(tables.count("events")) and "purchase" in tables.event_keys
    return Source(bool(tables.count("orders")) and not lacks, bought, tuple(lacks))


def _told(tables: Tables) -> bool:
    """Say whether the orders hold what tells which of them were paid."""
    return "paid_at" in tables.present("orders") or bool(set(_PAID) & set(tables.names("status", "orders")))


def purchases(tables: Tables, where: Filter | None = None, *also: str, buyers: bool = True) -> Purchases:
    """Return who paid what, and when.

    Rows of one order number are one order: amounts are added up, the first time counts, and who bought (and any
    further column) is of the first line that tells. An order whose lines are in two currencies is one in each.

    It is no purchase if it is unpaid, cancelled, failed or refunded in full, by its status or its amounts; a line
    alone so marked is taken out of its order. A status that is none of
    :data:`analysis.vocabulary.ORDER_STATUSES` says nothing: then the time of payment alone does.

    A row below zero is a refund: of the order whose number it has, else of its day. The latter lowers what was
    realised on that day, and is nobody's purchase.

    Where orders do not tell (see :func:`source_of`), purchases are the distinct orders of purchase events, those
    without an order number each by itself; what their value says is in the campaign's currency.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Its dates are those of ordering; leave them out to see what was paid whenever.
    also : str
        Further columns wanted of each purchase; called there as :func:`analysis.store.columns.stored` says.
    buyers : bool
        Whether it matters who bought.

    Raises
    ------
    DataError
        Neither orders nor purchase events tell.

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2026-11-11")
    >>> orders = pd.DataFrame({"order_id": ["o1", "o1", "o2", "o2"], "timestamp": at, "paid_at": at, "user_id": "u",
    ...                        "revenue": [60.0, 40.0, 30.0, -30.0], "currency": "CNY"})
    >>> collect(purchases(Tables(orders=orders)).rows)[["order_id", "amount"]].values.tolist()
    [['o1', 100.0]]
    """
    source = source_of(tables, where, *also, buyers=buyers)
    if source.orders:
        return _of_orders(tables, where, source, also)
    if not source.events:
        tables.require("orders", *source.lacks)
    return _of_events(tables, where, source, also)


# ---- orders -----------------------------------------------------------------------------------------------


def created(tables: Tables, where: Filter | None = None, *also: str, lines: str | None = None) -> Created:
    """Return every order that was created, paid or not, by the rules of :func:`purchases`.

    An order refunded in full was paid, be it said by its amounts or by its status alone; one that was cancelled was
    not, nor is anything known to be paid where the orders do not tell (see :class:`Created`).

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Its dates are those of ordering.
    also : str
        Further columns wanted of each order; called there as :func:`analysis.store.columns.stored` says.
    lines : str, optional
        One of :data:`OF_LINES`, among those wanted: an order has a row for each value that its lines have, with their
        amounts and refunds. What was given back of none of these is split by what is left of each.

    Raises
    ------
    DataError
        There are no orders, or they lack a column of the filter.

    Examples
    --------
    >>> import pandas as pd
    >>> at = pd.Timestamp("2026-11-11")
    >>> orders = pd.DataFrame({"order_id": ["a", "b", "c"], "timestamp": at, "paid_at": [at, at, None],
    ...                        "revenue": [60.0, 40.0, 30.0], "refund": [0.0, 40.0, 0.0], "currency": "CNY"})
    >>> rows = collect(created(Tables(orders=orders)).rows).sort_values("order_id")
    >>> rows[["paid", "amount"]].fillna(-1).values.tolist(), rows["bought"].tolist()
    ([[60.0, 60.0], [40.0, 0.0], [-1.0, -1.0]], [True, False, False])
    """
    also = tuple(map(stored, also))
    kept = tuple(dict.fromkeys(("user_id", *also, *map(stored, where.columns() if where else ()))))
    orders, refunds, credited = tables.laid(("created", lines, *kept), partial(_laid, tables, kept, lines))
    own = ("order_id", "user_id", "timestamp", "paid_at", "currency")
    rows = tables.filtered(orders, "orders", where)
    rows = rows.select(*dict.fromkeys((*own, "revenue", "paid", "amount", "bought", *also)))
    left = tables.filtered(refunds, "orders", where).select(*dict.fromkeys((*own, "amount", *also)))
    return Created(rows, left if credited else None, _told(tables), _statuses(tables))


def _of_orders(tables: Tables, where: Filter | None, source: Source, also: tuple[str, ...]) -> Purchases:
    found = created(tables, where, *also)
    columns = dict.fromkeys(("order_id", "user_id", "timestamp", "paid_at", "currency", "amount", *map(stored, also)))
    rows, paid = (found.rows.filter(which).select(*columns) for which in (nw.col("bought"), ~nw.col("paid").is_null()))
    return Purchases(rows, paid, found.refunds, source, found.notes)


def _laid(tables: Tables, kept: tuple[str, ...], by: str | None) -> tuple[Lazy, Lazy, bool]:
    """Return orders and what was paid of them, refunds of their day, and whether there are any."""
    lines = _lines(tables, kept)
    repeated, credited = tables.fact("lines of orders", partial(_shape, tables))
    orders, refunds = _orders(lines, kept) if repeated else _singles(lines)
    return _standing(_parts(lines, orders, kept, by) if repeated and by else orders), refunds, credited


def _shape(tables: Tables) -> tuple[bool, bool]:
    """Say whether any order has several rows, and whether any row is below zero."""
    rows = tables.frame("orders").select(
        n=nw.len(), orders=nw.col("order_id").n_unique(), least=nw.col("revenue").min()
    )
    found = collect(rows).iloc[0]
    return bool(found["orders"] < found["n"]), bool(found["least"] < 0)


def _lines(tables: Tables, kept: tuple[str, ...]) -> Lazy:
    """Return the orders' rows with all columns that are looked at, null where the orders lack them."""
    held = set(map(stored, tables.present("orders")))
    kinds: dict[str, Any] = {"refund": nw.Float64, "paid_at": nw.Datetime("us")}
    wanted = ("order_id", "timestamp", "revenue", "currency", "paid_at", "refund", "status", *kept)
    columns = {c: nw.col(c) if c in held else nw.lit(None, kinds.get(c, nw.String)) for c in wanted}
    status, revenue = nw.col("status"), nw.col("revenue")
    return (
        tables.frame("orders")
        .select(**columns)
        .with_columns(
            user_id=nw.when(nw.col("user_id") != "").then(nw.col("user_id")),
            refund=nw.col("refund").fill_null(0.0),
            sold=revenue >= 0,
            void=status.is_in(NO_PURCHASE).fill_null(False),
            given_back=(revenue < 0) & ~status.is_in(_NO_REFUND).fill_null(False),
            returned=(revenue >= 0) & (status == "refunded").fill_null(False),
            told=(revenue >= 0) & (~status.is_in(NO_PURCHASE)).fill_null(False),
            paid_at=nw.when(~nw.col("paid_at").is_null())
            .then(nw.col("paid_at"))
            .otherwise(nw.when(status.is_in(_PAID)).then(nw.col("timestamp"))),
        )
    )


def _singles(lines: Lazy) -> tuple[Lazy, Lazy]:
    """Return orders, and refunds of their day, where every row is an order of its own."""
    live = ~nw.col("void")
    orders = lines.filter(nw.col("sold")).with_columns(
        worth=nw.when(live).then(nw.col("revenue")).otherwise(nw.lit(0.0)),
        given_back=nw.lit(0.0),
        returned=nw.when(nw.col("returned")).then(nw.col("revenue")).otherwise(nw.lit(0.0)),
        stands=live & ~nw.col("paid_at").is_null(),
        came_back=nw.col("returned"),
    )
    return orders, _of_their_day(lines.filter(nw.col("given_back")), nw.col("revenue"))


def _standing(orders: Lazy) -> Lazy:
    """Say of each order what was paid of it, what is left of that, and whether it is a purchase.

    One refunded in full is no purchase; one for nothing is.
    """
    worth, stands, came_back = nw.col("worth"), nw.col("stands"), nw.col("came_back")
    orders = orders.with_columns(
        paid=nw.when(stands | came_back).then(worth + nw.col("returned")),
        amount=nw.when(stands)
        .then(worth - nw.col("refund") + nw.col("given_back"))
        .otherwise(nw.when(came_back).then(nw.lit(0.0))),
        paid_at=nw.when(stands | came_back).then(
            nw.when(~nw.col("paid_at").is_null()).then(nw.col("paid_at")).otherwise(nw.col("timestamp"))
        ),
    )
    left = (nw.col("amount") > _CENT * worth) | (worth == 0) & (nw.col("amount") == 0)
    return orders.with_columns(bought=(stands & left).fill_null(False))


def _of_their_day(credits: Lazy, amount: nw.Expr) -> Lazy:
    day = nw.when(~nw.col("paid_at").is_null()).then(nw.col("paid_at")).otherwise(nw.col("timestamp"))
    return credits.with_columns(amount=amount, paid_at=day)


_LIVE = nw.col("sold") & ~nw.col("void")
_SUMS = MappingProxyType(
    {
        "revenue": sum_if(nw.col("sold"), nw.col("revenue")),
        "worth": sum_if(_LIVE, nw.col("revenue")),
        "refund": sum_if(_LIVE, nw.col("refund")),
        "returned": sum_if(nw.col("returned"), nw.col("revenue")),
        "given_back": sum_if(nw.col("given_back"), nw.col("revenue")),
        "sold": count_if(nw.col("sold")),
        "came_back": count_if(nw.col("returned")),
    }
)
"""What lines of an order come to together."""


def _orders(lines: Lazy, kept: tuple[str, ...]) -> tuple[Lazy, Lazy]:
    """Make one row of each order's lines; return orders, and refunds of their day."""
    orders = _grouped(lines, kept).agg(
        timestamp=nw.when(nw.col("sold")).then(nw.col("timestamp")).min(),
        noted=nw.col("timestamp").min(),
        paid_at=nw.when(nw.col("sold")).then(nw.col("paid_at")).min(),
        noted_paid=nw.col("paid_at").min(),
        void=count_if(nw.col("sold") & nw.col("void")),
        told=count_if(nw.col("told")),
        **_SUMS,
    )
    made = orders.filter(nw.col("sold") > 0).with_columns(
        stands=((nw.col("told") > 0) | (nw.col("void") == 0)) & ~nw.col("paid_at").is_null(),
        came_back=nw.col("came_back") > 0,
    )
    # Where only lines that came back were paid, those that say they were not are no part of what was.
    unpaid = ~nw.col("stands") & (nw.col("told") > 0)
    made = made.with_columns(worth=nw.when(unpaid).then(nw.lit(0.0)).otherwise(nw.col("worth")))
    credits = orders.filter(nw.col("sold") == 0, nw.col("given_back") < 0)
    credits = credits.with_columns(timestamp=nw.col("noted"), paid_at=nw.col("noted_paid"))
    return made, _of_their_day(credits, nw.col("given_back"))


def _parts(lines: Lazy, orders: Lazy, kept: tuple[str, ...], by: str) -> Lazy:
    """Make of each order a row for each value that its lines have of a column, standing as their order does.

    A line without a value has that of the order. What was given back of a value that the order did not sell, or beyond
    what it came to, belongs to all that is left.
    """
    order = ["order_id", "currency"]
    told = {
        "of": nw.col("worth") - nw.col("refund") + nw.col("given_back"),
        "order_stands": nw.col("stands"),
        "order_told": nw.col("told"),
    }
    about = orders.select(*order, "timestamp", "paid_at", *kept, **told)
    amounts = ("revenue", "refund", "sold", "void", "given_back", "returned")
    rows = lines.select(*order, *amounts, own=nw.col(by)).join(about, on=order, how="inner")
    rows = rows.with_columns(own=nw.when(~nw.col("own").is_null()).then(nw.col("own")).otherwise(nw.col(by)))
    parts = rows.group_by(*order, "timestamp", "paid_at", *kept, *told, "own").agg(live=count_if(_LIVE), **_SUMS)
    left = nw.col("worth") - nw.col("refund") + nw.col("given_back")
    parts = parts.filter(nw.col("sold") > 0).with_columns(left=nw.when(nw.col("live") > 0, left > 0).then(left))
    parts = parts.with_columns(left=nw.col("left").fill_null(0.0))
    every = nw.col("left").sum().over(*order)
    # What the lines do not account for is split by what is left of each, so that they add up to the order.
    own = nw.when(every > 0).then(nw.col("left") * nw.col("of") / every).otherwise(nw.lit(0.0))
    unpaid = ~nw.col("order_stands") & (nw.col("order_told") > 0)
    return parts.with_columns(
        stands=nw.col("order_stands") & (nw.col("live") > 0),
        came_back=nw.col("came_back") > 0,
        worth=nw.when(unpaid).then(nw.lit(0.0)).otherwise(nw.col("worth")),
        given_back=own - nw.col("worth") + nw.col("refund"),
    ).with_columns(nw.col("own").alias(by))


def _grouped(lines: Lazy, kept: tuple[str, ...]) -> Any:
    """Group lines by order, each column as the order's first line that has one says it.

    Of several at one moment, the first by name.
    """
    since = {f"{c} since": nw.when(~nw.col(c).is_null()).then(nw.col("timestamp")).min().over("order_id") for c in kept}
    first = {
        c: nw.when(nw.col("timestamp") == nw.col(f"{c} since")).then(nw.col(c)).min().over("order_id") for c in kept
    }
    return lines.with_columns(**since).with_columns(**first).group_by("order_id", "currency", *kept)


def _statuses(tables: Tables) -> tuple[Note, ...]:
    """Name the statuses that say nothing."""
    unknown = tuple(name for name in tables.names("status", "orders") if name not in ORDER_STATUSES)
    if not unknown:
        return ()
    text = say("Order statuses that are not known say nothing here, so the time of payment alone tells who paid: "
               "{names}.", names=Names(unknown[:12]))  # fmt: skip
    return (Note("unknown-status", text, "warning"),)


# ---- purchase events --------------------------------------------------------------------------------------


def _of_events(tables: Tables, where: Filter | None, source: Source, also: tuple[str, ...]) -> Purchases:
    """Take events of one order number together; the first event that names it tells who bought."""
    also = tuple(map(stored, also))
    held, kept = tables.present("events"), tuple(dict.fromkeys(("user_id", *also)))
    own = tables.campaign.currency if tables.campaign else None
    rows = tables.frame("events", where).filter(nw.col("event") == "purchase")
    order = nw.col("order_id") if "order_id" in held else nw.lit(None, nw.String)
    value = nw.col("value") if "value" in held else nw.lit(None, nw.Float64)
    rows = rows.select("timestamp", *kept, order_id=order, value=value).with_columns(currency=nw.lit(own, nw.String))
    columns = ("order_id", "user_id", "timestamp", "paid_at", "currency", "amount", *also)
    columns = tuple(dict.fromkeys(columns))
    single = rows.filter(nw.col("order_id").is_null()).with_columns(paid_at=nw.col("timestamp"), amount=nw.col("value"))
    if "order_id" not in held:
        rows = single.select(*columns)
        return Purchases(rows, rows, None, source)
    orders = _grouped(rows.filter(~nw.col("order_id").is_null()), kept).agg(
        timestamp=nw.col("timestamp").min(),
        amount=nw.col("value").sum(),
        priced=nw.col("value").count(),
    )
    orders = orders.with_columns(
        paid_at=nw.col("timestamp"), amount=nw.when(nw.col("priced") > 0).then(nw.col("amount"))
    )
    rows = nw.concat([single.select(*columns), orders.select(*columns)])
    return Purchases(rows, rows, None, source)
