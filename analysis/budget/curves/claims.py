"""What do platforms claim, beside what all orders brought in the same time?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analysis.answer import Note
from analysis.arrays import Bools
from analysis.budget.curves.panel import Panel
from analysis.budget.curves.report import Report, realised, report
from analysis.messages import Money, Share, say
from analysis.purchases import source_of
from analysis.tables import Tables
from analysis.values import Filter


@dataclass(frozen=True, kw_only=True)
class Claims:
    """Platforms' claims and realised revenue over the periods in which both are known.

    Parameters
    ----------
    claimed : float
        What platforms claim, all channels together.
    realised : float
        Paid less refunds, of all orders created in these periods.
    periods : int
    currency : str
    notes : tuple of Note
        A warning where claims exceed orders; what of the orders is in other currencies.
    """

    claimed: float
    realised: float
    periods: int
    currency: str
    notes: tuple[Note, ...] = ()

    @property
    def ratio(self) -> float:
        """Claims over realised revenue; infinite where nothing was realised."""
        return self.claimed / self.realised if self.realised > 0 else float("inf")

    @property
    def factor(self) -> float:
        """What claims are to be multiplied by so that they do not exceed what there was: 1 where they do not."""
        return min(1.0, max(self.realised, 0.0) / self.claimed)


def claims(tables: Tables, given: Report, where: Filter | None = None) -> Claims | None:
    """Set what platforms claim against the orders.

    Every order counts, whatever it came from: claims of all channels together cannot truly exceed that. A filter by
    channel is left aside for this. Periods count that lie in the time the orders cover and have a claim.

    Parameters
    ----------
    tables : Tables
    given : Report
        Of these tables.
    where : Filter, optional
        The one the report was read with.

    Returns
    -------
    Claims or None
        None where no platform claims anything, there are no orders, or they share no time.

    Examples
    --------
    >>> import pandas as pd
    >>> days = pd.date_range("2026-11-01", periods=2)
    >>> spend = pd.DataFrame({"period_start": days, "period_end": days + pd.Timedelta(days=1), "channel": "search",
    ...                       "spend": 100.0, "currency": "CNY", "attributed_revenue": 500.0})
    >>> orders = pd.DataFrame({"order_id": ["a", "b"], "timestamp": days + pd.Timedelta(hours=9), "revenue": 400.0,
    ...                        "currency": "CNY", "paid_at": days + pd.Timedelta(hours=9)})
    >>> tables = Tables(spend=spend, orders=orders)
    >>> found = claims(tables, report(tables, None))
    >>> found.claimed, found.realised, found.factor
    (1000.0, 800.0, 0.8)
    """
    if not source_of(tables, buyers=False).orders:
        return None
    whole = report(tables, where.replace(channel=()), given.currency) if where and where.channel else given
    laid = whole.panel()
    covered = _covered(tables, laid)
    if laid.overlap or not covered.any():
        return None
    earned, told = realised(tables, where, given.currency, laid.starts, laid.ends)
    claimed = float(np.nansum(laid.revenue[covered]))
    if not claimed > 0:
        return None
    brought = float(earned[covered].sum())
    notes = (*_notes(claimed, brought, given.currency), *told)
    periods = int(covered.sum())
    return Claims(claimed=claimed, realised=brought, periods=periods, currency=given.currency, notes=notes)


def _covered(tables: Tables, laid: Panel) -> Bools:
    """Say which periods lie in the time of the orders and have a claim."""
    observed = tables.span("orders")
    if observed is None:
        return np.zeros(len(laid.starts), bool)
    first, last = (np.datetime64(moment, "us") for moment in observed)
    claim = np.isfinite(laid.revenue).any(axis=1)
    return claim & (laid.ends > first) & (laid.starts <= last)


def _notes(claimed: float, brought: float, currency: str) -> tuple[Note, ...]:
    amounts = {"claimed": Money(claimed, currency), "realised": Money(brought, currency)}
    if claimed > brought:
        text = say(
            "Platforms claim {claimed}, all orders came to {realised} in the same time: the same sales are claimed "
            "more than once, or without cause. Claims are no revenue to count on.",
            **amounts,
        )
        return (Note("claims-exceed-orders", text, "warning"),)
    share = Share(claimed / brought)
    text = say(
        "Platforms claim {claimed}, {share} of what all orders came to in the same time ({realised}).",
        share=share,
        **amounts,
    )
    return (Note("claims-beside-orders", text),)
