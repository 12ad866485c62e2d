"""What becomes of a workspace: archived, deleted with a way back, backed up, restored. Rights are asked here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from analysis.workspace import away, opening
from analysis.workspace.away import PutAway
from server.allowed import Allowed
from server.backups import Backup, Round
from server.house import House
from server.registry import Registry
from server.rights import Action


class Keeping:
    """What one person may do with workspaces as a whole.

    Parameters
    ----------
    house : House
    hold : callable
        Returns a workspace, by its id, in the person's hands.
    held : Registry, optional
        None where nobody is told apart.
    """

    def __init__(self, house: House, hold: Callable[[str], Allowed], held: Registry | None) -> None:
        self._house, self._hold, self._held = house, hold, held

    def archive(self, id: str) -> Path:
        """Take a workspace out of the list, to be kept.

        Raises
        ------
        WorkspaceError
            There is none, or somebody uses it.
        NotAllowed
        """
        return self._put_away(id, Action.ARCHIVE, away.archive, "archived")

    def delete(self, id: str) -> Path:
        """Put a workspace into the trash, from where it comes back for some days; an archived one, too.

        Raises
        ------
        WorkspaceError
            There is none, or somebody uses it.
        NotAllowed
        """
        return self._put_away(id, Action.DELETE, away.delete, "trash")

    def _put_away(self, id: str, action: Action, move: Callable[[Path], Path], state: str) -> Path:
        self._hold(id).check(action)
        path = self._path(id)
        if not self._house.shelf.give_back(path):
            raise opening.in_use(path)
        moved = move(path)
        self._note(id, action, state)
        return moved

    def _path(self, id: str) -> Path:
        here = self._house.backups.workspaces / f"{id}.duckdb"
        archived = here.parent / away.ARCHIVE / here.name
        return archived if archived.exists() and not here.exists() else here

    def _note(self, id: str, action: Action, state: str) -> None:
        if self._held is not None:
            self._held.set_state(id, state)
        self._hold(id).note(action, what=state)

    def put_away(self) -> tuple[PutAway, ...]:
        """Return what this person has put away, or others of what is theirs to take back."""
        found = away.put_away(self._house.backups.workspaces)
        return tuple(one for one in found if self._hold(one.id).may(Action.DELETE))

    def bring_back(self, one: PutAway) -> Path:
        """Put a workspace back among the others.

        Raises
        ------
        WorkspaceError
            It is gone, or another has its place.
        NotAllowed
        """
        action = Action.DELETE if one.where == away.TRASH else Action.ARCHIVE
        self._hold(one.id).check(action)
        back = away.bring_back(one.file.path)
        self._note(one.id, action, "open")
        return back

    # ---- backups

    def backups(self, id: str) -> tuple[Backup, ...]:
        """Return the backups of a workspace, the newest first, for who may put one back."""
        return self._house.backups.of(id) if self._hold(id).may(Action.DELETE) else ()

    def back_up(self, id: str) -> Backup:
        """Back up one workspace now.

        Raises
        ------
        WorkspaceError
            It is damaged, or there is no room.
        NotAllowed
        """
        here = self._hold(id)
        here.check(Action.DELETE)
        made = self._house.backups.make(self._path(id))
        here.note(Action.BACKUP, what="made")
        return made

    def restore(self, backup: Backup) -> Path:
        """Put a backup in its workspace's place; what stands there goes into the trash.

        Raises
        ------
        WorkspaceError
            The backup is damaged, there is no room, or somebody uses the workspace.
        NotAllowed
        """
        self._hold(backup.id).check(Action.DELETE)
        path = self._house.backups.restore(backup)
        self._note(backup.id, Action.DELETE, "open")
        self._hold(backup.id).note(Action.BACKUP, what="restored")
        return path

    def back_up_all(self) -> Round:
        """Back up all that was used since the last round; for who looks after the server has asked that before."""
        return self._house.back_up()
