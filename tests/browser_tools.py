"""What browser tests share."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
PATIENCE = 120_000


class Wire:
    """What a page and its server said to each other last: after a message of the page's, wait for the server's."""

    def __init__(self, page) -> None:
        self.sent, self.heard = 0.0, 0.0
        page.on("websocket", self._listen)

    def _listen(self, socket) -> None:
        socket.on("framesent", lambda _: setattr(self, "sent", time.monotonic()))
        socket.on("framereceived", lambda _: setattr(self, "heard", time.monotonic()))

    @property
    def answered(self) -> bool:
        """Whether the server has begun to answer."""
        return self.heard > self.sent


def settled(page) -> None:
    """Wait until the script has run to its end and the page shows what it said."""
    page.wait_for_selector("[data-testid=stMain]")
    page.wait_for_timeout(250)  # for a press to become a message
    for _ in range(600):
        if page.wire.answered:
            break
        page.wait_for_timeout(100)
    else:
        raise TimeoutError("the server has not answered")
    page.wait_for_timeout(50)  # for the answer's beginning to be drawn
    page.wait_for_function(
        "document.querySelector('[data-testid=stApp]').dataset.testScriptState === 'notRunning'"
        " && document.querySelector('[data-testid=stMain]').innerText.trim()"
        " && !document.querySelector('[data-testid=stStatusWidget]')"
        " && !document.querySelector('[data-testid=stSpinner]')"
        " && !document.querySelector('[data-testid=stSkeleton]')"
        " && !document.querySelector('[data-stale=true]')"
    )


def headline(page) -> str:
    """Return the first answer's headline, what keeps a sign with its amount taken out."""
    settled(page)
    return page.locator("[data-testid=stMain] h4").first.inner_text().replace("\u2060", "")


def main(page) -> str:
    """Return all that the page shows."""
    settled(page)
    return page.locator("[data-testid=stMain]").inner_text()


def goes_to(page, name: str):
    """Return the link to a page, in the navigation or beside the title; the first one's address is the app's own."""
    ends = "$='/'" if name == "home" else f"*='/{name}'"
    return page.locator(f"[data-testid=stSidebarNav] a[href{ends}], .st-key-family a[href='{name}']").first


# ---- a server and a browser -------------------------------------------------------------------------------


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve the app from workspaces of its own in a folder; gives the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | {"SLUICE_WORKSPACES": str(folder), "SLUICE_KEY_FILE": str(folder / "key")}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.fileWatcherType", "none"]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            _wait(f"http://127.0.0.1:{port}/_stcore/health")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


def _wait(url: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(url)


@contextmanager
def browsing() -> Iterator:
    """Start the installed Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def opened(browser, url: str, *, width: int = 1440, dark: bool = False, locale: str = "en-US"):
    """Return a page in a browser session of its own; its `context` is to be closed."""
    scheme = "dark" if dark else "light"
    context = browser.new_context(
        viewport={"width": width, "height": 1000}, color_scheme=scheme, locale=locale, accept_downloads=True
    )
    page = context.new_page()
    page.wire = Wire(page)
    page.set_default_timeout(PATIENCE)
    page.goto(url, wait_until="domcontentloaded")
    return page


def addresses(page) -> list[str]:
    """Return the addresses of all pages of the navigation, the first one's being the app's own."""
    settled(page)
    found = page.locator("[data-testid=stSidebarNav] a").evaluate_all("links => links.map(a => a.pathname.slice(1))")
    return list(dict.fromkeys(found))
