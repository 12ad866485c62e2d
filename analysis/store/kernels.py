"""What every kernel is made with: how it is compiled and how its rows are counted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Row = int | np.uint64
_INNER: dict[str, Any] = {
    "_nrt": False, "error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
}  # fmt: skip
"""Of kernels that only other kernels call: what would take their arguments from Python is a fifth of compiling them."""
ZERO, ONE = np.uint64(0), np.uint64(1)
"""Rows are counted without a sign: of a signed index Numba asks, at every row, whether it counts from the end."""


def compiled(function: Kernel) -> Kernel:
    """Decorate a kernel: compiled at its first call, and kept for other processes where a folder can be written."""
    return _jitted(function)


def borrowing(function: Kernel) -> Kernel:
    """Decorate a kernel that makes no arrays: it only borrows those it is given, and counts no references to them.

    Counting them takes most of the time where many arrays are handed on at every call. Only kernels call it.
    """
    return _jitted(function, **_INNER)


def inlined(function: Kernel) -> Kernel:
    """Decorate a borrowing kernel that is called in one place: its body stands there, and nothing is handed over."""
    return _jitted(function, **_INNER, forceinline=True)


def _jitted(function: Kernel, **flags: Any) -> Kernel:
    try:
        return cast(Kernel, njit(nogil=True, cache=True, **flags)(function))
    except RuntimeError:  # neither this folder nor the home folder can be written: compile in each process
        return cast(Kernel, njit(nogil=True, **flags)(function))


def forget_stale(folder: Path) -> int:
    """Delete compiled kernels that are older than the source of any kernel, and return how many there were.

    What is kept is told by the file of the kernel that was called: where one file's kernel calls another's, a change to
    the second would go unseen.

    Parameters
    ----------
    folder : Path
        The library's.
    """
    sources = [p for p in folder.rglob("*.py") if "analysis.store.kernels import" in p.read_text(encoding="utf-8")]
    newest = max((p.stat().st_mtime for p in sources), default=0.0)
    kept = [p for p in folder.rglob("__pycache__/*.nb[ic]") if p.stat().st_mtime < newest]
    for path in kept:
        path.unlink(missing_ok=True)
    return len(kept)
