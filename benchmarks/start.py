"""How long until the first chart: on a server just started, and in each later session?

    python -m benchmarks.start [--sessions 3]

Starts the app on this computer with nothing run before but `python -m ui.prepare`, opens it in an installed Chromium,
and times from the command to the first chart drawn, and from each later session's opening to its own. Seconds of the
processor of `from analysis import Funnel, Tables`, in a process of its own with warm caches, stand beside them.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
AIMS = {"first chart after the start": 10.0, "first chart of a later session": 3.0, "import of the library, CPU": 1.0}
IMPORT = "import time; t = time.process_time(); from analysis import Funnel, Tables; print(time.process_time() - t)"


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield seconds, the aim and their ratio."""
    for what, seconds in measured(2 if short else 5).items():
        yield what, seconds, AIMS[what], seconds / AIMS[what], f"at most {AIMS[what]:g} s"


def measured(sessions: int) -> dict[str, float]:
    """Return the seconds of each thing measured."""
    with prepared() as (folder, browser):
        began = time.monotonic()
        with serving(folder) as port:
            chart(browser, port)
            first, later = time.monotonic() - began, []
            for _ in range(sessions):
                began = time.monotonic()
                chart(browser, port)
                later.append(time.monotonic() - began)
    loading = [
        float(subprocess.run([sys.executable, "-c", IMPORT], cwd=ROOT, check=True, capture_output=True).stdout)
        for _ in range(3)
    ]
    return dict(zip(AIMS, (first, statistics.median(later), min(loading)), strict=True))


@contextmanager
def prepared() -> Iterator[tuple[Path, Any]]:
    """Set the app up in a folder of its own, as `make run` does, and start a browser, whose own start is not ours."""
    from playwright.sync_api import sync_playwright

    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as play:
        subprocess.run(
            [sys.executable, "-m", "ui.prepare"], cwd=ROOT, env=_env(folder), check=True, capture_output=True
        )
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        browser.new_page().goto("about:blank")
        yield Path(folder), browser
        browser.close()


def _env(folder: object) -> dict[str, str]:
    return os.environ | {"SLUICE_WORKSPACES": f"{folder}", "SLUICE_KEY_FILE": f"{folder}/key", "PYTHONPATH": f"{ROOT}"}


@contextmanager
def serving(folder: Path) -> Iterator[int]:
    """Serve the app from a folder; yields the port, before the server listens."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
    server = subprocess.Popen(command, cwd=ROOT, env=_env(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        server.terminate()
        server.wait()


def chart(browser: Any, port: int) -> None:
    """Open the app in a session of its own and wait for its first chart."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    for _ in range(600):
        try:
            page.goto(f"http://127.0.0.1:{port}/", wait_until="commit")
            break
        except Exception:  # the server does not listen yet
            time.sleep(0.1)
    page.locator("[data-testid=stMain] [data-testid=stVegaLiteChart] :is(canvas, svg)").first.wait_for(timeout=120_000)
    page.context.close()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=3)
    asked = parser.parse_args()
    for what, seconds in measured(asked.sessions).items():
        print(f"{what:<34}{seconds:8.2f} s  (aim: at most {AIMS[what]:g} s)")


if __name__ == "__main__":
    main()
