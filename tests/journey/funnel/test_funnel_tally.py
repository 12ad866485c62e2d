"""The funnel counted 64 rows at a time against the walk that looks at one row after another."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import cases

from analysis.journey.funnel import question
from analysis.journey.funnel.chains import counted, entries, times
from analysis.journey.funnel.plan import FAR, Plan
from analysis.store.walk import Chunk, read_only

CODES = 5
SIZES = st.sampled_from([1, 2, 63, 64, 65, 127, 128, 129, 300, 1000])


def drawn(rng: np.random.Generator, rows: int, users: int, span: int) -> Chunk:
    """Return events of few users (many words each) or many, at moments that often coincide where `span` is short."""
    user, time = np.sort(rng.integers(0, users, rows)), rng.integers(0, span, rows)
    code = rng.integers(0, CODES, rows)
    order = np.lexsort([time, user])
    return Chunk(*(read_only(c.astype(t)) for c, t in ((user, "i4"), (time[order], "i8"), (code, "i2"))))


def planned(rng: np.random.Generator, steps: int, span: int) -> Plan:
    """Return any plain funnel over such events; where there are more steps than codes, some repeat."""
    keys = rng.permutation(CODES)[:steps] if steps <= CODES else rng.integers(0, CODES, steps)
    masks = np.zeros(CODES, np.int64)
    for k, key in enumerate(keys):
        masks[key] |= 1 << k
    bounded, start, end = rng.random() < 0.5, *sorted(rng.integers(0, span + 1, 2).tolist())
    until = int(rng.integers(span // 2, span + 2))
    return replace(
        Plan.plain(("",) * steps), masks=masks, keys=keys, window=int(rng.integers(1, span + 1)), until=until,
        first=bool(rng.random() < 0.3), entries=(start, end) if bounded else (-FAR, FAR),
        before=until + 1 if rng.random() < 0.2 else FAR,
    )  # fmt: skip


def told(counts: question._Counts) -> dict[str, Any]:
    """Return what is counted, in no order of users."""
    waits = counts.waits
    own = ("users", "waiting", "judged", "through", "took_last")
    found = {name: np.asarray(getattr(counts, name)).tolist() for name in own}
    return found | {
        "gaps": [sorted(gaps.tolist()) for gaps in counts.gaps],
        "took": sorted(zip(waits.took.tolist(), waits.seen.tolist(), strict=True)),
        "open": sorted(waits.waiting.tolist()),
        "gone": waits.gone,
    }


@settings(max_examples=cases(600), deadline=None)
@given(
    seed=st.integers(0, 2**32), rows=SIZES, users=st.sampled_from([1, 3, 40, 400]), steps=st.integers(2, 8),
    span=st.sampled_from([3, 50, 10**9]),
)  # fmt: skip
def test_both_walks_count_the_same(seed: int, rows: int, users: int, steps: int, span: int) -> None:
    rng = np.random.default_rng(seed)
    chunk, plan = drawn(rng, rows, users, span), planned(rng, steps, span)
    one_by_one = times(chunk, plan)
    assert told(question._counted(chunk, plan)) == told(question._from_times(plan, one_by_one))
    entered, in_time = entries(chunk, plan)
    assert sorted(zip(entered, in_time, strict=True)) == sorted(
        zip(one_by_one.entered, one_by_one.in_time, strict=True)
    )


@pytest.mark.parametrize(("steps", "span", "told_apart"), [(5, 3, True), (8, 10**12, True), (8, 3, False)])
def test_only_repeated_steps_at_one_moment_are_left_to_the_other_walk(steps: int, span: int, told_apart: bool) -> None:
    rng = np.random.default_rng(1)
    assert (counted(drawn(rng, 1000, 40, span), planned(rng, steps, span)) is not None) == told_apart


def test_a_user_of_many_words_and_one_at_a_words_end() -> None:
    """Nothing but first steps for three words, then the second; the next user's row is the word's last."""
    code = np.array([0] * 190 + [1, 0, 1], np.int16)
    user = np.array([0] * 191 + [1, 1], np.int32)
    chunk = Chunk(read_only(user), read_only(np.arange(193)), read_only(code))
    plan = replace(Plan.plain(("", "")), window=1, until=10**6)
    found = counted(chunk, plan)
    assert found is not None
    counts, took_last = found
    assert (counts.reached.tolist(), counts.gaps.tolist(), took_last) == ([2, 2], [1, 1], 2)
    assert counts.judged[:, 0].tolist() == [2, 1]  # the first user's first entry was long before
