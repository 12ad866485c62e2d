"""How many are in segments, what they bring, who is in several: against plain pandas; intervals by simulation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sizes import cases

from analysis import Filter, Performance, Segments, Tables
from analysis.audience.segments import words
from analysis.errors import DataError
from analysis.estimates import Moments, ratio_of_sums, share_of_sum


def shop(seed: int = 1, users: int = 300) -> dict[str, pd.DataFrame]:
    """Return events and orders of users in two segments, one of which brings more than its number."""
    rng = np.random.default_rng(seed)
    names = np.array([f"u{n}" for n in range(users)])
    vip, kind = np.where(rng.random(users) < 0.2, "in", "out"), rng.choice(["new", "old"], users)
    at = pd.Timestamp("2026-11-01") + pd.to_timedelta(rng.integers(0, 20 * 24, users * 3), unit="h")
    who = rng.integers(0, users, users * 3)
    events = pd.DataFrame({"user_id": names[who], "timestamp": at, "event": "view", "vip": vip[who], "kind": kind[who]})
    buyer = rng.integers(0, users, users * 2)
    orders = pd.DataFrame({
        "order_id": [f"o{n}" for n in range(len(buyer))], "user_id": names[buyer],
        "timestamp": pd.Timestamp("2026-11-10"), "paid_at": pd.Timestamp("2026-11-10"),
        "revenue": (rng.lognormal(3, 1, len(buyer)) * np.where(vip[buyer] == "in", 4, 1)).round(2), "currency": "CNY",
        "vip": vip[buyer], "kind": kind[buyer],
    })  # fmt: skip
    return {"events": events.astype({"timestamp": "datetime64[us]"}), "orders": orders}


def plainly(frames: dict[str, pd.DataFrame], column: str) -> pd.DataFrame:
    people = pd.concat([f[["user_id", column]] for f in frames.values()]).drop_duplicates().set_index("user_id")[column]
    paid = frames["orders"].groupby("user_id")["revenue"].agg(["sum", "size"])
    joined = people.to_frame("group").join(paid)
    found = joined.groupby("group").agg(
        users=("group", "size"), buyers=("size", "count"), orders=("size", "sum"), revenue=("sum", "sum")
    )
    found["share"] = found["users"] / len(people)
    found["share_of_revenue"] = found["revenue"] / frames["orders"]["revenue"].sum()
    found["per_user"] = found["revenue"] / found["users"]
    return found


def test_sizes_and_revenue_are_those_of_plain_sums() -> None:
    frames = shop()
    table = Segments(by=("vip", "kind")).run(Tables(**frames)).table
    assert list(zip(table["segment"], table["group"], strict=True)) == [("vip", "in"), ("kind", "new"), ("kind", "old")]
    for row in table.to_dict("records"):
        own = plainly(frames, row["segment"]).loc[row["group"]]
        for figure in own.index:
            assert row[figure] == pytest.approx(own[figure]), (row["segment"], row["group"], figure)
        assert row["low"] < row["share"] < row["high"]
        assert row["revenue_low"] < row["share_of_revenue"] < row["revenue_high"]
        assert row["per_user_low"] < row["per_user"] < row["per_user_high"]


def test_the_interval_is_that_of_a_ratio_of_sums_over_people() -> None:
    frames = shop()
    people = pd.concat([f[["user_id", "vip"]] for f in frames.values()]).drop_duplicates().set_index("user_id")["vip"]
    paid = frames["orders"].groupby("user_id")["revenue"].sum().reindex(people.index, fill_value=0.0)
    expected = ratio_of_sums(paid.where(people == "in", 0.0).to_numpy(), paid.to_numpy()).floats()
    row = Segments(by="vip").run(Tables(**frames)).table.iloc[0]
    assert tuple(row[["share_of_revenue", "revenue_low", "revenue_high"]]) == pytest.approx(expected, abs=1e-8)


def test_overlaps_are_those_of_sets() -> None:
    frames = shop()
    overlap = Segments(by=("vip", "kind")).run(Tables(**frames)).frame("overlap")
    people = pd.concat([f[["user_id", "vip", "kind"]] for f in frames.values()]).drop_duplicates()
    sets = {("vip", "in"): set(people.query("vip == 'in'")["user_id"])}
    sets |= {("kind", kind): set(own["user_id"]) for kind, own in people.groupby("kind")}
    assert len(overlap) == 9
    for row in overlap.to_dict("records"):
        one, other = sets[row["segment"], row["group"]], sets[row["other"], row["other_group"]]
        assert (row["both"], row["share"]) == (len(one & other), pytest.approx(len(one & other) / len(one)))


def test_before_anything_is_saved_the_datas_own_groups_are_shown() -> None:
    frames = shop()
    frames["events"]["device"] = "ios"
    answer = Segments().run(Tables(**frames))
    assert answer.table["segment"].tolist() == ["device"]
    assert answer.caveat is not None and answer.caveat.code == "none-saved"


def test_a_filter_says_whose_rows_and_which_orders_count() -> None:
    frames = shop()
    frames["orders"]["timestamp"] = pd.Timestamp("2026-11-10")
    late = Segments(by="vip", where=Filter(start="2026-11-15")).run(Tables(**frames)).table
    here = frames["events"][frames["events"]["timestamp"] >= "2026-11-15"]
    assert late["users"].tolist() == [here[here["vip"] == "in"]["user_id"].nunique()]
    assert late["revenue"].tolist() == [0.0]


def test_the_headline_names_who_brings_more_than_their_number_and_who_is_spoken_to_twice() -> None:
    frames = shop()
    frames["events"]["same"], frames["orders"]["same"] = frames["events"]["vip"], frames["orders"]["vip"]
    answer = Segments(by=("vip", "same")).run(Tables(**frames))
    said = answer.say(answer.headline)
    assert "vip brings more than its number" in said.casefold()
    assert "100% of vip is in same as well: who speaks to both speaks to them twice" in said
    none = Segments(by="kind").run(Tables(events=frames["events"]))
    assert "is the largest" in none.say(none.headline)
    assert none.caveat is not None and none.caveat.code == "no-revenue"


def test_who_is_in_it_for_having_paid_is_not_said_to_bring_more() -> None:
    frames = shop()
    for day, where, told in (
        ("2026-11-20", None, False),
        ("2026-11-05", None, False),
        ("2026-11-05", Filter(start="2026-11-06"), True),
        ("2026-11-10", Filter(start="2026-11-06"), False),
    ):
        answer = Segments(by="vip", where=where).run(Tables(**frames, dated={"vip": day}))
        assert ("its number" in answer.say(answer.headline)) == told, (day, where)
        assert any(note.code == "later-segment" for note in answer.notes) != told
    assert Segments().run(Tables(**frames, dated={"vip": "2026-11-20"})).table["segment"].tolist() == ["vip"]


@pytest.mark.long
def test_a_share_that_chance_explains_is_not_called_more_or_less() -> None:
    """Of segments drawn at random the headline says more or less than their number in few runs."""
    runs, told = cases(120), 0
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        frames = shop(seed)
        drawn = {f"u{n}": ("in", "out")[int(rng.random() < 0.7)] for n in range(300)}
        frames = {t: f.assign(vip=f["user_id"].map(drawn), revenue=rng.lognormal(3, 1, len(f))) if t == "orders"
                  else f.assign(vip=f["user_id"].map(drawn)) for t, f in frames.items()}  # fmt: skip
        answer = Segments(by="vip").run(Tables(**frames))
        told += "its number" in answer.say(answer.headline)
    assert told <= 0.12 * runs


def told_of(rng: np.random.Generator, more: float = 1.0) -> str:
    """Return the headline of four groups of 500 people, one in six of whom paid; the first group's pay so much more."""
    own = rng.integers(0, 4, 500)
    paid = np.where(rng.random(500) < 1 / 6, rng.lognormal(4, 1, 500), 0.0) * np.where(own == 0, more, 1.0)
    shares = share_of_sum(Moments.of(paid, own, 4), Moments(*(np.full(1, float(part)) for part in Moments.of(paid))))
    users = np.bincount(own, minlength=4)
    table = pd.DataFrame({"segment": "channel", "group": list("wxyz"), "users": users, "share": users / 500,
                          "share_of_revenue": shares.value, "revenue_low": shares.low, "revenue_high": shares.high,
                          "revenue": np.bincount(own, paid, 4)})  # fmt: skip
    none = pd.DataFrame({"segment": [], "other": [], "share": []})
    return words.headline(table, none, "CNY", {"channel"}).text()


def test_that_a_segment_has_many_groups_is_allowed_for() -> None:
    """Of groups drawn at random a headline in twelve says more or less; by each group's own interval a fifth would."""
    rng = np.random.default_rng(9)
    assert sum("its number" in told_of(rng) for _ in range(400)) <= 0.11 * 400
    assert sum("channel: w brings more than its number" in told_of(rng, 5.0) for _ in range(100)) >= 80


def test_shares_of_revenue_cover_their_truth() -> None:
    """95% intervals of a segment's share, of 400 people who pay log-normal amounts, over many samples of people."""
    rng, runs, covered = np.random.default_rng(3), cases(3000), 0
    population = rng.lognormal(3, 1, 1_000_000) * (rng.random(1_000_000) < 0.6)
    inside = rng.random(1_000_000) < 0.3
    population[inside] *= 2
    truth = population[inside].sum() / population.sum()
    for _ in range(runs):
        drawn = rng.integers(0, len(population), 400)
        paid, own = population[drawn], inside[drawn]
        _, low, high = share_of_sum(Moments.of(paid[own]), Moments.of(paid)).floats()
        covered += low <= truth <= high
    assert 0.93 <= covered / runs <= 0.97


def test_what_is_in_two_currencies_is_not_added_up() -> None:
    frames = shop()
    frames["orders"].loc[:9, "currency"] = "USD"
    answer = Segments(by="vip").run(Tables(**frames))
    kept = frames["orders"].query("currency == 'CNY'")
    own = kept[kept["vip"] == "in"]["revenue"].sum()
    assert (answer.currency, answer.table["revenue"][0]) == ("CNY", pytest.approx(own))
    assert any(note.code == "other-currencies" for note in answer.notes)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Segments(), "No segment is saved yet"),
        (Segments(by="gone"), "There is no saved segment gone"),
        (Segments(by="user_id"), "user_id has too many different values"),
        (Segments(by="vip", where=Filter(start="2027-01-01")), "Nobody is in these segments under these filters"),
    ],
)
def test_what_cannot_be_answered_is_said(asked: Segments, said: str) -> None:
    with pytest.raises(DataError, match=said):
        asked.run(Tables(**shop()))


def test_spend_cannot_be_split_by_people_and_says_why() -> None:
    day = pd.Timestamp("2026-11-01")
    spend = pd.DataFrame({"period_start": [day], "period_end": [day + pd.Timedelta(days=1)], "channel": "ads",
                          "spend": 5.0, "currency": "CNY"})  # fmt: skip
    asked = Performance(where=Filter(segment={"vip": "in"}))
    with pytest.raises(DataError, match=r"paid for by channel and day and not person by person.*Bring a spend report"):
        asked.run(Tables(**shop(), spend=spend))
    with pytest.raises(DataError, match="Filter by audience"):
        asked.run(Tables(**shop(), spend=spend.assign(audience="a")))
    found = Performance(where=Filter(segment={"audience": "a"})).run(Tables(**shop(), spend=spend.assign(audience="a")))
    assert found.table["spend"][0] == 5.0
