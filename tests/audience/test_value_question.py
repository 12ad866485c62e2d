"""Customer value from orders: what counts, what adds up, what is refused, and how days held back were foretold."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from audience.shoppers import shoppers
from scipy.stats import binom
from sizes import cases

from analysis import ExchangeRate, Filter, LifetimeValue, Tables, ValueHoldout
from analysis.audience.value import buying, spending
from analysis.audience.value.buying import Histories
from analysis.audience.value.holdout import ValueHoldoutAnswer
from analysis.audience.value.question import LifetimeValueAnswer
from analysis.charts import TOTAL
from analysis.errors import DataError, QuestionError
from analysis.vocabulary import VALUE_BANDS


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return shoppers(1, 2500)


@pytest.fixture(scope="module")
def shop(rows: pd.DataFrame) -> Tables:
    return Tables(orders=rows)


def answered(question: LifetimeValue, tables: Tables) -> LifetimeValueAnswer:
    answer = question.run(tables)
    assert isinstance(answer, LifetimeValueAnswer)
    return answer


def codes(answer: LifetimeValueAnswer | ValueHoldoutAnswer) -> set[str]:
    return {note.code for note in answer.notes}


def histories(rows: pd.DataFrame, last: pd.Timestamp) -> tuple[pd.DataFrame, Histories]:
    """Return each customer's days and amounts, reckoned customer by customer."""
    days = rows.assign(day=rows["timestamp"].dt.normalize()).groupby(["user_id", "day"])["revenue"].sum()
    found = []
    for user, own in days.groupby(level=0):
        at, paid = own.index.get_level_values(1), own.to_numpy()
        again = paid[1:].mean() if len(at) > 1 else 0.0
        found.append((user, len(at) - 1, (at[-1] - at[0]).days, (last - at[0]).days, again, paid.sum()))
    table = pd.DataFrame(found, columns=["user", "x", "last", "age", "amount", "paid"])
    return table, Histories.of(*(table[c].to_numpy() for c in ("x", "last", "age")))[0]


def test_figures_are_those_of_customers_reckoned_one_by_one(rows: pd.DataFrame, shop: Tables) -> None:
    answer = answered(LifetimeValue(days=60, at="2026-12-20"), shop)
    until = pd.Timestamp("2026-12-20")
    table, of = histories(rows[rows["timestamp"] < until + pd.Timedelta(days=1)], until)
    fitted, own = buying.fit("mbg-nbd", of), table[table["x"] > 0]
    amounts = spending.fit(own["x"].to_numpy(), own["amount"].to_numpy())
    assert fitted is not None
    assert amounts is not None
    alone = Histories(*(table[c].to_numpy() for c in ("x", "last", "age")), np.ones(len(table)))
    value = fitted.purchases(alone, 60) * amounts.mean(alone.x, table["amount"].to_numpy())
    whole = answer.table.iloc[0]
    assert whole["group"] == TOTAL
    assert whole["customers"] == len(table)
    assert whole["paid"] == pytest.approx(table["paid"].sum())
    assert whole["purchases"] == pytest.approx(fitted.purchases(alone, 60).sum(), rel=1e-5)
    assert whole["value"] == pytest.approx(value.sum(), rel=1e-5)
    assert whole["alive"] == pytest.approx(fitted.alive(alone).mean(), rel=1e-5)
    ranked = np.sort(value)[::-1]
    best = answer.table.iloc[1]
    assert best["value"] == pytest.approx(ranked[: int(best["customers"])].sum(), rel=1e-5)


def test_fifths_add_up_and_never_overlap(shop: Tables) -> None:
    asked = LifetimeValue()
    answer = answered(asked, shop)
    parts = answer.table.iloc[1:]
    assert parts["group"].tolist() == list(VALUE_BANDS)
    for column in ("customers", "purchases", "value", "paid"):
        assert parts[column].sum() == pytest.approx(float(answer.table[column].iloc[0])), column
    assert parts["per_customer"].is_monotonic_decreasing
    assert (answer.table["low"] < answer.table["value"]).all()
    assert (answer.table["value"] < answer.table["high"]).all()
    members = asked.members(shop).to_pandas()
    assert members["user_id"].is_unique
    assert members["stage"].value_counts().to_dict() == dict(zip(parts["group"], parts["customers"], strict=True))


def test_both_models_stand_beside_each_other(shop: Tables) -> None:
    models = answered(LifetimeValue(), shop).frame("models").set_index("model")
    assert models["chosen"].to_dict() == {"mbg-nbd": True, "bg-nbd": False}
    assert models.loc["bg-nbd", "alive_once"] == 1
    assert models.loc["mbg-nbd", "alive_once"] < 0.9
    other = answered(LifetimeValue(model="bg-nbd"), shop)
    assert other.table["alive"].iloc[0] == pytest.approx(models.loc["bg-nbd", "alive"])
    text = next(note for note in other.notes if note.code == "both-models").message.text()
    assert text.startswith("BG/NBD calls all ")


def test_orders_of_a_day_are_one_errand_and_refunds_are_taken_off(rows: pd.DataFrame, shop: Tables) -> None:
    half = rows.assign(revenue=rows["revenue"] / 2)
    late = half.assign(order_id=half["order_id"] + "b", timestamp=half["timestamp"] + pd.Timedelta(minutes=1))
    late["paid_at"] = late["timestamp"]
    same = rows["timestamp"].dt.date == late["timestamp"].dt.date
    split = Tables(orders=pd.concat([half[same], late[same], rows[~same]]))
    taken = Tables(orders=rows.assign(revenue=rows["revenue"] + 5, refund=5.0))
    whole = answered(LifetimeValue(), shop).table
    for other in (split, taken):
        pd.testing.assert_frame_equal(answered(LifetimeValue(), other).table, whole, rtol=1e-6)


def test_the_filters_dates_are_those_of_the_first_purchase(rows: pd.DataFrame) -> None:
    asked = LifetimeValue(where=Filter(start="2026-03-01", end="2026-07-31"))
    first = rows.groupby("user_id")["timestamp"].min()
    own = first[(first >= "2026-03-01") & (first < "2026-08-01")].index
    answer = answered(asked, Tables(orders=rows))
    alone = answered(LifetimeValue(), Tables(orders=rows[rows["user_id"].isin(own)]))
    assert answer.table["customers"].iloc[0] == len(own)
    last = rows["timestamp"].max().date() == rows[rows["user_id"].isin(own)]["timestamp"].max().date()
    assert last  # else the two would not be watched alike
    pd.testing.assert_frame_equal(answer.table, alone.table)


# ---- what is refused --------------------------------------------------------------------------------------


def test_few_who_bought_again_say_nothing(rows: pd.DataFrame) -> None:
    few = Tables(orders=rows[rows["user_id"].isin(rows["user_id"].unique()[:250])])
    answer = answered(LifetimeValue(), few)
    assert "customers bought on a second day, and fewer than 200 do not tell" in answer.say(answer.headline)
    assert answer.table["value"].isna().all()
    assert answer.table["customers"].tolist() == [250]
    with pytest.raises(DataError, match="fewer than 200"):
        LifetimeValue().members(few)
    held = ValueHoldout().run(few)
    assert "fewer than 200" in held.say(held.headline)
    assert held.table["expected"].isna().all()


def test_one_buyer_and_orders_of_one_day_are_said_in_words(rows: pd.DataFrame) -> None:
    at_once = rows.assign(timestamp=rows["timestamp"].iloc[0], paid_at=rows["timestamp"].iloc[0])
    for own in (rows[rows["user_id"] == rows["user_id"].iloc[0]], at_once):
        answer = answered(LifetimeValue(), Tables(orders=own))
        assert "bought on a second day" in answer.say(answer.headline)
    with pytest.raises(DataError, match="The purchases here span only 1 day: too few"):
        ValueHoldout().run(Tables(orders=at_once))


def test_amounts_without_a_mean_give_purchases_and_no_value(rows: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    users = rows["user_id"].unique()
    level = dict(zip(users, 1 / rng.gamma(0.7, 1.0, len(users)), strict=True))
    wild = rows.assign(revenue=rows["user_id"].map(level) * rng.gamma(6.0, 1.0, len(rows)))
    answer = answered(LifetimeValue(), Tables(orders=wild))
    assert codes(answer) >= {"value-endless"} or codes(answer) >= {"value-tied"}
    assert answer.table["value"].isna().all()
    assert (answer.table["purchases_low"] < answer.table["purchases"]).all()
    assert "What that brings cannot be said" in answer.say(answer.headline)
    assert "Expected purchases" in str(answer.chart().to_dict())


def test_frequency_and_spend_that_go_together_give_no_value(rows: pd.DataFrame) -> None:
    often = rows.groupby("user_id")["order_id"].transform("size")
    answer = answered(LifetimeValue(), Tables(orders=rows.assign(revenue=20.0 + 10 * often)))
    assert "value-tied" in codes(answer)
    assert answer.table["value"].isna().all()


def test_purchases_without_amounts_give_no_value(rows: pd.DataFrame) -> None:
    events = rows[["user_id", "timestamp"]].assign(event="purchase", value=np.where(rows.index == 0, 9.0, np.nan))
    answer = answered(LifetimeValue(), Tables(events=events))
    assert "value-few" in codes(answer)
    assert answer.table["purchases"].notna().all()


def test_customers_who_paid_in_another_currency_are_left_out(rows: pd.DataFrame) -> None:
    abroad = rows["user_id"].isin(rows["user_id"].unique()[:100])
    mixed = rows.assign(currency=np.where(abroad & (rows.index % 2 == 0), "USD", "CNY"))
    out = set(mixed[mixed["currency"] == "USD"]["user_id"])
    answer = answered(LifetimeValue(), Tables(orders=mixed))
    assert answer.table["customers"].iloc[0] == mixed["user_id"].nunique() - len(out)
    assert "other-currencies" in codes(answer)
    rate = ExchangeRate(currency="USD", day="2025-12-01", rate=1.0, into="CNY")
    whole = answered(LifetimeValue(), Tables(orders=mixed, rates=[rate]))
    pd.testing.assert_frame_equal(whole.table, answered(LifetimeValue(), Tables(orders=rows)).table)


def test_looking_further_than_customers_were_watched_is_said(shop: Tables) -> None:
    assert "far-ahead" in codes(answered(LifetimeValue(days=1000), shop))
    assert "far-ahead" not in codes(answered(LifetimeValue(days=90), shop))


WARMED = """
import pandas as pd
from analysis import LifetimeValue, Tables, ValueHoldout
from analysis.audience.value import buying, kernel

kernels = (kernel.likelihood, kernel.alive, kernel.ahead, kernel.stays)
buying.warm()
compiled = [list(k.signatures) for k in kernels]
assert all(compiled), compiled
from audience.shoppers import shoppers
tables = Tables(orders=shoppers(1, 1500))
for asked in (LifetimeValue(), ValueHoldout()):
    asked.run(tables)
assert compiled == [list(k.signatures) for k in kernels], [list(k.signatures) for k in kernels]
"""


def test_nothing_is_compiled_after_warming() -> None:
    places = os.pathsep.join(sys.path)
    done = subprocess.run([sys.executable, "-c", WARMED], capture_output=True, text=True, check=False,
                          env={**os.environ, "PYTHONPATH": places})  # fmt: skip
    assert not done.returncode, done.stderr


# ---- days held back ---------------------------------------------------------------------------------------


def held_back(tables: Tables, **asked: object) -> ValueHoldoutAnswer:
    answer = ValueHoldout(held=90, at="2026-12-26", **asked).run(tables)  # type: ignore[arg-type]
    assert isinstance(answer, ValueHoldoutAnswer)
    return answer


def test_what_came_is_counted_and_what_was_foretold_added_up(rows: pd.DataFrame, shop: Tables) -> None:
    answer = held_back(shop)
    cut = pd.Timestamp("2026-09-28")
    days = rows.assign(day=rows["timestamp"].dt.normalize())[["user_id", "day"]].drop_duplicates()
    first = days.groupby("user_id")["day"].min()
    known = first[first < cut].index
    after = days[days["user_id"].isin(known) & (days["day"] >= cut) & (days["day"] <= "2026-12-26")]
    assert answer.table["actual"].iloc[-1] == len(after)
    half = answer.table.iloc[len(answer.table) // 2]
    assert half["actual"] == (after["day"] <= half["day"]).sum()
    table, of = histories(rows[rows["timestamp"] < cut], cut - pd.Timedelta(days=1))
    fitted = buying.fit("mbg-nbd", of)
    assert fitted is not None
    assert len(table) == len(known)
    assert answer.table["expected"].iloc[-1] == pytest.approx(float(fitted.purchases(of, 90) @ of.weight), rel=1e-5)
    assert answer.table["expected"].is_monotonic_increasing


@pytest.mark.long
def test_the_interval_holds_what_comes_as_often_as_it_says() -> None:
    sets = cases(60)
    held = [held_back(Tables(orders=shoppers(100 + seed, 1500))).table.iloc[-1] for seed in range(sets)]
    inside = sum(bool(row["low"] <= row["actual"] <= row["high"]) for row in held)
    assert binom.ppf(1e-4, sets, 0.95) <= inside


def test_a_change_of_habits_is_told_from_chance(rows: pd.DataFrame) -> None:
    """Two in three of the purchases held back are taken away."""
    at = pd.Timestamp("2026-09-28")
    gone = rows[(rows["timestamp"] < at) | (rows.index % 3 == 0)]
    answer = held_back(Tables(orders=pd.concat([gone, rows.tail(1)])))
    assert "It was wrong by more than chance" in answer.say(answer.headline)
    right = held_back(Tables(orders=rows))
    assert "It can be relied on for as long" in right.say(right.headline)


def test_more_days_than_there_are_cannot_be_held_back(shop: Tables) -> None:
    with pytest.raises(QuestionError, match="900 days cannot be held back"):
        ValueHoldout(held=900).run(shop)
