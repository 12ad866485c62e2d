"""Processes of their own that begin with the library loaded, do some work, say how far they are, and can be killed."""

from __future__ import annotations

import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from types import ModuleType
from typing import Any

CHILDREN = multiprocessing.get_context("forkserver")
CHILDREN.set_forkserver_preload(
    ["analysis.workspace.migrations", "analysis.journey.funnel.question", "analysis.audience.lifecycle"]
)


@contextmanager
def nobody_main() -> Iterator[None]:
    """Let no module be the main one: a child runs it anew, and a page's test leaves the app as that."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


@dataclass
class Child:
    """A process at work, and what it says."""

    process: Any
    ear: Connection

    def hears(self) -> str:
        """Wait for its next word."""
        return str(self.ear.recv())

    def kill(self) -> list[str]:
        """Kill it; return what it had said and nobody heard."""
        self.process.kill()
        return self.ends()

    def ends(self) -> list[str]:
        """Wait for its end; return what it had said and nobody heard."""
        self.process.join()
        words = []
        try:
            while self.ear.poll():
                words.append(str(self.ear.recv()))
        except EOFError:
            pass
        return words


def begin(work: Callable[..., None], *args: Any, scratch: str | None = None) -> Child:
    """Start a function, given a way to say words and its arguments, in a process of its own."""
    ear, mouth = CHILDREN.Pipe(duplex=False)
    process = CHILDREN.Process(target=_works, args=(work, mouth, scratch, *args))
    with nobody_main():
        process.start()
    mouth.close()
    return Child(process, ear)


def _works(work: Callable[..., None], mouth: Connection, scratch: str | None, *args: Any) -> None:
    os.environ["SLUICE_THREADS"] = "1"
    tempfile.tempdir = scratch
    work(mouth.send, *args)
