"""Who has a workspace file open? A lock file beside it says so for as long as one does.

DuckDB locks the file itself, but such a lock is the process's and goes as soon as that process closes another handle of
the same file (POSIX): an upload of it, a copy, a backup in the same program. Ours lies in a file that nobody reads, and
belongs to the one handle that took it. On Windows DuckDB's own lock holds.
"""

from __future__ import annotations

import os
import sys
import weakref
from pathlib import Path

if sys.platform != "win32":
    import fcntl


class FileLock:
    """The lock of one open workspace file, until it is released, let go of, or the process ends.

    Raises
    ------
    BlockingIOError
        Somebody else has it: another process, or another handle of this one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.lock")
        self._end = weakref.finalize(self, _released, _taken(self._path), self._path, os.getpid())

    def release(self) -> None:
        """Let it go, and the lock file with it; once is enough."""
        self._end()


def _taken(path: Path) -> int | None:
    """Return the handle that holds the lock; None where there is no locking: DuckDB's own is left."""
    if sys.platform == "win32":
        return None
    while True:
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:  # a folder that cannot be written to: DuckDB will say so
            return None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise
        except OSError:
            os.close(handle)
            return None
        if _is_still(path, handle):
            return handle
        os.close(handle)  # whoever had it took the file away between our two steps


def _is_still(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False


def _released(handle: int | None, path: Path, process: int) -> None:
    if sys.platform == "win32" or handle is None or process != os.getpid():  # a fork has the handle, not the lock
        return
    path.unlink(missing_ok=True)  # while it is ours
    fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)
