"""Page speed in cases worked out by hand, against a twin, and on the truth planted in the sample."""

from __future__ import annotations

import datetime as dt
import json
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom
from sizes import cases

from analysis import Filter, Funnel, PageSpeed, Tables
from analysis.charts import Look
from analysis.errors import DataError, QuestionError
from analysis.messages import Name
from analysis.values import seconds
from benchmarks.nulls import SIMULATIONS

SAMPLE = Path(__file__).resolve().parents[2] / "sample_data"
WHERE = Filter(campaign="Double 11 2026")
EPOCH = dt.datetime(2026, 11, 11)


# ---- the planted truth ------------------------------------------------------------------------------------


def test_the_planted_loss_is_recovered(sample: Tables) -> None:
    truth = json.loads((SAMPLE / "truth.json").read_text(encoding="utf-8"))
    planted, share = truth["slow_pages"]["value"], truth["slow_pages"]["population"]["slow_share_of_viewing_users"]
    total = PageSpeed(where=WHERE).run(sample).frame("loss").iloc[0]
    assert total["ratio_low"] < planted < total["ratio_high"]
    # Delta method: the relative variance of a ratio of two independent proportions.
    error = planted * math.sqrt(
        (1 - total["slow_rate"]) / (total["slow_rate"] * total["slow_users"])
        + (1 - total["fast_rate"]) / (total["fast_rate"] * total["fast_users"])
    )
    assert abs(total["ratio"] - planted) < 3 * error
    assert error < 0.045
    viewers = total["slow_users"] + total["fast_users"]
    assert abs(total["slow_users"] / viewers - share) < 4 * math.sqrt(share * (1 - share) / viewers)
    # As planted, everybody at the fast rate: slow users x fast rate x (1 - 0.6).
    gained = total["compared"] * total["fast_rate"] * (1 - planted)
    assert total["gained_low"] < gained < total["gained_high"]


def test_users_and_conversions_are_the_funnels(sample: Tables) -> None:
    answer = PageSpeed(where=WHERE).run(sample)
    funnel = Funnel(steps=("view", "cart"), where=WHERE).run(sample).table
    assert [answer.table["users"].sum(), answer.table["converted"].sum()] == funnel["settled"].tolist()
    open_ = next(dict(note.message.params)["users"] for note in answer.notes if note.code == "still-open")
    assert open_ == funnel["users"].iloc[0] - funnel["settled"].iloc[0]


def test_groups_add_up_and_the_greatest_loss_comes_first(sample: Tables) -> None:
    loss = PageSpeed(where=WHERE, breakdown="device").run(sample).frame("loss")
    for side in ("fast_users", "slow_users"):
        assert loss[side].iloc[0] == loss[side].iloc[1:].sum()
    assert loss["gained"].iloc[1:].is_monotonic_decreasing
    assert set(loss["breakdown"]) == {"(total)", "android", "ios", "mini_program", "desktop"}


# ---- the twin ---------------------------------------------------------------------------------------------


@settings(max_examples=cases(60))
@given(
    seed=st.integers(0, 2**32),
    window=st.sampled_from(["1m", "3m", "1d"]),
    slow=st.sampled_from([0.4, 1.0, 1.5, 7.0]),
    width=st.sampled_from([0.1, 0.5, 0.7]),
    where=st.sampled_from([None, Filter(start="2026-11-11"), Filter(end="2026-11-11")]),
)
def test_both_tables_over_many_logs(seed: int, window: str, slow: float, width: float, where: Filter | None) -> None:
    rng = random.Random(seed)
    rows = [
        (f"u{u:02d}", (rng.randrange(6) - 2) * 60 + rng.choice((0, 0, 86_400)), rng.choice("vvvgx"),
         rng.choice((None, 200.0, 400.0, 1000.0, 1500.0, 1501.0, 9000.0, -5.0)), f"d{u % 3}" if u % 4 else None)
        for u in range(40) for _ in range(rng.randint(0, 7))
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["user_id", "s", "event", "load_ms", "device"])
    frame["timestamp"] = EPOCH + pd.to_timedelta(frame.pop("s"), unit="s")
    asked = PageSpeed(event="v", to="g", window=window, slow=slow, bin=width, where=where)
    tables = Tables(events=frame.sample(frac=1, random_state=seed % 1000))
    expected = list(_twin(rows, seconds(window), where))
    sides = [[one for one in expected if (one.load > slow) == late] for late in (False, True)]
    if any(not any(one.over for one in side) and side for side in sides):
        with pytest.raises(DataError, match="before the data ends"):
            asked.run(tables)
        return
    answer = asked.run(tables)
    judged = [one for one in expected if one.over]
    waiting = len(expected) - len(judged)
    said = {note.code: dict(note.message.params) for note in answer.notes}
    assert (said["still-open"]["users"] if waiting else "still-open" not in said) == (waiting or True)
    table = answer.table
    assert table["users"].sum() == len(judged)
    pages = [one.pages for one in judged if one.load > slow] or [one.pages for one in judged]
    average = {n: _rate([one.won for one in judged if one.pages == n]) for n in {one.pages for one in judged}}
    for row in table.to_dict("records"):
        own = [one for one in judged if row["from"] < one.load <= row["to"]]
        won = sum(one.won for one in own)
        assert (row["users"], row["converted"], row["rate"]) == (len(own), won, won / len(own))
        looked_for = sum(average[one.pages] for one in own) / len(own)
        factor = sum(average[n] for n in pages) / len(pages) / looked_for if looked_for else 1.0
        found = (row["adjusted"], row["low"], row["high"])
        assert found == pytest.approx([min(factor * x, 1) for x in (won / len(own), *_wilson(won, len(own)))])
    assert not ((table["from"] < slow) & (table["to"] > slow)).any()
    for row in answer.frame("loss").to_dict("records"):
        group = {"(total)": None, "(not set)": "none"}.get(row["breakdown"], row["breakdown"])
        _check_sides(row, [one for one in judged if group in (None, one.device)], slow)


@dataclass(frozen=True)
class Viewer:
    """A user's load time in seconds, number of pages, outcome and device, and whether their window is over."""

    load: float
    pages: int
    won: bool
    device: str
    over: bool


def _twin(rows: list[Any], window: int, where: Filter | None) -> Iterator[Viewer]:
    where = where or Filter()
    until = max(row[1] for row in rows)
    for user in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == user]
        pages = []
        for _, at, event, load, _ in own:
            day = (EPOCH + dt.timedelta(seconds=at)).date().isoformat()
            if event == "v" and load is not None and load >= 0 and (where.start or day) <= day <= (where.end or day):
                pages.append((at, load))
        if pages:
            first = min(at for at, _ in pages)
            loads = [load for at, load in pages if at <= first + window]
            won = any(0 <= at - first <= window for _, at, event, *_ in own if event == "g")
            yield Viewer(median(loads) / 1000, len(loads), won, own[0][4] or "none", first + window <= until)


def _rate(won: list[bool]) -> float:
    return sum(won) / len(won)


def _check_sides(row: dict[str, Any], own: list[Viewer], slow: float) -> None:
    sides = [[one for one in own if (one.load > slow) == late] for late in (False, True)]
    assert [row["fast_users"], row["slow_users"]] == [len(side) for side in sides]
    fast, late = ({n: [one.won for one in side if one.pages == n] for n in range(1, 8)} for side in sides)
    shared = [n for n in range(1, 8) if fast[n] and late[n]]
    assert row["compared"] == sum(len(late[n]) for n in shared)
    if not shared:
        assert all(math.isnan(row[c]) for c in ("difference", "ratio", "gained", "gained_low"))
        return
    weights = {n: len(late[n]) / row["compared"] for n in shared}
    counts = [_effective({n: side[n] for n in shared}, weights) for side in (fast, late)]
    (q, m), (p, n) = counts
    assert (row["fast_rate"], row["slow_rate"]) == pytest.approx((q, p))
    (l1, u1), (l2, u2) = _wilson(p * n, n), _wilson(q * m, m)
    assert (row["slow_low"], row["slow_high"], row["fast_low"], row["fast_high"]) == pytest.approx((l1, u1, l2, u2))
    # Newcombe (1998), method 10.
    difference = (p - q, p - q - math.hypot(p - l1, u2 - q), p - q + math.hypot(u1 - p, q - l2))
    assert (row["difference"], row["difference_low"], row["difference_high"]) == pytest.approx(difference, abs=1e-12)
    gained = [-row["compared"] * d for d in (difference[0], difference[2], difference[1])]
    assert (row["gained"], row["gained_low"], row["gained_high"]) == pytest.approx(gained, abs=1e-9)
    if 0 < p < 1 and 0 < q < 1:
        assert row["ratio"] == pytest.approx(p / q)
        for bound in (row["ratio_low"], row["ratio_high"]):
            reached = NormalDist().inv_cdf(0.975) ** 2 * (n + m) / (n + m - 1)
            assert _score(bound, p * n, n, q * m, m) == pytest.approx(reached, rel=1e-6)


def _effective(by_pages: dict[int, list[bool]], weights: dict[int, float]) -> tuple[float, float]:
    """Return a rate at given weights and how many independent people would know it as well (Kish 1965)."""
    if len(by_pages) == 1:
        (won,) = by_pages.values()
        return _rate(won), len(won)
    rate = sum(weights[n] * _rate(won) for n, won in by_pages.items())
    near = {n: (sum(won) + 1) / (len(won) + 2) for n, won in by_pages.items()}
    variance = sum(weights[n] ** 2 * near[n] * (1 - near[n]) / len(won) for n, won in by_pages.items())
    if 0 < rate < 1:
        return rate, max(rate * (1 - rate) / variance, 1.0)
    return rate, 1 / sum(weights[n] ** 2 / len(won) for n, won in by_pages.items())


def _score(ratio: float, x1: float, n1: float, x2: float, n2: float) -> float:
    """Return chi-square of a ratio, the rates fitted under it (Miettinen and Nurminen 1985)."""
    a, b, c = (n1 + n2) * ratio, -(ratio * (n1 + x2) + x1 + n2), x1 + x2
    q = (-b - math.sqrt(b * b - 4 * a * c)) / (2 * a)
    p = ratio * q
    return (x1 - n1 * p) ** 2 / (n1 * p * (1 - p)) + (x2 - n2 * q) ** 2 / (n2 * q * (1 - q))


def _wilson(hits: float, n: float) -> tuple[float, float]:
    z, share = NormalDist().inv_cdf(0.975), hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return middle - half, middle + half


# ---- by hand ----------------------------------------------------------------------------------------------


def log(*rows: tuple[str, str, str, float | None], **columns: Any) -> Tables:
    frame = pd.DataFrame(rows, columns=["user_id", "timestamp", "event", "load_ms"]).assign(**columns)
    return Tables(events=frame.assign(timestamp=pd.to_datetime("2026-11-11 " + frame["timestamp"])))


def test_the_mark_itself_is_fast_and_a_stalled_page_moves_nobody() -> None:
    tables = log(
        ("u1", "01:00", "view", 3000.0), ("u1", "01:01", "cart", None),
        ("u2", "01:00", "view", 500.0), ("u2", "01:01", "view", 60_000.0), ("u2", "01:02", "view", 700.0),
        ("u3", "01:00", "view", 3001.0),
    )  # fmt: skip
    answer = PageSpeed(breakdown=None, window="2m").run(tables)
    total = answer.frame("loss").iloc[0]
    assert (total["fast_users"], total["slow_users"], total["compared"]) == (2, 1, 1)
    # Of the fast users one saw one page, as the slow one did: that one went on.
    assert (total["fast_rate"], total["slow_rate"]) == (1.0, 0.0)
    assert answer.table[["from", "users"]].values.tolist() == [[0.5, 1], [2.5, 1], [3.0, 1]]


@pytest.mark.parametrize(("clock", "converted"), [("02:00:00", 1), ("02:00:01", 0)])
def test_the_window_includes_its_boundary(clock: str, converted: int) -> None:
    tables = log(("u1", "01:00:00", "view", 900.0), ("u1", clock, "cart", None), ("u2", "03:00:00", "cart", None))
    assert PageSpeed(window="1h", breakdown=None).run(tables).table["converted"].tolist() == [converted]


def test_one_side_alone_is_said_and_not_compared() -> None:
    tables = log(("u1", "01:00", "view", 900.0), ("u1", "01:01", "cart", None))
    answer = PageSpeed(breakdown=None, window="1m").run(tables)
    assert answer.headline.text() == "Nobody's pages took more than 3 seconds: 100% of 1 user went on to cart."
    assert {note.code: note.level for note in answer.notes}["one-sided"] == "missing"
    assert answer.frame("loss")[["ratio", "difference", "gained"]].isna().all(axis=None)


def test_the_headline_claims_no_loss_that_chance_explains() -> None:
    rows = [(f"u{i}", "01:00", "view", 900.0 if i % 2 else 4000.0) for i in range(8)]
    rows += [(f"u{i}", "01:01", "cart", None) for i in (1, 3, 2)]
    text = PageSpeed(breakdown=None, window="1m").run(log(*rows)).headline.text()
    assert text == (
        "Of 4 users whose pages took more than 3 seconds, 25.0% went on to cart, against 50.0% of others who saw as "
        "many pages: no loss can be told from chance."
    )


# ---- what is refused --------------------------------------------------------------------------------------


def test_what_the_data_lacks_is_said() -> None:
    plain = log(("u1", "01:00", "view", None), ("u1", "01:01", "cart", None))
    with pytest.raises(DataError, match="The events do not say: page load time"):
        PageSpeed().run(plain)
    tables = log(("u1", "01:00", "view", 900.0), ("u1", "01:01", "cart", None))
    with pytest.raises(DataError, match=r"no event 'veiw'\. Did you mean view"):
        PageSpeed(event="veiw", breakdown=None).run(tables)
    with pytest.raises(DataError, match="do not say: device"):
        PageSpeed().run(tables)
    with pytest.raises(DataError, match="No cart has a load time"):
        PageSpeed(event="cart", to="view", breakdown=None).run(tables)
    with pytest.raises(DataError, match="under these filters"):
        PageSpeed(breakdown=None, where=Filter(start="2026-11-12")).run(tables)


def test_too_many_groups_are_refused() -> None:
    rows = [(f"u{i}", "01:00", "view", 900.0) for i in range(51)] + [("u0", "01:01", "cart", None)]
    with pytest.raises(DataError, match="too many different values, 51"):
        PageSpeed(breakdown="page").run(log(*rows, page=[f"p{i}" for i in range(51)] + ["p0"]))


@pytest.mark.parametrize(
    "fields", [{"slow": 0}, {"slow": 61}, {"bin": 0}, {"event": "cart"}, {"window": "0d"}], ids=repr
)
def test_questions_that_make_no_sense_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(QuestionError):
        PageSpeed(**fields)


@pytest.mark.parametrize("look", [Look(), Look("zh_CN", dark=True)])
@pytest.mark.parametrize("slow", [3.0, 30.0, 0.1])
def test_chart_is_made_for_every_reader(sample: Tables, look: Look, slow: float) -> None:
    answer = PageSpeed(slow=slow, where=WHERE).run(sample)
    chart = answer.chart(look).to_dict()
    assert chart["description"] == answer.say(answer.headline, look.language)
    drawn = [row for rows in chart["datasets"].values() for row in rows if "users" in row]
    assert sum({row["bin"]: row["users"] for row in drawn}.values()) == answer.table["users"].sum()


def test_the_group_that_loses_most_is_named_with_its_figures(sample: Tables) -> None:
    answer = PageSpeed(where=WHERE).run(sample)
    found = {note.code: dict(note.message.params) for note in answer.notes}["by-group"]
    worst = answer.frame("loss")[1:].sort_values("gained").iloc[-1]
    assert (found["group"], found["n"]) == (Name(worst["breakdown"], "device"), worst["compared"])
    assert found["slow_rate"].value == worst["slow_rate"]
    assert (found["gained"], found["low"], found["high"]) == tuple(
        round(worst[name]) for name in ("gained", "gained_low", "gained_high")
    )
    assert "by-group" not in {note.code for note in PageSpeed(where=WHERE, breakdown=None).run(sample).notes}


def test_no_group_is_named_where_chance_would_do() -> None:
    rows = [row for k in range(4) for row in ((f"s{k}", "01:00", "view", 4000.0), (f"f{k}", "01:00", "view", 900.0))]
    tables = log(*rows, ("f0", "01:01", "cart", None), device=["a"] * (len(rows) + 1))
    notes = {note.code: note.message.text() for note in PageSpeed(window="1m").run(tables).notes}
    assert notes["by-group"] == "By device, no group's loss can be told from chance."


# ---- like with like ---------------------------------------------------------------------------------------


def _people(*rows: tuple[str, int, float, int, list[float], float | None]) -> pd.DataFrame:
    """Make people of a kind: name, how many, when they come (hours), how many buy, their loads, hours until then."""
    made = []
    for name, n, at, buying, loads, later in rows:
        for u in range(n):
            made += [(f"{name}{u}", at + k / 60, "view", load) for k, load in enumerate(loads)]
            made += [(f"{name}{u}", at + (later or 0.0), "cart", np.nan)] * (u < buying)
    frame = pd.DataFrame(made, columns=["user_id", "hours", "event", "load_ms"])
    return frame.assign(timestamp=pd.Timestamp("2026-11-01") + pd.to_timedelta(frame["hours"], unit="h"))


def test_people_whose_window_is_open_are_left_out_and_a_side_of_them_alone_is_refused() -> None:
    """Half of the fast buy after 36 hours; the slow have come half a day before the data ends."""
    fast, end = ("fast", 40, 0.0, 20, [1000.0], 36.0), ("end", 1, 216.0, 0, [900.0], None)
    late = ("slow", 40, 204.0, 0, [5000.0], None)
    asked = PageSpeed(window="3d", breakdown=None)
    with pytest.raises(DataError, match="All 40 users whose pages took more than 3 seconds came less than 3 days"):
        asked.run(Tables(events=_people(fast, late, end)))
    earlier = ("early", 30, 24.0, 15, [5000.0], 36.0)
    answer = asked.run(Tables(events=_people(fast, late, earlier, end)))
    total = answer.frame("loss").iloc[0]
    assert (total["slow_users"], total["slow_rate"], total["fast_rate"]) == (30, 0.5, 0.5)
    assert "41 users are left out" in next(n for n in answer.notes if n.code == "still-open").message.text()
    with pytest.raises(DataError, match="Nobody has had 20 days to go on"):
        asked.replace(window="20d").run(Tables(events=_people(fast, late, end)))


def test_who_saw_few_pages_is_compared_with_others_who_did() -> None:
    """A quarter of all pages is slow whatever happens; of one page a third buy, of five two thirds."""
    rows = [("a", 900, 0.0, 300, [1000.0], 1.0), ("b", 300, 0.0, 100, [5000.0], 1.0)]
    rows += [("c", 1080, 0.0, 720, [1000.0, 5000.0, 1000.0, 1000.0, 1000.0], 1.0)]
    rows += [("d", 120, 0.0, 80, [5000.0, 5000.0, 1000.0, 5000.0, 1000.0], 1.0)]
    answer = PageSpeed(window="1h", breakdown=None).run(Tables(events=_people(*rows)))
    total = answer.frame("loss").iloc[0]
    slow = (100 + 80) / 420
    assert (total["slow_rate"], total["fast_rate"], total["gained"]) == pytest.approx((slow, slow, 0.0), abs=1e-9)
    crude = (300 + 720) / 1980
    assert crude - slow > 0.08  # what they would seem to differ by
    assert "no loss can be told from chance" in answer.headline.text()
    # The bins, too, stand at one rate once they are of as many pages.
    np.testing.assert_allclose(answer.table["adjusted"], slow)


def test_slow_users_of_whose_number_of_pages_nobody_was_fast_are_left_out() -> None:
    rows = [("a", 40, 0.0, 20, [1000.0], 1.0), ("b", 30, 0.0, 10, [5000.0], 1.0)]
    answer = PageSpeed(window="1h", breakdown=None).run(
        Tables(events=_people(*rows, ("c", 7, 0.0, 7, [5000.0, 5000.0], 1.0)))
    )
    total = answer.frame("loss").iloc[0]
    assert (total["slow_users"], total["compared"], total["slow_rate"]) == (37, 30, 1 / 3)
    assert "7 slow users are left out" in next(n for n in answer.notes if n.code == "not-compared").message.text()


@pytest.mark.parametrize(("name", "runs"), [("speed-null", 60), ("speed-power", 12)])
@pytest.mark.long
def test_chance_is_seldom_called_a_loss_and_the_planted_one_nearly_always(name: str, runs: int) -> None:
    """As many runs as fit into a test; `benchmarks/nulls.py` has 400."""
    one = SIMULATIONS[name]
    claimed = one.count(runs, seed=7)
    # At the aim itself, so many or more (fewer) come about in one of a thousand tests.
    bound = binom.ppf(0.999, runs, 0.05) if one.null else binom.ppf(0.001, runs, one.aim)
    assert claimed <= bound if one.null else claimed >= bound
