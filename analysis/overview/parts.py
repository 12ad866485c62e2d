"""Which questions does Home ask of the tables there are, and what do they answer?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from analysis.answer import Note
from analysis.audience.growth import Growth, GrowthAnswer
from analysis.audience.private_domain.question import PrivateDomain, visits
from analysis.charts import TOTAL
from analysis.errors import DataError, SluiceError
from analysis.journey.attribution.question import Attribution
from analysis.journey.funnel.question import Funnel, FunnelAnswer
from analysis.journey.loyalty.retention import Retention, RetentionAnswer
from analysis.messages import say
from analysis.periods import SameDays, covered, outside, same_days, stretches
from analysis.results.performance.question import Performance, PerformanceAnswer
from analysis.results.returns import Returns, Span, common, returns
from analysis.results.sales.question import Sales, SalesAnswer
from analysis.tables import Tables
from analysis.values import Filter, seconds

T = TypeVar("T")


class Parts(NamedTuple):
    """What the questions answer that Home is made of; None where the tables do not tell.

    Parameters
    ----------
    sales, performance, funnel, retention, growth : Answer, optional
    funnels_alike : tuple of FunnelAnswer, optional
        The funnel on the days compared: of this campaign, and of the one before.
    came : DataFrame, optional
        Visits, and those through the private domain; see :func:`analysis.audience.private_domain.question.visits`.
    came_alike : tuple of DataFrame, optional
        Likewise, on the days compared.
    private : PrivateDomain, optional
        The question whose answer they are.
    growth_before : GrowthAnswer, optional
        Of the campaign before, on the same days.
    same : SameDays, optional
        The days of the events that are compared.
    returns : Attribution, optional
        The question that tells ROI by channel.
    returned : Returns, optional
        What was realised and spent on the days of which ROI is.
    returned_alike : tuple of Returns, optional
        On the days compared: of this campaign, and of the one before.
    apart : mapping of str to pair of str
        By table, the first and last day it tells of, where two of them have no day in common.
    notes : tuple of Note
        Why something is not told.
    """

    sales: SalesAnswer | None = None
    performance: PerformanceAnswer | None = None
    funnel: FunnelAnswer | None = None
    funnels_alike: tuple[FunnelAnswer, FunnelAnswer] | None = None
    came: pd.DataFrame | None = None
    came_alike: tuple[pd.DataFrame, pd.DataFrame] | None = None
    private: PrivateDomain | None = None
    retention: RetentionAnswer | None = None
    growth: GrowthAnswer | None = None
    growth_before: GrowthAnswer | None = None
    same: SameDays | None = None
    returns: Attribution | None = None
    returned: Returns | None = None
    returned_alike: tuple[Returns, Returns] | None = None
    apart: Mapping[str, tuple[str, str]] = MappingProxyType({})
    notes: tuple[Note, ...] = ()


def asked(tables: Tables, where: Filter | None, currency: str | None) -> Parts:
    """Ask what the tables can answer.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
    currency : str, optional

    Raises
    ------
    DataError
        No question can be answered; the first one's reason.
    """
    desk = _Desk(tables, where)
    orders, spend = desk.held("orders"), desk.held("spend")
    sales = desk.ask("orders", lambda: Sales(where=orders, currency=currency).run(tables))
    performance = desk.ask("spend", lambda: Performance(by=None, where=spend, currency=currency).run(tables))
    found = Parts(sales=sales, performance=performance)
    if tables.count("events"):
        found = _with_events(found, desk, alone=not (sales and performance))
    desk.notes.extend(_unfinished(found, tables))
    found = _with_roi(found, desk)._replace(returns=_sources(desk))
    if not any(part is not None for part in (found.sales, found.performance, found.funnel, found.growth, found.came)):
        raise desk.errors[0] if desk.errors else DataError.no_table("orders")
    return found._replace(apart=_apart(tables, where), notes=tuple(desk.notes))


def _apart(tables: Tables, where: Filter | None) -> dict[str, tuple[str, str]]:
    """Return the days that each table tells of, where two of them have no day in common; else nothing."""
    start, end = (where.start, where.end) if where else (None, None)
    days = {table: (max(found[0], start or found[0]), min(found[1], end or found[1]))
            for table in ("orders", "spend", "events") if (found := covered(tables, table))}  # fmt: skip
    common = max(first for first, _ in days.values()) <= min(last for _, last in days.values()) if days else True
    return {} if common else days


class _Desk:
    """Asks questions, and keeps in mind why some cannot be."""

    def __init__(self, tables: Tables, where: Filter | None) -> None:
        self.tables, self.where = tables, where
        self.notes: list[Note] = []
        self.errors: list[SluiceError] = []

    def ask(self, table: str, find: Callable[[], Any]) -> Any:
        """Return what is found; None, with the reason kept, where it cannot be told."""
        if not self.tables.count(table):
            return None
        try:
            return find()
        except SluiceError as error:
            self.errors.append(error)
            if error.message not in [note.message for note in self.notes]:
                self.notes.append(Note("not-told", error.message, "missing"))
            return None

    def held(self, table: str) -> Filter | None:
        """Return the filter for a table: where it does not name campaigns, the days of the workspace's own instead."""
        where, own = self.where, self.tables.campaign
        named = where.campaign if where else ()
        if not where or not named or "campaign" in self.tables.present(table) or not self.tables.count(table):
            return where
        if own is None or named != (own.name,):
            return where
        days = (max(where.start or own.start, own.start), min(where.end or own.end, own.end))
        text = say("The {table} name no campaign: counted are those of its days, {start} to {end}.", table=say(table),
                   start=days[0], end=days[1])  # fmt: skip
        self.notes.append(Note("campaign-days", text, "warning"))
        return where.without("campaign").replace(start=days[0], end=max(days))


# ---- events -----------------------------------------------------------------------------------------------


def _with_events(found: Parts, desk: _Desk, *, alone: bool) -> Parts:
    tables, where = desk.tables, desk.held("events")
    same = same_days(tables, where, "events")
    funnel = desk.ask("events", lambda: Funnel.suggested(tables).replace(where=where).run(tables))
    found = found._replace(funnel=funnel, same=same)
    if funnel is not None and same:
        found = found._replace(funnels_alike=_funnels(tables, funnel, same, whole=_whole(tables, where, same)))
    if "channel" in tables.present("events") and where and len(where.campaign) == 1:
        private = PrivateDomain(where=where)
        came = _quietly(lambda: visits(private, tables))
        found = found._replace(came=came, private=private if came is not None else None)
        if came is not None and same:
            now = came if _whole(tables, where, same) else None
            found = found._replace(came_alike=_both(tables, private, where, same, visits, now))
    if alone:
        week = Retention.suggested(tables).replace(where=where)
        found = found._replace(retention=_quietly(lambda: week.run(tables)))
    if found.sales is None and found.performance is None:
        daily = Growth(every="day", where=where)
        before = _before(where, same) if same and where else None
        found = found._replace(
            growth=desk.ask("events", lambda: daily.run(tables)),
            growth_before=_quietly(lambda: daily.replace(where=before).run(tables)) if before else None,
        )
    return found


def _quietly(find: Callable[[], Any]) -> Any:
    """Return what is found; None where the data do not tell, which nobody missed."""
    try:
        return find()
    except SluiceError:
        return None


def _before(where: Filter, same: SameDays) -> Filter:
    return where.replace(campaign=(same.before,), start=same.earlier[0], end=same.earlier[1])


def _whole(tables: Tables, where: Filter | None, same: SameDays) -> bool:
    """Say whether the days compared are all that this campaign has: then what is told of it is told already."""
    days = tuple(day.isoformat() for day in stretches(tables)[same.campaign])
    dated = where and (where.start or where.end)
    return not dated and days == same.days and not outside(tables, same.campaign, "events")


def _both(
    tables: Tables, question: Any, where: Filter, same: SameDays, run: Callable[[Any, Tables], T], now: T | None = None
) -> tuple[T, T] | None:
    """Run a question on the days compared, of both campaigns, unless `now` is told; None unless both tell."""
    own = where.replace(start=same.days[0], end=same.days[1])

    def both() -> tuple[T, T]:
        this = run(question.replace(where=own), tables) if now is None else now
        return this, run(question.replace(where=_before(where, same)), tables)

    found: tuple[T, T] | None = _quietly(both)
    return found


def _funnels(
    tables: Tables, told: FunnelAnswer, same: SameDays, *, whole: bool
) -> tuple[FunnelAnswer, FunnelAnswer] | None:
    """Return the funnel on the days compared, without the last of them, of which this campaign's window may be open.

    Then both campaigns judge those who entered on the same days of either.
    """
    funnel = told.question
    window = 0 if funnel.window == "session" else seconds(funnel.window)
    open_days = dt.timedelta(days=-(-window // 86_400))
    ends = [(dt.date.fromisoformat(last) - open_days).isoformat() for last in (same.days[1], same.earlier[1])]
    if ends[0] < same.days[0]:
        return None
    shorter = SameDays(same.campaign, same.before, (same.days[0], ends[0]), (same.earlier[0], ends[1]))
    where = funnel.where
    assert where is not None  # it names the campaign
    return _both(tables, funnel, where, shorter, lambda one, held: one.run(held), told if whole else None)


def _unfinished(found: Parts, tables: Tables) -> Iterator[Note]:
    """Say which day of the campaign counts in sums though it is not over."""
    last = [_own(answer).iloc[-1] for answer in (found.sales, found.performance) if answer is not None]
    days = [row["period"].date().isoformat() for row in last if not row["whole"]]
    if days and tables.campaign and max(days) <= tables.campaign.end:
        text = say("{day} is not over: sums hold what came of it so far. Changes, ROI and the page Plan go by whole "
                   "days.", day=max(days))  # fmt: skip
        yield Note("day-not-over", text)


# ---- return on spend --------------------------------------------------------------------------------------


def _with_roi(found: Parts, desk: _Desk) -> Parts:
    """Say what came back for what was spent, in one currency; see :func:`analysis.results.returns.returns`."""
    sales, performance = found.sales, found.performance
    if sales is None or performance is None or pd.isna(sales.table["realised"].iloc[0]):
        return found
    if sales.currency != performance.currency:
        text = say("Orders are counted in {one}, spend in {other}: no ROI is told. Give an exchange rate under Names, "
                   "plan and tests.", one=sales.currency or "?", other=performance.currency or "?")  # fmt: skip
        desk.notes.append(Note("roi-currencies", text, "missing"))
        return found
    spent = performance.question.replace(currency=performance.currency)
    own = returns(desk.tables, _realised(sales), sales.question.where, spent.spread(desk.tables), spent.where)
    if own is None:
        text = say("Orders and spend tell of no whole day in common: no ROI is told.")
        desk.notes.append(Note("roi-days", text, "missing"))
        return found
    desk.notes.extend(own.notes)
    return found._replace(returned=own, returned_alike=_returned_alike(own, sales, performance, desk))


def _returned_alike(
    own: Returns, sales: SalesAnswer, performance: PerformanceAnswer, desk: _Desk
) -> tuple[Returns, Returns] | None:
    """Return what came back on the days compared, of this campaign and of the one before; both tell of all of them."""
    compared = [days for days in (_days_compared(sales), _days_compared(performance)) if days]
    looked_at = common([own.days, *compared]) if len(compared) == 2 else None
    same = same_days(desk.tables, sales.question.where, "orders")
    if looked_at is None or same is None:
        return None
    shift = pd.Timestamp(same.days[0]) - pd.Timestamp(same.earlier[0])
    before = _returned_before(shift, sales, performance, desk)
    days = common([looked_at, before.days]) if before else None
    if before is None or days is None:
        return None
    if days != looked_at:
        first, last = (day.date().isoformat() for day in days)
        text = say("ROI is set beside the campaign before on {first} to {last}: of that one, orders and spend do not "
                   "both tell of the other days.", first=first, last=last)  # fmt: skip
        desk.notes.append(Note("roi-compared", text, "warning"))
    return own.between(days), before.between(days)


def _returned_before(
    shift: pd.Timedelta, sales: SalesAnswer, performance: PerformanceAnswer, desk: _Desk
) -> Returns | None:
    """Return what came back in the campaign before, its days called as those of this one."""
    asked_of = []
    for answer, table in ((sales, "orders"), (performance, "spend")):
        where, same = answer.question.where, same_days(desk.tables, answer.question.where, table)
        if where is None or same is None:
            return None
        asked_of.append(_before(where, same))
    sold, spent = asked_of
    spread = performance.question.replace(where=spent, currency=performance.currency).spread(desk.tables)
    realised = _realised(sales, before=True)
    realised = realised.set_axis(pd.DatetimeIndex(realised.index) - shift)
    found = returns(desk.tables, realised, sold, spread, spent)
    return found and found.called(shift)


def _realised(answer: SalesAnswer, *, before: bool = False) -> pd.Series[float]:
    """Return what was realised by day: of this campaign, or of the one before, called as the days of this one."""
    return _own(answer, before=before).set_index("period")["realised"].astype(float)


def _own(answer: SalesAnswer | PerformanceAnswer, *, before: bool = False) -> pd.DataFrame:
    """Return the days of this campaign, or of the one before."""
    trend = answer.frame("trend")
    rows = trend[trend["group"] == TOTAL]
    first = rows["campaign"].iloc[0]
    own = rows["campaign"].isna() if first is None else rows["campaign"] == first
    return rows[~own if before else own]


def _sources(desk: _Desk) -> Attribution | None:
    """Return the question who brings what, and what that returns on its spend, where it can be asked."""
    if Attribution.lacks(desk.tables):
        return None
    suggested: Attribution = Attribution.suggested(desk.tables)
    return suggested.replace(where=desk.where)


def _days_compared(answer: SalesAnswer | PerformanceAnswer) -> Span | None:
    rows = answer.frame("campaigns")
    return None if rows.empty else (rows["first"].iloc[0], rows["last"].iloc[0])
