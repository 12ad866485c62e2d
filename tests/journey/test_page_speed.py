"""Page speed in cases worked out by hand, against a twin, and on the truth planted in the sample."""

from __future__ import annotations

import datetime as dt
import json
import math
import random
from pathlib import Path
from statistics import NormalDist, median
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import Filter, Funnel, PageSpeed, Tables
from analysis.charts import Look
from analysis.errors import DataError, QuestionError
from analysis.values import seconds

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
    assert error < 0.035
    viewers = total["slow_users"] + total["fast_users"]
    assert abs(total["slow_users"] / viewers - share) < 4 * math.sqrt(share * (1 - share) / viewers)
    # As planted, everybody at the fast rate: slow users x fast rate x (1 - 0.6).
    gained = total["slow_users"] * total["fast_rate"] * (1 - planted)
    assert total["gained_low"] < gained < total["gained_high"]


def test_users_and_conversions_are_the_funnels(sample: Tables) -> None:
    answer = PageSpeed(where=WHERE).run(sample)
    funnel = Funnel(steps=("view", "cart"), where=WHERE).run(sample).table
    assert [answer.table["users"].sum(), answer.table["converted"].sum()] == funnel["users"].tolist()
    open_ = next(dict(note.message.params)["users"] for note in answer.notes if note.code == "still-open")
    assert open_ == funnel["still_open"].iloc[1]


def test_groups_add_up_and_the_greatest_loss_comes_first(sample: Tables) -> None:
    loss = PageSpeed(where=WHERE, breakdown="device").run(sample).frame("loss")
    for side in ("fast_users", "slow_users"):
        assert loss[side].iloc[0] == loss[side].iloc[1:].sum()
    assert loss["gained"].iloc[1:].is_monotonic_decreasing
    assert set(loss["breakdown"]) == {"(total)", "android", "ios", "mini_program", "desktop"}


# ---- the twin ---------------------------------------------------------------------------------------------


@settings(max_examples=60)
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
    answer = asked.run(Tables(events=frame.sample(frac=1, random_state=seed % 1000)))
    expected = list(_twin(rows, seconds(window), where))
    table = answer.table
    assert table["users"].sum() == len(expected)
    for row in table.to_dict("records"):
        own = [won for load, won, _ in expected if row["from"] < load <= row["to"]]
        assert (row["users"], row["converted"]) == (len(own), sum(own))
        assert (row["low"], row["high"]) == pytest.approx(_wilson(sum(own), len(own)))
    assert not ((table["from"] < slow) & (table["to"] > slow)).any()
    for row in answer.frame("loss").to_dict("records"):
        group = {"(total)": None, "(not set)": "none"}.get(row["breakdown"], row["breakdown"])
        own = [(load > slow, won) for load, won, device in expected if group in (None, device)]
        _check_sides(row, own)


def _twin(rows: list[Any], window: int, where: Filter | None) -> Any:
    """Yield each user's load time in seconds, whether they converted, and their device."""
    where = where or Filter()
    for user in {row[0] for row in rows}:
        own = [row for row in rows if row[0] == user]
        pages = []
        for _, at, event, load, _ in own:
            day = (EPOCH + dt.timedelta(seconds=at)).date().isoformat()
            if event == "v" and load is not None and load >= 0 and (where.start or day) <= day <= (where.end or day):
                pages.append((at, load))
        if pages:
            goals = [at for _, at, event, *_ in own if event == "g"]
            won = any(0 <= goal - at <= window for goal in goals for at, _ in pages)
            yield median(load for _, load in pages) / 1000, won, own[0][4] or "none"


def _check_sides(row: dict[str, Any], own: list[tuple[bool, bool]]) -> None:
    sides = {side: [won for late, won in own if late == (side == "slow")] for side in ("fast", "slow")}
    limits = {}
    for side, won in sides.items():
        assert row[f"{side}_users"] == len(won)
        if won:
            limits[side] = (sum(won) / len(won), *_wilson(sum(won), len(won)))
            assert (row[f"{side}_rate"], row[f"{side}_low"], row[f"{side}_high"]) == pytest.approx(limits[side])
    if len(limits) < 2:
        assert all(math.isnan(row[c]) for c in ("difference", "ratio", "gained", "gained_low"))
        return
    (p, l1, u1), (q, l2, u2) = limits["slow"], limits["fast"]
    # Newcombe (1998), method 10.
    difference = (p - q, p - q - math.hypot(p - l1, u2 - q), p - q + math.hypot(u1 - p, q - l2))
    assert (row["difference"], row["difference_low"], row["difference_high"]) == pytest.approx(difference)
    gained = [-len(sides["slow"]) * d for d in (difference[0], difference[2], difference[1])]
    assert (row["gained"], row["gained_low"], row["gained_high"]) == pytest.approx(gained)
    assert math.isnan(row["ratio"]) if not q else row["ratio"] == pytest.approx(p / q)
    known = 0 < p < 1 and 0 < q < 1
    assert math.isnan(row["ratio_low"]) != known
    if known:
        n = len(own)
        for bound in (row["ratio_low"], row["ratio_high"]):
            reached = NormalDist().inv_cdf(0.975) ** 2 * n / (n - 1)
            assert _score(bound, sides["slow"], sides["fast"]) == pytest.approx(reached, rel=1e-6)


def _score(ratio: float, slow: list[bool], fast: list[bool]) -> float:
    """Return chi-square of a ratio, the rates fitted under it (Miettinen and Nurminen 1985)."""
    x1, n1, x2, n2 = sum(slow), len(slow), sum(fast), len(fast)
    a, b, c = (n1 + n2) * ratio, -(ratio * (n1 + x2) + x1 + n2), x1 + x2
    q = (-b - math.sqrt(b * b - 4 * a * c)) / (2 * a)
    p = ratio * q
    return (x1 - n1 * p) ** 2 / (n1 * p * (1 - p)) + (x2 - n2 * q) ** 2 / (n2 * q * (1 - q))


def _wilson(hits: int, n: int) -> tuple[float, float]:
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
    answer = PageSpeed(breakdown=None).run(tables)
    total = answer.frame("loss").iloc[0]
    assert (total["fast_users"], total["slow_users"]) == (2, 1)
    assert (total["fast_rate"], total["slow_rate"]) == (0.5, 0.0)
    assert answer.table[["from", "users"]].values.tolist() == [[0.5, 1], [2.5, 1], [3.0, 1]]


@pytest.mark.parametrize(("clock", "converted"), [("02:00:00", 1), ("02:00:01", 0)])
def test_the_window_includes_its_boundary(clock: str, converted: int) -> None:
    tables = log(("u1", "01:00:00", "view", 900.0), ("u1", clock, "cart", None))
    assert PageSpeed(window="1h", breakdown=None).run(tables).table["converted"].tolist() == [converted]


def test_one_side_alone_is_said_and_not_compared() -> None:
    answer = PageSpeed(breakdown=None).run(log(("u1", "01:00", "view", 900.0), ("u1", "01:01", "cart", None)))
    assert answer.headline.text() == "Nobody's pages took more than 3 seconds: 100% of 1 users went on to cart."
    assert {note.code: note.level for note in answer.notes}["one-sided"] == "missing"
    assert answer.frame("loss")[["ratio", "difference", "gained"]].isna().all(axis=None)


def test_the_headline_claims_no_loss_that_chance_explains() -> None:
    rows = [(f"u{i}", "01:00", "view", 900.0 if i % 2 else 4000.0) for i in range(8)]
    rows += [(f"u{i}", "01:01", "cart", None) for i in (1, 3, 2)]
    text = PageSpeed(breakdown=None).run(log(*rows)).headline.text()
    assert text == (
        "Of 4 users whose pages took more than 3 seconds, 25.0% went on to cart, against 50.0% of the others: "
        "no loss can be told from chance."
    )


# ---- what is refused --------------------------------------------------------------------------------------


def test_what_the_data_lacks_is_said() -> None:
    plain = log(("u1", "01:00", "view", None), ("u1", "01:01", "cart", None))
    with pytest.raises(DataError, match="The events have no load_ms"):
        PageSpeed().run(plain)
    tables = log(("u1", "01:00", "view", 900.0), ("u1", "01:01", "cart", None))
    with pytest.raises(DataError, match=r"no event 'veiw'\. Did you mean view"):
        PageSpeed(event="veiw", breakdown=None).run(tables)
    with pytest.raises(DataError, match="no device"):
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
    assert chart["description"] == answer.headline.text(look.language)
    drawn = [row for rows in chart["datasets"].values() for row in rows if "users" in row]
    assert sum({row["bin"]: row["users"] for row in drawn}.values()) == answer.table["users"].sum()


def test_the_group_that_loses_most_is_named_with_its_figures(sample: Tables) -> None:
    answer = PageSpeed(where=WHERE).run(sample)
    found = {note.code: dict(note.message.params) for note in answer.notes}["by-group"]
    worst = answer.frame("loss")[1:].sort_values("gained").iloc[-1]
    assert (found["group"], found["n"]) == (worst["breakdown"], worst["slow_users"])
    assert found["slow_rate"].value == worst["slow_rate"]
    assert (found["gained"], found["low"], found["high"]) == tuple(
        round(worst[name]) for name in ("gained", "gained_low", "gained_high")
    )
    assert "by-group" not in {note.code for note in PageSpeed(where=WHERE, breakdown=None).run(sample).notes}


def test_no_group_is_named_where_chance_would_do() -> None:
    rows = [row for k in range(4) for row in ((f"s{k}", "01:00", "view", 4000.0), (f"f{k}", "01:00", "view", 900.0))]
    tables = log(*rows, ("f0", "01:01", "cart", None), device=["a"] * (len(rows) + 1))
    notes = {note.code: note.message.text() for note in PageSpeed().run(tables).notes}
    assert notes["by-group"] == "By device, no group's loss can be told from chance."
