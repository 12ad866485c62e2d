"""How much may one person take, and all together? Said in words, with what to do, before anything is lost.

What is too much is refused where it begins: a file while it comes in, a workspace before it is made, an import before
it is stored.
"""

from __future__ import annotations

import re
import shutil
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from analysis import messages
from analysis.errors import SluiceError
from analysis.messages import say
from analysis.workspace import copies
from server.config import Limits

MB, GB = 2**20, 2**30
_UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/([^/]+)$")
_OVERHEAD = 64 * 1024
"""Bytes of an upload that are not the file's."""


class LimitError(SluiceError):
    """Something that the server's limits do not allow."""

    @classmethod
    def file(cls, mb: float) -> LimitError:
        """A file is larger than the server takes."""
        text = say("This file is larger than {most} MB, the most that this server takes. Export fewer days or columns, "
                   "or save it as Parquet or ZIP, and bring the parts one after another.", most=_whole(mb))  # fmt: skip
        return cls(text, "file-too-large")

    @classmethod
    def held(cls, mb: float) -> LimitError:
        """A person's files that wait to be imported are too many."""
        text = say("Your files that wait to be imported would hold more than {most} MB, the most that one person may. "
                   "Import or take out those above, then bring this one.", most=_whole(mb))  # fmt: skip
        return cls(text, "too-much-held")

    @classmethod
    def all_held(cls) -> LimitError:
        """Everybody's files that wait are too many."""
        text = say("Files of many people wait to be imported, and the server holds no more of them. Bring this one "
                   "again in a few minutes.")  # fmt: skip
        return cls(text, "too-much-held")

    @classmethod
    def workspaces(cls, most: int) -> LimitError:
        """A person owns as many workspaces as one may."""
        text = say("You own {count} workspaces, as many as one person may. Delete or archive one that you need no "
                   "more.", count=most)  # fmt: skip
        return cls(text, "too-many-workspaces")

    @classmethod
    def disk(cls, gb: float) -> LimitError:
        """A person's workspaces take as much disk as they may."""
        text = say("Your workspaces take {most} GB of disk, as much as one person's may. Delete or archive one that "
                   "you need no more, or ask who looks after the server.", most=_whole(gb))  # fmt: skip
        return cls(text, "person-disk")

    @classmethod
    def full(cls, free: float) -> LimitError:
        """The disk is nearly full."""
        text = say("The server's disk is nearly full: {free} MB are free. Nothing was changed, and what is there can "
                   "be looked at as before. Who looks after the server has to make room.",
                   free=round(free * 1024))  # fmt: skip
        return cls(text, "disk-full")


def _whole(number: float) -> int | float:
    return int(number) if float(number).is_integer() else number


def may_grow(limits: Limits, folder: Path, own: Iterable[Path], *, another: bool = False) -> None:
    """Go on only where a person's workspaces may take more.

    Parameters
    ----------
    limits : Limits
    folder : Path
        Of the workspaces.
    own : iterable of Path
        The files of the workspaces that the person owns.
    another : bool
        Whether one more is to be made.

    Raises
    ------
    LimitError
    """
    files = [path for path in own if path.exists()]
    if another and len(files) >= limits.workspaces:
        raise LimitError.workspaces(limits.workspaces)
    if sum(copies.size(path) for path in files) >= limits.person_gb * GB:
        raise LimitError.disk(limits.person_gb)
    at = next(path for path in (folder, *folder.parents) if path.exists())
    if (free := shutil.disk_usage(at).free / GB) < limits.free_gb:
        raise LimitError.full(free)


# ---- uploads ----------------------------------------------------------------------------------------------


class Refusals:
    """Which files were not taken, and why; the page says it where the file would stand."""

    def __init__(self, most: int = 1000) -> None:
        self._most, self._why = most, OrderedDict[str, messages.Message]()

    def note(self, file: str, why: messages.Message) -> None:
        """Note why a file was not taken."""
        self._why[file] = why
        while len(self._why) > self._most:
            self._why.popitem(last=False)

    def of(self, file: str) -> messages.Message | None:
        """Return why a file was not taken; None where it was."""
        return self._why.get(file)


REFUSED = Refusals()
"""Those of this process."""


class Uploads:
    """A middleware that lets files in as far as there is room for them.

    One that is too much is not held: its bytes are let go as they come, an empty file stands in its place, and
    :data:`REFUSED` says why. An error would reach people as a number.

    Parameters
    ----------
    app : ASGI application
    limits : Limits
    held : callable
        Returns the bytes that files hold by Streamlit session.
    whose : callable
        Returns whose request a scope is, "" where nobody is told apart.
    """

    def __init__(
        self, app: ASGIApp, *, limits: Limits, held: Callable[[], Mapping[str, int]], whose: Callable[[Scope], str]
    ) -> None:
        self._app, self._limits, self._held, self._whose = app, limits, held, whose
        self._people: dict[str, str] = {}
        self._coming: dict[str, tuple[str, int]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, a file in parts."""
        found = _UPLOAD.search(scope.get("path", "")) if scope["type"] == "http" else None
        if found is None or scope.get("method") != "PUT":
            await self._app(scope, receive, send)
            return
        session, file = found.groups()
        length = dict(scope["headers"]).get(b"content-length", b"")
        if not length.isdigit():  # browsers say how long a file is; without it nobody knows whether there is room
            await PlainTextResponse("Say how long it is.", 411)(scope, receive, send)
            return
        self._people[session] = self._whose(scope) or session
        size = max(0, int(length) - _OVERHEAD)
        if why := self._too_much(session, size):
            REFUSED.note(file, why.message)
            scope, receive = await _instead(scope, receive)
            await self._app(scope, receive, send)
            return
        self._coming[file] = session, size
        try:
            await self._app(scope, receive, send)
        finally:
            del self._coming[file]

    def _too_much(self, session: str, size: int) -> LimitError | None:
        own = self._limits
        if size > own.upload_mb * MB:
            return LimitError.file(own.upload_mb)
        held = dict(self._held())
        for at, coming in (*self._coming.values(), (session, size)):
            held[at] = held.get(at, 0) + coming
        self._people = {at: self._people[at] for at in held if at in self._people}  # of who holds nothing, nothing
        person = self._people[session]
        if sum(count for at, count in held.items() if self._people.get(at, at) == person) > own.held_mb * MB:
            return LimitError.held(own.held_mb)
        return LimitError.all_held() if sum(held.values()) > own.held_by_all_mb * MB else None


async def _instead(scope: Scope, receive: Receive) -> tuple[Scope, Receive]:
    """Let a file's bytes go, and return a request that brings an empty one."""
    begins, more = b"", True
    while more:  # the file's name may come in several pieces
        message = await receive()
        begins += message.get("body", b"") if len(begins) < _OVERHEAD else b""
        more = message.get("more_body", False)
    body = _empty(dict(scope["headers"]).get(b"content-type", b""), begins)
    said = [(name, str(len(body)).encode() if name == b"content-length" else value) for name, value in scope["headers"]]
    coming = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def given() -> Message:
        return next(coming, {"type": "http.disconnect"})

    return {**scope, "headers": said}, given


def _empty(content_type: bytes, begins: bytes) -> bytes:
    """Return the form that `begins` so, of one file, with nothing in the file but its name."""
    end = b"\r\n--" + content_type.partition(b"boundary=")[2].strip(b'" ') + b"--\r\n"
    head, found, _content = begins.partition(b"\r\n\r\n")
    return head + found + end
