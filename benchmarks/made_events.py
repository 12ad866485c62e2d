"""Events made for the benchmarks, streamed into the stores piece by piece: no piece is larger than PIECE rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.store import duck

EVENTS = {  # name: share of all events
    "visit": 0.22, "view": 0.30, "search": 0.12, "favorite": 0.08, "cart": 0.12,
    "checkout": 0.06, "purchase": 0.04, "share": 0.03, "invite": 0.02, "join_private": 0.01,
}  # fmt: skip
KEYS = {name: key for key, name in enumerate(EVENTS)}
CHANNELS = ("search", "feed", "video", "live", "mail", "direct")
DAYS, PER_USER, PIECE = 56, 10, 5_000_000
START = np.datetime64("2026-10-01", "us").astype(np.int64)


def pieces(events: int) -> Iterator[pa.Table]:
    """Yield the events in pieces, in no order of user or time; the same ones each time."""
    random, users = np.random.default_rng(20261111), max(events // PER_USER, 1)
    for begin in range(0, events, PIECE):
        size = min(PIECE, events - begin)
        # Most people do little and a few do much.
        user = (users * random.beta(0.8, 1.6, size)).astype(np.int32)
        yield _piece(random, user)


def pieces_by_user(events: int) -> Iterator[pa.Table]:
    """Yield like events sorted by user and time: each piece holds the next users, whole."""
    random = np.random.default_rng(20261111)
    for begin in range(0, events, PIECE):
        size = min(PIECE, events - begin)
        first, users = begin // PER_USER, max(size // PER_USER, 1)
        piece = _piece(random, (first + users * random.beta(0.8, 1.6, size)).astype(np.int32))
        yield piece.sort_by([("user", "ascending"), ("time", "ascending")])


def _piece(random: Any, user: Any) -> pa.Table:
    size = len(user)
    moment = START + random.integers(0, DAYS * 86_400_000, size) * 1000
    event = random.choice(len(EVENTS), size, p=list(EVENTS.values())).astype(np.uint8)
    channel = random.integers(0, len(CHANNELS), size, dtype=np.int8)
    return pa.table({
        "user": pa.array(user),
        "time": pa.array(moment),
        "event": pa.array(event),
        "channel": pa.array(channel),
    })  # fmt: skip


def load_workspace(path: Path, events: int) -> None:
    """Import the events as the app does: batch by batch, each leaving the table sorted."""
    con = duck.connect(path)
    duck.create(con)
    for batch, piece in enumerate(pieces(events)):
        con.execute("BEGIN")
        duck.append(con, "events", duck.normalise("events", _rows(piece)), batch)
        con.execute("COMMIT")
    con.execute("CHECKPOINT")
    con.close()


def load_sorted(path: Path, events: int, *, worth: bool = False) -> None:
    """Write sorted events into a workspace as importing them would leave it, without sorting all anew per batch.

    With `worth`, purchases have amounts.
    """
    con = duckdb.connect(str(path), config={"memory_limit": "2GB", "threads": 2})
    duck.create(con)
    con.execute("INSERT INTO event_names SELECT * FROM (VALUES " + ", ".join("(?, ?)" for _ in KEYS) + ")",
                [part for name, key in KEYS.items() for part in (key, name)])  # fmt: skip
    for piece in map(valued, pieces_by_user(events)) if worth else pieces_by_user(events):
        keys = {"user_key": piece["user"], "event_key": piece["event"].cast(pa.int16())}
        con.register("incoming", pa.table({**keys, **{n: _rows(piece)[n] for n in _rows(piece).column_names}}))
        con.execute("INSERT INTO events BY NAME SELECT *, 0 AS batch FROM incoming")
        con.execute("INSERT INTO users SELECT DISTINCT user_key, user_id FROM incoming")
        con.unregister("incoming")
    con.execute("CHECKPOINT")
    con.close()


def valued(piece: pa.Table) -> pa.Table:
    """Return a piece with an amount for each purchase, in whole yuan up to 500: sums of them are exact."""
    amount = (piece["user"].to_numpy() * 7919 + piece["time"].to_numpy() // 1000) % 500 + 1
    bought = piece["event"].to_numpy() == KEYS["purchase"]
    return piece.append_column("value", pa.array(amount.astype(float), mask=~bought))


def _rows(piece: pa.Table) -> pa.Table:
    worth = {"value": piece["value"]} if "value" in piece.column_names else {}
    return pa.table({
        "user_id": piece["user"].cast(pa.string()),
        "timestamp": piece["time"].cast(pa.timestamp("us")),
        "event": _names(piece["event"], list(EVENTS)),
        "channel": _names(piece["channel"], CHANNELS),
        **worth,
    })  # fmt: skip


def _names(keys: Any, names: Any) -> Any:
    return pa.DictionaryArray.from_arrays(keys.combine_chunks().cast(pa.int32()), pa.array(names, pa.string()))


def load_clickhouse(query: Callable[[str], str], folder: Path, events: int) -> None:
    """Load the events into one merged part sorted by user and time, all columns integers."""
    query("CREATE DATABASE bench")
    columns = "user UInt32, time UInt64, event UInt8, channel UInt8"
    query(f"CREATE TABLE bench.events ({columns}) ENGINE = MergeTree ORDER BY (user, time)")
    path = folder / "piece.parquet"
    for piece in pieces(events):
        pq.write_table(piece, path)
        query(f"INSERT INTO bench.events SELECT user, time, event, channel FROM file('{path}', Parquet)")
    path.unlink()
    query("OPTIMIZE TABLE bench.events FINAL")
