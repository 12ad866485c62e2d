"""An answer's tables as files; text cells cannot become spreadsheet formulas."""

from __future__ import annotations

import io

import pandas as pd

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a formula may begin with (OWASP, CSV injection)."""


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
    """Return a text cell that a spreadsheet will not run."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(DANGEROUS) else cell


def parquet(frame: pd.DataFrame) -> bytes:
    """Return a table as Parquet."""
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()
