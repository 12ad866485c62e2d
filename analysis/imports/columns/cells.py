"""What does a cell say, and how does a column write its cells? As SQL over a scratch relation.

All SQL here is made of fixed names (`c0`, `c1`, …) and fixed texts; what people typed is never part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from analysis.imports.columns.dates import ShortDates

_BLANK = "(?i:-|--|—|–|null|nan|none|n/a|n[.]a[.]|#n/a|#div/0!|#value!|#ref!|\\\\n)"
SPACE = "\\s\\x{0b}\\x{1c}-\\x{1f}\\x{85}\\pZ"
_WHITE = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""What is white to Unicode, as a pattern and one by one."""
_UNTIDY = f"^(?s:[{SPACE}].*|.*[{SPACE}]|{_BLANK}?)$"
"""Cells with a blank at either end and cells that say there is nothing; all others are taken as they stand."""
_TIDY = (
    "{0} >= '0' AND {0} < 'N' OR {0} >= 'O' AND {0} < '\\' OR {0} >= ']' AND {0} < 'n' OR {0} >= 'o' AND {0} < '~' "
    "OR {0} >= '一' AND {0} < '龥'",
    "({0})[-1] >= '!' AND ({0})[-1] < '~' OR ({0})[-1] >= '一' AND ({0})[-1] < '龥'",
)
"""Most cells that are tidy, by their first and last letter: a comparison takes a tenth of what a pattern takes."""
WIDE = ("０１２３４５６７８９，．－−／：％（）＄　", "0123456789,.--/:%()$ ")


@dataclass(frozen=True, slots=True)
class Source:
    """A column of a relation in a scratch database: its name in SQL, and its DuckDB type (`kind`)."""

    con: duckdb.DuckDBPyConnection
    relation: str
    name: str
    kind: str

    def one(self, select: str, of: str, where: str = "true") -> tuple[float, ...]:
        """Return what is selected of all its cells, or some, each seen as `of`; null counts as nothing."""
        query = f"SELECT {select} FROM (SELECT {of} FROM {self.relation}) WHERE {where}"
        found = self.con.execute(query).fetchall()[0]
        return tuple(value or 0 for value in found)


@dataclass(frozen=True, slots=True)
class Style:
    """How one column writes its values.

    Parameters
    ----------
    kind : str
        "native" (typed by the file), "plain" (numbers only), "serial", "seconds", "millis", "micros", "nanos",
        "nth" (days since the report's first), "iso" (2026-12-31 only), "dotted" (31.12.2026), else "text".
    comma : bool
        Whether the comma is the decimal sign.
    day_first : bool or None
        Order of 01/02/2026; None where the column cannot tell.
    ambiguous : bool
        Whether there are values that can be read in two ways and nothing of the file says in which.
    short : ShortDates, optional
        How two-digit years are read.
    codes : bool
        Whether its currency codes, such as ``USD 5``, are those of one currency.
    pointed : bool
        Whether some of its ambiguous values have a point.
    months : tuple of (str, int)
        Words for months that only people read, such as ``mai`` and ``sept.``, lower case.
    small : bool
        Whether it writes nothing but whole numbers below a thousand, so that it may part thousands further on.
    units : bool
        Whether some of its numbers name a unit, such as ``1.25万`` or ``3.2k``.
    """

    kind: str
    comma: bool = False
    day_first: bool | None = None
    ambiguous: bool = False
    short: ShortDates | None = None
    codes: bool = False
    pointed: bool = False
    months: tuple[tuple[str, int], ...] = ()
    small: bool = False
    units: bool = False


def filled(source: str) -> str:
    """Return SQL for a cell's text, null where the export writes that there is none."""
    whole = f"{source}::VARCHAR"
    text = f"trim({whole}, '{_WHITE}')"
    # No part of it stands here twice: DuckDB would work that out for every row first, and not only for the untidy.
    tidied = f"nullif(regexp_replace({text}, '^{_BLANK}$', ''), '')"
    tidy = " AND ".join(f"({ends.format(whole)})" for ends in _TIDY)
    return f"CASE WHEN {tidy} THEN {whole} WHEN regexp_matches({whole}, '{_UNTIDY}') THEN {tidied} ELSE {whole} END"


def halved(source: str) -> str:
    """Return SQL for a cell's text in half-width digits and signs, null where there is none."""
    return f"translate({filled(source)}, '{WIDE[0]}', '{WIDE[1]}')"
