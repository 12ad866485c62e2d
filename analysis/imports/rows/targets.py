"""How is a column of the table made from the file's cells?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from analysis.imports.columns.amounts import AMOUNTS, MONEY
from analysis.imports.columns.beside import Beside, number_style_beside, time_style_beside
from analysis.imports.columns.cells import Source, Style, filled
from analysis.imports.columns.confirmed import LIKELY, misfit
from analysis.imports.columns.mapping import MONTH, ColumnMapping
from analysis.imports.columns.numbers import contrary, given_number, named_currency, number, number_style
from analysis.imports.columns.times import in_zone, local, possible, spans, time
from analysis.imports.columns.words import BLANK
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.codes import WORDS
from analysis.imports.lexicon.kinds import REFUND
from analysis.imports.lexicon.results import ORDER
from analysis.imports.lexicon.statuses import NOTHING
from analysis.imports.lexicon.units import heading_unit
from analysis.imports.rows.kinds import kind_sql
from analysis.imports.rows.shapes import Shaped
from analysis.values import seconds
from analysis.vocabulary import TABLES, Column

CONSTANTS = "constants"
"""The one-row table of a mapping's texts."""
PAID = ("paid", "delivered", "partly_refunded", "refunded")
"""Statuses of orders that were paid, whatever came of it."""
_IN_PART = (
    "CASE WHEN status = 'refunded' AND refund > 0 AND refund < revenue - 0.005 THEN 'partly_refunded' ELSE status END"
)
"""A stated amount goes before the word: what was given back in part is not given back in full."""
_NOTHING = "NULL"


@dataclass(frozen=True, slots=True)
class Target:
    """How one column of the table is made: SQL in steps, each over the row that the step before left.

    Parameters
    ----------
    column : Column
    first : str
        Reads the file's cell.
    given : str
        Whether the cell says anything.
    later : tuple of str or None
        The steps after the first (None leaves the value): the time zone or the finite numbers; the moments that can
        be; what follows from other columns.
    style : Style, optional
        How the column writes its values.
    misfit : str
        Whether a cell is not in that style, where only the first rows were looked at.
    contrary : str
        Whether an amount names another currency than its row.
    as_it_stands : bool
        Whether a text is taken as the cell has it, as the first rows' are tidy; the different ones show if all are.
    """

    column: Column
    first: str
    given: str
    later: tuple[str | None, str | None, str | None] = (None, None, None)
    style: Style | None = None
    misfit: str = "false"
    contrary: str = "false"
    as_it_stands: bool = False

    @property
    def name(self) -> str:
        """The column's name."""
        return self.column.name


def targets(shaped: Shaped, *, likely: bool, tidy: bool = False) -> list[Target]:
    """Return how each column is made, by the styles of the first rows (`likely`) or of whole columns.

    With `tidy`, texts are taken as they stand where those of the first rows are.
    """
    scratch, mapping = shaped.scratch, shaped.mapping
    found, beside = sources(scratch, mapping), Beside(scratch, mapping)
    made = [_target(shaped, column, found[column.name], beside, likely) for column in given_columns(mapping)]
    return [_standing(shaped, target, found[target.name]) for target in made] if tidy else made


def _standing(shaped: Shaped, found: Target, source: Source) -> Target:
    """Take a text as it stands where the first rows' are tidy, and nothing but tidying is done to it."""
    tidied = filled(source.name)
    if found.column.type != "text" or found.first != tidied or source.kind != "VARCHAR" or any(found.later):
        return found
    (untidy,) = replace(source, relation=shaped.scratch.head).one(
        f"count(*) FILTER (t IS DISTINCT FROM {source.name})", f"{tidied} AS t, {source.name}"
    )
    if untidy or source.relation == CONSTANTS:
        return found
    return replace(found, first=source.name, given=f"{source.name} IS NOT NULL", as_it_stands=True)


def given_columns(mapping: ColumnMapping) -> list[Column]:
    """Return the table's columns that a mapping fills."""
    given = {t for t, _ in (*mapping.columns, *mapping.constants)} | set(derived(mapping))
    return [c for c in TABLES[mapping.table] if c.name in given]


def derived(mapping: ColumnMapping) -> tuple[str, ...]:
    """Return the columns that are made of others where the file does not have them."""
    if mapping.table == "spend":
        return ("period_end",)
    told = {status for _, status in mapping.statuses} if has_status(mapping) else set()
    given_back = told & ({"refunded", "partly_refunded"} if mapping.part_refunds == "whole" else {"refunded"})
    return (
        *(["status"] if told else []),
        *(["paid_at"] if told & set(PAID) else []),
        *(["refund"] if given_back else []),
    )


def has_status(mapping: ColumnMapping) -> bool:
    """Say whether the file tells how an order stands."""
    return mapping.table == "orders" and ("status" in dict(mapping.columns) or mapping.after_sales is not None)


def given_names(mapping: ColumnMapping) -> tuple[str, ...]:
    """Return the names of the table's columns that a mapping fills."""
    return tuple(c.name for c in given_columns(mapping))


def sources(scratch: Scratch, mapping: ColumnMapping) -> Mapping[str, Source]:
    """Return what each column of the table is made from: a column of the file, or a constant."""
    types = dict(zip(scratch.headings, scratch.types(), strict=True))
    found = {t: Source(scratch.con, scratch.relation, scratch.column(h), types[h]) for t, h in mapping.columns}
    fixed = {t: Source(scratch.con, CONSTANTS, f"k{i}", "VARCHAR") for i, (t, _) in enumerate(mapping.constants)}
    nothing = {name: Source(scratch.con, CONSTANTS, _NOTHING, "VARCHAR") for name in derived(mapping)}
    return nothing | found | fixed


def _target(shaped: Shaped, column: Column, source: Source, beside: Beside, likely: bool) -> Target:
    if column.name == "period_end" and source.name == _NOTHING:
        return Target(column, "NULL::TIMESTAMP", "false", (None, None, _end(shaped.mapping.period)))
    if column.name == "status" and shaped.mapping.statuses:
        later = (None, None, _IN_PART) if "refund" in dict(shaped.mapping.columns) else (None, None, None)
        return Target(column, status_sql(shaped, source.name), "false", later)
    if column.name in ("paid_at", "refund") and has_status(shaped.mapping):
        return _by_status(shaped, column, source, beside, likely)
    if source.relation == CONSTANTS:
        return _made(shaped, column, source, None, None)
    return _made(shaped, column, source, beside, shaped.scratch.head if likely else None)


def _by_status(shaped: Shaped, column: Column, source: Source, beside: Beside, likely: bool) -> Target:
    """Make a payment's time, or what was given back, by the status where the file does not say it."""
    own, mapping = f'"{column.name}"', shaped.mapping
    paid = ", ".join(f"'{status}'" for status in PAID)
    back = "'refunded', 'partly_refunded'" if mapping.part_refunds == "whole" else "'refunded'"
    made = (
        f'CASE WHEN {own} IS NULL AND status IN ({paid}) THEN "timestamp" ELSE {own} END'
        if column.name == "paid_at"
        else f"CASE WHEN coalesce({own}, 0) = 0 AND status IN ({back}) AND revenue > 0 THEN revenue ELSE {own} END"
    )
    if column.name not in derived(mapping):
        made = own
    if source.name == _NOTHING:
        return Target(column, f"NULL::{column.sql}", "false", (None, None, made))
    head = shaped.scratch.head if likely and source.relation != CONSTANTS else None
    found = _made(shaped, column, source, None if source.relation == CONSTANTS else beside, head)
    return replace(found, later=(*found.later[:2], made))


def status_sql(shaped: Shaped, source: str) -> str:
    """Return SQL for how an order stands: what was given back goes before all else, what is not known stays."""
    scratch, mapping = shaped.scratch, shaped.mapping
    word = filled(source) if source != _NOTHING else "NULL::VARCHAR"
    made = f"nullif(coalesce(statuses[lower({word})], {word}), '{NOTHING}')"
    if later := dict(mapping.on_delivery):
        cells = (f"lower({filled(scratch.column(h))})" for h in sorted(set(later.values())) if h in scratch.headings)
        due = " OR ".join(f"coalesce(list_contains(on_delivery, {cell}), false)" for cell in cells) or "false"
        made = f"CASE WHEN {made} = 'paid' AND ({due}) THEN 'open' ELSE {made} END"
    if mapping.after_sales in scratch.headings:
        after = f"statuses[lower({filled(scratch.column(mapping.after_sales))})]"
        made = f"CASE WHEN {after} IN ('refunded', 'partly_refunded') THEN {after} ELSE {made} END"
    return made


def _made(shaped: Shaped, column: Column, source: Source, beside: Beside | None, head: str | None) -> Target:
    """Make a target; `beside` is None for a constant, `head` the first rows where they may do."""
    if column.type == "time":
        return _time(shaped, column, source, beside, head)
    if column.name == "conversions" and shaped.mapping.result_type in shaped.scratch.headings:
        return _orders_only(shaped, _amount(shaped.mapping, column, source, beside, head))
    if column.type in AMOUNTS:
        found = _given_back(_amount(shaped.mapping, column, source, beside, head), source)
        return _signed(shaped, _in_its_unit(shaped.mapping, _times(shaped, found, beside, head)), source)
    if (other := dict(shaped.mapping.otherwise).get(column.name)) in shaped.scratch.headings and beside:
        made = f"coalesce({filled(source.name)}, {filled(shaped.scratch.column(str(other)))})"
        return Target(column, _coded(column.name, made, shaped.mapping), f"{made} IS NOT NULL")
    return Target(column, _text(column.name, source.name, shaped.mapping), f"{filled(source.name)} IS NOT NULL")


def _times(shaped: Shaped, found: Target, beside: Beside | None, head: str | None) -> Target:
    """Take an amount times what the mapping says, as a price of one piece times the pieces."""
    scratch, heading = shaped.scratch, dict(shaped.mapping.factors).get(found.name)
    if heading not in scratch.headings or beside is None:
        return found
    kind = scratch.types()[scratch.headings.index(heading)]
    source = Source(scratch.con, scratch.relation, scratch.column(heading), kind)
    factor = _amount(shaped.mapping, found.column, source, beside, head)
    misfits = [sql for sql in (found.misfit, factor.misfit) if sql != "false"]
    return replace(
        found, first=f"({found.first}) * ({factor.first})", misfit=" OR ".join(f"({m})" for m in misfits) or "false"
    )


def _in_its_unit(mapping: ColumnMapping, found: Target) -> Target:
    """Take an amount times the unit that its heading names, such as thousands or cents."""
    unit = heading_unit(dict(mapping.columns).get(found.name, ""), money=found.name in MONEY)
    if unit == 1:
        return found
    by = f"* {unit:.0f}" if unit > 1 else f"/ {1 / unit:.0f}"  # a hundredth is none in binary: 19.99 is 1999 / 100
    return replace(found, first=f"({found.first}) {by}")


def _given_back(found: Target, source: Source) -> Target:
    """Take refunds as amounts above zero where the column writes them all below it."""
    if found.name != "refund" or source.relation == CONSTANTS:
        return found
    below, above = source.one("count_if(r < 0), count_if(r > 0)", f"{found.first} AS r")
    return replace(found, first=f"0 - ({found.first})") if below and not above else found


def _signed(shaped: Shaped, found: Target, source: Source) -> Target:
    """Take the amounts of refunds below zero, where the rows that are refunds write none so."""
    kind = kind_sql(shaped.scratch, shaped.mapping)
    if found.name != "revenue" or kind is None or source.relation == CONSTANTS:
        return found
    rows = f"SELECT {found.first} AS r, {kind} AS kind FROM {source.relation} CROSS JOIN {CONSTANTS}"
    signed = source.con.execute(f"SELECT EXISTS (FROM ({rows}) WHERE r < 0 AND kind = '{REFUND}')").fetchall()[0][0]
    return (
        found if signed else replace(found, first=f"({found.first}) * CASE WHEN {kind} = '{REFUND}' THEN -1 ELSE 1 END")
    )


def _orders_only(shaped: Shaped, found: Target) -> Target:
    """Take results for conversions only where their type is an order."""
    scratch = shaped.scratch
    kind = f"results[coalesce(lower({filled(scratch.column(str(shaped.mapping.result_type)))}), '{BLANK}')]"
    given = f"{found.given} AND {kind} = '{ORDER}'"
    return replace(found, first=f"CASE WHEN {kind} = '{ORDER}' THEN {found.first} END", given=given)


def _time(shaped: Shaped, column: Column, source: Source, beside: Beside | None, head: str | None) -> Target:
    scratch, mapping = shaped.scratch, shaped.mapping
    nth = mapping.first_day is not None and column.name in ("period_start", "timestamp") and beside is not None
    said = {"day_first": mapping.day_first, "year_first": mapping.year_first}
    style, other = _seen(source, head, lambda s: time_style_beside(s, beside, nth=nth, **said))
    own, clock = f'"{column.name}"', local(source, style)
    zoned = None
    if clock:
        large = beside is not None and not scratch.whole
        zoned = in_zone(own, spans(scratch.con, scratch.head, clock) if large else ())
    ends_late = column.name == "period_end" and mapping.end_included and beside is not None
    return Target(
        column,
        first=clock or time(source, style),
        given=f"{filled(source.name)} IS NOT NULL",
        later=(zoned, possible(own), _later(own, "INTERVAL 1 DAY") if ends_late else None),
        style=style,
        misfit=other,
    )


def _amount(mapping: ColumnMapping, column: Column, source: Source, beside: Beside | None, head: str | None) -> Target:
    whole = column.type == "count"

    def look(seen: Source) -> Style:
        return number_style_beside(number_style(seen, whole=whole), beside, mapping.decimal)

    style, other = _seen(source, head, look)
    money = style.kind == "text" and column.name in MONEY
    unit = heading_unit(dict(mapping.columns).get(column.name, ""), money=column.name in MONEY)
    own = f'"{column.name}"'
    return Target(
        column,
        first=number(source, replace(style, codes=True) if money else style, unit=unit),
        given=given_number(source.name),
        later=(
            f"CASE WHEN isfinite({own}) THEN {own} END",
            f"TRY_CAST(round({own}) AS BIGINT)" if whole else None,
            None,
        ),
        style=style,
        misfit=other,
        contrary=contrary(source.name, '"currency"') if money else "false",
    )


def _seen(source: Source, head: str | None, look: Callable[[Source], Style]) -> tuple[Style, str]:
    """Look at the first rows where every later row can confirm what they show, else at all; return SQL for a misfit."""
    if head and (style := look(replace(source, relation=head))).kind in LIKELY:
        return style, misfit(source, style)
    return look(source), "false"


def _coded(name: str, made: str, mapping: ColumnMapping) -> str:
    return f"coalesce(codes[lower({made})], {made})" if name == "event" and mapping.events else made


def _text(name: str, source: str, mapping: ColumnMapping) -> str:
    made = _coded(name, filled(source), mapping)
    if name == "order_id" and mapping.table == "orders":  # a number that a program took for one: 1001.0 is 1001
        return f"regexp_replace({made}, '^(\\d+)[.]0$', '\\1')"
    if name == "currency" and mapping.names_currency:
        return named_currency(source)
    if name == "currency":
        cases = (f"WHEN '{word.upper()}' THEN '{code}'" for word, code in WORDS.items())
        return f"CASE upper({made}) {' '.join(cases)} ELSE upper({made}) END"
    return made


# A period runs to the same local clock time later: a local day has 23 hours once a year in some zones.
def _later(start: str, span: str) -> str:
    return f"timezone('UTC', timezone(zone, timezone(zone, timezone('UTC', {start})) + {span}))"


def _end(period: str) -> str:
    if period != MONTH:
        return _later("period_start", f"to_seconds({seconds(period)})")
    local = "timezone(zone, timezone('UTC', period_start))"
    return f"timezone('UTC', timezone(zone, date_trunc('month', {local}) + INTERVAL 1 MONTH))"
