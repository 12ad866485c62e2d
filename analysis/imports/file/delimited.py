"""How does DuckDB read a text's rows: which are headings again, and which have more cells than there are headings?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from analysis.imports.file import limits
from analysis.imports.file.layout import Layout
from analysis.imports.file.lines import key
from analysis.imports.file.scratch import FIRST

_READ_CSV = """
read_csv(getvariable('{part}_path'), delim=getvariable('{part}_delimiter'), quote='"', escape='"', header=false,
    skip={skip}, all_varchar=true, auto_detect=false, null_padding=true, strict_mode=false, columns={columns},
    max_line_size=10000000, parallel={parallel})
"""
OVER = "count(*) FILTER (trim(over) <> '')"
_MARK_OVER = r"""
CASE WHEN regexp_matches(trim(over), '(?i)^(grand )?totals?$') THEN 'total' WHEN trim(over) <> '' THEN 'overflow' END
"""
"""A total may be named behind the last column."""
_BARE = """CASE WHEN c{0} LIKE '="%"' THEN c{0}[3:-2] ELSE c{0} END AS c{0}"""
"""A text in a formula, as Excel's users write it to keep it one: ``="0010"``."""


@dataclass(frozen=True, slots=True)
class Delimited:
    """The rows of a text: `c0`, `c1`, … one for each heading, and `over`, the cell behind the last of them.

    Its path, delimiter and headings are in variables of DuckDB whose names begin with `name`; `place` is that of the
    text among the parts of a table.
    """

    layout: Layout
    name: str
    place: int

    def source(self, parallel: str, *, over: bool = True) -> str:
        """Return SQL that reads them."""
        layout, columns = self.layout, [f"c{i}" for i in range(len(self.layout.headings))]
        if over:  # headings may end in blank ones, which are no columns
            columns += [f"blank{i}" for i in range(len(columns), len(layout.header))] + ["over"]
        struct = ", ".join(f"'{c}': 'VARCHAR'" for c in (["place"] if layout.numbered else []) + columns)
        skip = 0 if layout.numbered else 1
        return _READ_CSV.format(part=self.name, columns=f"{{{struct}}}", parallel=parallel, skip=skip)

    @property
    def heads(self) -> list[str]:
        """The headings as repeated ones are compared with them."""
        heads = [head.strip("\ufeff") for head in self.layout.header[: len(self.layout.headings)]]
        return [head.strip().lower() for head in heads] if self._folded else heads

    @property
    def _folded(self) -> bool:
        """Whether spaces and case count for nothing; folding every row of a large file takes long."""
        return self.layout.path.stat().st_size <= limits.STACKED

    def _cell(self, place: int) -> str:
        return f"lower(trim(c{place}))" if self._folded else f"c{place}"

    @property
    def begins_as_headings(self) -> str:
        """SQL: whether a row begins with any of the headings."""
        place = next((i for i, head in enumerate(self.heads) if head), None)
        return "false" if place is None else f"list_contains(getvariable('{self.name}_heads'), {self._cell(place)})"

    @property
    def repeated(self) -> str:
        """SQL: whether a row's first two cells are the first two headings."""
        heads = f"getvariable('{self.name}_heads')"
        places = [i for i, head in enumerate(self.heads) if head][:2]
        return " AND ".join(f"{self._cell(i)} = {heads}[{i + 1}]" for i in places) if len(places) == 2 else "false"

    @property
    def renamed(self) -> str:
        """SQL: whether a row begins as the headings do and then names other columns than they do."""
        heads = f"getvariable('{self.name}_heads')"
        other = " OR ".join(
            f"(regexp_matches({self._cell(i)}, '[a-z\u4e00-\u9fff]{{2}}') AND {self._cell(i)} <> {heads}[{i + 1}])"
            for i, head in enumerate(self.heads) if head
        )  # fmt: skip
        return f"({self.repeated}) AND ({other or 'false'})"

    @property
    def reordered(self) -> str:
        """SQL: whether a row has all headings, in another order."""
        heads, cells = f"getvariable('{self.name}_heads')", ", ".join(map(self._cell, range(len(self.heads))))
        row = f"list_transform([{cells}], lambda cell: coalesce(cell, ''))"
        return f"{row} <> {heads} AND list_sort({row}) = list_sort({heads})"


def _holds_formulas(path: Path) -> bool:
    """Say whether texts stand in formulas; who writes them so does from the first rows on."""
    with path.open("rb") as file:
        return b'="' in file.read(1 << 18)


def text_rows(text: Delimited, parallel: str, *, over: bool, repeated: bool) -> str:
    """Return SQL for the rows as a scratch table has them; `over` and `repeated` say what there is to mark."""
    cell = _BARE if _holds_formulas(text.layout.path) else "c{0}"
    columns = [cell.format(i) for i in range(len(text.layout.headings))]
    number = "TRY_CAST(place AS BIGINT)" if text.layout.numbered else f"row_number() OVER () - 1 + {FIRST}"
    marks = [f"CASE WHEN {text.repeated} THEN 'header' END"] * repeated + [_MARK_OVER] * over
    mark = f"coalesce({', '.join(marks)})" if marks else "NULL::VARCHAR"
    read = text.source(parallel, over=over)
    return f"SELECT {key(text.place, number)} AS line, {', '.join(columns)}, {mark} AS mark FROM {read}"
