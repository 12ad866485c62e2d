"""Which of a CRM's customers are in which segment? Its own file, handed back with a column for each segment.

The ids in a workspace are hashed, so a list of them would match nothing in a CRM. So the analyst brings the CRM's file
with ids in clear; it is read, matched and handed back in one go, and nothing of it is kept.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from analysis.errors import DataError, ImportFileError, WorkspaceError
from analysis.imports.file.read import read
from analysis.messages import Message, say
from analysis.names import DisplayNames
from analysis.sharing import downloads
from analysis.workspace import Kept, Segment, Workspace

LIST, DEFINITION = "customers.csv", "segments.txt"
"""The files in what is handed back."""
KNOWN = "known here"
_TRIED = 500
"""Rows by which the column of ids is found."""


def customers(file: bytes, name: str) -> pd.DataFrame:
    """Return the rows of a CRM's file, every cell as text; of several tables, the one with most rows.

    The folder in which it is taken apart is gone when this returns.

    Parameters
    ----------
    file : bytes
        CSV in any usual encoding, or a workbook.
    name : str

    Raises
    ------
    ImportFileError
        There is no table in it.
    DataError
        It has but one column.

    Examples
    --------
    >>> customers("手机号,姓名\\n00138,安\\n".encode("gb18030"), "crm.csv").values.tolist()
    [['00138', '安']]
    """
    try:
        found = read(file, name).tables
    except ImportFileError as error:
        if error.code != "one-column":
            raise
        text = say("{file} has only one column. Add a second one beside the ids, be it a number or a name.", file=name)
        raise DataError.empty(text) from error
    try:
        most = max(found, key=lambda table: table.rows)
        cells = ", ".join(f"coalesce(c{i}::VARCHAR, '') AS c{i}" for i in range(len(most.headings)))
        frame = most.con.execute(f"SELECT {cells} FROM {most.relation} WHERE mark IS NULL ORDER BY line").df()
    finally:
        for table in found:
            table.close()
    return frame.set_axis(list(most.headings), axis="columns")


def column_of_ids(here: Workspace, frame: pd.DataFrame) -> str | None:
    """Return the column under which most of a CRM's first rows are known here; None where nobody is."""
    counts = {
        heading: _known(here.standing(pa.array(frame[heading].head(_TRIED), pa.string()))) for heading in frame.columns
    }
    best = max(counts, key=lambda heading: counts[heading], default=None)
    return best if best is not None and counts[best] else None


@dataclass(frozen=True, slots=True)
class Marked:
    """A CRM's rows with a column for each segment, and how many of them are known in the workspace.

    Parameters
    ----------
    frame : DataFrame
    known : int
    """

    frame: pd.DataFrame
    known: int


def marked(here: Workspace, frame: pd.DataFrame, column: str, names: Sequence[str]) -> Marked:
    """Return a CRM's rows with, at the end, a column for each segment: its group there, empty where it says nothing.

    Parameters
    ----------
    here : Workspace
    frame : DataFrame
    column : str
        With the ids that exports were imported by.
    names : sequence of str
        Of saved segments.

    Raises
    ------
    DataError
        There is no such segment or column, or none of the ids is known here.
    """
    if column not in frame:
        raise DataError.unknown(say("column"), column, map(str, frame.columns))
    found = here.standing(pa.array(frame[column], pa.string()), *names)
    known = _known(found)
    if not known:
        raise DataError.empty(_nobody(column))
    own = {_unused(name, frame): found[name].to_pandas().fillna("").array for name in names}
    return Marked(frame.assign(**own), known)


def _known(found: pa.Table) -> int:
    return sum(found["known"].to_pylist())


def _unused(name: str, frame: pd.DataFrame) -> str:
    return name if name not in frame else f"{name} (Sluice)"


def _nobody(column: str) -> Message:
    return say("None of the ids under {column} is known here. Choose the column with the ids that the exports have, "
               "and check that this is the computer, or the key file, with which they were imported.",
               column=column)  # fmt: skip


def bundle(here: Workspace, found: Marked, names: Sequence[str], language: str = "en") -> bytes:
    """Return a ZIP with the marked rows as CSV that runs no formulas, and beside it what each segment is.

    Raises
    ------
    WorkspaceError
        A segment was forgotten meanwhile.
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(LIST, downloads.csv(found.frame))
        archive.writestr(DEFINITION, definition(here, names, language, found).encode("utf-8-sig"))
    return out.getvalue()


def definition(here: Workspace, names: Sequence[str], language: str = "en", found: Marked | None = None) -> str:
    """Return what segments are, for people and as code."""
    kept = {one.name: one for one in here.kept(Segment)}
    if gone := next((name for name in names if name not in kept), None):
        raise WorkspaceError.because(say("{name} was forgotten.", name=gone), "segment-gone")
    parts = [_told(kept[name], here.display, language) for name in names]
    if found is not None:
        rows = say("{n} rows, of which {known} are of somebody known in {workspace}.", n=len(found.frame),
                   known=found.known, workspace=here.name)  # fmt: skip
        parts.insert(0, rows.text(language))
        parts.append(_RULES.text(language))
    return "\r\n\r\n".join(parts) + "\r\n"


_RULES = say(
    "in: in the segment; out: not in it; empty: the segment says nothing of them. Cells that a spreadsheet would take "
    "for a formula begin with an apostrophe."
)


def _told(one: Kept[Segment], names: DisplayNames, language: str) -> str:
    segment = one.value
    how = (
        say("Counted anew whenever data change; last told by the data until {day}.", day=segment.day or "…")
        if segment.live
        else say("A list as of {day}, kept on {at} (UTC).", day=segment.day or "…", at=f"{one.at:%Y-%m-%d %H:%M}")
    )
    told = say("{name}: {people}. {n} users.", name=one.name, people=segment.question.words, n=segment.users or 0)
    return "\r\n".join((told.text(language, names), how.text(language), repr(segment.question)))
