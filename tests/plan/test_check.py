"""The plan's own rules: the sample's calendar, and each rule kept, broken and open."""

from __future__ import annotations

from itertools import pairwise

import pandas as pd
import pytest

from analysis import Campaign, Lesson, PlanCheck, PlanLine, Tables, Task, Trial
from analysis.errors import DataError
from analysis.plan.dates import stages

CAMPAIGN = Campaign(name="Double 11", start="2026-09-21", end="2026-11-15")
LINES = tuple(
    PlanLine(stage=stage, line=line, amount=amount)
    for stage, line, amount in (
        ("design", "film", 25_000), ("technology", "data", 40_000), ("execution", "search", 29_750),
        ("execution", "reserve", 5_250),
    )
)  # fmt: skip
ASK = Task(name="Ask buyers", stage="diagnosis", who="Lin", done="2026-08-01")
DRAW = Task(name="Draw", stage="design", done="2026-09-01")


def state(code: str, *records: object, at: str = "2026-09-10", **tables: object) -> tuple[str, str]:
    answer = PlanCheck(at=at).run(Tables(campaign=CAMPAIGN, records=records, **tables))  # type: ignore[arg-type]
    row = answer.shown("table", "en").set_index("check").loc[code]
    return str(row["state"]), f"{row['found']} {row['todo']}".strip()


def test_the_samples_calendar(sample: Tables) -> None:
    assert sample.campaign is not None
    found = stages(sample.campaign)
    assert {name: found[name].first.isoformat() for name in ("diagnosis", "design", "test", "campaign")} == {
        "diagnosis": "2026-07-20", "design": "2026-08-10", "test": "2026-09-07", "campaign": "2026-09-21",
    }  # fmt: skip
    assert found["review"].last.isoformat() == "2026-12-13"
    answer = PlanCheck().run(sample)
    states = dict(zip(answer.table["check"], answer.table["state"], strict=True))
    assert states["dates"] == states["split"] == states["reserve"] == states["order"] == "passed"
    assert (states["private"], states["review"]) == ("failed", "open")
    assert "35.0% of the visits came through the private domain" in answer.say(answer.headline)
    stage = answer.frame("stages").set_index("stage")
    assert str(stage["last"]["review"])[:10] == "2026-12-13"
    assert len(answer.frame("lessons")) == 2


def test_a_share_of_few_visits_breaks_no_rule() -> None:
    rows = [(f"u{n}", pd.Timestamp(f"{CAMPAIGN.start} 12:00"), "private_domain" if n < 3 else "x") for n in range(10)]
    events = pd.DataFrame(rows, columns=["user_id", "timestamp", "channel"]).assign(event="visit")
    now, said = state("private", at=CAMPAIGN.end, events=events.assign(campaign=CAMPAIGN.name))
    assert (now, "NaN" in said) == ("open", False)
    assert said.startswith("30.0% of the visits came through the private domain, of too few people for an interval")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2028-02-29"])
def test_stages_follow_on_one_another_over_leap_days_and_clock_changes(day: str) -> None:
    found = list(stages(CAMPAIGN.replace(start=day, end="2028-12-31", zone="Europe/Berlin")).values())
    for earlier, later in pairwise(found):
        assert (later.first - earlier.last).days == 1
    assert (found[-1].last - found[-2].last).days == 28


@pytest.mark.parametrize(
    ("records", "code", "expected", "says"),
    [
        (LINES, "split", "passed", "Design 25.0%, technology 40.0%, execution 35.0%"),
        (LINES[1:], "split", "failed", "Give design 25.0% of all the money"),
        ((), "split", "open", "No plan line is written down"),
        (LINES, "reserve", "passed", "15.0% of the execution budget is held back"),
        (LINES[:3], "reserve", "failed", "Move money from the channels"),
        ((*LINES[:2], LINES[2].replace(amount=1_000), LINES[3]), "reserve", "failed", "it earns nothing"),
        ((), "price", "passed", "No experiment of this kind"),
        ((), "scene", "open", "Try a scene on at least 20.0%"),
        ((Trial(name="a", tries="price", share=0.03), Trial(name="b", tries="price", share=0.02)), "price", "passed",
         "2 experiments together: 5.0% of the traffic, as planned; at most 5.0% is the rule."),
        ((Trial(name="a", tries="price", share=0.0501),), "price", "failed", "Let fewer people see other prices."),
        ((Trial(name="a", tries="scene", share=0.2),), "scene", "passed", "at least 20.0% is the rule"),
        ((Trial(name="a", tries="scene", share=0.19),), "scene", "failed", "Show the scene to more people"),
        ((ASK,), "diagnosis", "passed", "Every task was done in time (1)."),
        ((ASK.replace(done="2026-08-10"),), "diagnosis", "failed", "due on 2026-08-09, was done on 2026-08-10"),
        ((ASK.replace(done=None),), "diagnosis", "failed", "is open on 2026-09-10. Ask Lin"),
        ((DRAW.replace(done=None, due="2026-09-20"),), "design", "open", "Open: 1 of 1 task; the next, Draw,"),
        ((), "test", "open", "it is due by 2026-09-20"),
        ((ASK, DRAW), "order", "passed", "No task was done before"),
        ((ASK.replace(done="2026-09-02"), DRAW), "order", "failed", "Draw (design) was done on 2026-09-01, before Ask"),
        ((ASK.replace(done=None), DRAW), "order", "failed", "Finish the earlier stage first"),
    ],
)  # fmt: skip
def test_each_rule_kept_broken_and_open(records: tuple[object, ...], code: str, expected: str, says: str) -> None:
    found, words = state(code, *records)
    assert found == expected, words
    assert says in words


def test_what_was_done_later_was_open_on_the_day() -> None:
    assert state("diagnosis", ASK, at="2026-07-31")[0] == "open"
    assert state("diagnosis", ASK, at="2026-08-01")[0] == "passed"


def test_an_experiments_traffic_is_counted_where_events_tell() -> None:
    at = pd.Timestamp("2026-10-01")
    events = pd.DataFrame({"user_id": [f"u{n}" for n in range(100)], "timestamp": at, "event": "view",
                           "variant": ["new"] * 6 + ["old"] * 94})  # fmt: skip
    trial = Trial(name="a", tries="price", share=0.05, variant="new")
    assert state("price", trial, events=events) == (
        "failed", "1 experiment together: 6.0% of the traffic, as counted; at most 5.0% is the rule. Let fewer people "
        "see other prices.",
    )  # fmt: skip
    outside = trial.replace(start="2026-10-02", end="2026-10-03")
    assert "as planned" in state("price", outside, events=events)[1]


def test_a_campaign_without_an_end_is_said() -> None:
    at = pd.Timestamp("2026-10-01")
    events = pd.DataFrame({"user_id": ["u"], "timestamp": at, "event": ["view"], "campaign": ["Double 11"]})
    with pytest.raises(DataError, match="Give it a name, a first and a last day on the Data page"):
        PlanCheck().run(Tables(events=events))


def test_lessons_stand_in_the_plan_of_the_campaign_they_are_for() -> None:
    told = (
        Lesson(learnt="Begin earlier", campaign="Spring", next="Double 11"),
        Lesson(learnt="Whichever", campaign="Spring"),
        Lesson(learnt="Of another", campaign="Spring", next="618"),
        Lesson(learnt="Own", campaign="Double 11"),
    )
    answer = PlanCheck().run(Tables(campaign=CAMPAIGN, records=told))
    assert answer.frame("lessons")["lesson"].tolist() == ["Begin earlier", "Whichever"]


def test_a_task_ticked_off_asks_no_other_question_anew() -> None:
    one, other = (Tables(campaign=CAMPAIGN, records=[task]) for task in (ASK, ASK.replace(done=None)))
    assert one.version == other.version != one.planned != other.planned
