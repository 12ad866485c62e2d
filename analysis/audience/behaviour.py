"""What had each user done by a day: how often what, through which channels, and how long ago?"""

from __future__ import annotations

from dataclasses import dataclass

import narwhals as nw

from analysis.audience.days import Lazy, bought_on, day_number, local_date, number
from analysis.messages import N_, Deed, Message, Name, say
from analysis.purchases import source_of
from analysis.tables import Tables, collect, count_if, instant
from analysis.values import Filter, local_midnight

DEEDS, CHANNELS = 8, 9
"""How many events, and how many channels, are told apart at most: those that most users have."""
_WORDS = {
    "days": N_("how many days they came on"),
    "orders": N_("how many days they had bought on"),
    "recency": N_("how long they had been away"),
}


@dataclass(frozen=True, slots=True)
class Habits:
    """What is counted of each user; the columns of :func:`behaviour` in order.

    Parameters
    ----------
    events : tuple of str
    channels : tuple of str
        Through which people came, where events tell.
    orders : bool
        Whether it is known who bought.
    """

    events: tuple[str, ...]
    channels: tuple[str, ...]
    orders: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that hold counts."""
        own = (*(f"event {i}" for i in range(len(self.events))), *(f"channel {i}" for i in range(len(self.channels))))
        return (*own, "days", *(["orders"] if self.orders else []))

    def code(self, column: str) -> str:
        """Return what stands for a column in tables, such as "event view"."""
        kind, _, place = column.partition(" ")
        of = {"event": self.events, "channel": self.channels}.get(kind)
        return f"{kind} {of[int(place)]}" if of else column

    @property
    def said(self) -> dict[str, Message]:
        """What each code means, as people say it."""
        return {self.code(column): self.words(column) for column in (*self.columns, "recency")}

    def words(self, column: str) -> Message:
        """Return what a column counts, as people say it."""
        kind, _, place = column.partition(" ")
        if kind == "event":
            return say("how often they {did}", did=Deed(self.events[int(place)]))
        if kind == "channel":
            return say("how much they came through {channel}", channel=Name(self.channels[int(place)], "channel"))
        return say(_WORDS[column])


def habits(tables: Tables, where: Filter | None, by: str) -> Habits:
    """Return what is counted of users: what is common up to the end of a day, so that nothing after it has a say.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Its dates do not count.
    by : str
        The ISO day.
    """
    end = local_midnight(by, tables.zone, days=1)
    rows = tables.frame("events", _undated(where)).filter(nw.col("timestamp") < instant(end))
    channels = _common(rows, "channel", CHANNELS) if "channel" in tables.present("events") else ()
    source = source_of(tables, _undated(where))
    return Habits(_common(rows, "event", DEEDS), channels, source.orders or source.events)


def _common(rows: Lazy, column: str, most: int) -> tuple[str, ...]:
    """Return the values of a column that most users have, those with most first."""
    held = rows.filter(~nw.col(column).is_null()).group_by(column).agg(users=nw.col("user_key").n_unique())
    found = collect(held).sort_values(["users", column], ascending=[False, True])
    return tuple(map(str, found[column][:most]))


def _undated(where: Filter | None) -> Filter | None:
    return where.replace(start=None, end=None) if where else None


def behaviour(tables: Tables, where: Filter | None, of: Habits, by: str, days: int) -> Lazy:
    """Return one row per user who did anything in the days up to the end of a day; nothing after it counts.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Its dates do not count.
    of : Habits
    by : str
        The ISO day.
    days : int
        How many days are looked back.

    Returns
    -------
    LazyFrame
        user_id, the counts of `of.columns` and `recency`: the days from the last one they came on to `by`.
    """
    end = local_midnight(by, tables.zone, days=1)
    start = local_midnight(by, tables.zone, days=1 - days)
    events = tables.frame("events", _undated(where))
    events = events.filter(nw.col("timestamp") >= instant(start), nw.col("timestamp") < instant(end))
    counts = {f"event {i}": count_if(nw.col("event") == name) for i, name in enumerate(of.events)}
    counts |= {f"channel {i}": count_if(nw.col("channel") == name) for i, name in enumerate(of.channels)}
    # Dates as they are: to number every row takes twice as long.
    events = events.with_columns(date=local_date(tables, "timestamp", "events"))
    found = events.group_by("user_id").agg(**counts, days=nw.col("date").n_unique(), last=nw.col("date").max())
    found = found.with_columns(recency=number(by) - day_number(nw.col("last"))).drop("last")
    if not of.orders:
        return found
    bought = bought_on(tables, _undated(where)).filter(nw.col("day") <= number(by))
    bought = bought.group_by("user_id").agg(orders=nw.len())
    return found.join(bought, on="user_id", how="left").with_columns(nw.col("orders").fill_null(0))


def bought_between(tables: Tables, where: Filter | None, after: str, until: str) -> Lazy:
    """Return who bought after the end of one day and by that of another: user_id, each once."""
    rows = bought_on(tables, _undated(where))
    rows = rows.filter(nw.col("day") > number(after), nw.col("day") <= number(until))
    return rows.select("user_id").unique()
