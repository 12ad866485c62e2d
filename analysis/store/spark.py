"""The same tables and the same walks where a warehouse keeps its events: in Spark.

Relational work reaches Spark through narwhals as it reaches DuckDB. A walk sends its work to the events: Spark
brings each user's events together and sorts them, and every executor runs the work on chunks of whole users, as
:mod:`analysis.store.walk` does on one machine. Only parts of answers come back.

Nothing here imports PySpark before somebody hands over a frame of it.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import narwhals as nw
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analysis.errors import DataError
from analysis.store.columns import shown, stored
from analysis.store.duck import HIDDEN, MOST_EVENT_NAMES
from analysis.store.firsts import Deeds
from analysis.store.walk import BATCH, Chunk, Columns, Repeated, read_only, whole_users
from analysis.vocabulary import TABLES, TIME_COLUMN, Column

T = TypeVar("T")
_WHOLE = ("tinyint", "smallint", "int", "bigint")
_NUMBERS = (*_WHOLE, "float", "double", "decimal")
_TEXTS = ("string", "varchar", "char", "boolean", *_NUMBERS)
_TIMES = ("timestamp", "timestamp_ntz", "date")
_FITTING = {"text": _TEXTS, "number": _NUMBERS, "count": _NUMBERS, "time": _TIMES}
"""Spark's types for each of ours; a column of nothing but nulls ("void") fits any."""
_BATCH = BATCH // 4
"""Rows an executor's worker takes at a time: it has less memory than the one machine, and Spark's own batches are
too small to be worth a call each."""
_BLANK = r"^[\s\x1c-\x1f\x85\p{Z}]*$"
"""What is white to Unicode, as :mod:`analysis.store.duck` trims it; an id of nothing else is nobody."""
_SHIPPED: WeakSet[Any] = WeakSet()


# ---- the tables -------------------------------------------------------------------------------------------


class SparkStore:
    """What :class:`analysis.tables.Tables` asks of rows that lie in Spark.

    Parameters
    ----------
    frames : mapping of str to pyspark.sql.DataFrame or None
        By table.
    beside : str
        What is part of the version beside the rows.
    """

    def __init__(self, frames: Mapping[str, Any], beside: str = "") -> None:
        self._beside = beside
        self._frames = {t: _normalised(t, frame) for t, frame in frames.items() if frame is not None}
        self._profiles: dict[str, dict[str, Any]] = {}
        self._keys: dict[str, int] | None = None

    def frame(self, table: str) -> nw.LazyFrame[Any]:
        """Return all of a table; a user's key is their id."""
        from pyspark.sql import functions as F

        native = self._frames[table]
        if table == "events":
            names = F.array(*map(F.lit, self.event_keys()))
            key = F.array_position(names, native["event"]) - F.lit(1)
            native = native.withColumns({"user_key": native["user_id"], "event_key": key.cast("smallint")})
        found: nw.LazyFrame[Any] = nw.from_native(native)
        return found

    def count(self, table: str) -> int:
        """Return the number of rows."""
        return int(self._profile(table)["rows"]) if table in self._frames else 0

    def filled(self, table: str) -> tuple[str, ...]:
        """Return the columns that hold at least one value."""
        if table not in self._frames:
            return ()
        found = self._profile(table)
        return tuple(shown(c) for i, c in enumerate(self._frames[table].columns) if found[f"filled {i}"])

    def span(self, table: str) -> Any:
        """Return the first and last moment of the table's time column."""
        if table not in self._frames:
            return None, None
        return self._profile(table)["first"], self._profile(table)["last"]

    def event_keys(self) -> dict[str, int]:
        """Return each name's place among the sorted names.

        Raises
        ------
        DataError
            There are more names than fit.
        """
        if self._keys is None:
            names = self._frames["events"].select("event").distinct()
            found = names.limit(MOST_EVENT_NAMES + 1).toArrow()["event"].to_pylist()
            if len(found) > MOST_EVENT_NAMES:
                raise DataError.too_many_events(names.count(), MOST_EVENT_NAMES)
            self._keys = {name: key for key, name in enumerate(sorted(found))}
        return self._keys

    def version(self) -> str:
        """Return a digest of the tables' columns and of a sum over all rows' hashes."""
        found = {t: [frame.dtypes, self._profile(t)] for t, frame in self._frames.items()} | {"beside": self._beside}
        return hashlib.sha256(json.dumps(found, sort_keys=True, default=str).encode()).hexdigest()

    def walk(self, frame: nw.LazyFrame[Any], work: Callable[[Chunk], T], columns: Columns) -> Iterator[T]:
        """Yield what `work` makes of each chunk of an events frame, on the cluster."""
        return _walk(frame, work, columns)

    def firsts(self, frame: nw.LazyFrame[Any], deeds: Deeds, who: str) -> nw.LazyFrame[Any]:
        """Return when each user first did something of each kind, by a group of their events."""
        time = nw.col("timestamp")
        kinds = {
            name: time if of is None else nw.when(nw.col("event_key").is_in(of)).then(time)
            for name, of in deeds.items()
        }
        return frame.group_by(who).agg(**{name: kind.min() for name, kind in kinds.items()})

    def repeated(self, frame: nw.LazyFrame[Any]) -> Repeated:
        """Return an events frame for several walks, each on the cluster."""
        return _Repeated(frame)

    def _profile(self, table: str) -> dict[str, Any]:
        """Find all that is asked of a table as a whole, in one pass."""
        if table not in self._profiles:
            found = _profile(table, self._frames[table])
            for place, name in enumerate(self._frames[table].columns):
                empty = found["rows"] - found[f"filled {place}"]
                if empty and name in {c.name for c in TABLES[table] if c.required}:
                    raise DataError.bad_frame(table, f"{name}: {empty} empty")
            self._profiles[table] = found
        return self._profiles[table]


def _profile(table: str, native: Any) -> dict[str, Any]:
    from pyspark.sql import functions as F

    time = native[TIME_COLUMN[table]]
    columns = [_column(name) for name in native.columns]
    # A hash passes over nulls, so where they are is hashed too. Its sum needs more digits than a long integer has.
    content = F.sum(F.xxhash64(*columns, *(column.isNull() for column in columns)).cast("decimal(28,0)"))
    asked = [F.count(F.lit(1)).alias("rows"), F.min(time).alias("first"), F.max(time).alias("last")]
    asked += [F.count(column).alias(f"filled {i}") for i, column in enumerate(columns)]
    found: dict[str, Any] = native.agg(*asked, content.alias("content")).toArrow().to_pylist()[0]
    return found


def _normalised(table: str, native: Any) -> Any:
    """Bring a frame to the table's types, as :func:`analysis.store.duck.normalise` does; refuse what cannot fit."""
    if not hasattr(native, "mapInArrow"):
        raise DataError.bad_frame(table, f"{type(native).__name__} is not a Spark DataFrame")
    kinds = {name: kind.split("(")[0].split(" ")[0] for name, kind in native.dtypes}
    own = {c.name: c for c in TABLES[table]}
    for column in TABLES[table]:
        if column.required and column.name not in kinds:
            raise DataError.no_such_column(table, column.name, kinds)
        if column.name in kinds and kinds[column.name] not in ("void", *_FITTING[column.type]):
            raise DataError.bad_frame(table, f"{column.name}: {kinds[column.name]} is not {column.type}")
    extras = [name for name, kind in kinds.items() if name not in (*own, *HIDDEN) and kind in _TEXTS]
    kept = [name for name in own if name in kinds] + extras
    return native.select(*(_cast(name, kinds[name], own.get(name)).alias(stored(name)) for name in kept))


def _cast(name: str, kind: str, column: Column | None) -> Any:
    from pyspark.sql import functions as F

    found = _column(name)
    target = column.type if column else "number" if kind in _NUMBERS else "text"
    if target == "time":
        return _utc(found) if kind == "timestamp" else found.cast("timestamp_ntz")
    if kind in ("float", "double"):
        found = F.when(~F.isnan(found), found)
        if target == "text":  # an id that a missing value once turned into a float
            return F.when(found == F.floor(found), found.cast("bigint").cast("string")).otherwise(found.cast("string"))
    found = found.cast({"text": "string", "number": "double", "count": "bigint"}[target])
    return F.when(~found.rlike(_BLANK), found) if name == "user_id" else found


def _utc(time: Any) -> Any:
    """Return moments as the clock of UTC shows them; a cast would show the clock of the session's zone."""
    from pyspark.sql import functions as F

    epoch = F.lit("1970-01-01").cast("timestamp_ntz")
    return F.timestamp_add("MICROSECOND", F.unix_micros(time), epoch)


def _column(name: str) -> Any:
    from pyspark.sql import functions as F

    return F.col("`" + name.replace("`", "``") + "`")


# ---- the walk ---------------------------------------------------------------------------------------------


class _Repeated:
    def __init__(self, frame: nw.LazyFrame[Any]) -> None:
        self._frame = frame

    def walk(self, work: Callable[[Chunk], T]) -> Iterator[T]:
        return _walk(self._frame, work, Columns())


def _walk(frame: nw.LazyFrame[Any], work: Callable[[Chunk], T], columns: Columns) -> Iterator[T]:
    native = frame.select("user_key", "timestamp", "event_key", *map(stored, columns.names())).to_native()
    _ship(native.sparkSession)
    coded = {name: list(values) for name, values in columns.coded.items()}
    plain = Columns(coded=coded, numbers=columns.numbers, texts=columns.texts)

    def parts(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return _parts(batches, work, plain)

    # Rows that came after the tables were first looked at may have names nobody counted on.
    native = native.dropna(subset=["user_key", "timestamp", "event_key"])
    sorted_by_user = native.repartition("user_key").sortWithinPartitions("user_key", "timestamp")
    for part in sorted_by_user.mapInArrow(parts, "part binary").toArrow()["part"]:
        yield pickle.loads(part.as_py())


def _parts(batches: Iterator[pa.RecordBatch], work: Callable[[Chunk], Any], columns: Columns) -> Iterator[Any]:
    for chunk in whole_users(_chunks(batches, columns)):
        yield pa.RecordBatch.from_pydict({"part": [pickle.dumps(work(chunk), protocol=5)]})


def _chunks(batches: Iterator[pa.RecordBatch], columns: Columns) -> Iterator[Chunk]:
    """Number a partition's users as they come, and bring every column to the type kernels read."""
    before, number = None, -1
    for rows in _gathered(batches):
        who = rows.column("user_key")
        new = np.append(who[0].as_py() != before, pc.not_equal(who[1:], who[:-1]).to_numpy(zero_copy_only=False))
        user = np.cumsum(new, dtype=np.int32) + np.int32(number)
        before, number = who[-1].as_py(), int(user[-1])
        yield Chunk(
            read_only(user),
            _numpy(rows.column("timestamp").view(pa.int64())),
            _numpy(rows.column("event_key")),
            {name: _places(rows.column(stored(name)), values) for name, values in columns.coded.items()},
            {name: _numpy(pc.cast(rows.column(stored(name)), pa.float64())) for name in columns.numbers},
            {name: pc.cast(rows.column(stored(name)), pa.string()) for name in columns.texts},
        )


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(rows.num_rows for rows in held) >= _BATCH:
            yield pa.concat_batches(held)
            held = []
    if any(rows.num_rows for rows in held):
        yield pa.concat_batches(held)


def _places(texts: Any, values: Sequence[str]) -> Any:
    return _numpy(pc.fill_null(pc.index_in(texts, pa.array(values, pa.string()).cast(texts.type)), -1))


def _numpy(array: Any) -> Any:
    return read_only(array.to_numpy(zero_copy_only=False))


# ---- the package, on the executors ------------------------------------------------------------------------


def _ship(session: Any) -> None:
    """Send this package to the session's executors, once."""
    if session not in _SHIPPED:
        session.addArtifacts(_package(), pyfile=True)
        _SHIPPED.add(session)


@cache
def _package() -> str:
    """Zip the package; the file is named by its content, so no executor takes an old one for it."""
    here = Path(__file__).parent.parent
    files = sorted(p for p in here.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(here)).encode() + file.read_bytes())
    path = Path(_folder().name) / f"sluice-{digest.hexdigest()[:16]}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, file.relative_to(here.parent))
    return str(path)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="sluice-")  # gone when the process ends
