"""Paths in cases that can be worked out by hand, on the sample, and in the words and pictures people get."""

from __future__ import annotations

import math
import pickle
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pandas as pd
import pytest

from analysis import Filter, Paths, Tables
from analysis.charts import Look
from analysis.errors import DataError, QuestionError
from analysis.store import walk as sequences

SAMPLE = Path(__file__).resolve().parents[3] / "sample_data"
WHERE = Filter(campaign="Double 11 2026")


def log(*rows: tuple[str, str, str], **columns: Any) -> Tables:
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]).assign(**columns)
    return Tables(events=frame.assign(timestamp=pd.to_datetime("2026-11-11 " + frame["timestamp"])))


def ways(tables: Tables, **asked: Any) -> dict[str, int]:
    paths = Paths(**asked).run(tables).frame("paths")
    return dict(zip(paths["path"], paths["count"], strict=True))


DAY = log(
    ("u1", "01:00", "a"), ("u1", "01:10", "a"), ("u1", "01:20", "b"), ("u1", "01:30", "a"), ("u1", "05:00", "c"),
    ("u2", "01:00", "b"), ("u2", "01:10", "a"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"a → b → a → c": 1, "a → (ended)": 1}),
        ({"collapse": False}, {"a → a → b → a": 1, "a → (ended)": 1}),
        ({"depth": 4}, {"a → b → a → c → (ended)": 1, "a → (ended)": 1}),
        ({"window": "30m"}, {"a → b → a → (ended)": 1, "a → (ended)": 1}),
        ({"count": "occurrences"}, {"a → b → a → c": 1, "a → c → (ended)": 1, "a → (ended)": 1}),
        ({"until": "b"}, {"a → b": 1, "a → (ended)": 1}),
        ({"exclude": "b"}, {"a → c → (ended)": 1, "a → (ended)": 1}),
        ({"include": "b"}, {"a → b → a → (ended)": 1, "a → (ended)": 1}),
        ({"start": "a", "direction": "before"}, {"(began) → a": 1, "(began) → b → a": 1}),
        ({"start": "c", "direction": "before"}, {"a → b → a → c": 1}),
        ({"start": None}, {"a → b → a → c": 1, "b → a → (ended)": 1}),
    ],
    ids=repr,
)
def test_each_rule(asked: dict[str, Any], expected: dict[str, int]) -> None:
    assert ways(DAY, **{"start": "a", "depth": 3, **asked}) == expected


def test_a_path_stays_in_its_session() -> None:
    tables = log(
        ("u1", "01:00", "a"), ("u1", "01:05", "x"), ("u1", "01:10", "b"), ("u1", "01:15", "a"),
        session_id=["s1", "s2", "s1", "s2"],
    )  # fmt: skip
    assert ways(tables, start="a", session=True) == {"a → b → (ended)": 1}
    assert ways(tables, session=True, count="occurrences") == {"a → b → (ended)": 1, "x → a → (ended)": 1}
    assert ways(tables, start="a") == {"a → x → b → a → (ended)": 1}


def test_the_answer_does_not_hang_on_how_events_came_in() -> None:
    rows = [("u1", "01:00", e, s) for e, s in (("b", "s2"), ("a", "s1"), ("c", "s1"), ("a", "s2"))]
    answers = []
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]):
        picked = [rows[i] for i in order]
        tables = log(*(row[:3] for row in picked), session_id=[row[3] for row in picked])
        answers.append([ways(tables, start="a", session=s, count="occurrences") for s in (True, False)])
    assert answers[0] == answers[1] == answers[2]
    assert answers[0] == [{"a → b → (ended)": 1, "a → c → (ended)": 1}, {"a → b → c → (ended)": 1}]


def test_counts_are_kept_at_every_level_and_over_any_chunks(sample: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Paths(start="visit", depth=6, names=3, session=True, count="occurrences", where=WHERE)
    whole = asked.run(sample)
    assert (whole.table.groupby("level")["count"].sum() == whole.table["n"].iloc[0]).all()
    # Who comes to an event leaves it again: what goes into a node of one level goes out of it at the next.
    into = whole.table.groupby(["level", "to"])["count"].sum()
    out = whole.table.groupby(["level", "from"])["count"].sum()
    for level in range(1, 6):
        assert into[level].to_dict() == out[level + 1].to_dict()
    monkeypatch.setattr(sequences, "BATCH", 20_000)
    pieces = asked.run(sample)
    for name in whole.frames:
        pd.testing.assert_frame_equal(whole.frame(name), pieces.frame(name))


def test_shares_and_intervals() -> None:
    rows = [(f"u{i}", "01:00", "a") for i in range(8)] + [(f"u{i}", "01:01", "b") for i in range(2)]
    answer = Paths(start="a", depth=1).run(log(*rows))
    assert answer.table[["from", "to", "count", "n", "share", "of_from"]].values.tolist() == [
        ["a", "b", 2, 8, 0.25, 0.25],
        ["a", "(ended)", 6, 8, 0.75, 0.75],
    ]
    bounds = answer.frame("paths").set_index("path").loc["a → b", ["low", "high"]]
    assert bounds.tolist() == pytest.approx(wilson(2, 8))


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return Wilson's 95% interval: the p at which (p - hits/n)^2 = z^2 p (1 - p) / n."""
    z = NormalDist().inv_cdf(0.975) ** 2
    middle, half = (hits + z / 2) / (n + z), math.sqrt(z * (hits * (n - hits) / n + z / 4)) / (n + z)
    return middle - half, middle + half


def test_each_links_shares_have_their_intervals_and_what_they_are_of() -> None:
    rows = [(f"u{i}", "01:00", "a") for i in range(8)] + [(f"u{i}", "01:01", "b") for i in range(4)]
    table = Paths(start="a", depth=2).run(log(*rows, ("u0", "01:02", "c"))).table
    bounds = ["low", "high", "of_from_low", "of_from_high"]
    for link, count, at_from in ((("a", "b"), 4, 8), (("b", "c"), 1, 4), (("b", "(ended)"), 3, 4)):
        row = table.set_index(["from", "to"]).loc[link]
        assert row[["count", "n", "at_from"]].tolist() == [count, 8, at_from]
        assert row[bounds].tolist() == pytest.approx([*wilson(count, 8), *wilson(count, at_from)])


def test_a_walk_can_be_sent_away(sample: Tables) -> None:
    from analysis.journey.paths import question as paths

    asked = Paths(start="visit")
    shown = asked.shown(sample.event_keys)
    rules = paths._Rules(asked, dict(sample.event_keys), (0, 2**62), (0, 2**62), shown)
    again = pickle.loads(pickle.dumps(rules))
    chunk = next(sequences.chunks(sample.frame("events")))
    one, other = paths._trace(chunk, rules), paths._trace(chunk, again)
    assert one.paths.tolist() == other.paths.tolist()
    assert pickle.loads(pickle.dumps(one)).counts.tolist() == one.counts.tolist()


# ---- in words and in a picture ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"start": "a"}, "Of 2 users who did \"a\", 50.0% did \"b\" next within 7 days; for 50.0% it was "
         "the last event."),
        ({"start": "a", "count": "occurrences"},
         "Of 3 times users did \"a\", 33.3% did \"b\" next within 7 days; for 33.3% it was the last event."),
        ({"start": "a", "until": "c"}, "Of 2 users who did \"a\", 50.0% came to c within 7 days, in the steps shown."),
        ({"start": "c", "direction": "before"},
         "Of 1 user who did \"c\", 100% came from a within 7 days; for 0% it was the first event."),
        ({"start": "c"}, "Of 1 user who did \"c\", nobody did anything more within 7 days."),
    ],
    ids=repr,
)  # fmt: skip
def test_headline(asked: dict[str, Any], said: str) -> None:
    assert Paths(**asked).run(DAY).headline.text() == said


@pytest.mark.parametrize("look", [Look(), Look("zh_CN", dark=True)])
@pytest.mark.parametrize("asked", [
    {"start": "visit"}, {"session": True, "names": 12}, {"start": "purchase", "direction": "before"},
    {"start": "visit", "until": "cart", "names": 2}, {"start": "cart", "depth": 1},
])  # fmt: skip
def test_chart_is_made_for_every_reader(sample: Tables, asked: dict[str, Any], look: Look) -> None:
    answer = Paths(**asked, where=WHERE).run(sample)
    chart = answer.chart(look).to_dict()
    assert chart["description"] == answer.say(answer.headline, look.language)
    drawn = [row for rows in chart["datasets"].values() for row in rows]
    stopped = ("(ended)", "(began)", "(reached)")
    table = answer.table[~answer.table["from"].isin(stopped) & (answer.table["to"] != "(reached)")]
    bands = {row["link"]: row for row in drawn if "link" in row}
    assert sum(row["count"] for row in bands.values()) == table["count"].sum()
    # Bands are as wide at every point as their share, and bars of a level do not overlap.
    assert all(row["lower"] - row["upper"] == pytest.approx(row["share"] * 250) for row in drawn if "link" in row)
    for at in {row["x"] for row in drawn if "node" in row}:
        bars = sorted((row["top"], row["bottom"]) for row in drawn if "node" in row and row["x"] == at)
        assert all(later[0] >= earlier[1] for earlier, later in pairwise(bars))


@pytest.mark.parametrize(("width", "columns"), [(290, 2), (358, 3), (700, 5), (1200, 5)])
def test_a_narrow_screen_has_fewer_levels_whose_names_can_be_read(width: int, columns: int) -> None:
    rows = [("u1", f"01:0{k}", event) for k, event in enumerate(("visit", "social_seeding", "view", "cart", "share"))]
    chart = Paths(start="visit").run(log(*rows)).chart().to_dict()
    room = next(param["expr"] for param in chart["params"] if param["name"] == "levels")
    clamp = {"clamp": lambda x, least, most: max(least, min(x, most)), "floor": math.floor}
    shown = eval(room, clamp | {"width": width})
    assert math.ceil(shown) == columns
    assert width / shown - 16 > 105  # pixels for 14 bold letters of 13


def test_whole_paths_are_put_into_words() -> None:
    answer = Paths(start="view").run(log(("u1", "01:00", "view"), ("u1", "01:01", "my.own[event]")))
    assert answer.shown("paths", "zh_CN")["path"].tolist() == ["浏览商品 → my.own[event] → （结束）"]
    answer.chart().to_dict()


# ---- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"start": "viw"}, r"no event 'viw'\. Did you mean view"),
        ({"start": "view", "until": "crat"}, r"no event 'crat'\. Did you mean cart"),
        ({"exclude": ("crat",)}, "Did you mean cart"),
        ({"include": ("crat",)}, "Did you mean cart"),
        ({"start": "view", "where": Filter(start="2026-11-12")}, 'Nobody did "view" under these filters'),
        ({"where": Filter(end="2026-11-10")}, "There are no such events under these filters"),
        ({"session": True}, "The events do not say: the visit it belongs to"),
    ],
    ids=repr,
)
def test_what_the_data_lacks_is_said(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        Paths(**asked).run(log(("u1", "01:00", "view"), ("u1", "01:01", "cart")))


@pytest.mark.parametrize(
    "asked",
    [
        {"direction": "before"}, {"depth": 0}, {"depth": 11}, {"names": 0}, {"names": 21},
        {"count": "sessions"}, {"start": ""}, {"window": "0d"}, {"collapse": 1},
    ],
    ids=repr,
)  # fmt: skip
def test_questions_that_make_no_sense_are_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(QuestionError):
        Paths(**asked)


def test_thousands_of_event_names_stay_readable() -> None:
    rows = [(f"u{i % 50}", f"{i % 20:02d}:{i % 60:02d}:{i % 59:02d}", f"event {i}") for i in range(5_000)]
    answer = Paths(depth=10, names=12, count="occurrences").run(log(*rows))
    assert answer.table.groupby("level")["to"].nunique().max() <= 14
    assert set(answer.table.groupby("level")["count"].sum()) == {50}
    assert "other-events" in {note.code for note in answer.notes}
    assert len(answer.frame("paths")) == 21
    answer.chart().to_dict()


def test_an_event_that_is_called_like_no_event_is_counted_with_the_others() -> None:
    answer = Paths(start="a").run(log(("u1", "01:00", "a"), ("u1", "01:01", "(ended)"), ("u1", "01:02", "b")))
    assert answer.table["to"].tolist() == ["(other)", "b", "(ended)", "(ended)"]
