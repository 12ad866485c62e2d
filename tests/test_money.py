"""One currency at a time: which one, what is left out or converted, and what money brings for what was spent."""

from __future__ import annotations

import narwhals as nw
import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.messages import say
from analysis.money import Currency, Sum, currency_of, known, profit_roi, roas, roi
from analysis.records import ExchangeRate
from analysis.tables import Tables
from analysis.values import Campaign

CNY = Campaign(name="c", start="2026-11-01", end="2026-11-30", currency="CNY")


def sold(*rows: tuple[float, str, str]) -> nw.LazyFrame:
    frame = pd.DataFrame(rows, columns=["amount", "currency", "paid_at"])
    return nw.from_native(
        frame.assign(paid_at=pd.to_datetime(frame["paid_at"], format="ISO8601").astype("datetime64[us]"))
    ).lazy()


def rate(currency: str, day: str, value: float, into: str = "CNY") -> ExchangeRate:
    return ExchangeRate(currency=currency, day=day, rate=value, into=into)


MIXED = sold((1.0, "USD", "2026-11-02"), (2.0, "USD", "2026-11-03"), (10.0, "CNY", "2026-11-02"))


def amounts(found: Currency, frame: nw.LazyFrame) -> list[float]:
    return frame.select(x=nw.col("amount") * found.factor()).collect("pyarrow").to_pandas()["x"].tolist()


def test_the_currency_asked_for_else_the_campaigns_else_that_of_most_rows() -> None:
    plain, own = Tables(), Tables(campaign=CNY)
    assert currency_of(plain, MIXED).code == "USD"
    assert currency_of(own, MIXED).code == "CNY"
    assert currency_of(own, MIXED, "USD").code == "USD"
    assert currency_of(Tables(campaign=CNY.replace(currency="EUR")), MIXED).code == "USD"
    assert currency_of(own, sold()).code == "CNY"
    assert currency_of(plain, sold()).code is None
    assert currency_of(plain, sold((1.0, "b", "2026-11-01"), (1.0, "a", "2026-11-01"))).code == "a"


def test_others_are_named_and_never_added_or_taken_for_nothing() -> None:
    found = currency_of(Tables(campaign=CNY), MIXED)
    assert (found.rows, found.others, found.converted) == (3, (Sum("USD", 3.0, 2),), ())
    assert np.array_equal(amounts(found, MIXED), [np.nan, np.nan, 10.0], equal_nan=True)
    (note,) = found.notes(say("revenue"))
    assert note.code == "other-currencies"
    assert note.message.text() == "Only revenue in CNY is counted. Left out: $3.00 (66.7% of 3 rows)."
    assert note.message.text("zh_CN") != note.message.text()


def test_a_rate_converts_by_its_day_or_the_last_before_it() -> None:
    tables = Tables(campaign=CNY, rates=[rate("USD", "2026-11-03", 7.0), rate("USD", "2026-11-05", 8.0)])
    frame = sold(
        (1.0, "USD", "2026-11-02 15:59"),  # the 2nd in Shanghai: no rate yet
        (1.0, "USD", "2026-11-02 16:00"),
        (1.0, "USD", "2026-11-04 15:59"),
        (1.0, "USD", "2026-11-04 16:00"),
        (1.0, "USD", "2027-01-01"),
        (5.0, "CNY", "2026-01-01"),
        (9.0, "EUR", "2026-11-04"),
    )
    found = currency_of(tables, frame)
    assert np.array_equal(amounts(found, frame), [np.nan, 7.0, 7.0, 8.0, 8.0, 5.0, np.nan], equal_nan=True)
    assert found.others == (Sum("USD", 1.0, 1), Sum("EUR", 9.0, 1))
    assert found.converted == (Sum("USD", 4.0, 4),)
    assert {note.code for note in found.notes(say("revenue"))} == {"other-currencies", "converted-currencies"}
    # The other way round, for whoever asks for dollars.
    dollars = currency_of(tables, frame, "USD")
    assert dollars.code == "USD"
    assert amounts(dollars, sold((14.0, "CNY", "2026-11-04")))[0] == 2.0


@pytest.mark.long
def test_years_of_daily_rates_are_looked_up_alike() -> None:
    days = pd.date_range("2024-01-01", periods=1200)
    rates = [rate("USD", day.date().isoformat(), 1.0 + i) for i, day in enumerate(days)]
    rng = np.random.default_rng(1)
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 1300 * 24, 200), unit="h")
    frame = sold(*((1.0, "USD", str(moment)) for moment in at), (1.0, "CNY", "2024-01-01"))
    tables = Tables(orders=_orders(at), campaign=CNY.replace(zone="UTC"), rates=rates)
    paid = tables.frame("orders").rename({"revenue": "amount"})
    expected = sorted(min((moment - days[0]).days, 1199) + 1.0 for moment in at)
    assert sorted(amounts(currency_of(tables, paid, "CNY"), paid)) == expected
    assert sorted(amounts(currency_of(tables, frame), frame))[1:] == expected


def _orders(at: pd.DatetimeIndex) -> pd.DataFrame:
    names = [f"o{i}" for i in range(len(at))]
    return pd.DataFrame({"order_id": names, "timestamp": at, "paid_at": at, "revenue": 1.0, "currency": "USD"})


def test_a_currency_nothing_is_in_is_refused_with_those_there_are() -> None:
    tables = Tables(
        orders=_orders(pd.DatetimeIndex(["2026-11-01"])), campaign=CNY, rates=[rate("USD", "2026-11-01", 7)]
    )
    known(tables, None, "orders")
    known(tables, "CNY", "orders")  # dollars convert into it
    known(tables, "CNY", "events")
    with pytest.raises(DataError, match=r"There is no currency 'EUR'. .*USD"):
        known(tables, "EUR", "orders", "spend")


def test_what_money_brings() -> None:
    assert roi([300.0, 1.0], [100.0, 0.0])[0] == roas(300.0, 100.0) == 3.0
    assert np.isnan(roi(1.0, 0.0))
    assert profit_roi(300.0, 100.0, 0.4) == pytest.approx((0.4 * 300 - 100) / 100)
