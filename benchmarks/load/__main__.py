"""How long do thirty visitors wait for their answers, and what does an answer cost the server?

    python benchmarks/load [--visitors 30] [--seconds 75] [--only stay|walk]

It starts the app on a folder of its own, waits until it is warm, and lets visitors come: first some who stay on the
Funnel page and change one control, whose answers the server soon has all; then some who walk through every page and
choose other days, about half of whose questions nobody asked before. The driver runs on the same machine: what it takes
itself is printed beside.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
from client import Session
from visitors import PAGES, Seen, Visit, crowd, stays, walks

ROOT = Path(__file__).resolve().parents[2]
CROWDS: dict[str, tuple[str, Visit, float]] = {
    "stay": ("stay on the Funnel page", stays, 1.0),
    "walk": ("walk through all pages", walks, 2.0),
}
"""What each crowd is called, what it does, and the seconds within which 95% of its answers are to come."""


def main() -> None:
    """Run the benchmark and print its lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=75)
    parser.add_argument("--only", choices=list(CROWDS))
    asked = parser.parse_args()
    with served() as (base, process):
        asyncio.run(warmed(base))
        for name, (label, visit, aim) in CROWDS.items():
            if asked.only in (None, name):
                before, own = used(process), time.process_time()
                seen = asyncio.run(crowd(base, visit, asked.visitors, asked.seconds))
                report(f"{asked.visitors} {label}", seen, used(process) - before, time.process_time() - own, aim)
        print(f"server: {process.memory_info().rss / 2**20:.0f} MB, {process.num_threads()} threads")


@contextmanager
def served() -> Iterator[tuple[str, psutil.Process]]:
    """Serve the app on a free port from workspaces of its own, as `make run` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"SLUICE_WORKSPACES": folder, "SLUICE_KEY_FILE": f"{folder}/key"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
        process = subprocess.Popen(
            [*command, "--server.port", base.split(":")[1]], cwd=ROOT, env=env, stdout=subprocess.DEVNULL
        )
        try:
            answering(base)
            yield base, psutil.Process(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)


def answering(base: str) -> None:
    """Wait until the server answers at all."""
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"http://{base}/_stcore/health", timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(base)


async def warmed(base: str) -> None:
    """See every page once, and give what is compiled beside the pages the time it takes."""
    session = Session(base)
    await session.open()
    for page in PAGES:
        await session.visit(page)
    await session.close()
    await asyncio.sleep(5)


def used(process: psutil.Process) -> float:
    """Return the processor's seconds that a process has had."""
    times = process.cpu_times()
    return float(times.user + times.system)


def report(label: str, seen: Seen, server: float, driver: float, aim: float) -> None:
    """Print what a crowd saw."""
    count = len(seen.answers)
    each = server / max(1, count + len(seen.openings))
    print(f"{label}: {count} answers, {seen.cached / max(1, count):.0%} of them asked before")
    print(f"  seconds: p50 {share(seen.answers, 0.5):.2f}, p95 {share(seen.answers, 0.95):.2f} (aim: {aim:g}), "
          f"first page p95 {share(seen.openings, 0.95):.2f}")  # fmt: skip
    print(f"  processor: {each:.3f} s an answer; {server:.0f} s the server, {driver:.0f} s the driver")
    print(f"  errors: {len(seen.errors)} {'; '.join(sorted(set(seen.errors))[:3])}", flush=True)


def share(values: Sequence[float], part: float) -> float:
    """Return the value below which a part of them lies."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


if __name__ == "__main__":
    main()
