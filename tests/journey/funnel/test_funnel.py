"""The funnel in cases that can be worked out by hand, over every kind of frame, and in the words people read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from analysis.charts import NOT_SET, TOTAL, Look
from analysis.errors import DataError, QuestionError
from analysis.journey.funnel.question import Funnel, FunnelAnswer
from analysis.messages import Message, Share
from analysis.store import walk as sequences
from analysis.tables import Tables
from analysis.values import Campaign, Filter
from analysis.workspace import open_workspace, read_export

SHANGHAI = Campaign(name="Double 11", start="2020-01-01", end="2020-12-31", zone="Asia/Shanghai")


def events(*rows: tuple[str, str, str], **columns: Any) -> pd.DataFrame:
    """Build events from (user, moment, event); a clock time alone is on 2026-11-11."""
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]).assign(**columns)
    at = frame["timestamp"].map(lambda t: t if "-" in t else f"2026-11-11 {t}")
    return frame.assign(timestamp=pd.to_datetime(at, format="ISO8601").astype("datetime64[us]"))


def reached(frame: pd.DataFrame, *steps: str, campaign: Campaign | None = None, **asked: Any) -> list[int]:
    """Return the users at each step."""
    answer = Funnel(steps=steps, **asked).run(Tables(events=frame, campaign=campaign))
    return of(answer, TOTAL, "users")


def of(answer: Any, group: str, column: str) -> list[Any]:
    return list(answer.table.loc[answer.table["breakdown"] == group, column])


# ---- which rule -------------------------------------------------------------------------------------------

RE_ENTRY = events(("u", "01:00", "a"), ("u", "01:30", "a"), ("u", "01:45", "b"), ("u", "02:15", "c"))


@pytest.mark.parametrize(
    ("entry", "level"),
    [("every", [1, 1, 1]), ("first", [1, 1, 0])],  # windowFunnel and PostHog: 3; Mixpanel's default: 2
)
def test_a_later_entry_may_start_the_chain_or_not(entry: str, level: list[int]) -> None:
    assert reached(RE_ENTRY, "a", "b", "c", window="1h", entry=entry) == level


def test_times_are_taken_from_the_latest_start() -> None:
    answer = Funnel(steps=("a", "b", "c"), window="2h").run(Tables(events=RE_ENTRY))
    assert of(answer, TOTAL, "median_seconds_from_previous")[1:] == [15 * 60, 30 * 60]


@pytest.mark.parametrize(("last", "users"), [("02:00:00", 1), ("02:00:00.000001", 0)])
def test_the_window_includes_its_boundary(last: str, users: int) -> None:
    log = events(("u", "01:00", "a"), ("u", last, "b"))
    assert reached(log, "a", "b", window="1h") == [1, users]


def test_events_of_one_moment_count_in_step_order() -> None:
    log = events(("u", "01:00", "c"), ("u", "01:00", "b"), ("u", "01:00", "a"))
    assert reached(log, "a", "b", "c") == [1, 1, 1]


def test_a_chain_takes_each_step_as_early_as_its_start_allows() -> None:
    log = events(("u", "01:00", "a"), ("u", "01:10", "b"), ("u", "01:30", "b"), ("u", "01:30", "c"))
    answer = Funnel(steps=("a", "b", "c")).run(Tables(events=log))
    assert of(answer, TOTAL, "median_seconds_from_previous")[1:] == [600, 1200]


@pytest.mark.parametrize(("times", "level"), [(1, [1, 0, 0]), (2, [1, 1, 0]), (3, [1, 1, 1]), (20, [1, 1, 1])])
def test_each_event_serves_one_step(times: int, level: list[int]) -> None:
    log = events(*[("u", "01:00", "purchase")] * times)
    assert reached(log, "purchase", "purchase", "purchase") == level


def test_twenty_identical_events_are_one_user() -> None:
    log = events(*[("u", "01:00", "a")] * 20, *[("u", "01:05", "b")] * 20)
    assert reached(log, "a", "b") == [1, 1]


def test_other_events_may_come_between_and_order_matters() -> None:
    log = events(
        ("u", "01:00", "b"), ("u", "01:10", "a"), ("u", "01:20", "x"), ("v", "01:00", "a"), ("v", "01:30", "b")
    )
    assert reached(log, "a", "b") == [2, 1]


def test_most_steps_a_funnel_takes() -> None:
    names = [f"e{i:02d}" for i in range(20)]
    log = events(*(("u", f"01:{i:02d}", name) for i, name in enumerate(names)))
    assert reached(log, *names, window="19m") == [1] * 20
    assert reached(log, *names, window="18m") == [1] * 19 + [0]
    with pytest.raises(QuestionError, match="at most 20"):
        Funnel(steps=(*names, "e00"))


# ---- converted, dropped, still open -----------------------------------------------------------------------


def test_a_window_that_outlasts_the_data_is_still_open() -> None:
    log = events(("open", "01:00", "a"), ("shut", "00:59", "a"), ("done", "01:30", "a"), ("done", "02:00", "b"))
    answer = Funnel(steps=("a", "b"), window="1h").run(Tables(events=log))
    # The data ends at 02:00: the window of 01:00 closes with it, which is enough to know; 00:59 is past.
    assert of(answer, TOTAL, "dropped")[1:] == [2]
    assert of(answer, TOTAL, "still_open")[1:] == [0]
    longer = Funnel(steps=("a", "b"), window="61m").run(Tables(events=log))
    assert (of(longer, TOTAL, "dropped")[1:], of(longer, TOTAL, "still_open")[1:]) == ([1], [1])
    # Whoever converted already is in no rate either before their window is over, nor those who may still go on.
    assert (of(answer, TOTAL, "settled"), of(longer, TOTAL, "settled")) == ([2, 0], [1, 0])
    opened = [next(n.message.text() for n in a.notes if n.code == "still-open") for a in (answer, longer)]
    assert ["1 of 3 users" in opened[0], "2 of 3 users" in opened[1]] == [True, True]
    ended = Funnel(steps=("a", "b"), window="1h", observed_until="2026-11-11 02:30").run(Tables(events=log))
    assert (of(ended, TOTAL, "settled"), of(ended, TOTAL, "from_start")[1:]) == ([3, 1], [1 / 3])
    assert "still-open" not in {note.code for note in ended.notes}


def test_a_later_entry_keeps_a_user_open() -> None:
    log = events(
        ("u", "01:00", "a"), ("u", "01:10", "b"), ("u", "05:00", "a"), ("u", "05:05", "b"), ("z", "05:30", "x")
    )
    answer = Funnel(steps=("a", "b", "c"), window="1h").run(Tables(events=events(*_tuples(log), ("y", "00:00", "c"))))
    assert of(answer, TOTAL, "still_open")[1:] == [0, 1]


def _tuples(frame: pd.DataFrame) -> list[tuple[str, str, str]]:
    return [(r.user_id, str(r.timestamp), r.event) for r in frame.itertuples()]


def test_observed_until_cuts_the_data_and_moves_the_end() -> None:
    log = events(("u", "01:00", "a"), ("u", "01:30", "b"), ("v", "01:00", "a"))
    tables = Tables(events=log)
    early = Funnel(steps=("a", "b"), window="1h", observed_until="2026-11-11 01:20").run(tables)
    assert (of(early, TOTAL, "users"), of(early, TOTAL, "still_open")[1:]) == ([2, 0], [2])
    late = Funnel(steps=("a", "b"), window="1h", observed_until="2026-11-11T02:00:01Z").run(tables)
    assert (of(late, TOTAL, "users"), of(late, TOTAL, "dropped")[1:]) == ([2, 1], [1])


@pytest.mark.parametrize("entry", ["every", "first"])
def test_everyone_at_a_step_goes_on_drops_or_is_open(frames: dict[str, pd.DataFrame], entry: str) -> None:
    asked = Funnel(steps=("visit", "view", "cart", "checkout", "purchase"), window="5h", entry=entry)
    asked = asked.replace(breakdown="channel", observed_until="2026-10-20 11:00")
    answer = asked.run(Tables(events=frames["events"]))
    assert set(answer.table["breakdown"]) == {TOTAL, "search", "display", "video", NOT_SET}
    for group, table in answer.table.groupby("breakdown"):
        before, now = table["users"].to_numpy()[:-1], table["users"].to_numpy()[1:]
        stopped = (table["dropped"] + table["still_open"]).to_numpy()[1:]
        np.testing.assert_array_equal(before, now + stopped, err_msg=str(group))
    assert of(answer, TOTAL, "still_open") != [None, 0, 0, 0, 0]
    parts = answer.table[answer.table["breakdown"] != TOTAL].groupby("step")[["users", "dropped", "still_open"]].sum()
    np.testing.assert_array_equal(parts["users"], of(answer, TOTAL, "users"))


# ---- the same everywhere ----------------------------------------------------------------------------------


def test_every_kind_of_frame_gives_the_same_answer(frames: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    asked = Funnel(steps=("visit", "cart", "purchase"), window="9h", breakdown="channel", where=Filter(device="ios"))
    frame = frames["events"].sample(frac=1, random_state=3)
    expected = asked.run(Tables(events=frame)).table
    con = duckdb.connect()
    con.register("given", frame)
    kinds = {
        "polars": pl.from_pandas(frame),
        "polars lazy": pl.from_pandas(frame).lazy(),
        "arrow": pa.Table.from_pandas(frame, preserve_index=False),
        "duckdb": con.sql("FROM given"),
        "categories": frame.astype({"event": "category", "channel": "category"}),
        "aware": frame.assign(timestamp=frame["timestamp"].dt.tz_localize("UTC").dt.tz_convert("America/New_York")),
        "nanoseconds": frame.astype({"timestamp": "datetime64[ns]"}),
    }
    for kind, given in kinds.items():
        pd.testing.assert_frame_equal(asked.run(Tables(events=given)).table, expected, obj=kind)
    pq.write_table(kinds["arrow"], tmp_path / "events.parquet")
    pd.testing.assert_frame_equal(asked.run(Tables.from_parquet(tmp_path)).table, expected)
    workspace = open_workspace(tmp_path / "w.duckdb")
    workspace.add(read_export(tmp_path / "events.parquet", zone="UTC"))
    pd.testing.assert_frame_equal(asked.run(workspace.tables()).table, expected)
    workspace.close()


def test_a_workspace_filled_in_two_batches_gives_the_same_answer(
    frames: dict[str, pd.DataFrame], tmp_path: Path
) -> None:
    frame = frames["events"]
    workspace = open_workspace(tmp_path / "w.duckdb")
    for part in (frame[1::2], frame[::2]):
        workspace.add(read_export(part.to_csv(index=False).encode(), "part.csv", zone="UTC"))
    asked = Funnel(steps=("visit", "cart", "purchase"), window="9h", breakdown="channel")
    pd.testing.assert_frame_equal(asked.run(workspace.tables()).table, asked.run(Tables(events=frame)).table)
    workspace.close()


@pytest.mark.parametrize("rows", [1, 2, 3, 7])
def test_users_who_straddle_batches_are_walked_whole(
    frames: dict[str, pd.DataFrame], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Funnel(steps=("visit", "cart", "purchase"), window="9h", breakdown="channel")
    tables = Tables(events=frames["events"])
    expected = asked.run(tables).table
    monkeypatch.setattr(sequences, "BATCH", rows)
    found = [set(chunk.user.tolist()) for chunk in sequences.chunks(tables.frame("events"))]
    assert len(found) > 20
    assert sum(map(len, found)) == len(set().union(*found)) == 150
    pd.testing.assert_frame_equal(asked.run(tables).table, expected)


# ---- breakdown and filters --------------------------------------------------------------------------------


def test_breakdown_takes_the_value_at_the_first_step() -> None:
    log = events(
        ("u", "01:00", "a"), ("u", "01:10", "b"), ("v", "01:00", "a"), ("v", "01:10", "b"), ("w", "01:00", "a"),
        channel=["display", "search", None, "search", "search"],
    )  # fmt: skip
    answer = Funnel(steps=("a", "b"), breakdown="channel").run(Tables(events=log))
    assert list(dict.fromkeys(answer.table["breakdown"])) == [TOTAL, "display", "search", NOT_SET]
    assert of(answer, "display", "users") == [1, 1]
    assert of(answer, "search", "users") == [1, 0]
    assert of(answer, NOT_SET, "users") == [1, 1]


@pytest.mark.parametrize("value", [NOT_SET, TOTAL])
def test_a_channel_named_like_our_own_rows_is_not_mixed_up_with_them(value: str) -> None:
    # GA4 exports hold the very text "(not set)".
    log = events(("u", "01:00", "a"), ("v", "01:00", "a"), ("w", "01:00", "a"), ("w", "01:10", "b"))
    answer = Funnel(steps=("a", "b"), breakdown="channel", window="10m").run(
        Tables(events=log.assign(channel=[value, None, "x", "x"]))
    )
    assert list(dict.fromkeys(answer.table["breakdown"])) == [TOTAL, "x", NOT_SET]
    assert (of(answer, TOTAL, "users"), of(answer, NOT_SET, "users")) == ([3, 1], [2, 0])
    assert "of 3 users" in answer.headline.text()


def test_a_breakdown_has_at_most_fifty_values() -> None:
    rows = [(f"u{i}", "01:00", event) for i in range(51) for event in ("a", "b")]
    log = events(*rows, channel=[f"c{i // 2:02d}" for i in range(102)])
    asked = Funnel(steps=("a", "b"), breakdown="channel")
    assert len(asked.run(Tables(events=log[:100])).table) == 51 * 2
    with pytest.raises(DataError, match=r"channel has too many .* 51 were counted; .* at most 50") as raised:
        asked.run(Tables(events=log))
    assert raised.value.code == "too-many-values"


def test_days_begin_in_the_campaigns_zone() -> None:
    log = events(
        ("before", "2019-12-31T15:59:59.999999", "a"), ("inside", "2019-12-31T16:00", "a"),
        ("last", "2020-01-01T15:59:59.999999", "a"), ("after", "2020-01-01T16:00", "a"),
        ("last", "2020-01-02T10:00", "b"), ("after", "2020-01-02T10:00", "b"), ("before", "2020-01-01T10:00", "b"),
    )  # fmt: skip
    day = Filter(start="2020-01-01", end="2020-01-01")
    # "last" enters within the day and goes on after it, which counts.
    assert reached(log, "a", "b", campaign=SHANGHAI, where=day) == [2, 1]


def test_one_in_the_morning_utc_is_the_day_before_in_the_pacific() -> None:
    log = events(("u", "2020-01-01T01:00", "a"), ("v", "2020-01-01T08:00", "a"), ("v", "2020-01-01T09:00", "b"))
    pacific = SHANGHAI.replace(zone="America/Los_Angeles")
    assert reached(log, "a", "b", campaign=pacific, where=Filter(start="2020-01-01")) == [1, 1]
    assert reached(log, "a", "b", where=Filter(start="2020-01-01")) == [2, 1]


def test_filters_restrict_every_step() -> None:
    log = events(("u", "01:00", "a"), ("u", "01:10", "b"), ("v", "01:00", "a"), ("v", "01:10", "b"))
    log = log.assign(channel=["x", "y", "x", "x"], campaign="c", device=["ios", "ios", "web", "web"])
    assert reached(log, "a", "b", where=Filter(channel="x")) == [2, 1]
    assert reached(log, "a", "b", where=Filter(channel=("x", "y"), campaign="c")) == [2, 2]
    assert reached(log, "a", "b", where=Filter(channel=("x", "y"), device="ios")) == [1, 1]


# ---- what cannot be asked ---------------------------------------------------------------------------------


def test_unknown_step_names_the_nearest() -> None:
    with pytest.raises(DataError, match=r"There is no event 'purchse'\. Did you mean purchase\?"):
        reached(events(("u", "01:00", "view"), ("u", "01:10", "purchase")), "view", "purchse")
    with pytest.raises(DataError, match=r"There is no event 'zzz'\. Choose from: view\."):
        reached(events(("u", "01:00", "view")), "view", "zzz")


def test_missing_columns_and_tables_are_named() -> None:
    log = events(("u", "01:00", "a"), ("u", "01:10", "b"))
    for asked in ({"breakdown": "channel"}, {"where": Filter(channel="x")}, {"where": Filter(device="x")}):
        with pytest.raises(DataError) as raised:
            reached(log, "a", "b", **asked)
        assert raised.value.code == ("no-filter" if "where" in asked else "no-column")
    with pytest.raises(DataError, match="There is no data on events yet"):
        Funnel(steps=("a", "b")).run(Tables())


@pytest.mark.parametrize(
    "where",
    [Filter(start="2030-01-01"), Filter(end="1999-12-31"), Filter(channel="search", device="android")],
)
def test_an_empty_selection_says_so(frames: dict[str, pd.DataFrame], where: Filter) -> None:
    with pytest.raises(DataError, match="Nobody took the first step, visit, under these filters"):
        Funnel(steps=("visit", "view"), where=where).run(Tables(events=frames["events"]))


def test_nobody_entered_before_observation_ended() -> None:
    log = events(("u", "01:00", "a"), ("u", "01:10", "b"))
    with pytest.raises(DataError, match="Nobody took the first step, a, in the time observed"):
        reached(log, "a", "b", observed_until="2026-11-11 00:59")


# ---- in words and in a picture ----------------------------------------------------------------------------


def test_headline_and_notes() -> None:
    log = events(
        *((f"u{i}", "01:00", "a") for i in range(4)), *((f"u{i}", "01:10", "b") for i in range(3)), ("u0", "09:00", "c")
    )
    answer = Funnel(steps=("a", "b", "c"), window="2h").run(Tables(events=log))
    assert answer.headline.text() == (
        '0% of 4 users who did "a" went on to c within 2 hours. Most stop before c: 3 users.'
    )
    assert [note.code for note in answer.notes] == ["came-through", "small-groups", "entry-rule"]
    dated = Funnel(steps=("a", "b"), where=Filter(start="2026-11-11")).run(Tables(events=log))
    assert "entry-dates" in {note.code for note in dated.notes}


@pytest.mark.parametrize("breakdown", [None, "channel"])
@pytest.mark.parametrize("look", [Look(), Look("zh_CN", dark=True)])
def test_chart_is_made_for_every_reader(tables: Tables, breakdown: str | None, look: Look) -> None:
    answer = Funnel(steps=("visit", "view", "cart"), breakdown=breakdown, window="1d").run(tables)
    chart = answer.chart(look).to_dict()
    assert chart["description"] == answer.say(answer.headline, look.language)
    drawn = [row for rows in chart["datasets"].values() for row in rows]
    column = "n" if breakdown is None else "settled"
    assert max(row[column] or 0 for row in drawn) == answer.table["settled"][0 if breakdown is None else 1]
    # The very rate that the headline names is drawn, too.
    share = Message("{share}", (("share", Share(answer.table["from_start"][2])),)).text(look.language)
    assert share in answer.headline.text(look.language)
    assert any(share in str(row.get("label" if breakdown is None else "text")) for row in drawn)


def test_answer_is_described_by_its_fields(tables: Tables) -> None:
    answer = Funnel(steps=("visit", "view")).run(tables)
    assert list(answer.table.columns) == list(FunnelAnswer.fields["table"])
    assert answer.version == tables.version
    assert answer.question == Funnel(steps=("visit", "view"))


def test_a_moment_with_a_zone_is_kept_in_utc() -> None:
    at = dt.datetime(2026, 11, 11, 20, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    assert Funnel(steps=("a", "b"), observed_until=at).observed_until == "2026-11-11 12:00:00"
