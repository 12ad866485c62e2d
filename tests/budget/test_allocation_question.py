"""Allocation as a question: money, rules, goals, the days left, what cannot be planned, and what people read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from budget import claimed

from analysis.arrays import Floats
from analysis.budget.allocation.definition import REACH
from analysis.budget.allocation.question import Allocation, AllocationAnswer
from analysis.budget.allocation.rules import Limit, PriceIndex
from analysis.budget.scenario import Scenario
from analysis.charts import TOTAL
from analysis.errors import DataError, QuestionError
from analysis.messages import Message, Money, Names
from analysis.tables import Tables


@pytest.fixture(scope="module")
def market() -> Tables:
    return claimed.tables()


@pytest.fixture(scope="module")
def halfway() -> Tables:
    """Return the campaign after 30 of its 42 days; spend works on for days."""
    return claimed.tables(claimed.report(days=30, carry=0.5))


_HELD: dict[tuple[str, str], AllocationAnswer] = {}


def ask(tables: Tables, **how: Any) -> AllocationAnswer:
    """Return the answer to a question; one asked of the same data before is not reckoned again."""
    asked = Allocation(**{"curves": claimed.FEW, **how})
    key = tables.version, asked.digest()
    if key not in _HELD:
        answer = asked.run(tables)
        assert isinstance(answer, AllocationAnswer)
        _HELD[key] = answer
    return _HELD[key]


def sums(answer: AllocationAnswer) -> pd.Series[float]:
    return answer.table.set_index("channel").loc[TOTAL]


def codes(answer: AllocationAnswer) -> list[str]:
    return [note.code for note in answer.notes]


def spent(tables: Tables) -> float:
    return sums(ask(tables))["observed"]


# ---- money and tables -------------------------------------------------------------------------------------


@pytest.mark.parametrize("per", ["phase", "channel", "day"])
def test_money_is_conserved(market: Tables, per: str) -> None:
    answer = ask(market, per=per)
    cells, own = answer.frame("cells"), answer.table.set_index("channel").drop(TOTAL)
    total = float(claimed.report()["spend"].sum())
    for name in ("spend", "observed"):
        assert cells[name].sum() == pytest.approx(total, rel=1e-9)
        pd.testing.assert_series_equal(cells.groupby("channel")[name].sum(), own[name].sort_index(), check_names=False)
    assert (cells["spend"] >= 0).all()
    assert len(cells) == {"phase": 9, "channel": 3, "day": 3 * claimed.DAYS}[per]


def test_a_table_adds_up(market: Tables) -> None:
    answer = ask(market, total=15_000.0)
    own, total = answer.table.iloc[:-1], sums(answer)
    for name in ("observed", "spend", "moved", "was", "revenue", "change", "beyond"):
        assert total[name] == pytest.approx(own[name].sum(), rel=1e-9), name
    for row in (*own.to_dict("records"), dict(total)):
        assert row["moved"] == pytest.approx(row["spend"] - row["observed"], rel=1e-9, abs=1e-9)
        assert row["change"] == pytest.approx(row["revenue"] - row["was"], rel=1e-9)
        assert row["roi"] == pytest.approx(row["revenue"] / row["spend"])
        assert row["roi_was"] == pytest.approx(row["was"] / row["observed"])
        assert row["change_low"] <= row["change"] <= row["change_high"]


def test_the_best_split_is_better_and_finer_ones_are_better_still(market: Tables) -> None:
    coarse, middle, fine = (float(sums(ask(market, per=per))["revenue"]) for per in ("channel", "phase", "day"))
    was = float(sums(ask(market))["was"])
    assert was < coarse < middle < fine


def test_a_headline_moves_what_the_table_moves(market: Tables) -> None:
    answer = ask(market)
    own, total = answer.table.set_index("channel")["moved"].drop(TOTAL), sums(answer)
    params = dict(answer.headline.params)
    moves = {}
    for side, sign in (("give", -1), ("get", 1)):
        for part in params[side].values:
            assert isinstance(params[side], Names)
            if isinstance(part, Message):
                said = dict(part.params)
                moves[said["channel"].code] = sign * said["amount"].value
            else:  # one channel alone gets all
                moves[part] = own[part]
    big = own[own.abs() >= 0.01 * total["observed"]]
    assert moves == pytest.approx(dict(big))
    assert params["change"] == Money(total["change"], "CNY")
    assert (params["change_low"].value, params["change_high"].value) == (total["change_low"], total["change_high"])


def test_equal_questions_of_equal_data_have_equal_answers(market: Tables) -> None:
    shuffled = claimed.report().sample(frac=1.0, random_state=3)
    one, two = ask(market), Allocation(curves=claimed.FEW).run(claimed.tables(shuffled))
    for name in ("table", "cells", "rules"):
        pd.testing.assert_frame_equal(one.frame(name), two.frame(name), check_exact=True)
    assert one.headline == two.headline


# ---- rules ------------------------------------------------------------------------------------------------

LIMITS = (
    Limit.reserve(0.15),
    Limit.floor(0.7, tags="private"),
    Limit.phase("burst", most=0.25),
    Limit.minimum("display", 2_000.0),
    Limit.maximum("search", 3_000.0),
    Limit.fixed("video", 4_000.0),
    Limit.off("display"),
    Limit.changed(0.1),
)


@pytest.mark.parametrize("limit", LIMITS, ids=lambda limit: str(limit.words()))
def test_a_rule_is_kept_and_takes_something_where_it_binds(market: Tables, limit: Limit) -> None:
    free, kept = ask(market), ask(market, limits=(limit,))
    cells, budget = kept.frame("cells"), spent(market)
    private = cells["channel"] == "video"
    inside = np.array([
        c in (limit.channels or [c]) and p in (limit.phases or [p]) and (own or not limit.tags)
        for c, p, own in zip(cells["channel"], cells["phase"], private, strict=True)
    ])  # fmt: skip
    part, whole = cells.loc[inside, "spend"].sum(), cells["spend"].sum()
    unit = {"money": 1.0, "spend": whole, "budget": budget}[limit.of]
    if limit.change is not None:
        moved = kept.table.iloc[:-1]
        assert (moved["moved"].abs() <= limit.change * moved["observed"] * (1 + 1e-9)).all()
    if limit.least is not None:
        assert part >= limit.least * unit * (1 - 1e-9)
    if limit.most is not None:
        assert part <= limit.most * unit + 1e-9 * budget
    rules = kept.frame("rules").query("rule != 'all there is to spend'")
    assert rules["binds"].any(), "each of these is one that the best plan would break"
    taken = sums(free)["revenue"] - sums(kept)["revenue"]
    if len(rules) == 1:
        assert rules["cost"].iloc[0] == pytest.approx(taken, rel=1e-6)
    else:  # one rule a channel: together they take more than each alone
        assert 0 < rules["cost"].max() < taken
    assert "rule-price" in codes(kept)


def test_rules_that_cannot_all_hold_are_named_with_a_way_out(market: Tables) -> None:
    """Only those in conflict are named: here one that asks for more than the channel may get."""
    limits = (Limit.minimum("search", 3_000.0), Limit.minimum("display", 9_000.0), Limit.changed(0.9, "video"))
    answer = ask(market, limits=limits)
    assert answer.table.empty
    assert answer.headline.text() == (
        "These rules cannot all hold: at least CN¥9,000 in display. Let one of them give way."
    )
    assert codes(answer)[:1] == ["way-out"]
    assert "reach" in codes(answer)
    by = dict(answer.notes[0].message.params)["by"].value
    upper = 9_000.0 - by
    assert not ask(market, limits=(Limit.minimum("display", upper * (1 - 1e-6)),)).table.empty
    assert ask(market, limits=(Limit.minimum("display", upper * (1 + 1e-3)),)).table.empty


def test_the_least_a_rule_must_give_way_is_enough(market: Tables) -> None:
    total = spent(market)
    limits = (Limit.minimum("search", 0.6 * total), Limit.minimum("video", 0.6 * total))
    wide = {"reach": 10.0}
    assert ask(market, limits=limits, **wide).table.empty
    by = [dict(n.message.params)["by"].value for n in ask(market, limits=limits, **wide).notes if n.code == "way-out"]
    assert max(by) == pytest.approx(0.2 * total, rel=1e-6)
    for give, feasible in ((0.2 * total * (1 + 1e-6), True), (0.2 * total * (1 - 1e-3), False)):
        eased = (Limit.minimum("search", 0.6 * total - give), limits[1])
        assert bool(len(ask(market, limits=eased, **wide).table)) == feasible


def test_names_that_nobody_has_are_refused(market: Tables) -> None:
    with pytest.raises(DataError, match="vidoe"):
        ask(market, limits=(Limit.minimum("vidoe", 10.0),))


# ---- goals ------------------------------------------------------------------------------------------------


def test_the_least_budget_brings_the_target_and_no_less_would(market: Tables) -> None:
    target = float(sums(ask(market))["was"])
    answer = ask(market, goal="budget", target=target)
    now = sums(answer)
    assert now["revenue"] == pytest.approx(target, rel=1e-6)
    assert now["spend"] < now["observed"]
    best = sums(ask(market, total=float(now["spend"])))
    assert best["revenue"] == pytest.approx(target, rel=1e-6), "with that money no other split brings more"


def test_an_roi_is_reached_and_used_up(market: Tables) -> None:
    target = 1.2 * float(sums(ask(market))["roi"])
    now = sums(ask(market, goal="roi", target=target))
    assert now["revenue"] / now["spend"] == pytest.approx(target, rel=1e-6)


def test_money_earns_the_marginal_roi_asked_for_and_not_more(market: Tables) -> None:
    target = 1.5
    answer = ask(market, goal="marginal_roi", target=target)
    own = answer.frame("cells")
    total = float(own["spend"].sum())
    assert sums(ask(market, total=total))["revenue"] == pytest.approx(sums(answer)["revenue"], rel=1e-6)
    rules = ask(market, total=total).frame("rules").set_index("rule")
    assert rules.loc["all there is to spend", "price"] == pytest.approx(target, rel=1e-6)


def test_most_profit_is_where_the_next_unit_pays_for_itself(market: Tables) -> None:
    answer = ask(market, goal="profit")
    margin = claimed.campaign().margin
    assert margin is not None
    same = sums(ask(market, goal="marginal_roi", target=1 / margin))
    assert sums(answer)["spend"] == pytest.approx(same["spend"], rel=1e-6)
    gain = margin * sums(answer)["change"] - sums(answer)["moved"]
    assert dict(answer.headline.params)["gain"].value == pytest.approx(gain, rel=1e-9)


def test_a_target_out_of_reach_is_said_with_how_far(market: Tables) -> None:
    answer = ask(market, goal="budget", target=1e7)
    assert answer.table.empty
    assert "cannot be reached" in answer.headline.text()
    by = dict(answer.headline.params)["by"].value
    assert 0 < by < 1e7


def test_dearer_money_buys_less(market: Tables) -> None:
    now, dear = sums(ask(market)), sums(ask(market, prices=PriceIndex(rate=0.05)))
    assert dear["spend"] == pytest.approx(now["spend"])
    assert dear["revenue"] < now["revenue"]


def test_caution_lifts_what_a_plan_gains_in_its_worst_cases_as_far_as_any_plan_does() -> None:
    market = claimed.tables(claimed.report(noise=0.6))
    plain, careful = ask(market, per="channel"), ask(market, per="channel", caution=0.9)
    own = careful.table.iloc[:-1].set_index("channel")
    curves = [next(c for c in claimed.FEW.fitted(market).curves if c.channel == name) for name in own.index]
    observed, before = own["observed"].to_numpy(), np.sum([curve.total_draws() for curve in curves], axis=0)

    def worst(spend: Floats) -> float:
        scales = zip(curves, spend / observed, strict=True)
        gain = np.sort(np.sum([curve.total_draws(scale) for curve, scale in scales], axis=0) - before)
        return float(gain[: len(gain) // 10].mean())

    assert "cautious" in codes(careful)
    assert sums(careful)["spend"] == pytest.approx(sums(plain)["spend"], rel=1e-6)
    assert sums(careful)["revenue"] < sums(plain)["revenue"]
    most = REACH * observed
    pairs = [(one, other) for one in np.linspace(0, most[0], 31) for other in np.linspace(0, most[2], 31)]
    every = np.array([(one, observed.sum() - one - other, other) for one, other in pairs])
    best = max(worst(spend) for spend in every[(every[:, 1] >= 0) & (every[:, 1] <= most[1])])
    assert worst(own["spend"].to_numpy()) > 0.995 * best > 1.05 * worst(plain.table["spend"].to_numpy()[:-1])


# ---- what cannot be planned -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def with_new() -> Tables:
    """Return the campaign with a channel that has only begun: too few days for a curve."""
    new = claimed.rows("print", np.full(3, 50.0), np.full(3, 20.0)).assign(
        period_start=lambda t: t["period_start"] + pd.Timedelta(days=20),
        period_end=lambda t: t["period_end"] + pd.Timedelta(days=20),
    )
    return claimed.tables(pd.concat([claimed.report(), new], ignore_index=True))


def test_a_channel_without_a_curve_keeps_its_money_and_gets_no_return(with_new: Tables) -> None:
    answer = ask(with_new)
    row = answer.table.set_index("channel").loc["print"]
    assert row["spend"] == row["observed"] == 150.0
    assert np.isnan(row["revenue"])
    assert "not-estimable" in codes(answer)
    assert sums(answer)["spend"] == pytest.approx(sums(answer)["observed"], rel=1e-9)


def test_a_given_return_is_used_as_given_and_said(with_new: Tables) -> None:
    answer = ask(with_new, given={"print": 1.7}, limits=(Limit.maximum("print", 1_000.0),))
    row = answer.table.set_index("channel").loc["print"]
    assert row["revenue"] == pytest.approx(1.7 * row["spend"])
    assert row["observed"] == 150.0
    assert sums(answer)["spend"] == pytest.approx(sums(answer)["observed"], rel=1e-9), "its own money is in the total"
    assert "given-return" in codes(answer)
    with pytest.raises(QuestionError, match="has a curve"):
        ask(with_new, given={"search": 2.0})


def test_without_curves_there_is_no_plan_and_it_says_why() -> None:
    short = claimed.report().groupby("channel").head(3)
    answer = ask(claimed.tables(short))
    assert "No channel's response curve can be estimated" in answer.headline.text()
    assert answer.table["revenue"].isna().all() and answer.table["spend"].isna().all()
    assert set(answer.table["reason"]) == {"few-periods"}
    assert any(note.code == "not-estimable" for note in answer.notes)


@pytest.mark.long
def test_an_effect_is_never_moved_against_a_claim() -> None:
    """A channel that claims nothing is measured by orders; the plan is for the channels with claims."""
    rng, spend = np.random.default_rng(5), claimed.report()
    radio = np.round(40 * np.exp(0.6 * rng.standard_normal(claimed.DAYS)), 2)
    report = pd.concat([spend, claimed.rows("radio", radio)], ignore_index=True)
    claims = spend.groupby("period_start")["attributed_revenue"].sum().to_numpy()
    revenue = 500 + claims + 300 * radio / (40 + radio) + 10 * rng.standard_normal(claimed.DAYS)
    noon = claimed.START + pd.to_timedelta(np.arange(claimed.DAYS) + 0.5, unit="D")
    orders = pd.DataFrame({"order_id": [f"o{t}" for t in range(claimed.DAYS)], "timestamp": noon, "paid_at": noon,
                           "revenue": revenue.round(2), "currency": "CNY"})  # fmt: skip
    tables = claimed.tables(report, orders=orders)
    answer = ask(tables)
    table = answer.table.set_index("channel")
    assert table.loc["radio", "cause"] == "correlation"
    assert table.loc["radio", "spend"] == pytest.approx(table.loc["radio", "observed"], rel=1e-12)
    assert "other-basis" in codes(answer)
    assert set(answer.frame("cells").dropna(subset=["phase"])["channel"]) == set(claimed.CHANNELS)
    assert table["revenue"].drop(["radio", TOTAL]).sum() == pytest.approx(table.loc[TOTAL, "revenue"], rel=1e-9)
    effects = ask(tables, curves=claimed.FEW.replace(basis="effects"))
    cells = effects.frame("cells").dropna(subset=["phase"])
    assert set(cells["channel"]) == {*claimed.CHANNELS, "radio"}, "on one basis all can be moved"
    assert "other-basis" not in codes(effects)


@pytest.mark.parametrize(
    ("how", "given", "said"),
    [
        ({"goal": "profit"}, {"campaign": claimed.campaign(margin=None)}, "margin"),
        ({"goal": "profit"}, {"campaign": None}, "margin"),
        ({"time": "rest"}, {"campaign": None}, "needs a campaign"),
        ({"time": "rest"}, {}, "Nothing of this campaign is left"),
    ],
)  # fmt: skip
def test_what_is_missing_is_refused_in_words(how: dict[str, Any], given: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        ask(claimed.tables(**given), **how)


def test_a_goal_with_a_target_needs_one() -> None:
    with pytest.raises(QuestionError, match="needs a target"):
        Allocation(goal="roi")


# ---- the rest of a campaign -------------------------------------------------------------------------------


def test_what_is_over_is_locked_and_the_rest_of_the_budget_is_split(halfway: Tables) -> None:
    answer = ask(halfway, time="rest")
    locked = float(claimed.report(days=30, carry=0.5)["spend"].sum())
    left = 20_000.0 - locked
    assert answer.frame("cells")["spend"].sum() == pytest.approx(left, rel=1e-9)
    assert sums(answer)["observed"] == pytest.approx(left, rel=1e-9)
    assert set(answer.frame("cells")["phase"]) == {"burst", "wrap-up"}
    text = next(note.message for note in answer.notes if note.code == "locked")
    assert dict(text.params)["spent"].value == pytest.approx(locked, rel=1e-9)
    days = ask(halfway, time="rest", per="day").frame("cells")
    first = claimed.START + pd.Timedelta(days=30)
    assert sorted(days["period_start"].unique()) == [first + pd.Timedelta(days=k) for k in range(12)]


def test_what_was_spent_works_on_in_the_days_left(halfway: Tables) -> None:
    """A channel that is switched off still brings what it left: reckoned draw by draw, by hand."""
    answer = ask(halfway, time="rest", limits=(Limit.off("video"),))
    row = answer.table.set_index("channel").loc["video"]
    assert row["spend"] == 0
    curve = next(c for c in claimed.FEW.fitted(halfway).curves if c.channel == "video")
    phase, brought = claimed.PHASE[30:].tolist(), np.zeros(len(curve.half))
    for t in range(12):
        ages = np.arange(t + 1, 13)  # spend of the days gone by, of a fortnight without a day
        old = curve.spend[::-1][ages - t - 1]
        weights = curve.adstock[:, None] ** ages
        exposure = (weights * old).sum(axis=1) / (curve.adstock[:, None] ** np.arange(13)).sum(axis=1)
        # What a steady spend of that height brings is the curve at that exposure.
        height = np.array([curve.revenue_draws(np.array([x]))[d, 0] for d, x in enumerate(exposure)])
        brought += curve.phases.get(phase[t], np.ones(len(height))) * height  # a phase not seen: as usual
    assert row["revenue"] > 0
    assert row["revenue"] == pytest.approx(float(brought.mean()), rel=1e-9)


def test_money_of_channels_without_a_curve_is_spent_too(halfway: Tables) -> None:
    """What is left is the budget without all that was spent; a channel that is not planned keeps its part."""
    new = claimed.rows("print", np.full(30, 20.0), np.full(30, 0.0))
    tables = claimed.tables(pd.concat([claimed.report(days=30, carry=0.5), new], ignore_index=True))
    answer = ask(tables, time="rest")
    locked = float(claimed.report(days=30, carry=0.5)["spend"].sum())
    left = 20_000.0 - locked - 600.0
    table = answer.table.set_index("channel")
    assert table.loc[TOTAL, "spend"] == pytest.approx(left, rel=1e-9)
    assert table.loc[TOTAL, "observed"] == pytest.approx(left, rel=1e-9)
    part = left * 600.0 / (locked + 600.0)
    assert table.loc["print", "spend"] == table.loc["print", "observed"] == pytest.approx(part, rel=1e-9)


def test_a_budget_that_is_spent_is_refused() -> None:
    with pytest.raises(DataError, match="nothing is left to split"):
        ask(claimed.tables(claimed.report(days=30), campaign=claimed.campaign(budget=100.0)), time="rest")
    with pytest.raises(DataError, match="give the campaign a budget"):
        ask(claimed.tables(claimed.report(days=30), campaign=claimed.campaign(budget=None)), time="rest")


def test_a_future_longer_than_the_past_is_said() -> None:
    answer = ask(claimed.tables(claimed.report(days=14)), time="rest")
    note = next(note for note in answer.notes if note.code == "longer-than-seen")
    assert dict(note.message.params) == {"days": 28, "seen": 14}
    unseen = next(note for note in answer.notes if note.code == "phase-unseen")
    assert dict(unseen.message.params)["phases"].values == ("burst", "wrap-up")
    assert "longer-than-seen" not in codes(ask(claimed.tables(claimed.report(days=30)), time="rest"))


# ---- one plan, one figure ---------------------------------------------------------------------------------


def test_a_scenario_values_a_plan_as_the_allocation_does(market: Tables) -> None:
    answer = ask(market, per="channel")
    own = answer.table.set_index("channel").drop(TOTAL)
    valued = Scenario(spend=dict(own["spend"]), curves=claimed.FEW).run(market).table.set_index("channel")
    for name in ("revenue", "low", "high", "change", "change_low", "change_high", "marginal_roi", "roi", "beyond"):
        np.testing.assert_allclose(valued.loc[own.index, name], own[name], rtol=1e-9, atol=1e-6, err_msg=name)
    for name in ("revenue", "change", "low", "high", "change_low", "change_high", "roi"):
        assert valued.loc[TOTAL, name] == pytest.approx(sums(answer)[name], rel=1e-9), name
