"""Who is meant: parts and what is put together of them, against plain sets; the people behind figures."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis import (
    Filter,
    Funnel,
    FunnelStop,
    InAll,
    InAny,
    InGroup,
    InSegment,
    Lifecycle,
    NotIn,
    Retention,
    RetentionCell,
    Step,
    Tables,
    WithRows,
)  # fmt: skip
from analysis.errors import DataError, QuestionError
from analysis.people import People, everyone
from analysis.values import Value

EVENTS = pd.DataFrame(
    [
        ("ann", "2026-11-01", "view", "ads", "in", 10.0),
        ("ann", "2026-11-02", "view", "mail", "in", None),
        ("bob", "2026-11-01", "view", "ads", "out", 50.0),
        ("bob", "2026-11-03", "cart", None, "out", 70.0),
        ("cat", "2026-11-05", "cart", "mail", None, None),
    ],
    columns=["user_id", "timestamp", "event", "channel", "vip", "value"],
).astype({"timestamp": "datetime64[us]"})
ORDERS = pd.DataFrame(
    [("o1", "bob", 20.0, "in"), ("o1", "bob", 30.0, "in"), ("o2", "dan", 500.0, "in"), ("o3", "dan", 5.0, "in"),
     ("o4", None, 900.0, "in")],
    columns=["order_id", "user_id", "revenue", "late"],
).assign(timestamp=pd.Timestamp("2026-11-04"), currency="CNY").astype({"timestamp": "datetime64[us]"})  # fmt: skip
TABLES = Tables(events=EVENTS, orders=ORDERS)
EVERYONE = {"ann", "bob", "cat", "dan"}


def who(people: People, tables: Tables = TABLES) -> set[str]:
    ids = people.ids(tables).to_pylist()
    assert len(set(ids)) == len(ids), "somebody stands there twice"
    return set(ids)


# ---- conditions -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (WithRows(column="event", values="cart"), {"bob", "cat"}),
        (WithRows(column="channel"), {"ann", "bob", "cat"}),
        (WithRows(column="event", values="view", times=2), {"ann"}),
        (WithRows(column="event", values="view", where=Filter(start="2026-11-02")), {"ann"}),
        (WithRows(column="event", values="view", where=Filter(channel="mail")), {"ann"}),
        (WithRows(column="value", least=50), {"bob"}),
        (WithRows(column="value", most=50), {"ann", "bob"}),
        (WithRows(column="value", least=51, most=69), set()),
        (WithRows(column="value"), {"ann", "bob"}),
        (WithRows(table="orders", column="revenue", least=30), {"bob", "dan"}),
        (WithRows(table="orders", column="revenue", times=2), {"dan"}),
        (WithRows(table="orders", column="currency", values="CNY"), {"bob", "dan"}),
        (InSegment(name="vip"), {"ann"}),
        (InSegment(name="vip", groups=("out",)), {"bob"}),
        (InSegment(name="late"), {"bob", "dan"}),
        (InSegment(name="channel"), {"ann", "bob", "cat"}),
        (InGroup(of=Lifecycle(at="2026-11-05"), groups=("interest",)), {"ann", "cat"}),
        (InGroup(of=Lifecycle(at="2026-11-05")), {"ann", "bob", "cat"}),
        (InGroup(of=InSegment(name="vip")), {"ann"}),
    ],
)  # fmt: skip
def test_who_has_such_rows(asked: People, found: set[str]) -> None:
    if isinstance(asked, InGroup) and isinstance(asked.of, Lifecycle):
        events = EVENTS[EVENTS["user_id"] != "bob"] if asked.groups else EVENTS
        assert who(asked, Tables(events=events)) == found
    else:
        assert who(asked) == found


def test_rows_of_one_order_are_one_order_and_a_guest_is_nobody() -> None:
    assert who(WithRows(table="orders", column="revenue")) == {"bob", "dan"}
    assert who(WithRows(table="orders", column="revenue", most=30, times=2)) == set()


def test_everyone_is_who_did_or_ordered_anything() -> None:
    assert set(everyone(TABLES).to_pylist()) == EVERYONE
    assert set(everyone(Tables(orders=ORDERS)).to_pylist()) == {"bob", "dan"}


# ---- combinations, against sets ---------------------------------------------------------------------------

LEAVES = {
    WithRows(column="event", values="cart"): {"bob", "cat"},
    WithRows(column="event", values="view"): {"ann", "bob"},
    WithRows(table="orders", column="revenue"): {"bob", "dan"},
    InSegment(name="vip"): {"ann"},
    WithRows(column="value", least=51, most=69): set(),
}
trees = st.recursive(
    st.sampled_from(list(LEAVES)),
    lambda inner: (
        st.builds(InAll, parts=st.lists(inner, min_size=1, max_size=3))
        | st.builds(InAny, parts=st.lists(inner, min_size=1, max_size=3))
        | st.builds(NotIn, part=inner)
    ),
    max_leaves=8,
)


def by_sets(people: People) -> set[str]:
    match people:
        case InAll(parts=parts):
            return set.intersection(*map(by_sets, parts))
        case InAny(parts=parts):
            return set.union(*map(by_sets, parts))
        case NotIn(part=part):
            return EVERYONE - by_sets(part)
    return LEAVES[people]


@settings(max_examples=cases(60))
@given(trees)
def test_what_is_put_together_is_what_sets_would_be(people: People) -> None:
    assert who(people) == by_sets(people)
    assert Value.from_json(people.to_json()) == people
    if inside := by_sets(people):
        members = people.members(TABLES).to_pylist()
        assert {row["user_id"]: row["stage"] for row in members} == {
            user: "in" if user in inside else "out" for user in EVERYONE
        }
        assert len(members) == len(EVERYONE)
    else:
        with pytest.raises(DataError, match="Nobody is"):
            people.members(TABLES)


# ---- in words ---------------------------------------------------------------------------------------------


def test_people_are_told_in_words() -> None:
    asked = InAll(parts=[WithRows(column="event", values="cart"), NotIn(part=InSegment(name="vip"))])
    assert asked.words.text() == 'all of: (did "cart"), (not (segment vip))'
    for own, said in (
        (
            WithRows(table="orders", column="revenue", least=5, most=9, times=2),
            "orders with revenue from 5.00 to 9.00, 2 or more",
        ),
        (WithRows(column="event", values="view", times=3), 'did "view", 3 times or more'),
        (
            WithRows(column="channel", values="ads", where=Filter(start="2026-11-01")),
            "events with channel: ads, 2026-11-01 to …",
        ),
        (FunnelStop(funnel=FUNNELS["plain"], step=3), "came from visit up to view and stopped before cart"),
        (FunnelStop(funnel=FUNNELS["plain"], step=2, state="open"), "may still get from visit to view"),
        (RetentionCell(retention=Retention(), cohort="2026-11-02"), "started in 2026-11-02 and were back 1 week later"),
    ):  # fmt: skip
        assert own.words.text() == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (WithRows(column="event", values="carrt"), "There is no event 'carrt'. Did you mean cart"),
        (WithRows(column="event", least=3), "event holds text, which has no bounds"),
        (WithRows(column="value", values="3"), "value holds numbers or times"),
        (WithRows(table="orders", column="coupon"), "The orders do not say"),
        (InSegment(name="gone"), "There is no saved segment gone, or nobody is in it. Bring it back"),
        (InSegment(name="vip", groups=("inn",)), "There is no group 'inn'. Did you mean in"),
        (InAll(parts=[InSegment(name="vip"), InSegment(name="vip", groups=("out",))]),
         "Nobody is in all parts at once: segment vip (1), not in the segment of segment vip (1). Take a part out"),
        (WithRows(column="value", least=51, most=69), "Nobody is left who is meant by: events with value"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_said_in_words(asked: People, said: str) -> None:
    with pytest.raises(DataError) as raised:
        asked.members(TABLES)
    assert said in str(raised.value)


def test_without_user_ids_nobody_can_be_told_apart() -> None:
    tables = Tables(orders=ORDERS.drop(columns="user_id"))
    for asked in (NotIn(part=InSegment(name="vip")), WithRows(table="orders", column="revenue")):
        with pytest.raises(DataError):
            asked.members(tables)
    with pytest.raises(DataError, match="Neither events nor orders say who"):
        everyone(tables)


@pytest.mark.parametrize(
    "make",
    [
        lambda: InAll(parts=()),
        lambda: InAny(parts=[Lifecycle()]),
        lambda: WithRows(column="value", least=3, most=1),
        lambda: WithRows(column="value", values="a", least=1),
        lambda: FunnelStop(funnel=Funnel(steps=("view", "cart")), step=1),
        lambda: FunnelStop(funnel=Funnel(steps=("view", "cart")), step=3),
        lambda: FunnelStop(funnel=Funnel(steps=("view", Step("cart", optional=True), "purchase")), step=2),
        lambda: RetentionCell(retention=Retention(measure="revenue"), cohort="2026-11-02"),
        lambda: RetentionCell(retention=Retention(periods=2), cohort="2026-11-02", later=3),
    ],
)
def test_parts_that_do_not_go_together_are_refused(make: object) -> None:
    with pytest.raises(QuestionError):
        make()  # type: ignore[operator]


# ---- the people behind figures ----------------------------------------------------------------------------

FUNNELS = {
    "plain": Funnel(steps=("visit", "view", "cart", "purchase"), window="7d"),
    "split": Funnel(steps=("visit", "view", "purchase"), breakdown="channel", window="2d"),
    "optional": Funnel(steps=("visit", Step("view", optional=True), "cart", "purchase"), window="7d"),
    "any order": Funnel(steps=("cart", "view"), order="any"),
    "dated": Funnel(steps=("visit", "view"), window="12h", where=Filter(start="2026-10-01", end="2026-11-01")),
}


@pytest.mark.parametrize("asked", FUNNELS.values(), ids=FUNNELS)
def test_the_people_of_a_funnel_are_as_many_as_it_counts(asked: Funnel, tables: Tables) -> None:
    answer = asked.run(tables)
    rows = answer.table.set_index(["breakdown", "step"])
    columns = {"took": "users", "dropped": "dropped", "open": "still_open"}
    assert {stop.state for stop in answer.people} >= {"took", "dropped"}
    for stop in answer.people:
        counted = rows.loc[(stop.group or "(total)", stop.step), columns[stop.state]]
        assert len(who(stop, tables)) == counted, stop
    stops = [(row, state) for row in rows.index for state, column in columns.items() if rows[column].fillna(0)[row] > 0]
    assert len(answer.people) == len(stops)


def test_a_step_is_taken_missed_or_still_open(tables: Tables) -> None:
    stop = FunnelStop(funnel=FUNNELS["plain"], step=3)
    took, dropped, waiting = (who(stop.replace(state=state), tables) for state in ("took", "dropped", "open"))
    before = who(stop.replace(step=2, state="took"), tables)
    assert took | dropped | waiting == before
    assert len(took) + len(dropped) + len(waiting) == len(before)


RETENTIONS = {
    "weeks": Retention(periods=3),
    "split": Retention(periods=2, breakdown="device", start="visit", returns=()),
    "rolling": Retention(period="day", periods=4, counting="rolling", returns=()),
    "on or after": Retention(period="day", periods=4, unbounded=True, returns=()),
}


@pytest.mark.parametrize("asked", RETENTIONS.values(), ids=RETENTIONS)
def test_the_people_of_a_cell_are_as_many_as_it_counts(asked: Retention, tables: Tables) -> None:
    answer = asked.run(tables)
    rows = answer.table.set_index(["breakdown", "cohort", "later"])
    assert {cell.back for cell in answer.people} == {True, False}
    for cell in answer.people[::7]:
        row = rows.loc[(cell.group or "(total)", cell.cohort, cell.later)]
        counted = row["returned"] if cell.back else row["users"] - row["returned"]
        assert len(who(cell, tables)) == counted, cell
    back = answer.people[0]
    assert not who(back, tables) & who(back.replace(back=not back.back), tables)


def test_a_cohort_or_group_that_is_not_there_is_said(tables: Tables) -> None:
    with pytest.raises(DataError, match="There is no cohort '2020-01-06'"):
        RetentionCell(retention=Retention(), cohort="2020-01-06").ids(tables)
    with pytest.raises(DataError, match="There is no group 'radio'"):
        FunnelStop(funnel=FUNNELS["split"], step=2, group="radio").ids(tables)
