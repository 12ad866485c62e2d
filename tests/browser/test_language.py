"""The other language is one click away, on every page, and so is the way back; a saved question lets go of its page."""

from __future__ import annotations

import pytest
from browser_tools import goes_to, headline, settled
from harness import PAGES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
WRONG = "[data-testid=stAlertContentError], [data-testid=stException]"


def switched(page, language: str) -> None:
    page.get_by_role("button", name=language, exact=True).or_(
        page.get_by_role("radio", name=language, exact=True)
    ).click()
    settled(page)


@pytest.mark.long
def test_to_the_other_language_and_back_every_page_says_the_same(visit) -> None:
    page = visit(locale="zh-CN")
    settled(page)
    for name in PAGES:
        if page.locator("h4").count():
            goes_to(page, name).click()
        settled(page)
        said = headline(page)
        switched(page, "English")
        assert page.locator(WRONG).count() == 0, name
        other = headline(page)
        switched(page, "简体中文")
        assert page.locator(WRONG).count() == 0, name
        assert other != said == headline(page), name


@pytest.mark.long
def test_a_saved_question_opens_once(visit) -> None:
    page = visit("funnel")
    settled(page)
    page.get_by_role("button", name="Save").click()
    page.get_by_label("Name").fill("weekly")
    page.get_by_role("button", name="Save this question").click()
    settled(page)
    goes_to(page, "retention").click()
    settled(page)
    box = page.get_by_role("textbox", name="Search")
    box.fill("weekly")
    box.press("Enter")
    settled(page)
    page.get_by_role("button", name="weekly · Funnel").click()
    settled(page)
    assert page.locator("h1").inner_text() == "Where do people drop off?"
    goes_to(page, "sales").click()
    settled(page)
    assert page.locator("h1").inner_text() == "How are sales going?"
