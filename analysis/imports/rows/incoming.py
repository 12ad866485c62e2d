"""Which rows of an export come into a workspace? Counted, compared, keyed, sorted, and handed over as a stream."""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.scratch import Scratch
from analysis.imports.rows.clean import hidden_in, kept, set_aside
from analysis.imports.rows.judged import Judged, judged, text_of_row
from analysis.imports.rows.shapes import shaped
from analysis.store import duck
from analysis.store.watch import watching
from analysis.vocabulary import SERIES_COLUMN, TIME_COLUMN

_BATCH = 122_880
"""Rows handed over at once: a row group of DuckDB."""


def days(con: duckdb.DuckDBPyConnection, rows: str, table: str, zone: str) -> pa.Table:
    """Return the days of a zone that rows are about, in runs by their series `own`: channel, lo, hi (both included).

    Spend is about all the days of its period.
    """
    time, quarter = TIME_COLUMN[table], "INTERVAL 15 MINUTE"  # clocks differ by no less
    last = "period_end - INTERVAL 1 MICROSECOND" if table == "spend" else time
    moments = (
        f"SELECT DISTINCT own AS channel, time_bucket({quarter}, {time}) AS lo, time_bucket({quarter}, {last}) AS hi "
        f"FROM ({rows})"
    )
    first, last = (f"timezone($zone, timezone('UTC', {moment}))::DATE" for moment in ("lo", "hi"))
    each = (
        f"SELECT DISTINCT channel, unnest(generate_series({first}, {last}, INTERVAL 1 DAY))::DATE AS day "
        f"FROM ({moments})"
    )
    numbered = f"SELECT *, day - row_number() OVER (PARTITION BY channel ORDER BY day)::INTEGER AS run FROM ({each})"
    lo, hi = (f"timezone('UTC', timezone($zone, {day}::TIMESTAMP))" for day in ("min(day)", "(max(day) + 1)"))
    spans = f"SELECT channel, {lo} AS lo, {hi} - INTERVAL 1 MICROSECOND AS hi FROM ({numbered}) GROUP BY channel, run"
    return con.sql(spans, params={"zone": zone}).to_arrow_table()


def covers(table: str, spans: str, rows: str) -> str:
    """Return SQL for whether rows of a table lie in spans of :func:`days`: by time, spend with any of its period."""
    end = f"{rows}.period_end > {spans}.lo" if table == "spend" else f"{rows}.{TIME_COLUMN[table]} >= {spans}.lo"
    same = f"{spans}.channel IS NOT DISTINCT FROM {rows}.{SERIES_COLUMN[table]}"
    return f"{same} AND {rows}.{TIME_COLUMN[table]} <= {spans}.hi AND {end}"


@dataclass(frozen=True, slots=True, eq=False)
class Incoming:
    """The rows of an export that are to be stored, in its scratch database.

    Parameters
    ----------
    judged : Judged
    key : bytes
        Secret for the keyed hash of the columns in the mapping's `hashed`.
    rows : str
        SQL for them.
    lines : int
        How many rows the file has.
    """

    judged: Judged
    key: bytes
    rows: str
    lines: int

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The scratch database."""
        return self.judged.con

    @property
    def table(self) -> str:
        """Of which table they are."""
        return self.judged.mapping.table

    @property
    def zone(self) -> str:
        """In which zone their days are told."""
        return self.judged.mapping.zone

    @property
    def columns(self) -> tuple[str, ...]:
        """The table's columns that they have."""
        return self.judged.columns

    @property
    def _series(self) -> str:
        own = SERIES_COLUMN[self.table]
        return own if own in self.columns else "NULL::VARCHAR"

    def count(self) -> int:
        """Return the number of rows."""
        return int(self.con.execute(f"SELECT count(*) FROM {self.rows}").fetchall()[0][0])

    def set_aside(self) -> pa.Table:
        """Return the rows that are not stored: file, line, reason, column, text."""
        return set_aside(self.judged)

    def spans(self) -> pa.Table:
        """Return the days that each channel has rows of, in runs: channel, lo, hi (both included)."""
        return days(self.con, f"SELECT *, {self._series} AS own FROM {self.rows}", self.table, self.zone)

    def without(self, spans: pa.Table) -> Incoming:
        """Return the rows but for those that lie in these spans of their channel: they are set aside.

        Parameters
        ----------
        spans : pa.Table
            channel, lo, hi (both included).
        """
        found = self.judged  # the rows as they were judged stay, for whoever asks again
        left = replace(found, relation=f"{found.relation}_left", distinct={})
        self.con.register("spans", spans)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE taken AS {self._within('spans')}")
        self.con.unregister("spans")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {left.relation} AS FROM {found.relation}")
        if self.con.execute("SELECT EXISTS (FROM taken)").fetchall()[0][0]:
            said = text_of_row(found.scratch, found.mapping)
            texts = f"SELECT line AS key, {said} AS said FROM {found.scratch.relation}"
            self.con.execute(
                f"UPDATE {left.relation} AS judged SET bad = 'overlap|', text = said "
                f"FROM taken JOIN ({texts}) USING (key) WHERE place = judged.rowid"
            )
        return replace(self, judged=left, rows=kept(left, self.key))

    def _within(self, spans: str) -> str:
        """Return SQL for the kept rows in these spans: place, key of their lines."""
        if SERIES_COLUMN[self.table] in self.judged.mapping.hashed:
            hidden = hidden_in(self.judged, SERIES_COLUMN[self.table])
            spans = f"(SELECT shown AS channel, lo, hi FROM {spans} JOIN {hidden} ON channel = hash)"
        time = TIME_COLUMN[self.table]
        begun = "period_end > lo" if self.table == "spend" else f"{time} >= lo"
        return (
            f"SELECT place, key FROM (SELECT rowid AS place, {self.judged.line} AS key, {self._series} AS own, * "
            f"FROM {self.judged.relation} WHERE bad IS NULL) AS f SEMI JOIN {spans} AS s "
            f"ON s.channel IS NOT DISTINCT FROM f.own AND {time} <= hi AND {begun}"
        )

    def distinct(self, column: str) -> pa.Table:
        """Return the distinct values of a column."""
        if column in self.judged.distinct and column not in self.judged.mapping.hashed:
            return self.judged.distinct[column]
        return self.con.sql(f"SELECT DISTINCT {column} FROM {self.rows}").to_arrow_table()

    def stream(self, columns: tuple[str, ...] | None = None) -> pa.RecordBatchReader:
        """Return the rows as they come."""
        names = ", ".join(columns or self.columns)
        return self._watched(f"SELECT {names} FROM {self.rows}")

    def keyed(self, users: pa.Table, names: pa.Table) -> pa.RecordBatchReader:
        """Return events with their keys, sorted."""
        self.con.register("users", users)
        self.con.register("event_names", names)
        return self._watched(f"FROM {duck.keyed(self.rows, 'users', 'event_names')}")

    def _watched(self, query: str) -> pa.RecordBatchReader:
        watch = watching()
        with watch.during(self.con, self.lines / 4):
            reader = self.con.sql(query).to_arrow_reader(_BATCH)
        return watch.batches(reader, self.lines / max(self.judged.scratch.rows, 1) / 4)


def incoming(scratch: Scratch, mapping: ColumnMapping, key: bytes) -> Incoming:
    """Judge an export's rows and return those to be stored."""
    with watching().during(scratch.con, scratch.rows / 2):
        found = judged(shaped(scratch, mapping))
        rows = kept(found, key)
    return Incoming(found, key, rows, scratch.rows)
