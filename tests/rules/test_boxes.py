"""When a condition can hold, against a search of every figure on a grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st
from rules.drawn import conditions

from analysis.rules.boxes import Interval, boxes, described, meet
from analysis.rules.conditions import OPERATORS, AllOf, AnyOf, Compare, Condition, NotOf, Reading

GRID = {
    "spend": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
    "roi": (0.0, 0.5, 1.0, 1.5, 2.0, 3.0),
    "orders": (0.0, 1.0, 2.0, 3.0),
    "weekday": tuple(map(float, range(1, 8))),
}
"""Every threshold drawn is one of 0, 1 and 2, so that between and beyond any two there is a figure here."""
readings = st.sampled_from(list(GRID)).map(lambda metric: Reading(metric=metric))
plain = st.builds(Compare, left=readings, is_=st.sampled_from(OPERATORS), than=st.sampled_from([0.0, 1.0, 2.0]))
crossed = st.builds(Compare, left=readings, is_=st.sampled_from(OPERATORS),
                    than=st.sampled_from([-1.0, 0.0, 0.5, 1.0, 2.0]), right=readings)  # fmt: skip


def truth(condition: Condition, figures: Mapping[str, float]) -> bool | None:
    """Return whether a condition holds for figures; None without data, as there is no ROI without spend."""
    match condition:
        case Compare(left=left, is_=sign, than=than, right=right):
            sides = [left.metric, *([right.metric] if right else [])]
            if "roi" in sides and not figures["spend"]:
                return None
            value, bound = figures[left.metric], than * (figures[right.metric] if right else 1)
            return {">": value > bound, ">=": value >= bound, "<": value < bound, "<=": value <= bound}[sign]
        case NotOf(of=(part,)):
            inner = truth(part, figures)
            return None if inner is None else not inner
        case AllOf(of=parts) | AnyOf(of=parts):
            every = isinstance(condition, AllOf)
            said = [truth(part, figures) for part in parts]
            if (not every) in said:
                return not every
            return None if None in said else every
    raise TypeError


def figures() -> Iterator[dict[str, float]]:
    for held in product(*GRID.values()):
        yield dict(zip(GRID, held, strict=True))


@settings(max_examples=150)
@given(conditions(plain))
def test_no_box_means_never_and_a_box_means_sometimes(condition: Condition) -> None:
    found = boxes(condition)
    if found is not None:
        assert bool(found) == any(truth(condition, each) is True for each in figures())
        never_fails = boxes(condition, negated=True) == []
        assert never_fails == all(truth(condition, each) is not False for each in figures())


@settings(max_examples=150)
@given(conditions(plain | crossed))
def test_readings_held_against_each_other_are_never_called_impossible_wrongly(condition: Condition) -> None:
    if boxes(condition) == []:
        assert not any(truth(condition, each) for each in figures())
    if boxes(condition, negated=True) == []:
        assert all(truth(condition, each) is not False for each in figures())


@given(plain | crossed)
def test_a_box_says_what_its_comparison_says(compare: Compare) -> None:
    found = boxes(compare)
    assert found is not None
    for box in found:
        again = described(box)
        for each in figures():
            if each["spend"] and min(each.values()) > 0:
                assert truth(again, each) == truth(compare, each)


def test_intervals_meet() -> None:
    assert Interval(0, 2, below=True).meet(Interval(1, 2, above=True)) == Interval(1, 2, True, True)
    assert Interval(1, 1).meet(Interval(0, 1, below=True)).empty
    assert Interval(1, 2).within(Interval(0, math.inf, above=True))
    assert not Interval(0, 2).within(Interval(0, 2, above=True))
    assert meet({}, {}) == {}


def test_a_condition_that_branches_too_much_is_not_judged() -> None:
    def branch(metric: str) -> Condition:
        return AnyOf(
            of=tuple(Compare(left=Reading(metric=metric, over=f"{n}h"), is_=">", than=n) for n in range(1, 18))
        )

    assert boxes(AllOf(of=(branch("roi"), branch("orders")))) is None
    assert len(boxes(AnyOf(of=(branch("roi"), branch("orders")))) or []) == 34


def test_a_figure_an_hour_is_a_figure_of_its_window() -> None:
    an_hour = Compare(left=Reading(metric="spend", over="2d", per="hour"), is_=">", than=10)
    a_day = Compare(left=Reading(metric="spend", over="2d", per="day"), is_=">", than=240)
    whole = Compare(left=Reading(metric="spend", over="2d"), is_=">", than=480)
    assert boxes(an_hour) == boxes(a_day) == boxes(whole)
    assert boxes(whole) != boxes(whole.replace(left=Reading(metric="spend", over="1d")))


def test_in_a_rule_about_the_campaign_a_reading_is_of_all() -> None:
    own = Compare(left=Reading(metric="roi"), is_=">", than=1)
    total = own.replace(left=Reading(metric="roi", of="all"))
    assert boxes(own, "campaign") == boxes(total)
    assert boxes(own) != boxes(total)
    assert boxes(own, channel="x") == boxes(own.replace(left=Reading(metric="roi", of="x")))
