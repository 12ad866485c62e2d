"""Was it the disk or the system that refused, or is the file damaged? Then say which, and what to do."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from analysis.errors import WorkspaceError
from analysis.messages import say

_CODES = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_CLOSED = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST, errno.ELOOP, errno.ENAMETOOLONG)
"""What the system says of a file that may not be used, or is none."""
_DENIED = (os.strerror(errno.EACCES), os.strerror(errno.EPERM))
_FULL = ("no space left", "not enough space", "quota exceeded", "max_temp_directory_size")
"""What DuckDB and systems say of a full one, in small letters."""
_DAMAGED = ("Corrupt database file", "database has been invalidated", "Could not read enough bytes")
"""What DuckDB says of a file that is not as it was written, and of one in which it found that before."""


@contextmanager
def room(path: Path) -> Iterator[None]:
    """Turn what is raised where the disk of a file is full, or the file damaged, into the error that says so.

    Raises
    ------
    WorkspaceError
    """
    try:
        yield
    except (duckdb.Error, OSError) as error:
        if meant := spoken(error, path):
            raise meant from error
        raise


def spoken(error: BaseException, path: Path) -> WorkspaceError | None:
    """Return what an error says of the disk, or of a file on it that cannot be read; None where it is another."""
    if _is_full(error):
        return _full(path)
    if reason := _refused(error):
        return refused(path, reason)
    if any(words in str(one) for one in _chain(error) if isinstance(one, duckdb.Error) for words in _DAMAGED):
        return damaged(path)
    return None


def _refused(error: BaseException) -> str:
    """Return why the system refuses a file, in its own words; "" where that is not what happened."""
    for one in _chain(error):
        if isinstance(one, OSError) and one.errno in _CLOSED:
            return one.strerror or str(one)
        if isinstance(one, duckdb.Error):
            found = next((words for words in map(os.strerror, _CLOSED) if words in str(one)), "")
            if found:
                return found
    return ""


def probe(folder: Path) -> None:
    """Write a small file in a folder, made where there is none, and take it away again.

    Raises
    ------
    OSError
        Nothing can be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".ready-") as file:
        file.write(os.urandom(4096))


def refused(path: Path, reason: str) -> WorkspaceError:
    """Return the error about a file that the system does not let be read or written, and whose fault that is."""
    at = in_the_way(path)
    owner, own = owner_of(at), user()
    if reason in _DENIED and owner and owner != own:
        text = say(
            "{path} cannot be used: {reason}. {at} belongs to {owner}, and Sluice runs as {user}: give it to {user}, "
            "or let {user} read and write there.",
            path=str(path), reason=reason, at=str(at), owner=owner, user=own,
        )  # fmt: skip
    else:
        text = say(
            "{path} cannot be used: {reason}. Check who may read and write it and its folder {folder}, and where it "
            "leads if it is a link.",
            path=str(path), reason=reason, folder=str(path.parent),
        )  # fmt: skip
    return WorkspaceError.because(text, "unreadable")


def in_the_way(path: Path) -> Path:
    """Return what of a path is there and may not be used: the file itself, else the folder nearest to it."""
    there = next((part for part in (path, *path.absolute().parents) if os.path.lexists(part)), path)
    return path.parent if there == path and os.access(path, os.R_OK | os.W_OK) else there


def owner_of(path: Path) -> str:
    """Return whose a file or folder is; "" where the system does not say."""
    try:
        return path.owner()
    except KeyError:  # somebody of another machine
        return str(path.stat().st_uid)
    except (OSError, NotImplementedError):
        return ""


def user() -> str:
    """Return as whom this process reads and writes; "" where the system does not say."""
    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
    except ImportError:  # Windows
        return ""


def damaged(path: Path) -> WorkspaceError:
    """Return the error about a file that is one no more, or not all of it."""
    text = say(
        "{path} is damaged: the disk does not give back what was written to it. Nothing was changed. Restore the "
        "workspace from a backup.",
        path=path.name,
    )
    return WorkspaceError.because(text, "damaged")


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _is_full(error: BaseException | None) -> bool:
    """Say whether it came of a full disk; what DuckDB raises on its way out may hide that."""
    for one in _chain(error):
        if isinstance(one, OSError) and one.errno in _CODES:
            return True
        if any(words in str(one).lower() for words in _FULL):
            return True
    return False


def _full(path: Path) -> WorkspaceError:
    text = say(
        "The disk that holds {folder} is full ({free} MB are free). Nothing was changed. Make room there, then try "
        "again.",
        folder=str(path.parent),
        free=shutil.disk_usage(path.parent).free // 10**6,
    )
    return WorkspaceError.because(text, "disk-full")
