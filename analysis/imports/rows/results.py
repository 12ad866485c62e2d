"""Which results does a report count that are no orders, and of which is that not known?"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.imports.columns.cells import Source, filled
from analysis.imports.columns.numbers import number, number_style
from analysis.imports.columns.words import BLANK
from analysis.imports.lexicon.results import OTHER
from analysis.imports.rows.judged import Judged
from analysis.messages import Message, Names, say

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class UnknownResult:
    """A type of results of which nobody knows whether it is an order: in how many rows, and how many of them."""

    word: str
    rows: int
    results: float


def unknown_results(judged: Judged) -> tuple[UnknownResult, ...]:
    """Return the types of results that the mapping does not read, the most frequent first."""
    mapping, scratch = judged.mapping, judged.scratch
    counted = dict(mapping.columns).get("conversions")
    if mapping.result_type not in scratch.headings or counted is None:
        return ()
    place = scratch.column(counted)
    source = Source(scratch.con, scratch.relation, place, scratch.types()[scratch.headings.index(counted)])
    word = f"coalesce(lower({filled(scratch.column(mapping.result_type))}), '{BLANK}')"
    written = f"{word} AS word, {number(source, number_style(source))} AS n"
    query = (
        f"SELECT word, count(*), sum(n) FROM {judged.beside(written, 'bad IS NULL')} "
        "WHERE n <> 0 GROUP BY word ORDER BY count(*) DESC, word LIMIT 1000"
    )
    known = dict(mapping.results)
    found = (UnknownResult(*row) for row in scratch.con.execute(query).fetchall())
    return tuple(u for u in found if u.word not in known)


def open_results(unknown: tuple[UnknownResult, ...]) -> list[tuple[Message, str]]:
    """Return what must be asked of the results' types, each with the field of the mapping that says it."""
    if not unknown:
        return []
    types = Names(tuple(f"{u.word} × {u.results:,.0f}" for u in unknown[:_SHOWN]))
    return [(say("Types of results: {types}. Is each of them an order?", types=types), "results")]


def result_notes(judged: Judged) -> list[Message]:
    """Say which types of results are counted as no conversions."""
    others = tuple(word for word, kind in judged.mapping.results if kind == OTHER)
    if judged.mapping.result_type not in judged.scratch.headings or not others:
        return []
    return [
        say("Results of these types are no orders, and no conversions here: {types}.", types=Names(others[:_SHOWN]))
    ]
