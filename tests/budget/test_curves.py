"""Response curves of attributed revenue: planted truth, what cannot be told, and what people read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted

from analysis.answer import Answer
from analysis.budget.curves import forms
from analysis.budget.curves.curve import interval
from analysis.budget.curves.question import CurvesAnswer, ResponseCurves
from analysis.budget.curves.words import REASONS
from analysis.charts import Look
from analysis.errors import DataError, QuestionError
from analysis.question import Question
from analysis.records import DisplayName
from analysis.tables import Tables
from analysis.values import Campaign, Filter, Phase

MEMBERS = {"hyperbolic": "hyperbolic", "exponential": "exponential", "logistic": "logistic",
           "logarithmic": "logarithmic", "hill": "hill-2"}  # fmt: skip
"""What is planted of each family."""
BOUND = 4.0
"""Standard errors a fit may be off: once in 16,000 by chance."""
CAMPAIGN = Campaign(
    name="Double 11",
    start="2026-09-21",
    end="2026-11-15",
    phases=(
        Phase(name="warm-up", start="2026-09-21", end="2026-10-31"),
        Phase(name="burst", start="2026-11-01", end="2026-11-11"),
        Phase(name="wrap-up", start="2026-11-12", end="2026-11-15"),
    ),
)


def ask(spend: pd.DataFrame, campaign: Campaign | None = CAMPAIGN, **changes: Any) -> CurvesAnswer:
    answer = ResponseCurves(**changes).run(Tables(spend=spend, campaign=campaign))
    assert isinstance(answer, CurvesAnswer)
    return answer


def channel(answer: Answer, name: str) -> dict[str, Any]:
    table = answer.table
    return dict(table[table["channel"] == name].iloc[0])


def true_marginal(form: str, spend: Any, ceiling: float, half: float) -> float:
    """Return what the next unit brings, spread as the spend is."""
    return float(planted.DEMAND[planted.PHASES] @ (spend * forms.slope(form, spend, ceiling, half)) / spend.sum())


# ---- planted truth ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("sigma", [0.05, 0.1, 0.3])
@pytest.mark.parametrize("family", MEMBERS)
def test_a_planted_curve_is_recovered(family: str, sigma: float) -> None:
    form = MEMBERS[family]
    rng = np.random.default_rng([1, forms.FAMILIES.index(family), int(100 * sigma)])
    spend = planted.spending(rng)
    truth = planted.expected(form, spend, 1000, 150)
    answer = ask(planted.rows("search", spend, truth * planted.noise(rng, sigma, 56)), form=family)
    row, curve = channel(answer, "search"), answer.curves[0]
    error = planted.standard_errors(form, spend, planted.PHASES, 1000, 150, sigma)["contribution"]
    assert row["contribution"] == pytest.approx(truth.sum(), rel=BOUND * error)
    drawn = curve.total_draws().std() / truth.sum()
    assert 0.7 * error < drawn < 2 * error  # carry-over has to be found out, too
    margins = curve.next_unit_draws()
    assert abs(margins.mean() - true_marginal(form, spend, 1000, 150)) < BOUND * margins.std()
    assert row["low"] < row["contribution"] < row["high"]
    assert row["form"] == family
    # The log of a variance estimated from n - 4 residuals has a standard error of sqrt(2 / (n - 4)).
    assert abs(np.log(curve.sigma / sigma)) < BOUND * np.sqrt(2 / 52) * (1 + sigma)


@pytest.mark.parametrize("family", MEMBERS)
def test_without_noise_the_truth_comes_back(family: str) -> None:
    form, spend = MEMBERS[family], planted.spending(np.random.default_rng(3))
    truth = planted.expected(form, spend, 1000, 150)
    answer = ask(planted.rows("search", spend, truth))
    row, curve = channel(answer, "search"), answer.curves[0]
    assert curve.family == family
    assert row["contribution"] == pytest.approx(truth.sum(), rel=5e-3)
    assert row["marginal_roi"] == pytest.approx(true_marginal(form, spend, 1000, 150), rel=0.02)
    demand = {name: float(own.mean()) for name, own in curve.phases.items()}
    assert demand == pytest.approx({"warm-up": 1.0, "burst": 1.6, "wrap-up": 0.8}, rel=0.01)


def test_demand_is_not_taken_for_the_effect_of_money() -> None:
    rng = np.random.default_rng(4)
    spend = planted.spending(rng)
    report = planted.rows("search", spend, planted.expected("hyperbolic", spend, 1000, 60))
    told, untold = ask(report, form="hyperbolic"), ask(report, campaign=None, form="hyperbolic")
    truth = true_marginal("hyperbolic", spend, 1000, 60)
    assert channel(told, "search")["marginal_roi"] == pytest.approx(truth, rel=0.02)
    assert channel(untold, "search")["marginal_roi"] > 1.1 * truth


def test_phases_come_from_the_report_where_there_is_no_campaign() -> None:
    spend = planted.spending(np.random.default_rng(3))
    report = planted.rows("search", spend, planted.expected("hyperbolic", spend, 1000, 150))
    named = ask(report.assign(phase=planted.NAMES[planted.PHASES]), campaign=None)
    assert {name: round(float(own.mean()), 1) for name, own in named.curves[0].phases.items()} == {
        "warm-up": 1.0, "burst": 1.6, "wrap-up": 0.8,
    }  # fmt: skip
    pd.testing.assert_frame_equal(named.table, ask(report).table)


def test_an_s_curve_is_seen_and_one_that_is_none_is_not() -> None:
    rng = np.random.default_rng(12)
    spend = planted.spending(rng)
    for form, concave in (("hill-2", False), ("hyperbolic", True)):
        noisy = planted.expected(form, spend, 1000, 200) * planted.noise(rng, 0.05, 56)
        assert ask(planted.rows("search", spend, noisy)).curves[0].concave == concave


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_money_may_be_counted_in_any_unit(scale: float) -> None:
    rng = np.random.default_rng(13)
    spend = planted.spending(rng)
    report = planted.rows(
        "search", spend, planted.expected("hyperbolic", spend, 1000, 150) * planted.noise(rng, 0.1, 56)
    )
    one, other = (
        ask(report.assign(spend=k * report["spend"], attributed_revenue=k * report["attributed_revenue"])).table
        for k in (1.0, scale)
    )
    money = ["spend", "revenue", "contribution", "low", "high"]
    pd.testing.assert_frame_equal(other[money] / scale, one[money], rtol=1e-6)
    rest = ["roi", "marginal_roi", "marginal_low", "marginal_high", "form", "precision", "r_squared", "carry_over"]
    pd.testing.assert_frame_equal(other[rest], one[rest], rtol=1e-6)


def test_the_order_of_rows_says_nothing() -> None:
    rng = np.random.default_rng(14)
    spend = planted.spending(rng)
    report = pd.concat([
        planted.rows(name, spend, planted.expected("hyperbolic", spend, 1000, half) * planted.noise(rng, 0.1, 56))
        for name, half in (("search", 100), ("video", 300))
    ])  # fmt: skip
    pd.testing.assert_frame_equal(ask(report.sample(frac=1, random_state=1)).table, ask(report).table)


def test_creatives_and_audiences_are_added_up() -> None:
    spend = planted.spending(np.random.default_rng(6))
    revenue = planted.expected("hyperbolic", spend, 1000, 150)
    whole = planted.rows("search", spend, revenue)
    parts = [planted.rows("search", spend * k, revenue * k, creative=f"c{k}") for k in (0.25, 0.75)]
    blank = planted.rows("search", 0 * spend, None, creative="blank")  # left empty beside the others: earned nothing
    split = ask(pd.concat([*parts, blank]))
    pd.testing.assert_frame_equal(split.table, ask(whole).table, rtol=1e-9)


def test_a_period_that_spent_and_earned_nothing_counts() -> None:
    rng = np.random.default_rng(7)
    spend = planted.spending(rng)
    revenue = planted.expected("hyperbolic", spend, 1000, 150)
    revenue[[3, 17]] = 0
    row = channel(ask(planted.rows("search", spend, revenue)), "search")
    assert row["contribution"] == pytest.approx(revenue.sum(), rel=0.02)
    assert row["revenue"] == pytest.approx(revenue.sum())


def test_what_is_earned_on_next_to_nothing_is_left_out_and_said() -> None:
    spend = planted.spending(np.random.default_rng(3))
    revenue = planted.expected("hyperbolic", spend, 1000, 150)
    spend[[3, 17]], revenue[[3, 17]] = [0.0, 0.01], [70.0, 80.0]
    answer = ask(planted.rows("search", spend, revenue))
    assert channel(answer, "search")["contribution"] == pytest.approx(revenue.sum() - 150, rel=0.01)
    assert "CN¥150" in next(n.message.text() for n in answer.notes if n.code == "revenue-without-spend")


# ---- what cannot be told ----------------------------------------------------------------------------------


def reasons(answer: Answer) -> dict[str, str]:
    table = answer.table[~answer.table["estimable"]]
    return dict(zip(table["channel"], table["reason"], strict=True))


def test_each_channel_that_cannot_be_estimated_says_why_and_the_rest_are() -> None:
    rng = np.random.default_rng(8)
    spend = planted.spending(rng)
    revenue = planted.expected("hyperbolic", spend, 1000, 150) * planted.noise(rng, 0.1, 56)
    steady = 100.0 * planted.DEMAND[planted.PHASES]  # moves between phases only
    report = pd.concat(
        [
            planted.rows("fine", spend, revenue),
            planted.rows("idle", 0 * spend, 0 * revenue),
            planted.rows("once", spend[:1], revenue[:1]),  # and nothing on the days that the others have
            planted.rows("short", spend[:7], revenue[:7]),
            planted.rows("steady", steady, revenue),
            planted.rows("silent", spend, 0 * revenue),
            planted.rows("unattributed", spend),
        ]
    )
    answer = ask(report)
    assert reasons(answer) == {
        "idle": "no-spend",
        "once": "few-periods",
        "short": "few-periods",
        "steady": "no-variation",
        "silent": "no-revenue",
        "unattributed": "no-orders",
    }
    assert [c.channel for c in answer.curves] == ["fine"]
    unknown = answer.table[~answer.table["estimable"]]
    assert unknown[["contribution", "low", "high", "roi", "marginal_roi", "ceiling"]].isna().all(axis=None)
    assert {n.level for n in answer.notes if n.code == "not-estimable"} == {"missing"}
    alone = ask(planted.rows("fine", spend, revenue)).table
    beside = answer.table[answer.table["estimable"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(beside, alone)


def test_a_report_of_one_period_is_an_answer_without_curves() -> None:
    whole = planted.rows("search", np.array([500.0]), np.array([2000.0]))
    answer = ask(pd.concat([whole, whole.assign(channel="video").drop(columns="attributed_revenue")]))
    assert reasons(answer) == {"search": "one-period", "video": "one-period"}
    assert answer.headline.text() == "No channel's response curve can be estimated from this report."
    assert answer.chart().to_dict()


def test_every_reason_has_words() -> None:
    assert set(REASONS) >= {"no-spend", "one-period", "few-periods", "no-variation", "no-revenue", "no-orders",
                            "overlap", "not-converged"}  # fmt: skip


def test_an_unseen_ceiling_is_said_to_be_one() -> None:
    rng = np.random.default_rng(9)
    spend = planted.spending(rng)
    straight = planted.expected("hyperbolic", spend, 1e5, 1e5) * planted.noise(rng, 0.1, 56)
    assert "ceiling-unseen" in {n.code for n in ask(planted.rows("search", spend, straight)).notes}
    bent = planted.expected("hyperbolic", spend, 1000, 50) * planted.noise(rng, 0.02, 56)
    assert "ceiling-unseen" not in {n.code for n in ask(planted.rows("search", spend, bent)).notes}


def test_currencies_are_never_added_up(frames: dict[str, pd.DataFrame]) -> None:
    spend = frames["spend"].assign(currency=lambda t: np.where(t["channel"] == "video", "USD", "CNY"))
    both = ask(spend)
    most = spend["currency"].value_counts().sort_index().idxmax()
    assert (both.currency, "video" in set(both.table["channel"])) == (most, most == "USD")
    assert "other-currencies" in {note.code for note in both.notes}
    with pytest.raises(DataError, match="EUR"):
        ask(spend, currency="EUR")
    answer = ask(spend, where=Filter(channel="video"))
    assert (answer.currency, answer.table["channel"].tolist()) == ("USD", ["video"])


def test_nothing_under_the_filter_is_an_error(frames: dict[str, pd.DataFrame]) -> None:
    with pytest.raises(DataError, match="No spend is left"):
        ask(frames["spend"], where=Filter(end="2020-01-01"))


# ---- a question like any other ----------------------------------------------------------------------------


def test_equal_seeds_give_equal_tables_and_others_do_not(tables: Tables) -> None:
    one, two, other = (ResponseCurves(seed=seed).run(tables) for seed in (1, 1, 2))
    for name in one.frames:
        pd.testing.assert_frame_equal(one.frame(name), two.frame(name))
    assert (one.table["low"] != other.table["low"]).all()
    width = one.table["high"] - one.table["low"]
    assert (abs(one.table["contribution"] - other.table["contribution"]) < 0.1 * width).all()


def test_a_channel_keeps_its_figures_whatever_else_is_asked(tables: Tables) -> None:
    whole = ResponseCurves().run(tables).table
    alone = ResponseCurves(where=Filter(channel="video")).run(tables).table
    pd.testing.assert_frame_equal(alone, whole[whole["channel"] == "video"].reset_index(drop=True))


def test_inputs_come_back_untouched(frames: dict[str, pd.DataFrame]) -> None:
    before = frames["spend"].copy(deep=True)
    answer = ask(frames["spend"])
    pd.testing.assert_frame_equal(frames["spend"], before)
    with pytest.raises(ValueError, match="read-only"):
        answer.curves[0].ceiling[0] = 1.0


@pytest.mark.parametrize(
    "question",
    [ResponseCurves(), ResponseCurves(form="logistic", draws=200, seed=7, where=Filter(channel=("a", "b")))],
)
def test_a_question_survives_json_and_repr(question: ResponseCurves) -> None:
    again = Question.from_json(question.to_json())
    assert again.digest() == question.digest()
    assert eval(repr(question)).digest() == question.digest()


@pytest.mark.parametrize("change", [{"form": "cubic"}, {"draws": 10}, {"draws": 1.5}, {"seed": -1}])
def test_a_question_refuses_what_it_cannot_do(change: dict[str, Any]) -> None:
    with pytest.raises(QuestionError):
        ResponseCurves(**change)


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("dark", [False, True])
def test_words_and_picture_are_made_for_every_reader(tables: Tables, language: str, dark: bool) -> None:
    answer = ResponseCurves().run(tables)
    assert "{" not in answer.text(language)
    drawn = answer.chart(Look(language=language, dark=dark)).to_dict()
    assert drawn["description"] == answer.say(answer.headline, language)
    assert drawn["width"] == "container"


def test_people_read_a_teams_own_name_for_a_channel(frames: dict[str, pd.DataFrame]) -> None:
    own = (DisplayName(column="channel", code="display", language="en", name="Banner desk"),)
    answer = ResponseCurves(draws=100).run(Tables(spend=frames["spend"], display=own))
    assert "in Banner desk" in answer.say(answer.headline)
    assert answer.plot("table", Look(names=answer.names)).name("channel", "display") == "Banner desk"
    assert "display" in set(answer.table["channel"])
    drawn = answer.chart().to_dict()
    names = [row["channel_name"] for rows in drawn["datasets"].values() for row in rows if "at" in row]
    assert set(names) == {"Banner desk", "search", "video"}
    assert {layer["encoding"]["text"]["field"] for layer in drawn["layer"] if "text" in layer["encoding"]} == {
        "channel_name"
    }


def test_a_curve_tells_its_figures_with_label_and_unit_all_along(tables: Tables) -> None:
    drawn = ResponseCurves(draws=100).run(tables).chart(Look("zh_CN")).to_dict()
    told = [layer for layer in drawn["layer"] if "tooltip" in layer["encoding"]]
    assert [layer["mark"]["type"] for layer in told] == ["point"]  # a line would tell of its first point only
    tips = {tip["field"]: tip for tip in told[0]["encoding"]["tooltip"]}
    assert list(tips) == ["channel_name", "spend", "revenue", "low", "high"]
    assert tips["spend"]["title"] == "每期消耗，元"
    assert tips["spend"]["format"] == ",.2f"


def test_every_column_has_a_label_and_a_unit(tables: Tables) -> None:
    answer = ResponseCurves().run(tables)
    for name, frame in answer.frames.items():
        assert list(frame.columns) == list(answer.fields[name])


def test_a_curve_agrees_with_its_row(tables: Tables) -> None:
    answer = ResponseCurves().run(tables)
    for curve in answer.curves:
        row = channel(answer, curve.channel)
        assert curve.periods().mean(axis=0).sum() == pytest.approx(row["contribution"], rel=1e-9)
        more = 1e-5
        by_hand = (curve.total(1 + more) - curve.total(1 - more)) / (2 * more * curve.spend.sum())
        assert row["marginal_roi"] == pytest.approx(by_hand, rel=1e-7)
        assert interval(curve.total_draws()) == (row["low"], row["high"])
        assert interval(curve.next_unit_draws()) == (row["marginal_low"], row["marginal_high"])
        assert len(curve.half) == len(curve.ceiling) == len(curve.demand) == 400
        assert curve.total(0) == 0
        assert curve.within_observed(1.0) == pytest.approx(curve.total_draws())
        assert (curve.within_observed(2.0) <= curve.total_draws(2.0) * (1 + 1e-12)).all()


def test_names_at_the_curves_ends_keep_clear_of_each_other() -> None:
    rng = np.random.default_rng(10)
    parts = []
    for k in range(8):
        spend = planted.spending(rng)
        parts.append(planted.rows(f"channel {k}", spend, planted.expected("hyperbolic", spend, 1000 + k, 100)))
    drawn = ask(pd.concat(parts)).chart().to_dict()
    heights = next([row["at"] for row in rows] for rows in drawn["datasets"].values() if rows and "at" in rows[0])
    limit = max(s["encoding"]["y"]["scale"]["domain"][1] for s in drawn["layer"] if "scale" in s["encoding"]["y"])
    assert np.diff(sorted(heights)).min() > 0.05 * limit
    assert max(heights) <= limit
