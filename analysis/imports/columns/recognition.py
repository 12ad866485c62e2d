"""What is proposed of a file: which table it is, which column is what, and how sure is that?"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.rivals import Rival
from analysis.messages import Message
from analysis.vocabulary import column_names

BY_VALUES = 0.6
"""Confidence in a column that was taken for what its values look like."""


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column was taken to be: how sure that is, from 0 to 1, and why."""

    column: str
    heading: str
    confidence: float
    reason: Message


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a file was taken for.

    Parameters
    ----------
    format : str
        The platform's export; empty where none fits.
    grade : str
        Evidence behind the format: A, B or C; empty where none fits.
    mapping : ColumnMapping
    guesses : tuple of Guess
    hints : tuple of Message
        What else the file seems to hold.
    rivals : tuple of Rival
        Columns for which several of the file's could serve.
    notice : Message, optional
        What the file is that is no table of ours, and what to bring instead.
    further : tuple of Recognition
        What the same rows hold beside it, each as a table of its own.
    """

    format: str
    grade: str
    mapping: ColumnMapping
    guesses: tuple[Guess, ...]
    hints: tuple[Message, ...] = ()
    rivals: tuple[Rival, ...] = ()
    notice: Message | None = None
    further: tuple[Recognition, ...] = ()

    @property
    def known(self) -> bool:
        """Whether any column that the table needs was found by its heading; else nobody knows what the file is."""
        needed = column_names(self.mapping.table, required=True)
        return any(g.column in needed and g.heading and g.confidence > BY_VALUES for g in self.guesses)
