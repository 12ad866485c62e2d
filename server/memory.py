"""What the process holds and nobody uses goes back to the system."""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa


def give_back() -> bool:
    """Return free memory to the system, and whether the C library can.

    Questions of many people free what lies between what is kept. glibc gives back the end of a heap by itself and holds
    the rest: after seven minutes of thirty people half of its heaps was free and held.

    Examples
    --------
    >>> give_back() == sys.platform.startswith("linux")
    True
    """
    pa.default_memory_pool().release_unused()
    if not sys.platform.startswith("linux"):
        return False
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(0)
    return trim is not None
