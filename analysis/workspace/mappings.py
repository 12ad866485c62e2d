"""Mappings kept for next time: which one fits a file with these headings?"""

from __future__ import annotations

from dataclasses import field
from typing import Self

from analysis.errors import QuestionError, WorkspaceError
from analysis.imports import Export
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.lexicon.personal import is_personal
from analysis.messages import say
from analysis.values import Value, a, names, value


@value("file-mapping")
class FileMapping(Value):
    """A mapping with the headings of the file it was made for.

    Parameters
    ----------
    headings : tuple of str
        In the file's order.
    mapping : ColumnMapping

    Raises
    ------
    QuestionError
        A heading looks like somebody's address: it would be a row of the file, kept in clear.

    Examples
    --------
    >>> FileMapping(headings=("day", "cost"), mapping=ColumnMapping(table="spend")).headings
    ('day', 'cost')
    """

    headings: tuple[str, ...] = field(metadata=names(at_most=100_000))
    mapping: ColumnMapping = field(metadata=a(ColumnMapping))

    def __post_init__(self) -> None:
        super().__post_init__()
        if n := next((n for n, heading in enumerate(self.headings, 1) if is_personal("", [heading])), None):
            raise QuestionError.personal_heading(n)

    @classmethod
    def of(cls, export: Export) -> Self:
        """Return an export's.

        Raises
        ------
        WorkspaceError
            A heading looks like somebody's address.
        """
        try:
            return cls(headings=export.headings, mapping=export.mapping)
        except QuestionError as error:
            text = say("The mapping of {file} was not kept: {reason}", file=export.name, reason=error.message)
            raise WorkspaceError.because(text, error.code) from error

    def fits(self, export: Export) -> bool:
        """Say whether a file has the very headings this was made for, in any order."""
        return set(self.headings) == set(export.headings)

    def is_of(self, export: Export) -> bool:
        """Say whether it fits and is of an export's own table, where the same rows hold two."""
        return self.fits(export) and (not export.beside or self.mapping.table == export.mapping.table)
