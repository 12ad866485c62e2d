"""What is a file, by its headings and a few values? A guess is only ever a proposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.imports.columns.guesses import guess_for, likely_table, with_event_names
from analysis.imports.columns.platforms import by_format, format_of
from analysis.imports.columns.recognition import Recognition
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.aggregates import figures_of
from analysis.messages import Message, Names, say
from analysis.vocabulary import TABLES

_SHOWN = 8


def recognise(scratch: Scratch, samples: Mapping[str, Sequence[str]], zone: str) -> Recognition:
    """Propose what a table is: the format with the most telling headings, else a guess for each column."""
    found = format_of(scratch, samples)
    if found is not None and found.table in TABLES:
        known = by_format(found, scratch, samples, zone)
        return known if found.events or found.table != "events" else with_event_names(known, scratch)
    guessed = guess_for(likely_table(scratch, samples), scratch, samples, zone)
    figures = figures_of(scratch.headings)
    if found is None:
        telling = {"user_id", "event", "order_id", "spend"} & dict(guessed.mapping.columns).keys()
        return guessed if telling or not figures else replace(guessed, notice=_added_up(say("a report"), figures))
    notice = _added_up(say("a report of {format}", format=found.name), figures or scratch.headings)
    return replace(guessed, format=found.name, grade=found.grade, notice=notice)


def _added_up(what: Message, figures: Sequence[str]) -> Message:
    """Say that a report is added up already, what it holds, and what to bring instead."""
    return say(
        "This is {what} that is added up already ({figures}): single events, orders or advertising costs are not in "
        "it. Export instead the events one by one with user and time, the list of orders, or the advertising "
        "platform's own report by day.",
        what=what,
        figures=Names(tuple(figures[:_SHOWN])),
    )
