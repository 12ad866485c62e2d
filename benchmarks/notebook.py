"""How long until a notebook of sixty cells stands, and how long does one changed cell take beside its own page?

    python -m benchmarks.notebook [--cells 60]

Starts the app on this computer, warm, with a notebook of sixty cells that ask questions of a copy of the sample, and
opens it in an installed Chromium: seconds to the first chart drawn, and from a change of the funnel's window to its new
headline in the notebook and on the Funnel page, in turn.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis import (
    Attribution,
    Filter,
    Funnel,
    Lifecycle,
    Nodes,
    Notebook,
    PageSpeed,
    Paths,
    Performance,
    Retention,
    Sales,
    Words,
    open_workspace,
)  # fmt: skip
from analysis.notebook import looked, told
from analysis.workspace.folder import new_id
from benchmarks.start import chart, prepared, serving

KINDS = (Funnel, Retention, Sales, Performance, Paths, PageSpeed, Nodes, Lifecycle, Attribution)
AIMS = {"first screen of a notebook of 60 cells": 3.0, "a changed cell, over its own page": 0.3}


def rows(short: bool) -> Iterator[tuple[str, float, float, float, str]]:
    """Yield seconds, the aim and their ratio."""
    for what, seconds in measured(60, 3 if short else 7).items():
        yield what, seconds, AIMS[what], seconds / AIMS[what], f"at most {AIMS[what]:g} s"


def measured(cells: int, repeats: int) -> dict[str, float]:
    """Return the seconds of each thing measured."""
    with prepared() as (folder, browser):
        id = new_id()
        first, kept = _made(folder, id, cells)
        with serving(folder) as port:
            chart(browser, port)
            address = f"http://127.0.0.1:{port}/notebooks?workspace={id}&notebook={kept}"
            openings = [_opening(browser, address) for _ in range(repeats + 1)][1:]
            own, page = _changes(browser, address, port, id, first, repeats)
    return dict(zip(AIMS, (statistics.median(openings), statistics.median(own) - statistics.median(page)), strict=True))


def _made(folder: Path, id: str, cells: int) -> tuple[str, int]:
    """Keep a notebook in a copy of the sample; return the ids of its first question's cell and of the notebook."""
    sample = open_workspace(next(folder.glob("sample-*.duckdb")), read_only=True)
    path = sample.copy(folder / f"{id}.duckdb")
    here = open_workspace(path)
    here.name = "Benchmark"
    tables = here.tables()
    book = Notebook(title="Sixty cells").add(Funnel(steps=("view", "cart", "checkout", "purchase"), window="7d"))
    for n in range(cells - 1):
        where = Filter(start=f"2026-10-{1 + n % 20:02d}", end="2026-11-15")
        book = book.add(Words(text=f"## Part {n}") if n % 4 == 3 else
                        KINDS[n % len(KINDS)].suggested(tables).replace(where=where))  # fmt: skip
    kept = here.keep("sixty", looked(book, told(book, tables)))
    here.close()
    return book.cells[0].id, kept.id


def _opening(browser: Any, address: str) -> float:
    began = time.monotonic()
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(address, wait_until="commit")
    page.locator("[data-testid=stMain] [data-testid=stVegaLiteChart] :is(canvas, svg)").first.wait_for(timeout=120_000)
    page.context.close()
    return time.monotonic() - began


def _changes(
    browser: Any, address: str, port: int, id: str, cell: str, repeats: int
) -> tuple[list[float], list[float]]:
    """Return the seconds from a change of the window to the new headline, in the notebook and on the page, in turn."""
    pages = []
    for place, url in ((f"notebook-{cell}", address), ("funnel", f"http://127.0.0.1:{port}/funnel?workspace={id}")):
        page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
        page.goto(url, wait_until="commit")
        page.locator("[data-testid=stMain] h4").first.wait_for(timeout=120_000)
        if place != "funnel":
            page.locator(f".st-key-notebook-do-{cell} button:visible").click()
            page.get_by_text("Edit", exact=True).last.click()
        page.locator(f".st-key-{place}-amount input").wait_for(timeout=120_000)
        page.wait_for_timeout(3000)
        pages.append((page, f".st-key-{place}-amount input"))
    taken: tuple[list[float], list[float]] = ([], [])
    for n in range(2 * repeats + 2):
        page, field = pages[n % 2]
        began = time.monotonic()
        page.locator(field).fill(str(20 + n))
        page.locator(field).press("Enter")
        page.locator("[data-testid=stMain] h4", has_text=f"within {20 + n} days").first.wait_for(timeout=120_000)
        taken[n % 2].append(time.monotonic() - began)
        page.wait_for_timeout(1000)
    return taken[0][1:], taken[1][1:]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", type=int, default=60)
    asked = parser.parse_args()
    for what, seconds in measured(asked.cells, 5).items():
        print(f"{what:<42}{seconds:8.2f} s  (aim: at most {AIMS[what]:g} s)")


if __name__ == "__main__":
    main()
