"""Who may do what? One table, which code asks and the documentation shows."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import NamedTuple

from analysis.errors import SluiceError
from analysis.messages import N_, Message, say


class Role(IntEnum):
    """What somebody is to a workspace; each may do what those before may."""

    VIEWER = 1
    EDITOR = 2
    OWNER = 3

    @property
    def word(self) -> str:
        """How the role is called, marked for translation."""
        return ROLES[self]


ROLES: Mapping[Role, str] = MappingProxyType(
    {Role.VIEWER: N_("Viewer"), Role.EDITOR: N_("Editor"), Role.OWNER: N_("Owner")}
)


class Standing(IntEnum):
    """What somebody is to the server; each may do what those before may."""

    GUEST = 1
    MEMBER = 2
    ADMIN = 3


class Action(StrEnum):
    """What can be done."""

    ASK = "ask"
    DOWNLOAD = "download"
    SAVE = "save"
    SEGMENT = "segment"
    RECORD = "record"
    NOTEBOOK = "notebook"
    CAMPAIGN = "campaign"
    IMPORT = "import"
    UNDO = "undo"
    COPY = "copy"
    ROOM = "room"
    RENAME = "rename"
    SHARE = "share"
    HISTORY = "history"
    ARCHIVE = "archive"
    DELETE = "delete"
    CREATE = "create"
    HAND_OVER = "hand-over"
    PEOPLE = "people"
    WATCH = "watch"
    BACKUP = "backup"


class Right(NamedTuple):
    """What an action needs: a role in the workspace, a standing on the server, or both; and what it is, in words."""

    role: Role | None
    standing: Standing
    what: str


RIGHTS: Mapping[Action, Right] = MappingProxyType(
    {
        Action.ASK: Right(Role.VIEWER, Standing.GUEST, N_("see the data's answers, saved questions and notebooks")),
        Action.DOWNLOAD: Right(Role.VIEWER, Standing.GUEST, N_("take an answer along as data, picture or notebook")),
        Action.SAVE: Right(Role.EDITOR, Standing.GUEST, N_("save, replace and forget questions and plans")),
        Action.SEGMENT: Right(Role.EDITOR, Standing.GUEST, N_("save and forget segments")),
        Action.RECORD: Right(Role.EDITOR, Standing.GUEST, N_("write down names, rates, the plan and tests")),
        Action.NOTEBOOK: Right(Role.EDITOR, Standing.GUEST, N_("write notebooks")),
        Action.CAMPAIGN: Right(Role.EDITOR, Standing.GUEST, N_("change the campaign")),
        Action.IMPORT: Right(Role.EDITOR, Standing.GUEST, N_("import files and see the rows set aside")),
        Action.UNDO: Right(Role.EDITOR, Standing.GUEST, N_("undo an import")),
        Action.COPY: Right(Role.EDITOR, Standing.GUEST, N_("download the whole workspace or keep a copy of it")),
        Action.ROOM: Right(Role.EDITOR, Standing.MEMBER, N_("open a guest room from it")),
        Action.RENAME: Right(Role.OWNER, Standing.GUEST, N_("rename it")),
        Action.SHARE: Right(Role.OWNER, Standing.MEMBER, N_("share it with people, groups or everybody")),
        Action.HISTORY: Right(Role.OWNER, Standing.MEMBER, N_("see who did what in it")),
        Action.ARCHIVE: Right(Role.OWNER, Standing.MEMBER, N_("archive it")),
        Action.DELETE: Right(Role.OWNER, Standing.MEMBER, N_("delete it, and take that back")),
        Action.CREATE: Right(None, Standing.MEMBER, N_("make a workspace")),
        Action.HAND_OVER: Right(None, Standing.ADMIN, N_("give a workspace another owner")),
        Action.PEOPLE: Right(None, Standing.ADMIN, N_("remove people and take them back")),
        Action.WATCH: Right(None, Standing.ADMIN, N_("see who did what, all workspaces by name, load and limits")),
        Action.BACKUP: Right(None, Standing.ADMIN, N_("back up and restore")),
    }
)
"""What each action needs. An admin sees no data that is not shared with them."""


class NotAllowed(SluiceError):
    """Somebody may not do this, and is told who may."""

    @classmethod
    def role(cls, action: Action, owner: str) -> NotAllowed:
        """Say that another role is needed, and whom to ask."""
        right = RIGHTS[action]
        assert right.role is not None
        needs = say(right.role.word)
        if owner:
            text = say("To {what}, one has to be {role} here. Ask {owner}, whose workspace it is.",
                       what=say(right.what), role=needs, owner=owner)  # fmt: skip
        else:
            text = say("To {what}, one has to be {role} here. Ask who looks after the server.",
                       what=say(right.what), role=needs)  # fmt: skip
        return cls(text, "not-allowed")

    @classmethod
    def standing(cls, action: Action) -> NotAllowed:
        """Say who may do what concerns the whole server."""
        right = RIGHTS[action]
        if right.standing is Standing.ADMIN:
            text: Message = say("Only who looks after the server may {what}.", what=say(right.what))
        else:
            text = say("A guest of a room cannot {what}: sign in with an account.", what=say(right.what))
        return cls(text, "not-allowed")


def allows(action: Action, role: Role | None, standing: Standing) -> bool:
    """Say whether somebody of a role in the workspace and a standing on the server may do something.

    Examples
    --------
    >>> allows(Action.UNDO, Role.VIEWER, Standing.MEMBER), allows(Action.UNDO, Role.EDITOR, Standing.MEMBER)
    (False, True)
    """
    right = RIGHTS[action]
    return standing >= right.standing and (right.role is None or (role is not None and role >= right.role))


def table() -> str:
    """Return the table of rights in Markdown, as `docs/sign-in.md` shows it."""
    lines = [
        "| may | viewer | editor | owner | guest, in their own copy | signed in | admin |",
        "| --- | :-: | :-: | :-: | :-: | :-: | :-: |",
    ]
    for action, right in RIGHTS.items():
        of_it = [right.role is not None and role >= right.role for role in Role]
        guest = right.role is not None and right.standing is Standing.GUEST
        beside = [right.role is None and one >= right.standing for one in (Standing.MEMBER, Standing.ADMIN)]
        cells = " | ".join("✓" if may else "" for may in (*of_it, guest, *beside))
        lines.append(f"| **{action}**: {right.what} | {cells} |")
    return "\n".join(lines)
