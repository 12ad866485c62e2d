"""The data a question runs on: events, orders and spend, from any frame, behind one face.

Whatever comes in (pandas, Polars, Arrow, a DuckDB relation, a workspace), inside it is DuckDB tables in one
layout, read through narwhals, so a question is written once and answers the same everywhere.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis import storage
from analysis.errors import DataError
from analysis.values import Campaign, Filter, local_midnight
from analysis.vocabulary import TABLES, TIME_COLUMN


class Tables:
    """Events, orders and spend, with the campaign they belong to.

    Parameters
    ----------
    events, orders, spend : frame, optional
        Any frame narwhals reads (pandas, Polars, Arrow, a DuckDB relation). Columns are named as in
        :data:`analysis.vocabulary.TABLES`; others are kept. Frames are copied in, never changed.
    campaign : Campaign, optional
        Gives the time zone and the currency; without one, days begin in UTC.

    Raises
    ------
    DataError
        A required column is missing or its values do not fit.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"user_id": ["u1"], "timestamp": [pd.Timestamp("2026-11-11")], "event": ["view"]})
    >>> Tables(events=frame).count("events")
    1
    """

    def __init__(
        self, *, events: Any = None, orders: Any = None, spend: Any = None, campaign: Campaign | None = None
    ) -> None:
        con = storage.connect()
        storage.create(con)
        digest = hashlib.sha256(campaign.to_json().encode() if campaign else b"")
        for table, frame in (("events", events), ("orders", orders), ("spend", spend)):
            if frame is not None:
                rows = storage.normalise(table, _arrow(table, frame))
                digest.update(table.encode() + _content(rows))
                storage.append(con, table, rows, batch=0)
        self._con, self.campaign, self.version = con, campaign, digest.hexdigest()
        self._facts: dict[str, Any] = {}

    @classmethod
    def over(
        cls,
        con: duckdb.DuckDBPyConnection,
        *,
        campaign: Campaign | None,
        version: str,
        facts: dict[str, Any] | None = None,
    ) -> Tables:
        """Wrap a connection whose tables already lie as :mod:`analysis.storage` keeps them.

        Tables over the same data version may share `facts` (counts, names), so each is found once.
        """
        tables = cls.__new__(cls)
        tables._con, tables.campaign, tables.version = con, campaign, version
        tables._facts = {} if facts is None else facts
        return tables

    @classmethod
    def from_parquet(cls, folder: str | Path, *, digests: Mapping[str, str] | None = None) -> Tables:
        """Read ``events.parquet``, ``orders.parquet``, ``spend.parquet`` and ``campaign.json``, those that exist.

        Parameters
        ----------
        folder : path
        digests : mapping of str to str, optional
            SHA-256 by file name; a file that differs is refused.

        Raises
        ------
        DataError
            A file is missing or is not the one the digest names.
        """
        for name, digest in (digests or {}).items():
            path = Path(folder) / name
            if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
                raise DataError.changed(name)
        files = {table: Path(folder) / f"{table}.parquet" for table in TABLES}
        found = {table: pq.read_table(path) for table, path in files.items() if path.exists()}
        campaign = Path(folder) / "campaign.json"
        known = Campaign.from_json(campaign.read_text(encoding="utf-8")) if campaign.exists() else None
        return cls(**found, campaign=known)

    @property
    def zone(self) -> str:
        """The time zone in which days begin."""
        return self.campaign.zone if self.campaign else "UTC"

    def frame(self, table: str, where: Filter | None = None) -> nw.LazyFrame[Any]:
        """Return a table as a narwhals lazy frame, filtered; events have the campaign's `phase` beside their columns.

        Raises
        ------
        DataError
            The table is empty, or the filter names a column it does not have.
        """
        if not self.count(table):
            raise DataError.no_table(table)
        frame = nw.from_native(self._con.table(table))
        if self._has_phase(table):
            frame = frame.with_columns(phase=self._phase(table))
        return self._filtered(frame, table, where)

    def _has_phase(self, table: str) -> bool:
        """Say whether the campaign's phases are a column of a table: of the events, unless they bring their own."""
        known = bool(self.campaign and self.campaign.phases) and table == "events" and self.count(table)
        return bool(known) and "phase" not in self._columns(table)

    def _phase(self, table: str) -> nw.Expr:
        """Return the name of the phase a row's time falls in, null outside all of them."""
        assert self.campaign is not None
        time, found = nw.col(TIME_COLUMN[table]), nw.lit(None, nw.String)
        for phase in self.campaign.phases:
            start, end = local_midnight(phase.start, self.zone), local_midnight(phase.end, self.zone, days=1)
            found = nw.when((time >= start) & (time < end)).then(nw.lit(phase.name)).otherwise(found)
        return found

    def _filtered(self, frame: nw.LazyFrame[Any], table: str, where: Filter | None) -> nw.LazyFrame[Any]:
        if where is None:
            return frame
        start, end = where.bounds(self.zone)
        time = nw.col(TIME_COLUMN[table])
        conditions = [time >= start] * (start is not None) + [time < end] * (end is not None)
        for column, kept in where.columns().items():
            self.require(table, column)
            conditions.append(nw.col(column).is_in(kept))
        return frame.filter(*conditions) if conditions else frame

    def require(self, table: str, *columns: str) -> None:
        """Raise unless the table holds rows and each column holds a value somewhere.

        Raises
        ------
        DataError
        """
        if not self.count(table):
            raise DataError.no_table(table)
        for column in columns:
            if column not in self.present(table):
                raise DataError.no_column(table, column, self.present(table))

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        return int(self._fact(f"count {table}", lambda: self._sql(f"SELECT count(*) FROM {table}")[0][0]))

    def present(self, table: str) -> tuple[str, ...]:
        """Return the columns of a table that hold at least one value, the campaign's phase included."""
        return self._stored(table) + ("phase",) * self._has_phase(table)

    def _stored(self, table: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self._fact(f"present {table}", lambda: self._filled(table))
        return found

    def _columns(self, table: str) -> tuple[str, ...]:
        return tuple(self._fact(f"columns {table}", lambda: self._con.table(table).columns))

    def _filled(self, table: str) -> tuple[str, ...]:
        columns = [c for c in self._columns(table) if c not in storage.HIDDEN]
        tests = (f"EXISTS (FROM {table} WHERE {storage.identifier(c)} IS NOT NULL)" for c in columns)
        found = self._sql(f"SELECT {', '.join(tests)}")[0]
        return tuple(c for c, filled in zip(columns, found, strict=True) if filled)

    def names(self, column: str) -> tuple[str, ...]:
        """Return the distinct values of a text column over all tables that have it, sorted."""
        found: tuple[str, ...] = self._fact(f"names {column}", lambda: self._distinct(column))
        return found

    def _distinct(self, column: str) -> tuple[str, ...]:
        quoted, found = storage.identifier(column), set[str]()
        for table in TABLES:
            if column in self._stored(table):
                rows = self._sql(f"SELECT DISTINCT {quoted} FROM {table} WHERE {quoted} IS NOT NULL LIMIT 100000")
                found.update(str(row[0]) for row in rows)
        if column == "phase" and self.campaign:
            found.update(phase.name for phase in self.campaign.phases)
        return tuple(sorted(found))

    @property
    def event_keys(self) -> Mapping[str, int]:
        """The integer each event's name is stored as."""
        found: Mapping[str, int] = self._fact(
            "events",
            lambda: {n: int(k) for k, n in self._sql("FROM event_names SEMI JOIN events USING (event_key)")},
        )
        return found

    def common_events(self) -> tuple[str, ...]:
        """Return the events' names, those most users did first."""
        query = "SELECT event FROM events GROUP BY event ORDER BY count(DISTINCT user_key) DESC, event"
        found: tuple[str, ...] = self._fact("common events", lambda: tuple(str(r[0]) for r in self._sql(query)))
        return found

    def span(self, *tables: str) -> tuple[dt.datetime, dt.datetime] | None:
        """Return the first and last moment (UTC) in the unfiltered tables named, or in all; None if empty."""
        found = [self._fact(f"span {t}", partial(self._range, t)) for t in tables or TABLES]
        known = [pair for pair in found if pair[0]]
        return (min(p[0] for p in known), max(p[1] for p in known)) if known else None

    def _range(self, table: str) -> Any:
        column = TIME_COLUMN[table]
        return self._sql(f"SELECT min({column}), max({column}) FROM {table}")[0]

    def paid_orders(self, where: Filter | None = None) -> nw.LazyFrame[Any]:
        """Return paid orders with `realised`: revenue less refunds, in each order's currency."""
        self.require("orders", "paid_at")
        paid = self.frame("orders", where).filter(~nw.col("paid_at").is_null())
        return paid.with_columns(realised=nw.col("revenue") - nw.col("refund").fill_null(0.0))

    def arrow(self, table: str) -> pa.Table:
        """Return a table's filled columns as Arrow, for export."""
        columns = ", ".join(storage.identifier(c) for c in self._stored(table))
        return self._con.sql(f"SELECT {columns} FROM {table}").to_arrow_table()

    def _sql(self, query: str) -> list[Any]:
        return self._con.execute(query).fetchall()

    def _fact(self, name: str, find: Callable[[], Any]) -> Any:
        if name not in self._facts:
            self._facts[name] = find()
        return self._facts[name]


def collect(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """Run a lazy frame and return it as pandas."""
    return frame.collect("pyarrow").to_pandas()


def _arrow(table: str, frame: Any) -> pa.Table:
    try:
        wrapped = nw.from_native(frame)
    except TypeError:
        raise DataError.bad_frame(table, f"{type(frame).__name__} is not a frame") from None
    eager = wrapped.collect("pyarrow") if isinstance(wrapped, nw.LazyFrame) else wrapped
    try:
        return eager.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DataError.bad_frame(table, str(error)[:200]) from error


def _content(rows: pa.Table) -> bytes:
    """Digest a table's schema and values (not how they are chunked)."""
    digest = hashlib.sha256()
    with pa.ipc.new_stream(_Sink(digest), rows.schema) as stream:
        stream.write_table(rows.combine_chunks(), max_chunksize=1 << 20)
    return digest.digest()


class _Sink:
    """A file that only feeds a hash."""

    closed = False

    def __init__(self, digest: Any) -> None:
        self._digest = digest

    def write(self, data: Any) -> int:
        self._digest.update(data)
        return len(data)

    def flush(self) -> None: ...

    def close(self) -> None: ...
