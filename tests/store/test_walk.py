"""Chunks of whole users: nothing is lost, everything comes typed, and ties have one order."""

from __future__ import annotations

from functools import partial

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from analysis import Tables
from analysis.store import walk as sequences
from analysis.store.walk import Chunk, Columns
from analysis.tables import collect

COLUMNS = Columns(coded={"device": ("android", "ios")}, numbers=("load_ms",), texts=("order_id",))


@pytest.fixture
def tables() -> Tables:
    rng = np.random.default_rng(3)
    rows = 500
    return Tables(
        events=pd.DataFrame(
            {
                "user_id": [f"u{u}" for u in rng.integers(0, 40, rows)],
                "timestamp": pd.Timestamp("2026-11-11") + pd.to_timedelta(rng.integers(0, 50, rows), unit="s"),
                "event": rng.choice(["view", "cart", "buy"], rows),
                "device": rng.choice(np.array(["ios", "android", "web", None], object), rows),
                "load_ms": np.where(rng.random(rows) < 0.2, np.nan, rng.random(rows)),
                "order_id": [f"o{i}" if i % 3 else None for i in range(rows)],
            }
        )
    )


def _rows(chunk: Chunk) -> list[tuple[object, ...]]:
    device, load = chunk.coded["device"].tolist(), np.round(chunk.numbers["load_ms"], 9).tolist()
    plain = (chunk.user.tolist(), chunk.time.tolist(), chunk.code.tolist())
    columns = (*plain, device, load, chunk.texts["order_id"].to_pylist())
    return [tuple(None if v != v else v for v in row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize("size", [1, 7, 100, 10_000])
def test_chunks_hold_whole_users_and_every_column(tables: Tables, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(sequences, "BATCH", size)
    found = list(sequences.chunks(tables.frame("events"), COLUMNS))
    users = [set(chunk.user.tolist()) for chunk in found]
    assert sum(map(len, users)) == len(set.union(*users))
    frame = tables.frame("events").collect("pyarrow").to_pandas()
    place = frame["device"].map({"android": 0, "ios": 1}).fillna(-1).astype(int)
    times = frame["timestamp"].astype("datetime64[us]").astype("int64")
    expected = zip(frame["user_key"], times, frame["event_key"], place, frame["load_ms"].round(9), frame["order_id"],
                   strict=True)  # fmt: skip
    # Users who stood at a batch's end come last; each one's events stay in order.
    assert sorted((row for chunk in found for row in _rows(chunk)), key=lambda row: row[0]) == [
        tuple(None if v is None or v != v else v for v in row) for row in expected
    ]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("who", ["user_id", "user_key"])
def test_when_each_user_first_did_what(tables: Tables, monkeypatch: pytest.MonkeyPatch, size: int, who: str) -> None:
    monkeypatch.setattr(sequences, "BATCH", size)
    events = tables.frame("events").filter(nw.col("device") == "ios")
    found = tables.firsts(events, {"seen": None, "bought": ["buy", "nothing"], "never": []}, who)
    rows = events.collect("pyarrow").to_pandas()
    expected = rows.groupby(who).agg(seen=("timestamp", "min"))
    expected["bought"] = rows[rows["event"] == "buy"].groupby(who)["timestamp"].min()
    expected["never"] = pd.NaT
    assert expected["bought"].isna().any(), "nobody without one"
    pd.testing.assert_frame_equal(
        collect(found).set_index(who).sort_index(), expected.sort_index(), check_dtype=False, check_index_type=False
    )


def test_nobody_did_anything_first(tables: Tables) -> None:
    nobody = tables.frame("events").filter(nw.col("device") == "tv")
    assert collect(tables.firsts(nobody, {"seen": None})).empty


def test_ties_are_settled_by_rank_then_by_the_coded_columns(tables: Tables) -> None:
    rank, ties = np.array([2, 0, 1]), 0
    for chunk in sequences.chunks(tables.frame("events"), COLUMNS):
        ties += int((np.diff(chunk.user) == 0)[np.diff(chunk.time) == 0].sum())
        settled = chunk.settled(rank)
        assert sorted(map(repr, _rows(settled))) == sorted(map(repr, _rows(chunk)))
        keys = [(u, t, rank[c], d) for u, t, c, d, *_ in _rows(settled)]
        assert keys == sorted(keys)
    assert ties


def test_a_walk_sees_every_event_once(tables: Tables) -> None:
    found = tables.walk(tables.frame("events"), partial(_count, least=0))
    assert sum(found) == 500


def _count(chunk: Chunk, least: int) -> int:
    return int((chunk.code >= least).sum())
