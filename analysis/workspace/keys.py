"""Which secret are identifiers hashed with? One for each machine, which no workspace holds and no backup of one."""

from __future__ import annotations

import os
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from analysis.errors import WorkspaceError
from analysis.messages import say

SHORTEST = 16
"""Bytes."""


def key_file() -> Path:
    """Return where the secret that hides identifiers lives: the user's own folder, not the workspace."""
    return Path(os.environ.get("SLUICE_KEY_FILE") or Path.home() / ".config" / "sluice" / "key")


def hash_key() -> bytes:
    """Return the secret that hides identifiers, made where there is none.

    Raises
    ------
    WorkspaceError
        The file of it holds none.
    """
    path = key_file()
    if not path.exists():
        make_key(path, secrets.token_bytes(32))
    if len(key := path.read_bytes()) < SHORTEST:
        text = say(
            "The key file {path} is empty or too short. Put the key back that earlier imports were hashed with.",
            path=str(path),
        )
        raise WorkspaceError.because(text, "bad-key")
    return key


def make_key(path: Path, key: bytes) -> None:
    """Write the secret, whole or not at all; of several who make it at once, the first one's stands for all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", dir=path.parent)  # for its owner alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)
