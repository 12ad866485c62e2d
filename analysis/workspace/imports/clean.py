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
from analysis.workspace.imports.mapping import ColumnMapping
from analysis.workspace.imports.read import Scratch

_BLANK = "('', '-', '--', 'null', 'nan', 'none', 'n/a', '\\n')"
_FORMATS = (
    "%Y-%m-%d %H", "%Y%m%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d",
    "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y",
)  # fmt: skip
# No campaign is outside these; a typing error or "infinity" is.
_EARLIEST, _LATEST = "TIMESTAMP '1970-01-01'", "TIMESTAMP '2200-01-01'"
REASONS = {
    "missing": N_("no value for a required column"),
    "not-a-time": N_("not a time"),
    "not-a-number": N_("not a number"),
    "backwards": N_("the period ends before it starts"),
    "negative": N_("a refund below zero"),
}
"""Why a row can be set aside, by code."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a mapping makes of a file: typed rows, and the rows set aside with line, column, reason and text."""

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
    targets = _targets(mapping)
    _put_constants(scratch, mapping)
    sources = _sources(scratch, mapping)
    typed = [f'{part} AS "{name}"' for c in targets for name, part in _typed(c, *sources[c.name]).items()]
    scratch.con.execute(
        f"CREATE OR REPLACE TEMP TABLE typed AS SELECT line, {', '.join(typed)} "
        f"FROM {scratch.table} CROSS JOIN constants"
    )
    if mapping.table == "spend" and "period_end" not in dict(mapping.columns):
        scratch.con.execute(f"UPDATE typed SET period_end = {_PERIOD_END}", [mapping.zone, seconds(mapping.period)])
    scratch.con.execute(f"CREATE OR REPLACE TEMP TABLE judged AS SELECT *, {_verdict(targets)} AS bad FROM typed")
    names = ", ".join(f'"{c.name}"' for c in targets)
    rows = scratch.con.sql(f"SELECT {names} FROM judged WHERE bad IS NULL ORDER BY line").to_arrow_table()
    return Cleaned(_hashed(rows, mapping.hashed, key), _set_aside(scratch, mapping))


# A period runs to the same local clock time later: a local day has 23 hours once a year in some zones.
_PERIOD_END = "timezone('UTC', timezone($1, timezone($1, timezone('UTC', period_start)) + to_seconds($2)))"


def _targets(mapping: ColumnMapping) -> list[Column]:
    given = {t for t, _ in (*mapping.columns, *mapping.constants)} | (
        {"period_end"} if mapping.table == "spend" else set()
    )
    return [c for c in TABLES[mapping.table] if c.name in given]


def _put_constants(scratch: Scratch, mapping: ColumnMapping) -> None:
    """Lay the mapping's texts in a one-row table, so that SQL names a column and never holds the text."""
    texts = [mapping.zone, *(text for _, text in mapping.constants)]
    names = ["zone", *(f"k{i}" for i in range(len(mapping.constants)))]
    columns = ", ".join(f"?::VARCHAR AS {name}" for name in names)
    scratch.con.execute(f"CREATE OR REPLACE TEMP TABLE constants AS SELECT {columns}", texts)


def _sources(scratch: Scratch, mapping: ColumnMapping) -> dict[str, tuple[str, str]]:
    """Return each target's source identifier and DuckDB type."""
    types = [str(kind) for kind in scratch.con.table(scratch.table).types[1:]]
    position = {heading: i for i, heading in enumerate(scratch.headings)}
    found = {t: (f"c{position[h]}", types[position[h]]) for t, h in mapping.columns}
    found |= {t: (f"k{i}", "VARCHAR") for i, (t, _) in enumerate(mapping.constants)}
    return {"period_end": ("NULL", "VARCHAR")} | found


def _typed(column: Column, source: str, kind: str) -> dict[str, str]:
    """Return SQL for the typed value, and for whether the file gave one at all."""
    text = f"trim({source}::VARCHAR)"
    filled = f"CASE WHEN lower({text}) NOT IN {_BLANK} THEN {text} END"
    made = {"text": _text, "time": _time, "number": _number, "count": _count}[column.type](filled, source, kind)
    return {column.name: made, f"given_{column.name}": f"({filled}) IS NOT NULL"}


def _text(filled: str, source: str, kind: str) -> str:
    return filled


def _number(filled: str, source: str, kind: str) -> str:
    # Thousands separators, currency signs and spaces go; what is left must be a finite number.
    plain = f"regexp_replace({filled}, '[,，\\s¥￥$€£]', '', 'g')"
    return f"CASE WHEN isfinite(TRY_CAST({plain} AS DOUBLE)) THEN TRY_CAST({plain} AS DOUBLE) END"


def _count(filled: str, source: str, kind: str) -> str:
    return f"TRY_CAST(round({_number(filled, source, kind)}) AS BIGINT)"


def _time(filled: str, source: str, kind: str) -> str:
    if kind == "TIMESTAMP WITH TIME ZONE":
        found = f"timezone('UTC', {source})"
        return f"CASE WHEN {found} BETWEEN {_EARLIEST} AND {_LATEST} THEN {found} END"
    local = f"coalesce(TRY_CAST({filled} AS TIMESTAMP), try_strptime({filled}, {list(_FORMATS)}))"
    exact = f"coalesce(TRY_CAST({filled} AS TIMESTAMPTZ), try_strptime({filled}, '%Y-%m-%d %H:%M:%S %z'))"
    zoned = f"timezone('UTC', {exact})"
    offset = f"regexp_matches({filled}, ':\\d\\d(\\.\\d+)?\\s*([+-]\\d\\d:?(\\d\\d)?|[zZ])$')"
    found = f"CASE WHEN {offset} THEN {zoned} ELSE timezone('UTC', timezone(zone, {local})) END"
    return f"CASE WHEN {found} BETWEEN {_EARLIEST} AND {_LATEST} THEN {found} END"


def _verdict(targets: list[Column]) -> str:
    """Name the first thing wrong with a row, as reason|column, or null."""
    wrong = {"time": "not-a-time", "number": "not-a-number", "count": "not-a-number"}
    cases = []
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
    return scratch.con.sql(
        "SELECT line, split_part(bad, '|', 1) AS reason, split_part(bad, '|', 2) AS \"column\", "
        f"concat_ws(' | ', {whole}) AS text FROM judged JOIN {scratch.table} USING (line) WHERE bad IS NOT NULL ORDER BY line"
    ).to_arrow_table()


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
