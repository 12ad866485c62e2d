"""What did every policy earn in every simulated campaign?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

from analysis.arrays import Bools, Floats, Ints
from analysis.estimates import TAILS
from analysis.reallocation.bounds import bounds
from analysis.reallocation.engine import walk
from analysis.reallocation.market import Market
from analysis.reallocation.money import Parted, parted, shared
from analysis.reallocation.responses import Responses, waterfill
from analysis.reallocation.rules import MarketSettings
from analysis.reallocation.setting import Setting
from analysis.reallocation.state import (
    CENTS,
    FIXED,
    REVENUE,
    RULED,
    SCHEDULED,
    THOMPSON,
    TOTAL_SPENT,
    Log,
    Policies,
    Tally,
    Trace,
    joined,
    log,
    state,
    tally,
    trace,
)  # fmt: skip
from analysis.reallocation.world import DAY, HOUR, World, blank
from analysis.rules.actions import DrawReserve
from analysis.rules.program import FLOOR, Program, program
from analysis.rules.ready import plan as ready_plan
from analysis.rules.rule_set import Rule, RuleSet
from analysis.store.watch import watching

BOUNDS = ("oracle", "bound")
"""What nobody can exceed: within the limits, and without."""
LOGGED = 20_000
"""Most decisions kept of a run, those held back included."""
TRANCHES = 10
WALKS = 128
"""Runs of one policy that are walked at a time: a twentieth of a second."""
MOSTS = 16
"""Runs whose most is found at a time: as long."""
MOST = 8
"""How many walks of a policy take as long as finding a run's most."""


class Policy(NamedTuple):
    """A way to spend the budget.

    Parameters
    ----------
    name : str
    kind : int
    plan : ndarray of int, shape (channels,)
        Cents at the start.
    reserve : int
    tranches : tuple of int
    rules : Program
    """

    name: str
    kind: int
    plan: Ints
    reserve: int
    tranches: tuple[int, ...]
    rules: Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What all policies did in all runs, and one run in detail."""

    names: tuple[str, ...]
    tally: Tally
    log: Log
    trace: Trace
    ticks: Ints

    def place(self, name: str) -> int:
        """Return a policy's number."""
        return self.names.index(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """Every policy through every run, what it earned, and what nobody can exceed."""

    rule_set: RuleSet
    against: tuple[RuleSet, ...]
    given: Setting
    world: World
    policies: tuple[Policy, ...]
    walked: Walked
    most: Floats
    most_spent: Floats
    seed: int

    @property
    def seen(self) -> tuple[str, ...]:
        """Return the policies people see, in order."""
        return tuple(name for name in self.walked.names if name not in ("once-held", "unanswered"))

    @property
    def shown(self) -> tuple[str, ...]:
        """Return what a scoreboard has: the policies people see, and what nobody can exceed."""
        return (*self.seen, *BOUNDS)

    def total(self, policy: str) -> Floats:
        """Return each run's revenue."""
        if policy in BOUNDS:
            return np.asarray(self.most[:, int(policy == "bound")])
        return np.asarray(self.walked.tally.worth[REVENUE, :, self.walked.place(policy)])

    def counted(self, what: int, policy: str = "rules") -> Ints:
        """Return a layer of the tally's whole numbers, run by run."""
        return np.asarray(self.walked.tally.whole[what, :, self.walked.place(policy)])

    def money(self, what: int, policy: str) -> Floats:
        """Return a layer of the tally that counts cents, in currency; a bound spends and has nothing else."""
        if policy in BOUNDS:
            spent = self.most_spent[:, int(policy == "bound")]
            return spent if what == TOTAL_SPENT else np.zeros_like(spent)
        return self.counted(what, policy) / CENTS

    @property
    def runs(self) -> int:
        """How many campaigns were simulated."""
        return len(self.most)

    @property
    def gain(self) -> Floats:
        """Each run's revenue of the rules above that of the fixed split of the whole budget."""
        return self.total("rules") - self.total("fixed")

    @property
    def split(self) -> Floats:
        """What splitting the whole budget once by the curves earns above its fixed split, run by run."""
        return self.total("once") - self.total("fixed")

    @property
    def holding(self) -> Floats:
        """What holding money back from the fixed split earns, run by run."""
        return self.total("held") - self.total("fixed")

    @property
    def answering(self) -> Floats:
        """What drawing the reserve earns above the same rules without, run by run."""
        return self.total("rules") - self.total("unanswered")

    @property
    def watching(self) -> Floats:
        """What moving money while it runs earns above one split by the curves of what is not held back."""
        return self.total("unanswered") - self.total("once-held")


def others(against: Sequence[RuleSet]) -> Mapping[str, RuleSet]:
    """Return the rule sets that rules are compared with, by policy."""
    return {f"rules-{n}": rules for n, rules in enumerate(against, start=2)}


def policies(asked: RuleSet, against: Sequence[RuleSet], given: Setting) -> tuple[Policy, ...]:
    """Return every policy that meets the simulated campaigns."""
    channels, held = given.market.channels, Parted(given.plan, given.reserve, given.tranches)
    own = program(asked, channels)
    fixed, once = split_whole(own, given)
    again = held._replace(plan=resplit(float(own.limits[FLOOR]), given.market, given.plan))
    freely = _clock_of(own, channels)._replace(limits=own.limits)
    return (
        fixed,
        Policy("held", FIXED, *held, fixed.rules),
        once,
        Policy("once-held", FIXED, *again, fixed.rules),
        Policy("rules", RULED, *held, own),
        Policy("unanswered", RULED, *held, program(unanswered_by(asked), channels)),
        *(of_rules(name, rules, given) for name, rules in others(against).items()),
        Policy("thompson", THOMPSON, fixed.plan, 0, (), freely),
    )


def split_whole(own: Program, given: Setting) -> tuple[Policy, Policy]:
    """Return the fixed split of the whole budget as it is, and split once by the curves, floors of the rules kept."""
    whole = parted(given.budget, RuleSet(), given.plan.astype(float))
    best = whole._replace(plan=resplit(float(own.limits[FLOOR]), given.market, whole.plan))
    silent = _clock_of(own, given.market.channels)
    return Policy("fixed", FIXED, *whole, silent), Policy("once", FIXED, *best, silent)


def of_rules(name: str, rules: RuleSet, given: Setting) -> Policy:
    """Return a rule set as a policy, with what it holds back taken from the same budget in the same shares."""
    money = parted(given.budget, rules, given.plan.astype(float))
    return Policy(name, RULED, *money, program(rules, given.market.channels))


def scheduled(name: str, money: Parted, own: Program, channels: tuple[str, ...]) -> Policy:
    """Return a policy that carries out what is written down, and returns what a reserve gave when `own` would."""
    return Policy(name, SCHEDULED, *money, _clock_of(own, channels))


def _clock_of(own: Program, channels: tuple[str, ...]) -> Program:
    """Return a program without rules that looks and acts when another does."""
    return program(RuleSet(), channels)._replace(every=own.every, adjust=own.adjust)


def unanswered_by(asked: RuleSet) -> RuleSet:
    """Return a rule set without those rules that draw on the reserve."""
    return only(asked, lambda rule: not any(isinstance(act, DrawReserve) for act in rule.then))


def only(asked: RuleSet, kept: Callable[[Rule], bool]) -> RuleSet:
    """Return a rule set in which but some rules are switched off; each keeps its place."""
    return asked.replace(rules=tuple(rule.replace(on=rule.on and kept(rule)) for rule in asked.rules))


def resplit(floor: float, market: Market, plan: Ints) -> Ints:
    """Return a plan split once, before the first hour, by the fitted curves: the same money, floors kept.

    Parameters
    ----------
    floor : float
        Share of its planned rate that every channel keeps.
    market : Market
    plan : ndarray of int, shape (channels,)
        Cents by channel.

    Returns
    -------
    ndarray of int, shape (channels,)
        Adds up to the plan's.
    """
    days = market.days
    demand = market.multiplier[market.phase].T @ market.weight / days
    keep = floor * plan / CENTS / days
    free, rate = np.ones(len(plan), bool), keep.copy()
    for _ in plan:  # a channel that the best spread gives less than its floor keeps that, and the rest is spread anew
        left = float(plan.sum()) / CENTS / days - float(keep[~free].sum())
        best, _price = waterfill(market.fitted, np.where(free, demand, 0.0), np.ones(len(plan)), market.most, left)
        rate = np.where(free, best, keep)
        below = free & (rate < keep * (1 - 1e-9))
        if not below.any():
            break
        free &= ~below
    return shared(np.array(plan.sum()), rate)


# ---- the walk ---------------------------------------------------------------------------------------------


def pack(own: Sequence[Policy], world: World, schedule: Mapping[str, Any] | None = None) -> Policies:
    """Lay policies end to end for the kernel."""
    rules = [policy.rules for policy in own]
    width = world.cap.shape[1]
    sizes = [len(made.rules) for made in rules]
    code = np.cumsum([0, *(len(made.ops) for made in rules)])
    acts = np.cumsum([0, *(len(made.acts) for made in rules)])
    first = np.cumsum([0, *sizes])
    written = schedule or {
        "when": np.zeros((0, 3), np.int64), "cents": np.zeros((2, 0, width), np.int64),
        "use": np.zeros((len(own), 0), bool),
    }  # fmt: skip
    laid = Policies(
        own=np.array(
            [
                [policy.kind for policy in own],
                [made.mode for made in rules],
                [policy.reserve for policy in own],
                first[:-1],
                first[1:],
            ],
            dtype=np.int64,
        ),
        plan=np.array([policy.plan for policy in own], dtype=np.int64),
        tranches=np.array([[*p.tranches, *[0] * (TRANCHES - len(p.tranches))] for p in own], dtype=np.int64),
        ticks=np.stack([_ticks(world, made) for made in rules], axis=1),
        ops=np.concatenate([made.ops for made in rules]),
        values=np.concatenate([made.values for made in rules]),
        rules=np.concatenate(
            [
                np.column_stack(
                    [
                        made.rules,
                        made.starts[:-1] + o,
                        made.starts[1:] + o,
                        made.act_starts[:-1] + n,
                        made.act_starts[1:] + n,
                    ]
                )
                for made, o, n in zip(rules, code, acts, strict=False)
            ]
        ).astype(np.int64),
        acts_of=np.concatenate([made.acts for made in rules]),
        act_values=np.concatenate([made.act_values for made in rules]),
        scope=np.concatenate([made.scope for made in rules]),
        limits=np.array([[*made.limits, *made.review] for made in rules]),
        **written,
    )
    # Of another layout it would be another type, for which the whole walk is compiled anew.
    return Policies._make(map(np.ascontiguousarray, laid))


def _ticks(world: World, made: Program) -> Ints:
    """Return when a policy looks and acts, and when it next acts after each hour, shape (3, hours + 1)."""
    looks, acts = _clock(world, made.every), _clock(world, made.adjust)
    then = np.full(len(acts), len(acts) - 1, dtype=np.int64)
    for h in range(len(acts) - 2, 0, -1):
        then[h - 1] = h if acts[h] else then[h]
    return np.array([looks, acts, then], dtype=np.int64)


def _clock(world: World, every: int) -> Bools:
    """Return the moments, of shape (hours + 1,), at which a clock of so many hours from midnight has come round."""
    length = world.cap.shape[0]
    day, hour = world.clock[DAY] - 1, world.clock[HOUR]
    if 24 % every == 0:
        part = day * (24 // every) + hour // every
    elif every % 24 == 0:
        part = day // (every // 24)
    else:
        part = np.arange(length + 1) // every
    # An hour that the clock repeats begins nothing a second time.
    part = np.maximum.accumulate(part)
    ticks = np.append(False, part[1:] > part[:-1])
    ticks[length] = False
    return np.asarray(ticks)


def follow(own: Sequence[Policy], world: World, *, seed: int, runs: Ints, logged: int = -1) -> Walked:
    """Let policies walk runs; the one that is `logged` in detail."""
    return walked(tuple(policy.name for policy in own), pack(own, world), world, seed, runs, logged)


def walked(names: tuple[str, ...], packed: Policies, world: World, seed: int, runs: Ints, logged: int) -> Walked:
    """Walk what was packed, some runs at a time: in between whoever watches may stop it."""
    length, width = world.cap.shape
    count = len(names)
    written = log(LOGGED if logged >= 0 else 1, width)
    hourly = trace(count, length if logged >= 0 else 0, width)
    room, truth, parts = state(packed, length), blank(world), []
    at_once = max(1, WALKS // count)
    for start in range(0, len(runs), at_once):
        some = runs[start : start + at_once]
        sums = tally(len(some), count, int(world.clock[DAY, -2]), len(packed.rules))
        walk(world, packed, room, truth, seed, some, logged, written, hourly, sums)
        watching().step(len(some) * count)
        parts.append(sums)
    return Walked(names=names, tally=joined(parts), log=written, trace=hourly, ticks=packed.ticks)


def earned(played: Played, own: Sequence[Policy], world: World) -> Floats:
    """Return what policies earn in another world on the chance of what was played, shape (policies, runs)."""
    watching().expect(len(own) * played.runs)
    runs = np.arange(played.runs, dtype=np.int64)
    return np.asarray(follow(own, world, seed=played.seed, runs=runs).tally.worth[REVENUE].T)


def play(asked: RuleSet, against: Sequence[RuleSet], given: Setting, *, runs: int, seed: int) -> Played:
    """Let every policy meet the same simulated campaigns."""
    world = given.market.world(given.plan)
    own = policies(asked, against, given)
    watching().expect((len(own) + MOST) * runs)
    which = np.arange(runs, dtype=np.int64)
    found = follow(own, world, seed=seed, runs=which, logged=0)
    most, spent = np.zeros((runs, 2)), np.zeros((runs, 2))
    floor = own[4].rules.limits[FLOOR] * given.plan / CENTS / given.market.days
    truth = blank(world)
    for some in (slice(start, start + MOSTS) for start in range(0, runs, MOSTS)):
        bounds(world, seed, which[some], truth, given.budget, floor, most[some], spent[some])
        watching().step(len(which[some]) * MOST)
    return Played(
        rule_set=asked,
        against=tuple(against),
        given=given,
        world=world,
        policies=own,
        walked=found,
        most=most,
        most_spent=spent,
        seed=seed,
    )


def interval(values: Floats) -> tuple[float, float]:
    """Return the 95% t-interval of the average; none where all runs agree, which says nothing of its error."""
    spread = float(values.std(ddof=1))
    if not spread > 1e-9 * max(1.0, float(np.abs(values).max())):
        return np.nan, np.nan
    reach = float(stats.t.ppf(TAILS[1], len(values) - 1)) * spread / np.sqrt(len(values))
    return float(values.mean() - reach), float(values.mean() + reach)


def by_channel(played: Played, policies: Iterable[str]) -> pd.DataFrame:
    """Lay out the logged run's spend and revenue by policy, hour and channel."""
    trace, times, names = played.walked.trace, played.given.market.times, played.given.market.channels
    hour, channel = np.repeat(np.arange(len(times)), len(names)), np.tile(names, len(times))
    parts = []
    for policy in policies:
        n = played.walked.place(policy)
        cells = {"spent": trace.spent[n].ravel() / CENTS, "revenue": trace.cells[0, n].ravel()}
        parts.append(pd.DataFrame({"policy": policy, "hour": hour, "time": times[hour], "channel": channel} | cells))
    return pd.concat(parts, ignore_index=True)


def warm() -> None:
    """Compile the kernels, which would otherwise wait for the first question."""
    times = pd.date_range("2026-01-01", periods=24, freq="h")
    names, ones = ("a", "b"), np.ones(2)
    market = Market(
        channels=names,
        times=times,
        weight=np.full(24, 1 / 24),
        phase=np.zeros(24, dtype=np.int64),
        multiplier=np.ones((1, 2)),
        fitted=Responses(("hyperbolic", "hyperbolic"), 100 * ones, 10 * ones),
        draws=(np.array([[100.0, 10.0, 1.0]]),) * 2,
        most=20 * ones,
        sigma=0.1 * ones,
        order_value=5.0,
        settings=MarketSettings(),
    )
    plan = np.array([850, 850])
    given = Setting(market=market, budget=2000, reserve=300, tranches=(), plan=plan, observed=10 * ones,
                    facts=frozenset(), left_out=(), expected=0.0, currency=None, notes=())  # fmt: skip
    play(ready_plan(), (), given, runs=2, seed=1)
