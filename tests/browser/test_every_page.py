"""Every page, once in English by day and once in Chinese by night: usable by everybody, and whole in its language."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser_tools import addresses, goes_to, opened, settled
from harness import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

STREAMLITS = {
    "list": "[data-testid=stSidebarNavItems]",  # headings stand between the items of its navigation
    "listitem": "[data-testid=stSidebarNavItems]",
    "target-size": "[data-testid=stDateInput]",  # year, month and day are fields of their own
}
"""Serious findings inside Streamlit's own widgets, and where: a rule that no longer finds anything leaves the list."""

NAMES = frozenset(
    word
    for line in (
        "Sluice English Language Jupyter Shopify Parquet parquet csv ipynb Excel CSV TSV TXT XLS XLSX JSON JSONL ZIP",
        "GZ GB MB PNG SVG SHA UTC Asia Shanghai ID iOS KOL YAML yyyy mm dd events orders spend",
        "ROI ROAS GMV AOV CTR CPM CPC CVR CPA CAC CLV LTV RFM AUC SRM BG MBG NBD Shapley adstock",
    )
    for word in line.split()
)
"""Proper names, codes, formats and figures that campaign teams call so in Chinese too."""

WORDS = """() => {
  const found = [], app = document.querySelector('[data-testid=stApp]');
  const skip = 'style, script, code, pre, [data-testid=stIconMaterial], [data-testid=stExpanderIcon], [role=img],'
    + ' [data-testid=stHeader], [role=gridcell], [data-testid=stFileUploaderDropzone], [data-testid=stSkipToContent],'
    + ' .st-key-glossary-terms [data-testid=stCaptionContainer]';
  const walk = document.createTreeWalker(app, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const parent = walk.currentNode.parentElement, text = walk.currentNode.data.trim();
    if (text && !parent.closest(skip)) found.push(text);
  }
  for (const field of app.querySelectorAll('[placeholder]')) if (!field.value && field.offsetParent &&
    !field.closest('[data-baseweb=select], [data-testid=stSelectbox]')) found.push(field.placeholder);
  for (const chart of app.querySelectorAll('[data-testid=stVegaLiteChart], [data-testid=stVegaLiteChart] *'))
    if (!chart.closest('.role-title')) found.push(chart.getAttribute('aria-label') ?? '');
  return found;
}"""
CHARTS = """() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
  .map(chart => chart.getAttribute('aria-label') ?? '')"""
WIDE = """() => [...document.querySelectorAll(
    '[data-testid=stMain] :is(p, h4, button, svg, canvas, [data-baseweb=select])')]
  .filter(e => !e.closest('[data-testid=stDataFrame], [role=tablist]'))
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
  .map(e => `${e.tagName} ${e.textContent}`.slice(0, 80))
  .concat(document.documentElement.scrollWidth > innerWidth ? ['the page'] : [])"""
RULES = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@dataclass(frozen=True)
class Seen:
    """What was found on a page: serious findings (rule and where), its words, what its charts say of themselves, and
    what runs off a phone's screen."""

    findings: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    charts: tuple[str, ...]
    wide: tuple[str, ...]


def _walk(server: str, chromium, *, dark: bool, locale: str) -> Iterator[tuple[str, Seen]]:
    page, axe = opened(chromium, server, dark=dark, locale=locale), Axe()
    others = [name for name in addresses(page) if name and name not in PAGES]
    for name in (*PAGES, *others):
        goes_to(page, name).click()
        settled(page)
        found = axe.run(page, options=RULES).response["violations"]
        serious = [
            (each["id"], _place(page, node["target"][0])) for each in found if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]  # fmt: skip
        words, charts = page.evaluate(WORDS), page.evaluate(CHARTS)
        yield name, Seen(tuple(serious), tuple(words), tuple(charts), tuple(_narrow(page) if dark else ()))
    page.context.close()


def _narrow(page) -> list[str]:
    """Return what runs off a screen of 390 pixels."""
    page.set_viewport_size({"width": 390, "height": 1000})
    settled(page)
    page.wait_for_timeout(300)  # for charts to be drawn again
    wide = page.evaluate(WIDE)
    page.set_viewport_size({"width": 1440, "height": 1000})
    return list(wide)


def _place(page, selector: str) -> str:
    """Return which of the places in the list a finding is in, else its HTML."""
    inside = "(e, place) => e.closest(place) !== null"
    at = page.locator(selector).first
    return next((p for p in STREAMLITS.values() if at.evaluate(inside, p)), at.evaluate("e => e.outerHTML")[:200])


@pytest.fixture(scope="module")
def by_day(server: str, chromium) -> dict[str, Seen]:
    return dict(_walk(server, chromium, dark=False, locale="en-US"))


@pytest.fixture(scope="module")
def by_night(server: str, chromium) -> dict[str, Seen]:
    return dict(_walk(server, chromium, dark=True, locale="zh-CN"))


@pytest.mark.parametrize("theme", ["by_day", "by_night"])
def test_nothing_of_our_own_shuts_anybody_out(theme: str, request: pytest.FixtureRequest) -> None:
    pages: dict[str, Seen] = request.getfixturevalue(theme)
    ours = {(name, *finding) for name, seen in pages.items() for finding in seen.findings}
    assert {found for found in ours if STREAMLITS.get(found[1]) != found[2]} == set()


def test_the_list_of_streamlits_findings_only_shrinks(by_day: dict[str, Seen], by_night: dict[str, Seen]) -> None:
    still = {rule for pages in (by_day, by_night) for seen in pages.values() for rule, _ in seen.findings}
    assert set(STREAMLITS) <= still


def test_no_english_is_left_in_chinese(by_night: dict[str, Seen]) -> None:
    left = {
        (name, word, text[:80]) for name, seen in by_night.items() for text in seen.words
        for word in re.findall(r"[A-Za-z][A-Za-z_'-]+", text) if word not in NAMES
    }  # fmt: skip
    assert not left, sorted(left)


def test_nothing_runs_off_a_narrow_screen(by_night: dict[str, Seen]) -> None:
    assert {name: seen.wide for name, seen in by_night.items() if seen.wide} == {}


@pytest.mark.parametrize("theme", ["by_day", "by_night"])
def test_every_chart_says_in_words_what_it_shows(theme: str, request: pytest.FixtureRequest) -> None:
    pages: dict[str, Seen] = request.getfixturevalue(theme)
    assert sum(len(seen.charts) for seen in pages.values()) > 15
    assert {name: seen.charts for name, seen in pages.items() if not all(seen.charts)} == {}
