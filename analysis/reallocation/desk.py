"""What does a rule set see and decide at a moment? Readings, conditions, proposals, limits, carrying out."""

from __future__ import annotations

import math

import numpy as np

from analysis.arrays import Floats
from analysis.budget.curves.kernel import unit
from analysis.reallocation import chance
from analysis.reallocation.chance import quantile, uniform
from analysis.reallocation.state import (
    ACTIONS,
    ACTIONS_END,
    ACTS,
    BEYOND,
    CARRIED_OUT,
    CENTS,
    CHANGE,
    CHANGED,
    CONFLICT,
    DECISIONS,
    DECLARED,
    EXTRA,
    FIRED,
    FIRST,
    FORECAST,
    FULL_DAY,
    GIVEN,
    HELD,
    HIGH,
    HOW,
    IN_REVIEW,
    LATE,
    LEARNS,
    LEFT,
    LEVEL,
    LIMIT,
    LIMITS,
    LOCKED,
    LOW,
    MODE,
    MOVED,
    NOT_MET,
    NOTHING,
    OPS,
    OPS_END,
    ORDERS,
    OUT,
    PAUSED,
    REJECTED,
    RESERVE,
    RESTING,
    SCALE,
    SET_ASIDE,
    SPENT,
    STANDING_DOWN,
    STANDS,
    START,
    STREAK,
    THEN,
    TIMED_OUT,
    TOUCHED,
    TRANCHE,
    WAITING,
    WAITING_ROOM,
    Log,
    Policies,
    State,
    Tally,
)  # fmt: skip
from analysis.reallocation.world import (
    CEILING,
    DAY,
    FAMILY,
    HALF,
    HOUR,
    JITTER,
    LEARNING,
    MOST,
    ORDER_VALUE,
    PHASE,
    REST,
    STAY,
    SWAY,
    WEEKDAY,
    World,
    split,
)  # fmt: skip
from analysis.rules import program as code
from analysis.rules.conditions import Code
from analysis.store.kernels import borrowing, inlined

STRAY = 0.3
"""How far a channel's level of response is believed to stray from its fitted curve (standard deviation, share)."""
HISTORY = 168
"""Hours before a window over which a forecast is levelled to what was seen."""
SETTLED = 10.0
"""Orders' worth of belief in the forecast as it was fitted, before any were seen."""
NOTHING_CAME = 1e-12
"""Share of all that came so far below which a window holds nothing."""
CRUMB = 0.01
"""Share of a step below which a channel has nothing to give or no room to take."""
PRICED = 48
"""Halvings by which a price of money is found."""
LARGE = 0.2
"""Change of a channel's budget from which on it learns anew."""


# ---- what is seen -----------------------------------------------------------------------------------------


@borrowing
def come(sums: Floats, stay: float, what: int, p: int, a: int, b: int, t: int, c: int) -> float:  # pragma: no cover
    """Return what of a channel's window [a, b) has come in by moment t, of orders or of forecast revenue."""
    found = sums[what, p, b, c] - sums[what, p, a, c]
    if stay > 0.0:
        late = what + LATE - ORDERS
        found -= sums[late, p, b, c] * stay ** (t - b) - sums[late, p, a, c] * stay ** (t - a)
    # What rounding leaves of running sums is nothing: a cost per order is not divided by it.
    return found if found > NOTHING_CAME * sums[what, p, b, c] else 0.0


@borrowing
def learn(world: World, s: State, p: int, t: int, window: int, excluded: int) -> None:  # pragma: no cover
    """Fill `level`: what multiplies each channel's fitted curve, as the window tells.

    The ROI seen is drawn towards the curve's own by Buhlmann's credibility: the variance of levels over itself plus
    that of the figure, a day's sway and a Poisson count of orders. No spend, no weight.
    """
    b = max(0, t - excluded)
    a = max(0, b - window)
    days = world.hours[REST, a] - world.hours[REST, b]
    for c in range(world.cap.shape[1]):
        forecast = come(s.sums, world.channels[STAY, c], FORECAST, p, a, b, t, c)
        s.room[LEVEL, c] = 1.0
        if forecast > 0.0 and days > 0.0:
            seen = come(s.sums, world.channels[STAY, c], ORDERS, p, a, b, t, c) * world.numbers[ORDER_VALUE]
            noise = world.channels[SWAY, c] / days + world.numbers[ORDER_VALUE] / forecast
            s.room[LEVEL, c] += STRAY * STRAY / (STRAY * STRAY + noise) * (seen / forecast - 1.0)


@borrowing
def fence(world: World, pol: Policies, s: State, p: int, t: int) -> None:  # pragma: no cover
    """Fill `low` and `high`: the least and most cents that limits let each channel have for the rest.

    A channel that rests after a change keeps what it has, whoever pays for what.
    """
    rest = pol.limits[p, code.COOLDOWN]
    cents, before = world.hours[REST, t] * CENTS, world.hours[REST, 0] * CENTS
    step, day = pol.limits[p, code.STEP], pol.limits[p, code.DAY]
    for c in range(world.cap.shape[1]):
        planned = pol.plan[p, c] / before
        low = pol.limits[p, code.FLOOR] * planned
        high = min(pol.limits[p, code.CEILING] * planned, world.channels[MOST, c])
        if step < np.inf:
            low, high = max(low, s.room[START, c] * (1.0 - step)), min(high, s.room[START, c] * (1.0 + step))
        if day < np.inf:
            then = s.rates[p, t % 24, c] if t >= 24 else planned
            low, high = max(low, then * (1.0 - day)), min(high, then * (1.0 + day))
        left = s.cells[LEFT, p, c]
        s.room[LOW, c] = min(left, math.ceil(low * cents - 1e-6))
        s.room[HIGH, c] = max(left, math.floor(high * cents + 1e-6))
        if rest > 0 and t - s.cells[CHANGED, p, c] < rest:
            s.room[LOW, c] = s.room[HIGH, c] = left


@borrowing
def marginal(family: int, earns: float, half: float, most: float, rate: float) -> float:  # pragma: no cover
    """Return what the next unit of money is estimated to earn at a rate a day."""
    if rate > most:
        return 0.0
    u = max(rate, 0.0) / half
    if family == 0:
        return earns / (half * (1.0 + u) * (1.0 + u))
    return earns / half * unit(family, 1.0, u)[1]


@borrowing
def next_unit(world: World, s: State, p: int, t: int) -> None:  # pragma: no cover
    """Fill `scale`, what multiplies each channel's shape, and `out`, what its next unit is estimated to earn."""
    cents, phase = world.hours[REST, t] * CENTS, world.clock[PHASE, t]
    for c in range(world.cap.shape[1]):
        earns = s.room[LEVEL, c] * world.multiplier[phase, c] * world.channels[CEILING, c]
        rate, half = s.cells[LEFT, p, c] / cents, world.channels[HALF, c]
        s.room[SCALE, c] = earns
        s.room[OUT, c] = marginal(world.kinds[FAMILY, c], earns, half, world.channels[MOST, c], rate)


@borrowing
def pair(world: World, pol: Policies, s: State, p: int, t: int, crumb: float) -> tuple[int, int]:  # pragma: no cover
    """Return the channel that gives up least and the one that gains most, -1 without; `seen` gets their ROI."""
    low, high, least, most = -1, -1, np.inf, -np.inf
    fence(world, pol, s, p, t)
    next_unit(world, s, p, t)
    for c in range(world.cap.shape[1]):
        if s.cells[PAUSED, p, c]:
            continue
        value, left = s.room[OUT, c], s.cells[LEFT, p, c]
        if left - s.room[LOW, c] > crumb and value < least:
            low, least = c, value
        if s.room[HIGH, c] - left > crumb and value > most:
            high, most = c, value
    s.seen[2], s.seen[3] = least, most
    if low < 0 or high < 0 or low == high:
        return -1, -1
    return low, high


@inlined
def read(
    world: World, pol: Policies, s: State, p: int, t: int, own: int, metric: int, window: int, excluded: int,
    whose: int, per: int,
) -> float:  # pragma: no cover  # fmt: skip
    """Return a reading; NaN where there is no data."""
    c = own if whose == code.OWN else -1 if whose == code.TOTAL else whose
    if metric == Code.HOUR:
        return float(world.clock[HOUR, t])
    if metric == Code.WEEKDAY:
        return float(world.clock[WEEKDAY, t])
    if metric == Code.DAY:
        return float(world.clock[DAY, t])
    if metric == Code.TIME_SHARE:
        return float(1.0 - world.hours[REST, t] / world.hours[REST, 0])
    if metric == Code.RESERVE_LEFT:
        return s.own[RESERVE, p] / pol.own[SET_ASIDE, p] if pol.own[SET_ASIDE, p] > 0 else np.nan
    if metric in (Code.BUDGET, Code.PLANNED, Code.SPENT_SHARE):
        return _standing(world, pol, s, p, t, c, metric)
    b = max(0, t - excluded)
    a = max(0, b - window)
    if a == b:
        return np.nan
    if metric in (Code.MARGINAL_ROI, Code.SPREAD):
        learn(world, s, p, t, window, excluded)
        if metric == Code.SPREAD:
            low, _high = pair(world, pol, s, p, t, 1.0)
            return s.seen[3] / s.seen[2] if low >= 0 and s.seen[2] > 0.0 else (np.inf if low >= 0 else np.nan)
        next_unit(world, s, p, t)
        return s.room[OUT, c] if c >= 0 else np.nan
    if metric == Code.RANK:
        return _rank(world, s, p, a, b, t, c)
    spend, orders = _sums(world, s, p, a, b, t, c)
    parts = 1.0 if per == 0 else float(b - a) if per == 1 else (b - a) / 24.0
    if metric == Code.SPEND:
        return spend / parts
    if metric == Code.REVENUE:
        return float(orders * world.numbers[ORDER_VALUE] / parts)
    if metric == Code.ORDERS:
        return orders / parts
    if metric == Code.ROI:
        return orders * world.numbers[ORDER_VALUE] / spend if spend > 0.0 else np.nan
    if metric == Code.CPA:
        return np.nan if spend <= 0.0 else (spend / orders if orders > 0.0 else np.inf)
    found = _forecast(world, s, p, a, b, t, c, metric == Code.EXCESS, orders)
    return found / parts if metric == Code.FORECAST else found


@borrowing
def whose(c: int, width: int) -> tuple[int, int]:  # pragma: no cover
    """Return the first channel that a reading is of and the one after the last: one, or (-1) all."""
    return (0, width) if c < 0 else (c, c + 1)


@inlined
def _standing(world: World, pol: Policies, s: State, p: int, t: int, c: int, metric: int) -> float:  # pragma: no cover
    """Return a figure of the budget as it stands, of a channel or (-1) of all."""
    left = planned = 0.0
    first, last = whose(c, world.cap.shape[1])
    for k in range(first, last):
        left += s.cells[LEFT, p, k]
        planned += pol.plan[p, k]
    if metric == Code.BUDGET:
        return float(left / (world.hours[REST, t] * CENTS))
    if metric == Code.PLANNED:
        return float(planned / (world.hours[REST, 0] * CENTS))
    spent = 0.0
    for k in range(first, last):
        spent += s.sums[SPENT, p, t, k]
    return spent / planned if planned > 0.0 else np.nan


@borrowing
def _sums(world: World, s: State, p: int, a: int, b: int, t: int, c: int) -> tuple[float, float]:  # pragma: no cover
    """Return spend and orders of a window, of a channel or (-1) of all."""
    spend = orders = 0.0
    first, last = whose(c, world.cap.shape[1])
    for k in range(first, last):
        spend += (s.sums[SPENT, p, b, k] - s.sums[SPENT, p, a, k]) / CENTS
        orders += come(s.sums, world.channels[STAY, k], ORDERS, p, a, b, t, k)
    return spend, orders


@inlined
def _rank(world: World, s: State, p: int, a: int, b: int, t: int, c: int) -> float:  # pragma: no cover
    """Return a channel's place by ROI, 1 for the best."""
    if c < 0:
        return np.nan
    spend, orders = _sums(world, s, p, a, b, t, c)
    if spend <= 0.0:
        return np.nan
    place = 1.0
    for k in range(world.cap.shape[1]):
        other, many = _sums(world, s, p, a, b, t, k)
        if other > 0.0 and many / other > orders / spend:
            place += 1.0
    return place


@inlined
def _forecast(
    world: World, s: State, p: int, a: int, b: int, t: int, c: int, excess: bool, orders: float
) -> float:  # pragma: no cover
    """Return the orders expected in a window; or by how many standard deviations those seen are more.

    The forecast is levelled: multiplied by what was seen over what was forecast in the `HISTORY` before the window.
    """
    before = max(0, a - HISTORY)
    expected = known = seen = sway = 0.0
    first, last = whose(c, world.cap.shape[1])
    for k in range(first, last):
        own = come(s.sums, world.channels[STAY, k], FORECAST, p, a, b, t, k) / world.numbers[ORDER_VALUE]
        expected += own
        sway += own * own * world.channels[JITTER, k] / (b - a)
        known += come(s.sums, world.channels[STAY, k], FORECAST, p, before, a, t, k) / world.numbers[ORDER_VALUE]
        seen += come(s.sums, world.channels[STAY, k], ORDERS, p, before, a, t, k)
    level = (seen + SETTLED) / (known + SETTLED)
    expected *= level
    if not excess:
        return expected
    if expected <= 0.0:
        return np.nan
    doubt = 1.0 / (seen + SETTLED) + (STRAY * SETTLED / (known + SETTLED)) ** 2
    return (orders - expected) / math.sqrt(expected + level * level * sway + expected * expected * doubt)


# ---- conditions -------------------------------------------------------------------------------------------


@inlined
def holds(world: World, pol: Policies, s: State, p: int, t: int, k: int, c: int) -> float:  # pragma: no cover
    """Return 1 where a rule's condition holds, 0 where it does not, NaN without data; `seen` gets what it compared."""
    top, first = 0, True
    s.seen[0] = s.seen[1] = np.nan
    for i in range(pol.rules[k, OPS], pol.rules[k, OPS_END]):
        op = pol.ops[i, 0]
        if op == code.CONSTANT:
            s.seen[6 + top] = pol.values[i]
            top += 1
        elif op == code.READ:
            o = pol.ops[i]
            s.seen[6 + top] = pol.values[i] * read(world, pol, s, p, t, c, o[1], o[2], o[3], o[4], o[5])
            top += 1
        elif op == code.NOT:
            s.seen[5 + top] = 1.0 - s.seen[5 + top]
        else:
            top -= 1
            left, right = s.seen[5 + top], s.seen[6 + top]
            if op <= code.AT_MOST and first:
                s.seen[0], s.seen[1], first = left, right, False
            s.seen[5 + top] = _joined(op, left, right)
    return float(s.seen[6])


@borrowing
def _joined(op: int, left: float, right: float) -> float:  # pragma: no cover
    """Return a comparison's or a junction's truth; NaN where no data decides."""
    if op == code.AND:
        return 0.0 if left == 0.0 or right == 0.0 else left * right
    if op == code.OR:
        return 1.0 if left == 1.0 or right == 1.0 else left + right
    if math.isnan(left) or math.isnan(right):
        return np.nan
    if op == code.GREATER:
        held = left > right
    elif op == code.AT_LEAST:
        held = left >= right
    else:
        held = left < right if op == code.LESS else left <= right
    return 1.0 if held else 0.0


# ---- proposals --------------------------------------------------------------------------------------------


@inlined
def propose(
    world: World, pol: Policies, s: State, p: int, t: int, act: int, c: int
) -> tuple[int, int]:  # pragma: no cover
    """Fill `change` and `given` with what an action would do; return cents asked for, and what holds it back."""
    s.decided[CHANGE, :] = 0
    s.decided[GIVEN, :] = 0
    kind = pol.acts_of[act, 0]
    if kind < code.DRAW or kind == code.REFILL:
        fence(world, pol, s, p, t)
    if kind <= code.CHANGE_AMOUNT:
        return _own_budget(world, pol, s, p, t, act, c)
    if kind == code.BY_MARGINAL:
        return _by_marginal(world, pol, s, p, t, act)
    if kind in (code.BY_ROI, code.BY_EVEN):
        return _towards(world, pol, s, p, t, act)
    if kind == code.DRAW:
        return _draw(world, pol, s, p, t, act)
    if kind == code.REFILL:
        for k in range(world.cap.shape[1]):
            low = int(s.room[LOW, k])
            s.decided[CHANGE, k] = -min(int(pol.act_values[act, 0] * s.cells[LEFT, p, k]), s.cells[LEFT, p, k] - low)
        return -s.decided[CHANGE].sum(), NOTHING if s.decided[CHANGE].sum() == 0 else CARRIED_OUT
    if kind == code.TRANCHE:
        return _tranche(pol, s, p)
    return _stop_or_start(pol, s, p, c, kind)


@inlined
def _own_budget(
    world: World, pol: Policies, s: State, p: int, t: int, act: int, c: int
) -> tuple[int, int]:  # pragma: no cover
    if c < 0:
        return 0, NOTHING  # a campaign has no budget of its own to change
    left = s.cells[LEFT, p, c]
    wanted = pol.act_values[act, 0] * (
        left if pol.acts_of[act, 0] == code.CHANGE_SHARE else world.hours[REST, t] * CENTS
    )
    asked = int(wanted)
    if s.cells[PAUSED, p, c] or asked == 0:
        return asked, NOTHING
    if pol.limits[p, code.COOLDOWN] > 0 and t - s.cells[CHANGED, p, c] < pol.limits[p, code.COOLDOWN]:
        return asked, RESTING
    low, high = int(s.room[LOW, c]), int(s.room[HIGH, c])
    kept = min(max(left + asked, low), high) - left
    if kept != asked and pol.limits[p, code.SKIP] > 0.0:
        return asked, LIMIT
    _others_pay(world, pol, s, p, t, c, kept)
    return asked, LIMIT if kept == 0 else NOTHING if s.decided[CHANGE, c] == 0 else CARRIED_OUT


@borrowing
def _takes_part(s: State, p: int, k: int, c: int) -> bool:  # pragma: no cover
    """Say whether channel `k` is one of those that pay for a change of channel `c`."""
    return k != c and s.cells[PAUSED, p, k] == 0 and s.decided[TOUCHED, k] == 0


@borrowing
def _others_pay(world: World, pol: Policies, s: State, p: int, t: int, c: int, amount: int) -> None:  # pragma: no cover
    """Fill `change`: the others pay `amount`, or get it where it is below zero, in proportion and within limits.

    What a rule before has changed at this moment is left alone: two rules may raise two channels at a time.
    """
    total = 0
    for k in range(world.cap.shape[1]):
        if _takes_part(s, p, k, c):
            total += s.cells[LEFT, p, k]
    if total <= 0:
        return
    for k in range(world.cap.shape[1]):
        if _takes_part(s, p, k, c):
            low, high = int(s.room[LOW, k]), int(s.room[HIGH, k])
            part = int(abs(amount) * (s.cells[LEFT, p, k] / total))
            part = min(part, s.cells[LEFT, p, k] - low) if amount > 0 else min(part, high - s.cells[LEFT, p, k])
            s.decided[CHANGE, k] = -part if amount > 0 else part
            s.decided[CHANGE, c] -= s.decided[CHANGE, k]


@inlined
def _by_marginal(
    world: World, pol: Policies, s: State, p: int, t: int, act: int
) -> tuple[int, int]:  # pragma: no cover
    """Move up to a step from the lowest to the highest marginal ROI, no further than where both meet."""
    learn(world, s, p, t, pol.acts_of[act, 1], pol.acts_of[act, 2])
    step = pol.act_values[act, 0] * s.cells[LEFT, p].sum()
    low, high = pair(world, pol, s, p, t, max(CRUMB * step, 1.0))
    if low < 0 or s.seen[3] <= s.seen[2]:
        return 0, NOTHING
    most = min(step, s.cells[LEFT, p, low] - s.room[LOW, low], s.room[HIGH, high] - s.cells[LEFT, p, high])
    cents = world.hours[REST, t] * CENTS
    moved = int(_meet(world, s, p, low, high, most, cents))
    s.decided[CHANGE, low], s.decided[CHANGE, high] = -moved, moved
    return int(step), NOTHING if moved == 0 else CARRIED_OUT


@inlined
def _meet(world: World, s: State, p: int, low: int, high: int, most: float, cents: float) -> float:  # pragma: no cover
    """Return how many cents to move so that the next unit earns the same in both channels, to half a cent."""
    gives, takes = s.cells[LEFT, p, low], s.cells[LEFT, p, high]
    shapes = world.kinds[FAMILY, low], world.kinds[FAMILY, high]
    earns = s.room[SCALE, low], s.room[SCALE, high]
    half = world.channels[HALF, low], world.channels[HALF, high]
    up_to = world.channels[MOST, low], world.channels[MOST, high]
    least, upto, tried = 0.0, most, most
    while upto - least > 0.5:
        loss = marginal(shapes[0], earns[0], half[0], up_to[0], (gives - tried) / cents)
        if marginal(shapes[1], earns[1], half[1], up_to[1], (takes + tried) / cents) > loss:
            least = tried
        else:
            upto = tried
        tried = (least + upto) / 2.0
    return upto


@inlined
def _towards(world: World, pol: Policies, s: State, p: int, t: int, act: int) -> tuple[int, int]:  # pragma: no cover
    """Move towards shares in proportion to ROI seen, or towards equal ones."""
    width = world.cap.shape[1]
    b = max(0, t - pol.acts_of[act, 2])
    a = max(0, b - pol.acts_of[act, 1])
    total, weights = 0.0, 0.0
    for c in range(width):
        s.room[SCALE, c] = 0.0
        if s.cells[PAUSED, p, c]:
            continue
        total += s.cells[LEFT, p, c]
        s.room[SCALE, c] = 1.0
        if pol.acts_of[act, 0] == code.BY_ROI:
            spend, orders = _sums(world, s, p, a, b, t, c)
            s.room[SCALE, c] = orders * world.numbers[ORDER_VALUE] / spend if spend > 0.0 else 0.0
        weights += s.room[SCALE, c]
    if weights <= 0.0:
        return 0, NOTHING
    far = 0.0
    for c in range(width):
        s.room[OUT, c] = total * s.room[SCALE, c] / weights - s.cells[LEFT, p, c] if not s.cells[PAUSED, p, c] else 0.0
        far += max(s.room[OUT, c], 0.0)
    step = pol.act_values[act, 0] * total
    shrink = min(1.0, step / far) if far > 0.0 else 0.0
    for c in range(width):
        low, high = int(s.room[LOW, c]), int(s.room[HIGH, c])
        s.decided[CHANGE, c] = min(
            max(int(shrink * s.room[OUT, c]), low - s.cells[LEFT, p, c]), high - s.cells[LEFT, p, c]
        )
    balance(s)
    return int(min(far, step)), NOTHING if not s.decided[CHANGE].any() else CARRIED_OUT


@borrowing
def balance(s: State) -> None:  # pragma: no cover
    """Shrink what is given or what is taken so that `change` adds up to nothing."""
    up = down = 0
    for amount in s.decided[CHANGE]:
        up += max(amount, 0)
        down += max(-amount, 0)
    small = min(up, down)
    over = 0
    for c in range(len(s.decided[CHANGE])):
        side = up if s.decided[CHANGE, c] > 0 else down
        if s.decided[CHANGE, c] != 0:
            s.decided[CHANGE, c] = int(s.decided[CHANGE, c] * (small / side))
        over += s.decided[CHANGE, c]
    for c in range(len(s.decided[CHANGE])):  # a cent or two by rounding
        if over > 0 and s.decided[CHANGE, c] > 0:
            part = min(over, s.decided[CHANGE, c])
            s.decided[CHANGE, c] -= part
            over -= part
        elif over < 0 and s.decided[CHANGE, c] < 0:
            part = min(-over, -s.decided[CHANGE, c])
            s.decided[CHANGE, c] += part
            over += part


@inlined
def _draw(world: World, pol: Policies, s: State, p: int, t: int, act: int) -> tuple[int, int]:  # pragma: no cover
    """Release some of the reserve until the next adjustment, to where the next unit earns most."""
    amount = min(s.own[RESERVE, p], int(pol.act_values[act, 0] * pol.own[SET_ASIDE, p]))
    days = world.hours[REST, t] - world.hours[REST, pol.ticks[THEN, p, t]]
    if amount <= 0 or days <= 0.0:
        return amount, NOTHING
    learn(world, s, p, t, pol.acts_of[act, 1], pol.acts_of[act, 2])
    total = amount / (CENTS * days)
    for c in range(world.cap.shape[1]):
        rate = min(s.cells[LEFT, p, c] / (world.hours[REST, t] * CENTS), world.channels[MOST, c])
        s.room[SCALE, c] = s.room[LEVEL, c] * world.multiplier[world.clock[PHASE, t], c] * world.channels[CEILING, c]
        s.room[LOW, c] = rate
        s.room[HIGH, c] = rate if s.cells[PAUSED, p, c] else world.channels[MOST, c]
        total += rate
    s.seen[3] = split(
        world.kinds[FAMILY],
        s.room[SCALE],
        world.channels[HALF],
        s.room[LOW],
        s.room[HIGH],
        total,
        pol.act_values[act, 1],
        s.room[OUT],
        PRICED,
    )
    given = 0
    for c in range(world.cap.shape[1]):
        s.decided[GIVEN, c] = min(int((s.room[OUT, c] - s.room[LOW, c]) * days * CENTS + 1e-6), amount - given)
        given += s.decided[GIVEN, c]
    return amount, NOTHING if given == 0 else CARRIED_OUT


@inlined
def _tranche(pol: Policies, s: State, p: int) -> tuple[int, int]:  # pragma: no cover
    if s.own[TRANCHE, p] >= pol.tranches.shape[1]:
        return 0, NOTHING
    amount, plan = pol.tranches[p, s.own[TRANCHE, p]], pol.plan[p].sum()
    if amount <= 0 or plan <= 0:
        return amount, NOTHING
    rest = amount
    for c in range(len(s.decided[CHANGE])):
        s.decided[CHANGE, c] = int(amount * (pol.plan[p, c] / plan))
        rest -= s.decided[CHANGE, c]
    s.decided[CHANGE, np.argmax(pol.plan[p])] += rest
    return amount, CARRIED_OUT


@inlined
def _stop_or_start(pol: Policies, s: State, p: int, c: int, kind: int) -> tuple[int, int]:  # pragma: no cover
    """Hand all of a channel's budget to the others, or give it its share of the plan back."""
    if kind == code.NOTIFY or kind == code.STAND_DOWN:
        return 0, CARRIED_OUT
    if c < 0 or s.cells[PAUSED, p, c] != (kind == code.RESUME):
        return 0, NOTHING
    total, plan, last = 0, pol.plan[p, c], -1
    for k in range(len(s.decided[CHANGE])):
        if _takes_part(s, p, k, c):
            total += s.cells[LEFT, p, k]
            plan += pol.plan[p, k]
            last = k
    if last < 0 or total <= 0:
        return 0, NOTHING
    amount = s.cells[LEFT, p, c] if kind == code.PAUSE else -int(total * (pol.plan[p, c] / max(plan, 1)))
    rest = amount
    for k in range(len(s.decided[CHANGE])):
        if _takes_part(s, p, k, c):
            s.decided[CHANGE, k] = int(amount * (s.cells[LEFT, p, k] / total))
            rest -= s.decided[CHANGE, k]
    if rest > 0:
        s.decided[CHANGE, last] += rest
    s.decided[CHANGE, c] = -s.decided[CHANGE].sum()
    return abs(amount), CARRIED_OUT


# ---- carrying out -----------------------------------------------------------------------------------------


@borrowing
def carry_out(world: World, s: State, p: int, t: int, kind: int, c: int) -> int:  # pragma: no cover
    """Do what was decided, as far as the money is there; return cents moved. `decided` gets what was done."""
    change, given = s.decided[CHANGE], s.decided[GIVEN]
    up = down = short = 0
    for k in range(len(change)):
        if change[k] < 0 and s.cells[LEFT, p, k] + change[k] < 0:
            short += -change[k] - s.cells[LEFT, p, k]
            change[k] = -s.cells[LEFT, p, k]
        up += max(change[k], 0)
        down += max(-change[k], 0)
    extra = up - down
    if kind == code.TRANCHE and extra > s.own[LOCKED, p]:  # a replay in which less was held back
        locked, whole = s.own[LOCKED, p], extra
        extra = 0
        for k in range(len(change)):
            change[k] = int(change[k] * (locked / whole))
            extra += change[k]
    if kind == code.TRANCHE:
        s.own[LOCKED, p] -= extra
        s.own[TRANCHE, p] += 1
    elif kind == code.REFILL:
        s.own[RESERVE, p] -= extra
    elif short > 0:
        left = down
        for k in range(len(change)):
            if change[k] > 0:
                part = int(change[k] * (down / up))
                change[k] = part
                left -= part
        for k in range(len(change)):
            if change[k] > 0 and left > 0:
                change[k] += left
                left = 0
        if left > 0:  # nobody may take it: it stays
            for k in range(len(change)):
                if change[k] < 0:
                    part = min(left, -change[k])
                    change[k] += part
                    left -= part
    cents = world.hours[REST, t] * CENTS
    moved = 0
    for k in range(len(change)):
        if change[k] != 0:
            before = max(s.cells[LEFT, p, k], 1)
            s.cells[LEFT, p, k] += change[k]
            s.cells[CHANGED, p, k] = t
            if abs(change[k]) > LARGE * before and world.numbers[LEARNING] > 0:
                s.cells[LEARNS, p, k] = t + world.numbers[LEARNING]
        moved += max(change[k], 0)
    total = 0
    for k in range(len(given)):
        given[k] = min(given[k], s.own[RESERVE, p] - total)
        s.cells[EXTRA, p, k] += given[k]
        total += given[k]
    s.own[RESERVE, p] -= total
    if kind == code.PAUSE:
        s.cells[PAUSED, p, c] = True
    elif kind == code.RESUME:
        s.cells[PAUSED, p, c] = False
    return moved + total if cents > 0.0 else 0


@borrowing
def write(
    s: State, log: Log, p: int, t: int, rule: int, kind: int, c: int, held: int, asked: int
) -> None:  # pragma: no cover
    """Add a decision to the log, while there is room."""
    n = log.filled[0]
    if n < 0:
        return
    log.filled[0] += 1
    if n >= len(log.whole):
        return
    log.whole[n, 0], log.whole[n, 1], log.whole[n, 2] = t, p, rule
    log.whole[n, 3], log.whole[n, 4], log.whole[n, 5] = kind, c, held
    for i in range(4):
        log.reals[n, i] = s.seen[i]
    log.reals[n, 4] = asked
    told = held == CARRIED_OUT or held >= MODE
    for k in range(s.decided.shape[1]):
        log.cents[0, n, k] = s.cells[LEFT, p, k]
        log.cents[1, n, k] = s.decided[CHANGE, k] if told else 0
        log.cents[2, n, k] = s.decided[GIVEN, k] if told else 0


# ---- a moment ---------------------------------------------------------------------------------------------


@borrowing
def begin(world: World, s: State, p: int, t: int) -> None:  # pragma: no cover
    """Note each channel's rate as a moment begins, against which steps are measured; nothing is changed yet."""
    s.decided[TOUCHED, :] = 0
    for c in range(world.cap.shape[1]):
        s.room[START, c] = s.cells[LEFT, p, c] / (world.hours[REST, t] * CENTS)


@inlined
def look(
    world: World, pol: Policies, s: State, p: int, t: int, seed: int, run: int, log: Log, tally: Tally, r: int
) -> None:  # pragma: no cover
    """Look at every rule, in order, and act on what holds."""
    width = world.cap.shape[1]
    begin(world, s, p, t)
    _answers(world, pol, s, p, t, log, tally, r)
    s.own[DECLARED, p] = False
    for k in range(pol.own[FIRST, p], pol.own[BEYOND, p]):
        if _idle(pol, p, t, k):
            continue
        alone = pol.rules[k, code.PER_CAMPAIGN] == 1
        for j in range(1 if alone else width):
            c = -1 if alone else j
            if alone or pol.scope[k, c]:
                _rule(world, pol, s, p, t, k, c, seed, run, log, tally, r)


@inlined
def _rule(
    world: World,
    pol: Policies,
    s: State,
    p: int,
    t: int,
    k: int,
    c: int,
    seed: int,
    run: int,
    log: Log,
    tally: Tally,
    r: int,
) -> None:  # pragma: no cover
    """Look at one rule for one channel, or (-1) for the campaign."""
    rule, place = pol.rules[k], c if c >= 0 else world.cap.shape[1]
    s.seen[:6] = np.nan
    found = holds(world, pol, s, p, t, k, c)
    if rule[code.LEAST] > 0:
        _, orders = _sums(world, s, p, max(0, t - rule[code.SAMPLE]), t, t, c)
        if orders < rule[code.LEAST]:
            found = np.nan
    if math.isnan(found):
        if rule[code.NO_DATA] == 0:
            s.counts[STREAK, k, place] = 0
        elif rule[code.NO_DATA] == 2:
            s.counts[STREAK, k, place] += 1
    else:
        s.counts[STREAK, k, place] = s.counts[STREAK, k, place] + 1 if found > 0.5 else 0
    met = s.counts[STREAK, k, place] >= rule[code.PENDING]
    # Of the rule as a whole: what it does first does not hold back the rest.
    held = _held(world, pol, s, p, t, k, c) if met else CARRIED_OUT
    for act in range(pol.rules[k, ACTIONS], pol.rules[k, ACTIONS_END]):
        kind = pol.acts_of[act, 0]
        if met and kind == code.DRAW:
            s.own[DECLARED, p] = True
        if kind < code.PAUSE and not pol.ticks[ACTS, p, t]:
            continue
        if met:
            tally.fires[r, k] += 1
            _act(world, pol, s, p, t, k, c, act, held, seed, run, log, tally, r)
        elif c < 0 and kind <= code.BY_EVEN:
            s.decided[CHANGE, :] = 0
            s.decided[GIVEN, :] = 0
            write(s, log, p, t, k, kind, c, NOT_MET, 0)


@inlined
def _idle(pol: Policies, p: int, t: int, k: int) -> bool:  # pragma: no cover
    """Say whether what a rule would find now decides nothing: all it does waits for an adjustment, and this is none."""
    if pol.ticks[ACTS, p, t] or pol.rules[k, code.PENDING] != 1 or pol.rules[k, code.NO_DATA] == 1:
        return False
    for act in range(pol.rules[k, ACTIONS], pol.rules[k, ACTIONS_END]):
        if pol.acts_of[act, 0] >= code.PAUSE or pol.acts_of[act, 0] == code.DRAW:
            return False
    return True


@inlined
def _held(world: World, pol: Policies, s: State, p: int, t: int, k: int, c: int) -> int:  # pragma: no cover
    """Return what holds a rule back before it proposes anything."""
    place = c if c >= 0 else world.cap.shape[1]
    if t < s.own[STANDS, p]:
        return STANDING_DOWN
    if pol.rules[k, code.REST] > 0 and t - s.counts[FIRED, k, place] < pol.rules[k, code.REST]:
        return RESTING
    if c >= 0 and s.decided[TOUCHED, c] != 0 and s.decided[TOUCHED, c] != k + 1:
        return CONFLICT
    return CARRIED_OUT


@borrowing
def _full(pol: Policies, s: State, p: int, t: int) -> bool:  # pragma: no cover
    """Say whether 24 hours have seen as many decisions carried out as they may."""
    made = s.done[p, t + 1] - s.done[p, max(0, t - 23)]
    full: bool = made >= pol.limits[p, code.PER_DAY]
    return full


@inlined
def _act(
    world: World, pol: Policies, s: State, p: int, t: int, k: int, c: int, act: int, held: int, seed: int, run: int,
    log: Log, tally: Tally, r: int,
) -> None:  # pragma: no cover  # fmt: skip
    """Let a rule that is met do one thing, unless something holds it back."""
    kind = pol.acts_of[act, 0]
    asked = 0
    if held == CARRIED_OUT and _full(pol, s, p, t):
        held = FULL_DAY  # an action of this rule may have been the last that a day has room for
    s.decided[CHANGE, :] = 0
    s.decided[GIVEN, :] = 0
    if held == CARRIED_OUT:
        asked, held = propose(world, pol, s, p, t, act, c)
        if held == NOTHING and kind in (code.PAUSE, code.RESUME):
            return  # it is already as the rule wants it
    if held == CARRIED_OUT and _conflict(s, k):
        held = CONFLICT
    if held == CARRIED_OUT and pol.own[HOW, p] < 3 and (kind != code.NOTIFY or pol.own[HOW, p] < 2):
        held = MODE
    if held == CARRIED_OUT and kind < code.PAUSE and _asks(pol, s, p, t, k, c, act, seed, run):
        held = IN_REVIEW
    write(s, log, p, t, k, kind, c, held, asked)
    if held != CARRIED_OUT:
        tally.whole[HELD, r, p] += held != NOTHING
        return
    s.counts[FIRED, k, c if c >= 0 else world.cap.shape[1]] = t
    if kind != code.NOTIFY:
        for other in range(world.cap.shape[1]):
            if other == c or (c < 0 and kind <= code.BY_EVEN and s.decided[CHANGE, other] != 0):
                s.decided[TOUCHED, other] = k + 1
    if kind == code.STAND_DOWN:
        s.own[STANDS, p] = t + pol.acts_of[act, 3]
    tally.whole[MOVED, r, p] += carry_out(world, s, p, t, kind, c)
    tally.whole[DECISIONS, r, p] += 1
    s.done[p, t + 1] += 1


@inlined
def _conflict(s: State, k: int) -> bool:  # pragma: no cover
    """Say whether a change touches a channel that a rule before has changed."""
    found = False
    for c in range(s.decided.shape[1]):
        other = s.decided[TOUCHED, c]
        found = found or (s.decided[CHANGE, c] != 0 and other != 0 and other != k + 1)
    return found


@inlined
def _asks(
    pol: Policies, s: State, p: int, t: int, k: int, c: int, act: int, seed: int, run: int
) -> bool:  # pragma: no cover
    """Say whether a person looks at a decision first, and put it into the queue."""
    own = pol.limits[p, LIMITS:]
    if own[code.REVIEW_SHARE] <= 0.0 or s.own[WAITING, p] >= WAITING_ROOM:
        return False
    who = (k - pol.own[FIRST, p]) * 64 + c + 1
    if own[code.REVIEW_RISK] > 0.0:
        size = s.decided[GIVEN].sum()
        for k2 in range(s.decided.shape[1]):
            size += max(s.decided[CHANGE, k2], 0)
        if size < own[code.REVIEW_SHARE] * (pol.plan[p].sum() + pol.own[SET_ASIDE, p]):
            return False
    elif uniform(seed, run, t, who, chance.SEEN_BY) >= own[code.REVIEW_SHARE]:
        return False
    n = s.own[WAITING, p]
    s.own[WAITING, p] += 1
    late = own[code.ANSWERS] > own[code.TIME_OUT]
    s.queue[p, n, 0] = t + int(min(own[code.ANSWERS], own[code.TIME_OUT]))
    s.queue[p, n, 1], s.queue[p, n, 2], s.queue[p, n, 3] = k, act, c
    verdict = CARRIED_OUT
    if late and own[code.TIME_OUT_APPLIES] == 0.0:
        verdict = TIMED_OUT
    elif not late and uniform(seed, run, t, who, chance.REJECTED) < own[code.REJECTS]:
        verdict = REJECTED
    s.queue[p, n, 4] = verdict
    for k2 in range(s.decided.shape[1]):
        s.queued[p, n, 0, k2], s.queued[p, n, 1, k2] = s.decided[CHANGE, k2], s.decided[GIVEN, k2]
    return True


@borrowing
def _answers(
    world: World, pol: Policies, s: State, p: int, t: int, log: Log, tally: Tally, r: int
) -> None:  # pragma: no cover
    """Carry out, or drop, what people have decided by now."""
    kept = 0
    s.seen[:6] = np.nan
    for n in range(s.own[WAITING, p]):
        if s.queue[p, n, 0] > t:
            for i in range(s.queue.shape[2]):
                s.queue[p, kept, i] = s.queue[p, n, i]
            for i in range(s.decided.shape[1]):
                s.queued[p, kept, 0, i], s.queued[p, kept, 1, i] = s.queued[p, n, 0, i], s.queued[p, n, 1, i]
            kept += 1
            continue
        k, act, c, verdict = s.queue[p, n, 1], s.queue[p, n, 2], s.queue[p, n, 3], s.queue[p, n, 4]
        kind = pol.acts_of[act, 0]
        for i in range(s.decided.shape[1]):
            s.decided[CHANGE, i], s.decided[GIVEN, i] = s.queued[p, n, 0, i], s.queued[p, n, 1, i]
        if verdict == CARRIED_OUT:
            verdict = _allowed(world, pol, s, p, t, kind)
        write(s, log, p, t, k, kind, c, verdict, 0)
        if verdict == CARRIED_OUT:
            s.counts[FIRED, k, c if c >= 0 else world.cap.shape[1]] = t
            tally.whole[MOVED, r, p] += carry_out(world, s, p, t, kind, c)
            tally.whole[DECISIONS, r, p] += 1
            s.done[p, t + 1] += 1
        else:
            tally.whole[HELD, r, p] += verdict != NOTHING
    s.own[WAITING, p] = kept


@borrowing
def _allowed(world: World, pol: Policies, s: State, p: int, t: int, kind: int) -> int:  # pragma: no cover
    """Keep what was agreed to within the limits of the moment at which it is; return what holds it back."""
    if t < s.own[STANDS, p]:
        return STANDING_DOWN
    if _full(pol, s, p, t):
        return FULL_DAY
    if kind == code.TRANCHE:
        s.decided[CHANGE, :] = 0
        return _tranche(pol, s, p)[1]
    fence(world, pol, s, p, t)
    total, cut, some = 0, False, False
    for c in range(world.cap.shape[1]):
        left, asked = s.cells[LEFT, p, c], s.decided[CHANGE, c]
        low, high = (left, left) if s.cells[PAUSED, p, c] else (int(s.room[LOW, c]), int(s.room[HIGH, c]))
        s.decided[CHANGE, c] = min(max(left + asked, low), high) - left
        cut |= s.decided[CHANGE, c] != asked
        given = 0 if s.cells[PAUSED, p, c] else min(s.decided[GIVEN, c], s.own[RESERVE, p] - total)
        s.decided[GIVEN, c] = given
        total += given
        some |= asked != 0
    if kind != code.REFILL:
        balance(s)
    if cut and pol.limits[p, code.SKIP] > 0.0:
        return LIMIT
    if not s.decided[CHANGE].any() and total == 0:
        return LIMIT if some else NOTHING
    return CARRIED_OUT


# ---- Thompson sampling ------------------------------------------------------------------------------------


@borrowing
def believe(
    world: World, pol: Policies, s: State, p: int, t: int, seed: int, run: int, log: Log
) -> int:  # pragma: no cover
    """Split what is left as if levels drawn from what is believed of them were true; return cents moved.

    A channel's level has a gamma belief: orders seen over orders forecast, as many orders' worth of belief in the
    fitted curve as `STRAY` stands for (Thompson 1933; Chapelle and Li 2011).
    """
    prior = 1.0 / (STRAY * STRAY)
    cents, total = world.hours[REST, t] * CENTS, 0.0
    begin(world, s, p, t)
    fence(world, pol, s, p, t)
    for c in range(world.cap.shape[1]):
        orders = prior + come(s.sums, world.channels[STAY, c], ORDERS, p, 0, t, t, c)
        forecast = prior + come(s.sums, world.channels[STAY, c], FORECAST, p, 0, t, t, c) / world.numbers[ORDER_VALUE]
        z = quantile(uniform(seed, run, t, c, chance.BELIEF))
        root = 1.0 - 1.0 / (9.0 * orders) + z / (3.0 * math.sqrt(orders))
        level = orders * max(root, 0.0) ** 3 / forecast
        s.room[SCALE, c] = level * world.multiplier[world.clock[PHASE, t], c] * world.channels[CEILING, c]
        s.room[LOW, c], s.room[HIGH, c] = s.room[LOW, c] / cents, s.room[HIGH, c] / cents
        total += s.cells[LEFT, p, c] / cents
    low, high, out = s.room[LOW], s.room[HIGH], s.room[OUT]
    split(world.kinds[FAMILY], s.room[SCALE], world.channels[HALF], low, high, total, 0.0, out, PRICED)
    s.decided[GIVEN, :] = 0
    for c in range(world.cap.shape[1]):
        s.decided[CHANGE, c] = int(s.room[OUT, c] * cents + 1e-6) - s.cells[LEFT, p, c]
    balance(s)
    s.seen[:6] = np.nan
    write(s, log, p, t, -1, code.BY_MARGINAL, -1, CARRIED_OUT, 0)
    return carry_out(world, s, p, t, code.BY_MARGINAL, -1)
