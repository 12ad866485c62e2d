"""A walk may be stopped between parts of it, and what it comes to does not depend on how it was parted."""

from __future__ import annotations

import time

import pandas as pd
import pytest

from analysis import RuleSweep, Simulation
from analysis.reallocation import play
from analysis.store.watch import Watch
from tests.reallocation.test_knobs import CURVES, TABLES


class Stopped(Exception):
    """Somebody stopped it."""


@pytest.mark.parametrize(
    "asked", [Simulation(curves=CURVES, runs=13), RuleSweep(curves=CURVES, across="reserve", down="surges", runs=6)]
)
def test_the_answer_is_the_same_in_parts_of_any_size(
    asked: Simulation | RuleSweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = asked.run(TABLES)
    monkeypatch.setattr(play, "WALKS", 40)
    parted = asked.run(TABLES)
    assert whole.headline == parted.headline
    for name in whole.frames:
        pd.testing.assert_frame_equal(whole.frame(name), parted.frame(name), check_exact=True)


def test_a_map_says_how_far_it_is_and_stops_when_it_is_told_to() -> None:
    seen: list[tuple[int, int]] = []
    stop_at: list[float] = []

    def told(done: int, total: int) -> None:
        seen.append((done, total))

    def enough() -> bool:
        if not stop_at and seen and seen[-1][0] > 0:
            stop_at.append(time.monotonic())
        return bool(stop_at)

    watch = Watch(0, told, enough, Stopped)
    with pytest.raises(Stopped):
        watch.run(lambda: RuleSweep(curves=CURVES, runs=500).run(TABLES))
    # 66 settings meet 500 campaigns, each beside two splits left alone.
    assert seen[-1][1] == 67 * 500
    assert 0 < watch._done < 67 * 500 / 2
