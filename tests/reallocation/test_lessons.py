"""What ready simulations set of the campaign: the burst is waited for, the private domain has its half."""

from __future__ import annotations

import pytest

from analysis import Simulation, Tables
from analysis.errors import DataError
from analysis.reallocation.lessons import LESSONS, begun
from analysis.reallocation.setting import setting
from analysis.rules.ready import waiting

BY_CODE = {lesson.code: lesson for lesson in LESSONS}


@pytest.fixture(scope="module")
def spent(sample: Tables) -> Tables:
    return sample


def test_most_waits_for_the_first_day_of_the_burst(spent: Tables) -> None:
    # From 21 September, 1 November is day 42: the sample's demand is planted highest in that phase.
    assert begun(BY_CODE["burst"], spent).rules == waiting(day=42, share=0.6)


def test_what_waits_is_handed_out_on_that_day_and_not_before(spent: Tables) -> None:
    answer = begun(BY_CODE["burst"], spent).replace(runs=20).run(spent)
    log = answer.frame("log")
    released = log[(log["kind"] == "tranche") & (log["outcome"] == "done")]
    assert [str(time)[:10] for time in released["time"]] == ["2026-11-01"]


def test_half_goes_to_the_private_domain_and_the_rest_keeps_its_proportions(spent: Tables) -> None:
    given, split = setting(Simulation(), spent), begun(BY_CODE["private-half"], spent).split
    assert split is not None
    found = dict(split)
    private = {"live_stream"}  # what the sample marks as private; it spends nothing on a channel of that name
    assert sum(found[name] for name in private) == pytest.approx(0.5, abs=1e-12)
    assert sum(found.values()) == pytest.approx(1, abs=1e-12)
    own = dict(zip(given.market.channels, given.plan, strict=True))
    first, second, *_ = [name for name in given.market.channels if name not in private]
    assert found[first] / found[second] == pytest.approx(own[first] / own[second], rel=1e-6)  # whole cents


def test_without_a_private_domain_it_says_which_channels_there_are(spent: Tables) -> None:
    spend = spent.frame("spend").collect("pandas").to_native().drop(columns="campaign")
    with pytest.raises(DataError, match="None of the channels with a response curve is the private domain's: "):
        begun(BY_CODE["private-half"], Tables(spend=spend, campaign=spent.campaign))
