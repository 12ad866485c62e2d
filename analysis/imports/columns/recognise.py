"""What is a file, by its headings and a few values? A guess is only ever a proposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from analysis.imports.columns.guesses import guess_for, likely_table
from analysis.imports.columns.platforms import by_format, format_of
from analysis.imports.columns.recognition import Recognition
from analysis.imports.file.scratch import Scratch
from analysis.vocabulary import TABLES


def recognise(scratch: Scratch, samples: Mapping[str, Sequence[str]], zone: str) -> Recognition:
    """Propose what a table is: the format with the most telling headings, else a guess for each column."""
    found = format_of(scratch, samples)
    if found is not None and found.table in TABLES:
        return by_format(found, scratch, samples, zone)
    guessed = guess_for(likely_table(scratch, samples), scratch, samples, zone)
    return replace(guessed, format=found.name, grade=found.grade) if found else guessed
