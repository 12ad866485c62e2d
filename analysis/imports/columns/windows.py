"""Which attribution windows does the same spend stand in, and what is a row about beside them?"""

from __future__ import annotations

import re

from analysis.imports.columns.amounts import amounts_of
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.file.scratch import Scratch
from analysis.imports.lexicon.headings import plain_heading
from analysis.imports.lexicon.looks import is_value

_WHOLE = "(?i)累计|全部|总|lifetime|total|all"
"""Attribution windows without an end."""
_ENDLESS = 100_000
"""Days that count for such a one."""
_WINDOW = re.compile(r"(转化|归因)(周期|窗口|时间窗)|(attribution|conversion)(window|setting|model)s?")
_ID = re.compile(r"id$|编号|编码|名称|name$")


def window_heading(scratch: Scratch, mapping: ColumnMapping) -> str | None:
    """Return the heading of a column, besides those mapped, that names attribution windows."""
    named = (h for h in scratch.headings if h not in dict(mapping.columns).values())
    return next((h for h in named if _WINDOW.search(plain_heading(h))), None)


def longest_window(scratch: Scratch, heading: str | None) -> dict[str, str]:
    """Choose the longest of several attribution windows, each of which repeats the same spend, by its heading."""
    if heading is None:
        return {}
    place = scratch.column(heading)
    query = f"SELECT DISTINCT trim({place}::VARCHAR) FROM {scratch.relation} WHERE {place} IS NOT NULL LIMIT 1000"
    found = [str(row[0]) for row in scratch.con.execute(query).fetchall()]
    days = {v: int(m[0]) for v in found if (m := re.search(r"\d{1,4}", v))}
    days |= {v: _ENDLESS for v in found if v not in days and re.search(_WHOLE, v)}
    days |= {v: 0 for v in found if v and v not in days}  # a model, such as last click
    return {heading: max(sorted(days), key=lambda v: days[v])} if len(days) > 1 else {}


def repeats(scratch: Scratch, proposed: ColumnMapping, heading: str) -> bool:
    """Say whether the same spend stands once per window: of ad sets with windows of their own, each has its spend."""
    spent = dict(proposed.columns).get("spend")
    if spent is None:
        return False
    amount, window = (f"{scratch.column(h)}::VARCHAR" for h in (spent, heading))
    several, alike = scratch.con.execute(
        f"SELECT count(*), count_if(low = high) FROM (SELECT min({amount}) AS low, max({amount}) AS high "
        f"FROM {scratch.relation} WHERE mark IS NULL GROUP BY {item(scratch, proposed)} "
        f"HAVING count(DISTINCT {window}) > 1)"
    ).fetchall()[0]
    return bool(several) and alike >= 0.9 * several


def item(scratch: Scratch, mapping: ColumnMapping) -> str:
    """Return SQL for a number of what a row is about: all that names or dates it, its attribution windows apart."""
    counted = amounts_of(mapping.table)
    apart = {h for c, h in mapping.columns if c in counted} | {h for h, _ in mapping.only}
    own = {heading for _, heading in mapping.columns}
    about = [scratch.column(h) for h in scratch.headings if h not in apart and (h in own or _names(scratch, h))]
    return f"hash({', '.join(('0', *about))})"


def _names(scratch: Scratch, heading: str) -> bool:
    """Say whether a column names something: an id, or texts that are not numbers."""
    values = scratch.head_of(heading)[:1000]
    return bool(_ID.search(plain_heading(heading))) or 2 * sum(map(is_value, values)) < len(values)


def days_sql(window: str) -> str:
    """Return SQL for how many days an attribution window has, given SQL for its name."""
    return (
        f"CASE WHEN regexp_matches({window}, '{_WHOLE}') THEN {_ENDLESS} "
        f"ELSE coalesce(TRY_CAST(regexp_extract({window}, '\\d{{1,4}}') AS INTEGER), 0) END"
    )
