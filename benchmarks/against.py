"""Is this commit slower than another? Both are asked every journey question, in turn, in one run.

    .bench/bin/python benchmarks/against.py OLD_CHECKOUT [--events 2000000] [--threads 2] [--repeats 7] [--folder DIR]

One sample campaign is made, and each checkout imports it into a workspace of its own, in a process of its own that then
answers. Each round asks one after the other, in changing order, so that a busy machine slows both alike; the
first round only warms. Seconds of the processor are shown beside those of the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve()
AIM = 1.05
FILES = ("events.parquet", "orders.csv", "spend.csv")


class Spent(NamedTuple):
    """Seconds of one answer."""

    clock: float
    processor: float


Taken = Mapping[str, tuple[list[Spent], list[Spent]]]
"""By question, what this commit and what the old one spent in each round."""


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield each question's seconds of the processor, new and old, and their ratios' median; nothing without an old."""
    from benchmarks.bench import OLD

    if OLD in os.environ:
        taken = in_turn(Path(os.environ[OLD]), events=2_000_000, threads=2, repeats=3 if short else 7, folder=None)
        yield from table(taken, "processor")


def main(argv: list[str] | None = None) -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path, help="a checkout of the commit to compare with")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where to put the data (default: a temporary folder)")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args(argv)
    if asked.serve:
        serve(asked.folder, asked.old.name)
        return
    taken = in_turn(asked.old, asked.events, asked.threads, asked.repeats, asked.folder)
    for unit in Spent._fields:
        print(f"\n{unit:<34}{'new s':>10}{'old s':>10}{'ratio':>8}")
        for what, ours, theirs, ratio, aim in table(taken, unit):
            print(f"{what:<34}{ours:10.3f}{theirs:10.3f}{ratio:8.2f}  {aim}")


def table(taken: Taken, unit: str) -> Iterable[tuple[str, float, float, float, str]]:
    """Yield each question's medians and their ratio, round by round; last the median of these."""
    ratios = []
    for name, both in taken.items():
        ours, theirs = ([getattr(spent, unit) for spent in rounds] for rounds in both)
        ratios.append(statistics.median(a / b for a, b in zip(ours, theirs, strict=True)))
        yield f"{name}, against the old", statistics.median(ours), statistics.median(theirs), ratios[-1], ""
    yield "median question, against the old", 0.0, 0.0, statistics.median(ratios), f"at most {AIM}"


def in_turn(old: Path, events: int, threads: int, repeats: int, folder: Path | None) -> Taken:
    """Let both import one campaign and ask them in turn whatever both can answer."""
    sys.path.insert(0, str(HERE.parents[1]))
    from sample_data.generate import generate

    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder)))
        generate(max(events // 10, 1_000), 11, place)
        both = [stack.enter_context(asking(tree, place, threads)) for tree in (HERE.parents[1], old.resolve())]
        names = [name for name in answered(both[0], "") if name in answered(both[1], "")]
        taken: dict[str, tuple[list[Spent], list[Spent]]] = {name: ([], []) for name in names}
        for turn in range(repeats + 1):
            for name, spent in taken.items():
                for i in (0, 1) if turn % 2 else (1, 0):
                    spent[i].append(Spent(*answered(both[i], name)))
    return {name: (ours[1:], theirs[1:]) for name, (ours, theirs) in taken.items()}


@contextmanager
def asking(tree: Path, place: Path, threads: int) -> Iterator[subprocess.Popen[str]]:
    """Start a process that answers by a checkout's own code."""
    name = f"workspace of {len(list(place.glob('workspace of *')))}"
    (place / name).mkdir()
    environment = {**os.environ, "PYTHONPATH": str(tree), "SLUICE_THREADS": str(threads),
                   "SLUICE_KEY_FILE": str(place / name / "key")}  # fmt: skip
    command = [sys.executable, str(HERE), name, "--serve", "--folder", str(place)]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, env=environment, cwd=tree, **pipes) as running:
        yield running
        assert running.stdin is not None
        running.stdin.close()


def answered(running: subprocess.Popen[str], name: str) -> Any:
    """Ask for one question's seconds; "" for the names of all that can be asked."""
    assert running.stdin is not None
    assert running.stdout is not None
    running.stdin.write(name + "\n")
    running.stdin.flush()
    return json.loads(running.stdout.readline())


def serve(place: Path, name: str) -> None:
    """Import the campaign and answer until there are no more questions; `analysis` is what comes first in the path."""
    from questions import QUESTIONS  # beside this file; the checkout's own may be others

    import analysis

    workspace = analysis.open_workspace(place / name / "workspace.duckdb")
    workspace.campaign = analysis.Campaign.from_json((place / "campaign.json").read_text(encoding="utf-8"))
    workspace.add(*(analysis.read_export(place / file, zone="UTC") for file in FILES))
    tables, asked = workspace.tables(), {}
    for question, make in QUESTIONS.items():
        try:
            asked[question] = make(analysis)
        except (AttributeError, ImportError):  # a commit that has no such question
            continue
    for line in sys.stdin:
        if not line.strip():
            print(json.dumps(list(asked)), flush=True)
            continue
        clock, processor = time.perf_counter(), time.process_time()
        asked[line.strip()].run(tables)
        print(json.dumps([time.perf_counter() - clock, time.process_time() - processor]), flush=True)


if __name__ == "__main__":
    main()
