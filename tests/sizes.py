"""How many cases a test of drawn ones draws: all of them where nobody waits, a third where somebody does."""

from __future__ import annotations

import os


def cases(number: int) -> int:
    """Return how many of the cases are drawn here: all under `CI=true`, a third without."""
    return number if os.environ.get("CI") == "true" else -(-number // 3)
