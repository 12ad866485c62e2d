"""The funnel against a twin that enumerates every chain of distinct events, over many thousands of small logs.

The twin knows nothing of the kernels' one pass: it lists the chains, then reads the rules off the list.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist, median
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis import DropOffs, FunnelMoney
from analysis.errors import DataError
from analysis.journey.funnel.chains import chains
from analysis.journey.funnel.kernel import NO_TIME
from analysis.journey.funnel.question import Funnel
from analysis.journey.steps import Exclusion, Step, as_step
from analysis.store.walk import Columns
from analysis.tables import Tables
from analysis.values import Filter, seconds

EPOCH = dt.datetime(2026, 11, 11)
FAR = 10**15
EVENTS, CHANNELS, DEVICES, ITEMS = ("a", "b", "c", "x"), ("g", "h"), ("ios", "web"), ("p", "q")


@dataclass(frozen=True)
class Row:
    """One event; a column is None where it is not set. Seconds since the epoch."""

    time: int
    event: str
    channel: str | None = None
    device: str | None = None
    item: str | None = None
    session_id: str | None = None
    closes: int = 0
    """When its session does, 30 minutes after the session's last event."""

    def serves(self, part: Step | Exclusion) -> bool:
        return self.event in part.events and all(getattr(self, column) in kept for column, kept in part.where)


@dataclass(frozen=True)
class Asked:
    """A funnel's rules as the twin takes them."""

    funnel: Funnel
    until: int
    enter_from: int = -FAR
    enter_until: int = FAR

    @property
    def steps(self) -> list[Step]:
        return [as_step(step) for step in self.funnel.steps]

    @property
    def before(self) -> int:
        return self.enter_until if self.funnel.dates == "conversion" else FAR

    def deadline(self, first: Row) -> int:
        """Until when a chain that starts there has time."""
        return first.closes if self.funnel.window == "session" else first.time + seconds(self.funnel.window)


@dataclass(frozen=True)
class Chain:
    """Steps and the events that serve them, as positions in a log."""

    log: tuple[Row, ...]
    steps: tuple[int, ...]
    rows: tuple[int, ...]

    @property
    def first(self) -> Row:
        return self.log[self.rows[0]]

    @property
    def times(self) -> list[int]:
        return [self.log[r].time for r in self.rows]

    @property
    def depth(self) -> int:
        return self.steps[-1] + 1


@dataclass(frozen=True)
class Found:
    """What the rules say of one user who entered; times and devices by step, None where it was not taken.

    `arrivals` are the devices at the events that first took the user as far as each step, `when` is when these were.
    """

    level: int
    still_open: bool
    group: str | None
    times: tuple[int | None, ...]
    devices: tuple[str | None, ...] = field(default=())
    arrivals: tuple[str | None, ...] = field(default=())
    when: tuple[int | None, ...] = field(default=(), compare=False)


# ---- the twin ---------------------------------------------------------------------------------------------


def twin(log: Sequence[Row], asked: Asked) -> Found | None:
    """Say what the rules say of one user; None if they never entered."""
    logs = [tuple(part) for part in _apart(sorted(log, key=lambda row: row.time), asked.funnel)]
    ever = replace(asked, enter_from=-FAR, enter_until=FAR) if asked.funnel.entry == "first_ever" else asked
    first = min((t for part in logs for t in _entries(part, ever)), default=None)
    starts = [[t for t in _entries(part, asked) if asked.funnel.entry == "every" or t == first] for part in logs]
    kinds = in_any_order if asked.funnel.order == "any" else in_order
    listed = [one for part, own in zip(logs, starts, strict=True) for one in kinds(part, asked, set(own))]
    if not listed:
        return None
    level = max(chain.depth for chain, _ in listed)
    deepest = [(chain, alive) for chain, alive in listed if chain.depth == level]
    ends = [min(asked.deadline(c.first), asked.before - 1e-6) for c, alive in deepest if alive]
    chosen = min((chain for chain, _ in deepest), key=lambda chain: _preference(chain, asked))
    times: list[int | None] = [None] * len(asked.steps)
    devices: list[str | None] = [None] * len(asked.steps)
    for step, row in zip(chosen.steps, chosen.rows, strict=True):
        times[step], devices[step] = chosen.log[row].time, chosen.log[row].device
    arrivals = [_arrival([chain for chain, _ in listed], k, asked) for k in range(len(asked.steps))]
    at = {"first": 0, "last": level - 1}.get(str(asked.funnel.breakdown_at), 0)
    at = at if isinstance(asked.funnel.breakdown_at, str) else asked.funnel.breakdown_at - 1
    own = arrivals[at]
    still_open = level < len(asked.steps) and any(end > asked.until for end in ends)
    group = own.channel if own else None
    came = tuple(row.device if row else None for row in arrivals)
    when = tuple(_when([chain for chain, _ in listed], k, asked) for k in range(len(asked.steps)))
    return Found(level, still_open, group, tuple(times), tuple(devices), came, when)


def _when(listed: Sequence[Chain], k: int, asked: Asked) -> int | None:
    """Return when a user first got as far as step k, by whatever chain, skipped or not."""
    at = k if asked.funnel.order == "any" else -1
    return min((chain.times[at] for chain in listed if chain.depth > k), default=None)


def _arrival(listed: Sequence[Chain], k: int, asked: Asked) -> Row | None:
    """Return the event that first took a user as far as step k, by whatever chain, of the logs they may not leave.

    Of several the one that sorts first; none where that step was skipped.
    """
    logs = {id(chain.log): [c for c in listed if c.log is chain.log] for chain in listed}
    found = [row for own in logs.values() if (row := _arrival_in(own, k, asked))]
    return min(found, key=lambda row: (row.time, _order(row, asked)), default=None)


def _arrival_in(listed: Sequence[Chain], k: int, asked: Asked) -> Row | None:
    if asked.funnel.order == "any":  # of the chains that are first there, the one that started first
        there = [chain for chain in listed if len(chain.rows) > k]
        own = min(there, key=lambda c: (c.times[k], c.first.time, _order(c.log[c.rows[k]], asked)), default=None)
        return own.log[own.rows[k]] if own else None
    there = [chain for chain in listed if chain.depth > k]
    first = min((chain.times[-1] for chain in there), default=None)
    serving = [row for row in there[0].log if row.time == first and row.serves(asked.steps[k])] if there else []
    return min(serving, key=lambda row: _order(row, asked), default=None)


def _apart(log: Sequence[Row], funnel: Funnel) -> Iterator[list[Row]]:
    """Split a user's log where a chain may not pass: at sessions, and by what is held constant."""
    sessions: dict[Any, list[Row]] = {}
    stretch = 0
    for before, row in zip([None, *log], log, strict=False):
        stretch += before is not None and row.time - before.time > 1800
        sessions.setdefault((row.session_id or stretch) if funnel.window == "session" else None, []).append(row)
    parts: dict[Any, list[Row]] = {}
    for visit, rows in sessions.items():
        for row in rows:
            held = getattr(row, funnel.hold) if funnel.hold else ""
            if held is not None:
                parts.setdefault((visit, held), []).append(replace(row, closes=rows[-1].time + 1800))
    yield from parts.values()


def _entries(log: Sequence[Row], asked: Asked) -> Iterator[int]:
    """Yield the moments at which a chain may start."""
    openers = asked.steps if asked.funnel.order == "any" else asked.steps[:1]
    for row in log:
        if asked.enter_from <= row.time < asked.enter_until and any(row.serves(step) for step in openers):
            yield row.time


def in_order(log: tuple[Row, ...], asked: Asked, starts: set[int]) -> Iterator[tuple[Chain, bool]]:
    """Yield every chain with whether it may still go on."""
    steps = asked.steps
    stack = [Chain(log, (0,), (i,)) for i, row in enumerate(log) if row.time in starts and row.serves(steps[0])]
    while stack:
        chain = stack.pop()
        if not _allowed(chain, asked, over=False):
            continue  # what comes between two steps stays between them however the chain goes on
        yield chain, _allowed(chain, asked, over=True)
        last, nearest = chain.times[-1], chain.steps[-1] + 1
        for k in range(nearest, len(steps)):
            for i, row in enumerate(log):
                fits = row.serves(steps[k]) and last <= row.time <= asked.deadline(chain.first)
                if fits and i not in chain.rows:
                    stack.append(Chain(log, (*chain.steps, k), (*chain.rows, i)))
            if not steps[k].optional:
                break


def _allowed(chain: Chain, asked: Asked, *, over: bool) -> bool:
    """Say whether nothing came between a chain's steps that may not; `over`: nor after its last one."""
    return not any(_excluded(chain, one, asked, over=over) for one in asked.funnel.exclusions) and (
        asked.funnel.order != "strict" or all(_in_place(chain, i, asked, over=over) for i in range(len(chain.log)))
    )


def _excluded(chain: Chain, one: Exclusion, asked: Asked, *, over: bool) -> bool:
    before = (one.before or len(asked.steps)) - 1
    opened = [t for step, t in zip(chain.steps, chain.times, strict=True) if step >= one.after - 1]
    closed = [t for step, t in zip(chain.steps, chain.times, strict=True) if step >= before]
    if not opened:
        return False
    end = closed[0] if closed else FAR if over else chain.times[-1]
    return any(row.serves(Step(one.events, where=one.where)) and opened[0] < row.time < end for row in chain.log)


def _in_place(chain: Chain, i: int, asked: Asked, *, over: bool) -> bool:
    """Say whether an event that is not the chain's own can be put where it does no harm."""
    row, times = chain.log[i], chain.times
    if i in chain.rows or row.time < times[0]:
        return True
    places = range(len(chain.steps))  # repeating which of the chain's steps would put it where?
    here = [p for p in places if times[p] == row.time]
    earlier = [p for p in places if times[p] < row.time]
    if here and here[0] == 0:
        return True
    if ((here and here[-1] == places[-1]) or (not here and earlier[-1] == places[-1])) and not over:
        return True
    repeated = [*earlier[-1:], *here]
    return any(row.serves(asked.steps[chain.steps[p]]) for p in repeated)


def in_any_order(log: tuple[Row, ...], asked: Asked, starts: set[int]) -> Iterator[tuple[Chain, bool]]:
    """Yield for each start the events that each let one more step be served, in time."""
    excluded = [Step(one.events, where=one.where) for one in asked.funnel.exclusions]
    for start in sorted(starts):
        deadline = asked.deadline(next(row for row in log if row.time == start))
        ending = [row.time for row in log if row.time > start and any(row.serves(one) for one in excluded)]
        until = min(deadline, min(ending, default=FAR))
        inside = sorted(
            (i for i, row in enumerate(log) if start <= row.time <= until),
            key=lambda i: (log[i].time, _order(log[i], asked)),
        )
        added: list[int] = []
        for i in inside:
            if _served([log[j] for j in (*added, i)], asked.steps):
                added.append(i)
        yield Chain(log, tuple(range(len(added))), tuple(added)), min(ending, default=FAR) > deadline


def _served(rows: Sequence[Row], steps: Sequence[Step]) -> bool:
    """Say whether each row can serve a step of its own."""
    return any(
        all(row.serves(step) for row, step in zip(rows, some, strict=True))
        for some in itertools.permutations(steps, len(rows))
    )


def _preference(chain: Chain, asked: Asked) -> Any:
    """Sort the chains of one depth: first there, latest start, each step taken and early from the end, then order."""
    by_step = dict(zip(chain.steps, chain.times, strict=True))
    backwards = [by_step.get(step, FAR) for step in range(chain.depth - 1, -1, -1)]
    rows = [chain.log[r] for r in chain.rows]
    return chain.times[-1], -chain.times[0], backwards, [_order(row, asked) for row in rows]


def _order(row: Row, asked: Asked) -> Any:
    group = (row.channel is None, row.channel or "") if asked.funnel.breakdown else ()
    place = len(DEVICES) if row.device is None else DEVICES.index(row.device)
    return group, row.event, place, row.channel is None, row.channel or ""


# ---- every option, one user at a time ---------------------------------------------------------------------

STEPS: list[tuple[Any, ...]] = [
    ("a", "b"), ("a", "a"), ("a", "b", "a"), ("a", "a", "b"), ("a", "b", "b"), ("a", "b", "c"), ("a", "b", "a", "b"),
    ("a", "a", "a"), ("c", "b", "a", "c"), ("a", "b", "c", "b"),
]  # fmt: skip
WEB = {"device": "web"}
SPECIAL: list[tuple[Any, ...]] = [
    (Step("a", where=WEB), "b"), ("a", Step("a", where=WEB), "a"), (Step(("a", "b")), "b", "c"),
    ("a", Step(("b", "c"))), ("a", Step("b", optional=True), "c"),
    ("a", Step("b", optional=True), Step("c", optional=True), "a"),
    ("a", Step(("b", "c"), optional=True), "b"),
    (Step(("a", "b"), where=WEB), Step("a", optional=True), Step(("a", "c"))),
    ("a", Step("a", optional=True), "a"), ("a", Step("b", optional=True, where=WEB), "b", "c"),
]  # fmt: skip
EXCLUSIONS: list[tuple[Any, ...]] = [
    (), ("x",), (Exclusion("x", after=1, before=2),), (Exclusion("x", after=2),),
    ("x", Exclusion("c", after=1, before=2)), (Exclusion(("x", "c"), where=WEB),), ("b",), ("a",),
]  # fmt: skip


def options(rng: random.Random) -> dict[str, Any]:
    """Draw a funnel's options, most of them left alone."""

    def seldom(*others: Any, usual: Any) -> Any:
        return rng.choice(others) if rng.random() < 0.3 else usual

    drawn = {
        "steps": rng.choice(rng.choice((STEPS, SPECIAL))),
        "window": seldom("session", usual=rng.choice(("10m", "30m", "50m", "10h"))),
        "order": seldom("strict", "any", usual="ordered"),
        "entry": rng.choice(("every", "every", "first", "first", "first_ever")),
        "exclusions": rng.choice(EXCLUSIONS) if rng.random() < 0.5 else (),
        "hold": seldom("item", usual=None),
        "breakdown": rng.choice((None, "channel")),
        "dates": rng.choice(("entry", "conversion")),
    }
    drawn["breakdown_at"] = rng.choice(("first", "last", 1, 2))
    if len(drawn["steps"]) == 2:
        drawn["exclusions"] = tuple(e for e in drawn["exclusions"] if not isinstance(e, Exclusion) or e.after == 1)
    if drawn["order"] == "any":
        drawn["steps"] = tuple(s if isinstance(s, str) else s.replace(optional=False) for s in drawn["steps"])
        drawn["exclusions"] = tuple(e for e in drawn["exclusions"] if isinstance(e, str))
    return drawn


def some_log(rng: random.Random, ticks: int) -> list[Row]:
    """Draw a log full of ties and repeats, of ten-minute ticks around two midnights."""
    return [
        Row(
            _clock(rng.randrange(ticks)), rng.choice(EVENTS), rng.choice((None, *CHANNELS)),
            rng.choice((None, *DEVICES, "web")), rng.choice((None, *ITEMS, "p")), rng.choice((None, "s", "t")),
        )
        for _ in range(rng.randint(1, 7))
    ]  # fmt: skip


def _clock(tick: int) -> int:
    """Return seconds since the epoch of a tick: eight ten-minute ticks around each midnight."""
    day, minute = divmod(tick, 8)
    return day * 86_400 + (minute - 4) * 600


def _frame(logs: Sequence[Sequence[Row]], *, sessions: bool) -> pd.DataFrame:
    rows = [(f"u{u:03d}", row) for u, log in enumerate(logs) for row in log]
    frame = pd.DataFrame(
        {
            "user_id": [user for user, _ in rows],
            "timestamp": [EPOCH + dt.timedelta(seconds=row.time) for _, row in rows],
            "event": [row.event for _, row in rows],
            **{name: [getattr(row, name) for _, row in rows] for name in ("channel", "device", "item", "session_id")},
        }
    )
    return frame if sessions else frame.drop(columns="session_id")


def drawn_case(rng: random.Random, users: int) -> tuple[list[list[Row]], Tables, Asked]:
    """Draw logs, their tables, and a funnel asked of them."""
    logs = [some_log(rng, rng.choice((4, 8, 16))) for _ in range(users)]
    # Every event and column is there, so that none is refused for missing.
    logs.append([Row(_clock(k), event, "g", "web", "p", "s") for k, event in enumerate(EVENTS)])
    sessions = rng.random() < 0.5
    if not sessions:
        logs = [[replace(row, session_id=None) for row in log] for log in logs]
    last = max(row.time for log in logs for row in log)
    cut = rng.choice((None, None, _clock(3), _clock(9)))
    days = rng.choice(((None, None), (None, None), (0, None), (None, 0), (-1, 0), (0, 0)))
    where = Filter(start=_day(days[0]), end=_day(days[1]))
    funnel = Funnel(
        **options(rng),
        observed_until=None if cut is None else EPOCH + dt.timedelta(seconds=cut),
        where=None if where == Filter() else where,
    )
    asked = Asked(
        funnel,
        last if cut is None else cut,
        -FAR if days[0] is None else days[0] * 86_400,
        FAR if days[1] is None else (days[1] + 1) * 86_400,
    )
    return logs, Tables(events=_frame(logs, sessions=sessions)), asked


def _day(offset: int | None) -> dt.date | None:
    return None if offset is None else (EPOCH + dt.timedelta(days=offset)).date()


def seen(log: Sequence[Row], asked: Asked) -> list[Row]:
    """Return what the walk may see of a log: from the first day on, until observation or the last day ends."""
    since = -FAR if asked.funnel.entry == "first_ever" else asked.enter_from
    return [row for row in log if since <= row.time <= asked.until and row.time < asked.before]


def from_chains(tables: Tables, asked: Asked) -> dict[int, Found]:
    """Return what the library found, by the store's user key."""
    found = chains(asked.funnel, tables, taken=Columns(texts=("device",)), reached=Columns(coded={"device": DEVICES}))
    taken = list(zip(*(own.to_pylist() for own in found.taken.texts["device"]), strict=True))
    base = int((EPOCH - dt.datetime(1970, 1, 1)).total_seconds())
    groups = (*found.groups[:-1], None)
    return {
        int(found.user[u]): Found(
            int(found.level[u]),
            bool(found.still_open[u]),
            groups[found.group[u]] if asked.funnel.breakdown else None,
            tuple(None if t == NO_TIME else int(t) // 1_000_000 - base for t in found.time[u]),
            taken[u],
            tuple(None if d < 0 else DEVICES[d] for d in found.reached.coded["device"][u]),
        )
        for u in range(len(found))
    }


def comparable(found: Found, asked: Asked) -> Found:
    """Leave out what the rules do not say: whose group without a breakdown, which of two sessions alike in time."""
    alike = asked.funnel.hold or asked.funnel.window == "session"
    return replace(found, group=found.group if asked.funnel.breakdown else None, devices=() if alike else found.devices)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.long
def test_every_combination_of_options_against_the_enumeration(seed: int) -> None:
    rng = random.Random(f"options {seed}")
    for _ in range(cases(24)):
        logs, tables, asked = drawn_case(rng, 40)
        expected = {u: comparable(one, asked) for u, log in enumerate(logs) if (one := twin(seen(log, asked), asked))}
        actual = {u: comparable(one, asked) for u, one in from_chains(tables, asked).items()}
        wrong = [
            (logs[u], actual.get(u), expected.get(u))
            for u in sorted({*actual, *expected})
            if actual.get(u) != expected.get(u)
        ]
        assert not wrong, f"{asked}: {len(wrong)} users differ, such as {min(wrong, key=lambda w: len(w[0]))}"


# ---- the whole answer -------------------------------------------------------------------------------------


def table(found: Sequence[Found], asked: Asked) -> list[dict[str, Any]]:
    """Lay out the answer's whole table from what the twin found."""
    rows = list(_rows("(total)", found, asked))
    for group in (*CHANNELS, None) if asked.funnel.breakdown else ():
        if own := [f for f in found if f.group == group]:
            rows += _rows("(not set)" if group is None else group, own, asked)
    return rows


def _rows(name: str, found: Sequence[Found], asked: Asked) -> Iterator[dict[str, Any]]:
    steps, nan = asked.steps, math.nan
    for k, step in enumerate(steps):
        before = max((p for p in range(k) if not steps[p].optional), default=0)
        came = [f for f in found if f.level > before or k == 0]
        users = [f for f in came if (f.times[k] is not None if step.optional else f.level > k)]
        stopped = [f for f in came if f.level <= k]
        waiting = sum(f.still_open for f in stopped)
        gaps = [f.times[k] - f.times[before] for f in users if k and not step.optional]
        over = [f for f in found if judged(f, asked)]
        settled, previous, entered = (sum(in_time(f, own, asked) for f in over) for own in (k, before, 0))
        low, high = wilson(settled, previous) if k else (nan, nan)
        start_low, start_high = wilson(settled, entered) if k else (nan, nan)
        uncounted = k == 0 or step.optional
        yield {
            "breakdown": name,
            "step": k + 1,
            "event": f"{k + 1} / {len(steps)}" if asked.funnel.order == "any" else step.name,
            "users": len(users),
            "settled": settled,
            "from_previous": settled / previous if k and previous else nan,
            "low": low,
            "high": high,
            "from_start": settled / entered if entered else nan,
            "start_low": start_low,
            "start_high": start_high,
            "later": sum(f in users for f in over) - settled,
            "dropped": nan if uncounted else len(stopped) - waiting,
            "still_open": nan if uncounted else waiting,
            "median_seconds_from_previous": median(gaps) if gaps else nan,
        }


def patience(asked: Asked) -> int:
    """How long everybody is given: a window; of a session, a day."""
    return 86_400 if asked.funnel.window == "session" else seconds(asked.funnel.window)


def judged(found: Found, asked: Asked) -> bool:
    """Whether a window has passed since the user first entered when what is known ends."""
    return found.when[0] + patience(asked) <= min(asked.until, asked.before - 1e-6)


def in_time(found: Found, k: int, asked: Asked) -> bool:
    """Whether the user got as far as step k (took it, if it may be skipped) within one window of first entering."""
    when = found.times[k] if asked.steps[k].optional else found.when[k]
    return when is not None and when <= found.when[0] + patience(asked)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the 95% score interval (Wilson 1927): the p at which (hits/n - p)^2 = z^2 p (1 - p) / n."""
    if not n:
        return math.nan, math.nan
    z, share = NormalDist().inv_cdf(0.975), hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


@settings(max_examples=cases(40))
@given(seed=st.integers(0, 2**32))
def test_whole_table_over_a_log_of_many_users(seed: int) -> None:
    logs, tables, asked = drawn_case(random.Random(seed), 60)
    found = [one for log in logs if (one := twin(seen(log, asked), asked))]
    if not found:
        with pytest.raises(DataError, match="Nobody took"):
            asked.funnel.run(tables)
        return
    whole = {"dropped": "Int64", "still_open": "Int64"}
    expected = pd.DataFrame(table(found, asked)).astype(whole)
    actual = asked.funnel.run(tables).table
    assert {c: str(actual[c].dtype) for c in whole} == whole
    pd.testing.assert_frame_equal(actual, expected, check_dtype=False, check_exact=False, rtol=1e-12, atol=1e-12)


def test_the_kernel_takes_a_funnel_of_twenty_steps_at_one_moment() -> None:
    """Eighteen steps of one event at one moment: only a matching tells, and it must not take forever."""
    rng = np.random.default_rng(1)
    steps = [Step(tuple(f"e{i}" for i in sorted({k, *rng.integers(0, 20, 3).tolist()}))) for k in range(20)]
    frame = pd.DataFrame({"user_id": "u", "timestamp": EPOCH, "event": [f"e{k}" for k in range(20)]})
    asked = Funnel(steps=steps)
    assert asked.run(Tables(events=frame)).table["users"].tolist() == [1] * 20
    # Without one of the events only 19 steps can be served; the last one is among the others' reach or not.
    other = frame["user_id"].where(frame["event"] != "e7", "v")
    assert max(chains(asked, Tables(events=frame.assign(user_id=other))).level) < 20


def test_an_exclusion_at_the_first_moment_starts_no_chain_in_any_order() -> None:
    """The first entry is in item q; that something excluded happened in p at the same moment enters nobody there."""
    rows = [("b", "p", 0), ("a", "q", 0), ("a", "p", 1), ("c", "p", 2)]
    frame = pd.DataFrame(rows, columns=["event", "item", "timestamp"]).assign(
        user_id="u", timestamp=lambda t: EPOCH + pd.to_timedelta(t["timestamp"], unit="h")
    )
    asked = Funnel(steps=("a", "c"), order="any", entry="first", hold="item", exclusions=("b",))
    assert asked.run(Tables(events=frame)).table["users"].tolist() == [1, 0]


# ---- the other questions about a funnel -------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.long
def test_money_and_drop_offs_count_whom_the_funnel_counts(seed: int) -> None:
    """Every option drawn; with everybody's window passed, all three have the same users at each step."""
    rng = random.Random(f"agree {seed}")
    compared = 0
    for _ in range(30):
        _, tables, asked = drawn_case(rng, 60)
        # By the first entry alone nobody has another attempt after their window, which drop-offs do not count.
        rules = {"observed_until": "2027-01-01", "breakdown": "channel", "breakdown_at": "first"}
        funnel = asked.funnel.replace(entry="first", dates="entry", **rules)
        try:
            whole = funnel.run(tables).table
        except DataError:
            continue
        events = tables.frame("events").collect().to_pandas().assign(value=1.0)
        money = FunnelMoney(funnel=funnel)
        if not whole[whole["breakdown"] == "(total)"]["users"].iloc[-1]:
            with pytest.raises(DataError, match="Nobody took all steps"):
                money.run(Tables(events=events))
            continue
        money = money.run(Tables(events=events))
        assert money.table[["breakdown", "event", "users"]].equals(whole[["breakdown", "event", "users"]])
        names = funnel.row_names
        if funnel.window == "session" or names.count(names[0]) > 1:  # a session may last for days here
            continue
        drops = DropOffs(funnel=funnel, by=("channel",), least=1).run(tables).table
        second = names[next(k for k in range(1, len(funnel.steps)) if not _optional(funnel.steps[k]))]
        for row in drops[(drops["after"] == names[0]) & (drops["event"] == second)].itertuples():
            own = whole[(whole["breakdown"] == row.group) & (whole["event"] == second)]
            assert row.share in set(own["from_previous"])  # a name may stand twice
            compared += 1
    assert compared > 10


def _optional(step: str | Step) -> bool:
    return isinstance(step, Step) and step.optional
