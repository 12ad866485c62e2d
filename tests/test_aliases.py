"""Other spellings of one thing count as one, in every table and question; what is stored stays as it is."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from analysis import Alias, Attribution, Filter, Funnel, Tables, open_workspace
from analysis.charts import TOTAL
from analysis.errors import QuestionError
from analysis.records import meanings

AT = pd.Timestamp("2026-11-01")
EVENTS = pd.DataFrame(
    {
        "user_id": list("aabbcc"),
        "timestamp": [AT, AT + pd.Timedelta("1h")] * 3,
        "event": ["view", "purchase"] * 3,
        "channel": ["Google Ads"] * 2 + ["google"] * 2 + ["display"] * 2,
    }
)
SPEND = pd.DataFrame(
    {
        "period_start": AT, "period_end": AT + pd.Timedelta("1D"), "channel": ["google", "Google Ads "],
        "spend": [1.0, 2.0], "currency": "CNY",
    }
)  # fmt: skip
ONE = (Alias(column="channel", code="Google Ads", meant="google"),)
TWO = (*ONE, Alias(column="channel", code="Google Ads ", meant="Google Ads"))


def test_spellings_are_one_group_in_every_question() -> None:
    tables = Tables(events=EVENTS, spend=SPEND, aliases=TWO)
    assert tables.names("channel") == ("display", "google")
    by = Funnel(steps=("view", "purchase"), breakdown="channel", observed_until="2027-01-01").run(tables).table
    entered = by[(by["step"] == 1) & (by["breakdown"] != TOTAL)]
    assert entered.set_index("breakdown")["users"].to_dict() == {"google": 2, "display": 1}
    credit = Attribution(touches="view").run(tables).frame("ranking").set_index("touch")["credit"]
    assert credit.to_dict() == pytest.approx({"google": 2.0, "display": 1.0})
    spend = tables.frame("spend").to_native().aggregate("channel, sum(spend)").fetchall()
    assert spend == [("google", 3.0)]


def test_a_filter_by_the_value_meant_finds_all_spellings() -> None:
    tables = Tables(events=EVENTS, aliases=ONE)
    asked = Funnel(steps=("view", "purchase"), where=Filter(channel="google"), observed_until="2027-01-01")
    assert asked.run(tables).table["users"].tolist() == [2, 2]
    assert set(tables.arrow("events")["channel"].to_pylist()) == {"google", "display"}


def test_aliases_are_part_of_the_version_and_names_are_not(tmp_path: Path) -> None:
    assert Tables(events=EVENTS).version != Tables(events=EVENTS, aliases=ONE).version
    workspace = open_workspace(tmp_path / "w.duckdb")
    before = workspace.version
    kept = workspace.keep(ONE[0].title, ONE[0])
    assert (workspace.version != before, workspace.tables().meanings) == (True, {"channel": {"Google Ads": "google"}})
    workspace.forget(kept.id)
    assert (workspace.version, workspace.tables().meanings) == (before, {})


def test_spellings_in_a_circle_are_refused_in_words() -> None:
    assert meanings(TWO)["channel"]["Google Ads "] == "google"
    with pytest.raises(QuestionError, match="stand for one another in a circle"):
        meanings((*ONE, Alias(column="channel", code="google", meant="Google Ads")))
    with pytest.raises(QuestionError, match="another value"):
        Alias(column="channel", code="a", meant="a")


def test_a_circle_is_never_kept(tmp_path: Path) -> None:
    workspace = open_workspace(tmp_path / "w.duckdb")
    workspace.keep(ONE[0].title, ONE[0])
    back = Alias(column="channel", code="google", meant="Google Ads")
    with pytest.raises(QuestionError, match="circle"):
        workspace.keep(back.title, back)
    assert workspace.tables().meanings == {"channel": {"Google Ads": "google"}}
