"""What every kernel is made with: how it is compiled, how its rows are counted, what its arrays are called."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from numba import njit

Kernel = TypeVar("Kernel", bound=Callable[..., Any])
Ints = npt.NDArray[np.integer[Any]]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
ZERO, ONE = np.uint64(0), np.uint64(1)
"""Rows are counted without a sign: of a signed index Numba asks, at every row, whether it counts from the end."""


def compiled(function: Kernel) -> Kernel:
    """Decorate a kernel: compiled at its first call, and kept for other processes where a folder can be written."""
    try:
        kept: Kernel = njit(nogil=True, cache=True)(function)
    except RuntimeError:  # neither this folder nor the home folder can be written: compile in each process
        kept = njit(nogil=True)(function)
    return kept
