"""Whose page is this? The gate says it with every run; where there is none, it is who sits at this computer."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from analysis.errors import SluiceError
from analysis.messages import say
from server import audit, gate, registry
from server.config import Config, current, workspaces_folder
from server.people import ANYONE, LOCAL, Person
from server.registry import Registry
from ui.once import once


class SignedOut(SluiceError):
    """Nobody is known here, or not any more."""


def folder() -> Path:
    """Return where workspaces are kept: `SLUICE_WORKSPACES`, else `workspaces/` beside the app."""
    return workspaces_folder(config())


def config() -> Config:
    """Return the server's settings."""
    return gate.STANDING[-1] if gate.STANDING else current()


def held() -> Registry | None:
    """Return who is here and whose is what; None where nobody is told apart."""
    return None if config().sign_in.mode == "none" else registry.opened(folder())


def person() -> Person:
    """Return whose page this is.

    Raises
    ------
    SignedOut
        The session has ended, or the app is served to others without its gate.
    """
    return once("person", _person)


def token() -> str:
    """Return what the gate passed on of the session's cookie."""
    return st.context.headers.get(gate.PASS.decode()) or ""


def _person() -> Person:
    mode = config().sign_in.mode
    if not gate.STANDING and (mode != "none" or not gate.is_here(st.context.headers.get("Host") or "")):
        text = say("Sluice is served to others without its gate. Start it with: streamlit run serve.py")
        raise SignedOut(text, "no-gate")
    if mode == "none":
        return LOCAL
    here = registry.opened(folder())
    session = here.standing(token()) if token() else None
    if session:
        return session.person
    if mode == "open" and not token():
        return ANYONE
    raise SignedOut(say("You are signed out. Reload the page to sign in again."), "signed-out")


def sign_out() -> None:
    """End this session: its cookie is nobody's from now on, and its sockets close."""
    if here := held():
        audit.note(here, person(), "sign-out")
        here.end(token())
        gate.left(token())
