"""Which rows are totals of others, by what they are called, by what they lack, and by whether they add up?

What a row is called proves it where it lacks a date or a name that rows have. A row with everything may be called like
a total and be none (a campaign "Total: brand"): it must be the sum of others, or it stays a row and is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import duckdb

from analysis.imports.columns.amounts import amounts_of
from analysis.imports.columns.cells import filled
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.lexicon.calendar import WHOLE_MONTH
from analysis.imports.lexicon.totalled import BARE, LIKE, REST, SAYS, WHOLE
from analysis.imports.rows.targets import given_names
from analysis.messages import Message, say

NAMES = ("channel", "campaign", "audience", "creative")
"""Columns that say what a row is about, from the whole to its parts."""
_CENT = 0.005


def any_of(sources: Iterable[str], look: str) -> str:
    """Return SQL for whether one of some texts looks so."""
    return " OR ".join(f"regexp_matches(trim({c}), '{look}')" for c in sources)


def labels(table: str, texts: list[str], named: Mapping[str, str]) -> list[str]:
    """Return cases of SQL that mark rows by what they call themselves.

    They are marked 'total' where nothing else is called so and a name or the day is lacking, or where every name is;
    'rest' as the part that a platform does not itemise; 'label' where they may be a row all the same, whichever column
    says that they are a total.

    Parameters
    ----------
    table : str
    texts : list of str
        The file's columns of text, as SQL.
    named : mapping of str to str
        The table's columns that the file gives, each as SQL.
    """
    if not texts:
        return []
    own = [named[c] for c in (NAMES if table == "spend" else ("order_id",)) if named.get(c) in texts]
    named_by = own or texts[:1]  # where nothing else names a row, its first text does
    nameless = " AND ".join(f"{filled(c)} IS NULL" for c in own) or "false"
    but_rest = " AND ".join(f"({filled(c)} IS NULL OR {any_of([c], REST)})" for c in own) or "true"
    rest = [f"WHEN {any_of(texts, REST)} AND {but_rest} THEN 'rest'"] if table == "spend" else []
    day = [named["period_start"]] if table == "spend" and "period_start" in named else []
    # With a day and every name of its own it may be a row, whatever it is called.
    lacking = " OR ".join(f"{filled(c)} IS NULL" for c in (*own, *day)) if day else "true"
    sure = [f"WHEN ({any_of(own, BARE)}) AND ({lacking}) THEN 'total'"] if own else []
    called = [*rest, *sure, f"WHEN {nameless} THEN 'total'"]
    # Most rows call themselves no total anywhere: one pattern is all that is tried on their cells.
    return [
        f"WHEN {any_of(texts, SAYS)} THEN CASE {' '.join(called)} ELSE 'label' END",
        f"WHEN {any_of(named_by, LIKE)} THEN 'label'",
    ]


def months(start: str) -> list[str]:
    """Return cases of SQL that mark a row of a whole month, where rows are of days: it may be their total."""
    return [f"WHEN regexp_full_match(trim({start}), '{WHOLE_MONTH}') THEN 'label'"]


def label(texts: Iterable[str]) -> str:
    """Return SQL for the cell in which a row calls itself a total."""
    cells = [f"CASE WHEN {any_of([c], f'{SAYS}|{LIKE}')} THEN trim({c}) END" for c in texts]
    return f"coalesce({', '.join(cells)})" if cells else "NULL"


def settle(
    con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping, beside: int = 0
) -> tuple[Message, ...]:
    """Decide on spend rows that may be totals; return what must be asked.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
    relation : str
    mapping : ColumnMapping
    beside : int
        How many columns of names stand in the relation that are none of the table's: ``beside0`` and so on.
    """
    present = given_names(mapping)
    counted = amounts_of("spend", present)
    names = [c for c in ("period_start", *NAMES) if c in present and c not in dict(mapping.constants)]
    _nameless(con, relation, names)
    asked = [_labelled(con, relation, mapping, counted)]
    each = [*names, *(f"beside{n}" for n in range(beside))]
    for column in reversed(each):
        _unnamed(con, relation, column, each[: each.index(column)], counted)
    asked += [_large(con, relation, mapping, column) for column in names if column != "period_start"][-1:]
    asked.append(_unitemised(con, relation, mapping, counted))
    return tuple(message for message in asked if message)


def _nameless(con: duckdb.DuckDBPyConnection, relation: str, names: list[str]) -> None:
    """Settle rows that call themselves totals and lack a name, or a day, that every other row has."""
    if not _one(con, f"SELECT count(*) FROM {relation} WHERE bad = 'label|'"):
        return
    lacks = ", ".join(f"count_if({c} IS NULL)" for c in names) or "0"
    found = con.execute(f"SELECT count(*), {lacks} FROM {relation} WHERE bad IS NULL").fetchall()[0]
    always = [f"{c} IS NULL" for c, lacking in zip(names, found[1:], strict=False) if found[0] and not lacking]
    if always:
        query = f"UPDATE {relation} SET bad = 'total|' WHERE bad = 'label|' AND ({' OR '.join(always)})"
        con.execute(query)


def _labelled(
    con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping, amounts: list[str]
) -> Message | None:
    """Set rows aside that are called like a total and add up: to all rows, a day's, those just above or just below.

    Of the others, the reading under which one of the totals is the sum of the rows is taken; without such a one it is
    asked.
    """
    table, mark = relation, "count_if(bad IN ('label|', 'total|')) OVER (PARTITION BY currency ORDER BY rowid"
    if not _one(con, f"SELECT count(*) FROM {table} WHERE bad = 'label|'"):
        return None
    parts = {"all": "currency", "day": "currency, period_start", "above": "currency, above", "below": "currency, below"}
    sums = ", ".join(
        f"sum({c}) FILTER (bad IS NULL) OVER (PARTITION BY {by}) AS {c}_{name}" for name, by in parts.items()
        for c in amounts
    )  # fmt: skip
    counts = ", ".join(f"count_if(bad IS NULL) OVER (PARTITION BY {by}) AS n_{name}" for name, by in parts.items())
    fits = " OR ".join(f"n_{name} > 0 AND {_adds_up(amounts, '', f'_{name}', f'n_{name}')}" for name in parts)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE labelled AS WITH parted AS (SELECT *, rowid AS place, {mark} DESC) AS above, "
        f"{mark}) AS below FROM {table}), summed AS (SELECT *, {sums}, {counts} FROM parted) "
        f"SELECT place, coalesce({fits}, false) AS adds_up FROM summed WHERE bad = 'label|'"
    )
    con.execute(f"UPDATE {table} AS judged SET bad = 'total|' FROM labelled WHERE adds_up AND place = judged.rowid")
    unclear = _one(con, f"SELECT count(*) FROM {table} WHERE bad = 'label|'")
    if not unclear:
        return None
    totals = _reading(con, table, amounts)
    if totals or (totals is None and mapping.totals):
        con.execute(f"UPDATE {table} SET bad = 'total|' WHERE bad = 'label|'")
    else:
        con.execute(f"UPDATE {table} SET bad = NULL, label = NULL WHERE bad = 'label|'")
    if totals is not None:
        return None
    return say("Rows called like totals that are not the sum of other rows: {n}. Are they rows of their own?",
               n=unclear)  # fmt: skip


def _reading(con: duckdb.DuckDBPyConnection, relation: str, amounts: list[str]) -> bool | None:
    """Say whether the unclear rows are totals: a sure total is the sum without them; it is not where with them.

    None where neither reading, or each, has such a total.
    """
    without, among = (_reconciles(con, relation, amounts, f"bad IS NULL{more}") for more in ("", " OR bad = 'label|'"))
    return None if without == among else without


def _reconciles(con: duckdb.DuckDBPyConnection, relation: str, amounts: list[str], rows: str) -> bool:
    """Say whether a total of the file's own is the sum of these rows."""
    sums = ", ".join(f"sum({c}) AS {c}_whole" for c in amounts)
    return bool(_one(con, (
        f"WITH parts AS (SELECT {sums}, count(*) AS n, count(DISTINCT currency) AS codes FROM {relation} "
        f"WHERE {rows}) SELECT count(*) FROM {relation} AS t CROSS JOIN parts WHERE t.bad = 'total|' AND codes <= 1 "
        f"AND t.spend IS NOT NULL AND {_adds_up(amounts, 't.', '_whole', 'n')}"
    )))  # fmt: skip


def _unitemised(
    con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping, amounts: list[str]
) -> Message | None:
    """Keep what a platform spent and does not itemise as a row, where a total holds it, else ask."""
    found = _one(con, f"SELECT count(*) FROM {relation} WHERE bad = 'rest|' AND spend IS NOT NULL")
    if not found:
        con.execute(f"UPDATE {relation} SET bad = 'total|' WHERE bad = 'rest|'")
        return None
    held = _reconciles(con, relation, amounts, "bad IS NULL OR bad = 'rest|'")
    present = given_names(mapping)
    if held or not mapping.totals:
        # It is about the whole report, in the currency of its rows, and names nothing.
        whole = {"currency": "min(currency)", "period_start": "min(period_start)", "period_end": "max(period_end)"}
        filled_in = ", ".join(f"{c} = coalesce(judged.{c}, own_{c})" for c in whole if c in present)
        own = ", ".join(f"{made} AS own_{c}" for c, made in whole.items() if c in present)
        lacking = " OR ".join(f"judged.{c} IS NULL" for c in ("channel",) if c in present) or "false"
        con.execute(
            f"UPDATE {relation} AS judged SET {filled_in}, bad = CASE WHEN {lacking} THEN 'missing|channel' END "
            f"FROM (SELECT {own} FROM {relation} WHERE bad IS NULL) WHERE bad = 'rest|'"
        )
    else:
        con.execute(f"UPDATE {relation} SET bad = 'total|' WHERE bad = 'rest|'")
    if held:
        return None
    return say("Rows that seem to be what the platform does not itemise: {n}. Are they rows of their own?", n=found)


def _adds_up(amounts: Iterable[str], said: str, whole: str, n: str) -> str:
    """Return SQL for whether a row's amounts, as far as it has them, are the sums of others, but for rounding."""
    return "(" + " AND ".join(
        f"({said}{c} IS NULL OR abs({said}{c} - coalesce({c}{whole}, 0)) <= {_CENT} * ({n} + 1) + 1e-9)"
        for c in amounts
    ) + ")"  # fmt: skip


def _unnamed(con: duckdb.DuckDBPyConnection, relation: str, column: str, wholes: list[str], amounts: list[str]) -> None:
    """Mark rows that lack a name (an ad's, a campaign's, a day) where they are the sum of the rows that have one.

    A name that says "all" is none. A campaign's total is compared with its ads, the file's with all. One alone that
    equals one row proves nothing.
    """
    named = f"{column} IS NOT NULL" + (
        "" if column == "period_start" else f" AND NOT regexp_matches({column}, '{WHOLE}')"
    )
    table, usable = relation, f"coalesce(bad, 'missing|{column}') = 'missing|{column}' AND spend IS NOT NULL"
    sums = ", ".join(f"sum({c}) AS {c}_whole" for c in amounts)
    for keys in [[*wholes, "currency"], [*wholes[1:], "currency"]] if wholes[:1] == ["period_start"] else [
        [*wholes, "currency"]
    ]:  # fmt: skip
        same = " AND ".join(f"t.{k} IS NOT DISTINCT FROM p.{k}" for k in keys)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE unnamed AS WITH parts AS (SELECT {', '.join(keys)}, {sums}, count(*) AS n "
            f"FROM {table} WHERE {usable} AND {named} GROUP BY ALL) "
            f"SELECT t.rowid AS place, n, {_adds_up(amounts, 't.', '_whole', 'n')} AS adds_up "
            f"FROM {table} AS t JOIN parts AS p ON {same} WHERE {usable} AND NOT ({named})"
        )
        found = _one(con, "SELECT count_if(adds_up) > 1 OR bool_or(adds_up AND n > 1) FROM unnamed")
        if found:
            con.execute(
                f"UPDATE {table} AS judged SET bad = 'total|' FROM unnamed WHERE adds_up AND place = judged.rowid"
            )
            return


def _large(con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping, column: str) -> Message | None:
    """Ask about rows without a name that have as much as all others of their period together, or more."""
    of = f"SELECT period_start, currency, sum(spend) AS whole, count(*) AS n FROM {relation} " \
         f"WHERE bad IS NULL AND {column} IS NOT NULL GROUP BY ALL"  # fmt: skip
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE large AS SELECT t.rowid AS place FROM {relation} AS t JOIN ({of}) AS p "
        f"ON t.period_start = p.period_start AND t.currency = p.currency "
        f"WHERE bad IS NULL AND t.{column} IS NULL AND n > 1 AND spend > 0 AND spend >= 0.98 * whole"
    )
    found = _one(con, "SELECT count(*) FROM large")
    if not found:
        return None
    if mapping.totals:
        con.execute(f"UPDATE {relation} AS judged SET bad = 'total|' FROM large WHERE place = judged.rowid")
    return say("Rows without {column} that have as much as all others of their day: {n}. Are they rows of their own?",
               column=column, n=found)  # fmt: skip


def _one(con: duckdb.DuckDBPyConnection, query: str) -> int:
    return int(con.execute(query).fetchall()[0][0] or 0)
