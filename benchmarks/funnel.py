"""How long does a funnel take, beside ClickHouse's windowFunnel and beside only reading the columns?

One run makes the events, loads them into a workspace's DuckDB file and into a ClickHouse table sorted by
user and time, checks that both give the same answer, and times them in turn, so that a busy machine slows
all of them alike. ClickHouse lives in a process of its own: it brings a memory allocator that would speed up
everything else in ours, which the app does not have.
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

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from analysis import storage
from analysis.journey.funnel import Funnel
from analysis.tables import Tables

EVENTS = {  # name: share of all events
    "visit": 0.22, "view": 0.30, "search": 0.12, "favorite": 0.08, "cart": 0.12,
    "checkout": 0.06, "purchase": 0.04, "share": 0.03, "invite": 0.02, "join_private": 0.01,
}  # fmt: skip
CHANNELS = ("search", "feed", "video", "live", "mail", "direct")
STEPS = ("view", "cart", "checkout", "purchase")
DAYS, WINDOW_DAYS, PER_USER, PIECE = 56, 7, 10, 5_000_000
START = np.datetime64("2026-10-01", "us").astype(np.int64)

FUNNEL = Funnel(steps=STEPS, window=f"{WINDOW_DAYS}d")
BY_CHANNEL = FUNNEL.replace(breakdown="channel")
SCAN = "SELECT user_key, timestamp, event_key FROM events"
BATCH = 1_000_000

Timed = dict[str, Callable[[], Any]]


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where to put the stores (default: a temporary folder)")
    parser.add_argument("--alone", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    os.environ["SLUICE_THREADS"] = str(asked.threads)
    if asked.alone:
        print(json.dumps(alone(asked.alone)))
        return
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        compare(asked, Path(folder))


def compare(asked: argparse.Namespace, folder: Path) -> None:
    """Load both stores, check that they agree, time them in turn, and print."""
    workspace = folder / "workspace.duckdb"
    print(f"{asked.events:,} events, {asked.events // PER_USER:,} users, {asked.threads} threads")
    load_workspace(workspace, pieces(asked.events))
    clickhouse, far_end = multiprocessing.get_context("spawn").Pipe()
    rival = multiprocessing.get_context("spawn").Process(target=serve_clickhouse, args=(far_end, folder, asked.threads))
    rival.start()
    load_clickhouse(clickhouse, folder, pieces(asked.events))
    command = [sys.executable, __file__, "--alone", str(workspace), "--threads", str(asked.threads)]
    fresh = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    con = storage.connect(workspace)
    tables = Tables.over(con.cursor(), campaign=None, version="benchmark")
    forms = clickhouse_forms(clickhouse)
    agree(tables, forms)
    timed: Timed = {
        "Sluice, funnel": lambda: FUNNEL.run(tables),
        "DuckDB, bare scan of the three columns": lambda: scan(con),
        "Sluice, funnel by channel": lambda: BY_CHANNEL.run(tables),
        **forms,
    }
    taken = in_turn(timed, asked.repeats)
    clickhouse.send(None)
    rival.join()
    report(taken, fresh)


# ---- the events -------------------------------------------------------------------------------------------


def pieces(events: int) -> Iterator[pa.Table]:
    """Yield the events in pieces, in no order of user or time; the same ones each time."""
    random, users = np.random.default_rng(20261111), max(events // PER_USER, 1)
    for begin in range(0, events, PIECE):
        size = min(PIECE, events - begin)
        # Most people do little and a few do much.
        user = (users * random.beta(0.8, 1.6, size)).astype(np.int32)
        moment = START + random.integers(0, DAYS * 86_400_000, size) * 1000
        event = random.choice(len(EVENTS), size, p=list(EVENTS.values())).astype(np.uint8)
        channel = random.integers(0, len(CHANNELS), size, dtype=np.int8)
        yield pa.table({
            "user": pa.array(user),
            "time": pa.array(moment),
            "event": pa.array(event),
            "channel": pa.array(channel),
        })  # fmt: skip


def names_of(keys: Any, names: Any) -> Any:
    """Return keys as the names they stand for."""
    return pa.DictionaryArray.from_arrays(keys.combine_chunks().cast(pa.int32()), pa.array(names, pa.string()))


# ---- the stores -------------------------------------------------------------------------------------------


def load_workspace(path: Path, events: Iterator[pa.Table]) -> None:
    """Import the events as the app does: batch by batch, each leaving the table sorted."""
    con = storage.connect(path)
    storage.create(con)
    for batch, piece in enumerate(events):
        rows = pa.table({
            "user_id": piece["user"].cast(pa.string()),
            "timestamp": piece["time"].cast(pa.timestamp("us")),
            "event": names_of(piece["event"], list(EVENTS)),
            "channel": names_of(piece["channel"], CHANNELS),
        })  # fmt: skip
        con.execute("BEGIN")
        storage.append(con, "events", storage.normalise("events", rows), batch)
        con.execute("COMMIT")
    con.execute("CHECKPOINT")
    con.close()


def serve_clickhouse(pipe: Connection, folder: Path, threads: int) -> None:
    """Answer queries until there are no more."""
    from chdb.session import Session  # type: ignore[import-not-found]

    session = Session(str(folder / "clickhouse"))
    session.query(f"SET max_threads = {threads}")
    while query := pipe.recv():
        pipe.send(str(session.query(query, "CSV")))


def query(clickhouse: Connection, text: str) -> str:
    """Run one query in ClickHouse's process."""
    clickhouse.send(text)
    answer: str = clickhouse.recv()
    return answer


def load_clickhouse(clickhouse: Connection, folder: Path, events: Iterator[pa.Table]) -> None:
    """Load the events into one merged part: users, moments and events as integers, as in the workspace."""
    query(clickhouse, "CREATE DATABASE bench")
    columns = "user UInt32, time UInt64, event UInt8"
    query(clickhouse, f"CREATE TABLE bench.events ({columns}) ENGINE = MergeTree ORDER BY (user, time)")
    for piece in events:
        path = folder / "piece.parquet"
        pq.write_table(piece.select(["user", "time", "event"]), path)
        query(clickhouse, f"INSERT INTO bench.events SELECT user, time, event FROM file('{path}', Parquet)")
    query(clickhouse, "OPTIMIZE TABLE bench.events FINAL")


# ---- what is timed ----------------------------------------------------------------------------------------


def scan(con: Any) -> None:
    """Read the columns a funnel needs and do nothing with them."""
    for _ in con.cursor().sql(SCAN).to_arrow_reader(BATCH):
        pass


def clickhouse_forms(clickhouse: Connection) -> Timed:
    """Return windowFunnel over all rows and over the steps' rows only, each under several settings."""
    keys = [list(EVENTS).index(step) for step in STEPS]
    conditions = ", ".join(f"event = {key}" for key in keys)
    levels = ", ".join(f"countIf(level >= {k})" for k in range(1, len(STEPS) + 1))
    rows = {"all rows": "", "steps' rows": f"WHERE event IN ({', '.join(map(str, keys))})"}
    settings = {
        "": "",
        ", in order": "SETTINGS optimize_aggregation_in_order = 1",
        ", in order, larger blocks": "SETTINGS optimize_aggregation_in_order = 1, max_block_size = 1000000",
    }
    forms: Timed = {}
    for where, kept in rows.items():
        for how, setting in settings.items():
            text = (
                f"SELECT {levels} FROM (SELECT windowFunnel({WINDOW_DAYS * 86_400_000_000})(time, {conditions}) "
                f"AS level FROM bench.events {kept} GROUP BY user) {setting}"
            )
            forms[f"ClickHouse, {where}{how}"] = partial(query, clickhouse, text)
    return forms


def agree(tables: Tables, forms: Timed) -> None:
    """Stop unless every form counts the same users at each step."""
    users = FUNNEL.run(tables).table["users"].tolist()
    print(f"users per step: {users}")
    for name, form in forms.items():
        found = [int(count) for count in form().split(",")]
        assert found == users, f"{name}: {found}"


def in_turn(timed: Timed, repeats: int) -> dict[str, list[float]]:
    """Time each form once per round, so all see the same machine; the first round only warms them."""
    taken: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(repeats + 1):
        for name, form in timed.items():
            start = time.perf_counter()
            form()
            taken[name].append(time.perf_counter() - start)
    return {name: times[1:] for name, times in taken.items()}


def alone(workspace: Path) -> dict[str, float]:
    """Measure a process that does nothing but this: its first answer, its second, and its memory."""
    before = peak()
    tables = Tables.over(storage.connect(workspace), campaign=None, version="benchmark")
    start = time.perf_counter()
    FUNNEL.run(tables)
    first = time.perf_counter()
    FUNNEL.run(tables)
    second = time.perf_counter()
    plain = peak()
    BY_CHANNEL.run(tables)
    return {"first": first - start, "second": second - first, "before": before, "plain": plain, "channel": peak()}


def peak() -> float:
    """Return the most memory this process has held, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage counts the parent's memory at the time of the fork
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def report(taken: Mapping[str, list[float]], fresh: Mapping[str, float]) -> None:
    """Print medians, and the funnel's ratio to each."""
    medians = {name: statistics.median(times) for name, times in taken.items()}
    ours = medians["Sluice, funnel"]
    print(f"\n{'':48}{'median s':>10}{'least s':>10}{'funnel is':>12}")
    for name, median in sorted(medians.items(), key=lambda pair: pair[1]):
        print(f"{name:48}{median:10.3f}{min(taken[name]):10.3f}{ours / median:11.2f}x")
    rival = min((name for name in medians if name.startswith("ClickHouse")), key=medians.__getitem__)
    floor = medians["DuckDB, bare scan of the three columns"]
    print(f"\nagainst ClickHouse's fastest form ({rival}): {ours / medians[rival]:.2f} (aim: at most 0.5)")
    print(f"against the bare scan: {ours / floor:.2f} (aim: at most 2.5)")
    print(
        "\nalone in a fresh process: first answer {first:.2f} s, second {second:.2f} s; memory before "
        "{before:.0f} MB, at most {plain:.0f} MB, by channel {channel:.0f} MB".format(**fresh)
    )


if __name__ == "__main__":
    main()
