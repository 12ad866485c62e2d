"""How long does an import take, beside DuckDB only reading the file and sorting it into a table?

One run makes an events file of the size asked for (a fixed seed) and takes turns between our whole import
(recognise, clean, set aside, sort, store) into a workspace, and DuckDB's bare `read_csv` with `ORDER BY` into a
table of a database file. Every turn is a process of its own, so its peak memory is its own; the first turn of each
also warms the file cache and is thrown away. Seconds of the processor (CPU s) are shown beside those of the clock:
they stay the same where other programs share the machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

EVENTS = {
    "visit": 0.22, "view": 0.30, "search": 0.12, "favorite": 0.08, "cart": 0.12,
    "checkout": 0.06, "purchase": 0.04, "share": 0.03, "invite": 0.02, "join_private": 0.01,
}  # fmt: skip
CHANNELS = ("search", "feed", "video", "live", "mail", "direct")
DAYS, PER_USER, PIECE = 56, 10, 100_000
START = np.datetime64("2026-10-01", "s")
WITHOUT_USER = 1e-4
"""Share of lines with no user: they must be set aside."""


AIM, MOST = 1.75, 2_000


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield what an import takes beside the bare reading and sorting, by the clock, the processor and in memory."""
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        megabytes, repeats = (250, 2) if short else (1_000, 3)
        args = argparse.Namespace(megabytes=megabytes, threads=2, seed=7, folder=Path(folder))
        turn("make", args)
        rounds = [{name: turn(name, args) for name in ("bare", "ours")} for _ in range(repeats + 1)][1:]
    for unit, what in (("seconds", "clock"), ("cpu", "processor")):
        ours, bare = (statistics.median(made[name][unit] for made in rounds) for name in ("ours", "bare"))
        ratio = statistics.median(made["ours"][unit] / made["bare"][unit] for made in rounds)
        yield f"import of {megabytes} MB, {what} s", ours, bare, ratio, f"at most {AIM}"
    peak = max(made["ours"]["peak"] for made in rounds) / 1e6
    yield f"import of {megabytes} MB, peak MB", peak, float(MOST), peak / MOST, f"at most {MOST:,} MB"


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, default=1_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--folder", type=Path, help="where to put the files (default: a temporary folder)")
    parser.add_argument("--turn", choices=("ours", "bare", "make"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.turn:
        print(json.dumps(TURNS[args.turn](args)))
        return
    with contextlib.ExitStack() as stack:
        if args.folder is None:
            args.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluice-bench-")))
        args.folder.mkdir(parents=True, exist_ok=True)
        made = turn("make", args)
        print(f"{made['bytes'] / 1e6:,.0f} MB, {made['rows']:,} events, {args.threads} threads, seed {args.seed}")
        report([{name: turn(name, args) for name in ("bare", "ours")} for _ in range(args.repeats + 1)])


def turn(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Run one turn in a process of its own and return what it measured."""
    options = ["--turn", name, "--folder", str(args.folder), "--megabytes", str(args.megabytes)]
    options += ["--threads", str(args.threads), "--seed", str(args.seed)]
    environment = {**os.environ, "SLUICE_THREADS": str(args.threads), "SLUICE_KEY_FILE": str(args.folder / "key")}
    done = subprocess.run([sys.executable, __file__, *options], env=environment, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def report(rounds: list[dict[str, dict[str, Any]]]) -> None:
    """Print medians and the ratio; stop where the two did not store the same rows."""
    for made in rounds:
        if made["ours"]["rows"] + made["ours"]["set_aside"] != made["bare"]["rows"]:
            sys.exit(f"not the same rows: {made}")
    timed = rounds[1:]
    print(f"{'':6} {'seconds':>9} {'CPU s':>9} {'peak MB':>9}")
    for name in ("bare", "ours"):
        seconds, cpu = (statistics.median(made[name][unit] for made in timed) for unit in ("seconds", "cpu"))
        peak = max(made[name]["peak"] for made in rounds)
        print(f"{name:6} {seconds:9.2f} {cpu:9.2f} {peak / 1e6:9,.0f}")
    seconds, cpu = (
        statistics.median(made["ours"][unit] / made["bare"][unit] for made in timed) for unit in ("seconds", "cpu")
    )
    print(f"{'ratio':6} {seconds:9.2f} {cpu:9.2f}   (aims: at most {AIM}, and ours at most {MOST:,} MB)")


# ---- turns ------------------------------------------------------------------------------------------------


def ours(args: argparse.Namespace) -> dict[str, Any]:
    """Import the file as the app does, from its path to a closed workspace."""
    from analysis.workspace import open_workspace, read_export

    path = args.folder / "ours.duckdb"
    remove(path)
    start, busy = time.perf_counter(), time.process_time()
    workspace = open_workspace(path)
    export = read_export(args.folder / "events.csv", zone="UTC")
    batch = workspace.add(export)
    export.close()
    workspace.close()
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    stored = batch.files[0]
    remove(path)
    return {"seconds": seconds, "cpu": cpu, "rows": stored.rows, "set_aside": stored.set_aside, "peak": peak()}


def bare(args: argparse.Namespace) -> dict[str, Any]:
    """Let DuckDB read the file and sort it into a table, nothing more."""
    path = args.folder / "bare.duckdb"
    remove(path)
    start, busy = time.perf_counter(), time.process_time()
    con = duckdb.connect(str(path))
    con.execute(f"SET threads={int(args.threads)}")
    source = con.read_csv(str(args.folder / "events.csv"))
    source.order('user_id, "timestamp"').create("events")
    rows = con.table("events").shape[0]
    con.close()
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    remove(path)
    return {"seconds": seconds, "cpu": cpu, "rows": rows, "peak": peak()}


def make(args: argparse.Namespace) -> dict[str, Any]:
    """Write the events file, in no order, until it is as large as asked."""
    path, rng, rows = args.folder / "events.csv", np.random.default_rng(args.seed), 0
    target = args.megabytes * 1_000_000
    users = max(1, target // 75 // PER_USER)
    with path.open("wb") as file:
        while file.tell() < target:
            options = pa.csv.WriteOptions(include_header=rows == 0, quoting_style="needed")
            pa.csv.write_csv(piece(rng, users), file, options)
            rows += PIECE
    return {"rows": rows, "bytes": path.stat().st_size}


def piece(rng: np.random.Generator, users: int) -> pa.Table:
    """Return some random events."""
    who = pc.binary_join_element_wise("user", pa.array(rng.integers(0, users, PIECE)).cast(pa.string()), "-")
    seconds = START + rng.integers(0, DAYS * 86_400, PIECE).astype("timedelta64[s]")
    at = pc.strftime(pa.array(seconds), "%Y-%m-%d %H:%M:%S")
    names = rng.choice(len(EVENTS), PIECE, p=list(EVENTS.values()))
    return pa.table(
        {
            "user_id": pc.if_else(pa.array(rng.random(PIECE) < WITHOUT_USER), None, who),
            "timestamp": at,
            "event": pa.array(list(EVENTS)).take(pa.array(names)),
            "channel": pa.array(CHANNELS).take(pa.array(rng.integers(0, len(CHANNELS), PIECE))),
            "item": pc.binary_join_element_wise("sku", pa.array(rng.integers(0, 20_000, PIECE)).cast(pa.string()), "-"),
            "value": pa.array(rng.gamma(2, 40, PIECE).round(2)),
        }
    )


def peak() -> int:
    """Return this process's own largest resident size, in bytes (a parent's counts in ``ru_maxrss``)."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(entry for entry in status.read_text().splitlines() if entry.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def remove(path: Path) -> None:
    """Delete a database file and its log."""
    for name in (path, path.with_name(path.name + ".wal")):
        name.unlink(missing_ok=True)


TURNS = {"ours": ours, "bare": bare, "make": make}

if __name__ == "__main__":
    main()
