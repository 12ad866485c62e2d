"""How far has every user come by a date: reached, interested, bought, bought again; and who moved on since?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Self

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from analysis.answer import Answer, Note
from analysis.audience import lifecycle_chart as picture
from analysis.audience.days import earlier
from analysis.charts import TOTAL, AnyChart, Look
from analysis.errors import DataError, QuestionError
from analysis.estimates import proportion
from analysis.fields import Field, Fields, Figure, bounds, described
from analysis.messages import N_, Message, Names, Share, say
from analysis.money import Currency, currency_of, known
from analysis.purchases import purchases, source_of
from analysis.question import Segmentation
from analysis.tables import Tables, collect, count_if, instant
from analysis.values import currency_code, day, local_day, local_midnight, names, optional, value
from analysis.vocabulary import STAGES

NEW = N_("new")
"""Where a user stands who was not seen yet."""
FOUR_WEEKS = dt.timedelta(days=28)
INTEREST = ("view", "search", "favorite", "cart", "checkout")
"""Events that count as interest unless the question names others."""
DAYS = 28
"""How far back movement is measured from unless the question says."""
_WORDS = {stage: stage for stage in (*STAGES, NEW, TOTAL)}
_REACH, _INTEREST, _CONVERSION, _REPURCHASE = range(1, len(STAGES) + 1)
_SUMS = ("orders", "priced", "elsewhere", "value")
"""What is added up of users' purchases."""


@value("lifecycle")
class Lifecycle(Segmentation):
    """How many users stand in each stage at a date, what they are worth, and who moved since an earlier date.

    A user stands in the furthest stage of: reach (seen at all), interest (an interest event), conversion (one
    paid order) and repurchase (two or more), by everything up to the end of the day.

    Parameters
    ----------
    at : str or date, optional
        The day at whose end users are counted, in the campaign's time zone; by default the last day observed.
    since : str or date, optional
        The earlier day movement is measured from; by default 28 days before `at`, or the first day observed.
    interest : sequence of str
        Event names that count as interest; those the data does not hold are passed over.
    currency : str, optional
        That value is counted in; see :func:`analysis.money.currency_of`.
    where : Filter, optional
        Which events and orders count, their dates included.

    Notes
    -----
    Purchases are those of :func:`analysis.purchases.purchases`, each at the moment it was paid, in whatever currency;
    any other order counts as a checkout. Stages are cumulative, so nobody moves down.

    Examples
    --------
    >>> import pandas as pd
    >>> events = pd.DataFrame({
    ...     "user_id": ["u1", "u2", "u2"],
    ...     "timestamp": pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-11"]),
    ...     "event": ["visit", "view", "purchase"],
    ... })
    >>> answer = Lifecycle(at="2026-11-11", since="2026-11-10").run(Tables(events=events))
    >>> answer.table[["stage", "users", "change"]].to_dict("list")  # doctest: +NORMALIZE_WHITESPACE
    {'stage': ['reach', 'interest', 'conversion', 'repurchase', '(total)'],
     'users': [1, 0, 1, 0, 2],
     'change': [0, -1, 1, 0, 0]}
    """

    title: ClassVar[str] = N_("How far has everyone come, and who moved on?")
    of_all: ClassVar[bool] = True
    needs: ClassVar[Mapping[str, tuple[str, ...]]] = MappingProxyType({"events": ()})

    at: str | None = field(default=None, metadata=day())
    since: str | None = field(default=None, metadata=day())
    interest: tuple[str, ...] = field(default=INTEREST, metadata=names(at_least=1, at_most=100))
    currency: str | None = field(default=None, metadata=optional(currency_code()))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.since and self.at:
            _in_order(self.since, self.at)

    def members(self, tables: Tables) -> pa.Table:
        """Return who stands where at the end of the day.

        Parameters
        ----------
        tables : Tables

        Returns
        -------
        pyarrow.Table
            user_id and stage, one row per user counted, in no order: two texts each, for millions of users too.

        Raises
        ------
        DataError
            Nobody is counted, or the tables lack what the question needs.

        Notes
        -----
        To split or filter another question by it, save it as a column of the events
        (:class:`analysis.workspace.Segment`), and look at what happened after the day: whoever
        bought before it stands in conversion because they bought.

        Examples
        --------
        >>> import pandas as pd
        >>> events = pd.DataFrame({
        ...     "user_id": ["u1", "u2", "u2"],
        ...     "timestamp": pd.to_datetime(["2026-11-01", "2026-11-02", "2026-11-11"]),
        ...     "event": ["visit", "view", "purchase"],
        ... })
        >>> found = Lifecycle(at="2026-11-10").members(Tables(events=events)).sort_by("user_id")
        >>> found.to_pydict()
        {'user_id': ['u1', 'u2'], 'stage': ['reach', 'interest']}
        """
        tables.require("events")
        source, days = _settled(self, tables)
        users = _users(self, tables, source, days, Currency(None), "user_id")
        found = users.select("now", user_id=nw.col("who")).collect("pyarrow").to_arrow()
        if not found.num_rows:
            raise DataError.empty(_nobody(self, days))
        places = pc.subtract(found["now"].cast(pa.int32()), pa.scalar(_REACH, pa.int32()))
        return pa.table({"user_id": found["user_id"], "stage": pc.take(pa.array(STAGES), places)})

    @classmethod
    def suggested(cls, tables: Tables) -> Self:
        """Return how far everyone has come on the last day observed, against four weeks before."""
        span = tables.span("events")
        here = [e for e in INTEREST if e in tables.event_keys]
        here = here or [e for e in tables.common_events() if e != "purchase"] or list(INTEREST)
        asked = cls(interest=tuple(here) if set(here) != set(INTEREST) else INTEREST)
        if span is None:
            return asked
        first, last = (dt.date.fromisoformat(local_day(moment, tables.zone)) for moment in span)
        return asked.replace(at=last, since=max(first, last - FOUR_WEEKS)) if first < last else asked

    def _answer(self, tables: Tables) -> LifecycleAnswer:
        source, days = _settled(self, tables)
        currency = _currency(self, tables, source, days)
        counted = _counted(self, tables, source, days, currency)
        if counted.empty:
            raise DataError.empty(_nobody(self, days))
        money = _money(tables, source, days, currency, counted)
        frames = {
            "table": _stage_table(counted, source, money.known),
            "movement": _movement_table(counted, source),
        }
        return LifecycleAnswer(
            question=self,
            version=tables.version,
            headline=_headline(frames, source, days),
            frames=frames,
            notes=(*_notes(self, tables, source, days), *money.notes),
            currency=money.currency,
            at=days.at,
            since=days.since,
        )


@dataclass(frozen=True, kw_only=True, repr=False)
class LifecycleAnswer(Answer):
    """Users by stage, one row per stage and one for all; "movement" has one row per pair of stages.

    `share` is of all users and `share_of_from` of those who stood in `from_stage`, with 95% Wilson bounds `low`
    and `high`. `value` is what the stage's users have paid by `at`, less refunds, and `value_per_user` its mean over
    the `counted` of them, who paid in no other currency; `change` is `users` less those who stood there at `since`.
    In "movement", users not seen by `since` come from "new"; its users add up to the table's by `to_stage`.
    """

    fields: ClassVar[Fields] = described(
        table={
            "stage": Field(N_("Stage"), "text", _WORDS),
            "users": Field(N_("Users"), "count"),
            "share": Field(N_("Share of users"), "share"),
            **bounds("share"),
            "orders": Field(N_("Orders"), "count"),
            "counted": Field(N_("Users counted"), "count"),
            "value": Field(N_("Value"), "money"),
            "value_per_user": Field(N_("Value per user"), "money"),
            "change": Field(N_("Change"), "count"),
        },
        movement={
            "from_stage": Field(N_("From stage"), "text", _WORDS),
            "to_stage": Field(N_("To stage"), "text", _WORDS),
            "users": Field(N_("Users"), "count"),
            "share_of_from": Field(N_("Share of the stage they were in"), "share"),
            **bounds("share"),
        },
    )
    figures = (Figure("share", ("stage",), main=-2),)

    question: Lifecycle
    at: str
    since: str

    def _chart(self, look: Look) -> AnyChart:
        return picture.stages(
            (self.table.query("stage != @TOTAL"), self.plot("table", look)),
            (self.frame("movement"), self.plot("movement", look)),
            at=self.at,
            since=self.since,
            describe=look(self.headline),
        )


# ---- the work ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Source:
    """What tells who bought: the orders, else purchase events, else nothing; and the columns orders lack."""

    orders: bool
    paid: bool
    bought: bool
    lacks: tuple[str, ...] = ()

    @property
    def stages(self) -> tuple[str, ...]:
        """The stages that can be told apart."""
        return STAGES if self.paid or self.bought else STAGES[:_INTEREST]


@dataclass(frozen=True, slots=True)
class _Days:
    """The two days compared and the moments (UTC) at which they end; the first and last day that can count."""

    at: str
    since: str
    first: str
    last: str
    end: dt.datetime
    before: dt.datetime


@dataclass(frozen=True, slots=True)
class _Money:
    """Whether value is known, in which currency, and what is to be said about it."""

    known: bool
    currency: str | None
    notes: tuple[Note, ...]


def _settled(asked: Lifecycle, tables: Tables) -> tuple[_Source, _Days]:
    """Settle what tells who bought, and the two days."""
    if not set(asked.interest) & set(tables.event_keys):
        raise DataError.unknown(say("event"), asked.interest[0], tables.event_keys)
    source = _source(asked, tables)
    return source, _days(asked, tables, source)


def _source(asked: Lifecycle, tables: Tables) -> _Source:
    found = source_of(tables, asked.where)
    orders = tables.count("orders") > 0 and not set(found.lacks) - {"paid_at"}
    return _Source(orders, found.orders, found.events, found.lacks)


def _days(asked: Lifecycle, tables: Tables, source: _Source) -> _Days:
    """Settle the two days: those asked for, else by what was observed within the filter's dates."""
    observed = tables.span("events", *(["orders"] if source.orders else []))
    assert observed is not None  # `needs` holds events
    first, last = (local_day(moment, tables.zone) for moment in observed)
    if asked.where:
        first, last = max(first, asked.where.start or first), min(last, asked.where.end or last)
    at = asked.at or last
    if at < first or first > last:
        raise DataError.empty(_unobserved(asked, tables, observed))
    since = asked.since or min(max(earlier(at, DAYS), first), earlier(at, 1))
    _in_order(since, at)
    ends = (local_midnight(when, tables.zone, days=1) for when in (at, since))
    return _Days(at, since, first, last, *ends)


def _in_order(since: str, at: str) -> None:
    if since >= at:
        text = say(
            "Movement is measured from an earlier day: {since} is not before {at}. Choose an earlier one for it.",
            since=since,
            at=at,
        )
        raise QuestionError.crossed(text)


def _users(
    asked: Lifecycle, tables: Tables, source: _Source, days: _Days, currency: Currency, who: str
) -> nw.LazyFrame[Any]:
    """Return each user's stage then (`was`, 0 for new) and now, and what they bought (null where they did not).

    Users are told apart by a column `who`: where only events tell of them, their keys are faster than their ids.
    """
    users = _seen(asked, tables, source, days, who)
    if not source.paid and not source.bought:
        return users.with_columns(**dict.fromkeys(_SUMS, nw.lit(0)))
    users = users.join(_buyers(asked, tables, days, currency, who), on="who", how="full", suffix="_bought")
    further = {name: nw.max_horizontal(name, f"{name}_bought") for name in ("was", "now")}
    return users.select(*_SUMS, who=nw.coalesce("who", "who_bought"), **further)


def _counted(asked: Lifecycle, tables: Tables, source: _Source, days: _Days, currency: Currency) -> pd.DataFrame:
    """Count users by their stage then and now: a few rows, however many the users."""
    users = _users(asked, tables, source, days, currency, "user_id" if source.orders else "user_key")
    # Whoever paid in another currency too is in no mean.
    users = users.with_columns(known=nw.when(nw.col("elsewhere") == 0).then(nw.col("value")).otherwise(nw.lit(0.0)))
    counted = users.group_by("was", "now").agg(nw.len().alias("users"), nw.col(*_SUMS, "known").sum())
    whole = ["was", "now", "users", "orders", "priced", "elsewhere"]
    kinds = dict.fromkeys(whole, "int64") | {"value": "float64", "known": "float64"}
    return collect(counted).fillna(0).astype(kinds)


def _seen(asked: Lifecycle, tables: Tables, source: _Source, days: _Days, who: str) -> nw.LazyFrame[Any]:
    """Return how far each user had come by either day, but for what they bought."""
    events = tables.frame("events", asked.where).filter(nw.col("timestamp") < instant(days.end))
    firsts = tables.firsts(events, {"seen": None, "interested": asked.interest}, who)
    sides = {"was": instant(days.before), "now": instant(days.end)}
    seen = firsts.select(who=nw.col(who), **{side: _stage_by(end) for side, end in sides.items()})
    if not source.orders:
        return seen
    placed = tables.frame("orders", asked.where).filter(
        ~nw.col("user_id").is_null(), nw.col("revenue") >= 0, nw.col("timestamp") < instant(days.end)
    )
    stage = nw.lit(_INTEREST if "checkout" in asked.interest else _REACH)
    was = nw.when(nw.col("timestamp") < sides["was"]).then(stage).otherwise(nw.lit(0))
    parts = [seen, placed.select(who=nw.col(who), was=was, now=stage)]
    return nw.concat(parts).group_by("who").agg(nw.col("was", "now").max())


def _stage_by(end: nw.Expr) -> nw.Expr:
    reached = nw.when(nw.col("seen") < end).then(nw.lit(_REACH)).otherwise(nw.lit(0))
    return nw.when(nw.col("interested") < end).then(nw.lit(_INTEREST)).otherwise(reached)


def _buyers(asked: Lifecycle, tables: Tables, days: _Days, currency: Currency, who: str) -> nw.LazyFrame[Any]:
    """Return everyone who bought: how far that brought them by either day, and what it was."""
    amount, value = nw.col("amount"), nw.col("amount") * currency.factor()
    users = (
        _purchases(asked, tables, days, who)
        .with_columns(who=nw.col(who), value=value)
        .group_by("who")
        .agg(
            orders=nw.len(),
            orders_before=count_if(nw.col("paid_at") < instant(days.before)),
            priced=count_if(~amount.is_null()),
            elsewhere=count_if(nw.col("value").is_null() & ~amount.is_null()),
            value=nw.col("value").sum(),
        )
    )
    elsewhere = nw.when(nw.col("elsewhere") > 0).then(nw.lit(1)).otherwise(nw.lit(0))
    return users.with_columns(elsewhere=elsewhere, was=_stage("orders_before"), now=_stage("orders"))


def _stage(orders: str) -> nw.Expr:
    once = nw.when(nw.col(orders) == 1).then(nw.lit(_CONVERSION)).otherwise(nw.lit(0))
    return nw.when(nw.col(orders) > 1).then(nw.lit(_REPURCHASE)).otherwise(once)


def _purchases(asked: Lifecycle, tables: Tables, days: _Days, *also: str) -> nw.LazyFrame[Any]:
    """Return what was bought by the day: user_id, paid_at, currency, amount (null: unknown), and further columns."""
    paid = purchases(tables, asked.where, *also).rows
    return paid.filter(~nw.col("user_id").is_null(), nw.col("paid_at") < instant(days.end))


def _currency(asked: Lifecycle, tables: Tables, source: _Source, days: _Days) -> Currency:
    """Return the currency in which value is counted."""
    known(tables, asked.currency, "orders" if source.paid else "events")
    if not source.paid and not source.bought:
        return Currency(None)
    return currency_of(tables, _purchases(asked, tables, days), asked.currency)


def _money(tables: Tables, source: _Source, days: _Days, currency: Currency, counted: pd.DataFrame) -> _Money:
    """Say whether the purchases' amounts can be added up, and in which currency."""
    notes = currency.notes(say("value"), people=True)
    if source.paid:
        return _Money(True, currency.code, (*notes, _realised(tables, days)))
    priced, orders = int(counted["priced"].sum()), int(counted["orders"].sum())
    if "value" not in tables.present("events") or not priced:
        return _Money(False, None, (_valueless(),))
    return _Money(True, currency.code, (*notes, _from_events(orders - priced, orders)))


def _guests(asked: Lifecycle, tables: Tables, days: _Days) -> int:
    """Count purchases that name no user."""
    paid = purchases(tables, asked.where).rows
    paid = paid.filter(nw.col("user_id").is_null(), nw.col("paid_at") < instant(days.end))
    return int(collect(paid.select(nw.len().alias("n")))["n"].iloc[0])


def _stage_table(counted: pd.DataFrame, source: _Source, priced: bool) -> pd.DataFrame:
    """Gather the stages' rows and the total; the columns are those of the public table."""
    stages = range(_REACH, len(source.stages) + 1)
    sums = ["users", "orders", "value", "known", "elsewhere"]
    now = counted.groupby("now")[sums].sum().reindex(stages, fill_value=0)
    was = counted.groupby("was")["users"].sum().reindex(stages, fill_value=0)
    rows = now.assign(stage=source.stages, change=now["users"] - was)
    total = rows[[*sums, "change"]].sum().to_frame().T.assign(stage=TOTAL)
    table = pd.concat([rows, total], ignore_index=True)
    table["counted"] = table["users"] - table["elsewhere"]
    table = table.astype(dict.fromkeys(["users", "counted", "orders", "change"], "int64"))
    table["share"] = table["users"] / table["users"].iloc[-1]
    _, table["low"], table["high"] = proportion(table["users"], table["users"].iloc[-1])
    table.loc[table["stage"] == TOTAL, ["low", "high"]] = np.nan
    table["value"] = table["value"].astype("float64") if priced else np.nan
    table["value_per_user"] = table["known"] / table["counted"].mask((table["counted"] == 0) | (not priced))
    return table[list(LifecycleAnswer.fields["table"])]


def _movement_table(counted: pd.DataFrame, source: _Source) -> pd.DataFrame:
    """Gather one row per pair of stages that can follow one another."""
    places = (NEW, *source.stages)
    pairs = [(was, now) for was in range(len(places)) for now in range(max(was, _REACH), len(places))]
    users = counted.groupby(["was", "now"])["users"].sum().reindex(pd.MultiIndex.from_tuples(pairs), fill_value=0)
    table = pd.DataFrame(
        {
            "from_stage": [places[was] for was, _ in pairs],
            "to_stage": [places[now] for _, now in pairs],
            "users": users.to_numpy("int64"),
        }
    )
    of = table.groupby("from_stage")["users"].transform("sum")
    table["share_of_from"] = table["users"] / of.mask(of == 0)
    _, table["low"], table["high"] = proportion(table["users"], of)
    return table


# ---- the words --------------------------------------------------------------------------------------------


def _unobserved(asked: Lifecycle, tables: Tables, observed: tuple[dt.datetime, dt.datetime]) -> Message:
    first, last = (local_day(moment, tables.zone) for moment in observed)
    if asked.where and (asked.where.start or asked.where.end):
        return say(
            "Nothing was observed within these dates: the data runs from {first} to {last}. "
            "Change the day or the filter's dates.",
            first=first,
            last=last,
        )
    return say(
        "Nothing was observed by {at}: the data runs from {first} to {last}. Choose a day from then on.",
        at=asked.at,
        first=first,
        last=last,
    )


def _nobody(asked: Lifecycle, days: _Days) -> Message:
    return say("Nobody was seen by {at} under these filters. Choose a later day or clear a filter.", at=days.at)


def _headline(frames: Mapping[str, pd.DataFrame], source: _Source, days: _Days) -> Message:
    users = frames["table"].set_index("stage")["users"]
    moved = frames["movement"].set_index(["from_stage", "to_stage"])["users"]
    total = int(users[TOTAL])
    interest, conversion, repurchase = STAGES[1:]
    if conversion not in users:
        return say(
            "{share} of {users} users have shown interest by {at}; nothing tells who bought.",
            share=Share(float(users[interest] / total)),
            users=total,
            at=days.at,
        )
    return say(
        "{share} of {users} users have bought by {at}; {again} bought again. "
        "Since {since}, {moved} moved on from interest to a first order.",
        share=Share(float((users[conversion] + users[repurchase]) / total)),
        users=total,
        at=days.at,
        again=int(users[repurchase]),
        since=days.since,
        moved=int(moved[interest, conversion] + moved[interest, repurchase]),
    )


def _notes(asked: Lifecycle, tables: Tables, source: _Source, days: _Days) -> tuple[Note, ...]:
    notes = list(purchases(tables, asked.where).notes) if source.paid else []
    if days.at > days.last:
        late = say("The data counted here ends on {last}; later days are as if nothing happened.", last=days.last)
        notes.append(Note("after-data", late, "warning"))
    if days.since < days.first:
        early = say(
            "Nothing counted here was observed by {since}, so everybody is new. For movement, choose an earlier "
            "day that the data covers.",
            since=days.since,
        )
        notes.append(Note("since-before-data", early, "warning"))
    if source.paid and (guests := _guests(asked, tables, days)):
        text = say("{orders} paid orders name no user and are left out.", orders=guests)
        notes.append(Note("no-user", text, "warning"))
    return (*notes, *_filter_notes(asked), *_interest_notes(asked, tables), _purchase_note(tables, source))


def _filter_notes(asked: Lifecycle) -> list[Note]:
    notes = []
    if asked.where and (asked.where.start or asked.where.end):
        dated = say("Only events and orders made within the filter's dates count: users stand where those alone "
                    "bring them, whatever they did before.")  # fmt: skip
        notes.append(Note("dated-rows", dated))
    if asked.where and asked.where.columns():
        matching = say("Only events and orders that match the filter count: users stand where those alone "
                       "bring them, whatever they did elsewhere.")  # fmt: skip
        notes.append(Note("filtered-rows", matching))
    return notes


def _interest_notes(asked: Lifecycle, tables: Tables) -> list[Note]:
    held = tuple(name for name in asked.interest if name in tables.event_keys)
    missing = tuple(name for name in asked.interest if name not in tables.event_keys)
    notes = [Note("interest-events", say("Interest means any of: {events}.", events=Names(held, "event")))]
    if missing:
        text = say("Not in the data, so no sign of interest here: {events}.", events=Names(missing, "event"))
        notes.append(Note("interest-missing", text, "info" if set(missing) <= set(INTEREST) else "warning"))
    return notes


def _purchase_note(tables: Tables, source: _Source) -> Note:
    """Say what counts as a purchase, and why the orders do not where they do not."""
    if source.paid:
        text = say("A purchase is a paid order, from the moment it was paid; an unpaid order is a checkout.")
        return Note("paid-orders", text)
    if not tables.count("orders"):
        why = say("There are no orders")
    else:
        why = say("The orders have no {columns}", columns=Names(source.lacks))
    if not source.bought:
        text = say(
            "{why}, and the events have no purchase: who bought is unknown, and buyers stand under interest or "
            "reach. Import orders with users and payment times on the Data page.",
            why=why,
        )
        return Note("no-purchases", text, "missing")
    text = say("{why}, so a purchase is a purchase event; those of one order number are one purchase.", why=why)
    return Note("purchase-events", text, "warning" if tables.count("orders") else "info")


def _realised(tables: Tables, days: _Days) -> Note:
    if "refund" not in tables.present("orders"):
        text = say("Value is the revenue of orders paid by {at}.", at=days.at)
    else:
        text = say(
            "Value is the revenue of orders paid by {at} less their refunds, whenever those were made; an order "
            "refunded in full is no purchase.",
            at=days.at,
        )
    return Note("realised-value", text)


def _valueless() -> Note:
    text = say("Value needs orders, or purchase events that carry a value. Import orders on the Data page.")
    return Note("value-needs-orders", text, "missing")


def _from_events(unpriced: int, orders: int) -> Note:
    if unpriced:
        text = say(
            "Value adds up what purchase events carry, before refunds; {unpriced} of {orders} purchases lack a "
            "value, so it is a lower bound.",
            unpriced=unpriced,
            orders=orders,
        )
        return Note("value-from-events", text, "warning")
    return Note("value-from-events", say("Value adds up what purchase events carry, before refunds."))
