"""What a warehouse's tables tell of themselves, what is refused, and what runs on the executors."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from analysis import Campaign, ExchangeRate, Filter, Funnel, Tables
from analysis.errors import DataError
from analysis.store.walk import Chunk, Columns

FUNNEL = Funnel(steps=("view", "cart"), window="1h")
EVENTS = """
    SELECT user AS user_id, to_timestamp(at || ' UTC') AS timestamp, event, channel, item, load_ms, price FROM VALUES
    (1, '2026-11-11 00:00:00.000001', 'view', 'a', NULL, 1.5D, 12345678L),
    (1, '2026-11-11 00:00:00.000002', 'cart', NULL, NULL, double('NaN'), 12345678L),
    (-2, '2026-03-08 07:30:00.000000', 'view', 'b', NULL, NULL, NULL)
    AS rows(user, at, event, channel, item, load_ms, price)
"""


@pytest.fixture(scope="module")
def events(spark: Any) -> Any:
    return spark.sql(EVENTS)


@pytest.fixture(scope="module")
def tables(events: Any) -> Tables:
    return Tables.from_spark(events=events)


def test_facts(tables: Tables) -> None:
    first, last = dt.datetime(2026, 3, 8, 7, 30), dt.datetime(2026, 11, 11, 0, 0, 0, 2)
    assert (tables.count("events"), tables.count("orders")) == (3, 0)
    assert tables.present("events") == ("user_id", "timestamp", "event", "channel", "load_ms", "price")
    assert tables.span() == tables.span("events") == (first, last)
    assert tables.names("channel") == ("a", "b")
    assert tables.event_keys == {"cart": 0, "view": 1}
    assert tables.common_events() == ("view", "cart")


def test_the_same_facts_as_in_frames(tables: Tables) -> None:
    here = Tables(events=tables.arrow("events"))
    ours, theirs = (t.arrow("events").sort_by("timestamp") for t in (here, tables))
    assert (ours.schema.names, ours.schema.types) == (theirs.schema.names, theirs.schema.types)
    assert ours.to_pylist() == theirs.to_pylist()
    assert here.present("events") == tables.present("events")
    for column in ("user_id", "event", "channel", "price"):
        assert here.names(column) == tables.names(column)
    assert (here.span(), here.common_events()) == (tables.span(), tables.common_events())


def test_a_bigint_is_no_group_here_as_in_frames(tables: Tables) -> None:
    question = FUNNEL.replace(breakdown="price")
    for where in (tables, Tables(events=tables.arrow("events"))):
        with pytest.raises(DataError, match="price holds numbers or times"):
            question.run(where)


def test_dates_of_the_filter_are_the_campaigns_whatever_the_clocks_here(tables: Tables) -> None:
    # 07:30 UTC does not exist on New York's clock that day: its naive reading would be taken for another time.
    for day, rows in (("2026-03-07", 0), ("2026-03-08", 1), ("2026-11-11", 2)):
        assert len(tables.frame("events", Filter(start=day, end=day)).collect("pyarrow")) == rows


def test_the_version_is_the_contents(events: Any, tables: Tables, campaign: Campaign) -> None:
    version = Tables.from_spark(events=events.orderBy("event").repartition(2)).version
    assert version == tables.version
    assert Tables.from_spark(events=events.replace("a", "b", "channel")).version != version
    assert Tables.from_spark(events=events.limit(2)).version != version
    assert Tables.from_spark(events=events, campaign=campaign).version != version


def test_a_null_in_a_required_column_is_refused_as_in_a_frame(spark: Any, events: Any) -> None:
    guests = events.union(events.selectExpr("NULL", "timestamp", "event", "channel", "item", "load_ms", "price"))
    with pytest.raises(DataError, match="user_id: 3 empty"):
        FUNNEL.run(Tables.from_spark(events=guests))
    named = Tables.from_spark(events=guests.dropna(subset="user_id"))
    assert FUNNEL.run(named).table["users"].tolist() == [2, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"timestamp": "string(timestamp)"}, "timestamp: string is not time"),
        ({"load_ms": "array(load_ms)"}, "load_ms: array<double> is not number"),
        ({"event": "timestamp"}, "event: timestamp is not text"),
    ],
)
def test_a_column_that_cannot_fit_is_refused(events: Any, change: dict[str, str], message: str) -> None:
    changed = events.selectExpr(*(f"{change.get(c, c)} AS {c}" for c in events.columns))
    with pytest.raises(DataError, match=message):
        Tables.from_spark(events=changed)


def test_a_frame_of_another_kind_or_without_a_column_is_refused(events: Any) -> None:
    with pytest.raises(DataError, match="not a Spark DataFrame"):
        Tables.from_spark(events=pd.DataFrame({"user_id": ["u"]}))
    with pytest.raises(DataError, match="have no event"):
        Tables.from_spark(events=events.drop("event"))


def test_a_walk_hands_over_typed_whole_users(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = Columns(coded={"channel": ("b", "a")}, numbers=("load_ms",), texts=("channel",))

    def rows(chunk: Chunk) -> Any:
        arrays = (chunk.user, chunk.time, chunk.code, chunk.coded["channel"], chunk.numbers["load_ms"])
        kinds = [str(a.dtype) for a in arrays]
        return kinds, [a.tolist() for a in arrays], chunk.texts["channel"].to_pylist()

    found = sorted(tables.walk(tables.frame("events"), rows, columns), key=str)
    assert all(kinds == ["int32", "int64", "int16", "int32", "float64"] for kinds, *_ in found)
    seen = [row for _, arrays, texts in found for row in zip(*arrays[1:], texts, strict=True)]
    micros = [int(pd.Timestamp(t).value // 1000) for t in ("2026-03-08 07:30", "2026-11-11 00:00:00.000001")]
    assert sorted(map(repr, seen)) == sorted(
        map(
            repr,
            [
                (micros[0], 1, 0, float("nan"), "b"),
                (micros[1], 1, 1, 1.5, "a"),
                (micros[1] + 1, 0, -1, float("nan"), None),
            ],
        )
    )


def test_the_executors_take_the_package_from_here_and_no_pages(tables: Tables) -> None:
    def place(chunk: Chunk) -> tuple[str, bool, int]:
        import os
        import sys

        import analysis
        from analysis.journey.funnel import question as funnel

        funnel.warm()
        return str(analysis.__file__), "streamlit" in sys.modules, os.getpid()

    found = list(tables.walk(tables.frame("events"), place))
    assert all(".zip/" in file and not pages for file, pages, _ in found)


def test_nobody_matches(tables: Tables) -> None:
    with pytest.raises(DataError, match="Nobody took the first step"):
        FUNNEL.replace(where=Filter(start="2026-12-01")).run(tables)


@pytest.mark.parametrize("name", ["*", "t.a", "`", 'a"b', "x;=1+1", "50%"])
def test_a_column_may_be_called_anything(spark: Any, name: str) -> None:
    """Everything that is asked by it is answered as it is of frames."""
    rows = pd.DataFrame({
        "user_id": [f"u{n}" for n in range(6)] * 2, "timestamp": pd.Timestamp("2026-11-11"), "event": ["view"] * 12,
        name: ["a", "b", None] * 4,
    })  # fmt: skip
    rows.loc[6:9, ["timestamp", "event"]] = pd.Timestamp("2026-11-11 00:10"), "cart"
    here, there = Tables(events=rows), Tables.from_spark(events=spark.createDataFrame(rows))
    assert there.present("events") == here.present("events") == ("user_id", "timestamp", "event", name)
    assert (there.texts("events"), there.names(name)) == (here.texts("events"), ("a", "b"))
    assert there.arrow("events").column_names[-1] == name
    for asked in (
        FUNNEL.replace(breakdown=name),
        FUNNEL.replace(hold=name),
        FUNNEL.replace(where=Filter(segment={name: "a"})),
    ):
        pd.testing.assert_frame_equal(asked.run(there).table, asked.run(here).table)


def test_nobody_is_the_same_everywhere(spark: Any) -> None:
    blanks = [c for c in map(chr, range(0x3001)) if c.isspace()]
    rows = pd.DataFrame({"user_id": ["", *blanks, " u "], "timestamp": pd.Timestamp("2026-11-11"), "event": "view"})
    with pytest.raises(DataError, match=f"user_id: {1 + len(blanks)} empty"):
        FUNNEL.run(Tables.from_spark(events=spark.createDataFrame(rows)))
    orders = rows.drop(columns="event").assign(order_id=[str(n) for n in rows.index], revenue=1.0, currency="CNY")
    for tables in (Tables(orders=orders), Tables.from_spark(orders=spark.createDataFrame(orders))):
        assert (tables.count("orders"), tables.names("user_id")) == (len(orders), (" u ",))


def test_more_names_of_events_than_fit_are_refused_in_words(spark: Any) -> None:
    many = spark.range(33_000).selectExpr("'u' AS user_id", "timestamp '2026-11-11' AS timestamp", "'e' || id AS event")
    with pytest.raises(DataError, match="There are 33,000 different names of events; at most 32,768 fit"):
        FUNNEL.run(Tables.from_spark(events=many))


def test_rates_are_part_of_the_version(events: Any, tables: Tables) -> None:
    rate = ExchangeRate(currency="USD", day="2026-11-11", rate=7.1, into="CNY")
    found = Tables.from_spark(events=events, rates=[rate])
    assert (found.rates, found.version != tables.version) == ((rate,), True)
