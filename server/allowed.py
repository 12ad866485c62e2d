"""A workspace in somebody's hands: what they may do with it is asked at the moment they do it, and written down.

Whatever pages hold of a workspace is one of these. Only what is named here can be done; a method that the store gets
later cannot be reached before it is said who may call it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from analysis.errors import WorkspaceError
from analysis.messages import say
from analysis.notebook import Notebook
from analysis.records import Record
from analysis.values import Campaign, Value
from analysis.workspace import Batch, Export, FileMapping, Kept, Segment, Workspace
from server import audit
from server.people import Person
from server.registry import Registry
from server.rights import Action, NotAllowed, Role, Standing, allows

T = TypeVar("T")
READS: Mapping[str, Action] = MappingProxyType(
    {
        **dict.fromkeys(
            ("tables", "display", "version", "planned", "batches", "kept", "forgotten", "history", "standing",
             "read_only", "path", "closed", "proposed", "imported", "fitting", "compare"), Action.ASK,
        ),
        "set_aside": Action.IMPORT,
    }
)  # fmt: skip
"""What reads, and the right it takes."""


def standing(person: Person) -> Standing:
    """Return what somebody is to the server."""
    if person.kind == "guest":
        return Standing.GUEST
    return Standing.ADMIN if person.admin else Standing.MEMBER


def action_of(value: Value) -> Action:
    """Return what it is to keep, replace or forget a value."""
    kinds = (
        (Segment, Action.SEGMENT),
        (Notebook, Action.NOTEBOOK),
        (Record, Action.RECORD),
        (FileMapping, Action.IMPORT),
    )
    return next((action for kind, action in kinds if isinstance(value, kind)), Action.SAVE)


class Allowed:
    """A workspace as one person has it.

    Parameters
    ----------
    id : str
    person : Person
    open : callable
        Returns the open workspace; asked each time, since one that nobody uses may have been closed.
    held : Registry, optional
        None where nobody is told apart: then everything is allowed.
    role : Role, optional
        What everybody is to it, whatever the registry says: of the sample.
    """

    def __init__(
        self, id: str, person: Person, open: Callable[[], Workspace], held: Registry | None, role: Role | None = None
    ) -> None:
        self.id, self.person = id, person
        self._open, self._held, self._role = open, held, role

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Allowed) and (self.id, self.person.id) == (other.id, other.person.id)

    def __hash__(self) -> int:
        return hash((self.id, self.person.id))

    # ---- rights

    @property
    def role(self) -> Role | None:
        """What the person is to the workspace by now."""
        if self._held is None:
            return Role.OWNER
        return self._role or self._held.role(self.person, self.id)

    def may(self, action: Action) -> bool:
        """Say whether the person may do something here."""
        return allows(action, self.role, standing(self.person))

    def check(self, action: Action) -> None:
        """Go on only if the person may do something here.

        Raises
        ------
        WorkspaceError
            To them there is no such workspace.
        NotAllowed
            They may see it, but not do this.
        """
        role = self.role
        if role is None:
            raise not_here(shared=True)
        if allows(action, role, standing(self.person)):
            return
        if not allows(action, Role.OWNER, standing(self.person)):
            raise NotAllowed.standing(action)
        owner = self._held.owner(self.id) if self._held else None
        raise NotAllowed.role(action, owner.name if owner else "")

    def note(self, action: Action, **detail: str | int) -> None:
        """Write down that it was done."""
        if self._held is not None:
            audit.note(self._held, self.person, action, self.id, **detail)

    def out(self, what: str, make: Callable[[], T]) -> T:
        """Make what somebody takes along, and write that down; checked when it is taken, in whatever thread."""
        self.check(Action.DOWNLOAD)
        made = make()
        self.note(Action.DOWNLOAD, what=what)
        return made

    # ---- reading

    def __getattr__(self, name: str) -> Any:
        if name not in READS:
            raise AttributeError(f"a workspace in somebody's hands has no {name}")
        self.check(READS[name])
        return getattr(self._open(), name)

    # ---- changing

    @property
    def campaign(self) -> Campaign | None:
        """The campaign, if one was set."""
        self.check(Action.ASK)
        return self._open().campaign

    @campaign.setter
    def campaign(self, campaign: Campaign) -> None:
        self.check(Action.CAMPAIGN)
        self._open().campaign = campaign
        self.note(Action.CAMPAIGN)

    @property
    def name(self) -> str:
        """What people call it."""
        self.check(Action.ASK)
        return self._open().name

    @name.setter
    def name(self, name: str) -> None:
        self.check(Action.RENAME)
        self._open().name = name
        self.note(Action.RENAME)

    def add(self, *exports: Export, **how: Any) -> Batch:
        """Import files as one batch; see :meth:`analysis.workspace.Workspace.add`."""
        self.check(Action.IMPORT)
        batch = self._open().add(*exports, **how)
        self.note(Action.IMPORT, batch=batch.id, files=len(batch.files), rows=sum(file.rows for file in batch.files))
        return batch

    def undo(self, batch: int) -> None:
        """Take a batch out again."""
        self.check(Action.UNDO)
        self._open().undo(batch)
        self.note(Action.UNDO, batch=batch)

    def keep(self, name: str, value: Any, *, over: int | None = None) -> Kept[Any]:
        """Keep a value under a name."""
        self.check(action := action_of(value))
        kept = self._open().keep(name, value, over=over)
        self.note(action, what="kept", kind=value.kind)
        return kept

    def forget(self, id: int) -> None:
        """Let go of a kept thing."""
        action, kind = self._kept(id)
        self.check(action)
        self._open().forget(id)
        self.note(action, what="forgotten", kind=kind)

    def restore(self, id: int, revision: int | None = None) -> Kept[Value]:
        """Make a kept thing what it was."""
        action, kind = self._kept(id)
        self.check(action)
        kept = self._open().restore(id, revision)
        self.note(action, what="restored", kind=kind)
        return kept

    def _kept(self, id: int) -> tuple[Action, str]:
        self.check(Action.ASK)
        past = self._open().history(id)
        return (action_of(past[0].value), past[0].value.kind) if past else (Action.SAVE, "")

    def remember(self, export: Export, name: str) -> Kept[FileMapping]:
        """Keep an export's mapping."""
        self.check(Action.IMPORT)
        return self._open().remember(export, name)

    def copy(self, path: str | Path) -> Path:
        """Write all that is here into a new file."""
        self.check(Action.COPY)
        made = self._open().copy(path)
        self.note(Action.COPY)
        return made


def not_here(*, shared: bool) -> WorkspaceError:
    """Return what is said of a workspace that is not there, and of one that is not there for who asks.

    Parameters
    ----------
    shared : bool
        Whether people share workspaces here, so that it may be somebody's: both are said, so neither is given away.
    """
    text = say("The workspace of this address is not here: it was deleted, or the address was cut off when copied. "
               "Nothing is shown in its place; choose another one above.")  # fmt: skip
    if shared:
        text = say("The workspace of this address is not here: it was deleted, it is not shared with you, or the "
                   "address was cut off when copied. Nothing is shown in its place; choose another one "
                   "above.")  # fmt: skip
    return WorkspaceError.because(text, "no-workspace")
