"""An export's rows on their way into a workspace: counted, compared, keyed, sorted, and handed over as a stream."""

from __future__ import annotations

import pyarrow as pa

from analysis import storage
from analysis.vocabulary import TIME_COLUMN
from analysis.workspace.imports.clean import given_columns, kept, set_aside
from analysis.workspace.imports.mapping import ColumnMapping
from analysis.workspace.imports.read import Scratch
from analysis.workspace.imports.shapes import shaped
from analysis.workspace.imports.watch import watching

_BATCH = 122_880
"""Rows handed over at once: a row group of DuckDB."""


class Incoming:
    """The rows of an export that are to be stored, in its scratch database.

    Parameters
    ----------
    scratch : Scratch
    mapping : ColumnMapping
    key : bytes
        Secret for the keyed hash of the columns in `mapping.hashed`.
    """

    def __init__(self, scratch: Scratch, mapping: ColumnMapping, key: bytes) -> None:
        self.con, self.table, self._time = scratch.con, mapping.table, TIME_COLUMN[mapping.table]
        with watching().during(self.con, scratch.rows / 2):
            self._scratch, self._mapping = shaped(scratch, mapping)
            self._rows = kept(self._scratch, self._mapping, key)
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
        """Return the first and the last time of each channel: channel, lo, hi."""
        return self.con.sql(
            f"SELECT {self._channel} AS channel, min({self._time}) AS lo, max({self._time}) AS hi "
            f"FROM {self._rows} GROUP BY 1"
        ).to_arrow_table()

    def leave_out(self, spans: pa.Table) -> int:
        """Leave out what lies in these spans of its channel; return how many rows that were."""
        before, name = self.count(), f"taken_{self._scratch.table}"
        self.con.register("spans", spans)
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM spans")
        self.con.unregister("spans")
        channel = "f.channel" if "channel" in self.columns else "NULL::VARCHAR"
        self._rows = (
            f"(SELECT f.* FROM {self._rows} AS f ANTI JOIN {name} AS s ON s.channel IS NOT DISTINCT FROM {channel} "
            f"AND f.{self._time} BETWEEN s.lo AND s.hi)"
        )
        return before - self.count()

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
        return self._watched(f"FROM {storage.keyed(self._rows, 'users', 'event_names')}")

    def _watched(self, query: str) -> pa.RecordBatchReader:
        watch = watching()
        with watch.during(self.con, self._lines / 4):
            reader = self.con.sql(query).to_arrow_reader(_BATCH)
        return watch.batches(reader, self._lines / max(self._scratch.rows, 1) / 4)
