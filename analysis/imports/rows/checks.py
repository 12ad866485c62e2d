"""Does what is kept of a file agree with the totals that it says itself?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from analysis.imports.columns.amounts import amounts_of
from analysis.imports.file.lines import PART, STEP
from analysis.imports.lexicon.totalled import is_total_of, items_of
from analysis.imports.rows.judged import Judged


@dataclass(frozen=True, slots=True)
class Check:
    """The file's own total of a column beside ours: "match", "rounding" (as far as rounding explains) or "differ"."""

    column: str
    file: float
    ours: float
    verdict: str


def checks(judged: Judged) -> tuple[Check, ...]:
    """Compare the files' total rows with the rows they add up; other attribution windows count as the file counts."""
    amounts = amounts_of(judged.mapping.table, judged.columns)
    lead = "spend" if judged.mapping.table == "spend" else "revenue"
    if lead not in amounts:
        return ()
    said = _said(judged, amounts, lead)
    if not said:
        return ()
    kept = _by_member(judged, amounts, "bad IS NULL OR bad = 'window|'")
    nothing = (*(0.0 for _ in amounts), 0)
    chosen = {m: _nearest(rows, kept.get(m, nothing)) for m, rows in said.items()}
    choices = [(_added(chosen.values()), _added([nothing, *(kept.get(m, nothing) for m in chosen)]))]
    if len(chosen) == 1:  # the last file of several may have the total of all
        choices += [(row, _added([nothing, *kept.values()])) for row in next(iter(said.values()))]
    theirs, found = min(choices, key=lambda pair: _apart(*pair))
    *sums, rows = (value or 0 for value in found)
    return tuple(
        Check(column, float(total), float(ours), _verdict(float(total), float(ours), int(rows)))
        for column, total, ours in zip(amounts, theirs, sums, strict=False)
        if total is not None
    )


_Row = Sequence[float | None]
"""The sums of some rows, a column each."""


def _said(judged: Judged, amounts: list[str], lead: str) -> dict[int, list[_Row]]:
    """Return what each file can mean by its total rows.

    Those that say they are of what the rows are are meant; else the largest, which is the grand total, or all add up
    to it. What a platform does not itemise is a row here, and in no total of the others.
    """
    key, spend = f"({judged.line})", judged.mapping.table == "spend"
    columns = ", ".join(f"sum({c}) AS {c}" for c in amounts)  # of the cells of one line that became rows
    lines = (
        f"SELECT {key} // {PART} AS member, {key} // {STEP} AS record, {'any_value(label)' if spend else 'NULL'} AS "
        f"label, {columns} FROM {judged.relation} WHERE bad = 'total|' GROUP BY member, record "
        f"QUALIFY row_number() OVER (PARTITION BY member ORDER BY sum({lead}) DESC NULLS LAST, record) <= 1000"
    )
    rows, alike = dict[int, list[_Row]](), dict[int, list[_Row]]()
    items = items_of(judged.scratch.headings)
    for member, label, *row in judged.con.execute(
        f"SELECT * EXCLUDE (record) FROM ({lines}) ORDER BY record"
    ).fetchall():
        rows.setdefault(int(member), []).append(row)
        if is_total_of(label or "", items):
            alike.setdefault(int(member), []).append(row)
    sums = _by_member(judged, amounts, "bad = 'total|'")
    rest = _by_member(judged, amounts, "bad IS NULL AND label IS NOT NULL") if spend else {}
    own = {m: [_with(row, rest.get(m)) for row in found] for m, found in alike.items()}
    return {m: own.get(m) or [_grand(found), sums[m][:-1]] for m, found in rows.items()}


def _with(row: _Row, more: _Row | None) -> _Row:
    """Add to a total, in the columns it gives, what stands beside it."""
    pairs = zip(row, more or [0.0] * len(row), strict=False)
    return [None if said is None else said + (beside or 0.0) for said, beside in pairs]


def _by_member(judged: Judged, amounts: list[str], where: str) -> dict[int, _Row]:
    """Return the sums of some rows, and how many there are, for each file they come from."""
    sums = ", ".join(f"sum({c})" for c in amounts)
    query = f"SELECT ({judged.line}) // {PART}, {sums}, count(*) FROM {judged.relation} WHERE {where} GROUP BY 1"
    return {int(member): row for member, *row in judged.con.execute(query).fetchall()}


def _added(rows: Iterable[_Row]) -> _Row:
    """Add up column by column; None is nothing, but for a column that is None in every row."""
    columns = [[v for v in column if v is not None] for column in zip(*rows, strict=True)]
    return [sum(column) if column else None for column in columns]


def _apart(said: _Row, found: _Row) -> float:
    """Return how far a total is from what was found, on average of the columns it gives."""
    pairs = [(float(s), float(f or 0)) for s, f in zip(said, found, strict=False) if s is not None]
    return sum(abs(s - f) / max(abs(s), abs(f), 1.0) for s, f in pairs) / max(len(pairs), 1)


def _nearest(said: Sequence[_Row], found: _Row) -> _Row:
    return min(said, key=lambda row: _apart(row, found))


def _grand(rows: Sequence[_Row]) -> _Row:
    return max(rows, key=lambda row: _largest(row, rows))


def _largest(row: _Row, rows: Sequence[_Row]) -> int:
    """Count the columns in which a total row is (nearly) the largest: the grand total is so in most."""
    tops = [max((v for r in rows if (v := r[i]) is not None), default=None) for i in range(len(row))]
    return sum(v is not None and v >= top * 0.999 for v, top in zip(row, tops, strict=True) if top is not None)


def _verdict(said: float, found: float, rows: int) -> str:
    """Each of `rows` amounts, and the total, may be off by half a cent; never by more than a thousandth in all."""
    apart = abs(said - found)
    if apart < 1e-6 * max(1.0, abs(said)) and apart < 0.005:
        return "match"
    return "rounding" if apart <= min(0.005 * (rows + 1), 0.005 + abs(said) / 1000) + 1e-9 else "differ"
