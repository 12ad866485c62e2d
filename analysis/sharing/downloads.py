"""An answer's tables and a whole workspace as files; text cells cannot become spreadsheet formulas."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import pandas as pd

from analysis.workspace import Workspace

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula may begin with (OWASP, CSV injection)."""
LARGEST = 500_000_000
"""Bytes of a workspace that is still offered."""
_INSIDE = re.compile(r"([;\t\r\n])(?=[\s\"]*[=+\-@＝＋－＠])")
"""Where a cell ends, and a formula begins, in a spreadsheet that takes not commas but these for what separates."""


def csv(frame: pd.DataFrame) -> bytes:
    """Return a table as CSV in UTF-8 with a byte-order mark (Excel needs it for Chinese).

    Examples
    --------
    >>> csv(pd.DataFrame({"channel": ["=1+1", "display"], "users": [1, 2]})).decode("utf-8-sig").splitlines()
    ['channel,users', "'=1+1,1", 'display,2']
    """
    safe = frame.rename(columns=harmless)
    for i, kind in enumerate(safe.dtypes):
        if not pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_datetime64_any_dtype(kind):
            safe.isetitem(i, safe.iloc[:, i].map(harmless).array)
    # With the line ends of RFC 4180 a carriage return inside a cell is quoted, and cannot begin a row of its own.
    return safe.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def harmless(cell: object) -> object:
    """Return a text cell that a spreadsheet will not run, whichever sign separates cells there.

    Examples
    --------
    >>> [harmless(cell) for cell in ("=1+1", "x;=1+1", "e-mail; web", 7)]
    ["'=1+1", "x;'=1+1", 'e-mail; web', 7]
    """
    if not isinstance(cell, str):
        return cell
    return _INSIDE.sub(r"\1'", f"'{cell}" if cell.startswith(DANGEROUS) else cell)


def file_name(title: str, ending: str) -> str:
    r"""Return what a file about something is called, as every system takes it: without the signs of paths.

    Examples
    --------
    >>> file_name("诊断 · 2026年双11", "html"), file_name("a/b: \"c\"?.", "zip"), file_name("..", "zip")
    ('诊断 · 2026年双11.html', 'a b c.zip', 'sluice.zip')
    """
    plain = re.sub(r'[\s<>:"/\\|?*\x00-\x1f\x7f]+', " ", title).strip(" .")[:80].rstrip(" .")
    return f"{plain or 'sluice'}.{ending}"


def parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


def fits(path: Path) -> bool:
    """Say whether a workspace's file may be offered as a download: all of it passes through memory."""
    return path.stat().st_size <= LARGEST


def workspace(here: Workspace) -> bytes:
    """Return a consistent copy of a workspace, as the file that it is.

    Raises
    ------
    WorkspaceError
        There is no room for it in the system's temporary folder.
    """
    with tempfile.TemporaryDirectory(prefix="sluice-copy-") as folder:
        return here.copy(Path(folder) / here.path.name).read_bytes()
