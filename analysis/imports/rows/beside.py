"""What the columns of a file say together, where one of them cannot tell alone how it is to be read."""

from __future__ import annotations

from functools import cached_property

from analysis.imports.columns import cells
from analysis.imports.columns.decimals import Signs, signs
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.read import Scratch
from analysis.vocabulary import TABLES

_DAYS = "^\\d{1,2}[/.\\-]\\d{1,2}[/.\\-](\\d{2}|\\d{4})([ T].*)?$"


class Beside:
    """A file's columns beside the one that is looked at; they are read only once they are asked.

    Parameters
    ----------
    scratch : Scratch
    mapping : ColumnMapping
        Says which columns are amounts, and which of those are counts.
    """

    def __init__(self, scratch: Scratch, mapping: ColumnMapping) -> None:
        self._scratch, self._year_first = scratch, mapping.year_first
        self._texts = [f"c{i}" for i, kind in enumerate(scratch.types()) if kind == "VARCHAR"]
        place, heading = {h: f"c{i}" for i, h in enumerate(scratch.headings)}, dict(mapping.columns)
        kinds = {place.get(heading.get(c.name, ""), ""): c.type for c in TABLES[mapping.table]}
        self._whole = {source: kind == "count" for source, kind in kinds.items() if kind in ("number", "count")}

    @property
    def semicolons(self) -> bool:
        """Whether semicolons part the file's cells, as where the comma is the decimal sign."""
        return any(member.delimiter == ";" for member in self._scratch.members)

    @cached_property
    def comma(self) -> bool | None:
        """Whether the comma is the file's decimal sign (else the point); None where no column or several prove it.

        The amounts that are mapped go before all other numbers.
        """
        if not self._texts:
            return None
        each = [signs(f"b{i}") for i in range(len(self._texts))]
        bare = ", ".join(f"{cells.bare(source)} AS b{i}" for i, source in enumerate(self._texts))
        row = self._row(f"SELECT {', '.join(each)} FROM (SELECT {bare} FROM {self._scratch.table} WHERE mark IS NULL)")
        size = len(row) // len(self._texts)
        found = {c: Signs(*row[i * size : (i + 1) * size]) for i, c in enumerate(self._texts)}
        amounts = {found[c].proven(whole=whole) for c, whole in self._whole.items() if c in found} - {None}
        others = {s.proven(whole=False) for c, s in found.items() if c not in self._whole and s.given == s.numbers}
        return _agreed(amounts or others)

    @property
    def day_first(self) -> bool | None:
        """Whether the day stands before the month in the file's dates; None where no column or several tell it."""
        return _agreed({style.day_first for style in self._dates})

    @property
    def year_first(self) -> bool | None:
        """Whether its two-digit years stand first; None where no column or several tell it."""
        return _agreed({s.short.order == "ymd" for s in self._dates if s.short and not s.short.year_unsure})

    @cached_property
    def _dates(self) -> list[cells.Style]:
        """How the columns of dates such as 01/02/2026 are written, each as it says itself."""
        if not self._texts:
            return []
        counts = ", ".join(
            f"count({text}), count_if(regexp_matches({text}, '{_DAYS}'))" for text in map(cells.halved, self._texts)
        )
        row = self._row(f"SELECT {counts} FROM {self._scratch.table} WHERE mark IS NULL")
        dates = [c for c, n, days in zip(self._texts, row[::2], row[1::2], strict=True) if days and days >= 0.9 * n]
        given = self._scratch.con, self._scratch.table
        return [cells.time_style(*given, c, "VARCHAR", None, False, self._year_first) for c in dates]

    def _row(self, query: str) -> tuple[int, ...]:
        return tuple(int(n or 0) for n in self._scratch.con.execute(query).fetchall()[0])


def _agreed(said: set[bool | None]) -> bool | None:
    """Return what all columns say that say anything, if they agree."""
    proven = said - {None}
    return proven.pop() if len(proven) == 1 else None
