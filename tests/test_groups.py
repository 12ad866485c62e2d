"""Groups are told apart by text: an own column will do, one of numbers or times is refused in words."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from analysis import DropOffs, Funnel, FunnelChange, PageSpeed, Retention, Step, Tables
from analysis.errors import DataError
from analysis.question import Question
from analysis.values import Filter

STEPS = ("visit", "view")
FUNNEL = Funnel(steps=STEPS)
ASKED: dict[str, Callable[[str], Question]] = {
    "breakdown": lambda column: Funnel(steps=STEPS, breakdown=column),
    "hold": lambda column: Funnel(steps=STEPS, hold=column),
    "condition": lambda column: Funnel(steps=("visit", Step("view", where={column: "1.0"}))),
    "retention": lambda column: Retention(start="visit", breakdown=column),
    "speed": lambda column: PageSpeed(breakdown=column),
    "drop-offs": lambda column: DropOffs(funnel=FUNNEL, by=("tier", column)),
    "change": lambda column: FunnelChange(
        funnel=FUNNEL, before=Filter(end="2026-10-31"), after=Filter(start="2026-11-01"), by=column
    ),
}


@pytest.fixture(scope="module")
def own(frames: dict[str, pd.DataFrame]) -> Tables:
    """Return the small campaign with a number and a text of its own per user."""
    events = frames["events"]
    users = events["user_id"].str[1:].astype(int)
    return Tables(events=events.assign(score=users % 3 + 0.0, tier=(users % 2).map({0: "gold", 1: "iron"})))


@pytest.mark.parametrize("kind", ASKED)
@pytest.mark.parametrize("column", ["score", "load_ms", "timestamp"])
def test_numbers_and_times_tell_no_groups_apart(own: Tables, kind: str, column: str) -> None:
    with pytest.raises(DataError) as raised:
        ASKED[kind](column).run(own)
    assert raised.value.code == "not-text"
    assert str(raised.value) == (
        f"{column} holds numbers or times; groups are told apart by a column of text. "
        "Choose from: campaign, channel, device, event, session_id, tier, user_id."
    )


def test_an_own_column_of_text_does(own: Tables) -> None:
    table = ASKED["breakdown"]("tier").run(own).table.query("step == 1").set_index("breakdown")["users"]
    assert table.to_dict() == {"(total)": 150, "gold": 75, "iron": 75}
    held = ASKED["hold"]("tier").run(own).table["users"]
    assert held.tolist() == FUNNEL.run(own).table["users"].tolist()
