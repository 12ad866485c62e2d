"""The plain funnel's kernels where nothing is asked but how many came how far and when: 64 rows at a time.

What a row is to a funnel is random, and a branch on it guesses wrong at every other row. So rows are bits: row r of a
chunk is bit r % 64 of word r // 64, and what holds of rows is a row of such words. Which event is each user's first of
its kind, or follows one of another kind, is then found by adding: a carry runs from one bit over those that do not
matter to the next that does. Only events that take a chain on are looked at one by one, a tenth of all.

The rules are those of :mod:`analysis.journey.funnel.kernel`: of each step only the latest-starting chain counts. So a
step is taken where its event follows one that took the step before, with no other event of this step in between, and
in the window of the chain's start. Chains are traced backwards: each event goes back to the last one that took the step
before. Events of one moment are taken together: they all stand at the moment's first row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba.cpython.unsafe.numbers import leading_zeros, trailing_zeros

from analysis.arrays import Integers, Ints
from analysis.journey.funnel.kernel import Events, Rules
from analysis.journey.funnel.plan import FAR
from analysis.store.kernels import ONE, ZERO, borrowing, compiled

_SIX, _LAST = np.uint64(6), np.uint64(63)
_below: Any = trailing_zeros
_above: Any = leading_zeros
"""How many bits without a mark a word has below, and above; their types describe Numba's inside."""
_END = np.iinfo(np.int64).max


class Marks(NamedTuple):
    """Words of bits; of the last three a row for each step.

    `begins`: a user's first row. `late`: a chain that starts here may still go on. `taken`: a moment at which a chain
    came as far as the step that starts later than any before. `first`: of these each user's first. `open`: of these
    the ones whose chain starts late.
    """

    begins: Integers
    late: Integers
    taken: Integers
    first: Integers
    open: Integers

    @classmethod
    def empty(cls, rows: int, steps: int) -> Marks:
        """Return room for a chunk."""
        words = np.empty((2 + 3 * steps, rows // 64 + 1), np.uint64)
        return cls(words[0], words[1], *words[2:].reshape(3, steps, -1))


class Counts(NamedTuple):
    """How many users came how far, and when.

    `reached` and `waiting` have a number for each step: who came as far, and who came no further but may still go on.
    `judged`, shape (steps, 2): of those whose window is over, who came as far within one window of first entering, and
    who did whenever. `gaps`: microseconds from each step to the next, of all who took the second step, then of all who
    took the third, and so on. `took`: of those who converted within one window, how long they took; `seen`: for how
    long they were, at most the window; `still`: for how long those were who are in neither and whose window is not
    over. `through`: how many took the last step, having come through the others, while entries count.
    """

    reached: Integers
    judged: Integers
    waiting: Integers
    gaps: Integers
    took: Ints
    seen: Ints
    still: Ints
    through: int


@compiled
def mark(events: Events, rules: Rules, until: int, marks: Marks) -> int:  # pragma: no cover - compiled
    """Mark where a chunk's users took each step.

    Returns
    -------
    int
        How many users took the last step when entries count, whether they had entered or not; -1 where marks cannot
        tell who took which, since an event of one moment may serve either of two steps.
    """
    user, time, code = events
    begins, late, taken, first, open_ = marks
    steps, words, least_late = len(rules.keys), len(begins), until - rules.window + 1
    counts, spare = np.full(words, ~ZERO), np.empty(words, np.uint64)
    bounded = rules.entry_from > -FAR or rules.entry_until < FAR
    for word in range(words):
        for k in range(steps):
            taken[k, word] = _between(code, word, rules.keys[k], rules.keys[k])
        begins[word], spare[word] = _changes(user, word), _changes(time, word)
        late[word] = _between(time, word, least_late, _END)
        if bounded:
            counts[word] = _between(time, word, rules.entry_from, rules.entry_until - 1)
    if not _gather(code, rules.masks, begins, spare, taken):
        return -1
    for word in range(words):
        spare[word] = taken[steps - 1, word] & counts[word]
        taken[0, word] &= counts[word]
    took_last = _firsts(spare, begins, first[0])
    _firsts(taken[0], begins, first[0])
    for word in range(words):
        taken[0, word] = first[0, word] if rules.first else taken[0, word]
        open_[0, word] = taken[0, word] & late[word]
    for k in range(1, steps):
        _follow(k, time, rules, marks)
        _firsts(taken[k], begins, first[k])
    return took_last


@compiled
def count(time: Integers, rules: Rules, until: int, may_go_on: bool, marks: Marks) -> Counts:  # pragma: no cover
    """Count what is marked."""
    begins, late, taken, first, open_ = marks
    steps, words, window = len(first), len(begins), rules.window
    still, deeper = np.empty(words, np.uint64), np.zeros(words, np.uint64)
    found, judged, ends = np.zeros((2, steps), np.int64), np.zeros((steps, 2), np.int64), np.zeros(steps, np.int64)
    reached, waiting = found[0], found[1]
    for word in range(words):
        still[word] = first[0, word] & late[word]
    for k in range(steps):
        reached[k] = _size(first[k])
        ends[k] = ends[k - 1] + reached[k] if k else 0
    judged[0, 0] = judged[0, 1] = reached[0] - _size(still)
    gaps, took, seen = np.empty(ends[-1], np.int64), np.empty(reached[-1], np.int64), np.empty(reached[-1], np.int64)
    converted = through = 0
    for k in range(steps - 1, 0, -1):
        for word in range(words):
            bits = first[k, word]
            while bits:
                row, bits = _next(word, bits)
                start = _before(first[0], row + ONE)
                entered, at = time[start], time[row]
                over, soon = entered <= until - window, at - entered <= window
                judged[k, 0] += over & soon
                judged[k, 1] += over
                through += k == steps - 1 and at < rules.entry_until
                if k == steps - 1 and soon:
                    took[converted], seen[converted] = at - entered, min(until - entered, window)
                    converted += 1
                    still[start >> _SIX] &= ~_bit(start)
                if not deeper[row >> _SIX] & _bit(row):
                    for j in range(k, 0, -1):
                        row = _back(taken, rules.keys, j, row)
                        ends[j] -= 1
                        gaps[ends[j]] = at - time[row]
                        at = time[row]
        _lead_on(first, k, deeper)
    if may_go_on:
        for k in range(steps - 1):
            for word in range(words):
                deeper[word] = open_[k, word] | first[k + 1, word]
            waiting[k] = _firsts(deeper, begins, deeper) - reached[k + 1]
    took, seen = took[:converted], seen[:converted]
    return Counts(reached, judged, waiting, gaps, took, seen, _until(time, until, still), through)


@compiled
def entries(time: Integers, window: int, marks: Marks) -> tuple[Integers, Integers]:  # pragma: no cover - compiled
    """Return when each user first entered and the deepest step, counted from one, within one window of that."""
    first, words = marks.first, len(marks.begins)
    entered, users, earlier = np.empty(_size(first[0]), np.int64), 0, np.empty(words, np.int64)
    for word in range(words):
        earlier[word], bits = users, first[0, word]
        while bits:
            row, bits = _next(word, bits)
            entered[users] = time[row]
            users += 1
    deepest = np.ones(users, np.int8)
    for k in range(1, len(first)):
        for word in range(words):
            bits = first[k, word]
            while bits:
                row, bits = _next(word, bits)
                start = _before(first[0], row + ONE)
                if time[row] - time[start] <= window:
                    place = start >> _SIX
                    deepest[earlier[place] + _ones(first[0, place] & (_bit(start) - ONE))] = k + 1
    return entered, deepest


# ---- one step after another -------------------------------------------------------------------------------


@borrowing
def _follow(k: int, time: Integers, rules: Rules, marks: Marks) -> None:  # pragma: no cover - compiled
    """Mark where chains take step k: of its events, each first one after an event that took the step before.

    Step k's own words hold its events before, and where it was taken afterwards.
    """
    begins, late, taken, _, open_ = marks
    again, carry, shifted = rules.keys[k] == rules.keys[k - 1], ZERO, ZERO
    for word in range(len(begins)):
        led, own, begin = taken[k - 1, word], taken[k, word], begins[word]
        # At its moment an event follows one of the step before, but not itself where both steps are the same event.
        from_, at_once = (led, ZERO) if again else (led & ~own, led & own)
        stops = led | own | begin
        reached, carry = _carried(~stops, from_ << ONE | shifted, carry)
        shifted = from_ >> _LAST
        bits = at_once | (reached & own & ~begin & (~ZERO if again else ~led))
        here, still_open = ZERO, ZERO
        while bits:
            bit = bits & (~bits + ONE)
            row, bits = _next(word, bits)
            start = row
            for j in range(k, 0, -1):
                start = _back(taken, rules.keys, j, start)
            here |= bit * np.uint64(time[start] + rules.window >= time[row])
            still_open |= bit * (late[start >> _SIX] >> (start & _LAST) & ONE)
        taken[k, word], open_[k, word] = here, here & still_open


@borrowing
def _back(taken: Integers, keys: Integers, k: int, row: np.uint64) -> np.uint64:  # pragma: no cover - compiled
    """Return at which row the chain that takes step k at a row took the step before."""
    return _before(taken[k - 1], row if keys[k] == keys[k - 1] else row + ONE)


@borrowing
def _lead_on(first: Integers, k: int, deeper: Integers) -> None:  # pragma: no cover - compiled
    """Mark of the users' first events at step k - 1 those of users who came to step k."""
    deeper[:] = ZERO
    for word in range(len(deeper)):
        bits = first[k, word]
        while bits:
            row, bits = _next(word, bits)
            earlier = _before(first[k - 1], row + ONE)
            deeper[earlier >> _SIX] |= _bit(earlier)


@borrowing
def _gather(
    code: Integers, masks: Integers, begins: Integers, moments: Integers, taken: Integers
) -> bool:  # pragma: no cover - compiled
    """Put the events of one moment at its first row; say whether none of them may serve either of two steps."""
    last = head = ZERO
    for word in range(len(begins)):
        bits = ~(begins[word] | moments[word])
        while bits:
            row, bits = _next(word, bits)
            head = head if row == last + ONE else row - ONE
            last = row
            for other in (row, row - ONE):
                mask = masks[np.uint64(code[other])]
                if mask & (mask - 1):
                    return False
            for k in range(len(taken)):
                here = taken[k, word] & _bit(row)
                taken[k, word] ^= here
                taken[k, head >> _SIX] |= _bit(head) * np.uint64(here != ZERO)
    return True


# ---- words ------------------------------------------------------------------------------------------------


@borrowing
def _between(column: Integers, word: int, least: int, most: int) -> np.uint64:  # pragma: no cover - compiled
    """Mark the rows of a word that hold a number from one to another, both included."""
    # In the column's own type: the narrower it is, the more rows are compared at once.
    rows, low, high = np.uint64(len(column)), column.dtype.type(least), column.dtype.type(most)
    begin, bits = np.uint64(word) << _SIX, ZERO
    if begin + _LAST < rows:
        for place in range(64):
            value = column[begin + np.uint64(place)]
            bits |= np.uint64((low <= value) & (value <= high)) << np.uint64(place)
    else:
        for place in range(rows - begin):
            value = column[begin + np.uint64(place)]
            bits |= np.uint64((low <= value) & (value <= high)) << np.uint64(place)
    return bits


@borrowing
def _changes(column: Integers, word: int) -> np.uint64:  # pragma: no cover - compiled
    """Mark the rows of a word that differ from the one before, the first row and what comes after the last."""
    rows, begin, bits = np.uint64(len(column)), np.uint64(word) << _SIX, ZERO
    if word and begin + _LAST < rows:
        for place in range(64):
            row = begin + np.uint64(place)
            bits |= np.uint64(column[row] != column[row - ONE]) << np.uint64(place)
    else:
        for place in range(64):
            row = begin + np.uint64(place)
            new = row == ZERO or row >= rows or column[row] != column[row - ONE]
            bits |= np.uint64(new) << np.uint64(place)
    return bits


@borrowing
def _firsts(words: Integers, begins: Integers, found: Integers) -> int:  # pragma: no cover - compiled
    """Mark each user's first marked row, and return how many users have one. Both may be the same words."""
    carry, shifted, users = ZERO, ZERO, 0
    for word in range(len(words)):
        marked, begin = words[word], begins[word]
        from_ = begin & ~marked
        reached, carry = _carried(~(marked | begin), from_ << ONE | shifted, carry)
        shifted = from_ >> _LAST
        found[word] = marked & (begin | reached)
        users += _ones(found[word])
    return users


@borrowing
def _carried(over: np.uint64, start: np.uint64, carry: np.uint64) -> tuple[np.uint64, np.uint64]:  # pragma: no cover
    """Carry bits over others up to the next place that is none of these; return what arrived and what goes on."""
    half = over + start
    whole = half + carry
    return whole & ~over, np.uint64(half < over) | np.uint64(whole < half)


@borrowing
def _before(words: Integers, row: np.uint64) -> np.uint64:  # pragma: no cover - compiled
    """Return the last marked row before another; there is one."""
    row -= ONE
    word = row >> _SIX
    bits = words[word] << (_LAST - (row & _LAST))
    if bits:
        return row - np.uint64(_above(bits))
    word -= ONE
    while not words[word]:
        word -= ONE
    return (word << _SIX) + _LAST - np.uint64(_above(words[word]))


@borrowing
def _next(word: int, bits: np.uint64) -> tuple[np.uint64, np.uint64]:  # pragma: no cover - compiled
    """Return the first marked row of a word, and the others."""
    return (np.uint64(word) << _SIX) + np.uint64(_below(bits)), bits & (bits - ONE)


@borrowing
def _bit(row: np.uint64) -> np.uint64:  # pragma: no cover - compiled
    return ONE << (row & _LAST)


@borrowing
def _size(words: Integers) -> int:  # pragma: no cover - compiled
    """Return how many rows are marked."""
    rows = 0
    for bits in words:
        rows += _ones(bits)
    return rows


@borrowing
def _ones(bits: np.uint64) -> int:  # pragma: no cover - compiled
    """Return how many bits are set: LLVM knows these lines as one instruction."""
    bits -= bits >> ONE & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + (bits >> np.uint64(2) & np.uint64(0x3333333333333333))
    bits = bits + (bits >> np.uint64(4)) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int(np.int64(bits * np.uint64(0x0101010101010101) >> np.uint64(56)))


@compiled
def _until(time: Integers, until: int, words: Integers) -> Ints:  # pragma: no cover - compiled
    """Return for how long before a moment each marked row is."""
    waits, n = np.empty(_size(words), np.int64), 0
    for word in range(len(words)):
        bits = words[word]
        while bits:
            row, bits = _next(word, bits)
            waits[n] = until - time[row]
            n += 1
    return waits
