"""Does memory that nobody uses go back to the system?"""

from __future__ import annotations

import sys

import numpy as np
import psutil
import pytest

from server.memory import give_back


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc is asked to")
def test_what_lies_free_between_what_is_kept_is_given_back() -> None:
    held = psutil.Process().memory_info
    blocks = [np.ones(8_000) for _ in range(3_000)]  # 64 kB each, too small for a mapping of its own
    kept = blocks[::50]
    full = held().rss
    del blocks
    assert give_back()
    assert full - held().rss > 0.8 * (3_000 - len(kept)) * kept[0].nbytes
    assert all(block.sum() == 8_000 for block in kept)
