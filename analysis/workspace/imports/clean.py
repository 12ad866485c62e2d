"""Turn a scratch table's rows into a table's typed rows; set aside, with the reason, what does not fit.

All SQL here is made of fixed names (`c0`, `c1`, …) and the vocabulary's own; texts from people are parameters.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from analysis.messages import N_
from analysis.values import seconds
from analysis.vocabulary import TABLES, Column
from analysis.workspace.imports import cells
from analysis.workspace.imports.lines import located
from analysis.workspace.imports.mapping import ColumnMapping
from analysis.workspace.imports.read import Scratch

REASONS = {
    "missing": N_("no value for a required column"),
    "not-a-time": N_("not a time"),
    "not-a-number": N_("not a number"),
    "backwards": N_("the period ends before it starts"),
    "negative": N_("a refund below zero"),
    "total": N_("a total of other rows"),
    "header": N_("headings repeated"),
    "footer": N_("a note under the table"),
    "window": N_("the same spend in another attribution window"),
    "continuation": N_("a further line of the same order"),
    "overlap": N_("already stored by an earlier import"),
}
"""Why a row can be set aside, by code."""
MARKS = ("total", "header", "footer", "window", "continuation")
"""Reasons for rows that are no loss: what they say stands in other rows."""
_AMOUNTS = ("number", "count")
_TOTAL = (
    "(?i)^(grand |overall |sub-?)?totals?(\\s*[:：].*| results?)?$"
    "|^(总计|合计|小计|汇总|共计|总和|全部汇总|全部合计|合計)(\\s*[:：(（].*|\\s*[\\d０-９].*)?$"
    "|^(gesamt|summe|total general)$"
)
_FOOTER = "(?i)^(©|\\(c\\) ?\\d{4}|copyright )"


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a mapping makes of a file: typed rows, and the rows set aside: file, line, reason, column and text."""

    rows: pa.Table
    set_aside: pa.Table


def clean(scratch: Scratch, mapping: ColumnMapping, key: bytes) -> Cleaned:
    """Apply a mapping to a scratch table.

    Parameters
    ----------
    scratch : Scratch
    mapping : ColumnMapping
        Names headings of this file.
    key : bytes
        Secret for the keyed hash of the columns in `mapping.hashed`.
    """
    judge(scratch, mapping)
    names = ", ".join(f'"{c.name}"' for c in _targets(mapping))
    rows = scratch.con.sql(f"SELECT {names} FROM judged WHERE bad IS NULL ORDER BY line").to_arrow_table()
    return Cleaned(_hashed(rows, mapping.hashed, key), _set_aside(scratch, mapping))


def judge(scratch: Scratch, mapping: ColumnMapping) -> None:
    """Lay the typed rows in table `judged`, each with what is wrong with it in `bad` (reason|column, or null)."""
    con, targets = scratch.con, _targets(mapping)
    _put_constants(scratch, mapping)
    sources = _sources(scratch, mapping)
    typed = [
        f'{part} AS "{name}"' for c in targets for name, part in _typed(scratch, mapping, c, *sources[c.name]).items()
    ]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE judged AS SELECT *, {_verdict(targets)} AS bad FROM (SELECT line, "
        f"{_mark(scratch, mapping, sources)} AS marked, {', '.join(typed)} FROM {scratch.table} CROSS JOIN constants)"
    )
    if mapping.table == "spend":
        _mark_unnamed_totals(scratch, {c.name for c in targets})
    if mapping.lines != "each" and mapping.table == "orders":
        _gather_lines(scratch, mapping.lines, {c.name for c in targets})


def _mark(scratch: Scratch, mapping: ColumnMapping, sources: dict[str, tuple[str, str]]) -> str:
    """Return SQL that names what is no row of its own: repeated headings, totals, notes, other windows."""
    cases = ["WHEN mark IS NOT NULL THEN mark"]
    if mapping.table != "events":
        amounts = {sources[c.name][0] for c in TABLES[mapping.table] if c.name in sources and c.type in _AMOUNTS}
        types = scratch.types()
        texts = [f"c{i}" for i in range(len(types)) if types[i] == "VARCHAR" and f"c{i}" not in amounts][:60]
        for look, mark in ((_TOTAL, "total"), (_FOOTER, "footer")):
            if texts:
                any_of = " OR ".join(f"regexp_matches(trim({c}), '{look}')" for c in texts)
                cases.append(f"WHEN {any_of} THEN '{mark}'")
    position = {heading: i for i, heading in enumerate(scratch.headings)}
    if mapping.identified in position:
        cases.append(f"WHEN {cells.filled(f'c{position[mapping.identified]}')} IS NULL THEN 'total'")
    for n, (heading, _) in enumerate(mapping.only):
        if heading in position:
            cases.append(f"WHEN trim(c{position[heading]}::VARCHAR) IS DISTINCT FROM only{n} THEN 'window'")
    return f"CASE {' '.join(cases)} END"


def _mark_unnamed_totals(scratch: Scratch, present: set[str]) -> None:
    """Mark rows that lack what all others have (a day, a campaign) and whose spend is the sum of theirs."""
    for column in sorted({"campaign", "creative", "period_start"} & present):
        bad = f"coalesce(bad, 'missing|{column}') = 'missing|{column}'"
        blank, named, theirs, ours = scratch.con.execute(
            f"SELECT count_if({column} IS NULL), count_if({column} IS NOT NULL), "
            f"sum(spend) FILTER ({column} IS NULL), "
            f"sum(spend) FILTER ({column} IS NOT NULL) FROM judged WHERE marked IS NULL AND {bad} AND spend IS NOT NULL"
        ).fetchall()[0]
        if blank and blank < named and ours and abs(theirs - ours) <= 0.005 * (named + blank) + 1e-9:
            scratch.con.execute(
                f"UPDATE judged SET bad = 'total|', marked = 'total' "
                f"WHERE {column} IS NULL AND marked IS NULL AND {bad}"
            )


def _gather_lines(scratch: Scratch, how: str, present: set[str]) -> None:
    """Make one order of its lines: later ones are set aside, their amounts added where each line has its own."""
    usable = "bad IS NULL OR bad LIKE 'missing|%'" if how == "first" else "bad IS NULL"
    scratch.con.execute(
        "CREATE OR REPLACE TEMP TABLE lines AS SELECT line, row_number() OVER (PARTITION BY order_id ORDER BY "
        f"revenue IS NULL, line) AS n FROM judged WHERE order_id IS NOT NULL AND ({usable})"
    )
    if how == "sum":
        for column in sorted({"revenue", "refund", "discount", "cost"} & present):
            scratch.con.execute(
                f"UPDATE judged SET {column} = whole FROM (SELECT order_id AS id, sum({column}) AS whole FROM judged "
                "WHERE bad IS NULL GROUP BY order_id) WHERE order_id = id AND bad IS NULL"
            )
    scratch.con.execute(
        "UPDATE judged SET bad = 'continuation|', marked = 'continuation' FROM lines "
        "WHERE lines.line = judged.line AND n > 1"
    )


# A period runs to the same local clock time later: a local day has 23 hours once a year in some zones.
def _later(start: str, span: str) -> str:
    return f"timezone('UTC', timezone(zone, timezone(zone, timezone('UTC', {start})) + {span}))"


def given_columns(mapping: ColumnMapping) -> tuple[str, ...]:
    """Return the table's columns that a mapping fills."""
    return tuple(c.name for c in _targets(mapping))


def _targets(mapping: ColumnMapping) -> list[Column]:
    given = {t for t, _ in (*mapping.columns, *mapping.constants)} | (
        {"period_end"} if mapping.table == "spend" else set()
    )
    return [c for c in TABLES[mapping.table] if c.name in given]


def _put_constants(scratch: Scratch, mapping: ColumnMapping) -> None:
    """Lay the mapping's texts in a one-row table, so that SQL names a column and never holds the text."""
    texts = [mapping.zone, mapping.first_day, *(text for _, text in (*mapping.constants, *mapping.only))]
    names = [
        "zone",
        "first_day",
        *(f"k{i}" for i in range(len(mapping.constants))),
        *(f"only{i}" for i in range(len(mapping.only))),
    ]
    columns = ", ".join(f"?::VARCHAR AS {name}" for name in names)
    codes = [[code for code, _ in mapping.events], [event for _, event in mapping.events]]
    scratch.con.execute(
        f"CREATE OR REPLACE TEMP TABLE constants AS SELECT {columns}, map(?::VARCHAR[], ?::VARCHAR[]) AS codes",
        [*texts, *codes],
    )


def _sources(scratch: Scratch, mapping: ColumnMapping) -> dict[str, tuple[str, str]]:
    """Return each target's source identifier and DuckDB type."""
    types = scratch.types()
    position = {heading: i for i, heading in enumerate(scratch.headings)}
    found = {t: (f"c{position[h]}", types[position[h]]) for t, h in mapping.columns}
    found |= {t: (f"k{i}", "VARCHAR") for i, (t, _) in enumerate(mapping.constants)}
    return {"period_end": ("NULL", "VARCHAR")} | found


def _typed(scratch: Scratch, mapping: ColumnMapping, column: Column, source: str, kind: str) -> dict[str, str]:
    """Return SQL for the typed value, and for whether the file gave one at all."""
    given = f"({cells.filled(source)}) IS NOT NULL"
    table = "constants" if source.startswith("k") else scratch.table
    if column.name == "period_end" and source == "NULL":
        return {"period_end": _later("period_start", f"to_seconds({seconds(mapping.period)})"),
                "given_period_end": "false"}  # fmt: skip
    if column.type == "time":
        made = _time(scratch, mapping, column, source, kind, table)
    elif column.type in _AMOUNTS:
        given = cells.given_number(source)
        made = cells.number(source, cells.number_style(scratch.con, table, source, kind))
        made = f"TRY_CAST(round({made}) AS BIGINT)" if column.type == "count" else made
    else:
        made = cells.filled(source)
        if column.name == "event" and mapping.events:
            made = f"coalesce(codes[lower({made})], {made})"
        if column.name == "currency":
            made = f"upper({made})"
    return {column.name: made, f"given_{column.name}": given}


def _time(scratch: Scratch, mapping: ColumnMapping, column: Column, source: str, kind: str, table: str) -> str:
    nth = mapping.first_day is not None and column.name in ("period_start", "timestamp") and table == scratch.table
    style = cells.time_style(scratch.con, table, source, kind, mapping.day_first, nth, mapping.year_first)
    made = cells.time(source, kind, style)
    included = column.name == "period_end" and mapping.end_included and table == scratch.table
    return _later(made, "INTERVAL 1 DAY") if included else made


def _verdict(targets: list[Column]) -> str:
    """Name the first thing wrong with a row, as reason|column, or null."""
    wrong = {"time": "not-a-time", "number": "not-a-number", "count": "not-a-number"}
    cases = ["WHEN marked IS NOT NULL THEN marked || '|'"]
    for c in targets:
        if c.type in wrong:
            cases.append(f'WHEN "{c.name}" IS NULL AND "given_{c.name}" THEN \'{wrong[c.type]}|{c.name}\'')
        if c.required:
            cases.append(f"WHEN \"{c.name}\" IS NULL THEN 'missing|{c.name}'")
    names = {c.name for c in targets}
    if "period_end" in names:
        cases.append("WHEN period_end <= period_start THEN 'backwards|period_end'")
    if "refund" in names:
        cases.append("WHEN refund < 0 THEN 'negative|refund'")
    return f"CASE {' '.join(cases)} END"


def _set_aside(scratch: Scratch, mapping: ColumnMapping) -> pa.Table:
    # Only what was mapped: a column nobody asked for may hold names or addresses.
    mapped = {heading: target for target, heading in mapping.columns}
    kept = [(i, mapped[h]) for i, h in enumerate(scratch.headings) if h in mapped]
    whole = ", ".join("'***'" if target in mapping.hashed else f"c{i}::VARCHAR" for i, target in kept) or "''"
    found = scratch.con.sql(
        "SELECT line, split_part(bad, '|', 1) AS reason, split_part(bad, '|', 2) AS \"column\", "
        f"concat_ws(' | ', {whole}) AS text FROM judged JOIN {scratch.table} USING (line) "
        "WHERE bad IS NOT NULL ORDER BY line"
    ).to_arrow_table()
    files, lines = located(found.column("line"), scratch.members)
    return found.set_column(0, "line", lines).add_column(0, "file", files)


def _hashed(rows: pa.Table, columns: tuple[str, ...], key: bytes) -> pa.Table:
    """Replace values by a keyed hash (HMAC-SHA256, 16 hexadecimal digits), each distinct value once."""
    for name in columns:
        if name in rows.column_names:
            coded = rows.column(name).combine_chunks().dictionary_encode()
            hidden = [
                hmac.new(key, v.casefold().encode(), hashlib.sha256).hexdigest()[:16]
                for v in coded.dictionary.to_pylist()
            ]
            column = pc.take(pa.array(hidden, pa.string()), coded.indices)
            rows = rows.set_column(rows.column_names.index(name), name, column)
    return rows
