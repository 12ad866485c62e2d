"""How long does an allocation take, and what does scipy's SLSQP make of the same problems?

    python -m benchmarks.allocation [--problems 200]

Seconds are the processor's, of one thread. Prints a table: ours, the aim, and over problems drawn at random how far
SLSQP (its defaults, exact gradients, from an even split) is from ours.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

os.environ["OPENBLAS_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

from analysis.budget.allocation.optimum import Status, solve
from analysis.budget.allocation.programme import Programme
from tests.budget.allocation import made


class Timed(NamedTuple):
    """A kind of problem, its draws, and the most seconds each may take."""

    what: str
    drawn: Callable[[int], Programme]
    aim: float


def campaign(seed: int) -> Programme:
    """Return ten channels in three phases with concave curves, under a reserve, a floor, bands and a maximum."""
    return made.under_rules(np.random.default_rng(seed), 10, 3)


TIMED = (
    Timed("10 channels x 3 phases, concave", campaign, 0.1),
    Timed("10 channels x 56 days, carry-over", made.daily, 3.0),
    Timed("8 channels x 3 phases, S-curves", lambda seed: made.s_curves(seed, 8, 3), 1.0),
)


class Beside(NamedTuple):
    """What SLSQP makes of some problems.

    Parameters
    ----------
    failed : int
        So often it says so, or breaks a rule by more than 1e-6 of it.
    above : float
        The most it is above ours where it keeps the rules, as a share of the value.
    losses : list of float
        How far it is below ours, as a share of the value.
    broken : float
        The most that ours breaks a rule by, as a share of it.
    """

    failed: int
    above: float
    losses: list[float]
    broken: float


def seconds(drawn: Callable[[int], Programme], draws: int) -> list[float]:
    """Return the processor's seconds for each of some problems, after one to warm up."""
    found = []
    for seed in range(-1, draws):
        asked = drawn(max(seed, 0))
        began = time.process_time()
        best = solve(asked)
        found.append(time.process_time() - began)
        assert best.status is Status.SOLVED
    return found[1:]


def beside(drawn: Callable[[int], Programme], draws: int) -> Beside:
    """Return what SLSQP makes of problems."""
    failed, above, losses, broken = 0, 0.0, [], 0.0
    for seed in range(draws):
        asked = drawn(seed)
        best, peer = solve(asked), made.slsqp(asked)
        loss = 1 - asked.value(peer.spend) / best.value
        failed += not peer.success or peer.broken > 1e-6
        above = max(above, -loss if peer.broken <= 1e-6 else 0.0)
        losses.append(loss)
        broken = max(broken, made.broken(asked, best.spend))
    return Beside(failed, above, losses, broken)


def rows(short: bool) -> Iterator[tuple[str, str, str, float | str, str]]:
    """Yield what was measured, ours, SLSQP's or the aim, their ratio, and the aim."""
    for one in TIMED:
        worst = max(seconds(one.drawn, 3 if short else 10))
        yield f"allocation: {one.what}", f"{worst:.3f} s", f"{one.aim:g} s", worst / one.aim, f"at most {one.aim:g} s"
    found = beside(made.concave, 40 if short else 200)
    yield "allocation: SLSQP above ours, concave", f"{found.above:.1e}", "1e-6", found.above / 1e-6, "at most 1e-6"


def main(argv: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--problems", type=int, default=200)
    asked = parser.parse_args(argv)
    print(f"{'processor time':<36}{'median':>9}{'worst':>9}{'aim':>8}")
    for one in TIMED:
        found = seconds(one.drawn, 20)
        print(f"{one.what:<36}{statistics.median(found):>8.3f}s{max(found):>8.3f}s{one.aim:>7g}s", flush=True)
    kinds = (
        (f"{asked.problems} concave problems under rules", made.concave, asked.problems),
        ("40 with S-curves", lambda seed: made.s_curves(seed, 8, 3), 40),
        ("5 with carry-over", made.daily, 5),
    )
    print(f"\n{'SLSQP beside ours':<36}{'failed':>9}{'above':>9}{'median loss':>13}{'worst':>9}{'ours breaks':>13}")
    for what, drawn, draws in kinds:
        peer = beside(drawn, draws)
        print(f"{what:<36}{peer.failed:>9}{peer.above:>9.0e}{np.median(peer.losses):>13.2%}{max(peer.losses):>9.2%}"
              f"{peer.broken:>13.0e}", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
