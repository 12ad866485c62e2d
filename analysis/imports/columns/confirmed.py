"""Which styles can be read off a column's first rows, and does a later cell keep to them?"""

from __future__ import annotations

from analysis.imports.columns.cells import Source, Style, filled
from analysis.imports.columns.decimals import OPEN_POINT
from analysis.imports.columns.times import COUNTED, EARLIEST, OFFSET

LIKELY = ("native", "plain", "iso", "seconds", "millis", "micros", "nanos")
"""Styles that the first rows show and every later row can confirm with :func:`misfit`."""


def misfit(source: Source, style: Style) -> str:
    """Return SQL for whether a cell is not in a style of :data:`LIKELY` that its column's first rows have."""
    if style.kind == "native" or (style.kind == "plain" and source.kind != "VARCHAR"):
        return "false"
    text = f"{source.name}::VARCHAR"
    if style.kind == "plain":
        other = f"TRY_CAST({text} AS DOUBLE) IS NULL"
        if style.small:
            other += f" OR contains({text}, '.') AND regexp_matches({text}, '{OPEN_POINT}')"
    elif style.kind == "iso":
        possible = f"coalesce(TRY_CAST({text} AS TIMESTAMP) >= {EARLIEST}, false)"
        other = f"NOT {possible} OR regexp_matches({text}, '{OFFSET}')"
    else:
        other = f"{source.name} IS NULL OR NOT regexp_matches({text}, '{COUNTED[style.kind][0]}')"
    return f"CASE WHEN {other} THEN {filled(source.name)} IS NOT NULL ELSE false END"
