"""What differs in writing only is offered as one; what any other word tells apart is not."""

from __future__ import annotations

import pytest

from analysis.spellings import spellings

SAME = (
    ("Google Ads", "google"), ("GOOGLE_ADS", "google"), ("googleads", "google"), ("GoogleAds", "Google  ads"),
    ("Live Stream", "live_stream"), ("tik-tok", "TikTok"), ("ＴＶ", "tv"), ("TV ads", "tv"), ("抖音广告", "抖音"),
    ("抖音 ", "抖音"), ("google/cpc", "Google CPC"), ("x_1", "X1"), ("Paid Search", "paid_search"),
)  # fmt: skip
TWO = (
    ("google", "google shopping"), ("Google Ads", "Google Shopping Ads"), ("facebook", "meta"), ("x1", "x11"),
    ("1.1", "11"), ("1_1", "11"), ("DOU+", "dou"), ("roads", "ro"), ("ads", "ad"), ("抖音", "抖音搜索"),
    ("淘宝", "天猫"), ("search", "paid_search"), ("---", "_"), ("a&b", "ab"), ("video", "short_video"), ("new", "news"),
)  # fmt: skip


@pytest.mark.parametrize("pair", SAME, ids=" = ".join)
def test_one_thing(pair: tuple[str, str]) -> None:
    assert {(one.code, one.meant) for one in spellings(pair)} <= {pair, pair[::-1]}
    assert len(spellings(pair)) == 1


@pytest.mark.parametrize("pair", TWO, ids=" and ".join)
def test_two_things(pair: tuple[str, str]) -> None:
    assert spellings(pair) == ()


def test_which_of_them_stays() -> None:
    names = {"Google Ads": 5, "google": 5, "GOOGLE": 9}
    assert {one.meant for one in spellings(names)} == {"GOOGLE"}
    assert {one.meant for one in spellings(names, before=["Google Ads"])} == {"Google Ads"}
    assert {one.meant for one in spellings({"Paid Search": 9, "paid search": 9, "paid_search": 1})} == {"paid_search"}
    assert spellings(names) == spellings(dict(reversed(names.items())))
    assert {one.column for one in spellings(names, "campaign")} == {"campaign"}
