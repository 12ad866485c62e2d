"""Home's figures: each its own question's, set beside the same days before, held against its goal, silent of chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sizes import cases

from analysis import (
    Baselines,
    Campaign,
    Filter,
    Funnel,
    Goal,
    GoalProgress,
    Overview,
    Performance,
    Phase,
    PrivateDomain,
    Retention,
    Sales,
    Scorecard,
    Tables,
)
from analysis.charts import Look
from analysis.errors import DataError
from analysis.estimates import Interval, proportion
from analysis.money import roi
from analysis.overview.aims import aims
from analysis.overview.figures import FIGURES
from analysis.overview.goals import state
from analysis.overview.question import OverviewAnswer
from analysis.overview.words import WOULD_ADD
from analysis.plan.measures import MEASURES, Side
from analysis.records import CalendarDay

THIS, BEFORE = "Double 11 2026", "Double 11 2025"
OF_SAMPLE = ["realised", "paid", "conversion", "aov", "refund_rate", "spend", "roi", "new_buyers", "private_share"]


def asked(tables: Tables, where: Filter | None = None) -> OverviewAnswer:
    answer = Overview(where=where).run(tables)
    assert isinstance(answer, OverviewAnswer)
    return answer


@pytest.fixture(scope="module")
def home(sample: Tables) -> OverviewAnswer:
    return asked(sample, Filter(campaign=THIS))


def value(answer: OverviewAnswer, figure: str, column: str = "now") -> Any:
    return answer.table.set_index("figure").loc[figure, column]


def codes(answer: OverviewAnswer) -> list[str]:
    return [note.code for note in answer.notes]


# ---- one truth --------------------------------------------------------------------------------------------


def test_each_figure_is_its_own_questions(sample: Tables, home: OverviewAnswer) -> None:
    where = Filter(campaign=THIS)
    sales = Sales(where=where).run(sample).table.iloc[0]
    spend = Performance(where=where).run(sample).table.iloc[0]
    funnel = Funnel.suggested(sample).replace(where=where).run(sample).table.iloc[-1]
    private = PrivateDomain(where=where).run(sample).table.iloc[0]
    assert home.table["figure"].tolist() == OF_SAMPLE
    for figure in ("realised", "paid", "aov", "refund_rate", "new_buyers"):
        assert value(home, figure) == sales[figure]
    assert (value(home, "aov", "low"), value(home, "aov", "high")) == (sales["aov_low"], sales["aov_high"])
    assert value(home, "spend") == spend["spend"]
    assert [value(home, "conversion", c) for c in ("now", "low", "high")] == [
        funnel[c] for c in ("from_start", "start_low", "start_high")
    ]
    assert [value(home, "private_share", c) for c in ("now", "low", "high")] == [
        private[c] for c in ("share", "low", "high")
    ]
    assert value(home, "roi") == pytest.approx(float(roi(sales["realised"], spend["spend"])), rel=1e-12)


def test_the_campaign_before_is_looked_at_on_the_same_days(sample: Tables, home: OverviewAnswer) -> None:
    before = Filter(campaign=BEFORE)  # both ran for eight weeks from the same day on
    sales, spend = Sales(where=before).run(sample).table.iloc[0], Performance(where=before).run(sample).table.iloc[0]
    for figure in ("realised", "paid", "aov", "new_buyers"):
        assert value(home, figure, "before") == sales[figure]
    settled = Sales(where=before.replace(end="2025-10-31")).run(sample).table.iloc[0]  # later refunds are to come
    assert value(home, "refund_rate", "before") == settled["refund_rate"]
    assert value(home, "spend", "before") == spend["spend"]
    assert value(home, "roi", "before") == pytest.approx(float(roi(sales["realised"], spend["spend"])), rel=1e-12)
    private = PrivateDomain(where=before).run(sample).table.iloc[0]
    assert value(home, "private_share", "before") == private["share"]
    funnel = Funnel.suggested(sample).replace(where=before).run(sample).table.iloc[-1]
    assert value(home, "conversion", "before") == funnel["from_start"]
    change = Sales(where=Filter(campaign=THIS)).run(sample).frame("change").set_index("measure")
    for figure in ("realised", "paid", "aov", "refund_rate"):
        own = home.table.set_index("figure").loc[figure]
        assert (
            own[["change", "change_low", "change_high"]].tolist()
            == change.loc[figure, ["change", "low", "high"]].tolist()
        )


def test_what_was_planted_is_told(home: OverviewAnswer) -> None:
    assert abs(value(home, "private_share") - 0.35) < 0.005
    assert abs(value(home, "private_share", "before") - 0.28) < 0.005
    said = home.say(home.headline)
    assert said.startswith(
        "CN¥892,806 realised on 56 days: 245.3% more than CN¥258,582 on the same days of Double 11 2025"
    )
    assert said.endswith(
        "Short of 3 of the 4 goals on this page, by most: Private domain's share of visits, 35.0% where 40.0% was "
        "aimed at."
    )


def test_days_add_up_to_the_figures(home: OverviewAnswer) -> None:
    days = home.frame("trend").groupby("campaign")[["realised", "paid", "spend"]].sum()
    for name, side in ((THIS, "all"), (BEFORE, "before")):
        own = home.frame("sides").set_index("side").loc[side, ["realised", "paid", "spend"]]
        np.testing.assert_allclose(days.loc[name].to_numpy(float), own.to_numpy(float), rtol=1e-9)


def test_phases_and_calendar_days_are_marked(home: OverviewAnswer) -> None:
    marks = home.frame("marks")
    told = [(row.kind, row.name, str(row.first)[:10], str(row.last)[:10]) for row in marks.itertuples(index=False)]
    assert told == [
        ("phase", "warm-up", "2026-09-21", "2026-10-31"),
        ("phase", "burst", "2026-11-01", "2026-11-11"),
        ("phase", "wrap-up", "2026-11-12", "2026-11-15"),
        ("day", "Singles' Day", "2026-11-10", "2026-11-11"),
    ]
    drawn = home.chart(Look("zh_CN")).to_dict()
    names = {row.get("name_name") for rows in drawn["datasets"].values() for row in rows}
    assert {"预热", "爆发", "收尾", "双11高峰"} <= names


@pytest.mark.parametrize("campaign", [None, "Double 11 2024"])
def test_without_a_campaign_before_nothing_is_compared(sample: Tables, campaign: str | None) -> None:
    answer = asked(sample, Filter(campaign=campaign) if campaign else None)
    assert answer.table["before"].isna().all()
    assert not answer.table["clear"].any()
    assert len(answer.frame("sides")) == 1


# ---- by hand ----------------------------------------------------------------------------------------------

BEGUN = pd.Timestamp("2026-11-01 10:00")


def orders(
    days: int, each: int, campaign: str | None = None, begun: pd.Timestamp = BEGUN, price: float = 10.0
) -> pd.DataFrame:
    at = [begun + pd.Timedelta(days=n // each) for n in range(days * each)]
    frame = pd.DataFrame({"timestamp": at, "paid_at": at, "revenue": price, "currency": "CNY"})
    frame["order_id"] = [f"{campaign}{n}" for n in range(len(frame))]
    frame["user_id"] = [f"u{campaign}{n}" for n in range(len(frame))]
    return frame.assign(campaign=campaign) if campaign else frame


def spend(days: int, each: float, begun: pd.Timestamp = BEGUN, **more: Any) -> pd.DataFrame:
    start = [begun.normalize() + pd.Timedelta(days=n) for n in range(days)]
    frame = pd.DataFrame({"period_start": start, "channel": "feed", "spend": each, "currency": "CNY"})
    return frame.assign(period_end=frame["period_start"] + pd.Timedelta(days=1), **more)


def plan(**more: Any) -> Campaign:
    facts = {"name": "now", "start": "2026-11-01", "end": "2026-11-10", "zone": "UTC", **more}
    return Campaign(**facts)


def test_roi_is_of_the_days_that_both_tell_of() -> None:
    answer = asked(Tables(orders=orders(10, 5), spend=spend(4, 25.0)))
    assert value(answer, "roi") == 50 / 25  # the last six days would have made it 5
    note = next(note for note in answer.notes if note.code == "roi-days")
    assert (
        answer.say(note.message) == "ROI is of 2026-11-01 to 2026-11-04, the days that orders and spend both tell of."
    )


@pytest.mark.parametrize(
    ("money", "code"),
    [
        (spend(4, 25.0, currency="USD"), "roi-currencies"),
        (spend(4, 25.0, begun=BEGUN + pd.Timedelta(days=60)), "roi-days"),
    ],
)
def test_no_roi_without_days_or_a_currency_in_common(money: pd.DataFrame, code: str) -> None:
    answer = asked(Tables(orders=orders(10, 5), spend=money))
    assert "roi" not in answer.table["figure"].tolist()
    assert code in [note.code for note in answer.notes if note.level == "missing"]


SUMMER = pd.Timestamp("2026-08-01 10:00")
HERE = Filter(campaign="now")


def rows_of_spend(spans: list[tuple[int, int, float]]) -> pd.DataFrame:
    """Rows of spend: on which day of November each begins, how many it covers, and its money."""
    frame = spend(len(spans), 0.0, campaign="now").assign(spend=[money for _, _, money in spans])
    start = pd.to_datetime([f"2026-11-{day:02d}" for day, _, _ in spans])
    return frame.assign(period_start=start, period_end=start + pd.to_timedelta([n for _, n, _ in spans], unit="D"))


def told_of_roi(tables: Tables) -> tuple[float, ...]:
    """What Home, the goals, the scorecard and the baselines say of the ROI of the campaign."""
    goal = GoalProgress().run(tables).table.set_index("goal").loc["roi", "now"]
    scores = Scorecard().run(tables).table.set_index(["campaign", "dimension"])["figure"]
    since = Baselines().run(tables).table.set_index("measure").loc["roi", "since"]
    return value(asked(tables, HERE), "roi"), goal, scores["now", "efficiency"], since


def test_a_day_of_spend_without_an_order_counts() -> None:
    """Orders go back to August: on the first half of the days spent on nothing was sold."""
    sold = pd.concat([orders(5, 20, "now", BEGUN + pd.Timedelta(days=5)), orders(10, 20, "then", SUMMER)])
    money = pd.concat([spend(10, 100.0, campaign="now"), spend(10, 100.0, begun=SUMMER, campaign="then")])
    tables = Tables(orders=sold, spend=money, campaign=plan(), records=aimed(roi=1.5))
    assert told_of_roi(tables) == (1.0, 1.0, 1.0, 1.0)
    answer = asked(tables, HERE)
    assert (value(answer, "roi", "before"), value(answer, "roi", "change")) == (2.0, -0.5)
    assert "roi-days" not in codes(answer)


def test_a_channel_without_orders_at_first_is_told_by_all_days_it_was_paid_on() -> None:
    late = orders(7, 1, "now", BEGUN + pd.Timedelta(days=3)).assign(channel="late", order_id=list("abcdefg"))
    sold = pd.concat([orders(10, 5, "now").assign(channel="feed"), late])
    money = pd.concat([spend(10, 10.0, campaign="now"), spend(10, 10.0, campaign="now").assign(channel="late")])
    answer = asked(Tables(orders=sold, spend=money, campaign=plan()), Filter(campaign="now", channel="late"))
    assert value(answer, "roi") == 0.7


@pytest.mark.parametrize(
    ("spans", "where", "expected"),
    [
        ([(1, 30, 300.0)], HERE, (30, 10.0)),
        ([(2 + 7 * n, 7, 70.0) for n in range(4)], HERE, (28, 10.0)),
        # Of the weeks from the 9th and the 16th, five and six days: the first began before the filter's.
        ([(2 + 7 * n, 7, (70.0, 84.0, 77.0, 70.0)[n]) for n in range(4)],
         HERE.replace(start="2026-11-11", end="2026-11-21"), (11, 1100 / (5 * 12 + 6 * 11))),
        # A day by the clock of another zone is one day.
        ([(n, 1, 10.0) for n in range(1, 31)], HERE, (30, 10.0)),
    ],
)  # fmt: skip
def test_a_row_of_spend_is_about_all_of_its_days(
    spans: list[tuple[int, int, float]], where: Filter, expected: tuple[int, float]
) -> None:
    tables = Tables(orders=orders(30, 10, "now"), spend=rows_of_spend(spans), campaign=plan(end="2026-11-30"))
    side = Side(tables, where)
    days, ratio = expected
    parts = MEASURES["roi"].by_day
    assert parts is not None
    assert (parts(side).top > 0).sum() == days
    found = MEASURES["roi"].read(side).at
    assert float(found.value) == pytest.approx(ratio, rel=1e-12)
    assert value(asked(tables, where), "roi") == pytest.approx(ratio, rel=1e-12)
    assert not found.low < 0
    spent = parts(side).bottom
    assert spent is not None
    assert float(MEASURES["spend_a_day"].read(side).at.value) == pytest.approx(float(spent.mean()), rel=1e-12)


@pytest.mark.parametrize(
    ("spans", "unit"),
    [
        ([(1, 7, 70.0), (8, 7, 140.0), (15, 7, 70.0), (22, 9, 140.0)], 7),  # four figures tell of no 30 days
        ([(1, 30, 300.0)], 30),
        ([*((day, 1, 10.0 + day % 3) for day in range(1, 31)), (1, 30, 30.0)], 1),  # a month's row hides no days
    ],
)
def test_what_varies_is_as_long_as_the_rows_of_spend(spans: list[tuple[int, int, float]], unit: int) -> None:
    tables = Tables(orders=orders(30, 10, "now"), spend=rows_of_spend(spans), campaign=plan(end="2026-11-30"))
    assert Performance(where=HERE).spread(tables).unit == unit
    for code in ("roi", "spend_a_day"):
        found = MEASURES[code].read(Side(tables, HERE)).at
        assert (0 < found.low < found.value < found.high) == (unit == 1)
        assert np.isnan(found.low) == (unit > 1)


def test_roi_is_compared_on_the_days_that_both_campaigns_tell_of() -> None:
    """Both sell and spend alike; the report of this one's spend lacks the first six days."""
    sold = pd.concat([orders(10, 10, "now"), orders(10, 10, "then", SUMMER)])
    money = pd.concat([spend(4, 10.0, begun=BEGUN + pd.Timedelta(days=6), campaign="now"),
                       spend(10, 10.0, begun=SUMMER, campaign="then")])  # fmt: skip
    tables = Tables(orders=sold, spend=money, campaign=plan(), records=aimed(roi=10))
    answer = asked(tables, HERE)
    assert [value(answer, "roi", column) for column in ("now", "before", "change")] == [10.0, 10.0, 0.0]
    assert told_of_roi(tables) == (10.0, 10.0, 10.0, 10.0)
    for other in (answer, GoalProgress().run(tables), Scorecard().run(tables), Baselines().run(tables)):
        said = [other.say(note.message) for note in other.notes if note.code == "roi-days"]
        assert said == ["ROI is of 2026-11-07 to 2026-11-10, the days that orders and spend both tell of."]


def test_days_that_the_campaign_before_does_not_tell_of_are_not_compared() -> None:
    sold = pd.concat([orders(10, 10, "now"), orders(10, 10, "then", SUMMER)])
    lean = [5.0] * 6 + [10.0] * 4
    money = pd.concat([spend(10, 0.0, campaign="now").assign(spend=lean),
                       spend(4, 10.0, begun=SUMMER + pd.Timedelta(days=6), campaign="then")])  # fmt: skip
    answer = asked(Tables(orders=sold, spend=money, campaign=plan()), HERE)
    assert [value(answer, "roi", c) for c in ("now", "before", "change")] == [1000 / 70, 10.0, 0.0]
    assert "roi-compared" in codes(answer)


def test_a_day_that_is_not_over_counts_on_neither_side_of_roi() -> None:
    """Orders end at noon of the fifth day, of which the spend is told whole already."""
    sold = pd.concat([orders(5, 10, "now"), orders(10, 10, "then", SUMMER)])
    money = pd.concat([spend(5, 10.0, campaign="now"), spend(10, 10.0, begun=SUMMER, campaign="then")])
    tables = Tables(orders=sold, spend=money, campaign=plan(), records=aimed(roi=10, revenue=1100))
    answer = asked(tables, HERE)
    assert told_of_roi(tables) == (10.0, 10.0, 10.0, 10.0)
    assert "do not settle" in (card := Scorecard().run(tables)).say(card.headline)
    note = next(note for note in answer.notes if note.code == "day-not-over")
    assert answer.say(note.message).startswith("2026-11-05 is not over")
    # Orders tell of 4.4 days of ten, spend of five: revenue is held against what orders tell of.
    assert (answer.goals["realised"].state, answer.goals["realised"].elapsed) == (
        "on-pace",
        pytest.approx(0.442, abs=0.001),
    )


def test_figures_of_different_times_say_of_which_days_each_is() -> None:
    late = spend(4, 25.0, begun=BEGUN + pd.Timedelta(days=60))
    answer = asked(Tables(orders=orders(10, 5), spend=late))
    assert (answer.days("aov"), answer.days("spend"), answer.days("roi")) == (
        ("2026-11-01", "2026-11-10"), ("2026-12-31", "2027-01-03"), None)  # fmt: skip
    said = answer.say(answer.headline)
    assert "not of one time: orders of 2026-11-01 to 2026-11-10; spend of 2026-12-31 to 2027-01-03." in said
    together = asked(Tables(orders=orders(10, 5), spend=spend(4, 25.0, begun=BEGUN + pd.Timedelta(days=9))))
    assert together.days("spend") is None and "not of one time" not in together.say(together.headline)


def test_a_table_that_names_no_campaign_is_looked_at_on_its_days() -> None:
    money = spend(10, 20.0, campaign="now")
    old = spend(10, 20.0, begun=BEGUN - pd.Timedelta(days=365), campaign="then")
    both = pd.concat([orders(30, 5), orders(3, 5, begun=BEGUN - pd.Timedelta(days=40)).assign(
        order_id=lambda t: "x" + t["order_id"])])  # fmt: skip
    answer = asked(Tables(orders=both, spend=pd.concat([old, money]), campaign=plan()), Filter(campaign="now"))
    assert (value(answer, "realised"), value(answer, "roi")) == (500.0, 2.5)
    assert "campaign-days" in codes(answer)


def test_growth_that_costs_more_than_it_brings_is_no_gain() -> None:
    rng, earlier = np.random.default_rng(3), BEGUN - pd.Timedelta(days=364)
    frames = [orders(56, 20, "then", begun=earlier), orders(56, 40, "now")]
    frames = [frame.assign(revenue=rng.normal(10, 1, len(frame))) for frame in frames]
    money = [spend(56, 20.0, begun=earlier, campaign="then"), spend(56, 90.0, campaign="now")]
    answer = asked(Tables(orders=pd.concat(frames), spend=pd.concat(money)), Filter(campaign="now"))
    assert value(answer, "realised", "change") == pytest.approx(1.0, abs=0.02)
    said = answer.say(answer.headline)
    assert "Worse than before by more than chance explains: ROI 4.4" in said
    assert "(before: 9.9" in said or "(before: 10.0" in said


# ---- goals ------------------------------------------------------------------------------------------------


def aimed(**targets: float) -> list[Goal]:
    return [Goal(name=figure, figure=figure, target=target) for figure, target in targets.items()]


@pytest.mark.parametrize(
    ("goals", "budget", "days", "states"),
    [
        ({"revenue": 500}, None, 10, {"realised": "reached"}),
        ({"revenue": 501}, None, 10, {"realised": "short"}),
        ({"revenue": 600}, None, 5, {"realised": "behind"}),  # at 10:00 of the fifth day, 44% of the days are over
        ({"revenue": 500}, None, 5, {"realised": "on-pace"}),
        ({"aov": 9, "orders": 60}, None, 10, {"aov": "reached", "paid": "short"}),
        ({"aov": 11}, 99, 10, {"aov": "short"}),
        ({}, 100, 10, {}),
    ],
)
def test_a_goal_is_held_against_its_figure(
    goals: dict[str, float], budget: float | None, days: int, states: dict[str, str]
) -> None:
    answer = asked(Tables(orders=orders(days, 5), campaign=plan(budget=budget), records=aimed(**goals)))
    assert {figure: goal.state for figure, goal in answer.goals.items()} == states


def test_a_goal_that_is_a_change_is_told_from_the_campaign_before() -> None:
    both = pd.concat([orders(10, 5, "now"), orders(20, 2, "then", begun=BEGUN - pd.Timedelta(days=365))])
    records = [
        Goal(name="More", figure="revenue", target=0.5, lift=True),
        Goal(name="AOV", figure="aov", target=0.1, lift=True, base=10),
    ]
    answer = asked(Tables(orders=both, campaign=plan(), records=records), Filter(campaign="now"))
    assert {figure: round(goal.target, 9) for figure, goal in answer.goals.items()} == {"realised": 600.0, "aov": 11.0}


def test_home_and_plan_tell_goals_alike(sample: Tables, home: OverviewAnswer) -> None:
    told = GoalProgress().run(sample).table.set_index("goal")
    for name, figure in (("Conversion +15%", "conversion"), ("ROI 3.5", "roi"), ("Private domain 40%", "private_share"),
                         ("Revenue", "realised")):  # fmt: skip
        assert told.loc[name, "target"] == pytest.approx(value(home, figure, "goal"), rel=1e-12), name
        assert told.loc[name, "now"] == pytest.approx(value(home, figure), rel=1e-12), name


@pytest.mark.parametrize(("budget", "expected"), [(201, "within"), (200, "within"), (199, "over")])
def test_a_budget_is_a_limit(budget: float, expected: str) -> None:
    answer = asked(Tables(spend=spend(10, 20.0), campaign=plan(budget=budget)))
    assert answer.goals["spend"].state == expected
    assert answer.goals["spend"].reached == 200 / budget
    assert ("Over its limit" in answer.say(answer.headline)) is (expected == "over")


def test_a_rate_near_its_goal_is_too_close_to_tell() -> None:
    found = proportion(30, 100)
    assert [state("conversion", found, goal, 1.0) for goal in (0.2, 0.3, 0.4)] == ["reached", "near", "short"]
    assert [state("refund_rate", found, goal, 1.0) for goal in (0.2, 0.3, 0.4)] == ["over", "near", "within"]


def test_a_rate_without_an_interval_is_not_settled_and_a_sum_is() -> None:
    assert [state("private_share", Interval.of(0.3), goal, 1.0) for goal in (0.1, 0.4)] == ["near", "near"]
    assert [state("refund_rate", Interval.of(0.3), goal, 1.0) for goal in (0.1, 0.4)] == ["near", "near"]
    assert [state("realised", Interval.of(30.0), goal, 1.0) for goal in (20.0, 40.0)] == ["reached", "short"]
    assert [state("spend", Interval.of(30.0), goal, 1.0) for goal in (20.0, 40.0)] == ["over", "within"]


def test_goals_are_the_workspaces_campaigns_alone() -> None:
    both = pd.concat([orders(5, 2, "now"), orders(5, 2, "other", begun=BEGUN - pd.Timedelta(days=99))])
    records = [
        *aimed(revenue=9, participation=0.3), Goal(name="Soon", figure="aov", target=9, date="2026-11-03"),
        Goal(name="Else", figure="aov", target=9, campaign="other"),
    ]  # fmt: skip
    tables = Tables(orders=both, campaign=plan(budget=50), records=records)
    own = {"private_share": 0.4, "spend": 50.0, "realised": 9.0}
    found = aims(tables, Filter(campaign="now"))
    assert (found.targets, sorted(found.others)) == (own, ["Soon", "participation"])
    narrower = (Filter(campaign="now", channel="feed"), Filter(campaign="now", end="2026-11-03"))
    for where in (Filter(campaign="other"), *narrower, None):
        assert aims(tables, where).targets == {"private_share": 0.4}
    answer = asked(tables, Filter(campaign="now"))
    said = [answer.say(note.message) for note in answer.notes]
    assert "The page Plan tells of further goals: Soon, participation." in said


def test_a_new_goal_asks_home_anew() -> None:
    one, other = (Tables(orders=orders(5, 2), campaign=plan(), records=aimed(**goals)) for goals in ({}, {"roi": 3}))
    assert one.version == other.version
    assert asked(one).version != asked(other).version
    assert Overview.planned


# ---- whatever tables there are ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("held", "first", "drawn", "columns"),
    [
        ("orders", ["realised", "paid", "aov", "refund_rate", "new_buyers", "created", "paid_rate", "returning_buyers"],
         "realised", ("channel",)),
        ("spend", ["spend", "roas", "conversions", "cpa", "clicks", "ctr", "cpc", "impressions"], "spend",
         ("channel", "campaign", "creative", "audience")),
        ("events", ["conversion", "private_share", "entered", "converted", "returned"], "active",
         ("channel",)),
    ],
)  # fmt: skip
def test_any_one_table_makes_a_home(
    sample: Tables, held: str, first: list[str], drawn: str, columns: tuple[str, ...]
) -> None:
    alone = Tables(**{held: sample.arrow(held)}, campaign=sample.campaign, records=sample.records)
    where = Filter(campaign=THIS)
    answer = asked(alone, where)
    assert answer.table["figure"].tolist() == first
    assert (answer.drawn, answer.columns) == (drawn, columns)
    assert answer.table["before"].notna().sum() >= 2
    assert answer.frame("trend")["campaign"].unique().tolist() == [THIS, BEFORE]
    answer.chart()
    assert len(answer.by(columns[0]).run(alone).table) > 1
    said = next(answer.say(note.message) for note in answer.notes if note.code == WOULD_ADD)
    assert said.count("would add") == 2
    if held == "events":
        week = Retention.suggested(alone).replace(where=where).run(alone).frame("curve")
        assert value(answer, "returned") == week.loc[week["later"] == 1, "share"].iloc[0]


def test_nothing_at_all_is_said_so() -> None:
    with pytest.raises(DataError, match="no data on orders"):
        Overview().run(Tables())


def test_a_filter_that_leaves_nothing_is_said_so() -> None:
    with pytest.raises(DataError, match="No orders are left"):
        Overview(where=Filter(start="2030-01-01")).run(Tables(orders=orders(3, 2)))


def test_every_figure_has_its_unit_in_the_readers_language(home: OverviewAnswer) -> None:
    shown = home.shown("table", "zh_CN").set_index("figure")
    assert shown.loc[["realised", "conversion", "roi", "paid"], "now"].tolist() == ["¥892,806", "4.6%", "7.04", "1,837"]
    assert shown.loc["realised", "goal"] == "¥1,000,000"
    assert set(home.frame("sides")) >= set(FIGURES)


# ---- chance -----------------------------------------------------------------------------------------------


@pytest.mark.long
def test_with_nothing_changed_hardly_an_arrow_is_drawn() -> None:
    """Two campaigns of the same make, orders and spend by chance: an arrow in at most one of ten pairs."""
    many, rng = cases(120), np.random.default_rng(11)
    answers = [asked(_alike(rng), Filter(campaign="now")) for _ in range(many)]
    assert all(answer.table["change_low"].notna().sum() >= 6 for answer in answers)  # chance is told of
    alarms = sum(bool(answer.table["clear"].any()) for answer in answers)
    assert alarms <= 0.1 * many + 2 * np.sqrt(many * 0.09), f"{alarms} of {many}"


DAYS = 42
"""From thirty days on there are intervals."""


def _alike(rng: np.random.Generator) -> Tables:
    frames, money = [], []
    for name, begun in (("then", BEGUN - pd.Timedelta(days=364)), ("now", BEGUN)):
        counts = rng.poisson(30, DAYS)
        at = np.repeat(pd.date_range(begun, periods=DAYS, freq="D").to_numpy(), counts)
        n = len(at)
        back = rng.random(n) < 0.1
        amount = rng.lognormal(3, 0.6, n)
        frames.append(pd.DataFrame({
            "order_id": [f"{name}{i}" for i in range(n)], "user_id": rng.integers(0, 600, n).astype(str),
            "timestamp": at, "paid_at": pd.Series(at).where(rng.random(n) < 0.8), "revenue": amount,
            "refund": np.where(back, amount, 0.0), "currency": "CNY", "campaign": name,
        }))  # fmt: skip
        money.append(spend(DAYS, 1.0, begun=begun, campaign=name).assign(spend=rng.gamma(20, 10, DAYS)))
    orders_ = pd.concat(frames)
    orders_.loc[orders_["paid_at"].isna(), "refund"] = 0.0
    return Tables(orders=orders_, spend=pd.concat(money))


def test_a_planted_fall_is_an_arrow() -> None:
    tables = _alike(np.random.default_rng(5))
    frame = tables.arrow("orders").to_pandas()
    fewer = frame[(frame["campaign"] == "then") | (np.arange(len(frame)) % 3 > 0)]
    answer = asked(Tables(orders=fewer, spend=tables.arrow("spend")), Filter(campaign="now"))
    down = answer.table[answer.table["clear"]].set_index("figure")["change"]
    assert {"realised", "paid", "roi"} <= set(down.index)
    assert (down.loc[["realised", "paid", "roi"]] < -0.2).all()
    assert [one.better for one in answer.standings if one.figure == "paid"] == [False]


def test_a_calendar_day_outside_the_days_is_not_marked() -> None:
    days = [CalendarDay(name="far", start="2027-01-01"), CalendarDay(name="near", start="2026-11-02")]
    tables = Tables(
        orders=orders(5, 2), records=days, campaign=plan(phases=[Phase(name="a", start="2026-11-01", end="2026-11-10")])
    )
    marks = asked(tables).frame("marks")
    assert marks["name"].tolist() == ["a", "near"]
    assert str(marks["last"].iloc[0])[:10] == "2026-11-05"  # no further than the days drawn
