"""Nodes: against a plain twin of the definition, on planted effects, and with bad input."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analysis import Campaign, Filter, Nodes, Phase, Tables
from analysis.errors import DataError, QuestionError

BERLIN = Campaign(
    name="c", start="2026-10-20", end="2026-10-31", zone="Europe/Berlin",
    phases=(Phase(name="early", start="2026-10-20", end="2026-10-24"),
            Phase(name="late", start="2026-10-25", end="2026-10-31")),
)  # fmt: skip
"""The clocks go back on 25 October: that day has 25 hours."""


def _log(rng: np.random.Generator) -> pd.DataFrame:
    rows = int(rng.integers(5, 80))
    hours = rng.integers(0, 24 * 9, rows)
    return pd.DataFrame(
        {
            "user_id": rng.choice([f"u{i}" for i in range(int(rng.integers(1, 9)))], rows),
            "timestamp": pd.Timestamp("2026-10-21 22:00") + pd.to_timedelta(hours, unit="h"),
            "event": rng.choice(["view", "seed", "share", "purchase"], rows, p=[0.6, 0.15, 0.1, 0.15]),
        }
    )


def _day(when: pd.Timestamp) -> str:
    return when.tz_localize("UTC").tz_convert(ZoneInfo("Europe/Berlin")).date().isoformat()


def _dates(rng: np.random.Generator) -> Filter | None:
    first, last = sorted(f"2026-10-{day}" for day in rng.integers(20, 32, 2))
    return [None, Filter(start=first), Filter(end=last), Filter(start=first, end=last)][rng.integers(4)]


def _twin(log: pd.DataFrame, node: str, window: pd.Timedelta, dates: Filter | None = None) -> dict[str, Any]:
    """Say for every user and day within the dates who stands where, as the definition has it."""
    dates = dates or Filter()
    until, stands = log["timestamp"].max(), []
    for user, own in log.groupby("user_id"):
        own = own.sort_values("timestamp")
        bought = own.loc[own["event"] == "purchase", "timestamp"].min()
        met = own.loc[own["event"] == node, "timestamp"].min()
        if not pd.isna(bought) and not pd.isna(met) and met > bought:
            met = pd.NaT
        for day, times in own["timestamp"].groupby(own["timestamp"].map(_day)):
            first = times.min()
            if first > bought or (not pd.isna(met) and _day(met) < day):
                continue
            if not (dates.start or day) <= day <= (dates.end or day):
                continue
            treated = not pd.isna(met) and _day(met) == day
            if not treated and first == bought:  # nothing was seen of them before they bought
                continue
            clock = met if treated else first
            if clock + window <= until:
                stands.append((user, day, treated, bought - clock <= window))
    return {"all": stands} | {p.name: [s for s in stands if p.start <= s[1] <= p.end] for p in BERLIN.phases}


def _expected(stands: list[tuple[Any, str, bool, bool]]) -> tuple[int, float, float, float]:
    """Return users, difference and its bounds, user by user."""
    cells: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for _, day, treated, turned in stands:
        cells[day, treated].append(turned)
    days = {d for d, _ in cells if (d, True) in cells and (d, False) in cells}
    users = sum(len(cells[d, True]) for d in days)
    if not users:
        return 0, np.nan, np.nan, np.nan
    weight = {d: len(cells[d, True]) / users / len(cells[d, False]) for d in days}
    share = sum(sum(cells[d, True]) for d in days) / users
    rate = sum(weight[d] * sum(cells[d, False]) for d in days)
    moves: dict[Any, float] = defaultdict(float)
    weighs: dict[Any, float] = defaultdict(float)
    for user, day, treated, turned in stands:
        if day in days and not treated:
            moves[user] += weight[day] * (turned - np.mean(cells[day, False]))
            weighs[user] += weight[day]
    variance, squared = sum(m * m for m in moves.values()), sum(w * w for w in weighs.values())
    people = max(rate * (1 - rate) / variance if variance > 0 else 1 / squared, 1.0)
    (low, high), (others_low, others_high) = _wilson(share, users), _wilson(rate, people)
    below = np.hypot(share - low, others_high - rate)
    above = np.hypot(high - share, rate - others_low)
    return users, share - rate, share - rate - below, share - rate + above


def _wilson(p: float, n: float) -> tuple[float, float]:
    z = 1.959963984540054
    middle, reach = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)


def test_equals_the_plain_twin_over_random_logs() -> None:
    rng, checked = np.random.default_rng(5), 0
    for _ in range(600):
        log, hours = _log(rng), int(rng.choice([0, 5, 24, 70]))
        if not {"seed", "purchase"} <= set(log["event"]):
            continue
        dates = _dates(rng)
        asked = Nodes(nodes=("seed",), window=f"{hours}h" if hours else "1s", where=dates)
        stands = _twin(log, "seed", pd.Timedelta(hours=hours) if hours else pd.Timedelta(seconds=1), dates)
        try:
            table = asked.run(Tables(events=log, campaign=BERLIN)).table
        except DataError:
            assert not stands["all"]
            continue
        for row in table.itertuples():
            users, *expected = _expected(stands["all" if row.phase == "(total)" else row.phase])
            if not users:
                assert pd.isna(row.difference)
                continue
            assert row.users == users
            assert [row.difference, row.low, row.high] == pytest.approx(expected, abs=1e-9)
            checked += 1
    assert checked > 300


def _campaign_log(rng: np.random.Generator, effect: float, users: int = 400) -> pd.DataFrame:
    """Make people who are active for some days; each day may bring the node, and a sale that the node makes likelier.

    Whoever stays longer meets the node more often: a plain comparison sees an effect where there is none.
    """
    rows = []
    for user in range(users):
        met = False
        for day in range(int(rng.integers(1, 20))):
            at = dt.datetime(2026, 10, 1, 9) + dt.timedelta(days=day)
            rows.append((user, at, "view"))
            if not met and rng.random() < 0.08:
                met = True
                rows.append((user, at + dt.timedelta(minutes=1), "seed"))
                if rng.random() < effect:
                    rows.append((user, at + dt.timedelta(hours=1), "purchase"))
                    break
            if rng.random() < 0.04:
                rows.append((user, at + dt.timedelta(hours=2), "purchase"))
                break
    rows.append((users, dt.datetime(2026, 10, 30), "view"))
    return pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]).astype({"user_id": str})


@pytest.mark.parametrize("effect", [0.0, 0.3])
def test_intervals_hold_the_planted_effect(effect: float) -> None:
    """Of 100 made-up campaigns, 95% of the intervals hold the truth, give or take three standard deviations of 2.2."""
    held = 0
    # Within 6 hours of the clock: the sale the node makes, else the day's own sale of 4%.
    truth = effect + (1 - effect) * 0.04 - 0.04
    for seed in range(100):
        log = _campaign_log(np.random.default_rng(seed), effect)
        row = Nodes(nodes=("seed",), window="6h").run(Tables(events=log)).table.iloc[0]
        held += row["low"] <= truth <= row["high"]
    assert held >= 95 - 3 * 2.2


def test_a_plain_comparison_would_be_misled() -> None:
    log = pd.concat([_campaign_log(np.random.default_rng(s), 0.0).assign(
        user_id=lambda t, s=s: t["user_id"] + f"-{s}") for s in range(10)])  # fmt: skip
    row = Nodes(nodes=("seed",), window="6h").run(Tables(events=log)).table.iloc[0]
    assert abs(row["unadjusted"]) > 0.05  # "ever met it" is misled by who stays long
    assert row["low"] <= 0 <= row["high"]


def test_filters_and_campaign_days() -> None:
    log = _campaign_log(np.random.default_rng(1), 0.2).assign(campaign="a")
    other = log.assign(campaign="b", user_id=log["user_id"] + "b")
    both = Nodes(nodes=("seed",), window="6h", where=Filter(campaign="a")).run(
        Tables(events=pd.concat([log, other]))
    )  # fmt: skip
    alone = Nodes(nodes=("seed",), window="6h").run(Tables(events=log))
    pd.testing.assert_frame_equal(both.table, alone.table)


def _planted() -> pd.DataFrame:
    """Make 60 people who meet the node on the 5th and buy the day after, beside 60 who only look.

    Another 60 bought on the 1st and meet the node on the 5th: they have converted long before. 60 met it on the 2nd.
    """
    kinds = {
        "seeded": [(5, 9, "view"), (5, 10, "seed"), (6, 9, "purchase")],
        "plain": [(5, 9, "view")],
        "buyer": [(1, 9, "purchase"), (5, 10, "seed")],
        "early": [(2, 9, "seed"), (5, 9, "view"), (6, 9, "purchase")],
        "last": [(20, 9, "view")],
    }
    rows = [
        (f"{kind}{n}", dt.datetime(2026, 10, day, hour), event)
        for kind, own in kinds.items()
        for n in range(60 if kind != "last" else 1)
        for day, hour, event in own
    ]
    return pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])


@pytest.mark.parametrize(
    "dates", [Filter(start="2026-10-05", end="2026-10-05"), Filter(start="2026-10-05"), Filter(start="2026-10-03")]
)
def test_dates_restrict_who_stands_and_neither_history_nor_conversions(dates: Filter) -> None:
    answer = Nodes(nodes=("seed",), window="3d", where=dates).run(Tables(events=_planted()))
    row = answer.table.iloc[0]
    assert row[["users", "converted", "others", "difference", "compared"]].tolist() == [60, 1.0, 0.0, 1.0, 60]
    # Of those there and not yet buyers, who met it in the end (seeded, early) and who did not (plain, last).
    assert row["unadjusted"] == 1.0
    assert "entry-dates" in {note.code for note in answer.notes}


def test_an_end_of_the_dates_does_not_cut_conversions_off() -> None:
    asked = Nodes(nodes=("seed",), window="3d", where=Filter(end="2026-10-05"))
    row = asked.run(Tables(events=_planted())).table.iloc[0]
    # On the 2nd there is nobody to compare with; on the 5th as above.
    assert row[["users", "converted", "others", "difference", "compared"]].tolist() == [60, 1.0, 0.0, 1.0, 60]
    assert row["unadjusted"] == 120 / 120 - 60 / 120  # buyers convert and never meet it before that


def test_meetings_outside_the_dates_are_not_waited_for() -> None:
    log = pd.concat([_planted(), pd.DataFrame({"user_id": ["z"], "timestamp": [dt.datetime(2026, 10, 20, 8)],
                                               "event": ["seed"]})])  # fmt: skip
    for dates, waiting in ((Filter(end="2026-10-05"), False), (None, True)):
        answer = Nodes(nodes=("seed",), window="3d", where=dates).run(Tables(events=log))
        assert ("still-open" in {note.code for note in answer.notes}) == waiting


def test_dates_without_any_data_say_so() -> None:
    for dates in (Filter(start="2027-01-01"), Filter(end="2025-01-01"), Filter(start="2026-10-10", end="2026-10-12")):
        with pytest.raises(DataError, match="No events are left"):
            Nodes(nodes=("seed",), where=dates).run(Tables(events=_planted()))


def test_bad_input_is_said_plainly() -> None:
    tables = Tables(events=_campaign_log(np.random.default_rng(1), 0.2))
    with pytest.raises(DataError, match="Did you mean seed"):
        Nodes(nodes=("sead",)).run(tables)
    with pytest.raises(DataError, match="purchase"):
        Nodes(nodes=("seed",), goal="purchased").run(tables)
    with pytest.raises(QuestionError):
        Nodes(nodes=())
    with pytest.raises(DataError):
        Nodes(nodes=("seed",), where=Filter(campaign="x")).run(tables)


def test_small_groups_are_named_in_all_and_by_phase() -> None:
    """Of "seed" 29 people meet it early and 30 late, of "share" 3 late: few in all, so not named again by phase."""
    met = [("seed", "2026-10-21", 29), ("seed", "2026-10-26", 30), ("share", "2026-10-26", 3)]
    rows = [(f"{node}{day}{n}", pd.Timestamp(day), node) for node, day, count in met for n in range(count)]
    rows += [(f"{day}{n}", pd.Timestamp(day), "view") for day in ("2026-10-21", "2026-10-26") for n in range(40)]
    rows += [("z", pd.Timestamp("2026-10-30"), "purchase")]
    log = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    answer = Nodes(nodes=("seed", "share"), window="1d").run(Tables(events=log, campaign=BERLIN))
    assert [note.message.text() for note in answer.notes if note.code == "small-groups"] == [
        "Fewer than 30 people met: share. Read the interval, not the rate.",
        "Fewer than 30 people met in early: seed. Read the interval, not the rate.",
    ]


def test_not_estimable_is_said() -> None:
    rows = [("u", "2026-10-01 10:00", "seed"), ("u", "2026-10-01 11:00", "purchase")]
    log = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]).assign(
        timestamp=lambda t: pd.to_datetime(t["timestamp"])
    )
    answer = Nodes(nodes=("seed",), window="1h").run(Tables(events=log))
    assert answer.table["difference"].isna().all()
    assert "not-estimable" in {note.code for note in answer.notes}
    answer.chart()


def test_purchases_that_come_without_browsing_make_nobody_comparable() -> None:
    """Seeds and purchases know nothing of each other, and a day often begins with its purchase: no difference."""
    misses = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        rows = [(f"u{u}", float(rng.uniform(0, 10)), event) for u in range(400)
                for event, often in (("seed", 0.3), ("purchase", 0.3), ("view", 8)) for _ in range(rng.poisson(often))
                ]  # fmt: skip
        frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
        frame["timestamp"] = pd.Timestamp("2026-11-01") + pd.to_timedelta(frame["timestamp"], unit="D")
        row = Nodes(nodes=("seed",), window="1d", phases=False).run(Tables(events=frame)).table.iloc[0]
        misses += not row["low"] <= 0 <= row["high"]
    assert misses <= 2 + 3 * np.sqrt(40 * 0.05 * 0.95)
