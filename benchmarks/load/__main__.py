"""How long do thirty visitors wait for their answers, and what does an answer cost the server?

    python benchmarks/load [--visitors 30] [--seconds 75] [--only pages|stay|walk|bring|hog|soak]

It starts the app on a folder of its own, waits until it is warm, and lets visitors come: one alone, page by page, who
chooses days that nobody chose before; some who stay on the Funnel
page and change one control, whose answers the server soon has all; some who walk through every page and choose other
days, about half of whose questions nobody asked before; all who import a file at the same moment. Then one person takes
all that a person may while the others walk, and the others' waiting is compared with before.
`--only soak --seconds 1800` walks for half an hour and looks at memory, threads and files. The driver runs on the same
machine: what it takes itself is printed beside.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))

from client import Session  # noqa: E402 - beside this file; what follows is the app's
from visitors import PAGES, Seen, Visit, alone, brings, crowd, stays, takes_all, walks  # noqa: E402

from analysis import open_workspace  # noqa: E402
from ui.screens import SCREENS  # noqa: E402

ROWS = 5000
"""Rows that each visitor imports."""
CROWDS: dict[str, tuple[str, Visit, float]] = {
    "stay": ("stay on the Funnel page", stays, 0.8),
    "walk": ("walk through all pages", walks, 1.5),
}
"""What each crowd is called, what it does, and the seconds within which 95% of its answers are to come."""
KINDS = ("pages", *CROWDS, "bring", "hog", "soak")
SLOWER = {"reallocation": 1.5}
"""Pages that may take longer than a second."""


class Place(NamedTuple):
    """A server that runs: where, which process, and where its workspaces are."""

    base: str
    process: psutil.Process
    folder: Path


def main() -> None:
    """Run the benchmark and print its lines."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=75)
    parser.add_argument("--only", choices=KINDS)
    asked = parser.parse_args()
    wanted = (asked.only,) if asked.only else KINDS[:-1]
    if shared := [name for name in wanted if name != "hog"]:
        with served() as place:
            asyncio.run(warmed(place.base))
            for name in shared:
                if name in CROWDS:
                    walked(place, name, asked.visitors, asked.seconds)
                else:
                    {"pages": pages, "bring": bring, "soak": soak}[name](place, asked.visitors, asked.seconds)
            print(f"server: {place.process.memory_info().rss / 2**20:.0f} MB, {place.process.num_threads()} threads")
    if "hog" in wanted:
        hog(asked.visitors, asked.seconds)


def pages(place: Place, visitors: int, seconds: float) -> None:
    """Let one visitor go through all pages, and print how long each page's answers take."""
    names = ["", *(name for name in SCREENS if name != "home"), "data", "records", "notebooks", "glossary"]

    async def visit() -> tuple[dict[str, list[float]], list[str]]:
        session = Session(place.base)
        await session.open()
        await session.visit("")
        return await alone(session, names, 10), session.errors

    seen, errors = asyncio.run(visit())
    print("one visitor, page by page, days that nobody chose before; until the headline stands")
    for page, taken in seen.items():
        aim, p95 = SLOWER.get(page, 1.0), share(taken, 0.95)
        print(f"  {page or 'home':16} {len(taken):3} answers: p50 {share(taken, 0.5):.2f}, p95 {p95:.2f} s "
              f"(aim: {aim:g}){'' if p95 <= aim else '  MISSED'}")  # fmt: skip
    print(f"  errors: {len(errors)} {'; '.join(sorted(set(errors))[:3])}", flush=True)


def walked(place: Place, name: str, visitors: int, seconds: float, another: int = 0) -> Seen:
    """Let a crowd come, and print what it saw."""
    label, visit, aim = CROWDS[name]
    before, own = used(place.process), time.process_time()
    seen = asyncio.run(crowd(place.base, visit, visitors, seconds, another))
    report(f"{visitors} {label}", seen, used(place.process) - before, time.process_time() - own, aim)
    return seen


def bring(place: Place, visitors: int, seconds: float) -> int:
    """Let everybody import a file at the same moment; return how many rows are there then of how many that came."""
    seen = asyncio.run(crowd(place.base, brings(ROWS), visitors, 1))
    until, count = time.monotonic() + max(120.0, seconds), 0
    while count < visitors * ROWS and time.monotonic() < until:
        time.sleep(1)
        count = sum(map(rows, place.folder.glob("*.duckdb")))
    print(f"{visitors} import {ROWS} rows at once: {count} of {visitors * ROWS} rows are there")
    print(f"  seconds: p50 {share(seen.answers, 0.5):.2f}, p95 {share(seen.answers, 0.95):.2f}, "
          f"errors: {len(seen.errors)} {'; '.join(sorted(set(seen.errors))[:3])}", flush=True)  # fmt: skip
    return count


def rows(path: Path) -> int:
    """Return how many events a workspace holds; the sample is nobody's import."""
    if path.name.startswith("sample-"):
        return 0
    here = open_workspace(path, read_only=True)
    try:
        return here.tables().count("events")
    finally:
        here.close()


def hog(visitors: int, seconds: float) -> float:
    """Let others walk, without and with one person who takes all that a person may; return by how much p95 changes.

    Each time on a server of its own, where the same crowd has walked before and the same visitors choose the same: they
    differ in nothing but the one who comes beside.
    """
    with served() as place:
        asyncio.run(warmed(place.base))
        walked(place, "walk", visitors, seconds, 1)
        alone = walked(place, "walk", visitors, seconds, 2)
    with served() as place:
        asyncio.run(warmed(place.base))
        walked(place, "walk", visitors, seconds, 1)
        before, own = used(place.process), time.process_time()
        seen, asked = asyncio.run(beside(place.base, visitors, seconds))
        label = f"{visitors} walk beside one who takes all that one may"
        report(label, seen, used(place.process) - before, time.process_time() - own, CROWDS["walk"][2])
    p95, without = share(seen.answers, 0.95), share(alone.answers, 0.95)
    print(f"{asked} long questions were asked beside them: p95 {p95:.2f} s, "
          f"without {without:.2f} s: {p95 / without - 1:+.0%} (aim: under 20%)", flush=True)  # fmt: skip
    return p95 / without - 1


async def beside(base: str, visitors: int, seconds: float) -> tuple[Seen, int]:
    """Let a crowd walk beside one who takes all; return what it saw, and how many long questions were asked."""
    return await asyncio.gather(crowd(base, walks, visitors, seconds, 2), takes_all(base, time.monotonic() + seconds))


def soak(place: Place, visitors: int, seconds: float) -> None:
    """Let a crowd walk for long; print how memory grows in the last three quarters, and what is left afterwards."""
    threads, files = place.process.num_threads(), len(place.process.net_connections()) + len(place.process.open_files())
    sizes: list[tuple[float, float]] = []

    async def looked() -> None:
        while True:
            sizes.append((time.monotonic() / 60, place.process.memory_info().rss / 2**20))
            await asyncio.sleep(5)

    async def both() -> Seen:
        looking = asyncio.create_task(looked())
        seen = await crowd(place.base, walks, visitors, seconds)
        looking.cancel()
        return seen

    seen = asyncio.run(both())
    later = sizes[len(sizes) // 4 :]
    slope = statistics.linear_regression([at for at, _ in later], [size for _, size in later]).slope
    time.sleep(60)
    left = len(place.process.net_connections()) + len(place.process.open_files())
    print(f"{visitors} walk for {seconds / 60:.0f} minutes: {len(seen.answers)} answers, {len(seen.errors)} errors")
    quarters = [sizes[min(len(sizes) * part // 4, len(sizes) - 1)][1] for part in range(5)]
    print("  memory by quarters: " + ", ".join(f"{size:.0f}" for size in quarters) + " MB")
    print(f"  memory: {slope:+.2f} MB a minute (aim: under 1); threads {threads} before, {place.process.num_threads()} "
          f"after; files {files} before, {left} after", flush=True)  # fmt: skip


@contextmanager
def served() -> Iterator[Place]:
    """Serve the app on a free port from workspaces of its own, as `make run` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        base = f"127.0.0.1:{probe.getsockname()[1]}"
    with tempfile.TemporaryDirectory() as folder:
        env = os.environ | {"SLUICE_WORKSPACES": folder, "SLUICE_KEY_FILE": f"{folder}/key", "MALLOC_ARENA_MAX": "2"}
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
        process = subprocess.Popen(
            [*command, "--server.port", base.split(":")[1]], cwd=ROOT, env=env, stdout=subprocess.DEVNULL
        )
        try:
            answering(base)
            yield Place(base, psutil.Process(process.pid), Path(folder))
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


async def warmed(base: str, pages: Sequence[str] = PAGES) -> None:
    """See every page once, and give what is compiled beside the pages the time it takes."""
    session = Session(base)
    await session.open()
    for page in pages:
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
    print(f"  p95 by page: {', '.join(f'{page} {taken:.2f}' for page, taken in slowest(seen))}")
    print(f"  processor: {each:.3f} s an answer; {server:.0f} s the server, {driver:.0f} s the driver")
    print(f"  errors: {len(seen.errors)} {'; '.join(sorted(set(seen.errors))[:3])}", flush=True)


def slowest(seen: Seen) -> list[tuple[str, float]]:
    """Return the pages and the seconds within which 95% of their answers came, the slowest first."""
    own = {page: [s for s, of in zip(seen.answers, seen.pages, strict=True) if of == page] for page in set(seen.pages)}
    return sorted(((page, share(taken, 0.95)) for page, taken in own.items()), key=lambda row: -row[1])


def share(values: Sequence[float], part: float) -> float:
    """Return the value below which a part of them lies."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


if __name__ == "__main__":
    main()
