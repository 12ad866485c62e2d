"""What is a workspace called, wherever people read of it? The sample and copies of one's own have names of ours."""

from __future__ import annotations

from ui import session, who
from ui.language import _


def called(id: str, name: str) -> str:
    """Return how a workspace is called whose own name is `name`."""
    if id == session.SAMPLE:
        return _("Sample campaign")
    if session.in_room(id):
        return _room_copy(id)
    return _("Your own copy of the sample") if session.is_visitors(id) else name


def here() -> str:
    """Return what people call this session's workspace."""
    id = session.current()
    return called(id, session.names().get(id, ""))


def _room_copy(id: str) -> str:
    owner = session.registry().owner(id)
    if owner is None or owner.id == who.person().id:
        return _("Your copy in the room")
    return _("{name}’s copy in the room", name=owner.name)
