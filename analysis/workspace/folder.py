"""Which workspaces lie in a folder, and what of it cannot be opened, and why?

One file that is damaged or held by another program says so of itself and takes nothing else down.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analysis.errors import WorkspaceError
from analysis.messages import Message, say
from analysis.workspace import opening
from analysis.workspace.copies import logs_of, remove, size
from analysis.workspace.disk import refused
from analysis.workspace.locks import FileLock

_ID = re.compile(r"[0-9a-f]{12}|[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    """A file in a folder of workspaces.

    Parameters
    ----------
    path : Path
    name : str
        What people call the workspace; the file's name where that is not known.
    state : {"ready", "locked", "not-a-workspace", "damaged", "newer-format", "misnamed", "unreadable"}
    why : Message, optional
        Why it cannot be opened, and what to do; None where it is ready.
    size : int
        Bytes on the disk, with what lies beside it as DuckDB's log.
    used : datetime, optional
        When it was last used, in UTC, to the hour; None where that is not known.
    """

    path: Path
    name: str
    state: str
    why: Message | None = None
    size: int = 0
    used: dt.datetime | None = None

    @property
    def id(self) -> str:
        """What stands for the workspace in an address: the file's name without its ending."""
        return self.path.stem


def new_id() -> str:
    """Return the id of a new workspace, which nobody can guess; no command takes it for an option."""
    return next(id for id in iter(lambda: secrets.token_urlsafe(16), "") if not id.startswith("-"))


def is_id(text: str) -> bool:
    """Say whether a text may be a workspace's id: nothing that leads out of the folder.

    Examples
    --------
    >>> is_id(new_id()), is_id("../secrets"), is_id("October campaign (copy)")
    (True, False, False)
    """
    return bool(_ID.fullmatch(text))


def workspace_files(folder: str | Path) -> tuple[WorkspaceFile, ...]:
    """Return the workspace files of a folder, each as what it is; none is kept open, none is changed.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> damaged = (Path(folder.name) / f"{new_id()}.duckdb").write_text("no more")
    >>> [(file.state, file.why is None) for file in workspace_files(folder.name)]
    [('not-a-workspace', False)]
    >>> folder.cleanup()
    """
    return tuple(workspace_file(path) for path in sorted(Path(folder).glob("*.duckdb")))


def workspace_file(path: Path) -> WorkspaceFile:
    """Return a file as what it is."""
    try:
        found = path.stat()
        facts = size(path), dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)
        if not path.is_file():
            raise opening.not_a_workspace(path)
        name = _called(path, found.st_size, found.st_mtime_ns)
    except WorkspaceError as error:
        return WorkspaceFile(path, path.name, error.code, error.message, *facts)
    except OSError as error:
        return WorkspaceFile(path, path.name, "unreadable", refused(path, error.strerror or str(error)).message)
    if not is_id(path.stem):
        text = say(
            "{file}: the name of the file is not one that Sluice gives. To open it here, rename it {other}.",
            file=path.name,
            other=f"{hashlib.sha256(path.name.encode()).hexdigest()[:12]}.duckdb",
        )
        return WorkspaceFile(path, name, "misnamed", text, *facts)
    return WorkspaceFile(path, name, "ready", None, *facts)


def _called(path: Path, size: int, written: int) -> str:
    with opening.ONE_AT_A_TIME:
        here = opening.open_here(path)
        if here is None:
            return _name(path, size, written, bool(logs_of(path)))
    return here.name  # outside: it may have to be opened again for that


@lru_cache(maxsize=4096)
def _name(path: Path, _size: int, _written: int, _log: bool) -> str:
    """Return what people call a workspace; looked up again once its file has changed.

    Raises
    ------
    WorkspaceError
        It cannot be opened. What is raised is not remembered.
    """
    return opening.name_of(path) or path.stem


# ---- workspaces that go ------------------------------------------------------------------------------------


def used(path: Path) -> None:
    """Note, once an hour, that a workspace file is in use; see :func:`sweep`."""
    now = dt.datetime.now(dt.UTC).timestamp()
    if path.exists() and now - path.stat().st_mtime > 3600:
        os.utime(path, (now, now))


def sweep(folder: str | Path, unused: dt.timedelta) -> tuple[Path, ...]:
    """Delete the workspace files of a folder that nobody has used for so long; return which.

    One that another process has open stays.
    """
    before = (dt.datetime.now(dt.UTC) - unused).timestamp()
    gone = list[Path]()
    for path in sorted(Path(folder).glob("*.duckdb")):
        if path.stat().st_mtime < before:
            if here := opening.open_here(path):
                here.close()
            try:
                lock = FileLock(path)
            except BlockingIOError:
                continue
            remove(path)
            lock.release()
            gone.append(path)
    return tuple(gone)
