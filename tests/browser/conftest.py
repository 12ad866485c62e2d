"""A real server and an installed Chromium."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from browser_tools import opened, served


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the app from workspaces of its own; yields the address."""
    with served(tmp_path_factory.mktemp("browser")) as address:
        yield address


@pytest.fixture
def visit(server: str, chromium) -> Iterator[Callable]:
    """Return a function that opens a page in a fresh browser session."""
    contexts = []

    def open_page(path: str = "", *, width: int = 1440, dark: bool = False, locale: str = "en-US"):
        page = opened(chromium, f"{server}/{path}", width=width, dark=dark, locale=locale)
        contexts.append(page.context)
        return page

    yield open_page
    for context in contexts:
        context.close()
