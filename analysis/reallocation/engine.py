"""What does every policy spend and earn, hour by hour, in every simulated campaign? All runs x policies in one walk."""

from __future__ import annotations

import math

from analysis.arrays import Floats, Ints
from analysis.reallocation import chance
from analysis.reallocation.chance import poisson, quantile, uniform
from analysis.reallocation.desk import believe, carry_out, look
from analysis.reallocation.state import (
    ACTS,
    CENTS,
    CHANGE,
    CHANGED,
    DECISIONS,
    DECLARED,
    DRAWN,
    DUE,
    EARNS,
    EXTRA,
    EXTRA_DUE,
    FALSE,
    FIRED,
    FIXED,
    FORECAST,
    FOUND,
    GIVEN,
    HOW,
    KIND,
    LATE,
    LATE_FORECAST,
    LEARNS,
    LEFT,
    LOCKED,
    LOOKS,
    LUCKS,
    MET,
    MOVED,
    ORDERS,
    PACE,
    PAUSED,
    RESERVE,
    REVENUE,
    RULED,
    SCHEDULED,
    SET_ASIDE,
    SPENT,
    SWINGS,
    THEN,
    THOMPSON,
    TOTAL_DECLARED,
    TOTAL_LEFT,
    TOTAL_LOCKED,
    TOTAL_RESERVE,
    TOTAL_SPENT,
    USUALLY,
    WAITED,
    Log,
    Policies,
    State,
    Tally,
    Trace,
)  # fmt: skip
from analysis.reallocation.world import (
    CEILING,
    DAY,
    DEARER,
    DEMAND,
    EXACT,
    FAMILY,
    HALF,
    LEARNING_COST,
    NOISE,
    ORDER_VALUE,
    PHASE,
    PRICE,
    RESPONSE,
    REST,
    STAY,
    SURGING,
    TRACKED_SHARE,
    WEIGHT,
    Truth,
    World,
    draw,
    height,
)  # fmt: skip
from analysis.store.kernels import borrowing, compiled, inlined

HABIT = 24.0
"""Hours over which a channel gets used to a rate; spending faster than that makes it dearer."""
LONG_AGO = 10**9


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
    luck, swing = s.room[LUCKS], s.room[SWINGS]
    for r in range(len(runs)):
        run = runs[r]
        draw(world, seed, run, truth)
        _begin(pol, s)
        own = run == logged
        written = log.filled[0]
        if not own:
            log.filled[0] = -1
        busy, since = False, 0
        for h in range(length):
            if truth.hours[SURGING, h] > 0.0 and not busy:
                tally.surges[r] += 1
                since = h
                s.own[MET, :] = 0
            busy = truth.hours[SURGING, h] > 0.0
            _hour(world, truth, s, h)
            for c in range(width):
                luck[c] = uniform(seed, run, h, c, chance.LUCK)
                swing[c] = 1.0
                if world.channels[NOISE, c] > 0.0:
                    z = quantile(uniform(seed, run, h, c, chance.NOISE))
                    swing[c] = math.exp(
                        world.channels[NOISE, c] * z - 0.5 * world.channels[NOISE, c] * world.channels[NOISE, c]
                    )
            if h > 0:
                for p in range(pol.own.shape[1]):
                    _moment(world, pol, s, truth, p, h, seed, run, log, tally, r, since)
            _spend(world, pol, s, truth, h, luck, swing, own, trace, tally, r)
        if not own:
            log.filled[0] = written
        for p in range(pol.own.shape[1]):
            tally.whole[TOTAL_RESERVE, r, p], tally.whole[TOTAL_LOCKED, r, p] = (
                s.own[RESERVE, p] + s.cells[EXTRA, p].sum(),
                s.own[LOCKED, p],
            )
            tally.whole[TOTAL_LEFT, r, p] = s.cells[LEFT, p].sum()
            tally.whole[DRAWN, r, p] = pol.own[SET_ASIDE, p] - tally.whole[TOTAL_RESERVE, r, p]


@borrowing
def _begin(pol: Policies, s: State) -> None:  # pragma: no cover - compiled
    """Make everything as it is before the first hour."""
    s.cells[:] = 0
    s.cells[CHANGED, :, :] = -LONG_AGO
    s.carry[:] = 0.0
    s.own[:] = 0
    s.counts[:] = 0
    s.counts[FIRED, :, :] = -LONG_AGO
    s.done[:] = 0
    s.sums[:, :, 0] = 0.0
    for p in range(pol.own.shape[1]):
        s.own[RESERVE, p] = pol.own[SET_ASIDE, p]
        s.own[LOCKED, p] = pol.tranches[p].sum()
        for c in range(pol.plan.shape[1]):
            s.cells[LEFT, p, c] = pol.plan[p, c]


@inlined
def _moment(
    world: World, pol: Policies, s: State, truth: Truth, p: int, t: int, seed: int, run: int, log: Log, tally: Tally,
    r: int, since: int,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Let a policy act at a moment, before hour t."""
    kind = pol.own[KIND, p]
    if kind == FIXED:
        return
    if pol.ticks[ACTS, p, t]:
        _return_unspent(s, p)
    if kind == SCHEDULED:
        for n in range(len(pol.when)):
            if pol.when[n, 0] == t and pol.use[p, n]:
                for c in range(s.decided.shape[1]):
                    s.decided[CHANGE, c], s.decided[GIVEN, c] = pol.cents[0, n, c], pol.cents[1, n, c]
                moved = carry_out(world, s, p, t, pol.when[n, 1], pol.when[n, 2])
                tally.whole[MOVED, r, p] += moved
                tally.whole[DECISIONS, r, p] += 1
        return
    s.done[p, t + 1] = s.done[p, t]
    if kind == RULED:
        if pol.own[HOW, p] > 0 and pol.ticks[LOOKS, p, t]:
            before = s.own[DECLARED, p]
            look(world, pol, s, p, t, seed, run, log, tally, r)
            if s.own[DECLARED, p] and not before:
                tally.whole[TOTAL_DECLARED, r, p] += 1
                tally.whole[FALSE, r, p] += not _surged(truth, t, pol, p)
            if s.own[DECLARED, p] and truth.hours[SURGING, t - 1] > 0.0 and not s.own[MET, p]:
                s.own[MET, p] = 1
                tally.whole[FOUND, r, p] += 1
                tally.worth[WAITED, r, p] += t - since
        return
    if pol.ticks[ACTS, p, t]:
        tally.whole[MOVED, r, p] += believe(world, pol, s, p, t, seed, run, log)
        tally.whole[DECISIONS, r, p] += 1


@borrowing
def _surged(truth: Truth, t: int, pol: Policies, p: int) -> bool:  # pragma: no cover - compiled
    """Say whether a surge was on within the two looks before a moment."""
    looks = 0
    for h in range(t - 1, -1, -1):
        if truth.hours[SURGING, h] > 0.0:
            return True
        looks += pol.ticks[LOOKS, p, h]
        if looks >= 2:
            return False
    return False


@borrowing
def _return_unspent(s: State, p: int) -> None:  # pragma: no cover - compiled
    """Put released money that was not taken up back into the reserve, once its time is over."""
    for c in range(s.cells.shape[2]):
        s.own[RESERVE, p] += s.cells[EXTRA, p, c]
        s.cells[EXTRA, p, c] = 0
        s.carry[EXTRA_DUE, p, c] = 0.0


@inlined
def _hour(world: World, truth: Truth, s: State, h: int) -> None:  # pragma: no cover - compiled
    """Fill in what multiplies each channel's shape in an hour, in truth and as fitted: the same for every policy."""
    weight, phase, demand = world.hours[WEIGHT, h], world.clock[PHASE, h], truth.hours[DEMAND, h]
    for c in range(world.cap.shape[1]):
        response = truth.multiplier[phase, c] * weight * demand * truth.cells[RESPONSE, h, c]
        s.room[EARNS, c] = response * truth.curve[CEILING, c]
        s.room[USUALLY, c] = world.multiplier[phase, c] * weight * world.channels[CEILING, c]


@inlined
def _spend(
    world: World, pol: Policies, s: State, truth: Truth, h: int, luck: Floats, swing: Floats, own: bool, trace: Trace,
    tally: Tally, r: int,
) -> None:  # pragma: no cover - compiled  # fmt: skip
    """Let every policy spend through an hour, and see what the market returns.

    Where most of the time goes: it calls nothing that takes more than numbers.
    """
    weight, rest = world.hours[WEIGHT, h], world.hours[REST, h]
    price, day = truth.hours[PRICE, h], world.clock[DAY, h] - 1
    value_of, dearer, cost = world.numbers[ORDER_VALUE], world.numbers[DEARER], world.numbers[LEARNING_COST]
    exact = world.numbers[EXACT] > 0.0
    for p in range(pol.own.shape[1]):
        learns = pol.own[KIND, p] == RULED or pol.own[KIND, p] == THOMPSON
        until = rest - world.hours[REST, pol.ticks[THEN, p, h]]
        share = weight / until if until > weight else 1.0
        money, total = 0, 0.0
        for c in range(world.cap.shape[1]):
            if learns:
                s.rates[p, h % 24, c] = s.cells[LEFT, p, c] / (rest * CENTS)
            cap, x = world.cap[h, c], 0
            if s.cells[LEFT, p, c] > 0 and s.cells[PAUSED, p, c] == 0:
                x, s.carry[DUE, p, c] = due(s.cells[LEFT, p, c], s.carry[DUE, p, c], world.pacing[h, c], cap)
                s.cells[LEFT, p, c] -= x
            if s.cells[EXTRA, p, c] > 0:
                more, s.carry[EXTRA_DUE, p, c] = due(s.cells[EXTRA, p, c], s.carry[EXTRA_DUE, p, c], share, cap - x)
                s.cells[EXTRA, p, c] -= more
                x += more
            rate = x / (CENTS * weight)
            strength = s.room[EARNS, c]
            if h < s.cells[LEARNS, p, c]:
                strength *= 1.0 - cost
            paid = price
            if dearer > 0.0:
                pace = s.carry[PACE, p, c]
                if 0.0 < pace < rate:
                    paid *= 1.0 + dearer * (rate / pace - 1.0)
                s.carry[PACE, p, c] = rate if h == 0 else pace + (rate - pace) / HABIT
            value = strength * height(world.kinds[FAMILY, c], rate / (paid * truth.curve[HALF, c]))
            money += x
            total += value
            count = 0.0
            if exact:
                count = value / value_of * truth.cells[TRACKED_SHARE, h, c]
            elif learns or own:
                count = math.floor(poisson(value / value_of * swing[c], luck[c]) * truth.cells[TRACKED_SHARE, h, c])
            if learns:
                forecast = s.room[USUALLY, c] * height(world.kinds[FAMILY, c], rate / world.channels[HALF, c])
                s.sums[SPENT, p, h + 1, c] = s.sums[SPENT, p, h, c] + x
                s.sums[ORDERS, p, h + 1, c] = s.sums[ORDERS, p, h, c] + count
                s.sums[FORECAST, p, h + 1, c] = s.sums[FORECAST, p, h, c] + forecast
                stay = world.channels[STAY, c]
                if stay > 0.0:
                    s.sums[LATE, p, h + 1, c] = (s.sums[LATE, p, h, c] + count) * stay
                    s.sums[LATE_FORECAST, p, h + 1, c] = (s.sums[LATE_FORECAST, p, h, c] + forecast) * stay
            if own:
                trace.spent[p, h, c], trace.cells[0, p, h, c], trace.cells[1, p, h, c] = x, value, count
        tally.whole[TOTAL_SPENT, r, p] += money
        tally.worth[REVENUE, r, p] += total
        tally.days[r, p, day] += total
        if own:
            trace.held[0, p, h], trace.held[1, p, h] = s.own[RESERVE, p], s.own[LOCKED, p]
            trace.held[2, p, h] = s.cells[LEFT, p].sum() + s.cells[EXTRA, p].sum()


@borrowing
def due(left: int, owed: float, share: float, cap: int) -> tuple[int, float]:  # pragma: no cover - compiled
    """Return an hour's whole cents of what is left, and what is due still; what does not fit is planned anew."""
    owed += (left - owed) * share
    x = math.floor(owed + 0.5)
    if x > cap:
        return cap, 0.0
    return x, owed - x
