"""Whether an audience holds the high-value users: ties, the day that value is taken before, and what is said."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import Coverage, Filter, Tables
from analysis.errors import DataError

DAY = pd.Timestamp("2026-11-01 12:00")


def tables(revenue: list[float], targeted: list[int], **columns: object) -> Tables:
    """Return a buyer per revenue, of whom those numbered are of the audience."""
    users = [f"u{i}" for i in range(len(revenue))]
    orders = pd.DataFrame({"order_id": users, "user_id": users, "revenue": revenue, "currency": "CNY",
                           "timestamp": DAY, "paid_at": DAY})  # fmt: skip
    seen = [*(f"u{i}" for i in targeted), *users]
    audience = ["vip"] * len(targeted) + [None] * len(users)
    events = pd.DataFrame({"user_id": seen, "timestamp": DAY, "event": "visit", "audience": audience})
    return Tables(events=events, orders=orders.assign(**columns))


ASKED = Coverage(audience=Filter(segment={"audience": "vip"}), at="2026-11-10")


def test_whoever_is_worth_as_much_as_the_last_is_high_value_too() -> None:
    table = ASKED.replace(top=0.2).run(tables([50.0, 40.0, 40.0, 40.0, *[1.0] * 6], [0, 1, 9])).table
    assert table[["users", "targeted", "value", "targeted_value"]].to_numpy().tolist() == [
        [4, 2, 170, 90],
        [6, 1, 6, 1],
    ]


def test_what_is_paid_from_the_day_on_makes_nobody_high_value() -> None:
    late = pd.Timestamp("2026-11-10 00:00")
    given = tables([50.0, 40.0, 900.0], [2], paid_at=[DAY, DAY, late])
    table = ASKED.replace(top=0.5).run(given).table
    assert table["users"].tolist() == [1, 1]
    assert table["targeted"].tolist() == [0, 0]


def test_covered_uncovered_and_too_few_to_tell() -> None:
    revenue = [100.0] * 200 + [1.0] * 800
    said = [ASKED.run(tables(revenue, list(range(n)))).text() for n in (190, 100, 162)]
    assert ["it covers the 80.0%" in said[0], "holds only" in said[1], "cannot be told" in said[2]] == [True] * 3


def test_nobody_worth_anything_and_no_users_are_told() -> None:
    with pytest.raises(DataError, match="Nobody had paid anything before 2026-10-01"):
        ASKED.replace(at="2026-10-01").run(tables([5.0], [0]))
    with pytest.raises(DataError, match="who ordered"):
        ASKED.run(tables([5.0], [0], user_id=None))


def test_an_audience_of_everybody_is_said() -> None:
    answer = ASKED.replace(audience=Filter()).run(tables([5.0, 4.0], [0]))
    assert answer.caveat is not None
    assert answer.caveat.code == "everybody"
