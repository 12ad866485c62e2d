"""Every benchmark in a short form, and one table of them all.

Each module here that measures has `rows(short)`, which yields what it measured as :class:`Row`, and `main(argv)`, which
prints more of it. A module runs in a process of its own, so none leaves its memory or its threads to the next.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

MODULES = (
    "journey",
    "latency",
    "imports",
    "reports",
    "start",
    "notebook",
    "against",
    "nulls",
    "intervals",
    "allocation",
    "simulation",
    "audience",
    "audience_value",
    "workspaces",
)
OLD = "SLUICE_BENCH_OLD"
"""Names the checkout of another commit for `against`, which without it has no rows."""


class Row(NamedTuple):
    """One thing that was measured.

    Parameters
    ----------
    what : str
    ours, peer : float or str
        With their unit where they are texts; `peer` is what ours is held against: a peer, a floor, a bound.
    ratio : float or str
        Of ours to the peer's; "" where there is none.
    aim : str
    """

    what: str
    ours: float | str
    peer: float | str
    ratio: float | str
    aim: str


def main(argv: list[str] | None = None) -> int:
    """Run the modules one after the other and print their rows; return 1 where one failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=MODULES, action="append", help="these modules (default: all)")
    parser.add_argument("--old", type=Path, help="checkout of another commit to be asked the same in turn")
    parser.add_argument("--rows", choices=MODULES, help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if asked.rows:
        for row in importlib.import_module(f"benchmarks.{asked.rows}").rows(short=True):
            print(json.dumps(row), flush=True)
        return 0
    if asked.old:
        os.environ[OLD] = str(asked.old.resolve())
    print(f"{'what':<46}{'ours':>14}{'peer, floor':>14}{'ratio':>8}  aim")
    return max(printed(name) for name in asked.only or MODULES if (ROOT / "benchmarks" / f"{name}.py").exists())


def printed(name: str) -> int:
    """Print one module's rows as they come; return 1 where it failed, with the last line it had to say."""
    began = time.monotonic()
    command = [sys.executable, __file__, "--rows", name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        for line in lines(running.stdout):
            print(line, flush=True)
        said = running.stderr.read().strip().splitlines()
    minutes = (time.monotonic() - began) / 60
    failed = f": failed: {said[-1] if said else running.returncode}" if running.returncode else ""
    print(f"({name}, {minutes:.1f} min{failed})", flush=True)
    return int(bool(running.returncode))


def lines(found: Iterable[str]) -> Iterable[str]:
    """Lay out rows; what a module prints beside them is passed over."""
    for text in found:
        if text.startswith("["):
            what, ours, peer, ratio, aim = json.loads(text)
            yield f"{what:<46}{short(ours):>14}{short(peer):>14}{short(ratio):>8}  {aim}"


def short(figure: float | str) -> str:
    """Write a figure with what matters of it."""
    return figure if isinstance(figure, str) else f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


if __name__ == "__main__":
    sys.exit(main())
