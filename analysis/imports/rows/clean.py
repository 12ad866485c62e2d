"""Which typed rows does an import store, and which rows does it set aside, for what reason?"""

from __future__ import annotations

import hmac
from dataclasses import dataclass

import pyarrow as pa

from analysis.imports.file.lines import located
from analysis.imports.rows.judged import Judged
from analysis.messages import N_

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
    "no-sale": N_("a transaction that is no sale"),
    "no-event": N_("nothing that anybody did"),
    "test": N_("a test order"),
    "overflow": N_("more cells than headings"),
    "overlap": N_("already stored by an earlier import"),
}
"""Why a row can be set aside, by code."""
MARKS = ("total", "header", "footer", "window", "continuation", "no-sale", "no-event", "test")
"""Reasons for rows that are no loss: what they say stands in other rows, or was never sold or done."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a mapping makes of a file: typed rows, and the rows set aside: file, line, reason, column and text."""

    rows: pa.Table
    set_aside: pa.Table


def clean(judged: Judged, key: bytes) -> Cleaned:
    """Return the rows of a file, apart.

    Parameters
    ----------
    judged : Judged
    key : bytes
        Secret for the keyed hash of the columns in the mapping's `hashed`.
    """
    return Cleaned(judged.con.sql(f"SELECT * FROM {kept(judged, key)}").to_arrow_table(), set_aside(judged))


def kept(judged: Judged, key: bytes) -> str:
    """Return SQL for the rows to store, in the file's order, with personal texts hashed."""
    names, joins = list[str](), list[str]()
    for name in judged.columns:
        if name in judged.mapping.hashed:
            hidden = hidden_in(judged, name)
            _hide(judged, name, key)
            joins.append(f'LEFT JOIN {hidden} ON {hidden}.shown = judged."{name}"')
            names.append(f'{hidden}.hash AS "{name}"')
        else:
            names.append(f'judged."{name}"')
    order = "ORDER BY judged.rowid" if joins else ""  # a join may change the order, a scan does not
    return f"(SELECT {', '.join(names)} FROM {judged.relation} AS judged {' '.join(joins)} WHERE bad IS NULL {order})"


def hidden_in(judged: Judged, name: str) -> str:
    """Return the relation in which each text of a column lies beside its keyed hash: shown, hash."""
    return f"{judged.relation}_hidden_{name}"


def set_aside(judged: Judged) -> pa.Table:
    """Return the rows that are not stored: file, line, reason, column, text."""
    found = judged.con.sql(
        f"SELECT {judged.line} AS line, split_part(bad, '|', 1) AS reason, split_part(bad, '|', 2) AS \"column\", "
        f"text FROM {judged.relation} WHERE bad IS NOT NULL ORDER BY rowid"
    ).to_arrow_table()
    files, lines = located(found.column("line"), judged.scratch.members)
    return found.set_column(0, "line", lines).add_column(0, "file", files)


def hidden(text: str, key: bytes) -> str:
    """Return what stands for a personal text: a keyed hash of it in small letters (HMAC-SHA256, 16 hex digits).

    Examples
    --------
    >>> hidden("Ann@shop.example", b"key") == hidden("ann@shop.example", b"key")
    True
    """
    return hmac.digest(key, text.casefold().encode(), "sha256").hex()[:16]


def _hide(judged: Judged, name: str, key: bytes) -> None:
    """Lay each distinct text of a column beside its keyed hash."""
    query = f'SELECT DISTINCT "{name}" AS shown FROM {judged.relation} WHERE bad IS NULL AND "{name}" IS NOT NULL'
    shown = judged.con.sql(query).to_arrow_table().column("shown")
    coded = [hidden(text, key) for text in shown.to_pylist()]
    judged.con.register("coded", pa.table({"shown": shown, "hash": pa.array(coded, pa.string())}))
    judged.con.execute(f"CREATE OR REPLACE TEMP TABLE {hidden_in(judged, name)} AS FROM coded")
    judged.con.unregister("coded")
