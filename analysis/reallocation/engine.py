"""What does every policy spend and earn, hour by hour, in every simulated campaign? All runs x policies in one walk."""

from __future__ import annotations

import math

import numpy as np

from analysis.arrays import Ints
from analysis.reallocation import chance
from analysis.reallocation.chance import normal, poisson, uniform
from analysis.reallocation.desk import believe, carry_out, look, write
from analysis.reallocation.state import CARRIED_OUT, CENTS, FIXED, RULED, SCHEDULED, Log, Policies, State, Tally, Trace
from analysis.reallocation.world import Truth, World, draw, height
from analysis.store.kernels import compiled

HABIT = 24.0
"""Hours over which a channel gets used to a rate; spending faster than that makes it dearer."""


@compiled
def walk(
    world: World, pol: Policies, s: State, truth: Truth, seed: int, runs: Ints, logged: int, log: Log, trace: Trace,
    tally: Tally,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Walk all runs; `tally` gets what they came to, `log` and `trace` the run that is `logged` (-1 for none).

    Parameters
    ----------
    world : World
    pol : Policies
    s : State
    truth : Truth
        Room for a run, used again by the next: memory does not grow with runs.
    seed : int
    runs : ndarray of int
        Their numbers: what chance gives a run does not depend on which others are walked.
    """
    length, width = world.cap.shape
    luck, swing = np.empty(width), np.empty(width)
    for r in range(len(runs)):
        run = runs[r]
        draw(world, seed, run, truth)
        _begin(world, pol, s)
        own = run == logged
        log_here = log.count[0]
        busy, since = False, 0
        for h in range(length):
            if truth.surge[h] and not busy:
                tally.surges[r] += 1
                since = h
                s.met[:] = False
            busy = truth.surge[h]
            for c in range(width):
                luck[c] = uniform(seed, run, h, c, chance.LUCK)
                swing[c] = 1.0
                if world.noise[c] > 0.0:
                    z = normal(uniform(seed, run, h, c, chance.NOISE), uniform(seed, run, h, c, chance.NOISE_TOO))
                    swing[c] = math.exp(world.noise[c] * z - 0.5 * world.noise[c] * world.noise[c])
            for p in range(len(pol.kind)):
                if h > 0:
                    _moment(world, pol, s, truth, p, h, seed, run, log, tally, r, busy, since)
                _spend(world, pol, s, truth, p, h, luck, swing, own, trace, tally, r)
        if not own:
            log.count[0] = log_here
        for p in range(len(pol.kind)):
            tally.reserve[r, p], tally.locked[r, p] = s.reserve[p] + s.extra[p].sum(), s.locked[p]
            tally.left[r, p] = s.left[p].sum()
            tally.drawn[r, p] = pol.reserve[p] - tally.reserve[r, p]


@compiled
def _begin(world: World, pol: Policies, s: State) -> None:  # pragma: no cover - compiled
    s.left[:] = pol.plan
    s.reserve[:] = pol.reserve
    s.pace[:] = 0.0
    s.spent[:, 0] = 0
    for sums in (s.orders, s.forecast, s.late, s.late_forecast):
        sums[:, 0] = 0.0
    for empty in (s.extra, s.learns, s.streak, s.done):
        empty[:] = 0
    s.due[:] = 0.0
    s.extra_due[:] = 0.0
    s.tranche[:] = 0
    s.waiting[:] = 0
    s.stands[:] = 0
    s.paused[:] = False
    s.declared[:] = False
    s.met[:] = False
    s.fired[:] = -(10**9)
    s.changed[:] = -(10**9)
    for p in range(len(pol.kind)):
        s.locked[p] = pol.tranches[p].sum()


@compiled
def _moment(
    world: World, pol: Policies, s: State, truth: Truth, p: int, t: int, seed: int, run: int, log: Log, tally: Tally,
    r: int, busy: bool, since: int,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Let a policy act at a moment, before hour t."""
    kind = pol.kind[p]
    if kind == FIXED:
        return
    if pol.acts[p, t] or kind == SCHEDULED:
        _return_unspent(s, p, t, pol)
    if kind == SCHEDULED:
        for n in range(len(pol.when)):
            if pol.when[n] == t and pol.use[p, n]:
                s.change[:] = pol.change[n]
                s.given[:] = pol.release[n]
                tally.moved[r, p] += carry_out(world, s, p, t, pol.what[n], pol.on[n], s.change, s.given)
                tally.decisions[r, p] += 1
        return
    s.done[p, t + 1] = s.done[p, t]
    if kind == RULED:
        if pol.mode[p] > 0 and pol.looks[p, t]:
            before = s.declared[p]
            look(world, pol, s, p, t, seed, run, log, tally, r)
            if s.declared[p] and not before:
                tally.declared[r, p] += 1
                tally.false[r, p] += not _surged(truth, t, pol, p)
            if s.declared[p] and busy_before(truth, t) and not s.met[p]:
                s.met[p] = True
                tally.found[r, p] += 1
                tally.waited[r, p] += t - since
        return
    if pol.acts[p, t]:
        tally.moved[r, p] += believe(world, pol, s, p, t, seed, run, log)
        tally.decisions[r, p] += 1


@compiled
def busy_before(truth: Truth, t: int) -> bool:  # pragma: no cover - compiled
    """Say whether a surge is on that had begun before a moment."""
    return bool(truth.surge[t - 1])


@compiled
def _surged(truth: Truth, t: int, pol: Policies, p: int) -> bool:  # pragma: no cover - compiled
    """Say whether a surge was on within the two looks before a moment."""
    looks = 0
    for h in range(t - 1, -1, -1):
        if truth.surge[h]:
            return True
        looks += pol.looks[p, h]
        if looks >= 2:
            return False
    return False


@compiled
def _return_unspent(s: State, p: int, t: int, pol: Policies) -> None:  # pragma: no cover - compiled
    """Put released money that was not taken up back into the reserve, once its time is over."""
    if not pol.acts[p, t]:
        return
    for c in range(s.extra.shape[1]):
        s.reserve[p] += s.extra[p, c]
        s.extra[p, c] = 0
        s.extra_due[p, c] = 0.0


@compiled
def _spend(
    world: World, pol: Policies, s: State, truth: Truth, p: int, h: int, luck, swing, own: bool, trace: Trace, tally: Tally,
    r: int,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Spend through an hour, and see what the market returns."""
    weight, rest = world.weight[h], world.rest[h]
    learns = pol.kind[p] != FIXED and pol.kind[p] != SCHEDULED
    day = world.day[h] - 1
    for c in range(len(world.family)):
        s.rates[p, h % 24, c] = s.left[p, c] / (rest * CENTS)
        x = _due(world, pol, s, p, h, c)
        tally.spent[r, p] += x
        value, forecast = _earned(world, s, truth, p, h, c, x, learns)
        tally.revenue[r, p] += value
        tally.days[r, p, day] += value
        count = 0.0
        if learns or own:
            count = math.floor(poisson(value / world.order_value * swing[c], luck[c]) * truth.tracked[h, c])
        if learns:
            s.spent[p, h + 1, c] = s.spent[p, h, c] + x
            s.orders[p, h + 1, c] = s.orders[p, h, c] + count
            s.forecast[p, h + 1, c] = s.forecast[p, h, c] + forecast
            stay = world.stay[c]
            if stay > 0.0:
                s.late[p, h + 1, c] = (s.late[p, h, c] + count) * stay
                s.late_forecast[p, h + 1, c] = (s.late_forecast[p, h, c] + forecast) * stay
        if own:
            trace.spent[p, h, c], trace.revenue[p, h, c], trace.orders[p, h, c] = x, value, count
    if own:
        trace.reserve[p, h], trace.locked[p, h] = s.reserve[p], s.locked[p]
        trace.left[p, h] = s.left[p].sum() + s.extra[p].sum()


@compiled
def _due(world: World, pol: Policies, s: State, p: int, h: int, c: int) -> int:  # pragma: no cover - compiled
    """Take an hour's money: what is left is due evenly over the demand that is left, in whole cents."""
    cap = world.cap[h, c]
    x = 0
    if not s.paused[p, c] and s.left[p, c] > 0:
        s.due[p, c] += (s.left[p, c] - s.due[p, c]) * (world.weight[h] / world.rest[h])
        x = int(math.floor(s.due[p, c] + 0.5))
        if x > cap:
            x = cap
            s.due[p, c] = 0.0
        else:
            s.due[p, c] -= x
        s.left[p, c] -= x
    if s.extra[p, c] > 0:
        until = world.rest[h] - world.rest[pol.then[p, h]]
        share = world.weight[h] / until if until > world.weight[h] else 1.0
        s.extra_due[p, c] += (s.extra[p, c] - s.extra_due[p, c]) * share
        more = int(math.floor(s.extra_due[p, c] + 0.5))
        if more > cap - x:
            more = cap - x
            s.extra_due[p, c] = 0.0
        else:
            s.extra_due[p, c] -= more
        s.extra[p, c] -= more
        x += more
    return x


@compiled
def _earned(
    world: World, s: State, truth: Truth, p: int, h: int, c: int, x: int, learns: bool
) -> tuple[float, float]:  # pragma: no cover - compiled
    """Return what an hour's spend is expected to earn in truth, and by the fitted curves."""
    weight, phase = world.weight[h], world.phase[h]
    if x == 0:
        if world.dearer > 0.0:
            s.pace[p, c] -= s.pace[p, c] / HABIT
        return 0.0, 0.0
    rate = x / (CENTS * weight)
    price = truth.price[h]
    if world.dearer > 0.0:
        if s.pace[p, c] > 0.0 and rate > s.pace[p, c]:
            price *= 1.0 + world.dearer * (rate / s.pace[p, c] - 1.0)
        s.pace[p, c] = rate if h == 0 else s.pace[p, c] + (rate - s.pace[p, c]) / HABIT
    strength = truth.multiplier[phase, c] * weight * truth.demand[h] * truth.health[h, c]
    if h < s.learns[p, c]:
        strength *= 1.0 - world.learning_cost
    value = strength * truth.ceiling[c] * height(world.family[c], rate / (price * truth.half[c]))
    if not learns:
        return value, 0.0
    usual = world.multiplier[phase, c] * weight * world.ceiling[c]
    return value, usual * height(world.family[c], rate / world.half[c])


