"""A notebook in two browsers: cells change in place, and nothing of either person's work is lost."""

from __future__ import annotations

import pytest
from browser_tools import settled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
MENUS = "[class*='st-key-notebook-do']"


def does(page, cell: int, doing: str) -> None:
    """Choose something from a cell's menu."""
    page.locator(f"{MENUS} button:visible").nth(cell).click()
    page.get_by_text(doing, exact=True).last.click()
    settled(page)


def begun(visit, template: str = "check"):
    """Open the page and make a notebook of one of the plan's rounds."""
    page = visit("notebooks")
    settled(page)
    page.locator(f".st-key-notebook-template-{template} button").click()
    page.locator(MENUS).first.wait_for()
    settled(page)
    return page


@pytest.mark.long
def test_cells_change_in_place_and_can_be_undone(visit) -> None:
    page = begun(visit)
    cells = page.locator(MENUS).count()
    does(page, 1, "Copy")
    page.wait_for_function(f"document.querySelectorAll(`{MENUS}`).length === {cells + 1}")
    does(page, 1, "Delete")
    page.wait_for_function(f"document.querySelectorAll(`{MENUS}`).length === {cells}")
    page.locator(".st-key-notebook-undo button:visible").click()
    page.wait_for_function(f"document.querySelectorAll(`{MENUS}`).length === {cells + 1}")
    settled(page)
    page.reload()
    settled(page)
    page.wait_for_function(f"document.querySelectorAll(`{MENUS}`).length === {cells + 1}")


def test_the_second_of_two_people_is_told_and_sees_both_versions(visit) -> None:
    first = begun(visit)
    does(first, 0, "Text below")
    first.locator("textarea").first.wait_for()
    second = visit(first.url.split("/", 3)[3])
    settled(second)
    second.locator(MENUS).first.wait_for()
    cells = second.locator(MENUS).count()
    does(second, 2, "Delete")
    second.wait_for_function(f"document.querySelectorAll(`{MENUS}`).length === {cells - 1}")
    first.locator("textarea").first.fill("# My own title")
    first.locator("textarea").first.press("Control+Enter")
    first.get_by_text("Somebody else changed this notebook while you did").wait_for()
    first.get_by_text("My own title").first.wait_for()
    settled(first)
    first.locator(".st-key-notebook-theirs button:visible").click()
    settled(first)
    first.wait_for_function(f"document.querySelectorAll(`{MENUS}`).length === {cells - 1}")
    first.locator(".st-key-notebook-shelf button:visible").click()
    first.get_by_text("(my version)").first.wait_for()


@pytest.mark.long
def test_cells_out_of_sight_are_drawn_when_somebody_jumps_to_them(visit) -> None:
    page = begun(visit, "diagnosis")
    charts = page.locator("[data-testid=stMain] [data-testid=stVegaLiteChart]")
    before = charts.count()
    assert before < 8
    page.locator(".st-key-notebook-add-text button:visible").scroll_into_view_if_needed()
    page.locator(".st-key-notebook-add-text button:visible").click()
    page.locator("textarea").first.wait_for()
    page.wait_for_function(
        f"document.querySelectorAll('[data-testid=stMain] [data-testid=stVegaLiteChart]').length > {before}"
    )
