"""Which workspaces lie in a folder, and what of it cannot be opened, and why?

One file that is damaged or held by another program says so of itself and takes nothing else down.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
import secrets
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from analysis.errors import WorkspaceError
from analysis.messages import Message, say
from analysis.workspace import opening
from analysis.workspace.locks import FileLock
from analysis.workspace.store import name_in

_ID = re.compile(r"[0-9a-f]{12}|[A-Za-z0-9_-]{22}")


@dataclass(frozen=True, slots=True)
class WorkspaceFile:
    """A file in a folder of workspaces.

    Parameters
    ----------
    path : Path
    name : str
        What people call the workspace; the file's name where that is not known.
    state : {"ready", "locked", "not-a-workspace", "newer-format", "misnamed"}
    why : Message, optional
        Why it cannot be opened, and what to do; None where it is ready.
    """

    path: Path
    name: str
    state: str
    why: Message | None = None

    @property
    def id(self) -> str:
        """What stands for the workspace in an address: the file's name without its ending."""
        return self.path.stem


def new_id() -> str:
    """Return the id of a new workspace, which nobody can guess."""
    return secrets.token_urlsafe(16)


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
    return tuple(_file(path) for path in sorted(Path(folder).glob("*.duckdb")))


def _file(path: Path) -> WorkspaceFile:
    if here := opening.open_here(path):
        return WorkspaceFile(path, here.name, "ready")
    try:
        if not path.is_file():
            raise opening.not_a_workspace(path)
        found = path.stat()
        name = _name(path, found.st_size, found.st_mtime_ns, path.with_name(f"{path.name}.wal").exists())
    except WorkspaceError as error:
        return WorkspaceFile(path, path.name, error.code, error.message)
    if not is_id(path.stem):
        text = say(
            "{file}: the name of the file is not one that Sluice gives. To open it here, rename it {other}.",
            file=path.name,
            other=f"{hashlib.sha256(path.name.encode()).hexdigest()[:12]}.duckdb",
        )
        return WorkspaceFile(path, name, "misnamed", text)
    return WorkspaceFile(path, name, "ready")


@lru_cache(maxsize=1024)
def _name(path: Path, _size: int, _written: int, _log: bool) -> str:
    """Return what people call a workspace; looked up again once its file has changed.

    Raises
    ------
    WorkspaceError
        It cannot be opened. What is raised is not remembered.
    """
    with opening.ONE_AT_A_TIME:
        opening.looked_at(path)
        with closing(opening.connected(path, read_only=True)) as con:
            return name_in(con) or path.stem


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
            for part in (path, path.with_name(f"{path.name}.wal")):
                part.unlink(missing_ok=True)
            lock.release()
            gone.append(path)
    return tuple(gone)
