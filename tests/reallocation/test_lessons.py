"""What ready simulations set of the campaign: the burst is waited for, the private domain has its half."""

from __future__ import annotations

import pytest

from analysis import Simulation, Tables
from analysis.answer import Answer
from analysis.errors import DataError
from analysis.messages import Money, say
from analysis.reallocation.learnt import LEARNT
from analysis.reallocation.lessons import LESSONS, begun
from analysis.reallocation.setting import setting
from analysis.rules.ready import plan, waiting

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


# ---- what they answer -------------------------------------------------------------------------------------


def test_every_lesson_has_its_answer() -> None:
    assert set(BY_CODE) == set(LEARNT)


def gains(answer: Answer) -> dict[str, float]:
    return answer.table.set_index("policy")["gain"].to_dict()


def amount(value: float) -> str:
    return say("{n}", n=Money(value, "CNY")).text()


def test_the_further_looks_earn_what_lies_between_the_two(spent: Tables) -> None:
    answer = begun(BY_CODE["daily"], spent).replace(runs=20).run(spent)
    own = gains(answer)
    assert amount(own["rules"] - own["rules-2"]) in answer.headline.text()
    assert answer.notes[0].code == "in-all"
    assert answer.notes[0].message == answer.question.replace(lesson=None).run(spent).headline


def test_of_step_and_clock_it_is_said_which_earns_what(spent: Tables) -> None:
    answer = begun(BY_CODE["wrong-curves"], spent).replace(runs=20).run(spent)
    own, said = gains(answer), answer.headline.text()
    assert f"earns {amount(own['once'])} of the {amount(own['oracle'])}" in said
    assert own["rules-3"] < own["rules"]
    assert f"a longer clock (2 days): {amount(own['rules'] - own['rules-3'])} (" in said
    best = max(("rules", "rules-2", "rules-3"), key=own.__getitem__)
    assert own["once"] > own[best]
    assert f" earns most, and {amount(own['once'] - own[best])} (" in said
    assert said.endswith(") less than one split.")


def test_half_as_much_waiting_stands_beside_all_and_nothing(spent: Tables) -> None:
    answer = begun(BY_CODE["burst"], spent).replace(runs=20).run(spent)
    own, said = gains(answer), answer.headline.text()
    assert [rules.held_back for rules in answer.question.against] == [0, 0.3]
    assert own["rules"] < own["rules-3"] < own["rules-2"]
    assert said.startswith("60.0% of the budget waits.")
    assert "Of these rule sets all handed out from the first day earns most" in said


def test_it_is_counted_when_channels_were_paused(spent: Tables) -> None:
    usual = Simulation(runs=20).run(spent)
    answer = begun(BY_CODE["broken"], spent, usual).replace(runs=20).run(spent)
    done = [one for one in answer.decisions if one.outcome == "done" and one.kind in ("pause", "resume")]
    pauses = [f"{one.time:%m-%d}" for one in done if one.kind == "pause"]
    # From 21 September: broken on day 10 for five days, unseen on day 20 for one, nothing on day 30; each and two days.
    spans = [("09-30", "10-07"), ("10-10", "10-13"), ("10-20", "10-23")]
    counts = [sum(first <= day < last for day in pauses) for first, last in spans]
    said = answer.headline.text()
    assert f"broken creative {counts[0]}, tracking outage {counts[1]}, decoy: nothing happens {counts[2]}" in said
    assert f"at other times {len(pauses) - sum(counts)}." in said
    assert amount(abs(sum(one.effect for one in done))) in said


def test_what_the_rules_win_back_is_a_share_of_what_was_lacking(spent: Tables) -> None:
    answer = begun(BY_CODE["private-half"], spent).replace(runs=20).run(spent)
    own = gains(answer)
    assert f"which is {100 * own['rules'] / own['once']:.1f}% of it" in answer.headline.text()


def test_other_sets_are_told_beside_the_rules_without_a_lesson(spent: Tables) -> None:
    once, once_a_day = plan(reserve=0), plan(evaluate_every="1d", adjust_every="1d").replace(name="mine, slower")
    question = Simulation(runs=20, against=(once, once_a_day, plan()))
    answer = question.run(spent)
    own, said = gains(answer), answer.headline.text()
    assert f"On the same chance: the plan's own rules: {amount(own['rules-2'] - own['rules'])} (" in said
    assert f"; mine, slower: not to be told from the rules ({amount(own['rules-3'] - own['rules'])}, " in said
    assert said.endswith("; the plan's own rules: the same as the rules.")
    assert "On the same chance" not in question.replace(against=()).run(spent).headline.text()
