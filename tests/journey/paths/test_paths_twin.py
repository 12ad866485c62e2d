"""Paths against a twin that goes through each person's list of events by hand, over thousands of small logs."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis.errors import DataError
from analysis.journey.paths.question import Paths
from analysis.tables import Tables
from analysis.values import Filter, seconds

EPOCH = dt.datetime(2026, 11, 11)
MINUTE = 60
EVENTS = ("c", "a", "d", "b")  # not in order of name: keys must not decide ties


@dataclass(frozen=True)
class Row:
    """One event: seconds since the epoch, a name, a session or none."""

    time: int
    event: str
    session: str | None


Log = dict[str, list[Row]]


def twin(logs: Log, asked: Paths) -> Counter[tuple[str, ...]]:
    """Count everybody's paths."""
    found: Counter[tuple[str, ...]] = Counter()
    for log in logs.values():
        own = sorted(log, key=lambda r: (r.time, r.event, r.session or ""))
        starts = list(_starts(own, asked))
        if asked.count == "users":
            starts = starts[:1]
        found.update(_path(own, i, asked) for i in starts)
    return found


def _shown(row: Row, asked: Paths) -> bool:
    if row.event in (asked.start, asked.until):
        return True
    return (not asked.include or row.event in asked.include) and row.event not in asked.exclude


def _entry(row: Row, asked: Paths) -> bool:
    day = (EPOCH + dt.timedelta(seconds=row.time)).date().isoformat()
    where = asked.where or Filter()
    inside = (where.start or day) <= day <= (where.end or day)
    return inside and (row.event == asked.start if asked.start else _shown(row, asked))


def _starts(own: list[Row], asked: Paths) -> Iterator[int]:
    """Yield where paths begin, runs of repeats once where they count once."""
    for i, row in enumerate(own):
        if not _entry(row, asked):
            continue
        earlier = [r for r in own[:i] if _shown(r, asked) and (not asked.session or r.session == row.session)]
        if asked.start is None:
            if not any(_entry(r, asked) for r in earlier):
                yield i
        elif not (asked.collapse and earlier and earlier[-1].event == asked.start and _entry(earlier[-1], asked)):
            yield i


def _path(own: list[Row], i: int, asked: Paths) -> tuple[str, ...]:
    back, here = asked.direction == "before", own[i]
    path = [here.event]
    for row in reversed(own[:i]) if back else own[i + 1 :]:
        near = abs(row.time - here.time) <= seconds(asked.window)
        if not near or (asked.session and row.session != here.session) or not _shown(row, asked):
            continue
        if asked.collapse and row.event == path[-1]:
            continue
        path.append(row.event)
        if row.event == asked.until or len(path) > asked.depth:
            break
    rest = asked.depth + 1 - len(path)
    reached = len(path) > 1 and path[-1] == asked.until
    return (*path, *["(reached)" if reached else "(began)" if back else "(ended)"] * rest)


def links(paths: Counter[tuple[str, ...]], names: int, until: str | None) -> Counter[tuple[int, str, str]]:
    """Count who went from where to where, with the less common events of a level put together."""
    width = len(next(iter(paths)))
    told = []
    for level in range(width):
        totals: Counter[str] = Counter()
        for path, n in paths.items():
            totals[path[level]] += n
        events = sorted((e for e in totals if not e.startswith("(")), key=lambda e: (e != until, -totals[e], e))
        told.append(set(events[:names]))
    found: Counter[tuple[int, str, str]] = Counter()
    for path, n in paths.items():
        shown = [e if e.startswith("(") or e in told[k] else "(other)" for k, e in enumerate(path)]
        for level in range(1, width):
            found[level, shown[level - 1], shown[level]] += n
    return found


def ways(paths: Counter[tuple[str, ...]], back: bool) -> Counter[str]:
    """Count whole paths as they are written: in order of time, the end said once."""
    found: Counter[str] = Counter()
    for path, n in paths.items():
        events = [e for e in path if not e.startswith("(")]
        events += [e for e in path if e in ("(ended)", "(began)")][:1]
        found[" → ".join(events[::-1] if back else events)] += n
    return found


questions = st.builds(
    dict,
    start=st.sampled_from([None, "a", "a", "b", "c"]),
    direction=st.sampled_from(["after", "after", "before"]),
    until=st.sampled_from([None, None, "d", "a"]),
    depth=st.integers(1, 5),
    collapse=st.booleans(),
    include=st.sampled_from([(), (), ("a", "b"), ("c",)]),
    exclude=st.sampled_from([(), (), ("b",), ("c", "d")]),
    window=st.sampled_from(["1m", "3m", "5m", "1h", "3d"]),
    session=st.booleans(),
    count=st.sampled_from(["users", "occurrences"]),
    names=st.sampled_from([1, 2, 8]),
    where=st.sampled_from([None, None, Filter(start="2026-11-11"), Filter(end="2026-11-11"), 
                           Filter(start="2026-11-11", end="2026-11-11")]),
)  # fmt: skip


@settings(max_examples=cases(300))
@given(fields=questions, seed=st.integers(0, 2**32))
@pytest.mark.long
def test_every_table_over_many_logs(fields: dict, seed: int) -> None:
    if fields["start"] is None:
        fields |= {"direction": "after"}
    asked, rng = Paths(**fields), random.Random(seed)
    logs = {f"u{i:02d}": _log(rng) for i in range(30)}
    every = [(user, row) for user, log in logs.items() for row in log]
    rng.shuffle(every)
    expected = twin(logs, asked)
    tables = Tables(events=frame(every))
    if not expected:
        with pytest.raises(DataError):
            asked.run(tables)
        return
    answer, n = asked.run(tables), sum(expected.values())
    table = answer.table
    assert dict(links(expected, asked.names, asked.until)) == {
        (row.level, row[2], row.to): row.count for row in table[["level", "from", "to", "count"]].itertuples()
    }
    assert (table.groupby("level")["count"].sum() == n).all()
    assert (table["n"] == n).all()
    paths = answer.frame("paths")
    told, written = paths[paths["path"] != "(other)"], ways(expected, asked.direction == "before")
    assert paths["count"].sum() == n
    assert {row.path: row.count for row in told[["path", "count"]].itertuples()}.items() <= written.items()
    assert list(told["count"]) == sorted(written.values(), reverse=True)[: len(told)]
    assert len(told) == min(len(written), 20)


def _log(rng: random.Random) -> list[Row]:
    """Return up to ten events around a midnight: many at one moment, repeats, sessions that interleave, gaps."""
    times = rng.choice((3, 6, 12))
    return [
        Row((rng.randrange(times) - 2) * MINUTE + rng.choice((0, 0, 0, 86_400)), rng.choice(EVENTS),
            rng.choice((None, "s2", "s1")))
        for _ in range(rng.randint(1, 10))
    ]  # fmt: skip


def frame(every: Sequence[tuple[str, Row]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "user_id": [user for user, _ in every],
            "timestamp": [EPOCH + dt.timedelta(seconds=row.time) for _, row in every],
            "event": [row.event for _, row in every],
            "session_id": [row.session for _, row in every],
        }
    )
