"""What did each decision truly bring? The run is played again with the same chance, without it.

Decisions are carried out as they were written down, whatever the rules would have said instead: what a set S of them
earns, V(S), is then a plain function, whose differences add up. In order of time, decision k brought V(1..k) less
V(1..k-1); left out alone, V(all) less V(all but k). Shares of parts are Shapley's (1953), over every order of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import factorial
from typing import NamedTuple

import numpy as np

from analysis.arrays import Bools, Floats, Ints
from analysis.reallocation.money import Parted, parted
from analysis.reallocation.play import Played, pack, scheduled, walked
from analysis.reallocation.state import CARRIED_OUT, CENTS, REVENUE
from analysis.reallocation.world import ORDER_VALUE
from analysis.rules.rule_set import RuleSet

CHUNK = 32
"""Replays walked at a time."""
ALONE = 600
"""Most decisions for which it is asked what leaving out each alone would have changed."""
PARTS = 6
"""Most parts among which the gain is shared: 64 replays."""


class Effects(NamedTuple):
    """What decisions of one run brought, in currency.

    Parameters
    ----------
    rows : ndarray of int, shape (decisions,)
        Their rows in the log.
    ordered, last : ndarray, shape (decisions,)
        `ordered` adds up to what the rules earned above the plan left alone; `last` is NaN beyond `ALONE`.
    naive : ndarray, shape (decisions,)
        Revenue seen until the next adjustment less that of as long a time before: what a team would believe.
    held_back : float
        What holding reserve and tranches back brought: the plan left alone, less the fixed split of the whole.
    held_back_last : float
    shares : dict of int to float
        By rule, -1 for holding back and -2 for all rules beyond the first few: Shapley's share of the gain.
    """

    rows: Ints
    ordered: Floats
    last: Floats
    naive: Floats
    held_back: float
    held_back_last: float
    shares: dict[int, float]


def effects(played: Played) -> Effects:
    """Return what each decision of the logged run brought."""
    own = played.walked
    place = own.place("rules")
    whole = own.log.whole[: min(own.log.filled[0], len(own.log.whole))]
    rows = np.flatnonzero((whole[:, 1] == place) & (whole[:, 5] == CARRIED_OUT))
    replay = _Replay(played, rows)
    count = len(rows)
    steps = np.tri(count + 1, count, -1, dtype=bool)
    ordered = replay.worth(steps, np.ones(count + 1, dtype=bool))
    last = np.full(count, np.nan)
    if 0 < count <= ALONE:
        last = ordered[-1] - replay.worth(~np.eye(count, dtype=bool), np.ones(count, dtype=bool))
    ends = replay.worth(np.array([np.zeros(count, bool), np.ones(count, bool)]), np.zeros(2, dtype=bool))
    return Effects(
        rows=rows,
        ordered=np.diff(ordered),
        last=last,
        naive=_naive(played, whole[rows, 0]),
        held_back=float(ordered[0] - ends[0]),
        held_back_last=float(ordered[-1] - ends[1]),
        shares=_shares(replay, whole[rows, 2]),
    )


class _Replay:
    """Plays the logged run again with some of its decisions."""

    def __init__(self, played: Played, rows: Ints) -> None:
        self.played, self.rows = played, rows
        given, log = played.given, played.walked.log
        rules, channels = played.policies[played.walked.place("rules")].rules, given.market.channels
        held = Parted(given.plan, given.reserve, given.tranches)
        whole = parted(given.budget, RuleSet(), given.plan.astype(float))
        self.held, self.free = (
            scheduled(name, money, rules, channels) for name, money in (("held", held), ("free", whole))
        )
        self.written = {"when": log.whole[rows][:, [0, 3, 4]], "cents": np.ascontiguousarray(log.cents[1:, rows])}

    def worth(self, use: Bools, held: Bools) -> Floats:
        """Return revenue of the decisions used, shape (replays,); `held` says whether money was held back at all."""
        parts = []
        for start in range(0, len(use), CHUNK):
            some, back = use[start : start + CHUNK], held[start : start + CHUNK]
            own = [self.held if one else self.free for one in back]
            packed = pack(own, self.played.world, self.written | {"use": np.ascontiguousarray(some)})
            names = tuple(str(n) for n in range(len(own)))
            run = np.zeros(1, dtype=np.int64)
            found = walked(names, packed, self.played.world, self.played.seed, run, -1)
            parts.append(found.tally.worth[REVENUE, 0])
        return np.concatenate(parts)


def _naive(played: Played, when: Ints) -> Floats:
    """Return revenue seen after a decision less that before, over the time between adjustments."""
    own = played.walked
    place = own.place("rules")
    seen = np.append(0.0, own.trace.cells[1, place].sum(axis=1).cumsum())
    span = played.policies[place].rules.adjust
    after, before = np.minimum(when + span, len(seen) - 1), np.maximum(when - span, 0)
    orders = (seen[after] - seen[when]) - (seen[when] - seen[before])  # whole ones, so nothing is nothing
    return np.asarray(orders * played.world.numbers[ORDER_VALUE])


def _shares(replay: _Replay, rule: Ints) -> dict[int, float]:
    """Return Shapley's share of the gain of holding back and of each rule; exact, over all subsets."""
    rules = sorted(set(rule.tolist()), key=lambda k: -int((rule == k).sum()))
    own, others = rules[: PARTS - 1], rules[PARTS - 1 :]
    if others:
        own, others = rules[: PARTS - 2], rules[PARTS - 2 :]
    groups = [np.isin(rule, [k]) for k in own] + ([np.isin(rule, others)] if others else [])
    names = [*own, *([-2] if others else [])]
    if replay.held.reserve or replay.held.tranches:
        groups, names = [np.zeros(len(rule), bool), *groups], [-1, *names]
    count = len(groups)
    sets = [s for size in range(count + 1) for s in combinations(range(count), size)]
    use = np.array([np.any([groups[i] for i in s], axis=0) if s else np.zeros(len(rule), bool) for s in sets])
    back = np.array([-1 not in names or names.index(-1) in s for s in sets])
    worth = dict(zip(sets, replay.worth(use.reshape(len(sets), len(rule)), back), strict=True))
    return {name: _share(worth, i, count) for i, name in enumerate(names)}


def _share(worth: dict[tuple[int, ...], float], player: int, count: int) -> float:
    total = 0.0
    for s in worth:
        if player not in s:
            weight = factorial(len(s)) * factorial(count - len(s) - 1) / factorial(count)
            total += weight * (worth[tuple(sorted((*s, player)))] - worth[s])
    return float(total)


def misread(effect: Sequence[float], naive: Sequence[float]) -> tuple[int, int]:
    """Return how many decisions the naive reading has the wrong sign of, and of how many.

    Examples
    --------
    >>> misread([5.0, -3.0, 0.001], [2.0, 4.0, -9.0])
    (1, 2)
    """
    known = [(e, n) for e, n in zip(effect, naive, strict=True) if abs(e) >= 1 / CENTS]
    return sum((e > 0) != (n > 0) for e, n in known), len(known)
