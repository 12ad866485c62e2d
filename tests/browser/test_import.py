"""Bringing files in, as a person does: drop, look, import; correct; cancel; leave and come back."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from browser.exports import USERS, one_of_short_video, three_platforms
from browser_tools import goes_to, headline, main, settled

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]
REAL = Path(__file__).resolve().parents[3] / "shared" / "data"
INPUT = "[data-testid=stFileUploader] input[type=file]"


class Hand:
    """A person's hand on a page: drops files and presses things, and counts both."""

    def __init__(self, page) -> None:
        self.page, self.presses = page, 0

    def drop(self, *files: Path) -> None:
        self.presses += 1
        self.page.set_input_files(INPUT, [str(file) for file in files])

    def press(self, thing) -> None:
        self.presses += 1
        thing.click()
        settled(self.page)


@pytest.mark.long
def test_three_platforms_at_once_in_under_ten_clicks(visit, tmp_path: Path) -> None:
    files, held = three_platforms(tmp_path)
    page = visit("data")
    headline(page)
    hand = Hand(page)
    hand.drop(*files)
    button = page.locator(".st-key-data-import button")
    button.wait_for()
    settled(page)
    hand.press(page.locator(".st-key-data-across-currency label").filter(has_text="CNY"))  # the report names none
    lines = page.locator("[class*=st-key-data-file-] summary").all_inner_texts()
    rows = (held["events"], held["buyers"], 35)
    for line, platform, n in zip(lines, ("Tianchi", "淘宝/天猫订单", "万相台"), rows, strict=True):
        assert platform in line
        assert re.search(rf"\b{n:,}\b", line)
        assert "check_circle" in line
    assert "totals match" in lines[2]
    hand.press(button)
    page.locator(".st-key-data-next").wait_for()
    shown = headline(page)
    assert f"{held['events']:,}" in shown
    assert f"{held['cents'] / 100:,.2f}" in shown
    hand.press(page.locator(".st-key-data-next a").first)
    assert re.search(rf"{100 * held['buyers'] / USERS:.1f}%", headline(page))
    hand.press(goes_to(page, "budget"))
    assert re.search(r"\d", headline(page))
    assert "万相台" in main(page)
    assert page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0
    page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    assert hand.presses < 10


@pytest.mark.long
def test_a_video_platforms_month_in_chinese_in_under_ten_clicks(visit, tmp_path: Path) -> None:
    files, held = one_of_short_video(tmp_path)
    page = visit("data", locale="zh-CN")
    headline(page)
    hand = Hand(page)
    hand.drop(*files)
    page.locator(".st-key-data-import button").wait_for()
    settled(page)
    lines = page.locator("[class*=st-key-data-file-] summary").all_inner_texts()
    for line, platform in zip(lines, ("Tianchi", "抖店订单", "巨量千川"), strict=True):
        assert platform in line
    hand.press(page.locator(".st-key-data-across-currency label").filter(has_text="CNY"))  # the report names none
    hand.press(page.locator(".st-key-data-import button"))
    page.locator(".st-key-data-next").wait_for()
    shown = headline(page)
    for figure in (f"{held['events']:,}", f"{held['cents'] / 100:,.2f}", f"{held['paid'] / 100:,.2f}"):
        assert figure in shown
    for name, figure in (
        ("sales", f"{held['paid'] / 100:,.0f}"),
        ("funnel", f"{100 * held['buyers'] / USERS:.1f}%"),
        ("budget", r"巨量千川"),
    ):
        hand.press(goes_to(page, name))
        assert re.search(figure, main(page)), name
        assert re.search(r"\d", headline(page)), name
        assert page.locator("[data-testid=stAlertContentError], [data-testid=stException]").count() == 0, name
        page.locator("[data-testid=stVegaLiteChart]").first.wait_for()
    assert hand.presses < 10


def card(page, name: str):
    """Open a file's details and return them."""
    box = page.locator("[class*=st-key-data-file-] details").filter(has_text=name)
    if box.get_attribute("open") is None:
        box.locator("summary").click()
        settled(page)
    return box


def pick(page, place, label: str, option: str) -> None:
    """Pick an option of the select box whose label begins with `label`."""
    box = place.get_by_role("combobox", name=re.compile(rf"^{re.escape(label)}")).first
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(500)  # a list that opens while the page still scrolls closes again
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
    settled(page)


def imported(page, sentence: str) -> None:
    page.locator(".st-key-data-import button").click()
    page.get_by_text(sentence).first.wait_for()
    settled(page)


def test_a_corrected_currency_is_remembered(visit, tmp_path: Path) -> None:
    shop = "date,platform,cost\n2026-11-01,ads,100.25\n2026-11-02,ads,50\n"
    (tmp_path / "first.csv").write_text(shop)
    (tmp_path / "second.csv").write_text(shop.replace("2026-11", "2026-12"))
    page = visit("data")
    headline(page)
    page.set_input_files(INPUT, str(tmp_path / "first.csv"))
    page.get_by_text("currency CNY assumed").wait_for()
    box = card(page, "first.csv")
    pick(page, box, "Value for all rows", "USD US Dollar")
    assert "150.25" in box.inner_text()
    assert "chosen by you" in box.inner_text()
    box.get_by_label("Name of this mapping").fill("weekly report")
    box.get_by_label("Name of this mapping").press("Enter")
    settled(page)
    imported(page, "Batch 1: 2 rows kept, 0 set aside")
    assert "$150.25 ad spend" in headline(page)
    page.set_input_files(INPUT, str(tmp_path / "second.csv"))
    page.get_by_text("mapping weekly report").wait_for()
    settled(page)
    with page.expect_download() as pending:
        card(page, "second.csv").get_by_role("button", name="Mapping as JSON").click()
    assert '["currency","USD"]' in Path(pending.value.path()).read_text()
    imported(page, "Batch 2: 2 rows kept, 0 set aside")
    assert "$300.50 ad spend" in headline(page)


@pytest.mark.long
def test_rows_set_aside_are_downloaded_before_the_import_and_cannot_run(visit, tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("date,platform,cost\n2026-11-01,ads,1\n=cmd(1),ads,2\n")
    page = visit("data")
    headline(page)
    page.set_input_files(INPUT, str(tmp_path / "f.csv"))
    page.get_by_text("1 set aside").first.wait_for()
    settled(page)
    with page.expect_download() as pending:
        card(page, "f.csv").get_by_role("button", name="Rows set aside as CSV").click()
    lines = Path(pending.value.path()).read_text("utf-8-sig").splitlines()
    assert lines == ["file,line,reason,column,text", "f.csv,3,not-a-time,period_start,'=cmd(1) | ads | 2"]


def test_an_import_ends_well_whatever_page_is_looked_at_meanwhile(visit, tmp_path: Path) -> None:
    rng, n = np.random.default_rng(2), 300_000
    users, minutes = rng.integers(0, 50_000, n), np.sort(rng.integers(0, 40_000, n))
    at = (np.datetime64("2026-10-01") + minutes.astype("timedelta64[m]")).astype(str)
    names = np.array(["view", "cart", "purchase"])[rng.integers(0, 3, n)]
    frame = pd.DataFrame({"user_id": users, "timestamp": at, "event": names})
    frame.to_csv(tmp_path / "log.csv", index=False)
    page = visit("data")
    headline(page)
    page.set_input_files(INPUT, str(tmp_path / "log.csv"))
    page.locator(".st-key-data-import button").wait_for()
    settled(page)
    page.locator(".st-key-data-import button").click()
    page.locator(".st-key-importing-cancel, .st-key-data-next").first.wait_for()
    goes_to(page, "lifecycle").click()
    settled(page)
    goes_to(page, "data").click()
    page.locator(".st-key-data-next").wait_for()
    assert "Batch 1: 300,000 rows kept, 0 set aside" in main(page)
    assert "300,000 events" in headline(page)


def test_real_exports(visit) -> None:
    files = [REAL / name for name in ("tmall_orders.csv", "global_ads_daily.csv", "google_ads_campaigns.csv")]
    if not files[0].exists():
        pytest.skip("the real exports are not on this machine")
    page = visit("data")
    headline(page)
    page.set_input_files(INPUT, [str(file) for file in files])
    page.get_by_text("totals match").wait_for()
    settled(page)
    pick(page, card(page, "global_ads_daily.csv"), "Value for all rows", "USD US Dollar")
    imported(page, "Batch 1: 29,812 rows kept, 4 set aside")
    shown = headline(page)
    assert "28,010 orders created" in shown
    assert "24,087 orders paid" in shown
    assert "$11,108,749.09 ad spend" in shown
    assert "₹2,565.93 ad spend" in shown
