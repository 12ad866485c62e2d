"""From a file to typed rows: read it, recognise its columns, map them, clean the rows, set aside the rest."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from analysis.errors import ImportFileError, near
from analysis.messages import Message, Names, say
from analysis.workspace.imports.clean import Cleaned, clean
from analysis.workspace.imports.mapping import ColumnMapping
from analysis.workspace.imports.read import Scratch, read
from analysis.workspace.imports.recognise import guess, guess_for, known

__all__ = ["ColumnMapping", "Export", "read_export", "read_exports"]


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
    """

    scratch: Scratch
    mapping: ColumnMapping
    samples: dict[str, list[str]]

    @property
    def name(self) -> str:
        """The file's name."""
        return self.scratch.name

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
        return Export(self.scratch, mapping, self.samples)

    def as_table(self, table: str) -> Export:
        """Return the same file, proposed as another table."""
        if table == self.mapping.table:
            return self
        return self.mapped(guess_for(table, self.headings, self.samples, self.mapping.zone))

    def clean(self, key: bytes) -> Cleaned:
        """Apply the mapping.

        Raises
        ------
        ImportFileError
            The mapping leaves a required column open, or names a heading the file does not have.
        """
        if missing := self.mapping.missing():
            reason = say(
                "{columns} not given. Choose the file's column for each, or type one value for all rows.",
                columns=Names(missing),
            )
            raise ImportFileError.because(self.name, reason, "mapping-incomplete")
        for _, heading in self.mapping.columns:
            if heading not in self.headings:
                raise ImportFileError.because(self.name, self._no_heading(heading), "no-heading")
        return clean(self.scratch, self.mapping, key)

    def preview(self, n: int = 5) -> pd.DataFrame:
        """Return the first values of each column, one row per column: heading, values."""
        return pd.DataFrame(
            {"heading": self.headings, "values": [" · ".join(self.samples[h][:n]) for h in self.headings]}
        )

    def close(self) -> None:
        """Drop the scratch copy of the file."""
        self.scratch.close()

    def _no_heading(self, heading: str) -> Message:
        known = Names(near(heading, self.headings) or self.headings[:12])
        return say("it has no column {heading}. Choose from: {known}.", heading=heading, known=known)


def read_exports(
    source: str | Path | bytes, name: str | None = None, *, zone: str = "Asia/Shanghai"
) -> tuple[Export, ...]:
    """Read every table of a file and propose what each is; close each when done."""
    shown = name or (Path(source).name if isinstance(source, str | Path) else "file")
    scratches, _ = read(source, shown, known)
    found = []
    for scratch in scratches:
        samples = scratch.sample()
        found.append(Export(scratch, guess(scratch.headings, samples, zone), samples))
    return tuple(found)


def read_export(source: str | Path | bytes, name: str | None = None, *, zone: str = "Asia/Shanghai") -> Export:
    """Read a file and propose what it is.

    Parameters
    ----------
    source : path or bytes
        CSV (comma, tab, semicolon), XLSX or Parquet.
    name : str, optional
        The file's name, when `source` is bytes.
    zone : str
        Time zone of times that carry none.

    Raises
    ------
    ImportFileError
        The file cannot be read as a table.
    """
    first, *others = read_exports(source, name, zone=zone)
    for other in others:
        other.close()
    return first
