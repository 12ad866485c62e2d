"""Turn a scratch table's rows into a table's typed rows; set aside, with the reason, what does not fit.

All SQL here is made of fixed names (`c0`, `c1`, …) and the vocabulary's own; texts from people are parameters.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import pyarrow as pa

from analysis.imports.columns import cells
from analysis.imports.columns.headings import WORDS, plain_heading
from analysis.imports.columns.mapping import MONTH, ColumnMapping
from analysis.imports.file.lines import located
from analysis.imports.file.read import Scratch, readable
from analysis.imports.file.structure import is_value
from analysis.imports.rows import totals
from analysis.imports.rows.beside import Beside
from analysis.messages import N_
from analysis.values import seconds
from analysis.vocabulary import TABLES, Column

REASONS = {
    "missing": N_("no value for a required column"),
    "not-a-time": N_("not a time"),
    "not-a-number": N_("not a number"),
    "other-currency": N_("an amount in another currency"),
    "backwards": N_("the period ends before it starts"),
    "negative": N_("a refund below zero"),
    "total": N_("a total of other rows"),
    "header": N_("headings repeated"),
    "footer": N_("a note under the table"),
    "window": N_("the same spend in another attribution window"),
    "continuation": N_("a further line of the same order"),
    "overflow": N_("more cells than headings"),
    "overlap": N_("already stored by an earlier import"),
}
"""Why a row can be set aside, by code."""
WHOLE = "(?i)累计|全部|总|lifetime|total|all"
"""Attribution windows without an end."""
MARKS = ("total", "header", "footer", "window", "continuation")
"""Reasons for rows that are no loss: what they say stands in other rows."""
_AMOUNTS = ("number", "count")
MONEY = frozenset({"revenue", "refund", "cost", "discount", "spend", "attributed_revenue"})
"""Amounts that are in the rows' currency."""
_ID = re.compile(r"id$|编号|编码|名称|name$")
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
    rows = kept(scratch, mapping, key)
    return Cleaned(scratch.con.sql(f"SELECT * FROM {rows}").to_arrow_table(), set_aside(scratch, mapping))


def kept(scratch: Scratch, mapping: ColumnMapping, key: bytes) -> str:
    """Return SQL for the rows to store, in the file's order, with personal texts hashed."""
    judge(scratch, mapping)
    names, joins = list[str](), list[str]()
    for name in given_columns(mapping):
        if name in mapping.hashed:
            hidden = f"hidden_{scratch.judged}_{name}"
            _hide(scratch, name, hidden, key)
            joins.append(f'LEFT JOIN {hidden} ON {hidden}.shown = judged."{name}"')
            names.append(f'{hidden}.hash AS "{name}"')
        else:
            names.append(f'judged."{name}"')
    order = "ORDER BY judged.rowid" if joins else ""  # a join may change the order, a scan does not
    return f"(SELECT {', '.join(names)} FROM {scratch.judged} AS judged {' '.join(joins)} WHERE bad IS NULL {order})"


def set_aside(scratch: Scratch, mapping: ColumnMapping) -> pa.Table:
    """Return the rows that are not stored: file, line, reason, column, text."""
    judge(scratch, mapping)
    found = scratch.con.sql(
        f"SELECT {scratch.line} AS line, split_part(bad, '|', 1) AS reason, split_part(bad, '|', 2) AS \"column\", "
        f"text FROM {scratch.judged} WHERE bad IS NOT NULL ORDER BY rowid"
    ).to_arrow_table()
    files, lines = located(found.column("line"), scratch.members)
    return found.set_column(0, "line", lines).add_column(0, "file", files)


def judge(scratch: Scratch, mapping: ColumnMapping) -> None:
    """Lay the typed rows in the scratch's `judged` table, unless they lie there under the same mapping already.

    They lie in the file's order. Beside the values stand what is wrong with a row in `bad` (reason|column, or null)
    and the `text` of the rows where something is; ``scratch.line`` is SQL for their keys.
    """
    if scratch.judged_as == (asked := mapping.to_json()):
        return
    scratch.judged, scratch.judged_as = f"judged_{scratch.table}_{mapping.table}", ""
    _put_constants(scratch, mapping)
    with readable(scratch.name):
        if not _judged(scratch, mapping, likely=not scratch.whole):
            _judged(scratch, mapping, likely=False)
    present = set(given_columns(mapping))
    scratch.unsure = totals.settle(scratch, mapping, present) if mapping.table == "spend" else ()
    if mapping.only:
        _choose_windows(scratch, mapping)
    if mapping.lines != "each" and mapping.table == "orders":
        _gather_lines(scratch, mapping.lines, present)
    scratch.judged_as = asked


def _judged(scratch: Scratch, mapping: ColumnMapping, *, likely: bool) -> bool:
    """Judge under the styles of the first rows (`likely`) or of whole columns; say whether every row had them."""
    sources = _sources(scratch, mapping)
    beside = Beside(scratch, mapping)
    found = [_Target(scratch, mapping, c, *sources[c.name], likely, beside) for c in _targets(mapping)]
    scratch.styles = {t.name: t.style for t in found if t.style}
    mark = _mark(scratch, mapping, sources)
    first = ", ".join(f'{t.first} AS "{t.name}"' for t in found)
    misfit = " OR ".join(t.misfit for t in found if t.misfit != "false")
    marked = f"CASE WHEN {misfit} THEN 'misfit' ELSE {mark} END" if misfit else mark
    query = f"SELECT *, {marked} AS marked, {first} FROM {scratch.table} CROSS JOIN constants"
    for later in zip(*(t.later for t in found), strict=True):
        changed = [f'{sql} AS "{t.name}"' for t, sql in zip(found, later, strict=True) if sql]
        query = f"SELECT * REPLACE ({', '.join(changed)}) FROM ({query})" if changed else query
    names = ", ".join((*(f'"{t.name}"' for t in found), *_windows(scratch, mapping)))
    query = f"SELECT *, {_verdict(found)} AS bad FROM ({query})"
    # What sets a row aside can still be found when all rows are known, in these.
    text = text_of_row(scratch, mapping) if mapping.table == "spend" or mapping.lines != "each" else (
        f"CASE WHEN bad IS NOT NULL THEN {text_of_row(scratch, mapping)} END"
    )  # fmt: skip
    scratch.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {scratch.judged} AS "
        f"SELECT {'' if scratch.in_order else 'line, '}{names}, bad, {text} AS text FROM ({query})"
    )
    found_one = f"SELECT EXISTS (FROM {scratch.judged} WHERE bad = 'misfit|')"
    return not (misfit and scratch.con.execute(found_one).fetchall()[0][0])


def _mark(scratch: Scratch, mapping: ColumnMapping, sources: dict[str, tuple[str, str]]) -> str:
    """Return SQL that names what is no row of its own: repeated headings, totals, notes, other windows."""
    cases = ["WHEN mark IS NOT NULL THEN mark"]
    if mapping.table != "events":
        amounts = {sources[c.name][0] for c in TABLES[mapping.table] if c.name in sources and c.type in _AMOUNTS}
        types = scratch.types()
        texts = [f"c{i}" for i in range(len(types)) if types[i] == "VARCHAR" and f"c{i}" not in amounts][:60]
        cases += totals.labels(mapping.table, texts, {n: s for n, (s, _) in sources.items() if s.startswith("c")})
        if texts:
            cases.append(f"WHEN {totals.any_of(texts, _FOOTER)} THEN 'footer'")
    position = {heading: i for i, heading in enumerate(scratch.headings)}
    if mapping.identified in position:
        cases.append(f"WHEN {cells.filled(f'c{position[mapping.identified]}')} IS NULL THEN 'total'")
    return f"CASE {' '.join(cases)} END"


def _gather_lines(scratch: Scratch, how: str, present: set[str]) -> None:
    """Make one order of its lines: later ones are set aside, their amounts added where each line has its own."""
    usable = "bad IS NULL OR bad LIKE 'missing|%'" if how == "first" else "bad IS NULL"
    scratch.con.execute(
        "CREATE OR REPLACE TEMP TABLE lines AS SELECT rowid AS place, row_number() OVER (PARTITION BY order_id "
        f"ORDER BY revenue IS NULL, rowid) AS n FROM {scratch.judged} WHERE order_id IS NOT NULL AND ({usable})"
    )
    if how == "sum":
        for column in sorted({"revenue", "refund", "discount", "cost"} & present):
            scratch.con.execute(
                f"UPDATE {scratch.judged} SET {column} = whole FROM (SELECT order_id AS id, sum({column}) AS whole "
                f"FROM {scratch.judged} WHERE bad IS NULL GROUP BY order_id) WHERE order_id = id AND bad IS NULL"
            )
    scratch.con.execute(
        f"UPDATE {scratch.judged} AS judged SET bad = 'continuation|' FROM lines "
        "WHERE lines.place = judged.rowid AND n > 1"
    )


# A period runs to the same local clock time later: a local day has 23 hours once a year in some zones.
def _later(start: str, span: str) -> str:
    return f"timezone('UTC', timezone(zone, timezone(zone, timezone('UTC', {start})) + {span}))"


def _end(period: str) -> str:
    if period != MONTH:
        return _later("period_start", f"to_seconds({seconds(period)})")
    local = "timezone(zone, timezone('UTC', period_start))"
    return f"timezone('UTC', timezone(zone, date_trunc('month', {local}) + INTERVAL 1 MONTH))"


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


class _Target:
    """How one column of the table is made: SQL in steps, each over the row that the step before left.

    `first` reads the file's cell. `later` are the steps after it (None leaves the value): the time zone or the
    finite numbers; the moments that can be; what follows from other columns.
    """

    def __init__(
        self,
        scratch: Scratch,
        mapping: ColumnMapping,
        column: Column,
        source: str,
        kind: str,
        likely: bool,
        beside: Beside,
    ) -> None:
        self.column, self.name, self.misfit = column, column.name, "false"
        self.given = f"{cells.filled(source)} IS NOT NULL"
        self.later: list[str | None] = [None, None, None]
        self._scratch, self._own = scratch, not source.startswith("k")
        self._likely = likely and self._own
        self.style: cells.Style | None = None
        self.contrary = "false"
        self._beside = beside if self._own else None
        self._table = scratch.table if self._own else "constants"
        if self.name == "period_end" and source == "NULL":
            self.first, self.given = "NULL::TIMESTAMP", "false"
            self.later[2] = _end(mapping.period)
        elif column.type == "time":
            self._time(mapping, source, kind)
        elif column.type in _AMOUNTS:
            self._amount(mapping, source, kind)
        else:
            self.first = _text_of(self.name, source, mapping)

    def _time(self, mapping: ColumnMapping, source: str, kind: str) -> None:
        nth = mapping.first_day is not None and self.name in ("period_start", "timestamp") and self._own
        said = (mapping.day_first, nth, mapping.year_first, self._beside)
        self.style = style = self._style(lambda t: cells.time_style(self._scratch.con, t, source, kind, *said))
        self.misfit = cells.misfit(source, kind, style) if self._likely else "false"
        own, local = f'"{self.name}"', cells.local(source, kind, style)
        self.first = local or cells.time(source, kind, style)
        if local:
            large = self._own and not self._scratch.whole
            self.later[0] = cells.in_zone(
                own, cells.spans(self._scratch.con, self._scratch.head, local) if large else ()
            )
        self.later[1] = cells.possible(own)
        if self.name == "period_end" and mapping.end_included and self._own:
            self.later[2] = _later(own, "INTERVAL 1 DAY")

    def _amount(self, mapping: ColumnMapping, source: str, kind: str) -> None:
        whole, told, beside = self.column.type == "count", mapping.decimal, self._beside
        self.style = style = self._style(
            lambda t: cells.number_style(self._scratch.con, t, source, kind, whole=whole, told=told, beside=beside)
        )
        self.misfit = cells.misfit(source, kind, style) if self._likely else "false"
        if style.kind == "text" and self.name in MONEY:
            self.contrary, style = cells.contrary(source, '"currency"'), replace(style, codes=True)
        self.given = cells.given_number(source)
        self.first = cells.number(source, kind, style)
        finite = f'CASE WHEN isfinite("{self.name}") THEN "{self.name}" END'
        self.later[0] = finite
        if self.column.type == "count":
            self.later[1] = f'TRY_CAST(round("{self.name}") AS BIGINT)'

    def _style(self, look: Callable[[str], cells.Style]) -> cells.Style:
        """Look at the first rows where every later row can confirm what they show, else at all rows."""
        if self._likely and (style := look(self._scratch.head)).kind in cells.LIKELY:
            return style
        self._likely = False
        return look(self._table)


def _text_of(name: str, source: str, mapping: ColumnMapping) -> str:
    made = cells.filled(source)
    if name == "event" and mapping.events:
        return f"coalesce(codes[lower({made})], {made})"
    if name == "currency":
        cases = (f"WHEN '{word.upper()}' THEN '{code}'" for word, code in WORDS.items())
        return f"CASE upper({made}) {' '.join(cases)} ELSE upper({made}) END"
    return made


def _windows(scratch: Scratch, mapping: ColumnMapping) -> list[str]:
    """Return SQL for each row's attribution windows, and for a number of what it is about beside them."""
    if not mapping.only:
        return []
    place = {heading: f"c{i}" for i, heading in enumerate(scratch.headings)}
    own = [f"coalesce(trim({place[h]}::VARCHAR), '') AS window{n}" for n, (h, _) in enumerate(mapping.only)]
    return [*own, f"{item(scratch, mapping)} AS item"]


def item(scratch: Scratch, mapping: ColumnMapping) -> str:
    """Return SQL for a number of what a row is about: all that names or dates it, its attribution windows apart."""
    place = {heading: f"c{i}" for i, heading in enumerate(scratch.headings)}
    amounts = {c.name for c in TABLES[mapping.table] if c.type in _AMOUNTS}
    apart = {h for c, h in mapping.columns if c in amounts} | {h for h, _ in mapping.only}
    own = {heading for _, heading in mapping.columns}
    about = [place[h] for h in scratch.headings if h not in apart and (h in own or _names(scratch, h))]
    return f"hash({', '.join(('0', *about))})"


def _names(scratch: Scratch, heading: str) -> bool:
    """Say whether a column names something: an id, or texts that are not numbers."""
    values = scratch.head_of(heading)[:1000]
    return bool(_ID.search(plain_heading(heading))) or 2 * sum(map(is_value, values)) < len(values)


def _length(n: int) -> str:
    """Return SQL for how many days an attribution window has."""
    return (
        f"CASE WHEN regexp_matches(window{n}, '{WHOLE}') THEN 100000 "
        f"ELSE coalesce(TRY_CAST(regexp_extract(window{n}, '\\d{{1,4}}') AS INTEGER), 0) END"
    )


def _choose_windows(scratch: Scratch, mapping: ColumnMapping) -> None:
    """Keep, of the rows that say the same in several attribution windows, those of the window chosen, else the longest.

    An item may stand in the shorter window alone.
    """
    each = range(len(mapping.only))
    rank = f"({' + '.join(f'(window{n} = only{n})::INTEGER' for n in each)}, {', '.join(map(_length, each))})"
    ranked = f"SELECT j.rowid AS place, {rank} < max({rank}) OVER (PARTITION BY item) AS other"
    scratch.con.execute(
        f"UPDATE {scratch.judged} AS judged SET bad = 'window|' FROM ({ranked} FROM {scratch.judged} AS j "
        "CROSS JOIN constants WHERE bad IS NULL) WHERE place = judged.rowid AND other"
    )


def _verdict(targets: list[_Target]) -> str:
    """Name the first thing wrong with a row, as reason|column, or null."""
    wrong = {"time": "not-a-time", "number": "not-a-number", "count": "not-a-number"}
    needed = [t.name for t in targets if t.column.required and t.name != "revenue"]
    lacking = " OR ".join(f'"{name}" IS NULL' for name in needed) or "false"
    cases = [
        f"WHEN marked IN ('label', 'lone') AND ({lacking}) THEN 'total|'",
        "WHEN marked IS NOT NULL AND marked NOT IN ('label', 'lone') THEN marked || '|'",
    ]
    for t in targets:
        if t.contrary != "false" and any(other.name == "currency" for other in targets):
            cases.append(f"WHEN {t.contrary} THEN 'other-currency|{t.name}'")
        if t.column.type in wrong:  # in a CASE of its own, so that only the rows without a value are looked at again
            given = f'CASE WHEN "{t.name}" IS NULL THEN {t.given} ELSE false END'
            cases.append(f"WHEN {given} THEN '{wrong[t.column.type]}|{t.name}'")
        if t.column.required:
            cases.append(f"WHEN \"{t.name}\" IS NULL THEN 'missing|{t.name}'")
    names = {t.name for t in targets}
    if "period_end" in names:
        cases.append("WHEN period_end <= period_start THEN 'backwards|period_end'")
    if "refund" in names:
        cases.append("WHEN refund < 0 THEN 'negative|refund'")
    if "spend" in names:
        cases.append("WHEN marked = 'label' THEN 'label|'")
    return f"CASE {' '.join(cases)} END"


def text_of_row(scratch: Scratch, mapping: ColumnMapping) -> str:
    """Return SQL for a row's text: only what was mapped, as a column nobody asked for may hold names or addresses."""
    mapped = {heading: target for target, heading in mapping.columns}
    shown = [(i, mapped[h]) for i, h in enumerate(scratch.headings) if h in mapped]
    whole = ", ".join("'***'" if target in mapping.hashed else f"c{i}::VARCHAR" for i, target in shown) or "''"
    return f"concat_ws(' | ', {whole})"


def _hide(scratch: Scratch, name: str, hidden: str, key: bytes) -> None:
    """Lay each distinct text of a column beside its keyed hash (HMAC-SHA256, 16 hexadecimal digits)."""
    query = f'SELECT DISTINCT "{name}" AS shown FROM {scratch.judged} WHERE bad IS NULL AND "{name}" IS NOT NULL'
    shown = scratch.con.sql(query).to_arrow_table().column("shown")
    coded = [hmac.digest(key, v.casefold().encode(), "sha256").hex()[:16] for v in shown.to_pylist()]
    scratch.con.register("coded", pa.table({"shown": shown, "hash": pa.array(coded, pa.string())}))
    scratch.con.execute(f"CREATE OR REPLACE TEMP TABLE {hidden} AS FROM coded")
    scratch.con.unregister("coded")
