"""What browser tests share."""

from __future__ import annotations

import time


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
    """Return the first answer's headline."""
    settled(page)
    return page.locator("[data-testid=stMain] h4").first.inner_text()


def main(page) -> str:
    """Return all that the page shows."""
    settled(page)
    return page.locator("[data-testid=stMain]").inner_text()


def goes_to(page, name: str):
    """Return the link to a page, in the navigation or beside the title; the first one's address is the app's own."""
    ends = "$='/'" if name == "home" else f"*='/{name}'"
    return page.locator(f"[data-testid=stSidebarNav] a[href{ends}], .st-key-family a[href{ends}]").first
