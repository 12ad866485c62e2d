"""How long do journey questions take, beside ClickHouse and beside only reading the columns, and how do they grow?

One run makes the events, loads them into a workspace's DuckDB file and into a ClickHouse table sorted by user
and time, checks that both give the same answers, and times them in turn, so that a busy machine slows all of them
alike. ClickHouse lives in a process of its own: it brings a memory allocator that would speed up everything else in
ours, which the app does not have.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from analysis.journey.attribution.question import Attribution
from analysis.journey.funnel.question import Funnel
from analysis.journey.loyalty.retention import Retention
from analysis.store import duck
from analysis.tables import Tables
from benchmarks import made_events, rivals

STEPS = ("view", "cart", "checkout", "purchase")
QUESTIONS = {
    "funnel": Funnel(steps=STEPS, window="7d"),
    "retention": Retention(start="visit", returns=(), period="week"),
    "attribution": Attribution(models=("first", "last"), window="7d"),
}
AIMS = {"funnel": 0.25, "retention": 1.0, "attribution": 1.0}
SCAN, BATCH = "SELECT user_key, timestamp, event_key FROM events", 1_000_000
FLOOR = "DuckDB, bare scan of three columns"
SMALLER, LARGER = 10_000_000, 100_000_000

Timed = dict[str, Callable[[], Any]]
Ratios = Iterator[tuple[str, float, float, float, str]]


def rows(short: bool) -> Ratios:
    """Yield each question's seconds, ours and those of ClickHouse's fastest form, and their ratios' median."""
    events, repeats = (20_000_000, 3) if short else (20_000_000, 7)
    os.environ["SLUICE_THREADS"] = "2"
    with tempfile.TemporaryDirectory() as folder:
        asked = argparse.Namespace(events=events, threads=2, repeats=repeats)
        for name, taken in side_by_side(asked, Path(folder)):
            ours, fastest = f"Sluice, {name}", _fastest(taken)
            medians = (statistics.median(taken[form]) for form in (ours, fastest))
            yield f"{name}, 20 M events", *medians, _ratio(taken, ours, fastest), f"at most {AIMS[name]}"


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where to put the stores (default: a temporary folder)")
    parser.add_argument("--only", choices=("side-by-side", "growth"), help="one of the two parts")
    parser.add_argument("--alone", nargs=2, metavar=("QUESTION", "WORKSPACE"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ["SLUICE_THREADS"] = str(asked.threads)
    if asked.alone:
        print(json.dumps(alone(QUESTIONS[asked.alone[0]], Path(asked.alone[1]), asked.repeats)))
        return
    if asked.folder:
        asked.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        if asked.only != "growth":
            for name, taken in side_by_side(asked, Path(folder)):
                report(name, taken)
        if asked.only != "side-by-side":
            growth(asked, Path(folder))


# ---- side by side -----------------------------------------------------------------------------------------


def side_by_side(asked: argparse.Namespace, folder: Path) -> Iterator[tuple[str, dict[str, list[float]]]]:
    """Load both stores, check that they agree, time them in turn, and yield each question's seconds by form."""
    print(f"{asked.events:,} events, {asked.events // made_events.PER_USER:,} users, {asked.threads} threads")
    made_events.load_workspace(folder / "workspace.duckdb", asked.events)
    pipe, far_end = multiprocessing.get_context("spawn").Pipe()
    rival = multiprocessing.get_context("spawn").Process(target=serve_clickhouse, args=(far_end, folder, asked.threads))
    rival.start()
    try:
        made_events.load_clickhouse(partial(query, pipe), folder, asked.events)
        con = duck.connect(folder / "workspace.duckdb")
        tables = Tables.over(con.cursor(), campaign=None, version="benchmark")
        for name, forms in clickhouse(pipe).items():
            agree(name, tables, forms)
            ours = {f"Sluice, {name}": partial(QUESTIONS[name].run, tables)}
            extra: Timed = {FLOOR: partial(scan, con), **in_pandas(con)} if name == "funnel" else {}
            yield name, in_turn({**ours, **extra, **forms}, asked.repeats)
        con.close()
    finally:
        pipe.send(None)
        rival.join()


def serve_clickhouse(pipe: Connection, folder: Path, threads: int) -> None:
    """Answer queries until there are no more."""
    from chdb.session import Session  # type: ignore[import-not-found]

    session = Session(str(folder / "clickhouse"))
    session.query(f"SET max_threads = {threads}")
    while text := pipe.recv():
        try:
            pipe.send(str(session.query(text, "CSV")))
        except Exception as error:
            pipe.send(error)


def query(pipe: Connection, text: str) -> str:
    """Run one query in ClickHouse's process."""
    pipe.send(text)
    answer = pipe.recv()
    if isinstance(answer, Exception):
        raise answer
    return str(answer)


def clickhouse(pipe: Connection) -> dict[str, Timed]:
    """Return ClickHouse's forms of each question."""
    texts = {
        "funnel": rivals.funnels(STEPS),
        "retention": rivals.retentions(),
        "attribution": rivals.attributions(),
    }
    return {
        name: {f"ClickHouse, {form}": partial(query, pipe, text) for form, text in forms.items()}
        for name, forms in texts.items()
    }


def scan(con: Any) -> None:
    """Read the columns a funnel needs and do nothing with them."""
    for _ in con.cursor().sql(SCAN).to_arrow_reader(BATCH):
        pass


def in_pandas(con: Any) -> Timed:
    """Return the funnel in pandas, over a frame that is already sorted by time."""
    names = con.execute("SELECT event, event_key FROM event_names").fetchall()
    events = con.cursor().sql("SELECT user_key AS user, epoch_us(timestamp) AS time, event_key AS event FROM events "
                              "ORDER BY time").df()  # fmt: skip
    events["event"] = events["event"].map({key: made_events.KEYS[name] for name, key in names}).astype("int8")
    return {"pandas, merge_asof per step": lambda: rivals.funnel_in_pandas(events, STEPS)}


def agree(name: str, tables: Tables, forms: Timed) -> None:
    """Stop unless every form gives our answer."""
    answer = QUESTIONS[name].run(tables)
    ours, read = {
        "funnel": lambda: (answer.table["users"].tolist(), lambda csv: [int(n) for n in csv.split(",")]),
        "retention": lambda: (rivals.retention_of_ours(answer.table), rivals.retention_of_theirs),
        "attribution": lambda: (rivals.attribution_of_ours(answer.frame("models")), rivals.attribution_of_theirs),
    }[name]()
    print(f"\n{name}: {answer.headline.text()}")
    for form, run in forms.items():
        found = read(run())
        assert found == ours, f"{form}: {found} is not {ours}"


def in_turn(timed: Timed, repeats: int) -> dict[str, list[float]]:
    """Time each form once per round, so all see the same machine; the first round only warms them.

    Forms that took more than thrice the fastest of their kind in that round are not looked at further.
    """
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(repeats + 1):
        for name in list(taken):
            start = time.perf_counter()
            timed[name]()
            taken[name].append(time.perf_counter() - start)
        theirs = [times[0] for name, times in taken.items() if name.startswith("ClickHouse")]
        for name in [n for n, times in taken.items() if n.startswith("ClickHouse") and times[0] > 3 * min(theirs)]:
            del taken[name]
    return {name: times[1:] for name, times in taken.items()}


def report(name: str, taken: Mapping[str, list[float]]) -> None:
    """Print medians, and the ratio of ours to each in the rounds."""
    medians = {form: statistics.median(times) for form, times in taken.items()}
    ratios = {form: _ratio(taken, f"Sluice, {name}", form) for form in taken}
    print(f"{'':52}{'median s':>10}{'least s':>10}{'ours is':>10}")
    for form, median in sorted(medians.items(), key=lambda pair: pair[1]):
        print(f"{form:52}{median:10.3f}{min(taken[form]):10.3f}{ratios[form]:9.2f}x")
    print(f"{name} against ClickHouse's fastest form: {ratios[_fastest(taken)]:.2f} (aim: at most {AIMS[name]})")


def _fastest(taken: Mapping[str, list[float]]) -> str:
    return min(
        (form for form in taken if form.startswith("ClickHouse")), key=lambda form: statistics.median(taken[form])
    )


def _ratio(taken: Mapping[str, list[float]], one: str, other: str) -> float:
    return statistics.median(a / b for a, b in zip(taken[one], taken[other], strict=True))


# ---- growth -----------------------------------------------------------------------------------------------


def growth(asked: argparse.Namespace, folder: Path) -> None:
    """Ask each question of ten times the events, each in a process of its own, and print time and memory."""
    paths = {events: folder / f"{events}.duckdb" for events in (SMALLER, LARGER)}
    for events, path in paths.items():
        made_events.load_sorted(path, events)
    print(f"\n{'':16}{'10 M s':>10}{'100 M s':>10}{'growth':>10}{'first s':>10}{'10 M MB':>10}{'100 M MB':>10}")
    for name in QUESTIONS:
        rounds = [[fresh(asked, name, path) for path in paths.values()] for _ in range(3)]
        small, large = (min(r[i]["warm"] for r in rounds) for i in (0, 1))
        memory = [max(r[i]["memory"] for r in rounds) for i in (0, 1)]
        first = min(r[1]["first"] for r in rounds)
        grown = statistics.median(r[1]["warm"] / r[0]["warm"] for r in rounds) * SMALLER / LARGER
        print(f"{name:16}{small:10.2f}{large:10.2f}{grown:9.2f}x{first:10.2f}{memory[0]:10.0f}{memory[1]:10.0f}")
    print("(growth: seconds per event beside those at 10 million; aims: at most 1.2, and 2500 MB)")


def fresh(asked: argparse.Namespace, name: str, path: Path) -> dict[str, float]:
    """Measure in a process that does nothing else."""
    command = [sys.executable, __file__, "--alone", name, str(path), "--threads", str(asked.threads), "--repeats", "3"]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


def alone(question: Any, workspace: Path, repeats: int) -> dict[str, float]:
    """Return the seconds of the first answer and the least of those after it, and the most memory held."""
    tables = Tables.over(duck.connect(workspace), campaign=None, version="benchmark")
    taken = []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        question.run(tables)
        taken.append(time.perf_counter() - start)
    return {"first": taken[0], "warm": min(taken[1:]), "memory": peak()}


def peak() -> float:
    """Return the most memory this process has held, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage counts the parent's memory at the time of the fork
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    main()
