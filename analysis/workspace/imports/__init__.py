"""From a file to typed rows: read it, recognise its columns, map them, clean the rows, set aside the rest."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from analysis.errors import ImportFileError, SluiceError, near
from analysis.messages import Message, Names, say
from analysis.workspace.imports.clean import Cleaned, clean
from analysis.workspace.imports.mapping import ColumnMapping
from analysis.workspace.imports.read import Scratch, read
from analysis.workspace.imports.recognise import Recognition, guess_for, known, recognise
from analysis.workspace.imports.reconcile import Check, Overlap, Reconciliation, Stored, reconcile
from analysis.workspace.imports.shapes import questions, shaped

__all__ = ["Check", "ColumnMapping", "Export", "Overlap", "Reconciliation", "read_export", "read_exports"]


@dataclass(frozen=True, slots=True)
class Export:
    """A file that was read, and what is made of it.

    Parameters
    ----------
    scratch : Scratch
        Its rows in a private database; :meth:`close` drops them.
    mapping : ColumnMapping
        Proposed, or corrected with :meth:`mapped`.
    samples : dict of str to list of str
        Some values of each column, by heading.
    recognition : Recognition
        Which platform's export it was taken for, and why each column.
    siblings : tuple of Export
        Every table of the file, this one too, where there are several.
    """

    scratch: Scratch
    mapping: ColumnMapping
    samples: dict[str, list[str]]
    recognition: Recognition
    siblings: tuple[Export, ...] = ()

    @property
    def title(self) -> str:
        """What the file calls this table; empty where it says nothing."""
        return self.scratch.title

    @property
    def tables(self) -> tuple[Export, ...]:
        """Every table of the file, in its order."""
        return self.siblings or (self,)

    def table(self, place: int) -> Export:
        """Return another table of the same file by its place in :attr:`tables`."""
        return replace(self.tables[place], siblings=self.siblings)

    @property
    def name(self) -> str:
        """The file's name."""
        return self.scratch.name

    @property
    def unread(self) -> tuple[SluiceError, ...]:
        """What of the file could not be read: members of an archive, sheets of a workbook; each names its own."""
        return tuple(map(ImportFileError.left_out, self.scratch.store.unread))

    @property
    def headings(self) -> tuple[str, ...]:
        """The file's columns."""
        return self.scratch.headings

    @property
    def rows(self) -> int:
        """Number of data rows in the file."""
        return self.scratch.rows

    def mapped(self, mapping: ColumnMapping) -> Export:
        """Return the same file under another mapping."""
        return replace(self, mapping=mapping)

    def as_table(self, table: str) -> Export:
        """Return the same file, proposed as another table."""
        if table == self.mapping.table:
            return self
        found = guess_for(table, self.scratch, self.samples, self.mapping.zone)
        return replace(self, mapping=found.mapping, recognition=found)

    def reconcile(self, workspace: Stored | None = None) -> Reconciliation:
        """Say what an import would do: rows kept and set aside, totals, period, and what is stored already.

        Raises
        ------
        ImportFileError
            The mapping is incomplete or wrong.
        """
        self._check()
        found = reconcile(*shaped(self.scratch, self.mapping))
        found = replace(found, questions=(*questions(self.mapping), *self.recognition.hints, *found.questions))
        if workspace is None:
            return found
        stored, overlaps = workspace.compare(self)
        return replace(found, stored=stored, overlaps=overlaps)

    def clean(self, key: bytes) -> Cleaned:
        """Apply the mapping.

        Raises
        ------
        ImportFileError
            The mapping leaves a required column open, or names a heading the file does not have.
        """
        self._check()
        return clean(*shaped(self.scratch, self.mapping), key)

    def _check(self) -> None:
        if missing := self.mapping.missing():
            reason = say(
                "{columns} not given. Choose the file's column for each, or type one value for all rows.",
                columns=Names(missing),
            )
            raise ImportFileError.because(self.name, reason, "mapping-incomplete")
        for heading in (*dict(self.mapping.columns).values(), *dict(self.mapping.spread)):
            if heading not in self.headings:
                raise ImportFileError.because(self.name, self._no_heading(heading), "no-heading")

    def preview(self, n: int = 5) -> pd.DataFrame:
        """Return the first values of each column, one row per column: heading, values."""
        return pd.DataFrame(
            {"heading": self.headings, "values": [" · ".join(self.samples[h][:n]) for h in self.headings]}
        )

    def close(self) -> None:
        """Drop the scratch copy of the file, with all its tables."""
        for table in self.tables:
            table.scratch.close()

    def _no_heading(self, heading: str) -> Message:
        known = Names(near(heading, self.headings) or self.headings[:12])
        return say("it has no column {heading}. Choose from: {known}.", heading=heading, known=known)


def read_exports(
    source: str | Path | bytes, name: str | None = None, *, zone: str = "Asia/Shanghai"
) -> tuple[Export, ...]:
    """Read every table of a file and propose what each is; close each when done.

    Parameters and errors are those of :func:`read_export`.
    """
    shown = name or (Path(source).name if isinstance(source, str | Path) else "file")
    return tuple(_proposed(scratch, zone) for scratch in read(source, shown, known))


def _proposed(scratch: Scratch, zone: str) -> Export:
    samples = scratch.sample()
    found = recognise(scratch, samples, zone)
    return Export(scratch, found.mapping, samples, found)


def read_export(source: str | Path | bytes, name: str | None = None, *, zone: str = "Asia/Shanghai") -> Export:
    """Read a file and propose what it is; of several tables, the one that is best understood.

    Parameters
    ----------
    source : path or bytes
        CSV (comma, tab, semicolon, pipe) in any usual encoding, XLSX, XLS, Parquet or JSON Lines; plain, gzip or ZIP.
        A path is read where it lies.
    name : str, optional
        The file's name, when `source` is bytes.
    zone : str
        Time zone of times that carry none.

    Raises
    ------
    ImportFileError
        The file cannot be read as a table.
    """
    found = read_exports(source, name, zone=zone)
    if len(found) == 1:
        return found[0]
    best = max(found, key=lambda e: (-len(e.mapping.missing()), bool(e.recognition.format), e.rows))
    return replace(best, siblings=found)
