"""How does Streamlit's server come behind the gate? The one module here that knows Streamlit.

`serve.py` at the root makes its application of what :func:`around` returns.
"""

from __future__ import annotations

import errno
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import BaseRoute
from streamlit import config as streamlit_config
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from analysis.errors import SluiceError
from analysis.messages import say
from analysis.workspace.disk import probe, refused, room
from server import audit, health, registry, running
from server.config import Config, ConfigError, current, remarks, workspaces_folder
from server.doors import Doors
from server.gate import PASS, STANDING, Gate, Scope, Told, is_loopback
from server.guests import Rooms
from server.limits import Uploads
from server.people import ANYONE

_FILES = b"/media/"
TIDY = 300.0
"""Seconds between two rounds of tidying up."""


def around() -> Mapping[str, Any]:
    """Return what `streamlit.starlette.App` takes to stand behind the gate; end the process where it may not start.

    Returns
    -------
    mapping
        `middleware` and `routes`.
    """
    try:
        config = current()
        refuse_unguarded(config, streamlit_config.get_option("server.address"))
        folder = workspaces_folder(config)
        refuse_unusable(folder)
    except SluiceError as error:
        sys.exit(str(error))
    for text in remarks(config):
        logging.getLogger("sluice").warning("%s", text)
    STANDING.append(config)
    parts = {"middleware": middleware(config, folder), "routes": routes(config, folder)}
    threading.Thread(target=_keep_tidy, args=(config, folder), daemon=True).start()
    return parts


def _whose(held: registry.Registry) -> Callable[[Scope], str]:
    """Return what says whose a request is that the gate let through; "" where nobody is told apart."""

    def whose(scope: Scope) -> str:
        token = dict(scope["headers"]).get(PASS, b"").decode()
        session = held.standing(token) if token else None
        return session.person.id if session else ""

    return whose


def middleware(config: Config, workspaces: Path) -> Sequence[Middleware]:
    """Return the gate as a middleware around a server of a folder of workspaces."""
    held = registry.opened(workspaces)
    if config.sign_in.mode == "open":
        held.known(ANYONE)
    elif config.signs_in:
        held.obey(config)
    return [
        Middleware(Gate, config=config, registry=held, wire=Streamlit()),
        Middleware(Uploads, limits=config.limits, held=running.held, whose=_whose(held)),
    ]


def routes(config: Config, workspaces: Path) -> Sequence[BaseRoute]:
    """Return the routes of health and metrics, and of the pages before the door; a laptop has none of those."""
    watched = health.routes(readiness(config, workspaces))
    if config.sign_in.mode == "none":
        return watched
    held = registry.opened(workspaces)
    return [*watched, *Doors(config, held, Rooms(held, workspaces, config)).routes()]


def readiness(config: Config, workspaces: Path) -> health.Readiness:
    """Return what has to hold for a server to be sent visitors."""
    return health.Readiness(
        {
            "script": running.script_runs,
            "question": health.answers,
            "workspaces": lambda: health.can_keep(workspaces, config.limits.free_gb),
            "people": lambda: health.people(registry.opened(workspaces)),
        }
    )


def _keep_tidy(config: Config, workspaces: Path) -> None:
    """Close the rooms whose time is over, and let old entries go, every few minutes."""
    held = registry.opened(workspaces)
    while True:
        try:
            Rooms(held, workspaces, config).sweep()
            audit.prune(held, config.server.audit_days)
        except Exception:  # the disk may be full; next time it may not be
            logging.getLogger("sluice").exception("could not tidy up")
        time.sleep(TIDY)


def refuse_unguarded(config: Config, address: str | None) -> None:
    """Refuse to serve a network where nobody is asked who they are, unless that is what was set.

    Raises
    ------
    ConfigError

    Examples
    --------
    >>> refuse_unguarded(Config(), "127.0.0.1")
    >>> refuse_unguarded(Config(), "0.0.0.0")
    Traceback (most recent call last):
        ...
    server.config.ConfigError: The setting sign_in.mode: none is for this computer alone, and 0.0.0.0 is reached ...
    """
    if config.sign_in.mode == "none" and not is_loopback(address):
        text = say(
            "none is for this computer alone, and {address} is reached from others. Choose oidc or proxy, or open, "
            "which lets everybody who reaches the server do everything; see docs/sign-in.md.",
            address=address or "0.0.0.0",
        )
        raise ConfigError.because("sign_in.mode", text)
    if streamlit_config.get_option("server.baseUrlPath") and config.sign_in.mode != "none":
        text = say("the server has to stand at the root of its address; clear server.baseUrlPath.")
        raise ConfigError.because("sign_in.mode", text)


def refuse_unusable(folder: Path) -> None:
    """Refuse a folder of workspaces in which nothing can be written: Streamlit would call it a port that is taken.

    Raises
    ------
    WorkspaceError
    """
    with room(folder / "server.db"):
        probe(folder)
    for path in folder.glob("server.db*"):
        if not os.access(path, os.R_OK | os.W_OK):
            raise refused(path, os.strerror(errno.EACCES))


class Streamlit:
    """What Streamlit's messages to a browser give away."""

    def told(self, frame: bytes, *, first: bool) -> Told:
        """Return the files whose addresses a message gives, and the session's name if the message says it."""
        if not first and _FILES not in frame:
            return Told(frozenset(), "")
        message = ForwardMsg.FromString(frame)
        session = message.new_session.initialize.session_id if message.HasField("new_session") else ""
        return Told(frozenset(_files(message)) if _FILES in frame else frozenset(), session)

    def farewell(self, url: str) -> bytes:
        """Return the message that leads a browser elsewhere, as `st.logout` does."""
        message = ForwardMsg()
        message.auth_redirect.url = url
        frame: bytes = message.SerializeToString()
        return frame


def _files(message: ForwardMsg) -> set[str]:
    """Return the files of a message that stand where an address stands: a text that looks like one gives nothing."""
    element = message.delta.new_element
    urls = [
        message.page_config_changed.favicon,
        message.logo.image,
        message.logo.icon_image,
        message.backend_operation_response.deferred_file.url,
        element.download_button.url,
        element.audio.url,
        element.video.url,
        *(image.url for image in element.imgs.imgs),
    ]
    return {url.partition("/media/")[2] for url in urls if "/media/" in url}
