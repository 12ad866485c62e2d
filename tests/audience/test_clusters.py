"""Clusters: three planted ones are found, none where there are none, and everybody is put where they are counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sizes import cases

from analysis import Clusters, Tables
from analysis.arrays import Floats
from analysis.audience.clusters.kernel import apart, groups, nearest
from analysis.audience.clusters.question import SAMPLE
from analysis.errors import DataError

N, COUNTS = 240, 5


def standard(people: Floats) -> Floats:
    scaled: Floats = (people - people.mean(axis=0)) / people.std(axis=0)
    return scaled


def planted(rng: np.random.Generator) -> Floats:
    """Return three round groups whose middles lie four standard deviations from one another."""
    middles = np.zeros((3, COUNTS))
    middles[:, :2] = 4 * np.array([[0, 0], [1, 0], [0.5, 0.75**0.5]])
    turned, _ = np.linalg.qr(rng.normal(size=(COUNTS, COUNTS)))
    return standard((middles[rng.integers(0, 3, N)] + rng.normal(size=(N, COUNTS))) @ turned)


def shuffled(rng: np.random.Generator) -> Floats:
    return np.column_stack([rng.permutation(column) for column in planted(rng).T])


def cloud(rng: np.random.Generator) -> Floats:
    """Return one long cloud: all counts go together, and there is no gap."""
    return standard(rng.normal(size=(N, 1)) + 0.5 * rng.normal(size=(N, COUNTS)))


@pytest.mark.long
def test_three_planted_groups_are_found() -> None:
    rng, runs = np.random.default_rng(1), cases(100)
    found = [groups(planted(rng), rng) for _ in range(runs)]
    assert sum(one.clear and one.number == 3 for one in found) >= 0.9 * runs


@pytest.mark.parametrize("without", [shuffled, cloud])
@pytest.mark.long
def test_where_there_are_no_groups_none_are_found(without: object) -> None:
    rng, runs = np.random.default_rng(2), cases(100)
    assert sum(groups(without(rng), rng).clear for _ in range(runs)) <= 0.1 * runs  # type: ignore[operator]


def test_how_far_groups_lie_apart_is_that_of_two_means() -> None:
    rng = np.random.default_rng(3)
    people, labels = rng.normal(size=(90, 2)), rng.integers(0, 3, 90)
    found = apart(people, labels, 3)
    one, others = people[labels == 1], people[labels != 1]
    assert found.value[1] == pytest.approx(one.mean(axis=0) - others.mean(axis=0))
    error = np.sqrt(one.var(axis=0) / len(one) + others.var(axis=0) / len(others))
    assert found.high[1] - found.value[1] == pytest.approx(1.959964 * error)


def made(users: int = 400, *, sorts: bool = True, seed: int = 5) -> Tables:
    """Return people who look, who search and who share: three sorts, or one. All came last on one day."""
    rng, rows = np.random.default_rng(seed), []
    start = pd.Timestamp("2026-01-01")
    for user in range(users):
        sort = user % 3
        rates = np.where(np.arange(3) == sort, 14.0, 0.7) if sorts else np.full(3, 4.0)
        for event, n in zip(("view", "search", "share"), rng.poisson(rates), strict=True):
            rows += [(f"u{user}", start + pd.Timedelta(hours=int(h)), event) for h in rng.integers(0, 600, n)]
        rows.append((f"u{user}", start + pd.Timedelta(hours=601), "view"))
    return Tables(events=pd.DataFrame(rows, columns=["user_id", "timestamp", "event"]))


def test_sorts_of_people_are_told_in_words() -> None:
    held = made()
    answer = Clusters().run(held)
    assert "fall into 3 groups" in answer.text()
    assert answer.table["share"].tolist() == pytest.approx([1 / 3] * 3, abs=0.02)
    said = answer.shown("table", "en")["traits"]
    for deed in ("viewed a product", "searched", "shared"):
        assert sum(f"Above others in how often they {deed}" in text for text in said) == 1
    members = Clusters().members(held).to_pandas()
    sorts = members["user_id"].str[1:].astype(int) % 3
    assert pd.crosstab(sorts, members["stage"]).max(axis=1).sum() >= 0.98 * len(members)
    assert members["stage"].value_counts().to_dict() == answer.table.set_index("group")["users"].to_dict()


def test_everybody_is_put_into_the_nearest_where_the_data_are() -> None:
    """The engine's expression and the kernel agree for every one of the people drawn."""
    from analysis.audience.clusters.question import _drawn, _placed

    held, asked = made(), Clusters()
    drawn = _drawn(asked, held)
    placed = _placed(asked, held, drawn).collect("pyarrow").to_pandas().sort_values("user_id")["place"]
    assert placed.to_numpy().tolist() == nearest(drawn.people, drawn.found.centres).tolist()


def test_no_clear_groups_are_said() -> None:
    held = made(sorts=False)
    answer = Clusters().run(held)
    assert "no clear groups" in answer.text()
    assert answer.table[["group", "users"]].to_numpy().tolist() == [["(total)", answer.table["users"].iloc[0]]]
    with pytest.raises(DataError, match="none can be saved"):
        Clusters().members(held)


def test_many_people_are_drawn_and_it_is_said() -> None:
    answer = Clusters(seed=2).run(made(SAMPLE + 500))
    assert f"among {SAMPLE:,} users drawn of {SAMPLE + 500:,}" in answer.text()
    assert int(answer.table["users"].sum()) == SAMPLE + 500


def test_the_same_seed_gives_the_same_groups() -> None:
    held = made()
    assert Clusters(seed=4).run(held).table.equals(Clusters(seed=4).run(held).table)


def test_odd_data_is_told_in_words() -> None:
    with pytest.raises(DataError, match="Only 50 users were seen"):
        Clusters().run(made(50))
    events = pd.DataFrame({"user_id": [f"u{i}" for i in range(200)], "timestamp": pd.Timestamp("2026-01-01"),
                           "event": "view"})  # fmt: skip
    with pytest.raises(DataError, match="exactly the same"):
        Clusters().run(Tables(events=events))


def test_buyers_are_a_group_of_their_own_in_the_sample(sample: Tables) -> None:
    said = Clusters().run(sample).shown("table", "en")
    assert said["traits"].str.contains("Above others in how often they bought").sum() == 1
