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
from analysis.imports.rows.targets import given_names
from analysis.messages import Message, say

_KINDS = (
    "account|results?|(filtered |all )?(campaigns?|ad ?groups|ad ?sets|ads|keywords)"
    "|(search|display|video|shopping|performance max|demand gen|discovery|app|smart)( campaigns?)?"
)
_WORDS = r"总\s*计|合\s*计|合\s*計|小\s*计|汇\s*总|共\s*计|总\s*和|全部汇总|全部合计"
_BARE = (
    r"(?i)^((grand |overall |sub[- ]?)?totals?|total general|gesamt|summe)( results?| of \d+ \w+|\s*\(\d+ [a-z ]+\))?$"
    rf"|^totals?\s*[:：]\s*({_KINDS})\b.*$|^({_WORDS})(\s*[（(].*|\s*共?\s*[\d０-９].*)?$"
)
"""What nothing but a total is called."""
_LIKE = (
    r"(?i)^(grand |overall |sub[- ]?)?totals?\s*[:：(（].*$|^.{1,60}[\s:：](sub[- ]?)?totals?$"
    rf"|^.{{0,60}}({_WORDS})([:：].*)?$"
)
"""What a total may be called, and a campaign too."""
NAMES = ("channel", "campaign", "audience", "creative")
"""Columns that say what a row is about, from the whole to its parts."""
_CENT = 0.005


def any_of(sources: Iterable[str], look: str) -> str:
    """Return SQL for whether one of some texts looks so."""
    return " OR ".join(f"regexp_matches(trim({c}), '{look}')" for c in sources)


def labels(table: str, texts: list[str], named: Mapping[str, str]) -> list[str]:
    """Return cases of SQL: 'total' for rows that are called so and nothing else, 'label' for those that may be.

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
    nameless = " AND ".join(f"{filled(c)} IS NULL" for c in own)
    sure = [f"WHEN {any_of(own, _BARE)} THEN 'total'", f"WHEN {nameless} AND ({any_of(texts, _BARE)}) THEN 'total'"]
    # In a column of its own ("Budget type") "Campaign total" is a value; where nothing else names a row, its name.
    named_by = own or texts[:1]
    maybe = [f"WHEN {any_of(named_by, _BARE)} OR {any_of(named_by, _LIKE)} THEN 'label'"]
    return [*(sure if own else []), *maybe, f"WHEN {any_of(texts, _BARE)} THEN 'lone'"]


def settle(con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping) -> tuple[Message, ...]:
    """Decide on spend rows that may be totals; return what must be asked."""
    present = given_names(mapping)
    counted = amounts_of("spend", present)
    asked = [_labelled(con, relation, mapping, counted)]
    names = [c for c in ("period_start", *NAMES) if c in present and c not in dict(mapping.constants)]
    for column in reversed(names):
        _unnamed(con, relation, column, names[: names.index(column)], counted)
    asked += [_large(con, relation, mapping, column) for column in names if column != "period_start"][-1:]
    return tuple(message for message in asked if message)


def _labelled(
    con: duckdb.DuckDBPyConnection, relation: str, mapping: ColumnMapping, amounts: list[str]
) -> Message | None:
    """Set rows aside that are called like a total and add up: to all rows, a day's, those just above or just below."""
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
    con.execute(
        f"UPDATE {table} AS judged SET bad = CASE WHEN adds_up THEN 'total|' ELSE ? END "
        "FROM labelled WHERE place = judged.rowid",
        ["total|" if mapping.totals else None],
    )
    if unclear := _one(con, "SELECT count(*) FROM labelled WHERE NOT adds_up"):
        return say("Rows called like totals that are not the sum of other rows: {n}. Are they rows of their own?",
                   n=unclear)  # fmt: skip
    return None


def _adds_up(amounts: Iterable[str], said: str, whole: str, n: str) -> str:
    """Return SQL for whether a row's amounts, as far as it has them, are the sums of others, but for rounding."""
    return "(" + " AND ".join(
        f"({said}{c} IS NULL OR abs({said}{c} - coalesce({c}{whole}, 0)) <= {_CENT} * ({n} + 1) + 1e-9)"
        for c in amounts
    ) + ")"  # fmt: skip


def _unnamed(con: duckdb.DuckDBPyConnection, relation: str, column: str, wholes: list[str], amounts: list[str]) -> None:
    """Mark rows that lack a name (an ad's, a campaign's, a day) where they are the sum of the rows that have one.

    A campaign's total is compared with its ads, the file's with all. One alone that equals one row proves nothing.
    """
    table, usable = relation, f"coalesce(bad, 'missing|{column}') = 'missing|{column}' AND spend IS NOT NULL"
    sums = ", ".join(f"sum({c}) AS {c}_whole" for c in amounts)
    for keys in [[*wholes, "currency"], [*wholes[1:], "currency"]] if wholes[:1] == ["period_start"] else [
        [*wholes, "currency"]
    ]:  # fmt: skip
        same = " AND ".join(f"t.{k} IS NOT DISTINCT FROM p.{k}" for k in keys)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE unnamed AS WITH parts AS (SELECT {', '.join(keys)}, {sums}, count(*) AS n "
            f"FROM {table} WHERE {usable} AND {column} IS NOT NULL GROUP BY ALL) "
            f"SELECT t.rowid AS place, n, {_adds_up(amounts, 't.', '_whole', 'n')} AS adds_up "
            f"FROM {table} AS t JOIN parts AS p ON {same} WHERE {usable} AND t.{column} IS NULL"
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
