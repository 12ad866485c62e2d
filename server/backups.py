"""What if a disk fails, a file is damaged, or the wrong thing was deleted? Backups are made while people work.

Each is one moment's state of one workspace, in a folder of its own under the folder of backups, with the moment in its
name. The newest of each of the last days and weeks are kept. The key that ids are hashed with is no part of them: who
has a backup alone cannot tell whose id is whose. It is saved apart, once.

On a server each is called as `sudo sluice backups …`.

    python -m server.backups list               what there is
    python -m server.backups make [ID ...]      back up now: these workspaces, else all
    python -m server.backups check              read every backup through
    python -m server.backups restore ID [MOMENT]   put one back: the newest, or that of a moment
    python -m server.backups key save FILE      write the key into a file, to be kept elsewhere
    python -m server.backups key restore FILE   take it up on another machine
"""

from __future__ import annotations

import argparse
import datetime as dt
import errno
import os
import re
import shutil
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from analysis.errors import SluiceError, WorkspaceError
from analysis.messages import Message, say
from analysis.store import duck
from analysis.workspace import away, copies, folder, keys, open_workspace, opening
from analysis.workspace.disk import in_the_way, owner_of, probe, refused, room, spoken, user
from analysis.workspace.folder import is_id
from analysis.workspace.locks import FileLock
from analysis.workspace.shelf import Shelf
from server import config

_MOMENT = "%Y%m%dT%H%M%SZ"
_NAME = re.compile(r"\d{8}T\d{6}Z")


@dataclass(frozen=True, slots=True)
class Backup:
    """One moment's state of a workspace.

    Parameters
    ----------
    path : Path
    id : str
        Of the workspace.
    at : datetime
        In UTC.
    size : int
        Bytes.
    """

    path: Path
    id: str
    at: dt.datetime
    size: int


@dataclass(frozen=True, slots=True)
class Round:
    """What came of backing up all that was used since."""

    at: dt.datetime
    made: tuple[Backup, ...]
    failed: tuple[tuple[str, Message], ...]


class Backups:
    """The backups of a folder of workspaces.

    Parameters
    ----------
    workspaces : Path
    kept : Path, optional
        Where they are kept, on another disk at best; without it, in `backups` beside the workspaces.
    shelf : Shelf, optional
        The server's workspaces, where this is the server.
    days, weeks : int
        Of how many days and weeks the newest is kept.

    Examples
    --------
    >>> import tempfile
    >>> from analysis import Contents, open_workspace
    >>> from analysis.workspace.folder import new_id
    >>> place = tempfile.TemporaryDirectory()
    >>> path = Path(place.name) / f"{new_id()}.duckdb"
    >>> here = open_workspace(path)
    >>> first = here.keep("all", Contents())
    >>> here.close()
    >>> backups = Backups(Path(place.name))
    >>> backup = backups.make(path)
    >>> path.write_text("damaged") and backups.restore(backup) == path
    True
    >>> again = open_workspace(path)
    >>> again.kept(Contents) == (first,)
    True
    >>> again.close(); place.cleanup()
    """

    def __init__(
        self,
        workspaces: Path,
        kept: Path | None = None,
        shelf: Shelf | None = None,
        *,
        days: int = 7,
        weeks: int = 4,
    ) -> None:
        self.workspaces, self.kept = workspaces, kept or workspaces / "backups"
        self._shelf, self._days, self._weeks = shelf, days, weeks

    # ---- what there is

    def of(self, id: str) -> tuple[Backup, ...]:
        """Return the backups of a workspace, the newest first."""
        found = sorted((self.kept / id).glob("*.duckdb"), reverse=True) if is_id(id) else []
        return tuple(_backup(path) for path in found if _NAME.fullmatch(path.stem))

    def all(self) -> tuple[Backup, ...]:
        """Return every backup, by workspace, the newest first."""
        if not self.kept.is_dir():
            return ()
        return tuple(one for place in sorted(self.kept.iterdir()) for one in self.of(place.name))

    def due(self, hours: float, now: dt.datetime | None = None) -> bool:
        """Say whether it is time for a round: the last one was so many hours ago, or never."""
        now = now or _now()
        try:
            last = dt.datetime.fromisoformat((self.kept / "last-round").read_text(encoding="ascii"))
        except (OSError, ValueError):
            return True
        return not dt.timedelta() <= now - last < dt.timedelta(hours=hours)

    # ---- making

    def make(self, path: Path, now: dt.datetime | None = None) -> Backup:
        """Back up one workspace, whoever works in it; it is read back before it counts.

        Raises
        ------
        WorkspaceError
            There is no such workspace, it is damaged, or there is no room.
        """
        target = self.kept / path.stem / f"{(now or _now()).strftime(_MOMENT)}.duckdb"
        if target.exists():  # twice in a second
            return _backup(target)
        self._usable()
        with room(target.parent):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._copy(path, target)
        try:
            check(target)
        except WorkspaceError:
            copies.remove(target)
            raise
        return _backup(target)

    def _usable(self) -> None:
        """Refuse a folder of backups that cannot be written to, before anything else is said of each workspace."""
        try:
            self.kept.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe(self.kept)
        except OSError as error:
            raise _unusable(self.kept, error) from error

    def _copy(self, path: Path, target: Path) -> None:
        try:
            if self._shelf is not None:
                self._shelf.open(path).copy(target)
                return
        except WorkspaceError as error:
            if error.code != "locked":  # two servers on one folder
                raise
        with closing(open_workspace(path, read_only=True)) as here:  # another program may have it open
            here.copy(target)

    def round(self, now: dt.datetime | None = None) -> Round:
        """Back up all workspaces that were used since their last backup, and the registry; let go of old backups.

        What fails is told, and takes nothing else down.

        Raises
        ------
        WorkspaceError
            The folder of backups cannot be written to.
        """
        now = now or _now()
        self._usable()
        made, failed = list[Backup](), list[tuple[str, Message]]()
        for file in folder.workspace_files(self.workspaces):
            last = next(iter(self.of(file.id)), None)
            used = file.used or now
            if not is_id(file.id) or (last and used <= last.at):
                continue
            try:
                made.append(self.make(file.path, now))
                self._rotate(self.of(file.id))
            except SluiceError as error:
                failed.append((file.id, error.message))
        with room(self.kept):
            self._registry(now)
            self._note(now)
        return Round(now, tuple(made), tuple(failed))

    def _note(self, now: dt.datetime) -> None:
        (self.kept / "last-round").write_text(now.isoformat(), encoding="ascii")

    def _registry(self, now: dt.datetime) -> None:
        """Copy who is here and whose is what; sessions stay out of it, nobody is signed in by a backup."""
        source = self.workspaces / "server.db"
        if not source.exists():
            return
        place = self.kept / "server"
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        target = place / f"{now.strftime(_MOMENT)}.db"
        with closing(sqlite3.connect(source)) as con, closing(sqlite3.connect(copies.partial(target))) as made:
            con.backup(made)
            made.execute("DELETE FROM sessions")
            made.commit()
        copies.partial(target).replace(target)
        for path in self._old([(p, _moment(p)) for p in place.glob("*.db") if _NAME.fullmatch(p.stem)]):
            path.unlink()

    def _rotate(self, found: Sequence[Backup]) -> None:
        for path in self._old([(one.path, one.at) for one in found]):
            copies.remove(path)

    def _old(self, found: Sequence[tuple[Path, dt.datetime]]) -> list[Path]:
        """Return what is not the newest of one of the last days, or of one of the last weeks, that have any."""
        newest = sorted(found, key=lambda one: one[1], reverse=True)
        days: dict[object, Path] = {}
        weeks: dict[object, Path] = {}
        for path, at in newest:
            days.setdefault(at.date(), path)
            weeks.setdefault(tuple(at.isocalendar())[:2], path)
        kept = {*list(days.values())[: self._days], *list(weeks.values())[: self._weeks]}
        return [path for path, _at in newest if path not in kept]

    # ---- going back

    def restore(self, backup: Backup) -> Path:
        """Put a backup in its workspace's place; what stands there goes into the trash, from where it can come back.

        Raises
        ------
        WorkspaceError
            The backup is damaged, there is no room, or somebody uses the workspace.
        """
        check(backup.path)
        place = self.workspaces / f"{backup.id}.duckdb"
        beside = place.with_name(f"{place.name}.restored")
        with room(place):
            place.parent.mkdir(parents=True, exist_ok=True)
            copies.remove(beside)
            shutil.copyfile(backup.path, beside)
            copies.settle(beside)
        try:
            if place.exists():
                if self._shelf is not None and not self._shelf.give_back(place):
                    raise opening.in_use(place)
                away.delete(place)
            self._put(beside, place)
        finally:
            copies.remove(beside)
        return place

    def _put(self, beside: Path, place: Path) -> None:
        try:
            lock = FileLock(place)
        except BlockingIOError as error:
            raise opening.in_use(place) from error
        try:
            if place.exists():  # somebody was quicker
                raise opening.in_use(place)
            beside.rename(place)
            copies.settle(place.parent)
        finally:
            lock.release()

    def forget(self, id: str) -> None:
        """Let go of all backups of a workspace: it was deleted, and its time in the trash is over."""
        for backup in self.of(id):
            copies.remove(backup.path)
        if (place := self.kept / id).is_dir() and not any(place.iterdir()):
            place.rmdir()


def _unusable(kept: Path, error: OSError) -> WorkspaceError:
    """Return what is said of a folder of backups that cannot be written to: whose fault it is, and how it is made."""
    if error.errno == errno.EROFS:
        text = say("Backups cannot be written to {folder}: {reason}. The service writes nowhere but in its own folder, "
                   "and where ReadWritePaths lets it: docs/server.md, Backups.",
                   folder=str(kept), reason=error.strerror)  # fmt: skip
        return WorkspaceError.because(text, "unreadable")
    at, own = in_the_way(kept), user()
    if error.errno not in (errno.EACCES, errno.EPERM) or not own:
        meant = spoken(error, kept / "last-round")
        return meant or refused(kept, error.strerror or str(error))
    text = say(
        "Backups cannot be written to {folder}: {reason}. {at} belongs to {owner}, and Sluice runs as {user}. Make the "
        "folder for it: sudo install -d -o {user} -g {user} -m 700 {folder}",
        folder=str(kept), reason=error.strerror, at=str(at), owner=owner_of(at), user=own,
    )  # fmt: skip
    return WorkspaceError.because(text, "unreadable")


def check(path: Path) -> int:
    """Read all of a workspace's file through, and return how many rows it holds.

    Raises
    ------
    WorkspaceError
        It is damaged, or no workspace.
    """
    opening.looked_at(path)
    rows = 0
    with room(path), opening.look(path) as con:
        names = con.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = current_database()")
        for (name,) in names.fetchall():
            table = duck.identifier(name)
            rows += int(con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0])
            con.execute(f"SELECT bit_xor(hash(COLUMNS(*))) FROM {table}").fetchall()  # what can be counted is not read
    return rows


def _backup(path: Path) -> Backup:
    return Backup(path, path.parent.name, _moment(path), path.stat().st_size)


def _moment(path: Path) -> dt.datetime:
    return dt.datetime.strptime(path.stem, _MOMENT).replace(tzinfo=dt.UTC)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC).replace(microsecond=0)


# ---- the key ----------------------------------------------------------------------------------------------


def save_key(file: Path) -> None:
    """Write the key that ids are hashed with into a new file, for its owner alone.

    Raises
    ------
    WorkspaceError
        There is such a file already.
    """
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        text = say("There is a file {path} already. Choose another name.", path=str(file))
        raise WorkspaceError.because(text, "file-exists") from error
    with os.fdopen(handle, "wb") as out:
        out.write(keys.hash_key())
        out.flush()
        os.fsync(out.fileno())


def restore_key(file: Path) -> None:
    """Take a saved key up, on a machine that has none: ids hashed here from now on are equal to those hashed before.

    Raises
    ------
    WorkspaceError
        There is another key here already, or the file holds none.
    """
    key, place = file.read_bytes(), keys.key_file()
    if len(key) < keys.SHORTEST:
        text = say("{path} holds no key: it is empty or too short.", path=str(file))
        raise WorkspaceError.because(text, "bad-key")
    if place.exists() and place.read_bytes() != key:
        text = say(
            "This machine has another key already, in {path}; what was imported here is hashed with it. Move it away "
            "first, if nothing was.",
            path=str(place),
        )
        raise WorkspaceError.because(text, "other-key")
    keys.make_key(place, key)


# ---- the command ------------------------------------------------------------------------------------------


def standing(shelf: Shelf | None = None) -> Backups:
    """Return the backups as this server's settings say."""
    said = config.current()
    kept = Path(said.backups.folder) if said.backups.folder else None
    return Backups(config.workspaces_folder(said), kept, shelf, days=said.backups.days, weeks=said.backups.weeks)


def main(args: Sequence[str] | None = None, out: Callable[[str], object] = print) -> int:
    """Run the command; return what the shell gets."""
    given = sys.argv[1:] if args is None else args
    # An id may begin with a dash; as a file's name it is no option.
    asked = _arguments().parse_args([f"./{arg}" if is_id(arg) else arg for arg in given])
    try:
        return int(_COMMANDS[asked.what](standing(), asked, out))
    except SluiceError as error:
        out(str(error))
    except OSError as error:
        out(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    return 1


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(config.command("backups"), description="Backups of the workspaces.")
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("list", help="what there is")
    what.add_parser("make", help="back up now").add_argument("ids", nargs="*", type=_id, metavar="ID")
    what.add_parser("check", help="read every backup through")
    restore = what.add_parser("restore", help="put one back")
    restore.add_argument("id", type=_id, metavar="ID")
    restore.add_argument("moment", nargs="?", metavar="MOMENT", help="as `list` prints it; without it, the newest")
    key = what.add_parser("key", help="save the hash key, or take it up on another machine")
    key.add_argument("way", choices=("save", "restore"))
    key.add_argument("file", type=Path)
    return parser


def _id(text: str) -> str:
    return text.removeprefix("./")


def _none(backups: Backups) -> str:
    """Return what is said where there is none: where was looked, since another user's settings name another folder."""
    text = say("There is no backup in {folder}; workspaces are looked for in {workspaces}.",
               folder=str(backups.kept), workspaces=str(backups.workspaces))  # fmt: skip
    return text.text()


def _list(backups: Backups, _asked: argparse.Namespace, out: Callable[[str], object]) -> bool:
    found = backups.all()
    if not found:
        out(_none(backups))
    # One that a server has open tells its name to that server alone.
    files = folder.workspace_files(backups.workspaces)
    names = {file.id: file.name for file in files if file.name != file.path.name}
    for one in found:
        out(f"{one.id}  {one.at.strftime(_MOMENT)}  {one.size / 1e6:9.1f} MB  {names.get(one.id, '')}".rstrip())
    return False


def _make(backups: Backups, asked: argparse.Namespace, out: Callable[[str], object]) -> bool:
    if not asked.ids:
        done = backups.round()
        made, failed = done.made, done.failed
    else:
        made, failed = tuple(backups.make(backups.workspaces / f"{Path(id).name}.duckdb") for id in asked.ids), ()
    for one in made:
        out(f"{one.id}  {one.at.strftime(_MOMENT)}  {one.size / 1e6:9.1f} MB")
    for id, why in failed:
        out(f"{id}  {why.text()}")
    if not made and not failed:
        text = say("No workspace in {workspaces} was used since its last backup.", workspaces=str(backups.workspaces))
        out(text.text() if backups.all() else _none(backups))
    return bool(failed)


def _check(backups: Backups, _asked: argparse.Namespace, out: Callable[[str], object]) -> bool:
    bad, found = False, backups.all()
    if not found:
        out(_none(backups))
    for one in found:
        try:
            said = f"{check(one.path)} rows"
        except WorkspaceError as error:
            said, bad = str(error), True
        out(f"{one.id}  {one.at.strftime(_MOMENT)}  {said}")
    return bad


def _restore(backups: Backups, asked: argparse.Namespace, out: Callable[[str], object]) -> bool:
    found = [one for one in backups.of(asked.id) if asked.moment in (None, one.at.strftime(_MOMENT))]
    if not found:
        text = say("There is no such backup of {id}. `{command} list` says which there are.",
                   id=asked.id, command=config.command("backups"))  # fmt: skip
        raise WorkspaceError.because(text, "no-backup")
    out(str(backups.restore(found[0])))
    return False


def _key(_backups: Backups, asked: argparse.Namespace, out: Callable[[str], object]) -> bool:
    (save_key if asked.way == "save" else restore_key)(asked.file)
    out(str(asked.file if asked.way == "save" else keys.key_file()))
    return False


_COMMANDS = {"list": _list, "make": _make, "check": _check, "restore": _restore, "key": _key}

if __name__ == "__main__":
    sys.exit(main())
