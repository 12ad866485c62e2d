"""The questions about one funnel agree with each other and with the truth, whatever the funnel's rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2
from statsmodels.stats.contingency_tables import mcnemar

from analysis import DropOffs, Filter, Funnel, FunnelChange, FunnelMoney, Tables
from analysis.estimates import Interval, difference, proportion, ratio
from analysis.journey.funnel import dropoffs

AT, LATER = pd.Timestamp("2026-11-01"), "2027-01-01"
WORTH_ONE = Interval(*(np.asarray(1.0),) * 3)
"""Everybody who goes on brings one, exactly."""


def log(*rows: tuple[Any, ...], columns: tuple[str, ...] = ()) -> pd.DataFrame:
    """Make events of (user, minutes, event, …)."""
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", *columns])
    return frame.assign(timestamp=AT + pd.to_timedelta(frame["timestamp"], unit="min"))


# ---- groups that change within a user ---------------------------------------------------------------------


def _restless(rng: np.random.Generator, users: int) -> pd.DataFrame:
    """Make people who come three times, by search first and later by display; each view is one in ten to be a cart."""
    rows = []
    for u in range(users):
        first = "search" if rng.random() < 0.5 else "display"
        for visit in range(3):
            channel = first if visit == 0 else "display"
            rows.append((f"u{u}", visit * 1000, "view", channel))
            if rng.random() < 0.1:
                rows.append((f"u{u}", visit * 1000 + 5, "cart", channel))
                break
    return log(*rows, columns=("channel",))


@pytest.mark.long
def test_a_group_does_not_depend_on_how_people_went_on() -> None:
    """The channel makes no difference; taken at the view before the cart, display would seem far ahead."""
    asked = DropOffs(funnel=Funnel(steps=("view", "cart"), observed_until=LATER), by=("channel",))
    alarms = 0
    for seed in range(100):
        events = _restless(np.random.default_rng(seed), 600)
        table = asked.run(Tables(events=events)).table
        first = events.groupby("user_id").agg(channel=("channel", "first"), went=("event", lambda e: "cart" in set(e)))
        for row in table.itertuples():
            own = first[first["channel"] == row.group]
            assert (row.users, row.share) == (len(own), own["went"].mean())
        alarms += bool(table["clear"].any())
    assert alarms <= 5 + 3 * np.sqrt(100 * 0.05 * 0.95)


def test_a_later_step_takes_the_value_where_people_first_got_so_far() -> None:
    events = log(
        ("u", 0, "view", "a"), ("u", 1, "cart", "b"), ("u", 2, "view", "c"), ("u", 3, "cart", "d"),
        ("u", 4, "buy", "e"), ("v", 0, "view", "a"), ("v", 1, "cart", "b"), ("v", 9, "cart", "d"),
        columns=("channel",),
    )  # fmt: skip
    for at, group in (("first", "a"), (2, "b"), ("last", "e")):
        funnel = Funnel(steps=("view", "cart", "buy"), breakdown="channel", breakdown_at=at)
        table = funnel.run(Tables(events=events)).table
        assert table[table["breakdown"] == group]["users"].tolist()[-1] == 1


# ---- people who may still go on ---------------------------------------------------------------------------


def _with_latecomers() -> pd.DataFrame:
    """Make 100 old users of each device, 40 of whom went on, and 60 who came by app in the last minutes."""
    old = [(f"{d}{u}", u, "view", d) for d in ("app", "web") for u in range(100)]
    went = [(f"{d}{u}", u + 5, "cart", d) for d in ("app", "web") for u in range(40)]
    new = [(f"new{u}", 990, "view", "app") for u in range(60)]
    return log(*old, *went, *new, ("end", 1000, "other", None), columns=("device",))


def test_people_who_may_still_go_on_are_not_held_against_their_group() -> None:
    asked = DropOffs(funnel=Funnel(steps=("view", "cart"), window="1h"), by=("device",))
    answer = asked.run(Tables(events=_with_latecomers()))
    assert answer.table[["users", "share", "others_share"]].to_numpy().tolist() == [[100, 0.4, 0.4]] * 2
    assert not answer.table["clear"].any()
    note = next(n for n in answer.notes if n.code == "still-open")
    assert "60 at the first" in note.message.text()


def test_a_change_between_periods_leaves_them_out_as_well() -> None:
    events = _with_latecomers().assign(channel=lambda t: np.where(t["user_id"].str.startswith("new"), "new", "old"))
    later = events.assign(user_id="late " + events["user_id"], timestamp=events["timestamp"] + pd.Timedelta("30D"))
    both = pd.concat([events, later])
    asked = FunnelChange(
        funnel=Funnel(steps=("view", "cart"), window="1h"), before=Filter(end="2026-11-10"),
        after=Filter(start="2026-11-20"), by="device",
    )  # fmt: skip
    answer = asked.run(Tables(events=both))
    total = answer.table.iloc[0]
    # In the first period their hour is over: the 60 newcomers did drop. In the second it is not.
    assert (total["users_before"], total["users_after"]) == (260, 200)
    assert (total["before"], total["after"]) == (80 / 260, 0.4)
    assert "0 users before, 60 after" in next(n for n in answer.notes if n.code == "still-open").message.text()


def test_money_says_who_may_still_buy() -> None:
    events = _with_latecomers().assign(value=1.0)
    answer = FunnelMoney(funnel=Funnel(steps=("view", "cart"), window="1h")).run(Tables(events=events))
    assert "60 of 260 users" in next(n for n in answer.notes if n.code == "still-open").message.text()


def test_the_headline_names_groups_only_where_neither_chance_nor_the_open_explain_it() -> None:
    def headline(events: pd.DataFrame, **rules: Any) -> str:
        asked = Funnel(steps=("view", "cart"), breakdown="device", window="1h", **rules)
        return asked.run(Tables(events=events)).headline.text()

    # App stands at 40 of 160, web at 40 of 100; but 60 of app have only just come, and of the others 40 in 100 did.
    assert "lowest" not in headline(_with_latecomers())
    assert "The lowest is app with 25.0% of 160, the highest web with 40.0% of 100" in headline(
        _with_latecomers(), observed_until=LATER
    )
    few = _with_latecomers()[lambda t: ~t["user_id"].str.fullmatch(r"new\d+|web9\d")]  # 40 of 100, 40 of 90
    assert "do not clearly differ" in headline(few, observed_until=LATER)


# ---- orders -----------------------------------------------------------------------------------------------


def _orders(*rows: tuple[str, float]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["order_id", "revenue"])
    return frame.assign(timestamp=AT, paid_at=AT, currency="CNY", user_id="someone")


def test_in_any_order_the_last_step_is_found_wherever_it_stands() -> None:
    events = log(
        ("u", 0, "view", None), ("u", 1, "buy", "o1"), ("v", 0, "buy", "o2"), ("v", 1, "view", None),
        ("w", 0, "buy", "o3"), columns=("order_id",),
    )  # fmt: skip
    tables = Tables(events=events, orders=_orders(("o1", 10.0), ("o2", 20.0), ("o3", 40.0)))
    table = FunnelMoney(funnel=Funnel(steps=("view", "buy"), order="any")).run(tables).table
    assert table["event"].tolist() == ["1 / 2", "2 / 2"]
    # Who bought without looking did not take all steps.
    assert table[["users", "orders", "revenue"]].to_numpy().tolist() == [[3, 2, 30.0], [2, 2, 30.0]]


def test_an_order_counts_once_and_with_all_its_rows() -> None:
    events = log(
        ("u", 0, "view", None), ("u", 2, "buy", "o1"), ("v", 0, "view", None), ("v", 1, "buy", "o1"),
        ("w", 0, "view", None), ("w", 1, "buy", "o2"), columns=("order_id",),
    )  # fmt: skip
    tables = Tables(events=events, orders=_orders(("o1", 10.0), ("o1", 5.0), ("o2", 20.0)))
    answer = FunnelMoney(funnel=Funnel(steps=("view", "buy"))).run(tables)
    assert answer.table[["users", "orders", "revenue"]].to_numpy().tolist() == [[3, 2, 35.0], [3, 2, 35.0]]
    assert (
        "1 order is named by several users" in next(n for n in answer.notes if n.code == "shared-orders").message.text()
    )


# ---- the same people twice --------------------------------------------------------------------------------


def test_pairs_are_compared_as_pairs() -> None:
    counts = (30, 100, 50, 100)
    found = dropoffs._measured(counts, WORTH_ONE, both=15)  # what independence would bring about
    _, least, most = difference(proportion(50, 100), proportion(30, 100)).floats()
    assert (found["worth_low"], found["worth_high"]) == pytest.approx((100 * least, 100 * most))
    for both in (0, 15, 25, 30):
        found = dropoffs._measured(counts, WORTH_ONE, both=both)
        table = [[both, 30 - both], [50 - both, 100 - (30 + 50 - both)]]
        statistic = mcnemar(table, exact=False, correction=False).statistic
        assert found["p_value"] == pytest.approx(chi2.sf(statistic, 1))
    closer = dropoffs._measured(counts, WORTH_ONE, both=30)
    assert closer["worth_high"] - closer["worth_low"] < 100 * (most - least)
    assert closer["lift_high"] < float(ratio(*counts).high)


# ---- the same time for everybody --------------------------------------------------------------------------


def test_who_came_back_lately_is_given_no_less_time_than_others() -> None:
    """All of b came back just before the data ends; what counts is the hour after they first came."""
    old = [(f"{g}{u}", 0, "view", g) for g in "ab" for u in range(100)]
    went = [(f"{g}{u}", 5, "cart", g) for g in "ab" for u in range(40)]
    back = [(f"b{u}", 990, "view", "b") for u in range(40, 100)]
    events = log(*old, *went, *back, ("end", 1000, "other", None), columns=("device",))
    asked = DropOffs(funnel=Funnel(steps=("view", "cart"), window="1h"), by=("device",))
    table = asked.run(Tables(events=events)).table
    assert table[["users", "share", "others_share"]].to_numpy().tolist() == [[100, 0.4, 0.4]] * 2
    again = [(f"a{u}", t, e, "a") for u in range(40, 60) for t, e in ((500, "view"), (505, "cart"))]
    table = asked.run(Tables(events=pd.concat([events, log(*again, columns=("device",))]))).table
    assert table["share"].tolist() == [0.4, 0.4]  # another attempt hours later is not theirs alone to have


def _visits(rng: np.random.Generator, users: int, days: float, start: float = 0.0) -> list[tuple[str, float, str, str]]:
    """Make people who view at random all the time; each view is one in ten to be a cart, whatever the channel."""
    rows = []
    for u in range(users):
        channel = "late" if u % 2 else "early"
        at = start + (days / 2 if u % 2 else 0.0) + rng.exponential(1.0)
        while at < start + days:
            rows.append((f"{start}u{u}", at * 1440, "view", channel))
            if rng.random() < 0.1:
                rows.append((f"{start}u{u}", at * 1440 + 1, "cart", channel))
            at += rng.exponential(1.0)
    return rows


@pytest.mark.long
def test_a_channel_that_began_later_is_not_called_worse_for_that() -> None:
    asked = DropOffs(funnel=Funnel(steps=("view", "cart"), window="1d"), by=("channel",))
    alarms = sum(
        bool(asked.run(Tables(events=log(*_visits(np.random.default_rng(seed), 300, 8.0), columns=("channel",))))
             .table["clear"].any())
        for seed in range(60)
    )  # fmt: skip
    assert alarms <= 3 + 3 * np.sqrt(60 * 0.05 * 0.95)


@pytest.mark.long
def test_two_campaigns_alike_do_not_differ_though_the_data_ends_with_the_second() -> None:
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        parts = [log(*_visits(rng, 200, 10.0, start), columns=("channel",)).assign(campaign=name)
                 for name, start in (("one", 0.0), ("two", 40.0))]  # fmt: skip
        asked = FunnelChange(
            funnel=Funnel(steps=("view", "cart"), window="3d"), before=Filter(campaign="one"), by="channel",
            after=Filter(campaign="two"),
        )  # fmt: skip
        total = asked.run(Tables(events=pd.concat(parts))).table.iloc[0]
        alarms += not total["low"] <= 0 <= total["high"]
    assert alarms <= 2 + 3 * np.sqrt(40 * 0.05 * 0.95)


def test_people_whom_the_dates_cut_off_are_left_out() -> None:
    events = log(
        *((f"a{u}", 0, "view", "a") for u in range(100)), *((f"a{u}", 50, "cart", "a") for u in range(40)),
        *((f"b{u}", 1430, "view", "b") for u in range(100)), *((f"b{u}", 1480, "cart", "b") for u in range(40)),
        ("end", 9999, "other", None), columns=("device",),
    )  # fmt: skip
    funnel = Funnel(steps=("view", "cart"), window="1h", dates="conversion", breakdown="device")
    within = Filter(start="2026-11-01", end="2026-11-01")
    nothing = DropOffs(funnel=funnel, where=within, by=("device",)).run(Tables(events=events))
    assert nothing.table.empty
    assert nothing.text().startswith("Nothing was compared: at no step are 50 users or more in a group")
    assert "lowest" not in funnel.replace(where=within).run(Tables(events=events)).headline.text()


def test_a_periods_filters_add_to_the_questions() -> None:
    rows = [("old", "p", 40), ("new", "p", 20), ("new", "q", 20)]
    events = log(
        *((f"{day}{s}{i}{u}", day * 1440, "view", s, i) for day in (0, 9) for s, i, n in rows for u in range(n)),
        *((f"{day}oldp{u}", day * 1440 + 1, "cart", "old", "p") for day in (0, 9) for u in range(40)),
        columns=("stage", "item"),
    )  # fmt: skip
    asked = FunnelChange(
        funnel=Funnel(steps=("view", "cart"), window="1h", observed_until=LATER), by="item",
        before=Filter(end="2026-11-03", segment={"item": "p"}),
        after=Filter(start="2026-11-04", segment={"item": "p"}), where=Filter(segment={"stage": "new"}),
    )  # fmt: skip
    total = asked.run(Tables(events=events)).table.iloc[0]
    assert (total["users_before"], total["before"]) == (20, 0.0)


@pytest.mark.long
def test_the_headline_names_no_group_that_is_only_small() -> None:
    """Two large groups differ; ten of 40 lie as chance will have it, and none of them is held up."""
    named = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        groups = {"one": (5000, 0.40), "two": (5000, 0.45), **{f"s{k}": (40, 0.425) for k in range(10)}}
        rows = [(f"{g}{u}", 0, "view", g) for g, (n, _) in groups.items() for u in range(n)]
        rows += [(f"{g}{u}", 1, "cart", g) for g, (n, p) in groups.items() for u in np.flatnonzero(rng.random(n) < p)]
        asked = Funnel(steps=("view", "cart"), breakdown="device", window="1h", observed_until=LATER)
        text = asked.run(Tables(events=log(*rows, columns=("device",)))).headline.text()
        assert "The lowest is one" in text
        named += "highest two" not in text
    # A false discovery in a share of 1 / 20 beside two true ones: in about one of seven runs.
    assert named <= 20 / 7 + 3 * np.sqrt(20 / 7 * 6 / 7)


def test_an_order_number_beside_an_event_without_one_is_found() -> None:
    events = log(("a", 0, "view", None), ("a", 1, "buy", None), ("a", 1, "buy", "o2"), columns=("order_id",))
    answer = FunnelMoney(funnel=Funnel(steps=("view", "buy"))).run(
        Tables(events=events, orders=_orders(("o2", 1000.0)))
    )
    assert answer.table["revenue"].tolist() == [1000.0, 1000.0]
