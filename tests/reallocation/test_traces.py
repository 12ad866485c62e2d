"""One small trace for every feature of rules, worked out by hand.

Unless a test says otherwise the market is flat: hyperbolic curves `ceiling * x / (half + x)` a day, every hour a 24th
of a day, nothing random but the count of orders. Two channels share 9,600 cents over 48 hours, 100 an hour each: 24 a
day each. An order is worth 0.01, so that chance hardly matters to what is seen.
"""

from __future__ import annotations

import numpy as np
import pytest
from reallocation.markets import CALM, clock, flat, stage

from analysis.reallocation import play as engine
from analysis.reallocation.rules import Card
from analysis.reallocation.state import (
    CARRIED_OUT,
    CONFLICT,
    FULL_DAY,
    IN_REVIEW,
    LIMIT,
    MODE,
    NOT_MET,
    NOTHING,
    REJECTED,
    RESTING,
    STANDING_DOWN,
    TIMED_OUT,
)
from analysis.rules.actions import (
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.conditions import AllOf, AnyOf, Compare, NotOf, Reading
from analysis.rules.rule_set import Limits, Review, Rule, RuleSet

FREE = Limits(floor=0.0, day=None)
UP = ChangeBudget(percent=0.5)


class Told:
    """A rule set's log and money in one run."""

    def __init__(self, rules, at=None, budget=9_600, **held) -> None:
        at = at or flat((100.0, 100.0), (24.0, 24.0), order_value=0.01)
        given = stage(at, budget, **held)
        policy = engine.of_rules("rules", rules, given)
        found = engine.follow([policy], given.market.world(given.plan), seed=1, runs=np.arange(1), logged=0)
        log = found.log
        self.trace, self.rows = found.trace, range(int(log.filled[0]))
        self.when, self.outcome = log.whole[self.rows, 0].tolist(), log.whole[self.rows, 5].tolist()
        self.channel = log.whole[self.rows, 4].tolist()
        self.before, self.change, self.given = (log.cents[i, self.rows].tolist() for i in range(3))
        self.left, self.right = log.reals[self.rows, 0], log.reals[self.rows, 1]

    def done(self) -> list[int]:
        return [t for t, outcome in zip(self.when, self.outcome, strict=True) if outcome == CARRIED_OUT]


def one(*then, when=None, every="8h", looks="4h", limits=FREE, per="channel", rule=None, **more) -> RuleSet:
    """Return a set of one rule, of channel `a` where it looks at channels."""
    names = {"channels": ("a",)} if per == "channel" else {}
    own = Rule(name="one", when=when or AllOf(), then=then, per=per, **names, **(rule or {}))
    return RuleSet(rules=(own,), evaluate_every=looks, adjust_every=every, limits=limits, **more)


def at_hour(least: int, most: int = 24):
    hour = Reading(metric="hour")
    return AllOf(of=(Compare(left=hour, is_=">=", than=least), Compare(left=hour, is_="<", than=most)))


def first_day(condition):
    return AllOf(of=(condition, Compare(left=Reading(metric="day"), is_="<=", than=1)))


# ---- actions --------------------------------------------------------------------------------------------------


def test_a_percentage_is_of_what_is_left_and_the_others_pay():
    # After 8 of 48 hours 4,800 - 800 = 4,000 are left in each; half of it is 2,000.
    told = Told(one(UP, every="8h"))
    assert (told.when[0], told.before[0], told.change[0]) == (8, [4000, 4000], [2000, -2000])
    # At 16 h: 6,000 - 8 * 150 = 4,800 and 2,000 - 8 * 50 = 1,600; asked for 2,400, of which b has 1,600.
    assert (told.before[1], told.change[1]) == ([4800, 1600], [1600, -1600])
    # Then b has nothing: what a asks for nobody can pay.
    assert told.outcome[2] == NOTHING


def test_an_amount_is_a_day():
    # 12 a day for the 40 hours that are left are 20.00.
    told = Told(one(ChangeBudget(amount=12)))
    assert told.change[0] == [2000, -2000]


def test_a_cut_goes_to_the_others_in_proportion():
    at = flat((100.0,) * 3, (24.0,) * 3, order_value=0.01)
    told = Told(one(ChangeBudget(percent=-0.5)), at, 19_200, shares=(1, 1, 2))
    # 4,000, 4,000 and 8,000 are left; a gives 2,000: a third and two thirds of it, whole cents rounded down.
    assert told.change[0] == [-1999, 666, 1333]


def test_two_rules_may_raise_two_channels_at_a_time_and_a_third_pays():
    at = flat((100.0,) * 3, (24.0,) * 3, order_value=0.01)
    rules = tuple(Rule(name=c, channels=(c,), then=(ChangeBudget(percent=0.2),)) for c in "ab")
    told = Told(RuleSet(rules=rules, evaluate_every="8h", adjust_every="8h", limits=FREE), at, 14_400)
    # Of 4,000 each, a asks for 800, half from b and half from c; b, then with 3,600, for 720, all of it from c.
    assert told.change[:2] == [[800, -400, -400], [0, 720, -720]]
    assert told.outcome[:2] == [CARRIED_OUT, CARRIED_OUT]


def test_rebalancing_by_marginal_roi_stops_where_both_meet():
    # Equal curves meet where budgets are equal: with 3,600 and 6,000 (a 3 : 5 split) after 8 h 3,000 and 5,000.
    told = Told(one(Rebalance(step=1.0), per="campaign"), budget=9_600, shares=(3, 5))
    assert told.before[0] == [3000, 5000]
    # Levels are read from chance's orders (100 or so cents' worth each), so the meeting point is within 3%.
    assert told.change[0][0] == pytest.approx(1000, abs=120) and sum(told.change[0]) == 0


def test_a_step_is_a_share_of_all_that_is_left():
    told = Told(one(Rebalance(step=0.05), per="campaign"), shares=(1, 3))
    # 2,000 + 6,000 are left; a twentieth is 400.
    assert told.change[0] == [400, -400]


def test_rebalancing_evenly():
    told = Told(one(Rebalance(by="even", step=1.0), per="campaign"), shares=(1, 3))
    assert (told.before[0], told.change[0]) == ([2000, 6000], [2000, -2000])


def test_rebalancing_by_roi():
    # Nothing random: ROI of a is 100 / (24 + 24), of b 300 / (24 + 24): shares of a quarter and three.
    at = flat((100.0, 300.0), (24.0, 24.0), order_value=0.001)
    told = Told(one(Rebalance(by="roi", step=1.0), per="campaign"), at)
    assert told.change[0][1] == pytest.approx(2000, abs=40) and sum(told.change[0]) == 0


def test_the_reserve_is_drawn_until_the_next_adjustment_and_what_is_left_over_comes_back():
    rules = one(DrawReserve(share=0.5, min_roi=0), per="campaign", when=at_hour(8, 9), reserve=0.2)
    told = Told(rules, budget=12_000, reserve=0.2)
    # 2,400 are set aside; half of it is spent over 8 hours in equal channels, 600 each but for what chance made of
    # their orders, 75 an hour on top of 100.
    assert told.given[0] == pytest.approx([600, 600], abs=30) and sum(told.given[0]) in (1199, 1200)
    spent = told.trace.spent[0]
    assert spent[:8].tolist() == [[100, 100]] * 8 and spent[16:24].tolist() == [[100, 100]] * 8
    assert spent[8:16].sum(axis=0).tolist() == [800 + x for x in told.given[0]]
    assert np.ptp(spent[8:16], axis=0).max() <= 1
    assert told.trace.held[0, 0, [0, 8, 16]].tolist() == [2400, 2400 - sum(told.given[0]), 2400 - sum(told.given[0])]
    # On the second day the other half; then there is none but a cent or two of rounding.
    assert told.done() == [8, 32] and told.trace.held[0, 0, -1] <= 2


def test_what_was_released_and_not_taken_up_comes_back():
    # A channel takes up 108 cents an hour: 8 above the plan's 100, over 8 hours 64 of the 1,200 in each of both.
    at = flat((100.0, 100.0), (24.0, 24.0), most=25.93, order_value=0.01)
    rules = one(DrawReserve(share=1.0, min_roi=0), per="campaign", when=first_day(at_hour(8, 9)), reserve=0.2)
    told = Told(rules, at, budget=12_000, reserve=0.2)
    assert told.given[0] == pytest.approx([64, 64], abs=1)
    assert told.trace.spent[0, 8:16].tolist() == [[108, 108]] * 8
    assert told.trace.held[0, 0, -1] == 2400 - 128


def test_nothing_is_drawn_for_less_than_the_least_roi():
    # The next unit earns 100 * 24 / (24 + 24)^2 = 1.04; more than twice that is asked for.
    told = Told(one(DrawReserve(min_roi=3), per="campaign", reserve=0.2), budget=12_000, reserve=0.2)
    assert set(told.outcome) == {NOTHING}


def test_refilling_takes_a_share_of_every_budget():
    told = Told(one(RefillReserve(share=0.1), per="campaign", every="1d"))
    # Of 2,400 each at 24 h.
    assert told.change == [[-240, -240]]
    assert told.trace.held[0, 0, -1] == 480


def test_tranches_are_handed_out_in_the_shares_of_the_plan_one_by_one():
    rules = one(ReleaseTranche(), per="campaign", every="1d", looks="1d", tranches=(0.1, 0.1))
    at = flat((100.0, 100.0), (24.0, 24.0), hours=96)
    told = Told(rules, at, budget=12_000, tranches=(0.1, 0.1), shares=(1, 3))
    assert told.change == [[300, 900], [300, 900], [0, 0]]
    assert told.outcome == [CARRIED_OUT, CARRIED_OUT, NOTHING]
    assert told.trace.held[1, 0, [0, 24, 48]].tolist() == [2400, 1200, 0]


def test_pausing_hands_all_to_the_others_and_resuming_takes_the_plans_share_back():
    stop = Rule(name="stop", channels=("a",), when=first_day(at_hour(8, 9)), then=(Pause(),))
    go = Rule(name="go", channels=("a",), when=at_hour(16, 17), then=(Resume(),))
    told = Told(RuleSet(rules=(stop, go), evaluate_every="4h", adjust_every="8h", limits=FREE))
    assert told.when == [8, 16]
    assert told.change[0] == [-4000, 4000]
    assert told.trace.spent[0, 8:16].tolist() == [[0, 200]] * 8
    # b has 8,000 - 1,600 = 6,400 left; a's share of the plan is half.
    assert told.change[1] == [3200, -3200]
    assert told.trace.spent[0, 16:].tolist() == [[100, 100]] * 32


def test_standing_down_stops_all_rules():
    stand = Rule(name="stand", per="campaign", when=first_day(at_hour(8, 9)), then=(StandDown(lasts="12h"),))
    tell = Rule(name="tell", per="campaign", then=(Notify(),))
    told = Told(RuleSet(rules=(tell, stand), evaluate_every="4h", adjust_every="4h", limits=FREE))
    own = {t: outcome for t, outcome, _ in zip(told.when, told.outcome, told.rows, strict=True) if t != 8}
    assert own[4] == CARRIED_OUT and own[12] == own[16] == STANDING_DOWN and own[20] == CARRIED_OUT


def test_telling_people_moves_nothing():
    told = Told(one(Notify(), per="campaign"))
    assert told.done() == list(range(4, 48, 4)) and not np.any(told.change)
    assert (told.trace.spent == 100).all()


# ---- metrics --------------------------------------------------------------------------------------------------

# What rules read after 12 of 48 hours, at 100 cents an hour and channel: 24 a day, 1.00 an hour. A channel earns
# 100 / 2 = 50 a day at 24 a day, 25 after 12 hours; orders are worth 0.01, so 2,500 of them, within chance.
READ = {
    "spend": (Reading(metric="spend", over="4h"), 4.0),
    "spend an hour": (Reading(metric="spend", over="4h", per="hour"), 1.0),
    "spend a day": (Reading(metric="spend", over="4h", per="day"), 24.0),
    "spend of all": (Reading(metric="spend", over="4h", of="all"), 8.0),
    "spend of another": (Reading(metric="spend", over="1d", of="b"), 12.0),
    "spend, 10 hours left out": (Reading(metric="spend", over="1d", excluding="10h"), 2.0),
    "budget": (Reading(metric="budget"), 24.0),
    "planned": (Reading(metric="planned"), 24.0),
    "hour": (Reading(metric="hour"), 12.0),
    "weekday": (Reading(metric="weekday"), 2.0),  # 1 September 2026 is a Tuesday
    "day": (Reading(metric="day"), 1.0),
    "spent share": (Reading(metric="spent_share"), 0.25),
    "time share": (Reading(metric="time_share"), 0.25),
    "reserve left": (Reading(metric="reserve_left"), np.nan),
}
SEEN = {
    "orders": (Reading(metric="orders"), 2500.0),
    "revenue": (Reading(metric="revenue"), 25.0),
    "roi": (Reading(metric="roi"), 25.0 / 12.0),
    "cpa": (Reading(metric="cpa"), 12.0 / 2500.0),
    "forecast": (Reading(metric="forecast", over="4h"), 2500.0 / 3),
    "marginal roi": (Reading(metric="marginal_roi"), 100 * 24 / 48**2),
    "spread": (Reading(metric="spread"), 1.0),
    "rank": (Reading(metric="rank"), 1.5),
    "excess": (Reading(metric="excess", over="4h"), 0.0),
}


def reading(asked: Reading) -> float:
    told = Told(one(Notify(), when=Compare(left=asked, is_="<=", than=1e9), looks="12h", every="12h",
                    rule={"no_data": "fire"}))  # fmt: skip
    assert told.when[0] == 12
    return float(told.left[0])


@pytest.mark.parametrize("name", READ)
def test_what_is_known_is_read_exactly(name):
    assert reading(READ[name][0]) == pytest.approx(READ[name][1], rel=1e-12, nan_ok=True)


@pytest.mark.parametrize("name", SEEN)
def test_what_chance_reaches_is_read_within_it(name):
    slack = {"rank": 0.5, "excess": 3.0, "spread": 0.1}.get(name)
    expected = SEEN[name][1]
    assert reading(SEEN[name][0]) == pytest.approx(expected, rel=None if slack else 0.08, abs=slack)


def test_orders_that_come_late_are_not_seen_yet():
    # A mean delay of 12 h: of an hour's orders 1 - exp(-age / 12) are there. Of twelve hours, ages 12 to 1, 0.449.
    at = flat((100.0, 100.0), (24.0, 24.0), order_value=0.001, settings=CALM.replace(conversion_delay="12h"))
    share = np.mean(1 - np.exp(-np.arange(1, 13) / 12))
    asked = Compare(left=Reading(metric="revenue"), is_=">", than=0)
    told = Told(one(Notify(), when=asked, looks="12h", every="12h"), at)
    assert told.left[0] == pytest.approx(25 * share, rel=0.03)


# ---- when a rule is met ---------------------------------------------------------------------------------------


def test_pending_counts_evaluations_in_a_row():
    # The condition holds from 8 to 16 h, at 8 and 12; three in a row it never does.
    for pending, expected in ((1, [8, 12, 32, 36]), (2, [12, 36]), (3, [])):
        told = Told(one(Notify(), when=at_hour(8, 16), rule={"pending": pending}))
        assert told.done() == expected


@pytest.mark.parametrize(("no_data", "expected"), [("skip", []), ("hold", []), ("fire", [8, 16, 24, 32, 40])])
def test_without_data(no_data, expected):
    # There is no reserve, so nothing is known of it.
    when = Compare(left=Reading(metric="reserve_left"), is_=">", than=0)
    assert Told(one(Notify(), when=when, looks="8h", rule={"no_data": no_data})).done() == expected


def test_holding_keeps_the_count_where_there_is_no_data():
    # The first two evaluations hold (hours 4 and 8); from then on too few orders were seen within an hour: no data.
    stop = Rule(name="stop", channels=("a",), when=at_hour(8, 9), then=(Pause(),))
    count = {"least_orders": 1, "sample_over": "1h", "pending": 2}
    for no_data, expected in (("hold", list(range(8, 48, 4))), ("skip", [8])):
        tell = Rule(name="tell", channels=("a",), then=(Notify(),), no_data=no_data, priority=0, **count)
        told = Told(RuleSet(rules=(tell, stop), evaluate_every="4h", adjust_every="8h", limits=FREE))
        rows = [t for t, change, ok in zip(told.when, told.change, told.outcome, strict=True) if not any(change)
                and ok == CARRIED_OUT]  # fmt: skip
        assert rows == expected


def test_all_any_and_not_with_no_data():
    nothing = Compare(left=Reading(metric="reserve_left"), is_=">", than=0)
    yes, no = (Compare(left=Reading(metric="hour"), is_=sign, than=-1) for sign in (">", "<"))
    for when, met in (
        (AllOf(of=(yes, nothing)), False), (AllOf(of=(no, nothing)), False), (AnyOf(of=(yes, nothing)), True),
        (AnyOf(of=(no, nothing)), False), (NotOf(of=(nothing,)), False), (NotOf(of=(AllOf(of=(no, nothing)),)), True),
        (AllOf(), True), (AnyOf(), False),
    ):  # fmt: skip
        assert bool(Told(one(Notify(), when=when)).done()) == met


def test_a_rule_that_is_not_met_is_logged_at_adjustments():
    told = Told(one(Rebalance(), per="campaign", when=at_hour(25)))
    assert (told.when, set(told.outcome)) == ([8, 16, 24, 32, 40], {NOT_MET})


# ---- what holds it back ---------------------------------------------------------------------------------------


def test_a_rule_rests_after_it_acted():
    told = Told(one(Notify(), rule={"cooldown": "12h"}))
    assert told.done() == [4, 16, 28, 40]
    assert {o for t, o in zip(told.when, told.outcome, strict=True) if t not in told.done()} == {RESTING}


def test_a_channel_rests_after_a_change_and_pays_for_nothing_meanwhile():
    limits = FREE.replace(cooldown="16h")
    told = Told(one(ChangeBudget(percent=0.1), limits=limits))
    assert told.done() == [8, 24, 40]
    others = Told(one(ChangeBudget(percent=0.1), limits=limits.replace(cooldown="40h")))
    assert others.done() == [8]


def test_the_first_of_two_rules_that_want_the_same_channel_acts():
    up = Rule(name="up", channels=("a",), then=(ChangeBudget(percent=0.1),), priority=2)
    down = Rule(name="down", channels=("a",), then=(ChangeBudget(percent=-0.1),), priority=1)
    told = Told(RuleSet(rules=(up, down), evaluate_every="8h", adjust_every="8h", limits=FREE))
    assert told.change[0] == [-400, 400]
    assert told.outcome[:2] == [CARRIED_OUT, CONFLICT]


@pytest.mark.parametrize(("beyond", "change"), [("clamp", [400, -400]), ("skip", None)])
def test_a_step_beyond_the_limit_is_made_smaller_or_not_made(beyond, change):
    told = Told(one(UP, limits=FREE.replace(step=0.1, beyond=beyond)))
    assert (told.outcome[0] == LIMIT) if change is None else (told.change[0] == change)


def test_floor_and_ceiling_are_of_the_planned_rate():
    # 4,000 are left in each: 20% of the plan is 800, 150% is 6,000.
    assert Told(one(ChangeBudget(percent=-1), limits=FREE.replace(floor=0.2))).change[0] == [-3200, 3200]
    assert Told(one(ChangeBudget(percent=1), limits=FREE.replace(ceiling=1.25))).change[0] == [1000, -1000]


def test_a_day_is_measured_against_24_hours_before():
    told = Told(one(ChangeBudget(percent=1), limits=FREE.replace(day=0.25)))
    # Up to 24 h against the plan: at 8 h from 100 to 125 an hour (40 h: 1,000); at 16 and 24 h nothing more. At 32 h
    # against what it was at 8 h after the change, 125: to 156.25 an hour, 31.25 * 16 = 500. The other pays a quarter.
    assert [t for t, o in zip(told.when, told.outcome, strict=True) if o == CARRIED_OUT] == [8, 32]
    assert told.change[0] == [1000, -1000]
    assert told.before[told.when.index(32)] == [2000, 1200]
    # b falls from 75 an hour to 56.25 at least: 18.75 * 16 = 300 is all that it may pay.
    assert told.change[told.when.index(32)] == [300, -300]


def test_no_more_decisions_in_24_hours_than_allowed():
    told = Told(one(Notify(), limits=FREE.replace(per_day=2)))
    assert told.done() == [4, 8, 28, 32]
    assert {o for t, o in zip(told.when, told.outcome, strict=True) if t not in told.done()} == {FULL_DAY}


@pytest.mark.parametrize(
    ("mode", "tells", "moves"),
    [("off", None, None), ("dry-run", MODE, MODE), ("notify", CARRIED_OUT, MODE), ("apply", CARRIED_OUT, CARRIED_OUT)],
)
def test_modes(mode, tells, moves):
    told = Told(one(Notify(), UP, looks="8h", mode=mode))
    assert told.outcome[:2] == ([] if tells is None else [tells, moves])
    assert (told.trace.spent == 100).all() == (moves != CARRIED_OUT)


REVIEW = Review(share=1.0, answers_in="4h", time_out="8h")


@pytest.mark.parametrize(
    ("review", "when", "outcome"),
    [
        (REVIEW, 12, CARRIED_OUT),
        (REVIEW.replace(rejects=1.0), 12, REJECTED),
        (REVIEW.replace(answers_in="12h", then="apply"), 16, CARRIED_OUT),
        (REVIEW.replace(answers_in="12h", then="drop"), 16, TIMED_OUT),
        (REVIEW.replace(by="risk", share=0.2), 12, CARRIED_OUT),
    ],
)
def test_people_look_first(review, when, outcome):
    # Once, at 8 h: half of 4,000 is 2,000, more than a fifth of the 9,600.
    told = Told(one(UP, when=first_day(at_hour(8, 9)), review=review))
    assert (told.when, told.outcome) == ([8, when], [IN_REVIEW, outcome])
    assert told.change[1] == [2000, -2000]
    assert (told.trace.spent[0, :when] == 100).all()
    assert (told.trace.spent[0, when, 0] > 100) == (outcome == CARRIED_OUT)


def test_small_changes_are_not_risky():
    told = Told(one(UP, when=first_day(at_hour(8, 9)), review=REVIEW.replace(by="risk", share=0.3)))
    assert (told.when, told.outcome) == ([8], [CARRIED_OUT])


def test_what_people_agree_to_late_stays_within_the_limits_of_then():
    # At 8 h a is to gain 2,000 from b, which people agree to at 12 h; at 8 h another rule takes b down to its floor.
    first = Rule(name="first", channels=("a",), when=first_day(at_hour(8, 9)), then=(UP,))
    told = Told(RuleSet(rules=(first,), evaluate_every="4h", adjust_every="8h", review=REVIEW.replace(answers_in="20h",
                time_out="20h"), limits=Limits(floor=0.6, day=None)))  # fmt: skip
    # b's floor is 60 an hour: of 4,000 at 8 h it may give 1,600; at 28 h, with 2,000 left, 800.
    assert told.change[0] == [1600, -1600]
    assert (told.when[1], told.change[1]) == (28, [800, -800])


# ---- the market -----------------------------------------------------------------------------------------------


def test_cards_multiply_what_they_say():
    cards = (Card(shock="surge", at="6h", lasts="2h"), Card(shock="creative", channel="b", at="12h", lasts="3h"))
    at = flat((100.0, 100.0), (24.0, 24.0), settings=CALM.replace(cards=cards))
    revenue = Told(RuleSet(), at).trace.cells[0, 0]
    usual = 100 / 24 / 2
    # Traffic is 25% dearer: 24 buy what 19.2 did, 19.2 / 43.2 of the ceiling, at twice the demand.
    surge = 2 * 100 / 24 * 19.2 / 43.2
    np.testing.assert_allclose(revenue[[5, 6, 7, 8]], [[usual] * 2, [surge] * 2, [surge] * 2, [usual] * 2])
    np.testing.assert_allclose(revenue[[11, 12, 14, 15], 1], [usual, usual / 2, usual / 2, usual])
    np.testing.assert_allclose(revenue[11:16, 0], usual)


def test_a_large_change_teaches_anew_and_faster_spending_costs():
    settings = CALM.replace(learning="4h", learning_cost=0.5)
    told = Told(one(UP, when=first_day(at_hour(8, 9))), flat((100.0, 100.0), (24.0, 24.0), settings=settings))
    revenue = told.trace.cells[0, 0, :, 0]
    # From 100 to 150 an hour, 36 a day: 100 * 36 / 60 / 24, half of it for four hours.
    np.testing.assert_allclose(revenue[[7, 8, 11, 12]], [50 / 24, 30 / 24, 30 / 24, 60 / 24])
    dearer = Told(one(UP, when=first_day(at_hour(8, 9))), flat((100.0, 100.0), (24.0, 24.0),
                  settings=CALM.replace(dearer=1.0)))  # fmt: skip
    # Half as fast again makes the first such hour half as dear again: 36 buy what 24 did.
    np.testing.assert_allclose(dearer.trace.cells[0, 0, 8, 0], 50 / 24)


# ---- clocks ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "days"), [("2026-10-30", 5), ("2027-03-12", 5)])
@pytest.mark.parametrize(("looks", "hours"), [("4h", {0, 4, 8, 12, 16, 20}), ("8h", {0, 8, 16}), ("1d", {0})])
def test_clocks_stand_at_local_hours_across_both_changes(start, days, looks, hours):
    length = days * 24 + (1 if start < "2027" else -1)
    times = clock(start, length, "America/New_York")
    told = Told(one(Notify(), per="campaign", looks=looks, every=looks), flat((100.0,), (24.0,), times=times))
    assert set(times[told.when].hour) == hours
    assert len(told.when) == days * len(hours) - 1  # none at the start
    assert not times[told.when].duplicated().any()


def test_an_hour_that_comes_twice_begins_nothing_a_second_time_and_one_left_out_is_made_up_for():
    fall = clock("2026-11-01", 25, "America/New_York")
    told = Told(one(Notify(), per="campaign", looks="1h", every="1h"), flat((100.0,), (24.0,), times=fall))
    assert fall[1] == fall[2] and 2 not in told.when and len(told.when) == 23
    spring = clock("2027-03-14", 23, "America/New_York")
    told = Told(one(Notify(), per="campaign", looks="2h", every="2h"), flat((100.0,), (24.0,), times=spring))
    assert [spring[t].hour for t in told.when][:3] == [3, 4, 6]
