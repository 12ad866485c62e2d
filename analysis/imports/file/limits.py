"""How large and how deep an export may be, and how a file beyond that is refused."""

from __future__ import annotations

from dataclasses import dataclass

from analysis.errors import ImportFileError
from analysis.messages import Message, say

LARGEST = 4 * 1_073_741_824
"""Most bytes one file may have, plain or unpacked."""
WORKBOOK = 536_870_912
"""Most bytes a workbook may unpack to; unlike text it is not streamed."""
EXPANSION = 250
"""Most times its own size a file may unpack to, over all levels; exports compress ten- to fifty-fold."""
EXPANSION_FROM = 67_108_864
"""Bytes below which the expansion does not matter."""
MEMBERS = 500
"""Most files in one archive, those of archives inside it included."""
DEPTH = 2
"""Most archives inside each other."""
COLUMNS = 2_000
"""Most columns of one table."""
CELL = 131_072
"""Most characters in one cell of the first lines; DuckDB holds later lines to ten million bytes."""
CELLS = 60_000_000
"""Most cells between a sheet's first and last; its reader sets all of them aside before it reads one."""
TABLES_IN_A_FILE = 100
"""Most tables stacked in one file, sheets of one workbook, or different tables of one archive."""
STACKED = 67_108_864
"""Largest text file that is searched for tables stacked below the first."""


def refuse(file: str, reason: Message, code: str) -> ImportFileError:
    """Return the error that says why a file was refused."""
    return ImportFileError.because(file, reason, code)


@dataclass(slots=True)
class Unpacking:
    """What one file has unpacked to so far, archives inside archives included.

    Parameters
    ----------
    file : str
        The file that was given.
    packed : int
        Its bytes.
    """

    file: str
    packed: int
    members: int = 0
    written: int = 0

    def holds(self, members: int, size: int) -> None:
        """Count an archive's members; raise where they, or the bytes it says they have, would be too many.

        Raises
        ------
        ImportFileError
        """
        self.members += members
        if self.members > MEMBERS:
            raise refuse(self.file, say("it holds more than {n} files. Split it.", n=MEMBERS), "too-many-files")
        check_size(self.file, self.written + size, self.packed)

    def writes(self, size: int) -> None:
        """Count bytes before they are written; raise where they would be too many.

        Raises
        ------
        ImportFileError
        """
        self.written += size
        check_size(self.file, self.written, self.packed)


def check_tables(file: str, tables: int) -> None:
    """Raise where a file holds more tables than anybody confirms one by one.

    Raises
    ------
    ImportFileError
    """
    if tables > TABLES_IN_A_FILE:
        raise refuse(file, say("it holds more than {n} tables. Split it.", n=TABLES_IN_A_FILE), "too-many-tables")


def check_size(file: str, size: int, packed: int | None = None) -> None:
    """Raise where a file is too large, or unpacks to far more than it is.

    Raises
    ------
    ImportFileError
    """
    if size > LARGEST:
        raise refuse(file, say("it is larger than {n} GB. Export a shorter period.", n=LARGEST >> 30), "too-large")
    if packed is not None and size > max(EXPANSION_FROM, EXPANSION * packed):
        reason = say(
            "it unpacks to more than {n} times its size, as no export does. Unpack it yourself first.", n=EXPANSION
        )
        raise refuse(file, reason, "expansion")
