"""What people call codes: a team's own names before the standard ones, on every answer, without asking again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from analysis import DisplayName, Funnel, Tables, open_workspace
from analysis.charts import Look
from analysis.messages import Deed, Name, Names, say
from analysis.names import DisplayNames
from analysis.vocabulary import EVENTS, NAMES, NODES

SHOW = DisplayName(column="channel", code="live_stream", language="zh_CN", name="晚间专场")
EVENTS_OF_ONE = pd.DataFrame(
    {"user_id": "a", "timestamp": pd.to_datetime(["2026-11-01 10:00", "2026-11-01 11:00"]), "event": ["view", "cart"]}
)


def test_a_teams_own_name_goes_before_the_standard_one() -> None:
    names = DisplayNames((SHOW,))
    assert names("live_stream", "channel", "zh_CN") == "晚间专场"
    assert names("live_stream", "channel", "en") == "live streams"
    assert names("live_stream", "creative", "zh_CN") == "live_stream"
    assert names("live_stream", None, "zh_CN") == "live_stream"


def test_one_code_has_a_name_in_each_column_it_stands_in() -> None:
    names = DisplayNames()
    assert names("search", "event", "zh_CN") == "搜索"
    assert names("search", "page", "zh_CN") == "搜索结果页"


def test_every_standard_event_has_a_name_in_both_languages() -> None:
    names = DisplayNames()
    for event in (*EVENTS, *NODES):
        assert "_" not in names(event, "event", "en")
        assert names(event, "event", "zh_CN") != event
    for column, codes in NAMES.items():
        shown = [names(code, column, "zh_CN") for code in codes]
        assert len(set(shown)) == len(shown), f"two codes of {column} read alike"


def test_sentences_name_codes_for_their_reader() -> None:
    message = say(
        "{channel} before {others}", channel=Name("live_stream", "channel"), others=Names(("a", "top_kol"), "channel")
    )
    assert message.text("en", DisplayNames((SHOW,))) == "live streams before a, top KOLs"
    assert message.text("zh_CN", DisplayNames((SHOW,))).startswith("晚间专场")
    assert Look(names=DisplayNames())(message) == "live streams before a, top KOLs"


def test_two_codes_of_one_name_stay_two() -> None:
    own = (SHOW, DisplayName(column="channel", code="ls2", language="zh_CN", name="晚间专场"))
    shown = DisplayNames(own).codes("channel", ["live_stream", "ls2", "display"], "zh_CN")
    assert shown == {"live_stream": "晚间专场 (live_stream)", "ls2": "晚间专场 (ls2)", "display": "展示广告"}


def test_answers_carry_the_names_of_their_tables() -> None:
    answer = Funnel(steps=("view", "cart")).run(Tables(events=EVENTS_OF_ONE, display=(SHOW,)))
    assert answer.names("live_stream", "channel", "zh_CN") == "晚间专场"


def test_a_workspace_keeps_names_and_they_change_no_figure(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "w.duckdb")
    before = workspace.version
    workspace.keep("晚间专场", SHOW)
    assert workspace.version == before
    assert workspace.display("live_stream", "channel", "zh_CN") == "晚间专场"
    assert workspace.tables().display == workspace.display
    workspace.close()


def test_what_people_did_is_a_verb_where_there_is_one() -> None:
    message = say("users who {deed}", deed=Deed("purchase"))
    assert message.text("en", DisplayNames()) == "users who bought"
    assert message.text("zh_CN", DisplayNames()) == "users who 支付"
    own = DisplayNames((DisplayName(column="event", code="purchase", language="en", name="order"),))
    assert message.text("en", own) == 'users who did "order"'
    assert say("users who {deed}", deed=Deed("scan")).text("en", DisplayNames()) == 'users who did "scan"'
    assert say("{deed}", deed=Deed("scan")).text("zh_CN", DisplayNames()) == "触发“scan”"
    for event in (*EVENTS, *NODES):
        assert {DisplayNames().deed(event, language) for language in ("en", "zh_CN")}.isdisjoint({None, event})
