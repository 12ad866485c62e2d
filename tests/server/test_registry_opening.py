"""A new registry may be opened by many at the same moment: one makes its tables, the others find them."""

from __future__ import annotations

import threading
from pathlib import Path

from server.registry import Registry


def test_many_who_open_a_new_registry_at_once_find_one(tmp_path: Path) -> None:
    errors: list[str] = []
    for round_ in range(20):
        start = threading.Barrier(6)

        def begin(path: Path = tmp_path / f"{round_}.db", start: threading.Barrier = start) -> None:
            start.wait()
            try:
                held = Registry(path)
                held.owned()
                held.close()
            except Exception as error:
                errors.append(str(error))

        threads = [threading.Thread(target=begin) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
