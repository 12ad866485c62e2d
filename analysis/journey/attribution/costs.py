"""What are conversions worth, and what did the touches cost? Orders and spend beside the walk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa

from analysis.answer import Note
from analysis.errors import DataError
from analysis.messages import Money, Names, say
from analysis.tables import Tables, collect, instant
from analysis.values import Filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What one conversion event of each order brings, and in which currency.

    Beside it what all paid orders brought, and of that those which conversion events name.
    """

    currency: str | None = None
    orders: Any = field(default_factory=lambda: pa.array([], pa.string()))
    realised: Any = field(default_factory=lambda: np.empty(0))
    paid: float = 0.0
    named: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What was spent by touch, in one currency, and what is to be said about it."""

    amounts: Mapping[str, float] = field(default_factory=dict)
    currency: str | None = None
    notes: tuple[Note, ...] = ()

    def beside(self, currency: str | None) -> Cost:
        """Return the cost if it can stand beside revenue in a currency; otherwise say why it cannot."""
        if not self.amounts or self.currency == currency:
            return self
        text = say("The spend is in {spend} and not in the currency of the revenue, so cost and ROI are left out.",
                   spend=self.currency)  # fmt: skip
        return Cost(notes=(*self.notes, Note("other-currency", text, "missing")))


def worth_of(tables: Tables, value: str, conversion: str, where: Filter | None) -> Worth:
    """Return what conversions are worth.

    Raises
    ------
    DataError
        The orders lack what is needed, or the conversions' orders are in several currencies.
    """
    if value != "revenue":
        return Worth(currency=tables.campaign.currency if value == "value" and tables.campaign else None)
    events = _naming(tables, where, conversion)
    paid = tables.paid_orders().group_by("order_id", "currency").agg(realised=nw.col("realised").sum())
    found = collect(events.join(paid, on="order_id", how="inner")).sort_values("order_id")
    currencies = tuple(sorted(found["currency"].unique()))
    if len(currencies) > 1:
        text = say(
            "The orders are in several currencies ({currencies}), which are never added up. Filter by a campaign or "
            "channel that sells in one, or share out conversions.",
            currencies=Names(currencies),
        )
        raise DataError(text, "mixed-currencies")
    currency = currencies[0] if currencies else None
    paid_for, of_named = _covered(tables, where, conversion, events, currency)
    return Worth(
        currency=currency,
        orders=pa.array(found["order_id"], pa.string()),
        realised=(found["realised"] / found["events"]).to_numpy(float),
        paid=paid_for,
        named=of_named,
    )


def _covered(
    tables: Tables, where: Filter | None, conversion: str, named: Any, currency: str | None
) -> tuple[float, float]:
    """Return what paid orders brought that belong under the filter, and of that those which its events name.

    An order belongs where its event does, whatever its own date; one that no event names, by its own date. Nothing
    where the filter names what orders lack: which of them match is not known.
    """
    if not currency or (where and not set(where.columns()) <= set(tables.present("orders"))):
        return 0.0, 0.0
    undated = where.replace(start=None, end=None) if where else None
    paid = (
        tables.paid_orders(undated).filter(nw.col("currency") == currency).select("order_id", "timestamp", "realised")
    )
    at_all = _naming(tables, undated, conversion).rename({"events": "ever"})
    start, end = where.bounds(tables.zone) if where else (None, None)
    here = nw.col("ever").is_null()
    here = here & (nw.col("timestamp") >= instant(start)) if start else here
    here = here & (nw.col("timestamp") < instant(end)) if end else here
    both = paid.join(named, on="order_id", how="left").join(at_all, on="order_id", how="left")
    shared = nw.when(~nw.col("events").is_null()).then(nw.col("realised")).otherwise(nw.lit(0.0))
    whole = nw.when(~nw.col("events").is_null() | here).then(nw.col("realised")).otherwise(nw.lit(0.0))
    found = collect(both.select(paid=whole.sum(), named=shared.sum()))
    return float(found["paid"].fillna(0.0)[0]), float(found["named"].fillna(0.0)[0])


def _naming(tables: Tables, where: Filter | None, conversion: str) -> Any:
    """Return how many conversion events name each order: order_id, events."""
    named = tables.frame("events", where).filter(nw.col("event") == conversion, ~nw.col("order_id").is_null())
    return named.group_by("order_id").agg(events=nw.len())


def spent(tables: Tables, by: str, where: Filter | None, first: str, last: str) -> Cost:
    """Return the spend by the values of a column, over the days asked or, without any, the days of the events."""
    if not tables.count("spend"):
        return Cost()
    kept = where or Filter()
    lacking = tuple(c for c in (by, *kept.columns()) if c not in tables.present("spend"))
    if lacking:
        text = say("The spend has no {columns}, so cost is left out.", columns=Names(lacking))
        return Cost(notes=(Note("no-cost", text, "missing"),))
    days = kept.replace(start=kept.start or first, end=kept.end or last)
    rows = collect(tables.frame("spend", days).group_by(by, "currency").agg(spend=nw.col("spend").sum()))
    currencies = tuple(sorted(rows["currency"].unique()))
    if len(currencies) > 1:
        text = say(
            "The spend is in {currencies}, which are not added up, so cost is left out.", currencies=Names(currencies)
        )
        return Cost(notes=(Note("several-currencies", text, "missing"),))
    if rows.empty:
        return Cost()
    unnamed = float(rows.loc[rows[by].isna(), "spend"].sum())
    text = say("{amount} of the spend names no {by}.", amount=Money(unnamed, currencies[0]), by=say(by))
    notes = (Note("unnamed-spend", text, "warning"),) if unnamed else ()
    named = rows.dropna(subset=by)
    amounts = {str(name): float(x) for name, x in zip(named[by], named["spend"], strict=True)}
    return Cost(amounts=amounts, currency=currencies[0], notes=notes)
