"""What each decision brought: effects add up to the gain, and a replay of all decisions is the run."""

from __future__ import annotations

import numpy as np
import pytest
from reallocation.markets import drawn, flat, market, stage
from sizes import cases

from analysis.reallocation import effects as told
from analysis.reallocation.play import play
from analysis.reallocation.rules import Rules
from analysis.reallocation.state import CARRIED_OUT

CENT = 0.01


@pytest.mark.parametrize("part", range(6))
def test_ordered_effects_and_shares_add_up_to_the_gain(part):
    for seed in range(part, cases(60), 6):
        given, asked = drawn(seed, most_hours=100)
        played = play(asked, (), given, runs=2, seed=seed)
        found = told.effects(played)
        gain = float(played.gain[0])
        assert found.ordered.sum() + found.held_back == pytest.approx(gain, abs=CENT), seed
        assert sum(found.shares.values()) == pytest.approx(gain, abs=CENT), seed
        assert (-1 in found.shares) == bool(given.reserve or given.tranches)


@pytest.mark.parametrize("part", range(6))
def test_a_replay_of_all_decisions_is_the_run_and_of_none_the_plan_left_alone(part):
    for seed in range(part, cases(120), 6):
        given, asked = drawn(seed, most_hours=100)
        played = play(asked, (), given, runs=2, seed=seed)
        whole = played.walked.log.whole[: int(played.walked.log.filled[0])]
        rows = np.flatnonzero((whole[:, 1] == played.walked.place("rules")) & (whole[:, 5] == CARRIED_OUT))
        replay = told._Replay(played, rows)
        use = np.array([np.ones(len(rows), bool), np.zeros(len(rows), bool), np.zeros(len(rows), bool)])
        worth = replay.worth(use, np.array([True, True, False]))
        ends = [float(played.total(name)[0]) for name in ("rules", "held", "fixed")]
        np.testing.assert_allclose(worth, ends, rtol=1e-12, err_msg=str(seed))


def test_no_part_of_the_decisions_spends_money_that_is_not_there():
    """Any of them may be left out, and the reserve and tranches with them."""
    rng = np.random.default_rng(1)
    for seed in range(cases(60)):
        given, asked = drawn(seed, most_hours=100)
        played = play(asked, (), given, runs=2, seed=seed)
        rows = np.flatnonzero(
            (played.walked.log.whole[:, 1] == played.walked.place("rules"))
            & (played.walked.log.whole[:, 5] == CARRIED_OUT)
            & (np.arange(len(played.walked.log.whole)) < played.walked.log.filled[0])
        )
        replay = told._Replay(played, rows)
        own = [replay.held, replay.free]
        use = rng.random((2, len(rows))) < 0.6
        packed = told.pack(own, played.world, replay.written | {"use": use})
        found = told.walked(("held", "free"), packed, played.world, seed, np.zeros(1, np.int64), 0)
        so_far = found.trace.spent.sum(axis=2).cumsum(axis=1)
        assert (so_far + found.trace.held.sum(axis=0) == given.budget).all(), seed
        assert (found.trace.held >= 0).all() and (found.trace.spent >= 0).all(), seed


def test_the_last_in_effect_is_what_leaving_one_out_alone_changes():
    played = play(Rules().rule_set(), (), stage(market(days=6), reserve=0.15), runs=2, seed=3)
    found = told.effects(played)
    replay = told._Replay(played, found.rows)
    count = len(found.rows)
    assert count > 3
    for n in (0, count // 2, count - 1):
        use = np.ones((1, count), bool)
        use[0, n] = False
        without = replay.worth(use, np.ones(1, bool))[0]
        assert found.last[n] == pytest.approx(played.total("rules")[0] - without, abs=1e-6)


def test_shapley_of_two_rules_by_hand():
    """Half of what each adds to the other and of what it brings alone."""
    worth = {(): 10.0, (0,): 14.0, (1,): 11.0, (0, 1): 19.0}
    # The first: (4 + 8) / 2; the second: (1 + 5) / 2; together the 9 of both.
    assert told._share(worth, 0, 2) == pytest.approx(6.0)
    assert told._share(worth, 1, 2) == pytest.approx(3.0)


def test_three_players_by_hand():
    # A glove game: players 0 and 1 hold left gloves, player 2 the right one; a pair is worth 6.
    worth = {s: 6.0 * (2 in s and len(s) > 1) for s in ((), (0,), (1,), (2,), (0, 1), (0, 2), (1, 2), (0, 1, 2))}
    assert [told._share(worth, i, 3) for i in range(3)] == pytest.approx([1.0, 1.0, 4.0])


def test_in_a_market_where_moving_pays_every_move_has_a_true_effect_above_zero():
    given = stage(flat((100.0, 900.0), (50.0, 450.0), hours=48), 20_000, shares=(0.9, 0.1))
    found = told.effects(play(Rules(reserve=0.0).rule_set(), (), given, runs=2, seed=1))
    assert len(found.rows) and (found.ordered > 0).all()


def test_what_a_naive_reading_gets_wrong_is_counted_by_sign():
    assert told.misread([1.0, -2.0, 3.0, 0.0], [-1.0, -2.0, 0.0, 5.0]) == (2, 3)
