"""Nobody loses their place: the address holds workspace, language and question, on every page."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from browser_tools import goes_to, headline, main, settled
from harness import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
SHOP = """user_id,timestamp,event,channel
a,2026-11-01 10:00,view,search
a,2026-11-01 10:05,cart,search
b,2026-11-02 11:00,view,display
b,2026-11-12 11:00,view,display
"""


@pytest.fixture
def shop(visit, tmp_path: Path):
    """A page that stands on a small workspace of its own."""
    (tmp_path / "shop.csv").write_text(SHOP)
    page = visit("data")
    headline(page)
    page.set_input_files("input[type=file]", str(tmp_path / "shop.csv"))
    page.locator(".st-key-data-import button").wait_for()
    settled(page)
    page.locator(".st-key-data-import button").click()
    page.locator(".st-key-data-next").wait_for()
    settled(page)
    return page


def workspace(page) -> str:
    return page.locator(".st-key-frame-workspace input").input_value()


def asked(page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.long
def test_a_chosen_workspace_stays_through_reloads_and_page_links(shop) -> None:
    page = shop
    own = asked(page)["workspace"]
    page.reload()
    settled(page)
    for name in PAGES:
        goes_to(page, name).click()
        settled(page)
        assert (workspace(page), asked(page)["workspace"]) == ("shop", own), name
        page.reload()
        settled(page)
        assert (workspace(page), asked(page)["workspace"]) == ("shop", own), name
        assert page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0, name
    goes_to(page, "funnel").click()
    assert headline(page).startswith("50.0% of 2 users") or "There is no rate yet" in headline(page)


def choose(page, label: str, option: str) -> None:
    page.get_by_role("combobox", name=label).click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def test_back_and_forward_step_through_questions(visit) -> None:
    page = visit("funnel")
    seen = [headline(page)]
    for step in ("favourite", "purchase"):
        choose(page, "Step 2", step)
        seen.append(headline(page))
    assert len(set(seen)) == 3
    for held in (seen[1], seen[0]):
        page.go_back()
        assert headline(page) == held
    page.go_forward()
    assert headline(page) == seen[1]
    goes_to(page, "retention").click()
    assert headline(page) not in seen
    page.go_back()
    assert headline(page) == seen[1]


@pytest.mark.long
def test_the_address_opens_the_same_question_filters_and_language_in_a_fresh_session(visit) -> None:
    page = visit("retention", locale="zh-CN")
    headline(page)
    page.locator(".st-key-filter-open button").click()
    page.get_by_role("combobox", name="渠道").click()
    page.get_by_role("option", name="搜索广告", exact=True).click()
    settled(page)
    page.keyboard.press("Escape")
    shown = headline(page)
    other = visit(page.url.split("/", 3)[3], locale="en-US")
    assert headline(other) == shown
    assert re.search("渠道：搜索广告", main(other))
    other.locator(".st-key-filter-channel-off button").first.click()
    settled(other)
    assert headline(other) != shown


@pytest.mark.long
def test_a_workspace_that_is_gone_is_said(visit) -> None:
    page = visit("?workspace=0123456789ab")
    settled(page)
    assert "is not here" in main(page)
    assert page.locator("[data-testid=stMain] h4, [data-testid=stVegaLiteChart]").count() == 0
    choose(page, "Workspace", "Sample campaign")
    assert re.search(r"\d", headline(page))
