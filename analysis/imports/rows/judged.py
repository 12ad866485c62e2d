"""Which rows of a file can be stored, each with typed values, and what is wrong with the others?

All SQL here is made of fixed names (`c0`, `c1`, …) and the vocabulary's own; texts from people are parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import duckdb
import pyarrow as pa

from analysis.imports.columns.amounts import AMOUNTS
from analysis.imports.columns.cells import Style, filled
from analysis.imports.columns.mapping import MONTH, ColumnMapping
from analysis.imports.columns.windows import days_sql, item
from analysis.imports.file.scratch import Scratch, readable
from analysis.imports.lexicon.kinds import REFUND as RETURNED
from analysis.imports.lexicon.looks import is_value
from analysis.imports.lexicon.reductions import DISCOUNT, REFUND, item_headings
from analysis.imports.rows import kinds, totals
from analysis.imports.rows.ends import end_included
from analysis.imports.rows.order_lines import gather_lines
from analysis.imports.rows.shapes import Shaped
from analysis.imports.rows.targets import CONSTANTS, Target, given_names, sources, targets
from analysis.messages import Message, say
from analysis.vocabulary import TABLES

_CALLED = ("total|", "label|", "rest|")
"""What is wrong with rows that call themselves totals."""
_MOST_BESIDE = 4
_FOOTER = "(?i)^(©|\\(c\\) ?\\d{4}|copyright )"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A file's rows with typed values, in the file's order, and what is wrong with each.

    Beside the values stand what is wrong with a row in `bad` (reason|column, or null) and the `text` of the rows where
    something is.

    Parameters
    ----------
    scratch : Scratch
        The rows that were judged.
    mapping : ColumnMapping
        What they were judged under.
    relation : str
        Where the typed rows lie.
    styles : mapping of str to Style
        How the columns were taken to be written.
    unsure : tuple of (Message, str)
        What must be asked of ends of periods and of rows that may be totals, or discounts, each with the field of
        the mapping that says it.
    distinct : mapping of str to pa.Table
        The different texts of columns that were looked at to see whether they are tidy, of rows with nothing wrong.
    """

    scratch: Scratch
    mapping: ColumnMapping
    relation: str
    styles: Mapping[str, Style]
    unsure: tuple[tuple[Message, str], ...]
    distinct: Mapping[str, pa.Table] = field(default_factory=dict)

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The private database."""
        return self.scratch.con

    @property
    def line(self) -> str:
        """SQL for a row's key in the relation."""
        return self.scratch.line

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns that the mapping fills."""
        return given_names(self.mapping)

    def beside(self, written: str, where: str, values: str = "") -> str:
        """Return SQL for `written` of the file's rows beside `values` of the judged ones for which `where` holds."""
        own = f"{self.line} AS key" + (f", {values}" if values else "")
        return (
            f"(SELECT {own} FROM {self.relation} WHERE {where}) "
            f"JOIN (SELECT line, {written} FROM {self.scratch.relation}) ON line = key"
        )


def judged(shaped: Shaped) -> Judged:
    """Judge every row under a mapping; what was judged last under the same is not judged again."""
    scratch, mapping = shaped.scratch, shaped.mapping

    def make(relation: str) -> Judged:
        _put_constants(scratch.con, mapping)
        with readable(scratch.name):
            ends = end_included(shaped)
            told = replace(shaped, mapping=mapping.replace(end_included=ends is not False))
            laid = None if scratch.whole else _laid(told, relation, likely=True)
            styles, distinct = _laid(told, relation, likely=False) or ({}, {}) if laid is None else laid
        spend, lines = mapping.table == "spend", mapping.table == "orders" and mapping.lines != "each"
        open_ = [(_last_day(mapping), "end_included")] if ends is None else []
        beside = len(_beside(shaped)) if spend else 0
        open_ += [(text, "totals") for text in totals.settle(scratch.con, relation, mapping, beside)] if spend else []
        if mapping.only:
            _choose_windows(scratch.con, relation, mapping)
        if kinds.kind_sql(scratch, mapping):
            kinds.settle(scratch.con, relation, mapping, given_names(mapping))
        if lines and (text := gather_lines(scratch.con, relation, mapping)):
            open_.append((text, "below_zero"))
        return Judged(scratch, mapping, relation, MappingProxyType(styles), tuple(open_), MappingProxyType(distinct))

    asked = f"{scratch.relation} {mapping.to_json()}"
    return scratch.database.once(f"judged_{scratch.id}_{mapping.table}", asked, make)


def _last_day(mapping: ColumnMapping) -> Message:
    return say("{heading}: is the day there the last one of its period, or the one after it?",
               heading=dict(mapping.columns)["period_end"])  # fmt: skip


_Laid = tuple[dict[str, Style], dict[str, pa.Table]]


def _laid(shaped: Shaped, relation: str, *, likely: bool, tidy: bool = True) -> _Laid | None:
    """Lay the judged rows and return the styles of their columns: those of the first rows (`likely`), or of all.

    With them come the different texts that were looked at. None where a later row has another style than the first
    rows; where a later text is untidy, as theirs were not, all are laid again.
    """
    scratch, mapping = shaped.scratch, shaped.mapping
    # Of events alone: whether a row of another table is one may be settled later, by what it is called.
    tidy = tidy and likely and mapping.table == "events"
    found = targets(shaped, likely=likely, tidy=tidy)
    misfit = " OR ".join(t.misfit for t in found if t.misfit != "false")
    # What sets a row aside can still be found when all rows are known, in these.
    text = text_of_row(scratch, mapping)
    if mapping.table != "spend" and mapping.lines == "each":
        text = f"CASE WHEN bad IS NOT NULL THEN {text} END"
    called = f"CASE WHEN bad IN {_CALLED} THEN {totals.label(_texts(shaped))} END AS label"
    spend = [called, *(f"{filled(c)} AS beside{n}" for n, c in enumerate(_beside(shaped)))]
    more = [*_windows(scratch, mapping), *(spend if mapping.table == "spend" else []), *kinds.beside(scratch, mapping)]
    more += _below_zero(shaped)
    names = ", ".join((*(f'"{t.name}"' for t in found), *more))
    scratch.con.execute(
        f"CREATE OR REPLACE TEMP TABLE {relation} AS SELECT {'' if scratch.in_order else 'line, '}{names}, bad, "
        f"{text} AS text FROM (SELECT *, {_verdict(found)} AS bad FROM ({_typed(shaped, found, misfit)}))"
    )
    if misfit and scratch.con.execute(f"SELECT EXISTS (FROM {relation} WHERE bad = 'misfit|')").fetchall()[0][0]:
        return None
    distinct = {t.name: _distinct(scratch.con, relation, t.name) for t in found if t.as_it_stands}
    if any(_untidy(scratch.con, texts) for texts in distinct.values()):
        return _laid(shaped, relation, likely=likely, tidy=False)
    return {t.name: t.style for t in found if t.style}, distinct


def _distinct(con: duckdb.DuckDBPyConnection, relation: str, name: str) -> pa.Table:
    return con.sql(f'SELECT DISTINCT "{name}" FROM {relation} WHERE bad IS NULL').to_arrow_table()


def _untidy(con: duckdb.DuckDBPyConnection, texts: pa.Table) -> bool:
    """Say whether one of some texts is not as it would be kept."""
    con.register("texts", texts.rename_columns(["t"]))
    found = con.execute(f"SELECT EXISTS (FROM texts WHERE t IS DISTINCT FROM {filled('t')})").fetchall()[0][0]
    con.unregister("texts")
    return bool(found)


def _typed(shaped: Shaped, found: Sequence[Target], misfit: str) -> str:
    """Return SQL for the file's rows, with the table's columns beside them and a mark on what is no row of its own."""
    mark = _mark(shaped)
    marked = f"CASE WHEN {misfit} THEN 'misfit' ELSE {mark} END" if misfit else mark
    first = ", ".join(f'{t.first} AS "{t.name}"' for t in found)
    query = f"SELECT *, {marked} AS marked, {first} FROM {shaped.scratch.relation} CROSS JOIN {CONSTANTS}"
    for later in zip(*(t.later for t in found), strict=True):
        changed = [f'{sql} AS "{t.name}"' for t, sql in zip(found, later, strict=True) if sql]
        query = f"SELECT * REPLACE ({', '.join(changed)}) FROM ({query})" if changed else query
    return query


def _mark(shaped: Shaped) -> str:
    """Return SQL that names what may be no row of its own: repeated headings, totals, notes."""
    scratch, mapping = shaped.scratch, shaped.mapping
    cases = ["WHEN mark IS NOT NULL THEN mark", *kinds.marks(scratch, mapping)]
    if mapping.table != "events":
        named, texts = _named(shaped), _texts(shaped)
        cases += totals.labels(mapping.table, texts, named)
        if mapping.table == "spend" and mapping.period != MONTH and named.get("period_start") in texts:
            cases += totals.months(named["period_start"])
        if texts:
            cases.append(f"WHEN {totals.any_of(texts, _FOOTER)} THEN 'footer'")
    if mapping.identified in scratch.headings:
        cases.append(f"WHEN {filled(scratch.column(mapping.identified))} IS NULL THEN 'total'")
    return f"CASE {' '.join(cases)} END"


def _named(shaped: Shaped) -> dict[str, str]:
    """Return the table's columns that the file has, each as SQL."""
    return {n: s.name for n, s in sources(shaped.scratch, shaped.mapping).items() if s.relation != CONSTANTS}


def _texts(shaped: Shaped) -> list[str]:
    """Return the file's columns of text, but for amounts, as SQL: where a row may call itself a total."""
    named, types = _named(shaped), shaped.scratch.types()
    counted = {named[c.name] for c in TABLES[shaped.mapping.table] if c.name in named and c.type in AMOUNTS}
    return [f"c{i}" for i in range(len(types)) if types[i] == "VARCHAR" and f"c{i}" not in counted][:60]


def _beside(shaped: Shaped) -> list[str]:
    """Return the first of the file's columns that name something and are mapped to nothing, as SQL.

    A device, a placement, a campaign under a heading nobody knows: what sums up the others has nothing there.
    """
    mapped, scratch = set(_named(shaped).values()), shaped.scratch
    texts = [c for c in _texts(shaped) if c not in mapped]
    named = {scratch.column(h): [v for v in scratch.head_of(h) if v.strip()] for h in scratch.headings}
    return [c for c in texts if named.get(c) and not all(map(is_value, named[c]))][:_MOST_BESIDE]


def _put_constants(con: duckdb.DuckDBPyConnection, mapping: ColumnMapping) -> None:
    """Lay the mapping's texts in a one-row table, so that SQL names a column and never holds the text."""
    texts = [mapping.zone, mapping.first_day, *(text for _, text in (*mapping.constants, *mapping.only))]
    names = [
        "zone",
        "first_day",
        *(f"k{i}" for i in range(len(mapping.constants))),
        *(f"only{i}" for i in range(len(mapping.only))),
    ]
    columns = ", ".join(f"?::VARCHAR AS {name}" for name in names)
    pairs = (mapping.events, mapping.statuses, mapping.results, mapping.row_kinds)
    codes = [[pair[place] for pair in each] for each in pairs for place in (0, 1)]
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE {CONSTANTS} AS SELECT {columns}, map(?::VARCHAR[], ?::VARCHAR[]) AS codes, "
        "map(?::VARCHAR[], ?::VARCHAR[]) AS statuses, map(?::VARCHAR[], ?::VARCHAR[]) AS results, "
        "map(?::VARCHAR[], ?::VARCHAR[]) AS kinds, ?::VARCHAR[] AS on_delivery",
        [*texts, *codes, [word for word, _ in mapping.on_delivery]],
    )


def _windows(scratch: Scratch, mapping: ColumnMapping) -> list[str]:
    """Return SQL for each row's attribution windows, and for a number of what it is about beside them."""
    if not mapping.only:
        return []
    own = [f"coalesce(trim({scratch.column(h)}::VARCHAR), '') AS window{n}" for n, (h, _) in enumerate(mapping.only)]
    return [*own, f"{item(scratch, mapping)} AS item"]


def _below_zero(shaped: Shaped) -> list[str]:
    """Return SQL for what a line of an order is about, its amount, and what it is called if that is below zero."""
    scratch, mapping = shaped.scratch, shaped.mapping
    if not (mapping.table == "orders" and mapping.lines == "sum"):
        return []
    item = _named(shaped).get("item")
    texts = [f"c{i}" for i, kind in enumerate(scratch.types()) if kind == "VARCHAR"]
    words = [c for h in item_headings(scratch.headings) if (c := scratch.column(h)) in texts]
    says = {kind: totals.any_of(words, look) or "false" for kind, look in (("refund", REFUND), ("discount", DISCOUNT))}
    called = " ".join(f"WHEN {look} THEN '{kind}'" for kind, look in says.items())
    if own := kinds.kind_sql(scratch, mapping):
        called = f"WHEN {own} = '{RETURNED}' THEN 'refund' {called}"
    about = f"lower({filled(item or words[0])})" if item or words else "NULL::VARCHAR"
    below = f"CASE WHEN revenue < 0 THEN CASE {called} END END AS called"
    return [below, f"{about} AS about", "revenue AS line_amount"]


def _choose_windows(con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping) -> None:
    """Keep, of the rows that say the same in several attribution windows, those of the window chosen, else the longest.

    An item may stand in the shorter window alone.
    """
    each = range(len(mapping.only))
    chosen = " + ".join(f"(window{n} = only{n})::INTEGER" for n in each)
    rank = f"({chosen}, {', '.join(days_sql(f'window{n}') for n in each)})"
    ranked = f"SELECT j.rowid AS place, {rank} < max({rank}) OVER (PARTITION BY item) AS other"
    con.execute(
        f"UPDATE {relation} AS judged SET bad = 'window|' FROM ({ranked} FROM {relation} AS j "
        f"CROSS JOIN {CONSTANTS} WHERE bad IS NULL) WHERE place = judged.rowid AND other"
    )


def _verdict(targets: Sequence[Target]) -> str:
    """Name the first thing wrong with a row, as reason|column, or null."""
    wrong = {"time": "not-a-time", "number": "not-a-number", "count": "not-a-number"}
    needed = [t.name for t in targets if t.column.required and t.name != "revenue"]
    lacking = " OR ".join(f'"{name}" IS NULL' for name in needed) or "false"
    cases = [
        f"WHEN marked = 'label' AND ({lacking}) THEN 'total|'",
        "WHEN marked <> 'label' THEN marked || '|'",
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
        cases.append("WHEN marked IS NOT NULL THEN marked || '|'")
    return f"CASE {' '.join(cases)} END"


def text_of_row(scratch: Scratch, mapping: ColumnMapping) -> str:
    """Return SQL for a row's text: only what was mapped, as a column nobody asked for may hold names or addresses."""
    mapped = {heading: target for target, heading in mapping.columns}
    shown = [(i, mapped[h]) for i, h in enumerate(scratch.headings) if h in mapped]
    whole = ", ".join("'***'" if target in mapping.hashed else f"c{i}::VARCHAR" for i, target in shown) or "''"
    return f"concat_ws(' | ', {whole})"
