"""How long does Home take on a warm server: its figures, and the findings beside them?

The sample campaign is imported as the app does; both questions are asked once to warm them, then again and again, and
the processor's seconds are taken, which a busy machine does not change.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from analysis import Findings, Overview
from analysis.question import Question
from analysis.tables import Tables

AIM = 1.0
"""Seconds within which the figures are to stand."""


def rows(short: bool) -> Iterator[tuple[str, float, str, str, str]]:
    """Yield what the figures and the findings take."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SLUICE_WORKSPACES"] = folder
        from ui import session  # it reads where workspaces lie

        tables = session.sample().tables()
        where = tables.current()
        yield "Home: figures", taken(Overview(where=where), tables, 3 if short else 9), "", "", f"{AIM:g} s"
        yield "Home: findings", taken(Findings(where=where), tables, 1 if short else 5), "", "", ""


def taken(question: Question, tables: Tables, repeats: int) -> float:
    """Return the median of the processor's seconds that a warm question takes."""
    question.run(tables)
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        question.run(tables)
        found.append(time.process_time() - begun)
    return statistics.median(found)


def main() -> None:
    """Run the benchmark and print its lines."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    for what, seconds, _, _, aim in rows(short=False):
        print(f"{what:20}{seconds:8.2f} s of the processor" + (f" (aim: {aim})" if aim else ""))


if __name__ == "__main__":
    main()
