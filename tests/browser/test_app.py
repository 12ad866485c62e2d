"""A person's way through the app in Chromium: figures at once, controls, uploads, links, notebooks, narrow screens."""

from __future__ import annotations

import io
import os
import re
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from browser_tools import headline, settled
from harness import PAGES
from nbclient import NotebookClient

from analysis.names import DisplayNames
from ui.screens import FAMILIES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
QUICK = ("", "funnel", "value", "budget", "reallocation", "data")
PATHS = [*QUICK, *(pytest.param(page, marks=pytest.mark.long) for page in PAGES[1:] if page not in QUICK)]
ROOT = Path(__file__).resolve().parents[2]
OTHERS = ("notebooks", "records", "workspaces", "glossary")


@pytest.mark.parametrize("path", PATHS)
def test_a_link_straight_to_a_page_opens_it(visit, path: str) -> None:
    page = visit(path)
    assert re.search(r"\d", headline(page))
    # Pages that belong together are one entry; beside them stand those that ask no question.
    entries = len(PAGES) - sum(len(names) - 1 for names in FAMILIES.values()) + len(OTHERS)
    assert page.locator("[data-testid=stSidebarNav] a").count() == entries
    assert page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0


@pytest.mark.parametrize("width", [390, 1440])
def test_on_a_narrow_screen_the_menu_closes_behind_what_was_searched(visit, width: int) -> None:
    page = visit("funnel", width=width)
    settled(page)
    menu = page.locator("[data-testid=stSidebar]")
    if width == 390:
        page.locator("[data-testid=stExpandSidebarButton]").click()
    for word in ("Payback", "Sales"):
        page.get_by_placeholder("Search pages").fill(word)
        page.get_by_placeholder("Search pages").press("Enter")
        page.locator(".st-key-search-hits button").first.click()
        page.wait_for_url(f"**/{word.lower()}*")
        settled(page)
        page.wait_for_timeout(500)  # for the menu to slide
        assert (menu.bounding_box()["x"] < 0) == (width == 390)
        if width == 390:
            page.locator("[data-testid=stExpandSidebarButton]").click()


def choose(page, label: str, option: str) -> None:
    """Pick an option of the select box with this label."""
    box = page.get_by_role("combobox", name=label)
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


@pytest.mark.long
def test_a_changed_control_changes_the_figures_and_the_notebook_agrees(visit, tmp_path: Path) -> None:
    page = visit("funnel")
    before = headline(page)
    choose(page, "Step 2", "favourite")
    shown = headline(page)
    assert shown != before
    with page.expect_download() as pending:
        page.get_by_role("button", name="Notebook file").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(pending.value.path()).read_bytes()))
    archive.extractall(tmp_path)
    answer = run_notebook(tmp_path, "sluice.ipynb")
    users = answer["settled"].tolist()
    digits = 2 if 0 < users[-1] < 0.01 * users[0] else 1
    assert shown.startswith(f"{100 * users[-1] / users[0]:.{digits}f}% of {users[0]:,} users")
    stopped = -answer["settled"].diff().fillna(0).astype(int)
    name = DisplayNames()(answer["event"][stopped.argmax()], "event", "en")
    assert shown.endswith(f"Most stop before {name}: {stopped.max():,} users.")


def run_notebook(folder: Path, name: str) -> pd.DataFrame:
    """Execute a downloaded notebook and return the table of its last answer."""
    notebook = nbformat.read(folder / name, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("answer.table.to_parquet('answer.parquet')"))
    os.environ["PYTHONPATH"] = str(ROOT)
    NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return pd.read_parquet(folder / "answer.parquet")


@pytest.mark.long
def test_a_shared_link_reopens_the_question(visit) -> None:
    page = visit("funnel")
    choose(page, "Breakdown", "device")
    shown = headline(page)
    page.get_by_role("button", name="Link").click()
    address = page.locator("[data-testid=stPopoverBody] code").inner_text().strip()
    other = visit(address.split("/", 3)[3])
    assert headline(other) == shown
    assert other.get_by_role("combobox", name="Breakdown").input_value() in ("device", "")


def test_a_broken_link_is_said_in_words(visit) -> None:
    page = visit("?question=eJxLyk")
    settled(page)
    assert "does not hold a question" in page.locator("[data-testid=stMain]").inner_text()
    assert "Traceback" not in page.content()


def test_a_charts_tools_do_not_cover_the_headline_above_it(visit) -> None:
    page = visit("attribution")
    headline(page)
    page.get_by_test_id("stVegaLiteChart").first.hover()
    tools = page.get_by_test_id("stElementToolbar").filter(visible=True).first
    tools.wait_for()
    ends = page.locator("h4").first.evaluate(
        """(one) => {
          const words = document.createRange()
          words.selectNodeContents(one)
          return Math.max(...[...words.getClientRects()].map((line) => line.right))
        }"""
    )
    assert ends <= tools.bounding_box()["x"]


def test_the_language_switch(visit) -> None:
    page = visit("funnel")
    headline(page)
    page.get_by_role("radio", name="简体中文").or_(page.get_by_role("button", name="简体中文")).first.click()
    page.locator("h4", has_text=re.compile(r"[\u4e00-\u9fff]")).first.wait_for()
    assert re.search(r"[\u4e00-\u9fff]", headline(page))


def test_a_picture_is_refused_and_nothing_changes(visit, tmp_path: Path) -> None:
    page = visit("data")
    before = headline(page)
    path = tmp_path / "photo.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    page.set_input_files("input[type=file]", str(path))
    page.get_by_text("picture").first.wait_for()
    assert headline(page) == before


@pytest.mark.long
def test_the_notebook_and_the_link_hold_the_workspace_that_is_open(visit, tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text(
        "order_id,timestamp,revenue,currency,paid_at\no1,2026-11-01,10.5,CNY,2026-11-01\no2,2026-11-02,2,CNY,\n"
    )
    page = visit("data")
    headline(page)
    page.set_input_files("input[type=file]", str(path))
    page.get_by_text("2 rows").first.wait_for()
    settled(page)
    page.locator(".st-key-data-import button").click()
    page.get_by_text("Batch 1: 2 rows kept, 0 set aside").first.wait_for()
    shown = headline(page)
    assert "2 orders created (CN¥12.50)" in shown
    with page.expect_download() as pending:
        page.get_by_role("button", name="Notebook file").click()
    archive = zipfile.ZipFile(io.BytesIO(Path(pending.value.path()).read_bytes()))
    assert set(archive.namelist()) == {"sluice.ipynb", "sluice_marimo.py", "orders.parquet", "campaign.json"}
    page.reload()
    assert headline(page) == shown
