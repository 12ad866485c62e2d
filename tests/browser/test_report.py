"""The report in a browser: from a file with the network off, charts live, printed on A4 with none cut."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from playwright.sync_api import expect

from analysis import Alias, Attribution, Filter, Funnel, Lifecycle, Notebook, Performance, Retention, Sales, Words
from analysis.charts import Look
from analysis.notebook import told
from analysis.sharing import reports
from analysis.tables import Tables

pytestmark = pytest.mark.browser
PRINTED = 680
"""Pixels between the margins of A4, at 96 to the inch."""
LONGEST = 1000
"""Pixels of a page's height."""


def book() -> Notebook:
    """Return a notebook of six questions: one folded; and one more that cannot be answered."""
    where = Filter(start="2026-11-01", end="2026-11-11")
    asked = (
        Funnel(steps=("view", "cart", "purchase"), breakdown="device", where=where), Sales(), Attribution(),
        Lifecycle(at="2026-11-15", since="2026-10-20"), Performance(), Retention(), Funnel(steps=("view", "nothing")),
    )  # fmt: skip
    made = Notebook(title="Review 复盘").add(
        Words(text="# Found\n\nSee [here](https://example.org).\n\n| a |\n|---|\n| 1 |")
    )
    for question in asked:
        made = made.add(question)
    made = made.add(Alias(column="channel", code="Google Ads", meant="google"))
    return made.change(made.cells[6].id, folded=True)


@pytest.fixture(scope="module")
def files(sample: Tables, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Write the report in both languages."""
    folder, made = tmp_path_factory.mktemp("report"), book()
    known = told(made, sample)
    found = {}
    for language in ("en", "zh_CN"):
        found[language] = folder / f"{language}.html"
        html = reports.html(made, sample, Look(language), told=known, made=dt.date(2026, 11, 29))
        found[language].write_bytes(html)
    return found


@pytest.fixture
def opened(chromium, files):
    """Return a function that opens the report with the network off, and what the browser complained of."""
    contexts = []

    def open_file(language: str, width: int):
        context = chromium.new_context(viewport={"width": width, "height": 1000})
        contexts.append(context)
        context.set_offline(True)
        page = context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
        page.goto(files[language].as_uri())
        drawn(page, 5)
        return page, said

    yield open_file
    for context in contexts:
        context.close()


def drawn(page, charts: int) -> None:
    """Wait until so many charts are drawn."""
    expect(page.locator("figure[data-drawn=yes]")).to_have_count(charts, timeout=20_000)


def boxes(page) -> list[dict[str, float]]:
    """Return where the charts lie, and all that is drawn in them."""
    return page.evaluate(
        """[...document.querySelectorAll('figure .chart svg.marks')].map((svg) => {
          const texts = [...svg.querySelectorAll('text, path, rect')].map((mark) => mark.getBoundingClientRect());
          const own = svg.getBoundingClientRect();
          return {left: Math.min(own.left, ...texts.filter((t) => t.width).map((t) => t.left)),
                  right: Math.max(own.right, ...texts.map((t) => t.right)), width: own.width, height: own.height};
        })"""
    )


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.long
def test_it_opens_offline_and_its_charts_are_live(opened, language: str, width: int) -> None:
    page, said = opened(language, width)
    assert page.locator("figure .chart svg.marks").count() == 5
    page.locator("details.folded > summary").click()
    drawn(page, 6)
    found = boxes(page)
    assert len(found) == 6
    for box in found:
        assert box["left"] >= 0 and box["right"] <= width and box["width"] >= 300, box
    assert page.evaluate("document.documentElement.scrollWidth") == width
    mark = page.locator("figure").nth(2).locator("svg .mark-rect path[aria-label], svg .mark-rect path").first
    mark.hover(force=True)
    expect(page.locator("#vg-tooltip-element.visible")).to_be_visible(timeout=10_000)
    assert said == []


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_chart_can_be_saved_as_a_picture(opened, language: str) -> None:
    page, said = opened(language, 1440)
    menu = page.locator("figure details").first
    menu.locator("summary").click()
    words = {"en": ["Save as SVG", "Save as PNG"], "zh_CN": ["存为 SVG", "存为 PNG"]}
    assert menu.locator("a").all_inner_texts() == words[language]
    for name, starts in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as pending:
            menu.locator("a", has_text=name).click()
        assert Path(pending.value.path()).read_bytes().startswith(starts)
    assert said == []


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_it_prints_without_a_cut_chart(opened, language: str) -> None:
    page, said = opened(language, 1440)
    page.locator("details.folded > summary").click()
    drawn(page, 6)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PRINTED, "height": 1000})
    found = boxes(page)
    assert len(found) == 6
    margin = 57  # 15 mm: a label may stand out into it, and is not cut
    for box in found:
        assert box["left"] >= -1 and box["right"] <= PRINTED + margin / 2
        assert box["height"] <= LONGEST
    assert page.evaluate("document.documentElement.scrollWidth") <= PRINTED
    assert not page.locator(".vega-embed details").first.is_visible()
    # What nobody opened cannot be opened on paper; a headline is not torn from its chart, and two charts fit a page.
    closed = page.locator("details:not([open], .folded)")
    assert closed.count() and not any(fold.is_visible() for fold in closed.all())
    assert page.locator(".headline").first.evaluate("(one) => getComputedStyle(one).breakInside") == "avoid"
    heights = page.locator("figure[data-drawn]:not(.tall) .chart svg").evaluate_all(
        "(all) => all.map((one) => one.getBoundingClientRect().height)"
    )
    assert heights and max(heights) <= 280
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert 4 <= printed.count(b"/Type /Page\n") + printed.count(b"/Type /Page/") <= 14
    assert said == []


def test_the_browser_runs_no_script_that_the_policy_does_not_name(chromium, files, tmp_path: Path) -> None:
    """Were one to get into the file all the same."""
    evil = "<main><script>window.evil = 1</script><b onclick='window.evil = 1'>x</b><img src='https://x.example/x.png'>"
    path = tmp_path / "evil.html"
    path.write_text(files["en"].read_text(encoding="utf-8").replace("<main>", evil, 1), encoding="utf-8")
    context = chromium.new_context()
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    drawn(page, 5)
    page.locator("main > b").click()
    assert page.evaluate("window.evil") is None
    assert len([text for text in said if "Content Security Policy" in text]) == 3
    context.close()
