"""Which platform's export is a file, and what does that platform's format say of it?"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from analysis.imports.columns.elsewhere import finished
from analysis.imports.columns.lines import lines_of
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.recognition import Guess, Recognition
from analysis.imports.columns.rivals import rivals
from analysis.imports.columns.wide import step_delays
from analysis.imports.columns.windows import longest_window
from analysis.imports.columns.words import with_words
from analysis.imports.file.scratch import Scratch
from analysis.imports.formats import Format, formats
from analysis.imports.lexicon.brackets import best_heading, kinds_of
from analysis.imports.lexicon.days import period
from analysis.imports.lexicon.headings import plain_heading, whole_heading
from analysis.imports.lexicon.known import names_of
from analysis.messages import say
from analysis.vocabulary import TABLES

_SURE = {"A": 0.99, "B": 0.95, "C": 0.85}
"""Confidence in a format's columns, by its evidence."""


def format_of(scratch: Scratch, samples: Mapping[str, Sequence[str]]) -> Format | None:
    """Return the format with the most telling headings, if any has enough."""
    if scratch.headerless:
        return next((f for f in formats() if f.headerless and _shaped(f, scratch.headings, samples)), None)
    plain, whole = set(map(plain_heading, scratch.headings)), tuple(map(whole_heading, scratch.headings))
    scores = {f: _score(f, plain, whole) for f in formats()}
    best = max(scores, key=lambda f: scores[f])
    return best if scores[best] else None


def _score(format: Format, plain: set[str], whole: Sequence[str]) -> int:
    telling = {plain_heading(h) for h in format.telling if _stands(h, whole)}
    if not telling or any(plain_heading(h) in plain for h in format.never):
        return 0
    if format.exactly:
        others = {plain_heading(h) for names in format.columns.values() for h in names}
        return len(telling) if telling <= plain <= telling | others else 0
    hits = len(telling & plain)
    return hits if hits >= format.least else 0


def _stands(name: str, whole: Sequence[str]) -> bool:
    """Say whether a telling heading may stand in a file: one that tells by its bracket only with it."""
    return "other" not in kinds_of(name) or any(heading.startswith(whole_heading(name)) for heading in whole)


def _shaped(format: Format, headings: Sequence[str], samples: Mapping[str, Sequence[str]]) -> bool:
    looks = {"id": r"\d{1,20}", "epoch": r"1\d{9}(\d{3})?", "event": "|".join(format.events)}
    return len(headings) == len(format.headerless) and all(
        samples[heading] and all(re.fullmatch(looks[kind], v.strip()) for v in samples[heading])
        for heading, kind in zip(headings, format.headerless, strict=True)
    )


def by_format(format: Format, scratch: Scratch, samples: Mapping[str, Sequence[str]], zone: str) -> Recognition:
    """Propose what a platform's format says of a file."""
    headings = scratch.headings
    columns = _columns(format, headings)
    reason = say("named so in exports of {format}", format=format.name)
    guesses = tuple(Guess(column, heading, _SURE[format.grade], reason) for column, heading in columns.items())
    mapping = ColumnMapping(
        table=format.table,
        columns=tuple(columns.items()),
        zone=format.zone or zone,
        otherwise=tuple((c, h) for c, n in format.otherwise.items() if c in columns and (h := _present(n, headings))),
        events=tuple((code.casefold(), event) for code, event in format.events.items()),
        only=tuple(longest_window(scratch, _present(format.choose, headings)).items()),
        lines=format.lines,
        identified=_present(format.identified, headings),
        day_first=format.day_first,
        decimal=format.decimal,
        end_included=format.end_included,
        first_day=_first_day(scratch, format, columns),
        spread=tuple((h, e) for name, e in format.spread.items() if (h := _present(name, headings))),
        delays=tuple(_delays(scratch, format, columns).items()),
    )
    for name, kinds in format.kinds.items():
        if kind := _present(name, headings):
            mapping = mapping.replace(row_kind=kind, row_kinds=kinds)
    mapping = with_words(finished(mapping, scratch, samples, format.constants), scratch, format.statuses)
    # A platform whose lines repeat the order's amount has files in which each line has its own, and one that gives
    # each order a row has files in which an order was exported again, or that were put together.
    lines, hint = lines_of(mapping, scratch) if format.lines != "sum" else (format.lines, None)
    others = rivals(format.table, dict(mapping.columns), format.columns, scratch, known=True)
    hints = (hint,) if hint and lines != format.lines else ()
    mapping = mapping.replace(lines=lines)
    return Recognition(format.name, format.grade, mapping, guesses, hints=hints, rivals=others)


def _columns(format: Format, headings: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    times = {c.name for c in TABLES.get(format.table, ()) if c.type == "time"}  # one moment may be two of ours
    for column, names in format.columns.items():
        free = headings if column in times else [h for h in headings if h not in found.values()]
        heading = best_heading(names, free)
        if heading is not None:
            found[column] = heading
    if format.table != "events" and not {"currency"} & {*found, *format.constants}:  # who exports may add its column
        free = [h for h in headings if h not in found.values()]
        heading = best_heading(names_of(format.table, "currency"), free)
        found |= {"currency": heading} if heading else {}
    return found


def _present(name: str | None, headings: Sequence[str]) -> str | None:
    """Return the heading that is `name`, if any."""
    return None if name is None else best_heading([name], headings)


def _delays(scratch: Scratch, format: Format, columns: Mapping[str, str]) -> dict[str, str]:
    if format.steps is None:
        return dict(format.delays)
    heading = _present(format.steps, scratch.headings)
    return step_delays(scratch, heading) if heading and "timestamp" not in columns else {}


def _first_day(scratch: Scratch, format: Format, columns: Mapping[str, str]) -> str | None:
    if format.nth_day is None or plain_heading(columns.get("period_start", "")) != plain_heading(format.nth_day):
        return None
    days = period(scratch.above)
    return days[0].isoformat() if days else None
