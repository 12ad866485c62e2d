"""The funnel's kernels: one pass over users' events, sorted by user and time, each telling of a user's best chain.

A chain takes distinct events for steps 1..k. For each step a kernel keeps the latest-starting live chain that ended
there: the latest start is the one whose window closes last, so it alone decides how deep a user gets (ClickHouse's
windowFunnel rests on the same fact). Events of one moment are taken together: any order among them is allowed.

A chain is written down as rows: for each step the first row of the moment at which it was taken; -1 for none.
:func:`settle` then says which event of that moment served the step. Beside it stand the moments at which the user first
got as far as each step, by whatever chain: what is known of somebody there does not depend on how they went on.

All are in one file, long as it is: what Numba keeps on disk of a kernel is forgotten when its own file changes, not
when that of a function it calls does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from analysis.arrays import Bools, Integers
from analysis.store.kernels import ONE, ZERO, Row, compiled

MOST_STEPS = 20
EXCLUDED = 32
"""The first bit of a row's mask that stands for an exclusion; the bits below stand for steps."""
NO_TIME = np.iinfo(np.int64).min
"""The time of a step that was not taken; NumPy's NaT when read as `datetime64[us]`."""
_NEVER = np.iinfo(np.int64).min // 2


class Events(NamedTuple):
    """A chunk's events, each an array of shape (rows,), sorted by user and time."""

    user: Integers
    time: Integers
    code: Integers


class Rules(NamedTuple):
    """A plain funnel's rules.

    `masks`, shape (codes,): bit k is set where the code matches step k. `keys`, shape (steps,): each step's code.
    `window`, in the unit of time, is inclusive. `first`: only a user's first entry may start the chain. Entries count
    from `entry_from` to before `entry_until`.
    """

    masks: Integers
    keys: Integers
    window: int
    first: bool
    entry_from: int
    entry_until: int


class Rows(NamedTuple):
    """Out, one row for each user, or log, that was entered: which events took them how far.

    `level`, shape (>= users,): the deepest step, counted from one. `latest`: the row at which the latest-starting chain
    that got as deep starts; -1 where none of these can still go on. `at`, shape (>= users, steps): the recorded chain's
    moments, -1 after `level` and where a step was skipped. `reached`: the moment when the user first got as far as each
    step, -1 after `level`.
    """

    level: Integers
    latest: Integers
    at: Integers
    reached: Integers


# ---- the plain funnel: each step one event, in order, other events between --------------------------------


@compiled
def plain(events: Events, rules: Rules, found: Rows) -> Row:  # pragma: no cover - compiled
    """Walk one chunk; write one row per user who entered and return how many."""
    user, time, code = events
    masks, step_code, window = rules.masks, rules.keys, rules.window
    level, latest, at, reached = found
    steps = len(step_code)
    starts = np.zeros(steps, np.int64)
    rows_at = np.zeros((steps, steps), np.int32)
    counts = np.zeros(len(masks), np.int64)
    deepest, shallower = _served(masks, step_code)
    taken = _steps_only(code, masks)
    rows, i, out = np.uint64(len(taken)), ZERO, ZERO
    while i < rows:
        current, held = user[taken[i]], 0
        while i < rows and user[taken[i]] == current:
            row, j, before = taken[i], i + ONE, held
            now = time[row]
            while j < rows and time[taken[j]] == now and user[taken[j]] == current:
                j += ONE
            may_enter = rules.entry_from <= now < rules.entry_until and not (rules.first and held > 0)
            if j == i + ONE:
                k = deepest[np.uint64(code[row])]
                while k >= 0:
                    if k == 0:
                        if may_enter:
                            starts[0], rows_at[0, 0] = now, row
                            held = max(held, 1)
                    elif k <= held and starts[k - 1] + window >= now and (k == held or starts[k - 1] > starts[k]):
                        starts[k] = starts[k - 1]
                        for s in range(k):
                            rows_at[k, s] = rows_at[k - 1, s]
                        rows_at[k, k] = row
                        held = max(held, k + 1)
                    k = shallower[k]
            else:
                end = taken[j - ONE] + ONE
                held = _same_moment(
                    code[row:end], row, now, held, may_enter, step_code, window, starts, rows_at, counts
                )  # fmt: skip
            if held > before:
                for s in range(held):
                    at[out, s] = rows_at[held - 1, s]
                _arrive(reached, out, before, held, row)
            i = j
        if held:
            level[out], latest[out] = held, rows_at[held - 1, 0]
            for s in range(held, steps):
                at[out, s] = -1
            _arrive(reached, out, held, steps, -1)
            out += ONE
    return out


@compiled
def _arrive(reached: Integers, out: Row, before: int, held: int, row: Row) -> None:  # pragma: no cover - compiled
    """Write down at which row a user got from one depth to another."""
    for s in range(before, held):
        reached[out, s] = row


@compiled
def _steps_only(code: Integers, masks: Integers) -> Integers:  # pragma: no cover - compiled
    """Return the rows that can matter. Without a branch: which rows do is random, so a branch guesses wrong."""
    rows, found = np.empty(len(code), np.uint32), ZERO
    for row in range(len(code)):
        rows[found] = row
        found += np.uint64(masks[np.uint64(code[row])] != 0)
    return rows[:found]


@compiled
def _served(masks: Integers, step_code: Integers) -> tuple[Integers, Integers]:  # pragma: no cover - compiled
    """Return each code's deepest step and each step's next shallower one of the same code; -1 for none."""
    deepest, shallower = np.full(len(masks), -1), np.full(len(step_code), -1)
    for k, code in enumerate(step_code):
        shallower[k], deepest[code] = deepest[code], k
    return deepest, shallower


@compiled
def _same_moment(
    code: Integers,
    row: Row,
    now: int,
    held: int,
    may_enter: bool,
    step_code: Integers,
    window: int,
    starts: Integers,
    rows_at: Integers,
    counts: Integers,
) -> int:  # pragma: no cover - compiled
    """Take several events of one moment together; return the new depth.

    For each level k, deepest first, a chain may use this moment's events for steps a..k if there are enough of
    each; the smallest such a starts latest, and of equal starts the largest a went earliest. Entering here is
    a = 0.
    """
    steps, reached = len(step_code), held
    for k in range(steps - 1, -1, -1):
        for event in code:
            counts[event] += 1
        best, a = -1, k
        while a >= 0 and counts[step_code[a]] > 0:
            counts[step_code[a]] -= 1
            if (a == 0 and may_enter) or (
                0 < a <= held and starts[a - 1] + window >= now and (best < 0 or starts[a - 1] > starts[best - 1])
            ):
                best = a
            a -= 1
        for event in code:
            counts[event] = 0
        if best < 0:
            continue
        start = now if best == 0 else starts[best - 1]
        if k < held and start <= starts[k]:
            continue
        for s in range(best):
            rows_at[k, s] = rows_at[best - 1, s]
        for s in range(best, k + 1):
            rows_at[k, s] = row
        starts[k] = start
        reached = max(reached, k + 1)
    return reached


# ---- every other rule in order ----------------------------------------------------------------------------


class Logs(NamedTuple):
    """Events whose steps are known, each an array of shape (rows,), sorted by log and time.

    `log`: what a chain may not leave: a user, a session, an item of a user. `mask`: bit k is set where the event
    matches step k, bit `EXCLUDED` + e where it matches exclusion e; where not every event counts, rows with an empty
    mask may be left out. `enters`: whether a chain may start at this moment; the same for all events of a moment.
    """

    log: Integers
    time: Integers
    mask: Integers
    enters: Bools


class Further(NamedTuple):
    """The rules that a funnel may have beside its steps.

    `optional`: the bits of the steps that may be skipped. `window`: in the unit of time, inclusive. `strict`: between
    two steps nothing but repeats of the step last taken. `reuse`: one event may serve several steps. `excluded`, shape
    (exclusions, 2): a chain that has taken step [e, 0] but not yet step [e, 1] ends at an event of exclusion e.
    """

    optional: int
    window: int
    strict: bool
    reuse: bool
    excluded: Integers


@compiled
def ordered(events: Logs, rules: Further, found: Rows) -> Row:  # pragma: no cover - compiled
    """Walk events whose steps are known; write one row per log that was entered and return how many."""
    log, time, mask, enters = events
    level, latest, at, reached = found
    steps = at.shape[1]
    starts = np.empty(steps, np.int64)
    rows_at = np.full((steps, steps), -1, np.int32)
    rows, i, out = np.uint64(len(log)), ZERO, ZERO
    while i < rows:
        current, held, recorded = log[i], 0, at[out]
        starts[:] = _NEVER
        while i < rows and log[i] == current:
            now, j, union, common = time[i], i + ONE, mask[i], mask[i]
            while j < rows and time[j] == now and log[j] == current:
                union, common = union | mask[j], common & mask[j]
                j += ONE
            if held == steps:
                i = j
                continue
            before, moment = held, Moment(i, j, now, union, common)
            for k in range(steps - 1, -1, -1):
                held = _take(k, moment, held, mask, enters[i], rules, starts, rows_at, recorded)
            if held > before:
                level[out] = held
                _arrive(reached, out, before, held, i)
            i = j
        if held:
            _arrive(reached, out, held, steps, -1)
            latest[out] = rows_at[held - 1, 0] if starts[held - 1] > _NEVER else -1
            out += ONE
    return out


class Moment(NamedTuple):
    """The events of one moment: rows `i` up to before `j`, and which bits of their masks any has and all have."""

    i: Row
    j: Row
    now: int
    union: int
    common: int


@compiled
def _take(
    k: int, moment: Moment, held: int, mask: Integers, may_enter: bool, rules: Further,
    starts: Integers, rows_at: Integers, recorded: Integers,
) -> int:  # fmt: skip  # pragma: no cover - compiled
    """Bring the chain that ends at step k through a moment; return the depth reached so far.

    The steps after p were taken in this moment, those up to p before it (p = -1: the chain starts here). Of the
    chains that end at k the latest-starting counts, of these the one that takes the most from before.
    """
    i, j, now, union, common = moment
    optional, window, strict, reuse, excluded = rules
    lives = starts[k] > _NEVER and not _ends(k, k, union, excluded) and (not strict or common >> k & 1)
    kept = starts[k] if lives else _NEVER
    best_start, best, best_bits, live_start, live, live_bits = _NEVER, -2, 0, _NEVER, -2, 0
    p, wanted = k - 1, 1 << k
    while union >> k & 1 and p >= -1:
        if p < 0 or starts[p] > _NEVER:
            start = now if p < 0 else starts[p]
            allowed = may_enter if p < 0 else start + window >= now
            if allowed and start > min(best_start, live_start) and _enough(mask, i, j, wanted, union, reuse):
                bits = _with_optional(mask, i, j, wanted, p, k, union, optional, reuse)
                if start > best_start:
                    best_start, best, best_bits = start, p, bits
                goes_on = p < 0 or not _ends(p, k, union, excluded)
                if strict and p >= 0 and goes_on:
                    goes_on = _repeats(mask, i, j, bits | 1 << p)
                if goes_on and start > live_start:
                    live_start, live, live_bits = start, p, bits
        if p >= 0 and not optional >> p & 1:
            wanted |= 1 << p
            if not union >> p & 1:
                break
        p -= 1
    if best > -2 and k >= held:
        held = k + 1
        _write(recorded, rows_at, best, best_bits, k, i)
    if live > -2 and live_start > kept:
        starts[k] = live_start
        _write(rows_at[k], rows_at, live, live_bits, k, i)
    else:
        starts[k] = kept
    return held


@compiled
def _write(
    chain: Integers, rows_at: Integers, p: int, bits: int, k: int, row: Row
) -> None:  # pragma: no cover - compiled
    """Write down a chain: up to step p as before, the steps in `bits` in the moment that begins at `row`."""
    for s in range(len(chain)):
        if s <= p:
            chain[s] = rows_at[p, s]
        else:
            chain[s] = np.int64(row) if s <= k and bits >> s & 1 else -1


@compiled
def _ends(p: int, k: int, union: int, excluded: Integers) -> bool:  # pragma: no cover - compiled
    """Say whether an exclusion of this moment ends a chain that was at step p before it and has not passed k."""
    for e in range(len(excluded)):
        if union >> (EXCLUDED + e) & 1 and excluded[e, 0] <= p < excluded[e, 1] and k < excluded[e, 1]:
            return True
    return False


@compiled
def _repeats(mask: Integers, i: Row, j: Row, bits: int) -> bool:  # pragma: no cover - compiled
    fits = True
    for row in range(i, j):
        fits &= mask[row] & bits != 0
    return fits


@compiled
def _with_optional(
    mask: Integers, i: Row, j: Row, wanted: int, p: int, k: int, union: int, optional: int, reuse: bool
) -> int:  # pragma: no cover - compiled
    """Add the optional steps between p and k that this moment's events can serve too, the last ones first."""
    for s in range(k - 1, p, -1):
        if optional & union & ~wanted & 1 << s and _enough(mask, i, j, wanted | 1 << s, union, reuse):
            wanted |= 1 << s
    return wanted


@compiled
def _enough(
    mask: Integers, i: Row, j: Row, wanted: int, union: int, reuse: bool
) -> bool:  # pragma: no cover - compiled
    """Say whether the events from row i to j can serve all the wanted steps."""
    if wanted & ~union:
        return False
    if reuse or wanted & (wanted - 1) == 0:
        return True
    if j == i + ONE:
        return False
    return _matched(mask[i:j], wanted)


@compiled
def _matched(mask: Integers, wanted: int) -> bool:  # pragma: no cover - compiled
    """Say whether each wanted step can have an event of its own: a bipartite matching by augmenting paths."""
    serves, via = np.full(len(mask), -1), np.empty(len(mask), np.int64)
    event_of, queue = np.full(64, -1), np.empty(64, np.int64)
    enough = True
    for s in range(EXCLUDED):
        if wanted >> s & 1:
            enough = enough and _augmented(mask, s, serves, via, event_of, queue)
    return enough


@compiled
def _augmented(
    mask: Integers, step: int, serves: Integers, via: Integers, event_of: Integers, queue: Integers
) -> bool:  # pragma: no cover - compiled
    """Find one more step its event, moving others where they must; search breadth first."""
    via[:] = -1
    queue[0], head, tail = step, 0, 1
    while head < tail:
        at = queue[head]
        head += 1
        for event in range(len(mask)):
            if via[event] >= 0 or not mask[event] >> at & 1:
                continue
            via[event] = at
            if serves[event] >= 0:
                queue[tail] = serves[event]
                tail += 1
                continue
            while event >= 0:
                at = via[event]
                serves[event], event_of[at], event = at, event, event_of[at]
            return True
    return False


# ---- in any order -----------------------------------------------------------------------------------------


@compiled
def unordered(events: Logs, rules: Further, found: Rows) -> Row:  # pragma: no cover - compiled
    """Walk events whose steps count in any order; write one row per log that was entered and return how many.

    Of the rules the window counts, and any exclusion ends a chain. The k-th of `at` is the k-th event that added a
    step, and those are found as early as can be: steps that events can serve form a transversal matroid, in which
    taking each event that adds to the matching is best at every moment.
    """
    log, time, mask, enters = events
    level, latest, at, reached = found
    steps = at.shape[1]
    all_steps = (1 << steps) - 1
    chain = np.empty(steps, np.int32)
    rows, begin, out = np.uint64(len(log)), ZERO, ZERO
    while begin < rows:
        end = begin
        while end < rows and log[end] == log[begin]:
            end += ONE
        best, done, i = 0, np.int64(0), begin
        while i < end and not (best == steps and time[i] > done):
            after, serves = i, False
            while after < end and time[after] == time[i]:
                serves |= mask[after] & all_steps != 0  # an exclusion alone starts nothing
                after += ONE
            if enters[i] and serves:
                size, lives = _gather(time, mask, i, end, rules.window, all_steps, chain)
                if size > best or (size == best and size and time[chain[size - 1]] == done):
                    at[out, :] = -1
                    at[out, :size] = chain[:size]
                    done = time[chain[size - 1]]
                for s in range(best, size):
                    _arrive(reached, out, s, s + 1, chain[s])
                if size and size >= best:
                    # A chain that died is no longer open, whatever a former one of this depth was.
                    latest[out] = i if lives else (latest[out] if size == best else -1)
                best = max(best, size)
            i = after
        if best:
            level[out] = best
            _arrive(reached, out, best, steps, -1)
            out += ONE
        begin = end
    return out


@compiled
def _gather(
    time: Integers, mask: Integers, start: Row, end: Row, window: int, all_steps: int, chain: Integers
) -> tuple[int, bool]:  # pragma: no cover - compiled
    """Take events from `start` on as they add a step; return how many did and whether more might still."""
    steps, size = len(chain), 0
    event_of = np.full(steps, -1)
    via, queue = np.empty(steps, np.int64), np.empty(steps, np.int64)
    row = start
    while row < end and time[row] <= time[start] + window and size < steps:
        now, tainted = time[row], False
        while row < end and time[row] == now:
            tainted |= mask[row] >> EXCLUDED != 0
            if size < steps and mask[row] & all_steps and _adds(mask, row, event_of, via, queue):
                chain[size] = row
                size += 1
            row += ONE
        if tainted and now > time[start]:
            return size, False
    return size, True


@compiled
def _adds(
    mask: Integers, row: Row, event_of: Integers, via: Integers, queue: Integers
) -> bool:  # pragma: no cover - compiled
    """Fit one more event into the matching of steps to events, moving others where they must."""
    steps = len(event_of)
    via[:] = -1
    queue[0], head, tail = row, 0, 1
    while head < tail:
        event = queue[head]
        head += 1
        for s in range(steps):
            if via[s] >= 0 or not mask[event] >> s & 1:
                continue
            via[s] = event
            if event_of[s] >= 0:
                queue[tail] = event_of[s]
                tail += 1
                continue
            while True:  # give the free step to the event that found it, and that event's former step to the next
                mover = via[s]
                former = -1
                for t in range(steps):
                    if event_of[t] == mover:
                        former = t
                event_of[s] = mover
                if former < 0:
                    return True
                s = former
    return False


# ---- peers' rules -----------------------------------------------------------------------------------------


@compiled
def clickhouse_strict(events: Logs, rules: Further, found: Rows) -> Row:  # pragma: no cover - compiled
    """Walk as ClickHouse's windowFunnel does in strict_order: an unrelated event, or a step too early, stops it.

    Of the rules the window counts. Events of a moment come in the order of their steps, unrelated ones first, and an
    event counts once for each step it matches.
    """
    log, time, mask, enters = events
    level, latest, at, reached = found
    steps = at.shape[1]
    starts, rows_at = np.empty(steps, np.int64), np.full((steps, steps), -1, np.int32)
    rows, begin, out = np.uint64(len(log)), ZERO, ZERO
    while begin < rows:
        end = begin
        while end < rows and log[end] == log[begin]:
            end += ONE
        starts[:] = _NEVER
        i, stopped = begin, False
        while i < end and not stopped:
            j = i
            while j < end and time[j] == time[i]:
                stopped |= mask[j] == 0 and starts[0] > _NEVER
                j += ONE
            for k in range(steps):
                for row in range(i, j):
                    if stopped or not mask[row] >> k & 1:
                        continue
                    if k == 0:
                        if enters[row]:
                            if starts[0] == _NEVER:
                                _arrive(reached, out, 0, 1, row)
                            starts[0], rows_at[0, 0] = time[row], row
                    elif starts[k - 1] == _NEVER:
                        stopped = starts[0] > _NEVER
                    elif time[row] <= starts[k - 1] + rules.window:
                        if starts[k] == _NEVER:
                            _arrive(reached, out, k, k + 1, row)
                        starts[k] = starts[k - 1]
                        _write(rows_at[k], rows_at, k - 1, 1 << k, k, row)
                        stopped = k + 1 == steps
            i = j
        deepest = steps - 1
        while deepest >= 0 and starts[deepest] == _NEVER:
            deepest -= 1
        if deepest >= 0:
            at[out, :] = rows_at[deepest]
            at[out, deepest + 1 :] = -1
            _arrive(reached, out, deepest + 1, steps, -1)
            level[out] = deepest + 1
            latest[out] = -1 if stopped else rows_at[deepest, 0]
            out += ONE
        begin = end
    return out


@compiled
def posthog(events: Logs, rules: Further, found: Rows) -> Row:  # pragma: no cover - compiled
    """Walk as PostHog does; a user whose furthest chain met an exclusion within its window is left out.

    Events alike of one moment are taken one by one; different ones in the order of their steps, without regard to
    exclusions or to strictness. The first conversion ends the walk.
    """
    log, time, mask, enters = events
    level, latest, at, reached = found
    steps = at.shape[1]
    optional, window, strict, _, excluded = rules
    # Row k + 1 is the chain that has taken step k; row 0 the chain that is about to enter.
    starts, tainted = np.empty(steps + 1, np.int64), np.empty(steps + 1, np.bool_)
    rows_at = np.full((steps + 1, steps), -1, np.int32)
    furthest = np.empty(3, np.int64)  # the depth, when its chain started, whether that is tainted
    rows, begin, out = np.uint64(len(log)), ZERO, ZERO
    while begin < rows:
        end = begin
        while end < rows and log[end] == log[begin]:
            end += ONE
        starts[:] = _NEVER
        tainted[:] = False
        furthest[:] = 0
        _arrive(reached, out, 0, steps, -1)
        i = begin
        while i < end and starts[steps] == _NEVER:
            j, alike = i, True
            while j < end and time[j] == time[i]:
                alike &= mask[j] == mask[i]
                j += ONE
            starts[0] = time[i] if enters[i] else _NEVER
            if alike:
                for row in range(i, j):
                    for k in range(steps - 1, 0, -1):
                        if _ends(k - 1, k - 1, mask[row], excluded):
                            _taint(k, time[row], optional, window, starts, tainted, furthest)
                    for k in range(steps - 1, -1, -1):
                        if mask[row] >> k & 1:
                            before = furthest[0]
                            _advance(k, row, time, optional, window, False, starts, tainted, rows_at, furthest, at[out])
                            if furthest[0] > before:
                                _arrive(reached, out, k, k + 1, row)
                    for k in range(steps):
                        if strict and not mask[row] >> k & 1:
                            starts[k + 1], tainted[k + 1] = _NEVER, False
            else:
                for k in range(steps):
                    for row in range(i, j):
                        if mask[row] >> k & 1:
                            before = furthest[0]
                            _advance(k, row, time, optional, window, True, starts, tainted, rows_at, furthest, at[out])
                            if furthest[0] > before:
                                _arrive(reached, out, k, k + 1, row)
            i = j
        if furthest[0] and not furthest[2]:
            own = furthest[0]
            level[out] = own
            latest[out] = rows_at[own, 0] if starts[own] > _NEVER and not tainted[own] else -1
            out += ONE
        begin = end
    return out


@compiled
def _nearest(k: int, now: int, optional: int, window: int, starts: Integers) -> int:  # pragma: no cover - compiled
    """Return the chain that step k goes on from: the nearest one in its window, over optional steps; -1 for none."""
    p = k
    while p > 0 and (starts[p] == _NEVER or now - starts[p] > window) and optional >> (p - 1) & 1:
        p -= 1
    open_still = starts[p] > _NEVER and now - starts[p] <= window
    # A chain that has come this far from the same start has nothing to gain.
    return p if open_still and starts[k + 1] != starts[p] else -1


@compiled
def _taint(
    k: int, now: int, optional: int, window: int, starts: Integers, tainted: Integers, furthest: Integers
) -> None:  # pragma: no cover - compiled
    p = _nearest(k, now, optional, window, starts)
    if p >= 0 and not tainted[p]:
        tainted[p] = True
        if furthest[0] == p and now - furthest[1] <= window:
            furthest[2] = 1


@compiled
def _advance(
    k: int,
    row: int,
    time: Integers,
    optional: int,
    window: int,
    several: bool,
    starts: Integers,
    tainted: Integers,
    rows_at: Integers,
    furthest: Integers,
    recorded: Integers,
) -> None:  # pragma: no cover - compiled
    p = _nearest(k, time[row], optional, window, starts)
    if p < 0:
        return
    for s in range(p):
        if several and rows_at[p, s] == row and not optional >> s & 1:
            return
    better = k + 1 > furthest[0] or (k + 1 == furthest[0] and furthest[2])
    if better:
        furthest[0], furthest[1], furthest[2] = k + 1, starts[p], tainted[p]
        for s in range(len(recorded)):
            recorded[s] = np.int64(row) if s == k else rows_at[p, s] if s < p else -1
    if not tainted[p]:
        starts[k + 1], tainted[k + 1] = starts[p], False
        for s in range(len(recorded)):
            rows_at[k + 1, s] = np.int64(row) if s == k else rows_at[p, s] if s < p else -1


# ---- which event of a moment ------------------------------------------------------------------------------


@compiled
def settle(
    log: Integers, time: Integers, mask: Integers, reuse: bool, found: Rows
) -> None:  # pragma: no cover - compiled
    """Put in place of each moment the row of the event that served the step.

    Of several ways the first in the order of the rows counts, step by step. Then of each moment in `reached` the first
    row that serves the step.
    """
    level, _, at, reached = found
    _serving(log, time, mask, reached)
    for one in range(len(level)):
        s = 0
        while s < level[one]:
            row = at[one, s]
            last, bits = s, 0
            while last < level[one] and (at[one, last] == row or at[one, last] < 0):
                bits |= (at[one, last] >= 0) << last
                last += 1
            if row >= 0 and row + 1 < len(log) and log[row + 1] == log[row] and time[row + 1] == time[row]:
                end = row + 1
                while end < len(log) and log[end] == log[row] and time[end] == time[row]:
                    end += 1
                _assign(mask[row:end].copy(), row, bits, reuse, at[one])
            s = last if row >= 0 else s + 1


@compiled
def _assign(mask: Integers, row: int, bits: int, reuse: bool, chain: Integers) -> None:  # pragma: no cover - compiled
    for s in range(len(chain)):
        if not bits >> s & 1:
            continue
        bits &= ~(1 << s)
        for event in range(len(mask)):
            own = mask[event]
            if not own >> s & 1:
                continue
            mask[event] = own if reuse else 0
            if reuse or bits == 0 or _matched(mask, bits):
                chain[s] = row + event
                break
            mask[event] = own


@compiled
def _serving(log: Integers, time: Integers, mask: Integers, reached: Integers) -> None:  # pragma: no cover - compiled
    """Put in place of each moment in `reached` its first row that serves the step; -1 where the step was skipped."""
    for one in range(len(reached)):
        for s in range(reached.shape[1]):
            row = first = reached[one, s]
            while row >= 0 and not mask[row] >> s & 1:
                row += 1
                if row == len(log) or log[row] != log[first] or time[row] != time[first]:
                    row = -1
            reached[one, s] = row
