"""Which days do the lines above a table, or a cell of it, name?"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from analysis.imports.lexicon.calendar import month_of
from analysis.imports.lexicon.looks import is_value

_NAME = r"[^\W\d_]{3,10}"
_DATE = re.compile(
    r"(?P<y>(?:19|20)\d\d)[-/.年](?P<m>\d{1,2})[-/.月](?P<d>\d{1,2})日?"
    r"|(?<!\d)(?P<cy>20\d\d)(?P<cm>[01]\d)(?P<cd>[0-3]\d)(?!\d)"
    rf"|(?P<mon>{_NAME})\.? (?P<md>\d{{1,2}}),? (?P<my>20\d\d)"
    rf"|(?<!\d)(?P<dd>\d{{1,2}})(?:\.|er|º)? (?:de )?(?P<dmon>{_NAME})\.?,?(?: del?)? (?P<dy>20\d\d)"
    r"|(?<!\d)(?P<pd>\d{1,2})\.(?P<pm>\d{1,2})\.(?P<py>20\d\d)(?!\d)"
)
_SLASHED = re.compile(r"(?<!\d)(\d{1,2})/(\d{1,2})/(20\d\d)(?!\d)")
_UNSURE_DAY = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b")


def period(lines: Sequence[str]) -> tuple[dt.date, dt.date] | None:
    """Return the first and last day that the lines above a table name.

    Examples
    --------
    >>> period(["Campaign report", "July 8, 2025 - July 31, 2025"])
    (datetime.date(2025, 7, 8), datetime.date(2025, 7, 31))
    >>> period(["Start date: 20250801", "End date: 20250831"])
    (datetime.date(2025, 8, 1), datetime.date(2025, 8, 31))
    >>> period(["1. November 2026 - 14. November 2026"]) == period(["1 de noviembre de 2026 - 14 de noviembre de 2026"])
    True
    >>> period(["Report Time: 11/1/2026 - 11/14/2026"])
    (datetime.date(2026, 11, 1), datetime.date(2026, 11, 14))
    """
    ends: dict[str, dt.date] = {}
    for line in lines:
        days = [day for match in _DATE.finditer(line) if (day := _day(match))] or _slashed(line)
        if len(days) == 2 and days[0] <= days[1]:
            return days[0], days[1]
        if len(days) == 1:
            word = re.search(r"start|from|开始|起|end|\bto\b|结束|止", line.casefold())
            if word:
                ends.setdefault("start" if word[0] in ("start", "from", "开始", "起") else "end", days[0])
    return (ends["start"], ends["end"]) if len(ends) == 2 and ends["start"] <= ends["end"] else None


def _slashed(line: str) -> list[dt.date]:
    """Return the two days of a line such as 11/1/2026 - 11/14/2026, where only one order of day and month can be."""
    found = [[int(part) for part in cells] for cells in _SLASHED.findall(line)]
    if len(found) != 2:
        return []
    possible = list[list[dt.date]]()
    for month, day in ((0, 1), (1, 0)):
        try:
            days = [dt.date(cells[2], cells[month], cells[day]) for cells in found]
        except ValueError:
            continue
        possible += [days] if days[0] <= days[1] else []
    return possible[0] if len(possible) == 1 else []


def _day(match: re.Match[str]) -> dt.date | None:
    part = match.groupdict()
    try:
        if part["y"] or part["cy"]:
            return dt.date(*(int(part[a] or part[b]) for a, b in (("y", "cy"), ("m", "cm"), ("d", "cd"))))
        if part["py"]:  # parted by points, the day stands first everywhere
            return dt.date(int(part["py"]), int(part["pm"]), int(part["pd"]))
        month = month_of(part["mon"] or part["dmon"])
        return dt.date(int(part["my"] or part["dy"]), month, int(part["md"] or part["dd"])) if month else None
    except ValueError:
        return None


def is_day_in(cell: str, first: dt.date, last: dt.date) -> bool:
    """Say whether a cell is a day of a period; a day the month of which is unsure is one."""
    if (match := _DATE.search(cell)) and is_value(cell):
        day = _day(match)
        return day is not None and first <= day <= last
    return bool(_UNSURE_DAY.match(cell)) and is_value(cell)
