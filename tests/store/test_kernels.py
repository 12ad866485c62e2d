"""What is compiled is what is written."""

from __future__ import annotations

import os
from pathlib import Path

from analysis.store.kernels import forget_stale


def test_kernels_older_than_any_kernels_source_are_forgotten(tmp_path: Path) -> None:
    kept = tmp_path / "room" / "__pycache__"
    kept.mkdir(parents=True)
    source, plain = tmp_path / "other.py", tmp_path / "words.py"
    source.write_text("from analysis.store.kernels import compiled", encoding="utf-8")
    plain.write_text("", encoding="utf-8")
    old, new, code = kept / "walk.nbi", kept / "walk.1.nbc", kept / "walk.cpython.pyc"
    for path, at in ((old, 50), (code, 50), (source, 100), (new, 150), (plain, 200)):
        path.touch()
        os.utime(path, (at, at))
    assert forget_stale(tmp_path) == 1
    assert not old.exists() and new.exists() and code.exists()
    assert forget_stale(tmp_path) == 0
