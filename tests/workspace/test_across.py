"""Files of one import beside each other and what is stored: spellings, periods, the currency, the campaign's days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from analysis import Alias, Campaign, open_workspace
from analysis.periods import covered
from analysis.workspace import Reconciliation, Workspace, across, read_export


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    here = open_workspace(tmp_path / "w.duckdb")
    yield here
    here.close()


def spend(channel: str, *days: str, currency: str = "CNY", to: str | None = None) -> tuple[bytes, str]:
    """Return a spend report of a row a day, or of one row from the first day to another one, both included."""
    ends = [dt.date.fromisoformat(to or day) + dt.timedelta(days=1) for day in days]
    rows = [f"{day},{end},{channel},10,{currency}" for day, end in zip(days, ends, strict=True)]
    return "\n".join(["period_start,period_end,channel,cost,currency", *rows]).encode(), f"{channel}.csv"


def orders(channel: str, *days: str) -> tuple[bytes, str]:
    rows = [f"{day}{channel}{n},{day} 12:00,10,CNY,{channel}" for n, day in enumerate(days)]
    return "\n".join(["order_id,timestamp,revenue,currency,channel", *rows]).encode(), f"orders of {channel}.csv"


def seen(*files: tuple[bytes, str], into: Workspace | None = None) -> list[Reconciliation]:
    """Return what importing files would do; with `into`, import them."""
    exports = [read_export(content, name, zone="UTC") for content, name in files]
    found = [export.reconcile() for export in exports]
    if into:
        into.add(*exports)
    for export in exports:
        export.close()
    return found


def offered(found: list[Reconciliation], workspace: Workspace | None = None) -> list[tuple[str, str]]:
    return [(offer.alias.code, offer.alias.meant) for offer in across.offers(found, workspace)]


DAY = "2026-11-01"


def test_spellings_are_offered_across_files_and_what_is_stored(workspace: Workspace) -> None:
    seen(spend("google", DAY), spend("video", DAY), spend("VIDEO", DAY), into=workspace)
    coming = seen(spend("Google Ads", DAY, DAY), orders("GOOGLE_ADS", DAY), orders("google shopping", DAY))
    assert offered(coming) == [("GOOGLE_ADS", "Google Ads")]
    assert offered(coming, workspace) == [("GOOGLE_ADS", "google"), ("Google Ads", "google")]
    first, second = across.offers(coming, workspace)
    assert (first.here, second.here, first.there) == (("orders of GOOGLE_ADS.csv",), ("Google Ads.csv",), ())
    assert workspace.tables().names("channel") == ("VIDEO", "google", "video")  # what is offered changes nothing
    workspace.keep(second.alias.title, second.alias)
    assert offered(coming, workspace) == [("GOOGLE_ADS", "google")]


def test_an_alias_that_is_kept_is_where_later_spellings_go(workspace: Workspace) -> None:
    seen(spend("google", DAY), into=workspace)
    workspace.keep("paid", Alias(column="channel", code="google", meant="paid_search"))
    assert offered(seen(spend("Paid Search", DAY), spend("google", DAY)), workspace) == [("Paid Search", "paid_search")]


def days(groups: tuple[tuple[across.Stretch, ...], ...]) -> list[list[str]]:
    return [[part.words.text() for part in group] for group in groups]


def test_periods_that_have_no_day_in_common_are_named(workspace: Workspace) -> None:
    old, new = spend("tv", "2014-05-01", to="2014-05-31"), orders("web", "2025-11-01", "2025-11-11")
    wanted = [["tv.csv (2014-05-01 to 2014-05-31)"], ["orders of web.csv (2025-11-01 to 2025-11-11)"]]
    assert days(across.apart(seen(old, new))) == wanted
    seen(old, into=workspace)
    assert days(across.apart(seen(new), workspace)) == [["the spend stored (2014-05-01 to 2014-05-31)"], wanted[1]]


@pytest.mark.parametrize(
    "files",
    [
        (spend("tv", "2026-10-01", to="2026-11-30"), orders("web", "2026-11-30")),
        (orders("web", "2025-11-11"), orders("web", "2026-11-11")),  # the same campaign a year before
        (
            orders("a", "2026-10-31"),
            orders("b", "2026-11-01", "2026-12-01"),
            spend("tv", "2026-10-31", to="2026-11-01"),
        ),
        (orders("web", "2026-11-11"),),
    ],
)
def test_periods_that_go_together_are_not(files: tuple[tuple[bytes, str], ...]) -> None:
    assert across.apart(seen(*files)) == ()


def test_files_of_different_tables_must_share_a_day() -> None:
    assert len(across.apart(seen(spend("tv", "2026-10-31"), orders("web", "2026-11-01")))) == 2
    assert len(across.apart(seen(orders("a", "2014-01-01"), orders("b", "2025-01-01")))) == 2


def test_the_currency_of_most_rows() -> None:
    three, two = spend("a", "2026-11-01", "2026-11-02", "2026-11-03", currency="EUR"), spend("b", DAY, DAY)
    assert across.currency(seen(three, two)) == "EUR"
    silent = read_export(b"date,channel,cost\n2026-11-01,c,1\n" * 9, "c.csv").assuming(currency="CNY")
    assert across.currency([silent.reconcile()]) is None  # what was only assumed tells nothing
    assert silent.in_currency("CNY").reconcile().rows_by_currency[0][0] == "CNY"
    silent.close()


def campaign_days(here: Workspace) -> tuple[str, str]:
    assert here.campaign is not None
    return here.campaign.start, here.campaign.end


def test_the_campaigns_days_come_from_all_files_and_whole_periods(workspace: Workspace) -> None:
    workspace.campaign = Campaign(name="c", start=across.UNSET[0], end=across.UNSET[1], zone="UTC")
    seen(orders("web", "2026-10-20"), spend("tv", "2026-11-01", to="2026-11-30"), into=workspace)
    across.fit_campaign(workspace)
    assert campaign_days(workspace) == ("2026-10-20", "2026-11-30")
    before = covered(workspace.tables())
    seen(orders("app", "2026-12-05"), into=workspace)
    across.fit_campaign(workspace, before)
    assert campaign_days(workspace) == ("2026-10-20", "2026-12-05")


def test_days_that_somebody_set_stay(workspace: Workspace) -> None:
    workspace.campaign = Campaign(name="c", start="2026-11-01", end="2026-11-11", zone="UTC")
    seen(orders("web", "2026-10-20"), into=workspace)
    across.fit_campaign(workspace, covered(workspace.tables()))
    assert campaign_days(workspace) == ("2026-11-01", "2026-11-11")
