"""Mappings kept for next time: which one fits a file with these headings?"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import Any

from analysis.errors import WorkspaceError
from analysis.imports import Export
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.lexicon.personal import is_personal
from analysis.messages import say

SCHEMA = """
CREATE TABLE IF NOT EXISTS mappings (
    id INTEGER PRIMARY KEY, name VARCHAR, headings VARCHAR, mapping VARCHAR, kept_at TIMESTAMP
);
INSERT INTO meta VALUES ('last mappings', '0') ON CONFLICT DO NOTHING;
"""


@dataclass(frozen=True, slots=True)
class KeptMapping:
    """A mapping kept under a name, with the headings of the file it was made for; `kept_at` is UTC."""

    id: int
    name: str
    headings: tuple[str, ...]
    mapping: ColumnMapping
    kept_at: dt.datetime

    @classmethod
    def read(cls, row: tuple[Any, ...]) -> KeptMapping:
        """Make one of a stored row.

        Raises
        ------
        QuestionError
            Only a newer release can read it.
        """
        id, name, headings, mapping, at = row
        return cls(id, name, tuple(json.loads(headings)), ColumnMapping.from_json(mapping), at)

    def fits(self, export: Export) -> bool:
        """Say whether a file has the very headings this was made for, in any order."""
        return set(self.headings) == set(export.headings)

    def on(self, export: Export) -> Export:
        """Return a file under this mapping; see :meth:`Export.under`."""
        return export.under(self.mapping, self.name)


def kept_text(export: Export) -> tuple[str, str]:
    """Return an export's headings and mapping as they are stored.

    Raises
    ------
    WorkspaceError
        A heading looks like somebody's address: it would be a row of the file, kept in clear.
    """
    if n := next((n for n, heading in enumerate(export.headings, 1) if is_personal("", [heading])), None):
        text = say(
            "The mapping of {file} was not kept: the heading of column {n} looks like an e-mail address or a phone "
            "number. Check that the file has headings.",
            file=export.name,
            n=n,
        )
        raise WorkspaceError.because(text, "personal-heading")
    return json.dumps(sorted(export.headings), ensure_ascii=False), export.mapping.to_json()
