"""What is found once in a run of the script, however often the page asks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

from streamlit.runtime.scriptrunner import get_script_run_ctx

T = TypeVar("T")
_RUN = threading.local()
"""The run that this thread is in, and what it has found."""


def begin() -> None:
    """Note that a run begins, in which everything is found anew."""
    _RUN.of, _RUN.found = get_script_run_ctx(), dict[str, Any]()


def once(name: str, find: Callable[[], T]) -> T:
    """Return what this run found under a name; outside a run it is found each time."""
    run = get_script_run_ctx()
    if run is None or getattr(_RUN, "of", None) is not run:
        begin()  # a callback or a part of a page, which run before app.py or without it
    if name not in _RUN.found:
        _RUN.found[name] = find()
    found: T = _RUN.found[name]
    return found


def forget(name: str) -> None:
    """Let what was found under a name be found anew: something was changed that it depends on."""
    if (found := getattr(_RUN, "found", None)) is not None:
        found.pop(name, None)
