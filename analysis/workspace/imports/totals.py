"""Which rows are totals of others: by what they are called, by what they lack, and by whether they add up.

What a row is called proves it where it lacks a date or a name that rows have. A row with everything may be called like
a total and be none (a campaign "Total: brand"): it must be the sum of others, or it stays a row and is asked about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from analysis.messages import Message, say
from analysis.workspace.imports import cells
from analysis.workspace.imports.mapping import ColumnMapping
from analysis.workspace.imports.read import Scratch

_KINDS = (
    "account|results?|(filtered |all )?(campaigns?|ad ?groups|ad ?sets|ads|keywords)"
    "|(search|display|video|shopping|performance max|demand gen|discovery|app|smart)( campaigns?)?"
)
_WORDS = r"总\s*计|合\s*计|合\s*計|小\s*计|汇\s*总|共\s*计|总\s*和|全部汇总|全部合计"
_BARE = (
    r"(?i)^((grand |overall |sub[- ]?)?totals?|total general|gesamt|summe)( results?|\s*\(\d+ [a-z ]+\))?$"
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
    nameless = " AND ".join(f"{cells.filled(c)} IS NULL" for c in own)
    sure = [f"WHEN {any_of(own, _BARE)} THEN 'total'", f"WHEN {nameless} AND ({any_of(texts, _BARE)}) THEN 'total'"]
    return [*(sure if own else []), f"WHEN {any_of(texts, _BARE)} OR {any_of(texts, _LIKE)} THEN 'label'"]


def settle(scratch: Scratch, mapping: ColumnMapping, present: set[str]) -> tuple[Message, ...]:
    """Decide on spend rows that may be totals; return what must be asked."""
    asked = [_labelled(scratch, mapping)]
    names = [c for c in ("period_start", *NAMES) if c in present and c not in dict(mapping.constants)]
    for column in reversed(names):
        _unnamed(scratch, column, names[: names.index(column)])
    asked += [_large(scratch, mapping, column) for column in names if column != "period_start"][-1:]
    return tuple(message for message in asked if message)


def _labelled(scratch: Scratch, mapping: ColumnMapping) -> Message | None:
    """Set rows aside that are called like a total and are the sum of all rows, of a day's, or of those just above."""
    table = scratch.judged
    if not _one(scratch, f"SELECT count(*) FROM {table} WHERE bad = 'label|'"):
        return None
    scratch.con.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE labelled AS
        WITH parted AS (
            SELECT rowid AS place, bad, spend, period_start, currency,
                count_if(bad IN ('label|', 'total|')) OVER (ORDER BY rowid DESC) AS part FROM {table}
        ), sums AS (
            SELECT *, {
            ", ".join(
                f"{what} FILTER (bad IS NULL) OVER ({over}) AS {what_}_{name}"
                for name, over in (("all", ""), ("day", "PARTITION BY period_start"), ("run", "PARTITION BY part"))
                for what, what_ in (("sum(spend)", "sum"), ("count(*)", "n"))
            )
        }
            FROM parted
        )
        SELECT place, {
            " OR ".join(
                f"(n_{name} > 0 AND abs(spend - sum_{name}) <= {_CENT} * (n_{name} + 1) + 1e-9)"
                for name in ("all", "day", "run")
            )
        } AS adds_up
        FROM sums WHERE bad = 'label|'
        """
    )
    kept = "total|" if mapping.totals else None
    scratch.con.execute(
        f"UPDATE {table} AS judged SET bad = CASE WHEN adds_up THEN 'total|' ELSE ? END "
        "FROM labelled WHERE place = judged.rowid", [kept]
    )  # fmt: skip
    if unclear := _one(scratch, "SELECT count(*) FROM labelled WHERE NOT adds_up"):
        return say("{n} rows are called like totals but are not the sum of other rows. Are they rows of their own?",
                   n=unclear)  # fmt: skip
    return None


def _unnamed(scratch: Scratch, column: str, wholes: list[str]) -> None:
    """Mark rows that lack a name (an ad's, a campaign's, a day) where they are the sum of the rows that have one.

    A campaign's total is compared with its ads, the file's with all; all rows without the name must add up, and one
    alone with two rows at least.
    """
    table, usable = scratch.judged, f"coalesce(bad, 'missing|{column}') = 'missing|{column}' AND spend IS NOT NULL"
    for keys in [wholes, wholes[1:]] if wholes[:1] == ["period_start"] else [wholes]:
        same = " AND ".join(f"t.{k} IS NOT DISTINCT FROM p.{k}" for k in keys) or "true"
        scratch.con.execute(
            f"CREATE OR REPLACE TEMP TABLE unnamed AS WITH parts AS (SELECT {', '.join((*keys, ''))} "
            f"sum(spend) AS whole, count(*) AS n FROM {table} WHERE {usable} AND {column} IS NOT NULL GROUP BY ALL) "
            f"SELECT t.rowid AS place, n, abs(spend - whole) <= {_CENT} * (n + 1) + 1e-9 AS adds_up "
            f"FROM {table} AS t JOIN parts AS p ON {same} WHERE {usable} AND t.{column} IS NULL"
        )
        fits = _one(scratch, "SELECT count(*) > 0 AND bool_and(adds_up) AND (count(*) > 1 OR max(n) > 1) FROM unnamed")
        if fits:
            scratch.con.execute(f"UPDATE {table} AS judged SET bad = 'total|' FROM unnamed WHERE place = judged.rowid")
            return


def _large(scratch: Scratch, mapping: ColumnMapping, column: str) -> Message | None:
    """Ask about one row without a name that has as much as all others together, or more."""
    usable = "bad IS NULL AND spend IS NOT NULL"
    blank, named, theirs, ours = scratch.con.execute(
        f"SELECT count_if({column} IS NULL), count_if({column} IS NOT NULL), sum(spend) FILTER ({column} IS NULL), "
        f"sum(spend) FILTER ({column} IS NOT NULL) FROM {scratch.judged} WHERE {usable}"
    ).fetchall()[0]
    if blank != 1 or named < 2 or not ours or theirs < 0.98 * ours:
        return None
    if mapping.totals:
        scratch.con.execute(f"UPDATE {scratch.judged} SET bad = 'total|' WHERE {usable} AND {column} IS NULL")
    return say("One row has no {column} and at least as much as all others together. Is it a row of its own?",
               column=column)  # fmt: skip


def _one(scratch: Scratch, query: str) -> int:
    return int(scratch.con.execute(query).fetchall()[0][0] or 0)
