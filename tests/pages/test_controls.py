"""The controls of a page's sentence."""

from __future__ import annotations

import pandas as pd

from analysis import Campaign, Tables
from ui.controls import text_columns, told_apart, with_kept

WORDS = {"view": "浏览商品", "cart": "加购", "": "不分"}


def test_options_of_the_same_words_are_told_apart() -> None:
    """A log may hold `cart` and an event of its own that is called what `cart` is called in the reader's language."""
    options = ["", "view", "cart", "加购", "opened"]
    said = [told_apart(options, lambda option: WORDS.get(option, option))(option) for option in options]
    assert said == ["不分", "浏览商品", "加购 · cart", "加购", "opened"]


def test_what_a_link_names_stays_among_the_options() -> None:
    assert with_kept(["view", "cart"], "cart", "gone") == ["view", "cart", "gone"]


def test_every_text_column_that_is_no_identifier_is_offered(
    frames: dict[str, pd.DataFrame], campaign: Campaign
) -> None:
    """The known ones first, then the file's own; numbers, times, empty columns and the store's own are not."""
    events = frames["events"].assign(tier="gold", score=1.5, item="cup", order_id="o1", blank=None)
    offered = text_columns(Tables(events=events, campaign=campaign))
    assert offered == ["channel", "device", "campaign", "phase", "item", "tier"]
    assert text_columns(Tables(spend=frames["spend"])) == []
