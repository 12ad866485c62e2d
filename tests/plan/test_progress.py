"""Where goals stand: the questions' own figures, forecasts of the sample as it went, and what is said of bad goals."""

from __future__ import annotations

from typing import Any

import pytest

from analysis import Campaign, FigureOf, Filter, Funnel, Goal, GoalProgress, Sales, Tables
from analysis.charts import Look
from analysis.errors import ImportFileError, QuestionError, WorkspaceError
from analysis.goals import READY
from analysis.periods import UNSET
from analysis.plan.measures import MEASURES
from analysis.records import PlanLine
from analysis.sharing.tables_of_records import read, written

CURRENT = Filter(campaign="Double 11 2026")
AOV = FigureOf(question=Sales(where=CURRENT), column="aov", row={"group": "(total)"})


def with_goals(tables: Tables, *goals: Goal, **changes: Any) -> Tables:
    given = {name: tables.arrow(name) for name in ("events", "orders", "spend") if tables.count(name)}
    return Tables(**{**given, "campaign": tables.campaign, "records": goals, **changes})


def rows(answer: Any) -> Any:
    return answer.table.set_index("goal")


def test_each_goal_stands_at_its_questions_figure(sample: Tables) -> None:
    answer = GoalProgress().run(sample)
    found = rows(answer)
    sold = Sales(where=CURRENT).run(sample).table.iloc[0]
    assert found["now"]["Revenue"] == sold["realised"]
    assert found["now"]["Conversion +15%"] == pytest.approx(
        float(Funnel.suggested(sample).replace(where=CURRENT).run(sample).table["from_start"].iloc[-1])
    )
    assert found["target"]["Conversion +15%"] == pytest.approx(1.15 * found["base"]["Conversion +15%"])
    assert found["state"].to_dict() == {
        "Conversion +15%": "missed", "Participation +30%": "missed", "Private domain 40%": "missed",
        "ROI 3.5": "reached", "Revenue": "missed",
    }  # fmt: skip
    said = answer.say(answer.headline)
    assert "Goals reached: 1 of 5. Furthest off is Participation +30%: 28.6%, where 45.5%" in said


@pytest.mark.parametrize("at", ["2026-10-12", "2026-11-06"])
@pytest.mark.long
def test_the_samples_forecasts_hold_what_came(sample: Tables, at: str) -> None:
    ahead, end = rows(GoalProgress(at=at).run(sample)), rows(GoalProgress().run(sample))
    for name in ahead.index[ahead["forecast"].notna()]:
        assert ahead["forecast_low"][name] <= end["now"][name] <= ahead["forecast_high"][name], name
    assert ahead["forecast"].notna().sum() >= 4
    assert ahead["chance"]["ROI 3.5"] > 0.95 > 0.5 > ahead["chance"]["Participation +30%"]


@pytest.mark.parametrize(("name", "least"), [("Participation +30%", -0.5), ("ROI 3.5", 0.0)])
def test_a_bar_stays_within_an_axis_that_says_how_far_back_it_goes(sample: Tables, name: str, least: float) -> None:
    answer = GoalProgress(goals=(name,)).run(sample)
    assert (answer.table["progress"].iloc[0] < 0) == (least < 0)
    drawn = answer.chart(Look()).to_dict()
    bar = drawn["layer"][0]["encoding"]["x"]
    (rows_,) = (own for own in drawn["datasets"].values() if "progress_to" in own[0])
    assert bar["scale"]["domain"][0] == least == bar["axis"]["values"][0]
    assert all(row["progress_to"] >= least for row in rows_)


def test_too_few_days_are_said(sample: Tables) -> None:
    answer = GoalProgress(at="2026-09-25", goals=("Revenue",)).run(sample)
    assert rows(answer)["state"]["Revenue"] == "unknown"
    assert "Only 5 days have been seen; a forecast needs 10." in answer.text()


def test_without_goals_the_plans_own_are_shown(tables: Tables) -> None:
    answer = GoalProgress().run(tables)
    assert answer.table["goal"].tolist() == [goal.name for goal in READY]
    assert "plans-own" in {note.code for note in answer.notes}


def test_a_figure_of_any_question_is_followed(sample: Tables) -> None:
    goal = Goal(name="Basket", figure=AOV, target=520, base=500, date="2026-11-15")
    answer = GoalProgress().run(with_goals(sample, goal))
    found = rows(answer).loc["Basket"]
    assert found["now"] == Sales(where=CURRENT).run(sample).table["aov"].iloc[0]
    assert found["state"] == "missed"
    assert found["progress"] == pytest.approx((found["now"] - 500) / 20)
    assert answer.shown("table", "en")["now"].tolist() == ["CN¥506"]


def test_a_goal_on_a_figure_that_is_gone_is_said(sample: Tables) -> None:
    gone = Goal(name="Gone", figure=AOV.replace(row={"group": "live_stream"}), target=520)
    unknown = Goal(name="Unknown", figure="conversoin", target=0.1)
    channel = Goal(name="Channel", figure=AOV.replace(question=Sales(where=Filter(channel="tv"))), target=9)
    answer = GoalProgress().run(with_goals(sample, gone, unknown, channel))
    why = dict(zip(answer.table["goal"], answer.shown("table", "en")["why"], strict=True))
    assert "not in its question's answer any more. Open the question" in why["Gone"]
    assert why["Unknown"].startswith("There is no figure 'conversoin'. Did you mean conversion")
    assert "There is no channel 'tv'" in why["Channel"]
    assert set(answer.table["state"]) == {"unknown"}


def test_goals_need_something_to_go_by() -> None:
    unset = Campaign(name="New", start=UNSET[0], end=UNSET[1], zone="UTC")
    assert [error.code for error in GoalProgress.lacks(Tables(campaign=unset))] == ["no-table"]
    assert GoalProgress.lacks(Tables())
    assert not GoalProgress.lacks(Tables(campaign=unset.replace(start="2026-09-21")))
    assert not GoalProgress.lacks(Tables(campaign=unset, records=[Goal(name="ROI", figure="roi", target=3)]))
    assert not GoalProgress.lacks(Tables(campaign=unset, records=[PlanLine(stage="design", line="film", amount=9)]))


def test_a_target_of_zero_is_refused() -> None:
    with pytest.raises(QuestionError, match=r"give what is aimed at, such as 3\.5"):
        Goal(name="Nothing", figure="roi", target=0)


def test_a_campaign_that_has_not_begun_and_one_that_is_not_there(sample: Tables) -> None:
    assert sample.campaign is not None
    later = sample.campaign.replace(name="Double 11 2027", start="2027-09-21", end="2027-11-15", phases=())
    revenue = Goal(name="Revenue", figure="revenue", target=2e5)
    old = revenue.replace(name="Old", campaign="Double 11 2025")
    lost = revenue.replace(name="Lost", campaign="Double 11 2023")
    answer = GoalProgress().run(with_goals(sample, revenue, old, lost, campaign=later))
    why = dict(zip(answer.table["goal"], answer.shown("table", "en")["why"], strict=True))
    assert why["Revenue"] == "The campaign begins on 2027-09-21; until then there is nothing to go by."
    assert "There is no campaign 'Double 11 2023'. Did you mean" in why["Lost"]
    assert rows(answer)["state"]["Old"] == "reached"


def test_two_campaigns_of_one_name_are_not_added_up(sample: Tables) -> None:
    orders = sample.arrow("orders").to_pandas().assign(campaign="Double 11 2026")
    goal = Goal(name="Revenue", figure="revenue", target=1e6)
    answer = GoalProgress().run(Tables(orders=orders, campaign=sample.campaign, records=[goal]))
    assert "two-of-one-name" in {note.code for note in answer.notes}
    inside = Sales(where=Filter(start="2026-09-21", end="2026-11-15")).run(sample).table["realised"].iloc[0]
    assert rows(answer)["now"]["Revenue"] == pytest.approx(inside)


def test_less_is_better_where_it_is(tables: Tables) -> None:
    goal = Goal(name="Refunds", figure="refund_share", target=0.9)
    found = rows(GoalProgress().run(with_goals(tables, goal, goal.replace(name="Too few", target=1e-6))))
    assert MEASURES["refund_share"].better == -1
    assert found["state"].to_dict() == {"Refunds": "reached", "Too few": "missed"}


# ---- from a CSV -------------------------------------------------------------------------------------------


def test_goals_come_back_from_a_csv_with_their_figures() -> None:
    goals = (
        Goal(name="Basket", figure=AOV, target=520),
        Goal(name="+30%", figure="participation", target=0.3, lift=True),
    )
    assert read(Goal, written(Goal, goals), "goals.csv") == goals


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,figure\nROI,roi\n", "it has no column target, lift, base, date, campaign"),
        ("name,figure,target,lift,base,date,campaign\nROI,roi,,,,,\n", "Row 1: Target is missing"),
        ("name,figure,target,lift,base,date,campaign\nROI,roi,0,,,,\n", "Row 1: target cannot be 0"),
        ("name,figure,target,lift,base,date,campaign\nROI,roi,3,maybe,,,\n", "Row 1: lift cannot be 'maybe'"),
        ('name,figure,target,lift,base,date,campaign\nROI,"{""kind"":1}",3,,,,\n', "Row 1: There is no question 1"),
    ],
)
def test_records_with_half_the_fields_are_refused_in_words(text: str, says: str) -> None:
    with pytest.raises((ImportFileError, WorkspaceError)) as refused:
        read(Goal, text.encode(), "goals.csv")
    assert says in str(refused.value).replace("\\", "")
