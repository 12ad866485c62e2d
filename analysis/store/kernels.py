"""What every kernel is made with: how it is compiled and how its rows are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Row = int | np.uint64
ZERO, ONE = np.uint64(0), np.uint64(1)
"""Rows are counted without a sign: of a signed index Numba asks, at every row, whether it counts from the end."""


def compiled(function: Kernel) -> Kernel:
    """Decorate a kernel: compiled at its first call, and kept for other processes where a folder can be written."""
    try:
        return cast(Kernel, njit(nogil=True, cache=True)(function))
    except RuntimeError:  # neither this folder nor the home folder can be written: compile in each process
        return cast(Kernel, njit(nogil=True)(function))


def borrowing(function: Kernel) -> Kernel:
    """Decorate a kernel that makes no arrays: it only borrows those it is given, and counts no references to them.

    Counting them takes most of the time where many arrays are handed on at every call.
    """
    flags: dict[str, Any] = {"nogil": True, "_nrt": False}
    try:
        return cast(Kernel, njit(cache=True, **flags)(function))
    except RuntimeError:
        return cast(Kernel, njit(**flags)(function))
