"""Which conversion is an order's? The first that names it: whatever names it again is no further one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
import pyarrow as pa

from analysis.arrays import Floats, Ints
from analysis.journey.attribution.definition import AttributionDefinition
from analysis.tables import Tables, collect
from analysis.values import Filter

Lazy = nw.LazyFrame[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """Orders that several conversion events name, and the event that is each one's conversion.

    Parameters
    ----------
    orders : Arrow array of str
    time : ndarray of int64
        That event's moment in microseconds; of several of a moment it is one.
    user : Arrow array of str
        Whose it is; empty where the moments alone tell, so that names need not be read.
    value : ndarray of float64
        What all events of the order say they are worth, together; NaN where none says.
    further : ndarray of int64
        Moments of the other events.
    """

    orders: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    time: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    user: pa.Array = field(default_factory=lambda: pa.array([], pa.string()))
    value: Floats = field(default_factory=lambda: np.empty(0))
    further: Ints = field(default_factory=lambda: np.empty(0, np.int64))


def orders_named(tables: Tables, where: Filter | None, conversion: str) -> Lazy:
    """Return the orders that conversion events name, whatever the dates: order_id, `named` (first when), `events`."""
    rows = _naming(tables, where, conversion).group_by("order_id")
    return rows.agg(named=nw.col("timestamp").min(), events=nw.len())


def named_again(asked: AttributionDefinition, tables: Tables) -> Again:
    """Return the orders that several conversion events under the filter name; its dates do not matter."""
    if "order_id" not in tables.present("events"):
        return Again()

    def any_at_all() -> bool:
        several = orders_named(tables, None, asked.conversion).filter(nw.col("events") > 1)
        return bool(collect(several.select(n=nw.len()))["n"].iloc[0])

    if not tables.fact(f"orders named again by {asked.conversion}", any_at_all):
        return Again()
    several = orders_named(tables, asked.where, asked.conversion).filter(nw.col("events") > 1).select("order_id")
    value = nw.col("value") if "value" in tables.present("events") else nw.lit(None, nw.Float64)
    rows = _naming(tables, asked.where, asked.conversion).join(several, on="order_id", how="semi")
    return _settled(collect(rows.select("order_id", "timestamp", "user_id", value=value.cast(nw.Float64))))


def _naming(tables: Tables, where: Filter | None, conversion: str) -> Lazy:
    frame = tables.frame("events", where.replace(start=None, end=None) if where else None)
    return frame.filter(nw.col("event_key") == tables.event_keys[conversion], ~nw.col("order_id").is_null())


def _settled(rows: pd.DataFrame) -> Again:
    rows = rows.sort_values(["order_id", "timestamp", "user_id"], ignore_index=True)
    time = rows["timestamp"].to_numpy("datetime64[us]").astype(np.int64)
    first, who = ~rows["order_id"].duplicated().to_numpy(), rows["user_id"].to_numpy()
    at_once = ~first[1:] & (time[1:] == time[:-1]) & (who[1:] != who[:-1])
    return Again(
        orders=pa.array(rows["order_id"][first], pa.string()),
        time=time[first],
        user=pa.array(who[first] if at_once.any() else [], pa.string()),
        value=rows.groupby("order_id")["value"].sum(min_count=1).to_numpy(float),
        further=time[~first],
    )
