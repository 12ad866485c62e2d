"""How the sample is laid out on disk: Arrow tables of events, orders and spend, as Parquet or CSV."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from sample_data import plan
from sample_data.people import Chunk
from sample_data.plan import Flags, Ints
from sample_data.spend import SpendRow

FORMATS = {"events": "parquet", "orders": "csv", "spend": "csv"}  # where no format is asked for

TIME, LABEL, TEXT = pa.timestamp("us"), pa.dictionary(pa.int32(), pa.string()), pa.string()
MONEY = pa.float64()  # two decimals in CSV
EVENTS = pa.schema({
    "user_id": LABEL, "timestamp": TIME, "event": LABEL, "session_id": LABEL, "campaign": LABEL,
    "channel": LABEL, "creative": LABEL, "audience": LABEL, "item": LABEL, "device": LABEL, "page": LABEL,
    "load_ms": pa.int32(), "value": MONEY, "order_id": TEXT,
})  # fmt: skip
ORDERS = pa.schema({
    "order_id": TEXT, "timestamp": TIME, "revenue": MONEY, "currency": LABEL, "user_id": TEXT,
    "paid_at": TIME, "refund": MONEY, "cost": MONEY, "discount": MONEY, "campaign": LABEL,
    "channel": LABEL, "coupon": LABEL,
})  # fmt: skip
SPEND = pa.schema({
    "period_start": TIME, "period_end": TIME, "channel": LABEL, "spend": MONEY, "currency": LABEL,
    "campaign": LABEL, "phase": LABEL, "creative": LABEL, "audience": LABEL, "impressions": pa.int64(),
    "clicks": pa.int64(), "conversions": pa.int64(), "attributed_revenue": MONEY,
})  # fmt: skip
# Neighbouring rows are alike in these, and there are too many values for a dictionary.
DELTA = {
    "timestamp": "DELTA_BINARY_PACKED",
    "load_ms": "DELTA_BINARY_PACKED",
    "session_id": "DELTA_BYTE_ARRAY",
    "order_id": "DELTA_BYTE_ARRAY",
}
SCHEMAS = {"events": EVENTS, "orders": ORDERS, "spend": SPEND}


class TableWriter:
    """Writes one of the tables piece by piece, each piece a row group, so that no table is ever whole."""

    def __init__(self, folder: Path, table: str, format: str) -> None:
        path, schema = folder / f"{table}.{format}", SCHEMAS[table]
        self.schema = pa.schema([(field.name, stored_type(field.type, format)) for field in schema])
        self._writer: pq.ParquetWriter | pa.csv.CSVWriter
        if format == "parquet":
            labels = [f.name for f in schema if f.type == LABEL and f.name not in DELTA]
            # Without the Arrow schema in it, the file reads as plain strings everywhere.
            self._writer = pq.ParquetWriter(
                path,
                self.schema,
                compression="zstd",
                use_dictionary=labels,
                column_encoding={name: code for name, code in DELTA.items() if name in schema.names},
                store_schema=False,
            )
        else:
            plain = pa.csv.WriteOptions(quoting_style="none", quoting_header="none")
            self._writer = pa.csv.CSVWriter(path, self.schema, write_options=plain)

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, table: pa.Table) -> None:
        self._writer.write_table(table.cast(self.schema))


def stored_type(type: pa.DataType, format: str) -> pa.DataType:
    if format == "csv":
        return {LABEL: TEXT, MONEY: pa.decimal128(14, 2)}.get(type, type)
    return type


def event_table(chunk: Chunk, first_user: int, first_order: int) -> pa.Table:
    """The chunk's events as they are written."""
    events, sessions, people = chunk.events, chunk.sessions, chunk.people
    session = events.session
    who = sessions.who[session]
    user = people.user[who]
    display = sessions.channel[session] == plan.DISPLAY
    ordered, revenue = purchase_orders(chunk)
    columns = [
        pa.DictionaryArray.from_arrays(narrow(user), user_ids(first_user + np.arange(chunk.users))),
        pa.array(events.timestamp).cast(TIME),
        labels(plan.EVENTS, events.step),
        pa.DictionaryArray.from_arrays(narrow(session), session_ids(chunk, first_user)),
        labels([campaign.name for campaign in plan.CAMPAIGNS], people.campaign[who]),
        labels(plan.CHANNELS, sessions.channel[session]),
        labels(plan.CREATIVES, sessions.creative[session]),
        labels(plan.AUDIENCES, np.where(display, np.where(people.low_intent[who], 0, 1), -1)),
        labels([f"i{number:03}" for number in range(1, plan.ITEM_COUNT + 1)], events.item),
        labels(plan.DEVICES, people.device[who]),
        labels(plan.PAGES, pages(chunk)),
        pa.array(events.load_ms.astype(np.int32), mask=events.load_ms < 0),
        money(revenue, missing=ordered < 0),
        blank(order_ids(first_order + ordered), ordered < 0),
    ]
    return pa.Table.from_arrays(columns, schema=EVENTS)


def order_table(chunk: Chunk, first_user: int, first_order: int) -> pa.Table:
    """The chunk's orders as they are written."""
    orders = chunk.orders
    size = len(orders.user)
    columns = [
        order_ids(first_order + np.arange(size)),
        pa.array(orders.timestamp).cast(TIME),
        money(orders.revenue),
        labels([plan.CURRENCY], np.zeros(size, dtype=np.int64)),
        user_ids(first_user + orders.user),
        pa.array(orders.paid_at, mask=orders.paid_at < 0).cast(TIME),
        money(orders.refund),
        money(orders.cost),
        money(orders.discount),
        labels([campaign.name for campaign in plan.CAMPAIGNS], orders.campaign),
        labels(plan.CHANNELS, orders.channel),
        labels(list(plan.COUPONS), orders.coupon),
    ]
    return pa.Table.from_arrays(columns, schema=ORDERS)


def spend_table(rows: Sequence[SpendRow]) -> pa.Table:
    """The spend report as it is written."""
    start = np.array([row.campaign.start + row.day * plan.DAY for row in rows])
    columns = [
        pa.array(start).cast(TIME),
        pa.array(start + plan.DAY).cast(TIME),
        pa.array([row.channel.name for row in rows]),
        money(np.array([row.spend for row in rows])),
        pa.array([plan.CURRENCY] * len(rows)),
        pa.array([row.campaign.name for row in rows]),
        pa.array([row.campaign.phases[row.day] for row in rows]),
        pa.array([row.creative for row in rows]),
        pa.array([row.audience for row in rows]),
        pa.array([row.impressions for row in rows]),
        pa.array([row.clicks for row in rows]),
        pa.array([row.conversions for row in rows]),
        money(np.array([row.attributed for row in rows])),
    ]
    return pa.Table.from_arrays(columns, names=SPEND.names).cast(SPEND)


def purchase_orders(chunk: Chunk) -> tuple[Ints, Ints]:
    """For each event, the position and revenue (fen) of the order it paid; -1 where it paid none."""
    orders, events = chunk.orders, chunk.events
    paid = np.flatnonzero((orders.paid_at >= 0) & (orders.session >= 0))
    of_session = np.full(len(chunk.sessions.who), -1)
    of_session[orders.session[paid]] = paid
    position = np.where(events.step == plan.PURCHASE, of_session[events.session], -1)
    return position, np.where(position >= 0, orders.revenue[position], -1)


def pages(chunk: Chunk) -> Ints:
    """Each event's page; where a visit lands depends on its channel."""
    by_event = np.array([plan.PAGES.index(page) for page in plan.EVENT_PAGE])
    by_channel = np.full(len(plan.CHANNELS), plan.PAGES.index("landing"))
    by_channel[plan.PRIVATE_DOMAIN] = plan.PAGES.index("community")
    by_channel[plan.ORGANIC] = plan.PAGES.index("home")
    step, channel = chunk.events.step, chunk.sessions.channel[chunk.events.session]
    return np.where(step == plan.VISIT, by_channel[channel], by_event[step])


def labels(names: Sequence[str], positions: Ints) -> pa.DictionaryArray:
    """Names by position; null where the position is negative."""
    indices = pa.array(positions.astype(np.int32), mask=positions < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, TEXT))


def money(fen: Ints, missing: Flags | None = None) -> pa.Array:
    """Yuan: the number nearest to the fen, which is what reading the same from CSV gives."""
    return pa.array(fen / 100, mask=missing)


def user_ids(numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise("u", digits(numbers, 7), "")


def order_ids(numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise("o", digits(numbers, 8), "")


def session_ids(chunk: Chunk, first_user: int) -> pa.Array:
    """A user's sessions, counted from 1 through all campaigns."""
    user = chunk.people.user[chunk.sessions.who]
    first = np.flatnonzero(np.r_[True, np.diff(user) != 0])
    ordinal = np.arange(len(user)) - np.repeat(first, np.diff(np.r_[first, len(user)])) + 1
    stem = pc.binary_join_element_wise("s", digits(first_user + user, 7), "")
    return pc.binary_join_element_wise(stem, pc.cast(pa.array(ordinal), TEXT), "-")


def digits(numbers: Ints, width: int) -> pa.Array:
    return pc.utf8_lpad(pc.cast(pa.array(numbers), TEXT), width, "0")


def blank(values: pa.Array, missing: Flags) -> pa.Array:
    return pc.if_else(pa.array(missing), pa.scalar(None, TEXT), values)


def narrow(positions: Ints) -> pa.Array:
    return pa.array(positions.astype(np.int32))
