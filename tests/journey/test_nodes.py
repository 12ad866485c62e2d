"""Nodes: against a plain twin of the definition, on planted effects, and with bad input."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sizes import cases

from analysis import Campaign, Filter, Nodes, Phase, Tables
from analysis.errors import DataError, QuestionError
from benchmarks.nulls import SIMULATIONS

BERLIN = Campaign(
    name="c", start="2026-10-20", end="2026-10-31", zone="Europe/Berlin",
    phases=(Phase(name="early", start="2026-10-20", end="2026-10-24"),
            Phase(name="late", start="2026-10-25", end="2026-10-31")),
)  # fmt: skip
"""The clocks go back on 25 October: that day has 25 hours."""


PAUSES = [0, 30, 120, 600, 3_600, 90_000]
"""Seconds since somebody last did anything, at most, in each class of how lately they were active."""


def _log(rng: np.random.Generator) -> pd.DataFrame:
    """Make events on a grid of seconds, minutes or hours, so that moments, ages and pauses often coincide."""
    rows, grid = int(rng.integers(5, 160)), int(rng.choice([20, 300, 3600]))
    steps = rng.integers(0, 1 + int(rng.choice([600, 40 * 3600, 9 * 86_400])) // grid, rows)
    return pd.DataFrame(
        {
            "user_id": rng.choice([f"u{i}" for i in range(int(rng.integers(1, 30)))], rows),
            "timestamp": pd.Timestamp("2026-10-23 22:00") + pd.to_timedelta(steps * grid, unit="s"),
            "event": rng.choice(["view", "seed", "share", "purchase"], rows, p=[0.6, 0.2, 0.1, 0.1]),
        }
    )


@cache
def _day(when: pd.Timestamp) -> str:
    return when.tz_localize("UTC").tz_convert(ZoneInfo("Europe/Berlin")).date().isoformat()


def _dates(rng: np.random.Generator) -> Filter | None:
    first, last = sorted(f"2026-10-{day}" for day in rng.integers(20, 32, 2))
    return [None, Filter(start=first), Filter(end=last), Filter(start=first, end=last)][rng.integers(4)]


class _UserDay(NamedTuple):
    user: str
    kind: tuple[str, int, bool]
    """The local day, the quarter of it in which theirs began, whether it is their first of all."""
    began: pd.Timestamp
    midnight: pd.Timestamp
    times: list[pd.Timestamp]
    met: pd.Timestamp | None
    bought: pd.Timestamp | None

    def pause(self, at: pd.Timestamp) -> int:
        """Say how lately they were active before a moment."""
        before = [t for t in self.times if t < at]
        return bisect_left(PAUSES, (at - max(before)).total_seconds()) if before else 0

    def there(self, at: pd.Timestamp) -> bool:
        """Say whether they were there to compare at a moment: neither met it nor bought, the day not over."""
        return at < self.midnight and all(t is None or at < t for t in (self.met, self.bought))


@cache
def _bounds(day: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    start = pd.Timestamp(day, tz="Europe/Berlin")
    begins, ends = (t.tz_convert("UTC").tz_localize(None) for t in (start, start + pd.DateOffset(days=1)))
    return begins, ends


def _user_days(log: pd.DataFrame, node: str) -> Iterator[_UserDay]:
    log = log.assign(day=[_day(t) for t in log["timestamp"]])
    for user, own in log.groupby("user_id"):
        bought, met = (own.loc[own["event"] == event, "timestamp"].min() for event in ("purchase", node))
        bought, met = (None if pd.isna(t) else t for t in (bought, met))
        met = None if met is not None and bought is not None and met >= bought else met
        first = own["day"].min()
        for day in own["day"].unique():
            times = own.loc[own["day"] == day, "timestamp"].tolist()
            begins, ends = _bounds(day)
            quarter = int(4 * ((min(times) - begins) / (ends - begins)))
            yield _UserDay(str(user), (day, quarter, day == first), min(times), ends, times, met, bought)


class _Trial(NamedTuple):
    day: str
    met: list[tuple[str, bool]]
    others: list[tuple[str, bool]]


def _twin(log: pd.DataFrame, node: str, window: pd.Timedelta, dates: Filter | None = None) -> list[_Trial]:
    """Set everybody who meets the touchpoint beside everybody else, user by user, as the definition has it."""
    dates, until, days = dates or Filter(), log["timestamp"].max(), list(_user_days(log, node))

    def turned(one: _UserDay, at: pd.Timestamp) -> bool:
        return one.bought is not None and one.bought - at <= window

    trials: dict[Any, _Trial] = {}
    for one in days:
        day = one.kind[0]
        if one.met is None or _day(one.met) != day or not (dates.start or day) <= day <= (dates.end or day):
            continue
        if one.met + window > until:
            continue
        age, pause = one.met - one.began, one.pause(one.met)
        if (key := (one.kind, age, pause)) not in trials:
            alike = [
                o for o in days if o.kind == one.kind and o.there(o.began + age) and o.began + age + window <= until
            ]
            others = [(o.user, turned(o, o.began + age)) for o in alike if o.pause(o.began + age) == pause]
            trials[key] = _Trial(day, [], others)
        trials[key].met.append((one.user, turned(one, one.met)))
    return list(trials.values())


def _expected(trials: list[_Trial], whole: list[_Trial]) -> tuple[int, int, float, float, float]:
    """Return users, days of others, difference and its bounds, from each user's moves."""
    trials, whole = ([t for t in some if t.others] for some in (trials, whole))
    users = sum(len(t.met) for t in trials)
    if not users:
        return 0, 0, np.nan, np.nan, np.nan
    share = sum(turned for t in trials for _, turned in t.met) / users
    rate, overall = _standard(trials), _standard(whole)
    own, others, weights = defaultdict(float), defaultdict(float), defaultdict(float)
    for trial in trials:
        n, here = len(trial.others), np.mean([turned for _, turned in trial.others])
        for user, turned in trial.met:
            own[user] += (turned - share) / users
            others[user] += (here - rate) / users
        for user, turned in trial.others:
            weight = len(trial.met) / n / users
            others[user] += weight * ((turned - here) * np.sqrt(n / (n - 1)) if n > 1 else turned - overall)
            weights[user] += weight
    variance, squared = sum(x * x for x in others.values()), sum(w * w for w in weights.values())
    people = max(rate * (1 - rate) / variance if variance > 1e-20 else 1 / squared, 1.0)
    scale = np.sqrt(sum(x * x for x in own.values()) * variance)
    together = sum(own[u] * others[u] for u in own) / scale if scale > 1e-20 else 0.0
    (low, high), (others_low, others_high) = _wilson(share, users), _wilson(rate, people)
    below = _side(share - low, others_high - rate, together)
    above = _side(high - share, rate - others_low, together)
    days = len({(t.day, user) for t in trials for user, _ in t.others})
    return users, days, share - rate, share - rate - below, share - rate + above


def _standard(trials: list[_Trial]) -> float:
    users = sum(len(t.met) for t in trials)
    return sum(len(t.met) * np.mean([turned for _, turned in t.others]) for t in trials) / users


def _side(one: float, other: float, together: float) -> float:
    return float(np.sqrt(max(one**2 + other**2 - 2 * together * one * other, 0.0)))


def _wilson(p: float, n: float) -> tuple[float, float]:
    z = 1.959963984540054
    middle, reach = p + z * z / 2 / n, z * np.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return (middle - reach) / (1 + z * z / n), (middle + reach) / (1 + z * z / n)


@pytest.mark.long
def test_equals_the_plain_twin_over_random_logs() -> None:
    rng, checked = np.random.default_rng(5), 0
    for _ in range(cases(150)):
        log, window = _log(rng), int(rng.choice([1, 300, 5 * 3600, 24 * 3600]))
        if not {"seed", "purchase"} <= set(log["event"]):
            continue
        dates = _dates(rng)
        trials = _twin(log, "seed", pd.Timedelta(seconds=window), dates)
        try:
            table = (
                Nodes(nodes=("seed",), window=f"{window}s", where=dates).run(Tables(events=log, campaign=BERLIN)).table
            )
        except DataError:
            assert not trials
            continue
        for row in table.itertuples():
            phase = next((p for p in BERLIN.phases if p.name == row.phase), None)
            own = [t for t in trials if phase is None or phase.start <= t.day <= phase.end]
            users, days, *expected = _expected(own, trials)
            assert row.met == sum(len(t.met) for t in own)
            assert (row.users, row.compared) == (users, days)
            assert [row.difference, row.low, row.high] == pytest.approx(expected, abs=1e-9, nan_ok=True)
            checked += users > 1
    assert checked > cases(60)


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
@pytest.mark.long
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


def _clock(meets: str, buys: tuple[str, str]) -> pd.DataFrame:
    """Make 160 people who view at nine; a quarter buys at each of two times; every other one meets it between."""
    rows = [("z", "2026-11-10 00:00", "view")]
    for n in range(160):
        rows += [(f"u{n}", "2026-11-01 09:00", "view")]
        rows += [(f"u{n}", f"2026-11-01 {meets}", "seed")] if n % 2 else []
        rows += [(f"u{n}", f"2026-11-01 {buys[n // 2 % 4]}", "purchase")] if n // 2 % 4 < 2 else []
    log = pd.DataFrame(rows, columns=["user_id", "timestamp", "event"])
    return log.assign(timestamp=pd.to_datetime(log["timestamp"], format="ISO8601"))


@pytest.mark.parametrize(
    ("meets", "buys"),
    [("09:30", ("09:15", "09:45")), ("15:00", ("10:00", "20:00")), ("09:00:10", ("09:00:05", "23:00"))],
)
def test_both_sides_begin_at_one_moment(meets: str, buys: tuple[str, str]) -> None:
    """Of those who had not bought by then a third buys later, whether they met it or not."""
    row = Nodes(nodes=("seed",), window="3d").run(Tables(events=_clock(meets, buys))).table.iloc[0]
    assert row[["users", "converted", "others", "difference"]].tolist() == [60, 1 / 3, 1 / 3, 0.0]
    assert not row["clear"]


def test_a_purchase_at_the_very_moment_counts_on_neither_side() -> None:
    row = Nodes(nodes=("seed",), window="3d").run(Tables(events=_clock("09:30", ("09:30", "09:45")))).table.iloc[0]
    assert row[["users", "compared", "difference"]].tolist() == [60, 60, 0.0]


@pytest.mark.parametrize(
    ("name", "runs", "most", "least"), [("touchpoint-null", 50, 7, 0), ("touchpoint-power", 4, 4, 4)]
)
@pytest.mark.long
def test_chance_is_seldom_taken_for_a_difference_and_an_effect_is_found(
    name: str, runs: int, most: int, least: int
) -> None:
    """At 5% each, 8 or more false alarms of 50 come once in 300 times; power is close to 100%."""
    assert least <= SIMULATIONS[name].count(runs) <= most


def test_touchpoints_that_do_nothing_in_the_sample_show_nothing(sample: Tables) -> None:
    """The sample's sessions share, invite and meet the plan's touchpoints at random, whether they buy or not."""
    nodes = ("social_seeding", "interactive_fission", "emotional_resonance", "share", "favorite", "invite")
    answer = Nodes(nodes=nodes, where=Filter(campaign="Double 11 2026"), phases=False).run(sample)
    assert (answer.table["low"] < 0).all()
    assert (answer.table["high"] > 0).all()
    assert not answer.table["clear"].any()
    assert "No touchpoint stands out" in answer.headline.text()


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
