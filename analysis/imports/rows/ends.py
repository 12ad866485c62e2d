"""Is the day in a column of ends the last one of its period, or the one after it?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from analysis.imports.columns.beside import Beside, time_style_beside
from analysis.imports.columns.cells import Source
from analysis.imports.columns.mapping import ColumnMapping
from analysis.imports.columns.times import local, time
from analysis.imports.lexicon.headings import plain_heading
from analysis.imports.rows.shapes import Shaped
from analysis.imports.rows.targets import CONSTANTS, sources

_OURS = plain_heading("period_end")
"""This very heading is the vocabulary's own, whose periods end before the day that stands there."""
_MOST = 20_000
"""Most different periods that are looked at."""
_DAY = dt.timedelta(days=1)

Period = tuple[dt.datetime, dt.datetime]


def end_included(shaped: Shaped) -> bool | None:
    """Return whether a file's end of a period is its last day; None where neither the analyst nor the file says.

    The one-row table `constants` gives the zone.
    """
    mapping = shaped.mapping
    headings = dict(mapping.columns)
    if mapping.end_included is not None or not {"period_start", "period_end"} <= headings.keys():
        return bool(mapping.end_included)
    if plain_heading(headings["period_end"]) == _OURS:
        return False
    return told_by(_periods(shaped))


def told_by(periods: Collection[Period]) -> bool | None:
    """Return whether ends are last days, as periods tell by how they follow one another or how long they are.

    Parameters
    ----------
    periods : collection of (datetime, datetime)
        Start and end of each, in local time.

    Examples
    --------
    >>> day = lambda month, day: dt.datetime(2026, month, day)
    >>> told_by([(day(11, 1), day(11, 7)), (day(11, 8), day(11, 14))])
    True
    >>> told_by([(day(11, 1), day(12, 1))]), told_by([(day(11, 3), day(11, 20))])
    (False, None)
    """
    if not periods or any(end != end.replace(hour=0, minute=0, second=0, microsecond=0) for _, end in periods):
        return False
    if any(start == end for start, end in periods):
        return True
    starts, ends = {start for start, _ in periods}, {end for _, end in periods}
    follows, touches = bool({end + _DAY for end in ends} & starts), bool(ends & starts)
    if follows != touches:
        return follows
    last, after = _whole([(s, e + _DAY) for s, e in periods]), _whole(periods)
    return last if last != after else None


def _whole(periods: Collection[Period]) -> bool:
    """Say whether all periods, up to their ends, are months, or all are weeks."""
    months = all(start.day == end.day == 1 for start, end in periods)
    return months or all(end - start == 7 * _DAY for start, end in periods)


def _periods(shaped: Shaped) -> list[Period]:
    scratch, mapping = shaped.scratch, shaped.mapping
    found, beside = sources(scratch, mapping), Beside(scratch, mapping)
    start, end = (_local(found[column], beside, mapping) for column in ("period_start", "period_end"))
    each = f"SELECT {start} AS s, {end} AS e FROM {scratch.relation}, {CONSTANTS} WHERE mark IS NULL"
    rows = scratch.con.execute(
        f"SELECT DISTINCT s, e FROM ({each}) WHERE s IS NOT NULL AND e IS NOT NULL LIMIT {_MOST}"
    ).fetchall()
    return [(s, e) for s, e in rows]


def _local(source: Source, beside: Beside, mapping: ColumnMapping) -> str:
    """Return SQL for a column's times as they are on the clocks of the file's zone."""
    said = {"day_first": mapping.day_first, "year_first": mapping.year_first}
    style = time_style_beside(source, beside, nth=False, **said)
    return local(source, style) or f"timezone(zone, timezone('UTC', {time(source, style)}))"
