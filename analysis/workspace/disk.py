"""Was it the disk that refused? Then say which, and what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from analysis.errors import WorkspaceError
from analysis.messages import say

_CODES = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FULL = ("no space left", "not enough space", "quota exceeded", "max_temp_directory_size")
"""What DuckDB and systems say of it, in small letters."""


@contextmanager
def room(path: Path) -> Iterator[None]:
    """Turn what is raised where the disk of a file is full into the error that names the disk.

    Raises
    ------
    WorkspaceError
    """
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if _is_full(error):
            raise _full(path) from error
        raise


def _is_full(error: BaseException | None) -> bool:
    """Say whether it came of a full disk; what DuckDB raises on its way out may hide that."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _CODES:
            return True
        if any(words in str(error).lower() for words in _FULL):
            return True
        error = error.__cause__ or error.__context__
    return False


def _full(path: Path) -> WorkspaceError:
    text = say(
        "The disk that holds {folder} is full ({free} MB are free). Nothing was changed. Make room there, then try "
        "again.",
        folder=str(path.parent),
        free=shutil.disk_usage(path.parent).free // 10**6,
    )
    return WorkspaceError.because(text, "disk-full")
