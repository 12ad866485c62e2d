"""Does what would be imported agree with what the file says of itself?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from analysis.imports.columns.amounts import MONEY, amounts_of
from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.rivals import Rival
from analysis.imports.lexicon.units import heading_unit
from analysis.imports.rows.checks import Check, checks
from analysis.imports.rows.choices import Choice, choice
from analysis.imports.rows.clean import MARKS
from analysis.imports.rows.judged import Judged
from analysis.imports.rows.orders import (
    UnknownStatus,
    cut_short,
    open_kinds,
    open_statuses,
    order_notes,
    unknown_kinds,
    unknown_statuses,
)
from analysis.imports.rows.results import UnknownResult, open_results, result_notes, unknown_results
from analysis.imports.rows.states import TOLD_BY, StateChange, by_order, verdicts
from analysis.messages import Message, Names, say
from analysis.values import local_day
from analysis.vocabulary import EVENTS, TABLES, TIME_COLUMN

SAME = {
    "events": ("user_id", "timestamp", "event"),
    "orders": ("order_id",),
    "spend": ("period_start", "channel", "campaign", "creative", "audience"),
    "controls": ("day", "name"),
}
"""Columns that say the same of two rows of a table where they are about the same."""


_MEASURED = say(
    "Controls are no spend. Where a channel's curve is fitted to all revenue, they explain revenue beside the channels."
)


@dataclass(frozen=True, slots=True)
class Overlap:
    """Stored rows of an earlier batch in the days and the channel of this file; times are UTC, both included."""

    batch: int
    channel: str | None
    start: dt.datetime
    end: dt.datetime
    rows: int


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What an import would do, before it is done.

    Parameters
    ----------
    file, table : str
        The file, and of which table its rows are.
    lines, kept : int
        Rows read (of columns that become rows: filled cells), and rows that would be stored.
    set_aside : tuple of (str, int)
        Rows by reason, the most first; reasons are those of `clean.REASONS`.
    sums : tuple of (str, float)
        What the kept rows add up to, one per amount the mapping gives; money only where it is in one currency.
    totals : tuple of Check
        The file's own grand total against ours, one per column it gives.
    period : tuple of datetime, optional
        First moment and last (spend: end of the last period, not included), UTC.
    days : tuple of str, optional
        First and last calendar day in `zone`, both included.
    rows_by_currency : tuple of (str, int)
        Kept rows by their currency.
    channels : tuple of (str, int)
        Kept rows by their channel.
    zone : str
        In which times without a zone were read.
    duplicates : int
        Kept rows that repeat another in every column.
    stored : int or None
        Kept rows whose order, event or period is in the workspace already; None where none was given.
    overlaps : tuple of Overlap
        Of orders only where none of the file's is stored: else they are told apart by their numbers.
    unknown_events : tuple of str
        Event names outside the standard vocabulary; they are kept as they are.
    questions : tuple of Message
        What the file cannot tell and should be confirmed.
    undecided : tuple of str
        Fields of the mapping that would answer them: "day_first", "year_first", "decimal", "totals", "settled",
        "statuses", "row_kinds", "part_refunds", "results", "below_zero", "currency", "end_included".
    choices : tuple of Choice
        Columns of the table that several columns of the file could be, with what each would give.
    unknown_statuses : tuple of UnknownStatus
        Words for how orders stand that nobody knows.
    unknown_kinds : tuple of UnknownStatus
        Words for what kind of transaction a row is that nobody knows.
    unknown_results : tuple of UnknownResult
        Types of results of which nobody knows whether they are orders.
    notes : tuple of Message
        By which rules rows count, where the file does not say it itself; nothing to confirm.
    changes : tuple of StateChange
        What becomes of orders that are stored already.
    assumed_currency : str, optional
        The currency that was taken because nothing names one: neither the file nor the platform it is of.
    """

    file: str
    table: str
    lines: int
    kept: int
    set_aside: tuple[tuple[str, int], ...]
    sums: tuple[tuple[str, float], ...]
    totals: tuple[Check, ...]
    period: tuple[dt.datetime, dt.datetime] | None
    days: tuple[str, str] | None
    rows_by_currency: tuple[tuple[str, int], ...]
    channels: tuple[tuple[str, int], ...]
    zone: str
    duplicates: int
    stored: int | None
    overlaps: tuple[Overlap, ...]
    unknown_events: tuple[str, ...]
    questions: tuple[Message, ...]
    undecided: tuple[str, ...]
    choices: tuple[Choice, ...] = ()
    unknown_statuses: tuple[UnknownStatus, ...] = ()
    unknown_kinds: tuple[UnknownStatus, ...] = ()
    unknown_results: tuple[UnknownResult, ...] = ()
    notes: tuple[Message, ...] = ()
    changes: tuple[StateChange, ...] = ()
    assumed_currency: str | None = None

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies of the kept rows."""
        return tuple(code for code, _rows in self.rows_by_currency)

    @property
    def lost(self) -> int:
        """Rows set aside whose content stands nowhere else: not totals, notes and repeated headings."""
        return sum(n for reason, n in self.set_aside if reason not in MARKS)

    @property
    def differing(self) -> int:
        """Orders that are stored under the same number with another amount, time or currency."""
        return sum(change.orders for change in self.changes if change.verdict == "differ")

    @property
    def matches(self) -> bool:
        """Whether no total of the file's own differs by more than rounding."""
        return all(check.verdict != "differ" for check in self.totals)


def reconcile(judged: Judged, rivals: Sequence[Rival] = ()) -> Reconciliation:
    """Add up what was judged; nothing is stored.

    Parameters
    ----------
    judged : Judged
    rivals : sequence of Rival
        Columns for which another of the file's could serve, and nobody has said which.
    """
    mapping, present = judged.mapping, judged.columns
    bad = f"FROM {judged.relation} WHERE bad IS NOT NULL"
    reasons = _rows(judged, f"SELECT split_part(bad, '|', 1), count(*) {bad} GROUP BY 1")
    good = f"FROM {judged.relation} WHERE bad IS NULL"
    kept = _rows(judged, f"SELECT count(*) {good}")[0][0]
    names = ", ".join(f'"{c}"' for c in present)
    first, last = TIME_COLUMN[mapping.table], "period_end" if mapping.table == "spend" else TIME_COLUMN[mapping.table]
    span = _rows(judged, f"SELECT min({first}), max({last}) {good}")[0]
    choices = tuple(choice(judged, rival) for rival in rivals)
    unknown = unknown_statuses(judged)
    results, kinds = unknown_results(judged), unknown_kinds(judged)
    asked = [
        *((c.question, "settled") for c in choices),
        *_questions(judged),
        *open_statuses(judged, unknown),
        *open_kinds(kinds),
        *open_results(results),
    ]
    return Reconciliation(
        file=judged.scratch.name,
        table=mapping.table,
        lines=judged.scratch.rows,
        kept=int(kept),
        set_aside=tuple(sorted(((str(r), int(n)) for r, n in reasons), key=lambda pair: (-pair[1], pair[0]))),
        sums=_sums(judged),
        totals=checks(judged),
        period=(span[0], span[1]) if kept else None,
        days=_days(mapping, span[0], span[1]) if kept else None,
        rows_by_currency=_counted(judged, "currency"),
        channels=_counted(judged, "channel"),
        zone=mapping.zone,
        duplicates=int(kept - _rows(judged, f"SELECT count(*) FROM (SELECT DISTINCT {names} {good})")[0][0]),
        stored=None,
        overlaps=(),
        unknown_events=tuple(e for e, _n in _counted(judged, "event") if e not in EVENTS),
        questions=(*(question for question, _field in asked), *cut_short(judged)),
        undecided=tuple(sorted({field for _question, field in asked})),
        choices=choices,
        unknown_statuses=unknown,
        unknown_kinds=kinds,
        unknown_results=results,
        notes=(
            *_unit_notes(judged),
            *_currency_notes(judged),
            *order_notes(judged),
            *result_notes(judged),
            *([_MEASURED] if mapping.table == "controls" else []),
        ),
    )


def _unit_notes(judged: Judged) -> list[Message]:
    """Say of which amounts a heading names a unit, or the cells do."""
    mapping, headings = judged.mapping, dict(judged.mapping.columns)
    own = [headings[c] for c, style in judged.styles.items() if style.units and c in headings]
    units = {h: heading_unit(h, money=c in MONEY) for c, h in mapping.columns if c in amounts_of(mapping.table)}
    return [
        say(
            "{heading} is in units of {unit}: its numbers are taken times that.",
            heading=h,
            unit=f"{unit:,.6f}".rstrip("0").rstrip("."),
        )
        for h, unit in units.items()
        if unit != 1
    ] + [
        say("Numbers in {heading} that name a unit, such as 万 or k, are taken times that.", heading=h)
        for h in own
        if units[h] == 1
    ]


def _currency_notes(judged: Judged) -> list[Message]:
    """Say which currencies the cells of an amount name, with one cell of each."""
    heading = judged.mapping.names_currency
    if heading is None:
        return []
    cell = f"{filled(judged.scratch.column(heading))} AS cell"
    found = _rows(
        judged,
        f"SELECT currency, count(*), arg_min(cell, key) FROM {judged.beside(cell, 'bad IS NULL', 'currency')} "
        "GROUP BY 1 ORDER BY 1",
    )
    each = Names(tuple(f"{code} × {n} ({example})" for code, n, example in found))
    return [say("The rows of {heading} are in several currencies, which are never added up: {each}.",
                heading=heading, each=each)]  # fmt: skip


def shared(one: Judged, other: Judged) -> int:
    """Return how many rows would count twice beside another file's: of the same names and time, or the same orders.

    Orders that agree in amount, time and currency are one, however they stand.
    """
    table = one.mapping.table
    own, theirs = ([c for c in (TOLD_BY if table == "orders" else SAME[table]) if c in file.columns]
                   for file in (one, other))  # fmt: skip
    here = f"(FROM {one.relation} WHERE bad IS NULL)"
    if table == "orders":
        twice = f"SELECT count_if(verdict = 'differ') FROM ({verdicts(by_order(here, own), by_order('there', theirs))})"
    elif own == theirs:
        same = " AND ".join(f"h.{c} IS NOT DISTINCT FROM t.{c}" for c in own)
        twice = f"SELECT count(*) FROM {here} AS h SEMI JOIN there AS t ON {same}"
    else:
        return 0
    there = other.con.sql(f"SELECT {', '.join(theirs)} FROM {other.relation} WHERE bad IS NULL").to_arrow_table()
    one.con.register("there", there)
    found = int(_rows(one, twice)[0][0])
    one.con.unregister("there")
    return found


def _rows(judged: Judged, query: str) -> list[tuple[Any, ...]]:
    return judged.con.execute(query).fetchall()


def _counted(judged: Judged, column: str) -> tuple[tuple[str, int], ...]:
    """Return the values of a column that kept rows have, sorted, each with how many do; none that must be hidden."""
    if column not in judged.columns or column in judged.mapping.hashed:
        return ()
    good = f"FROM {judged.relation} WHERE bad IS NULL AND {column} IS NOT NULL"
    found = _rows(judged, f"SELECT {column}, count(*) {good} GROUP BY 1 ORDER BY 1 LIMIT 1000")
    return tuple((str(name), int(rows)) for name, rows in found)


def _days(mapping: ColumnMapping, first: dt.datetime, last: dt.datetime) -> tuple[str, str]:
    inside = last - dt.timedelta(microseconds=1) if mapping.table == "spend" else last
    return local_day(first, mapping.zone), local_day(inside, mapping.zone)


def _sums(judged: Judged) -> tuple[tuple[str, float], ...]:
    # Times that pages took do not add up, nor do several currencies, nor what is measured in units of its own.
    several = len(_counted(judged, "currency")) > 1
    amounts = [
        c for c in amounts_of(judged.mapping.table, judged.columns) if c != "load_ms" and not (several and c in MONEY)
    ]
    if not amounts or judged.mapping.table == "controls":
        return ()
    sums = ", ".join(f"coalesce(sum({c}), 0)" for c in amounts)
    found = _rows(judged, f"SELECT {sums} FROM {judged.relation} WHERE bad IS NULL")[0]
    return tuple((column, float(total)) for column, total in zip(amounts, found, strict=True))


def _questions(judged: Judged) -> list[tuple[Message, str]]:
    """Return what the file's times and amounts leave open, each with the field of the mapping that says it."""
    mapping = judged.mapping
    asked, headings = list[tuple[Message, str]](), dict(mapping.columns)
    for column in TABLES[mapping.table]:
        heading, style = headings.get(column.name), judged.styles.get(column.name)
        if heading is None or style is None:
            continue
        if column.type == "time" and mapping.day_first is None:
            if style.short and style.short.year_unsure:
                years = say("{heading}: two-digit years. Does 05-06-07 begin or end with the year?", heading=heading)
                asked.append((years, "year_first"))
            if style.ambiguous:
                days = say("{heading}: is 01/02/2026 the first of February or the second of January?", heading=heading)
                asked.append((days, "day_first"))
        elif column.type != "time" and mapping.decimal is None and style.ambiguous:
            signs = say("{heading}: is 1.234 more than a thousand, or between one and two?", heading=heading)
            asked.append((signs, "decimal"))
    asked += [(question, name) for question, name in judged.unsure if getattr(mapping, name) is None]
    return asked
