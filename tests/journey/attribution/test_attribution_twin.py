"""Attribution against a twin in plain Python, over thousands of small logs full of ties, repeats and gaps.

The twin writes every path and journey out as a list, then each model by its definition: Markov by taking a touch out
of the chain and solving for what is left in fractions, Shapley by averaging over all orders in which touches can come.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis.errors import DataError
from analysis.journey.attribution.question import MODELS, Attribution
from analysis.store import walk as sequences
from analysis.tables import Tables
from analysis.values import Filter, seconds

EPOCH = dt.datetime(2026, 11, 11)
HOUR = 3600
NONE = "(no touch)"


@dataclass(frozen=True)
class Row:
    """One event: seconds since the epoch, a name, a channel and a session (None: not set), a value, an order."""

    time: int
    event: str
    channel: str | None
    session: str | None = None
    value: float | None = None
    order: str | None = None


@dataclass(frozen=True)
class Path:
    """A journey: its touches as (time, channel), how many conversions ended it and what they brought."""

    touches: tuple[tuple[int, str], ...]
    conversions: int = 0
    worth: float = 0.0
    end: int = 0


@dataclass(frozen=True)
class Rules:
    asked: Attribution
    start: int
    end: int
    worth: dict[str, float]

    @property
    def window(self) -> int:
        return seconds(self.asked.window)


def each_once(logs: Sequence[Sequence[Row]], conversion: str) -> list[list[Row]]:
    """Leave of the conversions that name an order the first, with what all of them are worth; of a moment the last."""
    named = defaultdict[str, list[tuple[int, int, Row]]](list)
    for user, log in enumerate(logs):
        for row in log:
            if row.event == conversion and row.order:
                named[row.order].append((row.time, user, row))
    own = dict[str, tuple[int, Row]]()
    for order, rows in named.items():
        time, user, _ = min(rows, key=lambda r: r[:2])
        last = max((r for t, u, r in rows if (t, u) == (time, user)), key=_place)
        values = [r.value for _, _, r in rows if r.value is not None]
        own[order] = user, replace(last, value=sum(values) if values else None)
    rest = [[r for r in log if r.event != conversion or not r.order] for log in logs]
    return [[*log, *(row for user, row in own.values() if user == u)] for u, log in enumerate(rest)]


def _place(row: Row) -> tuple[Any, ...]:
    return row.time, row.event, row.channel or "", row.session is not None, row.session or ""


# ---- paths ------------------------------------------------------------------------------------------------


def paths(log: Sequence[Row], rules: Rules) -> list[Path]:
    """List a user's paths and the journeys that came to nothing, those that count."""
    asked = rules.asked
    # With dates, nothing is looked at that is further from them than the window.
    near_enough = [r for r in log if rules.start - rules.window <= r.time <= rules.end + rules.window]
    rows = sorted(near_enough, key=_place)
    touches = [r for r in rows if r.channel and (not asked.touches or r.event in asked.touches)]
    moments = sorted({r.time for r in rows if r.event == asked.conversion})
    found, led = [], set[int]()
    for place, now in enumerate(moments):
        since = moments[place - 1] if place and asked.paths == "since_last_conversion" else -math.inf
        own = [i for i, r in enumerate(touches) if now - rules.window <= r.time <= now and r.time > since]
        led |= set(own)
        if rules.start <= now < rules.end:
            ends = [r for r in rows if r.event == asked.conversion and r.time == now]
            once = _once([touches[i] for i in own], asked.repeats)
            found.append(Path(once, len(ends), sum(_worth(r, rules) for r in ends), now))
    rest = [i for i in range(len(touches)) if i not in led]
    journeys: list[list[int]] = []
    for i in rest:
        last = journeys[-1][-1] if journeys else None
        between = last is not None and any(touches[last].time < m <= touches[i].time for m in moments)
        near = last is not None and touches[i].time - touches[last].time <= rules.window
        if near and not between and i - 1 == last:
            journeys[-1].append(i)
        else:
            journeys.append([i])
    for own in journeys:
        if rules.start <= touches[own[-1]].time < rules.end:
            found.append(Path(_once([touches[i] for i in own], asked.repeats)))
    return found


def _once(touches: Sequence[Row], repeats: str) -> tuple[tuple[int, str], ...]:
    """Leave of touches that count once only the last."""
    kept: list[Row] = []
    for row in touches:
        before = kept[-1] if kept else None
        same = before is not None and before.channel == row.channel
        if repeats == "session":
            same = same and before.session is not None and before.session == row.session
        if same and repeats != "each":
            kept.pop()
        kept.append(row)
    return tuple((r.time, str(r.channel)) for r in kept)


def _worth(row: Row, rules: Rules) -> float:
    match rules.asked.value:
        case "conversions":
            return 1.0
        case "value":
            return row.value or 0.0
        case _:
            return rules.worth.get(row.order or "", 0.0)


# ---- models -----------------------------------------------------------------------------------------------


def credits(model: str, found: Sequence[Path], asked: Attribution) -> dict[str, float]:
    """Return each channel's credit under one model."""
    out: dict[str, float] = defaultdict(float)
    won = [p for p in found if p.conversions]
    for path in won:
        if not path.touches:
            out[NONE] += path.worth
    touched = [p for p in won if p.touches]
    journeys = [p for p in found if p.touches]
    if model == "markov":
        effects = removal([([c for _, c in p.touches], p.conversions) for p in journeys])
        whole = sum(effects.values())
        for channel, effect in effects.items():
            out[channel] += float(effect / whole) * sum(p.worth for p in touched) if whole else 0.0
    elif model == "shapley":
        for channel, amount in shapley(journeys).items():
            out[channel] += amount
    else:
        for path in touched:
            for channel, share in rule(model, path, asked):
                out[channel] += share * path.worth
    return out


def rule(model: str, path: Path, asked: Attribution) -> list[tuple[str, float]]:
    channels = [c for _, c in path.touches]
    n = len(channels)
    match model:
        case "first":
            return [(channels[0], 1.0)]
        case "last":
            return [(channels[-1], 1.0)]
        case "last_non_direct":
            return [(([c for c in channels if c != asked.direct] or channels)[-1], 1.0)]
        case "linear":
            return [(c, 1 / n) for c in channels]
        case "decay":
            weights = [Decimal(2) ** (Decimal(t - path.end) / seconds(asked.half_life)) for t, _ in path.touches]
            return [(c, float(w / sum(weights))) for c, w in zip(channels, weights, strict=True)]
        case _:
            if n == 1:
                return [(channels[0], 1.0)]
            edges = asked.first + asked.last
            if n == 2:
                both = (asked.first / edges, asked.last / edges) if edges else (0.5, 0.5)
                return list(zip(channels, both, strict=True))
            return [(channels[0], asked.first), *((c, (1 - edges) / (n - 2)) for c in channels[1:-1]),
                    (channels[-1], asked.last)]  # fmt: skip


def removal(journeys: Sequence[tuple[Sequence[str], int]]) -> dict[str, Fraction]:
    """Return each channel's removal effect: the chain without it, solved anew."""
    steps: dict[str, Counter[str]] = defaultdict(Counter)
    for channels, conversions in journeys:
        states = ["^", *channels, "won" if conversions else "lost"]
        for one, other in itertools.pairwise(states):
            steps[one][other] += conversions or 1
    whole = chance(steps, None)
    channels = [s for s in steps if s != "^"]
    return {c: 1 - chance(steps, c) / whole if whole else Fraction(0) for c in channels}


def chance(steps: dict[str, Counter[str]], without: str | None) -> Fraction:
    """Return the chance to convert from the start, where `without` leads to nothing, by elimination in fractions."""
    states = [s for s in steps if s != without]
    rows = []
    for s in states:
        total = sum(steps[s].values())
        row = [Fraction(int(s == o)) - Fraction(steps[s][o], total) for o in states]
        rows.append([*row, Fraction(steps[s]["won"], total)])
    for i in range(len(rows)):
        pivot = next(k for k in range(i, len(rows)) if rows[k][i])
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [x / rows[i][i] for x in rows[i]]
        for k in range(len(rows)):
            if k != i:
                rows[k] = [x - rows[k][i] * y for x, y in zip(rows[k], rows[i], strict=True)]
    return rows[states.index("^")][-1] if "^" in states else Fraction(0)


def shapley(journeys: Sequence[Path]) -> dict[str, float]:
    """Return each channel's mean marginal contribution over all orders, journey set by journey set."""
    count: Counter[frozenset[str]] = Counter()
    worth: dict[frozenset[str], float] = defaultdict(float)
    for path in journeys:
        own = frozenset(c for _, c in path.touches)
        count[own] += path.conversions or 1
        worth[own] += path.worth
    out: dict[str, float] = defaultdict(float)
    for own, journeys_of in count.items():
        parts = [frozenset(p) for r in range(1, len(own) + 1) for p in itertools.combinations(own, r)]
        if any(not count[p] for p in parts):
            for channel in own:
                out[channel] += worth[own] / len(own)
            continue
        rate = {p: worth[p] / count[p] for p in parts} | {frozenset(): 0.0}
        orders = list(itertools.permutations(own))
        for order in orders:
            for k, channel in enumerate(order):
                gain = rate[frozenset(order[: k + 1])] - rate[frozenset(order[:k])]
                out[channel] += journeys_of * gain / len(orders)
    return out


# ---- the same questions of both ---------------------------------------------------------------------------

EVENTS, CHANNELS, SESSIONS = ("visit", "view", "purchase", "other"), ("a", "b", "c", "d"), ("s", "t")


def _log(rng: random.Random, user: int, hours: int) -> list[Row]:
    rows = []
    for i in range(rng.randint(1, 9)):
        event = rng.choices(EVENTS, (5, 2, 2, 1))[0]
        bought = event == "purchase"
        rows.append(
            Row(
                rng.randrange(hours) * HOUR,
                event,
                rng.choice((None, *CHANNELS, "(not set)")),
                rng.choice((None, *SESSIONS)),
                rng.choice((None, 10.0, 2.55)) if bought else None,
                rng.choice((None, f"o{user}", f"o{user // 3}", f"o{user}.{i}", "gone")) if bought else None,
            )
        )
    return [r if r.channel != "(not set)" else Row(r.time, r.event, None, r.session, r.value, r.order) for r in rows]


def _orders(logs: Sequence[Sequence[Row]], rng: random.Random) -> pd.DataFrame:
    named = sorted({r.order for log in logs for r in log if r.order and r.order != "gone"})
    return pd.DataFrame(
        {
            "order_id": named,
            "timestamp": EPOCH,
            "revenue": [rng.choice((19.99, 40.0, 7.31)) for _ in named],
            "currency": "CNY",
            "paid_at": [EPOCH if rng.random() < 0.8 else None for _ in named],
            "refund": [rng.choice((None, 2.5)) for _ in named],
        }
    ).astype({"timestamp": "datetime64[us]", "paid_at": "datetime64[us]", "refund": float})


def _frame(logs: Sequence[Sequence[Row]], rng: random.Random) -> pd.DataFrame:
    every = [(f"u{u:03d}", r) for u, log in enumerate(logs) for r in log]
    rng.shuffle(every)
    return pd.DataFrame(
        {
            "user_id": [user for user, _ in every],
            "timestamp": [EPOCH + dt.timedelta(seconds=r.time) for _, r in every],
            "event": [r.event for _, r in every],
            "channel": [r.channel or "(not set)" if rng.random() < 0.5 else r.channel for _, r in every],
            "session_id": [r.session for _, r in every],
            "value": [r.value for _, r in every],
            "order_id": [r.order for _, r in every],
        }
    ).astype({"value": float})


def _realised(orders: pd.DataFrame) -> dict[str, float]:
    paid = orders[orders["paid_at"].notna()]
    return dict(zip(paid["order_id"], paid["revenue"] - paid["refund"].fillna(0), strict=True))


@settings(max_examples=cases(150))
@given(
    seed=st.integers(0, 2**32),
    touches=st.sampled_from([("visit",), ("visit", "view"), (), ("view", "purchase")]),
    value=st.sampled_from(["conversions", "value", "revenue"]),
    window=st.sampled_from(["1h", "5h", "12h", "30d"]),
    paths_=st.sampled_from(["since_last_conversion", "all"]),
    repeats=st.sampled_from(["each", "session", "row"]),
    direct=st.sampled_from([None, "a"]),
    half_life=st.sampled_from(["1s", "1h", "2d"]),
    ends=st.sampled_from([(0.4, 0.4), (1.0, 0.0), (0.0, 0.0), (0.3, 0.1)]),
    days=st.sampled_from([(None, None), (1, None), (None, 0), (0, 1)]),
    hours=st.sampled_from([4, 20, 60]),
)
@pytest.mark.long
def test_every_model_gives_what_its_definition_says(
    seed: int, touches: tuple[str, ...], value: str, window: str, paths_: str, repeats: str, direct: str | None,
    half_life: str, ends: tuple[float, float], days: tuple[int | None, int | None], hours: int,
) -> None:  # fmt: skip
    rng = random.Random(seed)
    logs = [_log(rng, u, hours) for u in range(40)]
    orders = _orders(logs, rng)
    asked = Attribution(
        touches=touches, value=value, window=window, paths=paths_, repeats=repeats, direct=direct,
        half_life=half_life, first=ends[0], last=ends[1], where=_where(days), draws=100,
    )  # fmt: skip
    start = -(10**9) if days[0] is None else days[0] * 86_400
    end = 10**9 if days[1] is None else (days[1] + 1) * 86_400
    rules, single = Rules(asked, start, end, _realised(orders)), each_once(logs, asked.conversion)
    found = [p for log in single for p in paths(log, rules)]
    tables = Tables(events=_frame(logs, rng), orders=orders)
    total = sum(p.worth for p in found)
    if not total > 0:
        with pytest.raises(DataError):
            asked.run(tables)
        return
    answer = asked.run(tables)
    assert _counts(answer) == _expected_counts(found, rules, single, _ends(logs))
    by_model = answer.table.set_index(["model", "touch"])
    for model in MODELS:
        if model == "last_non_direct" and not direct:
            assert model not in by_model.index.get_level_values(0)
            continue
        own = by_model.loc[model]
        expected = credits(model, found, asked)
        actual = (own["share"] * total).to_dict()
        for channel in {*expected, *actual}:
            assert actual.get(channel, 0.0) == pytest.approx(expected.get(channel, 0.0), rel=1e-9, abs=1e-9), model
        assert own["share"].sum() == pytest.approx(1, rel=1e-12)
        assert own["credit"].sum() == pytest.approx(sum(p.conversions for p in found), rel=1e-12)


def _where(days: tuple[int | None, int | None]) -> Filter | None:
    first, last = (None if d is None else (EPOCH + dt.timedelta(days=d)).date() for d in days)
    return Filter(start=first, end=last) if days != (None, None) else None


def _counts(answer: Any) -> dict[str, int]:
    said = {note.code: dict(note.message.params) for note in answer.notes}
    return {
        "untouched": said.get("no-touch", {}).get("n", 0),
        "cut": said.get("before-the-data", {}).get("n", 0),
        "open": said.get("still-open", {}).get("n", 0),
        "unknown": said.get("no-revenue", {}).get("n", 0),
    }


def _ends(logs: Sequence[Sequence[Row]]) -> tuple[int, int]:
    times = [r.time for log in logs for r in log]
    return min(times), max(times)


def _expected_counts(
    found: Sequence[Path], rules: Rules, logs: Sequence[Sequence[Row]], ends: tuple[int, int]
) -> dict[str, int]:
    asked, (first, last) = rules.asked, ends
    cut = unknown = 0
    for log in logs:
        moments = sorted({r.time for r in log if r.event == asked.conversion})
        for r in log:
            if r.event != asked.conversion or not rules.start <= r.time < rules.end:
                continue
            earlier = [m for m in moments if r.time - rules.window <= m < r.time]
            whole = earlier and asked.paths == "since_last_conversion"
            cut += r.time - rules.window < first and not whole
            known = {"value": r.value is not None, "revenue": (r.order or "") in rules.worth}.get(asked.value, True)
            unknown += not known
    return {
        "untouched": sum(p.conversions for p in found if not p.touches),
        "cut": cut,
        "open": sum(p.touches[-1][0] + rules.window > last for p in found if not p.conversions),
        "unknown": unknown,
    }


def test_the_answer_does_not_depend_on_how_the_scan_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    logs = [_log(rng, u, 60) for u in range(120)]
    events, orders = _frame(logs, rng), _orders(logs, rng)
    asked = Attribution(touches=(), value="revenue", repeats="session", direct="b")
    whole = asked.run(Tables(events=events, orders=orders))
    monkeypatch.setattr(sequences, "BATCH", 7)
    cut = asked.run(Tables(events=events.sample(frac=1, random_state=3), orders=orders))
    pd.testing.assert_frame_equal(whole.table, cut.table, check_exact=False, rtol=1e-9)
    assert whole.notes == cut.notes
