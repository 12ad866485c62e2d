"""Who is meant: people by what they did, by what stands in their rows, by where a question puts them?

A :class:`Grouping` puts people into groups; :class:`People` are one group, in or not in. Both are values, so that they
combine, are kept, linked and written out like any other. Who they are is reckoned as Arrow arrays of ids, each once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field, fields
from typing import Any

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import DataError, QuestionError
from analysis.messages import Deed, Message, Names, say
from analysis.store.columns import stored
from analysis.tables import MOST_NAMES, Tables, among
from analysis.values import Filter, Value, a, many, names, number, one_of, optional, text, value, whole
from analysis.vocabulary import MEMBER, MEMBERSHIP, OTHER

HOLDERS = ("events", "orders")
"""Tables whose rows are somebody's."""
MOST_PARTS = 20


class Grouping(Value):
    """Base of what puts people into groups, and can be kept as a segment."""

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        raise NotImplementedError

    def members(self, tables: Tables) -> pa.Table:
        """Return one row per user: user_id, stage.

        Raises
        ------
        DataError
            Nobody is in any group, or the tables lack what it needs.
        """
        raise NotImplementedError


class People(Grouping):
    """Base of one group of people: whoever is known is in it or not."""

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who is in it.

        Raises
        ------
        DataError
            The tables lack what tells it.
        """
        raise NotImplementedError

    def members(self, tables: Tables) -> pa.Table:
        """Return everybody in the data, in it or not: user_id, stage.

        Raises
        ------
        DataError
            Nobody is in it, or the tables lack what tells it.

        Examples
        --------
        >>> import pandas as pd
        >>> events = pd.DataFrame({"user_id": ["u1", "u2"], "timestamp": pd.Timestamp("2026-11-11"),
        ...                        "event": ["view", "cart"]})
        >>> found = WithRows(table="events", column="event", values="cart").members(Tables(events=events))
        >>> found.sort_by("user_id").to_pydict()
        {'user_id': ['u1', 'u2'], 'stage': ['out', 'in']}
        """
        own = self.ids(tables)
        if not len(own):
            raise DataError.empty(self._nobody(tables))
        every = everyone(tables)
        stage = pc.if_else(pc.is_in(every, value_set=own), pa.scalar(MEMBER), pa.scalar(OTHER))
        return pa.table({"user_id": every, "stage": stage})

    def _nobody(self, tables: Tables) -> Message:
        return say("Nobody is left who is meant by: {people}. Widen a condition, or look at its data.",
                   people=self.words)  # fmt: skip


@value("with-rows")
class WithRows(People):
    """Who has rows, one or more, in which a column holds something.

    Parameters
    ----------
    table : {"events", "orders"}
    column : str
    values : sequence of str
        Texts it may hold; any where empty.
    least, most : float, optional
        Bounds of a column of numbers, both included.
    times : int
        In at least so many events, or orders (rows of one order number are one).
    where : Filter, optional
        Which rows count, their dates included.

    Examples
    --------
    >>> import pandas as pd
    >>> orders = pd.DataFrame({"order_id": ["o1", "o2"], "user_id": ["u1", "u2"], "revenue": [20.0, 900.0],
    ...                        "timestamp": pd.Timestamp("2026-11-11"), "currency": "CNY"})
    >>> WithRows(table="orders", column="revenue", least=500).ids(Tables(orders=orders)).to_pylist()
    ['u2']
    """

    table: str = field(default="events", metadata=one_of(*HOLDERS))
    column: str = field(default="event", metadata=text())
    values: tuple[str, ...] = field(default=(), metadata=names())
    least: float | None = field(default=None, metadata=optional(number()))
    most: float | None = field(default=None, metadata=optional(number()))
    times: int = field(default=1, metadata=whole(least=1, most=1_000_000))
    where: Filter | None = field(default=None, metadata=optional(a(Filter)))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.values and self._bounds:
            text = say("{column} holds either texts or numbers: give values to keep, or bounds.", column=self.column)
            raise QuestionError.crossed(text)
        if None not in self._bounds[:2] and len(self._bounds) == 2 and self._bounds[0] > self._bounds[1]:
            text = say("{column} cannot be from {least} to {most}: swap the two.", column=self.column,
                       least=self.least, most=self.most)  # fmt: skip
            raise QuestionError.crossed(text)

    @property
    def _bounds(self) -> tuple[float, ...]:
        return tuple(bound for bound in (self.least, self.most) if bound is not None)

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        if self.column == "event" and self.values:
            each = tuple(say("{deed}", deed=Deed(name)) for name in self.values)
            did = say("{deeds}", deeds=Names(each, sign=" / "))
            said = did if self.times == 1 else say("{deeds}, {n} times or more", deeds=did, n=self.times)
        elif self.table == "events":
            said = self._rows(say("events with {condition}", condition=self._condition))
        else:
            said = self._rows(say("orders with {condition}", condition=self._condition))
        if self.where and (self.where.start or self.where.end):
            first, last = self.where.start or "…", self.where.end or "…"
            said = say("{people}, {first} to {last}", people=said, first=first, last=last)
        return said

    def _rows(self, rows: Message) -> Message:
        return rows if self.times == 1 else say("{rows}, {n} or more", rows=rows, n=self.times)

    @property
    def _condition(self) -> Message:
        column = say(self.column)
        if self.values:
            return say("{column}: {values}", column=column, values=Names(self.values, self.column))
        match self.least, self.most:
            case None, None:
                return say("{column} of any kind", column=column)
            case least, None:
                return say("{column} of {least} or more", column=column, least=least)
            case None, most:
                return say("{column} of {most} or less", column=column, most=most)
            case least, most:
                return say("{column} from {least} to {most}", column=column, least=least, most=most)

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who has such rows."""
        tables.require(self.table, "user_id", self.column)
        texts = tables.texts(self.table)
        if self.values and self.column not in texts:
            raise DataError.not_text(self.column, texts)
        if self._bounds and self.column in texts:
            raise DataError.not_number(self.column)
        known = tables.names(self.column, self.table) if self.values else ()
        if self.values and (unknown := tuple(v for v in self.values if v not in known)) and len(known) < MOST_NAMES:
            raise DataError.unknown(say(self.column), unknown, known)
        rows = tables.frame(self.table, self.where).filter(*self._kept())
        each = nw.len() if self.table == "events" else nw.col("order_id").n_unique()
        if self.times == 1:
            return _ids(rows)
        return _ids(rows.group_by("user_id").agg(times=each).filter(nw.col("times") >= self.times))

    def _kept(self) -> Iterator[nw.Expr]:
        column = nw.col(stored(self.column))
        if self.values:
            yield among(self.column, self.values)
            return
        yield ~column.is_null()
        if self.least is not None:
            yield column >= self.least
        if self.most is not None:
            yield column <= self.most


@value("in-group")
class InGroup(People):
    """Who stands in some of the groups that a question puts people into.

    Parameters
    ----------
    of : Grouping
        Such as :class:`analysis.audience.lifecycle.Lifecycle`.
    groups : sequence of str
        Any of them where empty.
    """

    of: Grouping = field(metadata=a(Grouping))
    groups: tuple[str, ...] = field(default=(), metadata=names())

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        if not self.groups:
            return self.of.words
        return say("{groups} of: {of}", groups=_groups(self.groups), of=self.of.words)

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who stands in the groups."""
        found = self.of.members(tables)
        stage = _texts(found["stage"])
        inside = pc.is_in(stage, value_set=pa.array(self.groups, pa.string()))
        return _texts(found["user_id"].filter(inside if self.groups else pc.not_equal(stage, OTHER)))


@value("in-segment")
class InSegment(People):
    """Who is in a saved segment, as it stands when this is asked.

    Parameters
    ----------
    name : str
    groups : sequence of str
        Which of its groups; where empty, those in it, or in any of its groups.
    """

    name: str = field(metadata=text(longest=60))
    groups: tuple[str, ...] = field(default=(), metadata=names())

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        if not self.groups:
            return say("segment {name}", name=self.name)
        return say("{groups} of segment {name}", groups=_groups(self.groups), name=self.name)

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who is in it, by its column of the events and orders.

        Raises
        ------
        DataError
            There is no such segment, or it has no such groups.
        """
        held = [table for table in HOLDERS if {self.name, "user_id"} <= set(tables.texts(table))]
        if not held:
            raise DataError.no_segment(self.name)
        known = tables.names(self.name, *held)
        if unknown := tuple(group for group in self.groups if group not in known):
            raise DataError.unknown(say("group"), unknown, known)
        groups = self.groups or ((MEMBER,) if MEMBER in known else known)
        return _ids(*(tables.frame(table).filter(among(self.name, groups)) for table in held))


@value("not-in")
class NotIn(People):
    """Everybody in the data who is not among some people."""

    part: People = field(metadata=a(People))

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        return say("not ({people})", people=self.part.words)

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return everybody else."""
        return _without(everyone(tables), self.part.ids(tables))


class _Several(People):
    """Base of what is put together of several parts."""

    parts: tuple[People, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.parts:
            raise QuestionError.field("parts", self.parts, say("it needs {n} or more names.", n=1))

    @property
    def _each(self) -> Names:
        return Names(tuple(say("({people})", people=part.words) for part in self.parts))


@value("in-all")
class InAll(_Several):
    """Who is in every one of several parts.

    Parameters
    ----------
    parts : sequence of People
    """

    parts: tuple[People, ...] = field(metadata=many(People, at_most=MOST_PARTS))

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        return say("all of: {parts}", parts=self._each)

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who is in all parts."""
        wanted = [part.ids(tables) for part in self.parts if not isinstance(part, NotIn)]
        found = wanted[0] if wanted else everyone(tables)
        for own in wanted[1:]:
            found = found.filter(pc.is_in(found, value_set=own))
        for part in self.parts:
            if isinstance(part, NotIn):
                found = _without(found, part.part.ids(tables))
        return found

    def _nobody(self, tables: Tables) -> Message:
        """Say how many each part has: one of them has nobody, or they have nobody in common."""
        each = (say("{people} ({n})", people=part.words, n=len(part.ids(tables))) for part in self.parts)
        return say("Nobody is in all parts at once: {parts}. Take a part out, or ask for any of them.",
                   parts=Names(tuple(each)))  # fmt: skip


@value("in-any")
class InAny(_Several):
    """Who is in at least one of several parts.

    Parameters
    ----------
    parts : sequence of People
    """

    parts: tuple[People, ...] = field(metadata=many(People, at_most=MOST_PARTS))

    @property
    def words(self) -> Message:
        """What tells its people, in words."""
        return say("any of: {parts}", parts=self._each)

    def ids(self, tables: Tables) -> pa.ChunkedArray:
        """Return who is in any part."""
        found = [part.ids(tables) for part in self.parts]
        return _texts(pc.unique(pa.chunked_array([chunk for own in found for chunk in own.chunks], pa.string())))


def _groups(groups: tuple[str, ...]) -> Names:
    return Names(tuple(say(MEMBERSHIP.get(group, group)) for group in groups))


def everyone(tables: Tables) -> pa.ChunkedArray:
    """Return everybody who did or ordered anything.

    Raises
    ------
    DataError
        Nothing in the data says who.
    """
    held = [table for table in HOLDERS if tables.count(table) and "user_id" in tables.present(table)]
    if not held:
        raise DataError.no_users()
    return _ids(*map(tables.frame, held))


def nested(value: Value) -> Iterator[Value]:
    """Yield a value and all values it is made of.

    Examples
    --------
    >>> [part.kind for part in nested(InAll(parts=[InSegment(name="vip"), NotIn(part=InSegment(name="new"))]))]
    ['in-all', 'in-segment', 'not-in', 'in-segment']
    """
    yield value
    for each in fields(value):  # type: ignore[arg-type]
        held = getattr(value, each.name)
        for one in held if isinstance(held, tuple) else (held,):
            if isinstance(one, Value):
                yield from nested(one)


def segments_in(value: Value) -> tuple[str, ...]:
    """Return the saved segments that a value asks of, by name."""
    return tuple(dict.fromkeys(part.name for part in nested(value) if isinstance(part, InSegment)))


def _ids(*frames: nw.LazyFrame[Any]) -> pa.ChunkedArray:
    """Return who has rows in any of the frames."""
    rows = nw.concat([frame.select("user_id") for frame in frames]) if len(frames) > 1 else frames[0].select("user_id")
    found = rows.filter(~nw.col("user_id").is_null()).group_by("user_id").agg(nw.len().alias("rows"))
    return _texts(found.select("user_id").collect("pyarrow").to_arrow()["user_id"])


def _texts(column: Any) -> pa.ChunkedArray:
    """Return a column as texts in chunks, whatever texts an engine gave."""
    whole = column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])
    return whole if whole.type == pa.string() else whole.cast(pa.string())


def _without(every: pa.ChunkedArray, own: pa.ChunkedArray) -> pa.ChunkedArray:
    return every.filter(pc.invert(pc.is_in(every, value_set=own)))
