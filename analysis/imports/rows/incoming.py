"""An export's rows on their way into a workspace: counted, compared, keyed, sorted, and handed over as a stream."""

from __future__ import annotations

import copy

import duckdb
import pyarrow as pa

from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.shapes import shaped
from analysis.imports.file.read import Scratch
from analysis.imports.rows.clean import given_columns, kept, set_aside, text_of_row
from analysis.imports.watch import watching
from analysis.store import duck
from analysis.vocabulary import TIME_COLUMN

_BATCH = 122_880
"""Rows handed over at once: a row group of DuckDB."""


def days(con: duckdb.DuckDBPyConnection, rows: str, table: str, zone: str) -> pa.Table:
    """Return the days of a zone that rows are about, in runs by their channel `own`: channel, lo, hi (both included).

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
    same = f"{spans}.channel IS NOT DISTINCT FROM {rows}.channel"
    return f"{same} AND {rows}.{TIME_COLUMN[table]} <= {spans}.hi AND {end}"


class Incoming:
    """The rows of an export that are to be stored, in its scratch database.

    Parameters
    ----------
    scratch : Scratch
    mapping : ColumnMapping
    key : bytes
        Secret for the keyed hash of the columns in `mapping.hashed`.

    Attributes
    ----------
    zone : str
        In which its days are told.
    """

    def __init__(self, scratch: Scratch, mapping: ColumnMapping, key: bytes) -> None:
        self.con, self.table, self._time = scratch.con, mapping.table, TIME_COLUMN[mapping.table]
        with watching().during(self.con, scratch.rows / 2):
            self._scratch, self._mapping = shaped(scratch, mapping)
            self._rows = kept(self._scratch, self._mapping, key)
        self.zone, self._key = mapping.zone, key
        self.columns = given_columns(self._mapping)
        self._channel = "channel" if "channel" in self.columns else "NULL::VARCHAR"
        self._lines = scratch.rows

    def count(self) -> int:
        """Return the number of rows."""
        return int(self.con.execute(f"SELECT count(*) FROM {self._rows}").fetchall()[0][0])

    def set_aside(self) -> pa.Table:
        """Return the rows that are not stored: file, line, reason, column, text."""
        return set_aside(self._scratch, self._mapping)

    def spans(self) -> pa.Table:
        """Return the days that each channel has rows of, in runs: channel, lo, hi (both included)."""
        return days(self.con, f"SELECT *, {self._channel} AS own FROM {self._rows}", self.table, self.zone)

    def leave_out(self, spans: pa.Table) -> None:
        """Set aside what lies in these spans of its channel: channel, lo, hi (both included)."""
        found, mapping = self._scratch, self._mapping
        left = copy.copy(found)  # the rows as they were judged stay, for whoever asks again
        left.judged = f"{found.judged}_left"
        self.con.register("spans", spans)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE taken AS {self._within('spans')}")
        self.con.unregister("spans")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {left.judged} AS FROM {found.judged}")
        if self.con.execute("SELECT EXISTS (FROM taken)").fetchall()[0][0]:
            texts = f"SELECT line AS key, {text_of_row(found, mapping)} AS said FROM {found.table}"
            self.con.execute(
                f"UPDATE {left.judged} AS judged SET bad = 'overlap|', text = said "
                f"FROM taken JOIN ({texts}) USING (key) WHERE place = judged.rowid"
            )
        self._scratch, self._rows = left, kept(left, mapping, self._key)

    def _within(self, spans: str) -> str:
        """Return SQL for the kept rows in these spans: place, key of their lines."""
        judged = self._scratch.judged
        channel = "channel" if "channel" in self.columns else "NULL::VARCHAR"
        if "channel" in self._mapping.hashed:
            spans = f"(SELECT shown AS channel, lo, hi FROM {spans} JOIN hidden_{judged}_channel ON channel = hash)"
        begun = "period_end > lo" if self.table == "spend" else f"{self._time} >= lo"
        return (
            f"SELECT place, key FROM (SELECT rowid AS place, {self._scratch.line} AS key, {channel} AS own, * "
            f"FROM {judged} WHERE bad IS NULL) AS f SEMI JOIN {spans} AS s "
            f"ON s.channel IS NOT DISTINCT FROM f.own AND {self._time} <= hi AND {begun}"
        )

    def distinct(self, column: str) -> pa.Table:
        """Return the distinct values of a column."""
        return self.con.sql(f"SELECT DISTINCT {column} FROM {self._rows}").to_arrow_table()

    def stream(self, columns: tuple[str, ...] | None = None) -> pa.RecordBatchReader:
        """Return the rows as they come."""
        names = ", ".join(columns or self.columns)
        return self._watched(f"SELECT {names} FROM {self._rows}")

    def keyed(self, users: pa.Table, names: pa.Table) -> pa.RecordBatchReader:
        """Return events with their keys, sorted."""
        self.con.register("users", users)
        self.con.register("event_names", names)
        return self._watched(f"FROM {duck.keyed(self._rows, 'users', 'event_names')}")

    def _watched(self, query: str) -> pa.RecordBatchReader:
        watch = watching()
        with watch.during(self.con, self._lines / 4):
            reader = self.con.sql(query).to_arrow_reader(_BATCH)
        return watch.batches(reader, self._lines / max(self._scratch.rows, 1) / 4)
