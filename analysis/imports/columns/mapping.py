"""Which column of a file is which column of a table: the frozen value an analyst corrects and keeps."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Self

from analysis.errors import ImportFileError, QuestionError
from analysis.imports.columns.amounts import LEAD
from analysis.messages import Names, say
from analysis.values import (
    Metadata,
    Value,
    day,
    duration,
    flag,
    is_text,
    names,
    one_of,
    optional,
    text,
    time_zone,
    value,
)
from analysis.vocabulary import TABLES, column_names

Assignments = tuple[tuple[str, str], ...]
DERIVED = ("period_end",)
"""Required columns that follow from others when no file column is given."""
_NOT_A_MAPPING = say("it does not hold a column mapping. Choose a file that was downloaded as a mapping here.")
SPREAD: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "events": ("event", "value"),
        "orders": ("channel", "revenue"),
        "spend": ("channel", "spend"),
        "controls": ("name", "value"),
    }
)
"""What the name and the cell of a spread column become, by table."""


def _assignments() -> Metadata:
    def check(name: str, got: object) -> Assignments:
        items = got.items() if isinstance(got, Mapping) else got
        if not isinstance(items, Iterable):
            raise QuestionError.field(name, got, say("it must map columns to texts."))
        entries = [tuple(item) if isinstance(item, Iterable) else () for item in items]
        if not all(len(e) == 2 and all(map(is_text, e)) for e in entries):
            raise QuestionError.field(name, got, say("it must map columns to texts."))
        if len({target for target, _ in entries}) < len(entries):
            raise QuestionError.field(name, got, say("each column may stand once."))
        return tuple(sorted((target, source) for target, source in entries))

    return {"check": check}


def _delays() -> Metadata:
    pairs, length = _assignments()["check"], duration()["check"]

    def check(name: str, got: object) -> Assignments:
        return tuple((event, length(f"{name}[{event}]", span)) for event, span in pairs(name, got))

    return {"check": check}


MONTH = "month"
"""The period of a row that is about a whole calendar month."""


def _period() -> Metadata:
    length = duration()["check"]

    def check(name: str, got: object) -> str:
        return MONTH if got == MONTH else str(length(name, got))

    return {"check": check}


@value("mapping")
class ColumnMapping(Value):
    """How a file's rows become rows of a table.

    Parameters
    ----------
    table : {"events", "orders", "spend", "controls"}
    columns : mapping of str to str
        Table column to the file's heading.
    factors : mapping of str to str
        Table column to the heading of what its cell is to be taken times: a price of one piece times the pieces.
    otherwise : mapping of str to str
        Table column of text to the heading that stands in where its own has nothing, such as a device's id.
    constants : mapping of str to str
        Table column to one text for every row, such as a channel or a currency.
    zone : str
        IANA zone of times that carry none.
    period : str
        Length of a spend row's period where the file has no end column, such as "7d"; "month" ends it with the
        calendar month that it starts in.
    hashed : tuple of str
        Text columns of the table whose values are replaced by a keyed hash.
    events : mapping of str to str
        The file's codes and names of events (lower case) to ours; others are kept as they are.
    statuses : mapping of str to str
        The file's words for how an order stands (lower case) to those of :data:`analysis.vocabulary.ORDER_STATUSES`,
        to "none" where they say nothing of it, or to themselves; others are asked about.
    after_sales : str, optional
        Heading of a column beside the status that says whether an order was refunded; its words go by `statuses`.
    row_kind : str, optional
        Heading of a column that says which rows of orders are sales and which are not, or which of a log's are events.
    row_kinds : mapping of str to str
        Its words (lower case) to "sale", "refund" (an amount given back, whatever its sign) or "other" (set aside);
        others count as they stand, and are asked about.
    test_order : str, optional
        Heading of a column that says which orders are tests: they are set aside.
    on_delivery : mapping of str to str
        Payment methods (lower case) with which an order is paid only once it is delivered, each to the heading of
        its column.
    part_refunds : {"none", "whole"}, optional
        What is taken for refunded of orders that were partly refunded, by no stated amount; None takes nothing and
        asks.
    result_type : str, optional
        Heading of a spend report's types of results, where each row counts one of its own.
    results : mapping of str to str
        Those types (lower case) to "order" or "other": only orders are conversions; others are asked about.
    only : mapping of str to str
        The file's heading to the one value whose rows are kept, where the same spend stands once per
        attribution window.
    lines : {"each", "first", "sum"}
        Orders over many lines: each line is an order; the first line has the amounts; the amounts add up.
    below_zero : {"discount", "refund"}, optional
        What an order's lines below zero are that could be either, where the amounts of lines add up; None takes them
        for refunds and asks.
    identified : str, optional
        Heading of an id that every row has but totals do not.
    day_first : bool, optional
        Order of 01/02/2026 where the column cannot tell; None takes what is usual.
    end_included : bool, optional
        Whether the file's end of a period is its last day; None looks how its periods follow one another, and where
        they do not tell takes them for last days and asks.
    year_first : bool, optional
        Whether 26-11-12 begins with its year, where the column cannot tell; None takes what is likely.
    decimal : {".", ","}, optional
        The decimal sign of amounts such as 1.234, where the file cannot tell; None takes what is likely.
    totals : bool, optional
        Whether spend rows that are called like totals and add up to no other rows are totals all the same; None
        keeps them and asks.
    settled : tuple of str
        Columns of the table for which several of the file's could serve and one was said to be meant.
    first_day : str, optional
        The day that "Nth day" 0 stands for.
    spread : mapping of str to str
        The file's headings to channels (spend, orders), events or controls: columns that become rows. A blank
        cell gives no row. For events, neither does false, no or 0, and a number of its own becomes the `value`;
        a constant `event` is one more event of each row.
    delays : mapping of str to duration
        The file's events to how long after the one time given for all rows they are placed: stand-ins for times
        that the file does not have.

    Examples
    --------
    >>> ColumnMapping(table="orders", columns={"order_id": "订单编号"}, constants={"currency": "CNY"}).columns
    (('order_id', '订单编号'),)
    """

    table: str = field(metadata=one_of(*TABLES))
    columns: Assignments = field(default=(), metadata=_assignments())
    factors: Assignments = field(default=(), metadata=_assignments())
    otherwise: Assignments = field(default=(), metadata=_assignments())
    constants: Assignments = field(default=(), metadata=_assignments())
    zone: str = field(default="Asia/Shanghai", metadata=time_zone())
    period: str = field(default="1d", metadata=_period())
    hashed: tuple[str, ...] = field(default=(), metadata=names())
    events: Assignments = field(default=(), metadata=_assignments())
    statuses: Assignments = field(default=(), metadata=_assignments())
    after_sales: str | None = field(default=None, metadata=optional(text(longest=1000)))
    row_kind: str | None = field(default=None, metadata=optional(text(longest=1000)))
    row_kinds: Assignments = field(default=(), metadata=_assignments())
    test_order: str | None = field(default=None, metadata=optional(text(longest=1000)))
    on_delivery: Assignments = field(default=(), metadata=_assignments())
    part_refunds: str | None = field(default=None, metadata=optional(one_of("none", "whole")))
    result_type: str | None = field(default=None, metadata=optional(text(longest=1000)))
    results: Assignments = field(default=(), metadata=_assignments())
    only: Assignments = field(default=(), metadata=_assignments())
    lines: str = field(default="each", metadata=one_of("each", "first", "sum"))
    below_zero: str | None = field(default=None, metadata=optional(one_of("discount", "refund")))
    identified: str | None = field(default=None, metadata=optional(text(longest=1000)))
    day_first: bool | None = field(default=None, metadata=optional(flag()))
    end_included: bool | None = field(default=None, metadata=optional(flag()))
    year_first: bool | None = field(default=None, metadata=optional(flag()))
    decimal: str | None = field(default=None, metadata=optional(one_of(".", ",")))
    totals: bool | None = field(default=None, metadata=optional(flag()))
    settled: tuple[str, ...] = field(default=(), metadata=names())
    first_day: str | None = field(default=None, metadata=day())
    spread: Assignments = field(default=(), metadata=_assignments())
    delays: Assignments = field(default=(), metadata=_delays())

    def __post_init__(self) -> None:
        super().__post_init__()
        known = column_names(self.table)
        for target, _ in (*self.columns, *self.constants, *self.factors, *self.otherwise):
            if target not in known:
                raise QuestionError.unknown_field(target, known)
        texts = tuple(c.name for c in TABLES[self.table] if c.type == "text")
        for target in self.hashed:
            if target not in texts:
                raise QuestionError.unknown_field(target, texts)
        given = [*(target for target, _ in (*self.columns, *self.constants)), *self.spread_to()]
        if both := sorted({target for target in given if given.count(target) > 1}):
            reason = say("{columns}: give a file column, a constant or columns to spread, not several of these.",
                         columns=Names(tuple(both)))  # fmt: skip
            raise QuestionError.crossed(reason)

    @classmethod
    def from_file(cls, content: bytes, name: str) -> Self:
        """Read a mapping from a JSON file made of :meth:`to_json`.

        Raises
        ------
        ImportFileError
            The file does not hold a mapping; the message says what is wrong with it.
        """
        try:
            return cls.from_json(content.decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise ImportFileError.because(name, _NOT_A_MAPPING, "not-a-mapping") from error
        except QuestionError as error:
            reason = _NOT_A_MAPPING if error.code in ("unreadable", "unknown-kind") else error.message
            raise ImportFileError.because(name, reason, "not-a-mapping") from error

    @property
    def names_currency(self) -> str | None:
        """Heading of the amount whose cells name each row's currency; None where it is said elsewhere.

        Examples
        --------
        >>> ColumnMapping(table="orders", columns={"revenue": "Paid", "currency": "Paid"}).names_currency
        'Paid'
        """
        columns = dict(self.columns)
        heading = columns.get("currency")
        return heading if heading == columns.get(LEAD.get(self.table, "")) else None

    def missing(self) -> tuple[str, ...]:
        """Return the required columns that have neither a file column nor a constant."""
        given = {*(target for target, _ in (*self.columns, *self.constants)), *self.spread_to(), *DERIVED}
        return tuple(c for c in column_names(self.table, required=True) if c not in given)

    def over(self, first: dt.date, last: dt.date) -> Self:
        """Return the mapping of a report without days: every row is about all of them, both ends included.

        Examples
        --------
        >>> dict(ColumnMapping(table="spend").over(dt.date(2026, 11, 1), dt.date(2026, 11, 30)).constants)
        {'period_end': '2026-12-01', 'period_start': '2026-11-01'}
        """
        ends = {"period_start": first.isoformat(), "period_end": (last + dt.timedelta(days=1)).isoformat()}
        columns = {c: heading for c, heading in self.columns if c not in ends}
        return self.replace(columns=columns, constants={**dict(self.constants), **ends})

    @property
    def days(self) -> tuple[dt.date, dt.date] | None:
        """The days of a report without days, both included; None where its rows have their own."""
        given = dict(self.constants)
        try:
            first, end = (dt.date.fromisoformat(given[c]) for c in ("period_start", "period_end"))
        except (KeyError, ValueError):
            return None
        return first, end - dt.timedelta(days=1)

    def spread_to(self) -> tuple[str, ...]:
        """Return the columns that the spread columns fill; an event that is given for all rows stands beside theirs."""
        if self.table == "events" and "event" in dict(self.constants):
            return ()
        return SPREAD[self.table][: 1 if self.table == "events" else 2] if self.spread else ()
