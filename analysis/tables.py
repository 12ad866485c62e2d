"""The data a question runs on: events, orders, spend and controls, from any frame, behind one face.

Whatever comes in (pandas, Polars, Arrow, a DuckDB relation, a workspace) becomes DuckDB tables in one layout;
a warehouse's tables stay where they are, in Spark. Both are read through narwhals, so a question is written once
and answers the same everywhere.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, Self, TypeVar

import duckdb
import narwhals as nw
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from analysis.errors import DataError, SluiceError
from analysis.names import DisplayNames
from analysis.records import Alias, DisplayName, ExchangeRate, Recorded, S, distinct, meanings, settled
from analysis.store import duck
from analysis.store.columns import shown, stored
from analysis.store.firsts import Deeds
from analysis.store.walk import Chunk, Columns, Repeated
from analysis.store.watch import watching
from analysis.values import Campaign, Filter, local_midnight
from analysis.vocabulary import TABLES, TIME_COLUMN, column_names

T = TypeVar("T")
MOST_NAMES = 100_000
"""Most values of a column that are ever listed."""
MOST_LAID = 200
"""Most frames that are kept laid out: a question takes some ten."""


class Store(Protocol):
    """Where the rows lie; each fact is asked for once."""

    def frame(self, table: str) -> nw.LazyFrame[Any]:
        """Return all of a table: its own columns and, for events, `user_key` and `event_key`.

        Columns are called as :func:`analysis.store.columns.stored` says. A `user_key` is the same for the events of
        one user and for nobody else's; times are naive UTC.
        """

    def count(self, table: str) -> int:
        """Return the number of rows."""

    def filled(self, table: str) -> tuple[str, ...]:
        """Return the columns that hold at least one value."""

    def span(self, table: str) -> tuple[dt.datetime, dt.datetime] | tuple[None, None]:
        """Return the first and last moment of the table's time column."""

    def event_keys(self) -> dict[str, int]:
        """Return the small integer that stands for each event's name in `event_key`."""

    def version(self) -> str:
        """Return a digest of what the rows hold."""

    def walk(self, frame: nw.LazyFrame[Any], work: Callable[[Chunk], T], columns: Columns) -> Iterator[T]:
        """Yield what `work` makes of each chunk of an events frame."""

    def firsts(self, frame: nw.LazyFrame[Any], deeds: Deeds, who: str) -> nw.LazyFrame[Any]:
        """Return when each user of an events frame first did something of each kind."""

    def repeated(self, frame: nw.LazyFrame[Any]) -> Repeated:
        """Return an events frame for several walks."""


class _Beside(NamedTuple):
    """What is known beside the rows."""

    campaign: Campaign | None
    rates: tuple[ExchangeRate, ...]
    display: DisplayNames
    dated: Mapping[str, str]
    meanings: Mapping[str, Mapping[str, str]]
    records: tuple[Recorded, ...]

    @classmethod
    def of(
        cls,
        campaign: Campaign | None,
        rates: Iterable[ExchangeRate],
        display: Iterable[DisplayName],
        dated: Mapping[str, str],
        aliases: Iterable[Alias],
        records: Iterable[Recorded],
    ) -> _Beside:
        """Return it settled."""
        names, spellings = DisplayNames(tuple(display)), meanings(aliases)
        meant = distinct(record.meant(spellings) for record in records)
        return cls(campaign, settled(rates), names, MappingProxyType(dict(dated)), spellings, meant)

    @property
    def text(self) -> str:
        """What of it changes figures, to digest."""
        records = (record for record in self.records if record.figures)
        values = "".join(value.to_json() for value in (self.campaign, *self.rates, *records) if value)
        return values + (repr(self.meanings) if self.meanings else "")


class Tables:
    """Events, orders, spend and controls, with the campaign they belong to.

    Parameters
    ----------
    events, orders, spend, controls : frame, optional
        Any frame narwhals reads (pandas, Polars, Arrow, a DuckDB relation). Columns are named as in
        :data:`analysis.vocabulary.TABLES`; others are kept. Frames are copied in, never changed; those too large
        for that stay in Spark, see :meth:`from_spark`.
    campaign : Campaign, optional
        Gives the time zone and the currency; without one, days begin in UTC.
    rates : iterable of ExchangeRate, optional
        What other currencies are worth, day by day; of several rates of one day the last holds.
    display : iterable of DisplayName, optional
        What a team calls the codes in the data, beside the standard names.
    dated : mapping of str to str, optional
        Of columns of the events that say where people stood at the end of a day: that day.
    aliases : iterable of Alias, optional
        Which values are other spellings of one thing.
    records : iterable of Recorded, optional
        What else people know beside the rows: plan lines, lift tests, calendar days, tags of channels; of several of
        one title the last holds.

    Attributes
    ----------
    campaign : Campaign or None
    rates : tuple of ExchangeRate
        By currency and day; part of the data's version, as they change figures.
    display : DisplayNames
        No part of the version.
    dated : mapping of str to str
    meanings : mapping of str to mapping of str to str
        By column, what each other spelling stands for; part of the version.
    records : tuple of Recorded
        By kind and title, other spellings settled; part of the version where they change figures. See
        :meth:`recorded`.

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
        self,
        *,
        events: Any = None,
        orders: Any = None,
        spend: Any = None,
        controls: Any = None,
        campaign: Campaign | None = None,
        rates: Iterable[ExchangeRate] = (),
        display: Iterable[DisplayName] = (),
        dated: Mapping[str, str] = MappingProxyType({}),
        aliases: Iterable[Alias] = (),
        records: Iterable[Recorded] = (),
    ) -> None:
        beside = _Beside.of(campaign, rates, display, dated, aliases, records)
        con = duck.connect()
        duck.create(con)
        digest = hashlib.sha256(beside.text.encode())
        given = {"events": events, "orders": orders, "spend": spend, "controls": controls}
        for table, frame in given.items():
            if frame is not None:
                rows = duck.normalise(table, _arrow(table, frame))
                digest.update(table.encode() + _content(rows))
                duck.append(con, table, rows, batch=0)
        self._stand(duck.DuckDBStore(con, digest.hexdigest()), beside, {})

    @classmethod
    def over(
        cls,
        con: duckdb.DuckDBPyConnection,
        *,
        campaign: Campaign | None,
        version: str,
        rates: Iterable[ExchangeRate] = (),
        display: Iterable[DisplayName] = (),
        dated: Mapping[str, str] = MappingProxyType({}),
        aliases: Iterable[Alias] = (),
        records: Iterable[Recorded] = (),
        facts: dict[str, Any] | None = None,
        meant: Callable[[Exception], SluiceError | None] = lambda _error: None,
    ) -> Tables:
        """Wrap a connection whose tables already lie as :mod:`analysis.store.duck` keeps them.

        Tables over the same data version may share `facts` (counts, names), so each is found once. `meant` returns
        what an error says of where they lie, such as a damaged file; see :meth:`reading`.
        """
        beside = _Beside.of(campaign, rates, display, dated, aliases, records)
        tables = cls._on(duck.DuckDBStore(con, version), beside, {} if facts is None else facts)
        tables._meant = meant
        return tables

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Turn what is raised while rows are read into what it means, where the place they lie in is to blame."""
        try:
            yield
        except Exception as error:
            if meant := self._meant(error):
                raise meant from error
            raise

    @classmethod
    def from_spark(
        cls,
        *,
        events: Any = None,
        orders: Any = None,
        spend: Any = None,
        controls: Any = None,
        campaign: Campaign | None = None,
        rates: Iterable[ExchangeRate] = (),
        display: Iterable[DisplayName] = (),
        aliases: Iterable[Alias] = (),
        records: Iterable[Recorded] = (),
    ) -> Tables:
        """Read a warehouse's tables where they lie: questions run on the cluster, and only answers come back.

        Parameters
        ----------
        events, orders, spend, controls : pyspark.sql.DataFrame, optional
            Columns are named as in :data:`analysis.vocabulary.TABLES` (``withColumnsRenamed`` helps); others are
            kept where they hold text or numbers. A TIMESTAMP is a moment; a TIMESTAMP_NTZ is taken for UTC.
        campaign : Campaign, optional
            Gives the time zone and the currency; without one, days begin in UTC.
        rates : iterable of ExchangeRate, optional
            What other currencies are worth, day by day.
        display : iterable of DisplayName, optional
            What the team calls the codes in the data.
        aliases : iterable of Alias, optional
            Which values are other spellings of one thing.
        records : iterable of Recorded, optional
            What else people know beside the rows.

        Raises
        ------
        DataError
            A required column is missing, or a column's type does not fit. Empty values in a required column are
            found when a question first runs.

        Notes
        -----
        Counts, names and the data version are found once, by one pass over each table: make new `Tables` when the
        warehouse has new rows.
        """
        from analysis.store.spark import SparkStore  # PySpark is there only where somebody has a cluster

        frames = {"events": events, "orders": orders, "spend": spend, "controls": controls}
        beside = _Beside.of(campaign, rates, display, {}, aliases, records)
        return cls._on(SparkStore(frames, beside=beside.text), beside, {})

    @classmethod
    def _on(cls, store: Store, beside: _Beside, facts: dict[str, Any]) -> Tables:
        tables = cls.__new__(cls)
        tables._stand(store, beside, facts)
        return tables

    def watched(self) -> Self:
        """Return these tables, whose queries the watch over the work that runs here stops too."""
        if isinstance(self._store, duck.DuckDBStore):
            watching().also(self._store.connection)
        return self

    def _stand(self, store: Store, beside: _Beside, facts: dict[str, Any]) -> None:
        self._store, self._facts = store, facts
        self._laid: dict[tuple[object, ...], Any] = {}
        self._meant: Callable[[Exception], SluiceError | None] = lambda _error: None
        self.campaign, self.rates, self.display, self.dated, self.meanings, self.records = beside

    @classmethod
    def from_parquet(
        cls,
        folder: str | Path,
        *,
        digests: Mapping[str, str] | None = None,
        rates: Iterable[ExchangeRate] = (),
        display: Iterable[DisplayName] = (),
        dated: Mapping[str, str] = MappingProxyType({}),
        aliases: Iterable[Alias] = (),
        records: Iterable[Recorded] = (),
    ) -> Tables:
        """Read a Parquet file for each table, such as ``events.parquet``, and ``campaign.json``, those that exist.

        Parameters
        ----------
        folder : path
        digests : mapping of str to str, optional
            SHA-256 by file name; a file that differs is refused.
        rates : iterable of ExchangeRate, optional
            What other currencies are worth, day by day.
        display : iterable of DisplayName, optional
            What the team calls the codes in the data.
        dated : mapping of str to str, optional
            Of columns of the events that say where people stood at the end of a day: that day.
        aliases : iterable of Alias, optional
            Which values are other spellings of one thing.
        records : iterable of Recorded, optional
            What else people know beside the rows.

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
        beside: dict[str, Any] = {"rates": rates, "display": display, "dated": dated, "aliases": aliases}
        return cls(**found, campaign=known, records=records, **beside)

    @property
    def version(self) -> str:
        """A digest of the data, for caching."""
        return self._store.version()

    @property
    def planned(self) -> str:
        """A digest of the data and of what the team plans, for caching answers about the plan."""
        return version_with(self.version, self.records)

    @property
    def zone(self) -> str:
        """The time zone in which days begin."""
        return self.campaign.zone if self.campaign else "UTC"

    def recorded(self, kind: type[S]) -> tuple[S, ...]:
        """Return what people know beside the rows of one kind, by title.

        Examples
        --------
        >>> from analysis.records import ChannelTag
        >>> tables = Tables(records=[ChannelTag(channel=channel, tag="private") for channel in ("live", "group")])
        >>> [tag.channel for tag in tables.recorded(ChannelTag)]
        ['group', 'live']
        """
        return tuple(record for record in self.records if isinstance(record, kind))

    def frame(self, table: str, where: Filter | None = None) -> nw.LazyFrame[Any]:
        """Return a table as a narwhals lazy frame, filtered; events and spend have the campaign's `phase` as well.

        A column that people named is called there as :func:`analysis.store.columns.stored` says.

        Raises
        ------
        DataError
            The table is empty, or the filter names a column it does not have.
        """
        if not self.count(table):
            raise DataError.no_table(table)
        return self.laid(("frame", table, where), lambda: self.filtered(self._phased(table), table, where))

    def _phased(self, table: str) -> nw.LazyFrame[Any]:
        frame = self.laid(("read", table), lambda: self._read(table))
        return frame.with_columns(phase=self._phase(table)) if self._has_phase(table) else frame

    def laid(self, key: tuple[object, ...], lay: Callable[[], T]) -> T:
        """Return lazy frames laid out once, by what tells them apart.

        To bind an expression takes a thousandth of a second, and what is asked beside one another lays the same ones.
        """
        if key not in self._laid:
            if len(self._laid) >= MOST_LAID:
                self._laid.clear()
            self._laid[key] = lay()
        kept: T = self._laid[key]
        return kept

    def _read(self, table: str) -> nw.LazyFrame[Any]:
        """Return a table with every other spelling of a value as the value it stands for."""
        frame = self._store.frame(table)
        found = {column: pairs for column, pairs in self.meanings.items() if column in self._stored(table)}
        if not found:
            return frame
        return frame.with_columns(**{column: _meant(column, pairs) for column, pairs in found.items()})

    def _has_phase(self, table: str) -> bool:
        """Say whether the campaign's phases are a column of a table: of events and spend without their own."""
        known = bool(self.campaign and self.campaign.phases) and table in ("events", "spend") and self.count(table)
        return bool(known) and "phase" not in self._stored(table)

    def _phase(self, table: str) -> nw.Expr:
        """Return the name of the phase a row falls in with its time, spend with its whole period; else null."""
        assert self.campaign is not None
        time, found = nw.col(TIME_COLUMN[table]), nw.lit(None, nw.String)
        for phase in self.campaign.phases:
            start, end = local_midnight(phase.start, self.zone), local_midnight(phase.end, self.zone, days=1)
            here = (time >= instant(start)) & (time < instant(end))
            here = here & (nw.col("period_end") <= instant(end)) if table == "spend" else here
            found = nw.when(here).then(nw.lit(phase.name)).otherwise(found)
        return found

    def filtered(self, frame: nw.LazyFrame[Any], table: str, where: Filter | None) -> nw.LazyFrame[Any]:
        """Return the rows that a filter keeps, of a frame with a table's columns.

        Raises
        ------
        DataError
            The filter names a column that the table does not have.
        """
        if where is None:
            return frame
        conditions = within(TIME_COLUMN[table], *where.bounds(self.zone))
        for column, kept in where.columns().items():
            if column not in self.present(table):
                raise self._no_filter(table, column)
            if column not in (texts := self.texts(table)):
                raise DataError.not_text(column, texts)
            conditions.append(among(column, kept))
        return frame.filter(*conditions) if conditions else frame

    def _no_filter(self, table: str, column: str) -> DataError:
        """Say why rows cannot be filtered by a column; of spend, by a segment of people, why nobody could."""
        if table == "spend" and column in self.present("events") and column not in column_names("events"):
            return DataError.not_people(table, column, "audience" in self.present(table))
        return DataError.no_filter(table, column)

    def walk(self, frame: nw.LazyFrame[Any], work: Callable[[Chunk], T], columns: Columns | None = None) -> Iterator[T]:
        """Yield what `work` makes of each chunk of an events frame, in no promised grouping of users.

        Parameters
        ----------
        frame : LazyFrame
            From :meth:`frame`, filtered at will.
        work : callable
            Takes whole users' events and returns a part of the answer. A module's own function (or a `partial` of
            one over plain values), so that it can be sent to where the data is.
        columns : Columns, optional
            What the work reads beside user, time and event.
        """
        return self._store.walk(frame, work, columns or Columns())

    def firsts(
        self, frame: nw.LazyFrame[Any], deeds: Mapping[str, Collection[str] | None], who: str = "user_id"
    ) -> nw.LazyFrame[Any]:
        """Return when each user of an events frame first did something of each kind.

        Parameters
        ----------
        frame : LazyFrame
            From :meth:`frame`, filtered at will.
        deeds : mapping of str to collection of str, or None
            Kinds of events by what their column is to be called, each the names of its events (those that the data does
            not hold are passed over); None: any event.
        who : {"user_id", "user_key"}
            What users are told apart by. Keys, where only events tell of them, take a third of the time.

        Returns
        -------
        LazyFrame
            A row for each user: `who`, and a time for each kind, null where they never did.

        Examples
        --------
        >>> import pandas as pd
        >>> days = pd.to_datetime(["2026-11-10", "2026-11-11"])
        >>> events = pd.DataFrame({"user_id": "u", "timestamp": days, "event": ["view", "purchase"]})
        >>> tables = Tables(events=events)
        >>> found = collect(tables.firsts(tables.frame("events"), {"seen": None, "bought": ["purchase"]}))
        >>> found[["seen", "bought"]].astype(str).to_numpy().tolist()
        [['2026-11-10', '2026-11-11']]
        """
        keys = {
            name: None if events is None else [self.event_keys[event] for event in events if event in self.event_keys]
            for name, events in deeds.items()
        }
        return self._store.firsts(frame, keys, who)

    def repeated(self, frame: nw.LazyFrame[Any]) -> Repeated:
        """Return an events frame for several walks of who, when and what; see :meth:`walk`."""
        return self._store.repeated(frame)

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
                raise DataError.no_column(table, column)

    def count(self, table: str) -> int:
        """Return the number of rows of a table."""
        return int(self.fact(f"count {table}", partial(self._store.count, table)))

    def present(self, table: str) -> tuple[str, ...]:
        """Return the columns of a table that hold at least one value, the campaign's phase included."""
        return self._stored(table) + ("phase",) * self._has_phase(table)

    def _stored(self, table: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self.fact(f"present {table}", partial(self._store.filled, table))
        return found

    def texts(self, table: str) -> tuple[str, ...]:
        """Return the text columns of a table that hold at least one value, the campaign's phase included."""
        found: tuple[str, ...] = self.fact(f"texts {table}", partial(self._of_text, table))
        return found + ("phase",) * self._has_phase(table)

    def _of_text(self, table: str) -> tuple[str, ...]:
        held = self._stored(table)
        kinds = self._store.frame(table).collect_schema() if held else {}
        return tuple(c for c in held if kinds[stored(c)] == nw.String)

    def numbers(self, table: str) -> tuple[str, ...]:
        """Return the columns of numbers of a table that hold at least one value."""
        held = self._stored(table)
        kinds = self._store.frame(table).collect_schema() if held else {}
        return tuple(c for c in held if kinds[stored(c)].is_numeric())

    def names(self, column: str, *tables: str) -> tuple[str, ...]:
        """Return the distinct values of a text column in the tables named, or in all that have it, sorted."""
        return self.fact(f"names {column} {tables}", partial(self._distinct, column, tables or tuple(TABLES)))

    def _distinct(self, column: str, tables: Iterable[str]) -> tuple[str, ...]:
        found = set[str]()
        for table in tables:
            if column in self._stored(table):
                values = self._read(table).select(name=nw.col(stored(column))).drop_nulls()
                rows = values.group_by("name").agg(nw.len()).head(MOST_NAMES).collect("pyarrow")
                found.update(map(str, rows["name"].to_list()))
        if column == "phase" and self.campaign:
            found.update(phase.name for phase in self.campaign.phases)
        return tuple(sorted(found))

    @property
    def event_keys(self) -> Mapping[str, int]:
        """The integer each event's name is stored as."""
        found: Mapping[str, int] = self.fact("events", self._store.event_keys)
        return found

    def common_events(self) -> tuple[str, ...]:
        """Return the events' names, those most users did first."""
        found: tuple[str, ...] = self.fact("common events", self._by_users)
        return found

    def current(self) -> Filter | None:
        """Return the filter for the current campaign, where several are stored."""
        name, known = self.campaign.name if self.campaign else "", self.names("campaign")
        return Filter(campaign=(name,)) if name in known and len(known) > 1 else None

    @property
    def goal(self) -> str:
        """The event that tells most of success: buying, or what comes next to it, or what fewest people do."""
        known = [e for e in ("purchase", "checkout", "cart") if e in self.event_keys]
        return (known or [self.common_events()[-1]])[0]

    def _by_users(self) -> tuple[str, ...]:
        users = self._store.frame("events").group_by("event").agg(users=nw.col("user_key").n_unique())
        rows = users.collect("pyarrow").rows()
        return tuple(event for event, _ in sorted(rows, key=lambda row: (-row[1], row[0])))

    def span(self, *tables: str) -> tuple[dt.datetime, dt.datetime] | None:
        """Return the first and last moment (UTC) in the unfiltered tables named, or in all; None if empty."""
        found = [self.fact(f"span {t}", partial(self._store.span, t)) for t in tables or TABLES]
        known = [pair for pair in found if pair[0]]
        return (min(p[0] for p in known), max(p[1] for p in known)) if known else None

    def arrow(self, table: str) -> pa.Table:
        """Return a table's filled columns as Arrow, for export."""
        columns = list(map(stored, self._stored(table)))
        found = self._read(table).select(*columns).collect("pyarrow").to_arrow()
        return found.rename_columns(list(map(shown, columns)))

    def fact(self, name: str, find: Callable[[], T]) -> T:
        """Return what `find` tells of these rows, asked once and kept under its name."""
        if name not in self._facts:
            self._facts[name] = find()
        kept: T = self._facts[name]
        return kept


def version_with(version: str, records: Iterable[Recorded]) -> str:
    """Return a data version that changes with the plan's records as well."""
    plan = "".join(record.to_json() for record in records if not record.figures)
    return hashlib.sha256(f"{version}{plan}".encode()).hexdigest()


def instant(when: dt.datetime) -> nw.Expr:
    """Return a naive UTC moment as an expression to compare times with.

    Spark would take a bare datetime for one in the zone of the computer that asks.
    """
    return nw.lit(when.isoformat(sep=" ")).cast(nw.Datetime("us"))


def within(time: str, start: dt.datetime | None, end: dt.datetime | None) -> list[nw.Expr]:
    """Return the conditions that a naive UTC moment is not before `start` and is before `end`; None bounds nothing."""
    begun = [nw.col(time) >= instant(start)] if start else []
    return [*begun, *([nw.col(time) < instant(end)] if end else [])]


def hour_of(column: str) -> nw.Expr:
    """Return the full hour (UTC) in which a time falls.

    Spark would truncate a time by the clock of the session's zone.
    """
    time = nw.col(column)
    return time.dt.date().cast(nw.Datetime("us")) + nw.lit(dt.timedelta(hours=1)) * time.dt.hour()


def count_if(which: nw.Expr) -> nw.Expr:
    """Return how many rows a condition holds for."""
    return nw.when(which).then(nw.lit(1)).otherwise(nw.lit(0)).sum()


def sum_if(which: nw.Expr, what: nw.Expr) -> nw.Expr:
    """Return the sum over the rows that a condition holds for."""
    return nw.when(which).then(what).otherwise(nw.lit(0.0)).sum()


def among(column: str, kept: Sequence[str]) -> nw.Expr:
    """Return the condition that a column of text holds one of some names.

    DuckDB 2.0 lets null through ``IN`` where the column is reckoned as one constant or null, as a lone phase is.
    """
    return ~nw.col(stored(column)).is_null() & nw.col(stored(column)).is_in(kept)


def collect(frame: nw.LazyFrame[Any]) -> pd.DataFrame:
    """Run a lazy frame and return it as pandas; a sum of whole numbers is whole (DuckDB gives a decimal).

    It is a step of whoever watches: a long question of many short ones rests or ends between them.

    Examples
    --------
    >>> rows = pa.table({"users": [1, 2]})
    >>> collect(nw.from_native(duckdb.from_arrow(rows)).select(nw.col("users").sum()))["users"].dtype
    dtype('int64')
    """
    watching().step()
    found = frame.collect("pyarrow").to_arrow()
    types = [pa.int64() if pa.types.is_decimal(f.type) and not f.type.scale else f.type for f in found.schema]
    whole: pd.DataFrame = found.cast(pa.schema(zip(found.column_names, types, strict=True))).to_pandas()
    return whole


def _meant(column: str, pairs: Mapping[str, str]) -> nw.Expr:
    found: nw.Expr = nw.col(column)
    for code, meant in pairs.items():
        found = nw.when(nw.col(column) == code).then(nw.lit(meant)).otherwise(found)
    return found


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
