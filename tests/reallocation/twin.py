"""The engine once more, slowly: one policy through one run in plain Python, from what the docstrings say.

It shares no code with the kernels: rules are read from the rule set itself instead of its compiled form, windows are
added up hour by hour, no data is None, and every policy walks alone. What it shares with them are names of things
and the shapes of arithmetic that whole cents depend on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import datetime

from analysis.reallocation.market import Market
from analysis.reallocation.rules import SHOCKS
from analysis.rules.actions import (
    ChangeBudget,
    DrawReserve,
    Notify,
    Pause,
    Rebalance,
    RefillReserve,
    ReleaseTranche,
    Resume,
    StandDown,
)
from analysis.rules.conditions import ALL, AllOf, AnyOf, Compare, NotOf, Reading
from analysis.rules.rule_set import Limits, RuleSet
from analysis.values import seconds

DONE, LIMIT, RESTING, CONFLICT, STANDING, MODE = "done", "limit", "resting", "conflict", "standing-down", "mode"
IN_REVIEW, REJECTED, TIMED_OUT, NOTHING = "in-review", "rejected", "timed-out", "nothing"
NOT_MET, FULL_DAY = "not-met", "full-day"
STRAY, HISTORY, SETTLED, CRUMB, LARGE, HABIT, ROOM = 0.3, 168, 10.0, 0.01, 0.2, 24.0, 64
LN2, TANH = math.log(2.0), math.atanh(0.5)
NAN = math.nan


# ---- chance -----------------------------------------------------------------------------------------------

STREAMS = {
    name: n
    for n, name in enumerate(
        ("curve", "level", "count", "place", "where", "noise", "luck", "seen by", "rejected", "belief")
    )
}
MASK = 2**64 - 1


def uniform(seed: int, run: int, hour: int, channel: int, stream: str) -> float:
    """Return chance's number between 0 and 1: a hash of all that it is for."""
    z = seed * 0xD6E8FEB86659FD93 + run * 0x9E3779B97F4A7C15 + hour * 0xD1B54A32D192ED03
    z += channel * 0x8CB92BA72F3D8DD7 + STREAMS[stream] * 0xA24BAED4963EE407
    z &= MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    z = (((z ^ (z >> 31)) + 0x9E3779B97F4A7C15) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 30)) * 0x94D049BB133111EB) & MASK
    z ^= z >> 31
    return ((z >> 11) + 1) / (2**53 + 2)


def quantile(u: float) -> float:
    """Return the standard normal quantile by Acklam's rational approximation."""
    a = (-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.383577518672690e2, -3.066479806614716e1,
         2.506628277459239)  # fmt: skip
    b = (-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1, 1)
    c = (-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968,
         2.938163982698783)  # fmt: skip
    d = (7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416, 1)
    if 0.02425 <= u <= 1 - 0.02425:
        q = u - 0.5
        return horner(a, q * q) * q / horner(b, q * q)
    q = math.sqrt(-2 * math.log(min(u, 1 - u)))
    tail = horner(c, q) / horner(d, q)
    return tail if u < 0.5 else -tail


def horner(coefficients, x: float) -> float:
    total = 0.0
    for one in coefficients:
        total = total * x + one
    return total


def poisson(mean: float, luck: float) -> int:
    """Return the count whose share of the distribution holds `luck`; above 16 by Cornish and Fisher."""
    if mean <= 0:
        return 0
    if mean <= 16:
        term = total = math.exp(-mean)
        count = 0
        while luck > total and count < 200:
            count += 1
            term *= mean / count
            total += term
        return count
    z, root = quantile(luck), math.sqrt(mean)
    return max(0, math.floor(mean + root * z + (z * z - 1) / 6 - (z**3 - z) / (72 * root) + 0.5))


# ---- curves -----------------------------------------------------------------------------------------------


def shape(form: str, u: float) -> float:
    return {
        "hyperbolic": lambda: u / (1 + u),
        "exponential": lambda: 1 - math.exp(-LN2 * u),
        "logistic": lambda: math.tanh(TANH * u),
        "logarithmic": lambda: math.log1p(u),
    }[form]()


def slope(form: str, u: float) -> float:
    return {
        "hyperbolic": lambda: 1 / ((1 + u) * (1 + u)),
        "exponential": lambda: LN2 * math.exp(-LN2 * u),
        "logistic": lambda: TANH * (1 - math.tanh(TANH * u) ** 2),
        "logarithmic": lambda: 1 / (1 + u),
    }[form]()


def where_slope(form: str, s: float) -> float:
    """Return the u at which the slope has fallen to `s`."""
    if s >= slope(form, 0.0):
        return 0.0
    return {
        "hyperbolic": lambda: 1 / math.sqrt(s) - 1,
        "exponential": lambda: -math.log(s / LN2) / LN2,
        "logistic": lambda: math.acosh(1 / math.sqrt(s / TANH)) / TANH,
        "logarithmic": lambda: 1 / s - 1,
    }[form]()


def waterfilled(forms, scale, half, low, high, total, least):
    """Return the spread of a total by which every part's next unit earns the same, and what that is."""

    def wanted(price):
        parts = []
        for i, form in enumerate(forms):
            x = half[i] * where_slope(form, max(price * half[i] / scale[i], 1e-250)) if scale[i] > 0 else low[i]
            parts.append(min(max(x, low[i]), max(low[i], high[i])))
        return parts

    steep = [scale[i] / half[i] for i in range(len(forms)) if scale[i] > 0 and high[i] > low[i]]
    top = max(steep, default=0.0)
    bottom = max(least, top * 1e-12)
    if top <= bottom or sum(wanted(bottom)) <= total:
        return wanted(max(bottom, 1e-300)), bottom
    for _ in range(48):  # the width at which both stop decides of cents
        middle = math.sqrt(bottom * top)
        bottom, top = (middle, top) if sum(wanted(middle)) > total else (bottom, middle)
    return wanted(top), top


# ---- the ground -------------------------------------------------------------------------------------------


def hours_of(window: str | None) -> int:
    return seconds(window) // 3600 if window else 0


@dataclass
class Ground:
    """What everybody knows of a market, as lists."""

    at: Market
    names: list[str] = field(init=False)
    weight: list[float] = field(init=False)
    rest: list[float] = field(init=False)
    times: list[datetime] = field(init=False)

    def __post_init__(self) -> None:
        self.names = list(self.at.channels)
        self.weight = [float(x) for x in self.at.weight]
        self.rest = [0.0] * (len(self.weight) + 1)
        for h in reversed(range(len(self.weight))):
            self.rest[h] = self.rest[h + 1] + self.weight[h]
        self.times = [x.to_pydatetime() for x in self.at.times]
        self.phase = [int(x) for x in self.at.phase]
        self.multiplier = [[float(x) for x in row] for row in self.at.multiplier]
        self.forms = list(self.at.fitted.forms)
        self.ceiling, self.half = [float(x) for x in self.at.fitted.ceiling], [float(x) for x in self.at.fitted.half]
        self.most = [float(x) for x in self.at.most]
        self.cap = [[math.floor(100 * w * m) for m in self.most] for w in self.weight]
        settings = self.at.settings
        delays = dict(settings.delays)
        usual = hours_of(settings.conversion_delay)
        delay = [float(delays.get(name, usual)) for name in self.names]
        self.stay = [math.exp(-1 / d) if d > 0 else 0.0 for d in delay]

    def noise(self, plan):
        """Return what sways a day besides the count of orders, and the hourly noise that comes to it."""
        days = sum(self.weight)
        gathered = 24 * sum(w * w for w in self.weight) / len(self.weight)
        sway, noise = [], []
        for c in range(len(self.names)):
            demand = sum(self.multiplier[self.phase[h]][c] * w for h, w in enumerate(self.weight)) / days
            revenue = demand * self.ceiling[c] * shape(self.forms[c], plan[c] / 100 / days / self.half[c])
            count = max(revenue / self.at.order_value, 1e-9)
            sway.append(max(math.expm1(float(self.at.sigma[c]) ** 2) - 1 / count, 0.0))
            noise.append(math.sqrt(math.log1p(sway[-1] / gathered)))
        return sway, noise

    def ticks(self, every: int) -> set[int]:
        """Return the moments at which a clock of so many hours from local midnight comes round.

        An hour of the clock that comes twice begins nothing the second time; one left out begins what it would have.
        """
        first, found, newest = self.times[0].date(), set(), None
        for h, now in enumerate(self.times):
            day = (now.date() - first).days
            if 24 % every == 0:
                part = (day, now.hour // every)
            elif every % 24 == 0:
                part = (day // (every // 24), 0)
            else:
                part = (h // every, 0)
            if newest is not None and part > newest:
                found.add(h)
            newest = part if newest is None else max(newest, part)
        return found


class Truth:
    """What no rule sees of one run."""

    def __init__(self, ground: Ground, seed: int, run: int) -> None:
        at, length, width = ground.at, len(ground.weight), len(ground.names)
        settings = at.settings
        level = 1.0
        if settings.level_error > 0:
            level = math.exp(settings.level_error * quantile(uniform(seed, run, 0, 0, "level")))
        self.ceiling, self.half, self.multiplier = [], [], []
        for c, draws in enumerate(at.draws):
            row = draws[min(int(uniform(seed, run, 0, c, "curve") * len(draws)), len(draws) - 1)]
            self.ceiling.append(float(row[0]) * level)
            self.half.append(float(row[1]))
            self.multiplier.append([float(x) for x in row[2:]])
        self.demand, self.price, self.surging = [1.0] * length, [1.0] * length, [False] * length
        self.response = [[1.0] * width for _ in range(length)]
        self.tracked = [[1.0] * width for _ in range(length)]
        for k, card in enumerate(settings.dealt()):
            self._deal(ground, seed, run, k, card)

    def _deal(self, ground, seed, run, k, card) -> None:
        length, width = len(ground.weight), len(ground.names)
        shock = SHOCKS[card.shock]
        size = {name: getattr(shock, name) for name in ("demand", "price", "health", "tracked")}
        if card.size is not None:
            size[shock.size] = card.size
        if card.shock == "surge":
            size["price"] = 1 + ground.at.settings.surge_price
        times = 1 if card.at else poisson(card.times, uniform(seed, run, k, 0, "count"))
        hit: set[tuple[int, int]] = set()
        for n in range(times):
            start = hours_of(card.at)
            if not card.at:
                start = min(int(uniform(seed, run, n, k, "place") * length), length - 1)
            whom = list(range(width))
            if card.channel:
                whom = [ground.names.index(card.channel)]
            elif not shock.everywhere:
                whom = [min(int(uniform(seed, run, n, k, "where") * width), width - 1)]
            lasts = hours_of(card.lasts or shock.lasts)
            hit |= {(h, c) for h in range(start, min(start + lasts, length)) for c in whom}
        for h, c in hit:
            self.response[h][c] *= size["health"]
            self.tracked[h][c] *= size["tracked"]
        for h in {h for h, _ in hit}:
            self.demand[h] *= size["demand"]
            self.price[h] *= size["price"]
            self.surging[h] |= card.shock == "surge"


# ---- one policy through one run ---------------------------------------------------------------------------


@dataclass
class Line:
    """A line of the log."""

    moment: int
    rule: int
    action: object
    channel: int
    outcome: str
    seen: list[float]
    asked: int
    before: list[int]
    change: list[int]
    given: list[int]


@dataclass
class Waiting:
    """A decision that waits for a person."""

    due: int
    rule: int
    action: object
    channel: int
    verdict: str
    change: list[int]
    given: list[int]


class Walk:
    """One policy through one run."""

    def __init__(self, ground: Ground, truth: Truth, plan, reserve, tranches, *, seed, run, sway, noise) -> None:
        self.g, self.truth, self.seed, self.run = ground, truth, seed, run
        self.sway, self.swing = sway, noise
        self.width, self.length = len(ground.names), len(ground.weight)
        self.plan, self.set_aside, self.tranches = list(plan), reserve, list(tranches)
        self.left, self.extra = list(plan), [0] * self.width
        self.reserve, self.locked, self.released = reserve, sum(tranches), 0
        self.owed, self.owed_extra, self.pace = [0.0] * self.width, [0.0] * self.width, [0.0] * self.width
        self.paused, self.changed = [False] * self.width, [None] * self.width
        self.learns = [0] * self.width
        self.rates: list[list[float]] = []
        self.spent: list[list[int]] = [[] for _ in range(self.width)]
        self.count: list[list[float]] = [[] for _ in range(self.width)]
        self.forecast: list[list[float]] = [[] for _ in range(self.width)]
        self.log: list[Line] = []
        self.revenue: list[list[float]] = []
        self.held: list[tuple[int, int, int]] = []
        self.acts: set[int] = set()
        self.decided_at: list[int] = []
        self.touched: list[int | None] = [None] * self.width

    # -- an hour ------------------------------------------------------------------------------------------

    def walk(self) -> Walk:
        for h in range(self.length):
            if h:
                if h in self.acts:
                    self.take_back()
                self.moment(h)
            self.spend(h)
        return self

    def moment(self, t: int) -> None:
        """Do nothing: a fixed split."""

    def take_back(self) -> None:
        """Put released money that was not taken up back into the reserve."""
        self.reserve += sum(self.extra)
        self.extra, self.owed_extra = [0] * self.width, [0.0] * self.width

    def next_act(self, h: int) -> int:
        """Return the next moment after `h` at which money may be moved, or the end."""
        return min((t for t in self.acts if t > h), default=self.length)

    def spend(self, h: int) -> None:
        g, truth = self.g, self.truth
        weight, rest, phase = g.weight[h], g.rest[h], g.phase[h]
        until = rest - g.rest[self.next_act(h)]
        self.rates.append([left / (rest * 100) for left in self.left])
        self.revenue.append([0.0] * self.width)
        for c in range(self.width):
            x = 0
            if self.left[c] > 0 and not self.paused[c]:
                x, self.owed[c] = due(self.left[c], self.owed[c], weight / rest, g.cap[h][c])
                self.left[c] -= x
            if self.extra[c] > 0:
                share = weight / until if until > weight else 1.0
                more, self.owed_extra[c] = due(self.extra[c], self.owed_extra[c], share, g.cap[h][c] - x)
                self.extra[c] -= more
                x += more
            rate = x / (100 * weight)
            strength = truth.multiplier[c][phase] * weight * truth.demand[h] * truth.response[h][c] * truth.ceiling[c]
            if h < self.learns[c]:
                strength *= 1 - g.at.settings.learning_cost
            price = truth.price[h]
            if g.at.settings.dearer > 0:
                if 0 < self.pace[c] < rate:
                    price *= 1 + g.at.settings.dearer * (rate / self.pace[c] - 1)
                self.pace[c] = rate if h == 0 else self.pace[c] + (rate - self.pace[c]) / HABIT
            value = strength * shape(g.forms[c], rate / (price * truth.half[c]))
            mean = value / g.at.order_value
            if self.swing[c] > 0:
                z = quantile(uniform(self.seed, self.run, h, c, "noise"))
                mean *= math.exp(self.swing[c] * z - 0.5 * self.swing[c] * self.swing[c])
            orders = poisson(mean, uniform(self.seed, self.run, h, c, "luck"))
            self.spent[c].append(x)
            self.count[c].append(math.floor(orders * truth.tracked[h][c]))
            usual = g.multiplier[phase][c] * weight * g.ceiling[c]
            self.forecast[c].append(usual * shape(g.forms[c], rate / g.half[c]))
            self.revenue[h][c] = value
        self.held.append((self.reserve, self.locked, sum(self.left) + sum(self.extra)))

    # -- what is seen ---------------------------------------------------------------------------------------

    def arrived(self, what: list[list[float]], c: int, a: int, b: int, t: int) -> float:
        """Return what of hours [a, b) has come in by moment t: with a delay, the share 1 - stay ** age."""
        stay = self.g.stay[c]
        if stay == 0:
            return sum(what[c][a:b])
        return sum(what[c][h] * (1 - stay ** (t - h)) for h in range(a, b))

    def whom(self, c: int) -> list[int]:
        return list(range(self.width)) if c < 0 else [c]

    def levels(self, t: int, window: int, excluded: int) -> list[float]:
        """Return what multiplies each fitted curve: ROI seen drawn to the curve's own by credibility."""
        b = max(0, t - excluded)
        a = max(0, b - window)
        days = self.g.rest[a] - self.g.rest[b]
        found = [1.0] * self.width
        for c in range(self.width):
            forecast = self.arrived(self.forecast, c, a, b, t)
            if forecast > 0 and days > 0:
                seen = self.arrived(self.count, c, a, b, t) * self.g.at.order_value
                noise = self.sway[c] / days + self.g.at.order_value / forecast
                found[c] = 1 + STRAY**2 / (STRAY**2 + noise) * (seen / forecast - 1)
        return found

    def next_unit(self, t: int, level: list[float], c: int, left: float) -> float:
        """Return what a channel's next unit of money is estimated to earn, were so much left for it."""
        g = self.g
        rate = left / (g.rest[t] * 100)
        if rate > g.most[c]:
            return 0.0
        earns = level[c] * g.multiplier[g.phase[t]][c] * g.ceiling[c]
        return earns / g.half[c] * slope(g.forms[c], max(rate, 0.0) / g.half[c])


def due(left: int, owed: float, share: float, cap: int) -> tuple[int, float]:
    """Return an hour's whole cents, and what is owed by rounding; what does not fit is planned anew."""
    exact = owed + (left - owed) * share
    x = math.floor(exact + 0.5)
    return (cap, 0.0) if x > cap else (x, exact - x)


class Ruled(Walk):
    """A rule set."""

    def __init__(self, *args, rules: RuleSet, **more) -> None:
        super().__init__(*args, **more)
        self.set = rules
        self.limits: Limits = rules.limits
        self.looks = self.g.ticks(hours_of(rules.evaluate_every))
        self.acts = self.g.ticks(hours_of(rules.adjust_every))
        kept = [rule for rule in rules.rules if rule.on]
        self.rules = sorted(kept, key=lambda rule: rule.priority)
        self.streak: dict[tuple[int, int], int] = {}
        self.fired: dict[tuple[int, int], int] = {}
        self.stands_until = 0
        self.queue: list[Waiting] = []
        self.declared = 0
        self.declares = False

    # -- readings -------------------------------------------------------------------------------------------

    def read(self, reading: Reading, own: int, t: int) -> float | None:
        g = self.g
        c = own if not reading.of else -1 if reading.of == ALL else g.names.index(reading.of)
        now, whole = g.times[t], self.whom(c)
        match reading.metric:
            case "hour":
                return now.hour
            case "weekday":
                return now.isoweekday()
            case "day":
                return (now.date() - g.times[0].date()).days + 1
            case "time_share":
                return 1 - g.rest[t] / g.rest[0]
            case "reserve_left":
                return self.reserve / self.set_aside if self.set_aside else None
            case "budget":
                return sum(self.left[k] for k in whole) / (g.rest[t] * 100)
            case "planned":
                return sum(self.plan[k] for k in whole) / (g.rest[0] * 100)
            case "spent_share":
                planned = sum(self.plan[k] for k in whole)
                return sum(sum(self.spent[k][:t]) for k in whole) / planned if planned else None
        b = max(0, t - hours_of(reading.excluding))
        a = max(0, b - hours_of(reading.over))
        return self.read_window(reading, c, a, b, t) if b > a else None

    def read_window(self, reading: Reading, c: int, a: int, b: int, t: int) -> float | None:
        if reading.metric in ("marginal_roi", "spread"):
            level = self.levels(t, hours_of(reading.over), hours_of(reading.excluding))
            if reading.metric == "marginal_roi":
                return self.next_unit(t, level, c, self.left[c]) if c >= 0 else None
            low, _ = self.pair(t, level, 1.0)
            if low < 0:
                return None
            return self.seen[3] / self.seen[2] if self.seen[2] > 0 else math.inf
        if reading.metric == "rank":
            return self.rank(c, a, b, t)
        spend, orders = self.sums(c, a, b, t)
        parts = {"window": 1, "hour": b - a, "day": (b - a) / 24}[reading.per]
        money = orders * self.g.at.order_value
        match reading.metric:
            case "spend":
                return spend / parts
            case "revenue":
                return money / parts
            case "orders":
                return orders / parts
            case "roi":
                return money / spend if spend > 0 else None
            case "cpa":
                return None if spend <= 0 else spend / orders if orders > 0 else math.inf
            case "forecast":
                return self.expected(c, a, b, t)[0] / parts
            case "excess":
                expected, spread = self.expected(c, a, b, t)
                return (orders - expected) / spread if expected > 0 else None
        raise KeyError(reading.metric)

    def sums(self, c: int, a: int, b: int, t: int) -> tuple[float, float]:
        """Return spend and orders of a window."""
        spend = sum(sum(self.spent[k][a:b]) / 100 for k in self.whom(c))
        return spend, sum(self.arrived(self.count, k, a, b, t) for k in self.whom(c))

    def rank(self, c: int, a: int, b: int, t: int) -> float | None:
        """Return a channel's place by ROI, those that spent nothing left out."""
        if c < 0:
            return None
        pairs = {k: self.sums(k, a, b, t) for k in range(self.width)}
        roi = {k: orders / spend for k, (spend, orders) in pairs.items() if spend > 0}
        return 1 + sum(other > roi[c] for other in roi.values()) if c in roi else None

    def expected(self, c: int, a: int, b: int, t: int) -> tuple[float, float]:
        """Return orders forecast, levelled to what was seen in the week before, and their standard deviation."""
        before = max(0, a - HISTORY)
        value = self.g.at.order_value
        expected = known = seen = sway = 0.0
        for k in self.whom(c):
            own = self.arrived(self.forecast, k, a, b, t) / value
            expected += own
            sway += own * own * math.expm1(self.swing[k] ** 2) / (b - a)
            known += self.arrived(self.forecast, k, before, a, t) / value
            seen += self.arrived(self.count, k, before, a, t)
        level = (seen + SETTLED) / (known + SETTLED)
        expected *= level
        doubt = 1 / (seen + SETTLED) + (STRAY * SETTLED / (known + SETTLED)) ** 2
        return expected, math.sqrt(expected + level * level * sway + expected * expected * doubt)

    def holds(self, condition, c: int, t: int) -> bool | None:
        """Return whether a condition holds; None without data. The first comparison is kept."""
        if isinstance(condition, Compare):
            left = self.read(condition.left, c, t)
            right: float | None = condition.than
            if condition.right:
                right = self.read(condition.right, c, t)
                right = None if right is None else condition.than * right
            left, right = (None if x is None or math.isnan(x) else x for x in (left, right))
            if self.first:
                self.first = False
                self.seen[:2] = [NAN if left is None else left, NAN if right is None else right]
            if left is None or right is None:
                return None
            return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[condition.is_]
        parts = [self.holds(part, c, t) for part in condition.of]
        if isinstance(condition, NotOf):
            return None if parts[0] is None else not parts[0]
        decides = isinstance(condition, AnyOf)
        assert decides or isinstance(condition, AllOf)
        if decides in parts:
            return decides
        return None if None in parts else not decides

    # -- limits ---------------------------------------------------------------------------------------------

    def rests(self, c: int, t: int) -> bool:
        rest = hours_of(self.limits.cooldown)
        return rest > 0 and self.changed[c] is not None and t - self.changed[c] < rest

    def fence(self, t: int) -> list[tuple[int, int]]:
        """Return the least and most cents that limits let each channel have for the rest."""
        g, limits, found = self.g, self.limits, []
        for c in range(self.width):
            planned = self.plan[c] / (g.rest[0] * 100)
            low, high = limits.floor * planned, g.most[c]
            if limits.ceiling is not None:
                high = min(limits.ceiling * planned, high)
            changes = [] if limits.step is None else [(self.start[c], limits.step)]
            if limits.day is not None:
                changes.append((self.rates[t - 24][c] if t >= 24 else planned, limits.day))
            for base, share in changes:
                low, high = max(low, base * (1 - share)), min(high, base * (1 + share))
            left, cents = self.left[c], g.rest[t] * 100
            low, high = min(left, math.ceil(low * cents - 1e-6)), max(left, math.floor(high * cents + 1e-6))
            found.append((left, left) if self.rests(c, t) else (low, high))
        return found

    def pair(self, t: int, level: list[float], crumb: float) -> tuple[int, int]:
        """Return the channels that give up least and gain most by their next unit, or -1 twice."""
        fence, low, high = self.fence(t), -1, -1
        least, most = math.inf, -math.inf
        for c in range(self.width):
            if self.paused[c]:
                continue
            value = self.next_unit(t, level, c, self.left[c])
            if self.left[c] - fence[c][0] > crumb and value < least:
                low, least = c, value
            if fence[c][1] - self.left[c] > crumb and value > most:
                high, most = c, value
        self.seen[2:4] = [least, most]
        return (-1, -1) if low < 0 or high < 0 or low == high else (low, high)

    # -- proposals: each returns cents asked for, an outcome, changes and releases ------------------------------

    def nobody(self) -> list[int]:
        return [0] * self.width

    def propose(self, action, c: int, t: int):
        none = self.nobody()
        match action:
            case ChangeBudget():
                return (*self.own_budget(action, c, t), none)
            case Rebalance(by="marginal_roi"):
                return (*self.by_marginal(action, t), none)
            case Rebalance():
                return (*self.towards(action, t), none)
            case DrawReserve():
                asked, outcome, given = self.drawn(action, t)
                return asked, outcome, none, given
            case RefillReserve():
                fence = self.fence(t)
                taken = [min(int(action.share * x), x - low) for x, (low, _) in zip(self.left, fence, strict=True)]
                return sum(taken), DONE if any(taken) else NOTHING, [-x for x in taken], none
            case ReleaseTranche():
                return (*self.tranche(), none)
            case Pause() | Resume():
                return (*self.stop_or_start(action, c), none)
        return 0, DONE, none, none

    def partners(self, c: int) -> list[int]:
        """Return who pays for a change of a channel: not the paused, nor what a rule has changed at this moment."""
        return [k for k in range(self.width) if k != c and not self.paused[k] and self.touched[k] is None]

    def own_budget(self, action: ChangeBudget, c: int, t: int):
        left, change = self.left[c], self.nobody()
        if c < 0:
            return 0, NOTHING, change
        share = action.percent is not None
        asked = int(action.percent * left) if share else int(action.amount * (self.g.rest[t] * 100))
        if self.paused[c] or asked == 0:
            return asked, NOTHING, change
        if self.rests(c, t):
            return asked, RESTING, change
        fence = self.fence(t)
        kept = min(max(left + asked, fence[c][0]), fence[c][1]) - left
        if kept != asked and self.limits.beyond == "skip":
            return asked, LIMIT, change
        others = self.partners(c)
        total = sum(self.left[k] for k in others)
        for k in others if total > 0 else ():
            part = int(abs(kept) * (self.left[k] / total))
            room = self.left[k] - fence[k][0] if kept > 0 else fence[k][1] - self.left[k]
            change[k] = -min(part, room) if kept > 0 else min(part, room)
        change[c] = -sum(change)
        return asked, LIMIT if kept == 0 else DONE if change[c] else NOTHING, change

    def by_marginal(self, action: Rebalance, t: int):
        level, change = self.levels(t, hours_of(action.over), hours_of(action.excluding)), self.nobody()
        step = action.step * sum(self.left)
        low, high = self.pair(t, level, max(CRUMB * step, 1.0))
        if low < 0 or self.seen[3] <= self.seen[2]:
            return 0, NOTHING, change
        fence = self.fence(t)
        most = min(step, self.left[low] - fence[low][0], fence[high][1] - self.left[high])

        def pays(cents: float) -> bool:
            gain = self.next_unit(t, level, high, self.left[high] + cents)
            return gain > self.next_unit(t, level, low, self.left[low] - cents)

        least, upto = 0.0, float(most)
        if pays(upto):
            least = upto
        while upto - least > 0.5:
            middle = (least + upto) / 2
            least, upto = (middle, upto) if pays(middle) else (least, middle)
        moved = int(upto)
        change[low], change[high] = -moved, moved
        return int(step), DONE if moved else NOTHING, change

    def towards(self, action: Rebalance, t: int):
        b = max(0, t - hours_of(action.excluding))
        a = max(0, b - hours_of(action.over))
        on = [c for c in range(self.width) if not self.paused[c]]
        total, score = float(sum(self.left[c] for c in on)), dict.fromkeys(on, 1.0)
        if action.by == "roi":
            for c in on:
                spend, orders = self.sums(c, a, b, t)
                score[c] = orders * self.g.at.order_value / spend if spend > 0 else 0.0
        whole = sum(score.values())
        if whole <= 0:
            return 0, NOTHING, self.nobody()
        far = {c: total * score[c] / whole - self.left[c] for c in on}
        up = sum(max(x, 0.0) for x in far.values())
        step = action.step * total
        shrink = min(1.0, step / up) if up > 0 else 0.0
        change = self.nobody()
        for c, (low, high) in enumerate(self.fence(t)):
            change[c] = min(max(int(shrink * far.get(c, 0.0)), low - self.left[c]), high - self.left[c])
        change = balanced(change)
        return int(min(up, step)), DONE if any(change) else NOTHING, change

    def drawn(self, action: DrawReserve, t: int):
        g, given = self.g, self.nobody()
        amount = min(self.reserve, int(action.share * self.set_aside))
        days = g.rest[t] - g.rest[self.next_act(t)]
        if amount <= 0 or days <= 0:
            return amount, NOTHING, given
        level = self.levels(t, 24, 0)
        rates = [min(self.left[c] / (g.rest[t] * 100), g.most[c]) for c in range(self.width)]
        scale = [level[c] * g.multiplier[g.phase[t]][c] * g.ceiling[c] for c in range(self.width)]
        high = [rates[c] if self.paused[c] else g.most[c] for c in range(self.width)]
        total = amount / (100 * days)
        for rate in rates:
            total += rate
        parts, self.seen[3] = waterfilled(g.forms, scale, g.half, rates, high, total, action.min_roi)
        for c in range(self.width):
            given[c] = min(int((parts[c] - rates[c]) * days * 100 + 1e-6), amount - sum(given))
        return amount, DONE if any(given) else NOTHING, given

    def tranche(self):
        if self.released >= len(self.tranches) or self.tranches[self.released] <= 0 or sum(self.plan) <= 0:
            return self.tranches[self.released] if self.released < len(self.tranches) else 0, NOTHING, self.nobody()
        amount = self.tranches[self.released]
        change = [int(amount * (own / sum(self.plan))) for own in self.plan]
        change[self.plan.index(max(self.plan))] += amount - sum(change)
        return amount, DONE, change

    def stop_or_start(self, action, c: int):
        stops, change = isinstance(action, Pause), self.nobody()
        others = self.partners(c)
        total = sum(self.left[k] for k in others)
        if c < 0 or self.paused[c] == stops or total <= 0:
            return 0, NOTHING, change
        planned = self.plan[c] + sum(self.plan[k] for k in others)
        amount = self.left[c] if stops else -int(total * (self.plan[c] / max(planned, 1)))
        for k in others:
            change[k] = int(amount * (self.left[k] / total))
        change[others[-1]] += max(amount - sum(change), 0)
        change[c] = -sum(change)
        return abs(amount), DONE, change

    # -- a moment -------------------------------------------------------------------------------------------

    def moment(self, t: int) -> None:
        if self.set.mode == "off" or t not in self.looks:
            return
        self.touched = [None] * self.width
        self.start = [left / (self.g.rest[t] * 100) for left in self.left]
        self.seen = [NAN] * 4
        for waiting in [w for w in self.queue if w.due <= t]:
            self.answer(waiting, t)
        self.queue = [w for w in self.queue if w.due > t]
        before, self.declares = self.declares, False
        for k, rule in enumerate(self.rules):
            if rule.per == "campaign":
                self.rule(k, rule, -1, t)
            else:
                for c, name in enumerate(self.g.names):
                    if not rule.channels or name in rule.channels:
                        self.rule(k, rule, c, t)
        self.declared += self.declares and not before

    def answer(self, waiting: Waiting, t: int) -> None:
        """Carry out, or drop, what a person has decided: within the limits of now."""
        verdict, change, given = waiting.verdict, list(waiting.change), list(waiting.given)
        if verdict == DONE:
            verdict, change, given = self.allowed(waiting.action, change, given, t)
        self.write(t, waiting.rule, waiting.action, waiting.channel, verdict, 0, change, given)
        if verdict == DONE:
            self.fired[waiting.rule, waiting.channel] = t
            self.carry_out(waiting.action, waiting.channel, change, given, t)

    def allowed(self, action, change, given, t):
        if t < self.stands_until:
            return STANDING, change, given
        if self.full(t):
            return FULL_DAY, change, given
        if isinstance(action, ReleaseTranche):
            _, outcome, change = self.tranche()
            return outcome, change, self.nobody()
        asked, fence = list(change), self.fence(t)
        for c, left in enumerate(self.left):
            low, high = (left, left) if self.paused[c] else fence[c]
            change[c] = min(max(left + asked[c], low), high) - left
            given[c] = 0 if self.paused[c] else min(given[c], self.reserve - sum(given[:c]))
        cut = change != asked
        if not isinstance(action, RefillReserve):
            change = balanced(change)
        if cut and self.limits.beyond == "skip":
            return LIMIT, change, given
        if not any(change) and not any(given):
            return LIMIT if any(asked) else NOTHING, change, given
        return DONE, change, given

    def rule(self, k: int, rule, c: int, t: int) -> None:
        self.seen, self.first = [NAN] * 4, True
        met = self.holds(rule.when, c, t)
        if rule.least_orders and self.sums(c, max(0, t - hours_of(rule.sample_over)), t, t)[1] < rule.least_orders:
            met = None
        streak = self.streak.get((k, c), 0)
        if met is None:
            streak = {"skip": 0, "hold": streak, "fire": streak + 1}[rule.no_data]
        else:
            streak = streak + 1 if met else 0
        self.streak[k, c] = streak
        held = self.held_back(k, rule, c, t)
        for action in rule.then:
            if streak >= rule.pending and isinstance(action, DrawReserve):
                self.declares = True
            if action.moves and t not in self.acts:
                continue
            if streak >= rule.pending:
                self.act(k, c, action, held, t)
            elif c < 0 and isinstance(action, (ChangeBudget, Rebalance)):
                self.write(t, k, action, c, NOT_MET, 0, self.nobody(), self.nobody())

    def full(self, t: int) -> bool:
        most = self.limits.per_day
        return most is not None and sum(t - 24 < when <= t for when in self.decided_at) >= most

    def held_back(self, k: int, rule, c: int, t: int) -> str:
        rest, last = hours_of(rule.cooldown), self.fired.get((k, c))
        if t < self.stands_until:
            return STANDING
        if rest and last is not None and t - last < rest:
            return RESTING
        return CONFLICT if c >= 0 and self.touched[c] not in (None, k) else DONE

    def act(self, k: int, c: int, action, outcome: str, t: int) -> None:
        asked = 0
        if outcome == DONE and self.full(t):
            outcome = FULL_DAY
        change, given = self.nobody(), self.nobody()
        if outcome == DONE:
            asked, outcome, change, given = self.propose(action, c, t)
            if outcome == NOTHING and isinstance(action, (Pause, Resume)):
                return
        if outcome == DONE and any(x and self.touched[i] not in (None, k) for i, x in enumerate(change)):
            outcome = CONFLICT
        told = self.set.mode == "notify" and isinstance(action, Notify)
        if outcome == DONE and self.set.mode != "apply" and not told:
            outcome = MODE
        if outcome == DONE and action.moves and self.asks(k, c, action, change, given, t):
            outcome = IN_REVIEW
        self.write(t, k, action, c, outcome, asked, change, given)
        if outcome != DONE:
            return
        self.fired[k, c] = t
        for i in () if isinstance(action, Notify) else range(self.width):
            if i == c or (c < 0 and isinstance(action, (ChangeBudget, Rebalance)) and change[i]):
                self.touched[i] = k
        if isinstance(action, StandDown):
            self.stands_until = t + hours_of(action.lasts)
        self.carry_out(action, c, change, given, t)

    def asks(self, k: int, c: int, action, change, given, t: int) -> bool:
        """Say whether a person looks at it first; then it waits."""
        review = self.set.review
        if review is None or review.share <= 0 or len(self.queue) >= ROOM:
            return False
        who = k * 64 + c + 1
        if review.by == "risk":
            size = sum(given) + sum(x for x in change if x > 0)
            if size < review.share * (sum(self.plan) + self.set_aside):
                return False
        elif uniform(self.seed, self.run, t, who, "seen by") >= review.share:
            return False
        answers, out = hours_of(review.answers_in), hours_of(review.time_out)
        verdict = DONE
        if answers > out:
            verdict = DONE if review.then == "apply" else TIMED_OUT
        elif uniform(self.seed, self.run, t, who, "rejected") < review.rejects:
            verdict = REJECTED
        self.queue.append(Waiting(t + min(answers, out), k, action, c, verdict, list(change), list(given)))
        return True

    def write(self, t, k, action, c, outcome, asked, change, given) -> None:
        if outcome in (LIMIT, RESTING, CONFLICT, STANDING):
            change = given = self.nobody()
        self.log.append(
            Line(t, k, action, c, outcome, list(self.seen), asked, list(self.left), list(change), list(given))
        )

    def carry_out(self, action, c: int, change, given, t: int) -> None:
        self.decided_at.append(t)
        for k in range(self.width):
            if change[k]:
                if abs(change[k]) > LARGE * max(self.left[k], 1) and hours_of(self.g.at.settings.learning):
                    self.learns[k] = t + hours_of(self.g.at.settings.learning)
                self.left[k] += change[k]
                self.changed[k] = t
            self.extra[k] += given[k]
        self.reserve -= sum(given)
        if isinstance(action, ReleaseTranche):
            self.locked -= sum(change)
            self.released += 1
        elif isinstance(action, RefillReserve):
            self.reserve -= sum(change)
        elif isinstance(action, (Pause, Resume)):
            self.paused[c] = isinstance(action, Pause)
        assert min(self.left) >= 0 and self.reserve >= 0 and self.locked >= 0


def balanced(change: list[int]) -> list[int]:
    """Return changes of which the larger side is shrunk so that they add up to nothing."""
    up, down = sum(x for x in change if x > 0), -sum(x for x in change if x < 0)
    small = min(up, down)
    found = [int(x * (small / (up if x > 0 else down))) if x else 0 for x in change]
    over = sum(found)
    for c, x in enumerate(found):
        if over > 0 and x > 0:
            part = min(over, x)
        elif over < 0 and x < 0:
            part = max(over, x)
        else:
            continue
        found[c] -= part
        over -= part
    return found


class Thompson(Ruled):
    """Thompson sampling: at every adjustment all is split as if levels drawn from what is believed were true."""

    def moment(self, t: int) -> None:
        if t not in self.acts:
            return
        g, cents = self.g, self.g.rest[t] * 100
        self.touched = [None] * self.width
        self.start = [left / cents for left in self.left]
        self.seen = [NAN] * 4
        fence, scale, total = self.fence(t), [], 0.0
        for c in range(self.width):
            prior = 1 / (STRAY * STRAY)
            orders = prior + self.arrived(self.count, c, 0, t, t)
            forecast = prior + self.arrived(self.forecast, c, 0, t, t) / g.at.order_value
            z = quantile(uniform(self.seed, self.run, t, c, "belief"))
            root = 1 - 1 / (9 * orders) + z / (3 * math.sqrt(orders))  # Wilson and Hilferty's gamma quantile
            level = orders * max(root, 0.0) ** 3 / forecast
            scale.append(level * g.multiplier[g.phase[t]][c] * g.ceiling[c])
            total += self.left[c] / cents
        low, high = [x / cents for x, _ in fence], [x / cents for _, x in fence]
        parts, _ = waterfilled(g.forms, scale, g.half, low, high, total, 0.0)
        change = balanced([int(x * cents + 1e-6) - left for x, left in zip(parts, self.left, strict=True)])
        self.write(t, -1, Rebalance(), -1, DONE, 0, change, self.nobody())
        self.carry_out(Rebalance(), -1, change, self.nobody(), t)


class Scheduled(Walk):
    """Decisions carried out as they were written down, as far as the money is there."""

    def __init__(self, *args, lines: list[Line], acts: set[int], **more) -> None:
        super().__init__(*args, **more)
        self.lines, self.acts = lines, acts

    def moment(self, t: int) -> None:
        for line in self.lines:
            if line.moment == t:
                Ruled.carry_out(self, line.action, line.channel, line.change, line.given, t)
