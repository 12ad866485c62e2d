"""Paths out of a funnel: as many as the funnel counts, and what a walk by hand finds on them."""

from __future__ import annotations

import datetime as dt
import pickle
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis import Campaign, Exclusion, Filter, Funnel, FunnelPaths, Phase, Step, Tables
from analysis.charts import Look
from analysis.errors import DataError, QuestionError
from analysis.journey.funnel.chains import chains
from analysis.journey.funnel.kernel import NO_TIME
from analysis.journey.paths import of_funnel as funnel_paths
from analysis.store import walk as sequences
from analysis.values import seconds

EPOCH = dt.datetime(2026, 11, 11)
BASE = int((EPOCH - dt.datetime(1970, 1, 1)).total_seconds())
DAY = 86_400
EVENTS = ("c", "a", "x", "b")  # not in order of name: keys must not decide ties
CAMPAIGN = Campaign(
    name="c", start="2026-11-09", end="2026-11-13", zone="UTC",
    phases=(Phase(name="early", start="2026-11-09", end="2026-11-10"), Phase(name="late", start="2026-11-11",
                                                                             end="2026-11-12")),
)  # fmt: skip
Row = tuple[int, str, str | None, str | None]
"""Seconds since the epoch, the event, its device, its session."""


# ---- drawing ----------------------------------------------------------------------------------------------

WEB = {"device": "web"}
STEPS: tuple[tuple[str | Step, ...], ...] = (
    ("a", "b"), ("a", "a"), ("a", "b", "c"), ("a", "b", "a", "b"), ("a", Step("b", optional=True), "c"),
    ("a", Step("b", optional=True), Step("c", optional=True), "a"), ("a", "c", Step("b", optional=True), "a"),
    ("a", Step(("b", "c"))), (Step("a", where=WEB), "b", "c"), (Step(("a", "b")), "b", "c"),
)  # fmt: skip


def funnel(rng: random.Random) -> Funnel:
    """Draw a funnel with options; those that do not go together are drawn again."""
    while True:
        steps = rng.choice(STEPS)
        rules: dict[str, Any] = {
            "window": rng.choice(("10m", "30m", "2h", "10h", "2h", "session")),
            "order": rng.choice(("ordered", "ordered", "strict", "any")),
            "entry": rng.choice(("every", "first")),
            "exclusions": rng.choice(((), (), ("x",), (Exclusion("x", after=1, before=2),), ("c",))),
            "hold": rng.choice((None, None, None, "device")),
            "dates": rng.choice(("entry", "entry", "conversion")),
            "profile": rng.choice((None, None, None, "clickhouse", "posthog", "mixpanel")),
            "observed_until": rng.choice((None, None, EPOCH + dt.timedelta(minutes=rng.choice((-10, 20))))),
            "breakdown": rng.choice((None, "device", "phase")),
            "breakdown_at": rng.choice(("first", "last", 1, 2)),
        }
        start, end = rng.choice(((None, None), (None, None), (0, None), (None, 0), (-1, 0), (0, 0)))
        where = Filter(start=_day(start), end=_day(end)) if (start, end) != (None, None) else None
        try:
            return Funnel(steps=steps, where=where, **rules)
        except QuestionError:
            continue


def _day(offset: int | None) -> dt.date | None:
    return None if offset is None else (EPOCH + dt.timedelta(days=offset)).date()


def some_log(rng: random.Random) -> list[Row]:
    """Draw up to nine events around two midnights: many at one moment, repeats, sessions that interleave."""
    ticks = rng.choice((4, 8, 16))
    return [
        (
            divmod(tick := rng.randrange(ticks), 8)[0] * DAY + (tick % 8 - 4) * 600,
            rng.choice(EVENTS), rng.choice((None, "ios", "web", "web")), rng.choice((None, "s", "t")),
        )
        for _ in range(rng.randint(1, 9))
    ]  # fmt: skip


def drawn(rng: random.Random, users: int) -> tuple[list[list[Row]], Tables]:
    logs = [some_log(rng) for _ in range(users)]
    # Every event, column and day is there, so that none is refused for missing.
    logs.append([(k * 600 - DAY, event, "web", "s") for k, event in enumerate(EVENTS)])
    rows = [(f"u{u:03d}", *row) for u, log in enumerate(logs) for row in log]
    rng.shuffle(rows)
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "device", "session_id"])
    frame["timestamp"] = [EPOCH + dt.timedelta(seconds=s) for s in frame["timestamp"]]
    frame = frame if rng.random() < 0.5 else frame.drop(columns="session_id")
    return logs, Tables(events=frame, campaign=CAMPAIGN)


def asked_of(asked: Funnel) -> Iterator[FunnelPaths]:
    """Yield each step in each direction that can be asked."""
    for step in range(1, len(asked.steps) + 1):
        for direction in ("after", "before"):
            try:
                yield FunnelPaths(funnel=asked, step=step, direction=direction)
            except QuestionError:
                assert direction == "after"
                own = asked.steps[step - 1]
                assert step == len(asked.steps) or (isinstance(own, Step) and own.optional)


def counted(asked: FunnelPaths, tables: Tables) -> int:
    """Return how many paths there are, at every level alike."""
    try:
        answer = asked.run(tables)
    except DataError as error:
        assert error.code == "empty"
        return 0
    totals = set(answer.table.groupby("level")["count"].sum()) | set(answer.table["n"])
    assert totals == {answer.frame("paths")["count"].sum()}
    return int(totals.pop())


# ---- as many as the funnel counts -------------------------------------------------------------------------


@settings(max_examples=cases(60))
@given(seed=st.integers(0, 2**32))
@pytest.mark.long
def test_there_are_as_many_paths_as_the_funnel_counts(seed: int) -> None:
    rng = random.Random(seed)
    _, tables = drawn(rng, 40)
    asked = funnel(rng)
    try:
        whole = asked.run(tables).table
    except DataError:
        assert not any(counted(paths, tables) for paths in asked_of(asked))
        return
    groups = [None, *whole["breakdown"].unique()[1:]] if asked.breakdown else [None]
    for group in groups:
        table = whole[whole["breakdown"] == (group or "(total)")].set_index("step")
        for paths in asked_of(asked):
            dropped = table["dropped"].loc[paths.step + 1 :].dropna()
            expected = table["users"][paths.step] if paths.back else dropped.iloc[0]
            assert counted(paths.replace(group=group), tables) == expected, paths.replace(group=group)


# ---- what lies along them ---------------------------------------------------------------------------------


def twin(log: Sequence[Row], moment: int, first: int, asked: FunnelPaths, until: int) -> tuple[str, ...]:
    """Follow one user by hand from the moment of their step."""
    window = seconds(asked.funnel.window)
    own = sorted((time, event) for time, event, *_ in log if time <= until)
    kept = [row for row in own if not asked.include or row[1] in (*asked.include, asked.until)]
    if asked.back:
        ahead = [event for time, event in reversed(kept) if moment - window <= time < moment]
    else:
        ahead = [event for time, event in kept if moment < time <= first + window]
    path = [asked.origin]
    for event in ahead:
        if len(path) > asked.depth or (len(path) > 1 and path[-1] == asked.until):
            break
        if not (asked.collapse and event == path[-1]):
            path.append(event)
    stopped = len(path) > asked.depth or (len(path) > 1 and path[-1] == asked.until)
    path += [] if stopped else ["(began)" if asked.back else "(ended)"]
    return tuple(reversed(path)) if asked.back else tuple(path)


@settings(max_examples=cases(60))
@given(
    seed=st.integers(0, 2**32),
    depth=st.integers(1, 4),
    collapse=st.booleans(),
    until=st.sampled_from([None, None, "c", "a"]),
    include=st.sampled_from([(), (), ("b", "x")]),
)
@pytest.mark.long
def test_every_path_against_a_walk_by_hand(
    seed: int, depth: int, collapse: bool, until: str | None, include: tuple[str, ...]
) -> None:
    rng = random.Random(seed)
    logs, tables = drawn(rng, 40)
    asked = funnel(rng)
    if asked.window == "session":
        asked = asked.replace(window="40m")
    found, end = chains(asked, tables), _end(asked, logs)
    for paths in asked_of(asked):
        paths = paths.replace(depth=depth, collapse=collapse, until=until, include=include, names=20)
        expected: Counter[str] = Counter()
        for u in range(len(found)):
            level, times = int(found.level[u]), found.time[u]
            mandatory = next(
                (k for k, s in enumerate(asked.steps) if k >= paths.step and not (isinstance(s, Step) and s.optional)),
                len(asked.steps),
            )
            dropped = paths.step <= level <= mandatory and not found.still_open[u]
            if not (times[paths.step - 1] != NO_TIME if paths.back else dropped):
                continue
            moment, first = (int(t) // 1_000_000 - BASE for t in (times[(paths.step if paths.back else level) - 1],
                                                                  times[0]))  # fmt: skip
            expected[" → ".join(twin(logs[found.user[u]], moment, first, paths, end))] += 1
        if not expected:
            assert not counted(paths, tables)
            continue
        told = paths.run(tables).frame("paths")
        told = told[told["path"] != "(other)"]
        assert dict(zip(told["path"], told["count"], strict=True)).items() <= expected.items()
        assert list(told["count"]) == sorted(expected.values(), reverse=True)[:20]


def _end(asked: Funnel, logs: Sequence[Sequence[Row]]) -> int:
    """Return the last moment the funnel looks at, in seconds."""
    end = max(time for log in logs for time, *_ in log)
    if asked.observed_until:
        end = min(end, int((dt.datetime.fromisoformat(asked.observed_until) - EPOCH).total_seconds()))
    effective = asked.effective
    if effective.dates == "conversion" and asked.where and asked.where.end:
        last = dt.datetime.fromisoformat(asked.where.end) + dt.timedelta(days=1)
        end = min(end, int((last - EPOCH).total_seconds()) - 1)
    return end


def log(*rows: tuple[str, str, str], **columns: Any) -> Tables:
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]).assign(**columns)
    return Tables(events=frame.assign(timestamp=pd.to_datetime("2026-11-11 " + frame["timestamp"])), campaign=CAMPAIGN)


def ways(tables: Tables, **asked: Any) -> dict[str, int]:
    paths = FunnelPaths(**asked).run(tables).frame("paths")
    return dict(zip(paths["path"], paths["count"], strict=True))


VISITS = (
    ("u1", "01:00", "x"), ("u1", "01:10", "a"), ("u1", "01:15", "c"), ("u1", "01:20", "x"), ("u1", "01:55", "c"),
    ("u2", "20:00", "x"), ("u2", "20:00", "b"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("sessions", "after", "before"),
    [
        (None, "a → c → x → (ended)", "(began) → x → a → c"),  # a pause of 35 minutes
        (["s", "t", "t", "s", "t", "s", "s"], "a → c → c → (ended)", "(began) → a → c"),
        ([None, "t", "t", None, "t", "s", "s"], "a → c → c → (ended)", "(began) → a → c"),
        (["s", None, None, None, "s", "s", "s"], "a → c → x → (ended)", "(began) → a → c"),
    ],
)
def test_a_window_of_one_session_keeps_paths_in_it(sessions: Any, after: str, before: str) -> None:
    tables = log(*VISITS, **({"session_id": sessions} if sessions else {}))
    out, in_ = Funnel(steps=("a", "b"), window="session"), Funnel(steps=("a", "c"), window="session")
    assert ways(tables, funnel=out, collapse=False) == {after: 1}
    assert ways(tables, funnel=in_, step=2, direction="before") == {before: 1}


def test_events_of_the_steps_own_moment_are_neither_before_nor_after() -> None:
    tables = log(("u1", "01:00", "x"), ("u1", "02:00", "a"), ("u1", "02:00", "x"), ("u1", "03:00", "c"),
                 ("u2", "09:00", "b"))  # fmt: skip
    asked = Funnel(steps=("a", "b"), window="2h")
    assert ways(tables, funnel=asked) == {"a → c → (ended)": 1}
    assert ways(tables, funnel=asked, direction="before") == {"(began) → x → a": 1}


def test_starts_are_kept_to_a_phase_of_the_campaign(sample: Tables) -> None:
    asked = Funnel(steps=("view", "cart", "purchase"), breakdown="phase")
    table = asked.run(sample).table.set_index(["breakdown", "step"])
    phases = [name for name in ("warm-up", "burst", "encore") if name in sample.names("phase")]
    assert len(phases) > 1
    for phase in phases:
        assert counted(FunnelPaths(funnel=asked, group=phase), sample) == table.loc[(phase, 2), "dropped"]


def test_the_answer_is_the_same_over_any_chunks_and_where_it_is_sent(
    sample: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = FunnelPaths(funnel=Funnel(steps=("view", "cart", "purchase"), window="2d"), step=2)
    whole = asked.run(sample)
    trace = funnel_paths._trace

    def sent(chunk: sequences.Chunk, rules: Any) -> Any:
        return trace(chunk, pickle.loads(pickle.dumps(rules)))

    monkeypatch.setattr(funnel_paths, "_trace", sent)
    monkeypatch.setattr(sequences, "BATCH", 20_000)
    pieces = asked.run(sample)
    for name in whole.frames:
        pd.testing.assert_frame_equal(whole.frame(name), pieces.frame(name))


# ---- in words and in a picture ----------------------------------------------------------------------------

STEP = Step(("b", "c"))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"funnel": Funnel(steps=("a", "b"))},
         "Of 1 user who dropped after a, 100% did \"c\" next within 1 hour; for 0% it was the last event."),
        ({"funnel": Funnel(steps=("a", STEP)), "step": 2, "direction": "before"},
         "Of 1 user who reached b/c, 100% came from a within 1 hour; for 0% it was the first event."),
        ({"funnel": Funnel(steps=("a", "b"), order="any", breakdown="phase"), "group": "late"},
         "Of 2 users who dropped after 1 of the 2 steps (late), 50.0% did \"c\" next within 1 hour; for 50.0% it was "
         "the last event."),
        ({"funnel": Funnel(steps=("a", "c"), order="any"), "step": 2, "direction": "before"},
         "Of 1 user who took 2 of the 2 steps, 100% came from a within 1 hour; for 0% it was the first event."),
    ],
    ids=repr,
)  # fmt: skip
def test_headline(asked: dict[str, Any], said: str) -> None:
    asked["funnel"] = asked["funnel"].replace(window="1h")
    tables = log(*VISITS, ("u3", "22:00", "x"))
    answer = FunnelPaths(**asked).run(tables)
    assert answer.headline.text() == said
    for look in (Look(), Look("zh_CN", dark=True)):
        drawn = [row for rows in answer.chart(look).to_dict()["datasets"].values() for row in rows]
        assert {row["node"] for row in drawn if "node" in row and row["x"] == 0} == {FunnelPaths(**asked).origin}


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"step": 3}, "no step 3; there are 2"),
        ({"step": 2}, "Nobody drops after the last step"),
        ({"group": "late"}, "choose a breakdown"),
        ({"funnel": Funnel(steps=("a", Step("b", optional=True), "c")), "step": 2}, "Step 2 may be skipped"),
        ({"depth": 11}, "10 or less"),
    ],
    ids=repr,
)
def test_questions_that_make_no_sense_are_refused(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(QuestionError, match=says):
        FunnelPaths(**{"funnel": Funnel(steps=("a", "b")), **asked})


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"funnel": Funnel(steps=("a", "bb"))}, "no event 'bb'"),
        ({"until": "bb"}, "no event 'bb'"),
        ({"funnel": Funnel(steps=("a", "b"), breakdown="phase"), "group": "lat"}, "no group 'lat'. Did you mean late"),
        ({"funnel": Funnel(steps=("a", "c"))}, "Nobody dropped after a: all went on, or still have time"),
        ({"step": 2, "direction": "before"}, "Nobody reached b under these filters"),
    ],
    ids=repr,
)
def test_what_the_data_lacks_is_said(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        FunnelPaths(**{"funnel": Funnel(steps=("a", "b")), **asked}).run(log(*VISITS))
