"""Workspaces that are put away: archived until they are wanted, or deleted with a way back for a while.

They lie in folders of their own beside the others, `archive` and `trash`, as the files that they were; one in the trash
has the moment in its name. Putting one away is one rename, so it is in one place or the other whatever happens.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import duckdb

from analysis.errors import WorkspaceError
from analysis.messages import say
from analysis.store import duck
from analysis.workspace import opening
from analysis.workspace.copies import logs_of, no_workspace, real, remove, settle
from analysis.workspace.folder import WorkspaceFile, workspace_file
from analysis.workspace.locks import FileLock

ARCHIVE, TRASH = "archive", "trash"
DAYS = 30
"""For which there is a way back from the trash."""
_MOMENT = "%Y%m%dT%H%M%SZ"
_TRASHED = re.compile(r"(?P<id>.+)\.(?P<moment>\d{8}T\d{6}Z)\.duckdb")
_ROUNDS = dt.timedelta(days=2)
"""Where the last round was longer ago, the clock may be wrong or the server was off: this one deletes nothing."""


@dataclass(frozen=True, slots=True)
class PutAway:
    """A workspace that is not among the others.

    Parameters
    ----------
    file : WorkspaceFile
        Where it lies, what it is called and how it is.
    id : str
        What it had, and will have again.
    where : {"archive", "trash"}
    since : datetime, optional
        When it was deleted, in UTC; None of one that is archived.
    """

    file: WorkspaceFile
    id: str
    where: str
    since: dt.datetime | None

    def until(self, days: float = DAYS) -> dt.datetime | None:
        """Return until when there is a way back; None where that is for as long as one likes."""
        return None if self.since is None else self.since + dt.timedelta(days=days)


def archive(path: Path) -> Path:
    """Take a workspace out of the list, to be kept; return where it lies.

    Raises
    ------
    WorkspaceError
        It is open, not there, or there is one of the same name in the archive already.

    Examples
    --------
    >>> import tempfile
    >>> from analysis import open_workspace
    >>> from analysis.workspace.folder import new_id, workspace_files
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = Path(folder.name) / f"{new_id()}.duckdb"
    >>> open_workspace(path).close()
    >>> kept = archive(path)
    >>> len(workspace_files(folder.name)), [away.where for away in put_away(folder.name)]
    (0, ['archive'])
    >>> bring_back(kept) == path
    True
    >>> folder.cleanup()
    """
    return _moved(path, path.parent / ARCHIVE / path.name)


def delete(path: Path, now: dt.datetime | None = None) -> Path:
    """Put a workspace into the trash, of the folder it lies in or is archived in; return where it lies.

    Raises
    ------
    WorkspaceError
        It is open, or not there.
    """
    now = now or dt.datetime.now(dt.UTC)
    folder = path.parent.parent if path.parent.name == ARCHIVE else path.parent
    moments = (now + dt.timedelta(seconds=n) for n in count())  # twice in a second
    places = (folder / TRASH / f"{path.stem}.{moment.strftime(_MOMENT)}.duckdb" for moment in moments)
    return _moved(path, next(place for place in places if not place.exists()))


def bring_back(path: Path) -> Path:
    """Put a workspace back among the others, from the trash or the archive; return where it lies.

    Raises
    ------
    WorkspaceError
        It is gone from there, or another one has its place by now.
    """
    trashed = _TRASHED.fullmatch(path.name)
    return _moved(path, path.parent.parent / (f"{trashed['id']}.duckdb" if trashed else path.name))


def put_away(folder: str | Path) -> tuple[PutAway, ...]:
    """Return what a folder's archive and trash hold, what was deleted last first."""
    archived = [_away(path, ARCHIVE) for path in sorted((Path(folder) / ARCHIVE).glob("*.duckdb"))]
    trashed = [_away(path, TRASH) for path in sorted((Path(folder) / TRASH).glob("*.duckdb"))]
    trashed.sort(key=lambda away: away.since or dt.datetime.min.replace(tzinfo=dt.UTC), reverse=True)
    return (*archived, *trashed)


def _away(path: Path, where: str) -> PutAway:
    file = workspace_file(path)
    if file.state == "misnamed":  # a name for the trash is none for an address
        file = replace(file, state="ready", why=None)
    return PutAway(file, _id(path), where, _since(path) if where == TRASH else None)


def _id(path: Path) -> str:
    """Return the id that a file had among the others, told by its name alone."""
    found = _TRASHED.fullmatch(path.name)
    return found["id"] if found else path.stem


def _since(path: Path) -> dt.datetime | None:
    """Return when a file of the trash was deleted, told by its name alone."""
    found = _TRASHED.fullmatch(path.name)
    return dt.datetime.strptime(found["moment"], _MOMENT).replace(tzinfo=dt.UTC) if found else None


def purge(
    folder: str | Path,
    days: float = DAYS,
    *,
    now: dt.datetime | None = None,
    gone: Callable[[str], object] = lambda _id: None,
) -> tuple[str, ...]:
    """Delete for good what has been in the trash for so many days; return the ids.

    It takes two rounds within two days of each other: after a pause, or where the clock leapt, a first round deletes
    nothing, so that there is time to notice.

    Parameters
    ----------
    folder : path
    days : float
    now : datetime, optional
    gone : callable
        Told each id that is nowhere any more, for what else is kept of it.
    """
    now, trash = now or dt.datetime.now(dt.UTC), Path(folder) / TRASH
    if not trash.is_dir() or not _was_here(trash / "last-round", now):
        return ()
    ids = []
    for path in sorted(trash.glob("*.duckdb")):  # by their names: none is opened for this
        since = _since(path)
        if since is not None and since + dt.timedelta(days=days) < now:
            remove(path)
            ids.append(_id(path))
    for id in set(ids) - _left(Path(folder)):
        for copy in Path(folder).glob(f"{id}.duckdb.format-*"):
            copy.unlink()
        gone(id)
    return tuple(ids)


def _left(folder: Path) -> set[str]:
    """Return the ids that a folder still has a file of."""
    aside = (path for where in (ARCHIVE, TRASH) for path in (folder / where).glob("*.duckdb"))
    return {path.stem for path in folder.glob("*.duckdb")} | {_id(path) for path in aside}


def _was_here(mark: Path, now: dt.datetime) -> bool:
    """Note this round; say whether the one before was lately."""
    try:
        before = dt.datetime.fromisoformat(mark.read_text(encoding="ascii"))
    except (OSError, ValueError):
        before = None
    mark.write_text(now.isoformat(), encoding="ascii")
    return before is not None and dt.timedelta() <= now - before <= _ROUNDS


def _moved(source: Path, target: Path) -> Path:
    """Rename a workspace's file that nobody has open."""
    if not source.exists() and not source.is_symlink():
        raise no_workspace(source)
    try:
        lock = FileLock(real(source))
    except BlockingIOError as error:
        raise opening.in_use(source) from error
    try:
        target.parent.mkdir(exist_ok=True)
        if target.exists():
            text = say("There is a {path} there already. Rename one of the two files.", path=target.name)
            raise WorkspaceError.because(text, "name-taken")
        if duck.is_open(source):
            raise opening.in_use(source)
        _log_into_file(source)
        for part in (*logs_of(source), source):
            part.rename(target.with_name(target.name + part.name.removeprefix(source.name)))
        for folder in {source.parent, target.parent}:
            settle(folder)
    except OSError as error:
        text = say(
            "{path} could not be moved: {reason}. Check who may write to the folder.",
            path=source.name,
            reason=error.strerror or str(error),
        )
        raise WorkspaceError.because(text, "not-moved") from error
    finally:
        lock.release()
    return target


def _log_into_file(path: Path) -> None:
    """Put what a program that stopped left in its log into the file, unless that is damaged: then both are moved."""
    if logs_of(path):
        with suppress(WorkspaceError, duckdb.Error), opening.ONE_AT_A_TIME, closing(opening.connected(path)) as con:
            con.execute("CHECKPOINT")
