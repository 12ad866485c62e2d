"""Which people does each part of the spend bring, and do they buy?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

import narwhals as nw
import numpy as np
import pandas as pd

from analysis.arrays import Floats
from analysis.audience.days import Lazy
from analysis.charts import GROUP_WORDS, NOT_SET
from analysis.estimates import SMALL, clear, doubt, proportion, ratio, share
from analysis.fields import Field, bounds
from analysis.messages import N_
from analysis.money import Currency, currency_of
from analysis.periods import known_until
from analysis.purchases import purchases
from analysis.tables import Tables, collect, instant
from analysis.values import Filter
from analysis.vocabulary import INTENTS

UNKNOWN = N_("too few to tell")
MONEY: Mapping[str, Field] = MappingProxyType(
    {
        "channel": Field(N_("Channel"), "text", of="channel"),
        "audience": Field(N_("Audience"), "text", dict(GROUP_WORDS), of="audience"),
        "spend": Field(N_("Spend"), "money"),
        "share": Field(N_("Share of the channel's spend"), "share"),
        "intent": Field(N_("Intent"), "text", {word: word for word in (*INTENTS, UNKNOWN)}),
        "users": Field(N_("Users brought"), "count"),
        "bought": Field(N_("Of them bought"), "count"),
        "rate": Field(N_("Share that bought"), "share"),
        **bounds("share"),
        "ratio": Field(N_("Over all others' share"), "ratio"),
        "ratio_low": Field(N_("Over all others': 95% from"), "ratio"),
        "ratio_high": Field(N_("Over all others': 95% to"), "ratio"),
        "probability": Field(N_("Their mean probability now"), "share"),
    }
)
_TIMES = 2.0
"""How many times as often as all others people buy whose intent is high; low is the inverse."""
_KEYS = ["channel", "audience"]


class Spent(NamedTuple):
    """A row per channel and audience of the spend report, and the currency it is counted in."""

    table: pd.DataFrame
    currency: Currency
    lacks: bool


def spent_on(tables: Tables, where: Filter | None, within: int, wanted: str | None, scored: Lazy) -> Spent:
    """Return what was spent on whom: by channel and audience, with what the people it brought did.

    Parameters
    ----------
    tables : Tables
    where : Filter, optional
        Columns that a table lacks do not restrict it.
    within : int
        Days that everybody brought is given; who has not had them yet does not count.
    wanted : str, optional
        The currency.
    scored : LazyFrame
        Everybody's probability: user_id and probability.

    Notes
    -----
    A user is brought by a channel and audience of their visits, however often, from the first of these on. A row's
    intent is high or low where its people bought at least twice, or at most half, as often as those of all other rows
    and the difference is beyond chance (false discovery rate of 5% over the rows); names play no part in it.
    """
    empty = pd.DataFrame({name: pd.Series(dtype=_DTYPES.get(own.unit, "object")) for name, own in MONEY.items()})
    if not tables.count("spend") or "channel" not in tables.present("events"):
        return Spent(empty, Currency(None), lacks=True)
    spent = _keyed(tables, tables.frame("spend", _held(tables, "spend", where)), "spend")
    currency = currency_of(tables, spent, wanted, amount="spend", at="period_start")
    amounts = spent.select(*_KEYS, spend=nw.col("spend") * currency.factor("period_start")).drop_nulls("spend")
    money = collect(amounts.group_by(*_KEYS).agg(spend=nw.col("spend").sum()))
    if money.empty:
        return Spent(empty, currency, lacks=True)
    people = _brought(tables, where, within, scored)
    table = money.merge(people, on=_KEYS, how="left").sort_values(_KEYS, ignore_index=True)
    table = table.fillna({"users": 0, "bought": 0}).astype({"users": "int64", "bought": "int64"})
    return Spent(_judged(table), currency, lacks=False)


_DTYPES = {"count": "int64", "money": "float64", "share": "float64", "ratio": "float64"}


def _held(tables: Tables, table: str, where: Filter | None) -> Filter | None:
    """Return a filter without the columns that a table lacks."""
    lacks = [column for column in (where.columns() if where else ()) if column not in tables.present(table)]
    return where.without(*lacks) if where else None


def _keyed(tables: Tables, rows: Lazy, table: str) -> Lazy:
    """Return rows whose audience is never null, and the same for all where a table has none."""
    both = all("audience" in tables.present(each) for each in ("spend", "events"))
    return rows.with_columns(audience=nw.col("audience").fill_null(NOT_SET) if both else nw.lit(NOT_SET))


def _brought(tables: Tables, where: Filter | None, within: int, scored: Lazy) -> pd.DataFrame:
    """Count the users that each channel and audience brought, those who bought in time, and their probability now."""
    window = dt.timedelta(days=within)
    last = known_until(tables, where=where) - window
    visits = _keyed(tables, tables.frame("events", _held(tables, "events", where)), "events")
    visits = visits.filter(~nw.col("channel").is_null())
    first = visits.group_by("user_id", *_KEYS).agg(first=nw.col("timestamp").min())
    first = first.filter(nw.col("first") <= instant(last))
    paid = purchases(tables, where.replace(start=None, end=None) if where else None).rows
    paid = paid.filter(~nw.col("user_id").is_null()).select("user_id", "paid_at")
    in_time = (nw.col("paid_at") >= nw.col("first")) & (nw.col("paid_at") <= nw.col("first") + nw.lit(window))
    bought = first.join(paid, on="user_id", how="inner").filter(in_time).select("user_id", *_KEYS).unique()
    bought = bought.with_columns(bought=nw.lit(1))
    each = first.join(bought, on=["user_id", *_KEYS], how="left").join(scored, on="user_id", how="left")
    counted = each.group_by(*_KEYS).agg(
        users=nw.len(), bought=nw.col("bought").sum(), probability=nw.col("probability").mean()
    )
    return collect(counted)


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    """Add rates, their ratio to that of all other rows together, and each row's intent."""
    users, bought = (table[c].to_numpy(float) for c in ("users", "bought"))
    rate, low, high = proportion(bought, users)
    against = ratio(bought, users, bought.sum() - bought, users.sum() - users)
    table = table.assign(
        share=share(table["spend"], table.groupby("channel")["spend"].transform("sum")),
        rate=rate,
        low=low,
        high=high,
        ratio=against.value,
        ratio_low=against.low,
        ratio_high=against.high,
        intent=_intent(users, against.value, doubt(against)),
    )
    return table[list(MONEY)]


def _intent(users: Floats, times: Floats, p: Floats) -> list[str]:
    told = clear(np.where(times == 0, 0.0, p))
    high, medium, low = INTENTS
    named = np.where(told & (times >= _TIMES), high, np.where(told & (times <= 1 / _TIMES), low, medium))
    return [UNKNOWN if n < SMALL else str(name) for n, name in zip(users, named, strict=True)]
