"""How many cases a test of drawn ones draws: a third while somebody waits, all of them under `make test-thorough`."""

from __future__ import annotations

import os


def cases(number: int) -> int:
    """Return how many of the cases are drawn here: all under `THOROUGH=true`, a third without."""
    return number if os.environ.get("THOROUGH") == "true" else -(-number // 3)
