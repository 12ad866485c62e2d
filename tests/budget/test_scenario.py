"""Scenarios: the arithmetic of a plan, what it is expected to bring, and what people read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import planted
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.budget.curves import forms
from analysis.budget.curves.question import ResponseCurves
from analysis.budget.scenario import Scenario, ScenarioAnswer
from analysis.charts import TOTAL, Look
from analysis.errors import DataError, QuestionError
from analysis.messages import Money, say
from analysis.names import DisplayNames
from analysis.question import Question
from analysis.records import DisplayName, LiftTest
from analysis.tables import Tables
from analysis.values import Filter

HALVES = {"search": 60.0, "video": 400.0, "display": 150.0}


@pytest.fixture(scope="module")
def exact() -> Tables:
    """Return tables without noise: every curve is known nearly exactly."""
    rng = np.random.default_rng(1)
    parts = []
    for channel, half in HALVES.items():
        spend = planted.spending(rng)
        parts.append(planted.rows(channel, spend, planted.expected("hyperbolic", spend, 1000, half)))
    return Tables(spend=pd.concat(parts).assign(phase=np.tile(planted.NAMES[planted.PHASES], 3)))


def ask(tables: Tables, **changes: Any) -> ScenarioAnswer:
    answer = Scenario(**changes).run(tables)
    assert isinstance(answer, ScenarioAnswer)
    return answer


def row(answer: ScenarioAnswer, channel: str) -> dict[str, Any]:
    table = answer.table
    return dict(table[table["channel"] == channel].iloc[0])


def test_what_was_spent_brings_the_fitted_contribution_exactly(tables: Tables) -> None:
    answer, fitted = ask(tables), ResponseCurves().run(tables).table
    own = answer.table.iloc[:-1]
    for mine, theirs in (("revenue", "contribution"), ("low", "low"), ("high", "high"), ("spend", "spend")):
        assert own[mine].tolist() == fitted[theirs].tolist()
    assert own["marginal_roi"].tolist() == fitted["marginal_roi"].tolist()
    assert own[["change", "change_low", "change_high"]].eq(0).all(axis=None)
    assert not answer.table["extrapolated"].any()


def test_a_channel_that_is_not_named_keeps_what_was_spent(tables: Tables) -> None:
    answer = ask(tables, spend={"video": 1234.5})
    table = answer.table.iloc[:-1].set_index("channel")
    assert table.loc["video", "spend"] == 1234.5
    others = table.drop(index="video")
    assert others["spend"].tolist() == others["observed"].tolist()
    assert not answer.table["extrapolated"].any()
    assert "extrapolated" not in {n.code for n in answer.notes}


@settings(max_examples=15)
@given(spend=st.fixed_dictionaries({c: st.floats(0, 1e5) for c in HALVES}))
def test_money_is_conserved(exact: Tables, spend: dict[str, float]) -> None:
    table = ask(exact, spend=spend, curves=ResponseCurves(draws=100)).table
    own, total = table.iloc[:-1], table.iloc[-1]
    assert total["channel"] == TOTAL
    for column in ("spend", "observed", "revenue", "change", "beyond"):
        assert total[column] == pytest.approx(own[column].sum(), rel=1e-9, abs=1e-6)
    assert own["spend"].tolist() == [spend[c] for c in own["channel"]]


def test_a_plan_of_version_1_spends_what_its_reserve_left(tables: Tables) -> None:
    old = {"kind": "scenario", "version": 1, "budgets": [["search", 1000.0], ["video", 400.0]], "reserve": 0.1}
    assert Question.from_dict(old) == Scenario(spend={"search": 900.0, "video": 360.0})
    assert Question.from_dict({"kind": "scenario", "version": 1, "budgets": [["search", 100.0]]}) == Scenario(
        spend={"search": 85.0}
    )
    assert row(ask(tables, spend={"search": 900.0}), "search")["spend"] == 900.0


def test_a_plan_brings_what_the_planted_curves_say(exact: Tables) -> None:
    answer = ask(exact, spend={"search": 10_800, "video": 8_100})
    curves = {c.channel: c for c in answer.curves}
    for channel, planned_spend in (("search", 10_800), ("video", 8_100)):
        spend = curves[channel].spend
        scale = planned_spend / spend.sum()
        assert row(answer, channel)["revenue"] == pytest.approx(
            planted.expected("hyperbolic", scale * spend, 1000, HALVES[channel]).sum(), rel=0.01
        )
        assert row(answer, channel)["stretch"] == pytest.approx(scale)
    assert row(answer, "display")["spend"] == pytest.approx(row(answer, "display")["observed"])
    assert "scaled-pattern" in {n.code for n in answer.notes}


def test_the_marginal_roi_is_what_one_more_unit_brings(exact: Tables) -> None:
    less, more = (ask(exact, spend=dict.fromkeys(HALVES, 5000 + by)) for by in (-0.5, 0.5))
    middle = ask(exact, spend=dict.fromkeys(HALVES, 5000))
    by_hand = more.table["revenue"] - less.table["revenue"]
    by_hand.iloc[-1] /= len(HALVES)
    np.testing.assert_allclose(middle.table["marginal_roi"], by_hand, rtol=1e-6)


def test_more_money_brings_more_at_a_falling_rate(exact: Tables) -> None:
    found = [row(ask(exact, spend={"video": b}), "video") for b in (0, 1000, 5000, 20_000, 80_000)]
    revenue, rate = ([f[column] for f in found] for column in ("revenue", "marginal_roi"))
    assert revenue[0] == 0
    assert revenue == sorted(revenue)
    assert rate == sorted(rate, reverse=True)
    assert pd.isna(found[0]["roi"])


def test_a_total_knows_that_separate_fits_err_separately(tables: Tables) -> None:
    table = ask(tables).table
    half_widths = (table["high"] - table["low"]) / 2
    own, total = half_widths.iloc[:-1], half_widths.iloc[-1]
    # Independent errors add as squares; a quantile of 400 draws is known to about 10%.
    assert total == pytest.approx(np.sqrt((own**2).sum()), rel=0.25)


def test_beyond_what_was_observed_is_said_to_be_a_guess(tables: Tables) -> None:
    answer = ask(tables, spend={"video": 200_000})
    video = row(answer, "video")
    assert video["extrapolated"]
    assert row(answer, TOTAL)["extrapolated"]
    assert not row(answer, "search")["extrapolated"]
    note = next(n for n in answer.notes if n.code == "extrapolated")
    assert note.level == "warning"
    assert "video" in note.message.text()
    curve = answer.frame("curve")
    own = curve[curve["channel"] == "video"]
    assert own["spend"].max() >= 200_000
    assert (own["beyond"] == (own["spend"] > video["observed"] * (1 + 1e-12))).all()


def test_an_unknown_channel_is_named_with_its_neighbours(tables: Tables) -> None:
    with pytest.raises(DataError, match="Did you mean search"):
        ask(tables, spend={"serach": 100})


@pytest.mark.parametrize(
    "change", [{"spend": {"search": -1}}, {"spend": {"search": float("nan")}}, {"curves": Scenario()}]
)
def test_a_plan_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(QuestionError):
        Scenario(**change)


def test_a_channel_without_a_curve_keeps_its_row(frames: dict[str, pd.DataFrame]) -> None:
    spend = frames["spend"]
    dark = spend[spend["channel"] == "video"].assign(channel="dark", spend=0.0)
    answer = ask(Tables(spend=pd.concat([spend, dark])), spend={"dark": 800, "video": 7200})
    dark_row = row(answer, "dark")
    assert (dark_row["spend"], dark_row["reason"]) == (800, "no-spend")
    assert pd.isna([dark_row[c] for c in ("revenue", "low", "high", "roi", "marginal_roi", "change")]).all()
    assert "missing" in {n.level for n in answer.notes if n.code == "not-estimable"}
    total = row(answer, TOTAL)
    known = answer.table.iloc[:-1].dropna(subset="revenue")
    assert total["roi"] == pytest.approx(known["revenue"].sum() / known["spend"].sum())


def test_a_report_without_any_curve_is_an_answer(frames: dict[str, pd.DataFrame]) -> None:
    once = frames["spend"].groupby("channel").head(1)
    answer = ask(Tables(spend=once))
    assert answer.table["revenue"].isna().all()
    for language in ("en", "zh_CN"):
        assert "{" not in answer.text(language)
    assert answer.chart().to_dict()


def test_nothing_planned_is_an_answer(exact: Tables) -> None:
    answer = ask(exact, spend=dict.fromkeys(HALVES, 0))
    assert answer.table["revenue"].eq(0).all()
    assert "Nothing is planned" in answer.headline.text()
    assert answer.chart().to_dict()


def test_the_curves_own_filter_goes_first(tables: Tables) -> None:
    october, all_of_it = Filter(end="2026-10-31"), Filter(start="2026-09-01")
    mine = ask(tables, where=october).table
    theirs = ask(tables, where=all_of_it, curves=ResponseCurves(where=october)).table
    pd.testing.assert_frame_equal(mine, theirs)
    assert (mine["observed"] < ask(tables).table["observed"]).all()


@pytest.mark.parametrize(
    "question",
    [
        Scenario(),
        Scenario(
            spend={"b": 1, "a": 2.5},
            curves=ResponseCurves(form="logistic", where=Filter(start="2026-11-01")),
            where=Filter(campaign="Double 11"),
        ),
    ],
)
def test_a_plan_survives_json_and_repr(question: Scenario) -> None:
    again = Question.from_json(question.to_json())
    assert again.digest() == question.digest()
    assert eval(repr(question)).digest() == question.digest()


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_words_and_picture_are_made_for_every_reader(tables: Tables, language: str) -> None:
    answer = ask(tables, spend={"video": 60_000, "search": 2000})
    assert "{" not in answer.text(language)
    assert answer.chart(Look(language=language, dark=True)).to_dict()["description"] == answer.say(
        answer.headline, language
    )
    for name, frame in answer.frames.items():
        assert list(frame.columns) == list(answer.fields[name])


def test_people_read_a_teams_own_name_for_a_channel(frames: dict[str, pd.DataFrame]) -> None:
    own = (DisplayName(column="channel", code="video", language="zh_CN", name="短片组"),)
    answer = ask(Tables(spend=frames["spend"], display=own), spend={"video": 60_000})
    notes = {note.code: answer.say(note.message, "zh_CN") for note in answer.notes}
    assert "短片组" in notes["extrapolated"]
    assert "video" not in "".join(notes.values())
    plot = answer.plot("table", Look("zh_CN", names=answer.names))
    assert plot.name("channel", "video") == "短片组"
    assert plot.name("channel", TOTAL) == "（合计）"
    drawn = answer.chart(Look("zh_CN")).to_dict()
    marked = [row for rows in drawn["datasets"].values() for row in rows if row.get("point_name") == "方案"]
    assert {row["channel_name"] for row in marked} == {"短片组", "展示广告", "search"}


def test_inputs_come_back_untouched(frames: dict[str, pd.DataFrame]) -> None:
    before = frames["spend"].copy(deep=True)
    ask(Tables(spend=frames["spend"]))
    pd.testing.assert_frame_equal(frames["spend"], before)


def test_the_headline_says_what_changes_against_what_was_spent(exact: Tables) -> None:
    channel = next(iter(HALVES))
    own = row(ask(exact), channel)["observed"]
    for spend, words in ((1.5 * own, "more ("), (0.5 * own, "less (")):
        answer = ask(exact, spend={channel: spend})
        amount = Money(abs(row(answer, TOTAL)["change"]), answer.currency)
        assert say(f"{{x}} {words}", x=amount).text() in answer.headline.text()
        assert "claimed for it" in answer.headline.text()
    same = ask(exact)
    ranked = same.table.iloc[:-1].sort_values("marginal_roi")["channel"].tolist()
    said = same.say(same.headline)
    assert said.startswith("Spent as it was, ")
    worst, best = (DisplayNames()(code, "channel", "en") for code in (ranked[0], ranked[-1]))
    assert f"earns most in {best} (" in said
    assert f"least in {worst} (" in said


def test_what_lies_beyond_the_spend_observed_is_counted(exact: Tables) -> None:
    answer = ask(exact, spend={"video": 3 * row(ask(exact), "video")["observed"]})
    curve = next(c for c in answer.curves if c.channel == "video")
    own = row(answer, "video")
    capped = planted.DEMAND[planted.PHASES] * forms.value(
        "hyperbolic", np.minimum(3 * curve.spend, curve.observed_max), 1000, HALVES["video"]
    )
    assert own["beyond"] == pytest.approx(own["revenue"] - capped.sum(), rel=0.03)
    assert row(answer, "search")["beyond"] == pytest.approx(0, abs=1e-6)


def test_claims_and_effects_are_never_added_up(frames: dict[str, pd.DataFrame]) -> None:
    """A channel whose claims a lift test has brought to what it causes is not on the basis of the others' claims."""
    test = LiftTest(
        channel="video", start="2026-10-05", end="2026-10-11", spend_change=-100, sales_change=-200, error=40
    )
    answer = ask(Tables(spend=frames["spend"], records=[test]))
    own = answer.table.iloc[:-1]
    sides = own.groupby("cause")[["spend", "revenue"]].sum()
    assert own.groupby("cause")["channel"].apply(list).to_dict() == {"claim": ["display", "search"], "test": ["video"]}
    assert row(answer, TOTAL)["revenue"] == pytest.approx(sides.loc[sides["spend"].idxmax(), "revenue"])
    assert row(answer, TOTAL)["spend"] == pytest.approx(answer.table.iloc[:-1]["spend"].sum())
    assert "other-basis" in {n.code for n in answer.notes}


def test_no_move_is_named_that_chance_explains(frames: dict[str, pd.DataFrame]) -> None:
    one = frames["spend"].assign(channel="search")
    said = ask(Tables(spend=one)).headline.text()
    assert said.endswith("Where the next money earns most cannot be told yet.")
