"""Of the people who started in a period, how many came back one, two, three periods later?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.answer import Answer, Note
from analysis.charts import NOT_SET, TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import SMALL, Moments, mean, proportion, share
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.groups import GROUP, groups_of
from analysis.journey.loyalty import kernel, retention_chart
from analysis.messages import N_, Message, Money, Name, Names, Share, say
from analysis.money import currency_of, known
from analysis.people import People
from analysis.periods import DAYS, Pauses, Periods, calendar, campaigns, known_until, length, pauses
from analysis.purchases import Purchases, purchases, source_of
from analysis.question import Question
from analysis.store.walk import Chunk, Columns
from analysis.tables import Tables, collect, instant
from analysis.values import a, currency_code, day, flag, micros, moment, names, one_of, optional, text, value, whole

CELLS = 4_000_000
"""Most groups x cohorts x periods that are counted at once."""
BUYERS = 10
"""Fewest buyers of a cell for an interval of revenue per user: with less, one purchase decides it."""
PERIODS = ("day", "week", "month", "campaign")
_STEP = {"day": N_("one day"), "week": N_("one week"), "month": N_("one month"), "campaign": N_("one campaign")}
_PLURAL = {"day": N_("days"), "week": N_("weeks"), "month": N_("months"), "campaign": N_("campaigns")}
_LATER = {
    "day": N_("{n} days later"), "week": N_("{n} weeks later"), "month": N_("{n} months later"),
    "campaign": N_("{n} campaigns later"),
}  # fmt: skip
_FAR = np.iinfo(np.int64).max // 4


@value("retention")
class Retention(Question):
    """How many of those who started in a period were back in each period after it.

    Parameters
    ----------
    start : sequence of str
        Events that start a user; any event where empty.
    returns : sequence of str, optional
        Events that count as being back; any where empty; those of `start` where None.
    period : {"day", "week", "month", "campaign"}
        Local days, weeks from Monday, months, or campaigns in order of their first event.
    periods : int
        How many periods after the start are looked at.
    counting : {"calendar", "rolling"}
        Whether period k is the k-th calendar period after that of the start, or the k-th window of 24 hours (7 or
        30 times that for weeks and months) from each user's own start.
    cohort : {"first_ever", "first_in_range"}
        Whether a user starts with their first event in the data, and counts only if that lies in the filter's
        dates, or with their first within those dates.
    unbounded : bool
        Count who was back in a period or any later one (Amplitude's "on or after"), not in that period alone.
    measure : {"users", "revenue"}
        Share of the cohort's users, or revenue per user of the cohort; then `returns` plays no part.
    currency : str, optional
        That revenue is counted in; see :func:`analysis.money.currency_of`.
    breakdown : str, optional
        A text column of the events; a user counts under its value at their start.
    weeks_from : str or date, optional
        A day on which a calendar week begins, in Monday's stead: weeks of a campaign from its first day.
    observed_until : str or datetime, optional
        Until when (UTC) the data is complete; by default the last row, or the end of the workspace's campaign where
        that is on its last day.
    where : Filter, optional
        Dates restrict when users start, not when they are back. The other conditions restrict the events (and orders).

    Notes
    -----
    Period 0 is that of the start: there, another event of the same moment or later counts, the start itself does
    not. A cell is complete once its period is over (for rolling windows: for every user of the cohort); the
    average pools complete cells only. A period in which nobody did anything at all has no cell: nothing was recorded
    then, which tells of nobody that they stayed away (see :func:`analysis.periods.pauses`). Revenue is that of
    :func:`analysis.purchases.purchases`, by the time of payment; whoever paid in another currency in a period counts
    in neither half of that cell's revenue per user.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u1", "u2", "u3", "u3"],
    ...     "timestamp": pd.to_datetime(["2026-11-02", "2026-11-10", "2026-11-03", "2026-11-09", "2026-11-17"]),
    ...     "event": "visit",
    ... })
    >>> answer = Retention(period="week", periods=1).run(Tables(events=events))
    >>> answer.table[["cohort", "later", "users", "returned", "complete"]].to_numpy().tolist()
    [['2026-11-02', 0, 2, 0, True], ['2026-11-02', 1, 2, 1, True], ['2026-11-09', 0, 1, 0, True], \
['2026-11-09', 1, 1, 1, False]]
    """

    title: ClassVar[str] = N_("Who comes back, and when?")
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    start: tuple[str, ...] = field(default=(), metadata=names(at_most=100))
    returns: tuple[str, ...] | None = field(default=None, metadata=optional(names(at_most=100)))
    period: str = field(default="week", metadata=one_of(*PERIODS))
    periods: int = field(default=12, metadata=whole(least=1, most=366))
    counting: str = field(default="calendar", metadata=one_of("calendar", "rolling"))
    cohort: str = field(default="first_ever", metadata=one_of("first_ever", "first_in_range"))
    unbounded: bool = field(default=False, metadata=flag())
    measure: str = field(default="users", metadata=one_of("users", "revenue"))
    currency: str | None = field(default=None, metadata=optional(currency_code()))
    breakdown: str | None = field(default=None, metadata=optional(text()))
    weeks_from: str | None = field(default=None, metadata=optional(day()))
    observed_until: str | None = field(default=None, metadata=optional(moment()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.counting == "rolling" and self.period == "campaign":
            text = say("Campaigns have no length of their own to roll by: count campaigns by the calendar.")
            raise QuestionError.crossed(text)
        if self.unbounded and self.measure == "revenue":
            text = say("Revenue falls in the period it was paid in: count it on that period, not on or after it.")
            raise QuestionError.crossed(text)

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return who comes back to do anything, week by week."""
        return cls(start=("visit",) if "visit" in tables.event_keys else (), returns=())

    def _answer(self, tables: Tables) -> RetentionAnswer:
        for event in (*self.start, *(self.returns or ())):
            if event not in tables.event_keys:
                raise DataError.unknown(say("event"), event, tables.event_keys)
        groups = groups_of(self.breakdown, tables)
        bought = _bought(self, tables)
        frame = _Frame.of(self, tables, len(groups), bought)
        counted = _walk(self, tables, groups, frame, bought is not None)
        if not counted.users.any():
            raise DataError.empty(_nobody(self))
        spent = _spent(counted, bought, frame) if bought else None
        cells = _table(self, groups, frame, counted, spent)
        table, blank = cells[~cells["silent"]], int(cells.loc[cells["breakdown"] == TOTAL, "silent"].sum())
        curve = _curve(table)
        kind = RevenueRetentionAnswer if bought else RetentionAnswer
        return kind(
            question=self,
            version=tables.version,
            headline=_headline(self, curve, bought.currency if bought else None),
            frames={"table": table[list(kind.fields["table"])], "curve": curve[list(kind.fields["curve"])]},
            notes=_notes(self, tables, table, frame, bought, blank),
            currency=bought.currency if bought else None,
            universe=tables.names(self.breakdown) if self.breakdown else (),
        )


_COHORT = Field(N_("Cohort"), "text", of="campaign")
_COUNTED = {"later": Field(N_("Periods later"), "count"), "users": Field(N_("Users"), "count")}
_SHARES = {"returned": Field(N_("Came back"), "count"), "share": Field(N_("Share"), "share"), **bounds("share")}
_AMOUNTS = {
    "counted": Field(N_("Users counted"), "count"),
    "returned": Field(N_("Bought"), "count"),
    "revenue": Field(N_("Revenue"), "money"),
    "per_user": Field(N_("Revenue per user"), "money"),
    **bounds("money"),
}


def _fields(figures: Mapping[str, Field]) -> Fields:
    return described(
        table={
            "breakdown": GROUP,
            "cohort": _COHORT,
            **_COUNTED,
            **figures,
            "complete": Field(N_("Complete"), "flag"),
        },
        curve={"breakdown": GROUP, **_COUNTED, "cohorts": Field(N_("Cohorts"), "count"), **figures},
    )


@dataclass(frozen=True, kw_only=True, repr=False)
class RetentionAnswer(Answer):
    """Who came back, one row per group, cohort and period; "curve" pools the complete cells of all cohorts.

    `share` is `returned` / `users` with its 95% Wilson bounds `low` and `high`; `later` counts periods from that of
    the start, which is 0.
    """

    fields: ClassVar[Fields] = _fields(_SHARES)
    figures = (Figure("share", ("breakdown", "later"), n="users", frame="curve", main=1),)

    question: Retention
    universe: tuple[str, ...] = ()

    @property
    def people(self) -> tuple[RetentionCell, ...]:
        """Who was back in each cell that is complete, and who was not."""
        if self.question.measure != "users":
            return ()
        return tuple(self._cell(row, back) for row in self._complete() for back in (True, False))

    def _complete(self) -> list[Mapping[Any, Any]]:
        return list(self.table[self.table["complete"]].to_dict("records"))

    def _cell(self, row: Mapping[Any, Any], back: bool) -> RetentionCell:
        group = None if row["breakdown"] == TOTAL else row["breakdown"]
        return RetentionCell(
            retention=self.question, cohort=row["cohort"], later=int(row["later"]), back=back, group=group
        )

    def _chart(self, look: Look) -> AnyChart:
        periods = _PLURAL[self.question.period]
        if self.question.breakdown:
            return retention_chart.curves(self, self.universe, periods, look)
        return retention_chart.triangle(self, periods, look)


@dataclass(frozen=True, kw_only=True, repr=False)
class RevenueRetentionAnswer(RetentionAnswer):
    """What cohorts brought, one row per group, cohort and period; "curve" pools the complete cells of all cohorts.

    `per_user` is the mean over the cohort's `counted` users, those who bought nothing included, with the 95% bounds of
    :func:`analysis.estimates.mean`; who paid in another currency is not counted. `returned` counts those who bought.
    """

    fields: ClassVar[Fields] = _fields(_AMOUNTS)
    figures = (Figure("per_user", ("breakdown", "later"), n="counted", frame="curve", main=1),)


@value("retention-cell")
class RetentionCell(People):
    """Who of a cohort was back so many periods later, or was not: the people behind one cell.

    Parameters
    ----------
    retention : Retention
        Of users, with its own filter.
    cohort : str
        As the answer calls it.
    later : int
        Periods after that of the start.
    back : bool
        Those who were back; else those who were not, by the end of the data where the cell is not complete.
    group : str, optional
        Of the breakdown; all without one.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u1", "u2"],
    ...     "timestamp": pd.to_datetime(["2026-11-02", "2026-11-10", "2026-11-03"]),
    ...     "event": "visit",
    ... })
    >>> cell = RetentionCell(retention=Retention(periods=1), cohort="2026-11-02", later=1)
    >>> tables = Tables(events=events)
    >>> cell.ids(tables).to_pylist(), cell.replace(back=False).ids(tables).to_pylist()
    (['u1'], ['u2'])
    """

    retention: Retention = field(metadata=a(Retention))
    cohort: str = field(metadata=text())
    later: int = field(default=1, metadata=whole(least=0, most=366))
    back: bool = field(default=True, metadata=flag())
    group: str | None = field(default=None, metadata=optional(text()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.retention.measure != "users":
            raise QuestionError.crossed(say("Who came back is told of users, not of revenue: count users."))
        if self.later > self.retention.periods:
            text = say("Only {n} periods after the start are looked at: {later} is none of them.",
                       n=self.retention.periods, later=self.later)  # fmt: skip
            raise QuestionError.crossed(text)

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        facts = {"cohort": Name(self.cohort, "campaign"), "later": say(_LATER[self.retention.period], n=self.later)}
        said = (
            say("started in {cohort} and were back {later}", **facts)
            if self.back
            else say("started in {cohort} and were not back {later}", **facts)
        )
        return say("{people}, {group}", people=said, group=say(self.group)) if self.group else said

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who is in the cell.

        Raises
        ------
        DataError
            There is no such cohort or group.
        """
        asked = self.retention
        groups = groups_of(asked.breakdown, tables)
        frame = _Frame.of(asked, tables, len(groups), None)
        labels = frame.periods.labels
        if self.cohort not in labels:
            raise DataError.unknown(say("cohort"), self.cohort, labels)
        if self.group is not None and self.group not in (*groups, NOT_SET):
            raise DataError.unknown(say("group"), self.group, groups)
        found = _walk(asked, tables, groups, frame, people=True, cell=self.later).started
        assert found is not None  # people were asked for
        own = (found["period"] == labels.index(self.cohort)) & (found["back"] == self.back)
        if self.group is not None:
            own &= found["group"] == (*groups, NOT_SET).index(self.group)
        return pa.chunked_array([pa.array(found["user_id"][own], pa.string())])


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Frame:
    """What is counted: the periods, how many cells after each, until when; who may start; when anybody was there.

    Campaigns have no pauses between them, and who was back after a pause was back "on or after" it.
    """

    periods: Periods
    cells: int
    until: dt.datetime
    entries: tuple[int, int]
    window: int
    pauses: Pauses | None

    @classmethod
    def of(cls, asked: Retention, tables: Tables, groups: int, bought: _Bought | None) -> _Frame:
        observed = tables.span("events")
        assert observed is not None  # `needs` holds events
        of = ("events", "orders") if bought and bought.orders else ("events",)
        until = known_until(tables, named=asked.observed_until, of=of)
        start, end = asked.where.bounds(tables.zone) if asked.where else (None, None)
        first = max(observed[0], start) if start else observed[0]
        if first > until or (end and first >= end):
            raise DataError.empty(_nobody(asked))
        ever = length(asked.period, first, until) if asked.period != "campaign" else 1
        if ever * (groups + 1) * min(asked.periods + 1, ever) > CELLS:
            raise DataError.empty(_too_long(asked, ever))
        periods = _periods(asked, tables, first, until)
        window = DAYS[asked.period] * 86_400_000_000 if asked.counting == "rolling" else 0
        entries = (micros(start) if start else -_FAR, micros(end) if end else _FAR)
        entered = (micros(until) - micros(first)) // window + 1 if window else len(periods)
        held = None
        if periods.starts is not None and not asked.unbounded:
            held = pauses(tables, of[-1], asked.period, asked.where, open_=asked.observed_until is None)
        return cls(periods, min(asked.periods + 1, entered), until, entries, window, held)


def _periods(asked: Retention, tables: Tables, first: dt.datetime, until: dt.datetime) -> Periods:
    if asked.period != "campaign":
        return calendar(asked.period, first, until, tables.zone, weeks_from=asked.weeks_from)
    runs = campaigns(tables, asked.where)
    return Periods(tuple(run.name for run in runs), None, np.array([not run.running for run in runs]))


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the walk of some users came to; groups by position, those without a value last."""

    users: Any  # (group, period)
    back: Any  # (group, period, periods later)
    span: Any  # (earliest and latest, group, period): starts
    started: pd.DataFrame | None  # where people are asked for: user_id, group, period, moment, back

    @classmethod
    def together(cls, parts: Sequence[_Counted]) -> _Counted:
        started = [p.started for p in parts if p.started is not None]
        return cls(
            np.sum([p.users for p in parts], axis=0),
            np.sum([p.back for p in parts], axis=0),
            np.stack([np.min([p.span[0] for p in parts], axis=0), np.max([p.span[1] for p in parts], axis=0)]),
            pd.concat(started, ignore_index=True) if started else None,
        )


@dataclass(frozen=True, slots=True)
class _Bought:
    """Purchases in the one currency that counts: user_id, paid_at, campaign where asked, amount (NaN in others)."""

    rows: pd.DataFrame
    currency: str | None
    orders: bool
    notes: tuple[Note, ...]


def _bought(asked: Retention, tables: Tables) -> _Bought | None:
    """Return who paid what, and when, whatever the filter's dates."""
    if asked.measure == "users":
        return None
    also = ("campaign",) if asked.period == "campaign" else ()
    where = asked.where.replace(start=None, end=None) if asked.where else None
    source = source_of(tables, where, *also)
    if not source.orders and not (source.events and "value" in tables.present("events")):
        text = say(
            "Revenue needs orders with {columns}, or purchase events that carry a value. Import orders on the Data "
            "page, or count users.",
            columns=Names(("user_id", "paid_at", *(where.columns() if where else ()), *also)),
        )
        raise DataError.empty(text)
    known(tables, asked.currency, "orders" if source.orders else "events")
    return _in_one(purchases(tables, where, *also), asked, tables, also)


def _in_one(bought: Purchases, asked: Retention, tables: Tables, also: tuple[str, ...]) -> _Bought:
    paid = bought.rows.filter(~nw.col("user_id").is_null(), ~nw.col("amount").is_null())
    found = currency_of(tables, paid, asked.currency)
    rows = collect(paid.select("user_id", "paid_at", *also, amount=nw.col("amount") * found.factor()))
    return _Bought(rows, found.code, bought.source.orders, (*found.notes(say("revenue"), people=True), *bought.notes))


def _walk(
    asked: Retention, tables: Tables, groups: tuple[str, ...], frame: _Frame, people: bool, cell: int = 0
) -> _Counted:
    columns = Columns(
        coded=({asked.breakdown: groups} if asked.breakdown else {})
        | ({"campaign": frame.periods.labels} if frame.periods.starts is None else {}),
        texts=("user_id",) if people else (),
    )
    count = partial(
        _count,
        rules=kernel.Rules(
            _marks(asked, tables), *frame.entries, asked.cohort == "first_ever", frame.window, asked.unbounded, cell
        ),
        starts=None if frame.periods.starts is None else frame.periods.starts[:-1],
        shape=(len(groups) + 1, len(frame.periods), frame.cells),
        by=asked.breakdown,
        people=people,
    )
    return _Counted.together([count(Chunk.empty(columns)), *tables.walk(_events(asked, tables, frame), count, columns)])


def _marks(asked: Retention, tables: Tables) -> Any:
    marks = np.zeros(max(tables.event_keys.values()) + 1, np.uint8)
    for bit, wanted in ((kernel.START, asked.start), (kernel.RETURN, _returns(asked))):
        marks[[tables.event_keys[name] for name in wanted or tables.event_keys]] |= bit
    return marks


def _returns(asked: Retention) -> tuple[str, ...]:
    return asked.start if asked.returns is None else asked.returns


def _events(asked: Retention, tables: Tables, frame: _Frame) -> nw.LazyFrame[Any]:
    """Scan the events that can matter."""
    where = asked.where.replace(start=None, end=None) if asked.where else None
    events = tables.frame("events", where)
    start, _ = asked.where.bounds(tables.zone) if asked.where else (None, None)
    if start and asked.cohort == "first_in_range":
        events = events.filter(nw.col("timestamp") >= instant(start))
    observed = tables.span("events")
    if observed and frame.until < observed[1]:
        events = events.filter(nw.col("timestamp") <= instant(frame.until))
    if frame.periods.starts is None:
        events = events.filter(~nw.col("campaign").is_null())
    if asked.start and _returns(asked):
        events = events.filter(nw.col("event").is_in({*asked.start, *_returns(asked)}))
    return events


def _count(
    chunk: Chunk, rules: kernel.Rules, starts: Any, shape: tuple[int, ...], by: str | None, people: bool
) -> _Counted:
    period: Any = chunk.coded["campaign"] if starts is None else kernel.place(chunk.time, starts)
    users, back = np.zeros(shape[:2], np.int32), np.zeros(shape, np.int32)
    span = np.stack([np.full(shape[:2], _FAR), np.full(shape[:2], -_FAR)])
    most = len(np.unique(chunk.user)) if people else 1
    started = np.empty((5, max(most, 1)), np.int64)
    events = kernel.Events(chunk.user, chunk.time, chunk.code, chunk.group(by), period)
    found = kernel.retention(events, rules, kernel.Cohorts(users, back, span, started), people)
    if rules.unbounded:  # counted under the last period: in each one up to it, they were back on or after
        back = back[:, :, ::-1].cumsum(axis=2)[:, :, ::-1]
    return _Counted(users, back, span, _started(chunk, started[:, :found]) if people else None)


def warm() -> None:
    """Compile the kernels, or load them from their cache, so that the first question asked need not wait."""
    rules = kernel.Rules(np.zeros(1, np.uint8), -_FAR, _FAR, True, 0, False)
    _count(Chunk.empty(), rules, np.zeros(1, np.int64), (1, 1, 1), None, False)


def _started(chunk: Chunk, started: Any) -> pd.DataFrame:
    rows, group, period, moment, back = started
    who = chunk.texts["user_id"].take(pa.array(rows)).to_pandas()
    return pd.DataFrame({"user_id": who, "group": group, "period": period, "moment": moment, "back": back == 1})


_POWERS = ("total", "squares", "cubes", "fourths")


def _spent(counted: _Counted, bought: _Bought, frame: _Frame) -> pd.DataFrame:
    """Return per group, period and periods later: buyers, what they paid, and the moments of those counted."""
    assert counted.started is not None  # people were asked for
    started = counted.started.drop(columns="back")
    paid = bought.rows.assign(paid=bought.rows["paid_at"].astype("datetime64[us]").astype("int64"))
    paid = paid[paid["paid"] <= micros(frame.until)].merge(started, on="user_id")
    if frame.window:
        paid["later"] = (paid["paid"] - paid["moment"]) // frame.window
    elif frame.periods.starts is not None:
        paid["later"] = np.searchsorted(frame.periods.starts, paid["paid"], side="right") - 1 - paid["period"]
    else:
        places = {name: i for i, name in enumerate(frame.periods.labels)}
        paid = paid.assign(place=paid["campaign"].map(places)).dropna(subset="place")
        paid["later"] = paid["place"].astype(int) - paid["period"]
    paid = paid[(paid["paid"] >= paid["moment"]) & paid["later"].between(0, frame.cells - 1)]
    paid = paid.assign(elsewhere=paid["amount"].isna(), bought=paid["amount"].notna())
    each = paid.groupby(["group", "period", "later", "user_id"]).agg(
        {"amount": "sum", "elsewhere": "max", "bought": "max"}
    )
    known_ = each["amount"].where(~each["elsewhere"].astype(bool), 0.0)
    each = each.assign(**{name: known_**power for power, name in enumerate(_POWERS, 1)})
    cells = each.rename(columns={"amount": "revenue", "bought": "returned"}).groupby(level=[0, 1, 2])
    return cells[["returned", "elsewhere", "revenue", *_POWERS]].sum()


# ---- the tables -------------------------------------------------------------------------------------------


def _table(
    asked: Retention, groups: tuple[str, ...], frame: _Frame, counted: _Counted, spent: pd.DataFrame | None
) -> pd.DataFrame:
    """Lay out one row per group, cohort with users, and period entered; figures beside them."""
    whole = _cells(frame, counted.users.sum(0), counted.back.sum(0), counted.span[0].min(0), counted.span[1].max(0))
    parts = [whole.assign(breakdown=TOTAL, group=-1)]
    if asked.breakdown:
        for g, name in enumerate((*groups, NOT_SET)):
            own = _cells(frame, counted.users[g], counted.back[g], *counted.span[:, g])
            parts.append(own.assign(breakdown=name, group=g))
    table = pd.concat(parts, ignore_index=True)
    return _figures(table if spent is None else _priced(table, spent))


def _cells(frame: _Frame, users: Any, back: Any, earliest: Any, latest: Any) -> pd.DataFrame:
    cohort, later = (axis.ravel() for axis in np.indices((len(frame.periods), frame.cells)))
    until = micros(frame.until)
    silent = np.zeros(len(cohort), bool)
    if frame.window:
        first, last = earliest[cohort] + later * frame.window, latest[cohort] + (later + 1) * frame.window
        entered, complete = first <= until, last - 1 <= until
    else:
        at = np.minimum(cohort + later, len(frame.periods) - 1)
        entered, complete = cohort + later < len(frame.periods), frame.periods.over[at]
        first, last = (frame.periods.starts[at + n] for n in (0, 1)) if frame.periods.starts is not None else (at, at)
    if frame.pauses:
        silent, complete = frame.pauses.within(first, last), complete & ~frame.pauses.begun(first, last)
    columns = {"period": cohort, "later": later, "users": users[cohort], "returned": back[cohort, later],
               "silent": silent}  # fmt: skip
    table = pd.DataFrame({**columns, "cohort": np.array(frame.periods.labels)[cohort], "complete": complete})
    kept: pd.DataFrame = table[entered & (table["users"] > 0)]
    return kept.astype({"users": "int64", "returned": "int64"})


def _priced(table: pd.DataFrame, spent: pd.DataFrame) -> pd.DataFrame:
    whole = spent.groupby(level=["period", "later"]).sum()
    whole.index = pd.MultiIndex.from_arrays(
        [np.full(len(whole), -1), *(whole.index.get_level_values(i) for i in (0, 1))], names=spent.index.names
    )
    both = pd.concat([whole, spent])
    table = table.drop(columns="returned").join(both, on=["group", "period", "later"])
    sums = ["revenue", *_POWERS]
    filled = table.fillna({"returned": 0, "elsewhere": 0} | dict.fromkeys(sums, 0.0))
    filled["counted"] = filled["users"] - filled["elsewhere"]
    return filled.astype({"returned": "int64", "counted": "int64"} | dict.fromkeys(sums, "float64"))


def _curve(table: pd.DataFrame) -> pd.DataFrame:
    """Pool each group's complete cells by periods later."""
    figures = [c for c in ("users", "counted", "returned", "revenue", *_POWERS) if c in table]
    cells = table[table["complete"]].groupby(["breakdown", "later"], sort=False)
    pooled = cells[figures].sum().assign(cohorts=cells.size()).reset_index()
    return _figures(pooled)


def _figures(table: pd.DataFrame) -> pd.DataFrame:
    if "revenue" not in table:
        _, low, high = proportion(table["returned"], table["users"])
        return table.assign(share=share(table["returned"], table["users"]), low=low, high=high)
    found = mean(Moments(*(table[name].to_numpy(float) for name in ("counted", *_POWERS))), least=0)
    enough = table["returned"] >= BUYERS
    low, high = (np.where(enough, bound, np.nan) for bound in found[1:])
    return table.assign(per_user=found.value, low=low, high=high)


# ---- the words --------------------------------------------------------------------------------------------


def _nobody(asked: Retention) -> Message:
    if asked.where:
        return say("Nobody started under these filters. Widen the dates, clear a filter or choose another start.")
    return say("Nobody started in the time observed. Choose another start.")


def _too_long(asked: Retention, ever: int) -> Message:
    return say(
        "There are {n} {periods} between the first event and the last, too many to count. Choose longer periods, or "
        "dates that leave out events with a wrong time.",
        n=ever,
        periods=_PLURAL[asked.period],
    )


def _headline(asked: Retention, curve: pd.DataFrame, currency: str | None) -> Message:
    total = curve[curve["breakdown"] == TOTAL].set_index("later")
    step = _STEP[asked.period]
    if 1 not in total.index:
        return say("Who comes back {step} after they started is not known yet: no such period was recorded to its end.",
                   step=step)  # fmt: skip
    row: Any = total.loc[1]
    params: dict[str, Any] = {"step": step, "users": int(row["users"])}
    if asked.measure == "revenue":
        return _brought(row, currency, params | {"users": int(row["counted"])})
    params |= {name: Share(float(row[name])) for name in ("share", "low", "high")}
    if asked.unbounded:
        return say(
            "{share} of {users} users came back {step} after they started or later (95% interval {low} to {high}).",
            **params,
        )
    return say("{share} of {users} users came back {step} after they started (95% interval {low} to {high}).", **params)


def _brought(row: Any, currency: str | None, params: dict[str, Any]) -> Message:
    if not row["counted"]:
        return say("What users brought {step} after they started is not known: all paid in other currencies.",
                   step=params["step"])  # fmt: skip
    amounts = {name: Money(float(row[name]), currency, exact=True) for name in ("per_user", "low", "high")}
    if np.isnan(row["low"]):
        amount = amounts["per_user"]
        return say("{users} users brought {amount} each on average {step} after they started.",
                   amount=amount, **params)  # fmt: skip
    return say(
        "{users} users brought {per_user} each on average {step} after they started (95% interval {low} to {high}).",
        **params,
        **amounts,
    )


def _notes(
    asked: Retention, tables: Tables, table: pd.DataFrame, frame: _Frame, bought: _Bought | None, blank: int
) -> tuple[Note, ...]:
    return (
        *_doubts(asked, table, frame, blank),
        *(_money_notes(bought, table) if bought else ()),
        *_filter_notes(asked),
        *_rules(asked, tables),
    )


def _doubts(asked: Retention, table: pd.DataFrame, frame: _Frame, blank: int) -> list[Note]:
    notes, total = [], table[table["breakdown"] == TOTAL]
    if len(frame.periods) == 1:
        lone = say("All starts and returns fall in {step}, so nobody can come back in a later one. Widen the filters "
                   "or choose another period.", step=_STEP[asked.period])  # fmt: skip
        notes.append(Note("one-period", lone, "missing"))
    if n := int((~total["complete"]).sum()):
        text = say("{n} cells are of periods that were not over, for all of the cohort, when the data ends or pauses: "
                   "they are paler, lower bounds, and left out of the average.", n=n)  # fmt: skip
        notes.append(Note("incomplete", text, "warning"))
    if blank:
        silent = say("{n} cells are of periods in which nobody did anything at all: nothing was recorded then, so they "
                     "are blank and left out of the average.", n=blank)  # fmt: skip
        notes.append(Note("unrecorded", silent, "missing"))
    small = total[(total["later"] == 0) & (total["users"] < 30)]["cohort"].tolist()
    if small:
        few = say("Fewer than 30 users started in {n} cohorts, among them {cohorts}. Read their rates with the "
                  "interval.", n=len(small), cohorts=Names(tuple(small[:5]), "campaign"))  # fmt: skip
        notes.append(Note("small-cohorts", few, "warning"))
    if (cohorts := total["cohort"].nunique()) > retention_chart.COHORTS and not asked.breakdown:
        part = say("The chart shows the latest {shown} of {n} cohorts; the table has all.",
                   shown=retention_chart.COHORTS, n=cohorts)  # fmt: skip
        notes.append(Note("chart-part", part))
    groups = table["breakdown"].nunique() - 1
    if groups > retention_chart.LINES:
        part = say("The chart shows the {shown} largest of {n} groups; the table has all.",
                   shown=retention_chart.LINES, n=groups)  # fmt: skip
        notes.append(Note("chart-part", part))
    if asked.unbounded:
        later = say("Later cohorts have had less time to come back, so their rates fall short of earlier ones'.")
        notes.append(Note("less-time", later, "warning"))
    return notes


def _money_notes(bought: _Bought, table: pd.DataFrame) -> list[Note]:
    if bought.orders:
        text = say("Revenue is what cohort users paid in each period after they started, less refunds whenever made; "
                   "orders without a user are left out.")  # fmt: skip
    else:
        text = say("Revenue adds up what purchase events carry, before refunds: the orders do not tell who paid and "
                   "when.")  # fmt: skip
    notes = [*bought.notes, Note("revenue", text)]
    if (table["low"].isna()).any():
        few = say("Cells with fewer than {n} buyers or {users} users have no interval: one purchase would decide it.",
                  n=BUYERS, users=SMALL)  # fmt: skip
        notes.append(Note("few-buyers", few, "missing"))
    return notes


def _filter_notes(asked: Retention) -> list[Note]:
    notes, where = [], asked.where
    if where and (where.start or where.end):
        dated = say("Dates restrict when people start; they may come back whenever the data shows it.")
        notes.append(Note("start-dates", dated))
    if where and where.columns():
        # Of one campaign everybody is asked about alike; of one channel, who comes back by another is not seen.
        level = "info" if where.columns().keys() <= {"campaign"} else "warning"
        both = say("Start and return must both match the filter: who comes back otherwise does not count here.")
        notes.append(Note("filtered-events", both, level))
    return notes


def _rules(asked: Retention, tables: Tables) -> list[Note]:
    rules = {
        "day": say("Days begin at midnight in {zone}.", zone=tables.zone),
        "week": say("Weeks begin on Monday in {zone}.", zone=tables.zone),
        "month": say("Months begin on the first in {zone}.", zone=tables.zone),
        "campaign": say("Campaigns stand in order of their first event; events without a campaign play no part."),
    }
    notes = [Note("periods", rules[asked.period])]
    if asked.counting == "rolling":
        text = say("Each user's periods are windows of {n} times 24 hours from their own start.", n=DAYS[asked.period])
        notes.append(Note("rolling", text))
    first = (
        say("A user starts with their first such event in this data; who came before it began looks new.")
        if asked.cohort == "first_ever"
        else say("A user starts with their first such event within the dates, whatever they did before.")
    )
    zero = say("Period 0 is that of the start; the start itself is not a return.")
    return [*notes, Note("start-rule", first), *([] if asked.measure == "revenue" else [Note("period-zero", zero)])]
