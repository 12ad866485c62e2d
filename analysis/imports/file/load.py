"""How do the parts of a table, found in one file or several, become the rows of one relation?"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from analysis.errors import SluiceError
from analysis.imports.file import limits
from analysis.imports.file.delimited import OVER, Delimited, text_rows
from analysis.imports.file.layout import Layout
from analysis.imports.file.lines import PART, Member, located
from analysis.imports.file.plain import Plain
from analysis.imports.file.scratch import HEAD, Database, Scratch, readable
from analysis.imports.file.typed import DAMAGED, typed_rows
from analysis.imports.lexicon.personal import names_people
from analysis.messages import say
from analysis.store.watch import watching

COPIED = 16 << 20
"""Largest file (bytes, and cells) that is copied whole; a larger one is read again where it lies each time."""
_TYPED = ("parquet", "json")


@dataclass(frozen=True, slots=True)
class Part:
    """A table found but not yet loaded: `place` among the `many` of its file."""

    plain: Plain
    place: int
    many: int
    layout: Layout

    @property
    def digest(self) -> str:
        """A digest of its content."""
        return self.plain.digest if self.many == 1 else f"{self.plain.digest} {self.place}"

    @property
    def typed(self) -> bool:
        """Whether its columns have types of their own."""
        return self.layout.delimiter in _TYPED

    @property
    def counted(self) -> bool:
        """Whether its rows are known by their records' numbers, and not by lines of the original."""
        return self.plain.kind == "text" and not self.layout.numbered and not self.typed

    def member(self, rows: int) -> Member:
        """Return what is to be known of it when a row's line is asked for."""
        text = self.layout.path if self.counted else None
        return Member(self.plain.name, text, self.layout.delimiter, rows + 1)


@dataclass(frozen=True, slots=True)
class _Rows:
    """SQL for a part's rows, how many there are, and the headings of users under which an e-mail address stands."""

    select: str
    rows: int
    mailed: frozenset[str] = frozenset()


def loaded(database: Database, id: str, name: str, parts: Sequence[Part]) -> Scratch:
    """Lay the rows of a table's parts in one relation.

    Raises
    ------
    ImportFileError
        They cannot be read, or there are none.
    """
    found = [_counted(database.con, part, f"{id}_{n}", n) for n, part in enumerate(parts)]
    rows, layout = sum(part.rows for part in found), parts[0].layout
    if not rows:
        raise limits.refuse(name, say("it has a heading line but no rows."), "no-rows")
    with readable(name):
        whole = _lay(database.con, id, " UNION ALL ".join(part.select for part in found), rows, parts)
    return Scratch(
        id=id,
        name=name,
        digest=_digest(parts),
        database=database,
        relation=id,
        head=id if whole else f"{id}_head",
        rows=rows,
        headings=layout.headings,
        headerless=not layout.header,
        title=layout.title,
        above=layout.above,
        members=tuple(part.member(counted.rows) for part, counted in zip(parts, found, strict=True)),
        whole=whole,
        in_order=not whole and len(parts) == 1 and parts[0].plain.kind == "text" and not layout.numbered,
        mailed=frozenset().union(*(part.mailed for part in found)),
    )


def _digest(parts: Sequence[Part]) -> str:
    digests = [part.digest for part in parts]
    plain = len(digests) == 1 and " " not in digests[0]
    return digests[0] if plain else hashlib.sha256("\n".join(digests).encode()).hexdigest()


def _lay(con: duckdb.DuckDBPyConnection, table: str, rows: str, many: int, parts: Sequence[Part]) -> bool:
    """Lay the rows in a table, or only the first where there are many; say whether it was all of them."""
    size = sum(part.layout.path.stat().st_size for part in parts)
    cells = many * len(parts[0].layout.headings)
    if max(size, cells) <= COPIED or any(part.layout.delimiter == "json" for part in parts):
        con.execute(f"CREATE TABLE {table} AS {rows}")
        return True
    con.execute(f"CREATE VIEW {table} AS {rows}")
    con.execute(f"CREATE TABLE {table}_head AS FROM {table} LIMIT {HEAD}")
    return False


def _counted(con: duckdb.DuckDBPyConnection, part: Part, name: str, place: int) -> _Rows:
    """Count a part's rows; every line is read for that, so that no error comes late."""
    con.execute(f"SET VARIABLE {name}_path = ?", [str(part.layout.path)])
    if part.layout.places:
        con.execute(f"SET VARIABLE {name}_pointers = ?", [[pointer for _, pointer in part.layout.places]])
    return _typed(con, part, name, place) if part.typed else _delimited(con, part, Delimited(part.layout, name, place))


def _typed(con: duckdb.DuckDBPyConnection, part: Part, name: str, place: int) -> _Rows:
    select = typed_rows(part.layout, name, place)
    rows, mailed, _ = _tried(con, part, f"({select})")
    return _Rows(select, rows, mailed)


def _delimited(con: duckdb.DuckDBPyConnection, part: Part, text: Delimited) -> _Rows:
    """Count a text's rows.

    DuckDB's parallel reader cannot pad short lines where a cell holds a line break: then it reads with one thread.
    """
    con.execute(f"SET VARIABLE {text.name}_delimiter = ?", [part.layout.delimiter])
    con.execute(f"SET VARIABLE {text.name}_heads = ?", [text.heads])
    looks = OVER, f"count(*) FILTER ({text.begins_as_headings})"
    try:
        rows, mailed, (over, repeated) = _tried(con, part, text.source("true"), *looks)
        parallel = "true"
    except SluiceError:
        rows, mailed, (over, repeated) = _tried(con, part, text.source("false"), *looks)
        parallel = "false"
    select = text_rows(text, parallel, over=bool(over), repeated=bool(repeated))
    if repeated:
        _refuse_reordered(con, part, text, select, rows)
    return _Rows(select, rows, mailed)


def _refuse_reordered(con: duckdb.DuckDBPyConnection, part: Part, text: Delimited, select: str, rows: int) -> None:
    """Refuse a text whose headings stand again in another order: the columns below them are others."""
    query = (
        f"SELECT min(line) FROM ({select}) WHERE {text.begins_as_headings} AND (({text.reordered}) OR {text.renamed})"
    )
    at = con.execute(query).fetchall()[0][0]
    if at is not None:
        _, lines = located([at % PART], [part.member(rows)])
        reason = say(
            "its headings stand again in line {line}, in another order or with others. Split the file there.",
            line=lines[0].as_py(),
        )
        raise limits.refuse(part.plain.name, reason, "reordered")


def _tried(
    con: duckdb.DuckDBPyConnection, part: Part, source: str, *more: str
) -> tuple[int, frozenset[str], list[int]]:
    """Return the number of rows, under which headings of users e-mail addresses stand, and what `more` counts."""
    headings = part.layout.headings
    people = [i for i, heading in enumerate(headings) if names_people(heading)]
    mails = (f"count_if(contains(c{i}::VARCHAR, '@'))" for i in people)
    counts = ", ".join(("count(*)", "count(c0)", *mails, *more))
    try:
        with watching().during(con, part.layout.path.stat().st_size):
            rows, _, *counted = con.execute(f"SELECT {counts} FROM {source}").fetchall()[0]
    except duckdb.InterruptException:
        raise
    except (duckdb.Error, RuntimeError, UnicodeError) as error:
        raise _unreadable(part, error) from error
    mailed = frozenset(headings[i] for i, found in zip(people, counted, strict=False) if found)
    return int(rows), mailed, [int(n or 0) for n in counted[len(people) :]]


def _unreadable(part: Part, error: Exception) -> SluiceError:
    if part.layout.delimiter == "parquet":
        return limits.refuse(part.plain.name, DAMAGED, "damaged")
    reason = say("its lines could not be read as a table: {why}", why=str(error).splitlines()[0][:200])
    return limits.refuse(part.plain.name, reason, "unreadable")
