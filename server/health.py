"""Does the server live, can it answer, and what does it take? For who restarts it, who sends people to it, who watches.

`/healthz` says that the process answers at all: what restarts a server that hangs asks it. `/readyz` asks for an answer
for real: the app's script is run, a small question is answered, a file is written where the workspaces are. What shares
out visitors asks that, and sends nobody to a server that cannot answer. `/metrics` is for Prometheus.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd
import psutil
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from analysis import Funnel, Tables
from analysis.workspace.disk import probe
from server.registry import Registry

Check = Callable[[], Awaitable[str] | str]
"""Returns what is wrong, "" where nothing is; what it raises is wrong, too."""
FRESH = 10.0
"""Seconds for which a verdict holds: who asks more often makes no more work."""
PATIENCE = 20.0
"""Seconds in which a check has to be done."""
_QUESTION = Funnel(steps=("view", "purchase"), window="7d")


class Readiness:
    """Whether a server can answer, found out by asking it.

    Parameters
    ----------
    checks : mapping of str to callable
        By name; each says what is wrong.
    """

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._asking = asyncio.Lock()
        self._found: tuple[float, dict[str, str]] = (-FRESH, {})

    async def wrong(self) -> dict[str, str]:
        """Return what is wrong by the name of its check; nothing where the server can answer."""
        async with self._asking:
            if time.monotonic() - self._found[0] >= FRESH:
                said = [(name, await _said(check)) for name, check in self._checks.items()]
                self._found = time.monotonic(), {name: text for name, text in said if text}
            return self._found[1]


async def _said(check: Check) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            if asyncio.iscoroutinefunction(check):
                return str(await check())
            return str(await asyncio.to_thread(check))
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except Exception as error:
        logging.getLogger("sluice").exception("not ready")
        return type(error).__name__


def answers() -> str:
    """Ask a small question of a table of three rows; the answer is known."""
    moments = pd.to_datetime(["2026-11-11 08:00", "2026-11-11 09:00", "2026-11-11 10:00"])
    events = {"user_id": ["a", "a", "b"], "timestamp": moments, "event": ["view", "purchase", "view"]}
    users = _QUESTION.run(Tables(events=pd.DataFrame(events))).table["users"].tolist()
    return "" if users == [2, 1] else f"a known answer came out as {users}"


def can_keep(folder: Path, free_gb: float) -> str:
    """Write a file where workspaces are kept, and see that there is room."""
    try:
        probe(folder)
    except OSError as error:
        return f"{folder}: {error.strerror}"
    free = shutil.disk_usage(folder).free / 2**30
    return "" if free >= free_gb else f"{folder}: {free:.1f} GB free, below {free_gb:g}"


def people(held: Registry) -> str:
    """Ask who is here: without the list of people nobody can come in."""
    held.owned()
    return ""


def routes(readiness: Readiness) -> Sequence[BaseRoute]:
    """Return the routes of health and metrics."""

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok", headers={"cache-control": "no-store"})

    async def ready(_request: Request) -> Response:
        wrong = await readiness.wrong()
        return JSONResponse(
            {"ready": not wrong, "wrong": wrong}, 503 if wrong else 200, headers={"cache-control": "no-store"}
        )

    async def metrics(_request: Request) -> Response:
        text = await asyncio.to_thread(generate_latest, meters().registry)
        return Response(text, media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", alive), Route("/readyz", ready), Route("/metrics", metrics)]


# ---- what is measured -------------------------------------------------------------------------------------


class Meters:
    """What this process tells of itself to who watches it.

    Names and labels say nothing of people or of what their data hold.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}
        self.seconds = Histogram(
            "sluice_answer_seconds", "Time from asking to the answer, those kept from before left out, by kind.",
            ["kind"], registry=self.registry, buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
        )  # fmt: skip
        words = "Answers that an error of the program stood in for."
        self.failed = Counter("sluice_failed", words, registry=self.registry)
        own = psutil.Process()
        self.read("sluice_resident_bytes", "Memory of this process.", lambda: own.memory_info().rss)
        self.read("sluice_threads", "Threads of this process.", own.num_threads)
        self.read("sluice_open_files", "Open files of this process.", lambda: len(own.open_files()))
        self.read("sluice_processor_seconds", "Processor time that this process has had.", lambda: _processor(own))
        self.read("sluice_up_seconds", "Seconds since this process began.", lambda: time.time() - own.create_time())
        self.read("sluice_start_time_seconds", "When this process began, in seconds since 1970.", own.create_time)

    def now(self) -> dict[str, float]:
        """Return all that is read when somebody asks, by name."""
        return {name: next(iter(gauge.collect())).samples[0].value for name, gauge in list(self._gauges.items())}

    def read(self, name: str, what: str, value: Callable[[], float]) -> None:
        """Measure something whenever somebody asks; under a name that is known, by another way from now on.

        Parameters
        ----------
        name, what : str
        value : callable
        """
        if name not in self._gauges:
            self._gauges[name] = Gauge(name, what, registry=self.registry)
        self._gauges[name].set_function(value)


def _processor(own: psutil.Process) -> float:
    times = own.cpu_times()
    return float(times.user + times.system)


@lru_cache(maxsize=1)
def meters() -> Meters:
    """Return the meters of this process."""
    return Meters()
