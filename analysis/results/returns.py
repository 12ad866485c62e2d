"""What comes back for what is spent, and over which days are the two set against each other?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from analysis.answer import Note
from analysis.arrays import Floats
from analysis.estimates import Interval
from analysis.messages import say
from analysis.periods import known_days
from analysis.results.against import varied
from analysis.results.performance.question import Spread
from analysis.tables import Tables
from analysis.values import Filter

Span = tuple[pd.Timestamp, pd.Timestamp]


class Returns(NamedTuple):
    """What was realised and what was spent on each day that orders and spend both tell of.

    Parameters
    ----------
    realised, spend : Series
        By day, from the first to the last without a gap.
    unit : int
        How many days what varies is long; see :class:`analysis.results.performance.question.Spread`.
    cut : bool
        Whether more was realised or spent on other days, which only one of both tells of whole.
    """

    realised: pd.Series[float]
    spend: pd.Series[float]
    unit: int = 1
    cut: bool = False

    @property
    def days(self) -> Span:
        """First and last day."""
        return self.spend.index[0], self.spend.index[-1]

    @property
    def roi(self) -> Interval:
        """What was realised over what was spent, days (or the longer periods of the report) being what varies."""
        value, low, high = varied(stretched(self.realised, self.unit), stretched(self.spend, self.unit))
        return Interval(value, np.maximum(low, np.minimum(value, 0.0)), high)

    def between(self, days: Span) -> Returns:
        """Return the same on some of the days."""
        return self._replace(realised=self.realised[days[0] : days[1]], spend=self.spend[days[0] : days[1]])

    def called(self, shift: pd.Timedelta) -> Returns:
        """Return the same, its days called as those so much later."""
        later = pd.DatetimeIndex(self.spend.index) + shift
        return self._replace(realised=self.realised.set_axis(later), spend=self.spend.set_axis(later))

    @property
    def notes(self) -> Iterator[Note]:
        """Say of which days ROI is, where that is not all that is looked at."""
        if self.cut:
            first, last = (day.date().isoformat() for day in self.days)
            text = say("ROI is of {first} to {last}, the days that orders and spend both tell of.", first=first,
                       last=last)  # fmt: skip
            yield Note("roi-days", text, "warning")


def returns(
    tables: Tables, realised: pd.Series[float], sold: Filter | None, spread: Spread, spent: Filter | None
) -> Returns | None:
    """Return what was realised and spent, on the days that orders and spend both tell of; None without such a day.

    Parameters
    ----------
    tables : Tables
    realised : Series
        By day, as :class:`analysis.results.sales.question.Sales` says.
    sold : Filter, optional
        Of what.
    spread : Spread
        What was spent, in the currency of what was realised.
    spent : Filter, optional
        Of what.

    Notes
    -----
    Orders tell of every whole day from the first order of all to the last, whoever's they are: on a day between without
    one, nothing was sold. A report of spend is drawn by campaign, so it tells of the days from that campaign's first to
    its last, whichever channel's. A row of several days is about all of them, so it is spread evenly over them; rows
    that begin before the filter's dates count with their days within.

    Examples
    --------
    >>> from analysis.results.performance.question import Performance
    >>> days = pd.date_range("2026-11-01", periods=4)
    >>> orders = pd.DataFrame({"order_id": list("abcd"), "timestamp": days, "paid_at": days, "revenue": 40.0,
    ...                        "currency": "CNY"})
    >>> spend = pd.DataFrame({"period_start": days[:1], "period_end": days[:1] + pd.Timedelta(days=7), "channel": "tv",
    ...                       "spend": 70.0, "currency": "CNY"})
    >>> tables, realised = Tables(orders=orders, spend=spend), pd.Series(40.0, days)
    >>> found = returns(tables, realised, None, Performance().spread(tables), None)
    >>> [str(day.date()) for day in found.days], float(found.roi.value), found.cut
    (['2026-11-01', '2026-11-03'], 4.0, True)
    """
    # A day without an order is one on which nothing was sold as long as orders of anybody are told on either side.
    told = [known_days(tables, "orders"), known_days(tables, "spend", spent)]
    own = [_dates(sold), _dates(spent)]
    spans = [*((pd.Timestamp(span[0]), pd.Timestamp(span[1])) for span in told if span), *own]
    days = common(spans) if all(told) else None
    if days is None:
        return None
    paid = spread.days[own[1][0] : own[1][1]]
    every = pd.date_range(*days, unit="us")
    laid = [amounts.astype(float).reindex(every, fill_value=0.0).fillna(0.0) for amounts in (realised, paid)]
    others = [bool((amounts.drop(every, errors="ignore").fillna(0.0) != 0).any()) for amounts in (realised, paid)]
    return Returns(laid[0], laid[1], spread.unit, any(others))


def stretched(days: pd.Series[float], unit: int) -> Floats:
    """Return the sums of stretches of so many days.

    Examples
    --------
    >>> stretched(pd.Series([1.0, 2.0, 3.0]), 2).tolist()
    [3.0, 3.0]
    """
    amounts = np.asarray(days, np.float64)
    return np.add.reduceat(amounts, np.arange(0, len(amounts), unit)) if len(amounts) else amounts


def common(spans: list[Span]) -> Span | None:
    """Return the first and last day that all spans have; None where they have none in common."""
    first, last = max(span[0] for span in spans), min(span[1] for span in spans)
    return (first, last) if first <= last else None


def _dates(where: Filter | None) -> Span:
    start, end = (where.start, where.end) if where else (None, None)
    return pd.Timestamp(start or pd.Timestamp.min.ceil("D")), pd.Timestamp(end or pd.Timestamp.max.floor("D"))
