"""What is proposed of a file: which table it is, which column is what, and how sure is that?"""

from __future__ import annotations

from dataclasses import dataclass

from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.rivals import Rival
from analysis.messages import Message


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
    """

    format: str
    grade: str
    mapping: ColumnMapping
    guesses: tuple[Guess, ...]
    hints: tuple[Message, ...] = ()
    rivals: tuple[Rival, ...] = ()
