"""Retention: what cannot be asked is said, what is doubtful is noted, and local days are those of the clock."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from analysis import Campaign, Filter, Tables
from analysis.charts import Look
from analysis.errors import DataError, QuestionError
from analysis.journey.loyalty.retention import Retention
from analysis.periods import calendar


def frame(*rows: tuple[str, str, str], **more: object) -> pd.DataFrame:
    made = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    return made.assign(timestamp=pd.to_datetime(made["timestamp"], format="ISO8601"), **more)


FEW = frame(("u1", "2026-11-02", "visit"), ("u1", "2026-11-10", "visit"), ("u2", "2026-11-03", "visit"),
            ("u2", "2026-11-03 10:00", "buy"), ("u3", "2026-11-17", "visit"))  # fmt: skip


def codes(asked: Retention, tables: Tables) -> set[str]:
    return {note.code for note in asked.run(tables).notes}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Retention(start="visti"), "Did you mean visit"),
        (Retention(returns="bye"), "Did you mean buy"),
        (Retention(period="campaign"), "The events do not say: campaign name"),
        (Retention(breakdown="channel"), "The events do not say: where the visit came from"),
        (Retention(where=Filter(start="2030-01-01")), "Nobody started under these filters"),
        (Retention(where=Filter(end="2020-01-01")), "Nobody started under these filters"),
        (Retention(observed_until="2020-01-01"), "Nobody started in the time observed"),
        (Retention(measure="revenue"), "Revenue needs orders with user_id, paid_at, or purchase events"),
    ],
)
def test_what_cannot_be_asked_is_said(asked: Retention, says: str) -> None:
    with pytest.raises(DataError) as raised:
        asked.run(Tables(events=FEW))
    assert says in str(raised.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"period": "campaign", "counting": "rolling"},
        {"measure": "revenue", "unbounded": True},
        {"period": "year"},
        {"periods": 0},
        {"counting": "lunar"},
        {"currency": "yuan"},
    ],
)
def test_fields_that_do_not_fit_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(QuestionError):
        Retention(**fields)


def test_a_breakdown_of_too_many_values_is_refused() -> None:
    many = frame(*((f"u{i}", "2026-11-02", "visit") for i in range(51)), item=[f"i{i}" for i in range(51)])
    with pytest.raises(DataError) as raised:
        Retention(breakdown="item").run(Tables(events=many))
    assert raised.value.code == "too-many-values"


def test_events_of_a_wrong_century_are_refused_with_the_way_out() -> None:
    items = [f"i{i}" for i in range(50)]
    rows = [("u1", "1970-01-01", "visit"), *((f"u{i}", "2026-11-02", "visit") for i in range(49))]
    data = Tables(events=frame(*rows, item=items))
    asked = Retention(period="day", periods=366, breakdown="item")
    with pytest.raises(DataError) as raised:
        asked.run(data)
    assert "leave out events with a wrong time" in str(raised.value)
    assert len(asked.replace(where=Filter(start="2026-11-01"), cohort="first_in_range").run(data).table)


def test_currencies_are_never_added_up() -> None:
    at = pd.Timestamp("2026-11-02 01:00")
    orders = pd.DataFrame({"order_id": ["a", "b"], "timestamp": at, "revenue": [5.0, 7.0], "currency": ["CNY", "USD"],
                           "user_id": "u1", "paid_at": at})  # fmt: skip
    data = Tables(events=FEW, orders=orders)
    both = Retention(measure="revenue").run(data)
    assert (both.currency, both.table["revenue"].sum()) == ("CNY", 5.0)
    # Who paid in another currency as well is in no mean.
    assert both.table[["users", "counted"]].iloc[0].tolist() == [1, 0]
    assert both.table["per_user"].isna().iloc[0]
    assert "$7.00 (50.0% of 2 rows)" in both.text()
    with pytest.raises(DataError):
        Retention(measure="revenue", currency="EUR").run(data)
    answer = Retention(measure="revenue", currency="USD").run(data)
    assert (answer.currency, answer.table["revenue"].sum()) == ("USD", 7.0)


def test_purchase_events_stand_in_for_orders_and_one_order_counts_once() -> None:
    bought = frame(("u1", "2026-11-03", "purchase"), ("u1", "2026-11-03 00:01", "purchase"),
                   ("u2", "2026-11-04", "purchase"), value=[10.0, 5.0, 4.0], order_id=["o", "o", None])  # fmt: skip
    answer = Retention(start="visit", measure="revenue").run(Tables(events=pd.concat([FEW, bought])))
    first = answer.table.iloc[0]
    assert (first["users"], first["returned"], first["revenue"]) == (2, 2, 19.0)
    assert "before refunds" in answer.text()
    assert answer.currency is None


def test_what_is_doubtful_is_noted() -> None:
    data = Tables(events=FEW)
    assert {"incomplete", "small-cohorts", "period-zero"} <= codes(Retention(), data)
    assert {"less-time"} <= codes(Retention(unbounded=True), data)
    assert {"one-period"} <= codes(Retention(period="month"), data)
    assert {"start-dates"} <= codes(Retention(where=Filter(start="2026-11-01")), data)
    assert {"rolling"} <= codes(Retention(counting="rolling"), data)


def test_nothing_is_made_up_where_no_next_period_is_over() -> None:
    answer = Retention(period="month").run(Tables(events=FEW))
    assert "is not known yet" in answer.headline.text()
    assert answer.frame("curve").empty
    answer.chart(Look(dark=True)).to_dict()


def paused(daily: int = 1) -> Tables:
    """Return two seasons of two weeks, from Mondays, with nothing recorded between: a user a day, back a week later."""
    rows = []
    for season in ("2024-11-04", "2025-11-03"):
        for day in pd.date_range(season, periods=7):
            for n in range(daily):
                who = f"{day.date()}-{n}"
                rows += [(who, str(day + pd.Timedelta(days=d)), "visit") for d in (0, 7)[: 2 if n % 2 == 0 else 1]]
    return Tables(events=frame(*rows))


def test_a_period_in_which_nothing_was_recorded_is_blank_and_in_no_average() -> None:
    answer = Retention(periods=60).run(paused(10))
    cells = answer.table.set_index(["cohort", "later"])["share"]
    # Of the first season's users nobody came in the second, which is known.
    assert cells.to_dict() == {
        ("2024-11-04", 0): 0, ("2024-11-04", 1): 0.5, ("2024-11-04", 52): 0, ("2024-11-04", 53): 0,
        ("2025-11-03", 0): 0, ("2025-11-03", 1): 0.5,
    }  # fmt: skip
    curve = answer.frame("curve").set_index("later")["share"]
    assert curve.to_dict() == {0: 0, 1: 0.5, 52: 0}  # the last week is not over
    said = next(note.message.text() for note in answer.notes if note.code == "unrecorded")
    assert said.startswith("50 cells")
    answer.chart(Look()).to_dict()


def test_a_window_of_peoples_own_that_runs_into_a_pause_is_a_lower_bound() -> None:
    table = Retention(periods=60, counting="rolling").run(paused(10)).table
    first = table[table["cohort"] == "2024-11-04"].set_index("later")["complete"]
    assert first[0] and not first[1] and first.loc[3:50].empty


def test_a_period_in_which_recording_stops_is_a_lower_bound() -> None:
    tables = paused(10)
    events = tables.arrow("events").to_pandas()
    stopped = Tables(events=events[events["timestamp"] != "2024-11-17"])  # a Sunday
    row = Retention(periods=1).run(stopped).table.query("cohort == '2024-11-04' and later == 1").iloc[0]
    assert not row["complete"] and row["share"] < 0.5


def test_few_rows_tell_of_no_pause_and_who_says_until_when_data_is_whole_is_believed() -> None:
    few = Retention(periods=60).run(paused())
    assert few.frame("curve").set_index("later").loc[2:51, "share"].eq(0).all()
    assert "unrecorded" not in {note.code for note in few.notes}
    later = Retention(periods=3, observed_until="2025-12-15").run(paused(10)).table
    assert later.query("cohort == '2025-11-03'")["share"].tolist() == [0, 0.5, 0, 0]
    within = Filter(campaign="first")
    events = paused(10).arrow("events").to_pandas()
    named = events.assign(campaign=events["timestamp"].dt.year.map({2024: "first", 2025: "second"}))
    assert Retention(where=within, periods=3).run(Tables(events=named)).table["later"].tolist() == [0, 1]


def test_who_was_back_on_or_after_a_pause_is_told() -> None:
    assert "unrecorded" not in codes(Retention(unbounded=True), paused(10))


def test_the_last_day_of_the_campaign_is_taken_as_whole() -> None:
    campaign = Campaign(name="c", start="2026-11-01", end="2026-11-17", zone="UTC")
    for end, whole in (("2026-11-17", True), ("2026-11-18", False)):
        table = Retention(period="day").run(Tables(events=FEW, campaign=campaign.replace(end=end))).table
        assert table["complete"].all() == whole


@pytest.mark.parametrize(
    ("zone", "first", "hours"),
    [("Europe/Berlin", dt.datetime(2026, 3, 29), 23), ("Europe/Berlin", dt.datetime(2026, 10, 25), 25),
     ("America/Sao_Paulo", dt.datetime(2018, 11, 4, 12), 23), ("UTC", dt.datetime(2026, 3, 29), 24)],
)  # fmt: skip
def test_days_are_as_long_as_the_clock_makes_them(zone: str, first: dt.datetime, hours: int) -> None:
    starts = calendar("day", first + dt.timedelta(hours=3), first + dt.timedelta(hours=3), zone).starts
    assert starts is not None
    assert (starts[1] - starts[0]) / 3_600_000_000 == hours


def test_weeks_begin_on_monday_and_months_on_the_first_in_the_zone() -> None:
    sunday_night = dt.datetime(2026, 11, 8, 16, 30)  # Monday in Shanghai
    for zone, week in (("Asia/Shanghai", "2026-11-09"), ("UTC", "2026-11-02")):
        assert calendar("week", sunday_night, sunday_night, zone).labels == (week,)
    months = calendar("month", dt.datetime(2026, 11, 30, 17), dt.datetime(2027, 2, 1), "Asia/Shanghai")
    assert months.labels == ("2026-12", "2027-01", "2027-02")
