"""Which touches came before each conversion, and what does each rule give them? One walk over everyone's events.

A path is the touches in the window before a conversion. Touches that no conversion follows in the window make journeys
that came to nothing. The walk keeps sums alone: credits by rule, steps from touch to touch, and how often each set
of touches converted. Each sum is kept apart by group of users, so that users can be drawn anew for intervals.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.arrays import Bools, Floats, Integers
from analysis.journey.attribution.models import MOST
from analysis.journey.attribution.naming import Again
from analysis.store.kernels import ONE, ZERO, Row, compiled
from analysis.store.walk import Chunk, Columns

GROUPS = 128
"""Groups that users fall in at random; they are what is drawn anew."""
RULES = ("first", "last", "last_non_direct", "linear", "decay", "position")
"""Models that give credit by a rule, as the kernel numbers them."""
FAR = int(np.iinfo(np.int64).max // 4)
_TOUCH, _CONVERSION = 1, 2
_CONVERTED, _UNTOUCHED, _CUT, _LOST, _OPEN, _WORTHLESS = range(6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What the walk is to do, in plain values that can be sent anywhere; moments and spans in microseconds.

    Parameters
    ----------
    by : str
        The column whose values are credited.
    touches : int
        How many values it has.
    roles : ndarray of uint8, shape (codes,)
        By event key: 1 if it may be a touch, 2 if it is a conversion, 3 if both.
    rank : ndarray, shape (codes,)
        Each event name's place in the order of events of one moment.
    window : int
        Longest time from a touch to its conversion, inclusive.
    since_last : bool
        Whether a path begins anew after a conversion of an earlier moment.
    repeats : {"each", "session", "row"}
        Which of a path's consecutive touches of one value count once: none, a session's, all.
    start, end : int
        Half-open range of the conversions that count.
    known_from, known_until : int
        First and last moment of the data.
    direct : int
        The value that the last non-direct touch passes over; -1 for none.
    half_life : float
        Time in which a touch's weight halves.
    ends : tuple of float
        Shares of a path's first and last touch in the position-based model.
    worth : {"conversions", "value", "revenue"}
    orders, realised : Arrow array of str, ndarray
        What each order is worth.
    again : Again
        Orders that several conversion events name; each is one conversion.
    deep : bool
        Whether a rule beyond the first and last touch is asked.
    journeys : bool
        Whether steps and sets are asked.
    seed : int
    """

    by: str
    touches: int
    roles: Any
    rank: Any
    window: int
    since_last: bool
    repeats: str
    start: int = -FAR
    end: int = FAR
    known_from: int
    known_until: int
    direct: int = -1
    half_life: float
    ends: tuple[float, float]
    worth: str = "conversions"
    orders: Any = field(default_factory=lambda: pa.array([], pa.string()))
    realised: Any = field(default_factory=lambda: np.empty(0))
    again: Again = field(default_factory=Again)
    deep: bool = True
    journeys: bool = True
    seed: int = 0

    def columns(self, names: tuple[str, ...]) -> Columns:
        """Return what is read of each event, given the values of `by`."""
        named = bool(len(self.again.orders)) or self.worth == "revenue"
        asked = {"order_id": named, "user_id": bool(len(self.again.user)), "session_id": self.repeats == "session"}
        texts = tuple(name for name, wanted in asked.items() if wanted)
        return Columns(coded={self.by: names}, numbers=("value",) * (self.worth == "value"), texts=texts)


@dataclass(frozen=True, slots=True)
class Sets:
    """How often each set of touches was all a journey had: one row per set (a bit each) and group of users."""

    sets: Any
    groups: Any
    journeys: Any
    conversions: Any
    worth: Any

    def plus(self, other: Sets) -> Sets:
        """Add what another part counted."""
        return Sets.counted(*(np.concatenate(pair) for pair in zip(self._columns(), other._columns(), strict=True)))

    @classmethod
    def counted(cls, sets: Any, groups: Any, *amounts: Any) -> Self:
        """Add up rows of the same set and group; of more touches than Shapley takes only which they are is kept."""
        together = int(np.bitwise_or.reduce(sets)) if len(sets) else 0
        if together.bit_count() > MOST:
            nothing = np.zeros(1)
            return cls(np.array([together]), np.zeros(1, np.int64), nothing, nothing, nothing)
        keys, row = np.unique(sets * GROUPS + groups, return_inverse=True)
        return cls(keys // GROUPS, keys % GROUPS, *(np.bincount(row, a, len(keys)) for a in amounts))

    def _columns(self) -> tuple[Any, ...]:
        return self.sets, self.groups, self.journeys, self.conversions, self.worth


@dataclass(frozen=True, slots=True)
class Tally:
    """What the walk of some users came to; parts add up.

    Parameters
    ----------
    credits : ndarray, shape (groups, 2, rules, touches + 1)
        Conversions, then their worth, by rule and touch; the last column has those without any touch.
    steps : ndarray of int, shape (groups, touches + 3, touches + 3)
        How often a touch followed another; after the touches come start, conversion and null.
    sets : Sets
    counts : ndarray of int
        Conversions, those without a touch, those whose window begins before the data, journeys that came to nothing,
        those of them whose window was still open, conversions without a known worth.
    seen : ndarray of bool, shape (touches,)
    """

    credits: Any
    steps: Any
    sets: Sets
    counts: Any
    seen: Any

    def plus(self, other: Tally) -> Tally:
        """Add what another part came to."""
        return Tally(
            self.credits + other.credits,
            self.steps + other.steps,
            self.sets.plus(other.sets),
            self.counts + other.counts,
            self.seen | other.seen,
        )

    @property
    def conversions(self) -> int:
        """Conversions that count."""
        return int(self.counts[_CONVERTED])

    @property
    def untouched(self) -> int:
        """Conversions without a touch in their window."""
        return int(self.counts[_UNTOUCHED])

    @property
    def cut(self) -> int:
        """Conversions whose window begins before the data does."""
        return int(self.counts[_CUT])

    @property
    def lost(self) -> int:
        """Journeys that came to nothing."""
        return int(self.counts[_LOST])

    @property
    def open(self) -> int:
        """Journeys that came to nothing whose window was still open when the data ends."""
        return int(self.counts[_OPEN])

    @property
    def worthless(self) -> int:
        """Conversions whose worth is not known; they count as nothing."""
        return int(self.counts[_WORTHLESS])


def tally(chunk: Chunk, walk: Walk) -> Tally:
    """Walk one chunk of whole users."""
    chunk = _each_once(_in_order(chunk, walk), walk)
    sums = Sums(
        np.zeros((GROUPS, 2, len(RULES), walk.touches + 1)),
        np.zeros((GROUPS, walk.touches + 3, walk.touches + 3), np.int64),
        np.zeros(6, np.int64),
        np.zeros(walk.touches, np.bool_),
    )
    size = len(chunk) if walk.journeys else 0
    sets, groups, journeys, conversions = np.empty((4, size), np.int64)
    rows = SetRows(sets, groups, journeys, conversions, np.empty(size))
    found = _walk(
        Events(chunk.user, chunk.time, chunk.code, chunk.coded[walk.by], chunk.coded["repeat"], _worth(chunk, walk)),
        Rules(
            walk.roles, walk.window, walk.since_last, walk.start, walk.end, walk.known_from, walk.known_until,
            walk.direct, walk.half_life, *walk.ends, walk.deep, walk.journeys, walk.seed,
        ),
        sums,
        rows,
    )  # fmt: skip
    return Tally(sums.credits, sums.steps, Sets.counted(*(column[:found] for column in rows)), sums.counts, sums.seen)


def warm() -> None:
    """Compile the kernel, or load it from its cache, so that the first question asked need not wait for it."""
    none = np.zeros(1, np.uint8)
    rules = Walk(by="channel", touches=1, roles=none, rank=none, window=1, since_last=True, repeats="each",
                 known_from=0, known_until=0, half_life=1.0, ends=(0.4, 0.4))  # fmt: skip
    tally(Chunk.empty(rules.columns(())), rules)


def _in_order(chunk: Chunk, walk: Walk) -> Chunk:
    """Settle events of one moment by name, touch and session, each with a number that repeats share."""
    if walk.repeats == "session":
        coded = chunk.texts["session_id"].dictionary_encode()
        place = np.append(np.argsort(pc.sort_indices(coded.dictionary).to_numpy()), -1)
        repeat = place[coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)]
    else:
        repeat = np.full(len(chunk), 0 if walk.repeats == "row" else -1)
    own = {**chunk.coded, "repeat": _fixed(repeat.astype(np.int32))}
    return Chunk(chunk.user, chunk.time, chunk.code, own, chunk.numbers, chunk.texts).settled(walk.rank)


def _each_once(chunk: Chunk, walk: Walk) -> Chunk:
    """Leave of the events that name one order the first, worth what all of them say; of one moment the last in order.

    Of those of a moment the last is one with a touch where any is.
    """
    if not len(walk.again.orders):
        return chunk
    converted = np.flatnonzero(walk.roles[chunk.code] & _CONVERSION)
    place = _places(chunk, converted, walk.again.orders)
    rows, order = converted[place >= 0], place[place >= 0]
    own = chunk.time[rows] == walk.again.time[order]
    if len(walk.again.user):
        who = chunk.texts["user_id"].take(pa.array(rows))
        own &= pc.equal(who, walk.again.user.take(pa.array(order))).to_numpy(zero_copy_only=False)
    first = dict(zip(order[own].tolist(), rows[own].tolist(), strict=True))
    kept = np.ones(len(chunk), bool)
    kept[rows] = False
    kept[list(first.values())] = True
    numbers = dict(chunk.numbers)
    if "value" in numbers:
        numbers["value"] = numbers["value"].copy()
        numbers["value"][list(first.values())] = walk.again.value[list(first)]
        _fixed(numbers["value"])
    return Chunk(chunk.user, chunk.time, chunk.code, chunk.coded, numbers, chunk.texts).where(kept)


def _places(chunk: Chunk, rows: Any, orders: Any) -> Any:
    """Return the place among some orders of the one that each of some rows names; -1 for none of them."""
    place = pc.index_in(chunk.texts["order_id"].take(pa.array(rows)), orders, skip_nulls=True)
    return place.fill_null(-1).to_numpy(zero_copy_only=False)


def _worth(chunk: Chunk, walk: Walk) -> Any:
    """Return what each event is worth if it converts; NaN where that is not known."""
    if walk.worth == "value":
        return chunk.numbers["value"]
    if walk.worth == "conversions":
        return _fixed(np.zeros(1))
    worth = np.full(len(chunk), np.nan)
    converted = np.flatnonzero(walk.roles[chunk.code] & _CONVERSION)
    worth[converted] = np.append(walk.realised, np.nan)[_places(chunk, converted, walk.orders)]
    return _fixed(worth)


def _fixed(array: Any) -> Any:
    # Columns of the scan are read-only, and Numba compiles those apart: one signature for all.
    array.setflags(write=False)
    return array


# ---- the kernel -------------------------------------------------------------------------------------------


class Events(NamedTuple):
    """A chunk's events, each an array of shape (rows,), sorted by user and time.

    `place`: the touch's place among those that are credited, -1 for none. `repeat`: what repeats of one touch share, -1
    where none count once. `worth`: of shape (1,) where all are worth the same.
    """

    user: Integers
    time: Integers
    code: Integers
    place: Integers
    repeat: Integers
    worth: Floats


class Rules(NamedTuple):
    """What of a :class:`Walk` the kernel reads; `first` and `last` are its `ends`."""

    roles: Integers
    window: int
    since_last: bool
    start: int
    end: int
    known_from: int
    known_until: int
    direct: int
    half_life: float
    first: float
    last: float
    deep: bool
    journeys: bool
    seed: int


class Sums(NamedTuple):
    """Added to; as in :class:`Tally`."""

    credits: Floats
    steps: Integers
    counts: Integers
    seen: Bools


class SetRows(NamedTuple):
    """Out, one row for each journey: its set of touches (a bit each), the user's group, and what it counts for."""

    sets: Integers
    groups: Integers
    journeys: Integers
    conversions: Integers
    worth: Floats


@compiled
def _walk(events: Events, rules: Rules, sums: Sums, out_rows: SetRows) -> Row:  # pragma: no cover - compiled
    """Walk one chunk, add to the sums, and return how many rows of sets were written."""
    user, time, code, place, repeat, worth = events
    roles, window, since_last, start, end, known_from, known_until = rules[:7]
    direct, half_life, first, last, deep, journeys, seed = rules[7:]
    credits, steps, counts, seen = sums
    sets, set_group, set_journeys, set_conversions, set_worth = out_rows
    rows, touches, several = np.uint64(len(user)), credits.shape[3] - 1, len(worth) > 1
    at, what, same = np.empty(rows, np.int64), np.empty(rows, np.int32), np.empty(rows, np.int32)
    weight, moment, amount = np.empty(rows), np.empty(rows, np.int64), np.empty(rows)
    i, out = ZERO, ZERO
    while i < rows:
        who, n, m = user[i], ZERO, ZERO
        while i < rows and user[i] == who:
            role = roles[np.uint64(code[i])]
            if role & _TOUCH and place[i] >= 0:
                at[n], what[n], same[n] = time[i], place[i], repeat[i]
                n += ONE
                if time[i] < end:
                    seen[np.uint64(place[i])] = True
            if role & _CONVERSION:
                moment[m], amount[m] = time[i], worth[i if several else ZERO]
                m += ONE
            i += ONE
        if n == ZERO and m == ZERO:
            continue
        group = _group(who, seed)
        a, b, c, covered, previous = ZERO, ZERO, ZERO, ZERO, -FAR
        while True:  # each conversion's moment, then what follows the last
            now, times, value, unknown = FAR, 0, 0.0, 0
            if c < m:
                now = moment[c]
                while c < m and moment[c] == now:
                    if np.isnan(amount[c]):
                        unknown += 1
                    else:
                        value += amount[c]
                    times += 1
                    c += ONE
            while b < n and at[b] <= now:
                b += ONE
            while a < b and (at[a] < now - window or (since_last and at[a] <= previous)):
                a += ONE
            k = covered
            while journeys and k < a:  # touches that no conversion follows in time
                j = k + ONE
                while j < a and at[j] - at[j - ONE] <= window:
                    j += ONE
                if start <= at[j - ONE] < end:
                    counts[_LOST] += 1
                    counts[_OPEN] += at[j - ONE] + window > known_until
                    sets[out] = _step_through(what, same, k, j, 1, touches + 2, steps[group])
                    set_group[out], set_journeys[out], set_conversions[out], set_worth[out] = group, 1, 0, 0.0
                    out += ONE
                k = j
            covered = max(covered, b)
            if times == 0:
                break
            if start <= now < end:
                counts[_CONVERTED] += times
                counts[_WORTHLESS] += unknown
                if now - window < known_from and not (since_last and previous >= now - window):
                    counts[_CUT] += times
                if a == b:
                    counts[_UNTOUCHED] += times
                    credits[group, 0, :, touches] += times
                    credits[group, 1, :, touches] += value
                else:
                    own = credits[group]
                    _share_ends(what, a, b, direct, times, value, own)
                    if deep:
                        _share_all(at, what, same, a, b, times, value, half_life, first, last, weight, own)
                    if journeys:
                        sets[out] = _step_through(what, same, a, b, times, touches + 1, steps[group])
                        set_group[out], set_journeys[out] = group, times
                        set_conversions[out], set_worth[out] = times, value
                        out += ONE
            previous = now
    return out


@compiled
def _group(who: int, seed: int) -> int:  # pragma: no cover - compiled
    """Return a user's group: SplitMix64's last three steps (Steele, Lea and Flood 2014) over their key and the seed."""
    z = np.uint64(who) + np.uint64(seed + 1) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return int((z ^ (z >> np.uint64(31))) % np.uint64(GROUPS))


@compiled
def _counts_once(what: Integers, same: Integers, k: Row, b: Row) -> bool:  # pragma: no cover - compiled
    """Say whether touch k of a path ending before b stands for itself: repeats count as their last."""
    return k == b - ONE or what[k] != what[k + ONE] or same[k] != same[k + ONE] or same[k] < 0


@compiled
def _share_ends(
    what: Integers, a: Row, b: Row, direct: int, times: int, value: float, credits: Floats
) -> None:  # pragma: no cover - compiled
    k = b - ONE
    while k > a and what[k] == direct:
        k -= ONE
    if what[k] == direct:
        k = b - ONE
    for rule, touch in ((0, what[a]), (1, what[b - ONE]), (2, what[k])):
        credits[0, rule, touch] += times
        credits[1, rule, touch] += value


@compiled
def _share_all(
    at: Integers, what: Integers, same: Integers, a: Row, b: Row, times: int, value: float,
    half_life: float, first: float, last: float, weight: Floats, credits: Floats,
) -> None:  # fmt: skip  # pragma: no cover - compiled
    """Add the linear, time-decay and position-based shares of one path.

    Weights halve with the time before the path's last touch: divided by their sum they are those before the
    conversion, and the last is never too small for a float.
    """
    n, whole = 0, 0.0
    for k in range(a, b):
        weight[k] = 0.0
        if _counts_once(what, same, k, b):
            n += 1
            weight[k] = 2.0 ** ((at[k] - at[b - ONE]) / half_life)
            whole += weight[k]
    edges = first + last
    done = 0
    for k in range(a, b):
        if not _counts_once(what, same, k, b):
            continue
        done += 1
        if n == 1:
            position = 1.0
        elif n == 2:
            position = 0.5 if edges == 0 else (first if done == 1 else last) / edges
        else:
            position = first if done == 1 else last if done == n else (1 - edges) / (n - 2)
        touch = what[k]
        for rule, share in ((3, 1.0 / n), (4, weight[k] / whole), (5, position)):
            credits[0, rule, touch] += share * times
            credits[1, rule, touch] += share * value


@compiled
def _step_through(
    what: Integers, same: Integers, a: Row, b: Row, times: int, last: int, steps: Integers
) -> np.int64:  # pragma: no cover - compiled
    """Count a journey's steps from start to `last`, and return the set of its touches."""
    here, found = steps.shape[0] - 3, np.int64(0)
    for k in range(a, b):
        if _counts_once(what, same, k, b):
            steps[here, what[k]] += times
            here = what[k]
            found |= np.int64(1) << np.int64(here)
    steps[here, last] += times
    return found
