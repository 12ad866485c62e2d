"""Peers' rules, in cases their makers or they themselves decide.

ClickHouse: `window_funnel.csv`, written by `window_funnel.py` with ClickHouse 26.9 (chdb). PostHog: its documentation
and the behaviour of its funnel function (PostHog/posthog, funnel-udf/src/steps.rs, 2025). Mixpanel: "Funnels:
Advanced", docs.mixpanel.com, and "Conversion Criteria in Funnels", help.mixpanel.com.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, QuestionError
from analysis.journey.funnel.chains import chains
from analysis.journey.funnel.question import Funnel
from analysis.journey.steps import Exclusion, Step
from analysis.tables import Tables
from analysis.values import Campaign, Filter

DAY = pd.Timestamp("2026-11-11")


def log(*rows: tuple[str, str], user: str = "u") -> pd.DataFrame:
    """Build one user's events from (clock time or moment, event)."""
    at = [pd.Timestamp(t if "-" in t else f"2026-11-11 {t}") for t, _ in rows]
    return pd.DataFrame({"user_id": user, "timestamp": at, "event": [event for _, event in rows]})


def level(frame: pd.DataFrame, *steps: Any, **asked: Any) -> int:
    """Return how deep the one user came; 0 if they are not in the funnel at all."""
    # Somebody else does everything once and nothing in order, so that no event is missing.
    events = sorted({e for s in steps for e in (Step(s) if isinstance(s, str) else s).events} | {"x", "y"})
    others = [log(("00:00", event), user=f"only {event}") for event in events]
    tables = Tables(events=pd.concat([frame, *others], ignore_index=True), campaign=asked.pop("campaign", None))
    found = chains(Funnel(steps=steps, **asked), tables)
    # Keys follow the ids' order: "only …" stands before "u".
    own = found.level[found.user == len(events)]
    return int(own[0]) if len(own) else 0


# ---- ClickHouse -------------------------------------------------------------------------------------------


@pytest.mark.long
def test_window_funnel_as_clickhouse_runs_it() -> None:
    lines = csv.reader((Path(__file__).parent / "window_funnel.csv").read_text().splitlines())
    cases: dict[tuple[str, ...], list[tuple[str, int]]] = {}
    for steps, window, mode, events, expected in lines:
        cases.setdefault((steps, window, mode), []).append((events, int(expected)))
    for (steps, window, mode), logs in cases.items():
        asked = Funnel(
            steps=[Step(tuple(events)) for events in steps.split(",")],
            window=f"{window}s",
            order="strict" if mode == "strict_order" else "ordered",
            profile="clickhouse",
        )
        assert dict(enumerate(_levels(asked, [events for events, _ in logs]))) == {
            i: expected for i, (_, expected) in enumerate(logs)
        }, (steps, window, mode, logs)


def _levels(asked: Funnel, logs: list[str]) -> list[int]:
    rows = [
        (f"{u:04d}", DAY + pd.Timedelta(seconds=int(e[:-1])), e[-1])
        for u, text in enumerate(logs)
        for e in text.split()
    ]
    rows += [("z", DAY, event) for event in "abcx"]
    found = chains(asked, Tables(events=pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])))
    by_user = dict(zip(found.user.tolist(), found.level.tolist(), strict=True))
    return [by_user.get(u, 0) for u in range(len(logs))]


def test_one_event_counts_for_each_condition_it_meets() -> None:
    once = log(("01:00", "a"))
    assert level(once, "a", "a", "a", profile="clickhouse") == 3
    assert level(once, "a", "a", "a") == 1
    assert level(once, "a", "a", "a", profile="posthog") == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"exclusions": "x"},
        {"hold": "item"},
        {"window": "session"},
        {"order": "any"},
        {"steps": ("a", Step("b", optional=True), "c")},
    ],
    ids=str,
)
def test_what_window_funnel_does_not_have_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(QuestionError, match="windowFunnel has no"):
        Funnel(**{"steps": ("a", "b", "c"), "profile": "clickhouse", **fields})


# ---- all three --------------------------------------------------------------------------------------------

RE_ENTRY = log(("01:00", "a"), ("01:30", "a"), ("01:45", "b"), ("02:15", "c"))


@pytest.mark.parametrize(("profile", "expected"), [(None, 3), ("clickhouse", 3), ("posthog", 3), ("mixpanel", 2)])
def test_re_entry(profile: str | None, expected: int) -> None:
    assert level(RE_ENTRY, "a", "b", "c", window="1h", profile=profile) == expected


@pytest.mark.parametrize("profile", [None, "clickhouse", "posthog", "mixpanel"])
def test_what_all_agree_on(profile: str | None) -> None:
    boundary = log(("01:00", "a"), ("02:00", "b"))
    assert level(boundary, "a", "b", window="1h", profile=profile) == 2
    assert level(boundary, "a", "b", window="59m", profile=profile) == 1
    moment = log(("01:00", "c"), ("01:00", "b"), ("01:00", "a"))
    assert level(moment, "a", "b", "c", profile=profile) == 3
    assert level(log(*[("01:00", "a")] * 20, *[("01:05", "b")] * 20), "a", "b", profile=profile) == 2


@pytest.mark.parametrize("profile", [None, "posthog", "mixpanel"])
def test_identical_events_are_events_of_their_own_and_their_user_counts_once(profile: str | None) -> None:
    """PostHog tells events apart by their id and takes those of one moment one by one; ClickHouse reuses one."""
    for rows in range(1, 5):
        assert level(log(*[("01:00", "a")] * rows), "a", "a", "a", profile=profile) == min(rows, 3)
    crowd = log(*[("01:00", "a")] * 30, ("01:00", "b"), ("01:00", "c"))
    answer = Funnel(steps=("a", "b", "c"), profile=profile).run(Tables(events=crowd))
    assert answer.table["users"].tolist() == [1, 1, 1]


# ---- strict order -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "clickhouse", "posthog", "own"),
    [
        ("abc", 3, 3, 3),
        ("axbc", 1, 1, 1),
        ("aabbc", 3, 3, 3),  # a repeat of the current step is tolerated
        ("abac", 3, 2, 2),  # an earlier step again: ClickHouse goes on from b
        ("axabc", 1, 3, 3),  # a new entry after the interruption: ClickHouse has stopped
        ("acb", 1, 1, 1),
    ],
)
def test_strict_order(events: str, clickhouse: int, posthog: int, own: int) -> None:
    frame = log(*((f"01:{i:02d}", event) for i, event in enumerate(events)))
    for profile, expected in (("clickhouse", clickhouse), ("posthog", posthog), (None, own)):
        assert level(frame, "a", "b", "c", order="strict", profile=profile) == expected, profile


# ---- exclusions -------------------------------------------------------------------------------------------

BETWEEN = (Exclusion("x", after=1, before=2),)


@pytest.mark.parametrize(
    ("events", "posthog", "mixpanel"),
    [
        ("a0 x1 b2", 0, 1),  # PostHog: out of the funnel altogether; Mixpanel: that attempt is over
        ("a0 b1 x2", 2, 2),
        ("x0 a1 b2", 2, 2),
        ("a0 x1 a2 b3", 2, 1),  # a new entry is clean; Mixpanel's first entry alone counts
        ("a0 x70 b71", 1, 1),  # outside the window the exclusion means nothing
        ("a0", 1, 1),
    ],
)
def test_exclusions(events: str, posthog: int, mixpanel: int) -> None:
    frame = log(*((f"{1 + int(e[1:]) // 60:02d}:{int(e[1:]) % 60:02d}", e[0]) for e in events.split()))
    for profile, expected in (("posthog", posthog), ("mixpanel", mixpanel)):
        assert level(frame, "a", "b", window="1h", exclusions=BETWEEN, profile=profile) == expected, profile


def test_posthog_forgives_an_exclusion_on_a_chain_that_is_not_the_furthest() -> None:
    frame = log(("01:00", "a"), ("01:01", "b"), ("05:00", "a"), ("05:01", "x"))
    assert level(frame, "a", "b", "c", window="1h", exclusions=BETWEEN, profile="posthog") == 2


# ---- optional steps, dates, zones -------------------------------------------------------------------------


def test_optional_steps_can_be_skipped() -> None:
    steps = ("a", Step("b", optional=True), "c")
    for profile in (None, "posthog", "mixpanel"):
        assert level(log(("01:00", "a"), ("01:10", "c")), *steps, profile=profile) == 3
        assert level(log(("01:00", "a"), ("01:05", "b"), ("01:10", "c")), *steps, profile=profile) == 3


@pytest.mark.parametrize(("profile", "expected"), [("posthog", 1), ("mixpanel", 2)])
def test_whether_the_last_step_must_fall_within_the_dates(profile: str, expected: int) -> None:
    frame = log(("2026-11-11 23:00", "a"), ("2026-11-12 01:00", "b"))
    where = Filter(start="2026-11-11", end="2026-11-11")
    assert level(frame, "a", "b", where=where, profile=profile) == expected


def test_dates_are_the_projects_own() -> None:
    pacific = Campaign(name="c", start="2020-01-01", end="2020-12-31", zone="America/Los_Angeles")
    frame = log(("2020-01-01 01:00", "a"), ("2020-01-01 02:00", "b"))
    for profile in ("posthog", "mixpanel"):
        # One in the morning in Greenwich is still the last day of 2019 there.
        asked = {"where": Filter(start="2020-01-01"), "profile": profile}
        assert level(frame, "a", "b", campaign=pacific, **asked) == 0
        assert level(frame, "a", "b", **asked) == 2


def test_a_funnel_everybody_is_excluded_from_says_so() -> None:
    frame = log(("01:00", "a"), ("01:10", "x"), ("01:20", "b"))
    with pytest.raises(DataError, match="Nobody took the first step"):
        Funnel(steps=("a", "b"), exclusions="x", profile="posthog").run(Tables(events=frame))


@pytest.mark.parametrize("rules", [{"order": "strict"}, {"exclusions": ("c",)}, {}])
def test_posthogs_rules_do_not_depend_on_the_order_of_import(rules: dict[str, Any]) -> None:
    """Events of one moment that fit different steps are taken in one order, with a breakdown or without."""
    rng = np.random.default_rng(3)
    names = rng.choice(["a", "b", "c"], (400, 5))
    rows = [(f"u{u}", minute, str(event), f"g{k % 2}") for u, own in enumerate(names) for k, (event, minute) in
            enumerate(zip(own, rng.integers(0, 2, 5), strict=True))]  # fmt: skip
    log = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "channel"])
    log["timestamp"] = pd.Timestamp("2026-11-11") + pd.to_timedelta(log["timestamp"], unit="min")
    asked = Funnel(steps=(Step(("a", "b")), "b"), profile="posthog", **rules)
    found = [
        asked.replace(breakdown=breakdown).run(Tables(events=log.iloc[::way])).table["users"].tolist()[:2]
        for breakdown in (None, "channel")
        for way in (1, -1)
    ]
    assert found == [found[0]] * 4
