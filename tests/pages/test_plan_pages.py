"""Goals and plan, Review: each control changes the question; goals and lessons are written down and used."""

from __future__ import annotations

import datetime as dt

import pytest
from harness import errors, finding, headline, run, stands_on

from analysis import Baselines, CampaignReview, Filter, Goal, GoalProgress, Lesson, PlanCheck, Scorecard, Tables, Task
from analysis.goals import FigureOf
from analysis.plan.scorecard import QuarterWeights
from analysis.sharing import links

CURRENT = Filter(campaign="Double 11 2026")


@pytest.mark.long
def test_goals_and_the_views_beside_them(opened, sample: Tables) -> None:
    app = opened("plan")
    asked = GoalProgress(where=CURRENT)
    assert headline(app) == finding(asked, sample)
    app.multiselect(key="plan.goals").set_value(["Revenue"])
    app.date_input(key="plan.at").set_value(dt.date(2026, 11, 6))
    assert headline(run(app)) == finding(asked.replace(goals="Revenue", at="2026-11-06"), sample)
    app.button_group(key="plan.view").set_value(PlanCheck.kind)
    assert headline(run(app)) == finding(PlanCheck(at="2026-11-06", where=CURRENT), sample)
    app.button_group(key="plan.view").set_value(Baselines.kind)
    run(app).selectbox(key="plan.before").set_value("Double 11 2024")
    assert headline(run(app)) == finding(Baselines(before=Filter(campaign="Double 11 2024"), where=CURRENT), sample)


def test_what_the_sample_has_written_down_is_called_in_the_readers_language(opened) -> None:
    app = opened("plan", language="zh_CN")
    assert "“老客参与率 +30%”" in headline(app)
    shown = ""
    for page, kind in (("plan", PlanCheck), ("review", CampaignReview)):
        found = opened(page, language="zh_CN", question=links.encode(kind()))
        shown += " ".join(str(table.value.to_dict("list")) for table in found.dataframe)
    for name in ("写直播脚本", "小林", "老客有一半没来：预热前先邀请他们", "按 2025 年曲线定的计划"):
        assert name in shown
    assert "Brief the team" not in shown
    assert "curves of" not in shown


@pytest.mark.long
def test_links_open_on_their_view(opened, sample: Tables) -> None:
    asked = Baselines(before=Filter(campaign="Double 11 2024"))
    assert headline(opened("plan", question=links.encode(asked))) == finding(asked, sample)
    scored = Scorecard(
        campaigns=("Double 11 2024", "Double 11 2026"), weights=(QuarterWeights(quarter="Q4", value=0.5),)
    )
    app = opened("review", question=links.encode(scored))
    assert "Double 11 2024" in headline(app)


def test_a_review_and_its_lesson(opened, sample: Tables) -> None:
    app = opened("review")
    assert headline(app) == finding(CampaignReview(), sample)
    app.number_input(key="review.target").set_value(800_000.0)
    assert headline(run(app)) == finding(CampaignReview(target=800_000), sample)
    app.text_input(key="review.lesson.learnt").set_value("Begin with mid-tier creators")
    next(button for button in app.button if button.label == "Write the lesson down").click()
    run(app)
    kept = [one.value for one in stands_on(app).kept(Lesson)]
    assert Lesson(learnt="Begin with mid-tier creators", campaign="Double 11 2026") in kept


@pytest.mark.long
def test_scorecards_weights(opened, sample: Tables) -> None:
    app = opened("review")
    app.button_group(key="review.view").set_value(Scorecard.kind)
    assert headline(run(app)) == finding(Scorecard(), sample)
    app.number_input(key="review.weight.Q4.experience").set_value(100)
    app.number_input(key="review.weight.Q4.value").set_value(0)
    app.number_input(key="review.weight.Q4.efficiency").set_value(0)
    assert "do not settle" in headline(run(app))


@pytest.mark.long
def test_a_figure_of_an_answer_becomes_a_goal(opened) -> None:
    app = opened("sales")
    app.session_state["sales.to-goal"] = True  # as a click opens it
    run(app)
    app.text_input(key="sales.goal.name").set_value("Realised")
    app.number_input(key="sales.goal.target").set_value(1e6)
    run(app).button(key="sales.goal.keep").click()
    run(app)
    (goal,) = [one.value for one in stands_on(app).kept(Goal) if one.value.name == "Realised"]
    assert isinstance(goal.figure, FigureOf) and goal.target == 1e6
    app.switch_page("pages/plan.py")
    assert "Realised" in run(app).dataframe[0].value.iloc[:, 0].tolist()


def test_ticking_off_a_task_is_seen_at_once(opened) -> None:
    app = opened("plan")
    app.button_group(key="plan.view").set_value(PlanCheck.kind)
    run(app)
    here = stands_on(app)
    app.switch_page("pages/records.py")
    run(app).button_group(key="records.view").set_value("task")
    rows = "name,stage,due,who,done,campaign\nWrite the review,review,,Lin,2026-11-15,\n"
    run(app).file_uploader(key="records.task.file").upload("tasks.csv", rows.encode())
    run(app).button(key="records.task.add").click()
    run(app)
    version = here.version
    here = stands_on(app)
    assert (here.version == version) and any(one.value.done == "2026-11-15" for one in here.kept(Task))
    app.switch_page("pages/plan.py")
    shown = run(app).dataframe[1].value
    assert "2026-11-15" in shown.to_string()


@pytest.mark.parametrize(
    ("kind", "says"),
    [("goal", "target cannot be 0"), ("trial", "must be 1 or less"), ("task", "choose from diagnosis")],
)
def test_bad_records_are_said_in_words(opened, kind: str, says: str) -> None:
    rows = {
        "goal": "name,figure,target,lift,base,date,campaign\nNothing,roi,0,,,,\n",
        "trial": "name,tries,share,variant,start,end\nA,price,5,,,\n",
        "task": "name,stage,due,who,done,campaign\nA,someday,,,,\n",
    }
    app = opened("records")
    app.button_group(key="records.view").set_value(kind)
    run(app).file_uploader(key=f"records.{kind}.file").upload("given.csv", rows[kind].encode())
    run(app).button(key=f"records.{kind}.add").click()
    assert says in errors(run(app))
