"""Lifecycle: stages by hand, against an independent twin over random logs, and in the words people read."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from zoneinfo import ZoneInfo

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sizes import cases
from statsmodels.stats.proportion import proportion_confint

from analysis.answer import Answer
from analysis.audience.lifecycle import INTEREST, NEW, STAGES, Lifecycle, LifecycleAnswer
from analysis.charts import TOTAL, Look
from analysis.errors import DataError, QuestionError
from analysis.question import Question
from analysis.records import DisplayName
from analysis.tables import Tables
from analysis.values import Campaign, Filter

SHANGHAI = Campaign(name="Double 11", start="2026-11-01", end="2026-11-15", zone="Asia/Shanghai", currency="CNY")


def events(*rows: tuple[str, str, str], **columns: list[object]) -> pd.DataFrame:
    """Build events from (user, moment, event)."""
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]).assign(**columns)
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"]))


def orders(*rows: tuple[str | None, str, str | None, float, float | None], **columns: object) -> pd.DataFrame:
    """Build orders from (user, created, paid, revenue, refund)."""
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "paid_at", "revenue", "refund"])
    frame = frame.assign(order_id=[f"o{i}" for i in range(len(rows))], currency="CNY").assign(**columns)
    return frame.assign(timestamp=pd.to_datetime(frame["timestamp"]), paid_at=pd.to_datetime(frame["paid_at"]))


EVENTS = events(
    ("ann", "2026-11-01 08:00", "visit"),
    ("bob", "2026-11-01 08:00", "view"),
    ("cat", "2026-11-02 08:00", "cart"),
    ("cat", "2026-11-05 08:00", "purchase"),
    ("dan", "2026-11-03 08:00", "visit"),
    ("eve", "2026-11-09 08:00", "view"),
)
ORDERS = orders(
    ("cat", "2026-11-05 08:00", "2026-11-05 08:01", 100.0, 30.0),
    ("dan", "2026-11-03 09:00", "2026-11-03 09:00", 50.0, None),
    ("dan", "2026-11-08 09:00", "2026-11-08 09:00", 70.0, 0.0),
    ("bob", "2026-11-04 09:00", None, 999.0, None),
    ("fay", "2026-11-04 09:00", None, 999.0, None),
    ("gus", "2026-11-06 09:00", "2026-11-07 00:00", 10.0, 4.0),
)


def stages(answer: Answer, column: str = "users") -> dict[str, float]:
    return dict(zip(answer.table["stage"], answer.table[column], strict=True))


def moves(answer: Answer) -> dict[tuple[str, str], int]:
    frame = answer.frame("movement")
    return {(r.from_stage, r.to_stage): r.users for r in frame.itertuples() if r.users}


def codes(answer: Answer) -> dict[str, str]:
    return {note.code: note.level for note in answer.notes}


# ---- by hand ----------------------------------------------------------------------------------------------


def test_every_user_stands_in_the_furthest_stage() -> None:
    answer = Lifecycle(at="2026-11-09", since="2026-11-06").run(Tables(events=EVENTS, orders=ORDERS))
    assert stages(answer) == {"reach": 1, "interest": 3, "conversion": 2, "repurchase": 1, TOTAL: 7}
    assert stages(answer, "change") == {"reach": 0, "interest": 0, "conversion": 0, "repurchase": 1, TOTAL: 1}
    assert moves(answer) == {
        ("reach", "reach"): 1,  # ann
        ("interest", "interest"): 2,  # bob, and fay with an unpaid order only
        ("conversion", "conversion"): 1,  # cat
        ("conversion", "repurchase"): 1,  # dan
        ("interest", "conversion"): 1,  # gus, unpaid at the end of the 6th, paid at the 7th's first moment
        (NEW, "interest"): 1,  # eve
    }


def test_value_is_realised_revenue_of_orders_paid_by_the_day() -> None:
    answer = Lifecycle(at="2026-11-09", since="2026-11-06").run(Tables(events=EVENTS, orders=ORDERS))
    assert stages(answer, "orders") == {"reach": 0, "interest": 0, "conversion": 2, "repurchase": 2, TOTAL: 4}
    assert stages(answer, "value") == {"reach": 0, "interest": 0, "conversion": 76, "repurchase": 120, TOTAL: 196}
    assert stages(answer, "value_per_user")["conversion"] == 38
    assert answer.currency == "CNY"
    earlier = Lifecycle(at="2026-11-06", since="2026-11-04").run(Tables(events=EVENTS, orders=ORDERS))
    assert stages(earlier, "value")[TOTAL] == 120
    assert stages(earlier, "orders")[TOTAL] == 2  # gus paid at the first moment of the 7th


def test_an_order_refunded_in_full_is_no_purchase() -> None:
    returned = orders(("fay", "2026-11-08", "2026-11-08", 20.0, 20.0), ("ann", "2026-11-08", "2026-11-08", 20.0, 0.0),
                      order_id=["r1", "r2"], status=["paid", "refunded"])  # fmt: skip
    answer = Lifecycle(at="2026-11-09", since="2026-11-06").run(
        Tables(events=EVENTS, orders=pd.concat([ORDERS, returned]))
    )
    assert stages(answer) == {"reach": 0, "interest": 4, "conversion": 2, "repurchase": 1, TOTAL: 7}
    assert stages(answer, "value")[TOTAL] == 196


def test_shares_have_wilson_intervals() -> None:
    answer = Lifecycle().run(Tables(events=EVENTS, orders=ORDERS))
    row = answer.table.set_index("stage").loc["interest"]
    assert row["share"] == pytest.approx(3 / 7)
    assert (row["low"], row["high"]) == pytest.approx(proportion_confint(3, 7, method="wilson"))
    assert answer.table.iloc[-1][["low", "high"]].isna().all()


def test_a_day_ends_at_local_midnight() -> None:
    log = events(("u", "2026-11-01 00:00", "visit"), ("u", "2026-11-05 16:00", "view"))
    shanghai, utc = Tables(events=log, campaign=SHANGHAI), Tables(events=log)
    asked = Lifecycle(at="2026-11-05", since="2026-11-02")
    assert stages(asked.run(shanghai))["interest"] == 0  # 16:00 UTC is the 6th's first moment in Shanghai
    assert stages(asked.run(utc))["interest"] == 1
    assert Lifecycle().run(shanghai).at == "2026-11-06"


def test_defaults_look_back_28_days_or_to_the_first_day() -> None:
    tables = Tables(events=EVENTS, orders=ORDERS)
    answer = Lifecycle().run(tables)
    assert isinstance(answer, LifecycleAnswer)
    assert (answer.at, answer.since) == ("2026-11-09", "2026-11-01")
    long = events(("u", "2026-09-01", "view"), ("u", "2026-11-09", "view"))
    assert Lifecycle().run(Tables(events=long)).since == "2026-10-12"


def test_one_day_of_data_makes_everybody_new() -> None:
    answer = Lifecycle().run(Tables(events=events(("u", "2026-11-09", "view"))))
    assert (answer.at, answer.since) == ("2026-11-09", "2026-11-08")
    assert moves(answer) == {(NEW, "interest"): 1}
    assert codes(answer)["since-before-data"] == "warning"


def test_a_day_after_the_data_is_said_to_be() -> None:
    answer = Lifecycle(at="2026-12-24").run(Tables(events=EVENTS, orders=ORDERS))
    assert stages(answer)[TOTAL] == 7
    assert codes(answer)["after-data"] == "warning"


def test_interest_is_what_the_question_names() -> None:
    tables = Tables(events=EVENTS, orders=ORDERS)
    answer = Lifecycle(interest=("visit", "vew")).run(tables)
    assert stages(answer)["interest"] == 1  # ann; without checkout an unpaid order is not interest
    assert stages(answer)["reach"] == 3  # bob, eve, fay
    assert codes(answer)["interest-missing"] == "warning"
    assert codes(Lifecycle().run(tables))["interest-missing"] == "info"


# ---- what tells who bought --------------------------------------------------------------------------------


def test_without_orders_purchase_events_count_once_per_order() -> None:
    log = events(
        ("a", "2026-11-01", "purchase"),
        ("a", "2026-11-02", "purchase"),
        ("b", "2026-11-01", "purchase"),
        ("b", "2026-11-02", "purchase"),
        ("c", "2026-11-01", "purchase"),
        ("c", "2026-11-02", "purchase"),
        order_id=["x", "x", "y", "z", None, None],
        value=[10.0, 5.0, 1.0, 2.0, 3.0, 4.0],
    )
    answer = Lifecycle(interest="purchase").run(Tables(events=log, campaign=SHANGHAI))
    assert stages(answer) == {"reach": 0, "interest": 0, "conversion": 1, "repurchase": 2, TOTAL: 3}
    assert stages(answer, "orders")[TOTAL] == 5
    assert stages(answer, "value") == {"reach": 0, "interest": 0, "conversion": 15, "repurchase": 10, TOTAL: 25}
    assert answer.currency == "CNY"
    assert codes(answer)["purchase-events"] == "info"


def test_an_order_split_by_the_day_counts_from_its_first_row() -> None:
    log = events(
        ("a", "2026-11-01", "purchase"), ("a", "2026-11-03", "purchase"), order_id=["x", "x"], value=[10.0, 5.0]
    )
    tables = Tables(events=log)
    answer = Lifecycle(at="2026-11-03", since="2026-11-01", interest="purchase").run(tables)
    assert moves(answer) == {("conversion", "conversion"): 1}
    earlier = Lifecycle(at="2026-11-02", since="2026-11-01", interest="purchase").run(tables)
    assert stages(earlier, "value")[TOTAL] == 15  # an order is one purchase, with all its lines


def test_missing_amounts_make_value_a_lower_bound_or_nothing() -> None:
    log = events(
        ("a", "2026-11-01", "view"),
        ("a", "2026-11-02", "purchase"),
        ("b", "2026-11-02", "purchase"),
        value=[None, 10.0, None],
    )
    some = Lifecycle().run(Tables(events=log))
    assert stages(some, "value")[TOTAL] == 10
    assert codes(some)["value-from-events"] == "warning"
    none = Lifecycle().run(Tables(events=log.drop(columns="value")))
    assert none.table[["value", "value_per_user"]].isna().all(axis=None)
    assert codes(none)["value-needs-orders"] == "missing"
    other = Lifecycle().run(Tables(events=log.assign(value=[10.0, None, None])))
    assert codes(other)["value-needs-orders"] == "missing"


@pytest.mark.parametrize("lost", ["user_id", "paid_at"])
def test_orders_that_do_not_tell_give_way_to_purchase_events(lost: str) -> None:
    answer = Lifecycle().run(Tables(events=EVENTS, orders=ORDERS.drop(columns=lost)))
    assert stages(answer)["conversion"] == 1  # cat's purchase event
    assert stages(answer)[TOTAL] == (5 if lost == "user_id" else 7)
    assert codes(answer)["purchase-events"] == "warning"
    assert lost in answer.text()


def test_a_filter_the_orders_lack_takes_purchases_from_events() -> None:
    log = EVENTS.assign(device=["ios", "ios", "ios", "ios", "android", "ios"])
    answer = Lifecycle(where=Filter(device="ios")).run(Tables(events=log, orders=ORDERS))
    assert stages(answer) == {"reach": 1, "interest": 2, "conversion": 1, "repurchase": 0, TOTAL: 4}
    assert {"filtered-rows", "purchase-events"} <= set(codes(answer))
    assert "The orders have no device, so" in answer.text()


def test_filters_restrict_events_and_orders() -> None:
    log = EVENTS.assign(channel=["a", "a", "b", "b", "b", "b"])
    tables = Tables(events=log, orders=ORDERS.assign(channel=["b", "a", "b", "b", "b", "b"]))
    by_channel = Lifecycle(where=Filter(channel="b")).run(tables)
    assert stages(by_channel) == {"reach": 0, "interest": 3, "conversion": 3, "repurchase": 0, TOTAL: 6}
    dated = Lifecycle(where=Filter(start="2026-11-05", end="2026-11-08")).run(tables)
    assert (dated.at, dated.since) == ("2026-11-08", "2026-11-05")
    assert stages(dated) == {"reach": 0, "interest": 0, "conversion": 3, "repurchase": 0, TOTAL: 3}
    assert codes(dated)["dated-rows"] == "info"


def test_without_any_purchase_only_the_known_stages_are_shown() -> None:
    log = EVENTS[EVENTS["event"] != "purchase"]
    answer = Lifecycle().run(Tables(events=log))
    assert answer.table["stage"].tolist() == ["reach", "interest", TOTAL]
    assert set(answer.frame("movement")["to_stage"]) == {"reach", "interest"}
    assert codes(answer)["no-purchases"] == "missing"
    assert "60.0% of 5 users have shown interest by 2026-11-09" in answer.text()
    answer.chart().to_dict()


def test_currencies_are_never_added_up() -> None:
    mixed = ORDERS.assign(currency=["CNY", "USD", "USD", "JPY", "CNY", "CNY"], channel=["a", "b", "b", "b", "a", "a"])
    tables = Tables(events=EVENTS.assign(channel="a"), orders=mixed)
    answer = Lifecycle().run(tables)
    # Two purchases each: the first by name where as many rows are in several. JPY is not named: that order is unpaid.
    assert (answer.currency, stages(answer, "value")[TOTAL]) == ("CNY", 76)
    assert codes(answer)["other-currencies"] == "warning"
    assert "value in CNY is counted. Left out, with whoever paid it: $120.00 (50.0% of 4 rows)." in answer.text()
    assert stages(answer, "orders")[TOTAL] == 4
    assert stages(answer, "counted") == {"reach": 1, "interest": 3, "conversion": 2, "repurchase": 0, TOTAL: 6}
    assert stages(answer, "value_per_user")[TOTAL] == pytest.approx(76 / 6)
    dollars = Lifecycle(currency="USD").run(tables)
    assert (dollars.currency, stages(dollars, "value")[TOTAL]) == ("USD", 120)
    one = Lifecycle(where=Filter(channel="a")).run(tables)
    assert (one.currency, stages(one, "value")[TOTAL]) == ("CNY", 76)
    with pytest.raises(DataError, match="EUR"):
        Lifecycle(currency="EUR").run(tables)


def test_only_orders_that_count_decide_the_currency() -> None:
    later = orders(("cat", "2026-11-09 09:00", "2026-11-09 09:00", 5.0, 0.0), currency="USD", order_id="later")
    guest = orders((None, "2026-11-02", "2026-11-02", 5.0, 0.0), currency="EUR", order_id="guest")
    tables = Tables(events=EVENTS, orders=pd.concat([ORDERS, later, guest]))
    assert Lifecycle(at="2026-11-08").run(tables).currency == "CNY"
    assert "$5.00" in Lifecycle(at="2026-11-09").run(tables).text()


def test_paid_orders_without_a_user_are_said_to_be_left_out() -> None:
    guest = pd.concat([ORDERS, orders((None, "2026-11-02", "2026-11-02", 5.0, 0.0), order_id="g")])
    answer = Lifecycle().run(Tables(events=EVENTS, orders=guest))
    assert stages(answer)[TOTAL] == 7
    assert codes(answer)["no-user"] == "warning"


# ---- against a twin ---------------------------------------------------------------------------------------

BASE = dt.datetime(2026, 11, 1)
HOURS = st.integers(0, 12 * 24 - 1).map(lambda h: BASE + dt.timedelta(hours=h))
USERS = st.sampled_from("abcdef")
LOG = st.lists(
    st.tuples(
        USERS,
        HOURS,
        st.sampled_from(["visit", "view", "cart", "purchase"]),
        st.sampled_from([None, "o1", "o2"]),
        st.one_of(st.none(), st.integers(0, 100)),
    ),
    min_size=1,
    max_size=25,
)
SALES = st.lists(
    st.tuples(
        st.one_of(USERS, st.sampled_from("xyz")),
        HOURS,
        st.one_of(st.none(), st.integers(0, 72)),
        st.integers(0, 100),
        st.one_of(st.none(), st.integers(0, 50)),
    ),
    max_size=15,
)
DAY = st.integers(0, 14).map(lambda d: (dt.date(2026, 11, 1) + dt.timedelta(days=d)).isoformat())
ZONES = st.sampled_from(["UTC", "Asia/Shanghai", "America/Los_Angeles"])


class Twin:
    """Place each user by reading the logs one row at a time; local dates are compared, not moments."""

    def __init__(self, log: list, sales: list, zone: str, until: str) -> None:
        self.zone, self.until = zone, until
        self.signs, self.amounts = defaultdict(set), defaultdict(dict)
        paid = any(lag is not None for _, _, lag, _, _ in sales)
        bought = defaultdict(list)
        for row, (user, moment, event, order, amount) in enumerate(log):
            if self.by(moment):
                self.signs[user].add("interest" if event in INTEREST else "reach")
            if event == "purchase" and not paid:
                bought[order or row].append((moment, user, amount))
        for order, lines in bought.items():
            moment, user, _ = min(lines, key=lambda line: line[:2])
            if self.by(moment):
                self.amounts[user][order] = [amount for *_, amount in lines]
        for row, (user, created, lag, revenue, refund) in enumerate(sales):
            if self.by(created):
                self.signs[user].add("interest")
            left = revenue - (refund or 0)
            kept = left > 0 or revenue == left == 0
            if kept and lag is not None and self.by(created + dt.timedelta(hours=lag)):
                self.amounts[user][row] = [left]
        self.places = {user: self.place(user) for user in self.signs}

    def by(self, moment: dt.datetime) -> bool:
        return moment.replace(tzinfo=dt.UTC).astimezone(ZoneInfo(self.zone)).date().isoformat() <= self.until

    def place(self, user: str) -> str:
        if bought := len(self.amounts[user]):
            return "repurchase" if bought > 1 else "conversion"
        return "interest" if "interest" in self.signs[user] else "reach"

    def sums(self, stage: str) -> tuple[int, float]:
        """Orders and value of a stage's users."""
        own = [amounts for u, s in self.places.items() if s == stage for amounts in self.amounts[u].values()]
        return len(own), sum(sum(filter(None, amounts)) for amounts in own)


def frames(log: list, sales: list) -> tuple[pd.DataFrame, pd.DataFrame]:
    made = [
        (user, str(created), None if lag is None else str(created + dt.timedelta(hours=lag)), float(revenue), refund)
        for user, created, lag, revenue, refund in sales
    ]
    more = {"order_id": [row[3] for row in log], "value": pd.array([row[4] for row in log], dtype="Float64")}
    return events(*((u, str(t), e) for u, t, e, *_ in log), **more), orders(*made)


@settings(max_examples=cases(80), deadline=None)
@given(log=LOG, sales=SALES, days=st.tuples(DAY, DAY).filter(lambda d: d[0] != d[1]), zone=ZONES)
@pytest.mark.long
def test_equals_the_twin(log: list, sales: list, days: tuple[str, str], zone: str) -> None:
    since, at = sorted(days)
    now, was = Twin(log, sales, zone, at), Twin(log, sales, zone, since)
    assume(now.places and set(INTEREST) & {row[2] for row in log})
    log_frame, sales_frame = frames(log, sales)
    tables = Tables(events=log_frame, orders=sales_frame, campaign=SHANGHAI.replace(zone=zone))
    answer = Lifecycle(at=at, since=since).run(tables)
    if "no-purchases" in codes(answer):
        assert stages(answer)[TOTAL] == len(now.places)
        return
    expected = Counter(now.places.values())
    assert stages(answer) == {**{s: expected[s] for s in STAGES}, TOTAL: len(now.places)}
    assert moves(answer) == Counter((was.places.get(user, NEW), stage) for user, stage in now.places.items())
    movement_adds_up(answer)
    for stage in STAGES:
        count, amount = now.sums(stage)
        assert stages(answer, "orders")[stage] == count
        if "value-needs-orders" not in codes(answer):
            assert stages(answer, "value")[stage] == pytest.approx(amount)


def movement_adds_up(answer: Answer) -> None:
    """Both margins of the movement are the stages' counts, and nobody moves down."""
    table = answer.table.set_index("stage").drop(TOTAL)
    movement = answer.frame("movement")
    order = [NEW, *STAGES]
    assert all(order.index(a) <= order.index(b) for a, b in movement[["from_stage", "to_stage"]].to_numpy())
    assert movement.groupby("to_stage")["users"].sum().to_dict() == table["users"].to_dict()
    left = movement.groupby("from_stage")["users"].sum().drop(NEW)
    assert left.to_dict() == (table["users"] - table["change"]).to_dict()
    assert (table["change"].sum()) == movement.query("from_stage == @NEW")["users"].sum()
    shares = movement.groupby("from_stage")["share_of_from"].sum(min_count=1).dropna()
    assert shares.to_numpy() == pytest.approx(1.0)


def test_the_same_from_any_frame_and_inputs_stay_as_they_are() -> None:
    log, sales = EVENTS.copy(), ORDERS.copy()
    con = duckdb.connect()
    con.register("log", log)
    con.register("sales", sales)
    asked = Lifecycle(at="2026-11-09", since="2026-11-06")
    first = asked.run(Tables(events=log, orders=sales))
    for left, right in (
        (pl.from_pandas(log), pl.from_pandas(sales)),
        (con.table("log"), con.table("sales")),
    ):
        other = asked.run(Tables(events=left, orders=right))
        for name in first.frames:
            pd.testing.assert_frame_equal(first.frame(name), other.frame(name))
    pd.testing.assert_frame_equal(log, EVENTS)
    pd.testing.assert_frame_equal(sales, ORDERS)


# ---- the value and its words ------------------------------------------------------------------------------

QUESTION = Lifecycle(
    at="2026-11-09", since=dt.date(2026, 11, 6), interest=["view"], where=Filter(channel="a", start="2026-11-01")
)


def test_json_and_repr_are_exact() -> None:
    assert Question.from_json(QUESTION.to_json()) == QUESTION
    assert eval(repr(QUESTION)) == QUESTION
    assert repr(Lifecycle()) == "Lifecycle()"


def test_people_read_a_teams_own_name_for_an_event() -> None:
    own = (DisplayName(column="event", code="cart", language="en", name="put into the bag"),)
    answer = Lifecycle().run(Tables(events=EVENTS, orders=ORDERS, display=own))
    named = next(answer.say(note.message) for note in answer.notes if note.code == "interest-events")
    assert "put into the bag" in named and "cart" not in named
    assert "product view" in named


def test_bars_and_cells_tell_their_figures_with_label_and_unit() -> None:
    answer = Lifecycle().run(Tables(events=EVENTS, orders=ORDERS))
    drawn = answer.chart(Look("zh_CN")).to_dict()
    told = {tuple(tip["field"] for tip in layer["encoding"].get("tooltip", [])) for layer in drawn["layer"]}
    assert told == {
        (),
        ("stage_name", "users", "share", "low", "high", "change"),
        ("from_stage_name", "to_stage_name", "users", "share_of_from", "low", "high"),
    }
    tips = {t["field"]: t for layer in drawn["layer"] for t in layer["encoding"].get("tooltip", [])}
    assert (tips["share"]["title"], tips["share"]["format"]) == ("用户占比", ".1%")
    assert (tips["users"]["title"], tips["users"]["format"]) == ("用户数", ",d")
    assert drawn["description"] == answer.say(answer.headline, "zh_CN")


def test_every_column_has_a_label() -> None:
    answer = Lifecycle().run(Tables(events=EVENTS, orders=ORDERS))
    assert {name: list(frame.columns) for name, frame in answer.frames.items()} == {
        name: list(columns) for name, columns in answer.fields.items()
    }


def test_the_headline_says_who_bought_and_who_moved() -> None:
    answer = Lifecycle(at="2026-11-09", since="2026-11-06").run(Tables(events=EVENTS, orders=ORDERS))
    assert answer.headline.text() == (
        "42.9% of 7 users have bought by 2026-11-09; 1 bought again. "
        "Since 2026-11-06, 1 moved on from interest to a first order."
    )


@pytest.mark.parametrize("language", ["en", "zh_CN"])
@pytest.mark.parametrize("dark", [False, True])
def test_text_and_chart_in_both_languages_and_themes(language: str, dark: bool) -> None:
    answer = Lifecycle().run(Tables(events=EVENTS, orders=ORDERS))
    assert "{" not in answer.text(language)
    spec = answer.chart(Look(language, dark)).to_dict()
    assert spec["description"] == answer.say(answer.headline, language)
    assert spec["width"] == "container"


def test_days_that_run_backwards_are_refused() -> None:
    with pytest.raises(QuestionError, match="2026-11-09 is not before 2026-11-09") as caught:
        Lifecycle(at="2026-11-09", since="2026-11-09")
    assert caught.value.code == "crossed-fields"
    with pytest.raises(QuestionError, match="2026-11-20 is not before 2026-11-09"):
        Lifecycle(since="2026-11-20").run(Tables(events=EVENTS))


def test_a_day_before_the_data_names_what_was_observed() -> None:
    with pytest.raises(DataError, match="by 2026-10-01: the data runs from 2026-11-01 to 2026-11-09") as caught:
        Lifecycle(at="2026-10-01").run(Tables(events=EVENTS))
    assert caught.value.code == "empty"
    with pytest.raises(DataError, match="within these dates: the data runs from 2026-11-01 to 2026-11-09"):
        Lifecycle(where=Filter(start="2026-12-01")).run(Tables(events=EVENTS))


def test_filters_that_leave_nobody_are_said_to() -> None:
    log = EVENTS.assign(channel="a", campaign="c")
    nobodys = log.iloc[[0]].assign(channel="b", campaign="d")
    with pytest.raises(DataError, match="Nobody was seen by 2026-11-09 under these filters"):
        Lifecycle(where=Filter(channel="b", campaign="c")).run(Tables(events=pd.concat([log, nobodys])))
    with pytest.raises(DataError, match="cannot be filtered by device"):
        Lifecycle(where=Filter(device="ios")).run(Tables(events=log))


def test_interest_the_data_never_saw_is_refused() -> None:
    with pytest.raises(DataError, match="Did you mean view") as caught:
        Lifecycle(interest=("vieww",)).run(Tables(events=EVENTS))
    assert caught.value.code == "unknown-name"
    with pytest.raises(QuestionError):
        Lifecycle(interest=())
    with pytest.raises(DataError, match="no data on events yet"):
        Lifecycle().run(Tables(orders=ORDERS))


# ---- who stands where -------------------------------------------------------------------------------------


def members(asked: Lifecycle, tables: Tables) -> dict[str, str]:
    found = asked.members(tables)
    assert found.column_names == ["user_id", "stage"]
    assert len(set(found["user_id"].to_pylist())) == found.num_rows
    return dict(zip(found["user_id"].to_pylist(), found["stage"].to_pylist(), strict=True))


def test_members_tell_who_stands_where() -> None:
    tables = Tables(events=EVENTS, orders=ORDERS)
    assert members(Lifecycle(at="2026-11-09", since="2026-11-06"), tables) == {
        "ann": "reach", "bob": "interest", "fay": "interest", "eve": "interest", "cat": "conversion",
        "gus": "conversion", "dan": "repurchase",
    }  # fmt: skip
    assert members(Lifecycle(at="2026-11-02"), tables) == {"ann": "reach", "bob": "interest", "cat": "interest"}


def test_members_add_up_to_the_table(tables: Tables) -> None:
    for asked in (Lifecycle(), Lifecycle(at="2026-10-20"), Lifecycle(where=Filter(channel="search"))):
        table = stages(asked.run(tables))
        found = Counter(members(asked, tables).values())
        assert {stage: n for stage, n in table.items() if n and stage != TOTAL} == found


def test_members_need_events_and_somebody_to_count() -> None:
    with pytest.raises(DataError, match="There is no data on events yet"):
        Lifecycle().members(Tables(orders=ORDERS))
    with pytest.raises(DataError, match="There is no event 'carts'"):
        Lifecycle(interest=("carts",)).members(Tables(events=EVENTS))
    with pytest.raises(DataError, match="Nobody was seen by 2026-11-09 under these filters"):
        Lifecycle(where=Filter(channel="b")).members(Tables(events=EVENTS.assign(channel="a")))
