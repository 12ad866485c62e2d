"""How long does a person wait for each journey question as its page first asks it?

One run makes a sample campaign of about two million events, with its orders and spend, and asks every page's default
question and every view's of it, each warm, in turn with a floor: DuckDB's own sort of who, when and what. A busy
machine slows both alike.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import analysis
from analysis import Campaign, open_workspace, read_export
from analysis.tables import Tables
from benchmarks.questions import QUESTIONS
from sample_data.generate import generate

PER_USER, AIM = 10, 1.0
FLOOR = "DuckDB, sort of user, time and event"


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield each question's seconds, the floor's, and their ratios' median."""
    os.environ["SLUICE_THREADS"] = "2"
    with tempfile.TemporaryDirectory() as folder:
        taken = in_turn(imported(Path(folder), 1_000_000 if short else 2_000_000), 2 if short else 5)
    floors = taken.pop(FLOOR)[1:]
    for name, (_first, *warm) in taken.items():
        ratio = statistics.median(own / base for own, base in zip(warm, floors, strict=True))
        yield f"{name}, beside a sort", statistics.median(warm), statistics.median(floors), ratio, f"{AIM:g} s"


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where to put the data (default: a temporary folder)")
    asked = parser.parse_args()
    os.environ["SLUICE_THREADS"] = str(asked.threads)
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        tables = imported(Path(folder), asked.events)
        print(f"{tables.count('events'):,} events, {tables.count('orders'):,} orders, {asked.threads} threads")
        report(in_turn(tables, asked.repeats))


def imported(folder: Path, events: int) -> Tables:
    """Make the campaign and import it as the app does."""
    generate(max(events // PER_USER, 1_000), 11, folder)
    workspace = open_workspace(folder / "workspace.duckdb")
    workspace.campaign = Campaign.from_json((folder / "campaign.json").read_text(encoding="utf-8"))
    files = ("events.parquet", "orders.csv", "spend.csv")
    workspace.add(*(read_export(folder / name, zone="UTC") for name in files))
    return workspace.tables()


def floor(tables: Tables) -> None:
    """Sort who did what when by their texts, and do nothing with it."""
    events = tables.frame("events").to_native()
    for _ in events.select("user_id", "timestamp", "event").order("user_id, timestamp").to_arrow_reader(1_000_000):
        pass


def in_turn(tables: Tables, repeats: int) -> dict[str, list[float]]:
    """Time each question once per round, the floor first; the first round only warms them."""
    asked: dict[str, Callable[[], Any]] = {FLOOR: partial(floor, tables)}
    asked |= {name: partial(make(analysis).run, tables) for name, make in QUESTIONS.items()}
    taken: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(repeats + 1):
        for name, run in asked.items():
            start = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - start)
    return taken


def report(taken: Mapping[str, Sequence[float]]) -> None:
    """Print the first time, the median and the least of the others, and the median ratio to the floor."""
    print(f"{'':44}{'first s':>10}{'median s':>10}{'least s':>10}{'floors':>10}")
    for name, (first, *warm) in taken.items():
        ratio = statistics.median(own / base for own, base in zip(warm, taken[FLOOR][1:], strict=True))
        print(f"{name:44}{first:10.2f}{statistics.median(warm):10.2f}{min(warm):10.2f}{ratio:10.1f}")
    print(f"(aim: within about {AIM:g} s each)")


if __name__ == "__main__":
    main()
