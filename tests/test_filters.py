"""Every question says which of its filters' values the data does not hold, and what is near them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import pandas as pd
import pytest

from analysis import Campaign, Filter, Funnel, FunnelChange, Phase, Tables, TimeToConvert
from analysis.errors import DataError
from analysis.question import Question
from analysis.values import kinds


def test_a_campaign_of_one_phase_is_filtered_by_it() -> None:
    """DuckDB 2.0 lets null through where a column is one constant or null."""
    days = [pd.Timestamp(f"2026-11-0{day}") for day in (2, 5)]
    events = pd.DataFrame({"user_id": "u", "timestamp": days, "event": ["view", "cart"]})
    campaign = Campaign(
        name="c", start="2026-11-01", end="2026-11-09",
        phases=(Phase(name="first", start="2026-11-01", end="2026-11-03"),),
    )  # fmt: skip
    kept = Tables(events=events, campaign=campaign).frame("events", Filter(segment={"phase": "first"}))
    assert kept.collect("pyarrow")["event"].to_list() == ["view"]


def refused(asked: Question, tables: Tables) -> str:
    with pytest.raises(DataError) as raised:
        asked.run(tables)
    assert raised.value.code == "unknown-name"
    return str(raised.value)


@pytest.mark.parametrize("kind", kinds(Question))
def test_every_question_names_what_is_unknown_and_the_nearest(
    kind: str, ask: Callable[[str], Question], tables: Tables
) -> None:
    asked = ask(kind)
    for name in (each.name for each in fields(asked) if each.name in ("where", "before", "after")):
        for where, said in (
            (Filter(channel="serch"), "There is no channel 'serch'. Did you mean search?"),
            (Filter(channel=("serch", "search")), "There is no channel 'serch'. Did you mean search?"),
            (
                Filter(channel=("serch", "video", "dispaly")),
                "There is no channel 'serch', 'dispaly'. Did you mean search, display?",
            ),
            (Filter(device="zzz"), "There is no device 'zzz'. Choose from: android, ios."),
            (
                Filter(campaign="Double 12", channel="video"),
                "There is no campaign 'Double 12'. Did you mean Double 11?",
            ),
        ):
            assert refused(asked.replace(**{name: where}), tables) == said


def test_values_that_are_held_are_no_problem_though_they_leave_nobody(tables: Tables) -> None:
    funnel = Funnel(steps=("visit", "view"))
    assert TimeToConvert(funnel=funnel, where=Filter(channel="search", device="ios")).run(tables).table["users"].iloc[0]
    with pytest.raises(DataError, match="Nobody took the first step, visit, under these filters"):
        funnel.replace(where=Filter(channel="search", start="2030-01-01")).run(tables)
    # Every fourth user came by search, and every other had an android phone: nobody is both.
    with pytest.raises(DataError, match="Nobody took the first step, visit, under these filters"):
        funnel.replace(where=Filter(channel="search", device="android")).run(tables)


def test_a_funnels_own_filter_and_a_changes_sides_are_looked_at(tables: Tables) -> None:
    funnel = Funnel(steps=("visit", "view"), where=Filter(device="iso"))
    assert refused(TimeToConvert(funnel=funnel), tables) == "There is no device 'iso'. Did you mean ios?"
    asked = FunnelChange(
        funnel=funnel.replace(where=None), before=Filter(end="2026-10-31"), after=Filter(campaign="Duoble 11")
    )
    assert refused(asked, tables) == "There is no campaign 'Duoble 11'. Did you mean Double 11?"
