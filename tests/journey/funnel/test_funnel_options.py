"""The funnel's further options in cases that can be worked out by hand, and what cannot be asked."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis import Exclusion, Funnel, FunnelRules, Step, Tables, TimeToConvert
from analysis.charts import NOT_SET, TOTAL, Look
from analysis.errors import DataError, QuestionError, SluiceError
from analysis.journey.funnel.chains import chains, follow
from analysis.journey.funnel.conventions import ASKED, alternatives
from analysis.journey.funnel.kernel import NO_TIME
from analysis.journey.funnel.plan import planned
from analysis.question import Question
from analysis.store.walk import Columns, chunks
from analysis.values import Filter

DAY = pd.Timestamp("2026-11-11")


def events(*rows: tuple[Any, ...], columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Build events from (user, clock time, event, further columns)."""
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", *columns])
    return frame.assign(timestamp=pd.to_datetime("2026-11-11 " + frame["timestamp"]))


def users(frame: pd.DataFrame, **asked: Any) -> list[int]:
    return Funnel(**asked).run(Tables(events=frame)).table["users"].tolist()


# ---- steps ------------------------------------------------------------------------------------------------


def test_a_step_without_conditions_is_stored_as_its_event() -> None:
    plain = Funnel(steps=("view", "cart"))
    assert Funnel(steps=(Step("view"), Step(("cart",)))) == plain
    assert repr(Funnel(steps=(Step("view"), Step("cart", where={"device": "ios"})))) == (
        "Funnel(steps=('view', Step('cart', where={'device': 'ios'})))"
    )
    stored = {"kind": "funnel", "version": 1, "steps": ["view", "cart"], "window": "7d", "order": "ordered"}
    assert Question.from_dict(stored) == plain


def test_conditions_and_several_events_per_step() -> None:
    log = events(
        ("u", "01:00", "view", "ios"), ("u", "01:10", "favorite", "web"),
        ("v", "01:00", "view", "web"), ("v", "01:10", "cart", None), columns=("device",),
    )  # fmt: skip
    assert users(log, steps=("view", Step(("cart", "favorite")))) == [2, 2]
    assert users(log, steps=(Step("view", where={"device": "ios"}), Step(("cart", "favorite")))) == [1, 1]
    assert users(log, steps=("view", Step(("cart", "favorite"), where={"device": ("ios", "web")}))) == [2, 1]


def test_optional_steps_are_counted_but_hold_nobody_back() -> None:
    log = events(
        ("u", "01:00", "a"), ("u", "01:10", "b"), ("u", "01:30", "c"), ("v", "01:00", "a"), ("v", "01:10", "c"),
        ("w", "01:00", "a"), ("w", "01:20", "b"), ("z", "01:00", "a"),
    )  # fmt: skip
    table = Funnel(steps=("a", Step("b", optional=True), "c"), window="1m").run(Tables(events=log)).table
    assert table["users"].tolist() == [4, 0, 0]
    table = Funnel(steps=("a", Step("b", optional=True), "c"), window="30m").run(Tables(events=log)).table
    assert table["users"].tolist() == [4, 2, 2]
    assert table["from_previous"].tolist()[1:] == [0.5, 0.5]
    assert table["dropped"].tolist()[2] == 2
    assert table["median_seconds_from_previous"].tolist()[2] == (10 + 30) / 2 * 60


def test_chains_tell_which_events_matched() -> None:
    log = events(
        ("u", "01:00", "a", None, 1.0), ("u", "01:00", "a", None, 2.0), ("u", "01:10", "b", "o1", 30.0),
        ("u", "01:20", "b", "o2", 99.0), ("v", "01:00", "a", None, None), columns=("order_id", "value"),
    )  # fmt: skip
    wanted = Columns(numbers=("value",), texts=("order_id",))
    found = chains(Funnel(steps=("a", "b")), Tables(events=log), taken=wanted)
    assert found.level.tolist() == [2, 1]
    assert found.taken.numbers["value"][0, 1] == 30
    assert [a.to_pylist() for a in found.taken.texts["order_id"]] == [[None, None], ["o1", None]]
    assert (found.time[1] == NO_TIME).tolist() == [False, True]
    assert (found.time[0, 1] - found.time[0, 0]) / 1e6 == 600


# ---- windows, orders, held columns ------------------------------------------------------------------------


def test_a_session_is_told_by_its_id_or_by_a_pause() -> None:
    log = events(
        ("u", "01:00", "a", "s"), ("u", "01:29", "x", "s"), ("u", "01:58", "b", "s"),
        ("v", "01:00", "a", "s"), ("v", "01:31", "b", "s"), ("w", "01:00", "a", "s"), ("w", "01:10", "b", "t"),
        columns=("session_id",),
    )  # fmt: skip
    assert users(log, steps=("a", "b"), window="session") == [3, 2]  # not w, who changed the session
    answer = Funnel(steps=("a", "b"), window="session").run(Tables(events=log.drop(columns="session_id")))
    assert answer.table["users"].tolist() == [3, 2]  # not v, who paused for 31 minutes
    assert "30 minutes" in next(n.message.text() for n in answer.notes if n.code == "session-gap")


def test_any_order_counts_how_many_of_the_steps_were_taken() -> None:
    log = events(
        ("u", "01:00", "c"), ("u", "01:10", "a"), ("u", "01:20", "b"), ("v", "01:00", "b"), ("w", "01:00", "x")
    )
    answer = Funnel(steps=("a", "b", "c"), order="any", window="20m").run(Tables(events=log))
    assert answer.table["users"].tolist() == [2, 1, 1]
    assert answer.table["event"].tolist() == ["1 / 3", "2 / 3", "3 / 3"]
    assert "50.0% of 2 users who took any of the 3 steps" in answer.headline.text()


def test_held_columns_keep_a_chain_to_one_value() -> None:
    log = events(
        ("u", "01:00", "view", "p"), ("u", "01:10", "view", "q"), ("u", "01:20", "cart", "p"),
        ("v", "01:00", "view", "p"), ("v", "01:20", "cart", "q"), ("w", "01:00", "view", None), columns=("item",),
    )  # fmt: skip
    assert users(log, steps=("view", "cart")) == [3, 2]
    assert users(log, steps=("view", "cart"), hold="item") == [2, 1]
    # The first entry of all was p's: q's chain may not start.
    assert users(log[::-1], steps=("view", "cart"), hold="item", entry="first") == [2, 1]


def test_excluded_people_have_dropped_and_are_not_waited_for() -> None:
    log = events(("u", "01:00", "a"), ("u", "01:10", "x"), ("v", "01:00", "a"), ("z", "01:20", "b"))
    table = Funnel(steps=("a", "b"), exclusions="x", window="1d").run(Tables(events=log)).table
    assert (table["dropped"].tolist()[1], table["still_open"].tolist()[1]) == (1, 1)


@pytest.mark.parametrize(
    ("at", "groups"),
    [("first", {"ios": 1, "web": 1}), ("last", {"ios": 0, "web": 2}), (2, {"web": 2, NOT_SET: 0})],
)
def test_where_the_breakdowns_value_is_taken(at: str | int, groups: dict[str, int]) -> None:
    log = events(
        ("u", "01:00", "a", "ios"), ("u", "01:10", "b", "web"), ("u", "01:20", "c", "web"),
        ("v", "01:00", "a", "web"), ("v", "01:10", "b", "web"), ("v", "01:20", "c", "web"),
        ("w", "01:00", "a", "ios"), columns=("device",),
    )  # fmt: skip
    table = Funnel(steps=("a", "b", "c"), breakdown="device", breakdown_at=at).run(Tables(events=log)).table
    last = table[(table["step"] == 3) & (table["breakdown"] != TOTAL)].set_index("breakdown")["users"]
    assert last.to_dict() == groups


def test_the_headline_names_the_worst_group_with_its_rate() -> None:
    rows = [(f"{d}{i}", "01:00", "a", d) for d in ("ios", "web") for i in range(40)]
    rows += [(f"ios{i}", "01:10", "b", "ios") for i in range(20)] + [
        (f"web{i}", "01:10", "b", "web") for i in range(10)
    ]
    rows += [("few", "01:00", "a", "tv")]
    log = events(*rows, columns=("device",))
    said = Funnel(steps=("a", "b"), window="5m", breakdown="device").run(Tables(events=log)).headline.text()
    assert said == '0% of 81 users who did "a" went on to b within 5 minutes. Most stop before b: 81 users.'
    asked = Funnel(steps=("a", "b"), window="1h", breakdown="device", observed_until="2027-01-01")
    said = asked.run(Tables(events=log)).headline.text()
    assert said == (
        '37.0% of 81 users who did "a" went on to b within 1 hour. '
        "The lowest is web with 25.0% of 40, the highest ios with 50.0% of 40."
    )


# ---- the same question by other rules ---------------------------------------------------------------------


def test_each_row_is_the_funnel_by_that_rule(tables: Tables) -> None:
    where = Filter(start="2026-10-01", end="2026-10-20")
    asked = Funnel(
        steps=("visit", "view", "cart"), window="3h", where=where, breakdown="channel", exclusions="purchase"
    )
    answer = FunnelRules(funnel=asked).run(tables)
    own = asked.replace(breakdown=None)
    table = answer.table.set_index("rule")
    found = dict(alternatives(own))
    assert list(table.index) == [ASKED, *found]
    assert "ClickHouse's rules" not in table.index  # it has no exclusions
    for name, funnel in {ASKED: own, **found}.items():
        expected = funnel.run(tables).table["users"]
        assert table.loc[name, ["users", "converted"]].tolist() == [expected.iloc[0], expected.iloc[-1]], name
    assert found["dates for every step"].dates == "conversion"
    np.testing.assert_allclose(table["difference"].iloc[1:], (table["rate"] - table["rate"].iloc[0]).iloc[1:])


def test_a_question_about_a_funnel_takes_its_filter() -> None:
    where = Filter(channel="x")
    asked = FunnelRules(funnel=Funnel(steps=("a", "b"), where=where))
    assert (asked.where, asked.funnel.where, asked.asked.where) == (where, None, where)
    assert asked.replace(where=None).asked.where is None


@pytest.mark.parametrize("look", [Look(), Look("zh_CN", dark=True)])
@pytest.mark.parametrize("breakdown", [None, "channel"])
def test_the_views_are_drawn_for_every_reader(tables: Tables, look: Look, breakdown: str | None) -> None:
    asked = Funnel(steps=("visit", "view", "cart"), breakdown=breakdown)
    for question in (FunnelRules(funnel=asked), TimeToConvert(funnel=asked, to_step=2)):
        answer = question.run(tables)
        assert answer.chart(look).to_dict()["description"] == answer.say(answer.headline, look.language)
        for name, frame in answer.frames.items():
            assert list(frame.columns) == list(answer.fields[name])


# ---- what cannot be asked ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"steps": ("a",)}, "needs 2"),
        ({"steps": (Step("a", optional=True), "b")}, "cannot be optional"),
        ({"exclusions": Exclusion("x", after=2, before=2)}, "between two of the 2 steps"),
        ({"exclusions": Exclusion("x", after=1, before=3)}, "between two of the 2 steps"),
        ({"exclusions": Exclusion("x", after=2)}, "between two of the 2 steps"),
        ({"breakdown_at": 3}, "no step 3"),
        ({"breakdown_at": "middle"}, "breakdown_at cannot be 'middle'"),
        ({"order": "any", "steps": ("a", Step("b", optional=True), "c")}, "no step can be optional"),
        ({"order": "any", "steps": ("a", "b", "c"), "exclusions": Exclusion("x", after=2)}, "leave its steps out"),
        ({"window": "0d"}, "window cannot be 0 seconds: it must be longer than zero"),
        ({"window": "sessions"}, "window cannot be 'sessions'"),
        ({"profile": "amplitude"}, "choose from"),
        ({"steps": ("a", {"b": 1})}, "list of str, Step"),
    ],
    ids=str,
)
def test_what_does_not_go_together_is_said(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        Funnel(**{"steps": ("a", "b"), **fields})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Step("a", where={"device": ()}), "columns to the values"),
        (lambda: Step("a", where=5), "columns to the values"),
        (lambda: Step(()), "needs 1"),
        (lambda: TimeToConvert(funnel=Funnel(steps=("a", "b")), from_step=2), "two of the 2 steps"),
        (lambda: TimeToConvert(funnel=Funnel(steps=("a", "b")), to_step=3), "two of the 2 steps"),
    ],
)
def test_parts_that_do_not_fit_are_said(make: Any, says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        make()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"steps": ("visit", Step(("cart", "purchse")))}, "Did you mean purchase"),
        ({"exclusions": "purchse"}, "Did you mean purchase"),
        ({"hold": "item"}, "do not say: product"),
        ({"steps": ("visit", Step("view", where={"page": "x"}))}, "do not say: page"),
        (
            {"steps": ("visit", Step("view", where={"device": "androd"}))},
            "There is no device 'androd'. Did you mean android",
        ),
        ({"where": Filter(start="2031-01-01")}, "Nobody took the first step"),
        ({"where": Filter(start="2031-01-01"), "order": "any"}, "Nobody took any of the steps"),
    ],
    ids=str,
)
def test_what_the_data_lacks_is_said(tables: Tables, fields: dict[str, Any], says: str) -> None:
    asked = Funnel(**{"steps": ("visit", "view"), **fields})
    for question in (asked, FunnelRules(funnel=asked), TimeToConvert(funnel=asked)):
        with pytest.raises(SluiceError) as raised:
            question.run(tables)
        if question is asked:
            assert says in str(raised.value)


def test_a_breakdown_of_very_many_values_is_refused_before_the_walk() -> None:
    many = 60_000
    frame = pd.DataFrame(
        {"user_id": "u", "timestamp": DAY, "event": ["a", "b"] * (many // 2), "page": [f"p{i}" for i in range(many)]}
    )
    with pytest.raises(DataError, match="a breakdown takes at most 50"):
        Funnel(steps=("a", "b"), breakdown="page").run(Tables(events=frame))


# ---- where the walk can go --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields", [{}, {"order": "any"}, {"window": "session", "hold": "channel", "exclusions": "cart"}]
)
def test_the_walk_can_be_sent_to_where_the_events_are(tables: Tables, fields: dict[str, Any]) -> None:
    asked = Funnel(steps=("visit", Step("view", where={"device": "ios"}), "cart"), breakdown="channel", **fields)
    plan, columns = planned(asked, tables, Columns(texts=("session_id",)))
    there = pickle.loads(pickle.dumps(plan))
    for chunk in chunks(tables.frame("events"), columns):
        here = follow(chunk, plan)
        for name in ("user", "level", "still_open", "group", "rows"):
            np.testing.assert_array_equal(getattr(follow(chunk, there), name), getattr(here, name))
